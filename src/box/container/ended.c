/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a container's run. The first process that sees it (the command in the foreground, the command
 * that conmon calls, a repair) takes the container down and writes the end to the store; the others find it
 * written.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/container/container.h"
#include "box/core/process.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define MAX_PAUSE 60 /* seconds between restarts */

int ended_exit_code(const struct box *box, const char *id)
{
        char path[PATH_MAX], text[32];
        int64_t code;

        (void)snprintf(path, sizeof(path), "%s/exits/%s", box->run, id);
        if (io_read_small(AT_FDCWD, path, text, sizeof(text)) < 0 || str_to_i64(text, &code) < 0 ||
            code < 0 || code > 255)
                return -1;
        return (int)code;
}

static const char *kind(int code)
{
        if (code < 0)
                return "lost";
        if (code == 125 || code == 126 || code == 127)
                return "failed";
        return code > 128 && code <= 128 + 64 ? "killed" : "exited";
}

/* The hook that does so did not run when cfs had forgotten the container: after a restart of the machine,
 * say. */
void ended_network(const struct box *box, const char *id)
{
        const struct oci_state stopped = { .oci_version = (char *)CFS_SPEC_VERSION,
                                           .id = (char *)id,
                                           .status = (char *)"stopped",
                                           .bundle = (char *)"/" };
        _cleanup_free_ char *program = NULL, *state = NULL, *input = NULL;
        struct cfs_error ignored;
        char path[64];
        int status;

        (void)snprintf(path, sizeof(path), "net/%s.json", id);
        if (faccessat(box->root_fd, path, F_OK, 0) < 0 && errno == ENOENT)
                return;
        if (str_printf(&program, &ignored, "%s/cfs-cni", box->programs) >= 0 &&
            str_printf(&state, &ignored, "--state=%s/net", box->root) >= 0 &&
            oci_encode(&oci_state_type, &stopped, 0, &input, NULL, &ignored) >= 0) {
                const char *argv[] = { program, state, NULL };
                const struct process p = { .argv = argv, .input = input };

                (void)process_run(&p, &status, NULL, NULL, &ignored);
        }
}

int ended_container(const struct box *box, const char *id, int exit_code, struct cfs_error *err)
{
        int64_t auto_remove = 0;
        char path[PATH_MAX];
        int r = store_number(box, &auto_remove, err, "SELECT auto_remove FROM containers WHERE id=?", "s",
                             id);

        if (r <= 0)
                return r < 0 ? r : err_set(err, CFS_E_NOT_FOUND, "container `%s` does not exist", id);
        /* Processes that are left, the cgroup, and by the hook the network. */
        remove_state(box, id);
        ended_network(box, id);
        r = store_container_ended(box, id, exit_code, kind(exit_code), auto_remove, err);
        (void)snprintf(path, sizeof(path), "%s/exits/%s", box->run, id);
        (void)unlink(path);
        if (r > 0 && auto_remove)
                r = remove_claimed(box, id, REMOVE_VOLUMES, err);
        return r < 0 ? r : 0;
}

/* Does the policy want it again? Pauses double from a tenth of a second, so that a program that cannot
 * start costs little. */
static bool again(const struct box *box, const char *id, const struct oci_box_container *c, int code)
{
        struct cfs_error ignored;
        enum parse_restart policy;
        int64_t stopping = 0;
        unsigned max;
        double pause;

        if (parse_restart(c->restart, &policy, &max, &ignored) < 0 || policy == PARSE_RESTART_NO)
                return false;
        if (store_number(box, &stopping, &ignored, "SELECT stopping FROM containers WHERE id=?", "s", id) <=
                    0 ||
            stopping)
                return false;
        if (policy == PARSE_RESTART_ON_FAILURE && (code == 0 || (max && c->restarts >= (int32_t)max)))
                return false;
        pause = 0.1 * (double)(1ULL << (c->restarts > 10 ? 10 : c->restarts));
        if (c->has_started && store_now() - c->started > 10)
                pause = 0.1;
        if (pause > MAX_PAUSE)
                pause = MAX_PAUSE;
        clock_sleep_us((unsigned)(pause * 1e6));
        /* It may have been stopped or started meanwhile; launch_again() sees the latter. */
        return store_number(box, &stopping, &ignored, "SELECT stopping FROM containers WHERE id=?", "s", id) >
                       0 &&
               !stopping;
}

int ended_monitored(struct box *box, const char *id, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container *c = NULL;
        int code = ended_exit_code(box, id);
        int r = arena ? store_container_get(box, id, arena, &c, err) : err_nomem(err);

        if (r >= 0)
                r = ended_container(box, id, code, err);
        if (r < 0 || c->auto_remove || !again(box, id, c, code))
                return r;
        /* A `stop` may have come since: then this changes nothing. */
        r = store_exec(
                box, err,
                "UPDATE containers SET restarts=restarts+1, state='starting', owner=? WHERE id=? AND state='exited' AND stopping=0",
                "ss", store_self(), id);
        return r <= 0 ? r : launch_claimed(box, id, err);
}
