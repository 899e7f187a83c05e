#!/usr/bin/env bats
# tsconform starts the server, watches it, and stops it (--exec).
# long: 145 s

load helpers/peer.bash
load helpers/conform.bash

@test "with --exec a server that ends with its first client is one finding, too, and it is not started for each case" {
  run timeout 30 "${bin}/tsconform" --json="${tmp}/r.json" --exec 'build/release/servers/faulty --fault=one-client --listen={uri}' tcp://127.0.0.1:0
  [ "${status}" -eq 1 ]
  statuses "${tmp}/r.json" fail
  echo "${output}"
  [ "${ids}" = end.next-client ]
}

@test "with --exec a death is held against the cases that bring it, and the others are run all the same" {
  run timeout 60 "${bin}/tsconform" --only='data.*' --only='stream.[clp]*' --json="${tmp}/r.json" \
    --exec 'build/release/servers/faulty --form=iterative --fault=data-utf8-dies --listen={uri}' tcp://127.0.0.1:0
  [ "${status}" -eq 1 ]
  statuses "${tmp}/r.json" fail
  [ "${ids}" = "data.every-byte data.invalid-utf8" ]
  statuses "${tmp}/r.json" warn
  [ -z "${ids}" ]
  /usr/bin/python3 - "${tmp}/r.json" <<'END'
import json, sys
never_run = [c['id'] for c in json.load(open(sys.argv[1]))['cases'] if c['status'] == 'pass' and not c['duration_ms']]
sys.exit('passed, and never run: %s' % never_run if never_run else 0)
END
}

@test "the reference server passes with --exec, words included, and leaves nothing behind" {
  for mode in libev thread; do
    "${bin}/tsconform" --words --json="${tmp}/${mode}.json" --exec "'${bin}/tsserver' --mode=${mode} --listen={uri}" \
      tcp://127.0.0.1:0 >"${tmp}/${mode}.txt" 3>&- &
  done
  wait
  for mode in libev thread; do
    statuses "${tmp}/${mode}.json" fail
    [ -z "${ids}" ]
    [ "$(field "${tmp}/${mode}.json" verdict)" = conformant ]
  done
}

# Fault caught: the end of its terminal ended the suite, and left the server behind.
@test "a hangup ends the suite as other signals do, and the server with it" {
  env --default-signal=HUP "${bin}/tsconform" --only='time.*' --json="${tmp}/r.json" \
    --exec 'exec /usr/bin/python3 tests/servers/odd/odd.py plain {uri} '"'${tmp}/mark'" tcp://127.0.0.1:0 >/dev/null 3>&- &
  run=$!
  while ! pgrep -f "plain .* ${tmp}/mark" >/dev/null; do
    [ -d "/proc/${run}" ]
  done
  kill -HUP "${run}"
  wait "${run}" || code=$?
  [ "${code}" -eq 129 ]
  [ "$(field "${tmp}/r.json" partial)" = True ]
  run pgrep -f "plain .* ${tmp}/mark"
  [ "${status}" -eq 1 ]
}

@test "a client's own process is no growth, and a second server has as long to start as the first" {
  "${bin}/tsconform" --strict --only=robust.memory \
    --exec '/usr/bin/python3 tests/servers/odd/odd.py forking {uri}' tcp://127.0.0.1:0
  "${bin}/tsconform" --strict --only=lifecycle.second-instance \
    --exec 'sleep 2.1; exec build/release/servers/faulty --listen={uri}' tcp://127.0.0.1:0
}

# Runs a command where an init takes its time: this one never reaps what is left to it.
under_lazy_init() {
  /usr/bin/python3 -c 'import ctypes, subprocess, sys
if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0): # PR_SET_CHILD_SUBREAPER
    sys.exit("no subreaper")
sys.exit(subprocess.run(sys.argv[1:]).returncode)' "$@"
}

@test "a server that takes long to start is not started again where one case leaves it as the next one wants it" {
  "${bin}/tsconform" --strict --only=lifecycle.restart --only=lifecycle.sigint --only=lifecycle.second-instance \
    --only=lifecycle.reply-in-hand --json="${tmp}/r.json" \
    --exec "echo >>'${tmp}/starts'; sleep 1.1; exec build/release/servers/faulty --listen={uri}" tcp://127.0.0.1:0
  statuses "${tmp}/r.json" pass
  [ "$(wc -w <<<"${ids}")" -eq 4 ]
  [ "$(wc -l <"${tmp}/starts")" -eq 5 ] # for the probe, twice for the restart, and two at a time
}

@test "zombies that init has not reaped yet are not the server's" {
  under_lazy_init "${bin}/tsconform" --only=lifecycle.zombies \
    --exec '/usr/bin/python3 tests/servers/odd/odd.py double-forking {uri}' tcp://127.0.0.1:0
}

