/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interpreter: it reads the template's text as it goes, and reads the body of a `range` again for each
 * element. What is not executed (the other branch of an `if`) is read all the same, with `skip` set: so a
 * template that is well formed is known to be so by reading it once with all of it skipped.
 */
#include "box/template/template.h"
#include "base/cleanup.h"
#include "base/visible.h"
#include "box/template/functions.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define MAX_VARIABLES 16
#define MAX_DEPTH     32
#define MAX_OUTPUT    (64U << 20)

struct variable {
        const char *name;
        size_t len;
        const struct value *value;
};

struct run {
        const struct template *t;
        const char *p; /* where in the text */
        struct str *out;
        struct oci_arena *arena;
        struct cfs_error *err;
        struct variable variables[MAX_VARIABLES];
        size_t n_variables;
        unsigned skip, depth;
};

/* Why a list of text and actions ended. */
enum stop { STOP_TEXT, STOP_END, STOP_ELSE };

static int wrong(const struct run *x, const char *what)
{
        return err_set(x->err, CFS_E_INVALID, "--format: %s, at `%.20s`", what, x->p);
}

static void blanks(struct run *x)
{
        x->p += strspn(x->p, " \t\r\n");
}

static size_t word_length(const char *p)
{
        size_t n = 0;

        while (isalnum((unsigned char)p[n]) || p[n] == '_')
                n++;
        return n;
}

static bool is_word(const struct run *x, const char *word)
{
        return word_length(x->p) == strlen(word) && str_has_prefix(x->p, word);
}

/* ---- operands ------------------------------------------------------------------------------------------ */

static int pipeline(struct run *x, const struct value *dot, const struct value **ret);

/* One name behind a dot. In the root the document under docker's names comes first. */
static int member(struct run *x, const struct value **v, const char *name, size_t len)
{
        const struct value *from = *v, *found;
        char *key = oci_arena_strndup(x->arena, name, len);

        if (!key)
                return err_nomem(x->err);
        if (x->skip)
                return 0;
        if (x->t->heading) {
                *v = value_string(x->arena, x->t->heading(key));
                return *v ? 0 : err_nomem(x->err);
        }
        found = value_member(from, key);
        if (!found && from == x->t->root)
                found = value_member(x->t->own, key);
        *v = found;
        if (found || (from && from->kind == VALUE_MAP && (from->free_keys || islower((unsigned char)*name))))
                return 0;
        return err_set(x->err, CFS_E_INVALID, "--format: there is no `.%s` here", key);
}

static int fields(struct run *x, const struct value **v)
{
        int r = 0;

        while (r >= 0 && x->p[0] == '.' && word_length(x->p + 1) > 0) {
                size_t len = word_length(x->p + 1);

                r = member(x, v, x->p + 1, len);
                x->p += 1 + len;
        }
        return r;
}

static int quoted(struct run *x, const struct value **ret)
{
        char quote = *x->p++;
        _cleanup_str_ struct str s = { 0 };

        for (; *x->p && *x->p != quote; x->p++) {
                char c = *x->p;

                if (quote == '"' && c == '\\' && x->p[1]) {
                        c = *++x->p;
                        c = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c);
                }
                str_add_n(&s, &c, 1);
        }
        if (!*x->p)
                return wrong(x, "a string without its end");
        x->p++;
        *ret = s.failed ? NULL : value_string(x->arena, s.p ? s.p : "");
        return *ret ? 0 : err_nomem(x->err);
}

static int number(struct run *x, const struct value **ret)
{
        size_t len = strspn(x->p, "-0123456789");
        char text[24];
        int64_t n;

        (void)snprintf(text, sizeof(text), "%.*s", (int)(len < 23 ? len : 23), x->p);
        if (str_to_i64(text, &n) < 0 || x->p[len] == '.')
                return wrong(x, "not a number");
        x->p += len;
        *ret = value_number(x->arena, n);
        return *ret ? 0 : err_nomem(x->err);
}

static int variable(struct run *x, const struct value **ret)
{
        size_t len = word_length(x->p + 1);

        if (len == 0) { /* "$": the whole document */
                x->p++;
                *ret = x->t->root;
                return fields(x, ret);
        }
        for (size_t i = x->n_variables; i > 0; i--)
                if (x->variables[i - 1].len == len && memcmp(x->variables[i - 1].name, x->p + 1, len) == 0) {
                        *ret = x->variables[i - 1].value;
                        x->p += 1 + len;
                        return fields(x, ret);
                }
        return wrong(x, "there is no such variable");
}

