/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions about images.
 */
#include "box/store/image.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "box/store/event.h"
#include "box/store/store.h"

#define MIN_ID 4 /* digits of an ID that are enough to name an image */

/* ---- names --------------------------------------------------------------------------------------------- */

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_made_of(const char *s, size_t len, const char *characters)
{
        return strspn(s, characters) >= len;
}

/* The grammar is that of docker's references (distribution/reference): the first component is a host when
 * it looks so, those behind it are in lower case. */
static bool is_host(const char *s, size_t len)
{
        const char *colon = memchr(s, ':', len);
        size_t name = colon ? (size_t)(colon - s) : len;

        if (!memchr(s, '.', len) && !colon && !(len == 9 && strncmp(s, "localhost", len) == 0) &&
            is_made_of(s, len, LOWER DIGITS "-_"))
                return false;
        return name > 0 && is_made_of(s, name, LOWER UPPER DIGITS ".-") && *s != '.' && *s != '-' &&
               (!colon || (colon + 1 < s + len && is_made_of(colon + 1, len - name - 1, DIGITS)));
}

static bool is_component(const char *s, size_t len)
{
        return len > 0 && is_made_of(s, len, LOWER DIGITS "._-") && !strchr("._-", s[0]) &&
               !strchr("._-", s[len - 1]) && !memmem(s, len, "..", 2);
}

static bool is_tag(const char *s)
{
        size_t len = strlen(s);

        return len > 0 && len <= 128 && is_made_of(s, len, LOWER UPPER DIGITS "_.-") && *s != '.' &&
               *s != '-';
}

static bool is_image_name(const char *ref)
{
        size_t n = strcspn(ref, "/");

        if (strlen(ref) > 255)
                return false;
        if (ref[n] && is_host(ref, n))
                ref += n + 1;
        for (;; ref += n + 1) {
                n = strcspn(ref, "/");
                if (!ref[n])
                        break;
                if (!is_component(ref, n))
                        return false;
        }
        n = strcspn(ref, ":");
        return is_component(ref, n) && (!ref[n] || is_tag(ref + n + 1));
}

int store_image_name(const char *ref, char **ret, struct cfs_error *err)
{
        const char *slash = strrchr(ref, '/');
        int r;

        if (is_image_name(ref))
                return str_printf(ret, err, "%s%s", ref, strchr(slash ? slash : ref, ':') ? "" : ":latest");
        r = err_set(err, CFS_E_INVALID, "`%s` is not the name of an image: [HOST/]NAME[:TAG]", ref);
        return strcspn(ref, UPPER) < strcspn(slash ? slash : ref, ":")
                       ? err_hint(err, r, "a NAME is in lower case")
                       : r;
}

int store_image_ref(const char *ref, const char *id, char **ret, struct cfs_error *err)
{
        struct cfs_error ignored;

        *ret = NULL;
        if (str_has_prefix(id, ref) || str_has_prefix(id + strlen("sha256:"), ref))
                return 0;
        return store_image_name(ref, ret, &ignored) < 0 ? 0 : *ret ? 0 : err_nomem(err);
}

static int add_layers(const struct box *box, const char *id, const int64_t *layers, size_t n,
                      struct cfs_error *err)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = store_exec(box, err, "UPDATE layers SET owner='' WHERE id=? AND state='ready'", "i",
                               layers[i]);
                if (r == 0)
                        return err_set(err, CFS_E_STATE,
                                       "layer %lld was removed in the meantime: try it again",
                                       (long long)layers[i]);
                if (r > 0)
                        r = store_exec(box, err,
                                       "INSERT INTO image_layers(image, place, layer) VALUES(?, ?, ?)", "sii",
                                       id, (int64_t)i, layers[i]);
        }
        return r;
}

static int add(const struct box *box, const char *config, const int64_t *layers, size_t n, const char *name,
               const char *id, struct cfs_error *err)
{
        int r = store_exec(box, err, "INSERT OR IGNORE INTO images(id, config, created) VALUES(?, ?, ?)",
                           "ssi", id, config, store_now());

        if (r > 0)
                r = add_layers(box, id, layers, n, err);
        else if (r == 0) /* it is there already, with layers of its own */
                for (size_t i = 0; r >= 0 && i < n; i++)
                        r = store_exec(box, err, "UPDATE layers SET owner='' WHERE id=?", "i", layers[i]);
        if (r >= 0 && name)
                r = store_exec(box, err, "INSERT OR REPLACE INTO tags(name, image) VALUES(?, ?)", "ss", name,
                               id);
        if (r >= 0)
                r = store_event_add(box, "image", "import", id, name ? name : "", "", err);
        return r;
}

int store_image_add(const struct box *box, const char *config, const int64_t *layers, size_t n_layers,
                    const char *name, char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        _cleanup_free_ char *full = NULL;
        int r = name ? store_image_name(name, &full, err) : 0;

        if (r < 0)
                return r;
        digest_of(config, strlen(config), ret_id);
        r = store_begin_durable(box, err);
        if (r < 0)
                return r;
        r = add(box, config, layers, n_layers, full, ret_id, err);
        return store_end(box, r, true, err);
}

