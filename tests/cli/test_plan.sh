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
parameters sparsenet-sum-110 1146842
parameters seqresnet-b-r7-k16-n1 843834
parameters delugenet-146:classes=100 6709380
parameters resnext-29-8x64d 34426698

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

# Stage by stage: layers, edges, sources of a layer, longest path.
says '^ +1 +12 +37 +1\.\.4 +3$'
exits 0 "$filigree" plan --model sparsenet-bc-400-12 --json
[ "$(number edges)" = 342 ] || fail "66 layers have $(number edges) edges, not 342"
[ "$(number longest_path)" = 6 ] || fail "66 layers have a path of $(number longest_path), not 6"
says '"sources_per_layer": \[1, 2, 2, 3, 3, 3, 3, 4,'

# Operations as three papers count them.
gflops() {
    exits 0 "$filigree" plan --model "$1" ${3:+--flops "$3"}
    says "^GFLOPs +$2 \\(${3:-mac}, "
}
gflops resnet-50:stride=1x1 3.858
gflops resnet-50:stride=1x1 3.858 mac
gflops sparsenet-201-48 9.187 sparsenet
gflops seqresnet-b42 5.335 seqconv
exits 0 "$filigree" plan --model sparsenet-201-48 --flops sparsenet --json
says '"flops": \{"convention": "sparsenet", "value": 9\.18688867[0-9]*, "unit": "1e9"\}'
refuses 2 "'flop'.*mac, sparsenet, seqconv" "$filigree" plan --model sparsenet-40-12 --flops flop

# Less memory without training, more with a larger batch.
peak() {
    exits 0 "$filigree" plan --model sparsenet-40-12 --json "$@"
    number device_bytes_peak
}
train=$(peak --batch 8)
[ "$(peak --batch 8 --infer)" -lt "$train" ] || fail "inference needs no less than training"
[ "$(peak --batch 16)" -gt "$train" ] || fail "a larger batch needs no more"

# The memory setting: what lean needs is reached to the byte, one less is not.
setting() { grep -o "{\"setting\": \"$1\".*}" stdout | grep -o "\"$2\": *[0-9]*" | grep -o '[0-9]*$'; }
bc=("$filigree" plan --model densenet-bc-100-12 --json)
exits 0 "${bc[@]}"
fast=$(number device_bytes_peak)
[ "$(setting fast device_bytes_peak)" = "$fast" ] || fail "fast is not the default"
lean=$(setting lean device_bytes_peak)
[ "$lean" -lt 175000000 ] || fail "lean needs $lean bytes"
[ "$(setting lean recomputed_multiply_adds)" -gt 0 ] || fail "lean recomputes nothing"
exits 0 "${bc[@]}" --memory lean
[ "$(number device_bytes_peak)" = "$lean" ] || fail "lean needs $(number device_bytes_peak), not $lean"
exits 0 "${bc[@]}" --memory "$lean"
exits 0 "${bc[@]}" --memory 250M
[ "$(number device_bytes_peak)" -le 250000000 ] || fail "250M needs $(number device_bytes_peak)"
[ "$(setting 250000000 recomputed_maps)" -lt "$(setting lean recomputed_maps)" ] ||
    fail "250M recomputes as much as lean"
exits 1 "${bc[@]}" --memory $((lean - 1))
[ "$(wc -l <stderr)" -eq 1 ] || fail "not one line about bytes that cannot be reached"
complains "at least $lean bytes .*asked for were $((lean - 1)) .*largest batch that fits is 63$"
exits 0 "${bc[@]}" --limit 300M --memory lean
exits 1 "${bc[@]}" --limit 300M
for bad in slow '' 0 1 -1 300X 1M,1M 99999999999999999999; do
    refuses 2 "memory is '$bad', expected fast, lean or BYTES" "${bc[@]}" --memory "$bad"
done

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
sparsenet-40-12:dropout=1        dropout
densenet-40-12:base=3            base
densenet-bc-40-12:compression=0  compression is "0"
densenet-bc-40-12:compression=nan compression is "nan"
sparsenet-40-12:pool_grid=9      pool_grid is 9
resnet-21                        depth is 21
preresnet-30                     depth is 30
sparsenet-sum-39                 depth is 39
wrn-17-2                         depth is 17
delugenet-39                     depth is 39
seqresnet-r4-k7-n1               7
resnext-29-8x0d                  "0
densenet-122-32                  depth is 122
END
refuses 1 'no/such.yaml: No such file' "$filigree" plan --model no/such.yaml

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
