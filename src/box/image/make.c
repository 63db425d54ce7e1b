/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images from what this machine has, so that a first container needs no network.
 *
 *   busybox   the machine's own static busybox, with a link for each of its applets
 *   debian    what mmdebstrap(1) makes of a suite of Debian's archive
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/core/directory.h"
#include "box/image/import.h"
#include "box/image/layer.h"
#include "box/core/process.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

static const char *const shell[] = { "sh", NULL };
static const char *const bash[] = { "bash", NULL };

/* ---- busybox ------------------------------------------------------------------------------------------- */

/* Needs no dynamic loader: the image has none. */
static int check_static(int fd, const char *path, struct cfs_error *err)
{
        Elf64_Ehdr h = { 0 };
        Elf64_Phdr p;

        if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
                return err_set(err, CFS_E_INVALID, "`%s` is not an executable", path);
        if (h.e_ident[EI_CLASS] != ELFCLASS64)
                return 0;
        for (int i = 0; i < h.e_phnum; i++)
                if (pread(fd, &p, sizeof(p), (off_t)(h.e_phoff + (Elf64_Off)i * sizeof(p))) ==
                            (ssize_t)sizeof(p) &&
                    p.p_type == PT_INTERP)
                        return err_hint(err,
                                        err_set(err, CFS_E_UNSUPPORTED, "`%s` is linked dynamically", path),
                                        "install busybox-static");
        return 0;
}

