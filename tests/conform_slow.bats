#!/usr/bin/env bats
# tsconform against servers that take their time: to begin with a client, to answer it, to end.
# long: 75 s, waiting

load helpers/peer.bash
load helpers/conform.bash

@test "an iterative server that takes its time to end each conversation has it after many rude clients, too" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py slow-end tcp://127.0.0.1:0
  "${bin}/tsconform" --strict --only=robust.reset-sending --concurrency=iterative "${uri}"
}

# Fault caught: a case's second client came while its first, which several cases share, was there: nobody served it.
@test "an iterative server that takes its time to end is asked by one client after the other in a case" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py slow-end tcp://127.0.0.1:0
  "${bin}/tsconform" --strict --only='data.*' --concurrency=iterative "${uri}"
}

# Fault caught: each of 28 texts was asked by a client of its own, and the end of each was waited for.
@test "a one-shot server that takes its time to end is sent many texts in one message" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/odd/odd.py one-shot-late-end tcp://127.0.0.1:0
  run "${bin}/tsconform" --only=data.format-string --trace=data.format-string "${uri}"
  echo "${output}"
  [ "${status}" -eq 0 ]
  [ "$(grep -c ' connect' <<<"${output}")" -le 3 ]
}

@test "a server that takes long to begin with a client is not taken for one that waits for a newline" {
  cat >"${tmp}/late.py" <<'END'
import socketserver, sys, time
class Late(socketserver.BaseRequestHandler):
    def handle(self):
        time.sleep(0.68)
        while data := self.request.recv(1024):
            self.request.sendall(b'[%s] %s' % (time.ctime().encode(), data))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(('127.0.0.1', int(sys.argv[1])), Late).serve_forever()
END
  "${bin}/tsconform" --only=format.reply --json="${tmp}/r.json" --exec "/usr/bin/python3 '${tmp}/late.py' {port}" tcp://127.0.0.1:0
  [ "$(field "${tmp}/r.json" dialect.framing)" = stream ]
}

@test "a server that ends conversations too late, one by one, is not waited for in each case" {
  start_peer build/release/servers/faulty --fault=closes-late-alone --listen=tcp://127.0.0.1:0
  run timeout 50 "${bin}/tsconform" --only='data.*' --only=end.half-close "${uri}"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [[ ${output} == *"fail  end.half-close"* ]]
  [[ ${output} == *"skip  data.sizes not run, for the server is slow: it ends a conversation late, and serves nobody else until then"* ]]
}

# Fault caught: a server that ends later than the probe waits was asked one case after the other.
@test "a server that ends conversations late, and in time, is asked side by side" {
  start_peer build/release/servers/bounded /usr/bin/python3 tests/servers/wild/wild.py spaced/late-end tcp://127.0.0.1:0
  "${bin}/tsconform" --only=end.half-close --only='data.[bfu]*' --json="${tmp}/r.json" "${uri}"
  # shellcheck disable=SC2016 # Python's text
  /usr/bin/python3 -c '
import json, sys
cases = [c for c in json.load(open(sys.argv[1]))["cases"] if c["id"].startswith("data.")]
begin_to_end, in_all = (json.load(open(sys.argv[1]))["duration_ms"], sum(c["duration_ms"] for c in cases))
print(begin_to_end, in_all)
sys.exit(in_all < begin_to_end)' "${tmp}/r.json"
}

# Fault caught: the last line had no end, and the server was blamed; a server of 20 ms a line got so many that it took 50 s.
@test "a slow server of lines is sent whole lines, and no more of them than it answers in time" {
  start_peer build/release/servers/faulty --framing=line --pause=100 --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=stream.slow-reader "${uri}"
  start_peer build/release/servers/faulty --framing=line --pause=20 --listen=tcp://127.0.0.1:0
  "${bin}/tsconform" --only=concurrency.stuck-reader --json="${tmp}/r.json" "${uri}"
  awk -v ms="$(field "${tmp}/r.json" duration_ms)" 'BEGIN { exit ms > 15000 }'
}

@test "of a server that never listens its own words are told, and not those of the shell about its end" {
  run timeout 40 "${bin}/tsconform" --only=format.reply --exec 'echo "Port? "; sleep 60; echo' tcp://127.0.0.1:0
  echo "${output}"
  [ "${status}" -eq 3 ]
  [[ ${output} == *"within 20 s: Port?"* ]]
  [[ ${output} != *Terminated* ]]
}
