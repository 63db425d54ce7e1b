/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Documents and tables on standard output, which may be a pipe that does not block. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/* Writes the text. Where the pipe is full, waits until it is read from, as a blocking one would. Returns 0 or
 * -errno, which output_error() keeps for the end of the command. */
int output_print(const char *text);

/* 0, or the errno of the first text that could not be written. */
int output_error(void);

#endif
