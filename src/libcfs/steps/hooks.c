/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks (config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle").
 *
 *                   path as seen by   runs in       status     pid of the init    when it fails
 *   prestart        runtime           runtime       creating   runtime's          create fails, all is undone
 *   createRuntime   runtime           runtime       creating   runtime's          the same
 *   createContainer runtime           container     creating   container's        the same
 *   startContainer  container         container     created    container's        start fails, the container is stopped
 *   poststart       runtime           runtime       running    runtime's          the same (an error since 1.3)
 *   poststop        runtime           runtime       stopped    none               a warning, the others still run
 *
 * The first three run between the mounts and pivot_root(2), when the container's namespaces hold both file
 * systems: the host's, where the hook's program and the bundle are, and below it the container's. What runs
 * in the container's namespaces is forked by the init. poststop hooks have to run for every container for
 * which others may have run before, however it ended: hooksStarted is recorded before the first one, and the
 * undo of a create that got no further than its mounts runs none.
 *
 * Hooks get the environment that the configuration gives them; `"env": []` is an empty one. The specification
 * does not say what a hook without `env` gets. As in runc and crun, it gets the runtime's environment: hooks
 * need it, for PATH. A startContainer hook, which is a program of the container, gets the container's. A hook
 * with the runtime's paths never does: LD_PRELOAD of an image would run in the runtime's namespaces
 * (CVE-2025-23266).
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include "libcfs/look/program.h"
#include "libcfs/seccomp/filter.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/process/hook.h"
#include "libcfs/store/worker.h"
#include "libcfs/store/status.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include <fcntl.h>
#include <string.h>

/* crun's: files to which the output of all hooks is appended. */
#define STDOUT_ANNOTATION "run.oci.hooks.stdout"
#define STDERR_ANNOTATION "run.oci.hooks.stderr"

/* ---- check --------------------------------------------------------------------------------------------- */

static void check_list(struct problems *p, const char *kind, struct oci_hook *const *hooks, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct oci_hook *h = hooks[i];

                if (str_empty(h->path) || h->path[0] != '/')
                        problem(p, PROP("hooks.%s[%zu].path", kind, i), "`%s` is not an absolute path",
                                h->path ? h->path : "");
                if (h->has_timeout && h->timeout <= 0)
                        problem(p, PROP("hooks.%s[%zu].timeout", kind, i),
                                "must be greater than zero, not %d", (int)h->timeout);
        }
}

void hooks_check(const struct ctx *c, struct problems *p)
{
        const struct oci_hooks *h = c->hooks;
        static const char *const annotations[] = { STDOUT_ANNOTATION, STDERR_ANNOTATION };

        check_list(p, "prestart", h->prestart, h->n_prestart);
        check_list(p, "createRuntime", h->create_runtime, h->n_create_runtime);
        check_list(p, "createContainer", h->create_container, h->n_create_container);
        check_list(p, "startContainer", h->start_container, h->n_start_container);
        check_list(p, "poststart", h->poststart, h->n_poststart);
        check_list(p, "poststop", h->poststop, h->n_poststop);
        for (size_t i = 0; i < ARRAY_SIZE(annotations); i++) {
                const char *path = ctx_annotation(c, annotations[i]);

                if (path && !path_is_absolute(path))
                        problem(p, PROP("annotations[\"%s\"]", annotations[i]),
                                "`%s` is not an absolute path", path);
        }
}

static void look_list(const struct look_tree *t, struct problems *p, const char *kind,
                      struct oci_hook *const *hooks, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct look_found f = { 0 };

                if (str_empty(hooks[i]->path) || hooks[i]->path[0] != '/')
                        continue;
                switch (look_program(t, hooks[i]->path, &f)) {
                case LOOK_WRONG:
                        problem_host(p, PROP("hooks.%s[%zu].path", kind, i), "%s", f.why);
                        break;
                case LOOK_UNKNOWN:
                        problem_note(p, PROP("hooks.%s[%zu].path", kind, i),
                                     "whether it can be executed is not known before it is: %s", f.why);
                        break;
                case LOOK_FINE:
                        break;
                }
        }
}

