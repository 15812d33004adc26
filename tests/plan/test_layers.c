/* test_layers.c - the elements that readers get, against the definition of each family: plans
 * are executed with names in place of numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/build.h"
#include "plan/sources.h"

#include <stdio.h>

#include "plans.h"

/* ---- symbolic execution ---- */

#define INPUT -1
#define NOBODY -2

/* Who wrote each channel last: [map][channel], an operation, INPUT or NOBODY. */
struct run {
    const fg_plan *plan;
    int **writer;
    int **
        read; /* [op][channel in order of its reads]: the operation that wrote it, read in turn */
};

static int *writers_of(const struct run *run, const fg_op *op)
{
    const int count = op->in[0].channels + (op->in[1].map >= 0 ? op->in[1].channels : 0);
    int *out = calloc((size_t)count, sizeof *out), at = 0;

    ck_assert_ptr_nonnull(out);
    for (int j = 0; j < FG_OP_INPUTS && op->in[j].map >= 0; ++j)
        for (int i = op->in[j].first; i < op->in[j].first + op->in[j].count; ++i) {
            const fg_range *range = &run->plan->ranges[i];
            for (int c = 0; c < range->channels; ++c) {
                out[at] = run->writer[op->in[j].map][range->first_channel + c];
                ck_assert_int_ne(out[at++], NOBODY);
            }
        }
    ck_assert_int_eq(at, count);
    return out;
}

static struct run execute(const fg_plan *plan)
{
    struct run run = {.plan = plan, .writer = plan_channels(plan, NOBODY)};

    for (int c = 0; c < plan->maps[plan->input_map].channels; ++c)
        run.writer[plan->input_map][c] = INPUT;
    run.read = calloc((size_t)plan->op_count, sizeof *run.read);
    ck_assert_ptr_nonnull(run.read);
    for (int o = 0; o < plan->op_count; ++o) {
        const fg_op *op = &plan->ops[o];
        run.read[o] = writers_of(&run, op);
        for (int c = 0; c < op->out_channels; ++c)
            run.writer[op->out_map][op->out_first_channel + c] = o;
    }
    return run;
}

static void end(struct run *run)
{
    for (int o = 0; o < run->plan->op_count; ++o)
        free(run->read[o]);
    free(run->read);
    plan_channels_free(run->plan, run->writer);
}

/* ---- elements ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static bool makes_x0(const fg_op *op)
{
    return ends_with(op->name, ".shortcut") || ends_with(op->name, ".shortcut.conv");
}

/* Sums of a stage are in front of their reader; those of post-activation layers are elements. */
static bool aggregates(const fg_plan *plan, const fg_op *op)
{
    return op->kind == FG_OP_SUM && !makes_x0(op) &&
           plan->network.stage[op->stage].form == FG_FORM_PRE;
}

/* The list element of stage s that an operation writes. */
static int element_of(const fg_plan *plan, int s, int op)
{
    if (op >= 0 && plan->ops[op].stage == s && plan->ops[op].layer > 0 &&
        !makes_x0(&plan->ops[op]))
        return plan->ops[op].layer;
    return 0;
}

/* How often a reader gets each element of the stage: of an operation's input, or of a sum's sum. */
static void count_elements(const struct run *run, int s, int op, int *counts)
{
    const fg_op *reader = &run->plan->ops[op];
    const int channels =
        reader->in[0].channels + (reader->in[1].map >= 0 ? reader->in[1].channels : 0);

    for (int c = 0; c < channels; ++c) {
        const int writer = run->read[op][c];
        if (writer >= 0 && aggregates(run->plan, &run->plan->ops[writer]) &&
            run->plan->ops[writer].stage == s) {
            if (c == 0) /* all of a sum is read, or nothing */
                count_elements(run, s, writer, counts);
        } else {
            ++counts[element_of(run->plan, s, writer)];
        }
    }
}

