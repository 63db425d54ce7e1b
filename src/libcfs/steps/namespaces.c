/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.namespaces (config-linux.md, "Namespaces"): which ones are new, which are joined by path; a type not
 * listed is inherited from the runtime.
 *
 * Rules: a type may be listed once; a path must be absolute and be a namespace of that type. prepare opens
 * the paths, with the runtime's privileges and view of the host, and asks the kernel for the type
 * (NS_GET_NSTYPE, ioctl_ns(2)).
 *
 * Who joins? Usually the init, after it exists. Not when a user namespace is involved: then spawn.c's stage
 * process joins everything before there is an init (`pre_join`). A PID namespace is entered by a child only;
 * create and exec see to it that this child comes last (pid_namespace.c).
 *
 * exec joins all namespaces of the container with one setns(2) on a pidfd of its init. What enters the PID
 * namespace by that is the next child (pid_namespace.c).
 */
#include "libcfs/walk/ctx.h"
#include "libcfs/process/namespaces.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

void namespaces_check(const struct ctx *c, struct problems *p)
{
        uint64_t seen = 0;

        for (size_t i = 0; i < c->linux_->n_namespaces; i++) {
                const struct oci_namespace *n = c->linux_->namespaces[i];
                int t = n->type ? namespaces_index(n->type) : -1;

                if (t < 0) {
                        problem(p, PROP("linux.namespaces[%zu].type", i), "unknown namespace type `%s`",
                                n->type);
                        problem_hint(p, "the types are user, pid, mount, network, ipc, uts, cgroup and time");
                        continue;
                }
                if (seen & ns_types[t].flag)
                        problem(p, PROP("linux.namespaces[%zu].type", i), "duplicate namespace type `%s`",
                                n->type);
                seen |= ns_types[t].flag;
                if (n->path && *n->path && !path_is_absolute(n->path))
                        problem(p, PROP("linux.namespaces[%zu].path", i), "`%s` is not an absolute path",
                                n->path);
        }
        if ((c->ns_join & CLONE_NEWNS) && (c->ns_new & CLONE_NEWUSER))
                problem(p, "linux.namespaces",
                        "a mount namespace cannot be joined together with a new user namespace");
}

static int open_namespace(int t, const char *path, int *ret, struct cfs_error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        int type;

        if (fd < 0)
                return err_path(err, errno, "open", path, "open `%s`", path);
        type = ioctl(fd, NS_GET_NSTYPE);
        if (type < 0 && errno != ENOTTY)
                return err_sys(err, errno, "ioctl", "ask which namespace `%s` is", path);
        if (type < 0 || (uint64_t)type != ns_types[t].flag)
                return err_set(err, CFS_E_INVALID, "`%s` is not a %s namespace", path, ns_types[t].name);
        *ret = TAKE_FD(fd);
        return 0;
}

void namespaces_look(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; problem_wants_host(p) && i < c->linux_->n_namespaces; i++) {
                const struct oci_namespace *n = c->linux_->namespaces[i];
                int t = n->type ? namespaces_index(n->type) : -1, fd = -1;
                struct cfs_error e = { 0 };

                if (t < 0 || str_empty(n->path) || !path_is_absolute(n->path))
                        continue;
                if (open_namespace(t, n->path, &fd, &e) < 0)
                        problem_host(p, PROP("linux.namespaces[%zu].path", i), "%s", e.text);
                else
                        (void)close(fd);
        }
}

