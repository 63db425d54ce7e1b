/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions about containers, and the history of their runs, which stays when they are removed.
 */
#include "box/store/container.h"
#include "base/cleanup.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/user.h"
#include "box/store/event.h"
#include "box/store/store.h"
#include <stdio.h>
#include <unistd.h>

#define COLUMNS                                                                                                            \
        "id, name, image_name, coalesce(image, ''), command, state, init, created, started, finished, exit_code, restart," \
        " restarts, terminal, detached, auto_remove, network, address, ports, labels"

/* The run of one that is not in the table yet. */
static int insert_run(const struct box *box, const struct oci_box_container *c, const char *command,
                      int64_t *ret_seq, struct cfs_error *err)
{
        struct user_name user = { 0 };

        int r = store_exec(
                box, err,
                "INSERT INTO history(id, name, image, command, user, started) VALUES(?, ?, ?, ?, ?, ?)",
                "sssssi", c->id, c->name, c->image, command, user_name(&user, getuid()), store_now());

        *ret_seq = store_last_row(box);
        return r;
}

static int insert(const struct box *box, const struct oci_box_container *c, const char *command,
                  const char *ports, const char *labels, const char *stop_signal, const char *userns,
                  bool runs, struct cfs_error *err)
{
        int64_t taken = 0, run = 0;
        int r = store_number(box, &taken, err, "SELECT count(*) FROM containers WHERE name=?", "s", c->name);

        if (r >= 0 && taken > 0)
                return err_hint(err, err_set(err, CFS_E_EXISTS, "a container named `%s` exists", c->name),
                                "another --name, or remove it first: `cfs-box rm %s`", c->name);
        if (r >= 0 && runs)
                r = insert_run(box, c, command, &run, err);
        if (r >= 0)
                r = store_exec(
                        box, err,
                        "INSERT INTO containers(id, name, image, image_name, command, state, owner, created, restart,"
                        " terminal, detached, auto_remove, network, ports, labels, stop_signal, userns, init, started, history)"
                        " VALUES(?, ?, ?, ?, ?, ?, ?7, ?8, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                        " iif(?18, ?7, ''), iif(?18, ?8, NULL), iif(?18, ?18, NULL))",
                        "sssssssisiiisssssi", c->id, c->name, c->image_id, c->image, command,
                        runs ? "running" : "creating", store_self(), store_now(), c->restart,
                        (int64_t)c->terminal, (int64_t)c->detached, (int64_t)c->auto_remove, c->network,
                        ports, labels, stop_signal, userns, run);
        if (r >= 0)
                r = store_event_add(box, "container", "create", c->id, c->name, c->image, err);
        if (r >= 0 && runs)
                r = store_event_add(box, "container", "start", c->id, c->name, "", err);
        return r;
}

static int join_labels(const struct oci_string_map *labels, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        for (size_t i = 0; labels && i < labels->n; i++)
                str_addf(&s, "%s=%s\x1f", labels->entries[i].key, labels->entries[i].value);
        return str_take(&s, ret, err);
}

int store_container_insert(const struct box *box, const struct oci_box_container *c, const char *stop_signal,
                           const char *userns, bool runs, struct cfs_error *err)
{
        _cleanup_free_ char *command = NULL, *ports = NULL, *labels = NULL;
        int r = store_join(c->command, c->n_command, &command, err);

        if (r >= 0)
                r = store_join(c->ports, c->n_ports, &ports, err);
        if (r >= 0)
                r = join_labels(c->labels, &labels, err);
        if (r >= 0)
                r = store_begin(box, err);
        if (r < 0)
                return r;
        r = insert(box, c, command, ports, labels, stop_signal, userns, runs, err);
        return store_end(box, r, false, err);
}

int store_container_not_started(const struct box *box, const char *id, struct cfs_error *err)
{
        int r = store_begin(box, err);

        if (r < 0)
                return r;
        r = store_exec(box, err, "DELETE FROM history WHERE seq=(SELECT history FROM containers WHERE id=?)",
                       "s", id);
        if (r >= 0)
                r = store_exec(box, err, "DELETE FROM events WHERE id=? AND action='start'", "s", id);
        if (r >= 0)
                r = store_exec(
                        box, err,
                        "UPDATE containers SET state='creating', init='', started=NULL, history=NULL WHERE id=?",
                        "s", id);
        return store_end(box, r, false, err);
}

