/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the host's users, for people to read: nothing may be decided by one. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdbool.h>
#include <stdint.h>

#define USER_NAME_SIZE 64

/* One that was looked for last, and is not looked for again. Begins as { 0 }. */
struct user_name {
        char name[USER_NAME_SIZE];
        uint32_t uid;
        bool known;
};

/* The name of a user in /etc/passwd, else the number; in n. */
const char *user_name(struct user_name *n, uint32_t uid);

#endif
