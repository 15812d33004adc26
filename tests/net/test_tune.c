/* test_tune.c - tuning finds, notes and reuses tiles, keeps to its time, and changes no bits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net/net.h"
#include "net/tasks.h"
#include "nets.h"
#include "support/scratch.h"

/* Enough work to be tuned at first use: stages of 32x32 to 8x8, with dropout. */
#define WORTH "sparsenet-10-8:image=32,channels=3,classes=7,dropout=0.1"
#define WORTH_IMAGES 16

static void setup(void)
{
    scratch_setup();
    setenv("FG_CACHE_DIR", scratch_path("cache"), 1);
    unsetenv("FG_TUNE");
}

static fg_device *open_device(const char *tuning, double seconds)
{
    fg_device *device = NULL;
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    config.tuning = tuning;
    config.tuning_seconds = seconds;
    FG_EXPECT_OK(fg_device_create(&device, &config));
    return device;
}

/* What a net holds behind two steps of training on a device. */
static nets_state trained(fg_device *device, const char *model, int images)
{
    fg_net *net = nets_create_trained(device, model, images);
    for (int i = 0; i < 2; ++i) {
        const nets_batch batch = nets_batch_of(net, images, i);
        nets_step(net, &batch);
    }
    const nets_state state = nets_state_of(net);
    fg_net_free(net);
    return state;
}

static nets_state trained_untuned(const char *model, int images)
{
    fg_device *device = open_device(NULL, 0);
    const nets_state state = trained(device, model, images);
    fg_device_free(device);
    return state;
}

static fg_tuning read_cache(fg_device *device)
{
    fg_tuning tuning;
    FG_EXPECT_OK(fg_tuning_open(&tuning, device, NULL));
    return tuning;
}

/* ---- bits ---- */

/* Tells every convolution of the net to turn this dial to this value, as far as it can.
 * Returns how many have no such value. */
static int write_choices(const char *path, fg_device *device, const char *model, int images,
                         fg_conv_dial dial, int index)
{
    fg_net *net = nets_create_trained(device, model, images);
    fg_tuning tuning;
    fg_tasks tasks;
    int missing = 0;

    FG_EXPECT_OK(fg_tuning_open_new(&tuning, device, path));
    FG_EXPECT_OK(fg_tasks_create(&tasks, net->plan));
    for (int i = 0; i < tasks.count; ++i) {
        const fg_task *task = &tasks.list[i];
        fg_conv_variant v = fg_conv_variant_of(&net->convs[task->op]);
        const fg_conv_tiling *const from[FG_CONV_PARTS] = {&v.forward, &v.backward, &v.phases};
        fg_text text = {0};
        char *choice = NULL;
        missing += !fg_conv_variant_turn(&v, task->part, dial, index);
        fg_tuning_choice_print(
            &text, task->part,
            &(fg_tuning_choice){.tiling = *from[task->part], .lane_vectors = v.lane_vectors});
        FG_EXPECT_OK(fg_text_take(&choice, &text));
        FG_EXPECT_OK(fg_tuning_append(&tuning, &(fg_tuning_line){.origin = FG_TUNING_TUNE,
                                                                 .operation = task->operation,
                                                                 .choice = choice}));
        fg_text_free(choice);
    }
    fg_tasks_clear(&tasks);
    fg_tuning_close(&tuning);
    fg_net_free(net);
    return missing;
}

/* With every value that tuning at first use may choose, and with some that need kernels of their
 * own: ops/conv_bits has all of these. */
START_TEST(no_choice_changes_bits)
{
    static const struct {
        fg_conv_dial dial;
        int first, count;
    } tried[] = {
        {FG_CONV_DIAL_PIXELS, 0, 100}, {FG_CONV_DIAL_TILE, 2, 1}, {FG_CONV_DIAL_LANES, 2, 1}};
    const char *const models[] = {NETS_MODEL, "resnet-8:image=9,channels=2,classes=7"};
    fg_device *device = open_device(NULL, 0);

    for (size_t m = 0; m < sizeof models / sizeof *models; ++m) {
        const int images = 5;
        const nets_state expected = trained(device, models[m], images);
        for (size_t t = 0; t < sizeof tried / sizeof *tried; ++t) {
            int values = 0;
            for (int i = tried[t].first; i < tried[t].first + tried[t].count; ++i) {
                const char *path = scratch_path("choices.txt");
                unlink(path);
                const int missing =
                    write_choices(path, device, models[m], images, tried[t].dial, i);
                if (missing > 0 && tried[t].dial != FG_CONV_DIAL_LANES)
                    break;
                fg_device *tuned = open_device(path, 0);
                const nets_state state = trained(tuned, models[m], images);
                nets_expect_same(models[m], &state, &expected);
                fg_device_free(tuned);
                ++values;
            }
            ck_assert_int_ge(values, tried[t].dial == FG_CONV_DIAL_PIXELS ? 2 : 1);
        }
        fg_arrays_clear();
    }
    fg_device_free(device);
}
END_TEST

