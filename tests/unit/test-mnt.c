/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts of these tests are detached, or in a mount namespace of this program: the host does not see
 * them. */
#include "test.h"
#include "base/mnt.h"
#include "base/sys.h"
#include <linux/magic.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

static bool may_mount;

static int enter_namespace(void **state)
{
        struct cfs_error err;
        int fd;

        (void)state;
        if (unshare(CLONE_NEWNS) < 0)
                return 0;
        fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); /* only now: an older one is in the old namespace */
        may_mount = mnt_setattr(fd, true, 0, 0, MS_PRIVATE, -1, &err) == 0;
        (void)close(fd);
        return 0;
}

#define NEED_MOUNT()                                                                                         \
        do {                                                                                                 \
                if (!may_mount)                                                                              \
                        TEST_SKIP("no right to mount in a mount namespace");                                 \
        } while (0)

static void a_new_tmpfs_with_options(void **state)
{
        static const char *const options[] = { "size=65536", "mode=0711", "nr_inodes=20", NULL };
        struct cfs_error err;
        struct statvfs vfs;
        struct stat st;
        int fd = -1, fds = test_count_fds();

        (void)state;
        NEED_MOUNT();
        assert_ok(fd = mnt_new_fs("tmpfs", "source", options, MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV, &err));
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_int_equal(fstatvfs(fd, &vfs), 0);
        assert_int_equal(vfs.f_blocks * vfs.f_frsize, 65536);
        assert_int_equal(vfs.f_files, 20);
        assert_true(vfs.f_flag & ST_NOEXEC && vfs.f_flag & ST_NODEV && !(vfs.f_flag & ST_NOSUID));
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0711);
        (void)close(fd);
        assert_int_equal(test_count_fds(), fds);
}

static void a_flag_of_the_superblock(void **state)
{
        static const char *const options[] = { "ro", NULL };
        struct cfs_error err;
        int fd = -1;

        (void)state;
        NEED_MOUNT();
        assert_ok(fd = mnt_new_fs("tmpfs", NULL, options, 0, &err));
        assert_int_equal(mkdirat(fd, "x", 0755), -1);
        assert_int_equal(errno, EROFS);
        (void)close(fd);
}

static void errors_say_what_the_kernel_says(void **state)
{
        static const char *const bad_value[] = { "mode=0755", "size=lots", NULL };
        static const char *const unknown[] = { "colour=red", NULL };
        static const char *const flag[] = { "frobnicate", NULL };
        char big[400] = "huge=";
        const char *const too_long[] = { big, NULL };
        struct cfs_error err;
        int fds = test_count_fds();

        (void)state;
        NEED_MOUNT();
        assert_fails(mnt_new_fs("tmpfs", NULL, bad_value, 0, &err), EINVAL);
        assert_contains(err.text, "tmpfs: option `size=lots`: ");
        assert_contains(err.text, "Bad value for 'size'");
        assert_string_equal(err.text + strlen(err.text) - strlen(": invalid argument"), ": invalid argument");
        assert_string_equal(err.syscall, "fsconfig");
        assert_fails(mnt_new_fs("tmpfs", NULL, unknown, 0, &err), EINVAL);
        assert_contains(err.text, "Unknown parameter 'colour'");
        assert_fails(mnt_new_fs("tmpfs", NULL, flag, 0, &err), EINVAL);
        assert_contains(err.text, "option `frobnicate`");
        assert_fails(mnt_new_fs("nosuchfs", NULL, NULL, 0, &err), ENODEV);
        assert_string_equal(err.text, "file system type `nosuchfs`: no such device");
        assert_true(err.hint[0] != '\0');
        memset(big + 5, 'x', sizeof(big) - 6);
        assert_fails(mnt_new_fs("tmpfs", NULL, too_long, 0, &err), EOPNOTSUPP);
        assert_contains(err.text, "at most 255 bytes");
        assert_int_equal(test_count_fds(), fds);
}

