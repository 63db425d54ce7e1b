/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening the database, its schema, and the few shapes that all questions have.
 *
 * synchronous=NORMAL: in WAL mode a commit is then in the file after kill -9, and after a power cut the
 * database is consistent but may lack the last commits. What must not be lost (images, their layers) is
 * written through. The write-ahead log is not folded into the database when the last connection closes,
 * because that waits for the disk, and each command would; SQLite folds it every MAX_FRAMES pages.
 */
#include "box/store/store.h"
#include "base/cleanup.h"
#include "base/proc.h"
#include "base/str.h"
#include "box/store/schema.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

/* Of the write-ahead log, until it goes to the database. A command that is alone reads all of the log when
 * it opens the store: at 1000, SQLite's own number, that was a tenth of the time of `run --rm`. A `run --rm`
 * writes some 15, and each time the log is emptied takes two fdatasync(2). */
#define MAX_FRAMES  200
#define CACHE_PAGES 16
#define FULL        (4U << 20) /* bytes that are left */
#define RESERVE     (1U << 20)

static int fail(const struct box *box, int rc, const char *what, struct cfs_error *err)
{
        if (rc == SQLITE_NOMEM)
                return err_nomem(err);
        if (rc == SQLITE_FULL)
                return err_hint(err, err_sys(err, ENOSPC, NULL, "store %s/box.db: %s", box->root, what),
                                "make room on the file system of %s, for example with `cfs-box prune`",
                                box->root);
        return err_set(err, CFS_E_SYSTEM, "store %s/box.db: %s: %s", box->root, what,
                       box->db ? sqlite3_errmsg(box->db) : sqlite3_errstr(rc));
}

static int bind(struct sqlite3_stmt *stmt, const char *types, va_list ap)
{
        int rc = SQLITE_OK;

        for (int i = 0; types[i] && rc == SQLITE_OK; i++) {
                if (types[i] == 's')
                        rc = sqlite3_bind_text(stmt, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
                else if (types[i] == 'i')
                        rc = sqlite3_bind_int64(stmt, i + 1, va_arg(ap, int64_t));
        }
        return rc;
}

static int prepare(const struct box *box, struct sqlite3_stmt **ret, const char *sql, const char *types,
                   va_list ap, struct cfs_error *err)
{
        struct sqlite3_stmt *stmt = NULL;
        int rc = sqlite3_prepare_v2(box->db, sql, -1, &stmt, NULL);

        if (rc == SQLITE_OK)
                rc = bind(stmt, types, ap);
        if (rc != SQLITE_OK) {
                (void)sqlite3_finalize(stmt);
                return fail(box, rc, sql, err);
        }
        *ret = stmt;
        return 0;
}

int store_query(const struct box *box, struct sqlite3_stmt **ret, struct cfs_error *err, const char *sql,
                const char *types, ...)
{
        va_list ap;
        int r;

        va_start(ap, types);
        r = prepare(box, ret, sql, types, ap, err);
        va_end(ap);
        return r;
}

int store_step(const struct box *box, struct sqlite3_stmt *stmt, struct cfs_error *err)
{
        int rc = sqlite3_step(stmt);

        if (rc == SQLITE_ROW)
                return 1;
        return rc == SQLITE_DONE ? 0 : fail(box, rc, sqlite3_sql(stmt), err);
}

/* 1, or 0 when there is none. */
static int first_row(const struct box *box, struct sqlite3_stmt **ret, const char *sql, const char *types,
                     va_list ap, struct cfs_error *err)
{
        int r = prepare(box, ret, sql, types, ap, err);

        return r < 0 ? r : store_step(box, *ret, err);
}

int store_exec(const struct box *box, struct cfs_error *err, const char *sql, const char *types, ...)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        va_list ap;
        int r;

        va_start(ap, types);
        r = first_row(box, &stmt, sql, types, ap, err);
        va_end(ap);
        return r < 0 ? r : sqlite3_changes(box->db);
}

int64_t store_last_row(const struct box *box)
{
        return sqlite3_last_insert_rowid(box->db);
}