/* Joining the user namespace that one is in already is EINVAL to the kernel, but no mistake of the user's. */
static int is_own_user_namespace(const struct ctx *c, int fd, struct cfs_error *err)
{
        struct stat own, other;

        if (fstatat(c->proc_fd, "self/ns/user", &own, 0) < 0 || fstat(fd, &other) < 0)
                return err_sys(err, errno, "fstat", "compare the user namespace with our own");
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

int namespaces_prepare(struct ctx *c, struct cfs_error *err)
{
        struct namespaces_plan *n = c->namespaces = namespaces_plan_new();

        if (!n)
                return err_nomem(err);
        for (size_t i = 0; i < c->linux_->n_namespaces; i++) {
                const struct oci_namespace *o = c->linux_->namespaces[i];
                int t = namespaces_index(o->type), r;

                if (!o->path || !*o->path)
                        continue;
                r = open_namespace(t, o->path, &n->join_fd[t], err);
                if (r < 0)
                        return err_property(err, r, "linux.namespaces[%zu].path", i);
        }
        if (n->join_fd[NS_USER] >= 0) {
                int own = is_own_user_namespace(c, n->join_fd[NS_USER], err);

                if (own < 0)
                        return own;
                if (own) {
                        (void)close(TAKE_FD(n->join_fd[NS_USER]));
                        c->ns_join &= ~(uint64_t)CLONE_NEWUSER;
                }
        }
        n->pre_join = (c->ns_join & CLONE_NEWUSER) || ((c->ns_new & CLONE_NEWUSER) && c->ns_join);
        return 0;
}

/* The root of a container that has no mount namespace to itself: setns(2) does not know it. */
static int namespaces_open_root(struct ctx *c, pid_t init, struct cfs_error *err)
{
        struct namespaces_plan *n = c->namespaces;
        char path[64];

        (void)snprintf(path, sizeof(path), "%d/root", (int)init);
        n->root_fd = openat(c->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (n->root_fd < 0)
                return err_sys(err, errno, "openat", "open the container's root `/proc/%s`", path);
        /* It was looked up by number: is that still the init's? */
        if (proc_signal(n->container_pidfd, 0) == -ESRCH)
                return err_set(err, CFS_E_STATE, "cannot exec in a stopped container");
        return 0;
}

static int remember_host_root(struct namespaces_plan *n, struct cfs_error *err)
{
        if (stat("/", &n->host_root) < 0)
                return err_sys(err, errno, "stat", "examine `/`");
        return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* exec into a mount namespace of the container's own: have we come to where the runtime was? That is right
 * only when the init is there as well (root.path "/"). It cannot be when root_pivot.c has done its work,
 * but the container may have been made by an older cfs, which let the host's root lie on the container's. */
static int check_root(const struct ctx *c, struct cfs_error *err)
{
        struct proc_identity id;
        struct stat here, init;
        char path[64];

        if (stat("/", &here) < 0)
                return err_sys(err, errno, "stat", "examine the container's root");
        if (!same_file(&here, &c->namespaces->host_root) || WEAKENED("stacked-root-exec"))
                return 0;
        (void)record_identity(c->state, &id);
        (void)snprintf(path, sizeof(path), "%d/root", (int)id.pid);
        if (fstatat(c->proc_fd, path, &init, 0) == 0 && same_file(&here, &init))
                return 0;
        return err_set(err, CFS_E_STATE,
                       "the container's mount namespace leads to the host's root directory");
}

/* The container's namespaces are those of its configuration, new or joined: the init is in all of them. */
int namespaces_exec_prepare(struct ctx *c, struct cfs_error *err)
{
        struct namespaces_plan *n = c->namespaces = namespaces_plan_new();
        struct proc_identity id;
        bool own_mounts;
        char path[64];

        if (!n)
                return err_nomem(err);
        n->container_pidfd = record_pidfd(c->state);
        if (n->container_pidfd == -ESRCH)
                return err_set(err, CFS_E_STATE, "cannot exec in a stopped container");
        if (n->container_pidfd == -EXDEV)
                return record_elsewhere(c->state, err);
        if (n->container_pidfd < 0)
                return err_sys(err, -n->container_pidfd, "pidfd_open",
                               "open a pidfd of the container's init %d", (int)c->state->record->pid);
        (void)record_identity(c->state, &id);
        own_mounts = c->ns_new & CLONE_NEWNS;
        c->ns_join = c->ns_join | c->ns_new;
        c->ns_new = 0;
        if (c->ns_join & CLONE_NEWUSER) {
                (void)snprintf(path, sizeof(path), "%d/ns/user", (int)id.pid);
                _cleanup_close_ int fd = openat(c->proc_fd, path, O_RDONLY | O_CLOEXEC);

                if (fd < 0)
                        return err_sys(err, errno, "openat", "open the container's user namespace `/proc/%s`",
                                       path);
                int own = is_own_user_namespace(c, fd, err);

                if (own < 0)
                        return own;
                if (own)
                        c->ns_join &= ~(uint64_t)CLONE_NEWUSER;
        }
        /* setns(2) leads to the root of a mount namespace: the container's own, or of one that it shares
         * with others. */
        return own_mounts || WEAKENED("joined-root") ? remember_host_root(n, err)
                                                     : namespaces_open_root(c, id.pid, err);
}

/* As exec and create were once: for a moment the container sees a process with the host's root and
 * descriptors. */
static void linger(int fd)
{
        pid_t pid = setns(fd, CLONE_NEWPID) < 0 ? -1 : fork();
        int status;

        if (pid == 0)
                _exit(poll(NULL, 0, 1));
        if (pid > 0)
                (void)proc_reap(pid, &status);
}

int namespaces_exec_init(struct ctx *c, struct cfs_error *err)
{
        const struct namespaces_plan *n = c->namespaces;
        int r;

        if (WEAKENED("entering"))
                linger(n->container_pidfd);
        r = namespaces_join(n, c->ns_join, err);
        if (r < 0 || n->root_fd < 0)
                return r < 0 ? r : check_root(c, err);
        if (fchdir(n->root_fd) < 0 || chroot(".") < 0)
                return err_sys(err, errno, "chroot", "enter the container's root");
        return 0;
}

int namespaces_network_init(struct ctx *c, struct cfs_error *err)
{
        (void)c;
        if (unshare(CLONE_NEWNET) < 0)
                return err_sys(err, errno, "unshare", "make the network namespace");
        return 0;
}

int namespaces_init(struct ctx *c, struct cfs_error *err)
{
        struct namespaces_plan *n = c->namespaces;
        char kinds[NAMESPACES_NAMES];
        uint64_t late;

        if (!n->pre_join) {
                int r = namespaces_join(n, c->ns_join & ~(uint64_t)CLONE_NEWPID, err);

                if (r < 0)
                        return r;
        }
        if (ctx_makes_second(c) && WEAKENED("entering-joined"))
                linger(n->join_fd[NS_PID]);
        /* All but the time namespace, which has a row of its own. */
        late = namespaces_late(c->ns_new, c->ns_join) & ~(uint64_t)CLONE_NEWTIME;
        if (late && unshare((int)late) < 0)
                return err_sys(err, errno, "unshare",
                               "make the namespaces that the init makes by itself (%s)",
                               namespaces_names(late, kinds, sizeof(kinds)));
        return 0;
}

void namespaces_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->n_namespaces; i++) {
                const struct oci_namespace *n = c->linux_->namespaces[i];

                if (n->path && *n->path)
                        report_line(r, "join the %s namespace %s", n->type, n->path);
                else
                        report_line(r, "new %s namespace", n->type);
        }
        for (int i = 0; i < NS_COUNT; i++)
                if (!ctx_has_ns(c, ns_types[i].flag))
                        report_line(r, "%s namespace: the runtime's own", ns_types[i].name);
}
