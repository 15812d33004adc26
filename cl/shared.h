/* shared.h - types and limits that host C11 and OpenCL C 1.2 read from this one file.
 *
 * Every member is 32 bits wide, so that sizes agree. A struct of arguments holds no array:
 * lists are tables in device memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_SHARED_H
#define FG_SHARED_H

#ifdef __OPENCL_C_VERSION__
/* Multiply-adds are written as fma(): compilers must not choose where to fuse, or bits would
 * depend on them. */
#pragma OPENCL FP_CONTRACT OFF
typedef int fg_i32;
typedef uint fg_u32;
#define FG_SHARED_ASSERT(cond, name) typedef char fg_shared_##name[(cond) ? 1 : -1]
#define FG_GLOBAL __global

/* Kernels of the CPU family: the hint tells compilers that would make vectors of work-items
 * that there is nothing left to do, which saves them most of their time. */
#define FG_ONE_WORK_ITEM __attribute__((reqd_work_group_size(1, 1, 1), vec_type_hint(float16)))
#else
#include <stdint.h>
typedef int32_t fg_i32;
typedef uint32_t fg_u32;
#define FG_SHARED_ASSERT(cond, name) _Static_assert(cond, #name)
#define FG_GLOBAL
#endif

/* Floats in one vector. Sums over pixels keep one partial sum per lane, so this decides bits.
 */
#define FG_LANES 16

#define FG_NORM_EPSILON 1e-5f
#define FG_NORM_MOMENTUM 0.1f /* running = 0.9 running + 0.1 batch */

#endif
