/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of strings that end with a NULL, as argv does. */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stddef.h>

/* The number of strings; 0 for NULL. */
static inline size_t strv_length(const char *const *v)
{
        size_t n = 0;

        while (v && v[n])
                n++;
        return n;
}

#endif
