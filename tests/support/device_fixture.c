/* device_fixture.c - the one device of a test program: what FG_DEVICE names, else the first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support/device_fixture.h"

#include <stdio.h>

static fg_device *device;

/* Build logs and the like: what one wants to see when a test fails. */
static void print_line(void *user, fg_log_level level, const char *line)
{
    (void)user;
    if (level <= FG_LOG_WARN)
        fprintf(stderr, "%s\n", line);
}

void fg_device_fixture_open(void)
{
    fg_device_config config = FG_DEVICE_CONFIG_INIT;
    config.log = print_line;
    FG_EXPECT_OK(fg_device_create(&device, &config));
}

void fg_device_fixture_close(void)
{
    fg_device_free(device);
    device = NULL;
}

fg_device *fg_device_fixture(void)
{
    ck_assert_msg(device != NULL, "the fixture is not open");
    return device;
}
