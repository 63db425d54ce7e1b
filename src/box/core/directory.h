/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of the box. */
#ifndef BOX_CORE_DIRECTORY_H
#define BOX_CORE_DIRECTORY_H

#include "box/core/box.h"

/* Removes PATH (relative to ROOT, or absolute) with everything in it. Not an error when it is missing. */
int directory_remove(const struct box *box, const char *path, struct cfs_error *err);

#endif
