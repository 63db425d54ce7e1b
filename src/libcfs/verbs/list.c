/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs_list and cfs_list_json: what is below the state directory.
 *
 * Containers come and go while the directory is read, and no lock is taken: each line is true for its
 * container at one moment, the list as a whole is not. A container whose status cannot be told is on the
 * list, with the status "unknown".
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

static int give_info(struct list *l, struct state *s, int st)
{
        const struct oci_record *rec = s->record;
        const struct cfs_info info = {
                .id = s->id,
                .pid = st == STATUS_STOPPED || !rec->has_pid ? 0 : rec->pid,
                .status = status_name(st),
                .bundle = rec->bundle ? rec->bundle : "",
                .created = rec->created ? rec->created : "",
                .owner_uid = rec->owner,
                .owner = user_name(&l->owner, rec->owner),
        };

        return l->user_fn(l->user_data, &info);
}

int cfs_list(const struct cfs_runtime *rt, int (*fn)(void *data, const struct cfs_info *info), void *data,
             struct cfs_error *err)
{
        struct list l = { .fn = give_info, .user_fn = fn, .user_data = data, .err = err };

        return store_foreach_head(rt->root, rt->root_explicit, false, visit, &l, err);
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

/* The established runtime, written in Go, prints an empty list as null; its users test for that. */
int cfs_list_json(const struct cfs_runtime *rt, char **ret_json, struct cfs_error *err)
{
        _cleanup_json_writer_ struct json_writer *w = json_write_new(0);
        struct list l = { .fn = add_document, .json = w, .err = err };
        _cleanup_free_ char *text = NULL;
        _cleanup_str_ struct str line = { 0 };
        int r;

        json_write_array(w);
        r = store_foreach_head(rt->root, rt->root_explicit, true, visit, &l, err);
        json_write_array_end(w);
        if (r >= 0)
                r = json_write_take(TAKE_PTR(w), &text, NULL, err);
        if (r < 0)
                return r;
        str_add(&line, l.n > 0 ? text : "null");
        str_add(&line, "\n");
        return str_take(&line, ret_json, err);
}
