/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor - the least work that a container runtime must do for the benchmark's minimal bundle: the same
 * namespaces, mounts, device nodes, masks, cgroups and capability drop, and nothing else. No JSON, no checks,
 * no state, no errors worth reading. What a runtime takes longer than this is its own.
 *
 *      cc -O2 -static -o floor floor.c
 *      ./env-legacy.sh ./floor loop=60 cg=2        phases of 60 runs in microseconds
 *      floor=./floor                               as one of bench.py's runtimes (run only)
 *
 * Keys are switches (0 or 1) unless said otherwise:
 *
 *      loop=N          repeat, and print each phase's minimum, quartile, median and 90th percentile
 *      rootfs=DIR      default bundles/minimal/rootfs
 *      id=NAME         of the cgroups
 *      exe=PATH        program to execute, default /bin/true; exec=0 ends instead
 *      net ipc uts pid mnt cgns        namespaces
 *      mounts nodes mask cgm pivot caps lo     parts of the set-up
 *      cg=N            0 none, 1 v1: the parent writes cgroup.procs, 2 v1: the child writes 0 to tasks,
 *                      3 v2: CLONE_INTO_CGROUP, 4 v2: the parent writes cgroup.procs
 *      dev             device rules (v1)
 *      mem=BYTES       memory limit (v1)
 *      rm              remove the cgroups
 *      brief           print the total only
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* <sys/mount.h> and <linux/mount.h> of glibc 2.36 define the same names. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);

enum { MNT_DETACH_FLAG = 2, MS_REC_FLAG = 0x4000, MS_PRIVATE_FLAG = 0x40000 };
enum { CG_NONE, CG_V1_PROCS, CG_V1_TASKS, CG_V2_CLONE, CG_V2_PROCS };

static struct {
        const char *rootfs, *id, *exe, *state;
        int net, ipc, uts, pid, mnt, cgns;
        int mounts, nodes, mask, cgm, pivot, caps, exec, lo;
        int cg, dev, mem, rm, loop, brief;
} o = { .rootfs = "bundles/minimal/rootfs",
        .id = "floor",
        .exe = "/bin/true",
        .net = 1,
        .ipc = 1,
        .uts = 1,
        .pid = 1,
        .mnt = 1,
        .mounts = 1,
        .nodes = 1,
        .mask = 1,
        .cgm = 1,
        .pivot = 1,
        .caps = 1,
        .exec = 1,
        .lo = 1,
        .cg = CG_V1_PROCS,
        .dev = 1,
        .rm = 1 };

static const char cgroot[] = "/sys/fs/cgroup";
static const char *const v1[] = { "systemd", "pids",   "blkio",   "freezer", "devices",
                                  "memory",  "cpuset", "cpuacct", "cpu" };
enum { NV1 = sizeof(v1) / sizeof(v1[0]) };
static int task_fd[NV1];

enum {
        P_MKDIR,
        P_CLONE,
        P_ATTACH,
        P_CHILD,
        P_EXIT,
        P_RMDIR,
        P_TOTAL,
        C_LO,
        C_FSMOUNT,
        C_NEWNS,
        C_PRIVATE,
        C_ROOT,
        C_MOVE,
        C_NODES,
        C_CGROUP,
        C_MASK,
        C_PIVOT,
        C_UMOUNT,
        C_CAPS,
        C_TOTAL,
        NPHASES
};
static const char *const phase_names[NPHASES] = {
        "P cgroup mkdir", "P clone3",     "P cgroup attach", "P child to exec",    "P exec to reap",
        "P cgroup rmdir", "P TOTAL",      "C lo up",         "C fsopen, fsmount",  "C unshare(NEWNS)",
        "C / private",    "C root bind",  "C move_mount",    "C dev nodes, links", "C cgroup binds",
        "C masks",        "C pivot_root", "C umount2",       "C capabilities",     "C TOTAL",
};
static double *phases[NPHASES];

/* What parent and child share: the futex that the child waits on, the child's phases, and when it reached
 * execve. */
