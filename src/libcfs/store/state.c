/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state store.
 *
 * Several cfs processes work on one store at the same time, any of them may be killed at any instruction, and
 * the store must stay one from which everything can be found and removed. Three properties of the kernel
 * carry this: mkdir(2) succeeds for one of many; rename(2) replaces a record in one step; flock(2) ends with
 * its process.
 *
 * What a directory ROOT/ID can be, and what that means:
 *
 *      locked, no record        being created, or being removed: leave it alone
 *      free, no record          its creator died before it had made anything, or its remover when all was undone
 *      locked, record           a command works on it; reading the record is fine at any time
 *      free, record             a container, perhaps one whose creator died half way: the record tells what to undo
 *
 * Between mkdir(2) and flock(2) the directory of a living creator looks like one of the second kind, and a
 * process that waits for a lock may get that of a directory that was removed meanwhile. So a process that
 * gets the lock of a directory without a record looks whether the path still leads to it, and otherwise
 * starts again. A directory with a record needs no such look: the record is removed first, and under the
 * lock.
 *
 * What is in the records steers what delete removes, as root: a store that others can write to is refused.
 */
#include "libcfs/store/state.h"
#include "libcfs/store/lock.h"
#include "libcfs/store/record.h"
#include "libcfs/store/root.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/rmtree.h"
#include "base/str.h"
#include "base/user.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include "oci.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define MAX_TRIES 100 /* of everything that a race can undo */

static int not_found(const char *id, struct cfs_error *err)
{
        return err_set(err, CFS_E_NOT_FOUND, "container `%s` does not exist", id);
}

static int exists(const char *id, struct cfs_error *err)
{
        return err_set(err, CFS_E_EXISTS, "container with given ID already exists: `%s`", id);
}

/* A letter, a digit, or _+.- */
static bool makes_an_id(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_' || c == '.' || c == '+';
}

int state_check_id(const char *id, struct cfs_error *err)
{
        size_t n = strlen(id), good = 0;

        if (n == 0)
                return err_set(err, CFS_E_INVALID, "invalid container ID format: it is empty");
        if (n > NAME_MAX)
                return err_set(err, CFS_E_INVALID,
                               "invalid container ID format: `%.32s...` is longer than %d bytes", id,
                               NAME_MAX);
        while (makes_an_id(id[good]))
                good++;
        if (WEAKENED("container-id"))
                return 0;
        if (good != n || STREQ(id, ".") || STREQ(id, ".."))
                return err_set(err, CFS_E_INVALID,
                               "invalid container ID format: `%s`: letters, digits and _+.- make an ID", id);
        return 0;
}

/* ---- one directory ------------------------------------------------------------------------------------- */

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
        s->dir_fd = s->netns_fd = s->init_pidfd = -1;
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
        lock_release(s);
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

