#!/usr/bin/env bats
# tsload against servers with known delays, stalls, losses and faults: what it reports is what happened. Runs alone.

load helpers/peer
load helpers/load

setup() {
  load_setup
}

# A server that answers datagrams in pairs, the second first.
swap='
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print("udp://127.0.0.1:%d" % s.getsockname()[1], flush=True)
while True:
    pair = [s.recvfrom(65536) for i in range(2)]
    for data, address in reversed(pair):
        s.sendto(b"[" + time.ctime().encode() + b"]" + data, address)
'

teardown() {
  stop_peers
  [ -z "${group:-}" ] || rmdir "${group}"
}

# Make a control group that gets 5 ms of processor time in 100, and set `group` to its folder; fails where none can be made.
throttled_group() {
  local folder
  for folder in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
    group=${folder}/tsload-test-$$
    mkdir "${group}" 2>/dev/null || continue
    # Is it a group at all? Two files in the older hierarchy, one in the unified. Does it let anybody in?
    if [ -e "${group}/cgroup.procs" ] && { { echo 100000 >"${group}/cpu.cfs_period_us" && echo 5000 >"${group}/cpu.cfs_quota_us"; } ||
      echo "5000 100000" >"${group}/cpu.max"; } 2>/dev/null && (echo "${BASHPID}" >"${group}/cgroup.procs") 2>/dev/null; then
      return
    fi
    rmdir "${group}"
  done
  group=
  return 1
}

@test "a server of 5 ms: the percentiles are right to 1 %" {
  # The way there and back is in every latency: it is measured on the same server without a delay.
  start_delay --delay=0s --spin
  load -c 20 -r 500 -d 1s "${uri}"
  way=$("${bin}/tsreport" rows "${result}" . latency.service.percentiles.50)
  stop_delay
  [ "${way}" -lt 500000 ]
  start_delay --delay=5ms --spin
  # Other work on the machine can only add to a latency, and to the upper percentiles first: the lower ones of the best of
  # three runs show what is measured.
  for run in 1 2 3; do
    load -c 20 -r 500 -d 1s --percentiles=5,25,50 "${uri}"
    holds 'r["scheduled"] == 500 and 5e6 <= ns("service", "5")'
    holds "ns('service', '5') <= 5.05e6 + ${way} and ns('response', '5') <= 5.25e6 + ${way} and ns('service', '50') < 10e6" && return
  done
  false
}

@test "a stop of 200 ms each second shows in the response time, and not in the service time" {
  start_delay --stall-every=1s --stall-for=200ms
  load -c 1 -r 200 -d 3s --drain=2s "${uri}"
  holds 'r["completed"] == 600' 'ns("response", "90") > 50e6 and 170e6 < ns("response", "99") < 230e6' \
    'ns("service", "90") < 20e6 and ns("service", "99") < 60e6'
}

@test "what happens to datagrams is counted exactly, as the server itself has counted it" {
  while read -r fault field total; do
    start_delay --listen=udp://127.0.0.1:0 "${fault}"
    load -c 20 -p 4 --timeout=300ms -n 3000 "${uri}"
    stop_delay
    holds "r['scheduled'] == 3000 == t['messages']" "r['${field}'] == t['${total}'] > 20" "r['completed'] + r['failed'] == 3000"
  done <<'END'
--lose=1/50 lost lost
--duplicate=1/50 duplicated duplicated
--corrupt=1/50 corrupted corrupted
--truncate=1/50 truncated truncated
--reorder=1/50 reordered reordered
END
}

@test "reordered datagrams are counted" {
  start_peer /usr/bin/python3 -c "${swap}"
  load -c 1 -p 2 -n 1000 "${uri}"
  holds 'r["reordered"] == 500 and r["completed"] == 1000'
}

@test "late datagrams are told from lost ones, and timed" {
  start_delay --listen=udp://127.0.0.1:0 --late=1/20:300ms
  load -c 10 -r 500 -d 1500ms --timeout=150ms --drain=800ms "${uri}"
  stop_delay
  holds 'r["late"] == t["late"] == r["timed_out"] > 20 and r["lost"] == 0' '290e6 < d["latency"]["response"]["max_ns"] < 400e6'
}

