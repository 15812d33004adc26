/* env.c - the environment variables that the library reads; docs/environment.md is their table.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/env.h"

#include <stdlib.h>
#include <string.h>

static const char *value_of(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *fg_env_device(void)
{
    return value_of("FG_DEVICE");
}

const char *fg_env_cl_dir(void)
{
    return value_of("FG_CL_DIR");
}

const char *fg_env_trace(void)
{
    return value_of("FG_TRACE");
}

const char *fg_env_cache_dir(void)
{
    return value_of("FG_CACHE_DIR");
}

const char *fg_env_tune(void)
{
    return value_of("FG_TUNE");
}

const char *fg_env_xdg_cache_home(void)
{
    return value_of("XDG_CACHE_HOME");
}

const char *fg_env_home(void)
{
    return value_of("HOME");
}

const char *fg_env_algorithm(void)
{
    return value_of("FG_ALGORITHM");
}

const char *fg_env_program_cache(void)
{
    return value_of("FG_PROGRAM_CACHE");
}

bool fg_env_poison(void)
{
    const char *value = value_of("FG_POISON");
    return value != NULL && strcmp(value, "0") != 0;
}