/* The first operation of reader 1 .. layers + 1 that does not aggregate. */
static int reader_of(const fg_plan *plan, int s, int reader)
{
    int o = 0;

    while (plan->ops[o].stage != s || plan->ops[o].layer == 0)
        ++o;
    for (; o < plan->op_count; ++o) {
        const fg_op *op = &plan->ops[o];
        const bool behind = reader > plan->network.stage[s].layers
                                ? op->stage != s || op->layer == 0
                                : op->layer == reader;
        if (behind && !aggregates(plan, op) && !makes_x0(op))
            return o;
    }
    ck_abort_msg("%s: stage %d has no reader %d", plan->network.name, s + 1, reader);
    return -1;
}

/* Concatenated elements come in the order of the rule. */
static void check_order(const struct run *run, int s, int op, const int *elements, int count)
{
    int at = 0;

    for (int c = 0; c < run->plan->ops[op].in[0].channels; ++c) {
        const int element = element_of(run->plan, s, run->read[op][c]);
        while (at < count && elements[at] != element)
            ++at;
        ck_assert_msg(at < count, "%s: %s reads x_%d out of order", run->plan->network.name,
                      run->plan->ops[op].name, element);
    }
}

static void check_reader(const struct run *run, int s, int reader, int *elements, int *counts)
{
    const fg_plan *plan = run->plan;
    const fg_stage *stage = &plan->network.stage[s];
    const int width = stage->conv[stage->convs - 1].width, op = reader_of(plan, s, reader);
    const int count = fg_sources_of(elements, stage, reader);

    memset(counts, 0, (size_t)(stage->layers + 1) * sizeof *counts);
    count_elements(run, s, op, counts);
    for (int i = 0; i < count; ++i) {
        ck_assert_msg(elements[i] > 0 ? counts[elements[i]] == width : counts[0] > 0,
                      "%s: %s reads %d channels of x_%d, expected %d", plan->network.name,
                      plan->ops[op].name, counts[elements[i]], elements[i], width);
        counts[elements[i]] = 0;
    }
    for (int i = 0; i <= stage->layers && reader > 1; ++i)
        ck_assert_msg(counts[i] == 0, "%s: %s reads x_%d", plan->network.name,
                      plan->ops[op].name, i);
    if (stage->combine == FG_COMBINE_CONCAT && reader > 1)
        check_order(run, s, op, elements, count);
}

static void check_stage(const struct run *run, int s)
{
    const fg_stage *stage = &run->plan->network.stage[s];
    int *elements = calloc((size_t)stage->layers + 2, sizeof *elements);
    int *counts = calloc((size_t)stage->layers + 2, sizeof *counts);

    ck_assert(elements != NULL && counts != NULL);
    for (int reader = 1; reader <= stage->layers + 1; ++reader)
        check_reader(run, s, reader, elements, counts);
    free(elements);
    free(counts);
}

static void check_plan(const fg_plan *plan)
{
    struct run run = execute(plan);

    for (int s = 0; s < plan->network.stages; ++s)
        if (plan->network.stage[s].form != FG_FORM_SEQ)
            check_stage(&run, s);
    end(&run);
}

START_TEST(readers_get_the_elements_of_the_rule)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        check_plan(plan);
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- stages that no family has ---- */

/* A family's network with other sources in its first stage. */
static void check_with(const char *model, fg_sources sources, fg_combine combine,
                       fg_entry entry)
{
    fg_plan *plan = calloc(1, sizeof *plan);
    fg_stage *stage = &plan->network.stage[0];
    fg_place place;

    ck_assert_msg(fg_network_of(&plan->network, model) == FG_OK, "%s", fg_error_message());
    stage->sources = sources;
    stage->combine = combine;
    stage->entry = entry;
    ck_assert_msg(fg_network_check(&plan->network, &place) == FG_OK &&
                      fg_build_network(plan) == FG_OK,
                  "%s", fg_error_message());
    check_plan(plan);
    fg_plan_free(plan);
}

