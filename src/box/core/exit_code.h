/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exit codes when no program ran: docker's.
 */
#ifndef BOX_CORE_EXIT_CODE_H
#define BOX_CORE_EXIT_CODE_H

#include "base/err.h"
#include <errno.h>
#include <string.h>

/* 127: the program was not found; 126: it could not be executed; 125: anything else. */
static inline int exit_code_of(const struct cfs_error *err)
{
        if (err->code != CFS_E_EXEC)
                return 125;
        return err->errnum == ENOENT || strstr(err->text, "not found") ? 127 : 126;
}

#endif
