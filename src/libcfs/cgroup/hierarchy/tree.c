/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making, removing and walking the directories of a cgroup hierarchy.
 *
 * Making. A container's path may have several components ("/machine/ID"). Those that are missing are made
 * too, and get a mark, so that whichever container is the last to leave removes them: the one that made them
 * may well be gone before. The mark is the sticky bit, which has no other use there (only root and the owner
 * may remove anything in a cgroup anyway): mkdir(2) gives it at once, so that not even SIGKILL can come
 * between. What exists already gets an extended attribute. (kernfs keeps both in memory; Linux 5.7.)
 *
 * Removing. rmdir(2) of a cgroup that has children or processes fails with EBUSY, the same error for both.
 * What is below was made by the container and may be deeper than any path or descriptor limit allows, on
 * purpose. So the walk holds one descriptor and no recursion: down into the first child that will not go, up
 * by "..", until nothing is left. A directory that will not go although it has no children has processes in
 * it. Searching for processes is done likewise.
 */
#include "libcfs/cgroup/hierarchy/tree.h"
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/io.h"
#include "base/str.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MARK "user.cfs.made"

#define MODE        0755
#define MODE_MARKED (MODE | S_ISVTX)

const char *tree_file(char *buf, size_t size, const char *path, const char *file)
{
        int n = snprintf(buf, size, "%s/%s", path, file);

        return n > 0 && (size_t)n < size ? buf : NULL;
}

ssize_t tree_read(const char *path, const char *file, char *buf, size_t size)
{
        char name[PATH_MAX];

        if (!tree_file(name, sizeof(name), path, file))
                return -ENAMETOOLONG;
        return io_read_small(AT_FDCWD, name, buf, size);
}

int tree_write(const char *path, const char *file, const char *text, struct cfs_error *err)
{
        char name[PATH_MAX];

        if (!tree_file(name, sizeof(name), path, file))
                return err_sys(err, ENAMETOOLONG, NULL, "`%.256s.../%s`", path, file);
        return io_write_small(AT_FDCWD, name, text, err);
}

int tree_write_quiet(const char *path, const char *file, const char *text)
{
        char name[PATH_MAX];

        if (!tree_file(name, sizeof(name), path, file))
                return -ENAMETOOLONG;
        return io_write_small_quiet(AT_FDCWD, name, text);
}

int tree_number(const char *path, const char *file, uint64_t *ret)
{
        char buf[64];
        ssize_t n = tree_read(path, file, buf, sizeof(buf));

        if (n < 0)
                return (int)n;
        if (STREQ(buf, "max")) {
                *ret = UINT64_MAX;
                return 0;
        }
        return str_to_u64(buf, ret) < 0 ? -ENODATA : 0;
}

int tree_keyed(const char *path, const char *file, const char *key, uint64_t *ret)
{
        char buf[8192], *save = buf, *line;
        ssize_t n = tree_read(path, file, buf, sizeof(buf));
        size_t len = strlen(key);

        if (n < 0)
                return (int)n;
        while ((line = strsep(&save, "\n"))) {
                if (strncmp(line, key, len) == 0 && line[len] == ' ')
                        return str_to_u64(line + len + 1, ret) < 0 ? -ENODATA : 0;
        }
        return -ENOENT;
}

void tree_mark(const char *path)
{
        (void)setxattr(path, MARK, "1", 1, 0);
}

bool tree_is_marked(const char *path)
{
        char mark[4];
        struct stat st;

        if (stat(path, &st) == 0 && (st.st_mode & S_ISVTX))
                return true;
        return getxattr(path, MARK, mark, sizeof(mark)) >= 0;
}

/* Makes the parents of path; 0 or -errno. */
static int make_parents(const char *path)
{
        char buf[PATH_MAX];
        size_t n = strlen(path);

        if (n >= sizeof(buf))
                return -ENAMETOOLONG;
        memcpy(buf, path, n + 1);
        for (char *p = buf + 1; (p = strchr(p, '/')); p++) {
                *p = '\0';
                if (mkdir(buf, MODE_MARKED) < 0 && errno != EEXIST)
                        return errno == ENODEV ? -ENOENT : -errno;
                *p = '/';
        }
        return 0;
}