/* The change of an INSERT ... RETURNING is committed after its row was handed out. */
static int finish(const struct box *box, struct sqlite3_stmt *stmt, struct cfs_error *err)
{
        int r = sqlite3_stmt_readonly(stmt) ? 0 : store_step(box, stmt, err);

        return r < 0 ? r : 1;
}

int store_number(const struct box *box, int64_t *ret, struct cfs_error *err, const char *sql,
                 const char *types, ...)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        va_list ap;
        int r;

        va_start(ap, types);
        r = first_row(box, &stmt, sql, types, ap, err);
        va_end(ap);
        if (r > 0)
                *ret = sqlite3_column_int64(stmt, 0);
        return r > 0 ? finish(box, stmt, err) : r;
}

int store_text(const struct box *box, char **ret, struct cfs_error *err, const char *sql, const char *types,
               ...)
{
        _cleanup_stmt_ struct sqlite3_stmt *stmt = NULL;
        va_list ap;
        int r;

        va_start(ap, types);
        r = first_row(box, &stmt, sql, types, ap, err);
        va_end(ap);
        if (r <= 0 || store_column_null(stmt, 0))
                return r < 0 ? r : 0;
        r = str_dup(ret, store_column(stmt, 0), err);
        return r < 0 ? r : 1;
}

/* Other transactions may be lost by a power cut, whole ones, the last first. */
static void end_durable(const struct box *box)
{
        struct cfs_error ignored;

        (void)store_exec(box, &ignored, "PRAGMA synchronous=NORMAL", "");
}

int store_begin(const struct box *box, struct cfs_error *err)
{
        return store_exec(box, err, "BEGIN IMMEDIATE", "");
}

int store_begin_durable(const struct box *box, struct cfs_error *err)
{
        int r = store_exec(box, err, "PRAGMA synchronous=FULL", "");

        if (r >= 0)
                r = store_begin(box, err);
        if (r < 0)
                end_durable(box);
        return r;
}

/* A change that changes nothing. */
static void write_nothing(const struct box *box)
{
        char pragma[48];

        (void)snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%zu", ARRAY_SIZE(schema_versions));
        (void)sqlite3_exec(box->db, pragma, NULL, NULL, NULL);
}

int store_end(const struct box *box, int r, bool durable, struct cfs_error *err)
{
        struct cfs_error ignored;
        int done = 0;

        if (r < 0) {
                (void)store_exec(box, &ignored, "ROLLBACK", "");
        } else {
                done = store_exec(box, err, "COMMIT", "");
                if (done < 0) {
                        (void)store_exec(box, &ignored, "ROLLBACK", "");
                        r = done;
                }
        }
        if (durable)
                end_durable(box);
        /* What could not be synchronised may be in the log, whole, and the next process that opens the
         * store would take it for committed: it is written over. */
        if (done < 0)
                write_nothing(box);
        return r;
}

void store_finalize(struct sqlite3_stmt **stmt)
{
        (void)sqlite3_finalize(*stmt);
        *stmt = NULL;
}

const char *store_column(struct sqlite3_stmt *stmt, int i)
{
        const char *text = (const char *)sqlite3_column_text(stmt, i);

        return text ? text : "";
}

int64_t store_column_int(struct sqlite3_stmt *stmt, int i)
{
        return sqlite3_column_int64(stmt, i);
}

bool store_column_null(struct sqlite3_stmt *stmt, int i)
{
        return sqlite3_column_type(stmt, i) == SQLITE_NULL;
}

int store_join(char *const *words, size_t n, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        for (size_t i = 0; i < n; i++) {
                if (strchr(words[i], '\x1f'))
                        return err_set(err, CFS_E_INVALID, "a word contains the control character 0x1f");
                str_add(&s, words[i]);
                str_add(&s, "\x1f");
        }
        return str_take(&s, ret, err);
}

