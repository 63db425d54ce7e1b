/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each test has a directory with two others: `root`, which is hostile, and `canary`, which stands for the
 * host. When a test ends nothing may have changed outside the root.
 */
#include "test.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/sys.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#define RACE_MS 250   /* per race */
#define BUSY_MS 10000 /* more, on a busy machine, where neither has won yet */

struct env {
        char *dir;     /* the directory with both */
        char *canary;  /* absolute                */
        int top, root; /* O_PATH                  */
        int fds_before;
};

static int setup(void **state)
{
        struct env *e = calloc(1, sizeof(*e));

        assert_non_null(e);
        e->fds_before = test_count_fds();
        e->dir = test_mkdir();
        assert_true(asprintf(&e->canary, "%s/canary", e->dir) > 0);
        e->top = open(e->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mkdirat(e->top, "canary", 0755), 0);
        assert_int_equal(mkdirat(e->top, "root", 0755), 0);
        test_write(e->canary, "file", "host");
        e->root = openat(e->top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(e->top >= 0 && e->root >= 0);
        *state = e;
        return 0;
}

/* How many entries does the directory have? */
static int count(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
        DIR *d = fdopendir(fd);

        assert_non_null(d);
        while (readdir(d))
                n++;
        (void)closedir(d);
        return n - 2;
}

static int teardown(void **state)
{
        struct env *e = *state;
        struct stat st;

        assert_int_equal(count(e->top, "."), 2);
        assert_int_equal(count(e->top, "canary"), 1);
        assert_int_equal(fstatat(e->top, "canary/file", &st, 0), 0);
        assert_int_equal(st.st_size, 4);
        (void)close(e->top);
        (void)close(e->root);
        test_rmdir(e->dir);
        assert_int_equal(test_count_fds(), e->fds_before); /* nothing leaked */
        free(e->canary);
        free(e);
        return 0;
}

static void link_to(struct env *e, const char *name, const char *target)
{
        assert_int_equal(symlinkat(target, e->root, name), 0);
}

static void make_dir(struct env *e, const char *name)
{
        assert_int_equal(mkdirat(e->root, name, 0755), 0);
}

static void make_file(struct env *e, const char *name)
{
        int fd = openat(e->root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        (void)close(fd);
}

/* Does `name` exist in the root, as a thing of this type (S_IFDIR ...)? No link is followed at its end. */
static bool is(struct env *e, const char *name, mode_t type)
{
        struct stat st;

        return fstatat(e->root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == type;
}

/* Is fd the thing that `name` in the root is? Closes fd. */
static bool same(struct env *e, int fd, const char *name)
{
        struct stat a, b;
        bool r;

        r = fstat(fd, &a) == 0 && fstatat(e->root, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
            a.st_ino == b.st_ino && a.st_dev == b.st_dev;
        (void)close(fd);
        return r;
}

static void in_root_links_stay_inside(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char up[256];
        int fd = -1;

        make_dir(e, "etc");
        make_file(e, "etc/passwd");
        link_to(e, "abs", "/etc");
        link_to(e, "up", "../../../../../../etc");
        link_to(e, "chain", "abs");
        assert_ok(fd = path_open_in_root(e->root, "/abs/passwd", O_PATH, &err));
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_true(same(e, fd, "etc/passwd"));
        assert_ok(fd = path_open_in_root(e->root, "up/passwd", O_RDONLY, &err));
        assert_true(same(e, fd, "etc/passwd"));
        assert_ok(fd = path_open_in_root(e->root, "chain/../../../etc/./passwd", O_PATH, &err));
        assert_true(same(e, fd, "etc/passwd"));
        assert_ok(fd = path_open_in_root(e->root, "/", O_PATH, &err));
        assert_true(same(e, fd, "."));
        assert_ok(fd = path_open_in_root(e->root, "/../..", O_PATH, &err));
        assert_true(same(e, fd, "."));
        /* The way to the canary that would work if we were not careful. */
        link_to(e, "host", e->canary);
        assert_fails(path_open_in_root(e->root, "host", O_PATH, &err), ENOENT);
        (void)snprintf(up, sizeof(up), "../canary/file");
        assert_fails(path_open_in_root(e->root, up, O_PATH, &err), ENOENT);
        assert_string_equal(err.path, up);
        assert_contains(err.text, "no such file or directory");
        assert_int_equal(path_open_in_root(e->root, "gone", O_PATH, NULL), -ENOENT);
        /* Making is not opening. */
        assert_fails(path_open_in_root(e->root, "new", O_WRONLY | O_CREAT, &err), EINVAL);
        assert_fails(path_open_in_root(e->root, ".", O_WRONLY | O_TMPFILE, &err), EINVAL);
        assert_false(is(e, "new", S_IFREG));
}

static void magic_links_are_not_followed(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        _cleanup_close_ int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        char path[64];

        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", e->top);
        assert_fails(path_open_in_root(host, path, O_PATH, &err), ELOOP);
        assert_contains(err.hint, "symbolic link");
        assert_fails(path_open_in_root(host, "/proc/self/root/etc", O_PATH, &err), ELOOP);
        assert_fails(path_open_in_root(host, "/proc/self/exe", O_PATH, &err), ELOOP);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d/canary/new", e->top);
        assert_fails(path_mkdirs_in_root(host, path, 0755, &err), ELOOP);
        assert_fails(path_mkfile_in_root(host, path, 0644, &err), ELOOP);
        /* A link in the root to such a path: procfs is not mounted there, so it is a name like others. */
        link_to(e, "magic", path);
        int fd = -1;
        assert_ok(fd = path_mkdirs_in_root(e->root, "magic", 0755, &err));
        assert_true(same(e, fd, path + 1));
}

static void beneath_follows_nothing(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        int fd = -1;

        make_dir(e, "dev");
        make_file(e, "dev/null");
        link_to(e, "inside", "dev");
        link_to(e, "outside", "../canary");
        link_to(e, "dev/link", "null");
        assert_ok(fd = path_open_beneath(e->root, "dev/null", O_PATH, &err));
        assert_true(same(e, fd, "dev/null"));
        assert_fails(path_open_beneath(e->root, "inside/null", O_PATH, &err), ELOOP);
        assert_fails(path_open_beneath(e->root, "outside/file", O_PATH, &err), ELOOP);
        assert_fails(path_open_beneath(e->root, "dev/link", O_PATH, &err), ELOOP);
        assert_fails(path_open_beneath(e->root, "../canary/file", O_PATH, &err), EXDEV);
        assert_contains(err.hint, "outside");
        assert_fails(path_open_beneath(e->root, "/dev/null", O_PATH, &err), EXDEV);
        assert_fails(path_open_beneath(e->root, "", O_PATH, &err), ENOENT);
        /* With O_PATH|O_NOFOLLOW the link itself may be looked at. */
        assert_ok(fd = path_open_beneath(e->root, "dev/link", O_PATH | O_NOFOLLOW, &err));
        assert_true(same(e, fd, "dev/link"));
}

static void proc_is_itself(void **state)
{
        struct cfs_error err;
        _cleanup_close_ int proc = -1;
        int fd = -1;

        (void)state;
        assert_ok(proc = path_open_host_proc(&err));
        assert_int_equal(fcntl(proc, F_GETFD), FD_CLOEXEC);
        assert_ok(fd = path_open_proc(proc, "self/status", O_RDONLY, &err));
        (void)close(fd);
        assert_ok(fd = path_open_proc(proc, "thread-self/attr", O_PATH, &err));
        (void)close(fd);
        assert_ok(fd = path_open_proc(proc, "sys/kernel/ostype", O_RDONLY, &err));
        (void)close(fd);
        assert_fails(path_open_proc(proc, "self/exe", O_RDONLY, &err), ELOOP);
        assert_fails(path_open_proc(proc, "self/cwd/etc", O_PATH, &err), ELOOP);
        assert_fails(path_open_proc(proc, "self/fd/0", O_PATH, &err), ELOOP);
        assert_fails(path_open_proc(proc, "self/root", O_PATH, &err), ELOOP);
        assert_fails(path_open_proc(proc, "../etc/passwd", O_PATH, &err), EXDEV);
        assert_fails(path_open_proc(proc, "self/../../etc", O_PATH, &err), EXDEV);
        assert_fails(path_open_proc(proc, "/proc/self/status", O_PATH, &err), EXDEV);
        assert_fails(path_open_proc(proc, "sys/no/such", O_PATH, &err), ENOENT);
        assert_string_equal(err.text, "open `/proc/sys/no/such`: no such file or directory");
}

/* Runs fn in a child that has a private mount namespace; returns its exit code, 77 when that is
 * impossible. */
static int in_mount_namespace(int (*fn)(struct env *e), struct env *e)
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                int fd;

                if (unshare(CLONE_NEWNS) < 0)
                        _exit(77);
                fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (mnt_setattr(fd, true, 0, 0, MS_PRIVATE, -1, NULL) < 0)
                        _exit(77);
                _exit(fn(e));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

/* 0 as expected, 77 not possible here, else the number of what is wrong. */
static int cover_proc(struct env *e)
{
        struct cfs_error err;
        int proc = path_open_host_proc(&err);
        int tmpfs = mnt_new_fs("tmpfs", "tmpfs", NULL, 0, &err);
        int attr, fd;

        (void)e;
        if (proc < 0 || tmpfs < 0)
                return 77;
        /* CVE-2019-16884: a tmpfs of the container where the security label would be written. */
        attr = path_open_proc(proc, "self/attr", O_PATH, &err);
        if (attr < 0 || mnt_attach(tmpfs, attr, &err) < 0)
                return 77;
        if (open("/proc/self/attr/exec", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0)
                return 2;
        if (path_open_proc(proc, "self/attr/exec", O_WRONLY, &err) != -EXDEV)
                return 3;
        if (!strstr(err.hint, "mounted over"))
                return 4;
        /* CVE-2025-52881: another file of procfs bound over the right one. */
        fd = mnt_clone(AT_FDCWD, "/proc/self/comm", false, &err);
        attr = path_open_proc(proc, "self/oom_score_adj", O_PATH, &err);
        if (fd < 0 || attr < 0 || mnt_attach(fd, attr, &err) < 0)
                return 77;
        if (path_open_proc(proc, "self/oom_score_adj", O_WRONLY, &err) != -EXDEV)
                return 5;
        /* CVE-2019-19921: something else on /proc, or a directory of procfs there. */
        fd = mnt_clone(AT_FDCWD, "/proc/sys", false, &err);
        attr = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || mnt_attach(fd, attr, &err) < 0)
                return 77;
        if (path_open_host_proc(&err) >= 0 || err.code != CFS_E_UNSUPPORTED)
                return 6;
        tmpfs = mnt_new_fs("tmpfs", "tmpfs", NULL, 0, &err);
        attr = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (mnt_attach(tmpfs, attr, &err) < 0 || path_open_host_proc(&err) >= 0)
                return 7;
        return 0;
}

static void a_covered_proc_is_refused(void **state)
{
        int r = in_mount_namespace(cover_proc, *state);

        if (r == 77)
                TEST_SKIP("no right to mount in a mount namespace");
        assert_int_equal(r, 0);
}

static void mkdirs_makes_what_is_missing(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct stat st;
        mode_t old = umask(077);
        int fd = -1;

        assert_ok(fd = path_mkdirs_in_root(e->root, "/a/b/c", 0751, &err));
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_true(same(e, fd, "a/b/c"));
        assert_int_equal(fstatat(e->root, "a/b", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0751); /* whatever the umask */
        assert_int_equal(umask(old), 077);
        assert_ok(fd = path_mkdirs_in_root(e->root, "a/b/c", 0755, &err));
        assert_true(same(e, fd, "a/b/c"));
        assert_ok(fd = path_mkdirs_in_root(e->root, "x//./y/.././../z//", 0755, &err));
        assert_true(same(e, fd, "z"));
        assert_true(is(e, "x/y", S_IFDIR)); /* as `mkdir -p` does */
        assert_ok(fd = path_mkdirs_in_root(e->root, "../../../../up/../up2", 0755, &err));
        assert_true(same(e, fd, "up2"));
        assert_ok(fd = path_mkdirs_in_root(e->root, "n/..", 0755, &err));
        assert_true(same(e, fd, "."));
        assert_ok(fd = path_mkdirs_in_root(e->root, "/", 0755, &err));
        assert_true(same(e, fd, "."));
        assert_ok(fd = path_mkdirs_in_root(e->root, "d/e/../f", 0755, &err));
        assert_true(same(e, fd, "d/f"));
}

static void mkdirs_follows_dangling_links_inside(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        int fd = -1;

        make_dir(e, "var");
        link_to(e, "var/run", "/run");
        assert_ok(fd = path_mkdirs_in_root(e->root, "/var/run/x", 0755, &err));
        assert_true(same(e, fd, "run/x"));
        link_to(e, "var/lock", "../run2/lock");
        assert_ok(fd = path_mkdirs_in_root(e->root, "/var/lock", 0755, &err));
        assert_true(same(e, fd, "run2/lock"));
        link_to(e, "one", "two/a");
        link_to(e, "two", "/three");
        assert_ok(fd = path_mkdirs_in_root(e->root, "one/b", 0755, &err));
        assert_true(same(e, fd, "three/a/b"));
        /* Out of the root means: at the root. */
        link_to(e, "out", "../../../../../../canary/new");
        assert_ok(fd = path_mkdirs_in_root(e->root, "out", 0755, &err));
        assert_true(same(e, fd, "canary/new"));
        link_to(e, "host", e->canary);
        assert_ok(fd = path_mkdirs_in_root(e->root, "host/new", 0755, &err));
        assert_false(same(e, fd, "canary/new"));
        /* ".." behind a link is the parent of where it leads, not of the link. */
        make_dir(e, "deep");
        make_dir(e, "deep/er");
        link_to(e, "short", "deep/er");
        assert_ok(fd = path_mkdirs_in_root(e->root, "short/../sibling", 0755, &err));
        assert_true(same(e, fd, "deep/sibling"));
        link_to(e, "dots", "..");
        assert_ok(fd = path_mkdirs_in_root(e->root, "dots/from-dots", 0755, &err));
        assert_true(same(e, fd, "from-dots"));
        link_to(e, "trail", "/slash/ed//");
        assert_ok(fd = path_mkdirs_in_root(e->root, "trail", 0755, &err));
        assert_true(same(e, fd, "slash/ed"));
}

static void links_are_counted(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char name[16], target[16];
        int fd = -1;

        link_to(e, "self", "self");
        assert_fails(path_mkdirs_in_root(e->root, "self/x", 0755, &err), ELOOP);
        link_to(e, "a", "b/missing");
        link_to(e, "b", "a/missing");
        assert_fails(path_mkdirs_in_root(e->root, "a", 0755, &err), ELOOP);
        /* Only seen by the walk: before the circle something is missing. */
        link_to(e, "late", "fresh/../late");
        assert_fails(path_mkdirs_in_root(e->root, "late", 0755, &err), ELOOP);
        /* The kernel walks all of it now, through 40 times "..", each of which a rename by another test makes
         * unsure: EAGAIN (openat2(2)). */
        for (int i = 0; i < 1000 && (fd = path_mkfile_in_root(e->root, "late", 0644, &err)) == -EAGAIN; i++)
                (void)usleep(10000);
        assert_int_equal(fd, -ELOOP);
        /* l0 -> l1 -> ... -> l40 -> missing; 40 may be followed, 41 not. */
        for (int i = 0; i < 41; i++) {
                (void)snprintf(name, sizeof(name), "l%d", i);
                (void)snprintf(target, sizeof(target), i < 40 ? "l%d" : "missing", i + 1);
                link_to(e, name, target);
        }
        assert_fails(path_mkdirs_in_root(e->root, "l0/x", 0755, &err), ELOOP);
        /* A walk that renames elsewhere make unsure is begun again by the kernel, which goes on counting. */
        for (int i = 0; i < 1000 && (fd = path_mkdirs_in_root(e->root, "l1/x", 0755, &err)) == -ELOOP; i++)
                (void)usleep(1000);
        assert_ok(fd);
        assert_true(same(e, fd, "missing/x"));
}

static void what_is_in_the_way_is_an_error(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        char longname[400], longpath[5000];

        make_file(e, "file");
        link_to(e, "to-file", "file");
        assert_int_equal(mkfifoat(e->root, "fifo", 0644), 0);
        assert_fails(path_mkdirs_in_root(e->root, "file", 0755, &err), ENOTDIR);
        assert_fails(path_mkdirs_in_root(e->root, "file/x", 0755, &err), ENOTDIR);
        assert_fails(path_mkdirs_in_root(e->root, "to-file/x/y", 0755, &err), ENOTDIR);
        assert_fails(path_mkdirs_in_root(e->root, "new/../file/x", 0755, &err), ENOTDIR);
        assert_fails(path_mkdirs_in_root(e->root, "fifo/x", 0755, &err), ENOTDIR);
        assert_fails(path_mkdirs_in_root(e->root, "", 0755, &err), ENOENT);
        assert_fails(path_mkfile_in_root(e->root, "", 0755, &err), ENOENT);
        memset(longname, 'n', sizeof(longname) - 1);
        longname[sizeof(longname) - 1] = '\0';
        assert_fails(path_mkdirs_in_root(e->root, longname, 0755, &err), ENAMETOOLONG);
        memset(longpath, 'p', sizeof(longpath) - 1);
        for (size_t i = 100; i < sizeof(longpath); i += 100)
                longpath[i] = '/';
        longpath[sizeof(longpath) - 1] = '\0';
        assert_fails(path_mkdirs_in_root(e->root, longpath, 0755, &err), ENAMETOOLONG);
        /* A link that makes the rest of the path too long. */
        longpath[4000] = '\0';
        link_to(e, "grow", longpath);
        assert_fails(path_mkdirs_in_root(e->root,
                                         "new/../grow/"
                                         "0123456789/0123456789/0123456789/0123456789/"
                                         "0123456789/0123456789/0123456789/0123456789/0123456789",
                                         0755, &err),
                     ENAMETOOLONG);
}

static void mkfile_makes_files(void **state)
{
        struct env *e = *state;
        struct cfs_error err;
        struct stat st;
        mode_t old = umask(077);
        int fd = -1;

        assert_ok(fd = path_mkfile_in_root(e->root, "/a/b/file", 0640, &err));
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_true(same(e, fd, "a/b/file"));
        assert_int_equal(umask(old), 077);
        assert_int_equal(fstatat(e->root, "a/b/file", &st, 0), 0);
        assert_int_equal(st.st_mode, S_IFREG | 0640);
        assert_int_equal(fstatat(e->root, "a", &st, 0), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 0755);
        /* What every image has: resolv.conf, a link into a /run that is empty. */
        make_dir(e, "etc");
        link_to(e, "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
        assert_ok(fd = path_mkfile_in_root(e->root, "/etc/resolv.conf", 0644, &err));
        assert_true(same(e, fd, "run/systemd/resolve/stub-resolv.conf"));
        assert_true(is(e, "etc/resolv.conf", S_IFLNK));
        link_to(e, "out", "../../canary/new");
        assert_ok(fd = path_mkfile_in_root(e->root, "out", 0644, &err));
        assert_true(same(e, fd, "canary/new"));
        /* What exists is opened, whatever it is, and without waiting for the other end of a FIFO. */
        assert_int_equal(mkfifoat(e->root, "fifo", 0644), 0);
        assert_ok(fd = path_mkfile_in_root(e->root, "fifo", 0644, &err));
        assert_true(same(e, fd, "fifo"));
        assert_ok(fd = path_mkfile_in_root(e->root, "etc", 0644, &err));
        assert_true(same(e, fd, "etc"));
        assert_fails(path_mkfile_in_root(e->root, "new/", 0644, &err), EISDIR);
        assert_fails(path_mkfile_in_root(e->root, "a/b/file/x", 0644, &err), ENOTDIR);
}

static void parent_splits(void **state)
{
        static const char *const bad[] = { "", "/", "a/", "a//", ".", "..", "a/.", "a/..", "/.." };
        struct env *e = *state;
        struct cfs_error err;
        const char *name = NULL;
        int fd = -1;

        assert_ok(fd = path_parent_in_root(e->root, "/dev/net/tun", 0755, &name, &err));
        assert_string_equal(name, "tun");
        assert_true(same(e, fd, "dev/net"));
        assert_ok(fd = path_parent_in_root(e->root, "top", 0755, &name, &err));
        assert_string_equal(name, "top");
        assert_true(same(e, fd, "."));
        assert_ok(fd = path_parent_in_root(e->root, "//top", 0755, &name, &err));
        assert_true(same(e, fd, "."));
        /* The name is not looked at. */
        link_to(e, "dev/null", "../../canary/file");
        assert_ok(fd = path_parent_in_root(e->root, "dev/null", 0755, &name, &err));
        assert_string_equal(name, "null");
        assert_true(same(e, fd, "dev"));
        /* A directory part that is a link to elsewhere stays inside: CVE-2026-41579. */
        link_to(e, "d2", e->canary);
        assert_ok(fd = path_parent_in_root(e->root, "d2/x", 0755, &name, &err));
        (void)close(fd);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_fails(path_parent_in_root(e->root, bad[i], 0755, &name, &err), EINVAL);
}

/* ---- races --------------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A process that does fn(e) over and over until it is killed. */
static pid_t start_racer(struct env *e, void (*fn)(struct env *e))
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
        for (;;)
                fn(e);
}

static void stop_racer(pid_t pid)
{
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void exchange(struct env *e)
{
        (void)renameat2(e->root, "dir", e->root, "link", RENAME_EXCHANGE);
}

/* Removes all in the root but the racer's two. */
static void sweep(struct env *e, const char *keep1, const char *keep2)
{
        char path[512];
        int fd = openat(e->top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fdopendir(fd);
        struct dirent *de;

        assert_non_null(d);
        while ((de = readdir(d))) {
                if (STREQ(de->d_name, ".") || STREQ(de->d_name, "..") || STREQ(de->d_name, keep1) ||
                    STREQ(de->d_name, keep2))
                        continue;
                (void)snprintf(path, sizeof(path), "%s/root/%s", e->dir, de->d_name);
                (void)nftw(path, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
        }
        (void)closedir(d);
        for (int i = 0; i < 2; i++) {
                (void)unlinkat(e->root, i ? "dir/x/y" : "link/x/y", AT_REMOVEDIR);
                (void)unlinkat(e->root, i ? "dir/x/f" : "link/x/f", 0);
                (void)unlinkat(e->root, i ? "dir/x" : "link/x", AT_REMOVEDIR);
        }
}

/* A process exchanges a directory and a link to the host, all the time: CVE-2021-30465, CVE-2024-45310. */
static void race(struct env *e, const char *target)
{
        int64_t end = now_ms() + RACE_MS;
        unsigned in_dir = 0, elsewhere = 0, failed = 0;
        struct stat st, root_dir;
        const char *name;
        pid_t racer;

        make_dir(e, "dir");
        link_to(e, "link", target);
        assert_int_equal(fstatat(e->root, "dir", &root_dir, 0), 0);
        racer = start_racer(e, exchange);
        for (unsigned i = 0; now_ms() < end || (in_dir + elsewhere == 0 && now_ms() < end + BUSY_MS); i++) {
                int fd;

                if (i % 3 == 0)
                        fd = path_mkdirs_in_root(e->root, "dir/x/y", 0755, NULL);
                else if (i % 3 == 1)
                        fd = path_mkfile_in_root(e->root, "dir/x/f", 0644, NULL);
                else
                        fd = path_parent_in_root(e->root, "dir/x", 0755, &name, NULL);
                if (fd < 0) {
                        failed++;
                } else {
                        if (i % 3 == 2) {
                                assert_int_equal(fstat(fd, &st), 0);
                                if (st.st_ino == root_dir.st_ino)
                                        in_dir++;
                                else
                                        elsewhere++;
                        }
                        (void)close(fd);
                }
                /* The host is as it was, at any time. */
                if (count(e->top, "canary") != 1 || count(e->top, ".") != 2)
                        break;
                sweep(e, "dir", "link");
        }
        stop_racer(racer);
        assert_int_equal(count(e->top, "canary"), 1);
        assert_int_equal(count(e->top, "."), 2);
        print_message("# race with a link to %s: %u in the directory, %u where the link leads, %u failed\n",
                      target, in_dir, elsewhere, failed);
        assert_true(in_dir + elsewhere > 0);
}

static void race_of_a_directory_with_an_absolute_link(void **state)
{
        struct env *e = *state;

        race(e, e->canary);
}

static void race_of_a_directory_with_a_relative_link(void **state)
{
        race(*state, "../canary");
}

static void race_of_a_directory_with_a_deep_link(void **state)
{
        race(*state, "../../../../../../../proc/self/root/tmp");
}

static void move_out(struct env *e)
{
        (void)renameat2(e->root, "d/sub", e->top, "canary/sub", RENAME_EXCHANGE);
}

/* Another process moves the directory that we are in out of the root and back: its ".." is outside then. */
/* A neighbour renames all the time, in another directory; the kernel cannot be sure of any ".." meanwhile. */
static void rename_elsewhere(struct env *e)
{
        (void)renameat2(e->top, "neighbour/a", e->top, "neighbour/b", 0);
        (void)renameat2(e->top, "neighbour/b", e->top, "neighbour/a", 0);
}

#define UP_AND_DOWN 300 /* the longer it takes the kernel, the less sure it is */

static void renames_elsewhere_stop_no_look_up(void **state)
{
        struct env *e = *state;
        char down[UP_AND_DOWN * 8 + 64] = "", path[sizeof(down)];
        struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
        int64_t end = now_ms() + 2 * RACE_MS;
        unsigned again = 0, looks = 0;
        pid_t racers[2];

        make_dir(e, "sub");
        make_file(e, "sub/file");
        link_to(e, "sub/link", "file");
        assert_int_equal(mkdirat(e->top, "neighbour", 0755), 0);
        assert_int_equal(mkdirat(e->top, "neighbour/a", 0755), 0);
        for (int i = 0; i < UP_AND_DOWN; i++)
                memcpy(down + strlen(down), "sub/../", sizeof("sub/../"));
        for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
                racers[i] = start_racer(e, rename_elsewhere);
        while (now_ms() < end || (again == 0 && now_ms() < end + BUSY_MS)) {
                struct cfs_error err;
                int fd;

                (void)snprintf(path, sizeof(path), "%ssub/link", down);
                fd = sys_openat2(e->root, path, &how);
                again += fd < 0 && errno == EAGAIN;
                if (fd >= 0)
                        (void)close(fd);
                assert_ok(fd = path_open_in_root(e->root, path, O_PATH, &err));
                assert_true(same(e, fd, "sub/file"));
                assert_ok(fd = path_open_in_root(e->root, path, O_RDONLY, &err));
                assert_true(same(e, fd, "sub/file"));
                assert_ok(fd = path_open_in_root(e->root, path, O_PATH | O_NOFOLLOW, &err));
                assert_true(same(e, fd, "sub/link"));
                assert_fails(path_open_in_root(e->root, path, O_RDONLY | O_NOFOLLOW, &err), ELOOP);
                assert_fails(path_open_in_root(e->root, path, O_PATH | O_DIRECTORY, &err), ENOTDIR);
                (void)snprintf(path, sizeof(path), "%ssub/.", down);
                assert_ok(fd = path_open_in_root(e->root, path, O_RDONLY | O_DIRECTORY, &err));
                assert_true(same(e, fd, "sub"));
                (void)snprintf(path, sizeof(path), "%s..", down);
                assert_ok(fd = path_open_in_root(e->root, path, O_PATH, &err));
                assert_true(same(e, fd, "."));
                (void)snprintf(path, sizeof(path), "%smissing", down);
                assert_fails(path_open_in_root(e->root, path, O_PATH, &err), ENOENT);
                (void)snprintf(path, sizeof(path), "%ssub/file/", down);
                assert_fails(path_open_in_root(e->root, path, O_PATH, &err), ENOTDIR);
                (void)snprintf(path, sizeof(path), "%ssub", down);
                assert_ok(fd = path_mkdirs_in_root(e->root, path, 0755, &err));
                assert_true(same(e, fd, "sub"));
                (void)snprintf(path, sizeof(path), "%ssub/file", down);
                assert_ok(fd = path_mkfile_in_root(e->root, path, 0644, &err));
                assert_true(same(e, fd, "sub/file"));
                looks++;
        }
        for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
                stop_racer(racers[i]);
        print_message("# %u rounds, EAGAIN in %u\n", looks, again);
        assert_true(again > 0);
        (void)unlinkat(e->top, "neighbour/a", AT_REMOVEDIR);
        (void)unlinkat(e->top, "neighbour/b", AT_REMOVEDIR);
        assert_int_equal(unlinkat(e->top, "neighbour", AT_REMOVEDIR), 0);
}

static void race_of_dotdot_with_a_move(void **state)
{
        struct env *e = *state;
        int64_t end = now_ms() + RACE_MS;
        unsigned made = 0, failed = 0;
        pid_t racer;

        make_dir(e, "d");
        make_dir(e, "d/sub");
        make_dir(e, "d/sub/x");
        assert_int_equal(mkdirat(e->top, "canary/sub", 0755), 0);
        assert_int_equal(mkdirat(e->top, "canary/sub/x", 0755), 0);
        racer = start_racer(e, move_out);
        while (now_ms() < end || (made == 0 && now_ms() < end + BUSY_MS)) {
                int fd = path_mkdirs_in_root(e->root, "d/sub/x/../../new/../../new2", 0755, NULL);

                if (fd >= 0) {
                        made++;
                        (void)close(fd);
                } else {
                        failed++;
                }
                if (faccessat(e->top, "canary/new", F_OK, 0) == 0 || faccessat(e->top, "new", F_OK, 0) == 0 ||
                    faccessat(e->top, "new2", F_OK, 0) == 0 || faccessat(e->top, "canary/new2", F_OK, 0) == 0)
                        break;
                (void)unlinkat(e->root, "d/new", AT_REMOVEDIR);
                (void)unlinkat(e->root, "new2", AT_REMOVEDIR);
                (void)unlinkat(e->root, "new", AT_REMOVEDIR);
        }
        stop_racer(racer);
        (void)unlinkat(e->top, "canary/sub/x", AT_REMOVEDIR);
        (void)unlinkat(e->top, "canary/sub", AT_REMOVEDIR);
        print_message("# moves: %u made, %u failed\n", made, failed);
        assert_true(made > 0);
}

/* ---- strings ------------------------------------------------------------------------------------------- */

static void cleaned(void **state)
{
        static const struct {
                const char *path, *clean;
        } rows[] = {
                { "", "/" },
                { "/", "/" },
                { "//", "/" },
                { ".", "/" },
                { "..", "/" },
                { "a", "/a" },
                { "/a/", "/a" },
                { "//a//b//", "/a/b" },
                { "/a/./b/.", "/a/b" },
                { "/a/../b", "/b" },
                { "/../../a", "/a" },
                { "a/b/../../..", "/" },
                { "/...", "/..." },
                { "/.a/..b", "/.a/..b" },
                { "/a/b/../c", "/a/c" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char buf[64], same[64];

                path_clean(rows[i].path, buf);
                assert_string_equal(buf, rows[i].clean);
                (void)snprintf(same, sizeof(same), "/%s", rows[i].path);
                path_clean(same, same);
                assert_string_equal(same, rows[i].clean);
        }
}

static void lexical(void **state)
{
        static const struct {
                const char *base, *rel, *want;
        } joins[] = {
                { "/a", "b", "/a/b" }, { "/a/", "b", "/a/b" },    { "/a//", "b/", "/a/b/" },
                { "/", "b", "/b" },    { "/a", "/b", "/b" },      { "", "b", "b" },
                { "/a/", "", "/a" },   { "a", "../b", "a/../b" },
        };
        struct cfs_error err;

        (void)state;
        assert_true(path_is_absolute("/"));
        assert_false(path_is_absolute("") || path_is_absolute("a/") || path_is_absolute(NULL));
        assert_true(path_has_dotdot("..") && path_has_dotdot("/a/..") && path_has_dotdot("../a") &&
                    path_has_dotdot("a//..//b") && path_has_dotdot("/.."));
        assert_false(path_has_dotdot("") || path_has_dotdot("...") || path_has_dotdot("/a..b/..c/d..") ||
                     path_has_dotdot("/./.") || path_has_dotdot("/"));
        for (size_t i = 0; i < ARRAY_SIZE(joins); i++) {
                char *got = NULL;

                assert_ok(path_join(joins[i].base, joins[i].rel, &got, &err));
                assert_string_equal(got, joins[i].want);
                free(got);
        }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(in_root_links_stay_inside),
                T(magic_links_are_not_followed),
                T(beneath_follows_nothing),
                T(proc_is_itself),
                T(a_covered_proc_is_refused),
                T(mkdirs_makes_what_is_missing),
                T(mkdirs_follows_dangling_links_inside),
                T(links_are_counted),
                T(what_is_in_the_way_is_an_error),
                T(mkfile_makes_files),
                T(parent_splits),
                T(race_of_a_directory_with_an_absolute_link),
                T(race_of_a_directory_with_a_relative_link),
                T(race_of_a_directory_with_a_deep_link),
                T(race_of_dotdot_with_a_move),
                T(renames_elsewhere_stop_no_look_up),
                T(lexical),
                T(cleaned),
        };

        return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
