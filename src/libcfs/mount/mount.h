/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One mount of mounts[]: where it goes, and how it is made. Everything works on descriptors: a mount is made
 * detached, gets its flags, and is attached to a target that was opened inside the root (base/path.h).
 *
 *   mount_target.c   opens the destination, making it; keeps mounts off procfs
 *   mount_bind.c     bind mounts
 *   mount_fresh.c    mounts of a file system
 *   mount_classic.c  what of it only mount(2) can do
 *   mount_change.c   flags, propagation, remount
 *   mount_cgroup.c   the cgroup hierarchies
 *   mount_aside.c    mounts made in another namespace
 *   mount_procfs.c   a procfs of another PID namespace
 *   mount_child.c    the child that makes these two, and the next (mount_child.h)
 *   mount_idmap.c    user namespaces for mapped ids
 *   mount_copyup.c   tmpcopyup
 *   mount_label.c    SELinux
 *   mount_node.c     device nodes (mount_node.h)
 */
#ifndef LIBCFS_MOUNT_H
#define LIBCFS_MOUNT_H

#include "base/cleanup.h"
#include "base/err.h"
#include "libcfs/mount/mount_options.h"
#include "ocispec.h"
#include <stdbool.h>
#include <sys/types.h>

struct cgroup;
struct oci_arena;

/* What a mount depends on besides its own entry. */
struct mount_env {
        size_t index; /* of the entry in mounts[] that is worked on, for messages                   */
        const char *bundle;
        const char *rootfs; /* the container's root, as a path of the host                              */
        const char *real_rootfs; /* the same without links, where the runtime makes mounts; or NULL       */
        bool shared;       /* linux.rootfsPropagation: mounts are shared with the host                  */
        const char *label; /* linux.mountLabel, or NULL                                                  */
        const char *label_type; /* the option of mount(8) that has it; NULL: context */
        int root_fd;   /* the container's root; -1 before it exists                                  */
        int proc_fd;   /* the host's procfs                                                          */
        uint64_t ns;   /* CLONE_NEW* of the container's own namespaces, new or joined                */
        bool inside;   /* this process is in the container's user namespace                          */
        int pidns_fd;  /* the PID namespace that the container joins, or -1                          */
        int userns_fd; /* the user namespace that the container joins, or -1                         */
        const struct oci_linux *linux_;
        /* or NULL */
        const struct cgroup *cgroup;
        struct oci_arena *arena;
        /* The tmpfs that was mounted last, and where: /dev, as a rule. See mount_target.c. */
        const char *own_path;
        int own_fd;
        bool plain; /* no link led to the destination that was opened last */
        /* user namespaces made so far; see mount_idmap.c */
        struct mount_idmap *idmaps;
};

/* ---- mount_aside.c ------------------------------------------------------------------------------------- */

struct mount_aside {
        int ns_fd;   /* a namespace to enter, or -1                                               */
        uint64_t ns; /* which one: CLONE_NEW*                                                     */
        bool copy;   /* in a private copy of the mount namespace                                  */
        int (*make)(struct mount_env *e, void *data, int *ret_fd, struct cfs_error *err);
        void *data;
};

/* Calls make() in a child process that has entered ns_fd, or a copy of the mount namespace; *ret_fd is the
 * detached mount that make() has returned there. */
int mount_aside(struct mount_env *e, const struct mount_aside *a, int *ret_fd, struct cfs_error *err);

/* ---- mount_procfs.c ------------------------------------------------------------------------------------ */

/* The file system context (fsopen(2)) of a procfs for a PID namespace in which other processes are.
 * inside: this process is in the container's namespaces, not in the host's. */
int mount_procfs_open(int pidns_fd, bool inside, struct cfs_error *err);

/* ---- mount_target.c ------------------------------------------------------------------------------------ */

/* A path with one slash in front and no ".", ".." or double slashes; in the arena. NULL: out of memory. */
char *mount_target_clean(const char *path, struct oci_arena *arena);

/* Is that the container's root, however it is spelt? */
bool mount_target_is_root(const char *path, struct oci_arena *arena);

/* Is the one (clean) path the other, or below it? */
bool mount_target_is_below(const char *path, const char *dir);

/* May something of this kind be mounted on that (clean) path? Pure. NULL, or why not: a sentence without
 * the path. */
const char *mount_target_refused(const char *clean, const char *type, bool bind);

enum mount_target_kind { MOUNT_TARGET_DIR, MOUNT_TARGET_FILE, MOUNT_TARGET_LINK };

/* Opens the destination (O_PATH), making it when it is missing; *ret_mode (may be NULL) is the mode of a
 * directory that was there, or 0. proc and sysfs must not be reached through a link. The caller has set
 * the umask to 0. */
int mount_target_open(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                      enum mount_target_kind kind, int *ret_fd, mode_t *ret_mode, struct cfs_error *err);

/* The same for a directory that is missing directly in the tmpfs that was mounted last: makes it, and returns
 * its name there, for mnt_attach_at(own_fd). NULL: it has to be opened. */
const char *mount_target_make_own(struct mount_env *e, const struct oci_mount *m,
                                  const struct mount_options *o, enum mount_target_kind kind);

/* An empty tmpfs was mounted on the destination that mount_target_open() has opened last, or
 * mount_target_make_own() made. Takes fd. */
void mount_target_own(struct mount_env *e, const struct oci_mount *m, int fd);

/* Closes the descriptor that mount_target_own() keeps. */
void mount_target_forget(struct mount_env *e);

/* Opens the container's /dev (O_PATH): a directory, or a link of the image to one inside the root
 * (*ret_linked, may be NULL). -errno; -ENOENT when there is none. */
