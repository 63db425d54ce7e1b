/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inject: runs a command of cfs, counts the system calls of its processes, and makes one of them fail, or
 * kills a process at one of them.
 *
 *      inject [-o FILE] [-t SECONDS] [-u UID] [-a PID] count                   -- COMMAND...
 *      inject [...]                                    fail ROLE N ERRNO       -- COMMAND...
 *      inject [...]                                    exhaust ROLE N ERRNO    -- COMMAND...
 *      inject [...]                                    kill ROLE N VICTIM      -- COMMAND...
 *      inject [...]                                    record DIRECTORY        -- COMMAND...
 *
 *   ROLE     runtime, the command itself; init, the container's first process, or of `list` a process that
 *            looks at some of them; stage, what else is forked (spawn.c's stage process, the user namespace
 *            of an id-mapped mount); helper, what is started as by vfork(2) until its execve (hooks,
 *            newuidmap). Each role counts its own calls from 1, in all its processes. The runtime's begin
 *            with its execve; it goes on counting when it executes itself anew.
 *   N        or NAME:K, the Kth call of that name: which other calls came before it does not matter then
 *   fail     the Nth call of ROLE is not carried out and returns ERRNO (a name). close(2) is: Linux frees the
 *            descriptor whatever it returns. exhaust: so is each later call of the same name by that role.
 *   kill     SIGKILL before the Nth call of ROLE is carried out, for the processes of the role VICTIM, for
 *            "both" runtime and init, for "all", or for several: runtime+helper. VICTIM:SIGNAL (TERM) sends that
 *            one; STOP is followed by CONT a moment later.
 *   record   what the runtime changes below DIRECTORY: recorder.c has the lines
 *   -a PID   PID is the init already: what `start` speaks to. It is counted, and not killed with the command.
 *   -u UID   the command runs as this user and the group of the same number, the tracer as who it is
 *   -t SEC   after so many seconds (10) all are killed, with the last call of each in the output
 *   -o FILE  where the lines go (standard error):
 *
 *      call ROLE N NAME SITE WHO   count: each call, in order; calls of one SITE have the same return addresses;
 *                            WHO: the first letters of the roles that are there
 *      hit ROLE N NAME       the fault was injected
 *      killed ROLE PID       a victim there was
 *      exec ROLE             the init runs the user's program, a helper its own: it is no longer followed
 *      stuck ROLE PID NAME   at the timeout
 *      exit N | signal N | timeout      what became of the command: the last line
 *
 * The exit status is 0 unless inject itself has failed. When the command has ended, its processes are let go
 * as they are.
 *
 * How: ptrace(2) by PTRACE_SEIZE, so that a process that waits can be taken and let go without a signal that
 * it would see. A call is skipped by making its number -1 at the stop before it; the result is written at the
 * stop after it. Only processes of ROLE stop at their calls, and only until the fault is done: a stop costs
 * more than most calls do.
 */
#include "libcfs/seccomp/syscalls.h"
#include "recorder.h"
#include <elf.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__ /* which has the kernel's structure by another name */
#define ptrace_syscall_info __ptrace_syscall_info
#endif

#define MAX_PROCS 256
#define STOP_US   50000 /* from STOP to CONT */
#define OPTIONS                                                                                              \
        (PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |               \
         PTRACE_O_TRACESYSGOOD)

enum role { RUNTIME, INIT, STAGE, HELPER, ROLES };
static const char *const role_names[ROLES] = { "runtime", "init", "stage", "helper" };
enum mode { COUNT, FAIL, EXHAUST, KILL, RECORD };

struct proc {
        pid_t pid;
        enum role role;
        bool known;    /* its parent has told us of it, or there is none           */
        bool parked;   /* stopped, and waiting to be known                          */
        bool executed; /* runs the user's program, and has not stopped for that yet */
        bool fail;     /* the call that it is in returns the errno                  */
        long call;     /* the last one it entered, of those that it stopped at      */
};

static struct {
        enum mode mode;
        enum role role;
        unsigned victims; /* bit 0: the first role */
        int sig;
        unsigned n;
        const char *name; /* NAME of NAME:K, of which n is the K */
        int error;
        long number; /* EXHAUST: of the call that was hit */
        bool hit;
        unsigned hits;
} want = { .sig = SIGKILL, .number = -1 };

