/* batch.c - prepares one batch for the device: order, augmentation, normalisation, layout.
 *
 * Every random number is a function of the seed, the epoch and a position or an image, so
 * batches may be prepared in any order, on any thread, or again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/batch.h"

#include <assert.h>
#include <math.h>

#include "cl/random.h"
#include "data/dataset.h"

fg_batch_config fg_batch_for_training(const fg_dataset *dataset, const fg_recipe *recipe)
{
    return (fg_batch_config){.dataset = dataset,
                             .normalisation = recipe->normalisation,
                             .batch = recipe->batch,
                             .training = true,
                             .drop_last = recipe->drop_last != 0,
                             .mirror = recipe->mirror != 0,
                             .shift = recipe->shift,
                             .padding = recipe->padding,
                             .seed = recipe->seed};
}

fg_batch_config fg_batch_for_evaluation(const fg_dataset *dataset,
                                        const fg_normalisation *normalisation, int batch)
{
    return (fg_batch_config){
        .dataset = dataset, .normalisation = *normalisation, .batch = batch};
}

static fg_status check_normalisation(const fg_normalisation *normalisation, int channels)
{
    fg_status status = FG_OK;

    FG_REQUIRE(normalisation->channels == channels,
               "the normalisation has %d channels, the images have %d", normalisation->channels,
               channels);
    for (int c = 0; c < channels; ++c) {
        const double mean = (double)normalisation->mean[c];
        const double deviation = (double)normalisation->deviation[c];
        FG_REQUIRE(isfinite(mean), "the mean of channel %d is %g, expected a finite number", c,
                   mean);
        FG_REQUIRE(isfinite(deviation) && deviation > 0,
                   "the deviation of channel %d is %g, expected a finite number above 0", c,
                   deviation);
    }

cleanup:
    return status;
}

static fg_status check_training(const fg_batch_config *config, const fg_dataset_info *info)
{
    fg_status status = FG_OK;

    FG_REQUIRE(info->has_labels, "%s has no labels, which training needs",
               config->dataset->name);
    FG_REQUIRE(config->shift >= 0 && config->shift < info->side,
               "shift is %d, expected 0..%d for images of side %d", config->shift,
               info->side - 1, info->side);
    FG_REQUIRE(config->padding == FG_PADDING_MEAN || config->padding == FG_PADDING_BLACK ||
                   config->padding == FG_PADDING_REFLECT,
               "padding is %d, expected %d (mean), %d (black) or %d (reflect)",
               (int)config->padding, FG_PADDING_MEAN, FG_PADDING_BLACK, FG_PADDING_REFLECT);
    FG_REQUIRE(!config->drop_last || info->images >= config->batch,
               "without the last, smaller batch nothing is left: %d images, batch %d",
               info->images, config->batch);

cleanup:
    return status;
}

fg_status fg_batch_check(const fg_batch_config *config)
{
    fg_status status = FG_OK;
    fg_dataset_info info;

    FG_REQUIRE(config->dataset != NULL, "the data set is NULL");
    info = config->dataset->info;
    FG_REQUIRE(config->batch > 0, "batch is %d, expected at least 1", config->batch);
    FG_TRY(check_normalisation(&config->normalisation, info.channels));
    if (config->training)
        FG_TRY(check_training(config, &info));

cleanup:
    return status;
}

int fg_batch_steps(const fg_batch_config *config)
{
    const int images = config->dataset->info.images;
    const int full = images / config->batch;

    return config->drop_last || images % config->batch == 0 ? full : full + 1;
}

int fg_batch_images(const fg_batch_config *config, int step)
{
    const int left = config->dataset->info.images - step * config->batch;

    assert(step >= 0 && left > 0);
    return left < config->batch ? left : config->batch;
}

size_t fg_batch_floats(const fg_batch_config *config)
{
    const fg_dataset_info *info = &config->dataset->info;

    return (size_t)fg_batch_images(config, 0) * (size_t)info->channels * (size_t)info->side *
           (size_t)info->side;
}

/* Fisher-Yates. Of 64 random bits the remainder is as good as uniform: no image is favoured by
 * more than images / 2^64. */
