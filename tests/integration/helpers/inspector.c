/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspector: a static program that runs inside a container and says, as one JSON object on stdout, what it
 * finds there: what the kernel reports, not what the runtime claims. The tests compare it with config.json by
 * jq.
 *
 *      inspector              everything
 *      inspector stay         the same, then waits for a signal for ever
 *      inspector exit N       exits with N
 *      inspector sleep        waits for a signal for ever
 *      inspector thread       the same in a second thread, and the first one ends
 *      inspector signals      prints "ready", then the number of each signal it gets; ends on SIGTERM
 *      inspector open PATH    opens PATH for writing; prints "ok" or the error
 *      inspector grow MIB     touches that much memory
 *      inspector syscall N... makes a system call by number; prints "0" or "errno 38"
 *      inspector notify TEXT...      sends each TEXT to $NOTIFY_SOCKET, as sd_notify(3) does
 *      inspector accept TEXT         sends TEXT to the client that connects to descriptor 3, a listening socket
 *      inspector with-key NAME CMD.. in a session keyring of its own that holds a key of that name, executes CMD
 *      inspector has-key NAME        "yes" or "no": can a key of that name be found in the session keyring?
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static const char *comma = "";

static void json_string(const char *s)
{
        putchar('"');
        for (; *s; s++) {
                unsigned char c = (unsigned char)*s;

                if (c == '"' || c == '\\')
                        printf("\\%c", c);
                else if (c < 0x20 || c >= 0x7f)
                        printf("\\u%04x", c);
                else
                        putchar(c);
        }
        putchar('"');
}

static void key(const char *name)
{
        printf("%s\n  \"%s\": ", comma, name);
        comma = ",";
}

static void number(const char *name, long long v)
{
        key(name);
        printf("%lld", v);
}

static void string(const char *name, const char *v)
{
        key(name);
        v ? json_string(v) : (void)printf("null");
}

static char *slurp(const char *path)
{
        static char buf[1 << 16];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        size_t n = 0;
        ssize_t r;

        if (fd < 0)
                return NULL;
        while (n < sizeof(buf) - 1 && (r = read(fd, buf + n, sizeof(buf) - 1 - n)) > 0)
                n += (size_t)r;
        close(fd);
        buf[n] = '\0';
        while (n && buf[n - 1] == '\n')
                buf[--n] = '\0';
        return buf;
}

/* The lines of a file as an array of strings. */
static void lines(const char *name, const char *path)
{
        char *text = slurp(path), *line;
        const char *sep = "";

        key(name);
        if (!text) {
                printf("null");
                return;
        }
        putchar('[');
        while ((line = strsep(&text, "\n"))) {
                printf("%s", sep);
                json_string(line);
                sep = ", ";
        }
        putchar(']');
}

/* "Name:<tab>value" lines of /proc/self/status that start with one of the names, as an object. */
static void status(void)
{
        static const char *const wanted[] = { "CapInh",
                                              "CapPrm",
                                              "CapEff",
                                              "CapBnd",
                                              "CapAmb",
                                              "NoNewPrivs",
                                              "Seccomp",
                                              "Seccomp_filters",
                                              "SigBlk",
                                              "SigIgn",
                                              "SigCgt",
                                              "Uid",
                                              "Gid",
                                              "Groups",
                                              "Umask",
                                              "Cpus_allowed_list",
                                              "Mems_allowed_list" };
        char *text = slurp("/proc/self/status"), *line;
        const char *sep = "";

        key("status");
        putchar('{');
        while (text && (line = strsep(&text, "\n"))) {
                char *colon = strchr(line, ':');

                if (!colon)
                        continue;
                *colon++ = '\0';
                colon += strspn(colon, "\t ");
                for (size_t i = strlen(colon); i > 0 && colon[i - 1] == ' '; i--)
                        colon[i - 1] = '\0';
                for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
                        if (strcmp(wanted[i], line) == 0) {
                                printf("%s\"%s\": ", sep, line);
                                json_string(colon);
                                sep = ", ";
                        }
        }
        putchar('}');
}

