/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filling a struct cfs_error.
 *
 * Errors are made where memory may be gone, in a process whose /proc may not be mounted, and are shown on a
 * user's terminal and in an engine's log. So: no allocation, no locale, and one line without control
 * characters whatever the text was made from (a path below a hostile root, a message of the kernel, the last
 * words of a hook).
 *
 * Engines recognise failures by the words of strerror(3) at the end ("no such file or directory" makes Docker
 * exit with 127). When a message is too long for its field, what is cut is therefore never the end of the
 * sentence but the part that the caller formatted.
 */
#define ERR_IMPLEMENTATION
#include "base/err.h"
#include "base/caps.h"
#include "base/explain.h"
#include "base/lack.h"
#include "base/visible.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* One row per code: the name in the JSON log, and the errno that err_set() returns for it. */
static const struct {
        const char *name;
        int errnum;
} codes[] = {
        [CFS_E_NONE] = { "none", EIO },
        [CFS_E_INVALID] = { "invalid", EINVAL },
        [CFS_E_NOT_FOUND] = { "not-found", ENOENT },
        [CFS_E_EXISTS] = { "exists", EEXIST },
        [CFS_E_STATE] = { "state", EBUSY },
        [CFS_E_UNSUPPORTED] = { "unsupported", EOPNOTSUPP },
        [CFS_E_SYSTEM] = { "system", EIO },
        [CFS_E_HOOK] = { "hook", ECANCELED },
        [CFS_E_EXEC] = { "exec", ENOEXEC },
        [CFS_E_DIED] = { "died", ECHILD },
        [CFS_E_NOMEM] = { "nomem", ENOMEM },
        [CFS_E_TIMEOUT] = { "timeout", ETIMEDOUT },
        [CFS_E_BUG] = { "bug", ENOTRECOVERABLE },
};

#define N_CODES (sizeof(codes) / sizeof(codes[0]))

/* Ends the text at `size` - 1 bytes at most, not inside a UTF-8 sequence, and makes it one printable line.
 * `wanted` is what vsnprintf() returned: the length that the text would have had. */
static void finish(char *text, size_t size, int wanted)
{
        size_t len = strnlen(text, size - 1);

        if (wanted >= 0 && (size_t)wanted >= size) {
                /* Cut: back up over the continuation bytes and the head of a sequence that may be
                 * incomplete. */
                while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
                        len--;
                if (len > 0 && (unsigned char)text[len - 1] >= 0xc0)
                        len--;
        }
        text[len] = '\0';
        while (len > 0 && isspace((unsigned char)text[len - 1]))
                text[--len] = '\0';
        for (char *p = text; *p; p++)
                if (*p == '\n' || *p == '\t' || *p == '\r')
                        *p = ' ';
        visible_make(text);
}

void err_from_outside(struct cfs_error *err)
{
        if ((unsigned)err->code >= N_CODES)
                err->code = CFS_E_BUG;
        finish(err->property, sizeof(err->property), -1);
        finish(err->phase, sizeof(err->phase), -1);
        finish(err->syscall, sizeof(err->syscall), -1);
        finish(err->path, sizeof(err->path), -1);
        finish(err->hint, sizeof(err->hint), -1);
        finish(err->text, sizeof(err->text), -1);
        err->excerpt[0] = '\0';
        err->caret = 0;
}

__attribute__((format(printf, 3, 0))) static void vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
        int n = vsnprintf(buf, size, fmt, ap);

        if (n < 0)
                buf[0] = '\0';
        finish(buf, size, n);
}

/* Puts the formatted text into err->text so that `reserve` bytes stay free behind it. */
__attribute__((format(printf, 3, 0))) static void vtext(struct cfs_error *err, size_t reserve,
                                                        const char *fmt, va_list ap)
{
        vformat(err->text, sizeof(err->text) - reserve, fmt, ap);
}

/* "TEXT: TAIL" */
static void append_tail(struct cfs_error *err, const char *tail)
{
        size_t len = strlen(err->text);

        (void)snprintf(err->text + len, sizeof(err->text) - len, "%s%s", len ? ": " : "", tail);
}

int err_set(struct cfs_error *err, enum cfs_code code, const char *fmt, ...)
{
        int errnum = (size_t)code < N_CODES ? codes[code].errnum : EIO;
        va_list ap;

        if (!err)
                return -errnum;
        err_clear(err);
        err->code = code;
        va_start(ap, fmt);
        vtext(err, 0, fmt, ap);
        va_end(ap);
        return -errnum;
}

/* What err_sys() and err_path() share. An errnum of 0 is a bug of the caller that must not become success. */
__attribute__((format(printf, 4, 0))) static int vsys(struct cfs_error *err, int errnum, const char *syscall,
                                                      const char *fmt, va_list ap)
{
        const char *reason = err_strerror(errnum);

        err_clear(err);
        err->code = errnum == ENOMEM ? CFS_E_NOMEM : CFS_E_SYSTEM;
        err->errnum = errnum;
        if (syscall)
                (void)snprintf(err->syscall, sizeof(err->syscall), "%s", syscall);
        vtext(err, strlen(reason) + 2, fmt, ap);
        append_tail(err, reason);
        lack_hint(errnum, syscall, err->hint, sizeof(err->hint));
        return -errnum;
}

