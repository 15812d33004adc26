#!/usr/bin/env bash
# test_plan.sh - filigree plan: counts, formats, limits; no device is needed.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
export OCL_ICD_VENDORS=$folder/none/
mkdir none

parameters() {
    exits 0 "$filigree" plan --model "$1" --json
    [ "$(number parameters)" = "$2" ] || fail "$1 has $(number parameters) parameters, not $2"
}
parameters sparsenet-40-12:classes=100 193924
parameters sparsenet-bc-100-24:classes=100 1461124
parameters densenet-bc-100-12 769162
parameters densenet-400-12 117124738

exits 0 "$filigree" plan --model sparsenet-40-12 --json
says '"model": *"sparsenet-40-12"'
says '"batch": *64'
says '"largest_batch": *null'
says '"device_bytes_peak": *[1-9]'
says '"multiply_adds": *[1-9]'

exits 0 "$filigree" plan --model sparsenet-40-12 --dot
says '^digraph '
exits 0 "$filigree" plan --model sparsenet-40-12
says 'sparsenet-40-12'

# Less memory without training, more with a larger batch.
peak() {
    exits 0 "$filigree" plan --model sparsenet-40-12 --json "$@"
    number device_bytes_peak
}
train=$(peak --batch 8)
[ "$(peak --batch 8 --infer)" -lt "$train" ] || fail "inference needs no less than training"
[ "$(peak --batch 16)" -gt "$train" ] || fail "a larger batch needs no more"

# A limit is exact: its largest batch fits, one more does not and is printed all the same.
exits 0 "$filigree" plan --model sparsenet-40-12 --batch 1 --limit 100M --json
largest=$(number largest_batch)
[ "$largest" -gt 1 ] || fail "largest batch of 100 MB is $largest"
exits 0 "$filigree" plan --model sparsenet-40-12 --batch "$largest" --limit 100M
exits 1 "$filigree" plan --model sparsenet-40-12 --batch $((largest + 1)) --limit 100M --json
says "\"largest_batch\": *$largest"
[ "$(wc -l <stderr)" -eq 1 ] || fail "not one line about the limit"
complains "$largest"
exits 1 "$filigree" plan --model sparsenet-40-12 --batch 64 --limit 1G,1M
exits 0 "$filigree" plan --model sparsenet-40-12 --batch 1 --limit 1Gi,512Mi

# What is no network gets one line that names what is wrong.
refuses 1 'model ""' "$filigree" plan --model ''
while read -r model reason; do
    refuses 1 "$reason" "$filigree" plan --model "$model"
    grep -Fq "\"$model\"" stderr || fail "the model $model is not named"
done <<'END'
nonsense                         "nonsense" is unknown
nonsense-40-12                   "nonsense.*" is unknown
sparsenet                        depth is ""
sparsenet-40                     growth is ""
sparsenet-41-12                  depth is 41
sparsenet-4-12                   depth is "?4
sparsenet-40-0                   growth is "0"
sparsenet-40--12                 growth is "-12"
sparsenet-40-12x                 growth is "12x"
sparsenet-40-99999999999         growth is "99999999999"
sparsenet-40-12:classes          classes is ""
sparsenet-40-12:classes=         classes is ""
sparsenet-40-12:classes=0        classes is "0"
sparsenet-40-12:colour=3         "colour" is unknown
sparsenet-40-12:image=0          image is "0"
sparsenet-40-12:image=1          image side 1
sparsenet-40-12:image=999999999  image is "999999999"
sparsenet-40-12:channels=-3      channels is "-3"
sparsenet-40-12:dropout=0.2      dropout
densenet-40-12:base=3            base
densenet-bc-40-12:compression=0  compression is "0"
densenet-bc-40-12:compression=nan compression is "nan"
sparsenet-40-12:pool_grid=9      pool_grid is 9
END

# Output that cannot be written is a failure.
status=0
"$filigree" plan --model sparsenet-40-12 >/dev/full 2>stderr || status=$?
[ "$status" -eq 1 ] || fail "a full disk behind standard output gives exit status $status"
complains 'standard output: No space left on device'

# Without a platform only what needs a device fails.
refuses 1 'OpenCL' "$filigree" devices
refuses 1 'OpenCL' "$filigree" plan --model sparsenet-40-12 --device
make_data data 20 20 8
refuses 1 'OpenCL' "$filigree" train --model sparsenet-7-4 --data data
absent filigree.safetensors filigree.csv
