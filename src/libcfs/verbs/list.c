/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs_list and cfs_list_json: what is below the state directory.
 *
 * Containers come and go while the directory is read, and no lock is taken: each line is true for its
 * container at one moment, the list as a whole is not. A container whose status cannot be told is on the
 * list, with the status "unknown".
 *
 * Of many containers some are looked at by other processes (base/share.h): there, what is to be told of one
 * is made, and here it is told in its turn.
 */
#include "libcfs/cfs.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "base/user.h"
#include "libcfs/store/foreach.h"
#include "libcfs/store/state.h"
#include "libcfs/store/status.h"
#include "json.h"
#include "oci.h"

#define PASSWD_MAX (16U << 20)

struct list {
        int (*fn)(struct list *l, struct state *s, int st);
        struct cfs_error *err;
        struct cfs_error why;   /* the last status could not be told */
        struct user_name owner; /* of the last one */

        /* cfs_list */
        int (*user_fn)(void *data, const struct cfs_info *info);
        void *user_data;

        /* cfs_list_json */
        struct json_writer *json;
        size_t n;
};

static int visit(void *data, struct state *s)
{
        struct list *l = data;
        int st = s->broken ? STATUS_BROKEN : status_of(s, &l->why);

        if (st < 0) {
                log_warning("%s", l->why.text);
                err_clear(&l->why);
        }
        return l->fn(l, s, st);
}

/* What cfs_list tells of a container. From another process it comes with bundle and time behind it, each
 * with its NUL. */
struct found {
        int status;
        pid_t pid;
        uid_t owner;
        uint32_t bundle_size;
        char text[];
};

static void find(const struct state *s, int st, struct found *ret)
{
        const struct oci_record *rec = s->record;

        ret->status = st;
        ret->pid = st == STATUS_STOPPED || !rec->has_pid ? 0 : rec->pid;
        ret->owner = rec->owner;
}

static const char *or_empty(const char *s)
{
        return s ? s : "";
}

static int give(struct list *l, const char *id, const struct found *f, const char *bundle,
                const char *created)
{
        const struct cfs_info info = {
                .id = id,
                .pid = f->pid,
                .status = status_name(f->status),
                .bundle = bundle,
                .created = created,
                .owner_uid = f->owner,
                .owner = user_name(&l->owner, f->owner),
        };

        return l->user_fn(l->user_data, &info);
}

static int give_info(struct list *l, struct state *s, int st)
{
        struct found f;

        find(s, st, &f);
        return give(l, s->id, &f, or_empty(s->record->bundle), or_empty(s->record->created));
}

static ssize_t look_info(void *data, struct state *s, void *ret, size_t size)
{
        struct list *l = data;
        const char *bundle = or_empty(s->record->bundle), *created = or_empty(s->record->created);
        size_t bundle_size = strlen(bundle) + 1, created_size = strlen(created) + 1;
        struct found *f = ret;
        int st = status_of(s, &l->why);

        if (st < 0 || sizeof(*f) + bundle_size + created_size > size)
                return -1;
        find(s, st, f);
        f->bundle_size = (uint32_t)bundle_size;
        memcpy(f->text, bundle, bundle_size);
        memcpy(f->text + bundle_size, created, created_size);
        return (ssize_t)(sizeof(*f) + bundle_size + created_size);
}

static int give_found(void *data, const char *id, void *found, size_t size)
{
        const struct found *f = found;

        (void)size;
        return give(data, id, f, f->text, f->text + f->bundle_size);
}

int cfs_list(const struct cfs_runtime *rt, int (*fn)(void *data, const struct cfs_info *info), void *data,
             struct cfs_error *err)
{
        static const struct store_heads heads = { .fn = visit, .look = look_info, .give = give_found };
        struct list l = { .fn = give_info, .user_fn = fn, .user_data = data, .err = err };

        return store_foreach_head(rt->root, rt->root_explicit, &heads, &l, err);
}

static int add_document(struct list *l, struct state *s, int st)
{
        struct oci_state doc;
        int r;

        status_document(s, st, &l->owner, &doc);
        l->n++;
        r = oci_encode_into(l->json, &oci_state_type, &doc, l->err);
        return r < 0 ? err_prefix(l->err, r, "container `%s`", s->id) : 0;
}

/* What cfs_list_json tells of one: its text. */
static ssize_t look_document(void *data, struct state *s, void *ret, size_t size)
{
        struct list *l = data;
        int st = status_of(s, &l->why);
        _cleanup_free_ char *text = NULL;
        struct oci_state doc;
        size_t len;

        if (st < 0)
                return -1;
        status_document(s, st, &l->owner, &doc);
        if (oci_encode(&oci_state_type, &doc, 0, &text, &len, &l->why) < 0 || len >= size)
                return -1;
        memcpy(ret, text, len + 1);
        return (ssize_t)len + 1;
}

static int give_document(void *data, const char *id, void *found, size_t size)
{
        struct list *l = data;

        (void)id;
        (void)size;
        json_write_raw(l->json, found);
        l->n++;
        return 0;
}

/* The established runtime, written in Go, prints an empty list as null; its users test for that. */
int cfs_list_json(const struct cfs_runtime *rt, char **ret_json, struct cfs_error *err)
{
        static const struct store_heads heads = {
                .annotations = true,
                .fn = visit,
                .look = look_document,
                .give = give_document,
        };
        _cleanup_json_writer_ struct json_writer *w = json_write_new(0);
        struct list l = { .fn = add_document, .json = w, .err = err };
        _cleanup_free_ char *text = NULL;
        _cleanup_str_ struct str line = { 0 };
        int r;

        json_write_array(w);
        r = store_foreach_head(rt->root, rt->root_explicit, &heads, &l, err);
        json_write_array_end(w);
        if (r >= 0)
                r = json_write_take(TAKE_PTR(w), &text, NULL, err);
        if (r < 0)
                return r;
        str_add(&line, l.n > 0 ? text : "null");
        str_add(&line, "\n");
        return str_take(&line, ret_json, err);
}
