/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of the decoder. A function here returns what an event of the parser returns: 0 to go on, 1 to stop.
 */
#ifndef DECODE_ERROR_H
#define DECODE_ERROR_H

#include "decoder.h"

int decode_error_nomem(struct decoder *d);

/* An error in the value that the frames lead to, or in its member `key` (NULL: in itself). */
int decode_error(struct decoder *d, size_t offset, const char *key, const char *message);

/* "expected WANTED, got GOT" */
int decode_error_mismatch(struct decoder *d, size_t offset, const char *wanted, const char *got);

/* Reports a property that the type of the top frame does not know: to the caller's function, or in the log.
 */
void decode_error_unknown(struct decoder *d, size_t offset, const char *key, size_t len);

#endif
