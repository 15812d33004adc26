/* program_cache.h - built programs in files, for drivers that build every program anew.
 *
 * A file of the cache folder is one program's binary behind lines that say what it is of. One that is
 * of another driver or library version, or damaged, or that the driver refuses, is as good as none,
 * and replaced. Nothing here is ever fatal.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_PROGRAM_CACHE_H
#define FG_DEVICE_PROGRAM_CACHE_H

#include "device/device.h"

/* Whether a device's programs are kept: what FG_PROGRAM_CACHE says, else whether its driver does not
 * keep them itself.
 *
 * FG_ERR_ARGUMENT  the variable is neither "on" nor "off" */
fg_status fg_program_cache_wanted(bool *out, const fg_device_info *info);

/* All that a binary depends on. */
typedef struct fg_program_id {
    const fg_device *device;
    const char *name; /* of the text */
    const char *text; /* with its includes */
    const char *options;
} fg_program_id;

/* A line for the log, which the caller writes when it holds no lock. */
typedef struct fg_program_note {
    fg_log_level level;
    char line[512]; /* "": nothing is to be said */
} fg_program_note;

/* The program, built from its binary; NULL where there is none that can be used. */
cl_program fg_program_cache_load(fg_program_note *note, const fg_program_id *id);

/* Keeps a program that has been built. */
void fg_program_cache_store(fg_program_note *note, const fg_program_id *id, cl_program program);

#endif
