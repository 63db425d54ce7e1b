/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs exec: one more process in a container, by walking the EXEC rows of the plan.
 *
 * The same rows in the same order as create, so a process gets in by exec exactly what it would have got as
 * the container's first. The configuration is not read again: the record made at create serves.
 */
#include "base/caps.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/weakened.h"
#include "libcfs/walk/engine.h"
#include "libcfs/container/spawn.h"
#include "libcfs/walk/trace.h"
#include "libcfs/container/build.h"
#include "libcfs/container/bundle.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/container/foreground.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "oci.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#define PROCESS_MAX (16u << 20)

/* "UID[:GID]"; without a group that of the container's process stays, as runc's users expect. Strict:
 * CVE-2026-30892 is what happens when a number is read leniently. */
static int parse_user(struct oci_user *u, const char *text, struct cfs_error *err)
{
        char uid[16];
        const char *colon = strchr(text, ':');
        size_t n = colon ? (size_t)(colon - text) : strlen(text);

        if (WEAKENED("exec-user")) {
                u->has_uid = u->has_gid = true;
                u->uid = (uint32_t)strtoul(text, NULL, 0);
                return 0;
        }
        (void)snprintf(uid, sizeof(uid), "%.*s", (int)(n < sizeof(uid) ? n : sizeof(uid) - 1), text);
        if (n >= sizeof(uid) || str_to_id(uid, &u->uid) < 0 || (colon && str_to_id(colon + 1, &u->gid) < 0))
                return err_set(err, CFS_E_INVALID,
                               "--user: `%s` is not UID or UID:GID, two numbers below 4294967295", text);
        u->has_uid = u->has_gid = true;
        return 0;
}

/* The container's variables, then the additions: the last entry of a name counts (steps/env.c). */
static int merge_env(struct ctx *c, struct oci_process *p, const char *const *add, struct cfs_error *err)
{
        size_t n = p->n_env, n_add = strv_length(add);
        char **env = oci_arena_alloc(c->arena, (n + n_add + 1) * sizeof(*env));

        if (!env)
                return err_nomem(err);
        if (n)
                memcpy(env, p->env, n * sizeof(*env));
        for (size_t i = 0; i < n_add; i++) {
                if (!strchr(add[i], '=') || *add[i] == '=')
                        return err_set(err, CFS_E_INVALID, "--env: `%s` is not NAME=VALUE", add[i]);
                env[n++] = (char *)add[i];
        }
        p->env = env;
        p->n_env = n;
        return 0;
}

static int add_caps_to(struct oci_arena *arena, char ***set, size_t *n, const char *const *caps)
{
        size_t n_caps = strv_length(caps);
        char **v = oci_arena_alloc(arena, (*n + n_caps + 1) * sizeof(*v));

        if (!v)
                return -ENOMEM;
        if (*n)
                memcpy(v, *set, *n * sizeof(*v));
        for (size_t i = 0; i < n_caps; i++)
                v[(*n)++] = (char *)caps[i];
        *set = v;
        return 0;
}

/* In a document an unknown name is left out with a warning (config.md, "Linux Process"). Here the user has
 * just typed it. */
static int check_caps(const char *const *caps, struct cfs_error *err)
{
        for (; *caps; caps++)
                if (caps_number(*caps) < 0)
                        return err_set(err, CFS_E_INVALID, "--cap: `%s` is not a capability that cfs knows",
                                       *caps);
        return 0;
}

/* Bounding, effective and permitted; not inheritable (CVE-2022-29162), unless the container has ambient
 * capabilities: those are what a user who is not root keeps over an execve, and they must be inheritable
 * (capabilities(7)). */
static int add_caps(struct ctx *c, struct oci_process *p, const char *const *caps, struct cfs_error *err)
{
        struct oci_capabilities *set = oci_arena_alloc(c->arena, sizeof(*set));
        int r = check_caps(caps, err);

        if (r < 0)
                return r;
        if (!set)
                return err_nomem(err);
        if (p->capabilities)
                *set = *p->capabilities;
        if (add_caps_to(c->arena, &set->bounding, &set->n_bounding, caps) < 0 ||
            add_caps_to(c->arena, &set->effective, &set->n_effective, caps) < 0 ||
            add_caps_to(c->arena, &set->permitted, &set->n_permitted, caps) < 0)
                return err_nomem(err);
        if ((set->n_ambient || WEAKENED("inheritable")) &&
            (add_caps_to(c->arena, &set->inheritable, &set->n_inheritable, caps) < 0 ||
             add_caps_to(c->arena, &set->ambient, &set->n_ambient, caps) < 0))
                return err_nomem(err);
        p->capabilities = set;
        return 0;
}

static int set_user(struct ctx *c, struct oci_process *p, const struct cfs_exec_options *o,
                    struct cfs_error *err)
{
        struct oci_user *u = oci_arena_alloc(c->arena, sizeof(*u));

