#!/usr/bin/env bats
# tsserver where its surroundings are unusual: pipes, descriptors, a killed parent.
# long: 25 s, waiting

load helpers/peer.bash
load helpers/server.bash

setup() {
  bin=${TS_BIN:-${BATS_TEST_DIRNAME}/../build/bin}
}

teardown() {
  stop_peers
}

no_sanitizer() { # what it needs in memory, it asks for by itself
  [[ "${bin}" != *[at]san* ]] || skip "the sanitizers' memory is not bounded"
}

gone() { # PID: within 5 s
  timeout 5 tail --pid="$1" -f /dev/null
}

# Fault caught: a pipe without a reader was waited for: neither SIGUSR1 nor SIGTERM was served.
@test "statistics for a pipe that nobody reads are an error, and hold up nobody" {
  mkfifo "${BATS_TEST_TMPDIR}/pipe"
  start_server --stats="${BATS_TEST_TMPDIR}/pipe"
  kill -USR1 "${peer}"
  [[ "$(echo hello | "${bin}/tsclient" --timeout=2s "${uri}")" == *hello ]]
  kill "${peer}"
  gone "${peer}"
  wait "${peer}" || [ $? -eq 3 ]
  grep "nobody reads that pipe" "${BATS_TEST_TMPDIR}"/peer.*.err
}

# Fault caught: the server's own sockets took the numbers of closed standard descriptors, and warnings went there.
@test "closed standard descriptors are not given to the server's sockets" {
  "${bin}/tsserver" --mode=epoll --sandbox=off --listen="unix:${BATS_TEST_TMPDIR}/s" <&- >&- 2>&- 3>&- &
  local pid=$! fd
  for _ in {1..100}; do [ -S "${BATS_TEST_TMPDIR}/s" ] || /usr/bin/python3 -c 'import time; time.sleep(0.05)'; done
  for fd in 0 1 2; do
    [ "$(readlink "/proc/${pid}/fd/${fd}")" = /dev/null ]
  done
  kill "${pid}"
  wait "${pid}"
  run timeout 5 sh -c '"$1" --stats=- --listen="unix:$2" >&-' _ "${bin}/tsserver" "${BATS_TEST_TMPDIR}/s"
  [ "${status}" -eq 3 ]
  [[ ${output} == *"--stats=-: cannot be written"* ]]
}

@test "a child of mode fork ends when its parent is killed" {
  start_server --mode=fork
  exec 7<>"/dev/tcp/127.0.0.1/${uri##*:}"
  echo hello >&7
  read -r -t 5 _ <&7
  local child
  child=$(pgrep -P "${peer}")
  kill -KILL "${peer}"
  gone "${child}"
  exec 7>&-
}

@test "without memory a client is turned away, the others are served, and so are further ones when there is some again" {
  no_sanitizer
  for mode in libev epoll; do
    MODE=${mode} check memory
  done
}

@test "libev: a socket that the kernel refuses to watch is no client that hangs, no listener that is deaf" {
  MODE=libev check unwatched_late
}

@test "a wait without memory is made again, and the stop is heard meanwhile" {
  for mode in select poll epoll libev uring; do
    MODE=${mode} check wait_memory
    MODE=${mode} check wait_never
  done
}

@test "uring: a ring that the kernel takes nothing from costs no processor, and the stop is heard" {
  MODE=uring check ring_stuck
}

@test "the stop is heard while nobody can be accepted" {
  for mode in blocking epoll fork prefork thread pool; do
    MODE=${mode} check stop_unaccepted
  done
}

@test "statistics that there is no memory for leave the earlier ones where they are" {
  no_sanitizer
  MODE=epoll check memory_stats
}

@test "what is short at the start is named, with what helps" {
  run timeout 5 bash -c "exec 3>&- 4>&- 5>&-; ulimit -n 4; exec '${bin}/tsserver' --listen=tcp://127.0.0.1:0"
  [ "${status}" -eq 3 ]
  [[ "${output}" == "tsserver: signals: Too many open files; raise the limit of open files (ulimit -n)" ]]
  ASAN_OPTIONS=detect_leaks=0 run timeout 10 strace -f -qq -o /dev/null --inject=clone,clone3:error=EAGAIN "${bin}/tsserver" \
    --mode=thread --sandbox=off --listen=tcp://127.0.0.1:0
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"mode thread: no further thread or process: "*"(ulimit -u)"* ]]
}

