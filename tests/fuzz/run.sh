#!/usr/bin/env bash
# Fuzzes with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer: filters in the runtime,
# deltas and manifests as `attune publish` reads them.
#   bash tests/fuzz/run.sh [SECONDS [TARGET...]]     60 seconds each unless told; targets are the .cpp
#   files beside this one, all unless told; exit code 1 when something was found
# Needs clang (a package of the tests) and the generated schema header (tests/run.sh --build-only).
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
[ $# -gt 0 ] || set -- filters deltas manifests
header=$(find build/native -name bundle_generated.h | head -n 1)
[ -n "$header" ] || { echo 'tests/fuzz/run.sh: run bash tests/run.sh --build-only first' >&2; exit 2; }

# run TARGET MAX_LENGTH LIBRARIES -- SOURCE...: builds the target and runs it on its corpus.
run() {
  local target=$1 length=$2 libraries=$3
  shift 4
  # shellcheck disable=SC2086  # libraries are words
  clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -I . -I "$(dirname "$header")" -I "$(dirname "$(dirname "$header")")" \
    "tests/fuzz/$target.cpp" "$@" $libraries -o "build/fuzz/fuzz_$target"
  local dictionary=tests/fuzz/$target.dict
  "build/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len="$length" -timeout=2 -print_final_stats=1 \
    $([ -f "$dictionary" ] && echo "-dict=$dictionary") -artifact_prefix=build/fuzz/ "build/fuzz/$target"
}

fuzz_filters() {
  printf '%s' "EXCLUDE ItemID WHERE Items.SINGLE IN (\"cat 01\", \$X) AND NOT (Items.REAL > 3.5 OR Items.FLAG = true)" >build/fuzz/filters/one
  printf 'INCLUDE ItemID WHERE Items.WHOLE <= $N - 3 AND Interactions.EVENT_TYPE IN ("*") IF CurrentUser.AGE > 20\0N\0"7",8' >build/fuzz/filters/two
  printf '%s' "INCLUDE ItemID WHERE Items.SEVERAL IN CurrentItem.SEVERAL | EXCLUDE ItemID WHERE Interactions.TIMESTAMP > now() - 30d" >build/fuzz/filters/three
  printf '%s' "EXCLUDE ItemID WHERE Interactions.DEVICE = \"phone\" AND Interactions.SPENT >= 2 AND Interactions.GIFT = true" >build/fuzz/filters/five
  printf '%s' "ITEMS.SINGLE = \"cat 01\" AND ITEMS.TITLE = 'title 3'" >build/fuzz/filters/four
  run filters 2600 '' -- $(find runtime -name '*.cpp')
}

fuzz_deltas() {
  # A run of five items that stay, numbers, offsets and rows of them, a range of offsets, a record.
  printf '\1\1\3\1\1\5\0\0\0\1\0\1\0\4\0\12\0\3\0\4\0\6\0\2\0\10\0\5\0\50\0\6\0\0\0\54\1\0\0\0\0' >build/fuzz/deltas/one
  # Of four items one goes and two come; two records, one of which puts bytes in.
  printf '\2\2\1\0\2\1\0\1\0\2\0\2\0\0\0\0\0\2\0\4\0\4\0\144\0\0\0\62\0\226\0\144\0\0\0' >build/fuzz/deltas/two
  run deltas 1200 '-lz' -- $(find runtime -name '*.cpp') trainer/export/{delta,delta_records,rearrangement}.cpp
}

fuzz_manifests() {
  local hash=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  printf '%s' "{\"format\":1,\"dataset\":\"shop\",\"version\":3,\"createdAt\":1,\"expiresAt\":2,\"bundle\":{\"sha256\":\"$hash\",\"bytes\":9},\"parts\":[{\"sha256\":\"$hash\",\"bytes\":9}],\"deltas\":[{\"sha256\":\"$hash\",\"bytes\":4,\"from\":\"$hash\"}]}" >build/fuzz/manifests/text
  printf '%s' '{"signed":"x","signatures":[{"keyid":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","algorithm":"ed25519","sig":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}]}' >build/fuzz/manifests/signed
  run manifests 4000 '-lcrypto' -- trainer/export/{manifest,ed25519,sha256}.cpp trainer/base/files.cpp
}

for target; do
  mkdir -p "build/fuzz/$target"
  "fuzz_$target"
done
