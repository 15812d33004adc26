#!/usr/bin/env bash
# test_usage.sh - help, version, and what a wrong command line gets: one line and exit status 2.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"

# Help and version are results: standard output, exit status 0.
exits 0 "$filigree" --help
says '^Usage: filigree '
for command in train eval predict plan devices probe tune; do
    exits 0 "$filigree" --help
    says "^  $command "
    exits 0 "$filigree" "$command" --help
    says "^Usage: filigree $command "
    exits 0 "$filigree" "$command" --usage
    exits 0 "$filigree" "$command" --version
    says '^filigree [0-9]+\.[0-9]+\.[0-9]+$'
    exits 2 "$filigree" "$command" --nonsense
    complains "filigree $command: unrecognized option '--nonsense'"
    refuses 2 "'nonsense' is not an option" "$filigree" "$command" nonsense
done
exits 0 "$filigree" --version
says '^filigree [0-9]+\.[0-9]+\.[0-9]+$'
refuses 2 'a command is missing' "$filigree"
refuses 2 "no command 'nonsense'" "$filigree" nonsense

# What must be there, and what excludes each other.
refuses 2 '--data is missing' "$filigree" train --model m
refuses 2 '--model is missing' "$filigree" train --data d
refuses 2 '--train-labels is missing' "$filigree" train --model m --train-images i
refuses 2 '--train-images is missing' "$filigree" train --model m --train-labels l
refuses 2 'exclude each other' "$filigree" train --model m --data d --train-labels l
refuses 2 'exclude each other' "$filigree" train --data d --resume --force
refuses 2 'leave out --weights' "$filigree" train --data d --resume --weights w
refuses 2 '--model is missing' "$filigree" plan
refuses 2 'exclude each other' "$filigree" plan --model m --json --dot
refuses 2 'exclude each other' "$filigree" plan --model m --device --limit 1M
refuses 2 '--memory is what training keeps' "$filigree" plan --model m --memory lean --infer
refuses 2 'write --device=MATCH' "$filigree" plan --model m --device pocl
for command in eval predict; do
    refuses 2 '--checkpoint is missing' "$filigree" "$command" --data d
    refuses 2 '--data is missing' "$filigree" "$command" --checkpoint c
    refuses 2 '--model is missing' "$filigree" "$command" --weights w --data d
    refuses 2 '--normalise is missing' "$filigree" "$command" --weights w --model m --images i
    refuses 2 'names its own model' "$filigree" "$command" --checkpoint c --model m --data d
    refuses 2 'exclude each other' "$filigree" "$command" --checkpoint c --weights w --data d
    refuses 2 'exclude each other' "$filigree" "$command" --checkpoint c --data d --images i
    refuses 2 '--images is missing' "$filigree" "$command" --checkpoint c --labels l
done
refuses 2 '--labels is missing' "$filigree" eval --checkpoint c --images i
for option in model weights batch out; do
    args=()
    for other in model weights batch out; do
        [ "$other" = "$option" ] || args+=("--$other" x)
    done
    refuses 2 "--$option is missing" "$filigree" probe "${args[@]}"
done

# An empty path is no file, nor the current folder; what else is wrong or missing does not hide it.
refuses_empty() {
    local command=$1 kind=$2 option
    shift 2
    for option; do
        refuses 2 "^filigree $command: --$option is '', expected the name of a $kind$" \
            "$filigree" "$command" "--$option" ''
    done
}
refuses_empty train file train-images train-labels weights checkpoint log tuning
refuses_empty train folder data
for command in eval predict; do
    refuses_empty "$command" file checkpoint weights images labels tuning
    refuses_empty "$command" folder data
done
refuses_empty probe file weights batch out tuning
refuses_empty tune file output merge

# Numbers are read to their last character, and in range.
train=("$filigree" train --model m --data d)
for text in '' ' 1' '1 ' 1x 0x10 1.5 1e3 -1 +1 0 99999999999 99999999999999999999 nan inf; do
    refuses 2 "^filigree train: --epochs is '.*', expected a whole number 1\.\.1000000$" \
        "${train[@]}" --epochs "$text"
done
for option in batch validation shift; do
    refuses 2 "--$option is '2x', expected a whole number" "${train[@]}" "--$option" 2x
done
for text in '' ' 1' '1 ' 1x 0x1p3 nan NAN inf -inf 1e999 1e-999 1,5 -1 . e5; do
    for option in rate rate-factor momentum weight-decay; do
        refuses 2 "^filigree train: --$option is '.*', expected a number 0\.\." \
            "${train[@]}" "--$option" "$text"
    done
done
# ... of which not every end belongs to it, nor what a float takes for that end.
for text in 0 0.0 1e-60; do
    for option in rate rate-factor; do
        refuses 2 "^filigree train: --$option is '$text', expected a number 0\.\.1e\+06, but not 0\$" \
            "${train[@]}" "--$option" "$text"
    done
done
for text in 1 1.0 0.999999999; do
    for command in "${train[*]}" "$filigree probe"; do
        refuses 2 "--momentum is '$text', expected a number 0\.\.1, but not 1\$" \
            $command --momentum "$text"
    done
done
for text in '' -1 18446744073709551616 1.0 x; do
    refuses 2 '--seed is .* expected a whole number 0\.\.18446744073709551615' \
        "${train[@]}" --seed "$text"
done
for text in '' , 0 0.0 1.0 0.5,0.25 0.5,0.5 3,2 2,2 0.5,7 7,0.5 5, 1,,2 x -1 nan 2000000 \
    1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17; do
    refuses 2 '--rate-steps is .* expected an ascending list' "${train[@]}" --rate-steps "$text"
done
for text in '' : 1 1: :1 1,2:3 1:2:3 x:1 1:x 1:0 1:-1 nan:1 1:inf \
    1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1:1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1; do
    refuses 2 '--normalise is .* expected mean,..:deviation' "${train[@]}" --normalise "$text"
done
for text in '' on ' 1' 0x1 1e2 -1 nan 3600.5; do
    refuses 2 "^filigree train: --tune is \"$text\", expected .* seconds from 0 to 3600, or off$" \
        "${train[@]}" --tune "$text"
done
refuses 2 "--padding is 'white', expected one of mean, black, reflect" \
    "${train[@]}" --padding white
refuses 2 "--split is 'both', expected one of train, test" "$filigree" eval --split both
for text in '' 0 1x 1,2,3 1, ,1 -1 1.5G 99999999999G 20000000000Gi 1KB nan; do
    refuses 2 "--limit is '.*', expected BYTES" "$filigree" plan --model m --limit "$text"
done
refuses 2 "--first is '-1'" "$filigree" predict --first -1
refuses 2 "--count is '0'" "$filigree" predict --count 0
refuses 2 "--steps is 'x'" "$filigree" probe --steps x

# A wrong FG_LOG is named; the program runs all the same.
FG_LOG=loud exits 0 "$filigree" plan --model sparsenet-7-4
complains "FG_LOG is 'loud', expected error, warn, info or debug"
