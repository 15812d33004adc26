/* test_ahead.c - the host works ahead of the device: a step allocates nothing and waits for nothing of
 * its own, and an epoch reads a step's loss when the next one is enqueued.
 *
 * Allocations are those of the library's own files, by the linker's --wrap, so that the driver's do
 * not count.
 *
 * SPDX-License-Identifier: MIT
 */
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "nets.h"
#include "spy.h"

#define IMAGES 8
#define STEPS 12
#define WARM_UP 4   /* steps until every upload and every result has been used once */
#define TRANSFERS 3 /* of a step: pixels and labels there, the result back */

/* ---- allocations ---- */

static atomic_int allocations;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    ++allocations;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t size)
{
    ++allocations;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    ++allocations;
    return __real_realloc(memory, bytes);
}

/* ---- what happened between two moments ---- */

static struct moment {
    spy_counts spy;
    int allocations;
} before;

static struct moment now(void)
{
    return (struct moment){spy, allocations};
}

static void mark(void)
{
    before = now();
    spy_least_behind = INT_MAX;
}

static void expect_none(const char *what, int count)
{
    ck_assert_msg(count == 0, "%s: %d in a step", what, count);
}

/* From the mark to `after`, which is taken before anything is asserted: Check allocates, too. */
static void expect_a_step_ahead(const struct moment *after)
{
    const spy_counts *from = &before.spy, *to = &after->spy;

    expect_none("allocations", after->allocations - before.allocations);
    expect_none("blocking transfers", to->blocking - from->blocking);
    expect_none("copies", to->copies - from->copies);
    expect_none("clFinish", to->calls[SPY_clFinish] - from->calls[SPY_clFinish]);
    expect_none("clCreateKernel",
                to->calls[SPY_clCreateKernel] - from->calls[SPY_clCreateKernel]);
    expect_none("clCreateBuffer",
                to->calls[SPY_clCreateBuffer] - from->calls[SPY_clCreateBuffer]);
    ck_assert_int_eq(to->transfers - from->transfers, TRANSFERS);
    /* What was waited for has at least a whole step behind it. */
    ck_assert_int_ge(spy_least_behind, TRANSFERS);
}

START_TEST(test_the_counts_see_what_they_are_to_see)
{
    static float values[4096];
    fg_net *net = nets_create_trained(fg_device_fixture(), NETS_MODEL, IMAGES);
    struct moment after;

    ck_assert_int_le(fg_net_tensor(net, 0).elements, 4096);
    mark();
    const fg_status status = fg_net_read(net, 0, values);
    char *text = fg_text_copy("text");
    after = now();
    FG_EXPECT_OK(status);
    ck_assert_int_eq(after.spy.blocking - before.spy.blocking, 1);
    ck_assert_int_eq(after.allocations - before.allocations, 1);
    fg_text_free(text);
    fg_net_free(net);
}
END_TEST

START_TEST(test_a_step_allocates_nothing_and_waits_for_no_step_just_before_it)
{
    fg_net *net = nets_create_trained(fg_device_fixture(), NETS_MODEL, IMAGES);
    const nets_batch batch = nets_batch_of(net, IMAGES, 0);

    for (int i = 0; i < WARM_UP + STEPS; ++i) {
        mark();
        const fg_status status =
            fg_net_step(net, NULL, batch.pixels, batch.labels, IMAGES, &nets_sgd);
        const struct moment after = now();
        FG_EXPECT_OK(status);
        if (i >= WARM_UP)
            expect_a_step_ahead(&after);
    }
    fg_net_free(net);
    fg_arrays_clear();
}
END_TEST

/* ---- an epoch ---- */

static int reports;

/* Called when a step's result has been read. Behind the last step there is no other. */
static void check_report(void *user, const fg_progress *progress)
{
    const struct moment after = now();

    (void)user;
    ++reports;
    if (progress->epoch_done)
        return;
    if (progress->step > WARM_UP && progress->step < progress->steps)
        expect_a_step_ahead(&after);
    if (progress->step == progress->steps)
        ck_assert_int_eq(after.spy.transfers, before.spy.transfers);
    mark();
}

START_TEST(test_an_epoch_reads_a_result_when_the_next_step_is_enqueued)
{
    static uint8_t pixels[STEPS * IMAGES * 9 * 9];
    static int32_t labels[STEPS * IMAGES];
    fg_train_config config = FG_TRAIN_CONFIG_INIT;
    fg_dataset *dataset = NULL;
    fg_trainer *trainer = NULL;

    for (size_t i = 0; i < sizeof pixels; ++i)
        pixels[i] = (uint8_t)(i * 31 % 251);
    for (int i = 0; i < STEPS * IMAGES; ++i)
        labels[i] = i % 4;
    FG_EXPECT_OK(fg_dataset_create(&dataset, pixels, labels, STEPS * IMAGES, 1, 9, 4));
    config.model = "sparsenet-bc-16-4:classes=4,channels=1,image=9";
    config.recipe.epochs = 1;
    config.recipe.batch = IMAGES;
    config.progress = check_report;
    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    mark();
    FG_EXPECT_OK(fg_trainer_run(trainer));
    ck_assert_int_eq(reports, STEPS + 1);
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}
END_TEST

static void setup(void)
{
    unsetenv("FG_POISON"); /* which creates a kernel for each fill */
    fg_device_fixture_open();
}

int main(void)
{
    Suite *suite = suite_create("net/ahead");
    TCase *tests = tcase_create("ahead");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, setup, fg_device_fixture_close);
    tcase_add_test(tests, test_the_counts_see_what_they_are_to_see);
    tcase_add_test(tests, test_a_step_allocates_nothing_and_waits_for_no_step_just_before_it);
    tcase_add_test(tests, test_an_epoch_reads_a_result_when_the_next_step_is_enqueued);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
