/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the log, also while it grows: a line that has no end yet is kept until it has one. conmon may
 * replace the file by a new one at any moment (--log-opt max-size).
 */
#include "box/monitor/log.h"
#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define CHUNK    65536
#define MAX_LINE (1U << 20)

bool log_parse(const char *line, size_t len, struct log_line *ret)
{
        const char *end = line + len, *stream, *tag, *text;

        stream = memchr(line, ' ', len);
        if (!stream || end - stream < 10)
                return false;
        tag = memchr(stream + 1, ' ', (size_t)(end - stream - 1));
        if (!tag || end - tag < 3 || tag[2] != ' ')
                return false;
        text = tag + 3;
        *ret = (struct log_line){ .time = line,
                                  .time_len = (size_t)(stream - line),
                                  .text = text,
                                  .len = (size_t)(end - text),
                                  .is_stderr = tag - stream == 7 && memcmp(stream + 1, "stderr", 6) == 0,
                                  .whole = tag[1] == 'F' };
        return tag - stream == 7;
}

/* Is the line of the file that begins there the end of a line of the program? */
static bool ends_line(int fd, off_t start)
{
        char head[128];
        ssize_t n = pread(fd, head, sizeof(head) - 1, start);
        struct log_line l;

        if (n <= 0)
                return true;
        head[n] = '\0';
        return !log_parse(head, (size_t)n, &l) || l.whole;
}

/* Where the last `tail` lines begin: backwards from the end, a chunk at a time. `later` is where the line
 * behind the one that is looked at begins: when the one is an end and enough were counted, there. */
static int seek_tail(struct log_reader *r, uint64_t tail, const char *path, struct cfs_error *err)
{
        char buf[CHUNK];
        struct stat st;
        off_t at, later;
        uint64_t ends = 0;

        if (fstat(r->fd, &st) < 0)
                return err_sys(err, errno, "fstat", "look at `%s`", path);
        later = st.st_size;
        for (at = st.st_size; at > 0;) {
                size_t want = at > (off_t)CHUNK ? CHUNK : (size_t)at;

                at -= (off_t)want;
                if (pread(r->fd, buf, want, at) != (ssize_t)want)
                        return err_sys(err, EIO, "pread", "read `%s`", path);
                for (size_t i = want; i > 0; i--) {
                        off_t start = at + (off_t)i;

                        if (buf[i - 1] != '\n' || start == st.st_size)
                                continue;
                        /* An unfinished line at the very end counts as well. */
                        if ((ends_line(r->fd, start) || later == st.st_size) && ++ends > tail) {
                                (void)lseek(r->fd, later, SEEK_SET);
                                return 0;
                        }
                        later = start;
                }
        }
        (void)lseek(r->fd, ends == tail && later < st.st_size && ends_line(r->fd, 0) ? later : 0, SEEK_SET);
        return 0;
}

/* Has conmon begun a new file? Then the rest of the old one is read, and the new one from its beginning.
 * True: there may be more to read. */
static bool go_on(struct log_reader *r)
{
        struct stat now, then;
        int fd;

        if (!r->replaced) {
                r->replaced = stat(r->path, &now) == 0 && fstat(r->fd, &then) == 0 &&
                              (now.st_ino != then.st_ino || now.st_dev != then.st_dev);
                return r->replaced;
        }
        r->replaced = false;
        fd = open(r->path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        (void)close(r->fd);
        r->fd = fd;
        r->buf.len = r->at = 0;
        r->inside = false;
        return true;
}

int log_open(struct log_reader *r, const char *path, uint64_t tail, struct cfs_error *err)
{
        *r = (struct log_reader){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
        if (r->fd < 0)
                return err_path(err, errno, "open", path, "open `%s`", path);
        if (str_dup(&r->path, path, err) < 0)
                return -ENOMEM;
        if (tail == 0) {
                (void)lseek(r->fd, 0, SEEK_END);
                return 0;
        }
        return tail == UINT64_MAX ? 0 : seek_tail(r, tail, path, err);
}

int log_next(struct log_reader *r, struct log_line *ret, struct cfs_error *err)
{
        char chunk[CHUNK];

        for (;;) {
                char *line = r->buf.p ? r->buf.p + r->at : NULL;
                char *end = line ? memchr(line, '\n', r->buf.len - r->at) : NULL;
                ssize_t n;

                if (end) {
                        bool was_inside = r->inside;

                        r->at += (size_t)(end - line) + 1;
                        if (!log_parse(line, (size_t)(end - line), ret))
                                continue;
                        ret->begins = !was_inside;
                        r->inside = !ret->whole;
                        return 1;
                }
                if (r->at > 0 && r->buf.p) { /* what is left goes to the front */
                        memmove(r->buf.p, r->buf.p + r->at, r->buf.len - r->at);
                        r->buf.len -= r->at;
                        r->at = 0;
                }
                if (r->buf.len > MAX_LINE)
                        return err_set(err, CFS_E_INVALID, "the log has a line of more than %u bytes",
                                       MAX_LINE);
                n = read(r->fd, chunk, sizeof(chunk));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_sys(err, errno, "read", "read the log");
                if (n == 0 && go_on(r))
                        continue;
                if (n == 0)
                        return 0;
                str_add_n(&r->buf, chunk, (size_t)n);
                if (r->buf.failed)
                        return err_nomem(err);
        }
}

void log_close(struct log_reader *r)
{
        cleanup_close_p(&r->fd);
        r->fd = -1;
        str_free(&r->buf);
        free(r->path);
        r->path = NULL;
}
