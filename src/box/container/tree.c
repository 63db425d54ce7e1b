/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of a directory tree: packed on one side and unpacked on the other, with the rules that hold for
 * hostile archives.
 */
#include "box/container/volumes.h"
#include "box/image/pack.h"
#include "box/image/unpack.h"
#include <errno.h>
#include <unistd.h>

int tree_copy(const struct box *box, int from, int to, const char *what, uint32_t first_id, uint32_t n_ids,
              struct cfs_error *err)
{
        const struct pack_options po = {
                .dir_fd = from, .name = what, .one_file_system = true, .first_id = first_id, .n_ids = n_ids
        };
        const struct unpack_options uo = { .name = what,
                                           .rootless = box->rootless,
                                           .keep_owner = true,
                                           .max_bytes = UNPACK_MAX_BYTES,
                                           .max_members = UNPACK_MAX_MEMBERS };
        struct unpack_result result;
        struct cfs_error pack_err;
        struct pack p;
        int fd, packed, r = pack_start(&p, &po, &fd, err);

        if (r < 0)
                return r;
        r = unpack_stream(fd, to, &uo, &result, err);
        (void)close(fd);
        packed = pack_finish(&p, &pack_err);
        if (packed < 0 && (r >= 0 || pack_err.errnum != EPIPE)) {
                *err = pack_err;
                r = packed;
        }
        return r;
}
