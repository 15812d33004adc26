#!/usr/bin/env bash
# test_tune.sh - filigree tune: a killed run loses nothing, files are merged, shipped and put aside.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
export FG_CACHE_DIR=$folder/cache
model=densenet-7-4:image=8,channels=1,classes=4
tune=("$filigree" tune --model "$model" --batch 4 --infer --same-bits)
pid=
its_cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; }

# Every line but the head has eight fields, and its end.
check_file() {
    [ "$(tail -c 1 "$1" | wc -l)" -eq 1 ] || fail "$1 ends within a line"
    tail -n +2 "$1" | awk -F '\t' 'NF != 8 { exit 1 }' || fail "$1 has a line without eight fields"
}
lines() { tail -n +2 "$1" | wc -l; }

# Killed behind its first result: that one is there, and the next run goes on behind it.
"${tune[@]}" >killed.stdout 2>&1 </dev/null &
pid=$!
tries=0
until [ "$(grep -c ' x ' killed.stdout)" -ge 1 ]; do
    kill -0 "$pid" 2>/dev/null || fail "the run ended before its first result: $(cat killed.stdout)"
    tries=$((tries + 1))
    [ $tries -lt 6000 ] || fail "no result comes"
    sleep 0.1
done
kill -9 "$pid"
wait "$pid" || true
pid=
check_file cache/tuning.txt
before=$(lines cache/tuning.txt)
[ "$before" -ge 1 ] || fail "the killed run left no result"
exits 0 "${tune[@]}"
says '^count .*operation$'
says "direct tile=.*conv_forward side=.*\(known\)"
says '^all convolutions: [0-9.]* ms before, [0-9.]* ms after$'
check_file cache/tuning.txt
[ "$(lines cache/tuning.txt)" -gt "$before" ] || fail "the second run added nothing"
all=$(lines cache/tuning.txt)

# All is known now; a file of one's own begins anew, and what is merged into it is there once.
exits 0 "${tune[@]}"
[ "$(grep -c '(known)' stdout)" -eq "$all" ] || fail "not all is known"
exits 0 "$filigree" tune --merge cache/tuning.txt --output shipped.txt
same cache/tuning.txt shipped.txt
exits 0 "$filigree" tune --merge shipped.txt --output shipped.txt
exits 0 "$filigree" tune --merge shipped.txt
same cache/tuning.txt shipped.txt

# A run takes a file that is named, and refuses one that is damaged or not there.
make_data data 40 10 8
train=("$filigree" train --model "densenet-7-4" --data data --epochs 1 --batch 4)
exits 0 "${train[@]}" --checkpoint plain.safetensors --tune off
exits 0 "${train[@]}" --checkpoint tuned.safetensors --tuning shipped.txt
same plain.safetensors tuned.safetensors
refuses 1 'none.txt' "${train[@]}" --checkpoint x.safetensors --tuning none.txt
printf 'half a li' >>shipped.txt
refuses 1 'shipped.txt: line [0-9]* is no line' "${train[@]}" --checkpoint x.safetensors --tuning shipped.txt
refuses 1 'shipped.txt: line [0-9]* is no line' "$filigree" tune --merge shipped.txt
absent x.safetensors

# The cache's own file is put aside, with one line, and the run goes on.
cp shipped.txt cache/tuning.txt
exits 0 "${train[@]}" --checkpoint y.safetensors --tune off
[ "$(grep -c damaged stderr)" -eq 1 ] || fail "not one line says that the file is damaged"
same shipped.txt cache/tuning.txt.damaged
check_file cache/tuning.txt
[ "$(lines cache/tuning.txt)" -eq "$all" ] || fail "whole lines were not kept"
exits 0 "${train[@]}" --checkpoint z.safetensors --tune off
grep -q damaged stderr && fail "the file is damaged still"
same plain.safetensors z.safetensors

refuses 2 'exclude each other' "$filigree" tune --model m --merge f
refuses 2 '--model is missing' "$filigree" tune
refuses 2 "--batch is '0'" "$filigree" tune --model m --batch 0
refuses 2 "--tune is 'on'" "${train[@]}" --tune on
refuses 2 'goes with --resume' "${train[@]}" --accept-tuning
refuses 1 'none.txt' "$filigree" tune --merge none.txt
