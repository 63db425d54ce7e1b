/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The secret that admits a client whose user is not known: ROOT/serve.token, mode 0600. It stays from start
 * to start; removing the file makes the next start choose another.
 */
#ifndef BOX_SERVE_TOKEN_H
#define BOX_SERVE_TOKEN_H

#include "box/core/box.h"

#define TOKEN_SIZE 65 /* 64 hexadecimal digits and a NUL */

struct token {
        char text[TOKEN_SIZE];
        char session[TOKEN_SIZE]; /* the value of a browser's cookie: the token cannot be computed from it */
};

int token_load(const struct box *box, struct token *ret, struct cfs_error *err);

/* Compares in constant time, so that an attacker cannot measure where the two differ. */
bool token_equal(const char *a, const char *b);

#endif
