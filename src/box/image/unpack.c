/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two readers of libarchive in a row: the first takes the compression off, and what comes out of it is hashed
 * (an image names its layers by the digest of the uncompressed archive) on its way into the second, which
 * knows tar.
 *
 * What becomes of a member is decided here and in member.c, not by libarchive's writer to disk, because that
 * one works by path.
 */
#include "box/image/unpack.h"
#include "base/cleanup.h"
#include "base/constructors.h"
#include "base/str.h"
#include "box/image/member.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <unistd.h>

#define CHUNK (256U << 10)

struct reader {
        int fd;
        const struct unpack_options *o;
        struct archive *raw, *tar;
        struct digest packed, plain;
        bool compressed; /* otherwise the two are one */
        bool too_much;
        uint64_t read, unpacked; /* bytes of the archive: as it is, and without compression */
        int errnum;              /* of read(2) */
        char *buf;
};

static ssize_t read_packed(struct archive *a, void *data, const void **buf)
{
        struct reader *r = data;
        ssize_t n;

        do
                n = read(r->fd, r->buf, CHUNK);
        while (n < 0 && errno == EINTR);
        if (n < 0) {
                r->errnum = errno;
                archive_set_error(a, errno, "%s", err_strerror(errno));
                return -1;
        }
        digest_add(&r->packed, r->buf, (size_t)n);
        r->read += (uint64_t)n;
        if (r->o->progress && n > 0)
                r->o->progress(r->o->data, r->read);
        *buf = r->buf;
        return n;
}

/* Bytes that are not a file's: headers, which are larger the longer a name is, what fills up blocks, and
 * what a bomb has in members without contents or behind the end. */
static int count_unpacked(struct reader *r, size_t n)
{
        r->unpacked += n;
        r->too_much = r->unpacked > r->o->max_bytes + r->o->max_members * UNPACK_HEADER;
        return r->too_much ? -EFBIG : 0;
}

static ssize_t read_plain(struct archive *a, void *data, const void **buf)
{
        struct reader *r = data;
        la_int64_t offset;
        size_t n;
        int rc = archive_read_data_block(r->raw, buf, &n, &offset);

        if (rc == ARCHIVE_EOF)
                return 0;
        if (rc < ARCHIVE_WARN) {
                archive_set_error(a, archive_errno(r->raw), "%s", archive_error_string(r->raw));
                return -1;
        }
        if (r->compressed)
                digest_add(&r->plain, *buf, n);
        if (count_unpacked(r, n) < 0) {
                archive_set_error(a, ENOSPC, "it is too large");
                return -1;
        }
        return (ssize_t)n;
}

static int unpack_archive_fail(const struct reader *r, struct archive *a, const char *what,
                               struct cfs_error *err)
{
        const char *text = archive_error_string(a);

        if (r->errnum)
                return err_sys(err, r->errnum, "read", "%s: read", r->o->name);
        if (r->too_much)
                return err_set(err, CFS_E_INVALID, "%s: unpacked, the archive has more than %llu bytes",
                               r->o->name,
                               (unsigned long long)(r->o->max_bytes + r->o->max_members * UNPACK_HEADER));
        return err_set(err, CFS_E_INVALID, "%s: %s: %s", r->o->name, what, text ? text : "broken");
}

static int open_archives(struct reader *r, struct cfs_error *err)
{
        struct archive_entry *entry;

        constructors_needed();
        r->raw = archive_read_new();
        r->tar = archive_read_new();
        r->buf = malloc(CHUNK);
        if (!r->raw || !r->tar || !r->buf)
                return err_nomem(err);
        (void)archive_read_support_filter_gzip(r->raw);
        (void)archive_read_support_filter_bzip2(r->raw);
        (void)archive_read_support_filter_xz(r->raw);
        (void)archive_read_support_filter_zstd(r->raw);
        (void)archive_read_support_format_raw(r->raw);
        (void)archive_read_support_format_tar(r->tar);
        if (archive_read_open(r->raw, r, NULL, read_packed, NULL) != ARCHIVE_OK ||
            archive_read_next_header(r->raw, &entry) != ARCHIVE_OK)
                return unpack_archive_fail(r, r->raw, "not an archive (tar, gzip, bzip2, xz, zstd)", err);
        r->compressed = archive_filter_code(r->raw, 0) != ARCHIVE_FILTER_NONE;
        if (archive_read_open(r->tar, r, NULL, read_plain, NULL) != ARCHIVE_OK)
                return unpack_archive_fail(r, r->tar, "not a tar archive", err);
        return 0;
}

/* What comes after the end of the tar archive belongs to the digests. */
static int drain(struct reader *r, struct cfs_error *err)
{
        const void *buf;
        la_int64_t offset;
        ssize_t n;
        size_t len;
        int rc;

        while ((rc = archive_read_data_block(r->raw, &buf, &len, &offset)) >= ARCHIVE_WARN &&
               rc != ARCHIVE_EOF) {
                if (r->compressed)
                        digest_add(&r->plain, buf, len);
                if (count_unpacked(r, len) < 0)
                        return unpack_archive_fail(r, r->raw, "", err);
        }
        if (rc != ARCHIVE_EOF)
                return unpack_archive_fail(r, r->raw, "after the last member", err);
        while ((n = read_packed(r->raw, r, &buf)) > 0)
                ;
        return n < 0 ? unpack_archive_fail(r, r->raw, "after the last member", err) : 0;
}

static int members(struct reader *r, struct member_target *t, struct cfs_error *err)
{
        struct archive_entry *entry;
        int rc, res;

        while ((rc = archive_read_next_header(r->tar, &entry)) != ARCHIVE_EOF) {
                if (rc < ARCHIVE_WARN)
                        return unpack_archive_fail(r, r->tar, "broken archive", err);
                if (++t->members > r->o->max_members)
                        return err_set(err, CFS_E_INVALID, "%s: more than %llu members", r->o->name,
                                       (unsigned long long)r->o->max_members);
                res = member_unpack(t, r->tar, entry, err);
                if (res < 0)
                        return res;
        }
        return member_finish(t, err);
}

static int unpack_unpack(struct reader *r, int dir_fd, struct unpack_result *ret, struct cfs_error *err)
{
        struct member_target t = { .dir_fd = dir_fd, .o = r->o, .parent_fd = -1 };
        int res = open_archives(r, err);

        if (res >= 0)
                res = members(r, &t, err);
        if (res >= 0)
                res = drain(r, err);
        if (res >= 0) {
                *ret = (struct unpack_result){ .bytes = t.bytes, .members = t.members, .skipped = t.skipped };
                digest_text(&r->packed, ret->digest);
                if (r->compressed)
                        digest_text(&r->plain, ret->diff_id);
                else
                        memcpy(ret->diff_id, ret->digest, DIGEST_SIZE);
        }
        member_release(&t);
        return res;
}

int unpack_stream(int fd, int dir_fd, const struct unpack_options *o, struct unpack_result *ret,
                  struct cfs_error *err)
{
        struct reader r = { .fd = fd, .o = o };
        /* Names in archives are UTF-8; in the plain C locale libarchive could not hand them out. */
        locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), before = uselocale(utf8);
        int res;

        digest_init(&r.packed);
        digest_init(&r.plain);
        res = unpack_unpack(&r, dir_fd, ret, err);
        if (r.tar)
                (void)archive_read_free(r.tar);
        if (r.raw)
                (void)archive_read_free(r.raw);
        free(r.buf);
        if (utf8) {
                (void)uselocale(before);
                freelocale(utf8);
        }
        return res;
}
