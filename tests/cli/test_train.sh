#!/usr/bin/env bash
# test_train.sh - devices, train, eval and predict, one after the other on a small data set.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
make_data data 100 30 8
train=("$filigree" train --model sparsenet-7-4 --data data --batch 16)

# Devices: their number, name and a part of the name in other letters choose one.
exits 0 "$filigree" devices
says '^number +device +kind'
exits 0 "$filigree" devices --json
says '"memory_bytes": [1-9]'
says '"alignment_bytes": [1-9]'
says '"problem": ""'
platform=$(sed -n '0,/"platform":/s/^ *"platform": "\(.*\)",$/\1/p' stdout)
exits 0 "$filigree" plan --model sparsenet-7-4 --device
exits 0 "$filigree" plan --model sparsenet-7-4 --device=0 --json
says '"largest_batch": *[1-9]'
exits 0 "$filigree" plan --model sparsenet-7-4 "--device=${platform^^}"
refuses 1 'no-such-device' "$filigree" plan --model sparsenet-7-4 --device=no-such-device
grep -Fq "$platform" stderr || fail "the devices that there are, are not named"
refuses 1 'no-such-device' "${train[@]}" --device no-such-device
FG_DEVICE=no-such-device refuses 1 'no-such-device' "${train[@]}"
absent filigree.safetensors filigree.csv

# A run: results on standard output, a line an epoch on standard error, a checkpoint and a log.
exits 0 "${train[@]}" --epochs 2 --validation 20 --augment --rate-steps 0.5
says '^model +sparsenet-7-4:'
says '^validation +loss '
says '^checkpoint +filigree\.safetensors$'
[ "$(grep -c '^epoch [12]/2  loss ' stderr)" -eq 2 ] || fail "not a line for each epoch"
grep -q $'[\r\033]' stderr && fail "control characters where there is no terminal"
[ "$(wc -l <filigree.csv)" -eq 3 ] || fail "the log has $(wc -l <filigree.csv) lines, not 3"

# An existing checkpoint is safe from another run.
cp filigree.safetensors kept.safetensors
cp filigree.csv kept.csv
refuses 1 'filigree\.safetensors: is there already' "${train[@]}" --epochs 1
refuses 1 'filigree\.csv: is there already' "${train[@]}" --epochs 1 --checkpoint new.safetensors --log filigree.csv
absent new.safetensors
same filigree.safetensors kept.safetensors
same filigree.csv kept.csv
exits 0 "${train[@]}" --epochs 1 --force
cmp -s filigree.safetensors kept.safetensors && fail "--force did not overwrite"
[ "$(wc -l <filigree.csv)" -eq 2 ] || fail "the log has $(wc -l <filigree.csv) lines, not 2"

# The same seed gives the same bytes, whatever the threads; another one other bytes.
run=("${train[@]}" --epochs 2 --validation 20 --augment --rate-steps 0.5)
exits 0 "${run[@]}" --checkpoint again.safetensors
same kept.safetensors again.safetensors
POCL_MAX_PTHREAD_COUNT=1 exits 0 "${run[@]}" --checkpoint thread.safetensors
same kept.safetensors thread.safetensors
exits 0 "${run[@]}" --checkpoint seed.safetensors --seed 2
cmp -s kept.safetensors seed.safetensors && fail "the seed decides nothing"

# The same from named files.
exits 0 "$filigree" train --model sparsenet-7-4 --train-images data/train-images-idx3-ubyte \
    --train-labels data/train-labels-idx1-ubyte --batch 16 --epochs 2 --validation 20 --augment \
    --rate-steps 1 --checkpoint named.safetensors --log named.log
same kept.safetensors named.safetensors
[ -s named.log ] || fail "--log was not written"

