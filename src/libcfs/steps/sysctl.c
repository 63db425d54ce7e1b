/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.sysctl: kernel parameters of the container's namespaces.
 *
 * Most parameters are the whole machine's, and a container that could set kernel.core_pattern would own it
 * (CVE-2022-0811). Few belong to a namespace; this file names them, and every other one is refused. A
 * parameter of a namespace that the container does not have would be set on the host: refused as well.
 *
 * A name is written with points or with slashes, sysctl(8): the first of the two that occurs is the
 * separator, the other one then is a character of a component ("net.ipv4.conf.eth0/100.forwarding" is VLAN
 * 100 on eth0). It becomes a path below /proc/sys; a component that is empty, "." or ".." or has another
 * character than names have is refused before the list is consulted, so that no detour leads past the list.
 *
 * Which namespace a file of /proc/sys speaks for is decided by the process that opens it, not by the procfs
 * that it is found in. So the init writes through the descriptor of the host's procfs, which no mount of the
 * container can cover (CVE-2019-16884, CVE-2025-52881), once it is in all of its namespaces.
 */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HINT_MISSING "this kernel has no such parameter in a namespace, or its module is not loaded"
#define SYSCTL_MAX   192 /* longer than any that exists */

static const struct sysctl_known {
        const char *path; /* below /proc/sys; with a slash at the end, all below */
        const char *ns;   /* the type of the namespace that it belongs to */
        const char *file; /* that type's file in /proc/PID/ns */
} sysctl_known[] = {
        { "fs/mqueue/", "ipc", "ipc" },         { "kernel/auto_msgmni", "ipc", "ipc" },
        { "kernel/msg_next_id", "ipc", "ipc" }, { "kernel/msgmax", "ipc", "ipc" },
        { "kernel/msgmnb", "ipc", "ipc" },      { "kernel/msgmni", "ipc", "ipc" },
        { "kernel/sem", "ipc", "ipc" },         { "kernel/sem_next_id", "ipc", "ipc" },
        { "kernel/shm_next_id", "ipc", "ipc" }, { "kernel/shm_rmid_forced", "ipc", "ipc" },
        { "kernel/shmall", "ipc", "ipc" },      { "kernel/shmmax", "ipc", "ipc" },
        { "kernel/shmmni", "ipc", "ipc" },      { "kernel/domainname", "uts", "uts" },
        { "net/", "network", "net" },           { "user/", "user", "user" },
};

bool sysctl_wanted(const struct ctx *c)
{
        return c->linux_->sysctl && c->linux_->sysctl->n > 0;
}

static bool is_plain(char ch)
{
        return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
               (ch != '\0' && strchr("_-.@:", ch));
}

static bool component_ok(const char *s, size_t n)
{
        if (WEAKENED("sysctl-name"))
                return true;
        if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!is_plain(s[i]))
                        return false;
        return true;
}

/* "net.ipv4.ip_forward", "net/ipv4/ip_forward" -> "net/ipv4/ip_forward". False: not the name of a
 * parameter. */
static bool to_path(const char *name, char path[SYSCTL_MAX])
{
        const char *first = strpbrk(name, "./");
        size_t len = strlen(name), start = 0;
        bool points = first && *first == '.';

        if (!first || len >= SYSCTL_MAX)
                return false;
        for (size_t i = 0; i <= len; i++) {
                path[i] = name[i];
                if (points && name[i] == '.')
                        path[i] = '/';
                else if (points && name[i] == '/')
                        path[i] = '.';
                if (path[i] == '/' || path[i] == '\0') {
                        if (!component_ok(path + start, i - start))
                                return false;
                        start = i + 1;
                }
        }
        return true;
}

static const struct sysctl_known *find(const char *path)
{
        if (WEAKENED("sysctl-namespace"))
                return &sysctl_known[0];
        for (size_t i = 0; i < ARRAY_SIZE(sysctl_known); i++) {
                const char *known = sysctl_known[i].path;
                bool all_below = known[strlen(known) - 1] == '/';

                if (all_below ? str_has_prefix(path, known) : STREQ(path, known))
                        return &sysctl_known[i];
        }
        return NULL;
}

/* Is the namespace that is to be joined the one that cfs is in? */
static bool is_ours(const struct sysctl_known *k, const char *path)
{
        struct stat theirs, ours;
        char own[32];

        (void)snprintf(own, sizeof(own), "/proc/self/ns/%s", k->file);
        return stat(path, &theirs) == 0 && stat(own, &ours) == 0 && theirs.st_dev == ours.st_dev &&
               theirs.st_ino == ours.st_ino;
}

static void check_one(const struct ctx *c, const char *name, struct problems *p)
{
        const struct oci_namespace *ns;
        const struct sysctl_known *k;
        char path[SYSCTL_MAX];
        char property[160];

        (void)snprintf(property, sizeof(property), "linux.sysctl[\"%.128s\"]", name);
        if (!to_path(name, path)) {
                problem(p, property, "is not the name of a kernel parameter");
                return;
        }
        if (STREQ(path, "kernel/hostname")) {
                problem(p, property, "is set by the property hostname");
                return;
        }
        if (STREQ(path, "kernel/domainname") && c->config->domainname) {
                problem(p, property, "is set by the property domainname: one of them");
                return;
        }
        k = find(path);
        if (!k) {
                problem(p, property, "does not belong to a namespace: setting it would change the host");
                return;
        }
        ns = ctx_find_ns(c, k->ns);
        if (!ns)
                problem(p, property, "needs a %s namespace: without one it would change the host", k->ns);
        else if (ns->path && problem_wants_host(p) && is_ours(k, ns->path))
                problem(p, property, "would change the host: `%s` is the %s namespace that cfs is in",
                        ns->path, k->ns);
}

