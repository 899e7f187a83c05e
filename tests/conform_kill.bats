#!/usr/bin/env bats
# The proof of the suite, on servers written to prove it: see tests/conform_matrix.py. The whole matrix is printed to build/.
# long: 140 s

setup() {
  cd "${BATS_TEST_DIRNAME}/.."
  export TSCONFORM=${TS_BIN:-${PWD}/build/bin}/tsconform
}

matrix() { # NAME ARGUMENT...
  local log=build/test-logs/conform-$1.txt
  shift
  mkdir -p build/test-logs
  timeout 200 tests/conform_matrix.py --jobs=16 "$@" >"${log}" 3>&- || {
    grep -v '^ok' "${log}"
    return 1
  }
  echo "# $(tail -n 1 "${log}"): ${log}" >&3
}

@test "every fault is found, by the case that names it" {
  matrix faults faults
}

@test "no correct server is blamed" {
  matrix odd --quick odd
}

@test "the matrix notices a fault that is not found, and a server that is blamed" {
  run tests/conform_matrix.py --jobs=4 --only='no-such' faults
  [ "${status}" -eq 1 ]
  TSCONFORM=/bin/true run tests/conform_matrix.py --jobs=4 --only='no-brackets' faults
  [ "${status}" -eq 1 ]
}
