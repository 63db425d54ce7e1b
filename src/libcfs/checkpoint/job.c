/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options, directories and errors of a checkpoint or a restore: see job.h.
 *
 * CRIU's refusals are in its log, one line for each level of its call stack, the cause first. They are what
 * the user needs; so the error quotes the last of them, and says which option of ours CRIU means when it asks
 * for one of its own.
 */
#include "libcfs/checkpoint/job.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "oci.h"
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>

/* Freezing cgroups of v2, and namespaces of processes and networks that belong to others. */
#define OLDEST 31500

#define MAX_LOG (64 << 20)

/* ---- options ------------------------------------------------------------------------------------------- */

struct word {
        const char *name;
        int value;
        unsigned since; /* version of CRIU; 0: any that we take */
};

static const struct word cgroup_modes[] = { { "soft", CRIU_CGROUP_SOFT, 0 },
                                            { "full", CRIU_CGROUP_FULL, 0 },
                                            { "strict", CRIU_CGROUP_STRICT, 0 },
                                            { "ignore", CRIU_CGROUP_IGNORE, 0 },
                                            { NULL, 0, 0 } };
static const struct word network_locks[] = { { "iptables", CRIU_LOCK_IPTABLES, 31700 },
                                             { "nftables", CRIU_LOCK_NFTABLES, 31700 },
                                             { "skip", CRIU_LOCK_SKIP, 31900 },
                                             { NULL, 0, 0 } };
/* The only kind that CRIU can leave empty. */
static const struct word empty_namespaces[] = { { "network", CLONE_NEWNET, 0 }, { NULL, 0, 0 } };

static int look_up(struct checkpoint_job *j, const struct word *words, const char *option, const char *name,
                   int *ret, struct cfs_error *err)
{
        _cleanup_str_ struct str known = { 0 };

        for (const struct word *w = words; w->name; w++) {
                if (STREQ(w->name, name)) {
                        *ret = w->value;
                        if (w->since > j->oldest)
                                j->oldest = w->since;
                        return 0;
                }
                str_addf(&known, "%s%s", w == words ? "" : ", ", w->name);
        }
        return err_set(err, CFS_E_INVALID, "--%s: `%s` is not one of %s", option, name,
                       known.failed ? "its values" : known.p);
}

static int translate(struct checkpoint_job *j, const struct cfs_criu_options *asked, struct cfs_error *err)
{
        int mode = CRIU_CGROUP_SOFT, r = 0, ns = 0;

        j->o = (struct criu_options){
                .images_dir_fd = j->images_fd,
                .work_dir_fd = j->work_fd,
                .tcp_established = asked->tcp_established,
                .ext_unix_sk = asked->ext_unix_sk,
                .shell_job = asked->shell_job,
                .file_locks = asked->file_locks,
                .link_remap = asked->link_remap,
                .lazy_pages = asked->lazy_pages,
                .auto_dedup = asked->auto_dedup,
                .log_level = log_enabled(LOG_LEVEL_DEBUG) ? 4 : 3,
                .log_file = j->log,
                .notify_scripts = true,
                .orphan_pts_master = true,
                .manage_cgroups = true,
                .has_cgroup_mode = true,
        };
        j->timeout = asked->timeout;
        if (asked->timeout < 0)
                return err_set(err, CFS_E_INVALID, "--timeout: %d is not a number of seconds",
                               asked->timeout);
        if (!str_empty(asked->manage_cgroups_mode))
                r = look_up(j, cgroup_modes, "manage-cgroups-mode", asked->manage_cgroups_mode, &mode, err);
        j->o.cgroup_mode = (enum criu_cgroup_mode)mode;
        if (r >= 0 && !str_empty(asked->network_lock))
                r = look_up(j, network_locks, "network-lock", asked->network_lock, &j->o.network_lock, err);
        for (const char *const *n = asked->empty_ns; r >= 0 && n && *n; n++) {
                r = look_up(j, empty_namespaces, "empty-ns", *n, &ns, err);
                j->o.empty_ns |= (unsigned)ns;
        }
        return r;
}

/* The container's own configuration for CRIU, or the host's for containers: that of the first runtime that
 * has one. An annotation that is empty means none. */
static void choose_config(struct checkpoint_job *j, const struct oci_string_map *annotations)
{
        static const char *const files[] = { "/etc/criu/cfs.conf", "/etc/criu/runc.conf",
                                             "/etc/criu/crun.conf" };

        for (size_t i = 0; annotations && i < annotations->n; i++)
                if (STREQ(annotations->entries[i].key, "org.criu.config")) {
                        j->o.config_file = annotations->entries[i].value;
                        return;
                }
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                if (access(files[i], R_OK) == 0) {
                        j->o.config_file = files[i];
                        return;
                }
}

