/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restore: the container's processes come from a checkpoint's images, by means of CRIU, and not from a walk
 * of the init.
 *
 * The new process of this walk becomes CRIU. It joins the container's cgroups first, so that whatever it
 * makes is born in them: a restore that was killed half way leaves nothing that `delete` does not find. It
 * has a mount namespace of its own, with the root clone in it that CRIU wants, which is gone when CRIU is.
 *
 *      runtime                               CRIU
 *         | <---- directories -------------    |   of the images and for work, as they are in its mount namespace
 *         | <---- (end of file: execve) ----   |
 *         | ----- restore, with options ---->  |   makes the namespaces, the first process in them
 *         | <---- setup-namespaces, pid -----  |
 *         |   prestart, createRuntime hooks    |
 *         | ----- go on -------------------->  |   mounts, memory, files, the other processes
 *         | <---- orphan-pts-master, fd -----  |      the terminal's master, for the console socket
 *         | <---- post-restore --------------  |
 *         |   the record is published          |
 *         | ----- go on -------------------->  |   the processes run again
 *         | <---- done ----------------------  x
 *         |   poststart hooks                      the init is our child (rst_sibling)
 *
 * Notifications are what MEET rows are to create: CRIU waits for our answer. A "no", or no answer, makes it
 * undo.
 *
 * Hooks that run in the container (createContainer, startContainer) are not run: what they did is in the
 * images.
 */
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/unix.h"
#include "libcfs/cfs.h"
#include "libcfs/checkpoint/descriptors.h"
#include "libcfs/checkpoint/external.h"
#include "libcfs/checkpoint/job.h"
#include "libcfs/checkpoint/network.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/process/sync.h"
#include "libcfs/steps/steps.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/worker.h"
#include "libcfs/walk/ctx.h"
#include "oci.h"
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define MAX_PARENTS 64 /* images in a chain of pre-dumps */

/* CRIU enters these by descriptors of its own, under the names that checkpoint gave them; the others by
 * path. */
static const struct {
        int type;
        const char *key;
} inherited[] = { { NS_NETWORK, "extRootNetNS" }, { NS_PID, "extRootPidNS" } };

/* CRIU takes its time, and its action scripts are foreign programs. */
bool restore_foreign(const struct ctx *c)
{
        (void)c;
        return true;
}

void restore_check(const struct ctx *c, struct problems *p)
{
        if (!(c->ns_new & CLONE_NEWNS))
                problem(p, "linux.namespaces",
                        "a container without a mount namespace of its own cannot be restored");
        if (problem_wants_host(p) && c->euid != 0)
                problem_host(p, NULL, "only root can restore containers: CRIU takes all capabilities");
        for (size_t i = 0; i < c->config->n_mounts; i++)
                if (c->config->mounts[i]->n_uid_mappings > 0)
                        problem(p, PROP("mounts[%zu].uidMappings", i),
                                "CRIU cannot restore mapped ids of a mount");
}

int restore_images_prepare(struct ctx *c, struct cfs_error *err)
{
        const struct cfs_restore_options *o = c->restore;
        struct checkpoint_job *j = oci_arena_alloc(c->arena, sizeof(*j));
        int r;

        if (!j)
                return err_nomem(err);
        *j = (struct checkpoint_job){ .log = "restore.log", .did = "restore", .arena = c->arena };
        c->job = j;
        r = checkpoint_job_open(j, &o->criu, c->config->annotations, false, err);
        if (r < 0)
                return r;
        j->o.root = c->rootfs;
        j->o.rst_sibling = true;
        j->o.tcp_close = o->tcp_close;
        /* An empty one is none, as for the other runtimes. */
        j->o.lsm_profile = str_empty(o->lsm_profile) ? NULL : o->lsm_profile;
        j->o.lsm_mount_context = str_empty(o->lsm_mount_context) ? NULL : o->lsm_mount_context;
        if (j->o.lsm_profile && !strchr(j->o.lsm_profile, ':'))
                return err_set(err, CFS_E_INVALID, "--lsm-profile: `%s` is not TYPE:NAME", j->o.lsm_profile);
        if ((c->ns_new & CLONE_NEWNET) && !checkpoint_network_is_saved(j))
                j->o.empty_ns |= CLONE_NEWNET;
        if (j->o.lsm_mount_context && j->oldest < 31600)
                j->oldest = 31600;
        return 0;
}

