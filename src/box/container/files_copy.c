/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cp: what is copied is packed on one side and unpacked on the other, with the rules that hold for hostile
 * archives (image/member.c): neither side can lead the copy out of its directory.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "box/container/container.h"
#include "box/container/files.h"
#include "box/image/pack.h"
#include "box/image/unpack.h"
#include "box/store/container.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* One side of a copy: an entry of a directory, or all that is in it. */
struct place {
        int dir_fd;
        char *name; /* NULL: the directory's contents */
};

static void release(struct place *p)
{
        cleanup_close_p(&p->dir_fd);
        free(p->name);
}

/* The root of a container that runs is that of its init; that of another is mounted here, in a mount
 * namespace of our own. */
static int open_root(const struct box *box, const char *id, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *json = NULL;
        struct oci_state *state = NULL;
        struct cfs_error ignored;
        struct container c;
        char path[48];
        int fd, r;

        if (cfs_state(&box->rt, id, &json, &ignored) >= 0 &&
            oci_decode(&oci_state_type, "state", json, strlen(json), (void **)&state, &arena, &ignored) >=
                    0 &&
            state->pid > 0) {
                (void)snprintf(path, sizeof(path), "/proc/%d/root", state->pid);
                fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                return fd < 0 ? err_sys(err, errno, "open", "open the root of container %.12s", id) : fd;
        }
        r = create_reopen(&c, box, id, err);
        if (r < 0)
                return r;
        fd = prepare_mount(&c, err);
        create_release(&c);
        return fd;
}

/* Opens a directory, inside `root` unless that is negative. */
static int open_directory(int root, const char *path, struct cfs_error *err)
{
        int fd;

        if (root >= 0)
                return path_open_in_root(root, path, O_RDONLY | O_DIRECTORY, err);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? err_path(err, errno, "open", path, "open directory `%s`", path) : fd;
}

/* Splits off the last component; "DIR/." and "/" mean what is in the directory. */
static int find_place(int root, const char *path, struct place *ret, struct cfs_error *err)
{
        _cleanup_free_ char *copy = strdup(*path ? path : "/");
        size_t len = copy ? strlen(copy) : 0;
        char *slash;

        ret->name = NULL;
        if (!copy)
                return err_nomem(err);
        while (len > 1 && copy[len - 1] == '/')
                copy[--len] = '\0';
        slash = strrchr(copy, '/');
        if (STREQ(copy, "/") || STREQ(copy, ".") || STREQ(copy, "..") ||
            (slash && (STREQ(slash, "/.") || STREQ(slash, "/..")))) {
                ret->dir_fd = open_directory(root, copy, err);
                return ret->dir_fd < 0 ? ret->dir_fd : 0;
        }
        if (str_dup(&ret->name, slash ? slash + 1 : copy, err) < 0)
                return -ENOMEM;
        if (slash)
                *slash = '\0';
        ret->dir_fd = open_directory(root, !slash ? (root < 0 ? "." : "/") : *copy ? copy : "/", err);
        return ret->dir_fd < 0 ? ret->dir_fd : 0;
}

/* The destination: what is a directory takes the copy in, anything else is its new name. */
static int find_target(int root, const char *path, struct place *ret, struct cfs_error *err)
{
        struct cfs_error ignored;
        int fd = open_directory(root, *path ? path : "/", &ignored);

        if (fd >= 0) {
                *ret = (struct place){ .dir_fd = fd };
                return 0;
        }
        return find_place(root, path, ret, err);
}

static int unpack(int fd, const struct place *to, const char *rename, bool rootless, struct cfs_error *err)
{
        const struct unpack_options o = { .name = "copy",
                                          .rootless = rootless,
                                          .keep_owner = geteuid() == 0,
                                          .rename = rename,
                                          .max_bytes = UNPACK_MAX_BYTES,
                                          .max_members = UNPACK_MAX_MEMBERS };
        struct unpack_result result;

        return unpack_stream(fd, to->dir_fd, &o, &result, err);
}

