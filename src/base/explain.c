/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a path of the host cannot be reached.
 *
 * The kernel reports one errno for the whole path (path_resolution(7)): EACCES means that search permission
 * was missing on some directory, ENOENT that some component or the target of some link does not exist.
 * Walking the path again with stat(2), one component longer each time, finds which. The walk is made by
 * strings and may be raced: it explains a failure that has already been decided, nothing more.
 */
#include "base/explain.h"
#include "base/lack.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What a system call wants of the last component of its path, and of the directory that holds it. */
static const struct want {
        const char *syscall;
        int right;  /* of the thing itself: R_OK, W_OK, X_OK          */
        bool entry; /* makes or removes a name: writes the directory  */
} wants[] = {
        { "execve", X_OK, false }, { "chdir", X_OK, false },   { "open", R_OK, false },
        { "openat", R_OK, false }, { "read", R_OK, false },    { "connect", W_OK, false },
        { "write", W_OK, false },  { "mkdir", F_OK, true },    { "rmdir", F_OK, true },
        { "symlink", F_OK, true }, { "unlink", F_OK, true },   { "unlinkat", F_OK, true },
        { "rename", F_OK, true },  { "renameat", F_OK, true },
};

static struct want wanted(const char *syscall)
{
        for (size_t i = 0; syscall && i < sizeof(wants) / sizeof(wants[0]); i++)
                if (strcmp(wants[i].syscall, syscall) == 0)
                        return wants[i];
        return (struct want){ 0 };
}

/* Permission bits do not stop a root with this capability (capabilities(7)). */
static bool is_root_in_name(void)
{
        return geteuid() == 0 && lack_capability(CAP_DAC_OVERRIDE);
}

/* "`PATH` has mode 0700 and belongs to 0:0", and which right the user lacks (NULL: none that we know of). */
static enum explained describe(const char *path, const struct stat *st, const char *missing, char *buf,
                               size_t size)
{
        char who[64] = "no user";
        int n = snprintf(buf, size, "`%s` has mode %04o and belongs to %u:%u", path,
                         (unsigned)st->st_mode & 07777, (unsigned)st->st_uid, (unsigned)st->st_gid);

        if (!missing || n < 0 || (size_t)n >= size)
                return missing ? EXPLAIN_SAID : EXPLAIN_ALLOWED;
        if (strcmp(missing, "execute") != 0 || (st->st_mode & 0111))
                (void)snprintf(who, sizeof(who), "user %u%s", (unsigned)geteuid(),
                               is_root_in_name() ? ", without CAP_DAC_OVERRIDE," : "");
        (void)snprintf(buf + n, size - (size_t)n, ": %s %s %s permission", who,
                       strcmp(who, "no user") == 0 ? "has" : "has no", missing);
        return EXPLAIN_SAID;
}

static bool is_noexec(const char *path)
{
        struct statvfs fs;

        return statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC);
}

static bool lacks(const char *path, int right)
{
        return faccessat(AT_FDCWD, path, right, AT_EACCESS) < 0 && errno == EACCES;
}