/* ---- at first use ---- */

START_TEST(a_net_is_tuned_once)
{
    const nets_state expected = trained_untuned(WORTH, WORTH_IMAGES);
    fg_device *device = open_device(NULL, 60);
    const char *path = scratch_path("cache/tuning.txt");
    size_t bytes, bytes_again;
    int directs = 0;

    const nets_state first = trained(device, WORTH, WORTH_IMAGES);
    char *text = scratch_read(path, &bytes);
    const nets_state second = trained(device, WORTH, WORTH_IMAGES);
    char *again = scratch_read(path, &bytes_again);

    nets_expect_same("tuned at first use", &first, &expected);
    nets_expect_same("used again", &second, &expected);
    ck_assert_str_eq(text, again);
    fg_tuning tuning = read_cache(device);
    for (int i = 0; i < tuning.count; ++i) {
        ck_assert_int_eq(tuning.lines[i].origin, FG_TUNING_FIRST_USE);
        directs += strncmp(tuning.lines[i].choice, "direct ", 7) == 0;
    }
    ck_assert_int_eq(directs, tuning.count - 1);
    ck_assert_int_gt(directs, 10);
    ck_assert_str_eq(tuning.lines[tuning.count - 1].choice, FG_TUNING_DONE);
    fg_tuning_close(&tuning);
    fg_device_free(device);
    free(text);
    free(again);
}
END_TEST

START_TEST(time_is_kept_to)
{
    fg_device *device = open_device(NULL, 1e-9);
    fg_net_free(nets_create_trained(device, WORTH, WORTH_IMAGES));
    fg_tuning tuning = read_cache(device);
    ck_assert_int_eq(tuning.count, 1);
    ck_assert_str_eq(tuning.lines[0].choice, FG_TUNING_DONE);
    fg_tuning_close(&tuning);
    fg_device_free(device);
}
END_TEST

START_TEST(nothing_is_tuned_when_it_is_off_or_not_worth_it_or_a_file_is_named)
{
    const char *named = scratch_path("named.txt");
    fg_device *device = open_device(NULL, 0);
    fg_net_free(nets_create_trained(device, WORTH, WORTH_IMAGES));
    write_choices(named, device, NETS_MODEL, 5, FG_CONV_DIAL_PIXELS, 0);
    fg_device_free(device);
    setenv("FG_TUNE", "off", 1);
    device = open_device(NULL, -1);
    fg_net_free(nets_create_trained(device, WORTH, WORTH_IMAGES));
    fg_device_free(device);
    setenv("FG_TUNE", "3.5", 1);
    device = open_device(NULL, -1);
    fg_net_free(nets_create_trained(device, NETS_MODEL, 5));
    fg_device_free(device);
    device = open_device(named, -1);
    fg_net_free(nets_create_trained(device, WORTH, WORTH_IMAGES));
    fg_device_free(device);
    /* The folder may be there: some drivers' programs are kept in it. */
    ck_assert_int_eq(access(scratch_path("cache/tuning.txt"), F_OK), -1);
}
END_TEST

static void count_warnings(void *user, fg_log_level level, const char *line)
{
    (void)line;
    *(int *)user += level <= FG_LOG_WARN;
}

/* It is told of once, not by each net. */
START_TEST(a_cache_that_cannot_be_written_stops_nobody)
{
    setenv("FG_CACHE_DIR", scratch_text("file", "in the folder's place"), 1);
    const nets_state expected = trained_untuned(WORTH, WORTH_IMAGES);
    int warnings = 0;
    fg_device *device = NULL;
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    config.tuning_seconds = 60;
    config.log = count_warnings;
    config.log_user = &warnings;
    FG_EXPECT_OK(fg_device_create(&device, &config));
    for (int i = 0; i < 2; ++i) {
        const nets_state state = trained(device, WORTH, WORTH_IMAGES);
        nets_expect_same("without a cache", &state, &expected);
    }
    ck_assert_int_eq(warnings, 1);
    fg_device_free(device);
}
END_TEST

START_TEST(what_the_variable_says_must_be_a_time)
{
    static const char *const bad[] = {"on", "-1", "2s", "nan", "1e9"};
    fg_device *device = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        setenv("FG_TUNE", bad[i], 1);
        FG_EXPECT_FAILS(fg_device_create(&device, NULL), FG_ERR_ARGUMENT, "FG_TUNE");
    }
}
END_TEST

