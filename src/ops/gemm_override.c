/* gemm_override.c - CLBlast's parameters for devices of the CPU family.
 *
 * A register tile of 32 x 12 floats is 24 vectors of 16, and there is no local memory: no barriers.
 * A tile whose pixels are a multiple of 32 and whose rows are one of 4 is multiplied where it lies.
 *
 * PoCL wants these vectors spelled out, in one work-item; other drivers, such as Intel's, make them
 * of 16 work-items. Each is slow with what the other one wants.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ops/gemm.h"

#include <pthread.h>
#include <string.h>

#include <clblast_c.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

struct parameters {
    const char *kernel;
    size_t count;
    const char *const *names;
    const size_t *values;
};

static const char *const routine_names[] = {"XGEMM_MIN_INDIRECT_SIZE"};
static const size_t routine_values[] = {
    0}; /* never the kernel without scratch: it has barriers */

static const char *const gemm_names[] = {"GEMMK", "KREG",  "KWG",   "KWI", "MDIMA", "MDIMC",
                                         "MWG",   "NDIMB", "NDIMC", "NWG", "SA",    "SB",
                                         "STRM",  "STRN",  "VWM",   "VWN"};
static const size_t vector_values[] = {0, 1, 4, 4, 1, 1, 32, 1, 1, 12, 0, 0, 0, 0, 16, 4};
static const size_t item_values[] = {0, 1, 4, 4, 16, 16, 32, 1, 1, 12, 0, 0, 1, 0, 1, 1};

static const char *const pad_names[] = {"PAD_DIMX", "PAD_DIMY", "PAD_WPTX", "PAD_WPTY"};
static const size_t pad_values[] = {8, 1, 4, 8};

static const char *const transpose_names[] = {"PADTRA_PAD", "PADTRA_TILE", "PADTRA_WPT"};
static const size_t transpose_values[] = {0, 8, 1};

static const struct parameters others[] = {
    {"GemmRoutine", COUNT(routine_names), routine_names, routine_values},
    {"Pad", COUNT(pad_names), pad_names, pad_values},
    {"Padtranspose", COUNT(transpose_names), transpose_names, transpose_values},
};

static const struct parameters by_vectors = {"Xgemm", COUNT(gemm_names), gemm_names,
                                             vector_values};
static const struct parameters by_items = {"Xgemm", COUNT(gemm_names), gemm_names, item_values};

/* Devices that have them. The list stays as long as the process, as what CLBlast keeps does. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cl_device_id *done;
static size_t done_count;

static fg_status set(const fg_device *device, const struct parameters *p)
{
    const CLBlastStatusCode code =
        CLBlastOverrideParameters(device->id, p->kernel, CLBlastPrecisionSingle, p->count,
                                  (const char **)p->names, p->values);

    if (code != CLBlastSuccess)
        return fg_fail(FG_ERR_DEVICE, "CLBlastOverrideParameters of %s: status %d of CLBlast",
                       p->kernel, (int)code);
    return FG_OK;
}

static fg_status override(fg_device *device)
{
    const bool pocl = strcmp(device->info.platform, "Portable Computing Language") == 0;
    fg_status status = FG_OK;

    for (size_t i = 0; i < done_count; ++i)
        if (done[i] == device->id)
            return FG_OK;
    FG_GROW(done, done_count);
    for (size_t i = 0; i < COUNT(others); ++i)
        FG_TRY(set(device, &others[i]));
    FG_TRY(set(device, pocl ? &by_vectors : &by_items));
    done[done_count++] = device->id;
    fg_log_line(&device->log, FG_LOG_INFO,
                "CLBlast: parameters of %zu kernels are overridden for this process on %s",
                COUNT(others) + 1, device->info.name);

cleanup:
    return status;
}

fg_status fg_gemm_override(fg_device *device)
{
    pthread_mutex_lock(&lock);
    const fg_status status = override(device);
    pthread_mutex_unlock(&lock);
    return status;
}
