/* test_tensors.c - names, shapes and initial values of tensors, against lists that PyTorch
 * networks gave, and against the papers.
 *
 * A list (tensors/MODEL.txt) has the model's name in its first line, then a line per tensor of
 * state_dict(): "stem.conv.weight [16, 3, 3, 3]".
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/tensors.h"

#include <stdio.h>

#include "plans.h"

static const fg_tensor *tensor_of(const fg_plan *plan, const char *name)
{
    for (int t = 0; t < plan->tensor_count; ++t)
        if (strcmp(plan->tensors[t].name, name) == 0)
            return &plan->tensors[t];
    ck_abort_msg("%s has no %s", plan->network.name, name);
    return NULL;
}

static void shape_of(char *text, size_t size, const fg_tensor *tensor)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < tensor->dimensions; ++i)
        used += (size_t)snprintf(text + used, size - used, "%s%d", i == 0 ? "" : ", ",
                                 tensor->shape[i]);
    snprintf(text + used, size - used, "]");
}

static void compare_with_list(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256], shape[256];
    int tensors = 0;

    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    line[strcspn(line, "\n")] = '\0';
    fg_plan *plan = plan_of(line, 4);
    for (; fgets(line, sizeof line, file) != NULL; ++tensors) {
        char *expected = strchr(line, ' ');
        ck_assert_ptr_nonnull(expected);
        *expected++ = '\0';
        expected[strcspn(expected, "\n")] = '\0';
        const fg_tensor *tensor = tensor_of(plan, line);
        shape_of(shape, sizeof shape, tensor);
        ck_assert_msg(strcmp(shape, expected) == 0, "%s: %s is %s, expected %s",
                      plan->network.name, line, shape, expected);
        ck_assert_int_eq(strstr(line, ".running_") != NULL,
                         tensor - plan->tensors >= plan->parameter_tensors);
    }
    ck_assert_int_eq(tensors, plan->tensor_count);
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
    compare_with_list(TENSOR_LISTS "/sparsenet-121-4.txt");
    compare_with_list(TENSOR_LISTS "/resnet-8.txt");
    compare_with_list(TENSOR_LISTS "/resnet-50.txt");
    compare_with_list(TENSOR_LISTS "/preresnet-basic-8.txt");
    compare_with_list(TENSOR_LISTS "/preresnet-11.txt");
    compare_with_list(TENSOR_LISTS "/wrn-10-2.txt");
    compare_with_list(TENSOR_LISTS "/resnext-11-2x4d.txt");
    compare_with_list(TENSOR_LISTS "/sparsenet-sum-11.txt");
    compare_with_list(TENSOR_LISTS "/seqresnet-r1-k8-n1.txt");
    compare_with_list(TENSOR_LISTS "/seqresnet-b22.txt");
    compare_with_list(TENSOR_LISTS "/delugenet-20.txt");
    compare_with_list(TENSOR_LISTS "/delugenet-92.txt");
}
END_TEST

static void check_places(const fg_tensor *tensors, int count, size_t elements)
{
    size_t end = 0;

    for (int i = 0; i < count; ++i) {
        ck_assert_uint_eq(tensors[i].first % 16, 0);
        ck_assert_uint_eq(tensors[i].gradient % 16, 0);
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

START_TEST(kinds_tell_what_tensors_are)
{
    for (int i = 0; i < PLAN_MODELS; ++i) {
        fg_plan *plan = plan_of(plan_models[i], 2);
        for (int n = 0; n < plan->norm_count; ++n) {
            const fg_norm *norm = &plan->norms[n];
            ck_assert_int_eq(plan->tensors[norm->scale].kind, FG_TENSOR_NORM_SCALE);
            ck_assert_int_eq(plan->tensors[norm->shift].kind, FG_TENSOR_NORM_SHIFT);
            ck_assert_int_eq(plan->tensors[norm->mean].kind, FG_TENSOR_RUNNING_MEAN);
            ck_assert_int_eq(plan->tensors[norm->variance].kind, FG_TENSOR_RUNNING_VAR);
            ck_assert_uint_eq(plan->tensors[norm->variance].elements, (size_t)norm->channels);
        }
        for (int o = 0; o < plan->op_count; ++o) {
            const fg_op *op = &plan->ops[o];
            const bool last = o == plan->op_count - 1;
            ck_assert_int_eq(op->weights >= 0, op->kind == FG_OP_CONV);
            ck_assert_int_eq(op->bias >= 0, last);
            if (op->weights >= 0)
                ck_assert_int_eq(plan->tensors[op->weights].kind,
                                 last ? FG_TENSOR_LINEAR : FG_TENSOR_WEIGHTS);
        }
        ck_assert_int_eq(plan->tensors[plan->parameter_tensors - 1].kind,
                         FG_TENSOR_LINEAR_BIAS);
        fg_plan_free(plan);
    }
}
END_TEST

/* ---- initial values ---- */

