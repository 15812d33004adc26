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

# What is kept for backward changes no bit, so it may change on the way.
exits 0 "${run[@]}" --model densenet-bc-16-4 --epochs 2 --checkpoint whole-bc.safetensors
exits 0 "${run[@]}" --model densenet-bc-16-4 --epochs 1 --checkpoint part-bc.safetensors
exits 0 "${resume[@]}" --checkpoint part-bc.safetensors --epochs 2 --memory lean
same whole-bc.safetensors part-bc.safetensors

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
# differs OPTION FIELD ARGUMENT...: the message names the file, the option and the field.
differs() { other "^filigree train: part\.safetensors: --$1: $2 is .*, but the checkpoint has " "${@:3}"; }
differs batch batch --batch 8
differs rate rate --rate 0.2
differs rate-steps rate_epochs --rate-steps 0.5
differs rate-factor rate_factor --rate-factor 0.5
differs momentum momentum --momentum 0.5
differs no-nesterov nesterov --no-nesterov
differs weight-decay weight_decay --weight-decay 0
differs seed seed --seed 1
differs mirror mirror --mirror
differs shift shift --shift 1
differs augment 'mirror|shift' --augment
differs padding padding --padding black
differs drop-last drop_last --drop-last
differs validation validation --validation 10
differs normalise mean --normalise 1:2
differs seed seed --batch 16 --seed 1 --rate 0.1
other 'model is sparsenet-7-8:.*, but the checkpoint part\.safetensors holds sparsenet-7-4:' \
    --model sparsenet-7-8
other 'epochs is 3, but part\.safetensors is in epoch 4 already' --epochs 3

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
