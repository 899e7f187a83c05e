# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# The capacity, and the rates that are a share of it.

capacity=

# BASE=RUN: a run that this one is to be compared with asks for the same rates. Its capacity follows from the rate of any workload
# whose rate is a share of it.
read_base() {
  [ -n "${BASE:-}" ] || return 0
  local id _ options share rate
  [ -f "${BASE%/}/journal.tsv" ] || die 2 "BASE=${BASE}: must be a run's folder, with journal.tsv in it"
  while IFS=$'\t' read -r _ id _ _ _ _ _ _ options; do
    [[ "${w_options[${id}]:-}" =~ \{([0-9]+)%\} ]] || continue
    share=${BASH_REMATCH[1]}
    [[ "${options}" =~ --rate=([1-9][0-9]{0,9})([^0-9]|$) ]] || continue
    rate=${BASH_REMATCH[1]}
    capacity=$(((rate * 100 + share - 1) / share))
    return 0
  done < <(grep -P '^workload\t' "${BASE%/}/journal.tsv")
  say "bench: BASE=${BASE}: it has no rate that is a share of the capacity, which is measured anew"
}

# What {50%} is a share of: libev with 64 clients in a closed loop, the median of three times 400 ms. One would not do: where
# somebody else takes the cores just then, all open loops of the run would be asked for a fraction of what they should.
measure_capacity() {
  local id needed="" try rates=()
  for id in "${workloads[@]}"; do
    [[ "${w_options[${id}]}" == *"%}"* ]] && needed=yes
  done
  [ -n "${needed}" ] && [ -z "${capacity}" ] || return 0
  w_options[capacity]="--connections=64 --duration=400ms --warmup=100ms"
  m_command[libev]=
  reason=-
  if start_server libev tcp "${scratch}/capacity.server.json"; then
    for try in 1 2 3; do
      run_load capacity "${try}" "${scratch}/capacity.json" || break
      rates+=("$("${bin}/tsreport" rows "${scratch}/capacity.json" . throughput.requests_per_s)")
    done
  fi
  stop_server
  [ -n "${stopped}" ] && exit "${stopped}"
  capacity=$(printf '%s\n' "${rates[@]%.*}" | sort -n | sed -n 2p)
  [[ ${#rates[@]} -eq 3 && "${capacity}" =~ ^[1-9][0-9]*$ ]] ||
    die 3 "the capacity could not be measured: ${reason}; $(last_line "${scratch}/load.err")"
}

fill_rate() {
  local text=$1
  while [[ "${text}" =~ \{([0-9]+)%\} ]]; do
    text=${text/"${BASH_REMATCH[0]}"/$((capacity * BASH_REMATCH[1] / 100))}
  done
  printf '%s' "${text}"
}
