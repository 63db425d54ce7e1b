/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commit: the upper layer becomes a layer of the store, and the image's configuration one entry longer.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "box/bundle/config.h"
#include "box/bundle/parse.h"
#include "box/container/container.h"
#include "box/container/files.h"
#include "box/image/layer.h"
#include "box/store/container.h"
#include "box/store/image.h"
#include "json.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>

/* ---- --change ------------------------------------------------------------------------------------------ */

/* ["word", "word"]: the exec form. Returns 0 when it has not that form. */
static int json_words(struct config *x, const char *text, char ***ret, size_t *ret_n)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *document = NULL;
        struct oci_image_config *list;
        struct cfs_error ignored;
        int r;

        if (*text != '[')
                return 0;
        if (json_write_wrap("Cmd", text, &document, x->err) < 0)
                return -ENOMEM;
        if (oci_decode(&oci_image_config_type, "words", document, strlen(document), (void **)&list, &arena,
                       &ignored) < 0)
                return 0;
        *ret = NULL;
        *ret_n = 0;
        for (size_t i = 0; i < list->n_cmd; i++) {
                r = config_append(x, ret, ret_n, "%s", list->cmd[i]);
                if (r < 0)
                        return r;
        }
        return 1;
}

/* CMD and ENTRYPOINT: words, or a line for the shell (Dockerfile reference, "Shell and exec form"). */
static int command(struct config *x, const char *text, char ***ret, size_t *ret_n)
{
        int r = json_words(x, text, ret, ret_n);

        if (r != 0)
                return r < 0 ? r : 0;
        *ret = NULL;
        *ret_n = 0;
        if (!*text)
                return 0;
        r = config_append(x, ret, ret_n, "/bin/sh");
        if (r >= 0)
                r = config_append(x, ret, ret_n, "-c");
        return r < 0 ? r : config_append(x, ret, ret_n, "%s", text);
}

static int add_to_set(struct config *x, const char *key, struct oci_image_empty_map **map)
{
        size_t n = *map ? (*map)->n : 0;
        struct oci_image_empty_map *grown = oci_arena_alloc(x->arena, sizeof(*grown));

        for (size_t i = 0; i < n; i++)
                if (STREQ((*map)->entries[i].key, key))
                        return 0;
        if (!grown || !(grown->entries = oci_arena_alloc(x->arena, (n + 1) * sizeof(*grown->entries))))
                return err_nomem(x->err);
        if (n)
                memcpy(grown->entries, (*map)->entries, n * sizeof(*grown->entries));
        grown->entries[n].key = oci_arena_strdup(x->arena, key);
        grown->entries[n].value = oci_arena_alloc(x->arena, 16);
        grown->n = n + 1;
        *map = grown;
        return 0;
}

/* Each of the words, or of the JSON array's elements. */
static int add_each(struct config *x, const char *text, struct oci_image_empty_map **map,
                    int (*fn)(struct config *x, const char *word, struct oci_image_empty_map **map))
{
        char **list = NULL;
        size_t n = 0;
        int r = json_words(x, text, &list, &n);

        while (r == 0 && *text) {
                size_t len = strcspn(text, " ");

                if (len > 0)
                        r = config_append(x, &list, &n, "%.*s", (int)len, text);
                text += len;
                text += strspn(text, " ");
        }
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = fn(x, list[i], map);
        return r < 0 ? r : 0;
}

static int add_port(struct config *x, const char *port, struct oci_image_empty_map **map)
{
        struct parse_port parsed;
        char text[64];
        int r = parse_port(port, &parsed, x->err);

        if (r < 0)
                return r;
        (void)snprintf(text, sizeof(text), "%.40s%s", port, strchr(port, '/') ? "" : "/tcp");
        return add_to_set(x, text, map);
}