@test "a server in the background has ended when init has not reaped it yet" {
  under_lazy_init "${bin}/tsconform" --only=lifecycle.sigterm \
    --exec '/usr/bin/python3 tests/servers/odd/odd.py plain {uri} &' tcp://127.0.0.1:0
}

@test "a server that goes into the background is followed there, judged, and ended" {
  "${bin}/tsconform" --strict --only=lifecycle.sockets-closed \
    --exec 'setsid /usr/bin/python3 tests/servers/odd/odd.py plain {uri} '"'${tmp}/mark' &" tcp://127.0.0.1:0
  run pgrep -f "plain .* ${tmp}/mark"
  [ "${status}" -eq 1 ]
}

# Fault caught: SIGTERM went to the shell, which had ended meanwhile, and the server was said to hold its socket.
@test "a server that goes into the background is followed there, too, when its command lingers" {
  "${bin}/tsconform" --strict --only='lifecycle.sigterm*' --only=lifecycle.sockets-closed \
    --exec 'setsid /usr/bin/python3 tests/servers/odd/odd.py plain {uri} & sleep 0.2' tcp://127.0.0.1:0
}

@test "a second server that goes into the background, and is late, does not outlive the suite" {
  mkfifo "${tmp}/never"
  run "${bin}/tsconform" --only=lifecycle.second-instance \
    --exec '(sleep 0.3; exec setsid /usr/bin/python3 tests/servers/odd/odd.py plain {uri} '"'${tmp}/mark') &" tcp://127.0.0.1:0
  [ "${status}" -eq 0 ]
  for ((i = 0; i < 60; i++)); do # it would come after 0.3 s
    run pgrep -f "plain .* ${tmp}/mark"
    [ "${status}" -eq 1 ]
    read -r -t 0.01 <>"${tmp}/never" || true
  done
}

@test "a killed server's worker has time to let go of the path" {
  "${bin}/tsconform" --strict --only=unix.stale-path --exec '/usr/bin/python3 tests/servers/odd/odd.py heavy-worker "{uri}"' \
    "unix:${tmp}/heavy.sock"
}

# Fault caught: an io_uring server's listener, which the kernel keeps some milliseconds longer than the process, was said to
# be in the way of the next one.
@test "a listener that is about to go is waited for before the server is started" {
  start_peer timeout 0.3 build/release/servers/faulty --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=format.reply --exec 'exec build/release/servers/faulty --listen={uri}' "${uri}"
}

@test "a server whose output goes through a pipe is told to stop, not only the shell that waits for it" {
  "${bin}/tsconform" --strict --only=lifecycle.sigterm --only=lifecycle.sockets-closed \
    --exec '/usr/bin/python3 tests/servers/odd/odd.py plain {uri} 2>&1 | cat' tcp://127.0.0.1:0
}

@test "a server that binds its path as its own folder sees it is ready" {
  "${bin}/tsconform" --only=format.reply \
    --exec "cd '${tmp}' && exec /usr/bin/python3 '${PWD}/tests/servers/odd/odd.py' plain unix:./s.sock" "unix:${tmp}/s.sock"
}

@test "with --exec a UNIX path is found that was given to the socket later, by mv" {
  for kind in plain:unix datagrams:unixgram; do
    path=${tmp}/${kind%:*}.sock
    timeout 20 "${bin}/tsconform" --only=format.reply --exec "exec >/dev/null; /usr/bin/python3 tests/servers/odd/odd.py ${kind%:*} \
      '${kind#*:}:${path}.new' & until mv '${path}.new' '${path}'; do sleep 0.05; done; wait" "${kind#*:}:${path}"
  done
}

@test "what spoils every conversation is not held against the server's life" {
  run "${bin}/tsconform" --only=time.window --only=lifecycle.zombies --only=lifecycle.reply-in-hand --json="${tmp}/r.json" \
    --exec 'build/release/servers/faulty --fault=time-behind --listen={uri}' tcp://127.0.0.1:0
  [ "${status}" -eq 1 ]
  statuses "${tmp}/r.json" fail
  [ "${ids}" = time.window ]
  statuses "${tmp}/r.json" skip
  [ "${ids}" = "lifecycle.zombies lifecycle.reply-in-hand" ]
}

@test "a server that ends conversations first, without SO_REUSEADDR and on a port of its own, is judged to its end" {
  port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  timeout 50 "${bin}/tsconform" --only=format.reply --only='lifecycle.*' --json="${tmp}/r.json" \
    --exec "build/release/servers/faulty --fault=no-reuse --one-shot --listen=tcp://127.0.0.1:${port}" "tcp://127.0.0.1:${port}"
  statuses "${tmp}/r.json" error
  [ -z "${ids}" ]
  statuses "${tmp}/r.json" warn
  [ "${ids}" = lifecycle.restart ]
}

