/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of a layer: a row in state "unpacking" that names this process; the directory tmp.ID beside the
 * layers; when it is complete, it is renamed to ID, and when that is on the disk (syncfs) the row becomes
 * "ready".
 * Whatever kills us in between, the next layer_collect() finds a row whose owner is gone, and removes both.
 *
 * The directory's name is a small number, because overlayfs takes the names of all layers in one option of
 * 255 bytes (rootfs/overlay.c).
 */
#include "box/image/layer.h"
#include "base/cleanup.h"
#include "base/dir.h"
#include "base/str.h"
#include "box/core/directory.h"
#include "box/image/pack.h"
#include "box/core/progress.h"
#include "box/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define PATH_SIZE 48

static void ready_path(char buf[PATH_SIZE], int64_t id)
{
        (void)snprintf(buf, PATH_SIZE, "layers/%lld", (long long)id);
}

static void aside_path(char buf[PATH_SIZE], int64_t id)
{
        (void)snprintf(buf, PATH_SIZE, "layers/tmp.%lld", (long long)id);
}

int layer_find(const struct box *box, const char *diff_id, struct layer *ret, struct cfs_error *err)
{
        /* Claimed, so that no other command removes it before an image has it. */
        int r = store_number(box, &ret->id, err,
                             "UPDATE layers SET owner=? WHERE id=(SELECT id FROM layers WHERE diff_id=? AND"
                             " state='ready' LIMIT 1) RETURNING id",
                             "ss", store_self(), diff_id);

        if (r > 0)
                (void)snprintf(ret->diff_id, sizeof(ret->diff_id), "%s", diff_id);
        return r;
}

int layer_open(const struct box *box, int64_t id, struct cfs_error *err)
{
        char path[PATH_SIZE];
        int fd;

        ready_path(path, id);
        fd = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return err_sys(err, errno, "openat", "open layer %s/%s", box->root, path);
        return fd;
}

static int make_aside(const struct box *box, struct layer *l, struct cfs_error *err)
{
        char path[PATH_SIZE];
        int fd, r;

        r = store_number(box, &l->id, err,
                         "INSERT INTO layers(state, owner) VALUES('unpacking', ?) RETURNING id", "s",
                         store_self());
        if (r < 0)
                return r;
        aside_path(path, l->id);
        if (mkdirat(box->root_fd, path, 0755) < 0)
                return err_sys(err, errno, "mkdirat", "make %s/%s", box->root, path);
        fd = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fchmod(fd, 0755) < 0)
                return err_sys(err, errno, "openat", "open %s/%s", box->root, path);
        return fd;
}

static int layer_unpack(const struct box *box, int fd, int dir_fd, const char *name, uint64_t size,
                        struct layer *l, uint64_t *ret_bytes, struct cfs_error *err)
{
        struct progress progress;
        struct unpack_options o = { .name = name,
                                    .whiteouts = UNPACK_OVERLAY,
                                    .rootless = box->rootless,
                                    .keep_owner = true,
                                    .max_bytes = UNPACK_MAX_BYTES,
                                    .max_members = UNPACK_MAX_MEMBERS,
                                    .progress = progress_update,
                                    .data = &progress };
        struct unpack_result result;
        int r;

        progress_begin(&progress, box->quiet, name, size);
        r = unpack_stream(fd, dir_fd, &o, &result, err);
        progress_end(&progress, r >= 0);
        if (r < 0)
                return r;
        memcpy(l->digest, result.digest, DIGEST_SIZE);
        memcpy(l->diff_id, result.diff_id, DIGEST_SIZE);
        *ret_bytes = result.bytes;
        return store_exec(box, err, "UPDATE layers SET size=? WHERE id=?", "ii", (int64_t)result.bytes,
                          l->id);
}

/* It may have its own name already: when what failed is the commit that says so. */
void layer_forget(const struct box *box, const struct layer *l)
{
        struct cfs_error ignored;
        char path[PATH_SIZE];
        int64_t ready;
        int r;

        if (!l->id || store_number(box, &ready, &ignored, "SELECT state='ready' FROM layers WHERE id=?", "i",
                                   l->id) <= 0)
                return;
        aside_path(path, l->id);
        r = directory_remove(box, path, &ignored);
        ready_path(path, l->id);
        if (r >= 0 && !ready)
                r = directory_remove(box, path, &ignored);
        if (r >= 0)
                (void)store_exec(box, &ignored, "DELETE FROM layers WHERE id=? AND state='unpacking'", "i",
                                 l->id);
}

