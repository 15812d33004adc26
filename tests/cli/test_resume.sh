#!/usr/bin/env bash
# test_resume.sh - filigree train --resume: what it takes from the checkpoint and what it refuses.
#
# Interrupted runs are in test_interrupt.sh.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
make_data data 100 30 8
run=("$filigree" train --model sparsenet-7-4 --data data --batch 16 --rate-steps 2,3 --seed 7)
resume=("$filigree" train --resume --data data)

exits 0 "${run[@]}" --epochs 4 --checkpoint whole.safetensors
exits 0 "${run[@]}" --epochs 2 --checkpoint part.safetensors

# More epochs continue the run; the bytes, and the losses in the log, are those of one run.
exits 0 "${resume[@]}" --checkpoint part.safetensors --epochs 4
says '^epochs +4$'
same whole.safetensors part.safetensors
cut -d, -f1-4 whole.csv >whole.losses
cut -d, -f1-4 part.csv | cmp - whole.losses || fail "the logs differ"

# The options of the first start may be given again; another one is refused by its name.
exits 0 "${run[@]}" --epochs 2 --checkpoint part.safetensors --force
exits 0 "${resume[@]}" --checkpoint part.safetensors --epochs 4 --model sparsenet-7-4 --batch 16 \
    --rate-steps 2,3 --seed 7 --rate 0.1
same whole.safetensors part.safetensors
cp part.safetensors kept.safetensors
cp part.csv kept.csv
other() {
    refuses 1 "$1" "${resume[@]}" --checkpoint part.safetensors --epochs 5 "${@:2}"
    same part.safetensors kept.safetensors
    same part.csv kept.csv
}
other batch --batch 8
other rate --rate 0.2
other rate --rate-steps 0.5
other factor --rate-factor 0.5
other momentum --momentum 0.5
other nesterov --no-nesterov
other decay --weight-decay 0
other seed --seed 1
other mirror --mirror
other shift --shift 1
other padding --padding black
other drop --drop-last
other validation --validation 10
other 'mean|normalis' --normalise 1:2
other 'sparsenet-7-8' --model sparsenet-7-8
other 'epochs' --epochs 3

# Fractions became epochs once, of the first number of epochs.
exits 0 "$filigree" train --model sparsenet-7-4 --data data --epochs 2 --rate-steps 0.5 \
    --checkpoint fraction.safetensors
exits 0 "${resume[@]}" --checkpoint fraction.safetensors --epochs 4 --rate-steps 0.5
exits 0 "$filigree" train --model sparsenet-7-4 --data data --epochs 4 --rate-steps 1 \
    --checkpoint number.safetensors
same fraction.safetensors number.safetensors

# A finished run has nothing left to do; other data or no training state is refused.
exits 0 "${resume[@]}" --checkpoint number.safetensors
same fraction.safetensors number.safetensors
refuses 1 'none\.safetensors' "${resume[@]}" --checkpoint none.safetensors
make_data wide 100 30 12
refuses 1 'wide has other images or labels than part\.safetensors was trained on' \
    "$filigree" train --resume --data wide --checkpoint part.safetensors --epochs 5
make_data more 101 30 8
refuses 1 'more has 101 images, but part\.safetensors was trained on 100' \
    "$filigree" train --resume --data more --checkpoint part.safetensors --epochs 5
cp -r data others
idx_labels labels 101
{ head -c 8 data/train-labels-idx1-ubyte; tail -c 100 labels; } >others/train-labels-idx1-ubyte
refuses 1 'others has other images or labels than part\.safetensors was trained on' \
    "$filigree" train --resume --data others --checkpoint part.safetensors --epochs 5
same part.safetensors kept.safetensors
same part.csv kept.csv
