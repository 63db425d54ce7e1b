/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts of a file system: tmpfs, proc, sysfs, devpts, mqueue, overlay, and whatever else the kernel has.
 *
 * Read-only twice. ro of mount(2) makes the superblock read-only and the mount. For a disk both are meant. A file system
 * that lives in memory is either the container's own (then nothing else can write to it) or the kernel's view of itself
 * (then its superblock is not ours alone), so there the mount's flag is what counts. A tmpfs that is to be read-only
 * stays writable until all mount points in it are made (see mounts_readonly_init()).
 *
 * A tmpfs without mode= takes the permissions of the directory that it covers, so that /tmp stays 1777.
 *
 * The kernel refuses some file systems to user namespaces (EPERM), for reasons that the errno does not tell:
 *
 *   sysfs    shows a network namespace, which must belong to the user namespace. Without one of its own the container
 *            gets the host's /sys, read-only with all that is below (CVE-2023-25809).
 *   mqueue   the same with the IPC namespace; the host's /dev/mqueue is that namespace's.
 *   proc     shows a PID namespace, the same; and only where a procfs is visible in full already: otherwise mounting one
 *            would uncover what somebody more privileged has covered ("mount_too_revealing" in the kernel). This is
 *            what happens to containers in containers, and we say which cover it is.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_VALUE     256 /* fsconfig(2): bytes of a string, the NUL included */
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

bool mount_fresh_is_virtual(const char *type)
{
        static const char *const types[] = { "tmpfs",      "ramfs",  "proc",    "sysfs",    "devpts",
                                             "mqueue",     "cgroup", "cgroup2", "devtmpfs", "debugfs",
                                             "securityfs", "bpf",    "tracefs" };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (STREQ(types[i], type))
                        return true;
        return false;
}

/* All words for fsconfig(2), NULL-terminated, in the arena; the first *ret_sb of them are for the superblock. */
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
        if (mount_fresh_is_virtual(m->type))
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

/* ---- what EPERM means in a user namespace ---------------------------------------------------------------------- */

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

/* The host's own mount of a file system, read-only with everything below it. */
static int bind_host(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                     int *ret_fd)
{
        uint64_t set = mount_options_new_attrs(o) & ~(uint64_t)MOUNT_ATTR__ATIME;
        _cleanup_close_ int fd = -1;
        size_t i;

        for (i = 0; i < ARRAY_SIZE(of_namespace); i++)
                if (STREQ(m->type, of_namespace[i].type) && !(e->ns & of_namespace[i].ns))
                        break;
        /* proc: what covers its parts does so for the host's sake and may be wanted here; let the user decide. */
        if (i == ARRAY_SIZE(of_namespace) || STREQ(m->type, "proc") || !(e->ns & CLONE_NEWUSER))
                return -EPERM;
        fd = mnt_clone(AT_FDCWD, of_namespace[i].host_path, true, NULL);
        if (fd < 0)
                return -EPERM;
        if (STREQ(m->type, "sysfs"))
                set |= MOUNT_ATTR_RDONLY;
        if (mnt_setattr(fd, true, set, 0, MS_SLAVE, -1, NULL) < 0)
                return -EPERM;
        log_warning(
                "mounts[%zu]: a new `%s` needs a %s namespace of the container's own; `%s` of the host is mounted in "
                "its place%s",
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

/* ---- making one ------------------------------------------------------------------------------------------------ */

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
        fd = mnt_new_fs(m->type, m->source, words, (unsigned)attrs, err);
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
                r = mount_change_apply(e, fd, m, o, err);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* ---- options too long for fsconfig(2) --------------------------------------------------------------------------- */

bool mount_fresh_is_long(const struct mount_options *o)
{
        for (size_t i = 0; i < o->n_data; i++) {
                const char *value = strchr(o->data[i], '=');

                if (value && strlen(value + 1) >= MAX_VALUE)
                        return true;
        }
        return false;
}

static unsigned long classic_flags(const struct mount_options *o)
{
        uint64_t a = mount_options_new_attrs(o);
        unsigned long f = 0;

        f |= a & MOUNT_ATTR_RDONLY || o->sb_set & MOUNT_SB_RDONLY ? MS_RDONLY : 0;
        f |= a & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0;
        f |= a & MOUNT_ATTR_NODEV ? MS_NODEV : 0;
        f |= a & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0;
        f |= a & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0;
        f |= a & MOUNT_ATTR_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0;
        f |= (a & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME ? MS_NOATIME : 0;
        f |= (a & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : 0;
        f |= o->sb_set & MOUNT_SB_SYNC ? MS_SYNCHRONOUS : 0;
        f |= o->sb_set & MOUNT_SB_DIRSYNC ? MS_DIRSYNC : 0;
        f |= o->sb_set & MOUNT_SB_LAZYTIME ? MS_LAZYTIME : 0;
        return f;
}

/* One word as the kernel's parser for mount(2) wants it: a comma inside is quoted, for overlayfs escaped; but what is
 * for SELinux, it takes out before overlayfs sees it. */
static void add_classic(struct str *data, const char *word, bool overlay)
{
        bool selinux = strstr(word, "context=") && strcspn(word, "=") <= strlen("rootcontext");
        bool quote = (!overlay || selinux) && strchr(word, ',') && strchr(word, '=');

        if (data->len > 0)
                str_add(data, ",");
        for (const char *p = word; *p; p++) {
                if (*p == ',' && overlay && !quote)
                        str_add(data, "\\");
                str_add_n(data, p, 1);
                if (quote && *p == '=') {
                        str_add(data, "\"");
                        str_add(data, p + 1);
                        str_add(data, "\"");
                        return;
                }
        }
}

/*
 * overlayfs: a few layers with the paths that engines use are more than the 255 bytes that fsconfig(2) takes for one
 * value. mount(2) takes a page for all of them. It mounts on "." of this process, which is the target: no path is
 * looked up.
 */
int mount_fresh_attach_long(struct mount_env *e, const struct oci_mount *m, const struct mount_options *o,
                            int target_fd, struct cfs_error *err)
{
        size_t n_sb;
        const char **words = words_of(e, m, o, 0, &n_sb, err);
        _cleanup_str_ struct str data = { 0 };
        _cleanup_close_ int cwd = -1;
        int r = 0;

        if (!words)
                return -ENOMEM;
        if (o->flags & (MOUNT_IDMAP | MOUNT_RIDMAP))
                return err_set(err, CFS_E_UNSUPPORTED,
                               "mapped ids together with options longer than %d bytes", MAX_VALUE - 1);
        for (words += n_sb; *words; words++)
                add_classic(&data, *words, STREQ(m->type, "overlay"));
        if (data.failed)
                return err_nomem(err);
        cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cwd < 0 || fchdir(target_fd) < 0)
                return err_sys(err, errno, "fchdir", "go to the mount point");
        /* allowed: fsconfig(2) takes at most 255 bytes for one value */
        if (mount(m->source ? m->source : m->type, ".", m->type, classic_flags(o), data.p) < 0)
                r = err_sys(err, errno, "mount", "file system `%s`, with options of %zu bytes", m->type,
                            data.len);
        if (fchdir(cwd) < 0 && r == 0)
                r = err_sys(err, errno, "fchdir", "go back from the mount point");
        return r;
}
