#!/usr/bin/env bats
# The bench script with the real programs, in small: two modes, two workloads. Whatever happens to it, finished trials stay.
# long: 40 s

setup() {
  cd "${BATS_TEST_DIRNAME}/.." || exit 1
  export TS_BIN=${TS_BIN:-${PWD}/build/bin}
  export TS_RUNS="${BATS_TEST_TMPDIR}/results/runs"
  export SUITE=quick MODES="libev blocking" WORKLOADS="lockstep udp" TRIALS=1 SEED=7
  unset EXTRA RESUME BASE
  tmp=${BATS_TEST_TMPDIR}
}

latest() { readlink -f "${tmp}/results/latest"; }

rows() { "${TS_BIN}/tsreport" rows "$@"; }

# Programs of which some are played by a script: PROGRAM, and the script on standard input.
play() {
  local program
  mkdir -p "${tmp}/bin"
  for program in tsserver tsload tsreport; do
    ln -sf "${TS_BIN}/${program}" "${tmp}/bin/${program}"
  done
  rm "${tmp}/bin/$1"
  cat >"${tmp}/bin/$1"
  chmod +x "${tmp}/bin/$1"
}

# Start the script beside the test, and wait until it says LINE (or ends).
start_until() {
  mkfifo "${tmp}/said"
  env --default-signal=INT scripts/bench >"${tmp}/out" 2>"${tmp}/said" 3>&- &
  bench_pid=$!
  exec 4<"${tmp}/said"
  while read -r -t 60 -u 4 line; do
    echo "${line}" >>"${tmp}/err"
    [[ "${line}" == $1* ]] && break
  done
  cat <&4 >>"${tmp}/err" 3>&- &
  copier_pid=$!
  exec 4<&-
}

@test "two modes, two workloads: everything measured, everything valid" {
  run scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  dir=$(latest)
  [ -s "${dir}/index.html" ]
  [ "${lines[-1]}" = "The report: ${TS_RUNS}/${dir##*/}/index.html" ]
  [[ "${output}" == *"4 of 4, 0:00 left, "* ]]
  [[ "${output}" == *"lockstep: one client in lock-step"* ]]
  tests/helpers/validate "${dir}/run.json" "${dir}"/trials/*.json
  [ "$(find "${dir}/trials" -name '*.json' | wc -l)" -eq 8 ]
  [ "$(rows "${dir}/run.json" trials status | sort -u)" = ok ]
  [ "$(rows "${dir}/run.json" . suite seed partial)" = $'quick\t7\tfalse' ]
  [ "$(rows "${dir}/run.json" modes name | tr '\n' ' ')" = "libev blocking " ]
}

@test "beside slow readers: they are kept apart, and the others are measured" {
  MODES=libev WORKLOADS=slow run scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  result="$(latest)/trials/libev.slow.1.json"
  tests/helpers/validate "${result}"
  [ "$(rows "${result}" . slow_readers.connections)" -eq 6 ]
  [ "$(rows "${result}" . plan.pipeline)" -eq 8 ]
}

@test "every workload of a suite is a row, and options of tsload fit" {
  local suite name row
  for suite in quick standard full; do
    # shellcheck source=/dev/null disable=SC2154 # the suite sets it
    for name in $(. "scripts/suites/${suite}" && echo "${workloads}"); do
      row=$(grep -E "^${name} *\\|" scripts/suites/workloads)
      [ "${suite}" = full ] || continue
      # shellcheck disable=SC2046 # the options are words; they are read first, and then there is no server
      run "${TS_BIN}/tsload" $(sed 's/.*| *//; s/{[0-9]*%}/100/' <<<"${row}") tcp://127.0.0.1:1
      [ "${status}" -eq 3 ] || { echo "${name}: ${output}"; false; }
    done
  done
}

