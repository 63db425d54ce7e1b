/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.capabilities: the five sets of capabilities(7).
 *
 * Three rows, because the kernel ties the sets to the user IDs:
 *
 *   bounding   dropped while CAP_SETPCAP is still effective;
 *   user       setresuid(2) away from root clears the effective set, and all of them without PR_SET_KEEPCAPS (user.c);
 *   the rest   capset(2), then the ambient set, whose members must be permitted and inheritable by then. It is cleared
 *              first: what the caller of cfs had there is not the container's.
 *
 * What the document does not list is dropped. That holds for a set that is missing, and for the whole object:
 * leaving the sets alone when `capabilities` is missing would hand the privileges of the runtime to a
 * container whose author did not think of them. Engines rely on that reading. The inheritable set gets what
 * is listed there and nothing else (CVE-2022-24769, CVE-2022-29162).
 *
 * A capability that is unknown or cannot be granted is a warning, and left out (config.md, "Linux Process"):
 * an older kernel does not know the newest, and a restricted root does not have all. Rules of the kernel that
 * would make capset(2) fail as a whole are applied here to single capabilities: nothing can be permitted that
 * was not, effective is part of permitted, inheritable is bounded, ambient is permitted and inheritable.
 */
#include "base/caps.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>

#define MAX_CAPS 64 /* bits of a set */

enum set { BOUNDING, EFFECTIVE, INHERITABLE, PERMITTED, AMBIENT, N_SETS };

/* One set of the document. */
struct names {
        const char *set;
        char *const *names;
        size_t n;
};

static void document(const struct ctx *c, struct names ret[N_SETS])
{
        static const struct oci_capabilities none = { 0 };
        const struct oci_capabilities *o = c->process->capabilities ? c->process->capabilities : &none;

        ret[BOUNDING] = (struct names){ "bounding", o->bounding, o->n_bounding };
        ret[EFFECTIVE] = (struct names){ "effective", o->effective, o->n_effective };
        ret[INHERITABLE] = (struct names){ "inheritable", o->inheritable, o->n_inheritable };
        ret[PERMITTED] = (struct names){ "permitted", o->permitted, o->n_permitted };
        ret[AMBIENT] = (struct names){ "ambient", o->ambient, o->n_ambient };
}

/* What the document asks for, as far as the names are known. */
static void asked(const struct ctx *c, uint64_t ret[N_SETS])
{
        struct names doc[N_SETS];

        document(c, doc);
        for (int s = 0; s < N_SETS; s++) {
                ret[s] = 0;
                for (size_t i = 0; i < doc[s].n; i++) {
                        int cap = caps_number(doc[s].names[i]);

                        if (cap >= 0)
                                ret[s] |= CAPS_BIT(cap);
                }
        }
}

/* What of it the kernel will grant, given what we have. `in_bounds`: what of it is in our bounding set. */
static void grantable(const uint64_t ask[N_SETS], const struct caps *have, uint64_t in_bounds,
                      uint64_t ret[N_SETS])
{
        ret[BOUNDING] = ask[BOUNDING] & in_bounds;
        ret[PERMITTED] = ask[PERMITTED] & have->permitted;
        ret[EFFECTIVE] = ask[EFFECTIVE] & ret[PERMITTED];
        ret[INHERITABLE] = ask[INHERITABLE] & (have->inheritable | (have->permitted & in_bounds));
        ret[AMBIENT] = ask[AMBIENT] & ret[PERMITTED] & ret[INHERITABLE];
}

/* Which of the capabilities in `caps` are in the bounding set. */
static int bounded(uint64_t caps, uint64_t *ret)
{
        uint64_t m = 0;

        for (unsigned cap = 0; cap < caps_count(); cap++) {
                int r = caps & CAPS_BIT(cap) ? prctl(PR_CAPBSET_READ, cap, 0, 0, 0) : 0;

                if (r < 0)
                        return -errno;
                if (r > 0)
                        m |= CAPS_BIT(cap);
        }
        *ret = m;
        return 0;
}

/* A name that stands in several sets is named once. */
static bool in_earlier_set(const struct names doc[N_SETS], int set, const char *name)
{
        for (int s = 0; s < set; s++)
                for (size_t i = 0; i < doc[s].n; i++)
                        if (STREQ(doc[s].names[i], name))
                                return true;
        return false;
}

void capabilities_check(const struct ctx *c, struct problems *p)
{
        struct names doc[N_SETS];

        document(c, doc);
        for (int s = 0; s < N_SETS; s++)
                for (size_t i = 0; i < doc[s].n; i++)
                        if (caps_number(doc[s].names[i]) < 0 && !in_earlier_set(doc, s, doc[s].names[i]))
                                problem_note(p, PROP("process.capabilities.%s[%zu]", doc[s].set, i),
                                             "\"%.64s\" is unknown and left out", doc[s].names[i]);
}

/* Calls f for each capability that is asked for and will not be there, with the sets that it is missing
 * from. */
static void each_missing(const struct ctx *c, const uint64_t ask[N_SETS], const uint64_t got[N_SETS],
                         void (*f)(void *data, const char *cap, const char *sets), void *data)
{
        struct names doc[N_SETS];

        document(c, doc);
        for (unsigned cap = 0; cap < caps_count(); cap++) {
                _cleanup_str_ struct str sets = { 0 };

                for (int s = 0; s < N_SETS; s++)
                        if (ask[s] & ~got[s] & CAPS_BIT(cap))
                                str_addf(&sets, "%s%s", sets.len ? ", " : "", doc[s].set);
                if (sets.len)
                        f(data, caps_name(cap), sets.p);
        }
}

#define NOT_GRANTED "%s cannot be granted and is left out (%s)"

