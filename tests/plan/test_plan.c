/* test_plan.c - plans as callers see them: configuration, information, and the three texts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/plan.h"

#include <jansson.h>

#include "plans.h"

START_TEST(information_is_what_was_asked_for)
{
    fg_plan_config config = plan_config("sparsenet-40-12:image=28,classes=7,channels=1", 5);
    config.memory_bytes = 100000000;
    fg_plan *plan = plan_create(&config);
    const fg_plan_info info = fg_plan_information(plan);

    ck_assert_str_eq(info.model, "sparsenet-40-12:classes=7,channels=1,image=28");
    ck_assert_int_eq(info.images, 5);
    ck_assert_int_eq(info.training, 1);
    ck_assert_int_eq(info.image_channels, 1);
    ck_assert_int_eq(info.image_side, 28);
    ck_assert_int_eq(info.classes, 7);
    ck_assert_int_gt(info.largest_batch, 5);
    ck_assert_uint_ge(info.device_bytes_peak, info.largest_allocation);
    fg_plan_free(plan);
    fg_plan_free(NULL);
}
END_TEST

START_TEST(bad_configurations_get_one_line)
{
    fg_plan *plan;
    fg_plan_config config = plan_config("sparsenet-40-12", 0);

    plan_is_refused(&config, "batch is 0, expected 1..1048576 for images of side 32");
    config.images = -1;
    plan_is_refused(&config, "batch is -1");
    config.images = 1048577;
    plan_is_refused(&config, "batch is 1048577");
    config.images = 1;
    config.alignment_bytes = 384;
    plan_is_refused(&config, "alignment is 384 bytes, expected a power of two");
    config.alignment_bytes = (size_t)1 << 40;
    plan_is_refused(&config, "alignment is 1099511627776 bytes");
    config.alignment_bytes = 0;
    config.model = NULL;
    plan_is_refused(&config, "needs a model");
    config.struct_size = 0;
    plan_is_refused(&config, "FG_PLAN_CONFIG_INIT");
    ck_assert_int_eq(fg_plan_create(&plan, NULL), FG_ERR_ARGUMENT);
    ck_assert_ptr_null(plan);
}
END_TEST

START_TEST(a_map_of_one_pixel_needs_two_images_to_train)
{
    fg_plan *small = plan_of("sparsenet-7-3:image=4", 1), *large = plan_of("sparsenet-22-8", 1);

    ck_assert_int_eq(fg_plan_smallest_training_batch(small), 2);
    ck_assert_int_eq(fg_plan_smallest_training_batch(large), 1);
    fg_plan_free(small);
    fg_plan_free(large);
}
END_TEST

static char *text_of(const char *model, int training, fg_plan_format format)
{
    fg_plan_config config = plan_config(model, 8);
    char *text;

    config.training = training;
    fg_plan *plan = plan_create(&config);
    ck_assert_msg(fg_plan_text(&text, plan, format) == FG_OK, "%s", fg_error_message());
    fg_plan_free(plan);
    return text;
}

static void has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in\n%s", part, text);
}

START_TEST(the_table_shows_sources_and_sums)
{
    char *text = text_of("sparsenet-40-12:classes=100", 1, FG_PLAN_TABLE);
    has(text, "sparsenet-40-12:classes=100, batch 8, training");
    has(text, "stage1.layer12.conv1");
    has(text, "stage1: x11[144..155] x10[132..143] x8[108..119] x4[60..71]\n");
    has(text, "parameters     193924\n");
    has(text, "multiply-adds  78350016");
    has(text, "largest batch  no limit was given");
    fg_text_free(text);

    text = text_of("densenet-bc-40-36", 0, FG_PLAN_TABLE);
    has(text, "evaluation alone");
    has(text, "stage1: x0-x5[0..251]\n");
    ck_assert_ptr_null(strstr(text, "momentum"));
    fg_text_free(text);
}
END_TEST

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

/* Every member, and that parts add up. */
static void check_json(const char *model, int training)
{
    char *text = text_of(model, training, FG_PLAN_JSON);
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error), *layer, *bytes;
    json_int_t parameters = 0, work = 0, sum = 0;
    const char *key;
    size_t i;

    ck_assert_msg(root != NULL, "line %d: %s", error.line, error.text);
    ck_assert_str_eq(json_string_value(json_object_get(root, "model")), model);
    ck_assert_int_eq(number(root, "batch"), 8);
    ck_assert_int_eq(json_is_true(json_object_get(root, "training")), training);
    ck_assert(json_is_null(json_object_get(root, "largest_batch")));
    json_array_foreach(json_object_get(root, "layers"), i, layer)
    {
        json_int_t channels = 0;
        json_t *source;
        size_t s;
        json_array_foreach(json_object_get(layer, "sources"), s, source)
        {
            ck_assert_ptr_nonnull(json_string_value(json_object_get(source, "map")));
            channels += number(source, "channels");
        }
        ck_assert_int_eq(channels, number(layer, "in_channels"));
        ck_assert_int_gt(number(layer, "out_channels"), 0);
        ck_assert_int_gt(number(layer, "device_bytes"), 0);
        parameters += number(layer, "parameters");
        work += number(layer, "multiply_adds");
    }
    ck_assert_int_eq(parameters, number(root, "parameters"));
    ck_assert_int_eq(work, number(root, "multiply_adds"));
    json_object_foreach(json_object_get(root, "bytes"), key, bytes) sum +=
        json_integer_value(bytes);
    ck_assert_int_eq(sum, number(root, "device_bytes_peak"));
    ck_assert_int_gt(number(root, "largest_allocation"), 0);
    json_decref(root);
    fg_text_free(text);
}