@test "wrong settings: one line that says what is allowed, exit 2, no run" {
  local settings=(SUITE=soup SUITE=workloads SUITE=limits MODES=soup "MODES=libev libev" "MODES= " WORKLOADS=soup WORKLOADS=../quick
    "WORKLOADS=udp udp" "WORKLOADS= " TRIALS=0 TRIALS=x SEED=-1 SEED=1e3 RESUME=/nowhere RESUME=tests BASE=/nowhere BASE=tests EXTRA=soup EXTRA=a.b=true
    EXTRA=libev=true $'EXTRA=a=true\na=false')
  for setting in "${settings[@]}"; do
    run env "${setting}" scripts/bench
    echo "${setting}: ${output}"
    [ "${status}" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "${output}" == *"must be"* || "${output}" == *"no mode is left"* ]]
  done
  EXTRA="mine=true" MODES=mine WORKLOADS=udp run scripts/bench
  echo "${output}"
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"no mode is left that serves such a workload"* ]]
  [ ! -e "${TS_RUNS}" ] || [ -z "$(ls "${TS_RUNS}")" ]
}

@test "BASE: open loops ask for the rates of that run, whatever the machine can do now" {
  mkdir "${tmp}/base"
  printf 'workload\tcurve-40\t40 %% of the capacity\ttcp\ttrue\tcurve\t40\trequests/s\t--connections=64\t--rate=3000\n' >"${tmp}/base/journal.tsv"
  BASE="${tmp}/base/" MODES=libev WORKLOADS="tail lockstep" run scripts/bench # 3 where another takes the generator's core
  echo "${output}"
  [[ ${status} =~ ^[03]$ ]]
  [[ "$(rows "$(latest)/run.json" workloads id options | grep ^tail)" == *"--rate=3750,"* ]]
  sed -i 's/curve-40/lockstep/' "${tmp}/base/journal.tsv"
  BASE="${tmp}/base" MODES=libev WORKLOADS=tail run scripts/bench
  [[ ${status} =~ ^[03]$ ]]
  [[ "${output}" == *"has no rate that is a share of the capacity, which is measured anew"* ]]
}

@test "a folder that cannot be made: one line, exit 3" {
  run env TS_RUNS=/proc/nowhere/runs scripts/bench
  [ "${status}" -eq 3 ]
  [[ "${lines[-1]}" == *"/proc/nowhere/runs: cannot be made"* ]]
}

# SIGNAL STATUS: after its first trial the bench is stopped by the signal, and says so. (On a busy machine two trials more may be
# over before the signal is sent.)
stopped_by() {
  start_until "1 of 4"
  kill "-$1" "${bench_pid}"
  status=0
  wait "${bench_pid}" || status=$?
  wait "${copier_pid}"
  cat "${tmp}/out" "${tmp}/err"
  echo "exit status ${status}"
  [ "${status}" -eq "$2" ]
  dir=$(latest)
  [ "$(rows "${dir}/run.json" . partial)" = true ]
  n=$(rows "${dir}/run.json" trials status | wc -l)
  [ "${n}" -ge 1 ] && [ "${n}" -lt 4 ]
  grep -q "This run is partial" "${dir}/index.html"
}

