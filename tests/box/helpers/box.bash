# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of cfs-box use. `load helpers/box` and go.
#
#   box ARG...      cfs-box with a store of the file's own, which has the image busybox
#   lone ARG...     the same with --network none: most tests need no network
#   fresh           an empty store, for this test alone, in place of that; own_store: a copy of it
#   running NAME    waits until a container runs; ended NAME: until it has ended

# shellcheck source=/dev/null
. "${BASH_SOURCE[0]%/*}/../../integration/helpers/jq.bash"

# As in tests/integration/helpers/common.bash.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}"

: "${CFS_BOX:?the path of cfs-box}"

setup_file() {
    export STORE="$BATS_FILE_TMPDIR/store"
    can_run || return 0
    "$CFS_BOX" --root "$STORE" image make busybox > /dev/null
}

can_run() { [ -x "$CFS_BOX" ] && [ "$(id -u)" = 0 ]; }

# What each file's setup() begins with.
setup_box() {
    export T="$BATS_TEST_TMPDIR"
    [ -x "$CFS_BOX" ] || skip "cfs-box is not built"
    [ "$(id -u)" = 0 ] || skip "needs root"
    STORE="$BATS_FILE_TMPDIR/store"
}

setup() { setup_box; }

# A copy of the file's store, for this test alone.
own_store() {
    STORE="$T/store"
    cp -a "$BATS_FILE_TMPDIR/store" "$STORE"
}

# make PYTHON: writes images below $T, by helpers/image.py
make() {
    (cd "$T" && PYTHONPATH="$BATS_TEST_DIRNAME/helpers" PYTHONDONTWRITEBYTECODE=1 python3 -c "from image import *
$1")
}

teardown() {
    local id
    can_run || return 0
    for id in $(box ps -aq --no-trunc); do box rm -f "$id" > /dev/null 2>&1 || true; done
}

box() { "$CFS_BOX" --root "$STORE" "$@"; }

lone() {
    local command=$1
    shift
    box "$command" --network none "$@"
}

fresh() { STORE="$T/store"; }

state() { box inspect "$1" | jq -r .state; }

running() {
    local i
    for ((i = 0; i < 200; i++)); do
        [ "$(state "$1")" = running ] && return 0
        sleep 0.02
    done
    return 1
}

ended() { box wait "$1" > /dev/null; }

# until CMD...: for at most 5 seconds
until_true() {
    local i
    for ((i = 0; i < 250; i++)); do
        "$@" && return 0
        sleep 0.02
    done
    return 1
}
