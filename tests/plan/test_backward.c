/* test_backward.c - who writes a gradient and who adds to it, where ranges are cut, and when
 * parameters are updated: each again from the steps alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/backward.h"

#include "plans.h"

/* ---- steps ---- */

START_TEST(steps_go_forward_in_order_then_back)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        ck_assert_int_eq(plan->step_count, 2 * plan->op_count + 1);
        ck_assert_int_eq(plan->steps[plan->op_count].kind, FG_STEP_LOSS);
        ck_assert_int_eq(plan->steps[plan->op_count].op, -1);
        for (int o = 0; o < plan->op_count; ++o) {
            const fg_step *step = &plan->steps[o], *back = &plan->steps[2 * plan->op_count - o];
            ck_assert(step->kind == FG_STEP_FORWARD && step->op == o);
            ck_assert(back->kind == FG_STEP_BACKWARD && back->op == o);
        }
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- write or add ---- */

/* What has been written on the way back so far. */
struct written {
    int **gradient, **sums; /* [map][channel] */
    bool *parameters;       /* by channel of the norms, as running statistics are counted */
};

static int bits_of(const fg_plan *plan, struct written *w, int map, const fg_range *range,
                   int c)
{
    const int channel = range->first_channel + c;
    int bits = w->gradient[map][channel] ? FG_ADDS_GRADIENT : 0;

    w->gradient[map][channel] = true;
    if (range->norm < 0)
        return bits;
    bool *parameters =
        &w->parameters[plan->norms[range->norm].first_running + range->norm_channel + c];
    bits |= w->sums[map][channel] ? FG_ADDS_SUMS : 0;
    bits |= *parameters ? FG_ADDS_PARAMETERS : 0;
    w->sums[map][channel] = true;
    *parameters = true;
    return bits;
}

static void check_reads(const fg_plan *plan, struct written *w, const fg_op *op,
                        const fg_reads *reads)
{
    for (int i = reads->first; reads->map >= 0 && i < reads->first + reads->count; ++i) {
        const fg_range *range = &plan->ranges[i];
        ck_assert_int_eq(plan->sources[i].adds, range->adds);
        for (int c = 0; c < range->channels; ++c) {
            const int bits = bits_of(plan, w, reads->map, range, c);
            ck_assert_msg(range->adds == bits,
                          "%s: %s has bits %d, expected %d, for channel %d", plan->network.name,
                          op->name, range->adds, bits, range->first_channel + c);
        }
    }
}

/* An operation uses up the gradient of what it wrote, so that a ring's place begins anew. */
static void use_up(const fg_plan *plan, struct written *w, const fg_op *op)
{
    for (int c = op->out_first_channel; c < op->out_first_channel + op->out_channels; ++c) {
        ck_assert_msg(w->gradient[op->out_map][c],
                      "%s: channel %d of %s has no gradient when %s needs it",
                      plan->network.name, c, fg_op_out(plan, op)->name, op->name);
        w->gradient[op->out_map][c] = w->sums[op->out_map][c] = false;
    }
}

START_TEST(the_first_reader_backward_writes_and_the_others_add)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        struct written w = {plan_channels(plan, false), plan_channels(plan, false),
                            calloc((size_t)plan->running_channels, sizeof(bool))};
        ck_assert_ptr_nonnull(w.parameters);
        for (int c = 0; c < plan->maps[plan->logits_map].channels; ++c)
            w.gradient[plan->logits_map][c] = true;
        for (int o = plan->op_count - 1; o >= 0; --o) {
            use_up(plan, &w, &plan->ops[o]);
            for (int j = 0; j < FG_OP_INPUTS; ++j)
                check_reads(plan, &w, &plan->ops[o], &plan->ops[o].in[j]);
        }
        for (int c = 0; c < plan->running_channels; ++c)
            ck_assert(w.parameters[c]);
        plan_channels_free(plan, w.gradient);
        plan_channels_free(plan, w.sums);
        free(w.parameters);
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- ranges ---- */

static bool could_be_one(const fg_range *a, const fg_range *b)
{
    return a->first_channel + a->channels == b->first_channel && a->norm == b->norm &&
           (a->norm < 0 || a->norm_channel + a->channels == b->norm_channel) &&
           a->adds == b->adds;
}

START_TEST(ranges_are_cut_only_where_the_work_changes)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        for (int o = 0; o < plan->op_count; ++o) {
            const fg_reads *reads = &plan->ops[o].in[0];
            for (int k = reads->first + 1; k < reads->first + reads->count; ++k)
                ck_assert_msg(plan->ops[o].kind == FG_OP_SUM ||
                                  !could_be_one(&plan->ranges[k - 1], &plan->ranges[k]),
                              "%s: %s, range %d", plan->network.name, plan->ops[o].name,
                              k - reads->first);
        }
        fg_plan_free(plan);
    }
}
END_TEST