bool restore_network_is_new(const struct ctx *c)
{
        return (c->ns_new & CLONE_NEWNET) && (c->job->o.empty_ns & CLONE_NEWNET);
}

/* ---- images and user namespaces ------------------------------------------------------------------------ */

static int give(int dir, const char *name, uid_t uid, gid_t gid, struct cfs_error *err)
{
        struct stat st;

        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
                return err_path(err, errno, "stat", name, "examine the image `%s`", name);
        if ((!S_ISREG(st.st_mode) && *name) || st.st_uid == uid)
                return 0;
        if (fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
                return err_path(err, errno, "fchownat", name,
                                "give the image `%s` to the container's root, uid %u", name, (unsigned)uid);
        return 0;
}

static int give_directory(int fd, uid_t uid, gid_t gid, struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = dir_open(&d, fd, "."), more = 1;

        if (r < 0)
                return err_sys(err, -r, "openat", "open the directory of the images");
        r = give(fd, "", uid, gid, err);
        while (r >= 0 && (more = dir_next(&d)) > 0)
                r = give(fd, d.name, uid, gid, err);
        return more < 0 ? err_sys(err, -more, "getdents64", "read the directory of the images") : r;
}

/* Images are root's, and parts of them are read by the restored processes when they are in their user
 * namespace already: there, they are to belong to the container's root. What is in them was the
 * container's before. */
int restore_images_host(struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int fd = fcntl(c->job->images_fd, F_DUPFD_CLOEXEC, 3);
        uid_t uid = 0;
        gid_t gid = 0;
        int r = 0;

        for (size_t i = 0; i < c->linux_->n_uid_mappings; i++)
                if (c->linux_->uid_mappings[i]->container_id == 0)
                        uid = c->linux_->uid_mappings[i]->host_id;
        for (size_t i = 0; i < c->linux_->n_gid_mappings; i++)
                if (c->linux_->gid_mappings[i]->container_id == 0)
                        gid = c->linux_->gid_mappings[i]->host_id;
        /* And those before it in the chain of pre-dumps. */
        for (int i = 0; r >= 0 && fd >= 0 && i < MAX_PARENTS; i++) {
                int parent = openat(fd, "parent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                r = give_directory(fd, uid, gid, err);
                (void)close(fd);
                fd = parent;
        }
        return r;
}

bool restore_images_wanted(const struct ctx *c)
{
        return (c->ns_new & CLONE_NEWUSER) && c->linux_->n_uid_mappings > 0;
}

void restore_images_explain(const struct ctx *c, struct report *r)
{
        const char *images = c->restore ? c->restore->criu.image_path : NULL;

        report_line(r, "read the images in %s, find criu", images ? images : "the directory of --image-path");
}

/* ---- before CRIU begins -------------------------------------------------------------------------------- */

int restore_mounts_prepare(struct ctx *c, struct cfs_error *err)
{
        _cleanup_free_ char *notify = NULL;
        struct checkpoint_sources s = { .config = c->config,
                                        .linux_ = c->linux_,
                                        .cgroup = c->cgroup,
                                        .bundle = c->bundle,
                                        .rootfs = c->rootfs,
                                        .proc_fd = c->proc_fd };
        int r = str_printf(&notify, err, "%s/notify", c->state->dir);

        s.notify = notify;
        /* Images of a container that had a NOTIFY_SOCKET have its directory as a mount. */
        if (r >= 0 && mkdirat(c->state->dir_fd, "notify", 0755) < 0 && errno != EEXIST)
                return err_sys(err, errno, "mkdirat", "make `%s`", notify);
        if (r >= 0)
                r = checkpoint_external_map(c->job, &s, err);
        return r < 0 ? r : checkpoint_external_targets(c->job, &s, err);
}

void restore_mounts_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->config->n_mounts; i++) {
                const struct oci_mount *m = c->config->mounts[i];

                for (size_t k = 0; k < m->n_options; k++)
                        if (STREQ(m->options[k], "bind") || STREQ(m->options[k], "rbind")) {
                                report_line(r, "bind %s on %s again", m->source, m->destination);
                                break;
                        }
        }
}

/* A root that was mounted at boot from a ramdisk has no mount below it, and pivot_root(2), which CRIU
 * insists on, refuses that; a clone of it, mounted on it, has one. */
