/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows in a state that a living process should change, whose process is gone.
 *
 *   creating, removing   the command was killed: the container is removed
 *   starting             the same: it counts as ended
 *   running              neither its init nor its monitor lives: it has ended. The exit code is what conmon wrote, or
 *                        unknown.
 *                        One that was run in the foreground by a cfs-box that was killed may run on: then cfs
 *                        knows its init.
 *
 * A repair that fails does not fail the command that tried it: the next command tries again.
 */
#include "box/container/repair.h"
#include "base/cleanup.h"
#include "base/proc.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <errno.h>
#include <stdio.h>

#define MAX_AT_ONCE 64

struct broken {
        char id[BOX_ID_SIZE], state[16];
        bool detached, auto_remove;
};

static int find(const struct box *box, struct broken *list, size_t *n, struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        int r = store_query(box, &stmt, err,
                            "SELECT id, state, detached, owner, init, auto_remove FROM containers"
                            " WHERE " STORE_BUSY,
                            "");

        while (r >= 0 && *n < MAX_AT_ONCE && (r = store_step(box, stmt, err)) > 0) {
                struct broken *b = &list[*n];

                if (store_owner_alive(store_column(stmt, 3)) ||
                    (STREQ(store_column(stmt, 1), "running") && store_owner_alive(store_column(stmt, 4))))
                        continue;
                (void)snprintf(b->id, sizeof(b->id), "%s", store_column(stmt, 0));
                (void)snprintf(b->state, sizeof(b->state), "%s", store_column(stmt, 1));
                b->detached = store_column_int(stmt, 2);
                b->auto_remove = store_column_int(stmt, 5);
                (*n)++;
        }
        return r < 0 ? r : 0;
}

/* The init of a container whose cfs-box was killed, by the state of cfs; 0: it does not run; or an error:
 * that cannot be found out now. */
static int living_init(const struct box *box, const char *id)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *json = NULL;
        struct oci_state *state;
        struct cfs_error err = { 0 };
        int r = cfs_state(&box->rt, id, &json, &err);

        if (r < 0)
                return err.code == CFS_E_NOT_FOUND ? 0 : r;
        r = oci_decode(&oci_state_type, "state", json, strlen(json), (void **)&state, &arena, &err);
        if (r < 0)
                return r;
        return STREQ(state->status, "running") || STREQ(state->status, "paused") ? state->pid : 0;
}

static void repair_running(const struct box *box, const struct broken *b)
{
        struct proc_identity p = { 0 };
        struct cfs_error ignored;
        int pid = living_init(box, b->id), r = 0;
        char init[96];

        if (pid > 0)
                r = proc_identify(pid, &p);
        if (pid < 0 || (r < 0 && r != -ESRCH)) /* the next command will know more */
                return;
        if (pid > 0 && r >= 0) {
                (void)snprintf(init, sizeof(init), "%d %llu %s", pid, (unsigned long long)p.start_time,
                               p.boot_id);
                (void)store_exec(box, &ignored, "UPDATE containers SET init=?, owner='' WHERE id=?", "ss",
                                 init, b->id);
                return;
        }
        (void)ended_container(box, b->id, ended_exit_code(box, b->id), &ignored);
}

int repair_all(const struct box *box, struct cfs_error *err)
{
        struct broken list[MAX_AT_ONCE];
        struct cfs_error ignored;
        size_t n = 0;
        int r = find(box, list, &n, err);

        for (size_t i = 0; r >= 0 && i < n; i++) {
                if (STREQ(list[i].state, "running"))
                        repair_running(box, &list[i]);
                else if (STREQ(list[i].state, "starting"))
                        (void)ended_container(box, list[i].id, -1, &ignored);
                else
                        (void)remove_container(
                                box, list[i].id,
                                REMOVE_FORCE | (list[i].auto_remove || STREQ(list[i].state, "creating")
                                                        ? REMOVE_VOLUMES
                                                        : 0),
                                &ignored);
        }
        return r;
}

int repair_needed(const struct box *box, struct cfs_error *err)
{
        struct broken list[MAX_AT_ONCE];
        size_t n = 0;
        int r = find(box, list, &n, err);

        return r < 0 ? r : n > 0;
}