# The same from compressed files.
mkdir packed
for file in data/*; do gzip -c "$file" >"packed/${file#data/}.gz"; done
exits 0 "${run[@]}" --data packed --checkpoint packed.safetensors
same kept.safetensors packed.safetensors

# CIFAR folders say how many classes there are.
mkdir cifar10 cifar100
for i in 1 2 3 4 5; do
    { cifar_record '\3' "$i"; cifar_record '\11' 1"$i"; } >"cifar10/data_batch_$i.bin"
    { cifar_record '\1\3' "$i"; cifar_record '\1\143' 1"$i"; } >>cifar100/train.bin
done
exits 0 "$filigree" train --model sparsenet-7-4 --data cifar10 --epochs 1 --checkpoint c10.safetensors
says '^model +sparsenet-7-4'
exits 0 "$filigree" train --model sparsenet-7-4 --data cifar100 --epochs 1 --checkpoint c100.safetensors
says '^model +sparsenet-7-4:classes=100'

# IDX files do not say how many classes there are: labels up to 9 may be those of twelve.
exits 0 "$filigree" train --model sparsenet-7-4:classes=12 --data data --epochs 1 --checkpoint c12.safetensors
says '^model +sparsenet-7-4:classes=12'
refuses 1 'number of classes is 12, but that of cifar10 is 10' "$filigree" train \
    --model sparsenet-7-4:classes=12 --data cifar10 --checkpoint c13.safetensors

# Evaluation: from the checkpoint, from its weights alone, from named files, in any batch.
exits 0 "$filigree" eval --checkpoint kept.safetensors --data data
says '^images +30$'
says '^accuracy +[0-9.]+ %$'
grep -v '^speed' stdout >expected
exits 0 "$filigree" eval --checkpoint kept.safetensors --batch 7 \
    --images data/t10k-images-idx3-ubyte --labels data/t10k-labels-idx1-ubyte
grep -v '^speed' stdout | cmp - expected || fail "named files give another result"
exits 0 "$filigree" eval --checkpoint kept.safetensors --data data --split train
says '^images +100$'
exits 0 "$filigree" eval --checkpoint kept.safetensors --data data --json
says '"images": 30'
says '"accuracy_percent": [0-9.]+'
exits 0 "$filigree" eval --weights kept.safetensors --model sparsenet-7-4 --data data
says '^images +30$'

# Prediction: a line an image, labels where they are known.
exits 0 "$filigree" predict --checkpoint kept.safetensors --data data
[ "$(grep -Ec '^image [0-9]+  class [0-9]  probability [01]\.[0-9]{4}  label [0-9]$' stdout)" -eq 30 ] ||
    fail "not a line for each image"
cp stdout all
exits 0 "$filigree" predict --checkpoint kept.safetensors --data data --first 10 --count 5
sed -n 11,15p all | cmp - stdout || fail "a part differs from the whole"
exits 0 "$filigree" predict --checkpoint kept.safetensors --images data/t10k-images-idx3-ubyte --count 1
says '^image 0  class [0-9]  probability [01]\.[0-9]{4}$'
exits 0 "$filigree" predict --checkpoint kept.safetensors --data data --count 2 --json
[ "$(grep -c '"probability"' stdout)" -eq 2 ] || fail "not two predictions"
# Weights alone say how many classes there are, be there labels, or all of them, or not.
normalise=(--normalise 127.5:74)
images=data/t10k-images-idx3-ubyte
exits 0 "$filigree" predict --checkpoint kept.safetensors --images $images "${normalise[@]}"
cp stdout expected
exits 0 "$filigree" predict --weights kept.safetensors --model sparsenet-7-4 --images $images "${normalise[@]}"
cmp stdout expected || fail "weights alone predict otherwise"
idx_images few-images 5 8
idx_labels few-labels 5
exits 0 "$filigree" eval --weights kept.safetensors --model sparsenet-7-4 --images few-images \
    --labels few-labels "${normalise[@]}"
says '^model +sparsenet-7-4:channels=1,image=8$'
refuses 1 'data has 30 images' "$filigree" predict --checkpoint kept.safetensors --data data --first 30
refuses 1 'has 30 images' "$filigree" predict --checkpoint kept.safetensors --data data --first 29 --count 2

# Training that starts from given weights starts from those weights.
exits 0 "${train[@]}" --epochs 1 --weights kept.safetensors --checkpoint from.safetensors
exits 0 "${train[@]}" --epochs 1 --checkpoint scratch.safetensors
cmp -s from.safetensors scratch.safetensors && fail "--weights changes nothing"

# A loss that is not finite stops the run; the last good checkpoint and its log stay.
exits 1 "${train[@]}" --epochs 3 --rate 1000000 --checkpoint wild.safetensors
complains 'epoch [0-9]+.*step [0-9]+.*rate'
absent wild.safetensors wild.csv
cp kept.safetensors wild.safetensors
cp kept.csv wild.csv
exits 1 "${train[@]}" --epochs 3 --rate 1000000 --checkpoint wild.safetensors --force
complains 'epoch [0-9]+.*step [0-9]+.*rate'
same wild.safetensors kept.safetensors
same wild.csv kept.csv

# What contradicts the data.
contradicts() { refuses 1 "$1" "$filigree" train --data data --checkpoint new.safetensors "${@:2}"; }
contradicts 'number of classes is 5, but that of data is 10' --model sparsenet-7-4:classes=5
contradicts 'channels is 3, but that of data is 1' --model sparsenet-7-4:channels=3
contradicts 'side is 16, but that of data is 8' --model sparsenet-7-4:image=16
contradicts 'validation is 100, expected less than the 100 images of data' --model sparsenet-7-4 --validation 100
make_data small 5 5 7 # sides 7, 3 and 1: a last batch of one image leaves one value per channel
refuses 1 'one value per channel' "$filigree" train --model sparsenet-7-4 --data small --batch 4 \
    --checkpoint new.safetensors
absent new.safetensors new.csv
