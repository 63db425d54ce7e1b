/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of a command of cfs-box, and reading the error that --error-format json writes.
 */
#include "box/serve/command.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void append_word(struct command *c, const char *word)
{
        if (c->n + 1 >= c->cap) {
                size_t cap = c->cap ? 2 * c->cap : 32;
                const char **grown = oci_arena_alloc(c->arena, cap * sizeof(*grown));

                if (!grown) {
                        c->failed = true;
                        return;
                }
                if (c->n)
                        memcpy(grown, c->words, c->n * sizeof(*grown));
                c->words = grown;
                c->cap = cap;
        }
        c->failed = c->failed || !word;
        c->words[c->n++] = word;
        c->words[c->n] = NULL;
}

void command_add(struct command *c, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        append_word(c, oci_arena_vprintf(c->arena, fmt, ap));
        va_end(ap);
}

void command_option(struct command *c, const char *option, const char *value)
{
        if (value)
                command_add(c, "--%s=%s", option, value);
}

void command_begin(struct command *c, const struct box *box, struct oci_arena *arena, const char *name,
                   bool json)
{
        *c = (struct command){ .arena = arena };
        command_add(c, "%s/cfs-box", box->programs);
        command_add(c, "--root=%s", box->root);
        command_add(c, "--run=%s", box->run);
        command_add(c, "--quiet");
        command_add(c, "--error-format=%s", json ? "json" : "text");
        command_add(c, "%s", name);
}

static enum cfs_code code_of(const char *name)
{
        for (enum cfs_code c = CFS_E_INVALID; c <= CFS_E_BUG; c++)
                if (name && STREQ(cfs_code_name(c), name))
                        return c;
        return CFS_E_SYSTEM;
}

int command_error(const char *text, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_error *e;
        struct cfs_error ignored;
        const char *line = text + strlen(text), *end;
        int r;

        /* The last line. */
        while (line > text && line[-1] == '\n')
                line--;
        end = line;
        while (line > text && line[-1] != '\n')
                line--;
        r = oci_decode(&oci_box_error_type, "error", line, (size_t)(end - line), (void **)&e, &arena,
                       &ignored);
        if (r < 0)
                return err_set(err, CFS_E_SYSTEM, "%s", *text ? text : "the command was killed");
        r = err_set(err, code_of(e->code), "%s", e->error);
        return e->hint ? err_hint(err, r, "%s", e->hint) : r;
}
