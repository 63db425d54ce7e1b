/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts of a file system: tmpfs, proc, sysfs, devpts, mqueue, overlay, and whatever else the kernel has.
 *
 * Read-only twice. ro of mount(2) makes the superblock read-only and the mount. For a disk both are meant. A
 * file system that lives in memory is either the container's own (then nothing else can write to it) or the
 * kernel's view of itself (then its superblock is not ours alone), so there the mount's flag is what counts.
 * A tmpfs that is to be read-only stays writable until all mount points in it are made (see
 * mounts_readonly_init()).
 *
 * A tmpfs without mode= takes the permissions of the directory that it covers, so that /tmp stays 1777.
 *
 * The kernel refuses some file systems to user namespaces (EPERM), for reasons that the errno does not tell:
 *
 *   sysfs    shows a network namespace, which must belong to the user namespace; and only where a sysfs is
 *            visible in full already. Otherwise the container gets the host's /sys, read-only with all that
 *            is below (CVE-2023-25809).
 *   mqueue   the same with the IPC namespace; the host's /dev/mqueue is that namespace's.
 *   proc     shows a PID namespace, the same; and only where a procfs is visible in full already: otherwise mounting one
 *            would uncover what a more privileged user has covered ("mount_too_revealing" in the kernel).
 *            This is what happens to containers in containers, and we say which cover it is.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_MOUNTINFO (4 << 20)

/* clang-format off */
/* Which namespace's privileges the kernel asks for, and what shows the same when it is the runtime's. */
static const struct {
        const char *type;
        uint64_t ns;
        const char *ns_name;
        const char *host_path;
} of_namespace[] = {
        { "sysfs",  CLONE_NEWNET, "network", "/sys" },
        { "mqueue", CLONE_NEWIPC, "ipc",     "/dev/mqueue" },
        { "proc",   CLONE_NEWPID, "pid",     "/proc" },
};
/* clang-format on */

/* Does this file system live in memory only, so that read-only is a property of the mount alone? */
static bool is_virtual(const char *type)
{
        static const char *const types[] = { "tmpfs",      "ramfs",  "proc",    "sysfs",    "devpts",
                                             "mqueue",     "cgroup", "cgroup2", "devtmpfs", "debugfs",
                                             "securityfs", "bpf",    "tracefs" };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (STREQ(types[i], type))
                        return true;
        return false;
}

/* All words for fsconfig(2), NULL-terminated, in the arena; the first *ret_sb of them are for the
 * superblock. */
static const char **words_of(const struct mount_env *e, const struct oci_mount *m,
                             const struct mount_options *o, mode_t mode, size_t *ret_sb,
                             struct cfs_error *err)
{
        const char **w = oci_arena_alloc(e->arena, (o->n_data + 11) * sizeof(*w));
        struct mount_options sb = *o;
        const char *label;
        size_t n;
        char *s;

        if (!w)
                goto nomem;
        if (is_virtual(m->type))
                sb.sb_set &= ~(unsigned)MOUNT_SB_RDONLY;
        n = *ret_sb = mount_options_sb_words(&sb, false, w);
        if (mode && STREQ(m->type, "tmpfs") && !mount_options_data(o, "mode")) {
                s = oci_arena_alloc(e->arena, 20);
                if (!s)
                        goto nomem;
                (void)snprintf(s, 20, "mode=%04o", (unsigned)mode);
                w[n++] = s;
        }
        for (size_t i = 0; i < o->n_data; i++)
                w[n++] = o->data[i];
        if (mount_label_option(e, m->type, o, &label) < 0)
                goto nomem;
        if (label)
                w[n++] = label;
        w[n] = NULL;
        return w;
nomem:
        (void)err_nomem(err);
        return NULL;
}

/* ---- what EPERM means in a user namespace -------------------------------------------------------------- */

/* Finds a mount that covers part of a procfs: its path in buf. */
static bool find_cover(const struct mount_env *e, char *buf, size_t size)
{
        _cleanup_mountinfo_ struct mountinfo m = { 0 };
        int procs[32];
        size_t n_procs = 0;

        if (mountinfo_read(&m, e->proc_fd, "self/mountinfo", NULL) < 0)
                return false;
        while (mountinfo_next(&m)) {
                for (size_t i = 0; i < n_procs; i++)
                        if (procs[i] == m.parent) {
                                (void)snprintf(buf, size, "%s", m.point);
                                return true;
                        }
                if (STREQ(m.type, "proc") && n_procs < ARRAY_SIZE(procs))
                        procs[n_procs++] = m.id;
        }
        return false;
}

