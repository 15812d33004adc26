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
says "^shipped\.txt: $all results appended, 0 were there$"
same cache/tuning.txt shipped.txt
exits 0 "$filigree" tune --merge shipped.txt --output shipped.txt
exits 0 "$filigree" tune --merge shipped.txt
says "cache/tuning\.txt: 0 results appended, $all were there$"
same cache/tuning.txt shipped.txt

# A file that cannot be written is told of before anything is measured, unless there is nothing to.
refuses 1 'none/new.txt: No such file' "${tune[@]}" --output none/new.txt
exits 0 "${tune[@]}" --output shipped.txt
[ "$(grep -c '(known)' stdout)" -eq "$all" ] || fail "not all is known in the file that is named"

# A run takes a file that is named, and refuses one that is damaged, empty or not there.
make_data data 40 10 8
train=("$filigree" train --model "densenet-7-4" --data data --epochs 1 --batch 4)
exits 0 "${train[@]}" --checkpoint plain.safetensors --tune off
exits 0 "${train[@]}" --checkpoint tuned.safetensors --tuning shipped.txt
same plain.safetensors tuned.safetensors
refuses 1 'none.txt' "${train[@]}" --checkpoint x.safetensors --tuning none.txt
printf 'half a li' >>shipped.txt
refuses 1 'shipped.txt: line [0-9]* is damaged' "${train[@]}" --checkpoint x.safetensors --tuning shipped.txt
refuses 1 'shipped.txt: line [0-9]* is damaged' "$filigree" tune --merge shipped.txt
refuses 1 'shipped.txt: line [0-9]* is damaged' "${tune[@]}" --output shipped.txt
: >empty.txt
refuses 1 'empty.txt: is empty' "${train[@]}" --checkpoint x.safetensors --tuning empty.txt
refuses 1 'empty.txt: is empty' "$filigree" tune --merge empty.txt
sed '1s/tuning 1/tuning 2/' cache/tuning.txt >later.txt
refuses 1 'later.txt: its format is 2, expected 1' "$filigree" tune --merge later.txt
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

# So it is by merging; where its head is damaged, no result is lost.
cp cache/tuning.txt whole.txt
sed '1s/tuning/tunXng/' whole.txt >cache/tuning.txt
exits 0 "$filigree" tune --merge whole.txt
says "cache/tuning\.txt: 0 results appended, $all were there$"
[ "$(wc -l <stderr)" -eq 1 ] || fail "not one line says that the file is damaged"
complains 'line 1 is damaged.*put aside as .*tuning\.txt\.damaged\.2, and what is whole kept'
same whole.txt cache/tuning.txt

for option in '--model m' '--batch 4' '--again' '--infer' '--same-bits' '--device 0'; do
    refuses 2 "--merge and ${option%% *} exclude each other" "$filigree" tune $option --merge f
done
refuses 2 '--model is missing' "$filigree" tune
refuses 2 "--batch is '0'" "$filigree" tune --model m --batch 0
refuses 2 '--tune is "on"' "${train[@]}" --tune on
refuses 2 'goes with --resume' "${train[@]}" --accept-tuning
refuses 1 'none.txt' "$filigree" tune --merge none.txt
