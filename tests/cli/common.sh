# common.sh - what the tests of the program share: a folder to work in, claims, a small data set.
#
# Sourced with the program as first argument.
#
# SPDX-License-Identifier: MIT
set -euo pipefail

filigree=$(readlink -f "$1")
folder=$(mktemp -d)
trap 'status=$?; cleanup; exit $status' EXIT
cd "$folder"

# A test that starts something of its own defines its_cleanup.
its_cleanup() { :; }
cleanup() {
    its_cleanup
    rm -rf "$folder"
}

fail() {
    echo "FAILED: $*" >&2
    for stream in stdout stderr; do
        [ ! -s "$folder/$stream" ] || head -n 5 "$folder/$stream" | cut -c 1-300 | sed "s/^/  $stream: /" >&2
    done
    exit 1
}

# Runs a command, keeps what it prints in the files stdout and stderr, and wants this exit status.
exits() {
    local wanted=$1 status=0
    shift
    "$@" >"$folder/stdout" 2>"$folder/stderr" </dev/null || status=$?
    [ "$status" -eq "$wanted" ] || fail "exit status $status, expected $wanted: $*"
}

says() { grep -Eq -- "$1" "$folder/stdout" || fail "standard output does not say '$1'"; }
complains() { grep -Eq -- "$1" "$folder/stderr" || fail "standard error does not say '$1'"; }

# refuses STATUS REGEX COMMAND...: one line on standard error that matches, nothing on standard output.
refuses() {
    local status=$1 regex=$2
    shift 2
    exits "$status" "$@"
    [ ! -s stdout ] || fail "output in spite of failure: $*"
    [ "$(wc -l <stderr)" -eq 1 ] || fail "not one line on standard error: $*"
    complains "$regex"
}

# The first number of this name in the JSON on standard output.
number() { grep -o "\"$1\": *[0-9]*" "$folder/stdout" | head -n 1 | grep -o '[0-9]*$' || true; }

same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }
absent() {
    local each
    for each; do [ ! -e "$each" ] || fail "$each was written"; done
}

# A number as four bytes, most significant first.
bytes4() {
    local value=$1
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((value >> 24 & 255)) $((value >> 16 & 255)) \
        $((value >> 8 & 255)) $((value & 255)))"
}

# Bytes that look random and are the same in every run of a test.
noise() { seq "$2" $(($2 + $1)) | gzip -n | tail -c +19 | head -c "$1" || true; }

# idx_images FILE IMAGES SIDE, idx_labels FILE IMAGES: labels 0..9 in turn.
idx_images() {
    { printf '\0\0\10\3'; bytes4 "$2"; bytes4 "$3"; bytes4 "$3"; noise $(($2 * $3 * $3)) 1; } >"$1"
    [ "$(wc -c <"$1")" -eq $((16 + $2 * $3 * $3)) ] || fail "$1 came out short"
}
idx_labels() {
    { printf '\0\0\10\1'; bytes4 "$2"; printf '\0\1\2\3\4\5\6\7\10\11%.0s' $(seq $((($2 + 9) / 10))) |
        head -c "$2" || true; } >"$1"
    [ "$(wc -c <"$1")" -eq $((8 + $2)) ] || fail "$1 came out short"
}

# A CIFAR record: its label bytes, in printf's notation, and 3*32*32 bytes.
cifar_record() { printf "$1"; noise 3072 "$2"; }

# make_data DIR TRAIN TEST SIDE: a folder of IDX files.
make_data() {
    mkdir -p "$1"
    idx_images "$1/train-images-idx3-ubyte" "$2" "$4"
    idx_labels "$1/train-labels-idx1-ubyte" "$2"
    idx_images "$1/t10k-images-idx3-ubyte" "$3" "$4"
    idx_labels "$1/t10k-labels-idx1-ubyte" "$3"
}
