/* survey.h - which platforms and devices there are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_DEVICE_SURVEY_H
#define FG_DEVICE_SURVEY_H

#include "device/opencl.h"

typedef struct fg_place {
    cl_platform_id platform;
    cl_device_id id;
} fg_place;

typedef struct fg_survey {
    fg_platform_info *platforms;
    int platform_count;
    fg_place *places; /* of each device, in the order of the platforms */
    fg_device_info *infos;
    int count;
} fg_survey;

/* A platform or device that fails is left out, and the platform's problem says why: a driver that
 * nobody asked for must not stop the others.
 *
 * FG_ERR_DEVICE  there is no platform at all */
fg_status fg_survey_make(fg_survey *out);
void fg_survey_free(fg_survey *survey);

#endif