@test "Ctrl-C: a partial report, exit 130, and RESUME goes on from there" {
  stopped_by INT 130
  before=$(sha256sum "${dir}"/trials/*.json)
  load=$(rows "${dir}/run.json" . environment.host.load_1min)
  run env RESUME="${dir}" scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  sha256sum --quiet -c <<<"${before}"
  [ "$(rows "${dir}/run.json" trials status | grep -c ok)" -eq 4 ]
  [ "$(rows "${dir}/run.json" . partial)" = false ]
  [ "$(rows "${dir}/run.json" . environment.host.load_1min)" = "${load}" ] # of the start
  tests/helpers/validate "${dir}/run.json" "${dir}"/trials/*.json
}

@test "SIGTERM: a partial report, exit 143" {
  stopped_by TERM 143
}

@test "kill -9: every finished trial is in run.json, and RESUME goes on" {
  start_until "2 of 4"
  kill -KILL "${bench_pid}"
  wait "${bench_pid}" || true
  dir=$(find "${TS_RUNS}" -mindepth 1 -maxdepth 1)
  tests/helpers/validate "${dir}/run.json"
  [ "$(rows "${dir}/run.json" trials status | grep -c ok)" -ge 2 ]
  for ((i = 0; i < 500; i++)); do # its children end with it
    pgrep -f -- "--json=${dir}/trials" >/dev/null || pgrep -f -- "--stats=${dir}/trials" >/dev/null || break
    read -r -t 0.02 <> <(:) || true
  done
  [ "${i}" -lt 500 ]
  printf 'trial\tlibev\tlock' >>"${dir}/journal.tsv" # it died in the middle of a line
  run env RESUME="${dir}" scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  [ "$(rows "${dir}/run.json" trials mode workload | sort -u | wc -l)" -eq 4 ]
}

@test "a child whose parent died before it could be watched does not begin" {
  run scripts/while-parent 1 touch "${tmp}/begun"
  [ "${status}" -eq 143 ]
  [ ! -e "${tmp}/begun" ]
  scripts/while-parent "${BASHPID}" touch "${tmp}/begun"
  [ -e "${tmp}/begun" ]
}

@test "a mode that fails is reported with its reason, the rest goes on, exit 3" {
  MODES="libev broken blocking" EXTRA='broken=sh -c "echo no such luck >&2; exit 1"' WORKLOADS=lockstep run scripts/bench
  echo "${output}"
  [ "${status}" -eq 3 ]
  dir=$(latest)
  [ "$(rows "${dir}/run.json" trials mode status reason | grep broken)" = $'broken\tfailed\tthe server did not start: no such luck' ]
  [ "$(rows "${dir}/run.json" trials status | grep -c ok)" -eq 2 ]
  grep -q "no such luck" "${dir}/index.html"
  [[ "${output}" == *"broken"*"failed: the server did not start: no such luck"* ]]
}

@test "a mode that dies in the middle, and one whose port is taken: said so, the rest goes on, exit 3" {
  play tsserver <<'EOF'
#!/bin/bash
case $* in
  *--mode=thread*) exec timeout -s KILL 0.2 "${REAL}" "$@" ;;
  *--mode=pool*) exec "${REAL}" "${@/:0/:${TAKEN##*:}}" ;;
esac
exec "${REAL}" "$@"
EOF
  export REAL="${TS_BIN}/tsserver" TAKEN
  mkfifo "${tmp}/ready"
  "${REAL}" --listen=tcp://127.0.0.1:0 --ready-fd=9 9>"${tmp}/ready" 3>&- &
  local holder=$!
  read -r -t 10 TAKEN <"${tmp}/ready"
  TS_BIN="${tmp}/bin" MODES="thread pool libev" WORKLOADS=crowd run scripts/bench
  kill "${holder}"
  echo "${output}"
  [ "${status}" -eq 3 ]
  rows "$(latest)/run.json" trials mode status reason | sort >"${tmp}/said"
  grep -q $'^libev\tok\t-$' "${tmp}/said"
  grep -q $'^pool\tfailed\tthe server did not start: .*Address already in use' "${tmp}/said"
  grep -q $'^thread\tfailed\tthe server died' "${tmp}/said"
  [[ "${output}" == *"bench: 2 trials are missing"* ]]
  grep -q "Address already in use" "$(latest)/index.html"
}

# A folder that has room for only so many bytes: a file system of its own where we may mount one; else no file may be that large.
small_disk() {
  mkdir "${tmp}/disk"
  export TS_RUNS="${tmp}/disk/runs"
  if mount -t tmpfs -o "size=$1k" none "${tmp}/disk" 2>/dev/null; then
    disk=mounted
  else
    disk=limited
    trap '' XFSZ
    ulimit -S -f $(($1 / 4))
  fi
}

larger_disk() {
  case ${disk} in
    mounted) mount -o remount,size=20m "${tmp}/disk" ;;
    limited) ulimit -S -f unlimited ;;
  esac
}

teardown() {
  [ "${disk:-}" != mounted ] || umount "${tmp}/disk"
}

@test "a full disk: one line that says so, exit 3, what was measured stays, and RESUME goes on when there is room" {
  small_disk 40
  run scripts/bench
  echo "${disk}: ${output}"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"No space left on device"* || "${output}" == *"File too large"* || "${output}" == *"cannot be written"* ]]
  [[ "${lines[-1]}" == *"RESUME="*"goes on when there is room"* ]]
  [ -z "$(find "${TS_RUNS}" -type f -size 0)" ]
  dir=$(find "${TS_RUNS}" -mindepth 1 -maxdepth 1)
  larger_disk
  run env RESUME="${dir}" scripts/bench
  echo "${output}"
  [ "$(rows "${dir}/run.json" trials mode workload | sort -u | wc -l)" -eq 4 ]
  [ -s "${dir}/index.html" ]
}

# Fault caught: a trial whose result had no room was noted as one that had failed, and RESUME passed it over.
@test "a trial whose result has no room is no trial that has ended" {
  play tsload <<'EOF'
#!/bin/sh
echo "tsload: --json: No space left on device" >&2
: >"${TRIED}"
exit 3
EOF
  export TRIED="${tmp}/tried"
  small_disk 60
  TS_BIN="${tmp}/bin" run scripts/bench
  echo "${disk}: ${output}"
  [ "${status}" -eq 3 ]
  [ -e "${TRIED}" ]
  [[ "${lines[-1]}" == *"no room for a result: tsload: "*"; RESUME="*"goes on when there is room" ]]
  [ "$(grep -c $'^trial\t' "${TS_RUNS}"/*/journal.tsv)" -eq 0 ]
}

