/* survey.c - see survey.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "device/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/info.h"

#define NO_PLATFORM \
    (-1001) /* CL_PLATFORM_NOT_FOUND_KHR of cl_khr_icd: the loader found no driver */

static fg_status list_platforms(cl_platform_id **out, cl_uint *count)
{
    fg_status status = FG_OK;
    cl_platform_id *platforms = NULL;
    const cl_int code = clGetPlatformIDs(0, NULL, count);

    *out = NULL;
    FG_CHECK(code != NO_PLATFORM && (code != CL_SUCCESS || *count > 0), FG_ERR_DEVICE,
             "no OpenCL platform is installed (on Debian, pocl-opencl-icd is one for any CPU)");
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "clGetPlatformIDs: %s (%d)",
             fg_opencl_name(code), (int)code);
    FG_ALLOC(platforms, *count);
    FG_TRY_CL(clGetPlatformIDs(*count, platforms, NULL));
    *out = platforms;
    platforms = NULL;

cleanup:
    free(platforms);
    return status;
}

/* The first failure is the one that is told. */
static void note_failure(fg_platform_info *platform)
{
    if (platform->problem[0] == '\0')
        snprintf(platform->problem, sizeof platform->problem, "%s", fg_error_message());
}

static fg_status make_room(fg_survey *survey, size_t more)
{
    fg_status status = FG_OK;
    const size_t count = (size_t)survey->count + more;
    fg_place *places = reallocarray(survey->places, count, sizeof *places);
    fg_device_info *infos;

    FG_CHECK(places != NULL, FG_ERR_MEMORY, "no memory for %zu devices", count);
    survey->places = places;
    infos = reallocarray(survey->infos, count, sizeof *infos);
    FG_CHECK(infos != NULL, FG_ERR_MEMORY, "no memory for %zu devices", count);
    survey->infos = infos;

cleanup:
    return status;
}

/* Appends the devices of one platform, which may have none. */
static fg_status survey_devices(fg_survey *survey, fg_platform_info *info,
                                cl_platform_id platform)
{
    fg_status status = FG_OK;
    cl_device_id *ids = NULL;
    cl_uint count = 0;
    const cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count);

    if (code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && count == 0))
        return FG_OK;
    FG_CHECK(code == CL_SUCCESS, FG_ERR_DEVICE, "clGetDeviceIDs: %s (%d)", fg_opencl_name(code),
             (int)code);
    FG_ALLOC(ids, count);
    FG_TRY_CL(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids, NULL));
    FG_TRY(make_room(survey, count));
    for (cl_uint i = 0; i < count; ++i) {
        status = fg_info_read(&survey->infos[survey->count], platform, ids[i]);
        if (status == FG_ERR_DEVICE) {
            note_failure(info);
            status = FG_OK;
            continue;
        }
        FG_TRY(status);
        survey->places[survey->count++] = (fg_place){platform, ids[i]};
        ++info->devices;
    }

cleanup:
    free(ids);
    return status;
}

static fg_status survey_platform(fg_survey *survey, fg_platform_info *info,
                                 cl_platform_id platform)
{
    fg_status status = FG_OK;

    strcpy(info->name, "platform without a name");
    FG_TRY(fg_info_platform(info->name, info->version, platform));
    FG_TRY(survey_devices(survey, info, platform));

cleanup:
    if (status == FG_ERR_DEVICE) {
        note_failure(info);
        status = FG_OK;
    }
    return status;
}

fg_status fg_survey_make(fg_survey *out)
{
    fg_status status = FG_OK;
    cl_platform_id *platforms = NULL;
    cl_uint count = 0;

    *out = (fg_survey){0};
    FG_TRY(list_platforms(&platforms, &count));
    FG_ALLOC(out->platforms, count);
    for (cl_uint i = 0; i < count; ++i)
        FG_TRY(survey_platform(out, &out->platforms[out->platform_count++], platforms[i]));

cleanup:
    if (status != FG_OK)
        fg_survey_free(out);
    free(platforms);
    return status;
}

void fg_survey_free(fg_survey *survey)
{
    free(survey->platforms);
    free(survey->places);
    free(survey->infos);
    *survey = (fg_survey){0};
}

/* ---- public ---- */

fg_status fg_device_list(fg_device_info **out, int *count)
{
    fg_survey survey = {0};
    const fg_status status = fg_survey_make(&survey);

    *out = survey.infos;
    *count = survey.count;
    survey.infos = NULL;
    fg_survey_free(&survey);
    return status;
}

void fg_device_list_free(fg_device_info *list)
{
    free(list);
}

fg_status fg_platform_list(fg_platform_info **out, int *count)
{
    fg_survey survey = {0};
    const fg_status status = fg_survey_make(&survey);

    *out = survey.platforms;
    *count = survey.platform_count;
    survey.platforms = NULL;
    fg_survey_free(&survey);
    return status;
}

void fg_platform_list_free(fg_platform_info *list)
{
    free(list);
}
