#!/usr/bin/env bash
# Times `attune import` on made-up interactions (Zipf-like users and items, a value a row, sorted by
# nothing) and prints one JSON line: seconds, rows/s and peak memory of a first full import, of a
# second one over it, and of a small incremental one.
#   tests/bench/import_bench.sh [ROWS=3000000] [path of attune=build/native/attune]
set -euo pipefail
rows=${1:-3000000}
root=$(cd "$(dirname "$0")/../.." && pwd)
attune=${2:-$root/build/native/attune}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/schema.avsc" <<'SCHEMA'
{"type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",
 "fields": [{"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"},
            {"name": "EVENT_VALUE", "type": ["float", "null"]}]}
SCHEMA

# generate FILE ROWS FIRST_SECOND: the same arguments give the same rows.
generate() {
  awk -v rows="$2" -v first="$3" 'BEGIN {
    srand(7); split("view click purchase", types, " ")
    print "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE"
    for (i = 0; i < rows; i++)
      printf "user-%d,item-%d,%d,%s,%s\n", int(rand() ^ 2 * 300000), int(rand() ^ 3 * 50000),
        first + int(rand() * 100000000), types[1 + int(rand() * 3)], rand() < 0.5 ? "" : int(rand() * 100) / 4
  }' > "$1"
}
generate "$folder/full.csv" "$rows" 1500000000
generate "$folder/more.csv" $((rows / 30)) 1600000000

run() {
  "$attune" import --json --store "$folder/store.db" --type interactions --schema "$folder/schema.avsc" "$@" 2> /dev/null
}
first=$(run "$folder/full.csv")
again=$(run "$folder/full.csv")
more=$(run --mode incremental "$folder/more.csv")
pick() { grep -o "\"$2\":[0-9.e+-]*" <<< "$1" | head -1 | cut -d: -f2; }
machine=$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)
printf '{"bench":"import","rows":%d,"csvBytes":%d,"storeBytes":%d' "$rows" "$(stat -c %s "$folder/full.csv")" "$(stat -c %s "$folder/store.db")"
printf ',"seconds":%s,"rowsPerSecond":%s,"peakResidentBytes":%s' "$(pick "$first" seconds)" "$(pick "$first" rowsPerSecond)" "$(pick "$first" peakResidentBytes)"
printf ',"againSeconds":%s,"incrementalRows":%d,"incrementalSeconds":%s' "$(pick "$again" seconds)" $((rows / 30)) "$(pick "$more" seconds)"
printf ',"machine":"%s, %d cores"}\n' "$machine" "$(nproc)"
