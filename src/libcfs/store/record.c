/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of one container: state.json, whose schema is libocispec/schema/record.json.
 *
 * It is always replaced as a whole, by rename(2): a reader sees the old record or the new one. `create`
 * writes the last one beside the old one while the init is at work, so that it takes one rename(2) to publish
 * it.
 */
#include "libcfs/store/record.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/store/handle.h"
#include "oci.h"
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define RECORD         RECORD_NAME
#define NEXT_RECORD    "state.json.next"
#define RECORD_VERSION 1

int record_peek(const struct state *s, struct oci_record **ret, struct oci_arena **ret_arena,
                struct cfs_error *err)
{
        _cleanup_free_ char *name = NULL, *text = NULL;
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_close_ int fd = -1;
        struct stat st;
        void *record;
        size_t len;
        int r;

        fd = openat(s->dir_fd, RECORD, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        r = str_printf(&name, err, "%s/" RECORD, s->dir);
        if (r < 0)
                return r;
        if (fd < 0 || fstat(fd, &st) < 0)
                return err_path(err, errno, fd < 0 ? "openat" : "fstat", name, "open `%s`", name);
        if (!S_ISREG(st.st_mode))
                return err_set(err, CFS_E_INVALID, "`%s` is not a regular file", name);
        r = io_read_line(fd, name, OCI_MAX_SIZE, &text, &len, err);
        if (r < 0)
                return r;
        r = oci_decode(&oci_record_type, name, text, len, &record, &arena, err);
        if (r < 0)
                return r == -ENOENT ? -EIO : r;
        *ret = record;
        *ret_arena = TAKE_PTR(arena);
        if ((*ret)->version != RECORD_VERSION)
                return err_set(err, CFS_E_UNSUPPORTED,
                               "`%s` was written by another version of cfs (format %u)", name,
                               (unsigned)(*ret)->version);
        return 0;
}

int record_load(struct state *s, struct cfs_error *err)
{
        struct oci_arena *arena = NULL;
        struct oci_record *record = NULL;
        int r = record_peek(s, &record, &arena, err);

        if (!record)
                return r;
        oci_arena_free(s->arena);
        s->arena = arena;
        s->record = record;
        return r;
}

bool record_read_head(int root_fd, const char *dir, struct oci_arena *arena, struct record_head *ret)
{
        _cleanup_close_ int fd = -1;
        _not_zeroed_ char path[PATH_MAX + sizeof("/" RECORD)];
        size_t len = strnlen(dir, PATH_MAX);
        ssize_t n;

        memcpy(path, dir, len);
        memcpy(path + len, "/" RECORD, sizeof("/" RECORD));
        fd = openat(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, ret->text, sizeof(ret->text));
        /* One that was cut off (a power failure) does not end in a line feed. */
        if (n <= 0 || n == sizeof(ret->text) || ret->text[n - 1] != '\n' ||
            !oci_take_head(&oci_record_type, ret->text, (size_t)n, arena ? "annotations" : "freezer", arena,
                           &ret->record))
                return false;
        return ret->record.version == RECORD_VERSION && ret->record.freezer &&
               !STREQ(ret->record.phase, "creating");
}

int record_new(struct state *s, struct cfs_error *err)
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
        _cleanup_free_ char *freezer = NULL, *other = NULL;
        size_t len = 0;
        int r;

