/* kernels.c - a list of kernels by name and options.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/kernels.h"

#include <stdlib.h>
#include <string.h>

struct fg_kernels_entry {
    struct fg_kernels_entry *next;
    fg_kernel *kernel;
    char *options;
};

static void free_entry(struct fg_kernels_entry *entry)
{
    if (entry == NULL)
        return;
    fg_kernel_free(entry->kernel);
    free(entry->options);
    free(entry);
}

fg_status fg_kernels_get(const fg_kernel **out, fg_kernels *kernels, enum fg_kernel_id id,
                         const char *options)
{
    fg_status status = FG_OK;
    struct fg_kernels_entry *entry = NULL;

    *out = NULL;
    for (entry = kernels->first; entry != NULL; entry = entry->next)
        if (entry->kernel->id == id && strcmp(entry->options, options) == 0) {
            *out = entry->kernel;
            return FG_OK;
        }
    FG_CHECK(options[0] == '\0' || kernels->most == 0 || kernels->special < kernels->most,
             FG_ERR_FIT, "%s %s: there are %d kernels with options, the most that may be",
             fg_kernel_name(id), options, kernels->special);
    FG_ALLOC(entry, 1);
    entry->options = fg_text_copy(options);
    FG_CHECK(entry->options != NULL, FG_ERR_MEMORY, "host memory ran out");
    FG_TRY(fg_kernel_create(&entry->kernel, kernels->device, id, options));
    *out = entry->kernel;
    kernels->special += options[0] != '\0';
    entry->next = kernels->first;
    kernels->first = entry;
    entry = NULL;

cleanup:
    free_entry(entry);
    return status;
}

void fg_kernels_clear(fg_kernels *kernels)
{
    while (kernels->first != NULL) {
        struct fg_kernels_entry *entry = kernels->first;
        kernels->first = entry->next;
        free_entry(entry);
    }
    kernels->special = 0;
}
