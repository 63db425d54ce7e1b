/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A preloaded library for user-mode Linux 6.1 on processors with a large extended state (AMX): it sets a
 * tracee's registers by PTRACE_SETREGSET with a buffer of the size that it knew, and the host's kernel
 * insists on the whole area (EFAULT otherwise). So the area is read first, and its beginning replaced by what
 * UML has.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <linux/ptrace.h>
#include <string.h>
#include <sys/uio.h>

static char area[1 << 16] __attribute__((aligned(64)));

long ptrace(long request, long pid, void *what, void *data)
{
        static long (*next)(long, long, void *, void *);
        struct iovec whole = { area, sizeof(area) }, *part = data;

        if (!next)
                next = (long (*)(long, long, void *, void *))dlsym(RTLD_NEXT, "ptrace");
        if ((int)request == PTRACE_SETREGSET && (long)what == NT_X86_XSTATE &&
            next(PTRACE_GETREGSET, pid, what, &whole) == 0 && part->iov_len < whole.iov_len) {
                memcpy(area, part->iov_base, part->iov_len);
                return next(request, pid, what, &whole);
        }
        return next(request, pid, what, data);
}
