/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals, and waiting for an end that another process writes down.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/container/repair.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define PATIENCE    20000 /* ms that starting, or ending, may take */
#define RECORD_POLL 10    /* ms between looks at a row whose process has ended */

/* The state, and the process that the row names; 0 when there is no row any more. */
static int look(const struct box *box, const char *id, bool *ret_live, struct proc_identity *p, int *ret_code,
                struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        unsigned long long start = 0;
        int r = store_query(
                box, &stmt, err,
                "SELECT state IN ('running', 'starting', 'creating'), init, exit_code FROM containers WHERE id=?",
                "s", id);

        if (r >= 0)
                r = store_step(box, stmt, err);
        if (r <= 0)
                return r;
        *ret_live = store_column_int(stmt, 0);
        *ret_code = store_column_null(stmt, 2) ? -1 : (int)store_column_int(stmt, 2);
        /* NOLINTNEXTLINE(cert-err34-c): we wrote it, and the count of fields is checked */
        if (sscanf(store_column(stmt, 1), "%d %llu %39s", &p->pid, &start, p->boot_id) < 2)
                p->pid = 0;
        p->start_time = start;
        return 1;
}

/* From the history, when --rm has removed the row. */
static int last_code(const struct box *box, const char *id, int *ret_code, struct cfs_error *err)
{
        int64_t code = -1;
        int r = store_number(
                box, &code, err,
                "SELECT coalesce(exit_code, -1) FROM history WHERE id=? ORDER BY seq DESC LIMIT 1", "s", id);

        *ret_code = (int)code;
        return r < 0 ? r : 0;
}

int stop_wait(const struct box *box, const char *id, int timeout_ms, int *ret_code, struct cfs_error *err)
{
        int64_t deadline = clock_now_ms() + timeout_ms;

        for (;;) {
                struct proc_identity p = { 0 };
                _cleanup_close_ int pidfd = -1;
                int64_t left = timeout_ms < 0 ? INT64_MAX : deadline - clock_now_ms();
                bool live = false;
                int r = look(box, id, &live, &p, ret_code, err);

                if (r < 0)
                        return r;
                if (r == 0)
                        return last_code(box, id, ret_code, err);
                if (!live)
                        return 0;
                if (left <= 0)
                        return -ETIMEDOUT;
                pidfd = p.pid ? proc_pidfd(&p) : -1;
                if (pidfd >= 0) {
                        (void)proc_wait_gone(pidfd, left > 1000 ? 1000 : (int)left);
                        continue;
                }
                /* Its monitor writes that down; when there is none any more, a repair does. */
                r = repair_all(box, err);
                if (r < 0)
                        return r;
                (void)poll(NULL, 0, RECORD_POLL);
        }
}

bool stop_is_paused(const struct box *box, const char *id)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *json = NULL;
        struct oci_state *state;
        struct cfs_error ignored;

        return cfs_state(&box->rt, id, &json, &ignored) >= 0 &&
               oci_decode(&oci_state_type, "state", json, strlen(json), (void **)&state, &arena, &ignored) >=
                       0 &&
               STREQ(state->status, "paused");
}

int stop_kill(const struct box *box, const char *id, int signal, struct cfs_error *err)
{
        struct cfs_error ignored;
        int r = cfs_kill(&box->rt, id, signal, false, err);

        /* As docker: who is asked to end is thawed for it. Only then the signal arrives. */
        if (r >= 0 && stop_is_paused(box, id))
                (void)cfs_resume(&box->rt, id, &ignored);
        return r;
}

/* One that is just being started has nothing yet that could be signalled, and one that has just ended
 * nothing any more. */
static int kill_until(const struct box *box, const char *id, int signal, struct cfs_error *err)
{
        int64_t deadline = clock_now_ms() + PATIENCE;
        int code, r, waited;

        for (;;) {
                struct cfs_error later;

                r = stop_kill(box, id, signal, err);
                if (r >= 0 || (err->code != CFS_E_NOT_FOUND && err->code != CFS_E_STATE))
                        return r;
                waited = stop_wait(box, id, 50, &code, &later);
                if (waited != -ETIMEDOUT || clock_now_ms() > deadline)
                        return waited == -ETIMEDOUT ? r : waited;
        }
}

int stop_container(const struct box *box, const char *id, int signal, unsigned seconds, struct cfs_error *err)
{
        _cleanup_free_ char *name = NULL;
        int code, r = store_text(box, &name, err, "SELECT stop_signal FROM containers WHERE id=?", "s", id);

        /* Also of one that does not run: a restart may be due. */
        if (r >= 0)
                r = store_exec(box, err, "UPDATE containers SET stopping=1 WHERE id=?", "s", id);
        if (r >= 0)
                r = stop_wait(box, id, 0, &code, err);
        if (r != -ETIMEDOUT)
                return r; /* it does not run: that is what was wanted */
        if (!signal)
                signal = name && *name ? cfs_signal_number(name) : SIGTERM;
        r = kill_until(box, id, signal, err);
        if (r >= 0)
                r = stop_wait(box, id, (int)seconds * 1000, &code, err);
        if (r == -ETIMEDOUT) {
                r = kill_until(box, id, SIGKILL, err);
                if (r >= 0)
                        r = stop_wait(box, id, PATIENCE, &code, err);
                if (r == -ETIMEDOUT)
                        return err_set(err, CFS_E_TIMEOUT,
                                       "container %.12s does not end although it was killed", id);
        }
        return r;
}
