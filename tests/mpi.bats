#!/usr/bin/env bats
# tsload-mpi: three ranks on one machine are one run. What is merged is compared with the server's own count.

load helpers/peer
load helpers/load

setup() {
  load_setup
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export OMPI_MCA_odls_base_sigkill_timeout=0 # after an exit status other than 0 mpirun else waits a second, twice
  mpi=(mpirun --oversubscribe --bind-to none -n 3 "${bin}/tsload-mpi" --progress=never)
}

teardown() {
  stop_peers
}

load_mpi() { # ARGUMENTS of tsload
  rm -f "${result}"
  run timeout 60 "${mpi[@]}" --json="${result}" "$@" </dev/null
  [ ! -e "${result}" ] || adds_up
}

adds_up() {
  holds 'adds_up(r) and adds_up(d["warmup"])' 'd["latency"]["response"]["count"] == r["completed"] + r["unanswered"]' \
    'len(d["host"]["members"]) == 3 and all(adds_up(m["requests"]) for m in d["host"]["members"])' \
    'all(sum(m["requests"][k] for m in d["host"]["members"]) == r[k] for k in ("scheduled", "completed", "failed", "not_sent"))'
}

stop_server() {
  kill "${peer}"
  wait "${peer}" || true
  totals=${BATS_TEST_TMPDIR}/stats.json
}

@test "a closed loop: the ranks' ledgers and histograms add up to what the server counted" {
  start_server --stats="${BATS_TEST_TMPDIR}/stats.json"
  load_mpi -c 10 -n 5001 -p 2 --server-pid="${peer}" "${uri}"
  [ "${status}" -ne 3 ]
  [ "$(grep -c '^verdict' <<<"${output}")" -eq 1 ]
  stop_server
  holds 'r["scheduled"] == r["completed"] == 5001 and d["latency"]["response"]["count"] == 5001' \
    't["received_bytes"] == r["sent_bytes"] and t["sent_bytes"] == r["received_bytes"]' \
    't["accepted_count"] == c["opened"] == c["served"] == 10 and d["latency"]["connect"]["count"] == 10' \
    '[m["opened_count"] for m in d["host"]["members"]] == [4, 3, 3] and [m["requests"]["completed"] for m in d["host"]["members"]] == [1667] * 3' \
    'd["generator"]["threads_count"] >= 3 and d["server"]["peak_rss_bytes"] > 0'
}

@test "an open loop: one schedule, dealt to the ranks; one series, valid by the schema" {
  start_server --stats="${BATS_TEST_TMPDIR}/stats.json"
  load_mpi -c 9 -r 1000 -d 2s --interval=500ms --hdr-log="${BATS_TEST_TMPDIR}/log" "${uri}"
  stop_server
  holds 'r["scheduled"] == r["completed"] == t["messages_count"] == 2000' 'len(d["series"]) == 4' \
    'sum(s["scheduled"] for s in d["series"]) == sum(s["completed"] for s in d["series"]) == 2000' \
    'sum(s["response"]["count"] for s in d["series"]) == 2000 and all(400 < s["completed"] < 600 for s in d["series"])' \
    'near(d["throughput"]["offered_per_s"], 1000, 0.001)' 'd["latency"]["response"]["confidence_95"]["50"]["low_ns"] > 0'
  "${bin}/tsreport" validate "${result}"
  [ "$(grep -cE '^[0-9]' "${BATS_TEST_TMPDIR}/log")" -eq 4 ]
}

@test "datagrams from three ranks" {
  start_server --listen=udp://127.0.0.1:0 --stats="${BATS_TEST_TMPDIR}/stats.json"
  load_mpi -c 30 -n 3000 "${uri}"
  stop_server
  holds 'r["completed"] == 3000 and r["lost"] == 0' 't["datagrams_count"] == 3000'
}

@test "a server that dies stops all ranks: errors of all, moments of one clock, exit 3" {
  start_server
  (until_it_served 20 && kill -9 "${peer}") 3>&- &
  load_mpi -c 30 -d 30s --give-up=300ms "${uri}"
  [ "${status}" -eq 3 ]
  [ "$(grep -c 'the server has gone' <<<"${output}")" -eq 1 ]
  holds 'd["partial"] and r["failed"] >= 1 and e["refused"] > 0' \
    'all(0 <= x["first_at_s"] <= x["last_at_s"] < 25 for x in d["errors"])'
}

@test "Ctrl-C to mpirun leaves a partial result of all ranks, with what was answered and what was not" {
  start_peer "${servers}/delay" --ready-fd=1 --delay=50ms
  unset OMPI_MCA_odls_base_sigkill_timeout
  for try in 1 2 3; do # mpirun kills after a second those that have no processor to end in
    "${mpi[@]}" --json="${result}" -c 300 -d 60s -r 4k "${uri}" >/dev/null </dev/null 3>&- &
    pid=$!
    until_it_served $((10 * try))
    kill -INT "${pid}"
    wait "${pid}" || true # the status is mpirun's own
    [ ! -e "${result}" ] || break
  done
  adds_up
  holds 'd["partial"] and r["completed"] > 0 and r["in_flight_at_end"] > 0 and r["failed"] == 0'
}

@test "wrong usage and wrong environments are said once, with their exit status" {
  load_mpi -c 10 -d soon tcp:
  [ "${status}" -eq 2 ]
  [ "$(grep -c '^tsload-mpi: --duration=soon: ' <<<"${output}")" -eq 1 ]
  load_mpi -c 2 -d 1s tcp:
  [ "${status}" -eq 2 ]
  [ "$(grep -c '^tsload-mpi: --connections=2: must be at least' <<<"${output}")" -eq 1 ]
  load_mpi -c 3 -d 5s tcp://127.0.0.1:1
  [ "${status}" -eq 3 ]
  [ "$(grep -c '^tsload-mpi: .*cannot connect' <<<"${output}")" -eq 1 ]
  run "${mpi[@]}" --version </dev/null
  [ "${#lines[@]}" -eq 1 ]
}

@test "without mpirun it is one rank, and thresholds decide the exit status as ever" {
  start_server
  run "${bin}/tsload-mpi" -c 5 -n 500 --threshold='p50<1ns' "${uri}"
  [ "${status}" -eq 1 ]
}
