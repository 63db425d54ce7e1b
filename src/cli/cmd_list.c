/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs list. The table is for people and for scripts that split lines at blanks: each column is as wide as its
 * widest entry and three blanks, and at least twelve, as users of the established runtime have it.
 */
#include "cli/cli.h"
#include "cli/output.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, COLUMN_MIN = 12, COLUMN_GAP = 3 };

struct values {
        const char *format;
        bool quiet;
};

static const struct option_def options[] = {
        { "format", 'f', OPTION_TEXT, offsetof(struct values, format), "FORMAT", "table json",
          "form of the output" },
        { "quiet", 'q', OPTION_FLAG, offsetof(struct values, quiet), NULL, NULL,
          "show the containers' names only" },
        { 0 },
};

/* The cells, row by row, each with its NUL; the first row is the header. */
struct table {
        struct str cells;
        size_t width[COLUMNS];
};

static int print_id(void *data, const struct cfs_info *info)
{
        errno = EIO; /* should the C library not say why */
        return puts(info->id) < 0 ? -errno : 0;
}

static int add_row(struct table *t, const char *const cells[COLUMNS])
{
        for (size_t i = 0; i < COLUMNS; i++) {
                const char *cell = cells[i] ? cells[i] : "";
                size_t n = strlen(cell);

                str_add_n(&t->cells, cell, n + 1);
                if (n > t->width[i])
                        t->width[i] = n;
        }
        return t->cells.failed ? -ENOMEM : 0;
}

static int add_info(void *data, const struct cfs_info *info)
{
        char pid[16];
        const char *const cells[COLUMNS] = { info->id,     pid,           info->status,
                                             info->bundle, info->created, info->owner };

        (void)snprintf(pid, sizeof(pid), "%ld", (long)info->pid);
        return add_row(data, cells);
}

static void add_blanks(struct str *s, size_t n)
{
        static const char blanks[] = "                                ";

        for (; n > sizeof(blanks) - 1; n -= sizeof(blanks) - 1)
                str_add(s, blanks);
        str_add_n(s, blanks, n);
}

static int print_table(const struct table *t)
{
        const char *cell = t->cells.p, *end = cell + t->cells.len;
        _cleanup_str_ struct str text = { 0 };

        while (cell < end) {
                for (size_t i = 0; i < COLUMNS; i++) {
                        size_t n = strlen(cell);

                        str_add_n(&text, cell, n);
                        if (i < COLUMNS - 1)
                                add_blanks(&text, t->width[i] + COLUMN_GAP - n);
                        cell += n + 1;
                }
                str_add_n(&text, "\n", 1);
        }
        if (text.failed)
                return -ENOMEM;
        (void)output_print(text.p);
        return 0;
}

static int list_table(const struct cfs_runtime *rt, struct cfs_error *err)
{
        static const char *const header[COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
        struct table t = { .width = { [0 ... COLUMNS - 1] = COLUMN_MIN - COLUMN_GAP } };
        int r = add_row(&t, header);

        if (r >= 0)
                r = cfs_list(rt, add_info, &t, err);
        if (r >= 0)
                r = print_table(&t);
        str_free(&t.cells);
        return r == -ENOMEM ? err_nomem(err) : r;
}

static int list_json(const struct cfs_runtime *rt, struct cfs_error *err)
{
        _cleanup_free_ char *json = NULL;
        int r = cfs_list_json(rt, &json, err);

        if (r < 0)
                return r;
        (void)output_print(json);
        return 0;
}

static int cmd_list_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                        struct cfs_error *err)
{
        const struct values *v = values;
        int r;

        if (!v->quiet)
                return v->format && STREQ(v->format, "json") ? list_json(rt, err) : list_table(rt, err);
        r = cfs_list(rt, print_id, NULL, err);
        return r < 0 && !err->text[0] ? err_sys(err, -r, "write", "write to standard output") : r;
}

const struct command cmd_list_command = {
        .name = "list",
        .args = "",
        .summary = "list the containers",
        .description =
                "Lists the containers of the state directory. When --root names a directory that does not\n"
                "exist, that is an error. When the status of a container cannot be found out, it is listed as\n"
                "unknown. When the record of a container cannot be read, list fails after it has listed the\n"
                "others.",
        .examples = "cfs list\ncfs --root /run/user/1000/cfs list --format json",
        .options = options,
        .values_size = sizeof(struct values),
        .run = cmd_list_run,
};
