/* fold.c - sums that a convolution adds up as it stores its output.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/fold.h"

#include <assert.h>

#include "cl/conv.h"

static bool overlaps(const fg_range *range, const fg_op *writer)
{
    return range->first_channel < writer->out_first_channel + writer->out_channels &&
           writer->out_first_channel < range->first_channel + range->channels;
}

static bool is_output(const fg_reads *reads, const fg_range *range, const fg_op *writer)
{
    return reads->map == writer->out_map && range->first_channel == writer->out_first_channel &&
           range->channels == writer->out_channels;
}

/* Two terms, both raw and as wide as the sum. */
static bool has_two_raw_terms(const fg_plan *plan, const fg_op *sum)
{
    int terms = 0;

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        const fg_reads *reads = &sum->in[i];
        if (reads->map < 0)
            continue;
        if (reads->relu || reads->stride != 1)
            return false;
        for (int j = reads->first; j < reads->first + reads->count; ++j, ++terms) {
            const fg_range *range = &plan->ranges[j];
            if (range->norm >= 0 || range->channels != sum->out_channels ||
                (reads->map == sum->out_map && overlaps(range, sum)))
                return false;
        }
    }
    return terms == 2;
}

/* Whether an operation behind the sum reads what the convolution wrote, before its place is written
 * again. */
static bool is_read_later(const fg_plan *plan, int sum, const fg_op *writer)
{
    for (int i = sum + 1; i < plan->op_count; ++i) {
        const fg_op *op = &plan->ops[i];
        for (int j = 0; j < FG_OP_INPUTS; ++j)
            for (int k = op->in[j].first;
                 op->in[j].map == writer->out_map && k < op->in[j].first + op->in[j].count; ++k)
                if (overlaps(&plan->ranges[k], writer))
                    return true;
        if (op->out_map == writer->out_map &&
            op->out_first_channel == writer->out_first_channel)
            return false;
    }
    return false;
}

static bool can_store_sums(const fg_op *conv)
{
    return conv->kind == FG_OP_CONV && !fg_conv_gathers(conv->side) &&
           conv->algorithm == FG_ALGORITHM_DIRECT && conv->bias < 0 &&
           conv->out_dropout == FG_DROPOUT_NONE && conv->in[0].map != conv->out_map;
}

/* The term that is not the convolution's output, or NULL where the output is no term. */
static const fg_range *other_term(const fg_reads **out, const fg_plan *plan, const fg_op *sum,
                                  const fg_op *conv)
{
    const fg_range *other = NULL;
    int outputs = 0;

    for (int i = 0; i < FG_OP_INPUTS; ++i)
        for (int j = sum->in[i].first;
             sum->in[i].map >= 0 && j < sum->in[i].first + sum->in[i].count; ++j) {
            if (is_output(&sum->in[i], &plan->ranges[j], conv)) {
                ++outputs;
                continue;
            }
            other = &plan->ranges[j];
            *out = &sum->in[i];
        }
    return outputs == 1 ? other : NULL;
}

void fg_fold_sums(fg_plan *plan)
{
    for (int i = 1; i < plan->op_count; ++i) {
        fg_op *sum = &plan->ops[i], *conv = &plan->ops[i - 1];
        const fg_reads *reads = NULL;
        if (sum->kind != FG_OP_SUM || !can_store_sums(conv) || !has_two_raw_terms(plan, sum) ||
            is_read_later(plan, i, conv))
            continue;
        /* The input is in another map than shortcut and sum: a kernel takes it for its own
         * (restrict), and writes the input's gradient while it reads the sum's. */
        if (other_term(&reads, plan, sum, conv) == NULL || reads->map == conv->in[0].map ||
            sum->out_map == conv->in[0].map)
            continue;
        conv->sum = i;
        sum->folded = true;
    }
}

const fg_range *fg_fold_shortcut(const fg_reads **reads, const fg_plan *plan, const fg_op *op)
{
    const fg_range *range = other_term(reads, plan, &plan->ops[op->sum], op);

    assert(range != NULL);
    return range;
}