/* ---- finding ------------------------------------------------------------------------------------------- */

static int by_name(const struct box *box, const char *name, char **ret, struct cfs_error *err)
{
        return store_text(
                box, ret, err,
                "SELECT image FROM tags WHERE name IN (?1, 'docker.io/library/' || ?1, 'docker.io/' || ?1,"
                " 'localhost/' || ?1) ORDER BY length(name) LIMIT 1",
                "s", name);
}

static int by_short_name(const struct box *box, const char *name, char **ret, struct cfs_error *err)
{
        static const char *const usual[] = { "docker.io/library/", "docker.io/", "index.docker.io/library/",
                                             "index.docker.io/" };

        for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
                if (str_has_prefix(name, usual[i]))
                        return by_name(box, name + strlen(usual[i]), ret, err);
        return 0;
}

static int by_id(const struct box *box, const char *ref, char **ret, struct cfs_error *err)
{
        const char *digits = str_has_prefix(ref, "sha256:") ? ref + 7 : ref;
        size_t len = strlen(digits);
        int64_t n = 0;
        int r;

        if (len < MIN_ID || len > 64 || strspn(digits, "0123456789abcdef") != len)
                return 0;
        r = store_number(box, &n, err, "SELECT count(*) FROM images WHERE id LIKE 'sha256:' || ? || '%'", "s",
                         digits);
        if (r < 0 || n == 0)
                return r < 0 ? r : 0;
        if (n > 1)
                return err_set(err, CFS_E_INVALID, "image `%s`: %lld images have an ID that begins so", ref,
                               (long long)n);
        return store_text(box, ret, err, "SELECT id FROM images WHERE id LIKE 'sha256:' || ? || '%'", "s",
                          digits);
}

int store_image_find(const struct box *box, const char *ref, char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        _cleanup_free_ char *name = NULL, *id = NULL;
        struct cfs_error ignored;
        int r = 0;

        if (store_image_name(ref, &name, &ignored) >= 0)
                r = by_name(box, name, &id, err);
        if (r == 0 && name) /* docker.io/library/x is x */
                r = by_short_name(box, name, &id, err);
        if (r == 0)
                r = by_id(box, ref, &id, err);
        if (r == 0) {
                r = err_set(err, CFS_E_NOT_FOUND, "image `%s` is not in the store", ref);
                if (STREQ(ref, "busybox") || STREQ(ref, "debian"))
                        return err_hint(err, r, "`cfs-box image make %s` makes one from this machine", ref);
                return err_hint(err, r, "`cfs-box pull %s` fetches it, `cfs-box images` lists what is there",
                                ref);
        }
        if (r > 0)
                (void)snprintf(ret_id, DIGEST_SIZE, "%s", id);
        return r < 0 ? r : 0;
}

int store_image_config(const struct box *box, const char *id, struct oci_image **ret,
                       struct oci_arena **ret_arena, char **ret_text, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        int r = store_text(box, &text, err, "SELECT config FROM images WHERE id=?", "s", id);

        if (r == 0)
                return err_set(err, CFS_E_NOT_FOUND, "image `%s` is not in the store", id);
        if (r > 0)
                r = oci_decode(&oci_image_type, id, text, strlen(text), (void **)ret, ret_arena, err);
        if (r >= 0 && ret_text)
                *ret_text = TAKE_PTR(text);
        return r;
}

