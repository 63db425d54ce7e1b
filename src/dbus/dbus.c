/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A D-Bus client (D-Bus Specification 0.41), for the handful of calls that the systemd manager makes.
 *
 * Why not libsystemd? The loader would load it and its dependencies at every start of cfs, also where systemd
 * is not used, and the loader is half of what a short-lived command costs. And its calls wait 25 s or for
 * ever, which has hung container engines for minutes. Here every wait counts against one deadline.
 *
 * Connecting: a stream socket, a NUL byte, and SASL's EXTERNAL with an empty identity, which means "the user
 * that the socket's credentials name". So it works from a user namespace too, where the uid that we see is
 * not the one that the bus sees. The lines are sent together with the first call (Hello); the bus handles
 * them in order.
 *
 * Messages are in the machine's own byte order, as a bus on the same machine sends them. What comes in is
 * checked before it is used, although only the bus can write to us.
 */
#include "dbus/dbus.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define MAX_MESSAGE (1U << 20)
#define ENDIAN      (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B')
#define SASL        "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"

enum {
        FIELD_PATH = 1,
        FIELD_INTERFACE,
        FIELD_MEMBER,
        FIELD_ERROR,
        FIELD_REPLY,
        FIELD_DESTINATION,
        FIELD_SENDER,
        FIELD_SIGNATURE
};

struct dbus {
        int fd;
        int64_t deadline;
        uint32_t serial;
        bool user;
        struct str in;   /* received, from the beginning of a message on */
        size_t consumed; /* how much of it is the message that was returned last */
};

/* ---- writing values ------------------------------------------------------------------------------------ */

void dbus_put_align(struct dbus_body *b, size_t n)
{
        static const char zero[8];

        str_add_n(&b->s, zero, (n - b->s.len % n) % n);
}

void dbus_put_byte(struct dbus_body *b, uint8_t v)
{
        str_add_n(&b->s, (const char *)&v, sizeof(v));
}

void dbus_put_u16(struct dbus_body *b, uint16_t v)
{
        dbus_put_align(b, 2);
        str_add_n(&b->s, (const char *)&v, sizeof(v));
}

void dbus_put_u32(struct dbus_body *b, uint32_t v)
{
        dbus_put_align(b, 4);
        str_add_n(&b->s, (const char *)&v, sizeof(v));
}

void dbus_put_u64(struct dbus_body *b, uint64_t v)
{
        dbus_put_align(b, 8);
        str_add_n(&b->s, (const char *)&v, sizeof(v));
}

void dbus_put_string(struct dbus_body *b, const char *s)
{
        dbus_put_u32(b, (uint32_t)strlen(s));
        str_add_n(&b->s, s, strlen(s) + 1);
}

void dbus_put_signature(struct dbus_body *b, const char *s)
{
        dbus_put_byte(b, (uint8_t)strlen(s));
        str_add_n(&b->s, s, strlen(s) + 1);
}

size_t dbus_put_array_begin(struct dbus_body *b, size_t align)
{
        size_t begin;

        dbus_put_u32(b, 0);
        begin = b->s.len;
        dbus_put_align(b, align);
        /* The padding before the first element does not count as the array's length. */
        return begin << 8 | (b->s.len - begin);
}

void dbus_put_array_end(struct dbus_body *b, size_t begin)
{
        size_t at = begin >> 8, padding = begin & 0xff;
        uint32_t n;

        if (b->s.failed)
                return;
        n = (uint32_t)(b->s.len - at - padding);
        memcpy(b->s.p + at - 4, &n, sizeof(n));
}

/* ---- reading values ------------------------------------------------------------------------------------ */

int dbus_get_align(struct dbus_reader *r, size_t n)
{
        size_t skip = (n - r->at % n) % n;

        if (r->n - r->at < skip)
                return -EBADMSG;
        r->at += skip;
        return 0;
}

