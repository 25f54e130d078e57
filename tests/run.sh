#!/usr/bin/env bash
# All of Attune's tests, from a fresh machine on: installs, builds, tests, and says how it went.
#   bash tests/run.sh [--build-only] [--fast]
#   --build-only   install and build (build/native/attune, build/wasm/attune.wasm, js/dist), no tests
#   --fast         leave out the sanitizers, the browser, the demo and the data sets
# Every stage runs even when an earlier one failed, except that nothing is tested when the build
# fails. Exit code 0 when all passed, 1 when something failed, 2 for a wrong option.
set -u
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$attune_root" || exit 1

build_only=false
fast=false
for option in "$@"; do
  case $option in
    --build-only) build_only=true ;;
    --fast) fast=true ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$attune_root/tests/run.sh"; exit 0 ;;
    *) attune_fail "tests/run.sh: unknown option $option; it takes --build-only and --fast"; exit 2 ;;
  esac
done

passed=0
failed=0
summary=

# stage NAME COMMAND...: runs one stage, times it and notes how it went.
stage() {
  local name=$1 start=$SECONDS verdict=passed
  shift
  printf '\n== %s\n' "$name"
  if "$@" </dev/null; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    verdict=FAILED
  fi
  summary+=$(printf '%-34s %5d s  %s' "$name" $((SECONDS - start)) "$verdict")$'\n'
  [ "$verdict" = passed ]
}

finish() {
  printf '\n%s\n' "$summary"
  printf 'Stages: %d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
  exit
}

# node_tests FOLDER: every *.test.mjs below it; a folder without any has lost its tests.
node_tests() {
  local files
  mapfile -t files < <(find "$1" -name '*.test.mjs' -not -path '*/node_modules/*' | sort)
  [ "${#files[@]}" -gt 0 ] || { attune_fail "no *.test.mjs below $1"; return; }
  with_postgres node --test "${files[@]}"
}

# with_postgres COMMAND...: with a server of its own, so that no test of stores is skipped.
with_postgres() { bash "$attune_root/tests/postgres.sh" run "$@"; }

native_build() { attune_setup_preset native; }
native_tests() { with_postgres ctest --preset native --no-tests=error -j "$ATTUNE_JOBS"; }
sanitizer_build() { attune_setup_preset native-asan; }
sanitizer_tests() {
  ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    with_postgres ctest --preset native-asan --no-tests=error -j "$ATTUNE_JOBS"
}

packages=test
npm_packages=test
if $build_only || $fast; then packages=build; fi
if $build_only; then npm_packages=build; fi
stage 'set-up: Debian packages' attune_setup_packages "$packages" || finish
stage 'set-up: Node and npm packages' eval 'attune_setup_node && attune_setup_npm '$npm_packages || finish
stage 'build: trainer, runtime, package' attune_setup_build || finish
if $build_only; then finish; fi

stage 'build: native tests' native_build || finish
stage 'test: native' native_tests
stage 'test: laws, package, Node' node_tests tests/js
if ! $fast; then
  stage 'test: demo, the main job' bash examples/movies/run.sh --once
  stage 'test: browser' node_tests tests/e2e
  stage 'test: data sets' node_tests tests/datasets
  if stage 'build: with sanitizers' sanitizer_build; then
    stage 'test: native, with sanitizers' sanitizer_tests
  fi
fi
finish
