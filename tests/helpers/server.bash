# For bats: the server's checks are in server_checks/, one function each; a check starts servers of its own on free
# ports, in a folder of its own, and waits for ready lines, ends of file and exits only.
#   TS_BIN: the folder of the programs (default build/bin)   MODE: the mode under test

check() { # NAME [ARGUMENT...]
  /usr/bin/python3 "${BATS_TEST_DIRNAME}/helpers/server_checks" "${TS_BIN:-build/bin}" "${MODE:-libev}" "$@"
}
