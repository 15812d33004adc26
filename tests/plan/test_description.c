/* test_description.c - networks of YAML texts: the shipped ones, defaults, and one error a line.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/description.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan/sources.h"
#include "plans.h"

/* ---- comparing ---- */

/* FIELD of both is the same integer. */
#define SAME(a, b, field)                                                                      \
    ck_assert_msg((a).field == (b).field, "%s: " #field " is %d and %d", what, (int)(a).field, \
                  (int)(b).field)

static void same_seq(const char *what, fg_seq a, fg_seq b)
{
    SAME(a, b, channels);
    SAME(a, b, subgroups);
    SAME(a, b, bottleneck);
    SAME(a, b, windowed);
}

static void same_stem(const char *what, const fg_stem *a, const fg_stem *b)
{
    SAME(*a, *b, convs);
    for (int i = 0; i < 2; ++i) {
        SAME(*a, *b, conv[i].width);
        SAME(*a, *b, conv[i].kernel);
        SAME(*a, *b, conv[i].stride);
        SAME(*a, *b, conv[i].norm);
        SAME(*a, *b, conv[i].max_pool);
    }
    same_seq(what, a->seq, b->seq);
    SAME(*a, *b, seq_width);
    SAME(*a, *b, down_groups);
}

static void same_stage(const char *what, const fg_stage *a, const fg_stage *b)
{
    SAME(*a, *b, layers);
    SAME(*a, *b, form);
    SAME(*a, *b, convs);
    for (int i = 0; i < FG_MAX_LAYER_CONVS; ++i) {
        SAME(*a, *b, conv[i].width);
        SAME(*a, *b, conv[i].kernel);
        SAME(*a, *b, conv[i].groups);
    }
    SAME(*a, *b, stride);
    SAME(*a, *b, stride_conv);
    SAME(*a, *b, sources.rule);
    SAME(*a, *b, sources.base);
    SAME(*a, *b, sources.window);
    ck_assert(a->sources.list == NULL && b->sources.list == NULL);
    SAME(*a, *b, combine);
    SAME(*a, *b, entry);
    same_seq(what, a->seq, b->seq);
    SAME(*a, *b, transition.kind);
    ck_assert_double_eq(a->transition.compression, b->transition.compression);
    SAME(*a, *b, transition.width);
    SAME(*a, *b, transition.kernel);
    SAME(*a, *b, transition.stride);
    SAME(*a, *b, transition.groups);
    same_seq(what, a->transition.seq, b->transition.seq);
}

/* All but name, text and what was given. */
static void same(const char *what, const fg_network *a, const fg_network *b)
{
    SAME(*a, *b, classes);
    SAME(*a, *b, channels);
    SAME(*a, *b, image);
    same_stem(what, &a->stem, &b->stem);
    SAME(*a, *b, stages);
    for (int s = 0; s < FG_MAX_STAGES; ++s)
        same_stage(what, &a->stage[s], &b->stage[s]);
    SAME(*a, *b, head);
    SAME(*a, *b, pool_grid);
    SAME(*a, *b, dropout.kind);
    SAME(*a, *b, dropout.place);
    ck_assert_double_eq(a->dropout.rate, b->dropout.rate);
    SAME(*a, *b, initialiser);
    SAME(*a, *b, linear_initialiser);
}

/* ---- the shipped files ---- */

/* File and model, where they differ. */
static const char *const shipped[][2] = {
    {"plain-20", NULL},
    {"resnet-20", NULL},
    {"resnet-50", NULL},
    {"preplain-20", NULL},
    {"preresnet-basic-110", NULL},
    {"preresnet-164", NULL},
    {"preresnet-38-as-sparsenet-sum", "preresnet-38"},
    {"wrn-28-10", NULL},
    {"resnext-29-8x64d", NULL},
    {"resnext-50-32x4d", NULL},
    {"densenet-40-12", NULL},
    {"densenet-bc-100-12", NULL},
    {"densenet-121-32", NULL},
    {"sparsenet-40-24", NULL},
    {"sparsenet-100-16+32+64", NULL},
    {"sparsenet-bc-100-12", NULL},
    {"sparsenet-121-32", NULL},
    {"sparsenet-sum-110", NULL},
    {"seqresnet-r4-k8-n1", NULL},
    {"seqresnet-r3-k8-n1+2+1-no-window", "seqresnet-r3-k8-n1+2+1:window=0"},
    {"seqresnet-b-r7-k16-n1", NULL},
    {"seqresnet-b22", NULL},
    {"seqresnext-24", NULL},
    {"delugenet-146", NULL},
    {"wide-delugenet-146", NULL},
    {"delugenet-92", NULL},
};