/* ---- fg_net_tune ---- */

typedef struct told {
    int count, known, stop_after;
} told;

static void note(void *user, const fg_tune_progress *progress)
{
    told *t = user;
    ck_assert_int_eq(progress->done, ++t->count);
    ck_assert_int_ge(progress->all, progress->done);
    ck_assert_int_ge(progress->count, 1);
    ck_assert(progress->before_ms > 0 && progress->after_ms > 0 &&
              progress->after_ms <= progress->before_ms);
    t->known += progress->known;
}

static int stop(void *user)
{
    const told *t = user;
    return t->count >= t->stop_after;
}

START_TEST(tuning_goes_on_where_it_was_stopped)
{
    fg_device *device = open_device(NULL, 0);
    fg_net *net = nets_create_trained(device, NETS_MODEL, 5);
    fg_tune_config config = FG_TUNE_CONFIG_INIT;
    told t = {.stop_after = 1};
    const nets_batch batch = nets_batch_of(net, 5, 0);

    nets_step(net, &batch);
    const nets_state before = nets_state_of(net);
    config.progress = note;
    config.cancel = stop;
    config.user = &t;
    FG_EXPECT_FAILS(fg_net_tune(net, &config), FG_ERR_CANCELLED, "stopped");
    ck_assert_int_eq(t.known, 0);
    t = (told){.stop_after = 2};
    FG_EXPECT_FAILS(fg_net_tune(net, &config), FG_ERR_CANCELLED, "stopped");
    ck_assert_int_eq(t.known, 1);
    fg_tuning tuning = read_cache(device);
    ck_assert_int_eq(tuning.count, 2);
    ck_assert_int_eq(tuning.lines[0].origin, FG_TUNING_TUNE);
    fg_tuning_close(&tuning);

    const nets_state after = nets_state_of(net);
    nets_expect_same("what tuning leaves alone", &after, &before);
    nets_step(net, &batch); /* what it does not is made anew, which FG_POISON would show */
    fg_net_free(net);
    fg_device_free(device);
}
END_TEST

/* Tiles that are tried put weights into orders of their own, where inference keeps them. */
START_TEST(inference_is_the_same_behind_tuning)
{
    fg_device *device = open_device(NULL, 0);
    fg_net *net = nets_create(device, NETS_MODEL, 5, 0);
    fg_tune_config config = FG_TUNE_CONFIG_INIT;
    told t = {.stop_after = 2};
    const nets_batch batch = nets_batch_of(net, 5, 0);
    const nets_state before = nets_logits(net, FG_MODE_EVALUATION, &batch);

    config.progress = note;
    config.cancel = stop;
    config.user = &t;
    FG_EXPECT_FAILS(fg_net_tune(net, &config), FG_ERR_CANCELLED, "stopped");
    const nets_state after = nets_logits(net, FG_MODE_EVALUATION, &batch);
    nets_expect_same("logits behind tuning", &after, &before);
    fg_net_free(net);
    fg_device_free(device);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told_of_before_anything_is_measured)
{
    fg_device *device = open_device(NULL, 0);
    fg_net *net = nets_create_trained(device, NETS_MODEL, 5);
    fg_tune_config config = FG_TUNE_CONFIG_INIT;
    told t = {.stop_after = 0};

    config.progress = note;
    config.cancel = stop;
    config.user = &t;
    config.output = scratch_path("none/tuning.txt");
    FG_EXPECT_FAILS(fg_net_tune(net, &config), FG_ERR_FILE, "none/tuning.txt");
    config.output = scratch_path("new.txt");
    FG_EXPECT_FAILS(fg_net_tune(net, &config), FG_ERR_CANCELLED, "stopped");
    ck_assert_int_eq(access(config.output, F_OK), -1);
    ck_assert_int_eq(t.count, 0);
    fg_net_free(net);
    fg_device_free(device);
}
END_TEST

/* What was tuned, and lines of the log that say why an algorithm was not taken. */
typedef struct skips {
    int operations, all;
    char *lines;
} skips;

static void keep_skip(void *user, fg_log_level level, const char *line)
{
    skips *s = user;
    fg_text text = {0};
    (void)level;
    if (strstr(line, " is skipped: ") == NULL)
        return;
    fg_text_append(&text, "%s%s\n", s->lines, line);
    fg_text_free(s->lines);
    FG_EXPECT_OK(fg_text_take(&s->lines, &text));
}

