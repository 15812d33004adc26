/* arena.c - where each region of device memory lies.
 *
 * What lives at different times shares bytes. Training walks forward, where maps pile up, and
 * then back, where they go in reverse order. Gradients are born on the way back, where room has
 * become free by then. Stages 1 to 3 of a bottleneck network, not to scale:
 *
 *     bytes                    loss
 *     |                         +-------------+
 *     |                    +----+ gradients 3 +---------------+
 *     |                    |  inner 3    ...  |               |
 *     |                +---+------------------+  gradients 2  |
 *     |                |  features 3          |               +-----------------+
 *     |            +---+----------------------+------------+--+                 |
 *     |            |  inner 2                          ... |                    |
 *     |        +---+---------------------------------------+--+   gradients 1   |
 *     |        |  features 2                                  |                 |
 *     |    +---+----------------------------------------------+-----------------+
 *     |    |  inner 1                                                      ...  |
 *     |  +-+--------------------------------------------------------------------+
 *     |  |  features 1                                                          |
 *     +--+----------------------------------------------------------------------+---> steps
 *
 * The smallest arena is hard to find (bin packing is a part of it). Here every region in turn
 * goes to the lowest place that is free over its whole life. Who comes first decides how well
 * this goes: some orders are tried, and then the best one again and again with whoever stuck
 * out moved to its front. For the networks at hand this ends within about 1 percent of the
 * bytes that live together, and no placement gets below those.
 *
 * Sizes and lifetimes come from sizes.c and lifetimes.c; src/net makes the allocations.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NONE (-1)

#define GOOD_ENOUGH 200 /* stop when no more than 1 / GOOD_ENOUGH of the arena is lost */
#define MOST_ROUNDS 32  /* ... or after so many rounds of moving to the front */
#define MOST_BLOCKS \
    200000 /* ... or having placed so many blocks, to be quick with huge plans */

/* One region; or all regions of one step that live for that step alone, behind one another.
 * Most regions are such scratch, so this is what makes plans of thousands of regions quick to
 * place. */
struct block {
    size_t bytes;
    int first_step;
    int last_step;
    int first; /* its regions: members[first .. first + count - 1] */
    int count;
    double key; /* the block with the larger one chooses first */
    int segment;
    size_t offset;
    int above; /* the block that begins next in its segment, or NONE */
};

struct placing {
    fg_region *regions;
    int *members; /* indexes of regions, those of a block together */
    struct block *blocks;
    int block_count;
    int *order;      /* of the blocks: who chooses first */
    int *best_order; /* that gave best */
    int *lowest;     /* [block_count]: the lowest block of each segment */
    size_t limit;    /* bytes of a segment */
    fg_arena last;   /* what order gave */
    fg_arena best;
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
            p->order[p->block_count] = p->block_count;
            p->blocks[p->block_count++] = (struct block){.bytes = region->bytes,
                                                         .first_step = region->first_step,
                                                         .last_step = region->last_step,
                                                         .first = i,
                                                         .count = 1};
        }
    }
}

/* Puts a block to the lowest place of one segment that is free over its life; false if there is
 * none below the limit. An empty segment takes any block. */
