/* test_trainer.c - runs from the start: they learn, report, and refuse what cannot work before
 * anything is written.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "tiny.h"
#include "train/checkpoint.h"

START_TEST(test_eight_images_are_learnt)
{
    fg_train_config config = tiny_config(NULL);
    fg_dataset *dataset = tiny_dataset(8);
    const fg_normalisation normalisation = fg_dataset_normalisation(dataset);
    fg_trainer *trainer = NULL;
    fg_score score = {0};

    config.recipe.epochs = 60;
    config.recipe.rate_steps = 0;
    config.recipe.mirror = 0;
    config.recipe.shift = 0;
    config.recipe.validation = 0;
    config.recipe.weight_decay = 0;
    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    FG_EXPECT_OK(fg_trainer_run(trainer));
    ck_assert_mem_eq(&fg_trainer_recipe(trainer)->normalisation, &normalisation,
                     sizeof normalisation);
    FG_EXPECT_OK(fg_net_evaluate(fg_trainer_net(trainer), &score, dataset, &normalisation));
    ck_assert_int_eq(score.correct, 8);
    ck_assert_double_lt(score.loss, 0.1);
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(test_the_same_seed_gives_the_same_checkpoint)
{
    fg_train_config config = tiny_config(scratch_path("a.safetensors"));

    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    config.checkpoint = scratch_path("b.safetensors");
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    scratch_expect_same(scratch_path("a.safetensors"), config.checkpoint);
    ck_assert_int_eq(scratch_files(), 2);
}
END_TEST

/* ---- progress ---- */

static fg_progress reports[64];
static int report_count;

static void keep_report(void *user, const fg_progress *progress)
{
    ck_assert_ptr_eq(user, reports);
    ck_assert_int_lt(report_count, 64);
    reports[report_count++] = *progress;
}

START_TEST(test_progress)
{
    fg_train_config config = tiny_config(NULL);
    int at = 0;

    report_count = 0;
    config.progress = keep_report;
    config.user = reports;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    ck_assert_int_eq(report_count, 3 * (TINY_STEPS + 1));
    for (int epoch = 1; epoch <= 3; ++epoch)
        for (int step = 1; step <= TINY_STEPS + 1; ++step, ++at) {
            const fg_progress *now = &reports[at];
            const int done = step > TINY_STEPS;
            ck_assert_int_eq(now->epoch, epoch);
            ck_assert_int_eq(now->epochs, 3);
            ck_assert_int_eq(now->step, done ? TINY_STEPS : step);
            ck_assert_int_eq(now->steps, TINY_STEPS);
            ck_assert_int_eq(now->epoch_done, done);
            ck_assert_int_eq(now->training.images, step < TINY_STEPS ? 8 * step : 27);
            ck_assert_int_eq(now->validation.images, done ? 5 : 0);
            ck_assert_int_le(now->training.correct, now->training.correct_top);
            ck_assert_int_eq(now->training.correct_top, now->training.images); /* 4 classes */
            ck_assert_double_gt(now->training.loss, 0);
            ck_assert_double_gt(now->images_per_second, 0);
            ck_assert_msg(fabs((double)now->rate - (epoch <= 2 ? 0.05 : 0.005)) < 1e-8,
                          "the rate of epoch %d is %g", epoch, (double)now->rate);
        }
}
END_TEST

START_TEST(test_log)
{
    fg_train_config config = tiny_config(NULL);
    size_t bytes = 0;
    int lines = 0;

    config.log = scratch_path("log.csv");
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    char *text = scratch_read(config.log, &bytes);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; ++at)
        ++lines;
    ck_assert_int_eq(lines, 4);
    ck_assert_ptr_nonnull(strstr(text, "\n3,0.005,"));
    free(text);
}
END_TEST

/* ---- refusals ---- */

static void expect_refused(const fg_train_config *config, int images, fg_status code,
                           const char *text)
{
    const int files = scratch_files();

    FG_EXPECT_FAILS(tiny_run(config, images, 0), code, text);
    ck_assert_int_eq(scratch_files(), files);
}

