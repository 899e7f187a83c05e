# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# Which servers are measured: our modes and those of others; and what a mode cannot do by its nature.

# What a mode cannot do by its nature, from the table: l_reason and l_unless by "workload mode".
limit_descriptors=$(ulimit -Hn)
[ "${limit_descriptors}" != unlimited ] || limit_descriptors=1000000
read_limits() {
  local workload names unless reason name
  while IFS='|' read -r workload names unless reason; do
    trim workload unless reason
    [[ -z "${workload}" || "${workload}" == \#* ]] && continue
    for name in ${names}; do
      l_unless[${workload} ${name}]=${unless}
      l_reason[${workload} ${name}]=${reason//\{limit\}/${limit_descriptors}}
    done
  done <"${suites}/limits"
}

# MODE WORKLOAD: can it not do that? Sets `reason`.
unable() {
  local unless=${l_unless[$2 $1]:-}
  [[ -z "${unless}" || "${unless}" == measured || -n "${m_command[$1]}" ]] && return 1
  [[ "${unless}" != - && "${limit_descriptors}" -ge "${unless}" ]] && return 1
  reason=${l_reason[$2 $1]}
}

# MODE WORKLOAD: what is to be said beside the figures, or "-".
remark_on() {
  if [[ "${l_unless[$2 $1]:-}" == measured && -z "${m_command[$1]}" ]]; then
    printf '%s' "${l_reason[$2 $1]}"
  else
    printf -- -
  fi
}

# What the server says of its modes, into a file; and which of them may run as several processes.
list_modes() {
  local name multiplexes
  mode_list=${scratch}/modes.json
  { "${bin}/tsserver" --list-modes --json >"${mode_list}" && "${bin}/tsreport" validate -q "${mode_list}"; } ||
    die 3 "${bin}/tsserver --list-modes --json does not give what it should"
  while IFS=$'\t' read -r name multiplexes; do
    m_multiplexes[${name}]=${multiplexes}
  done < <("${bin}/tsreport" rows "${mode_list}" modes name multiplexes)
}

# MODE WORKLOAD: so many processes that each has descriptors enough; 5 % more, for callers are dealt by a hash.
processes_for() {
  local idle=0
  [[ "${w_options[$2]:-}" =~ --idle=([0-9]+) ]] && idle=${BASH_REMATCH[1]}
  if [[ "${m_multiplexes[$1]:-}" == true && "${idle}" -gt $((limit_descriptors - 100)) ]]; then
    printf '%d' $((idle * 105 / 100 / (limit_descriptors - 100) + 1))
  else
    printf 1
  fi
}

# WORKLOAD: what its title has to say of that; nothing where one process is enough.
say_processes() {
  local mode n most=1
  [[ "${w_options[$1]}" == *--idle=* ]] || return 0
  for mode in "${modes[@]}"; do
    n=$(processes_for "${mode}" "$1")
    [ "${n}" -le "${most}" ] || most=${n}
  done
  [ "${most}" -eq 1 ] || printf ', event loops as %d processes' "${most}"
}

# The modes of the server that were built, and the foreign servers; all of them, or those that MODES names.
modes=()
read_modes() {
  local name concurrent available transports summary wanted known=()
  while IFS=$'\t' read -r name concurrent available transports summary; do
    [ "${available}" = true ] || { say "bench: mode ${name} was not built in: left out"; continue; }
    add_mode "${name}" "${concurrent}" "${transports}" "${summary}" ""
  done < <("${bin}/tsreport" rows "${mode_list}" modes name concurrent available transports summary)
  while IFS= read -r name; do
    [ -n "${name}" ] || continue
    [ "${name}" = peers ] && { add_peers; continue; }
    [[ "${name}" =~ ^([A-Za-z0-9][A-Za-z0-9_+-]*)=(.+)$ ]] || die 2 "EXTRA=${name}: must be name=COMMAND"
    add_mode "${BASH_REMATCH[1]}" - tcp "${BASH_REMATCH[2]}" "${BASH_REMATCH[2]}"
  done <<<"${EXTRA:-}"
  named_once EXTRA "${modes[@]}"
  [ -n "${MODES:-}" ] || return 0
  known=("${modes[@]}")
  read -ra modes <<<"${MODES}"
  for wanted in "${modes[@]}"; do
    [ -n "${m_transports[${wanted}]:-}" ] || die 2 "MODES: ${wanted}: must be one of: ${known[*]}"
  done
  named_once MODES "${modes[@]}"
  for name in "${known[@]}"; do
    [ -z "${m_command[${name}]}" ] || [[ " ${modes[*]} " == *" ${name} "* ]] ||
      say "bench: EXTRA: ${name} is not among MODES: left out"
  done
}

# The ready-made rows of foreign servers, those whose runtime is here.
add_peers() {
  local name needs command
  while IFS=$'\t' read -r name needs command; do
    [[ "${name}" == \#* ]] && continue
    if command -v "${needs}" >/dev/null; then
      add_mode "${name}" - tcp "${command}" "${command}"
    else
      say "bench: ${name} left out: ${needs} is not here"
    fi
  done <tests/servers/peers/peers.tsv
}

add_mode() {
  modes+=("$1")
  m_concurrent[$1]=$2
  m_transports[$1]=$3
  m_summary[$1]=$4
  m_command[$1]=$5
}
