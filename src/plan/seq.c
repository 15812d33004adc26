/* seq.c - SeqConv layers: groups of channels computed in order, each reading the input and the
 * groups before it (github.com/GroupOfAlchemists/SeqConv; docs/networks.md).
 *
 * A stage is one map: its input and what each SeqConv layer adds, group behind group. What lies
 * there is raw; every group has a norm of its own, which all its readers share.
 *
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <stdio.h>

#include "plan/build.h"

int64_t fg_seq_channels(const fg_stage *stage)
{
    const int width = stage->conv[0].width;
    int64_t channels = 2 * (int64_t)width * stage->layers;

    if (stage->transition.kind == FG_TRANSITION_EXTEND)
        channels += stage->transition.width - width;
    return channels;
}

/* Channels first .. first + count - 1 of a list, as a list. */
static fg_status slice(fg_elements *out, const fg_elements *from, int first, int count)
{
    fg_status status = FG_OK;

    *out = (fg_elements){0};
    for (int i = 0; i < from->count && count > 0; ++i) {
        fg_element element = from->list[i];
        if (first >= element.channels) {
            first -= element.channels;
            continue;
        }
        element.first_channel += first;
        element.norm_channel += first;
        element.channels -= first;
        if (element.channels > count)
            element.channels = count;
        first = 0;
        count -= element.channels;
        FG_TRY(fg_elements_add(out, element));
    }

cleanup:
    return status;
}

/* One SeqConv layer being built. */
struct layer {
    fg_builder *b;
    const fg_seq *seq;
    const char *owner;       /* "stage1.layer2.seq1" */
    int width;               /* output channels */
    int number;              /* of the residual block, 0: none; for reports */
    const fg_elements *add;  /* raw channels that are added to its own, or NULL */
    fg_dropout_kind dropout; /* of each group's view */
};

static fg_op group_op(const struct layer *l, fg_element out, int side)
{
    fg_op op = fg_part_op_of(FG_OP_CONV, out);

    op.side = side;
    op.stage = l->b->stage;
    op.layer = l->number;
    return op;
}

/* Second half of a group whose convolution wrote `raw`: adds the shortcut in its place. */
static fg_status add_shortcut(const struct layer *l, int group, fg_element raw, fg_element out)
{
    fg_status status = FG_OK;
    fg_elements one = {0}, shortcut = {0};
    char name[2 * FG_PART_NAME];
    fg_op op = fg_part_op_of(FG_OP_SUM, out);

    op.stage = l->b->stage;
    op.layer = l->number;
    FG_TRY(fg_elements_add(&one, raw));
    FG_TRY(fg_part_terms(&op.in[0], l->b->plan, &one));
    FG_TRY(slice(&shortcut, l->add, (group - 1) * l->seq->channels, l->seq->channels));
    assert(shortcut.count == 1);
    shortcut.list[0].norm = -1;
    shortcut.list[0].relu = false;
    FG_TRY(fg_part_terms(&op.in[1], l->b->plan, &shortcut));
    snprintf(name, sizeof name, "%s.group%d.sum", l->owner, group);
    FG_TRY(fg_part_op(l->b->plan, op, name));

cleanup:
    fg_elements_clear(&one);
    fg_elements_clear(&shortcut);
    return status;
}

/* A map of a group's channels: behind the 1x1, or in front of the shortcut. */
static fg_status group_map(fg_element *out, const struct layer *l, int group, const char *what)
{
    const fg_map *stage = &l->b->plan->maps[l->b->map];
    fg_status status = FG_OK;
    char name[2 * FG_PART_NAME];
    int map;

    snprintf(name, sizeof name, "%s.group%d.%s", l->owner, group, what);
    FG_TRY(fg_part_map(&map, l->b->plan, FG_MAP_INNER, name, stage->stage, l->seq->channels,
                       stage->height));
    *out = fg_part_element(l->b->plan, map);

cleanup:
    return status;
}

