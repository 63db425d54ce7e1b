/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the main() of cfs and the main() of cfs-box do alike, at their beginning, at their end, and with the
 * words that follow a command's name.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "cli/helptext.h"

/*
 * Before anything is opened:
 *
 *   descriptors 0, 1 and 2   are opened on /dev/null where the caller has closed them (POSIX lets it): the next
 *                            file that is opened would get the number, and every message would be written to it.
 *   SIGCHLD                  gets its default action: where it is ignored, children leave no exit code behind
 *                            (sigaction(2)), and execve(2) keeps what the caller chose.
 *   SIGXFSZ                  is ignored: a write beyond RLIMIT_FSIZE then fails with EFBIG, which is reported
 *                            and undone like any other failure. Containers and hooks get its default action.
 */
void program_begin(void);

/* Before a command runs: is the caller's RLIMIT_STACK enough for it? Otherwise it would end by SIGSEGV half
 * way, without a word. */
int program_check_stack(struct cfs_error *err);

/* What writes to a standard output that the caller closed: this program, whose output would be lost without a
 * message (so its writes fail with EBADF, write(2)), or a container, for which it is a null device. */
enum program_writer { PROGRAM_WRITES, CONTAINER_WRITES };
void program_closed_output(enum program_writer writer);

/* At the end: what the command wrote to standard output may not have arrived (a full disk, a closed pipe). */
int program_flush(struct cfs_error *err);

/* The options and arguments of one command. */
struct program_words {
        const struct option_def *options;
        void *values; /* the structure that the offsets of `options` are of */
        struct options_rest rest;
};
void program_words_free(struct program_words *w);
#define _cleanup_program_words_ __attribute__((cleanup(program_words_free)))

/*
 * Parses `words`, what follows the name of command `t` in the command line of `program` (NULL-terminated),
 * and checks how many arguments there are. When --help is among the words, it prints the help of the command.
 *
 * The caller zeroes *w before, and frees it afterwards, also after an error. Returns 1 when the command is to
 * run, 0 when its help was printed, or a negative errno.
 */
int program_parse(struct program_words *w, const char *program, const struct helptext *t, const char **words,
                  struct cfs_error *err);

#endif
