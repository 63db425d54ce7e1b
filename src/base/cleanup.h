/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ownership. A variable declared with one of these attributes releases what it holds when it leaves its
 * scope, on every path. TAKE_FD and TAKE_PTR hand the value on and leave the variable empty:
 *
 *         _cleanup_close_ int fd = -1;
 *         fd = open(...);
 *         ...
 *         *ret_fd = TAKE_FD(fd);
 *         return 0;
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void cleanup_close_p(int *fd)
{
        if (*fd >= 0) {
                int saved = errno;

                (void)close(*fd);
                errno = saved;
        }
}

static inline void cleanup_free_p(void *p)
{
        void *of_any_type;

        memcpy(&of_any_type, p, sizeof(of_any_type)); /* a char * may not be read as a void * (C11 6.5, 7) */
        free(of_any_type);
}

static inline void cleanup_file_p(FILE **f)
{
        if (*f)
                (void)fclose(*f);
}

static inline void cleanup_dir_p(DIR **d)
{
        if (*d)
                (void)closedir(*d);
}

#define _cleanup_(f)    __attribute__((cleanup(f)))
#define _cleanup_close_ _cleanup_(cleanup_close_p)
#define _cleanup_free_  _cleanup_(cleanup_free_p)
#define _cleanup_file_  _cleanup_(cleanup_file_p)
#define _cleanup_dir_   _cleanup_(cleanup_dir_p)

/* For a large buffer that the next call fills, and whose length that call tells. The compiler zeroes
 * variables (-ftrivial-auto-var-init), which for 16 KiB takes longer than to read a record, and makes four
 * pages. */
#if __has_attribute(uninitialized)
#define _not_zeroed_ __attribute__((uninitialized))
#else
#define _not_zeroed_
#endif

#define TAKE_FD(fd)                                                                                          \
        ({                                                                                                   \
                int *_p = &(fd);                                                                             \
                int _v = *_p;                                                                                \
                *_p = -1;                                                                                    \
                _v;                                                                                          \
        })

#define TAKE_PTR(p)                                                                                          \
        ({                                                                                                   \
                __typeof__(p) *_p = &(p);                                                                    \
                __typeof__(p) _v = *_p;                                                                      \
                *_p = NULL;                                                                                  \
                _v;                                                                                          \
        })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define STREQ(a, b)   (__builtin_strcmp((a), (b)) == 0)

#endif
