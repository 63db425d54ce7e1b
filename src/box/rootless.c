/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ordinary user's box: this program goes on as root of a user namespace, in which the user has the IDs
 * that /etc/subuid and /etc/subgid list (newuidmap(1) maps them), or only the user's own where there are
 * none.
 *
 * What is made in such a namespace belongs to it: a container can be entered only from the namespace in which
 * it was made, or one above. So the first command leaves a process behind that holds the namespace (its pid
 * and start time are in a file), and later commands join it. It costs nothing, ends with the session like any
 * process, and when it is gone the next command makes another; containers that still run then cannot be
 * entered any more, but stopped: the user's signals reach them.
 */
#include "box/rootless.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "box/core/process.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tells a program that was executed again that it is inside: "UID" of the user. */
#define MARK "CFS_BOX_ROOTLESS"

bool rootless_is(void)
{
        return geteuid() != 0 || getenv(MARK);
}

enum cfs_cgroup_manager rootless_cgroup_manager(void)
{
        return CFS_CGROUP_DISABLED;
}

/* ---- maps ---------------------------------------------------------------------------------------------- */

/* The first range of a user in /etc/subuid or /etc/subgid: "NAME:FIRST:COUNT", where NAME may be the
 * number. */
static bool find_range(const char *file, uid_t uid, uint32_t *ret_first, uint32_t *ret_count)
{
        _cleanup_free_ char *text = NULL, *passwd = NULL;
        char number[16], name[64] = "";
        struct cfs_error ignored;

        (void)snprintf(number, sizeof(number), "%u", uid);
        if (io_read_file(AT_FDCWD, "/etc/passwd", 4U << 20, &passwd, NULL, &ignored) >= 0)
                for (const char *line = passwd; *line; line += strcspn(line, "\n"), line += *line != '\0') {
                        unsigned id;

                        /* NOLINTNEXTLINE(cert-err34-c): a wrong one is refused by newuidmap */
                        if (sscanf(line, "%63[^:\n]:%*[^:\n]:%u:", name, &id) == 2 && id == uid)
                                break;
                        name[0] = '\0';
                }
        if (io_read_file(AT_FDCWD, file, 4U << 20, &text, NULL, &ignored) < 0)
                return false;
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line != '\0') {
                char who[64];

                /* NOLINTNEXTLINE(cert-err34-c): a wrong one is refused by newuidmap */
                if (sscanf(line, "%63[^:\n]:%u:%u", who, ret_first, ret_count) == 3 &&
                    (STREQ(who, number) || (*name && STREQ(who, name))))
                        return *ret_count > 0;
        }
        return false;
}

/* newuidmap PID 0 UID 1 1 FIRST COUNT */
static bool map_range(const char *program, pid_t pid, uid_t id, uint32_t first, uint32_t count)
{
        char words[6][16];
        const char *argv[] = { program, words[0], "0", words[1], "1", "1", words[2], words[3], NULL };
        const struct process p = { .argv = argv };
        struct cfs_error ignored;
        int status;

        (void)snprintf(words[0], sizeof(words[0]), "%d", (int)pid);
        (void)snprintf(words[1], sizeof(words[1]), "%u", id);
        (void)snprintf(words[2], sizeof(words[2]), "%u", first);
        (void)snprintf(words[3], sizeof(words[3]), "%u", count);
        return process_run(&p, &status, NULL, NULL, &ignored) >= 0 && status == 0;
}

