/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs checkpoint: save a running container to files, by means of CRIU.
 *
 * CRIU freezes the processes by the container's cgroup, takes their state out of them, and ends them, unless
 * they are to go on. We say what of the container is not its own: mounts of the host's files, namespaces that
 * it joined, what its standard streams lead to. Everything else CRIU finds out by itself.
 *
 * The container is a checkpoint afterwards, so its remains are deleted, as engines expect. A checkpoint that
 * fails leaves it as it was: CRIU takes back what it did; a cgroup that stays frozen all the same is thawed
 * here.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/signals.h"
#include "base/str.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/checkpoint/descriptors.h"
#include "libcfs/checkpoint/external.h"
#include "libcfs/checkpoint/job.h"
#include "libcfs/checkpoint/network.h"
#include "libcfs/container/destroy.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "libcfs/store/worker.h"
#include "oci.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Until the processes that CRIU has killed are gone. */
#define END_MS 5000

/* What the network and PID namespaces are called in the images; those that other runtimes use. */
static const char *const external_names[NS_COUNT] = {
        [NS_NETWORK] = "extRootNetNS", [NS_PID] = "extRootPidNS"
};

/* ---- options ------------------------------------------------------------------------------------------- */

static int set_parent(struct checkpoint_job *j, const char *parent, struct cfs_error *err)
{
        struct stat st, own;
        int r;

        if (path_is_absolute(parent))
                return err_set(err, CFS_E_INVALID, "--parent-path: `%s` must be relative to --image-path",
                               parent);
        if (fstatat(j->images_fd, parent, &st, 0) < 0 || !S_ISDIR(st.st_mode)) {
                r = err_set(err, CFS_E_INVALID, "--parent-path: `%s/%s` is not a directory", j->images,
                            parent);
                return err_hint(err, r,
                                "it names the images of an earlier --pre-dump, relative to --image-path");
        }
        /* The link to the parent would lead to where it is, and CRIU would follow it for ever. */
        if (fstat(j->images_fd, &own) == 0 && own.st_dev == st.st_dev && own.st_ino == st.st_ino)
                return err_set(err, CFS_E_INVALID, "--parent-path: `%s` is --image-path itself", parent);
        j->o.parent_img = parent;
        return 0;
}

static int set_page_server(struct checkpoint_job *j, const char *server, struct cfs_error *err)
{
        const char *colon = strrchr(server, ':');
        uint64_t port;
        char *address;

        if (!colon || colon == server || str_to_u64(colon + 1, &port) < 0 || port == 0 || port > 65535)
                return err_set(err, CFS_E_INVALID, "--page-server: `%s` is not ADDRESS:PORT", server);
        address = oci_arena_strndup(j->arena, server, (size_t)(colon - server));
        if (!address)
                return err_nomem(err);
        j->o.page_server_address = address;
        j->o.page_server_port = (int)port;
        return 0;
}

static int set_options(struct checkpoint_job *j, const struct cfs_checkpoint_options *o,
                       struct cfs_error *err)
{
        int r = 0;

        j->o.leave_running = o->leave_running;
        j->o.track_mem = o->pre_dump || !str_empty(o->parent_path);
        j->o.tcp_skip_in_flight = o->tcp_skip_in_flight;
        if (!str_empty(o->parent_path))
                r = set_parent(j, o->parent_path, err);
        if (r >= 0 && !str_empty(o->page_server))
                r = set_page_server(j, o->page_server, err);
        if (r >= 0 && o->status_fd > 0) {
                if (fcntl(o->status_fd, F_GETFD) < 0)
                        return err_set(err, CFS_E_INVALID, "--status-fd: descriptor %d is not open",
                                       o->status_fd);
                j->o.has_status_fd = true;
                j->o.status_fd = o->status_fd;
        }
        return r;
}

/* ---- the container ------------------------------------------------------------------------------------- */

/* Namespaces that the container joined by path belong to others, so CRIU must not save them: it enters them
 * again at restore when it is told to. */
