#!/usr/bin/env bats
# Histograms as text, read by the official decoder of HdrHistogram (npm's hdr-histogram-js).

setup() {
  cd "${BATS_TEST_DIRNAME}/.."
  shapes=${TS_UNITS:-build/release/unit}/lib/test_hist_shapes
}

@test "the official decoder reads every shape: count, min, max, mean and percentiles agree" {
  "${shapes}" --print >"${BATS_TEST_TMPDIR}/shapes"
  run node tests/fixtures/hdr_decode.js <"${BATS_TEST_TMPDIR}/shapes"
  echo "${output}"
  [ "${status}" -eq 0 ]
  [ "${output}" = "10 shapes agree" ]
}

# Catches a comparison that compares nothing: each column is made wrong in turn, by more than a bucket.
@test "the comparison notices a wrong figure in any column" {
  "${shapes}" --print | awk -F '\t' -v OFS='\t' '
    $1 == "latencies" {
      for (c = 2; c < NF; c++) {
        kept = $c
        $1 = "column " c
        $c = sprintf("%.0f", $c * 1.01 + 1)
        print
        $c = kept
      }
    }' >"${BATS_TEST_TMPDIR}/wrong"
  [ "$(wc -l <"${BATS_TEST_TMPDIR}/wrong")" -eq 9 ]
  run node tests/fixtures/hdr_decode.js <"${BATS_TEST_TMPDIR}/wrong"
  echo "${output}"
  [ "${status}" -eq 1 ]
  [ "${lines[-1]}" = "0 shapes agree" ]
  [ "${#lines[@]}" -eq 10 ]
}
