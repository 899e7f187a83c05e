#!/usr/bin/env bats
# Every mode is judged by tsconform on TCP, started, stopped and restarted by it (--exec). The rest: server-conform-more.bats
# long: 70 s

bin=${TS_BIN:-build/bin}

setup_file() {
  /usr/bin/python3 "${BATS_TEST_DIRNAME}/helpers/server_conform.py" "${bin}" tcp >"${BATS_FILE_TMPDIR}/verdicts"
}

all_conform() { # KIND: as many verdicts as modes, and every one of them is "conformant"
  grep -E "^[a-z-]+ $1 " "${BATS_FILE_TMPDIR}/verdicts"
  [ "$(grep -cE "^[a-z-]+ $1 conformant: " "${BATS_FILE_TMPDIR}/verdicts")" -eq "$("${bin}/tsserver" --list-modes | grep -vc 'not available')" ]
}

@test "every mode conforms on TCP, lifecycle included" {
  all_conform tcp
}
