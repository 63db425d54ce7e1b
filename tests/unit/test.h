/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What unit tests share. A test that this machine cannot run says why: TEST_SKIP("no CAP_SYS_ADMIN").
 */
#ifndef TEST_H
#define TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/cfs-error.h"
#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST_SKIP(reason)                                                                                    \
        do {                                                                                                 \
                print_message("# skipped %s: %s\n", __func__, (reason));                                     \
                skip();                                                                                      \
        } while (0)

#define assert_contains(text, part)                                                                          \
        do {                                                                                                 \
                if (!strstr((text), (part)))                                                                 \
                        fail_msg("`%s` does not contain `%s`", (text), (part));                              \
        } while (0)

/* A call that must succeed; shows the error otherwise. `err` must be in scope. */
#define assert_ok(call)                                                                                      \
        do {                                                                                                 \
                err = (struct cfs_error){ 0 };                                                               \
                if ((call) < 0)                                                                              \
                        fail_msg("%s: %s", #call, err.text);                                                 \
        } while (0)

/* A call that must fail with -errnum and a message. */
#define assert_fails(call, errnum)                                                                           \
        do {                                                                                                 \
                long long _r;                                                                                \
                err = (struct cfs_error){ 0 };                                                               \
                _r = (call);                                                                                 \
                if (_r != -(errnum))                                                                         \
                        fail_msg("%s is %lld, not -%s (%s)", #call, _r, #errnum, err.text);                  \
                assert_int_not_equal(err.code, CFS_E_NONE);                                                  \
                assert_true(err.text[0] != '\0');                                                            \
        } while (0)

static inline int test_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

/* A new empty directory; the caller frees and removes it with test_rmdir(). */
static inline char *test_mkdir(void)
{
        const char *tmp = getenv("TMPDIR");
        char *path = NULL;

        assert_true(asprintf(&path, "%s/cfs-test-XXXXXX", tmp && *tmp ? tmp : "/tmp") > 0);
        assert_non_null(mkdtemp(path));
        return path;
}

static inline void test_rmdir(char *path)
{
        if (path)
                (void)nftw(path, test_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
        free(path);
}

static inline void test_write(const char *dir, const char *name, const char *text)
{
        char path[4096];
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
        f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

/* How many descriptors this process has open: what leaks shows as a difference. */
static inline int test_count_fds(void)
{
        DIR *d = opendir("/proc/self/fd");
        int n = 0;

        assert_non_null(d);
        while (readdir(d))
                n++;
        (void)closedir(d);
        return n;
}

#endif
