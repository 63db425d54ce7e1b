/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The directory that holds the state directories of all containers: where it is, how it is made, who may
 * write to it.
 *
 * The records below it say what `delete` removes, as root. So a directory that other users can write to is
 * refused: /tmp/cfs-UID could have been made by another user as a trap. Members of the directory's group are
 * other users. runc and crun accept any directory.
 *
 * With the sticky bit, others cannot rename or remove what is ours, and what they make is theirs, which is
 * refused when it is opened. A group that is one user's own (its number is that user's, as many systems have
 * it, with a umask of 002) has no other members.
 *
 * Above it: a user who may write to a parent can put something else in the place of what is below. It has
 * another owner, which is noticed, unless it is a symbolic link, which may lead to a directory of ours (or
 * into a container's root, where files of uid 0 say what the container likes). So below such a parent there
 * may be neither links nor directories of others. A parent that belongs to another user is that user's to
 * write to, whatever its mode: below it there may be no links; and a link of another user (in /tmp, say) is
 * not followed.
 */
#include "libcfs/store/root.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include <errno.h>
#include <fcntl.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#define UNMAPPED_UID       65534       /* what an owner is that is not mapped */
#define INITIAL_USERNS_INO 0xEFFFFFFDu /* PROC_USER_INIT_INO of the kernel */

int cfs_default_root(char **ret_root, struct cfs_error *err)
{
        const char *xdg = getenv("XDG_RUNTIME_DIR");
        struct stat st = { .st_ino = INITIAL_USERNS_INO };

        /* A kernel without user namespaces has only the initial one. */
        if (geteuid() == 0 && !str_empty(xdg) && stat("/proc/self/ns/user", &st) < 0 && errno != ENOENT)
                return err_sys(err, errno, "stat", "examine `/proc/self/ns/user`");
        if (geteuid() == 0 && st.st_ino == INITIAL_USERNS_INO)
                return str_dup(ret_root, "/run/cfs", err);
        if (!str_empty(xdg))
                return str_printf(ret_root, err, "%s/cfs", xdg);
        return str_printf(ret_root, err, "/tmp/cfs-%u", (unsigned)geteuid());
}

int store_root_make(const char *root, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        int r;

        r = str_dup(&path, root, err);
        if (r < 0)
                return r;
        for (char *p = path + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = '\0';
                if (mkdir(path, 0755) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
                        return err_path(err, errno, "mkdir", path, "make the state directory `%s`", root);
                *p = '/';
        }
        /* What is sticky in XDG_RUNTIME_DIR is not cleaned away by age (XDG base directory specification).
         * By mkdir(2) at once: by now, its name may lead to another directory. */
        if (mkdir(path, geteuid() != 0 ? 01700 : 0700) < 0 && errno != EEXIST)
                return err_path(err, errno, "mkdir", root, "make the state directory `%s`", root);
        return store_root_check(root, err);
}

static bool others_may_write(const struct stat *st)
{
        if (!S_ISDIR(st->st_mode) || (st->st_mode & S_ISVTX))
                return false;
        return (st->st_mode & S_IWOTH) ||
               ((st->st_mode & S_IWGRP) && (st->st_gid == 0 || st->st_gid != st->st_uid));
}

/* In a user namespace, the host's root is an ID that is not mapped. */
static bool is_of_other(const struct stat *st)
{
        return st->st_uid != 0 && st->st_uid != UNMAPPED_UID && st->st_uid != geteuid();
}

int store_root_trust(const char *path, const struct stat *st, struct cfs_error *err)
{
        int r;

        if (st->st_uid != 0 && st->st_uid != geteuid())
                r = err_set(err, CFS_E_INVALID, "the state directory `%s` belongs to uid %u", path,
                            (unsigned)st->st_uid);
        else if ((st->st_mode & S_IWOTH) && !(st->st_mode & S_ISVTX) && !WEAKENED("store-root"))
                r = err_set(err, CFS_E_INVALID, "the state directory `%s` can be written to by every user",
                            path);
        else if (others_may_write(st) && !WEAKENED("store-root"))
                r = err_set(err, CFS_E_INVALID, "the state directory `%s` can be written to by group %u",
                            path, (unsigned)st->st_gid);
        else
                return 0;
        return err_hint(err, r, "choose a directory of your own with --root");
}

/* Every component of the path, from the top; up to one that is missing. 1: all are there, and *ret is the
 * last. */
static int check_components(const char *root, struct stat *ret, struct cfs_error *err)
{
        _not_zeroed_ char path[PATH_MAX];
        bool exposed = false, of_other = false;

        if (snprintf(path, sizeof(path), "%s", root) >= (int)sizeof(path))
                return err_path(err, ENAMETOOLONG, "stat", root, "examine the state directory `%.64s...`",
                                root);
        for (char *p = path + 1;; p++) {
                char c = *p;
                struct stat st;

                if (c != '/' && c != '\0')
                        continue;
                *p = '\0';
                if (lstat(path, &st) < 0)
                        return errno == ENOENT || errno == ENOTDIR
                                       ? 0
                                       : err_path(err, errno, "lstat", path, "examine `%s`", path);
                if ((exposed && (S_ISLNK(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()))) ||
                    (S_ISLNK(st.st_mode) && (of_other || is_of_other(&st)) && !WEAKENED("store-root")))
                        return err_hint(
                                err,
                                err_set(err, CFS_E_INVALID,
                                        "the state directory `%s` cannot be trusted: others may have put `%s` there",
                                        root, path),
                                "choose a directory of your own with --root");
                exposed = others_may_write(&st) && !WEAKENED("store-root");
                of_other = is_of_other(&st);
                if (c == '\0') {
                        *ret = st;
                        return 1;
                }
                *p = c;
        }
}

int store_root_look(const char *root, struct stat *ret, struct cfs_error *err)
{
        struct stat st = { 0 };
        int r = check_components(root, &st, err);

        *ret = (struct stat){ 0 };
        if (r <= 0)
                return r;
        if (S_ISLNK(st.st_mode) && stat(root, &st) < 0)
                return errno == ENOENT
                               ? 0
                               : err_path(err, errno, "stat", root, "examine the state directory `%s`", root);
        *ret = st;
        return store_root_trust(root, &st, err);
}

int store_root_check(const char *root, struct cfs_error *err)
{
        struct stat unused;

        return store_root_look(root, &unused, err);
}

static bool directory_is_safe(int root_fd, const char *dir)
{
        struct cfs_error ignored = { 0 };
        struct stat st;

        return fstatat(root_fd, dir, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
               store_root_trust(dir, &st, &ignored) == 0;
}

bool store_root_is_safe(mode_t mode, int root_fd, const char *dir)
{
        return !(mode & 077) || (!(mode & 022) && directory_is_safe(root_fd, dir));
}
