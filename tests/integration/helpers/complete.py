#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""complete.py SHELL SETUP LINE - what an interactive shell shows after LINE and two tabs.

Types into a real bash or zsh on a pseudo-terminal, after the commands SETUP, and prints what follows, without escape
sequences. (fish needs none of this: `complete -C LINE`.)
"""
import os
import re
import select
import sys
import time

sys.path.pop(0)     # tty.py beside this script is not Python's
import pty          # noqa: E402

SHELLS = {
    'bash': ['bash', '--norc', '--noprofile', '-i'],
    'zsh': ['zsh', '-f', '-i'],
}


def read_until(fd, mark, seconds):
    """What comes until the mark, or (mark None) until it is quiet for half a second."""
    text, end = '', time.monotonic() + seconds
    while time.monotonic() < end:
        ready, _, _ = select.select([fd], [], [], 0.7 if mark is None else 0.1)
        if not ready:
            if mark is None:
                return text
            continue
        try:
            text += os.read(fd, 65536).decode(errors='replace')
        except OSError:
            return text
        if mark and mark in text:
            return text
    return text


def main():
    shell, setup, line = sys.argv[1:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM='dumb', PS1='> ', LISTMAX='0', COLUMNS='200')
        os.execvp(shell, SHELLS[shell])
    os.write(fd, (setup + '\necho rea""dy\n').encode())
    read_until(fd, 'ready', 20)
    read_until(fd, None, 5)
    os.write(fd, (line + '\t\t').encode())
    text = read_until(fd, None, 10)
    os.write(fd, b'\x03exit\n')
    os.close(fd)
    os.waitpid(pid, 0)
    print(re.sub(r'\x1b\[[0-9;?]*[A-Za-z]|[\x07\r]', '', text))


if __name__ == '__main__':
    main()
