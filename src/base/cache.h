/* cache.h - the folder of what is kept from one run to the next, and can be made again.
 *
 * It is FG_CACHE_DIR, else XDG_CACHE_HOME/filigree, else HOME/.cache/filigree.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FG_BASE_CACHE_H
#define FG_BASE_CACHE_H

#include "base/status.h"

/* Path of the folder's file `name`, which need not be there, for fg_text_free.
 *
 * FG_ERR_FILE  none of the three variables is set */
fg_status fg_cache_path(char **out, const char *name);

/* Makes the folder, and those above it, where they are missing.
 *
 * FG_ERR_FILE  none of the three variables is set, or a folder cannot be made */
fg_status fg_cache_create(void);

#endif