/* The paths of all are the runtime's, but those of startContainer the container's. */
void hooks_look(const struct ctx *c, struct problems *p)
{
        const struct oci_hooks *h = c->hooks;
        struct look_tree tree;

        if (!problem_wants_host(p))
                return;
        if (look_view_host(&tree, c->arena) >= 0) {
                look_list(&tree, p, "prestart", h->prestart, h->n_prestart);
                look_list(&tree, p, "createRuntime", h->create_runtime, h->n_create_runtime);
                look_list(&tree, p, "createContainer", h->create_container, h->n_create_container);
                look_list(&tree, p, "poststart", h->poststart, h->n_poststart);
                look_list(&tree, p, "poststop", h->poststop, h->n_poststop);
                look_tree_close(&tree);
        }
        if (h->n_start_container && look_view_container(&tree, c) >= 0) {
                look_list(&tree, p, "startContainer", h->start_container, h->n_start_container);
                look_tree_close(&tree);
        }
}

/* ---- which hooks there are ----------------------------------------------------------------------------- */

/* createContainer hooks too: what they have done calls for poststop hooks, and the record of that is the
 * runtime's. */
bool hooks_runtime_wanted(const struct ctx *c)
{
        return c->hooks->n_prestart || c->hooks->n_create_runtime || c->hooks->n_create_container;
}

bool hooks_create_container_wanted(const struct ctx *c)
{
        return c->hooks->n_create_container > 0;
}

bool hooks_start_container_wanted(const struct ctx *c)
{
        return c->hooks->n_start_container > 0;
}

bool hooks_poststart_wanted(const struct ctx *c)
{
        return c->hooks->n_poststart > 0;
}

bool hooks_poststop_wanted(const struct ctx *c)
{
        return c->hooks->n_poststop > 0;
}

/* Where hooks are run by the runtime, it waits for them. */
bool hooks_foreign(const struct ctx *c)
{
        (void)c;
        return true;
}

/* ---- running them -------------------------------------------------------------------------------------- */

/* The document that hooks read: the state as of now, and the init's pid as the hook sees it. */
static int encode_state(const struct state *s, enum container_status status, pid_t pid, char **ret,
                        size_t *ret_len, struct cfs_error *err)
{
        const struct oci_record *r = s->record;
        const struct oci_state doc = {
                .oci_version = r->oci_version ? r->oci_version : (char *)CFS_SPEC_VERSION,
                .id = r->id,
                .pid = pid,
                .has_pid = pid > 0,
                .status = (char *)status_name(status),
                .bundle = r->bundle ? r->bundle : (char *)"/",
                .rootfs = r->rootfs,
                .created = r->created,
                .annotations = r->annotations,
        };

        return oci_encode(&oci_state_type, &doc, 0, ret, ret_len, err);
}

/* Opens the file that an annotation names; *ret stays when there is none, and, to go on, when it cannot be
 * opened. */
static int open_output(const struct state *s, const char *key, bool go_on, int *ret, struct cfs_error *err)
{
        const char *path = oci_find_string(s->record->annotations, key);
        int fd;

        if (!path || *ret >= 0)
                return 0;
        fd = io_open_log(path, 0, 0600, err);
        if (fd < 0)
                (void)err_property(err, err_prefix(err, fd, "the output of hooks"), "annotations[\"%s\"]",
                                   key);
        if (fd < 0 && !go_on)
                return fd;
        if (fd < 0) {
                log_warning("%s", err->text);
                err_clear(err);
        }
        *ret = fd < 0 ? -1 : fd;
        return 0;
}

struct hook_list {
        const char *kind;
        struct oci_hook *const *hooks;
        size_t n;
        const char *cwd;
        char *const *env;
        int out_fd, err_fd;
        const struct load_program *filter; /* each one loads it; or NULL */
        bool go_on;                        /* a failure is a warning */
        bool ends;                         /* see struct hook_call */
};

