#!/bin/sh
# check_symbols.sh - a shared library exports what exported_symbols.txt lists, and the headers declare
# just that: the ABI changes only by a line that someone reviews. Run in the repository's root.
#
# SPDX-License-Identifier: MIT
export LC_ALL=C
listed=tests/style/exported_symbols.txt
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
fail=0

# Names with two underscores are the compiler's: sanitizers and coverage add such.
nm -D --defined-only "$1" | awk '{ print $3 }' | grep -v -e '^__' -e '^_init$' -e '^_fini$' |
    sort >"$folder/exported"
if ! diff $listed "$folder/exported"; then
    echo "$listed (<) and the symbols of $1 (>) differ"
    fail=1
fi

sed '/^#/d' include/filigree.h include/filigree_opencl.h | tr '\n' ' ' >"$folder/text"
grep -o 'FG_API [^(;]*(' "$folder/text" | sed 's/.*[ *]\([a-z0-9_]*\)($/\1/' |
    sort >"$folder/declared"
if ! diff $listed "$folder/declared"; then
    echo "$listed (<) and the functions of include/*.h (>) differ"
    fail=1
fi
exit $fail
