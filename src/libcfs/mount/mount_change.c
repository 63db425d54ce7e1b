/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing mounts: flags, propagation, ids; and the option remount.
 *
 * mount_setattr(2) changes what it is told and leaves the rest, unlike a remount by mount(2), which sets all
 * flags again and so loses those that are not repeated. Ids can be mapped only while a mount is detached, so
 * everything is done before a process can see it.
 *
 * What a more privileged user namespace gave a mount is locked for us (mount_namespaces(7)): taking ro,
 * nosuid, nodev or noexec back, and any change to how access times are updated, is EPERM. An engine that
 * writes "rw,relatime" for every volume does not mean to fail there, so such changes are left out, with a
 * warning. Adding a flag always works.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define ATIMES (MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)

static const struct {
        long st;
        uint64_t attr;
        unsigned long ms;
} flag_names[] = {
        { ST_RDONLY, MOUNT_ATTR_RDONLY, MS_RDONLY },
        { ST_NOSUID, MOUNT_ATTR_NOSUID, MS_NOSUID },
        { ST_NODEV, MOUNT_ATTR_NODEV, MS_NODEV },
        { ST_NOEXEC, MOUNT_ATTR_NOEXEC, MS_NOEXEC },
        { 0x2000 /* ST_NOSYMFOLLOW */, MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
        { ST_NODIRATIME, MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
        { ST_NOATIME, MOUNT_ATTR_NOATIME, MS_NOATIME },
        { ST_RELATIME, 0, MS_RELATIME },
        { ST_SYNCHRONOUS, 0, MS_SYNCHRONOUS },
        { ST_MANDLOCK, 0, MS_MANDLOCK },
};

/* Leaves in *a what can be done to a locked mount. */
static void without_locked(int fd, bool recursive, struct mount_attrs *a)
{
        struct statfs fs;
        uint64_t has = 0;

        if (fstatfs(fd, &fs) < 0 || recursive)
                has = ~(uint64_t)0; /* of the mounts below we do not know: clear nothing */
        else
                for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
                        if (fs.f_flags & flag_names[i].st)
                                has |= flag_names[i].attr;
        a->clr &= ~(has | ATIMES);
        a->set &= ~(uint64_t)ATIMES;
}

static int set_attrs(int fd, bool recursive, struct mount_attrs a, uint64_t propagation,
                     const struct oci_mount *m, struct cfs_error *err)
{
        struct mount_attrs can = a;
        int r;

        r = mnt_setattr(fd, recursive, a.set, a.clr, propagation, -1, err);
        if (r != -EPERM)
                return r;
        without_locked(fd, recursive, &can);
        if (can.set == a.set && can.clr == a.clr)
                return r;
        err_clear(err);
        log_warning(
                "mount on `%s`: flags of its source are locked by the user namespace that owns it, and stay",
                m->destination);
        return mnt_setattr(fd, recursive, can.set, can.clr, propagation, -1, err);
}

/* rro, while a mount point is still to be made in the mount itself: what it was not before, it is not yet. */
static int set_all(int fd, const struct mount_attrs *all, bool writable, const struct oci_mount *m,
                   struct cfs_error *err)
{
        struct statfs fs = { 0 };
        int r;

        writable = writable && (all->set & MOUNT_ATTR_RDONLY) && fstatfs(fd, &fs) == 0 &&
                   !(fs.f_flags & ST_RDONLY);
        r = set_attrs(fd, true, *all, 0, m, err);
        return r >= 0 && writable ? mnt_setattr(fd, false, 0, MOUNT_ATTR_RDONLY, 0, -1, err) : r;
}

/* Each kind of propagation is a call of its own. */
static int set_propagation(int fd, const struct mount_options *o, size_t first, struct cfs_error *err)
{
        bool deep = o->flags & MOUNT_RECURSIVE;
        int r = 0;

        for (size_t i = first; r >= 0 && i < o->n_propagation; i++)
                r = mnt_setattr(fd, deep && o->propagation[i] & MS_REC, 0, 0,
                                o->propagation[i] & ~(unsigned)MS_REC, -1, err);
        return r;
}

int mount_change_propagation(int fd, const struct mount_options *o, struct cfs_error *err)
{
        return set_propagation(fd, o, 0, err);
}

/* The first kind of propagation goes with the flags when both are as deep. */
static int set_flags(int fd, const struct oci_mount *m, const struct mount_options *o, bool writable,
                     struct cfs_error *err)
{
        bool deep = o->flags & MOUNT_RECURSIVE;
        struct mount_attrs top = o->top, all = o->all;
        size_t i = 0;
        int r = 0;

        if (!deep) { /* one mount only: both are the same */
                top.set = (top.set & ~all.clr) | all.set;
                top.clr = (top.clr & ~all.set) | all.clr;
                all = (struct mount_attrs){ 0 };
        }
        if (writable)
                top.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
        if (top.set || top.clr) {
                unsigned with = 0;

                if (o->n_propagation > 0 && !(deep && o->propagation[0] & MS_REC))
                        with = o->propagation[i++] & ~(unsigned)MS_REC;
                r = set_attrs(fd, false, top, with, m, err);
        }
        if (r >= 0 && (all.set || all.clr))
                r = set_all(fd, &all, writable, m, err);
        return r < 0 ? r : set_propagation(fd, o, i, err);
}

static int set_ids(struct mount_env *e, int fd, const struct oci_mount *m, const struct mount_options *o,
                   struct cfs_error *err)
{
        struct mount_idmap_lines uids, gids;
        int userns, r;

        if (o->idmap) {
                const char *why = mount_idmap_parse(o->idmap, e->linux_, e->arena, &uids, &gids);

                if (why)
                        return err_set(err, CFS_E_INVALID, "idmap=%.200s: %s", o->idmap, why);
                userns = mount_idmap_get(e, uids.lines, uids.n, gids.lines, gids.n, err);
        } else if (m->n_uid_mappings > 0)
                userns = mount_idmap_get(e, m->uid_mappings, m->n_uid_mappings, m->gid_mappings,
                                         m->n_gid_mappings, err);
        else if (e->userns_fd >= 0)
                userns = e->userns_fd;
        else
                userns = mount_idmap_get(e, e->linux_->uid_mappings, e->linux_->n_uid_mappings,
                                         e->linux_->gid_mappings, e->linux_->n_gid_mappings, err);
        if (userns < 0)
                return userns;
        r = mnt_setattr(fd, o->flags & MOUNT_RIDMAP, 0, 0, 0, userns, err);
        if (r == -EPERM)
                return err_hint(err, r,
                                "mapping IDs needs CAP_SYS_ADMIN in the user namespace that "
                                "made the file system, and works once for a mount");
        return r;
}

int mount_change_apply(struct mount_env *e, int fd, const struct oci_mount *m, const struct mount_options *o,
                       bool writable, struct cfs_error *err)
{
        struct mount_options fresh = *o;
        int r;

        /* A new mount has its flags already. */
        fresh.top = fresh.all = (struct mount_attrs){ 0 };
        r = set_flags(fd, m, o->flags & MOUNT_BIND ? o : &fresh, writable, err);
        if (r >= 0 && (o->flags & (MOUNT_IDMAP | MOUNT_RIDMAP)))
                r = set_ids(e, fd, m, o, err);
        return r;
}

/* The superblock's part of a remount: fspick(2) makes a context of one that exists. */
static int reconfigure(int target_fd, const struct mount_options *o, struct cfs_error *err)
{
        const char *words[8];
        size_t n = mount_options_sb_words(o, true, words);
        _cleanup_close_ int fd = -1;

        if (n == 0 && o->n_data == 0)
                return 0;
        fd = fspick(target_fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
        if (fd < 0)
                return err_sys(err, errno, "fspick", "change a file system");
        for (size_t i = 0; i < n; i++)
                if (fsconfig(fd, FSCONFIG_SET_FLAG, words[i], NULL, 0) < 0)
                        return err_sys(err, errno, "fsconfig", "change a file system: option `%s`", words[i]);
        for (size_t i = 0; i < o->n_data; i++) {
                char key[256];
                const char *value = strchr(o->data[i], '=');
                int r;

                if (value && strlen(value + 1) > 255)
                        return err_set(err, CFS_E_UNSUPPORTED,
                                       "option `%.64s...`: for a remount the kernel takes at most 255 bytes",
                                       o->data[i]);
                (void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(o->data[i], "="), o->data[i]);
                r = value ? fsconfig(fd, FSCONFIG_SET_STRING, key, value + 1, 0)
                          : fsconfig(fd, FSCONFIG_SET_FLAG, key, NULL, 0);
                if (r < 0)
                        return err_sys(err, errno, "fsconfig", "change a file system: option `%s`",
                                       o->data[i]);
        }
        if (fsconfig(fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
                return err_sys(err, errno, "fsconfig", "change a file system");
        return 0;
}

int mount_change_remount(const struct mount_env *e, int target_fd, const struct oci_mount *m,
                         const struct mount_options *o, struct cfs_error *err)
{
        int r = 0;

        (void)e;
        if (!(o->flags & MOUNT_BIND))
                r = reconfigure(target_fd, o, err);
        if (r >= 0)
                r = set_flags(target_fd, m, o, false, err);
        if (r >= 0)
                r = mount_change_iversion(target_fd, o, err);
        if (r == -EINVAL)
                return err_hint(err, r, "`remount` changes what is mounted exactly there already");
        return r;
}

/* The one superblock flag that only mount(2) can change. It sets all flags anew, so they are read first.
 * "." is the mount itself: no path is looked up. */
int mount_change_iversion(int fd, const struct mount_options *o, struct cfs_error *err)
{
        unsigned long flags = MS_REMOUNT;
        _cleanup_close_ int cwd = -1;
        struct statfs fs;
        int r = 0;

        if (!((o->sb_set | o->sb_clr) & MOUNT_SB_IVERSION))
                return 0;
        if (fstatfs(fd, &fs) < 0)
                return err_sys(err, errno, "fstatfs", "read the flags of a mount");
        for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
                if (fs.f_flags & flag_names[i].st)
                        flags |= flag_names[i].ms;
        if (!(fs.f_flags & (ST_NOATIME | ST_RELATIME)))
                flags |= MS_STRICTATIME;
        flags |= o->sb_set & MOUNT_SB_IVERSION ? MS_I_VERSION : 0;
        flags |= o->sb_set & MOUNT_SB_LAZYTIME ? MS_LAZYTIME : 0;
        cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cwd < 0 || fchdir(fd) < 0)
                return err_sys(err, errno, "fchdir", "go to a mount");
        /* allowed: fsconfig(2) has no word for this flag */
        if (mount(NULL, ".", NULL, flags, NULL) < 0)
                r = err_sys(err, errno, "mount", "set `iversion`");
        if (fchdir(cwd) < 0 && r == 0)
                r = err_sys(err, errno, "fchdir", "go back from a mount");
        return r;
}
