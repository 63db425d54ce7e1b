# SPDX-License-Identifier: LGPL-2.1-or-later
"""A world of its own for containers under faults: private mounts and network, a subreaper that every process left behind
comes to, bundles of several kinds, and what there is to be seen on the host."""
import array
import contextlib
import copy
import ctypes
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_REC, MS_PRIVATE, MS_BIND = 0x4000, 0x40000, 0x1000
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
USER = 54321
CLONE_NEWUSER, CLONE_NEWIPC, CLONE_NEWUTS = 0x10000000, 0x8000000, 0x4000000
SETUPS = ('minimal', 'full', 'hooks', 'terminal', 'userns', 'rootless', 'joined', 'pod', 'extras', 'systemd')


def checked(r):
    if r < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def isolate():
    checked(LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0))
    checked(LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    checked(LIBC.unshare(CLONE_NEWNS | CLONE_NEWNET))
    checked(LIBC.mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None))


def cgroup_mounts():
    with open('/proc/self/mountinfo') as f:
        for line in f:
            left, _, right = line.partition(' - ')
            if right.split()[0] in ('cgroup', 'cgroup2'):
                yield left.split()[4]


def read(path):
    try:
        with open(path, errors='replace') as f:
            return f.read()
    except OSError:
        return None


def descendants(pid, but=()):
    """All processes below one, zombies that are ours reaped."""
    found = []
    for child in (read(f'/proc/{pid}/task/{pid}/children') or '').split():
        if int(child) not in but:
            found += [int(child), *descendants(int(child))]
    return found


def reap():
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def run_command(args, out, err, env, uid=0, seconds=60):
    """The status of a command. By posix_spawn(3) and a pidfd: subprocess costs several times as much, and looks for the end now and then."""
    if uid:
        args = ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', *args]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [*((os.POSIX_SPAWN_OPEN, fd, '/dev/null', os.O_RDONLY, 0) for fd in (0, 3)),  # 3: to be preserved, in some set-ups
             (os.POSIX_SPAWN_OPEN, 1, out, flags, 0o666), (os.POSIX_SPAWN_OPEN, 2, err, flags, 0o666)]
    pid = os.posix_spawnp(args[0], args, env, file_actions=files)
    pidfd = os.pidfd_open(pid)
    try:
        if not select.select([pidfd], [], [], seconds)[0]:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise TimeoutError(f'{" ".join(args)}: no end within {seconds} s')
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        os.close(pidfd)


# ---- bundles --------------------------------------------------------------------------------------------------------

def base_config(spec, word, setup):
    c = copy.deepcopy(spec)
    c['process'].update({'terminal': setup == 'terminal', 'args': ['/bin/inspector', 'stay']})
    c['linux']['cgroupsPath'] = f'system.slice:{word}:c' if setup == 'systemd' else f'/{word}/c'
    # An ordinary user may make no cgroup here: one that is asked for would be an error.
    if setup == 'rootless':
        del c['linux']['cgroupsPath']
    return c