START_TEST(the_json_parses_and_adds_up)
{
    check_json("sparsenet-bc-40-4:base=3", 1);
    check_json("sparsenet-bc-40-4:base=3", 0);
    check_json("densenet-40-12", 1);
}
END_TEST

START_TEST(the_json_has_a_largest_batch_where_there_is_a_limit)
{
    fg_plan_config config = plan_config("sparsenet-7-3", 1);
    char *text;

    config.memory_bytes = 1;
    fg_plan *plan = plan_create(&config);
    ck_assert_int_eq(fg_plan_text(&text, plan, FG_PLAN_JSON), FG_OK);
    has(text, "\"largest_batch\": 0,\n");
    fg_text_free(text);
    fg_plan_free(plan);
}
END_TEST

START_TEST(the_dot_has_an_edge_per_reader_and_source)
{
    char *text = text_of("sparsenet-40-12", 1, FG_PLAN_DOT);
    int edges = 0;

    for (const char *at = text; (at = strstr(at, " -> ")) != NULL; ++at)
        ++edges;
    /* 37 edges into a stage's layers, 4 into what follows it; the input, and twice pooled to
     * x0. */
    ck_assert_int_eq(edges, 3 * (37 + 4) + 1 + 2);
    has(text, "digraph \"sparsenet-40-12\" {");
    has(text, "subgraph cluster_3 {");
    has(text, "stage3_x4 -> stage3_x12;");
    has(text, "stage2_x5 -> transition2;");
    has(text, "transition2 -> stage3_x0;");
    fg_text_free(text);
}
END_TEST

START_TEST(an_unknown_format_is_refused)
{
    fg_plan *plan = plan_of("sparsenet-7-3", 1);
    char *text;

    ck_assert_int_eq(fg_plan_text(&text, plan, (fg_plan_format)17), FG_ERR_ARGUMENT);
    ck_assert_ptr_null(text);
    fg_plan_free(plan);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {information_is_what_was_asked_for,
                                  bad_configurations_get_one_line,
                                  a_map_of_one_pixel_needs_two_images_to_train,
                                  the_table_shows_sources_and_sums,
                                  the_json_parses_and_adds_up,
                                  the_json_has_a_largest_batch_where_there_is_a_limit,
                                  the_dot_has_an_edge_per_reader_and_source,
                                  an_unknown_format_is_refused,
                                  NULL};
    return plan_run("plan/plan", tests);
}
