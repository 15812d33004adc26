/* reader.c - what a reader makes of its sources, in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/reader.h"

#include <stddef.h>

void fg_ref_reader_forward(double *a, const fg_ref_reader *reader, const double *x)
{
    for (int c = 0; c < reader->channels; ++c) {
        const fg_ref_affine f = reader->affine[c];
        const size_t from =
            (size_t)fg_sources_channel(reader->sources, c) * (size_t)reader->pixels;
        for (int p = 0; p < reader->pixels; ++p) {
            const double z = f.scale * x[from + (size_t)p] + f.shift;
            *a++ = reader->relu && !(z > 0.0) ? 0.0 : z;
        }
    }
}

void fg_ref_reader_backward(double *grad_x, double *grad_gamma, double *grad_beta,
                            const fg_ref_reader *reader, const double *x, const double *grad_a)
{
    for (int c = 0; c < reader->channels; ++c) {
        const fg_ref_affine f = reader->affine[c];
        const size_t from =
            (size_t)fg_sources_channel(reader->sources, c) * (size_t)reader->pixels;
        grad_gamma[c] = 0.0;
        grad_beta[c] = 0.0;
        for (int p = 0; p < reader->pixels; ++p) {
            const size_t at = from + (size_t)p;
            const double z = f.scale * x[at] + f.shift;
            const double d = reader->relu && !(z > 0.0) ? 0.0 : *grad_a;
            ++grad_a;
            grad_x[at] += f.scale * d;
            grad_beta[c] += d;
            grad_gamma[c] += d * (x[at] - f.mean) * f.inverse;
        }
    }
}
