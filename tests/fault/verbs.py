# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands under test: what comes before each, what it must have done when it says so, and what must be as it was
when it says that it failed. A problem is a pair (verdict, words); no problem is no pair."""
import contextlib
import json
import os
import time
from world import Console, normal, unlike

ID = 'c'


class Verb:
    """One command in one world. before() makes the container that it works on; reports come from its program."""
    name = ''
    needs = 'running'       # none, created, running, stopped
    attach = False          # the init is there already, and takes part
    prints = False          # reasons, too, on standard output
    removes = False         # by success the container is gone
    leaves = ()             # after these verdicts, and a look that finds nothing, the container serves for the next case

    def __init__(self, world):
        self.w = world
        self.console, self.outs, self.pid, self.reference = None, 0, 0, None
        self.turns = {}      # (role, N) -> NAME:K of its calls
        self.own = True      # the report on the output is of the process that this command made

    def args(self):
        return [self.name, ID]

    def terminal(self):
        if self.console:
            self.console.close()
        self.console = Console(self.w.console) if self.w.setup == 'terminal' else None
        return ['--console-socket', self.w.console] if self.console else []

    def out(self):
        self.outs += 1
        return os.path.join(self.w.top, f'out-{self.outs}')

    def must(self, *args, out=None):
        r, text = self.w.cfs(*args, out=out)
        if r != 0:
            raise RuntimeError(f'without a fault: {" ".join(args)}: {text}')

    def before(self):
        self.outs = 0
        self.w.prepare()
        if self.needs != 'none':
            self.make()

    def before_again(self):
        """Before another case with the same container, whose output is the first."""
        self.outs = 1

    def unmake(self):
        """What make() and the command have made beside the container."""

    def is_as_made(self):
        """May the next case have this container?"""
        return self.state() == ('running', self.pid) and self.alive()

    def make(self):
        self.path = self.out()
        self.must('create', '-b', self.w.bundle, *self.w.options(), *self.terminal(), ID, out=self.path)
        self.pid = self.state()[1]
        if self.needs in ('running', 'stopped'):
            self.must('start', ID)
            if self.wait_report(self.path) is None:
                raise RuntimeError('no report without a fault')
        if self.needs == 'stopped':
            self.must('kill', ID, 'KILL')
            self.until(lambda: self.state()[0] == 'stopped')

    @staticmethod
    def until(f, seconds=1.0):
        end = time.monotonic() + seconds
        while not (v := f()) and time.monotonic() < end:
            time.sleep(0.002)
        return v

    def state(self):
        """(status, pid); (None, 0): there is no such container; ('?', 0): not understood."""
        path = os.path.join(self.w.top, 'state.out')
        r, text = self.w.cfs('state', ID, out=path)
        if r != 0:
            return (None, 0) if 'does not exist' in text else (f'? {text}', 0)
        with open(path) as f:
            d = json.load(f)
        return d['status'], d['pid']

    def report(self, path):
        if self.console:
            return normal(self.console.read(), self.w.top)
        try:
            with open(path) as f:
                return normal(f.read(), self.w.top)
        except FileNotFoundError:
            return None

    def ran(self, path):
        """Has the program written anything?"""
        return bool(self.console.read()) if self.console else os.path.exists(path) and os.path.getsize(path) > 0

    def wait_report(self, path, seconds=1.0):
        return self.until(lambda: self.report(path), seconds)

    def good_report(self, path):
        bad = unlike(self.wait_report(path), self.reference)
        return [('wrong success', '; '.join(bad))] if bad else []

    def status_is(self, wanted, verdict):
        status, _ = self.state()
        return [] if status in wanted else [(verdict, f'the container is {status}')]

    def alive(self):
        return os.path.exists(f'/proc/{self.pid}/root') and f'/proc/{self.pid}' and os.path.isdir(f'/proc/{self.pid}') and \
            open(f'/proc/{self.pid}/stat').read().rsplit(')', 1)[1].split()[0] not in 'ZX'

    def success(self, path):
        raise NotImplementedError

    def failure(self, path):
        raise NotImplementedError


class Create(Verb):
    name, needs = 'create', 'none'

    def args(self):
        return ['create', '-b', self.w.bundle, '--pid-file', self.w.pid_file, *self.w.options(), *self.terminal(), ID]

    def success(self, path):
        r, text = self.w.cfs('start', ID)
        if r != 0:
            return [('wrong success', f'start then says: {text}')]
        return self.good_report(path)

    def failure(self, path):
        return [('ran', 'the program runs')] if self.ran(path) else self.w.given_back()


class Start(Verb):
    name, needs, attach = 'start', 'created', True

    def success(self, path):
        return self.good_report(self.path) + self.status_is(['running'], 'wrong success')

    def failure(self, path):
        self.w.settle()  # an init that has failed may be on its way out
        status, _ = self.state()
        if status == 'created':
            if self.ran(self.path):
                return [('wrong state', 'the program has run, and the container is created')]
            r, text = self.w.cfs('start', ID)
            return [('wrong state', f'a second start says: {text}')] if r != 0 else self.success(path)
        if status is None and self.w.setup == 'hooks':
            return []  # a hook that fails ends the container (runtime.md, "Lifecycle" 7, 9)
        if status != 'stopped':
            return [('wrong state', f'the container is {status}')]
        return [('ran', 'start failed, and the program has run')] if self.ran(self.path) and self.w.setup != 'hooks' else []


class Run(Verb):
    name, needs, removes = 'run', 'none', True

    def args(self):
        return ['run', '-b', self.w.bundle, '-f', os.path.join(self.w.top, 'short.json'), *self.w.options(), ID]

    def success(self, path):
        return self.good_report(path)

    def failure(self, path):
        return [] if self.ran(path) else self.w.given_back()


class RunDetached(Create):
    name = 'run -d'

    def args(self):
        return ['run', '-d', '-b', self.w.bundle, '--pid-file', self.w.pid_file, *self.terminal(), ID]

    def success(self, path):
        return self.good_report(path) + self.status_is(['running'], 'wrong success')


class Exec(Verb):
    name = 'exec'
    leaves = ('success', 'failed', 'later')

    def args(self):
        return ['exec', '--pid-file', self.w.pid_file, ID, '/bin/inspector']

    def report(self, path):
        if path == getattr(self, 'path', None):
            return super().report(path)
        console, self.console = self.console, None
        r = super().report(path)
        self.console = console
        return r

    def ran(self, path):
        return os.path.exists(path) and os.path.getsize(path) > 0

    def success(self, path):
        return self.good_report(path) + self.status_is(['running'], 'wrong state') + self.alone()

    def failure(self, path):
        bad = self.status_is(['running'], 'wrong state') + self.alone()
        return bad + [('ran', 'exec failed, and the program has run')] if self.ran(path) else bad

    def alone(self):
        others = self.until(lambda: (d := self.w.host()['processes']) == [self.pid] and [self.pid]) or self.w.host()['processes']
        return [] if others == [self.pid] else [('left', f'processes {others}')]


class ExecDetached(Exec):
    """Its process goes on, and is ended for the next look."""
    name = 'exec -d'

    def args(self):
        return ['exec', '-d', '--pid-file', self.w.pid_file, ID, '/bin/inspector']


class ExecTerminal(Exec):
    """With a pseudoterminal of the container's, whose master goes to a console socket."""
    name = 'exec -t'

    def before(self):
        super().before()
        self.before_again()

    def before_again(self):
        super().before_again()
        if self.console:
            self.console.close()
        self.console = Console(self.w.console)

    def args(self):
        return ['exec', '-t', '-d', '--console-socket', self.w.console, '--pid-file', self.w.pid_file, ID, '/bin/inspector']

    def report(self, path):
        return Verb.report(self, path) if path != getattr(self, 'path', None) else super().report(path)

    def ran(self, path):
        return bool(self.console.read())


