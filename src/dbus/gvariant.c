/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text format of GVariant, as in
 *
 *         uint64 5000000    true    'inactive-or-failed'    ['a.target', 'b.target']    [('/dev/sda', uint64 7)]
 *
 * A number without a type is an int32, or a double when it has a point; a type in front of an array or a
 * tuple is written as a signature, "@as []", which an empty array cannot do without. What a property of a
 * unit can be: strings, booleans, numbers, arrays and tuples of these.
 *
 * D-Bus wants the signature in front of the value, and the signature of a text is only known at its end. So
 * the text is walked twice: the first time for the signature, the second time for the value.
 */
#include "dbus/gvariant.h"
#include "base/cleanup.h"
#include <errno.h>
#include <inttypes.h>

#define MAX_DEPTH     16
#define MAX_SIGNATURE 200

struct parser {
        const char *p;
        struct dbus_body *out; /* NULL: only the signature is wanted */
        char *sig;             /* grows; not for the elements of an array but the first */
        size_t n_sig;
        bool mute; /* do not add to sig */
};

static const struct {
        const char *word;
        char type;
} words[] = { { "boolean", 'b' }, { "byte", 'y' },   { "int16", 'n' },      { "uint16", 'q' },
              { "int32", 'i' },   { "uint32", 'u' }, { "int64", 'x' },      { "uint64", 't' },
              { "double", 'd' },  { "string", 's' }, { "objectpath", 'o' }, { "signature", 'g' } };

static int value(struct parser *s, const char *type, unsigned depth);

static void blanks(struct parser *s)
{
        s->p += strspn(s->p, " \t\n\r");
}

static int emit(struct parser *s, char type)
{
        if (s->mute)
                return 0;
        if (s->n_sig >= MAX_SIGNATURE)
                return -EINVAL;
        s->sig[s->n_sig++] = type;
        s->sig[s->n_sig] = '\0';
        return 0;
}

static size_t alignment(char type)
{
        switch (type) {
        case 'y':
        case 'g':
                return 1;
        case 'n':
        case 'q':
                return 2;
        case 'x':
        case 't':
        case 'd':
        case '(':
                return 8;
        default:
                return 4;
        }
}

static int string(struct parser *s, char type)
{
        char quote = *s->p, text[2048];
        size_t n = 0;

        for (s->p++; *s->p != quote; s->p++) {
                if (*s->p == '\\' && s->p[1] != '\0')
                        s->p++;
                if (*s->p == '\0' || n + 1 >= sizeof(text))
                        return -EINVAL;
                text[n++] = *s->p;
        }
        s->p++;
        text[n] = '\0';
        if (emit(s, type) < 0 || (type == 'g' && n > 255) || !strchr("sog", type))
                return -EINVAL;
        if (s->out && type == 'g')
                dbus_put_signature(s->out, text);
        else if (s->out)
                dbus_put_string(s->out, text);
        return 0;
}

static void put_number(struct dbus_body *b, char type, uint64_t bits)
{
        switch (alignment(type)) {
        case 1:
                dbus_put_byte(b, (uint8_t)bits);
                break;
        case 2:
                dbus_put_u16(b, (uint16_t)bits);
                break;
        case 4:
                dbus_put_u32(b, (uint32_t)bits);
                break;
        default:
                dbus_put_u64(b, bits);
                break;
        }
}

/* Does the integer fit the type? */
static bool fits(char type, bool negative, uint64_t magnitude)
{
        static const struct {
                char type;
                uint64_t lowest, highest; /* magnitudes */
        } ranges[] = { { 'y', 0, UINT8_MAX },  { 'n', 1U << 15, INT16_MAX },
                       { 'q', 0, UINT16_MAX }, { 'i', 1U << 31, INT32_MAX },
                       { 'u', 0, UINT32_MAX }, { 'x', 1ULL << 63, INT64_MAX },
                       { 't', 0, UINT64_MAX } };

        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
                if (ranges[i].type == type)
                        return magnitude <= (negative ? ranges[i].lowest : ranges[i].highest);
        }
        return false;
}

