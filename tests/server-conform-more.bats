#!/usr/bin/env bats
# Every mode is judged by tsconform in line framing and on the other transports. TCP: server-conform.bats
# long: 100 s

bin=${TS_BIN:-build/bin}

setup_file() {
  /usr/bin/python3 "${BATS_TEST_DIRNAME}/helpers/server_conform.py" "${bin}" line unix udp unixgram >"${BATS_FILE_TMPDIR}/verdicts"
}

all_conform() { # KIND: as many verdicts as modes, and every one of them is "conformant"
  grep -E "^[a-z-]+ $1 " "${BATS_FILE_TMPDIR}/verdicts"
  [ "$(grep -cE "^[a-z-]+ $1 conformant: " "${BATS_FILE_TMPDIR}/verdicts")" -eq "$("${bin}/tsserver" --list-modes | grep -vc 'not available')" ]
}

@test "every mode conforms on TCP with line framing" {
  all_conform line
}

@test "every mode conforms on UNIX streams" {
  all_conform unix
}

@test "every mode conforms on UDP" {
  all_conform udp
}

@test "every mode conforms on UNIX datagrams" {
  all_conform unixgram
}
