/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting a detached container.
 *
 * A child does it, in a mount namespace of its own: it mounts the root file system, starts conmon there
 * (which keeps the namespace alive as long as the container runs), writes the row and starts the program.
 * SQLite's connection must not be carried into a child (sqlite.org/howtocorrupt.html, 2.6), so the store is
 * closed around the fork. The error comes back by a pipe.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/container/ports.h"
#include "box/core/exit_code.h"
#include "box/monitor/conmon.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static int read_flags(struct conmon *m, struct container *c, bool *ret_throwaway, struct cfs_error *err)
{
        struct oci_box_container *row;
        int r = store_container_get(c->box, c->id, c->arena, &row, err);

        if (r < 0)
                return r;
        m->terminal = row->terminal;
        m->stdin_open = c->o ? c->o->interactive : row->terminal;
        *ret_throwaway = row->auto_remove;
        return ports_check(c->box, c->id, row->ports, row->n_ports, err);
}

static int start(struct container *c, struct cfs_error *err)
{
        struct conmon m = { .box = c->box, .id = c->id, .name = c->name, .bundle = c->dir };
        struct cfs_error ignored;
        int root, pid, monitor, r = read_flags(&m, c, &c->throwaway, err);

        if (r < 0)
                return r;
        root = prepare_container(c, err);
        if (root < 0)
                return root;
        (void)close(root);
        (void)cfs_delete(&c->box->rt, c->id, true, &ignored); /* what a crash may have left */
        r = conmon_start(&m, &pid, &monitor, err);
        if (r < 0)
                return r;
        r = store_container_started(c->box, c->id, pid, monitor, err);
        if (r >= 0)
                r = cfs_start(&c->box->rt, c->id, err);
        if (r < 0)
                (void)cfs_delete(&c->box->rt, c->id, true, &ignored);
        return r;
}

/* In the child. */
static int child(struct box *box, struct container *c, struct cfs_error *err)
{
        int r = store_open(box, err);

        return r < 0 ? r : start(c, err);
}

static int fork_child(struct box *box, struct container *c, struct cfs_error *err)
{
        struct cfs_error from_child = { 0 };
        int fds[2], status = 0, r;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        (void)fflush(NULL);
        pid = fork();
        if (pid == 0) {
                r = child(box, c, &from_child);
                if (r < 0)
                        (void)io_write_all(fds[1], &from_child, sizeof(from_child));
                _exit(r < 0);
        }
        (void)close(fds[1]);
        if (pid < 0) {
                (void)close(fds[0]);
                return err_sys(err, errno, "fork", "start a process");
        }
        r = read(fds[0], &from_child, sizeof(from_child)) == (ssize_t)sizeof(from_child) ? -EIO : 0;
        (void)close(fds[0]);
        (void)proc_reap(pid, &status);
        if (r < 0)
                *err = from_child;
        else if (status != 0)
                r = err_set(err, CFS_E_DIED, "the process that starts the container was killed");
        return r;
}

static int launch(struct box *box, struct container *c, struct cfs_error *err)
{
        struct cfs_error later;
        int r, opened;

        store_close(box);
        r = fork_child(box, c, err);
        opened = store_open(box, r < 0 ? &later : err);
        return r < 0 ? r : opened;
}

int launch_container(struct box *box, struct container *c, struct cfs_error *err)
{
        struct cfs_error later;
        int r = launch(box, c, err);

        if (r < 0)
                (void)remove_container(box, c->id, REMOVE_FORCE | REMOVE_VOLUMES, &later);
        return r;
}

int launch_claimed(struct box *box, const char *id, struct cfs_error *err)
{
        struct container c;
        struct cfs_error later;
        int r = create_reopen(&c, box, id, err);

        if (r >= 0) {
                r = launch(box, &c, err);
                create_release(&c);
        }
        if (r < 0)
                (void)ended_container(box, id, exit_code_of(err), &later);
        return r;
}

int launch_again(struct box *box, const char *id, struct cfs_error *err)
{
        int r = store_container_move(box, id, "created exited", "starting", "start", err);

        return r < 0 ? r : launch_claimed(box, id, err);
}