static int number(struct parser *s, char type)
{
        char text[64], *end = text;
        size_t n = strspn(s->p, "+-0123456789.eExXabcdefABCDEF");
        bool negative = *s->p == '-';
        uint64_t bits;

        if (n == 0 || n >= sizeof(text))
                return -EINVAL;
        memcpy(text, s->p, n);
        text[n] = '\0';
        s->p += n;
        if (!type)
                type = strpbrk(text, ".") || (!str_has_prefix(text, "0x") && strpbrk(text, "eE")) ? 'd' : 'i';
        if (type == 'd') {
                double d = strtod(text, &end);

                memcpy(&bits, &d, sizeof(bits));
        } else {
                char *digits = text + (negative || *text == '+');

                errno = 0;
                bits = strtoull(digits, &end, 0);
                /* strtoull() would take another sign. */
                if (errno || *digits < '0' || *digits > '9' || !fits(type, negative, bits))
                        return -EINVAL;
                if (negative)
                        bits = -bits;
        }
        if (*end || emit(s, type) < 0)
                return -EINVAL;
        if (s->out)
                put_number(s->out, type, bits);
        return 0;
}

/* The end of the first complete type of a signature, or NULL. */
static const char *type_end(const char *sig)
{
        while (*sig == 'a')
                sig++;
        if (*sig == '(') {
                for (sig++; *sig && *sig != ')';) {
                        sig = type_end(sig);
                        if (!sig)
                                return NULL;
                }
                return *sig ? sig + 1 : NULL;
        }
        return *sig && strchr("bynqiuxtdsog", *sig) ? sig + 1 : NULL;
}

static int add_signature(struct parser *s, const char *from, const char *to)
{
        for (; from < to; from++) {
                if (emit(s, *from) < 0)
                        return -EINVAL;
        }
        return 0;
}

/* The signature of one value, without consuming it. */
static int peek(struct parser *s, const char *type, char sig[MAX_SIGNATURE + 1], unsigned depth)
{
        struct parser ahead = { .p = s->p, .sig = sig };

        sig[0] = '\0';
        return value(&ahead, type, depth);
}

static int array(struct parser *s, const char *type, unsigned depth)
{
        const char *element = type ? type + 1 : NULL;
        char sig[MAX_SIGNATURE + 1], other[MAX_SIGNATURE + 1];
        bool was_mute = s->mute;
        size_t begin = 0;

        s->p++;
        blanks(s);
        if (*s->p == ']') {
                const char *end = element ? type_end(element) : NULL;

                if (!end || (size_t)(end - element) >= sizeof(sig))
                        return -EINVAL;
                memcpy(sig, element, (size_t)(end - element));
                sig[end - element] = '\0';
        } else if (peek(s, element, sig, depth + 1) < 0) {
                return -EINVAL;
        }
        if (emit(s, 'a') < 0 || add_signature(s, sig, sig + strlen(sig)) < 0)
                return -EINVAL;
        if (s->out)
                begin = dbus_put_array_begin(s->out, alignment(sig[0]));
        s->mute = true;
        while (*s->p != ']') {
                if (peek(s, sig, other, depth + 1) < 0 || !STREQ(sig, other) || value(s, sig, depth + 1) < 0)
                        return -EINVAL;
                blanks(s);
                if (*s->p != ',' && *s->p != ']')
                        return -EINVAL;
                s->p += *s->p == ',';
                blanks(s);
        }
        s->p++;
        s->mute = was_mute;
        if (s->out)
                dbus_put_array_end(s->out, begin);
        return 0;
}

