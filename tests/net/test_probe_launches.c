/* test_probe_launches.c - a probe launches what training launches, in the same order, with the same
 * sizes and on the same memory; the updates aside, which come last where gradients are kept, and
 * which its one pass leaves out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "data/safetensors_writer.h"
#include "spy.h"
#include "support/device_fixture.h"
#include "support/scratch.h"

#define MODEL "sparsenet-bc-16-4:classes=4,channels=1,image=9"
#define SIDE 9
#define IMAGES 5
#define STEPS 2
#define MOST_LAUNCHES 2048

struct launch {
    char name[SPY_NAME_LENGTH];
    size_t global[2];
    int memories_count;
    struct {
        int part; /* 0: a region of the arena; else the part beside it, which may be larger */
        size_t origin, bytes;
    } memories[SPY_MOST_ARGUMENTS];
};

struct recording {
    struct launch launches[MOST_LAUNCHES]; /* but for updates */
    int count, updates;
};

static struct recording *recording; /* the one that is being made */
static struct recording creation, evaluation, training, probe;
static uint8_t bytes[STEPS * IMAGES * SIDE * SIDE];
static float pixels[IMAGES * SIDE * SIDE];
static int32_t labels[STEPS * IMAGES];

/* A net makes its parts one after the other behind its regions. */
static int part_of(const spy_memory *memory)
{
    int part = 0;

    while (memory[-part].parent == NULL && memory - part > spy_memories)
        ++part;
    return part;
}

static void record(const spy_launch *launch)
{
    struct launch *entry = &recording->launches[recording->count];

    if (strcmp(launch->name, "sgd_update") == 0) {
        ++recording->updates;
        return;
    }
    ++recording->count;

    if (recording->count == MOST_LAUNCHES)
        ck_abort_msg("more than %d launches", MOST_LAUNCHES);
    *entry = (struct launch){.memories_count = launch->memories_count};
    memcpy(entry->name, launch->name, sizeof entry->name);
    memcpy(entry->global, launch->global, sizeof entry->global);
    for (int i = 0; i < launch->memories_count; ++i) {
        const spy_memory *memory = spy_memory_of(launch->memories[i]);
        entry->memories[i].part = part_of(memory);
        entry->memories[i].origin = memory->origin;
        entry->memories[i].bytes = memory->parent != NULL ? memory->bytes : 0;
    }
}

static void start(struct recording *into)
{
    recording = into;
    recording->count = recording->updates = 0;
    spy_hook = record;
}

/* ---- the same work twice: by training, and by a probe ---- */

/* An epoch of STEPS steps. Its net is made before the recording starts. */
static void record_training(void)
{
    fg_train_config config = FG_TRAIN_CONFIG_INIT;
    fg_dataset *dataset = NULL;
    fg_trainer *trainer = NULL;

    FG_EXPECT_OK(fg_dataset_create(&dataset, bytes, labels, STEPS * IMAGES, 1, SIDE, 4));
    config.model = MODEL;
    config.recipe.epochs = 1;
    config.recipe.batch = IMAGES;
    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    start(&training);
    FG_EXPECT_OK(fg_trainer_run(trainer));
    spy_hook = NULL;
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}

/* Making a net that keeps gradients, and its forward pass in evaluation mode: a probe does both before its pass. */
static void record_preparations(const char *weights)
{
    fg_net_config config = FG_NET_CONFIG_INIT;
    float logits[IMAGES * 4];
    fg_net *net = NULL;

    config.model = MODEL;
    config.images = IMAGES;
    config.keep_gradients = 1;
    start(&creation);
    FG_EXPECT_OK(fg_net_create(&net, fg_device_fixture(), &config));
    start(&evaluation);
    FG_EXPECT_OK(fg_net_forward(net, FG_MODE_EVALUATION, logits, pixels, IMAGES));
    spy_hook = NULL;
    FG_EXPECT_OK(fg_net_save(net, weights));
    fg_net_free(net);
}

