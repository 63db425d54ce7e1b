#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mkbundles.py [DIR] - makes the benchmark's bundles DIR/minimal and DIR/podmanlike (default: ./bundles).

Needs a static busybox (package busybox-static). minimal is what `runc spec` writes, without a terminal; podmanlike is what
a container engine asks for: volumes, limits, fewer capabilities, masked paths and a seccomp profile. The profile is
containers-common's when that package is installed (/usr/share/containers/seccomp.json), so that figures compare with
others', and otherwise one of the same kind and size, made from the names in the kernel's headers.
"""
import json
import os
import re
import shutil
import subprocess
import sys

FILES = {'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n', 'etc/group': 'root:x:0:\n', 'etc/hosts': '', 'etc/hostname': '',
         'etc/resolv.conf': ''}
DIRS = 'bin proc dev sys etc tmp run var/tmp work data cache home root'.split()
APPLETS = 'true false sh sleep cat ls id mount env grep'.split()

NSUID = ['nosuid', 'noexec', 'nodev']
MOUNTS = [
    {'destination': '/proc', 'type': 'proc', 'source': 'proc'},
    {'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'strictatime', 'mode=755', 'size=65536k']},
    {'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts',
     'options': ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']},
    {'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm', 'options': NSUID + ['mode=1777', 'size=65536k']},
    {'destination': '/dev/mqueue', 'type': 'mqueue', 'source': 'mqueue', 'options': NSUID},
    {'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options': NSUID + ['ro']},
    {'destination': '/sys/fs/cgroup', 'type': 'cgroup', 'source': 'cgroup', 'options': NSUID + ['relatime', 'ro']},
]
MASKED = ['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list',
          '/proc/timer_stats', '/proc/sched_debug', '/sys/firmware', '/proc/scsi']
READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

# What engines' profiles refuse; old or for the host's administrator.
REFUSED = set('''
    _sysctl acct add_key bpf clock_adjtime clock_settime create_module delete_module finit_module fsconfig fsmount fsopen
    fspick get_kernel_syms get_mempolicy init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind
    mount mount_setattr move_mount move_pages nfsservctl open_by_handle_at open_tree perf_event_open pivot_root
    process_vm_readv process_vm_writev ptrace query_module quotactl quotactl_fd reboot request_key set_mempolicy
    set_mempolicy_home_node setdomainname sethostname setns settimeofday stime swapoff swapon sysfs umount2 unshare uselib
    userfaultfd ustat vhangup vmsplice clone personality socket'''.split())


def rootfs(d):
    busybox = shutil.which('busybox')
    if not busybox:
        sys.exit('mkbundles.py: no busybox: apt-get install busybox-static')
    for s in DIRS:
        os.makedirs(f'{d}/rootfs/{s}', exist_ok=True)
    shutil.copy2(busybox, f'{d}/rootfs/bin/busybox')
    for a in APPLETS:
        if not os.path.lexists(f'{d}/rootfs/bin/{a}'):
            os.symlink('busybox', f'{d}/rootfs/bin/{a}')
    for f, text in FILES.items():
        with open(f'{d}/rootfs/{f}', 'w') as out:
            out.write(text)


def base():
    """The document that `runc spec` writes, with /bin/true for the shell and without the terminal."""
    caps = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']
    return {
        'ociVersion': '1.0.2',
        'process': {
            'terminal': False, 'user': {'uid': 0, 'gid': 0}, 'args': ['/bin/true'], 'cwd': '/',
            'env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
            'capabilities': {k: caps for k in ('bounding', 'effective', 'permitted')},
            'rlimits': [{'type': 'RLIMIT_NOFILE', 'hard': 1024, 'soft': 1024}], 'noNewPrivileges': True},
        'root': {'path': 'rootfs', 'readonly': True}, 'hostname': 'minimal', 'mounts': MOUNTS,
        'linux': {
            'resources': {'devices': [{'allow': False, 'access': 'rwm'}]},
            'namespaces': [{'type': t} for t in ('pid', 'network', 'ipc', 'uts', 'mount')],
            'maskedPaths': MASKED, 'readonlyPaths': READONLY}}


def profile_installed(caps, arch='amd64'):
    with open('/usr/share/containers/seccomp.json') as f:
        src = json.load(f)
    out = {'defaultAction': src['defaultAction'], 'defaultErrnoRet': src.get('defaultErrnoRet', 1), 'syscalls': []}
    for s in src['syscalls']:
        inc, exc = s.get('includes') or {}, s.get('excludes') or {}
        if (('arches' in inc and arch not in inc['arches']) or arch in exc.get('arches', [])
                or not all(c in caps for c in inc.get('caps', [])) or any(c in caps for c in exc.get('caps', []))):
            continue
        out['syscalls'].append({k: s[k] for k in ('names', 'action', 'errnoRet', 'args') if s.get(k) not in (None, [], '')})
    return out


def profile_made():
    """Allows what the kernel's headers name, except REFUSED; some by their arguments, as engines do."""
    names = set()
    for abi in ('64', '32'):
        for where in ('/usr/include/x86_64-linux-gnu/asm', '/usr/include/asm'):
            path = f'{where}/unistd_{abi}.h'
            if os.path.exists(path):
                with open(path) as f:
                    names |= set(re.findall(r'#define __NR_(\w+) ', f.read()))
    if not names:
        p = subprocess.run(['cc', '-dM', '-E', '-include', 'asm/unistd.h', '-'], input='', capture_output=True, text=True)
        names = set(re.findall(r'#define __NR_(\w+) ', p.stdout))
    if not names:
        sys.exit('mkbundles.py: no asm/unistd.h: apt-get install linux-libc-dev')
    allow = {'action': 'SCMP_ACT_ALLOW'}
    rules = [{'names': sorted(names - REFUSED), **allow}]
    rules += [{'names': ['personality'], **allow, 'args': [{'index': 0, 'value': v, 'op': 'SCMP_CMP_EQ'}]}
              for v in (0, 8, 0x20000, 0x20008, 0xffffffff)]
    # No new namespaces; no AF_VSOCK.
    rules += [{'names': ['clone'], **allow, 'args': [{'index': 0, 'value': 0x7E020000, 'valueTwo': 0, 'op': 'SCMP_CMP_MASKED_EQ'}]},
              {'names': ['socket'], **allow, 'args': [{'index': 0, 'value': 40, 'op': 'SCMP_CMP_NE'}]},
              {'names': ['setns', 'mount', 'umount2', 'unshare', 'bpf', 'ptrace'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 1}]
    return {'defaultAction': 'SCMP_ACT_ERRNO', 'defaultErrnoRet': 38, 'syscalls': rules}


def seccomp(caps):
    if os.uname().machine == 'x86_64' and os.path.exists('/usr/share/containers/seccomp.json'):
        p, origin = profile_installed(caps), 'containers-common'
    else:
        p, origin = profile_made(), 'made from asm/unistd.h'
    if os.uname().machine == 'x86_64':
        p['architectures'] = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']
    return p, origin


def podmanlike(d):
    c = base()
    caps = ['CAP_' + x for x in ('CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID '
                                 'SYS_CHROOT').split()]
    c['process'].update({
        'capabilities': {k: caps for k in ('bounding', 'effective', 'permitted')}, 'oomScoreAdj': 0,
        'user': {'uid': 0, 'gid': 0, 'umask': 18, 'additionalGids': [0, 1, 2, 3, 4, 6, 10, 11, 20, 26, 27]},
        'rlimits': [{'type': f'RLIMIT_{x}', 'hard': 1024, 'soft': 1024} for x in ('NOFILE', 'NPROC')]})
    c['process']['env'] += ['HOME=/root', 'HOSTNAME=podmanlike', 'container=podman']
    c['hostname'] = 'podmanlike'
    c['root']['readonly'] = False
    files = os.path.abspath(f'{d}/files')
    for n in ('vol1', 'vol2'):
        os.makedirs(f'{files}/{n}', exist_ok=True)
    for n in ('resolv.conf', 'hosts', 'hostname', 'containerenv'):
        with open(f'{files}/{n}', 'w') as f:
            f.write('nameserver 127.0.0.1\n')

    def bind(source, destination, *options):
        return {'destination': destination, 'type': 'bind', 'source': f'{files}/{source}', 'options': ['rbind', 'rprivate', *options]}

    c['mounts'] = MOUNTS + [{'destination': t, 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['nosuid', 'nodev', 'mode=1777']}
                            for t in ('/tmp', '/var/tmp')]
    c['mounts'] += [bind('resolv.conf', '/etc/resolv.conf'), bind('hosts', '/etc/hosts'), bind('hostname', '/etc/hostname'),
                    bind('containerenv', '/run/.containerenv'), bind('vol1', '/data', 'rw', 'nosuid', 'nodev'),
                    bind('vol2', '/cache', 'ro', 'nosuid', 'nodev')]
    profile, origin = seccomp(caps)
    c['linux'].update({
        'namespaces': [{'type': t} for t in ('pid', 'network', 'ipc', 'uts', 'mount', 'cgroup')],
        'maskedPaths': [p for p in MASKED if p != '/proc/asound'] + ['/sys/fs/selinux', '/sys/dev/block'],
        'readonlyPaths': ['/proc/asound'] + READONLY, 'sysctl': {'net.ipv4.ping_group_range': '0 0'},
        'resources': {'devices': [{'allow': False, 'access': 'rwm'}],
                      'memory': {'limit': 512 << 20, 'swap': 1024 << 20, 'reservation': 256 << 20},
                      'cpu': {'shares': 512, 'quota': 200000, 'period': 100000, 'cpus': '0-1' if os.cpu_count() > 1 else '0'}, 'pids': {'limit': 2048}},
        'seccomp': profile})
    c['annotations'] = {'io.container.manager': 'libpod', 'io.podman.annotations.autoremove': 'FALSE',
                        'org.opencontainers.image.stopSignal': '15', 'io.kubernetes.cri-o.TTY': 'false'}
    return c, origin


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else 'bundles'
    for name in ('minimal', 'podmanlike'):
        d = f'{top}/{name}'
        rootfs(d)
        c, origin = (base(), 'none') if name == 'minimal' else podmanlike(d)
        with open(f'{d}/config.json', 'w') as f:
            json.dump(c, f, indent=1)
        print(f'{d}: config.json of {os.path.getsize(f"{d}/config.json")} bytes, seccomp profile: {origin}')


if __name__ == '__main__':
    main()
