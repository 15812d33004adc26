/* test_trace.c - FG_TRACE as a file and as a table.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <jansson.h>
#include <stdlib.h>

#include "device/buffer.h"
#include "device/trace.h"
#include "support/scratch.h"

#define MANY 9000 /* more events than a trace holds before it reads their times */

static char table[4096];

static void keep_table(void *user, fg_log_level level, const char *line)
{
    (void)user;
    if (level == FG_LOG_INFO && strlen(table) + strlen(line) + 2 < sizeof table) {
        strcat(table, line);
        strcat(table, "\n");
    }
}

static void setup(void)
{
    scratch_setup();
    table[0] = '\0';
}

static void teardown(void)
{
    unsetenv("FG_TRACE");
    scratch_teardown();
}

/* Opens a device under FG_TRACE=target, fills `fills` times, writes and reads once, closes it.
 */
static void work(const char *target, int fills)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;
    fg_buffer *buffer = NULL;
    float value = 1.0f;
    cl_event done = NULL;

    setenv("FG_TRACE", target, 1);
    config.log = keep_table;
    FG_EXPECT_OK(fg_device_create(&device, &config));
    FG_EXPECT_OK(fg_buffer_create(&buffer, device, sizeof value)); /* fills, too */
    for (int i = 1; i < fills; ++i)
        FG_EXPECT_OK(fg_buffer_fill(buffer, 0, 1, 2.0f));
    FG_EXPECT_OK(fg_buffer_write(buffer, 0, &value, sizeof value, &done));
    fg_event_free(&done);
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, &value, sizeof value));
    fg_buffer_free(buffer);
    fg_device_free(device);
}

START_TEST(file_has_every_launch_in_order)
{
    json_error_t error;
    json_t *root, *events;
    double last = -1.0;

    work(scratch_path("trace.json"), MANY);
    root = json_load_file(scratch_path("trace.json"), 0, &error);
    ck_assert_msg(root != NULL, "line %d: %s", error.line, error.text);
    events = json_object_get(root, "traceEvents");
    ck_assert_uint_eq(json_array_size(events), MANY + 2);
    for (size_t i = 0; i < MANY + 2; ++i) {
        const json_t *event = json_array_get(events, i);
        const char *name = i < MANY ? "fill" : i == MANY ? "write" : "read";
        const double start = json_number_value(json_object_get(event, "ts"));
        ck_assert_str_eq(json_string_value(json_object_get(event, "name")), name);
        ck_assert_str_eq(json_string_value(json_object_get(event, "ph")), "X");
        ck_assert_double_ge(json_number_value(json_object_get(event, "dur")), 0.0);
        ck_assert_double_ge(start, last);
        last = start;
    }
    json_decref(root);
}
END_TEST

START_TEST(table_counts_launches)
{
    work("-", 7);
    ck_assert_msg(strstr(table, "launches") != NULL, "%s", table);
    ck_assert_msg(strstr(table, "fill                                7 ") != NULL, "%s", table);
    ck_assert_msg(strstr(table, "read                                1 ") != NULL, "%s", table);
    ck_assert_msg(strstr(table, "write                               1 ") != NULL, "%s", table);
}
END_TEST

START_TEST(events_belong_to_the_step_that_was_named_last)
{
    fg_device *device = NULL;
    fg_buffer *buffer = NULL;
    const fg_trace_event *events = NULL;
    size_t count = 0;
    float value = 1.0f;

    FG_EXPECT_OK(fg_device_create_traced(&device, NULL));
    FG_EXPECT_OK(fg_buffer_create(&buffer, device, sizeof value));
    fg_trace_step(device->trace, 7);
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, &value, sizeof value));
    FG_EXPECT_OK(fg_trace_events(device->trace, &events, &count));
    ck_assert_uint_eq(count, 2);
    fg_trace_step(device->trace, -1);
    FG_EXPECT_OK(fg_buffer_read(buffer, 0, &value, sizeof value));
    FG_EXPECT_OK(fg_trace_events(device->trace, &events, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(events[0].label, "fill");
    ck_assert_str_eq(events[1].label, "read");
    ck_assert_int_eq(events[0].step, -1);
    ck_assert_int_eq(events[1].step, 7);
    ck_assert_int_eq(events[2].step, -1);
    for (size_t i = 0; i < count; ++i)
        ck_assert_uint_ge(events[i].end_ns, events[i].start_ns);
    ck_assert_uint_ge(events[2].start_ns, events[1].end_ns);
    fg_trace_step(NULL, 0); /* where there is no trace */
    fg_buffer_free(buffer);
    fg_device_free(device);
    ck_assert_str_eq(table, "");
}
END_TEST

START_TEST(file_that_cannot_be_written_is_an_error_at_once)
{
    fg_device *device = (fg_device *)1;

    setenv("FG_TRACE", scratch_path("no/such/folder"), 1);
    FG_EXPECT_FAILS(fg_device_create(&device, NULL), FG_ERR_FILE, "no/such/folder");
    ck_assert_ptr_null(device);
}
END_TEST

START_TEST(full_disk_is_logged_when_the_device_is_freed)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;

    config.log = keep_table;
    setenv("FG_TRACE", "/dev/full", 1);
    FG_EXPECT_OK(fg_device_create(&device, &config));
    FG_EXPECT_OK(fg_device_finish(device));
    fg_device_free(device);
    ck_assert_ptr_nonnull(strstr(fg_error_message(), "/dev/full"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/trace");
    TCase *tests = tcase_create("trace");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, file_has_every_launch_in_order);
    tcase_add_test(tests, table_counts_launches);
    tcase_add_test(tests, events_belong_to_the_step_that_was_named_last);
    tcase_add_test(tests, file_that_cannot_be_written_is_an_error_at_once);
    tcase_add_test(tests, full_disk_is_logged_when_the_device_is_freed);
    suite_add_tcase(suite, tests);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
