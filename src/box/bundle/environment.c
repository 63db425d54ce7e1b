/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file has docker's form (docker run, --env-file): a variable a line; blanks before it, empty lines and
 * those that begin with "#" mean nothing; quotes are part of the value, and so are blanks at its end.
 * Editors of other systems put a mark of the encoding before the first line and a carriage return behind
 * each.
 */
#include "box/bundle/environment.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include <fcntl.h>

#define MAX_FILE (1U << 20)
#define BLANKS   " \t\v\f\r"

struct taker {
        int (*fn)(void *data, const char *pair);
        void *data;
        struct cfs_error *err;
        const char *option; /* of the file */
        bool labels;
};

static int take(const struct taker *t, const char *pair)
{
        _cleanup_free_ char *full = NULL;
        const char *value;
        int r;

        if (*pair == '=' || !*pair)
                return err_set(t->err, CFS_E_INVALID, "--env %s: expected NAME=VALUE or NAME", pair);
        if (strchr(pair, '=') || t->labels)
                return t->fn(t->data, pair);
        value = getenv(pair);
        if (!value)
                return 0;
        r = str_printf(&full, t->err, "%s=%s", pair, value);
        return r < 0 ? r : t->fn(t->data, full);
}

static int take_line(const struct taker *t, char *line)
{
        size_t name, len = strlen(line);

        if (len > 0 && line[len - 1] == '\r')
                line[len - 1] = '\0';
        line += strspn(line, BLANKS);
        if (!*line || *line == '#')
                return 0;
        name = strcspn(line, "=");
        if (name == 0)
                return err_set(t->err, CFS_E_INVALID, "no name before `%s`", line);
        if (strcspn(line, BLANKS) < name)
                return err_set(t->err, CFS_E_INVALID, "there is a blank in the name `%.*s`", (int)name, line);
        return take(t, line);
}

static int take_file(const struct taker *t, const char *path)
{
        static const char mark[] = "\xef\xbb\xbf";
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        unsigned number = 0;
        int r = io_read_file(AT_FDCWD, path, MAX_FILE, &text, &size, t->err);
        char *line = text;

        if (r >= 0 && strlen(text) != size)
                r = err_set(t->err, CFS_E_INVALID, "it is not a text: there is a NUL in it");
        if (r >= 0 && str_has_prefix(text, mark))
                line += strlen(mark);
        while (r >= 0 && *line) {
                size_t n = strcspn(line, "\n");
                char *next = line + n + (line[n] == '\n');

                line[n] = '\0';
                number++;
                r = take_line(t, line);
                line = next;
        }
        return r < 0 ? number ? err_prefix(t->err, r, "%s %s:%u", t->option, path, number)
                              : err_prefix(t->err, r, "%s %s", t->option, path)
                     : r;
}

int environment_each(const char *const *files, const char *const *words,
                     int (*fn)(void *data, const char *pair), void *data, struct cfs_error *err)
{
        const struct taker t = { fn, data, err, "--env-file", false };
        int r = 0;

        for (; r >= 0 && files && *files; files++)
                r = take_file(&t, *files);
        for (; r >= 0 && words && *words; words++)
                r = take(&t, *words);
        return r;
}

int environment_labels(const char *const *files, int (*fn)(void *data, const char *pair), void *data,
                       struct cfs_error *err)
{
        const struct taker t = { fn, data, err, "--label-file", true };
        int r = 0;

        for (; r >= 0 && files && *files; files++)
                r = take_file(&t, *files);
        return r;
}
