/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup of a process that `exec` adds to a container: the container's own, or one below it (--cgroup).
 *
 * What counts is where the limits are. A process that did not get in would be in the caller's cgroup, without
 * any of them, and outside of what pause, kill and delete reach. So in each hierarchy that the container
 * joined, the process either gets in or exec fails. Only a hierarchy in which the container itself got none
 * (rootless) is passed over.
 *
 * The recorded directory may be gone while the container runs: rmdir(2) takes it once the init has been moved
 * away. Then the init shows where the container is, /proc/PID/cgroup (cgroups(7)).
 */
#include "libcfs/cgroup/cgroup.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include "libcfs/cgroup/manager/manager.h"
#include <fcntl.h>
#include <unistd.h>

/* What --cgroup says about one hierarchy. */
struct wish {
        const char *path; /* below the container's cgroup; or NULL                     */
        bool by_name;     /* "CTRL:PATH": asked for in this hierarchy and no other     */
};

static int find_wish(const struct hierarchy *h, const char *const *sub, size_t n_sub, struct wish *ret,
                     struct cfs_error *err)
{
        *ret = (struct wish){ 0 };
        for (size_t i = 0; i < n_sub; i++) {
                const char *colon = strchr(sub[i], ':'), *path = colon ? colon + 1 : sub[i];
                char list[256], *save = list, *c;

                if (!colon) {
                        *ret = (struct wish){ .path = path };
                        continue;
                }
                if ((size_t)(colon - sub[i]) >= sizeof(list))
                        return err_set(err, CFS_E_INVALID, "unknown controller in `%s`", sub[i]);
                (void)snprintf(list, sizeof(list), "%.*s", (int)(colon - sub[i]), sub[i]);
                while ((c = strsep(&save, ","))) {
                        if (h->v2 ? !*c : detect_has(h->name, c))
                                *ret = (struct wish){ .path = path, .by_name = true };
                }
        }
        return 0;
}

static int check_sub(const struct cgroup *cg, const char *sub, struct cfs_error *err)
{
        const char *colon = strchr(sub, ':'), *path = colon ? colon + 1 : sub;
        char list[256], *save = list, *c;

        for (const char *p = path; *p;) {
                size_t n = strcspn(p, "/");

                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return err_set(err, CFS_E_INVALID,
                                       "bad sub cgroup path: `%s` is not a sub cgroup path", sub);
                p += n + (p[n] == '/');
        }
        if (!colon)
                return 0;
        if (cg->mode == CGROUP_MODE_V2)
                return err_set(
                        err, CFS_E_INVALID,
                        "bad sub cgroup path: `%s` names a controller, which cgroup v2 does not have hierarchies of",
                        sub);
        if ((size_t)(colon - sub) >= sizeof(list))
                return err_set(err, CFS_E_INVALID, "unknown controller in `%s`", sub);
        (void)snprintf(list, sizeof(list), "%.*s", (int)(colon - sub), sub);
        while ((c = strsep(&save, ","))) {
                bool known = false;

                for (size_t i = 0; i < cg->n; i++)
                        known = known || (cg->h[i].v2 ? !*c : detect_has(cg->h[i].name, c));
                if (!known)
                        return err_set(err, CFS_E_INVALID, "unknown controller `%s` in `%s`", c, sub);
        }
        return 0;
}

static int set_path(struct cgroup *cg, struct hierarchy *h, const char *sub, struct cfs_error *err)
{
        char *path = NULL;
        int r;

        r = str_printf(&path, err, "%s%s%s", h->path, *sub == '/' ? "" : "/", sub);
        if (r < 0)
                return r;
        cg->owned[cg->n_owned++] = path;
        h->path = path;
        return 0;
}

/* When a container has made cgroups of its own and enabled controllers for them, no process can enter its
 * uppermost cgroup (cgroups(7), "no internal processes"). Then exec joins the cgroup of its init. */
static int follow_init(struct cgroup *cg, struct hierarchy *h, const struct oci_record *rec,
                       struct cfs_error *err)
{
        char text[4096], name[64], *save = text, *line;
        size_t n = strlen(h->path), top = h->mount ? strlen(h->mount) : 0;

        if (tree_read(h->path, "cgroup.subtree_control", text, sizeof(text)) <= 0 || !top)
                return 0;
        (void)snprintf(name, sizeof(name), "/proc/%d", (int)rec->pid);
        if (tree_read(name, "cgroup", text, sizeof(text)) <= 0)
                return 0;
        while ((line = strsep(&save, "\n"))) {
                if (!str_has_prefix(line, "0::"))
                        continue;
                line += 3;
                if (strncmp(line, h->path + top, n - top) == 0 && line[n - top] == '/')
                        return set_path(cg, h, line + (n - top), err);
        }
        return 0;
}

