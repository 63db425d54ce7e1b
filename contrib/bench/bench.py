#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench.py - compare OCI runtimes on one machine, in one interleaved run. Needs root and nothing but python3.

  bench.py [options] NAME=PATH [NAME=PATH ...]

The first NAME is the base for the ratios unless --base is given. Every test interleaves the runtimes (random order in
each round) so that noise from other work on the machine hits all of them alike. "ratio" columns are computed per round
(runtime / base) and the median of those is shown; min is the least disturbed figure. Times are ms.

  --tests LIST   comma list out of: size,ld,run-minimal,run-podmanlike,lifecycle,exec,rss,minmem,trace,cmdtrace,list,mounts,
                 parallel,bigjson   (default: all but list,parallel)   or "quick" / "all"
  --view V       cgroup view, set up in a PRIVATE mount namespace, host mounts stay as they are:
                 host = as is; legacy = v1 only (masks /sys/fs/cgroup/unified); v2 = cgroup2 over /sys/fs/cgroup
  --n N          rounds for the timed tests (100)
  --settle MS    sleep between timed runs (30): lets RCU/cgroup locks and netns cleanup go idle, as for an isolated start.
                 Use 0 for back-to-back throughput figures.
  --root DIR     parent of the state dirs (default: a private tmpfs, as /run normally is)
  --bundles DIR  holds minimal/ and podmanlike/ (default: bundles/ in the current directory; made by mkbundles.py when missing)
  --json FILE    write everything as JSON
