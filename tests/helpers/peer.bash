# shellcheck shell=bash disable=SC2034 # tests read uri and peer
# Servers in the background for a test: start_peer COMMAND... waits for the line with the URI that the server prints once
# it is ready, and sets `uri` and `peer`. stop_peers ends all of them: call it in teardown.
# A server that dies before its line, or takes more than 10 s, fails the test at once.

peers=()

start_peer() {
  local fifo=${BATS_TEST_TMPDIR}/peer.${#peers[@]}
  mkfifo "${fifo}"
  "$@" >"${fifo}" 2>"${fifo}.err" 3>&- &
  peer=$!
  peers+=("${peer}")
  IFS= read -r -t 10 uri <"${fifo}" || {
    echo "$1 was not ready: $(cat "${fifo}.err")"
    return 1
  }
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
