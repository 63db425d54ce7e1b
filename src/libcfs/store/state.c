/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state store.
 *
 * Several cfs processes work on one store at the same time, any of them may be killed at any instruction, and the
 * store must stay one from which everything can be found and removed. Three properties of the kernel carry this:
 * mkdir(2) succeeds for one of many; rename(2) replaces a record in one step; flock(2) ends with its process.
 *
 * What a directory ROOT/ID can be, and what that means:
 *
 *      locked, no record        being created, or being removed: leave it alone
 *      free, no record          its creator died before it had made anything, or its remover when all was undone
 *      locked, record           somebody works on it; reading the record is fine at any time
 *      free, record             a container, perhaps one whose creator died half way: the record tells what to undo
 *
 * Between mkdir(2) and flock(2) a directory of somebody who lives looks like one of the second kind, and whoever waits
 * for a lock may get that of a directory that was removed meanwhile. So whoever gets the lock of a directory without a
 * record looks whether the path still leads to it, and otherwise starts again. A directory with a record needs no such
 * look: the record is removed first, and under the lock.
 *
 * flock(2) belongs to the open file, which a forked child shares: a child must close its descriptor
 * (state_forget_in_child()), or the container stays locked as long as the child lives; and unlocking is said
 * explicitly, for the moment in which a hook has been forked and not yet executed.
 *
 * What is in the records steers what delete removes, as root: a store that others can write to is refused.
 */
#include "libcfs/store/state.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/rmtree.h"
#include "base/str.h"
#include "base/user.h"
#include "libcfs/cfs.h"
#include "oci.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define RECORD          "state.json"
#define NEXT_RECORD     "state.json.next"
#define RECORD_VERSION  1
#define LOCK_TIMEOUT_MS 30000
#define MAX_TRIES       100 /* of everything that a race can undo */

static int not_found(const char *id, struct cfs_error *err)
{
        return err_set(err, CFS_E_NOT_FOUND, "container `%s` does not exist", id);
}

static int exists(const char *id, struct cfs_error *err)
{
        return err_set(err, CFS_E_EXISTS, "container with given ID already exists: `%s`", id);
}

int state_check_id(const char *id, struct cfs_error *err)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
        size_t n = strlen(id);

        if (n == 0)
                return err_set(err, CFS_E_INVALID, "invalid container ID format: it is empty");
        if (n > NAME_MAX)
                return err_set(err, CFS_E_INVALID,
                               "invalid container ID format: `%.32s...` is longer than %d bytes", id,
                               NAME_MAX);
        if (strspn(id, allowed) != n || STREQ(id, ".") || STREQ(id, ".."))
                return err_set(err, CFS_E_INVALID,
                               "invalid container ID format: `%s`: letters, digits and _+.- make an ID", id);
        return 0;
}

/* ---- the root -------------------------------------------------------------------------------------------------- */

