/* extents.c - follows widths and sides from a network's image to its classifier, and adds up.
 *
 * With these limits no later size overflows: a map has at most 2^20 channels of 2^31 pixels, and
 * all counts of weights and multiply-adds stay below 2^63.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "plan/checks.h"
#include "plan/sources.h"

#define MAX_CHANNELS (1 << 20)   /* of one map */
#define MAX_RUNNING (1 << 26)    /* channels of all norms together */
#define MAX_CONVS (1 << 20)      /* of the network */
#define MAX_VIEWS (1 << 24)      /* groups that SeqConv groups see, all together */
#define MAX_MULTIPLY_ADDS 9.0e18 /* of one image; below 2^63 */

struct walk {
    const fg_network *network;
    fg_place *place;
    int width; /* what leaves the part just done */
    int side;
    double multiply_adds, running, convs, views; /* so far; sums of doubles do not wrap */
};

static int strided(int side, int stride)
{
    return (side - 1) / stride + 1;
}

/* A convolution that writes maps of the walk's side. */
static void add_conv(struct walk *walk, double in, double out, int kernel, int groups)
{
    walk->multiply_adds += in / groups * out * kernel * kernel * walk->side * walk->side;
    ++walk->convs;
}

/* Each of `count` elements through a norm of its own, and the sum. */
static void add_cross(struct walk *walk, double channels, int count)
{
    walk->multiply_adds += count * channels * walk->side * walk->side;
    walk->running += count * channels;
}

/* `layers` equal SeqConv layers. */
static void add_seq(struct walk *walk, int in, int out, const fg_seq *seq, int layers)
{
    const double k = seq->channels, groups = out / k;
    const double earlier = seq->windowed ? 0 : groups * (groups - 1) / 2;
    const double read = groups * in + earlier * k; /* channels, by all groups together */
    const double weights =
        seq->bottleneck ? read * k + 9 * groups * k * k / seq->subgroups : 9 * read * k;

    walk->multiply_adds += layers * weights * walk->side * walk->side;
    walk->views += layers * (groups * ceil(in / k) + earlier);
    walk->convs += layers * groups * (seq->bottleneck ? 2 : 1);
    walk->running += layers * out * (seq->bottleneck ? 2.0 : 1.0);
}

static fg_status check_sums(const struct walk *walk, fg_place where)
{
    fg_place *place = walk->place;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(walk->running <= MAX_RUNNING, where,
                  "its batch norms have more than %d channels", MAX_RUNNING);
    FG_REQUIRE_AT(walk->convs <= MAX_CONVS, where, "it has more than %d convolutions",
                  MAX_CONVS);
    FG_REQUIRE_AT(walk->views <= MAX_VIEWS, where,
                  "its SeqConv groups see more than %d groups together", MAX_VIEWS);
    FG_REQUIRE_AT(walk->multiply_adds < MAX_MULTIPLY_ADDS, where,
                  "it needs more than %g multiply-adds", MAX_MULTIPLY_ADDS);

cleanup:
    return status;
}

static void pass_stem(struct walk *walk)
{
    const fg_stem *stem = &walk->network->stem;

    for (int i = 0; i < stem->convs; ++i) {
        const fg_stem_conv *conv = &stem->conv[i];
        walk->side = strided(walk->side, conv->stride);
        add_conv(walk, walk->width, conv->width, conv->kernel, 1);
        walk->running += conv->norm ? conv->width : 0;
        walk->side = strided(walk->side, conv->max_pool ? 2 : 1);
        walk->width = conv->width;
    }
    if (stem->seq.channels > 0) {
        add_seq(walk, walk->width, stem->seq_width, &stem->seq, 1);
        walk->width = stem->seq_width;
    }
    if (stem->down_groups > 0) {
        walk->side = strided(walk->side, 2);
        add_conv(walk, walk->width, walk->width, 3, stem->down_groups);
        walk->running += walk->width;
    }
}

/* ---- a stage ---- */

