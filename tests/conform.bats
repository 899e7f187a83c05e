#!/usr/bin/env bats
# tsconform against servers in several languages, its reports, and its exit statuses.
# long: 100 s, waiting

load helpers/peer.bash
load helpers/conform.bash

textbook() { # FILE ADDRESS
  start_peer build/release/servers/bounded /usr/bin/python3 "tests/servers/textbook/$1" "$2"
}

@test "the textbook's TCP listing passes every MUST and is warned of its death by RST" {
  textbook tsTserv.py 0
  run "${bin}/tsconform" --json="${tmp}/r.json" "${uri}"
  echo "${output}"
  [ "${status}" -eq 0 ]
  statuses "${tmp}/r.json" fail
  [ -z "${ids}" ]
  statuses "${tmp}/r.json" warn
  [[ " ${ids} " == *" robust.reset-"* ]]
  [ "$(field "${tmp}/r.json" verdict)" = conformant ]
  [ "$(field "${tmp}/r.json" dialect.concurrency)" = iterative ]
}

@test "the textbook's UDP and UNIX datagram listings pass every MUST" {
  textbook tsUserv.py 0
  "${bin}/tsconform" "${uri}" 3>&- &
  udp=$!
  textbook tsXUserv.py "${tmp}/u.sock"
  "${bin}/tsconform" "${uri}"
  wait "${udp}"
}

@test "servers in Python, Node and Go are judged without any option" {
  while IFS=$'\t' read -r name needs command; do
    case "${name}" in python-asyncio | python-socketserver | node | go) ;; *) continue ;; esac
    command -v "${needs}" || [ -x "${needs}" ]
    # shellcheck disable=SC2086 # the row is a command line
    start_peer ${command//\{uri\}/tcp://127.0.0.1:0}
    "${bin}/tsconform" --json="${tmp}/${name}.json" "${uri}" >"${tmp}/${name}.txt" 3>&- &
  done < <(grep -v '^#' tests/servers/peers/peers.tsv)
  for job in $(jobs -p); do
    [[ " ${peers[*]} " == *" ${job} "* ]] || wait "${job}"
  done
  for name in python-asyncio python-socketserver node go; do
    [ "$(field "${tmp}/${name}.json" verdict)" = conformant ]
  done
}

@test "a fault is exit 1, and the report names requirement, expected, actual, the wire, and how to see it again" {
  start_peer build/release/servers/faulty --fault=separator-changes --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=format.separator-steady "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  for text in 'fail  format.separator-steady' 'requirement: MUST' 'docs/protocol.md#separator' 'expected:' 'actual:' 'client 1' \
    "again with:  tsconform --only=format.separator-steady ${uri}" 'nonconformant: 0 pass, 1 fail'; do
    [[ "${output}" == *"${text}"* ]]
  done
  [[ "${output}" != *$'\033'* ]]
}