/* What follows a stage reads all of it, and comes first. */
START_TEST(a_dense_layer_reads_one_range)
{
    fg_plan *plan = plan_of("densenet-bc-100-12", 2);

    for (int o = 0; o < plan->op_count; ++o)
        ck_assert_int_eq(plan->ops[o].in[0].count, 1);
    fg_plan_free(plan);
}
END_TEST

/* Every range is one of the tables, and the run of one operation. */
START_TEST(sources_say_what_ranges_say)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        bool *used = calloc((size_t)plan->range_count, sizeof *used);
        ck_assert_ptr_nonnull(used);
        for (int o = 0; o < plan->op_count; ++o)
            for (int j = 0; j < FG_OP_INPUTS && plan->ops[o].in[j].map >= 0; ++j)
                for (int k = 0; k < plan->ops[o].in[j].count; ++k) {
                    const int at = plan->ops[o].in[j].first + k;
                    const fg_range *range = &plan->ranges[at];
                    const struct fg_source *source = &plan->sources[at];
                    const int slot = plan->maps[plan->ops[o].in[j].map].first_slot;
                    ck_assert(!used[at]);
                    used[at] = true;
                    ck_assert_int_eq(source->first_channel, range->first_channel);
                    ck_assert_int_eq(source->channels, range->channels);
                    ck_assert_int_eq(source->slot, slot < 0 ? -1 : slot + range->first_channel);
                    if (range->norm < 0) {
                        ck_assert(source->scale == -1 && source->scale_gradient == -1);
                        continue;
                    }
                    const fg_norm *norm = &plan->norms[range->norm];
                    const fg_tensor *scale = &plan->tensors[norm->scale],
                                    *shift = &plan->tensors[norm->shift];
                    const int c = range->norm_channel;
                    ck_assert_int_eq(source->scale, (int)scale->first + c);
                    ck_assert_int_eq(source->shift, (int)shift->first + c);
                    ck_assert_int_eq(source->scale_gradient, (int)scale->gradient + c);
                    ck_assert_int_eq(source->shift_gradient, (int)shift->gradient + c);
                    ck_assert_int_eq(source->mean, (int)plan->tensors[norm->mean].first + c);
                    ck_assert_int_eq(source->variance,
                                     (int)plan->tensors[norm->variance].first + c);
                }
        for (int k = 0; k < plan->range_count; ++k)
            ck_assert(used[k]);
        free(used);
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- updates ---- */

/* First and last backward step that touch each parameter's gradient. */
struct life {
    int first, last;
};

static void touch(struct life *lives, int tensor, int step)
{
    if (tensor < 0)
        return;
    if (lives[tensor].first < 0)
        lives[tensor].first = step;
    lives[tensor].last = step;
}

static struct life *lives_of(const fg_plan *plan)
{
    struct life *lives = calloc((size_t)plan->parameter_tensors, sizeof *lives);

    ck_assert_ptr_nonnull(lives);
    for (int t = 0; t < plan->parameter_tensors; ++t)
        lives[t].first = -1;
    for (int s = plan->op_count + 1; s < plan->step_count; ++s) {
        const fg_op *op = &plan->ops[plan->steps[s].op];
        touch(lives, op->weights, s);
        touch(lives, op->bias, s);
        for (int j = 0; j < FG_OP_INPUTS && op->in[j].map >= 0; ++j)
            for (int k = op->in[j].first; k < op->in[j].first + op->in[j].count; ++k)
                if (plan->ranges[k].norm >= 0) {
                    touch(lives, plan->norms[plan->ranges[k].norm].scale, s);
                    touch(lives, plan->norms[plan->ranges[k].norm].shift, s);
                }
    }
    for (int t = 0; t < plan->parameter_tensors; ++t)
        ck_assert_msg(lives[t].first >= 0, "%s: %s has no gradient", plan->network.name,
                      plan->tensors[t].name);
    return lives;
}

/* The update that covers a tensor, which is one, as soon as its gradient is complete. */
static void check_update(const fg_plan *plan, const struct life *lives, int t)
{
    const fg_tensor *tensor = &plan->tensors[t];
    int found = 0;

    for (int s = 0; s < plan->step_count; ++s)
        for (int u = 0; u < plan->steps[s].updates; ++u) {
            const fg_update *update = &plan->updates[plan->steps[s].first_update + u];
            if (tensor->first + tensor->elements <= update->first ||
                update->first + update->elements <= tensor->first)
                continue;
            ++found;
            ck_assert(update->first <= tensor->first &&
                      tensor->first + tensor->elements <= update->first + update->elements);
            ck_assert_uint_eq(tensor->gradient,
                              update->gradient + (tensor->first - update->first));
            ck_assert_uint_le(update->gradient + update->elements, plan->gradient_elements);
            ck_assert_int_eq(s, lives[t].last);
        }
    ck_assert_msg(found == 1, "%s: %d updates of %s", plan->network.name, found, tensor->name);
}

