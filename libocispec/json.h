/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading JSON as a stream of events. json.c is the only file that knows the JSON library.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Called for each token, with the offset of its first byte in the text. Strings come decoded, without a
 * NUL at their end, and contain none; numbers come as they are written. A callback returns 0 to go on,
 * anything else to stop. */
struct json_events {
        int (*null)(void *data, size_t offset);
        int (*boolean)(void *data, size_t offset, bool value);
        int (*number)(void *data, size_t offset, const char *s, size_t len);
        int (*string)(void *data, size_t offset, const char *s, size_t len);
        int (*key)(void *data, size_t offset, const char *s, size_t len);
        int (*begin_object)(void *data, size_t offset);
        int (*end_object)(void *data, size_t offset);
        int (*begin_array)(void *data, size_t offset);
        int (*end_array)(void *data, size_t offset);
};

/* What is wrong with a text that is not JSON. */
struct json_problem {
        size_t offset;
        char text[128];
};

/* Returns 0 when the text was read to its end, 1 when a callback stopped it, -EINVAL when it is not JSON
 * (then *ret_problem is set), -ENOMEM. */
int json_parse(const char *text, size_t len, const struct json_events *events, void *data,
               struct json_problem *ret_problem);

/* The line and the column, both from 1, of a byte. Columns count characters. */
void json_position(const char *text, size_t len, size_t offset, unsigned *ret_line, unsigned *ret_column);

/* The length of the longest beginning of the text that is valid UTF-8. */
size_t json_utf8_length(const char *text, size_t len);

#endif
