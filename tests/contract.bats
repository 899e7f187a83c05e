#!/usr/bin/env bats
# The contract with users and scripts: exit codes, one-line errors, readiness, what every JSON file holds and that it is
# true, results of stopped runs. Each sentence is checked with the built programs; behaviour has files of its own.
# shellcheck disable=SC2154 # bin, file, scratch and the like come from helpers/contract, uri and peer from helpers/peer
# long: 25 s
load helpers/peer
load helpers/contract

setup() {
  contract_setup
}

teardown() {
  stop_peers
}

@test "every wrong value of every typed option ends with 2 and one line: option, value, what is allowed" {
  wrong_values tsserver
  wrong_values tsload tcp://127.0.0.1:1
  wrong_values tsconform tcp://127.0.0.1:1
  wrong_values tsclient tcp://127.0.0.1:1
}

@test "wrong texts and contradictions end with 2 and one line" {
  local value
  for value in --time=nosuch --time= '--time=strftime:a]b' '--separator=]' --separator=longer-than-thirty-one-bytes-are --stats=; do
    wrong "${value}" tsserver --listen=tcp://127.0.0.1:0
  done
  for value in --arrival=nosuch --stage=10s --stage=0s:5 --size=0 --size=uniform:20:10 --size=17M --source=127.0.0.0/33 \
    --percentiles=101 --percentiles=50,50 --threshold=nosuch '--threshold=p99<' '--threshold=rate<5ms' --until=nosuch \
    --find-max=nosuch --sweep=1:2 --sweep=10:1:3 --json= --hdr-log=; do
    wrong "${value}" tsload tcp://127.0.0.1:1
  done
  for value in --time=nosuch --trace=nosuch --only= --exec= --json=; do
    wrong "${value}" tsconform tcp://127.0.0.1:1
  done
  ends 2 --nosuch -- tsserver --nosuch
  ends 2 extra -- tsserver extra
  ends 2 URI -- tsload
  ends 2 URI -- tsconform
  ends 2 nosuch -- tsreport nosuch
  ends 2 --words -- tsconform --words tcp://127.0.0.1:1
  ends 2 --processes=3 -- tsserver --mode=thread --processes=3
}

@test "endpoints have one syntax in every program, and a wrong one ends with 2" {
  local text
  for text in nosuch http://127.0.0.1:1 127.0.0.1:1 tcp://127.0.0.1:65536 tcp://127.0.0.1:-1 tcp://::1:5 'tcp://[::1' unix: \
    unix:@ tcp://127.0.0.1:1/x "unix:$(printf 'a%.0s' {1..200})"; do
    ends 2 "${text:0:60}" -- tsserver --listen="${text}"
    ends 2 "${text:0:60}" -- tsload "${text}"
    ends 2 "${text:0:60}" -- tsconform "${text}"
    ends 2 "${text:0:60}" -- tsclient "${text}"
  done
}

