/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"
#include "base/str.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool path_is_absolute(const char *path)
{
        return path && path[0] == '/';
}

bool path_has_dotdot(const char *path)
{
        while (*path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && path[0] == '.' && path[1] == '.')
                        return true;
                path += n;
                path += strspn(path, "/");
        }
        return false;
}

int path_join(const char *base, const char *rel, char **ret, struct cfs_error *err)
{
        size_t n = strlen(base);

        if (path_is_absolute(rel) || n == 0)
                return str_dup(ret, rel, err);
        while (n > 1 && base[n - 1] == '/')
                n--;
        if (str_empty(rel))
                return str_printf(ret, err, "%.*s", (int)n, base);
        return str_printf(ret, err, "%.*s%s%s", (int)n, base, base[n - 1] == '/' ? "" : "/", rel);
}

/* ---- why a path of the host cannot be reached ------------------------------------------------------------------ */

static bool explain_mode(const char *path, char *buf, size_t size)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return false;
        (void)snprintf(buf, size, "`%s` is mode %04o, owned by %u:%u", path, (unsigned)st.st_mode & 07777,
                       (unsigned)st.st_uid, (unsigned)st.st_gid);
        return true;
}

/* stat(2) of `path` failed with errnum, while that of its directory `dir` worked. */
static bool explain_step(const char *dir, const char *path, int errnum, char *buf, size_t size)
{
        char target[PATH_MAX];
        ssize_t n;

        n = readlink(path, target, sizeof(target) - 1);
        if (n >= 0) {
                target[n] = '\0';
                (void)snprintf(buf, size, "`%s` is a symbolic link to `%s`: %s", path, target,
                               err_strerror(errnum));
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
                return explain_mode(dir, buf, size);
        default:
                return false;
        }
}

bool path_explain(const char *path, char *buf, size_t size)
{
        char here[PATH_MAX] = "/", dir[PATH_MAX];
        struct stat st;
        size_t len = 0;

        if (!path_is_absolute(path) || strlen(path) >= sizeof(here))
                return false;
        for (;;) {
                size_t n;

                path += strspn(path, "/");
                n = strcspn(path, "/");
                if (n == 0)
                        return explain_mode(here, buf, size);
                memcpy(dir, here, len + 1);
                if (len == 0)
                        memcpy(dir, "/", 2);
                here[len++] = '/';
                memcpy(here + len, path, n);
                len += n;
                here[len] = '\0';
                path += n;
                if (stat(here, &st) < 0)
                        return explain_step(dir, here, errno, buf, size);
        }
}