static int declare_namespaces(struct checkpoint_job *j, const struct state *s, int proc_fd, pid_t pid,
                              struct cfs_error *err)
{
        for (size_t i = 0; i < s->record->n_namespaces; i++) {
                const struct oci_namespace *n = s->record->namespaces[i];
                int t = namespaces_index(n->type), r;
                _cleanup_free_ char *key = NULL;
                struct stat st;
                char path[64];

                if (t < 0 || str_empty(n->path) || !external_names[t])
                        continue;
                (void)snprintf(path, sizeof(path), "%d/ns/%s", (int)pid, ns_types[t].file);
                if (fstatat(proc_fd, path, &st, 0) < 0)
                        return err_sys(err, errno, "stat", "examine `/proc/%s`", path);
                r = str_printf(&key, err, "%s[%llu]:%s", ns_types[t].file, (unsigned long long)st.st_ino,
                               external_names[t]);
                if (r >= 0)
                        r = checkpoint_job_add(j, &j->o.external, key, NULL, 0, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool has_word(const char *list, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = list; p && (p = strstr(p, word)); p += n)
                if ((p == list || p[-1] == ',') && (p[n] == ',' || !p[n]))
                        return true;
        return false;
}

/* The directory by which CRIU can freeze all processes at once; without, it stops them one by one. The one
 * that `pause` takes: CRIU would wait for ever for processes that are frozen by another one. */
static int set_freezer(struct checkpoint_job *j, const struct cgroup *cg, struct cfs_error *err)
{
        const struct cgroup_view *v, *freezer = NULL;
        size_t n = cg ? cgroup_views(cg, &v) : 0;

        for (size_t i = 0; i < n; i++)
                if (v[i].v2 || (has_word(v[i].options, "freezer") && !freezer))
                        freezer = &v[i];
        if (!freezer)
                return 0;
        j->o.freeze_cgroup = oci_arena_printf(j->arena, "%s%s", freezer->mount,
                                              STREQ(freezer->path, "/") ? "" : freezer->path);
        return j->o.freeze_cgroup ? 0 : err_nomem(err);
}

static int describe(struct checkpoint_job *j, const struct state *s, const struct cgroup *cg,
                    struct cfs_error *err)
{
        _cleanup_close_ int proc_fd = path_open_host_proc(err);
        const struct oci_record *rec = s->record;
        int r = proc_fd;

        j->o.pid = rec->pid;
        j->o.root = rec->rootfs;
        if (r >= 0)
                r = declare_namespaces(j, s, proc_fd, rec->pid, err);
        if (r < 0)
                return r;
        checkpoint_network_declare(j, rec, proc_fd, rec->pid);
        r = checkpoint_external_declare(j, proc_fd, rec->pid, err);
        if (r >= 0)
                r = checkpoint_descriptors_save(j, proc_fd, rec->pid, rec->descriptors, rec->n_descriptors,
                                                err);
        return r >= 0 ? set_freezer(j, cg, err) : r;
}

/* ---- the conversation ---------------------------------------------------------------------------------- */

static int converse(struct checkpoint_job *j, enum criu_type type, struct cfs_error *err)
{
        struct criu_response a;
        int r = service_start(&j->criu, err);

        if (r >= 0)
                r = checkpoint_job_send(j, type, err);
        while (r >= 0) {
                r = service_wait(&j->criu, &a, NULL, err);
                if (r < 0 || a.type != CRIU_NOTIFY)
                        break;
                log_debug("criu: %s", a.script);
                r = service_notified(&j->criu, true, err);
        }
        if (r < 0)
                return checkpoint_job_failed(j, r, err);
        if (a.success && a.type != type)
                return service_nonsense(&j->criu, err);
        return a.success ? 0 : checkpoint_job_refused(j, &a, err);
}

/* CRIU takes its time, with lazy pages for as long as the other side likes: without the container's lock. */
static int converse_aside(struct state *s, struct checkpoint_job *j, enum criu_type type,
                          struct cfs_error *err)
{
        struct cfs_error why = { 0 };
        int r = worker_step_aside(s, 0, err), back;
        sigset_t before;

        if (r < 0)
                return r;
        signals_block_ends(&before); /* there is something to take back */
        r = converse(j, type, err);
        if (r < 0)
                service_close(&j->criu);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        back = worker_step_back(s, &why);
        if (back < 0) {
                *err = why; /* it was deleted by force: that is why CRIU failed, too */
                return back;
        }
        return r;
}

/* The processes are to be as they were. */
static void thaw(struct cgroup *cg, bool was_frozen)
{
        struct cfs_error ignored = { 0 };

        if (cg && !was_frozen && cgroup_is_frozen(cg) > 0 && cgroup_freeze(cg, false, &ignored) < 0)
                log_warning("thaw the container: %s", ignored.text);
}

static int checkpoint(struct state *s, struct checkpoint_job *j, const struct cfs_checkpoint_options *o,
                      bool frozen, struct cfs_error *err)
{
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        int r = s->record->cgroup ? cgroup_open(s->record, &cg, err) : 0;

        if (r >= 0)
                r = checkpoint_job_open(j, &o->criu, s->record->annotations, true, err);
        if (r >= 0)
                r = set_options(j, o, err);
        if (r >= 0)
                r = describe(j, s, cg, err);
        if (r < 0)
                return r;
        r = converse_aside(s, j, o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, err);
        if (r < 0 || o->leave_running || o->pre_dump)
                thaw(cg, frozen);
        return r;
}

/* May it be saved at all? */
static int check(const struct state *s, int st, struct cfs_error *err)
{
        bool own_mounts = false;

        if (geteuid() != 0)
                return err_set(err, CFS_E_UNSUPPORTED,
                               "only root can save containers: CRIU takes all capabilities");
        if (worker_busy(s->record))
                return err_set(err, CFS_E_STATE, "another cfs works on the container: pid %d",
                               (int)s->record->worker->pid);
        if (st != STATUS_RUNNING && st != STATUS_PAUSED)
                return err_set(err, CFS_E_STATE, "container cannot be checkpointed in %s state",
                               status_name(st));
        for (size_t i = 0; i < s->record->n_namespaces; i++)
                own_mounts |= STREQ(s->record->namespaces[i]->type, "mount") &&
                              str_empty(s->record->namespaces[i]->path);
        if (!own_mounts)
                return err_property(
                        err,
                        err_set(err, CFS_E_UNSUPPORTED,
                                "a container without a mount namespace of its own cannot be saved"),
                        "linux.namespaces");
        return 0;
}

/* CRIU has ended the processes, unless its configuration file has told it to leave them running: then they
 * are not ours to kill. Frozen ones end when they are thawed. */
static bool has_left_running(const struct state *s, bool was_frozen)
{
        struct proc_identity id;
        _cleanup_close_ int pidfd = -1;

        if (was_frozen || !record_identity(s, &id))
                return false;
        pidfd = proc_pidfd(&id);
        return pidfd >= 0 && proc_wait_gone(pidfd, END_MS) == -ETIMEDOUT;
}

int cfs_checkpoint(const struct cfs_runtime *rt, const char *id, const struct cfs_checkpoint_options *o,
                   struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct checkpoint_job j = { .log = o->pre_dump ? "pre-dump.log" : "dump.log",
                                    .did = "checkpoint",
                                    .arena = arena,
                                    .images_fd = -1,
                                    .work_fd = -1,
                                    .criu = { .sock = -1, .theirs = -1 } };
        struct cfs_error ignored = { 0 };
        _cleanup_state_ struct state *s = NULL;
        bool left = o->leave_running || o->pre_dump;
        int r = arena ? state_open(rt->root, id, LOCK_EX, &s, err) : err_nomem(err), st = STATUS_CREATING;

        if (r >= 0)
                r = st = status_of(s, err);
        if (r >= 0)
                r = check(s, st, err);
        if (r >= 0)
                r = checkpoint(s, &j, o, st == STATUS_PAUSED, err);
        checkpoint_job_close(&j);
        if (r >= 0 && !left && has_left_running(s, st == STATUS_PAUSED)) {
                log_warning("criu has saved the container, and left it running: see its configuration file");
                left = true;
        }
        if (r >= 0 && !left)
                r = destroy_container(s, err);
        else if (s && !s->lost && worker_done(s, &ignored) < 0)
                log_debug("take our name out of the record: %s", ignored.text);
        return r < 0 ? r : 0;
}
