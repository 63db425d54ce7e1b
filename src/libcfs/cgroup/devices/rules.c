/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which devices a container may use (config-linux.md, "Allowed Device list").
 *
 * Rules are applied in the listed order: for each device and each kind of access (read, write, mknod) the
 * last rule that covers it decides. What no rule covers is denied; a document without rules is one that
 * denies everything else.
 *
 * The default devices have to work whatever the document says about all devices together, and no engine lists
 * them all. So they count as allowed right after the last rule for all devices: a later rule that names one
 * of them still has the last word on reading and writing.
 *
 * Making a node is not using it, and needs CAP_MKNOD; docker gives that capability to every container and
 * counts on the runtime for the permission (`RUN mknod ...` in a Dockerfile). So under rules mknod is allowed
 * for every device, last, where v1 can express it. The nodes of the defaults and of linux.devices are made by
 * the init when it is in the cgroup already: theirs are allowed in any case. When the document has no rules
 * at all, the devices of linux.devices can be used as well: listing them there is then the only way to ask
 * for them.
 *
 * Where every device is allowed (privileged containers) nothing is added.
 */
#include "libcfs/cgroup/devices/rules.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <inttypes.h>
#include <stdio.h>

/* null, zero, full, random, urandom, tty, ptmx, and the terminals behind /dev/console and /dev/pts; and
 * net/tun, which VPNs in containers bind or make: runc took it out once and had to put it back. The host's
 * console (5:1), which crun allows, is not among them: it is the host's, and the container's /dev/console
 * is another device. */
static const struct rule defaults[] = {
        { true, 'c', 1, 3, RULES_RWM }, { true, 'c', 1, 5, RULES_RWM },    { true, 'c', 1, 7, RULES_RWM },
        { true, 'c', 1, 8, RULES_RWM }, { true, 'c', 1, 9, RULES_RWM },    { true, 'c', 5, 0, RULES_RWM },
        { true, 'c', 5, 2, RULES_RWM }, { true, 'c', 136, -1, RULES_RWM }, { true, 'c', 10, 200, RULES_RWM },
};

static const struct rule mknod_any = { true, 'a', -1, -1, BPF_DEVCG_ACC_MKNOD };

int rules_add(struct rules *list, const struct rule *rule, struct cfs_error *err)
{
        if (list->n == list->cap) {
                size_t cap = list->cap ? list->cap * 2 : 32;
                struct rule *p = reallocarray(list->p, cap, sizeof(*p));

                if (!p)
                        return err_nomem(err);
                list->p = p;
                list->cap = cap;
        }
        list->p[list->n++] = *rule;
        return 0;
}

bool rules_is_catch_all(const struct rule *r)
{
        return r->type == 'a' && r->major < 0 && r->minor < 0 && r->access == RULES_RWM;
}

bool rules_overlap(const struct rule *a, const struct rule *b)
{
        return (a->type == 'a' || b->type == 'a' || a->type == b->type) &&
               (a->major < 0 || b->major < 0 || a->major == b->major) &&
               (a->minor < 0 || b->minor < 0 || a->minor == b->minor) && (a->access & b->access);
}

bool rules_same_devices(const struct rule *a, const struct rule *b)
{
        return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static int parse_access(const char *s, unsigned *ret)
{
        *ret = 0;
        for (; *s; s++) {
                if (*s == 'r')
                        *ret |= BPF_DEVCG_ACC_READ;
                else if (*s == 'w')
                        *ret |= BPF_DEVCG_ACC_WRITE;
                else if (*s == 'm')
                        *ret |= BPF_DEVCG_ACC_MKNOD;
                else
                        return -EINVAL;
        }
        return *ret ? 0 : -EINVAL;
}

/* Any number of it, or one: -1 is "any". The kernel's are of 32 bits (struct bpf_cgroup_dev_ctx), and what is
 * longer must not be taken for another device. */
static int number_of(bool has, int64_t n, const char *name, size_t i, int64_t *ret, struct cfs_error *err)
{
        *ret = has && n >= 0 ? n : -1;
        if (*ret <= UINT32_MAX)
                return 0;
        return err_property(err,
                            err_set(err, CFS_E_INVALID, "%" PRId64 " is more than %" PRIu32, n, UINT32_MAX),
                            "linux.resources.devices[%zu].%s", i, name);
}

/* One rule of the document. */
static int from_document(const struct oci_device_rule *d, size_t i, struct rule *ret, struct cfs_error *err)
{
        const char *type = str_empty(d->type) ? "a" : d->type;

        *ret = (struct rule){ .allow = d->allow, .access = RULES_RWM };
        if (STREQ(type, "u"))
                type = "c";
        if (!STREQ(type, "a") && !STREQ(type, "b") && !STREQ(type, "c"))
                return err_property(
                        err, err_set(err, CFS_E_INVALID, "`%s` is not a type of device (a, b or c)", type),
                        "linux.resources.devices[%zu].type", i);
        ret->type = type[0];
        if (number_of(d->has_major, d->major, "major", i, &ret->major, err) < 0 ||
            number_of(d->has_minor, d->minor, "minor", i, &ret->minor, err) < 0)
                return -EINVAL;
        if (!str_empty(d->access) && parse_access(d->access, &ret->access) < 0)
                return err_property(err,
                                    err_set(err, CFS_E_INVALID, "`%s` is not made of r, w and m", d->access),
                                    "linux.resources.devices[%zu].access", i);
        return 0;
}

void rules_check(const struct cgroup_request *rq, void (*report)(void *data, const struct cfs_error *problem),
                 void *data)
{
        for (size_t i = 0; rq->resources && i < rq->resources->n_devices; i++) {
                struct cfs_error err = { 0 };
                struct rule rule;

                if (from_document(rq->resources->devices[i], i, &rule, &err) < 0)
                        report(data, &err);
        }
}

/* The nodes that the init makes: with `access`. */
static int add_nodes(struct rules *list, const struct cgroup_request *rq, unsigned access,
                     struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; i < rq->n_devices && r >= 0; i++) {
                const struct oci_device *d = rq->devices[i];
                struct rule rule = { true, 'c', d->major, d->minor, access };

                if (d->type && STREQ(d->type, "b"))
                        rule.type = 'b';
                else if (!d->type || STREQ(d->type, "p"))
                        continue;
                r = rules_add(list, &rule, err);
        }
        return r;
}

