/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unpacks a tar archive (plain, or compressed by gzip, bzip2, xz, zstd) into a directory. The archive is not
 * trusted.
 */
#ifndef BOX_IMAGE_UNPACK_H
#define BOX_IMAGE_UNPACK_H

#include "base/err.h"
#include "box/image/unpack_options.h"

/* Reads the archive from `fd` to its end, and unpacks it into the directory `dir_fd`. Names are looked up
 * as if the directory were the root file system, so symbolic links cannot lead outside; a ".." is refused.
 * A member that breaks a rule ends the unpacking with an error that names it. */
int unpack_stream(int fd, int dir_fd, const struct unpack_options *o, struct unpack_result *ret,
                  struct cfs_error *err);

#endif
