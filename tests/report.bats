#!/usr/bin/env bats
# tsreport on invented results: what it prints and draws, and what it says of files that are not what they should be.
# long: 15 s

setup_file() {
  cd "${BATS_TEST_DIRNAME}/.." || exit 1
  tests/fixtures/results/generate "${BATS_FILE_TMPDIR}/run" --modes=epoll,thread,blocking --workloads=crowd,sessions
}

setup() {
  cd "${BATS_TEST_DIRNAME}/.." || exit 1
  bin=${TS_BIN:-build/bin}
  run_dir="${BATS_FILE_TMPDIR}/run"
  one="${run_dir}/trials/epoll.crowd.1.json"
  tmp=${BATS_TEST_TMPDIR}
}

# FILE is refused: exit status 3, nothing on standard output, one line that holds each of the TEXTS.
refused() {
  local file=$1 text
  shift
  run bash -c "$(printf '%q ' "${bin}/tsreport" validate "${file}") 2>&1 >'${tmp}/out'"
  echo "${output}"
  [ "${status}" -eq 3 ]
  [ "${#lines[@]}" -eq 1 ]
  [ ! -s "${tmp}/out" ]
  for text in "$@"; do
    [[ "${output}" == *"${text}"* ]]
  done
}

# COMMAND is refused for a file that is not what it should be: exit status 3, one line with the file's name, and nothing made.
refused_by() { # FILE COMMAND...
  run bash -c "$(printf '%q ' "${bin}/tsreport" "${@:2}") 2>&1 >'${tmp}/out'"
  [[ "${status}" -eq 3 && "${#lines[@]}" -eq 1 && "${output}" == *"$1"* && ! -s "${tmp}/out" && ! -e "${tmp}/made" ]] ||
    { echo "${*:2}: ${status}: ${output}"; false; }
}

