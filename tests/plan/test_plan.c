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
    ck_assert_msg(fg_plan_text(&text, plan, format, FG_FLOPS_SEQCONV) == FG_OK, "%s",
                  fg_error_message());
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
    has(text, "GFLOPs         0.076 (seqconv, in units of 2^30)\n");
    has(text, "largest batch  no limit was given");
    has(text, "stage  layers     edges  sources-per-layer  longest-path\n"
              "    1      12        37               1..4             3\n");
    fg_text_free(text);

    text = text_of("densenet-bc-40-36", 0, FG_PLAN_TABLE);
    has(text, "evaluation alone");
    has(text, "stage1: x0-x5[0..251]\n");
    ck_assert_ptr_null(strstr(text, "momentum"));
    ck_assert_ptr_null(strstr(text, "memory setting"));
    fg_text_free(text);
}
END_TEST

START_TEST(the_table_shows_the_range_of_memory_settings)
{
    char *text = text_of("densenet-bc-100-12", 1, FG_PLAN_TABLE);
    has(text, "memory setting     peak, bytes recomputed    multiply-adds, more\n"
              "fast ");
    has(text, " 0              0 ( 0.0 %)  this plan\nlean ");
    fg_text_free(text);
}
END_TEST

START_TEST(the_table_shows_what_sums_and_groups_read)
{
    char *text = text_of("sparsenet-sum-38", 1, FG_PLAN_TABLE);
    has(text, "stage1: x3[192..255] + x2[128..191] + x0[0..63]\n");
    has(text, "  stage1.sum5\n");
    fg_text_free(text);

    text = text_of("preresnet-basic-20", 1, FG_PLAN_TABLE);
    has(text, "stage2.sum2 + stage2: x2[0..31]\n");
    has(text, "stage1.sum4 (stride 2)\n");
    fg_text_free(text);

    text = text_of("seqresnet-r2-k8-n1", 1, FG_PLAN_TABLE);
    has(text, "stage1: [24..55]\n");
    has(text, "stage1.layer1.seq2.group2.raw + stage1: [24..31]\n");
    fg_text_free(text);
}
END_TEST

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

/* In the convention that text_of asks for. */
static void check_flops(const json_t *root)
{
    const json_t *flops = json_object_get(root, "flops");

    ck_assert_str_eq(json_string_value(json_object_get(flops, "convention")), "seqconv");
    ck_assert_str_eq(json_string_value(json_object_get(flops, "unit")), "2^30");
    ck_assert_double_eq_tol(json_real_value(json_object_get(flops, "value")),
                            (double)(number(root, "multiply_adds") +
                                     4 * number(root, "norm_elements") +
                                     number(root, "relu_elements")) /
                                0x1p30,
                            1e-12);
}

/* Fast, which is the plan's own, and lean. */
static void check_settings(const json_t *root)
{
    const json_t *settings = json_object_get(root, "memory_settings");
    const json_t *fast = json_array_get(settings, 0), *lean = json_array_get(settings, 1);

    ck_assert_uint_eq(json_array_size(settings), 2);
    ck_assert_str_eq(json_string_value(json_object_get(fast, "setting")), "fast");
    ck_assert_str_eq(json_string_value(json_object_get(lean, "setting")), "lean");
    ck_assert(json_is_true(json_object_get(fast, "chosen")));
    ck_assert(json_is_false(json_object_get(lean, "chosen")));
    ck_assert_int_eq(number(fast, "device_bytes_peak"), number(root, "device_bytes_peak"));
    ck_assert_int_le(number(lean, "device_bytes_peak"), number(fast, "device_bytes_peak"));
    ck_assert_int_eq(number(fast, "recomputed_maps"), 0);
    ck_assert_int_eq(number(fast, "recomputed_multiply_adds"), 0);
    ck_assert_int_eq(number(lean, "recomputed_maps") > 0,
                     number(lean, "recomputed_multiply_adds") > 0);
}

/* Every member, and that parts add up. */
static void check_json(const char *model, int training)
{
    char *text = text_of(model, training, FG_PLAN_JSON);
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error), *layer, *bytes, *stage;
    json_int_t parameters = 0, work = 0, sum = 0;
    const char *key;
    size_t i;

    ck_assert_msg(root != NULL, "line %d: %s", error.line, error.text);
    const char *name = json_string_value(json_object_get(root, "model"));
    ck_assert_int_eq(strncmp(name, model, strcspn(model, ":")), 0);
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
        ck_assert_int_gt(number(layer, "stride"), 0);
        ck_assert_int_gt(number(layer, "groups"), 0);
        ck_assert_int_ge(number(layer, "device_bytes"),
                         0); /* 0: its output is stored in a sum */
        parameters += number(layer, "parameters");
        work += number(layer, "multiply_adds");
    }
    ck_assert_int_eq(parameters, number(root, "parameters"));
    ck_assert_int_eq(work, number(root, "multiply_adds"));
    json_array_foreach(json_object_get(root, "stages"), i, stage)
    {
        json_int_t edges = 0;
        json_t *sources;
        size_t s;
        json_array_foreach(json_object_get(stage, "sources_per_layer"), s, sources) edges +=
            json_integer_value(sources);
        ck_assert_int_eq(edges, number(stage, "edges"));
        ck_assert_int_eq(number(stage, "layers"), (json_int_t)s);
        ck_assert_int_eq(number(stage, "stage"), (json_int_t)i + 1);
        ck_assert_int_gt(number(stage, "longest_path"), 0);
    }
    check_flops(root);
    check_settings(root);
    json_object_foreach(json_object_get(root, "bytes"), key, bytes) sum +=
        json_integer_value(bytes);
    ck_assert_int_eq(sum, number(root, "device_bytes_peak"));
    ck_assert_int_gt(number(root, "largest_allocation"), 0);
    json_decref(root);
    fg_text_free(text);
}