A NAME=PATH value may contain further words, e.g. 'cfs=/x/cfs --log /dev/null'.
"""
import argparse, ctypes, json, os, random, re, shutil, signal, statistics as S, subprocess, sys, tempfile, time

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long] + [ctypes.c_void_p] * 3
DEVNULL = os.open('/dev/null', os.O_RDWR)
SELF = os.path.dirname(os.path.abspath(__file__))
PFX = f'pfb{os.getpid()}'

def chk(r, what):
    if r < 0: raise OSError(ctypes.get_errno(), what + ': ' + os.strerror(ctypes.get_errno()))

def mount(src, dst, fs, flags=0, data=None):
    chk(libc.mount(src and src.encode(), dst.encode(), fs and fs.encode(), ctypes.c_ulong(flags), data and data.encode()), f'mount {dst}')

def private_view(view, root):
    chk(libc.unshare(0x20000), 'unshare(CLONE_NEWNS)')
    mount(None, '/', None, 0x4000 | 0x40000)               # MS_REC|MS_PRIVATE
    if view == 'legacy': mount('none', '/sys/fs/cgroup/unified', 'tmpfs', 0, 'mode=755,size=64m')
    if view == 'v2': mount('none', '/sys/fs/cgroup', 'cgroup2')
    if root is None:
        root = tempfile.mkdtemp(prefix='pfb.', dir='/run')
        mount('pfb', root, 'tmpfs', 0, 'mode=700')
        return root, True
    os.makedirs(root, exist_ok=True)
    return root, False

class RT:
    def __init__(self, name, cmd, root):
        self.name = name; words = cmd.split()
        self.path = shutil.which(words[0]) or words[0]; self.extra = words[1:]
        self.root = f'{root}/{name}'; os.makedirs(self.root, mode=0o700, exist_ok=True)
        self.n = 0
    def id(self): self.n += 1; return f'{PFX}-{self.name}-{self.n}'
    def argv(self, *a): return [self.path, '--root', self.root, *self.extra, *a]

def spawn(argv, cwd=None, err=None, out=None):
    """posix_spawn (vfork-like) -> pid; stdin/out/err on /dev/null unless given."""
    fa = [(os.POSIX_SPAWN_DUP2, DEVNULL, 0), (os.POSIX_SPAWN_DUP2, DEVNULL if out is None else out, 1), (os.POSIX_SPAWN_DUP2, DEVNULL if err is None else err, 2)]
    return os.posix_spawn(argv[0], argv, ENV, file_actions=fa)
ENV = {k: v for k, v in os.environ.items() if k in ('PATH', 'HOME', 'LANG', 'TERM')}
ENV.setdefault('PATH', '/usr/sbin:/usr/bin:/sbin:/bin')

def timed(argv, ok=(0,), quiet=False):
    """-> (wall_ms, user_ms, sys_ms); rusage counts the runtime and what it waits for."""
    t = time.monotonic_ns(); p = spawn(argv); _, st, ru = os.wait4(p, 0); w = (time.monotonic_ns() - t) / 1e6
    rc = os.waitstatus_to_exitcode(st)
    if ok is not None and rc not in ok:
        e = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, env=ENV)
        raise RuntimeError(f'{" ".join(argv)}: rc={rc}; again: rc={e.returncode} {e.stderr.decode()[-300:]}')
    return w, ru.ru_utime * 1e3, ru.ru_stime * 1e3

def out(argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)

# ---------------------------------------------------------------- bundles
class Bundles:
    def __init__(self, src, tmp):
        self.src, self.tmp, self.cache = src, tmp, {}
        if not all(os.path.exists(f'{src}/{n}/config.json') for n in ('minimal', 'podmanlike')):
            subprocess.run([sys.executable, f'{SELF}/mkbundles.py', src], check=True)
    def get(self, base, tag='', edit=None):
        key = (base, tag)
        if key not in self.cache:
            c = json.load(open(f'{self.src}/{base}/config.json'))
            c['root']['path'] = os.path.abspath(f'{self.src}/{base}/{c["root"]["path"]}')
            if edit: edit(c)
            d = f'{self.tmp}/{base}{tag}'; os.makedirs(d, exist_ok=True)
            json.dump(c, open(f'{d}/config.json', 'w'), indent=1); self.cache[key] = d
        return self.cache[key]
def sleeper(c): c['process']['args'] = ['/bin/sleep', '100000']

# ---------------------------------------------------------------- output
RES = {}
def table(title, rows, cols, note=''):
    print(f'\n== {title}' + (f'   ({note})' if note else ''))
    w = max([len(r[0]) for r in rows] + [8])
    print(' ' * w + ''.join(f'{c:>11}' for c in cols))
    for r in rows: print(f'{r[0]:<{w}}' + ''.join(f'{(f"{x:.2f}" if isinstance(x, float) else str(x)):>11}' for x in r[1:]))
    sys.stdout.flush()

def summarize(test, title, samples, base, note=''):
    """samples: {name: [(wall,user,sys) or None]} index = round."""
    rows = []; RES[test] = {}
    bs = samples.get(base)
    for n, s in samples.items():
        v = [x for x in s if x]
        if not v: rows.append((n, 'FAILED')); RES[test][n] = None; continue
        w = sorted(x[0] for x in v)
        rat = [x[0] / b[0] for x, b in zip(s, bs) if x and b] if bs else []
        cpu = [x[1] + x[2] for x in v]; bcpu = [x[1] + x[2] for x in bs or [] if x] or [0]
        r = dict(n=len(w), min=w[0], p25=w[len(w) // 4], median=S.median(w), mean=S.mean(w), p90=w[int(len(w) * .9)],
                 user=S.mean(x[1] for x in v), sys=S.mean(x[2] for x in v), ratio=S.median(rat) if rat else None,
                 ratio_min=w[0] / min(b[0] for b in bs if b) if bs and any(bs) else None, ratio_cpu=S.mean(cpu) / S.mean(bcpu) if S.mean(bcpu) else None)
        RES[test][n] = r
        rows.append((n, r['min'], r['p25'], r['median'], r['mean'], r['p90'], r['user'], r['sys'], *[x if x is not None else '-' for x in (r['ratio'], r['ratio_min'], r['ratio_cpu'])]))
    table(title, rows, ['min', 'p25', 'median', 'mean', 'p90', 'user', 'sys', 'ratio', 'ratio-min', 'ratio-cpu'], note or f'base {base}, ms')

def interleave(rts, n, fn, settle, warm=2):
    res = {r.name: [] for r in rts}; dead = set()
    for i in range(-warm, n):
        order = rts[:]; random.shuffle(order); row = {}
        for r in order:
            if r.name in dead: continue
            time.sleep(settle / 1e3)
            try: row[r.name] = fn(r)
            except Exception as e: print(f'  !! {r.name}: {e}', file=sys.stderr); dead.add(r.name)
        if i >= 0:
            for r in rts: res[r.name].append(row.get(r.name))
    return res

# ---------------------------------------------------------------- tests
def t_size(A):
    rows = []; RES['size'] = {}
    for r in A.rts:
        st = os.stat(r.path); ldd = subprocess.run(['ldd', r.path], capture_output=True, text=True).stdout
        libs = len(re.findall(r'=> /|^\s+/', ldd, re.M))
        stripped = None
        if shutil.which('strip'):
            t = f'{A.tmp}/strip.{r.name}'
            if subprocess.run(['strip', '-o', t, r.path], capture_output=True).returncode == 0: stripped = os.stat(t).st_size
        RES['size'][r.name] = dict(bytes=st.st_size, stripped=stripped, libs=libs)
        rows.append((r.name, st.st_size, stripped or '-', libs))
    table('binary size / shared libs', rows, ['bytes', 'stripped', 'libs'])

def t_ld(A):
    rows = []; RES['ld'] = {}
    for r in A.rts:
        best = None
        for _ in range(10):
            e = dict(ENV, LD_DEBUG='statistics')
            p = subprocess.run([r.path, '--version'], stdin=subprocess.DEVNULL, capture_output=True, env=e)
            m = re.search(r'total startup time in dynamic loader:\s+(\d+)', p.stderr.decode(errors='replace'))
            q = re.search(r'number of relocations:\s+(\d+)', p.stderr.decode(errors='replace'))
            if m and (best is None or int(m[1]) < best[0]): best = (int(m[1]), int(q[1]) if q else 0)
        RES['ld'][r.name] = best and dict(cycles=best[0], relocs=best[1])
        rows.append((r.name, *(best or ('static', '-'))))
    table('dynamic loader (LD_DEBUG=statistics, min of 10)', rows, ['cycles', 'relocs'])
    s = interleave(A.rts, A.n, lambda r: timed([r.path, '--version']), 2)
    summarize('version', '`--version` (process start + loader + exit)', s, A.base)

def t_run(A, which):
    b = A.b.get(which)
    s = interleave(A.rts, A.n, lambda r: timed(r.argv('run', '-b', b, r.id())), A.settle)
    summarize(f'run-{which}', f'run /bin/true, {which} bundle', s, A.base)

def gone(rt, cid, t=5):
    """wait until the container is seen as stopped."""
    end = time.time() + t
    while time.time() < end:
        p = out(rt.argv('state', cid))
        if p.returncode or b'"stopped"' in p.stdout.replace(b' ', b''): return
        try:
            if json.loads(p.stdout).get('status') == 'stopped': return
        except ValueError: pass
        time.sleep(.002)

def t_lifecycle(A):
    b = A.b.get('minimal', '-sleep', sleeper)
    steps = ['create', 'state-created', 'start', 'state', 'kill', 'delete']
    acc = {s: {r.name: [] for r in A.rts} for s in steps}; dead = set()
    for i in range(-1, A.n):
        order = A.rts[:]; random.shuffle(order)
        for r in order:
            if r.name in dead: [acc[s][r.name].append(None) for s in steps if i >= 0]; continue
            cid = r.id(); row = {}
            try:
                time.sleep(A.settle / 1e3); row['create'] = timed(r.argv('create', '-b', b, cid))
                row['state-created'] = timed(r.argv('state', cid))
                time.sleep(A.settle / 1e3); row['start'] = timed(r.argv('start', cid))
                row['state'] = timed(r.argv('state', cid))
                row['kill'] = timed(r.argv('kill', cid, 'KILL')); gone(r, cid)
                time.sleep(A.settle / 1e3); row['delete'] = timed(r.argv('delete', cid))
            except Exception as e:
                print(f'  !! {r.name}: {e}', file=sys.stderr); dead.add(r.name); out(r.argv('delete', '-f', cid))
            if i >= 0:
                for s in steps: acc[s][r.name].append(row.get(s))
    for s in steps: summarize('lc-' + s, s, acc[s], A.base)
    tot = {r.name: [tuple(sum(acc[s][r.name][i][k] for s in ('create', 'start', 'kill', 'delete')) for k in range(3)) if all(acc[s][r.name][i] for s in steps) else None for i in range(A.n)] for r in A.rts}
    summarize('lc-total', 'create+start+kill+delete', tot, A.base)

def t_exec(A):
    live = {}
    try:
        for r in A.rts:
            cid = r.id()
            b = A.b.get('minimal', '-sleep', sleeper)
            try: timed(r.argv('create', '-b', b, cid)); timed(r.argv('start', cid)); live[r.name] = cid
            except Exception as e: print(f'  !! {r.name}: {e}', file=sys.stderr)
        rts = [r for r in A.rts if r.name in live]
        s = interleave(rts, A.n, lambda r: timed(r.argv('exec', live[r.name], '/bin/true')), A.settle)
        summarize('exec', 'exec /bin/true in a running container (minimal)', s, A.base)
    finally:
        for r in A.rts:
            if r.name in live: out(r.argv('delete', '-f', live[r.name]))

# --- ptrace based: syscalls, forks, execs, memory high-water marks of every process image
PT = dict(TRACEME=0, CONT=7, SYSCALL=24, SETOPTIONS=0x4200, GETEVENTMSG=0x4201, GETREGS=12, PEEKUSER=3, DETACH=17)
def pt(req, pid, addr=0, data=0): return libc.ptrace(PT[req], ctypes.c_void_p(pid), ctypes.c_void_p(addr), ctypes.c_void_p(data))
def memstat(pid):
    d = {}
    try:
        for l in open(f'/proc/{pid}/status'):
            k, _, v = l.partition(':')
            if k in ('VmHWM', 'RssAnon', 'VmPTE', 'VmPeak'): d[k] = int(v.split()[0])
            if k == 'Name': d['Name'] = v.strip()
    except OSError: pass
    return d
def trace_run(argv):
    """-> dict(syscalls, clones, threads, execs, images=[{Name,VmHWM,..}])"""
    pid = os.fork()
    if pid == 0:
        try:
            for fd in (0, 1, 2): os.dup2(DEVNULL, fd)
            pt('TRACEME', 0); os.kill(os.getpid(), signal.SIGSTOP); os.execve(argv[0], argv, ENV)
        finally: os._exit(127)
    os.waitpid(pid, 0)
    pt('SETOPTIONS', pid, 0, 1 | 2 | 4 | 8 | 0x10 | 0x40 | 0x100000)  # sysgood fork vfork clone exec exit exitkill
    pt('SYSCALL', pid)
    r = dict(syscalls=0, procs=0, threads=0, execs=0, images=[], rc=None); first = True; inside = {}; known = {pid}; started = False
    while known:
        try: p, st = os.waitpid(-1, 0x40000000)
        except ChildProcessError: break
        if os.WIFEXITED(st) or os.WIFSIGNALED(st):
            known.discard(p)
            if p == pid:
                r['rc'] = os.waitstatus_to_exitcode(st)
                for q in list(known):                       # a created container stays: let it go
                    try: os.kill(q, signal.SIGSTOP); _, w = os.waitpid(q, 0x40000000)
                    except (ProcessLookupError, ChildProcessError): continue
                    if os.WIFSTOPPED(w): pt('DETACH', q); os.kill(q, signal.SIGCONT)
                break
            continue
        known.add(p); sig = os.WSTOPSIG(st); ev = st >> 16; deliver = 0
        if ev == 4: r['execs'] += started; started = True; inside[p] = True
        elif ev in (1, 2, 3): r['procs' if ev != 3 else 'threads'] += 1
        elif ev == 6:
            m = memstat(p)
            if os.path.exists(f'/proc/{p}/status') and m.get('VmHWM'): m['end'] = 'exit'; m['pid'] = p; r['images'].append(m)
        elif sig == (signal.SIGTRAP | 0x80):
            inside[p] = not inside.get(p, False)
            if inside[p] and started:
                r['syscalls'] += 1
                nr = libc.ptrace(PT['PEEKUSER'], ctypes.c_void_p(p), ctypes.c_void_p(120), None)   # orig_rax
                if nr in (59, 322): m = memstat(p); m['end'] = 'exec'; m['pid'] = p; r['images'].append(m)
        elif sig in (signal.SIGSTOP, signal.SIGTRAP) : pass
        else: deliver = sig
        pt('SYSCALL', p, 0, deliver)
    return r
def t_trace(A):
    for which in ('minimal', 'podmanlike'):
        rows = []; RES[f'trace-{which}'] = {}; b = A.b.get(which)
        for r in A.rts:
            try: x = trace_run(r.argv('run', '-b', b, r.id()))
            except Exception as e: print('  !!', r.name, e); continue
            RES[f'trace-{which}'][r.name] = x
            hw = sorted((i.get('VmHWM', 0) for i in x['images'] if i.get('Name') not in ('true', 'busybox')), reverse=True)
            rows.append((r.name, x['syscalls'], x['procs'], x['threads'], x['execs'], hw[0] if hw else 0, sum({i['pid']: i.get('VmHWM', 0) for i in x['images']}.values()), x['rc']))
        table(f'trace of run, {which}', rows, ['syscalls', 'procs', 'threads', 'execs', 'maxHWM-KiB', 'sumHWM-KiB', 'rc'], 'execs include the container program')

def t_cmdtrace(A):
    rows = []; RES['cmdtrace'] = {}; b = A.b.get('minimal', '-sleep', sleeper)
    for r in A.rts:
        cid = r.id(); d = RES['cmdtrace'][r.name] = {}
        for c, a in (('create', ('create', '-b', b, cid)), ('state', ('state', cid)), ('start', ('start', cid)), ('list', ('list',)),
                     ('exec', ('exec', cid, '/bin/true')), ('kill', ('kill', cid, 'KILL')), ('delete', ('delete', cid))):
            if c == 'delete': gone(r, cid)
            try: x = trace_run(r.argv(*a))
            except Exception as e: print('  !!', r.name, c, e); break
            d[c] = {k: x[k] for k in ('syscalls', 'procs', 'threads', 'execs', 'rc')}; d[c]['hwm'] = max([i.get('VmHWM', 0) for i in x['images']] or [0])
        out(r.argv('delete', '-f', cid))
        rows.append((r.name, *[f"{d[c]['syscalls']}/{d[c]['execs']}x" + ('' if d[c]['rc'] == 0 else '!') if c in d else '-' for c in ('create', 'state', 'start', 'list', 'exec', 'kill', 'delete')]))
    table('syscalls / re-execs per command', rows, ['create', 'state', 'start', 'list', 'exec', 'kill', 'delete'])

def t_rss(A):
    """peak of the memory cgroup holding runtime + container (v1 memory controller), and max RSS over processes via a tiny launcher"""
    mroot = '/sys/fs/cgroup/memory'
    tm = shutil.which('time')
    for which in ('minimal', 'podmanlike'):
        rows = []; RES[f'rss-{which}'] = {}
        for r in A.rts:
            d = {}
            if tm:
                v = []
                for _ in range(5):
                    p = out([tm, '-f', 'MAXRSS=%M', *r.argv('run', '-b', A.b.get(which), r.id())])
                    m = re.search(rb'MAXRSS=(\d+)', p.stderr); v += [int(m[1])] if m and p.returncode == 0 else []
                d['maxrss_kib'] = S.median(v) if v else None
            if os.path.exists(f'{mroot}/memory.max_usage_in_bytes') or os.path.exists(f'{mroot}/tasks'):
                v = []
                for k in range(5):
                    cg = f'{PFX}mem'; path = f'{mroot}/{cg}'; os.makedirs(path, exist_ok=True)
                    b = A.b.get(which, '-cg', lambda c: c['linux'].__setitem__('cgroupsPath', f'/{PFX}mem/ctr'))
                    pid = os.fork()
                    if pid == 0:
                        try:
                            open(f'{path}/cgroup.procs', 'w').write('0')
                            for fd in (0, 1, 2): os.dup2(DEVNULL, fd)
                            a = r.argv('run', '-b', b, r.id()); os.execve(a[0], a, ENV)
                        finally: os._exit(127)
                    _, st = os.waitpid(pid, 0)
                    if st == 0: v.append(int(open(f'{path}/memory.max_usage_in_bytes').read()) // 1024)
                    for h in os.listdir('/sys/fs/cgroup'):
                        for _ in range(50):
                            try: os.rmdir(f'/sys/fs/cgroup/{h}/{cg}'); break
                            except FileNotFoundError: break
                            except NotADirectoryError: break
                            except OSError: time.sleep(.01)
                d['cgroup_peak_kib'] = S.median(v) if v else None
            RES[f'rss-{which}'][r.name] = d
            rows.append((r.name, d.get('maxrss_kib') or '-', d.get('cgroup_peak_kib') or '-'))
        table(f'peak memory of run, {which}', rows, ['maxRSS-KiB', 'cgpeak-KiB'], 'cgpeak = v1 memory cgroup around runtime+container incl. kernel memory')

def t_minmem(A):
    """smallest linux.resources.memory.limit with which run /bin/true works (3 of 3)."""
    rows = []; RES['minmem'] = {}
    for r in A.rts:
        def works(kib):
            def ed(c): c['linux']['resources']['memory'] = {'limit': kib * 1024}
            b = A.b.get('minimal', f'-mem{kib}', ed)
            for _ in range(3):
                p = spawn(r.argv('run', '-b', b, r.id())); st = None; end = time.time() + 10
                while time.time() < end:
                    q, st = os.waitpid(p, os.WNOHANG)
                    if q: break
                    time.sleep(.005)
                else: os.kill(p, 9); os.waitpid(p, 0); st = 9
                if st != 0: out(r.argv('delete', '-f', f'{PFX}-{r.name}-{r.n}')); return False
            return True
        lo, hi = 0, 65536
        if not works(hi): rows.append((r.name, 'n/a')); continue
        while hi - lo > 8:
            mid = (lo + hi) // 2 // 4 * 4
            if works(mid): hi = mid
            else: lo = mid
        RES['minmem'][r.name] = hi; rows.append((r.name, hi))
    table('smallest memory limit for run /bin/true', rows, ['KiB'])

def t_list(A):
    def light(c):
        sleeper(c); c['linux']['namespaces'] = [n for n in c['linux']['namespaces'] if n['type'] not in ('network', 'ipc', 'uts')]
        c.pop('hostname', None); c['linux'].pop('maskedPaths', None); c['linux'].pop('readonlyPaths', None)
        c['mounts'] = [m for m in c['mounts'] if m['type'] in ('proc', 'tmpfs')]
    b = A.b.get('minimal', '-light', light)
    counts = [c for c in (1, 10, 100, 500, 1000) if c <= A.list_max]; live = {r.name: [] for r in A.rts}
    try:
        for c in counts:
            for r in A.rts:
                try:
                    while len(live[r.name]) < c: cid = r.id(); timed(r.argv('create', '-b', b, cid)); live[r.name].append(cid)
                except Exception as e: print('  !!', r.name, e)
            s = interleave([r for r in A.rts if len(live[r.name]) == c], 15, lambda r: timed(r.argv('list')), 2)
            summarize(f'list-{c}', f'list with {c} containers', s, A.base)
            s = interleave([r for r in A.rts if len(live[r.name]) == c], 15, lambda r: timed(r.argv('state', live[r.name][0])), 2)
            summarize(f'state-{c}', f'state of one with {c} containers', s, A.base)
    finally:
        for r in A.rts:
            for cid in live[r.name]: out(r.argv('delete', '-f', cid))

def t_mounts(A):
    for k in (10, 100, 500):
        def ed(c):
            c['mounts'].append({'destination': '/work', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['mode=755']})
            c['mounts'] += [{'destination': f'/work/m{i}', 'type': 'bind', 'source': A.tmp + '/bindsrc', 'options': ['bind', 'ro', 'nosuid']} for i in range(k)]
        os.makedirs(A.tmp + '/bindsrc', exist_ok=True)
        b = A.b.get('minimal', f'-m{k}', ed)
        s = interleave(A.rts, max(5, A.n // 5), lambda r: timed(r.argv('run', '-b', b, r.id())), A.settle)
        summarize(f'mounts-{k}', f'run with {k} more bind mounts (ro,nosuid)', s, A.base)

def t_bigjson(A):
    b = A.b.get('minimal', '-big', lambda c: c.__setitem__('annotations', {f'com.example.key.{i:06d}': 'v' * 90 for i in range(8000)}))
    sz = os.path.getsize(b + '/config.json')
    s = interleave(A.rts, max(5, A.n // 2), lambda r: timed(r.argv('run', '-b', b, r.id())), A.settle)
    summarize('bigjson', f'run, config.json of {sz / 1e6:.2f} MB (8000 annotations)', s, A.base)

def t_parallel(A):
    for w in (1, 2, 8):
        rows = []; RES[f'parallel-{w}'] = {}; b = A.b.get('minimal'); per = max(4, A.n // w); reps = 3
        acc = {r.name: [] for r in A.rts}
        for _ in range(reps):
            order = A.rts[:]; random.shuffle(order)
            for r in order:
                time.sleep(.3); t = time.monotonic(); left = per * w; act = {}; fail = 0
                while left or act:
                    while left and len(act) < w: act[spawn(r.argv('run', '-b', b, r.id()))] = 1; left -= 1
                    p, st = os.wait(); act.pop(p, None); fail += st != 0
                acc[r.name].append((per * w / (time.monotonic() - t), fail))
        bv = max(x[0] for x in acc[A.base])
        for r in A.rts:
            v = max(x[0] for x in acc[r.name]); RES[f'parallel-{w}'][r.name] = dict(best_per_s=v, all=acc[r.name])
            rows.append((r.name, v, S.median(x[0] for x in acc[r.name]), v / bv, sum(x[1] for x in acc[r.name])))
        table(f'throughput, {w} workers back-to-back, run minimal', rows, ['best/s', 'median/s', 'x base', 'failed'])

TESTS = {'size': t_size, 'ld': t_ld, 'run-minimal': lambda A: t_run(A, 'minimal'), 'run-podmanlike': lambda A: t_run(A, 'podmanlike'),
         'lifecycle': t_lifecycle, 'exec': t_exec, 'rss': t_rss, 'minmem': t_minmem, 'trace': t_trace, 'cmdtrace': t_cmdtrace, 'list': t_list, 'mounts': t_mounts,
         'bigjson': t_bigjson, 'parallel': t_parallel}
def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('rt', nargs='+'); ap.add_argument('--tests', default=','.join(t for t in TESTS if t not in ('list', 'parallel')))
    ap.add_argument('--view', choices=('host', 'legacy', 'v2'), default='host'); ap.add_argument('--n', type=int, default=100)
    ap.add_argument('--settle', type=float, default=30); ap.add_argument('--root'); ap.add_argument('--bundles', default='bundles')
    ap.add_argument('--json'); ap.add_argument('--base'); ap.add_argument('--list-max', type=int, default=100, dest='list_max')
    A = ap.parse_args()
    if A.tests == 'all': A.tests = ','.join(TESTS)
    if A.tests == 'quick': A.tests = 'size,run-minimal,run-podmanlike,exec,trace'
    root, own = private_view(A.view, A.root)
    A.tmp = f'{root}/tmp'; os.makedirs(A.tmp, exist_ok=True)
    A.rts = [RT(*x.split('=', 1), root) for x in A.rt]; A.base = A.base or A.rts[0].name; A.b = Bundles(os.path.abspath(A.bundles), A.tmp)
    RES['meta'] = dict(view=A.view, n=A.n, settle=A.settle, kernel=os.uname().release, cpus=os.cpu_count(), load=os.getloadavg(), time=time.time(), runtimes={r.name: [r.path, *r.extra] for r in A.rts})
    for r in A.rts: RES['meta'].setdefault('versions', {})[r.name] = out([r.path, '--version']).stdout.decode(errors='replace').splitlines()[:2]
    print(json.dumps(RES['meta']))
    try:
        for t in A.tests.split(','):
            try: TESTS[t](A)
            except Exception as e: print(f'!! test {t}: {type(e).__name__} {e}', file=sys.stderr)
    finally:
        RES['meta']['load_end'] = os.getloadavg()
        if A.json: json.dump(RES, open(A.json, 'w'), indent=1)
        if own: libc.umount2(root.encode(), 2); os.rmdir(root)
if __name__ == '__main__': main()
