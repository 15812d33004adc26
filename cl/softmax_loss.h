/* softmax_loss.h - results and arguments of softmax_loss.cl. C11 and OpenCL C.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_SOFTMAX_LOSS_H
#define FG_SOFTMAX_LOSS_H

#include "shared.h"

/* Of one image, or of one step: the mean loss, and how many images were right. */
struct fg_result {
    float loss;
    fg_i32 images;
    fg_i32 correct;
    fg_i32 correct_top;
};
FG_SHARED_ASSERT(sizeof(struct fg_result) == 16, result_size);

#define FG_TOP 5 /* top-min(5, classes) */

struct fg_softmax_loss_args {
    fg_i32 images;
    fg_i32 classes;
    fg_i32 pitch;       /* of logits and their gradient */
    fg_i32 first_image; /* the results' entry of image 0 */
    fg_i32 step;        /* merge: the entry of this step */
};

#endif
