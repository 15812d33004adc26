#!/bin/sh
# check_layers.sh - which folder may include and call what. Run in the repository's root.
#
# SPDX-License-Identifier: MIT
fail=0

# Every quoted include in src/ is of the same folder or of one listed here.
allowed()
{
    case $1 in
    base) echo "filigree" ;;
    plan) echo "filigree base cl" ;;
    device) echo "filigree filigree_opencl base cl" ;;
    data) echo "filigree base cl" ;;
    ops) echo "filigree base plan device cl" ;;
    net) echo "filigree base plan device ops data cl" ;;
    train) echo "filigree base plan device ops data net cl" ;;
    cli) echo "filigree" ;;
    esac
}
for file in src/*/*.[ch]; do
    layer=$(echo "$file" | cut -d/ -f2)
    for name in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file"); do
        case $name in
        */*) to=${name%%/*} ;;
        filigree.h | filigree_opencl.h | filigree_version.h) to=${name%.h} ;;
        *) if [ -e "$(dirname "$file")/$name" ]; then to=$layer; else to=cl; fi ;;
        esac
        case " $layer $(allowed "$layer") " in
        *" $to "*) ;;
        *) echo "$file: $layer may not include $name"; fail=1 ;;
        esac
    done
done

# only PATTERN WHERE WHY: no line of src/ matches but in files whose path begins with WHERE.
only()
{
    found=$(grep -nE "$1" src/*/*.[ch] | grep -v "^$2")
    if [ -n "$found" ]; then
        echo "$found"
        echo "$3"
        fail=1
    fi
}
only '\b(secure_)?getenv *\(' 'src/\(base/env\.c\|cli/\)' "the library reads the environment in src/base/env.c"
only '<CL/' src/device/opencl.h "only src/device/opencl.h may include OpenCL's headers"
only '\bcl[A-Z][A-Za-z]* *\(' src/device/ "only src/device may call OpenCL"
only '<png\.h>|<setjmp\.h>' src/data/ "only src/data may include png.h"
only '\b(exit|_exit|abort) *\(' src/cli/ "the library never exits"
only '\b(v?printf|puts|putchar|perror) *\(|\bstderr\b|\bstdout\b' src/cli/ \
    "the library never prints"
exit $fail
