/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading JSON as a stream of events (json_parse.c), and writing it (json_write.c). No other file knows the
 * JSON library.
 */
#ifndef JSON_H
#define JSON_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* ---- writing ------------------------------------------------------------------------------------------- */

/* A text that is being written: on one line without a newline when indent is 0, otherwise with that many
 * spaces a level and a newline at the end. Every function takes NULL for a writer, and then
 * does nothing. So running out of memory, here or later, is seen once: json_write_take() returns -ENOMEM.
 */
struct json_writer;

struct json_writer *json_write_new(int indent);
void json_write_free(struct json_writer *w);

/* Hands the text to the caller, who frees it, and frees the writer. ret_len may be NULL. */
int json_write_take(struct json_writer *w, char **ret, size_t *ret_len, struct cfs_error *err);

void json_write_object(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);

/* Bytes that are not UTF-8 become U+FFFD, one each: engines give up on a log with invalid UTF-8. NULL:
 * null. */
void json_write_string(struct json_writer *w, const char *s);

/* The same for a text that is known to be UTF-8. */
void json_write_text(struct json_writer *w, const char *s, size_t len);

/* The same for one that is ASCII and has nothing to be escaped, as most have. False: it is not. */
bool json_write_plain(struct json_writer *w, const char *s, size_t len);

/* ASCII, and nothing to be escaped: no quote, backslash or control character (RFC 8259, 7). */
bool json_write_is_plain(const char *s, size_t len);

void json_write_number(struct json_writer *w, int64_t n);
void json_write_unsigned(struct json_writer *w, uint64_t n);

/* The same as a sign and a size; its last digits behind a point, when there are decimals: 1234 with 2 is
 * 12.34. */
void json_write_decimal(struct json_writer *w, bool negative, uint64_t magnitude, unsigned decimals);

/* JSON text as it is: a document, a number, true, false, null. */
void json_write_raw(struct json_writer *w, const char *text);

static inline void json_write_key(struct json_writer *w, const char *key)
{
        json_write_string(w, key);
}

/* A key with a string; nothing when the string is NULL or empty. */
void json_write_member(struct json_writer *w, const char *key, const char *value);

/* The next entry, behind its comma, begins a line (and a blank). */
void json_write_line(struct json_writer *w);

/* An object with the text as its only member: for a file that is an array, since decoders want an object. */
int json_write_wrap(const char *key, const char *text, char **ret, struct cfs_error *err);

static inline void json_writer_free_p(struct json_writer **w)
{
        json_write_free(*w);
}
#define _cleanup_json_writer_ __attribute__((cleanup(json_writer_free_p)))

#endif
