/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which name a misspelt one may have meant.
 */
#include "base/nearest.h"
#include <stdbool.h>
#include <string.h>

#define NAME_MAX_LEN 48

static char fold(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The number of letters to insert, remove or replace between a and b, regardless of case. Both are short. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
        unsigned row[NAME_MAX_LEN + 1];

        for (size_t j = 0; j <= nb; j++)
                row[j] = (unsigned)j;
        for (size_t i = 1; i <= na; i++) {
                unsigned diagonal = row[0];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= nb; j++) {
                        unsigned best = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));

                        if (row[j] + 1 < best)
                                best = row[j] + 1;
                        if (row[j - 1] + 1 < best)
                                best = row[j - 1] + 1;
                        diagonal = row[j];
                        row[j] = best;
                }
        }
        return row[nb];
}

/* Is s part of name, regardless of case? "net" of "network", "x86_64" of "SCMP_ARCH_X86_64"; two letters
 * are enough for the beginning of the name. */
static bool is_part(const char *s, size_t len, const char *name, size_t name_len)
{
        for (size_t from = 0; from + len <= name_len && len >= (from == 0 ? 2 : 3); from++) {
                size_t i = 0;

                while (i < len && fold(s[i]) == fold(name[from + i]))
                        i++;
                if (i == len)
                        return true;
        }
        return false;
}

void nearest_init(struct nearest *n, const char *s, size_t len)
{
        /* A third of the letters may be wrong. */
        *n = (struct nearest){ .s = s, .len = len, .limit = (unsigned)(len / 3 + 1) * 100 };
}

void nearest_try(struct nearest *n, const char *name)
{
        size_t len = strlen(name);
        unsigned d;

        if (n->len == 0 || n->len > NAME_MAX_LEN || len > NAME_MAX_LEN)
                return;
        d = distance(n->s, n->len, name, len) * 100;
        if (is_part(n->s, n->len, name, len) && d > 100)
                d = 100 + (unsigned)(len - n->len);
        if (d <= n->limit && (!n->name || d < n->best)) {
                n->best = d;
                n->name = name;
        }
}

const char *nearest_of(const char *word, const char *const *names)
{
        struct nearest n;

        nearest_init(&n, word, strlen(word));
        for (; *names; names++)
                nearest_try(&n, *names);
        return n.name;
}