static int tuple(struct parser *s, const char *type, unsigned depth)
{
        const char *member = type ? type + 1 : NULL;

        s->p++;
        if (emit(s, '(') < 0)
                return -EINVAL;
        if (s->out)
                dbus_put_align(s->out, 8);
        for (blanks(s); *s->p != ')'; blanks(s)) {
                if (value(s, member, depth + 1) < 0)
                        return -EINVAL;
                if (member)
                        member = type_end(member);
                blanks(s);
                if (*s->p != ',' && *s->p != ')')
                        return -EINVAL;
                s->p += *s->p == ',';
        }
        s->p++;
        return emit(s, ')');
}

/* "@as " or "uint64 " in front of a value: the type, in buf; or NULL. */
static const char *annotation(struct parser *s, char buf[MAX_SIGNATURE + 1])
{
        size_t n;

        if (*s->p == '@') {
                n = strcspn(++s->p, " \t");
                if (n > MAX_SIGNATURE)
                        return NULL;
                memcpy(buf, s->p, n);
                buf[n] = '\0';
                s->p += n;
                blanks(s);
                return type_end(buf) == buf + n ? buf : NULL;
        }
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                n = strlen(words[i].word);
                if (strncmp(s->p, words[i].word, n) == 0 && (s->p[n] == ' ' || s->p[n] == '\t')) {
                        s->p += n;
                        blanks(s);
                        buf[0] = words[i].type;
                        buf[1] = '\0';
                        return buf;
                }
        }
        return NULL;
}

static int boolean(struct parser *s, const char *type)
{
        bool yes = str_has_prefix(s->p, "true");

        if (type && *type != 'b')
                return -EINVAL;
        s->p += yes ? 4 : 5;
        if (emit(s, 'b') < 0)
                return -EINVAL;
        if (s->out)
                dbus_put_u32(s->out, yes);
        return 0;
}

/* type: what is expected (the first complete type of that signature), or NULL for anything. */
static int value(struct parser *s, const char *type, unsigned depth)
{
        char buf[MAX_SIGNATURE + 1];
        const char *said;

        if (depth > MAX_DEPTH)
                return -EINVAL;
        blanks(s);
        said = annotation(s, buf);
        if (said) {
                if (type && strncmp(said, type, strlen(said)) != 0)
                        return -EINVAL;
                type = said;
        }
        if (*s->p == '[')
                return type && *type != 'a' ? -EINVAL : array(s, type, depth);
        if (*s->p == '(')
                return type && *type != '(' ? -EINVAL : tuple(s, type, depth);
        if (*s->p == '\'' || *s->p == '"')
                return string(s, type ? *type : 's');
        if (str_has_prefix(s->p, "true") || str_has_prefix(s->p, "false"))
                return boolean(s, type);
        return number(s, type ? *type : 0);
}

/* A number of seconds, of any type, as microseconds. */
static int put_microseconds(struct dbus_body *b, const char *text)
{
        char buf[MAX_SIGNATURE + 1], *end;
        struct parser s = { .p = text };
        double d;

        blanks(&s);
        (void)annotation(&s, buf);
        d = strtod(s.p, &end);
        end += strspn(end, " \t\n\r");
        if (end == s.p || *end || !(d >= 0) || d > 1e13)
                return -EINVAL;
        dbus_put_signature(b, "t");
        dbus_put_u64(b, (uint64_t)(d * 1000000 + 0.5));
        return 0;
}

int gvariant_put(struct dbus_body *b, const char *text, bool seconds)
{
        char sig[MAX_SIGNATURE + 1] = "", again[MAX_SIGNATURE + 1] = "";
        struct parser s = { .p = text, .sig = sig };

        if (seconds)
                return put_microseconds(b, text);
        if (value(&s, NULL, 0) < 0)
                return -EINVAL;
        blanks(&s);
        if (*s.p)
                return -EINVAL;
        dbus_put_signature(b, sig);
        s = (struct parser){ .p = text, .sig = again, .out = b };
        return value(&s, NULL, 0);
}
