# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# What is to be measured: the suite, its workloads, and what this call of the script says otherwise.

suites=scripts/suites
trials='' duration='' warmup='' interval='' workloads='' # a suite sets these

# The suite's settings, overridden by the environment.
read_suite() {
  suite=${SUITE:-standard}
  { [[ "${suite}" =~ ^[a-z0-9-]+$ ]] && grep -qs '^trials=' "${suites}/${suite}"; } ||
    die 2 "SUITE=${suite}: must be quick, standard or full"
  # shellcheck source=/dev/null
  . "${suites}/${suite}"
  trials=${TRIALS:-${trials}}
  [[ "${trials}" =~ ^[1-9][0-9]{0,2}$ ]] || die 2 "TRIALS=${trials}: must be 1 to 999"
  seed=${SEED:-$(($(date +%s) % 1000000))}
  [[ "${seed}" =~ ^[0-9]{1,9}$ ]] || die 2 "SEED=${seed}: must be 0 to 999999999"
  seed=$((10#${seed}))
  [ -n "${WORKLOADS:-}" ] && workloads=${WORKLOADS}
  read -ra workloads <<<"${workloads//$'\n'/ }"
}

# The rows of the chosen workloads, into associative arrays by id.
read_workloads() {
  local id transport loop group at title options known=()
  while IFS='|' read -r id transport loop group at title options; do
    trim id transport loop group at title options
    [[ -z "${id}" || "${id}" == \#* ]] && continue
    known+=("${id}")
    w_transport[${id}]=${transport}
    w_loop[${id}]=${loop}
    w_group[${id}]=${group}
    w_at[${id}]=${at}
    w_title[${id}]=${title}
    w_options[${id}]=${options}
  done <"${suites}/workloads"
  for id in "${workloads[@]}"; do
    [ -n "${w_transport[${id}]:-}" ] || die 2 "WORKLOADS: ${id}: must be one of: ${known[*]}"
  done
  named_once WORKLOADS "${workloads[@]}"
}

# SETTING NAME...: a name that comes twice would be one trial in two places.
named_once() {
  local twice
  twice=$(printf '%s\n' "${@:2}" | sort | uniq -d | head -n 1)
  [ -z "${twice}" ] || die 2 "$1: ${twice}: must be named once"
}

# NAME...: the text of each of these variables loses the blanks around it. (A subshell for each would take seconds.)
trim() {
  local trim_name
  for trim_name in "$@"; do
    local -n trim_text=${trim_name}
    trim_text=${trim_text#"${trim_text%%[![:space:]]*}"}
    trim_text=${trim_text%"${trim_text##*[![:space:]]}"}
    unset -n trim_text
  done
}
