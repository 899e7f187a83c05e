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
    id=$(trim "${id}")
    [[ -z "${id}" || "${id}" == \#* ]] && continue
    known+=("${id}")
    w_transport[${id}]=$(trim "${transport}")
    w_loop[${id}]=$(trim "${loop}")
    w_group[${id}]=$(trim "${group}")
    w_at[${id}]=$(trim "${at}")
    w_title[${id}]=$(trim "${title}")
    w_options[${id}]=$(trim "${options}")
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

trim() {
  local text=$1
  text=${text#"${text%%[![:space:]]*}"}
  printf '%s' "${text%"${text##*[![:space:]]}"}"
}
