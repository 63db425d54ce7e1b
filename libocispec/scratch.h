/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where entries wait until the array, map or object that they are in ends. As with an event of the parser, 0
 * means to go on, 1 to stop.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "decoder.h"

void scratch_begin(struct decoder *d);
void scratch_free(struct decoder *d);

/* An entry of an array. */
int scratch_push(struct decoder *d, const void *bytes, size_t len);

/* An entry of a map, whose value comes later, or an unknown key of an object. */
int scratch_push_entry(struct decoder *d, size_t offset, const char *key, size_t len);

/* Reports duplicate keys among the top frame's entries, which it sorts. */
int scratch_check_entries(struct decoder *d, struct entry *entries, size_t n);

#endif
