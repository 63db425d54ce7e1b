/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the host's users, for people to read: nothing may be decided by one. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdint.h>

#define USER_NAME_SIZE 64

/* The name of a user in /etc/passwd, else the number. */
void user_name(uint32_t uid, char buf[USER_NAME_SIZE]);

#endif
