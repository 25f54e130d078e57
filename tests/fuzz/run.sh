#!/usr/bin/env bash
# Fuzzes the runtime with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer.
#   bash tests/fuzz/run.sh [SECONDS]     60 unless told; exit code 1 when something was found
# Needs clang (a package of the tests) and the generated schema header (tests/run.sh --build-only).
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
header=$(find build/native -name bundle_generated.h | head -n 1)
[ -n "$header" ] || { echo 'tests/fuzz/run.sh: run bash tests/run.sh --build-only first' >&2; exit 2; }
mkdir -p build/fuzz/filters
clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
  -I . -I "$(dirname "$header")" -I "$(dirname "$(dirname "$header")")" \
  tests/fuzz/filters.cpp $(find runtime -name '*.cpp') -o build/fuzz/fuzz_filters
printf '%s' "EXCLUDE ItemID WHERE Items.SINGLE IN (\"cat 01\", \$X) AND NOT (Items.REAL > 3.5 OR Items.FLAG = true)" >build/fuzz/filters/one
printf 'INCLUDE ItemID WHERE Items.WHOLE <= $N - 3 AND Interactions.EVENT_TYPE IN ("*") IF CurrentUser.AGE > 20\0N\0"7",8' >build/fuzz/filters/two
printf '%s' "INCLUDE ItemID WHERE Items.SEVERAL IN CurrentItem.SEVERAL | EXCLUDE ItemID WHERE Interactions.TIMESTAMP > now() - 30d" >build/fuzz/filters/three
printf '%s' "EXCLUDE ItemID WHERE Interactions.DEVICE = \"phone\" AND Interactions.SPENT >= 2 AND Interactions.GIFT = true" >build/fuzz/filters/five
printf '%s' "ITEMS.SINGLE = \"cat 01\" AND ITEMS.TITLE = 'title 3'" >build/fuzz/filters/four
exec build/fuzz/fuzz_filters -max_total_time="$seconds" -max_len=2600 -timeout=2 -print_final_stats=1 \
  -dict=tests/fuzz/filters.dict -artifact_prefix=build/fuzz/ build/fuzz/filters
