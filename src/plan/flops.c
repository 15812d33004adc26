/* flops.c - work that is no multiply-add, and what papers make one figure of.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/flops.h"

#include <stdlib.h>

static const struct convention {
    const char *name;
    int multiply_add, norm, relu; /* operations that each counts as */
    double divisor;
    const char *unit;
} conventions[] = {
    [FG_FLOPS_MAC] = {"mac", 1, 0, 0, 1e9, "1e9"},
    [FG_FLOPS_SPARSENET] = {"sparsenet", 2, 1, 1, 1e9, "1e9"},
    [FG_FLOPS_SEQCONV] = {"seqconv", 1, 4, 1, 0x1p30, "2^30"},
};

#define CONVENTIONS (sizeof conventions / sizeof *conventions)

const char *fg_flops_name(fg_flops convention)
{
    return (size_t)convention < CONVENTIONS ? conventions[convention].name : NULL;
}

const char *fg_flops_unit(fg_flops convention)
{
    return (size_t)convention < CONVENTIONS ? conventions[convention].unit : NULL;
}

double fg_flops_of(const fg_plan *plan, fg_flops convention)
{
    if ((size_t)convention >= CONVENTIONS)
        return 0.0;
    const struct convention *c = &conventions[convention];
    return ((double)plan->multiply_adds * c->multiply_add +
            (double)plan->norm_elements * c->norm + (double)plan->relu_elements * c->relu) /
           c->divisor;
}

/* What has been counted. */
struct counted {
    bool *norm;
    bool *norm_relu; /* the ReLU behind it */
    bool *map_relu;  /* the ReLU of a map that is read through no norm: a sum */
};

static int64_t once(bool *counted, int channels, const fg_map *map)
{
    const bool before = *counted;

    *counted = true;
    return before ? 0 : (int64_t)channels * map->height * map->width;
}

static void count_reads(fg_plan *plan, struct counted *counted, const fg_reads *reads)
{
    const fg_map *map = &plan->maps[reads->map];

    for (int i = reads->first; i < reads->first + reads->count; ++i) {
        const int norm = plan->ranges[i].norm;
        if (norm < 0) {
            if (reads->relu)
                plan->relu_elements += once(&counted->map_relu[reads->map], map->channels, map);
            continue;
        }
        const int channels = plan->norms[norm].channels;
        plan->norm_elements += once(&counted->norm[norm], channels, map);
        if (reads->relu)
            plan->relu_elements += once(&counted->norm_relu[norm], channels, map);
    }
}

fg_status fg_flops_count(fg_plan *plan)
{
    fg_status status = FG_OK;
    struct counted counted = {0};

    plan->norm_elements = plan->relu_elements = 0;
    FG_ALLOC(counted.norm, plan->norm_count);
    FG_ALLOC(counted.norm_relu, plan->norm_count);
    FG_ALLOC(counted.map_relu, plan->map_count);
    for (int i = 0; i < plan->op_count; ++i)
        for (int j = 0; j < FG_OP_INPUTS; ++j)
            if (plan->ops[i].in[j].map >= 0)
                count_reads(plan, &counted, &plan->ops[i].in[j]);

cleanup:
    free(counted.norm);
    free(counted.norm_relu);
    free(counted.map_relu);
    return status;
}
