#!/usr/bin/env bats
# tsload against real servers: the ledger, transports, sessions, errors, exits. What needs quiet is in load.serial.bats.
# long: 65 s

load helpers/peer
load helpers/load

setup() {
  load_setup
}

teardown() {
  stop_peers
}

@test "2,000 TCP connections: nothing fails, everything is served" {
  start_server --listen=tcp://127.0.0.1:0
  load -c 2000 -d 1s "${uri}"
  holds 'r["completed"] > 1000 and r["failed"] == 0 and not d["errors"]' 'c["served"] == c["opened"] == c["peak_open"] == 2000'
}

@test "2,000 UDP sockets: none of our own haste is lost" {
  start_server --listen=udp://127.0.0.1:0
  load -c 2000 -d 1s "${uri}"
  holds 'r["completed"] > 1000 and r["failed"] == 0 and r["lost"] == 0' 'c["served"] == 2000'
}

# On a busy machine a reply may come so late that its connection misses a turn.
@test "connections take turns in a window: no more are on their way at once, and each is asked as often" {
  start_delay --delay=5ms
  load -t 1 -c 40 --window=4 -n 200 "${uri}"
  holds 'r["completed"] == 200 and c["peak_open"] == 40' 'd["throughput"]["requests_per_s"] < 4 / 0.005 * 1.02' \
    '4 <= d["fairness"]["min_per_connection"] <= 5 <= d["fairness"]["max_per_connection"] <= 6' 'd["plan"]["window"] == 4'
}

@test "every transport is loaded, IPv6 and abstract names included" {
  for listen in "tcp://[::1]:0" "udp://[::1]:0" "unix:${BATS_TEST_TMPDIR}/s" "unix:@tsload-${BATS_TEST_NUMBER}-$$" \
    "unixgram:${BATS_TEST_TMPDIR}/d"; do
    start_server --listen="${listen}"
    load -c 20 -n 2000 "${uri}"
    [ "${status}" -ne 3 ]
    holds 'r["completed"] == 2000 and r["scheduled"] == 2000 and r["failed"] == 0'
  done
}

@test "the server has counted the same requests and connections" {
  start_server --stats="${BATS_TEST_TMPDIR}/stats.json"
  load -c 7 -t 2 -n 1234 -p 3 "${uri}"
  kill "${peer}"
  wait "${peer}" || true
  totals=${BATS_TEST_TMPDIR}/stats.json
  holds 't["accepted_count"] == c["opened"] == 7' 't["received_bytes"] == r["sent_bytes"]' 't["sent_bytes"] == r["received_bytes"]'
}

@test "an open loop sends exactly what its schedule asks for" {
  start_server
  load -c 20 -r 999 -d 1s "${uri}"
  holds 'r["scheduled"] == 999' 'near(d["throughput"]["offered_per_s"], 999, 0.001)'
  load -c 20 -r 7 -d 1s -t 3 "${uri}"
  holds 'r["scheduled"] == 7 and r["completed"] == 7'
  load -c 20 -r 2k -d 300ms --pace=tick "${uri}"
  holds 'r["scheduled"] == 600'
  load -c 20 --stage=500ms:400 --stage=500ms:50/250ms "${uri}"
  holds 'r["scheduled"] == 300'
}

# Faults caught: a worker whose share is no request at all waits for ever for one; a schedule that is dealt by rates, and not
# by turns.
@test "fewer requests than threads: each is sent, and the run ends" {
  start_server
  load -c 4 -t 4 -n 1 "${uri}"
  holds 'r["scheduled"] == r["completed"] == 1' 'd["generator"]["threads_count"] == 4'
  load -c 4 -t 4 -n 2 -r 4 "${uri}"
  holds 'r["scheduled"] == r["completed"] == 2'
  load -c 4 -t 4 -r 2 -d 1s "${uri}"
  holds 'r["scheduled"] == r["completed"] == 2'
  load -c 2 -t 8 -r 50 -d 200ms "${uri}" # a thread without a connection would leave its share unsent
  holds 'r["scheduled"] == r["completed"] == 10 and d["plan"]["threads"] == d["generator"]["threads_count"] == 2'
}

@test "each pace ends in time where the rate is far too high, and counts what was not sent" {
  start_server
  for pace in timer tick spin; do
    load -c 20 -r 2M -d 300ms --drain=300ms --pace="${pace}" "${uri}"
    [ "${status}" -ne 124 ]
    holds 'r["scheduled"] == 600000 and r["not_sent"] > 0 and r["completed"] > 0' \
      'v["verdict"] != "valid" and any(x.startswith("the rate was not reached: ") for x in v["reasons"])'
  done
}

@test "the warm-up has a ledger of its own" {
  start_server
  load -c 5 -r 1000 --warmup=500ms -d 1s "${uri}"
  holds 'r["scheduled"] == 1000 and d["warmup"]["scheduled"] == 500'
}

# Fault caught: errors of the warm-up stood among those of the measured part, whose requests they were not.
@test "the errors of the warm-up stand apart from those of the measured part" {
  start_delay --early-end=1/5
  load -c 4 -r 400 --warmup=500ms -d 500ms "${uri}"
  holds 'd["errors"][0]["class"] == "early_end" and len(d["errors"]) == 1' 'd["errors"][0]["count"] == r["failed"] > 0' \
    'd["errors"][0]["warmup_count"] == d["warmup"]["failed"] > 0'
  [[ "${output}" == *"early_end: "*" in the warm-up: "* ]]
}

@test "without verification, what only it tells is unknown, and not 0" {
  start_server
  load -c 2 -n 20 --verify=off "${uri}"
  holds 'all(l[x] is None for l in (r, d["warmup"]) for x in ("mismatched", "truncated", "corrupted", "stamps"))'
  load -c 2 -n 20 --verify=format "${uri}"
  holds 'r["mismatched"] == 0 and r["stamps"] > 0'
}