static int map_single(pid_t pid, uid_t uid, gid_t gid, struct cfs_error *err)
{
        char path[48], map[32];
        int r;

        (void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
        r = io_write_small(AT_FDCWD, path, "deny", err);
        (void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
        (void)snprintf(map, sizeof(map), "0 %u 1", uid);
        if (r >= 0)
                r = io_write_small(AT_FDCWD, path, map, err);
        (void)snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
        (void)snprintf(map, sizeof(map), "0 %u 1", gid);
        return r < 0 ? r : io_write_small(AT_FDCWD, path, map, err);
}

static int map(pid_t pid, struct cfs_error *err)
{
        uint32_t uid_first, uid_count, gid_first, gid_count;

        if (find_range("/etc/subuid", geteuid(), &uid_first, &uid_count) &&
            find_range("/etc/subgid", geteuid(), &gid_first, &gid_count) &&
            map_range("newuidmap", pid, geteuid(), uid_first, uid_count) &&
            map_range("newgidmap", pid, getegid(), gid_first, gid_count))
                return 0;
        return map_single(pid, geteuid(), getegid(), err);
}

/* ---- the holder ---------------------------------------------------------------------------------------- */

/* The directory is the user's own, or he could be led into the namespace of another. */
static int holder_path(char *buf, size_t size, struct cfs_error *err)
{
        const char *run = getenv("XDG_RUNTIME_DIR");
        struct stat st;
        char dir[PATH_MAX];

        (void)snprintf(dir, sizeof(dir), "%s%scfs-box-%u", run && *run ? run : "/tmp", "/", geteuid());
        if (mkdir(dir, 0700) < 0 && errno != EEXIST)
                return err_path(err, errno, "mkdir", dir, "make directory `%s`", dir);
        if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
                return err_set(err, CFS_E_INVALID, "`%s` is not a directory that only you can write to", dir);
        if ((size_t)snprintf(buf, size, "%s/namespace", dir) >= size)
                return err_set(err, CFS_E_INVALID, "XDG_RUNTIME_DIR is too long");
        return 0;
}

/* It waits to be mapped, then for ever. It holds nothing else: no descriptor, no terminal, no directory. */
static int start_holder(struct proc_identity *ret, struct cfs_error *err)
{
        struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS, .exit_signal = SIGCHLD };
        pid_t pid = sys_clone3(&args);
        int r;

        if (pid < 0)
                return err_hint(err, err_sys(err, errno, "clone3", "make a user namespace"),
                                "`cfs-box doctor` says what is missing");
        if (pid == 0) {
                (void)setsid();
                if (chdir("/") < 0)
                        _exit(1);
                (void)prctl(PR_SET_NAME, "cfs-box-ns");
                (void)sys_close_range(0, UINT_MAX, 0);
                for (;;)
                        (void)pause();
        }
        r = map(pid, err);
        if (r >= 0 && proc_identify(pid, ret) < 0)
                r = err_set(err, CFS_E_DIED, "the process that holds the user namespace has ended");
        if (r < 0) {
                (void)kill(pid, SIGKILL);
                (void)waitpid(pid, NULL, 0);
        }
        return r;
}

/* By a process in between, so that the holder is not a child of ours: who runs a container waits for all
 * of his. */
static int start_orphan(struct proc_identity *ret, struct cfs_error *err)
{
        struct message {
                int result;
                struct proc_identity id;
                struct cfs_error err;
        } m = { 0 };
        int fds[2], status;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        pid = fork();
        if (pid == 0) {
                m.result = start_holder(&m.id, &m.err);
                _exit(io_write_all(fds[1], &m, sizeof(m)) < 0);
        }
        (void)close(fds[1]);
        if (pid < 0 || read(fds[0], &m, sizeof(m)) != (ssize_t)sizeof(m))
                m.result = err_set(&m.err, CFS_E_SYSTEM,
                                   "no process could be started to hold your user namespace");
        (void)close(fds[0]);
        if (pid > 0)
                (void)proc_reap(pid, &status);
        *ret = m.id;
        if (m.result < 0)
                *err = m.err;
        return m.result;
}

static bool known_holder(const char *path, struct proc_identity *ret)
{
        unsigned long long start;
        char text[128];

        if (io_read_small(AT_FDCWD, path, text, sizeof(text)) < 0 ||
            /* NOLINTNEXTLINE(cert-err34-c): we wrote it, and the count of fields is checked */
            sscanf(text, "%d %llu %39s", &ret->pid, &start, ret->boot_id) != 3)
                return false;
        ret->start_time = start;
        return proc_status(ret) == PROC_ALIVE;
}

static int find_holder(struct proc_identity *ret, struct cfs_error *err)
{
        char path[PATH_MAX], text[128], lock_path[PATH_MAX + 8];
        _cleanup_close_ int lock = -1;
        struct flock fl = { .l_type = F_WRLCK };
        int r = holder_path(path, sizeof(path), err);

        if (r < 0 || known_holder(path, ret))
                return r;
        (void)snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
        lock = open(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (lock < 0 || fcntl(lock, F_SETLKW, &fl) < 0)
                return err_sys(err, errno, "open", "lock `%s`", lock_path);
        if (known_holder(path, ret))
                return 0;
        r = start_orphan(ret, err);
        if (r < 0)
                return r;
        (void)snprintf(text, sizeof(text), "%d %llu %s", ret->pid, (unsigned long long)ret->start_time,
                       ret->boot_id);
        return io_write_atomic(AT_FDCWD, path, text, strlen(text), 0600, err);
}

int rootless_enter(char **argv, struct cfs_error *err)
{
        struct proc_identity holder = { 0 };
        _cleanup_close_ int pidfd = -1;
        char uid[16];
        int r;

        if (geteuid() == 0)
                return 0;
        (void)snprintf(uid, sizeof(uid), "%u", geteuid());
        r = find_holder(&holder, err);
        if (r < 0)
                return r;
        pidfd = proc_pidfd(&holder);
        if (pidfd < 0 || setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS) < 0)
                return err_sys(err, errno, "setns", "enter your user namespace");
        if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 || setenv(MARK, uid, 1) < 0)
                return err_sys(err, errno, "setresuid", "become root of your user namespace");
        (void)execv("/proc/self/exe", argv);
        return err_sys(err, errno, "execv", "execute cfs-box in your user namespace");
}
