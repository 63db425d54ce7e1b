/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame of a program that has commands: see program.h. What differs between cfs and cfs-box (where a
 * failure is written, which directories are found, what is printed as help) is in the two main.c.
 */
#include "cli/program.h"
#include "cli/output.h"
#include "base/err.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

static bool output_was_closed;

static void open_standard_descriptors(void)
{
        struct pollfd p[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

        if (poll(p, 3, 0) <= 0) /* the usual case: nothing to say of any of them */
                return;
        for (int fd = 0; fd <= 2; fd++)
                if (p[fd].revents & POLLNVAL) /* allowed: stays open on purpose */
                        (void)open("/dev/null", O_RDWR);
        output_was_closed = p[1].revents & POLLNVAL;
}

void program_closed_output(enum program_writer writer)
{
        int fd;

        if (!output_was_closed)
                return;
        fd = writer == PROGRAM_WRITES ? open("/dev/null", O_RDONLY | O_CLOEXEC)
                                      : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return;
        (void)dup2(fd, STDOUT_FILENO);
        (void)close(fd);
}

void program_begin(void)
{
        struct sigaction standard = { .sa_handler = SIG_DFL }, ignore = { .sa_handler = SIG_IGN };

        open_standard_descriptors();
        (void)sigaction(SIGCHLD, &standard, NULL);
        (void)sigaction(SIGXFSZ, &ignore, NULL);
}

/* What the deepest commands take is half of it. The arguments and the environment lie on the stack, and count
 * (execve(2)). */
enum { STACK_NEEDED = 96 * 1024 };

int program_check_stack(struct cfs_error *err)
{
        unsigned long top = getauxval(AT_EXECFN), here = (unsigned long)__builtin_frame_address(0);
        struct rlimit l;

        if (getrlimit(RLIMIT_STACK, &l) < 0 || l.rlim_cur == RLIM_INFINITY || top < here ||
            l.rlim_cur >= top - here + STACK_NEEDED)
                return 0;
        return err_hint(
                err,
                err_set(err, CFS_E_UNSUPPORTED,
                        "RLIMIT_STACK is %llu bytes: cfs needs %d, and %lu for its arguments and environment",
                        (unsigned long long)l.rlim_cur, STACK_NEEDED, top - here),
                "raise the limit of the process that calls cfs (`ulimit -s`, systemd: LimitSTACK=)");
}

int program_flush(struct cfs_error *err)
{
        if (fflush(stdout) == 0 && !ferror(stdout) && !output_error())
                return 0;
        return err_sys(err, output_error() ? output_error() : errno, "write", "write to standard output");
}

void program_words_free(struct program_words *w)
{
        if (w->values)
                options_free(w->options, w->values);
        free(w->values);
        free(w->rest.args);
}

/* Says which argument is missing, as the usage line calls it, or which word is one too many. */
static int check_count(const char *program, const struct helptext *t, const struct options_rest *rest,
                       struct cfs_error *err)
{
        const char *missing = t->args;

        if (rest->n >= t->min_args && rest->n <= t->max_args)
                return 0;
        for (unsigned i = 0; i < rest->n; i++)
                missing += strcspn(missing, " ") + strspn(missing + strcspn(missing, " "), " ");
        if (rest->n < t->min_args)
                err_set(err, CFS_E_INVALID, "%s: %.*s is missing", t->name, (int)strcspn(missing, " "),
                        missing);
        else
                err_set(err, CFS_E_INVALID, "%s: one argument too many: `%s`", t->name,
                        rest->args[t->max_args]);
        return err_hint(err, -EINVAL, "usage: %s %s [OPTIONS]%s%s", program, t->name, *t->args ? " " : "",
                        t->args);
}

int program_parse(struct program_words *w, const char *program, const struct helptext *t, const char **words,
                  struct cfs_error *err)
{
        int n = 0, r;

        w->options = t->options;
        w->values = calloc(1, t->values_size + 1); /* a command without options has a size of 0 */
        if (!w->values)
                return err_nomem(err);
        while (words[n])
                n++;
        r = options_parse(t->options, t->stop_after, n, (char **)words, w->values, &w->rest, err);
        if (r < 0)
                return err->hint[0] ? r
                                    : err_hint(err, r, "`%s %s --help` lists the options", program, t->name);
        if (w->rest.help) {
                helptext_command(program, t);
                return 0;
        }
        r = check_count(program, t, &w->rest, err);
        return r < 0 ? r : 1;
}
