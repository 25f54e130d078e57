#!/usr/bin/env bash
# A real PostgreSQL server for tests: in a folder of its own, on 127.0.0.1 and a free port, with a
# password, and no other socket. As root it runs as the user postgres, which it insists on.
#   bash tests/postgres.sh run COMMAND...   runs COMMAND with such a server, then stops it
#   bash tests/postgres.sh start FOLDER     starts one in FOLDER, which all may pass through to;
#                                           prints its URL
#   bash tests/postgres.sh restart FOLDER   starts it again after it ended or was killed
#   bash tests/postgres.sh stop FOLDER      stops it and removes FOLDER
# `run` sets ATTUNE_TEST_POSTGRES to the URL without the password, and PGPASSWORD.
# Exit code 3, with a line that says so, where PostgreSQL is not installed.
set -u

fail() {
  printf 'attune: tests/postgres.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

# The newest server that Debian's packages installed, or the one in PATH.
programs() {
  local newest
  newest=$(find /usr/lib/postgresql -maxdepth 3 -name pg_ctl -path '*/bin/*' 2>/dev/null | sort -V | tail -1)
  [ -n "$newest" ] || newest=$(command -v pg_ctl) || return
  dirname "$newest"
}

bin=$(programs) || fail 'skipped, not there: PostgreSQL (apt-get install postgresql)' 3

as_server() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# Starts the server in $1 on the port that is written down there.
launch() {
  as_server "$bin/pg_ctl" start --silent --wait --timeout 60 --pgdata "$1/data" --log "$1/log" \
    --options "-p $(cat "$1/port")" >/dev/null 2>&1
}

start() {
  local folder=$1 password try
  mkdir -p "$folder" || exit
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s' "$password" >"$folder/password"
  chmod 700 "$folder"
  [ "$(id -u)" != 0 ] || chown -R postgres "$folder" || exit
  # Only making the empty cluster does without waiting for the disk; the server itself waits.
  as_server "$bin/initdb" --pgdata "$folder/data" --username postgres --pwfile "$folder/password" \
    --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 ||
    fail "initdb failed: $(tail -n 1 "$folder/initdb.log")"
  printf "listen_addresses='127.0.0.1'\nunix_socket_directories=''\nshared_buffers=64MB\n%s\n" \
    'max_connections=50' >>"$folder/data/postgresql.conf"
  for try in 1 2 3 4 5 6 7 8; do
    printf '%s' $((20000 + RANDOM % 12000)) >"$folder/port"
    launch "$folder" && break
    [ "$try" != 8 ] || fail "the server does not start: $(tail -n 1 "$folder/log")"
  done
  printf 'postgres://postgres:%s@127.0.0.1:%s/postgres\n' "$password" "$(cat "$folder/port")"
}

# What a killed server left in memory must go first, which its other processes see to.
restart() {
  local try
  for try in $(seq 60); do
    launch "$1" && return
    sleep 0.5
  done
  fail "the server does not start again: $(tail -n 1 "$1/log")"
}

stop() {
  as_server "$bin/pg_ctl" stop --silent --mode immediate --pgdata "$1/data" >/dev/null 2>&1
  rm -rf "$1"
}

run() {
  local url
  folder=$(mktemp -d) || exit
  trap 'stop "$folder"' EXIT
  url=$(start "$folder") || exit
  PGPASSWORD=$(cat "$folder/password")
  ATTUNE_TEST_POSTGRES=postgres://postgres@${url#*@}
  export PGPASSWORD ATTUNE_TEST_POSTGRES
  "$@"
}

case ${1:-} in
  run | start | restart | stop)
    [ $# -ge 2 ] || fail "$1 needs an argument; see the head of the file" 2
    "$@"
    ;;
  *) fail 'it takes run, start, restart or stop; see the head of the file' 2 ;;
esac