/* Gradients that are needed at the same time do not share elements. */
static void check_apart(const fg_plan *plan, const struct life *lives)
{
    for (int a = 0; a < plan->parameter_tensors; ++a)
        for (int b = 0; b < a; ++b) {
            const fg_tensor *x = &plan->tensors[a], *y = &plan->tensors[b];
            if (lives[a].last < lives[b].first || lives[b].last < lives[a].first)
                continue;
            ck_assert_msg(x->gradient + x->elements <= y->gradient ||
                              y->gradient + y->elements <= x->gradient,
                          "%s: gradients of %s and %s overlap", plan->network.name, x->name,
                          y->name);
        }
}

START_TEST(parameters_are_updated_once_and_at_once)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        struct life *lives = lives_of(plan);
        int updates = 0;
        for (int t = 0; t < plan->parameter_tensors; ++t)
            check_update(plan, lives, t);
        check_apart(plan, lives);
        for (int s = 0; s < plan->step_count; updates += plan->steps[s++].updates)
            ck_assert(plan->steps[s].updates == 0 || plan->steps[s].first_update == updates);
        ck_assert_int_eq(updates, plan->update_count);
        ck_assert_uint_lt(plan->gradient_elements, plan->parameter_elements);
        free(lives);
        fg_plan_free(plan);
    }
}
END_TEST

/* Deep networks need the gradients of a few layers at a time, and no more. */
START_TEST(no_gradient_of_all_parameters_is_live)
{
    fg_plan *dense = plan_of("densenet-bc-100-12", 2), *plain = plan_of("resnet-110", 2);

    ck_assert_uint_lt(10 * dense->gradient_elements, dense->parameter_elements);
    ck_assert_uint_lt(10 * plain->gradient_elements, plain->parameter_elements);
    fg_plan_free(dense);
    fg_plan_free(plain);
}
END_TEST

START_TEST(kept_gradients_lie_as_parameters_do)
{
    for (int i = 0; i < PLAN_MODELS; ++i)
        for (int training = 0; training < 2; ++training) {
            fg_plan_config config = plan_config(plan_models[i], 2);
            config.training = training;
            config.keep_gradients = 1;
            fg_plan *plan = plan_create(&config);
            ck_assert_int_eq(plan->update_count, 0);
            for (int s = 0; s < plan->step_count; ++s)
                ck_assert_int_eq(plan->steps[s].updates, 0);
            for (int t = 0; t < plan->parameter_tensors; ++t)
                ck_assert_uint_eq(plan->tensors[t].gradient, plan->tensors[t].first);
            ck_assert_uint_eq(plan->gradient_elements, training ? plan->parameter_elements : 0);
            fg_plan_free(plan);
        }
}
END_TEST

/* All but the places of gradients is as in training. */
START_TEST(kept_gradients_change_nothing_else)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan_config config = plan_config(plan_models[i], 2);
        fg_plan *plan = plan_create(&config);
        config.keep_gradients = 1;
        fg_plan *kept = plan_create(&config);
        ck_assert_int_eq(kept->step_count, plan->step_count);
        ck_assert_int_eq(kept->region_count, plan->region_count);
        ck_assert_int_eq(memcmp(kept->regions, plan->regions,
                                (size_t)plan->region_count * sizeof *plan->regions),
                         0);
        ck_assert_int_eq(kept->range_count, plan->range_count);
        for (int k = 0; k < plan->range_count; ++k)
            ck_assert_int_eq(kept->ranges[k].adds, plan->ranges[k].adds);
        ck_assert_uint_gt(kept->device_bytes_peak, plan->device_bytes_peak);
        fg_plan_free(kept);
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {steps_go_forward_in_order_then_back,
                                  the_first_reader_backward_writes_and_the_others_add,
                                  ranges_are_cut_only_where_the_work_changes,
                                  a_dense_layer_reads_one_range,
                                  sources_say_what_ranges_say,
                                  parameters_are_updated_once_and_at_once,
                                  no_gradient_of_all_parameters_is_live,
                                  kept_gradients_lie_as_parameters_do,
                                  kept_gradients_change_nothing_else,
                                  NULL};
    return plan_run("plan/backward", tests);
}
