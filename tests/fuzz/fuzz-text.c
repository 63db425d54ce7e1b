/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's text files, and lists of numbers. The first byte says which parser gets the rest:
 * /proc/PID/mountinfo, the cgroup hierarchies in it and in /proc/PID/cgroup, or "0-3,7". A container can put
 * what it likes into a mount's path.
 */
#include "fuzz.h"
#include "base/mountinfo.h"
#include "base/numlist.h"
#include "libcfs/cgroup/hierarchy/detect.h"

static void numlist(const char *text)
{
        struct cfs_error err = { 0 };
        struct numlist l = { 0 };

        if (numlist_parse(text, &l, &err) < 0) {
                CHECK(err.text[0]);
                return;
        }
        (void)numlist_has(&l, 0);
        (void)numlist_has(&l, 1U << 20);
        (void)numlist_empty(&l);
        numlist_free(&l);
}

static void mountinfo(char *text)
{
        struct mountinfo m = { 0 };
        const char *end = text + strlen(text);
        unsigned n = 0;

        mountinfo_use(&m, text);
        while (mountinfo_next(&m)) {
                const char *fields[] = { m.root, m.point, m.options, m.tags, m.type, m.source, m.super };

                for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
                        CHECK(fields[i] && (fields[i] + strlen(fields[i]) <= end));
                CHECK(++n <= (unsigned)(end - text));
        }
        mountinfo_free(&m);
}

/* The part in front of the first NUL is the mount table, the rest /proc/self/cgroup. */
static void hierarchies(char *text, char *end)
{
        struct detect_host host = { 0 };
        struct cfs_error err = { 0 };
        struct mountinfo m = { 0 };
        char *own = text + strlen(text);

        mountinfo_use(&m, text);
        if (detect_parse_mounts(&m, &host, &err) >= 0 &&
            detect_parse_own(own < end ? own + 1 : own, &host, &err) >= 0) {
                CHECK(host.n <= CGROUP_MAX_HIERARCHIES);
                for (size_t i = 0; i < host.n; i++) {
                        CHECK(host.mount[i].name && host.mount[i].point && host.mount[i].root &&
                              host.mount[i].own);
                        (void)detect_has(host.mount[i].name, "cpu");
                        (void)detect_lists(host.mount[i].name, "cpu");
                }
        }
        mountinfo_free(&m);
        detect_free(&host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text;

        if (size == 0)
                return 0;
        text = malloc(size);
        CHECK(text);
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        if (data[0] == 'n')
                numlist(text);
        else if (data[0] == 'm')
                mountinfo(text);
        else
                hierarchies(text, text + size - 1);
        free(text);
        return 0;
}
