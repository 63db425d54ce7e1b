/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes by identity. The kernel reuses pids. A pid together with the start time of its process is unique
 * within one boot, and the boot ID tells boots apart. So cfs never signals an unrelated process, even when a
 * state directory survived a reboot. Another cfs may be in other namespaces: a pid means nothing in another
 * PID namespace, and a start time is converted from one time namespace to the other.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_BOOT_ID_SIZE 40

struct proc_identity {
        pid_t pid;
        uint64_t start_time; /* field 22 of /proc/PID/stat, clock ticks after boot */
        int64_t offset_ns;   /* what the time namespace of the process that read it adds to that */
        uint64_t pid_ns;     /* the inode of the PID namespace in which pid is counted; 0: not known */
        char boot_id[PROC_BOOT_ID_SIZE];
};

enum proc_status { PROC_GONE, PROC_ZOMBIE, PROC_ALIVE };

/* Fills the identity of a running process. -ESRCH when it is gone. No message. */
int proc_identify(pid_t pid, struct proc_identity *ret);

/* The id of this boot (proc_identity.boot_id), read once. 0 or -errno. */
int proc_boot_id(const char **ret);

/* Whether the process still exists: an enum proc_status, or -errno when that cannot be found out. An error
 * is never reported as PROC_GONE, and neither is another PID namespace (-EXDEV, as for proc_pidfd()). Costs
 * one read of /proc/PID/stat. The boot ID is compared only when `id` has one and the rest agrees; it is read
 * once. */
int proc_status(const struct proc_identity *id);

/* The same, and more of what /proc/PID/stat says of a process that is not gone. */
struct proc_sight {
        bool executed; /* it has called execve(2) since it was forked */
        bool asleep;   /* state S, T or t of proc(5): it waits for something, or is stopped */
        bool ending;   /* it is in exit(2): soon a zombie, and perhaps no longer in its cgroup */
};
int proc_look(const struct proc_identity *id, struct proc_sight *ret);

/* Only whether it has called execve(2): 1, 0 or -errno (-ESRCH: it is gone). For a child that has not been
 * reaped, the pid identifies it. */
int proc_executed(const struct proc_identity *id);
int proc_child_executed(pid_t pid);

/* Is our child, which has not been reaped, a zombie? 1, 0 or -errno. */
int proc_child_ended(pid_t pid);

/* Whether its pid and ours are counted in one PID namespace. 0, -EXDEV when not, or another -errno. */
int proc_same_pids(const struct proc_identity *id);

/* A pidfd that certainly refers to this process: it is opened, then the identity is verified. -ESRCH when the
 * process is gone, another -errno when that cannot be found out. */
int proc_pidfd(const struct proc_identity *id);

/* The wait status of a process that has ended, from a pidfd that was opened while it ran. The process need
 * not be a child of this one, and may have been reaped. -EAGAIN: it has not ended. Needs Linux 6.15;
 * another -errno before. */
int proc_wait_status(int pidfd, int *ret_status);

/* The wait status of a process that has ended and was not reaped, of which this one need not be the parent:
 * field 52 of /proc/PID/stat. 0 or -errno: -EAGAIN when it runs. Zero, too, for a process that we may not
 * trace. */
int proc_zombie_status(const struct proc_identity *id, int *ret_status);

/* pidfd_send_signal(2). 0 or -errno. */
int proc_signal(int pidfd, int sig);

/* Waits until the process behind the pidfd has ended (poll on the pidfd; needs not be our child).
 * timeout in ms, -1: for ever. 0 ended, -ETIMEDOUT, -errno. */
int proc_wait_gone(int pidfd, int timeout_ms);

/* Is it our child, and not reaped? Then the pid is its own until we reap it. 1, 0 or -errno. */
int proc_is_child(pid_t pid);

/* Reaps our child; returns the wait status in *ret_status. 0 or -errno. A call that is interrupted or refused
 * is tried again, for a second. */
int proc_reap(pid_t pid, int *ret_status);

/* Waits for the end of our child, and reaps it. 0, -ETIMEDOUT, -errno. Without a pidfd (-1) it waits for
 * ever. */
int proc_reap_in_time(pid_t pid, int pidfd, int timeout_ms, int *ret_status);

/* The same without waiting. 1: reaped. 0: it has not ended. */
int proc_try_reap(pid_t pid, int *ret_status);

/* Kills our child and reaps it. With a pidfd of it, -ETIMEDOUT when it does not end: one that the freezer of
 * cgroup v1 has stopped takes no SIGKILL until it is thawed. */
int proc_end(pid_t pid, int pidfd, int timeout_ms);

/* The exit code that a shell would report: the code, or 128 + signal. */
int proc_exit_code(int wait_status);

/* Calls f(data) in a child that then ends, and returns what f() returned, 0 or -errno: to try something
 * without a change to this process. */
int proc_try(int (*f)(void *data), void *data);

/* What the kernel says of a process that does not answer any more: "pid 7 is in state T (stopped), waits in
 * do_signal_stop". For messages. */
void proc_describe(pid_t pid, char *ret, size_t size);

/* Overwrites the environment of this process: other processes may be able to read /proc/PID/environ. */
void proc_forget_environment(void);

/* In a process that was just made: it gets SIGKILL when its parent ends, and ends at once when that has
 * happened already, of which the kernel does not tell (PR_SET_PDEATHSIG, prctl(2)). A parent in another PID
 * namespace cannot be looked for. */
void proc_end_with(pid_t parent);

/* The longest string that execve(2) takes as one argument or variable: 32 pages with the zero at its end. */
size_t proc_string_max(void);

#endif
