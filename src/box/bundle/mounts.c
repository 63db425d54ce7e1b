/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts that the user asks for, and the files that the box puts into every container: /etc/hosts,
 * /etc/hostname, /etc/resolv.conf.
 *
 *   -v SOURCE:DEST[:ro|rw|z|...]    SOURCE with a slash is a path of the host, without one a volume:
 *                                   ROOT/volumes/NAME
 *   --mount type=bind|volume|tmpfs,source=...,target=...[,readonly][,tmpfs-size=...][,tmpfs-mode=...]
 *   --tmpfs DEST[:OPTIONS]
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/config.h"
#include "box/bundle/parse.h"
#include "box/core/volume.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int add_mount(struct config *x, const char *destination, const char *type, const char *source,
                     struct oci_mount **ret)
{
        struct oci_mount **grown = oci_arena_alloc(x->arena, (x->c->n_mounts + 1) * sizeof(*grown));
        struct oci_mount *m = oci_arena_alloc(x->arena, sizeof(*m));

        if (!grown || !m)
                return err_nomem(x->err);
        memcpy(grown, x->c->mounts, x->c->n_mounts * sizeof(*grown));
        grown[x->c->n_mounts++] = m;
        x->c->mounts = grown;
        m->destination = oci_arena_strdup(x->arena, destination);
        m->type = oci_arena_strdup(x->arena, type);
        m->source = oci_arena_strdup(x->arena, source);
        *ret = m;
        return m->destination && m->type && m->source ? 0 : err_nomem(x->err);
}

static int option(struct config *x, struct oci_mount *m, const char *text)
{
        return config_append(x, &m->options, &m->n_options, "%s", text);
}

static int bind_options(struct config *x, struct oci_mount *m, bool readonly)
{
        int r = option(x, m, "rbind");

        if (r >= 0)
                r = option(x, m, "rprivate");
        return r < 0 ? r : option(x, m, readonly ? "ro" : "rw");
}

static int add_bind(struct config *x, const char *source, const char *destination, bool readonly)
{
        _cleanup_free_ char *path = NULL;
        struct oci_mount *m;
        int r;

        if (*destination != '/' || !destination[1])
                return err_set(x->err, CFS_E_INVALID,
                               "the place for `%s` in the container must be an absolute path, not `%s`",
                               source, destination);
        if (strchr(source, '/')) {
                path = realpath(source, NULL);
                if (!path)
                        return err_path(x->err, errno, "realpath", source, "volume `%s`", source);
                r = 0;
        } else {
                r = volume_make(x->in->box, source, &path, x->err);
        }
        if (r >= 0)
                r = add_mount(x, destination, "bind", path, &m);
        return r < 0 ? r : bind_options(x, m, readonly);
}

/* ---- -v ------------------------------------------------------------------------------------------------ */

static int add_volume(struct config *x, const char *text)
{
        _cleanup_free_ char *copy = strdup(text);
        char *destination, *options;
        bool readonly = false;

        if (!copy)
                return err_nomem(x->err);
        destination = strchr(copy, ':');
        if (!destination)
                return err_set(x->err, CFS_E_INVALID, "--volume %s: expected SOURCE:DESTINATION[:OPTIONS]",
                               text);
        *destination++ = '\0';
        options = strchr(destination, ':');
        if (options)
                *options++ = '\0';
        for (char *p = options; p && *p;) {
                size_t n = strcspn(p, ",");

                if (n == 2 && strncmp(p, "ro", 2) == 0)
                        readonly = true;
                else if (!(n == 2 && strncmp(p, "rw", 2) == 0) && !(n == 1 && (*p == 'z' || *p == 'Z')))
                        return err_set(x->err, CFS_E_INVALID, "--volume %s: option `%.*s` is not ro or rw",
                                       text, (int)n, p);
                p += n + (p[n] == ',');
        }
        return add_bind(x, copy, destination, readonly);
}

/* ---- --tmpfs ------------------------------------------------------------------------------------------- */

static int add_tmpfs(struct config *x, const char *destination, const char *options)
{
        static const char *const usual[] = { "nosuid", "nodev", "noexec" };
        struct oci_mount *m;
        int r;

        if (*destination != '/' || !destination[1])
                return err_set(x->err, CFS_E_INVALID, "--tmpfs %s: the path must be absolute", destination);
        r = add_mount(x, destination, "tmpfs", "tmpfs", &m);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(usual); i++)
                r = option(x, m, usual[i]);
        while (r >= 0 && options && *options) {
                size_t n = strcspn(options, ",");
                _cleanup_free_ char *one = strndup(options, n);

                r = one ? option(x, m, one) : err_nomem(x->err);
                options += n + (options[n] == ',');
        }
        return r;
}

static int add_tmpfs_option(struct config *x, const char *text)
{
        const char *colon = strchr(text, ':');
        _cleanup_free_ char *destination = strndup(text, colon ? (size_t)(colon - text) : strlen(text));

        if (!destination)
                return err_nomem(x->err);
        return add_tmpfs(x, destination, colon ? colon + 1 : NULL);
}

/* ---- --mount ------------------------------------------------------------------------------------------- */

struct mount_words {
        char *type, *source, *target, *size, *mode;
        bool readonly;
};

