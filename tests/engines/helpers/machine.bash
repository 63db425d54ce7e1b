# SPDX-License-Identifier: LGPL-2.1-or-later
# Engines on a machine that is theirs alone, for as long as one suite takes (tests/vm/run): nothing is put back.

grep -qw 'vm_job=[^ ]*' /proc/cmdline || { echo "start me with tests/vm/run" >&2; exit 1; }
export ENGINES=/tmp/e RUNTIME=${RUNTIME:-cfs} TAG=cfse-vm
export RUNTIME_PATH=/usr/bin/$RUNTIME HOME=/root

machine_make() {
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    mkdir -p "$ENGINES/bin"
    [ "$RUNTIME" != cfs ] || install "${CFS:-$TOP/cfs}" "$RUNTIME_PATH"
    cp "$TOP/tests/engines/helpers/pty" "$ENGINES/bin/pty"
}
