/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UTF-8 (RFC 3629, section 4). Most text is ASCII: eight such bytes are one comparison.
 */
#include "base/utf8.h"
#include <stdint.h>
#include <string.h>

/* The length of the character at s, 0 when it is not valid: RFC 3629, section 4. */
static size_t utf8_character(const unsigned char *s, size_t len)
{
        unsigned char low = 0x80, high = 0xbf;
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
                low = 0xa0; /* below: overlong    */
        else if (s[0] == 0xed)
                high = 0x9f; /* above: surrogates */
        else if (s[0] == 0xf0)
                low = 0x90; /* below: overlong    */
        else if (s[0] == 0xf4)
                high = 0x8f; /* above: > U+10FFFF */
        if (len < n || s[1] < low || s[1] > high)
                return 0;
        for (size_t i = 2; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

size_t utf8_length(const char *text, size_t len)
{
        size_t i = 0;

        while (i < len) {
                uint64_t word;
                size_t n;

                if (len - i >= sizeof(word)) {
                        memcpy(&word, text + i, sizeof(word));
                        if (!(word & UINT64_C(0x8080808080808080))) {
                                i += sizeof(word);
                                continue;
                        }
                }
                n = utf8_character((const unsigned char *)text + i, len - i);
                if (n == 0)
                        break;
                i += n;
        }
        return i;
}

void utf8_position(const char *text, size_t len, size_t offset, unsigned *ret_line, unsigned *ret_column)
{
        unsigned line = 1, column = 1;

        if (offset > len)
                offset = len;
        for (size_t i = 0; i < offset; i++) {
                if (text[i] == '\n') {
                        line++;
                        column = 1;
                } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
                        column++;
                }
        }
        *ret_line = line;
        *ret_column = column;
}