        if (!u)
                return err_nomem(err);
        if (p->user)
                *u = *p->user;
        p->user = u;
        if (o->user) {
                int r = parse_user(u, o->user, err);

                if (r < 0)
                        return r;
        }
        if (o->n_additional_gids) {
                uint32_t *gids = oci_arena_alloc(c->arena, (u->n_additional_gids + o->n_additional_gids) *
                                                                   sizeof(*gids));

                if (!gids)
                        return err_nomem(err);
                if (u->n_additional_gids)
                        memcpy(gids, u->additional_gids, u->n_additional_gids * sizeof(*gids));
                memcpy(gids + u->n_additional_gids, o->additional_gids, o->n_additional_gids * sizeof(*gids));
                u->additional_gids = gids;
                u->n_additional_gids += o->n_additional_gids;
        }
        return 0;
}

/* The container's process, changed as the options say. */
static int process_from_options(struct ctx *c, const struct oci_process *base,
                                const struct cfs_exec_options *o, struct oci_process **ret,
                                struct cfs_error *err)
{
        struct oci_process *p = oci_arena_alloc(c->arena, sizeof(*p));
        int r;

        if (!p)
                return err_nomem(err);
        if (base)
                *p = *base;
        p->args = (char **)o->args;
        p->n_args = strv_length(o->args);
        p->terminal = o->tty;
        p->console_size = NULL;
        if (!p->cwd)
                p->cwd = oci_arena_strdup(c->arena, "/");
        if (o->cwd)
                p->cwd = (char *)o->cwd;
        if (o->no_new_privs >= 0)
                p->has_no_new_privileges = p->no_new_privileges = o->no_new_privs;
        if (o->apparmor)
                p->apparmor_profile = (char *)o->apparmor;
        if (o->process_label)
                p->selinux_label = (char *)o->process_label;
        r = set_user(c, p, o, err);
        if (r >= 0 && o->env)
                r = merge_env(c, p, o->env, err);
        if (r >= 0 && o->caps)
                r = add_caps(c, p, o->caps, err);
        if (r >= 0)
                *ret = p;
        return r;
}

/* What confines the container confines what is added to it, unless the document says otherwise: one that
 * leaves something out does not mean to escape from it. */
static void inherit(struct oci_process *p, const struct oci_process *base)
{
        if (!base)
                return;
        if (!p->capabilities)
                p->capabilities = base->capabilities;
        if (!p->apparmor_profile)
                p->apparmor_profile = base->apparmor_profile;
        if (!p->selinux_label)
                p->selinux_label = base->selinux_label;
        if (!p->has_no_new_privileges)
                p->no_new_privileges = base->no_new_privileges;
        if (!p->n_rlimits) {
                p->rlimits = base->rlimits;
                p->n_rlimits = base->n_rlimits;
        }
}

static int process_from_file(struct ctx *c, const char *path, struct oci_process **ret, struct cfs_error *err)
{
        void *root = NULL;
        int r;

        oci_arena_free(c->arena);
        c->arena = NULL;
        r = oci_decode(&oci_process_type, path, c->config_text, c->config_len, &root, &c->arena, err);
        if (r >= 0) {
                *ret = root;
                inherit(*ret, c->state->record->process);
        }
        return r;
}

static int load(struct ctx *c, const struct cfs_exec_options *o, struct cfs_error *err)
{
        int r = bundle_from_record(c, err);

        if (r < 0)
                return r;
        c->arena = oci_arena_new();
        if (!c->arena)
                return err_nomem(err);
        r = o->process_file ? process_from_file(c, o->process_file, &c->config->process, err)
                            : process_from_options(c, c->state->record->process, o, &c->config->process, err);
        return r < 0 ? r : bundle_documents(c, err);
}

static int check_status(struct ctx *c, const struct cfs_exec_options *o, struct cfs_error *err)
{
        int st = status_hold(c->state, !o->ignore_paused, err);

        if (st < 0)
                return st;
        if (st == STATUS_CREATING)
                return err_set(err, CFS_E_STATE, "cannot exec in a container that is still being created");
        if (st == STATUS_STOPPED)
                return err_set(err, CFS_E_STATE, "cannot exec in a stopped container");
        if (st == STATUS_PAUSED)
                return err_hint(err, err_set(err, CFS_E_STATE, "cannot exec in a paused container"),
                                "resume the container, or use --ignore-paused");
        return o->ignore_paused ? 0 : cgroup_check_frozen(c->state->record, err);
}

/* Whatever it was that failed: when the container has ended meanwhile, that is why. */
static int explain_end(const struct ctx *c, int r, struct cfs_error *err)
{
        struct cfs_error ignored = { 0 };

        if (!c->state || status_recorded(c->state, &ignored) != STATUS_STOPPED)
                return r;
        err_clear(err);
        return err_set(err, CFS_E_STATE, "cannot exec in a stopped container");
}

