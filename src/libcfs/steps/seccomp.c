/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.seccomp (config-linux.md, "Seccomp"): the filter over the system calls of the container.
 *
 * It is compiled in the runtime (seccomp/filter.c) and loaded by the init as the very last thing before the
 * execve: of the init's own system calls the profile need allow none but execve(2). Profiles are written for
 * programs, and know nothing of what a runtime calls.
 *
 * Loading takes no_new_privs, or CAP_SYS_ADMIN in the user namespace (seccomp(2)). So without noNewPrivileges
 * the init keeps that capability up to the execve, which takes it: the permitted set of a new program is made
 * of the inheritable, the ambient and the bounding set and of those of the file, never of the old permitted
 * set (capabilities(7), "Transformation of capabilities during execve()").
 *
 * startContainer hooks are programs of the container's and confined like it: each loads the filter in its own
 * process, as the last thing before its execve (process/hook.c), so that the init which attends to it is not
 * judged either.
 *
 * exec loads the same program: it is kept in the state directory, seccomp.bpf, and not compiled again. The
 * same goes for `start`, in which the filters of containers with noNewPrivileges are loaded: what it must
 * know of the filter, its flags and the agent's socket, is in the record.
 *
 * SCMP_ACT_NOTIFY hands calls to an agent (seccomp_unotify(2)). The descriptor on which it listens is born in
 * the init (seccomp/load.c) and travels over the sync socket to the runtime, which alone can see the agent's
 * socket. The agent of a container without noNewPrivileges gets it from create, and before privileges are
 * dropped, as runc and crun do it; such a filter is in force before the hooks, too, as there can be one
 * listener only. It must allow what the init does from there on.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "base/user.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/seccomp/filter.h"
#include "libcfs/store/status.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include "libcfs/process/sync.h"
#include "oci.h"
#include <fcntl.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#define FILE_NAME "seccomp.bpf"

/* crun's: where to find the agent when the configuration does not say; "1" makes an unknown name an error. */
#define RECEIVER_ANNOTATION "run.oci.seccomp.receiver"
#define RECEIVER_VARIABLE   "RUN_OCI_SECCOMP_RECEIVER"
#define STRICT_ANNOTATION   "run.oci.seccomp_fail_unknown_syscall"

#define MAX_ERRNO 4095 /* include/linux/err.h of the kernel */

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* ---- which filter there is ----------------------------------------------------------------------------- */

static const struct oci_record_seccomp *recorded(const struct ctx *c)
{
        return c->state && c->state->record ? c->state->record->seccomp : NULL;
}

/* The same for rows that run only when there is a filter. */
static const struct oci_record_seccomp *the_recorded(const struct ctx *c)
{
        return c->state->record->seccomp;
}

bool seccomp_wanted(const struct ctx *c)
{
        return c->linux_->seccomp || recorded(c);
}

static bool notifies(const struct oci_seccomp *s)
{
        for (size_t i = 0; i < s->n_syscalls; i++)
                if (s->syscalls[i]->action && STREQ(s->syscalls[i]->action, "SCMP_ACT_NOTIFY"))
                        return true;
        return false;
}