START_TEST(other_sources_reach_their_readers)
{
    static const fg_sources rules[] = {{.rule = FG_RULE_DENSE},
                                       {.rule = FG_RULE_SPARSE, .base = 2},
                                       {.rule = FG_RULE_SPARSE, .base = 3},
                                       {.rule = FG_RULE_WINDOW, .window = 1},
                                       {.rule = FG_RULE_WINDOW, .window = 2},
                                       {.rule = FG_RULE_WINDOW, .window = 3}};

    for (size_t i = 0; i < sizeof rules / sizeof *rules; ++i) {
        for (fg_entry entry = FG_ENTRY_INPUT; entry <= FG_ENTRY_NONE; ++entry)
            if (rules[i].window != 1 || entry == FG_ENTRY_INPUT || entry == FG_ENTRY_NONE)
                check_with("preresnet-basic-32", rules[i], FG_COMBINE_SUM, entry);
        check_with("delugenet-74", rules[i], FG_COMBINE_DEPTHWISE, FG_ENTRY_NONE);
        check_with("delugenet-92:image=33,n=5", rules[i], FG_COMBINE_DEPTHWISE, FG_ENTRY_INPUT);
        check_with("densenet-22-4", rules[i], FG_COMBINE_CONCAT, FG_ENTRY_NONE);
        check_with("densenet-22-4", rules[i], FG_COMBINE_CONCAT, FG_ENTRY_INPUT);
    }
}
END_TEST

/* Of three layers: some readers read one element, some several, and not in order. */
START_TEST(lists_reach_their_readers)
{
    static const int list[] = {0, 1, 1, 0, 3, 2, 0}, first[] = {0, 1, 2, 4, 7};
    static const char *const models[] = {"preresnet-basic-20", "densenet-13-4"};

    for (int i = 0; i < 2; ++i) {
        fg_sources sources = {.rule = FG_RULE_LIST};
        sources.list = malloc(sizeof list);
        sources.first = malloc(sizeof first);
        ck_assert(sources.list != NULL && sources.first != NULL);
        memcpy(sources.list, list, sizeof list);
        memcpy(sources.first, first, sizeof first);
        check_with(models[i], sources, i == 0 ? FG_COMBINE_SUM : FG_COMBINE_CONCAT,
                   FG_ENTRY_INPUT);
    }
}
END_TEST

/* ---- sums ---- */

/* Terms are whole, as wide as what they make, and in a depthwise sum each has its own norm. */
START_TEST(terms_are_as_wide_as_their_sum)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        int norms = 0;
        for (int o = 0; o < plan->op_count; ++o) {
            const fg_op *op = &plan->ops[o];
            for (int j = 0; op->kind == FG_OP_SUM && j < FG_OP_INPUTS; ++j)
                for (int k = 0; op->in[j].map >= 0 && k < op->in[j].count; ++k) {
                    const fg_range *range = &plan->ranges[op->in[j].first + k];
                    ck_assert(range->channels == op->out_channels ||
                              (makes_x0(op) && range->channels < op->out_channels) ||
                              plan->network.stage[op->stage].entry == FG_ENTRY_PAD);
                    ck_assert_int_eq(op->depthwise, plan->network.stage[op->stage].combine ==
                                                        FG_COMBINE_DEPTHWISE);
                    norms += op->depthwise;
                    ck_assert(!op->depthwise || (range->norm >= 0 && range->norm_channel == 0 &&
                                                 !op->in[j].relu));
                }
        }
        if (strstr(plan_models[i], "delugenet") != NULL)
            ck_assert_int_gt(norms, 0);
        fg_plan_free(plan);
    }
}
END_TEST

/* A sum of one element would be a copy of it, save where the element has a norm there; but a
 * place of a ring is soon another's, so what is read again in backward leaves it. */
START_TEST(nothing_is_copied_by_a_sum)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        for (int o = 0; o < plan->op_count; ++o) {
            const fg_op *op = &plan->ops[o];
            const bool ring = plan->maps[op->in[0].map].kind == FG_MAP_RING;
            ck_assert_msg(op->kind != FG_OP_SUM || op->depthwise || makes_x0(op) || ring ||
                              op->in[0].count + (op->in[1].map >= 0 ? op->in[1].count : 0) > 1,
                          "%s: %s copies", plan->network.name, op->name);
        }
        fg_plan_free(plan);
    }
}
END_TEST

/* Where sources are dense a running sum is kept: each sum has two terms, and a ring of two
 * places is enough. Where they are sparse, of as many as the longest reach needs. */
