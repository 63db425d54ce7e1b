/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running in the foreground: libcfs in this process, without a monitor. Besides, the box writes a row to
 * the store before and after it. With --rm, whose row says "running" from the beginning, that is one
 * transaction before the first directory is made, one with the exit code, and one when all is gone.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/container/ports.h"
#include "box/core/exit_code.h"
#include "box/rootfs/overlay.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int run_write_cidfile(const struct container *c, struct cfs_error *err)
{
        return c->o->cidfile ? io_write_new(AT_FDCWD, c->o->cidfile, c->id, strlen(c->id), 0644, err) : 0;
}

/* The store has this process in place of the container's init; should it be killed, the next command finds
 * the init by the state of cfs (repair.c). */
static int run_and_wait(const struct container *c, struct cfs_error *err)
{
        struct cfs_run_options o = { .create = { .bundle = c->dir } };

        return cfs_run(&c->box->rt, c->id, &o, err);
}

int run_container(const struct box *box, const char *image, const struct run_options *o,
                  struct cfs_error *err)
{
        struct container c;
        struct cfs_error later = { 0 };
        int root = -1, code, r = create_container(&c, box, image, o, err);

        if (r < 0)
                return r;
        r = ports_check(box, c.id, c.ports, c.n_ports, err);
        if (r >= 0)
                r = run_write_cidfile(&c, err);
        if (r >= 0)
                r = root = prepare_container(&c, err);
        if (r < 0) {
                create_undo(&c);
                create_release(&c);
                return r;
        }
        (void)close(root);
        if (!c.in_memory)
                r = store_container_started(box, c.id, getpid(), getpid(), err);
        code = r < 0 ? r : run_and_wait(&c, err);
        /* Of the mounts only this process is left. */
        overlay_unmount(box, c.dir, c.own);
        if (code < 0)
                (void)store_exec(box, &later, "UPDATE containers SET stopping=1 WHERE id=?", "s", c.id);
        r = ended_container(box, c.id, code < 0 ? exit_code_of(err) : code, &later);
        create_release(&c);
        if (code >= 0 && r < 0) {
                *err = later;
                return r;
        }
        return code;
}