int checkpoint_job_add(struct checkpoint_job *j, struct criu_pairs *list, const char *key, const char *value,
                       int number, struct cfs_error *err)
{
        /* Grows at powers of two. */
        if ((list->n & (list->n - 1)) == 0) {
                struct criu_pair *more =
                        oci_arena_alloc(j->arena, (list->n ? 2 * list->n : 1) * sizeof(*more));

                if (!more)
                        return err_nomem(err);
                if (list->n)
                        memcpy(more, list->p, list->n * sizeof(*more));
                list->p = more;
        }
        struct criu_pair *p = &list->p[list->n];

        *p = (struct criu_pair){ .key = oci_arena_strdup(j->arena, key), .number = number };
        if (value)
                p->value = oci_arena_strdup(j->arena, value);
        if (!p->key || (value && !p->value))
                return err_nomem(err);
        list->n++;
        return 0;
}

/* ---- directories --------------------------------------------------------------------------------------- */

static int absolute(const char *path, char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *cwd = getcwd(NULL, 0);

        if (!cwd)
                return err_sys(err, errno, "getcwd", "find the current directory");
        return path_join(cwd, path, ret, err);
}

static int open_directory(const char *what, const char *path, bool make, int *ret, struct cfs_error *err)
{
        int r;

        if (make) {
                _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                _cleanup_close_ int made = root < 0 ? -1 : path_mkdirs_in_root(root, path, 0700, err);

                if (root < 0)
                        return err_sys(err, errno, "open", "open `/`");
                if (made < 0)
                        return err_prefix(err, made, "make the %s", what);
        }
        *ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*ret >= 0)
                return 0;
        r = err_path(err, errno, "open", path, "open the %s `%s`", what, path);
        return r;
}

int checkpoint_job_open(struct checkpoint_job *j, const struct cfs_criu_options *asked,
                        const struct oci_string_map *annotations, bool make, struct cfs_error *err)
{
        int r;

        j->images_fd = j->work_fd = j->criu.sock = j->criu.theirs = -1;
        j->oldest = OLDEST;
        r = translate(j, asked, err);
        if (r >= 0)
                r = absolute(str_empty(asked->image_path) ? "checkpoint" : asked->image_path, &j->images,
                             err);
        if (r >= 0)
                r = str_empty(asked->work_path) ? str_dup(&j->work, j->images, err)
                                                : absolute(asked->work_path, &j->work, err);
        if (r >= 0)
                r = service_open(&j->criu, err);
        if (r >= 0)
                r = open_directory("directory of the images", j->images, make, &j->images_fd, err);
        if (r >= 0)
                r = open_directory("work directory", j->work, !str_empty(asked->work_path), &j->work_fd, err);
        /* Without a log, there would be nothing to tell from. */
        if (r >= 0 && faccessat(j->work_fd, ".", W_OK, AT_EACCESS) < 0)
                r = err_sys(err, errno, "faccessat", "write to the %s `%s`",
                            str_empty(asked->work_path) ? "directory of the images (or say --work-path)"
                                                        : "work directory",
                            j->work);
        if (r < 0)
                return r;
        j->o.images_dir_fd = j->images_fd;
        j->o.work_dir_fd = j->work_fd;
        choose_config(j, annotations);
        return 0;
}

void checkpoint_job_close(struct checkpoint_job *j)
{
        if (!j)
                return;
        service_close(&j->criu);
        if (j->images_fd >= 0)
                (void)close(TAKE_FD(j->images_fd));
        if (j->work_fd >= 0)
                (void)close(TAKE_FD(j->work_fd));
        free(TAKE_PTR(j->images));
        free(TAKE_PTR(j->work));
}

