/* compare.c - results of benches before and after a change: ratios, and what got worse.
 *
 *     compare OLD.json NEW.json [--threshold PERCENT]
 *
 * Exit status 0: no figure is worse by more than the threshold; 1: one is, or the new file
 * misses one, as after a bench that failed; 2: the options or files are no use. Where a file
 * has several results of one thing, their median counts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"
#include "cli/console.h"
#include "cli/options.h"
#include "harness.h"
#include "results.h"

enum verdict { LOWER_IS_BETTER, HIGHER_IS_BETTER, NOT_JUDGED };

/* What is compared. What the device can do, and shares of it, are shown only: they move with
 * the machine. */
static const struct figure {
    const char *name;
    enum verdict verdict;
} figures[] = {
    {"images_per_second", HIGHER_IS_BETTER},
    {"wall_ms", LOWER_IS_BETTER},
    {"start_s", LOWER_IS_BETTER},
    {"device_bytes_peak", LOWER_IS_BETTER},
    {"rss_bytes_peak", LOWER_IS_BETTER},
    {"percent_of_peak", NOT_JUDGED},
    {"peak_gflops", NOT_JUDGED},
};

#define FIGURES (sizeof figures / sizeof *figures)
#define MOST_PERCENT 1e6

struct options {
    const char *paths[2];
    double threshold; /* percent */
};

struct counts {
    int compared, worse;
    int missing; /* figures that are judged and that only the old file has */
};

static const struct argp_option option_list[] = {
    {"threshold", 't', "PERCENT", 0, "How much worse a figure may be (5)", 0}, {0}};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    static const char *const which[] = {"old", "new"};
    struct options *options = state->input;

    switch (key) {
    case 't':
        options->threshold = (double)option_number("threshold", text, 0, MOST_PERCENT);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num >= 2)
            usage_fail("'%s' is one file too many, expected two", text);
        if (text[0] == '\0')
            usage_fail("the %s file is '', expected the name of a file", which[state->arg_num]);
        options->paths[state->arg_num] = text;
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 2)
            usage_fail("the %s file is missing", which[state->arg_num]);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool is_worse(const struct figure *figure, double ratio, double threshold)
{
    switch (figure->verdict) {
    case LOWER_IS_BETTER:
        return ratio > 1.0 + 0.01 * threshold;
    case HIGHER_IS_BETTER:
        return ratio < 1.0 - 0.01 * threshold;
    default:
        return false;
    }
}

static fg_status compare_figure(struct counts *counts, const struct figure *figure,
                                const fg_results *old, const fg_results *new,
                                const json_t *like, double threshold)
{
    fg_status status = FG_OK;
    double before = 0.0, after = 0.0;
    bool was = false, is = false;

    FG_TRY(fg_results_median(&before, &was, old, like, figure->name));
    FG_TRY(fg_results_median(&after, &is, new, like, figure->name));
    if (was && !is && figure->verdict != NOT_JUDGED) {
        printf("    %-20s %14.6g %14s %8s  missing\n", figure->name, before, "", "");
        ++counts->missing;
    }
    if (!was || !is || before <= 0.0)
        return FG_OK;
    const bool worse = is_worse(figure, after / before, threshold);
    printf("    %-20s %14.6g %14.6g %8.3f%s\n", figure->name, before, after, after / before,
           worse ? "  worse" : "");
    ++counts->compared;
    counts->worse += worse;

cleanup:
    return status;
}

static void print_thing(const json_t *result)
{
    printf("%s, batch %d, %s, memory %s, on %s\n",
           json_string_value(json_object_get(result, "model")),
           (int)json_integer_value(json_object_get(result, "batch")),
           json_string_value(json_object_get(result, "mode")), fg_results_memory(result),
           json_string_value(json_object_get(result, "device")));
}

static fg_status compare(struct counts *counts, const fg_results *old, const fg_results *new,
                         double threshold)
{
    fg_status status = FG_OK;

    printf("    %-20s %14s %14s %8s\n", "", "old", "new", "new/old");
    for (int i = 0; i < fg_results_count(old); ++i) {
        const json_t *result = fg_results_at(old, i);
        if (!fg_results_first(old, i))
            continue;
        print_thing(result);
        for (size_t j = 0; j < FIGURES; ++j)
            FG_TRY(compare_figure(counts, &figures[j], old, new, result, threshold));
    }

cleanup:
    return status;
}

int main(int argc, char **argv)
{
    fg_status status = FG_OK;
    const struct argp parser = {
        option_list,
        parse_option,
        "OLD.json NEW.json",
        "Compares results of bench_train, bench_infer and bench_ops, written with --json, by "
        "mode, model, batch, device and memory setting.",
        NULL,
        NULL,
        NULL};
    struct options options = {{NULL, NULL}, 5.0};
    struct counts counts = {0};
    fg_results old = {NULL}, new = {NULL};

    fg_harness_parse(&parser, argc, argv, &options);
    FG_TRY(fg_results_read(&old, options.paths[0]));
    FG_TRY(fg_results_read(&new, options.paths[1]));
    FG_TRY(compare(&counts, &old, &new, options.threshold));
    FG_CHECK(counts.compared > 0, FG_ERR_FILE,
             "%s: has no result of %s's mode, model, batch, device and memory",
             options.paths[1], options.paths[0]);
    printf("%d of %d figures worse by more than %g %%", counts.worse, counts.compared,
           options.threshold);
    if (counts.missing > 0)
        printf(", %d missing in %s", counts.missing, options.paths[1]);
    printf("\n");
    FG_TRY(fg_harness_flush());

cleanup:
    fg_results_clear(&new);
    fg_results_clear(&old);
    if (status != FG_OK) {
        console_failure();
        return EXIT_USAGE;
    }
    return counts.worse > 0 || counts.missing > 0 ? 1 : 0;
}
