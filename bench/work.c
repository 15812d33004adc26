/* work.c - the least work of a plan's steps: floating-point operations, and bytes that must move.
 *
 * SPDX-License-Identifier: MIT
 */
#include "work.h"

#include <string.h>

#include "plan/fold.h"

enum pass {
    PASS_FORWARD = 1,
    PASS_BACKWARD_DATA = 2,
    PASS_BACKWARD_WEIGHTS = 4,
    PASS_BACKWARD = PASS_BACKWARD_DATA | PASS_BACKWARD_WEIGHTS,
    PASS_UPDATE = 8
};

/* ---- elements ---- */

/* Pixels of a channel that an operation looks at: a 1x1 at stride 2 and a sum's term skip some. */
static double pixels_read(const fg_plan *plan, const fg_op *op, const fg_reads *reads)
{
    const bool skips =
        op->kind == FG_OP_SUM || (op->kind == FG_OP_CONV && op->side < op->stride);
    const fg_map *map = skips ? fg_op_out(plan, op) : &plan->maps[reads->map];

    return (double)plan->images * map->height * map->width;
}

static double elements_written(const fg_plan *plan, const fg_op *op)
{
    const fg_map *map = fg_op_out(plan, op);
    return (double)plan->images * map->height * map->width * op->out_channels;
}

/* Forward: a convolution that stores a sum reads the sum's other term. */
static double shortcut_read(const fg_plan *plan, const fg_op *op)
{
    return fg_op_stored(plan, op) != op ? elements_written(plan, op) : 0.0;
}

static double weights_of(const fg_plan *plan, const fg_op *op)
{
    return op->weights < 0 ? 0.0 : (double)plan->tensors[op->weights].elements;
}

/* A convolution of what is pooled multiplies for fewer pixels than its row counts. */
static double flops_of(const fg_plan *plan, const fg_row *row)
{
    const fg_op *op = row->op;
    const double each = op->in[0].pooled ? weights_of(plan, op) * row->height * row->width
                                         : (double)row->multiply_adds;

    return 2.0 * plan->images * each;
}

static double elements_read(const fg_plan *plan, const fg_op *op)
{
    double elements = 0.0;

    for (int i = 0; i < FG_OP_INPUTS; ++i)
        if (op->in[i].map >= 0)
            elements += op->in[i].channels * pixels_read(plan, op, &op->in[i]);
    return elements;
}

/* ---- backward ---- */

/* Values of the input by which its gradient is made: signs, maxima, d_gamma. */
static double values_for_data(const fg_plan *plan, const fg_op *op)
{
    double elements = 0.0;

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        const fg_reads *reads = &op->in[i];
        if (reads->map >= 0 &&
            (reads->relu || op->kind == FG_OP_MAX_POOL || fg_reads_normed(plan, reads)))
            elements += reads->channels * pixels_read(plan, op, reads);
    }
    return elements;
}

/* Gradients of the input, written, and read where they are added to. */
static double gradients_of_input(const fg_plan *plan, const fg_op *op)
{
    double elements = 0.0;

    for (int i = 0; i < FG_OP_INPUTS; ++i) {
        const fg_reads *reads = &op->in[i];
        if (reads->map < 0 || plan->maps[reads->map].gradients < 0)
            continue;
        const double pixels = pixels_read(plan, op, reads);
        for (int j = reads->first; j < reads->first + reads->count; ++j)
            elements += plan->ranges[j].channels * pixels *
                        (plan->ranges[j].adds & FG_ADDS_GRADIENT ? 2 : 1);
    }
    return elements;
}

/* Backward: a convolution that stores a sum hands the sum's gradient on to it. */
static double shortcut_gradient(const fg_plan *plan, const fg_op *op)
{
    const fg_reads *reads;

    if (fg_op_stored(plan, op) == op)
        return 0.0;
    return elements_written(plan, op) *
           (fg_fold_shortcut(&reads, plan, op)->adds & FG_ADDS_GRADIENT ? 2 : 1);
}

