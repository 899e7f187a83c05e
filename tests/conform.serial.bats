#!/usr/bin/env bats
# What tsconform sees of a quick server only where it can have a processor.

load helpers/peer.bash
load helpers/conform.bash

@test "a server that keeps a descriptor of each client runs out of them: it need not be started by the suite to show that" {
  start_peer prlimit --nofile=1024:1024 build/release/servers/bounded build/release/servers/faulty --fault=leak-descriptors
  run "${bin}/tsconform" --only=end.many --timeout=1s "${uri}"
  [ "${status}" -eq 1 ]
  [[ "${output}" == *"after it had answered 1"[0-9][0-9][0-9]" clients"* ]]
  start_peer prlimit --nofile=1024:1024 build/release/servers/bounded build/release/servers/faulty
  run "${bin}/tsconform" --only=end.many "${uri}"
  [ "${status}" -eq 0 ]
}