def minimal(c):
    c['linux']['namespaces'] = [{'type': t} for t in ('pid', 'mount', 'ipc', 'uts', 'network')]
    c['linux']['resources'] = {'pids': {'limit': 50}}
    c['mounts'] = [{'destination': '/proc', 'type': 'proc', 'source': 'proc'},
                   {'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'mode=755', 'size=64k']}]
    for name in ('maskedPaths', 'readonlyPaths'):
        c['linux'].pop(name, None)


def full(c):
    c['process'].update({'user': {'uid': 1000, 'gid': 1000, 'additionalGids': [5, 6], 'umask': 23}, 'oomScoreAdj': 100,
                         'cwd': '/home/user', 'noNewPrivileges': True,
                         'scheduler': {'policy': 'SCHED_BATCH', 'nice': 5},
                         'ioPriority': {'class': 'IOPRIO_CLASS_BE', 'priority': 6}})
    c['process']['rlimits'] = [{'type': 'RLIMIT_NOFILE', 'soft': 100, 'hard': 200}, {'type': 'RLIMIT_CORE', 'soft': 0, 'hard': 0}]
    caps = c['process']['capabilities']
    caps['ambient'] = caps['inheritable'] = ['CAP_KILL']
    c['domainname'] = 'example'
    c['linux']['sysctl'] = {'net.ipv4.ip_forward': '1', 'kernel.msgmax': '8000'}
    c['linux']['devices'] = [{'path': '/dev/fuse', 'type': 'c', 'major': 10, 'minor': 229, 'fileMode': 438, 'uid': 0, 'gid': 0}]
    c['linux']['resources'] = {'pids': {'limit': 50}, 'memory': {'limit': 64 << 20}, 'cpu': {'shares': 512},
                               'devices': [{'allow': False, 'access': 'rwm'}, {'allow': True, 'type': 'c', 'major': 10, 'minor': 229, 'access': 'rw'}]}
    c['linux']['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'architectures': ['SCMP_ARCH_X86_64'] if os.uname().machine == 'x86_64' else [],
                             'syscalls': [{'names': ['swapon', 'reboot'], 'action': 'SCMP_ACT_ERRNO'}]}
    ids = [{'containerID': 0, 'hostID': 1000, 'size': 10}]
    c['mounts'] += [{'destination': '/data', 'type': 'bind', 'source': 'data', 'options': ['rbind', 'ro', 'nosuid']},
                    {'destination': '/mapped', 'type': 'bind', 'source': 'data', 'options': ['bind', 'idmap'], 'uidMappings': ids, 'gidMappings': ids}]


def terminal(c):
    minimal(c)
    c['mounts'].append({'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts', 'options': ['newinstance', 'ptmxmode=0666', 'mode=0620']})


def hooks(c):
    minimal(c)
    c['hooks'] = {k: [{'path': '/bin/true'}] for k in ('prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop')}
    c['hooks']['startContainer'] = [{'path': '/bin/inspector', 'args': ['inspector', 'exit', '0']}]


def joined(c):
    """All of another's, as the containers of a pod have them. World.hold() knows whose."""
    minimal(c)
    c['linux']['namespaces'] = [{'type': 'mount'}, *({'type': t, 'path': f'/proc/HOLDER/ns/{f}'}
                                                     for t, f in (('pid', 'pid'), ('ipc', 'ipc'), ('uts', 'uts'), ('network', 'net')))]
    del c['hostname']


def pod(c):
    """The user namespace of another, and what belongs to it: a stage process joins them."""
    minimal(c)
    c['linux']['namespaces'] = [*({'type': t} for t in ('mount', 'pid')), *({'type': t, 'path': f'/proc/HOLDER/ns/{f}'}
                                for t, f in (('user', 'user'), ('ipc', 'ipc'), ('uts', 'uts'), ('network', 'net')))]
    del c['hostname']


def extras(c):
    """What the others do not have: see World.options(), too."""
    minimal(c)
    c['root']['readonly'] = True
    c['process'].update({'execCPUAffinity': {'initial': '0', 'final': '0'}, 'oomScoreAdj': 50})
    c['mounts'] += [{'destination': '/home', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['tmpcopyup']},
                    {'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': ['ro']}]
    c['linux']['namespaces'] += [{'type': t} for t in ('time', 'cgroup')]
    c['linux'].update({'timeOffsets': {'monotonic': {'secs': 1000}, 'boottime': {'secs': 2000}}, 'personality': {'domain': 'LINUX'},
                       'rootfsPropagation': 'rslave', 'netDevices': {'fault0': {'name': 'eth0'}},
                       'seccomp': {'defaultAction': 'SCMP_ACT_ALLOW', 'listenerPath': 'TOP/agent',
                                   'syscalls': [{'names': ['swapon'], 'action': 'SCMP_ACT_NOTIFY'}]}})
    c['linux']['resources'].update({'cpu': {'cpus': '0', 'mems': '0'}, 'hugepageLimits': [], 'unified': {}})


def systemd(c):
    """The cgroup is a scope of systemd's."""
    full(c)


def userns(c):
    full(c)
    c['linux']['namespaces'].append({'type': 'user'})
    for k in ('uidMappings', 'gidMappings'):
        c['linux'][k] = [{'containerID': 0, 'hostID': 100000, 'size': 65536}]
    c['linux']['devices'] = []
    c['process'].pop('ioPriority', None)


def rootless(c):
    for k in ('uidMappings', 'gidMappings'):
        c['linux'][k] = [{'containerID': 0, 'hostID': USER, 'size': 1}, {'containerID': 1, 'hostID': 1000000, 'size': 65536}]


def changed(before, after):
    """What is new, or gone. The kernel detaches a mount when its directory is removed in another mount namespace (umount2(2)), as that of a
    test which runs beside this one."""
    if not isinstance(before, list):
        return after
    gone = [x for x in before if x not in after and not (isinstance(x, str) and ' - ' in x and not os.path.lexists(x.split()[4]))]
    return [x for x in after if x not in before] + [f'not {x}' for x in gone]


class World:
    """One set-up: its bundle, its state directory, its cgroups by a name of their own."""

    holders = []  # of all worlds of this worker: no container's
    peers = 0     # ends of network devices that have been made

    def __init__(self, top, cfs, inject, inspector, setup, patience=10):
        self.setup, self.inject_path, self.patience = setup, inject, patience
        self.word = f'fault{os.getpid()}{setup}'
        self.top = os.path.join(top, setup)
        self.state, self.bundle = os.path.join(self.top, 'state'), os.path.join(self.top, 'bundle')
        self.uid = USER if setup == 'rootless' else 0
        self.pid_file, self.log = os.path.join(self.top, 'user', 'pid'), os.path.join(self.top, 'user', 'log')
        for d in (self.state, os.path.dirname(self.pid_file)):
            os.makedirs(d)
            checked(LIBC.mount(b'none', d.encode(), b'tmpfs', 0, b'mode=755'))  # as /run is, and cheaper than a disk
        os.chmod(self.top, 0o755)
        self.exe = os.path.join(self.top, 'cfs')
        shutil.copy(cfs, self.exe)
        self.hierarchies = list(cgroup_mounts())
        self.console = os.path.join(self.top, 'console')
        self.holder = self.hold() if setup == 'joined' else self.hold_user_namespace() if setup == 'pod' else None
        if setup == 'extras':
            self.hold_agent()
        self.make_bundle(inspector)
        self.images_path = os.path.join(self.top, 'images')
        self.make_criu()
        if self.uid:
            self.account_files()
            subprocess.run(['chown', '-R', f'{USER}:{USER}', self.state, self.bundle, os.path.dirname(self.pid_file)], check=True)

    @staticmethod
    def hold():
        """A process with namespaces of its own, the first of its PID namespace."""
        # pylint: disable=consider-using-with
        p = subprocess.Popen(['setpriv', '--pdeathsig', 'KILL', 'unshare', '--pid', '--ipc', '--uts', '--net', '--fork', '--kill-child',
                              'sleep', 'infinity'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (found := (read(f'/proc/{p.pid}/task/{p.pid}/children') or '').split()) or read(f'/proc/{found[0]}/comm') != 'sleep\n':
            time.sleep(0.01)
        World.holders.append(p.pid)
        return int(found[0])

    @staticmethod
    def hold_user_namespace():
        """A process with a user namespace of its own, and what belongs to that."""
        made, go = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            checked(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET))
            os.write(made[1], b'x')
            os.read(go[0], 1)
            while True:
                signal.pause()
        os.read(made[0], 1)
        for name in ('uid_map', 'gid_map'):
            with open(f'/proc/{pid}/{name}', 'w') as f:
                f.write('0 100000 65536')
        os.write(go[1], b'x')
        for fd in (*made, *go):
            os.close(fd)
        World.holders.append(pid)
        return pid

    def hold_agent(self):
        """A process that takes what comes to the seccomp agent's socket, and to that for a pidfd, and lets go of it when it is made."""
        sockets = []
        for name in ('agent', 'pidfd'):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.bind(os.path.join(self.top, name))
            s.listen(64)
            sockets.append(s)
        pid = os.fork()
        if pid == 0:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            while True:
                for s in select.select(sockets, [], [])[0]:
                    peer, _ = s.accept()
                    with contextlib.suppress(OSError):
                        peer.settimeout(1)
                        for fd in socket.recv_fds(peer, 65536, 8)[1]:
                            os.close(fd)
                    peer.close()
        for s in sockets:
            s.close()
        World.holders.append(pid)

    def options(self):
        """Of create and run."""
        return ['--no-pivot', '--preserve-fds', '1', '--no-new-keyring', '--pidfd-socket', os.path.join(self.top, 'pidfd')] if self.setup == 'extras' else []

    def given_back(self):
        """After a failure the host has the network device that the container was to get."""
        return [] if self.setup != 'extras' or 'fault0:' in (read('/proc/self/net/dev') or '') else [('left', 'fault0 is not the host\'s again')]

    def prepare(self):
        """What the host has before a container: a network device, which ends with the container that it was given to."""
        if self.given_back():
            World.peers += 1
            subprocess.run(['ip', 'link', 'add', 'fault0', 'type', 'veth', 'peer', 'name', f'faultp{World.peers}'], check=True)

    def ours(self):
        """The processes that cfs has left to us."""
        return descendants(os.getpid(), but=World.holders)

    def make_bundle(self, inspector):
        root = os.path.join(self.bundle, 'rootfs')
        for d in ('bin', 'dev', 'proc', 'sys/fs/cgroup', 'etc', 'home/user', 'data', 'mapped'):
            os.makedirs(os.path.join(root, d))
        for d in ('data', 'made'):
            os.mkdir(os.path.join(self.bundle, d))
        shutil.copy(inspector, os.path.join(root, 'bin/inspector'))
        with open(os.path.join(root, 'etc/passwd'), 'w') as f:
            f.write('root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n')
        args = ['spec', '--rootless'] if self.uid else ['spec']
        subprocess.run([self.exe, *args, '-b', self.bundle], check=True)
        path = os.path.join(self.bundle, 'config.json')
        with open(path) as f:
            c = base_config(json.load(f), self.word, self.setup)
        globals()[self.setup](c)
        c = json.loads(json.dumps(c).replace('HOLDER', str(self.holder)).replace('TOP/agent', os.path.join(self.top, 'agent')))
        with open(path, 'w') as f:
            json.dump(c, f)
        c['process']['args'] = ['/bin/inspector']
        short = os.path.join(self.top, 'short.json')
        with open(short, 'w') as f:
            json.dump(c, f)
        if not self.uid and 'does not support mapped ids' in self.cfs('run', '-b', self.bundle, '-f', short, 'probe')[1]:
            for name in (short, path):
                with open(name) as f:
                    c = json.load(f)
                c['mounts'] = [m for m in c['mounts'] if m['destination'] != '/mapped']
                with open(name, 'w') as f:
                    json.dump(c, f)

    def account_files(self):
        for name, line in (('passwd', f'cfsuser:x:{USER}:{USER}::{self.top}:/bin/sh\n'), ('group', f'cfsuser:x:{USER}:\n'),
                           ('subuid', f'{USER}:1000000:65536\n'), ('subgid', f'{USER}:1000000:65536\n')):
            path = os.path.join(self.top, name)
            with open(path, 'w') as f:
                f.write((read(f'/etc/{name}') or '') + line)
            checked(LIBC.mount(path.encode(), f'/etc/{name}'.encode(), None, MS_BIND, None))

    def make_criu(self):
        """In the PATH of cfs alone: tests/integration's stand-in for CRIU."""
        fake = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../integration/helpers/fake-criu')
        for d in ('bin', 'criu'):
            os.mkdir(os.path.join(self.top, d))
        path = os.path.join(self.top, 'bin/criu')
        with open(path, 'w') as f:
            f.write(f'#!/bin/sh\nFAKE_CRIU={self.top}/criu exec {sys.executable} -I -S {fake} "$@"\n')
        os.chmod(path, 0o755)

    def images(self):
        """What a checkpoint leaves, as far as cfs looks."""
        shutil.rmtree(self.images_path, ignore_errors=True)
        os.mkdir(self.images_path)
        with open(os.path.join(self.images_path, 'descriptors.json'), 'w') as f:
            f.write('["", "", ""]')

    # ---- commands ---------------------------------------------------------------------------------------------------

    def command(self, *args):
        return [self.exe, '--root', self.state, *(['--systemd-cgroup'] if self.setup == 'systemd' else []), *args]

    def environment(self):
        return {'PATH': f'{self.top}/bin:{os.environ["PATH"]}', 'HOME': self.top}

    def cfs(self, *args, out=None):
        """Without a fault. (status, standard error)"""
        err = os.path.join(self.top, 'err')
        r = run_command(self.command(*args), out or os.path.join(self.top, 'ignored'), err, self.environment(), self.uid)
        return r, read(err).strip()

    def logged(self):
        """What cfs has written to its log: the last of it is the error that ended it, if one did. Engines read it line by line, as JSON."""
        def document(line):
            try:
                return json.loads(line)
            except ValueError:
                return {'msg': f'not JSON: {line}', 'broken': True}
        return [document(line) for line in (read(self.log) or '').splitlines()]

    def inject(self, mode, *args, out, attach=None):
        """Under the injector. (its lines, standard error and log)"""
        log = os.path.join(self.top, 'log')
        command = [self.inject_path, '-o', log, '-t', str(self.patience), *(['-u', str(self.uid)] if self.uid else []),
                   *(['-a', str(attach)] if attach else []), *mode, '--', *self.command('--log', self.log, '--log-format', 'json', *args)]
        if os.path.exists(self.log):
            os.unlink(self.log)
        err = os.path.join(self.top, 'err')
        r = run_command(command, out, err, self.environment(), seconds=self.patience + 60)
        said = read(err).strip()
        text = '\n'.join([said, *(x['msg'] for x in self.logged() if x['msg'] not in said)]).strip()
        if r != 0:
            raise RuntimeError(f'inject {" ".join(mode)}: {text}')
        return read(log).splitlines(), text

    # ---- what is to be seen ------------------------------------------------------------------------------------------

    def hybrid(self):
        return len(self.hierarchies) > 1

    def cgroups(self):
        return sorted(d for m in self.hierarchies for d in (os.path.join(m, self.word), f'{m}/system.slice/{self.word}-c.scope') if os.path.isdir(d))

    def knobs(self):
        """The limits of the container's cgroups, whatever the hierarchy."""
        names = ('pids.max', 'memory.limit_in_bytes', 'memory.max', 'cpu.shares', 'cpu.weight')
        return {n: v for m in self.hierarchies for n in names if (v := read(os.path.join(m, self.word, 'c', n)))}

    def inside(self):
        """What a container has of the host, which commands that leave it alone leave so."""
        state = sorted(os.path.join(d, f) for d, ds, fs in os.walk(self.state) for f in ds + fs)
        cgroups = sorted(d for m in self.hierarchies for d, _, _ in os.walk(os.path.join(m, self.word)))
        return {'record': state, 'groups': cgroups}

    @staticmethod
    def devices():
        """But for those of prepare(), which the kernel removes a moment after their network namespace has ended."""
        return [x.split(':')[0] for x in (read('/proc/self/net/dev') or '').splitlines() if ':' in x and not x.strip().startswith('fault')]

    def host(self):
        reap()
        files = sorted(os.path.join(d, f) for d, ds, fs in os.walk(self.bundle) for f in ds + fs)
        return {'cgroups': self.cgroups(), 'mounts': read('/proc/self/mountinfo').splitlines(), 'state': sorted(os.listdir(self.state)),
                'devices': self.devices(), 'processes': self.ours(), 'files': files}

    def settle(self, seconds=0.5):
        """Waits until no process of ours runs any more; those that wait stay."""
        end, quiet = time.monotonic() + seconds, 0
        while quiet < 2 and time.monotonic() < end:
            reap()
            states = [(read(f'/proc/{p}/stat') or ') Z').rsplit(')', 1)[1].split()[0] for p in self.ours()]
            if not states:
                return
            quiet = quiet + 1 if all(s in 'ST' for s in states) else 0
            time.sleep(0.002)

    def differences(self, before, seconds=1):
        """What is not as it was; processes get the time to end that the kernel needs."""
        end = time.monotonic() + seconds
        while True:
            after = {**self.host(), **(self.inside() if 'record' in before else {})}
            found = [f'{k}: {x}' for k in before if before[k] != after[k] and (x := changed(before[k], after[k]))]
            if not found or time.monotonic() > end:
                return found
            time.sleep(0.01)

    def clean(self):
        """By force, when cfs could not."""
        for p in self.ours():
            with contextlib.suppress(OSError):
                os.kill(p, signal.SIGKILL)
        time.sleep(0.05)
        reap()
        for c in os.listdir(self.state):
            shutil.rmtree(os.path.join(self.state, c), ignore_errors=True)
        for m in self.hierarchies:
            for d, _, _ in os.walk(os.path.join(m, self.word), topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(d)


# ---- the container's report -----------------------------------------------------------------------------------------

class Console:
    """What --console-socket leads to."""

    def __init__(self, path):
        with contextlib.suppress(OSError):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(path)
        os.chmod(path, 0o777)
        self.socket.listen()
        self.socket.setblocking(False)
        self.master, self.text = None, b''

    def read(self):
        with contextlib.suppress(OSError):
            if self.master is None:
                peer, _ = self.socket.accept()
                _, control, _, _ = peer.recvmsg(256, socket.CMSG_SPACE(4))
                peer.close()
                if control:
                    fds = array.array('i')
                    fds.frombytes(control[0][2][:4])
                    self.master = fds[0]
                    os.set_blocking(self.master, False)
            while self.master is not None and (data := os.read(self.master, 65536)):
                self.text += data
        return self.text.decode(errors='replace').replace('\r', '')

    def close(self):
        self.socket.close()
        if self.master is not None:
            os.close(self.master)


VOLATILE = ('monotonic', 'boottime', 'keyring', 'keys')


def normal(text, top):
    """A report without what differs from one container to the next. None: there is none, or it is not complete."""
    if not text or not text.rstrip().endswith('}'):
        return None
    try:
        r = json.loads(text)
    except ValueError:
        return None
    for k in VOLATILE:
        r.pop(k, None)
    # In a PID namespace of others each process has the next number.
    r.update({k: r.get(k) == r['pid'] for k in ('sid', 'pgid')}, pid='first' if r['pid'] == 1 else 'other')
    own = {os.path.basename(n): os.readlink(n) for n in (f'/proc/self/ns/{x}' for x in os.listdir('/proc/self/ns'))}
    # Hierarchies by name alone come and go with what else runs on this machine.
    r['cgroup'] = [x for x in r.get('cgroup') or [] if not re.match(r'\d+:name=(?!systemd)', x)]
    r['ns'] = {k: 'own' if v != own.get(k) else 'host' for k, v in (r.get('ns') or {}).items()}
    points = {}
    for line in r.get('mountinfo') or []:
        points[line.split()[0]] = line.split()[4]
    r['mountinfo'] = [re.sub(r'^\S+ (\S+) (\S+)', lambda m: f'{points.get(m[1], "-")} {"anonymous" if m[2].startswith("0:") else m[2]}', line)
                      for line in r.get('mountinfo') or []]
    r['fds'] = {k: re.sub(r'/out-\d+$|\[\d+\]|\d+$', '', v.replace(top, 'TOP')) for k, v in (r.get('fds') or {}).items()}
    return r


def unlike(report, reference):
    if report is None:
        return ['no report']
    found = []
    for k in (k for k in reference if report.get(k) != reference[k]):
        a, b = report.get(k), reference[k]
        if isinstance(b, dict):
            a, b = ({x: v.get(x) for x in {*a, *b} if a.get(x) != b.get(x)} for v in (a, b))
        elif isinstance(b, list):
            a, b = [x for x in a if x not in b], [x for x in b if x not in a]
        found.append(f'{k}: {json.dumps(a)[:300]} instead of {json.dumps(b)[:300]}')
    return found