@test "invented results validate, with Python's jsonschema and with tsreport" {
  "${bin}/tsreport" validate -q "${run_dir}"/run.json "${run_dir}"/trials/*.json
  tests/helpers/validate "${run_dir}"/run.json "${run_dir}"/trials/*.json
}

@test "a broken file: its name, the line, exit 3" {
  echo '{"schema": "tsbench.load/1",, }' >"${tmp}/broken.json"
  refused "${tmp}/broken.json" broken.json "line 1"
}

@test "a truncated file" {
  head -c 700 "${one}" >"${tmp}/cut.json"
  refused "${tmp}/cut.json" cut.json line
}

@test "an empty file, and one that is not there" {
  : >"${tmp}/empty.json"
  refused "${tmp}/empty.json" empty.json
  refused "${tmp}/nothing.json" nothing.json
}

@test "a deeply nested file" {
  printf '%100000s' '' | tr ' ' '[' >"${tmp}/deep.json"
  refused "${tmp}/deep.json" deep.json
}

@test "a huge file is refused before it is read" {
  truncate -s 3G "${tmp}/huge.json"
  refused "${tmp}/huge.json" huge.json
}

@test "bytes that are no text" {
  head -c 4096 /dev/zero >"${tmp}/zeros.json"
  refused "${tmp}/zeros.json" zeros.json
}

@test "another version, another kind, no kind" {
  sed 's/tsbench.load.1/tsbench.load\/2/' "${one}" >"${tmp}/two.json"
  refused "${tmp}/two.json" two.json schema tsbench.load/2
  echo '{"schema": "tsbench.soup/1"}' >"${tmp}/soup.json"
  refused "${tmp}/soup.json" soup.json soup
  echo '[1, 2]' >"${tmp}/list.json"
  refused "${tmp}/list.json" list.json schema
}

@test "a wrong value is named by its place" {
  sed 's/"completed": [0-9]*,/"completed": "many",/' "${one}" >"${tmp}/wrong.json"
  refused "${tmp}/wrong.json" wrong.json requests.completed '"many"' integer
}

@test "a ledger that does not add up, a histogram of another count, a percentile that is none" {
  sed 's/"in_flight_at_end": 0/"in_flight_at_end": 5/' "${one}" >"${tmp}/ledger.json"
  refused "${tmp}/ledger.json" "ledger.json: requests: scheduled is"
  sed '0,/"count": 2000/s//"count": 1999/' "${one}" >"${tmp}/count.json"
  refused "${tmp}/count.json" "latency.response.histogram: holds 2000 values, and count is 1999"
  sed '0,/"99.9": /s//"most": /' "${one}" >"${tmp}/names.json"
  refused "${tmp}/names.json" latency.response.percentiles '"most"'
}

@test "a run by its run.json is the run" {
  run "${bin}/tsreport" table "${run_dir}/run.json"
  [ "${status}" -eq 0 ]
  [ "${output}" = "$("${bin}/tsreport" table "${run_dir}")" ]
}

# Fault caught: the first field that the other version does not have was said to be missing.
@test "a result of another version is one, whatever else it holds" {
  echo '{"schema": "tsbench.load/2"}' >"${tmp}/newer.json"
  refused "${tmp}/newer.json" 'newer.json: schema: must be "tsbench.load/1", is "tsbench.load/2"'
}

# Fault caught: a result of a run that was stopped, or that is suspect, stood in the table like any other.
@test "a single result is shown with what must be known of it" {
  sed 's/"partial": false/"partial": true/' "${one}" >"${tmp}/stopped.json"
  sed 's/"verdict": "valid"/"verdict": "suspect"/; s/"reasons": \[\]/"reasons": ["the clock stepped"]/' "${one}" >"${tmp}/doubtful.json"
  sed 's/"partial": false/"partial": true, "trouble": "the server has gone"/; s/"verdict": "valid"/"verdict": "invalid"/' \
    "${one}" >"${tmp}/alone.json"
  run "${bin}/tsreport" table "${tmp}"/{stopped,doubtful,alone}.json
  [ "${status}" -eq 0 ]
  [[ "${output}" == *"stopped: partial: it was stopped before its end"* ]]
  [[ "${output}" == *"doubtful: the clock stepped"* ]]
  [[ "${output}" == *"alone: invalid: the server has gone"* ]]
}

@test "a missing field is named" {
  sed '/"partial"/d' "${one}" >"${tmp}/missing.json"
  refused "${tmp}/missing.json" missing.json '"partial" is missing'
}

@test "one bad file in a run: no table, no chart, exit 3" {
  cp -r "${run_dir}" "${tmp}/run"
  sed -i 's/"requests_per_s": [0-9.]*/"requests_per_s": -1/' "${tmp}/run/trials/thread.crowd.2.json"
  for command in table csv "charts -o ${tmp}/charts" html; do
    # shellcheck disable=SC2086 # the options are words
    run "${bin}/tsreport" ${command} "${tmp}/run"
    [ "${status}" -eq 3 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "${output}" == *"thread.crowd.2.json: throughput.requests_per_s"* ]]
  done
  [ ! -e "${tmp}/charts" ]
  [ ! -e "${tmp}/run/index.html" ]
}

