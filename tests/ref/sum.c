/* sum.c - the sum of terms in double precision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ref/sum.h"

/* Calls visit for each (element of the output, element of a). */
static void walk(double *out, double *a, const fg_ref_sum *sum,
                 void (*visit)(double *out, double *a))
{
    const int s = sum->stride;
    const int height = (sum->height - 1) / s + 1, width = (sum->width - 1) / s + 1;
    double(*outs)[sum->images][height][width] = (void *)out;
    double(*as)[sum->images][sum->height][sum->width] = (void *)a;

    for (int j = 0; j < sum->count; as += sum->terms[j++].channels)
        for (int k = 0; k < sum->terms[j].channels; ++k)
            for (int n = 0; n < sum->images; ++n)
                for (int y = 0; y < height; ++y)
                    for (int x = 0; x < width; ++x)
                        visit(&outs[k][n][y][x], &as[k][n][s * y][s * x]);
}

static void add(double *out, double *a)
{
    *out += *a;
}

static void copy_back(double *out, double *a)
{
    *a = *out;
}

void fg_ref_sum_forward(double *out, const fg_ref_sum *sum, const double *a)
{
    walk(out, (double *)a, sum, add);
}

void fg_ref_sum_backward(double *grad_a, const fg_ref_sum *sum, const double *grad_out)
{
    walk((double *)grad_out, grad_a, sum, copy_back);
}
