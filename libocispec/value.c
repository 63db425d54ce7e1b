/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Single values: whether they are what a property wants, and how to say what it wants.
 *
 * Integers are never converted through floating point: limits go up to 2^64-1, of which a double keeps 53
 * bits.
 */
#include "oci_internal.h"
#include "base/utf8.h"
#include "base/strv.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- integers ------------------------------------------------------------------------------------------ */

/* The significant digits of a number, from the first to the last that is not 0, and what power of ten they
 * are to be multiplied with. */
struct decimal {
        char digits[32];
        size_t n;
        size_t zeros; /* seen since the last digit                        */
        long exponent;
        bool huge; /* more digits than any 64-bit integer has          */
};

static void decimal_push(struct decimal *d, char c)
{
        if (d->n == sizeof(d->digits))
                d->huge = true;
        else
                d->digits[d->n++] = c;
}

static void decimal_digit(struct decimal *d, char c, bool fraction)
{
        if (fraction)
                d->exponent--;
        if (c == '0') {
                d->zeros += d->n > 0;
                return;
        }
        for (; d->zeros > 0 && !d->huge; d->zeros--)
                decimal_push(d, '0');
        d->zeros = 0;
        decimal_push(d, c);
}

/* yajl has checked that it is a number. An exponent of more digits than a long has is cut to something as
 * hopeless. */
static long exponent_parse(const char *s, const char *end)
{
        bool negative = s < end && *s == '-';
        long value = 0;

        if (s < end && (*s == '-' || *s == '+'))
                s++;
        for (; s < end; s++)
                if (value < 100000000)
                        value = value * 10 + (*s - '0');
        return negative ? -value : value;
}

/* The rare case: with a fraction or an exponent. */
static int value_integer_parse_decimal(const char *s, const char *end, uint64_t *ret)
{
        struct decimal d = { 0 };
        bool fraction = false;
        uint64_t value = 0;

        for (; s < end && *s != 'e' && *s != 'E'; s++) {
                if (*s == '.')
                        fraction = true;
                else
                        decimal_digit(&d, *s, fraction);
        }
        if (s < end)
                d.exponent += exponent_parse(s + 1, end);
        d.exponent += (long)d.zeros;
        if (d.n == 0) {
                *ret = 0;
                return 0;
        }
        if (d.exponent < 0)
                return 1;
        if (d.huge || d.exponent > 20)
                return 2;
        for (size_t i = 0; i < d.n + (size_t)d.exponent; i++) {
                unsigned digit = i < d.n ? (unsigned)(d.digits[i] - '0') : 0;

                if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)digit, &value))
                        return 2;
        }
        *ret = value;
        return 0;
}

int value_integer_parse(const char *s, size_t len, bool *ret_negative, uint64_t *ret_magnitude)
{
        const char *end = s + len, *p;
        bool negative = *s == '-';
        uint64_t value = 0;

        if (negative)
                s++;
        for (p = s; p < end && *p >= '0' && *p <= '9'; p++)
                if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
                        break;
        if (p < end) {
                int r = value_integer_parse_decimal(s, end, &value);

                if (r != 0)
                        return r;
        }
        *ret_negative = negative && value != 0;
        *ret_magnitude = value;
        return 0;
}

/* 12.34 is 1234 when two decimals are kept: its exponent grows by them. */
int value_integer_parse_for(const struct oci_property *p, const char *s, size_t len, bool *ret_negative,
                            uint64_t *ret_magnitude)
{
        char text[64];
        int n;

        if (p->decimals == 0)
                return value_integer_parse(s, len, ret_negative, ret_magnitude);
        if (memchr(s, 'e', len) || memchr(s, 'E', len))
                return 1;
        n = snprintf(text, sizeof(text), "%.*se%u", (int)len, s, p->decimals);
        return n < 0 || (size_t)n >= sizeof(text)
                       ? 1
                       : value_integer_parse(text, (size_t)n, ret_negative, ret_magnitude);
}

bool value_integer_fits(const struct oci_property *p, bool negative, uint64_t magnitude)
{
        if (negative)
                /* minimum is at least INT64_MIN, whose magnitude INT64_MAX does not reach */
                return p->minimum < 0 && magnitude - 1 <= (uint64_t) - (p->minimum + 1);
        return (p->minimum <= 0 || magnitude >= (uint64_t)p->minimum) && magnitude <= p->maximum;
}

void value_integer_store(const struct oci_property *p, void *where, bool negative, uint64_t magnitude)
{
        uint64_t value = negative ? UINT64_C(0) - magnitude : magnitude;
        uint16_t v16 = (uint16_t)value;
        uint32_t v32 = (uint32_t)value;

        /* Of signed integers too: two's complement. */
        if (p->width == sizeof(v16))
                memcpy(where, &v16, sizeof(v16));
        else if (p->width == sizeof(v32))
                memcpy(where, &v32, sizeof(v32));
        else
                memcpy(where, &value, sizeof(value));
}