class Kill(Verb):
    name = 'kill'
    leaves = ('failed',)

    def args(self):
        return ['kill', ID, 'KILL']

    def success(self, path):
        return [] if self.until(lambda: not self.alive()) else [('wrong success', 'the init lives')]

    def failure(self, path):
        time.sleep(0.01)
        return [] if self.alive() else [('done', 'the init has got the signal')]


class Pause(Verb):
    name = 'pause'
    leaves = ('failed', 'success')

    def success(self, path):
        bad = self.status_is(['paused'], 'wrong success')
        self.must('resume', ID)
        return bad

    def failure(self, path):
        return self.status_is(['running'], 'done')


class Resume(Verb):
    name = 'resume'

    def before(self):
        super().before()
        self.must('pause', ID)

    def success(self, path):
        return self.status_is(['running'], 'wrong success')

    def failure(self, path):
        return self.status_is(['paused'], 'done')


class Update(Verb):
    name = 'update'
    leaves = ('failed',)

    def make(self):
        super().make()
        self.was = self.w.knobs()

    def args(self):
        return ['update', '--pids-limit', '77', '--memory', '33554432', '--cpu-share', '300', ID]

    def success(self, path):
        knobs = self.w.knobs()
        if not hasattr(self, 'wanted'):
            self.wanted = knobs
        return [] if knobs == self.wanted else [('wrong success', f'{knobs} instead of {self.wanted}')]

    def failure(self, path):
        knobs = self.w.knobs()
        return [] if knobs == self.was else [('done', f'{knobs} instead of {self.was}')]


