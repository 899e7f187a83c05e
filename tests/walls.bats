#!/usr/bin/env bats
# The walls between the rooms, and the manners of the house, checked in the sources and in what the compiler made of them.
# Each check is a function over a folder, so that the last test can show that it catches its fault.

setup() {
  cd "${BATS_TEST_DIRNAME}/.."
}

sources() { # FOLDER SUFFIX
  find "$1" -path "$1/build" -prune -o -path '*/node_modules' -prune -o -name "*.$2" -print
}

# A quoted include names a header of the same folder or of lib, without a slash. loadgen/mpi is loadgen spread over hosts.
crossing_includes() { # ROOT
  local room others
  for room in lib server loadgen loadgen/client conformance results loadgen/mpi; do
    [ -d "$1/${room}" ] || continue
    others=$1/lib
    [ "${room}" = loadgen/mpi ] && others="$1/lib $1/loadgen"
    # shellcheck disable=SC2086 # the other rooms are several words
    find "$1/${room}" ${others} -maxdepth 1 -type f -printf '%f\n' | awk '
      reading == "names" {known[$0]; next}
      match($0, /^[[:space:]]*#[[:space:]]*include "[^"]+"/) {
        split(substr($0, RSTART, RLENGTH), part, "\"")
        if (!(part[2] in known)) print FILENAME ": " part[2]
      }' reading=names - reading=sources $(find "$1/${room}" -maxdepth 1 -name '*.[ch]')
  done
}

# Only main.c exits (ts_opt does for --help; a forked child uses _exit). Only ts_log prints to standard error.
leaving_functions() { # ROOT
  grep -nE '(^|[^_[:alnum:]])exit\(' "$1"/{lib,server,loadgen,loadgen/client,conformance,results}/*.c 2>/dev/null |
    grep -vE '/(main|ts_opt[a-z_]*)\.c:|_exit\(|^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)|"[^"]*exit\(' || true
}

printing_to_stderr() { # ROOT
  grep -nE 'perror\(|f(printf|puts|putc|write|flush)\([^;]*stderr|STDERR_FILENO' \
    "$1"/{lib,server,loadgen,loadgen/client,conformance,results}/*.c 2>/dev/null |
    grep -vE '/ts_log\.c:|dup2\(|isatty\(|ioctl\(|/ts_live\.c:' || true
}

# Mutable objects at file scope: anything in .data, .bss or common that is not a constant table waiting for relocation.
mutable_globals() { # FOLDERS OF OBJECTS
  find "$@" -name '*.o' -exec objdump -t {} + | awk '
    /: +file format/ {object = $1}
    ($0 ~ / O \.(data|bss)\t/ || $0 ~ / O \*COM\*\t/) && $NF !~ /^__(gcov|asan|odr)/ {print object " " $NF}'
}

sleeping_tests() { # FOLDER
  grep -nE '^[[:space:]]*(sleep|usleep)[[:space:]]' "$1"/*.bats "$1"/helpers/*.bash 2>/dev/null || true
}

@test "no include crosses a wall" {
  run crossing_includes .
  [ "${output}" = "" ]
}

# The first header of a source needs nothing before it, or the source would not have been built; the others are compiled alone.
headers_never_first() { # ROOT
  local room
  for room in lib server loadgen conformance results; do
    find "$1/${room}" -maxdepth 1 -name '*.h' -printf '%f\n' | awk -v room="$1/${room}" '
      reading == "headers" {header[$0]; next}
      /^[[:space:]]*#[[:space:]]*include/ {split($0, part, "\""); delete header[part[2]]; nextfile}
      END {for (name in header) print room "/" name}' reading=headers - reading=sources $(find "$1/${room}" -maxdepth 1 -name '*.c')
  done
}

lone_headers() { # ROOT: those that do not stand on their own
  local header
  headers_never_first "$1" | while read -r header; do
    gcc -std=gnu11 -D_GNU_SOURCE -DHAVE_LIBURING=1 -DHAVE_SECCOMP=1 -DHAVE_MPI=0 -I"$1/lib" -I"$(dirname "${header}")" \
      -Wall -Wno-strict-aliasing -Wno-pragma-once-outside-header -fsyntax-only -x c "${header}" || echo "${header}"
  done
}

@test "every header stands on its own" {
  run lone_headers .
  [ "${output}" = "" ]
}

@test "only main exits, only the log prints to standard error" {
  run leaving_functions .
  [ "${output}" = "" ]
  run printing_to_stderr .
  [ "${output}" = "" ]
}

@test "no mutable state at file scope but the signals'" {
  run mutable_globals build/release/obj/{lib,server,loadgen,conformance,results}
  echo "${output}"
  [[ ${output} == *"/lib/ts_signal.o: "* ]] # the only one: it tells that objects are there
  run grep -v '/lib/ts_signal.o: ' <<<"${output}"
  [ "${output}" = "" ]
}

@test "no test sleeps" {
  run sleeping_tests tests
  [ "${output}" = "" ]
}

@test "shell scripts are clean" {
  git grep -lE '^#!.*\b(bash|sh)$|^# shellcheck shell=bash' -- scripts tests .ci | xargs shellcheck
}

@test "nothing that is built or fetched is committed, and no path of one machine" {
  run git ls-files build results/runs results/latest '*.o' '*.gcda' 'tests/node_modules'
  [ "${output}" = "" ]
  run bash -c "git grep -nE '/(home|root|work)/[a-z]' -- . ':!tests/walls.bats' ':!results/reference'"
  [ "${output}" = "" ]
}

@test "the checks above catch their faults" {
  local house=${BATS_TEST_TMPDIR}/house
  mkdir -p "${house}"/{lib,server,loadgen,loadgen/client,conformance,results,helpers}
  echo 'int pacer;' >"${house}/loadgen/pacer.h"
  printf '#include "pacer.h"\n#include "../lib/x.h"\n' >"${house}/server/a.c"
  [ "$(crossing_includes "${house}" | wc -l)" -eq 2 ]
  printf 'void f(void)\n{\n\texit(1);\n\tfprintf(stderr, "x");\n}\n' >"${house}/results/b.c"
  [ "$(leaving_functions "${house}" | wc -l)" -eq 1 ]
  [ "$(printing_to_stderr "${house}" | wc -l)" -eq 1 ]
  printf 'static int counter;\nint table[2] = {1, 2};\nint next(void) { return counter++; }\n' | gcc -x c -c - -o "${house}/c.o"
  [ "$(mutable_globals "${house}" | wc -l)" -eq 2 ]
  echo 'size_t lone(void);' >"${house}/lib/lone.h"
  echo '#include "lone.h"' >"${house}/lib/not_first.h"
  echo '#include "not_first.h"' >"${house}/lib/not_first.c"
  [ "$(lone_headers "${house}" 2>/dev/null)" = "${house}/lib/lone.h" ]
  printf '@test "x" {\n  %s 1\n}\n' sleep >"${house}/d.bats"
  [ "$(sleeping_tests "${house}" | wc -l)" -eq 1 ]
}
