# SPDX-License-Identifier: LGPL-2.1-or-later
"""image.py - images that no tool would make, for hostile.bats: `from image import *` in python3 with this folder in PYTHONPATH."""
import hashlib
import io
import json
import os
import shutil
import tarfile

CONFIG = 'application/vnd.oci.image.config.v1+json'
LAYER = 'application/vnd.oci.image.layer.v1.tar'
MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
INDEX = 'application/vnd.oci.image.index.v1+json'
DIR, LINK, HARD, FIFO = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE


def sha(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def tar(*members):
    """Each is a dictionary: name, data, and what a TarInfo has."""
    f = io.BytesIO()
    with tarfile.open(fileobj=f, mode='w', format=tarfile.PAX_FORMAT) as t:
        for m in members:
            m = dict(m)
            info, data = tarfile.TarInfo(m.pop('name')), m.pop('data', b'')
            for k, v in m.items():
                setattr(info, k, v)
            if info.type == tarfile.REGTYPE:
                info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return f.getvalue()


def busybox():
    with open(shutil.which('busybox'), 'rb') as f:
        program = f.read()
    return tar({'name': 'bin', 'type': DIR, 'mode': 0o755}, {'name': 'bin/busybox', 'mode': 0o755, 'data': program},
               *({'name': f'bin/{n}', 'type': LINK, 'linkname': 'busybox'} for n in ('sh', 'ls', 'cat', 'env', 'true')))


class Layout:
    """An OCI layout."""
    def __init__(self, path):
        self.path = path
        os.makedirs(path + '/blobs/sha256')
        with open(path + '/oci-layout', 'w') as f:
            f.write('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, data, kind):
        """The descriptor of what was written."""
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        digest = sha(data)
        with open(f'{self.path}/blobs/sha256/{digest[7:]}', 'wb') as f:
            f.write(data)
        return {'mediaType': kind, 'digest': digest, 'size': len(data)}

    def index(self, *manifests):
        with open(self.path + '/index.json', 'w') as f:
            json.dump({'schemaVersion': 2, 'manifests': manifests}, f)

    def image(self, layers, config):
        whole = {'architecture': os.uname().machine.replace('x86_64', 'amd64').replace('aarch64', 'arm64'), 'os': 'linux', 'config': config,
                 'rootfs': {'type': 'layers', 'diff_ids': [sha(x) for x in layers]}}
        self.index(self.blob({'schemaVersion': 2, 'mediaType': MANIFEST, 'config': self.blob(whole, CONFIG),
                              'layers': [self.blob(x, LAYER) for x in layers]}, MANIFEST))
