/* test_tensors.c - names, shapes and order of tensors, against lists that PyTorch networks
 * gave.
 *
 * A list (tensors/MODEL.txt) has the model's name in its first line, then a line per tensor in
 * the order of state_dict(): "stem.conv.weight [16, 3, 3, 3]".
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/tensors.h"

#include <stdio.h>
#include <stdlib.h>

#include "plans.h"

static void line_of(char *line, size_t size, const fg_tensor *tensor)
{
    size_t used = (size_t)snprintf(line, size, "%s [", tensor->name);
    for (int i = 0; i < tensor->dimensions; ++i)
        used += (size_t)snprintf(line + used, size - used, "%s%d", i == 0 ? "" : ", ",
                                 tensor->shape[i]);
    snprintf(line + used, size - used, "]");
}

static void compare_with_list(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256], expected[256];
    fg_plan *plan;
    int parameter = 0, running;

    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    line[strcspn(line, "\n")] = '\0';
    plan = plan_of(line, 4);
    running = plan->parameter_tensors;
    while (fgets(line, sizeof line, file) != NULL) {
        int *next = strstr(line, ".running_") != NULL ? &running : &parameter;
        ck_assert(*next < plan->tensor_count);
        line_of(expected, sizeof expected, &plan->tensors[(*next)++]);
        line[strcspn(line, "\n")] = '\0';
        ck_assert_str_eq(expected, line);
    }
    ck_assert_int_eq(parameter, plan->parameter_tensors);
    ck_assert_int_eq(running, plan->tensor_count);
    fg_plan_free(plan);
    fclose(file);
}

START_TEST(tensors_are_those_of_the_same_network_in_pytorch)
{
    compare_with_list(TENSOR_LISTS "/sparsenet-22-8.txt");
    compare_with_list(TENSOR_LISTS "/sparsenet-bc-40-4.txt");
    compare_with_list(TENSOR_LISTS "/sparsenet-16-16+32+64.txt");
    compare_with_list(TENSOR_LISTS "/densenet-13-12.txt");
    compare_with_list(TENSOR_LISTS "/densenet-bc-22-10.txt");
}
END_TEST

static void check_places(const fg_tensor *tensors, int count, size_t elements)
{
    size_t end = 0;

    for (int i = 0; i < count; ++i) {
        ck_assert_uint_eq(tensors[i].first % 16, 0);
        ck_assert(tensors[i].first >= end && tensors[i].first < end + 16);
        end = tensors[i].first + tensors[i].elements;
    }
    ck_assert(elements >= end && elements < end + 16);
}

START_TEST(tensors_lie_behind_one_another_and_aligned)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        check_places(plan->tensors, plan->parameter_tensors, plan->parameter_elements);
        check_places(plan->tensors + plan->parameter_tensors,
                     plan->tensor_count - plan->parameter_tensors, plan->running_elements);
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(elements_are_the_product_of_the_shape_and_add_up_to_the_parameters)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        int64_t parameters = 0;
        for (int t = 0; t < plan->tensor_count; ++t) {
            size_t product = 1;
            for (int d = 0; d < plan->tensors[t].dimensions; ++d)
                product *= (size_t)plan->tensors[t].shape[d];
            ck_assert_uint_eq(plan->tensors[t].elements, product);
            parameters += t < plan->parameter_tensors ? (int64_t)product : 0;
        }
        ck_assert_int_eq(plan->parameters, parameters);
        fg_plan_free(plan);
    }
}
END_TEST

START_TEST(kinds_tell_how_tensors_begin)
{
    fg_plan *plan = plan_of("sparsenet-bc-40-4", 2);

    for (int i = 0; i < plan->norm_count; ++i) {
        const fg_norm *norm = &plan->norms[i];
        ck_assert_int_eq(plan->tensors[norm->scale].kind, FG_TENSOR_NORM_SCALE);
        ck_assert_int_eq(plan->tensors[norm->shift].kind, FG_TENSOR_NORM_SHIFT);
        ck_assert_int_eq(plan->tensors[norm->mean].kind, FG_TENSOR_RUNNING_MEAN);
        ck_assert_int_eq(plan->tensors[norm->variance].kind, FG_TENSOR_RUNNING_VAR);
        ck_assert_uint_eq(plan->tensors[norm->variance].elements, (size_t)norm->channels);
    }
    for (int i = 0; i < plan->conv_count; ++i) {
        const fg_conv *conv = &plan->convs[i];
        const bool last = i == plan->conv_count - 1;
        ck_assert_int_eq(plan->tensors[conv->weights].kind,
                         last ? FG_TENSOR_LINEAR : FG_TENSOR_WEIGHTS);
        ck_assert_int_eq(conv->bias >= 0, last);
    }
    ck_assert_int_eq(plan->tensors[plan->parameter_tensors - 1].kind, FG_TENSOR_LINEAR_BIAS);
    fg_plan_free(plan);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tensors_are_those_of_the_same_network_in_pytorch,
        tensors_lie_behind_one_another_and_aligned,
        elements_are_the_product_of_the_shape_and_add_up_to_the_parameters,
        kinds_tell_how_tensors_begin, NULL};
    return plan_run("plan/tensors", tests);
}