/* Conv3, or Conv1 BN ReLU Conv3, of the view; then the shortcut, and a norm for the readers. */
static fg_status add_group(fg_element *out, const struct layer *l, int group,
                           const fg_elements *view)
{
    const bool bottleneck = l->seq->bottleneck;
    fg_builder *b = l->b;
    fg_plan *plan = b->plan;
    fg_status status = FG_OK;
    fg_elements read = {0};
    fg_element inner = {0}, raw;
    char name[2 * FG_PART_NAME];

    *out = (fg_element){.map = b->map,
                        .first_channel = b->next_channel,
                        .channels = l->seq->channels,
                        .norm = -1,
                        .number = -1};
    b->next_channel += l->seq->channels;
    raw = *out;
    if (l->add != NULL)
        FG_TRY(group_map(&raw, l, group, "raw"));
    if (bottleneck)
        FG_TRY(group_map(&inner, l, group, "inner"));
    fg_op first = group_op(l, bottleneck ? inner : raw, bottleneck ? 1 : 3);
    first.in_dropout = l->dropout;
    FG_TRY(fg_part_reads(&first.in[0], plan, view, -1, false));
    first.zero = !bottleneck && l->add != NULL;
    snprintf(name, sizeof name, "%s.group%d.conv1", l->owner, group);
    FG_TRY(fg_part_op(plan, first, name));
    if (bottleneck) {
        snprintf(name, sizeof name, "%s.group%d.norm1", l->owner, group);
        FG_TRY(fg_part_norm(&inner.norm, plan, name, inner.channels, 1.0f));
        inner.relu = true;
        FG_TRY(fg_elements_add(&read, inner));
        fg_op second = group_op(l, raw, 3);
        second.groups = l->seq->subgroups;
        second.zero = l->add != NULL;
        FG_TRY(fg_part_reads(&second.in[0], plan, &read, -1, false));
        snprintf(name, sizeof name, "%s.group%d.conv2", l->owner, group);
        FG_TRY(fg_part_op(plan, second, name));
    }
    if (l->add != NULL)
        FG_TRY(add_shortcut(l, group, raw, *out));
    snprintf(name, sizeof name, "%s.group%d.norm%d", l->owner, group, bottleneck ? 2 : 1);
    FG_TRY(fg_part_norm(&out->norm, plan, name, out->channels, 1.0f));
    out->relu = true;

cleanup:
    fg_elements_clear(&read);
    return status;
}

/* The groups of a layer. Windowed: each step drops as many of the oldest channels as it adds, so
 * a view is as wide as the input. */
static fg_status add_layer(fg_elements *out, const struct layer *l, const fg_elements *in)
{
    const int input = (int)fg_elements_channels(in);
    fg_status status = FG_OK;
    fg_elements all = {0}, view = {0};
    fg_element group;

    *out = (fg_elements){0};
    for (int i = 0; i < in->count; ++i)
        FG_TRY(fg_elements_add(&all, in->list[i]));
    for (int g = 1; g <= l->width / l->seq->channels; ++g) {
        const int fresh = (g - 1) * l->seq->channels;
        FG_TRY(l->seq->windowed ? slice(&view, &all, fresh, input)
                                : slice(&view, &all, 0, input + fresh));
        FG_TRY(add_group(&group, l, g, &view));
        FG_TRY(fg_elements_add(&all, group));
        FG_TRY(fg_elements_add(out, group));
        fg_elements_clear(&view);
    }

cleanup:
    fg_elements_clear(&all);
    fg_elements_clear(&view);
    return status;
}

/* A strided 3x3 convolution with a norm behind it. */
static fg_status add_down(fg_element *out, fg_builder *b, int stage, const fg_elements *in,
                          const char *owner, int kernel, int stride, int groups)
{
    const int side = fg_part_side(b->plan->maps[b->map].height, stride);
    fg_status status = FG_OK;
    char name[2 * FG_PART_NAME];

    FG_TRY(fg_build_place(out, b, stage, fg_elements_channels(in), side));
    fg_op op = fg_part_op_of(FG_OP_CONV, *out);
    op.side = kernel;
    op.stride = stride;
    op.groups = groups;
    op.stage = b->stage;
    FG_TRY(fg_part_reads(&op.in[0], b->plan, in, -1, false));
    snprintf(name, sizeof name, "%s.down.conv", owner);
    FG_TRY(fg_part_op(b->plan, op, name));
    snprintf(name, sizeof name, "%s.down.norm", owner);
    FG_TRY(fg_part_norm(&out->norm, b->plan, name, out->channels, 1.0f));
    out->relu = true;

cleanup:
    return status;
}

