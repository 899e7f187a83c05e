# tsbench: the only makefile. `make help` prints the targets from the `##` comments below.
#
#   VARIANT=release|debug|asan|tsan|cov   each has a tree of its own under build/
#   DEV=1   warnings are errors            V=1   print every command

VERSION := 0.1.0
VARIANT ?= release
PREFIX  ?= /usr/local
DESTDIR ?=

.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
Q := $(if $(V),,@)

# --- programs: a name, the room it is built from, the rooms whose objects (but main.o) it borrows ------------------
PROGRAMS := tsserver tsload tsclient tsconform tsreport
ROOM_tsserver  := server
ROOM_tsload    := loadgen
ROOM_tsclient  := loadgen/client
ROOM_tsconform := conformance
ROOM_tsreport  := results
ROOM_tsload-mpi := loadgen/mpi
BORROWS_tsload-mpi := loadgen

# --- what this machine has: always 0 or 1, so that a missing library lists a feature as not available ---------------
have = $(if $(shell pkg-config --exists $(1) 2>/dev/null && echo y),1,0)
HAVE_LIBURING := $(call have,liburing)
HAVE_SECCOMP  := $(call have,libseccomp)
HAVE_MPI      := $(call have,ompi-c)
ifeq ($(HAVE_MPI),1)
PROGRAMS += tsload-mpi
CFLAGS_loadgen/mpi := $(shell pkg-config --cflags ompi-c)
# libev.so also exports libevent's functions, and would stand before the libevent that Open MPI calls: so libev.a here.
LDLIBS_tsload-mpi  := -l:libev.a $(shell pkg-config --libs ompi-c)
endif

# --- flags ------------------------------------------------------------------------------------------------------
CC := gcc
WARNINGS := -Wall -Wextra -Wshadow -Wundef -Wvla -Wwrite-strings -Wpointer-arith -Wformat=2 \
            -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wno-missing-field-initializers
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_debug   := -Og -g3
CFLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
CFLAGS_cov     := -O0 -g --coverage
LDFLAGS_asan   := -fsanitize=address,undefined
LDFLAGS_tsan   := -fsanitize=thread
LDFLAGS_cov    := --coverage
ifndef CFLAGS_$(VARIANT)
$(error VARIANT=$(VARIANT): must be release, debug, asan, tsan or cov)
endif
DEFINES := -D_GNU_SOURCE -DTSBENCH_VERSION='"$(VERSION)"' -DHAVE_LIBURING=$(HAVE_LIBURING) \
           -DHAVE_SECCOMP=$(HAVE_SECCOMP) -DHAVE_MPI=$(HAVE_MPI)
ALL_CFLAGS  = -std=gnu11 -pthread -MMD -MP $(WARNINGS) $(if $(DEV),-Werror) $(DEFINES) $(CFLAGS_$(VARIANT)) $(CFLAGS)
ALL_LDFLAGS = -pthread $(LDFLAGS_$(VARIANT)) $(LDFLAGS) -Wl,--as-needed
LDLIBS := -lev -lcjson -lgsl -lgslcblas -lz -lm $(if $(filter 1,$(HAVE_LIBURING)),-luring) \
          $(if $(filter 1,$(HAVE_SECCOMP)),-lseccomp)

# --- trees ------------------------------------------------------------------------------------------------------
OUT := build/$(VARIANT)
OBJ := $(OUT)/obj
BIN := $(if $(filter release,$(VARIANT)),build/bin,$(OUT)/bin)
LIB := $(OUT)/libts.a

