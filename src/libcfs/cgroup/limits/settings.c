/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing settings, in whatever order the kernel takes them, all or none of them.
 *
 * Some values bound each other: memory.limit_in_bytes must not exceed memory.memsw.limit_in_bytes, the quota
 * of bandwidth must hold the burst, a real-time runtime fits its period. Which one goes first depends on the
 * old values (EINVAL, or EBUSY, otherwise). So a value that is refused is tried again after the others, for
 * as long as a round brings any of them in; only then it is an error.
 *
 * For an update the old values are read first and written back when a later one fails. Files with one line
 * per device take a line at a time: of those, that line is put back.
 */
#include "libcfs/cgroup/limits/settings.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/hierarchy/obstacle.h"
#include "libcfs/cgroup/hierarchy/tree.h"

void settings_free(struct settings *s)
{
        for (size_t i = 0; i < s->n; i++) {
                free(s->p[i].value);
                free(s->p[i].alt_value);
                free(s->p[i].key_buf);
                free(s->p[i].old);
        }
        free(s->p);
        *s = (struct settings){ 0 };
}

struct setting *settings_add(struct settings *s)
{
        if (s->n == s->cap) {
                size_t cap = s->cap ? s->cap * 2 : 16;
                struct setting *p = reallocarray(s->p, cap, sizeof(*p));

                if (!p)
                        return NULL;
                s->p = p;
                s->cap = cap;
        }
        s->p[s->n] = (struct setting){ 0 };
        return &s->p[s->n++];
}

const struct hierarchy *settings_hierarchy(const struct cgroup *cg, const char *controller)
{
        const struct hierarchy *v2 = NULL;

        for (size_t i = 0; i < cg->n; i++) {
                if (cg->h[i].v2)
                        v2 = &cg->h[i];
                else if (detect_has(cg->h[i].name, controller))
                        return &cg->h[i];
        }
        return v2;
}

/* Remembers what `file` holds before it is written. */
static int save_old(struct setting *s, const char *file)
{
        char buf[8192], *save = buf, *line;
        size_t key_len = s->key ? strlen(s->key) : 0;
        ssize_t n = tree_read(s->h->path, file, buf, sizeof(buf));

        if (n < 0)
                return (int)n;
        s->saved = true;
        if (!s->key) {
                /* "oom_kill_disable 0": the first line of a file that takes the number alone. */
                buf[strcspn(buf, "\n")] = '\0';
                line = strrchr(buf, ' ');
                if (line && str_has_prefix(buf, "oom_kill_disable "))
                        return (s->old = strdup(line + 1)) ? 0 : -ENOMEM;
                return (s->old = strdup(buf)) ? 0 : -ENOMEM;
        }
        while ((line = strsep(&save, "\n"))) {
                if (strncmp(line, s->key, key_len) == 0 && line[key_len] == ' ')
                        return (s->old = strdup(line)) ? 0 : -ENOMEM;
        }
        return asprintf(&s->old, "%s %s", s->key, s->unset) < 0 ? -ENOMEM : 0;
}

/* Which of the two files it is. */
static const char *file_of(const struct setting *s, const char **ret_value)
{
        char probe[8];

        *ret_value = s->value;
        if (s->alt_file[0] && tree_read(s->h->path, s->file, probe, sizeof(probe)) == -ENOENT) {
                *ret_value = s->alt_value ? s->alt_value : s->value;
                return s->alt_file;
        }
        return s->file;
}

static int apply_one(struct setting *s, bool rollback)
{
        const char *value, *file = file_of(s, &value);
        int r;

        if (rollback && !s->saved) {
                r = save_old(s, file);
                /* A file that is there and cannot be read is written once and for all. */
                if (r == -ENOENT || r == -ENOMEM)
                        return r;
        }
        return tree_write_quiet(s->h->path, file, value);
}

/* Why is there no such file? */
static int explain_missing(const struct setting *s, const char *file, struct cfs_error *err)
{
        const struct hierarchy *h = s->h;
        char controllers[512];

        if (!h->v2 || !s->controller[0])
                return err_set(err, CFS_E_UNSUPPORTED, "there is no file `%s/%s`: %s", h->path, file,
                               h->v2 ? "no such controller is enabled there" : "this kernel cannot do that");
        if (h->mount && tree_read(h->mount, "cgroup.controllers", controllers, sizeof(controllers)) >= 0 &&
            !detect_lists(controllers, s->controller))
                return err_set(err, CFS_E_UNSUPPORTED,
                               "cannot be set: the %s controller is not available at `%s`", s->controller,
                               h->mount);
        if (tree_read(h->path, "cgroup.controllers", controllers, sizeof(controllers)) >= 0 &&
            !detect_lists(controllers, s->controller))
                return err_hint(
                        err,
                        err_set(err, CFS_E_UNSUPPORTED,
                                "cannot be set: the %s controller is not enabled for `%s`%s%s", s->controller,
                                h->path, h->not_enabled ? ": " : "",
                                h->not_enabled ? err_strerror(h->not_enabled) : ""),
                        "a cgroup that has processes, or that is not ours, cannot share out controllers");
        return err_set(err, CFS_E_UNSUPPORTED, "there is no file `%s/%s`: this kernel cannot do that",
                       h->path, file);
}