void sysctl_check(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; i < c->linux_->sysctl->n; i++)
                check_one(c, c->linux_->sysctl->entries[i].key, p);
}

/* Parameters of one network interface are there when the interface is: that is the container's affair. */
static bool is_of_interface(const char *path)
{
        static const char *const dirs[] = { "/conf/", "/neigh/" };

        for (size_t i = 0; str_has_prefix(path, "net/") && i < ARRAY_SIZE(dirs); i++) {
                const char *name = strstr(path, dirs[i]);

                name = name ? name + strlen(dirs[i]) : NULL;
                if (name && !str_has_prefix(name, "all/") && !str_has_prefix(name, "default/"))
                        return true;
        }
        return false;
}

/* What a new namespace has, the host's has. */
void sysctl_look(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; sysctl_wanted(c) && problem_wants_host(p) && i < c->linux_->sysctl->n; i++) {
                char path[SYSCTL_MAX], file[SYSCTL_MAX + 4];
                const char *name = c->linux_->sysctl->entries[i].key;
                _cleanup_close_ int fd = -1;

                if (!to_path(name, path) || !find(path) || is_of_interface(path))
                        continue;
                (void)snprintf(file, sizeof(file), "sys/%s", path);
                fd = path_open_proc(c->proc_fd, file, O_PATH, NULL);
                if (fd != -ENOENT)
                        continue;
                problem_host(p, PROP("linux.sysctl[\"%.128s\"]", name), "there is no such kernel parameter");
                problem_hint(p, HINT_MISSING);
        }
}

static int sysctl_set(const struct ctx *c, const char *name, const char *value, struct cfs_error *err)
{
        char path[SYSCTL_MAX], file[SYSCTL_MAX + 4];
        int r;

        /* The check said yes to this name; written so that a row out of order cannot do harm. */
        if (!to_path(name, path) || !find(path))
                return err_set(err, CFS_E_BUG, "this kernel parameter was not checked");
        /* Its file belongs to the host's root, whatever the user namespace; the system call asks the right
         * question. */
        if (STREQ(path, "kernel/domainname")) {
                if (setdomainname(value, strlen(value)) < 0)
                        return err_sys(err, errno, "setdomainname", "set `%s`", value);
                return 0;
        }
        (void)snprintf(file, sizeof(file), "sys/%s", path);
        r = path_write_proc(c->proc_fd, file, value, err);
        if (r == -ENOENT)
                r = err_hint(err, r, HINT_MISSING);
        return r;
}

int sysctl_init(struct ctx *c, struct cfs_error *err)
{
        for (size_t i = 0; i < c->linux_->sysctl->n; i++) {
                const struct oci_string_pair *e = &c->linux_->sysctl->entries[i];
                int r = sysctl_set(c, e->key, e->value, err);

                if (r < 0)
                        return err_property(err, r, "linux.sysctl[\"%s\"]", e->key);
        }
        return 0;
}

static bool is_of_network(const char *name)
{
        char path[SYSCTL_MAX];

        return to_path(name, path) && str_has_prefix(path, "net/");
}

static int set_of_network(void *data, struct cfs_error *err)
{
        const struct ctx *c = data;

        for (size_t i = 0; i < c->linux_->sysctl->n; i++) {
                const struct oci_string_pair *e = &c->linux_->sysctl->entries[i];
                char path[SYSCTL_MAX];
                int r = is_of_network(e->key) ? sysctl_set(c, e->key, e->value, err) : 0;

                if (r == -ENOENT && to_path(e->key, path) && is_of_interface(path))
                        err_clear(err); /* the interface is CRIU's to make, with its parameters */
                else if (r < 0)
                        return err_property(err, r, "linux.sysctl[\"%s\"]", e->key);
        }
        return 0;
}

bool sysctl_restore_wanted(const struct ctx *c)
{
        for (size_t i = 0; sysctl_wanted(c) && i < c->linux_->sysctl->n; i++)
                if (is_of_network(c->linux_->sysctl->entries[i].key))
                        return true;
        return false;
}

/* CRIU saves the parameters of IPC and UTS namespaces. Of a network's it saves those below conf/ alone, which
 * it sets after this; of one that is joined by path, none. */
int sysctl_restore_host(struct ctx *c, struct cfs_error *err)
{
        return namespaces_in_network(c->proc_fd, c->pid, set_of_network, c, err);
}

void sysctl_restore_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->sysctl->n; i++) {
                const struct oci_string_pair *e = &c->linux_->sysctl->entries[i];

                if (is_of_network(e->key))
                        report_line(r, "set %s = %s", e->key, e->value);
        }
}

void sysctl_explain(const struct ctx *c, struct report *r)
{
        for (size_t i = 0; i < c->linux_->sysctl->n; i++)
                report_line(r, "set %s = %s", c->linux_->sysctl->entries[i].key,
                            c->linux_->sysctl->entries[i].value);
}
