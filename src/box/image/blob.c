/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading blobs. What is not a regular file is refused after opening it with O_NONBLOCK: a FIFO would never
 * end.
 */
#include "box/image/blob.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "box/core/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int blob_open(int dir_fd, const char *source, const char *path, uint64_t *ret_size, struct cfs_error *err)
{
        _cleanup_close_ int fd = path_open_in_root(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, NULL);
        struct stat st;

        if (fd < 0)
                return err_sys(err, -fd, "openat2", "image `%s`: open `%s`", source, path);
        if (fstat(fd, &st) < 0)
                return err_sys(err, errno, "fstat", "image `%s`: look at `%s`", source, path);
        if (!S_ISREG(st.st_mode))
                return err_set(err, CFS_E_INVALID, "image `%s`: `%s` is not a regular file", source, path);
        *ret_size = (uint64_t)st.st_size;
        return TAKE_FD(fd);
}

int blob_text(int dir_fd, const char *source, const char *path, char **ret, size_t *ret_len,
              struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        uint64_t size;

        fd = blob_open(dir_fd, source, path, &size, err);
        if (fd < 0)
                return fd;
        return io_read_fd(fd, path, BLOB_MAX_JSON, ret, ret_len, err);
}

/* The schema lets pass any number of digits. */
int blob_check(const char *source, const char *digest, struct cfs_error *err)
{
        return digest_valid(digest)
                       ? 0
                       : err_set(err, CFS_E_INVALID, "image `%s`: `%s` is not the digest of anything", source,
                                 digest);
}

const char *blob_path(char *buf, size_t size, const char *digest)
{
        (void)snprintf(buf, size, "blobs/sha256/%s", digest + strlen("sha256:"));
        return buf;
}

int blob_check_size(const char *source, const struct oci_descriptor *d, uint64_t size, struct cfs_error *err)
{
        return d->size == size ? 0
                               : err_set(err, CFS_E_INVALID,
                                         "image `%s`: `%s` has %llu bytes, its descriptor says %llu", source,
                                         d->digest, (unsigned long long)size, (unsigned long long)d->size);
}

int blob_digest_text(int dir_fd, const char *source, const struct oci_descriptor *d, char **ret,
                     size_t *ret_len, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        char path[128], got[DIGEST_SIZE];
        size_t len;
        int r = blob_check(source, d->digest, err);

        if (r >= 0)
                r = blob_text(dir_fd, source, blob_path(path, sizeof(path), d->digest), &text, &len, err);
        if (r >= 0)
                r = blob_check_size(source, d, len, err);
        if (r < 0)
                return r;
        digest_of(text, len, got);
        if (!STREQ(got, d->digest))
                return err_set(err, CFS_E_INVALID, "image `%s`: the digest of `%s` is %s", source, path, got);
        *ret = TAKE_PTR(text);
        *ret_len = len;
        return 0;
}