# Fault caught: until the dialect was known, all was of a bad form, or over TCP too late; over UDP a bracket was missed that was there.
@test "the first reply is judged as all others, when it is of no dialect" {
  local fault class scheme
  while read -r fault scheme class; do
    start_peer "${servers}/faulty" --fault="${fault}" --listen="${scheme}://127.0.0.1:0"
    load -c 2 -n 4 --timeout=500ms "${uri}"
    holds "e['${class}'] == r['failed'] == r['mismatched'] == 4"
    [[ "${output}" != *"no '['"* ]]
  done <<'FAULTS'
stamp-word tcp bad_time
stamp-word udp bad_time
data-upper tcp wrong_data
data-upper udp wrong_data
no-brackets tcp bad_format
echo udp bad_format
FAULTS
}

# Faults caught: a warm-up that uses up --requests, so that nothing is left to measure; a session that counts as one of them.
@test "a number of requests is one of measured requests, and not of the warm-up or of sessions" {
  start_server
  load -c 5 -t 2 -n 100 --warmup=200ms "${uri}"
  holds 'r["scheduled"] == r["completed"] == 100 < d["warmup"]["completed"]'
  load -c 5 -t 2 -n 100 -r 2k --warmup=200ms "${uri}"
  holds 'r["scheduled"] == r["completed"] == 100 and d["warmup"]["scheduled"] == 400'
  load -c 5 -n 101 --session=4 --session-rate=1k "${uri}"
  # five sessions are open at a time, and each of them may lack a request when none is left
  holds 'r["scheduled"] == r["completed"] == 101 and 26 <= c["opened"] <= 30'
}

@test "sessions connect, talk and end" {
  start_server --stats="${BATS_TEST_TMPDIR}/stats.json"
  load -c 10 --session=5 -n 1000 "${uri}"
  holds 'r["completed"] == 1000 and c["served"] >= 200 and c["opened"] - c["served"] < 10 and r["failed"] == 0'
  load -c 100 --session=1 --session-rate=1k --connect-rate=100 -d 100ms --drain=5s "${uri}" # who was due before the end is served
  holds 'r["scheduled"] == r["completed"] == 100'
  load -c 50 --session=4 --session-rate=200 --arrival=poisson -d 1s "${uri}"
  holds 'c["sessions_finished"] >= 100 and r["failed"] == 0 and r["completed"] >= 4 * c["sessions_finished"]'
}

@test "a one-shot server is named, and all is well with sessions of one request" {
  start_peer "${servers}/bounded" /usr/bin/python3 "${BATS_TEST_DIRNAME}/servers/odd/odd.py" one-shot tcp://127.0.0.1:0
  load -c 5 -n 60 "${uri}"
  holds '1 < r["completed"] == c["served"] < 60 and r["completed"] + r["failed"] == 60'
  [[ "${output}" == *"ends each conversation after one reply: --session=1"* ]]
  # Fault caught: a connection that is opened for a request which another one has taken, and keeps the server from them all.
  for run in 1 2 3 4 5 6; do
    load -c 7 -n 21 --session=1 "${uri}"
    holds 'r["completed"] == c["served"] == 21 and not d["errors"]'
  done
  [[ "${output}" != *"--session=1"* ]]
  start_peer "${BATS_TEST_DIRNAME}/servers/textbook/tsTserv.py" 0 # nor does a session that is cut short
  load -c 7 -n 30 --session=4 "${uri}"
  holds 'r["completed"] == 30 and not d["errors"] and c["sessions_finished"] <= 7'
}

@test "an iterative server serves one at a time, and the result says so" {
  start_peer "${BATS_TEST_DIRNAME}/servers/textbook/tsTserv.py" 0
  load -c 4 -d 1s --timeout=10s --drain=100ms "${uri}"
  holds 'c["opened"] == 4 and c["served"] == 1' 'd["fairness"]["jain"] < 0.3 and d["fairness"]["min_per_connection"] == 0' \
    'r["in_flight_at_end"] == 3' 'd["latency"]["response"]["lower_bound_from_percentile"] < 100'
}

@test "servers in Python and Node, with their own time texts, are understood" {
  for server in "textbook/tsUserv.py 0" "peers/asyncio_server.py udp://127.0.0.1:0" \
    "peers/socketserver_server.py tcp://127.0.0.1:0" "peers/node_server.js tcp://127.0.0.1:0"; do
    start_peer "${BATS_TEST_DIRNAME}/servers/${server% *}" "${server#* }"
    load -c 5 -n 500 "${uri}"
    holds 'r["completed"] == 500 and r["failed"] == 0'
  done
}

# Fault caught: a dialect that is learned from eight letters of data in a row, or never.
@test "a server that cuts messages into small pieces is understood" {
  for bytes in 1 2 7; do
    start_server --buffer="${bytes}"
    for size in 1 5 64; do
      load -c 3 -n 100 -d 5s -s "${size}" --timeout=500ms "${uri}"
      holds 'r["completed"] == 100 and r["failed"] == 0' "r['stamps'] == 100 * -(-${size} // ${bytes})"
    done
  done
}

# Fault caught: a first reply that nobody understands, which was called no reply at all, and not shown.
@test "a first reply that is none is shown" {
  while read -r class text; do
    start_peer /usr/bin/python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 0)); print("tcp://%s:%d" % s.getsockname(), flush=True)
while True:
    c, _ = s.accept()
    while c.recv(99):
        c.sendall(sys.argv[1].encode())
        if sys.argv[2] == "short_reply":
            break
    c.close()' "${text}" "${class}"
    load -c 1 -n 2 -d 5s --timeout=200ms "${uri}"
    [ "${status}" -eq 4 ]
    holds "e['${class}'] >= 1" "any(x['class'] == '${class}' and 'no [time]data in what came: ${text}' == x['example'] for x in d['errors'])"
  done <<'END'
reply_timeout hello
reply_timeout [10:30:00]
short_reply [10:30:00]
END
}

