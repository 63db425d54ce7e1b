/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values to write into the files of a cgroup, and into the properties of a systemd unit. */
#ifndef LIBCFS_CGROUP_SETTINGS_H
#define LIBCFS_CGROUP_SETTINGS_H

#include "libcfs/cgroup/hierarchy/handle.h"
#include <stdint.h>

/* How systemd takes a value: see systemd.c. */
enum setting_unit_type {
        UNIT_NONE,
        UNIT_U64,    /* t                                     */
        UNIT_SET,    /* ay: bit set of the list in `value`    */
        UNIT_DEVICE, /* a(st): path of a block device, number */
};

struct setting {
        const char *property;   /* below linux.resources: "memory.limit"                             */
        const char *controller; /* "memory"                                                          */
        char file[96];          /* "memory.max"; "": no file, a property of the unit alone           */
        char *value;            /* what is written                                                   */
        char alt_file[32];      /* when `file` does not exist: this one, or "" for none              */
        char *alt_value;
        bool optional;       /* when there is no such file, the value applies anyway               */
        const char *key;     /* the line of the file that the value replaces ("8:0"), or NULL       */
        const char *unset;   /* with key: what follows it when there was no such line              */
        char unit[32];       /* systemd's property, or ""                                          */
        unsigned unit_since; /* the first version of systemd that takes it; 0: all               */
        enum setting_unit_type unit_type;
        uint64_t unit_value;
        char *key_buf;
        /* While applying: */
        const struct hierarchy *h;
        bool done, saved;
        char *old;
};

struct settings {
        struct setting *p;
        size_t n, cap;
};

void settings_free(struct settings *s);
#define _cleanup_settings_ __attribute__((cleanup(settings_free)))

/* A new zeroed entry, or NULL: out of memory. */
struct setting *settings_add(struct settings *s);

/* Writes all settings to the directories of cg. With `rollback` it remembers the old values, and restores
 * them when a write fails. */
int settings_apply(struct settings *s, const struct cgroup *cg, bool rollback, struct cfs_error *err);

/* Puts back what settings_apply(rollback) replaced, for failures further on. */
void settings_undo(struct settings *s);

/* Writes all settings that were written once more, and ignores failures. */
void settings_again(struct settings *s);

/* The hierarchy of cg that has the controller, or NULL. v2's is taken for every controller that no v1 one
 * has. */
const struct hierarchy *settings_hierarchy(const struct cgroup *cg, const char *controller);

#endif