@test "a host of two addresses is the one where the server listens, and else the default" {
  unshare -rm true || skip "no mounts of its own can be made here"
  local address port
  printf '::1 localhost\n127.0.0.1 localhost\n' >"${scratch}/hosts"
  as_both() { unshare -rm bash -c 'mount --bind "$1" /etc/hosts && shift && exec "$@"' _ "${scratch}/hosts" "$@"; }
  [ "$(as_both getent ahosts localhost | grep -c STREAM)" -eq 2 ] || skip "names are not looked up in /etc/hosts"
  for address in 127.0.0.1 '[::1]'; do
    start_server --listen="tcp://${address}:0"
    as_both "${bin}/tsload" -c 1 -n 5 "tcp://localhost:${uri##*:}"
    [[ "$(as_both "${bin}/tsclient" "tcp://localhost:${uri##*:}" <<<hello)" == "["*"]hello" ]]
    as_both "${bin}/tsconform" --only=format.reply "tcp://localhost:${uri##*:}"
    port=${uri##*:}
    start_server --listen="udp://${address}:0"
    as_both "${bin}/tsload" -c 1 -n 5 "udp://localhost:${uri##*:}"
  done
  stop_peers # the port is nobody's now
  as_both "${bin}/tsconform" --only=format.reply --exec "exec '${bin}/tsserver' --listen={uri}" "tcp://localhost:${port}" >"${scratch}/out"
  [[ "$(head -n 1 "${scratch}/out")" == "tcp://127.0.0.1:${port}"* ]]
  # Fault caught: a server of ours that had taken the other address was said to refuse every client.
  as_both "${bin}/tsconform" --only=format.reply --only=lifecycle.restart --exec "exec '${bin}/tsserver' --listen='tcp://[::1]:{port}'" \
    "tcp://localhost:${port}" >"${scratch}/out"
  [[ "$(head -n 1 "${scratch}/out")" == "tcp://[::1]:${port}"* ]]
}

@test "what cannot be reached ends with 3 and one line, and the report says so" {
  local text
  for text in tcp://127.0.0.1:1 udp://127.0.0.1:1 "unix:${scratch}/nosuch" "unixgram:${scratch}/nosuch" unix:@tsbench-nosuch; do
    fails "${text}" tsload -c 2 -d 10s --give-up=100ms --json="${file}" "${text}"
    valid "${file}"
    says "${file}" 'd["partial"]' 'r["completed"] == 0' 'adds_up()' 'd["errors"]' 'd["connections"]["served"] == 0'
  done
  for text in tcp://127.0.0.1:1 "unixgram:${scratch}/nosuch"; do
    fails "${text}" tsconform --timeout=500ms --json="${file}" --junit="${scratch}/junit.xml" "${text}"
    valid "${file}"
    says "${file}" 'd["verdict"] is None' 'd["summary"]["pass"] == 0' 'len(d["cases"]) == sum(d["summary"].values()) > 30'
    xmllint --noout "${scratch}/junit.xml"
  done
}

@test "what cannot be written, read or had ends with 3 and one line" {
  start_server
  fails /nosuch tsload -c 1 -n 1 --json=/nosuch/x "${uri}"
  fails /nosuch tsload -c 1 -n 1 --hdr-log=/nosuch/x "${uri}"
  fails /nosuch tsload -c 1 -n 1 --arrival=trace:/nosuch -r 1 "${uri}"
  fails "${scratch}" tsload -c 1 -n 1 --json="${scratch}" "${uri}"
  fails "${scratch}" tsserver --listen=tcp://127.0.0.1:0 --stats="${scratch}"
  fails /nosuch tsconform --only=format.reply --json=/nosuch/x "${uri}"
  fails "${uri}" tsserver --listen="${uri}"
  fails --ready-fd=77 tsserver --listen=tcp://127.0.0.1:0 --ready-fd=77
  fails --stats=/nosuch/x tsserver --listen=tcp://127.0.0.1:0 --stats=/nosuch/x
  fails --server-pid=4194303 tsload -c 1 -n 1 --server-pid=4194303 "${uri}"
  fails cannot tsload -c 2 -d 50ms udp://127.0.0.1:1 # ended before it would have been given up
  fails /nosuch tsserver --listen=unix:/nosuch/x
  fails nosuch.json tsreport table "${scratch}/nosuch.json"
  fails port tsload -c 50000 -d 1s --processes=8 "${uri}"
  run bash -c "ulimit -f 0; '${bin}/tsload' -c 1 -n 1 --json='${scratch}/large.json' '${uri}' 2>&1 >/dev/null"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"File too large; raise the limit"* ]]
  [ -z "$(find "${scratch}" -name 'large.json*')" ]
  (ulimit -n 64 && fails descriptors tsload -c 1000 -d 1s --processes=1 "${uri}")
}

@test "who may not write to a device's folder may write to the device" {
  local nobody=()
  start_server
  [ "$(id -u)" -ne 0 ] || nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  "${nobody[@]}" test -x "${bin}/tsload" || skip "the programs are out of their reach"
  "${nobody[@]}" "${bin}/tsload" -c 1 -n 1 --json=/dev/null --hdr-log=/dev/null "${uri}"
  run "${nobody[@]}" timeout --preserve-status 0.2 "${bin}/tsserver" --listen=tcp://127.0.0.1:0 --stats=/dev/null
  [ "${status}" -eq 0 ]
}

@test "a full standard output is said, with exit status 3" {
  local words
  for words in "tsserver --help" "tsserver --list-modes" "tsserver --list-modes --json" "tsload --help" "tsconform --list" "tsreport --help"; do
    run bash -c "'${bin}'/${words} 2>&1 >/dev/full"
    [ "${status}" -eq 3 ] || { echo "${words}: ${status}"; return 1; }
    [ "${#lines[@]}" -eq 1 ]
  done
}

@test "the ready descriptor: a line with the real port for each endpoint, then its end, and the server accepts" {
  mkfifo "${scratch}/end"
  "${bin}/tsserver" --mode=epoll --listen=tcp://127.0.0.1:0 --listen='udp://[::1]:0' --listen="unix:${scratch}/s" --ready-fd=7 \
    --stats="${file}" 7>"${scratch}/end" 3>&- &
  peers+=("$!")
  run timeout 10 cat "${scratch}/end" # ends because the descriptor is closed
  [ "${status}" -eq 0 ]
  [ "${#lines[@]}" -eq 3 ]
  [[ "${lines[0]}" =~ ^tcp://127\.0\.0\.1:[1-9][0-9]*$ ]]
  [[ "${lines[1]}" =~ ^udp://\[::1\]:[1-9][0-9]*$ ]]
  [ "${lines[2]}" = "unix:${scratch}/s" ]
  local endpoint
  for endpoint in "${lines[@]}"; do
    [[ "$(printf 'hello\n' | "${bin}/tsclient" "${endpoint}")" == "["*"]hello" ]]
  done
}

# What a result must hold at least, by the contract, and what must add up in it.
readonly load_fields='has(d, "target", "plan", "host", "started_at", "partial", "errors", "series", "fairness", "server", "thresholds")
has(r, "timed_out", "mismatched", "late", "duplicated", "reordered", "lost")
has(d["connections"], "attempted", "opened", "failed", "peak_open", "served")
has(d["throughput"], "requests_per_s", "sent_bytes_per_s", "received_bytes_per_s", "offered_per_s", "achieved_ratio")
all(has(d["latency"][k], "count", "min_ns", "max_ns", "mean_ns", "stddev_ns", "percentiles", "histogram") for k in ("response", "service", "connect"))
has(d["latency"]["response"]["percentiles"], "50", "99", "99.99")
has(d["fairness"], "jain", "min_per_connection", "max_per_connection")
has(d["generator"], "cpu_user_s", "cpu_system_s", "max_rss_bytes", "send_lag")
d["validity"]["verdict"] in ("valid", "suspect", "invalid") and isinstance(d["validity"]["reasons"], list)
all(has(e, "class", "count", "first_at_s", "last_at_s", "example") for e in d["errors"])
adds_up()
all(sum(s[k] for s in d["series"]) == r[k] for k in ("scheduled", "completed", "failed"))
sum(s["response"]["count"] for s in d["series"]) == d["latency"]["response"]["count"]
known(d["latency"]["response"]["percentiles"].values()) == sorted(known(d["latency"]["response"]["percentiles"].values()))'

holds_load() { # FILE [EXPRESSION...]
  local expressions
  mapfile -t expressions <<<"${load_fields}"
  valid "$1"
  says "$1" "${expressions[@]}" "${@:2}"
}

@test "a result of tsload holds what the contract names, adds up, and agrees with the server, on every transport" {
  local endpoint
  for endpoint in tcp://127.0.0.1:0 'tcp://[::1]:0' udp://127.0.0.1:0 "unix:${scratch}/s" unixgram:@tsbench-contract; do
    start_server --listen="${endpoint}" --stats="${scratch}/stats.json"
    "${bin}/tsload" -c 7 -n 700 --interval=10ms --json="${file}" --server-pid="${peer}" "${uri}" >/dev/null
    stop_peers
    holds_load "${file}" 'not d["partial"]' 'r["completed"] == 700' 'd["connections"]["served"] == 7' 'd["errors"] == []' \
      'd["server"]["cpu_user_s"] is not None'
    valid "${scratch}/stats.json"
    says "${scratch}/stats.json" 'd["messages_count"] + d["datagrams_count"] >= 700' 'd["open_count"] == 0' \
      "d['received_bytes'] == json.load(open('${file}'))['requests']['sent_bytes']" \
      "d['sent_bytes'] == json.load(open('${file}'))['requests']['received_bytes']"
  done
}

@test "an open loop holds the same, with what was offered and how late it was sent" {
  start_server
  "${bin}/tsload" -c 5 -t 2 -r 1k --arrival=poisson -d 300ms --json="${file}" "${uri}" >/dev/null || [ "$?" -eq 4 ]
  holds_load "${file}" 'd["throughput"]["offered_per_s"] > 0' '0 < d["throughput"]["achieved_ratio"] <= 1.01' \
    'd["generator"]["send_lag"]["count"] > 0'
}

@test "standard output as the file of the result holds JSON alone" {
  start_server
  "${bin}/tsload" -c 2 -n 20 --progress=always --json=- "${uri}" 2>/dev/null >"${file}"
  holds_load "${file}" 'r["completed"] == 20'
  "${bin}/tsconform" --only='format.*' --json=- "${uri}" >"${file}"
  valid "${file}"
  "${bin}/tsserver" --list-modes --json >"${file}"
  valid "${file}"
  says "${file}" 'all(has(m, "name", "summary", "transports", "concurrent", "available") for m in d["modes"])'
}

@test "a missed threshold is exit status 1, a held one 0, and both stand in the result" {
  start_server
  run "${bin}/tsload" -c 2 -n 50 --threshold='p99<1ns' --threshold='error_rate<=0' --json="${file}" "${uri}"
  [ "${status}" -eq 1 ]
  says "${file}" '[(t["expression"], t["passed"]) for t in d["thresholds"]] == [("p99<1ns", False), ("error_rate<=0", True)]' \
    'd["thresholds"][0]["actual"] > 1'
  "${bin}/tsload" -c 2 -n 50 --threshold='p50<1m' --threshold='rate>1' "${uri}"
}

@test "tsload stopped by a signal, in a closed and in an open loop: 128 + n and a whole, partial result" {
  local endpoint options name=TERM
  for endpoint in tcp://127.0.0.1:0 udp://127.0.0.1:0 unixgram:@tsbench-contract; do
    start_server --listen="${endpoint}"
    for options in "" "-r 2k" "--processes=2" "--warmup=60s"; do
      rm -f "${file}"
      # shellcheck disable=SC2086 # options are words, or none
      run timeout --preserve-status -k 10 -s "${name}" 0.2 "${bin}/tsload" -c 20 -d 60s ${options} --json="${file}" "${uri}"
      [ "${status}" -eq $((128 + $(kill -l "${name}"))) ] || { echo "${endpoint} ${options} ${name}: ${status}"; return 1; }
      holds_load "${file}" 'd["partial"]'
      [ "${name}" = TERM ] && name=INT || name=TERM
    done
    stop_peers
  done
  [ "$(find "${scratch}" -name 'result.json*' | wc -l)" -eq 1 ] # no temporary file is left
}

@test "a search and a sweep that a signal ends are partial, too" {
  start_server
  run timeout --preserve-status -k 10 -s INT 0.5 "${bin}/tsload" -c 4 -d 10s --sweep=100:1k:4 --json="${file}" "${uri}"
  [ "${status}" -eq 130 ]
  valid "${file}"
  says "${file}" 'd["partial"]' 'adds_up()'
  run timeout --preserve-status -k 10 -s TERM 0.5 "${bin}/tsload" -c 4 -d 10s --find-max='p99<1s' --json="${file}" "${uri}"
  [ "${status}" -eq 143 ]
  valid "${file}"
  says "${file}" 'd["partial"]' 'adds_up()'
}

@test "a server that is killed: tsload ends with 3, errors by class, a ledger that adds up, a partial result" {
  local endpoint
  for endpoint in tcp://127.0.0.1:0 "unix:${scratch}/s"; do
    start_peer timeout --foreground -s KILL 0.5 "${bin}/tsserver" --listen="${endpoint}" --ready-fd=1
    ends 3 "${uri}" -- tsload -c 20 -d 60s --give-up=200ms --json="${file}" "${uri}"
    holds_load "${file}" 'd["partial"]' 'r["completed"] > 0' 'sum(e["count"] for e in d["errors"]) > 0'
  done
}

@test "tsconform: 0 and 1 by the server's conduct, and a report that holds what the contract names" {
  start_server
  "${bin}/tsconform" --only='format.*' --json="${file}" --junit="${scratch}/junit.xml" "${uri}"
  valid "${file}"
  says "${file}" 'd["verdict"] == "conformant"' 'has(d["summary"], "pass", "fail", "warn", "skip", "error")' \
    'sum(d["summary"].values()) == len(d["cases"])' 'd["dialect"]["time"] == "ctime"' \
    'all(has(c, "id", "level", "requirement", "transport", "status", "duration_ms", "message", "expected", "actual", "trace", "seed") for c in d["cases"])'
  start_peer "${servers}/faulty" --fault=newline-after
  run "${bin}/tsconform" --only='format.*' --json="${file}" --junit="${scratch}/junit.xml" --format=tap "${uri}"
  [ "${status}" -eq 1 ]
  valid "${file}"
  says "${file}" 'd["verdict"] == "nonconformant"' 'd["summary"]["fail"] > 0'
  [[ "${output}" == "TAP version"* ]]
  xmllint --noout "${scratch}/junit.xml"
}

@test "a pattern that selects no case is 2, and the report is written all the same" {
  wrong --only=nosuch tsconform --json="${file}" --junit="${scratch}/junit.xml" tcp://127.0.0.1:1
  valid "${file}"
  says "${file}" 'd["verdict"] is None' 'sum(d["summary"].values()) == len(d["cases"]) == 0'
  xmllint --noout "${scratch}/junit.xml"
}

@test "tsconform stopped by a signal: 128 + n and a whole, partial report" {
  start_server
  local name
  for name in INT TERM; do
    run timeout --preserve-status -k 10 -s "${name}" 0.1 "${bin}/tsconform" --json="${file}" --junit="${scratch}/junit.xml" "${uri}"
    [ "${status}" -eq $((128 + $(kill -l "${name}"))) ]
    valid "${file}"
    says "${file}" 'd["partial"]' 'd["verdict"] is None' 'sum(d["summary"].values()) == len(d["cases"])'
    xmllint --noout "${scratch}/junit.xml"
  done
}

@test "tsserver stopped by either signal: 0, whole statistics, no UNIX path left; a busy endpoint is 3" {
  local name
  for name in INT TERM; do
    start_server --listen="unix:${scratch}/s" --stats="${file}"
    fails "unix:${scratch}/s" tsserver --listen="unix:${scratch}/s"
    [ -S "${scratch}/s" ]
    printf 'hello\n' | "${bin}/tsclient" "${uri}" >/dev/null
    kill -s "${name}" "${peer}"
    wait "${peer}"
    [ ! -e "${scratch}/s" ]
    valid "${file}"
    says "${file}" 'd["partial"] is False' 'd["accepted_count"] == 1' 'd["messages_count"] == 1'
    rm "${file}"
  done
}

@test "results merge bucket by bucket, and what is not a result ends with 3 and one line" {
  start_server
  "${bin}/tsload" -c 2 -n 300 --json="${scratch}/a.json" "${uri}" >/dev/null
  "${bin}/tsload" -c 3 -n 500 --json="${scratch}/b.json" "${uri}" >/dev/null
  "${bin}/tsreport" merge "${scratch}/a.json" "${scratch}/b.json" -o "${file}"
  valid "${file}"
  says "${file}" 'r["completed"] == 800' 'd["latency"]["response"]["count"] == 800' 'adds_up()'
  "${bin}/tsreport" validate "${scratch}/a.json" "${file}"
  head -c 3000 "${scratch}/a.json" >"${scratch}/cut.json"
  sed 's,tsbench.load/1,tsbench.load/9,' "${scratch}/a.json" >"${scratch}/version.json"
  printf '[%.0s' {1..5000} >"${scratch}/deep.json"
  local name command
  for name in cut version deep; do
    for command in validate table csv charts merge; do
      fails "${scratch}/${name}.json" tsreport "${command}" "${scratch}/${name}.json"
      [ ! -s "${scratch}/out" ]
    done
  done
}

@test "make targets name a wrong value" {
  local words
  unset MAKEFLAGS MFLAGS MAKELEVEL
  for words in SUITE=nosuch MODES=nosuch TRIALS=0 TRIALS=1.5 RESUME=/nosuch; do
    run make -s -C "${root}" bench SUITE=quick "${words}"
    [ "${status}" -eq 2 ]
    [[ "${output}" == *"${words#*=}: must be"* ]] || { echo "${words}: ${output}"; return 1; }
  done
  run make -s -C "${root}" compare BASE=nosuch HEAD=nosuch
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"nosuch: "* ]]
}
