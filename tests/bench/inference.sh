#!/usr/bin/env bash
# Builds what inference.mjs needs (bundles of random weights, the module, the package, ONNX Runtime
# Web from npm) into build/bench and runs it; then the exactness of the lists.
#   bash tests/bench/inference.sh [SIZE...]
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
sizes=("${@:-}")
[ -n "${sizes[0]}" ] || sizes=(3416 100000 1000000)
cmake --preset native >/dev/null
ninja -C build/native bench_model_bundle bench_exactness >/dev/null
cmake --preset wasm >/dev/null
cmake --build --preset wasm --target attune_wasm >/dev/null
(cd js && { [ -d node_modules ] || npm ci --silent; } && node scripts/build.mjs >/dev/null)
(cd tests/bench && { [ -d node_modules ] || npm ci --silent; })
mkdir -p build/bench
for items in "${sizes[@]}"; do
  [ -s "build/bench/$items.attune" ] || build/native/bench_model_bundle "build/bench/$items.attune" "$items"
done
node tests/bench/inference.mjs build/bench "${sizes[@]}"
for items in "${sizes[@]}"; do
  build/native/bench_exactness "$items" 1000
done