static int stack_root(struct cfs_error *err)
{
        _cleanup_close_ int target = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), clone = -1;
        int r;

        if (target < 0)
                return err_sys(err, errno, "open", "open `/`");
        clone = mnt_clone(AT_FDCWD, "/", true, err);
        r = clone < 0 ? clone : mnt_attach(clone, target, err);
        if (r < 0)
                return r;
        if (fchdir(clone) < 0 || chroot(".") < 0)
                return err_sys(err, errno, "chroot", "enter the clone of `/`");
        return 0;
}

static int keep_open(int fd, struct cfs_error *err)
{
        if (fd >= 0 && fcntl(fd, F_SETFD, 0) < 0)
                return err_sys(err, errno, "fcntl", "pass descriptor %d to criu", fd);
        return 0;
}

int restore_mount_namespace_init(struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        (void)c;
        if (root < 0)
                return err_sys(err, errno, "open", "open `/`");
        return mnt_setattr(root, true, 0, 0, MS_SLAVE, -1, err);
}

/* CRIU mounts what it needs in its work directory, which it knows by our descriptors: so these must be of
 * its mount namespace. */
static int send_directory(struct ctx *c, const char *path, struct cfs_error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? err_path(err, errno, "open", path, "open `%s`", path)
                      : sync_send_fd(c->sync, fd, err);
}

static int receive_directory(struct ctx *c, int *fd, int *option, struct cfs_error *err)
{
        int r = sync_recv_fd(c->sync, err);

        if (r < 0)
                return r;
        (void)close(*fd);
        *fd = *option = r;
        return 0;
}

int restore_exec_init(struct ctx *c, struct cfs_error *err)
{
        int r = c->create->no_pivot ? stack_root(err) : 0;

        if (r >= 0)
                r = send_directory(c, c->job->images, err);
        if (r >= 0)
                r = send_directory(c, c->job->work, err);

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(inherited); i++)
                r = keep_open(c->namespaces->join_fd[inherited[i].type], err);
        for (int fd = 0; r >= 0 && fd < 3 + c->preserve_fds; fd++)
                r = keep_open(fd, err);
        if (r < 0)
                return r;
        /* Inherited by all that CRIU makes: before version 4 it does not restore this by itself. */
        if (c->process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return err_sys(err, errno, "prctl", "set no_new_privs");
        /* CRIU undoes what it has done when its next notification is not answered: it must live for that. */
        if (prctl(PR_SET_PDEATHSIG, 0) < 0)
                return err_sys(err, errno, "prctl", "stop dying with the runtime");
        r = sync_send_exec(c->sync, err);
        if (r < 0)
                return r;
        return service_exec(&c->job->criu, err);
}

/* ---- the conversation ---------------------------------------------------------------------------------- */

/* What the images call the container's cgroup is the one that CRIU is in. */
static int set_cgroup_roots(struct ctx *c, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        char path[32], *next, *line;
        int r = 0;

        if (!c->cgroup)
                return 0;
        (void)snprintf(path, sizeof(path), "%d/cgroup", (int)c->job->criu.pid);
        r = io_read_file(c->proc_fd, path, 1 << 20, &text, NULL, err);
        if (r < 0)
                return r;
        next = text;
        while (r >= 0 && (line = strsep(&next, "\n"))) {
                const char *number = strsep(&line, ":"), *controllers = strsep(&line, ":");

                (void)number;
                if (controllers && line && *line == '/')
                        r = checkpoint_job_add(c->job, &c->job->o.cg_root, controllers, line, 0, err);
        }
        return r < 0 ? r : 0;
}

static int set_namespaces(struct ctx *c, struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(inherited); i++) {
                int fd = c->namespaces->join_fd[inherited[i].type];

                if (fd >= 0)
                        r = checkpoint_job_add(c->job, &c->job->o.inherit, inherited[i].key, NULL, fd, err);
        }
        for (size_t i = 0; r >= 0 && i < c->linux_->n_namespaces; i++) {
                const struct oci_namespace *n = c->linux_->namespaces[i];
                int t = namespaces_index(n->type);

                if (t >= 0 && !str_empty(n->path) && t != NS_NETWORK && t != NS_PID)
                        r = checkpoint_job_add(c->job, &c->job->o.join_ns, ns_types[t].file, n->path, 0, err);
        }
        return r;
}

static int hand_over_master(struct ctx *c, int master, struct cfs_error *err)
{
        static const char name[] = "/dev/ptmx";
        ssize_t n = 0;

        if (master >= 0 && c->console_fd >= 0)
                n = unix_send(c->console_fd, name, strlen(name), master);
        return n < 0 ? err_sys(err, (int)-n, "sendmsg", "send the terminal's master to the console socket")
                     : 0;
}