static int set_env(struct config *x, const char *pair, struct oci_image_config *c)
{
        size_t len = strcspn(pair, "=");

        for (size_t i = 0; i < c->n_env; i++)
                if (strncmp(c->env[i], pair, len + 1) == 0) {
                        c->env[i] = oci_arena_strdup(x->arena, pair);
                        return 0;
                }
        return config_append(x, &c->env, &c->n_env, "%s", pair);
}

static int set_label(struct config *x, const char *pair, struct oci_image_config *c)
{
        return config_put(x->arena, pair, &c->labels, x->err);
}

/* The next word of a line: blanks end it, unless they are quoted or behind a backslash. */
static char *next_word(char **rest)
{
        char *word = *rest + strspn(*rest, " "), *from = word, *to = word;
        char quote = '\0';

        if (!*word)
                return NULL;
        for (; *from && (quote || *from != ' '); from++)
                if (quote ? *from == quote : *from == '"' || *from == '\'')
                        quote = quote ? '\0' : *from;
                else if (*from == '\\' && from[1] && quote != '\'')
                        *to++ = *++from;
                else
                        *to++ = *from;
        *rest = *from ? from + 1 : from;
        *to = '\0';
        return word;
}

/* "NAME=VALUE NAME=VALUE", or the old "NAME and all the rest". */
static int each_pair(struct config *x, const char *text, const char *line, struct oci_image_config *c,
                     int (*fn)(struct config *x, const char *pair, struct oci_image_config *c))
{
        _cleanup_free_ char *copy = strdup(line), *old = NULL;
        size_t name = strcspn(line, " ");
        char *rest = copy, *word;
        int r = copy ? 0 : err_nomem(x->err);

        if (r >= 0 && line[name] && !memchr(line, '=', name)) {
                r = str_printf(&old, x->err, "%.*s=%s", (int)name, line,
                               line + name + strspn(line + name, " "));
                return r < 0 ? r : fn(x, old, c);
        }
        while (r >= 0 && (word = next_word(&rest)))
                r = strchr(word, '=') && *word != '='
                            ? fn(x, word, c)
                            : err_set(x->err, CFS_E_INVALID, "--change %s: expected NAME=VALUE, not `%s`",
                                      text, word);
        return r;
}

static int change(struct config *x, const char *text, struct oci_image_config *c)
{
        size_t n = strcspn(text, " ");
        const char *rest = text + n + strspn(text + n, " ");

        if (n == 3 && strncasecmp(text, "CMD", n) == 0)
                return command(x, rest, &c->cmd, &c->n_cmd);
        if (n == 10 && strncasecmp(text, "ENTRYPOINT", n) == 0)
                return command(x, rest, &c->entrypoint, &c->n_entrypoint);
        if (n == 3 && strncasecmp(text, "ENV", n) == 0)
                return each_pair(x, text, rest, c, set_env);
        if (n == 5 && strncasecmp(text, "LABEL", n) == 0)
                return each_pair(x, text, rest, c, set_label);
        if (n == 6 && strncasecmp(text, "EXPOSE", n) == 0)
                return add_each(x, rest, &c->exposed_ports, add_port);
        if (n == 6 && strncasecmp(text, "VOLUME", n) == 0)
                return add_each(x, rest, &c->volumes, add_to_set);
        if (n == 10 && strncasecmp(text, "STOPSIGNAL", n) == 0 && cfs_signal_number(rest) < 0)
                return err_set(x->err, CFS_E_INVALID, "--change %s: there is no such signal", text);
        if (n == 4 && strncasecmp(text, "USER", n) == 0)
                c->user = oci_arena_strdup(x->arena, rest);
        else if (n == 10 && strncasecmp(text, "STOPSIGNAL", n) == 0)
                c->stop_signal = oci_arena_strdup(x->arena, rest);
        else if (n == 7 && strncasecmp(text, "WORKDIR", n) == 0)
                c->working_dir = oci_arena_strdup(x->arena, rest);
        else
                return err_set(
                        x->err, CFS_E_INVALID,
                        "--change %s: known are CMD, ENTRYPOINT, ENV, LABEL, EXPOSE, VOLUME, USER, WORKDIR, STOPSIGNAL",
                        text);
        return 0;
}