# Faults caught: messages that such a server never answers; a CR that is neither sent nor verified.
@test "a server whose lines must end in CR LF is loaded, and one that waits for them is named" {
  start_peer "${servers}/bounded" /usr/bin/python3 "${BATS_TEST_DIRNAME}/servers/odd/odd.py" crlf-lines tcp://127.0.0.1:0
  for arguments in "-s 64" "-s uniform:3:40 -p 4" "-s 17" "-s 3 --verify=off" "-s 100KiB -n 20"; do
    # shellcheck disable=SC2086 # several words
    load -c 5 -n 500 --framing=crlf ${arguments} "${uri}"
    holds 'r["completed"] == r["scheduled"] > 0 and not d["errors"]' 'd["plan"]["messages_end_in_cr_lf"]'
    [[ "${output}" != *"--framing=crlf"* ]]
  done
  load -c 1 -n 1 --timeout=150ms "${uri}"
  holds 'r["timed_out"] == 1'
  [[ "${output}" == *"--framing=crlf"* ]]
  start_peer "${servers}/faulty" --fault=line-crlf --framing=line --listen=tcp://127.0.0.1:0
  load -c 1 -n 4 --timeout=150ms --framing=crlf "${uri}"
  holds 'r["completed"] == 0'
}

@test "a killed server: classified errors, the ledger adds up, a partial result, exit 3" {
  start_server
  (
    until_it_served 20
    kill -9 "${peer}"
  ) 3>&- &
  load -c 100 -d 30s --give-up=500ms "${uri}"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"the server has gone"* ]]
  holds 'd["partial"] and r["failed"] >= 1 and e["refused"] > 0' \
    'e.get("reset_before_reply", 0) + e.get("reset_in_reply", 0) + e.get("early_end", 0) + e.get("short_reply", 0) + e.get("send_failed", 0) == r["failed"]'
}

# Faults caught: a UNIX datagram socket that has lost its peer and never calls the next one; a client that asks a dead server
# as fast as it can.
@test "a server that comes back is asked again, and a dead one is not hammered" {
  for listen in tcp://127.0.0.1:0 udp://127.0.0.1:0 "unix:${BATS_TEST_TMPDIR}/s" "unixgram:${BATS_TEST_TMPDIR}/d"; do
    start_server --listen="${listen}"
    "${bin}/tsload" --progress=never --json="${result}" -c 5 -d 20s --timeout=100ms --give-up=0s "${uri}" >/dev/null 3>&- &
    pid=$!
    peers+=("${pid}")
    until_it_served 2
    kill -9 "${peer}"
    wait "${peer}" || true
    read -r -t 0.2 <> <(:) || true
    start_server --listen="${uri}"
    until_it_served 2 # which it never does where nobody asks it
    kill -INT "${pid}"
    wait "${pid}" || true
    holds 'adds_up(r) and r["completed"] > 0 and 5 <= r["failed"] < 1000 and e["refused"] >= 5'
  done
}

@test "Ctrl-C keeps the results so far, and exits 130" {
  start_server
  "${bin}/tsload" --progress=never --json="${BATS_TEST_TMPDIR}/result.json" -c 10 -d 60s "${uri}" >/dev/null 3>&- &
  pid=$!
  until_it_served 10
  kill -INT "${pid}"
  status=0
  wait "${pid}" || status=$?
  [ "${status}" -eq 130 ]
  holds 'd["partial"] and r["completed"] > 0 and r["failed"] == 0' 'adds_up(r)'
}

# Fault caught: a loop over clients that may take nothing any more, and are offered again and again.
@test "an open loop of datagrams ends when it is asked to" {
  for listen in udp://127.0.0.1:0 "unixgram:${BATS_TEST_TMPDIR}/s"; do
    start_server --listen="${listen}"
    status=0
    timeout --preserve-status -s TERM 0.7 "${bin}/tsload" --progress=never --json="${result}" -c 20 -r 2000 -d 30s "${uri}" || status=$?
    [ "${status}" -eq 143 ]
    holds 'd["partial"] and r["completed"] > 100 and adds_up(r)'
  done
}

@test "what a run will need is looked at before it begins" {
  start_server
  while read -r argument words; do
    load -d 20s "${argument}" "${uri}"
    [ "${status}" -eq 3 ]
    [[ "${lines[0]}" == *"${words}"* ]]
  done <<'END'
--connections=90M not enough
--connections=70k not enough local ports: 70000 connections, and 1 address(es)
--json=/nosuch/result cannot be written
--server-pid=4194303 no such process
--source=198.51.100.7 none of this machine
END
  load -c 50k udp://127.0.0.1:1 udp://127.0.0.1:2 # a datagram socket has a port of its own, whatever it calls
  [ "${status}" -eq 3 ]
  [[ "${lines[0]}" == *"not enough local ports"* ]]
  run bash -c "ulimit -n 100; '${bin}/tsload' -c 500 --processes=2 -d 20s '${uri}'"
  [ "${status}" -eq 3 ]
  [[ "${lines[0]}" =~ not\ enough\ descriptors:\ 500\ .*\ 2\ processes\ may\ have\ 100\ each\;\ .*would\ reach\ ([0-9]+)\ connections ]]
  reach=${BASH_REMATCH[1]} # which is then true: so many can be had, and not one more
  run bash -c "ulimit -n 100; '${bin}/tsload' --progress=never -c ${reach} -n ${reach} --processes=2 --json='${result}' '${uri}'"
  holds "c['opened'] == c['served'] == r['completed'] == ${reach} > 50 and not d['errors']"
  run bash -c "ulimit -n 100; '${bin}/tsload' -c $((reach + 1)) --processes=2 '${uri}'"
  [ "${status}" -eq 3 ]
}