static struct proc procs[MAX_PROCS];
static unsigned n_procs, counts[ROLES], named; /* named: calls of want.role by want.name */
static pid_t root_pid, attached;
static bool counting; /* from the command's execve on */
static FILE *out;
static volatile sig_atomic_t timed_out;

static _Noreturn void die(const char *what)
{
        fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
        exit(125);
}

static const char *call_name(long number)
{
#if defined(__x86_64__)
        const enum syscalls_abi abi = SYSCALLS_X86_64;
#elif defined(__aarch64__)
        const enum syscalls_abi abi = SYSCALLS_ARM64;
#endif
        static const char *names[SYSCALLS_LIMIT];

        if (!names[0])
                for (int i = 0; i < SYSCALLS_COUNT; i++)
                        if (syscalls_number(i, abi) >= 0 && syscalls_number(i, abi) < SYSCALLS_LIMIT)
                                names[syscalls_number(i, abi)] = syscalls_name(i);
        return number >= 0 && number < SYSCALLS_LIMIT && names[number] ? names[number] : "?";
}

/* ---- registers ----------------------------------------------------------------------------------------- */

static bool registers(pid_t pid, struct user_regs_struct *r)
{
        struct iovec v = { r, sizeof(*r) };

        return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v) == 0;
}

static void skip_call(pid_t pid)
{
#if defined(__x86_64__)
        struct user_regs_struct r;
        struct iovec v = { &r, sizeof(r) };

        if (!registers(pid, &r))
                return;
        r.orig_rax = ~0ULL;
        (void)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v);
#elif defined(__aarch64__)
        int none = -1;
        struct iovec v = { &none, sizeof(none) };

        (void)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &v);
#else
#error "inject knows x86-64 and arm64"
#endif
}

static void set_result(pid_t pid, long value)
{
        struct user_regs_struct r;
        struct iovec v = { &r, sizeof(r) };

        if (!registers(pid, &r))
                return;
#if defined(__x86_64__)
        r.rax = (unsigned long long)value;
#elif defined(__aarch64__)
        r.regs[0] = (unsigned long long)value;
#endif
        (void)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v);
}

/* The flags of the clone(2) that a process is in, at the stop that tells of its child. */
static uint64_t clone_flags(pid_t pid)
{
        struct user_regs_struct r;

        if (!registers(pid, &r))
                return 0;
#if defined(__x86_64__)
        long call = (long)r.orig_rax;
        uint64_t first = r.rdi;
#elif defined(__aarch64__)
        long call = (long)r.regs[8];
        uint64_t first = r.regs[0];
#endif
        if (call == SYS_clone)
                return first;
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        return call == SYS_clone3 ? (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (void *)first, 0) : 0;
}

/* ---- processes ----------------------------------------------------------------------------------------- */

static struct proc *find(pid_t pid)
{
        for (unsigned i = 0; i < n_procs; i++)
                if (procs[i].pid == pid)
                        return &procs[i];
        if (n_procs == MAX_PROCS) {
                errno = EAGAIN;
                die("processes");
        }
        procs[n_procs] = (struct proc){ .pid = pid, .call = -1 };
        return &procs[n_procs++];
}

static void forget(const struct proc *p)
{
        procs[p - procs] = procs[--n_procs];
}

/* Does it stop at its calls? */
static bool is_watched(const struct proc *p)
{
        if (p->fail || want.mode == COUNT)
                return true;
        if (want.mode == RECORD)
                return p->role == RUNTIME;
        return p->role == want.role && (!want.hit || want.mode == EXHAUST);
}

static void resume(const struct proc *p, int sig)
{
        (void)ptrace(is_watched(p) ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, 0, sig);
}

static void let_go(struct proc *p)
{
        (void)ptrace(PTRACE_DETACH, p->pid, 0, 0);
        forget(p);
}