START_TEST(a_shipped_file_is_the_network_of_its_name)
{
    const char *const *row = shipped[_i];
    char path[512];
    fg_network file, name;

    snprintf(path, sizeof path, "%s/%s.yaml", NETWORKS, row[0]);
    ck_assert_msg(fg_network_of(&file, path) == FG_OK, "%s", fg_error_message());
    ck_assert_msg(fg_network_of(&name, row[1] != NULL ? row[1] : row[0]) == FG_OK, "%s",
                  fg_error_message());
    ck_assert_str_eq(file.name, row[0]);
    ck_assert_ptr_nonnull(file.text);
    same(row[0], &file, &name);
    fg_network_clear(&file);
    fg_network_clear(&name);
}
END_TEST

/* ---- texts ---- */

#define SMALL "stem: {width: 8}\nstages: [{layers: 3, width: 4}]\n"

static fg_network network; /* of the test that runs */

static void setup(void)
{
    network = (fg_network){0};
}

static void teardown(void)
{
    fg_network_clear(&network);
}

static const fg_network *read_text(const char *text, const char *path)
{
    fg_network_clear(&network);
    ck_assert_msg(fg_network_of_text(&network, text, path) == FG_OK, "%s", fg_error_message());
    return &network;
}

START_TEST(little_has_to_be_said)
{
    const fg_network *made = read_text(SMALL, "some/where/tiny.yaml");

    ck_assert_str_eq(made->name, "tiny");
    ck_assert_str_eq(made->text, SMALL);
    ck_assert_int_eq(made->classes, 10);
    ck_assert_int_eq(made->channels, 3);
    ck_assert_int_eq(made->image, 32);
    ck_assert(!made->classes_given && !made->channels_given && !made->image_given);
    ck_assert_int_eq(made->stage[0].form, FG_FORM_PRE);
    ck_assert_int_eq(made->stage[0].conv[0].kernel, 3);
    ck_assert_int_eq(made->stage[0].sources.rule, FG_RULE_DENSE);
    ck_assert_int_eq(made->stage[0].entry, FG_ENTRY_INPUT);
    ck_assert_int_eq(made->head, FG_HEAD_NORM);
    ck_assert_int_eq(made->pool_grid, 1);
}
END_TEST

START_TEST(options_go_behind_the_file)
{
    const fg_network *made = read_text("classes: 5\n" SMALL, "a.yaml:classes=7,image=32");

    ck_assert_int_eq(made->classes, 7);
    ck_assert(made->classes_given && made->image_given && !made->channels_given);
    ck_assert_str_eq(made->name, "a:classes=7");
    made = read_text("name: mine\n" SMALL, "a.yaml:channels=1");
    ck_assert_str_eq(made->name, "mine:channels=1");
    made =
        read_text(SMALL "dropout: {rate: 0.2, kind: channels}\ninitialiser: he-in-normal\n",
                  "a.yaml:linear_initialiser=outputs,initialiser=he-out-uniform,dropout=0.3");
    ck_assert_str_eq(made->name, "a:dropout=0.3,initialiser=he-out-uniform,"
                                 "linear_initialiser=outputs");
    ck_assert_double_eq(made->dropout.rate, 0.3);
    ck_assert_int_eq(made->dropout.kind, FG_DROPOUT_CHANNELS);
    ck_assert_int_eq(made->initialiser, FG_INIT_HE_OUT_UNIFORM);
    ck_assert_int_eq(made->linear_initialiser, FG_INIT_LINEAR_OUTPUTS);
    made = read_text(SMALL "dropout: 0.2\ninitialiser: he-in-normal\n",
                     "a.yaml:initialiser=he-in-normal,dropout=0.20");
    ck_assert_str_eq(made->name, "a");
}
END_TEST

