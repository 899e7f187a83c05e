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
  local room file header others
  for room in lib server loadgen loadgen/client conformance results loadgen/mpi; do
    [ -d "$1/${room}" ] || continue
    others=$1/lib
    [ "${room}" = loadgen/mpi ] && others="$1/lib $1/loadgen"
    for file in "$1/${room}"/*.[ch]; do
      [ -e "${file}" ] || continue
      sed -nE 's/^[[:space:]]*#[[:space:]]*include "([^"]+)".*/\1/p' "${file}" | while read -r header; do
        # shellcheck disable=SC2086 # the other rooms are several words
        [[ "${header}" != */* ]] && [ -n "$(find "$1/${room}" ${others} -maxdepth 1 -name "${header}")" ] ||
          echo "${file}: ${header}"
      done
    done
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
mutable_globals() { # FOLDER OF OBJECTS
  local object
  find "$1" -name '*.o' | sort | while read -r object; do
    objdump -t "${object}" | awk -v object="${object}" '
      ($0 ~ / O \.(data|bss)\t/ || $0 ~ / O \*COM\*\t/) && $NF !~ /^__(gcov|asan|odr)/ {print object ": " $NF}'
  done
}

sleeping_tests() { # FOLDER
  grep -nE '^[[:space:]]*(sleep|usleep)[[:space:]]' "$1"/*.bats "$1"/helpers/*.bash 2>/dev/null || true
}

@test "no include crosses a wall" {
  run crossing_includes .
  [ "${output}" = "" ]
}

@test "every header stands on its own" {
  local header
  for header in lib/*.h server/*.h loadgen/*.h conformance/*.h results/*.h; do
    [ -e "${header}" ] || continue
    printf '#include "%s"\n' "$(basename "${header}")" |
      gcc -std=gnu11 -D_GNU_SOURCE -DHAVE_LIBURING=1 -DHAVE_SECCOMP=1 -DHAVE_MPI=0 -Ilib -I"$(dirname "${header}")" \
        -Wall -Wno-strict-aliasing -fsyntax-only -x c - || { echo "${header}"; return 1; }
  done
}

@test "only main exits, only the log prints to standard error" {
  run leaving_functions .
  [ "${output}" = "" ]
  run printing_to_stderr .
  [ "${output}" = "" ]
}

@test "no mutable state at file scope but the signals'" {
  local room found
  for room in lib server loadgen conformance results; do
    [ -d "build/release/obj/${room}" ]
    found+=$(mutable_globals "build/release/obj/${room}")
  done
  [ "$(grep -v '/lib/ts_signal.o: ' <<<"${found}")" = "" ] || { echo "${found}"; return 1; }
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
  run bash -c "git grep -nE '/(home|root|work)/[a-z]' -- . ':!*.md' ':!tests/walls.bats' ':!results/reference'"
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
  printf '@test "x" {\n  %s 1\n}\n' sleep >"${house}/d.bats"
  [ "$(sleeping_tests "${house}" | wc -l)" -eq 1 ]
}