int tree_make(const char *path, bool marked, struct cfs_error *err)
{
        /* A parent that is missing may have been removed, this moment, by a container that left. */
        for (unsigned attempt = 0; attempt < 100; attempt++) {
                int r;

                if (mkdir(path, marked ? MODE_MARKED : MODE) == 0)
                        return 1;
                if (errno == EEXIST)
                        return 0;
                /* ENODEV: it was removed through another mount of the hierarchy, and this one has not heard
                 * of it yet (kernfs_iop_mkdir(), cgroup_kn_lock_live() in the kernel). */
                if (errno != ENOENT && errno != ENODEV)
                        break;
                r = make_parents(path);
                if (r < 0 && r != -ENOENT) {
                        errno = -r;
                        break;
                }
        }
        return err_path(err, errno, "mkdir", path, "make cgroup `%s`", path);
}

/* ---- what stays ---------------------------------------------------------------------------------------- */

int tree_keep(struct tree_kept *k, const char *path, bool others)
{
        struct stat st;
        char *copy;

        if (stat(path, &st) < 0)
                return 0;
        if (k->n == k->cap) {
                size_t cap = k->cap ? k->cap * 2 : 16;
                struct tree_directory *p = reallocarray(k->p, cap, sizeof(*p));

                if (!p)
                        return -ENOMEM;
                k->p = p;
                k->cap = cap;
        }
        copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        k->p[k->n++] =
                (struct tree_directory){ .dev = st.st_dev, .ino = st.st_ino, .path = copy, .others = others };
        return 0;
}

void tree_kept_free(struct tree_kept *k)
{
        while (k->n > 0)
                free(k->p[--k->n].path);
        free(k->p);
}

/* The entry of the directory `name` below fd, or NULL. */
static const struct tree_directory *find_kept(const struct tree_kept *k, int fd, const char *name)
{
        struct stat st;

        if (!k || k->n == 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return NULL;
        for (size_t i = 0; i < k->n; i++)
                if (k->p[i].dev == st.st_dev && k->p[i].ino == st.st_ino)
                        return &k->p[i];
        return NULL;
}

/* ---- removing ------------------------------------------------------------------------------------------ */

/* The name of the first subdirectory of fd that rmdir refuses; those that it takes are gone. 1: found, 0:
 * none. */
static int first_stubborn_child(int fd, const struct tree_kept *kept, char name[NAME_MAX + 1])
{
        _cleanup_(dir_close) struct dir dir = DIR_INIT;
        int r = dir_open(&dir, fd, ".");

        while (r >= 0 && (r = dir_next(&dir)) > 0) {
                if (dir.type != DT_DIR || find_kept(kept, fd, dir.name) ||
                    unlinkat(fd, dir.name, AT_REMOVEDIR) == 0 || errno == ENOENT)
                        continue;
                if (errno != EBUSY && errno != ENOTEMPTY)
                        return -errno;
                memcpy(name, dir.name, strlen(dir.name) + 1);
                return 1;
        }
        return r;
}

/* Removes all that is below fd and not kept. Takes the descriptor. */
static int remove_below(int fd, const struct tree_kept *kept)
{
        _cleanup_close_ int cur = fd;
        unsigned depth = 0;
        bool went_up = false;
        ino_t last = 0;

        for (;;) {
                char name[NAME_MAX + 1];
                struct stat st;
                int next, r;

                r = first_stubborn_child(cur, kept, name);
                if (r < 0)
                        return r;
                if (r == 0 && depth == 0)
                        return 0;
                next = openat(cur, r > 0 ? name : "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (next < 0) {
                        if (errno == ENOENT && r > 0)
                                continue;
                        return -errno;
                }
                if (r > 0 && fstat(next, &st) == 0 && went_up && st.st_ino == last) {
                        /* We have just been in there, and it was empty but for processes. */
                        close(next);
                        return -EBUSY;
                }
                if (r == 0 && fstat(cur, &st) == 0)
                        last = st.st_ino;
                went_up = r == 0;
                depth = r > 0 ? depth + 1 : depth - 1;
                close(cur);
                cur = next;
        }
}

static int empty(const char *path, const struct tree_kept *kept)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        return remove_below(fd, kept);
}

