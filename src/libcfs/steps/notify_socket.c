/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NOTIFY_SOCKET: readiness, as sd_notify(3) reports it.
 *
 * When the runtime is a service of type notify, its environment names a socket of systemd's. The container's
 * program must not have that one: it would speak for the whole unit, and its path means nothing inside. So
 * the container sees a directory of its own on /run/notify, and the runtime makes a socket in it and hands on
 * what it likes.
 *
 * Here: the directory, and the note in the record that lets `start`, another process, find the host's socket.
 * The mount is made with the others (mounts.c), the variable set with the rest of the environment.
 */
#include "base/str.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include "libcfs/walk/ctx.h"
#include "oci.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "NOTIFY_SOCKET"

bool notify_socket_wanted(const struct ctx *c)
{
        (void)c;
        return !str_empty(getenv(VARIABLE));
}

/* The manager wants signs of life, and from us: WATCHDOG_PID says whom it means (sd_watchdog_enabled(3)). */
static bool watchdog_wanted(void)
{
        const char *pid = getenv("WATCHDOG_PID");
        uint64_t p;

        return getenv("WATCHDOG_USEC") && (!pid || (str_to_u64(pid, &p) == 0 && p == (uint64_t)getpid()));
}

int notify_socket_prepare(struct ctx *c, struct cfs_error *err)
{
        int r;

        /* Entered by the container's users through the bind mount; on the host ROOT/ID above it is closed
         * to them. */
        if (mkdirat(c->state->dir_fd, "notify", 0755) < 0 && errno != EEXIST)
                return err_sys(err, errno, "mkdirat", "make `%s/notify`", c->state->dir);
        if (fchmodat(c->state->dir_fd, "notify", 0755, 0) < 0)
                return err_sys(err, errno, "fchmodat", "open `%s/notify` to the container", c->state->dir);
        c->state->record->notify_socket = oci_arena_strdup(c->arena, getenv(VARIABLE));
        if (!c->state->record->notify_socket)
                return err_nomem(err);
        c->watchdog = watchdog_wanted();
        r = str_printf(&c->notify_socket, err, "%s/notify", c->state->dir);
        return r < 0 ? r : 0;
}
