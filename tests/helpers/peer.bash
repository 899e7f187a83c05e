# shellcheck shell=bash disable=SC2034 # tests read uri and peer
# Servers in the background for a test: start_peer COMMAND... waits for the line with the URI that the server prints once
# it is ready, and sets `uri` and `peer`; start_server does it with the reference server. stop_peers ends all of them: call it
# in teardown.
# A server that dies before its line, or takes more than 10 s, fails the test at once.

peers=()

start_peer() {
  local fifo=${BATS_TEST_TMPDIR}/peer.${#peers[@]}
  rm -f "${fifo}" # of one that stop_peers has ended
  mkfifo "${fifo}"
  "$@" >"${fifo}" 2>"${fifo}.err" 3>&- &
  peer=$!
  peers+=("${peer}")
  IFS= read -r -t 10 uri <"${fifo}" || {
    echo "$1 was not ready: $(cat "${fifo}.err")"
    return 1
  }
}

start_server() { # ARGUMENTS of tsserver; on a free TCP port if they name no endpoint
  [[ "$*" == *--listen=* ]] || set -- --listen=tcp://127.0.0.1:0 "$@"
  start_peer "${TS_BIN:-${BATS_TEST_DIRNAME}/../build/bin}/tsserver" --ready-fd=1 "$@"
}

stop_peers() {
  local pid
  for pid in "${peers[@]}"; do
    kill "${pid}" 2>/dev/null || true
    wait "${pid}" 2>/dev/null || true
  done
  peers=()
}

# Wait until a background job has become the program, not this shell's copy, and catches SIGINT and SIGTERM: a signal that
# comes earlier ends it, or is lost (a background job of bash begins with SIGINT ignored).
await_handlers() { # PID
  local caught shell
  shell=$(readlink "/proc/${BASHPID}/exe")
  while caught=$(awk '/^SigCgt/ {print $2}' "/proc/$1/status" 2>/dev/null) && [ -n "${caught}" ]; do
    [ "$(readlink "/proc/$1/exe")" != "${shell}" ] && [ $((0x${caught} & 0x4002)) -eq $((0x4002)) ] && return 0
  done
  return 1
}
