# shellcheck shell=bash disable=SC2034 # tests read these
# The place of a test of tsconform, and looks into a report.

setup() {
  cd "${BATS_TEST_DIRNAME}/.." || return
  bin=${TS_BIN:-${PWD}/build/bin}
  tmp=${BATS_TEST_TMPDIR}
}

teardown() {
  stop_peers
}

# The ids of the cases of one STATUS, into `ids`: statuses FILE STATUS
statuses() {
  ids=$(/usr/bin/python3 -c '
import json, sys
print(*[c["id"] for c in json.load(open(sys.argv[1]))["cases"] if c["status"] == sys.argv[2]])' "$1" "$2")
}

# One value as Python prints it: field FILE PATH.TO.IT
field() {
  /usr/bin/python3 -c '
import functools, json, sys
print(functools.reduce(lambda o, key: o[key], sys.argv[2].split("."), json.load(open(sys.argv[1]))))' "$1" "$2"
}
