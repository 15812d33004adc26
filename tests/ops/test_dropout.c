/* test_dropout.c - masks of dropout: how many elements they drop, and that nothing about one
 * element tells anything about another.
 *
 * Keys are fixed, so a test that passes once passes always: a bound of some deviations is how
 * far a good generator may be off by chance.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/dropout.h"

#include <check.h>
#include <math.h>

#include "cl/random.h"
#include "ref/weights.h"

#define SEED UINT64_C(0x123456789abcdef0)
#define ELEMENTS 1000000

static const double rates[] = {0.001, 0.1, 0.2, 0.3, 0.5, 0.9};
#define RATES ((int)(sizeof rates / sizeof rates[0]))

START_TEST(a_share_of_the_elements_is_dropped_and_the_rest_scaled)
{
    const double rate = rates[_i];
    const struct fg_dropout d = fg_dropout_of(rate, SEED, 5, 3);
    int zeros = 0;

    ck_assert_double_eq((double)d.scale, (double)(float)(1.0 / (1.0 - rate)));
    for (uint32_t e = 0; e < ELEMENTS; ++e) {
        const float factor = fg_dropout_at(d, e);
        if (factor != 0.0f && factor != d.scale)
            ck_abort_msg("element %u is multiplied by %g", e, (double)factor);
        zeros += factor == 0.0f;
    }
    /* Binomial, four deviations. */
    ck_assert_double_eq_tol(zeros, rate * ELEMENTS, 4.0 * sqrt(ELEMENTS * rate * (1.0 - rate)));
}
END_TEST

START_TEST(rate_0_keeps_everything_as_it_is)
{
    const struct fg_dropout d = fg_dropout_of(0.0, SEED, 5, 3);

    ck_assert_uint_eq(d.kept, UINT32_MAX); /* so no hash is above it */
    for (uint32_t e = 0; e < ELEMENTS; ++e)
        if (fg_dropout_at(d, e) != 1.0f)
            ck_abort_msg("element %u is multiplied by %g", e, (double)fg_dropout_at(d, e));
}
END_TEST

START_TEST(every_rate_below_1_has_a_bound)
{
    ck_assert_uint_eq(fg_dropout_of(0x1p-40, SEED, 0, 0).kept, UINT32_MAX);
    ck_assert_uint_eq(fg_dropout_of(0.5, SEED, 0, 0).kept, UINT32_MAX / 2);
    ck_assert_uint_eq(fg_dropout_of(1.0 - 0x1p-53, SEED, 0, 0).kept, 0);
}
END_TEST

/* Correlation of whether elements e of one mask and e + distance of another are dropped. */
static void check_uncorrelated(const char *what, struct fg_dropout one, struct fg_dropout other,
                               uint32_t distance, double rate)
{
    double product = 0.0;

    for (uint32_t e = 0; e < ELEMENTS; ++e)
        product += ((fg_dropout_at(one, e) == 0.0f) - rate) *
                   ((fg_dropout_at(other, e + distance) == 0.0f) - rate);
    /* The mean of independent numbers' products, in units of their variance, deviates by
     * 1 / sqrt(count); five deviations, as there are about a hundred pairs. */
    const double correlation = product / (ELEMENTS * rate * (1.0 - rate));
    ck_assert_msg(fabs(correlation) < 5.0 / sqrt(ELEMENTS),
                  "%s, distance %u, rate %g: correlation %g", what, distance, rate,
                  correlation);
}

/* Next to each other, in the next vector, row, channel. */
START_TEST(elements_of_a_mask_are_independent)
{
    static const uint32_t distances[] = {1, 2, 3, 7, 15, 16, 17, 32, 64, 1024, 65536, 1u << 31};
    const struct fg_dropout d = fg_dropout_of(rates[_i], SEED, 5, 3);

    for (size_t i = 0; i < sizeof distances / sizeof distances[0]; ++i)
        check_uncorrelated("neighbours", d, d, distances[i], rates[_i]);
}
END_TEST

START_TEST(seeds_steps_and_operations_have_masks_of_their_own)
{
    const double rate = rates[_i];
    const struct fg_dropout d = fg_dropout_of(rate, SEED, 5, 3);

    check_uncorrelated("the next step", d, fg_dropout_of(rate, SEED, 6, 3), 0, rate);
    check_uncorrelated("a step 2^32 later", d,
                       fg_dropout_of(rate, SEED, 5 + (UINT64_C(1) << 32), 3), 0, rate);
    check_uncorrelated("the next operation", d, fg_dropout_of(rate, SEED, 5, 4), 0, rate);
    check_uncorrelated("step and operation swapped", d, fg_dropout_of(rate, SEED, 3, 5), 0,
                       rate);
    check_uncorrelated("the next seed", d, fg_dropout_of(rate, SEED + 1, 5, 3), 0, rate);
    check_uncorrelated("a seed of another high word", d,
                       fg_dropout_of(rate, SEED ^ (UINT64_C(1) << 63), 5, 3), 0, rate);
}
END_TEST

/* Pairs may be independent and eight neighbours not: all 256 patterns come equally often. */
START_TEST(patterns_of_eight_neighbours_come_equally_often)
{
    const struct fg_dropout d = fg_dropout_of(0.5, SEED, (uint64_t)_i, 3);
    const double expected = ELEMENTS / 8.0 / 256.0;
    int seen[256] = {0};
    double chi_square = 0.0;

    for (uint32_t e = 0; e + 8 <= ELEMENTS; e += 8) {
        int pattern = 0;
        for (uint32_t i = 0; i < 8; ++i)
            pattern = 2 * pattern + (fg_dropout_at(d, e + i) == 0.0f);
        ++seen[pattern];
    }
    for (int i = 0; i < 256; ++i)
        chi_square += (seen[i] - expected) * (seen[i] - expected) / expected;
    /* 255 degrees of freedom: mean 255, deviation sqrt(510); four of them. */
    ck_assert_double_eq_tol(chi_square, 255.0, 4.0 * sqrt(510.0));
}
END_TEST

/* Resuming needs the same masks: Philox makes a seed for the step, and of it the keys. */
START_TEST(keys_are_philox)
{
    const uint64_t step = UINT64_C(0x0000000700000005);
    const uint32_t of_step[4] = {5, 7, FG_RANDOM_DROPOUT, 0};
    const uint32_t of_op[4] = {0, 3, FG_RANDOM_DROPOUT, 0};
    const uint32_t seed[2] = {(uint32_t)SEED, (uint32_t)(SEED >> 32)};
    uint32_t own[4], keys[4];

    fg_ref_weights_philox(own, of_step, seed);
    fg_ref_weights_philox(keys, of_op, own);
    const struct fg_dropout d = fg_dropout_of(0.3, SEED, step, 3);
    ck_assert_uint_eq(d.key0, keys[0]);
    ck_assert_uint_eq(d.key1, keys[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops/dropout");
    TCase *tests = tcase_create("dropout");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 0); /* ctest has one */
    tcase_add_loop_test(tests, a_share_of_the_elements_is_dropped_and_the_rest_scaled, 0,
                        RATES);
    tcase_add_test(tests, rate_0_keeps_everything_as_it_is);
    tcase_add_test(tests, every_rate_below_1_has_a_bound);
    tcase_add_loop_test(tests, elements_of_a_mask_are_independent, 0, RATES);
    tcase_add_loop_test(tests, seeds_steps_and_operations_have_masks_of_their_own, 0, RATES);
    tcase_add_loop_test(tests, patterns_of_eight_neighbours_come_equally_often, 0, 4);
    tcase_add_test(tests, keys_are_philox);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
