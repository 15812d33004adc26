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
    {"json", KEY_JSON, NULL, 0, "Print one JSON array", 0}, {NULL, 0, NULL, 0, NULL, 0}};

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

static void print_table(const fg_device_info *list, int count)
{
    char memory[SIZE_TEXT];
    char allocation[SIZE_TEXT];
    char local[SIZE_TEXT];
    int widest = (int)strlen("device");

    for (int i = 0; i < count; ++i) {
        const int width = (int)strlen(list[i].name);
        widest = width > widest ? width : widest;
    }
    for (int i = 0; i < count; ++i) {
        const fg_device_info *info = &list[i];
        if (i == 0 || strcmp(info->platform, list[i - 1].platform) != 0 ||
            strcmp(info->platform_version, list[i - 1].platform_version) != 0) {
            printf("%s%s, %s\n", i == 0 ? "" : "\n", info->platform, info->platform_version);
            printf("%6s  %-*s  %-11s  %5s  %9s  %10s  %9s  %9s  %s\n", "number", widest,
                   "device", "kind", "units", "memory", "allocation", "alignment", "local",
                   "driver");
        }
        printf("%6d  %-*s  %-11s  %5d  %9s  %10s  %7zu B  %9s  %s\n", i, widest, info->name,
               info->kind, info->compute_units, size_text(memory, info->memory_bytes),
               size_text(allocation, info->allocation_bytes), info->alignment_bytes,
               size_text(local, info->local_bytes), info->driver);
    }
}

static int print_list(const fg_device_info *list, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; ++i) {
        const fg_device_info *info = &list[i];
        json_array_append_new(
            array,
            json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:I}", "number",
                      i, "platform", info->platform, "platform_version", info->platform_version,
                      "name", info->name, "version", info->version, "driver", info->driver,
                      "kind", info->kind, "compute_units", info->compute_units, "memory_bytes",
                      (json_int_t)info->memory_bytes, "allocation_bytes",
                      (json_int_t)info->allocation_bytes, "alignment_bytes",
                      (json_int_t)info->alignment_bytes, "local_bytes",
                      (json_int_t)info->local_bytes));
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
    fg_device_info *list = NULL;
    int count = 0;
    int exit_status = EXIT_SUCCESS;

    argp_parse(&argp, argc, argv, 0, NULL, &json);
    if (fg_device_list(&list, &count) != FG_OK)
        return console_failure();
    if (json)
        exit_status = print_list(list, count);
    else
        print_table(list, count);
    fg_device_list_free(list);
    return exit_status;
}
