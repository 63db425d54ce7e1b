/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's text files, and small languages in strings. The first byte says which parser gets the rest:
 * /proc/PID/mountinfo, the cgroup hierarchies in it and in /proc/PID/cgroup, "0-3,7", a rule of devices.list,
 * uid_map, the options of a mount, resctrl's schemata, GVariant's text format, the name of a signal. A
 * container can put what it likes into a mount's path, an engine into a string.
 */
#include "fuzz.h"
#include "base/mountinfo.h"
#include "base/numlist.h"
#include "libcfs/cfs.h"
#include "dbus/dbus.h"
#include "dbus/gvariant.h"
#include "libcfs/cgroup/devices/rules.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/mount/mount_options.h"
#include "libcfs/process/id_map.h"
#include "oci.h"
#include "resctrl/resctrl.h"
#include <errno.h>
#include <linux/mount.h>
#include <signal.h>

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

/* What is read is written the same way. */
static void device_rule(const char *text)
{
        char once[RULES_TEXT_SIZE], twice[RULES_TEXT_SIZE];
        struct rule r, again;

        if (rules_parse(text, &r) < 0)
                return;
        CHECK((r.access & ~(unsigned)RULES_RWM) == 0);
        (void)rules_format(&r, once);
        if (strchr("abc", r.type) && r.access) {
                CHECK(rules_parse(once, &again) == 0 && rules_same_devices(&r, &again));
                CHECK(strcmp(rules_format(&again, twice), once) == 0);
        }
}

static void id_map(const char *text)
{
        struct oci_arena *arena = oci_arena_new();
        struct cfs_error err = { 0 };
        struct id_map map = { 0 };
        uint32_t host;

        CHECK(arena);
        if (id_map_parse(text, arena, &map, &err) >= 0) {
                (void)id_map_root(&map);
                for (size_t i = 0; i < map.n; i++)
                        if (map.lines[i]->size > 0)
                                CHECK(id_map_host(&map, map.lines[i]->container_id, &host));
        } else {
                CHECK(err.text[0]);
        }
        oci_arena_free(arena);
}

static struct mount_options options_of(char **words, size_t n, struct oci_arena *arena)
{
        struct oci_mount m = {
                .destination = (char *)"/x", .type = (char *)"tmpfs", .options = words, .n_options = n
        };
        struct mount_options o;
        struct cfs_error err;

        CHECK(mount_options_parse(&m, arena, &o, &err) == 0);
        return o;
}

static bool same_attrs(const struct mount_attrs *a, const struct mount_attrs *b)
{
        return a->set == b->set && a->clr == b->clr;
}

/* One word a line. Later options win, so all of them said twice mean the same; none is set and cleared. */
static void mount_words(char *text)
{
        struct oci_arena *arena = oci_arena_new();
        struct mount_options once, twice;
        char *words[64], *word;
        size_t n = 0, len = strlen(text);

        CHECK(arena);
        while (n < 32 && (word = strsep(&text, "\n")))
                words[n++] = word;
        once = options_of(words, n, arena);
        memcpy(words + n, words, n * sizeof(*words));
        twice = options_of(words, 2 * n, arena);
        CHECK(same_attrs(&once.all, &twice.all) && once.flags == twice.flags);
        CHECK((once.top.set & ~(uint64_t)MOUNT_ATTR__ATIME) ==
              (twice.top.set & ~(uint64_t)MOUNT_ATTR__ATIME));
        CHECK(once.sb_set == twice.sb_set && once.sb_clr == twice.sb_clr && (once.sb_set & once.sb_clr) == 0);
        CHECK((once.top.set & once.top.clr & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
        CHECK(once.n_propagation <= MOUNT_MAX_PROPAGATION && twice.n_data == 2 * once.n_data);
        for (size_t i = 0; i < once.n_data; i++)
                CHECK(once.data[i] && *once.data[i] && strlen(once.data[i]) <= len);
        CHECK(!once.data[once.n_data]);
        (void)mount_options_data(&once, "size");
        oci_arena_free(arena);
}

/* The part in front of the first NUL is what is asked for. */
static void schemata(char *text, const char *end)
{
        char *have = text + strlen(text);

        have = have < end ? have + 1 : have;
        (void)resctrl_agrees(text, have);
}

static void gvariant(const char *text)
{
        for (int seconds = 0; seconds < 2; seconds++) {
                struct dbus_body b = { 0 };

                (void)gvariant_put(&b, text, seconds);
                dbus_body_free(&b);
        }
}

static void signal_name(const char *text)
{
        int n = cfs_signal_number(text);

        CHECK(n == -EINVAL || (n >= 0 && n <= SIGRTMAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text;

        if (size == 0)
                return 0;
        text = fuzz_text(data, size);
        if (data[0] == 'n')
                numlist(text);
        else if (data[0] == 'm')
                mountinfo(text);
        else if (data[0] == 'd')
                device_rule(text);
        else if (data[0] == 'i')
                id_map(text);
        else if (data[0] == 'o')
                mount_words(text);
        else if (data[0] == 'r')
                schemata(text, text + size - 1);
        else if (data[0] == 'g')
                gvariant(text);
        else if (data[0] == 's')
                signal_name(text);
        else
                hierarchies(text, text + size - 1);
        free(text);
        return 0;
}
