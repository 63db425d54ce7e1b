/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Going over all containers of a store. Others create and delete meanwhile and no lock is taken: the names
 * are read first, and a container that is gone when its turn comes was not there.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/store/foreach.h"
#include "libcfs/store/root.h"
#include "libcfs/store/state.h"

static int compare_ids(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in ROOT that may be containers, sorted; in one allocation each, freed by free_ids(). */
static int read_ids(DIR *d, const char *root, char ***ret_ids, size_t *ret_n, struct cfs_error *err)
{
        struct dirent *de;
        char **p;

        for (;;) {
                errno = 0;
                de = readdir(d);
                if (!de)
                        break;
                if ((de->d_type != DT_DIR && de->d_type != DT_UNKNOWN) ||
                    state_check_id(de->d_name, NULL) < 0)
                        continue;
                if (*ret_n % 64 == 0) {
                        p = reallocarray(*ret_ids, *ret_n + 64, sizeof(char *));
                        if (!p)
                                return err_nomem(err);
                        *ret_ids = p;
                }
                if (str_dup(&(*ret_ids)[*ret_n], de->d_name, err) < 0)
                        return -ENOMEM;
                ++*ret_n;
        }
        if (errno)
                return err_path(err, errno, "getdents64", root, "read the state directory `%s`", root);
        if (*ret_n > 0)
                qsort(*ret_ids, *ret_n, sizeof(char *), compare_ids);
        return 0;
}

/* A directory whose record cannot be understood is not a container, and only worth a warning. One that the
 * kernel would not let us read may be any container's: the first such error goes to *unread, and becomes that
 * of the whole walk. */
static int visit(const char *root, const char *id, bool head, int (*fn)(void *data, struct state *s),
                 void *data, struct cfs_error *unread)
{
        struct cfs_error why = { 0 };
        struct state *s = NULL;
        int r;

        r = head ? state_open_head(root, id, &s) : -EAGAIN;
        if (r == -EAGAIN)
                r = state_open_checked(root, id, 0, &s, &why);
        if (r < 0) {
                if (why.code != CFS_E_NOT_FOUND)
                        log_warning("%s", why.text);
                /* The container exists, so it is listed, although its record cannot be read. */
                if (why.code == CFS_E_INVALID || why.code == CFS_E_UNSUPPORTED)
                        r = state_open_broken(root, id, 0, &s, &why);
                if (s) {
                        r = fn(data, s);
                        state_close(s);
                        return r;
                }
                if ((why.code == CFS_E_SYSTEM || why.code == CFS_E_NOMEM) && unread->code == CFS_E_NONE)
                        *unread = why;
                return 0;
        }
        r = fn(data, s);
        state_close(s);
        return r;
}

static int walk(const char *root, bool must_exist, bool head, int (*fn)(void *data, struct state *s),
                void *data, struct cfs_error *err)
{
        _cleanup_dir_ DIR *d = opendir(root);
        struct cfs_error unread = { 0 };
        char **ids = NULL;
        size_t n = 0;
        int r = 0;

        if (!d && errno == ENOENT && !must_exist)
                return 0;
        if (!d)
                return err_path(err, errno, "open", root, "open the state directory `%s`", root);
        r = store_root_check(root, err);
        if (r >= 0)
                r = read_ids(d, root, &ids, &n, err);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = visit(root, ids[i], head, fn, data, &unread);
        if (r == 0 && unread.code != CFS_E_NONE) {
                *err = unread;
                r = unread.errnum ? -unread.errnum : -EIO;
        }
        for (size_t i = 0; i < n; i++)
                free(ids[i]);
        free(ids);
        return r;
}

int store_foreach(const char *root, bool must_exist, int (*fn)(void *data, struct state *s), void *data,
                  struct cfs_error *err)
{
        return walk(root, must_exist, false, fn, data, err);
}

int store_foreach_head(const char *root, bool must_exist, int (*fn)(void *data, struct state *s), void *data,
                       struct cfs_error *err)
{
        return walk(root, must_exist, true, fn, data, err);
}
