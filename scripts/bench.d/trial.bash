# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# One trial: a fresh server, its load, and what came of it.

tries_max=3
load_pid=

# Load the server; the generator's exit status. It may take its time, but not for ever.
run_load() {
  local options
  read -ra options <<<"${w_options[$1]}"
  ${on_generator} timeout -k 5 120 "${bin}/tsload" "${options[@]}" "--seed=$2" "--json=$3" "--server-pid=${server_pid}" \
    --progress=never "${uri}" >/dev/null 2>"${scratch}/load.err" &
  load_pid=$!
  wait "${load_pid}"
  local status=$?
  load_pid=
  return "${status}"
}

# Why the generator does not trust a result: the first three reasons, for any of them may be the one.
reasons_of() {
  "${bin}/tsreport" rows "$1" . 'validity.reasons[0]' 'validity.reasons[1]' 'validity.reasons[2]' 2>/dev/null |
    sed $'s/\t-//g; s/\t/; /g'
}

# One try of a trial: sets status (ok, failed, invalid) and reason.
try_trial() {
  local mode=$1 workload=$2 number=$3 stem=$4 code
  status=failed reason=-
  rm -f "${stem}.json" "${stem}.server.json"
  if ! start_server "${mode}" "${w_transport[${workload}]}" "${stem}.server.json" \
    "$(processes_for "${mode}" "${workload}")"; then
    stop_server
    return
  fi
  run_load "${workload}" "$((seed + number))" "${stem}.json"
  code=$?
  [ -n "${stopped}" ] && { stop_server; return; }
  case ${code} in
    0 | 1) status=ok ;;
    4) status=invalid reason=$(reasons_of "${stem}.json") reason=${reason:--} ;;
    124) reason="the load did not end within 120 s" ;;
    *) reason="tsload: exit status ${code}: $(last_line "${scratch}/load.err")" ;;
  esac
  kill -0 "${server_pid}" 2>/dev/null || { status=failed reason="the server died: $(last_line "${scratch}/server.err")"; }
  stop_server || status=failed
}

# A trial whose generator says that its figures are not to be trusted is run again, three times at most.
run_trial() {
  local mode=$1 workload=$2 number=$3 order=$4 stem try result=- server=-
  stem="${run}/trials/${mode}.${workload}.${number}"
  if unable "${mode}" "${workload}"; then
    status=skipped
    note_trial "$@" - -
    return
  fi
  for ((try = 1; try <= tries_max; try++)); do
    try_trial "${mode}" "${workload}" "${number}" "${stem}" 2>/dev/null # where bash, too, would say that a server was killed
    [ -n "${stopped}" ] && { rm -f "${stem}.json" "${stem}.server.json"; return; }
    [ "${status}" = invalid ] || break
  done
  [ "${status}" = failed ] && need_room
  [ "${status}" = invalid ] && status=not_measurable
  keep "${stem}.json" && result="trials/${stem##*/}.json"
  keep "${stem}.server.json" && server="trials/${stem##*/}.server.json"
  [ "${status}" = ok ] && [ "${result}" = - ] && status=failed reason="the generator wrote no result"
  [ "${status}" = ok ] && reason=$(remark_on "${mode}" "${workload}")
  [ "${status}" = ok ] || n_missing=$((n_missing + 1))
  note_trial "$@" "${result}" "${server}"
}

# What failed because its result had no room is no trial that has an end.
need_room() {
  head -c 100000 /dev/zero 2>/dev/null >"${run}/trials/room"
  local rc=$?
  rm -f "${run}/trials/room"
  [ "${rc}" -eq 0 ] || die 3 "no room for a result: ${reason}; RESUME=${run} goes on when there is room"
}

note_trial() { # MODE WORKLOAD NUMBER ORDER RESULT SERVER
  note 'trial\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${status}" "$5" "$6" \
    "$(tr '\t\n' '  ' <<<"${reason}" | sed 's/ *$//')"
}

# A file that is not what it should be does not enter the run.
keep() {
  [ -f "$1" ] || return 1
  "${bin}/tsreport" validate -q "$1" 2>"${scratch}/validate.err" && return 0
  status=failed reason=$(last_line "${scratch}/validate.err")
  rm -f "$1"
  return 1
}
