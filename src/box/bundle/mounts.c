/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mounts of a container: those that the user asks for (volumes.c has -v and --mount), each at one
 * place, and the files that the box puts into every container: /etc/hosts, /etc/hostname,
 * /etc/resolv.conf.
 *
 *   --tmpfs DEST[:OPTIONS]
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/volumes.h"
#include "box/bundle/parse.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* "/a//b/../c/" is "/a/c", as docker's and podman's path.Clean() has it: so that two ways to write a place
 * are one place. */
static char *clean(struct config *x, const char *path)
{
        char *out = oci_arena_strdup(x->arena, path), *end = out;

        while (out && *path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && path[0] == '.' && path[1] == '.') {
                        while (end > out && *--end != '/')
                                ;
                } else if (n > 0 && !(n == 1 && *path == '.')) {
                        *end++ = '/';
                        memmove(end, path, n);
                        end += n;
                }
                path += n + (path[n] == '/');
        }
        if (out && end == out)
                *end++ = '/';
        if (out)
                *end = '\0';
        return out;
}

bool mounts_has(struct config *x, const char *destination)
{
        const char *place = clean(x, destination);

        for (size_t i = x->n_usual; i < x->c->n_mounts; i++)
                if (place && STREQ(x->c->mounts[i]->destination, place))
                        return true;
        return false;
}

int mounts_add(struct config *x, const char *option, const char *destination, const char *type,
               const char *source, struct oci_mount **ret)
{
        struct oci_mount **grown = oci_arena_alloc(x->arena, (x->c->n_mounts + 1) * sizeof(*grown));
        struct oci_mount *m = oci_arena_alloc(x->arena, sizeof(*m));

        if (!grown || !m)
                return err_nomem(x->err);
        m->destination = clean(x, destination);
        m->type = oci_arena_strdup(x->arena, type);
        m->source = oci_arena_strdup(x->arena, source);
        if (!m->destination || !m->type || !m->source)
                return err_nomem(x->err);
        if (!m->destination[1])
                return err_set(x->err, CFS_E_INVALID, "%s: nothing can be mounted on `/`", option);
        if (mounts_has(x, m->destination))
                return err_set(x->err, CFS_E_INVALID, "%s: two mounts on `%s`", option, m->destination);
        memcpy(grown, x->c->mounts, x->c->n_mounts * sizeof(*grown));
        grown[x->c->n_mounts++] = m;
        x->c->mounts = grown;
        *ret = m;
        return 0;
}

int mounts_word(struct config *x, struct oci_mount *m, const char *text)
{
        return config_append(x, &m->options, &m->n_options, "%s", text);
}

static unsigned depth(const char *path)
{
        unsigned n = 0;

        for (; *path; path++)
                n += *path == '/';
        return n;
}

/* A mount hides what is below it: as docker does, /a comes before /a/b in whatever order they were named. */
static void sort(struct config *x)
{
        struct oci_mount **m = x->c->mounts;

        for (size_t i = x->n_usual + 1; i < x->c->n_mounts; i++)
                for (size_t k = i; k > x->n_usual && depth(m[k]->destination) < depth(m[k - 1]->destination);
                     k--) {
                        struct oci_mount *other = m[k];

                        m[k] = m[k - 1];
                        m[k - 1] = other;
                }
}

/* ---- --tmpfs ------------------------------------------------------------------------------------------- */

int mounts_add_tmpfs(struct config *x, const char *option, const char *destination, const char *options)
{
        static const char *const usual[] = { "nosuid", "nodev", "noexec" };
        struct oci_mount *m;
        int r;

        if (*destination != '/')
                return err_set(x->err, CFS_E_INVALID, "%s %s: the path must be absolute", option,
                               destination);
        r = mounts_add(x, option, destination, "tmpfs", "tmpfs", &m);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(usual); i++)
                r = mounts_word(x, m, usual[i]);
        while (r >= 0 && options && *options) {
                size_t n = strcspn(options, ",");
                _cleanup_free_ char *one = strndup(options, n);

                r = one ? mounts_word(x, m, one) : err_nomem(x->err);
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
        return mounts_add_tmpfs(x, "--tmpfs", destination, colon ? colon + 1 : NULL);
}

/* ---- the box's own ------------------------------------------------------------------------------------- */

static int add_file(struct config *x, const char *source, const char *destination, bool readonly)
{
        struct oci_mount *m;
        int r = mounts_add(x, destination, destination, "bind", source, &m);

        if (r >= 0)
                r = mounts_word(x, m, "rbind");
        if (r >= 0)
                r = mounts_word(x, m, "rprivate");
        return r < 0 ? r : mounts_word(x, m, readonly ? "ro" : "rw");
}

static int add_own(struct config *x, const char *file, const char *destination)
{
        char path[PATH_MAX];

        if (mounts_has(x, destination)) /* the user has another idea */
                return 0;
        (void)snprintf(path, sizeof(path), "%s/%s", x->in->dir, file);
        return add_file(x, path, destination, false);
}

static int add_init(struct config *x)
{
        char path[PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s/cfs-box-init", x->in->box->programs);
        if (access(path, X_OK) < 0)
                return err_path(x->err, errno, "access", path, "--init: find `%s`", path);
        return add_file(x, path, "/dev/init", true);
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

        x->n_usual = x->c->n_mounts;
        for (const char **p = o->volumes; r >= 0 && p && *p; p++)
                r = volumes_add_option(x, *p);
        for (const char **p = o->mounts; r >= 0 && p && *p; p++)
                r = volumes_add_mount(x, *p);
        for (const char **p = o->tmpfs; r >= 0 && p && *p; p++)
                r = add_tmpfs_option(x, *p);
        if (r >= 0)
                r = volumes_add_from(x);
        if (r >= 0)
                r = volumes_add_image(x);
        sort(x);
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
