/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attacker: what a hostile container, or one that shares a volume with the victim, does all day.
 *
 *      attacker swap A B [A B]...          exchanges each A with its B (renameat2, RENAME_EXCHANGE), again and again
 *      attacker hunt EXPECTED... SECONDS   as a process of the container: looks at every new process of its PID namespace
 *                                          until that runs one of the EXPECTED programs, and says "LEAK ..."
 *                                          whenever it could reach what belongs to the runtime: its
 *                                          executable, memory, descriptors, root, or could trace it
 *                                          (CVE-2016-9962). Ends with "looked N times at M processes".
 *      attacker spy EXPECTED... SECONDS    the same with CAP_SYS_PTRACE, which lets it in: "LEAK ..." is what
 *                                          leads to the host then. The root, the working directory and the
 *                                          namespaces must be its own, no descriptor may be a file, the
 *                                          executable must not open for writing, and the environment must not
 *                                          be that of the runtime's caller, who has CANARY in it.
 *      attacker refuse CALL[:ARG] ERRNO COMMAND...
 *                                          the sandbox of the runtime: executes the command with a seccomp
 *                                          filter that answers the system call of that number (with that
 *                                          first argument) with the error number.
 *      attacker ways DIR                   as a process of the container with CAP_SYS_ADMIN and
 *                                          CAP_SYS_CHROOT: where the ways lead that go up from the root.
 *                                          Prints the device and inode of "/..", of the root after setns(2)
 *                                          into its own mount namespace, and of where one gets from below a
 *                                          chroot(2) into DIR by "..", as `up DEV:INO`, `setns DEV:INO`,
 *                                          `climb DEV:INO`.
 *
 * `swap` ends when its input ends or a signal comes, and says how often it swapped.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int s)
{
        (void)s;
        stop = 1;
}

