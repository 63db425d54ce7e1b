/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of the command line itself.
 *
 * The library fills struct cfs_error with helpers of its own, which the command line does not see: it uses
 * cfs.h as any other program would. What is made here reads like the library's messages: one line, printable,
 * and at its end the words of strerror(3) in lower case, which engines look for.
 */
#include "cli/fail.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The words come from argv: no control character of theirs reaches a terminal. */
__attribute__((format(printf, 3, 0))) static void vput(char *buf, size_t size, const char *fmt, va_list ap)
{
        if (vsnprintf(buf, size, fmt, ap) < 0)
                *buf = '\0';
        for (char *p = buf; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        *p = isspace((unsigned char)*p) ? ' ' : '?';
}

int fail_usage(struct cfs_error *err, const char *fmt, ...)
{
        va_list ap;

        *err = (struct cfs_error){ .code = CFS_E_INVALID };
        va_start(ap, fmt);
        vput(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
        return -EINVAL;
}

int fail_code(struct cfs_error *err, enum cfs_code code, const char *fmt, ...)
{
        va_list ap;

        *err = (struct cfs_error){ .code = code };
        va_start(ap, fmt);
        vput(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
        return code == CFS_E_UNSUPPORTED ? -EOPNOTSUPP : -EINVAL;
}

const char *fail_reason(int errnum)
{
        static char buf[64];
        const char *text = strerrordesc_np(errnum);

        (void)snprintf(buf, sizeof(buf), "%s", text ? text : "unknown error");
        if (isupper((unsigned char)buf[0]) && !isupper((unsigned char)buf[1]))
                buf[0] = (char)(buf[0] | 0x20);
        return buf;
}

int fail_sys(struct cfs_error *err, int errnum, const char *syscall, const char *fmt, ...)
{
        const char *reason = fail_reason(errnum);
        size_t len;
        va_list ap;

        *err = (struct cfs_error){ .code = errnum == ENOMEM ? CFS_E_NOMEM : CFS_E_SYSTEM, .errnum = errnum };
        (void)snprintf(err->syscall, sizeof(err->syscall), "%s", syscall);
        va_start(ap, fmt);
        vput(err->text, sizeof(err->text) - strlen(reason) - 2, fmt, ap);
        va_end(ap);
        len = strlen(err->text);
        (void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", reason);
        return errnum ? -errnum : -EIO;
}

int fail_nomem(struct cfs_error *err)
{
        return fail_sys(err, ENOMEM, "malloc", "allocate memory");
}

int fail_hint(struct cfs_error *err, int r, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        vput(err->hint, sizeof(err->hint), fmt, ap);
        va_end(ap);
        return r;
}
