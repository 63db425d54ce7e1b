/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plugin is a program: parameters in its environment (CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME,
 * CNI_PATH), its configuration on standard input, its result, or an error, as JSON on standard output.
 *
 * The plugins' own settings are passed on as they are written in the list; what the specification adds (name,
 * cniVersion, prevResult, runtimeConfig) is put in front of them.
 */
#include "box/net/cni.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/core/process.h"
#include "box/net/slice.h"
#include "json.h"
#include "oci.h"
#include <errno.h>
#include <stdio.h>

struct list {
        struct oci_arena *arena;
        struct oci_cni_list *l;
        struct slice *plugins;
        size_t n;
        char *runtime; /* runtimeConfig: the published ports */
};

/* ---- configuration ------------------------------------------------------------------------------------- */

static void put_raw(struct json_writer *w, const char *key, const char *text)
{
        if (!text)
                return;
        json_write_key(w, key);
        json_write_raw(w, text);
}

int cni_config(const char *plugin, size_t len, const char *name, const char *version, const char *result,
               const char *runtime_config, char **ret, struct cfs_error *err)
{
        struct json_writer *w = json_write_new(0);
        size_t skip = 1 + strspn(plugin + 1, " \t\r\n"), n;
        _cleanup_str_ struct str s = { 0 };
        _cleanup_free_ char *ours = NULL;
        int r;

        json_write_object(w);
        json_write_member(w, "cniVersion", version);
        json_write_member(w, "name", name);
        put_raw(w, "runtimeConfig", runtime_config);
        put_raw(w, "prevResult", result);
        json_write_object_end(w);
        r = json_write_take(w, &ours, &n, err);
        if (r < 0)
                return r;
        /* One object of two: without the closing bracket of ours and the opening one of the plugin's. */
        str_add_n(&s, ours, n - 1);
        if (skip < len && plugin[skip] != '}')
                str_add(&s, ",");
        str_add_n(&s, plugin + 1, len - 1);
        return str_take(&s, ret, err);
}

static void put_port(struct json_writer *w, const struct parse_port *p, unsigned k)
{
        json_write_object(w);
        json_write_key(w, "hostPort");
        json_write_unsigned(w, p->host + k);
        json_write_key(w, "containerPort");
        json_write_unsigned(w, p->container + k);
        json_write_member(w, "protocol", p->protocol);
        json_write_key(w, "hostIP");
        json_write_string(w, p->address);
        json_write_object_end(w);
}

static int runtime_config(const struct cni *c, char **ret, struct cfs_error *err)
{
        _cleanup_json_writer_ struct json_writer *w = json_write_new(0);

        json_write_object(w);
        json_write_key(w, "portMappings");
        json_write_array(w);
        for (size_t i = 0; i < c->n_ports; i++) {
                struct parse_port p;
                int r = parse_port(c->ports[i], &p, err);

                if (r < 0)
                        return r;
                for (unsigned k = 0; k < p.count; k++)
                        put_port(w, &p, k);
        }
        json_write_array_end(w);
        json_write_object_end(w);
        return json_write_take(TAKE_PTR(w), ret, NULL, err);
}

static void list_release(struct list *l)
{
        oci_arena_free(l->arena);
        free(l->plugins);
        free(l->runtime);
        *l = (struct list){ 0 };
}

static int list_open(const struct cni *c, struct list *l, struct cfs_error *err)
{
        int r = oci_decode(&oci_cni_list_type, c->name, c->list, strlen(c->list), (void **)&l->l, &l->arena,
                           err);

        if (r >= 0)
                r = slice_objects(c->list, "plugins", &l->plugins, &l->n, err);
        if (r >= 0 && l->n != l->l->n_plugins)
                r = err_set(err, CFS_E_INVALID, "%s: plugins: expected objects", c->name);
        if (r >= 0)
                r = runtime_config(c, &l->runtime, err);
        if (r < 0)
                list_release(l);
        return r;
}

/* ---- calling ------------------------------------------------------------------------------------------- */