@test "a server that is ready for signals a moment after it listens is not told before" {
  "${bin}/tsconform" --strict --only=lifecycle.sigterm \
    --exec '/usr/bin/python3 tests/servers/odd/odd.py late-signals {uri}' tcp://127.0.0.1:0
}

@test "a server that ends when a key is pressed is not ended by its standard input" {
  cat >"${tmp}/key.py" <<'END'
import select, socket, sys, time
s = socket.create_server(('127.0.0.1', int(sys.argv[1])))
clients = [s, sys.stdin]
while True:
    for c in select.select(clients, [], [])[0]:
        if c is sys.stdin:
            sys.exit()
        if c is s:
            clients.append(s.accept()[0])
            continue
        data = c.recv(1024)
        if data:
            c.sendall(b'[%s] %s' % (time.ctime().encode(), data))
        else:
            clients.remove(c)
            c.close()
END
  "${bin}/tsconform" --only=format.reply --exec "/usr/bin/python3 '${tmp}/key.py' {port}" tcp://127.0.0.1:0
}

@test "shells and flock around a server are asked to stop by the end of the server" {
  server=${bin}/tsserver "${bin}/tsconform" --strict --only='lifecycle.s[io]*' \
    --exec 'env LANG=C sh -c "/bin/sh -c '"'"'\"\$server\" --listen={uri}; exit'"'"'"' tcp://127.0.0.1:0
  "${bin}/tsconform" --strict --only='lifecycle.s[io]*' --exec "flock '${tmp}/lock' '${bin}/tsserver' --listen={uri}" tcp://127.0.0.1:0
}

@test "a shell with a trap is told to stop itself, and not the first of its children" {
  # A helper first, and then the server: the trap stops both.
  server="${bin}/tsserver" run "${bin}/tsconform" --progress=never --only=lifecycle.sigterm --only=lifecycle.exit-status \
    --exec 'sleep 100 & helper=$!; "$server" --listen={uri} & trap "kill $helper $!; wait; exit 0" TERM; wait' tcp://127.0.0.1:0
  [ "${status}" -eq 0 ]
  [[ "${output}" == *"2 pass, 0 fail"* ]]
}

# As `go run` does.
@test "a server that a thread of its wrapper has started is asked to stop" {
  cat >"${tmp}/wrapper.py" <<'END'
import subprocess, sys, threading
starter = threading.Thread(target=lambda: subprocess.call(sys.argv[1:]))
starter.start()
starter.join()
END
  "${bin}/tsconform" --strict --only='lifecycle.s[io]*' \
    --exec "exec bash -c 'exec -a flock /usr/bin/python3 \"${tmp}/wrapper.py\" \"${bin}/tsserver\" --listen={uri}'" tcp://127.0.0.1:0
}

@test "a runtime that grows at first has no leak" {
  command -v node || skip "needs node"
  "${bin}/tsconform" --strict --only=lifecycle.memory --exec 'node tests/servers/odd/odd.js js-text {uri}' tcp://127.0.0.1:0
}

@test "a runtime that collects its garbage late has no leak" {
  cat >"${tmp}/late.py" <<'END'
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', int(sys.argv[1])))
garbage, n = [], 0
while True:
    data, client = s.recvfrom(65536)
    s.sendto(b'[%s] %s' % (time.ctime().encode(), data), client)
    n += 1
    if n % 25 == 0:
        garbage.append(b'x' * (1 << 20))
    if len(garbage) == 170:
        garbage.clear()
END
  "${bin}/tsconform" --strict --only=lifecycle.memory --exec "/usr/bin/python3 '${tmp}/late.py' {port}" udp://127.0.0.1:0
}

# Each hog has a session of its own, and so the same share as the server where the kernel shares among sessions.
@test "a server that spins is found where it gets a twelfth of a processor, too" {
  last=$(taskset -pc $$ | sed -E 's/.*[ ,-]//')
  for ((i = 0; i < 11; i++)); do
    setsid taskset -c "${last}" timeout 20 bash -c 'while :; do :; done' 3>&- &
    peers+=("$!")
  done
  "${bin}/tsconform" --only=lifecycle.idle-cpu --json="${tmp}/r.json" \
    --exec "exec taskset -c ${last} build/release/servers/faulty --fault=idle-spins --listen={uri}" tcp://127.0.0.1:0
  statuses "${tmp}/r.json" warn
  [ "${ids}" = lifecycle.idle-cpu ]
}