static void write_batch(const char *path)
{
    fg_safetensors_writer *writer = NULL;
    const int64_t stored[IMAGES] = {0, 1, 2, 3, 0};

    FG_EXPECT_OK(fg_safetensors_writer_create(&writer));
    FG_EXPECT_OK(
        fg_safetensors_writer_declare(writer, "labels", FG_DTYPE_I64, 1, (int64_t[]){IMAGES}));
    FG_EXPECT_OK(fg_safetensors_writer_declare(writer, "images", FG_DTYPE_F32, 4,
                                               (int64_t[]){IMAGES, 1, SIDE, SIDE}));
    FG_EXPECT_OK(fg_safetensors_writer_open(writer, path));
    FG_EXPECT_OK(fg_safetensors_writer_append(writer, stored));
    FG_EXPECT_OK(fg_safetensors_writer_append(writer, pixels));
    FG_EXPECT_OK(fg_safetensors_writer_commit(writer));
    fg_safetensors_writer_free(writer);
}

static void record_probe(const char *weights, const char *batch)
{
    fg_probe_config config = FG_PROBE_CONFIG_INIT;

    config.model = MODEL;
    config.weights = weights;
    config.batch = batch;
    config.out = scratch_path("out");
    config.steps = STEPS;
    start(&probe);
    FG_EXPECT_OK(fg_probe_run(fg_device_fixture(), &config));
    spy_hook = NULL;
}

/* ---- comparison ---- */

static void expect_same(const char *what, const struct launch *got,
                        const struct launch *expected)
{
    ck_assert_msg(strcmp(got->name, expected->name) == 0, "%s: %s, expected %s", what,
                  got->name, expected->name);
    ck_assert_msg(memcmp(got->global, expected->global, sizeof got->global) == 0,
                  "%s: %s of %zu x %zu, expected %zu x %zu", what, got->name, got->global[0],
                  got->global[1], expected->global[0], expected->global[1]);
    ck_assert_int_eq(got->memories_count, expected->memories_count);
    for (int i = 0; i < got->memories_count; ++i)
        ck_assert_msg(got->memories[i].part == expected->memories[i].part &&
                          got->memories[i].origin == expected->memories[i].origin &&
                          got->memories[i].bytes == expected->memories[i].bytes,
                      "%s: argument %d of %s is other memory", what, i, got->name);
}

/* Compares launches of the probe, from *at on, with expected ones, and moves *at behind them. */
static void expect_next(const char *what, int *at, const struct launch *expected, int count)
{
    for (int i = 0; i < count; ++i, ++*at) {
        ck_assert_msg(*at < probe.count, "%s: %d launches are missing", what, count - i);
        expect_same(what, &probe.launches[*at], &expected[i]);
    }
}

START_TEST(test_probe_launches_what_training_launches)
{
    const int per_step = training.count / STEPS;
    int at = 0, passes = 0;

    ck_assert_int_eq(training.count, STEPS * per_step);
    ck_assert_int_gt(training.updates, STEPS); /* slices of the parameters, or all at once */
    ck_assert_int_eq(probe.updates, STEPS);
    for (int i = 0; i < per_step; ++i) {
        expect_same("second step", &training.launches[per_step + i], &training.launches[i]);
        passes += strcmp(training.launches[i].name, "softmax_loss_forward") == 0;
    }
    ck_assert_int_eq(passes, 1);

    expect_next("creation", &at, creation.launches, creation.count);
    expect_next("evaluation", &at, evaluation.launches, evaluation.count);
    expect_next("pass", &at, training.launches, per_step);
    expect_next("steps", &at, training.launches, training.count);
    ck_assert_int_eq(at, probe.count);
}
END_TEST

static void setup(void)
{
    char weights[600], batch[600];

    unsetenv("FG_POISON"); /* which adds launches */
    fg_device_fixture_open();
    scratch_setup();
    snprintf(weights, sizeof weights, "%s", scratch_path("weights"));
    snprintf(batch, sizeof batch, "%s", scratch_path("batch"));
    for (int i = 0; i < STEPS * IMAGES * SIDE * SIDE; ++i)
        bytes[i] = (uint8_t)(i * 31 % 251);
    for (int i = 0; i < IMAGES * SIDE * SIDE; ++i)
        pixels[i] = (float)bytes[i] / 100.0f - 1.0f;
    for (int i = 0; i < STEPS * IMAGES; ++i)
        labels[i] = i % 4;
    record_training();
    record_preparations(weights);
    write_batch(batch);
    record_probe(weights, batch);
}

static void teardown(void)
{
    scratch_teardown();
    fg_device_fixture_close();
}

int main(void)
{
    Suite *suite = suite_create("net/probe_launches");
    TCase *tests = tcase_create("probe_launches");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_probe_launches_what_training_launches);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
