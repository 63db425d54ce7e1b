/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process.terminal and process.consoleSize (config.md, "Process").
 *
 * The pseudoterminal is made in the container's own devpts instance, so that its name means something inside.
 * The peer is opened with TIOCGPTPEER (ioctl_tty(2)), from the master's descriptor: never by the path
 * /dev/pts/N, which a container could exchange (CVE-2025-52565). The master goes to the console socket (one
 * message: one descriptor, and the peer's name as the payload), or to the runtime itself under a foreground
 * `run`. The peer becomes stdin, stdout, stderr and the controlling terminal (the row "session" has made the
 * init a session leader), and, for create, is bound on /dev/console.
 *
 * The terminal's modes stay as the kernel made them: an engine relays what comes out of the master to a
 * terminal that it has made raw, where a line that ends in a bare newline begins below the end of the last
 * one. Only for our own relay (container/foreground.c) ONLCR is cleared: its output may be a file, and a
 * terminal adds the carriage return itself.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mnt.h"
#include "base/path.h"
#include "base/unix.h"
#include "base/weakened.h"
#include "libcfs/mount/mount.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/steps/steps.h"
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#define PTMX_DEVICE makedev(5, 2)

bool terminal_wanted(const struct ctx *c)
{
        return c->process->terminal;
}

bool terminal_foreign(const struct ctx *c)
{
        return c->console_socket != NULL;
}

void terminal_check(const struct ctx *c, struct problems *p)
{
        if (!c->create && !c->exec) /* cfs check: who will get the terminal is not known */
                return;
        if (c->process->terminal && !c->console_socket && !c->foreground) {
                problem(p, "process.terminal",
                        "cannot allocate tty if cfs will detach without setting console socket");
                problem_hint(p, "name the socket that gets the terminal (--console-socket), stay in the "
                                "foreground (cfs run, cfs exec), or do without a terminal");
        }
        if (!c->process->terminal && c->console_socket) {
                problem(p, "process.terminal",
                        "cannot use console socket if cfs will not detach or allocate tty");
                problem_hint(p, "set process.terminal, or leave --console-socket out");
        }
}

int terminal_prepare(struct ctx *c, struct cfs_error *err)
{
        const char *path = c->console_socket;
        int fds[2];

        if (path) {
                int fd = unix_connect(path, SOCK_STREAM);

                if (fd < 0)
                        return err_path(err, -fd, "connect", path, "connect to the console socket `%s`",
                                        path);
                c->console_fd = fd;
                return 0;
        }
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return err_sys(err, errno, "socketpair", "make a socket for the terminal");
        c->console_fd = fds[0];
        c->console_peer = fds[1];
        return 0;
}

static int open_ptmx(const struct ctx *c, struct cfs_error *err)
{
        _cleanup_close_ int root = -1;
        struct stat st;
        int dir = c->rootfs_fd;

        if (dir < 0) /* exec: we are in the container's root already */
                dir = root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(err, errno, "open", "open `/`");

        _cleanup_close_ int dev = mount_target_dev(dir, NULL, err);

        if (dev < 0)
                return dev;
        /* ptmx is usually a link to the former; where it is a node of its own (a bind of the host's /dev),
         * it will do. */
        _cleanup_close_ int fd = path_open_beneath(dev, "pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, err);

        if (fd < 0) {
                int r = fd;

                fd = path_open_beneath(dev, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, NULL);
                if (fd < 0)
                        return err_hint(err, r, "a terminal needs a devpts mount on /dev/pts");
                err_clear(err);
        }
        if (fstat(fd, &st) < 0)
                return err_sys(err, errno, "fstat", "examine /dev/pts/ptmx in the container");
        if (!S_ISCHR(st.st_mode) || st.st_rdev != PTMX_DEVICE)
                return err_set(err, CFS_E_INVALID,
                               "/dev/pts/ptmx in the container is not the pseudoterminal multiplexer");
        return TAKE_FD(fd);
}

static int set_up(const struct ctx *c, int master, int tty, struct cfs_error *err)
{
        struct termios t;
        struct winsize w = { 0 };
        const struct oci_console_size *size = c->process->console_size;

        if (c->console_peer >= 0) { /* the runtime relays: before the program can write its first line */
                if (tcgetattr(master, &t) < 0)
                        return err_sys(err, errno, "tcgetattr", "read the terminal's settings");
                t.c_oflag &= ~(tcflag_t)ONLCR;
                if (tcsetattr(master, TCSANOW, &t) < 0)
                        return err_sys(err, errno, "tcsetattr", "set up the terminal");
        }
        if (size)
                w = (struct winsize){ .ws_row = (unsigned short)size->height,
                                      .ws_col = (unsigned short)size->width };
        else if (
                /* as our caller's, from the start: the program may ask before the runtime does */
                c->foreground)
                (void)ioctl(STDIN_FILENO, TIOCGWINSZ, &w);
        if ((w.ws_row || w.ws_col) && ioctl(master, TIOCSWINSZ, &w) < 0)
                return err_property(err, err_sys(err, errno, "ioctl", "set the terminal's size"),
                                    "process.consoleSize");
        if (c->process->user && fchown(tty, c->process->user->uid, (gid_t)-1) < 0 && errno != EPERM &&
            errno != EINVAL)
                return err_sys(err, errno, "fchown", "give the terminal to uid %u", c->process->user->uid);
        return 0;
}

static int send_master(const struct ctx *c, int master, struct cfs_error *err)
{
        static const char name[] = "/dev/ptmx";
        ssize_t n = unix_send(c->console_fd, name, strlen(name), master);

        return n < 0 ? err_sys(err, (int)-n, "sendmsg", "send the terminal's master to the console socket")
                     : 0;
}

/* By its descriptor, not by its name. */
static int open_peer(int master)
{
        char path[32];
        unsigned n;

        if (!WEAKENED("terminal-peer") || ioctl(master, TIOCGPTN, &n) < 0)
                return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        (void)snprintf(path, sizeof(path), "/dev/pts/%u", n);
        return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int terminal_init(struct ctx *c, struct cfs_error *err)
{
        int unlock = 0, r;
        _cleanup_close_ int master = open_ptmx(c, err);

        if (master < 0)
                return master;
        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return err_sys(err, errno, "ioctl", "unlock the pseudoterminal");
        _cleanup_close_ int tty = open_peer(master);

        if (tty < 0)
                return err_sys(err, errno, "ioctl", "open the pseudoterminal's peer");
        r = set_up(c, master, tty, err);
        if (r >= 0)
                r = send_master(c, master, err);
        if (r < 0)
                return r;
        for (int fd = 0; fd < 3; fd++)
                if (dup2(tty, fd) < 0)
                        return err_sys(err, errno, "dup2", "make the pseudoterminal descriptor %d", fd);
        return 0;
}

int terminal_control_init(struct ctx *c, struct cfs_error *err)
{
        (void)c;
        if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
                return err_sys(err, errno, "ioctl", "make the pseudoterminal the controlling terminal");
        return 0;
}

/* /dev/console: a bind of the peer on a plain file (runtime's own name: no links followed). In a /dev that
 * is not the container's own nothing is made (devices.c); and without a mount namespace, "/" being the
 * root, it would be the host's. */
int terminal_console_init(struct ctx *c, struct cfs_error *err)
{
        if (c->root_is_runtimes)
                return 0;

        _cleanup_close_ int dev = mount_target_dev(c->rootfs_fd, NULL, err);

        if (dev < 0)
                return dev;
        _cleanup_close_ int made = -1; /* an existing file will do; anything else fails below */

        if (!c->dev_is_foreign)
                made = openat(dev, "console", O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (!c->dev_is_foreign && made < 0 && errno != EEXIST)
                return err_sys(err, errno, "openat", "make `/dev/console` in the container");
        _cleanup_close_ int target = path_open_beneath(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC, err);

        if (target == -ENOENT && c->dev_is_foreign) {
                err_clear(err);
                log_warning("the terminal is not bound on /dev/console: /dev is not the container's own");
                return 0;
        }
        if (target < 0)
                return target;
        _cleanup_close_ int clone = mnt_clone(STDIN_FILENO, "", false, err);

        return clone < 0 ? clone : mnt_attach(clone, target, err);
}

void terminal_explain(const struct ctx *c, struct report *r)
{
        report_line(r, "a pseudoterminal as standard streams and /dev/console; its master goes to %s",
                    c->console_socket ? c->console_socket : "the runtime");
}
