/* arena.c - where each region of device memory lies.
 *
 * What lives at different times shares bytes. Training walks forward, where maps pile up, and
 * then back, where they go in reverse order; what is born on the way back takes the place of
 * what has died already. DenseNet-BC, not to scale; time runs to the right, addresses run up:
 *
 *     |               stage3 .......|stage3 gradients|
 *     |          inner of stage 3 ../ inner gradients \
 *     |          stage2 ............|stage2 gradients ______
 *     |     inner of stage 2 ......./                 stage1 gradients ____
 *     |    stage1 ..........................................................
 *     |  inner of stage 1 ..................................................
 *     +---------------- forward ----|loss|---------------- backward --------> steps
 *
 * Finding the smallest arena is a hard problem (it contains bin packing). Here each region goes
 * to the lowest place that is free over its whole life, longest lives first or largest regions
 * first; the better of such orders is taken. For the networks at hand it ends within about 3
 * percent of the bytes that live together, below which no placement gets.
 *
 * Sizes and lifetimes come from sizes.c and lifetimes.c. What one segment is, a single
 * allocation, is src/net's business.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define NONE (-1)

/* One region; or all regions of one step that live for that step alone, behind one another.
 * Most regions are such scratch, so this is what makes plans of thousands of regions quick to
 * place. */
struct block {
    size_t bytes;
    int first_step;
    int last_step;
    int first; /* its regions: members[first .. first + count - 1] */
    int count;
    int segment;
    size_t offset;
    int above; /* the block that begins next in its segment, or NONE */
};

struct placing {
    fg_region *regions;
    int *members; /* indexes of regions, those of a block together */
    struct block *blocks;
    int block_count;
    int *order;   /* of the blocks: who chooses first */
    int *lowest;  /* [block_count]: the lowest block of each segment */
    size_t limit; /* bytes of a segment */
};

/* Regions that live for one step come last, step by step. */
static int compare_members(const void *a, const void *b, void *user)
{
    const int i = *(const int *)a, j = *(const int *)b;
    const fg_region *x = (const fg_region *)user + i, *y = (const fg_region *)user + j;
    const bool brief_x = x->first_step == x->last_step;
    const bool brief_y = y->first_step == y->last_step;

    if (brief_x != brief_y)
        return brief_x ? 1 : -1;
    if (x->first_step != y->first_step)
        return x->first_step < y->first_step ? -1 : 1;
    return i < j ? -1 : 1;
}

static void make_blocks(struct placing *p, int count)
{
    for (int i = 0; i < count; ++i)
        p->members[i] = i;
    qsort_r(p->members, (size_t)count, sizeof *p->members, compare_members, p->regions);
    for (int i = 0; i < count; ++i) {
        const fg_region *region = &p->regions[p->members[i]];
        struct block *block = p->block_count > 0 ? &p->blocks[p->block_count - 1] : NULL;
        if (block != NULL && block->last_step == region->first_step &&
            block->first_step == region->last_step &&
            block->bytes + region->bytes <= p->limit) {
            block->bytes += region->bytes;
            ++block->count;
        } else {
            p->blocks[p->block_count++] = (struct block){.bytes = region->bytes,
                                                         .first_step = region->first_step,
                                                         .last_step = region->last_step,
                                                         .first = i,
                                                         .count = 1};
        }
    }
}

/* Longest life first. */
static int compare_lives(const void *a, const void *b, void *user)
{
    const int i = *(const int *)a, j = *(const int *)b;
    const struct block *x = (const struct block *)user + i, *y = (const struct block *)user + j;
    const int life_x = x->last_step - x->first_step, life_y = y->last_step - y->first_step;

    if (life_x != life_y)
        return life_x > life_y ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return i < j ? -1 : 1;
}

/* Largest first. */
static int compare_bytes(const void *a, const void *b, void *user)
{
    const struct block *x = (const struct block *)user + *(const int *)a;
    const struct block *y = (const struct block *)user + *(const int *)b;

    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return compare_lives(a, b, user);
}

/* Who dies last first: backward from the end, as maps pile up then. */
static int compare_ends(const void *a, const void *b, void *user)
{
    const struct block *x = (const struct block *)user + *(const int *)a;
    const struct block *y = (const struct block *)user + *(const int *)b;

    if (x->last_step != y->last_step)
        return x->last_step > y->last_step ? -1 : 1;
    return compare_lives(a, b, user);
}

/* Most bytes times steps first. */
static int compare_areas(const void *a, const void *b, void *user)
{
    const struct block *x = (const struct block *)user + *(const int *)a;
    const struct block *y = (const struct block *)user + *(const int *)b;
    const double area_x = (double)x->bytes * (x->last_step - x->first_step + 1);
    const double area_y = (double)y->bytes * (y->last_step - y->first_step + 1);

    if (area_x != area_y)
        return area_x > area_y ? -1 : 1;
    return compare_lives(a, b, user);
}

