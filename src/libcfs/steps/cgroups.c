/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.cgroupsPath and linux.resources (config-linux.md, "Control groups").
 *
 * prepare plans, has the record saved, and makes: in that order, so that a runtime that dies half way leaves
 * a record of everything it may have made. The new process is then born inside (v2: spawn() asks for the
 * descriptor), or enters by itself as its first act (v1), before it has used memory, which would be charged
 * to the runtime's cgroup. With systemd the unit needs a process to begin with, so the host column makes it,
 * and the init waits for that.
 *
 * With v1 alone no process is born in a cgroup, so the directories, ten on most machines, need not be
 * there before it. They take the kernel as long as a network namespace, whose memory is not charged to the
 * container in any case (else clone3(2) makes it). So the init makes that namespace while the runtime makes
 * the directories; both meet, and the init enters.
 *
 * Ownership of the cgroup is handed to the container's root only if it cannot see any other (a cgroup
 * namespace of its own) and can write there at all (a cgroup mount without "ro"): config-linux.md, "Cgroup
 * ownership".
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strv.h"
#include "base/sys.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/store/worker.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include "oci.h"

static bool cgroup_mount_is_writable(const struct oci_config *config)
{
        for (size_t i = 0; i < config->n_mounts; i++) {
                const struct oci_mount *m = config->mounts[i];

                if (m->type && (STREQ(m->type, "cgroup") || STREQ(m->type, "cgroup2")))
                        return !oci_mount_has_option(m, "ro") && !oci_mount_has_option(m, "rro");
        }
        return false;
}

/* The host's uid of the container's root. */
static uid_t host_root(const struct ctx *c)
{
        for (size_t i = 0; i < c->linux_->n_uid_mappings; i++) {
                const struct oci_id_mapping *m = c->linux_->uid_mappings[i];

                if (m->container_id == 0 && m->size > 0)
                        return m->host_id;
        }
        return c->euid;
}

static bool asks_for_namespace(const struct ctx *c, const char *type)
{
        for (size_t i = 0; i < c->linux_->n_namespaces; i++) {
                if (STREQ(c->linux_->namespaces[i]->type, type))
                        return str_empty(c->linux_->namespaces[i]->path);
        }
        return false;
}

static struct cgroup_request request(const struct ctx *c)
{
        struct cgroup_request rq = {
                .id = c->id,
                .path = c->linux_->cgroups_path,
                .owner = c->state ? c->state->dir : NULL,
                .resources = c->linux_->resources,
                .devices = c->linux_->devices,
                .n_devices = c->linux_->n_devices,
                .annotations = c->config->annotations,
                .rootless = c->rootless,
                .late = c->enters_late,
                .owner_uid = host_root(c),
        };

        if (c->runtime && c->runtime->cgroup_manager == CFS_CGROUP_SYSTEMD)
                rq.manager = CGROUP_MANAGER_SYSTEMD;
        else if (c->runtime && c->runtime->cgroup_manager == CFS_CGROUP_DISABLED)
                rq.manager = CGROUP_MANAGER_NONE;
        rq.delegate = rq.owner_uid != c->euid && asks_for_namespace(c, "cgroup") &&
                      cgroup_mount_is_writable(c->config);
        return rq;
}

static void report(void *data, bool host, const char *property, const char *message)
{
        struct problems *p = data;

        if (host)
                problem_host(p, property, "%s", message);
        else
                problem(p, property, "%s", message);
}

static bool wants_realtime(const struct ctx *c)
{
        const struct oci_scheduler *s = c->process ? c->process->scheduler : NULL;

        return s && (str_eq(s->policy, "SCHED_FIFO") || str_eq(s->policy, "SCHED_RR"));
}

void cgroups_check(const struct ctx *c, struct problems *p)
{
        struct cgroup_request rq = request(c);

        cgroup_check(&rq, problem_wants_host(p), report, p);
        if (problem_wants_host(p) && wants_realtime(c) && cgroup_without_realtime(&rq))
                problem_host(p, "process.scheduler.policy",
                             "%s takes a share of real time on this host, and a new cgroup has none "
                             "(cpu.rt_runtime_us is 0): ask for it by linux.resources.cpu.realtimeRuntime",
                             c->process->scheduler->policy);
}

/* systemd answers when it likes. */
bool cgroups_foreign(const struct ctx *c)
{
        const struct oci_record_cgroup *rec = c->state ? c->state->record->cgroup : NULL;

        return rec ? str_eq(rec->manager, "systemd")
                   : c->runtime && c->runtime->cgroup_manager == CFS_CGROUP_SYSTEMD;
}

int cgroups_exec_prepare(struct ctx *c, struct cfs_error *err)
{
        const char *const *sub = c->exec ? c->exec->cgroups : NULL;

        return cgroup_exec_open(c->state->record, sub, strv_length(sub), &c->cgroup, err);
}

void cgroups_look(const struct ctx *c, struct problems *p)
{
        struct cgroup_request rq = request(c);

        cgroup_look(&rq, problem_wants_host(p), report, p);
}

int cgroups_prepare(struct ctx *c, struct cfs_error *err)
{
        struct cgroup_request rq = request(c);
        int r;

        r = cgroup_plan(&rq, c->state->record, c->state->arena, &c->cgroup, err);
        if (r < 0)
                return r;
        r = worker_save(c->state, err);
        if (r < 0)
                return r;
        return c->enters_late ? 0 : cgroup_make(c->cgroup, err);
}

bool cgroups_late_wanted(const struct ctx *c)
{
        return c->enters_late;
}

int cgroups_late_host(struct ctx *c, struct cfs_error *err)
{
        return cgroup_make(c->cgroup, err);
}

int cgroups_host(struct ctx *c, struct cfs_error *err)
{
        return cgroup_attach(c->cgroup, c->pid, err);
}

int cgroups_init(struct ctx *c, struct cfs_error *err)
{
        return cgroup_enter(c->cgroup, err);
}

static void close_cgroup(struct cgroup **cg)
{
        cgroup_close(*cg);
}

int cgroups_undo(struct state *s, struct cfs_error *err)
{
        _cleanup_(close_cgroup) struct cgroup *cg = NULL;
        int r;

        if (!s->record->cgroup)
                return 0;
        r = cgroup_open(s->record, &cg, err);
        return r < 0 ? r : cgroup_remove(cg, err);
}

static void explain_line(void *data, const char *text)
{
        report_line(data, "%s", text);
}

void cgroups_explain(const struct ctx *c, struct report *r)
{
        struct cgroup_request rq = request(c);

        cgroup_explain(&rq, explain_line, r);
}