# What needs a library that is not here is not built; its row in a table says HAVE_x, and is listed as not available.
LEFT_OUT := $(if $(filter 0,$(HAVE_LIBURING)),$(wildcard server/*uring*.c))
objects = $(patsubst %.c,$(OBJ)/%.o,$(filter-out $(LEFT_OUT),$(wildcard $(1)/*.c)))
borrowed = $(filter-out $(OBJ)/$(1)/main.o,$(call objects,$(1)))
BINS := $(addprefix $(BIN)/,$(foreach p,$(PROGRAMS),$(if $(wildcard $(ROOM_$(p))/main.c),$(p))))
UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNITS := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(UNIT_SOURCES))
PEER_FOLDERS := $(patsubst tests/servers/%/main.c,%,$(wildcard tests/servers/*/main.c tests/servers/*/*/main.c))
PEER_GO := $(if $(shell command -v go),$(patsubst tests/servers/%/main.go,%,$(wildcard tests/servers/*/*/main.go)))
PEER_SOURCES := $(wildcard tests/servers/*.c tests/servers/odd/*.c) \
                $(if $(filter 1,$(call have,libevent)),$(wildcard tests/servers/peers/libevent.c)) \
                $(if $(filter 1,$(call have,libuv)),$(wildcard tests/servers/peers/libuv.c))
PEERS := $(patsubst tests/servers/%.c,$(OUT)/servers/%,$(PEER_SOURCES)) $(addprefix $(OUT)/servers/,$(PEER_FOLDERS) $(PEER_GO))

.PHONY: all peers units flags
all: $(BINS) ## build every program into build/bin/
peers: $(PEERS)
units: $(UNITS)

# --- how to build -----------------------------------------------------------------------------------------------
# The stamp holds the command line: changed flags rebuild, unchanged ones do not.
FLAGS := $(OUT)/flags
STAMP := $(subst ','\'',$(CC) $(filter-out -Werror,$(ALL_CFLAGS)) $(ALL_LDFLAGS) $(LDLIBS))
$(FLAGS): flags
	@mkdir -p $(@D)
	@printf '%s\n' '$(STAMP)' | cmp -s - $@ || printf '%s\n' '$(STAMP)' > $@

# The walls: a room sees lib and itself, nothing else.
$(OBJ)/%.o: %.c $(FLAGS)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(ALL_CFLAGS) -Ilib -I$(patsubst %/,%,$(dir $<)) $(foreach r,$(EXTRA_ROOMS_$(patsubst %/,%,$(dir $<))),-I$(r)) \
	    $(CFLAGS_$(patsubst %/,%,$(dir $<))) -c $< -o $@
EXTRA_ROOMS_loadgen/mpi := loadgen

# tsreport carries these files inside itself (.incbin), which the compiler's dependencies do not see.
$(OBJ)/results/embedded.o: $(wildcard results/schema/*.json results/page/*) results/style.gp

$(LIB): $(call objects,lib)
	@rm -f $@
	$(if $(V),,@echo "  AR    $@")
	$(Q)ar rcs $@ $^

define program_rule
$(BIN)/$(1): $(call objects,$(ROOM_$(1))) $(foreach r,$(BORROWS_$(1)),$(call borrowed,$(r))) $(LIB)
	@mkdir -p $$(@D)
	$(if $(V),,@echo "  LD    $$@")
	$(Q)$(CC) $(ALL_LDFLAGS) $$^ $(LDLIBS_$(1)) $(LDLIBS) -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

# A unit test tests/unit/ROOM/test_x.c sees lib and ROOM and links ROOM's objects without its main.o.
define unit_rule
$(OUT)/unit/$(1)/%: tests/unit/$(1)/%.c $(if $(filter-out lib,$(1)),$(call borrowed,$(1))) $(LIB) $(FLAGS)
	@mkdir -p $$(@D)
	$(if $(V),,@echo "  UNIT  $$@")
	$(Q)$(CC) $(ALL_CFLAGS) -Ilib -I$(1) -Itests/unit $$(filter %.c,$$^) $$(filter %.o,$$^) $(ALL_LDFLAGS) \
	    $(LIB) $(LDLIBS) -lcmocka -o $$@
endef
$(foreach r,lib server loadgen conformance results,$(eval $(call unit_rule,$(r))))

# Servers with known faults and delays, on libc alone: one file each, or a folder with a main.c. Foreign ones (C on another
# library, Go without modules or network) are built where the machine has what they need.
$(OUT)/servers/%: tests/servers/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  PEER  $@")
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/servers $< $(ALL_LDFLAGS) $(LDLIBS_$*) -o $@
LDLIBS_peers/libevent := -levent
LDLIBS_peers/libuv := -luv

$(addprefix $(OUT)/servers/,$(PEER_GO)): $(OUT)/servers/%: tests/servers/%/main.go
	@mkdir -p $(@D)
	$(if $(V),,@echo "  GO    $@")
	$(Q)GO111MODULE=off GOFLAGS= GOPATH='$(CURDIR)/build/go-path' GOCACHE='$(CURDIR)/build/go-cache' CGO_ENABLED=0 go build -o $@ $<

define peer_rule
EXTRA_ROOMS_tests/servers/$(1) := tests/servers
$(OUT)/servers/$(1): $(call objects,tests/servers/$(1))
	@mkdir -p $$(@D)
	$(if $(V),,@echo "  LD    $$@")
	$(Q)$(CC) $(ALL_LDFLAGS) $$^ -lm -o $$@
endef
$(foreach p,$(PEER_FOLDERS),$(eval $(call peer_rule,$(p))))

-include $(shell [ -d $(OUT) ] && find $(OUT) -name '*.d')

# --- what people call -------------------------------------------------------------------------------------------
# Make hands variables of its command line on in the environment. From there they are taken, as "$$TARGET", and never put into
# the text of a command: they may hold quotes and ends of lines.
.PHONY: deps deps-test bench test test-built conformance compare lint format fuzz soak coverage install uninstall clean help
deps: ## install what is missing (TEST=1: what the tests need, too)
	@scripts/deps $(if $(TEST),test,build)

bench: deps ## measure every mode against every workload (SUITE=quick|standard|full MODES="a b" TRIALS=N)
	@$(MAKE) --no-print-directory all
	@scripts/bench

test: ## run all tests; the last line is `N passed, N failed`
	@scripts/deps test
	@$(MAKE) --no-print-directory all peers units
	@tests/run

conformance: all ## judge any server: make conformance TARGET=tcp://host:port
	@[ -n "$$TARGET" ] || { echo "make conformance: TARGET=URI is missing, such as TARGET=tcp://127.0.0.1:21567" >&2; exit 2; }
	@$(BIN)/tsconform "$$TARGET"

compare: all ## compare two runs: make compare BASE=RUN HEAD=RUN; exit 1 on a regression
	@[ -n "$$BASE" ] && [ -n "$$HEAD" ] || { echo "make compare: BASE=RUN and HEAD=RUN are needed" >&2; exit 2; }
	@$(BIN)/tsreport compare "$$BASE" "$$HEAD"

lint: ## check format, shell scripts, walls and static analysis
	@scripts/lint

format: ## rewrite the C files in the house's format
	@scripts/format

fuzz: ## feed the pure parsers with random input for a while (FUZZ_SECONDS=N each)
	@scripts/fuzz

soak: all peers ## long runs: leaks, drift, many conversations (SOAK_SECONDS=N)
	@scripts/soak

coverage: ## line coverage of the tests, per room
	@$(MAKE) --no-print-directory VARIANT=cov all peers units
	@scripts/coverage

install: all ## install programs, man pages and completions under PREFIX (DESTDIR is honoured)
	@scripts/install '$(BIN)' '$(DESTDIR)$(PREFIX)' $(notdir $(BINS))

uninstall: ## remove what install wrote
	@scripts/install --remove '$(DESTDIR)$(PREFIX)' $(notdir $(BINS))

clean: ## remove everything that was built
	@rm -rf build

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