/* spawn.c: who makes the init asks for a pidfd, or is the stage. */
static enum role role_of_child(const struct proc *parent, int event)
{
        if (event == PTRACE_EVENT_VFORK)
                return HELPER;
        if (parent->role == RUNTIME)
                return clone_flags(parent->pid) & CLONE_PIDFD ? INIT : STAGE;
        return parent->role == STAGE && clone_flags(parent->pid) & CLONE_PARENT ? INIT : STAGE;
}

static void newborn(const struct proc *parent, int event)
{
        enum role role = role_of_child(parent, event);
        unsigned long pid = 0;
        struct proc *p;

        if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
                return;
        p = find((pid_t)pid);
        p->known = true;
        p->role = role;
        if (p->parked)
                resume(p, 0);
        p->parked = false;
}

static bool is_victim(const struct proc *p)
{
        return p->known && !p->executed && want.victims & 1U << p->role;
}

/* What follows the name in /proc/PID/stat (proc(5)), from the blank before field 3 on; NULL: there is no
 * such process. */
static const char *read_stat(pid_t pid)
{
        static char buf[512];
        char path[32];
        FILE *f;
        size_t n;

        (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        f = fopen(path, "re");
        if (!f)
                return NULL;
        n = fread(buf, 1, sizeof(buf) - 1, f);
        (void)fclose(f);
        buf[n] = '\0';
        return strrchr(buf, ')') ? strrchr(buf, ')') + 1 : NULL;
}

/* Field 9 with PF_FORKNOEXEC, 0x40: forked, but no exec. An init that runs the user's program already may not
 * have come to its stop yet. */
static bool has_executed(pid_t pid)
{
        const char *stat = read_stat(pid);
        unsigned flags = 0;

        return stat && sscanf(stat, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && !(flags & 0x40);
}

/* True for a zombie, whose descriptors are closed. */
static bool has_ended(pid_t pid)
{
        const char *stat = read_stat(pid);

        return !stat || strchr("ZXx", stat[1]);
}

/* For their end, or what the others do next would be before it on one run and after it on another. The
 * parent can wait for a process when its tracer has: ptrace(2). */
static void wait_for_victims(void)
{
        for (unsigned i = 0, naps = 0; i < n_procs; i++) {
                if (!is_victim(&procs[i]))
                        continue;
                while (!has_ended(procs[i].pid) && naps++ < 1000)
                        (void)usleep(1000);
                if (procs[i].pid != root_pid && waitpid(procs[i].pid, NULL, __WALL | WNOHANG) > 0)
                        forget(&procs[i--]);
        }
}

/* A child whose parent was killed within clone(2), and will not tell of it. */
static void adopt(struct proc *p)
{
        p->known = true;
        p->parked = false;
        p->role = STAGE;
        resume(p, 0);
}

/* By a process of its own: ours waits for those that it traces. */
static void continue_later(void)
{
        if (fork() != 0)
                return;
        (void)usleep(STOP_US);
        for (unsigned i = 0; i < n_procs; i++)
                if (is_victim(&procs[i]))
                        (void)kill(procs[i].pid, SIGCONT);
        _exit(0);
}

static void kill_victims(void)
{
        for (unsigned i = 0; i < n_procs; i++)
                if (is_victim(&procs[i]) && procs[i].role == INIT && has_executed(procs[i].pid))
                        procs[i].executed = true;
        for (unsigned i = 0; i < n_procs; i++)
                if (is_victim(&procs[i]))
                        (void)kill(procs[i].pid, want.sig);
        for (unsigned i = 0; i < n_procs; i++)
                if (is_victim(&procs[i]))
                        fprintf(out, "killed %s %d\n", role_names[procs[i].role], (int)procs[i].pid);
        if (want.sig == SIGSTOP)
                continue_later();
        if (want.sig != SIGKILL)
                return;
        wait_for_victims();
        for (unsigned i = 0; i < n_procs; i++)
                if (procs[i].parked)
                        adopt(&procs[i]);
}

/* ---- stops --------------------------------------------------------------------------------------------- */

/* The mapping that an address is in: of an address of the program, its text. */
static bool text_around(pid_t pid, uint64_t address, uint64_t *from, uint64_t *to)
{
        char line[512], path[32];
        bool found = false;
        FILE *f;

        (void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
        f = fopen(path, "re");
        while (f && !found && fgets(line, sizeof(line), f))
                found = sscanf(line, "%" SCNx64 "-%" SCNx64, from, to) == 2 && *from <= address &&
                        address < *to;
        if (f)
                (void)fclose(f);
        return found;
}

/*
 * A number for the place in the program that a call is made from: of all words above the stack pointer that
 * are addresses of its text. Some of these words are what earlier calls have left: so two numbers may belong
 * to one place, and never (but for the chance of a hash) one number to two places.
 */
static uint64_t site_of(pid_t pid, const struct ptrace_syscall_info *i)
{
        static uint64_t words[8192];
        uint64_t from, to, site = 14695981039346656037ULL; /* FNV-1a */
        struct iovec here = { words, sizeof(words) };
        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
        struct iovec there = { (void *)(uintptr_t)i->stack_pointer, sizeof(words) };
        ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

        if (!text_around(pid, i->instruction_pointer, &from, &to))
                return 0;
        site = (site ^ (i->instruction_pointer - from)) * 1099511628211ULL;
        for (ssize_t w = 0; w < n / (ssize_t)sizeof(words[0]); w++)
                if (words[w] >= from && words[w] < to)
                        site = (site ^ (words[w] - from)) * 1099511628211ULL;
        return site;
}

static void inject(struct proc *p)
{
        if (want.hits++ < 100) /* of a loop that never ends */
                fprintf(out, "hit %s %u %s\n", role_names[p->role], counts[p->role], call_name(p->call));
        want.hit = true;
        want.number = p->call;
        if (want.mode == KILL) {
                kill_victims();
                return;
        }
        p->fail = true;
        if (p->call != SYS_close)
                skip_call(p->pid);
}

/* Is this the Nth call, or the Kth of its name? What is exhausted (room in a file system, say) is not what
 * standard output and error go to: there the reason is to be read. */
static bool is_wanted(const struct proc *p, const struct ptrace_syscall_info *i)
{
        bool spared = want.mode == EXHAUST && p->call == SYS_write && i->entry.args[0] <= 2;

        if (p->role != want.role)
                return false;
        if (want.hit)
                return want.mode == EXHAUST && p->call == want.number && !spared;
        if (!want.name)
                return counts[p->role] == want.n && !spared;
        return strcmp(call_name(p->call), want.name) == 0 && ++named >= want.n && !spared;
}

static const char *who_is_there(void)
{
        static char who[ROLES + 1];
        unsigned n = 0;

        for (int role = 0; role < ROLES; role++)
                for (unsigned i = 0; i < n_procs; i++)
                        if ((int)procs[i].role == role && procs[i].known && !procs[i].executed) {
                                who[n++] = role_names[role][0];
                                break;
                        }
        who[n] = '\0';
        return who;
}

static void enter_call(struct proc *p, const struct ptrace_syscall_info *i)
{
        p->call = (long)i->entry.nr;
        /* The kernel's own, by which a call goes on that PTRACE_INTERRUPT has interrupted. */
        if (!counting || p->call == SYS_restart_syscall)
                return;
        counts[p->role]++;
        if (want.mode == COUNT)
                fprintf(out, "call %s %u %s %016" PRIx64 " %s\n", role_names[p->role], counts[p->role],
                        call_name(p->call), site_of(p->pid, i), who_is_there());
        else if (want.mode == RECORD && p->role == RUNTIME)
                recorder_enter(p->pid, p->call, i->entry.args);
        else if (want.mode != RECORD && is_wanted(p, i))
                inject(p);
}

static void syscall_stop(struct proc *p)
{
        struct ptrace_syscall_info i = { 0 };

        if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(i), &i) < 0)
                return;
        if (i.op == PTRACE_SYSCALL_INFO_ENTRY)
                enter_call(p, &i);
        else if (i.op == PTRACE_SYSCALL_INFO_EXIT && p->fail) {
                set_result(p->pid, -want.error);
                p->fail = false;
        } else if (i.op == PTRACE_SYSCALL_INFO_EXIT && want.mode == RECORD) {
                recorder_exit(p->pid, (long)i.exit.rval);
        }
}

/* True: the process goes on with us. */
static bool event_stop(struct proc *p, int event)
{
        switch (event) {
        case PTRACE_EVENT_CLONE:
        case PTRACE_EVENT_FORK:
        case PTRACE_EVENT_VFORK:
                newborn(p, event);
                return true;
        case PTRACE_EVENT_EXEC:
                if (p->role == RUNTIME) {
                        counting = true;
                        return true;
                }
                fprintf(out, "exec %s\n", role_names[p->role]);
                let_go(p);
                return false;
        default:
                return true;
        }
}

static void stopped(pid_t pid, int status)
{
        struct proc *p = find(pid);
        int sig = WSTOPSIG(status), event = status >> 16;

        if (!p->known && want.mode == KILL && want.hit && want.sig == SIGKILL) {
                adopt(p);
        } else if (!p->known) {
                p->parked = true;
        } else if (sig == (SIGTRAP | 0x80)) {
                syscall_stop(p);
                resume(p, 0);
        } else if (event == PTRACE_EVENT_STOP) {
                if (sig == SIGTRAP)
                        resume(p, 0);
                else
                        (void)ptrace(PTRACE_LISTEN, pid, 0, 0);
        } else if (event) {
                if (event_stop(p, event))
                        resume(p, 0);
        } else {
                resume(p, sig);
        }
}

/* ---- the command --------------------------------------------------------------------------------------- */

static void seize(pid_t pid, enum role role)
{
        struct proc *p = find(pid);
        int status;

        p->known = true;
        p->role = role;
        if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS | (pid == attached ? 0 : PTRACE_O_EXITKILL)) < 0)
                die("PTRACE_SEIZE");
        if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, &status, __WALL) < 0)
                die("PTRACE_INTERRUPT");
        resume(p, 0);
}

