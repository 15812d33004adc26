/* fft.c - convolution by Fourier transforms: products of spectra by cl/fft.cl, transforms by clFFT.
 *
 *     for each piece of output channels
 *         for each piece of input channels
 *             spectra of their filters
 *             for each slice of images
 *                 spectra of what is read, products added to those that there are
 *         for each slice of images
 *             outputs from the sums of products
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/fft.h"

#include <math.h>
#include <stdlib.h>

#include "cl/fft.h"
#include "ops/fft_library.h"
#include "plan/fft_pieces.h"

/* Parts of the tile as clFFT wants them: buffers of their own. */
typedef struct spectra {
    fg_buffer *planes[2];
} spectra;

struct fft {
    fg_conv_shape shape;
    fg_fft_pieces pieces;
    const fg_kernel *read, *fill, *multiply, *store;
    fg_fft_plan *inputs, *weights, *products;
    /* Views of the tile, made when it is seen first. */
    cl_mem whole;
    size_t offset;
    fg_buffer *real, *library;
    spectra input_spectra, weight_spectra, *slices; /* [pieces.slices] */
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static void free_spectra(spectra *s)
{
    for (int i = 0; i < 2; ++i) {
        fg_buffer_free(s->planes[i]);
        s->planes[i] = NULL;
    }
}

static void free_views(struct fft *fft)
{
    fg_buffer_free(fft->real);
    fg_buffer_free(fft->library);
    fft->real = fft->library = NULL;
    free_spectra(&fft->input_spectra);
    free_spectra(&fft->weight_spectra);
    for (int i = 0; i < fft->pieces.slices; ++i)
        free_spectra(&fft->slices[i]);
    fft->whole = NULL;
}

static void fft_free(void *self)
{
    struct fft *fft = self;

    if (fft == NULL)
        return;
    if (fft->slices != NULL)
        free_views(fft);
    free(fft->slices);
    fg_fft_plan_free(fft->inputs);
    fg_fft_plan_free(fft->weights);
    fg_fft_plan_free(fft->products);
    free(fft);
}

static fg_status create_plan(fg_fft_plan **out, const struct fft *fft, fg_device *device,
                             fg_fft_direction direction, int transforms)
{
    const fg_fft_pieces *p = &fft->pieces;
    const size_t size[2] = {(size_t)p->height, (size_t)p->width};
    return fg_fft_plan_create(out, device, direction, size, (size_t)p->spectrum,
                              (size_t)transforms, p->bytes - p->library);
}

static fg_status fft_create(void **out, fg_kernels *kernels, const fg_conv_shape *shape)
{
    fg_status status = FG_OK;
    fg_device *device = kernels->device;
    struct fft *fft = NULL;

    *out = NULL;
    FG_ALLOC(fft, 1);
    fft->shape = *shape;
    FG_CHECK(fg_fft_pieces_of(&fft->pieces, shape), FG_ERR_FIT,
             "transforms of %dx%d pixels do not fit in a tile", shape->height, shape->width);
    const fg_fft_pieces *p = &fft->pieces;
    FG_ALLOC(fft->slices, p->slices);
    FG_TRY(create_plan(&fft->inputs, fft, device, FG_FFT_TO_SPECTRA, p->channels * p->images));
    FG_TRY(create_plan(&fft->weights, fft, device, FG_FFT_TO_SPECTRA, p->outs * p->channels));
    FG_TRY(create_plan(&fft->products, fft, device, FG_FFT_FROM_SPECTRA, p->images * p->outs));
    FG_TRY(fg_kernels_get(&fft->read, kernels, FG_KERNEL_fft_read, ""));
    FG_TRY(fg_kernels_get(&fft->fill, kernels, FG_KERNEL_fft_weights, ""));
    FG_TRY(fg_kernels_get(&fft->multiply, kernels, FG_KERNEL_fft_multiply, ""));
    FG_TRY(fg_kernels_get(&fft->store, kernels, FG_KERNEL_fft_store, ""));
    *out = fft;
    fft = NULL;

cleanup:
    fft_free(fft);
    return status;
}

static fg_status view_spectra(spectra *out, const fg_buffer *tile, const fg_fft_pieces *pieces,
                              size_t offset, int transforms)
{
    const size_t plane = fg_fft_pieces_plane(pieces, transforms);
    fg_status status = FG_OK;

    for (int i = 0; i < 2; ++i)
        FG_TRY(fg_buffer_view(&out->planes[i], tile, offset + (size_t)i * plane, plane));

cleanup:
    return status;
}

static size_t slice_offset(const fg_fft_pieces *p, int slice)
{
    return p->products + (size_t)slice * 2 * fg_fft_pieces_plane(p, p->images * p->outs);
}

/* A net has one tile for each of its operations, all its life. */
static fg_status make_views(struct fft *fft, const fg_buffer *tile)
{
    const fg_fft_pieces *p = &fft->pieces;
    fg_status status = FG_OK;

    if (fft->whole == tile->whole && fft->offset == tile->offset)
        return FG_OK;
    free_views(fft);
    FG_TRY(fg_buffer_view(&fft->real, tile, p->real, p->inputs - p->real));
    FG_TRY(fg_buffer_view(&fft->library, tile, p->library, p->bytes - p->library));
    FG_TRY(view_spectra(&fft->input_spectra, tile, p, p->inputs, p->channels * p->images));
    FG_TRY(view_spectra(&fft->weight_spectra, tile, p, p->weights, p->outs * p->channels));
    for (int i = 0; i < p->slices; ++i)
        FG_TRY(view_spectra(&fft->slices[i], tile, p, slice_offset(p, i), p->images * p->outs));
    fft->whole = tile->whole;
    fft->offset = tile->offset;

cleanup:
    if (status != FG_OK)
        free_views(fft);
    return status;
}

/* ---- launches ---- */

static fg_status transform(const struct fft *fft, const fg_fft_plan *plan, const spectra *s)
{
    const fg_buffer *const planes[2] = {s->planes[0], s->planes[1]};
    return fg_fft_plan_run(plan, fft->real, planes, fft->library);
}

static fg_status transform_weights(const struct fft *fft, const fg_conv_call *call,
                                   const struct fg_fft_args *args)
{
    fg_launch launch = fg_launch_of(fft->fill);
    fg_status status = FG_OK;

    fg_launch_buffer(&launch, fft->real);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_value(&launch, args, sizeof *args);
    FG_TRY(fg_launch_run(&launch, (size_t)args->outs, (size_t)args->ins));
    FG_TRY(transform(fft, fft->weights, &fft->weight_spectra));

cleanup:
    return status;
}

static fg_status add_products(const struct fft *fft, const fg_conv_call *call,
                              const fg_buffer *tile, const struct fg_fft_args *args)
{
    fg_launch read = fg_launch_of(fft->read);
    fg_launch multiply = fg_launch_of(fft->multiply);
    fg_status status = FG_OK;

    fg_launch_buffer(&read, fft->real);
    fg_launch_buffer(&read, call->in.map->values);
    fg_launch_buffer(&read, call->in.sources);
    fg_launch_buffer(&read, call->affine);
    fg_launch_value(&read, args, sizeof *args);
    FG_TRY(fg_launch_run(&read, (size_t)args->ins, (size_t)args->images));
    FG_TRY(transform(fft, fft->inputs, &fft->input_spectra));
    fg_launch_buffer(&multiply, tile);
    fg_launch_value(&multiply, args, sizeof *args);
    FG_TRY(fg_launch_run(&multiply, (size_t)(args->spectrum / FG_LANES), 1));

cleanup:
    return status;
}

static fg_status store(const struct fft *fft, const fg_conv_call *call,
                       const struct fg_fft_args *args, int slice)
{
    fg_launch launch = fg_launch_of(fft->store);
    fg_status status = FG_OK;

    FG_TRY(transform(fft, fft->products, &fft->slices[slice]));
    fg_launch_buffer(&launch, call->out.map->values);
    fg_launch_buffer(&launch, fft->real);
    fg_launch_buffer(&launch, call->parameters);
    fg_launch_value(&launch, args, sizeof *args);
    FG_TRY(fg_launch_run(&launch, (size_t)args->outs, (size_t)args->images));

cleanup:
    return status;
}

/* What is the same in all launches. */
static struct fg_fft_args args_of(const struct fft *fft, const fg_conv_call *call)
{
    const fg_fft_pieces *p = &fft->pieces;
    const fg_conv_shape *shape = &fft->shape;
    const size_t inputs_plane = fg_fft_pieces_plane(p, p->channels * p->images);
    const size_t weights_plane = fg_fft_pieces_plane(p, p->outs * p->channels);

