/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock of one container: flock(2) on its directory.
 *
 * The kernel releases the lock when the last descriptor of the open file is closed, so a cfs that is killed
 * never leaves a container locked. The open file is shared with forked children: a child closes its
 * descriptor (state_forget_in_child()), or the container stays locked as long as the child lives; and the
 * lock is released explicitly, for the moment in which a hook has been forked and not yet executed.
 */
#include "libcfs/store/lock.h"
#include "base/flock.h"
#include "base/log.h"
#include "libcfs/store/handle.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_TIMEOUT_MS 30000

int lock_try(struct state *s, int lock)
{
        if (flock(s->dir_fd, lock | LOCK_NB) < 0)
                return -errno;
        s->lock = lock;
        return 0;
}

int lock_wait(struct state *s, int lock, struct cfs_error *err)
{
        int r = flock_wait(s->dir_fd, lock, LOCK_TIMEOUT_MS);

        if (r == -ETIMEDOUT)
                return err_set(err, CFS_E_TIMEOUT,
                               "container `%s` is locked: another cfs has been working on it for %d s", s->id,
                               LOCK_TIMEOUT_MS / 1000);
        if (r < 0)
                return err_path(err, -r, "flock", s->dir, "lock container `%s`", s->id);
        s->lock = lock;
        return 0;
}

/* By the other way there is: the open file that has the lock is closed, and the directory opened anew
 * under the same number. A foreground run that kept the lock would wait for itself when it deletes its
 * container. */
static int lock_close(const struct state *s)
{
        int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (fd < 0)
                return -errno;
        r = dup3(fd, s->dir_fd, O_CLOEXEC) < 0 ? -errno : 0;
        (void)close(fd);
        return r;
}

void lock_release(struct state *s)
{
        int r;

        if (s->lock && flock(s->dir_fd, LOCK_UN) < 0) {
                r = lock_close(s);
                if (r < 0)
                        log_warning("unlock container `%s`: %s", s->id, err_strerror(-r));
        }
        s->lock = 0;
}
