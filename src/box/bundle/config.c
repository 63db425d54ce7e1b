/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building config.json. The start is what `cfs spec` gives (masked paths, the usual mounts); the image's
 * configuration, then the user's words change it, by the rules of the OCI image specification, conversion.md,
 * and the meanings that docker's options have.
 */
#include "box/bundle/config.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/environment.h"
#include "box/bundle/parse.h"
#include "box/bundle/user.h"
#include <stdarg.h>
#include <stdio.h>

int config_append(struct config *x, char ***list, size_t *n, const char *fmt, ...)
{
        char **grown = oci_arena_alloc(x->arena, (*n + 2) * sizeof(*grown)), *text;
        va_list ap;

        va_start(ap, fmt);
        text = oci_arena_vprintf(x->arena, fmt, ap);
        va_end(ap);
        if (!grown || !text)
                return err_nomem(x->err);
        if (*n > 0)
                memcpy(grown, *list, *n * sizeof(*grown));
        grown[(*n)++] = text;
        *list = grown;
        return 0;
}

/* ---- command ------------------------------------------------------------------------------------------- */

/* docker's rule: words of the user replace Cmd, and --entrypoint replaces Entrypoint and with it Cmd. */
int config_command(const struct run_options *o, const struct oci_image_config *image, struct oci_arena *arena,
                   char ***ret, size_t *ret_n, struct cfs_error *err)
{
        struct oci_config none = { 0 };
        struct config x = { .c = &none, .arena = arena, .err = err };
        int r = 0;

        *ret = NULL;
        *ret_n = 0;
        if (o->entrypoint && *o->entrypoint)
                r = config_append(&x, ret, ret_n, "%s", o->entrypoint);
        for (size_t i = 0; !o->entrypoint && image && r >= 0 && i < image->n_entrypoint; i++)
                r = config_append(&x, ret, ret_n, "%s", image->entrypoint[i]);
        for (const char *const *a = o->args; r >= 0 && a && *a; a++)
                r = config_append(&x, ret, ret_n, "%s", *a);
        for (size_t i = 0; !(o->args && *o->args) && !o->entrypoint && image && r >= 0 && i < image->n_cmd;
             i++)
                r = config_append(&x, ret, ret_n, "%s", image->cmd[i]);
        if (r >= 0 && *ret_n == 0)
                return err_set(err, CFS_E_INVALID, "the image has no command: name one behind it");
        return r;
}

/* ---- environment --------------------------------------------------------------------------------------- */

/* A later one of the same name wins, at the place of the first. */
static int set_env(void *data, const char *pair)
{
        struct config *x = data;
        struct oci_process *p = x->c->process;
        size_t len = strcspn(pair, "=");

        for (size_t i = 0; i < p->n_env; i++)
                if (strncmp(p->env[i], pair, len + 1) == 0) {
                        p->env[i] = oci_arena_strdup(x->arena, pair);
                        return p->env[i] ? 0 : err_nomem(x->err);
                }
        return config_append(x, &p->env, &p->n_env, "%s", pair);
}

