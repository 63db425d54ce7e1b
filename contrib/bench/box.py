#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""box.py BUILDDIR [ROUNDS] - what cfs-box costs, in one interleaved run: the table of docs/box.md.

Runs /bin/true of the machine's busybox: cfs run of a bundle, cfs-box run --rm of the same image, and podman and docker where they
are. All without a network, so that all of them do the same work. Then images of 1, 10 and 50 layers, the import of 100 MB
against tar -x, and ps -a of 1000 containers. Needs root.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def run(argv, **more):
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    return (time.perf_counter() - start) * 1000


def interleaved(commands, rounds):
    times = {name: [] for name in commands}
    for name, argv in commands.items():     # warm
        run(argv)
    for _ in range(rounds):
        for name, argv in commands.items():
            times[name].append(run(argv))
    return {name: statistics.median(t) for name, t in times.items()}


def works(argv):
    try:
        run(argv, timeout=60)
        return True
    except (subprocess.SubprocessError, OSError):
        return False


def engines(box, work):
    """podman and docker with the same image, where they run."""
    archive = os.path.join(work, 'busybox.tar')
    layout = os.path.join(work, 'layout')
    run([*box, 'image', 'export', 'busybox', layout])
    found = {}
    if not shutil.which('skopeo') or not works(['skopeo', 'copy', '-q', f'oci:{layout}', f'docker-archive:{archive}:localhost/cfs-bench:1']):
        return found
    for engine in ('podman', 'docker'):
        argv = [engine, 'run', '--rm', '--network', 'none', 'localhost/cfs-bench:1', 'true']
        if shutil.which(engine) and works([engine, 'load', '-i', archive]) and works(argv):
            found[engine] = argv
    return found


def layered(box, work, n):
    """An image of n layers: commit after commit."""
    name = f'layers{n}'
    run([*box, 'image', 'tag', 'busybox', name])
    for i in range(1, n):
        run([*box, 'run', '--name', 'step', '--network', 'none', name, 'sh', '-c', f'echo {i} > /f{i}'])
        run([*box, 'commit', 'step', name])
        run([*box, 'rm', 'step'])
    return [*box, 'run', '--rm', '--network', 'none', name, 'true']


def large_layer(box, work, rounds):
    tree = os.path.join(work, 'tree')
    os.mkdir(tree)
    for i in range(1000):
        with open(os.path.join(tree, f'f{i}'), 'wb') as f:
            f.write(os.urandom(100_000))
    tar = os.path.join(work, 'large.tar')
    run(['tar', '-C', tree, '-cf', tar, '.'])
    shutil.rmtree(tree)
    ours, theirs = [], []
    for _ in range(rounds):
        out = os.path.join(work, 'out')
        os.mkdir(out)
        theirs.append(run(['sh', '-c', 'tar -C "$1" -xf "$2" && sync -f "$1"', 'sh', out, tar]))
        shutil.rmtree(out)
        ours.append(run([*box, '--quiet', 'import', tar, 'large']))
        run([*box, 'image', 'rm', 'large'])
    return statistics.median(ours), statistics.median(theirs)


def requests(box, work, n):
    """GET /containers, n times over one connection, in a network namespace: a second."""
    program = """
import socket, subprocess, sys, time
n, argv = int(sys.argv[1]), sys.argv[2:]
subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
server = subprocess.Popen([*argv, 'serve', '--listen', '127.0.0.1:1337'], stdout=subprocess.PIPE)
server.stdout.readline()
s = socket.create_connection(('127.0.0.1', 1337))
def ask():
    s.sendall(b'GET /containers HTTP/1.1\\r\\nHost: 127.0.0.1:1337\\r\\n\\r\\n')
    answer = b''
    while b'\\r\\n\\r\\n' not in answer:
        answer += s.recv(65536)
    head, body = answer.split(b'\\r\\n\\r\\n', 1)
    assert head.startswith(b'HTTP/1.1 200')
    left = int(head.lower().split(b'content-length: ')[1].split(b'\\r')[0]) - len(body)
    while left > 0:
        left -= len(s.recv(left))
ask()
start = time.perf_counter()
for _ in range(n):
    ask()
print(n / (time.perf_counter() - start))
server.terminate()
server.wait()
"""
    done = subprocess.run(['unshare', '--net', sys.executable, '-c', program, str(n), *box], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main():
    build = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    work = tempfile.mkdtemp(prefix='cfs-bench-box-')
    box = [os.path.join(build, 'cfs-box'), '--root', os.path.join(work, 'store')]
    try:
        run([*box, 'image', 'make', 'busybox'])
        bundle = os.path.join(work, 'bundle')
        run([*box, 'run', '--network', 'none', '--print-bundle', bundle, 'busybox', 'true'])
        commands = {'cfs run': [os.path.join(build, 'cfs'), '--root', os.path.join(work, 'state'), 'run', '-b', bundle, f'bench{os.getpid()}'],
                    'cfs-box run --rm': [*box, 'run', '--rm', '--network', 'none', 'busybox', 'true'],
                    **engines(box, work)}
        print('| run of `true`, no network | ms | of cfs run |\n|---|---|---|')
        medians = interleaved(commands, rounds)
        for name, ms in medians.items():
            print(f'| {name} | {ms:.1f} | {ms / medians["cfs run"]:.2f} |')
        print('\n| layers | ms |\n|---|---|')
        for n, ms in interleaved({n: layered(box, work, n) for n in (1, 10, 50)}, rounds).items():
            print(f'| {n} | {ms:.1f} |')
        ours, theirs = large_layer(box, work, 5)
        for i in range(3):
            run([*box, 'run', '--network', 'none', 'busybox', 'true'])
        print(f'\nGET /containers, one connection: {requests(box, work, 5000):.0f} a second')
        print(f'\n| 100 MB in 1000 files, to the disk | ms |\n|---|---|\n| tar -x, sync | {theirs:.0f} |\n| cfs-box import | {ours:.0f} |')
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == '__main__':
    main()
