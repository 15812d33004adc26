/* fft_library.c - clFFT: set up once for the process, and its plans.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/fft_library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <clFFT.h>

#include "device/trace.h"

struct fg_fft_plan {
    fg_device *device;
    fg_fft_direction direction;
    clfftPlanHandle handle;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int plans; /* that there are: clFFT is set up while there is one */

#define TRY_CLFFT(call) FG_TRY(check(#call, call))

static fg_status check(const char *call, clfftStatus code)
{
    return code == CLFFT_SUCCESS ? FG_OK
                                 : fg_fail(FG_ERR_DEVICE, "%.*s: status %d of clFFT",
                                           (int)strcspn(call, "("), call, (int)code);
}

static fg_status set_up(void)
{
    /* Not clfftInitSetupData, an inline function of which the library has no copy. */
    const clfftSetupData setup = {
        .major = clfftVersionMajor, .minor = clfftVersionMinor, .patch = clfftVersionPatch};
    fg_status status = FG_OK;

    if (plans == 0)
        TRY_CLFFT(clfftSetup(&setup));
    ++plans;

cleanup:
    return status;
}

static void tear_down(void)
{
    if (--plans == 0)
        clfftTeardown();
}

static fg_status set_layout(const fg_fft_plan *plan, const size_t size[2], size_t spectrum)
{
    const clfftPlanHandle handle = plan->handle;
    size_t real[2] = {1, size[1]}, planes[2] = {1, size[1] / 2 + 1};
    const size_t field = size[0] * size[1];
    const bool forward = plan->direction == FG_FFT_TO_SPECTRA;
    fg_status status = FG_OK;

    TRY_CLFFT(clfftSetPlanPrecision(handle, CLFFT_SINGLE));
    TRY_CLFFT(clfftSetLayout(handle, forward ? CLFFT_REAL : CLFFT_HERMITIAN_PLANAR,
                             forward ? CLFFT_HERMITIAN_PLANAR : CLFFT_REAL));
    TRY_CLFFT(clfftSetResultLocation(handle, CLFFT_OUTOFPLACE));
    TRY_CLFFT(clfftSetPlanInStride(handle, CLFFT_2D, forward ? real : planes));
    TRY_CLFFT(clfftSetPlanOutStride(handle, CLFFT_2D, forward ? planes : real));
    TRY_CLFFT(
        clfftSetPlanDistance(handle, forward ? field : spectrum, forward ? spectrum : field));

cleanup:
    return status;
}

static fg_status bake(fg_fft_plan *plan, const size_t size[2], size_t spectrum,
                      size_t transforms, size_t scratch_bytes)
{
    const size_t lengths[2] = {size[1], size[0]}; /* the fastest first */
    size_t wanted = 0;
    fg_status status = FG_OK;

    TRY_CLFFT(clfftCreateDefaultPlan(&plan->handle, plan->device->context, CLFFT_2D, lengths));
    FG_TRY(set_layout(plan, size, spectrum));
    TRY_CLFFT(clfftSetPlanBatchSize(plan->handle, transforms));
    TRY_CLFFT(clfftBakePlan(plan->handle, 1, &plan->device->queue, NULL, NULL));
    TRY_CLFFT(clfftGetTmpBufSize(plan->handle, &wanted));
    FG_CHECK(wanted <= scratch_bytes, FG_ERR_DEVICE,
             "clFFT wants %zu bytes of scratch, expected at most %zu", wanted, scratch_bytes);

cleanup:
    return status;
}

fg_status fg_fft_plan_create(fg_fft_plan **out, fg_device *device, fg_fft_direction direction,
                             const size_t size[2], size_t spectrum, size_t transforms,
                             size_t scratch_bytes)
{
    fg_fft_plan *plan = NULL;
    fg_status status = FG_OK;

    *out = NULL;
    FG_ALLOC(plan, 1);
    plan->device = device;
    plan->direction = direction;
    pthread_mutex_lock(&lock);
    status = set_up();
    if (status == FG_OK) {
        status = bake(plan, size, spectrum, transforms, scratch_bytes);
        if (status != FG_OK) {
            if (plan->handle != 0)
                clfftDestroyPlan(&plan->handle);
            tear_down();
        }
    }
    pthread_mutex_unlock(&lock);
    if (status == FG_OK) {
        *out = plan;
        plan = NULL;
    }

cleanup:
    free(plan);
    return status;
}

void fg_fft_plan_free(fg_fft_plan *plan)
{
    if (plan == NULL)
        return;
    pthread_mutex_lock(&lock);
    clfftDestroyPlan(&plan->handle);
    tear_down();
    pthread_mutex_unlock(&lock);
    free(plan);
}

fg_status fg_fft_plan_run(const fg_fft_plan *plan, const fg_buffer *real,
                          const fg_buffer *const planes[2], const fg_buffer *scratch)
{
    const bool forward = plan->direction == FG_FFT_TO_SPECTRA;
    cl_mem fields[1] = {real->memory}, spectra[2] = {planes[0]->memory, planes[1]->memory};
    fg_device *device = plan->device;
    cl_event event = NULL;
    clfftStatus code;

    pthread_mutex_lock(&lock);
    code = clfftEnqueueTransform(plan->handle, forward ? CLFFT_FORWARD : CLFFT_BACKWARD, 1,
                                 &device->queue, 0, NULL, device->trace != NULL ? &event : NULL,
                                 forward ? fields : spectra, forward ? spectra : fields,
                                 scratch->memory);
    pthread_mutex_unlock(&lock);
    if (code != CLFFT_SUCCESS)
        return check("clfftEnqueueTransform", code);
    if (device->trace != NULL)
        fg_trace_add(device->trace, forward ? "clfft_forward" : "clfft_inverse", event);
    return FG_OK;
}
