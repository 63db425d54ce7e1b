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
        char session[TOKEN_SIZE]; /* what a browser's cookie has: it leads to the token by no way */
};

int token_load(const struct box *box, struct token *ret, struct cfs_error *err);

/* In a time that does not depend on where they differ. */
bool token_equal(const char *a, const char *b);

#endif
