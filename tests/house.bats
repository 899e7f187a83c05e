#!/usr/bin/env bats
# The house itself: the runner's totals, the dependencies script, the makefile's help and installation.

setup() {
  cd "${BATS_TEST_DIRNAME}/.."
}

# A folder of tests for the runner: FOLDER, then lines of bats on standard input.
run_tests_in() {
  mkdir -p "$1/tests"
  cat >"$1/tests/sample.bats"
  run env -u BATS_TEST_NAME_PREFIX TS_TESTS="$1/tests" TS_UNITS="$1/none" TS_LOGS="$1/logs" tests/run
}

@test "the runner counts what passed, failed and was skipped" {
  run_tests_in "${BATS_TEST_TMPDIR}/mixed" <<<$'@test "a" { true; }\n@test "b" { false; }\n@test "c" { skip why; }\n'
  [ "${status}" -eq 1 ]
  [ "${lines[-1]}" = "1 passed, 1 failed, 1 skipped" ]
}

@test "the runner runs once more, alone, what failed, and says what passed only then" {
  local seen=${BATS_TEST_TMPDIR}/seen
  run_tests_in "${BATS_TEST_TMPDIR}/again" < <(printf '%s\n' '@test "a" {' '  false' '}' \
    '@test "b (once), 100 %; x+ [y] a|b *" {' "  [ -e '${seen}' ] || ! touch '${seen}'" '}' \
    '@test "c" {' "  [ ! -e '${seen}.c' ] || skip 'what failed'" "  ! touch '${seen}.c'" '}')
  echo "${output}"
  [ "${status}" -eq 1 ]
  [ "${lines[-3]}" = "ok   sample: at the second time, alone: b (once), 100 %; x+ [y] a|b *" ]
  [ "${lines[-2]}" = "1 passed only at the second time, alone" ]
  [ "${lines[-1]}" = "1 passed, 2 failed" ]
}

@test "the runner says that all is well only when all is" {
  run_tests_in "${BATS_TEST_TMPDIR}/good" <<<$'@test "a" { true; }\n@test "b" { true; }\n'
  [ "${status}" -eq 0 ]
  [ "${lines[-1]}" = "2 passed, 0 failed" ]
}

@test "the runner counts a file that runs nothing, or dies, as a failure" {
  run_tests_in "${BATS_TEST_TMPDIR}/empty" <<<'# no test here'
  [ "${status}" -eq 1 ]
  [ "${lines[-1]}" = "0 passed, 1 failed" ]
  run_tests_in "${BATS_TEST_TMPDIR}/broken" <<<$'@test "a" { true; }\nif then'
  [ "${status}" -eq 1 ]
  [[ "${lines[-1]}" =~ ,\ [1-9][0-9]*\ failed$ ]]
}

@test "a name that selects no test is a wrong usage" {
  run env TS_LOGS="${BATS_TEST_TMPDIR}/logs" tests/run no-such-test-anywhere
  [ "${status}" -eq 2 ]
}

@test "the dependencies are a no-op in well under a second when all is there" {
  local begun=${EPOCHREALTIME/[.,]/}
  scripts/deps build
  [ $((${EPOCHREALTIME/[.,]/} - begun)) -lt 1000000 ]
}

@test "without the right to install, the one command to run is printed" {
  local tools=${BATS_TEST_TMPDIR}/tools tool
  mkdir "${tools}"
  for tool in bash dirname cat tail mktemp rm cmp; do ln -s "$(command -v "${tool}")" "${tools}/${tool}"; done
  printf '#!/bin/sh\nexit 1\n' >"${tools}/dpkg-query"
  printf '#!/bin/sh\necho 1000\n' >"${tools}/id"
  chmod +x "${tools}/dpkg-query" "${tools}/id"
  run env PATH="${tools}" bash scripts/deps build
  [ "${status}" -eq 3 ]
  [ "${#lines[@]}" -eq 1 ]
  [[ "${output}" == *"apt-get install -y"*" libev-dev "* ]]
}

@test "make help lists every target that people call" {
  local target
  run make help
  for target in bench test conformance compare deps install uninstall lint format fuzz soak coverage clean help; do
    [[ "${output}" == *"make ${target} "* ]] || { echo "${target} is not listed"; return 1; }
  done
}

@test "a wrong variant and a missing target are named" {
  run make VARIANT=fast
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"VARIANT=fast: must be release, debug, asan, tsan or cov"* ]]
  run make -s conformance
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"TARGET=URI is missing"* ]]
}

