#!/usr/bin/env bats
# tsclient against the textbook's servers and a server of Node: a line, its reply, an empty line, in a pipe and on a terminal.

load helpers/peer

setup() {
  client=${TS_BIN:-${BATS_TEST_DIRNAME}/../build/bin}/tsclient
  servers=${BATS_TEST_DIRNAME}/servers
}

teardown() {
  stop_peers
}

@test "a line in a pipe is answered, and the end of the input ends the conversation" {
  start_peer "${servers}/textbook/tsTserv.py" 0
  run "${client}" "${uri}" <<<"hello"
  [ "${status}" -eq 0 ]
  [[ "${output}" =~ ^\[[A-Z][a-z]{2}\ .*[0-9]{4}\]\ hello$ ]]
}

@test "each line has its reply, and nothing after the empty line is sent" {
  start_peer "${servers}/textbook/tsTserv.py" 0
  run "${client}" "${uri}" <<<$'one\ntwo\r\nthree\n\nfour'
  [ "${status}" -eq 0 ]
  [ "${#lines[@]}" -eq 3 ]
  [[ "${lines[1]}" == *"] two" ]]
  [[ "${output}" != *four* ]]
}

@test "datagrams are answered without a line ending of their own" {
  start_peer "${servers}/textbook/tsUserv.py" 0
  run "${client}" "${uri}" <<<$'one\ntwo'
  [ "${status}" -eq 0 ]
  [[ "${lines[0]}" == *"] one" && "${lines[1]}" == *"] two" && "${#lines[@]}" -eq 2 ]]
}

@test "a line that comes back in pieces is shown whole" {
  start_peer /usr/bin/python3 -c '
import socket, time
s = socket.create_server(("127.0.0.1", 0)); print("tcp://%s:%d" % s.getsockname(), flush=True)
c, _ = s.accept(); data = c.recv(99)
for byte in b"[10:30:00]" + data[:2] + b"[10:30:00]" + data[2:]:
    c.send(bytes([byte]))
c.recv(99)'
  run "${client}" "${uri}" <<<"hello"
  [ "${output}" = "[10:30:00]he[10:30:00]llo" ]
}

@test "a server that ends first, or never answers, is exit status 3 with one line" {
  start_peer /usr/bin/python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0)); print("tcp://%s:%d" % s.getsockname(), flush=True)
c, _ = s.accept(); c.recv(99); c.close()
c, _ = s.accept(); c.recv(99); c.recv(99)'
  run "${client}" "${uri}" <<<"hello"
  [ "${status}" -eq 3 ]
  [[ "${output}" == "tsclient: the server ended the conversation before its reply" ]]
  run "${client}" --timeout=100ms "${uri}" <<<"hello"
  [ "${status}" -eq 3 ]
  [[ "${output}" == "tsclient: no reply within 0.1 s"* ]]
}

# Faults caught: a message that is sent as far as one call takes it, a reply that is written so; a pipe that nobody reads.
@test "a line larger than every buffer between goes out whole, and its reply comes whole" {
  start_peer /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
print("unix:" + sys.argv[1], flush=True)
c, _ = s.accept(); data = b""
while not data.endswith(b"\n"):
    data += c.recv(65536)
c.sendall(b"[10:30:00]" + data)
c.recv(99)' "${BATS_TEST_TMPDIR}/s"
  head -c 1000000 /dev/zero | tr '\0' x >"${BATS_TEST_TMPDIR}/line"
  { cat "${BATS_TEST_TMPDIR}/line"; echo; } | "${client}" "${uri}" >"${BATS_TEST_TMPDIR}/reply"
  { printf '[10:30:00]'; cat "${BATS_TEST_TMPDIR}/line"; echo; } | cmp - "${BATS_TEST_TMPDIR}/reply"
}

@test "a reply that cannot be written is exit status 3" {
  start_peer "${servers}/textbook/tsTserv.py" 0
  run bash -c "'${client}' '${uri}' <<<hello >/dev/full"
  [ "${status}" -eq 3 ]
  [[ "${output}" == "tsclient: "*"cannot"* ]]
}

# Fault caught: the socket became the standard output, and the replies went back to the server.
@test "a closed standard descriptor is no place for the socket" {
  start_peer "${servers}/textbook/tsTserv.py" 0
  run bash -c "'${client}' '${uri}' <<<hello >&-"
  [ "${status}" -eq 3 ]
  [[ "${output}" == "tsclient: cannot write the reply: Bad file descriptor"* ]]
  run timeout 5 bash -c "'${client}' '${uri}' <&-"
  [ "${status}" -eq 3 ]
}

@test "nobody there, and a wrong endpoint, are told apart" {
  run "${client}" "unix:${BATS_TEST_TMPDIR}/nobody" <<<"hello"
  [ "${status}" -eq 3 ]
  [ "${#lines[@]}" -eq 1 ]
  run "${client}" http://127.0.0.1 <<<"hello"
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"http://127.0.0.1"*"tcp://HOST:PORT"* ]]
}

@test "on a terminal it prompts" {
  start_peer "${servers}/textbook/tsTserv.py" 0
  run script -qec "'${client}' --prompt='say: ' '${uri}'" /dev/null <<<$'hello\n\n'
  [[ "${output}" == *"say: "*"] hello"*"say: "* ]]
}