void fg_batch_order(int32_t *order, const fg_batch_config *config, int epoch)
{
    const int images = config->dataset->info.images;

    for (int i = 0; i < images; ++i)
        order[i] = i;
    if (!config->training)
        return;
    for (int i = images - 1; i > 0; --i) {
        const struct fg_random random =
            fg_random_block((fg_u32)config->seed, (fg_u32)(config->seed >> 32),
                            FG_RANDOM_SHUFFLE, (fg_u32)epoch, (fg_u32)i);
        const uint64_t bits = (uint64_t)random.x << 32 | random.y;
        const int j = (int)(bits % ((uint64_t)i + 1));
        const int32_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}

/* What happens to one image: out(y, x) = in(y + down, (mirror ? side - 1 - x : x) + right). */
struct move {
    int down;
    int right;
    bool mirror;
};

/* Uniform in -shift..shift: the high word of a product, without a division. */
static int shift_of(fg_u32 bits, int shift)
{
    return (int)((uint64_t)bits * (2 * (uint64_t)shift + 1) >> 32) - shift;
}

static struct move move_of(const fg_batch_config *config, int epoch, int image)
{
    struct move move = {0, 0, false};

    if (config->training) {
        const struct fg_random random =
            fg_random_block((fg_u32)config->seed, (fg_u32)(config->seed >> 32),
                            FG_RANDOM_AUGMENT, (fg_u32)epoch, (fg_u32)image);
        move.down = shift_of(random.x, config->shift);
        move.right = shift_of(random.y, config->shift);
        move.mirror = config->mirror && random.z >> 31 != 0;
    }
    return move;
}

/* The row or column that is shown at coordinate i of the padded image; -1: none. Reflection
 * does not repeat the border itself. */
static int padded(int i, int side, fg_padding padding)
{
    if (i >= 0 && i < side)
        return i;
    if (padding != FG_PADDING_REFLECT)
        return -1;
    return i < 0 ? -i : 2 * (side - 1) - i;
}

static void fill_plane(float *out, const uint8_t *in, const fg_batch_config *config,
                       int channel, struct move move)
{
    const float mean = config->normalisation.mean[channel];
    const float deviation = config->normalisation.deviation[channel];
    const float outside =
        config->padding == FG_PADDING_BLACK ? (0.0f - mean) / deviation : 0.0f;
    const int side = config->dataset->info.side;

    for (int y = 0; y < side; ++y) {
        const int row = padded(y + move.down, side, config->padding);
        for (int x = 0; x < side; ++x) {
            const int column =
                padded((move.mirror ? side - 1 - x : x) + move.right, side, config->padding);
            if (row < 0 || column < 0)
                *out++ = outside;
            else
                *out++ =
                    ((float)in[(size_t)row * (size_t)side + (size_t)column] - mean) / deviation;
        }
    }
}

void fg_batch_fill(float *pixels, int32_t *labels, const fg_batch_config *config,
                   const int32_t *order, int epoch, int step)
{
    const fg_dataset *dataset = config->dataset;
    const int images = fg_batch_images(config, step);
    const size_t plane = (size_t)dataset->info.side * (size_t)dataset->info.side;

    for (int n = 0; n < images; ++n) {
        const int image = order[step * config->batch + n];
        const uint8_t *in = fg_dataset_pixels(dataset, image);
        const struct move move = move_of(config, epoch, image);

        for (int c = 0; c < dataset->info.channels; ++c)
            fill_plane(pixels + ((size_t)c * (size_t)images + (size_t)n) * plane,
                       in + (size_t)c * plane, config, c, move);
        if (dataset->labels != NULL)
            labels[n] = dataset->labels[image];
    }
}
