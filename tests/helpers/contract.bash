# shellcheck shell=bash disable=SC2154,SC2034 # uri comes from start_peer; tests read status, file and scratch
# The contract in tests. `wrong` and `fails` run a program that must end with 2 or 3 and one line; `valid` checks files
# against their schemas; `says FILE EXPRESSION...` checks facts of a JSON file in Python, with d the document.

contract_setup() {
  root=$(cd "${BATS_TEST_DIRNAME}/.." && pwd)
  bin=${TS_BIN:-${root}/build/bin}
  servers=${root}/build/release/servers
  scratch=${BATS_TEST_TMPDIR}
  file=${scratch}/result.json
}

# Ends with STATUS, says one line that holds every TEXT, and prints nothing.
ends() { # STATUS TEXT... -- PROGRAM ARGUMENT...
  local wanted=$1 texts=() text
  shift
  while [ "$1" != -- ]; do
    texts+=("$1")
    shift
  done
  shift
  local got=0
  timeout 20 "${bin}/$1" "${@:2}" >"${scratch}/out" 2>"${scratch}/err" </dev/null || got=$?
  [ "${got}" -eq "${wanted}" ] || { echo "$*: ends with ${got}, not ${wanted}: $(cat "${scratch}/err")"; return 1; }
  [ "$(wc -l <"${scratch}/err")" -eq 1 ] || { echo "$*: not one line: $(cat "${scratch}/err")"; return 1; }
  for text in "${texts[@]}"; do
    grep -qF -- "${text}" "${scratch}/err" || { echo "$*: '${text}' is not in: $(cat "${scratch}/err")"; return 1; }
  done
}

wrong() { # OPTION=VALUE PROGRAM ARGUMENT...: exit 2 and a line with the option and its value; nothing is printed
  local option=$1
  shift
  ends 2 "${option}" -- "$@" "${option}" || return 1
  [ ! -s "${scratch}/out" ] || { echo "$* ${option}: prints $(head -c 200 "${scratch}/out")"; return 1; }
}

fails() { # TEXT PROGRAM ARGUMENT...: exit 3 and a line with the text
  local text=$1
  shift
  ends 3 "${text}" -- "$@"
}

valid() { # FILE...: each against the schema that it names
  "${root}/tests/helpers/validate" "$@"
}

says() { # FILE EXPRESSION...
  /usr/bin/python3 - "$@" <<'PYTHON'
import json, sys
d = json.load(open(sys.argv[1]))
has = lambda place, *names: all(n in place for n in names)
r = d.get("requests")
known = lambda values: [v for v in values if v is not None]
adds_up = lambda: r["scheduled"] == r["not_sent"] + r["completed"] + r["failed"] + r["in_flight_at_end"]
for expression in sys.argv[2:]:
    assert eval(expression), "does not hold: %s; requests %s, partial %s" % (expression, r, d.get("partial"))
PYTHON
}

# A list of wrong values for every option with a type, made from the program's own table of options.
wrong_values() { # PROGRAM OPERAND...
  /usr/bin/python3 - "${bin}/$1" "${@:2}" <<'PYTHON'
import concurrent.futures, subprocess, sys
program, operands = sys.argv[1], sys.argv[2:]
common = ["", "abc", "-1", "nan", "1e400", "99999999999999999999999", " 5", "5 ", "--"]
values = {"choice": ["", "nosuch", "STREAM"], "count": common + ["1.5", "10q", "0x10"], "bytes": common + ["10XB"],
          "duration": common + ["10x", "s", "inf"], "rate": common[:5] + ["inf"], "cpus": ["", "abc", "3-1", "-1", "0,,1", "1,1"]}
def judge(option, value):
    argument = "--%s=%s" % (option, value)
    p = subprocess.run([program, argument] + operands, capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
    good = p.returncode == 2 and p.stdout == "" and p.stderr.count("\n") == 1 and argument in p.stderr
    return None if good else "%r: exit %d, %r %r" % (argument, p.returncode, p.stdout[:80], p.stderr[:200])
rows = [line.split("\t") for line in subprocess.run([program, "--dump-options"], capture_output=True, text=True).stdout.splitlines()]
tries = [(row[0], value) for row in rows for value in values.get(row[3], [])]
assert len(tries) > 3, "no option with a type"
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    bad = [b for b in pool.map(lambda t: judge(*t), tries) if b]
print("\n".join(bad), "%d tried" % len(tries))
sys.exit(bool(bad))
PYTHON
}