bool store_container_in_memory(const struct oci_box_container *c)
{
        return c->auto_remove && !c->detached;
}

int store_container_bundle(const struct box *box, const char *id, bool in_memory, char ret[PATH_MAX],
                           struct cfs_error *err)
{
        int n = snprintf(ret, PATH_MAX, "%s/%s/%s", in_memory ? box->run : box->root,
                         in_memory ? "bundles" : "containers", id);

        return n < PATH_MAX ? 0 : err_set(err, CFS_E_INVALID, "--root is too long");
}

int store_container_find(const struct box *box, const char *ref, char ret_id[BOX_ID_SIZE],
                         struct cfs_error *err)
{
        _cleanup_free_ char *id = NULL;
        int64_t n = 0;
        int r = store_text(box, &id, err, "SELECT id FROM containers WHERE name=?1 OR id=?1", "s", ref);

        if (r == 0 && *ref && strspn(ref, "0123456789abcdef") == strlen(ref)) {
                r = store_number(box, &n, err, "SELECT count(*) FROM containers WHERE id GLOB ? || '*'", "s",
                                 ref);
                if (r >= 0 && n > 1)
                        return err_set(err, CFS_E_INVALID,
                                       "container `%s`: %lld containers have an ID that begins so", ref,
                                       (long long)n);
                if (r >= 0)
                        r = store_text(box, &id, err, "SELECT id FROM containers WHERE id GLOB ? || '*'", "s",
                                       ref);
        }
        if (r == 0)
                return err_hint(err, err_set(err, CFS_E_NOT_FOUND, "container `%s` does not exist", ref),
                                "`cfs-box ps -a` lists all containers");
        if (r > 0)
                (void)snprintf(ret_id, BOX_ID_SIZE, "%s", id);
        return r < 0 ? r : 0;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static int split_labels(const char *text, struct oci_arena *arena, struct oci_string_map **ret,
                        struct cfs_error *err)
{
        struct oci_string_map *map;
        char **words;
        size_t n;
        int r = store_split(text, arena, &words, &n, err);

        if (r < 0 || n == 0)
                return r;
        map = oci_arena_alloc(arena, sizeof(*map));
        if (!map || !(map->entries = oci_arena_alloc(arena, n * sizeof(*map->entries))))
                return err_nomem(err);
        for (; map->n < n; map->n++) {
                char *eq = strchr(words[map->n], '=');

                map->entries[map->n].key = words[map->n];
                map->entries[map->n].value = eq ? eq + 1 : (char *)"";
                if (eq)
                        *eq = '\0';
        }
        *ret = map;
        return 0;
}

static int fill_texts(const struct box *box, struct sqlite3_stmt *s, struct oci_arena *arena,
                      struct oci_box_container *c, struct cfs_error *err)
{
        char path[PATH_MAX];
        int r;

