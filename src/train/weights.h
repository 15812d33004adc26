/* weights.h - between the tensors of a net and those of a safetensors file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_TRAIN_WEIGHTS_H
#define FG_TRAIN_WEIGHTS_H

#include "data/safetensors_writer.h"

/* What momentum is stored under: this and the parameter's name. */
#define FG_WEIGHTS_MOMENTUM "momentum."

/* FG_ERR_FILE  a tensor of net (or, if asked, the momentum of a parameter) is missing in file,
 * has another type or shape, or is not finite; the message names file and tensor */
fg_status fg_weights_check(const fg_net *net, const fg_safetensors *file, bool momentum);

/* Writes into net what fg_weights_check found good. */
fg_status fg_weights_apply(fg_net *net, const fg_safetensors *file, bool momentum);

/* FG_ERR_NOT_FINITE  a parameter or a running statistic of net is not; the message names it */
fg_status fg_weights_finite(fg_net *net);

typedef enum fg_weights_part {
    FG_WEIGHTS_ALL,
    FG_WEIGHTS_TRAINED, /* parameters */
    FG_WEIGHTS_RUNNING  /* running statistics */
} fg_weights_part;

/* Declares a part of net's tensors, each under prefix and its own name. */
fg_status fg_weights_declare(fg_safetensors_writer *writer, const fg_net *net,
                             const char *prefix, fg_weights_part part);

/* Appends what read says of them: fg_net_read, fg_net_read_gradient or fg_net_read_momentum. */
typedef fg_status fg_weights_read(fg_net *net, int index, float *values);
fg_status fg_weights_append(fg_safetensors_writer *writer, fg_net *net, fg_weights_read *read,
                            fg_weights_part part);

#endif
