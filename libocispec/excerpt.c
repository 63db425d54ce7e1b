/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The line of a document that a message is about.
 */
#include "oci.h"
#include "base/utf8.h"
#include <string.h>

#define BEFORE 40 /* characters that are shown before the place, when the line is long */

static bool is_continuation(char c)
{
        return ((unsigned char)c & 0xc0) == 0x80;
}

unsigned oci_excerpt(const char *text, size_t len, unsigned line, unsigned column, char *buf, size_t size)
{
        const char *end = text + len, *p = text;
        unsigned at = column ? column - 1 : 0, skip = at > BEFORE ? at - BEFORE : 0, blanks = 0;
        size_t n = 0;

        for (unsigned i = 1; i < line && p < end; p++)
                i += *p == '\n';
        /* Columns count characters (json_parse.c). */
        for (unsigned i = 0; i < skip && p < end && *p != '\n'; i++)
                do
                        p++;
                while (p < end && is_continuation(*p));
        for (; skip == 0 && p < end && blanks < at && (*p == ' ' || *p == '\t'); p++)
                blanks++;
        for (; p < end && *p != '\n' && n + 1 < size; p++)
                buf[n++] = (unsigned char)*p < 0x20 || *p == 0x7f ? ' ' : *p;
        buf[utf8_length(buf, n)] = '\0';
        return at - skip - blanks;
}