@test "what failed and what is worth a look stand once more at the end of a long report" {
  start_peer build/release/servers/faulty --fault=time-weekday --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  local short=${output##*what failed}
  [[ "${short}" != "${output}" && "${short}" == *"fail  format.reply"*"fail  time.calendar"*nonconformant:* ]]
  [[ "${short}" != *"skip  "* && "${short}" != *requirement:* ]]
}

# Fault caught: while the next reply was waited for, it overwrote the one that was to be shown: "b" came back as "b".
@test "replies in another order, and one that comes twice, are named so" {
  start_peer build/release/servers/faulty --fault=pending-swapped --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=stream.pipelined --only=stream.chopped --seed=7 "${uri}"
  echo "${output}"
  [[ "${output}" == *"fail  stream.pipelined the replies came in another order than the messages"* ]]
  [[ "${output}" == *"fail  stream.chopped the replies came in another order than the messages"* ]]
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/wild/wild.py twice tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=stream.chopped --seed=7 "${uri}"
  echo "${output}"
  [[ "${output}" == *"fail  stream.chopped the reply comes twice"* ]]
}

@test "--strict makes a broken SHOULD count" {
  start_peer build/release/servers/faulty --fault=separator-colon --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=format.separator-plain "${uri}"
  run "${bin}/tsconform" --strict --only=format.separator-plain "${uri}"
  [ "${status}" -eq 1 ]
}

@test "a second that is rounded, or a little late, is a warning, one that is cut is none, and one that is remembered or wrong at all is wrong" {
  for time in rounded refreshed cached; do
    start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py "${time}" tcp://127.0.0.1:0
    "${bin}/tsconform" --only=time.second-edge --json="${tmp}/${time}.json" "${uri}" 3>&- &
  done
  start_peer build/release/servers/faulty --fault=time-rounded-up --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=time.second-edge --json="${tmp}/ahead.json" "${uri}" 3>&- &
  start_peer build/release/servers/faulty --form=iterative --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=time.second-edge --json="${tmp}/cut.json" "${uri}"
  for job in $(jobs -p); do
    [[ " ${peers[*]} " == *" ${job} "* ]] || wait "${job}" || [ "$?" -eq 1 ]
  done
  for time in rounded refreshed; do
    statuses "${tmp}/${time}.json" warn
    [ "${ids}" = time.second-edge ]
  done
  for time in cached ahead; do
    statuses "${tmp}/${time}.json" fail
    [ "${ids}" = time.second-edge ]
  done
  statuses "${tmp}/cut.json" pass
  [ "${ids}" = time.second-edge ]
}

# Faults caught: findings about lines, and those of the probe alone, had neither an expected nor an actual text, or no bytes.
@test "a finding has requirement, expected, actual, the wire and the command that repeats it, in every report" {
  for fault in line-joined line-empty-goes-on line-stripped greeting; do
    start_peer build/release/servers/faulty --framing=line --fault="${fault}" --listen=tcp://127.0.0.1:0
    "${bin}/tsconform" --timeout=500ms --only='line.[ce]*' --only=stream.no-greeting --only=format.reply --format=tap --json="${tmp}/${fault}.json" \
      --junit="${tmp}/${fault}.xml" "${uri}" >"${tmp}/${fault}.tap" && [ "${fault}" != line-empty-goes-on ] && return 1
    /usr/bin/python3 - "${tmp}/${fault}" "${uri}" <<'PYTHON'
import json
import sys
import xml.etree.ElementTree as tree

path, uri = sys.argv[1:]
findings = [c for c in json.load(open(path + '.json'))['cases'] if c['status'] in ('fail', 'warn')]
assert findings
tap = open(path + '.tap').read()
junit = {c.get('name'): ''.join(c.itertext()) for c in tree.parse(path + '.xml').getroot().findall('testcase')}
for case in findings:
    assert 'client 1' in case['trace'] and case['again'].startswith('tsconform ') and case['again'].endswith(uri), case
    for key in ('requirement', 'expected', 'actual', 'trace', 'again'):
        assert case[key], (case['id'], key)
        assert '  %s: %s\n' % (key, json.dumps(case[key])) in tap, (case['id'], key)
        assert case[key].strip().split('\n')[-1] in junit[case['id']], (case['id'], key)
PYTHON
  done
}

# A server that is wrong about the first NUL of its life.
wrong_once='
import socketserver, time
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1024):
            wrong = b"\0" in data and not seen
            seen.extend(data if wrong else b"")
            self.request.sendall(b"[%s]%s" % (time.ctime().encode(), data[:-1] + b"?" if wrong else data))
