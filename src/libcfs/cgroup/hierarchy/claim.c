/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which container a cgroup belongs to.
 *
 * Two containers may be given one linux.cgroupsPath, by mistake or by design of an attacker. Both look, both
 * see an empty place or none at all, both make it. Then the limits of one are those of the other, and
 * deleting one kills the other. So the first directory that a container makes or takes is marked with the
 * path of its state directory: an extended attribute, which setxattr(2) with XATTR_CREATE gives to one of
 * many. The other hierarchies follow in the same order, so one mark decides for all. (kernfs keeps attributes
 * in memory as long as the directory lives; Linux 5.7.)
 *
 * Root marks in the namespace "trusted", which takes CAP_SYS_ADMIN in the initial user namespace to read or
 * change: a container that may write to its cgroup does not get rid of the mark. Other users have "user"
 * alone.
 *
 * A mark whose state directory has no record is one that was left behind, and may be replaced; under
 * flock(2), as two may want to.
 */
#include "libcfs/cgroup/hierarchy/claim.h"
#include "base/cleanup.h"
#include "base/flock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define TRUSTED "trusted.cfs.owner"
#define USER    "user.cfs.owner"

#define LOCK_TIMEOUT_MS 10000 /* any user can lock a directory of cgroups, which takes to read it */

#define MAX_TRIES 100 /* of everything that a race can undo */

/* What getxattr(2) has returned. 1, 0 when there is no mark, or -errno. */
static int got_mark(ssize_t n, char *buf)
{
        if (n < 0)
                return errno == ENODATA || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
        buf[n] = '\0';
        return 1;
}

/* Without CAP_SYS_ADMIN there is nothing to be seen in "trusted", and the error is ENODATA (xattr(7)). */
static bool not_seen(ssize_t n)
{
        return n < 0 && (errno == ENODATA || errno == EPERM);
}

/* The mark of a directory. */
static int get_mark(const char *path, bool trusted, char *buf, size_t size)
{
        ssize_t n = getxattr(path, TRUSTED, buf, size - 1);

        if (not_seen(n) && !trusted)
                n = getxattr(path, USER, buf, size - 1);
        return got_mark(n, buf);
}

int claim_read(int fd, bool trusted, char *buf, size_t size)
{
        ssize_t n = fgetxattr(fd, TRUSTED, buf, size - 1);

        if (not_seen(n) && !trusted)
                n = fgetxattr(fd, USER, buf, size - 1);
        return got_mark(n, buf);
}

static int set_mark(const char *path, const struct cgroup_request *rq, int flags)
{
        size_t n = strlen(rq->owner);

        if (!rq->rootless && setxattr(path, TRUSTED, rq->owner, n, flags) == 0)
                return 0;
        if (!rq->rootless && errno != EPERM)
                return -errno;
        return setxattr(path, USER, rq->owner, n, flags) < 0 ? -errno : 0;
}

/* Is there a record of the container? What cannot be told is not "no". */
static bool is_alive(const char *owner)
{
        char name[PATH_MAX];

        return !tree_file(name, sizeof(name), owner, "state.json") || access(name, F_OK) == 0 ||
               errno != ENOENT;
}

static int taken(const struct hierarchy *h, const char *owner, struct cfs_error *err)
{
        return err_set(
                err, CFS_E_STATE,
                "container's cgroup is not empty: `%s` belongs to the container whose state is `%.256s`",
                h->path, owner);
}

/* The mark is of a container that is no more. */
static int replace(const struct hierarchy *h, const struct cgroup_request *rq, const char *stale,
                   struct cfs_error *err)
{
        _cleanup_close_ int fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char now[PATH_MAX];
        int r;

        if (fd < 0)
                return err_path(err, errno, "open", h->path, "lock cgroup `%s`", h->path);
        r = flock_wait(fd, LOCK_EX, LOCK_TIMEOUT_MS);
        if (r == -ETIMEDOUT)
                return err_set(err, CFS_E_TIMEOUT,
                               "cgroup `%s` has the mark of a container that is no more, and another process "
                               "has had it locked (flock(2)) for %d s",
                               h->path, LOCK_TIMEOUT_MS / 1000);
        if (r < 0)
                return err_path(err, -r, "flock", h->path, "lock cgroup `%s`", h->path);
        r = get_mark(h->path, false, now, sizeof(now));
        if (r > 0 && !STREQ(now, stale))
                return taken(h, now, err);
        if (r > 0)
                r = set_mark(h->path, rq, XATTR_REPLACE);
        return r < 0 ? err_path(err, -r, "setxattr", h->path, "mark cgroup `%s`", h->path) : 0;
}

/* -EAGAIN, without a message: the directory, or its mark, was removed meanwhile. */
static int mark_once(const struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err)
{
        char owner[PATH_MAX];
        int r = set_mark(h->path, rq, XATTR_CREATE);

        if (r == 0)
                return 0;
        if (r == -ENOENT)
                return -EAGAIN;
        if (r == -EOPNOTSUPP) {
                log_debug("cgroups: `%s` takes no mark: %s", h->path, err_strerror(-r));
                return 0;
        }
        if (r == -EEXIST)
                r = get_mark(h->path, false, owner, sizeof(owner));
        if (r == 0 || r == -ENOENT)
                return -EAGAIN;
        if (r < 0)
                return err_path(err, -r, "setxattr", h->path, "mark cgroup `%s`", h->path);
        /* The state directory is ours: who else had it is no more. */
        if (STREQ(owner, rq->owner))
                return 0;
        return is_alive(owner) ? taken(h, owner, err) : replace(h, rq, owner, err);
}

int claim_mark(const struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err)
{
        int r = mark_once(h, rq, err);

        return r == -EAGAIN ? err_path(err, ENOENT, "setxattr", h->path, "mark cgroup `%s`", h->path) : r;
}

int claim_directory(struct hierarchy *h, const struct cgroup_request *rq, struct cfs_error *err)
{
        for (unsigned i = 0; i < MAX_TRIES; i++) {
                /* The record does not have it as ours when it was there a moment ago. */
                int r = tree_make(h->path, !h->created, err);

                if (r < 0)
                        return r;
                h->made = r > 0;
                r = h->made ? 0 : tree_check_empty(h->path, NULL, err);
                if (r >= 0 && h->claim && rq->owner && !WEAKENED("cgroup-claim"))
                        r = mark_once(h, rq, err);
                if (r >= 0)
                        return r;
                if (r == -EAGAIN)
                        continue;
                /* Another one took what we have made: that is his to remove. */
                if (h->made)
                        tree_mark(h->path);
                h->made = false;
                return r;
        }
        return err_set(err, CFS_E_STATE, "cgroup `%s` keeps being made and removed by others", h->path);
}

void claim_release(const struct hierarchy *h)
{
        (void)removexattr(h->path, TRUSTED);
        (void)removexattr(h->path, USER);
}

int claim_find(const struct cgroup *cg, const char *owner, bool trusted, struct cfs_error *err)
{
        for (size_t i = 0; i < cg->n; i++) {
                const struct hierarchy *h = &cg->h[i];
                char found[PATH_MAX];
                int r = h->denied ? 0 : get_mark(h->path, trusted, found, sizeof(found));

                if (r < 0 && r != -ENOENT)
                        return err_path(err, -r, "getxattr", h->path, "look whose cgroup `%s` is", h->path);
                if (r > 0)
                        return STREQ(found, owner) ? CLAIM_OURS : CLAIM_OTHER;
        }
        return CLAIM_NONE;
}
