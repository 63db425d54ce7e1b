/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * linux.uidMappings, linux.gidMappings: which users and groups of the host a new user namespace has.
 *
 * Until /proc/PID/uid_map and gid_map are written, every ID inside is the overflow ID (65534). Each file
 * takes one write, of all lines; who may write what, user_namespaces(7):
 *
 *   - With CAP_SETUID (CAP_SETGID) in the namespace above, any mapping. The runtime writes it.
 *   - Without, one line that maps the writer's own ID. For groups, only after setgroups(2) has been denied for
 *     good: membership in a group may serve to take permissions away, and leaving it would give them back
 *     (CVE-2014-8989).
 *   - Anything else takes the set-user-ID programs newuidmap(1) and newgidmap(1), which look into /etc/subuid
 *     and /etc/subgid.
 *
 * So the runtime tries the first, and on EPERM the others: a rootless runtime may well be root of a user
 * namespace of its own, which has the privilege. The process must be dumpable meanwhile, or its files in
 * /proc belong to root; spawn.c sees to that.
 *
 * A user namespace without any mapping is of no use, and some configurations (made for crun) have one: our
 * own IDs are then mapped to 0.
 *
 * In the init, after the MEET "identity": become root of the namespace. Without that it would keep the
 * overflow ID, and its files and mounts would belong to an ID that is not mapped (EOVERFLOW). When 0 is not
 * mapped it becomes the first ID that is: it has the capabilities of the namespace in any case. And the
 * process is made undumpable again: from here on other processes of the same user may be near, in namespaces
 * that are joined (CVE-2016-9962).
 */
#include "base/caps.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/process/id_map.h"
#include "libcfs/store/record.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/walk/id_lines.h"
#include "libcfs/steps/steps.h"
#include "base/proc.h"
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define NO_HELPER "only a privileged user can write this mapping, and `%s` is not installed"
#define HINT_HELPER                                                                                          \
        "install package uidmap (Debian, Ubuntu) or shadow-utils (Fedora), and give the user a range in %s"

#define MAP_FMT "%" PRIu32 " %" PRIu32 " %" PRIu32

/* What differs between users and groups. */
struct kind {
        const char *property; /* in config.json                   */
        const char *file;     /* in /proc/PID                     */
        const char *helper;   /* the set-user-ID program          */
        const char *subids;   /* the file that the helper reads   */
};

static const struct kind id_mappings_users = { "linux.uidMappings", "uid_map", "newuidmap", "/etc/subuid" };
static const struct kind id_mappings_groups = { "linux.gidMappings", "gid_map", "newgidmap", "/etc/subgid" };

/* One of the two maps. */
struct map {
        const struct kind *kind;
        struct oci_id_mapping *const *lines;
        size_t n;
};

extern char **environ;

/* Our own ID, as this map sees it. */
static uint32_t own(const struct map *m)
{
        return m->kind == &id_mappings_users ? geteuid() : getegid();
}

/* ---- check --------------------------------------------------------------------------------------------- */

static void check_map(const struct map *m, const struct map *other, struct problems *p)
{
        if (m->n == 0 && other->n > 0)
                problem(p, m->kind->property, "is missing, while %s is set", other->kind->property);
        id_lines_check(m->kind->property, m->lines, m->n, p);
}

static struct map users(const struct ctx *c)
{
        return (struct map){ &id_mappings_users, c->linux_->uid_mappings, c->linux_->n_uid_mappings };
}

static struct map groups(const struct ctx *c)
{
        return (struct map){ &id_mappings_groups, c->linux_->gid_mappings, c->linux_->n_gid_mappings };
}

/* Mappings beside the path of a namespace are allowed: engines repeat what they have set up there. */
void id_mappings_check(const struct ctx *c, struct problems *p)
{
        struct map u = users(c), g = groups(c);

        if ((u.n || g.n) && !ctx_find_ns(c, "user")) {
                problem(p, u.n ? u.kind->property : g.kind->property, "needs a user namespace");
                problem_hint(p, "add {\"type\": \"user\"} to linux.namespaces, or remove the mappings");
        }
        check_map(&u, &g, p);
        check_map(&g, &u, p);
}

