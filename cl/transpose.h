/* transpose.h - 16x16 floats in registers: rows become columns. OpenCL C.
 *
 * Four rounds exchange blocks of 8, 4, 2 and 1 floats between two rows each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRANSPOSE_H
#define FG_TRANSPOSE_H

#define EXCHANGE(a, b, first, second) \
    {                                 \
        const float16 t = first;      \
        b = second;                   \
        a = t;                        \
    }

static inline __attribute__((always_inline)) void transpose16(float16 *r)
{
#pragma unroll
    for (int i = 0; i < 8; ++i)
        EXCHANGE(r[i], r[i + 8], ((float16)(r[i].lo, r[i + 8].lo)),
                 ((float16)(r[i].hi, r[i + 8].hi)))
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j / 4 * 8 + j % 4;
        EXCHANGE(r[i], r[i + 4],
                 ((float16)(r[i].s0123, r[i + 4].s0123, r[i].s89ab, r[i + 4].s89ab)),
                 ((float16)(r[i].s4567, r[i + 4].s4567, r[i].scdef, r[i + 4].scdef)))
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j / 2 * 4 + j % 2;
        EXCHANGE(r[i], r[i + 2],
                 ((float16)(r[i].s01, r[i + 2].s01, r[i].s45, r[i + 2].s45, r[i].s89,
                            r[i + 2].s89, r[i].scd, r[i + 2].scd)),
                 ((float16)(r[i].s23, r[i + 2].s23, r[i].s67, r[i + 2].s67, r[i].sab,
                            r[i + 2].sab, r[i].sef, r[i + 2].sef)))
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j * 2;
        EXCHANGE(r[i], r[i + 1],
                 ((float16)(r[i].s0, r[i + 1].s0, r[i].s2, r[i + 1].s2, r[i].s4, r[i + 1].s4,
                            r[i].s6, r[i + 1].s6, r[i].s8, r[i + 1].s8, r[i].sa, r[i + 1].sa,
                            r[i].sc, r[i + 1].sc, r[i].se, r[i + 1].se)),
                 ((float16)(r[i].s1, r[i + 1].s1, r[i].s3, r[i + 1].s3, r[i].s5, r[i + 1].s5,
                            r[i].s7, r[i + 1].s7, r[i].s9, r[i + 1].s9, r[i].sb, r[i + 1].sb,
                            r[i].sd, r[i + 1].sd, r[i].sf, r[i + 1].sf)))
    }
}

#undef EXCHANGE

#endif
