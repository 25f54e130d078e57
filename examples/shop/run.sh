#!/usr/bin/env bash
# An invented shop, trained and served: every shelf of the page is made on the visitor's device.
#   bash examples/shop/run.sh [--once] [--port 8090]
#   --once     stop when the site is built in build/shop/site, serve nothing
#   --port N   serve on 127.0.0.1:N, or on the next free port
# ATTUNE_BIN names an attune that is built already, beside js/dist; ATTUNE_SHOP another folder than build/shop.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../tests/setup.sh"

once=false
port=8090
usage() {
  attune_fail "examples/shop/run.sh: $1; it takes --once and --port N" || exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
    --once) once=true ;;
    --port)
      [[ ${2:-} =~ ^[0-9]{1,5}$ ]] && ((10#$2 <= 65535)) || usage "--port wants a number up to 65535"
      port=$((10#$2))
      shift
      ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) usage "unknown option $1" ;;
  esac
  shift
done

out=${ATTUNE_SHOP:-$attune_root/build/shop}
attune=${ATTUNE_BIN:-$attune_root/build/native/attune}
[ -n "${ATTUNE_BIN:-}" ] || attune_setup_all
mkdir -p "$out/models"

# A year of customers that ends today, so that what is new is new.
make_data() {
  "$attune" synth --world shop --users 900 --items 480 --interactions 36000 --seed 7 \
    --end $(($(date +%s) / 86400 * 86400)) --output "$out"
  rm -f "$out"/shop.db*
  local type
  for type in items users interactions; do
    "$attune" import --store "$out/shop.db" --type $type --schema "$out/$type.avsc" "$out/$type.csv" >/dev/null
  done
}

# train RECIPE [OPTION...]
train() {
  attune_say "  $1"
  "$attune" train --store "$out/shop.db" --recipe "$@" --include-text TITLE PRODUCT_DESCRIPTION \
    --filters "$here/filters.json" --output "$out/models/$1.attune" --report "$out/models/$1.json" >/dev/null
}

attune_say "Data: a shop of 480 products and a year of its 900 customers"
make_data
attune_say "Training"
train user-personalization --set epochs=12 hidden_dimension=32
train sims --validation none
train popularity-count --set window_hours=168
attune_say "The site"
rm -rf "$out/site"
mkdir -p "$out/site/attune"
cp "$here"/site/* "$out/site/"
cp -r "$out/models" "$out/site/models" && rm "$out"/site/models/*.json
cp "$attune_root"/js/dist/*.js "$attune_root/js/dist/attune.wasm" "$out/site/attune/"
rm "$out/site/attune/wasm-base64.js" "$out/site/attune/inline.js" # for those who cannot serve attune.wasm
node "$here/visit.mjs" "$attune_root/js/dist" "$out/models"
attune_say "The site is in $out/site"
$once || exec node "$here/serve.mjs" "$out/site" "$port"
