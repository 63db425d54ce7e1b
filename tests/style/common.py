# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the style checks share: the list of sources, C without comments and strings, TAP.

Each check is a program that takes the root of a source tree (default: the one it lies in) and prints TAP, one test
per rule. tests/style/selftest runs each on samples that break the rules: a check that cannot fail is a defect.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def root():
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(HERE))


def sources(top, *dirs, ext=('.c', '.h')):
    """Relative paths of all sources below the directories, sorted; samples of the style checks are left out."""
    found = []
    for d in dirs:
        for where, subdirs, names in os.walk(os.path.join(top, d)):
            rel = os.path.relpath(where, top)
            subdirs[:] = sorted(s for s in subdirs
                                if not s.startswith(('.', '_build')) and os.path.join(rel, s) != 'tests/style/samples')
            found += [os.path.join(rel, n) for n in names if n.endswith(ext)]
    return sorted(found)


def read(top, path):
    with open(os.path.join(top, path), encoding='utf-8') as f:
        return f.read()


def generated(path):
    return os.path.basename(path) in ('ocispec.h', 'ocispec-tables.c')


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text, strings=True):
    """The text with comments (and the insides of strings) turned to spaces: positions and lines stay."""
    def sub(m):
        t = m.group(0)
        if t[0] in '"\'':
            return t if not strings else t[0] + ' ' * (len(t) - 2) + t[-1]
        return re.sub(r'[^\n]', ' ', t)
    return _TOKEN.sub(sub, text)


def line_of(text, pos):
    return text.count('\n', 0, pos) + 1


def arguments(code, pos):
    """The text between the parenthesis at code[pos] and its partner."""
    depth = 0
    for i in range(pos, len(code)):
        if code[i] == '(':
            depth += 1
        elif code[i] == ')':
            depth -= 1
            if depth == 0:
                return code[pos + 1:i]
    return code[pos + 1:]


class Tap:
    """Collects results; end() prints the plan and exits."""
    def __init__(self):
        self.n = 0
        self.failed = 0

    def result(self, name, problems, warnings=()):
        self.n += 1
        for w in warnings:
            print(f'# warning: {w}')
        for p in problems:
            print(f'# {p}')
        self.failed += bool(problems)
        print(f'{"not ok" if problems else "ok"} {self.n} - {name}', flush=True)

    def skip(self, name, why):
        self.n += 1
        print(f'ok {self.n} - {name} # SKIP {why}', flush=True)

    def end(self):
        print(f'1..{self.n}')
        sys.exit(1 if self.failed else 0)
