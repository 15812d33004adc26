/* test_resume.c - a run that stops and is resumed ends with the bytes of one that never
 * stopped; what is not finite, or does not belong together, stops with one line and keeps the
 * checkpoint.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "tiny.h"
#include "train/checkpoint.h"

static int steps_left; /* until the caller wants to stop; negative: never */

static int stop_after_steps(void *user)
{
    (void)user;
    return steps_left >= 0 && --steps_left <= 0;
}

static fg_train_config stopping_config(const char *checkpoint, int steps)
{
    fg_train_config config = tiny_config(checkpoint);

    steps_left = steps;
    config.cancel = stop_after_steps;
    return config;
}

/* The log up to the training accuracy: what does not depend on the clock. */
static void expect_same_losses(const char *path, const char *other)
{
    size_t bytes = 0;
    char *text = scratch_read(path, &bytes), *others = scratch_read(other, &bytes);
    const char *at = text, *to = others;

    for (int epoch = 0; epoch <= 3; ++epoch) {
        int length = 0;
        for (int commas = 0; commas < 8; ++length) {
            ck_assert_int_ne(at[length], '\0');
            commas += at[length] == ',';
        }
        ck_assert_msg(strncmp(at, to, (size_t)length) == 0, "line %d of the logs differs",
                      epoch);
        at = strchr(at, '\n') + 1;
        to = strchr(to, '\n') + 1;
    }
    ck_assert_str_eq(at, "");
    ck_assert_str_eq(to, "");
    free(text);
    free(others);
}

static const int stops[] = {1, 3, TINY_STEPS, TINY_STEPS + 1, 2 * TINY_STEPS + 2};

START_TEST(test_stopped_and_resumed)
{
    fg_train_config config = tiny_config(scratch_path("whole"));
    fg_checkpoint checkpoint;

    config.log = scratch_path("whole.csv");
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    for (size_t i = 0; i < sizeof stops / sizeof *stops; ++i) {
        config = stopping_config(scratch_path("part"), stops[i]);
        config.log = scratch_path("part.csv");
        config.overwrite = 1;
        FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 0), FG_ERR_CANCELLED,
                        "stopped in epoch");
        FG_EXPECT_OK(fg_checkpoint_open(&checkpoint, config.checkpoint));
        const fg_checkpoint_state *state = &checkpoint.state;
        ck_assert_int_eq(state->epoch * TINY_STEPS + state->step, stops[i]);
        ck_assert_int_eq(state->images, state->step == TINY_STEPS ? 27 : 8 * state->step);
        fg_checkpoint_close(&checkpoint);
        steps_left = -1;
        FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 1));
        scratch_expect_same(scratch_path("whole"), config.checkpoint);
        expect_same_losses(scratch_path("whole.csv"), config.log);
    }
}
END_TEST

START_TEST(test_stopped_again_and_again)
{
    fg_train_config config = tiny_config(scratch_path("whole"));
    fg_status status;

    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    config = stopping_config(scratch_path("part"), 1);
    status = tiny_run(&config, TINY_IMAGES, 0);
    for (int runs = 1; runs < 3 * TINY_STEPS; ++runs) {
        ck_assert_int_eq(status, FG_ERR_CANCELLED);
        steps_left = 1;
        status = tiny_run(&config, TINY_IMAGES, 1);
    }
    ck_assert_int_eq(status,
                     FG_ERR_CANCELLED); /* behind the last step, before the epoch's end */
    steps_left = 1;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 1));
    scratch_expect_same(scratch_path("whole"), config.checkpoint);
}
END_TEST

