#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""box.py BUILDDIR [-n ROUNDS] [--json FILE] - what cfs-box costs: the tables of docs/box.md, and whether the bar is met.

contrib/bench/box calls this, in namespaces of its own, with podman and docker set up. `true`, exec and the list of containers
under plain cfs, cfs-box, podman and docker, all without a network so that all do the same work, in one interleaved run in random
order; then images of 1, 10 and 50 layers, the import of 100 MB beside tar -x, ps -a of 1000 containers, and the server. Needs
root. Where this directory (TMPDIR) is a tmpfs, --disk names one that is not. --json writes what picture.py draws.
"""
import argparse
import json
import os
import random
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HOST = b'Host: 127.0.0.1:1337\r\n\r\n'
verdicts = []


def run(argv, **more):
    """Milliseconds that it took, and those of processors that it and what it waited for used."""
    start, cpu = time.perf_counter(), os.times()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **{'stderr': subprocess.PIPE, 'timeout': 120, **more})
    end, after = time.perf_counter(), os.times()
    if done.returncode:
        sys.exit(f'{" ".join(argv)}: exit status {done.returncode}: {(done.stderr or b"").decode(errors="replace")}')
    used = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    return (end - start) * 1000, used * 1000


def spawned(argv):
    """The same by wait4(2), which counts in microseconds."""
    null = [(os.POSIX_SPAWN_OPEN, fd, '/dev/null', os.O_RDWR, 0) for fd in (0, 1)]
    start = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=null)
    _, status, usage = os.wait4(pid, 0)
    end = time.perf_counter()
    if status:
        sys.exit(f'{" ".join(argv)}: status {status}')
    # An engine's daemon goes on for a moment: not at the cost of the next one.
    time.sleep(0.03)
    return (end - start) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def interleaved(commands, rounds):
    """The least disturbed and the median time, and the median of the processors' time, of each."""
    times = {name: [] for name in commands}
    for argv in commands.values():
        spawned(argv)
    for _ in range(rounds):
        for name in random.sample(list(commands), len(commands)):
            times[name].append(spawned(commands[name]))
    return {name: {'min': min(t)[0], 'median': statistics.median(x[0] for x in t), 'cpu': statistics.median(x[1] for x in t)}
            for name, t in times.items()}


def verdict(row, figure, wanted, good):
    verdicts.append(f'| {row} | {figure} | {wanted} | {"met" if good else "**missed**"} |')


class Store:
    """A store with the image busybox, and plain cfs beside it with the same image as a bundle."""
    def __init__(self, build, where, state):
        os.makedirs(where)
        self.root, self.state = os.path.join(where, 'store'), os.path.join(state, 'cfs')
        self.box = [os.path.join(build, 'cfs-box'), '--root', self.root, '--run', os.path.join(state, 'run')]
        self.cfs = [os.path.join(build, 'cfs'), '--root', self.state]
        self.bundle = os.path.join(where, 'bundle')
        run([*self.box, 'image', 'make', 'busybox'])
        run([*self.box, 'run', '--network', 'none', '--print-bundle', self.bundle, 'busybox', 'true'])

    def run(self, image='busybox'):
        return [*self.box, 'run', '--rm', '--network', 'none', image, 'true']

    def plain(self):
        return [*self.cfs, 'run', '-b', self.bundle, f'bench{os.getpid()}']


def engines(path):
    found = {}
    for line in open(path) if path else []:
        test, name, *argv = line.rstrip('\n').split('\t')
        found.setdefault(test, {})[name] = argv
    return found


def sleeper(store):
    """A container of plain cfs that stays, for exec and list; and one of cfs-box."""
    bundle = store.bundle + '-sleep'
    run([*store.box, 'run', '--network', 'none', '--print-bundle', bundle, 'busybox', 'sleep', '100000'])
    # What it says goes nowhere: it would keep a pipe open.
    run([*store.cfs, 'create', '-b', bundle, 'sleeper'], stderr=subprocess.DEVNULL)
    run([*store.cfs, 'start', 'sleeper'])
    run([*store.box, 'run', '-d', '--name', 'sleeper', '--network', 'none', 'busybox', 'sleep', '100000'], stderr=subprocess.DEVNULL)


def commands(store, disk, known):
    sleeper(store)
    return {'box-run': {**known.get('run', {}), 'cfs-box': store.run(), 'cfs': store.plain(),
                        **({'cfs-box, disk': disk.run(), 'cfs, disk': disk.plain()} if disk else {})},
            'box-exec': {**known.get('exec', {}), 'cfs-box': [*store.box, 'exec', 'sleeper', 'true'], 'cfs': [*store.cfs, 'exec', 'sleeper', 'true']},
            'box-list': {**known.get('list', {}), 'cfs-box': [*store.box, 'ps'], 'cfs': [*store.cfs, 'list']}}


