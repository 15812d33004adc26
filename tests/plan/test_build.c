/* test_build.c - what a model becomes: shapes, who writes and who reads, the table of running
 * statistics, and models that are impossible.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/build.h"

#include "plans.h"

/* The convolutions, in order of execution. */
static const fg_op *conv_of(const fg_plan *plan, int number)
{
    for (int i = 0; i < plan->op_count; ++i)
        if (plan->ops[i].kind == FG_OP_CONV && number-- == 0)
            return &plan->ops[i];
    ck_abort_msg("%s has too few convolutions", plan->network.name);
    return NULL;
}

/* Input widths of the specification's table, layers 1..12, then the transition. */
START_TEST(layers_are_as_wide_as_published)
{
    static const int widths[] = {48, 72, 48, 96, 72, 72, 72, 120, 96, 96, 96, 96, 96};
    fg_plan *plan = plan_of("sparsenet-40-24", 1);

    for (int i = 0; i < 13; ++i)
        ck_assert_int_eq(conv_of(plan, 1 + i)->in[0].channels, widths[i]);
    ck_assert_int_eq(conv_of(plan, 13)->out_channels, 96);
    fg_plan_free(plan);
}
END_TEST

START_TEST(transitions_round_down_as_doubles_do)
{
    fg_plan *plan = plan_of("densenet-bc-16-10:compression=0.7,init=70", 1);

    /* 0.7 * (70 + 2*10) = 62.99999999999999 */
    ck_assert_int_eq(conv_of(plan, 5)->out_channels, 62);
    fg_plan_free(plan);
}
END_TEST

/* The mean of what a convolution makes is a convolution of the mean, but for what is dropped between
 * them element by element. */
START_TEST(transitions_pool_what_they_read)
{
    static const struct {
        const char *model;
        int conv; /* number of the transition's convolution */
        bool pooled;
    } rows[] = {{"densenet-22-12:image=31", 7, true},
                {"densenet-22-12:image=31,dropout=0.2", 7, false},
                {"sparsenet-22-8:image=31", 7, true},
                {"sparsenet-22-8:image=31,dropout=0.2", 7, true}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        fg_plan *plan = plan_of(rows[i].model, 1);
        const fg_op *conv = conv_of(plan, rows[i].conv), *pool = conv + 1;
        ck_assert_str_eq(conv->name, "stage1.transition.conv");
        ck_assert_int_eq(conv->in[0].pooled, rows[i].pooled);
        ck_assert_int_eq(fg_op_out(plan, conv)->height, rows[i].pooled ? 15 : 31);
        ck_assert_int_eq(pool->kind == FG_OP_MEAN_POOL, !rows[i].pooled);
        if (!rows[i].pooled) {
            ck_assert_int_eq(pool->in[0].map, conv->out_map);
            ck_assert_int_eq(fg_op_out(plan, pool)->height, 15);
        }
        fg_plan_free(plan);
    }
}
END_TEST

