#!/usr/bin/env bats
# What does not depend on the mode: options, lists, dialects, activation, the sandbox, peers in other languages, the docs.
load helpers/server

bin=${TS_BIN:-build/bin}

refused() { # STATUS TEXT OPTION...: that exit status, and one line that holds TEXT
  local wanted=$1 text=$2
  shift 2
  run "${bin}/tsserver" "$@"
  [ "${status}" -eq "${wanted}" ]
  [ "${#lines[@]}" -eq 1 ]
  [[ "${output}" == *"${text}"* ]]
}

usage_error() { # TEXT OPTION...
  refused 2 "$@"
}

environment_error() { # TEXT OPTION...
  refused 3 "$@"
}

@test "docs/server.md and --list-modes agree on every mode" {
  /usr/bin/python3 - "${bin}/tsserver" "${BATS_TEST_DIRNAME}/../docs/server.md" <<'PY'
import json, re, subprocess, sys
modes = json.loads(subprocess.run([sys.argv[1], "--list-modes", "--json"], capture_output=True, check=True).stdout)["modes"]
rows = re.findall(r"^\| ([a-z-]+) \| (.+?) \| (one, the others queue|many) \| (one|several) \|$", open(sys.argv[2]).read(), re.M)
ours = [(m["name"], m["summary"], "many" if m["concurrent"] else "one, the others queue",
         "several" if m["multiplexes"] else "one") for m in modes]
assert rows == ours, [r for r in set(rows) ^ set(ours)]
PY
}

@test "--list-modes has a row for every mode file, and a file for every row" {
  files=$(cd "${BATS_TEST_DIRNAME}/../server" && printf '%s\n' mode_*.c | sed 's/^mode_//; s/\.c$//; s/_/-/g' | sort)
  [ "${files}" = "$("${bin}/tsserver" --list-modes | awk '{print $1}' | sort)" ]
}

@test "--help names every mode" {
  help=$("${bin}/tsserver" --help | tr -s ' \n' ' ')
  for mode in $("${bin}/tsserver" --list-modes | awk '{print $1}'); do
    [[ "${help}" == *"${mode}"* ]]
  done
}

@test "wrong usage is one line and exit status 2" {
  usage_error "--mode=nosuch" --mode=nosuch
  usage_error "--workers=0" --workers=0 --mode=pool
  usage_error "mode libev has none" --workers=3
  usage_error "one endpoint" --mode=blocking --listen=tcp: --listen=udp:
  usage_error "no event loop" --mode=thread --spin
  usage_error "no event loop" --mode=thread --processes=2
  usage_error "an event loop for each of its --workers" --mode=reactors --processes=2
  usage_error "--max-line" --max-line=100
  usage_error "--time" --time=nosuch
  usage_error "--separator" --separator=']'
  usage_error "--listen=http://127.0.0.1:80: " --listen=http://127.0.0.1:80
  usage_error "--cpus" --cpus=4000
  usage_error "--cpus: " --cpus=1023
  usage_error "--cpus: " --cpus=0,1023
  usage_error "--json goes with" --json
  usage_error "--ready-fd=1" --ready-fd=1 --stats=-
}

@test "what the environment refuses is one line and exit status 3" {
  environment_error "unix:/nonexistent" --listen=unix:/nonexistent/folder/socket
  environment_error "tcp://192.0.2.1" --listen=tcp://192.0.2.1:0
  environment_error "--stats=/nonexistent/x" --listen=tcp://127.0.0.1:0 --stats=/nonexistent/x
  environment_error "--ready-fd=77" --listen=tcp://127.0.0.1:0 --ready-fd=77
  environment_error "--ready-fd=9" --listen=tcp://127.0.0.1:0 --ready-fd=9 9</dev/null
  environment_error "--ready-fd=9" --listen=tcp://127.0.0.1:0 --ready-fd=9 9>/dev/full
  run bash -c "'${bin}/tsserver' --list-modes >/dev/full"
  [ "${status}" -eq 3 ]
}

