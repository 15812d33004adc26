/* cache.c - the folder of what is kept from one run to the next, and can be made again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base/cache.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/env.h"

/* For fg_text_free. A relative path counts as not set, as the XDG specification has it. */
static fg_status folder_path(char **out)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    const char *own = fg_env_cache_dir(), *xdg = fg_env_xdg_cache_home(), *home = fg_env_home();

    *out = NULL;
    if (own != NULL)
        fg_text_append(&text, "%s", own);
    else if (xdg != NULL && xdg[0] == '/')
        fg_text_append(&text, "%s/filigree", xdg);
    else if (home != NULL)
        fg_text_append(&text, "%s/.cache/filigree", home);
    else
        return fg_fail(FG_ERR_FILE, "there is no cache folder: none of FG_CACHE_DIR, "
                                    "XDG_CACHE_HOME and HOME is set");
    FG_TRY(fg_text_take(out, &text));

cleanup:
    return status;
}

fg_status fg_cache_path(char **out, const char *name)
{
    fg_status status = FG_OK;
    fg_text text = {0};
    char *folder = NULL;

    *out = NULL;
    FG_TRY(folder_path(&folder));
    fg_text_append(&text, "%s/%s", folder, name);
    FG_TRY(fg_text_take(out, &text));

cleanup:
    fg_text_free(folder);
    return status;
}

static fg_status make_folder(const char *path)
{
    /* Another process may be making it. */
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fg_fail(FG_ERR_FILE, "%s: %s", path, strerror(errno));
    return FG_OK;
}

fg_status fg_cache_create(void)
{
    fg_status status = FG_OK;
    char *folder = NULL;
    struct stat info;

    FG_TRY(folder_path(&folder));
    if (stat(folder, &info) != 0) {
        for (char *slash = strchr(folder + 1, '/'); slash != NULL;
             slash = strchr(slash + 1, '/')) {
            *slash = '\0';
            if (stat(folder, &info) != 0)
                FG_TRY(make_folder(folder));
            *slash = '/';
        }
        FG_TRY(make_folder(folder));
    }
    FG_CHECK(stat(folder, &info) == 0 && S_ISDIR(info.st_mode), FG_ERR_FILE,
             "%s: is not a folder", folder);

cleanup:
    fg_text_free(folder);
    return status;
}
