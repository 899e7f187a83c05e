#!/usr/bin/env bats
# The page of a run with 14 modes, in headless Chromium: phone to wide screen, light and dark.
# long: 20 s

setup() {
  cd "${BATS_TEST_DIRNAME}/.." || exit 1
  bin=${TS_BIN:-build/bin}
  tmp=${BATS_TEST_TMPDIR}
}

@test "in a browser: no complaints, every chart visible, the table sorts, nothing overlaps or runs over" {
  tests/fixtures/results/generate "${tmp}/run" --workloads=crowd,sessions,idle-0,idle-1000,idle-10000,curve-20,curve-95,clients-1,clients-4,clients-16,clients-64,clients-256
  "${bin}/tsreport" html --no-png "${tmp}/run"
  NODE_PATH=tests/node_modules node tests/page/check.js "${tmp}/run/index.html" >"${tmp}/tap"
  cat "${tmp}/tap"
  tail -n 1 "${tmp}/tap" | grep -qE '^1\.\.[0-9]+$'
  ! grep '^not ok' "${tmp}/tap" || false
}

@test "the checks can fail: a page with faults is caught in each of them" {
  tests/fixtures/results/generate "${tmp}/run" --modes=epoll,poll --workloads=crowd,sessions
  "${bin}/tsreport" html --no-png "${tmp}/run"
  sed -e 's/aria-label="Throughput/x="/' -e 's/<h1>/<h1 id="answer" style="width:3000px;color:#ddd">/' \
    -e 's/sign \* compare/compare/' -e 's/row.hidden =/row.title =/' -e '0,/<svg role="img"/s//& style="display:none"/' \
    -e '0,/text-anchor="end"/s//text-anchor="start"/' -e 's/"use strict";/&throw new Error("oops");/' \
    -e 's/<h2 id="figures">/<img src="no.png">&/' -e 's/>Response time over the run/>& and much more than would fit in a line of this width, whatever one did to it/' \
    -e 's/<table class="choice"/& style="width:3000px"/' -e 's,>90</tspan>,>90000000000000</tspan>,' -e 's/64 lasting/(null)/' \
    -e 's/ class="hit"><title>[^<]*/ class="hit"><title>none/' \
    "${tmp}/run/index.html" >"${tmp}/bad.html"
  NODE_PATH=tests/node_modules node tests/page/check.js "${tmp}/bad.html" "" laptop >"${tmp}/tap" || true
  cat "${tmp}/tap"
  for fault in "no scrolling" "read without scrolling" "cut off on paper" "every chart is visible" "have names" "are unique" "stay within" "under the pointer" "stand out" "is a slip" "do not overlap" "sorts by it" \
    "no complaints" "nothing else"; do
    grep -q "^not ok.*${fault}" "${tmp}/tap"
  done
}