static int pump(int fd, int to, struct cfs_error *err)
{
        char buf[65536];
        ssize_t n;
        int r;

        while ((n = read(fd, buf, sizeof(buf))) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                r = n < 0 ? -errno : io_write_all(to, buf, (size_t)n);
                if (r < 0)
                        return err_sys(err, -r, "write", "write the archive");
        }
        return 0;
}

/* Packs, and gives the archive to fn. */
static int packed(const struct pack_options *o, int (*fn)(int fd, const void *data, struct cfs_error *err),
                  const void *data, struct cfs_error *err)
{
        struct cfs_error pack_err = { 0 };
        struct pack p;
        int fd, finished, r = pack_start(&p, o, &fd, err);

        if (r < 0)
                return r;
        r = fn(fd, data, err);
        (void)close(fd);
        finished = pack_finish(&p, &pack_err);
        if (finished < 0 && (r >= 0 || pack_err.errnum != EPIPE)) {
                *err = pack_err;
                r = finished;
        }
        return r;
}

static int write_to(int fd, const void *data, struct cfs_error *err)
{
        return pump(fd, *(const int *)data, err);
}

int files_copy_pack(const struct pack_options *o, int to, struct cfs_error *err)
{
        return packed(o, write_to, &to, err);
}

struct unpacking {
        const struct place *to;
        const char *rename;
        bool rootless;
};

static int unpack_to(int fd, const void *data, struct cfs_error *err)
{
        const struct unpacking *u = data;

        return unpack(fd, u->to, u->rename, u->rootless, err);
}

/* to: NULL is standard output. */
static int copy(const struct place *from, const struct place *to, const char *what, bool rootless,
                struct cfs_error *err)
{
        const struct pack_options o = { .dir_fd = from->dir_fd, .name = what, .only = from->name };
        const struct unpacking u = { to, from->name && to ? to->name : NULL, rootless };
        struct stat st;

        if (from->name && fstatat(from->dir_fd, from->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, errno, "fstatat", "copy `%s`", what);
        return to ? packed(&o, unpack_to, &u, err) : files_copy_pack(&o, STDOUT_FILENO, err);
}

int files_copy_export(const struct box *box, const char *id, int to, struct cfs_error *err)
{
        _cleanup_close_ int root = open_root(box, id, err);
        const struct pack_options o = { .dir_fd = root, .name = "the container", .one_file_system = true };

        return root < 0 ? root : files_copy_pack(&o, to, err);
}

int files_copy_out(const struct box *box, const char *id, const char *path, const char *to,
                   struct cfs_error *err)
{
        struct place from = { .dir_fd = -1 }, target = { .dir_fd = -1 };
        _cleanup_close_ int root = -1;
        int r = STREQ(to, "-") ? 0 : find_target(-1, to, &target, err);

        if (r >= 0)
                r = root = open_root(box, id, err);
        if (r >= 0)
                r = find_place(root, path, &from, err);
        if (r >= 0)
                r = copy(&from, STREQ(to, "-") ? NULL : &target, path, box->rootless, err);
        release(&from);
        release(&target);
        return r < 0 ? r : 0;
}

int files_copy_in(const struct box *box, const char *id, const char *from_path, const char *path,
                  struct cfs_error *err)
{
        struct place from = { .dir_fd = -1 }, target = { .dir_fd = -1 };
        _cleanup_close_ int root = -1;
        bool archive = STREQ(from_path, "-");
        int r = archive ? 0 : find_place(-1, from_path, &from, err);

        if (r >= 0)
                r = root = open_root(box, id, err);
        if (r >= 0)
                r = find_target(root, path, &target, err);
        if (r >= 0 && archive && target.name)
                r = err_set(err, CFS_E_NOT_FOUND, "`%s` is not a directory of the container", path);
        if (r >= 0)
                r = archive ? unpack(STDIN_FILENO, &target, NULL, box->rootless, err)
                            : copy(&from, &target, from_path, box->rootless, err);
        release(&from);
        release(&target);
        return r < 0 ? r : 0;
}