@test "what a mode cannot do by its nature is not tried, the report says why, and nothing is missing" {
  ulimit -n 20000
  MODES="select blocking" WORKLOADS=idle-100000 run scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ "${output}" == *"select under idle-100000: not able"* ]]
  [[ "$(rows "$(latest)/run.json" trials mode status reason)" == *$'select\tskipped\t'*FD_SETSIZE* ]]
  grep -q "not able: select watches descriptors below FD_SETSIZE" "$(latest)/index.html"
  [[ "$(rows "$(latest)/run.json" workloads title)" == "8 clients among 100,000 idle connections, event loops as 6 processes" ]]
  # shellcheck disable=SC2013 # one word a time
  for mode in $(grep -v '^#' scripts/suites/limits | cut -d '|' -f 2); do # a slip in the table would hide a mode
    "${TS_BIN}/tsserver" --list-modes --json | grep -q "\"${mode}\""
  done
}

@test "select has no room for the last of 1,024 clients: the figures say how many, and the remark says why" {
  MODES="select" WORKLOADS=clients-1024 run scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  [[ "${output}" == *" 10"[01][0-9]" of 1024"$'\n'"select: its sets hold descriptors below FD_SETSIZE (1,024)"* ]]
  grep -q 'class="number bad"[^>]*>10[01][0-9] of 1024<' "$(latest)/index.html"
  grep -q '<td>its sets hold descriptors below FD_SETSIZE' "$(latest)/index.html"
}

@test "among idle connections the loop is closed: poll and nonblocking could not keep any rate there" {
  grep -E '^idle-[0-9]+ ' scripts/suites/workloads | cut -d '|' -f 3,7 >"${tmp}/idle"
  [ "$(wc -l <"${tmp}/idle")" -eq 4 ]
  ! grep -vE '^ closed ' "${tmp}/idle" || false
  ! grep -E -- '--rate' "${tmp}/idle" || false
  [ "$(grep -cE -- '--idle=10{4,5} .*--timeout=20s' "${tmp}/idle")" -eq 2 ]
}

@test "a foreign server is measured beside ours" {
  MODES="libev py" EXTRA='py=/usr/bin/python3 tests/servers/peers/asyncio_server.py {uri}' WORKLOADS=lockstep run scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  [ "$(rows "$(latest)/run.json" modes name foreign | grep py)" = $'py\ttrue' ]
  [ "$(rows "$(latest)/run.json" trials mode status server | grep ^py)" = $'py\tok\t-' ]
}

@test "a server whose answers are wrong: said in the table and on the page, and it is not chosen" {
  MODES="libev epoll wrong" EXTRA='wrong=build/release/servers/faulty --fault=bracket-rare --listen={uri}' WORKLOADS=crowd run scripts/bench
  echo "${output}"
  [ "${status}" -eq 0 ]
  grep -qE '^wrong: [1-9][0-9]* of [0-9]+ requests failed: bad_format$' <<<"${output}"
  grep -qE 'answers failed in 1 case, of wrong in crowd, say, [1-9][0-9]* of' "$(latest)/index.html"
  grep -qE 'data-label="not to be chosen">wrong \([1-9]' "$(latest)/index.html"
}