fg_status fg_seq_stem(fg_builder *b, fg_element input)
{
    const fg_stem *stem = &b->network->stem;
    fg_status status = FG_OK;
    const struct layer l = {
        .b = b, .seq = &stem->seq, .owner = "stem.seq", .width = stem->seq_width};
    fg_elements in = {0}, groups = {0};
    fg_element down;

    FG_TRY(fg_elements_add(&in, input));
    FG_TRY(add_layer(&groups, &l, &in));
    if (stem->down_groups > 0) {
        b->stage = -1; /* the stem's own reports */
        FG_TRY(add_down(&down, b, 0, &groups, "stem", 3, 2, stem->down_groups));
        b->stage = 0;
        FG_TRY(fg_elements_add(&b->input, down));
    } else {
        b->input = groups;
        groups = (fg_elements){0};
    }

cleanup:
    fg_elements_clear(&in);
    fg_elements_clear(&groups);
    return status;
}

fg_status fg_seq_build(fg_builder *b)
{
    fg_status status = FG_OK;
    fg_elements now = {0}, a = {0}, next = {0};
    char owner[FG_PART_NAME];
    struct layer l = {.b = b,
                      .seq = &b->now->seq,
                      .owner = owner,
                      .width = b->now->conv[0].width,
                      .dropout = fg_part_dropout(b->network, FG_DROPOUT_VIEWS)};

    for (int i = 0; i < b->input.count; ++i)
        FG_TRY(fg_elements_add(&now, b->input.list[i]));
    for (int block = 1; block <= b->now->layers; ++block) {
        l.number = block;
        l.add = NULL;
        snprintf(owner, sizeof owner, "stage%d.layer%d.seq1", b->stage + 1, block);
        FG_TRY(add_layer(&a, &l, &now));
        l.add = &now;
        snprintf(owner, sizeof owner, "stage%d.layer%d.seq2", b->stage + 1, block);
        FG_TRY(add_layer(&next, &l, &a));
        fg_elements_clear(&now);
        fg_elements_clear(&a);
        now = next;
        next = (fg_elements){0};
    }
    b->output = now;
    now = (fg_elements){0};

cleanup:
    fg_elements_clear(&now);
    fg_elements_clear(&a);
    fg_elements_clear(&next);
    return status;
}

fg_status fg_seq_transition(fg_builder *b)
{
    const fg_transition *transition = &b->now->transition;
    fg_status status = FG_OK;
    char owner[FG_PART_NAME], extend[2 * FG_PART_NAME];
    const struct layer l = {.b = b,
                            .seq = &transition->seq,
                            .owner = extend,
                            .width = transition->width - b->now->conv[0].width,
                            .dropout = fg_part_dropout(b->network, FG_DROPOUT_VIEWS)};
    fg_elements all = {0}, more = {0};
    fg_element down;

    snprintf(owner, sizeof owner, "stage%d.transition", b->stage + 1);
    snprintf(extend, sizeof extend, "%s.extend", owner);
    for (int i = 0; i < b->output.count; ++i)
        FG_TRY(fg_elements_add(&all, b->output.list[i]));
    FG_TRY(add_layer(&more, &l, &b->output));
    for (int i = 0; i < more.count; ++i)
        FG_TRY(fg_elements_add(&all, more.list[i]));
    FG_TRY(add_down(&down, b, b->stage + 1, &all, owner, transition->kernel, transition->stride,
                    transition->groups));
    fg_elements_clear(&b->input);
    FG_TRY(fg_elements_add(&b->input, down));

cleanup:
    fg_elements_clear(&all);
    fg_elements_clear(&more);
    return status;
}