static void start(char **argv, long uid)
{
        int gate[2];
        char c;

        if (pipe(gate) < 0 || (root_pid = fork()) < 0)
                die("fork");
        if (root_pid == 0) {
                (void)close(gate[1]);
                if (read(gate[0], &c, 1) < 0)
                        _exit(125);
                (void)close(gate[0]);
                if (uid >= 0 &&
                    (setgroups(0, NULL) < 0 || setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid) < 0 ||
                     setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) < 0))
                        die("setresuid");
                (void)execvp(argv[0], argv);
                die(argv[0]);
        }
        (void)close(gate[0]);
        seize(root_pid, RUNTIME);
        if (attached)
                seize(attached, INIT);
        (void)close(gate[1]);
}

/* Of a process that runs, in no call: -1. */
static long current_call(pid_t pid)
{
        char path[32];
        long number = -1;
        FILE *f;

        (void)snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
        f = fopen(path, "re");
        if (f && fscanf(f, "%ld", &number) != 1)
                number = -1;
        if (f)
                (void)fclose(f);
        return number;
}

static void stop_all(void)
{
        for (unsigned i = 0; i < n_procs; i++)
                fprintf(out, "stuck %s %d %s\n", role_names[procs[i].role], (int)procs[i].pid,
                        call_name(current_call(procs[i].pid)));
        fprintf(out, "timeout\n");
        for (unsigned i = 0; i < n_procs; i++)
                (void)kill(procs[i].pid, SIGKILL);
        exit(0);
}

