/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which cgroup hierarchies there are.
 *
 * Three layouts are in use (cgroups(7)): one v2 tree at /sys/fs/cgroup; v1, where each controller, or a few
 * together, has a tree of its own; and the hybrid, v1 trees with a v2 tree beside them that holds the
 * controllers that no v1 tree took, if any. A controller is in exactly one tree.
 *
 * A pure v2 machine is known by one statfs(2). Everything else is read off the mount table, where the type is
 * field "cgroup" or "cgroup2", and the controllers are among the super block's options. Two traps: the table
 * also lists bind mounts of the same trees (those below /sys/fs/cgroup are preferred), and inside a container
 * without a cgroup namespace a tree is seen from somewhere below its root (the fourth field), while
 * /proc/self/cgroup still counts from the root.
 */
#include "libcfs/cgroup/hierarchy/detect.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/mountinfo.h"
#include "base/str.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#define CGROUP_DIR "/sys/fs/cgroup"

/* The cache: what a process finds does not change while it lives. */
static struct detect_host found;
static bool have_found;

static bool list_has(const char *list, const char *word, char separator)
{
        size_t n = strlen(word);

        while (*list) {
                const char *end = strchrnul(list, separator);

                if ((size_t)(end - list) == n && memcmp(list, word, n) == 0)
                        return true;
                list = *end ? end + 1 : end;
        }
        return false;
}

bool detect_has(const char *name, const char *controller)
{
        return list_has(name, controller, ',');
}

bool detect_lists(const char *list, const char *controller)
{
        return list_has(list, controller, ' ');
}

/* The controllers and the name among a v1 super block's options. */
static int v1_name(char *options, char **ret, struct cfs_error *err)
{
        static const char *const other[] = { "rw",
                                             "ro",
                                             "xattr",
                                             "noprefix",
                                             "clone_children",
                                             "cpuset_v2_mode",
                                             "favordynmods",
                                             "nofavordynmods",
                                             "none" };
        _cleanup_str_ struct str s = { 0 };
        char *save = options, *word;

        while ((word = strsep(&save, ","))) {
                bool skip = !*word || str_has_prefix(word, "release_agent=");

                for (size_t i = 0; !skip && i < ARRAY_SIZE(other); i++)
                        skip = STREQ(word, other[i]);
                if (skip)
                        continue;
                if (s.len > 0)
                        str_add(&s, ",");
                str_add(&s, word);
        }
        return str_take(&s, ret, err);
}

static int add_mount(struct detect_host *host, bool v2, const char *root, const char *point, char *options,
                     struct cfs_error *err)
{
        struct detect_mount *m = NULL;
        _cleanup_free_ char *name = NULL;
        int r;

        if (v2)
                r = str_dup(&name, "", err);
        else
                r = v1_name(options, &name, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < host->n && !m; i++) {
                if (STREQ(host->mount[i].name, name) && host->mount[i].v2 == v2)
                        m = &host->mount[i];
        }
        if (m) {
                /* A later mount of the same tree counts when it is at the usual place and the first was
                 * not. */
                if (!str_has_prefix(point, CGROUP_DIR) || str_has_prefix(m->point, CGROUP_DIR))
                        return 0;
                free(TAKE_PTR(m->point));
                free(TAKE_PTR(m->root));
        } else {
                if (host->n == CGROUP_MAX_HIERARCHIES)
                        return err_set(err, CFS_E_UNSUPPORTED,
                                       "cgroups: more than %d hierarchies are mounted",
                                       CGROUP_MAX_HIERARCHIES);
                m = &host->mount[host->n++];
                m->name = TAKE_PTR(name);
                m->v2 = v2;
        }
        r = str_dup(&m->point, point, err);
        if (r < 0)
                return r;
        return str_dup(&m->root, root, err);
}

