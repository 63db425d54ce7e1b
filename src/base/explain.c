/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a path of the host cannot be reached.
 *
 * The kernel reports one errno for the whole path (path_resolution(7)): EACCES means that search permission was
 * missing on some directory, ENOENT that some component or the target of some link does not exist. Walking the path
 * again with stat(2), one component longer each time, finds which. The walk is made by strings and may be raced:
 * it explains a failure that has already been decided, nothing more.
 */
#include "base/explain.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* `last`: nobody wanted to pass through it, so that being a directory may be what is wrong. */
static bool describe(const char *path, bool last, char *buf, size_t size)
{
        const char *kind = "";
        struct statvfs fs;
        struct stat st;
        bool noexec;

        if (stat(path, &st) < 0)
                return false;
        noexec = S_ISREG(st.st_mode) && statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC);
        if (last && S_ISDIR(st.st_mode))
                kind = "a directory of ";
        (void)snprintf(buf, size, "`%s` is %smode %04o, owned by %u:%u%s", path, kind,
                       (unsigned)st.st_mode & 07777, (unsigned)st.st_uid, (unsigned)st.st_gid,
                       noexec ? ", on a mount with noexec" : "");
        return true;
}

/* stat(2) of `path` failed with errnum, while that of its directory `dir` worked. */
static bool explain_step(const char *dir, const char *path, int errnum, char *buf, size_t size)
{
        char target[PATH_MAX];
        ssize_t n;

        n = readlink(path, target, sizeof(target) - 1);
        if (n >= 0) {
                const char *what = errnum == ENOENT  ? "which does not exist"
                                   : errnum == ELOOP ? "which leads in a circle"
                                                     : "which cannot be reached";

                target[n] = '\0';
                (void)snprintf(buf, size, "`%s` is a symbolic link to `%s`, %s", path, target, what);
                return true;
        }
        switch (errnum) {
        case ENOENT:
                (void)snprintf(buf, size, "`%s` does not exist", path);
                return true;
        case ENOTDIR:
                (void)snprintf(buf, size, "`%s` is not a directory", dir);
                return true;
        case EACCES:
                return describe(dir, false, buf, size);
        default:
                return false;
        }
}

bool explain_path(const char *path, char *buf, size_t size)
{
        char here[PATH_MAX] = "/", dir[PATH_MAX];
        struct stat st;
        size_t len = 0;

        if (!path || path[0] != '/' || strlen(path) >= sizeof(here))
                return false;
        for (;;) {
                size_t n;

                path += strspn(path, "/");
                n = strcspn(path, "/");
                if (n == 0)
                        return describe(here, true, buf, size);
                memcpy(dir, len ? here : "/", len ? len + 1 : 2);
                here[len++] = '/';
                memcpy(here + len, path, n);
                len += n;
                here[len] = '\0';
                path += n;
                if (stat(here, &st) < 0)
                        return explain_step(dir, here, errno, buf, size);
        }
}
