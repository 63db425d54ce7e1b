/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `cfs explain` and `cfs create --dry-run` share.
 */
#ifndef CLI_CMD_EXPLAIN_H
#define CLI_CMD_EXPLAIN_H

#include "cli/cli.h"

enum { EXPLAIN_JSON = 1 << 0, EXPLAIN_WHY = 1 << 1, EXPLAIN_RESTORE = 1 << 2 };

int cmd_explain(const struct cfs_runtime *rt, const char *id, const struct cfs_create_options *o,
                unsigned how, struct cfs_error *err);

#endif
