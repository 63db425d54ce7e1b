/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes by identity. A pid alone is reused; pid + start time is unique within one boot, and the boot id
 * tells boots apart, so a state directory that survived a reboot never makes cfs signal a stranger.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include "base/err.h"
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_BOOT_ID_SIZE 40

struct proc_identity {
        pid_t pid;
        uint64_t start_time; /* field 22 of /proc/PID/stat, clock ticks after boot */
        char boot_id[PROC_BOOT_ID_SIZE];
};

enum proc_status { PROC_GONE, PROC_ZOMBIE, PROC_ALIVE };

/* Fills the identity of a running process. -ESRCH when it is gone. No message. */
int proc_identify(pid_t pid, struct proc_identity *ret);

/* The id of this boot (proc_identity.boot_id), read once. 0 or -errno. */
int proc_boot_id(const char **ret);

/* What became of it: an enum proc_status, or -errno when that cannot be told: never PROC_GONE because a
 * look failed. Cheap: one read of /proc/PID/stat. The boot id is compared when `id` has one and the rest
 * fits (it is read once per run of cfs). */
int proc_status(const struct proc_identity *id);

/* The same; and what else is seen of one that is not gone. */
struct proc_sight {
        bool executed; /* it has executed a program, and is not a fork of the process that made it any more */
        bool asleep;   /* S, T or t of proc(5): it waits for something, or is stopped */
        bool ending;   /* it will be a zombie, and may have left its cgroup */
};
int proc_look(const struct proc_identity *id, struct proc_sight *ret);

/* Only that: 1, 0 or -errno, -ESRCH when it is gone. Of a child that is not reaped, the pid is enough. */
int proc_executed(const struct proc_identity *id);
int proc_child_executed(pid_t pid);

/* A pidfd that is certain to refer to that very process: opened, then verified. -ESRCH when it is gone,
 * another -errno when that cannot be told. */
int proc_pidfd(const struct proc_identity *id);

/* The wait status of a process that has ended, from a pidfd that was opened before. The process need not be
 * our child, and may be reaped already. -EAGAIN when it has not ended, another -errno before Linux 6.15. */
int proc_wait_status(int pidfd, int *ret_status);

/* pidfd_send_signal(2). 0 or -errno. */
int proc_signal(int pidfd, int sig);

/* Waits until the process behind the pidfd has ended (poll on the pidfd; needs not be our child).
 * timeout in ms, -1: for ever. 0 ended, -ETIMEDOUT, -errno. */
int proc_wait_gone(int pidfd, int timeout_ms);

/* Is it our child, and not reaped? Then the pid is its own until we reap it. 1, 0 or -errno. */
int proc_is_child(pid_t pid);

/* Reaps our child; returns the wait status in *ret_status. 0 or -errno. EINTR is retried. */
int proc_reap(pid_t pid, int *ret_status);

/* The exit code that a shell would report: the code, or 128 + signal. */
int proc_exit_code(int wait_status);

/* What f(data) returns, 0 or -errno, when a child calls it that ends at once: whether something would
 * work. */
int proc_try(int (*f)(void *data), void *data);

/* For an operation that has something to take back: blocks the signals that are to end us (SIGTERM, SIGINT,
 * SIGHUP, SIGQUIT), so that it can look for them. */
void proc_block_ends(sigset_t *ret_old);

/* One of them that is blocked, pending and not ignored; or 0. It is taken, or it would end us before an error
 * is said. */
int proc_take_end(void);

/* "pid 7 is in state T (stopped), waits in do_signal_stop", as the kernel has it: of a process that is
 * not heard of any more. */
void proc_describe(pid_t pid, char *ret, size_t size);

/* Erases our copy of the environment, which others may read in /proc/PID/environ. */
void proc_forget_environment(void);

/* Name or number ("KILL", "SIGKILL", "kill", "9", "RTMIN+1") -> number, or -EINVAL. */
int proc_signal_number(const char *name);

/*
 * Puts signals (bit 0 is signal 1) to their default action, and blocks none: what the caller ignored or
 * blocked survives an execve, and the program would wonder. By the system call itself: glibc keeps signals 32
 * and 33 for itself, and its posix_spawn(3) leaves them ignored in whatever it starts. Safe after vfork, in a
 * process that shares no signal handlers.
 */
void proc_default_signals(uint64_t which);

/* The longest string that execve(2) takes as one argument or variable: 32 pages with the zero at its end. */
size_t proc_string_max(void);

/* The signals that this process ignores, for the above: bit 0 is signal 1 (SigIgn, proc(5)). To ask is
 * three system calls, to reset all is 64. All ones when it cannot be told (a long list of groups fills the
 * buffer). *ret_pid is our pid as this procfs has it, or 0 when that cannot be told. */
uint64_t proc_ignored_signals(int proc_fd, pid_t *ret_pid);

#endif