int dbus_get_u32(struct dbus_reader *r, uint32_t *ret)
{
        if (dbus_get_align(r, 4) < 0 || r->n - r->at < 4)
                return -EBADMSG;
        memcpy(ret, r->p + r->at, 4);
        r->at += 4;
        return 0;
}

static int get_text(struct dbus_reader *r, size_t n, const char **ret)
{
        if (r->n - r->at <= n || r->p[r->at + n] != '\0' || memchr(r->p + r->at, '\0', n))
                return -EBADMSG;
        *ret = r->p + r->at;
        r->at += n + 1;
        return 0;
}

int dbus_get_string(struct dbus_reader *r, const char **ret)
{
        uint32_t n;
        int e = dbus_get_u32(r, &n);

        return e < 0 ? e : get_text(r, n, ret);
}

int dbus_get_signature(struct dbus_reader *r, const char **ret)
{
        if (r->n == r->at)
                return -EBADMSG;
        r->at++;
        return get_text(r, (uint8_t)r->p[r->at - 1], ret);
}

/* The length of the message that begins at p, when that much is known: 0 when not, or -EBADMSG. */
static int64_t message_size(const char *p, size_t n)
{
        uint32_t body, fields;
        uint64_t size;

        if (n < 16)
                return 0;
        if (p[0] != ENDIAN || p[3] != 1)
                return -EBADMSG;
        memcpy(&body, p + 4, 4);
        memcpy(&fields, p + 12, 4);
        size = 16 + (((uint64_t)fields + 7) & ~(uint64_t)7) + body;
        return size > MAX_MESSAGE ? -EBADMSG : (int64_t)size;
}

static int get_field(struct dbus_reader *r, struct dbus_message *m)
{
        const char *type, *text;
        uint32_t number;
        uint8_t code;
        int e;

        if (dbus_get_align(r, 8) < 0 || r->n == r->at)
                return -EBADMSG;
        code = (uint8_t)r->p[r->at++];
        if (dbus_get_signature(r, &type) < 0)
                return -EBADMSG;
        if (STREQ(type, "s") || STREQ(type, "o"))
                e = dbus_get_string(r, &text);
        else if (STREQ(type, "g"))
                e = dbus_get_signature(r, &text);
        else if (STREQ(type, "u")) {
                e = dbus_get_u32(r, &number);
                if (e >= 0 && code == FIELD_REPLY)
                        m->reply_to = number;
                return e;
        } else
                return -EBADMSG;
        if (e < 0)
                return e;
        if (code == FIELD_INTERFACE)
                m->interface = text;
        else if (code == FIELD_MEMBER)
                m->member = text;
        else if (code == FIELD_ERROR)
                m->error = text;
        else if (code == FIELD_SIGNATURE)
                m->signature = text;
        return 0;
}

int dbus_parse(const char *p, size_t n, struct dbus_message *ret)
{
        struct dbus_message m = { .interface = "", .member = "", .error = "", .signature = "" };
        struct dbus_reader r;
        uint32_t fields;

        if (n < 16 || message_size(p, n) != (int64_t)n)
                return -EBADMSG;
        m.type = (uint8_t)p[1];
        memcpy(&fields, p + 12, 4);
        r = (struct dbus_reader){ .p = p, .n = 16 + fields, .at = 16 };
        while (r.at < r.n) {
                if (get_field(&r, &m) < 0)
                        return -EBADMSG;
        }
        fields = (fields + 7) & ~7U;
        m.body = (struct dbus_reader){ .p = p + 16 + fields, .n = n - 16 - fields };
        *ret = m;
        return 0;
}

/* ---- the connection ------------------------------------------------------------------------------------ */

void dbus_set_timeout(struct dbus *d, int timeout_ms)
{
        d->deadline = clock_now_ms() + timeout_ms;
}

static const char *bus_name(const struct dbus *d)
{
        return d->user ? "the user's systemd" : "systemd";
}

