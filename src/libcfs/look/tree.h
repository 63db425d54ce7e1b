/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a path of the container will lead to, before the container is made: for `cfs check --host`, which
 * touches nothing.
 *
 *   tree.c       the paths: the root file system with the bind mounts of the configuration laid over it
 *   view.c       the tree of a container, seen by the user of its process
 *   program.c    whether the kernel will execute what is there
 *   mounts.c     whether the mounts can be made
 */
#ifndef LIBCFS_LOOK_TREE_H
#define LIBCFS_LOOK_TREE_H

#include "ocispec.h"
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct ctx;
struct oci_arena;
struct problems;

/* The user who will use the paths. The IDs are those of the host, or (uid_t)-1: not known. */
struct look_user {
        uid_t uid;
        gid_t gid;
        const gid_t *groups;
        size_t n_groups;
        bool override;                /* has CAP_DAC_OVERRIDE, capabilities(7)... */
        const struct oci_linux *maps; /* ... over these IDs; NULL: over all */
};

struct look_tree {
        int root_fd;
        const char *bundle;              /* what relative sources of mounts count from */
        const struct oci_config *config; /* NULL: no mounts, the tree is the host's   */
        char **at;                       /* where each mount will be, without links */
        size_t n_mounts; /* how many of them exist: all, or the first ones, for a look before the rest is made */
        struct oci_arena *arena;
        struct look_user user;
};

/* The file that a path leads to, or why it leads to none. */
struct look_found {
        char path[PATH_MAX]; /* the path without links, to where it ended                                 */
        struct stat st;      /* of what is at `path`                                                     */
        size_t mount;        /* the mount that it lies on, or SIZE_MAX: the root file system            */
        bool noexec;         /* nothing there can be executed                                            */
        bool mapped;         /* the mount shows other owners than st has                                 */
        bool unknown;        /* -EXDEV: it lies on `mount`, whose content exists in the container only */
        char why[400];       /* a failure, in words                                                      */
};

/* root_fd: the root directory (O_PATH). Opened for the tree's life; returns 0 or -errno. */
int look_tree_open(struct look_tree *t, const char *root, const char *bundle, const struct oci_config *config,
                   struct oci_arena *arena);
/* ---- view.c */
int look_view_container(struct look_tree *t, const struct ctx *c);
/* The host's own tree, seen by us. */
int look_view_host(struct look_tree *t, struct oci_arena *arena);

void look_tree_close(struct look_tree *t);

/* Opens (O_PATH) what `path` leads to, links followed as the container will. Returns the descriptor, or
 * -errno with the reason in f->why. */
int look_tree_path(const struct look_tree *t, const char *path, struct look_found *f);

/* Does the user of the tree have this permission (S_IXOTH, S_IROTH)? Also true when only the kernel can
 * decide (the file has an ACL). */
bool look_tree_may(const struct look_tree *t, int fd, const struct look_found *f, mode_t permission);

/* ---- mounts.c */
void look_mounts(const struct ctx *c, struct problems *p);

#endif