static int positive_errno(int errnum)
{
        if (errnum < 0)
                errnum = -errnum;
        return errnum ? errnum : EIO;
}

int err_sys(struct cfs_error *err, int errnum, const char *syscall, const char *fmt, ...)
{
        va_list ap;
        int r;

        errnum = positive_errno(errnum);
        if (!err)
                return -errnum;
        va_start(ap, fmt);
        r = vsys(err, errnum, syscall, fmt, ap);
        va_end(ap);
        return r;
}

int err_path(struct cfs_error *err, int errnum, const char *syscall, const char *path, const char *fmt, ...)
{
        enum explained explained;
        char why[300];
        va_list ap;
        size_t len;
        int r;

        errnum = positive_errno(errnum);
        if (!err)
                return -errnum;
        va_start(ap, fmt);
        r = vsys(err, errnum, syscall, fmt, ap);
        va_end(ap);

        finish(err->path, sizeof(err->path), snprintf(err->path, sizeof(err->path), "%s", path ? path : ""));
        if (!path || path[0] != '/')
                return r;
        if (errnum != EACCES && errnum != ENOENT && errnum != ENOTDIR && errnum != EPERM && errnum != ELOOP)
                return r;
        /* ENOENT on something that exists speaks of something else: a script's interpreter, a value
         * written. */
        if (errnum == ENOENT && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
            access(path, F_OK) == 0)
                return r;
        explained = explain_path(path, syscall, errnum, why, sizeof(why));
        if (explained == EXPLAIN_NOTHING)
                return r;
        len = strlen(err->text);
        if (len + strlen(why) + sizeof(" ()") <= sizeof(err->text)) {
                int n = snprintf(err->text + len, sizeof(err->text) - len, " (%s)", why);

                finish(err->text, sizeof(err->text), (int)len + n);
        }
        if (errnum == EACCES && explained == EXPLAIN_ALLOWED)
                (void)snprintf(
                        err->hint, sizeof(err->hint),
                        "the permissions allow it: a security module (AppArmor, SELinux) or a mount option "
                        "refuses");
        return r;
}

int err_nomem(struct cfs_error *err)
{
        return err_sys(err, ENOMEM, NULL, "allocate memory");
}

/* "PREFIX: TEXT". Where both do not fit, the prefix is cut. */
static void put_prefix(struct cfs_error *err, const char *prefix)
{
        size_t text = strnlen(err->text, sizeof(err->text) - 1), n = strlen(prefix);

        if (n + 2 + text >= sizeof(err->text))
                n = text + 3 < sizeof(err->text) ? sizeof(err->text) - text - 3 : 0;
        if (n == 0)
                return;
        memmove(err->text + n + 2, err->text, text);
        memcpy(err->text, prefix, n);
        memcpy(err->text + n, ": ", 2);
        err->text[n + 2 + text] = '\0';
}

int err_prefix(struct cfs_error *err, int r, const char *fmt, ...)
{
        char prefix[512];
        va_list ap;

        if (!err)
                return r;
        va_start(ap, fmt);
        vformat(prefix, sizeof(prefix), fmt, ap);
        va_end(ap);
        put_prefix(err, prefix);
        return r;
}

int err_property(struct cfs_error *err, int r, const char *fmt, ...)
{
        va_list ap;

        if (!err || err->property[0])
                return r;
        va_start(ap, fmt);
        vformat(err->property, sizeof(err->property), fmt, ap);
        va_end(ap);
        put_prefix(err, err->property);
        return r;
}

int err_hint(struct cfs_error *err, int r, const char *fmt, ...)
{
        va_list ap;

        if (!err)
                return r;
        va_start(ap, fmt);
        vformat(err->hint, sizeof(err->hint), fmt, ap);
        va_end(ap);
        return r;
}

int err_needs(struct cfs_error *err, int r, const char *what, unsigned capability)
{
        if (r != -EPERM || !lack_capability(capability))
                return r;
        return err_hint(err, r, "%s needs %s, which cfs does not have here", what, caps_name(capability));
}

const char *err_strerror(int errnum)
{
        /* A few buffers in turn, so that one message can name two errors. */
        static char buffers[4][64];
        static unsigned turn;
        char *buf = buffers[turn++ % 4];
        const char *text;

        if (errnum < 0)
                errnum = -errnum;
        /* strerror(3) without the translation, and with it without the locale's machinery (glibc 2.32). */
        text = errnum ? strerrordesc_np(errnum) : NULL;
        if (!text) {
                (void)snprintf(buf, sizeof(buffers[0]), "errno %d", errnum);
                return buf;
        }
        (void)snprintf(buf, sizeof(buffers[0]), "%s", text);
        /* "RFS specific error" stays. */
        if (isupper((unsigned char)buf[0]) && !isupper((unsigned char)buf[1]))
                buf[0] = (char)(buf[0] | 0x20);
        return buf;
}

const char *err_code_name(enum cfs_code code)
{
        return (size_t)code < N_CODES ? codes[code].name : "unknown";
}

void err_clear(struct cfs_error *err)
{
        /* All of it: the structure crosses a socket, and what lay on our stack must not. */
        if (err)
                memset(err, 0, sizeof(*err));
}
