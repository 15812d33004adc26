/* plan.c - makes a plan, and what the public header says of plans.
 *
 * The work is done in the order network.c, build.c, algorithm.c, steps.c, backward.c, recompute.c,
 * lifetimes.c, sizes.c, arena.c, limits.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan/backward.h"
#include "plan/build.h"
#include "plan/dot.h"
#include "plan/flops.h"
#include "plan/fold.h"
#include "plan/json.h"
#include "plan/limits.h"
#include "plan/recompute.h"
#include "plan/steps.h"
#include "plan/table.h"
#include "plan/usage.h"

#define MAX_ALIGNMENT \
    ((size_t)1 << 20) /* no device asks for more than a page, which may be large */

static fg_status check(const fg_plan_config *config, const fg_network *network)
{
    const int images = fg_limits_images(network);
    const size_t alignment = config->alignment_bytes;
    fg_status status = FG_OK;

    FG_REQUIRE(config->images >= 1 && config->images <= images,
               "batch is %d, expected 1..%d for images of side %d", config->images, images,
               network->image);
    FG_REQUIRE((alignment & (alignment - 1)) == 0 && alignment <= MAX_ALIGNMENT,
               "alignment is %zu bytes, expected a power of two up to %zu", alignment,
               MAX_ALIGNMENT);

cleanup:
    return status;
}

fg_status fg_plan_create(fg_plan **out, const fg_plan_config *config)
{
    return fg_plan_create_chosen(out, config, NULL);
}

fg_status fg_plan_create_chosen(fg_plan **out, const fg_plan_config *config,
                                const fg_chooser *chooser)
{
    fg_status status = FG_OK;
    fg_plan *plan = NULL;

    *out = NULL;
    FG_REQUIRE(config != NULL && config->struct_size == sizeof *config,
               "the plan's config does not start from FG_PLAN_CONFIG_INIT");
    FG_REQUIRE(config->model != NULL, "a plan needs a model");
    FG_ALLOC(plan, 1);
    FG_TRY(fg_network_of(&plan->network, config->model));
    FG_TRY(fg_network_source(&plan->source, &plan->network));
    FG_TRY(check(config, &plan->network));
    plan->images = config->images;
    plan->training = config->training != 0;
    plan->keep_gradients = config->keep_gradients != 0;
    plan->memory_bytes = config->memory_bytes;
    plan->allocation_bytes = config->allocation_bytes;
    plan->alignment_bytes = config->alignment_bytes;
    plan->memory_target = config->memory_target;

    status = fg_build_network(plan);
    if (status != FG_OK) {
        status = fg_fail_prefix(status, "model \"%s\": ", plan->network.name);
        goto cleanup;
    }
    FG_TRY(fg_algorithm_choose(plan, chooser));
    fg_fold_sums(plan);
    FG_TRY(fg_flops_count(plan));
    FG_TRY(fg_steps_make(plan));
    FG_TRY(fg_backward_order(plan));
    FG_TRY(fg_backward_updates(plan));
    FG_TRY(fg_backward_sources(plan));
    FG_TRY(fg_recompute_place(plan));
    FG_TRY(fg_limits_largest_batch(&plan->largest_batch, plan));
    *out = plan;
    plan = NULL;

cleanup:
    fg_plan_free(plan);
    return status;
}

void fg_plan_free(fg_plan *plan)
{
    if (plan == NULL)
        return;
    for (int i = 0; i < plan->tensor_count; ++i)
        free(plan->tensors[i].name);
    for (int i = 0; i < plan->map_count; ++i)
        free(plan->maps[i].name);
    for (int i = 0; i < plan->building_count; ++i)
        free(plan->building[i].name);
    for (int i = 0; i < plan->op_count; ++i)
        free(plan->ops[i].name);
    fg_arena_free(&plan->arena);
    fg_network_clear(&plan->network);
    fg_text_free(plan->source);
    free(plan->tensors);
    free(plan->building);
    free(plan->maps);
    free(plan->norms);
    free(plan->running);
    free(plan->ranges);
    free(plan->sources);
    free(plan->ops);
    free(plan->steps);
    free(plan->updates);
    free(plan->regions);
    free(plan);
}

