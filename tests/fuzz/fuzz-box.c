/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What cfs-box reads of people, images and other programs as text. The first byte says which parser gets the
 * rest: an amount, a port, a restart policy, a time, a filter, "USER:GROUP" with an image's passwd and group
 * (three texts, with NULs between them), a line of conmon's log, a configuration list of CNI, a digest.
 */
#include "fuzz.h"
#include "base/cleanup.h"
#include "box/bundle/parse.h"
#include "box/bundle/user.h"
#include "box/cmd/filter.h"
#include "box/core/digest.h"
#include "box/core/time.h"
#include "box/image/member.h"
#include "box/monitor/log.h"
#include "box/net/cni.h"
#include "box/net/slice.h"
#include "oci.h"

static void amounts(const char *text)
{
        struct cfs_error err = { 0 };
        int64_t bytes;
        uint64_t n;
        int32_t i;

        if (parse_bytes("--x", text, true, &bytes, &err) >= 0)
                CHECK(bytes >= -1);
        if (parse_bytes("--x", text, false, &bytes, &err) >= 0)
                CHECK(bytes >= 0);
        if (parse_number("--x", text, 3, 70000, &n, &err) >= 0)
                CHECK(n >= 3 && n <= 70000);
        if (parse_signed("--x", text, -5, 19, &i, &err) >= 0)
                CHECK(i >= -5 && i <= 19);
        if (parse_milli("--x", text, &n, &err) < 0)
                CHECK(err.text[0]);
}

static void port(const char *text)
{
        struct cfs_error err = { 0 };
        struct parse_port p;

        if (parse_port(text, &p, &err) < 0) {
                CHECK(err.text[0]);
                return;
        }
        CHECK(p.count > 0 && p.container > 0 && p.container + p.count - 1 <= 65535);
        CHECK(p.host + p.count - 1 <= 65535 && strnlen(p.address, sizeof(p.address)) < sizeof(p.address));
        CHECK(strcmp(p.protocol, "tcp") == 0 || strcmp(p.protocol, "udp") == 0 ||
              strcmp(p.protocol, "sctp") == 0);
}

static void restart(const char *text)
{
        struct cfs_error err = { 0 };
        enum parse_restart policy;
        unsigned max;

        if (parse_restart(text, &policy, &max, &err) >= 0)
                CHECK(policy <= PARSE_RESTART_ALWAYS && (max == 0 || policy == PARSE_RESTART_ON_FAILURE));
        else
                CHECK(err.text[0]);
}

static void when(const char *text)
{
        int64_t s, ns;

        if (time_parse_ns(text, &ns) && time_parse(text, &s))
                CHECK(text[0] < '0' || text[0] > '9' || !strchr(text, 'Z') || strchr(text, '.') ||
                      ns / 1000000000 == s);
}

static void filter(const char *text)
{
        const char *const filters[] = { text, NULL };
        struct oci_box_container c = { .id = (char *)"0123456789ab",
                                       .name = (char *)"web",
                                       .state = (char *)"running" };
        struct cfs_error err = { 0 };

        if (filter_check(filters, &err) < 0) {
                CHECK(err.text[0]);
                return;
        }
        (void)filter_has_state(filters);
        (void)filter_matches(filters, &c);
}

/* The next text, behind the NUL of this one. */
static const char *next(const char *text, const char *end)
{
        text += strlen(text);
        return text < end ? text + 1 : text;
}

static void user(const char *spec, const char *end)
{
        const char *passwd = next(spec, end), *group = next(passwd, end);
        struct cfs_error err = { 0 };
        struct user u;

        if (user_find_in(passwd, group, spec, &u, &err) < 0) {
                CHECK(err.text[0]);
                return;
        }
        CHECK(u.n_groups <= USER_MAX_GROUPS && strnlen(u.home, sizeof(u.home)) < sizeof(u.home) && u.home[0]);
}

static void log_line(const char *text, size_t len)
{
        struct log_line l;

        if (!log_parse(text, len, &l))
                return;
        CHECK(l.time >= text && l.time + l.time_len <= text + len);
        CHECK(l.text >= text && l.text + l.len <= text + len);
}

static void network(const char *text, size_t len)
{
        struct cfs_error err = { 0 };
        struct slice *slices = NULL;
        char *config = NULL;
        size_t n = 0;

        if (slice_objects(text, "plugins", &slices, &n, &err) >= 0) {
                for (size_t i = 0; i < n; i++) {
                        CHECK(slices[i].offset + slices[i].len <= len && text[slices[i].offset] == '{');
                        if (cni_config(text + slices[i].offset, slices[i].len, "name", "1.0.0", "{}", "{}",
                                       &config, &err) >= 0)
                                CHECK(config[0] == '{');
                        free(config);
                        config = NULL;
                }
        } else {
                CHECK(err.text[0]);
        }
        free(slices);
}

static void names(const char *text)
{
        struct cfs_error err = { 0 };
        char *path = NULL;

        if (digest_valid(text))
                CHECK(strlen(text) == 71 && !strchr(text, '/'));
        /* What becomes a path stays below the directory. */
        if (member_path(text, NULL, &path, &err) >= 0)
                CHECK(path[0] != '/' && strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0 &&
                      !strstr(path, "/../"));
        else
                CHECK(err.text[0]);
        free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text;

        if (size == 0)
                return 0;
        text = fuzz_text(data, size);
        switch (data[0]) {
        case 'a':
                amounts(text);
                break;
        case 'p':
                port(text);
                break;
        case 'r':
                restart(text);
                break;
        case 't':
                when(text);
                break;
        case 'f':
                filter(text);
                break;
        case 'u':
                user(text, text + size - 1);
                break;
        case 'l':
                log_line(text, size - 1);
                break;
        case 'c':
                network(text, strlen(text));
                break;
        default:
                names(text);
        }
        free(text);
        return 0;
}