@test "a mode that has too few descriptors to begin says so" {
  for mode in epoll libev uring; do
    run timeout 5 bash -c "exec 3>&- 4>&- 5>&-; ulimit -n 6; exec '${bin}/tsserver' --mode=${mode} --listen=tcp://127.0.0.1:0"
    [ "${status}" -eq 3 ]
    [[ "${output}" == *"Too many open files; raise the limit of open files (ulimit -n)" ]]
  done
}

@test "time texts, precision, zone and separator are written as asked" {
  check dialects
}

@test "sockets handed over by LISTEN_FDS are served" {
  check activation
}

@test "the sandbox is on, and every option turns it as it says" {
  check sandbox
}

@test "foreign code in the server makes no socket, by io_uring neither" {
  check foreign_code
}

@test "a standard descriptor that said ready is given to no client" {
  check ready_standard
}

@test "the ready line comes within 20 ms" {
  check ready_time
}

@test "what listens before the server is ready goes on listening, so that no early caller is reset" {
  local calls=${BATS_TEST_TMPDIR}/calls ready=${BATS_TEST_TMPDIR}/ready server
  mkfifo "${ready}"
  ASAN_OPTIONS=detect_leaks=0 strace -D -f -e trace=listen -o "${calls}" \
    "${bin}/tsserver" --mode=reactors --workers=3 --sandbox=off --ready-fd=1 --listen=tcp://127.0.0.1:0 >"${ready}" 3>&- &
  server=$!
  read -r -t 10 uri <"${ready}"
  kill "${server}"
  wait "${server}"
  [ "$(grep -c 'listen(' "${calls}")" -eq 3 ]
}

@test "select serves its last possible client and lets the next one wait" {
  MODE=select check fd_setsize
}

@test "out of threads or processes, callers are turned away, and the server goes on" {
  MODE=thread check no_tasks
  MODE=fork check no_tasks
}

@test "a dead prefork process is replaced" {
  MODE=prefork check respawn
}

@test "a process that dies gives its places back, and its conversations have ended" {
  MODE=epoll check killed
  MODE=prefork check killed
  MODE=fork check killed
}

@test "a socket that cannot be waited for: a listener is tried again, a conversation ends" {
  MODE=epoll check deaf_listener
  MODE=epoll check unwatched
}

@test "without memory for a datagram for a moment, the modes that block go on" {
  for mode in blocking timeout fork thread pool prefork; do
    MODE=${mode} check datagram_memory
  done
}

@test "without memory for datagrams for a while, event loops pause" {
  for mode in nonblocking select poll epoll epoll-et libev uring; do
    MODE=${mode} check datagram_pause
  done
}

@test "replies that leave as one message arrive one by one, and also where the kernel cuts none" {
  for mode in poll epoll libev uring; do
    MODE=${mode} check bundles
  done
}

@test "a reply for which the kernel has no memory is sent a little later, and nobody spins" {
  for mode in $("${bin}/tsserver" --list-modes | awk '{print $1}'); do
    MODE=${mode} check send_memory
  done
}

@test "the peak of memory is that of all processes" {
  MODE=prefork check peak_memory
  MODE=epoll check peak_memory
}

@test "--spin never sleeps, in any mode that multiplexes, and --cpus holds" {
  for mode in $("${bin}/tsserver" --list-modes | awk '{print $1}'); do
    MODE=${mode} check spin
  done
}

@test "callers who come one by one cost one accept(2) each" {
  for mode in select poll epoll epoll-et libev; do
    MODE=${mode} check lone_callers
  done
}

@test "an idle connection costs at most 300 bytes in epoll and libev" {
  MODE=epoll check idle_memory
  MODE=libev check idle_memory
}

@test "replies to a wildcard UDP socket come from the address that was asked" {
  check asked_address
}

@test "socat and node converse" {
  check other_peers
}
