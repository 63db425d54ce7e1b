/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories of the box. */
#ifndef BOX_CORE_DIRECTORY_H
#define BOX_CORE_DIRECTORY_H

#include "box/core/box.h"

/* Removes PATH, which is below ROOT unless it begins with a slash, with all that is in it. Missing is
 * fine. */
int directory_remove(const struct box *box, const char *path, struct cfs_error *err);

#endif