/* Is there an agent that answers system calls? */
static bool has_listener(const struct ctx *c)
{
        const struct oci_record_seccomp *rec = recorded(c);

        return rec ? (rec->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0 : notifies(c->linux_->seccomp);
}

bool seccomp_early_wanted(const struct ctx *c)
{
        return seccomp_wanted(c) && (has_listener(c) || WEAKENED("filter-last")) &&
               !c->process->no_new_privileges;
}

bool seccomp_before_hooks_wanted(const struct ctx *c)
{
        return seccomp_wanted(c) && has_listener(c) && c->process->no_new_privileges &&
               c->hooks->n_start_container;
}

bool seccomp_late_wanted(const struct ctx *c)
{
        return seccomp_wanted(c) && !seccomp_early_wanted(c) && !seccomp_before_hooks_wanted(c);
}

static const char *listener_path(const struct ctx *c)
{
        const char *path = c->linux_->seccomp->listener_path;

        if (!path)
                path = ctx_annotation(c, RECEIVER_ANNOTATION);
        return path ? path : getenv(RECEIVER_VARIABLE);
}

/* Without the property (an empty list is one), the mitigation of speculative stores is left off, as runc
 * and crun do: it would slow down every program that has a filter (Linux before 5.16 has it on by
 * default). */
static unsigned flags_of(const struct oci_seccomp *s)
{
        unsigned flags = s->flags ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

        for (size_t i = 0; s->flags && i < s->n_flags; i++)
                flags |= names_flag(s->flags[i])->value;
        if (notifies(s))
                flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        else /* without a listener the kernel refuses this flag */
                flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
        return flags;
}

/* ---- check --------------------------------------------------------------------------------------------- */

/* The kernel silently replaces a number above MAX_ERRNO by 4095 (kernel/seccomp.c), so a program would see
 * another error than the configuration names. A tracer gets all 16 bits. */
static void check_errno(struct problems *p, const char *property, const char *action, bool has_errno,
                        uint32_t number)
{
        const struct names_action *a = action ? names_action(action) : NULL;

        if (!a || !has_errno)
                return;
        if (!a->carries_errno) {
                problem(p, property, "%s carries no error number", action);
                problem_hint(p, "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE do");
        } else if (STREQ(action, "SCMP_ACT_ERRNO") && number > MAX_ERRNO) {
                problem(p, property, "%" PRIu32 " is more than %d, the highest error number", number,
                        MAX_ERRNO);
        }
}

static bool is_strict(const struct ctx *c)
{
        const char *value = ctx_annotation(c, STRICT_ANNOTATION);

        return value && STREQ(value, "1");
}

static void check_names(struct problems *p, size_t i, const struct oci_syscall *s, bool strict)
{
        if (s->n_names == 0)
                problem(p, PROP("linux.seccomp.syscalls[%zu].names", i),
                        "must name at least one system call");
        for (size_t j = 0; j < s->n_names; j++) {
                if (STREQ(s->names[j], "write") && STREQ(s->action, "SCMP_ACT_NOTIFY"))
                        problem(p, PROP("linux.seccomp.syscalls[%zu].names[%zu]", i, j),
                                "SCMP_ACT_NOTIFY cannot be used for the write system call: "
                                "agents and runtimes would wait for each other");
                if (strict && !filter_knows(s->names[j])) {
                        problem(p, PROP("linux.seccomp.syscalls[%zu].names[%zu]", i, j),
                                "unknown system call `%s`", s->names[j]);
                        problem_hint(p, "without the annotation " STRICT_ANNOTATION " this is a warning");
                }
        }
}

static void check_entry(struct problems *p, size_t i, const struct oci_syscall *s, bool strict)
{
        if (!s->action || !names_action(s->action)) {
                problem(p, PROP("linux.seccomp.syscalls[%zu].action", i), "unknown action `%s`",
                        s->action ? s->action : "");
                return;
        }
        check_errno(p, PROP("linux.seccomp.syscalls[%zu].errnoRet", i), s->action, s->has_errno_ret,
                    s->errno_ret);
        check_names(p, i, s, strict);
        for (size_t j = 0; j < s->n_args; j++) {
                const struct oci_syscall_arg *a = s->args[j];

                if (a->index > 5)
                        problem(p, PROP("linux.seccomp.syscalls[%zu].args[%zu].index", i, j),
                                "system calls have the arguments 0 to 5, not %u", a->index);
                if (!a->op || !names_operator(a->op))
                        problem(p, PROP("linux.seccomp.syscalls[%zu].args[%zu].op", i, j),
                                "unknown operator `%s`", a->op ? a->op : "");
        }
}

static void check_listener(const struct ctx *c, struct problems *p)
{
        const struct oci_seccomp *s = c->linux_->seccomp;
        const char *path = listener_path(c);

        if (s->listener_metadata && !path)
                problem(p, "linux.seccomp.listenerMetadata", "must not be set without listenerPath");
        if (!notifies(s))
                return;
        if (!path)
                problem(p, "linux.seccomp.listenerPath", "must be set when SCMP_ACT_NOTIFY is used");
        else if (path[0] != '/')
                problem(p,
                        s->listener_path ? "linux.seccomp.listenerPath" : "annotations." RECEIVER_ANNOTATION,
                        "`%s` is not an absolute path", path);
}

/* What the profile does with a call, whatever its arguments; NULL when it depends on them. The first entry
 * decides. */
static const char *action_of(const struct oci_seccomp *s, const char *name, size_t *ret_entry)
{
        for (size_t i = 0; i < s->n_syscalls; i++)
                for (size_t j = 0; j < s->syscalls[i]->n_names; j++)
                        if (STREQ(s->syscalls[i]->names[j], name)) {
                                *ret_entry = i;
                                return s->syscalls[i]->n_args ? NULL : s->syscalls[i]->action;
                        }
        *ret_entry = SIZE_MAX;
        return s->default_action;
}

/* execve is the only call of the runtime that every profile must allow, unless an agent or a tracer
 * answers it. */
static void check_execve(const struct ctx *c, struct problems *p)
{
        size_t entry;
        const char *action = action_of(c->linux_->seccomp, "execve", &entry);

        if (!c->process->args || !action || !names_action(action) ||
            !(str_has_prefix(action, "SCMP_ACT_KILL") || STREQ(action, "SCMP_ACT_ERRNO") ||
              STREQ(action, "SCMP_ACT_TRAP")))
                return;
        problem(p,
                entry == SIZE_MAX ? "linux.seccomp.defaultAction"
                                  : PROP("linux.seccomp.syscalls[%zu]", entry),
                "the filter forbids execve (%s): the program could never be started", action);
        problem_hint(p, "add execve to a list of names whose action is SCMP_ACT_ALLOW");
}

/* With a NULL filter the kernel returns EFAULT when it knows the flags, and EINVAL when it does not. */
static void check_host(const struct ctx *c, struct problems *p)
{
        unsigned flags = flags_of(c->linux_->seccomp);

        if (!(flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV))
                return;
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, NULL) < 0 &&
            errno == EINVAL)
                problem_host(p, "linux.seccomp.flags",
                             "this kernel does not know SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19)");
}

