/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostname and domainname: the two names of a UTS namespace that can be set.
 *
 * Both are set "inside the container's UTS namespace" (config.md, "Hostname", "Domainname"). Without a UTS
 * namespace of its own the container shares the runtime's, and setting the name would rename the host: an
 * error of the document. A namespace that is joined by its path is the container's too (a pod's).
 *
 * sethostname(2) needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace: the row stands before
 * the privileges go, and after the user namespace is entered. The kernel holds 64 bytes.
 */
#include "base/cleanup.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define UTS_LEN 64 /* __NEW_UTS_LEN, uname(2) */

static void hostname_check_name(const struct ctx *c, struct problems *p, const char *property,
                                const char *name)
{
        if (!name)
                return;
        if (strlen(name) > UTS_LEN)
                problem(p, property, "has %zu bytes, the kernel allows %d", strlen(name), UTS_LEN);
        if (!ctx_find_ns(c, "uts")) {
                problem(p, property, "needs a UTS namespace, or the host's name would change");
                problem_hint(p, "add {\"type\": \"uts\"} to linux.namespaces, or remove %s", property);
        }
}

void hostname_check(const struct ctx *c, struct problems *p)
{
        hostname_check_name(c, p, "hostname", c->config->hostname);
}

int hostname_init(struct ctx *c, struct cfs_error *err)
{
        const char *name = c->config->hostname;

        if (!name || sethostname(name, strlen(name)) == 0)
                return 0;
        return err_property(err, err_sys(err, errno, "sethostname", "set `%s`", name), "hostname");
}

void hostname_explain(const struct ctx *c, struct report *r)
{
        if (c->config->hostname)
                report_line(r, "set the host name to %s", c->config->hostname);
}

void hostname_domain_check(const struct ctx *c, struct problems *p)
{
        hostname_check_name(c, p, "domainname", c->config->domainname);
}

int hostname_domain_init(struct ctx *c, struct cfs_error *err)
{
        const char *name = c->config->domainname;

        if (!name || setdomainname(name, strlen(name)) == 0)
                return 0;
        return err_property(err, err_sys(err, errno, "setdomainname", "set `%s`", name), "domainname");
}

void hostname_domain_explain(const struct ctx *c, struct report *r)
{
        if (c->config->domainname)
                report_line(r, "set the domain name to %s", c->config->domainname);
}