seen = bytearray()
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
    print("tcp://127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()'

# Fault caught: a trace of the second look alone, in which all is well.
@test "what is flaky has the bytes of both looks, in every report" {
  start_peer /usr/bin/python3 -c "${wrong_once}"
  run "${bin}/tsconform" --only=data.nul --format=tap --json="${tmp}/r.json" --junit="${tmp}/j.xml" "${uri}"
  echo "${output}"
  [[ "${output}" == *' trace: '*'recv '*'x00def\"'*' trace_before: '*'x00de?'* ]]
  [[ "$(field "${tmp}/r.json" cases)" == *"'trace_before': '"*'x00de?'*"'flaky': True"* ]]
  grep -A2 'on the wire at the first look:' "${tmp}/j.xml" | grep -q 'x00de?'
}

@test "TAP, JUnit and JSON are well formed, and JSON is as its schema says" {
  start_peer build/release/servers/faulty --fault=data-cut-nul --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --format=tap --only='data.*' --only=line.each --junit="${tmp}/j.xml" --json="${tmp}/r.json" "${uri}"
  [ "${status}" -eq 1 ]
  [ "${lines[0]}" = "TAP version 13" ]
  [[ "${output}" == *"not ok "*" - data.nul"* ]]
  [[ "${output}" == *" - line.each # SKIP "* ]]
  plan=${output##*1..}
  [ "$(grep -cE '^(not )?ok ' <<<"${output}")" -eq "${plan}" ]
  /usr/bin/python3 - "${tmp}/j.xml" "${tmp}/r.json" <<'PYTHON'
import json
import sys
import xml.etree.ElementTree as tree

import jsonschema
suite = tree.parse(sys.argv[1]).getroot()
cases = suite.findall('testcase')
assert len(cases) == int(suite.get('tests'))
for kind, total in (('failure', 'failures'), ('error', 'errors'), ('skipped', 'skipped')):
    assert sum(case.find(kind) is not None for case in cases) == int(suite.get(total)), kind
assert any(case.get('name') == 'data.nul' and case.find('failure') is not None for case in cases)
report = json.load(open(sys.argv[2]))
jsonschema.validate(report, json.load(open('results/schema/conform.json')))
assert report['summary']['fail'] == int(suite.get('failures'))
properties = {p.get('name'): p.get('value') for p in suite.find('properties')}
assert properties.pop('partial') == 'false' and properties.pop('verdict') == 'nonconformant'
assert properties == {status: str(n) for status, n in report['summary'].items()}
assert len(report['cases']) == len(cases)
PYTHON
}

@test "TAP and JUnit count what makes a server nonconformant, and no more" {
  start_peer build/release/servers/faulty --fault=reset-dies --listen=tcp://127.0.0.1:0
  for expected in 0 3; do # it dies of a broken SHOULD, so that others are not run; then nobody is there
    run "${bin}/tsconform" --format=tap --only='robust.reset-*' --junit="${tmp}/j.xml" "${uri}"
    [ "${status}" -eq "${expected}" ]
    sed '/^tsconform: /d' <<<"${output}" >"${tmp}/r.tap"
    run prove --source File --file-option extensions=.tap "${tmp}/r.tap"
    echo "${output}"
    [ $((status > 0)) -eq $((expected > 0)) ]
    grep -q 'errors="0" skipped="3"' "${tmp}/j.xml" || [ "${expected}" -eq 3 ]
  done
  [[ "${output}" == *"Bailout called"*"not reached"* ]]
}

@test "reports have the cases area by area, as the list has them, and the list takes patterns" {
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --list --only='*.n*' --skip='unix.*' --json="${tmp}/list.json" >"${tmp}/none"
  [ ! -s "${tmp}/none" ]
  "${bin}/tsreport" validate "${tmp}/list.json"
  "${bin}/tsconform" --list --only='*.n*' --skip='unix.*' --json=- | cmp - "${tmp}/list.json"
  "${bin}/tsconform" --only='*.n*' --skip='unix.*' --skip='stream.no-unasked' --json="${tmp}/r.json" --junit="${tmp}/j.xml" --format=tap "${uri}" \
    >"${tmp}/r.tap"
  /usr/bin/python3 - "${tmp}/list.json" "${tmp}/r.json" "${tmp}/j.xml" "${tmp}/r.tap" <<'PYTHON'
import json
import re
import sys
import xml.etree.ElementTree as tree

listed = [row['id'] for row in json.load(open(sys.argv[1]))['cases'] if row['id'] != 'stream.no-unasked']
assert len(listed) > 5 and all('.n' in row for row in listed), listed
assert listed == [case['id'] for case in json.load(open(sys.argv[2]))['cases']]
assert listed == [case.get('name') for case in tree.parse(sys.argv[3]).getroot().findall('testcase')]
assert listed == re.findall(r'^ok \d+ - (\S+)', open(sys.argv[4]).read(), re.M)
PYTHON
  run "${bin}/tsconform" --list --only=nosuch
  [ "${status}" -eq 2 ]
}

@test "progress is one line for each case, with --progress=always, and none where there is no terminal" {
  start_peer build/release/servers/faulty --fault=data-no-nul --listen=tcp://127.0.0.1:0
  run bash -c "'${bin}/tsconform' --progress=always --only=data.nul --only=line.each '${uri}' 2>&1 >/dev/null"
  echo "${output}"
  [[ "${output}" == *'1 of 2 cases, 0 found wanting: '*'2 of 2 cases, 1 found wanting: data.nul' ]]
  run bash -c "'${bin}/tsconform' --only='data.n*' '${uri}' 2>&1 >/dev/null"
  [ -z "${output}" ]
}

@test "with --json=- standard output is JSON alone" {
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=format.reply --json=- "${uri}" | /usr/bin/python3 -m json.tool >/dev/null
}

@test "nobody there is exit 3, with one line and a report" {
  run bash -c "'${bin}/tsconform' --json='${tmp}/r.json' --junit='${tmp}/j.xml' unix:'${tmp}/none' 2>&1 >/dev/null"
  [ "${status}" -eq 3 ]
  [ "${#lines[@]}" -eq 1 ]
  [ "$(field "${tmp}/r.json" verdict)" = None ]
  [ -s "${tmp}/j.xml" ]
}

@test "a host that is not found is exit 3, with a report where no case passed" {
  run "${bin}/tsconform" --json="${tmp}/r.json" tcp://no-such-host.invalid:7
  [ "${status}" -eq 3 ]
  [ "$(field "${tmp}/r.json" verdict)" = None ]
  [ "$(field "${tmp}/r.json" summary.pass)" = 0 ]
  [[ "$(field "${tmp}/r.json" message)" == *no-such-host* ]]
}

@test "a report that has no place is exit 3 before the server is called, and two in one file are exit 2" {
  run "${bin}/tsconform" --junit="${tmp}/none/j.xml" unix:"${tmp}/none"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"--junit=${tmp}/none/j.xml: cannot be written"* ]]
  run "${bin}/tsconform" --json="${tmp}/r" --junit="${tmp}/r" unix:"${tmp}/none"
  [ "${status}" -eq 2 ]
}