# Fault caught: the first case found nobody there, and was called flaky.
@test "a server that the probe's empty datagram ends is started again before the first case" {
  run "${bin}/tsconform" --exec '/usr/bin/python3 tests/servers/wild/wild.py spaced/udp-until-empty {uri}' \
    --only=format.reply --only=datagram.empty udp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"pass  format.reply"* ]]
  [[ ${output} != *flaky* ]]
}

@test "a server that ends by itself is not waited for, and its end is told, with its status and its last words" {
  for transport in udp tcp; do
    run timeout 6 "${bin}/tsconform" --only=data.invalid-utf8 --exec '/usr/bin/python3 tests/servers/wild/wild.py text {uri}' \
      "${transport}://127.0.0.1:0"
    echo "${output}"
    [ "${status}" -eq 1 ]
    [[ ${output} == *"the server ended by itself with status 1: UnicodeDecodeError: "* ]]
  done
}

@test "a server that its first datagram ends has been reached, and what ended it is told" {
  run timeout 6 "${bin}/tsconform" --only=format.reply --exec "exec /usr/bin/python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((\"127.0.0.1\", {port}))
print(\"waiting\")
s.sendto(\"text\", s.recvfrom(1024)[1])'" udp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"the server ended by itself with status 1: TypeError: "* ]]
}

@test "a server that ends after some clients, whatever it is asked, is one finding, and no case that came after is blamed" {
  run timeout 30 "${bin}/tsconform" --json="${tmp}/r.json" --skip=lifecycle.exit-status --skip=lifecycle.reply-in-hand \
    --exec '/usr/bin/python3 tests/servers/wild/wild.py spaced/five {uri}' tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"end.next-client the server ended by itself with status 0, after it had answered "*" clients"* ]]
  [[ ${output} != *flaky* ]]
  statuses "${tmp}/r.json" fail
  [ "${ids}" = end.next-client ]
  statuses "${tmp}/r.json" warn
  [ -z "${ids}" ]
}

# Fault caught: what a server had left that had been started before this one was the measure of this one's growth.
@test "a leak in one of seven conversations is found where the server has been started anew, too" {
  run timeout 60 "${bin}/tsconform" --only=lifecycle.processes --only=lifecycle.descriptors \
    --exec 'build/release/servers/faulty --fault=leak-seventh --listen={uri}' tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"lifecycle.descriptors "*" conversations left "*" descriptors behind"* ]]
}

# Fault caught: each try took 20 s, and nobody was told why.
@test "a server that does not look whether its bind has failed listens elsewhere, which is said" {
  cat >"${tmp}/elsewhere.py" <<'END'
import signal, socket, sys, time
server = socket.socket()
try:
    server.bind(('127.0.0.1', int(sys.argv[1])))
except OSError:
    pass
server.listen(100)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    client = server.accept()[0]
    while data := client.recv(1024):
        client.sendall(b'[%s]%s' % (time.ctime().encode(), data))
    client.close()
END
  run timeout 30 "${bin}/tsconform" --only=lifecycle.restart --exec "/usr/bin/python3 '${tmp}/elsewhere.py' {port}" tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ ${output} == *"warn  lifecycle.restart it could not be started again at once: the server did not listen on "*", but on port "* ]]
}

# Fault caught: a runtime without counts of references was said to leak what it closes when it next collects its garbage.
@test "descriptors that are closed when garbage is collected are worth a warning" {
  run timeout 60 "${bin}/tsconform" --only=lifecycle.processes --only=lifecycle.descriptors \
    --exec '/usr/bin/python3 tests/servers/odd/odd.py collects {uri}' tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ ${output} == *"warn  lifecycle.descriptors conversations that the client reset left "*"memory is collected"* ]]
}

@test "a server that one client's case ends is blamed there, and not in the cases that went on meanwhile" {
  run timeout 40 "${bin}/tsconform" --json="${tmp}/r.json" --only='stream.[ks]*' --only='time.*' --only='data.*' \
    --exec '/usr/bin/python3 tests/servers/wild/wild.py spaced/selectors {uri}' tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"the server ended by itself with status 1: BlockingIOError: "* ]]
  [[ ${output} != *flaky* ]]
  statuses "${tmp}/r.json" fail
  [ "${ids}" = "stream.slow-reader stream.kept-unread" ]
}

# Fault caught: callers that found no room in its queue were held against a server without a backlog, and waited for.
@test "who has no room in a server's queue is not waited for when it is told to stop" {
  run timeout 30 "${bin}/tsconform" --only=lifecycle.sigterm-busy --only=lifecycle.descriptors \
    --exec '/usr/bin/python3 tests/servers/odd/odd.py backlog-0 {uri}' tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 0 ]
}