START_TEST(the_json_parses_and_adds_up)
{
    check_json("sparsenet-bc-40-4:base=3", 0);
    for (int i = 0; i < PLAN_MODELS; ++i)
        check_json(plan_models[i], 1);
}
END_TEST

START_TEST(the_json_has_a_largest_batch_where_there_is_a_limit)
{
    fg_plan_config config = plan_config("sparsenet-7-3", 1);
    char *text;

    config.memory_bytes = 1;
    fg_plan *plan = plan_create(&config);
    ck_assert_int_eq(fg_plan_text(&text, plan, FG_PLAN_JSON, FG_FLOPS_MAC), FG_OK);
    has(text, "\"largest_batch\": 0,\n");
    fg_text_free(text);
    fg_plan_free(plan);
}
END_TEST

static int count(const char *text, const char *part)
{
    int times = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; ++at)
        ++times;
    return times;
}

START_TEST(the_dot_has_an_edge_per_reader_and_source)
{
    char *text = text_of("sparsenet-40-12", 1, FG_PLAN_DOT);
    /* 37 edges into a stage's layers, 4 into what follows it; the input, and twice pooled to
     * x0. */
    ck_assert_int_eq(count(text, " -> "), 3 * (37 + 4) + 1 + 2);
    has(text, "digraph \"sparsenet-40-12\" {");
    has(text, "subgraph cluster_3 {");
    has(text, "stage3_x4 -> stage3_x12;");
    has(text, "stage2_x5 -> transition2;");
    has(text, "transition2 -> stage3_x0;");
    fg_text_free(text);
}
END_TEST

/* Sums are drawn through; what is not a list element of its own stage has its own node. */
START_TEST(the_dot_draws_all_families)
{
    char *text = text_of("sparsenet-sum-38", 1, FG_PLAN_DOT);
    has(text, "  input -> stem;\n");
    has(text, "  stem -> stage1_x0;\n  stem -> stage1_x1;\n  stage1_x1 -> stage1_x2;\n");
    has(text, "  stage1_x1 -> stage2_x0;\n");
    /* In each stage 8 edges into its layers but the one into layer 1, which reads what x_0 is
     * made of, as x_0 does: one edge each into stage 1, three each into the others. */
    ck_assert_int_eq(count(text, " -> "), 1 + 3 * 7 + 2 * 1 + 2 * 2 * 3 + 3);
    fg_text_free(text);

    text = text_of("resnet-20", 1, FG_PLAN_DOT);
    has(text, "  stage1_x3 -> stage2_x1;\n");
    ck_assert_int_eq(count(text, "stage2_x0"), 0);
    ck_assert_int_eq(count(text, " -> "), 1 + 9 + 1);
    fg_text_free(text);

    text = text_of("seqresnet-r2-k8-n2", 1, FG_PLAN_DOT);
    has(text, "label=\"stage 2: 64 channels of 16x16\"");
    ck_assert_int_eq(count(text, " -> "), 1 + 3 * 2 + 2 * 2 + 1);
    fg_text_free(text);
}
END_TEST

START_TEST(an_unknown_format_or_convention_is_refused)
{
    fg_plan *plan = plan_of("sparsenet-7-3", 1);
    char *text;

    ck_assert_int_eq(fg_plan_text(&text, plan, (fg_plan_format)17, FG_FLOPS_MAC),
                     FG_ERR_ARGUMENT);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(fg_plan_text(&text, plan, FG_PLAN_TABLE, (fg_flops)3), FG_ERR_ARGUMENT);
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
                                  the_table_shows_the_range_of_memory_settings,
                                  the_table_shows_what_sums_and_groups_read,
                                  the_json_parses_and_adds_up,
                                  the_json_has_a_largest_batch_where_there_is_a_limit,
                                  the_dot_has_an_edge_per_reader_and_source,
                                  the_dot_draws_all_families,
                                  an_unknown_format_or_convention_is_refused,
                                  NULL};
    return plan_run("plan/plan", tests);
}
