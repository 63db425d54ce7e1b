/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The seccomp agent: the program that decides about system calls whose action is SCMP_ACT_NOTIFY. See
 * agent.c. */
#ifndef LIBCFS_SECCOMP_AGENT_H
#define LIBCFS_SECCOMP_AGENT_H

#include "base/err.h"
#include <stddef.h>

/* Connects to the agent's socket. Returns the descriptor. */
int agent_connect(const char *path, struct cfs_error *err);

/* Sends one document with the listener. */
int agent_send(int agent, const char *path, const char *json, size_t len, int listener,
               struct cfs_error *err);

#endif