/* Between batches of validation: what is written is the state behind the last step. */
START_TEST(test_stopped_during_validation)
{
    const int held_out = 2 * 8 + 3; /* two questions: behind the first batch and the second */
    fg_train_config config = tiny_config(scratch_path("whole"));
    fg_checkpoint checkpoint;
    const int images = TINY_IMAGES - 5 + held_out;

    config.recipe.validation = held_out;
    FG_EXPECT_OK(tiny_run(&config, images, 0));
    for (int question = 1; question <= 2; ++question) {
        config = stopping_config(scratch_path("part"), TINY_STEPS + question);
        config.recipe.validation = held_out;
        config.overwrite = 1;
        FG_EXPECT_FAILS(tiny_run(&config, images, 0), FG_ERR_CANCELLED,
                        "stopped in epoch 1 behind step 4");
        FG_EXPECT_OK(fg_checkpoint_open(&checkpoint, config.checkpoint));
        ck_assert_int_eq(checkpoint.state.epoch, 0);
        ck_assert_int_eq(checkpoint.state.step, TINY_STEPS);
        ck_assert_int_eq(checkpoint.state.images, 27);
        fg_checkpoint_close(&checkpoint);
        steps_left = -1;
        FG_EXPECT_OK(tiny_run(&config, images, 1));
        scratch_expect_same(scratch_path("whole"), config.checkpoint);
    }
}
END_TEST

/* A checkpoint of a run whose convolutions something else has computed. */
START_TEST(test_other_algorithms_must_be_accepted)
{
    static const char ours[] = "\"algorithms\":\"direct\"",
                      theirs[] = "\"algorithms\":\"gemm 9\"";
    fg_train_config config = stopping_config(scratch_path("part"), 3);
    size_t bytes = 0;

    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 0), FG_ERR_CANCELLED, "stopped");
    char *text = scratch_read(config.checkpoint, &bytes);
    char *at = memmem(text, bytes, ours, strlen(ours));
    ck_assert_ptr_nonnull(at);
    memcpy(at, theirs, strlen(theirs));
    scratch_write(config.checkpoint, text, bytes);
    free(text);
    steps_left = -1;
    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 1), FG_ERR_ARGUMENT, "were: gemm 9");
    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 1), FG_ERR_ARGUMENT, "--accept-tuning");
    config.accept_tuning = 1;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 1));
}
END_TEST

START_TEST(test_the_same_trainer_goes_on)
{
    fg_train_config config = tiny_config(scratch_path("whole"));
    fg_dataset *dataset = NULL;
    fg_trainer *trainer = NULL;

    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    config = stopping_config(scratch_path("part"), 5);
    dataset = tiny_dataset(TINY_IMAGES);
    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    ck_assert_int_eq(fg_trainer_run(trainer), FG_ERR_CANCELLED);
    steps_left = -1;
    FG_EXPECT_OK(fg_trainer_run(trainer));
    FG_EXPECT_OK(fg_trainer_run(trainer)); /* nothing is left to do */
    scratch_expect_same(scratch_path("whole"), config.checkpoint);
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}
END_TEST

/* Killed between a log line and its checkpoint, with half a line behind. */
START_TEST(test_later_log_lines_are_removed)
{
    fg_train_config config = tiny_config(scratch_path("whole"));

    config.log = scratch_path("whole.csv");
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    config.recipe.epochs = 1;
    config.checkpoint = scratch_path("part");
    config.log = scratch_path("part.csv");
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    FILE *stream = fopen(config.log, "ab");
    ck_assert_ptr_nonnull(stream);
    fputs("2,0.05,9,9,9,9,9,9,9,9\n3,0.0", stream);
    ck_assert_int_eq(fclose(stream), 0);
    config.recipe.epochs = 3;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 1));
    scratch_expect_same(scratch_path("whole"), config.checkpoint);
    expect_same_losses(scratch_path("whole.csv"), config.log);
}
END_TEST

START_TEST(test_what_a_checkpoint_says)
{
    const fg_train_config config = tiny_config(scratch_path("c"));
    fg_recipe stored = FG_RECIPE_INIT;
    char *model = NULL;

    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 0));
    FG_EXPECT_OK(fg_checkpoint_recipe(config.checkpoint, &model, &stored));
    ck_assert_ptr_eq(strstr(model, TINY_MODEL ":"), model);
    ck_assert_ptr_nonnull(strstr(model, "classes=4"));
    ck_assert_int_eq(stored.epochs, 3);
    ck_assert_int_eq(stored.normalisation.channels, 1);
    FG_EXPECT_OK(fg_recipe_agrees(&config.recipe, &stored));
    fg_text_free(model);
}
END_TEST