/* ---- commit -------------------------------------------------------------------------------------------- */

static int add_history(struct config *x, struct oci_image *image, const struct oci_box_container *row,
                       const struct files_commit_options *o, const char *time)
{
        struct oci_image_history **grown = oci_arena_alloc(x->arena, (image->n_history + 1) * sizeof(*grown));
        struct oci_image_history *h = oci_arena_alloc(x->arena, sizeof(*h));
        char **text = NULL;
        size_t n = 0;
        _cleanup_str_ struct str command = { 0 };

        if (!grown || !h)
                return err_nomem(x->err);
        for (size_t i = 0; i < row->n_command; i++)
                str_addf(&command, "%s%s", i ? " " : "", row->command[i]);
        if (config_append(x, &text, &n, "%s", command.p ? command.p : "") < 0)
                return -ENOMEM;
        h->created = (char *)time;
        h->created_by = text[0];
        h->author = (char *)o->author;
        h->comment = (char *)o->message;
        if (image->n_history)
                memcpy(grown, image->history, image->n_history * sizeof(*grown));
        grown[image->n_history++] = h;
        image->history = grown;
        return 0;
}

static int new_config(struct config *x, struct oci_image *image, const struct oci_box_container *row,
                      const char *diff_id, const struct files_commit_options *o, char **ret)
{
        char time[LOG_TIME_SIZE];
        int r = config_append(x, &image->rootfs->diff_ids, &image->rootfs->n_diff_ids, "%s", diff_id);

        log_time(time);
        if (r >= 0 && !image->config && !(image->config = oci_arena_alloc(x->arena, sizeof(*image->config))))
                r = err_nomem(x->err);
        for (const char **c = o->changes; r >= 0 && c && *c; c++)
                r = change(x, *c, image->config);
        if (r >= 0)
                r = add_history(x, image, row, o, time);
        image->created = time;
        if (o->author)
                image->author = (char *)o->author;
        return r < 0 ? r : oci_encode(&oci_image_type, image, 0, ret, NULL, x->err);
}

static int commit(const struct box *box, struct container *c, const struct oci_box_container *row,
                  struct oci_image *image, struct oci_arena *arena, const struct files_commit_options *o,
                  char ret_image[DIGEST_SIZE], struct cfs_error *err)
{
        struct config x = { .arena = arena, .err = err };
        _cleanup_free_ int64_t *layers = NULL, *all = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int upper = -1;
        struct layer layer;
        char path[80];
        size_t n;
        int r = store_image_layers(box, c->image, &layers, &n, err);

        (void)snprintf(path, sizeof(path), "%s/upper", c->own);
        if (r >= 0 && (upper = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
                r = err_sys(err, errno, "openat", "open %s/%s", box->root, path);
        if (r >= 0)
                r = layer_add_directory(box, upper, row->name, true, &layer, err);
        if (r >= 0)
                r = new_config(&x, image, row, layer.diff_id, o, &text);
        if (r < 0)
                return r;
        all = calloc(n + 1, sizeof(*all));
        if (!all)
                return err_nomem(err);
        memcpy(all, layers, n * sizeof(*all));
        all[n] = layer.id;
        return store_image_add(box, text, all, n + 1, o->name, ret_image, err);
}

int files_commit(const struct box *box, const char *id, const struct files_commit_options *o,
                 char ret_image[DIGEST_SIZE], struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_container *row;
        struct oci_image *image;
        struct container c;
        int r = create_reopen(&c, box, id, err);

        if (r < 0)
                return r;
        r = store_container_get(box, id, c.arena, &row, err);
        if (r >= 0)
                r = store_image_config(box, c.image, &image, &arena, NULL, err);
        if (r >= 0)
                r = commit(box, &c, row, image, arena, o, ret_image, err);
        create_release(&c);
        return r;
}