/* Answers notifications until the one that is waited for (which remains to be answered), or (until NULL)
 * the end. */
static int follow(struct ctx *c, const char *until, struct criu_response *a, struct cfs_error *err)
{
        struct checkpoint_job *j = c->job;

        for (;;) {
                int fd = -1;
                int r = service_wait(&j->criu, a, &fd, err);
                _cleanup_close_ int received = fd;

                if (r < 0)
                        return checkpoint_job_failed(j, r, err);
                if (a->type != CRIU_NOTIFY && a->type != CRIU_RESTORE && a->success)
                        return service_nonsense(&j->criu, err);
                if (a->type != CRIU_NOTIFY && a->success && !until)
                        return 0;
                if (a->type != CRIU_NOTIFY && a->success)
                        return err_set(err, CFS_E_UNSUPPORTED, "criu did not wait for an answer to `%s`",
                                       until);
                if (a->type != CRIU_NOTIFY)
                        return checkpoint_job_refused(j, a, err);
                log_debug("criu: %s", a->script);
                if (until && STREQ(a->script, until))
                        return 0;
                if (STREQ(a->script, "orphan-pts-master"))
                        r = hand_over_master(c, received, err);
                if (r >= 0)
                        r = service_notified(&j->criu, true, err);
                if (r < 0)
                        return checkpoint_job_failed(j, r, err);
        }
}

int restore_host(struct ctx *c, struct cfs_error *err)
{
        struct checkpoint_job *j = c->job;
        struct criu_response a;
        int r = receive_directory(c, &j->images_fd, &j->o.images_dir_fd, err);

        if (r >= 0)
                r = receive_directory(c, &j->work_fd, &j->o.work_dir_fd, err);
        if (r >= 0)
                r = sync_wait_exec(c->sync, err);
        if (r < 0)
                return r;
        service_started(&j->criu, c->pid);
        c->pid = 0;
        (void)close(TAKE_FD(c->pidfd));
        r = set_cgroup_roots(c, err);
        if (r >= 0)
                r = set_namespaces(c, err);
        if (r >= 0)
                r = checkpoint_descriptors_load(j, 3 + (size_t)c->preserve_fds, err);
        if (r >= 0)
                r = checkpoint_job_send(j, CRIU_RESTORE, err);
        if (r >= 0)
                r = follow(c, "setup-namespaces", &a, err);
        if (r < 0)
                return r;
        if (a.pid <= 0)
                return err_set(err, CFS_E_UNSUPPORTED, "criu does not tell the pid of the init");
        c->pidfd = sys_pidfd_open(a.pid, 0);
        if (c->pidfd < 0)
                return err_sys(err, errno, "pidfd_open", "open a pidfd of the init %d", (int)a.pid);
        c->pid = a.pid;
        /* Until now the record had CRIU in the init's place. */
        r = record_note_init(c->state, c->pid, err);
        return r < 0 ? r : worker_save(c->state, err);
}

int restore_processes_host(struct ctx *c, struct cfs_error *err)
{
        struct criu_response a;
        int r = service_notified(&c->job->criu, true, err);

        return r < 0 ? checkpoint_job_failed(c->job, r, err) : follow(c, "post-restore", &a, err);
}

int restore_resume_host(struct ctx *c, struct cfs_error *err)
{
        struct criu_response a;
        int r = service_notified(&c->job->criu, true, err);

        r = r < 0 ? checkpoint_job_failed(c->job, r, err) : follow(c, NULL, &a, err);
        if (r >= 0)
                checkpoint_job_close(c->job); /* its mount namespace ends with it */
        return r;
}

void restore_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "criu makes the namespaces and the first process in them");
        for (size_t i = 0; i < c->linux_->n_namespaces; i++)
                if (!str_empty(c->linux_->namespaces[i]->path))
                        report_line(r, "it joins the %s namespace %s", c->linux_->namespaces[i]->type,
                                    c->linux_->namespaces[i]->path);
}

void restore_processes_explain(const struct ctx *c, struct report *r)
{
        (void)c;
        report_line(r, "criu restores mounts, memory and files of all processes");
}

void restore_resume_explain(const struct ctx *c, struct report *r)
{
        (void)c;
        report_line(r, "criu lets the processes go on");
}
