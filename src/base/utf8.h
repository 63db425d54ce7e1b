/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 (RFC 3629). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* The length of the longest beginning of the text that is valid UTF-8: no overlong forms, no surrogates,
 * nothing above U+10FFFF. */
size_t utf8_length(const char *text, size_t len);

/* The line and the column, both from 1, of a byte. Columns count characters. */
void utf8_position(const char *text, size_t len, size_t offset, unsigned *ret_line, unsigned *ret_column);

#endif