static int parenthesis(struct run *x, const struct value *dot, const struct value **ret)
{
        int r;

        if (++x->depth > MAX_DEPTH)
                return wrong(x, "nested too deeply");
        x->p++;
        r = pipeline(x, dot, ret);
        x->depth--;
        if (r < 0)
                return r;
        if (*x->p != ')')
                return wrong(x, "expected `)`");
        x->p++;
        return fields(x, ret);
}

static int operand(struct run *x, const struct value *dot, const struct value **ret)
{
        *ret = NULL;
        if (*x->p == '"' || *x->p == '`')
                return quoted(x, ret);
        if (isdigit((unsigned char)*x->p) || (*x->p == '-' && isdigit((unsigned char)x->p[1])))
                return number(x, ret);
        if (*x->p == '$')
                return variable(x, ret);
        if (*x->p == '(')
                return parenthesis(x, dot, ret);
        if (*x->p == '.') {
                *ret = dot;
                if (word_length(x->p + 1) > 0)
                        return fields(x, ret);
                x->p++;
                return 0;
        }
        if (is_word(x, "true") || is_word(x, "false")) {
                *ret = value_boolean(x->arena, *x->p == 't');
                x->p += word_length(x->p);
                return *ret ? 0 : err_nomem(x->err);
        }
        if (is_word(x, "nil")) {
                x->p += 3;
                return 0;
        }
        return wrong(x, word_length(x->p) ? "there is no such function" : "expected a value");
}

/* ---- pipelines ----------------------------------------------------------------------------------------- */

static bool ends_command(const struct run *x)
{
        return !*x->p || *x->p == '|' || *x->p == ')' || str_has_prefix(x->p, "}}") ||
               str_has_prefix(x->p, "-}}");
}

/* `.Label "x"`: docker's method of a container in a list. */
static int label(struct run *x, const struct value *name, const struct value **ret)
{
        const struct value *labels = value_member(x->t->own, "labels");

        if (x->t->heading)
                *ret = value_string(x->arena, name && name->text ? name->text : "");
        else
                *ret = labels && name ? value_member(labels, name->text ? name->text : "") : NULL;
        if (!*ret)
                *ret = value_string(x->arena, "");
        return *ret ? 0 : err_nomem(x->err);
}

/* One command of a pipeline; `piped`: what the one before yielded, its last argument. */
static int command(struct run *x, const struct value *dot, bool has_piped, const struct value *piped,
                   const struct value **ret)
{
        struct functions_call c = { .arena = x->arena, .err = x->err };
        size_t len = word_length(x->p);
        functions_function fn = len ? functions_find(x->p, len) : NULL;
        bool is_label = str_has_prefix(x->p, ".Label ");
        int r = 0;

        if (fn || is_label)
                x->p += is_label ? strlen(".Label") : len;
        else if ((r = operand(x, dot, ret)) < 0)
                return r;
        blanks(x);
        while (r >= 0 && (fn || is_label) && !ends_command(x)) {
                if (c.n >= FUNCTIONS_MAX_ARGS - 1)
                        return wrong(x, "too many arguments");
                r = operand(x, dot, &c.args[c.n++]);
                blanks(x);
        }
        if (r < 0)
                return r;
        if (!ends_command(x))
                return wrong(x, "an argument for a value that is not a function");
        if (has_piped && !fn)
                return wrong(x, "only a function stands behind `|`");
        if (has_piped)
                c.args[c.n++] = piped;
        if (x->skip || (!fn && !is_label))
                return 0;
        return is_label ? label(x, c.args[0], ret) : fn(&c, ret);
}

static int pipeline(struct run *x, const struct value *dot, const struct value **ret)
{
        const struct value *v = NULL;
        int r;

        blanks(x);
        r = command(x, dot, false, NULL, &v);
        while (r >= 0 && *x->p == '|') {
                const struct value *piped = v;

                x->p++;
                blanks(x);
                r = command(x, dot, true, piped, &v);
        }
        *ret = v;
        return r;
}

/* ---- actions ------------------------------------------------------------------------------------------- */

static int list(struct run *x, const struct value *dot, enum stop *ret);

/* The end of an action, with the blanks behind it when it is "-}}". */
static int close_action(struct run *x)
{
        bool trim;

        blanks(x);
        trim = *x->p == '-';
        x->p += trim;
        if (!str_has_prefix(x->p, "}}"))
                return wrong(x, "expected `}}`");
        x->p += 2;
        if (trim)
                blanks(x);
        return 0;
}

