#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""order.py CFS > src/musl/order.ld - which functions of cfs the usual commands execute, as a script for the linker.

The linker puts these side by side: 200 KiB of 650 are all that a container takes, and the kernel maps, and counts, 64 KiB around
each page that is touched. A function that is missing here is only further away, and a name that no function has any more does
no harm; so it is enough to run this now and then. Needs root, x86-64, python3, nm and a busybox (mkbundles.py).

How: a breakpoint at the beginning of each function, by ptrace(2), in all processes of a command, until it is met.
"""
import ctypes, json, os, signal, subprocess, sys, tempfile

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 3
TRACEME, PEEKUSER, POKEUSER, CONT, SETOPTIONS, GETEVENTMSG = 0, 3, 6, 7, 0x4200, 0x4201
OPTIONS = 2 | 4 | 8 | 0x10 | 0x100000           # fork, vfork, clone, exec; all are killed with this program
RIP = 16 * 8                                    # sys/user.h
WALL = 0x40000000
HEAD = """/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions that the usual commands execute, side by side. Made by contrib/bench/order.py. */
"""


def ptrace(request, pid, address=0, data=0):
    return libc.ptrace(request, ctypes.c_void_p(pid), ctypes.c_void_p(address), ctypes.c_void_p(data))


class Trace:
    def __init__(self, cfs):
        self.cfs, self.inode = cfs, os.stat(cfs).st_ino
        self.names, self.met, self.base, self.bytes = {}, set(), {}, {}
        for line in subprocess.run(['nm', '-S', cfs], capture_output=True, text=True, check=True).stdout.splitlines():
            word = line.split()
            if len(word) == 4 and word[2] in 'tTwW':
                self.names.setdefault(int(word[0], 16), word[3])

    def executed(self, pid):
        """A process has executed something: cfs again?"""
        self.base.pop(pid, None)
        for line in open(f'/proc/{pid}/maps'):
            word = line.split()
            if word[4] == str(self.inode) and int(word[2], 16) == 0:
                base = self.base[pid] = int(word[0].split('-')[0], 16)
                with open(f'/proc/{pid}/mem', 'r+b', buffering=0) as mem:
                    for a in self.names:
                        mem.seek(base + a)
                        self.bytes.setdefault(a, mem.read(1))
                        mem.seek(base + a)
                        mem.write(b'\xcc')
                return

    def trapped(self, pid):
        rip = ptrace(PEEKUSER, pid, RIP) - 1
        a = rip - self.base.get(pid, 0)
        if a not in self.bytes:
            return
        self.met.add(self.names[a])
        with open(f'/proc/{pid}/mem', 'r+b', buffering=0) as mem:
            mem.seek(rip)
            mem.write(self.bytes[a])
        ptrace(POKEUSER, pid, RIP, rip)

    def run(self, *args):
        argv = [self.cfs, '--root', self.root, *args]
        pid = os.fork()
        if pid == 0:
            try:
                null = os.open('/dev/null', os.O_RDWR)
                for fd in 0, 1:
                    os.dup2(null, fd)
                ptrace(TRACEME, 0)
                os.kill(os.getpid(), signal.SIGSTOP)
                os.execv(self.cfs, argv)
            finally:
                os._exit(127)
        os.waitpid(pid, 0)
        ptrace(SETOPTIONS, pid, 0, OPTIONS)
        ptrace(CONT, pid)
        while True:
            p, status = os.waitpid(-1, WALL)
            if not os.WIFSTOPPED(status):
                if p != pid:
                    continue
                if status:
                    sys.exit(f'order.py: {" ".join(argv)}: status {status}')
                return
            event, sig = status >> 16, os.WSTOPSIG(status)
            if event == 4:
                self.executed(p)
            elif event:
                child = ctypes.c_ulong()
                libc.ptrace(GETEVENTMSG, ctypes.c_void_p(p), None, ctypes.byref(child))
                if p in self.base:
                    self.base[child.value] = self.base[p]
            elif sig == signal.SIGTRAP:
                self.trapped(p)
            ptrace(CONT, p, 0, 0 if event or sig in (signal.SIGTRAP, signal.SIGSTOP) else sig)


def main():
    t = Trace(os.path.abspath(sys.argv[1]))
    order = []
    with tempfile.TemporaryDirectory(dir='/run') as d:
        t.root = f'{d}/state'
        subprocess.run([sys.executable, os.path.dirname(os.path.abspath(__file__)) + '/mkbundles.py', d], check=True,
                       stdout=subprocess.DEVNULL)
        minimal, engine, sleeper, c = f'{d}/minimal', f'{d}/podmanlike', f'{d}/sleeper', f'order{os.getpid()}'
        with open(f'{minimal}/config.json') as f:
            config = json.load(f)
        config['root']['path'] = f'{minimal}/{config["root"]["path"]}'
        config['process']['args'] = ['/bin/sleep', '1000']
        os.mkdir(sleeper)
        with open(f'{sleeper}/config.json', 'w') as f:
            json.dump(config, f)
        t.run('create', '-b', sleeper, c)
        t.met.clear()
        # A small command touches the first of them only, a run of an engine's bundle all.
        for command in ('state', c), ('list',), ('kill', c, '0'), ('run', '-b', minimal, c + '-2'), ('exec', c, '/bin/true'), \
                ('start', c), ('delete', '--force', c), ('run', '-b', engine, c + '-3'):
            t.run(*command)
            # A part of a function has a point in its name, and a section of its own.
            order += sorted({n.split('.')[0] for n in t.met}.difference(order))
    print(HEAD + 'SECTIONS\n{\n        .text.usual : {')
    for n in order:
        print(f'                *(.text.{n} .text.{n}.*)')
    print('        }\n}\nINSERT BEFORE .text;')


if __name__ == '__main__':
    main()