bool id_mappings_wanted(const struct ctx *c)
{
        return (c->ns_new & CLONE_NEWUSER) != 0;
}

/* ---- the runtime writes -------------------------------------------------------------------------------- */

static int map_text(const struct map *m, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        if (m->n == 0)
                str_addf(&s, MAP_FMT "\n", (uint32_t)0, own(m), (uint32_t)1);
        for (size_t i = 0; i < m->n; i++)
                str_addf(&s, MAP_FMT "\n", m->lines[i]->container_id, m->lines[i]->host_id,
                         m->lines[i]->size);
        return str_take(&s, ret, err);
}

/* 0 or -errno, with a message */
static int write_file(const struct ctx *c, const char *file, const char *text, struct cfs_error *err)
{
        char path[48];

        (void)snprintf(path, sizeof(path), "%d/%s", (int)c->pid, file);
        return path_write_proc(c->proc_fd, path, text, err);
}

static bool maps_only_own(const struct map *m)
{
        return m->n == 0 || (m->n == 1 && m->lines[0]->size == 1 && m->lines[0]->host_id == own(m));
}

/* The helper's path: in PATH, or where distributions put it. Engines may call us without PATH. */
static int find_helper(const struct kind *k, char *buf, size_t size)
{
        const char *path = getenv("PATH");
        const char *places[] = { path ? path : "", "/usr/bin:/usr/local/bin:/bin" };

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                for (const char *p = places[i]; *p;) {
                        size_t n = strcspn(p, ":");

                        (void)snprintf(buf, size, "%.*s/%s", (int)n, p, k->helper);
                        if (p[0] == '/' && access(buf, X_OK) == 0)
                                return 0;
                        p += n + (p[n] == ':');
                }
        }
        return -ENOENT;
}

/* Without privilege, all but our own ID takes a helper. */
void id_mappings_look(const struct ctx *c, struct problems *p)
{
        const struct map maps[] = { users(c), groups(c) };
        char path[PATH_MAX];

        if (!problem_wants_host(p) || !(c->ns_new & CLONE_NEWUSER))
                return;
        for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
                int cap = caps_number(i == 0 ? "CAP_SETUID" : "CAP_SETGID");

                if (caps_effective((unsigned)cap) || maps_only_own(&maps[i]) ||
                    find_helper(maps[i].kind, path, sizeof(path)) == 0)
                        continue;
                problem_host(p, maps[i].kind->property, NO_HELPER, maps[i].kind->helper);
                problem_hint(p, HINT_HELPER, maps[i].kind->subids);
        }
}

/* helper PID INSIDE OUTSIDE COUNT ... NULL, in one allocation per argument; the array ends with NULL at
 * any time. */
static char **helper_argv(const struct ctx *c, const struct map *m)
{
        char **argv = calloc(3 * m->n + 3, sizeof(*argv));
        struct cfs_error ignored = { 0 };
        size_t k = 0;
        int r = 0;

        if (!argv)
                return NULL;
        r |= str_printf(&argv[k++], &ignored, "%s", m->kind->helper);
        r |= str_printf(&argv[k++], &ignored, "%d", (int)c->pid);
        for (size_t i = 0; r == 0 && i < m->n; i++) {
                r |= str_printf(&argv[k++], &ignored, "%" PRIu32, m->lines[i]->container_id);
                r |= str_printf(&argv[k++], &ignored, "%" PRIu32, m->lines[i]->host_id);
                r |= str_printf(&argv[k++], &ignored, "%" PRIu32, m->lines[i]->size);
        }
        if (r == 0)
                return argv;
        for (size_t i = 0; i < k; i++)
                free(argv[i]);
        free(argv);
        return NULL;
}

static void free_argv(char ***argv)
{
        for (char **a = *argv; a && *a; a++)
                free(*a);
        free(*argv);
}

/* Runs the helper with its stderr (and stdout) in a pipe; *ret_said is what it printed. Its wait status or
 * -errno. */
