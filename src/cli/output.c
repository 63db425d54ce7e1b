/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * O_NONBLOCK belongs to the open file, not to the process (open(2)): other programs of the caller, node for
 * one, set it on the pipe that they share with us. stdio(3) takes EAGAIN for an error, and loses what it
 * held.
 */
#include "cli/output.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int first_error;

int output_print(const char *text)
{
        size_t left = strlen(text);

        if (fflush(stdout) != 0) /* what came before it */
                first_error = first_error ? first_error : errno;
        while (left > 0 && !first_error) {
                ssize_t n = write(STDOUT_FILENO, text, left);
                struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

                if (n >= 0) {
                        text += n;
                        left -= (size_t)n;
                } else if (errno == EAGAIN) {
                        if (poll(&p, 1, -1) < 0 && errno != EINTR)
                                first_error = EAGAIN;
                } else if (errno != EINTR) {
                        first_error = errno;
                }
        }
        return -first_error;
}

int output_error(void)
{
        return first_error;
}
