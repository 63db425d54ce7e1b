/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Printing: tables, JSON, times, shortened words.
 */
#include "box/cmd/output.h"
#include "base/cleanup.h"
#include "base/visible.h"
#include "box/cmd/facts.h"
#include "box/cmd/format.h"
#include "box/core/document.h"
#include "box/core/time.h"
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void output_cell(struct output_table *t, const char *fmt, ...)
{
        char *text = NULL;
        va_list ap;

        if (t->n == t->cap) {
                size_t cap = t->cap ? 2 * t->cap : 64;
                char **grown = realloc(t->cells, cap * sizeof(*grown));

                if (!grown) {
                        t->failed = true;
                        return;
                }
                t->cells = grown;
                t->cap = cap;
        }
        va_start(ap, fmt);
        if (vasprintf(&text, fmt, ap) < 0)
                text = NULL;
        va_end(ap);
        if (text)
                visible_make(text); /* what a container or an image calls itself */
        else
                t->failed = true;
        t->cells[t->n++] = text;
}

void output_heads(struct output_table *t, const char *const *heads)
{
        for (unsigned i = 0; i < t->columns; i++)
                output_cell(t, "%s", heads[i]);
}

static void table_free(struct output_table *t)
{
        for (size_t i = 0; i < t->n; i++)
                free(t->cells[i]);
        free(t->cells);
        *t = (struct output_table){ .columns = t->columns };
}

int output_table(struct output_table *t, struct cfs_error *err)
{
        size_t width[16] = { 0 };
        int r = t->failed ? err_nomem(err) : 0;

        for (size_t i = 0; r == 0 && i < t->n; i++)
                if (strlen(t->cells[i]) > width[i % t->columns])
                        width[i % t->columns] = strlen(t->cells[i]);
        for (size_t i = 0; r == 0 && i < t->n; i++) {
                if (i % t->columns == t->columns - 1)
                        printf("%s\n", t->cells[i]);
                else
                        printf("%-*s  ", (int)width[i % t->columns], t->cells[i]);
        }
        table_free(t);
        return r;
}

int output_json_one(const struct oci_type *type, void *document, int indent, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        int r = document_encode(type, document, indent, &text, NULL, err);

        if (r >= 0)
                printf("%s", text);
        return r;
}

int output_json(const struct oci_type *type, void *const *documents, size_t n, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };
        int r = document_list(&s, type, documents, n, err);

        if (r >= 0)
                printf("%s", s.p);
        return r;
}

const char *output_ago(char buf[OUTPUT_TIME_SIZE], int64_t when)
{
        static const struct {
                int64_t seconds;
                const char *name;
        } units[] = { { 31536000, "year" }, { 604800, "week" }, { 86400, "day" },
                      { 3600, "hour" },     { 60, "minute" },   { 1, "second" } };
        int64_t age = (int64_t)time(NULL) - when;

        (void)snprintf(buf, OUTPUT_TIME_SIZE, "just now");
        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (age >= units[i].seconds) {
                        int64_t n = age / units[i].seconds;

                        (void)snprintf(buf, OUTPUT_TIME_SIZE, "%lld %s%s ago", (long long)n, units[i].name,
                                       n == 1 ? "" : "s");
                        break;
                }
        return buf;
}

const char *output_time(char buf[OUTPUT_TIME_SIZE], int64_t when)
{
        time_t t = (time_t)when;
        struct tm tm;

        if (!gmtime_r(&t, &tm) || strftime(buf, OUTPUT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                buf[0] = '\0';
        return buf;
}

int output_parse_time(const char *option, const char *text, int64_t *ret, struct cfs_error *err)
{
        return time_parse(text, ret) ? 0 : output_bad_time(option, text, err);
}

int output_bad_time(const char *option, const char *text, struct cfs_error *err)
{
        return err_set(
                err, CFS_E_INVALID,
                "%s %s: expected seconds since 1970, 90s or 1h30m, or a time such as 2026-01-31T12:00:00Z",
                option, text);
}

const char *output_short(const char *id)
{
        return str_has_prefix(id, "sha256:") ? id + strlen("sha256:") : id;
}

int output_words(char *const *words, size_t n, size_t max, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        for (size_t i = 0; i < n; i++) {
                str_add(&s, i ? " " : "");
                str_add(&s, words[i]);
        }
        if (max && s.p && s.len > max)
                memcpy(s.p + max - 3, "...", 4);
        return str_take(&s, ret, err);
}

int output_template(const char *format, char *row, const struct oci_type *type, void *document,
                    struct cfs_error *err)
{
        struct format f;
        int r = format_begin(&f, format, err);

        if (r < 0) {
                free(row);
                return r;
        }
        return format_end(&f, format_line(&f, row, type, document, err), err);
}

int output_image(struct oci_box_image *image, const char *format, struct cfs_error *err)
{
        char *facts = NULL;
        int r;

        if (!format_is_template(format))
                return output_json_one(&oci_box_image_type, image, 4, err);
        r = facts_image(image, &facts, err);
        return r < 0 ? r : output_template(format, facts, &oci_box_image_type, image, err);
}

static int list_by_template(const struct output_list *l, const struct output_options *o,
                            void *const *documents, size_t n, struct cfs_error *err)
{
        struct format f;
        int r = format_begin(&f, o->format, err);

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                char *row = NULL;

                if (l->docker)
                        r = l->docker(documents[i], o, &row, err);
                if (r >= 0)
                        r = format_line(&f, row, l->type, documents[i], err);
        }
        return format_end(&f, r, err);
}

int output_list(const struct output_list *l, const struct output_options *o, void *const *documents, size_t n,
                struct cfs_error *err)
{
        struct output_table t = { .columns = l->columns };
        int r = format_check(o->format, err);

        if (r < 0)
                return r;
        if (o->format && STREQ(o->format, "json"))
                return output_json(l->type, documents, n, err);
        for (size_t i = 0; o->quiet && i < n; i++)
                l->name(documents[i], o);
        if (o->quiet)
                return 0;
        if (format_is_template(o->format))
                return list_by_template(l, o, documents, n, err);
        output_heads(&t, l->heads);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = l->row(&t, documents[i], o, err);
        if (r >= 0)
                return output_table(&t, err);
        table_free(&t);
        return r;
}