START_TEST(test_not_to_be_resumed)
{
    fg_train_config config = tiny_config(scratch_path("c"));
    fg_net_config net_config = FG_NET_CONFIG_INIT;
    fg_net *net = NULL;

    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 1), FG_ERR_FILE, "c: No such file");
    config = stopping_config(config.checkpoint, TINY_STEPS + 1);
    ck_assert_int_eq(tiny_run(&config, TINY_IMAGES, 0), FG_ERR_CANCELLED);
    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES + 1, 1), FG_ERR_ARGUMENT,
                    "the data set has 33 images, but ");
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "/c was trained on 32"));
    config.recipe.epochs = 1;
    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 1), FG_ERR_ARGUMENT, "epochs is 1, but ");
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "/c is in epoch 2 already"));
    config.checkpoint = NULL;
    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 1), FG_ERR_ARGUMENT, "NULL");

    net_config.model = TINY_FULL_MODEL;
    net_config.images = 1;
    FG_EXPECT_OK(fg_net_create(&net, fg_device_fixture(), &net_config));
    config.checkpoint = scratch_path("w");
    FG_EXPECT_OK(fg_net_save(net, config.checkpoint));
    fg_net_free(net);
    FG_EXPECT_FAILS(tiny_run(&config, TINY_IMAGES, 1), FG_ERR_FILE, "w: is no checkpoint");
}
END_TEST

/* Resumes config's checkpoint on what the arrays of tiny.h hold now. */
static void expect_other_data(const fg_train_config *config, int classes, const char *reason)
{
    fg_dataset *dataset = NULL;
    fg_trainer *trainer = NULL;

    FG_EXPECT_OK(fg_dataset_create(&dataset, tiny_pixels, tiny_labels, TINY_IMAGES, 1,
                                   TINY_SIDE, classes));
    FG_EXPECT_FAILS(fg_trainer_resume(&trainer, fg_device_fixture(), config, dataset),
                    FG_ERR_ARGUMENT, reason);
    ck_assert_ptr_null(trainer);
    fg_dataset_free(dataset);
}

/* As many images, but one pixel or label differs, be it of a held-out image. */
START_TEST(test_other_data_is_refused)
{
    const fg_train_config config = stopping_config(scratch_path("c"), 2);
    const int last = TINY_IMAGES - 1;

    ck_assert_int_eq(tiny_run(&config, TINY_IMAGES, 0), FG_ERR_CANCELLED);
    tiny_pixels[last * TINY_PLANE] ^= 1;
    expect_other_data(&config, TINY_CLASSES, "has other images or labels than ");
    tiny_pixels[last * TINY_PLANE] ^= 1;
    tiny_labels[last] ^= 1;
    expect_other_data(&config, TINY_CLASSES, "has other images or labels than ");
    tiny_labels[last] ^= 1;
    expect_other_data(&config, TINY_CLASSES + 1, "the data set has 5 classes, but ");
    steps_left = -1;
    FG_EXPECT_OK(tiny_run(&config, TINY_IMAGES, 1));
}
END_TEST

/* ---- another device ---- */

static char last_warning[1024];

static void keep_warning(void *user, fg_log_level level, const char *line)
{
    (void)user;
    if (level == FG_LOG_WARN)
        snprintf(last_warning, sizeof last_warning, "%s", line);
}