fg_plan_info fg_plan_information(const fg_plan *plan)
{
    return (fg_plan_info){.model = plan->network.name,
                          .source = plan->source,
                          .images = plan->images,
                          .training = plan->training,
                          .image_channels = plan->network.channels,
                          .image_side = plan->network.image,
                          .classes = plan->network.classes,
                          .dropout = plan->network.dropout.rate,
                          .initialiser = fg_initialiser_words[plan->network.initialiser],
                          .parameters = plan->parameters,
                          .multiply_adds = plan->multiply_adds,
                          .norm_elements = plan->norm_elements,
                          .relu_elements = plan->relu_elements,
                          .device_bytes_peak = plan->device_bytes_peak,
                          .largest_allocation = plan->largest_allocation,
                          .largest_batch = plan->largest_batch,
                          .recomputed_multiply_adds = plan->recomputed_multiply_adds};
}

static double megabytes(size_t bytes)
{
    return (double)bytes / 1e6;
}

fg_status fg_plan_fits(const fg_plan *plan)
{
    char batch[64] = "not even one image fits", unit[128];

    if (fg_limits_hold(plan))
        return FG_OK;
    if (plan->largest_batch > 0)
        snprintf(batch, sizeof batch, "the largest batch that fits is %d", plan->largest_batch);
    if (plan->memory_bytes > 0 && plan->device_bytes_peak > plan->memory_bytes)
        return fg_fail(FG_ERR_FIT,
                       "%s at batch %d needs %zu bytes (%.1f MB) of device memory, the device "
                       "has %zu (%.1f MB); %s",
                       plan->network.name, plan->images, plan->device_bytes_peak,
                       megabytes(plan->device_bytes_peak), plan->memory_bytes,
                       megabytes(plan->memory_bytes), batch);
    if (plan->memory_target > FG_MEMORY_LEAN && plan->device_bytes_peak > plan->memory_target)
        return fg_fail(
            FG_ERR_FIT,
            "%s at batch %d needs at least %zu bytes (%.1f MB) of device memory, its "
            "lean setting; asked for were %zu (%.1f MB); %s",
            plan->network.name, plan->images, plan->device_bytes_peak,
            megabytes(plan->device_bytes_peak), plan->memory_target,
            megabytes(plan->memory_target), batch);
    fg_usage_largest(unit, sizeof unit, plan);
    return fg_fail(FG_ERR_FIT,
                   "%s at batch %d needs an allocation of %zu bytes (%.1f MB) for %s, the "
                   "device allows %zu (%.1f MB); %s",
                   plan->network.name, plan->images, plan->largest_allocation,
                   megabytes(plan->largest_allocation), unit, plan->allocation_bytes,
                   megabytes(plan->allocation_bytes), batch);
}

fg_status fg_plan_text(char **out, const fg_plan *plan, fg_plan_format format, fg_flops flops)
{
    fg_status status = FG_OK;
    fg_text text = {0};

    *out = NULL;
    FG_REQUIRE(fg_flops_name(flops) != NULL,
               "a plan's operations are counted by %d, expected mac, sparsenet or seqconv",
               (int)flops);
    switch (format) {
    case FG_PLAN_TABLE:
        FG_TRY(fg_table_append(&text, plan, flops));
        break;
    case FG_PLAN_JSON:
        FG_TRY(fg_json_append(&text, plan, flops));
        break;
    case FG_PLAN_DOT:
        FG_TRY(fg_dot_append(&text, plan));
        break;
    default:
        FG_REQUIRE(false, "a plan's format is %d, expected table, JSON or DOT", (int)format);
    }
    FG_TRY(fg_text_take(out, &text));

cleanup:
    free(text.data);
    return status;
}

int fg_plan_smallest_training_batch(const fg_plan *plan)
{
    for (int i = 0; i < plan->map_count; ++i)
        if (plan->maps[i].first_slot >= 0 && plan->maps[i].height * plan->maps[i].width == 1)
            return 2;
    return 1;
}