/* In one transaction: of two imports of the same layer at once, the second finds that of the first. */
static int keep(const struct box *box, struct layer *l, struct cfs_error *err)
{
        struct layer other = { 0 };
        int r = layer_find(box, l->diff_id, &other, err);

        if (r != 0) {
                l->id = r > 0 ? other.id : l->id;
                return r;
        }
        r = store_exec(box, err, "UPDATE layers SET state='ready', diff_id=?, owner=? WHERE id=?", "ssi",
                       l->diff_id, store_self(), l->id);
        return r < 0 ? r : 0;
}

int layer_keep(const struct box *box, struct layer *l, struct cfs_error *err)
{
        char from[PATH_SIZE], to[PATH_SIZE];
        const struct layer ours = *l;
        int r;

        aside_path(from, l->id);
        ready_path(to, l->id);
        if (renameat(box->root_fd, from, box->root_fd, to) < 0)
                return err_sys(err, errno, "renameat", "rename %s/%s", box->root, from);
        if (syncfs(box->root_fd) < 0)
                return err_sys(err, errno, "syncfs", "write layer %s to the disk", l->diff_id);
        r = store_begin(box, err);
        if (r < 0)
                return r;
        r = store_end(box, keep(box, l, err), false, err);
        if (r > 0)
                layer_forget(box, &ours);
        return r < 0 ? r : 0;
}

int layer_unpack_aside(const struct box *box, int fd, const char *name, uint64_t size, struct layer *ret,
                       int *ret_dir_fd, struct cfs_error *err)
{
        _cleanup_close_ int dir_fd = -1;
        uint64_t bytes;
        int r;

        *ret = (struct layer){ 0 };
        dir_fd = make_aside(box, ret, err);
        r = dir_fd < 0 ? dir_fd : layer_unpack(box, fd, dir_fd, name, size, ret, &bytes, err);
        if (r < 0) {
                layer_forget(box, ret);
                return r;
        }
        *ret_dir_fd = TAKE_FD(dir_fd);
        return 0;
}

static int verify(const char *name, const char *what, const char *wanted, const char *got,
                  struct cfs_error *err)
{
        if (!wanted || STREQ(wanted, got))
                return 0;
        return err_set(err, CFS_E_INVALID, "layer `%s`: its %s is %s, the image says %s", name, what, got,
                       wanted);
}

int layer_add(const struct box *box, int fd, const char *name, const char *digest, const char *diff_id,
              uint64_t size, struct layer *ret, struct cfs_error *err)
{
        _cleanup_close_ int dir_fd = -1;
        int r = diff_id && !digest ? layer_find(box, diff_id, ret, err) : 0;

        if (r != 0)
                return r < 0 ? r : 0;
        r = layer_unpack_aside(box, fd, name, size, ret, &dir_fd, err);
        if (r < 0)
                return r;
        r = verify(name, "digest", digest, ret->digest, err);
        if (r >= 0)
                r = verify(name, "uncompressed digest (diff_id)", diff_id, ret->diff_id, err);
        if (r >= 0)
                r = layer_keep(box, ret, err);
        if (r < 0)
                layer_forget(box, ret);
        return r;
}

int layer_add_directory(const struct box *box, int dir_fd, const char *name, bool overlay, struct layer *ret,
                        struct cfs_error *err)
{
        struct pack_options o = { .dir_fd = dir_fd,
                                  .name = name,
                                  .overlay = overlay,
                                  .upper = overlay,
                                  .one_file_system = true,
                                  /* Of the directory that holds the store, all but the store. */
                                  .skip_fd = box->root_fd };
        struct cfs_error pack_err = { 0 };
        struct pack p;
        int fd, r, packed;