@test "every command refuses a broken, cut, empty, huge, nested, binary, wrong or unknown file, and makes nothing of it" {
  mkdir "${tmp}/bad"
  echo '{"schema": "tsbench.load/1",, }' >"${tmp}/bad/broken.json"
  head -c 700 "${one}" >"${tmp}/bad/cut.json"
  : >"${tmp}/bad/empty.json"
  truncate -s 1G "${tmp}/bad/huge.json"
  printf '%100000s' '' | tr ' ' '[' >"${tmp}/bad/deep.json"
  head -c 4096 /dev/zero >"${tmp}/bad/binary.json"
  sed 's/tsbench.load.1/tsbench.load\/2/' "${one}" >"${tmp}/bad/version.json"
  echo '{"schema": "tsbench.soup/1"}' >"${tmp}/bad/soup.json"
  sed '0,/"completed": [0-9]*/s//"completed": NaN/' "${one}" >"${tmp}/bad/nan.json"
  mkdir "${tmp}/bad/folder.json"
  for file in "${tmp}"/bad/*.json "${tmp}/bad/none.json"; do
    refused_by "${file}" validate "${file}"
    refused_by "${file}" table "${file}"
    refused_by "${file}" csv "${file}"
    refused_by "${file}" charts "${file}" -o "${tmp}/made"
    refused_by "${file}" merge "${one}" "${file}" -o "${tmp}/made"
    refused_by "${file}" compare "${one}" "${file}" --json="${tmp}/made"
    refused_by "${file}" matrix "${file}" -o "${tmp}/made"
    refused_by "${file}" rows "${file}" . schema
    refused_by "${file}" history "${file}" -o "${tmp}/made"
    refused_by "${file}" record "${file}"
    [ -f "${file}" ] || refused_by "${file}" html "${file}"
  done
}

@test "a journal that is none: its line, what is wrong, no run.json" {
  local place
  while IFS='|' read -r line place; do
    rm -rf "${tmp}/run"
    mkdir "${tmp}/run"
    printf 'set\tsuite\tquick\n%b\n' "${line}" >"${tmp}/run/journal.tsv"
    refused_by "journal.tsv: ${place}" record "${tmp}/run"
    [ ! -e "${tmp}/run/run.json" ]
  done <<'EOF'
soup|line 2: must begin with
\x01\xff\x00|line 2: must begin with
trial\tepoll\tcrowd|line 2: a line that begins with trial has 9 fields, this one 3
set\tseed|line 2: a line that begins with set has 3 fields, this one 2
set\tstarted_at\tx\ntrial\tepoll\tcrowd\t1\t1\tweird\t-\t-\t-|started_at: must be
EOF
  truncate -s 1G "${tmp}/run/journal.tsv"
  refused_by "journal.tsv: larger than 256 MiB" record "${tmp}/run"
  rm "${tmp}/run/journal.tsv"
  mkdir "${tmp}/run/journal.tsv"
  refused_by "journal.tsv: cannot be read: Is a directory" record "${tmp}/run"
}

@test "a histogram that cannot be decoded" {
  cp -r "${run_dir}" "${tmp}/run"
  sed -i '/"response": {/,/"histogram"/s/"histogram": ".*"/"histogram": "AAAA"/' "${tmp}/run/trials/thread.crowd.2.json"
  run "${bin}/tsreport" table "${tmp}/run"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *thread.crowd.2.json*histogram* ]]
}

@test "the table: a block for each workload, no colour in a pipe, who was not served" {
  run "${bin}/tsreport" table "${run_dir}"
  [ "${status}" -eq 0 ]
  [[ "${lines[0]}" == "crowd: 64 lasting clients" ]]
  [[ "${lines[1]}" == mode*requests/s*p50*p99*CPU/request*calls*served ]]
  [[ "${output}" == *"1 of 64"* ]]
  [[ "${output}" != *$'\033'* ]]
}

@test "colour on a terminal, and not with NO_COLOR" {
  command="'${bin}/tsreport' table '${run_dir}'"
  run env -u NO_COLOR TERM=xterm script -qec "${command}" /dev/null
  [[ "${output}" == *$'\033[32m'* ]]
  run env NO_COLOR=1 TERM=xterm script -qec "${command}" /dev/null
  [[ "${output}" != *$'\033'* ]]
}

@test "csv: a line for each trial, as many fields as titles" {
  run "${bin}/tsreport" csv "${run_dir}"
  [ "${status}" -eq 0 ]
  [ "${#lines[@]}" -eq 19 ]
  [[ "${lines[0]}" == mode,workload,trial,status,reason,requests_per_s,* ]]
  [ "$(printf '%s\n' "${lines[@]}" | awk -F, '{print NF}' | sort -u | wc -l)" -eq 1 ]
}

@test "who was served: idle connections and sessions that were just opened are nobody's fault" {
  tests/fixtures/results/generate "${tmp}/run" --modes=epoll,poll --workloads=crowd --trials=1
  local idle="${tmp}/run/trials/epoll.crowd.1.json" brief="${tmp}/run/trials/poll.crowd.1.json"
  sed -i 's/"served": 64/"served": 8/; s/"opened": 64,/"opened": 4106,/; s/"plan": {/&"idle": 10000, "connections": 8, /' "${idle}"
  sed -i 's/"served": 64/"served": 60/; s/"plan": {/&"session": 10, /' "${brief}"
  tests/helpers/validate "${idle}" "${brief}"
  "${bin}/tsreport" html --no-png "${tmp}/run"
  grep -q '>8 of 8</td>' "${tmp}/run/index.html"
  grep -q '>60 of 64</td>' "${tmp}/run/index.html"
  ! grep -q 'class="number bad"' "${tmp}/run/index.html" || false
  sed -i 's/"served": 60/"served": 40/' "${brief}"
  "${bin}/tsreport" html --no-png "${tmp}/run"
  [ "$(grep -c 'class="number bad"' "${tmp}/run/index.html")" -eq 1 ]
}

@test "single files: mode, workload and trial from their names" {
  run "${bin}/tsreport" csv "${run_dir}/trials/epoll.crowd.2.json" "${run_dir}/trials/thread.crowd.1.json"
  [[ "${lines[1]}" == epoll,crowd,2,ok,* ]]
  [[ "${lines[2]}" == thread,crowd,1,ok,* ]]
  cp "${one}" "${tmp}/mine.json"
  run "${bin}/tsreport" csv "${tmp}/mine.json"
  [[ "${lines[1]}" == mine,-,1,ok,* ]]
}

@test "charts: data and gnuplot texts are the golden ones, pictures are there" {
  "${bin}/tsreport" charts "${run_dir}" -o "${tmp}/charts" 2>"${tmp}/said"
  [ "$(cat "${tmp}/said")" = "tsreport: not drawn, for these results have no figures for them: Throughput and latency, Mean response \
time and M/G/1, Clients, Latency among idle connections, Processor time among idle connections, Memory per connection, Message size" ]
  for file in tests/fixtures/results/golden/*; do
    diff -u "${file}" "${tmp}/charts/${file##*/}"
  done
  for file in "${tmp}"/charts/*.gp; do
    [ "${file##*/}" = style.gp ] && continue
    [ "$(head -c 4 "${file%.gp}.png" | tail -c 3)" = PNG ]
    xmllint --noout "${file%.gp}.svg"
  done
}