/* Pools drop an odd last row; strides keep it. */
START_TEST(maps_shrink_by_pools_and_strides)
{
    static const struct {
        const char *model;
        int sides[4]; /* of the maps that the last operations of the stages write */
    } rows[] = {
        {"sparsenet-22-8:image=27", {27, 13, 6}},
        {"densenet-121-4:image=67,n=1", {17, 8, 4, 2}},
        {"resnet-8:image=27", {27, 14, 7}},
        {"resnet-50:image=67,n=1", {17, 9, 5, 3}},
        {"sparsenet-sum-11:image=27", {27, 14, 7}},
        {"seqresnet-r1-k16-n1:image=27", {27, 14, 7}},
        {"seqresnet-b22:image=67,r=1,n=1", {17, 9, 5, 3}},
        {"delugenet-20:image=27", {27, 14, 7}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        fg_plan *plan = plan_of(rows[i].model, 1);
        int sides[FG_MAX_STAGES] = {0};
        for (int o = 0; o < plan->op_count; ++o)
            if (plan->ops[o].layer > 0)
                sides[plan->ops[o].stage] = fg_op_out(plan, &plan->ops[o])->height;
        for (int s = 0; s < plan->network.stages; ++s)
            ck_assert_msg(sides[s] == rows[i].sides[s], "%s: side %d in stage %d",
                          rows[i].model, sides[s], s + 1);
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- writers and readers ---- */

enum state { NOT_WRITTEN, WRITTEN, READ };

static void write_channels(const fg_plan *plan, int **state, const fg_op *op)
{
    const fg_map *map = fg_op_out(plan, op);
    const enum state before = map->kind == FG_MAP_RING ? READ : NOT_WRITTEN;

    for (int c = op->out_first_channel; c < op->out_first_channel + op->out_channels; ++c) {
        ck_assert_msg(c < map->channels, "%s: %s writes past %s", plan->network.name, op->name,
                      map->name);
        ck_assert_msg(state[op->out_map][c] == NOT_WRITTEN ||
                          state[op->out_map][c] == (int)before,
                      "%s: %s writes channel %d of %s, which is in use", plan->network.name,
                      op->name, c, map->name);
        state[op->out_map][c] = WRITTEN;
    }
}

static void read_channels(const fg_plan *plan, int **state, const fg_op *op,
                          const fg_reads *reads)
{
    int channels = 0;

    for (int i = reads->first; reads->map >= 0 && i < reads->first + reads->count; ++i) {
        const fg_range *range = &plan->ranges[i];
        channels += range->channels;
        for (int c = range->first_channel; c < range->first_channel + range->channels; ++c) {
            ck_assert_msg(state[reads->map][c] != NOT_WRITTEN,
                          "%s: %s reads channel %d of %s, which nobody wrote",
                          plan->network.name, op->name, c, plan->maps[reads->map].name);
            state[reads->map][c] = READ;
        }
    }
    ck_assert_int_eq(channels, reads->map >= 0 ? reads->channels : 0);
}

/* Every channel is written once, in a ring once between its readers, before it is read. */
START_TEST(every_channel_is_written_then_read)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        int **state = plan_channels(plan, NOT_WRITTEN);
        for (int c = 0; c < plan->maps[plan->input_map].channels; ++c)
            state[plan->input_map][c] = WRITTEN;
        for (int o = 0; o < plan->op_count; ++o) {
            const fg_op *op = &plan->ops[o];
            for (int j = 0; j < FG_OP_INPUTS; ++j)
                read_channels(plan, state, op, &op->in[j]);
            write_channels(plan, state, op);
        }
        for (int m = 0; m < plan->map_count; ++m)
            for (int c = 0; c < plan->maps[m].channels; ++c)
                ck_assert_msg(state[m][c] == (m == plan->logits_map ? WRITTEN : READ),
                              "%s: channel %d of %s is %s", plan->network.name, c,
                              plan->maps[m].name,
                              state[m][c] == WRITTEN ? "not read" : "not written");
        plan_channels_free(plan, state);
        fg_plan_free(plan);
    }
}
END_TEST

/* What an operation writes is as large as what it reads makes it. */
START_TEST(shapes_of_operations_fit)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        for (int o = 0; o < plan->op_count; ++o) {
            const fg_op *op = &plan->ops[o];
            const fg_map *in = &plan->maps[op->in[0].map], *out = fg_op_out(plan, op);
            int side = (in->height - 1) / op->stride + 1, channels = op->in[0].channels;
            if (op->kind == FG_OP_MEAN_POOL || op->in[0].pooled)
                side = in->height / 2;
            if (op->kind == FG_OP_HEAD_POOL) {
                side = 1;
                channels *= op->grid * op->grid;
                ck_assert_int_eq(op->side, in->height / op->grid);
            }
            if (op->kind == FG_OP_SUM) {
                side = (in->height - 1) / op->in[0].stride + 1;
                channels = op->out_channels;
            } else if (op->kind == FG_OP_CONV) {
                channels = op->out_channels;
                ck_assert_int_eq(op->in[0].channels % op->groups, 0);
                ck_assert_int_eq(op->out_channels % op->groups, 0);
            }
            ck_assert_msg(
                out->height == side && out->width == side && op->out_channels == channels,
                "%s: %s gives %d channels of side %d, expected %d of %d", plan->network.name,
                op->name, op->out_channels, out->height, channels, side);
            ck_assert(op->kind == FG_OP_SUM || op->in[1].map < 0);
        }
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- running statistics ---- */

/* Whoever reads through a norm finds its running statistics follow the feature that it reads;
 * norms that many share, too. */
static void check_running(const fg_plan *plan, const fg_reads *reads, bool *seen)
{
    const fg_map *map = &plan->maps[reads->map];

    for (int i = reads->first; i < reads->first + reads->count; ++i) {
        const fg_range *range = &plan->ranges[i];
        const fg_norm *norm = range->norm >= 0 ? &plan->norms[range->norm] : NULL;
        for (int c = 0; norm != NULL && c < range->channels; ++c) {
            const int channel = range->norm_channel + c;
            const struct fg_running *r = &plan->running[norm->first_running + channel];
            ck_assert_int_lt(channel, norm->channels);
            ck_assert_int_eq(r->slot, map->first_slot + range->first_channel + c);
            ck_assert_int_eq(r->mean, (int)plan->tensors[norm->mean].first + channel);
            ck_assert_int_eq(r->variance, (int)plan->tensors[norm->variance].first + channel);
            ck_assert_int_eq(r->pixels, map->height * map->width);
            seen[norm->first_running + channel] = true;
        }
    }
}

START_TEST(running_statistics_follow_what_their_readers_read)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        bool *seen = calloc((size_t)plan->running_channels, sizeof *seen);
        int channels = 0;
        ck_assert_ptr_nonnull(seen);
        for (int o = 0; o < plan->op_count; ++o)
            for (int j = 0; j < FG_OP_INPUTS; ++j)
                if (plan->ops[o].in[j].map >= 0)
                    check_running(plan, &plan->ops[o].in[j], seen);
        for (int n = 0; n < plan->norm_count; channels += plan->norms[n++].channels)
            ck_assert_int_eq(plan->norms[n].first_running, channels);
        ck_assert_int_eq(plan->running_channels, channels);
        for (int c = 0; c < channels; ++c)
            ck_assert_msg(seen[c], "%s: nobody reads through channel %d of the norms",
                          plan->network.name, c);
        free(seen);
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(normalised_maps_share_no_slot)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        int next = 0;
        for (int m = 0; m < plan->map_count; ++m) {
            bool normed = false;
            for (int o = 0; o < plan->op_count; ++o)
                for (int j = 0; j < FG_OP_INPUTS; ++j)
                    normed |= plan->ops[o].in[j].map == m &&
                              fg_reads_normed(plan, &plan->ops[o].in[j]);
            ck_assert_int_eq(plan->maps[m].first_slot, normed ? next : -1);
            next += normed ? plan->maps[m].channels : 0;
        }
        ck_assert_int_eq(plan->slots, next);
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- what is refused ---- */

START_TEST(impossible_models_get_one_line)
{
    static const struct {
        const char *model, *message;
    } bad[] = {
        {"sparsenet-40-12:image=3", "image side 3 leaves nothing of a map behind stage 2"},
        {"sparsenet-40-12:image=1", "image side 1 leaves nothing of a map behind stage 1"},
        {"sparsenet-40-12:pool_grid=9", "pool_grid is 9, expected at most 8"},
        {"sparsenet-40-12:image=28,pool_grid=8", "pool_grid is 8, expected at most 7"},
        {"densenet-bc-40-12:compression=0.01", "leaves none of the 96 channels behind stage 1"},
        {"densenet-10000-4096", "have 13656064 channels, expected at most 1048576"},
        {"densenet-10000-100", "its batch norms have more than 67108864 channels"},
        {"sparsenet-40-4096:image=4096,pool_grid=1024", "values, expected at most 1048576"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        const fg_plan_config config = plan_config(bad[i].model, 1);
        plan_is_refused(&config, bad[i].message);
    }
}
END_TEST

START_TEST(work_beyond_64_bits_is_refused)
{
    /* Transitions of a million channels to a million, on images of 4096 x 4096. */
    const fg_plan_config config = plan_config("densenet-430-4096:image=4096", 1);
    plan_is_refused(&config, "multiply-adds");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {layers_are_as_wide_as_published,
                                  transitions_round_down_as_doubles_do,
                                  transitions_pool_what_they_read,
                                  maps_shrink_by_pools_and_strides,
                                  every_channel_is_written_then_read,
                                  shapes_of_operations_fit,
                                  running_statistics_follow_what_their_readers_read,
                                  normalised_maps_share_no_slot,
                                  impossible_models_get_one_line,
                                  work_beyond_64_bits_is_refused,
                                  NULL};
    return plan_run("plan/build", tests);
}