void seccomp_check(const struct ctx *c, struct problems *p)
{
        const struct oci_seccomp *s = c->linux_->seccomp;
        bool known = true;

        if (!s->default_action || !names_action(s->default_action)) {
                problem(p, "linux.seccomp.defaultAction", "unknown action `%s`",
                        s->default_action ? s->default_action : "");
        } else {
                if (STREQ(s->default_action, "SCMP_ACT_NOTIFY"))
                        problem(p, "linux.seccomp.defaultAction",
                                "SCMP_ACT_NOTIFY cannot be the default: the agent would have to answer for the "
                                "runtime's own system calls");
                check_errno(p, "linux.seccomp.defaultErrnoRet", s->default_action, s->has_default_errno_ret,
                            s->default_errno_ret);
        }
        for (size_t i = 0; i < s->n_architectures; i++)
                if (!names_arch(s->architectures[i]))
                        problem(p, PROP("linux.seccomp.architectures[%zu]", i), "unknown architecture `%s`",
                                s->architectures[i]);
        for (size_t i = 0; i < s->n_flags; i++)
                if (!names_flag(s->flags[i])) {
                        problem(p, PROP("linux.seccomp.flags[%zu]", i), "unknown flag `%s`", s->flags[i]);
                        known = false;
                }
        for (size_t i = 0; i < s->n_syscalls; i++)
                check_entry(p, i, s->syscalls[i], is_strict(c));
        check_listener(c, p);
        check_execve(c, p);
        if (known && problem_wants_host(p))
                check_host(c, p);
}

