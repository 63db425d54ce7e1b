/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The version of the library, and the names of its error codes. */
#include "base/err.h"
#include "libcfs/cfs.h"
#include "config.h"

const char *cfs_version(void)
{
        return PACKAGE_VERSION;
}

const char *cfs_code_name(enum cfs_code code)
{
        return err_code_name(code);
}
