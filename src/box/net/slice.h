/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pieces of a JSON text, as they are written: for documents that are passed on without being understood.
 */
#ifndef BOX_NET_SLICE_H
#define BOX_NET_SLICE_H

#include "base/err.h"
#include <stddef.h>

struct slice {
        size_t offset, len;
};

/* The objects of the array that is the member `key` of the text's object: where each is, in an array that
 * the caller frees. */
int slice_objects(const char *text, const char *key, struct slice **ret, size_t *ret_n,
                  struct cfs_error *err);

#endif
