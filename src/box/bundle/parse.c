/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers, sizes, fractions, ports and restart policies, as the options of the command line have them.
 */
#include "box/bundle/parse.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

/* Digits, maybe a point and more digits: value * scale, rounded. Returns what follows, or NULL. */
static const char *decimal(const char *s, uint64_t scale, uint64_t *ret)
{
        const char *p = s;
        uint64_t whole = 0, part = 0, unit = 1;

        for (; isdigit((unsigned char)*p); p++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
                        return NULL;
        if (p == s)
                return NULL;
        if (*p == '.') {
                p++;
                for (; isdigit((unsigned char)*p); p++)
                        if (unit < 1000000) {
                                part = part * 10 + (uint64_t)(*p - '0');
                                unit *= 10;
                        }
        }
        if (__builtin_mul_overflow(whole, scale, &whole))
                return NULL;
        *ret = whole + (uint64_t)((double)part / (double)unit * (double)scale + 0.5);
        return p;
}

static int bad(const char *option, const char *text, const char *wanted, struct cfs_error *err)
{
        return err_set(err, CFS_E_INVALID, "--%s %s: %s", option, text, wanted);
}

int parse_bytes(const char *option, const char *text, bool unlimited, int64_t *ret, struct cfs_error *err)
{
        static const char units[] = "kmgtp";
        uint64_t scale = 1, n = 0;
        const char *p = text + strspn(text, "0123456789."), *unit;

        if (unlimited && STREQ(text, "-1")) {
                *ret = -1;
                return 0;
        }
        if (*p && (unit = strchr(units, tolower((unsigned char)*p)))) {
                for (const char *u = units; u <= unit; u++)
                        scale *= 1024;
                p++;
        }
        if (*p == 'i' && scale > 1)
                p++;
        if (*p == 'b' || *p == 'B')
                p++;
        if (*p || !decimal(text, scale, &n) || n > INT64_MAX)
                return bad(option, text, "expected a size in bytes, such as 512m or 1.5g", err);
        *ret = (int64_t)n;
        return 0;
}

int parse_milli(const char *option, const char *text, uint64_t *ret, struct cfs_error *err)
{
        const char *end = decimal(text, 1000, ret);

        if (!end || *end || *ret == 0)
                return bad(option, text, "expected a number above zero, such as 1.5", err);
        return 0;
}

int parse_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                 struct cfs_error *err)
{
        if (str_to_u64(text, ret) < 0 || *ret < min || *ret > max)
                return err_set(err, CFS_E_INVALID, "--%s %s: expected a number from %llu to %llu", option,
                               text, (unsigned long long)min, (unsigned long long)max);
        return 0;
}

int parse_signed(const char *option, const char *text, int32_t min, int32_t max, int32_t *ret,
                 struct cfs_error *err)
{
        int64_t n;

        if (str_to_i64(text, &n) < 0 || n < min || n > max)
                return err_set(err, CFS_E_INVALID, "--%s %s: expected a number from %d to %d", option, text,
                               min, max);
        *ret = (int32_t)n;
        return 0;
}

/* "80" or "8000-8010" */
static bool range(const char *s, size_t len, unsigned *ret_first, unsigned *ret_count)
{
        char buf[16], *dash;
        uint64_t first, last;

        if (len == 0 || len >= sizeof(buf))
                return false;
        memcpy(buf, s, len);
        buf[len] = '\0';
        dash = strchr(buf, '-');
        if (dash)
                *dash = '\0';
        if (str_to_u64(buf, &first) < 0 || str_to_u64(dash ? dash + 1 : buf, &last) < 0)
                return false;
        if (first < 1 || last > 65535 || last < first)
                return false;
        *ret_first = (unsigned)first;
        *ret_count = (unsigned)(last - first + 1);
        return true;
}

static int bad_port(const char *text, struct cfs_error *err)
{
        return bad("publish", text, "expected [ADDRESS:][HOSTPORT:]PORT[/tcp|udp|sctp]", err);
}

int parse_port(const char *text, struct parse_port *ret, struct cfs_error *err)
{
        const char *slash = strchr(text, '/'), *protocol = slash ? slash + 1 : "tcp";
        size_t len = slash ? (size_t)(slash - text) : strlen(text);
        const char *inner = text + len, *outer, *address;
        unsigned char binary[16];
        unsigned count;
        bool v6;

        *ret = (struct parse_port){ 0 };
        if (!STREQ(protocol, "tcp") && !STREQ(protocol, "udp") && !STREQ(protocol, "sctp"))
                return bad_port(text, err);
        (void)snprintf(ret->protocol, sizeof(ret->protocol), "%s", protocol);
        while (inner > text && inner[-1] != ':')
                inner--;
        if (!range(inner, (size_t)(text + len - inner), &ret->container, &ret->count))
                return bad_port(text, err);
        ret->host = ret->container;
        ret->any = true;
        if (inner == text)
                return 0;
        outer = inner - 1;
        while (outer > text && outer[-1] != ':')
                outer--;
        len = (size_t)(inner - 1 - outer);
        ret->any = len == 0 || (len == 1 && *outer == '0');
        if (!ret->any && (!range(outer, len, &ret->host, &count) || count != ret->count))
                return bad_port(text, err);
        if (outer == text)
                return 0;
        len = (size_t)(outer - 1 - text);
        v6 = len >= 2 && text[0] == '[' && text[len - 1] == ']';
        address = v6 ? text + 1 : text;
        len -= v6 ? 2 : 0;
        if (len >= sizeof(ret->address))
                return bad_port(text, err);
        memcpy(ret->address, address, len);
        return inet_pton(v6 ? AF_INET6 : AF_INET, ret->address, binary) == 1 ? 0 : bad_port(text, err);
}

int parse_restart(const char *text, enum parse_restart *ret, unsigned *ret_max, struct cfs_error *err)
{
        static const char prefix[] = "on-failure";
        uint64_t max = 0;

        *ret_max = 0;
        if (STREQ(text, "no")) {
                *ret = PARSE_RESTART_NO;
        } else if (STREQ(text, "always") || STREQ(text, "unless-stopped")) {
                *ret = PARSE_RESTART_ALWAYS;
        } else if (str_has_prefix(text, prefix) && (!text[strlen(prefix)] || text[strlen(prefix)] == ':')) {
                *ret = PARSE_RESTART_ON_FAILURE;
                if (text[strlen(prefix)] &&
                    (str_to_u64(text + sizeof(prefix), &max) < 0 || max < 1 || max > 1000000))
                        return bad("restart", text, "on-failure:N: N is a number above zero", err);
                *ret_max = (unsigned)max;
        } else {
                return bad("restart", text, "expected no, on-failure[:N], always or unless-stopped", err);
        }
        return 0;
}
