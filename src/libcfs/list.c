/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs_list and cfs_list_json: what is below the state directory.
 *
 * Containers come and go while the directory is read, and no lock is taken: each line is true for its container at one
 * moment, the list as a whole is not.
 *
 * Owners are shown by name. getpwuid(3) would load NSS modules, which a static executable cannot do properly, so
 * /etc/passwd is read here; a user who is known elsewhere only (LDAP) is shown by number.
 */
#include "libcfs/cfs.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "libcfs/state.h"
#include "libcfs/status.h"
#include "oci.h"
#include <fcntl.h>
#include <stdio.h>

#define PASSWD_MAX (16U << 20)

struct list {
        int (*fn)(struct list *l, struct state *s, enum container_status st);
        struct cfs_error *err;
        char *passwd;   /* the text of /etc/passwd, "" when it cannot be read; NULL: not read yet */
        char owner[64]; /* the name of owner_uid */
        uid_t owner_uid;
        bool owner_known;

        /* cfs_list */
        int (*user_fn)(void *data, const struct cfs_info *info);
        void *user_data;

        /* cfs_list_json */
        struct str text;
};

/* The name in the line of /etc/passwd (passwd(5): name:password:uid:...) that has this uid. */
static bool find_name(const char *passwd, uid_t uid, char *buf, size_t size)
{
        for (const char *line = passwd; *line;) {
                const char *end = line + strcspn(line, "\n");
                const char *first = line + strcspn(line, ":\n");
                const char *second = *first == ':' ? first + 1 + strcspn(first + 1, ":\n") : first;

                if (*second == ':') {
                        char number[16];
                        size_t len = strcspn(second + 1, ":\n");
                        uint32_t id;

                        (void)snprintf(number, sizeof(number), "%.*s", (int)(len < 12 ? len : 12),
                                       second + 1);
                        if (first > line && str_to_id(number, &id) == 0 && id == uid) {
                                (void)snprintf(buf, size, "%.*s", (int)(first - line), line);
                                return true;
                        }
                }
                line = *end ? end + 1 : end;
        }
        return false;
}

static const char *owner_name(struct list *l, uid_t uid)
{
        struct cfs_error ignored;

        if (l->owner_known && l->owner_uid == uid)
                return l->owner;
        if (!l->passwd && io_read_file(AT_FDCWD, "/etc/passwd", PASSWD_MAX, &l->passwd, NULL, &ignored) < 0)
                l->passwd = strdup("");
        if (!l->passwd || !find_name(l->passwd, uid, l->owner, sizeof(l->owner)))
                (void)snprintf(l->owner, sizeof(l->owner), "%lu", (unsigned long)uid);
        l->owner_uid = uid;
        l->owner_known = true;
        return l->owner;
}

static int visit(void *data, struct state *s)
{
        struct list *l = data;

        return l->fn(l, s, status_of(s));
}

static int walk(const struct cfs_runtime *rt, struct list *l, struct cfs_error *err)
{
        int r;

        l->err = err;
        r = state_foreach(rt->root, rt->root_explicit, visit, l, err);
        free(l->passwd);
        l->passwd = NULL;
        return r;
}

static int give_info(struct list *l, struct state *s, enum container_status st)
{
        const struct oci_record *rec = s->record;
        const struct cfs_info info = {
                .id = s->id,
                .pid = st == STATUS_STOPPED || !rec->has_pid ? 0 : rec->pid,
                .status = state_status_name(st),
                .bundle = rec->bundle ? rec->bundle : "",
                .created = rec->created ? rec->created : "",
                .owner_uid = rec->owner,
                .owner = owner_name(l, rec->owner),
        };

        return l->user_fn(l->user_data, &info);
}

int cfs_list(const struct cfs_runtime *rt, int (*fn)(void *data, const struct cfs_info *info), void *data,
             struct cfs_error *err)
{
        struct list l = { .fn = give_info, .user_fn = fn, .user_data = data };

        return walk(rt, &l, err);
}

static int add_document(struct list *l, struct state *s, enum container_status st)
{
        struct oci_state *doc = state_document(s, st);
        _cleanup_free_ char *json = NULL;
        int r;

        if (!doc)
                return err_nomem(l->err);
        doc->owner = oci_arena_strdup(s->arena, owner_name(l, s->record->owner));
        r = oci_encode(&oci_state_type, doc, 0, &json, NULL, l->err);
        if (r < 0)
                return err_prefix(l->err, r, "container `%s`", s->id);
        str_add(&l->text, l->text.len ? "," : "[");
        str_add(&l->text, json);
        return 0;
}

/* The established runtime, written in Go, prints an empty list as null; its users test for that. */
int cfs_list_json(const struct cfs_runtime *rt, char **ret_json, struct cfs_error *err)
{
        struct list l = { .fn = add_document };
        int r = walk(rt, &l, err);

        if (r >= 0) {
                str_add(&l.text, l.text.len ? "]\n" : "null\n");
                r = str_take(&l.text, ret_json, err);
        }
        str_free(&l.text);
        return r;
}
