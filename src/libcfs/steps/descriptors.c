/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which descriptors the program gets: 0, 1, 2, then LISTEN_FDS (sd_listen_fds(3)), then --preserve-fds, as
 * far as they are open; nothing else (runtime.md does not ask for more, CVE-2024-21626 shows why).
 *
 * The runtime's own are all close-on-exec, and so are those that its caller left open: ctx_facts() sees to
 * that. That protects the program, not us: before the init looks up the working directory and the program as
 * the user wrote them, every descriptor that leads to a directory must be gone, or a path like
 * /proc/self/fd/7/.. would lead to the host. What may stay are sockets, the terminal, and what the user asked
 * to hand over.
 *
 * What is handed over is an object of the host's, and a container that owns it can change its mode and owner
 * through /proc/self/fd. For a file, a terminal or a pipe that is what the caller wants. The null device is
 * different: callers that have nothing to hand over name it (engines, for a container without -i), and it is
 * the one that all of the host uses. Root in a container would own it. So each of those descriptors that is
 * the null device becomes the container's own, as in runc and crun. Where another thing has its place
 * (`--volume /dev/zero:/dev/null`), it becomes a new one, in a file system that nothing else sees.
 *
 * A directory as a standard stream is never meant, since no program can read it: an engine that has closed
 * its descriptor 0 gets it for the next file that it opens. fchdir(2) there would be the way out of the
 * container, so it is an error.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include "libcfs/process/sync.h"
#include "libcfs/store/state.h"
#include "libcfs/walk/trace.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define OVERFLOW_UID 65534 /* an owner that is not mapped */

/* LISTEN_PID names the process that the descriptors are for: if it is not us, they are not ours to pass on
 * (sd_listen_fds(3)). */
static int listen_fds_from_env(void)
{
        const char *n = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
        uint64_t count, p;

        if (!n || str_to_u64(n, &count) < 0 || count > 4096)
                return 0;
        if (pid && (str_to_u64(pid, &p) < 0 || p != (uint64_t)getpid()))
                return 0;
        return (int)count;
}

/* Their names, for checkpoint: a pipe to an engine is known by nothing else. */
static int record_names(struct ctx *c, struct cfs_error *err)
{
        size_t n = 3 + (size_t)c->preserve_fds;
        char **names = oci_arena_alloc(c->arena, n * sizeof(*names));
        _not_zeroed_ char name[PATH_MAX];
        char path[32];

        if (!names)
                return err_nomem(err);
        for (size_t i = 0; i < n; i++) {
                (void)snprintf(path, sizeof(path), "self/fd/%zu", i);
                bool theirs = i < 3 || ctx_is_inherited(c, (int)i);
                ssize_t len = theirs ? readlinkat(c->proc_fd, path, name, sizeof(name)) : 0;

                names[i] = oci_arena_strndup(c->arena, name, len > 0 ? (size_t)len : 0);
                if (!names[i])
                        return err_nomem(err);
        }
        c->state->record->descriptors = names;
        c->state->record->n_descriptors = n;
        return 0;
}

int descriptors_exec_prepare(struct ctx *c, struct cfs_error *err)
{
        c->listen_fds = listen_fds_from_env();
        c->preserve_fds = c->listen_fds + c->preserve_asked;
        if (c->preserve_fds > INHERITED_FDS - 3)
                return err_set(err, CFS_E_INVALID, "--preserve-fds: at most %d descriptors can be passed on",
                               INHERITED_FDS - 3);
        for (int fd = 3; fd < 3 + c->listen_fds; fd++)
                if (!ctx_is_inherited(c, fd))
                        return err_set(
                                err, CFS_E_INVALID,
                                "descriptor %d is to be passed to the container (LISTEN_FDS), but is not open",
                                fd);
        return 0;
}

int descriptors_prepare(struct ctx *c, struct cfs_error *err)
{
        int r = descriptors_exec_prepare(c, err);

        return r < 0 ? r : record_names(c, err);
}