static double backward_elements(const fg_plan *plan, const fg_op *op, int passes)
{
    const double weights = weights_of(plan, op);
    const bool normalised = fg_op_out(plan, fg_op_stored(plan, op))->normalised;
    double elements =
        elements_written(plan, op) * (normalised ? 2 : 1) + shortcut_gradient(plan, op);

    if (passes & PASS_BACKWARD_WEIGHTS)
        elements += elements_read(plan, op) + weights;
    else
        elements += values_for_data(plan, op);
    if (passes & PASS_BACKWARD_DATA)
        elements += gradients_of_input(plan, op) + weights;
    return elements;
}

/* ---- steps ---- */

static double updated(const fg_plan *plan, const fg_step *step)
{
    double elements = 0.0;

    for (int i = step->first_update; i < step->first_update + step->updates; ++i)
        elements += (double)plan->updates[i].elements;
    return elements;
}

static bool wants_data(const fg_plan *plan, const fg_op *op)
{
    for (int i = 0; i < FG_OP_INPUTS; ++i)
        if (op->in[i].map >= 0 && plan->maps[op->in[i].map].gradients >= 0)
            return true;
    return false;
}

static double forward_elements(const fg_plan *plan, const fg_op *op)
{
    return elements_read(plan, op) + shortcut_read(plan, op) + elements_written(plan, op) +
           weights_of(plan, op);
}

static fg_work work_of(const fg_plan *plan, const fg_row *rows, const fg_step *step, int passes)
{
    fg_work work = {0.0, 0.0};
    double elements = 0.0;

    if (passes & PASS_UPDATE)
        elements += 5 * updated(plan, step);
    if (step->kind == FG_STEP_LOSS) {
        const fg_map *logits = &plan->maps[plan->logits_map];
        if (passes & PASS_FORWARD)
            elements += 2.0 * plan->images * logits->channels;
    } else if (!plan->ops[step->op].folded) {
        const fg_op *op = &plan->ops[step->op];
        const double flops = flops_of(plan, &rows[step->op]);
        if (!wants_data(plan, op))
            passes &= ~PASS_BACKWARD_DATA;
        if (op->weights < 0)
            passes &= ~PASS_BACKWARD_WEIGHTS;
        for (int pass = PASS_FORWARD; pass <= PASS_BACKWARD_WEIGHTS; pass *= 2)
            work.flops += passes & pass ? flops : 0.0;
        if (passes & PASS_FORWARD)
            elements += forward_elements(plan, op);
        if (passes & PASS_BACKWARD)
            elements += backward_elements(plan, op, passes);
    }
    work.bytes = elements * sizeof(float);
    return work;
}

fg_work fg_work_of_step(const fg_plan *plan, const fg_row *rows, const fg_step *step)
{
    return work_of(plan, rows, step,
                   PASS_UPDATE |
                       (step->kind == FG_STEP_BACKWARD ? PASS_BACKWARD : PASS_FORWARD));
}

/* A kernel is named <file>_<pass>, with what distinguishes a variant behind it. */
static int passes_of_kernel(const char *kernel)
{
    static const char *const small[] = {"batchnorm_", "linear_", "statistics_"};

    if (strcmp(kernel, "sgd_update") == 0)
        return PASS_UPDATE;
    for (size_t i = 0; i < sizeof small / sizeof *small; ++i)
        if (strncmp(kernel, small[i], strlen(small[i])) == 0)
            return 0;
    if (strstr(kernel, "_backward_data") != NULL)
        return PASS_BACKWARD_DATA;
    if (strstr(kernel, "_backward_weights") != NULL)
        return PASS_BACKWARD_WEIGHTS;
    if (strstr(kernel, "_backward") != NULL)
        return PASS_BACKWARD;
    return strstr(kernel, "_forward") != NULL ? PASS_FORWARD : 0;
}

fg_work fg_work_of_kernel(const fg_plan *plan, const fg_row *rows, const fg_step *step,
                          const char *kernel)
{
    return work_of(plan, rows, step, passes_of_kernel(kernel));
}

double fg_work_floor_ms(fg_work work, double gflops, double gbytes)
{
    const double compute = work.flops / gflops, memory = work.bytes / gbytes;
    return 1e-6 * (compute > memory ? compute : memory);
}
