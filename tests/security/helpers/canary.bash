# SPDX-License-Identifier: LGPL-2.1-or-later
# Things of the host's that an attacker would like the runtime to change: $CANARY, outside of every root file system.
load ../integration/helpers/common

: "${ATTACKER:?the path of tests/security/helpers/attacker}"

# goes_on N ENOUGH END: a race that has been run N times goes on until END (of $SECONDS), and on a machine that is busy with other
# things for a minute more, until it has been run ENOUGH times.
goes_on() { [ $SECONDS -lt "$3" ] || { [ "$1" -lt "$2" ] && [ $SECONDS -lt $(($3 + 60)) ]; }; }

make_canary() {
    CANARY="$T/canary"
    mkdir -p "$CANARY"/{dir/sub,empty,dev,proc,sys}
    echo precious > "$CANARY/file"
    echo precious > "$CANARY/dir/file"
    echo "root:x:0:0:canary:/canary:/bin/sh" > "$CANARY/passwd"
    CANARY_BEFORE=$(look_at_canary)
}

# Names, kinds, modes, owners, sizes, inodes, times of change, contents. A mount on it shows as another inode.
look_at_canary() {
    find "$CANARY" -printf '%P %y %m %U:%G %s %i %C@\n' | sort
    cat "$CANARY/file" "$CANARY/dir/file" "$CANARY/passwd"
}

mounts_of_host() { outside cat /proc/self/mountinfo | wc -l; }

canary_lives() {
    local now
    now=$(look_at_canary)
    [ "$now" = "$CANARY_BEFORE" ] && return 0
    echo "the canary is dead ($*):" >&2
    diff <(echo "$CANARY_BEFORE") <(echo "$now") >&2
    return 1
}
