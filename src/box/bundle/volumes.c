/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Volumes, in docker's words:
 *
 *   -v SOURCE:DEST[:OPTION,...]   SOURCE with a slash, or "." or "..", is a path of the host, else a volume's name
 *   -v DEST                       a volume of the container's own, which has no name
 *   --mount WORD,...              fields of a line of CSV, "quoted" where they have commas
 *   VOLUME of the image           as -v DEST, unless something else is mounted there
 *
 * A volume without a name is called ID-N, after the container that it goes with (`rm -v`, `run --rm`).
 */
#include "box/bundle/volumes.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/core/volume.h"
#include <errno.h>
#include <stdio.h>
#include <strings.h>

struct request {
        const char *option; /* --volume or --mount, and */
        const char *text;   /* what follows, for messages */
        const char *type, *source, *target, *size, *mode;
        const char *propagation; /* "rprivate" */
        bool readonly, nocopy, idmap;
        bool shallow;  /* without what is mounted below the source                         */
        bool writable; /* read-only, but not what is mounted below                          */
};

static int refuse(struct config *x, const struct request *q, const char *why)
{
        return err_set(x->err, CFS_E_INVALID, "%s %s: %s", q->option, q->text, why);
}

static const char *const propagations[] = { "private", "rprivate", "shared", "rshared", "slave", "rslave" };

static const char *find_propagation(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
                if (STREQ(propagations[i], word))
                        return propagations[i];
        return NULL;
}

/* ---- from a request to a mount ------------------------------------------------------------------------- */

static int add_bind(struct config *x, const struct request *q, const char *source, bool volume)
{
        struct oci_mount *m;
        int r = mounts_add(x, q->option, q->target, "bind", source, &m);

        if (r >= 0)
                r = mounts_word(x, m, q->shallow ? "bind" : "rbind");
        if (r >= 0)
                r = mounts_word(x, m, q->propagation ? q->propagation : "rprivate");
        /* As docker since 25: with all that is mounted below. */
        if (r >= 0)
                r = mounts_word(x, m,
                                !q->readonly                          ? "rw"
                                : volume || q->shallow || q->writable ? "ro"
                                                                      : "rro");
        /* Files of a volume have the owners that containers see, whatever their user namespaces: as the
         * layers. */
        if (r >= 0 && (volume || q->idmap) && x->in->n_ids > 0)
                r = mounts_word(x, m, "idmap");
        return r;
}

static int add_fill(struct config *x, const char *name, const char *destination)
{
        struct config_fills *f = x->in->fills;
        struct config_fill *grown;

        if (!f)
                return 0;
        grown = realloc(f->list, (f->n + 1) * sizeof(*grown));
        if (!grown)
                return err_nomem(x->err);
        f->list = grown;
        (void)snprintf(grown[f->n].name, sizeof(grown->name), "%s", name);
        (void)snprintf(grown[f->n].destination, sizeof(grown->destination), "%s", destination);
        f->n++;
        return 0;
}

static int add_volume(struct config *x, const struct request *q)
{
        _cleanup_free_ char *path = NULL;
        char name[BOX_ID_SIZE + 16];
        int r;

        if (!q->source && x->in->o->print_bundle) /* the root file system is a copy already */
                return 0;
        if (!q->source)
                (void)snprintf(name, sizeof(name), "%s-%u", x->in->id, x->n_unnamed++);
        r = volume_make(x->in->box, q->source ? q->source : name, &path, x->err);
        if (r >= 0)
                r = add_bind(x, q, path, true);
        if (r < 0 || q->nocopy)
                return r;
        return add_fill(x, q->source ? q->source : name, q->target);
}

static int add_request(struct config *x, const struct request *q)
{
        _cleanup_free_ char *path = NULL;

        if (!q->target || *q->target != '/' || !q->target[strspn(q->target, "/")])
                return err_set(x->err, CFS_E_INVALID,
                               "%s %s: the place in the container must be an absolute path, not `%s`",
                               q->option, q->text, q->target ? q->target : "");
        if (STREQ(q->type, "volume"))
                return add_volume(x, q);
        path = realpath(q->source, NULL);
        if (!path)
                return err_path(x->err, errno, "realpath", q->source, "%s %s", q->option, q->text);
        return add_bind(x, q, path, false);
}

/* ---- -v ------------------------------------------------------------------------------------------------ */

