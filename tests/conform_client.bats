#!/usr/bin/env bats
# tsconform --client: correct clients in several languages are not blamed, and each faulty one is caught by the case that names it.

load helpers/peer.bash
load helpers/conform.bash

clients=tests/servers/clients

# Judge a client; its report is in ${tmp}/NAME.json: judge NAME URI COMMAND
judge() {
  "${bin}/tsconform" --json="${tmp}/$1.json" --client "$3" "$2" >"${tmp}/$1.txt" 3>&- || { cat "${tmp}/$1.txt" && false; }
}

# Which cases of it were not passed, by status: NAME
blamed() {
  statuses "${tmp}/$1.json" fail
  [ -z "${ids}" ]
  statuses "${tmp}/$1.json" error
  [ -z "${ids}" ]
  statuses "${tmp}/$1.json" warn
}

# Side by side, for they mostly wait.
@test "the textbook's clients pass every MUST; tsclient, socat, nc and Node are not even warned" {
  judge tcp tcp://127.0.0.1:0 "tests/servers/textbook/tsTclnt.py {host} {port}" &
  judge udp udp://127.0.0.1:0 "tests/servers/textbook/tsUclnt.py {host} {port}" &
  judge tsclient tcp://127.0.0.1:0 "'${bin}/tsclient' '{uri}'" &
  judge socat "unix:${tmp}/s.sock" 'socat - "UNIX-CONNECT:{path}"' &
  judge unixgram "unixgram:${tmp}/d.sock" "'${bin}/tsclient' '{uri}'" &
  judge nc tcp://127.0.0.1:0 "${clients}/nc.py {host} {port}" &
  judge node 'tcp://[::1]:0' "node ${clients}/client.js {host} {port}" &
  judge each tcp://127.0.0.1:0 "${clients}/each.py {host} {port}" &
  judge copy tcp://127.0.0.1:0 "${clients}/copy.py {host} {port}" &
  wait
  for name in tcp each; do
    blamed "${name}"
    [ "${ids}" = "client.stamp-apart client.fragments client.long client.longer" ]
  done
  [ "$(field "${tmp}/tcp.json" dialect.line_end)" = none ]
  [ "$(field "${tmp}/tcp.json" dialect.ended_by)" = "empty line" ]
  blamed udp
  [ "${ids}" = "client.long client.longer" ]
  for name in tsclient socat unixgram nc node copy; do
    blamed "${name}"
    echo "${name} warned: ${ids}"
    [ -z "${ids}" ]
  done
  [ "$(field "${tmp}/socat.json" dialect.line_end)" = LF ]
  [ "$(field "${tmp}/socat.json" dialect.ended_by)" = "end of input" ]
  [ ! -e "${tmp}/s.sock" ]
}

# Fault caught: the path was removed whatever stood there.
@test "a path that another has taken meanwhile is left alone" {
  local path=${tmp}/taken.sock
  "${bin}/tsconform" --timeout=500ms --only=client.reply --client "rm '{path}'; exec /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"{path}\")'" \
    "unix:${path}" >/dev/null 3>&- || true
  [ -S "${path}" ]
}

# The client without a fault is not blamed; each fault fails the case of its row, and no fault is let through.
@test "every faulty client is caught by the case that names it" {
  judge none tcp://127.0.0.1:0 "${clients}/faulty.py {host} {port}" &
  none=$!
  rows=$(grep -v '^#' "${clients}/faults.tsv")
  while IFS=$'\t' read -r fault id; do
    "${bin}/tsconform" --strict --timeout=200ms --only="${id}" --json="${tmp}/${fault}.${id}.json" \
      --client "${clients}/faulty.py --fault=${fault} {host} {port}" >/dev/null 3>&- &
    while [ "$(jobs -rp | wc -l)" -ge 6 ]; do wait -n || true; done
  done <<<"${rows}"
  wait "${none}"
  blamed none
  [ -z "${ids}" ]
  wait
  while IFS=$'\t' read -r fault id; do
    statuses "${tmp}/${fault}.${id}.json" fail
    echo "${fault}: failed: ${ids}"
    [ "${ids}" = "${id}" ]
  done <<<"${rows}"
  # Every case of the list has a fault that it catches.
  "${bin}/tsconform" --client true --list | cut -d' ' -f1 | while read -r id; do
    grep -q "	${id}\$" "${clients}/faults.tsv"
  done
}

@test "reports of a client: JSON by the schema, TAP, JUnit, and the command that repeats a failure" {
  run "${bin}/tsconform" --timeout=200ms --only=client.sends --only=client.reply --json="${tmp}/r.json" --junit="${tmp}/r.xml" \
    --client "${clients}/faulty.py --fault=greets {host} {port}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ "${output}" == *"--only=client.sends --timeout=200ms --client '${clients}/faulty.py --fault=greets {host} {port}' tcp://127.0.0.1:0"* ]]
  tests/helpers/validate "${tmp}/r.json"
  "${bin}/tsreport" validate "${tmp}/r.json"
  [ "$(field "${tmp}/r.json" verdict)" = nonconformant ]
  [ "$(field "${tmp}/r.json" dialect.role)" = client ]
  grep -q '<failure message=' "${tmp}/r.xml"
  run "${bin}/tsconform" --only=client.reply --format=tap --client "${clients}/faulty.py {host} {port}"
  [ "${lines[1]}" = "ok 1 - client.reply" ]
}

@test "what cannot be judged: no such command is exit 3, --client with --exec is exit 2" {
  run "${bin}/tsconform" --client '/no/such/client {port}'
  echo "${output}"
  [ "${status}" -eq 3 ]
  [[ "${lines[-1]}" == "tsconform: the client cannot be started: "* ]]
  run "${bin}/tsconform" --only=client.end --client '/no/such/client {port}'
  [ "${status}" -eq 3 ]
  run "${bin}/tsconform" --client true --exec true tcp://127.0.0.1:0
  [ "${status}" -eq 2 ]
}

@test "a Ctrl-C blames nobody, and ends the client, too" {
  mkfifo "${tmp}/pid"
  "${bin}/tsconform" --json="${tmp}/r.json" --client "echo \$\$ >'${tmp}/pid'; exec sleep 60" >/dev/null 3>&- &
  suite=$!
  pid=$(timeout 10 head -n 1 "${tmp}/pid")
  kill -INT "${suite}"
  status=0
  wait "${suite}" || status=$?
  [ "${status}" -eq 130 ]
  statuses "${tmp}/r.json" fail
  [ -z "${ids}" ]
  run kill -0 "${pid}"
  [ "${status}" -ne 0 ]
}