static int make_root(const char *root, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        int r;

        r = str_dup(&path, root, err);
        if (r < 0)
                return r;
        for (char *p = path + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = '\0';
                if (mkdir(path, 0755) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
                        return err_path(err, errno, "mkdir", path, "make the state directory `%s`", root);
                *p = '/';
        }
        if (mkdir(path, 0700) < 0)
                return errno == EEXIST
                               ? 0
                               : err_path(err, errno, "mkdir", root, "make the state directory `%s`", root);
        /* What is sticky in XDG_RUNTIME_DIR is not cleaned away by age (XDG base directory specification). */
        if (geteuid() != 0 && chmod(path, 01700) < 0)
                return err_path(err, errno, "chmod", root, "make the state directory `%s`", root);
        return 0;
}

/* Nobody else may make records for us: /tmp/cfs-UID could be somebody's trap. */
static int check_trust(const char *path, const struct stat *st, struct cfs_error *err)
{
        int r;

        if (st->st_uid != geteuid() && st->st_uid != 0)
                r = err_set(err, CFS_E_INVALID, "the state directory `%s` belongs to uid %u", path,
                            (unsigned)st->st_uid);
        else if ((st->st_mode & S_IWOTH) && !(st->st_mode & S_ISVTX))
                r = err_set(err, CFS_E_INVALID, "the state directory `%s` can be written to by everybody",
                            path);
        else
                return 0;
        return err_hint(err, r, "choose a directory of your own with --root");
}

/* Like check_trust() for a path. A missing root is not an error here. */
static int check_root(const char *root, struct cfs_error *err)
{
        struct stat st;

        if (stat(root, &st) < 0)
                return errno == ENOENT
                               ? 0
                               : err_path(err, errno, "stat", root, "examine the state directory `%s`", root);
        return check_trust(root, &st, err);
}

/* ---- one directory --------------------------------------------------------------------------------------------- */

static int state_new(const char *root, const char *id, struct state **ret, struct cfs_error *err)
{
        struct state *s;
        int r;

        r = state_check_id(id, err);
        if (r < 0)
                return r;
        if (root[0] != '/')
                return err_set(err, CFS_E_INVALID, "the state directory `%s` is not an absolute path", root);
        s = calloc(1, sizeof(*s));
        if (!s)
                return err_nomem(err);
        s->dir_fd = -1;
        r = str_dup(&s->root, root, err);
        if (r >= 0)
                r = str_dup(&s->id, id, err);
        if (r >= 0)
                r = str_printf(&s->dir, err, "%s/%s", root, id);
        if (r < 0) {
                state_close(s);
                return r;
        }
        *ret = s;
        return 0;
}

static void close_dir(struct state *s)
{
        state_unlock(s);
        if (s->dir_fd >= 0)
                (void)close(s->dir_fd);
        s->dir_fd = -1;
}

/* -errno, without a message */
static int open_dir(struct state *s)
{
        close_dir(s);
        s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return s->dir_fd < 0 ? -errno : 0;
}

/* Does ROOT/ID still lead to the directory that we have open? */
static bool is_linked(const struct state *s)
{
        struct stat ours, there;

        return fstat(s->dir_fd, &ours) == 0 && lstat(s->dir, &there) == 0 && ours.st_dev == there.st_dev &&
               ours.st_ino == there.st_ino;
}

static void sleep_us(long us)
{
        (void)nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

static int64_t now_ms(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* -EWOULDBLOCK when it is taken; no message. */
static int try_lock(struct state *s, int lock)
{
        if (flock(s->dir_fd, lock | LOCK_NB) < 0)
                return -errno;
        s->lock = lock;
        return 0;
}

static int wait_lock(struct state *s, int lock, struct cfs_error *err)
{
        int64_t deadline = 0;
        long us = 500;
        int r;

        for (;;) {
                r = try_lock(s, lock);
                if (r == 0)
                        return 0;
                if (r != -EWOULDBLOCK)
                        return err_path(err, -r, "flock", s->dir, "lock container `%s`", s->id);
                /* flock(2) has no timeout, and we have no signal to interrupt it: the process is our caller's. */
                if (deadline == 0)
                        deadline = now_ms() + LOCK_TIMEOUT_MS;
                else if (now_ms() >= deadline)
                        return err_set(
                                err, CFS_E_TIMEOUT,
                                "container `%s` is locked: another cfs has been working on it for %d s",
                                s->id, LOCK_TIMEOUT_MS / 1000);
                sleep_us(us);
                if (us < 20000)
                        us *= 2;
        }
}

void state_unlock(struct state *s)
{
        if (s->lock)
                (void)flock(s->dir_fd, LOCK_UN);
        s->lock = 0;
}

/* ---- removing ------------------------------------------------------------------------------------------------ */

int state_remove(struct state *s, struct cfs_error *err)
{
        int r;

        if (s->dir_fd < 0)
                return err_set(err, CFS_E_BUG, "remove container `%s`: its directory is not open", s->id);
        r = unlinkat(s->dir_fd, RECORD, 0) < 0 && errno != ENOENT ? -errno : 0;
        if (r == 0 && rmdir(s->dir) == 0) /* usually the record was all there was */
                return 0;
        if (r == 0)
                r = rmtree_contents(s->dir_fd);
        if (r < 0)
                return err_path(err, -r, "unlinkat", s->dir, "empty `%s`", s->dir);
        if (rmdir(s->dir) < 0 && errno != ENOENT)
                return err_path(err, errno, "rmdir", s->dir, "remove `%s`", s->dir);
        return 0;
}

/* ---- the record ------------------------------------------------------------------------------------------------ */

/* -ENOENT without a message when there is none. */
static int load_record(struct state *s, struct cfs_error *err)
{
        _cleanup_free_ char *name = NULL, *text = NULL;
        _cleanup_close_ int fd = -1;
        void *record;
        size_t len;
        int r;

        fd = openat(s->dir_fd, RECORD, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        r = str_printf(&name, err, "%s/" RECORD, s->dir);
        if (r < 0)
                return r;
        if (fd < 0)
                return err_path(err, errno, "openat", name, "open `%s`", name);
        r = io_read_fd(fd, name, OCI_MAX_SIZE, &text, &len, err);
        if (r < 0)
                return r;
        oci_arena_free(s->arena);
        s->arena = NULL;
        s->record = NULL;
        r = oci_decode(&oci_record_type, name, text, len, &record, &s->arena, err);
        if (r < 0)
                return r == -ENOENT ? -EIO : r;
        s->record = record;
        if (s->record->version != RECORD_VERSION)
                return err_set(err, CFS_E_UNSUPPORTED,
                               "`%s` was written by another version of cfs (format %u)", name,
                               (unsigned)s->record->version);
        return 0;
}

static int new_record(struct state *s, struct cfs_error *err)
{
        const char *boot;
        int r;

        oci_arena_free(s->arena);
        s->record = NULL;
        s->arena = oci_arena_new();
        if (s->arena)
                s->record = oci_arena_alloc(s->arena, sizeof(*s->record));
        if (!s->record)
                return err_nomem(err);
        r = proc_boot_id(&boot);
        if (r < 0)
                return err_path(err, -r, "read", "/proc/sys/kernel/random/boot_id",
                                "read the id of this boot");
        s->record->version = RECORD_VERSION;
        s->record->has_version = true;
        s->record->owner = geteuid();
        s->record->has_owner = true;
        s->record->id = oci_arena_strdup(s->arena, s->id);
        s->record->phase = oci_arena_strdup(s->arena, "creating");
        s->record->boot_id = oci_arena_strdup(s->arena, boot);
        return s->record->id && s->record->phase && s->record->boot_id ? 0 : err_nomem(err);
}

static int encode(const struct state *s, char **ret, size_t *ret_len, struct cfs_error *err)
{
        size_t len = 0;
        int r = oci_encode(&oci_record_type, s->record, 0, ret, &len, err);

        if (r < 0)
                return r;
        (*ret)[len] = '\n'; /* in place of the NUL */
        *ret_len = len + 1;
        return 0;
}

static int save_failed(const struct state *s, int r, struct cfs_error *err)
{
        return err_prefix(err, r, "write the state of container `%s`", s->id);
}

int state_save(struct state *s, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t len = 0;
        int r = encode(s, &text, &len, err);

        if (r >= 0)
                r = io_write_atomic(s->dir_fd, RECORD, text, len, 0600, err);
        return r < 0 ? save_failed(s, r, err) : 0;
}

bool state_identity(const struct state *s, struct proc_identity *ret)
{
        const struct oci_record *rec = s->record;

        if (!rec->has_pid || rec->pid <= 0 || !rec->has_start_time)
                return false;
        *ret = (struct proc_identity){ .pid = rec->pid, .start_time = rec->start_time };
        (void)snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", rec->boot_id ? rec->boot_id : "");
        return true;
}

int state_set_init(struct state *s, pid_t pid, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        struct proc_identity id;
        size_t len = 0;
        int r;

        r = proc_identify(pid, &id);
        if (r == -ESRCH)
                return err_set(err, CFS_E_DIED, "the container's init %d has ended", (int)pid);
        if (r < 0)
                return err_sys(err, -r, "read", "read `/proc/%d/stat`", (int)pid);
        s->record->pid = id.pid;
        s->record->has_pid = true;
        s->record->start_time = id.start_time;
        s->record->has_start_time = true;
        s->record->boot_id = oci_arena_strdup(s->arena, id.boot_id);
        s->record->phase = oci_arena_strdup(s->arena, "created");
        if (!s->record->boot_id || !s->record->phase)
                return err_nomem(err);
        r = encode(s, &text, &len, err);
        if (r >= 0)
                r = io_write_new(s->dir_fd, NEXT_RECORD, text, len, 0600, err);
        return r < 0 ? save_failed(s, r, err) : 0;
}

int state_publish_init(struct state *s, struct cfs_error *err)
{
        int r;

        if (renameat(s->dir_fd, NEXT_RECORD, s->dir_fd, RECORD) == 0)
                return 0;
        r = err_path(err, errno, "renameat", NEXT_RECORD, "replace `" RECORD "`");
        return save_failed(s, r, err);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

/* A record of an earlier boot: the processes, mounts, cgroups and resctrl groups of which it tells are gone. What can
 * have survived are files in a root file system, and a promise to run hooks. */
static bool is_stale(const struct state *s)
{
        const struct oci_record *rec = s->record;
        const char *boot;

        return rec->boot_id && proc_boot_id(&boot) == 0 && !STREQ(boot, rec->boot_id) &&
               rec->n_devices == 0 && !(rec->hooks && rec->hooks->n_poststop > 0);
}

/* Takes the directory that is there, locked, when nobody misses it. 1: taken, 0: try again.
 *
 * One that we have made ourselves is treated like one that was found: between our mkdir(2) and our lock others may
 * have taken it for a dead one, used it, and died or finished. Only that it is empty is taken for granted then: who dies
 * that fast leaves a file that is in nobody's way, and that goes when the container goes. */
static int take_over(struct state *s, bool made, struct cfs_error *err)
{
        struct cfs_error why = { 0 };
        int r;

        /* Whoever looks whether ours is a dead one will soon let go; whoever has one that was there before is using it. */
        r = made ? wait_lock(s, LOCK_EX, err) : try_lock(s, LOCK_EX);
        if (r < 0)
                return made ? r : exists(s->id, err);
        if (!is_linked(s))
                return 0;
        r = load_record(s, &why);
        if (r != -ENOENT && (r < 0 || !is_stale(s)))
                return exists(s->id, err);
        r = made ? 0 : rmtree_contents(s->dir_fd);
        if (r < 0)
                return err_path(err, -r, "unlinkat", s->dir, "empty `%s`, left by a cfs that was killed",
                                s->dir);
        return 1;
}

/* 1: done, 0: try again. */
static int create_once(struct state *s, struct cfs_error *err)
{
        bool made;
        int r;

        made = mkdir(s->dir, 0700) == 0;
        if (!made && errno == ENOENT)
                return make_root(s->root, err);
        if (!made && errno != EEXIST)
                return err_path(err, errno, "mkdir", s->dir, "make `%s`", s->dir);
        r = open_dir(s);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return err_path(err, -r, "open", s->dir, "open `%s`", s->dir);
        return take_over(s, made, err);
}

int state_create(const char *root, const char *id, struct state **ret, struct cfs_error *err)
{
        struct state *s = NULL;
        int r;

        r = state_new(root, id, &s, err);
        if (r < 0)
                return r;
        r = check_root(root, err);
        for (int i = 0; r == 0 && i < MAX_TRIES; i++)
                r = create_once(s, err);
        if (r == 0)
                r = err_set(err, CFS_E_EXISTS, "`%s` keeps being made and removed by others", s->dir);
        if (r == 1)
                r = new_record(s, err);
        if (r < 0) {
                state_close(s);
                return r;
        }
        s->creating = true;
        *ret = s;
        return 0;
}

/* 1: done, 0: try again. */
static int open_once(struct state *s, int lock, struct cfs_error *err)
{
        struct stat st;
        int r;

        r = open_dir(s);
        if (r == -ENOENT)
                return not_found(s->id, err);
        if (r < 0)
                return err_path(err, -r, "open", s->dir, "open `%s`", s->dir);
        if (fstat(s->dir_fd, &st) < 0)
                return err_path(err, errno, "fstat", s->dir, "examine `%s`", s->dir);
        r = check_trust(s->dir, &st, err);
        if (r == 0 && lock)
                r = wait_lock(s, lock, err);
        if (r < 0)
                return r;
        r = load_record(s, err);
        if (r != -ENOENT)
                return r < 0 ? r : 1;
        /* No record. Without a lock it may be anything; with one, either a dead one or an unlinked one. */
        if (lock && !is_linked(s))
                return 0;
        if (lock == LOCK_EX) {
                r = state_remove(s, err);
                if (r < 0)
                        return r;
        }
        return not_found(s->id, err);
}

int state_open(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err)
{
        struct state *s = NULL;
        int r;

        r = state_new(root, id, &s, err);
        if (r < 0)
                return r;
        for (int i = 0; r == 0 && i < MAX_TRIES; i++)
                r = open_once(s, lock, err);
        if (r == 0)
                r = not_found(id, err);
        if (r < 0) {
                state_close(s);
                return r;
        }
        *ret = s;
        return 0;
}

void state_forget_in_child(struct state *s)
{
        if (s->dir_fd >= 0)
                (void)close(s->dir_fd);
        s->dir_fd = -1;
        s->lock = 0;
}

void state_close(struct state *s)
{
        if (!s)
                return;
        close_dir(s);
        oci_arena_free(s->arena);
        free(s->root);
        free(s->id);
        free(s->dir);
        free(s);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

/* Is the one who creates it still at work? He holds the lock. */
static bool has_creator(const struct state *s)
{
        if (s->creating)
                return true;
        if (s->lock == LOCK_EX)
                return false;
        if (flock(s->dir_fd, LOCK_SH | LOCK_NB) < 0)
                return true;
        if (s->lock == 0)
                (void)flock(s->dir_fd, LOCK_UN);
        return false;
}

enum container_status state_status(const struct state *s)
{
        const char *phase = s->record->phase;
        struct proc_identity id;

        if (str_eq(phase, "stopped"))
                return STATUS_STOPPED;
        if (!state_identity(s, &id))
                return has_creator(s) ? STATUS_CREATING : STATUS_STOPPED;
        if (proc_status(&id) != PROC_ALIVE)
                return STATUS_STOPPED;
        if (str_eq(phase, "creating"))
                return STATUS_CREATING;
        if (str_eq(phase, "created") && faccessat(s->dir_fd, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return STATUS_CREATED;
        return STATUS_RUNNING;
}

const char *state_status_name(enum container_status st)
{
        switch (st) {
        case STATUS_CREATING:
                return "creating";
        case STATUS_CREATED:
                return "created";
        case STATUS_RUNNING:
                return "running";
        case STATUS_PAUSED:
                return "paused";
        case STATUS_STOPPED:
                return "stopped";
        }
        return "unknown";
}

struct oci_state *state_document(struct state *s, enum container_status st)
{
        const struct oci_record *rec = s->record;
        struct oci_state *doc = oci_arena_alloc(s->arena, sizeof(*doc));
        char owner[USER_NAME_SIZE];

        if (!doc)
                return NULL;
        doc->oci_version = oci_arena_strdup(s->arena, rec->oci_version ? rec->oci_version : CFS_SPEC_VERSION);
        doc->id = rec->id;
        doc->pid = st == STATUS_STOPPED || !rec->has_pid ? 0 : rec->pid;
        doc->has_pid = true;
        doc->status = oci_arena_strdup(s->arena, state_status_name(st));
        doc->bundle = oci_arena_strdup(s->arena, rec->bundle ? rec->bundle : "");
        doc->rootfs = rec->rootfs;
        doc->created = rec->created;
        doc->annotations = rec->annotations;
        user_name(rec->owner, owner);
        doc->owner = oci_arena_strdup(s->arena, owner);
        return doc->oci_version && doc->status && doc->bundle && doc->owner ? doc : NULL;
}
