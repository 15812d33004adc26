/* arrays.c - the arrays of a test, on the host and on the device, released all at once.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/arrays.h"

#include <math.h>
#include <stdlib.h>

#include "cl/random.h"
#include "support/device_fixture.h"

struct entry {
    struct entry *next;
    void *host;
    fg_buffer *buffer;
};

static struct entry *entries;
static fg_u32 next_random;

static void *keep(void *host, fg_buffer *buffer)
{
    struct entry *entry = calloc(1, sizeof *entry);
    ck_assert_ptr_nonnull(entry);
    *entry = (struct entry){entries, host, buffer};
    entries = entry;
    return host;
}

static void *zeroed(size_t bytes)
{
    void *host = calloc(bytes + 1, 1);
    ck_assert_ptr_nonnull(host);
    return keep(host, NULL);
}

double *fg_arrays_doubles(size_t count)
{
    return zeroed(count * sizeof(double));
}

float *fg_arrays_floats(size_t count)
{
    float *values = zeroed(count * sizeof *values);
    for (size_t i = 0; i < count; ++i)
        values[i] = NAN;
    return values;
}

double fg_arrays_next(double low, double high)
{
    const struct fg_random r = fg_random_block(1, 2, 3, 4, next_random++);
    return low + (high - low) * (double)fg_random_uniform(r.x);
}

void fg_arrays_fill_random(float *values, size_t count, float low, float high)
{
    for (size_t i = 0; i < count; ++i)
        values[i] = (float)fg_arrays_next((double)low, (double)high);
}

float *fg_arrays_random(size_t count, float low, float high)
{
    float *values = fg_arrays_floats(count);
    fg_arrays_fill_random(values, count, low, high);
    return values;
}

double *fg_arrays_packed(const float *values, size_t rows, size_t columns, size_t pitch)
{
    double *packed = fg_arrays_doubles(rows * columns);
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j)
            packed[i * columns + j] = (double)values[i * pitch + j];
    return packed;
}

double *fg_arrays_widened(const float *values, size_t count)
{
    return fg_arrays_packed(values, 1, count, count);
}

static fg_buffer *create_buffer(size_t bytes)
{
    fg_buffer *buffer = NULL;
    FG_EXPECT_OK(fg_buffer_create(&buffer, fg_device_fixture(), bytes));
    keep(NULL, buffer);
    return buffer;
}

fg_buffer *fg_arrays_buffer(const void *data, size_t bytes)
{
    fg_buffer *buffer = create_buffer(bytes);
    FG_EXPECT_OK(fg_buffer_write(buffer, 0, data, bytes, NULL));
    return buffer;
}

fg_buffer *fg_arrays_scratch(size_t floats)
{
    fg_buffer *buffer = create_buffer(floats * sizeof(float));
    FG_EXPECT_OK(fg_buffer_fill(buffer, 0, floats, NAN));
    return buffer;
}

void *fg_arrays_read(const fg_buffer *buffer)
{
    void *host = zeroed(buffer->bytes);
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, host, buffer->bytes));
    return host;
}

double fg_arrays_largest(const double *values, size_t count)
{
    double largest = 0.0;
    for (size_t i = 0; i < count; ++i)
        largest = fmax(largest, fabs(values[i]));
    return largest;
}

void fg_arrays_clear(void)
{
    while (entries != NULL) {
        struct entry *entry = entries;
        entries = entry->next;
        fg_buffer_free(entry->buffer);
        free(entry->host);
        free(entry);
    }
    next_random = 0;
}