@test "every fault on a stream has its class, and each is counted exactly" {
  while read -r fault class total; do
    start_delay "${fault}"
    load -c 10 -n 1000 --timeout=500ms "${uri}"
    stop_delay
    holds "e == {'${class}': t['${total}']}" "r['failed'] == t['${total}'] > 5" 'r["scheduled"] == 1000 == t["messages"]'
  done <<'END'
--short-reply=1/50 short_reply short
--oversize=1/50 oversized_reply oversized
--bad-format=1/50 bad_format bad_format
--wrong-data=1/50 wrong_data wrong_data
--bad-time=1/50 stale_time bad_time
--early-end=1/50 early_end early_ends
--reset=1/50 reset_before_reply resets
--reset-in-reply=1/50 reset_in_reply resets_in_reply
--reset-every=20 reset_before_reply resets_after
--lose=1/50 reply_timeout lost
END
}

@test "an unanswered request stays in the figures, as a lower bound" {
  start_delay --lose=1/20
  load -c 10 -n 200 --timeout=200ms "${uri}"
  holds 'r["timed_out"] == 10 == d["latency"]["response"]["unanswered_count"]' \
    'd["latency"]["response"]["lower_bound_from_percentile"] == 95' 'ns("response", "99") > 200e6'
  # Those that wait behind such a one take longer than it was waited for: hers might have been longer still.
  start_delay --lose=1/5
  load -c 1 -r 50 -d 1500ms --timeout=200ms --threshold='p90<30s' --threshold='p20<30s' --percentiles=20,50,99 "${uri}"
  holds 'r["unanswered"] > 3' 'd["latency"]["response"]["lower_bound_from_percentile"] < 50' \
    'd["thresholds"][0] == {"expression": "p90<30s", "actual": None, "passed": False}' \
    'd["thresholds"][1]["passed"] and "99" in d["latency"]["response"]["lower_bounds"]' # a third was answered before that
  [[ "${output}" == *"threshold   p90<30s: missed, unknown"* ]]
}

# Fault caught: figures about those alone that were sent, so that a server that stands still looks well in the end.
@test "a request that was due and never sent, or is in flight at the end, stays in the figures, as a lower bound" {
  start_delay --lose=1/996 # one connection: behind the 996th stand four, which are never sent
  seq 0 999 | awk '{print $1 / 1000}' >"${BATS_TEST_TMPDIR}/arrivals"
  load -c 1 --arrival="trace:${BATS_TEST_TMPDIR}/arrivals" --drain=200ms --threshold='p99.9<1s' --threshold='p90<1s' "${uri}"
  holds 'r["scheduled"] == 1000 and r["not_sent"] == 4 and r["in_flight_at_end"] == 1 and r["unanswered"] == 5' \
    'd["latency"]["response"]["unanswered_count"] == 5 and d["latency"]["service"]["unanswered_count"] == 1' \
    'd["latency"]["response"]["count"] == 1000 and d["latency"]["service"]["count"] == 996' \
    '50 < d["latency"]["response"]["lower_bound_from_percentile"] <= 99.5 and d["latency"]["response"]["max_ns"] > 190e6' \
    '{"99.9", "99.99"} <= set(d["latency"]["response"]["lower_bounds"]) and "50" not in d["latency"]["response"]["lower_bounds"]' \
    '[x["passed"] for x in d["thresholds"]] == [False, True] and d["thresholds"][0]["actual"] is None'
  [[ "${output}" == *">: a lower bound; 5 requests were never answered"* ]]
  [ "${status}" -eq 1 ]
  # A queue of datagrams that nobody empties: what it does not take cannot be sent within the time-out.
  start_peer /usr/bin/python3 -c 'if True:
    import socket, sys, time
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(sys.argv[1])
    print("unixgram:" + sys.argv[1], flush=True)
    time.sleep(60)' "${BATS_TEST_TMPDIR}/mute"
  load -c 1 -p 4096 --window=4096 -n 4096 --timeout=200ms --give-up=0s "${uri}"
  holds 'e == {"send_failed": 4096 - r["sent"], "reply_timeout": r["sent"]} and 0 < r["sent"] < 4096 == r["failed"] == r["unanswered"]' \
    'd["latency"]["response"]["count"] == 4096 and d["latency"]["service"]["count"] == r["sent"] and d["latency"]["response"]["min_ns"] >= 200e6'
  # Behind a server that stands still at the end, and in a run that is cut short.
  start_delay --stall-every=10s --stall-for=9900ms
  status=0
  timeout --preserve-status -s INT 0.7 "${bin}/tsload" --progress=never --json="${result}" -c 10 -r 1k -d 9s --drain=0s "${uri}" || status=$?
  [ "${status}" -eq 130 ]
  holds 'adds_up(r) and r["not_sent"] > 100 and 8 <= r["in_flight_at_end"] <= 10' \
    'd["latency"]["response"]["count"] == r["completed"] + r["unanswered"] == r["scheduled"]' \
    '"99.9" in d["latency"]["response"]["lower_bounds"]'
}

