/* program_text.c - what a program is built from: its text, embedded or in FG_CL_DIR, and options.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/program_text.h"

#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "device/embedded.h"

/* The text of folder/name.cl. */
static fg_status read_file(char **out, const char *folder, const char *name)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *path = NULL;
    FILE *file = NULL;
    char line[1024];

    *out = NULL;
    fg_text_append(&text, "%s/%s.cl", folder, name);
    FG_TRY(fg_text_take(&path, &text));
    file = fopen(path, "re");
    FG_CHECK(file != NULL, FG_ERR_FILE, "%s: cannot be opened (FG_CL_DIR)", path);
    fg_text_append(&text, "#line 1 \"%s.cl\"\n", name);
    while (fgets(line, sizeof line, file) != NULL)
        fg_text_append(&text, "%s", line);
    FG_CHECK(!ferror(file), FG_ERR_FILE, "%s: cannot be read (FG_CL_DIR)", path);
    FG_TRY(fg_text_take(out, &text));

cleanup:
    if (file != NULL)
        fclose(file);
    fg_text_free(path);
    fg_text_free(text.data);
    return status;
}

fg_status fg_program_text_read(char **out, const char *name)
{
    const char *folder = fg_env_cl_dir();

    *out = NULL;
    if (folder != NULL)
        return read_file(out, folder, name);
    for (const fg_embedded_file *file = fg_embedded_files; file->name != NULL; ++file) {
        if (strcmp(file->name, name) == 0) {
            *out = fg_text_copy(file->source);
            return *out != NULL ? FG_OK : FG_ERR_MEMORY;
        }
    }
    return fg_fail(FG_ERR_DEVICE, "kernel source %s.cl is not in the library", name);
}

/* No -cl-fast-relaxed-math and no -cl-mad-enable: they change bits. */
fg_status fg_program_text_options(char **out, const fg_device *device, const char *options)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    const char *folder = fg_env_cl_dir();

    *out = NULL;
    FG_REQUIRE(folder == NULL || strpbrk(folder, " \t\"'\\") == NULL,
               "FG_CL_DIR is \"%s\": compilers take no blanks, quotes or backslashes in it",
               folder);
    fg_text_append(&text, "-cl-std=CL1.2");
    if (device->prefetch)
        fg_text_append(&text, " -D FG_CPU=1");
    if (folder != NULL)
        fg_text_append(&text, " -I %s", folder);
    if (options[0] != '\0')
        fg_text_append(&text, " %s", options);
    FG_TRY(fg_text_take(out, &text));

cleanup:
    return status;
}
