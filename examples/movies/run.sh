#!/usr/bin/env bash
# Real movie ratings in, recommendations in a browser tab out: installs, builds, trains and serves.
#   bash examples/movies/run.sh [--once | --live] [--port 8080]
#   --once     stop after printing the results, serve nothing
#   --live     with a collector behind the page: what one visitor clicks is, an update later, popular
#              with all (on 127.0.0.1:8081)
#   --port N   serve on 127.0.0.1:N, or on the next free port
# Everything made goes to build/movies. A second run downloads nothing and works offline.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../tests/setup.sh"

once=false
live=false
port=
usage() {
  attune_fail "examples/movies/run.sh: $1; it takes --once, --live and --port N"
  exit 2
}
while [ $# -gt 0 ]; do
  case $1 in
    --once) once=true ;;
    --live) live=true ;;
    --port)
      [[ ${2:-} =~ ^[0-9]{1,5}$ ]] && ((10#$2 <= 65535)) ||
        usage "--port wants a number up to 65535"
      port=$((10#$2))
      shift
      ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) usage "unknown option $1" ;;
  esac
  shift
done

if $once && $live; then usage "--once and --live do not go together"; fi

cd "$attune_root" || exit 1
attune=build/native/attune
out=build/movies
store=$out/attune.db
models=$out/models

step() { printf '\n== %s\n' "$*"; }

# The package with the ratings: kept as a .deb, unpacked beside it; R itself is not needed.
download_data() {
  [ -d $out/package ] && return 0
  mkdir -p $out || return
  if ! compgen -G "$out/r-cran-dslabs_*.deb" >/dev/null; then
    attune_say "Downloading the Debian package r-cran-dslabs (5 MB), which has the ratings"
    fetch_package || return
  fi
  rm -rf $out/package.part
  dpkg -x $out/r-cran-dslabs_*.deb $out/package.part && mv $out/package.part $out/package
}

fetch_package() (
  rm -rf $out/download && mkdir -p $out/download && cd $out/download || exit
  get=(apt-get -qq -o APT::Sandbox::User=root download r-cran-dslabs)
  "${get[@]}" 2>/dev/null ||
    { attune_run apt-update attune_apt_update && attune_run download "${get[@]}"; } || exit
  mv r-cran-dslabs_*.deb .. && cd .. && rmdir download
)

extract_data() {
  [ -f $out/interactions.csv ] && [ $out/interactions.csv -nt "$here/extract.mjs" ] && return 0
  node "$here/extract.mjs" $out/package/usr/lib/R/site-library/dslabs/data $out
}

import_data() {
  local type
  for type in items interactions; do
    $attune import --store $store --type $type --schema $out/$type.avsc --mode full \
      $out/$type.csv || return
  done
}

# train RECIPE [OPTION...]: what it reports is shown for both recipes together, later.
train() {
  local recipe=$1
  shift
  attune_say "  $recipe"
  $attune train --store $store --recipe "$recipe" --output "$models/$recipe.attune" \
    --report "$models/$recipe.json" "$@" >/dev/null
}

train_models() {
  mkdir -p $models
  train popularity-count && train sims --set max_neighbours=50 --include-text TITLE && save_filters
}

# The bundle carries filters by name; the page offers them.
save_filters() {
  local name expression
  while read -r name expression; do
    $attune filter --bundle $models/sims.attune --save "$name" "$expression" >/dev/null || return
  done <"$here/filters.txt"
}

step "Set-up"
attune_setup_all build || exit 1
step "Data: MovieLens"
download_data && extract_data || exit 1
step "Import"
import_data || exit 1
step "Training"
train_models || exit 1
step "Results"
node "$here/report.mjs" $models || exit 1
node "$here/recommend.mjs" js/dist $models/sims.attune || exit 1
if $live; then
  step "The page, live"
  # A store of its own: clicks are no part of the demo without them, and outlive the import above.
  [ -f $out/live/attune.db ] || { mkdir -p $out/live && cp $store $out/live/attune.db; } || exit 1
  exec node "$here/live.mjs" $attune js/dist $models $out/live/attune.db $out/live ${port:+--port "$port"}
fi
step "The page"
node "$here/assemble.mjs" js/dist $models $out/site || exit 1
$once || exec node "$here/serve.mjs" $out/site --port "${port:-8080}"