# Fault caught: the first reactor said ready before the last thread was there.
@test "nobody says ready before all threads and processes are there" {
  local options
  for options in "--mode=reactors --workers=3" "--mode=prefork --workers=3" "--mode=epoll --processes=3"; do
    # shellcheck disable=SC2086 # several words
    ASAN_OPTIONS=detect_leaks=0 run timeout 10 strace -f -qq -o /dev/null --inject=clone,clone3:error=EAGAIN:when=2 "${bin}/tsserver" \
      --sandbox=off --ready-fd=1 --listen="unix:${BATS_TEST_TMPDIR}/s" ${options}
    [ "${status}" -eq 3 ]
    [[ "${output}" == "tsserver: "* && "${output}" != *unix:* ]]
  done
}

@test "a process that cannot be started again is said once, counted, and tried again" {
  MODE=prefork check no_successor
}

# Fault caught: such a count was taken for none, and the server listened elsewhere.
@test "a LISTEN_FDS that is no count, or more than there are, is an error" {
  local value
  for value in x -1 "" 1x 900 99999999999999999999; do
    # shellcheck disable=SC2016 # the inner shell expands them
    run timeout 5 bash -c 'exec 3>&- 4>&- 5>&-; LISTEN_PID=$$ LISTEN_FDS=$1 exec "$2"' _ "${value}" "${bin}/tsserver"
    [ "${status}" -eq 3 ]
    [[ "${output}" == "tsserver: LISTEN_FDS=${value}: "* ]]
  done
}

# Fault caught: the socket was written to, or closed as if it were the pipe.
@test "--ready-fd must be none of the sockets that were handed over" {
  run timeout 5 /usr/bin/python3 -c '
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
os.dup2(listener.fileno(), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], [sys.argv[1], "--ready-fd=3"])' "${bin}/tsserver"
  [ "${status}" -eq 2 ]
  [[ "${output}" == "tsserver: --ready-fd=3: "*"LISTEN_FDS"* ]]
}

# Fault caught: a free port was advised for a path.
@test "an endpoint that is taken: the advice is for its kind" {
  local endpoint
  for endpoint in tcp://127.0.0.1:0 "unix:${BATS_TEST_TMPDIR}/taken"; do
    start_server --listen="${endpoint}"
    run timeout 5 "${bin}/tsserver" --listen="${uri}"
    [ "${status}" -eq 3 ]
    [[ "${output}" == *"Address already in use; stop the other server, or choose another "* ]]
    [[ "${endpoint}" == tcp:* || "${output}" == *"another path" ]]
  done
}

# Fault caught: the end of its terminal killed the server, and left its path.
@test "SIGHUP is an orderly stop, unless it is ignored as by nohup" {
  local mode
  for mode in libev uring fork prefork pool reactors; do
    start_server --mode="${mode}" --listen="unix:${BATS_TEST_TMPDIR}/s"
    kill -HUP "${peer}"
    wait "${peer}"
    [ ! -e "${BATS_TEST_TMPDIR}/s" ]
  done
  start_peer nohup "${bin}/tsserver" --ready-fd=1 --listen=tcp://127.0.0.1:0
  kill -HUP "${peer}"
  [[ "$(echo hello | "${bin}/tsclient" --timeout=2s "${uri}")" == *hello ]]
}

# Fault caught: the server's own sockets were the last descriptors, and the exit status was 3.
@test "statistics at the end need no descriptor beside those that serving took" {
  local mode socket=${BATS_TEST_TMPDIR}/s server
  for mode in blocking poll thread fork pool; do
    bash -c 'exec 3>&- 4>&- 5>&-; ulimit -n 6; exec "$1" --mode="$2" --stats="$3/stats.$2" --listen="unix:$3/s"' _ \
      "${bin}/tsserver" "${mode}" "${BATS_TEST_TMPDIR}" &
    server=$!
    for _ in {1..100}; do [ -S "${socket}" ] || /usr/bin/python3 -c 'import time; time.sleep(0.05)'; done
    kill "${server}"
    wait "${server}"
    grep -q '"endpoints": \["unix:' "${BATS_TEST_TMPDIR}/stats.${mode}"
  done
}

# Fault caught: the stop was taken out of a set into which it had not come, and the C library aborted.
@test "select says what is wrong where its own descriptors are beyond FD_SETSIZE" {
  # shellcheck disable=SC2016 # the inner shell expands them
  run timeout 10 bash -c 'for ((i = 3; i < 1100; i++)); do eval "exec $i</dev/null"; done
    exec "$1" --mode=select --listen=tcp://127.0.0.1:0' _ "${bin}/tsserver"
  echo "${output}"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"tsserver: mode select: Too many open files"* ]]
}
