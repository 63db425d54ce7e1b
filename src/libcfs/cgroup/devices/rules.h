/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources.devices as a list of rules. */
#ifndef LIBCFS_CGROUP_RULES_H
#define LIBCFS_CGROUP_RULES_H

#include "base/err.h"
#include "libcfs/cgroup/hierarchy/types.h"
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>

#define RULES_RWM (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)

struct rule {
        bool allow;
        char type;            /* 'a': both kinds, 'b', 'c'     */
        int64_t major, minor; /* -1: any                       */
        unsigned access;      /* BPF_DEVCG_ACC_*               */
};

struct rules {
        struct rule *p;
        size_t n, cap;
};

static inline void rules_free(struct rules *r)
{
        free(r->p);
        *r = (struct rules){ 0 };
}
#define _cleanup_rules_ __attribute__((cleanup(rules_free)))

/* The rules for rq, in the order in which they apply. The first rule is about all devices; the others are
 * about single ones. */
int rules_list(const struct cgroup_request *rq, struct rules *ret, struct cfs_error *err);

/* Reports each malformed rule of the document. */
void rules_check(const struct cgroup_request *rq, void (*report)(void *data, const struct cfs_error *problem),
                 void *data);

int rules_add(struct rules *list, const struct rule *rule, struct cfs_error *err);

/* Is it about every device, in every way? */
bool rules_is_catch_all(const struct rule *r);

/* Is there a device that both rules are about? */
bool rules_overlap(const struct rule *a, const struct rule *b);
bool rules_same_devices(const struct rule *a, const struct rule *b);

#define RULES_TEXT_SIZE 64
/* "c 1:3 rwm", as devices.allow takes it. */
const char *rules_format(const struct rule *r, char buf[RULES_TEXT_SIZE]);

/* The reverse, for devices.list. 0 or -EINVAL. */
int rules_parse(const char *text, struct rule *ret);

#endif