/* Puts a block to the lowest place of one segment that is free over its life; false if there is
 * none below the limit. An empty segment takes any block. */
static bool put(struct placing *p, int index, int segment)
{
    struct block *block = &p->blocks[index];
    int *link = &p->lowest[segment];
    size_t offset = 0;

    for (int *next = link; *next != NONE; next = &p->blocks[*next].above) {
        const struct block *other = &p->blocks[*next];
        if (other->last_step < block->first_step || other->first_step > block->last_step)
            continue;
        if (other->offset >= offset + block->bytes)
            break;
        if (other->offset + other->bytes > offset)
            offset = other->offset + other->bytes;
    }
    if (*link != NONE && offset + block->bytes > p->limit)
        return false;
    while (*link != NONE && p->blocks[*link].offset <= offset)
        link = &p->blocks[*link].above;
    block->segment = segment;
    block->offset = offset;
    block->above = *link;
    *link = index;
    return true;
}

/* Places all blocks in p->order. segment_bytes has room for block_count entries. */
static fg_arena place_in_order(struct placing *p, size_t *segment_bytes)
{
    fg_arena arena = {.segment_bytes = segment_bytes};

    for (int i = 0; i < p->block_count; ++i) {
        const int index = p->order[i];
        struct block *block = &p->blocks[index];
        int segment = 0;
        while (segment < arena.segments && !put(p, index, segment))
            ++segment;
        if (segment == arena.segments) {
            p->lowest[segment] = NONE;
            segment_bytes[segment] = 0;
            ++arena.segments;
            put(p, index, segment);
        }
        if (block->offset + block->bytes > segment_bytes[segment])
            segment_bytes[segment] = block->offset + block->bytes;
    }
    for (int i = 0; i < arena.segments; ++i)
        arena.bytes += segment_bytes[i];
    return arena;
}

static void copy_places(struct placing *p)
{
    for (int i = 0; i < p->block_count; ++i) {
        const struct block *block = &p->blocks[i];
        size_t offset = block->offset;
        for (int j = block->first; j < block->first + block->count; ++j) {
            fg_region *region = &p->regions[p->members[j]];
            region->segment = block->segment;
            region->offset = offset;
            offset += region->bytes;
        }
    }
}

fg_status fg_arena_live(size_t *bytes, int *step, const fg_region *regions, int count)
{
    fg_status status = FG_OK;
    size_t *born = NULL, *gone = NULL, live = 0;
    int steps = 0;

    *bytes = 0;
    *step = 0;
    for (int i = 0; i < count; ++i)
        if (regions[i].last_step >= steps)
            steps = regions[i].last_step + 1;
    FG_ALLOC(born, steps);
    FG_ALLOC(gone, steps);
    for (int i = 0; i < count; ++i) {
        born[regions[i].first_step] += regions[i].bytes;
        gone[regions[i].last_step] += regions[i].bytes;
    }
    for (int i = 0; i < steps; ++i) {
        live += born[i];
        if (live > *bytes) {
            *bytes = live;
            *step = i;
        }
        live -= gone[i];
    }

cleanup:
    free(born);
    free(gone);
    return status;
}

fg_status fg_arena_place(fg_arena *out, fg_region *regions, int count, size_t allocation_bytes)
{
    static int (*const orders[])(const void *, const void *, void *) = {
        compare_areas, compare_lives, compare_ends, compare_bytes};
    fg_status status = FG_OK;
    struct placing p = {.regions = regions,
                        .limit = allocation_bytes > 0 ? allocation_bytes : SIZE_MAX};
    size_t *segment_bytes = NULL;
    size_t live;
    int step;

    *out = (fg_arena){0};
    FG_ALLOC(p.members, count);
    FG_ALLOC(p.blocks, count);
    FG_ALLOC(p.order, count);
    FG_ALLOC(p.lowest, count);
    FG_ALLOC(segment_bytes, count);
    FG_ALLOC(out->segment_bytes, count);
    FG_TRY(fg_arena_live(&live, &step, regions, count));
    make_blocks(&p, count);
    for (int i = 0; i < p.block_count; ++i)
        p.order[i] = i;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0] && out->bytes != live; ++i) {
        qsort_r(p.order, (size_t)p.block_count, sizeof *p.order, orders[i], p.blocks);
        const fg_arena arena = place_in_order(&p, segment_bytes);
        if (i == 0 || arena.bytes < out->bytes) {
            segment_bytes = out->segment_bytes;
            *out = arena;
            copy_places(&p);
        }
    }

cleanup:
    if (status != FG_OK)
        fg_arena_free(out);
    free(p.members);
    free(p.blocks);
    free(p.order);
    free(p.lowest);
    free(segment_bytes);
    return status;
}

void fg_arena_free(fg_arena *arena)
{
    free(arena->segment_bytes);
    *arena = (fg_arena){0};
}
