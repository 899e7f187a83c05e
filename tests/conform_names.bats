#!/usr/bin/env bats
# One fault is one finding, also in a run of all cases: the case that is about it fails, and no crowd of others.
# long: 75 s, waiting

load helpers/peer.bash
load helpers/conform.bash

runs=()

# Begin a run against a server with this fault, of all cases or as the options say: begin FAULT [OPTION...]
begin() {
  local scheme
  scheme=$(build/release/servers/faulty --list-faults | awk -F'\t' -v name="$1" '$1 == name { print $4 }')
  start_peer build/release/servers/bounded build/release/servers/faulty --fault="$1" --listen="${scheme}://127.0.0.1:0"
  "${bin}/tsconform" --json="${tmp}/$1.json" "${@:2}" "${uri}" >"${tmp}/$1.txt" 3>&- &
  runs+=("$!")
}

# Does this case fail, and none but those of these names? named FAULT ID PATTERN
named() {
  local id
  statuses "${tmp}/$1.json" fail
  echo "$1: ${ids}, not $2 and ${3:-nothing else}"
  [[ " ${ids} " == *" $2 "* ]]
  for id in ${ids}; do
    # shellcheck disable=SC2053 # the pattern is one
    [[ "${id}" == "$2" || "${id}" == ${3:-$2} ]] || return 1
  done
}

end_runs() {
  local run
  for run in "${runs[@]}"; do
    wait "${run}" && return 1
  done
  return 0
}

@test "a fault of every reply is named by the case that is about it" {
  for fault in newline-after greeting time-weekday time-utc-called-east dgram-other-port dgram-split line-stripped \
    data-cut-100-udp form-changes-third; do
    begin "${fault}"
  done
  end_runs
  named newline-after format.nothing-after format.reply
  named greeting stream.no-greeting format.reply
  named time-weekday time.calendar format.reply
  named time-utc-called-east time.zone-true 'time.*'
  named dgram-other-port datagram.source
  named dgram-split datagram.boundaries format.reply
  named line-stripped data.line-ends format.reply
  named data-cut-100-udp data.sizes datagram.boundaries
  named form-changes-third format.time-text-steady '@(format.time-text|time.*)'
}

@test "a fault that shows now and then, or at the end, is named by the case that is about it" {
  for fault in stamp-at-end stamp-at-talk-end silent-dies dgram-empty-dies dgram-one dgram-unasked time-before-wait time-before-accept \
    dgram-some-lost stamp-fourth; do
    begin "${fault}"
  done
  end_runs
  named stamp-at-end end.no-empty-reply 'end.*'
  named stamp-at-talk-end end.no-empty-reply 'end.*'
  named silent-dies end.silent-client
  named dgram-empty-dies datagram.empty
  named dgram-one datagram.many
  named dgram-unasked datagram.no-unasked
  named time-before-wait time.fresh-connection
  named time-before-accept time.fresh-connection stream.kept-silent
  named dgram-some-lost datagram.many 'datagram.[bc]*'
  named stamp-fourth stream.no-unasked '*.*'
}

@test "clients that disturb each other are found first, and the rest is then seen one by one" {
  begin broadcast
  begin caller-ends-all
  begin leaver-ends-all
  begin callers-refused
  end_runs
  named caller-ends-all concurrency.no-cross-talk '@(concurrency.*|stream.random)'
  named leaver-ends-all concurrency.churn '@(concurrency.*|stream.*|format.reply)'
  named callers-refused concurrency.queue 'concurrency.queue*'
  named broadcast concurrency.no-cross-talk '@(concurrency.*|stream.*|end.own-replies)'
}

# Fault caught: a late end that falls into the time of the next client was called an end that waits for one.
@test "a late end is told from one that waits for the next client, by its sentence" {
  begin closes-late-shared --only=end.half-close
  begin closes-with-next --only=end.half-close
  end_runs
  cat "${tmp}"/closes-*.txt
  grep -qE '^  fail  end.half-close the server ended a conversation 2.[67] s after its client, and 2 s are allowed$' \
    "${tmp}/closes-late-shared.txt"
  grep -qx '  fail  end.half-close the server ends a conversation only when the next client comes' "${tmp}/closes-with-next.txt"
}