static int environment(struct config *x, const struct user *user)
{
        const struct config_input *in = x->in;
        _cleanup_free_ char *home = NULL, *hostname = NULL;
        int r = str_printf(&home, x->err, "HOME=%s", user->home);

        if (r >= 0)
                r = str_printf(&hostname, x->err, "HOSTNAME=%s", in->hostname);
        x->c->process->n_env = 0;
        if (r >= 0)
                r = set_env(x, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        if (r >= 0)
                r = set_env(x, home);
        if (r >= 0)
                r = set_env(x, hostname);
        if (r >= 0 && in->o->tty)
                r = set_env(x, "TERM=xterm");
        /* An entry without "=" names a variable that docker's builder was told to leave out. */
        for (size_t i = 0; r >= 0 && in->image && i < in->image->n_env; i++)
                if (strchr(in->image->env[i], '=') > in->image->env[i])
                        r = set_env(x, in->image->env[i]);
        return r < 0 ? r : environment_each(in->o->env_files, in->o->env, set_env, x, x->err);
}

/* ---- process ------------------------------------------------------------------------------------------- */

static int process(struct config *x)
{
        const struct config_input *in = x->in;
        struct oci_process *p = x->c->process;
        struct user user;
        const char *spec = in->o->user ? in->o->user : in->image ? in->image->user : NULL;
        const char *cwd = in->o->workdir ? in->o->workdir : in->image ? in->image->working_dir : NULL;
        int r = user_find(in->root_fd, spec, &user, x->err);

        for (const char **g = in->o->groups; r >= 0 && g && *g; g++)
                r = user_add_group(in->root_fd, *g, &user, x->err);
        if (r < 0)
                return r;
        p->terminal = in->o->tty;
        p->has_terminal = true;
        p->user->uid = user.uid;
        p->user->gid = user.gid;
        p->user->n_additional_gids = user.n_groups;
        p->user->additional_gids = oci_arena_alloc(x->arena, (user.n_groups + 1) * sizeof(uint32_t));
        if (!p->user->additional_gids)
                return err_nomem(x->err);
        memcpy(p->user->additional_gids, user.groups, user.n_groups * sizeof(uint32_t));
        if (in->o->oom_score_adj) {
                r = parse_signed("oom-score-adj", in->o->oom_score_adj, -1000, 1000, &p->oom_score_adj,
                                 x->err);
                p->has_oom_score_adj = true;
        }
        if (r < 0)
                return r;
        if (!str_empty(cwd) && *cwd != '/')
                return err_set(x->err, CFS_E_INVALID, "%s %s: the path must be absolute",
                               in->o->workdir ? "--workdir" : "the image's working directory", cwd);
        p->cwd = oci_arena_strdup(x->arena, str_empty(cwd) ? "/" : cwd);
        r = config_command(in->o, in->image, x->arena, &p->args, &p->n_args, x->err);
        if (r >= 0 && in->o->init) {
                char **args = oci_arena_alloc(x->arena, (p->n_args + 3) * sizeof(*args));

                if (!args)
                        return err_nomem(x->err);
                args[0] = (char *)"/dev/init";
                args[1] = (char *)"--";
                memcpy(args + 2, p->args, p->n_args * sizeof(*args));
                p->args = args;
                p->n_args += 2;
        }
        return r < 0 ? r : environment(x, &user);
}

/* ---- namespaces ---------------------------------------------------------------------------------------- */

static int add_namespace(struct config *x, const char *type, const char *path)
{
        struct oci_linux *l = x->c->linux;
        struct oci_namespace **grown = oci_arena_alloc(x->arena, (l->n_namespaces + 1) * sizeof(*grown));
        struct oci_namespace *ns = oci_arena_alloc(x->arena, sizeof(*ns));

        if (!grown || !ns)
                return err_nomem(x->err);
        memcpy(grown, l->namespaces, l->n_namespaces * sizeof(*grown));
        ns->type = (char *)type;
        ns->path = oci_arena_strdup(x->arena, path);
        grown[l->n_namespaces++] = ns;
        l->namespaces = grown;
        return 0;
}

static int id_mapping(struct config *x, struct oci_id_mapping ***ret, size_t *ret_n)
{
        struct oci_id_mapping *m = oci_arena_alloc(x->arena, sizeof(*m));

        *ret = oci_arena_alloc(x->arena, sizeof(**ret));
        if (!m || !*ret)
                return err_nomem(x->err);
        m->host_id = x->in->host_id;
        m->size = x->in->n_ids;
        m->has_container_id = m->has_host_id = m->has_size = true;
        (*ret)[0] = m;
        *ret_n = 1;
        return 0;
}

/* --pid host and so on */
static bool is_shared(const struct run_options *o, const char *type)
{
        const char *mode = STREQ(type, "pid")   ? o->pid
                           : STREQ(type, "ipc") ? o->ipc
                           : STREQ(type, "uts") ? o->uts
                                                : NULL;

        return mode && STREQ(mode, "host");
}

static int namespaces(struct config *x)
{
        static const char *const own[] = { "pid", "ipc", "uts", "mount", "cgroup" };
        struct oci_linux *l = x->c->linux;
        int r = 0;

        l->n_namespaces = 0;
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(own); i++)
                if (!is_shared(x->in->o, own[i]))
                        r = add_namespace(x, own[i], NULL);
        if (r >= 0 && x->in->net != CONFIG_NET_HOST)
                r = add_namespace(x, "network", x->in->net == CONFIG_NET_JOIN ? x->in->net_name : NULL);
        if (r >= 0 && x->in->o->all_namespaces)
                r = add_namespace(x, "time", NULL);
        if (r >= 0 && x->in->n_ids > 0) {
                r = add_namespace(x, "user", NULL);
                if (r >= 0)
                        r = id_mapping(x, &l->uid_mappings, &l->n_uid_mappings);
                if (r >= 0)
                        r = id_mapping(x, &l->gid_mappings, &l->n_gid_mappings);
        }
        return r;
}

/* ---- hooks --------------------------------------------------------------------------------------------- */

