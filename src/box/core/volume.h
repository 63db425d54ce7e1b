/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Named volumes: directories of the store that outlive the containers that use them. */
#ifndef BOX_CORE_VOLUME_H
#define BOX_CORE_VOLUME_H

#include "box/core/box.h"
#include <stdbool.h>

/* Is it a valid name: letters, digits, and a few other characters? So it is never a path. */
bool volume_is_name(const char *s);

/* Makes the volume unless it exists. *ret (ret may be NULL) is its path, which the caller frees. */
int volume_make(const struct box *box, const char *name, char **ret, struct cfs_error *err);

#endif
