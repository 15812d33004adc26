/* plan.c - makes a plan, and what the public header says of plans.
 *
 * The work is done in the order build.c, lifetimes.c, sizes.c, arena.c, limits.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "plan/build.h"
#include "plan/dot.h"
#include "plan/json.h"
#include "plan/lifetimes.h"
#include "plan/limits.h"
#include "plan/sizes.h"
#include "plan/table.h"

#define MAX_ALIGNMENT \
    ((size_t)1 << 20) /* no device asks for more than a page, which may be large */

static fg_status check(const fg_plan_config *config, const fg_model *model)
{
    const int images = fg_limits_images(model);
    const size_t alignment = config->alignment_bytes;
    fg_status status = FG_OK;

    FG_REQUIRE(config->images >= 1 && config->images <= images,
               "batch is %d, expected 1..%d for images of side %d", config->images, images,
               model->image);
    FG_REQUIRE((alignment & (alignment - 1)) == 0 && alignment <= MAX_ALIGNMENT,
               "alignment is %zu bytes, expected a power of two up to %zu", alignment,
               MAX_ALIGNMENT);

cleanup:
    return status;
}

fg_status fg_plan_create(fg_plan **out, const fg_plan_config *config)
{
    fg_status status = FG_OK;
    fg_plan *plan = NULL;

    *out = NULL;
    FG_REQUIRE(config != NULL && config->struct_size == sizeof *config,
               "the plan's config does not start from FG_PLAN_CONFIG_INIT");
    FG_REQUIRE(config->model != NULL, "a plan needs a model");
    FG_ALLOC(plan, 1);
    FG_TRY(fg_model_parse(&plan->model, config->model));
    FG_TRY(check(config, &plan->model));
    FG_TRY(fg_model_name(&plan->name, &plan->model));
    plan->images = config->images;
    plan->training = config->training != 0;
    plan->memory_bytes = config->memory_bytes;
    plan->allocation_bytes = config->allocation_bytes;
    plan->alignment_bytes = config->alignment_bytes;

    status = fg_build_network(plan);
    if (status != FG_OK) {
        status = fg_fail_prefix(status, "model \"%s\": ", plan->name);
        goto cleanup;
    }
    FG_TRY(fg_lifetimes_find(plan));
    FG_TRY(fg_sizes_place(plan));
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
    for (int i = 0; i < plan->conv_count; ++i)
        free(plan->convs[i].name);
    for (int i = 0; i < plan->pool_count; ++i)
        free(plan->pools[i].name);
    fg_arena_free(&plan->arena);
    free(plan->name);
    free(plan->tensors);
    free(plan->maps);
    free(plan->norms);
    free(plan->running);
    free(plan->sources);
    free(plan->convs);
    free(plan->pools);
    free(plan->steps);
    free(plan->regions);
    free(plan);
}

fg_plan_info fg_plan_information(const fg_plan *plan)
{
    return (fg_plan_info){.model = plan->name,
                          .images = plan->images,
                          .training = plan->training,
                          .image_channels = plan->model.channels,
                          .image_side = plan->model.image,
                          .classes = plan->model.classes,
                          .parameters = plan->parameters,
                          .multiply_adds = plan->multiply_adds,
                          .device_bytes_peak = plan->device_bytes_peak,
                          .largest_allocation = plan->largest_allocation,
                          .largest_batch = plan->largest_batch};
}

static double megabytes(size_t bytes)
{
    return (double)bytes / 1e6;
}

fg_status fg_plan_fits(const fg_plan *plan)
{
    const bool too_much =
        plan->memory_bytes > 0 && plan->device_bytes_peak > plan->memory_bytes;
    const size_t needed = too_much ? plan->device_bytes_peak : plan->largest_allocation;
    const size_t there = too_much ? plan->memory_bytes : plan->allocation_bytes;
    char batch[64] = "not even one image fits";

    if (fg_limits_hold(plan))
        return FG_OK;
    if (plan->largest_batch > 0)
        snprintf(batch, sizeof batch, "the largest batch that fits is %d", plan->largest_batch);
    return fg_fail(FG_ERR_FIT, "%s at batch %d needs %s%zu bytes (%.1f MB)%s %zu (%.1f MB); %s",
                   plan->name, plan->images, too_much ? "" : "an allocation of ", needed,
                   megabytes(needed),
                   too_much ? " of device memory, the device has" : ", the device allows",
                   there, megabytes(there), batch);
}

fg_status fg_plan_text(char **out, const fg_plan *plan, fg_plan_format format)
{
    fg_status status = FG_OK;
    fg_text text = {0};

    *out = NULL;
    switch (format) {
    case FG_PLAN_TABLE:
        FG_TRY(fg_table_append(&text, plan));
        break;
    case FG_PLAN_JSON:
        FG_TRY(fg_json_append(&text, plan));
        break;
    case FG_PLAN_DOT:
        fg_dot_append(&text, plan);
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
