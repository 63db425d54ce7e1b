/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A named volume is the directory ROOT/volumes/NAME, made at its first use. */
#include "box/core/volume.h"
#include "base/str.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool volume_is_name(const char *s)
{
        size_t len = strlen(s);

        return len > 0 && len < 128 && *s != '.' && *s != '-' &&
               strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

int volume_make(const struct box *box, const char *name, char **ret, struct cfs_error *err)
{
        char path[192];

        if (!volume_is_name(name))
                return err_set(err, CFS_E_INVALID,
                               "volume `%s`: a name has letters, digits, `.`, `_` and `-`", name);
        (void)snprintf(path, sizeof(path), "volumes/%s", name);
        if ((mkdirat(box->root_fd, "volumes", 0711) < 0 && errno != EEXIST) ||
            (mkdirat(box->root_fd, path, 0755) < 0 && errno != EEXIST))
                return err_sys(err, errno, "mkdirat", "make volume %s/%s", box->root, path);
        return ret ? str_printf(ret, err, "%s/%s", box->root, path) : 0;
}