class Delete(Verb):
    name, needs, removes = 'delete', 'stopped', True

    def success(self, path):
        return []

    def failure(self, path):
        """Still known; or undone, and what is left of its directory goes with the next delete --force."""
        return [] if os.listdir(self.w.state) else [('done', 'the container is gone')]


class DeleteCreated(Delete):
    name, needs = 'delete --force', 'created'

    def args(self):
        return ['delete', '--force', ID]


class Look(Verb):
    """state and list: the same answer or an error."""
    leaves = ('success', 'failed', 'later')

    def success(self, path):
        with open(path) as f:
            text = f.read()
        if not hasattr(self, 'wanted'):
            self.wanted = text
        same = [x.replace(str(self.pid), '').split('T')[0] for x in (text.split(), self.wanted.split()) for x in [' '.join(x)]]
        return [] if len(set(same)) == 1 else [('wrong success', text)]

    def failure(self, path):
        return self.status_is(['running'], 'wrong state')


class Ps(Look):
    name = 'ps'

    def args(self):
        return ['ps', '--format', 'json', ID]

    def success(self, path):
        with open(path) as f:
            d = json.load(f)
        return [] if d == [self.pid] else [('wrong success', str(d))]


class Events(Look):
    name = 'events'

    def args(self):
        return ['events', '--stats', ID]

    def success(self, path):
        with open(path) as f:
            d = json.load(f)

        def shape(x):
            return {k: shape(v) for k, v in x.items()} if isinstance(x, dict) else type(x).__name__ if isinstance(x, (list, str)) else 'n'

        if not hasattr(self, 'wanted'):
            self.wanted = shape(d)
        return [] if shape(d) == self.wanted else [('wrong success', str(d)[:500])]


class ExecCgroup(Exec):
    """In a cgroup of its own below the container's, of the hierarchy of pids."""
    name = 'exec --cgroup'

    def make(self):
        super().make()
        for m in self.w.hierarchies:
            if os.path.isdir(os.path.join(m, self.w.word, 'c')):
                os.makedirs(os.path.join(m, self.w.word, 'c', 'below'), exist_ok=True)

    def args(self):
        return ['exec', '--cgroup', 'pids:below' if self.w.hybrid() else 'below', '--pid-file', self.w.pid_file, ID, '/bin/inspector']


class KillAll(Kill):
    name = 'kill --all'

    def args(self):
        return ['kill', '--all', ID, 'KILL']


class RunKeep(Run):
    """The container is there when its program has ended."""
    name, removes = 'run --keep', False

    def args(self):
        return ['run', '--keep', *super().args()[1:]]

    def success(self, path):
        return self.good_report(path) + self.status_is(['stopped'], 'wrong success')


class UpdateFile(Update):
    """The resources from a file; and the group of resctrl that a directory plays, as in spec-linux.bats."""
    name = 'update -r'

    def make(self):
        group, record = os.path.join(self.w.top, 'resctrl', ID), os.path.join(self.w.state, ID, 'state.json')
        Verb.make(self)
        os.makedirs(group, exist_ok=True)
        for f in ('schemata', 'tasks'):
            with open(os.path.join(group, f), 'w') as out:
                out.write('L3:0=7\n' if f == 'schemata' else '')
        with open(record) as f:
            d = json.load(f)
        d['intelRdt'] = {'path': group, 'classPath': group}
        with open(record, 'w') as f:
            json.dump(d, f)
        with open(os.path.join(self.w.top, 'resources.json'), 'w') as f:
            json.dump({'pids': {'limit': 77}, 'memory': {'limit': 32 << 20}, 'cpu': {'shares': 300}}, f)
        self.was = self.knobs()

    def unmake(self):
        """The kernel's own files do not keep a group from being removed; these would."""
        for f in ('schemata', 'tasks'):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.w.top, 'resctrl', ID, f))

    def knobs(self):
        with open(os.path.join(self.w.top, 'resctrl', ID, 'schemata')) as f:
            return {**self.w.knobs(), 'schemata': f.read()}

    def args(self):
        return ['update', '-r', os.path.join(self.w.top, 'resources.json'), '--l3-cache-schema', 'L3:0=f', ID]

    def success(self, path):
        knobs = self.knobs()
        if not hasattr(self, 'wanted'):
            self.wanted = knobs
        return [] if knobs == self.wanted else [('wrong success', f'{knobs} instead of {self.wanted}')]

    def failure(self, path):
        return [] if self.knobs() == self.was else [('done', f'{self.knobs()} instead of {self.was}')]