# Other work on the machine can only delay an opening: the best of three runs counts.
@test "connections are opened at the rate that was asked for, to 1 %" {
  start_server
  while read -r rate arguments; do
    for run in 1 2 3; do
      # shellcheck disable=SC2086 # several words
      load --connect-rate="${rate}" ${arguments} "${uri}"
      ! holds "near(c['attempted_per_s'], ${rate}, 0.01)" || continue 2
    done
    false
  done <<'END'
3000 -c 1500 -n 1500
400 -c 400 -n 400 --processes=2 -t 3
700 -c 50 --session=1 -d 800ms
END
}

# Faults caught: descriptors or ports that run out; a pair with the server's own port, which it never answers.
@test "100,000 UDP sockets from one command are each answered" {
  start_server --listen=udp://127.0.0.1:0
  load -c 100k -n 100k --source=127.67.0.0/28 --timeout=10s "${uri}"
  holds 'c["opened"] == c["served"] == c["peak_open"] == 100000 and c["failed"] == 0' \
    'r["completed"] == r["scheduled"] == 100000 and not d["errors"]' 'd["generator"]["processes_count"] >= 1'
}

# Fault caught: workers that hear of the start after it, so that many a run begins with a burst of late requests.
@test "a run begins when it is to begin: one of 4 ms has requests" {
  start_server
  n=0
  for run in 1 2 3 4 5 6 7 8; do
    load -c 4 --connect-rate=400 -d 4ms "${uri}"
    ! holds 'r["completed"] > 0' || n=$((n + 1))
  done
  [ "${n}" -ge 6 ] # other work on the machine may hold up a few
}

@test "a generator that is stopped for 200 ms says so" {
  start_server
  "${bin}/tsload" --progress=never --json="${result}" -c 10 -r 1000 -d 2s "${uri}" >/dev/null 3>&- &
  pid=$!
  await_handlers "${pid}"
  read -r -t 0.6 <> <(:) || true # its connections are open by then
  kill -STOP "${pid}"
  read -r -t 0.25 <> <(:) || true
  kill -CONT "${pid}"
  wait "${pid}" || true
  holds 'v["verdict"] != "valid" and any("late" in x or "did not run" in x for x in v["reasons"])' \
    'd["generator"]["longest_gap_s"] > 0.15'
}

# Stops too short to be seen as such: what they do to the moments of sending is seen.
@test "requests that leave in bunches where constant intervals were asked for are seen" {
  start_server
  "${bin}/tsload" --progress=never --json="${result}" -c 20 -t 1 -r 200 -d 1200ms "${uri}" >/dev/null 3>&- &
  pid=$!
  await_handlers "${pid}"
  for ((i = 0; i < 200; i++)); do # to its end
    kill -STOP "${pid}" 2>/dev/null || break
    read -r -t 0.03 <> <(:) || true
    kill -CONT "${pid}" 2>/dev/null || break
    read -r -t 0.01 <> <(:) || true
  done
  wait "${pid}" || true
  holds 'v["verdict"] != "valid" and any(x.startswith("the requests were not sent at constant intervals") for x in v["reasons"])' \
    'd["generator"]["arrivals_dispersion"] > 0.5 and r["scheduled"] == 240'
}

# The generator gives way, so that one hog is enough on any machine: it gets a seventieth of what the hog gets.
@test "a hog on the generator's processor is seen, and the verdict names it" {
  start_server
  last=$(taskset -pc $$ | sed -E 's/.*[ ,-]//')
  taskset -c "${last}" bash -c 'while :; do :; done' 3>&- &
  peers+=("$!")
  nice -n 19 "${bin}/tsload" --progress=never --json="${result}" --cpus="${last}" -t 1 -c 20 -r 5k -d 1s "${uri}" || status=$?
  [ "${status:-0}" -eq 0 ] || [ "${status}" -eq 4 ]
  holds 'v["verdict"] != "valid" and any("waited for a processor for" in x and "others use it too" in x for x in v["reasons"])' \
    'd["generator"]["run_wait_s"] > 0.35 * d["generator"]["watched_s"]'
}

