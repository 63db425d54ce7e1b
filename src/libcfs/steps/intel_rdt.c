/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.intelRdt: shares of the cache and of the memory bandwidth, by resctrl
 * (Documentation/arch/x86/resctrl.rst).
 *
 * A directory of the resctrl file system is a class of service (CTRL group): its `schemata` file holds the
 * shares, its `tasks` file the threads they apply to, whose children follow. A directory below its mon_groups
 * is a monitoring group (MON group), with its own `tasks`. The rules of the specification (config-linux.md,
 * "IntelRdt"):
 *
 *   closID not set    a directory named after the container, made by us and removed in the end
 *   closID set        a directory shared by all containers that name it. With a schema it is made when
 *                     missing; when it exists, its contents must agree with l3CacheSchema and memBwSchema.
 *                     Without one it must exist. It is not removed: other containers use it. "/" is the
 *                     default class, the file system's root
 *   schemata          l3CacheSchema (without its MB: lines when memBwSchema is set) and memBwSchema are
 *                     written first, the lines of `schemata` after them; each its own write(2), since the
 *                     kernel wants whole lines
 *   enableMonitoring  a MON group named after the container, made by us and removed in the end
 *
 * What we make is recorded before it is made. The runtime puts the init there from outside, by its pid,
 * before any code of the user's runs; exec puts its process into the same groups, as far as they still exist,
 * since that is not a child of the init and would have the whole cache. The reason for a write that fails is
 * in info/last_cmd_status.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/store/record.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include "resctrl/resctrl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct oci_intel_rdt *rdt(const struct ctx *c)
{
        return c->linux_->intel_rdt;
}

/* For exec: where the container is. */
static const struct oci_record_intel_rdt *joined(const struct ctx *c)
{
        const struct oci_record_intel_rdt *o = c->state ? c->state->record->intel_rdt : NULL;

        return o && o->class_path ? o : NULL;
}

bool intel_rdt_wanted(const struct ctx *c)
{
        return rdt(c) != NULL;
}

bool intel_rdt_exec_wanted(const struct ctx *c)
{
        return joined(c) != NULL;
}

/* ---- check --------------------------------------------------------------------------------------------- */

static void intel_rdt_check_line(const char *property, const char *line, const char *prefix,
                                 struct problems *p)
{
        if (!line)
                return;
        if (strchr(line, '\n'))
                problem(p, property, "has a newline");
        else if (!str_has_prefix(line, prefix))
                problem(p, property, "\"%.64s\" does not start with \"%s\"", line, prefix);
}

void intel_rdt_check(const struct ctx *c, struct problems *p)
{
        const struct oci_intel_rdt *o = rdt(c);

        if (o->clos_id && !STREQ(o->clos_id, "/")) {
                static const char *const taken[] = { ".", "..", "info", "mon_groups", "mon_data" };

                if (strchr(o->clos_id, '/') || strlen(o->clos_id) > 255)
                        problem(p, "linux.intelRdt.closID", "\"%.64s\" is not the name of a directory",
                                o->clos_id);
                for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
                        if (STREQ(o->clos_id, taken[i]))
                                problem(p, "linux.intelRdt.closID", "\"%s\" is not a class of service",
                                        o->clos_id);
        }
        intel_rdt_check_line("linux.intelRdt.memBwSchema", o->mem_bw_schema, "MB:", p);
        for (size_t i = 0; i < o->n_schemata; i++)
                if (!strchr(o->schemata[i], ':'))
                        problem(p, PROP("linux.intelRdt.schemata[%zu]", i),
                                "\"%.64s\" has no colon after a resource", o->schemata[i]);
}

void intel_rdt_look(const struct ctx *c, struct problems *p)
{
        _cleanup_free_ char *path = NULL;
        struct cfs_error e = { 0 };

        if (!problem_wants_host(p) || resctrl_find(c->proc_fd, &path, &e) >= 0)
                return;
        problem_host(p, "linux.intelRdt", "%s", e.text);
        problem_hint(p, "%s", e.hint);
}

/* ---- prepare ------------------------------------------------------------------------------------------- */