# What a server has seen of its callers: how many addresses, and whether any pair of address and port came twice.
callers='
import selectors, socket, sys, time
s = socket.create_server(("127.0.0.1", 0), backlog=512)
print("tcp://%s:%d" % s.getsockname(), flush=True)
seen, select = [], selectors.DefaultSelector()
select.register(s, selectors.EVENT_READ)
while True:
    for key, _ in select.select():
        if key.fileobj is s:
            c, address = s.accept()
            seen.append(address)
            select.register(c, selectors.EVENT_READ)
        elif data := key.fileobj.recv(65536):
            key.fileobj.sendall(b"[" + time.ctime().encode() + b"]" + data)
        else:
            select.unregister(key.fileobj)
            key.fileobj.close()
    print(len(seen), len(set(seen)), len({a for a, _ in seen}), file=open(sys.argv[1], "w"))
'

@test "calls come from every address of --source, and from no pair of address and port twice" {
  start_peer /usr/bin/python3 -c "${callers}" "${BATS_TEST_TMPDIR}/seen"
  load -c 170 -t 2 -n 340 --source=127.78.0.0/27 "${uri}"
  holds 'r["completed"] == 340 and c["opened"] == 170'
  [ "$(cat "${BATS_TEST_TMPDIR}/seen")" = "170 170 30" ] # without the network's name and the broadcast's
}

@test "more connections than one process may have are spread over several" {
  start_server
  run bash -c "ulimit -n 200; '${bin}/tsload' --progress=never -c 500 -n 1500 --json='${result}' '${uri}'"
  holds 'c["opened"] == c["served"] == 500 and r["completed"] == 1500 and d["generator"]["processes_count"] > 2' \
    'd["plan"]["processes"] == d["generator"]["processes_count"]' 'd["generator"]["bytes_per_connection"] <= 512'
}

# Fault caught: a worker process that dies, and takes the results of all of them with it.
@test "a worker process that is killed leaves a partial result that adds up, and exit 3" {
  start_server
  "${bin}/tsload" --progress=never --json="${result}" -c 9 --processes=3 -d 30s "${uri}" >"${BATS_TEST_TMPDIR}/said" 2>&1 3>&- &
  pid=$!
  until_it_served 10
  kill -9 "$(tr ' ' '\n' <"/proc/${pid}/task/${pid}/children" | head -n 1)"
  status=0
  wait "${pid}" || status=$?
  [ "${status}" -eq 3 ]
  grep -qx "tsload: worker process 1 died" "${BATS_TEST_TMPDIR}/said"
  holds 'adds_up(r) and d["partial"] and r["completed"] > 100 and r["failed"] == 0' 'r["in_flight_at_end"] in (2, 3)' \
    'v["verdict"] == "invalid" and any("worker process 1 died" in x for x in v["reasons"])'
}

@test "idle connections stay open beside those that send" {
  start_server
  load -c 5 --idle=300 -n 500 --server-pid="${peer}" "${uri}"
  holds 'c["opened"] == 305 and c["served"] == 5 and r["completed"] == 500 and c["peak_open"] == 305'
  [[ "${output}" == *"server      "*" s of processor time, at most "*" descriptors, "*" threads"* ]]
  load -c 5 --idle=30 --session=2 --session-rate=100 -d 200ms "${uri}" # fault caught: none were opened
  holds 'c["opened"] == 50 and c["served"] == 20 and 31 <= c["peak_open"] <= 35 and c["opening_s"] > 0'
  load -c 2 --idle=10 --connect-rate=100 --session=2 -n 20 "${uri}" # fault caught: sessions that begin before the load, which never began
  holds 'r["completed"] == 20 and c["served"] >= 10 and c["opening_s"] > 0.08'
}

# Faults caught: slow readers that read like the others (then no server suffers), that are timed out or not verified for being
# slow, that are counted among the others, or that make the generator spin while they hold back.
@test "a slow reader holds up everybody behind an iterative server, and nobody behind a concurrent one" {
  start_server --mode=blocking
  load -c 10 --session=10 -s 16KiB -p 8 -d 1s --drain=100ms --timeout=400ms --slow-share=10% --slow-read=64KiB "${uri}"
  # nine sessions were over before the slow one's; the rest waits for it, and gives up
  holds 's["connections"] == 1 and 2 <= s["requests"]["completed"] < 10 and s["requests"]["failed"] == 0' \
    'r["completed"] <= 90 and r["failed"] + r["in_flight_at_end"] >= 8'
  start_server --mode=thread --stats="${BATS_TEST_TMPDIR}/stats.json"
  load -c 10 --session=10 -s 16KiB -p 8 -d 1s --drain=100ms --timeout=900ms --slow-share=10% --slow-read=64KiB "${uri}"
  holds 's["connections"] == 1 and 2 <= s["requests"]["completed"] < 10 and s["requests"]["failed"] == 0' \
    'r["completed"] > 1000 and r["failed"] == 0 and not d["errors"] and ns("response", "90") < 200e6 < s["response"]["max_ns"]' \
    's["requests"]["received_bytes"] <= 65536 * 1.3 + 512'
  kill "${peer}"
  wait "${peer}" || true
  totals=${BATS_TEST_TMPDIR}/stats.json
  holds 't["received_bytes"] == r["sent_bytes"] + s["requests"]["sent_bytes"]'
}

@test "slow readers are spread over the threads, and cost nothing while they hold back" {
  start_server --mode=epoll
  load -c 30 -t 2 -r 200 -s 64KiB -d 1s --drain=0s --slow-share=20% --slow-read=4KiB "${uri}"
  holds 's["connections"] == 6 == s["requests"]["in_flight_at_end"] and s["requests"]["completed"] == 0' \
    'r["scheduled"] + s["requests"]["scheduled"] == 200 and d["generator"]["load_cpu_s"] < 0.7'
  load -c 30 -t 2 -n 500 -s 64KiB --slow-share=20% --slow-read=4KiB --drain=100ms "${uri}"
  holds 'r["completed"] == r["scheduled"] == 500 - s["requests"]["scheduled"]' # they do not hold up the end of the run
  load -c 10 -d 300ms --slow-share=50% --slow-read=1M "${uri}"
  holds 's["requests"]["completed"] > 50 and s["requests"]["failed"] == 0' # small replies are read at once
}

