/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of archives. It follows no link and crosses into nothing but directories; the tree may be a
 * container's, so what it says about itself is data.
 *
 * A file with several names is written once, and as a hard link after that. A file with holes is written as a
 * sparse one.
 */
#include "box/image/pack.h"
#include "base/cleanup.h"
#include "base/constructors.h"
#include "base/str.h"
#include "box/core/directory.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CHUNK        (256U << 10)
#define THREAD_STACK (8U << 20)
#define HOLE         (1UL << 30)

/* Files with several names that were met. */
struct seen {
        dev_t dev;
        ino_t ino;
        char *path;
};

struct writer {
        const struct pack_options *o;
        struct archive *a;
        struct cfs_error *err;
        struct seen *seen;
        size_t n_seen, cap_seen;
        dev_t dev;
        struct stat skip;
        bool has_skip;
        char *buf;
        char *names; /* of attributes */
        char *hole;  /* HOLE bytes of address space that read as zeros; NULL: not needed yet */
};

static int pack_archive_fail(const struct writer *w, const char *path)
{
        if (archive_errno(w->a) == EPIPE) /* the reader gave up, and knows why */
                return err_sys(w->err, EPIPE, "write", "pack `%s`", w->o->name);
        return err_set(w->err, CFS_E_SYSTEM, "pack `%s`: %s: %s", w->o->name, path,
                       archive_error_string(w->a));
}

static int pack_failed(const struct writer *w, const char *path, const char *syscall, const char *what)
{
        return err_sys(w->err, errno, syscall, "pack `%s`: %s `%s`", w->o->name, what, path);
}

static const char *first_path(struct writer *w, const struct stat *st, const char *path, int *r)
{
        for (size_t i = 0; i < w->n_seen; i++)
                if (w->seen[i].ino == st->st_ino && w->seen[i].dev == st->st_dev)
                        return w->seen[i].path;
        if (w->n_seen == w->cap_seen) {
                size_t cap = w->cap_seen ? 2 * w->cap_seen : 64;
                struct seen *grown = realloc(w->seen, cap * sizeof(*grown));

                if (!grown) {
                        *r = err_nomem(w->err);
                        return NULL;
                }
                w->seen = grown;
                w->cap_seen = cap;
        }
        *r = str_dup(&w->seen[w->n_seen].path, path, w->err);
        if (*r >= 0) {
                w->seen[w->n_seen].dev = st->st_dev;
                w->seen[w->n_seen++].ino = st->st_ino;
        }
        return NULL;
}

/* ---- attributes ---------------------------------------------------------------------------------------- */

static bool kept_xattr(const char *name)
{
        return (str_has_prefix(name, "user.") && !str_has_prefix(name, "user.overlay.")) ||
               STREQ(name, "security.capability") || str_has_prefix(name, "system.posix_acl_");
}

