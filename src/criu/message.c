/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRIU's messages to and from the wire. The options are a table: a number of rpc.proto, and where the
 * value stands. */
#include "criu/message.h"
#include "base/cleanup.h"
#include "criu/wire.h"
#include <errno.h>
#include <string.h>

/* ---- requests ------------------------------------------------------------------------------------------ */

enum kind { FLAG, NUMBER, TEXT };

static const struct option {
        unsigned field;
        enum kind kind;
        size_t offset;
} options[] = {
#define OPTION(field, kind, member)                                                                          \
        {                                                                                                    \
                field, kind, offsetof(struct criu_options, member)                                           \
        }
        OPTION(2, NUMBER, pid),           OPTION(3, FLAG, leave_running),
        OPTION(4, FLAG, ext_unix_sk),     OPTION(5, FLAG, tcp_established),
        OPTION(7, FLAG, shell_job),       OPTION(8, FLAG, file_locks),
        OPTION(9, NUMBER, log_level),     OPTION(10, TEXT, log_file),
        OPTION(12, FLAG, notify_scripts), OPTION(13, TEXT, root),
        OPTION(14, TEXT, parent_img),     OPTION(15, FLAG, track_mem),
        OPTION(16, FLAG, auto_dedup),     OPTION(17, NUMBER, work_dir_fd),
        OPTION(18, FLAG, link_remap),     OPTION(24, FLAG, manage_cgroups),
        OPTION(26, FLAG, rst_sibling),    OPTION(38, NUMBER, empty_ns),
        OPTION(44, TEXT, freeze_cgroup),  OPTION(46, FLAG, tcp_skip_in_flight),
        OPTION(48, FLAG, lazy_pages),     OPTION(50, FLAG, orphan_pts_master),
        OPTION(51, TEXT, config_file),    OPTION(52, FLAG, tcp_close),
        OPTION(53, TEXT, lsm_profile),    OPTION(63, TEXT, lsm_mount_context),
        OPTION(64, NUMBER, network_lock),
#undef OPTION
};

static void put_option(struct str *s, const struct option *d, const struct criu_options *o)
{
        const char *at = (const char *)o + d->offset;
        const char *text;
        int number;

        switch (d->kind) {
        case FLAG:
                if (*(const bool *)at)
                        wire_put_number(s, d->field, 1);
                break;
        case NUMBER:
                memcpy(&number, at, sizeof(number));
                if (number != 0)
                        wire_put_number(s, d->field, d->field == 38 ? (int64_t)(unsigned)number : number);
                break;
        case TEXT:
                memcpy(&text, at, sizeof(text));
                if (text)
                        wire_put_text(s, d->field, text);
                break;
        }
}

/* Repeated messages of two fields: a text, and a text or a number. */
static void put_pairs(struct str *s, unsigned field, const struct criu_pairs *pairs, bool number)
{
        for (size_t i = 0; i < pairs->n; i++) {
                _cleanup_str_ struct str m = { 0 };

                wire_put_text(&m, 1, pairs->p[i].key);
                if (number)
                        wire_put_number(&m, 2, pairs->p[i].number);
                else
                        wire_put_text(&m, 2, pairs->p[i].value);
                wire_put_message(s, field, &m);
        }
}

static void put_options(struct str *s, const struct criu_options *o)
{
        wire_put_number(s, 1, o->images_dir_fd);
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                put_option(s, &options[i], o);
        if (o->page_server_port) {
                _cleanup_str_ struct str m = { 0 };

                wire_put_text(&m, 1, o->page_server_address);
                wire_put_number(&m, 2, o->page_server_port);
                wire_put_message(s, 11, &m);
        }
        put_pairs(s, 25, &o->cg_root, false);
        put_pairs(s, 27, &o->inherit, true);
        if (o->has_cgroup_mode)
                wire_put_number(s, 34, o->cgroup_mode);
        for (size_t i = 0; i < o->external.n; i++)
                wire_put_text(s, 37, o->external.p[i].key);
        put_pairs(s, 39, &o->join_ns, false);
        if (o->has_status_fd)
                wire_put_number(s, 49, o->status_fd);
}

void message_put_request(struct str *s, enum criu_type type, const struct criu_options *o, bool keep_open)
{
        wire_put_number(s, 1, type);
        if (o) {
                _cleanup_str_ struct str m = { 0 };

                put_options(&m, o);
                wire_put_message(s, 2, &m);
        }
        if (keep_open)
                wire_put_number(s, 4, 1);
        if (type == CRIU_FEATURE_CHECK) {
                _cleanup_str_ struct str m = { 0 };

                wire_put_number(&m, 1, 1); /* mem_track  */
                wire_put_number(&m, 2, 1); /* lazy_pages */
                wire_put_message(s, 5, &m);
        }
}

void message_put_notified(struct str *s, bool success)
{
        wire_put_number(s, 1, CRIU_NOTIFY);
        wire_put_number(s, 3, success);
}

/* ---- responses ----------------------------------------------------------------------------------------- */

static void copy_text(char *buf, size_t size, const struct wire_field *f)
{
        size_t n = f->len < size ? f->len : size - 1;

        if (!f->data)
                return;
        memcpy(buf, f->data, n);
        buf[n] = '\0';
        for (size_t i = 0; i < n; i++) /* one line, and nothing that a terminal obeys, whatever CRIU says */
                if ((unsigned char)buf[i] < 0x20 || buf[i] == 0x7f)
                        buf[i] = ' ';
}

/* Of the response's fields, those that are messages and known here. */
static bool has_inner(unsigned number)
{
        return number == 3 || number == 4 || number == 5 || number == 8 || number == 10;
}

/* A message in the response, whose own number is `outer`. */
static int get_inner(struct criu_response *c, const struct wire_field *outer)
{
        static const unsigned weight[] = { [1] = 10000, [2] = 100, [4] = 1 };
        struct wire_reader r = { .p = outer->data, .n = outer->len };
        struct wire_field f;
        int more;

        while ((more = wire_next(&r, &f)) > 0) {
                if (outer->number == 3 && f.number == 1) /* dump.restored */
                        c->restored = f.value != 0;
                else if (outer->number == 4 && f.number == 1) /* restore.pid */
                        c->pid = (pid_t)f.value;
                else if (outer->number == 5 && f.number == 1) /* notify.script */
                        copy_text(c->script, sizeof(c->script), &f);
                else if (outer->number == 5 && f.number == 2) /* notify.pid */
                        c->pid = (pid_t)f.value;
                else if (outer->number == 8 && f.number == 1) /* features */
                        c->has_mem_track = f.value != 0;
                else if (outer->number == 8 && f.number == 2)
                        c->has_lazy_pages = f.value != 0;
                else if (outer->number == 10 && f.number < ARRAY_SIZE(weight)) /* version */
                        c->version += weight[f.number] * (unsigned)(f.value & 0xff);
        }
        return more;
}

int message_get_response(const char *data, size_t len, struct criu_response *ret)
{
        struct wire_reader r = { .p = data, .n = len };
        struct criu_response c = { 0 };
        struct wire_field f;
        int more;

        while ((more = wire_next(&r, &f)) > 0) {
                if (f.number == 1)
                        c.type = (enum criu_type)(f.value & 0xff);
                else if (f.number == 2)
                        c.success = f.value != 0;
                else if (f.number == 7)
                        c.error = (int)f.value;
                else if (f.number == 9)
                        copy_text(c.message, sizeof(c.message), &f);
                else if (f.data && has_inner(f.number) && get_inner(&c, &f) < 0)
                        return -EBADMSG;
        }
        if (more < 0)
                return more;
        *ret = c;
        return 0;
}
