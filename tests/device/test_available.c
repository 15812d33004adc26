/* test_available.c - free memory as /proc and both versions of control groups tell it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <check.h>
#include <stdint.h>

#include "device/available.h"
#include "support/scratch.h"

#define MEMINFO "MemTotal:       4096 kB\nMemFree:  100 kB\nMemAvailable:   2048 kB\n"

static size_t available(void)
{
    return fg_available_bytes(scratch_path(""));
}

START_TEST(nothing_to_read_is_no_limit)
{
    ck_assert_uint_eq(available(), SIZE_MAX);
}
END_TEST

START_TEST(this_system_has_some_memory)
{
    ck_assert_uint_gt(fg_available_bytes(""), 1 << 20);
}
END_TEST

START_TEST(system_says_in_kilobytes)
{
    scratch_text("proc/meminfo", MEMINFO);
    ck_assert_uint_eq(available(), 2048 * 1024);
}
END_TEST

START_TEST(version2_leaves_limit_less_usage_but_for_idle_cache)
{
    scratch_text("proc/meminfo", MEMINFO);
    scratch_text("proc/self/cgroup", "0::/a/b\n");
    scratch_text("sys/fs/cgroup/a/b/memory.max", "1000000\n");
    scratch_text("sys/fs/cgroup/a/b/memory.current", "700000\n");
    scratch_text("sys/fs/cgroup/a/b/memory.stat",
                 "anon 5\ninactive_file_like 9\ninactive_file 100000\n");
    ck_assert_uint_eq(available(), 400000);
}
END_TEST

START_TEST(a_parent_may_leave_less)
{
    scratch_text("proc/self/cgroup", "0::/a/b\n");
    scratch_text("sys/fs/cgroup/a/b/memory.max", "max\n");
    scratch_text("sys/fs/cgroup/a/memory.max", "500000\n");
    scratch_text("sys/fs/cgroup/a/memory.current", "200000\n");
    ck_assert_uint_eq(available(), 300000);
}
END_TEST

START_TEST(in_a_container_the_mount_itself_counts)
{
    scratch_text("proc/self/cgroup", "0::/host/only/path\n");
    scratch_text("sys/fs/cgroup/memory.max", "500000\n");
    scratch_text("sys/fs/cgroup/memory.current", "100000\n");
    ck_assert_uint_eq(available(), 400000);
}
END_TEST

START_TEST(version1_is_the_line_with_the_memory_controller)
{
    scratch_text("proc/self/cgroup",
                 "9:name=systemd:/\n5:cpu,memory:/job\n3:memory_like:/x\n0::/\n");
    scratch_text("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "900000\n");
    scratch_text("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "500000\n");
    scratch_text("sys/fs/cgroup/memory/job/memory.stat",
                 "inactive_file 1\ntotal_inactive_file 50000\n");
    scratch_text("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    ck_assert_uint_eq(available(), 450000);
}
END_TEST

START_TEST(a_device_leaves_some_for_the_process)
{
    ck_assert_uint_eq(fg_available_to_device(scratch_path("")), SIZE_MAX);
    scratch_text("proc/meminfo", "MemAvailable: 1048576 kB\n");
    ck_assert_uint_eq(fg_available_to_device(scratch_path("")), (size_t)768 << 20);
    scratch_text("proc/meminfo", "MemAvailable: 200000 kB\n");
    ck_assert_uint_eq(fg_available_to_device(scratch_path("")), 1);
}
END_TEST

START_TEST(over_the_limit_leaves_nothing)
{
    scratch_text("proc/self/cgroup", "0::/\n");
    scratch_text("sys/fs/cgroup/memory.max", "500000\n");
    scratch_text("sys/fs/cgroup/memory.current", "600000\n");
    ck_assert_uint_eq(available(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/available");
    TCase *tests = tcase_create("available");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_test(tests, nothing_to_read_is_no_limit);
    tcase_add_test(tests, this_system_has_some_memory);
    tcase_add_test(tests, system_says_in_kilobytes);
    tcase_add_test(tests, version2_leaves_limit_less_usage_but_for_idle_cache);
    tcase_add_test(tests, a_parent_may_leave_less);
    tcase_add_test(tests, in_a_container_the_mount_itself_counts);
    tcase_add_test(tests, version1_is_the_line_with_the_memory_controller);
    tcase_add_test(tests, a_device_leaves_some_for_the_process);
    tcase_add_test(tests, over_the_limit_leaves_nothing);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