/* Appends the lines of `text` whose resource is not `except`, NULL: all. */
static void add_lines(struct str *s, const char *text, const char *except)
{
        while (text && *text) {
                size_t n = strcspn(text, "\n");

                if (n && !(except && strncmp(text, except, strlen(except)) == 0)) {
                        str_add_n(s, text, n);
                        str_add(s, "\n");
                }
                text += n + (text[n] == '\n');
        }
}

/* What l3CacheSchema and memBwSchema ask for: lines, or "". */
static int combine(const struct oci_intel_rdt *o, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        add_lines(&s, o->l3_cache_schema, o->mem_bw_schema ? "MB:" : NULL);
        add_lines(&s, o->mem_bw_schema, NULL);
        return str_take(&s, ret, err);
}

static int compare(const char *dir, const char *asked, struct cfs_error *err)
{
        _cleanup_free_ char *have = NULL;
        int r = resctrl_read(dir, &have, err);

        if (r < 0)
                return r;
        if (resctrl_agrees(asked, have))
                return 0;
        r = err_set(err, CFS_E_INVALID,
                    "class of service `%s` exists, with other schemata than are asked for", dir);
        return err_hint(err, r, "see `%s/schemata`; leave the schemas out to use the class as it is", dir);
}

/* Records a directory in *slot, saves, and makes it. */
static int make_recorded(struct ctx *c, char **slot, const char *dir, struct cfs_error *err)
{
        int r;

        /* It exists, so it is not ours to remove. It must not be on record even for a moment: after a crash,
         * undo would remove it. */
        if (access(dir, F_OK) == 0)
                return err_path(err, EEXIST, "mkdir", dir, "make resctrl group `%s`", dir);
        *slot = oci_arena_strdup(c->state->arena, dir);
        if (!*slot)
                return err_nomem(err);
        r = record_save(c->state, err);
        if (r < 0)
                return r;
        if (mkdir(dir, 0755) == 0)
                return 0;
        r = errno;
        *slot = NULL;
        r = err_path(err, r, "mkdir", dir, "make resctrl group `%s`", dir);
        if (r == -ENOSPC)
                r = err_hint(err, r, "the processor has no class of service (or monitor) left");
        return r;
}

static int group_prepare(struct ctx *c, const char *root, const char *dir, struct cfs_error *err)
{
        const struct oci_intel_rdt *o = rdt(c);
        _cleanup_free_ char *asked = NULL;
        bool exists, any, made = false;
        int r;

        r = combine(o, &asked, err);
        if (r < 0)
                return r;
        any = *asked || o->n_schemata;
        exists = access(dir, F_OK) == 0;
        if (!o->clos_id) {
                r = make_recorded(c, &c->state->record->intel_rdt->path, dir, err);
        } else if (exists) {
                r = compare(dir, asked, err);
        } else if (!any) {
                r = err_set(err, CFS_E_INVALID,
                            "class of service `%s` does not exist, and no schema is given to make it", dir);
                (void)err_property(err, r, "linux.intelRdt.closID");
        } else {
                made = mkdir(dir, 0755) == 0;
                if (!made && errno != EEXIST)
                        r = err_path(err, errno, "mkdir", dir, "make resctrl group `%s`", dir);
        }
        if (r < 0)
                return r;
        if (!o->clos_id || !exists)
                r = resctrl_write_lines(root, dir, asked, err);
        for (size_t i = 0; r >= 0 && i < o->n_schemata; i++)
                r = resctrl_write_lines(root, dir, o->schemata[i], err);
        /* With half of its shares it would be in the way of the next container that names it. */
        if (r < 0 && made)
                (void)rmdir(dir);
        return r;
}

/* The two directories: *ret_mon is NULL without monitoring. */
static int directories(const struct ctx *c, const char *root, char **ret_dir, char **ret_mon,
                       struct cfs_error *err)
{
        const struct oci_intel_rdt *o = rdt(c);
        const char *name = o->clos_id ? o->clos_id : c->id;
        int r;

        if (STREQ(name, "/"))
                r = str_dup(ret_dir, root, err);
        else
                r = str_printf(ret_dir, err, "%s/%s", root, name);
        if (r < 0 || !o->enable_monitoring)
                return r;
        return str_printf(ret_mon, err, "%s/mon_groups/%s", *ret_dir, c->id);
}

