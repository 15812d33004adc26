/* families.c - the table of families: how their names look, their options and their defaults.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/families.h"

#include "plan/aggregated.h"
#include "plan/defaults.h"
#include "plan/residual.h"

#define MAX_DEPTH 10000
#define MAX_GROWTH 4096
#define MAX_FACTOR 1024

#define BIT(option) (1u << FG_OPTION_##option)
#define COMMON                                                                    \
    (BIT(INITIALISER) | BIT(LINEAR_INITIALISER) | BIT(POOL_GRID) | BIT(CLASSES) | \
     BIT(CHANNELS) | BIT(IMAGE))
#define DENSE (COMMON | BIT(COMPRESSION) | BIT(INIT) | BIT(DROPOUT))
#define SEQ (COMMON | BIT(WINDOW) | BIT(DROPOUT))

#define DEPTH(low)                          \
    {                                       \
        "depth", "-", low, MAX_DEPTH, false \
    }
#define GROWTH                             \
    {                                      \
        "growth", "-", 1, MAX_GROWTH, true \
    }

static const struct fg_depth resnet_depths[] = {
    {50, {3, 4, 6, 3}}, {101, {3, 4, 23, 3}}, {152, {3, 8, 36, 3}}, {0}};
static const struct fg_depth densenet_depths[] = {
    {121, {6, 12, 24, 16}}, {161, {6, 12, 36, 24}}, {169, {6, 12, 32, 32}},
    {201, {6, 12, 48, 32}}, {264, {6, 12, 64, 48}}, {0}};
static const struct fg_depth delugenet_depths[] = {
    {92, {7, 7, 8, 8}}, {104, {7, 8, 9, 10}}, {122, {7, 9, 11, 13}}, {0}};
/* ---- defaults ---- */

static void set_growing(fg_name *name)
{
    name->init = 2 * name->list[0];
}

static void set_bottleneck(fg_name *name)
{
    const int *growth = name->list;
    /* The published figures of this one network need a stem of 64. */
    const bool wide =
        name->number[0] == 100 && growth[0] == 16 && growth[1] == 32 && growth[2] == 64;

    name->compression = 0.5;
    name->init = wide ? 64 : 2 * growth[0];
}

static void set_densenet_imagenet(fg_name *name)
{
    name->compression = 0.5;
    name->init = 2 * name->list[0];
}

static void set_sparsenet_imagenet(fg_name *name)
{
    name->compression = 0.5;
    name->init = name->list[0];
}

static void set_layers(fg_name *name, int r, const int *layers)
{
    name->r = r;
    for (int s = 0; s < name->family->stages; ++s)
        name->layers[s] = layers[s];
}

static void set_seqresnet_b22(fg_name *name)
{
    set_layers(name, 2, (const int[]){1, 1, 2, 1});
}

static void set_seqresnet_b42(fg_name *name)
{
    set_layers(name, 2, (const int[]){3, 4, 5, 3});
}

static void set_seqresnext_24(fg_name *name)
{
    set_layers(name, 4, (const int[]){1, 1, 3, 1});
}

static void set_wide_delugenet(fg_name *name)
{
    name->m = 1.75;
}

/* ---- the table ---- */

