# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the generators of manual pages and shell completions share: `PROGRAM help --json` is read, and the texts that a
generator makes of it are written, or with --check compared with those that are there.
"""
import json
import os
import subprocess
import sys


def main(script, doc, make):
    """make(cli) returns {name of a file beside the script: text}; script is the script's __file__."""
    here = os.path.dirname(os.path.abspath(script))
    args = [a for a in sys.argv[1:] if a != '--check']
    if len(args) != 1:
        sys.exit(doc)
    cli = json.loads(subprocess.run([args[0], 'help', '--json'], capture_output=True, check=True).stdout)
    stale = []
    for name, text in sorted(make(cli).items()):
        path = os.path.join(here, name)
        if '--check' not in sys.argv:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
            continue
        try:
            with open(path, encoding='utf-8') as f:
                there = f.read()
        except FileNotFoundError:
            there = None
        if there != text:
            stale.append(name)
    for name in stale:
        print(f'{name} is not what {os.path.relpath(script)} makes')
    sys.exit(1 if stale else 0)
