/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of mounts[]: one table, from which the parser works, `cfs features` lists, and the tests count.
 */
#ifndef LIBCFS_MOUNT_OPTIONS_H
#define LIBCFS_MOUNT_OPTIONS_H

#include "base/err.h"
#include "ocispec.h"
#include <stdbool.h>
#include <stdint.h>

struct oci_arena;

/* What is to be done, rather than which flags the result has. */
enum mount_flags {
        MOUNT_BIND = 1 << 0,          /* the source is a directory or file of the host                     */
        MOUNT_RECURSIVE = 1 << 1,     /* with all mounts below it                                          */
        MOUNT_REMOUNT = 1 << 2,       /* change what is mounted there already                              */
        MOUNT_COPYUP = 1 << 3,        /* fill the tmpfs with what it covers                                */
        MOUNT_IDMAP = 1 << 4,         /* map ids, of the one mount                                         */
        MOUNT_RIDMAP = 1 << 5,        /* map ids, of all                                                   */
        MOUNT_COPY_SYMLINK = 1 << 6,  /* when the source is a link, make the same link                     */
        MOUNT_SRC_NOFOLLOW = 1 << 7,  /* bind the link itself                                              */
        MOUNT_DEST_NOFOLLOW = 1 << 8, /* mount over the link itself                                        */
};

/* Flags of the superblock: they hold for every mount of the file system. */
enum mount_sb {
        MOUNT_SB_RDONLY = 1 << 0,
        MOUNT_SB_SYNC = 1 << 1,
        MOUNT_SB_DIRSYNC = 1 << 2,
        MOUNT_SB_LAZYTIME = 1 << 3,
        MOUNT_SB_MAND = 1 << 4,
        MOUNT_SB_IVERSION = 1 << 5,
};

/* What mount_setattr(2) is to set and clear. */
struct mount_attrs {
        uint64_t set, clr; /* MOUNT_ATTR_*                                      */
};

#define MOUNT_MAX_PROPAGATION 8

struct mount_options {
        unsigned flags;          /* enum mount_flags                                       */
        struct mount_attrs top;  /* for the mount itself                                   */
        struct mount_attrs all;  /* for it and all below it: options that begin with r     */
        unsigned sb_set, sb_clr; /* enum mount_sb                                          */
        unsigned propagation[MOUNT_MAX_PROPAGATION]; /* MS_SHARED..., with MS_REC; in order                */
        size_t n_propagation;
        const char *idmap; /* the mapping of "idmap=" or "ridmap=" (crun's), or NULL             */
        /* options that cfs does not know, for the file system: "key=value" or "flag"; ends with NULL */
        const char **data;
        size_t n_data;
};

/* Pure. Strings that had to be split are in the arena. Fails for lack of memory only. */
int mount_options_parse(const struct oci_mount *m, struct oci_arena *arena, struct mount_options *ret,
                        struct cfs_error *err);

/* Is this word one of our options (as opposed to one of a file system)? */
bool mount_options_known(const char *name);

/* A bind mount: by an option, or by the type that no file system has. */
bool mount_options_is_bind(const struct oci_mount *m);

/* Does the word belong to SELinux: context=, fscontext=, defcontext=, rootcontext=? */
bool mount_options_is_context(const char *word);

/* A word that engines leave on bind mounts although it is for them alone ("z", "nocopy"): it has no effect
 * here. */
bool mount_options_is_engine(const char *word);

/* A word that a mount of type cgroup or cgroup2 may have, which the runtime makes as the host has them:
 * they have no effect but to be accepted. "name=systemd" too. */
bool mount_options_is_cgroup(const char *word);

/* The mapping in "idmap=MAPPING" or "ridmap=MAPPING", or NULL. */
const char *mount_options_idmap(const char *word);

/* MOUNT_ATTR_* for a mount that is made new, where what is cleared is what the kernel leaves out anyway. */
uint64_t mount_options_new_attrs(const struct mount_options *o);

/* The value of "KEY=" in data, or NULL; "" for a bare KEY. */
const char *mount_options_data(const struct mount_options *o, const char *key);

/* fsconfig(2)'s words for superblock flags ("ro", "sync"...), appended to words (room for 8), without the
 * clearing ones unless `also_clear`. Returns how many there are. */
size_t mount_options_sb_words(const struct mount_options *o, bool also_clear, const char **words);

/* All options of the table, NULL-terminated, sorted: mountOptions of the features document. */
const char *const *mount_options_names(void);

#endif
