/* transpose.h - 16x16 or 4x16 floats in registers: rows become columns. OpenCL C.
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

/* Columns of 4 rows: those 4i + j become elements 4i .. 4i + 3 of r[j]. */
static inline __attribute__((always_inline)) void transpose4(float16 *r)
{
    const float16 a = r[0], b = r[1], c = r[2], d = r[3];
    const float16 ab = (float16)(a.s0, b.s0, a.s1, b.s1, a.s4, b.s4, a.s5, b.s5, a.s8, b.s8,
                                 a.s9, b.s9, a.sc, b.sc, a.sd, b.sd);
    const float16 ab2 = (float16)(a.s2, b.s2, a.s3, b.s3, a.s6, b.s6, a.s7, b.s7, a.sa, b.sa,
                                  a.sb, b.sb, a.se, b.se, a.sf, b.sf);
    const float16 cd = (float16)(c.s0, d.s0, c.s1, d.s1, c.s4, d.s4, c.s5, d.s5, c.s8, d.s8,
                                 c.s9, d.s9, c.sc, d.sc, c.sd, d.sd);
    const float16 cd2 = (float16)(c.s2, d.s2, c.s3, d.s3, c.s6, d.s6, c.s7, d.s7, c.sa, d.sa,
                                  c.sb, d.sb, c.se, d.se, c.sf, d.sf);
    r[0] = (float16)(ab.s0, ab.s1, cd.s0, cd.s1, ab.s4, ab.s5, cd.s4, cd.s5, ab.s8, ab.s9,
                     cd.s8, cd.s9, ab.sc, ab.sd, cd.sc, cd.sd);
    r[1] = (float16)(ab.s2, ab.s3, cd.s2, cd.s3, ab.s6, ab.s7, cd.s6, cd.s7, ab.sa, ab.sb,
                     cd.sa, cd.sb, ab.se, ab.sf, cd.se, cd.sf);
    r[2] = (float16)(ab2.s0, ab2.s1, cd2.s0, cd2.s1, ab2.s4, ab2.s5, cd2.s4, cd2.s5, ab2.s8,
                     ab2.s9, cd2.s8, cd2.s9, ab2.sc, ab2.sd, cd2.sc, cd2.sd);
    r[3] = (float16)(ab2.s2, ab2.s3, cd2.s2, cd2.s3, ab2.s6, ab2.s7, cd2.s6, cd2.s7, ab2.sa,
                     ab2.sb, cd2.sa, cd2.sb, ab2.se, ab2.sf, cd2.se, cd2.sf);
}

#endif