static int take_option(struct config *x, struct request *q, const char *word)
{
        /* SELinux's labels and the caches of docker's desktop: nothing to do here. */
        static const char *const accepted[] = { "rw",        "z",          "Z",     "cached",
                                                "delegated", "consistent", "rbind", "" };
        const char *propagation = find_propagation(word);

        for (size_t i = 0; i < ARRAY_SIZE(accepted); i++)
                if (STREQ(accepted[i], word))
                        return 0;
        if (propagation)
                q->propagation = propagation;
        else if (STREQ(word, "ro"))
                q->readonly = true;
        else if (STREQ(word, "nocopy") && STREQ(q->type, "volume"))
                q->nocopy = true;
        else if (STREQ(word, "bind"))
                q->shallow = true;
        else if (STREQ(word, "idmap"))
                q->idmap = true;
        else
                return err_hint(x->err,
                                err_set(x->err, CFS_E_INVALID, "%s %s: option `%s` is not known", q->option,
                                        q->text, word),
                                "ro, rw, z, Z, nocopy, bind, rbind, idmap, [r]private, [r]shared, [r]slave");
        return 0;
}

int volumes_add_option(struct config *x, const char *text)
{
        _cleanup_free_ char *copy = strdup(text);
        struct request q = { .option = "--volume", .text = text, .type = "volume" };
        char *colon, *options;
        int r = 0;

        if (!copy)
                return err_nomem(x->err);
        colon = strchr(copy, ':');
        q.target = copy;
        if (colon) {
                *colon = '\0';
                q.source = copy;
                q.target = colon + 1;
                options = strchr(colon + 1, ':');
                if (options)
                        *options++ = '\0';
                if (strchr(copy, '/') || STREQ(copy, ".") || STREQ(copy, ".."))
                        q.type = "bind";
                for (char *word; r >= 0 && (word = strsep(&options, ","));)
                        r = take_option(x, &q, word);
        }
        return r < 0 ? r : add_request(x, &q);
}

/* ---- --mount ------------------------------------------------------------------------------------------- */

static int take_flag(struct config *x, const struct request *q, const char *name, const char *value,
                     bool *ret)
{
        if (!value || STREQ(value, "true") || STREQ(value, "1"))
                *ret = true;
        else if (STREQ(value, "false") || STREQ(value, "0"))
                *ret = false;
        else
                return err_set(x->err, CFS_E_INVALID, "%s %s: %s is true or false, not `%s`", q->option,
                               q->text, name, value);
        return 0;
}

static int take_recursion(struct config *x, struct request *q, const char *value)
{
        if (STREQ(value, "disabled"))
                q->shallow = true;
        else if (STREQ(value, "writable"))
                q->writable = true;
        else if (!STREQ(value, "enabled") && !STREQ(value, "readonly"))
                return refuse(x, q, "bind-recursive is enabled, disabled, writable or readonly");
        return 0;
}

static int take_value(struct config *x, struct request *q, const char *name, const char *value)
{
        const struct {
                const char *name;
                const char **field;
        } known[] = {
                { "type", &q->type },       { "source", &q->source },   { "src", &q->source },
                { "target", &q->target },   { "dst", &q->target },      { "destination", &q->target },
                { "tmpfs-size", &q->size }, { "tmpfs-mode", &q->mode },
        };

        for (size_t i = 0; value && i < ARRAY_SIZE(known); i++)
                if (strcasecmp(name, known[i].name) == 0) {
                        *known[i].field = value;
                        return 0;
                }
        if (value && strcasecmp(name, "bind-propagation") == 0) {
                q->propagation = find_propagation(value);
                return q->propagation ? 0
                                      : refuse(x, q, "bind-propagation is [r]private, [r]shared or [r]slave");
        }
        if (value && strcasecmp(name, "bind-recursive") == 0)
                return take_recursion(x, q, value);
        if (value && strcasecmp(name, "consistency") == 0)
                return 0;
        return err_set(x->err, CFS_E_INVALID, "%s %s: `%s` is not understood", q->option, q->text, name);
}

static int take_word(struct config *x, struct request *q, char *word)
{
        const struct {
                const char *name;
                bool *field;
        } flags[] = {
                { "readonly", &q->readonly },         { "ro", &q->readonly }, { "volume-nocopy", &q->nocopy },
                { "bind-nonrecursive", &q->shallow }, { "idmap", &q->idmap },
        };
        char *value = strchr(word, '=');

        if (value)
                *value++ = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
                if (strcasecmp(word, flags[i].name) == 0)
                        return take_flag(x, q, word, value, flags[i].field);
        return take_value(x, q, word, value);
}

