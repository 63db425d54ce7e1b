/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pasta makes an interface with the host's own address in the namespace, and goes into the background once it
 * is ready. It forwards ports (-t, -u). slirp4netns gives 10.0.2.100, and says by a descriptor when it is
 * ready; ports would need its API socket, so they are refused with it.
 */
#include "box/net/user_mode.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/mnt.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/core/process.h"
#include "box/net/networks.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>

#define MAX_PORTS 64
#define READY_FD  3
#define PATIENCE  5000 /* ms */

static int pasta_ports(char *const *ports, size_t n, char **argv, size_t *argc, struct cfs_error *err)
{
        for (size_t i = 0; i < n; i++) {
                struct parse_port p;
                int r = parse_port(ports[i], &p, err);

                if (r < 0)
                        return r;
                if (STREQ(p.protocol, "sctp") || *argc + 2 > 2 * MAX_PORTS)
                        return err_set(err, CFS_E_UNSUPPORTED, "--publish %s: pasta cannot", ports[i]);
                argv[(*argc)++] = (char *)(STREQ(p.protocol, "udp") ? "-u" : "-t");
                r = str_printf(&argv[*argc], err, "%s%s%u-%u:%u-%u", p.address, *p.address ? "/" : "", p.host,
                               p.host + p.count - 1, p.container, p.container + p.count - 1);
                if (r < 0)
                        return r;
                (*argc)++;
        }
        return 0;
}

/* pasta gives up its privilege before it opens the namespace, and may then not look at the container's
 * undumpable process; so it gets the namespace as a file. It ends when that is unlinked. */
static int bind_namespace(int pid, const char *file, struct cfs_error *err)
{
        _cleanup_close_ int mnt = -1, target = -1;
        char path[48];

        (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
        mnt = mnt_clone(AT_FDCWD, path, false, err);
        if (mnt < 0)
                return mnt;
        target = open(file, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (target < 0)
                return err_path(err, errno, "open", file, "make `%s`", file);
        return mnt_attach(mnt, target, err);
}

static int run_pasta(char *const *ports, size_t n_ports, const char *file, const char *pid_file,
                     struct cfs_error *err)
{
        const char *fixed[] = { "pasta",   "--runas",     "0",     "--netns-only", "--config-net",
                                "--quiet", "--no-map-gw", "-T",    "none",         "-U",
                                "none",    "--pid",       pid_file };
        static const char *const none[] = { "-t", "none", "-u", "none" };
        char *argv[2 * MAX_PORTS + 24] = { NULL };
        _cleanup_free_ char *out = NULL, *errs = NULL;
        const struct process p = { .argv = (const char *const *)argv };
        size_t n = 0, first = ARRAY_SIZE(fixed), last;
        int status = 0, r;

        for (; n < first; n++)
                argv[n] = (char *)fixed[n];
        r = pasta_ports(ports, n_ports, argv, &n, err);
        last = n;
        for (size_t i = 0; n_ports == 0 && i < ARRAY_SIZE(none); i++)
                argv[n++] = (char *)none[i];
        argv[n++] = (char *)"--netns";
        argv[n] = (char *)file;
        if (r >= 0)
                r = process_run(&p, &status, &out, &errs, err);
        for (size_t i = first + 1; i < last; i += 2)
                free(argv[i]);
        if (r >= 0 && status != 0)
                r = err_set(err, CFS_E_SYSTEM, "pasta: %.300s", errs);
        return r;
}

static int start_pasta(int pid, char *const *ports, size_t n_ports, const char *file, int32_t *ret_pid,
                       struct cfs_error *err)
{
        _cleanup_free_ char *pid_file = NULL;
        char text[32];
        uint64_t number;
        int r = str_printf(&pid_file, err, "%s.pid", file);

        if (r >= 0)
                r = bind_namespace(pid, file, err);
        if (r >= 0)
                r = run_pasta(ports, n_ports, file, pid_file, err);
        if (r >= 0 &&
            (io_read_small(AT_FDCWD, pid_file, text, sizeof(text)) < 0 || str_to_u64(text, &number) < 0))
                r = err_set(err, CFS_E_SYSTEM, "pasta did not write `%s`", pid_file);
        if (pid_file)
                (void)unlink(pid_file);
        if (r >= 0)
                *ret_pid = (int32_t)number;
        return r;
}

static int start_slirp(int pid, int32_t *ret_pid, struct cfs_error *err)
{
        _cleanup_free_ char *program = process_find("slirp4netns");
        posix_spawn_file_actions_t actions;
        char target[16], byte;
        char *argv[] = { program,
                         (char *)"--configure",
                         (char *)"--mtu=65520",
                         (char *)"--disable-host-loopback",
                         (char *)"--ready-fd=3",
                         target,
                         (char *)"tap0",
                         NULL };
        int fds[2], r;
        pid_t child;

        (void)snprintf(target, sizeof(target), "%d", pid);
        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_sys(err, errno, "pipe2", "make a pipe");
        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
        (void)posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, fds[1], READY_FD);
        r = posix_spawn(&child, program, &actions, NULL, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
        (void)close(fds[1]);
        if (r == 0) {
                struct pollfd p = { .fd = fds[0], .events = POLLIN };

                if (poll(&p, 1, PATIENCE) <= 0 || read(fds[0], &byte, 1) != 1) {
                        (void)kill(child, SIGKILL);
                        r = EIO;
                }
                *ret_pid = child;
        }
        (void)close(fds[0]);
        return r ? err_sys(err, r, "posix_spawn", "start slirp4netns") : 0;
}

int user_mode_start(int pid, const char *file, char *const *ports, size_t n_ports, int32_t *ret_pid,
                    const char **ret_address, struct cfs_error *err)
{
        const char *program = networks_user_mode();
        int r;

        *ret_pid = 0;
        *ret_address = NULL;
        if (!program)
                return err_hint(err,
                                err_set(err, CFS_E_UNSUPPORTED, "neither pasta nor slirp4netns is installed"),
                                "apt-get install passt");
        r = process_no_descriptors(err);
        if (r < 0)
                return r;
        if (STREQ(program, "pasta"))
                return start_pasta(pid, ports, n_ports, file, ret_pid, err);
        if (n_ports > 0)
                return err_hint(err, err_set(err, CFS_E_UNSUPPORTED, "--publish needs pasta"),
                                "apt-get install passt");
        *ret_address = "10.0.2.100";
        return start_slirp(pid, ret_pid, err);
}

void user_mode_stop(int32_t pid, const char *file)
{
        char path[32], name[32];
        FILE *f;

        (void)umount2(file, MNT_DETACH | UMOUNT_NOFOLLOW);
        (void)unlink(file);
        /* Pids are reused: only what is called so. */
        (void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        f = fopen(path, "re");
        if (f && fgets(name, sizeof(name), f) &&
            (str_has_prefix(name, "slirp4netns") || str_has_prefix(name, "pasta") ||
             str_has_prefix(name, "passt")))
                (void)kill(pid, SIGTERM);
        if (f)
                (void)fclose(f);
}