/* The two groups below the mount point. */
static int groups_prepare(struct ctx *c, const char *root, struct cfs_error *err)
{
        _cleanup_free_ char *dir = NULL, *mon = NULL;
        struct oci_record *record = c->state->record;
        int r;

        r = directories(c, root, &dir, &mon, err);
        if (r < 0)
                return r;
        record->intel_rdt = oci_arena_alloc(c->state->arena, sizeof(*record->intel_rdt));
        if (!record->intel_rdt)
                return err_nomem(err);
        record->intel_rdt->class_path = oci_arena_strdup(c->state->arena, dir);
        if (!record->intel_rdt->class_path)
                return err_nomem(err);
        r = group_prepare(c, root, dir, err);
        if (r < 0 || !mon)
                return r;
        return make_recorded(c, &record->intel_rdt->mon_path, mon, err);
}

int intel_rdt_prepare(struct ctx *c, struct cfs_error *err)
{
        _cleanup_free_ char *root = NULL;
        int r = resctrl_find(c->proc_fd, &root, err);

        return r < 0 ? r : groups_prepare(c, root, err);
}

/* The init's tasks follow it. */
static int groups_join(const struct ctx *c, const char *root, struct cfs_error *err)
{
        _cleanup_free_ char *dir = NULL, *mon = NULL;
        char pid[16];
        int r;

        r = directories(c, root, &dir, &mon, err);
        if (r < 0)
                return r;
        (void)snprintf(pid, sizeof(pid), "%d", (int)c->pid);
        r = resctrl_write(root, dir, "tasks", pid, err);
        if (r < 0 || !mon)
                return r;
        return resctrl_write(root, mon, "tasks", pid, err);
}

/* The groups may be gone: then the container is in the default class, as its new process is. */
int intel_rdt_exec_host(struct ctx *c, struct cfs_error *err)
{
        const struct oci_record_intel_rdt *o = c->state->record->intel_rdt; /* it is: the row is wanted */
        const char *const dirs[] = { o->class_path, o->mon_path };

        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
                _cleanup_free_ char *path = NULL;
                char pid[16];
                int r = dirs[i] ? str_printf(&path, err, "%s/tasks", dirs[i]) : 0;

                if (r < 0)
                        return r;
                (void)snprintf(pid, sizeof(pid), "%d", (int)c->pid);
                if (!path || (access(path, F_OK) < 0 && errno == ENOENT))
                        continue;
                r = io_write_small(AT_FDCWD, path, pid, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int intel_rdt_host(struct ctx *c, struct cfs_error *err)
{
        _cleanup_free_ char *root = NULL;
        int r = resctrl_find(c->proc_fd, &root, err);

        return r < 0 ? r : groups_join(c, root, err);
}

/* Tasks in a group that goes away fall back to the default class. */
int intel_rdt_undo(struct state *s, struct cfs_error *err)
{
        const struct oci_record_intel_rdt *o = s->record->intel_rdt;
        const char *const dirs[] = { o ? o->mon_path : NULL, o ? o->path : NULL };
        int first = 0;

        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
                if (dirs[i] && rmdir(dirs[i]) < 0 && errno != ENOENT && first == 0)
                        first = err_path(err, errno, "rmdir", dirs[i], "remove resctrl group `%s`", dirs[i]);
        return first;
}

void intel_rdt_explain(const struct ctx *c, struct report *r)
{
        const struct oci_intel_rdt *o = rdt(c);

        if (o->clos_id)
                report_line(r, "join resctrl class of service %s", o->clos_id);
        else
                report_line(r, "make resctrl class of service %s", c->id ? c->id : "ID");
        if (o->l3_cache_schema)
                report_line(r, "write schemata %s", o->l3_cache_schema);
        if (o->mem_bw_schema)
                report_line(r, "write schemata %s", o->mem_bw_schema);
        for (size_t i = 0; i < o->n_schemata; i++)
                report_line(r, "write schemata %s", o->schemata[i]);
        if (o->enable_monitoring)
                report_line(r, "make resctrl monitoring group %s", c->id ? c->id : "ID");
}
