/* program_text.h - what a program is built from: its text, embedded or in FG_CL_DIR, and options.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_PROGRAM_TEXT_H
#define FG_DEVICE_PROGRAM_TEXT_H

#include "device/device.h"

/* The text of all plain kernels (cl/kernels.def), which is not to be found in FG_CL_DIR. */
#define FG_PROGRAM_TEXT_PLAIN "plain"

/* For fg_text_free. name: of a file in cl/ without ".cl". Includes of a file in FG_CL_DIR are left to
 * the driver. */
fg_status fg_program_text_read(char **out, const char *name);

/* The common options, which never change bits, and then these. For fg_text_free. */
fg_status fg_program_text_options(char **out, const fg_device *device, const char *options);

#endif
