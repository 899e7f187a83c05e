# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# The order of the trials: random, the same for the same seed.

# The same numbers from the same seed, on every machine.
random_below() {
  random_state=$(((random_state * 1103515245 + 12345) & 0x7fffffff))
  random_number=$(((random_state >> 8) % $1))
}

# Shuffle the arguments (Fisher and Yates) into the array `shuffled`.
shuffle() {
  local i held
  shuffled=("$@")
  for ((i = $# - 1; i > 0; i--)); do
    random_below $((i + 1))
    held=${shuffled[i]}
    shuffled[i]=${shuffled[random_number]}
    shuffled[random_number]=${held}
  done
}

# All trials, in rounds: each round has every workload and, next to each other, its modes, all in random order. So a drift of the
# machine favours no mode, and the trials of a round can be compared in pairs.
plan=
plan_trials() {
  local round workload mode in_round order=0
  random_state=$((seed & 0x7fffffff))
  for ((round = 1; round <= trials; round++)); do
    shuffle "${workloads[@]}"
    in_round=("${shuffled[@]}")
    for workload in "${in_round[@]}"; do
      shuffle "${modes[@]}"
      for mode in "${shuffled[@]}"; do
        [[ ",${m_transports[${mode}]}," == *",${w_transport[${workload}]},"* ]] || continue
        order=$((order + 1))
        plan+="plan"$'\t'"${mode}"$'\t'"${workload}"$'\t'"${round}"$'\t'"${order}"$'\n'
      done
    done
  done
  [ -n "${plan}" ] || die 2 "MODES and WORKLOADS: no mode is left that serves such a workload; foreign servers are asked for TCP only"
}
