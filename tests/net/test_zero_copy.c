/* test_zero_copy.c - from outside the library: each feature is written by one launch and then kept, and
 * nothing stores it a second time, concatenated or normalised.
 *
 * In networks of sums a place is used again, by one launch for each of its features; only sums
 * themselves are stored.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "outside.h"

#define MOST_FLOATS (1 << 19) /* of device memory, in all */
#define MOST_CHANNELS 4096    /* of all stages together */

/* ---- features after every launch ---- */

struct channel {
    int map;
    int channel;
    int features; /* operations that write it: one, but for a ring's places */
    int writes;   /* launches of forward that changed it, as far as they had its map */
    int written;  /* the first of them, counting launches from 1 */
    int changed;  /* the first launch that changed it after that; 0: none */
};

static struct channel channels[MOST_CHANNELS];
static int channels_count;
static int launches;
static bool in_backward;
static int last_use[MOST_CHANNELS]; /* by map: last launch that had its sub-buffer */
static float *last_seen[MOST_CHANNELS], *now;

static size_t map_bytes(const fg_map *map)
{
    return (size_t)map->channels * (size_t)map->pitch * sizeof(float);
}

static size_t pixel_bytes(const fg_map *map)
{
    return (size_t)(OUTSIDE_IMAGES * map->height * map->width) * sizeof(float);
}

static void compare_features(const spy_launch *launch)
{
    ++launches;
    in_backward = in_backward || strcmp(launch->name, "softmax_loss_forward") == 0;
    for (int i = 0, first = 0; first < channels_count;
         first += outside_plan->maps[i].channels) {
        i = channels[first].map;
        const fg_map *map = &outside_plan->maps[i];
        const bool used = spy_launch_uses(launch, outside_maps[i]);
        spy_read(launch->queue, outside_maps[i], 0, now, map_bytes(map));
        if (used)
            last_use[i] = launches;
        for (int c = 0; c < map->channels; ++c) {
            struct channel *channel = &channels[first + c];
            const size_t at = (size_t)c * (size_t)map->pitch;
            if (memcmp(now + at, last_seen[i] + at, pixel_bytes(map)) == 0)
                continue;
            if (used && !in_backward && ++channel->writes == 1)
                channel->written = launches;
            else if (channel->written > 0 && channel->changed == 0)
                channel->changed = launches;
        }
        memcpy(last_seen[i], now, map_bytes(map));
    }
}

/* Whether the operation pads: some of its channels are always zero, so that nobody sees them
 * written. */
static bool pads(const fg_op *op)
{
    bool narrow = false;

    for (int i = 0; i < FG_OP_INPUTS && op->in[i].map >= 0; ++i)
        for (int k = op->in[i].first; k < op->in[i].first + op->in[i].count; ++k)
            narrow = narrow || outside_plan->ranges[k].channels < op->out_channels;
    return op->kind == FG_OP_SUM && narrow;
}

/* How many operations pad what they write to a channel. */
static int paddings_of(int map, int channel)
{
    int paddings = 0;

    for (int o = 0; o < outside_plan->op_count; ++o) {
        const fg_op *op = &outside_plan->ops[o];
        paddings += op->out_map == map && channel >= op->out_first_channel &&
                    channel < op->out_first_channel + op->out_channels && pads(op);
    }
    return paddings;
}

static int features_of(int map, int channel)
{
    int features = 0;

    for (int o = 0; o < outside_plan->op_count; ++o) {
        const fg_op *op = fg_op_stored(outside_plan, &outside_plan->ops[o]);
        if (outside_plan->ops[o].folded)
            continue;
        features += op->out_map == map && channel >= op->out_first_channel &&
                    channel < op->out_first_channel + op->out_channels;
    }
    return features;
}

static void watch_features(void)
{
    channels_count = 0;
    ck_assert_int_eq(spy.copies, 0);
    now = calloc(MOST_FLOATS, sizeof *now);
    ck_assert_ptr_nonnull(now);
    for (int i = 0; i < outside_plan->map_count; ++i) {
        const fg_map *map = &outside_plan->maps[i];
        if (map->values < 0 || (map->kind != FG_MAP_FEATURES && map->kind != FG_MAP_RING &&
                                map->kind != FG_MAP_SUM))
            continue;
        ck_assert_int_le(channels_count + map->channels, MOST_CHANNELS);
        for (int c = 0; c < map->channels; ++c)
            channels[channels_count++] =
                (struct channel){.map = i, .channel = c, .features = features_of(i, c)};
        last_seen[i] = calloc(1, map_bytes(map));
        ck_assert_ptr_nonnull(last_seen[i]);
    }
}

static void unwatch_features(void)
{
    spy_hook = NULL;
    for (int i = 0; i < outside_plan->map_count; ++i) {
        free(last_seen[i]);
        last_seen[i] = NULL;
    }
    free(now);
    now = NULL;
}

/* The launches that wrote are the plan's operations, each its own channels and in their order.
 */
static void expect_writers(void)
{
    int writer = 0, seen = 0;

    for (int o = 0; o < outside_plan->op_count; ++o) {
        const fg_op *op = fg_op_stored(outside_plan, &outside_plan->ops[o]);
        int operation = 0;
        if (outside_plan->ops[o].folded)
            continue;
        for (int c = 0; c < channels_count; ++c) {
            if (channels[c].map != op->out_map || channels[c].features > 1 ||
                channels[c].channel < op->out_first_channel ||
                channels[c].channel >= op->out_first_channel + op->out_channels)
                continue;
            if (operation == 0)
                operation = channels[c].written;
            ck_assert(channels[c].written == operation || pads(op));
            ++seen;
        }
        ck_assert(operation == 0 || operation > writer);
        if (operation > 0)
            writer = operation;
    }
    for (int c = 0; c < channels_count; ++c)
        seen += channels[c].features != 1; /* 0: of a term that a convolution adds to */
    ck_assert_int_eq(seen, channels_count);
}