static void note_missing(void *data, const char *cap, const char *sets)
{
        problem_note(data, "process.capabilities", NOT_GRANTED, cap, sets);
}

static void warn_missing(void *data, const char *cap, const char *sets)
{
        (void)data;
        log_warning("process.capabilities: " NOT_GRANTED, cap, sets);
}

static void tell_missing(void *data, const char *cap, const char *sets)
{
        (void)data;
        log_info("process.capabilities: " NOT_GRANTED ": it is not permitted and inheritable", cap, sets);
}

/* Ambient is only what is permitted and inheritable (capabilities(7)). buildah lists fourteen that are
 * not, in each of its documents, and its users would read as many warnings: what the document rules out by
 * itself is told, not warned of. */
static void tell_of_missing(const struct ctx *c, const uint64_t ask[N_SETS], const uint64_t got[N_SETS])
{
        uint64_t possible[N_SETS], ruled_out[N_SETS] = { 0 };

        memcpy(possible, ask, sizeof(possible));
        possible[AMBIENT] &= ask[PERMITTED] & ask[INHERITABLE];
        ruled_out[AMBIENT] = ask[AMBIENT] & ~possible[AMBIENT];
        each_missing(c, possible, got, warn_missing, NULL);
        each_missing(c, ruled_out, got, tell_missing, NULL);
}

/* In a user namespace of its own the container has them all. */
void capabilities_look(const struct ctx *c, struct problems *p)
{
        uint64_t ask[N_SETS], got[N_SETS], in_bounds = 0;
        struct caps have;

        if (!problem_wants_host(p) || ctx_has_ns(c, CLONE_NEWUSER) || caps_get(&have) < 0)
                return;
        asked(c, ask);
        if (bounded(ask[BOUNDING] | ask[INHERITABLE], &in_bounds) < 0)
                return;
        grantable(ask, &have, in_bounds, got);
        each_missing(c, ask, got, note_missing, p);
}

static int fail(int errnum, const char *syscall, const char *what, struct cfs_error *err)
{
        return err_property(err, err_sys(err, errnum, syscall, "%s", what), "process.capabilities");
}

/* Is it the first one that the kernel does not have? Linux 5.14 has all up to CAP_CHECKPOINT_RESTORE. A
 * sandbox that refuses to drop one is not taken for the end: what comes after would stay in the bounding set.
 * 1, 0, or -errno. */
static int is_past_last(unsigned cap)
{
        if (cap <= CAP_CHECKPOINT_RESTORE || prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0)
                return 0;
        return errno == EINVAL ? 1 : -errno;
}

int capabilities_bounding_init(struct ctx *c, struct cfs_error *err)
{
        uint64_t ask[N_SETS];

        asked(c, ask);
        for (unsigned cap = 0; cap < MAX_CAPS; cap++) {
                if (ask[BOUNDING] & CAPS_BIT(cap))
                        continue;
                int past = is_past_last(cap);

                if (past > 0)
                        return 0;
                if (past == 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
                        continue;
                int e = past < 0 ? -past : errno;

                /* Not allowed to drop is fine for what is not there. */
                if (e == EPERM && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
                        continue;
                return fail(e, "prctl", "drop capabilities from the bounding set", err);
        }
        return 0;
}

int capabilities_init(struct ctx *c, struct cfs_error *err)
{
        uint64_t ask[N_SETS], got[N_SETS], doubtful, in_bounds = 0, kept = 0;
        struct caps have;
        int r;

        asked(c, ask);
        r = caps_get(&have);
        if (r < 0)
                return fail(-r, "capget", "read the capabilities", err);
        /* To look at each one costs a system call. A capability that is permitted is in the bounding set, in
         * all but contrived cases, and there only the warning would be missing. For the inheritable set the
         * kernel insists. */
        doubtful = (ask[BOUNDING] & ~have.permitted) | ask[INHERITABLE];
        r = bounded(doubtful, &in_bounds);
        if (r < 0)
                return fail(-r, "prctl", "read the bounding set", err);
        in_bounds |= ask[BOUNDING] & ~doubtful;
        grantable(ask, &have, in_bounds, got);
        tell_of_missing(c, ask, got);

        /* Until the execve, which does not look at it: see seccomp.c. */
        if (c->filter_needs_admin)
                kept = have.permitted & CAPS_BIT(CAP_SYS_ADMIN);
        r = caps_set(&(struct caps){ got[EFFECTIVE] | kept, got[PERMITTED] | kept, got[INHERITABLE] });
        if (r < 0)
                return fail(-r, "capset", "set the capabilities", err);
        /* cap_reset_ambient(3) does the same, after asking for each of them whether it is there. */
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return fail(errno, "prctl", "clear the ambient capabilities", err);
        for (unsigned cap = 0; got[AMBIENT] >> cap; cap++) {
                if (!(got[AMBIENT] & CAPS_BIT(cap)) ||
                    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) == 0)
                        continue;
                /* SECBIT_NO_CAP_AMBIENT_RAISE of our caller: capabilities(7). */
                if (errno != EPERM)
                        return fail(errno, "prctl", "raise the ambient capabilities", err);
                log_warning("process.capabilities.ambient: %s cannot be granted: %s", caps_name(cap),
                            err_strerror(errno));
        }
        return 0;
}

void capabilities_explain(const struct ctx *c, struct report *r)
{
        struct names doc[N_SETS];

        document(c, doc);
        for (int s = 0; s < N_SETS; s++) {
                _cleanup_str_ struct str list = { 0 };

                for (size_t i = 0; i < doc[s].n; i++)
                        str_addf(&list, " %s", doc[s].names[i]);
                report_line(r, "set the %s capabilities:%s", doc[s].set, list.p ? list.p : " none");
        }
}
