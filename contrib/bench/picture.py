#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""picture.py OUT.json OUT.svg - what bench.py measured, as bars: the least disturbed time of each test, and how it relates
to that of the first runtime.

The scale is logarithmic: a `state` takes half a millisecond and a run with 500 mounts a hundred.
"""
import json
import math
import sys

NAMES = {'run-minimal': 'run, minimal bundle', 'run-podmanlike': "run, an engine's bundle", 'lc-create': 'create',
         'lc-start': 'start', 'lc-state': 'state', 'lc-kill': 'kill', 'lc-delete': 'delete', 'exec': 'exec',
         'list-1': 'list, 1 container', 'list-10': 'list, 10 containers', 'list-100': 'list, 100 containers',
         'list-500': 'list, 500 containers', 'list-1000': 'list, 1000 containers', 'mounts-10': 'run, 10 bind mounts more',
         'mounts-100': 'run, 100 bind mounts more', 'mounts-500': 'run, 500 bind mounts more',
         'bigjson': 'run, config.json of 1 MB',
         'box-run': 'run and remove', 'box-exec': 'exec', 'box-list': 'list'}
COLOURS = ('#9aa5b1', '#c9b458', '#2f6f8f', '#7a5195', '#b04a4a')
LEFT, WIDTH, BAR, GAP, TOP = 190, 640, 11, 9, 46


def text(x, y, words, anchor='start', size=11, colour='#222'):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{words}</text>'


def main():
    with open(sys.argv[1]) as f:
        found = json.load(f)
    runtimes = list(found['meta']['runtimes'])
    tests = [t for t in NAMES if t in found and all(r in found[t] for r in runtimes)]
    top = max(found[t][r]['min'] for t in tests for r in runtimes)
    decades = math.ceil(math.log10(top)) + 1  # from 0.1 ms on

    def x(ms):
        return LEFT + max(0.0, math.log10(ms / 0.1)) / decades * WIDTH

    out, y = [], TOP
    for t in tests:
        out.append(text(LEFT - 8, y + BAR * len(runtimes) / 2 + 4, NAMES[t], 'end'))
        base = found[t][runtimes[0]]['min']
        for i, r in enumerate(runtimes):
            ms = found[t][r]['min']
            ratio = '' if i == 0 else f' ({ms / base:.2f})'
            out.append(f'<rect x="{LEFT}" y="{y}" width="{x(ms) - LEFT:.1f}" height="{BAR - 2}" fill="{COLOURS[i % 5]}"/>')
            out.append(text(x(ms) + 4, y + BAR - 3, f'{ms:.2g}{ratio}' if ms < 10 else f'{ms:.0f}{ratio}', size=9))
            y += BAR
        y += GAP
    lines = [f'<line x1="{x(v):.0f}" y1="{TOP - 6}" x2="{x(v):.0f}" y2="{y}" stroke="#ddd"/>' + text(x(v), TOP - 10, f'{v:g} ms', 'middle', 9, '#666')
             for v in (0.1, 1, 10, 100, 1000) if v <= top * 2]
    legend, at = [], LEFT
    for i, r in enumerate(runtimes):
        legend.append(f'<rect x="{at}" y="8" width="10" height="10" fill="{COLOURS[i % 5]}"/>' + text(at + 14, 17, r))
        at += 28 + 8 * len(r)
    with open(sys.argv[2], 'w') as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 90}" height="{y + 6}" font-family="sans-serif">\n'
                '<rect width="100%" height="100%" fill="#fff"/>\n' + '\n'.join(lines + legend + out) + '\n</svg>\n')


if __name__ == '__main__':
    main()
