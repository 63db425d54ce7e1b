/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of numbers: "0-3,7".
 *
 * The masks that the kernel takes have no fixed size: glibc's cpu_set_t ends at 1024 CPUs, larger machines
 * exist. So the mask is as long as the largest number in the list needs.
 */
#include "base/numlist.h"
#include "base/cleanup.h"
#include <ctype.h>
#include <stdint.h>

#define WORD_BITS (8 * sizeof(unsigned long))

static void skip_blanks(const char **p)
{
        while (**p == ' ' || **p == '\t')
                (*p)++;
}

/* 0, -EINVAL: no number, -ERANGE */
static int number(const char **p, unsigned *ret)
{
        unsigned n = 0;

        if (!isdigit((unsigned char)**p))
                return -EINVAL;
        for (; isdigit((unsigned char)**p); (*p)++) {
                n = n * 10 + (unsigned)(**p - '0');
                if (n > NUMLIST_MAX)
                        return -ERANGE;
        }
        *ret = n;
        return 0;
}

static int add(struct numlist *l, unsigned first, unsigned last)
{
        size_t need = last / WORD_BITS + 1;

        if (!l->words || need > l->n_words) {
                unsigned long *words = reallocarray(l->words, need, sizeof(*words));

                if (!words)
                        return -ENOMEM;
                for (size_t i = l->n_words; i < need; i++)
                        words[i] = 0;
                l->words = words;
                l->n_words = need;
        }
        for (unsigned n = first; n <= last; n++)
                l->words[n / WORD_BITS] |= 1UL << n % WORD_BITS;
        return 0;
}

static int item(const char **p, struct numlist *l)
{
        unsigned first, last;
        int r;

        r = number(p, &first);
        if (r < 0)
                return r;
        last = first;
        skip_blanks(p);
        if (**p == '-') {
                (*p)++;
                skip_blanks(p);
                r = number(p, &last);
                if (r < 0)
                        return r;
                skip_blanks(p);
        }
        return last < first ? -EINVAL : add(l, first, last);
}

int numlist_parse(const char *text, struct numlist *ret, struct cfs_error *err)
{
        _cleanup_numlist_ struct numlist l = { 0 };
        const char *p = text;
        int r = 0;

        for (;;) {
                skip_blanks(&p);
                if (*p != ',' && *p != '\0')
                        r = item(&p, &l);
                if (r < 0 || (*p != ',' && *p != '\0'))
                        break;
                if (*p++ == '\0') {
                        *ret = l;
                        l = (struct numlist){ 0 };
                        return 0;
                }
        }
        if (r == -ENOMEM)
                return err_nomem(err);
        if (r == -ERANGE)
                return err_set(err, CFS_E_INVALID, "`%s` has a number above %d", text, NUMLIST_MAX);
        return err_set(err, CFS_E_INVALID, "`%s` is not a list of numbers and ranges such as \"0-3,7\"",
                       text);
}

bool numlist_has(const struct numlist *l, unsigned n)
{
        return n / WORD_BITS < l->n_words && (l->words[n / WORD_BITS] >> n % WORD_BITS & 1);
}

bool numlist_empty(const struct numlist *l)
{
        for (size_t i = 0; i < l->n_words; i++)
                if (l->words[i])
                        return false;
        return true;
}
