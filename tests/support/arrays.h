/* arrays.h - the arrays of a test, on the host and on the device, released all at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TESTS_ARRAYS_H
#define FG_TESTS_ARRAYS_H

#include "device/buffer.h"

/* Zeros; NaNs; uniform random numbers, the same in every run of the test. count may be 0. */
double *fg_arrays_doubles(size_t count);
float *fg_arrays_floats(size_t count);
float *fg_arrays_random(size_t count, float low, float high);

void fg_arrays_fill_random(float *values, size_t count, float low, float high);
double fg_arrays_next(double low, double high);

/* A copy in double precision, and of rows that lie a pitch apart. */
double *fg_arrays_widened(const float *values, size_t count);
double *fg_arrays_packed(const float *values, size_t rows, size_t columns, size_t pitch);

/* Memory of the device: with a copy of data, or with NaNs; and what it holds now. */
fg_buffer *fg_arrays_buffer(const void *data, size_t bytes);
fg_buffer *fg_arrays_scratch(size_t floats);
void *fg_arrays_read(const fg_buffer *buffer);

/* The largest |value|: the size of a tensor's rounding errors. */
double fg_arrays_largest(const double *values, size_t count);

/* Releases everything, and starts the random numbers anew: for tcase_add_checked_fixture, and
 * within the life of the device. */
void fg_arrays_clear(void);

#endif
