/* test_choice.c - what computes a convolution is what was asked for, where it can and does it right.
 *
 * Candidates of the test stand in for libraries.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/choice.h"

#include <stdio.h>
#include <stdlib.h>

#include "ops/trial.h"
#include "support/device_fixture.h"
#include "support/disguise.h"

static fg_kernels kernels;
static const fg_tuning untuned;
static char lines[1024];
static int line_count;

static void keep_line(void *user, fg_log_level level, const char *text)
{
    (void)user;
    (void)level;
    if (strstr(text, "is skipped") == NULL)
        return;
    ++line_count;
    snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s\n", text);
}

static void open_device(void)
{
    fg_device_fixture_open();
    kernels.device = fg_device_fixture();
    kernels.device->log = (fg_log){keep_line, NULL};
}

static void close_device(void)
{
    fg_kernels_clear(&kernels);
    fg_device_fixture_close();
}

static void forget_lines(void)
{
    lines[0] = '\0';
    line_count = 0;
}

static fg_conv_shape shape_of(int side, int in, int out)
{
    return (fg_conv_shape){.side = side,
                           .stride = 1,
                           .groups = 1,
                           .in_channels = in,
                           .out_channels = out,
                           .height = 5,
                           .width = 7,
                           .in_height = 5,
                           .in_width = 7,
                           .images = 3};
}

/* ---- the choice ---- */

static fg_algorithm choose(fg_choice *choice, const fg_conv_shape *shape)
{
    const fg_chooser chooser = fg_choice_chooser(choice);
    fg_algorithm algorithm = FG_ALGORITHMS;

    FG_EXPECT_OK(chooser.choose(&algorithm, chooser.user, shape));
    return algorithm;
}

static void create(fg_choice *out, const char *forced)
{
    forget_lines();
    if (forced != NULL)
        setenv("FG_ALGORITHM", forced, 1);
    FG_EXPECT_OK(fg_choice_create(out, &kernels, &untuned));
    unsetenv("FG_ALGORITHM");
}

START_TEST(direct_kernels_do_it_unless_something_else_is_wanted)
{
    const fg_conv_shape shape = shape_of(3, 4, 6);
    static const char *const forced[] = {NULL, "", "direct"};

    for (size_t i = 0; i < sizeof forced / sizeof *forced; ++i) {
        fg_choice choice;
        create(&choice, forced[i]);
        choice.candidates[FG_ALGORITHM_GEMM] = &fg_disguise;
        ck_assert_int_eq(choose(&choice, &shape), FG_ALGORITHM_DIRECT);
        ck_assert_int_eq(line_count, 0);
        fg_choice_clear(&choice);
    }
}
END_TEST

START_TEST(a_line_of_tuning_names_what_does_it)
{
    const fg_conv_shape shape = shape_of(3, 4, 6), other = shape_of(3, 4, 7);
    static const char *const forced[] = {NULL, "direct"};
    fg_text text = {0};
    fg_tuning_operation(&text, FG_CONV_PART_FORWARD, &shape);
    fg_tuning_line line = {.origin = FG_TUNING_TUNE, .operation = text.data, .choice = "gemm"};
    const fg_tuning tuning = {.lines = &line, .count = 1};

    for (size_t i = 0; i < sizeof forced / sizeof *forced; ++i) {
        fg_choice choice;
        if (forced[i] != NULL)
            setenv("FG_ALGORITHM", forced[i], 1);
        FG_EXPECT_OK(fg_choice_create(&choice, &kernels, &tuning));
        unsetenv("FG_ALGORITHM");
        choice.candidates[FG_ALGORITHM_GEMM] = &fg_disguise;
        ck_assert_int_eq(choose(&choice, &shape),
                         forced[i] == NULL ? FG_ALGORITHM_GEMM : FG_ALGORITHM_DIRECT);
        ck_assert_int_eq(choose(&choice, &other), FG_ALGORITHM_DIRECT);
        fg_choice_clear(&choice);
    }
    free(text.data);
}
END_TEST

/* What is not part of the build is replaced, so that the tests run without libraries too. */
static void create_forced(fg_choice *out, enum fg_flaw with)
{
    create(out, "gemm");
    forget_lines();
    fg_disguise_flaw = with;
    out->forced = FG_ALGORITHM_GEMM;
    out->candidates[FG_ALGORITHM_GEMM] = &fg_disguise;
}