static bool is_below(const char *path, const char *dir)
{
        size_t n = strlen(dir);

        return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* What is beside the ways to other containers goes; then there may be processes in what is left. */
static int remove_around(const char *path, const struct tree_kept *kept)
{
        struct cfs_error ignored = { 0 };
        int r = empty(path, kept);

        for (size_t i = 0; r >= 0 && i < kept->n; i++)
                if (!kept->p[i].others && is_below(kept->p[i].path, path))
                        r = empty(kept->p[i].path, kept);
        return r < 0 ? r : tree_check_empty(path, kept, &ignored) < 0 ? -EBUSY : 1;
}

int tree_remove(const char *path, const struct tree_kept *kept)
{
        int r;

        if (rmdir(path) == 0 || errno == ENOENT)
                return 0;
        if (errno != EBUSY && errno != ENOTEMPTY)
                return -errno;
        for (size_t i = 0; kept && i < kept->n; i++)
                if (is_below(kept->p[i].path, path))
                        return remove_around(path, kept);
        r = empty(path, NULL);
        if (r < 0)
                return r;
        return rmdir(path) == 0 || errno == ENOENT ? 0 : -errno;
}

int tree_remove_parents(const char *path, unsigned n, unsigned missing)
{
        char buf[PATH_MAX];
        size_t len = strlen(path);

        if (len >= sizeof(buf))
                return -ENAMETOOLONG;
        memcpy(buf, path, len + 1);
        for (unsigned i = 0; i < n; i++) {
                char *slash = strrchr(buf, '/');

                if (!slash || slash == buf)
                        return 0;
                *slash = '\0';
                if (i >= missing && !tree_is_marked(buf) && errno != ENOENT)
                        return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
                if (rmdir(buf) < 0 && errno != ENOENT)
                        return errno == EBUSY || errno == ENOTEMPTY ? 0 : -errno; /* others are in it */
        }
        return 0;
}

static int add_pid(struct tree_pids *pids, pid_t pid)
{
        if (pids->n == pids->cap) {
                size_t cap = pids->cap ? pids->cap * 2 : 64;
                pid_t *p = reallocarray(pids->p, cap, sizeof(*p));

                if (!p)
                        return -ENOMEM;
                pids->p = p;
                pids->cap = cap;
        }
        pids->p[pids->n++] = pid;
        return 0;
}

static int collect_file(int dir, const char *file, struct tree_pids *pids)
{
        _cleanup_file_ FILE *f = NULL;
        _cleanup_close_ int fd = -1;
        char line[32];

        fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENODEV ? 0 : -errno;
        f = fdopen(fd, "re");
        if (!f)
                return -ENOMEM;
        fd = -1;
        while (fgets(line, sizeof(line), f)) {
                uint64_t pid;
                int r;

                line[strcspn(line, "\n")] = '\0';
                if (str_to_u64(line, &pid) < 0 || pid > INT_MAX)
                        continue;
                if (pid == 0) { /* a process of a PID namespace that is not below ours */
                        pids->hidden++;
                        continue;
                }
                r = add_pid(pids, (pid_t)pid);
                if (r < 0)
                        return r;
        }
        /* A threaded cgroup of v2 has threads only; their processes are listed further up. */
        return ferror(f) && errno != EOPNOTSUPP && errno != ENODEV ? -errno : 0;
}

/* What is still to be visited: names of children of the current directory, above them those of its parent,
 * with a NULL between them, which means "go up". */
struct todo {
        char **name;
        size_t n, cap;
};

static void todo_free(struct todo *t)
{
        while (t->n > 0)
                free(t->name[--t->n]);
        free(t->name);
}

static int todo_push(struct todo *t, const char *name)
{
        char *copy = NULL;

        if (t->n == t->cap) {
                size_t cap = t->cap ? t->cap * 2 : 32;
                char **p = reallocarray(t->name, cap, sizeof(*p));

                if (!p)
                        return -ENOMEM;
                t->name = p;
                t->cap = cap;
        }
        if (name) {
                copy = strdup(name);
                if (!copy)
                        return -ENOMEM;
        }
        t->name[t->n++] = copy;
        return 0;
}

static bool is_others(const struct tree_kept *kept, int fd, const char *name)
{
        const struct tree_directory *d = find_kept(kept, fd, name);

        return d && d->others;
}

static int push_children(int fd, const struct tree_kept *kept, struct todo *todo)
{
        _cleanup_(dir_close) struct dir dir = DIR_INIT;
        int r = dir_open(&dir, fd, ".");

        while (r >= 0 && (r = dir_next(&dir)) > 0)
                if (dir.type == DT_DIR && !is_others(kept, fd, dir.name))
                        r = todo_push(todo, dir.name);
        return r == -ENOENT ? 0 : r; /* the directory itself is gone */
}

static int visit_all(const char *path, const struct tree_kept *kept, int (*visit)(int fd, void *data),
                     void *data)
{
        _cleanup_(todo_free) struct todo todo = { 0 };
        _cleanup_close_ int cur = -1;
        int r;

        cur = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (cur < 0)
                return errno == ENOENT ? 0 : -errno;
        for (;;) {
                _cleanup_free_ char *name = NULL;
                int next;

                r = visit(cur, data);
                if (r >= 0)
                        r = push_children(cur, kept, &todo);
                if (r < 0)
                        return r;
                /* On to the next one that can be opened; a child may be gone by now, a parent cannot. */
                do {
                        if (todo.n == 0)
                                return 0;
                        free(name);
                        name = todo.name[--todo.n];
                        next = openat(cur, name ? name : "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                        if (next < 0 && (errno != ENOENT || !name))
                                return -errno;
                        if (next >= 0) {
                                close(cur);
                                cur = next;
                        }
                } while (!name || next < 0);
                r = todo_push(&todo, NULL);
                if (r < 0)
                        return r;
        }
}

int tree_visit(const char *path, int (*visit)(int fd, void *data), void *data)
{
        return visit_all(path, NULL, visit, data);
}

struct collect {
        const char *file;
        struct tree_pids *pids;
};

static int visit_collect(int fd, void *data)
{
        const struct collect *c = data;

        return collect_file(fd, c->file, c->pids);
}

int tree_collect(const char *path, const char *file, const struct tree_kept *kept, struct tree_pids *pids)
{
        return visit_all(path, kept, visit_collect, &(struct collect){ file, pids });
}

struct line {
        const char *file, *text;
};

static int visit_write(int fd, void *data)
{
        const struct line *l = data;

        (void)io_write_small_quiet(fd, l->file, l->text);
        return 0;
}

void tree_write_all(const char *path, const char *file, const char *text, const struct tree_kept *kept)
{
        (void)visit_all(path, kept, visit_write, &(struct line){ file, text });
}

int tree_check_empty(const char *path, const struct tree_kept *kept, struct cfs_error *err)
{
        _cleanup_free_ pid_t *p = NULL;
        struct tree_pids pids = { 0 };
        int r;

        r = tree_collect(path, "cgroup.procs", kept, &pids);
        p = pids.p;
        if (r < 0)
                return err_sys(err, -r, "read", "look for processes in `%s`", path);
        if (pids.n + pids.hidden > 0)
                return err_set(err, CFS_E_STATE,
                               "container's cgroup is not empty: %zu process(es) found in `%s`",
                               pids.n + pids.hidden, path);
        return 0;
}
