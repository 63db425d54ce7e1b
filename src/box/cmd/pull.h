/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that a command needs: `run --pull`. */
#ifndef BOX_CMD_PULL_H
#define BOX_CMD_PULL_H

#include "box/core/box.h"

/* `policy`: never (or NULL), missing, always. Fetches the image by skopeo when the policy says so. */
int pull_for_run(struct box *box, const char *image, const char *policy, struct cfs_error *err);

#endif
