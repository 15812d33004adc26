/* devices.c - filigree devices: every OpenCL device with its limits.
 *
 * SPDX-License-Identifier: MIT
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "console.h"
#include "options.h"

enum { KEY_JSON = OPTION_FIRST_KEY };

static const struct argp_option options_table[] = {
    {"json", KEY_JSON, NULL, 0, "Print one JSON array of platforms", 0},
    {NULL, 0, NULL, 0, NULL, 0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case KEY_JSON:
        *(bool *)state->input = true;
        return 0;
    case ARGP_KEY_ARG:
        usage_fail("'%s' is not an option", text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What the library knows; devices are in the order of the platforms. */
struct listing {
    fg_platform_info *platforms;
    int platform_count;
    fg_device_info *devices;
    int device_count;
};

static int widest_name(const struct listing *listing)
{
    int widest = (int)strlen("device");
    for (int i = 0; i < listing->device_count; ++i) {
        const int width = (int)strlen(listing->devices[i].name);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void print_device(const fg_device_info *info, int number, int widest)
{
    char memory[SIZE_TEXT];
    char allocation[SIZE_TEXT];
    char local[SIZE_TEXT];

    printf("%6d  %-*s  %-11s  %5d  %9s  %10s  %7zu B  %9s  %s\n", number, widest, info->name,
           info->kind, info->compute_units, size_text(memory, info->memory_bytes),
           size_text(allocation, info->allocation_bytes), info->alignment_bytes,
           size_text(local, info->local_bytes), info->driver);
}

/* One behind the last device of a platform that begins at number. The lists are made one after the
 * other, so a driver may have lost a device in between. */
static int end_of(const struct listing *listing, const fg_platform_info *platform, int number)
{
    const int end = number + platform->devices;
    return end < listing->device_count ? end : listing->device_count;
}

static void print_table(const struct listing *listing)
{
    const int widest = widest_name(listing);
    int number = 0;

    for (int i = 0; i < listing->platform_count; ++i) {
        const fg_platform_info *platform = &listing->platforms[i];
        const int end = end_of(listing, platform, number);
        printf("%s%s, %s\n", i == 0 ? "" : "\n", platform->name, platform->version);
        if (platform->devices > 0)
            printf("%6s  %-*s  %-11s  %5s  %9s  %10s  %9s  %9s  %s\n", "number", widest,
                   "device", "kind", "units", "memory", "allocation", "alignment", "local",
                   "driver");
        else if (platform->problem[0] == '\0')
            puts("no device");
        for (; number < end; ++number)
            print_device(&listing->devices[number], number, widest);
        if (platform->problem[0] != '\0')
            printf("left out: %s\n", platform->problem);
    }
}

static json_t *device_object(const fg_device_info *info, int number)
{
    return json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:I}", "number", number, "name",
        info->name, "version", info->version, "driver", info->driver, "kind", info->kind,
        "compute_units", info->compute_units, "memory_bytes", (json_int_t)info->memory_bytes,
        "allocation_bytes", (json_int_t)info->allocation_bytes, "alignment_bytes",
        (json_int_t)info->alignment_bytes, "local_bytes", (json_int_t)info->local_bytes);
}

static int print_list(const struct listing *listing)
{
    json_t *array = json_array();
    int number = 0;

    for (int i = 0; i < listing->platform_count; ++i) {
        const fg_platform_info *platform = &listing->platforms[i];
        const int end = end_of(listing, platform, number);
        json_t *devices = json_array();
        for (; number < end; ++number)
            json_array_append_new(devices, device_object(&listing->devices[number], number));
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:o}", "platform", platform->name,
                                        "platform_version", platform->version, "problem",
                                        platform->problem, "devices", devices));
    }
    return print_json(array);
}

int command_devices(int argc, char **argv)
{
    static const struct argp argp = {
        options_table,
        parse_option,
        NULL,
        "Lists every OpenCL platform and device: limits, alignment, memory, driver.",
        NULL,
        NULL,
        NULL};
    bool json = false;
    struct listing listing = {NULL, 0, NULL, 0};
    int exit_status = EXIT_FAILURE;

    argp_parse(&argp, argc, argv, 0, NULL, &json);
    if (fg_platform_list(&listing.platforms, &listing.platform_count) != FG_OK ||
        fg_device_list(&listing.devices, &listing.device_count) != FG_OK)
        exit_status = console_failure();
    else if (json)
        exit_status = print_list(&listing);
    else {
        print_table(&listing);
        exit_status = EXIT_SUCCESS;
    }
    fg_device_list_free(listing.devices);
    fg_platform_list_free(listing.platforms);
    return exit_status;
}
