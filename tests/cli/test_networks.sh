#!/usr/bin/env bash
# test_networks.sh - every family, by name and from a file: train, evaluate, predict, resume.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
make_data data 40 20 16
train=("$filigree" train --data data --batch 16 --seed 3)
resume=("$filigree" train --resume --data data)

# A whole round; --dropout and the like come behind the model.
round() {
    exits 0 "${train[@]}" --model "$@" --epochs 1 --checkpoint round.safetensors --force
    exits 0 "$filigree" eval --data data --checkpoint round.safetensors
    says '^images +20$'
    exits 0 "$filigree" predict --data data --checkpoint round.safetensors --count 3
    [ "$(wc -l <stdout)" -eq 3 ] || fail "not three predictions"
    exits 0 "${resume[@]}" --checkpoint round.safetensors --epochs 2
    says '^epochs +2$'
}

# One of each family, the smallest.
for model in plain-8 resnet-8 resnet-50:n=1,image=16 preplain-11 preresnet-11 wrn-10-1 \
    resnext-11-2x4d sparsenet-sum-20 densenet-7-4 sparsenet-bc-10-4 seqresnet-r1-k8-n1 \
    seqresnet-b-r1-k8-n1:window=0 seqresnext-24:n=1,r=1 delugenet-20:m=0.25; do
    round "$model"
    says "^model +${model%%:*}"
done

# A file with all the kinds of sources; what is printed of it is one line.
cat >tiny.yaml <<'END'
# tiny.yaml
stem: {width: 4}
every: {layers: 3, width: 4, transition: pool}
stages:
  - {sources: sparse}
  - {sources: [[0], [1, 0], [2, 0], [3, 1]]}
  - {kernel: [1, 3], sources: {window: 2}}
END
cat >sums.yaml <<'END'
name: my-sums_1
stem: {width: 4}
every: {layers: 2, width: 8, stride: 2, combine: sum, entry: project}
stages: 2
dropout: {rate: 0.2, kind: channels, place: outputs}
END
round tiny.yaml
says '^model +tiny:channels=1,image=16$'
round ./sums.yaml:dropout=0.1
says '^model +my-sums_1:dropout=0.1,channels=1,image=16$'
mkdir a:b
cp tiny.yaml a:b/two.yaml
round a:b/two.yaml
says '^model +two:channels=1,image=16$'

# A checkpoint stands alone: its file may be gone, and --model may come again with it.
exits 0 "${train[@]}" --model tiny.yaml --epochs 2 --checkpoint whole.safetensors
exits 0 "${train[@]}" --model tiny.yaml --epochs 1 --checkpoint part.safetensors
mv tiny.yaml kept.yaml
exits 0 "$filigree" eval --data data --checkpoint part.safetensors --json
says '"model": "tiny:channels=1,image=16"'
exits 0 "$filigree" predict --data data --checkpoint part.safetensors
exits 0 "${resume[@]}" --checkpoint part.safetensors --epochs 2
same whole.safetensors part.safetensors
refuses 1 'tiny\.yaml' "${resume[@]}" --checkpoint part.safetensors --epochs 3 --model tiny.yaml
mv kept.yaml tiny.yaml
exits 0 "${resume[@]}" --checkpoint part.safetensors --model tiny.yaml --dropout 0
same whole.safetensors part.safetensors

# Weights alone need the model; what a file says of classes is not asked of the data.
exits 0 "$filigree" eval --data data --weights part.safetensors --model tiny.yaml
refuses 1 'head\.linear' "$filigree" eval --data data --weights part.safetensors \
    --model tiny.yaml:classes=12
{ cat tiny.yaml; echo 'classes: 12'; } >twelve.yaml
refuses 1 'head\.linear' "$filigree" eval --data data --weights part.safetensors --model twelve.yaml

