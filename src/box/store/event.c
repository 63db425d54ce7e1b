/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of events. It is cut to KEEP rows every now and then, by the number of the new row, so that few
 * commands spend time on it.
 */
#include "box/store/event.h"
#include "base/str.h"
#include "box/store/store.h"

#define KEEP      10000
#define CUT_EVERY 256

int store_event_add(const struct box *box, const char *type, const char *action, const char *id,
                    const char *name, const char *detail, struct cfs_error *err)
{
        int r = store_exec(
                box, err, "INSERT INTO events(time, type, action, id, name, detail) VALUES(?, ?, ?, ?, ?, ?)",
                "isssss", store_now(), type, action, id, name, detail);
        int64_t seq = store_last_row(box);

        if (r >= 0 && seq % CUT_EVERY == 0)
                r = store_exec(box, err, "DELETE FROM events WHERE seq <= ?", "i", seq - KEEP);
        return r < 0 ? r : 0;
}

int store_event_each(const struct box *box, int64_t *seq, int64_t since,
                     int (*fn)(void *data, struct oci_box_event *e, struct cfs_error *err), void *data,
                     struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        int r = store_query(box, &stmt, err,
                            "SELECT seq, time, type, action, id, name, detail FROM events"
                            " WHERE seq > ? AND time >= ? ORDER BY seq",
                            "ii", *seq, since);

        while (r >= 0 && (r = store_step(box, stmt, err)) > 0) {
                struct oci_box_event e = {
                        .time = store_column_int(stmt, 1),
                        .has_time = true,
                        .type = (char *)store_column(stmt, 2),
                        .action = (char *)store_column(stmt, 3),
                        .id = (char *)store_column(stmt, 4),
                        .name = (char *)store_column(stmt, 5),
                        .detail = (char *)store_column(stmt, 6),
                };

                *seq = store_column_int(stmt, 0);
                r = fn(data, &e, err);
        }
        return r < 0 ? r : 0;
}