@test "foreign servers with quotes in their commands, with bytes that are no text, that die: said so, and nothing of bash" {
  EXTRA=$(cat <<'EOF'
says=python3 -c 'import sys; sys.stderr.buffer.write(b"it said \"no\" \xff\xfe\n"); sys.exit(3)'
open=python3 'unbalanced {uri}
dies=timeout -s KILL 0.25 "${TS_BIN}/tsserver" --listen={uri}
lives="${TS_BIN}/tsserver" '--listen={uri}'
EOF
  )
  export EXTRA
  MODES="says open dies lives" WORKLOADS=lockstep run scripts/bench
  echo "${output}"
  [ "${status}" -eq 3 ]
  [[ "${output}" == *"bench: 3 trials are missing"* && "${output}" != *Killed* && "${output}" != *"line "*": "*"${TS_BIN}"* ]]
  tests/helpers/validate "$(latest)/run.json"
  rows "$(latest)/run.json" trials mode status reason >"${tmp}/said"
  cat "${tmp}/said"
  grep -q $'^says\tfailed\tthe server did not start: it said "no" ' "${tmp}/said"
  grep -q $'^open\tfailed\tthe server did not start: .*unexpected EOF' "${tmp}/said"
  grep -q $'^dies\tfailed\tthe server di' "${tmp}/said"
  grep -q $'^lives\tok\t-$' "${tmp}/said"
  iconv -f UTF-8 -t UTF-8 "$(latest)/index.html" >/dev/null
}

@test "a run that was killed before its plan was whole is no run to go on with" {
  mkdir -p "${TS_RUNS}/r"
  printf 'set\tsuite\tquick\n' >"${TS_RUNS}/r/journal.tsv.new"
  run env RESUME="${TS_RUNS}/r" scripts/bench
  [ "${status}" -eq 2 ]
  [[ "${output}" == *"must be a run's folder, with journal.tsv in it" ]]
}

@test "a generator that does not trust itself: three tries, then not measurable, with why" {
  play tsload <<'EOF'
#!/bin/bash
for a in "$@"; do [[ "$a" == --json=* ]] && json=${a#--json=}; done
echo try >>"$(dirname "$0")/tries"
sed 's/"verdict": "valid"/"verdict": "invalid"/; s/"reasons": \[\]/"reasons": ["it was not itself", "it came late"]/' "$(dirname "$0")/sample.json" >"$json"
exit 4
EOF
  tests/fixtures/results/generate "${tmp}/sample" --modes=epoll --workloads=lockstep --trials=1
  cp "${tmp}/sample/trials/epoll.lockstep.1.json" "${tmp}/bin/sample.json"
  TS_BIN="${tmp}/bin" MODES=libev WORKLOADS=lockstep run scripts/bench
  echo "${output}"
  [ "${status}" -eq 3 ]
  [ "$(wc -l <"${tmp}/bin/tries")" -eq 3 ]
  [ "$(rows "$(latest)/run.json" trials status reason)" = $'not_measurable\tit was not itself; it came late' ]
}

@test "a generator that writes nonsense does not get it into the run" {
  play tsload <<'EOF'
#!/bin/bash
for a in "$@"; do [[ "$a" == --json=* ]] && echo '{"schema": "tsbench.load/1"}' >"${a#--json=}"; done
EOF
  TS_BIN="${tmp}/bin" MODES=libev WORKLOADS=lockstep run scripts/bench
  [ "${status}" -eq 3 ]
  [[ "$(rows "$(latest)/run.json" trials status reason)" == failed*missing* ]]
  tests/helpers/validate "$(latest)/run.json"
}

@test "the order is random, mixed in rounds, and the same for the same seed" {
  play tsload <<'EOF'
#!/bin/sh
exit 3
EOF
  export TS_BIN="${tmp}/bin" MODES="libev blocking thread" WORKLOADS="lockstep crowd" TRIALS=3
  for try in 1:1 2:1 3:2; do
    SEED=${try#*:} scripts/bench >/dev/null 2>&1 || true
    grep -P '^plan\t' "$(latest)/journal.tsv" >"${tmp}/plan.${try%:*}"
  done
  cmp "${tmp}/plan.1" "${tmp}/plan.2"
  ! cmp "${tmp}/plan.1" "${tmp}/plan.3" || false
  for round in 1 2 3; do
    [ "$(sed -n "$((round * 6 - 5)),$((round * 6))p" "${tmp}/plan.1" | cut -f 4 | sort -u)" = "${round}" ]
    [ "$(sed -n "$((round * 6 - 5)),$((round * 6))p" "${tmp}/plan.1" | cut -f 2,3 | sort -u | wc -l)" -eq 6 ]
  done
}