START_TEST(test_features_are_written_once_and_kept)
{
    outside_create(_i);
    watch_features();
    for (int round = 0; round < 2; ++round) {
        launches = 0;
        in_backward = false;
        for (int c = 0; c < channels_count; ++c)
            channels[c].writes = channels[c].written = channels[c].changed = 0;
        spy_hook = compare_features;
        outside_step();
        spy_hook = NULL;
        ck_assert(in_backward);
        for (int c = 0; c < channels_count; ++c) {
            const struct channel *channel = &channels[c];
            const char *name = outside_plan->maps[channel->map].name;
            ck_assert_msg(
                channel->writes == channel->features ||
                    (channel->writes == 0 &&
                     paddings_of(channel->map, channel->channel) == channel->features),
                "%s: %d launches wrote channel %d", name, channel->writes, channel->channel);
            ck_assert_msg(channel->features > 1 || channel->changed == 0 ||
                              channel->changed > last_use[channel->map],
                          "%s: launch %d changed channel %d, launch %d still reads it", name,
                          channel->changed, channel->channel, last_use[channel->map]);
        }
        expect_writers();
    }
    unwatch_features();
}
END_TEST

/* ---- copies that a kernel might make ---- */

#define LEAST_PLANE 16 /* pixels of an image: shorter runs may be equal by chance */

static float *all;                   /* what all allocations hold */
static size_t starts[MOST_CHANNELS]; /* of each allocation in it */
static float plane[2][OUTSIDE_IMAGES * 9 * 9];

static float *place_of(const fg_map *map, int channel)
{
    const fg_region *region = &outside_plan->regions[map->values];
    const spy_memory *parent =
        spy_memory_of(spy_memory_of(outside_maps[map - outside_plan->maps])->parent);

    return all + starts[parent - spy_memories] + region->offset / sizeof(float) +
           (size_t)channel * (size_t)map->pitch;
}

static size_t read_all(cl_command_queue queue)
{
    size_t floats = 0;

    for (int i = outside_first_memory; i < spy_memories_count; ++i) {
        if (spy_memories[i].handle == NULL || spy_memories[i].parent != NULL)
            continue;
        starts[i] = floats;
        ck_assert_uint_le(floats + spy_memories[i].bytes / sizeof(float), MOST_FLOATS);
        spy_read(queue, spy_memories[i].handle, 0, all + floats, spy_memories[i].bytes);
        floats += spy_memories[i].bytes / sizeof(float);
    }
    return floats;
}

/* (x - mean) / sigma over the batch, without and with ReLU: scale is 1 and shift 0 so far. */
static void normalise(const float *x, int count)
{
    double mean = 0, variance = 0;

    for (int p = 0; p < count; ++p)
        mean += (double)x[p] / count;
    for (int p = 0; p < count; ++p)
        variance += ((double)x[p] - mean) * ((double)x[p] - mean) / count;
    for (int p = 0; p < count; ++p) {
        plane[0][p] = (float)(((double)x[p] - mean) / sqrt(variance + 1e-5));
        plane[1][p] = plane[0][p] > 0.0f ? plane[0][p] : 0.0f;
    }
}

/* Some pixels of a normalised channel are positive: a run of zeros is no copy of it. */
static bool close_to(const float *a, const float *b, int count)
{
    for (int p = 0; p < count; ++p)
        if (!(fabsf(a[p] - b[p]) <= 1e-4f * (1.0f + fabsf(b[p]))))
            return false;
    return true;
}

/* After each forward launch: the first image of every channel that is there lies in one place,
 * and its normalised copy nowhere; in whatever order a copy would keep channels and images. */
static void look_for_copies(const spy_launch *launch)
{
    compare_features(launch);
    if (in_backward)
        return;
    const size_t floats = read_all(launch->queue);
    for (int i = 0; i < channels_count; ++i) {
        const fg_map *map = &outside_plan->maps[channels[i].map];
        const int count = map->height * map->width;
        if (channels[i].writes == 0 || count < LEAST_PLANE)
            continue;
        const float *x = place_of(map, channels[i].channel);
        int copies = 0;
        normalise(x, OUTSIDE_IMAGES * count);
        for (const float *at = all; at + count <= all + floats; ++at) {
            copies += *at == *x && memcmp(at, x, (size_t)count * sizeof *x) == 0;
            copies += close_to(at, plane[0], count) || close_to(at, plane[1], count);
        }
        if (copies != 1)
            ck_abort_msg("after %s channel %d of %s lies in %d places, expected its own",
                         launch->name, channels[i].channel, map->name, copies);
    }
}

/* Layers that begin at 0 give what they add to, which would look like a copy. */
static void wake_layers(void)
{
    for (int o = 0; o < outside_plan->op_count; ++o)
        if (outside_plan->ops[o].zero)
            outside_write(outside_plan->ops[o].weights);
}

START_TEST(test_no_concatenation_and_no_normalised_copy_is_stored)
{
    outside_create(_i);
    watch_features();
    wake_layers();
    all = calloc(MOST_FLOATS, sizeof *all);
    ck_assert_ptr_nonnull(all);
    launches = 0;
    in_backward = false;
    spy_hook = look_for_copies;
    outside_step();
    ck_assert(in_backward);
    unwatch_features();
    free(all);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("zero_copy");

    tcase_add_loop_test(tests, test_features_are_written_once_and_kept, 0, OUTSIDE_MODELS);
    tcase_add_loop_test(tests, test_no_concatenation_and_no_normalised_copy_is_stored, 0,
                        OUTSIDE_CONCATENATIONS);
    return outside_run("net/zero_copy", tests);
}