@test "charts of series: golden data and gnuplot texts" {
  tests/fixtures/results/generate "${tmp}/series" --modes=epoll,poll --workloads=idle-0,idle-1000,idle-10000,curve-20,curve-95,clients-1,clients-4,clients-16,clients-64,clients-256,size-64,size-1k,size-1m
  "${bin}/tsreport" charts "${tmp}/series" -o "${tmp}/charts"
  for file in tests/fixtures/results/golden-series/*; do
    diff -u "${file}" "${tmp}/charts/${file##*/}"
  done
  "${bin}/tsreport" html --no-png "${tmp}/series" # of a series the last point is a row of the choices
  [ "$(grep -c '<th role="rowheader"' "${tmp}/series/index.html")" -eq 4 ]
  grep -qE '<h3>Series idle: one request at a time among 0 idle connections, to one .* 10,000 idle connections</h3>' "${tmp}/series/index.html"
  choice "${tmp}/series/index.html" "one request at a time among 10,000 idle connections" | grep -F "|idle-10000|any|"
}

@test "M/G/1 is drawn through the points of a queue, but for those where it does not keep up, and through nothing else" {
  tests/fixtures/results/generate "${tmp}/run" --modes=epoll,poll --workloads=curve-20,curve-50,curve-80,curve-95 --trials=1
  python3 - "${tmp}/run/trials" <<'PYTHON'
import json, sys

service_s = 0.001
for share in (20, 50, 80, 95):
    rate = 10 * share
    queue_s = service_s + rate * service_s ** 2 / (2 * (1 - rate * service_s))
    for mode, mean_s in (("epoll", queue_s if share < 95 else 0.5), ("poll", service_s)):
        path = "%s/%s.curve-%d.1.json" % (sys.argv[1], mode, share)
        result = json.load(open(path))
        result["throughput"].update(requests_per_s=rate, achieved_ratio=1 if share < 95 else 0.9)
        result["latency"]["response"]["mean_ns"] = mean_s * 1e9
        json.dump(result, open(path, "w"))
PYTHON
  "${bin}/tsreport" charts "${tmp}/run" -o "${tmp}/charts" >/dev/null 2>&1
  [ "$(grep -c 'the law with' "${tmp}/charts/model.curve.dat")" -eq 1 ]
  grep -q '^# epoll: the law with 0.001 1e-06 0, off by 0.0 %' "${tmp}/charts/model.curve.dat"
  grep -q "title 'epoll: t 1.00 ms, off 0 %'" "${tmp}/charts/model.curve.gp"
}

