/* test_checkpoint.c - files that say of themselves what is not a checkpoint's to say are
 * refused.
 *
 * What a checkpoint does is in test_resume.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "data/safetensors_writer.h"
#include "support/scratch.h"
#include "train/checkpoint.h"
#include "train/recipe_text.h"

struct content {
    const char *format;
    const char *model;
    const char *recipe; /* NULL: a good one */
    const char *images;
    const char *classes;
    const char *checksum;
    int64_t counts[5];
    double loss;
};

static const char *const counts[] = {"state.epoch", "state.step", "state.images",
                                     "state.correct", "state.correct_top"};

static const struct content good = {"1",        "a model",          NULL, "100", "10",
                                    "00c0ffee", {2, 3, 24, 10, 20}, 30.5};

static void add(fg_safetensors_writer *writer, const char *key, const char *value)
{
    if (value != NULL)
        ck_assert_int_eq(fg_safetensors_writer_metadata(writer, key, value), FG_OK);
}

static const char *write_content(const struct content *content)
{
    const char *path = scratch_path("c.safetensors");
    fg_safetensors_writer *writer = NULL;
    fg_recipe recipe = FG_RECIPE_INIT;
    char *text = NULL;

    recipe.normalisation = (fg_normalisation){1, {127}, {63}};
    ck_assert_int_eq(fg_recipe_text_make(&text, &recipe), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_create(&writer), FG_OK);
    add(writer, "checkpoint_format", content->format);
    add(writer, "model", content->model);
    add(writer, "recipe", content->recipe != NULL ? content->recipe : text);
    add(writer, "dataset_images", content->images);
    add(writer, "dataset_classes", content->classes);
    add(writer, "dataset_crc32", content->checksum);
    add(writer, "device", "a device");
    add(writer, "driver", "1");
    for (int i = 0; i < 5; ++i)
        ck_assert_int_eq(
            fg_safetensors_writer_declare(writer, counts[i], FG_DTYPE_I64, 1, (int64_t[]){1}),
            FG_OK);
    ck_assert_int_eq(
        fg_safetensors_writer_declare(writer, "state.loss", FG_DTYPE_F64, 1, (int64_t[]){1}),
        FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_open(writer, path), FG_OK);
    for (int i = 0; i < 5; ++i)
        ck_assert_int_eq(fg_safetensors_writer_append(writer, &content->counts[i]), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_append(writer, &content->loss), FG_OK);
    ck_assert_int_eq(fg_safetensors_writer_commit(writer), FG_OK);
    fg_safetensors_writer_free(writer);
    fg_text_free(text);
    return path;
}

START_TEST(test_good)
{
    fg_checkpoint checkpoint;

    ck_assert_int_eq(fg_checkpoint_open(&checkpoint, write_content(&good)), FG_OK);
    ck_assert_str_eq(checkpoint.model, "a model");
    ck_assert_str_eq(checkpoint.device, "a device");
    ck_assert_str_eq(checkpoint.driver, "1");
    ck_assert_int_eq(checkpoint.data.images, 100);
    ck_assert_int_eq(checkpoint.data.classes, 10);
    ck_assert_uint_eq(checkpoint.data.checksum, 0xc0ffee);
    ck_assert_int_eq(checkpoint.recipe.normalisation.channels, 1);
    ck_assert_int_eq(checkpoint.state.epoch, 2);
    ck_assert_int_eq(checkpoint.state.step, 3);
    ck_assert_int_eq(checkpoint.state.images, 24);
    ck_assert_int_eq(checkpoint.state.correct, 10);
    ck_assert_int_eq(checkpoint.state.correct_top, 20);
    ck_assert(checkpoint.state.loss == 30.5);
    fg_checkpoint_close(&checkpoint);
}
END_TEST

static void expect_refused(const struct content *content, const char *reason)
{
    const char *path = write_content(content);
    fg_recipe recipe = FG_RECIPE_INIT;
    char *model = NULL;

    ck_assert_int_eq(fg_checkpoint_recipe(path, &model, &recipe), FG_ERR_FILE);
    ck_assert_ptr_null(model);
    ck_assert_msg(strstr(fg_error_message(), path) == fg_error_message() &&
                      strstr(fg_error_message(), reason) != NULL,
                  "message is: %s", fg_error_message());
}

#define EXPECT_REFUSED(change, reason)    \
    do {                                  \
        struct content content = good;    \
        change;                           \
        expect_refused(&content, reason); \
    } while (0)

START_TEST(test_refused)
{
    EXPECT_REFUSED(content.format = NULL, "no checkpoint");
    EXPECT_REFUSED(content.format = "2", "format 2, expected 1");
    EXPECT_REFUSED(content.model = NULL, "no model");
    EXPECT_REFUSED(content.model = "/etc/passwd", "its model \"/etc/passwd\" is a file's path");
    EXPECT_REFUSED(content.model = "net.yaml:classes=2", "is a file's path");
    EXPECT_REFUSED(content.recipe = "{}", "recipe: epochs is missing");
    EXPECT_REFUSED(content.images = NULL, "no dataset_images");
    EXPECT_REFUSED(content.images = "", "dataset_images is ");
    EXPECT_REFUSED(content.images = "0", "dataset_images is 0");
    EXPECT_REFUSED(content.images = "12 ", "dataset_images is 12 ");
    EXPECT_REFUSED(content.images = "99999999999999999999", "dataset_images is 9");
    EXPECT_REFUSED(content.classes = NULL, "no dataset_classes");
    EXPECT_REFUSED(content.classes = "0", "dataset_classes is 0");
    EXPECT_REFUSED(content.checksum = NULL, "no dataset_crc32");
    EXPECT_REFUSED(content.checksum = "", "dataset_crc32 is ");
    EXPECT_REFUSED(content.checksum = "0123456g", "dataset_crc32 is 0123456g");
    EXPECT_REFUSED(content.checksum = "123456789", "dataset_crc32 is 123456789");
    EXPECT_REFUSED(content.counts[0] = -1, "state.epoch is -1");
    EXPECT_REFUSED(content.counts[0] = INT32_MAX, "state.epoch is 2147483647");
    EXPECT_REFUSED(content.counts[1] = INT64_C(1) << 31, "state.step is 2147483648");
    EXPECT_REFUSED(content.counts[2] = -1, "state.images is -1");
    EXPECT_REFUSED(content.counts[3] = 25, "state.correct is 25, expected 0..24");
    EXPECT_REFUSED(content.counts[4] = -1, "state.correct_top is -1");
    EXPECT_REFUSED(content.loss = NAN, "state.loss is not finite");
}
END_TEST

/* The normalisation is filled in before the first step, so a checkpoint without it is none. */
START_TEST(test_without_normalisation)
{
    const fg_recipe recipe = FG_RECIPE_INIT;
    char *text = NULL;

    ck_assert_int_eq(fg_recipe_text_make(&text, &recipe), FG_OK);
    EXPECT_REFUSED(content.recipe = text, "no normalisation");
    fg_text_free(text);
}
END_TEST

START_TEST(test_a_weight_file)
{
    const char *path = scratch_path("w.safetensors");

    scratch_write(path, "\2\0\0\0\0\0\0\0{}", 10);
    ck_assert_int_eq(fg_checkpoint_recipe(path, NULL, NULL), FG_ERR_FILE);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "is no checkpoint"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tests = tcase_create("checkpoint");

    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_test(tests, test_good);
    tcase_add_test(tests, test_refused);
    tcase_add_test(tests, test_without_normalisation);
    tcase_add_test(tests, test_a_weight_file);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
