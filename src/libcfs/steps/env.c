/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.env (config.md, "Process"): what the program gets, and nothing of the runtime's own environment.
 *
 * Of a name that comes twice the last value counts, and the program sees each name once, at the place of that
 * value: what getenv(3) finds must not depend on who looks.
 *
 * HOME: when the configuration does not set it, or sets it to nothing, it is taken from the container's
 * /etc/passwd by uid, else "/", which is what users of other runtimes expect. Names are never resolved to ids
 * (CVE-2016-3697). LISTEN_FDS and LISTEN_PID (sd_listen_fds(3)) and NOTIFY_SOCKET (sd_notify(3)) are added
 * when the runtime passes those on, and with them what they mean to the program: the names of the
 * descriptors, and how often the manager wants a sign of life (sd_watchdog_enabled(3); without WATCHDOG_PID,
 * which would be a number of the host's).
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWD_MAX (1 << 20)

void env_check(const struct ctx *c, struct problems *p)
{
        for (size_t i = 0; i < c->process->n_env; i++) {
                const char *e = c->process->env[i];

                if (!strchr(e, '='))
                        problem(p, PROP("process.env[%zu]", i), "`%s` has no `=`", e);
                else if (*e == '=')
                        problem(p, PROP("process.env[%zu]", i), "`%s` has no name in front of the `=`", e);
                if (problem_wants_host(p) && strlen(e) > proc_string_max())
                        problem_host(
                                p, PROP("process.env[%zu]", i),
                                "argument list too long: `%.*s` has %zu bytes, execve(2) takes %zu in one variable",
                                (int)strcspn(e, "="), e, strlen(e), proc_string_max());
        }
}

/* Finds the home directory of `uid` in a passwd file; points into `text`, which it cuts up. */
static const char *passwd_home(char *text, uint64_t uid)
{
        for (char *line = strsep(&text, "\n"); line; line = strsep(&text, "\n")) {
                char *field[7], *p = line;
                uint64_t u;
                int n = 0;

                while (n < 7 && p)
                        field[n++] = strsep(&p, ":");
                if (n == 7 && str_to_u64(field[2], &u) == 0 && u == uid)
                        return path_is_absolute(field[5]) ? field[5] : NULL;
        }
        return NULL;
}

/* The container's /etc/passwd, which may be of any size and any kind, and closed to the user; *ret is NULL
 * when it says nothing. What fails for another reason is an error: "/" would be an answer that we do not
 * have. */
static int read_passwd(char **ret, struct cfs_error *err)
{
        static const char path[] = "/etc/passwd";
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        int r;

        *ret = NULL;
        if (fd < 0) {
                switch (errno) {
                case ENOENT:
                case ENOTDIR:
                case ELOOP:
                case ENXIO: /* a socket */
                case ENODEV:
                case EACCES:
                case EPERM:
                        return 0;
                default:
                        return err_path(err, errno, "open", path, "find the home directory: open `%s`", path);
                }
        }
        if (fstat(fd, &st) < 0)
                return err_path(err, errno, "fstat", path, "find the home directory: examine `%s`", path);
        if (!S_ISREG(st.st_mode) || st.st_size > PASSWD_MAX)
                return 0;
        r = io_read_fd(fd, path, 2 * PASSWD_MAX, ret, NULL, err);
        return r < 0 ? err_prefix(err, r, "find the home directory") : 0;
}

static int home_of(struct ctx *c, uint64_t uid, char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        int r = read_passwd(&text, err);
        const char *home = text ? passwd_home(text, uid) : NULL;
        size_t size = strlen("HOME=") + strlen(home ? home : "/") + 1;

        if (r < 0)
                return r;
        *ret = oci_arena_alloc(c->arena, size);
        if (!*ret)
                return err_nomem(err);
        (void)snprintf(*ret, size, "HOME=%s", home ? home : "/");
        return 0;
}

/* A variable of the runtime's own environment, as it is. */
static int add_own(struct ctx *c, const char *name, char **env, size_t *n, struct cfs_error *err)
{
        const char *value = getenv(name);
        size_t size = value ? strlen(name) + strlen(value) + 2 : 0;

        if (!value)
                return 0;
        env[*n] = oci_arena_alloc(c->arena, size);
        if (!env[*n])
                return err_nomem(err);
        (void)snprintf(env[(*n)++], size, "%s=%s", name, value);
        return 0;
}

static int add_listen_fds(struct ctx *c, char **env, size_t *n, struct cfs_error *err)
{
        char *fds = oci_arena_alloc(c->arena, 32), *pid = oci_arena_alloc(c->arena, 32);

        if (!fds || !pid)
                return err_nomem(err);
        (void)snprintf(fds, 32, "LISTEN_FDS=%d", c->listen_fds);
        /* 1 only in a PID namespace of its own: not for exec, not in a joined one. */
        (void)snprintf(pid, 32, "LISTEN_PID=%d", (int)getpid());
        env[(*n)++] = fds;
        env[(*n)++] = pid;
        return add_own(c, "LISTEN_FDNAMES", env, n, err);
}

struct entry {
        char *text;
        size_t name; /* its length */
        size_t place;
};

static int compare_entries(const void *a, const void *b)
{
        const struct entry *x = a, *y = b;
        size_t n = x->name < y->name ? x->name : y->name;
        int r = memcmp(x->text, y->text, n);

        if (r != 0 || x->name != y->name)
                return r ? r : x->name < y->name ? -1 : 1;
        return x->place < y->place ? -1 : 1;
}

/* Leaves the last entry of each name, in their order. */
static int keep_last(struct ctx *c, char **env, size_t *n, struct cfs_error *err)
{
        struct entry *e = oci_arena_alloc(c->arena, (*n + 1) * sizeof(*e));
        size_t kept = 0;

        if (!e)
                return err_nomem(err);
        for (size_t i = 0; i < *n; i++)
                e[i] = (struct entry){ env[i], strcspn(env[i], "="), i };
        qsort(e, *n, sizeof(*e), compare_entries);
        for (size_t i = 0; i + 1 < *n; i++)
                if (e[i].name == e[i + 1].name && memcmp(e[i].text, e[i + 1].text, e[i].name) == 0)
                        env[e[i].place] = NULL;
        for (size_t i = 0; i < *n; i++)
                if (env[i])
                        env[kept++] = env[i];
        env[kept] = NULL;
        *n = kept;
        return 0;
}

/* HOME, where it is missing or empty. */
static int add_home(struct ctx *c, char **env, size_t *n, struct cfs_error *err)
{
        const struct oci_process *p = c->process;
        size_t at = *n;
        int r;

        for (size_t i = 0; i < *n; i++)
                if (str_has_prefix(env[i], "HOME="))
                        at = i;
        if (at < *n && env[at][strlen("HOME=")])
                return 0;
        r = home_of(c, p->user && p->user->has_uid ? p->user->uid : 0, &env[at], err);
        *n += r >= 0 && at == *n;
        return r;
}

int env_init(struct ctx *c, struct cfs_error *err)
{
        struct oci_process *p = c->process;
        char **env = oci_arena_alloc(c->arena, (p->n_env + 8) * sizeof(*env));
        size_t n = 0;
        int r = 0;

        if (!env)
                return err_nomem(err);
        for (size_t i = 0; i < p->n_env; i++)
                env[n++] = p->env[i];
        r = add_home(c, env, &n, err);
        if (r < 0)
                return r;
        if (c->listen_fds > 0)
                r = add_listen_fds(c, env, &n, err);
        if (c->notify_socket)
                env[n++] = (char *)"NOTIFY_SOCKET=/run/notify/notify.sock";
        if (r >= 0 && c->watchdog)
                r = add_own(c, "WATCHDOG_USEC", env, &n, err);
        if (r >= 0)
                r = keep_last(c, env, &n, err);
        if (r < 0)
                return r;
        c->env = env;
        return 0;
}

void env_explain(const struct ctx *c, struct report *r)
{
        const struct oci_process *p = c->process;
        size_t n = 0;

        for (size_t i = 0; i < p->n_env; i++) {
                size_t name = strcspn(p->env[i], "="), j = i + 1;

                while (j < p->n_env &&
                       (strcspn(p->env[j], "=") != name || memcmp(p->env[i], p->env[j], name) != 0))
                        j++;
                n += j == p->n_env;
        }
        report_line(r, "%zu environment variables", n);
}
