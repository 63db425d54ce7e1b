/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions about the history.
 */
#include "box/store/history.h"
#include "base/str.h"
#include "box/store/store.h"

static int history_fill(struct sqlite3_stmt *s, struct oci_arena *arena, struct oci_box_history *h,
                        struct cfs_error *err)
{
        h->seq = store_column_int(s, 9);
        h->has_seq = true;
        h->id = oci_arena_strdup(arena, store_column(s, 0));
        h->name = oci_arena_strdup(arena, store_column(s, 1));
        h->image = oci_arena_strdup(arena, store_column(s, 2));
        h->user = oci_arena_strdup(arena, store_column(s, 4));
        h->end = oci_arena_strdup(arena, store_column(s, 8));
        h->started = store_column_int(s, 5);
        h->has_started = true;
        h->finished = store_column_int(s, 6);
        h->has_finished = !store_column_null(s, 6);
        h->exit_code = (int32_t)store_column_int(s, 7);
        h->has_exit_code = !store_column_null(s, 7);
        if (!h->id || !h->name || !h->image || !h->user || !h->end)
                return err_nomem(err);
        return store_split(store_column(s, 3), arena, &h->command, &h->n_command, err);
}

int store_history_list(const struct box *box, const struct store_history_filter *f, struct oci_arena *arena,
                       struct oci_box_history ***ret, size_t *ret_n, struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        int r = store_query(
                box, &stmt, err,
                "SELECT id, name, image, command, user, started, finished, exit_code, end, seq FROM history"
                " WHERE (?1 IS NULL OR name=?1 OR substr(id, 1, length(?1))=?1) AND (?2 IS NULL OR image=?2)"
                " AND (?3 IS NULL OR user=?3) AND started>=?4 AND (?5=0 OR started<?5) AND (?6=0 OR seq<?6)"
                " AND (?8 IS NULL OR end=?8) AND (?7 IS NULL OR instr(lower(name || char(10) || image || char(10) ||"
                " replace(command, char(31), ' ') || char(10) || id), lower(?7)))"
                " ORDER BY seq DESC LIMIT ?9",
                "sssiiissi", f->container, f->image, f->user, f->since, f->until, f->before, f->text, f->end,
                f->limit > 0 ? f->limit : (int64_t)-1); /* SQLite: LIMIT -1 is none */

        *ret = store_list_grow(arena, NULL, 0);
        *ret_n = 0;
        while (r >= 0 && (r = store_step(box, stmt, err)) > 0) {
                struct oci_box_history *h = oci_arena_alloc(arena, sizeof(*h));

                *ret = store_list_grow(arena, *ret, *ret_n);
                r = h && *ret ? history_fill(stmt, arena, h, err) : err_nomem(err);
                if (r >= 0)
                        (*ret)[(*ret_n)++] = h;
        }
        return r < 0 ? r : 0;
}