static int run_helper(const char *path, char **argv, char *said, size_t size)
{
        _cleanup_close_ int rd = -1, wr = -1;
        posix_spawn_file_actions_t actions;
        int fds[2], r, status;
        size_t len = 0;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        rd = fds[0];
        wr = fds[1];
        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_adddup2(&actions, wr, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, wr, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn(&pid, path, &actions, NULL, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return -r;
        (void)close(TAKE_FD(wr));
        for (;;) {
                ssize_t n = read(rd, said + len, size - 1 - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                len += (size_t)n;
        }
        said[len] = '\0';
        said[strcspn(said, "\n")] = '\0';
        /* Should it have said more than fits, it gets SIGPIPE now rather than block. */
        (void)close(TAKE_FD(rd));
        r = proc_reap(pid, &status);
        return r < 0 ? r : status;
}

static int by_helper(const struct ctx *c, const struct map *m, struct cfs_error *err)
{
        _cleanup_(free_argv) char **argv = NULL;
        char path[PATH_MAX], said[256];
        int r;

        if (find_helper(m->kind, path, sizeof(path)) < 0) {
                r = err_set(err, CFS_E_UNSUPPORTED, NO_HELPER, m->kind->helper);
                return err_hint(err, r, HINT_HELPER, m->kind->subids);
        }
        argv = helper_argv(c, m);
        if (!argv)
                return err_nomem(err);
        r = run_helper(path, argv, said, sizeof(said));
        if (r < 0)
                return err_sys(err, -r, "posix_spawn", "run `%s`", path);
        if (WIFEXITED(r) && WEXITSTATUS(r) == 0)
                return 0;
        if (WIFSIGNALED(r))
                return err_set(err, CFS_E_SYSTEM, "`%s` was killed by signal %d (%s)", path, WTERMSIG(r),
                               sigdescr_np(WTERMSIG(r)));
        r = err_set(err, CFS_E_SYSTEM, "`%s` failed with exit code %d: %s", path, proc_exit_code(r), said);
        return err_hint(err, r, "does %s allow the user these IDs?", m->kind->subids);
}

static int write_map(const struct ctx *c, const struct map *m, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        bool is_groups = m->kind == &id_mappings_groups;
        struct cfs_error first = { 0 };
        int r;

        r = map_text(m, &text, err);
        if (r < 0)
                return r;
        r = write_file(c, m->kind->file, text, &first);
        if (r >= 0)
                return 0;
        if (r != -EPERM) {
                *err = first;
                return r;
        }
        if (!maps_only_own(m)) {
                r = by_helper(c, m, err);
                /* Of a user who may not, that is all; of root, the first refusal is the odd one. */
                if (r >= 0 || geteuid() != 0)
                        return r;
                if (first.hint[0])
                        (void)err_hint(err, r, "%s", first.hint);
                return err_prefix(err, r, "%s, and then", first.text);
        }
        if (is_groups) {
                r = write_file(c, "setgroups", "deny", err);
                return r < 0 ? r : write_file(c, m->kind->file, text, err);
        }
        *err = first;
        return r;
}

int id_mappings_host(struct ctx *c, struct cfs_error *err)
{
        struct map maps[] = { users(c), groups(c) };

        if (!(c->ns_new & CLONE_NEWUSER))
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
                int r = write_map(c, &maps[i], err);

                if (r < 0)
                        return err_property(err, r, "%s", maps[i].kind->property);
        }
        /* Where /proc has hidepid= (proc(5)), an ordinary user sees the init now, and not once it is
         * undumpable. An exec has no record of its own. */
        return c->rootless && c->walk == WALK_CREATE ? record_note_init(c->state, c->pid, err) : 0;
}

/* ---- the init becomes root ----------------------------------------------------------------------------- */

/* Is there something that the runtime does from outside once the init has joined its cgroup? A cgroup may
 * refuse a process that has a real-time policy already. */
static bool sets_priorities(const struct ctx *c)
{
        return ctx_priorities_from_outside(c) && (c->process->scheduler || c->process->io_priority);
}

/* The MEET at which the init waits for what the runtime does to it from outside. */
bool id_mappings_identity_wanted(const struct ctx *c)
{
        if (sets_priorities(c) || (c->cgroup && cgroup_needs_attach(c->cgroup)))
                return true;
        return (c->ns_new & CLONE_NEWUSER) || (c->linux_->net_devices && c->linux_->net_devices->n);
}

bool id_mappings_init_wanted(const struct ctx *c)
{
        return ctx_has_ns(c, CLONE_NEWUSER);
}

/* Which ID to become when 0 is not mapped: the first that is. What is joined is known to the kernel alone. */
static int first_mapped(const struct ctx *c, const char *file, uint32_t *ret, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        struct id_map map;
        int r = io_read_file(c->proc_fd, file, ID_LINES_MAX * 40, &text, NULL, err);

        if (r >= 0)
                r = id_map_parse(text, c->arena, &map, err);
        if (r >= 0)
                *ret = id_map_root(&map);
        return r;
}

static int become_group(const struct ctx *c, struct cfs_error *err)
{
        uint32_t id = 0;
        int r;

        if (setresgid(0, 0, 0) == 0)
                return 0;
        r = errno == EINVAL ? first_mapped(c, "self/gid_map", &id, err) : 0;
        if (r < 0)
                return r;
        return setresgid(id, id, id) < 0 ? err_sys(err, errno, "setresgid",
                                                   "become group %" PRIu32 " of the user namespace", id)
                                         : 0;
}

static int become_user(const struct ctx *c, struct cfs_error *err)
{
        uint32_t id = 0;
        int r;

        if (setresuid(0, 0, 0) == 0)
                return 0;
        r = errno == EINVAL ? first_mapped(c, "self/uid_map", &id, err) : 0;
        if (r < 0)
                return r;
        return setresuid(id, id, id) < 0
                       ? err_sys(err, errno, "setresuid", "become user %" PRIu32 " of the user namespace", id)
                       : 0;
}

/* By the namespace, for good (user_namespaces(7)); and not by the filter of a sandbox, say. */
static bool is_setgroups_denied(const struct ctx *c)
{
        _cleanup_close_ int fd = path_open_proc(c->proc_fd, "self/setgroups", O_RDONLY | O_CLOEXEC, NULL);
        char text[4];

        return fd >= 0 && read(fd, text, sizeof(text)) == sizeof(text) && memcmp(text, "deny", 4) == 0;
}

int id_mappings_init(struct ctx *c, struct cfs_error *err)
{
        int r;

        /* An ordinary user's groups are kept until process.user sets the container's: a source of a mount
         * may be within reach through them alone. EPERM: denied in this namespace. Groups that are not
         * mapped give no rights inside. */
        if (!c->rootless && !ctx_keeps_groups(c) && setgroups(0, NULL) < 0) {
                r = errno;
                if (r != EPERM || !(is_setgroups_denied(c) || WEAKENED("refused-calls")))
                        return err_sys(err, r, "setgroups", "drop the supplementary groups");
        }
        r = become_group(c, err);
        if (r >= 0)
                r = become_user(c, err);
        if (r < 0)
                return r;
        if (!WEAKENED("undumpable") && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return err_sys(err, errno, "prctl", "make the process undumpable");
        return 0;
}

static void explain_map(const struct map *m, struct report *r)
{
        if (m->n == 0)
                report_line(r, "write %s: 0 is our own, %" PRIu32, m->kind->file, own(m));
        for (size_t i = 0; i < m->n; i++)
                report_line(r, "write %s: %" PRIu32 " to %" PRIu32 " are %" PRIu32 " and on", m->kind->file,
                            m->lines[i]->container_id, m->lines[i]->container_id + m->lines[i]->size - 1,
                            m->lines[i]->host_id);
}

void id_mappings_explain(const struct ctx *c, struct report *r)
{
        struct map u = users(c), g = groups(c);

        explain_map(&u, r);
        explain_map(&g, r);
}
