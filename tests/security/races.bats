# SPDX-License-Identifier: LGPL-2.1-or-later
# An attacker exchanges parts of the root file system while the runtime works in it (CVE-2021-30465, CVE-2024-45310,
# CVE-2025-31133, CVE-2025-52565, CVE-2025-52881): containers that share a volume, or a root. Each attempt may fail or succeed;
# the host must not change, and a container that runs must be confined. A few seconds each: longer with RACE_SECONDS.
load helpers/canary

setup() {
    setup_common
    root_only
    make_canary
}

# attack SECONDS PATH... : swaps each PATH of the root with PATH.evil, which must be there (PATH=OTHER: with that path of the
# host), and runs the container again and again; how many attempts succeeded and failed is in $SUCCEEDED and $FAILED.
attack() {
    local seconds=${RACE_SECONDS:-$1} pairs=() p end rc mounts
    shift
    for p in "$@"; do
        case $p in
            *=*) pairs+=("$B/rootfs/${p%%=*}" "${p#*=}") ;;
            *) pairs+=("$B/rootfs/$p" "$B/rootfs/$p.evil") ;;
        esac
    done
    mounts=$(mounts_of_host)
    mkfifo "$T/leash"
    "$ATTACKER" swap "${pairs[@]}" < "$T/leash" > "$T/swapped" 3>&- &
    local attacker=$!
    exec 8> "$T/leash"
    SUCCEEDED=0 FAILED=0
    end=$((SECONDS + seconds))
    # On a machine that is busy, four attempts take longer.
    while [ $SECONDS -lt $end ] || [ $((SUCCEEDED + FAILED)) -le 3 ]; do
        rc=0
        timeout -s KILL 20 "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 8>&- || rc=$?
        ! grep BREACH "$T/log" >&2 || return 1
        case $rc in
            0) SUCCEEDED=$((SUCCEEDED + 1)) ;;
            1) FAILED=$((FAILED + 1)) ;;
            *) echo "exit code $rc: $(cat "$T/log")" >&2; return 1 ;;
        esac
    done
    echo >&8
    exec 8>&-
    wait $attacker
    echo "# $(cat "$T/swapped"), $SUCCEEDED containers ran, $FAILED did not" >&3
    canary_lives || return 1
    is "$(mounts_of_host)" "$mounts" "mounts of the host" || return 1
    is "$(ls -A "$STATE")" "" "state directories" || return 1
}

@test "destinations of mounts, existing and to be made" {
    new_bundle '.process.args = ["/bin/true"] | .root.readonly = false'
    mkdir -p "$T/volume" "$B/rootfs/srv/a/b/c" "$B/rootfs/srv/x/y"
    ln -s "$CANARY" "$B/rootfs/srv/a.evil"
    ln -s ../../../../../../../../../../../..$CANARY "$B/rootfs/srv/a/b.evil"
    ln -s /proc/1/root$CANARY "$B/rootfs/srv/x.evil"
    config --arg v "$T/volume" '.mounts += [
        {destination: "/srv/a/b/c", source: $v, options: ["bind"]},
        {destination: "/srv/a/b/made/by/cfs", type: "tmpfs", source: "x"},
        {destination: "/srv/x/y", type: "tmpfs", source: "x", options: ["tmpcopyup"]},
        {destination: "/srv/x/file", source: "/etc/hostname", options: ["bind"]}]'
    attack 4 srv/a srv/a/b srv/x
}

@test "a directory is moved out of the root while it is walked" {
    new_bundle '.process.args = ["/bin/true"] | .root.readonly = false'
    # Where ".." is the host: links that climb are a way out if the walk follows them from there.
    mkdir -p "$T/outside/deep/er" "$T/outside/target" "$B/rootfs/srv/in/deep/er" "$B/rootfs/srv/in/target"
    ln -s ../target "$T/outside/deep/climb"
    ln -s ../target "$B/rootfs/srv/in/deep/climb"
    config '.mounts += [{"destination": "/srv/in/deep/climb/made", "type": "tmpfs", "source": "x"},
        {"destination": "/srv/in/deep/er/x", "type": "tmpfs", "source": "x"}]'
    attack 3 srv/in/deep="$T/outside/deep"
    is "$(ls -A "$T/outside/target")" "" "made by the runtime on the host"
    is "$(ls -A "$T/outside" | sort | tr '\n' ' ')" "deep target "
}