START_TEST(test_another_driver_is_named)
{
    fg_train_config config = tiny_config(scratch_path("c"));
    fg_device_config device_config = FG_DEVICE_CONFIG_INIT;
    fg_dataset *dataset = tiny_dataset(TINY_IMAGES);
    fg_device *device = NULL;
    fg_trainer *trainer = NULL;
    fg_checkpoint stored;

    device_config.log = keep_warning;
    FG_EXPECT_OK(fg_device_create(&device, &device_config));
    config.recipe.epochs = 1;
    FG_EXPECT_OK(fg_trainer_create(&trainer, device, &config, dataset));
    FG_EXPECT_OK(fg_trainer_run(trainer));
    FG_EXPECT_OK(fg_checkpoint_open(&stored, config.checkpoint));
    fg_device_info other = *fg_device_information(device);
    strcpy(other.driver, "some other version");
    FG_EXPECT_OK(fg_checkpoint_write(scratch_path("other"), fg_trainer_net(trainer), &other,
                                     &stored.recipe, &stored.state, &stored.data));
    fg_checkpoint_close(&stored);
    fg_trainer_free(trainer);

    last_warning[0] = '\0';
    FG_EXPECT_OK(fg_trainer_resume(&trainer, device, &config, dataset));
    ck_assert_str_eq(last_warning, "");
    fg_trainer_free(trainer);
    config.checkpoint = scratch_path("other");
    FG_EXPECT_OK(fg_trainer_resume(&trainer, device, &config, dataset));
    ck_assert_ptr_nonnull(strstr(last_warning, "some other version"));
    fg_trainer_free(trainer);
    fg_device_free(device);
    fg_dataset_free(dataset);
}
END_TEST

/* ---- not finite ---- */

START_TEST(test_a_loss_that_is_not_finite)
{
    fg_train_config config = tiny_config(scratch_path("c"));
    fg_dataset *dataset = tiny_dataset(TINY_IMAGES);
    fg_trainer *trainer = NULL;
    size_t bytes = 0;

    config.overwrite = 1;
    scratch_write(config.checkpoint, "good", 4);
    config.recipe.rate = 1e30f;
    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    FG_EXPECT_FAILS(fg_trainer_run(trainer), FG_ERR_NOT_FINITE, "epoch 1, step ");
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "rate 1e+30: "));
    FG_EXPECT_FAILS(fg_trainer_run(trainer), FG_ERR_ARGUMENT, "failed before");
    char *text = scratch_read(config.checkpoint, &bytes);
    ck_assert_str_eq(text, "good");
    ck_assert_int_eq(scratch_files(), 1);
    free(text);
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}
END_TEST

/* A running statistic has no part in the training loss, and must be noticed all the same. */
START_TEST(test_a_running_statistic_that_is_not_finite)
{
    fg_train_config config = tiny_config(scratch_path("c"));
    fg_dataset *dataset = tiny_dataset(TINY_IMAGES);
    fg_trainer *trainer = NULL;

    FG_EXPECT_OK(fg_trainer_create(&trainer, fg_device_fixture(), &config, dataset));
    fg_net *net = fg_trainer_net(trainer);
    const int last = fg_net_tensors(net) - 1;
    float *values = calloc((size_t)fg_net_tensor(net, last).elements, sizeof *values);
    ck_assert_ptr_nonnull(values);
    values[0] = NAN;
    FG_EXPECT_OK(fg_net_write(net, last, values));
    FG_EXPECT_FAILS(fg_trainer_run(trainer), FG_ERR_NOT_FINITE, "epoch 1, step 4, rate 0.05: ");
    ck_assert_ptr_nonnull(strstr(fg_error_message(), fg_net_tensor(net, last).name));
    ck_assert_int_eq(scratch_files(), 0);
    free(values);
    fg_trainer_free(trainer);
    fg_dataset_free(dataset);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resume");
    TCase *tests = tcase_create("resume");

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_test(tests, test_stopped_and_resumed);
    tcase_add_test(tests, test_stopped_again_and_again);
    tcase_add_test(tests, test_stopped_during_validation);
    tcase_add_test(tests, test_other_algorithms_must_be_accepted);
    tcase_add_test(tests, test_the_same_trainer_goes_on);
    tcase_add_test(tests, test_later_log_lines_are_removed);
    tcase_add_test(tests, test_what_a_checkpoint_says);
    tcase_add_test(tests, test_not_to_be_resumed);
    tcase_add_test(tests, test_other_data_is_refused);
    tcase_add_test(tests, test_another_driver_is_named);
    tcase_add_test(tests, test_a_loss_that_is_not_finite);
    tcase_add_test(tests, test_a_running_statistic_that_is_not_finite);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