    return (struct fg_fft_args){
        .height = p->height,
        .width = p->width,
        .spectrum = p->spectrum,
        .side = shape->side,
        .image_height = shape->height,
        .image_width = shape->width,
        .first_source = call->in.first_source,
        .first_weight = (fg_i32)call->first_weight,
        .bias = (fg_i32)call->first_bias,
        .first_out_channel = call->out.first_channel,
        .in_channels = shape->in_channels,
        .inputs = (fg_i32)(p->inputs / sizeof(float)),
        .inputs_imaginary = (fg_i32)((p->inputs + inputs_plane) / sizeof(float)),
        .weights = (fg_i32)(p->weights / sizeof(float)),
        .weights_imaginary = (fg_i32)((p->weights + weights_plane) / sizeof(float)),
        .floor = call->relu ? 0.0f : -INFINITY,
    };
}

static void set_slice(struct fg_fft_args *args, const struct fft *fft, int slice, int images)
{
    const fg_fft_pieces *p = &fft->pieces;
    const size_t plane = fg_fft_pieces_plane(p, p->images * p->outs);
    const size_t offset = slice_offset(p, slice);

    args->first_image = slice * p->images;
    args->images = smaller(p->images, images - args->first_image);
    args->products = (fg_i32)(offset / sizeof(float));
    args->products_imaginary = (fg_i32)((offset + plane) / sizeof(float));
}

/* Output channels args->first_out .. */
static fg_status forward_outs(const struct fft *fft, const fg_conv_call *call,
                              const fg_buffer *tile, struct fg_fft_args *args)
{
    const fg_fft_pieces *p = &fft->pieces;
    const int slices = (call->images + p->images - 1) / p->images;
    fg_status status = FG_OK;

    for (int c = 0; c < args->in_channels; c += p->channels) {
        args->first_in = c;
        args->ins = smaller(p->channels, args->in_channels - c);
        args->pitch = call->in.map->pitch;
        FG_TRY(transform_weights(fft, call, args));
        for (int slice = 0; slice < slices; ++slice) {
            set_slice(args, fft, slice, call->images);
            FG_TRY(add_products(fft, call, tile, args));
        }
    }
    args->pitch = call->out.map->pitch;
    for (int slice = 0; slice < slices; ++slice) {
        set_slice(args, fft, slice, call->images);
        FG_TRY(store(fft, call, args, slice));
    }

cleanup:
    return status;
}

static fg_status fft_forward(void *self, const fg_conv_call *call, const fg_buffer *tile)
{
    struct fft *fft = self;
    struct fg_fft_args args = args_of(fft, call);
    fg_status status = FG_OK;

    FG_TRY(make_views(fft, tile));
    for (int k = 0; k < fft->shape.out_channels; k += fft->pieces.outs) {
        args.first_out = k;
        args.outs = smaller(fft->pieces.outs, fft->shape.out_channels - k);
        FG_TRY(forward_outs(fft, call, tile, &args));
    }

cleanup:
    return status;
}

const fg_candidate fg_fft_candidate = {.algorithm = FG_ALGORITHM_FFT,
                                       .create = fft_create,
                                       .forward = fft_forward,
                                       .free = fft_free};
