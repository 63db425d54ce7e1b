/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keeps an ordinary user from a cgroup, said in terms of directories and owners.
 *
 * To make one, its parent has to be writable. To be born in it, or to move there, takes more on cgroup v2:
 * write access to cgroup.procs of the nearest directory above both the old place and the new one (cgroups(7),
 * "Cgroups v2 delegation"). So a user may own a directory, make cgroups in it, and yet not get in from
 * outside; all that the kernel says then is EACCES, from clone3(2), which names nothing.
 */
#include "libcfs/cgroup/hierarchy/obstacle.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static bool forbidden(const char *path)
{
        return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 &&
               (errno == EACCES || errno == EPERM || errno == EROFS);
}

static unsigned owner(const char *path)
{
        struct stat st;

        return stat(path, &st) < 0 ? 0 : st.st_uid;
}

/* The lowest directory of path that is there, in place. */
static void existing(char *path, size_t top)
{
        while (strlen(path) > top && access(path, F_OK) < 0 && errno == ENOENT) {
                char *slash = strrchr(path, '/');

                if (!slash)
                        return;
                *slash = '\0';
        }
}

/* Length of what two paths have in common, in whole components. */
static size_t common(const char *a, const char *b)
{
        size_t n = 0, last = 0;

        for (;; n++) {
                bool end_a = a[n] == '\0' || a[n] == '/', end_b = b[n] == '\0' || b[n] == '/';

                if (end_a && end_b)
                        last = n;
                if (a[n] != b[n] || a[n] == '\0')
                        return last;
        }
}

/* Our own directory in the hierarchy that is mounted there. */
static bool get_own(const char *mount, char *path, size_t size)
{
        struct detect_host *host;
        struct cfs_error ignored = { 0 };

        if (detect_hierarchies(&host, &ignored) < 0 || detect_own(host, &ignored) < 0)
                return false;
        for (size_t i = 0; i < host->n; i++) {
                const struct detect_mount *m = &host->mount[i];

                /* Outside of our cgroup namespace: what is above both cannot be seen. */
                if (STREQ(m->point, mount) && m->own && !str_has_prefix(m->own, "/.."))
                        return snprintf(path, size, "%s%s", mount, STREQ(m->own, "/") ? "" : m->own) <
                               (int)size;
        }
        return false;
}

/* What the user may not do, "make" or "join", and why; or NULL. */
static const char *find(const struct hierarchy *h, char *ret, size_t size)
{
        char dir[PATH_MAX], own[PATH_MAX], procs[PATH_MAX];

        if (!h->mount || snprintf(dir, sizeof(dir), "%s", h->path) >= (int)sizeof(dir))
                return NULL;
        existing(dir, strlen(h->mount));
        if (!STREQ(dir, h->path) && forbidden(dir)) {
                (void)snprintf(ret, size, "`%.*s` belongs to user %u", 256, dir, owner(dir));
                return "make";
        }
        if (!h->v2 || !get_own(h->mount, own, sizeof(own)))
                return NULL;
        if (snprintf(procs, sizeof(procs), "%.*s/cgroup.procs", (int)common(own, h->path), own) >=
                    (int)sizeof(procs) ||
            !forbidden(procs))
                return NULL;
        (void)snprintf(ret, size, "`%.*s`, which is above it and above our own, belongs to user %u", 256,
                       procs, owner(procs));
        return "join";
}

bool obstacle_say(const struct hierarchy *h, char *ret, size_t size)
{
        char why[400];
        const char *what = find(h, why, sizeof(why));

        if (!what)
                return false;
        (void)snprintf(ret, size, "this user may not %s the cgroup `%.256s`: %s", what, h->path, why);
        return true;
}
