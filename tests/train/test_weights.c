/* test_weights.c - fg_net_save and fg_net_load: all of a net or nothing, and the first tensor
 * that does not fit by name.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "tiny.h"
#include "train/weights.h"

static fg_net *create_net(const char *model, uint64_t seed)
{
    fg_net_config config = FG_NET_CONFIG_INIT;
    fg_net *net = NULL;

    config.model = model;
    config.images = 2;
    config.seed = seed;
    FG_EXPECT_OK(fg_net_create(&net, fg_device_fixture(), &config));
    return net;
}

/* Tensor index of net for free(). */
static float *read_tensor(fg_net *net, int index)
{
    float *values = calloc((size_t)fg_net_tensor(net, index).elements, sizeof *values);

    ck_assert_ptr_nonnull(values);
    FG_EXPECT_OK(fg_net_read(net, index, values));
    return values;
}

/* True if all tensors of the two nets are the same, bit for bit. */
static bool same_tensors(fg_net *net, fg_net *other)
{
    bool same = true;

    for (int i = 0; i < fg_net_tensors(net); ++i) {
        float *values = read_tensor(net, i), *others = read_tensor(other, i);
        const size_t bytes = (size_t)fg_net_tensor(net, i).elements * sizeof *values;
        same = same && memcmp(values, others, bytes) == 0;
        free(values);
        free(others);
    }
    return same;
}

START_TEST(test_saved_is_loaded)
{
    const char *path = scratch_path("w.safetensors");
    fg_net *net = create_net(TINY_FULL_MODEL, 1), *other = create_net(TINY_FULL_MODEL, 2);
    fg_safetensors *file = NULL;

    ck_assert(!same_tensors(net, other));
    FG_EXPECT_OK(fg_net_save(net, path));
    FG_EXPECT_OK(fg_net_load(other, path));
    ck_assert(same_tensors(net, other));
    FG_EXPECT_OK(fg_net_save(other, scratch_path("again.safetensors")));
    scratch_expect_same(path, scratch_path("again.safetensors"));
    FG_EXPECT_OK(fg_safetensors_open(&file, path));
    ck_assert_int_eq(fg_safetensors_tensors(file), fg_net_tensors(net));
    ck_assert_str_eq(fg_safetensors_metadata(file, "model"),
                     fg_plan_information(fg_net_plan(net)).model);
    fg_safetensors_free(file);
    fg_net_free(net);
    fg_net_free(other);
}
END_TEST

/* What write_altered does to the last tensor. */
enum alteration { LEAVE_OUT, RESHAPE, RETYPE, SPOIL, ADD_ANOTHER };

/* The tensors of net, the last one altered. */
static void write_altered(const char *path, fg_net *net, enum alteration alteration)
{
    fg_safetensors_writer *writer = NULL;
    const int count = fg_net_tensors(net), last = count - 1;

    FG_EXPECT_OK(fg_safetensors_writer_create(&writer));
    if (alteration == RETYPE) /* 8-byte elements come first */
        FG_EXPECT_OK(fg_safetensors_writer_declare(
            writer, fg_net_tensor(net, last).name, FG_DTYPE_F64, 1,
            (int64_t[]){fg_net_tensor(net, last).elements / 2}));
    for (int i = 0; i < count; ++i) {
        const fg_tensor_info tensor = fg_net_tensor(net, i);
        int64_t shape[4] = {tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3]};
        int dimensions = tensor.dimensions;
        if (i == last && (alteration == LEAVE_OUT || alteration == RETYPE))
            continue;
        if (i == last && alteration == RESHAPE)
            shape[dimensions++] = 1;
        FG_EXPECT_OK(fg_safetensors_writer_declare(writer, tensor.name, FG_DTYPE_F32,
                                                   dimensions, shape));
    }
    if (alteration == ADD_ANOTHER)
        FG_EXPECT_OK(
            fg_safetensors_writer_declare(writer, "another", FG_DTYPE_F32, 1, (int64_t[]){0}));
    FG_EXPECT_OK(fg_safetensors_writer_open(writer, path));
    for (int i = alteration == RETYPE ? -1 : 0; i < count; ++i) {
        if (i == last && (alteration == LEAVE_OUT || alteration == RETYPE))
            continue;
        float *values = read_tensor(net, i < 0 ? last : i);
        if (i == last && alteration == SPOIL)
            values[fg_net_tensor(net, i).elements - 1] = NAN;
        FG_EXPECT_OK(fg_safetensors_writer_append(writer, values));
        free(values);
    }
    if (alteration == ADD_ANOTHER)
        FG_EXPECT_OK(fg_safetensors_writer_append(writer, ""));
    FG_EXPECT_OK(fg_safetensors_writer_commit(writer));
    fg_safetensors_writer_free(writer);
}