START_TEST(test_contradictions)
{
    fg_train_config config = tiny_config(scratch_path("new.safetensors"));
    const fg_recipe good = config.recipe;

    config.model = TINY_MODEL ":classes=5";
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT,
                   "classes is 5, but that of the data set is 4");
    config.model = TINY_MODEL ":channels=3";
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT,
                   "channels is 3, but that of the data set is 1");
    config.model = TINY_MODEL ":image=16";
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT,
                   "side is 16, but that of the data set is 8");
    config.model = "sparsenet-11-4";
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "");
    config.model = NULL;
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "model");
    config.model = TINY_MODEL;
    expect_refused(&config, 5, FG_ERR_ARGUMENT, "validation is 5");
    config.recipe.shift = TINY_SIDE;
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "shift is 8");
    config.recipe = good;
    config.recipe.batch = 28;
    config.recipe.drop_last = 1;
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "27 images, batch 28");
    config.recipe = good;
    config.recipe.normalisation = (fg_normalisation){3, {0, 0, 0}, {1, 1, 1}};
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "normalisation");
    config.recipe = good;
    config.recipe.rate = NAN;
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "rate is nan");
    config.recipe = good;
    config.struct_size = 1;
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "FG_TRAIN_CONFIG_INIT");
}
END_TEST

START_TEST(test_images_without_labels)
{
    const fg_train_config config = tiny_config(NULL);
    fg_dataset *dataset = NULL;
    fg_trainer *trainer = NULL;

    FG_EXPECT_OK(fg_dataset_create(&dataset, tiny_pixels, NULL, 8, 1, TINY_SIDE, 0));
    FG_EXPECT_FAILS(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset),
                    FG_ERR_ARGUMENT, "labels");
    ck_assert_ptr_null(trainer);
    fg_dataset_free(dataset);
}
END_TEST

/* Images of side 4 are one pixel in the last stage, so a batch of one has no variance there. */
START_TEST(test_a_last_batch_of_one_value)
{
    fg_train_config config = tiny_config(NULL);
    fg_dataset *dataset = NULL;
    fg_trainer *trainer = NULL;

    config.recipe.validation = 0;
    config.recipe.epochs = 1;
    fg_dataset_free(tiny_dataset(1)); /* fills the arrays */
    FG_EXPECT_OK(fg_dataset_create(&dataset, tiny_pixels, tiny_labels, 17, 1, 4, TINY_CLASSES));
    FG_EXPECT_FAILS(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset),
                    FG_ERR_ARGUMENT, "last batch");
    ck_assert_ptr_null(trainer);
    config.recipe.drop_last = 1;
    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    FG_EXPECT_OK(fg_trainer_run(trainer));
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(test_existing_files)
{
    fg_train_config config = tiny_config(scratch_path("c.safetensors"));

    scratch_write(config.checkpoint, "theirs", 6);
    expect_refused(&config, TINY_IMAGES, FG_ERR_FILE, "c.safetensors: is there already");
    config.log = scratch_path("notes");
    config.overwrite = 1;
    scratch_write(config.log, "theirs", 6);
    expect_refused(&config, TINY_IMAGES, FG_ERR_FILE, "notes: is there and no training log");
    config.log = config.checkpoint;
    expect_refused(&config, TINY_IMAGES, FG_ERR_ARGUMENT, "at once");
    config.log = NULL;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    FG_EXPECT_OK(fg_checkpoint_recipe(config.checkpoint, NULL, NULL));
    config.checkpoint = scratch_path("none/c.safetensors");
    expect_refused(&config, TINY_IMAGES, FG_ERR_FILE, "No such file or directory");
}
END_TEST

static int stop_at_once(void *user)
{
    (void)user;
    return 1;
}

/* The lines of an older run go when there is one to put in their place. */
START_TEST(test_an_existing_log)
{
    fg_train_config config = tiny_config(NULL);
    size_t bytes = 0;
    char *before, *after;

    config.log = scratch_path("log.csv");
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    before = scratch_read(config.log, &bytes);
    expect_refused(&config, TINY_IMAGES, FG_ERR_FILE, "log.csv: is there already");
    config.overwrite = 1;
    config.cancel = stop_at_once;
    ck_assert_int_eq(tiny_run(&config, TINY_IMAGES, 0), FG_ERR_CANCELLED);
    config.cancel = NULL;
    config.recipe.rate = 1e30f;
    ck_assert_int_eq(tiny_run(&config, TINY_IMAGES, 0), FG_ERR_NOT_FINITE);
    after = scratch_read(config.log, &bytes);
    ck_assert_str_eq(before, after);
    free(after);

    config.recipe.rate = 0.25f;
    config.recipe.epochs = 1;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    after = scratch_read(config.log, &bytes);
    ck_assert_ptr_nonnull(strstr(after, "\n1,0.25,"));
    ck_assert_ptr_null(strstr(after, "\n2,"));
    free(after);
    free(before);
}
END_TEST