/* All directories can be passed through. What is wrong with the thing itself? */
static enum explained explain_last(const char *path, const struct stat *st, const char *syscall, int errnum,
                                   char *buf, size_t size)
{
        struct want w = wanted(syscall);
        bool execve = w.right == X_OK && !S_ISDIR(st->st_mode);
        const char *missing = NULL;
        struct stat itself;

        /* O_NOFOLLOW, and with O_DIRECTORY: open(2). */
        if ((errnum == ELOOP || errnum == ENOTDIR) && lstat(path, &itself) == 0 && S_ISLNK(itself.st_mode)) {
                (void)snprintf(buf, size, "`%s` is a symbolic link, which is not followed here", path);
                return EXPLAIN_SAID;
        }
        if (syscall && strcmp(syscall, "execve") == 0 && !S_ISREG(st->st_mode)) {
                (void)snprintf(buf, size, "`%s` is %s", path,
                               S_ISDIR(st->st_mode) ? "a directory" : "not a regular file");
                return EXPLAIN_SAID;
        }
        /* A slash at the end, or O_DIRECTORY. */
        if (errnum == ENOTDIR && !S_ISDIR(st->st_mode)) {
                (void)snprintf(buf, size, "`%s` is not a directory", path);
                return EXPLAIN_SAID;
        }
        if (errnum != EACCES)
                return describe(path, st, NULL, buf, size);
        if (execve && is_noexec(path)) {
                (void)snprintf(buf, size, "`%s` is on a mount with noexec", path);
                return EXPLAIN_SAID;
        }
        if (w.right == X_OK && lacks(path, X_OK))
                missing = execve ? "execute" : "search";
        else if (w.right == R_OK && lacks(path, R_OK))
                missing = "read";
        else if ((w.right == R_OK || w.right == W_OK) && lacks(path, W_OK))
                missing = "write";
        return describe(path, st, missing, buf, size);
}

/* A name cannot be made in, or removed from, this directory. */
static enum explained explain_entry(const char *dir, char *buf, size_t size)
{
        struct stat st;

        return stat(dir, &st) < 0 ? EXPLAIN_NOTHING
                                  : describe(dir, &st, lacks(dir, W_OK) ? "write" : NULL, buf, size);
}

/* This directory cannot be passed through. */
static enum explained explain_search(const char *dir, char *buf, size_t size)
{
        struct stat st;

        return stat(dir, &st) < 0 ? EXPLAIN_NOTHING : describe(dir, &st, "search", buf, size);
}

/* stat(2) of `path` failed with errnum, while that of its directory `dir` worked. */
static enum explained explain_step(const char *dir, const char *path, int errnum, char *buf, size_t size)
{
        char target[PATH_MAX];
        ssize_t n;

        n = readlink(path, target, sizeof(target) - 1);
        if (n >= 0) {
                const char *what = errnum == ENOENT  ? "which does not exist"
                                   : errnum == ELOOP ? "which leads in a circle"
                                                     : "which cannot be reached";

                target[n] = '\0';
                (void)snprintf(buf, size, "`%s` is a symbolic link to `%s`, %s", path, target, what);
                return EXPLAIN_SAID;
        }
        switch (errnum) {
        case ENOENT:
                (void)snprintf(buf, size, "`%s` does not exist", path);
                return EXPLAIN_SAID;
        case ENOTDIR:
                (void)snprintf(buf, size, "`%s` is not a directory", dir);
                return EXPLAIN_SAID;
        case EACCES:
                return explain_search(dir, buf, size);
        default:
                return EXPLAIN_NOTHING;
        }
}

enum explained explain_path(const char *path, const char *syscall, int errnum, char *buf, size_t size)
{
        bool entry = wanted(syscall).entry && errnum == EACCES;
        char here[PATH_MAX] = "/", dir[PATH_MAX] = "/";
        struct stat st;
        size_t len = 0;

        if (!path || path[0] != '/' || strlen(path) >= sizeof(here) || stat("/", &st) < 0)
                return EXPLAIN_NOTHING;
        for (;;) {
                size_t n;

                path += strspn(path, "/");
                n = strcspn(path, "/");
                if (n == 0)
                        return entry ? explain_entry(dir, buf, size)
                                     : explain_last(here, &st, syscall, errnum, buf, size);
                memcpy(dir, len ? here : "/", len ? len + 1 : 2);
                here[len++] = '/';
                memcpy(here + len, path, n);
                len += n;
                here[len] = '\0';
                path += n;
                if (stat(here, &st) == 0)
                        continue;
                if (entry && errno == ENOENT && path[strspn(path, "/")] == '\0')
                        return explain_entry(dir, buf, size);
                return explain_step(dir, here, errno, buf, size);
        }
}
