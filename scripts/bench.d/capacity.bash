# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# The capacity, and the rates that are a share of it.

capacity=

# What {50%} is a share of: libev with 64 clients in a closed loop, for a second.
measure_capacity() {
  local id needed=
  for id in "${workloads[@]}"; do
    [[ "${w_options[${id}]}" == *"%}"* ]] && needed=yes
  done
  [ -n "${needed}" ] || return 0
  w_options[capacity]="--connections=64 --duration=1s --warmup=200ms"
  m_command[libev]=
  reason=-
  if start_server libev tcp "${scratch}/capacity.server.json" && run_load capacity 1 "${scratch}/capacity.json"; then
    capacity=$("${bin}/tsreport" rows "${scratch}/capacity.json" . throughput.requests_per_s)
    capacity=${capacity%.*}
  fi
  stop_server
  [ -n "${stopped}" ] && exit "${stopped}"
  [[ "${capacity}" =~ ^[1-9][0-9]*$ ]] ||
    die 3 "the capacity could not be measured: ${reason}; $(last_line "${scratch}/load.err")"
}

fill_rate() {
  local text=$1
  while [[ "${text}" =~ \{([0-9]+)%\} ]]; do
    text=${text/"${BASH_REMATCH[0]}"/$((capacity * BASH_REMATCH[1] / 100))}
  done
  printf '%s' "${text}"
}