# Where no control group can be made, what tsload says of its own is compared with the files of the kernel.
# Fault caught: a machine with room, and a group (a container) without, in which the run is killed.
@test "what a control group's memory cannot hold is said before the run" {
  group=/sys/fs/cgroup/memory/tsload-memory-$$
  [ -d /sys/fs/cgroup/memory ] || group=/sys/fs/cgroup/tsload-memory-$$
  mkdir "${group}" 2>/dev/null || { group=; skip "no control group can be made here"; }
  { echo $((64 << 20)) >"${group}/memory.limit_in_bytes" || echo $((64 << 20)) >"${group}/memory.max"; } 2>/dev/null ||
    skip "no memory can be limited here"
  run bash -c 'echo "${BASHPID}" >"$1/cgroup.procs" && shift && exec "$@"' _ "${group}" \
    "${bin}/tsload" -c 100k --source=127.64.0.0/22 tcp://127.0.0.1:1
  [ "${status}" -eq 3 ]
  [[ "${lines[0]}" =~ not\ enough\ memory:\ 100000\ .*\ 6[0-9.]+\ MiB\ are\ free\ in\ its\ control\ group\;\ .*about\ 1[0-9]{4}\ connections$ ]]
}

@test "a throttled control group is seen, and the verdict names it" {
  start_server
  if throttled_group; then
    (echo "${BASHPID}" >"${group}/cgroup.procs" && exec "${bin}/tsload" --progress=never --json="${result}" --pace=spin \
      -c 20 -r 5k -d 1s "${uri}") || status=$?
    [ "${status:-0}" -eq 0 ] || [ "${status}" -eq 4 ]
    holds 'v["verdict"] != "valid" and any(x.startswith("the control group was throttled in ") for x in v["reasons"])' \
      'd["generator"]["throttled_periods_count"] >= 5'
  fi
  load -c 20 -r 100 -d 300ms "${uri}"
  if cat /sys/fs/cgroup{,/cpu,/cpu,cpuacct}/cpu.stat "/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/cpu.stat" 2>/dev/null | grep -q ^nr_throttled; then
    holds 'd["generator"]["throttled_periods_count"] >= 0'
  fi
  holds 'any("throttled" in x for x in v["reasons"]) == ((d["generator"]["throttled_periods_count"] or 0) > 0)'
}

# A server that gets slower by so many milliseconds in each second.
tires='
import socket, sys, threading, time
s = socket.create_server(("127.0.0.1", 0), backlog=100)
print("tcp://%s:%d" % s.getsockname(), flush=True)
begin = []
def serve(c):
    while data := c.recv(65536):
        begin or begin.append(time.monotonic())
        time.sleep(0.02 + float(sys.argv[1]) / 1000 * (time.monotonic() - begin[0]))
        c.sendall(b"[" + time.ctime().encode() + b"]" + data)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
'

@test "a response time that keeps rising is said, and a steady one is not accused" {
  while read -r slower verdict; do
    start_peer /usr/bin/python3 -c "${tires}" "${slower}"
    load -c 60 -r 100 -d 2s "${uri}"
    holds "any(x.startswith('the response time kept rising, from ') for x in v['reasons']) == ('${verdict}' == 'accused')" \
      "v['verdict'] != 'valid' or '${verdict}' == 'clean'"
  done <<'END'
150 accused
0 clean
END
}

# The machine's own clock is left alone: tsload sees one that steps.
@test "a wall clock that steps is seen, and one that does not is not accused" {
  cc -shared -fPIC -O1 -o "${BATS_TEST_TMPDIR}/clock.so" "${BATS_TEST_DIRNAME}/helpers/clock_step.c"
  start_server
  while read -r step_ms at_ms verdict; do
    ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=${BATS_TEST_TMPDIR}/clock.so CLOCK_STEP_MS=${step_ms} CLOCK_STEP_AT_MS=${at_ms} \
      load -c 4 -r 200 -d 600ms --tolerance=20s "${uri}"
    holds "any('the wall clock stepped by' in x for x in v['reasons']) == ('${verdict}' == 'accused')" \
      "(v['verdict'] != 'valid' and d['generator']['clock_steps_count'] > 0) or '${verdict}' != 'accused'" 'r["completed"] == 120'
  done <<'END'
10000 300 accused
-50 300 accused
3 300 clean
10000 60000 clean
END
}

# The hypervisor is played by a file that tsload sees in the place of /proc/stat.
@test "time that the hypervisor takes is seen, and none is not accused" {
  unshare -rm true || skip "no mounts of its own can be made here"
  start_server
  for stolen in 300 0; do
    cp /proc/stat "${BATS_TEST_TMPDIR}/stat"
    unshare -rm bash -c 'mount --bind "$1" /proc/stat && shift && exec "$@"' _ "${BATS_TEST_TMPDIR}/stat" \
      "${bin}/tsload" --progress=never --json="${result}" -c 4 -r 500 -d 1s "${uri}" >/dev/null 3>&- &
    pid=$!
    await_handlers "${pid}"
    read -r -t 0.5 <> <(:) || true
    awk -v n="${stolen}" '/^cpu / {$9 += n} {print}' "${BATS_TEST_TMPDIR}/stat" >"${BATS_TEST_TMPDIR}/now"
    cat "${BATS_TEST_TMPDIR}/now" >"${BATS_TEST_TMPDIR}/stat"
    wait "${pid}" || true
    holds "any('the hypervisor took' in x for x in v['reasons']) == (${stolen} > 0)" "near(d['generator']['steal_s'], ${stolen} / 100, 0.01)" \
      "v['verdict'] != 'valid' or ${stolen} == 0"
  done
}