@test "/dev and what is made in it" {
    new_bundle '.process.args = ["/bin/true"] | .root.readonly = false' '.mounts |= map(select(.destination | startswith("/dev") | not))' \
        '.linux.devices = [{"path": "/srv/devices/x", "type": "c", "major": 1, "minor": 3}]'
    mkdir -p "$B/rootfs/srv/devices"
    ln -s "$CANARY/dev" "$B/rootfs/dev.evil"
    ln -s ../../../../../../../../../../../../..$CANARY/dev "$B/rootfs/srv/devices.evil"
    attack 3 dev srv/devices
}

@test "/proc and /sys" {
    new_bundle '.process.args = ["/bin/true"] | .root.readonly = false'
    ln -s "$CANARY/proc" "$B/rootfs/proc.evil"
    ln -s "$CANARY/sys" "$B/rootfs/sys.evil"
    attack 2 proc sys
}

@test "the null device that masks: a container that runs finds masked what has to be" {
    new_bundle '.root.readonly = false' '.mounts |= map(select(.destination | startswith("/dev") | not))' '.linux.maskedPaths = ["/proc/keys", "/proc/timer_list"]'
    mknod -m 666 "$B/rootfs/dev/null" c 1 3
    ln -s /proc/sys/kernel/core_pattern "$B/rootfs/dev/null.evil"
    # The null device, or the empty file that masks where another thing has its place.
    args sh -c 'for f in /proc/keys /proc/timer_list; do case $(stat -c "%F %t:%T" $f) in "character special file 1:3" | "regular empty file 0:0") ;;
        *) echo "BREACH: $f is $(stat -c "%F %t:%T" $f)" ;; esac; done'
    attack 3 dev/null
}

@test "/dev/pts and the console" {
    new_bundle '.process.args = ["/bin/true"] | .process.terminal = true | .root.readonly = false' '.mounts |= map(select(.destination == "/proc" or .destination == "/dev/pts"))'
    mkdir -p "$B/rootfs/dev/pts" "$CANARY/dev/pts"
    CANARY_BEFORE=$(look_at_canary)
    touch "$B/rootfs/dev/console"
    ln -s "$CANARY/file" "$B/rootfs/dev/console.evil"
    ln -s "$CANARY/dev/pts" "$B/rootfs/dev/pts.evil"
    attack 3 dev/console dev/pts
}

@test "masked and read-only paths" {
    new_bundle '.root.readonly = false | .linux.maskedPaths += ["/srv/m/secret"] | .linux.readonlyPaths += ["/srv/r/sub"]' '.process.args = ["/bin/true"]'
    mkdir -p "$B/rootfs/srv/m/secret" "$B/rootfs/srv/r/sub"
    ln -s "$CANARY/dir" "$B/rootfs/srv/m.evil"
    ln -s ../../../../../../../../../../../../..$CANARY/dir "$B/rootfs/srv/r/sub.evil"
    attack 2 srv/m srv/r/sub
}

@test "the working directory and passwd, at exec" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .root.readonly = false'
    mkdir -p "$B/rootfs/srv/cwd"
    ln -s ../../../../../../../../../../../../..$CANARY/dir "$B/rootfs/srv/cwd.evil"
    ln -s "$CANARY/passwd" "$B/rootfs/etc/passwd.evil"
    up
    mkfifo "$T/leash"
    "$ATTACKER" swap "$B/rootfs/srv/cwd" "$B/rootfs/srv/cwd.evil" "$B/rootfs/etc/passwd" "$B/rootfs/etc/passwd.evil" < "$T/leash" > "$T/swapped" 3>&- &
    local attacker=$! end=$((SECONDS + ${RACE_SECONDS:-2})) n=0
    exec 8> "$T/leash"
    # On a machine that is busy, four attempts take longer.
    while [ $SECONDS -lt $end ] || [ $n -le 3 ]; do
        "$CFS" --root "$STATE" exec --cwd /srv/cwd "$ID" /bin/sh -c 'case $(pwd) in /srv/cwd*) ;; *) echo "BREACH: in $(pwd)";; esac; case $HOME in *canary*) echo "BREACH: $HOME";; esac' \
            < /dev/null > "$T/log" 2>&1 8>&- || [ $? = 255 ]
        ! grep BREACH "$T/log" >&2 || return 1
        n=$((n + 1))
    done
    echo >&8
    exec 8>&-
    wait $attacker
    canary_lives
}
