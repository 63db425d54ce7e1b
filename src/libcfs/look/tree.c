/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks a path of the container component by component, as the kernel will when the container exists: links
 * are followed inside the root, and what a mount of the configuration covers is looked for in the mount's
 * source. That is possible for bind mounts. What is on any other mount exists in the container only, and
 * nothing is said about it.
 *
 * The look-ups themselves are openat2(2) below a descriptor (base/path.h), so that a hostile root leads
 * nowhere else.
 */
#include "libcfs/look/tree.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define MAX_LINKS 40 /* as the kernel: path_resolution(7) */

/* Where the walk is. */
struct walk {
        const struct look_tree *tree;
        struct look_found *f;
        char todo[PATH_MAX]; /* what is left of the path */
        unsigned links;
};

static bool is_below(const char *path, const char *directory)
{
        size_t n = strlen(directory);

        if (n == 1)
                return true;
        return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The mount that a path lies on: the last one that covers it. SIZE_MAX: none. */
static size_t covering(const struct walk *w, const char *path)
{
        for (size_t i = w->tree->n_mounts; i-- > 0;)
                if (w->tree->at[i] && !oci_mount_has_option(w->tree->config->mounts[i], "remount") &&
                    is_below(path, w->tree->at[i]))
                        return i;
        return SIZE_MAX;
}

static int open_source(const struct look_tree *t, const struct oci_mount *m)
{
        _cleanup_free_ char *source = NULL;
        int fd;

        if (str_empty(m->source) || path_join(t->bundle, m->source, &source, NULL) < 0)
                return -ENOENT;
        fd = open(source, O_PATH | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Programs on a mount with noexec; the options of the configuration win over the source's. */
static bool is_noexec(const struct oci_mount *m, const struct mount_options *o, int fd)
{
        struct statfs fs;
        bool inherited = fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_NOEXEC);

        if (!m)
                return inherited;
        if ((o->top.set | o->all.set) & MOUNT_ATTR_NOEXEC)
                return true;
        return inherited && !((o->top.clr | o->all.clr) & MOUNT_ATTR_NOEXEC);
}

/* Opens one path that has no links but perhaps its last component. */
static int open_plain(struct walk *w, const char *path)
{
        const struct look_tree *t = w->tree;
        _cleanup_close_ int source = -1;
        struct mount_options o = { 0 };
        const struct oci_mount *m = NULL;
        int base = t->root_fd, fd;

        if (!*path)
                path = "/";
        w->f->mount = covering(w, path);
        if (w->f->mount != SIZE_MAX) {
                m = t->config->mounts[w->f->mount];
                if (mount_options_parse(m, t->arena, &o, NULL) < 0)
                        return -ENOMEM;
                w->f->unknown = !(o.flags & MOUNT_BIND);
                w->f->mapped = o.flags & (MOUNT_IDMAP | MOUNT_RIDMAP);
                if (w->f->unknown)
                        return -EXDEV;
                base = source = open_source(t, m);
                if (source < 0)
                        return source;
                path += strlen(t->at[w->f->mount]);
        }
        path += strspn(path, "/");
        fd = *path ? path_open_in_root(base, path, O_PATH | O_NOFOLLOW, NULL)
                   : fcntl(base, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return *path ? fd : -errno;
        w->f->noexec = is_noexec(m, &o, fd);
        return fstat(fd, &w->f->st) < 0 ? (close(fd), -errno) : fd;
}

static int too_long(struct walk *w)
{
        (void)snprintf(w->f->why, sizeof(w->f->why), "the path is too long");
        return -ENAMETOOLONG;
}

/* The text of a link replaces it in what is left. */
static int follow(struct walk *w, int fd, size_t parent)
{
        char text[PATH_MAX], rest[PATH_MAX];
        ssize_t n = readlinkat(fd, "", text, sizeof(text) - 1);

        if (n < 0)
                return -errno;
        text[n] = '\0';
        if (++w->links > MAX_LINKS) {
                (void)snprintf(w->f->why, sizeof(w->f->why), "`%.300s` is a link that leads in a circle",
                               w->f->path);
                return -ELOOP;
        }
        (void)snprintf(rest, sizeof(rest), "%s", w->todo);
        if ((size_t)n + 1 + strlen(rest) >= sizeof(w->todo))
                return too_long(w);
        memcpy(w->todo, text, (size_t)n);
        w->todo[n] = '/';
        memcpy(w->todo + n + 1, rest, strlen(rest) + 1);
        w->f->path[text[0] == '/' ? 0 : parent] = '\0';
        return 0;
}

static int say(struct walk *w, int r, int links)
{
        struct look_found *f = w->f;
        const char *path = f->path[0] ? f->path : "/";

        if (f->why[0])
                return r;
        if (r == -EXDEV && f->unknown)
                (void)snprintf(f->why, sizeof(f->why), "`%.300s` lies on mounts[%zu]", path, f->mount);
        else if (r == -ENOENT)
                (void)snprintf(f->why, sizeof(f->why), "`%.300s`%s does not exist", path,
                               links ? ", to which a link leads," : "");
        else if (r == -ENOTDIR)
                (void)snprintf(f->why, sizeof(f->why), "`%.300s` is not a directory", path);
        else
                (void)snprintf(f->why, sizeof(f->why), "`%.300s`: %s", path, strerrordesc_np(-r));
        return r;
}

/* A path cannot go on below a file, and below a directory only with search permission. */
static int pass(struct walk *w, int fd)
{
        struct look_found *f = w->f;

        if (!S_ISDIR(f->st.st_mode))
                return -ENOTDIR;
        if (look_tree_may(w->tree, fd, f, S_IXOTH))
                return 0;
        (void)snprintf(
                f->why, sizeof(f->why),
                "`%.200s` is a directory of mode %04o, owned by %u:%u: the user has no search permission",
                f->path[0] ? f->path : "/", (unsigned)f->st.st_mode & 07777, (unsigned)f->st.st_uid,
                (unsigned)f->st.st_gid);
        return -EACCES;
}

/* One component. `*fd` is where the walk is. */
static int step(struct walk *w, int *fd)
{
        char *here = w->f->path;
        size_t parent = strlen(here), n;
        int next, r;

        r = pass(w, *fd);
        if (r < 0)
                return r;
        n = strcspn(w->todo, "/");
        if (n == 2 && w->todo[0] == '.' && w->todo[1] == '.') {
                char *slash = strrchr(here, '/');

                if (slash)
                        *slash = '\0';
        } else if (n != 1 || w->todo[0] != '.') {
                if (parent + 1 + n >= PATH_MAX)
                        return too_long(w);
                here[parent] = '/';
                memcpy(here + parent + 1, w->todo, n);
                here[parent + 1 + n] = '\0';
        }
        memmove(w->todo, w->todo + n, strlen(w->todo + n) + 1);
        next = open_plain(w, here);
        if (next < 0)
                return next;
        if (S_ISLNK(w->f->st.st_mode)) {
                r = follow(w, next, parent);
                (void)close(next);
                next = r < 0 ? r : open_plain(w, here);
        }
        if (next < 0)
                return next;
        (void)close(*fd);
        *fd = next;
        return 0;
}

static int walk(struct walk *w, const char *path)
{
        _cleanup_close_ int fd = -1;

        *w->f = (struct look_found){ .mount = SIZE_MAX };
        if (strlen(path) >= sizeof(w->todo))
                return too_long(w);
        memcpy(w->todo, path, strlen(path) + 1);
        fd = open_plain(w, "/");
        if (fd < 0)
                return say(w, fd, 0);
        for (;;) {
                int r;

                memmove(w->todo, w->todo + strspn(w->todo, "/"), strlen(w->todo + strspn(w->todo, "/")) + 1);
                if (!*w->todo)
                        return TAKE_FD(fd);
                r = step(w, &fd);
                if (r < 0)
                        return say(w, r, w->links > 0);
        }
}

int look_tree_path(const struct look_tree *t, const char *path, struct look_found *f)
{
        struct walk w = { .tree = t, .f = f };

        return walk(&w, path);
}

/* Where mount i will be: its destination may lead through links of the root, and be made when it is
 * missing. */
static int place(struct look_tree *t, size_t i)
{
        struct look_found f;
        struct walk w = { .tree = t, .f = &f };
        const char *clean = mount_target_clean(t->config->mounts[i]->destination, t->arena);
        size_t size;
        char *at;
        int fd;

        if (!clean)
                return -ENOMEM;
        fd = walk(&w, clean);
        if (fd >= 0)
                (void)close(fd);
        size = strlen(f.path) + 1 + strlen(w.todo) + 1;
        at = oci_arena_alloc(t->arena, size);
        if (!at)
                return -ENOMEM;
        (void)snprintf(at, size, "%s%s%s", f.path, *w.todo && w.todo[0] != '/' ? "/" : "", w.todo);
        t->at[i] = *at ? at : (char *)"/";
        return 0;
}

int look_tree_open(struct look_tree *t, const char *root, const char *bundle, const struct oci_config *config,
                   struct oci_arena *arena)
{
        *t = (struct look_tree){ .bundle = bundle,
                                 .config = config,
                                 .arena = arena,
                                 .user = { .uid = (uid_t)-1, .gid = (gid_t)-1 } };
        t->root_fd = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        if (t->root_fd < 0)
                return root ? -errno : -ENOENT; /* a document without a root is reported by the decoder */
        if (!config || config->n_mounts == 0)
                return 0;
        t->at = oci_arena_alloc(arena, config->n_mounts * sizeof(*t->at));
        for (size_t i = 0; t->at && i < config->n_mounts; t->n_mounts = ++i)
                if (config->mounts[i]->destination && place(t, i) < 0)
                        t->at = NULL;
        if (t->at)
                return 0;
        look_tree_close(t);
        return -ENOMEM;
}

void look_tree_close(struct look_tree *t)
{
        if (t->root_fd >= 0)
                (void)close(t->root_fd);
        t->root_fd = -1;
}

static bool is_member(const struct look_user *u, gid_t gid)
{
        if (u->gid == gid)
                return true;
        for (size_t i = 0; i < u->n_groups; i++)
                if (u->groups[i] == gid)
                        return true;
        return false;
}

static bool is_mapped(struct oci_id_mapping *const *maps, size_t n, uint32_t id)
{
        for (size_t i = 0; i < n; i++)
                if (id >= maps[i]->host_id && id - maps[i]->host_id < maps[i]->size)
                        return true;
        return false;
}

/* capabilities(7): in a user namespace CAP_DAC_OVERRIDE counts for files whose owner and group are mapped. */
static bool overrides(const struct look_user *u, const struct stat *st)
{
        const struct oci_linux *l = u->maps;

        return u->override && (!l || (is_mapped(l->uid_mappings, l->n_uid_mappings, st->st_uid) &&
                                      is_mapped(l->gid_mappings, l->n_gid_mappings, st->st_gid)));
}

bool look_tree_may(const struct look_tree *t, int fd, const struct look_found *f, mode_t permission)
{
        const struct look_user *u = &t->user;
        const struct stat *st = &f->st;
        mode_t any = permission | permission << 3 | permission << 6;
        char path[40];

        if (u->uid == (uid_t)-1 || f->mapped)
                return S_ISDIR(st->st_mode) || (st->st_mode & any);
        /* Root may execute a file only when one of its execute bits is set. */
        if (overrides(u, st))
                return S_ISDIR(st->st_mode) || permission != S_IXOTH || (st->st_mode & any);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (getxattr(path, "system.posix_acl_access", NULL, 0) > 0)
                return true;
        if (u->uid == st->st_uid)
                return st->st_mode & permission << 6;
        if (is_member(u, st->st_gid))
                return st->st_mode & permission << 3;
        return st->st_mode & permission;
}
