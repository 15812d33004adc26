#!/usr/bin/env bash
# test_full_disk.sh - a disk that runs full: one line, exit status 1, the last good checkpoint stays.
#
# A limit on the size of files stands for the disk: it needs no rights and fails in the same write.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.sh"
make_data data 40 20 8
# The checkpoint is larger than what OpenCL compilers write beside it.
train=("$filigree" train --model sparsenet-7-96 --data data --batch 16 --epochs 1)

exits 0 "${train[@]}" --checkpoint kept.safetensors
size=$(wc -c <kept.safetensors)
cp kept.safetensors original.safetensors

# The first write of a fresh run, the replacement of an older checkpoint, and a resumed run.
limited() { (trap '' XFSZ; ulimit -f $((size / 2 / 1024)); exec "$@"); }
[ "$size" -gt 4096 ] || fail "the checkpoint is too small for this test"
export POCL_CACHE_DIR=$folder/cache # filled now, for it falls under the limit too
exits 0 "${train[@]}" --checkpoint warm.safetensors

exits 1 limited "${train[@]}" --checkpoint new.safetensors
complains 'new\.safetensors.*File too large'
absent new.safetensors
exits 1 limited "${train[@]}" --checkpoint kept.safetensors --force
complains 'kept\.safetensors.*File too large'
same kept.safetensors original.safetensors
exits 1 limited "$filigree" train --resume --data data --checkpoint kept.safetensors --epochs 2
complains 'kept\.safetensors.*File too large'
same kept.safetensors original.safetensors
[ "$(ls | grep -c 'safetensors')" -eq 3 ] || fail "temporary files stay: $(ls)"

# A real full disk, where one may be mounted.
mkdir disk
if mount -t tmpfs -o size=16k tmpfs disk 2>/dev/null; then
    its_cleanup() { umount "$folder/disk"; }
    exits 1 "${train[@]}" --checkpoint disk/new.safetensors --log disk.csv
    complains 'new\.safetensors.*No space left on device'
    [ -z "$(ls disk)" ] || fail "something stays on the full disk: $(ls disk)"
    head -c 64k /dev/zero >disk/fill 2>/dev/null || true
    exits 1 "$filigree" tune --model densenet-7-4:image=8,channels=1,classes=4 --batch 4 --infer \
        --same-bits --output disk/tuning.txt
    complains 'tuning\.txt.*No space left on device'
    [ "$(ls disk)" = fill ] || fail "an empty file stays on the full disk: $(ls disk)"
else
    echo "no tmpfs may be mounted here: the limit alone was tested"
fi

# A log that cannot be written is a failure too.
exits 1 "${train[@]}" --checkpoint logged.safetensors --log /dev/full
complains '/dev/full'
