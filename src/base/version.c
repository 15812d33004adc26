/* version.c - the version of the library that runs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "filigree.h"

const char *fg_version(void)
{
    return FG_VERSION_TEXT;
}
