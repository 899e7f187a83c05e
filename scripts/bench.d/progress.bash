# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# All trials that are left, and how far they are.

# One live line on a terminal, a line for each trial elsewhere.
progress() {
  local done=$1 all=$2 now=$3 what=$4 left line
  line="${done} of ${all}, "
  if [ "${done}" -gt 0 ]; then # before that nothing is known
    left=$(((all - done) * (now - began) / done / 1000000))
    line+=$(printf '%d:%02d left, ' $((left / 60)) $((left % 60)))
  fi
  line+=${what}
  if [ -t 2 ]; then
    printf '\r\033[K%.*s' "$((${COLUMNS:-80} - 1))" "${line}" >&2
  else
    say "${line}"
  fi
}

# N NOUN IS ARE: "1 trial is", "2 trials are".
count_of() { [ "$1" -eq 1 ] && printf '1 %s %s' "$2" "$3" || printf '%d %ss %s' "$1" "$2" "$4"; }

now_us() { local t=${EPOCHREALTIME/[.,]/}; printf '%s' "${t}"; }

run_all() {
  local mode workload number order said k=0
  local -A finished
  while IFS=$'\t' read -r _ mode workload number _; do
    finished["${mode} ${workload} ${number}"]=yes
  done < <(grep -P '^trial\t' "${run}/journal.tsv")
  local rows
  mapfile -t rows < <(grep -P '^plan\t' "${run}/journal.tsv")
  local -a left=()
  for row in "${rows[@]}"; do
    IFS=$'\t' read -r _ mode workload number order <<<"${row}"
    [ -n "${finished["${mode} ${workload} ${number}"]:-}" ] || left+=("${row}")
  done
  n_missing=$(awk -F'\t' '$1 == "trial" && $6 != "ok" && $6 != "skipped"' "${run}/journal.tsv" | wc -l)
  began=$(now_us)
  for row in "${left[@]}"; do
    IFS=$'\t' read -r _ mode workload number order <<<"${row}"
    [ -t 2 ] && progress "${k}" "${#left[@]}" "$(now_us)" "${mode} under ${workload}"
    run_trial "${mode}" "${workload}" "${number}" "${order}"
    [ -n "${stopped}" ] && return
    k=$((k + 1))
    record
    said=${status/skipped/not able}
    [ -t 2 ] || progress "${k}" "${#left[@]}" "$(now_us)" "${mode} under ${workload}: ${said//_/ }"
  done
}
