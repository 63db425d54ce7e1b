/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of D-Bus that cfs needs to call systemd, without a library: one connection, one call at a time,
 * each with a deadline.
 */
#ifndef DBUS_DBUS_H
#define DBUS_DBUS_H

#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stdint.h>

/* ---- writing values ------------------------------------------------------------------------------------ */

/* The body of a message. Positions count from its beginning, which is aligned to 8. */
struct dbus_body {
        struct str s;
};

static inline void dbus_body_free(struct dbus_body *b)
{
        str_free(&b->s);
}
#define _cleanup_dbus_body_ __attribute__((cleanup(dbus_body_free)))

void dbus_put_align(struct dbus_body *b, size_t n);
void dbus_put_byte(struct dbus_body *b, uint8_t v);
void dbus_put_u16(struct dbus_body *b, uint16_t v);
void dbus_put_u32(struct dbus_body *b, uint32_t v);
void dbus_put_u64(struct dbus_body *b, uint64_t v);
void dbus_put_string(struct dbus_body *b, const char *s);    /* s and o */
void dbus_put_signature(struct dbus_body *b, const char *s); /* g       */
/* An array: elements aligned to `align` are put between begin and end. */
size_t dbus_put_array_begin(struct dbus_body *b, size_t align);
void dbus_put_array_end(struct dbus_body *b, size_t begin);

/* ---- reading values ------------------------------------------------------------------------------------ */

struct dbus_reader {
        const char *p;
        size_t n, at;
};

/* Skips to a multiple of n. For the fuzzer. */
int dbus_get_align(struct dbus_reader *r, size_t n);

/* Each returns 0, or -EBADMSG at the end or for nonsense. Strings point into the message. */
int dbus_get_u32(struct dbus_reader *r, uint32_t *ret);
int dbus_get_string(struct dbus_reader *r, const char **ret);
int dbus_get_signature(struct dbus_reader *r, const char **ret);

/* ---- the connection ------------------------------------------------------------------------------------ */

struct dbus;

struct dbus_message {
        uint8_t type; /* DBUS_RETURN, DBUS_ERROR, DBUS_SIGNAL */
        uint32_t reply_to;
        const char *interface, *member, *error, *signature; /* "" when absent */
        struct dbus_reader body;
};

enum { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_ERROR = 3, DBUS_SIGNAL = 4 };

/* user: the bus of the user's own manager, else the system's. Every wait together lasts at most
 * timeout_ms, counted anew by dbus_set_timeout(). */
int dbus_open(bool user, int timeout_ms, struct dbus **ret, struct cfs_error *err);
void dbus_close(struct dbus *d);
void dbus_set_timeout(struct dbus *d, int timeout_ms);

static inline void dbus_close_p(struct dbus **d)
{
        dbus_close(*d);
}
#define _cleanup_dbus_ __attribute__((cleanup(dbus_close_p)))

/* What to call, and the types of the arguments ("ss"). */
struct dbus_method {
        const char *destination, *path, *interface, *member, *signature;
};

/* Sends a call with the arguments in `body` (NULL: none), and does not wait for the answer. Returns the
 * serial number of the call, or negative. */
int64_t dbus_send(struct dbus *d, const struct dbus_method *method, const struct dbus_body *body,
                  struct cfs_error *err);

/* The next message; valid until the next call. -ETIMEDOUT with CFS_E_TIMEOUT. */
int dbus_receive(struct dbus *d, struct dbus_message *ret, struct cfs_error *err);

/* What a call brings back. Zeroed by the caller, who may set on_signal. */
struct dbus_answer {
        struct dbus_message message; /* valid until the next call or dbus_receive()         */
        char error[128];             /* the name of an error answer, or ""                  */
        void (*on_signal)(void *data, const struct dbus_message *m); /* for signals that come before it */
        void *data;
};

/* Sends a call and waits for its answer. An error answer is CFS_E_SYSTEM with its text. `answer` may be
 * NULL. */
int dbus_call(struct dbus *d, const struct dbus_method *method, const struct dbus_body *body,
              struct dbus_answer *answer, struct cfs_error *err);

/* For tests and fuzzers: one whole message, as it comes over the socket. */
int dbus_parse(const char *p, size_t n, struct dbus_message *ret);

#endif