@test "a command that does not start is exit 3, and says how it ended and what the server printed" {
  run "${bin}/tsconform" --json="${tmp}/r.json" --exec 'echo no such thing >&2; exit 7' tcp://127.0.0.1:0
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"the server ended with status 7 before it listened on tcp://127.0.0.1:"*": no such thing"* ]]
  [ -s "${tmp}/r.json" ]
  run "${bin}/tsconform" --exec 'kill -9 $$' tcp://127.0.0.1:0
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"the server ended by signal 9 (Killed) before it listened"* ]]
}

# Run tsconform with these limits of bash, then the options; its standard error is the output: short LIMITS OPTION...
short() {
  run bash -c "ulimit $1 && shift && exec \"\$@\" 2>&1 >'${tmp}/out'" _ "$1" "${bin}/tsconform" "${@:2}"
}

# Faults caught: no line told why it was exit 3, a report that was too long killed, and what was advised did not help.
@test "what this machine lacks is exit 3, with one line that says what to do" {
  local nobody=()
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  short '-n 20' --only=concurrency.many-open "${uri}"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"concurrency.many-open: cannot connect: Too many open files; raise the limit of open files (ulimit -n)" ]]
  short '-f 0' --only=format.reply "${uri}"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"standard output: cannot write: File too large; raise the limit of a file's size (ulimit -f)" ]]
  run bash -c "'${bin}/tsconform' --only=format.reply '${uri}' 2>&1 >/dev/full"
  [[ "${output}" == *"No space left on device; free some space or choose another folder" ]]
  folder=$(mktemp -d) # that of bats may be closed to nobody
  chmod 755 "${folder}"
  start_peer build/release/servers/faulty --fault=none --listen="unix:${folder}/closed.sock"
  chmod 0 "${folder}/closed.sock"
  [ "$(id -u)" -ne 0 ] || nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  run "${nobody[@]}" "${bin}/tsconform" --only=format.reply "${uri}"
  rm -r "${folder}"
  [ "${status}" -ne 126 ] || skip "the program is out of their reach"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"cannot connect: Permission denied; its owner must let you write to it" ]]
}

@test "wrong usage is exit 2, and names the option" {
  run "${bin}/tsconform" --time=: tcp://127.0.0.1:9
  [[ "${output}" == *'--time=:: ":" is no time format: must be ctime|'* ]]
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  run bash -c "'${bin}/tsconform' --trace=line.whole '${uri}' 2>&1 >/dev/null" # it is no line server
  [ "${status}" -eq 2 ]
  [[ "${output}" == 'tsconform: --trace=line.whole: nothing of that can be tried here'* ]]
  for arguments in '--only=nosuch --json=FILE tcp://127.0.0.1:9' '--only=datagram.* tcp://127.0.0.1:9' '--framing=words tcp://:9' \
    '--only=format.reply --only=fromat.* tcp://127.0.0.1:9' '--skip=nosuch tcp://127.0.0.1:9' '--list --only=format.* --skip=nosuch' \
    '--words tcp://127.0.0.1:9' '--timeout=0 tcp://127.0.0.1:9' '--trace=nosuch tcp://127.0.0.1:9' 'http://x' 'tcp://127.0.0.1:0' ''; do
    # shellcheck disable=SC2086
    run "${bin}/tsconform" ${arguments/FILE/${tmp}/r.json}
    echo "${arguments}: ${status} ${output}"
    [ "${status}" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
  done
  [ "$(field "${tmp}/r.json" verdict)" = None ]
}

# Fault caught: "bytes above 127 were left out of the data" was said of bytes that came behind a stamp too many.
@test "a stamp between a message and its bytes is named, and no loss of them" {
  start_peer /usr/bin/python3 tests/servers/wild/wild.py tight/held tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=data.utf8 "${uri}"
  echo "${output}"
  [[ ${output} == *"a stamp stands there without data"* ]]
}

# Fault caught: "iterative", and so in the options that would state the dialect, of a thread for each client.
@test "how many clients are served at a time is not known where the replies are none" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/wild/wild.py tight/welcome tcp://127.0.0.1:0
  run "${bin}/tsconform" --json="${tmp}/r.json" "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [ "$(field "${tmp}/r.json" dialect.concurrency)" = None ]
  [[ ${output} != *iterative* ]]
  [[ ${output} == *'the server speaks before its client has: "Welcome!\r\n"'* ]]
}

# Fault caught: "2 lines were answered with 1 stamps".
@test "lines that share one stamp are counted in plain words" {
  start_peer build/release/servers/faulty --fault=line-joined --framing=line --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=line.each "${uri}"
  echo "${output}"
  [[ ${output} == *" lines were answered with 1 stamp"* && ${output} != *"1 stamps"* ]]
}

@test "a number that was written anew is named" {
  start_peer build/release/servers/faulty --fault=data-number --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=data.numbers "${uri}"
  echo "${output}"
  [[ ${output} == *"the data was taken for a number, and written anew"* ]]
}

