/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Protocol buffers on the wire, as much as CRIU's messages need of them: fields that are numbers, texts or
 * messages. No library: it would be one more dependency of a static executable, for a few dozen fields.
 *
 * A message is a sequence of fields; a field is its number and its type in one varint, then a varint, or a
 * length and so many bytes (protobuf.dev, "Encoding"). Readers pass over fields that they do not know.
 */
#ifndef CRIU_WIRE_H
#define CRIU_WIRE_H

#include "base/str.h"
#include <stddef.h>
#include <stdint.h>

/* Numbers of every type; a negative int32 is extended to 64 bits. */
void wire_put_number(struct str *s, unsigned field, int64_t value);
void wire_put_text(struct str *s, unsigned field, const char *text);
/* A message in the message. When that could not be built, this one fails too. */
void wire_put_message(struct str *s, unsigned field, const struct str *message);

struct wire_reader {
        const char *p;
        size_t n;
};

struct wire_field {
        unsigned number;
        uint64_t value;   /* of a number; 0 for others                      */
        const char *data; /* a text or a message, without a NUL; or NULL    */
        size_t len;
};

/* The next field: 1, 0 at the end, -EBADMSG for what is not a message. */
int wire_next(struct wire_reader *r, struct wire_field *ret);

#endif
