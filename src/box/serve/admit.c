/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules, one function each. Against: another user of the machine; a page from elsewhere that a browser
 * shows (cross-site request forgery); a name of an attacker that was made to lead to 127.0.0.1 (DNS
 * rebinding).
 */
#include "box/serve/admit.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#define COOKIE "cfs_box_token="

static bool is_address(const char *host, size_t len)
{
        char text[64];
        struct in6_addr a;

        if (len >= sizeof(text))
                return false;
        if (*host == '[') {
                (void)snprintf(text, sizeof(text), "%.*s", (int)len - 2, host + 1);
                return inet_pton(AF_INET6, text, &a) == 1;
        }
        (void)snprintf(text, sizeof(text), "%.*s", (int)len, host);
        return inet_pton(AF_INET, text, &a) == 1;
}

bool admit_host(const struct admit_rules *rules, const char *host)
{
        static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
        const char *end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":");
        uint64_t port = 80;
        size_t len;

        if (!end)
                return false;
        end += *host == '[';
        len = (size_t)(end - host);
        if (*end && (*end != ':' || str_to_u64(end + 1, &port) < 0))
                return false;
        if (port != rules->port)
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strlen(names[i]) == len && strncasecmp(names[i], host, len) == 0)
                        return true;
        return rules->any_address && is_address(host, len);
}

static unsigned check_host(const struct admit_rules *rules, const struct admit_request *q,
                           struct cfs_error *err)
{
        if (q->local)
                return 0;
        if (q->hosts != 1) {
                (void)err_set(err, CFS_E_INVALID, "the request has %s Host header",
                              q->hosts ? "more than one" : "no");
                return 400; /* RFC 9112, 3.2 */
        }
        if (admit_host(rules, q->host))
                return 0;
        (void)err_hint(err, err_set(err, CFS_E_INVALID, "Host `%.100s` is not this server", q->host),
                       "it is reached as http://127.0.0.1:%u or http://localhost:%u", rules->port,
                       rules->port);
        return 403;
}

/* `same-site` is foreign too: it is what the other ports of this machine are. */
static unsigned check_browser(const struct admit_request *q, struct cfs_error *err)
{
        bool navigation = q->page && STREQ(q->method, "GET") && q->fetch_mode &&
                          STREQ(q->fetch_mode, "navigate") && q->fetch_dest &&
                          STREQ(q->fetch_dest, "document");

        if (q->origin && (!str_has_prefix(q->origin, "http://") || !q->host ||
                          strcasecmp(q->origin + strlen("http://"), q->host) != 0)) {
                (void)err_set(err, CFS_E_INVALID, "a page of `%.100s` may not use this server", q->origin);
                return 403;
        }
        if (q->fetch_site && !STREQ(q->fetch_site, "same-origin") && !STREQ(q->fetch_site, "none") &&
            !navigation) {
                (void)err_set(err, CFS_E_INVALID, "a page of elsewhere (%.40s) may not use this server",
                              q->fetch_site);
                return 403;
        }
        return 0;
}

/* Is the session among the cookies? "a=b; cfs_box_token=...; c=d" */
static bool has_cookie(const char *cookies, const char *session)
{
        for (const char *p = cookies; p && *p;) {
                size_t len = strcspn(p, ";");
                char value[TOKEN_SIZE];

                if (str_has_prefix(p, COOKIE) && len == strlen(COOKIE) + TOKEN_SIZE - 1) {
                        (void)snprintf(value, sizeof(value), "%s", p + strlen(COOKIE));
                        if (token_equal(value, session))
                                return true;
                }
                p += len;
                p += strspn(p, "; ");
        }
        return false;
}

static bool has_token(const struct token *t, const struct admit_request *q)
{
        const char *given = q->authorization;

        if (given && strncasecmp(given, "Bearer ", strlen("Bearer ")) == 0) {
                given += strlen("Bearer ");
                given += strspn(given, " ");
                return token_equal(given, t->text);
        }
        return has_cookie(q->cookie, t->session);
}

unsigned admit(const struct admit_rules *rules, const struct admit_request *q, struct cfs_error *err)
{
        bool browser = q->origin || q->fetch;
        bool trusted = q->uid_known && (q->uid == 0 || q->uid == geteuid());
        unsigned status = check_host(rules, q, err);

        if (!status)
                status = check_browser(q, err);
        if (status || q->open || has_token(rules->token, q))
                return status;
        if (trusted && !browser && !q->authorization)
                return 0;
        if (!browser && q->uid_known && !q->authorization) {
                (void)err_hint(err, err_set(err, CFS_E_INVALID, "user %u may not use this server", q->uid),
                               "send its token: `Authorization: Bearer TOKEN`");
                return 403;
        }
        (void)err_hint(err,
                       err_set(err, CFS_E_INVALID, "%s",
                               q->authorization ? "the token is not right" : "a token is needed"),
                       "`cfs-box serve` prints it; it is in the file serve.token of the store's directory");
        return 401;
}