/* v1: memory alone must not exceed memory and swap together, which stay as they are unless they are asked
 * for as well. */
static int hint_memsw(const struct setting *s, const char *file, const char *value, int r,
                      struct cfs_error *err)
{
        uint64_t wanted, both;

        if (r != -EINVAL || !STREQ(file, "memory.limit_in_bytes") || str_to_u64(value, &wanted) < 0 ||
            tree_number(s->h->path, "memory.memsw.limit_in_bytes", &both) < 0 || wanted <= both)
                return r;
        return err_hint(
                err, r,
                "memory and swap together are limited to %llu bytes: raise linux.resources.memory.swap "
                "(--memory-swap) as well",
                (unsigned long long)both);
}

/* v1, sched-rt-group.rst: what the children have together must not exceed what the parent has, and a new
 * parent has none. */
static int hint_realtime(const char *file, int r, struct cfs_error *err)
{
        if (r != -EINVAL || !STREQ(file, "cpu.rt_runtime_us"))
                return r;
        return err_hint(
                err, r,
                "the cgroup above does not have as much left: see its cpu.rt_runtime_us, which is 0 where "
                "it is new");
}

static int explain_failure(const struct setting *s, int r, struct cfs_error *err)
{
        const char *value, *file = file_of(s, &value);
        uint64_t usage;

        if (r == -ENOENT)
                r = explain_missing(s, file, err);
        else if (r == -EBUSY && STREQ(s->controller, "memory") && !s->h->v2 &&
                 tree_number(s->h->path, "memory.usage_in_bytes", &usage) == 0)
                r = err_sys(err, EBUSY, "write", "write `%s` to `%s/%s` (current usage: %llu)", value,
                            s->h->path, file, (unsigned long long)usage);
        else
                r = hint_memsw(
                        s, file, value,
                        err_sys(err, -r, "write", "write `%.128s` to `%s/%s`", value, s->h->path, file), err);
        r = hint_realtime(file, r, err);
        return err_property(err, r, "linux.resources.%s", s->property);
}

static int put_back(struct setting *p)
{
        const char *value;

        return tree_write_quiet(p->h->path, file_of(p, &value), p->old);
}

void settings_undo(struct settings *s)
{
        /* Old values bound each other as new ones do: a second round puts back what the first one could
         * not. */
        for (unsigned round = 0; round < 2; round++) {
                for (size_t i = s->n; i > 0; i--) {
                        struct setting *p = &s->p[i - 1];
                        int r = p->done && p->old ? put_back(p) : -ENODATA;

                        if (r == 0)
                                p->done = false;
                        else if (round == 1 && r != -ENODATA)
                                log_error("linux.resources.%s stays as the update has set it: write `%.128s` "
                                          "back to `%s`: %s",
                                          p->property, p->old, p->h->path, err_strerror(-r));
                }
        }
}

void settings_again(struct settings *s)
{
        for (size_t i = 0; i < s->n; i++) {
                const char *value, *file;

                if (!s->p[i].done || !s->p[i].h)
                        continue;
                file = file_of(&s->p[i], &value);
                (void)tree_write_quiet(s->p[i].h->path, file, value);
        }
}

static int refuse(const struct setting *s, struct cfs_error *err)
{
        char why[700];

        if (!s->h && !s->controller[0])
                return err_set(err, CFS_E_UNSUPPORTED, "cannot be set: there is no cgroup v2 hierarchy");
        if (!s->h)
                return err_set(err, CFS_E_UNSUPPORTED, "cannot be set: no %s controller is available",
                               s->controller);
        if (!obstacle_say(s->h, why, sizeof(why)))
                (void)snprintf(why, sizeof(why), "this user may not make the cgroup `%.256s`", s->h->path);
        return err_hint(err, err_set(err, CFS_E_UNSUPPORTED, "cannot be set: %s", why), OBSTACLE_HINT);
}

static int find_hierarchies(struct settings *s, const struct cgroup *cg, struct cfs_error *err)
{
        for (size_t i = 0; i < s->n; i++) {
                struct setting *p = &s->p[i];

                p->h = settings_hierarchy(cg, p->controller);
                if (p->h && !p->h->denied)
                        continue;
                return err_property(err, refuse(p, err), "linux.resources.%s", p->property);
        }
        return 0;
}

int settings_apply(struct settings *s, const struct cgroup *cg, bool rollback, struct cfs_error *err)
{
        struct setting *refused;
        bool progress;
        int r, why = 0;

        r = find_hierarchies(s, cg, err);
        if (r < 0)
                return r;
        do {
                progress = false;
                refused = NULL;
                for (size_t i = 0; i < s->n; i++) {
                        struct setting *p = &s->p[i];

                        if (p->done || !p->file[0])
                                continue;
                        r = apply_one(p, rollback);
                        if (r == 0 || (r == -ENOENT && p->optional)) {
                                p->done = true;
                                progress = true;
                        } else if (!refused) {
                                refused = p;
                                why = r;
                        }
                }
        } while (refused && progress);
        if (!refused)
                return 0;
        r = explain_failure(refused, why, err);
        if (rollback)
                settings_undo(s);
        return r;
}