/* The next field of a line of CSV (RFC 4180), in place. NULL: no more. */
static char *next_field(char **rest)
{
        char *field = *rest, *to = field, *from = field;
        bool quoted = false;

        if (!field)
                return NULL;
        for (; *from && (quoted || *from != ','); from++)
                if (*from != '"')
                        *to++ = *from;
                else if (quoted && from[1] == '"')
                        *to++ = *from++;
                else
                        quoted = !quoted;
        *rest = *from ? from + 1 : NULL;
        *to = '\0';
        return field;
}

static int mount_tmpfs(struct config *x, const struct request *q)
{
        char options[128] = "";
        int64_t size = 0;
        int r = q->size ? parse_bytes("mount tmpfs-size", q->size, false, &size, x->err) : 0;

        if (r < 0)
                return r;
        if (q->source)
                return refuse(x, q, "a tmpfs has no source");
        if (q->size)
                (void)snprintf(options, sizeof(options), "size=%lld", (long long)size);
        if (q->mode)
                (void)snprintf(options + strlen(options), sizeof(options) - strlen(options), "%smode=%.8s",
                               *options ? "," : "", q->mode);
        if (q->readonly)
                (void)snprintf(options + strlen(options), sizeof(options) - strlen(options), "%sro",
                               *options ? "," : "");
        return mounts_add_tmpfs(x, q->option, q->target ? q->target : "", options);
}

int volumes_add_mount(struct config *x, const char *text)
{
        _cleanup_free_ char *copy = strdup(text);
        struct request q = { .option = "--mount", .text = text, .type = "volume" };
        char *rest = copy;
        int r = copy ? 0 : err_nomem(x->err);

        for (char *word; r >= 0 && (word = next_field(&rest));)
                r = take_word(x, &q, word);
        if (r < 0)
                return r;
        if (!q.target)
                return refuse(x, &q, "target= is missing");
        if (STREQ(q.type, "tmpfs"))
                return mount_tmpfs(x, &q);
        if (!STREQ(q.type, "bind") && !STREQ(q.type, "volume"))
                return refuse(x, &q, "type is bind, volume or tmpfs");
        if (STREQ(q.type, "bind") && !q.source)
                return refuse(x, &q, "source= is missing");
        if (STREQ(q.type, "bind") && *q.source != '/' && *q.source != '.')
                return refuse(x, &q, "the source of a bind mount is an absolute path, or begins with ./");
        if (STREQ(q.type, "volume") && q.source && strchr(q.source, '/'))
                return refuse(x, &q, "the source of a volume is a name");
        return add_request(x, &q);
}

/* ---- VOLUME -------------------------------------------------------------------------------------------- */

int volumes_add_image(struct config *x)
{
        const struct oci_image_empty_map *map = x->in->image ? x->in->image->volumes : NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && map && i < map->n; i++) {
                struct request q = { .option = "the image's volume",
                                     .text = map->entries[i].key,
                                     .type = "volume",
                                     .target = map->entries[i].key };

                if (!mounts_has(x, q.target))
                        r = add_request(x, &q);
        }
        return r;
}

/* ---- --volumes-from ------------------------------------------------------------------------------------ */

/* The volume that is the directory, or NULL. */
static const char *volume_of(const struct box *box, const char *source)
{
        size_t len = strlen(box->root);

        if (strncmp(source, box->root, len) != 0 || !str_has_prefix(source + len, "/volumes/"))
                return NULL;
        source += len + strlen("/volumes/");
        return volume_is_name(source) ? source : NULL;
}

int volumes_add_from(struct config *x)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < x->in->from.n; i++) {
                const struct config_from_mount *m = &x->in->from.list[i];
                const char *name = volume_of(x->in->box, m->source);
                struct request q = { .option = "--volumes-from",
                                     .text = m->destination,
                                     .type = name ? "volume" : "bind",
                                     .source = name ? name : m->source,
                                     .target = m->destination,
                                     .readonly = m->readonly,
                                     .nocopy = true };

                if (!mounts_has(x, q.target))
                        r = add_request(x, &q);
        }
        return r;
}