static bool put(struct placing *p, int index, int segment)
{
    struct block *block = &p->blocks[index];
    int *link = &p->lowest[segment];
    size_t offset = 0;

    for (int next = *link; next != NONE; next = p->blocks[next].above) {
        const struct block *other = &p->blocks[next];
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

static void copy_places(const struct placing *p)
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

/* Places all blocks in p->order; the regions get the places if that is the best order so far.
 */
static void try_order(struct placing *p)
{
    fg_arena *arena = &p->last;

    arena->segments = 0;
    for (int i = 0; i < p->block_count; ++i) {
        const struct block *block = &p->blocks[p->order[i]];
        int segment = 0;
        while (segment < arena->segments && !put(p, p->order[i], segment))
            ++segment;
        if (segment == arena->segments) {
            p->lowest[segment] = NONE;
            arena->segment_bytes[segment] = 0;
            ++arena->segments;
            put(p, p->order[i], segment);
        }
        if (block->offset + block->bytes > arena->segment_bytes[segment])
            arena->segment_bytes[segment] = block->offset + block->bytes;
    }
    arena->bytes = 0;
    for (int i = 0; i < arena->segments; ++i)
        arena->bytes += arena->segment_bytes[i];
    if (p->best.segments == 0 || arena->bytes < p->best.bytes) {
        const fg_arena worse = p->best;
        p->best = p->last;
        p->last = worse;
        memcpy(p->best_order, p->order, (size_t)p->block_count * sizeof *p->order);
        copy_places(p);
    }
}

/* Larger keys first; of equals the longer, then the larger, then the older block. */
static int compare_keys(const void *a, const void *b, void *user)
{
    const int i = *(const int *)a, j = *(const int *)b;
    const struct block *x = (const struct block *)user + i, *y = (const struct block *)user + j;
    const int life_x = x->last_step - x->first_step, life_y = y->last_step - y->first_step;

    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    if (life_x != life_y)
        return life_x > life_y ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return i < j ? -1 : 1;
}

enum order { BY_AREA, BY_LIFE, BY_END, BY_BYTES, ORDERS };

static void sort(struct placing *p, enum order order)
{
    for (int i = 0; i < p->block_count; ++i) {
        struct block *block = &p->blocks[i];
        const double life = block->last_step - block->first_step + 1;
        const double keys[ORDERS] = {[BY_AREA] = life * (double)block->bytes,
                                     [BY_LIFE] = life,
                                     [BY_END] = block->last_step,
                                     [BY_BYTES] = (double)block->bytes};
        block->key = keys[order];
    }
    qsort_r(p->order, (size_t)p->block_count, sizeof *p->order, compare_keys, p->blocks);
}

/* The block that ends last, in the last segment, is the first to choose next time. */
static void move_to_front(struct placing *p)
{
    int out = 0;

    for (int i = 1; i < p->block_count; ++i) {
        const struct block *x = &p->blocks[p->order[i]], *y = &p->blocks[p->order[out]];
        if (x->segment > y->segment ||
            (x->segment == y->segment && x->offset + x->bytes > y->offset + y->bytes))
            out = i;
    }
    const int block = p->order[out];
    memmove(p->order + 1, p->order, (size_t)out * sizeof *p->order);
    p->order[0] = block;
}

static void search(struct placing *p, size_t live)
{
    const size_t enough = live + live / GOOD_ENOUGH;
    int rounds = p->block_count > 0 ? MOST_BLOCKS / p->block_count : 0;

    if (rounds > MOST_ROUNDS)
        rounds = MOST_ROUNDS;
    for (enum order order = 0; order < ORDERS; ++order)
        if (order == 0 || p->best.bytes > enough) {
            sort(p, order);
            try_order(p);
        }
    memcpy(p->order, p->best_order, (size_t)p->block_count * sizeof *p->order);
    for (int i = 0; i < rounds && p->best.bytes > enough; ++i) {
        try_order(p); /* at first for the sake of its places */
        move_to_front(p);
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
    fg_status status = FG_OK;
    struct placing p = {.regions = regions,
                        .limit = allocation_bytes > 0 ? allocation_bytes : SIZE_MAX};
    size_t live;
    int step;

    *out = (fg_arena){0};
    FG_ALLOC(p.members, count);
    FG_ALLOC(p.blocks, count);
    FG_ALLOC(p.order, count);
    FG_ALLOC(p.best_order, count);
    FG_ALLOC(p.lowest, count);
    FG_ALLOC(p.last.segment_bytes, count);
    FG_ALLOC(p.best.segment_bytes, count);
    FG_TRY(fg_arena_live(&live, &step, regions, count));
    make_blocks(&p, count);
    search(&p, live);
    *out = p.best;
    p.best = (fg_arena){0};

cleanup:
    fg_arena_free(&p.last);
    fg_arena_free(&p.best);
    free(p.members);
    free(p.blocks);
    free(p.order);
    free(p.best_order);
    free(p.lowest);
    return status;
}

void fg_arena_free(fg_arena *arena)
{
    free(arena->segment_bytes);
    *arena = (fg_arena){0};
}