START_TEST(initial_values_are_those_of_the_family)
{
    static const struct {
        const char *model, *tensor;
        fg_initial_kind kind;
        double squared; /* of the size */
    } rows[] = {
        /* n_out = 9 * 8 channels */
        {"sparsenet-22-8", "stage1.layer2.conv1.weight", FG_INITIAL_NORMAL, 2.0 / 72},
        {"sparsenet-22-8", "head.linear.weight", FG_INITIAL_UNIFORM, 1.0 / 24},
        {"sparsenet-22-8", "head.linear.bias", FG_INITIAL_CONSTANT, 0},
        {"sparsenet-22-8", "head.norm.weight", FG_INITIAL_CONSTANT, 1},
        {"sparsenet-22-8", "head.norm.bias", FG_INITIAL_CONSTANT, 0},
        {"sparsenet-22-8", "head.norm.running_mean", FG_INITIAL_CONSTANT, 0},
        {"sparsenet-22-8", "head.norm.running_var", FG_INITIAL_CONSTANT, 1},
        /* all groups' output channels */
        {"resnext-11-3x4d", "stage1.layer1.conv2.weight", FG_INITIAL_NORMAL, 2.0 / (9 * 12)},
        /* n_in = 9 * 16 channels */
        {"wrn-16-2", "stage1.layer1.conv1.weight", FG_INITIAL_NORMAL, 2.0 / (9 * 16)},
        {"wrn-16-2", "stage1.layer1.conv2.weight", FG_INITIAL_NORMAL, 2.0 / (9 * 32)},
        /* second layers of SeqConv begin at 0 */
        {"seqresnet-r1-k16-n1", "stage1.layer1.seq1.group1.conv1.weight", FG_INITIAL_UNIFORM,
         6.0 / (9 * 16)},
        {"seqresnet-r1-k16-n1", "stage1.layer1.seq2.group1.conv1.weight", FG_INITIAL_CONSTANT,
         0},
        {"seqresnet-b-r1-k16-n1", "stage1.layer1.seq2.group1.conv1.weight", FG_INITIAL_UNIFORM,
         6.0 / 16},
        {"seqresnet-b-r1-k16-n1", "stage1.layer1.seq2.group1.conv2.weight", FG_INITIAL_CONSTANT,
         0},
        {"seqresnet-r1-k16-n1", "head.linear.weight", FG_INITIAL_UNIFORM, 3.0 / 10},
        /* cross-layers begin as means: of five elements in front of the transition */
        {"delugenet-38", "stage2.transition.cross.source3.weight", FG_INITIAL_CONSTANT,
         1.0 / 25},
        {"delugenet-38", "stage2.transition.cross.source3.bias", FG_INITIAL_CONSTANT, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        fg_plan *plan = plan_of(rows[i].model, 2);
        const fg_tensor *tensor = tensor_of(plan, rows[i].tensor);
        const double squared = (double)tensor->size * (double)tensor->size;
        ck_assert_msg(
            tensor->initial == rows[i].kind && squared > rows[i].squared * (1 - 1e-6) - 1e-12 &&
                squared < rows[i].squared * (1 + 1e-6) + 1e-12,
            "%s: %s begins with %g (kind %d), expected %g squared", rows[i].model,
            rows[i].tensor, (double)tensor->size, (int)tensor->initial, rows[i].squared);
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tensors_are_those_of_the_same_network_in_pytorch,
        tensors_lie_behind_one_another_and_aligned,
        elements_are_the_product_of_the_shape_and_add_up_to_the_parameters,
        kinds_tell_what_tensors_are,
        initial_values_are_those_of_the_family,
        NULL};
    return plan_run("plan/tensors", tests);
}