int mount_target_dev(int root_fd, bool *ret_linked, struct cfs_error *err);

/* Opens (O_PATH) a file that a mask will cover. In a user namespace a directory on the way may refuse the
 * container's root and let its owner in. So this tries it as the owner, too, when that is a user of the
 * container. -EACCES: no user of the container can reach the file. Without a message. */
int mount_target_reach(int root_fd, const char *path, struct oci_arena *arena);

/* copy-symlink: makes the link `text` at the destination; the same link there already is fine. */
int mount_target_symlink(const struct mount_env *e, const char *destination, const char *text,
                         struct cfs_error *err);

/* ---- mount_bind.c -------------------------------------------------------------------------------------- */

struct mount_bound {
        int fd;      /* detached, with its flags and IDs; or -1 */
        mode_t mode; /* of the source */
        bool late;   /* in: the caller can make it read-only later; out: the caller must (directories only) */
};

/* Clones the source. on_host: this is the runtime's own mount namespace, so the clone must not stay a peer of
 * the host's mount. */
int mount_bind_make(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                    bool on_host, struct mount_bound *b, struct cfs_error *err);

/* Does the source lie in the container's own root, where an earlier mount may have put it? *ret (may be
 * NULL) is its path there, in the arena. */
bool mount_bind_is_inside(const struct mount_env *e, const struct oci_mount *m, const char **ret);

/* copy-symlink: *ret is the source's text (in the arena) when it is a link, else NULL. */
int mount_bind_read_link(const struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                         char **ret, struct cfs_error *err);

/* ---- mount_fresh.c ------------------------------------------------------------------------------------- */

/* A detached mount of a new file system, writable when `writable` even if it is to end read-only. mode: of
 * the directory that it will cover, or 0. */
int mount_fresh_make(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                     bool writable, mode_t mode, int *ret_fd, struct cfs_error *err);

/* ---- mount_classic.c ----------------------------------------------------------------------------------- */

/* Does this mount need mount(2), because an option or the source is too long for fsconfig(2), or because
 * layers of an overlay are relative to the bundle? */
bool mount_classic_needed(const struct oci_mount *m, const char *const *words);

/* A detached mount, made by mount(2) with these words of the file system, the first n_sb of which are
 * flags of the superblock. The mount's own flags are the defaults. */
int mount_classic_make(struct mount_env *e, const struct oci_mount *m, const char *const *words, size_t n_sb,
                       int *ret_fd, struct cfs_error *err);

/* ---- mount_change.c ------------------------------------------------------------------------------------ */

/* Flags (of a clone; a fresh mount has them already), propagation and ids of a detached mount. writable:
 * the mount itself is not made read-only, the caller does that later; those below it are. */
int mount_change_apply(struct mount_env *e, int fd, const struct oci_mount *m, const struct mount_options *o,
                       bool writable, struct cfs_error *err);

/* The option remount, for what is mounted at target_fd. */
int mount_change_remount(const struct mount_env *e, int target_fd, const struct oci_mount *m,
                         const struct mount_options *o, struct cfs_error *err);

/* iversion and noiversion, on an attached mount: fsconfig(2) has no word for them. */
int mount_change_iversion(int fd, const struct mount_options *o, struct cfs_error *err);

/* The propagation that the options ask for, of a mount that is attached. */
int mount_change_propagation(int fd, const struct mount_options *o, struct cfs_error *err);

/* ---- mount_cgroup.c ------------------------------------------------------------------------------------ */

static inline bool mount_is_cgroup(const struct oci_mount *m, const struct mount_options *o)
{
        return m->type && !(o->flags & MOUNT_BIND) &&
               (__builtin_strcmp(m->type, "cgroup") == 0 || __builtin_strcmp(m->type, "cgroup2") == 0);
}

/* Mounts the hierarchies, as the host has them, on the target. */
int mount_cgroup_attach(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                        int target_fd, struct cfs_error *err);

/* ---- mount_idmap.c ------------------------------------------------------------------------------------- */

/* A user namespace with these mappings. It is kept in e->idmaps for later mounts with the same mappings, and
 * closed by mount_idmap_close(), not by the caller. */
int mount_idmap_get(struct mount_env *e, struct oci_id_mapping *const *uids, size_t n_uids,
                    struct oci_id_mapping *const *gids, size_t n_gids, struct cfs_error *err);
struct mount_idmap_lines {
        struct oci_id_mapping **lines;
        size_t n;
};

/* Parses the mapping of the option idmap=, in the arena. NULL, or what is wrong with it. */
const char *mount_idmap_parse(const char *text, const struct oci_linux *l, struct oci_arena *arena,
                              struct mount_idmap_lines *uids, struct mount_idmap_lines *gids);
void mount_idmap_close(struct mount_env *e);

/* ---- mount_label.c ------------------------------------------------------------------------------------- */

/* The option that labels a file system of this type, in the arena; NULL when none is needed: there is no
 * label, or the options (may be NULL) have one. Fails for lack of memory only. */
int mount_label_option(const struct mount_env *e, const char *type, const struct mount_options *o,
                       const char **ret);

/* Labels the directory of a detached mqueue, which takes no such option. */
int mount_label_mqueue(const struct mount_env *e, int fd, struct cfs_error *err);

/* ---- mount_copyup.c ------------------------------------------------------------------------------------ */

/* Copies what is in directory from_fd (O_PATH) into directory to_fd (O_PATH). */
int mount_copyup(int from_fd, int to_fd, struct cfs_error *err);

#endif