int store_split(const char *text, struct oci_arena *arena, char ***ret, size_t *ret_n, struct cfs_error *err)
{
        size_t n = 0, i = 0;

        for (const char *p = text; *p; p++)
                n += *p == '\x1f';
        *ret_n = 0;
        *ret = NULL;
        if (n == 0)
                return 0;
        *ret = oci_arena_alloc(arena, (n + 1) * sizeof(**ret));
        if (!*ret)
                return err_nomem(err);
        for (const char *p = text; i < n; i++) {
                size_t len = strcspn(p, "\x1f");

                (*ret)[i] = oci_arena_strndup(arena, p, len);
                if (!(*ret)[i])
                        return err_nomem(err);
                p += len + 1;
        }
        *ret_n = n;
        return 0;
}

/* Room for 16, and then for twice as many each time that a power of two is full. */
void *store_list_grow(struct oci_arena *arena, void *list, size_t n)
{
        void *grown;

        if (list && (n < 16 || (n & (n - 1)) != 0))
                return list;
        grown = oci_arena_alloc(arena, (n < 16 ? 16 : 2 * n) * sizeof(void *));
        return grown && list ? memcpy(grown, list, n * sizeof(void *)) : grown;
}

const char *store_self(void)
{
        /* Not of each thread: what they would write is the same, and musl's start has room for few bytes of a
         * thread's own before it needs memory. */
        static char self[96];
        struct proc_identity id = { 0 };

        (void)proc_identify(getpid(), &id);
        (void)snprintf(self, sizeof(self), "%d %llu %s", (int)getpid(), (unsigned long long)id.start_time,
                       id.boot_id);
        return self;
}

bool store_owner_alive(const char *owner)
{
        struct proc_identity id = { 0 };
        unsigned long long start = 0;
        int pid = 0, status;

        /* NOLINTNEXTLINE(cert-err34-c): we wrote it, and the count of fields is checked */
        if (sscanf(owner, "%d %llu %39s", &pid, &start, id.boot_id) < 2 || pid <= 0)
                return false;
        id.pid = pid;
        id.start_time = start;
        status = proc_status(&id);
        /* Of what cannot be looked at (no descriptor is left, it is in another PID namespace) nothing is
         * taken away. */
        return status < 0 || status == PROC_ALIVE;
}

/* data_version tells of the changes of others, the count of those of this connection. */
int store_version(const struct box *box, int64_t *ret, struct cfs_error *err)
{
        int r = store_number(box, ret, err, "PRAGMA data_version", "");

        *ret += (int64_t)sqlite3_total_changes(box->db) << 32;
        return r < 0 ? r : 0;
}

int64_t store_now(void)
{
        return (int64_t)time(NULL);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static int make_directory(const char *path, struct cfs_error *err)
{
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return err_nomem(err);
        for (char *p = copy + 1;; p++) {
                char c = *p;

                if (c != '/' && c)
                        continue;
                *p = '\0';
                if (mkdir(copy, c ? 0755 : 0700) < 0 && errno != EEXIST)
                        return err_path(err, errno, "mkdir", copy, "make directory `%s`", copy);
                *p = c;
                if (!c)
                        return 0;
        }
}

static int open_directory(const char *path, struct cfs_error *err)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 && errno == ENOENT) {
                int r = make_directory(path, err);

                if (r < 0)
                        return r;
                fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
        return fd < 0 ? err_path(err, errno, "open", path, "open `%s`", path) : fd;
}

static int make_directories(struct box *box, struct cfs_error *err)
{
        static const char *const below[] = { "layers", "containers", "networks", "net" };
        static const char *const run[] = { "exits", "bundles" };
        _cleanup_close_ int run_fd = -1;
        int r = box->root_fd = open_directory(box->root, err);

        if (r >= 0)
                r = run_fd = open_directory(box->run, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(below); i++)
                if (mkdirat(box->root_fd, below[i], 0700) < 0 && errno != EEXIST)
                        return err_sys(err, errno, "mkdirat", "make `%s/%s`", box->root, below[i]);
        for (size_t i = 0; i < ARRAY_SIZE(run); i++)
                if (mkdirat(run_fd, run[i], 0700) < 0 && errno != EEXIST)
                        return err_sys(err, errno, "mkdirat", "make `%s/%s`", box->run, run[i]);
        return 0;
}

