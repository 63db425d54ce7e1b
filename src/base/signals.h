/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals: see signals.c. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* For an operation that must clean up when it is interrupted: blocks the signals that ask a process to end
 * (SIGTERM, SIGINT, SIGHUP, SIGQUIT). It then looks for them with signals_take_end(). */
void signals_block_ends(sigset_t *ret_old);

/* One of these signals that is blocked, pending and not ignored; or 0. It is no longer pending then:
 * otherwise it would end this process, once unblocked, before the error message. */
int signals_take_end(void);

/* Name or number ("KILL", "SIGKILL", "kill", "9", "RTMIN+1") -> number, or -EINVAL. */
int signals_number(const char *name);

/* The signals that this process ignores, for signals_default(): bit 0 is signal 1 (SigIgn, proc(5)).
 * Reading them takes three system calls; resetting all signals would take 64. All bits are set when they
 * cannot be read (a long list of groups fills the buffer). *ret_pid is the pid of this process in this
 * procfs, or 0 when it cannot be read. */
uint64_t signals_ignored(int proc_fd, pid_t *ret_pid);

/*
 * Gives signals (bit 0 of `which` is signal 1) their default action, and unblocks all. Ignored and blocked
 * signals survive an execve(2), so the program would otherwise inherit what the caller of cfs ignored or
 * blocked. This uses the system call directly: glibc reserves signals 32 and 33, and its posix_spawn(3)
 * leaves them ignored. Safe after vfork(2), in a process that does not share its signal handlers
 * (CLONE_SIGHAND).
 */
void signals_default(uint64_t which);

#endif