static int add_hook(struct config *x, struct oci_hook ***list, size_t *n, char **args, size_t n_args)
{
        struct oci_hook *h = oci_arena_alloc(x->arena, sizeof(*h));

        *list = oci_arena_alloc(x->arena, sizeof(**list));
        if (!h || !*list)
                return err_nomem(x->err);
        h->path = args[0];
        h->args = args;
        h->n_args = n_args;
        (*list)[0] = h;
        *n = 1;
        return config_append(x, &h->env, &h->n_env,
                             "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

/* The network is made and taken down by cfs-cni as hooks, so any runtime does it with this bundle. */
static int hooks(struct config *x)
{
        const struct config_input *in = x->in;
        char **args = NULL;
        size_t n = 0;
        int r;

        if (in->net != CONFIG_NET_CNI && in->net != CONFIG_NET_USER)
                return 0;
        x->c->hooks = oci_arena_alloc(x->arena, sizeof(*x->c->hooks));
        if (!x->c->hooks)
                return err_nomem(x->err);
        r = config_append(x, &args, &n, "%s/cfs-cni", in->box->programs);
        if (r >= 0)
                r = config_append(x, &args, &n, "--state=%s/net", in->box->root);
        if (r >= 0 && in->net == CONFIG_NET_USER)
                r = config_append(x, &args, &n, "--user-mode");
        if (r >= 0 && in->net == CONFIG_NET_CNI)
                r = config_append(x, &args, &n, "--network=%s", in->net_name);
        if (r >= 0 && in->net == CONFIG_NET_CNI)
                r = config_append(x, &args, &n, "--networks=%s/networks", in->box->root);
        if (r >= 0)
                r = config_append(x, &args, &n, "--hosts=%s/hosts", in->dir);
        if (r >= 0)
                r = config_append(x, &args, &n, "--hostname=%s", in->hostname);
        for (size_t i = 0; r >= 0 && i < in->n_ports; i++)
                r = config_append(x, &args, &n, "--publish=%s", in->ports[i]);
        if (r >= 0 && in->known_name)
                r = config_append(x, &args, &n, "--name=%s", in->known_name);
        for (const char **a = in->o->aliases; r >= 0 && in->known_name && a && *a; a++)
                r = config_append(x, &args, &n, "--name=%s", *a);
        if (r >= 0)
                r = add_hook(x, &x->c->hooks->create_runtime, &x->c->hooks->n_create_runtime, args, n);
        if (r >= 0)
                r = add_hook(x, &x->c->hooks->poststop, &x->c->hooks->n_poststop, args, n);
        return r;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

int config_put(struct oci_arena *arena, const char *text, struct oci_string_map **map, struct cfs_error *err)
{
        size_t len = strcspn(text, "="), n = *map ? (*map)->n : 0;
        struct oci_string_map *grown = oci_arena_alloc(arena, sizeof(*grown));

        if (!grown || !(grown->entries = oci_arena_alloc(arena, (n + 1) * sizeof(*grown->entries))))
                return err_nomem(err);
        for (size_t i = 0; i < n; i++)
                if (strlen((*map)->entries[i].key) != len || strncmp((*map)->entries[i].key, text, len) != 0)
                        grown->entries[grown->n++] = (*map)->entries[i];
        grown->entries[grown->n].key = oci_arena_strndup(arena, text, len);
        grown->entries[grown->n++].value = oci_arena_strdup(arena, text[len] ? text + len + 1 : "");
        *map = grown;
        return 0;
}

struct label_target {
        struct oci_arena *arena;
        struct oci_string_map **map;
        struct cfs_error *err;
};

static int put_label(void *data, const char *pair)
{
        const struct label_target *t = data;

        return config_put(t->arena, pair, t->map, t->err);
}

int config_labels(const struct run_options *o, const struct oci_image_config *image, struct oci_arena *arena,
                  struct oci_string_map **ret, struct cfs_error *err)
{
        struct label_target t = { arena, ret, err };
        int r;

        *ret = image ? image->labels : NULL;
        r = environment_labels((const char *const *)o->label_files, put_label, &t, err);
        for (const char *const *l = o->labels; r >= 0 && l && *l; l++)
                r = **l && **l != '=' ? config_put(arena, *l, ret, err)
                                      : err_set(err, CFS_E_INVALID, "--label %s: expected NAME[=VALUE]", *l);
        return r;
}

/* Not the image's labels, though the image specification's "Conversion to OCI Runtime Configuration" would
 * have them: there are annotations that runtimes follow, and an image is not to be trusted with those. */
static int annotations(struct config *x)
{
        int r = config_labels(x->in->o, NULL, x->arena, &x->c->annotations, x->err);

        if (r >= 0 && !x->c->annotations &&
            !(x->c->annotations = oci_arena_alloc(x->arena, sizeof(*x->c->annotations))))
                return err_nomem(x->err);
        return r;
}

static int build(struct config *x)
{
        int r;

        /* The oldest that has all that is used here: older runtimes take the bundle, too. */
        x->c->oci_version = (char *)(x->in->o->all_namespaces ? "1.1.0" : "1.0.2");
        x->c->root->path = (char *)"rootfs";
        x->c->root->readonly = x->in->o->read_only;
        x->c->root->has_readonly = true;
        x->c->hostname = is_shared(x->in->o, "uts") ? NULL : oci_arena_strdup(x->arena, x->in->hostname);
        r = namespaces(x);
        if (r >= 0)
                r = process(x);
        if (r >= 0)
                r = mounts_apply(x);
        if (r >= 0)
                r = limits_apply(x);
        if (r >= 0)
                r = security_apply(x);
        if (r >= 0)
                r = hooks(x);
        return r < 0 ? r : annotations(x);
}

int config_build(const struct config_input *in, char **ret, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *text = NULL;
        struct config x = { .in = in, .err = err };
        int r = cfs_spec(false, &text, err);

        if (r >= 0)
                r = oci_decode(&oci_config_type, "config.json", text, strlen(text), (void **)&x.c, &arena,
                               err);
        if (r < 0)
                return r;
        x.arena = arena;
        r = build(&x);
        if (r >= 0)
                r = oci_encode(&oci_config_type, x.c, 2, ret, NULL, err);
        oci_arena_free(x.seccomp_arena);
        return r;
}