# A file that has changed is another network, and so are other dropout and initial weights.
other() {
    cp part.safetensors before.safetensors
    refuses 1 "$1" "${resume[@]}" --checkpoint part.safetensors --epochs 9 "${@:2}"
    same before.safetensors part.safetensors
}
other '--dropout is 0\.5, but the checkpoint part\.safetensors has 0$' --dropout 0.5
other '--initialiser is he-in-normal, but .* he-out-normal$' --initialiser he-in-normal
other '--model is tiny:dropout=0\.5,' --model tiny.yaml --dropout 0.5
echo '# changed' >>tiny.yaml
other '--model is tiny:.* holds another text of tiny:' --model tiny.yaml

# --dropout and --initialiser are options of the model.
exits 0 "${train[@]}" --model sparsenet-7-4 --epochs 1 --checkpoint none.safetensors
exits 0 "${train[@]}" --model sparsenet-7-4 --dropout 0.3 --initialiser he-in-normal --epochs 1 \
    --checkpoint options.safetensors
says '^model +sparsenet-7-4:dropout=0\.3,initialiser=he-in-normal,channels=1,image=16$'
exits 0 "${train[@]}" --model sparsenet-7-4:initialiser=he-in-normal,dropout=0.30 --epochs 1 \
    --checkpoint model.safetensors
same options.safetensors model.safetensors
exits 0 "${resume[@]}" --checkpoint model.safetensors --model sparsenet-7-4 --dropout 0.3 \
    --initialiser he-in-normal
exits 0 "${resume[@]}" --checkpoint model.safetensors --dropout 0.300 --initialiser he-in-normal
new() {
    refuses "$1" "$2" "${train[@]}" --epochs 1 --checkpoint new.safetensors "${@:3}"
    absent new.safetensors new.csv
}
new 1 'option dropout is given twice' --model sparsenet-7-4:dropout=0.1 --dropout 0.1
new 1 'option "dropout" is unknown to resnet' --model resnet-8 --dropout 0.1
new 1 'tiny\.yaml: option "n" is unknown to a file' --model tiny.yaml:n=2
for rate in 1 1.5 -0.1 1e-1 x '' 0.1234567890123456; do
    new 2 "--dropout is '$rate', expected" --model sparsenet-7-4 --dropout "$rate"
done
new 2 "--initialiser is 'zero', expected one of he-out-normal" --model sparsenet-7-4 \
    --initialiser zero

# What is dropped is the same in a run that was resumed.
for model in sparsenet-7-4 densenet-bc-10-4 wrn-10-1 seqresnet-r1-k8-n1 tiny.yaml sums.yaml; do
    exits 0 "${train[@]}" --model "$model" --epochs 2 --checkpoint dry.safetensors --dropout 0 \
        --force
    exits 0 "${train[@]}" --model "$model" --epochs 2 --checkpoint whole.safetensors \
        --dropout 0.3 --force
    exits 0 "${train[@]}" --model "$model" --epochs 1 --checkpoint part.safetensors \
        --dropout 0.3 --force
    exits 0 "${resume[@]}" --checkpoint part.safetensors --epochs 2
    same whole.safetensors part.safetensors
    ! cmp -s <(cut -d, -f3 dry.csv) <(cut -d, -f3 whole.csv) || fail "$model drops nothing"
done

# A bad file: one line with file, line and column, and nothing is written.
bad() {
    printf '%s\n' "${@:2}" >bad.yaml
    new 1 "^[^:]*: bad\.yaml:$1" --model bad.yaml
    refuses 1 "^[^:]*: bad\.yaml:$1" "$filigree" plan --model bad.yaml
}
bad '1:1: ' ''
bad '2:19: layers is "many"' 'stem: {width: 4}' 'stages: [{layers: many, width: 4}]'
bad '1:15: stem: width is 0, expected 1\.\.65536' 'stem: {width: 0}' 'stages: [{layers: 1, width: 4}]'
bad '3:26: stage 1: sources of layer 2: 2' 'stem: {width: 4}' \
    'every: {layers: 2, width: 4}' 'stages: [{sources: [[0], [2], [1]]}]'
bad '3:10: dropout: rate is 0\.2, expected 0' 'stem: {form: norm, width: 4}' \
    'stages: [{layers: 1, width: 4, form: post}]' 'dropout: 0.2'
new 1 'gone\.yaml: No such file' --model gone.yaml