def print_tests(found):
    titles = {'box-run': 'run of `true`, and removal', 'box-exec': 'exec of `true`', 'box-list': 'list of containers'}
    print('| no network | | ms | least disturbed | of cfs | CPU ms | of cfs |\n|---|---|---|---|---|---|---|')
    for test, row in found.items():
        for name, t in row.items():
            base = row['cfs, disk' if name.endswith('disk') else 'cfs']
            own = name.startswith('cfs')    # a daemon's time is not its client's
            cpu = f'{t["cpu"]:.1f} | {t["cpu"] / base["cpu"]:.2f}' if own else '| '
            print(f'| {titles[test]} | {name} | {t["median"]:.1f} | {t["min"]:.1f} | {t["median"] / base["median"]:.2f} | {cpu} |')


def judge_run(row):
    box = row['cfs-box']
    for name in [n for n in row if n.startswith('cfs-box')]:
        base, t = row[name.replace('cfs-box', 'cfs')], row[name]
        ratio = t['cpu'] / base['cpu']
        verdict(f'{name} run --rm', f'{ratio:.2f} of cfs run by CPU, {t["median"] / base["median"]:.2f} by the clock', 'at most 2', ratio <= 2)
    for name, most in (('podman', 0.15), ('docker', 0.1)):
        if name in row:
            ratio = box['median'] / row[name]['median']
            verdict(f'cfs-box run --rm and {name}', f'{ratio:.3f} of its time', f'at most {most}', ratio <= most)
        else:
            print(f'\n{name} is not installed, or did not run')


def layered(store, n):
    """An image of n layers: commit after commit."""
    name = f'layers{n}'
    run([*store.box, 'image', 'tag', 'busybox', name])
    for i in range(1, n):
        run([*store.box, 'run', '--name', 'step', '--network', 'none', name, 'sh', '-c', f'echo {i} > /f{i}'])
        run([*store.box, 'commit', 'step', name])
        run([*store.box, 'rm', 'step'])
    return store.run(name)


def layers(store, rounds):
    found = interleaved({n: layered(store, n) for n in (1, 10, 50)}, rounds)
    print('\n| layers | ms | least disturbed | CPU ms |\n|---|---|---|---|')
    for n, t in found.items():
        print(f'| {n} | {t["median"]:.1f} | {t["min"]:.1f} | {t["cpu"]:.1f} |')
    more = found[50]['min'] - found[1]['min']
    verdict('50 layers in place of 1', f'{more:.1f} ms more', 'less than 1 ms', more < 1)


def large_layer(store, work, rounds):
    tree = os.path.join(work, 'tree')
    os.mkdir(tree)
    for i in range(1000):
        with open(os.path.join(tree, f'f{i}'), 'wb') as f:
            f.write(os.urandom(100_000))
    tar = os.path.join(work, 'large.tar')
    run(['tar', '-C', tree, '-cf', tar, '.'])
    shutil.rmtree(tree)
    ours, theirs = [], []
    out = os.path.join(work, 'out')

    def unpack():
        os.mkdir(out)
        theirs.append(run(['sh', '-c', 'tar -C "$1" -xf "$2" && sync -f "$1"', 'sh', out, tar]))
        shutil.rmtree(out)

    def imported():
        ours.append(run([*store.box, '--quiet', 'import', tar, 'large']))
        run([*store.box, 'image', 'rm', 'large'])
    for _ in range(rounds):
        for measure in random.sample([unpack, imported], 2):
            measure()
            run(['sync', '-f', work])   # what was removed is not to be written by the one that comes next
    os.unlink(tar)
    # The least disturbed ones: the disk is not ours alone.
    ours, theirs = (tuple(min(x) for x in zip(*t)) for t in (ours, theirs))
    print(f'\n| 100 MB in 1000 files, to the disk, least disturbed | ms | CPU ms |\n|---|---|---|\n| tar -x, sync | {theirs[0]:.0f} | {theirs[1]:.0f} |')
    print(f'| cfs-box import (a SHA-256 sum of it as well) | {ours[0]:.0f} | {ours[1]:.0f} |')
    verdict('import of 100 MB', f"{theirs[0] / ours[0]:.2f} of tar's speed", 'at least 0.8', theirs[0] / ours[0] >= 0.8)


