/* program.h - builds programs from the embedded kernel sources, or from FG_CL_DIR.
 *
 * A device keeps every program it has built, keyed by file and options. A kernel belongs to
 * whoever creates it, because setting arguments on a shared one is not safe between threads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_PROGRAM_H
#define FG_DEVICE_PROGRAM_H

#include "device/device.h"

/* Every kernel of cl/kernels.def, as FG_KERNEL_conv_forward and so on. */
enum fg_kernel_id {
#define FG_KERNEL(file, kernel) FG_KERNEL_##kernel,
#define FG_PLAIN_KERNEL FG_KERNEL
#include "cl/kernels.def"
#undef FG_PLAIN_KERNEL
#undef FG_KERNEL
    FG_KERNELS
};

typedef struct fg_kernel {
    fg_device *device;
    cl_kernel kernel;
    enum fg_kernel_id id;
} fg_kernel;

const char *fg_kernel_name(enum fg_kernel_id id);
const char *fg_kernel_file(enum fg_kernel_id id); /* without folder and ".cl" */

/* Builds the kernel's program, or without options the one of all plain kernels, with options
 * ("-D TILE=64", may be "") if the device has not done so before. Of a program that was built with these
 * options and more behind them the kernel is the same: what they leave out must not concern it. A build
 * failure puts the driver's log in the log and its first error in the message. */
fg_status fg_kernel_create(fg_kernel **out, fg_device *device, enum fg_kernel_id id,
                           const char *options);
void fg_kernel_free(fg_kernel *kernel);

/* Sets device->prefetch by building a program with it, which is kept. Before any other is built. */
void fg_program_try_prefetch(fg_device *device);

/* Releases all programs of a device. */
void fg_program_free_all(fg_program *programs);

#endif