START_TEST(text_and_name_make_the_network_again)
{
    static const struct {
        const char *text, *path, *name;
    } cases[] = {
        {"classes: 5\nname: mine\n" SMALL, "a.yaml:classes=7,image=28",
         "mine:classes=7,image=28"},
        {SMALL "dropout: 0.2\n", "a.yaml:dropout=0,initialiser=he-in-normal",
         "a:dropout=0,initialiser=he-in-normal"},
        {SMALL, "dir:3/other.yml", "other"},
        {SMALL, "dir/other.yaml.yml.yaml", "other"},
        {SMALL, "dir/.yaml", ".yaml"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        fg_network again;
        char *source;

        read_text(cases[i].text, cases[i].path);
        ck_assert_str_eq(network.name, cases[i].name);
        ck_assert_int_eq(fg_network_source(&source, &network), FG_OK);
        ck_assert_msg(fg_network_of(&again, source) == FG_OK, "%s", fg_error_message());
        same("again", &again, &network);
        ck_assert_str_eq(again.name, network.name);
        ck_assert_str_eq(again.text, network.text);
        fg_network_clear(&again);
        fg_text_free(source);
    }
}
END_TEST

/* The plan of a text, of one image. */
static fg_plan *plan_text(const char *text)
{
    char *source;
    fg_plan *plan;

    read_text(text, "a.yaml");
    ck_assert_int_eq(fg_network_source(&source, &network), FG_OK);
    plan = plan_of(source, 1);
    fg_text_free(source);
    return plan;
}

START_TEST(only_layer_1_reads_an_input_that_it_strides_over)
{
    static const char *const combine[] = {"concat", "depthwise", "sum"};
    char text[256];

    for (int i = 0; i < 3; ++i) {
        snprintf(text, sizeof text,
                 "stem: {width: 8}\nstages: [{layers: 2, width: 4, stride: 2, combine: %s, "
                 "sources: [[0], [1], [2, 1]]}]\n",
                 combine[i]);
        fg_plan *plan = plan_text(text);
        int found = 0;
        for (int j = 0; j < plan->op_count; ++j) {
            const fg_op *op = &plan->ops[j];
            const int side = op->stage < 0 && strcmp(op->name, "stem.conv") == 0 ? 32 : 16;
            if (op->kind == FG_OP_CONV && fg_op_out(plan, op)->height > 1) {
                ck_assert_int_eq(fg_op_out(plan, op)->height, side);
                ++found;
            }
        }
        ck_assert_int_eq(found, 3);
        fg_plan_free(plan);
    }
}
END_TEST

/* Elements with a map of their own, or soon another in their place, fill no map. */
START_TEST(wide_layers_are_allowed_where_nothing_keeps_them)
{
    read_text("stem: {form: norm, width: 65536}\n"
              "stages: [{layers: 20, width: 65536, form: post}]\n",
              "a.yaml");
    read_text("stem: {width: 65536}\n"
              "stages: [{layers: 20, width: 65536, sources: window}]\n",
              "a.yaml");
    read_text("stem: {width: 8}\n"
              "stages: [{layers: 40, width: 65536, combine: sum, entry: none, "
              "sources: {window: 16}}]\n",
              "a.yaml");
    read_text("stem: {form: seq, width: 16}\n"
              "stages: [{layers: 7, form: seq, width: 65536, seq: {group: 65536}}]\n",
              "a.yaml");
}
END_TEST

START_TEST(a_group_of_the_stem_may_hold_several_of_stage_1)
{
    fg_plan *plan = plan_text("stem: {form: seq, width: 16, seq: {group: 16}}\n"
                              "stages: [{layers: 1, form: seq, width: 32, seq: {group: 8}}]\n");

    fg_plan_free(plan);
    plan = plan_text("stem: {form: seq-down, width: 16, seq: {group: 8}}\n"
                     "stages: [{layers: 1, form: seq, width: 32, seq: {group: 16}}]\n");
    fg_plan_free(plan);
}
END_TEST

START_TEST(sources_may_be_listed)
{
    const fg_network *made = read_text("stem: {width: 8}\n"
                                       "stages:\n"
                                       "  - layers: 3\n"
                                       "    width: 4\n"
                                       "    sources: [[0], [1, 0], [2], [0, 3, 1]]\n",
                                       "a.yaml");
    int got[4];

    ck_assert_int_eq(made->stage[0].sources.rule, FG_RULE_LIST);
    ck_assert_int_eq(fg_sources_of(got, &made->stage[0], 4), 3);
    ck_assert_int_eq(got[0], 0);
    ck_assert_int_eq(got[1], 3);
    ck_assert_int_eq(got[2], 1);
}
END_TEST

START_TEST(a_stage_overrides_every)
{
    const fg_network *made =
        read_text("stem: {form: pool, width: 8, kernel: 5}\n"
                  "every: {layers: 2, kernel: [1, 3], width: [16, 4], transition: pool}\n"
                  "stages:\n"
                  "  - transition: {form: conv, width: 12, groups: 2}\n"
                  "  - {layers: 4, kernel: 5, width: 6, sources: {window: 2}}\n"
                  "dropout: 0.2\n"
                  "head: {pool_grid: 2}\n",
                  "a.yaml");

    ck_assert_int_eq(made->stem.conv[0].kernel, 5);
    ck_assert_int_eq(made->stem.conv[0].stride, 2);
    ck_assert_int_eq(made->stage[0].convs, 2);
    ck_assert_int_eq(made->stage[0].transition.kind, FG_TRANSITION_CONV);
    ck_assert_int_eq(made->stage[0].transition.groups, 2);
    ck_assert_int_eq(made->stage[0].transition.kernel, 3);
    ck_assert_int_eq(made->stage[1].convs, 1);
    ck_assert_int_eq(made->stage[1].layers, 4);
    ck_assert_int_eq(made->stage[1].transition.kind, FG_TRANSITION_NONE);
    ck_assert_double_eq(made->dropout.rate, 0.2);
    ck_assert_int_eq(made->pool_grid, 2);
}
END_TEST

/* ---- errors ---- */

#define ONE(stage) "stem: {width: 8}\nstages:\n  - {" stage "}\n"
#define TWO(first, second) "stem: {width: 8}\nstages:\n  - {" first "}\n  - {" second "}\n"
#define SUM "layers: 2, kernel: [3, 3], width: 8, combine: sum"
#define POST "stem: {form: norm, width: 8}\nstages: [{layers: 1, width: 8, form: post, "
#define SEQ "stem: {form: seq, width: 16}\nstages:\n  - {layers: 1, form: seq, "

static const struct {
    const char *text, *message;
} bad[] = {
    {"", "a.yaml:1:1: there is nothing, expected a network"},
    {"just words\n", "a.yaml:1:1: expected keys and values"},
    {"stem: {width: 8\nstages: 3\n", "a.yaml:2:"},
    {"stem: *nobody\n", "a.yaml:1:7: found undefined alias"},
    {"stem: \xff\n", "a.yaml:1:7: "},
    {SMALL "---\n" SMALL, "a.yaml:3:1: a second document"},
    {SMALL "stages: 2\n", "a.yaml:3:1: key stages is there twice, expected once"},
    {SMALL "depth: 2\n", "a.yaml:3:1: key \"depth\" is unknown to a network, expected name, "},
    {"stem: {width: 8}\n", "a.yaml:1:1: stages is missing, expected a number or a list"},
    {"stages: 1\nevery: {layers: 1, width: 1}\n", "a.yaml:1:1: stem is missing"},
    {"stem: {width: 8}\nstages: []\n", "a.yaml:2:9: stages is 0, expected 1..8"},
    {"stem: {width: 8}\nstages: nine\n", "a.yaml:2:9: stages is \"nine\", expected a whole"},
    {"stem: {width: 8}\nstages: 9\n", "a.yaml:2:9: stages is 9, expected 1..8"},
    {"stem: {width: 8}\nstages: 2\n", "a.yaml:2:9: layers is missing"},
    {"stem: 8\nstages: [{layers: 3, width: 4}]\n",
     "a.yaml:1:7: stem is \"8\", expected keys and values"},
    {"name: a b\n" SMALL, "a.yaml:1:7: name is \"a b\", expected 1..80 letters"},
    {"classes: 0\n" SMALL, "a.yaml:1:10: classes is 0, expected 1..1000000"},
    {"classes: \"5\"\n" SMALL, "a.yaml:1:10: classes is \"5\", expected a whole number"},
    {"classes: [5]\n" SMALL, "a.yaml:1:10: classes is a list, expected a whole number"},
    {"channels: 17\n" SMALL, "a.yaml:1:11: channels is 17, expected 1..16"},
    {"image: 9999999999\n" SMALL, "a.yaml:1:8: image is \"9999999999\", expected a whole"},
    {ONE("layers: 0, width: 4"), "a.yaml:3:14: stage 1: layers is 0, expected 1..10000"},
    {ONE("layers: -1, width: 4"), "a.yaml:3:14: layers is \"-1\", expected a whole number"},
    {ONE("layers: 1"), "a.yaml:3:5: width is missing"},
    {ONE("layers: 1, width: 65537"), "a.yaml:3:24: stage 1: width is 65537, expected 1..65536"},
    {ONE("layers: 1, width: 4, form: bn"), "form is \"bn\", expected pre, post or seq"},
    {ONE("layers: 1, width: 4, kernel: 4"),
     "a.yaml:3:35: stage 1: kernel is 4, expected an odd"},
    {ONE("layers: 1, width: 4, kernel: [3, 13]"), "a.yaml:3:39: stage 1: kernel is 13"},
    {ONE("layers: 1, width: 4, kernel: [1, 1, 1, 1]"), "kernel has 4 numbers, expected 1..3"},
    {ONE("layers: 1, width: [4, 4]"), "width has 2 numbers, expected one for all or 1"},
    {ONE("layers: 1, width: 4, stride: 3"), "stage 1: stride is 3, expected 1..2"},
    {ONE("layers: 1, width: 4, stride_conv: 2"), "stride_conv is 2, expected 1..1"},
    {ONE("layers: 1, width: 4, groups: 3"), "stage 1: groups is 3, expected a divisor of the"},
    {ONE("layers: 2, width: 6, groups: 3"), "the 8 channels that layer 1 reads"},
    {ONE("layers: 1, width: 4, kernel: 9, stride: 2"), "odd number 1..7 at stride 2"},
    {ONE("layers: 1, width: 4, sources: some"),
     "sources is \"some\", expected dense, sparse or"},
    {ONE("layers: 1, width: 4, sources: {sparse: 1}"), "sparse is 1, expected a base 2.."},
    {ONE("layers: 1, width: 4, sources: {window: 3}"), "window is 3, expected 1..2, the elem"},
    {ONE("layers: 1, width: 4, sources: {sparse: 2, window: 1}"), "expected one of sparse and"},
    {ONE("layers: 1, width: 4, sources: {}"), "expected one of sparse and window"},
    {ONE("layers: 2, width: 4, sources: [[0], [1]]"),
     "a.yaml:3:36: sources has 2 lists, expected layers + 1 = 3"},
    {ONE("layers: 1, width: 4, sources: [[0], 1]"),
     "a.yaml:3:42: sources of layer 2: expected"},
    {ONE("layers: 1, width: 4, sources: [[0], [one]]"), "an element of sources is \"one\""},
    {ONE("layers: 2, width: 4, sources: [[0], [2, 0], [2, 1]]"),
     "a.yaml:3:42: stage 1: sources of layer 2: 2, expected elements 0..1, which are there"},
    {ONE("layers: 2, width: 4, sources: [[0], [3], [2, 1]]"),
     "sources of layer 2: 3, expected"},
    {ONE("layers: 2, width: 4, sources: [[0], [1, 1], [2, 1]]"), "1 is there twice"},
    {ONE("layers: 2, width: 4, sources: [[0], [], [2, 1]]"),
     "sources of layer 2: no elements, expected one"},
    {ONE("layers: 2, width: 4, sources: [[], [1], [2, 1]]"),
     "sources of layer 1: 0 elements, expected [0]"},
    {ONE("layers: 2, width: 4, sources: [[0], [1], [3]]"),
     "sources of what follows layer 2: 3, expected elements 0..2"},
    {ONE("layers: 2, width: 4, sources: [[0], [1, 0], [2, 1, 2]]"),
     "a.yaml:3:50: stage 1: sources of what follows layer 2: 2 is there twice, expected once"},
    {ONE("layers: 2, width: 4, entry: none, sources: [[0], [1], [2]]"),
     "layer 1: 1 elements, expected []"},
    {ONE("layers: 2, width: 4, sources: [[0], [0], [2]]"),
     "stage 1: sources: nobody reads x_1, expected a layer behind it or what follows the "
     "stage"},
    {ONE(SUM ", entry: project, sources: {window: 1}"), "nobody reads x_0"},
    {ONE("layers: 1, width: 4, combine: add"), "combine is \"add\", expected concat, sum or"},
    {ONE("layers: 1, width: 4, entry: skip"),
     "entry is \"skip\", expected input, project, pad"},
    {ONE("layers: 1, width: 4, entry: project"), "entry is project, expected input or none"},
    {ONE("layers: 1, width: 4, stride: 2"), "layer 2 reads it beside layers behind the stride"},
    {ONE("layers: 1, width: 4, combine: sum"),
     "entry is input, which has 8 channels, but layer"},
    {ONE("layers: 1, width: 4, combine: sum, entry: pad"), "entry is pad, expected project"},
    {ONE("layers: 1, width: 8, seq: {group: 4}"),
     "a.yaml:3:40: stage 1: seq: group is 4, expected no seq with layers of form pre"},
    {ONE("layers: 1, width: 4, transition: pool"),
     "a.yaml:3:39: stage 1: transition: form is pool, expected none behind the last stage"},
    {TWO("layers: 1, width: 4", "layers: 1, width: 4"), "form is none, expected pool or conv"},
    {TWO("layers: 1, width: 8, combine: sum, transition: none", "layers: 1, width: 8"),
     "a.yaml:3:53: stage 1: transition: form is none, expected pool or conv: layers of stage "
     "2"},
    {TWO("layers: 1, width: 4, transition: {form: pool, compression: 2}",
         "layers: 1, width: 4"),
     "a.yaml:3:65: compression is \"2\", expected a decimal number 0..1"},
    {TWO("layers: 1, width: 4, transition: {form: pool, compression: 0.01}",
         "layers: 1, width: 4"),
     "a.yaml:3:65: stage 1: transition: compression leaves none of the 12 channels"},
    {TWO("layers: 1, width: 4, transition: {form: pool, width: 3}", "layers: 1, width: 4"),
     "key \"width\" is unknown to transition, expected form or compression"},
    {TWO("layers: 1, width: 4, transition: {width: 3}", "layers: 1, width: 4"),
     "form is missing"},
    {TWO("layers: 1, width: 4, transition: {form: conv, groups: 5}", "layers: 1, width: 5"),
     "groups is 5, expected a divisor of the 12 channels"},
    {TWO("layers: 1, width: 4, transition: extend", "layers: 1, width: 5"),
     "form is extend, expected pool or conv"},
    {TWO(SUM ", transition: extend", "layers: 1, width: 8"),
     "form is extend, expected none, pool or conv"},
    {TWO("layers: 1, width: 4, transition: pool", "layers: 1, width: 4, form: post"),
     "a.yaml:4:33: stage 2: form is post, expected pre, that of stage 1"},
    {"image: 1\n" TWO("layers: 1, width: 4, transition: pool", "layers: 1, width: 4"),
     "a.yaml:1:8: image side 1 leaves nothing of a map behind stage 1"},
    {"stem: {width: 8}\nstages: 8\nevery: {layers: 1, width: 4, transition: pool}\n",
     "a.yaml:1:1: image, which is 32 by default, leaves nothing of a map behind stage 6"},
    {SMALL "head: {pool_grid: 33}\n",
     "a.yaml:3:19: head: pool_grid is 33, expected at most 32"},
    {SMALL "head: bare\n",
     "a.yaml:3:7: head: form is bare, expected norm with layers of form pre"},
    {SMALL "dropout: 1\n", "a.yaml:3:10: dropout: rate is 1, expected 0 or more and less"},
    {SMALL "dropout: {rate: 0.5, place: views}\n",
     "a.yaml:3:29: dropout: place is views, expected outputs, all-outputs or last-input with"},
    {SMALL "dropout: {place: last-input}\n", "place is last-input, expected outputs or all-"},
    {SMALL "initialiser: zero\n",
     "a.yaml:3:14: initialiser is \"zero\", expected he-out-normal"},
    {"stem: {width: 8, form: big}\nstages: [{layers: 3, width: 4}]\n",
     "a.yaml:1:24: form is \"big\", expected bare, norm, pool, pool-conv, seq or seq-down"},
    {"stem: {form: norm, width: 8}\nstages: [{layers: 3, width: 4}]\n",
     "a.yaml:1:14: stem: form is norm, expected bare, pool or pool-conv with layers of form "
     "pre"},
    {"stem: {width: 8, seq: {group: 4}}\nstages: [{layers: 3, width: 4}]\n",
     "key \"seq\" is unknown to stem, expected form, width, kernel or stride"},
    {"stem: {width: [8, 8]}\nstages: [{layers: 3, width: 4}]\n",
     "a.yaml:1:15: width has 2 numbers, expected one for all or 1"},
    {"stem: {form: norm, width: 8}\nstages: [{layers: 1, width: 4, form: post}]\n",
     "entry is input, expected project, pad or none: layer 1 turns 8 channels into 4"},
    {"stem: {form: norm, width: 8}\n"
     "stages: [{layers: 1, width: 8, form: post, sources: dense}]\n",
     "a.yaml:2:53: stage 1: sources is dense, expected window 1 with form post"},
    {"stem: {form: norm, width: 8}\n"
     "stages: [{layers: 1, width: 8, form: post, combine: sum}]\n",
     "a.yaml:2:53: stage 1: combine is sum, expected concat with form post"},
    {POST "sources: [[0], [1]]}]\n", "sources is a list, expected window 1 with form post"},
    {POST "sources: {window: 2}}]\n", "sources: window is 2, expected 1 with form post"},
    {POST "transition: conv}, {layers: 1, width: 8, form: post}]\n",
     "stage 1: transition: form is conv, expected none between layers of form post"},
    {POST "sources: window}]\ndropout: {kind: channels}\n",
     "a.yaml:3:17: dropout: kind is channels, expected no dropout with layers of form post"},
    {"stem: {form: pool-conv, width: 8}\nstages: [{layers: 1, width: 8, form: post}]\n",
     "stem: form is pool-conv, expected norm or pool with layers of form post"},
    {"stem: {form: seq, width: 8}\nstages: [{layers: 1, width: 8, form: post}]\n",
     "stem: form is seq, expected norm or pool with layers of form post"},
    {"stem: {form: seq-down, width: 8}\nstages: [{layers: 1, width: 8}]\n",
     "stem: form is seq-down, expected bare, pool or pool-conv with layers of form pre"},
    {"stem: {form: seq, width: 8, seq: {width: 0}}\nstages: [{layers: 1, width: 8}]\n",
     "a.yaml:1:34: width is 0, expected 1..65536"},
    {"stem: {form: norm, width: 8}\nstages: [{layers: 1, width: 8, form: post}]\n"
     "dropout: 0.1\n",
     "a.yaml:3:10: dropout: rate is 0.1, expected 0: layers of form post have no dropout"},
    {SEQ "width: 16}\n", "a.yaml:3:5: seq is missing"},
    {SEQ "width: 16, seq: {}}\n", "group is missing or 0"},
    {SEQ "width: 16, seq: {group: 5}}\n", "a.yaml:3:52: stage 1: seq: group is 5, expected a"},
    {SEQ "width: 16, seq: {group: 8, subgroups: 3}}\n", "subgroups is 3, expected a divisor"},
    {SEQ "width: 16, seq: {group: 8, subgroups: 2}}\n", "expected 1 without bottleneck"},
    {SEQ "width: 16, seq: {group: 8, windowed: no}}\n", "windowed is \"no\", expected true or"},
    {SEQ "width: 16, seq: {group: 8}, kernel: 5}\n", "kernel is 5, expected 3 with form seq"},
    {SEQ "width: 16, seq: {group: 8}, kernel: [3, 3]}\n",
     "kernel has 2 numbers, expected 3 with form seq"},
    {SEQ "width: 16, seq: {group: 8}, groups: 2}\n", "groups is 2, expected 1 with form seq"},
    {SEQ "width: 16, seq: {group: 8}, entry: none}\n",
     "entry is none, expected input with form seq"},
    {SEQ "width: 16, seq: {group: 8}}\ndropout: {place: outputs}\n",
     "a.yaml:4:18: dropout: place is outputs, expected views with layers of form seq"},
    {SEQ "width: 16, seq: {group: 8}}\nhead: norm\n",
     "a.yaml:4:7: head: form is norm, expected conv with layers of form seq"},
    {"stem: {width: 16}\nstages: [{layers: 1, form: seq, width: 16, seq: {group: 8}}]\n",
     "stem: form is bare, expected seq or seq-down with layers of form seq"},
    {"stem: {form: seq, width: 16, seq: {group: 8}}\n"
     "stages: [{layers: 1, form: seq, width: 32, seq: {group: 16}}]\n",
     "a.yaml:1:43: stem.seq: group is 8, expected a multiple of 16, the group of stage 1"},
    {"stem: {form: seq, width: 16, seq: {group: 48}}\n"
     "stages: [{layers: 1, form: seq, width: 96, seq: {group: 32}}]\n",
     "stem.seq: group is 48, expected a multiple of 32"},
    {SEQ
     "width: 16, seq: {group: 8}}\n  - {layers: 1, form: seq, width: 32, seq: {group: 8}}\n",
     "stage 1: transition: form is none, expected extend between layers of form seq"},
    {SEQ "width: 16, seq: {group: 8}, transition: extend}\n"
         "  - {layers: 1, form: seq, width: 16, seq: {group: 8}}\n",
     "transition: width is 16, expected more than the stage's 16"},
    {"stem: {form: seq, width: 16}\n"
     "stages: [{layers: 8, form: seq, width: 65536, seq: {group: 65536}}]\n",
     "a.yaml:2:19: stage 1: its features have 1114128 channels, expected at most 1048576"},
    {ONE("layers: 40, width: 65536, combine: sum, entry: none, sources: {window: 20}"),
     "a.yaml:3:14: stage 1: its features have 1310720 channels, expected at most 1048576"},
    {ONE("layers: 5000, width: 65536"), "a.yaml:3:14: stage 1: its features have 327680008"},
    {TWO("layers: 10000, width: 4, transition: pool", "layers: 10000, width: 4"),
     "sources: all layers together have more than 16777216"},
};

START_TEST(what_is_no_network_gets_one_line)
{
    fg_network out = {.image = 77};
    const char *text = bad[_i].text;

    ck_assert_msg(fg_network_of_text(&out, text, "a.yaml") == FG_ERR_ARGUMENT, "%s", text);
    ck_assert_msg(strstr(fg_error_message(), bad[_i].message) != NULL,
                  "\"%s\" gets \"%s\", expected \"%s\"", text, fg_error_message(),
                  bad[_i].message);
    ck_assert_ptr_null(strchr(fg_error_message(), '\n'));
    ck_assert_int_eq(out.image, 77);
}
END_TEST

START_TEST(files_that_are_none_are_named)
{
    fg_network out;

    ck_assert_int_eq(fg_network_of(&out, "/nowhere/at/all.yaml:classes=3"), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "/nowhere/at/all.yaml: "));
    ck_assert_int_eq(fg_network_of(&out, "nothing.yml"), FG_ERR_FILE);
    ck_assert_int_eq(fg_network_of(&out, "./folder"), FG_ERR_FILE);
    ck_assert_int_eq(fg_network_of_text(&out, SMALL, "a.yaml:depth=3"), FG_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "a.yaml: option \"depth\" is unknown to a "
                                                     "file, expected dropout, initialiser"));
    ck_assert_int_eq(fg_network_of_text(&out, SMALL, "a.yaml:dropout=1"), FG_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(
        fg_error_message(), "a.yaml: dropout is \"1\", expected a decimal number 0 or more and "
                            "less than 1 (behind the file's name)"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan/description");
    TCase *tcase = tcase_create("description");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 0);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_shipped_file_is_the_network_of_its_name, 0,
                        (int)(sizeof shipped / sizeof *shipped));
    tcase_add_test(tcase, little_has_to_be_said);
    tcase_add_test(tcase, options_go_behind_the_file);
    tcase_add_test(tcase, text_and_name_make_the_network_again);
    tcase_add_test(tcase, only_layer_1_reads_an_input_that_it_strides_over);
    tcase_add_test(tcase, wide_layers_are_allowed_where_nothing_keeps_them);
    tcase_add_test(tcase, a_group_of_the_stem_may_hold_several_of_stage_1);
    tcase_add_test(tcase, sources_may_be_listed);
    tcase_add_test(tcase, a_stage_overrides_every);
    tcase_add_loop_test(tcase, what_is_no_network_gets_one_line, 0,
                        (int)(sizeof bad / sizeof *bad));
    tcase_add_test(tcase, files_that_are_none_are_named);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
