/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events: what happened to containers, images and networks; the last few thousand are kept.
 */
#ifndef BOX_STORE_EVENT_H
#define BOX_STORE_EVENT_H

#include "box/core/box.h"

int store_event_add(const struct box *box, const char *type, const char *action, const char *id,
                    const char *name, const char *detail, struct cfs_error *err);

/* Calls fn for each event after *seq, oldest first, and moves *seq on. */
int store_event_each(const struct box *box, int64_t *seq, int64_t since,
                     int (*fn)(void *data, struct oci_box_event *e, struct cfs_error *err), void *data,
                     struct cfs_error *err);

#endif