static int confine(void *data)
{
        return load_for_child(data);
}

static int run_list(const struct hook_list *l, const char *state, size_t len, struct cfs_error *err)
{
        for (size_t i = 0; i < l->n; i++) {
                const struct hook_call call = {
                        .kind = l->kind,
                        .index = i,
                        .hook = l->hooks[i],
                        .state = state,
                        .state_len = len,
                        .cwd = l->cwd,
                        .env = l->env,
                        .out_fd = l->out_fd,
                        .err_fd = l->err_fd,
                        .confine = l->filter ? confine : NULL,
                        .confine_data = (void *)l->filter,
                        .ends = l->ends,
                };
                int r = hook_run(&call, err);

                if (r >= 0)
                        continue;
                if (!l->go_on)
                        return r;
                log_warning("%s", err->text);
                *err = (struct cfs_error){ 0 };
        }
        return 0;
}

/* Hooks with the runtime's paths, run by the runtime. */
static int run_in_runtime(const struct state *s, struct hook_list *l, enum container_status status, pid_t pid,
                          struct cfs_error *err)
{
        _cleanup_close_ int out = -1, e = -1;
        _cleanup_free_ char *state = NULL;
        size_t len;
        int r;

        if (l->n == 0)
                return 0;
        r = encode_state(s, status, pid, &state, &len, err);
        if (r >= 0)
                r = open_output(s, STDOUT_ANNOTATION, l->go_on, &out, err);
        if (r >= 0)
                r = open_output(s, STDERR_ANNOTATION, l->go_on, &e, err);
        if (r < 0)
                return r;
        l->cwd = s->record->bundle ? s->record->bundle : "/";
        if (WEAKENED("hook-environment") && s->record->process)
                l->env = s->record->process->env;
        l->out_fd = out;
        l->err_fd = e;
        return run_list(l, state, len, err);
}

/* Recorded before anything is run that a poststop hook may have to make up for. A foreground run blocks the
 * signals that it will forward; while there is no program to forward them to, they end it. One that comes
 * while poststart hooks run is the program's. */
int hooks_prestart_host(struct ctx *c, struct cfs_error *err)
{
        struct hook_list l = {
                .kind = "prestart", .hooks = c->hooks->prestart, .n = c->hooks->n_prestart, .ends = true
        };

        if (c->hooks->n_poststop) {
                int r;

                c->state->record->hooks_started = c->state->record->has_hooks_started = true;
                r = worker_save(c->state, err);
                if (r < 0)
                        return r;
        }
        return run_in_runtime(c->state, &l, STATUS_CREATING, c->pid, err);
}

int hooks_create_runtime_host(struct ctx *c, struct cfs_error *err)
{
        struct hook_list l = { .kind = "createRuntime",
                               .hooks = c->hooks->create_runtime,
                               .n = c->hooks->n_create_runtime,
                               .ends = true };

        return run_in_runtime(c->state, &l, STATUS_CREATING, c->pid, err);
}

int hooks_poststart_host(struct ctx *c, struct cfs_error *err)
{
        struct hook_list l = { .kind = "poststart",
                               .hooks = c->hooks->poststart,
                               .n = c->hooks->n_poststart };

        return run_in_runtime(c->state, &l, STATUS_RUNNING, c->pid, err);
}

int hooks_poststop_undo(struct state *s, struct cfs_error *err)
{
        const struct oci_hooks *h = s->record->hooks;
        struct hook_list l = { .kind = "poststop", .go_on = true };
        int r;

        if (!h || h->n_poststop == 0)
                return 0;
        if ((str_eq(s->record->phase, "creating") || str_eq(s->record->phase, "deleting")) &&
            !s->record->hooks_started)
                return 0;
        l.hooks = h->poststop;
        l.n = h->n_poststop;
        r = run_in_runtime(s, &l, STATUS_STOPPED, 0, err);
        if (r < 0)
                log_warning("%s", err->text);
        /* Once: where something else could not be undone, there will be another delete. */
        s->record->hooks->n_poststop = 0;
        r = worker_save(s, err);
        if (!worker_no_room(r))
                return r;
        log_debug("%s", err->text); /* on a full file system: what follows removes the record */
        err_clear(err);
        return 0;
}