static void clone_change_and_attach(void **state)
{
        char *dir = test_mkdir(), path[512];
        struct cfs_error err;
        struct statvfs vfs;
        struct statfs fs;
        int dirfd, tmpfs = -1, clone = -1, again = -1, target;

        (void)state;
        if (!may_mount)
                test_rmdir(dir);
        NEED_MOUNT();
        dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mkdirat(dirfd, "target", 0755), 0);
        assert_int_equal(mkdirat(dirfd, "second", 0755), 0);
        assert_ok(tmpfs = mnt_new_fs("tmpfs", NULL, NULL, 0, &err));
        target = openat(dirfd, "target", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_ok(mnt_attach(tmpfs, target, &err));
        (void)close(target);
        test_write(dir, "target/file", "in tmpfs");

        (void)snprintf(path, sizeof(path), "%s/target", dir);
        assert_ok(clone = mnt_clone(AT_FDCWD, path, false, &err));
        assert_int_equal(fcntl(clone, F_GETFD), FD_CLOEXEC);
        assert_ok(mnt_setattr(clone, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME, 0, 0,
                              -1, &err));
        assert_ok(mnt_attach_at(clone, dirfd, "second", &err));
        (void)snprintf(path, sizeof(path), "%s/second", dir);
        assert_int_equal(statvfs(path, &vfs), 0);
        assert_true(vfs.f_flag & ST_RDONLY && vfs.f_flag & ST_NOSUID && vfs.f_flag & ST_NOATIME);
        assert_int_equal(statfs(path, &fs), 0);
        assert_int_equal(fs.f_type, TMPFS_MAGIC);
        assert_int_equal(faccessat(clone, "file", F_OK, 0), 0);
        /* Another atime mode replaces the one that is set; flags can be cleared. */
        assert_ok(mnt_setattr(clone, true, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR_RDONLY, 0, -1, &err));
        assert_int_equal(statvfs(path, &vfs), 0);
        assert_true(!(vfs.f_flag & ST_RDONLY) && !(vfs.f_flag & ST_NOATIME) && vfs.f_flag & ST_NOSUID);
        assert_ok(mnt_setattr(clone, false, 0, 0, 0, -1, &err)); /* nothing to do */

        /* With "" the descriptor itself. Recursive: with what is mounted below. */
        assert_ok(again = mnt_clone(dirfd, "", true, &err));
        assert_int_equal(faccessat(again, "target/file", F_OK, 0), 0);
        (void)close(again);
        assert_ok(again = mnt_clone(dirfd, "", false, &err));
        assert_int_equal(faccessat(again, "target/file", F_OK, 0), -1);
        (void)close(again);

        assert_int_equal(umount2(path, MNT_DETACH), 0);
        (void)snprintf(path, sizeof(path), "%s/target", dir);
        assert_int_equal(umount2(path, MNT_DETACH), 0);
        (void)close(tmpfs);
        (void)close(clone);
        (void)close(dirfd);
        test_rmdir(dir);
}

static void failures(void **state)
{
        char *dir = test_mkdir(), want[512];
        struct cfs_error err;
        int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), tmpfs = -1, file;

        (void)state;
        if (!may_mount) {
                (void)close(dirfd);
                test_rmdir(dir);
        }
        NEED_MOUNT();
        test_write(dir, "file", "");
        assert_int_equal(symlinkat("/", dirfd, "link"), 0);
        (void)snprintf(want, sizeof(want), "%s/gone/x", dir);
        assert_fails(mnt_clone(AT_FDCWD, want, true, &err), ENOENT);
        (void)snprintf(want, sizeof(want), "(`%s/gone` does not exist)", dir);
        assert_contains(err.text, want);
        assert_fails(mnt_clone(-1, "", true, &err), EBADF);
        assert_ok(tmpfs = mnt_new_fs("tmpfs", NULL, NULL, 0, &err));
        file = openat(dirfd, "file", O_PATH | O_CLOEXEC);
        assert_true(mnt_attach(tmpfs, file, &err) < 0); /* a directory on a file: EINVAL or ENOTDIR */
        assert_contains(err.text, "attach a mount: ");
        assert_fails(mnt_attach_at(tmpfs, dirfd, "gone", &err), ENOENT);
        assert_contains(err.text, "`gone`");
        assert_true(mnt_attach_at(tmpfs, dirfd, "link", &err) < 0); /* not followed: it is not a directory */
        assert_true(mnt_attach_at(tmpfs, dirfd, "a/b", &err) < 0);
        assert_int_equal(err.code, CFS_E_BUG);
        assert_true(mnt_attach_at(tmpfs, dirfd, "..", &err) < 0);
        assert_true(mnt_attach_at(tmpfs, dirfd, "", &err) < 0);
        assert_fails(mnt_setattr(tmpfs, false, 1ULL << 60, 0, 0, -1, &err), EINVAL);
        (void)close(file);
        (void)close(tmpfs);
        (void)close(dirfd);
        test_rmdir(dir);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_new_tmpfs_with_options),
                cmocka_unit_test(a_flag_of_the_superblock),
                cmocka_unit_test(errors_say_what_the_kernel_says),
                cmocka_unit_test(clone_change_and_attach),
                cmocka_unit_test(failures),
        };

        return cmocka_run_group_tests_name("mnt", tests, enter_namespace, NULL);
}
