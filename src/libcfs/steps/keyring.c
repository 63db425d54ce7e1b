/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session keyring of the container's own, keyrings(7).
 *
 * A process inherits its parent's session keyring, and possessing it is enough to read the keys in it:
 * without one of its own, a container reads the keys of the user who started it, Kerberos tickets included.
 * The keyring has a name, _ses.ID, which is the one that engines know and that lets `exec` join the
 * container's keyring: joining by name needs the SEARCH permission for the owner, which a new session keyring
 * does not give. The kernel looks for the name in the user namespace of the caller only, so that containers
 * cannot join each other's.
 *
 * Kernels without keyrings (ENOSYS) and sandboxes that forbid them to the runtime (EPERM: the default seccomp
 * profile of an outer container) are common. Where keyctl(2) is refused altogether, it is to the container,
 * too, which inherits the filter: no key can be read, and that is a warning. Everything else is an error, or
 * the container would share the caller's keys: a keyring of that name that belongs to another user (EACCES),
 * a quota (EDQUOT: an administrator can raise it).
 *
 * With SELinux the keyring must bear the container's label, or the container may not use it: attr/keycreate
 * says what the next keys of this thread are labelled with.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/store/state.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel gives a new session keyring (all to its possessor; VIEW, READ, LINK to its owner), and
 * SEARCH. The constants of <keyutils.h>, which is not part of libc: bits 24-29 are the possessor's, 16-21
 * the user's. */
#define PERM_POSSESSOR_ALL 0x3f000000U
#define PERM_USER_VIEW     0x00010000U
#define PERM_USER_READ     0x00020000U
#define PERM_USER_SEARCH   0x00080000U
#define PERM_USER_LINK     0x00100000U
#define PERM               (PERM_POSSESSOR_ALL | PERM_USER_VIEW | PERM_USER_READ | PERM_USER_SEARCH | PERM_USER_LINK)

#define KEYCREATE "thread-self/attr/keycreate"

bool keyring_wanted(const struct ctx *c)
{
        if (c->create)
                return !c->create->no_new_keyring;
        return !c->state || !c->state->record->no_new_keyring;
}

/* Is it refused to ask for the number of one's own keyring, which every process may? */
static bool is_refused(int e)
{
        const int spec_session_keyring = -3; /* KEY_SPEC_SESSION_KEYRING */

        return (e == ENOSYS || e == EPERM) &&
               syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, spec_session_keyring, 0) < 0 && errno == e;
}

static int join(const char *name, struct cfs_error *err)
{
        long id;
        int r;

        id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
        if (id < 0 && (is_refused(errno) || WEAKENED("refused-calls"))) {
                log_warning("no session keyring for the container, it shares the caller's: %s",
                            err_strerror(errno));
                return 0;
        }
        if (id < 0) {
                r = err_sys(err, errno, "keyctl", "join session keyring `%s`", name);
                if (r == -EDQUOT)
                        return err_hint(err, r, "raise kernel.keys.maxkeys, or use --no-new-keyring");
                return err_hint(err, r, "with --no-new-keyring the container shares the caller's");
        }
        if (syscall(SYS_keyctl, KEYCTL_SETPERM, id, PERM) < 0)
                return err_sys(err, errno, "keyctl", "set the permissions of session keyring `%s`", name);
        return 0;
}

int keyring_init(struct ctx *c, struct cfs_error *err)
{
        const char *label = c->process->selinux_label;
        _cleanup_free_ char *name = NULL;
        int r;

        r = str_printf(&name, err, "_ses.%s", c->id);
        if (r < 0)
                return r;
        if (str_empty(label))
                return join(name, err);
        r = path_write_proc(c->proc_fd, KEYCREATE, label, err);
        if (r < 0)
                return err_property(err, r, "process.selinuxLabel");
        r = join(name, err);
        if (r < 0)
                return r;
        /* A line without text takes the label off again: it is not meant for keys that the container
         * makes. */
        return path_write_proc(c->proc_fd, KEYCREATE, "\n", err);
}

void keyring_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "join session keyring _ses.%s", c->id ? c->id : "ID");
}
