/* evaluate.c - fg_net_evaluate and fg_net_predict: a net in evaluation mode over a data set.
 *
 * They live here because a net knows no data sets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "train/evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "data/dataset.h"
#include "data/loader.h"
#include "net/net.h"
#include "train/match.h"

#define TOP_CLASSES 5

/* Softmax in double, from the highest score so that nothing overflows. */
static void softmax(float *probabilities, const float *scores, int classes)
{
    double highest = (double)scores[0], sum = 0;

    for (int k = 1; k < classes; ++k)
        highest = fmax(highest, (double)scores[k]);
    for (int k = 0; k < classes; ++k)
        sum += exp((double)scores[k] - highest);
    for (int k = 0; k < classes; ++k)
        probabilities[k] = (float)(exp((double)scores[k] - highest) / sum);
}

static double cross_entropy(const float *scores, int classes, int label)
{
    double highest = (double)scores[0], sum = 0;

    for (int k = 1; k < classes; ++k)
        highest = fmax(highest, (double)scores[k]);
    for (int k = 0; k < classes; ++k)
        sum += exp((double)scores[k] - highest);
    return log(sum) + highest - (double)scores[label];
}

/* How many classes come before label: a higher score, or the same and a lower class. A score
 * that is not a number comes before all, so that such a net is never right. */
static int rank_of(const float *scores, int classes, int label)
{
    int rank = 0;

    for (int k = 0; k < classes; ++k) {
        const bool behind =
            scores[k] < scores[label] || (scores[k] == scores[label] && k >= label);
        rank += !behind;
    }
    return rank;
}

static void add_batch(fg_score *score, const float *logits, const int32_t *labels, int images,
                      int classes)
{
    const int top = classes < TOP_CLASSES ? classes : TOP_CLASSES;

    for (int n = 0; n < images; ++n) {
        const float *scores = logits + (size_t)n * (size_t)classes;
        const int rank = rank_of(scores, classes, labels[n]);
        score->loss += cross_entropy(scores, classes, labels[n]);
        score->correct += rank == 0;
        score->correct_top += rank < top;
    }
    score->images += images;
}

/* Room for one batch's logits, and a loader of batches of the net's size that has begun. */
static fg_status begin(fg_loader **loader, float **logits, const fg_net *net,
                       const fg_dataset *dataset, const fg_normalisation *normalisation)
{
    fg_status status = FG_OK;
    const fg_plan_info plan = fg_plan_information(fg_net_plan(net));
    const fg_batch_config config = fg_batch_for_evaluation(dataset, normalisation, plan.images);

    FG_TRY(fg_match_data(fg_net_plan(net), dataset));
    FG_ALLOC(*logits, (size_t)plan.images * (size_t)plan.classes);
    FG_TRY(fg_loader_create(loader, &config));
    fg_loader_start(*loader, 0, 0);

cleanup:
    return status;
}

fg_status fg_evaluate(fg_net *net, fg_score *out, const fg_dataset *dataset,
                      const fg_normalisation *normalisation, fg_cancel_function *cancel,
                      void *user)
{
    fg_status status = FG_OK;
    fg_loader *loader = NULL;
    float *logits = NULL;
    fg_score score = {0};
    const int classes = fg_plan_information(fg_net_plan(net)).classes;
    const float *pixels = NULL;
    const int32_t *labels = NULL;
    int images = 0;

    FG_REQUIRE(fg_dataset_information(dataset).has_labels,
               "%s has no labels, which evaluation needs", dataset->name);
    FG_TRY(begin(&loader, &logits, net, dataset, normalisation));
    while (fg_loader_next(loader, &pixels, &labels, &images)) {
        FG_CHECK(score.images == 0 || cancel == NULL || cancel(user) == 0, FG_ERR_CANCELLED,
                 "stopped during evaluation, behind %lld images", (long long)score.images);
        FG_TRY(fg_net_forward_prepared(net, FG_MODE_EVALUATION, logits, pixels, images));
        add_batch(&score, logits, labels, images, classes);
    }
    score.loss /= (double)score.images;
    *out = score;

cleanup:
    fg_loader_free(loader);
    free(logits);
    return status;
}

fg_status fg_net_evaluate(fg_net *net, fg_score *out, const fg_dataset *dataset,
                          const fg_normalisation *normalisation)
{
    return fg_evaluate(net, out, dataset, normalisation, NULL, NULL);
}

fg_status fg_net_predict(fg_net *net, float *probabilities, const fg_dataset *dataset,
                         int first, int count, const fg_normalisation *normalisation)
{
    fg_status status = FG_OK;
    fg_dataset *part = NULL;
    fg_loader *loader = NULL;
    float *logits = NULL;
    const size_t classes = (size_t)fg_plan_information(fg_net_plan(net)).classes;
    const float *pixels = NULL;
    const int32_t *labels = NULL;
    int images = 0;

    FG_TRY(fg_dataset_view(&part, dataset, first, count));
    FG_TRY(begin(&loader, &logits, net, part, normalisation));
    while (fg_loader_next(loader, &pixels, &labels, &images)) {
        FG_TRY(fg_net_forward_prepared(net, FG_MODE_EVALUATION, logits, pixels, images));
        for (int n = 0; n < images; ++n, probabilities += classes)
            softmax(probabilities, logits + (size_t)n * classes, (int)classes);
    }

cleanup:
    fg_loader_free(loader);
    free(logits);
    fg_dataset_free(part);
    return status;
}
