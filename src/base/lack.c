/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a system call was refused that works elsewhere.
 *
 * An errno says little of its reason, and the reasons that are here lie with the process that called cfs: a
 * seccomp filter that it runs under, a capability that it does not have, a resource limit of setrlimit(2) or
 * a sysctl that is used up. They are looked up when the call has failed, and are a hint: another reason is
 * possible where the kernel has several for one errno.
 */
#include "base/lack.h"
#include "base/caps.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The names that filters use for what the C library calls otherwise. */
static const struct {
        const char *libc, *kernel;
} other_names[] = {
        { "open", "openat" },         { "fstatat", "newfstatat" },  { "signalfd", "signalfd4" },
        { "waitpid", "wait4" },       { "pread", "pread64" },       { "sigprocmask", "rt_sigprocmask" },
        { "getrlimit", "prlimit64" }, { "setrlimit", "prlimit64" },
};

/* What EPERM means when the capability is missing, by the manual page of each call. */
static const struct {
        const char *syscall;
        unsigned capability;
} needs[] = {
        { "bpf", CAP_SYS_ADMIN },           { "chroot", CAP_SYS_CHROOT },
        { "clone3", CAP_SYS_ADMIN },        { "fchmod", CAP_FOWNER },
        { "fchmodat", CAP_FOWNER },         { "fchown", CAP_CHOWN },
        { "fchownat", CAP_CHOWN },          { "fsconfig", CAP_SYS_ADMIN },
        { "fsmount", CAP_SYS_ADMIN },       { "fsopen", CAP_SYS_ADMIN },
        { "mknodat", CAP_MKNOD },           { "mount", CAP_SYS_ADMIN },
        { "mount_setattr", CAP_SYS_ADMIN }, { "move_mount", CAP_SYS_ADMIN },
        { "netlink", CAP_NET_ADMIN },       { "open_tree", CAP_SYS_ADMIN },
        { "pidfd_send_signal", CAP_KILL },  { "pivot_root", CAP_SYS_ADMIN },
        { "prctl", CAP_SETPCAP },           { "sched_setattr", CAP_SYS_NICE },
        { "setdomainname", CAP_SYS_ADMIN }, { "setgroups", CAP_SETGID },
        { "sethostname", CAP_SYS_ADMIN },   { "setns", CAP_SYS_ADMIN },
        { "setns", CAP_SYS_CHROOT },        { "setresgid", CAP_SETGID },
        { "setresuid", CAP_SETUID },        { "umount2", CAP_SYS_ADMIN },
        { "unshare", CAP_SYS_ADMIN },
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool is_one_of(const char *syscall, const char *const *names)
{
        for (; syscall && *names; names++)
                if (strcmp(syscall, *names) == 0)
                        return true;
        return false;
}

static const char *name_in_filters(const char *syscall)
{
        for (size_t i = 0; i < LENGTH(other_names); i++)
                if (strcmp(other_names[i].libc, syscall) == 0)
                        return other_names[i].kernel;
        return syscall;
}

/* A filter that forbids prctl(2) forbids this question, too. EINVAL: a kernel without filters. */
bool lack_is_filtered(void)
{
        int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

        return mode == SECCOMP_MODE_FILTER || (mode < 0 && errno != EINVAL);
}

bool lack_capability(unsigned capability)
{
        struct caps c = { 0 };

        return caps_get(&c) == 0 && !(c.effective & CAPS_BIT(capability));
}

static void forbidden(const char *syscall, char *buf, size_t size)
{
        for (size_t i = 0; i < LENGTH(needs); i++)
                if (strcmp(needs[i].syscall, syscall) == 0 && lack_capability(needs[i].capability)) {
                        (void)snprintf(buf, size, "%s(2) needs %s, which cfs does not have here", syscall,
                                       caps_name(needs[i].capability));
                        return;
                }
        if (lack_is_filtered())
                (void)snprintf(buf, size, "cfs runs under a seccomp filter, which may forbid %s(2)",
                               name_in_filters(syscall));
}

/* False: the resource is not limited. */
static bool limit_of(__rlimit_resource_t resource, uint64_t *ret)
{
        struct rlimit l;

        if (getrlimit(resource, &l) < 0 || l.rlim_cur == RLIM_INFINITY)
                return false;
        *ret = l.rlim_cur;
        return true;
}

static void no_memory(char *buf, size_t size)
{
        uint64_t space, data;
        bool has_space = limit_of(RLIMIT_AS, &space), has_data = limit_of(RLIMIT_DATA, &data);

        if (has_space)
                (void)snprintf(buf, size, "RLIMIT_AS (`ulimit -v`) of cfs is %" PRIu64 " bytes", space);
        else if (has_data)
                (void)snprintf(buf, size, "RLIMIT_DATA (`ulimit -d`) of cfs is %" PRIu64 " bytes", data);
}

static void no_process(char *buf, size_t size)
{
        uint64_t limit;

        if (limit_of(RLIMIT_NPROC, &limit))
                (void)snprintf(
                        buf, size,
                        "no more processes are allowed: by RLIMIT_NPROC (`ulimit -u`), which is %" PRIu64
                        " for all of the user's, pids.max of a cgroup that cfs is in, kernel.pid_max or "
                        "kernel.threads-max",
                        limit);
        else
                (void)snprintf(buf, size,
                               "no more processes are allowed: by pids.max of a cgroup that cfs is in, "
                               "kernel.pid_max or kernel.threads-max");
}

static bool is_zero(const char *file)
{
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        char text[2] = "";
        bool zero = fd >= 0 && read(fd, text, sizeof(text)) > 0 && text[0] == '0';

        if (fd >= 0)
                (void)close(fd);
        return zero;
}

/* namespaces(7), "/proc/sys/user". Each user namespace has limits of its own, which hold for what is made
 * inside it. */
static void no_namespace(char *buf, size_t size)
{
        static const char *const kinds[] = { "user", "pid", "mnt", "net", "ipc", "uts", "cgroup", "time" };
        char file[64];

        for (size_t i = 0; i < LENGTH(kinds); i++) {
                (void)snprintf(file, sizeof(file), "/proc/sys/user/max_%s_namespaces", kinds[i]);
                if (is_zero(file)) {
                        (void)snprintf(buf, size, "%s is 0", file);
                        return;
                }
        }
        (void)snprintf(
                buf, size,
                "a limit in /proc/sys/user/max_*_namespaces is reached, of this user namespace or of one "
                "around it");
}

static void no_space(const char *syscall, char *buf, size_t size)
{
        static const char *const births[] = { "clone3", "clone", "unshare", NULL };
        static const char *const mounts[] = { "move_mount", "open_tree",  "mount",
                                              "fsmount",    "pivot_root", NULL };

        if (is_one_of(syscall, births))
                no_namespace(buf, size);
        else if (is_one_of(syscall, mounts))
                (void)snprintf(buf, size, "fs.mount-max limits the mounts of a mount namespace");
}

static void no_descriptor(const char *syscall, char *buf, size_t size)
{
        uint64_t limit;

        if (syscall && strcmp(syscall, "inotify_init1") == 0)
                (void)snprintf(buf, size, "fs.inotify.max_user_instances is reached");
        else if (limit_of(RLIMIT_NOFILE, &limit))
                (void)snprintf(buf, size, "RLIMIT_NOFILE (`ulimit -n`) of cfs is %" PRIu64, limit);
}

void lack_hint(int errnum, const char *syscall, char *buf, size_t size)
{
        static const char *const births[] = { "clone3", "clone", "fork", "vfork", "posix_spawn", NULL };
        uint64_t limit;

        buf[0] = '\0';
        if (errnum == ENOSYS && syscall)
                (void)snprintf(
                        buf, size,
                        "a seccomp filter that cfs runs under forbids %s(2); Linux has it since 5.14 at the "
                        "latest",
                        name_in_filters(syscall));
        else if (errnum == EPERM && syscall)
                forbidden(syscall, buf, size);
        else if (errnum == EMFILE)
                no_descriptor(syscall, buf, size);
        else if (errnum == ENFILE)
                (void)snprintf(buf, size, "fs.file-max, the host's limit on open files, is reached");
        else if (errnum == EFBIG && limit_of(RLIMIT_FSIZE, &limit))
                (void)snprintf(buf, size, "RLIMIT_FSIZE (`ulimit -f`) of cfs is %" PRIu64 " bytes", limit);
        else if (errnum == EAGAIN && is_one_of(syscall, births))
                no_process(buf, size);
        else if (errnum == ENOMEM)
                no_memory(buf, size);
        else if (errnum == ENOSPC)
                no_space(syscall, buf, size);
}
