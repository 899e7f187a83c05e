# shellcheck shell=bash disable=SC2154,SC2034 # uri comes from start_peer; tests read status and result
# tsload in a test: `load ARGUMENTS...` runs it with a JSON result and checks what must be true of every result, the
# ledger first; `holds EXPRESSION...` checks facts of it, in Python, with d the result, r its requests, c its connections,
# s its slow readers, e the counts of its errors by class, and ns(latency, percentile) in nanoseconds.

load_setup() {
  bin=${TS_BIN:-${BATS_TEST_DIRNAME}/../build/bin}
  servers=${BATS_TEST_DIRNAME}/../build/release/servers
  result=${BATS_TEST_TMPDIR}/result.json
}

start_delay() { # ARGUMENTS of the server with known delays and faults; totals in ${totals} once stop_delay has run
  totals=${BATS_TEST_TMPDIR}/totals.json
  start_peer "${servers}/delay" --totals="${totals}" "$@"
}

until_it_served() { # HUNDREDTHS of a second of processor time, and more; at most 10 s
  for ((i = 0; i < 500; i++)); do
    [ "$(awk '{print $14 + $15}' "/proc/${peer}/stat")" -gt "$1" ] && return
    read -r -t 0.02 <> <(:) || true
  done
  return 1
}

stop_delay() {
  kill "${peer}"
  wait "${peer}" || true
}

load() {
  rm -f "${result}"
  run timeout -k 5 60 "${bin}/tsload" --progress=never --json="${result}" "$@"
  fits_a_screen
  [ ! -e "${result}" ] || holds 'r["scheduled"] == r["not_sent"] + r["completed"] + r["failed"] + r["in_flight_at_end"]' \
    'd["latency"]["response"]["count"] == r["completed"] + r["late"] + r["unanswered"]' 'adds_up(d["warmup"])' \
    'all(x["example"] and (x["first_at_s"] is None or x["first_at_s"] <= x["last_at_s"]) for x in d["errors"])' \
    's is None or adds_up(s["requests"]) and s["response"]["count"] == s["requests"]["completed"] + s["requests"]["unanswered"]'
}

fits_a_screen() { # the report, of 80 columns and 24 lines
  local line
  for line in "${lines[@]}"; do
    [[ "${line}" == tsload:* || "${#line}" -le 80 ]] || { echo "wider than a screen: ${line}"; return 1; }
  done
  [ "${#lines[@]}" -le 24 ]
}

holds() { # EXPRESSION...
  TOTALS=${totals:-} /usr/bin/python3 - "${result}" "$@" <<'PYTHON'
import json, os, sys
d = json.load(open(sys.argv[1]))
r, c, v, s = d["requests"], d["connections"], d["validity"], d["slow_readers"]
e = {x["class"]: x["count"] for x in d["errors"]}
t = json.load(open(os.environ["TOTALS"])) if os.path.exists(os.environ["TOTALS"]) else None
ns = lambda latency, percentile: d["latency"][latency]["percentiles"][percentile]
near = lambda a, b, part, least=0: abs(a - b) <= max(part * abs(b), least)
adds_up = lambda l: l["scheduled"] == l["not_sent"] + l["completed"] + l["failed"] + l["in_flight_at_end"]
for expression in sys.argv[2:]:
    if not eval(expression):
        print("does not hold:", expression)
        for key in ("requests", "connections", "errors", "validity", "throughput"):
            print(" ", key, json.dumps(d[key]))
        print("  percentiles", {k: l["percentiles"] for k, l in d["latency"].items()}, "totals", t)
        sys.exit(1)
PYTHON
}