@test "connections are opened at the rate that was asked for" {
  start_server
  load -c 200 --connect-rate=400 -n 200 --source=127.77.0.0/28 "${uri}"
  holds 'c["opened"] == 200 and r["completed"] == 200' 'c["opening_s"] >= 0.49'
  load -c 4 -t 3 --connect-rate=4 -n 4 "${uri}" # fault caught: each thread gave up its first turn
  holds 'near(c["attempted_per_s"], 4, 0.1)'
}

@test "a search that is stopped says so" {
  start_server
  for search in --find-max='p99<1h' --sweep=100:200:8; do
    status=0
    output=$(timeout --preserve-status -s INT 1 "${bin}/tsload" -c 2 -d 700ms "${search}" --json="${result}" "${uri}") || status=$?
    [ "${status}" -eq 130 ]
    [[ "${output}" != *"no rate holds"* ]]
    holds 'd["partial"]'
  done
}

@test "nobody listens: exit 3, one line, and still a result" {
  for target in tcp://127.0.0.1:1 udp://127.0.0.1:1 "unix:${BATS_TEST_TMPDIR}/nothing"; do
    load -c 3 -d 5s --give-up=200ms "${target}"
    [ "${status}" -eq 3 ]
    [[ "${lines[0]}" == "tsload: ${target}: cannot connect: "* ]]
    holds 'e["refused"] > 0 and d["partial"] and r["completed"] == 0'
  done
  load -c 3 -d 100ms udp://127.0.0.1:1 # over before --give-up
  [ "${status}" -eq 3 ]
}

# Fault caught: neither which server nor why was said, and of no measurement at all that it had not reached the knee.
@test "a search without a server says which one, and why" {
  local search
  for search in --find-max='p99<1h' --sweep=100:200:2; do
    run "${bin}/tsload" -d 100ms --give-up=100ms "${search}" "unix:${BATS_TEST_TMPDIR}/nothing"
    [ "${status}" -eq 3 ]
    [[ "${output}" == *"stopped before "* && "${output}" == *"tsload: unix:${BATS_TEST_TMPDIR}/nothing: cannot connect: "* ]]
  done
}

# Fault caught: one refusal of all at the start ended the run, whatever --give-up said.
@test "a server that does not listen yet is waited for as long as --give-up says" {
  local socket=${BATS_TEST_TMPDIR}/s pid
  "${bin}/tsload" --progress=never --json="${result}" -c 3 -n 30 --give-up=30s "unix:${socket}" >/dev/null 3>&- &
  pid=$!
  peers+=("${pid}")
  read -r -t 0.3 <> <(:) || true
  start_server --listen="unix:${socket}"
  wait "${pid}"
  holds 'r["completed"] == 30 and e["refused"] >= 3 and not d["partial"]'
}