# Fault caught: a command of two lines, or with a quote in it, that the makefile's own shell took apart.
@test "what a variable of the command line holds comes through as it is" {
  unset MAKEFLAGS MFLAGS MAKELEVEL
  run make -s bench SUITE=quick MODES=epoll WORKLOADS=crowd TRIALS=1 EXTRA=$'a=sh -c \'exec x\'\na=y' # refused by the script
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"EXTRA: a: must be named once"* ]] || { echo "${output}"; return 1; }
  run make -s conformance TARGET="nosuch:it's"
  [[ "${output}" == *"nosuch:it's: not an endpoint"* ]]
  run make -s compare BASE="/nosuch/it's" HEAD=x
  [[ "${output}" == *"/nosuch/it's"* ]]
}

@test "install puts programs, man pages and completions under DESTDIR, and uninstall takes all of them away" {
  local root=${BATS_TEST_TMPDIR}/root program
  make -s install DESTDIR="${root}" PREFIX=/usr
  for program in tsserver tsload tsclient tsconform tsreport; do
    [ -x "${root}/usr/bin/${program}" ]
    [[ "$(man -P cat -l "${root}/usr/share/man/man1/${program}.1" 2>/dev/null || cat "${root}/usr/share/man/man1/${program}.1")" == *"${program}"* ]]
    bash -n "${root}/usr/share/bash-completion/completions/${program}"
  done
  make -s uninstall DESTDIR="${root}" PREFIX=/usr
  [ "$(find "${root}" -type f | wc -l)" -eq 0 ]
}

@test "man pages hold each option, the whole summary, and examples line by line" {
  local program command option page
  for program in tsserver tsload tsclient tsconform tsreport; do
    page=$(scripts/man-page "${TS_BIN:-build/bin}/${program}" | sed 's/\\-/-/g')
    for option in $("${TS_BIN:-build/bin}/${program}" --help | grep -oE -- '--[a-z]+(-[a-z]+)*' | sort -u); do
      [[ "${page}" == *"${option}"* ]] || { echo "${program}: ${option}"; return 1; }
    done
  done
  for command in charts compare merge; do
    [[ "$(scripts/man-page "${TS_BIN:-build/bin}/tsreport" | sed 's/\\-/-/g')" == *"$(build/bin/tsreport "${command}" --help)"* ]]
  done
  [[ "$(scripts/man-page "${TS_BIN:-build/bin}/tsload")" == *$'\n'"tsload \\- load a timestamp server, verify every reply, and say whether the figures can be trusted"$'\n'* ]]
  [[ "$(scripts/man-page "${TS_BIN:-build/bin}/tsserver")" == *$'.SH EXAMPLES\n.IP\n.nf\ntsserver\n'* ]]
}

@test "a folder whose name has a blank is one to build in" {
  local tree="${BATS_TEST_TMPDIR}/a tree" tools=${BATS_TEST_TMPDIR}/tools
  mkdir -p "${tree}/tests/servers/peers" "${tools}"
  cp Makefile "${tree}" && cp -r tests/servers/peers/go "${tree}/tests/servers/peers"
  printf '#!/bin/sh\necho "${GOCACHE}" >"$3"\n' >"${tools}/go" # go build -o OUTPUT
  chmod +x "${tools}/go"
  PATH="${tools}:${PATH}" make -s -C "${tree}" build/release/servers/peers/go
  [ "$(cat "${tree}/build/release/servers/peers/go")" = "${tree}/build/go-cache" ]
}

@test "completions know the options and the words of a choice" {
  source <(scripts/completions "${TS_BIN:-build/bin}/tsserver")
  COMP_WORDS=(tsserver --framing = l) COMP_CWORD=3
  _tsserver
  [ "${COMPREPLY[*]}" = line ]
  compopt() { :; } # which bash allows only while it completes
  COMP_WORDS=(tsserver --fram) COMP_CWORD=1
  _tsserver
  [ "${COMPREPLY[*]}" = --framing= ]
}

@test "without an optional library the rest is built, and the mode is listed as not available" {
  local out=${BATS_TEST_TMPDIR}/out header
  mkdir -p "${out}/include"
  for header in liburing seccomp mpi; do
    echo "#error ${header}.h is not here" >"${out}/include/${header}.h"
  done
  make -s HAVE_LIBURING=0 HAVE_SECCOMP=0 HAVE_MPI=0 OUT="${out}" BIN="${out}/bin" CFLAGS="-O0 -I${out}/include" "${out}/bin/tsserver"
  [[ "$("${out}/bin/tsserver" --list-modes)" =~ uring\ [^$'\n']*\(not\ available\) ]]
  run "${out}/bin/tsserver" --mode=uring
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"was not built in"* ]]
}