static int add_defaults(struct rules *list, unsigned access, struct cfs_error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
                struct rule rule = defaults[i];
                int r;

                rule.access = access;
                r = rules_add(list, &rule, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int rules_list(const struct cgroup_request *rq, struct rules *ret, struct cfs_error *err)
{
        size_t n = rq->resources ? rq->resources->n_devices : 0, first = 0;
        struct rule all = { false, 'a', -1, -1, RULES_RWM }, rule;
        _cleanup_rules_ struct rules list = { 0 };
        bool denies = false;
        int r;

        for (size_t i = 0; i < n; i++) {
                r = from_document(rq->resources->devices[i], i, &rule, err);
                if (r < 0)
                        return r;
                if (rules_is_catch_all(&rule)) {
                        all = rule;
                        first = i + 1;
                }
        }
        r = rules_add(&list, &all, err);
        if (r >= 0 && !all.allow)
                r = add_defaults(&list, RULES_RWM, err);
        if (r >= 0 && n == 0)
                r = add_nodes(&list, rq, RULES_RWM, err);
        for (size_t i = first; i < n && r >= 0; i++) {
                r = from_document(rq->resources->devices[i], i, &rule, err);
                if (r >= 0)
                        r = rules_add(&list, &rule, err);
                denies = denies || !rule.allow;
        }
        if (r >= 0 && n > 0 && !all.allow)
                r = rules_add(&list, &mknod_any, err);
        else if (r >= 0 && denies)
                r = add_defaults(&list, BPF_DEVCG_ACC_MKNOD, err);
        if (r >= 0 && denies && all.allow)
                r = add_nodes(&list, rq, BPF_DEVCG_ACC_MKNOD, err);
        if (r < 0)
                return r;
        *ret = list;
        list = (struct rules){ 0 };
        return 0;
}

static void format_number(int64_t n, char buf[24])
{
        if (n < 0)
                (void)snprintf(buf, 24, "*");
        else
                (void)snprintf(buf, 24, "%" PRId64, n);
}

const char *rules_format(const struct rule *r, char buf[RULES_TEXT_SIZE])
{
        char major[24], minor[24];

        format_number(r->major, major);
        format_number(r->minor, minor);
        (void)snprintf(buf, RULES_TEXT_SIZE, "%c %s:%s %s%s%s", r->type, major, minor,
                       r->access & BPF_DEVCG_ACC_READ ? "r" : "", r->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
                       r->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
        return buf;
}

int rules_parse(const char *text, struct rule *ret)
{
        char type, major[24], minor[24], access[8];
        uint64_t number;

        *ret = (struct rule){ .allow = true, .major = -1, .minor = -1 };
        if (sscanf(text, "%c %23[0-9*]:%23[0-9*] %7s", &type, major, minor, access) != 4)
                return -EINVAL;
        ret->type = type;
        if (!STREQ(major, "*")) {
                if (str_to_u64(major, &number) < 0 || number > INT64_MAX)
                        return -EINVAL;
                ret->major = (int64_t)number;
        }
        if (!STREQ(minor, "*")) {
                if (str_to_u64(minor, &number) < 0 || number > INT64_MAX)
                        return -EINVAL;
                ret->minor = (int64_t)number;
        }
        return parse_access(access, &ret->access);
}