/* Of several entries with one prefix, those with a list of depths come first. */
static const fg_family families[] = {
    {.prefix = "plain",
     .number = {DEPTH(8)},
     .minus = 2,
     .divisor = 6,
     .stages = 3,
     .options = COMMON,
     .fill = fg_residual_plain},
    {.prefix = "resnet",
     .number = {DEPTH(8)},
     .depths = resnet_depths,
     .stages = 4,
     .imagenet = true,
     .options = COMMON | BIT(N) | BIT(STRIDE),
     .fill = fg_residual_resnet_imagenet},
    {.prefix = "resnet",
     .number = {DEPTH(8)},
     .minus = 2,
     .divisor = 6,
     .stages = 3,
     .options = COMMON,
     .fill = fg_residual_resnet},
    {.prefix = "preplain",
     .number = {DEPTH(11)},
     .minus = 2,
     .divisor = 9,
     .stages = 3,
     .options = COMMON,
     .fill = fg_residual_preplain},
    {.prefix = "preresnet",
     .number = {DEPTH(11)},
     .minus = 2,
     .divisor = 9,
     .stages = 3,
     .options = COMMON,
     .fill = fg_residual_preresnet},
    {.prefix = "preresnet-basic",
     .number = {DEPTH(8)},
     .minus = 2,
     .divisor = 6,
     .stages = 3,
     .options = COMMON,
     .fill = fg_residual_preresnet_basic},
    {.prefix = "wrn",
     .number = {DEPTH(10), {"width factor", "-", 1, MAX_FACTOR, false}},
     .minus = 4,
     .divisor = 6,
     .stages = 3,
     .initialiser = FG_INIT_HE_IN_NORMAL,
     .options = COMMON | BIT(DROPOUT),
     .fill = fg_residual_wide},
    {.prefix = "resnext",
     .number = {DEPTH(11),
                {"cardinality", "-", 1, MAX_FACTOR, false},
                {"base width", "x", 1, MAX_FACTOR, false}},
     .tail = "d",
     .depths = resnet_depths,
     .stages = 4,
     .imagenet = true,
     .options = COMMON | BIT(N),
     .fill = fg_residual_resnext},
    {.prefix = "resnext",
     .number = {DEPTH(11),
                {"cardinality", "-", 1, MAX_FACTOR, false},
                {"base width", "x", 1, MAX_FACTOR, false}},
     .tail = "d",
     .minus = 2,
     .divisor = 9,
     .stages = 3,
     .options = COMMON,
     .fill = fg_residual_resnext},
    {.prefix = "densenet",
     .number = {DEPTH(7), GROWTH},
     .depths = densenet_depths,
     .stages = 4,
     .imagenet = true,
     .options = DENSE | BIT(N),
     .set_defaults = set_densenet_imagenet,
     .fill = fg_aggregated_densenet},
    {.prefix = "densenet",
     .number = {DEPTH(7), GROWTH},
     .minus = 4,
     .divisor = 3,
     .stages = 3,
     .options = DENSE,
     .set_defaults = set_growing,
     .fill = fg_aggregated_densenet_plain},
    {.prefix = "densenet-bc",
     .number = {DEPTH(10), GROWTH},
     .minus = 4,
     .divisor = 3,
     .halved = true,
     .stages = 3,
     .options = DENSE,
     .set_defaults = set_bottleneck,
     .fill = fg_aggregated_densenet},
    {.prefix = "sparsenet",
     .number = {DEPTH(7), GROWTH},
     .depths = densenet_depths,
     .stages = 4,
     .imagenet = true,
     .options = DENSE | BIT(N) | BIT(BASE),
     .set_defaults = set_sparsenet_imagenet,
     .fill = fg_aggregated_sparsenet},
    {.prefix = "sparsenet",
     .number = {DEPTH(7), GROWTH},
     .minus = 4,
     .divisor = 3,
     .stages = 3,
     .options = DENSE | BIT(BASE),
     .set_defaults = set_growing,
     .fill = fg_aggregated_sparsenet_plain},
    {.prefix = "sparsenet-bc",
     .number = {DEPTH(10), GROWTH},
     .minus = 4,
     .divisor = 3,
     .halved = true,
     .stages = 3,
     .options = DENSE | BIT(BASE),
     .set_defaults = set_bottleneck,
     .fill = fg_aggregated_sparsenet},
    {.prefix = "sparsenet-sum",
     .number = {DEPTH(11)},
     .minus = 2,
     .divisor = 9,
     .stages = 3,
     .options = COMMON | BIT(BASE),
     .fill = fg_residual_sparsenet_sum},
    {.prefix = "seqresnet",
     .number = {{"r", "-r", 1, MAX_FACTOR, false},
                {"k", "-k", 1, FG_MAX_WIDTH, false},
                {"n", "-n", 1, FG_MAX_LAYERS, true}},
     .stages = 3,
     .initialiser = FG_INIT_HE_OUT_UNIFORM,
     .linear_initialiser = FG_INIT_LINEAR_OUTPUTS,
     .options = SEQ,
     .fill = fg_aggregated_seqresnet_plain},
    {.prefix = "seqresnet-b",
     .number = {{"r", "-r", 1, MAX_FACTOR, false},
                {"k", "-k", 1, FG_MAX_WIDTH, false},
                {"n", "-n", 1, FG_MAX_LAYERS, true}},
     .stages = 3,
     .initialiser = FG_INIT_HE_OUT_UNIFORM,
     .linear_initialiser = FG_INIT_LINEAR_OUTPUTS,
     .options = SEQ,
     .fill = fg_aggregated_seqresnet},
    {.prefix = "seqresnet-b22",
     .stages = 4,
     .imagenet = true,
     .initialiser = FG_INIT_HE_OUT_UNIFORM,
     .linear_initialiser = FG_INIT_LINEAR_OUTPUTS,
     .options = SEQ | BIT(N) | BIT(R),
     .set_defaults = set_seqresnet_b22,
     .fill = fg_aggregated_seqresnet_imagenet},
    {.prefix = "seqresnet-b42",
     .stages = 4,
     .imagenet = true,
     .initialiser = FG_INIT_HE_OUT_UNIFORM,
     .linear_initialiser = FG_INIT_LINEAR_OUTPUTS,
     .options = SEQ | BIT(N) | BIT(R),
     .set_defaults = set_seqresnet_b42,
     .fill = fg_aggregated_seqresnet_imagenet},
    {.prefix = "seqresnext-24",
     .stages = 4,
     .imagenet = true,
     .initialiser = FG_INIT_HE_OUT_UNIFORM,
     .linear_initialiser = FG_INIT_LINEAR_OUTPUTS,
     .options = SEQ | BIT(N) | BIT(R),
     .set_defaults = set_seqresnext_24,
     .fill = fg_aggregated_seqresnext},
    {.prefix = "delugenet",
     .number = {DEPTH(20)},
     .depths = delugenet_depths,
     .stages = 4,
     .imagenet = true,
     .options = COMMON | BIT(N) | BIT(M),
     .fill = fg_aggregated_delugenet},
    {.prefix = "delugenet",
     .number = {DEPTH(20)},
     .minus = 2,
     .divisor = 18,
     .stages = 3,
     .rising = true,
     .options = COMMON | BIT(N) | BIT(M),
     .fill = fg_aggregated_delugenet},
    {.prefix = "wide-delugenet",
     .number = {DEPTH(20)},
     .minus = 2,
     .divisor = 18,
     .stages = 3,
     .rising = true,
     .options = COMMON | BIT(N) | BIT(M),
     .set_defaults = set_wide_delugenet,
     .fill = fg_aggregated_delugenet},
    {.prefix = NULL},
};

static bool is_given(const fg_name *name, enum fg_option option)
{
    return (name->given & 1u << option) != 0;
}

fg_status fg_families_make(fg_network *out, const char *text)
{
    fg_status status = FG_OK;
    fg_name name;

    FG_TRY(fg_name_parse(&name, text, families));
    *out = (fg_network){.classes = name.classes,
                        .channels = name.channels,
                        .image = name.image,
                        .classes_given = is_given(&name, FG_OPTION_CLASSES),
                        .channels_given = is_given(&name, FG_OPTION_CHANNELS),
                        .image_given = is_given(&name, FG_OPTION_IMAGE),
                        .pool_grid = name.pool_grid};
    FG_TRY(name.family->fill(out, &name));
    fg_defaults_set(out);
    out->dropout.rate = name.dropout;
    out->initialiser = (fg_initialiser)name.initialiser;
    out->linear_initialiser = (fg_linear_initialiser)name.linear_initialiser;
    FG_TRY(fg_name_print(&out->name, &name));

cleanup:
    return status;
}
