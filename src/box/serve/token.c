/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The session is a digest of the token: browsers send cookies of 127.0.0.1 to every port of it, and a program
 * that gets one there has not got the token.
 */
#include "box/serve/token.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/core/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#define FILE_NAME "serve.token"

static bool valid(const char *s)
{
        return strlen(s) == TOKEN_SIZE - 1 && strspn(s, "0123456789abcdef") == TOKEN_SIZE - 1;
}

/* 1: read, 0: there is none, or something else that is replaced. */
static int token_read(const struct box *box, struct token *t, struct cfs_error *err)
{
        _cleanup_close_ int fd = openat(box->root_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        char buf[TOKEN_SIZE + 1] = "";
        ssize_t n;

        if (fd < 0 && errno != ENOENT)
                return err_sys(err, errno, "openat", "open `%s/%s`", box->root, FILE_NAME);
        if (fd < 0)
                return 0;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077) || st.st_uid != geteuid())
                return 0; /* others may know it */
        n = read(fd, buf, TOKEN_SIZE);
        if (n < TOKEN_SIZE - 1)
                return 0;
        buf[TOKEN_SIZE - 1] = '\0';
        if (!valid(buf))
                return 0;
        memcpy(t->text, buf, TOKEN_SIZE);
        return 1;
}

static int choose(const struct box *box, struct token *t, struct cfs_error *err)
{
        unsigned char bytes[(TOKEN_SIZE - 1) / 2];
        char line[TOKEN_SIZE + 1];

        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
                return err_sys(err, errno, "getrandom", "get random bytes");
        for (size_t i = 0; i < sizeof(bytes); i++)
                (void)snprintf(t->text + 2 * i, 3, "%02x", bytes[i]);
        (void)snprintf(line, sizeof(line), "%s\n", t->text);
        return io_write_atomic(box->root_fd, FILE_NAME, line, strlen(line), 0600, err);
}

int token_load(const struct box *box, struct token *ret, struct cfs_error *err)
{
        char seed[TOKEN_SIZE + 32], digest[DIGEST_SIZE];
        int r = token_read(box, ret, err);

        if (r == 0)
                r = choose(box, ret, err);
        if (r < 0)
                return r;
        (void)snprintf(seed, sizeof(seed), "cfs-box session %s", ret->text);
        digest_of(seed, strlen(seed), digest);
        (void)snprintf(ret->session, sizeof(ret->session), "%.*s", TOKEN_SIZE - 1,
                       digest + strlen("sha256:"));
        return 0;
}

bool token_equal(const char *a, const char *b)
{
        size_t len = strlen(a);
        unsigned char diff = 0;

        if (strlen(b) != len)
                return false;
        for (size_t i = 0; i < len; i++)
                diff |= (unsigned char)(a[i] ^ b[i]);
        return diff == 0;
}