/* Those that the command leaves behind go on as if there had been no tracer. */
static void let_all_go(void)
{
        int status;

        while (n_procs > 0) {
                struct proc *p = &procs[0];

                if (p->parked || ptrace(PTRACE_INTERRUPT, p->pid, 0, 0) < 0) {
                        let_go(p);
                        continue;
                }
                for (;;) {
                        if (waitpid(p->pid, &status, __WALL) < 0 || !WIFSTOPPED(status)) {
                                forget(p);
                                break;
                        }
                        if (WSTOPSIG(status) == (SIGTRAP | 0x80) || status >> 16) {
                                if (p->fail && WSTOPSIG(status) == (SIGTRAP | 0x80))
                                        set_result(p->pid, -want.error);
                                let_go(p);
                                break;
                        }
                        resume(p, WSTOPSIG(status));
                }
        }
}

static void follow(void)
{
        int status;

        for (;;) {
                pid_t pid = waitpid(-1, &status, __WALL);

                if (timed_out)
                        stop_all();
                if (pid < 0 && errno == EINTR)
                        continue;
                if (pid < 0)
                        die("waitpid");
                if (WIFSTOPPED(status)) {
                        stopped(pid, status);
                        continue;
                }
                forget(find(pid));
                if (pid != root_pid)
                        continue;
                let_all_go();
                if (WIFEXITED(status))
                        fprintf(out, "exit %d\n", WEXITSTATUS(status));
                else
                        fprintf(out, "signal %d\n", WTERMSIG(status));
                return;
        }
}

