/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A format that begins with `table ` makes columns of what is between the tabs, below docker's headings.
 */
#include "box/cmd/format.h"
#include "base/cleanup.h"
#include "box/core/document.h"
#include "box/template/template.h"
#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

#define TABLE       "table "
#define MAX_COLUMNS 32
#define GAP         3

bool format_is_template(const char *format)
{
        return format && !STREQ(format, "table") && !STREQ(format, "json");
}

/* In the shell's single quotes people write "\t"; docker takes it for a tab. */
static int unescape(const char *format, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        for (; *format; format++) {
                char c = *format;

                if (c == '\\' && (format[1] == 't' || format[1] == 'n'))
                        c = *++format == 't' ? '\t' : '\n';
                str_add_n(&s, &c, 1);
        }
        return str_take(&s, ret, err);
}

int format_check(const char *format, struct cfs_error *err)
{
        if (!format_is_template(format))
                return 0;
        if (!strstr(format, "{{"))
                return err_hint(err,
                                err_set(err, CFS_E_INVALID,
                                        "--format %s: expected table, json or a template such as {{.Names}}",
                                        format),
                                "`--format '{{json .}}'` shows which names there are");
        return template_check(format, err);
}

int format_begin(struct format *f, const char *format, struct cfs_error *err)
{
        *f = (struct format){ .table = str_has_prefix(format, TABLE), .terminal = isatty(STDOUT_FILENO) };
        return unescape(f->table ? format + strlen(TABLE) : format, &f->text, err);
}

int format_line(struct format *f, char *taken_row, const struct oci_type *type, void *document,
                struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        _cleanup_free_ char *own_text = NULL, *row = taken_row;
        _cleanup_str_ struct str line = { 0 };
        struct template t = { .text = f->text, .terminal = f->terminal };
        struct value *root = NULL, *own = NULL;
        size_t len = 0;
        int r = arena ? document_encode(type, document, 0, &own_text, &len, err) : err_nomem(err);

        if (r >= 0)
                r = value_parse(own_text, len, arena, &own, err);
        if (r >= 0 && row)
                r = value_parse(row, strlen(row), arena, &root, err);
        t.root = root ? root : own;
        t.own = own;
        if (r >= 0)
                r = template_execute(&t, &line, arena, err);
        if (r < 0)
                return r;
        str_add(f->table ? &f->lines : &line, f->table && line.p ? line.p : "");
        str_add(f->table ? &f->lines : &line, "\n");
        if (!f->table && line.p)
                printf("%s", line.p);
        return line.failed || f->lines.failed ? err_nomem(err) : 0;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* docker's; of other names the words, as in "RunningFor". */
static const char *heading(const char *name)
{
        static const char *const known[][2] = {
                { "ID", "ID" },         { "RunningFor", "CREATED" }, { "CreatedSince", "CREATED" },
                { "CPUPerc", "CPU %" }, { "MemPerc", "MEM %" },      { "MemUsage", "MEM USAGE / LIMIT" },
                { "NetIO", "NET I/O" }, { "BlockIO", "BLOCK I/O" },  { "PIDs", "PIDS" },
        };
        static char text[64];
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (STREQ(known[i][0], name))
                        return known[i][1];
        for (const char *p = name; *p && n < sizeof(text) - 3; p++) {
                if (p > name && isupper((unsigned char)*p))
                        text[n++] = ' ';
                text[n++] = (char)toupper((unsigned char)*p);
        }
        text[n] = '\0';
        return text;
}

static int head_line(const struct format *f, struct str *out, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        const struct value none = { .kind = VALUE_MAP };
        const struct template t = { .text = f->text, .root = &none, .heading = heading };
        int r = arena ? template_execute(&t, out, arena, err) : err_nomem(err);

        str_add(out, "\n");
        return r;
}

static void widths(const char *text, size_t width[MAX_COLUMNS])
{
        for (unsigned column = 0; *text; text++) {
                size_t n = strcspn(text, "\t\n");

                /* The last column of a line needs none. */
                if (text[n] == '\t' && column < MAX_COLUMNS && n > width[column])
                        width[column] = n;
                column = text[n] == '\t' ? column + 1 : 0;
                text += n;
                if (!*text)
                        break;
        }
}

static void print_table(const char *text, const size_t width[MAX_COLUMNS])
{
        for (unsigned column = 0; *text; text++) {
                size_t n = strcspn(text, "\t\n");

                if (text[n] == '\t')
                        printf("%-*.*s", column < MAX_COLUMNS ? (int)width[column] + GAP : 0, (int)n, text);
                else
                        printf("%.*s\n", (int)n, text);
                column = text[n] == '\t' ? column + 1 : 0;
                text += n;
                if (!*text)
                        break;
        }
}

int format_end(struct format *f, int r, struct cfs_error *err)
{
        _cleanup_str_ struct str all = { 0 };
        size_t width[MAX_COLUMNS] = { 0 };

        if (r >= 0 && f->table)
                r = head_line(f, &all, err);
        if (r >= 0 && f->table) {
                str_add(&all, f->lines.p ? f->lines.p : "");
                if (all.failed)
                        r = err_nomem(err);
        }
        if (r >= 0 && f->table) {
                widths(all.p, width);
                print_table(all.p, width);
        }
        str_free(&f->lines);
        free(f->text);
        f->text = NULL;
        return r < 0 ? r : 0;
}