def thousand(store):
    """Makes 1000 rows of the one container that there is."""
    run([*store.box, 'run', '--name', 'first', '--network', 'none', 'busybox', 'true'])
    db = sqlite3.connect(os.path.join(store.root, 'box.db'))
    columns = [c[1] for c in db.execute('PRAGMA table_info(containers)')]
    for i in range(999):
        new = ', '.join({'id': f"printf('%032x', {i})", 'name': f"'c{i}'"}.get(c, c) for c in columns)
        db.execute(f"INSERT INTO containers({', '.join(columns)}) SELECT {new} FROM containers WHERE name='first'")
    db.commit()
    db.close()


class Server:
    """cfs-box serve on one processor; all the others are its clients'."""
    def __init__(self, store):
        argv = ['taskset', '-c', '0'] if os.cpu_count() > 1 else []
        self.process = subprocess.Popen([*argv, *store.box, 'serve', '--listen', '127.0.0.1:1337'], stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def memory(self):
        with open(f'/proc/{self.process.pid}/status') as f:
            return sum(int(line.split()[1]) for line in f if line.startswith(('RssAnon', 'RssShmem'))) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def requests(n):
    """GET /containers, n times over one connection: a second."""
    s = socket.create_connection(('127.0.0.1', 1337))

    def ask():
        s.sendall(b'GET /containers HTTP/1.1\r\n' + HOST)
        answer = b''
        while b'\r\n\r\n' not in answer:
            answer += s.recv(65536)
        head, body = answer.split(b'\r\n\r\n', 1)
        assert head.startswith(b'HTTP/1.1 200'), head
        left = int(head.lower().split(b'content-length: ')[1].split(b'\r')[0]) - len(body)
        while left > 0:
            left -= len(s.recv(1 << 20))
    ask()
    start = time.perf_counter()
    for _ in range(n):
        ask()
    end = time.perf_counter()
    s.close()
    return n / (end - start)


def serve(few, many):
    server = Server(few)
    fast = requests(5000)
    slow = []
    for _ in range(200):
        slow.append(socket.create_connection(('127.0.0.1', 1337)))
        slow[-1].sendall(b'GET /cont')
    beside = requests(5000)
    for s in slow:
        s.close()
    small = server.memory()
    server.stop()
    server = Server(many)
    large = requests(1000)
    memory = server.memory()
    server.stop()
    print(f'\n| cfs-box serve, one connection | GET /containers a second | memory of its own |\n|---|---|---|\n| 3 containers | {fast:.0f} | {small:.1f} MB |')
    print(f'| the same beside 200 clients that send one letter and no more | {beside:.0f} | |\n| 1000 containers | {large:.0f} | {memory:.1f} MB |')
    verdict('GET /containers', f'{fast:.0f} a second', '1000 on one core', fast >= 1000)
    verdict('the same beside 200 slow clients', f'{beside:.0f} a second', 'they do not block it', beside >= 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('-n', type=int, default=30)
    parser.add_argument('--engines')
    parser.add_argument('--disk')
    parser.add_argument('--json')
    o = parser.parse_args()
    build, work = os.path.abspath(o.build), tempfile.mkdtemp(prefix='bench-box-')
    state = os.path.join(work, 'state')
    os.mkdir(state)
    store = Store(build, os.path.join(work, 'memory'), state)
    disk = Store(build, os.path.join(o.disk, 'disk'), os.path.join(state, 'disk')) if o.disk else None
    many = Store(build, os.path.join(work, 'many'), os.path.join(state, 'many'))
    try:
        found = {test: interleaved(c, o.n) for test, c in commands(store, disk, engines(o.engines)).items()}
        print_tests(found)
        judge_run(found['box-run'])
        layers(store, o.n)
        large_layer(disk or store, o.disk or work, 8)
        thousand(many)
        ps = interleaved({'ps': [*many.box, 'ps', '-a']}, o.n)['ps']
        verdict('ps -a of 1000 containers', f'{ps["median"]:.1f} ms ({ps["min"]:.1f} undisturbed)', 'under 10 ms', ps['min'] < 10)
        for _ in range(2):
            run([*store.box, 'run', '--network', 'none', 'busybox', 'true'])
        serve(store, many)
        print('\n| test | figure | wanted | |\n|---|---|---|---|\n' + '\n'.join(verdicts))
        if o.json:
            names = list(dict.fromkeys(n for row in found.values() for n in row if not n.endswith('disk')))
            with open(o.json, 'w') as f:
                json.dump({'meta': {'runtimes': names}, **found}, f)
    finally:
        subprocess.run([*store.cfs, 'delete', '-f', 'sleeper'], check=False)
        subprocess.run([*store.box, 'rm', '-f', 'sleeper'], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == '__main__':
    main()