int checkpoint_job_send(struct checkpoint_job *j, enum criu_type type, struct cfs_error *err)
{
        int r;

        if (j->timeout > 0)
                j->criu.deadline_ms = clock_now_ms() + (int64_t)j->timeout * 1000;
        r = service_check_version(&j->criu, j->oldest, err);
        if (r >= 0 && j->o.lazy_pages) {
                r = service_has_lazy_pages(&j->criu, err);
                if (r == 0)
                        return err_hint(
                                err,
                                err_set(err, CFS_E_UNSUPPORTED,
                                        "--lazy-pages: this kernel or this CRIU cannot hand over memory "
                                        "page by page"),
                                "it takes userfaultfd(2) with events: see vm.unprivileged_userfaultfd, "
                                "and `criu check --feature uffd-noncoop`");
        }
        if (r < 0)
                return r;
        /* What is left of an earlier attempt is not to be taken for this one's. */
        (void)unlinkat(j->work_fd, j->log, 0);
        return service_request(&j->criu, type, &j->o, err);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

/* What CRIU says, and what that means here. */
static const struct advice {
        const char *said, *hint;
} advices[] = {
        { "Connected TCP socket", "--tcp-established keeps TCP connections, also at restore" },
        { "tcp_established", "--tcp-established keeps TCP connections, also at restore" },
        { "In-flight connection", "--tcp-skip-in-flight leaves out connections that are being made" },
        { "External socket", "--ext-unix-sk allows sockets whose peer is outside of the container" },
        { "ext-unix-sk", "--ext-unix-sk allows sockets whose peer is outside of the container" },
        { "file locks", "--file-locks saves locks, also at restore" },
        { "shell-job", "--shell-job allows a terminal or session of the caller's" },
        { "link-remap", "--link-remap saves files that are open but deleted" },
        { "has bad size",
          "a standard stream that was a file must be the same file at restore, opened to append" },
        { "has bad mode",
          "a standard stream that was a file must be the same file at restore, opened to append" },
        { "Illegal seek",
          "a standard stream that was a file must be the same file at restore, opened to append" },
        { "fake vdso", "this CRIU is too old for this kernel: install a newer package criu" },
        { "vdso", "this CRIU may be too old for this kernel: install a newer package criu" },
        { "iptables", "CRIU calls iptables-restore to lock the network: install the package iptables, or use "
                      "--network-lock" },
        { "Unable to create a criu network lock", "see --network-lock" },
        { "Permission denied", "CRIU needs root, and access to the directories of images and work files" },
        { "No space left", "there is no room for the images" },
};

static const char *advice_for(const char *text)
{
        for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
                if (strstr(text, advices[i].said))
                        return advices[i].hint;
        return NULL;
}

#define QUOTED 4 /* lines of the log */

/* "(00.04) 12: Error (criu/x.c:188): inet: Connected" -> "inet: Connected", without a full stop; NULL: no
 * error. */
static char *error_of(char *line)
{
        char *p = strstr(line, "Error (");
        size_t n;

        p = p ? strstr(p, "): ") : NULL;
        if (!p)
                return NULL;
        p += 3;
        for (n = strlen(p); n > 0 && (p[n - 1] == '.' || p[n - 1] == ' '); n--)
                p[n - 1] = '\0';
        for (char *c = p; *c; c++)
                if ((unsigned char)*c < 0x20 || *c == 0x7f)
                        *c = ' ';
        return p;
}

/* The last errors of the log, the last `QUOTED` of them, joined; *ret_hint is for one of all. */
static void quote_log(const struct checkpoint_job *j, struct str *out, const char **ret_hint)
{
        _cleanup_free_ char *text = NULL;
        char *last[QUOTED] = { NULL }, *next, *line;
        size_t n = 0, len = 0;

        if (j->work_fd < 0 || io_read_regular(j->work_fd, j->log, MAX_LOG, &text, &len, NULL) < 0)
                return;
        for (size_t i = 0; i < len; i++) /* what a crash leaves in a file; no end of it */
                if (!text[i])
                        text[i] = ' ';
        next = text;
        while ((line = strsep(&next, "\n"))) {
                char *e = error_of(line);

                if (!e)
                        continue;
                if (!*ret_hint)
                        *ret_hint = advice_for(e);
                last[n++ % QUOTED] = e;
        }
        for (size_t i = n > QUOTED ? n - QUOTED : 0; i < n; i++)
                str_addf(out, "%s%.200s", out->len ? "; " : "", last[i % QUOTED]);
}

static int complete(const struct checkpoint_job *j, const char *quoted, const char *hint, int r,
                    struct cfs_error *err)
{
        size_t n = strlen(err->text);

        if (quoted)
                (void)snprintf(err->text + n, sizeof(err->text) - n, ": %s", quoted);
        n = strlen(err->text);
        if (j->work_fd >= 0 && faccessat(j->work_fd, j->log, F_OK, 0) == 0)
                (void)snprintf(err->text + n, sizeof(err->text) - n, " (its log is %s/%s)", j->work, j->log);
        if (!err->hint[0] && hint)
                (void)err_hint(err, r, "%s", hint);
        return r;
}

int checkpoint_job_refused(const struct checkpoint_job *j, const struct criu_response *answer,
                           struct cfs_error *err)
{
        _cleanup_str_ struct str quoted = { 0 };
        const char *hint = NULL;
        int r;

        quote_log(j, &quoted, &hint);
        r = err_set(err, CFS_E_UNSUPPORTED, "criu failed to %s the container", j->did);
        err->errnum = answer->error;
        if (!quoted.len && answer->message[0])
                str_addf(&quoted, "%s", answer->message);
        if (!quoted.len && answer->error)
                str_addf(&quoted, "%s", err_strerror(answer->error));
        return complete(j, quoted.failed ? NULL : quoted.p,
                        hint ? hint : "`criu check --all` says what CRIU finds missing on this host", r, err);
}

int checkpoint_job_failed(const struct checkpoint_job *j, int r, struct cfs_error *err)
{
        _cleanup_str_ struct str quoted = { 0 };
        const char *hint = NULL;

        if (err->code != CFS_E_DIED && err->code != CFS_E_TIMEOUT)
                return r;
        quote_log(j, &quoted, &hint);
        return complete(j, quoted.failed || !quoted.len ? NULL : quoted.p, hint, r, err);
}
