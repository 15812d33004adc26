#!/usr/bin/env bash
# test_options.sh - what a bench cannot do gets one line: status 2 for options, 1 for networks.
#
# test_options.sh FOLDER, where the benches are.
#
# SPDX-License-Identifier: MIT
benches=$(readlink -f "$1")
. "$(dirname "$0")/../cli/common.sh"

for program in bench_train bench_infer bench_ops; do
    bench=$benches/$program
    exits 0 "$bench" --help
    refuses 2 "^$program: --model is missing" "$bench"
    for text in '' ' 1' 1x 0x1 0 1000001; do
        refuses 2 "^$program: --batch is '$text', expected a whole number 1\.\.1000000$" \
            "$bench" --model m --batch "$text"
    done
    refuses 2 "^$program: --steps is '0', expected a whole number" "$bench" --model m --steps 0
    refuses 2 "^$program: --tuning is '', expected the name of a file$" \
        "$bench" --model m --tuning ''
    refuses 2 "^$program: --memory is 'slow', expected fast, lean or BYTES" \
        "$bench" --model m --memory slow
    refuses 1 "^$program: model \"no-such-model\": " "$bench" --model no-such-model

    # Before any image is made: these would be 64 GB.
    refuses 1 "^$program: .* at batch 1000000 needs .*; the largest batch that fits is [0-9]+$" \
        "$bench" --model sparsenet-10-8:channels=16 --batch 1000000
done
refuses 2 "--steps is '1001', expected a whole number 1\.\.1000$" \
    "$benches/bench_ops" --model m --steps 1001
refuses 2 "--rows is '0', expected a whole number" "$benches/bench_ops" --model m --rows 0

# A name without its option is no model; an empty one is an unset variable of a shell.
for program in bench_train bench_infer bench_ops bench_candidates bench_peak; do
    for text in m ''; do
        refuses 2 "^$program: '$text' is not an option$" "$benches/$program" "$text"
    done
done

# Inference keeps nothing for backward.
for memory in lean 300M; do
    refuses 2 '^bench_infer: --memory is what training keeps' \
        "$benches/bench_infer" --model m --memory "$memory"
    refuses 2 '^bench_ops: --memory is what training keeps' \
        "$benches/bench_ops" --model m --memory "$memory" --infer
done

refuses 2 "^bench_candidates: --side is '2', but no shape .* has filters of that side$" \
    "$benches/bench_candidates" --side 2
refuses 2 "^bench_candidates: --side is '0', expected a whole number" \
    "$benches/bench_candidates" --side 0
refuses 1 'no device' "$benches/bench_peak" --device no-such-device
