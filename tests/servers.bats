#!/usr/bin/env bats
# The test servers do what they say: those that the tools are judged with are judged themselves.

setup() {
  cd "${BATS_TEST_DIRNAME}/.."
  servers=build/release/servers
}

@test "every odd server answers within the dialect that its row states" {
  tests/servers/check.py odd 2>/dev/null 3>&-
}

@test "every wild server starts, and the good ones answer" {
  tests/servers/check.py wild 2>/dev/null 3>&-
}

@test "every foreign server answers streams and datagrams" {
  tests/servers/check.py peers 2>/dev/null 3>&-
}

@test "faulty without a fault is correct in every form, and its faults name requirements of their level" {
  tests/servers/check.py faults 3>&-
}

@test "delay counts what it loses, delays and spoils" {
  tests/servers/check.py delay 3>&-
}

@test "the checks of this file notice a server that is wrong" {
  rows=${BATS_TEST_TMPDIR}/tests/servers/odd
  mkdir -p "${rows}" "${BATS_TEST_TMPDIR}/build/release"
  ln -s "${PWD}/${servers}" "${BATS_TEST_TMPDIR}/build/release/servers"
  for fault in none data-cut-nul stamp-after separator-changes stamp-at-end never-starts; do
    printf '%s\tsh\ttcp\t%s/bounded %s/faulty --fault=%s --listen={uri}\tseparator=none\n' \
      "${fault}" "${servers}" "${servers}" "${fault}" >>"${rows}/odd.tsv"
  done
  check=${PWD}/tests/servers/check.py
  cd "${BATS_TEST_TMPDIR}"
  run "${check}" odd 3>&-
  [ "${status}" -eq 1 ]
  [[ "${output}" != *"none:"* ]]
  for fault in data-cut-nul stamp-after separator-changes stamp-at-end never-starts; do
    [[ "${output}" == *"${fault}:"* ]]
  done
}

@test "a test server ends with its parent" {
  # The server keeps descriptor 4, the pipe to cat: its end of file is the server's end.
  SERVER=${servers}/faulty timeout 10 bash -c '
    bash -c "coproc PEER { exec \$SERVER; }; read -r uri <&\${PEER[0]}" 4>&1 | cat' 3>&-
}

@test "wrong arguments of a test server are one line and status 2" {
  for command in "faulty --fault=nosuch" "faulty --form=tree" "delay --lose=2" "delay --delay=20" "delay --nosuch" \
    "faulty --listen=tcp://localhost"; do
    # shellcheck disable=SC2086 # words are wanted
    run ${servers}/${command}
    [ "${status}" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
  done
}
