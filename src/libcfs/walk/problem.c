/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* problem() and problem_host(): a check reports a broken rule and goes on; the engine decides what becomes
 * of it. What it says may come from an image: `cfs check` writes it to a terminal. */
#include "libcfs/walk/problem.h"
#include "base/visible.h"
#include <stdarg.h>
#include <stdio.h>

void problem_flush(struct problems *p)
{
        if (p->pending)
                p->fn(p->data, p->pending_kind, p->property, p->message, p->hint[0] ? p->hint : NULL);
        p->pending = false;
        p->hint[0] = '\0';
}

__attribute__((format(printf, 4, 0))) static void problem_add(struct problems *p, enum problem_kind kind,
                                                              const char *property, const char *fmt,
                                                              va_list ap)
{
        problem_flush(p);
        p->pending = true;
        p->pending_kind = kind;
        (void)snprintf(p->property, sizeof(p->property), "%s", property ? property : "");
        (void)vsnprintf(p->message, sizeof(p->message), fmt, ap);
        visible_make(p->message);
        p->count += kind != PROBLEM_NOTE;
}

void problem(struct problems *p, const char *property, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        problem_add(p, PROBLEM_INVALID, property, fmt, ap);
        va_end(ap);
}

void problem_host(struct problems *p, const char *property, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        problem_add(p, PROBLEM_HOST, property, fmt, ap);
        va_end(ap);
}

void problem_note(struct problems *p, const char *property, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        problem_add(p, PROBLEM_NOTE, property, fmt, ap);
        va_end(ap);
}

void problem_hint(struct problems *p, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(p->hint, sizeof(p->hint), fmt, ap);
        visible_make(p->hint);
        va_end(ap);
}

bool problem_wants_host(const struct problems *p)
{
        return p->host;
}

bool problem_row_is_sound(const struct problems *p)
{
        return p->count == p->count_before_row;
}

const char *problem_prop(char *buf, size_t size, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(buf, size, fmt, ap);
        va_end(ap);
        return buf;
}
