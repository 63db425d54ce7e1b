/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running other programs: conmon, CNI plugins, skopeo, mmdebstrap.
 */
#ifndef BOX_CORE_PROCESS_H
#define BOX_CORE_PROCESS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process {
        const char *const
                *argv;          /* argv[0] has a slash, or is found in PATH                                 */
        const char *const *env; /* NULL-terminated additions, or NULL                                       */
        const char *input;      /* for its standard input; NULL: /dev/null                                  */
        bool inherit_output;    /* standard output and error are ours                                       */
        size_t max_output;      /* more is an error; 0: 1 MB                                                */
};

/* Runs it to its end. *ret_status is its exit code (128 + signal); what it wrote on standard output and
 * standard error, each ending in NUL, is freed by the caller; both may be NULL when inherited. Fails when
 * it cannot be started. */
int process_run(const struct process *p, int *ret_status, char **ret_out, char **ret_err,
                struct cfs_error *err);

/* Starts it with its standard output in a pipe, and this process's standard error. */
int process_start(const struct process *p, pid_t *ret_pid, int *ret_out_fd, struct cfs_error *err);
/* The same with standard error in a pipe of its own. */
int process_start_captured(const struct process *p, pid_t *ret_pid, int *ret_out_fd, int *ret_err_fd,
                           struct cfs_error *err);
int process_wait(pid_t pid, int *ret_status, struct cfs_error *err);

/* For programs that go on in the background. Makes all descriptors from 3 on close-on-exec, so that such a
 * program does not keep the caller's: a pipe whose reader waits for its end, a lock, a file on a file
 * system that is to be unmounted. */
int process_no_descriptors(struct cfs_error *err);

/* The path of a program in PATH and the directories of administrators; NULL: none. The caller frees. */
char *process_find(const char *name);

/* For -i with -t: an error when standard input is not a terminal. The end of a file would not reach the
 * terminal in the container, and the program would wait for ever. docker refuses that, too. */
int process_terminal_input(struct cfs_error *err);

/* Without --interactive: standard input becomes /dev/null, as with docker. So the command does not read
 * the input of a shell's `while read` loop around it. */
int process_no_input(struct cfs_error *err);

#endif
