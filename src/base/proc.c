/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes by identity.
 *
 * A pid is reused as soon as its process was reaped; the state directory outlives the processes of which it
 * speaks, and may even outlive the boot. The pair (pid, start time) is unique within one boot: the start time
 * is counted in clock ticks after boot, so a second process with both equal would have to be born within the
 * same 10 ms, after all other pids had been used once. The boot id tells boots apart.
 *
 * A pidfd (pidfd_open(2)) refers to one process for ever. Order matters when one is made from a recorded
 * identity: first open, then compare. If the process that the pid names after the opening is the recorded
 * one, it also was when we opened, because it was recorded before that.
 */
#include "base/proc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/weakened.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define REAP_TRIES    100  /* of wait4(2) that is interrupted or refused: a second */
#define PF_EXITING    0x04 /* it ends: it has no signals left, soon no memory, no files, no cgroup */
#define PF_FORKNOEXEC 0x40 /* forked, but did not exec: linux/sched.h; ps(1) shows it as 1 in column F */

/* -ENOENT when procfs shows no such process. */
static ssize_t read_file(pid_t pid, char *buf, size_t size)
{
        char path[32];

        (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        return io_read_small(AT_FDCWD, path, buf, size);
}

/* 0, -ESRCH, or another error. kill(2) says EPERM of another user's process, and a caller's seccomp filter
 * may say it of all. */
static int exists(pid_t pid)
{
        int fd;

        if (kill(pid, 0) == 0)
                return 0;
        if (errno == ESRCH)
                return -ESRCH;
        fd = sys_pidfd_open(pid, 0);
        if (fd < 0)
                return -errno;
        (void)close(fd);
        return 0;
}

/* The process may have ended, or its place may have been taken, between the two looks: one of them says
 * so. A pid that kill(2) knows and procfs does not show twice is hidden from us (hidepid=, proc(5)), or
 * /proc is not the procfs of our PID namespace. Then nothing is known about the process, least of all that
 * it is gone. */
static ssize_t read_existing(pid_t pid, char *buf, size_t size)
{
        ssize_t n = read_file(pid, buf, size);

        for (unsigned look = 0; n == -ENOENT; look++) {
                if (exists(pid) == -ESRCH)
                        return -ESRCH;
                if (look == 2)
                        return -EACCES;
                n = read_file(pid, buf, size);
        }
        return n;
}

struct stat_fields {
        char state;       /* field 3, proc(5)                       */
        uint64_t flags;   /* field 9, PF_* of linux/sched.h         */
        uint64_t threads; /* field 20                               */
        uint64_t start;   /* field 22, in clock ticks after boot    */
};

/* Behind the n-th blank, or at the end of the text. */
static char *behind_blanks(char *p, int n)
{
        for (; *p && n > 0; p++)
                n -= *p == ' ';
        return p;
}

/* The number at p, which a blank ends. The text is left as it was. */
static int number_to_blank(char *p, uint64_t *ret)
{
        char *end = strchr(p, ' ');
        int r;

        if (!end)
                return -EIO;
        *end = '\0';
        r = str_to_u64(p, ret);
        *end = ' ';
        return r < 0 ? -EIO : 0;
}

/* 0 or -errno, -ESRCH when there is no such process. */
static int read_stat(pid_t pid, struct stat_fields *ret)
{
        _not_zeroed_ char buf[1024];
        char *p = NULL;
        ssize_t n;

        if (pid <= 0)
                return -ESRCH;
        n = read_existing(pid, buf, sizeof(buf));
        if (n < 0)
                return (int)n;
        /* Field 2 is the program's name in parentheses, and the name may hold anything, parentheses included:
         * the fields begin behind the last one. */
        for (char *q = buf; (q = memchr(q, ')', (size_t)(buf + n - q))); q++)
                p = q;
        if (!p || p[1] != ' ' || !p[2])
                return -EIO;
        p += 2;
        ret->state = *p;
        p = behind_blanks(p, 9 - 3);
        if (number_to_blank(p, &ret->flags) < 0)
                return -EIO;
        p = behind_blanks(p, 20 - 9);
        if (number_to_blank(p, &ret->threads) < 0)
                return -EIO;
        p = behind_blanks(p, 22 - 20);
        return number_to_blank(p, &ret->start);
}

int proc_boot_id(const char **ret)
{
        static char id[PROC_BOOT_ID_SIZE];
        ssize_t n;

        if (!id[0]) {
                n = io_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", id, sizeof(id));
                if (n <= 0) {
                        id[0] = '\0';
                        return n < 0 ? (int)n : -EIO;
                }
        }
        *ret = id;
        return 0;
}

int proc_status(const struct proc_identity *id)
{
        return proc_look(id, NULL);
}

/* ---- which namespaces tell ----------------------------------------------------------------------------- */

#define INITIAL_TIME_NS 0xEFFFFFFAU /* the inode of the host's time namespace: linux/proc_ns.h */

/* What our time namespace adds to the time since boot, in nanoseconds (time_namespaces(7)). 0 or -errno. */
static int own_offset(int64_t *ret)
{
        char buf[256], *p;
        struct stat st;
        int64_t s;
        ssize_t n;

        *ret = 0;
        if (stat("/proc/self/ns/time", &st) == 0 ? st.st_ino == INITIAL_TIME_NS : errno == ENOENT)
                return 0;
        n = io_read_small(AT_FDCWD, "/proc/self/timens_offsets", buf, sizeof(buf));
        if (n < 0)
                return (int)n;
        p = strstr(buf, "boottime");
        if (!p)
                return -EIO;
        s = strtoll(p + strlen("boottime"), &p, 10);
        *ret = s * 1000000000 + strtoll(p, NULL, 10);
        return 0;
}

/* The inode of our PID namespace, asked for once: a child in another one has no use for it. 0 or -errno. */
static int own_pid_ns(uint64_t *ret)
{
        static uint64_t ns;
        struct stat st;

        if (!ns) {
                if (stat("/proc/self/ns/pid", &st) < 0)
                        return -errno;
                ns = st.st_ino;
        }
        *ret = ns;
        return 0;
}

/* Does this procfs have our pids? Asked for once. */
static bool sees_own_pids(void)
{
        static bool yes;
        char self[16] = "";

        if (!yes)
                yes = readlink("/proc/self", self, sizeof(self) - 1) <= 0 ||
                      strtol(self, NULL, 10) == getpid();
        return yes;
}

int proc_same_pids(const struct proc_identity *id)
{
        uint64_t own = 0;
        int r;

        if (!id->pid_ns || WEAKENED("pid-elsewhere"))
                return 0;
        r = own_pid_ns(&own);
        if (r == -ENOENT) /* this procfs is one in which we have no pid */
                return -EXDEV;
        return r < 0 ? r : own == id->pid_ns ? 0 : -EXDEV;
}

int proc_identify(pid_t pid, struct proc_identity *ret)
{
        struct proc_identity id = { .pid = pid };
        struct stat_fields f;
        const char *boot;
        int r;

        r = read_stat(pid, &f);
        if (r < 0)
                return r;
        id.start_time = f.start;
        r = own_offset(&id.offset_ns);
        if (r >= 0)
                r = own_pid_ns(&id.pid_ns);
        if (r >= 0)
                r = proc_boot_id(&boot);
        if (r < 0)
                return r;
        memcpy(id.boot_id, boot, sizeof(id.boot_id));
        *ret = id;
        return 0;
}

/* The kernel tells start times in the time namespace of the process that asks. The time and the offset are
 * rounded apart. 1, 0 or -errno. */
static int same_start(uint64_t seen, const struct proc_identity *id)
{
        const int64_t tick = 1000000000 / sysconf(_SC_CLK_TCK);
        int64_t own, apart;
        int r;

        if (seen == id->start_time || WEAKENED("process-identity"))
                return 1;
        r = own_offset(&own);
        if (r < 0)
                return r;
        apart = (int64_t)(seen - id->start_time) - (own - id->offset_ns) / tick;
        return own != id->offset_ns && apart >= -1 && apart <= 1;
}

/* There is no such process here. Has it ended, or is it just nothing that we could see? */
static int is_gone(const struct proc_identity *id)
{
        const char *boot;
        int r = proc_same_pids(id);

        if (r == -EXDEV && id->boot_id[0] && proc_boot_id(&boot) == 0 && !STREQ(boot, id->boot_id))
                return PROC_GONE;
        if (r < 0)
                return r;
        if (id->pid_ns && !sees_own_pids())
                return -EXDEV;
        return PROC_GONE;
}

int proc_look(const struct proc_identity *id, struct proc_sight *ret)
{
        struct stat_fields f;
        const char *boot;
        int r;

        r = read_stat(id->pid, &f);
        if (r == 0)
                r = same_start(f.start, id);
        if (r == 0 || r == -ESRCH)
                return is_gone(id);
        if (r < 0)
                return WEAKENED("cannot-tell") ? (int)PROC_GONE : r;
        r = id->boot_id[0] ? proc_boot_id(&boot) : 0;
        if (r < 0)
                return r;
        if (id->boot_id[0] && !STREQ(boot, id->boot_id))
                return PROC_GONE;
        if (ret)
                *ret = (struct proc_sight){ .executed = !(f.flags & PF_FORKNOEXEC),
                                            .asleep = f.state == 'S' || f.state == 'T' || f.state == 't',
                                            .ending = f.flags & PF_EXITING && f.threads <= 1 };
        /* A first thread that has ended is a zombie as long as there are others: pthread_exit(3). */
        return strchr("ZXx", f.state) && f.threads <= 1 ? PROC_ZOMBIE : PROC_ALIVE;
}

int proc_executed(const struct proc_identity *id)
{
        struct proc_sight seen;
        int r = proc_look(id, &seen);

        return r < 0 ? r : r == PROC_GONE ? -ESRCH : seen.executed;
}

int proc_child_executed(pid_t pid)
{
        struct stat_fields f;
        int r = read_stat(pid, &f);

        return r < 0 ? r : !(f.flags & PF_FORKNOEXEC);
}

int proc_child_ended(pid_t pid)
{
        struct stat_fields f;
        int r = read_stat(pid, &f);

        return r < 0 ? r : strchr("ZXx", f.state) != NULL;
}

int proc_pidfd(const struct proc_identity *id)
{
        _cleanup_close_ int fd = -1;
        int r;

        if (id->pid <= 0)
                return -ESRCH;
        /* The procfs of another namespace may show the very process, and pidfd_open(2) open a stranger. */
        r = proc_same_pids(id);
        if (r < 0)
                return r;
        fd = sys_pidfd_open(id->pid, 0);
        if (fd < 0) {
                int e = errno;

                /* EINVAL, ENOENT since 6.9: the number is now the id of a thread of another process. Then the
                 * process is gone; one that lives is not given up for that. */
                r = e == EINVAL || e == ENOENT ? proc_status(id) : -e;
                return r < 0 ? r : r == PROC_GONE ? -ESRCH : -e;
        }
        r = proc_status(id);
        if (r < 0 || r == PROC_GONE)
                return r < 0 ? r : -ESRCH;
        return TAKE_FD(fd);
}

/* linux/pidfd.h of Linux 6.15; older headers lack it. */
struct pidfd_info_v0 {
        uint64_t mask, cgroupid;
        uint32_t ids[11];
        int32_t exit_code;
};
#define GET_INFO  _IOWR(0xff, 11, struct pidfd_info_v0)
#define INFO_EXIT (1UL << 3)

int proc_wait_status(int pidfd, int *ret_status)
{
        struct pidfd_info_v0 info = { .mask = INFO_EXIT };

        if (ioctl(pidfd, GET_INFO, &info) < 0)
                return -errno;
        if (!(info.mask & INFO_EXIT))
                return -EAGAIN;
        *ret_status = info.exit_code;
        return 0;
}

int proc_zombie_status(const struct proc_identity *id, int *ret_status)
{
        _not_zeroed_ char buf[1024];
        int r = proc_status(id);
        ssize_t n;
        char *p;

        if (r < 0 || r == PROC_ALIVE)
                return r < 0 ? r : -EAGAIN;
        n = r == PROC_GONE ? -ESRCH : read_existing(id->pid, buf, sizeof(buf));
        if (n < 0)
                return (int)n;
        p = n < (ssize_t)sizeof(buf) - 1 ? strrchr(buf, ' ')
                                         : NULL; /* all of it: the field is the last one */
        if (!p)
                return -EIO;
        *ret_status = (int)strtol(p + 1, NULL, 10);
        return 0;
}

int proc_signal(int pidfd, int sig)
{
        return sys_pidfd_send_signal(pidfd, sig) < 0 ? -errno : 0;
}

int proc_wait_gone(int pidfd, int timeout_ms)
{
        struct pollfd p = { .fd = pidfd, .events = POLLIN };
        int64_t deadline = timeout_ms < 0 ? 0 : clock_now_ms() + timeout_ms;
        int left = timeout_ms, n;

        for (;;) {
                n = poll(&p, 1, left);
                if (n > 0)
                        return p.revents & POLLNVAL ? -EBADF : 0;
                if (n == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
                if (timeout_ms >= 0)
                        left = clock_left_ms(deadline);
        }
}

int proc_is_child(pid_t pid)
{
        siginfo_t i;

        if (waitid(P_PID, (id_t)pid, &i, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0)
                return 1;
        return errno == ECHILD ? 0 : -errno;
}

/* Where wait4(2) is refused. */
static int reap_by_waitid(pid_t pid, int flags, int *ret_status)
{
        siginfo_t i = { 0 };

        if (waitid(P_PID, (id_t)pid, &i, WEXITED | __WALL | flags) < 0)
                return -errno;
        if (i.si_pid != pid)
                return 0;
        *ret_status = i.si_code == CLD_EXITED   ? i.si_status << 8
                      : i.si_code == CLD_DUMPED ? i.si_status | 0x80
                                                : i.si_status;
        return 1;
}

/* __WALL: also a clone3(2) child without an exit signal. */
static int reap(pid_t pid, int flags, int *ret_status)
{
        int status;
        pid_t r = waitpid(pid, &status, __WALL | flags);

        if (r > 0)
                *ret_status = status;
        if (r < 0 && errno != ECHILD)
                return reap_by_waitid(pid, flags, ret_status);
        return r < 0 ? -errno : r > 0;
}

int proc_try_reap(pid_t pid, int *ret_status)
{
        return reap(pid, WNOHANG, ret_status);
}

int proc_reap(pid_t pid, int *ret_status)
{
        int r;

        for (unsigned i = 0;; i++) {
                r = reap(pid, 0, ret_status);
                if (r >= 0 || r == -ECHILD || i == REAP_TRIES)
                        return r < 0 ? r : 0;
                /* Whatever else it is: the child is there, and its status is the answer to our caller. */
                if (r != -EINTR)
                        clock_sleep_us(10000);
        }
}

int proc_reap_in_time(pid_t pid, int pidfd, int timeout_ms, int *ret_status)
{
        int r = pidfd < 0 ? 0 : proc_wait_gone(pidfd, timeout_ms);

        return r == -ETIMEDOUT ? r : proc_reap(pid, ret_status);
}

int proc_end(pid_t pid, int pidfd, int timeout_ms)
{
        int status;

        if (pidfd < 0)
                (void)kill(pid, SIGKILL); /* our own child, not yet reaped: the pid is certain */
        else
                (void)proc_signal(pidfd, SIGKILL);
        return proc_reap_in_time(pid, pidfd, timeout_ms, &status);
}

int proc_try(int (*f)(void *data), void *data)
{
        int status = 0, r;
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(-f(data) & 0xff);
        r = proc_reap(pid, &status);
        if (r < 0)
                return r;
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

void proc_forget_environment(void)
{
        for (char **e = environ; e && *e; e++)
                if (strncmp(*e, "CFS_WEAKEN=", 11) != 0 && !WEAKENED("environment")) /* see weakened.h */
                        memset(*e, 0, strlen(*e));
}

int proc_exit_code(int wait_status)
{
        return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

void proc_describe(pid_t pid, char *ret, size_t size)
{
        char path[32], status[4096], wchan[128];
        const char *p;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
        p = io_read_small(AT_FDCWD, path, status, sizeof(status)) > 0 ? strstr(status, "\nState:\t") : NULL;
        (void)snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
        if (io_read_small(AT_FDCWD, path, wchan, sizeof(wchan)) <= 0 || STREQ(wchan, "0"))
                (void)snprintf(wchan, sizeof(wchan), "unknown");
        (void)snprintf(ret, size, "pid %d is in state %.*s, waits in %s", (int)pid,
                       p ? (int)strcspn(p + 8, "\n") : 7, p ? p + 8 : "unknown", wchan);
}

size_t proc_string_max(void)
{
        return 32 * getauxval(AT_PAGESZ) - 1;
}

void proc_end_with(pid_t parent)
{
        pid_t now;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        now = getppid(); /* 0: it is in another PID namespace */
        if (now != parent && now != 0)
                _exit(1);
}