/* ---- arguments ----------------------------------------------------------------------------------------- */

static void on_alarm(int sig)
{
        (void)sig;
        timed_out = 1;
}

static _Noreturn void usage(void)
{
        fprintf(stderr,
                "usage: inject [-o FILE] [-t SECONDS] [-u UID] [-a PID] "
                "count|fail ROLE N ERRNO|exhaust ROLE N ERRNO|kill ROLE N VICTIM|record DIRECTORY COMMAND...\n");
        exit(125);
}

static enum role parse_role(const char *name)
{
        for (int i = 0; i < ROLES; i++)
                if (strcmp(name, role_names[i]) == 0)
                        return (enum role)i;
        usage();
}

/* ROLE+ROLE:SIGNAL */
static void parse_victims(char *s)
{
        char *name = strchr(s, ':');

        if (name)
                *name++ = '\0';
        for (int i = 1; name && i < NSIG; i++)
                if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
                        want.sig = i;
        for (char *word; (word = strsep(&s, "+"));)
                want.victims |= strcmp(word, "all") == 0    ? (1U << ROLES) - 1
                                : strcmp(word, "both") == 0 ? 1U << RUNTIME | 1U << INIT
                                                            : 1U << parse_role(word);
}

static int parse_errno(const char *name)
{
        for (int e = 1; e < 4096; e++) {
                const char *s = strerrorname_np(e);

                if (s && strcmp(s, name) == 0)
                        return e;
        }
        usage();
}

static void parse_which(char *s)
{
        char *colon = strchr(s, ':');

        if (colon) {
                *colon = '\0';
                want.name = s;
        }
        want.n = (unsigned)strtoul(colon ? colon + 1 : s, NULL, 10);
}

/* How many words the mode took. */
static int parse_mode(char **argv)
{
        static const char *const modes[] = { "count", "fail", "exhaust", "kill", "record" };

        for (int i = 0; argv[0] && i <= RECORD; i++)
                if (strcmp(argv[0], modes[i]) == 0) {
                        want.mode = (enum mode)i;
                        if (want.mode == COUNT)
                                return 1;
                        if (want.mode == RECORD && argv[1]) {
                                recorder_begin(argv[1], out);
                                return 2;
                        }
                        if (!argv[1] || !argv[2] || !argv[3])
                                usage();
                        want.role = parse_role(argv[1]);
                        parse_which(argv[2]);
                        if (want.mode == KILL)
                                parse_victims(argv[3]);
                        else
                                want.error = parse_errno(argv[3]);
                        return 4;
                }
        usage();
}

int main(int argc, char **argv)
{
        long uid = -1, seconds = 10;
        int opt;

        out = stderr;
        while ((opt = getopt(argc, argv, "+o:t:u:a:")) != -1) {
                if (opt == 'o')
                        out = fopen(optarg, "we");
                else if (opt == 't')
                        seconds = strtol(optarg, NULL, 10);
                else if (opt == 'u')
                        uid = strtol(optarg, NULL, 10);
                else if (opt == 'a')
                        attached = (pid_t)strtol(optarg, NULL, 10);
                else
                        usage();
        }
        if (!out)
                die("fopen");
        argv += optind;
        argv += parse_mode(argv);
        if (*argv && strcmp(*argv, "--") == 0)
                argv++;
        if (!*argv)
                usage();
        (void)sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
        /* Again and again, should the first one come between two waits. */
        (void)setitimer(
                ITIMER_REAL,
                &(struct itimerval){ .it_value = { .tv_sec = seconds }, .it_interval = { .tv_sec = 1 } },
                NULL);
        start(argv, uid);
        follow();
        return 0;
}