static int set_variable(struct run *x, const char *name, size_t len, const struct value *v)
{
        if (x->n_variables == MAX_VARIABLES)
                return wrong(x, "too many variables");
        x->variables[x->n_variables++] = (struct variable){ name, len, v };
        return 0;
}

/* "$a, $b :=" in front of a pipeline: how many names; the text stays where it is when there is none. */
static unsigned declared(struct run *x, const char *names[2], size_t lengths[2])
{
        const char *p = x->p;
        unsigned n = 0;

        while (n < 2 && *p == '$' && word_length(p + 1) > 0) {
                names[n] = p + 1;
                lengths[n] = word_length(p + 1);
                p += 1 + lengths[n++];
                p += strspn(p, " ");
                if (*p == ',')
                        p += 1 + strspn(p + 1, " ");
        }
        if (n == 0 || !str_has_prefix(p, ":="))
                return 0;
        x->p = p + 2;
        return n;
}

/* The branches of `if` and `with`. */
static int branch(struct run *x, const struct value *dot, bool with)
{
        const char *names[2];
        size_t lengths[2], variables = x->n_variables;
        const struct value *v = NULL;
        enum stop stop;
        unsigned n;
        bool taken;
        int r;

        blanks(x);
        n = declared(x, names, lengths);
        r = pipeline(x, dot, &v);
        if (r >= 0 && n > 0)
                r = set_variable(x, names[0], lengths[0], v);
        if (r >= 0)
                r = close_action(x);
        if (r < 0)
                return r;
        taken = value_is_true(v);
        x->skip += !taken;
        r = list(x, with ? v : dot, &stop);
        x->skip -= !taken;
        x->n_variables = variables;
        if (r < 0 || stop == STOP_END)
                return r;
        if (stop == STOP_TEXT || ++x->depth > 4 * MAX_DEPTH)
                return wrong(x, "expected `{{end}}`");
        x->skip += taken;
        blanks(x);
        if (is_word(x, "if") || is_word(x, "with")) {
                bool again = is_word(x, "with");

                x->p += word_length(x->p);
                r = branch(x, dot, again);
        } else {
                r = close_action(x);
                if (r >= 0)
                        r = list(x, dot, &stop);
                if (r >= 0 && stop != STOP_END)
                        r = wrong(x, "expected `{{end}}`");
        }
        x->skip -= taken;
        x->depth--;
        return r;
}

static int each(struct run *x, const struct value *m, size_t i, unsigned n, const char *const names[2],
                const size_t lengths[2], enum stop *stop)
{
        size_t variables = x->n_variables;
        const struct value *key =
                m->key ? value_string(x->arena, m->key) : value_number(x->arena, (int64_t)i);
        int r = key ? 0 : err_nomem(x->err);

        if (r >= 0 && n == 2)
                r = set_variable(x, names[0], lengths[0], key);
        if (r >= 0 && n > 0)
                r = set_variable(x, names[n - 1], lengths[n - 1], m);
        if (r >= 0)
                r = list(x, m, stop);
        x->n_variables = variables;
        return r;
}

static int range(struct run *x, const struct value *dot)
{
        static const struct value none = { .kind = VALUE_NULL };
        const char *names[2], *body;
        size_t lengths[2], i = 0;
        const struct value *v = NULL;
        enum stop stop = STOP_TEXT;
        unsigned n;
        bool empty;
        int r;

        blanks(x);
        n = declared(x, names, lengths);
        r = pipeline(x, dot, &v);
        if (r >= 0)
                r = close_action(x);
        if (r >= 0 && v && v->kind != VALUE_LIST && v->kind != VALUE_MAP && v->kind != VALUE_NULL)
                r = wrong(x, "range over a value that is not a list");
        body = x->p;
        empty = x->skip || !v || !v->first;
        for (const struct value *m = empty ? &none : v->first; r >= 0 && m; m = m->next) {
                x->p = body;
                x->skip += empty;
                r = each(x, m, i++, n, (const char *const *)names, lengths, &stop);
                x->skip -= empty;
        }
        if (r < 0 || stop == STOP_END)
                return r;
        if (stop == STOP_TEXT)
                return wrong(x, "expected `{{end}}`");
        x->skip += !empty;
        r = close_action(x);
        if (r >= 0)
                r = list(x, dot, &stop);
        x->skip -= !empty;
        return r >= 0 && stop != STOP_END ? wrong(x, "expected `{{end}}`") : r;
}

