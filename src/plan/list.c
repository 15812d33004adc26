/* list.c - a stage's list of elements x_0, x_1, ..., x_n as channels of the stage's map.
 *
 * Which elements a layer reads is sources.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/list.h"

#include <assert.h>
#include <stdlib.h>

#include "base/status.h"
#include "plan/sources.h"

int fg_list_channel(const fg_list *list, int element)
{
    assert(element >= 0 && element <= list->layers + 1);
    return element == 0 ? 0 : list->width + (element - 1) * list->growth;
}

int fg_list_elements(int *out, const fg_model *model, int reader)
{
    return model->family == FG_FAMILY_SPARSENET ? fg_sources_sparse(out, reader, model->base)
                                                : fg_sources_dense(out, reader);
}

fg_status fg_list_start(fg_list *list, const fg_model *model, int stage, int width)
{
    fg_status status = FG_OK;

    fg_list_free(list);
    list->model = model;
    list->stage = stage;
    list->width = width;
    list->layers = model->layers[stage];
    list->growth = model->growth[stage];
    FG_ALLOC(list->elements, list->layers + 1);
    FG_ALLOC(list->last, list->layers + 1);
    for (int reader = 1; reader <= list->layers + 1; ++reader) {
        const int count = fg_list_elements(list->elements, model, reader);
        for (int i = 0; i < count; ++i)
            list->last[list->elements[i]] = reader;
    }

cleanup:
    return status;
}

void fg_list_free(fg_list *list)
{
    free(list->elements);
    free(list->last);
    *list = (fg_list){0};
}
