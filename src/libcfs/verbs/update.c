/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs update: other limits for a container that exists. Only what the document names is changed; when one
 * value is refused, those that were written before it are put back.
 *
 * The shares of the cache and of memory bandwidth are not cgroups but resctrl, one write of the schemata for
 * both. They come first: the kernel takes or refuses them as a whole, and they are put back when a limit is
 * refused after them.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "oci.h"
#include "resctrl/resctrl.h"
#include <string.h>
#include <sys/file.h>

/* Writes the shares, after *ret_before was read, which puts them back. */
static int update_rdt(const struct state *s, const char *l3, const char *mb, char **ret_before,
                      struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL, *root = NULL;
        const struct oci_record_intel_rdt *rdt = s->record->intel_rdt;
        int r;

        if (str_empty(l3) && str_empty(mb))
                return 0;
        if (!rdt || str_empty(rdt->path))
                return err_set(
                        err, CFS_E_UNSUPPORTED,
                        "linux.intelRdt: the container was created without a resctrl group of its own");
        r = str_printf(&root, err, "%s/..", rdt->path);
        if (r >= 0)
                r = str_printf(&text, err, "%s%s%s\n", str_empty(l3) ? "" : l3,
                               str_empty(l3) || str_empty(mb) ? "" : "\n", str_empty(mb) ? "" : mb);
        if (r >= 0)
                r = resctrl_read(rdt->path, ret_before, err);
        if (r >= 0)
                r = resctrl_write(root, rdt->path, "schemata", text, err);
        return r < 0 ? err_property(err, r, "linux.intelRdt") : 0;
}

static void put_back_rdt(const struct state *s, const char *before)
{
        const char *group = s->record->intel_rdt->path;
        struct cfs_error why = { 0 };

        if (resctrl_write_lines(group, group, before, &why) < 0)
                log_error("update: the shares of `%s` are not as they were: %s", group, why.text);
}

static int update_cgroup(struct state *s, const struct oci_resources *res, struct cfs_error *err)
{
        _cleanup_cgroup_ struct cgroup *cg = NULL;
        int r = cgroup_open(s->record, &cg, err);

        if (s->record->cgroup && str_eq(s->record->cgroup->manager, "systemd"))
                lock_release(s); /* systemd answers when it likes */
        return r < 0 ? r : cgroup_update(cg, res, err);
}

/* What tells documents apart that are taken for resources by mistake. */
static const struct {
        const char *member, *what;
} others[] = {
        { "ociVersion", "a configuration (config.json)" },
        { "linux", "a configuration (config.json)" },
        { "args", "a process (process.json)" },
        { "cwd", "a process (process.json)" },
        { "resources", "an object with `resources` in it, such as the `linux` of a configuration" },
};

struct look {
        const char *member, *what;
        unsigned line, column;
};

/* Other unknown members are of a newer specification, and engines send them. */
static void note_unknown(void *data, unsigned line, unsigned column, const char *property,
                         const char *nearest)
{
        struct look *l = data;

        log_debug("resources:%u:%u: %s: unknown property, ignored%s%s%s", line, column, property,
                  nearest ? "; did you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
        for (size_t i = 0; i < ARRAY_SIZE(others) && !l->what; i++)
                if (STREQ(property, others[i].member))
                        *l = (struct look){ others[i].member, others[i].what, line, column };
}

static bool asks_for_nothing(const struct oci_resources *r)
{
        return !r->n_devices && !r->memory && !r->cpu && !r->pids && !r->block_io && !r->n_hugepage_limits &&
               !r->network && !r->rdma && !r->unified;
}

/* Nothing of it would be applied: runc and crun say nothing. */
static int wrong_document(const struct look *l, struct cfs_error *err)
{
        int r = err_set(
                err, CFS_E_INVALID,
                "resources:%u:%u: this is %s: update takes a resources object, and finds nothing to do "
                "in it",
                l->line, l->column, l->what);

        return err_hint(err, r, "of a config.json it is linux.resources: jq .linux.resources config.json");
}

/* As for the other runtimes: in an update, a zero asks for nothing. Engines send all the fields they have. */
static int read_resources(const char *json, struct oci_resources **ret, struct oci_arena **ret_arena,
                          struct cfs_error *err)
{
        struct look look = { 0 };
        const struct oci_decode_options o = { .unknown = note_unknown, .data = &look };
        int r = oci_decode_with(&oci_resources_type, "resources", json, strlen(json), &o, (void **)ret,
                                ret_arena, err);

        if (r >= 0 && look.what && asks_for_nothing(*ret))
                return wrong_document(&look, err);
        if (r >= 0 && (*ret)->pids && (*ret)->pids->limit == 0)
                (*ret)->pids->has_limit = false;
        return r;
}

static int check_alive(struct state *s, struct cfs_error *err)
{
        int st = status_of(s, err);

        if (st < 0 || st == STATUS_CREATED || st == STATUS_RUNNING || st == STATUS_PAUSED)
                return st;
        return err_set(err, CFS_E_STATE, "container not running: %s", status_name(st));
}

static int update(struct state *s, const struct oci_resources *res, const char *l3, const char *mb,
                  struct cfs_error *err)
{
        _cleanup_free_ char *rdt_before = NULL;
        int r = check_alive(s, err);

        if (r >= 0)
                r = update_rdt(s, l3, mb, &rdt_before, err);
        if (r >= 0 && res)
                r = update_cgroup(s, res, err);
        if (r < 0 && rdt_before)
                put_back_rdt(s, rdt_before);
        return r;
}

int cfs_update(const struct cfs_runtime *rt, const char *id, const char *resources_json,
               const char *l3_cache_schema, const char *mem_bw_schema, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_state_ struct state *s = NULL;
        struct oci_resources *res = NULL;
        int r = resources_json ? read_resources(resources_json, &res, &arena, err) : 0;

        if (r >= 0)
                r = state_open(rt->root, id, LOCK_EX, &s, err);
        if (r < 0)
                return r;
        r = update(s, res, l3_cache_schema, mem_bw_schema, err);
        return r < 0 ? err_prefix(err, r, "update") : 0;
}