@test "a server that is lost is one finding, and the rest is reported as not run" {
  start_peer build/release/servers/faulty --fault=one-client --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --json="${tmp}/r.json" "${uri}"
  [ "${status}" -eq 1 ]
  statuses "${tmp}/r.json" fail
  [ "$(wc -w <<<"${ids}")" -eq 1 ]
  statuses "${tmp}/r.json" error
  [ "$(wc -w <<<"${ids}")" -gt 30 ]
}

# Fault caught: the datagram that was passed over was called the server's end, "and the next one was" answered.
@test "what went wrong while the server lived is not taken for its end" {
  cat >"${tmp}/passes_over.py" <<'END'
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 0))
print('udp://127.0.0.1:%d' % s.getsockname()[1], flush=True)
while True:
    data, client = s.recvfrom(65536)
    if data == b'%n':
        break
    if data != b'-0':
        s.sendto(b'[%s]%s' % (time.ctime().encode(), data), client)
END
  start_peer /usr/bin/python3 "${tmp}/passes_over.py"
  run "${bin}/tsconform" --only='data.*' --timeout=1s --json="${tmp}/r.json" "${uri}"
  echo "${output}"
  statuses "${tmp}/r.json" fail
  [ "${ids}" = "data.numbers data.format-string" ]
  [[ ${output} == *"data.numbers a datagram of 2 bytes was not answered"*", and the next one was"* ]]
  [[ ${output} == *"data.format-string the server is lost"*"; the first sign of it: "* ]]
  statuses "${tmp}/r.json" pass
  [[ ${ids} == *"data.one-byte"*"data.blanks"* ]] # run before its end
}

# Fault caught: "it serves nobody any more: flaky: at the first look, and not at the second, ...", and a warning.
@test "a server that is lost after a second look that went well is lost, and not flaky" {
  cat >"${tmp}/twice.py" <<'END'
import socket, time
s = socket.create_server(('127.0.0.1', 0))
print('tcp://127.0.0.1:%d' % s.getsockname()[1], flush=True)
n = 0
while n < 2:
    client = s.accept()[0]
    while data := client.recv(1024):
        n += data == b'%n'
        if data == b'%n' and n == 1:
            break
        client.sendall(b'[%s]%s' % (time.ctime().encode(), data))
    client.close()
END
  start_peer /usr/bin/python3 "${tmp}/twice.py"
  run "${bin}/tsconform" --only='data.[fn]*' --json="${tmp}/r.json" "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"data.format-string"*"the server is lost"*"the first sign of it: at the first look, and not at the second, the server ended"* ]]
}

# Fault caught: one conversation that was cut off was taken for the server's end, and it served everybody after that.
@test "a server that cuts off the client that asks whether it lives is not lost" {
  cat >"${tmp}/cuts_next.py" <<'END'
import socket, time
s = socket.create_server(('127.0.0.1', 0))
print('tcp://127.0.0.1:%d' % s.getsockname()[1], flush=True)
n, cut = 0, False
while True:
    client = s.accept()[0]
    while data := client.recv(1024):
        n += data == b'%n'
        if cut or data == b'%n':
            cut = not cut and n == 2
            break
        client.sendall(b'[%s]%s' % (time.ctime().encode(), data))
    client.close()
END
  start_peer /usr/bin/python3 "${tmp}/cuts_next.py"
  run "${bin}/tsconform" --only=data.format-string "${uri}"
  echo "${output}"
  [[ ${output} == *"fail  data.format-string the server ended the conversation"* ]]
}

@test "a server that dies of many clients is lost in that case, and no MUST after it is blamed" {
  for fault in fifty-die fifty-die-late; do
    start_peer build/release/servers/faulty --fault="${fault}" --listen=tcp://127.0.0.1:0
    run "${bin}/tsconform" --only='concurrency.*' --json="${tmp}/r.json" "${uri}"
    echo "${output}"
    [ "${status}" -eq 0 ]
    statuses "${tmp}/r.json" warn
    [ "${ids}" = concurrency.many-open ]
    [[ "${output}" == *"the server is lost"* ]]
  done
}

@test "that a client is held up by one who does not read is shown by its cause, and not by patience" {
  start_peer build/release/servers/faulty --fault=stuck-reader --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=concurrency.stuck-reader --json="${tmp}/r.json" "${uri}"
  [ "${status}" -eq 0 ]
  [[ "${output}" == *"not answered while another does not read, and is as soon as that one reads"* ]]
}

