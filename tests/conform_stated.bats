#!/usr/bin/env bats
# tsconform holds a server to what was stated, and gives no verdict on what it has not tried.
# long: 15 s, waiting

load helpers/peer.bash
load helpers/conform.bash

# Fault caught: what the probe found took the place of what was stated, and nothing was said.
@test "a server that is stated to take lines, or many clients, is held to that" {
  start_server --mode=epoll --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --framing=line --only='line.*' "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"fail  line.whole half a line was answered"* ]]
  start_server --mode=blocking --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --concurrency=concurrent --timeout=500ms --only=concurrency.no-cross-talk "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"fail  concurrency.no-cross-talk it was stated to be concurrent"* ]]
}

@test "a server is held to what is stated of empty datagrams" {
  start_server --mode=epoll --listen=udp://127.0.0.1:0
  "${bin}/tsconform" --only=datagram.empty --empty-datagram=nothing "${uri}"
  run "${bin}/tsconform" --only=datagram.empty --empty-datagram=stamp "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"of 3 empty datagrams 0 were answered; --empty-datagram=stamp says that each is"* ]]
}

# Fault caught: a server that takes lines, stated to take a stream, was lost after one client.
@test "a server that answers nothing as it was stated has answered nobody, and is not lost" {
  start_server --mode=epoll --framing=line --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --framing=stream --timeout=300ms --only='data.*' "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"fail  data.every-byte the server has answered nobody so far: "* ]]
  [[ ${output} != *lost* ]]
}

# Fault caught: "conformant" and exit 0, with no case run.
@test "a server of which nothing was tried is not called conformant" {
  start_server --mode=epoll --listen=tcp://127.0.0.1:0
  local only
  for only in 'lifecycle.*' 'line.*'; do
    run "${bin}/tsconform" --only="${only}" --json="${tmp}/r.json" "${uri}"
    echo "${output}"
    [ "${status}" -eq 2 ]
    [[ ${output} == *"tsconform: --only=${only}: nothing of that can be tried here"* ]]
    [ "$(field "${tmp}/r.json" verdict)" = None ]
  done
}

@test "what an iterative server has no place for is skipped, and not passed" {
  start_server --mode=blocking --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only='concurrency.*' --json="${tmp}/r.json" "${uri}"
  statuses "${tmp}/r.json" skip
  [[ " ${ids} " == *" concurrency.many-open "* ]]
}

@test "a client on an endpoint that cannot be listened on is not judged" {
  start_server --mode=epoll --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --client true --json="${tmp}/r.json" "${uri}"
  echo "${output}"
  [ "${status}" -eq 3 ]
  [[ ${output} == *"tsconform: ${uri}: cannot listen: Address already in use"* ]]
  [ "$(field "${tmp}/r.json" verdict)" = None ]
  statuses "${tmp}/r.json" skip
  [ -z "${ids}" ]
}

# Fault caught: options that say how a server speaks were taken with --client, and did nothing.
@test "a client hears the time and the separator that were stated; other points are a server's" {
  run "${bin}/tsconform" --client true --framing=line
  [ "${status}" -eq 2 ]
  run "${bin}/tsconform" --client "/usr/bin/python3 tests/servers/textbook/tsTclnt.py {host} {port}" --time=unix --separator=': ' \
    --trace=client.reply tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ ${output} =~ \[[0-9]{10}\]': '[a-z] ]]
}

# Fault caught: a healthy server "does not answer", and cases "failed" that had not been run.
@test "a stop while the server is probed says nothing about it" {
  cat >"${tmp}/slow.py" <<'END'
import socketserver, time
class Slow(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1024):
            time.sleep(5)
            self.request.sendall(b'[%s]%s' % (time.ctime().encode(), data))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
server = Server(('127.0.0.1', 0), Slow)
print('tcp://127.0.0.1:%d' % server.server_address[1], flush=True)
server.serve_forever()
END
  start_peer build/release/servers/bounded /usr/bin/python3 "${tmp}/slow.py"
  "${bin}/tsconform" --json="${tmp}/r.json" "${uri}" >"${tmp}/said" 3>&- &
  local pid=$!
  /usr/bin/python3 -c 'import time; time.sleep(0.5)'
  kill -INT "${pid}"
  wait "${pid}" || [ $? -eq 130 ]
  ! grep -E 'does not answer|case that failed' "${tmp}/said" "${tmp}/r.json"
  statuses "${tmp}/r.json" error
  [[ " ${ids} " == *" format.reply "* ]]
}

@test "a seed is written with all its digits" {
  start_server --mode=epoll --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=format.reply --seed=9007199254740993 --json="${tmp}/r.json" "${uri}"
  grep '"seed": *9007199254740993' "${tmp}/r.json"
}

# Fault caught: a pattern that no server can follow made every server one that is none.
@test "a pattern that tells no time is wrong usage" {
  for pattern in '%Q' '%Y' 'plain' '%I:%M'; do
    run "${bin}/tsconform" --time="strftime:${pattern}" tcp://127.0.0.1:1
    [ "${status}" -eq 2 ]
    [[ ${output} == "tsconform: --time=strftime:${pattern}: tells no time that can be read back: "* ]]
  done
}

@test "a finding is repeated in the dialect that was stated" {
  start_server --mode=epoll --framing=line --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --framing=stream --session=lasting --timeout=300ms "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"again with:  tsconform --only=format.reply --framing=stream --session=lasting "* ]]
}

@test "halves of the day with points are read, and stated" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py points tcp://127.0.0.1:0
  "${bin}/tsconform" --only='format.*' --json="${tmp}/r.json" "${uri}"
  [[ "$(field "${tmp}/r.json" dialect.options)" == *"%I:%M:%S %P' "* ]]
  eval "'${bin}/tsconform' --only='format.*' $(field "${tmp}/r.json" dialect.options) ${uri}"
}

# Fault caught: the report's room for a separator was half of what is learnt, and what was printed could not be stated.
@test "the longest separator is learnt, reported and stated, and one byte more is wrong usage" {
  local dashes=-------------------------------
  start_server --mode=epoll --separator="${dashes}" --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only='format.*' --json="${tmp}/r.json" "${uri}"
  [ "$(field "${tmp}/r.json" dialect.separator)" = "${dashes}" ]
  "${bin}/tsconform" --only=format.separator-steady --separator="${dashes}" "${uri}"
  "${bin}/tsload" --separator="${dashes}" --duration=100ms "${uri}"
  local tool
  for tool in tsconform tsload tsserver; do
    run "${bin}/${tool}" --separator="${dashes}-" tcp://127.0.0.1:1
    echo "${output}"
    [ "${status}" -eq 2 ]
    [[ ${output} == *"--separator"*"at most 31 bytes"* ]]
  done
}