class Says(Verb):
    """Commands without a container: the same output, or an error."""
    needs, removes = 'none', True  # success leaves nothing either
    prints = True                  # reasons, too
    words = ()

    def args(self):
        return [x.replace('BUNDLE', self.w.bundle) for x in self.words]

    def ran(self, path):
        return False

    def success(self, path):
        with open(path) as f:
            text = f.read()
        if not hasattr(self, 'wanted'):
            self.wanted = text
        # A note says that something could not be found out, and why.
        more = [x for x in text.splitlines() if x not in self.wanted.splitlines()]
        same = text == self.wanted or (more and all(': note: ' in x and ' not known' in x for x in more))
        return [] if same else [('wrong success', ' '.join(more) or 'less')]

    def failure(self, path):
        return []


SAYINGS = {'features': ['features'], 'check': ['check', '-b', 'BUNDLE'], 'check --host': ['check', '--host', '-b', 'BUNDLE'], 'explain': ['explain', '-b', 'BUNDLE'],
           'spec': ['spec', '-b', 'BUNDLE/made']}


class Spec(Says):
    """Makes a config.json."""

    removes = False

    def unmake(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.w.bundle, 'made', 'config.json'))

    def success(self, path):
        with open(os.path.join(self.w.bundle, 'made', 'config.json')) as f:
            text = f.read()
        if not hasattr(self, 'wanted'):
            self.wanted = text
        return [] if text == self.wanted else [('wrong success', text)]

    def failure(self, path):
        return [('left', str(os.listdir(d)))] if os.listdir(d := os.path.join(self.w.bundle, 'made')) else []


class DeleteRunning(Delete):
    name, needs = 'delete -f', 'running'

    def args(self):
        return ['delete', '-f', ID]


class State(Look):
    name = 'state'

    def success(self, path):
        with open(path) as f:
            d = json.load(f)
        good = d['status'] == 'running' and d['pid'] == self.pid
        return [] if good else [('wrong success', str(d))]


class List(Look):
    name = 'list'

    def args(self):
        return ['list', '-q']


class Checkpoint(Verb):
    """By the stand-in for CRIU, which ends the init when it is told that all is well."""
    name, removes = 'checkpoint', True

    def before(self):
        self.w.images()
        super().before()

    def args(self):
        return ['checkpoint', '--image-path', self.w.images_path, ID]

    def success(self, path):
        return [] if os.path.exists(os.path.join(self.w.images_path, 'descriptors.json')) else [('wrong success', 'no descriptors.json')]

    def failure(self, path):
        """As it was; or saved, and then the rest of it is there to be deleted."""
        self.w.settle()
        if not self.alive() and self.state()[0] is None and os.listdir(self.w.state):
            return []  # all but its directory has been deleted
        return self.status_is(['running'] if self.alive() else ['stopped'], 'wrong state')


class Restore(Verb):
    """The restored process is one of the stand-in's, which writes nothing."""
    name, needs = 'restore -d', 'none'

    def before(self):
        self.w.images()

    def args(self):
        return ['restore', '-d', '-b', self.w.bundle, '--image-path', self.w.images_path, '--pid-file', self.w.pid_file, ID]

    def ran(self, path):
        return self.state()[0] == 'running'

    def success(self, path):
        return self.status_is(['running'], 'wrong success')

    def failure(self, path):
        return []


VERBS = {v.name: v for v in (Create, Start, Run, RunDetached, Exec, ExecDetached, ExecTerminal, Kill, Pause, Resume, Update, Delete, DeleteCreated,
                             DeleteRunning, State, List, Ps, Events, Checkpoint, Restore, ExecCgroup, KillAll, RunKeep, UpdateFile)}
VERBS.update({name: type(name, (Spec if name == 'spec' else Says,), {'name': name, 'words': words}) for name, words in SAYINGS.items()})