START_TEST(rings_are_short)
{
    static const struct {
        const char *model;
        int places;
    } rows[] = {{"preresnet-164", 2},
                {"preresnet-basic-20", 2},
                {"sparsenet-sum-110", 9},
                {"sparsenet-sum-110:base=3", 10}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        fg_plan *plan = plan_of(rows[i].model, 1);
        int rings = 0;
        for (int m = 0; m < plan->map_count; ++m) {
            const fg_map *map = &plan->maps[m];
            if (map->kind != FG_MAP_RING)
                continue;
            const fg_stage *stage = &plan->network.stage[map->stage];
            ++rings;
            ck_assert_msg(map->channels <= rows[i].places * stage->conv[stage->convs - 1].width,
                          "%s: %s has %d channels", rows[i].model, map->name, map->channels);
        }
        ck_assert_int_eq(rings, 3);
        for (int o = 0; o < plan->op_count; ++o)
            if (rows[i].places == 2 && aggregates(plan, &plan->ops[o]))
                ck_assert_int_eq(plan->ops[o].in[0].count + (plan->ops[o].in[1].map >= 0
                                                                 ? plan->ops[o].in[1].count
                                                                 : 0),
                                 2);
        fg_plan_free(plan);
    }
}
END_TEST

/* Layer 2 reads one element alone where the base is 3, which costs a map and not a stage. */
START_TEST(one_element_read_alone_costs_one_map)
{
    fg_plan *two = plan_of("sparsenet-sum-110", 16);
    fg_plan *three = plan_of("sparsenet-sum-110:base=3", 16);

    ck_assert_uint_le(three->device_bytes_peak, two->device_bytes_peak / 10 * 11);
    fg_plan_free(two);
    fg_plan_free(three);
}
END_TEST

/* The same layers one behind the other, whatever their description calls it. */
START_TEST(a_chain_needs_no_stage)
{
    static const char stage[] =
        "stem: {width: 16}\n"
        "stages: [{layers: 20, width: 16, sources: window, combine: %s}]\n";
    size_t bytes[2];

    for (int i = 0; i < 2; ++i) {
        char model[256];
        const int used = snprintf(model, sizeof model, "chain\n");
        snprintf(model + used, sizeof model - (size_t)used, stage, i == 0 ? "concat" : "sum");
        fg_plan *plan = plan_of(model, 16);
        bytes[i] = plan->device_bytes_peak;
        fg_plan_free(plan);
    }
    ck_assert_uint_eq(bytes[0], bytes[1]);
}
END_TEST

/* Post-activation: a layer's last batch norm, and its shortcut, which a ReLU behind the sum
 * leaves at the reader's side. */
START_TEST(post_activation_adds_a_norm_and_a_shortcut)
{
    fg_plan *plan = plan_of("resnet-20", 1);
    int sums = 0, shorter = 0;

    for (int o = 0; o < plan->op_count; ++o) {
        const fg_op *op = &plan->ops[o];
        if (op->kind != FG_OP_SUM)
            continue;
        ++sums;
        ck_assert_int_eq(op->in[0].count, 1);
        ck_assert_int_ge(plan->ranges[op->in[0].first].norm, 0);
        ck_assert(!op->in[0].relu && op->in[1].relu);
        ck_assert_int_eq(op->in[1].stride, op->stage > 0 && op->layer == 1 ? 2 : 1);
        shorter += op->in[1].channels < op->out_channels;
        /* Of the stem's norm in the first layer; later the sum before it. */
        ck_assert_int_eq(plan->ranges[op->in[1].first].norm >= 0, sums == 1);
    }
    ck_assert_int_eq(sums, 9);
    ck_assert_int_eq(shorter, 2);
    fg_plan_free(plan);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {readers_get_the_elements_of_the_rule,
                                  other_sources_reach_their_readers,
                                  lists_reach_their_readers,
                                  terms_are_as_wide_as_their_sum,
                                  nothing_is_copied_by_a_sum,
                                  rings_are_short,
                                  one_element_read_alone_costs_one_map,
                                  a_chain_needs_no_stage,
                                  post_activation_adds_a_norm_and_a_shortcut,
                                  NULL};
    return plan_run("plan/layers", tests);
}
