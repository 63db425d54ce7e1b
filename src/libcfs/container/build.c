/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building a container up to "created": what create and run have in common.
 *
 *      load, check          nothing touched yet: most mistakes end here
 *      state directory      the ID is ours
 *      prepare column       resources recorded, then made
 *      spawn                the init walks its column, we walk ours, until the row that ends create
 *
 * A failure anywhere kills the init, walks the undo column from the record, and removes the state directory: the same
 * undo that `delete` uses, and that cleans up after a runtime that was killed.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/unix.h"
#include "libcfs/walk/engine.h"
#include "libcfs/container/spawn.h"
#include "libcfs/process/sync.h"
#include "libcfs/walk/trace.h"
#include "libcfs/container/build.h"
#include "libcfs/container/bundle.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/container/destroy.h"
#include "libcfs/store/state.h"
#include "libcfs/store/worker.h"
#include "libcfs/walk/aside.h"
#include "oci.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>

void build_child(struct ctx *c)
{
        struct cfs_error err = { 0 };

        (void)engine_init(c, &err);
        sync_send_failed(c->sync, &err);
        _exit(1);
}

/* What later verbs need of the configuration. The strings stay in ctx's arena, which outlives the record's use here. */
static int fill_record(struct ctx *c, struct cfs_error *err)
{
        struct oci_record *r = c->state->record;

        r->version = 1;
        r->has_version = true;
        r->oci_version = c->config->oci_version;
        r->id = c->state->id;
        r->bundle = c->bundle;
        r->rootfs = c->rootfs;
        r->annotations = c->config->annotations;
        r->owner = c->euid;
        r->has_owner = true;
        r->hooks = c->config->hooks;
        r->process = c->config->process;
        r->namespaces = c->linux_->namespaces;
        r->n_namespaces = c->linux_->n_namespaces;
        r->personality = c->linux_->personality;
        r->memory_policy = c->linux_->memory_policy;
        r->no_new_keyring = r->has_no_new_keyring = c->create->no_new_keyring;
        r->created = oci_arena_alloc(c->arena, LOG_TIME_SIZE);
        if (!r->created)
                return err_nomem(err);
        log_time(r->created);
        return 0;
}

int build_explain_death(struct ctx *c, int r, struct cfs_error *err)
{
        int status;

        if (err->code != CFS_E_DIED || c->pid <= 0)
                return r;
        if (proc_reap(c->pid, &status) < 0)
                return r;
        c->pid = 0;
        if (WIFSIGNALED(status)) {
                (void)err_prefix(err, r, "the container's init was killed by signal %d (%s)",
                                 WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
                if (WTERMSIG(status) == SIGKILL)
                        return err_hint(
                                err, r,
                                "a memory limit that is too small for the init itself (some 300 KiB) does this");
                return r;
        }
        return err_prefix(err, r, "the container's init exited with status %d", WEXITSTATUS(status));
}

void build_abandon(struct ctx *c)
{
        struct cfs_error ignored = { 0 };

        int r;

        spawn_abort(c);
        if (!c->state)
                return;
        r = worker_step_back(c->state, &ignored);
        if (c->state->lost) /* the cfs that has taken it over undoes */
                return;
        if (r >= 0)
                r = destroy_undo(c->plan, c->state, &ignored);
        if (r < 0)
                log_error("undo: %s (`cfs delete --force %s` tries again)", ignored.text, c->id);
}

static int build(struct ctx *c, const char *id, struct cfs_error *err)
{
        int r = state_create(c->runtime->root, id, &c->state, err);

        if (r >= 0)
                r = fill_record(c, err);
        if (r >= 0)
                r = engine_prepare(c, err);
        if (r >= 0)
                r = spawn(c, build_child, err);
        engine_release(c);
        if (r >= 0)
                r = engine_host(c, err);
        return r;
}

int build_container(struct ctx *c, const struct cfs_runtime *rt, const char *id,
                    const struct cfs_create_options *o, struct cfs_error *err)
{
        int r;

        c->runtime = rt;
        c->create = o;
        c->console_socket = o->console_socket;
        c->preserve_asked = o->preserve_fds;
        c->id = id;
        r = state_check_id(id, err);
        if (r >= 0)
                r = ctx_facts(c, err);
        if (r >= 0)
                r = trace_open(rt->trace, err);
        if (r >= 0)
                r = bundle_load(c, o->bundle, o->config, err);
        if (r < 0)
                return r;
        r = engine_check(c, err);
        if (r >= 0)
                r = build(c, id, err);
        if (r < 0) {
                r = build_explain_death(c, r, err);
                build_abandon(c);
                return bundle_locate(c, r, err);
        }
        return 0;
}

static int write_pid_file(const struct ctx *c, const char *path, struct cfs_error *err)
{
        char text[16];
        int n = snprintf(text, sizeof(text), "%d", (int)c->pid);
        int r = io_write_atomic(AT_FDCWD, path, text, (size_t)n, 0644, err);

        return r < 0 ? err_prefix(err, r, "pid file `%s`", path) : 0;
}

static int send_pidfd(const struct ctx *c, const char *path, struct cfs_error *err)
{
        _cleanup_close_ int fd = unix_connect(path, SOCK_STREAM);
        ssize_t n;

        if (fd < 0)
                return err_path(err, -fd, "connect", path, "connect to the pidfd socket `%s`", path);
        n = unix_send(fd, "pidfd", 5, c->pidfd);
        return n < 0 ? err_sys(err, (int)-n, "sendmsg", "send the pidfd to `%s`", path) : 0;
}

int build_announce(struct ctx *c, const char *pid_file, const char *pidfd_socket, struct cfs_error *err)
{
        int r = 0;

        if (pidfd_socket) {
                r = aside_begin(c, err);
                if (r >= 0)
                        r = aside_end(c, send_pidfd(c, pidfd_socket, err), err);
        }
        return r >= 0 && pid_file ? write_pid_file(c, pid_file, err) : r;
}