@test "wrong usage: exit 2, one line that names the option" {
  while read -r arguments; do
    # shellcheck disable=SC2086 # several words
    run "${bin}/tsload" ${arguments}
    [ "${status}" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
  done <<'END'
tcp: -c 0
tcp: --size=none
tcp: --size=file:
tcp: --arrival=never
tcp: --stage=10s
tcp: --threshold=p99
tcp: --percentiles=101
tcp: --percentiles=50,50
tcp: --percentiles=0x32
tcp: --percentiles=+50
tcp: --percentiles=1.2.3
tcp: --source=127.0.0.0/+24
tcp: --source=127.0.0.0/-0
tcp: --source=127.0.0.0/
tcp: --seed=9007199254740993
tcp: --source=localhost
tcp: --session-rate=5
tcp: --arrival=poisson
tcp: --rate=5 --session-rate=5 --session=2
tcp: --until=p99
tcp: --resume=x
tcp: --find-max=rate>5
tcp: --sweep=1:2
tcp: --cpus=1023
tcp: --slow-share=110%
tcp: -c 1 --slow-share=10%
udp: --slow-share=10%
tcp: --slow-read=0
tcp: --size=2 --framing=crlf
tcp: --window=2 --session=3
udp: --session=3
udp: --size=100000
ftp://127.0.0.1
-c 5
END
}

# Each of these was taken, and had no effect.
@test "an option that contradicts the others is wrong usage, and named" {
  echo 0.1 >"${BATS_TEST_TMPDIR}/trace"
  n=0
  while read -r option arguments; do
    # shellcheck disable=SC2086 # several words
    run "${bin}/tsload" ${arguments//TRACE/trace:${BATS_TEST_TMPDIR}\/trace}
    [ "${status}" -eq 2 ] || { echo "taken: ${arguments}"; false; }
    [ "${#lines[@]}" -eq 1 ]
    [[ "${lines[0]}" == "tsload: ${option}: "* ]]
    n=$((n + 1))
  done <<'END'
--rate --arrival=TRACE --rate=5 tcp:
--rate --sweep=1:2:3 --rate=5 tcp:
--session-rate --arrival=TRACE --session-rate=5 --session=2 tcp:
--arrival --arrival=poisson tcp:
--window --window=2 --rate=5 tcp:
--window --window=2 --stage=1s:5 tcp:
--window --window=2 --arrival=TRACE tcp:
--window --window=2 --find-max=p99<1s tcp:
--window --window=2 --session=3 tcp:
--warmup --warmup=1s --stage=1s:5 tcp:
--slow-share --slow-share=10% udp:
--resume --resume=x tcp:
--threshold --threshold=p99<1s --find-max=p99<1s tcp:
--until --until=ci(p99)<5% --sweep=1:2:3 tcp:
--hdr-log --hdr-log=x --sweep=1:2:3 tcp:
--hdr-log --hdr-log=x --json=x tcp:
--hdr-log --hdr-log=- --json=- tcp:
--session-rate --session-rate=5 tcp:
--session --session=3 udp:
--stage --stage=1s:5 --rate=5 tcp:
--kernel-stamps --kernel-stamps unix:x
--source=127.0.0.1 --source=127.0.0.1 unix:x
END
  [ "${n}" -eq 22 ]
}

# It ends with 3, for there is no such process, where wrong usage would be 2.
@test "an option that is in vain beside the others is named in a warning, and what is not is taken in silence" {
  echo 0.1 >"${BATS_TEST_TMPDIR}/trace"
  n=0
  while read -r option arguments; do
    # shellcheck disable=SC2086 # several words
    run "${bin}/tsload" ${arguments//TRACE/trace:${BATS_TEST_TMPDIR}\/trace} --server-pid=4194303
    [ "${status}" -eq 3 ] || { echo "refused: ${arguments}"; false; }
    [[ "${lines[0]}" == "tsload: ${option}: has no effect here: "* ]]
    n=$((n + 1))
  done <<'END'
--arrival --arrival=constant tcp:
--pace --pace=tick tcp:
--pipeline --pipeline=2 --session=1 tcp:
--duration --duration=2s --stage=1s:5 tcp:
--duration --duration=1s --arrival=TRACE tcp:
--slow-read --slow-read=1KiB tcp:
--framing --framing=line udp:
--framing --framing=crlf unixgram:x
--time --time=ctime --verify=off tcp:
--separator --separator=: --verify=off tcp:
--tolerance --tolerance=1s --verify=format tcp:
--tolerance --tolerance=1s --verify=off tcp:
--interval --interval=2s tcp:
--percentiles --percentiles=9 --sweep=1:2:3 tcp:
--repeats --repeats=2 tcp:
--repeats --repeats=2 --find-max=p99<1s tcp:
END
  [ "${n}" -eq 16 ]
  while read -r arguments; do
    # shellcheck disable=SC2086 # several words
    run "${bin}/tsload" ${arguments//TRACE/trace:${BATS_TEST_TMPDIR}\/trace} --server-pid=4194303
    [ "${status}" -eq 3 ] || { echo "refused: ${arguments}"; false; }
    [[ "${output}" != *"no effect"* ]]
  done <<'END'
--interval=2s --json=x tcp:
--interval=2s --hdr-log=x tcp:
--percentiles=9 tcp:
--rate=5 --find-max=p99<1s tcp:
--arrival=poisson --sweep=1:2:3 tcp:
--arrival=poisson --session=2 --session-rate=5 tcp:
--arrival=constant --stage=1s:5 tcp:
--pace=tick --rate=5 tcp:
--pace=spin tcp:
--window=2 udp:
--pipeline=2 --session=2 tcp:
--duration=1s --stage=1s:5 tcp:
--duration=50ms --arrival=TRACE tcp:
--warmup=500ms --stage=1s:5 tcp:
--slow-read=1KiB --slow-share=10% tcp:
--framing=line tcp: udp:
--tolerance=1s tcp:
--time=ctime --separator=: --verify=format tcp:
--repeats=2 --resume=x --sweep=1:2:3 tcp:
-t 8 -c 2 --processes=4 tcp:
END
}

@test "thresholds: 0 when held, 1 when missed" {
  start_server
  load -c 5 -n 500 --threshold='p50<5s' --threshold='error_rate<=0' "${uri}"
  [ "${status}" -eq 0 ]
  holds 'all(x["passed"] for x in d["thresholds"]) and len(d["thresholds"]) == 2'
  load -c 5 -n 500 --threshold='p50<1ns' --threshold='rate>1' "${uri}"
  [ "${status}" -eq 1 ]
  holds '[x["passed"] for x in d["thresholds"]] == [False, True] and d["thresholds"][0]["actual"] > 1000'
}

@test "the result is valid by the schema, on standard output and nothing else there" {
  start_server
  "${bin}/tsload" -c 5 -r 500 -d 1s --interval=250ms --server-pid="${peer}" --json=- "${uri}" >"${result}"
  "${BATS_TEST_DIRNAME}/helpers/validate" "${result}"
  # What was sent in the second and answered after it is in a fifth interval.
  holds 'len(d["series"]) in (4, 5) and sum(s["completed"] for s in d["series"]) == r["completed"]' \
    'sum(s["response"]["count"] for s in d["series"]) == d["latency"]["response"]["count"]' \
    'd["server"]["descriptors_count"] >= 5 and d["server"]["peak_rss_bytes"] > 0' 'd["plan"]["timeout_s"] == 2'
}

# Fault caught: none, where it cannot be known.
@test "the descriptors of another user's server are unknown: null, and said" {
  local nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  "${nobody[@]}" test -x "${bin}/tsload" || skip "to be another user takes root, and programs within their reach"
  start_server
  set -- "${nobody[@]}" "${bin}/tsload" -c 1 -n 5 --server-pid="${peer}" --progress=never
  "$@" --json=- "${uri}" >"${result}"
  holds 'd["server"]["descriptors_count"] is None and d["server"]["threads_count"] >= 1'
  run "$@" "${uri}"
  [[ "${output}" == *"descriptors unknown"* ]]
}

@test "the official decoder reads the log" {
  start_server
  load -c 5 -d 600ms --interval=200ms --hdr-log="${BATS_TEST_TMPDIR}/log" "${uri}"
  [ "$(sed -n 2p "${BATS_TEST_TMPDIR}/log")" = "#[Histogram log format version 1.3]" ]
  holds "sum(int(x) for x in '''$(awk -F, '/^[0-9]/ {print $4}' "${BATS_TEST_TMPDIR}/log" | while read -r text; do
    echo "${text}" | node -e '
      const hdr = require(process.argv[1] + "/node_modules/hdr-histogram-js");
      const text = require("fs").readFileSync(0, "utf8").trim();
      console.log(hdr.decodeFromCompressedBase64(text).totalCount)' "${BATS_TEST_DIRNAME}"
  done)'''.split()) == r[\"completed\"]"
}

@test "the smallest percentile is named in digits, and a separator may be stated to be nothing" {
  start_server
  load -c 1 -n 9 --percentiles=0.000001,50,100 --separator= "${uri}"
  [ "${status}" -eq 0 ]
  "${bin}/tsreport" validate -q "${result}"
  holds 'list(d["latency"]["response"]["percentiles"]) == ["0.000001", "50", "100"]' 'd["plan"]["separator"] == ""'
  start_server --separator=' '
  load -c 1 -n 9 --separator= "${uri}"
  [ "${status}" -eq 4 ]
}

@test "a log on standard output stands there alone, and is written though the result cannot be" {
  start_server
  [[ "$("${bin}/tsload" -c 2 -n 9 --hdr-log=- "${uri}")" =~ ^#[^$]*Histogram\"$'\n'[0-9.,]+HIST[A-Za-z0-9+/=]+$ ]]
  run "${bin}/tsload" -c 2 -n 9 --json=/dev/full --hdr-log="${BATS_TEST_TMPDIR}/log" "${uri}"
  [ "${status}" -eq 3 ]
  [ "$(wc -l <"${BATS_TEST_TMPDIR}/log")" -ge 5 ]
}

@test "the page about tsload has each class of errors with its sentence, and no option that is not there" {
  cd "${BATS_TEST_DIRNAME}/.."
  while read -r class text; do
    grep -qF "| \`${class}\` | ${text} |" docs/load.md
  done < <(sed -nE 's/^X\((\w+), *"(.*)"\)$/\1 \2/p' loadgen/errors.def)
  for option in $(grep -oE -- '--[a-z]+(-[a-z]+)*' docs/load.md | sort -u); do
    [ "${option}" = --help ] || "${bin}/tsload" --dump-options | grep -q "^${option#--}"$'\t'
  done
}

@test "each example in the help and on the page is one that tsload takes, and the help fits 80 columns" {
  cd "${BATS_TEST_DIRNAME}/.."
  [ "$("${bin}/tsload" --help | wc -L)" -le 80 ]
  n=0
  while read -r example; do
    # With no such process to sample it ends before it calls anybody: 3, where wrong usage would be 2.
    run bash -c "'${bin}/tsload' ${example#tsload } --server-pid=4194303"
    [ "${status}" -eq 3 ]
    n=$((n + 1))
  done < <("${bin}/tsload" --help | sed -nE 's/^  (tsload .*[^ ])   *.*$/\1/p'
    grep -oE '`tsload -[^`]*`' docs/load.md | tr -d '`' | grep -v -- --help)
  [ "${n}" -ge 17 ]
}

# Fault caught: a rate that is counted from the end of the run before, where a search makes many.
@test "a live line on a terminal: rate, percentiles, errors, open connections, time left; quiet elsewhere" {
  start_server
  run script -qec "'${bin}/tsload' -c 5 --sweep=200:400:2 --repeats=1 -d 600ms '${uri}'" /dev/null </dev/null
  for part in "at 200/s: " "at 400/s: "; do
    [[ "${output}" =~ "${part}"[1-9][0-9]{2}(\.[0-9])?/s,\ p50\ [0-9.]+\ [mu]s,\ p99\ [0-9.]+\ [mu]s,\ 0\ failed,\ 5\ open,\ 1\ s\ left ]]
  done
  [[ ! "${output}" =~ [0-9kMGT]{5,}/s && "${output}" != *"p50 0 ns"* ]]
  [ -z "$("${bin}/tsload" -c 5 -d 1100ms "${uri}" 2>&1 >/dev/null)" ]
}

# A server that fails in one way (below), after a first reply that is as it should be.
fails='
import socket, sys, threading, time
kind, family = sys.argv[1], socket.AF_UNIX if len(sys.argv) > 2 else socket.AF_INET
s = socket.socket(family)
s.bind(sys.argv[2] if len(sys.argv) > 2 else ("127.0.0.1", 0))
s.listen(0 if kind in ("connect_timeout", "backlog_full") else 64)
print("unix:" + sys.argv[2] if len(sys.argv) > 2 else "tcp://%s:%d" % s.getsockname(), flush=True)
kept = []
def serve(c):
    for n in range(1000):
        data = c.recv(65536)
        if not data:
            break
        if kind == "send_failed":
            c.shutdown(socket.SHUT_RD) # the next message is refused by the socket itself
        late = 3600 if kind == "future_time" and n > 0 else 0
        text = "soon" if kind in ("bad_time", "connection_dropped") and n > 0 else time.ctime(time.time() + late)
        c.sendall(b"[" + text.encode() + b"]" + data)
        if kind == "unsolicited" and n > 0:
            time.sleep(0.05)
            c.sendall(b"hello")
    if kind == "no_end":
        kept.append(c)
    else:
        c.close()
if kind in ("connect_timeout", "backlog_full"):
    time.sleep(60)
while True:
    c = s.accept()[0]
    threading.Thread(target=serve, args=(c,), daemon=True).start()
'

@test "what seldom goes wrong has its class, moments and example, too" {
  while read -r class arguments; do
    # shellcheck disable=SC2086 # several words
    [[ "${class}" != @(backlog_full|send_failed) ]] || path=${BATS_TEST_TMPDIR}/${class}
    start_peer /usr/bin/python3 -c "${fails}" "${class}" ${path:+"${path}"}
    path=
    load --timeout=150ms ${arguments} "${uri}"
    holds "e.get('${class}', 0) >= 1" "all(-1 < x['first_at_s'] <= x['last_at_s'] < 5 for x in d['errors'])" # below 0: while opening
  done <<'END'
future_time -c 2 -n 20
bad_time -c 2 -n 20
unsolicited -c 1 -r 5 -n 4
no_end -c 2 -n 6 --session=2
connect_timeout -c 6 -d 500ms
backlog_full -c 6 -d 500ms
connection_dropped -c 2 -p 4 -n 20
send_failed -c 2 -n 20
END
}

@test "a connection that cannot be made for want of memory, or for a reason of its own, is told from the others" {
  start_server
  run timeout 20 strace -f -qq -o /dev/null -e trace=connect -e inject=connect:error=ENOMEM:when=2+2 \
    "${bin}/tsload" --progress=never --json="${result}" -t 1 -c 8 -n 100 "${uri}"
  holds 'e == {"no_memory": c["failed"]} and 4 <= c["failed"] == c["attempted"] - c["opened"] and r["completed"] == 100' \
    'd["errors"][0]["example"].endswith("Cannot allocate memory") and d["errors"][0]["first_at_s"] <= d["errors"][0]["last_at_s"]'
  start_server --listen="unixgram:${BATS_TEST_TMPDIR}/d" # which takes no streams
  load -c 3 -d 100ms "unix:${BATS_TEST_TMPDIR}/d"
  [ "${status}" -eq 3 ]
  [[ "${lines[0]}" == *"cannot connect: the connection could not be made, for another reason" ]]
  holds 'set(e) == {"connect_failed"} and c["failed"] == c["attempted"] == e["connect_failed"] >= 3' \
    '"wrong type" in d["errors"][0]["example"]'
}

# A class that no run above brings about is a class of which nobody knows whether it is ever counted.
@test "each class of errors has a test with a live server" {
  n=0
  while read -r class; do
    grep -qE "(^|[^a-z_])${class}([^a-z_]|\$)" "${BATS_TEST_DIRNAME}"/load{,.serial}.bats || { echo "no test: ${class}"; false; }
    n=$((n + 1))
  done < <(sed -nE 's/^X\((\w+),.*/\1/p' "${BATS_TEST_DIRNAME}/../loadgen/errors.def")
  [ "${n}" -ge 20 ]
}

@test "no descriptor, no local address and no route are told apart" {
  start_server
  "${bin}/tsload" --progress=never --json="${result}" -c 5 --session=2 -d 30s "${uri}" >/dev/null 3>&- &
  pid=$!
  until_it_served 10
  prlimit --pid "${pid}" --nofile=8:8
  read -r -t 0.2 <> <(:) || true
  kill -INT "${pid}"
  wait "${pid}" || true
  holds 'adds_up(r) and set(e) == {"no_descriptors"} and r["failed"] == 0'

  unshare -rn true || skip "no network of its own can be made here"
  cat >"${BATS_TEST_TMPDIR}/inside" <<END
ip link set lo up && echo "50000 50009" >/proc/sys/net/ipv4/ip_local_port_range
"${bin}/tsload" --progress=never --json="${result}.route" -c 2 -n 2 -d 1s tcp://192.0.2.1:7
"${bin}/tsserver" --listen=unix:"${BATS_TEST_TMPDIR}/s" --listen=tcp://127.0.0.1:7000 --ready-fd=9 9>"${BATS_TEST_TMPDIR}/up" &
read -r line <"${BATS_TEST_TMPDIR}/up"
"${bin}/tsload" --progress=never --json="${result}" -c 5 --session=1 -d 500ms tcp://127.0.0.1:7000
kill \$!
END
  mkfifo "${BATS_TEST_TMPDIR}/up"
  timeout 20 unshare -rn bash "${BATS_TEST_TMPDIR}/inside" 3>&-
  holds 'adds_up(r) and r["completed"] >= 5 and set(e) == {"no_local_address"}'
  result=${result}.route
  holds 'd["partial"] and set(e) == {"unreachable"}'
}

@test "the number of connections that the local ports allow is said, and is true" {
  unshare -rn true || skip "no network of its own can be made here"
  cat >"${BATS_TEST_TMPDIR}/inside" <<END
ip link set lo up && echo "50000 50009" >/proc/sys/net/ipv4/ip_local_port_range
"${bin}/tsserver" --listen=unix:"${BATS_TEST_TMPDIR}/s" --listen=tcp://127.0.0.1:7000 --ready-fd=9 9>"${BATS_TEST_TMPDIR}/up" &
read -r line <"${BATS_TEST_TMPDIR}/up"
"${bin}/tsload" -c 21 --source=127.0.0.1/31 tcp://127.0.0.1:7000 2>"${BATS_TEST_TMPDIR}/said"
"${bin}/tsload" --progress=never --json="${result}" -c 20 -n 20 --source=127.0.0.2/31 tcp://127.0.0.1:7000
kill \$!
END
  mkfifo "${BATS_TEST_TMPDIR}/up"
  timeout 20 unshare -rn bash "${BATS_TEST_TMPDIR}/inside" 3>&-
  grep -q "not enough local ports: 21 connections, and 2 address(es) with 10 ports each; this would reach 20;" "${BATS_TEST_TMPDIR}/said"
  holds 'c["opened"] == c["served"] == 20 and not d["errors"]'
}

@test "a report that cannot be written is said, and exits 3" {
  start_server
  status=0
  "${bin}/tsload" -c 2 -n 10 --progress=never "${uri}" >/dev/full 2>"${BATS_TEST_TMPDIR}/said" || status=$?
  [ "${status}" -eq 3 ]
  grep -q "cannot be written to standard output" "${BATS_TEST_TMPDIR}/said"
}

# Fault caught: a reply that answers a message before it has gone out (the request was then done and not yet sent, and the
# count of what is unsent ran past what is in flight: a crash).
@test "an answer to what has not been sent yet is no answer" {
  start_peer /usr/bin/python3 "${BATS_TEST_DIRNAME}/servers/guess.py" $((8 << 20))
  load -t 1 -c 1 -n 2 -s 8MiB --timeout=5s "${uri}"
  [ "${status}" -eq 4 ]
  holds 'r["completed"] == 0 and r["failed"] == 2 and e == {"oversized_reply": 2}'
}

# Fault caught: lines beyond what has gone out complete requests that wait to be sent, and the count of those runs below 0.
@test "without verification, too, a server that says too much answers no more than was sent" {
  start_peer /usr/bin/python3 "${BATS_TEST_DIRNAME}/servers/chatty.py"
  load -c 4 -p 20 -s 60000 -d 300ms --verify=off "${uri}"
  [[ "${status}" =~ ^[04]$ ]]
  holds 'r["completed"] <= r["sent"]'
}