/* Channels that a reader behind layer 1 reads; *count elements. */
static fg_status read_width(int64_t *out, int *count, const struct walk *walk, int s,
                            int reader, int *elements)
{
    const fg_stage *stage = &walk->network->stage[s];
    const int width = stage->conv[stage->convs - 1].width;
    fg_place *place = walk->place;
    fg_status status = FG_OK;

    *count = fg_sources_of(elements, stage, reader);
    *out = 0;
    for (int i = 0; i < *count; ++i) {
        const bool input = elements[i] == 0 && stage->entry == FG_ENTRY_INPUT;
        const int channels = input ? walk->width : width;
        FG_REQUIRE_AT(stage->combine == FG_COMBINE_CONCAT || *count == 1 || channels == width,
                      fg_place_at(s, NULL, "entry"),
                      "entry is input, which has %d channels, but layer %d adds it to %d: "
                      "expected project or pad, or none",
                      channels, reader, width);
        *out = stage->combine == FG_COMBINE_CONCAT ? *out + channels : channels;
    }

cleanup:
    return status;
}

/* Where the first layer of a stage meets its input. */
static fg_status check_entry(const struct walk *walk, int s)
{
    const fg_stage *stage = &walk->network->stage[s];
    const int width = stage->conv[stage->convs - 1].width;
    fg_place *place = walk->place;
    fg_status status = FG_OK;

    if (stage->form == FG_FORM_SEQ)
        FG_REQUIRE_AT(width == walk->width, fg_place_at(s, NULL, "width"),
                      "width is %d, expected %d, that of what comes before", width,
                      walk->width);
    if (stage->form == FG_FORM_POST && stage->entry == FG_ENTRY_INPUT)
        FG_REQUIRE_AT(width == walk->width && stage->stride == 1, fg_place_at(s, NULL, "entry"),
                      "entry is input, expected project, pad or none: layer 1 turns %d "
                      "channels into %d at stride %d",
                      walk->width, width, stage->stride);
    if (stage->entry == FG_ENTRY_PAD)
        FG_REQUIRE_AT(width >= walk->width, fg_place_at(s, NULL, "entry"),
                      "entry is pad, expected project or none: it has %d channels, layers %d",
                      walk->width, width);

cleanup:
    return status;
}

/* One layer, which reads `in` channels in `count` elements. */
static fg_status pass_layer(struct walk *walk, int s, int layer, int64_t in, int count)
{
    const fg_stage *stage = &walk->network->stage[s];
    fg_place *place = walk->place;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(in % stage->conv[0].groups == 0, ((fg_place){s, NULL, "groups", 0}),
                  "groups is %d, expected a divisor of the %lld channels that layer %d reads",
                  stage->conv[0].groups, (long long)in, layer);
    if (stage->combine == FG_COMBINE_DEPTHWISE && count > 1)
        add_cross(walk, (double)in, count);
    for (int i = 0; i < stage->convs; ++i) {
        const fg_layer_conv *conv = &stage->conv[i];
        if (layer == 1 && i == stage->stride_conv)
            walk->side = strided(walk->side, stage->stride);
        add_conv(walk, (double)in, conv->width, conv->kernel, conv->groups);
        walk->running += stage->form == FG_FORM_PRE ? (double)in : conv->width;
        in = conv->width;
    }
    if (layer == 1 && stage->entry == FG_ENTRY_PROJECT) {
        add_conv(walk, walk->width, (double)in, 1, 1);
        walk->running += stage->form == FG_FORM_POST ? (double)in : 0;
    }

cleanup:
    return status;
}

/* Leaves what follows the stage with the width that it reads. */
static fg_status pass_stage(struct walk *walk, int s)
{
    const fg_stage *stage = &walk->network->stage[s];
    const int width = stage->conv[stage->convs - 1].width;
    fg_place *place = walk->place;
    fg_status status = FG_OK;
    int64_t features, in = walk->width;
    int *elements = NULL, count = 1;

    FG_TRY(fg_features_count(&features, walk->network, s, walk->width));
    FG_REQUIRE_AT(features <= MAX_CHANNELS, fg_place_at(s, NULL, "layers"),
                  "its features have %lld channels, expected at most %d", (long long)features,
                  MAX_CHANNELS);
    FG_TRY(check_entry(walk, s));
    FG_ALLOC(elements, stage->layers + 1);
    if (stage->form == FG_FORM_SEQ) {
        add_seq(walk, width, width, &stage->seq, 2 * stage->layers);
    } else {
        for (int layer = 1; layer <= stage->layers; ++layer) {
            FG_TRY(pass_layer(walk, s, layer, in, count));
            FG_TRY(read_width(&in, &count, walk, s, layer + 1, elements));
        }
        if (stage->combine == FG_COMBINE_DEPTHWISE)
            add_cross(walk, (double)in, count);
        walk->width = (int)in;
    }
    FG_TRY(check_sums(walk, fg_place_at(s, NULL, NULL)));

cleanup:
    free(elements);
    return status;
}