/* What a container calls itself must not command the terminal; the lines and tabs of a template may. */
static int show(struct run *x, const struct value *v)
{
        _cleanup_str_ struct str s = { 0 };

        functions_print(&s, v);
        if (s.failed)
                return err_nomem(x->err);
        for (unsigned char *p = (unsigned char *)s.p; x->t->terminal && p && *p; p++)
                if (*p != '\n' && *p != '\t')
                        for (size_t n = visible_control(p); n > 0; n--)
                                p[n - 1] = '?';
        str_add(x->out, s.p ? s.p : "");
        if (x->out->len > MAX_OUTPUT)
                return err_set(x->err, CFS_E_INVALID, "--format: the template makes more than 64 MB");
        return x->out->failed ? err_nomem(x->err) : 0;
}

static int assignment(struct run *x, const struct value *dot, bool *ret_done)
{
        const char *names[2];
        size_t lengths[2];
        const struct value *v = NULL;
        unsigned n = declared(x, names, lengths);
        int r;

        *ret_done = n > 0;
        if (n == 0)
                return 0;
        r = pipeline(x, dot, &v);
        return r < 0 ? r : set_variable(x, names[0], lengths[0], v);
}

static int nested(struct run *x, const struct value *dot)
{
        static const char *const unknown[] = { "define", "template", "block", "break", "continue" };
        const struct value *v = NULL;
        bool done;
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
                if (is_word(x, unknown[i]))
                        return wrong(x, "this is not known here");
        if (is_word(x, "if") || is_word(x, "with") || is_word(x, "range")) {
                char kind = *x->p;

                if (++x->depth > MAX_DEPTH)
                        return wrong(x, "nested too deeply");
                x->p += word_length(x->p);
                r = kind == 'r' ? range(x, dot) : branch(x, dot, kind == 'w');
                x->depth--;
                return r < 0 ? r : close_action(x);
        }
        r = assignment(x, dot, &done);
        if (r >= 0 && !done) {
                r = pipeline(x, dot, &v);
                if (r >= 0 && !x->skip)
                        r = show(x, v);
        }
        return r < 0 ? r : close_action(x);
}

/* Text and actions up to an `end` or `else`, whose "}}" is left to the caller. */
static int list(struct run *x, const struct value *dot, enum stop *ret)
{
        for (;;) {
                const char *open = strstr(x->p, "{{");
                size_t len = open ? (size_t)(open - x->p) : strlen(x->p);
                bool trim = open && open[2] == '-' && strchr(" \t\n", open[3]);
                int r;

                while (trim && len > 0 && strchr(" \t\r\n", x->p[len - 1]))
                        len--;
                if (!x->skip)
                        str_add_n(x->out, x->p, len);
                *ret = STOP_TEXT;
                if (!open) {
                        x->p += strlen(x->p);
                        return 0;
                }
                x->p = open + 2 + trim;
                blanks(x);
                if (str_has_prefix(x->p, "/*")) {
                        const char *end = strstr(x->p, "*/");

                        if (!end)
                                return wrong(x, "a comment without its end");
                        x->p = end + 2;
                        r = close_action(x);
                } else if (is_word(x, "end") || is_word(x, "else")) {
                        *ret = is_word(x, "end") ? STOP_END : STOP_ELSE;
                        x->p += word_length(x->p);
                        return 0;
                } else {
                        r = nested(x, dot);
                }
                if (r < 0)
                        return r;
        }
}

static int execute(struct run *x)
{
        enum stop stop;
        int r = list(x, x->t->root, &stop);

        if (r >= 0 && stop != STOP_TEXT)
                r = wrong(x, stop == STOP_END ? "an `end` too many" : "an `else` without its `if`");
        return r < 0 ? r : x->out->failed ? err_nomem(x->err) : 0;
}

int template_execute(const struct template *t, struct str *out, struct oci_arena *arena,
                     struct cfs_error *err)
{
        struct run x = { .t = t, .p = t->text, .out = out, .arena = arena, .err = err };

        return execute(&x);
}

int template_check(const char *text, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        _cleanup_str_ struct str out = { 0 };
        const struct template t = { .text = text };
        struct run x = { .t = &t, .p = text, .out = &out, .arena = arena, .err = err, .skip = 1 };

        return arena ? execute(&x) : err_nomem(err);
}
