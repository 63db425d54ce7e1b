#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-schema.py - the schemas and the decoder agree.

The C decoder works from tables that generate.py makes of the schemas; this holds an independent JSON Schema validator
(python3-jsonschema) against it:

* every document of the corpus is accepted by both or refused by both, but for the deliberate differences listed below;
* the good documents use every property that a schema has;
* mutants: every property of every type is given values of all kinds, left out, set to its limits and beyond, and both
  have to give the same verdict on each.

Needs python3-jsonschema (Debian's is for /usr/bin/python3) and the program tests/corpus/decode. TAP on stdout.
"""
import copy
import glob
import json
import os
import re
import subprocess
import sys
import warnings

try:
    import jsonschema
except ImportError:
    if os.path.exists('/usr/bin/python3') and os.path.realpath(sys.executable) != os.path.realpath('/usr/bin/python3'):
        os.execv('/usr/bin/python3', ['/usr/bin/python3'] + sys.argv)
    print('1..0 # SKIP python3-jsonschema is not installed')
    sys.exit(0)

TOP = os.environ.get('top_srcdir', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
BUILD = os.environ.get('top_builddir', TOP)
CORPUS = os.path.join(TOP, 'tests', 'corpus')
DECODE = os.environ.get('DECODE', os.path.join(BUILD, 'tests', 'corpus', 'decode'))
warnings.simplefilter('ignore', DeprecationWarning)  # the successor of RefResolver is not in Debian 12
SCHEMAS = ('config', 'state', 'features', 'record')

# What the decoder refuses although JSON Schema has nothing against it: a validator sees values, not their text.
STRICTER = {
    'config/bad/duplicate-after-null': 'duplicate keys',
    'config/bad/duplicate-annotation': 'duplicate keys',
    'config/bad/duplicate-ignored': 'duplicate keys',
    'config/bad/duplicate-property': 'duplicate keys',
    'config/bad/duplicate-unknown': 'duplicate keys',
    'config/bad/lone-low-surrogate': 'no character of Unicode, and no UTF-8',
    'config/bad/lone-surrogate': 'no character of Unicode, and no UTF-8',
    'config/bad/nan': 'not JSON, but python reads it',
    'config/bad/nested-too-deeply': 'depth is bounded',
    'config/bad/nul-escape': 'NUL ends a string of C',
    'config/bad/nul-in-key': 'NUL ends a string of C',
}


def load_schemas():
    """The schemas as they are, but that null counts as absent, which Go's nil slices ask for (oci.h)."""
    files = {}
    for name in SCHEMAS:
        with open(f'{TOP}/libocispec/schema/{name}.json', encoding='utf-8') as f:
            files[name + '.json'] = json.load(f)
    for document in files.values():
        jsonschema.Draft202012Validator.check_schema(document)
        for node in [document, *document['$defs'].values()]:
            for name, prop in node.get('properties', {}).items():
                if name not in node.get('required', []):
                    node['properties'][name] = {'anyOf': [{'type': 'null'}, prop]}
    return files


def types(files):
    """{C name: (file, $ref, node)} of every object with properties, as generate.py names them."""
    out = {}
    for file, document in files.items():
        out[document['title']] = (file, file, document)
        for name, node in document['$defs'].items():
            if 'properties' in node:
                out[snake(name)] = (file, f'{file}#/$defs/{name}', node)
    return out


def snake(name):
    name = re.sub(r'([A-Z]+)([A-Z][a-z])', r'\1_\2', name)
    return re.sub(r'([a-z0-9])([A-Z])', r'\1_\2', name).lower()


class Checker:
    def __init__(self):
        self.files = load_schemas()
        self.types = types(self.files)
        self.resolver = jsonschema.RefResolver('', {}, store=dict(self.files))
        self.validators = {}

    def accepts(self, type_name, value):
        if type_name not in self.validators:
            ref = {'$ref': self.types[type_name][1]}
            self.validators[type_name] = jsonschema.Draft202012Validator(ref, resolver=self.resolver)
        return self.validators[type_name].is_valid(value)

    def follow(self, file, node):
        """A property's node with its references followed: (file, merged node, name of its type or None)."""
        node = dict(node)
        if 'anyOf' in node:
            node = dict(node['anyOf'][1])
        name = None
        while '$ref' in node:
            other, _, pointer = node.pop('$ref').partition('#')
            file = other or file
            target = self.files[file]
            name = target['title']
            if pointer:
                name = snake(pointer.rsplit('/', 1)[1])
                target = target['$defs'][pointer.rsplit('/', 1)[1]]
            if 'properties' in target:
                return file, {**target, **node}, name
            node = {**target, **node}
        return file, node, None


def decode(type_name, paths):
    """{path: None or the decoder's message}"""
    out = {}
    for i in range(0, len(paths), 500):
        part = paths[i:i + 500]
        r = subprocess.run([DECODE, type_name, *part], stdout=subprocess.PIPE, check=False)
        if r.returncode not in (0, 1):
            sys.exit(f'Bail out! decode {type_name}: exit status {r.returncode}')
        lines = r.stdout.decode('utf-8').splitlines()
        if len(lines) != len(part):
            sys.exit(f'Bail out! decode {type_name}: {len(lines)} lines for {len(part)} documents')
        for path, line in zip(part, lines):
            out[path] = None if line == os.path.basename(path) + ': ok' else line
    return out


def parse(path):
    """(value, None) or (None, why not)"""
    try:
        with open(path, 'rb') as f:
            return json.loads(f.read().decode('utf-8')), None
    except (ValueError, RecursionError) as e:
        return None, str(e)


def check_corpus(c):
    wrong, unused = [], dict(STRICTER)
    for directory in sorted(glob.glob(f'{CORPUS}/*/*/')):
        type_name, verdict = directory.split('/')[-3:-1]
        paths = sorted(glob.glob(directory + '*.json'))
        for path, message in decode(type_name, paths).items():
            name = f'{type_name}/{verdict}/{os.path.basename(path)[:-5]}'
            value, problem = parse(path)
            by_schema = problem is None and c.accepts(type_name, value)
            if (message is None) != (verdict == 'good'):
                wrong.append(f'{name}: the decoder says {message or "ok"}')
            if name in unused:
                del unused[name]
                if not by_schema:
                    wrong.append(f'{name}: no difference any more')
            elif by_schema != (verdict == 'good'):
                wrong.append(f'{name}: the schema {"accepts" if by_schema else "refuses"} it')
    wrong += [f'{name}: listed as different, but not there' for name in unused]
    return wrong


def check_coverage(c):
    """Every property of every type is in a good document."""
    used = set()

    def visit(file, type_name, node, value):
        for name, prop in node['properties'].items():
            if isinstance(value, dict) and value.get(name) is not None:
                used.add(f'{type_name}.{name}')
                descend(file, prop, value[name])

    def descend(file, prop, value):
        file, node, name = c.follow(file, prop)
        if name:
            visit(file, name, node, value)
        elif isinstance(value, list) and 'items' in node:
            for entry in value:
                descend(file, node['items'], entry)
        elif isinstance(value, dict) and 'additionalProperties' in node:
            for entry in value.values():
                descend(file, node['additionalProperties'], entry)

    for path in glob.glob(f'{CORPUS}/*/good/*.json'):
        name = path.split('/')[-3]
        visit(c.types[name][0], name, c.types[name][2], parse(path)[0])
    every = {f'{t}.{p}' for t, (_, _, node) in c.types.items() for p in node['properties']}
    return [f'no good document has {p}: add it to an every-property.json of tests/corpus'
            for p in sorted(every - used)]


# Of every kind, and around the limits of the integer types.
VALUES = [None, True, False, '', 'x', '/', '/x', 'x/y', '1.3.0', 'SCMP_ACT_ALLOW', 'pid', 'c', [], [None], ['x'], ['/x'], [[]], [1],
          [{}], {}, {'x': 'y'}, {'x': None}, {'': 'y'}, {'x': 1}, {'x': {}}, {'monotonic': {}}, 1.5, -0.5, 5.0, 1e3] + \
         [n + d for n in (0, 511, 1000, -1000, 65535, 2**31 - 1, -2**31, 2**32 - 1, 2**63 - 1, -2**63, 2**64 - 1)
          for d in (-1, 0, 1)]


def sample(c, type_name):
    """An object of the type with its required properties, out of a good document."""
    file, _, node = c.types[type_name]
    return {name: sample_value(c, file, node['properties'][name]) for name in node.get('required', [])}


def sample_value(c, file, prop):
    file, node, name = c.follow(file, prop)
    if name:
        return sample(c, name)
    if 'enum' in node:
        return node['enum'][-1]
    if node['type'] == 'array':
        return [sample_value(c, file, node['items'])] if node.get('minItems') else []
    if node['type'] == 'integer':
        return max(0, node['minimum'])
    if node['type'] == 'boolean':
        return True
    for candidate in ('x', '/x', '1.3.0', 'RLIMIT_NOFILE', '2MB', 'CAP_KILL', '0'):
        if jsonschema.Draft202012Validator(node).is_valid(candidate):
            return candidate
    sys.exit(f'Bail out! no sample of {node}')


def mutants(c, type_name):
    base = sample(c, type_name)
    file, _, node = c.types[type_name]
    yield base
    for name, prop in node['properties'].items():
        without = copy.copy(base)
        without.pop(name, None)
        yield without
        _, flat, object_name = c.follow(file, prop)
        values = list(VALUES) + flat.get('enum', []) + [flat.get(k) for k in ('minimum', 'maximum') if k in flat]
        if object_name:
            values.append(sample(c, object_name))
        elif 'properties' not in flat and flat.get('type') in ('array', 'object'):
            entry = flat.get('items') or flat['additionalProperties']
            one = sample_value(c, file, entry)
            _, entry_flat, _ = c.follow(file, entry)
            entries = [one, *VALUES, *entry_flat.get('enum', [])]
            values += [[e] for e in entries] + [[one, e] for e in VALUES[:8]]
            values += [{'x': e} for e in entries]
        for value in values:
            yield {**base, name: value}


def check_mutants(c):
    wrong, n = [], 0
    for type_name in c.types:
        documents = list(mutants(c, type_name))
        r = subprocess.run([DECODE, '-l', type_name], input='\n'.join(map(json.dumps, documents)).encode() + b'\n',
                           stdout=subprocess.PIPE, check=False)
        verdicts = r.stdout.decode().splitlines()
        if r.returncode not in (0, 1) or len(verdicts) != len(documents):
            sys.exit(f'Bail out! decode -l {type_name}: exit status {r.returncode}, {len(verdicts)} of {len(documents)}')
        n += len(documents)
        for document, verdict in zip(documents, verdicts):
            by_schema = c.accepts(type_name, document)
            if by_schema != (verdict == '-: ok'):
                wrong.append(f'{type_name} {json.dumps(document)}: the schema says {by_schema}, the decoder {verdict}')
    print(f'# {n} mutants of {len(c.types)} types')
    return wrong


def main():
    c = Checker()
    checks = [('the corpus has the same verdict from both', check_corpus),
              ('the good documents use every property', check_coverage),
              ('mutants have the same verdict from both', check_mutants)]
    failed = 0
    print(f'1..{len(checks)}')
    for i, (name, check) in enumerate(checks, 1):
        wrong = check(c)
        for line in wrong[:50]:
            print(f'# {line}')
        print(f'{"not ok" if wrong else "ok"} {i} - {name}')
        failed += bool(wrong)
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