@test "a chart of a series says how many trials all of its points have; one trial has no median" {
  tests/fixtures/results/generate "${tmp}/run" --modes=epoll --workloads=idle-0,idle-1000,crowd --trials=1
  tests/fixtures/results/generate "${tmp}/more" --modes=epoll --workloads=idle-1000 --trials=2
  "${bin}/tsreport" charts "${tmp}/run" -o "${tmp}/one" >/dev/null 2>&1
  grep -q "set xlabel 'idle connections (1 trial)'" "${tmp}/one/idle.idle.gp"
  grep -q "set xlabel 'requests per second: 1 trial'" "${tmp}/one/throughput.crowd.gp"
  ! grep -q xerrorbars "${tmp}/one/throughput.crowd.gp" || false
  cp "${tmp}/more/trials/epoll.idle-1000.2.json" "${tmp}/run/trials/"
  python3 - "${tmp}/run/run.json" <<'PYTHON'
import json, sys

run = json.load(open(sys.argv[1]))
trial = next(dict(t) for t in run["trials"] if t["workload"] == "idle-1000")
trial.update(trial=2, order=99, result="trials/epoll.idle-1000.2.json", server=None)
run["trials"].append(trial)
json.dump(run, open(sys.argv[1], "w"))
PYTHON
  "${bin}/tsreport" charts "${tmp}/run" -o "${tmp}/two" >/dev/null 2>&1
  grep -q "set xlabel 'idle connections (medians of 1 to 2 trials)'" "${tmp}/two/idle.idle.gp"
}

@test "a run against itself differs in nothing" {
  run "${bin}/tsreport" compare "${run_dir}" "${run_dir}"
  [ "${status}" -eq 0 ]
  [[ "${output}" == *"0 faster, 0 slower, 18 the same, 0 cannot be told; 0 regressions"* ]]
}

@test "a run that is slower: said for the mode, exit 1; the other way round it is faster, exit 0" {
  tests/fixtures/results/generate "${tmp}/slow" --modes=epoll,thread,blocking --workloads=crowd,sessions --slow=thread:1.4 --seed=5
  run "${bin}/tsreport" compare "${run_dir}" "${tmp}/slow"
  echo "${output}"
  [ "${status}" -eq 1 ]
  grep -qE '^crowd +thread .*slower, a regression$' <<<"${output}"
  ! grep -E '^crowd +epoll .*(slower|faster)' <<<"${output}" || false
  run "${bin}/tsreport" compare "${tmp}/slow" "${run_dir}"
  [ "${status}" -eq 0 ]
  grep -qE '^crowd +thread .*faster$' <<<"${output}"
  run "${bin}/tsreport" compare --max-regression=60% "${run_dir}" "${tmp}/slow"
  [ "${status}" -eq 0 ]
}

@test "a slower machine is not a slower program: the generator tells, and --as-measured leaves it in" {
  made() { tests/fixtures/results/generate "${tmp}/$1" --modes=epoll,thread --workloads=crowd,tail --trials=8 "${@:2}"; }
  made base
  made hour --machine=1.2 --seed=2
  made both --machine=1.2 --slow=thread:1.3 --seed=2
  run "${bin}/tsreport" compare "${tmp}/base" "${tmp}/hour"
  echo "${output}"
  [ "${status}" -eq 0 ]
  grep -qE '^the machine: a request cost the generator 1\.(19|20|21).* freed of that$' <<<"${output}"
  grep -qE ' 0 slower, .*; 0 regressions' <<<"${output}"
  run "${bin}/tsreport" compare --as-measured "${tmp}/base" "${tmp}/hour"
  [ "${status}" -eq 1 ]
  grep -q 'the ratios are as measured$' <<<"${output}"
  run "${bin}/tsreport" compare --json="${tmp}/c.json" "${tmp}/base" "${tmp}/both"
  echo "${output}"
  [ "${status}" -eq 1 ]
  grep -qE '^crowd +thread +0\.7[0-9]+ .*slower, a regression$' <<<"${output}"
  ! grep -E '^(crowd|tail) +epoll .*slower' <<<"${output}" || false
  tests/helpers/validate "${tmp}/c.json"
  [ "$("${bin}/tsreport" rows "${tmp}/c.json" . machine.applied)" = true ]
}

@test "open loops that asked for other rates are not compared, and tell nothing of the machine" {
  tests/fixtures/results/generate "${tmp}/base" --modes=epoll,thread --workloads=tail --trials=8
  tests/fixtures/results/generate "${tmp}/half" --modes=epoll,thread --workloads=tail --trials=8 --offered=0.5 --machine=3
  run "${bin}/tsreport" compare "${tmp}/base" "${tmp}/half"
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ "${output}" == *"other rates"*"nothing tells how fast it was"*" 0 slower, 0 the same, 6 cannot be told"*"6 figures were measured at rates"* ]]
}