static int by_name(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_xattrs(struct writer *w, struct archive_entry *e, const char *fd_path, const char *path)
{
        ssize_t len = llistxattr(fd_path, w->names, CHUNK), n;
        const char *sorted[256];
        size_t count = 0;

        if (len < 0)
                return errno == EOPNOTSUPP ? 0 : pack_failed(w, path, "llistxattr", "list the attributes of");
        for (const char *p = w->names; p < w->names + len && count < ARRAY_SIZE(sorted); p += strlen(p) + 1)
                if (kept_xattr(p))
                        sorted[count++] = p;
        qsort(sorted, count, sizeof(*sorted), by_name);
        for (size_t i = 0; i < count; i++) {
                n = lgetxattr(fd_path, sorted[i], w->buf, CHUNK);
                if (n < 0 && errno != ENODATA)
                        return pack_failed(w, path, "lgetxattr", "read an attribute of");
                if (n >= 0)
                        archive_entry_xattr_add_entry(e, sorted[i], w->buf, (size_t)n);
        }
        return 0;
}

static bool is_opaque(const char *fd_path)
{
        char c = 0;

        return (lgetxattr(fd_path, "trusted.overlay.opaque", &c, 1) == 1 && c == 'y') ||
               (lgetxattr(fd_path, "user.overlay.opaque", &c, 1) == 1 && c == 'y');
}

/* ---- entries ------------------------------------------------------------------------------------------- */

static int add_holes(struct archive_entry *e, int fd, const struct stat *st)
{
        off_t at = 0, hole;

        if ((off_t)st->st_blocks * 512 >= st->st_size)
                return 0;
        while (at < st->st_size && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
                hole = lseek(fd, at, SEEK_HOLE);
                if (hole < 0)
                        break;
                archive_entry_sparse_add_entry(e, at, hole - at);
                at = hole;
        }
        if (archive_entry_sparse_count(e) == 0) /* one hole as a whole */
                archive_entry_sparse_add_entry(e, st->st_size, 0);
        return 0;
}

/* libarchive wants the bytes of holes as well, and does not look at them. Reading them would take hours for a
 * file of terabytes, which truncate(1) makes in no time: it gets memory that is never touched. */
static int skip_hole(struct writer *w, off_t *done, off_t end, const char *path)
{
        if (!w->hole) {
                void *p = mmap(NULL, HOLE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

                if (p == MAP_FAILED)
                        return pack_failed(w, path, "mmap", "reserve memory for the holes of");
                w->hole = p;
        }
        while (*done < end) {
                size_t n = end - *done < (off_t)HOLE ? (size_t)(end - *done) : HOLE;
                la_ssize_t taken = archive_write_data(w->a, w->hole, n);

                if (taken < 0)
                        return pack_archive_fail(w, path);
                if (taken == 0)
                        return 0;
                *done += taken;
        }
        return 0;
}

/* Where the hole that begins there ends; `at` when there is none. */
static off_t hole_end(int fd, off_t at, off_t size)
{
        off_t data = lseek(fd, at, SEEK_DATA);

        if (data < 0)
                return errno == ENXIO ? size : at;
        return data < size ? data : size;
}

static int copy_data(struct writer *w, int fd, const struct stat *st, const char *path)
{
        bool sparse = (off_t)st->st_blocks * 512 < st->st_size;
        off_t done = 0;

        while (done < st->st_size) {
                off_t end = sparse ? hole_end(fd, done, st->st_size) : done;
                size_t want = st->st_size - done < (off_t)CHUNK ? (size_t)(st->st_size - done) : CHUNK;
                ssize_t n;

                if (end > done) {
                        int r = skip_hole(w, &done, end, path);

                        if (r < 0)
                                return r;
                        continue;
                }
                n = pread(fd, w->buf, want, done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return pack_failed(w, path, "pread", "read");
                if (n == 0)
                        break; /* it has become shorter: libarchive fills up */
                if (archive_write_data(w->a, w->buf, (size_t)n) < 0)
                        return pack_archive_fail(w, path);
                done += n;
        }
        return 0;
}

static int header(struct writer *w, struct archive_entry *e, const char *path)
{
        int rc = archive_write_header(w->a, e);

        return rc < ARCHIVE_WARN ? pack_archive_fail(w, path) : 0;
}

/* A member that is only a name: the marks of removed files and of opaque directories. */
static int mark(struct writer *w, const char *dir, const char *prefix, const char *name)
{
        _cleanup_free_ char *path = NULL;
        struct archive_entry *e = archive_entry_new();
        int r = str_printf(&path, w->err, "%s%s%s%s", dir, *dir ? "/" : "", prefix, name);

        if (r >= 0 && !e)
                r = err_nomem(w->err);
        if (r >= 0) {
                archive_entry_set_pathname(e, path);
                archive_entry_set_filetype(e, AE_IFREG);
                archive_entry_set_perm(e, 0600);
                archive_entry_set_size(e, 0);
                archive_entry_set_mtime(e, 0, 0);
                r = header(w, e, path);
        }
        archive_entry_free(e);
        return r;
}

static int fill_entry(struct writer *w, struct archive_entry *e, int dirfd, const char *name,
                      const char *path, const struct stat *st)
{
        char target[PATH_MAX], fd_path[64 + NAME_MAX];
        const char *first = NULL;
        ssize_t n;
        int r = 0;

        archive_entry_copy_stat(e, st);
        if (st->st_uid - w->o->first_id < w->o->n_ids)
                archive_entry_set_uid(e, st->st_uid - w->o->first_id);
        if (st->st_gid - w->o->first_id < w->o->n_ids)
                archive_entry_set_gid(e, st->st_gid - w->o->first_id);
        archive_entry_unset_atime(e);
        archive_entry_unset_ctime(e);
        archive_entry_unset_birthtime(e);
        archive_entry_set_pathname(e, *path ? path : "./");
        if (S_ISLNK(st->st_mode)) {
                n = readlinkat(dirfd, name, target, sizeof(target) - 1);
                if (n < 0)
                        return pack_failed(w, path, "readlinkat", "read the link");
                target[n] = '\0';
                archive_entry_set_symlink(e, target);
        }
        if (!S_ISDIR(st->st_mode) && st->st_nlink > 1)
                first = first_path(w, st, path, &r);
        if (r < 0)
                return r;
        if (first) {
                archive_entry_set_hardlink(e, first);
                archive_entry_unset_size(e);
                return 1;
        }
        (void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d/%s", dirfd, name);
        return S_ISLNK(st->st_mode) ? 0 : add_xattrs(w, e, fd_path, path);
}

static int add_directory(struct writer *w, int fd, const char *path);

static int add_contents(struct writer *w, struct archive_entry *e, int dirfd, const char *name,
                        const char *path, const struct stat *st)
{
        _cleanup_close_ int fd = -1;
        char fd_path[32];
        int r = 0;

        if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) {
                fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                if (fd < 0)
                        return pack_failed(w, path, "openat", "open");
        }
        if (S_ISREG(st->st_mode))
                r = add_holes(e, fd, st);
        if (r >= 0)
                r = header(w, e, path);
        if (r >= 0 && S_ISREG(st->st_mode))
                return copy_data(w, fd, st, path);
        if (r < 0 || !S_ISDIR(st->st_mode))
                return r;
        (void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
        if (w->o->overlay && is_opaque(fd_path))
                r = mark(w, path, "", ".wh..wh..opq");
        if (r >= 0 && (!w->o->one_file_system || st->st_dev == w->dev))
                r = add_directory(w, fd, path);
        return r;
}

/* In the upper layer of a container: the files on which the box mounts its own, made empty by the runtime. */
static bool is_mount_point(const struct writer *w, const char *dir, const char *name, const struct stat *st)
{
        static const char *const own[] = { "hosts", "hostname", "resolv.conf" };

        for (size_t i = 0; w->o->upper && STREQ(dir, "etc") && i < ARRAY_SIZE(own); i++)
                if (STREQ(own[i], name))
                        return S_ISREG(st->st_mode) && st->st_size == 0;
        return false;
}

static int add(struct writer *w, int dirfd, const char *dir, const char *name)
{
        _cleanup_free_ char *path = NULL;
        struct archive_entry *e;
        struct stat st;
        int r;

        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : pack_failed(w, name, "fstatat", "look at");
        if (is_mount_point(w, dir, name, &st))
                return 0;
        if (w->has_skip && st.st_ino == w->skip.st_ino && st.st_dev == w->skip.st_dev)
                return 0;
        if (S_ISSOCK(st.st_mode)) /* means nothing without its server */
                return 0;
        if (w->o->overlay && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
                return mark(w, dir, ".wh.", name);
        if (STREQ(name, "."))
                r = str_dup(&path, "", w->err);
        else
                r = str_printf(&path, w->err, "%s%s%s", dir, *dir ? "/" : "", name);
        if (r < 0)
                return r;
        e = archive_entry_new();
        if (!e)
                return err_nomem(w->err);
        r = fill_entry(w, e, dirfd, name, path, &st);
        if (r > 0) /* a further name */
                r = header(w, e, path);
        else if (r == 0)
                r = add_contents(w, e, dirfd, name, path, &st);
        archive_entry_free(e);
        return r;
}

/* What was read before a failure is in the list, too. */
static int read_names(struct writer *w, int fd, const char *path, char ***names, size_t *n)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        size_t cap = 0;
        int r = directory_open(&d, fd, ".", path, w->err);

        while (r >= 0 && (r = directory_next(&d, path, w->err)) > 0) {
                if (*n == cap) {
                        char **grown = realloc(*names, (cap = cap ? 2 * cap : 32) * sizeof(*grown));

                        if (!grown)
                                return err_nomem(w->err);
                        *names = grown;
                }
                r = str_dup(&(*names)[*n], d.name, w->err);
                *n += r >= 0;
        }
        return r < 0 ? err_prefix(w->err, r, "pack `%s`", w->o->name) : 0;
}

static int add_directory(struct writer *w, int fd, const char *path)
{
        char **names = NULL;
        size_t n = 0;
        int r = read_names(w, fd, path, &names, &n);

        if (n > 0)
                qsort(names, n, sizeof(*names), by_name);
        for (size_t i = 0; i < n; i++) {
                if (r >= 0)
                        r = add(w, fd, path, names[i]);
                free(names[i]);
        }
        free(names);
        return r;
}

static int open_archive(struct writer *w, int fd)
{
        constructors_needed();
        w->a = archive_write_new();
        w->buf = malloc(CHUNK);
        w->names = malloc(CHUNK);
        if (!w->a || !w->buf || !w->names)
                return err_nomem(w->err);
        (void)archive_write_set_format_pax(w->a);
        if (w->o->gzip) {
                (void)archive_write_add_filter_gzip(w->a);
                (void)archive_write_set_options(w->a, "gzip:!timestamp,gzip:compression-level=6");
        }
        (void)archive_write_set_bytes_in_last_block(w->a, 1);
        return archive_write_open_fd(w->a, fd) == ARCHIVE_OK ? 0 : pack_archive_fail(w, ".");
}

static int write_archive(const struct pack_options *o, int fd, struct cfs_error *err)
{
        struct writer w = { .o = o, .err = err };
        struct stat st;
        int r = open_archive(&w, fd);

        if (r >= 0 && fstat(o->dir_fd, &st) < 0)
                r = pack_failed(&w, ".", "fstat", "look at");
        if (r >= 0) {
                w.dev = st.st_dev;
                w.has_skip = o->skip_fd > 0 && fstat(o->skip_fd, &w.skip) == 0;
                r = add(&w, o->dir_fd, "", o->only ? o->only : ".");
        }
        if (r >= 0 && archive_write_close(w.a) != ARCHIVE_OK)
                r = pack_archive_fail(&w, ".");
        if (w.a) {
                if (r < 0)
                        (void)archive_write_fail(w.a);
                (void)archive_write_free(w.a);
        }
        for (size_t i = 0; i < w.n_seen; i++)
                free(w.seen[i].path);
        free(w.seen);
        free(w.buf);
        free(w.names);
        if (w.hole)
                (void)munmap(w.hole, HOLE);
        return r;
}

static void *pack_thread(void *data)
{
        struct pack *p = data;
        locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), before = uselocale(utf8);

        p->result = write_archive(&p->o, p->write_fd, &p->err);
        (void)close(p->write_fd);
        (void)uselocale(before);
        if (utf8)
                freelocale(utf8);
        return NULL;
}

/* With the stack that glibc gives to threads: musl's are small, and a tree may be deep. */
static int start_thread(struct pack *p)
{
        pthread_attr_t attr;
        int rc = pthread_attr_init(&attr);

        if (rc != 0)
                return rc;
        rc = pthread_attr_setstacksize(&attr, THREAD_STACK);
        if (rc == 0)
                rc = pthread_create(&p->thread, &attr, pack_thread, p);
        (void)pthread_attr_destroy(&attr);
        return rc;
}

int pack_start(struct pack *p, const struct pack_options *o, int *ret_fd, struct cfs_error *err)
{
        sigset_t block, old;
        int fds[2], rc;

        *p = (struct pack){ .o = *o };
        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        (void)fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
        p->write_fd = fds[1];
        /* The thread gets no signal: neither SIGPIPE nor what is meant for its owner. */
        (void)sigfillset(&block);
        (void)pthread_sigmask(SIG_SETMASK, &block, &old);
        rc = start_thread(p);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (rc != 0) {
                (void)close(fds[0]);
                (void)close(fds[1]);
                return err_sys(err, rc, "pthread_create", "start the packer");
        }
        *ret_fd = fds[0];
        return 0;
}

int pack_finish(struct pack *p, struct cfs_error *err)
{
        (void)pthread_join(p->thread, NULL);
        if (p->result < 0)
                *err = p->err;
        return p->result;
}
