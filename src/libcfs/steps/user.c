/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.user: umask, groups, and user.
 *
 * Groups first, then the group, then the user: the user is what the privilege to change the others hangs on.
 * Numbers only; what the /etc/passwd of an image says is never asked (CVE-2016-3697). All three of the real,
 * effective and saved ID are set, or the container could go back.
 *
 * The mask is changed only when the property is there (config.md, "POSIX-platform User").
 *
 * setresuid(2) away from 0 clears the permitted capabilities unless PR_SET_KEEPCAPS is set; the row after
 * this one needs them to make the sets that were asked for. It also makes the process dumpable as
 * fs.suid_dumpable says, which may be "yes": and then a process of the same user in the container could trace
 * us, who still hold descriptors of the host (CVE-2016-9962). So that is taken back.
 *
 * Standard streams belong to the caller, and a program that opens /dev/stdout again would be refused. So
 * pipes, sockets and files that the caller hands over as streams are given to the user, as in runc and crun:
 * a file only where its mode does not let the user open it (`< /etc/passwd` stays root's). A device never: it
 * is the host's, /dev/null as well as the terminal of the caller's session, and would be given away for good.
 * EPERM is ignored: the streams themselves work.
 *
 * An unprivileged user namespace denies setgroups(2) (user_namespaces(7)): with no groups to set that is
 * fine, since the groups that the process keeps are then needed to keep it out of files ("negative"
 * permissions).
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include "base/sys.h"
#include "base/weakened.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct oci_user *user(const struct ctx *c)
{
        static const struct oci_user root = { 0 };

        return c->process->user ? c->process->user : &root;
}

static bool is_mapped(struct oci_id_mapping *const *maps, size_t n, uint32_t id)
{
        return n > 0 ? oci_is_mapped(maps, n, id) : id == 0; /* the default mapping, see id_mappings.c */
}

void user_exec_check(const struct ctx *c, struct problems *p)
{
        const struct oci_user *u = user(c);

        if (u->n_additional_gids > NGROUPS_MAX)
                problem(p, "process.user.additionalGids", "has %zu entries, the kernel takes %d",
                        u->n_additional_gids, NGROUPS_MAX);
}

void user_check(const struct ctx *c, struct problems *p)
{
        const struct oci_namespace *ns = ctx_find_ns(c, "user");
        const struct oci_linux *l = c->linux_;
        const struct oci_user *u = user(c);

        user_exec_check(c, p);
        if (!c->process->args || !ns || ns->path)
                return;
        if (!is_mapped(l->uid_mappings, l->n_uid_mappings, u->uid))
                problem(p, "process.user.uid", "%" PRIu32 " is not mapped by linux.uidMappings", u->uid);
        if (!is_mapped(l->gid_mappings, l->n_gid_mappings, u->gid))
                problem(p, "process.user.gid", "%" PRIu32 " is not mapped by linux.gidMappings", u->gid);
        for (size_t i = 0; i < u->n_additional_gids; i++)
                if (!is_mapped(l->gid_mappings, l->n_gid_mappings, u->additional_gids[i]))
                        problem(p, PROP("process.user.additionalGids[%zu]", i),
                                "%" PRIu32 " is not mapped by linux.gidMappings", u->additional_gids[i]);
}

static bool has_group(const struct oci_user *u, gid_t gid)
{
        bool found = u->gid == gid;

        for (size_t i = 0; i < u->n_additional_gids; i++)
                found = found || u->additional_gids[i] == gid;
        return found;
}

/* Could the user open the file once more, as the descriptor is open? */
static bool may_reopen(int fd, const struct stat *st, const struct oci_user *u)
{
        int how = fcntl(fd, F_GETFL) & O_ACCMODE;
        mode_t need = how == O_RDONLY ? 4 : how == O_WRONLY ? 2 : 6;
        mode_t have = has_group(u, st->st_gid) ? st->st_mode >> 3 : st->st_mode;

        return (have & need) == need;
}

static int own_streams(const struct oci_user *u, struct cfs_error *err)
{
        for (int fd = 0; fd <= 2; fd++) {
                struct stat st;

                if (fstat(fd, &st) < 0 || st.st_uid == u->uid)
                        continue;
                if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode) &&
                    (!S_ISREG(st.st_mode) || u->uid == 0 || may_reopen(fd, &st, u)))
                        continue;
                /* EINVAL: an owner or user that is not mapped; EROFS: of a file system like that. */
                if (fchown(fd, u->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM && errno != EROFS)
                        return err_sys(err, errno, "fchown", "give standard stream %d to user %" PRIu32, fd,
                                       u->uid);
        }
        return 0;
}

static int set_groups(const struct ctx *c, const struct oci_user *u, struct cfs_error *err)
{
        int r;

        if (ctx_keeps_groups(c) || setgroups(u->n_additional_gids, u->additional_gids) == 0)
                return 0;
        if (errno == EPERM && u->n_additional_gids == 0 && ctx_has_ns(c, CLONE_NEWUSER))
                return 0;
        r = err_sys(err, errno, "setgroups", "set %zu supplementary groups", u->n_additional_gids);
        if (r == -EPERM && ctx_has_ns(c, CLONE_NEWUSER))
                r = err_hint(
                        err, r,
                        "the user namespace denies setgroups(2): map subordinate groups (subgid(5), package "
                        "uidmap), or remove the groups");
        else if (r == -EINVAL)
                r = err_hint(err, r, "a group is not mapped in the user namespace");
        return err_property(err, r, "process.user.additionalGids");
}

static int set_ids(const struct oci_user *u, struct cfs_error *err)
{
        int r;

        if (setresgid(u->gid, u->gid, u->gid) < 0) {
                r = err_sys(err, errno, "setresgid", "change to group %" PRIu32, u->gid);
                if (r == -EINVAL)
                        r = err_hint(err, r, "the group is not mapped in the user namespace");
                return err_property(err, r, "process.user.gid");
        }
        if (setresuid(u->uid, u->uid, u->uid) < 0) {
                r = err_sys(err, errno, "setresuid", "change to user %" PRIu32, u->uid);
                if (r == -EINVAL)
                        r = err_hint(err, r, "the user is not mapped in the user namespace");
                return err_property(err, r, "process.user.uid");
        }
        return 0;
}

int user_init(struct ctx *c, struct cfs_error *err)
{
        const struct oci_user *u = user(c);
        bool keep = u->uid != 0;
        int r;

        /* It fails only where a sandbox refuses it. */
        if (u->has_umask && umask(u->umask) == (mode_t)-1)
                return err_property(err, err_sys(err, errno, "umask", "set the umask"), "process.user.umask");
        r = own_streams(u, err);
        if (r < 0)
                return err_property(err, r, "process.user.uid");
        r = set_groups(c, u, err);
        if (r < 0)
                return r;
        if (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return err_sys(err, errno, "prctl", "keep the capabilities over the change of user");
        r = set_ids(u, err);
        if (r < 0)
                return r;
        if (keep && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
                return err_sys(err, errno, "prctl", "end keeping the capabilities");
        if ((u->uid != 0 || u->gid != 0) && !WEAKENED("undumpable") && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return err_sys(err, errno, "prctl", "make the process undumpable");
        return 0;
}

void user_explain(const struct ctx *c, struct report *r)
{
        const struct oci_user *u = user(c);

        if (u->has_umask)
                report_line(r, "set the umask to %04o", (unsigned)u->umask);
        report_line(r, "change to user %" PRIu32 ", group %" PRIu32 ", %zu supplementary groups", u->uid,
                    u->gid, u->n_additional_gids);
}
