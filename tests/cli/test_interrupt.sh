#!/usr/bin/env bash
# test_interrupt.sh - runs that are stopped in the middle of an epoch end with the bytes of one that is not.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
make_data data 3000 30 8
pid=
its_cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; }

options=(--model sparsenet-10-8 --batch 20 --epochs 3 --validation 100 --augment)
exits 0 "$filigree" train --data data "${options[@]}" --checkpoint whole.safetensors

# On a terminal the same run shows a bar, wipes it, and ends with the same bytes.
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    export TERM=xterm
    exits 0 script -qec "'$filigree' train --data data ${options[*]} --checkpoint terminal.safetensors" \
        /dev/null
    grep -q $'\repoch [123]/3 \[[#-]*\]  [0-9]* images/s  loss .* left\033\[K' stdout || fail "no bar"
    grep -q $'\r\033\[Kepoch 1/3  loss ' stdout || fail "the bar is not wiped"
    same whole.safetensors terminal.safetensors
else
    echo "no pseudo-terminal can be had here: the bar is not tested"
fi

# start NAME: a run in the background. It would ignore SIGINT as a job of a shell without job control.
start() {
    set -m
    "$filigree" train --data data "${options[@]}" --checkpoint "$1.safetensors" \
        >"$1.stdout" 2>"$1.stderr" </dev/null &
    pid=$!
    set +m
}

# wait_for REGEX FILE: until the run has written a line that matches.
wait_for() {
    local tries=0
    until grep -q "$1" "$2" 2>/dev/null; do
        kill -0 "$pid" 2>/dev/null || fail "the run ended before '$1' was in $2"
        tries=$((tries + 1))
        [ $tries -lt 2400 ] || fail "'$1' does not come in $2"
        sleep 0.05
    done
}

finish() {
    status=0
    wait "$pid" || status=$?
    pid=
}

resume() {
    exits 0 "$filigree" train --resume --data data --checkpoint "$1.safetensors"
    same whole.safetensors "$1.safetensors"
    [ "$(cut -d, -f1-4 "$1.csv")" = "$(cut -d, -f1-4 whole.csv)" ] || fail "the logs differ"
}

# SIGKILL in epoch 2: epoch 1 is safe once it is reported, and the rest comes out the same.
start killed
wait_for '^epoch 1/3' killed.stderr
kill -9 "$pid"
finish
[ "$status" -eq 137 ] || fail "the killed run ended with status $status"
resume killed

# Ctrl-C and SIGTERM: the step is finished, the state written, one line says how to go on.
for signal in INT TERM; do
    start "stopped$signal"
    wait_for '^epoch 1/3' "stopped$signal.stderr"
    kill "-$signal" "$pid"
    finish
    wanted=130
    [ "$signal" = INT ] || wanted=143
    [ "$status" -eq "$wanted" ] || fail "after SIG$signal the status is $status, not $wanted"
    grep -Eq "^stopped by (Ctrl-C|SIGTERM) in epoch [23], step [0-9]+; continue with: filigree train --resume --data data --checkpoint stopped$signal.safetensors\$" \
        "stopped$signal.stderr" || fail "no line says how to resume: $(cat "stopped$signal.stderr")"
    [ ! -s "stopped$signal.stdout" ] || fail "results of a run that has none"
    cmp -s "stopped$signal.safetensors" whole.safetensors && fail "the run was not stopped"
    resume "stopped$signal"
done

# In the first epoch: the state holds what an epoch's figures are made of.
start first
wait_for 'held out' first.stderr
kill -INT "$pid"
finish
[ "$status" -eq 130 ] || fail "after Ctrl-C in epoch 1 the status is $status: $(cat first.stderr)"
resume first

# A second Ctrl-C does not wait for the step, which is a long one here. It may be sent when the first
# one was taken: from then on the program has no handler for it, bit 1 of the mask.
handles_int() { (($(sed -n 's/^SigCgt:[[:space:]]*/0x/p' "/proc/$pid/status") >> 1 & 1)); }
options=(--model densenet-bc-100-12 --batch 3000 --epochs 3)
start again
wait_for 'held out' again.stderr
handles_int || fail "the run shows itself before it notes signals"
kill -INT "$pid"
while handles_int; do sleep 0.01; done
kill -INT "$pid"
finish
[ "$status" -eq 130 ] || fail "after two Ctrl-C the status is $status"
grep -q '^stopped by' again.stderr && fail "the second Ctrl-C waited"
absent again.safetensors