static void limits(void)
{
        static const struct {
                const char *name;
                int id;
        } all[] = { { "RLIMIT_AS", RLIMIT_AS },
                    { "RLIMIT_CORE", RLIMIT_CORE },
                    { "RLIMIT_CPU", RLIMIT_CPU },
                    { "RLIMIT_DATA", RLIMIT_DATA },
                    { "RLIMIT_FSIZE", RLIMIT_FSIZE },
                    { "RLIMIT_LOCKS", RLIMIT_LOCKS },
                    { "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
                    { "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
                    { "RLIMIT_NICE", RLIMIT_NICE },
                    { "RLIMIT_NOFILE", RLIMIT_NOFILE },
                    { "RLIMIT_NPROC", RLIMIT_NPROC },
                    { "RLIMIT_RSS", RLIMIT_RSS },
                    { "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
                    { "RLIMIT_RTTIME", RLIMIT_RTTIME },
                    { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
                    { "RLIMIT_STACK", RLIMIT_STACK } };

        key("rlimits");
        putchar('{');
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                struct rlimit l;

                if (getrlimit(all[i].id, &l) == 0)
                        printf("%s\"%s\": {\"soft\": %llu, \"hard\": %llu}", i ? ", " : "", all[i].name,
                               (unsigned long long)l.rlim_cur, (unsigned long long)l.rlim_max);
        }
        putchar('}');
}

static void links(const char *name, const char *dir)
{
        DIR *d = opendir(dir);
        struct dirent *e;
        const char *sep = "";

        key(name);
        putchar('{');
        while (d && (e = readdir(d))) {
                char target[4096];
                ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

                if (n < 0 || (strcmp(name, "fds") == 0 && atoi(e->d_name) == dirfd(d)))
                        continue;
                target[n] = '\0';
                printf("%s", sep);
                json_string(e->d_name);
                printf(": ");
                json_string(target);
                sep = ", ";
        }
        putchar('}');
        if (d)
                closedir(d);
}

static void devices(void)
{
        DIR *d = opendir("/dev");
        struct dirent *e;
        const char *sep = "";

        key("dev");
        putchar('{');
        while (d && (e = readdir(d))) {
                struct stat st;
                char target[256];
                ssize_t n;

                if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                printf("%s", sep);
                sep = ", ";
                json_string(e->d_name);
                printf(": {\"type\": \"%c\", \"mode\": \"%04o\", \"uid\": %u, \"gid\": %u, \"rdev\": \"%u:%u\"",
                       S_ISCHR(st.st_mode)    ? 'c'
                       : S_ISBLK(st.st_mode)  ? 'b'
                       : S_ISFIFO(st.st_mode) ? 'p'
                       : S_ISLNK(st.st_mode)  ? 'l'
                       : S_ISDIR(st.st_mode)  ? 'd'
                                              : 'f',
                       st.st_mode & 07777, st.st_uid, st.st_gid, major(st.st_rdev), minor(st.st_rdev));
                n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
                if (n >= 0) {
                        target[n] = '\0';
                        printf(", \"target\": ");
                        json_string(target);
                }
                putchar('}');
        }
        putchar('}');
        if (d)
                closedir(d);
}

static void terminal(void)
{
        struct winsize w = { 0 };
        struct termios t;

        key("terminal");
        if (!isatty(0)) {
                printf("null");
                return;
        }
        (void)ioctl(0, TIOCGWINSZ, &w);
        printf("{\"name\": ");
        json_string(ttyname(0) ? ttyname(0) : "?");
        printf(", \"rows\": %u, \"cols\": %u, \"controlling\": %s, \"onlcr\": %s}", w.ws_row, w.ws_col,
               tcgetsid(0) == getsid(0) ? "true" : "false",
               tcgetattr(0, &t) == 0 && (t.c_oflag & ONLCR) ? "true" : "false");
}

static void strings(const char *name, char **v)
{
        key(name);
        putchar('[');
        for (size_t i = 0; v[i]; i++) {
                printf("%s", i ? ", " : "");
                json_string(v[i]);
        }
        putchar(']');
}

/* The security context of the session keyring; "" without a security module that has one. */
static const char *keyring_label(void)
{
        static char buf[512];

        return syscall(SYS_keyctl, 17 /* KEYCTL_GET_SECURITY */, -3 /* session */, buf, sizeof(buf) - 1) > 0
                       ? buf
                       : "";
}

/* "keyring;UID;GID;PERMISSIONS;NAME" of the session keyring: keyctl_describe(3). */
static const char *keyring_description(void)
{
        static char buf[512];

        return syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, -3 /* session */, buf, sizeof(buf) - 1) > 0 ? buf
                                                                                                        : "";
}

static void report(char **argv)
{
        struct utsname u;
        struct timespec mono = { 0 }, boot = { 0 };
        char cwd[4096];

        (void)uname(&u);
        (void)clock_gettime(CLOCK_MONOTONIC, &mono);
        (void)clock_gettime(CLOCK_BOOTTIME, &boot);
        putchar('{');
        strings("args", argv);
        strings("env", environ);
        string("cwd", getcwd(cwd, sizeof(cwd)));
        number("pid", getpid());
        number("ppid", getppid());
        number("sid", getsid(0));
        number("pgid", getpgid(0));
        string("hostname", u.nodename);
        string("domainname", u.domainname);
        string("machine", u.machine);
        status();
        limits();
        links("fds", "/proc/self/fd");
        links("ns", "/proc/self/ns");
        lines("mountinfo", "/proc/self/mountinfo");
        lines("cgroup", "/proc/self/cgroup");
        lines("uid_map", "/proc/self/uid_map");
        lines("gid_map", "/proc/self/gid_map");
        string("setgroups", slurp("/proc/self/setgroups"));
        string("oom_score_adj", slurp("/proc/self/oom_score_adj"));
        string("label", slurp("/proc/self/attr/current"));
        string("timens_offsets", slurp("/proc/self/timens_offsets"));
        lines("keys", "/proc/keys");
        number("keyring", syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* session */, 0));
        string("keyring_label", keyring_label());
        string("keyring_description", keyring_description());
        number("personality", personality(0xffffffff));
        number("dumpable", prctl(PR_GET_DUMPABLE));
        number("pdeathsig", ({
                       int s = 0;
                       (void)prctl(PR_GET_PDEATHSIG, &s);
                       s;
               }));
        number("scheduler", sched_getscheduler(0));
        number("rt_priority", ({
                       struct sched_param p = { 0 };
                       (void)sched_getparam(0, &p);
                       p.sched_priority;
               }));
        number("nice", getpriority(PRIO_PROCESS, 0));
        number("ioprio", syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, 0));
        number("monotonic", mono.tv_sec);
        number("boottime", boot.tv_sec);
        devices();
        terminal();
        printf("\n}\n");
}