int store_image_layers(const struct box *box, const char *id, int64_t **ret, size_t *ret_n,
                       struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        _cleanup_free_ int64_t *layers = NULL;
        size_t n = 0;
        int r = store_query(box, &stmt, err, "SELECT layer FROM image_layers WHERE image=? ORDER BY place",
                            "s", id);

        while (r >= 0 && (r = store_step(box, stmt, err)) > 0) {
                int64_t *grown = realloc(layers, (n + 1) * sizeof(*layers));

                if (!grown)
                        return err_nomem(err);
                layers = grown;
                layers[n++] = store_column_int(stmt, 0);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(layers);
        *ret_n = n;
        return 0;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

static int image_fill(const struct box *box, struct sqlite3_stmt *stmt, struct oci_arena *arena,
                      struct oci_box_image *im, struct cfs_error *err)
{
        struct oci_image *config;
        struct oci_arena *other = NULL;
        const char *text = store_column(stmt, 3);
        int r;

        im->id = oci_arena_strdup(arena, store_column(stmt, 0));
        im->created = store_column_int(stmt, 1);
        im->size = (uint64_t)store_column_int(stmt, 2);
        im->has_created = im->has_size = true;
        r = store_split(store_column(stmt, 4), arena, &im->names, &im->n_names, err);
        if (r >= 0)
                r = oci_decode(&oci_image_type, im->id, text, strlen(text), (void **)&config, &other, err);
        if (r < 0)
                return r;
        im->architecture = oci_arena_strdup(arena, config->architecture);
        im->layers = oci_arena_alloc(arena, (config->rootfs->n_diff_ids + 1) * sizeof(*im->layers));
        for (size_t i = 0; im->layers && i < config->rootfs->n_diff_ids; i++)
                im->layers[im->n_layers++] = oci_arena_strdup(arena, config->rootfs->diff_ids[i]);
        oci_arena_free(other);
        return im->id && im->layers ? 0 : err_nomem(err);
}

int store_image_list(const struct box *box, const char *id, struct oci_arena *arena,
                     struct oci_box_image ***ret, size_t *ret_n, struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        int r = store_query(
                box, &stmt, err,
                "SELECT id, created, (SELECT coalesce(sum(size), 0) FROM layers WHERE id IN"
                "  (SELECT layer FROM image_layers WHERE image=images.id)), config,"
                " (SELECT coalesce(group_concat(name || char(31), ''), '') FROM tags WHERE image=images.id)"
                " FROM images WHERE ?1 IS NULL OR id=?1 ORDER BY created DESC, rowid DESC",
                "s", id);

        *ret = store_list_grow(arena, NULL, 0);
        *ret_n = 0;
        while (r >= 0 && (r = store_step(box, stmt, err)) > 0) {
                struct oci_box_image *im = oci_arena_alloc(arena, sizeof(*im));

                *ret = store_list_grow(arena, *ret, *ret_n);
                r = im && *ret ? image_fill(box, stmt, arena, im, err) : err_nomem(err);
                if (r >= 0)
                        (*ret)[(*ret_n)++] = im;
        }
        return r < 0 ? r : 0;
}

int store_image_inspect(const struct box *box, const char *ref, struct oci_arena *arena,
                        struct oci_box_image **ret, struct oci_arena **ret_config_arena,
                        struct cfs_error *err)
{
        struct oci_box_image **images;
        struct oci_image *config;
        char id[DIGEST_SIZE];
        size_t n;
        int r = store_image_find(box, ref, id, err);

        if (r >= 0)
                r = store_image_list(box, id, arena, &images, &n, err);
        if (r >= 0)
                r = store_image_config(box, id, &config, ret_config_arena, NULL, err);
        if (r < 0)
                return r;
        if (n == 0)
                return err_set(err, CFS_E_NOT_FOUND, "image `%s` is not in the store", ref);
        images[0]->config = config->config;
        *ret = images[0];
        return 0;
}

/* ---- names and removal --------------------------------------------------------------------------------- */

int store_image_tag(const struct box *box, const char *id, const char *name, struct cfs_error *err)
{
        _cleanup_free_ char *full = NULL;
        int r = store_image_name(name, &full, err);

        if (r >= 0)
                r = store_begin(box, err);
        if (r < 0)
                return r;
        r = store_exec(box, err, "INSERT OR REPLACE INTO tags(name, image) VALUES(?, ?)", "ss", full, id);
        if (r >= 0)
                r = store_event_add(box, "image", "tag", id, full, "", err);
        r = store_end(box, r, false, err);
        return r < 0 ? r : 0;
}

static int check_unused(const struct box *box, const char *id, struct cfs_error *err)
{
        _cleanup_free_ char *name = NULL;
        int r = store_text(box, &name, err, "SELECT name FROM containers WHERE image=? LIMIT 1", "s", id);

        if (r <= 0)
                return r;
        return err_hint(err, err_set(err, CFS_E_STATE, "image %.19s is in use by container `%s`", id, name),
                        "remove the container first: `cfs-box rm %s`", name);
}

static int remove_one(const struct box *box, const char *id, const char *name, bool force,
                      struct cfs_error *err)
{
        int64_t names = 0;
        int r = store_number(box, &names, err, "SELECT count(*) FROM tags WHERE image=?", "s", id);

        if (r >= 0 && name && names > 1) {
                r = store_exec(box, err, "DELETE FROM tags WHERE name=?", "s", name);
                return r < 0 ? r : 0;
        }
        if (r >= 0 && !name && names > 1 && !force)
                return err_hint(err,
                                err_set(err, CFS_E_STATE, "image %.19s has %lld names", id, (long long)names),
                                "--force removes it with all of them");
        if (r >= 0)
                r = check_unused(box, id, err);
        if (r >= 0)
                r = store_exec(box, err, "DELETE FROM images WHERE id=?", "s", id);
        if (r >= 0)
                r = store_event_add(box, "image", "remove", id, name ? name : "", "", err);
        return r < 0 ? r : 1;
}

int store_image_remove(const struct box *box, const char *ref, bool force, struct cfs_error *err)
{
        _cleanup_free_ char *name = NULL, *tagged = NULL;
        char id[DIGEST_SIZE];
        struct cfs_error ignored;
        int r = store_begin_durable(box, err);

        if (r < 0)
                return r;
        r = store_image_find(box, ref, id, err);
        if (r >= 0 && store_image_name(ref, &name, &ignored) >= 0)
                r = store_text(box, &tagged, err,
                               "SELECT name FROM tags WHERE name IN (?1, 'docker.io/library/' || ?1,"
                               " 'docker.io/' || ?1, 'localhost/' || ?1) ORDER BY length(name) LIMIT 1",
                               "s", name);
        if (r >= 0)
                r = remove_one(box, id, tagged, force, err);
        return store_end(box, r, true, err);
}
