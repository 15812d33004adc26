#!/usr/bin/env bash
# test_bad_files.sh - damaged files get one line that names them, exit status 1, and write nothing.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
make_data good 40 20 8
exits 0 "$filigree" train --model sparsenet-7-4 --data good --epochs 1 --batch 16 \
    --checkpoint good.safetensors

# bad_data REGEX: the folder bad is not taken for training or evaluation.
bad_data() {
    refuses 1 "$1" "$filigree" train --model sparsenet-7-4 --data bad --checkpoint new.safetensors
    absent new.safetensors new.csv
}
fresh() {
    rm -rf bad
    mkdir bad
}
fresh_idx() {
    fresh
    cp good/* bad
}

fresh
bad_data 'bad'
rmdir bad
bad_data 'bad'
for file in train-images-idx3-ubyte train-labels-idx1-ubyte; do
    fresh_idx
    rm "bad/$file"
    bad_data "${file%%-idx*}"
    : >"bad/$file"
    bad_data "$file"
    head -c 7 "good/$file" >"bad/$file"
    bad_data "$file"
    head -c -1 "good/$file" >"bad/$file"
    bad_data "$file"
    { cat "good/$file"; printf x; } >"bad/$file"
    bad_data "$file"
    { printf '\0\0\13'; tail -c +4 "good/$file"; } >"bad/$file"
    bad_data "$file"
    { head -c 4 "good/$file"; bytes4 4294967295; tail -c +9 "good/$file"; } >"bad/$file"
    bad_data "$file"
    { head -c 4 "good/$file"; bytes4 0; tail -c +9 "good/$file"; } >"bad/$file"
    bad_data "$file"
    rm "bad/$file"
    gzip -c "good/$file" >packed
    head -c 30 packed >"bad/$file.gz"
    bad_data "$file.gz"
    { cat packed; printf x; } >"bad/$file.gz"
    bad_data "$file.gz"
    echo nonsense >"bad/$file.gz"
    bad_data "$file.gz"
    { cat "good/$file"; printf x; } | gzip -c >"bad/$file.gz"
    bad_data "$file.gz"
done
fresh_idx
idx_labels bad/train-labels-idx1-ubyte 39
bad_data 'train-labels'
fresh_idx
idx_images bad/train-images-idx3-ubyte 0 8
idx_labels bad/train-labels-idx1-ubyte 0
bad_data 'train-'

# CIFAR-10, one image a file, and CIFAR-100.
record() { cifar_record "$1" 1; }
cifar10() {
    fresh
    for file in data_batch_{1..5}.bin test_batch.bin; do record '\3' >"bad/$file"; done
}
cifar10
record '\12' >bad/data_batch_3.bin
bad_data 'data_batch_3\.bin'
cifar10
head -c 3072 bad/test_batch.bin >bad/data_batch_2.bin
bad_data 'data_batch_2\.bin'
cifar10
printf x >>bad/data_batch_5.bin
bad_data 'data_batch_5\.bin'
cifar10
: >bad/data_batch_1.bin
bad_data 'data_batch_1\.bin'
cifar10
rm bad/data_batch_4.bin
bad_data 'data_batch_4\.bin'
cifar10
rm bad/data_batch_5.bin
bad_data 'data_batch_5\.bin'
fresh
record '\1\144' >bad/train.bin
record '\1\1' >bad/test.bin
bad_data 'train\.bin'
head -c 3073 bad/test.bin >bad/train.bin
bad_data 'train\.bin'

# Safetensors: as checkpoint to evaluate and to resume, and as weights to start from.
bad_tensors() {
    refuses 1 "$1" "$filigree" eval --checkpoint bad.safetensors --data good
    refuses 1 "$1" "$filigree" predict --checkpoint bad.safetensors --data good
    cp bad.safetensors kept
    refuses 1 "$1" "$filigree" train --resume --checkpoint bad.safetensors --data good --epochs 9
    same bad.safetensors kept
    absent bad.csv
    refuses 1 "$1" "$filigree" train --model sparsenet-7-4 --data good \
        --weights bad.safetensors --checkpoint new.safetensors
    absent new.safetensors new.csv
}
good=good.safetensors
: >bad.safetensors
bad_tensors 'bad\.safetensors'
for size in 4 8 100 $(($(wc -c <$good) - 1)); do
    head -c "$size" $good >bad.safetensors
    bad_tensors 'bad\.safetensors'
done
{ cat $good; printf x; } >bad.safetensors
bad_tensors 'bad\.safetensors'
{ printf '\377\377\377\377\377\377\377\177'; tail -c +9 $good; } >bad.safetensors
bad_tensors 'bad\.safetensors'
{ head -c 8 $good; printf '['; tail -c +10 $good; } >bad.safetensors
bad_tensors 'bad\.safetensors'
cp good/train-images-idx3-ubyte bad.safetensors
bad_tensors 'bad\.safetensors'

# A checkpoint of another network: the parameter that differs is named.
refuses 1 "good\.safetensors.*(stem|stage|head)[a-z0-9.]*" "$filigree" train --model sparsenet-7-8 \
    --data good --weights good.safetensors --checkpoint new.safetensors
absent new.safetensors new.csv
refuses 1 "good\.safetensors.*(stem|stage|head)[a-z0-9.]*" "$filigree" eval --model sparsenet-10-4 \
    --data good --weights good.safetensors

# Files that are not there, or no files.
refuses 1 'none\.safetensors' "$filigree" eval --checkpoint none.safetensors --data good
refuses 1 'none' "$filigree" eval --checkpoint good.safetensors --data none
refuses 1 'good' "$filigree" eval --checkpoint good --data good
refuses 1 'nowhere' "$filigree" train --model sparsenet-7-4 --data good --checkpoint nowhere/new.safetensors
refuses 1 'none' "$filigree" probe --model sparsenet-7-4 --weights none --batch none --out out.safetensors
absent out.safetensors