        c->detached = store_column_int(s, 14);
        c->auto_remove = store_column_int(s, 15);
        c->id = oci_arena_strdup(arena, store_column(s, 0));
        c->name = oci_arena_strdup(arena, store_column(s, 1));
        c->image = oci_arena_strdup(arena, store_column(s, 2));
        c->image_id = oci_arena_strdup(arena, store_column(s, 3));
        c->state = oci_arena_strdup(arena, store_column(s, 5));
        c->restart = oci_arena_strdup(arena, store_column(s, 11));
        c->network = oci_arena_strdup(arena, store_column(s, 16));
        c->address = oci_arena_strdup(arena, store_column(s, 17));
        r = store_container_bundle(box, store_column(s, 0), store_container_in_memory(c), path, err);
        if (r < 0)
                return r;
        c->bundle = oci_arena_strdup(arena, path);
        if (!c->id || !c->name || !c->image || !c->state || !c->bundle)
                return err_nomem(err);
        r = store_split(store_column(s, 4), arena, &c->command, &c->n_command, err);
        if (r >= 0)
                r = store_split(store_column(s, 18), arena, &c->ports, &c->n_ports, err);
        return r < 0 ? r : split_labels(store_column(s, 19), arena, &c->labels, err);
}

static void fill_numbers(struct sqlite3_stmt *s, struct oci_box_container *c)
{
        int pid = 0;

        c->created = store_column_int(s, 7);
        c->has_created = true;
        c->started = store_column_int(s, 8);
        c->has_started = !store_column_null(s, 8);
        c->finished = store_column_int(s, 9);
        c->has_finished = !store_column_null(s, 9);
        c->exit_code = (int32_t)store_column_int(s, 10);
        c->has_exit_code = !store_column_null(s, 10);
        c->restarts = (int32_t)store_column_int(s, 12);
        c->terminal = store_column_int(s, 13);
        c->has_restarts = c->has_terminal = c->has_detached = c->has_auto_remove = true;
        /* NOLINTNEXTLINE(cert-err34-c): we wrote it, and the count of fields is checked */
        if (STREQ(c->state, "running") && sscanf(store_column(s, 6), "%d", &pid) == 1) {
                c->pid = pid;
                c->has_pid = true;
        }
}

static const char *ago(char *buf, size_t size, int64_t when)
{
        int64_t s = store_now() - when;

        if (s < 120)
                (void)snprintf(buf, size, "%lld seconds", (long long)s);
        else if (s < 7200)
                (void)snprintf(buf, size, "%lld minutes", (long long)(s / 60));
        else if (s < 172800)
                (void)snprintf(buf, size, "%lld hours", (long long)(s / 3600));
        else
                (void)snprintf(buf, size, "%lld days", (long long)(s / 86400));
        return buf;
}

static int fill_status(struct oci_arena *arena, struct oci_box_container *c, struct cfs_error *err)
{
        char text[96], time[32];

        if (STREQ(c->state, "running"))
                (void)snprintf(text, sizeof(text), "Up %s", ago(time, sizeof(time), c->started));
        else if (STREQ(c->state, "exited") && c->has_exit_code)
                (void)snprintf(text, sizeof(text), "Exited (%d) %s ago", c->exit_code,
                               ago(time, sizeof(time), c->finished));
        else if (STREQ(c->state, "exited"))
                (void)snprintf(text, sizeof(text), "Ended unseen %s ago",
                               ago(time, sizeof(time), c->finished));
        else
                (void)snprintf(text, sizeof(text), "%s", c->state);
        c->status = oci_arena_strdup(arena, text);
        return c->status ? 0 : err_nomem(err);
}

int store_container_list(const struct box *box, const char *id, bool all, struct oci_arena *arena,
                         struct oci_box_container ***ret, size_t *ret_n, struct cfs_error *err)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        int r = store_query(box, &stmt, err,
                            id    ? "SELECT " COLUMNS " FROM containers WHERE id=?"
                            : all ? "SELECT " COLUMNS " FROM containers ORDER BY created DESC, rowid DESC"
                                  : "SELECT " COLUMNS " FROM containers WHERE state='running' AND " STORE_BUSY
                                    " ORDER BY created DESC, rowid DESC",
                            id ? "s" : "", id);

        *ret = store_list_grow(arena, NULL, 0);
        *ret_n = 0;
        while (r >= 0 && (r = store_step(box, stmt, err)) > 0) {
                struct oci_box_container *c = oci_arena_alloc(arena, sizeof(*c));

                *ret = store_list_grow(arena, *ret, *ret_n);
                r = c && *ret ? fill_texts(box, stmt, arena, c, err) : err_nomem(err);
                if (r < 0)
                        return r;
                fill_numbers(stmt, c);
                r = fill_status(arena, c, err);
                (*ret)[(*ret_n)++] = c;
        }
        return r < 0 ? r : 0;
}

int store_container_get(const struct box *box, const char *id, struct oci_arena *arena,
                        struct oci_box_container **ret, struct cfs_error *err)
{
        struct oci_box_container **list;
        size_t n;
        int r = store_container_list(box, id, true, arena, &list, &n, err);

        if (r >= 0 && n == 0)
                return err_set(err, CFS_E_NOT_FOUND, "container `%s` does not exist", id);
        if (r >= 0)
                *ret = list[0];
        return r;
}

/* ---- changing ------------------------------------------------------------------------------------------ */

