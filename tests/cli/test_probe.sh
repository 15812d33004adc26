#!/usr/bin/env bash
# test_probe.sh - filigree probe: which tensors it writes, and what bad input gets.
#
# Whether the numbers are right is tests/train/test_probe.c.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
make_data data 20 20 8
exits 0 "$filigree" train --model sparsenet-7-4 --data data --epochs 1 --checkpoint weights.safetensors

# A batch of three images; bytes of 76 and 77 make floats between 0.18 and 0.75.
batch() {
    local header='{"images":{"dtype":"F32","shape":[3,1,8,8],"data_offsets":[0,768]},'
    header+='"labels":{"dtype":"I64","shape":[3],"data_offsets":[768,792]}}'
    printf "\\$(printf '%03o' ${#header})\\0\\0\\0\\0\\0\\0\\0%s" "$header"
    noise 768 1 | LC_ALL=C tr -c '\076\077' '\076'
    printf '%b' "$1" # labels
}
batch '\0001\0\0\0\0\0\0\0\0002\0\0\0\0\0\0\0\0011\0\0\0\0\0\0\0' >batch.safetensors

model=sparsenet-7-4:channels=1,image=8
probe=("$filigree" probe --model "$model" --weights weights.safetensors --batch batch.safetensors)
names() { head -c 20000 "$1" | grep -ao '"[a-z0-9_.]*":{"dtype":"F32"' | cut -d'"' -f2; }

exits 0 "${probe[@]}" --out pass.safetensors
for name in logits loss eval_logits grad.stem.conv.weight grad.head.linear.bias \
    after1.stage1.layer1.norm1.running_var; do
    names pass.safetensors | grep -qx "$name" || fail "$name is not there: $(names pass.safetensors)"
done
names pass.safetensors | grep -q '^losses\|^after\.' && fail "steps that nobody asked for"

exits 0 "${probe[@]}" --out steps.safetensors --steps 2 --lr 0.1 --momentum 0.9 --weight-decay 1e-4
for name in logits losses after.stem.conv.weight after.head.norm.running_mean; do
    names steps.safetensors | grep -qx "$name" || fail "$name is not there: $(names steps.safetensors)"
done
exits 0 "${probe[@]}" --out again.safetensors --steps 2
same steps.safetensors again.safetensors
exits 0 "${probe[@]}" --out plain.safetensors --steps 2 --no-nesterov
cmp -s steps.safetensors plain.safetensors && fail "--no-nesterov changes nothing"

# What is kept for backward changes no bit; bytes that cannot be reached are refused.
bottlenecks=("$filigree" probe --model densenet-bc-16-4:channels=1,image=8 --batch batch.safetensors
    --weights bottlenecks.safetensors --steps 2)
exits 0 "$filigree" train --model densenet-bc-16-4 --data data --epochs 1 --memory lean \
    --checkpoint bottlenecks.safetensors
for memory in fast lean 220k; do
    exits 0 "${bottlenecks[@]}" --memory "$memory" --out "$memory.safetensors"
    same "$memory.safetensors" fast.safetensors
done
refuses 1 'needs at least [0-9]* bytes' "${bottlenecks[@]}" --memory 90k --out bad.safetensors
absent bad.safetensors

# bad REGEX OPTION VALUE: one line, and no file.
bad() {
    refuses 1 "$1" "${probe[@]}" --out bad.safetensors "${@:2}"
    absent bad.safetensors
}
bad 'none' --weights none
bad 'none' --batch none
bad 'weights\.safetensors.*(stem|stage|head)' --model sparsenet-7-8:channels=1,image=8
bad 'images' --model sparsenet-7-4:channels=1,image=9
bad 'nonsense' --model nonsense
refuses 1 'batch\.safetensors: is an input' "${probe[@]}" --out ./batch.safetensors
bad 'no-such-device' --device no-such-device
batch '\0001\0\0\0\0\0\0\0\0002\0\0\0\0\0\0\0\0012\0\0\0\0\0\0\0' >bad.batch
bad 'label' --batch bad.batch
head -c 700 batch.safetensors >bad.batch
bad 'bad\.batch' --batch bad.batch
bad 'weights\.safetensors' --batch weights.safetensors