@test "a stopped run writes what it has, marked partial, and exits with the signal" {
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --json="${tmp}/r.json" --junit="${tmp}/r.xml" --format=tap --only='stream.kept-*' --only='time.*' "${uri}" \
    >"${tmp}/r.tap" 3>&- &
  await_handlers $!
  kill -INT $!
  wait $! || code=$?
  [ "${code}" -eq 130 ]
  [ "$(field "${tmp}/r.json" partial)" = True ]
  [ "$(field "${tmp}/r.json" verdict)" = None ]
  [ "$(tail -n 1 "${tmp}/r.tap")" = 'Bail out! stopped: the report is partial' ]
  grep -q '<property name="partial" value="true"/>' "${tmp}/r.xml"
}

@test "a stop while cases run makes nobody nonconformant" {
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --json="${tmp}/r.json" --only='stream.kept-*' --only='time.*' "${uri}" >/dev/null 3>&- &
  run=$!
  while tasks=("/proc/${run}/task/"*) && [ "${#tasks[@]}" -lt 4 ]; do # one for each case that runs beside others
    [ -d "/proc/${run}" ]
  done
  kill -INT "${run}"
  wait "${run}" || code=$?
  [ "${code}" -eq 130 ]
  [ "$(field "${tmp}/r.json" summary.fail)" -eq 0 ]
  [ "$(field "${tmp}/r.json" summary.error)" -gt 3 ]
  [ "$(field "${tmp}/r.json" verdict)" = None ]
}

@test "random letters make no words, which some servers obey" {
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --trace=stream.kept-many --seed=1 "${uri}" >"${tmp}/letters.txt"
  [ "$(grep -c ' send .*"[a-z]*"' "${tmp}/letters.txt")" -gt 30 ]
  run grep -E ' send .*"[a-z]*[aeiouyqlx]' "${tmp}/letters.txt"
  [ "${status}" -eq 1 ]
}

@test "--trace prints the bytes of a case that passes" {
  start_peer build/release/servers/faulty --fault=none --listen=udp://127.0.0.1:0
  run "${bin}/tsconform" --trace=data.nul "${uri}"
  [ "${status}" -eq 0 ]
  [[ "${output}" == *'send'*'\x00abc'*'recv'*'\x00abc'* ]]
  run "${bin}/tsconform" --trace=data.nul --format=tap "${uri}"
  [ "${lines[0]}" = "TAP version 13" ]
  [[ "${output}" == *'ok 1 - data.nul'*'trace: "'*'x00abc'*'...'*'1..1' ]]
}

@test "a failing random input repeats from its seed" {
  start_peer build/release/servers/faulty --fault=byte-65536 --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=stream.random --seed=7 --cases=3 "${uri}"
  start_peer build/release/servers/faulty --fault=data-cut-255 --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=stream.random --seed=7 --cases=3 "${uri}"
  [ "${status}" -eq 1 ]
  [[ "${output}" == *'--seed=7'* ]]
}

@test "what is printed to repeat a case, and to state the dialect, is understood by a shell" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py quote "unix:${tmp}/it's a.sock"
  run "${bin}/tsconform" --strict --only=format.separator-plain --json="${tmp}/r.json" "unix:${tmp}/it's a.sock"
  [ "${status}" -eq 1 ]
  again=$(sed -n 's/.*again with:  tsconform //p' <<<"${output}")
  run eval "'${bin}/tsconform' --strict ${again}"
  [ "${status}" -eq 1 ]
  eval "'${bin}/tsconform' --only='format.*' $(field "${tmp}/r.json" dialect.options) \"unix:${tmp}/it's a.sock\""
  run "${bin}/tsconform" --only=format.reply --time='strftime:%H o'"'"'clock' "unix:${tmp}/it's a.sock"
  [[ "${output}" == *"--time='strftime:%H o'\\''clock' 'unix:"* ]]
}

@test "a line end that separates is stated so that a terminal can show it" {
  cat >"${tmp}/crlf.py" <<'END'
import socketserver, sys, time
class Crlf(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1024):
            self.request.sendall(b'[%s]\r\n%s' % (time.ctime().encode(), data))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(('127.0.0.1', int(sys.argv[1])), Crlf).serve_forever()
END
  server="/usr/bin/python3 \"${tmp}/crlf.py\" {port}"
  "${bin}/tsconform" --only=format.separator-plain --json="${tmp}/r.json" --exec "${server}" tcp://127.0.0.1:0
  [[ "$(field "${tmp}/r.json" dialect.options)" == *"--separator=\$'\\015\\012' "* ]]
  eval "'${bin}/tsconform' --only=format.separator-steady $(field "${tmp}/r.json" dialect.options) --exec '${server}' tcp://127.0.0.1:0"
  run "${bin}/tsconform" --framing=line --separator=$'\n' tcp://127.0.0.1:1
  [ "${status}" -eq 2 ]
}

@test "a quotation mark may separate, and so may letters that are stated" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py quote tcp://127.0.0.1:0
  "${bin}/tsconform" --only='format.*' "${uri}"
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py said tcp://127.0.0.1:0
  "${bin}/tsconform" --only='format.*' --separator=' said: ' "${uri}"
  run "${bin}/tsconform" --only='format.*' "${uri}"
  [ "${status}" -eq 1 ]
}

