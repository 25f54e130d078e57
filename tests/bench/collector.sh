#!/usr/bin/env bash
# Durable events a second of `attune serve`: wrk posts batches of new events to /v1/events, on the
# same machine. Prints one JSON line: events/s as the server counted them, latencies, the server's
# peak memory. Needs wrk (Debian's).
#   tests/bench/collector.sh [SECONDS=20] [CONNECTIONS=64] [EVENTS a request=10] [path of attune=build/native/attune]
# ATTUNE_BENCH_STORE: a postgres:// URL of an empty database, instead of a SQLite store.
# ATTUNE_BENCH_FOLDER: where the store is made (default: a temporary folder); the disk is what counts.
set -euo pipefail
seconds=${1:-20}
connections=${2:-64}
export EVENTS=${3:-10}
root=$(cd "$(dirname "$0")/../.." && pwd)
attune=${4:-$root/build/native/attune}
command -v wrk >/dev/null || { echo 'wrk is not there: apt-get install wrk' >&2; exit 1; }
folder=$(mktemp -d -p "${ATTUNE_BENCH_FOLDER:-${TMPDIR:-/tmp}}")
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$folder"' EXIT

pick() { grep -o "\"$2\":\"\{0,1\}[^,\"}]*" <<<"$1" | head -1 | sed 's/^[^:]*:"\{0,1\}//'; }
store=${ATTUNE_BENCH_STORE:-$folder/store.db}
TRACKING_ID=$(pick "$("$attune" tracker --store "$store" --create bench --json)" trackingId)
export TRACKING_ID
echo '{"rateLimits":{"perAddress":{"requestsPerSecond":0},"perTracker":{"requestsPerSecond":0},"perUser":{"eventsPerMinute":0}}}' >"$folder/serve.json"
mkfifo "$folder/ready"
"$attune" serve --store "$store" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 \
  --config "$folder/serve.json" --log-level warning >"$folder/ready" &
server=$!
read -r ready <"$folder/ready"
threads=2
[ "$connections" -ge 2 ] || threads=1
result=$(wrk --threads "$threads" --connections "$connections" --duration "${seconds}s" --timeout 10s --latency \
  --script "$root/tests/bench/collector.lua" "http://$(pick "$ready" listen)" | grep '^{')
metrics=$(curl -sS "http://$(pick "$ready" adminListen)/metrics")
stored=$(sed -n 's/^attune_events_total{result="stored"} //p' <<<"$metrics")
commits=$(sed -n 's/^attune_commits_total //p' <<<"$metrics")
peak=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$server/status")
kill "$server"
wait "$server" || :
machine=$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)
engine=SQLite
stored_bytes() { stat -c %s "$store"; }
if [ -n "${ATTUNE_BENCH_STORE:-}" ]; then
  engine=PostgreSQL
  stored_bytes() { psql -At "$store" -c 'SELECT pg_database_size(current_database())'; }
fi
printf '{"bench":"collector","store":"%s","connections":%d,"eventsPerRequest":%d,"seconds":%s' "$engine" "$connections" "$EVENTS" "$(pick "$result" seconds)"
printf ',"eventsPerSecond":%.0f,"p50Ms":%s,"p99Ms":%s,"maxMs":%s' \
  "$(awk -v n="$stored" -v s="$(pick "$result" seconds)" 'BEGIN { print n / s }')" "$(pick "$result" p50Ms)" "$(pick "$result" p99Ms)" "$(pick "$result" maxMs)"
printf ',"eventsPerCommit":%.0f,"notOk":%s,"broken":%s' "$(awk -v n="$stored" -v c="$commits" 'BEGIN { print n / c }')" "$(pick "$result" notOk)" "$(pick "$result" broken)"
printf ',"peakResidentBytes":%d,"storeBytes":%d' "$((peak * 1024))" "$(stored_bytes)"
printf ',"machine":"%s, %d cores"}\n' "$machine" "$(nproc)"
