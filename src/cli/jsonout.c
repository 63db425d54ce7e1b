/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing JSON text (RFC 8259).
 *
 * What is written here came from paths, from argv and from programs' last words: bytes. An engine that meets
 * invalid UTF-8 in the log gives up on the whole file, so every byte that does not belong to a well-formed
 * sequence (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF) is replaced.
 */
#include "cli/jsonout.h"
#include <stddef.h>
#include <string.h>

/* The length of the well-formed sequence at s, 0 when there is none. s is NUL-terminated, so that a
 * sequence which is cut short ends at a byte that does not continue it. */
static size_t utf8_length(const unsigned char *s)
{
        unsigned char low = 0x80, high = 0xbf; /* the range of the second byte */
        size_t n;

        if (s[0] < 0x80)
                return 1;
        if (s[0] >= 0xc2 && s[0] <= 0xdf)
                n = 2;
        else if (s[0] >= 0xe0 && s[0] <= 0xef)
                n = 3;
        else if (s[0] >= 0xf0 && s[0] <= 0xf4)
                n = 4;
        else
                return 0;
        if (s[0] == 0xe0)
                low = 0xa0;
        else if (s[0] == 0xed)
                high = 0x9f;
        else if (s[0] == 0xf0)
                low = 0x90;
        else if (s[0] == 0xf4)
                high = 0x8f;
        if (s[1] < low || s[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

static void put_ascii(FILE *f, unsigned char c)
{
        static const char plain[] = "\"\\\b\f\n\r\t", escaped[] = "\"\\bfnrt";
        const char *p = strchr(plain, c);

        if (p)
                (void)fprintf(f, "\\%c", escaped[p - plain]);
        else if (c < 0x20)
                (void)fprintf(f, "\\u%04x", c);
        else
                (void)putc(c, f);
}

void jsonout_string(FILE *f, const char *s)
{
        const unsigned char *p = (const unsigned char *)s;

        if (!s) {
                (void)fputs("null", f);
                return;
        }
        (void)putc('"', f);
        while (*p) {
                size_t n = utf8_length(p);

                if (n == 0) {
                        (void)fputs("\357\277\275", f);
                        p++;
                } else if (n == 1) {
                        put_ascii(f, *p++);
                } else {
                        (void)fwrite(p, 1, n, f);
                        p += n;
                }
        }
        (void)putc('"', f);
}

void jsonout_member(FILE *f, bool *first, const char *key, const char *value)
{
        if (!value || !*value)
                return;
        if (!*first)
                (void)putc(',', f);
        *first = false;
        jsonout_string(f, key);
        (void)putc(':', f);
        jsonout_string(f, value);
}