@test "a server with so many places is warned of it, and their number is found" {
  start_peer "${bin}/tsserver" --mode=pool --workers=12 --ready-fd=1 --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=concurrency.many-open --json="${tmp}/r.json" "${uri}"
  statuses "${tmp}/r.json" warn
  [ "${ids}" = concurrency.many-open ]
  [ "$(field "${tmp}/r.json" dialect.clients_count)" = 12 ]
  [[ "$(field "${tmp}/r.json" cases)" == *"12 clients are served at a time"* ]]
}

# Faults caught: what a reply does not have was passed; and a case that was skipped was said to have failed.
@test "a server that has no brackets, no time or no data is not passed for them, and a skip says what it depends on" {
  start_peer build/release/servers/faulty --fault=echo --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" "${uri}"
  [ "${status}" -eq 1 ]
  echo "${output}"
  for text in 'format.bracket-close not tried: the reply does not begin with [' 'format.time-text not tried: the reply does not begin with [' \
    'time.calendar not tried: no time stands between brackets' 'data.line-ends not tried: the message that was answered had no line end' \
    'stream.lockstep not run, for it depends on a case that failed: format.reply' \
    'stream.sizes not run, for it depends on a case that was skipped: stream.lockstep'; do
    [[ "${output}" == *"  skip  ${text}"* ]]
  done
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/wild/wild.py daytime tcp://127.0.0.1:0
  run "${bin}/tsconform" --only='format.*' --only=time.calendar --only=data.line-ends "${uri}"
  [[ "${output}" == *'data.line-ends not tried: the data did not come back'*': 0 pass, 2 fail,'* ]]
}

@test "the report has the size of the chunks into which long messages are cut, or that they are whole" {
  while read -r buffer chunk whole words; do
    start_peer "${bin}/tsserver" --mode=libev --buffer="${buffer}" --ready-fd=1 --listen=tcp://127.0.0.1:0
    "${bin}/tsconform" --only=data.sizes --json="${tmp}/r.json" "${uri}" >"${tmp}/r.txt"
    echo "${buffer}: $(cat "${tmp}/r.txt")"
    [ "$(field "${tmp}/r.json" dialect.chunk_bytes)" = "${chunk}" ]
    [ "$(field "${tmp}/r.json" dialect.whole_bytes)" = "${whole}" ]
    grep -q "^  speaks: .*, ${words}, round trip" "${tmp}/r.txt"
  done <<<$'64 64 64 chunks of up to 64 bytes\n20000 None 1024 messages of up to 1024 bytes whole'
}

# Fault caught: as many as the suite tries were given as the number of a server without a limit.
@test "how many clients are served at a time is null where no limit was met" {
  start_peer build/release/servers/faulty --fault=none --listen=tcp://127.0.0.1:0
  for how in auto concurrent; do
    for ids in format.reply concurrency.many-open; do
      "${bin}/tsconform" --only="${ids}" --concurrency="${how}" --json="${tmp}/r.json" "${uri}"
      [ "$(field "${tmp}/r.json" dialect.clients_count)" = None ]
    done
  done
}

@test "docs/conformance.md is what the rows say" {
  TSCONFORM=${bin}/tsconform scripts/conformance-docs >"${tmp}/conformance.md"
  diff -u docs/conformance.md "${tmp}/conformance.md"
}

@test "a datagram server that does not answer what it has just had is found, whoever else asks meanwhile" {
  start_peer build/release/servers/faulty --fault=data-seen-udp --listen=udp://127.0.0.1:0
  run "${bin}/tsconform" --only=data.repeated --only='format.*' --only=datagram.once --timeout=300ms "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"fail  data.repeated"* ]]
}

@test "a wrong time is neither a wrong calendar nor another way to serve clients" {
  start_peer build/release/servers/faulty --fault=time-day-off --listen=tcp://127.0.0.1:0
  run "${bin}/tsconform" --only='time.[!a]*' --only=concurrency.queue "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *" concurrent,"* ]]
  [[ ${output} == *"fail  time.window"* ]]
  [[ ${output} == *"skip  time.calendar"* ]]
  [[ ${output} == *"skip  time.not-back"* ]]
}

@test "that a reset ended another conversation is said only of one that has ended" {
  start_peer build/release/servers/faulty --fault=data-cut-second --listen=tcp://127.0.0.1:0
  # With a seed: the letter that is cut off may be the first of the next message, too, and then it is that which is wrong.
  run "${bin}/tsconform" --seed=1 --only=robust.reset-idle --only=concurrency.queue "${uri}"
  echo "${output}"
  [[ ${output} == *"warn  robust.reset-idle beside a client that reset, another was served wrongly: "*" not answered"* ]]
}