/* Names that no architecture has are left out of the filter, with a warning. */
void seccomp_look(const struct ctx *c, struct problems *p)
{
        const struct oci_seccomp *s = c->linux_->seccomp;
        const char *listener = s && notifies(s) ? listener_path(c) : NULL;

        for (size_t i = 0; s && !is_strict(c) && i < s->n_syscalls; i++)
                for (size_t j = 0; j < s->syscalls[i]->n_names; j++)
                        if (!filter_knows(s->syscalls[i]->names[j]))
                                problem_note(p, PROP("linux.seccomp.syscalls[%zu].names[%zu]", i, j),
                                             "unknown system call `%.64s`, ignored",
                                             s->syscalls[i]->names[j]);
        if (listener && listener[0] == '/' && problem_wants_host(p) && access(listener, F_OK) < 0) {
                struct cfs_error e = { 0 };

                (void)err_path(&e, errno, "connect", listener, "connect to `%s`", listener);
                problem_host(p, "linux.seccomp.listenerPath", "%s", e.text);
        }
}

/* ---- prepare ------------------------------------------------------------------------------------------- */

static int keep_code(struct ctx *c, struct load_program *sp, const void *code, size_t size,
                     struct cfs_error *err)
{
        sp->code = oci_arena_alloc(c->arena, size);
        if (!sp->code)
                return err_nomem(err);
        memcpy(sp->code, code, size);
        sp->n = (unsigned)(size / sizeof(*sp->code));
        return 0;
}

static int read_filter(struct ctx *c, struct load_program *sp, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r = io_read_file(c->state->dir_fd, FILE_NAME, BPF_MAXINSNS * sizeof(struct sock_filter), &text,
                             &len, err);

        if (r < 0)
                return r;
        if (len == 0 || len % sizeof(struct sock_filter))
                return err_set(err, CFS_E_STATE, "%s/" FILE_NAME ": %zu bytes are not a filter",
                               c->state->dir, len);
        sp->flags = the_recorded(c)->flags;
        return keep_code(c, sp, text, len, err);
}

static int compile_filter(struct ctx *c, struct load_program *sp, struct cfs_error *err)
{
        const struct oci_seccomp *s = c->linux_->seccomp;
        struct oci_record_seccomp *rec = oci_arena_alloc(c->arena, sizeof(*rec));
        struct filter f;
        int r;

        if (!rec)
                return err_nomem(err);
        r = filter_compile(s, &f, err);
        if (r < 0)
                return r;
        r = keep_code(c, sp, f.code, f.n * sizeof(*f.code), err);
        filter_free(&f);
        if (r < 0)
                return r;
        sp->flags = flags_of(s);
        rec->bpf = (char *)FILE_NAME;
        rec->flags = sp->flags;
        rec->has_flags = true;
        if (sp->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
                rec->listener_path = (char *)listener_path(c);
                rec->listener_metadata = s->listener_metadata;
        }
        c->state->record->seccomp = rec;
        return 0;
}

static int get_filter(struct ctx *c, int (*get)(struct ctx *, struct load_program *, struct cfs_error *),
                      struct cfs_error *err)
{
        struct load_program *sp = oci_arena_alloc(c->arena, sizeof(*sp));
        int r = sp ? get(c, sp, err) : err_nomem(err);

        if (r < 0)
                return r;
        c->seccomp = sp;
        c->filter_needs_admin = !c->process->no_new_privileges && !has_listener(c);
        c->filter_is_early = seccomp_early_wanted(c);
        return 0;
}

int seccomp_prepare(struct ctx *c, struct cfs_error *err)
{
        return get_filter(c, compile_filter, err);
}

int seccomp_exec_prepare(struct ctx *c, struct cfs_error *err)
{
        return get_filter(c, read_filter, err);
}

/* The agent may be slow to take the listener. */
bool seccomp_foreign(const struct ctx *c)
{
        return c->state && c->state->record->seccomp && c->state->record->seccomp->listener_path;
}