static struct shared {
        volatile uint32_t go;
        volatile double phase[NPHASES], at_exec;
} * shared;

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what)
{
        dprintf(2, "floor: %s: %s\n", what, strerror(errno));
        _exit(97);
}

#define CK(x) ((x) < 0 ? die(#x) : (void)0)

static double mark(double *since)
{
        double t = now(), took = t - *since;

        *since = t;
        return took;
}

static void write_file(const char *path, const char *value)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, value, strlen(value)) < 0)
                die(path);
        close(fd);
}

/* ---- the child ----------------------------------------------------------------------------------------- */

struct option {
        const char *key, *value;
};

static int new_fs(const char *type, const struct option *options, unsigned attributes)
{
        int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), m;

        if (fs < 0)
                die(type);
        for (; options && options->key; options++) {
                unsigned cmd = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

                if (syscall(SYS_fsconfig, fs, cmd, options->key, options->value, 0) < 0)
                        die(options->key);
        }
        CK(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
        m = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
        if (m < 0)
                die(type);
        close(fs);
        return m;
}

static void attach(int m, const char *path)
{
        if (syscall(SYS_move_mount, m, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                die(path);
        close(m);
}

static void set_attr(int fd, unsigned flags, uint64_t attributes)
{
        struct mount_attr a = { .attr_set = attributes };

        CK(syscall(SYS_mount_setattr, fd, "", flags | AT_EMPTY_PATH, &a, sizeof(a)));
}

enum { NFS = 7 };
static const uint64_t NOTHING = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

static void make_file_systems(int fs[NFS])
{
        static const struct option dev[] = { { "mode", "755" }, { "size", "65536k" }, { NULL, NULL } };
        static const struct option pts[] = { { "newinstance", NULL },
                                             { "ptmxmode", "0666" },
                                             { "mode", "0620" },
                                             { "gid", "5" },
                                             { NULL, NULL } };
        static const struct option shm[] = { { "mode", "1777" }, { "size", "65536k" }, { NULL, NULL } };
        static const struct option cg[] = { { "mode", "755" }, { NULL, NULL } };

        fs[0] = new_fs("proc", NULL, 0);
        fs[1] = new_fs("tmpfs", dev, MOUNT_ATTR_NOSUID);
        fs[2] = new_fs("devpts", pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        fs[3] = new_fs("tmpfs", shm, NOTHING);
        fs[4] = new_fs("mqueue", NULL, NOTHING);
        fs[5] = o.net ? new_fs("sysfs", NULL, NOTHING | MOUNT_ATTR_RDONLY) : -1;
        fs[6] = o.net && o.cgm ? new_fs("tmpfs", cg, NOTHING) : -1;
}

static void attach_file_systems(const int fs[NFS])
{
        static const char *const where[NFS] = { "proc",       "dev", "dev/pts",      "dev/shm",
                                                "dev/mqueue", "sys", "sys/fs/cgroup" };

        for (int i = 0; i < NFS; i++) {
                if (fs[i] < 0)
                        continue;
                if (i >= 2 && i <= 4)
                        CK(mkdir(where[i], 0755));
                attach(fs[i], where[i]);
        }
}

static void make_nodes(void)
{
        static const struct {
                const char *path;
                unsigned major, minor;
        } nodes[] = { { "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
                      { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };
        mode_t mask = umask(0);

        for (unsigned i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
                CK(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
        umask(mask);
        CK(symlink("/proc/self/fd", "dev/fd"));
        CK(symlink("/proc/self/fd/0", "dev/stdin"));
        CK(symlink("/proc/self/fd/1", "dev/stdout"));
        CK(symlink("/proc/self/fd/2", "dev/stderr"));
        CK(symlink("/proc/kcore", "dev/core"));
        CK(symlink("pts/ptmx", "dev/ptmx"));
}

static void bind_cgroups(void)
{
        char source[256], target[256];

        for (int i = 0; i < NV1; i++) {
                int m;

                snprintf(source, sizeof(source), "%s/%s/%s", cgroot, v1[i], o.id);
                snprintf(target, sizeof(target), "sys/fs/cgroup/%s", v1[i]);
                CK(mkdir(target, 0755));
                m = (int)syscall(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
                CK(m);
                set_attr(m, 0, NOTHING | MOUNT_ATTR_RDONLY);
                attach(m, target);
        }
}

/* Files are covered with /dev/null, directories with one empty read-only tmpfs. */
static void mask_paths(void)
{
        static const char *const masked[] = { "proc/acpi",        "proc/asound",        "proc/kcore",
                                              "proc/keys",        "proc/latency_stats", "proc/timer_list",
                                              "proc/timer_stats", "proc/sched_debug",   "sys/firmware",
                                              "proc/scsi" };
        static const struct option empty[] = { { "size", "0" }, { NULL, NULL } };
        int null = open("dev/null", O_PATH | O_CLOEXEC), dir = -1;

        for (unsigned i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
                struct stat st;
                int m;

                if (stat(masked[i], &st) < 0)
                        continue;
                if (S_ISDIR(st.st_mode) && dir < 0)
                        dir = new_fs("tmpfs", empty, MOUNT_ATTR_RDONLY);
                m = (int)syscall(SYS_open_tree, S_ISDIR(st.st_mode) ? dir : null, "",
                                 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
                if (m < 0 && S_ISDIR(st.st_mode))
                        m = new_fs("tmpfs", empty, MOUNT_ATTR_RDONLY);
                CK(m);
                attach(m, masked[i]);
        }
}

static void lock_paths(void)
{
        static const char *const locked[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                              "proc/sysrq-trigger" };

        for (unsigned i = 0; i < sizeof(locked) / sizeof(locked[0]); i++) {
                int m = (int)syscall(SYS_open_tree, AT_FDCWD, locked[i],
                                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

                if (m < 0)
                        continue;
                set_attr(m, AT_RECURSIVE, NOTHING | MOUNT_ATTR_RDONLY);
                attach(m, locked[i]);
        }
}

static void enter_root(void)
{
        int m = (int)syscall(SYS_open_tree, AT_FDCWD, o.rootfs,
                             OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

        CK(m);
        CK(syscall(SYS_move_mount, m, "", AT_FDCWD, o.rootfs, MOVE_MOUNT_F_EMPTY_PATH));
        CK(fchdir(m));
        close(m);
}

static void child_mounts(double *t)
{
        int fs[NFS];

        if (o.mounts)
                make_file_systems(fs);
        shared->phase[C_FSMOUNT] = mark(t);
        CK(unshare(CLONE_NEWNS));
        shared->phase[C_NEWNS] = mark(t);
        CK(mount(NULL, "/", NULL, MS_REC_FLAG | MS_PRIVATE_FLAG, NULL));
        shared->phase[C_PRIVATE] = mark(t);
        enter_root();
        shared->phase[C_ROOT] = mark(t);
        if (o.mounts)
                attach_file_systems(fs);
        shared->phase[C_MOVE] = mark(t);
        if (o.mounts && o.nodes)
                make_nodes();
        shared->phase[C_NODES] = mark(t);
        if (o.mounts && o.net && o.cgm && (o.cg == CG_V1_PROCS || o.cg == CG_V1_TASKS))
                bind_cgroups();
        shared->phase[C_CGROUP] = mark(t);
        if (o.mounts && o.mask) {
                mask_paths();
                lock_paths();
        }
        shared->phase[C_MASK] = mark(t);
        if (!o.pivot)
                return;
        CK(syscall(SYS_pivot_root, ".", "."));
        shared->phase[C_PIVOT] = mark(t);
        CK(umount2(".", MNT_DETACH_FLAG));
        CK(chdir("/"));
        shared->phase[C_UMOUNT] = mark(t);
        struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };
        CK(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &a, sizeof(a)));
}

static void drop_capabilities(void)
{
        const uint64_t keep = 1ULL << CAP_KILL | 1ULL << CAP_NET_BIND_SERVICE | 1ULL << CAP_AUDIT_WRITE;
        struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct d[2] = { { (uint32_t)keep, (uint32_t)keep, 0 },
                                               { (uint32_t)(keep >> 32), (uint32_t)(keep >> 32), 0 } };

        for (int c = 0; c <= CAP_LAST_CAP; c++)
                if (!(keep >> c & 1))
                        prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
        CK(syscall(SYS_capset, &h, d));
        CK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void raise_lo(void)
{
        struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
        int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        CK(s);
        CK(ioctl(s, SIOCSIFFLAGS, &r));
        close(s);
}

static _Noreturn void child(void)
{
        double start = now(), t = start;

        if (o.cg == CG_V1_TASKS) {
                for (int i = 0; i < NV1; i++)
                        if (write(task_fd[i], "0", 1) != 1)
                                die("tasks");
                shared->phase[P_ATTACH] = mark(&t);
        }
        if (o.cg == CG_V1_PROCS || o.cg == CG_V2_PROCS)
                while (!shared->go)
                        syscall(SYS_futex, &shared->go, FUTEX_WAIT, 0, NULL, NULL, 0);
        t = now();
        if (o.cgns)
                CK(unshare(CLONE_NEWCGROUP));
        if (o.net && o.lo)
                raise_lo();
        shared->phase[C_LO] = mark(&t);
        if (o.mnt)
                child_mounts(&t);
        t = now();
        if (o.uts)
                CK(sethostname("floor", 5));
        if (o.caps)
                drop_capabilities();
        shared->phase[C_CAPS] = mark(&t);
        shared->phase[C_TOTAL] = t - start;
        shared->at_exec = now();
        if (o.exec) {
                char *argv[] = { (char *)o.exe, NULL }, *envp[] = { (char *)"PATH=/bin", NULL };

                execve(o.exe, argv, envp);
                die("exec");
        }
        _exit(0);
}

/* ---- the parent ---------------------------------------------------------------------------------------- */

static void device_rules(const char *dir)
{
        static const char *const allow[] = { "c *:* m",   "b *:* m",     "c 1:3 rwm", "c 1:8 rwm",
                                             "c 1:7 rwm", "c 5:0 rwm",   "c 1:5 rwm", "c 1:9 rwm",
                                             "c 5:1 rwm", "c 136:* rwm", "c 5:2 rwm" };
        char path[300];
        int fd;

        snprintf(path, sizeof(path), "%s/devices.deny", dir);
        write_file(path, "a");
        snprintf(path, sizeof(path), "%s/devices.allow", dir);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        CK(fd);
        for (unsigned i = 0; i < sizeof(allow) / sizeof(allow[0]); i++)
                if (write(fd, allow[i], strlen(allow[i])) < 0)
                        die("devices.allow");
        close(fd);
}

static void copy_parent_file(const char *dir, const char *name)
{
        char path[300], value[256];
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "%s/cpuset/%s", cgroot, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        CK(fd);
        n = read(fd, value, sizeof(value) - 1);
        CK(n);
        close(fd);
        value[n] = 0;
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        write_file(path, value);
}

static void make_v1(void)
{
        char dir[256], path[300], value[32];

        for (int i = 0; i < NV1; i++) {
                snprintf(dir, sizeof(dir), "%s/%s/%s", cgroot, v1[i], o.id);
                CK(mkdir(dir, 0755));
                if (!strcmp(v1[i], "cpuset")) {
                        copy_parent_file(dir, "cpuset.cpus");
                        copy_parent_file(dir, "cpuset.mems");
                }
                if (!strcmp(v1[i], "memory") && o.mem) {
                        snprintf(path, sizeof(path), "%s/memory.limit_in_bytes", dir);
                        snprintf(value, sizeof(value), "%d", o.mem);
                        write_file(path, value);
                }
                if (!strcmp(v1[i], "devices") && o.dev)
                        device_rules(dir);
                if (o.cg == CG_V1_TASKS) {
                        snprintf(path, sizeof(path), "%s/tasks", dir);
                        CK(task_fd[i] = open(path, O_WRONLY | O_CLOEXEC));
                }
        }
}

static int make_v2(void)
{
        char dir[256];
        int fd;

        snprintf(dir, sizeof(dir), "%s/%s", cgroot, o.id);
        CK(mkdir(dir, 0755));
        fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        CK(fd);
        return fd;
}

static void attach_child(pid_t pid)
{
        char path[300], value[32];

        snprintf(value, sizeof(value), "%d", (int)pid);
        for (int i = 0; o.cg == CG_V1_PROCS && i < NV1; i++) {
                snprintf(path, sizeof(path), "%s/%s/%s/cgroup.procs", cgroot, v1[i], o.id);
                write_file(path, value);
        }
        if (o.cg == CG_V2_PROCS) {
                snprintf(path, sizeof(path), "%s/%s/cgroup.procs", cgroot, o.id);
                write_file(path, value);
        }
        shared->go = 1;
        if (o.cg == CG_V1_PROCS || o.cg == CG_V2_PROCS)
                syscall(SYS_futex, &shared->go, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void remove_cgroups(void)
{
        char path[300];

        for (int i = 0; (o.cg == CG_V1_PROCS || o.cg == CG_V1_TASKS) && i < NV1; i++) {
                snprintf(path, sizeof(path), "%s/%s/%s", cgroot, v1[i], o.id);
                CK(rmdir(path));
        }
        if (o.cg >= CG_V2_CLONE) {
                snprintf(path, sizeof(path), "%s/%s", cgroot, o.id);
                CK(rmdir(path));
        }
}

static pid_t spawn(int cgroup_fd)
{
        struct clone_args a = { .exit_signal = SIGCHLD };
        pid_t pid;

        a.flags = (o.net ? CLONE_NEWNET : 0) | (o.ipc ? CLONE_NEWIPC : 0) | (o.uts ? CLONE_NEWUTS : 0) |
                  (o.pid ? CLONE_NEWPID : 0);
        if (o.cg == CG_V2_CLONE) {
                a.flags |= CLONE_INTO_CGROUP;
                a.cgroup = (uint64_t)cgroup_fd;
        }
        pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
        CK(pid);
        if (pid == 0)
                child();
        return pid;
}

static void write_state(void)
{
        char path[300], text[200] = "";
        int fd;

        CK(mkdir(o.state, 0700));
        snprintf(path, sizeof(path), "%s/status", o.state);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, text, sizeof(text)) < 0)
                die(path);
        close(fd);
}

static void remove_state(void)
{
        char path[300];

        snprintf(path, sizeof(path), "%s/status", o.state);
        unlink(path);
        rmdir(o.state);
}

static int once(int run)
{
        double start = now(), t = start;
        int status, cgroup_fd = -1;
        pid_t pid;

        memset((void *)shared, 0, sizeof(*shared));
        if (o.state)
                write_state();
        if (o.cg == CG_V1_PROCS || o.cg == CG_V1_TASKS)
                make_v1();
        else if (o.cg >= CG_V2_CLONE)
                cgroup_fd = make_v2();
        phases[P_MKDIR][run] = mark(&t);
        pid = spawn(cgroup_fd);
        phases[P_CLONE][run] = mark(&t);
        attach_child(pid);
        phases[P_ATTACH][run] = mark(&t);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        die("waitpid");
        phases[P_CHILD][run] = shared->at_exec - t;
        t = shared->at_exec;
        phases[P_EXIT][run] = mark(&t);
        if (o.cg == CG_V1_TASKS) {
                phases[P_ATTACH][run] = shared->phase[P_ATTACH];
                for (int i = 0; i < NV1; i++)
                        close(task_fd[i]);
        }
        if (o.rm)
                remove_cgroups();
        if (cgroup_fd >= 0)
                close(cgroup_fd);
        if (o.state)
                remove_state();
        phases[P_RMDIR][run] = mark(&t);
        phases[P_TOTAL][run] = now() - start;
        for (int i = C_LO; i < NPHASES; i++)
                phases[i][run] = shared->phase[i];
        return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

/* ---- the command line ---------------------------------------------------------------------------------- */

static int set_key(const char *key, const char *value)
{
        const struct {
                const char *key;
                int *value;
        } numbers[] = { { "net", &o.net },     { "ipc", &o.ipc },    { "uts", &o.uts },
                        { "pid", &o.pid },     { "mnt", &o.mnt },    { "cgns", &o.cgns },
                        { "dev", &o.dev },     { "mem", &o.mem },    { "mounts", &o.mounts },
                        { "nodes", &o.nodes }, { "mask", &o.mask },  { "cgm", &o.cgm },
                        { "pivot", &o.pivot }, { "caps", &o.caps },  { "exec", &o.exec },
                        { "lo", &o.lo },       { "cg", &o.cg },      { "rm", &o.rm },
                        { "loop", &o.loop },   { "brief", &o.brief } };
        const struct {
                const char *key, **value;
        } strings[] = { { "rootfs", &o.rootfs }, { "id", &o.id }, { "exe", &o.exe }, { "state", &o.state } };

        for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
                if (!strcmp(key, numbers[i].key))
                        return *numbers[i].value = (int)strtol(value, NULL, 10), 0;
        for (unsigned i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
                if (!strcmp(key, strings[i].key))
                        return *strings[i].value = value, 0;
        return -1;
}

/* KEY=VALUE..., or as bench.py calls a runtime: [KEY=VALUE...] --root DIR [KEY=VALUE...] run -b BUNDLE ID. */
static void parse(int argc, char **argv)
{
        static char rootfs[4096], state[4096];
        const char *root = NULL;

        for (int i = 1; i < argc; i++) {
                char *eq = strchr(argv[i], '=');

                if (!strcmp(argv[i], "--version")) {
                        puts("floor version 1");
                        exit(0);
                }
                if (!strcmp(argv[i], "--root") && i + 1 < argc) {
                        root = argv[++i];
                } else if (!strcmp(argv[i], "run") && i + 3 < argc && root) {
                        o.id = argv[argc - 1];
                        snprintf(state, sizeof(state), "%s/%s", root, o.id);
                        o.state = state;
                        snprintf(rootfs, sizeof(rootfs), "%s/rootfs", argv[i + 2]);
                        if (access(rootfs, F_OK) == 0)
                                o.rootfs = rootfs;
                        return;
                } else {
                        if (eq)
                                *eq = 0;
                        if (!eq || set_key(argv[i], eq + 1) < 0) {
                                dprintf(2,
                                        "floor: %s is not KEY=VALUE; the keys are at the head of floor.c\n",
                                        argv[i]);
                                exit(2);
                        }
                }
        }
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static void report(int n)
{
        for (int i = 0; i < NPHASES; i++) {
                double *p = phases[i];

                qsort(p, (size_t)n, sizeof(double), compare);
                if ((o.brief && i != P_TOTAL) || p[n - 1] < 0.5)
                        continue;
                printf("%-20s min %8.0f  p25 %8.0f  med %8.0f  p90 %8.0f us\n", phase_names[i], p[0],
                       p[n / 4], p[n / 2], p[n * 9 / 10]);
        }
}

int main(int argc, char **argv)
{
        int n, status = 0;

        parse(argc, argv);
        n = o.loop ? o.loop : 1;
        for (int i = 0; i < NPHASES; i++) {
                phases[i] = calloc((size_t)n, sizeof(double));
                if (!phases[i])
                        die("calloc");
        }
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
                die("mmap");
        for (int i = 0; i < n; i++) {
                status |= once(i);
                if (o.loop)
                        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        }
        if (o.loop)
                report(n);
        return status;
}