@test "a server that loses some datagrams is not lost" {
  run timeout 60 "${bin}/tsconform" --json="${tmp}/r.json" --only='datagram.[bm]*' \
    --exec '/usr/bin/python3 tests/servers/wild/wild.py spaced/udp-lossy {uri}' udp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"datagrams are lost: of 8 sent at once 5 were answered"* ]]
  [[ ${output} != *"serves nobody"* ]]
  statuses "${tmp}/r.json" error
  [ -z "${ids}" ]
}

@test "a datagram server that answers its first client only is not lost" {
  for fault in dgram-first-sender dgram-connects; do
    start_peer build/release/servers/faulty --fault="${fault}" --listen=udp://127.0.0.1:0
    run timeout 20 "${bin}/tsconform" "${uri}"
    echo "${output}"
    [ "${status}" -eq 1 ]
    [[ ${output} == *"fail  datagram.clients the server answers its first client, and nobody else"* ]]
    [[ ${output} != *"lost"* ]]
  done
}

@test "an empty datagram for an answer is told from none" {
  run timeout 20 "${bin}/tsconform" --only=format.reply --exec '/usr/bin/python3 tests/servers/wild/wild.py nothing {uri}' udp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"it answers with an empty datagram"* ]]
  [[ ${output} != *"nothing came back"* ]]
}

@test "a datagram's reply that is cut short is told from one that comes once more" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/wild/wild.py spaced/udp-8192 udp://127.0.0.1:0
  run "${bin}/tsconform" --only=datagram.large "${uri}"
  echo "${output}"
  [[ ${output} == *"warn  datagram.large the reply ended before all of the data came back"* ]]
}

@test "a datagram's reply that comes once more is told from a wrong one" {
  start_peer build/release/servers/faulty --fault=dgram-tenth-twice --listen=udp://127.0.0.1:0
  run "${bin}/tsconform" --only=data.sizes "${uri}"
  echo "${output}"
  [[ ${output} == *"the reply to an earlier datagram came once more"* ]]
}

# Fault caught: the same was sent twice, and so each reply that was wrong seemed to be the first one's.
@test "a clock that is too fast is not taken for a datagram's reply that comes once more" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/wild/wild.py fast udp://127.0.0.1:0
  run "${bin}/tsconform" --only=time.advances "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} != *"came once more"* ]]
}

@test "an end between two messages is told from one before the first" {
  start_peer build/release/servers/faulty --fault=hundred-closes --listen="unix:${tmp}/socket"
  run "${bin}/tsconform" --only=stream.kept-many "${uri}"
  echo "${output}"
  [[ ${output} == *"the server ended the conversation"* && ${output} != *"had sent anything"* ]]
}

# Fault caught: callers were left queued behind the conversation that had failed, and closed before their turn came.
@test "the search for a shortest script leaves no reset behind" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/wild/wild.py first-16/unguarded tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=stream.random --seed=3 "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"shortest script that fails (--seed=3 --cases=1): "* ]]
  "${bin}/tsconform" --only=format.reply "${uri}"
}

# Enough cases that the probe makes several clients, and none that waits long.
first=(--only='format.*' --only='data.*' --only=end.half-close --only=end.next-client --only=stream.lockstep)

# Fault caught: the probe's clients are the first of all, and nobody held what they were told to the law.
@test "a server that is wrong to one of its first clients alone is found" {
  local fault
  for fault in second-spaced:format.separator-steady reply-second:stream.lockstep; do
    start_peer build/release/servers/faulty --fault="${fault%:*}" --listen=tcp://127.0.0.1:0
    run "${bin}/tsconform" "${first[@]}" "${uri}"
    echo "${output}"
    [ "${status}" -eq 1 ]
    [[ ${output} == *"fail  ${fault#*:} in the first conversations, and in no later one: "* ]]
  done
}

@test "a server that keeps its second client alone after its end, or ends its third before, is found" {
  cat >"${tmp}/nth.py" <<'END'
import socketserver, sys, time
class Nth(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.n = nth = getattr(self.server, 'n', 0) + 1
        while data := self.request.recv(1024):
            self.request.sendall(b'[%s]%s' % (time.ctime().encode(), data))
            if nth == 3 and 'third' in sys.argv:
                return
        time.sleep(60 if nth == 2 and 'second' in sys.argv else 0)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
server = Server(('127.0.0.1', 0), Nth)
print('tcp://127.0.0.1:%d' % server.server_address[1], flush=True)
server.serve_forever()
END
  start_peer build/release/servers/bounded /usr/bin/python3 "${tmp}/nth.py" second
  run "${bin}/tsconform" "${first[@]}" "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"fail  end.next-client in the first conversations, and in no later one: the server did not end"* ]]
  start_peer build/release/servers/bounded /usr/bin/python3 "${tmp}/nth.py" third
  run "${bin}/tsconform" "${first[@]}" --only=stream.kept-many "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"fail  stream.kept-many in the first conversations, and in no later one: client 3 was answered, and"* ]]
}
