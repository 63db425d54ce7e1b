/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoding the body of a request, a JSON document.
 */
#include "base/str.h"
#include "box/serve/request.h"
#include "base/cleanup.h"
#include <errno.h>
#include <stdio.h>

#define NAME "body"

/* The first property that is not known. */
struct unknown {
        char property[160], nearest[64];
        unsigned line, column;
};

static void note_unknown(void *data, unsigned line, unsigned column, const char *property,
                         const char *nearest)
{
        struct unknown *u = data;

        if (*u->property)
                return;
        (void)snprintf(u->property, sizeof(u->property), "%s", property);
        (void)snprintf(u->nearest, sizeof(u->nearest), "%s", nearest ? nearest : "");
        u->line = line;
        u->column = column;
}

int request_decode(const char *text, size_t len, const struct oci_type *type, void **ret,
                   struct oci_arena **ret_arena, struct cfs_error *err)
{
        struct unknown u = { 0 };
        const struct oci_decode_options o = { .unknown = note_unknown, .data = &u };
        int r = oci_decode_with(type, NAME, len ? text : "", len, &o, ret, ret_arena, err);

        if (r < 0 || !*u.property)
                return r;
        oci_arena_free(*ret_arena);
        *ret_arena = NULL;
        r = err_set(err, CFS_E_INVALID, NAME ":%u:%u: %s: there is no such property", u.line, u.column,
                    u.property);
        return *u.nearest ? err_hint(err, r, "did you mean `%s`?", u.nearest) : r;
}

/* One word, from *p on; appended to s. */
static int take_word(const char **p, struct str *s, struct cfs_error *err)
{
        char quote = 0;

        for (; **p && (quote || !strchr(" \t\n\r", **p)); (*p)++) {
                if (quote && **p == quote) {
                        quote = 0;
                } else if (!quote && (**p == '\'' || **p == '"')) {
                        quote = **p;
                } else if (**p == '\\' && quote != '\'') {
                        char next = (*p)[1];

                        if (!next)
                                return err_set(err, CFS_E_INVALID,
                                               "command: a backslash is the last character");
                        /* In double quotes it is itself before most characters. */
                        if (quote && !strchr("\"\\$`\n", next))
                                str_add(s, "\\");
                        str_add_n(s, &next, 1);
                        (*p)++;
                } else {
                        str_add_n(s, *p, 1);
                }
        }
        return quote ? err_set(err, CFS_E_INVALID, "command: a %c has no counterpart", quote) : 0;
}

int request_split(const char *line, struct oci_arena *arena, char ***ret, size_t *ret_n,
                  struct cfs_error *err)
{
        /* At most every second character begins a word. */
        char **words = oci_arena_alloc(arena, (strlen(line) / 2 + 2) * sizeof(*words));
        size_t n = 0;

        if (!words)
                return err_nomem(err);
        for (const char *p = line;;) {
                _cleanup_str_ struct str s = { 0 };
                int r;

                p += strspn(p, " \t\n\r");
                if (!*p)
                        break;
                r = take_word(&p, &s, err);
                if (r < 0)
                        return r;
                words[n] = oci_arena_strdup(arena, s.p ? s.p : "");
                if (s.failed || !words[n])
                        return err_nomem(err);
                n++;
        }
        *ret = words;
        *ret_n = n;
        return 0;
}

/* The schemas know no "this or that", so it is tried as one and as the other. */
int request_command(const char *text, size_t len, struct oci_arena *arena, char ***ret, size_t *ret_n,
                    struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *one = NULL, *two = NULL;
        struct oci_box_command_line *line = NULL;
        struct oci_box_command_words *list = NULL;
        struct cfs_error ignored;
        int r;

        *ret = NULL;
        *ret_n = 0;
        if (oci_decode(&oci_box_command_line_type, NAME, text, len, (void **)&line, &one, &ignored) >= 0)
                return line->command ? request_split(line->command, arena, ret, ret_n, err) : 0;
        r = oci_decode(&oci_box_command_words_type, NAME, text, len, (void **)&list, &two, err);
        if (r < 0)
                return STREQ(err->property, "command")
                               ? err_set(err, CFS_E_INVALID,
                                         "command: expected a string or a list of strings")
                               : r;
        *ret = oci_arena_alloc(arena, (list->n_command + 1) * sizeof(**ret));
        if (!*ret)
                return err_nomem(err);
        for (; *ret_n < list->n_command; (*ret_n)++) {
                (*ret)[*ret_n] = oci_arena_strdup(arena, list->command[*ret_n]);
                if (!(*ret)[*ret_n])
                        return err_nomem(err);
        }
        return 0;
}