static int explain_eperm(const struct mount_env *e, const char *type, int r, struct cfs_error *err)
{
        char cover[200];

        for (size_t i = 0; i < ARRAY_SIZE(of_namespace); i++)
                if (STREQ(type, of_namespace[i].type) && !(e->ns & of_namespace[i].ns))
                        return err_hint(err, r,
                                        "in a user namespace `%s` can be mounted only together with a new %s "
                                        "namespace: add one to linux.namespaces, or bind `%s`",
                                        type, of_namespace[i].ns_name, of_namespace[i].host_path);
        if (STREQ(type, "proc") && find_cover(e, cover, sizeof(cover)))
                return err_hint(
                        err, r,
                        "the kernel refuses a new procfs because it would show what `%s` covers in the one that "
                        "is visible: unmask that for the outer container, or bind `/proc`",
                        cover);
        if (STREQ(type, "proc") || STREQ(type, "sysfs"))
                return err_hint(
                        err, r,
                        "the kernel refuses a new one because none is visible, in full and with the same "
                        "flags, in the runtime's mount namespace");
        return err_hint(err, r, "the file system cannot be mounted from inside a user namespace");
}

/* The host's own mount of a file system: sysfs read-only with everything below it (CVE-2023-25809). */
static int bind_host(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                     int *ret_fd)
{
        uint64_t set = mount_options_new_attrs(o) & ~(uint64_t)MOUNT_ATTR__ATIME;
        bool sysfs = STREQ(m->type, "sysfs");
        _cleanup_close_ int fd = -1;
        size_t i;

        for (i = 0; i < ARRAY_SIZE(of_namespace); i++)
                if (STREQ(m->type, of_namespace[i].type))
                        break;
        /* proc: what covers its parts does so for the host's sake and may be wanted here; let the user
         * decide. mqueue of an IPC namespace of the container's own is not the host's. */
        if (i == ARRAY_SIZE(of_namespace) || STREQ(m->type, "proc") || !(e->ns & CLONE_NEWUSER) ||
            (!sysfs && (e->ns & of_namespace[i].ns)))
                return -EPERM;
        fd = mnt_clone(AT_FDCWD, of_namespace[i].host_path, true, NULL);
        if (fd < 0)
                return -EPERM;
        if (sysfs)
                set |= MOUNT_ATTR_RDONLY;
        if (mnt_setattr(fd, !WEAKENED("sys-readonly"), set, 0, MS_SLAVE, -1, NULL) < 0)
                return -EPERM;
        if (e->ns & of_namespace[i].ns)
                log_warning(
                        "mounts[%zu]: the kernel refuses a new `%s`, since none is visible in full to the runtime; "
                        "`%s` of the runtime is mounted in its place, read-only",
                        e->index, m->type, of_namespace[i].host_path);
        else
                log_warning(
                        "mounts[%zu]: a new `%s` needs a %s namespace of the container's own; `%s` of the host is "
                        "mounted in its place%s",
                        e->index, m->type, of_namespace[i].ns_name, of_namespace[i].host_path,
                        set & MOUNT_ATTR_RDONLY ? ", read-only" : "");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* "gid=5" is EINVAL when the user namespace has no group 5. */
static int explain_einval(const struct mount_env *e, const struct mount_options *o, int r,
                          struct cfs_error *err)
{
        if ((e->ns & CLONE_NEWUSER) && (mount_options_data(o, "gid") || mount_options_data(o, "uid")))
                return err_hint(err, r,
                                "uid= and gid= must be mapped by linux.uidMappings and linux.gidMappings");
        return r;
}

/* ---- making one ---------------------------------------------------------------------------------------- */

static int make_one(struct mount_env *e, const struct oci_mount *m, const char *const *words, size_t n_sb,
                    uint64_t attrs, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        int r;

        if (STREQ(m->type, "proc") && e->pidns_fd >= 0) {
                fd = mount_procfs_open(e->pidns_fd, e->root_fd >= 0, err);
                return fd < 0 ? fd : mnt_finish_fs(fd, m->type, m->source, words, (unsigned)attrs, err);
        }
        if (!mount_classic_needed(m, words))
                return mnt_new_fs(m->type, m->source, words, (unsigned)attrs, err);
        r = mount_classic_make(e, m, words, n_sb, &fd, err);
        /* mount(2) has made the mount read-only together with the superblock. */
        if (r >= 0)
                r = mnt_setattr(fd, false, attrs, ~attrs & MOUNT_ATTR_RDONLY, 0, -1, err);
        return r < 0 ? r : TAKE_FD(fd);
}

int mount_fresh_make(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                     bool writable, mode_t mode, int *ret_fd, struct cfs_error *err)
{
        size_t n_sb;
        const char **words = words_of(e, m, o, mode, &n_sb, err);
        uint64_t attrs = mount_options_new_attrs(o);
        _cleanup_close_ int fd = -1;
        int r;

        if (!words)
                return -ENOMEM;
        if (writable)
                attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
        fd = make_one(e, m, words, n_sb, attrs, err);
        if (fd == -EPERM) {
                r = bind_host(e, m, o, &fd);
                if (r < 0)
                        return e->ns & CLONE_NEWUSER ? explain_eperm(e, m->type, r, err) : r;
                err_clear(err);
        }
        if (fd == -EINVAL)
                return explain_einval(e, o, fd, err);
        if (fd < 0)
                return fd;
        r = STREQ(m->type, "mqueue") ? mount_label_mqueue(e, fd, err) : 0;
        if (r >= 0)
                r = mount_change_apply(e, fd, m, o, false, err);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}