static int take_word(struct config *x, const char *text, char *word, struct mount_words *w)
{
        static const struct {
                const char *name;
                size_t offset;
        } known[] = {
                { "type", offsetof(struct mount_words, type) },
                { "source", offsetof(struct mount_words, source) },
                { "src", offsetof(struct mount_words, source) },
                { "target", offsetof(struct mount_words, target) },
                { "dst", offsetof(struct mount_words, target) },
                { "destination", offsetof(struct mount_words, target) },
                { "tmpfs-size", offsetof(struct mount_words, size) },
                { "tmpfs-mode", offsetof(struct mount_words, mode) },
        };
        char *eq = strchr(word, '=');

        if (eq)
                *eq = '\0';
        if (STREQ(word, "readonly") || STREQ(word, "ro")) {
                w->readonly = !eq || STREQ(eq + 1, "true") || STREQ(eq + 1, "1");
                return 0;
        }
        for (size_t i = 0; eq && i < ARRAY_SIZE(known); i++)
                if (STREQ(word, known[i].name)) {
                        *(char **)((char *)w + known[i].offset) = eq + 1;
                        return 0;
                }
        return err_set(x->err, CFS_E_INVALID, "--mount %s: `%s` is not understood", text, word);
}

static int mount_tmpfs(struct config *x, const struct mount_words *w)
{
        char options[128];
        int64_t size = 0;
        int r = w->size ? parse_bytes("mount tmpfs-size", w->size, false, &size, x->err) : 0, n = 0;

        if (r < 0)
                return r;
        options[0] = '\0';
        if (w->size)
                n = snprintf(options, sizeof(options), "size=%lld", (long long)size);
        if (w->mode)
                n += snprintf(options + n, sizeof(options) - (size_t)n, "%smode=%.8s", n ? "," : "", w->mode);
        if (w->readonly)
                (void)snprintf(options + n, sizeof(options) - (size_t)n, "%sro", n ? "," : "");
        return add_tmpfs(x, w->target, options);
}

static int add_mount_option(struct config *x, const char *text)
{
        _cleanup_free_ char *copy = strdup(text);
        struct mount_words w = { .type = (char *)"volume" };
        int r = copy ? 0 : err_nomem(x->err);

        for (char *p = copy; r >= 0 && *p;) {
                size_t n = strcspn(p, ",");
                bool more = p[n];

                p[n] = '\0';
                r = take_word(x, text, p, &w);
                p += n + more;
        }
        if (r < 0)
                return r;
        if (!w.target)
                return err_set(x->err, CFS_E_INVALID, "--mount %s: target= is missing", text);
        if (STREQ(w.type, "tmpfs"))
                return mount_tmpfs(x, &w);
        if (!w.source)
                return err_set(x->err, CFS_E_INVALID, "--mount %s: source= is missing", text);
        if (STREQ(w.type, "bind") && *w.source != '/')
                return err_set(x->err, CFS_E_INVALID,
                               "--mount %s: the source of a bind mount must be an absolute path", text);
        if (STREQ(w.type, "volume") && strchr(w.source, '/'))
                return err_set(x->err, CFS_E_INVALID, "--mount %s: the source of a volume is a name", text);
        if (!STREQ(w.type, "bind") && !STREQ(w.type, "volume"))
                return err_set(x->err, CFS_E_INVALID, "--mount %s: type %s is not bind, volume or tmpfs",
                               text, w.type);
        return add_bind(x, w.source, w.target, w.readonly);
}

/* ---- the box's own ------------------------------------------------------------------------------------- */

static bool has_mount(const struct config *x, const char *destination)
{
        for (size_t i = 0; i < x->c->n_mounts; i++)
                if (STREQ(x->c->mounts[i]->destination, destination))
                        return true;
        return false;
}

static int add_own(struct config *x, const char *file, const char *destination)
{
        struct oci_mount *m;
        char path[PATH_MAX];
        int r;

        if (has_mount(x, destination)) /* the user has another idea */
                return 0;
        (void)snprintf(path, sizeof(path), "%s/%s", x->in->dir, file);
        r = add_mount(x, destination, "bind", path, &m);
        return r < 0 ? r : bind_options(x, m, false);
}

static int add_init(struct config *x)
{
        struct oci_mount *m;
        char path[PATH_MAX];
        int r;

        (void)snprintf(path, sizeof(path), "%s/cfs-box-init", x->in->box->programs);
        if (access(path, X_OK) < 0)
                return err_path(x->err, errno, "access", path, "--init: find `%s`", path);
        r = add_mount(x, "/dev/init", "bind", path, &m);
        return r < 0 ? r : bind_options(x, m, true);
}

/* /dev/shm of another size; and nothing of cgroups where they cannot be seen. */
static int change_usual(struct config *x)
{
        int64_t size = 0;
        int r = x->in->o->shm_size ? parse_bytes("shm-size", x->in->o->shm_size, false, &size, x->err) : 0;

        for (size_t i = 0; r >= 0 && size > 0 && i < x->c->n_mounts; i++) {
                struct oci_mount *m = x->c->mounts[i];

                for (size_t k = 0; STREQ(m->destination, "/dev/shm") && k < m->n_options; k++)
                        if (str_has_prefix(m->options[k], "size=")) {
                                char text[40];

                                (void)snprintf(text, sizeof(text), "size=%lld", (long long)size);
                                m->options[k] = oci_arena_strdup(x->arena, text);
                                if (!m->options[k])
                                        return err_nomem(x->err);
                        }
        }
        return r;
}

int mounts_apply(struct config *x)
{
        const struct run_options *o = x->in->o;
        int r = change_usual(x);

        for (const char **p = o->volumes; r >= 0 && p && *p; p++)
                r = add_volume(x, *p);
        for (const char **p = o->mounts; r >= 0 && p && *p; p++)
                r = add_mount_option(x, *p);
        for (const char **p = o->tmpfs; r >= 0 && p && *p; p++)
                r = add_tmpfs_option(x, *p);
        if (r >= 0)
                r = add_own(x, "hosts", "/etc/hosts");
        if (r >= 0)
                r = add_own(x, "hostname", "/etc/hostname");
        if (r >= 0)
                r = add_own(x, "resolv.conf", "/etc/resolv.conf");
        if (r >= 0 && o->init)
                r = add_init(x);
        return r;
}
