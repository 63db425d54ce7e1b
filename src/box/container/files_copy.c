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
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

/* One side of a copy: an entry of a directory, or all that is in it. */
struct place {
        int dir_fd;
        char *name;  /* NULL: the directory's contents            */
        char *shown; /* what the copy is called; NULL: the same   */
};

static void release(struct place *p)
{
        cleanup_close_p(&p->dir_fd);
        free(p->name);
        free(p->shown);
}

/* The root of a container that runs is that of its init; that of another is mounted here, in a mount
 * namespace of our own. */
struct side {
        int root_fd;
        uint32_t host_id, n_ids; /* of its user namespace */
};

static int open_root(const struct box *box, const char *id, struct side *ret, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *json = NULL;
        struct oci_state *state = NULL;
        struct cfs_error ignored;
        struct container c;
        char path[48];
        int r = create_reopen(&c, box, id, err);

        if (r < 0)
                return r;
        ret->host_id = c.host_id;
        ret->n_ids = c.n_ids;
        if (cfs_state(&box->rt, id, &json, &ignored) >= 0 &&
            oci_decode(&oci_state_type, "state", json, strlen(json), (void **)&state, &arena, &ignored) >=
                    0 &&
            state->pid > 0) {
                (void)snprintf(path, sizeof(path), "/proc/%d/root", state->pid);
                ret->root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = ret->root_fd < 0 ? err_sys(err, errno, "open", "open the root of container %.12s", id)
                                     : 0;
        } else {
                r = ret->root_fd = prepare_mount(&c, err);
        }
        create_release(&c);
        return r < 0 ? r : 0;
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

/* What a link leads to, link after link; the copy keeps the first name. */
static int follow_links(int root, const char *path, struct place *p, struct cfs_error *err)
{
        _cleanup_free_ char *at = strdup(path), *first = p->name ? strdup(p->name) : NULL;
        char target[PATH_MAX];
        unsigned n = 0;

        if (!at || (p->name && !first))
                return err_nomem(err);
        while (p->name) {
                ssize_t len = readlinkat(p->dir_fd, p->name, target, sizeof(target) - 1);
                char *slash = strrchr(at, '/'), *next = NULL;
                int r;

                if (len < 0)
                        break;
                target[len] = '\0';
                if (++n > 40)
                        return err_sys(err, ELOOP, "readlinkat", "follow `%s`", path);
                r = *target == '/' || !slash
                            ? str_dup(&next, target, err)
                            : str_printf(&next, err, "%.*s/%s", (int)(slash - at), at, target);
                if (r < 0)
                        return r;
                free(at);
                at = next;
                release(p);
                *p = (struct place){ .dir_fd = -1 };
                r = find_place(root, at, p, err);
                if (r < 0)
                        return r;
        }
        p->shown = n > 0 && p->name ? TAKE_PTR(first) : NULL;
        return 0;
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

/* docker's rules (docker cp) for what is not a directory yet. */
static int check_target(const struct place *from, const struct place *to, const char *path,
                        struct cfs_error *err)
{
        bool directory = !from->name;
        struct stat st;

        if (!to->name)
                return 0;
        if (from->name && fstatat(from->dir_fd, from->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                directory = S_ISDIR(st.st_mode);
        if (!directory && path[strlen(path) - 1] == '/')
                return err_set(err, CFS_E_NOT_FOUND, "`%s`: there is no such directory", path);
        if (directory && fstatat(to->dir_fd, to->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                return err_set(err, CFS_E_INVALID, "`%s` is not a directory, and a directory is to be copied",
                               path);
        return 0;
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
        const struct side *side;
        const struct place *from, *to;
        bool rootless;
        int fd, other_end; /* where the archive comes from, and -1 or what a process of its own has to close */
};

static int unpack_there(const void *data, struct cfs_error *err)
{
        const struct unpacking *u = data;
        const char *rename = !u->from || !u->from->name ? NULL : u->to->name ? u->to->name : u->from->shown;
        struct place inside = { .dir_fd = u->to->dir_fd };
        /* In a user namespace, device nodes cannot be made. */
        bool limited = u->rootless || u->side->n_ids > 0;
        int r;

        if (u->other_end >= 0)
                (void)close(u->other_end);
        if (!u->to->name || !u->from || u->from->name)
                return unpack(u->fd, u->to, rename, limited, err);
        if (mkdirat(u->to->dir_fd, u->to->name, 0755) < 0)
                return err_sys(err, errno, "mkdirat", "make directory `%s`", u->to->name);
        inside.dir_fd = openat(u->to->dir_fd, u->to->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inside.dir_fd < 0)
                return err_sys(err, errno, "openat", "open directory `%s`", u->to->name);
        r = unpack(u->fd, &inside, NULL, limited, err);
        (void)close(inside.dir_fd);
        return r;
}

static int unpack_to(int fd, const void *data, struct cfs_error *err)
{
        struct unpacking u = *(const struct unpacking *)data;

        u.fd = fd;
        return unpack_there(&u, err);
}

/* The same, in a process of the container's user namespace. `o`: what is packed here for it; NULL: it reads
 * u->fd. */
static int unpack_in_userns(const struct pack_options *o, struct unpacking *u, struct cfs_error *err)
{
        const struct sigaction ignore = { .sa_handler = SIG_IGN };
        struct files_userns process = { .fd = -1 };
        struct cfs_error ours = { 0 };
        int fds[2] = { -1, -1 }, packed_here = 0, r;

        if (o && pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        if (o)
                u->fd = fds[0];
        u->other_end = fds[1];
        r = files_userns_start(u->side->host_id, u->side->n_ids, unpack_there, u, &process, err);
        cleanup_close_p(&fds[0]);
        if (r >= 0 && o) {
                (void)sigaction(SIGPIPE, &ignore, NULL); /* when it gives up, it says why */
                packed_here = files_copy_pack(o, fds[1], &ours);
        }
        cleanup_close_p(&fds[1]);
        if (r < 0)
                return r;
        r = files_userns_finish(&process, err);
        if (r >= 0 && packed_here < 0) {
                *err = ours;
                return packed_here;
        }
        return r;
}

int files_copy_export(const struct box *box, const char *id, int to, struct cfs_error *err)
{
        struct side side = { .root_fd = -1 };
        int r = open_root(box, id, &side, err);
        const struct pack_options o = { .dir_fd = side.root_fd,
                                        .name = "the container",
                                        .one_file_system = true,
                                        .first_id = side.host_id,
                                        .n_ids = side.n_ids };

        if (r >= 0)
                r = files_copy_pack(&o, to, err);
        cleanup_close_p(&side.root_fd);
        return r;
}

static int check_source(const struct place *from, const char *what, struct cfs_error *err)
{
        struct stat st;

        if (from->name && fstatat(from->dir_fd, from->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, errno, "fstatat", "copy `%s`", what);
        return 0;
}

int files_copy_out(const struct box *box, const char *id, const char *path, const char *to, bool follow,
                   struct cfs_error *err)
{
        static const struct side host = { .root_fd = -1 };
        struct place from = { .dir_fd = -1 }, target = { .dir_fd = -1 };
        struct side side = { .root_fd = -1 };
        bool archive = STREQ(to, "-");
        int r = archive ? 0 : find_target(-1, to, &target, err);

        if (r >= 0)
                r = open_root(box, id, &side, err);
        if (r >= 0)
                r = find_place(side.root_fd, path, &from, err);
        if (r >= 0 && follow)
                r = follow_links(side.root_fd, path, &from, err);
        if (r >= 0)
                r = check_source(&from, path, err);
        if (r >= 0 && !archive)
                r = check_target(&from, &target, to, err);
        if (r >= 0) {
                const struct pack_options o = { .dir_fd = from.dir_fd,
                                                .name = path,
                                                .only = from.name,
                                                .first_id = side.host_id,
                                                .n_ids = side.n_ids };
                const struct unpacking u = { &host, &from, &target, box->rootless, -1, -1 };

                r = archive ? files_copy_pack(&o, STDOUT_FILENO, err) : packed(&o, unpack_to, &u, err);
        }
        cleanup_close_p(&side.root_fd);
        release(&from);
        release(&target);
        return r < 0 ? r : 0;
}

int files_copy_in(const struct box *box, const char *id, const char *from_path, const char *path, bool follow,
                  struct cfs_error *err)
{
        struct place from = { .dir_fd = -1 }, target = { .dir_fd = -1 };
        struct side side = { .root_fd = -1 };
        bool archive = STREQ(from_path, "-");
        int r = archive ? 0 : find_place(-1, from_path, &from, err);

        if (r >= 0 && !archive && follow)
                r = follow_links(-1, from_path, &from, err);
        if (r >= 0 && !archive)
                r = check_source(&from, from_path, err);
        if (r >= 0)
                r = open_root(box, id, &side, err);
        if (r >= 0)
                r = find_target(side.root_fd, path, &target, err);
        if (r >= 0 && archive && target.name)
                r = err_set(err, CFS_E_NOT_FOUND, "`%s` is not a directory of the container", path);
        if (r >= 0 && !archive)
                r = check_target(&from, &target, path, err);
        if (r >= 0) {
                const struct pack_options o = { .dir_fd = from.dir_fd, .name = from_path, .only = from.name };
                struct unpacking u = {
                        &side, archive ? NULL : &from, &target, box->rootless, STDIN_FILENO, -1
                };

                if (side.n_ids > 0)
                        r = unpack_in_userns(archive ? NULL : &o, &u, err);
                else
                        r = archive ? unpack_there(&u, err) : packed(&o, unpack_to, &u, err);
        }
        cleanup_close_p(&side.root_fd);
        release(&from);
        release(&target);
        return r < 0 ? r : 0;
}