START_TEST(what_is_forced_does_what_it_can)
{
    const fg_conv_shape shape = shape_of(3, 4, 6);
    fg_conv_shape dropping = shape;
    fg_choice choice;

    dropping.in_dropout = FG_DROPOUT_ELEMENTS;
    create_forced(&choice, FG_FLAW_NONE);
    ck_assert_int_eq(choose(&choice, &shape), FG_ALGORITHM_GEMM);
    ck_assert_int_eq(line_count, 0);
    for (int again = 0; again < 2; ++again)
        ck_assert_int_eq(choose(&choice, &dropping), FG_ALGORITHM_DIRECT);
    ck_assert_msg(line_count == 1 && strstr(lines, "dropout=1,0: gemm is skipped: it does no "
                                                   "dropout") != NULL,
                  "%s", lines);
    ck_assert_int_eq(fg_disguise_alive, 0);
    fg_choice_clear(&choice);
}
END_TEST

START_TEST(what_fails_its_check_is_skipped_with_one_line)
{
    static const struct {
        enum fg_flaw flaw;
        const char *line;
    } flaws[] = {
        {FG_FLAW_VALUE, "conv_forward side=3 stride=1 groups=1 in=4 out=6 map=5x7 images=3 "
                        "in_place=0 dropout=0,0: gemm is skipped: pixel 69 of output 5 is "},
        {FG_FLAW_NAN, "pixel 69 of output 5 is nan, expected "},
        {FG_FLAW_BESIDE, "it writes beside its output"},
        {FG_FLAW_CREATE, "the library has a cold"},
    };
    const fg_conv_shape shape = shape_of(3, 4, 6), other = shape_of(1, 4, 6);

    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; ++i) {
        fg_choice choice;
        create_forced(&choice, flaws[i].flaw);
        for (int again = 0; again < 2; ++again)
            ck_assert_int_eq(choose(&choice, &shape), FG_ALGORITHM_DIRECT);
        ck_assert_msg(line_count == 1 && strstr(lines, flaws[i].line) != NULL, "%s", lines);
        fg_disguise_flaw = FG_FLAW_NONE;
        ck_assert_int_eq(choose(&choice, &other), FG_ALGORITHM_GEMM);
        ck_assert_int_eq(line_count, 1);
        ck_assert_int_eq(fg_disguise_alive, 0);
        fg_choice_clear(&choice);
    }
}
END_TEST

START_TEST(what_this_build_does_not_have_is_skipped_with_one_line)
{
    const fg_conv_shape shape = shape_of(3, 4, 6);

    for (int i = FG_ALGORITHM_DIRECT + 1; i < FG_ALGORITHMS; ++i) {
        fg_choice choice;
        create(&choice, fg_algorithm_names[i]);
        if (choice.candidates[i] == NULL) {
            ck_assert_int_eq(choose(&choice, &shape), FG_ALGORITHM_DIRECT);
            ck_assert_int_eq(line_count, 1);
            ck_assert_ptr_nonnull(strstr(lines, "is skipped: it is not part of this build"));
        }
        fg_choice_clear(&choice);
    }
}
END_TEST

START_TEST(a_word_that_names_no_algorithm_is_refused)
{
    fg_choice choice;

    setenv("FG_ALGORITHM", "wild", 1);
    FG_EXPECT_FAILS(fg_choice_create(&choice, &kernels, &untuned), FG_ERR_ARGUMENT,
                    "FG_ALGORITHM is \"wild\", expected direct, gemm, fft or winograd");
    unsetenv("FG_ALGORITHM");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/choice");
    TCase *tests = tcase_create("choice");
    SRunner *runner = srunner_create(suite);
    int failed;

    unsetenv("FG_ALGORITHM");
    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_unchecked_fixture(tests, open_device, close_device);
    tcase_add_test(tests, direct_kernels_do_it_unless_something_else_is_wanted);
    tcase_add_test(tests, a_line_of_tuning_names_what_does_it);
    tcase_add_test(tests, what_is_forced_does_what_it_can);
    tcase_add_test(tests, what_fails_its_check_is_skipped_with_one_line);
    tcase_add_test(tests, what_this_build_does_not_have_is_skipped_with_one_line);
    tcase_add_test(tests, a_word_that_names_no_algorithm_is_refused);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
