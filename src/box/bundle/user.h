/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users and groups of an image, from its own /etc/passwd and /etc/group. The host's users and NSS are not
 * used.
 */
#ifndef BOX_BUNDLE_USER_H
#define BOX_BUNDLE_USER_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define USER_MAX_GROUPS 256

struct user {
        uint32_t uid, gid;
        uint32_t groups[USER_MAX_GROUPS];
        size_t n_groups;
        char home[256]; /* "/" when unknown */
};

/* `spec`: "USER[:GROUP]", names or numbers; NULL or "": root. root_fd: the root file system. */
int user_find(int root_fd, const char *spec, struct user *ret, struct cfs_error *err);

/* The same from the texts of the two files. For the unit test. */
int user_find_in(const char *passwd, const char *group, const char *spec, struct user *ret,
                 struct cfs_error *err);

/* Adds a supplementary group: a name in the image's /etc/group, or a number. */
int user_add_group(int root_fd, const char *name, struct user *u, struct cfs_error *err);

#endif
