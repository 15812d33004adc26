/* vectors.h - 16 values from memory and to it, at any multiple of their size. OpenCL C.
 *
 * load16(i, p) and store16(x, i, p) are vload16 and vstore16. CPU drivers made of Clang have those
 * as four parts of 4 values, which their compiler does not put together again for stores; and a
 * vector that is read back soon then waits until all its parts have left the store buffer. A
 * pointer to vectors that need not be aligned makes one instruction of each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_VECTORS_H
#define FG_VECTORS_H

#ifdef FG_CPU
typedef float16 fg_floats __attribute__((aligned(4)));
typedef int16 fg_ints __attribute__((aligned(4)));
typedef char16 fg_chars __attribute__((aligned(1)));

#define FG_INLINE_OVERLOAD static inline __attribute__((always_inline, overloadable))
#define FG_VECTORS_IN(space)                                             \
    FG_INLINE_OVERLOAD float16 load16(size_t i, space const float *p)    \
    {                                                                    \
        return ((space const fg_floats *)p)[i];                          \
    }                                                                    \
    FG_INLINE_OVERLOAD int16 load16(size_t i, space const int *p)        \
    {                                                                    \
        return ((space const fg_ints *)p)[i];                            \
    }                                                                    \
    FG_INLINE_OVERLOAD char16 load16(size_t i, space const char *p)      \
    {                                                                    \
        return ((space const fg_chars *)p)[i];                           \
    }                                                                    \
    FG_INLINE_OVERLOAD void store16(float16 x, size_t i, space float *p) \
    {                                                                    \
        ((space fg_floats *)p)[i] = x;                                   \
    }                                                                    \
    FG_INLINE_OVERLOAD void store16(int16 x, size_t i, space int *p)     \
    {                                                                    \
        ((space fg_ints *)p)[i] = x;                                     \
    }                                                                    \
    FG_INLINE_OVERLOAD void store16(char16 x, size_t i, space char *p)   \
    {                                                                    \
        ((space fg_chars *)p)[i] = x;                                    \
    }

FG_VECTORS_IN(__global)
FG_VECTORS_IN(__local)
FG_VECTORS_IN(__private)
#else
#define load16(i, p) vload16(i, p)
#define store16(x, i, p) vstore16(x, i, p)
#endif

#endif