/* Each algorithm but direct is chosen, or has one line. */
static void expect_skips(void *user, const fg_tune_progress *progress)
{
    skips *s = user;
    ++s->all;
    if (strncmp(progress->operation, "conv_forward ", strlen("conv_forward ")) != 0)
        return;
    for (int i = FG_ALGORITHM_DIRECT + 1; i < FG_ALGORITHMS; ++i) {
        fg_text text = {0};
        char *start = NULL, *at = s->lines;
        int lines = 0;
        fg_text_append(&text, "%s: %s is skipped: ", progress->operation,
                       fg_algorithm_names[i]);
        FG_EXPECT_OK(fg_text_take(&start, &text));
        for (; (at = strstr(at, start)) != NULL; ++at)
            ++lines;
        ck_assert_msg(lines == (strcmp(progress->choice, fg_algorithm_names[i]) != 0),
                      "%d lines of \"%s\" in:\n%s", lines, start, s->lines);
        fg_text_free(start);
    }
    ++s->operations;
}

static int stop_behind(void *user)
{
    const skips *s = user;
    return s->operations >= 4;
}

START_TEST(each_algorithm_is_chosen_or_has_a_line_that_says_why_not)
{
    skips s = {.lines = strdup("")};
    fg_device *device = NULL;
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_tune_config tune_config = FG_TUNE_CONFIG_INIT;
    config.log = keep_skip;
    config.log_user = &s;
    config.tuning_seconds = 0;
    FG_EXPECT_OK(fg_device_create(&device, &config));
    fg_net *net = nets_create(device, "resnet-8:image=9,channels=2,classes=7", 5, 0);
    tune_config.progress = expect_skips;
    tune_config.cancel = stop_behind;
    tune_config.user = &s;
    const fg_status status = fg_net_tune(net, &tune_config);
    ck_assert(status == FG_OK || status == FG_ERR_CANCELLED);
    ck_assert_int_ge(s.operations, 4);
    ck_assert_ptr_nonnull(strstr(s.lines, " ms, "));
    ck_assert_ptr_nonnull(strstr(s.lines, "winograd is skipped: it is for 3x3 at stride 1"));
    fg_net_free(net);
    fg_device_free(device);
    fg_text_free(s.lines);
}
END_TEST

/* ---- what computes a net ---- */

static char *algorithms_of(const fg_net *net)
{
    char *text = NULL;
    FG_EXPECT_OK(fg_net_algorithms(&text, net));
    return text;
}

START_TEST(a_net_says_what_computes_it)
{
    fg_device *device = open_device(NULL, 0);
    fg_net *net = nets_create_trained(device, NETS_MODEL, 5);
    char *direct = algorithms_of(net);
    ck_assert_str_eq(direct, "direct");

    net->plan->ops[0].algorithm = FG_ALGORITHM_GEMM;
    char *first = algorithms_of(net);
    ck_assert_ptr_eq(strstr(first, "gemm 1 of "), first);
    net->plan->ops[0].algorithm = FG_ALGORITHM_DIRECT;
    for (int i = 1; net->plan->ops[0].algorithm == FG_ALGORITHM_DIRECT; ++i) {
        if (net->plan->ops[i].kind != FG_OP_CONV)
            continue;
        net->plan->ops[i].algorithm = FG_ALGORITHM_GEMM;
        break;
    }
    char *another = algorithms_of(net);
    ck_assert_ptr_eq(strstr(another, "gemm 1 of "), another);
    ck_assert_str_ne(first, another);
    fg_text_free(direct);
    fg_text_free(first);
    fg_text_free(another);
    fg_net_free(net);
    fg_device_free(device);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/tune");
    TCase *tests = tcase_create("tune");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, scratch_teardown);
    tcase_add_checked_fixture(tests, NULL, fg_arrays_clear);
    tcase_add_test(tests, no_choice_changes_bits);
    tcase_add_test(tests, a_net_is_tuned_once);
    tcase_add_test(tests, time_is_kept_to);
    tcase_add_test(tests, nothing_is_tuned_when_it_is_off_or_not_worth_it_or_a_file_is_named);
    tcase_add_test(tests, a_cache_that_cannot_be_written_stops_nobody);
    tcase_add_test(tests, what_the_variable_says_must_be_a_time);
    tcase_add_test(tests, tuning_goes_on_where_it_was_stopped);
    tcase_add_test(tests, inference_is_the_same_behind_tuning);
    tcase_add_test(tests, a_file_that_cannot_be_written_is_told_of_before_anything_is_measured);
    tcase_add_test(tests, each_algorithm_is_chosen_or_has_a_line_that_says_why_not);
    tcase_add_test(tests, a_net_says_what_computes_it);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
