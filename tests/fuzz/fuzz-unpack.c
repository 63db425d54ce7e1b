/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Archives of images, which are not trusted. libarchive is not instrumented, so the archive is made here: the
 * first byte of the input has the options; then each line is a member, "TYPE MODE NAME<TAB>LINK", TYPE being
 * the byte of its header; a line that begins with "!" is put into the archive as it is. Whatever they say,
 * nothing beside the directory changes, and no hard link leads out of it.
 */
#include "fuzz.h"
#include "base/cleanup.h"
#include "base/rmtree.h"
#include "box/image/unpack.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512

static char top[] = "/dev/shm/fuzz-unpack-XXXXXX";
static int top_fd = -1, beside_fd = -1;

static void forget(void)
{
        (void)rmtree_contents(top_fd);
        (void)rmdir(top);
}

/* TOP/in is where it is unpacked, TOP/beside/secret what must stay as it is. */
static void begin(void)
{
        CHECK(mkdtemp(top));
        top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(top_fd >= 0 && atexit(forget) == 0);
        CHECK(mkdirat(top_fd, "beside", 0751) == 0);
        beside_fd = openat(top_fd, "beside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(beside_fd >= 0);
        CHECK(close(openat(beside_fd, "secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0640)) == 0);
}

/* A header of ustar (POSIX.1-1988, tar(5)). */
static void put_header(int fd, char type, unsigned mode, const char *name, const char *link, size_t size)
{
        char h[BLOCK] = { 0 };
        unsigned sum = 0;

        (void)snprintf(h, 100, "%s", name);
        (void)snprintf(h + 100, 8, "%07o", mode & 07777777);
        (void)snprintf(h + 108, 8, "%07o", 0U);
        (void)snprintf(h + 116, 8, "%07o", 0U);
        (void)snprintf(h + 124, 12, "%011zo", size);
        (void)snprintf(h + 136, 12, "%011o", 1U);
        memset(h + 148, ' ', 8);
        h[156] = type;
        (void)snprintf(h + 157, 100, "%s", link);
        memcpy(h + 257,
               "ustar\0"
               "00",
               8);
        for (size_t i = 0; i < BLOCK; i++)
                sum += (unsigned char)h[i];
        (void)snprintf(h + 148, 8, "%06o", sum);
        CHECK(write(fd, h, BLOCK) == BLOCK);
}

/* Types with a text of their own: file, and what says more of the next member (pax, GNU's long names). */
static void put_member(int fd, char *line)
{
        static const char zero[BLOCK];
        char type = line[0], *name, *link;
        unsigned mode = (unsigned)strtoul(line + 1, &name, 8);
        size_t size;

        name += *name == ' ';
        link = strchr(name, '\t');
        if (link)
                *link++ = '\0';
        else
                link = (char *)"";
        size = strchr("0xgLK", type) ? strlen(link) : 0;
        put_header(fd, type, mode, name, size ? "" : link, size);
        if (size) {
                CHECK(write(fd, link, size) == (ssize_t)size);
                CHECK(write(fd, zero, (BLOCK - size % BLOCK) % BLOCK) >= 0);
        }
}

static int make_archive(char *text)
{
        static const char zero[2 * BLOCK];
        int fd = memfd_create("archive", MFD_CLOEXEC);
        char *line;

        CHECK(fd >= 0);
        for (unsigned n = 0; n < 50 && (line = strsep(&text, "\n")); n++)
                if (*line == '!')
                        CHECK(write(fd, line + 1, strlen(line + 1)) >= 0);
                else if (*line)
                        put_member(fd, line);
        CHECK(write(fd, zero, sizeof(zero)) == sizeof(zero) && lseek(fd, 0, SEEK_SET) == 0);
        return fd;
}

static void nothing_beside(void)
{
        struct stat d, f, t;

        CHECK(fstat(beside_fd, &d) == 0 && (d.st_mode & 07777) == 0751 && d.st_nlink == 2);
        CHECK(fstatat(beside_fd, "secret", &f, AT_SYMLINK_NOFOLLOW) == 0 && (f.st_mode & 07777) == 0640);
        CHECK(f.st_nlink == 1 && f.st_size == 0 && f.st_uid == geteuid());
        CHECK(fstat(top_fd, &t) == 0 && t.st_nlink == 4); /* "in" and "beside" */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct unpack_options o = { .name = "fuzz", .max_bytes = 1 << 20, .max_members = 40 };
        struct unpack_result result;
        struct cfs_error err = { 0 };
        char *text;
        int fd, in, r;

        if (size == 0)
                return 0;
        if (top_fd < 0)
                begin();
        text = strndup((const char *)data + 1, size - 1);
        CHECK(text);
        o.whiteouts = data[0] & 1 ? UNPACK_OVERLAY : UNPACK_PLAIN;
        o.rootless = data[0] & 2 || geteuid() != 0;
        o.keep_owner = data[0] & 4 && geteuid() == 0;
        o.rename = data[0] & 8 ? "renamed" : NULL;
        CHECK(mkdirat(top_fd, "in", 0755) == 0);
        in = openat(top_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(in >= 0);
        fd = make_archive(text);
        r = unpack_stream(fd, in, &o, &result, &err);
        CHECK(r < 0 ? err.text[0] != '\0' : digest_valid(result.digest) && digest_valid(result.diff_id));
        CHECK(r < 0 || (result.bytes <= o.max_bytes && result.members <= o.max_members));
        nothing_beside();
        (void)fchmod(in, 0700);
        CHECK(rmtree_contents(in) == 0 && unlinkat(top_fd, "in", AT_REMOVEDIR) == 0);
        (void)close(fd);
        (void)close(in);
        free(text);
        return 0;
}
