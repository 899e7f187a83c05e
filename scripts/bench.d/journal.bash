# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# The run's folder and its journal: lines are only appended, so whatever happens, finished trials stay.

# Append lines to the journal; that fails on a full disk, and then there is no point in going on. It has another name until all
# that is to be done stands in it: RESUME can go on with a run that has a journal.tsv.
note() {
  # shellcheck disable=SC2059 # the first argument is the format
  printf "$@" >>"${journal}" && return
  [ -f "${run}/journal.tsv" ] || die 3 "${journal}: cannot be written; is the disk full? No trial was run yet"
  die 3 "${journal}: cannot be written; is the disk full? RESUME=${run} goes on when there is room"
}

record() {
  "${bin}/tsreport" record "${run}" || die 3 "stopped, for run.json could not be written (above); RESUME=${run} goes on when there is room"
}

version_of() {
  dpkg-query -W -f '${Version}' "$1" 2>/dev/null || printf -- -
}

note_environment() {
  local package dirty=false
  [ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || dirty=true
  note 'set\tsuite\t%s\nset\tseed\t%s\nset\tstarted_at\t%s\n' "${suite}" "${seed}" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  note 'set\tcommit\t%s\nset\tdirty\t%s\n' "$(git rev-parse -q --verify HEAD 2>/dev/null || echo -)" "${dirty}"
  note 'set\tbuild_flags\t%s\n' "$(tr '\t\n' '  ' <build/release/flags 2>/dev/null || echo -)"
  note 'set\tserver_cpus\t%s\nset\tgenerator_cpus\t%s\n' "${server_cpus:--}" "${generator_cpus:--}"
  for package in libev-dev libcjson-dev libgsl-dev liburing-dev gnuplot-nox gcc libc6; do
    note 'package\t%s\t%s\n' "${package}" "$(version_of "${package}")"
  done
}

note_plan() {
  local id mode open options warm
  for id in "${workloads[@]}"; do
    open=false warm=${warmup}
    # an open loop has no warm-up: who cannot keep up would serve the backlog of it first, and nothing of what is measured
    [ "${w_loop[${id}]}" = open ] && open=true warm=0s
    read -ra options <<<"--duration=${duration} --warmup=${warm} --interval=${interval} $(fill_rate "${w_options[${id}]}")"
    note 'workload\t%s\t%s\t%s\t%s\t%s\t%s\trequests/s' "${id}" "${w_title[${id}]}$(say_processes "${id}")" "${w_transport[${id}]}" "${open}" \
      "${w_group[${id}]}" "${w_at[${id}]}"
    note '\t%s' "${options[@]}"
    note '\n'
    w_options[${id}]="${options[*]}"
  done
  for mode in "${modes[@]}"; do
    note 'mode\t%s\t%s\t%s\t%s\n' "${mode}" "${m_concurrent[${mode}]}" "$([ -n "${m_command[${mode}]}" ] && echo true || echo false)" \
      "${m_summary[${mode}]}"
  done
  note '%s' "${plan}"
}

new_run() {
  local name
  mkdir -p "${runs}" || die 3 "${runs}: cannot be made"
  name=$(date -u +%Y%m%dT%H%M%SZ)
  while ! mkdir "${runs}/${name}" 2>/dev/null; do
    [ -d "${runs}/${name}" ] || die 3 "${runs}/${name}: cannot be made"
    sleep 1
    name=$(date -u +%Y%m%dT%H%M%SZ)
  done
  run=${runs}/${name}
  mkdir "${run}/trials" || die 3 "${run}/trials: cannot be made"
  measure_capacity
  journal=${run}/journal.tsv.new
  note_environment
  note_plan
  mv "${journal}" "${run}/journal.tsv" || die 3 "${run}/journal.tsv: cannot be made"
  journal=${run}/journal.tsv
}

# Go on with a run: its own settings, plan and order; trials that have an end are kept.
resume_run() {
  run=${RESUME%/}
  journal=${run}/journal.tsv
  [ -f "${run}/journal.tsv" ] || die 2 "RESUME=${RESUME}: must be a run's folder, with journal.tsv in it"
  [ -z "$(tail -c 1 "${run}/journal.tsv")" ] || sed -i '$d' "${run}/journal.tsv" # the line at which it was killed
  suite=$(journal_value suite)
  seed=$(journal_value seed)
  local id transport open options mode concurrent foreign summary
  while IFS=$'\t' read -r _ id _ transport open _ _ _ options; do
    w_transport[${id}]=${transport}
    w_options[${id}]=${options//$'\t'/ }
  done < <(grep -P '^workload\t' "${run}/journal.tsv")
  while IFS=$'\t' read -r _ mode concurrent foreign summary; do
    m_command[${mode}]=
    [ "${foreign}" = true ] && m_command[${mode}]=${summary}
  done < <(grep -P '^mode\t' "${run}/journal.tsv")
}

journal_value() {
  awk -F'\t' -v key="$1" '$1 == "set" && $2 == key {value = $3} END {print value}' "${run}/journal.tsv"
}