@test "the highest rate of a server with a fixed service time is its capacity, to 3 %" {
  start_delay --service=1ms
  # Other work on the machine can only lower a capacity: the best of three searches counts.
  for run in 1 2 3; do
    load -c 50 --find-max='p99<30ms' -r 900 -d 500ms --drain=100ms "${uri}"
    [ "${status}" -eq 0 ]
    holds 'd["search"]["rate_per_s"] <= 1030 and any(not p["held"] for p in d["search"]["probes"])' \
      'd["search"]["fails_at_per_s"] <= d["search"]["rate_per_s"] * 1.02'
    holds 'd["search"]["rate_per_s"] >= 970' && return
  done
  false
}

@test "a sweep that was killed goes on where it was, and finds the knee" {
  start_delay --service=1ms
  sweep=(-c 50 --sweep=600:1400:3 --repeats=2 -d 500ms --drain=100ms --resume="${BATS_TEST_TMPDIR}/sweep.json")
  "${bin}/tsload" --progress=never "${sweep[@]}" "${uri}" 3>&- &
  pid=$!
  for ((i = 0; i < 500; i++)); do
    grep -q '"complete"' "${BATS_TEST_TMPDIR}/sweep.json" 2>/dev/null && break
    read -r -t 0.02 <> <(:) || true
  done
  kill -9 "${pid}"
  wait "${pid}" || true
  result=${BATS_TEST_TMPDIR}/sweep.json
  holds 'not d["sweep"]["complete"] and 1 <= len(d["sweep"]["probes"]) < 6'
  kept=$(/usr/bin/python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["sweep"]["probes"][0])' "${result}")
  result=${BATS_TEST_TMPDIR}/result.json
  load "${sweep[@]}" "${uri}"
  [ "${status}" -eq 0 ]
  holds 'd["sweep"]["complete"] and len(d["sweep"]["probes"]) == 6' "d['sweep']['probes'][0] == ${kept}" \
    'd["sweep"]["knee_low_per_s"] <= d["sweep"]["knee_per_s"] <= d["sweep"]["knee_high_per_s"]' \
    'near(d["sweep"]["knee_per_s"], 1000, 0.15)'
}

@test "a run stops once its percentile is known well enough" {
  start_server
  load -c 4 -r 2k -d 30s --until='ci(p50)<50%' "${uri}"
  holds 'd["until"]["met"] and d["until"]["reached"] < 0.5 and d["throughput"]["duration_s"] < 20 and not d["partial"]' \
    'd["latency"]["response"]["confidence_95"]["50"]["low_ns"] <= ns("response", "50") <= d["latency"]["response"]["confidence_95"]["50"]["high_ns"]'
}

@test "a run that cannot know its percentile that well says so, and exits 1" {
  start_server
  load -c 4 -r 200 -d 1500ms --until='ci(p99)<0.1%' "${uri}"
  [ "${status}" -eq 1 ]
  [[ "${output}" == *"until "*"not met in the time given"* || "${output}" == *"until "*"cannot be said"* ]]
  holds 'not d["until"]["met"] and (d["until"]["reached"] is None or d["until"]["reached"] > 0.001)'
}

@test "the kernel's stamps split the service time, and the parts add up" {
  for listen in tcp://127.0.0.1:0 udp://127.0.0.1:0; do
    start_delay --delay=2ms --listen="${listen}"
    load -c 4 -r 300 -d 1s --kernel-stamps "${uri}"
    stop_delay
    holds 'all(d["latency"][k]["count"] == 300 for k in ("service", "to_kernel", "in_network", "from_kernel"))' \
      '2e6 <= d["latency"]["in_network"]["min_ns"]' \
      'near(sum(d["latency"][k]["mean_ns"] for k in ("to_kernel", "in_network", "from_kernel")), d["latency"]["service"]["mean_ns"], 0.01)'
  done
  run "${bin}/tsload" --kernel-stamps unix:/nowhere
  [ "${status}" -eq 2 ]
}