static int plugin_failed(const char *type, const char *command, const char *out, const char *errs, int status,
                         struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_cni_error *e;
        struct cfs_error ignored;

        if (oci_decode(&oci_cni_error_type, type, out, strlen(out), (void **)&e, &arena, &ignored) >= 0)
                return err_set(err, CFS_E_SYSTEM, "CNI plugin %s, %s: %s%s%s", type, command, e->msg,
                               e->details ? ": " : "", e->details ? e->details : "");
        return err_set(err, CFS_E_SYSTEM, "CNI plugin %s, %s: exit code %d: %.200s", type, command, status,
                       errs);
}

static int call(const struct cni *c, const struct list *l, size_t i, const char *command, const char *result,
                char **ret_out, struct cfs_error *err)
{
        const struct oci_cni_plugin *p = l->l->plugins[i];
        bool ports = p->capabilities && p->capabilities->port_mappings;
        _cleanup_free_ char *config = NULL, *program = NULL, *out = NULL, *errs = NULL;
        char *e[5] = { NULL };
        const char *argv[2] = { NULL, NULL };
        int status = 0, r;

        if (strchr(p->type, '/') || *p->type == '.')
                return err_set(err, CFS_E_INVALID, "%s: plugins[%zu].type: `%s` is not the name of a program",
                               c->name, i, p->type);
        r = cni_config(c->list + l->plugins[i].offset, l->plugins[i].len, l->l->name, l->l->cni_version,
                       result, ports ? l->runtime : NULL, &config, err);
        if (r >= 0)
                r = str_printf(&program, err, "%s/%s", c->plugins, p->type);
        if (r >= 0 && (str_printf(&e[0], err, "CNI_COMMAND=%s", command) < 0 ||
                       str_printf(&e[1], err, "CNI_CONTAINERID=%s", c->id) < 0 ||
                       str_printf(&e[2], err, "CNI_NETNS=%s", c->netns ? c->netns : "") < 0 ||
                       str_printf(&e[3], err, "CNI_PATH=%s", c->plugins) < 0 ||
                       str_printf(&e[4], err, "CNI_IFNAME=%s", CNI_INTERFACE) < 0))
                r = -ENOMEM;
        if (r >= 0) {
                const char *env[] = { e[0], e[1], e[2], e[3], e[4], NULL };
                const struct process process = { .argv = argv, .env = env, .input = config };

                argv[0] = program;
                r = process_run(&process, &status, &out, &errs, err);
        }
        for (size_t k = 0; k < ARRAY_SIZE(e); k++)
                free(e[k]);
        if (r >= 0 && status != 0)
                r = plugin_failed(p->type, command, out, errs, status, err);
        if (r >= 0 && ret_out)
                *ret_out = TAKE_PTR(out);
        return r;
}

static int del(const struct cni *c, const struct list *l, size_t n, const char *result, struct cfs_error *err)
{
        struct cfs_error one;
        int first = 0;

        for (size_t i = n; i > 0; i--) {
                int r = call(c, l, i - 1, "DEL", result, NULL, &one);

                if (r < 0 && first == 0) {
                        first = r;
                        *err = one;
                }
        }
        return first;
}

int cni_add(const struct cni *c, char **ret_result, struct cfs_error *err)
{
        _cleanup_free_ char *result = NULL;
        struct list l = { 0 };
        struct cfs_error ignored;
        int r = list_open(c, &l, err);

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < l.n; i++) {
                char *next = NULL;

                r = call(c, &l, i, "ADD", result, &next, err);
                if (r >= 0) {
                        free(result);
                        result = next;
                } else {
                        (void)del(c, &l, i + 1, result, &ignored);
                }
        }
        list_release(&l);
        if (r >= 0)
                *ret_result = TAKE_PTR(result);
        return r;
}

int cni_del(const struct cni *c, const char *result, struct cfs_error *err)
{
        struct list l = { 0 };
        int r = list_open(c, &l, err);

        if (r >= 0)
                r = del(c, &l, l.n, result, err);
        list_release(&l);
        return r;
}
