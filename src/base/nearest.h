/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which name a misspelt one may have meant:
 *
 *      struct nearest n;
 *
 *      nearest_init(&n, word, strlen(word));
 *      for (each name)
 *              nearest_try(&n, name);
 *      if (n.name)
 *              "did you mean n.name?"
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

struct nearest {
        const char *s;
        size_t len;
        const char *name; /* the best so far, or NULL              */
        unsigned best;    /* its distance, in hundredths of letters */
        unsigned limit;   /* a name farther away than this is not meant */
};

void nearest_init(struct nearest *n, const char *s, size_t len);
void nearest_try(struct nearest *n, const char *name);

/* The same for a list of names that ends with NULL; or NULL. */
const char *nearest_of(const char *word, const char *const *names);

#endif
