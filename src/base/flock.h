/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flock(2) with an end of its waiting. */
#ifndef BASE_FLOCK_H
#define BASE_FLOCK_H

/* Takes LOCK_EX or LOCK_SH on the open file of fd, and waits for it at most timeout_ms milliseconds. 0,
 * -ETIMEDOUT when another open file has it for so long, or -errno. */
int flock_wait(int fd, int lock, int timeout_ms);

#endif
