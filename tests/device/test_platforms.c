/* test_platforms.c - platforms without devices, and drivers that fail, beside one that works.
 *
 * The OpenCL functions that ask for platforms and devices are defined here, for the drivers of
 * this machine can hardly be made to fail.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <stdlib.h>

enum { EMPTY, BROKEN, GOOD, NAMELESS, PLATFORMS };

static const char *const names[PLATFORMS] = {"Empty", "Broken", "Good", ""};
static char platforms[PLATFORMS];
static char devices[3]; /* of the good platform; the second one fails */

static int index_of(cl_platform_id platform)
{
    return (int)((char *)platform - platforms);
}

cl_int clGetPlatformIDs(cl_uint room, cl_platform_id *out, cl_uint *count)
{
    for (cl_uint i = 0; i < room && i < PLATFORMS; ++i)
        out[i] = (cl_platform_id)&platforms[i];
    if (count != NULL)
        *count = PLATFORMS;
    return CL_SUCCESS;
}

static cl_int give(const void *from, size_t bytes, size_t room, void *out, size_t *size)
{
    if (size != NULL)
        *size = bytes;
    if (out != NULL)
        memcpy(out, from, bytes < room ? bytes : room);
    return CL_SUCCESS;
}

static cl_int give_text(const char *text, size_t room, void *out, size_t *size)
{
    return give(text, strlen(text) + 1, room, out, size);
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t room, void *out,
                         size_t *size)
{
    if (index_of(platform) == NAMELESS)
        return CL_INVALID_PLATFORM;
    return give_text(what == CL_PLATFORM_NAME ? names[index_of(platform)] : "OpenCL 1.2", room,
                     out, size);
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint room,
                      cl_device_id *out, cl_uint *count)
{
    (void)type;
    if (index_of(platform) == BROKEN)
        return CL_OUT_OF_HOST_MEMORY;
    if (index_of(platform) != GOOD)
        return CL_DEVICE_NOT_FOUND;
    for (cl_uint i = 0; i < room && i < sizeof devices; ++i)
        out[i] = (cl_device_id)&devices[i];
    if (count != NULL)
        *count = sizeof devices;
    return CL_SUCCESS;
}

cl_int clGetDeviceInfo(cl_device_id id, cl_device_info what, size_t room, void *out,
                       size_t *size)
{
    static const char number[sizeof(cl_ulong)] = {1};
    static const char *const device_names[] = {"first", "second", "third"};
    const long index = (char *)id - devices;

    if (index == 1)
        return CL_DEVICE_NOT_AVAILABLE;
    if (what == CL_DEVICE_NAME)
        return give_text(device_names[index], room, out, size);
    if (what == CL_DEVICE_VERSION || what == CL_DRIVER_VERSION)
        return give_text("1", room, out, size);
    return give(number, room, room, out, size); /* 1, in however many bytes */
}

cl_context
clCreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *ids,
                void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *),
                void *user, cl_int *code)
{
    (void)properties, (void)count, (void)ids, (void)notify, (void)user;
    *code = CL_OUT_OF_RESOURCES;
    return NULL;
}

START_TEST(every_platform_is_listed_with_what_is_wrong)
{
    fg_platform_info *list = NULL;
    int count = 0;

    FG_EXPECT_OK(fg_platform_list(&list, &count));
    ck_assert_int_eq(count, PLATFORMS);
    ck_assert_str_eq(list[EMPTY].name, "Empty");
    ck_assert_str_eq(list[EMPTY].version, "OpenCL 1.2");
    ck_assert_int_eq(list[EMPTY].devices, 0);
    ck_assert_str_eq(list[EMPTY].problem, "");
    ck_assert_int_eq(list[BROKEN].devices, 0);
    ck_assert_str_eq(list[BROKEN].problem, "clGetDeviceIDs: CL_OUT_OF_HOST_MEMORY (-6)");
    ck_assert_int_eq(list[GOOD].devices, 2);
    ck_assert_ptr_nonnull(strstr(list[GOOD].problem, "CL_DEVICE_NOT_AVAILABLE"));
    ck_assert_int_eq(list[NAMELESS].devices, 0);
    ck_assert_str_eq(list[NAMELESS].name, "platform without a name");
    ck_assert_ptr_nonnull(strstr(list[NAMELESS].problem, "CL_INVALID_PLATFORM"));
    fg_platform_list_free(list);
}
END_TEST

START_TEST(devices_that_work_are_listed_without_the_others)
{
    fg_device_info *list = NULL;
    int count = 0;

    FG_EXPECT_OK(fg_device_list(&list, &count));
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(list[0].platform, "Good");
    ck_assert_str_eq(list[0].name, "first");
    ck_assert_str_eq(list[1].name, "third");
    fg_device_list_free(list);
}
END_TEST

/* Opening comes as far as the context, which is no longer a matter of choice. */
START_TEST(a_device_that_works_is_chosen_beside_drivers_that_fail)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    fg_device *device = NULL;

    unsetenv("FG_DEVICE");
    FG_EXPECT_FAILS(fg_device_create(&device, NULL), FG_ERR_DEVICE, "clCreateContext");
    config.match = "third";
    FG_EXPECT_FAILS(fg_device_create(&device, &config), FG_ERR_DEVICE, "clCreateContext");
    config.match = "broken";
    FG_EXPECT_FAILS(fg_device_create(&device, &config), FG_ERR_ARGUMENT,
                    "0: Good, first; 1: Good, third; Broken: clGetDeviceIDs: CL_OUT_OF_HOST");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("device/platforms");
    TCase *tests = tcase_create("platforms");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, every_platform_is_listed_with_what_is_wrong);
    tcase_add_test(tests, devices_that_work_are_listed_without_the_others);
    tcase_add_test(tests, a_device_that_works_is_chosen_beside_drivers_that_fail);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