static int copy_busybox(int bin_fd, const char *path, struct cfs_error *err)
{
        _cleanup_close_ int from = io_open_named(path, err), to = -1;
        off_t done = 0;
        struct stat st;
        int r;

        if (from < 0)
                return from;
        if (fstat(from, &st) < 0)
                return err_path(err, errno, "open", path, "open `%s`", path);
        r = check_static(from, path, err);
        if (r < 0)
                return r;
        to = openat(bin_fd, "busybox", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
        if (to < 0)
                return err_sys(err, errno, "openat", "make bin/busybox");
        while (done < st.st_size)
                if (sendfile(to, from, &done, (size_t)(st.st_size - done)) <= 0)
                        return err_sys(err, errno, "sendfile", "copy `%s`", path);
        return 0;
}

static int link_applets(int bin_fd, const char *path, struct cfs_error *err)
{
        const char *argv[] = { path, "--list", NULL };
        struct process p = { .argv = argv };
        _cleanup_free_ char *out = NULL, *errs = NULL;
        int status, r = process_run(&p, &status, &out, &errs, err);

        if (r < 0)
                return r;
        for (char *line = out; *line;) {
                size_t n = strcspn(line, "\n");
                bool more = line[n];

                line[n] = '\0';
                if (n > 0 && !strchr(line, '/') && !STREQ(line, "busybox") &&
                    symlinkat("busybox", bin_fd, line) < 0 && errno != EEXIST)
                        return err_sys(err, errno, "symlinkat", "link bin/%s", line);
                line += n + more;
        }
        return 0;
}

static int write_etc(int dir_fd, struct cfs_error *err)
{
        static const char *const files[][2] = {
                { "etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\n"
                                "www-data:x:33:33:www-data:/var/www:/bin/false\n"
                                "nobody:x:65534:65534:nobody:/:/bin/false\n" },
                { "etc/group", "root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnogroup:x:65534:\n" },
                { "etc/nsswitch.conf", "hosts: files dns\n" },
                /* What `run` mounts its own on: else each container would have to make them. */
                { "etc/hosts", "" },
                { "etc/hostname", "" },
                { "etc/resolv.conf", "" },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(files); i++)
                r = io_write_new(dir_fd, files[i][0], files[i][1], strlen(files[i][1]), 0644, err);
        return r;
}

static int busybox_tree(int dir_fd, struct cfs_error *err)
{
        static const struct {
                const char *name;
                mode_t mode;
        } dirs[] = { { "bin", 0755 },     { "dev", 0755 },  { "etc", 0755 }, { "home", 0755 },
                     { "proc", 0755 },    { "root", 0700 }, { "run", 0755 }, { "sys", 0755 },
                     { "tmp", 01777 },    { "usr", 0755 },  { "var", 0755 }, { "var/www", 0755 },
                     { "var/tmp", 01777 } };
        _cleanup_free_ char *path = process_find("busybox");
        _cleanup_close_ int bin = -1;
        int r;

        if (!path)
                return err_hint(err, err_set(err, CFS_E_NOT_FOUND, "there is no busybox on this machine"),
                                "apt-get install busybox-static");
        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
                if (mkdirat(dir_fd, dirs[i].name, 0755) < 0 ||
                    fchmodat(dir_fd, dirs[i].name, dirs[i].mode, 0) < 0)
                        return err_sys(err, errno, "mkdirat", "make directory `%s`", dirs[i].name);
        bin = openat(dir_fd, "bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (bin < 0)
                return err_sys(err, errno, "openat", "open bin");
        r = copy_busybox(bin, path, err);
        if (r >= 0)
                r = link_applets(bin, path, err);
        return r < 0 ? r : write_etc(dir_fd, err);
}

static int make_busybox(const struct box *box, const char *name, char ret_id[DIGEST_SIZE],
                        struct cfs_error *err)
{
        const struct import_options o = { .name = name ? name : "busybox", .command = shell };
        struct cfs_error ignored;
        _cleanup_close_ int fd = -1;
        struct layer layer = { 0 };
        char path[LAYER_TREE_SIZE];
        int r;

        layer_tree_path(path);
        if (mkdirat(box->root_fd, path, 0755) < 0)
                return err_sys(err, errno, "mkdirat", "make directory `%s/%s`", box->root, path);
        fd = openat(box->root_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = fd >= 0 && fchmod(fd, 0755) == 0 ? busybox_tree(fd, err)
                                             : err_sys(err, errno, "openat", "open `%s/%s`", box->root, path);
        if (r >= 0)
                r = layer_add_directory(box, fd, "busybox", false, &layer, err);
        (void)directory_remove(box, path, &ignored);
        if (r < 0)
                return r;
        return rootfs_image(box, layer.id, layer.diff_id, &o, "cfs-box image make busybox", ret_id, err);
}

/* ---- debian -------------------------------------------------------------------------------------------- */

static int make_debian(const struct box *box, const char *name, const char *suite, char ret_id[DIGEST_SIZE],
                       struct cfs_error *err)
{
        const struct import_options o = { .name = name ? name : "debian", .command = bash };
        const char *argv[] = { "mmdebstrap", "--variant=minbase", "--quiet", suite ? suite : "stable", "-",
                               NULL };
        const struct process p = { .argv = argv };
        struct cfs_error ignored;
        struct layer layer = { 0 };
        int fd, r, status = 0, waited;
        pid_t pid;

        r = process_start(&p, &pid, &fd, err);
        if (r < 0)
                return err->code == CFS_E_NOT_FOUND ? err_hint(err, r, "apt-get install mmdebstrap") : r;
        r = layer_add(box, fd, "debian", NULL, NULL, 0, &layer, err);
        (void)close(fd);
        waited = process_wait(pid, &status, &ignored);
        if (waited >= 0 && status != 0)
                r = err_set(err, CFS_E_SYSTEM, "mmdebstrap failed with exit code %d: see its messages above",
                            status);
        if (r < 0)
                return r;
        return rootfs_image(box, layer.id, layer.diff_id, &o, "cfs-box image make debian", ret_id, err);
}

int make_image(const struct box *box, const char *kind, const char *name, const char *suite,
               char ret_id[DIGEST_SIZE], struct cfs_error *err)
{
        if (STREQ(kind, "busybox"))
                return make_busybox(box, name, ret_id, err);
        if (STREQ(kind, "debian"))
                return make_debian(box, name, suite, ret_id, err);
        return err_set(err, CFS_E_INVALID, "cannot make `%s`: known are busybox and debian", kind);
}
