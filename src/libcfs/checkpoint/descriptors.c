/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pipes to an engine's log, a log file, /dev/null of the host: a container's standard streams. CRIU knows
 * such things by names ("pipe:[4711]", "file[1c:2a9]"), which are in the images, and at restore wants to be
 * told which descriptor takes the place of which name ("inherit").
 *
 * Pipes are known by the record, since a program may have put something else in their place while its
 * children still have them. A file of the host's is known by the mount that it was opened through: when that
 * mount is not one of the container's, CRIU could not open the file again by its path.
 *
 * The names are kept beside the images in descriptors.json, an array of strings, as other runtimes do.
 */
#include "libcfs/checkpoint/descriptors.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "base/mountlist.h"
#include "json.h"
#include "oci.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "descriptors.json"

static bool is_stream(const char *name)
{
        return str_has_prefix(name, "pipe:[") || str_has_prefix(name, "socket:[");
}

/* The mount ID as /proc/PID/fdinfo/N has it, or NULL. */
static const char *mount_of(int proc_fd, pid_t pid, size_t n, char *buf, size_t size)
{
        char path[64], *p;

        (void)snprintf(path, sizeof(path), "%d/fdinfo/%zu", (int)pid, n);
        if (io_read_small(proc_fd, path, buf, size) < 0 || !(p = strstr(buf, "mnt_id:")))
                return NULL;
        p += strlen("mnt_id:");
        p += strspn(p, " \t");
        p[strspn(p, "0123456789")] = '\0';
        return *p ? p : NULL;
}

/* "file[MOUNT:INODE]" when descriptor n of the process is a file on a mount that is not one of the
 * container's. */
static bool foreign_file(int proc_fd, pid_t pid, size_t n, const struct mountlist *mounts, char *name,
                         size_t size)
{
        char buf[512], path[64];
        const char *id = mount_of(proc_fd, pid, n, buf, sizeof(buf));
        struct stat st;
        uint64_t number;

        (void)snprintf(path, sizeof(path), "%d/fd/%zu", (int)pid, n);
        if (!id || str_to_u64(id, &number) < 0 || fstatat(proc_fd, path, &st, 0) < 0 ||
            !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
                return false;
        for (size_t i = 0; i < mounts->n; i++)
                if ((uint64_t)mounts->entries[i].id == number)
                        return false;
        (void)snprintf(name, size, "file[%llx:%llx]", (unsigned long long)number,
                       (unsigned long long)st.st_ino);
        return true;
}

static int write_names(const struct checkpoint_job *j, char **names, size_t n, struct cfs_error *err)
{
        struct json_writer *w = json_write_new(0);
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r;

        json_write_array(w);
        for (size_t i = 0; i < n; i++)
                json_write_string(w, names[i]);
        json_write_array_end(w);
        r = json_write_take(w, &text, &len, err);
        if (r < 0)
                return r;
        r = io_write_atomic(j->images_fd, FILE_NAME, text, len, 0600, err);
        if (r >= 0)
                return 0;
        r = err_prefix(err, r, "write `%s/" FILE_NAME "`", j->images);
        return err->errnum == ENOSPC || err->errnum == EDQUOT
                       ? err_hint(
                                 err, r,
                                 "the images take about as much room as the container's memory: choose another "
                                 "--image-path")
                       : r;
}

int checkpoint_descriptors_save(struct checkpoint_job *j, int proc_fd, pid_t pid, char *const *recorded,
                                size_t n_recorded, struct cfs_error *err)
{
        _cleanup_mountlist_ struct mountlist mounts = { 0 };
        size_t n = n_recorded > 3 ? n_recorded : 3;
        char **names = oci_arena_alloc(j->arena, n * sizeof(*names)), path[64];
        int r;

        (void)snprintf(path, sizeof(path), "%d/mountinfo", (int)pid);
        r = names ? mountlist_read(proc_fd, path, &mounts, err) : err_nomem(err);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                char name[64];

                names[i] = (char *)"";
                if (i < n_recorded && is_stream(recorded[i])) {
                        names[i] = recorded[i];
                } else if (foreign_file(proc_fd, pid, i, &mounts, name, sizeof(name))) {
                        names[i] = oci_arena_strdup(j->arena, name);
                        r = names[i] ? checkpoint_job_add(j, &j->o.external, name, NULL, 0, err)
                                     : err_nomem(err);
                }
        }
        return r < 0 ? r : write_names(j, names, n, err);
}

int checkpoint_descriptors_load(struct checkpoint_job *j, size_t n, struct cfs_error *err)
{
        _cleanup_free_ char *name = NULL, *text = NULL, *whole = NULL;
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_descriptors *d;
        void *root;
        int r = str_printf(&name, err, "%s/" FILE_NAME, j->images);

        if (r < 0)
                return r;
        r = io_read_regular(j->images_fd, FILE_NAME, OCI_MAX_SIZE, &text, NULL, err);
        if (r == -ENOENT) {
                r = err_set(err, CFS_E_INVALID, "`%s` holds no checkpoint: there is no " FILE_NAME,
                            j->images);
                return err_hint(err, r, "--image-path names the directory that `checkpoint` wrote to");
        }
        if (r >= 0)
                r = json_write_wrap("descriptors", text, &whole, err);
        if (r < 0)
                return r;
        r = oci_decode(&oci_descriptors_type, name, whole, strlen(whole), &root, &arena, err);
        if (r < 0) {
                err->property[0] = '\0'; /* of that file, not of config.json */
                return r;
        }
        d = root;
        for (size_t i = 0; r >= 0 && i < n && i < d->n_descriptors; i++)
                if (is_stream(d->descriptors[i]) || str_has_prefix(d->descriptors[i], "file["))
                        r = checkpoint_job_add(j, &j->o.inherit, d->descriptors[i], NULL, (int)i, err);
        return r < 0 ? r : 0;
}
