#!/usr/bin/env bash
# Makes a site of static files: one page, a bundle trained from an invented shop, and the package's files.
#   bash examples/static-site/build.sh [FOLDER]     (build/static-site)
# Any host of static files will do for it; `node examples/static-site/serve.mjs FOLDER` is one. ATTUNE_BIN names another attune.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../tests/setup.sh"
case ${1:-} in
  -h | --help) sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  -*) attune_fail "examples/static-site/build.sh: unknown option $1; it takes a folder"; exit 2 ;;
esac
site=${1:-$attune_root/build/static-site}
attune=${ATTUNE_BIN:-$attune_root/build/native/attune}
[ -x "$attune" ] && [ -f "$attune_root/js/dist/element.js" ] || attune_setup_all

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$attune" synth --world shop --users 400 --items 120 --interactions 12000 --seed 1 --output "$work"
for type in interactions items; do
  "$attune" import --store "$work/shop.db" --type $type --schema "$work/$type.avsc" "$work/$type.csv"
done
"$attune" train --store "$work/shop.db" --recipe sims --include-text TITLE --validation none --output "$work/shop.attune"

mkdir -p "$site/attune"
cp "$here/index.html" "$work/shop.attune" "$site/"
cp "$attune_root"/js/dist/*.js "$attune_root/js/dist/attune.wasm" "$site/attune/"
rm "$site/attune/wasm-base64.js" "$site/attune/inline.js" # for those who cannot serve attune.wasm
attune_say "The site is in $site"
