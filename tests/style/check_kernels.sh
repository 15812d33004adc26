#!/bin/sh
# check_kernels.sh - cl/kernels.def lists the kernels that there are, every kernel is in the file that
# its name says, and every .cl compiles alone under plain Clang, where that is installed. Run in the
# repository's root.
#
# SPDX-License-Identifier: MIT
fail=0
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

sed -n 's/^FG_\(PLAIN_\)\?KERNEL(\([a-z0-9_]*\), *\([a-z0-9_]*\)).*/\2 \3/p' cl/kernels.def | sort >"$folder/listed"

# The name of a kernel is the word before the first parenthesis that no attribute opens.
for file in cl/*.cl; do
    stem=$(basename "$file" .cl)
    tr '\n' ' ' <"$file" | sed 's|/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/||g; s/__attribute__ *(([^)]*([^)]*)[^)]*))//g' |
        grep -o '__kernel[^(]*(' | sed "s/.*[ *]\([a-z0-9_]*\) *($/$stem \1/"
done | sort >"$folder/defined"
if ! diff "$folder/listed" "$folder/defined"; then
    echo "cl/kernels.def (<) and the kernels in cl/*.cl (>) differ"
    fail=1
fi
while read -r stem kernel; do
    case $kernel in
    "$stem" | "$stem"_*) ;;
    *) echo "cl/$stem.cl: kernel $kernel does not begin with the file's name"; fail=1 ;;
    esac
done <"$folder/defined"

clang=$(command -v clang-15 || command -v clang-14 || command -v clang)
if [ -n "$clang" ]; then
    for file in cl/*.cl; do
        "$clang" -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -target spir64 -I cl \
            -Wall -Wextra -Werror -fsyntax-only "$file" || fail=1
    done
fi
exit $fail