/* What the user has written is the command line or the file of --process, not config.json. */
static int name_origin(const struct ctx *c, const struct cfs_exec_options *o, int r, struct cfs_error *err)
{
        const struct {
                const char *property, *option;
                bool given;
        } origins[] = {
                { "process.args", "", true },
                { "process.cwd", "--cwd", o->cwd != NULL },
                { "process.env", "--env", o->env != NULL },
                { "process.user.additionalGids", "--additional-gids", o->n_additional_gids > 0 },
                { "process.user", "--user", o->user != NULL },
                { "process.capabilities", "--cap", o->caps != NULL },
                { "process.apparmorProfile", "--apparmor", o->apparmor != NULL },
                { "process.selinuxLabel", "--process-label", o->process_label != NULL },
                { "process.terminal", "--tty", o->tty },
        };
        size_t n = strlen(err->property);

        if (n == 0 || strncmp(err->text, err->property, n) != 0 || strncmp(err->text + n, ": ", 2) != 0)
                return r;
        if (o->process_file && str_has_prefix(err->property, "process.")) {
                const char *in_file = err->property + strlen("process.");
                unsigned line, column;

                memmove(err->text, err->text + strlen("process."),
                        strlen(err->text + strlen("process.")) + 1);
                /* What the file leaves out is the container's: it has no line there. */
                if (oci_locate(c->config_text, c->config_len, in_file, &line, &column) < 0)
                        return err_prefix(err, r, "%s", o->process_file);
                return err_prefix(err, r, "%s:%u:%u", o->process_file, line, column);
        }
        for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
                if (!origins[i].given || !str_has_prefix(err->property, origins[i].property))
                        continue;
                memmove(err->text, err->text + n + 2, strlen(err->text + n + 2) + 1);
                err->property[0] = '\0';
                return *origins[i].option ? err_prefix(err, r, "%s", origins[i].option) : r;
        }
        return r;
}

/* In a paused container the new process is frozen before it can send us its first message. `resume` needs the
 * lock, so we release it, and a signal may end us meanwhile: when the process runs again it finds the socket
 * closed, and ends. */
static int exec_spawn(struct ctx *c, struct foreground *f, const struct cfs_exec_options *o,
                      struct cfs_error *err)
{
        int r;

        if (o->ignore_paused) {
                lock_release(c->state);
                foreground_interruptible(f, true);
        }
        r = spawn(c, build_child, err);
        engine_release(c);
        if (r >= 0)
                r = engine_host(c, err);
        if (o->ignore_paused)
                foreground_interruptible(f, false);
        return r;
}

static int exec_walk(struct ctx *c, struct foreground *f, const struct cfs_exec_options *o,
                     struct cfs_error *err)
{
        int r = ctx_facts(c, err);

        if (r >= 0)
                r = trace_open(c->runtime->trace, err);
        if (r >= 0)
                r = state_open(c->runtime->root, c->id, LOCK_SH, &c->state, err);
        if (r >= 0)
                r = check_status(c, o, err);
        if (r >= 0)
                r = load(c, o, err);
        if (r >= 0)
                r = engine_check(c, err);
        if (r >= 0)
                r = engine_prepare(c, err);
        if (r >= 0)
                r = exec_spawn(c, f, o, err);
        else
                engine_release(c);
        if (r < 0) {
                r = build_explain(c, r, err);
                spawn_abort(c);
                build_withdraw(c);
                r = explain_end(c, name_origin(c, o, r, err), err);
        }
        return r;
}

int cfs_exec(const struct cfs_runtime *rt, const char *id, const struct cfs_exec_options *o,
             struct cfs_error *err)
{
        _cleanup_ctx_ struct ctx c;
        _cleanup_foreground_ struct foreground *f = NULL; /* ends before the context does */
        int r;

        ctx_init(&c, WALK_EXEC);
        c.runtime = rt;
        c.exec = o;
        c.console_socket = o->console_socket;
        c.pid_file = o->pid_file;
        c.pidfd_socket = o->pidfd_socket;
        c.preserve_asked = o->preserve_fds;
        c.patient = o->ignore_paused;
        c.id = id;
        c.foreground = !o->detach;
        /* A FIFO is waited for: without the lock, and while signals still end us. */
        r = o->process_file
                    ? io_read_file(AT_FDCWD, o->process_file, PROCESS_MAX, &c.config_text, &c.config_len, err)
                    : 0;
        if (r >= 0 && c.foreground)
                r = foreground_begin(&f, false, err);
        if (r >= 0)
                r = exec_walk(&c, f, o, err);
        if (r < 0 || !c.foreground)
                return r;
        lock_release(c.state);
        return foreground_wait(f, &c, NULL, err);
}