/* While the host's paths are there, and our privileges on them. */
int hooks_output_prepare(struct ctx *c, struct cfs_error *err)
{
        int r = open_output(c->state, STDOUT_ANNOTATION, false, &c->hooks_out_fd, err);

        return r < 0 ? r : open_output(c->state, STDERR_ANNOTATION, false, &c->hooks_err_fd, err);
}

/* Hooks in the container's namespaces, run by the init: getpid(2) is its pid as they see it. One that they
 * cannot see has none: who will be the container's process in a joined PID namespace is made later
 * (pid_namespace.c), and while a container is "creating" the state need not have a pid (runtime.md,
 * "State"). */
static int run_in_container(struct ctx *c, struct hook_list *l, enum container_status status,
                            struct cfs_error *err)
{
        _cleanup_free_ char *state = NULL;
        size_t len;
        pid_t pid = status == STATUS_CREATING && ctx_makes_second(c) ? 0 : getpid();
        int r = encode_state(c->state, status, pid, &state, &len, err);

        if (r < 0)
                return r;
        l->out_fd = c->hooks_out_fd;
        l->err_fd = c->hooks_err_fd;
        return run_list(l, state, len, err);
}

int hooks_create_container_init(struct ctx *c, struct cfs_error *err)
{
        struct hook_list l = { .kind = "createContainer",
                               .hooks = c->hooks->create_container,
                               .n = c->hooks->n_create_container,
                               .cwd = c->bundle };

        return run_in_container(c, &l, STATUS_CREATING, err);
}

int hooks_start_container_init(struct ctx *c, struct cfs_error *err)
{
        struct hook_list l = { .kind = "startContainer",
                               .hooks = c->hooks->start_container,
                               .n = c->hooks->n_start_container,
                               .cwd = "/",
                               .env = c->env,
                               .filter = c->filter_is_loaded || WEAKENED("hook-filter") ? NULL : c->seccomp };

        return run_in_container(c, &l, STATUS_CREATED, err);
}

/* ---- explain ------------------------------------------------------------------------------------------- */

static void explain_list(struct report *r, struct oci_hook *const *hooks, size_t n, const char *where)
{
        for (size_t i = 0; i < n; i++) {
                const struct oci_hook *h = hooks[i];
                _cleanup_str_ struct str line = { 0 };

                str_addf(&line, "run %s", h->path);
                for (size_t j = 1; j < h->n_args; j++)
                        str_addf(&line, " %s", h->args[j]);
                str_addf(&line, " in the namespaces of the %s", where);
                if (h->has_timeout)
                        str_addf(&line, ", for at most %d s", (int)h->timeout);
                if (!line.failed)
                        report_line(r, "%s", line.p);
        }
}

void hooks_prestart_explain(const struct ctx *c, struct report *r)
{
        explain_list(r, c->hooks->prestart, c->hooks->n_prestart, "runtime");
}

void hooks_create_runtime_explain(const struct ctx *c, struct report *r)
{
        explain_list(r, c->hooks->create_runtime, c->hooks->n_create_runtime, "runtime");
}

void hooks_create_container_explain(const struct ctx *c, struct report *r)
{
        explain_list(r, c->hooks->create_container, c->hooks->n_create_container, "container");
}

void hooks_start_container_explain(const struct ctx *c, struct report *r)
{
        explain_list(r, c->hooks->start_container, c->hooks->n_start_container, "container");
}

void hooks_poststart_explain(const struct ctx *c, struct report *r)
{
        explain_list(r, c->hooks->poststart, c->hooks->n_poststart, "runtime");
}

void hooks_poststop_explain(const struct ctx *c, struct report *r)
{
        explain_list(r, c->hooks->poststop, c->hooks->n_poststop, "runtime, when the container is deleted");
}
