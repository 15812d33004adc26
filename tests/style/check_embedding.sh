#!/bin/sh
# check_embedding.sh CMAKE CC - an embedded kernel is its file with the includes pasted once, line
# numbers intact and every character as it was; plain ones follow once more, as one text. Run in the repository's root.
#
# SPDX-License-Identifier: MIT
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

cat >"$folder/kernels.def" <<'END'
/* kernels.def - FG_KERNEL(file, kernel) */
FG_KERNEL(one, one_forward)
FG_KERNEL(one, one_backward)
FG_PLAIN_KERNEL(two, two_forward)
FG_PLAIN_KERNEL(three, three_forward)
END
cat >"$folder/one.cl" <<'END'
/* one.cl */
#include "outer.h"
#include "inner.h"

int list[3]; char text[] = "a;b\\n[c]\t%d ${CL_DIR} @x@ \"q\"";
END
printf 'int outer;\n#include "inner.h" /* says why */\nint last;\n' >"$folder/outer.h"
printf 'int inner;\n' >"$folder/inner.h"
printf '#include "inner.h"\nint two;\n' >"$folder/two.cl"
printf '#include "inner.h"\nint three;\n' >"$folder/three.cl"

cat >"$folder/expected" <<'END'
one
#line 1 "one.cl"
/* one.cl */
#line 1 "outer.h"
int outer;
#line 1 "inner.h"
int inner;
#line 3 "outer.h"
int last;
#line 3 "one.cl"
#line 4 "one.cl"

int list[3]; char text[] = "a;b\\n[c]\t%d ${CL_DIR} @x@ \"q\"";
two
#line 1 "two.cl"
#line 1 "inner.h"
int inner;
#line 2 "two.cl"
int two;
three
#line 1 "three.cl"
#line 1 "inner.h"
int inner;
#line 2 "three.cl"
int three;
plain
#line 1 "two.cl"
#line 1 "inner.h"
int inner;
#line 2 "two.cl"
int two;
#line 1 "three.cl"
#line 2 "three.cl"
int three;
END
cat >"$folder/print.c" <<'END'
#include <stdio.h>
#include "device/embedded.h"
int main(void)
{
    for (const fg_embedded_file *file = fg_embedded_files; file->name != NULL; ++file)
        printf("%s\n%s", file->name, file->source);
    return 0;
}
END

"$1" -D CL_DIR="$folder" -D OUTPUT="$folder/embedded.c" -P cmake/EmbedKernels.cmake &&
    "$2" -std=c11 -I src "$folder/embedded.c" "$folder/print.c" -o "$folder/print" &&
    "$folder/print" >"$folder/got" &&
    diff "$folder/expected" "$folder/got"