/* The connection fails, so systemd's journal knows nothing of it. */
static int not_heard(const struct dbus *d, int r, struct cfs_error *err)
{
        return err_hint(
                err, r,
                "does `systemctl%s list-units` answer? If not, the bus or systemd is at fault. Without "
                "--systemd-cgroup cfs needs neither",
                d->user ? " --user" : "");
}

static int wait_for(struct dbus *d, short events, struct cfs_error *err)
{
        for (;;) {
                struct pollfd p = { .fd = d->fd, .events = events };
                int64_t left = d->deadline - clock_now_ms();
                int n;

                if (left <= 0)
                        return not_heard(d,
                                         err_set(err, CFS_E_TIMEOUT, "no answer from %s over D-Bus in time",
                                                 bus_name(d)),
                                         err);
                n = poll(&p, 1, (int)left);
                if (n > 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return err_sys(err, errno, "poll", "wait for %s over D-Bus", bus_name(d));
        }
}

static int send_all(struct dbus *d, const char *p, size_t n, struct cfs_error *err)
{
        while (n > 0) {
                ssize_t k = send(d->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
                int r;

                if (k >= 0) {
                        p += k;
                        n -= (size_t)k;
                } else if (errno == EAGAIN) {
                        r = wait_for(d, POLLOUT, err);
                        if (r < 0)
                                return r;
                } else if (errno != EINTR) {
                        return not_heard(
                                d, err_sys(err, errno, "send", "speak to %s over D-Bus", bus_name(d)), err);
                }
        }
        return 0;
}

/* Appends what comes next to d->in. */
static int fill(struct dbus *d, struct cfs_error *err)
{
        char buf[4096];

        for (;;) {
                ssize_t n = recv(d->fd, buf, sizeof(buf), MSG_DONTWAIT);
                int r;

                if (n > 0) {
                        str_add_n(&d->in, buf, (size_t)n);
                        return d->in.failed ? err_nomem(err) : 0;
                }
                if (n == 0)
                        return not_heard(d,
                                         err_set(err, CFS_E_SYSTEM, "the D-Bus connection to %s was closed",
                                                 bus_name(d)),
                                         err);
                if (errno == EAGAIN) {
                        r = wait_for(d, POLLIN, err);
                        if (r < 0)
                                return r;
                } else if (errno != EINTR) {
                        return not_heard(
                                d, err_sys(err, errno, "recv", "hear from %s over D-Bus", bus_name(d)), err);
                }
        }
}

static void drop(struct dbus *d, size_t n)
{
        memmove(d->in.p, d->in.p + n, d->in.len - n);
        d->in.len -= n;
}

int dbus_receive(struct dbus *d, struct dbus_message *ret, struct cfs_error *err)
{
        if (d->consumed > 0)
                drop(d, d->consumed);
        d->consumed = 0;
        for (;;) {
                int64_t size = d->in.p ? message_size(d->in.p, d->in.len) : 0;
                int r;

                if (size < 0)
                        return not_heard(d,
                                         err_set(err, CFS_E_SYSTEM, "%s sends something that is not D-Bus",
                                                 bus_name(d)),
                                         err);
                if (size > 0 && d->in.len >= (size_t)size) {
                        d->consumed = (size_t)size;
                        if (dbus_parse(d->in.p, d->consumed, ret) < 0)
                                return not_heard(d,
                                                 err_set(err, CFS_E_SYSTEM,
                                                         "%s sends a malformed D-Bus message", bus_name(d)),
                                                 err);
                        return 0;
                }
                r = fill(d, err);
                if (r < 0)
                        return r;
        }
}

static void put_field(struct dbus_body *h, uint8_t code, const char *type, const char *value)
{
        if (str_empty(value))
                return;
        dbus_put_align(h, 8);
        dbus_put_byte(h, code);
        dbus_put_signature(h, type);
        if (STREQ(type, "g"))
                dbus_put_signature(h, value);
        else
                dbus_put_string(h, value);
}

int64_t dbus_send(struct dbus *d, const struct dbus_method *method, const struct dbus_body *body,
                  struct cfs_error *err)
{
        _cleanup_dbus_body_ struct dbus_body h = { 0 };
        size_t fields;
        int r;

        dbus_put_byte(&h, (uint8_t)ENDIAN);
        dbus_put_byte(&h, DBUS_CALL);
        dbus_put_byte(&h, 0);
        dbus_put_byte(&h, 1);
        dbus_put_u32(&h, body ? (uint32_t)body->s.len : 0);
        dbus_put_u32(&h, ++d->serial);
        fields = dbus_put_array_begin(&h, 8);
        put_field(&h, FIELD_PATH, "o", method->path);
        put_field(&h, FIELD_DESTINATION, "s", method->destination);
        put_field(&h, FIELD_INTERFACE, "s", method->interface);
        put_field(&h, FIELD_MEMBER, "s", method->member);
        put_field(&h, FIELD_SIGNATURE, "g", method->signature);
        dbus_put_array_end(&h, fields);
        dbus_put_align(&h, 8);
        if (body && body->s.len > 0)
                str_add_n(&h.s, body->s.p, body->s.len);
        if (h.s.failed || (body && body->s.failed))
                return err_nomem(err);
        r = send_all(d, h.s.p, h.s.len, err);
        return r < 0 ? r : (int64_t)d->serial;
}

/* The bus speaks for a systemd that is not there, or does not answer (D-Bus specification, "Message Bus
 * Messages"). */
static bool of_the_bus(const char *error)
{
        static const char *const names[] = { "ServiceUnknown", "NameHasNoOwner", "NoReply", "Disconnected",
                                             "LimitsExceeded" };

        if (!str_has_prefix(error, "org.freedesktop.DBus.Error."))
                return false;
        error += strlen("org.freedesktop.DBus.Error.");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (STREQ(error, names[i]))
                        return true;
        return false;
}

static int error_answer(const struct dbus *d, struct dbus_message *m, struct cfs_error *err)
{
        const char *text = "";
        int r;

        if (m->signature[0] == 's')
                (void)dbus_get_string(&m->body, &text);
        if (str_has_prefix(m->error, "org.freedesktop.DBus.Error.AccessDenied") ||
            strstr(m->error, "InteractiveAuthorizationRequired"))
                return err_hint(
                        err, err_set(err, CFS_E_SYSTEM, "%s refuses: %s (%s)", bus_name(d), text, m->error),
                        "rootless containers need the user's own systemd: is XDG_RUNTIME_DIR set, and does "
                        "`systemctl --user status` work?");
        r = err_set(err, CFS_E_SYSTEM, "%s says: %s (%s)", bus_name(d), text, m->error);
        return of_the_bus(m->error) ? not_heard(d, r, err) : r;
}

int dbus_call(struct dbus *d, const struct dbus_method *method, const struct dbus_body *body,
              struct dbus_answer *answer, struct cfs_error *err)
{
        struct dbus_answer unused = { 0 };
        struct dbus_message *m;
        int64_t serial = dbus_send(d, method, body, err);
        int r;

        if (serial < 0)
                return (int)serial;
        if (!answer)
                answer = &unused;
        m = &answer->message;
        do {
                r = dbus_receive(d, m, err);
                if (r < 0)
                        return r;
                if (m->type == DBUS_SIGNAL && answer->on_signal)
                        answer->on_signal(answer->data, m);
        } while (m->reply_to != (uint32_t)serial || (m->type != DBUS_RETURN && m->type != DBUS_ERROR));
        if (m->type == DBUS_RETURN)
                return 0;
        (void)snprintf(answer->error, sizeof(answer->error), "%s", m->error);
        return error_answer(d, m, err);
}

/* "unix:path=/run/user/1000/bus,guid=..." -> the path. Other transports do not exist for systemd. */
static int address_path(const char *address, char *buf, size_t size)
{
        const char *p;
        size_t n;

        if (!str_has_prefix(address, "unix:"))
                return -EINVAL;
        p = strstr(address, "path=");
        if (!p || (p[-1] != ':' && p[-1] != ','))
                return -EINVAL;
        p += strlen("path=");
        n = strcspn(p, ",;");
        if (n == 0 || n >= size || memchr(p, '%', n))
                return -EINVAL;
        memcpy(buf, p, n);
        buf[n] = '\0';
        return 0;
}

static int socket_path(bool user, char *buf, size_t size, struct cfs_error *err)
{
        const char *address = getenv(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        int n;

        if (!str_empty(address)) {
                if (address_path(address, buf, size) == 0)
                        return 0;
                return err_set(err, CFS_E_UNSUPPORTED, "cannot use the D-Bus address `%.256s`", address);
        }
        if (!user)
                n = snprintf(buf, size, "/run/dbus/system_bus_socket");
        else if (!str_empty(runtime))
                n = snprintf(buf, size, "%s/bus", runtime);
        else
                n = snprintf(buf, size, "/run/user/%u/bus", (unsigned)geteuid());
        return n < (int)size ? 0 : err_sys(err, ENAMETOOLONG, NULL, "the path of the user's bus");
}

/* Skips the lines of SASL's answer: "DATA", "OK GUID". */
static int read_sasl(struct dbus *d, struct cfs_error *err)
{
        for (;;) {
                char *end = d->in.p ? memmem(d->in.p, d->in.len, "\r\n", 2) : NULL;
                bool ok;
                int r;

                if (!end) {
                        r = d->in.len > 4096 ? not_heard(d,
                                                         err_set(err, CFS_E_SYSTEM, "%s does not speak D-Bus",
                                                                 bus_name(d)),
                                                         err)
                                             : fill(d, err);
                        if (r < 0)
                                return r;
                        continue;
                }
                *end = '\0';
                if (str_has_prefix(d->in.p, "REJECTED") || str_has_prefix(d->in.p, "ERROR"))
                        return not_heard(d,
                                         err_set(err, CFS_E_SYSTEM, "the bus of %s does not let us in: %s",
                                                 bus_name(d), d->in.p),
                                         err);
                ok = str_has_prefix(d->in.p, "OK ");
                drop(d, (size_t)(end - d->in.p) + 2);
                if (ok)
                        return 0;
        }
}

int dbus_open(bool user, int timeout_ms, struct dbus **ret, struct cfs_error *err)
{
        static const struct dbus_method hello_method = { "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                         "org.freedesktop.DBus", "Hello", "" };
        _cleanup_dbus_ struct dbus *d = calloc(1, sizeof(*d));
        const struct timeval wait = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int64_t hello;
        int r;

        if (!d)
                return err_nomem(err);
        d->fd = -1;
        d->user = user;
        dbus_set_timeout(d, timeout_ms);
        r = socket_path(user, a.sun_path, sizeof(a.sun_path), err);
        if (r < 0)
                return r;
        d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (d->fd < 0)
                return err_sys(err, errno, "socket", "make a socket");
        /* For connect(2), which waits while the bus has too many clients. */
        (void)setsockopt(d->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
        if (connect(d->fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
                r = err_path(err, errno, "connect", a.sun_path, "connect to %s's D-Bus socket `%s`",
                             bus_name(d), a.sun_path);
                return err_hint(
                        err, r, "%s",
                        user ? "is there a session of this user (loginctl enable-linger), and is "
                               "XDG_RUNTIME_DIR set?"
                             : "is systemd this system's init, and is dbus running? Without --systemd-cgroup "
                               "cfs needs neither");
        }
        r = send_all(d, SASL, sizeof(SASL) - 1, err);
        if (r < 0)
                return r;
        hello = dbus_send(d, &hello_method, NULL, err);
        r = hello < 0 ? (int)hello : read_sasl(d, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

void dbus_close(struct dbus *d)
{
        if (!d)
                return;
        cleanup_close_p(&d->fd);
        str_free(&d->in);
        free(d);
}