int store_container_move(const struct box *box, const char *id, const char *from, const char *to,
                         const char *doing, struct cfs_error *err)
{
        _cleanup_free_ char *state = NULL;
        int r = store_exec(
                box, err,
                "UPDATE containers SET state=?, owner=? WHERE id=? AND instr(' ' || ? || ' ', ' ' || state || ' ')",
                "ssss", to, store_self(), id, from);

        if (r != 0)
                return r < 0 ? r : 0;
        r = store_text(box, &state, err, "SELECT state FROM containers WHERE id=?", "s", id);
        if (r == 0)
                return err_set(err, CFS_E_NOT_FOUND, "container %.12s does not exist any more", id);
        if (r < 0)
                return r;
        r = err_set(err, CFS_E_STATE, "cannot %s container %.12s: it is %s", doing, id, state);
        return STREQ(state, "running") ? err_hint(err, r, "`cfs-box stop %.12s` ends it", id) : r;
}

static int started(const struct box *box, const char *id, const char *init, const char *owner,
                   struct cfs_error *err)
{
        struct user_name user = { 0 };
        int r;

        r = store_exec(box, err,
                       "INSERT INTO history(id, name, image, command, user, started)"
                       " SELECT id, name, image_name, command, ?, ? FROM containers WHERE id=?",
                       "sis", user_name(&user, getuid()), store_now(), id);
        if (r >= 0)
                r = store_exec(
                        box, err,
                        "UPDATE containers SET state='running', init=?, owner=?, started=?, finished=NULL, exit_code=NULL, history=? WHERE id=?",
                        "ssiis", init, owner, store_now(), store_last_row(box), id);
        if (r >= 0)
                r = store_exec(box, err,
                               "INSERT INTO events(time, type, action, id, name, detail)"
                               " SELECT ?, 'container', 'start', id, name, '' FROM containers WHERE id=?",
                               "is", store_now(), id);
        return r;
}

/* It may have ended already: then its end is recorded next. */
static void identity(char buf[96], int pid)
{
        struct proc_identity p = { 0 };

        (void)proc_identify(pid, &p);
        (void)snprintf(buf, 96, "%d %llu %s", pid, (unsigned long long)p.start_time, p.boot_id);
}

int store_container_started(const struct box *box, const char *id, int pid, int monitor,
                            struct cfs_error *err)
{
        char init[96], owner[96];
        int r = store_begin(box, err);

        if (r < 0)
                return r;
        identity(init, pid);
        identity(owner, monitor);
        r = started(box, id, init, owner, err);
        return store_end(box, r, false, err);
}

static int ended(const struct box *box, const char *id, int exit_code, const char *end, bool remove,
                 struct cfs_error *err)
{
        char detail[64];
        int r = store_exec(
                box, err,
                "UPDATE containers SET state=?1, owner=iif(?1='removing', ?2, owner), finished=?3, init='',"
                " exit_code=iif(?4<0, exit_code, ?4)"
                " WHERE id=?5 AND state<>'removing' AND " STORE_BUSY,
                "ssiis", remove ? "removing" : "exited", store_self(), store_now(), (int64_t)exit_code, id);

        if (r <= 0)
                return r;
        r = store_exec(box, err,
                       "UPDATE history SET finished=?1, end=?2, exit_code=iif(?4<0, exit_code, ?4) WHERE seq="
                       "(SELECT history FROM containers WHERE id=?3)",
                       "issi", store_now(), end, id, (int64_t)exit_code);
        if (exit_code < 0)
                (void)snprintf(detail, sizeof(detail), "%s", end);
        else
                (void)snprintf(detail, sizeof(detail), "%s %d", end, exit_code);
        if (r >= 0)
                r = store_exec(box, err,
                               "INSERT INTO events(time, type, action, id, name, detail)"
                               " SELECT ?, 'container', 'die', id, name, ? FROM containers WHERE id=?",
                               "iss", store_now(), detail, id);
        return r < 0 ? r : 1;
}

int store_container_ended(const struct box *box, const char *id, int exit_code, const char *end, bool remove,
                          struct cfs_error *err)
{
        int r = store_begin(box, err);

        if (r < 0)
                return r;
        r = ended(box, id, exit_code, end, remove, err);
        return store_end(box, r, false, err);
}

int store_container_delete(const struct box *box, const char *id, struct cfs_error *err)
{
        int r = store_begin(box, err);

        if (r < 0)
                return r;
        r = store_exec(box, err,
                       "INSERT INTO events(time, type, action, id, name, detail)"
                       " SELECT ?, 'container', 'remove', id, name, '' FROM containers WHERE id=?",
                       "is", store_now(), id);
        if (r >= 0)
                r = store_exec(box, err, "DELETE FROM containers WHERE id=?", "s", id);
        return store_end(box, r, false, err);
}