        /* In memory the record has no more than its cgroup: that may change until the next time. */
        cgroup_freezer_files(s->record, &freezer, &other);
        s->record->freezer = freezer;
        s->record->other_freezer = other;
        r = oci_encode(&oci_record_type, s->record, 0, ret, &len, err);
        s->record->freezer = s->record->other_freezer = NULL;
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

int record_save(struct state *s, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t len = 0;
        int r = encode(s, &text, &len, err);

        if (r >= 0)
                r = io_write_atomic(s->dir_fd, RECORD, text, len, 0600, err);
        return r < 0 ? save_failed(s, r, err) : 0;
}

int record_pidfd(struct state *s)
{
        struct proc_identity id;

        if (s->init_pidfd >= 0)
                return TAKE_FD(s->init_pidfd);
        return record_identity(s, &id) ? proc_pidfd(&id) : -ESRCH;
}

int record_elsewhere(const struct state *s, struct cfs_error *err)
{
        int r = err_set(
                err, CFS_E_STATE,
                "cannot tell the status of container `%s`: its processes have their numbers in another "
                "PID namespace than this cfs, or than /proc",
                s->id);

        (void)err_hint(err, r,
                       "call cfs where the container was made; if that namespace has ended, `cfs delete "
                       "--force` removes what is left");
        return -EXDEV;
}

bool record_identity(const struct state *s, struct proc_identity *ret)
{
        const struct oci_record *rec = s->record;

        if (!rec->has_pid || rec->pid <= 0 || !rec->has_start_time)
                return false;
        *ret = (struct proc_identity){ .pid = rec->pid,
                                       .start_time = rec->start_time,
                                       .offset_ns = rec->time_offset,
                                       .pid_ns = rec->pid_namespace };
        if (rec->boot_id)
                memcpy(ret->boot_id, rec->boot_id, strnlen(rec->boot_id, sizeof(ret->boot_id) - 1));
        return true;
}

int record_note_init(struct state *s, pid_t pid, struct cfs_error *err)
{
        struct proc_identity id;
        int r = proc_identify(pid, &id);

        if (r == -ESRCH)
                return err_set(err, CFS_E_DIED, "the container's init %d has ended", (int)pid);
        if (r < 0)
                return err_sys(err, -r, "read", "read `/proc/%d/stat`", (int)pid);
        s->record->pid = id.pid;
        s->record->has_pid = true;
        s->record->start_time = id.start_time;
        s->record->has_start_time = true;
        s->record->time_offset = id.offset_ns;
        s->record->has_time_offset = id.offset_ns != 0;
        s->record->pid_namespace = id.pid_ns;
        s->record->has_pid_namespace = true;
        s->record->boot_id = oci_arena_strdup(s->arena, id.boot_id);
        return s->record->boot_id ? 0 : err_nomem(err);
}

int record_set_init(struct state *s, pid_t pid, struct cfs_error *err)
{
        static char created[] = "created";
        _cleanup_free_ char *text = NULL;
        struct oci_record *rec = s->record;
        struct oci_record_worker *worker = rec->worker;
        char *phase = rec->phase;
        size_t len = 0;
        bool noted = rec->has_pid && rec->pid == pid;
        int r = record_note_init(s, pid, err);

        if (r == -EACCES && noted) { /* procfs hides it by now (hidepid=) */
                err_clear(err);
                r = 0;
        }
        if (r < 0)
                return r;
        /* Until it is published, the record in memory stays what it is: it may have to be saved once more. */
        rec->phase = created;
        rec->worker = NULL;
        r = encode(s, &text, &len, err);
        rec->phase = phase;
        rec->worker = worker;
        if (r >= 0)
                r = io_write_new(s->dir_fd, NEXT_RECORD, text, len, 0600, err);
        return r < 0 ? save_failed(s, r, err) : 0;
}

int record_publish_init(struct state *s, struct cfs_error *err)
{
        char *phase = oci_arena_strdup(s->arena, "created");
        int r;

        if (!phase)
                return err_nomem(err);
        if (renameat(s->dir_fd, NEXT_RECORD, s->dir_fd, RECORD) == 0) {
                s->record->phase = phase;
                s->record->worker = NULL;
                return 0;
        }
        r = err_path(err, errno, "renameat", NEXT_RECORD, "replace `" RECORD "`");
        return save_failed(s, r, err);
}

void record_note_file(struct state *s)
{
        if (s->full || fstatat(s->dir_fd, RECORD, &s->file, AT_SYMLINK_NOFOLLOW) < 0)
                s->file = (struct stat){ 0 };
}

/* A record is replaced, never changed: by another file, with another number. A number may be used again, but
 * not with the time at which this one was made. */
bool record_is_that_file(const struct state *s)
{
        const struct stat *was = &s->file;
        struct stat now;

        return was->st_ino != 0 && fstatat(s->dir_fd, RECORD, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
               now.st_ino == was->st_ino && now.st_dev == was->st_dev && now.st_size == was->st_size &&
               now.st_ctim.tv_sec == was->st_ctim.tv_sec && now.st_ctim.tv_nsec == was->st_ctim.tv_nsec;
}
