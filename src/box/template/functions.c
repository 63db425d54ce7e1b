/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions that templates have: those of Go's text/template, and docker's json, join, split, lower,
 * upper, title, truncate, pad (docker's manual, "Format command and log output").
 */
#include "box/template/functions.h"
#include "base/cleanup.h"
#include "json.h"
#include <ctype.h>
#include <stdio.h>

static int finish(const struct functions_call *c, const struct value *v, const struct value **ret)
{
        *ret = v;
        return v ? 0 : err_nomem(c->err);
}

static int take(const struct functions_call *c, struct str *s, const struct value **ret)
{
        const struct value *v = s->failed ? NULL : value_string(c->arena, s->p ? s->p : "");

        str_free(s);
        return finish(c, v, ret);
}

static int want(const struct functions_call *c, const char *name, size_t min, size_t max)
{
        if (c->n >= min && c->n <= max)
                return 0;
        return err_set(c->err, CFS_E_INVALID, "--format: %s: wrong number of arguments: %zu", name, c->n);
}

static const char *text_of(const struct value *v)
{
        return v && v->text ? v->text : "";
}

/* ---- printing ------------------------------------------------------------------------------------------ */

static int by_key(const void *a, const void *b)
{
        return strcmp((*(const struct value *const *)a)->key, (*(const struct value *const *)b)->key);
}

/* Go prints maps in the order of their keys. */
static void print_map(struct str *s, const struct value *v)
{
        const struct value **list = calloc(v->n + 1, sizeof(struct value *));
        size_t n = 0;

        if (!list) {
                s->failed = true;
                return;
        }
        for (const struct value *m = v->first; m; m = m->next)
                list[n++] = m;
        qsort(list, n, sizeof(*list), by_key);
        str_add(s, "map[");
        for (size_t i = 0; i < n; i++) {
                str_addf(s, "%s%s:", i ? " " : "", list[i]->key);
                functions_print(s, list[i]);
        }
        str_add(s, "]");
        free(list);
}

void functions_print(struct str *s, const struct value *v)
{
        if (!v) {
                str_add(s, "<no value>");
        } else if (v->kind == VALUE_NULL) {
                str_add(s, "<nil>");
        } else if (v->kind == VALUE_MAP) {
                print_map(s, v);
        } else if (v->kind == VALUE_LIST) {
                str_add(s, "[");
                for (const struct value *m = v->first; m; m = m->next) {
                        functions_print(s, m);
                        str_add(s, m->next ? " " : "");
                }
                str_add(s, "]");
        } else {
                str_add(s, v->text);
        }
}

static int print(const struct functions_call *c, const struct value **ret)
{
        struct str s = { 0 };

        /* Sprint puts a blank between two of which neither is a string. */
        for (size_t i = 0; i < c->n; i++) {
                bool strings = i > 0 && ((c->args[i] && c->args[i]->kind == VALUE_STRING) ||
                                         (c->args[i - 1] && c->args[i - 1]->kind == VALUE_STRING));

                str_add(&s, i > 0 && !strings ? " " : "");
                functions_print(&s, c->args[i]);
        }
        return take(c, &s, ret);
}

static int println(const struct functions_call *c, const struct value **ret)
{
        struct str s = { 0 };

        for (size_t i = 0; i < c->n; i++) {
                str_add(&s, i ? " " : "");
                functions_print(&s, c->args[i]);
        }
        str_add(&s, "\n");
        return take(c, &s, ret);
}

static void write_json(struct json_writer *w, const struct value *v)
{
        if (!v || v->kind == VALUE_NULL) {
                json_write_raw(w, "null");
        } else if (v->kind == VALUE_STRING) {
                json_write_string(w, v->text);
        } else if (v->kind == VALUE_LIST || v->kind == VALUE_MAP) {
                if (v->kind == VALUE_MAP)
                        json_write_object(w);
                else
                        json_write_array(w);
                for (const struct value *m = v->first; m; m = m->next) {
                        if (v->kind == VALUE_MAP)
                                json_write_key(w, m->key);
                        write_json(w, m);
                }
                if (v->kind == VALUE_MAP)
                        json_write_object_end(w);
                else
                        json_write_array_end(w);
        } else {
                json_write_raw(w, v->text);
        }
}

static int json(const struct functions_call *c, const struct value **ret)
{
        struct json_writer *w;
        char *text = NULL;
        int r = want(c, "json", 1, 1);

        if (r < 0)
                return r;
        w = json_write_new(0);
        write_json(w, c->args[0]);
        r = json_write_take(w, &text, NULL, c->err);
        if (r >= 0)
                r = finish(c, value_string(c->arena, text), ret);
        free(text);
        return r;
}

struct spec {
        bool left, zeros;
        int width, precision; /* -1: none */
};

/* "%-10.3", up to the verb. */
static bool parse_spec(const char *p, size_t len, struct spec *ret)
{
        const char *end = p + len;

        *ret = (struct spec){ .precision = -1 };
        for (p++; p < end && strchr("-0+ #", *p); p++) {
                ret->left |= *p == '-';
                ret->zeros |= *p == '0';
        }
        for (; p < end && isdigit((unsigned char)*p) && ret->width < 1000; p++)
                ret->width = 10 * ret->width + *p - '0';
        if (p < end && *p == '.')
                for (p++, ret->precision = 0; p < end && isdigit((unsigned char)*p) && ret->precision < 1000;
                     p++)
                        ret->precision = 10 * ret->precision + *p - '0';
        return p == end;
}

static void add_padded(struct str *s, const struct spec *f, const char *text)
{
        int len = (int)strlen(text);

        if (f->precision >= 0 && f->precision < len)
                len = f->precision;
        if (f->left)
                str_addf(s, "%-*.*s", f->width, len, text);
        else
                str_addf(s, "%*.*s", f->width, len, text);
}

/* One verb of printf. */
static void format_one(struct str *s, const struct spec *f, char verb, const struct value *v)
{
        _cleanup_str_ struct str text = { 0 };
        char buf[1100];
        long long n = strtoll(text_of(v), NULL, 10);

        if (verb == 'd' && f->zeros && !f->left)
                (void)snprintf(buf, sizeof(buf), "%0*lld", f->width, n);
        else
                (void)snprintf(buf, sizeof(buf), verb == 'x' ? "%llx" : "%lld", n);
        if (verb == 'd' || verb == 'x') {
                add_padded(s, &(struct spec){ f->left, false, f->width, -1 }, buf);
                return;
        }
        if (verb == 'q') {
                struct json_writer *w = json_write_new(0);
                struct cfs_error ignored;
                char *quoted = NULL;

                json_write_string(w, text_of(v));
                if (json_write_take(w, &quoted, NULL, &ignored) < 0)
                        s->failed = true;
                add_padded(s, f, quoted ? quoted : "");
                free(quoted);
                return;
        }
        functions_print(&text, v);
        s->failed |= text.failed;
        add_padded(s, f, text.p ? text.p : "");
}

static int printf_(const struct functions_call *c, const struct value **ret)
{
        struct str s = { 0 };
        struct spec spec;
        size_t next = 1;
        int r = want(c, "printf", 1, FUNCTIONS_MAX_ARGS);

        for (const char *p = r < 0 ? "" : text_of(c->args[0]); r >= 0 && *p;) {
                size_t len = strcspn(p, "%");

                str_add_n(&s, p, len);
                p += len;
                if (!*p)
                        break;
                len = 1 + strspn(p + 1, "0123456789.-+ #");
                if (p[len] == '%')
                        str_add(&s, "%");
                else if (!p[len] || !strchr("svdqxt", p[len]))
                        r = err_set(c->err, CFS_E_INVALID, "--format: printf: `%.*s` is not known here",
                                    (int)len + 1, p);
                else if (next >= c->n)
                        str_addf(&s, "%%!%c(MISSING)", p[len]);
                else if (!parse_spec(p, len, &spec))
                        r = err_set(c->err, CFS_E_INVALID, "--format: printf: `%.*s` is not known here",
                                    (int)len + 1, p);
                else
                        format_one(&s, &spec, p[len], c->args[next++]);
                p += len + (p[len] ? 1 : 0);
        }
        if (r < 0) {
                str_free(&s);
                return r;
        }
        return take(c, &s, ret);
}

/* ---- looking into values ------------------------------------------------------------------------------- */

static int len_(const struct functions_call *c, const struct value **ret)
{
        const struct value *v = c->args[0];
        int r = want(c, "len", 1, 1);

        if (r < 0)
                return r;
        if (!v || v->kind == VALUE_BOOLEAN || v->kind == VALUE_NUMBER)
                return err_set(c->err, CFS_E_INVALID, "--format: len of what has no length");
        return finish(c, value_number(c->arena, (int64_t)(v->kind == VALUE_STRING ? strlen(v->text) : v->n)),
                      ret);
}

static int index_(const struct functions_call *c, const struct value **ret)
{
        const struct value *v = c->args[0];
        int r = want(c, "index", 1, FUNCTIONS_MAX_ARGS);

        for (size_t i = 1; r >= 0 && i < c->n; i++) {
                const char *key = text_of(c->args[i]);
                uint64_t n;

                if (v && v->kind == VALUE_MAP) {
                        v = value_member(v, key);
                        if (!v && i + 1 == c->n)
                                return finish(c, value_string(c->arena, ""), ret);
                } else if (v && v->kind == VALUE_LIST && str_to_u64(key, &n) >= 0 && n < v->n) {
                        for (v = v->first; n > 0; n--)
                                v = v->next;
                } else if (v && v->kind == VALUE_LIST) {
                        r = err_set(c->err, CFS_E_INVALID, "--format: index out of range: %s", key);
                } else {
                        r = err_set(c->err, CFS_E_INVALID, "--format: index of untyped nil");
                }
        }
        *ret = v;
        return r;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static int compare(const struct value *a, const struct value *b)
{
        int64_t x, y;

        if (a && b && a->kind == VALUE_NUMBER && b->kind == VALUE_NUMBER && str_to_i64(a->text, &x) >= 0 &&
            str_to_i64(b->text, &y) >= 0)
                return (x > y) - (x < y);
        return strcmp(text_of(a), text_of(b));
}

/* As Go: true when it is equal to any of the others. */
static int eq(const struct functions_call *c, const struct value **ret)
{
        bool any = false;
        int r = want(c, "eq", 2, FUNCTIONS_MAX_ARGS);

        for (size_t i = 1; r >= 0 && i < c->n; i++)
                any |= compare(c->args[0], c->args[i]) == 0;
        return r < 0 ? r : finish(c, value_boolean(c->arena, any), ret);
}

static int order(const struct functions_call *c, const char *name, int low, int high,
                 const struct value **ret)
{
        int r = want(c, name, 2, 2), cmp;

        if (r < 0)
                return r;
        cmp = compare(c->args[0], c->args[1]);
        cmp = (cmp > 0) - (cmp < 0);
        return finish(c, value_boolean(c->arena, cmp == low || cmp == high), ret);
}

static int lt(const struct functions_call *c, const struct value **ret)
{
        return order(c, "lt", -1, -1, ret);
}

static int le(const struct functions_call *c, const struct value **ret)
{
        return order(c, "le", -1, 0, ret);
}

static int gt(const struct functions_call *c, const struct value **ret)
{
        return order(c, "gt", 1, 1, ret);
}

static int ge(const struct functions_call *c, const struct value **ret)
{
        return order(c, "ge", 1, 0, ret);
}

static int ne(const struct functions_call *c, const struct value **ret)
{
        return order(c, "ne", -1, 1, ret);
}

static int not_(const struct functions_call *c, const struct value **ret)
{
        int r = want(c, "not", 1, 1);

        return r < 0 ? r : finish(c, value_boolean(c->arena, !value_is_true(c->args[0])), ret);
}

/* The first that decides, else the last. */
static int decide(const struct functions_call *c, const char *name, bool wanted, const struct value **ret)
{
        size_t i = 0;
        int r = want(c, name, 1, FUNCTIONS_MAX_ARGS);

        if (r < 0)
                return r;
        while (i + 1 < c->n && value_is_true(c->args[i]) != wanted)
                i++;
        *ret = c->args[i];
        return 0;
}

static int and_(const struct functions_call *c, const struct value **ret)
{
        return decide(c, "and", false, ret);
}

static int or_(const struct functions_call *c, const struct value **ret)
{
        return decide(c, "or", true, ret);
}

/* ---- strings ------------------------------------------------------------------------------------------- */

static int change_case(const struct functions_call *c, int (*fn)(int c), bool first_only,
                       const struct value **ret)
{
        struct str s = { 0 };
        bool begins = true;
        int r = want(c, "lower, upper, title", 1, 1);

        if (r < 0)
                return r;
        for (const char *p = text_of(c->args[0]); *p; p++) {
                char change = (char)(!first_only || begins ? fn((unsigned char)*p) : *p);

                str_add_n(&s, &change, 1);
                begins = *p == ' ';
        }
        return take(c, &s, ret);
}

static int lower(const struct functions_call *c, const struct value **ret)
{
        return change_case(c, tolower, false, ret);
}

static int upper(const struct functions_call *c, const struct value **ret)
{
        return change_case(c, toupper, false, ret);
}

static int title(const struct functions_call *c, const struct value **ret)
{
        return change_case(c, toupper, true, ret);
}

static int join(const struct functions_call *c, const struct value **ret)
{
        struct str s = { 0 };
        int r = want(c, "join", 2, 2);

        if (r < 0)
                return r;
        for (const struct value *m = c->args[0] ? c->args[0]->first : NULL; m; m = m->next) {
                functions_print(&s, m);
                str_add(&s, m->next ? text_of(c->args[1]) : "");
        }
        return take(c, &s, ret);
}

static int split(const struct functions_call *c, const struct value **ret)
{
        const char *p = text_of(c->args[0]), *by;
        struct value *list;
        int r = want(c, "split", 2, 2);

        if (r < 0)
                return r;
        by = text_of(c->args[1]);
        list = oci_arena_alloc(c->arena, sizeof(*list));
        if (!list)
                return err_nomem(c->err);
        list->kind = VALUE_LIST;
        for (const char *next; p; p = next ? next + strlen(by) : NULL) {
                struct value *v;

                next = *by ? strstr(p, by) : NULL;
                v = value_string(c->arena,
                                 oci_arena_strndup(c->arena, p, next ? (size_t)(next - p) : strlen(p)));
                if (!v)
                        return err_nomem(c->err);
                *(list->last ? &list->last->next : &list->first) = v;
                list->last = v;
                list->n++;
        }
        *ret = list;
        return 0;
}

static int truncate_(const struct functions_call *c, const struct value **ret)
{
        uint64_t n = 0;
        int r = want(c, "truncate", 2, 2);

        if (r >= 0 && str_to_u64(text_of(c->args[1]), &n) < 0)
                r = err_set(c->err, CFS_E_INVALID, "--format: truncate: `%s` is not a length",
                            text_of(c->args[1]));
        return r < 0 ? r
                     : finish(c,
                              value_string(c->arena, oci_arena_strndup(c->arena, text_of(c->args[0]),
                                                                       strnlen(text_of(c->args[0]), n))),
                              ret);
}

static int pad(const struct functions_call *c, const struct value **ret)
{
        uint64_t before = 0, after = 0;
        int r = want(c, "pad", 3, 3);

        if (r >= 0 && (str_to_u64(text_of(c->args[1]), &before) < 0 ||
                       str_to_u64(text_of(c->args[2]), &after) < 0 || before > 1000 || after > 1000))
                r = err_set(c->err, CFS_E_INVALID, "--format: pad: expected two numbers");
        return r < 0 ? r
                     : finish(c,
                              value_string(c->arena, oci_arena_printf(c->arena, "%*s%s%*s", (int)before, "",
                                                                      text_of(c->args[0]), (int)after, "")),
                              ret);
}

functions_function functions_find(const char *name, size_t len)
{
        static const struct {
                const char *name;
                functions_function fn;
        } all[] = {
                { "and", and_ },           { "eq", eq },           { "ge", ge },       { "gt", gt },
                { "index", index_ },       { "join", join },       { "json", json },   { "le", le },
                { "len", len_ },           { "lower", lower },     { "lt", lt },       { "ne", ne },
                { "not", not_ },           { "or", or_ },          { "pad", pad },     { "print", print },
                { "printf", printf_ },     { "println", println }, { "split", split }, { "title", title },
                { "truncate", truncate_ }, { "upper", upper },
        };

        for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                if (strlen(all[i].name) == len && memcmp(all[i].name, name, len) == 0)
                        return all[i].fn;
        return NULL;
}