void value_integer_load(const struct oci_property *p, const void *where, bool *ret_negative,
                        uint64_t *ret_magnitude)
{
        uint64_t value;
        uint16_t v16;
        uint32_t v32;
        bool negative;

        if (p->width == sizeof(v16)) {
                memcpy(&v16, where, sizeof(v16));
                value = p->is_signed ? (uint64_t)(int64_t)(int16_t)v16 : v16;
        } else if (p->width == sizeof(v32)) {
                memcpy(&v32, where, sizeof(v32));
                value = p->is_signed ? (uint64_t)(int64_t)(int32_t)v32 : v32;
        } else {
                memcpy(&value, where, sizeof(value));
        }
        negative = p->is_signed && (int64_t)value < 0;
        *ret_negative = negative;
        *ret_magnitude = negative ? UINT64_C(0) - value : value;
}

bool value_present(const struct oci_property *p, const char *object)
{
        const void *pointer;

        if (p->kind == OCI_IGNORED)
                return false;
        if (p->shape == OCI_ONE && (p->kind == OCI_BOOLEAN || p->kind == OCI_INTEGER))
                return *(const bool *)(object + p->has_offset);
        memcpy(&pointer, object + p->offset, sizeof(pointer));
        return pointer != NULL;
}

/* ---- strings ------------------------------------------------------------------------------------------- */

bool value_allowed(const struct oci_rule *rule, const char *s, size_t len)
{
        if (!rule)
                return true;
        if (len < rule->min_length)
                return false;
        if (rule->pattern && !pattern_matches(rule->pattern, s, len))
                return false;
        if (!rule->values)
                return true;
        for (const char *const *v = rule->values; *v; v++)
                if (strlen(*v) == len && memcmp(*v, s, len) == 0)
                        return true;
        return false;
}

/* ---- words --------------------------------------------------------------------------------------------- */

/* More names than this do not fit on a line that is to be read. */
#define MANY 9

static char *expected_string(const struct oci_rule *rule, const char *near, char *buf, size_t size)
{
        size_t len = 0, n;

        if (!rule || (!rule->values && !rule->expect)) {
                snprintf(buf, size, "a string");
                return buf;
        }
        if (rule->expect) {
                snprintf(buf, size, "%s", rule->expect);
                return buf;
        }
        n = strv_length(rule->values);
        if (n > MANY) {
                snprintf(buf, size, "one of %zu names such as \"%s\"", n, near ? near : rule->values[0]);
                return buf;
        }
        for (const char *const *v = rule->values; *v && len < size; v++)
                len += (size_t)snprintf(buf + len, size - len, "%s\"%s\"",
                                        v == rule->values ? "one of "
                                        : v[1]            ? ", "
                                                          : " or ",
                                        *v);
        return buf;
}

char *value_expected(const struct oci_property *p, bool element, const char *near, char *buf, size_t size)
{
        if (!element && p->shape != OCI_ONE) {
                snprintf(buf, size, p->shape == OCI_ARRAY ? "an array" : "an object");
                return buf;
        }
        switch (p->kind) {
        case OCI_STRING:
                return expected_string(p->rule, near, buf, size);
        case OCI_INTEGER:
                snprintf(buf, size, "an integer from %" PRId64 " to %" PRIu64, p->minimum, p->maximum);
                return buf;
        case OCI_BOOLEAN:
                snprintf(buf, size, "true or false");
                return buf;
        default:
                snprintf(buf, size, "an object");
                return buf;
        }
}

#define QUOTED_MAX ((size_t)60)

char *value_quoted(const char *what, const char *quote, const char *s, size_t len, char *buf, size_t size)
{
        size_t shown = utf8_length(s, len < QUOTED_MAX ? len : QUOTED_MAX);
        size_t n = (size_t)snprintf(buf, size, "%s%s", what, quote);

        for (size_t i = 0; i < shown && n + 16 < size; i++) {
                if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
                        n += (size_t)snprintf(buf + n, size - n, "\\u%04x", (unsigned)(unsigned char)s[i]);
                else if (s[i] == '"' || s[i] == '\\')
                        n += (size_t)snprintf(buf + n, size - n, "\\%c", s[i]);
                else
                        n += (size_t)snprintf(buf + n, size - n, "%c", s[i]);
        }
        snprintf(buf + n, size - n, "%s%s", shown < len ? "..." : "", quote);
        return buf;
}
