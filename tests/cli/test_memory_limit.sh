#!/usr/bin/env bash
# test_memory_limit.sh - on a device of 1 GiB the largest batch trains a step, and one more is refused.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
export POCL_MEMORY_LIMIT=1 FG_DEVICE=portable
exits 0 "$filigree" devices
if ! grep -qi portable stdout; then
    echo "skipped: only PoCL's memory can be limited, and there is no PoCL"
    exit 77
fi
model=densenet-bc-100-12:channels=1,image=28

exits 0 "$filigree" plan --model "$model" --batch 1 --device --json
largest=$(number largest_batch)
[ "${largest:-0}" -gt 1 ] || fail "the largest batch is '$largest'"

# Exactly one batch of images, so that an epoch is one step.
idx_images images "$((largest + 1))" 28
idx_labels labels "$((largest + 1))"
train=("$filigree" train --model "$model" --train-images images --train-labels labels --epochs 1)
refuses 1 "bytes.*$largest" "${train[@]}" --batch "$((largest + 1))" --checkpoint new.safetensors
absent new.safetensors new.csv
exits 0 "${train[@]}" --batch "$largest" --drop-last --checkpoint new.safetensors
says '^epochs +1$'
