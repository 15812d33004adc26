/* env.h - the environment variables that the library reads; docs/environment.md is their table.
 *
 * No other file calls getenv.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_ENV_H
#define FG_BASE_ENV_H

#include <stdbool.h>

/* NULL where not set or empty. */
const char *fg_env_device(void);         /* FG_DEVICE */
const char *fg_env_cl_dir(void);         /* FG_CL_DIR */
const char *fg_env_trace(void);          /* FG_TRACE */
const char *fg_env_cache_dir(void);      /* FG_CACHE_DIR */
const char *fg_env_tune(void);           /* FG_TUNE */
const char *fg_env_xdg_cache_home(void); /* XDG_CACHE_HOME */
const char *fg_env_home(void);           /* HOME */
const char *fg_env_program_cache(void);  /* FG_PROGRAM_CACHE */
const char *fg_env_algorithm(void);      /* FG_ALGORITHM */

bool fg_env_poison(void); /* FG_POISON=1 */

#endif