/* The path of the process in the hierarchy, as text of /proc/PID/cgroup has it ("4:memory:/c1", "0::/c1");
 * or NULL. */
static const char *find_line(char *text, const char *name)
{
        char *line;

        while ((line = strsep(&text, "\n"))) {
                char *save = line, *names;

                (void)strsep(&save, ":");
                names = strsep(&save, ":");
                if (save && STREQ(names, name))
                        return save;
        }
        return NULL;
}

/* The directory in which the init is, when it is one that can be reached from here. */
static int find_init(const struct hierarchy *h, pid_t pid, char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        struct detect_host *host;
        const char *path;
        char name[64];
        int r;

        (void)snprintf(name, sizeof(name), "/proc/%d/cgroup", (int)pid);
        r = io_read_file(AT_FDCWD, name, 1U << 20, &text, NULL, err);
        if (r >= 0)
                r = detect_hierarchies(&host, err);
        if (r < 0)
                return r;
        path = find_line(text, h->name);
        if (!path || !h->mount || str_has_prefix(path, "/.."))
                return err_set(err, CFS_E_STATE, "its init, %d, is in none that can be seen from here",
                               (int)pid);
        for (size_t i = 0; i < host->n; i++) {
                const struct detect_mount *m = &host->mount[i];
                size_t n = STREQ(m->root, "/") ? 0 : strlen(m->root);

                if (STREQ(m->point, h->mount) && strncmp(path, m->root, n) == 0)
                        return str_printf(ret, err, "%s%s", h->mount, path + n);
        }
        return err_set(err, CFS_E_STATE, "no cgroup hierarchy is mounted at `%s`", h->mount);
}

/* The container's directory is not there. */
static int open_where_init_is(struct cgroup *cg, struct hierarchy *h, pid_t pid, struct cfs_error *err)
{
        const char *gone = h->path;
        char *path = NULL;
        int r = find_init(h, pid, &path, err);

        if (r >= 0) {
                cg->owned[cg->n_owned++] = path;
                h->path = path;
                r = h->ops->open(h, err);
        }
        return r < 0 ? err_prefix(err, r, "the container's cgroup `%s` is not there", gone) : 0;
}

/* Opens one hierarchy for exec. Returns 1 when that is where --cgroup leads, or it was not given. */
static int open_for_exec(struct cgroup *cg, struct hierarchy *h, const struct oci_record *rec,
                         const struct wish *wish, struct cfs_error *err)
{
        const char *own = h->path;
        struct cfs_error why = { 0 };
        int r = 0;

        if (h->denied)
                return 0;
        if (wish->path)
                r = set_path(cg, h, wish->path, err);
        else if (h->v2)
                r = follow_init(cg, h, rec, err);
        if (r < 0)
                return r;
        if (wish->path && access(h->path, F_OK) < 0) {
                /* Where there is no such directory, the container's own one is the right place; unless
                 * asked for. */
                if (errno != ENOENT || wish->by_name || cg->n == 1)
                        return err_path(err, errno, "access", h->path, "join cgroup `%s`", h->path);
                h->path = own;
        }
        r = cg->exec ? 0 : h->ops->open(h, &why);
        if (r == -ENOENT && WEAKENED("exec-cgroup"))
                return h->denied = true;
        if (r == -ENOENT && (!wish->path || h->path == own))
                r = open_where_init_is(cg, h, rec->pid, err);
        else if (r < 0)
                *err = why;
        return r < 0 ? r : h->path != own || !wish->path;
}

int cgroup_exec_open(const struct oci_record *rec, const char *const *sub, size_t n_sub, struct cgroup **ret,
                     struct cfs_error *err)
{
        struct cgroup *cg = NULL;
        size_t found = 0;
        int r;

        r = cgroup_open(rec, &cg, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_sub && r >= 0; i++)
                r = check_sub(cg, sub[i], err);
        /* We are in another branch of the tree than a user's scope: only systemd may move us across. */
        cg->exec = cg->rec && cg->rec->user && cg->manager == &systemd_ops;
        for (size_t i = 0; i < cg->n && r >= 0; i++) {
                struct wish wish;

                r = find_wish(&cg->h[i], sub, n_sub, &wish, err);
                if (r >= 0)
                        r = open_for_exec(cg, &cg->h[i], rec, &wish, err);
                found += r > 0;
        }
        if (r >= 0 && n_sub > 0 && found == 0)
                r = err_sys(err, ENOENT, NULL, "join cgroup `%s`", sub[0]);
        if (r < 0) {
                cgroup_close(cg);
                return r;
        }
        *ret = cg;
        return 0;
}
