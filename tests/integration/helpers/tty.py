#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Terminals for the tests.

tty.py console SOCKET OUTPUT [INPUT]
    What an engine does for --console-socket: listens on SOCKET (whose directory may be too long for sun_path), takes the
    first descriptor that is sent, writes to OUTPUT.name the payload that came with it, sends INPUT to the terminal when
    there is any, and copies what the terminal says to OUTPUT until its end. Writes "ready" to OUTPUT.ready when it listens.

tty.py run ROWSxCOLUMNS [--type PATTERN TEXT | --resize PATTERN ROWSxCOLUMNS | --signal PATTERN NUMBER]... -- COMMAND...
    Runs COMMAND on a new terminal, its controlling one, of that size. Copies what it says to stdout. When PATTERN has been
    seen: types TEXT, changes the size (the kernel sends SIGWINCH), or sends a signal to the command; in that order. Ends
    with the command's exit code, and says on stderr whether the terminal's settings were left as they were.
"""
import array
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import termios


def set_size(fd, text):
    rows, cols = map(int, text.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def console(path, output, send=""):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.chdir(os.path.dirname(path))
    listener.bind(os.path.basename(path))
    listener.listen(1)
    open(output + ".ready", "w").close()
    signal.alarm(60)
    conn, _ = listener.accept()
    fds = array.array("i")
    name, ancillary, _, _ = conn.recvmsg(4096, socket.CMSG_SPACE(4 * 8))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[:len(data) // 4 * 4])
    with open(output + ".name", "wb") as f:
        f.write(name + b" %d\n" % len(fds))
    if send:
        os.write(fds[0], send.encode())
    with open(output, "wb", buffering=0) as f:
        while True:
            try:
                data = os.read(fds[0], 4096)
            except OSError:
                break
            if not data:
                break
            f.write(data)


def run(args):
    size, todo = args.pop(0), []
    while args[0] != "--":
        todo.append((args.pop(0), args.pop(0).encode(), args.pop(0)))
    master, slave = os.openpty()
    set_size(master, size)
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.close(master)
        os.login_tty(slave) if hasattr(os, "login_tty") else login_tty(slave)
        os.execvp(args[1], args[1:])
    signal.alarm(60)
    seen = b""
    status = None
    while True:
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready:
            try:
                data = os.read(master, 4096)
            except OSError:
                data = b""
            seen += data
            os.write(1, data)
        elif status is not None:
            break
        if status is None:
            done, result = os.waitpid(pid, os.WNOHANG)
            status = result if done else None
        while todo and todo[0][1] in seen:
            option, pattern, value = todo.pop(0)
            seen = seen.split(pattern, 1)[1]
            if option == "--type":
                os.write(master, value.encode())
            elif option == "--resize":
                set_size(master, value)
            else:
                os.kill(pid, int(value))
    after = termios.tcgetattr(slave)
    print("terminal %s" % ("restored" if before == after else "left changed"), file=sys.stderr)
    sys.exit(os.waitstatus_to_exitcode(status) & 255)


def login_tty(fd):
    os.setsid()
    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
    for i in range(3):
        os.dup2(fd, i)
    if fd > 2:
        os.close(fd)


if __name__ == "__main__":
    if sys.argv[1] == "console":
        console(*sys.argv[2:])
    else:
        run(sys.argv[2:])