static int script(const struct box *box, const char *sql, struct cfs_error *err)
{
        int rc = sqlite3_exec(box->db, sql, NULL, NULL, NULL);

        return rc == SQLITE_OK ? 0 : fail(box, rc, "bring the schema up to date", err);
}

/* The schema's version is in the database's header (PRAGMA user_version); each entry of schema.h brings it
 * one further. */
static int migrate(const struct box *box, struct cfs_error *err)
{
        int64_t version = 0;
        char pragma[48];
        int r = store_number(box, &version, err, "PRAGMA user_version", "");

        if (r < 0 || version == (int64_t)ARRAY_SIZE(schema_versions))
                return r < 0 ? r : 0;
        if (version > (int64_t)ARRAY_SIZE(schema_versions))
                return err_set(err, CFS_E_UNSUPPORTED,
                               "store %s/box.db was made by a newer cfs-box (version %lld, known are %zu)",
                               box->root, (long long)version, ARRAY_SIZE(schema_versions));
        r = script(box, "PRAGMA journal_mode=WAL", err);
        if (r >= 0)
                r = store_begin(box, err);
        if (r < 0)
                return r;
        r = store_number(box, &version, err, "PRAGMA user_version",
                         ""); /* another command may have been faster */
        for (; r >= 0 && version < (int64_t)ARRAY_SIZE(schema_versions); version++)
                r = script(box, schema_versions[version], err);
        (void)snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%zu", ARRAY_SIZE(schema_versions));
        if (r >= 0)
                r = script(box, pragma, err);
        return store_end(box, r, true, err);
}

/* In place of sqlite3_wal_autocheckpoint(). */
static int committed(void *data, struct sqlite3 *db, const char *name, int frames)
{
        struct box *box = data;

        box->long_log = frames >= MAX_FRAMES;
        if (box->long_log)
                (void)sqlite3_wal_checkpoint(db, name);
        return SQLITE_OK;
}

/* Commands that make room (`rm`, `image rm`, `prune`) must work on a full disk, and need some space for
 * the log and the database. The file `reserve` keeps that space: these commands remove the file first, and
 * make it again when there is room. */
static void keep_reserve(const struct box *box)
{
        _cleanup_close_ int fd = -1;
        struct statvfs fs;
        uint64_t left;

        if (fstatvfs(box->root_fd, &fs) < 0)
                return;
        left = (uint64_t)fs.f_bavail * fs.f_frsize;
        if (left < FULL) {
                if (box->makes_room)
                        (void)unlinkat(box->root_fd, "reserve", 0);
                (void)sqlite3_wal_checkpoint_v2(box->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        } else if (left > 2 * FULL && faccessat(box->root_fd, "reserve", F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
                fd = openat(box->root_fd, "reserve", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            0600);
                if (fd >= 0 && posix_fallocate(fd, 0, RESERVE) != 0)
                        (void)unlinkat(box->root_fd, "reserve", 0);
        }
}

int store_open(struct box *box, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        int r = make_directories(box, err), rc;

        if (r >= 0)
                r = str_printf(&path, err, "%s/box.db", box->root);
        if (r < 0)
                return r;
        /* Memory for the few pages that a command reads. Later calls change nothing. */
        (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, CACHE_PAGES);
        rc = sqlite3_open_v2(path, &box->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                             NULL);
        if (rc != SQLITE_OK)
                return fail(box, rc, "open", err);
        (void)sqlite3_busy_timeout(box->db, 20000);
        (void)sqlite3_db_config(box->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void)sqlite3_db_config(box->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
        (void)sqlite3_wal_hook(box->db, committed, box);
        r = script(box, "PRAGMA synchronous=NORMAL", err);
        if (r >= 0)
                r = migrate(box, err);
        if (r >= 0)
                keep_reserve(box);
        return r;
}

void store_close(struct box *box)
{
        /* Starts the log at its beginning again. Only this process knows that the whole log is in the
         * database. A process that opens the store alone would append to the log. */
        if (box->db && box->long_log)
                write_nothing(box);
        if (box->db)
                (void)sqlite3_close_v2(box->db);
        box->long_log = false;
        box->db = NULL;
        cleanup_close_p(&box->root_fd);
        box->root_fd = -1;
}
