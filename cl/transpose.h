/* transpose.h - 16x16 floats in registers: rows become columns. OpenCL C.
 *
 * Four rounds exchange blocks of 8, 4, 2 and 1 floats between two rows each. Vectors are spelled out
 * element by element, of which compilers make one shuffle each; of parts like r.lo they make three.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRANSPOSE_H
#define FG_TRANSPOSE_H

static inline __attribute__((always_inline)) void transpose16(float16 *r)
{
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        const float16 a = r[i], b = r[i + 8];
        r[i] = (float16)(a.s0, a.s1, a.s2, a.s3, a.s4, a.s5, a.s6, a.s7, b.s0, b.s1, b.s2, b.s3,
                         b.s4, b.s5, b.s6, b.s7);
        r[i + 8] = (float16)(a.s8, a.s9, a.sa, a.sb, a.sc, a.sd, a.se, a.sf, b.s8, b.s9, b.sa,
                             b.sb, b.sc, b.sd, b.se, b.sf);
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j / 4 * 8 + j % 4;
        const float16 a = r[i], b = r[i + 4];
        r[i] = (float16)(a.s0, a.s1, a.s2, a.s3, b.s0, b.s1, b.s2, b.s3, a.s8, a.s9, a.sa, a.sb,
                         b.s8, b.s9, b.sa, b.sb);
        r[i + 4] = (float16)(a.s4, a.s5, a.s6, a.s7, b.s4, b.s5, b.s6, b.s7, a.sc, a.sd, a.se,
                             a.sf, b.sc, b.sd, b.se, b.sf);
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = j / 2 * 4 + j % 2;
        const float16 a = r[i], b = r[i + 2];
        r[i] = (float16)(a.s0, a.s1, b.s0, b.s1, a.s4, a.s5, b.s4, b.s5, a.s8, a.s9, b.s8, b.s9,
                         a.sc, a.sd, b.sc, b.sd);
        r[i + 2] = (float16)(a.s2, a.s3, b.s2, b.s3, a.s6, a.s7, b.s6, b.s7, a.sa, a.sb, b.sa,
                             b.sb, a.se, a.sf, b.se, b.sf);
    }
#pragma unroll
    for (int j = 0; j < 8; ++j) {
        const int i = 2 * j;
        const float16 a = r[i], b = r[i + 1];
        r[i] = (float16)(a.s0, b.s0, a.s2, b.s2, a.s4, b.s4, a.s6, b.s6, a.s8, b.s8, a.sa, b.sa,
                         a.sc, b.sc, a.se, b.se);
        r[i + 1] = (float16)(a.s1, b.s1, a.s3, b.s3, a.s5, b.s5, a.s7, b.s7, a.s9, b.s9, a.sb,
                             b.sb, a.sd, b.sd, a.sf, b.sf);
    }
}

#endif
