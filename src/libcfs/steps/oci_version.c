/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ociVersion: may we read this document at all?
 *
 * The specification follows Semantic Versioning 2.0 (config.md, "Specification version"). A document of the
 * same major version that is not newer in its minor version uses nothing that we do not know: accepted,
 * whatever its patch level, pre-release ("1.3.0-rc.1") or build suffix. A newer minor version may hold a
 * property that we ignore, as unknown properties must be ignored ("Extensibility"). The specification leaves
 * it open whether that is refused. It is accepted, with a note: engines write the version of the library that
 * they are built with into every document, and an engine that is updated before its runtime must not lose all
 * of its containers (runc and crun do not look at the version). Another major version has another meaning.
 */
#include "libcfs/cfs.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <ctype.h>

/* "12." at *p: the number, with *p moved behind the point. -1 when there is none, or one that begins with
 * a zero. */
static long component(const char **p, char end)
{
        long n = 0;
        const char *s = *p;

        while (isdigit((unsigned char)*s) && n < 1000000)
                n = n * 10 + (*s++ - '0');
        if (s == *p || (**p == '0' && s > *p + 1) || (end && *s != end))
                return -1;
        *p = end ? s + 1 : s;
        return n;
}

/* Major and minor version of "MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]". */
static bool parse(const char *text, long *ret_major, long *ret_minor)
{
        long major, minor, patch;

        major = component(&text, '.');
        if (major < 0)
                return false;
        minor = component(&text, '.');
        if (minor < 0)
                return false;
        patch = component(&text, '\0');
        if (patch < 0 || (*text && *text != '-' && *text != '+'))
                return false;
        *ret_major = major;
        *ret_minor = minor;
        return true;
}

void oci_version_check(const struct ctx *c, struct problems *p)
{
        const char *version = c->config->oci_version;
        long major, minor, our_major = 0, our_minor = 0;

        (void)parse(CFS_SPEC_VERSION, &our_major, &our_minor);
        if (!version || !parse(version, &major, &minor)) {
                problem(p, "ociVersion", "\"%.64s\" is not a version such as \"%s\"", version ? version : "",
                        CFS_SPEC_VERSION);
                return;
        }
        if (major != our_major) {
                problem(p, "ociVersion",
                        "\"%.64s\" is another major version than %s, the one that cfs implements", version,
                        CFS_SPEC_VERSION);
                problem_hint(p, "make the bundle for version %s, or use a newer cfs", CFS_SPEC_VERSION);
        } else if (minor > our_minor) {
                problem_note(p, "ociVersion",
                             "\"%.64s\" is newer than %s, the newest that cfs implements: what only the "
                             "newer one has is ignored",
                             version, CFS_SPEC_VERSION);
        }
}
