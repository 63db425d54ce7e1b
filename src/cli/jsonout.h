/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing JSON text. The command line reads none: documents pass through it unparsed, to the library.
 */
#ifndef CLI_JSONOUT_H
#define CLI_JSONOUT_H

#include <stdbool.h>
#include <stdio.h>

/* A string with its quotes. Bytes that are not UTF-8 become U+FFFD. NULL: null. */
void jsonout_string(FILE *f, const char *s);

/* `"key":"value"`, with a comma in front unless *first, which is cleared. Nothing when value is NULL or
 * empty. */
void jsonout_member(FILE *f, bool *first, const char *key, const char *value);

#endif
