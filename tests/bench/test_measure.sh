#!/bin/sh
# test_measure.sh - what bench/measure writes is what bench/compare reads, and says how it was made.
#
# test_measure.sh SOURCE BUILD
#
# SPDX-License-Identifier: MIT
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() {
    echo "test_measure: $*" >&2
    exit 1
}

file=$("$1/bench/measure" "$2" "$folder" sparsenet-10-8)
[ -f "$file" ] || fail "$file is missing"
[ "$(ls "$folder")" = "$(basename "$file")" ] || fail "more than one file: $(ls "$folder")"
for text in '"mode": "train"' '"mode": "infer"' '"driver": "' '"commit": "' \
    '"command": "bench_train --model sparsenet-10-8 --json"' \
    '"command": "bench_infer --model sparsenet-10-8 --json"'; do
    grep -qF "$text" "$file" || fail "$text is not in $(cat "$file")"
done
"$2/bench/compare" "$file" "$file" >"$folder/table" || fail 'a file is worse than itself'
grep -q '^0 of 12 figures' "$folder/table" || fail "$(cat "$folder/table")"

status=0
"$1/bench/measure" "$folder" "$folder" 2>"$folder/message" || status=$?
[ "$status" = 2 ] || fail "a folder without programs: status $status, expected 2"
grep -q 'bench_train is missing' "$folder/message" || fail "$(cat "$folder/message")"
status=0
"$1/bench/measure" "$2" "$folder" no-such-model 2>"$folder/message" || status=$?
[ "$status" = 1 ] || fail "no such model: status $status, expected 1"
[ "$(ls "$folder" | wc -l)" = 3 ] || fail "left behind: $(ls "$folder")"