/* ---- what follows a stage ---- */

static fg_status pass_pool(struct walk *walk, int s)
{
    const double compression = walk->network->stage[s].transition.compression;
    const bool given = walk->network->image_given;
    const int width = (int)floor((double)walk->width * compression);
    fg_place *place = walk->place;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(width >= 1, fg_place_at(s, "transition", "compression"),
                  "compression leaves none of the %d channels behind stage %d", walk->width,
                  s + 1);
    FG_REQUIRE_AT(walk->side >= 2, fg_place_at(-1, NULL, "image"),
                  given ? "image side %d leaves nothing of a map behind stage %d"
                        : "image, which is %d by default, leaves nothing of a map behind stage "
                          "%d, expected a larger one",
                  walk->network->image, s + 1);
    add_conv(walk, walk->width, width, 1, 1);
    walk->running += walk->width;
    walk->width = width;
    walk->side /= 2;

cleanup:
    return status;
}

static fg_status pass_strided(struct walk *walk, int s)
{
    const fg_transition *transition = &walk->network->stage[s].transition;
    fg_place *place = walk->place;
    fg_status status = FG_OK;
    int in = walk->width;

    if (transition->kind == FG_TRANSITION_EXTEND) {
        const int added = transition->width - walk->width;
        FG_REQUIRE_AT(added > 0 && added % transition->seq.channels == 0,
                      fg_place_at(s, "transition", "width"),
                      "width is %d, expected more than the stage's %d by a multiple of its "
                      "groups' %d channels",
                      transition->width, walk->width, transition->seq.channels);
        add_seq(walk, walk->width, added, &transition->seq, 1);
        in = transition->width;
        walk->running += transition->width;
    } else {
        walk->running += in;
    }
    FG_REQUIRE_AT(in % transition->groups == 0, fg_place_at(s, "transition", "groups"),
                  "groups is %d, expected a divisor of the %d channels that it reads",
                  transition->groups, in);
    walk->side = strided(walk->side, transition->stride);
    add_conv(walk, in, transition->width, transition->kernel, transition->groups);
    walk->width = transition->width;

cleanup:
    return status;
}

static fg_status pass_head(struct walk *walk)
{
    const fg_network *network = walk->network;
    const int64_t grid = network->pool_grid;
    fg_place *place = walk->place;
    fg_status status = FG_OK;

    FG_REQUIRE_AT(grid <= walk->side, fg_place_at(-1, "head", "pool_grid"),
                  "pool_grid is %d, expected at most %d, the side of the last map",
                  network->pool_grid, walk->side);
    if (network->head == FG_HEAD_CONV)
        add_conv(walk, walk->width, walk->width, 1, 1);
    walk->running += network->head == FG_HEAD_BARE ? 0 : walk->width;
    FG_REQUIRE_AT(walk->width * grid * grid <= MAX_CHANNELS,
                  fg_place_at(-1, "head", "pool_grid"),
                  "pool_grid is %d: the classifier would read %lld values, expected at most %d",
                  network->pool_grid, (long long)(walk->width * grid * grid), MAX_CHANNELS);
    walk->side = 1;
    add_conv(walk, (double)(walk->width * grid * grid), network->classes, 1, 1);
    FG_TRY(check_sums(walk, fg_place_at(-1, "head", NULL)));

cleanup:
    return status;
}

fg_status fg_extents_check(const fg_network *network, fg_place *place)
{
    fg_status status = FG_OK;
    struct walk walk = {
        .network = network, .place = place, .width = network->channels, .side = network->image};

    pass_stem(&walk);
    FG_TRY(check_sums(&walk, fg_place_at(-1, "stem", NULL)));
    for (int s = 0; s < network->stages; ++s) {
        FG_TRY(pass_stage(&walk, s));
        switch (network->stage[s].transition.kind) {
        case FG_TRANSITION_NONE:
            break;
        case FG_TRANSITION_POOL:
            FG_TRY(pass_pool(&walk, s));
            break;
        case FG_TRANSITION_CONV:
        case FG_TRANSITION_EXTEND:
            FG_TRY(pass_strided(&walk, s));
            break;
        }
    }
    FG_TRY(pass_head(&walk));

cleanup:
    return status;
}
