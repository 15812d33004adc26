/* test_graph.c - edges, sources per layer and longest paths of stages.
 *
 * SPDX-License-Identifier: MIT
 */
#include "plan/graph.h"

#include "plans.h"

static fg_graph graph_of(const fg_stage *stage)
{
    fg_graph graph;

    ck_assert_msg(fg_graph_find(&graph, stage) == FG_OK, "%s", fg_error_message());
    return graph;
}

static fg_stage sparse_stage(int layers, int base)
{
    return (fg_stage){.layers = layers, .sources = {.rule = FG_RULE_SPARSE, .base = base}};
}

/* Numbers that were published, or follow from a formula: digits of n + 1 - l for layer l. */
START_TEST(sparse_stages_are_as_published)
{
    static const struct {
        int layers, edges, most, path;
    } known[] = {{12, 37, 4, 3}, {16, 54, 5, 4}, {32, 135, 6, 5}, {66, 342, 7, 6}};

    for (int i = 0; i < 4; ++i) {
        const fg_stage stage = sparse_stage(known[i].layers, 2);
        fg_graph graph = graph_of(&stage);
        ck_assert_int_eq(graph.edges, known[i].edges);
        ck_assert_int_eq(graph.fewest, 1);
        ck_assert_int_eq(graph.most, known[i].most);
        ck_assert_int_eq(graph.longest_path, known[i].path);
        fg_graph_clear(&graph);
    }
}
END_TEST

static int digit_sum(int number, int base)
{
    int sum = 0;

    for (; number > 0; number /= base)
        sum += number % base;
    return sum;
}

/* Each hop takes away a power of the base, so the shortest way has as many as there are digits
 * to take away. */
START_TEST(paths_of_sparse_stages_are_digit_sums)
{
    for (int base = 2; base <= 5; ++base)
        for (int layers = 1; layers <= 130; ++layers) {
            const fg_stage stage = sparse_stage(layers, base);
            fg_graph graph = graph_of(&stage);
            int longest = 0;
            for (int i = 1; i <= layers; ++i)
                if (longest < digit_sum(i, base))
                    longest = digit_sum(i, base);
            ck_assert_int_eq(graph.longest_path, longest);
            for (int i = 1; i <= layers; ++i) {
                int count = 1; /* floor(log(i)) + 1 */
                for (int power = base; power <= i; power *= base)
                    ++count;
                ck_assert_int_eq(graph.sources[i - 1], count);
            }
            fg_graph_clear(&graph);
        }
}
END_TEST

START_TEST(dense_stages_are_one_step_from_the_end)
{
    const fg_stage stage = {.layers = 66, .sources = {.rule = FG_RULE_DENSE}};
    fg_graph graph = graph_of(&stage);

    ck_assert_int_eq(graph.edges, 2211);
    ck_assert_int_eq(graph.longest_path, 1);
    fg_graph_clear(&graph);
}
END_TEST

/* Without x_0 layer 1 still reads the stage's input. */
START_TEST(chains_are_as_long_as_they_have_layers)
{
    for (int entry = FG_ENTRY_INPUT; entry <= FG_ENTRY_NONE; ++entry) {
        const fg_stage stage = {.layers = 9,
                                .sources = {.rule = FG_RULE_WINDOW, .window = 1},
                                .entry = (fg_entry)entry};
        fg_graph graph = graph_of(&stage);
        ck_assert_int_eq(graph.edges, 9);
        ck_assert_int_eq(graph.fewest, 1);
        ck_assert_int_eq(graph.most, 1);
        ck_assert_int_eq(graph.longest_path, 9);
        fg_graph_clear(&graph);
    }
}
END_TEST

/* Reader 1 reads x_0, 2 x_0 and x_1, 3 x_0, what follows x_3 and x_2: layer 1 has to go by 2. */
START_TEST(listed_sources_count_as_listed)
{
    int list[] = {0, 0, 1, 0, 3, 2}, first[] = {0, 1, 3, 4, 6};
    const fg_stage stage = {.layers = 3,
                            .sources = {.rule = FG_RULE_LIST, .list = list, .first = first}};
    fg_graph graph = graph_of(&stage);

    ck_assert_int_eq(graph.edges, 4);
    ck_assert_int_eq(graph.sources[1], 2);
    ck_assert_int_eq(graph.longest_path, 2);
    fg_graph_clear(&graph);
}
END_TEST

/* Blocks of post-activation and SeqConv are the layers. */
START_TEST(named_networks_have_the_graphs_of_their_families)
{
    static const struct {
        const char *model;
        int stage, layers, edges, path;
    } known[] = {{"sparsenet-bc-400-12", 2, 66, 342, 6},
                 {"densenet-40-12", 0, 12, 78, 1},
                 {"sparsenet-sum-110", 1, 12, 37, 3},
                 {"preresnet-110", 0, 12, 78, 1},
                 {"resnet-20", 1, 3, 3, 3},
                 {"plain-20", 0, 3, 3, 3},
                 {"seqresnet-r3-k8-n1+2+1", 1, 2, 2, 2},
                 {"delugenet-38", 2, 6, 21, 1},
                 {"sparsenet-121-32:image=64", 2, 24, 94, 4}};

    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        fg_plan *plan = plan_of(known[i].model, 1);
        fg_graph graph = graph_of(&plan->network.stage[known[i].stage]);
        ck_assert_msg(graph.layers == known[i].layers && graph.edges == known[i].edges &&
                          graph.longest_path == known[i].path,
                      "%s: %d layers, %lld edges, path %d", known[i].model, graph.layers,
                      (long long)graph.edges, graph.longest_path);
        fg_graph_clear(&graph);
        fg_plan_free(plan);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {sparse_stages_are_as_published,
                                  paths_of_sparse_stages_are_digit_sums,
                                  dense_stages_are_one_step_from_the_end,
                                  chains_are_as_long_as_they_have_layers,
                                  listed_sources_count_as_listed,
                                  named_networks_have_the_graphs_of_their_families,
                                  NULL};
    return plan_run("plan/graph", tests);
}