START_TEST(test_what_does_not_fit_changes_nothing)
{
    static const char *const reasons[] = {[LEAVE_OUT] = "has no tensor",
                                          [RESHAPE] = "expected F32 [",
                                          [RETYPE] = "is F64 [",
                                          [SPOIL] = "not finite"};
    const char *path = scratch_path("w.safetensors");
    fg_net *net = create_net(TINY_FULL_MODEL, 1), *other = create_net(TINY_FULL_MODEL, 2);
    fg_net *untouched = create_net(TINY_FULL_MODEL, 2);
    const char *last = fg_net_tensor(net, fg_net_tensors(net) - 1).name;

    for (enum alteration i = LEAVE_OUT; i <= SPOIL; ++i) {
        write_altered(path, net, i);
        FG_EXPECT_FAILS(fg_net_load(other, path), FG_ERR_FILE, reasons[i]);
        ck_assert_ptr_eq(strstr(fg_error_message(), path), fg_error_message());
        ck_assert_ptr_nonnull(strstr(fg_error_message(), last));
        ck_assert(same_tensors(other, untouched));
    }
    write_altered(path, net, ADD_ANOTHER);
    FG_EXPECT_OK(fg_net_load(other, path));
    ck_assert(same_tensors(other, net));
    fg_net_free(net);
    fg_net_free(other);
    fg_net_free(untouched);
}
END_TEST

START_TEST(test_weights_of_another_network)
{
    const char *path = scratch_path("w.safetensors");
    fg_net *net = create_net(TINY_FULL_MODEL, 1);
    fg_net *wider = create_net("sparsenet-10-5:classes=4,channels=1,image=8", 1);

    FG_EXPECT_OK(fg_net_save(net, path));
    FG_EXPECT_FAILS(fg_net_load(wider, path), FG_ERR_FILE,
                    "stem.conv.weight is F32 [8][1][3][3], expected F32 [10][1][3][3]");
    FG_EXPECT_FAILS(fg_net_load(net, scratch_path("none")), FG_ERR_FILE, "No such file");
    fg_net_free(net);
    fg_net_free(wider);
}
END_TEST

START_TEST(test_weights_say_how_many_classes)
{
    const char *path = scratch_path("w.safetensors");
    fg_net *net = create_net("sparsenet-10-5:classes=7,channels=1,image=8", 1);
    int classes = 0;

    FG_EXPECT_OK(fg_net_save(net, path));
    FG_EXPECT_OK(fg_weights_classes(&classes, path));
    ck_assert_int_eq(classes, 7);
    scratch_write(path, "\2\0\0\0\0\0\0\0{}", 10);
    FG_EXPECT_FAILS(fg_weights_classes(&classes, path), FG_ERR_FILE, "head.linear.bias");
    FG_EXPECT_FAILS(fg_weights_classes(&classes, scratch_path("none")), FG_ERR_FILE,
                    "No such file");
    ck_assert_int_eq(classes, 7);
    fg_net_free(net);
}
END_TEST

START_TEST(test_what_is_not_finite_is_not_saved)
{
    const char *path = scratch_path("w.safetensors");
    fg_net *net = create_net(TINY_FULL_MODEL, 1);
    const int last = fg_net_tensors(net) - 1;
    float *values = read_tensor(net, last);

    values[0] = INFINITY;
    FG_EXPECT_OK(fg_net_write(net, last, values));
    FG_EXPECT_FAILS(fg_net_save(net, path), FG_ERR_NOT_FINITE, fg_net_tensor(net, last).name);
    ck_assert_int_eq(scratch_files(), 0);
    free(values);
    fg_net_free(net);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weights");
    TCase *tests = tcase_create("weights");

    tcase_add_unchecked_fixture(tests, fg_device_fixture_open, fg_device_fixture_close);
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_test(tests, test_saved_is_loaded);
    tcase_add_test(tests, test_what_does_not_fit_changes_nothing);
    tcase_add_test(tests, test_weights_of_another_network);
    tcase_add_test(tests, test_weights_say_how_many_classes);
    tcase_add_test(tests, test_what_is_not_finite_is_not_saved);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
