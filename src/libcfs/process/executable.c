/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the runtime keeps its executable out of containers' reach.
 *
 * CVE-2019-5736: a container whose program is /proc/self/exe, or a script with that as its interpreter, makes
 * the kernel execute the runtime's own file inside the container; from there it can be opened, kept, and
 * written to once it is no longer running, which replaces the host's runtime. So a process of cfs that enters
 * a container runs from a file that cannot be written to:
 *
 *   a clone of the mount that the executable is on   open_tree(2), made read-only, with the file as its root.
 *       Its descriptor is closed by the execve, which takes the mount out of its (anonymous) mount namespace:
 *       from then on mount_setattr(2) cannot make it writable, nor open_tree(2) or mount(2) a copy of it, not
 *       even for a process with CAP_SYS_ADMIN. A tenth of a millisecond.
 *   a copy in a sealed memfd                         memfd_create(2), fcntl(2) F_ADD_SEALS. Where the clone
 *       is not allowed (rootless). A millisecond, and the file's size in memory.
 *
 * The clone is usually made before main(), by the first instructions of the executable (src/musl/start.c).
 * What is here does the rest, and looks whether that was done.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include "libcfs/cfs.h"
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#ifndef MFD_EXEC /* Linux 6.3: says that we mean it, where vm.memfd_noexec would warn */
#define MFD_EXEC 0x0010U
#endif

extern char **environ;

/* How much of the file a process is made from: up to the end of the last loaded segment. What follows
 * (symbols, debug information) is most of an unstripped file, and useless in a copy that is made at every
 * run. */
static off_t loaded_size(int exe)
{
        /* getauxval(3) gives addresses as numbers. NOLINTNEXTLINE(performance-no-int-to-ptr) */
        const ElfW(Phdr) *ph = (const ElfW(Phdr) *)getauxval(AT_PHDR);
        unsigned long n = getauxval(AT_PHNUM);
        struct stat st;
        off_t end = 0;

        for (unsigned long i = 0; ph && i < n; i++)
                if (ph[i].p_type == PT_LOAD && (off_t)(ph[i].p_offset + ph[i].p_filesz) > end)
                        end = (off_t)(ph[i].p_offset + ph[i].p_filesz);
        if (fstat(exe, &st) < 0)
                return -1;
        return end > 0 && end < st.st_size ? end : st.st_size;
}

static int make_copy(int exe, struct cfs_error *err)
{
        _cleanup_close_ int fd = memfd_create("cfs", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
        off_t left = loaded_size(exe);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("cfs", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return err_sys(err, errno, "memfd_create", "copy the executable");
        if (left < 0)
                return err_sys(err, errno, "fstat", "copy the executable");
        while (left > 0) {
                ssize_t n = sendfile(fd, exe, NULL, (size_t)left);

                if (n <= 0)
                        return err_sys(err, n < 0 ? errno : EIO, "sendfile", "copy the executable");
                left -= n;
        }
        if (fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0)
                return err_sys(err, errno, "fcntl", "seal the copy of the executable");
        return TAKE_FD(fd);
}

/* A detached, read-only mount of the executable alone; -errno without a message when it cannot be had. */
static int make_clone(void)
{
        struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
        _cleanup_close_ int fd = open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

        if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* The root of a mount that is nowhere attached has the path "/", which no file can have otherwise. */
static bool is_clone(const char *path)
{
        struct statfs fs;

        return STREQ(path, "/") && statfs("/proc/self/exe", &fs) == 0 && (fs.f_flags & ST_RDONLY);
}

static bool is_sealed_copy(void)
{
        _cleanup_close_ int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        int seals = exe < 0 ? -1 : fcntl(exe, F_GET_SEALS);

        return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

/* execve(2) of a descriptor, not of a path: we were executed by ourselves, or by another program that does
 * the same. */
static bool is_second_try(void)
{
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        const char *name = (const char *)getauxval(AT_EXECFN);

        return name && str_has_prefix(name, "/dev/fd/");
}

int cfs_protect_executable(char **argv, struct cfs_error *err)
{
        _cleanup_close_ int exe = -1, made = -1;
        char path[32] = "";

        if (WEAKENED("executable"))
                return 0;
        /* Should a clone not be recognised, we must not make clones for ever. */
        if (!is_second_try() && (made = make_clone()) >= 0)
                (void)fexecve(made, argv, environ);
        if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
                return err_sys(err, errno, "readlink",
                               "read the link /proc/self/exe (is procfs mounted on /proc?)");
        if (is_clone(path) || (str_has_prefix(path, "/memfd:") && is_sealed_copy()))
                return 0;
        exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        if (exe < 0)
                return err_sys(err, errno, "open", "open /proc/self/exe");
        cleanup_close_p(&made);
        made = make_copy(exe, err);
        if (made < 0)
                return made;
        (void)fexecve(made, argv, environ);
        return err_sys(err, errno, "execveat", "execute the sealed copy of cfs");
}