/* Does ROOT/ID still lead to the directory that we have open? 1, 0, or negative when that cannot be told. */
static int is_linked(const struct state *s, struct cfs_error *err)
{
        struct stat ours, there;

        if (fstat(s->dir_fd, &ours) < 0)
                return err_path(err, errno, "fstat", s->dir, "examine `%s`", s->dir);
        if (lstat(s->dir, &there) < 0)
                return errno == ENOENT ? 0 : err_path(err, errno, "lstat", s->dir, "examine `%s`", s->dir);
        return ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* ---- removing ------------------------------------------------------------------------------------------ */

int state_remove(struct state *s, struct cfs_error *err)
{
        int r;

        if (s->dir_fd < 0)
                return err_set(err, CFS_E_BUG, "remove container `%s`: its directory is not open", s->id);
        r = unlinkat(s->dir_fd, RECORD_NAME, 0) < 0 && errno != ENOENT ? -errno : 0;
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

/* ---- opening ------------------------------------------------------------------------------------------- */

/* A record of an earlier boot: the processes, mounts, cgroups and resctrl groups of which it tells are
 * gone. What can have survived are files in a root file system, and a promise to run hooks. */
static bool is_stale(const struct state *s)
{
        const struct oci_record *rec = s->record;
        const char *boot;

        return rec->boot_id && proc_boot_id(&boot) == 0 && !STREQ(boot, rec->boot_id) &&
               rec->n_devices == 0 && !(rec->hooks && rec->hooks->n_poststop > 0);
}

/* Locks and takes the existing directory when no other process uses it. 1: taken, 0: try again.
 *
 * One that we have made ourselves is treated like one that was found: between our mkdir(2) and our lock
 * others may have taken it for a dead one, used it, and died or finished. But then it is not checked for
 * being empty: a process that dies so early leaves at most a file that does no harm, and that is removed with
 * the container. */
static int take_over(struct state *s, bool made, struct cfs_error *err)
{
        struct cfs_error why = { 0 };
        int r;

        /* The lock of a directory that we have just made is held by a process that checks whether we are
         * dead, and that soon lets go. The lock of an older one is held by a process that uses it. */
        r = made ? lock_wait(s, LOCK_EX, err) : lock_try(s, LOCK_EX);
        if (r < 0 && made)
                return r;
        if (r == -EWOULDBLOCK)
                return exists(s->id, err);
        if (r < 0)
                return err_path(err, -r, "flock", s->dir, "lock container `%s`", s->id);
        r = is_linked(s, err);
        if (r <= 0)
                return r;
        r = record_load(s, &why);
        if (r < 0 && r != -ENOENT && (why.code == CFS_E_SYSTEM || why.code == CFS_E_NOMEM)) {
                *err = why; /* there is something, and it cannot be told what */
                return r;
        }
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
                return store_root_make(s->root, err);
        if (!made && errno != EEXIST)
                return err_path(err, errno, "mkdir", s->dir, "make `%s`", s->dir);
        r = open_dir(s);
        if (r == -ENOENT)
                return 0;
        r = r < 0 ? err_path(err, -r, "open", s->dir, "open `%s`", s->dir) : take_over(s, made, err);
        /* While it is empty it is still ours. A process that has taken it over meanwhile has written a
         * record, or fails because the directory is gone. */
        if (r < 0 && made)
                (void)rmdir(s->dir);
        return r;
}

int state_create(const char *root, const char *id, struct state **ret, struct cfs_error *err)
{
        struct state *s = NULL;
        int r;

        r = state_new(root, id, &s, err);
        if (r < 0)
                return r;
        r = store_root_check(root, err);
        for (int i = 0; r == 0 && i < MAX_TRIES; i++)
                r = create_once(s, err);
        if (r == 0)
                r = err_set(err, CFS_E_EXISTS, "`%s` keeps being made and removed by others", s->dir);
        if (r == 1 && (r = record_new(s, err)) < 0)
                (void)rmdir(s->dir);
        if (r < 0) {
                state_close(s);
                return r;
        }
        s->creating = true;
        *ret = s;
        return 0;
}

static int take_lock(struct state *s, int lock, struct cfs_error *err)
{
        if (!lock)
                return 0;
        if (!(lock & LOCK_NB))
                return lock_wait(s, lock, err);
        return lock_try(s, lock & ~LOCK_NB) < 0
                       ? err_set(err, CFS_E_TIMEOUT, "container `%s` is locked", s->id)
                       : 0;
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
        r = store_root_trust(s->dir, &st, err);
        if (r == 0)
                r = take_lock(s, lock, err);
        if (r < 0)
                return r;
        lock &= ~LOCK_NB;
        r = record_load(s, err);
        if (r != -ENOENT)
                return r < 0 ? r : 1;
        /* No record. Without a lock it may be anything; with one, either a dead one or an unlinked one. */
        r = lock ? is_linked(s, err) : 1;
        if (r <= 0)
                return r;
        if (lock == LOCK_EX) {
                r = state_remove(s, err);
                if (r < 0)
                        return r;
        }
        return not_found(s->id, err);
}

int state_open(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err)
{
        int r = store_root_check(root, err);

        return r < 0 ? r : state_open_checked(root, id, lock, ret, err);
}

int state_open_checked(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err)
{
        struct state *s = NULL;
        int r;

        r = state_new(root, id, &s, err);
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

bool state_open_head(const char *root, const char *id, struct oci_arena *arena, struct record_head *head,
                     struct state *s)
{
        struct cfs_error ignored = { 0 };
        _not_zeroed_ char dir[PATH_MAX];
        struct stat st;
        int n = snprintf(dir, sizeof(dir), "%s/%s", root, id);

        if (!arena || root[0] != '/' || n < 0 || (size_t)n >= sizeof(dir) ||
            state_check_id(id, &ignored) < 0 || store_root_look(root, &st, &ignored) < 0 ||
            !store_root_is_safe(st.st_mode, AT_FDCWD, dir) || !record_read_head(AT_FDCWD, dir, arena, head))
                return false;
        *s = (struct state){ .id = head->record.id, .record = &head->record, .head = true };
        s->dir_fd = s->netns_fd = s->init_pidfd = -1;
        return true;
}

int state_open_again(struct state *old, int lock, struct state **ret, struct cfs_error *err)
{
        struct state *s = NULL;
        int r = state_new(old->root, old->id, &s, err);

        if (r < 0)
                return r;
        s->dir_fd = TAKE_FD(old->dir_fd);
        old->lock = 0;
        r = take_lock(s, lock, err);
        if (r >= 0)
                r = record_load(s, err);
        if (r == -ENOENT)
                r = not_found(s->id, err);
        if (r < 0) {
                state_close(s);
                return r;
        }
        *ret = s;
        return 0;
}

int state_open_broken(const char *root, const char *id, int lock, struct state **ret, struct cfs_error *err)
{
        struct state *s = NULL;
        struct stat st;
        int r = state_new(root, id, &s, err);

        if (r < 0)
                return r;
        r = store_root_check(root, err);
        if (r < 0) {
                state_close(s);
                return r;
        }
        r = open_dir(s);
        if (r == -ENOENT)
                r = not_found(id, err);
        else if (r < 0 || fstat(s->dir_fd, &st) < 0)
                r = err_path(err, r < 0 ? -r : errno, "open", s->dir, "open `%s`", s->dir);
        else
                r = store_root_trust(s->dir, &st, err);
        if (r >= 0 && lock)
                r = lock_wait(s, lock, err);
        if (r >= 0)
                r = record_new(s, err);
        if (r < 0) {
                state_close(s);
                return r;
        }
        s->broken = true;
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
        if (s->netns_fd >= 0)
                (void)close(s->netns_fd);
        if (s->init_pidfd >= 0)
                (void)close(s->init_pidfd);
        oci_arena_free(s->arena);
        free(s->root);
        free(s->id);
        free(s->dir);
        free(s);
}
