/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths below a root that a hostile process may control: the only file of cfs that resolves them.
 *
 * Trust model: config.json is trusted, what lies in the root file system is not. A symbolic link in the root
 * may point anywhere, and a process may exchange it at any moment (CVE-2019-18837, CVE-2021-30465,
 * CVE-2024-45310). So every look-up is one openat2(2) relative to a descriptor of the root, and what follows
 * (mkdirat, mknodat, move_mount) works on the descriptor that it returned, never on the path again.
 *
 *   in_root   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: for paths that the user wrote (mount destinations).
 *             Links are followed, as if chrooted: the container's own layout ("/var/run -> /run") works and
 *             stays inside.
 *   beneath   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS: for names that the runtime chose
 *             (/dev/null). A link there is an attack or a mistake: -ELOOP.
 *
 * Functions return a descriptor or 0, and -errno with err filled; err may be NULL where failing is expected.
 * The modes of what is made are exact: the umask does not apply. O_CLOEXEC is implied, O_CREAT is refused.
 * Beware of opening without O_PATH what may be a FIFO or a device.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

int path_open_in_root(int root_fd, const char *path, int flags, struct cfs_error *err);
int path_open_beneath(int dir_fd, const char *path, int flags, struct cfs_error *err);

/* As path_open_beneath() and RESOLVE_NO_XDEV, for a verified procfs descriptor: "self/attr/exec" and sysctls.
 * The link "self"/"thread-self" of procfs itself is followed, magic links are not. */
int path_open_proc(int proc_fd, const char *path, int flags, struct cfs_error *err);

/* Opens a file of procfs as path_open_proc() does and writes `text` with one write(2), as procfs wants it. */
int path_write_proc(int proc_fd, const char *path, const char *text, struct cfs_error *err);

/* Opens directory `path` in the root as O_PATH, making missing components with `mode`, links followed
 * inside. Where a link leads to something missing, its target is made: "/var/run/x" with "/var/run ->
 * /run" makes "/run/x". */
int path_mkdirs_in_root(int root_fd, const char *path, mode_t mode, struct cfs_error *err);

/* Opens `path` in the root as O_PATH, whatever kind of file it is. When it is missing, makes its parents
 * (0755) and an empty regular file (mode). Symbolic links are followed as by path_mkdirs_in_root(). */
int path_mkfile_in_root(int root_fd, const char *path, mode_t mode, struct cfs_error *err);

/* Splits `path`: opens the directory part in the root as O_PATH, makes it when it is missing, and points
 * *ret_name at the last component of `path`. A trailing slash, "." and ".." are errors. The last component is
 * not looked at: it may be missing, or a symbolic link. */
int path_parent_in_root(int root_fd, const char *path, mode_t mode, const char **ret_name,
                        struct cfs_error *err);

/* The host's /proc as an O_PATH directory, verified to be procfs and its root (CVE-2019-16884,
 * CVE-2025-52881). */
int path_open_host_proc(struct cfs_error *err);

/* Lexical helpers on strings. */
bool path_is_absolute(const char *path);
/* Is one of the components ".."? */
bool path_has_dotdot(const char *path);
/* The path with one slash in front and no ".", ".." or double slashes, as if it began at the root; ".." of
 * the root is the root. By its text alone: no link is looked at. buf has strlen(path) + 2 bytes. It may be
 * `path` itself, when that begins with a slash: the text never grows then. */
void path_clean(const char *path, char *buf);
/* "BASE/REL", or REL alone when it is absolute; freed by the caller. */
int path_join(const char *base, const char *rel, char **ret, struct cfs_error *err);

#endif
