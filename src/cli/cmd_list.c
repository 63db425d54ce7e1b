/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs list. The table is for people and for scripts that split lines at blanks: each column is as wide as its
 * widest entry and three blanks, and at least twelve, as users of the established runtime have it.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/err.h"
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

/* Rows of COLUMNS strings each; the first is the header. */
struct table {
        char *(*rows)[COLUMNS];
        size_t n;
};

static int print_id(void *data, const struct cfs_info *info)
{
        errno = EIO; /* should the C library not say why */
        return puts(info->id) < 0 ? -errno : 0;
}

static int add_row(struct table *t, const char *const cells[COLUMNS])
{
        char *(*grown)[COLUMNS] = realloc(t->rows, (t->n + 1) * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        t->rows = grown;
        memset(grown[t->n], 0, sizeof(*grown));
        t->n++;
        for (size_t i = 0; i < COLUMNS; i++) {
                grown[t->n - 1][i] = strdup(cells[i] ? cells[i] : "");
                if (!grown[t->n - 1][i])
                        return -ENOMEM;
        }
        return 0;
}

static int add_info(void *data, const struct cfs_info *info)
{
        char pid[16];
        const char *const cells[COLUMNS] = { info->id,     pid,           info->status,
                                             info->bundle, info->created, info->owner };

        (void)snprintf(pid, sizeof(pid), "%ld", (long)info->pid);
        return add_row(data, cells);
}

static void print_table(const struct table *t)
{
        size_t width[COLUMNS];

        for (size_t i = 0; i < COLUMNS; i++) {
                width[i] = COLUMN_MIN - COLUMN_GAP;
                for (size_t row = 0; row < t->n; row++)
                        if (strlen(t->rows[row][i]) > width[i])
                                width[i] = strlen(t->rows[row][i]);
        }
        for (size_t row = 0; row < t->n; row++) {
                for (size_t i = 0; i < COLUMNS - 1; i++)
                        printf("%-*s", (int)(width[i] + COLUMN_GAP), t->rows[row][i]);
                printf("%s\n", t->rows[row][COLUMNS - 1]);
        }
}

static void free_table(struct table *t)
{
        for (size_t row = 0; row < t->n; row++)
                for (size_t i = 0; i < COLUMNS; i++)
                        free(t->rows[row][i]);
        free(t->rows);
}

static int list_table(const struct cfs_runtime *rt, struct cfs_error *err)
{
        static const char *const header[COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
        _cleanup_(free_table) struct table t = { 0 };
        int r = add_row(&t, header);

        if (r < 0)
                return err_nomem(err);
        r = cfs_list(rt, add_info, &t, err);
        if (r < 0)
                return r == -ENOMEM ? err_nomem(err) : r;
        print_table(&t);
        return 0;
}

static int list_json(const struct cfs_runtime *rt, struct cfs_error *err)
{
        _cleanup_free_ char *json = NULL;
        int r = cfs_list_json(rt, &json, err);

        if (r < 0)
                return r;
        (void)fputs(json, stdout);
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
                "Lists the containers of the state directory. When the directory was named with --root and\n"
                "does not exist, that is an error. A container whose status cannot be told (its init cannot be\n"
                "looked at) is listed as unknown; one whose record cannot be read makes list fail at its end.",
        .examples = "cfs list\ncfs --root /run/user/1000/cfs list --format json",
        .options = options,
        .values_size = sizeof(struct values),
        .run = cmd_list_run,
};