@test "the comparison as JSON validates" {
  tests/fixtures/results/generate "${tmp}/slow" --modes=epoll,thread --workloads=crowd --slow=thread:1.4 --seed=5
  run "${bin}/tsreport" compare --json="${tmp}/c.json" "${run_dir}" "${tmp}/slow"
  [ "${status}" -eq 1 ]
  tests/helpers/validate "${tmp}/c.json"
  [ "$("${bin}/tsreport" rows "${tmp}/c.json" . verdict)" = regression ]
}

@test "merge: valid, all requests, one file; a wrong part leaves no output" {
  "${bin}/tsreport" merge "${run_dir}"/trials/epoll.crowd.[123].json -o "${tmp}/m.json"
  tests/helpers/validate "${tmp}/m.json"
  [ "$("${bin}/tsreport" rows "${tmp}/m.json" . latency.response.count)" -eq 6000 ]
  run "${bin}/tsreport" merge "${one}" "${run_dir}/run.json" -o "${tmp}/none.json"
  [ "${status}" -eq 3 ]
  [ "${#lines[@]}" -eq 1 ]
  [ ! -e "${tmp}/none.json" ]
}

@test "history: the runs of a folder by their start, and a chart for each workload" {
  for day in 3 1 2; do
    tests/fixtures/results/generate "${tmp}/runs/r${day}" --modes=epoll,mine --workloads=crowd --trials=1 --seed="${day}"
    sed -i "s/2026-11-22T10:30:00Z/2026-11-0${day}T10:30:00Z/; s/0123456789abcdef/aaaa${day}/" "${tmp}/runs/r${day}/run.json"
  done
  tests/fixtures/results/generate "${tmp}/runs/r4" --modes=poll --workloads=udp --trials=1
  mkdir "${tmp}/runs/killed-before-its-first-trial"
  run "${bin}/tsreport" history "${tmp}/runs" --figure=response_p50_ns -o "${tmp}/charts"
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ "${lines[1]}" == run*commit*suite*epoll*mine ]]
  [[ "${lines[2]}" == 2026-11-01*aaaa1*invented*us* ]]
  [[ "${lines[4]}" == 2026-11-03*aaaa3* ]]
  grep -qE '^run +commit +suite +poll$' <<<"${output}" # those that have it, and no others
  [ -s "${tmp}/charts/history.response_p50_ns.crowd.png" ]
  grep -q "set xlabel 'commit of the run, oldest first (of 1 trial each)'" "${tmp}/charts/history.response_p50_ns.crowd.gp"
  tests/fixtures/results/generate "${tmp}/three/r" --modes=epoll,mine --workloads=crowd --trials=3
  "${bin}/tsreport" history "${tmp}/three" -o "${tmp}/charts"
  grep -q "(medians of 3 trials, with 95 % intervals)" "${tmp}/charts/history.requests_per_s.crowd.gp"
  awk -F'\t' '/^0/ && !($4 < $2 && $2 < $5) {exit 1}' "${tmp}/charts/history.requests_per_s.crowd.dat"
  run "${bin}/tsreport" history "${tmp}/charts"
  [ "${status}" -eq 3 ]
  [ "${#lines[@]}" -eq 1 ]
}

# Two conformance results, ${tmp}/one.json and two.json.
conform_results() {
  cat >"${tmp}/one.json" <<'EOF'
{"schema": "tsbench.conform/1", "target": "tcp://x", "dialect": null, "verdict": "nonconformant",
 "summary": {"pass": 1, "fail": 1, "warn": 0, "skip": 0, "error": 0},
 "cases": [{"id": "format.stamp", "level": "MUST", "requirement": "a <stamp>", "transport": "tcp", "status": "pass",
   "duration_ms": 1, "message": null, "expected": null, "actual": null, "trace": null, "seed": null},
  {"id": "end.fin", "level": "MUST", "requirement": "ends", "transport": "tcp", "status": "fail",
   "duration_ms": 1, "message": "no <FIN> came", "expected": null, "actual": null, "trace": null, "seed": null}]}
EOF
  sed 's/"end.fin"/"time.true"/; s/"fail",/"pass",/; s/nonconf/conf/' "${tmp}/one.json" >"${tmp}/two.json"
}

