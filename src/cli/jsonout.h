/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON on standard output. The command line reads none: documents pass through it unparsed, to the library.
 */
#ifndef CLI_JSONOUT_H
#define CLI_JSONOUT_H

#include "json.h"

/* Ends the text, prints it with a newline, and frees the writer. */
int jsonout_print(struct json_writer *w, struct cfs_error *err);

#endif
