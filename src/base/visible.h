/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text of others on its way to a terminal or a log: what would command the terminal becomes question marks.
 *
 *   C0, DEL  ESC begins the control sequences (ECMA-48)
 *   C1       U+0080 to U+009F: a terminal may take U+009B for ESC [
 *   writing  U+202A to U+202E, U+2066 to U+2069 turn its direction, so that a text reads as another
 *            (CVE-2021-42574)
 */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include "base/weakened.h"
#include <stddef.h>

/* Bytes of the control character there; 0: it is another. */
static inline size_t visible_control(const unsigned char *p)
{
        if (*p < 0x20 || *p == 0x7f)
                return 1;
        if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
                return 2;
        if (p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
                             (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
                return 3;
        return 0;
}

static inline void visible_make(char *text)
{
        if (WEAKENED("visible-text"))
                return;
        for (unsigned char *p = (unsigned char *)text; *p;) {
                size_t n = visible_control(p);

                for (size_t i = 0; i < n; i++)
                        p[i] = '?';
                p += n ? n : 1;
        }
}

#endif
