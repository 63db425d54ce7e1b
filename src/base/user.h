/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the host's users, for display only: no decision may depend on a name. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdbool.h>
#include <stdint.h>

#define USER_NAME_SIZE 64

/* A cache of the user that was looked up last. Begins as { 0 }. */
struct user_name {
        char name[USER_NAME_SIZE];
        uint32_t uid;
        bool known;
};

/* The name of a user in /etc/passwd, or the number when there is none. Valid until the next call with n. */
const char *user_name(struct user_name *n, uint32_t uid);

#endif