/* Is path the point, or below it? */
static bool is_at(const char *path, const char *point)
{
        size_t n = strlen(point);

        return strncmp(path, point, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* Forgets what is mounted at or below a point that something else is now mounted on: it cannot be reached
 * any more. */
static void cover(struct detect_host *host, const char *point)
{
        for (size_t i = 0; i < host->n;) {
                struct detect_mount *m = &host->mount[i];

                if (!is_at(m->point, point)) {
                        i++;
                        continue;
                }
                free(m->name);
                free(m->point);
                free(m->root);
                *m = host->mount[--host->n];
                host->mount[host->n] = (struct detect_mount){ 0 };
        }
}

static enum cgroup_mode mode_of(const struct detect_host *host)
{
        bool v1 = false, v2 = false;

        for (size_t i = 0; i < host->n; i++) {
                if (host->mount[i].v2)
                        v2 = true;
                else
                        v1 = true;
        }
        if (v1)
                return v2 ? CGROUP_MODE_HYBRID : CGROUP_MODE_V1;
        return v2 ? CGROUP_MODE_V2 : CGROUP_MODE_ABSENT;
}

int detect_parse_mounts(struct mountinfo *m, struct detect_host *host, struct cfs_error *err)
{
        while (mountinfo_next(m)) {
                bool v2 = STREQ(m->type, "cgroup2");
                int r = 0;

                cover(host, m->point);
                if (v2 || STREQ(m->type, "cgroup"))
                        r = add_mount(host, v2, m->root, m->point, m->super, err);
                if (r < 0)
                        return r;
        }
        host->mode = mode_of(host);
        return 0;
}

int detect_hierarchies(struct detect_host **ret, struct cfs_error *err)
{
        _cleanup_mountinfo_ struct mountinfo m = { 0 };
        struct statfs sfs;
        int r;

        *ret = &found;
        if (have_found)
                return 0;
        if (statfs(CGROUP_DIR, &sfs) == 0 && (unsigned long)sfs.f_type == CGROUP2_SUPER_MAGIC) {
                char root[] = "/", point[] = CGROUP_DIR;

                r = add_mount(&found, true, root, point, NULL, err);
                found.mode = CGROUP_MODE_V2;
        } else {
                r = mountinfo_read(&m, AT_FDCWD, "/proc/self/mountinfo", err);
                if (r >= 0)
                        r = detect_parse_mounts(&m, &found, err);
        }
        if (r < 0) {
                detect_free(&found);
                return r;
        }
        have_found = true;
        return 0;
}

/* Where `path`, counted from the hierarchy's root, is seen below a mount of `root`; "/" when it is not. */
static const char *below_mount(const char *path, const char *root)
{
        size_t n = strlen(root);

        if (STREQ(root, "/"))
                return path;
        if (strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0'))
                return path[n] ? path + n : "/";
        return "/";
}

/* "4:memory:/system.slice" and "0::/" */
int detect_parse_own(char *cgroups, struct detect_host *host, struct cfs_error *err)
{
        char *line;

        while ((line = strsep(&cgroups, "\n"))) {
                char *save = line, *name;

                (void)strsep(&save, ":");
                name = strsep(&save, ":");
                if (!save || *save != '/')
                        continue;
                /* "/../x" is a cgroup outside of our cgroup namespace: nothing can be made beside it. */
                if (str_has_prefix(save, "/.."))
                        save[1] = '\0';
                for (size_t i = 0; i < host->n; i++) {
                        struct detect_mount *m = &host->mount[i];
                        int r;

                        if (m->own || !STREQ(m->name, name))
                                continue;
                        r = str_dup(&m->own, below_mount(save, m->root), err);
                        if (r < 0)
                                return r;
                }
        }
        for (size_t i = 0; i < host->n; i++) {
                struct detect_mount *m = &host->mount[i];
                int r = m->own ? 0 : str_dup(&m->own, "/", err);

                if (r < 0)
                        return r;
        }
        return 0;
}

int detect_own(struct detect_host *host, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (host->n == 0 || host->mount[0].own)
                return 0;
        r = io_read_file(AT_FDCWD, "/proc/self/cgroup", 1U << 20, &text, NULL, err);
        if (r < 0)
                return r;
        return detect_parse_own(text, host, err);
}

void detect_free(struct detect_host *host)
{
        for (size_t i = 0; i < host->n; i++) {
                free(host->mount[i].name);
                free(host->mount[i].point);
                free(host->mount[i].root);
                free(host->mount[i].own);
        }
        *host = (struct detect_host){ 0 };
}