static int signals(void)
{
        sigset_t all;
        int s;

        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, NULL);
        printf("ready\n");
        (void)fflush(stdout);
        while (sigwait(&all, &s) == 0) {
                printf("%d\n", s);
                (void)fflush(stdout);
                if (s == SIGTERM)
                        return 0;
        }
        return 1;
}

static int grow(long mib)
{
        for (long i = 0; i < mib; i++) {
                char *p = malloc(1 << 20);

                if (!p)
                        return 1;
                memset(p, 1, 1 << 20);
        }
        printf("grown\n");
        return 0;
}

/* What system call a[0] returns for the arguments after it. */
static int one_call(char **argv)
{
        long a[7] = { 0 }, r;

        for (int i = 0; i < 7 && argv[i]; i++)
                a[i] = (long)strtoull(argv[i], NULL, 0);
        r = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
        if (r < 0)
                printf("errno %d\n", errno);
        else
                printf("%ld\n", r);
        return 0;
}

/* A client that connects to the listening socket that is descriptor 3 gets the text (sd_listen_fds(3)). */
static int accept_all(const char *text)
{
        for (;;) {
                int fd = accept4(3, NULL, NULL, SOCK_CLOEXEC);

                if (fd < 0 || write(fd, text, strlen(text)) < 0)
                        return 1;
                close(fd);
        }
}

static int notify(char **texts)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

        if (!path || strlen(path) >= sizeof(a.sun_path)) {
                printf("no NOTIFY_SOCKET\n");
                return 1;
        }
        memcpy(a.sun_path, path, strlen(path));
        for (; *texts; texts++)
                if (sendto(fd, *texts, strlen(*texts), 0, (struct sockaddr *)&a, sizeof(a)) < 0) {
                        printf("%s: %s\n", path, strerror(errno));
                        return 1;
                }
        return 0;
}

enum { JOIN_SESSION_KEYRING = 1, SEARCH = 10, SESSION_KEYRING = -3 };

static int with_key(char **argv)
{
        if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL) < 0 ||
            syscall(SYS_add_key, "user", argv[0], "secret", 6, SESSION_KEYRING) < 0) {
                fprintf(stderr, "keyring: %s\n", strerror(errno));
                return 125;
        }
        (void)execv(argv[1], argv + 1);
        return 126;
}

static int has_key(const char *name)
{
        printf("%s\n", syscall(SYS_keyctl, SEARCH, SESSION_KEYRING, "user", name, 0) >= 0 ? "yes" : "no");
        return 0;
}

static void *wait_for_ever(void *data)
{
        (void)data;
        for (;;)
                pause();
        return NULL;
}

static int second_thread(void)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
                return 1;
        (void)syscall(SYS_exit, 0); /* of this thread alone */
        return 1;
}

int main(int argc, char **argv)
{
        if (argc > 2 && strcmp(argv[1], "notify") == 0)
                return notify(argv + 2);
        if (argc > 2 && strcmp(argv[1], "accept") == 0)
                return accept_all(argv[2]);
        if (argc > 3 && strcmp(argv[1], "with-key") == 0)
                return with_key(argv + 2);
        if (argc > 2 && strcmp(argv[1], "has-key") == 0)
                return has_key(argv[2]);
        if (argc > 2 && strcmp(argv[1], "syscall") == 0)
                return one_call(argv + 2);
        if (argc > 2 && strcmp(argv[1], "exit") == 0)
                return atoi(argv[2]);
        if (argc > 1 && strcmp(argv[1], "sleep") == 0)
                for (;;)
                        pause();
        if (argc > 1 && strcmp(argv[1], "thread") == 0)
                return second_thread();
        if (argc > 1 && strcmp(argv[1], "signals") == 0)
                return signals();
        if (argc > 2 && strcmp(argv[1], "grow") == 0)
                return grow(atol(argv[2]));
        if (argc > 2 && strcmp(argv[1], "open") == 0) {
                int fd = open(argv[2], O_WRONLY | O_CLOEXEC);

                printf("%s\n", fd < 0 ? strerror(errno) : "ok");
                return fd < 0;
        }
        report(argv);
        if (argc > 1 && strcmp(argv[1], "stay") == 0) {
                (void)fflush(stdout);
                for (;;)
                        pause();
        }
        return 0;
}
