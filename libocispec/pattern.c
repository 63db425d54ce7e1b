/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The regular expressions of the schemas.
 *
 * The schemas need little of the language, and regcomp(3) would cost more than all of the decoding:
 * alternatives (|) of sequences of characters and [classes], each followed by nothing, ?, * or +, with ^ at
 * the beginning and $ at the end of a sequence. What is written in this subset means the same in ECMA-262,
 * which JSON Schema prescribes.
 */
#include "oci_internal.h"
#include <string.h>

/* One character or class of the pattern: does it contain c? *ret_end is what follows it. */
static bool unit_contains(const char *unit, const char *end, char c, const char **ret_end)
{
        bool found = false;
        const char *p = unit + 1;

        if (*unit != '[') {
                *ret_end = unit + 1;
                return *unit == c || (*unit == '.' && c != '\n');
        }
        for (; p < end && *p != ']'; p++) {
                if (p + 2 < end && p[1] == '-' && p[2] != ']') {
                        found = found || (c >= p[0] && c <= p[2]);
                        p += 2;
                } else {
                        found = found || *p == c;
                }
        }
        *ret_end = p < end ? p + 1 : end;
        return found;
}

/* Does s begin with the sequence from p to end? Backtracks, which is fine: the patterns are ours and are
 * simple. */
static bool sequence_matches(const char *p, const char *end, const char *s, const char *s_end)
{
        const char *next, *t = s;
        char repeat;
        size_t least, most;

        if (p == end)
                return true;
        if (*p == '$' && p + 1 == end)
                return s == s_end;
        (void)unit_contains(p, end, '\0', &next);
        repeat = next < end ? *next : '\0';
        least = repeat == '?' || repeat == '*' ? 0 : 1;
        most = repeat == '*' || repeat == '+' ? SIZE_MAX : 1;
        if (repeat && strchr("?*+", repeat))
                next++;
        for (const char *ignored; (size_t)(t - s) < most && t < s_end && unit_contains(p, end, *t, &ignored);
             t++)
                ;
        for (;; t--) {
                if ((size_t)(t - s) < least)
                        return false;
                if (sequence_matches(next, end, t, s_end))
                        return true;
                if (t == s)
                        return false;
        }
}

bool pattern_matches(const char *pattern, const char *s, size_t len)
{
        for (const char *p = pattern;; p++) {
                const char *end = strchrnul(p, '|');

                if (*p == '^') {
                        if (sequence_matches(p + 1, end, s, s + len))
                                return true;
                } else {
                        for (size_t i = 0; i <= len; i++)
                                if (sequence_matches(p, end, s + i, s + len))
                                        return true;
                }
                if (*end == '\0')
                        return false;
                p = end;
        }
}
