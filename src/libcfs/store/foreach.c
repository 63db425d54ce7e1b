/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Going over all containers of a store. Others create and delete meanwhile and no lock is taken: the names
 * are read first, and a container that is gone when its turn comes was not there.
 */
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/log.h"
#include "base/share.h"
#include "base/str.h"
#include "libcfs/store/foreach.h"
#include "libcfs/store/record.h"
#include "libcfs/store/root.h"
#include "libcfs/store/state.h"
#include "oci.h"
#include <fcntl.h>

static int compare_ids(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in ROOT that may be containers, sorted; in one allocation each, for the caller to free. */
static int read_ids(struct dir *d, const char *root, char ***ret_ids, size_t *ret_n, struct cfs_error *err)
{
        char **p;
        int r;

        while ((r = dir_next(d)) > 0) {
                if ((d->type != DT_DIR && d->type != DT_UNKNOWN) || state_check_id(d->name, NULL) < 0)
                        continue;
                if (*ret_n % 64 == 0) {
                        p = reallocarray(*ret_ids, *ret_n + 64, sizeof(char *));
                        if (!p)
                                return err_nomem(err);
                        *ret_ids = p;
                }
                if (str_dup(&(*ret_ids)[*ret_n], d->name, err) < 0)
                        return -ENOMEM;
                ++*ret_n;
        }
        if (r < 0)
                return err_path(err, -r, "getdents64", root, "read the state directory `%s`", root);
        if (*ret_n > 0)
                qsort(*ret_ids, *ret_n, sizeof(char *), compare_ids);
        return 0;
}

struct walk {
        const char *root;
        int root_fd;
        mode_t mode; /* of the state directory */
        int (*fn)(void *data, struct state *s);
        const struct store_heads *heads; /* or NULL: the whole records */
        void *data;
        char **ids;
        size_t n;
        struct cfs_error unread; /* the first error of the kernel's */
};

/* False: the whole record has to be read. What s refers to is in `head` and in the arena. */
static bool read_head(const struct walk *w, char *id, struct oci_arena *arena, struct record_head *head,
                      struct state *s)
{
        *s = (struct state){ .id = id, .record = &head->record, .head = true };
        s->dir_fd = s->netns_fd = s->init_pidfd = -1;
        return store_root_is_safe(w->mode, w->root_fd, id) && (!w->heads->annotations || arena) &&
               record_read_head(w->root_fd, id, arena, head);
}

/* 1: fn was called, and *ret is what it returned. 0: the whole record has to be read. */
static int visit_head(struct walk *w, char *id, int *ret)
{
        _cleanup_oci_arena_ struct oci_arena *arena = w->heads->annotations ? oci_arena_new() : NULL;
        _not_zeroed_ struct record_head head;
        struct state s;

        if (!read_head(w, id, arena, &head, &s))
                return 0;
        *ret = w->fn(w->data, &s);
        return 1;
}

/* A share_fn. */
static ssize_t look(void *data, size_t i, void *ret, size_t size)
{
        const struct walk *w = data;
        _cleanup_oci_arena_ struct oci_arena *arena = w->heads->annotations ? oci_arena_new() : NULL;
        _not_zeroed_ struct record_head head;
        struct state s;

        return read_head(w, w->ids[i], arena, &head, &s) ? w->heads->look(w->data, &s, ret, size) : -1;
}

/* A directory whose record cannot be understood is not a container, and only worth a warning. One that the
 * kernel would not let us read may be any container's: the first such error becomes that of the whole
 * walk. */
static int visit(struct walk *w, const char *id)
{
        const char *root = w->root;
        struct cfs_error why = { 0 };
        struct state *s = NULL;
        int r;

        r = state_open_checked(root, id, 0, &s, &why);
        if (r < 0) {
                if (why.code != CFS_E_NOT_FOUND)
                        log_warning("%s", why.text);
                /* The container exists, so it is listed, although its record cannot be read. */
                if (why.code == CFS_E_INVALID || why.code == CFS_E_UNSUPPORTED)
                        r = state_open_broken(root, id, 0, &s, &why);
                if (!s && (why.code == CFS_E_SYSTEM || why.code == CFS_E_NOMEM) &&
                    w->unread.code == CFS_E_NONE)
                        w->unread = why;
                if (!s)
                        return 0;
        }
        r = w->fn(w->data, s);
        state_close(s);
        return r;
}

static int visit_all(struct walk *w)
{
        bool shared = w->heads && w->heads->look;
        _cleanup_share_ struct share *share = shared ? share_begin(w->n, look, w) : NULL;
        int r = 0;

        for (size_t i = 0; r == 0 && i < w->n; i++) {
                size_t size;
                void *found = share_take(share, i, &size);

                if (w->heads && found)
                        r = w->heads->give(w->data, w->ids[i], found, size);
                else if (!w->heads || !visit_head(w, w->ids[i], &r))
                        r = visit(w, w->ids[i]);
        }
        return r;
}

static int walk(struct walk *w, bool must_exist, struct cfs_error *err)
{
        const char *root = w->root;
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        struct stat st;
        int r = dir_open(&d, AT_FDCWD, root);

        if (r == -ENOENT && !must_exist)
                return 0;
        if (r < 0)
                return err_path(err, -r, "open", root, "open the state directory `%s`", root);
        w->root_fd = d.fd;
        r = store_root_look(root, &st, err);
        if (r >= 0) {
                w->mode = st.st_mode;
                r = read_ids(&d, root, &w->ids, &w->n, err);
        }
        if (r >= 0)
                r = visit_all(w);
        if (r == 0 && w->unread.code != CFS_E_NONE) {
                *err = w->unread;
                r = w->unread.errnum ? -w->unread.errnum : -EIO;
        }
        for (size_t i = 0; i < w->n; i++)
                free(w->ids[i]);
        free(w->ids);
        return r;
}

int store_foreach(const char *root, bool must_exist, int (*fn)(void *data, struct state *s), void *data,
                  struct cfs_error *err)
{
        return walk(&(struct walk){ .root = root, .fn = fn, .data = data }, must_exist, err);
}

int store_foreach_head(const char *root, bool must_exist, const struct store_heads *heads, void *data,
                       struct cfs_error *err)
{
        struct walk w = { .root = root, .fn = heads->fn, .heads = heads, .data = data };

        return walk(&w, must_exist, err);
}
