#!/usr/bin/env bats
# The scripts that measure tsload run, and print tables of the right shape. What they measure is judged by people, on a quiet
# machine.

bats_require_minimum_version 1.5.0

@test "bench-loadgen: every generator has a row in every table, and its figures" {
  cd "${BATS_TEST_DIRNAME}/.."
  run --separate-stderr scripts/bench-loadgen --quick --json="${BATS_TEST_TMPDIR}/figures.json"
  [ "${status}" -eq 0 ]
  [ "${stderr}" = "" ]
  number='[0-9]+\.[0-9]+'
  for name in floor 'floor again \(A/A\)' tsload 'tsload --verify=off'; do
    [ "$(grep -cE "^\| ${name} \| ${number} \| ${number} \| ${number} \| ${number} \| (${number}|-) \| [0-9]+ \| 0 \|$" <<<"${output}")" -eq 2 ]
  done
  for pace in timer spin tick; do
    [ "$(grep -cE "^\| ${pace} \| 200 \| [0-9]+ \| ${number} \| ${number} \| ${number} \| ${number} \| (valid|suspect|invalid) \|$" <<<"${output}")" -eq 1 ]
  done
  [ "$(grep -c '^### .* % of the time stolen$' <<<"${output}")" -eq 3 ]
  /usr/bin/python3 -c 'import json, sys
tables = json.load(open(sys.argv[1]))["tables"]
assert len(tables) == 3 and all(len(t["rounds"]) == 1 for t in tables)
assert all(r["tsload"]["requests"] > 10 and r["tsload"]["cpu_us"] > 0 for t in tables[:2] for r in t["rounds"])' "${BATS_TEST_TMPDIR}/figures.json"
}

@test "theory: Crommelin's formula and Lindley's recursion agree on M/D/1" {
  cd "${BATS_TEST_DIRNAME}/.."
  run scripts/theory --formulas
  [ "${status}" -eq 0 ]
  [ "$(grep -c ' ok |$' <<<"${output}")" -eq 9 ]
}

@test "theory: what is off is said, and ends in exit 1" {
  cd "${BATS_TEST_DIRNAME}/.."
  sed 's/^SERVICE_S = 0.001/SERVICE_S = 0.001\nrandom.Random.expovariate = lambda self, rate: 0.9 * self.random() * 2 \/ rate/' scripts/theory >"${BATS_TEST_TMPDIR}/theory"
  PYTHONPATH=scripts run /usr/bin/python3 "${BATS_TEST_TMPDIR}/theory" --formulas
  [ "${status}" -eq 1 ]
  [[ "${output}" == *"**off**"* ]]
}

# Fault caught: a rate that is off, and called well.
@test "rate-accuracy: each rate has a row with its counts, and one that is off is said" {
  cd "${BATS_TEST_DIRNAME}/.."
  run scripts/rate-accuracy --rates=20 --seconds=1 --threads=1,2 --connections=8 --jobs=2 --urgent=no
  grep -qE '^\| 20 \| 2 \| 20 \| 20 \| 20 \| [0-9. to]+ \| [0-9.]+ % \| (ok|.*: seen.*) \|$' <<<"${output}"
  sed "s|f\"--rate={rate}\"|f\"--rate={rate + 2}\"|" scripts/rate-accuracy >"${BATS_TEST_TMPDIR}/off"
  PYTHONPATH=scripts run /usr/bin/python3 "${BATS_TEST_TMPDIR}/off" --rates=20 --seconds=1 --threads=1 --connections=8
  [ "${status}" -eq 1 ]
  grep -qE '^\| 20 \| 1 \| 20 \| 22 \| 22 \| .*scheduled, seen \|$' <<<"${output}"
}