static double now(void)
{
        struct timespec t;

        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int swap(char **pairs, int n)
{
        unsigned long done = 0;

        while (!stop && done < 100000000) {
                for (int i = 0; i + 1 < n; i += 2)
                        if (syscall(SYS_renameat2, AT_FDCWD, pairs[i], AT_FDCWD, pairs[i + 1],
                                    2 /* RENAME_EXCHANGE */) == 0)
                                done++;
                if ((done & 63) == 0 && poll(&(struct pollfd){ .fd = 0, .events = POLLIN }, 1, 0) > 0)
                        break;
        }
        printf("swapped %lu times\n", done);
        return 0;
}

/* ---- hunt ---------------------------------------------------------------------------------------------- */

static struct stat expected[8], own_root;
static int n_expected;

static int is_expected(const struct stat *st)
{
        for (int i = 0; i < n_expected; i++)
                if (expected[i].st_ino == st->st_ino && expected[i].st_dev == st->st_dev)
                        return 1;
        return 0;
}

static int open_of(int pid, const char *what, int flags)
{
        char path[96];

        (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
        return open(path, flags | O_CLOEXEC);
}

static void leak(int pid, const char *what, const char *detail)
{
        char path[64], exe[256] = "?";

        (void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
        ssize_t n = readlink(path, exe, sizeof(exe) - 1);

        if (n > 0)
                exe[n] = '\0';
        printf("LEAK %s of process %d (now %s): %s\n", what, pid, exe, detail);
}

/* Returns 1 when the process runs what it is expected to run. */
static int look_exe(int pid)
{
        struct stat st;
        int fd = open_of(pid, "exe", O_RDONLY), r;

        if (fd < 0)
                return 0;
        r = fstat(fd, &st) == 0 && is_expected(&st);
        if (!r)
                leak(pid, "exe", "could be opened");
        close(fd);
        return r;
}

static void look_fds(int pid)
{
        char path[64], link[32], target[256];
        struct dirent *e;
        DIR *d;

        (void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
        d = opendir(path);
        while (d && (e = readdir(d)))
                if (atoi(e->d_name) > 2) {
                        (void)snprintf(link, sizeof(link), "%.30s", e->d_name);
                        ssize_t n = readlinkat(dirfd(d), link, target, sizeof(target) - 1);

                        target[n > 0 ? n : 0] = '\0';
                        if (n > 0)
                                leak(pid, "descriptor", target);
                }
        if (d)
                closedir(d);
}

static void look_memory(int pid)
{
        static char buf[65536];
        int fd = open_of(pid, "maps", O_RDONLY);
        ssize_t n;

        if (fd < 0)
                return;
        n = read(fd, buf, sizeof(buf) - 1);
        buf[n > 0 ? n : 0] = '\0';
        if (strstr(buf, "memfd:") || strstr(buf, "/cfs"))
                leak(pid, "memory", "the map is the runtime's");
        close(fd);
}

static void look_root(int pid)
{
        struct stat st;
        int fd = open_of(pid, "root", O_PATH | O_DIRECTORY);

        if (fd < 0)
                return;
        if (fstat(fd, &st) == 0 && (st.st_ino != own_root.st_ino || st.st_dev != own_root.st_dev))
                leak(pid, "root", "is not the container's");
        close(fd);
}

static void look_trace(int pid)
{
        struct stat st;
        char path[64];
        int status;

        if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
                return;
        (void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
        if (stat(path, &st) == 0 && !is_expected(&st))
                leak(pid, "trace", "could be attached to");
        (void)ptrace(PTRACE_INTERRUPT, pid, 0, 0);
        (void)waitpid(pid, &status, __WALL);
        (void)ptrace(PTRACE_DETACH, pid, 0, 0);
}

/* ---- spy ----------------------------------------------------------------------------------------------- */

static int spying, enters; /* enters: we may enter mount namespaces */

/* Our own root, or an empty directory that leads nowhere else. */
static int is_harmless(const char *path)
{
        struct stat st, up;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), entries = 0, r = 1;
        DIR *d = fd < 0 ? NULL : fdopendir(fd);

        if (fstat(fd, &st) == 0 && (st.st_ino != own_root.st_ino || st.st_dev != own_root.st_dev)) {
                while (d && readdir(d))
                        entries++;
                r = d && entries == 2 && fstatat(fd, "..", &up, 0) == 0 && st.st_ino == up.st_ino &&
                    st.st_dev == up.st_dev;
        }
        if (d)
                closedir(d);
        return r || fd < 0;
}

static void spy_directory(int pid, const char *what)
{
        char path[64];

        (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
        if (!is_harmless(path))
                leak(pid, what, "is not the container's root");
}

/* Where one gets who may enter its mount namespace (CAP_SYS_ADMIN, CAP_SYS_CHROOT). */
static void spy_mounts(int pid)
{
        int fd = open_of(pid, "ns/mnt", O_RDONLY), status = 0;
        pid_t child = fd < 0 ? -1 : fork();

        if (child == 0)
                _exit(setns(fd, CLONE_NEWNS) == 0 ? 1 + !is_harmless("/") : 0);
        if (child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) > 1)
                leak(pid, "ns/mnt", "leads to another root than the container's");
        enters = enters || (child > 0 && WEXITSTATUS(status) > 0);
        if (fd >= 0)
                close(fd);
}

/* What a link in /proc/PID leads to, held: a descriptor that is closed or used for something else meanwhile
 * stays what was looked at. -1: it leads nowhere (any more). */
static int hold(int pid, const char *where, const char *name, char *target, size_t size)
{
        char path[64];

        (void)snprintf(path, sizeof(path), "%s/%.20s", where, name);
        int fd = open_of(pid, path, O_PATH);

        if (fd < 0)
                return -1;
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, target, size - 1);

        target[n > 0 ? n : 0] = '\0';
        return fd;
}

/* Is it a file of our own root, under that name? */
static int is_inside(int fd, const char *target)
{
        struct stat a, b;

        return fstat(fd, &a) == 0 && stat(target, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Of two names of namespaces: is the second one a user namespace below the first? There is nothing in it. */
static int is_user_below(const char *own, const char *path)
{
        struct stat a, b;
        int fd = open(path, O_RDONLY | O_CLOEXEC), up = fd < 0 ? -1 : ioctl(fd, NS_GET_PARENT), r;

        r = up >= 0 && fstat(up, &a) == 0 && stat(own, &b) == 0 && a.st_ino == b.st_ino;
        if (fd >= 0)
                close(fd);
        if (up >= 0)
                close(up);
        return r;
}

/* Privileges over our own user namespace that we do not have: who traces it would have them. */
static uint64_t permitted(const char *path)
{
        unsigned long long caps = 0;
        char line[128];
        FILE *f = fopen(path, "re");

        while (f && fgets(line, sizeof(line), f))
                if (sscanf(line, "CapPrm: %llx", &caps) == 1)
                        break;
        if (f)
                fclose(f);
        return caps;
}

static void spy_privileges(int pid)
{
        char path[64], theirs[64] = "", own[64] = "";
        uint64_t caps;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
        caps = permitted(path) & ~permitted("/proc/self/status");
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
        if (caps && readlink(path, theirs, sizeof(theirs) - 1) > 0 &&
            readlink("/proc/self/ns/user", own, sizeof(own) - 1) > 0 && strcmp(own, theirs) == 0) {
                (void)snprintf(path, sizeof(path), "%llx", (unsigned long long)caps);
                leak(pid, "privileges", path);
        }
}

static void spy_links(int pid, const char *where, const char *const *harmless)
{
        char path[64], target[256], own[256];
        struct dirent *e;
        DIR *d;

        (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, where);
        d = opendir(path);
        while (d && (e = readdir(d))) {
                int fine = 0,
                    fd = e->d_name[0] == '.' ? -1 : hold(pid, where, e->d_name, target, sizeof(target));

                if (fd < 0)
                        continue;
                for (int i = 0; harmless && harmless[i]; i++)
                        fine = fine || strncmp(target, harmless[i], strlen(harmless[i])) == 0;
                if (!harmless) { /* as our own */
                        int mine = hold(getpid(), where, e->d_name, own, sizeof(own));

                        fine = (mine >= 0 && strcmp(own, target) == 0) ||
                               (enters && strncmp(target, "mnt:", 4) == 0); /* see spy_mounts() */
                        if (mine >= 0)
                                close(mine);
                        (void)snprintf(path, sizeof(path), "/proc/%d/%s/%.20s", pid, where, e->d_name);
                        fine = fine || (strncmp(target, "user:", 5) == 0 &&
                                        is_user_below("/proc/self/ns/user", path));
                }
                if (!fine && !is_inside(fd, target))
                        leak(pid, where, target);
                close(fd);
        }
        if (d)
                closedir(d);
}

static void spy_environment(int pid)
{
        static char buf[65536];
        int fd = open_of(pid, "environ", O_RDONLY);
        ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

        if (n > 0 && memmem(buf, (size_t)n, "CANARY", 6))
                leak(pid, "environ", "the runtime's caller's");
        if (fd >= 0)
                close(fd);
}

/* Returns 1 when the process runs what it is expected to run. */
static int spy(int pid)
{
        static const char *const harmless[] = {
                "socket:", "pipe:", "anon_inode:", "/dev/null", "/proc/", NULL
        };
        struct stat st;
        int fd = open_of(pid, "exe", O_RDONLY), known = fd >= 0 && fstat(fd, &st) == 0 && is_expected(&st);

        if (fd >= 0)
                close(fd);
        if (known)
                return 1;
        spy_directory(pid, "root");
        spy_directory(pid, "cwd");
        spy_links(pid, "fd", harmless);
        spy_links(pid, "ns", NULL);
        spy_mounts(pid);
        spy_privileges(pid);
        spy_environment(pid);
        fd = open_of(pid, "exe", O_RDWR);
        if (fd >= 0 && fstat(fd, &st) == 0 && !is_expected(&st))
                leak(pid, "exe", "could be opened for writing");
        if (fd >= 0)
                close(fd);
        return 0;
}

static int hunt(char **argv, int n)
{
        double end = now() + atof(argv[n - 1]);
        int next = getpid() + 1, seen = 0;
        unsigned long looks = 0;
        struct stat st;

        for (int i = 0; i < n - 1; i++)
                if (stat(argv[i], &expected[n_expected]) == 0)
                        n_expected++;
        (void)stat("/", &own_root);
        if (spying)
                spy_mounts(getpid());
        printf("hunting\n");
        (void)fflush(stdout);
        while (!stop && now() < end) {
                for (int pid = next; pid < next + 3; pid++) {
                        char path[32];
                        int known = 0;

                        (void)snprintf(path, sizeof(path), "/proc/%d", pid);
                        while (spying && stat(path, &st) == 0 && !known && now() < end) {
                                known = spy(pid);
                                looks++;
                        }
                        while (!spying && stat(path, &st) == 0 && !known && now() < end) {
                                look_root(pid);
                                look_fds(pid);
                                look_memory(pid);
                                known = look_exe(pid);
                                if (!known)
                                        look_trace(pid);
                                looks++;
                        }
                        if (looks && stat(path, &st) == 0) {
                                seen++;
                                next = pid + 1;
                                break;
                        }
                        if (kill(pid, 0) < 0 && pid == next && kill(pid + 1, 0) == 0)
                                next = pid + 1;
                }
                /* Pids that came and went while we looked elsewhere. */
                FILE *f = fopen("/proc/sys/kernel/ns_last_pid", "re");
                int last;

                if (f && fscanf(f, "%d", &last) == 1 && last >= next + 3)
                        next = last;
                if (f)
                        fclose(f);
        }
        printf("looked %lu times at %d processes\n", looks, seen);
        return 0;
}

/* ---- ways ---------------------------------------------------------------------------------------------- */

static void where(const char *way, const char *path)
{
        struct stat st;

        if (stat(path, &st) < 0)
                printf("%s: %s\n", way, strerror(errno));
        else
                printf("%s %lu:%lu\n", way, (unsigned long)st.st_dev, (unsigned long)st.st_ino);
}

static int ways(const char *dir)
{
        int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

        where("up", "/..");
        /* A process whose root is moved below its working directory has left it (chroot(2)). */
        if (fork() == 0) {
                if (chdir("/") < 0 || chroot(dir) < 0)
                        perror("climb");
                for (int i = 0; i < 100; i++)
                        if (chdir("..") < 0)
                                perror("climb");
                where("climb", ".");
                exit(0);
        }
        (void)wait(NULL);
        if (setns(ns, CLONE_NEWNS) < 0)
                perror("setns");
        where("setns", "/");
        return 0;
}

/* ---- refuse -------------------------------------------------------------------------------------------- */

static int refuse(char **argv)
{
        char *end;
        unsigned call = (unsigned)strtoul(argv[0], &end, 10), error = (unsigned)strtoul(argv[1], NULL, 10);
        int any = *end != ':';
        unsigned arg = any ? 0 : (unsigned)strtol(end + 1, NULL, 10);
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, (unsigned char)(any ? 1 : 3)),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arg, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

        if (any) { /* without a look at the argument */
                code[2] = code[4];
                code[3] = code[5];
                program.len = 4;
        }
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
                perror("seccomp");
                return 125;
        }
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        return 126;
}

int main(int argc, char **argv)
{
        struct sigaction a = { .sa_handler = on_signal };

        (void)sigaction(SIGTERM, &a, NULL);
        (void)sigaction(SIGINT, &a, NULL);
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc > 3 && strcmp(argv[1], "swap") == 0)
                return swap(argv + 2, argc - 2);
        if (argc > 3 && strcmp(argv[1], "hunt") == 0)
                return hunt(argv + 2, argc - 2);
        if (argc > 3 && strcmp(argv[1], "spy") == 0) {
                spying = 1;
                return hunt(argv + 2, argc - 2);
        }
        if (argc > 4 && strcmp(argv[1], "refuse") == 0)
                return refuse(argv + 2);
        if (argc == 3 && strcmp(argv[1], "ways") == 0)
                return ways(argv[2]);
        return 2;
}