@test "matrix: cases by row, servers by column, pages with their texts as texts" {
  conform_results
  tests/helpers/validate "${tmp}/one.json" "${tmp}/two.json"
  run "${bin}/tsreport" matrix "${tmp}/one.json" "${tmp}/two.json" --html="${tmp}/m.html"
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ "${lines[0]}" =~ ^case\ +level\ +one\ +two$ ]]
  [[ "${lines[1]}" =~ ^format.stamp\ +MUST\ +pass\ +pass$ ]]
  [[ "${lines[2]}" =~ ^end.fin\ +MUST\ +fail\ +-$ ]]
  [[ "${lines[3]}" =~ ^time.true\ +MUST\ +-\ +pass$ ]]
  [[ "${lines[4]}" =~ ^verdict\ +nonconformant\ +conformant$ ]]
  grep -q 'title="no &lt;FIN&gt; came">fail' "${tmp}/m.html"
  run "${bin}/tsreport" matrix --differences "${tmp}/one.json" "${tmp}/two.json"
  [ "${#lines[@]}" -eq 4 ]
}

# Fault caught: results of one name in several folders had columns of one name.
@test "matrix: files of one name are told apart by their folders" {
  conform_results
  mkdir -p "${tmp}/a/x" "${tmp}/b/x" "${tmp}/c/y"
  for folder in a/x b/x c/y; do
    cp "${tmp}/one.json" "${tmp}/${folder}/r.json"
  done
  local tool
  tool=$(realpath "${bin}")/tsreport
  cd "${tmp}"
  run "${tool}" matrix one.json a/x/r.json b/x/r.json c/y/r.json
  [[ "${lines[0]}" =~ ^case\ +level\ +one\ +a/x/r\ +b/x/r\ +y/r$ ]]
  cp one.json r.json
  run "${tool}" matrix r.json a/x/r.json r.json
  [[ "${lines[0]}" =~ ^case\ +level\ +r\ +x/r\ +r$ ]]
}

@test "the matrix as a chart: golden texts, areas together, names that are no gnuplot, what has no room is refused" {
  conform_results
  sed 's/"time.true"/"format.more"/; s/MUST/SHOULD/; s/"pass",/"warn",/; s/"conformant"/null/' "${tmp}/two.json" >"${tmp}/o'three.json"
  run "${bin}/tsreport" matrix "${tmp}/one.json" "${tmp}/two.json" "${tmp}/o'three.json" -o "${tmp}/matrix"
  echo "${output}"
  [ "${status}" -eq 0 ]
  for file in matrix.dat matrix.gp; do
    diff -u "tests/fixtures/results/golden-matrix/${file}" "${tmp}/matrix/${file}"
  done
  [ "$(head -c 4 "${tmp}/matrix/matrix.png" | tail -c 3)" = PNG ]
  xmllint --noout "${tmp}/matrix/matrix.svg"
  # shellcheck disable=SC2046 # one word a time
  run "${bin}/tsreport" matrix -o "${tmp}/many" $(for ((i = 0; i < 37; i++)); do echo "${tmp}/one.json"; done)
  [ "${status}" -eq 2 ]
  [ "${output}" = "tsreport: --output: a chart has room for 36 servers, not for 37" ]
  run "${bin}/tsreport" matrix --differences -o "${tmp}/many" "${tmp}/two.json"
  [ "${status}" -eq 3 ]
  [ "${output}" = "tsreport: ${tmp}/many: no chart: there is no case to show" ]
  [ ! -e "${tmp}/many" ]
}

@test "two runs with nothing in common: one line, exit 3" {
  tests/fixtures/results/generate "${tmp}/other" --modes=poll --workloads=udp --trials=1
  run "${bin}/tsreport" compare "${run_dir}" "${tmp}/other"
  [ "${status}" -eq 3 ]
  [ "${#lines[@]}" -eq 1 ]
}