        *ret = (struct layer){ 0 };
        r = pack_start(&p, &o, &fd, err);
        if (r < 0)
                return r;
        r = layer_add(box, fd, name, NULL, NULL, 0, ret, err);
        (void)close(fd);
        packed = pack_finish(&p, &pack_err);
        if (packed < 0 && pack_err.errnum != EPIPE) { /* the archive ended too early: that is why */
                *err = pack_err;
                r = packed;
        }
        return r;
}

/* ---- removing ------------------------------------------------------------------------------------------ */

static int collect_one(const struct box *box, int64_t id, struct cfs_error *err)
{
        char path[PATH_SIZE];
        int r = store_exec(box, err,
                           "UPDATE layers SET state='removing' WHERE id=? AND NOT EXISTS"
                           " (SELECT 1 FROM image_layers WHERE layer=layers.id)",
                           "i", id);

        if (r <= 0)
                return r;
        aside_path(path, id);
        r = directory_remove(box, path, err);
        ready_path(path, id);
        if (r >= 0)
                r = directory_remove(box, path, err);
        if (r >= 0)
                r = store_exec(box, err, "DELETE FROM layers WHERE id=? AND state='removing'", "i", id);
        return r < 0 ? r : 1;
}

/* The name has the process: "make.PID.START.BOOT". */
void layer_tree_path(char ret[LAYER_TREE_SIZE])
{
        char *p;

        (void)snprintf(ret, LAYER_TREE_SIZE, "layers/make.%s", store_self());
        while ((p = strchr(ret, ' ')))
                *p = '.';
}

int layer_tree_make(const struct box *box, char **ret, struct cfs_error *err)
{
        char path[LAYER_TREE_SIZE];
        int r;

        layer_tree_path(path);
        r = str_printf(ret, err, "%s/%s", box->root, path);
        if (r >= 0 && mkdir(*ret, 0700) < 0)
                return err_sys(err, errno, "mkdir", "make directory `%s`", *ret);
        return r;
}

/* "ID" or "tmp.ID" without a row. The row is written before the directory is made, and deleted after it was
 * removed; a power cut may have kept the second of these and lost the first. */
static bool is_orphan(const struct box *box, const char *name)
{
        struct cfs_error ignored;
        uint64_t id;
        int64_t rows;

        if (str_has_prefix(name, "tmp."))
                name += strlen("tmp.");
        return str_to_u64(name, &id) >= 0 && id <= INT64_MAX &&
               store_number(box, &rows, &ignored, "SELECT count(*) FROM layers WHERE id=?", "i",
                            (int64_t)id) > 0 &&
               rows == 0;
}

static void collect_trees(const struct box *box)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        struct cfs_error ignored;
        int r = dir_open_nofollow(&d, box->root_fd, "layers");

        while (r >= 0 && (r = dir_next(&d)) > 0) {
                char owner[LAYER_TREE_SIZE], path[NAME_MAX + 16], *p;

                (void)snprintf(path, sizeof(path), "layers/%s", d.name);
                if (!str_has_prefix(d.name, "make.")) {
                        if (is_orphan(box, d.name))
                                (void)directory_remove(box, path, &ignored);
                        continue;
                }
                (void)snprintf(owner, sizeof(owner), "%.100s", d.name + strlen("make."));
                while ((p = strchr(owner, '.')))
                        *p = ' ';
                if (!store_owner_alive(owner))
                        (void)directory_remove(box, path, &ignored);
        }
}

int layer_collect(const struct box *box, struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        int64_t ids[256];
        size_t n = 0;
        int r = store_query(box, &stmt, err,
                            "SELECT id, owner, state FROM layers WHERE NOT EXISTS"
                            " (SELECT 1 FROM image_layers WHERE layer=layers.id)",
                            "");
        int removed = 0;

        collect_trees(box);
        while (r >= 0 && n < ARRAY_SIZE(ids) && (r = store_step(box, stmt, err)) > 0) {
                /* An import that is still running has layers that no image has yet. */
                if (!store_owner_alive(store_column(stmt, 1)) || STREQ(store_column(stmt, 2), "removing"))
                        ids[n++] = store_column_int(stmt, 0);
        }
        store_finalize(&stmt);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = collect_one(box, ids[i], err);
                removed += r > 0;
        }
        return r < 0 ? r : removed;
}