static char log_path[64];

static void remove_log(void *user, const fg_progress *progress)
{
    (void)user;
    if (progress->epoch_done && progress->epoch == 1)
        ck_assert_int_eq(remove(log_path), 0);
}

START_TEST(test_a_log_that_takes_no_line_costs_no_epoch)
{
    fg_train_config config = tiny_config(scratch_path("whole"));
    fg_checkpoint stored;
    size_t bytes = 0;

    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    snprintf(log_path, sizeof log_path, "%s", scratch_path("log.csv"));
    config.checkpoint = scratch_path("part");
    config.log = log_path;
    config.progress = remove_log;
    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 0), FG_ERR_FILE, "log.csv: No such file");
    FG_EXPECT_OK(fg_checkpoint_open(&stored, config.checkpoint));
    ck_assert_int_eq(stored.state.epoch, 2);
    fg_checkpoint_close(&stored);

    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 1));
    scratch_expect_same(scratch_path("whole"), config.checkpoint);
    char *text = scratch_read(log_path, &bytes);
    ck_assert_ptr_nonnull(strstr(text, "\n3,"));
    free(text);
}
END_TEST

/* What the log's place is taken by is not the trainer's fault: it can run when that is gone. */
START_TEST(test_a_log_that_cannot_be_begun)
{
    fg_train_config config = tiny_config(scratch_path("c"));
    fg_dataset *dataset = tiny_dataset(TINY_IMAGES);
    fg_trainer *trainer = NULL;

    config.log = scratch_path("log.csv");
    config.recipe.epochs = 1;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    config.recipe.epochs = 2;
    FG_EXPECT_OK(fg_trainer_resume(&trainer, fg_device_fixture(), &config, dataset));
    ck_assert_int_eq(remove(config.log), 0);
    ck_assert_int_eq(mkdir(config.log, 0700), 0);
    FG_EXPECT_FAILS(fg_trainer_run(trainer), FG_ERR_FILE, "log.csv: is not a regular file");
    ck_assert_int_eq(rmdir(config.log), 0);
    FG_EXPECT_OK(fg_trainer_run(trainer));
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}
END_TEST

START_TEST(test_given_weights)
{
    fg_train_config config = tiny_config(NULL);
    fg_dataset *dataset = tiny_dataset(TINY_IMAGES);
    fg_trainer *trainer = NULL, *other = NULL;
    float bias[TINY_CLASSES], others[TINY_CLASSES];

    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    FG_EXPECT_OK(fg_trainer_run(trainer));
    FG_EXPECT_OK(fg_net_save(fg_trainer_net(trainer), scratch_path("w")));
    config.weights = scratch_path("w");
    FG_EXPECT_OK(fg_trainer_create(&other, fg_device_fixture(), &config, dataset));
    const int index = fg_net_find(fg_trainer_net(other), "head.linear.bias");
    FG_EXPECT_OK(fg_net_read(fg_trainer_net(trainer), index, bias));
    FG_EXPECT_OK(fg_net_read(fg_trainer_net(other), index, others));
    ck_assert_mem_eq(bias, others, sizeof bias);
    fg_trainer_free(other);
    fg_trainer_free(trainer);
    config.weights = scratch_path("none");
    FG_EXPECT_FAILS(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset),
                    FG_ERR_FILE, "none: No such file");
    fg_dataset_free(dataset);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer");
    TCase *tests = tcase_create("trainer");

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_test(tests, test_eight_images_are_learnt);
    tcase_add_test(tests, test_the_same_seed_gives_the_same_checkpoint);
    tcase_add_test(tests, test_progress);
    tcase_add_test(tests, test_log);
    tcase_add_test(tests, test_contradictions);
    tcase_add_test(tests, test_images_without_labels);
    tcase_add_test(tests, test_a_last_batch_of_one_value);
    tcase_add_test(tests, test_existing_files);
    tcase_add_test(tests, test_an_existing_log);
    tcase_add_test(tests, test_a_log_that_takes_no_line_costs_no_epoch);
    tcase_add_test(tests, test_a_log_that_cannot_be_begun);
    tcase_add_test(tests, test_given_weights);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