@test "the page: whole, self-contained, everything in it" {
  cp -r "${run_dir}" "${tmp}/run"
  run "${bin}/tsreport" html "${tmp}/run"
  [ "${status}" -eq 0 ]
  page="${tmp}/run/index.html"
  [ "${output}" = "${page}" ]
  # namespaces are names, not addresses
  run bash -c "sed 's,http://www.w3.org/[0-9]*/[a-z]*,,g' '${page}' | grep -nE 'https?:|src=|@import|url\\('"
  [ "${status}" -eq 1 ]
  [ "$(grep -c '<svg role="img" aria-label="[^"]' "${page}")" -eq "$(find "${tmp}/run/charts" -name '*.svg' | wc -l)" ]
  grep -q 'class="answer">Throughput: ' "${page}"
  [ "$(tail -n 1 "${page}")" = "</html>" ]
}

# The row of a workload in the page's table of choices, without markup.
choice() { # PAGE TITLE
  grep -F "<th role=\"rowheader\" scope=\"row\">$2 <" "$1" | sed 's/<[^>]*>/|/g; s/||*/|/g'
}

@test "the page says which mode to choose, how sure that is, and who leaves clients waiting" {
  tests/fixtures/results/generate "${tmp}/run" --modes=epoll,thread,blocking --workloads=crowd --slow=thread:1.5
  "${bin}/tsreport" html --no-png "${tmp}/run"
  row=$(choice "${tmp}/run/index.html" "64 lasting clients")
  echo "${row}"
  [[ "${row}" == "|64 lasting clients |crowd|epoll|"*" a second|sure|: thread, the next, is behind by a factor of 1."*"3 trials)|"* ]]
  [[ "${row}" == *"|blocking (served 1 of 64)|" ]]
  grep -q "the most often among the best: epoll (" "${tmp}/run/index.html"
  grep -q "of those that served everybody, epoll is the fastest and thread the slowest" "${tmp}/run/index.html"
  grep -q "Not drawn, for this run did not measure what they show: .*Memory per connection, Message size" "${tmp}/run/index.html"
  tests/fixtures/results/generate "${tmp}/even" --modes=epoll,thread --workloads=crowd --trials=1
  "${bin}/tsreport" html --no-png "${tmp}/even"
  row=$(choice "${tmp}/even/index.html" "64 lasting clients")
  echo "${row}"
  grep -q 'class="answer">Throughput: no difference shows in crowd.<' "${tmp}/even/index.html"
  [[ "${row}" == "|64 lasting clients |crowd|any|"*"|open|: no difference beyond the noise of 1 trial|any ("*" us)|-|" ]]
}

@test "names in a run are text on the page, never markup" {
  cp -r "${run_dir}" "${tmp}/run"
  sed -i 's/64 lasting clients/<script>alert(1)<\/script> \& "co"/; s/"co"/co/' "${tmp}/run/run.json"
  "${bin}/tsreport" html --no-png "${tmp}/run"
  run grep -c '<script>alert' "${tmp}/run/index.html"
  [ "${output}" -eq 0 ]
  grep -q '&lt;script&gt;alert' "${tmp}/run/index.html"
}

@test "an unknown command, a missing operand: exit 2" {
  run "${bin}/tsreport" soup
  [ "${status}" -eq 2 ]
  [ "${#lines[@]}" -eq 1 ]
  run "${bin}/tsreport" compare "${run_dir}"
  [ "${status}" -eq 2 ]
  run "${bin}/tsreport"
  [ "${status}" -eq 2 ]
}

@test "every command has a --help" {
  for command in table csv charts html merge compare matrix history validate record rows; do
    "${bin}/tsreport" "${command}" --help | grep -q "^Usage: tsreport ${command}"
  done
}

# Fault caught: a picture of no bytes stayed behind, beside the others.
@test "a picture that has no room is an error, and does not stay" {
  mkdir "${BATS_TEST_TMPDIR}/bin"
  cat >"${BATS_TEST_TMPDIR}/bin/gnuplot" <<EOF
#!/bin/sh
$(command -v gnuplot) "\$@"
: >"\${1%.gp}.png"
EOF
  chmod +x "${BATS_TEST_TMPDIR}/bin/gnuplot"
  PATH=${BATS_TEST_TMPDIR}/bin:${PATH} run "${bin}/tsreport" charts "${run_dir}" -o "${BATS_TEST_TMPDIR}/charts"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *".png: gnuplot could not write it to its end; is the disk full?" ]]
  [ -z "$(find "${BATS_TEST_TMPDIR}/charts" -size 0)" ]
  find "${BATS_TEST_TMPDIR}/charts" -name '*.svg' | grep -q .
}

@test "a result that cannot be printed is an error, not silence" {
  local command
  for command in table csv; do
    run bash -c "'${bin}/tsreport' ${command} '${run_dir}' 2>&1 >/dev/full"
    [ "${status}" -eq 3 ]
    [ "${output}" = "tsreport: cannot write to standard output: No space left on device" ]
  done
}