static bool is_null_device(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* One that nothing else has, where the container has another thing on /dev/null. -EPERM: in a user
 * namespace. There the host's can stay, if it belongs to a user that the container has not
 * (user_namespaces(7)). */
static int make_null(struct cfs_error *err)
{
        _cleanup_close_ int fs = mnt_new_fs("tmpfs", "tmpfs", NULL, 0, err);
        int fd;

        if (fs < 0)
                return fs;
        if (mknodat(fs, "null", S_IFCHR | 0666, makedev(1, 3)) < 0)
                return err_sys(err, errno, "mknodat", "make a null device");
        fd = openat(fs, "null", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? err_sys(err, errno, "openat", "open the new null device") : fd;
}

/* The container's null device, open for reading and writing. Its place can hold whatever the container
 * likes (a link to /proc/self/fd/0 among others), so it is looked at before it is opened, and opened
 * through the host's procfs. */
static int descriptors_open_null(const struct ctx *c, int root, struct cfs_error *err)
{
        _cleanup_close_ int fd = path_open_in_root(root, "/dev/null", O_PATH, err);
        char path[32];
        struct stat st;
        int opened;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return err_sys(err, errno, "fstat", "examine `/dev/null`");
        if (!is_null_device(&st))
                return make_null(err);
        (void)snprintf(path, sizeof(path), "self/fd/%d", fd);
        opened = openat(c->proc_fd, path, O_RDWR | O_CLOEXEC);
        return opened < 0 ? err_sys(err, errno, "openat", "open the container's `/dev/null`") : opened;
}

/* 1: it is handed over, and is the null device. */
static int look_at_passed(const struct ctx *c, int fd, struct cfs_error *err)
{
        struct stat st;

        if ((fd > 2 && !ctx_is_inherited(c, fd)) || fstat(fd, &st) < 0)
                return 0;
        if (fd <= 2 && S_ISDIR(st.st_mode) && !WEAKENED("directory-stream"))
                return err_hint(err,
                                err_set(err, CFS_E_INVALID,
                                        "standard stream %d is a directory of the host, from which the "
                                        "container could reach all others",
                                        fd),
                                "--preserve-fds hands a directory over");
        return is_null_device(&st) && !WEAKENED("null-device");
}

static int replace_null(const struct ctx *c, int from, struct cfs_error *err)
{
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int null = -1;
        struct stat st;

        if (root < 0)
                return err_sys(err, errno, "open", "open `/`");
        null = descriptors_open_null(c, root, err);
        if (null == -EPERM && ctx_has_ns(c, CLONE_NEWUSER) && fstat(from, &st) == 0 &&
            st.st_uid == OVERFLOW_UID) {
                err_clear(err);
                return 0;
        }
        if (null < 0)
                return err_prefix(
                        err, null,
                        "descriptor %d is the host's null device, in the place of which the container's "
                        "is put",
                        from);
        for (int fd = from; fd < 3 + c->preserve_fds; fd++) {
                int r = fd == from ? 1 : look_at_passed(c, fd, err);

                if (r < 0)
                        return r;
                if (r > 0 && dup2(null, fd) < 0)
                        return err_sys(err, errno, "dup2", "put the container's null device on descriptor %d",
                                       fd);
        }
        return 0;
}

int descriptors_null_init(struct ctx *c, struct cfs_error *err)
{
        for (int fd = 0; fd < 3 + c->preserve_fds; fd++) {
                int r = look_at_passed(c, fd, err);

                if (r != 0)
                        return r < 0 ? r : replace_null(c, fd, err);
        }
        return 0;
}

/* Is it passed on, or needed until the execve? */
static bool is_kept(const struct ctx *c, int fd)
{
        const int ours[] = { c->sync->fd, c->listen_fd,    c->signal_fd,
                             trace_fd(),  c->hooks_out_fd, c->hooks_err_fd };

        for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
                if (fd == ours[i])
                        return true;
        return fd < 3 + c->preserve_fds && ctx_is_inherited(c, fd);
}

/* The highest of them. */
static int last_kept(const struct ctx *c)
{
        const int ours[] = { c->sync->fd, c->listen_fd,    c->signal_fd,
                             trace_fd(),  c->hooks_out_fd, c->hooks_err_fd };
        int last = 2 + c->preserve_fds;

        for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
                last = ours[i] > last ? ours[i] : last;
        return last;
}

static int close_unkept(void *data, int fd)
{
        return is_kept(data, fd) || close(fd) == 0 ? 0 : -errno;
}

/* What lies between two that are kept. */
static void close_between(int begin, int end)
{
        if (end <= begin || sys_close_range((unsigned)begin, (unsigned)end - 1, 0) == 0)
                return;
        for (int fd = begin; fd < end; fd++)
                (void)close(fd);
}

/* What lies behind all that are kept, first: when close_range(2) is refused (by the filter of an outer
 * sandbox, say) /proc has the list, and our descriptor of /proc is not closed yet. */
int descriptors_host_init(struct ctx *c, struct cfs_error *err)
{
        int last = last_kept(c), begin = 3, r;

        if (WEAKENED("host-descriptors"))
                return 0;
        r = sys_close_range((unsigned)last + 1, ~0u, 0) < 0 ? -errno : 0;
        if (r < 0 && !WEAKENED("refused-calls"))
                r = io_each_descriptor(c->proc_fd, 3, close_unkept, c);
        for (int fd = 3; r == 0 && fd <= last; fd++)
                if (is_kept(c, fd)) {
                        close_between(begin, fd);
                        begin = fd + 1;
                }
        if (r < 0) /* CVE-2024-21626: a working directory could lead through them to the host */
                return err_sys(err, -r, "close_range", "close the descriptors of the host");
        c->proc_fd = c->rootfs_fd = -1;
        return 0;
}

int descriptors_init(struct ctx *c, struct cfs_error *err)
{
        for (int fd = 3; fd < 3 + c->preserve_fds; fd++)
                if (ctx_is_inherited(c, fd) && fcntl(fd, F_SETFD, 0) < 0)
                        return err_sys(err, errno, "fcntl", "pass descriptor %d to the container", fd);
        return 0;
}

void descriptors_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "the program gets descriptors 0, 1, 2 and, of the %d after them, those that are open",
                    c->preserve_fds);
}
