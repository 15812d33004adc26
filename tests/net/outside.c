/* outside.c - a network as the OpenCL calls show it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "outside.h"

#include <math.h>
#include <stdlib.h>

static const char *const models[OUTSIDE_MODELS] = {
    "sparsenet-10-4:image=8",
    "densenet-10-4:image=9,channels=1",
    "sparsenet-bc-22-4:image=8,base=3",
    "densenet-bc-16-4:image=8,compression=0.7",
    "seqresnet-r1-k16-n1:image=4,channels=1",
    "resnet-8:image=9",
    "preresnet-basic-14:image=5",
    "preplain-11:image=5",
    "sparsenet-sum-29:image=4",
    "delugenet-20:image=8,m=0.25",
};

const fg_plan *outside_plan;
spy_counts outside_before;
int outside_first_memory;
cl_mem outside_maps[OUTSIDE_MOST_MAPS];

static const fg_sgd sgd = {0.1f, 0.9f, 1e-4f, 1};
static fg_device *device;
static fg_net *net;
static float pixels[OUTSIDE_IMAGES * 3 * 9 * 9];
static const int32_t labels[OUTSIDE_IMAGES] = {3, 7};

/* Sub-buffer number i of a net is the plan's region i. */
const spy_memory *outside_memory_of(int region)
{
    const fg_region *wanted = &outside_plan->regions[region];
    int views = 0, i = outside_first_memory;

    while (i < spy_memories_count && (spy_memories[i].parent == NULL || views++ < region))
        ++i;
    ck_assert_msg(i < spy_memories_count, "region %d is no sub-buffer", region);
    const spy_memory *parent = spy_memory_of(spy_memories[i].parent);
    ck_assert_ptr_nonnull(parent);
    ck_assert_ptr_null(parent->parent);
    ck_assert_uint_eq(parent->bytes, outside_plan->arena.segment_bytes[wanted->segment]);
    ck_assert_uint_eq(spy_memories[i].origin, wanted->offset);
    ck_assert_uint_eq(spy_memories[i].bytes, wanted->bytes);
    return &spy_memories[i];
}

bool outside_overlap(const spy_memory *a, const spy_memory *b)
{
    const cl_mem whole_a = a->parent != NULL ? a->parent : a->handle;
    const cl_mem whole_b = b->parent != NULL ? b->parent : b->handle;

    return whole_a == whole_b && a->origin < b->origin + b->bytes &&
           b->origin < a->origin + a->bytes;
}

void outside_create(int model)
{
    fg_net_config config = FG_NET_CONFIG_INIT;

    config.model = models[model];
    config.images = OUTSIDE_IMAGES;
    outside_before = spy;
    spy.largest = 0;
    outside_first_memory = spy_memories_count;
    OUTSIDE_EXPECT_OK(fg_net_create(&net, device, &config));
    outside_plan = fg_net_plan(net);
    ck_assert_int_le(outside_plan->map_count, OUTSIDE_MOST_MAPS);
    for (int i = 0; i < outside_plan->map_count; ++i)
        outside_maps[i] = outside_plan->maps[i].values < 0
                              ? NULL
                              : outside_memory_of(outside_plan->maps[i].values)->handle;
    for (size_t i = 0; i < sizeof pixels / sizeof pixels[0]; ++i)
        pixels[i] = (float)sin((double)i * 0.37) + (float)(i % 5) * 0.1f;
}

void outside_write(int tensor)
{
    const int64_t count = fg_net_tensor(net, tensor).elements;
    float *values = calloc((size_t)count, sizeof *values);

    ck_assert_ptr_nonnull(values);
    for (int64_t i = 0; i < count; ++i)
        values[i] = (float)sin((double)i * 0.7 + 1) * 0.1f;
    OUTSIDE_EXPECT_OK(fg_net_write(net, tensor, values));
    free(values);
}

void outside_step(void)
{
    fg_step_result result;
    uint64_t number = 0;

    OUTSIDE_EXPECT_OK(fg_net_step(net, &number, pixels, labels, OUTSIDE_IMAGES, &sgd));
    OUTSIDE_EXPECT_OK(fg_net_step_result(net, number, &result));
}

static void open_device(void)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    OUTSIDE_EXPECT_OK(fg_device_create(&device, &config));
}

static void close_device(void)
{
    fg_device_free(device);
}

static void teardown(void)
{
    spy_hook = NULL;
    fg_net_free(net);
    net = NULL;
}

int outside_run(const char *name, TCase *tests)
{
    Suite *suite = suite_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    unsetenv(
        "FG_POISON"); /* which adds launches, and writes to memory that nothing reads any more */
    tcase_set_timeout(tests, 0);
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_checked_fixture(tests, NULL, teardown);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
