#!/usr/bin/env bats
# tsreport on results of the real generator and the real servers.

load helpers/peer

setup() {
  cd "${BATS_TEST_DIRNAME}/.." || exit 1
  bin=${TS_BIN:-build/bin}
  tmp=${BATS_TEST_TMPDIR}
}

teardown() {
  stop_peers
}

@test "merge: every field of a result is in the sum, as the table says" {
  start_server
  for seed in 1 2; do
    run "${bin}/tsload" -c 8 -r 400 --duration=250ms --warmup=50ms --seed="${seed}" --session=10 --size=16KiB --slow-share=25% \
      --slow-read=2MiB --kernel-stamps --server-pid="${peer}" --threshold='p99<9s' --json="${tmp}/${seed}.json" "${uri}"
    [[ "${status}" =~ ^[04]$ ]]
  done
  "${bin}/tsreport" merge "${tmp}/1.json" "${tmp}/2.json" -o "${tmp}/sum.json"
  tests/helpers/validate "${tmp}/sum.json"
  python3 - results/merge.def "${tmp}"/{1,2,sum}.json <<'PYTHON'
import json, re, sys

rows = dict(re.findall(r'^MERGE_ROW\("([^"]+)", *(\w+)\)', open(sys.argv[1]).read(), re.M))
a, b, merged = (json.load(open(path)) for path in sys.argv[2:])
folds = {"SUM": lambda x, y: x + y, "LEAST": min, "MOST": max, "ANY": lambda x, y: x or y, "ALL": lambda x, y: x and y}
wrong, n = [], 0

def how(path, folder):
    return rows.get(path) or rows.get(folder + ".*")

def walk(x, y, z, folder):
    global n
    for name in x:
        path = (folder + "." if folder else "") + name
        rule, n = how(path, folder), n + 1
        if rule is None and isinstance(x[name], dict) or rule == "OF_SOME":
            walk(x[name], y[name], z[name], path)
        elif rule is None:
            wrong.append("%s has no row" % path)
        elif rule in folds and None not in (x[name], y[name]) and abs(z[name] - folds[rule](x[name], y[name])) > 1e-9:
            wrong.append("%s: %s of %s and %s is not %s" % (path, rule, x[name], y[name], z[name]))
        elif rule == "LATENCY" and (z[name]["count"] != x[name]["count"] + y[name]["count"] or set(x[name]) - set(z[name]) - {"confidence_95"}):
            wrong.append("%s: %s" % (path, set(x[name]) - set(z[name])))
        elif rule not in ("UNKNOWN", "OMIT") and x[name] is not None and y[name] is not None and z.get(name) is None:
            wrong.append("%s is lost" % path)

walk(a, b, merged, "")
print(n, "fields")
sys.exit("\n".join(wrong) if wrong or n < 100 or merged["slow_readers"]["requests"]["completed"] == 0 else 0)
PYTHON
}

fork_under() { # NAME OPTIONS of tsload
  local name=$1
  shift
  start_server --mode=fork --stats="${tmp}/${name}.server.json"
  run "${bin}/tsload" "$@" --duration=300ms --server-pid="${peer}" --json="${tmp}/${name}.json" "${uri}"
  [[ "${status}" =~ ^[04]$ ]]
  kill "${peer}" && wait "${peer}"
  tests/helpers/validate "${tmp}/${name}.json" "${tmp}/${name}.server.json"
}

@test "processes that come and go: the result says how sure its processor time is, and the server what its start took" {
  unsure() { "${bin}/tsreport" rows "${tmp}/$1.json" . server.cpu_unsure_s; }
  for _ in 1 2 3 4 5; do # on a busy machine the last sample may come when all clients have gone, or when none has
    fork_under sessions --session=5 --session-rate=80
    fork_under lasting -c 4 -r 400
    [ "$(unsure lasting)" = 0 ] && [ "$(unsure sessions)" != 0 ] && break
  done
  python3 - "${tmp}" <<'PYTHON'
import json, sys

def read(name):
    return json.load(open("%s/%s.json" % (sys.argv[1], name)))

assert read("lasting")["server"]["cpu_unsure_s"] == 0
assert read("sessions")["server"]["cpu_unsure_s"] > 0
server = read("sessions.server")
assert 0 < server["cpu_until_ready_s"] < server["cpu_user_s"] + server["cpu_system_s"], server
PYTHON
}
