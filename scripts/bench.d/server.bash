# shellcheck shell=bash disable=SC2034,SC2154,SC2004 # the parts share their variables: scripts/bench
# The server under test: started, found ready, stopped.

server_pid=

# A free port, found by a server of ours that asks for one; for foreign servers, which cannot say theirs.
free_port() {
  local line pid
  rm -f "${scratch}/port" # that of the server before
  "${bin}/tsserver" --listen=tcp://127.0.0.1:0 --ready-fd=9 9>"${scratch}/port" >/dev/null 2>&1 &
  pid=$!
  for ((line = 0; line < 200; line++)); do
    [ -s "${scratch}/port" ] && break
    sleep 0.01
  done
  kill -KILL "${pid}" 2>/dev/null # it has nothing to tidy up
  wait "${pid}" 2>/dev/null
  sed 's/.*://' "${scratch}/port"
}

# The endpoint that the server is asked for.
endpoint() {
  case $1 in
    tcp) echo "tcp://127.0.0.1:0" ;;
    udp) echo "udp://127.0.0.1:0" ;;
    unix) echo "unix:${scratch}/s" ;;
    *) echo "unixgram:${scratch}/d" ;;
  esac
}

# Start the server of a mode; sets server_pid and uri. Fails with `reason`.
start_server() {
  local mode=$1 transport=$2 stats=$3 processes=${4:-1} line part i
  rm -f "${scratch}/ready" "${scratch}/s" "${scratch}/d"
  if [ -n "${m_command[${mode}]}" ]; then
    start_foreign "${m_command[${mode}]}"
    return
  fi
  mkfifo "${scratch}/ready"
  exec {ready}<>"${scratch}/ready"
  ${on_server} "${bin}/tsserver" "--mode=${mode}" "--listen=$(endpoint "${transport}")" "--stats=${stats}" "--processes=${processes}" \
    --ready-fd=9 9>"${scratch}/ready" {ready}>&- >/dev/null 2>"${scratch}/server.err" &
  server_pid=$!
  uri='' line='' part=''
  for ((i = 0; i < 100; i++)); do # a read that times out may have got a part of the line
    read -r -t 0.1 -u "${ready}" part && { uri=${line}${part}; break; }
    line+=${part}
    kill -0 "${server_pid}" 2>/dev/null || break
  done
  exec {ready}>&-
  [ -n "${uri}" ] && return 0
  reason="the server did not start: $(last_line "${scratch}/server.err")"
  return 1
}

start_foreign() {
  local port command
  port=$(free_port)
  uri="tcp://127.0.0.1:${port}"
  command=${1//\{uri\}/${uri}}
  command=${command//\{port\}/${port}}
  command=${command//\{host\}/127.0.0.1}
  ${on_server} bash -c "exec ${command}" >/dev/null 2>"${scratch}/server.err" 9>&- &
  server_pid=$!
  for ((i = 0; i < 500; i++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/${port}") 2>/dev/null && return 0
    kill -0 "${server_pid}" 2>/dev/null || break
    sleep 0.02
  done
  reason="the server did not start: $(last_line "${scratch}/server.err")"
  return 1
}

last_line() {
  local line
  line=$(tail -n 1 "$1" 2>/dev/null | tr -d '\000-\037' | cut -c 1-200)
  printf '%s' "${line:-it said nothing}"
}

# Stop the server; a server that does not stop in time is killed, and that is a failure of the mode.
stop_server() {
  local i status=0
  [ -n "${server_pid}" ] || return 0
  kill -TERM "${server_pid}" 2>/dev/null
  for ((i = 0; i < 600; i++)); do
    kill -0 "${server_pid}" 2>/dev/null || break
    sleep 0.01
  done
  if kill -0 "${server_pid}" 2>/dev/null; then
    kill -KILL "${server_pid}" 2>/dev/null
    reason="the server did not stop within 6 s"
    status=1
  fi
  wait "${server_pid}" 2>/dev/null
  server_pid=
  return "${status}"
}