/* For exec, while the init builds its mounts: the file is not read before the container is created. */
int seccomp_store_host(struct ctx *c, struct cfs_error *err)
{
        const struct load_program *sp = c->seccomp;
        _cleanup_close_ int fd = -1;
        int r;

        fd = openat(c->state->dir_fd, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return err_sys(err, errno, "openat", "make %s/" FILE_NAME, c->state->dir);
        r = io_write_all(fd, sp->code, sp->n * sizeof(*sp->code));
        return r < 0 ? err_sys(err, -r, "write", "write %s/" FILE_NAME, c->state->dir) : 0;
}

/* ---- load ---------------------------------------------------------------------------------------------- */

static int deliver(void *data, int listener, struct cfs_error *err)
{
        return sync_send_fd(data, listener, err);
}

int seccomp_load_init(struct ctx *c, struct cfs_error *err)
{
        const struct load_program *p = c->seccomp;

        c->filter_is_loaded = true;
        return load_filter(p->code, p->n, p->flags, deliver, c->sync, err);
}

/* ---- the agent ----------------------------------------------------------------------------------------- */

static enum container_status process_status(const struct ctx *c)
{
        if (c->walk == WALK_EXEC)
                return STATUS_RUNNING;
        return str_eq(c->state->record->phase, "created") ? STATUS_CREATED : STATUS_CREATING;
}

static int process_state(struct ctx *c, char **ret, size_t *ret_len, struct cfs_error *err)
{
        char *fds[] = { (char *)"seccompFd", NULL };
        struct user_name owner = { 0 };
        struct oci_state state;
        struct oci_container_process_state s = {
                .oci_version = (char *)CFS_SPEC_VERSION,
                .fds = fds,
                .n_fds = 1,
                .pid = c->pid,
                .has_pid = true,
                .metadata = the_recorded(c)->listener_metadata,
                .state = &state,
        };

        status_document(c->state, process_status(c), &owner, &state);
        /* The init is not in the record before the container is created, so the pid comes from ctx. */
        if (c->walk == WALK_CREATE)
                state.pid = c->pid;
        return oci_encode(&oci_container_process_state_type, &s, 0, ret, ret_len, err);
}

int seccomp_host(struct ctx *c, struct cfs_error *err)
{
        const struct oci_record_seccomp *rec = the_recorded(c);
        _cleanup_close_ int agent = -1, listener = -1;
        _cleanup_free_ char *json = NULL;
        size_t len;
        int r;

        if (!(rec->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
                return 0;
        /* Before the init's calls begin to wait for the agent. */
        agent = agent_connect(rec->listener_path, err);
        if (agent < 0)
                return agent;
        r = process_state(c, &json, &len, err);
        if (r < 0)
                return r;
        listener = sync_recv_fd(c->sync, err);
        if (listener < 0)
                return listener;
        return agent_send(agent, rec->listener_path, json, len, listener, err);
}

/* ---- explain ------------------------------------------------------------------------------------------- */

void seccomp_explain(const struct ctx *c, struct report *r)
{
        const struct oci_seccomp *s = c->linux_->seccomp;
        struct cfs_error why = { 0 };
        struct filter f;

        if (!s)
                return;
        if (filter_compile(s, &f, &why) < 0) {
                report_line(r, "filter system calls: %s", why.text);
                return;
        }
        report_line(r,
                    "filter system calls: %s by default, %u calls with a rule of their own (%u depend on "
                    "arguments), %u architectures, %u instructions",
                    s->default_action, f.n_calls, f.n_conditional, f.n_archs, f.n);
        report_line(r, "loaded %s",
                    seccomp_early_wanted(c)
                            ? "before capabilities are dropped, for the agent (no noNewPrivileges)"
                            : "last: of the runtime's own calls it judges execve(2) alone");
        if (notifies(s))
                report_line(r, "the agent at %s is asked about calls with SCMP_ACT_NOTIFY", listener_path(c));
        filter_free(&f);
}
