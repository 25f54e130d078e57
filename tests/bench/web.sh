#!/usr/bin/env bash
# Builds what web.mjs needs (bundles of random weights, the module, the package, the packages beside it from npm) and
# runs it.
#   bash tests/bench/web.sh [OPTION OF web.mjs...]
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cmake --preset native >/dev/null
ninja -C build/native bench_model_bundle >/dev/null
cmake --preset wasm >/dev/null
cmake --build --preset wasm --target attune_wasm >/dev/null
(cd js && { [ -d node_modules ] || npm ci --silent; } && node scripts/build.mjs >/dev/null)
(cd tests/bench && { [ -d node_modules/hnswlib-wasm ] || npm ci --silent; })
mkdir -p build/bench
for items in 10000 100000; do
  [ -s "build/bench/$items.attune" ] || build/native/bench_model_bundle "build/bench/$items.attune" "$items"
done
exec node tests/bench/web.mjs "$@"
