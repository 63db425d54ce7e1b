# SPDX-License-Identifier: LGPL-2.1-or-later
# An ordinary user's container where only some cgroup hierarchies were delegated to that user.
load helpers/common

setup() {
    setup_common
    root_only
    rootless_user
}

v1() { awk -v c="$1" '$3 == "cgroup" { n = split($4, o, ","); for (i = 1; i <= n; i++) if (o[i] == c) print $2 }' /proc/mounts | head -1; }

teardown() {
    teardown_common
    local d
    for d in /sys/fs/cgroup/*/; do
        [ ! -d "$d/$ID" ] || find "$d/$ID" -depth -type d -exec rmdir {} + || true
    done
}

# Gives the user a directory of the v1 hierarchy with that controller; DELEGATED is its path.
delegate() {
    local top
    top=$(v1 "$1")
    [ -n "$top" ] || skip "needs cgroup v1's $1"
    mkdir "$top/$ID"
    chown -R 54321:54321 "$top/$ID"
    DELEGATED="$top/$ID"
}

# Three processes that do not die with the init: no PID namespace.
three() {
    new_rootless_bundle ".linux.cgroupsPath = \"/$ID/c\"" '.process.args = ["/bin/sh", "-c", "sleep 600 & sleep 600 & exec sleep 600"]' \
        '.linux.namespaces |= map(select(.type != "pid"))' '.mounts |= map(select(.type != "proc"))' "$@"
    ln -sf busybox "$B/rootfs/bin/sleep"
    cfs run -d -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log"; return 1; }
    wait_for eval '[ "$(wc -l < "$DELEGATED/c/cgroup.procs")" = 3 ]'
}

@test "only one of v1 is delegated: ps and kill work by it" {
    local c tested=0
    for c in freezer memory pids name=systemd; do
        [ -n "$(v1 $c)" ] || continue
        delegate $c
        three
        cfs ps "$ID" -o pid > "$T/ps"
        is "$(sed 1d "$T/ps" | tr -d ' ')" "$(sort -n "$DELEGATED/c/cgroup.procs")" $c
        cfs kill "$ID" KILL
        wait_for eval '[ -z "$(cat "$DELEGATED/c/cgroup.procs")" ]'
        wait_for status_is "$ID" stopped
        cfs delete "$ID"
        [ ! -e "$DELEGATED/c" ]
        rmdir "$DELEGATED"
        rm -rf "$B"
        tested=$((tested + 1))
    done
    [ $tested -gt 0 ] || skip "needs cgroup v1"
}

@test "only v1's freezer is delegated: pause and resume work by it" {
    delegate freezer
    three
    cfs pause "$ID"
    status_is "$ID" paused
    is "$(cat "$DELEGATED/c/freezer.state")" FROZEN
    cfs resume "$ID"
    is "$(cat "$DELEGATED/c/freezer.state")" THAWED
    cfs pause "$ID"
    cfs kill "$ID" KILL
    wait_for eval '[ -z "$(cat "$DELEGATED/c/cgroup.procs")" ]'
}

@test "v2 may be made and not joined: ps, pause and kill work by v1's freezer" {
    local v2
    v2=$(awk '$3 == "cgroup2" { print $2 }' /proc/mounts | head -1)
    [ -n "$v2" ] || skip "needs cgroup v2"
    delegate freezer
    mkdir "$v2/$ID"
    chown 54321:54321 "$v2/$ID"
    three
    is "$(cfs ps "$ID" -o pid | wc -l)" 4
    cfs pause "$ID"
    status_is "$ID" paused
    cfs kill "$ID" KILL
    wait_for eval '[ -z "$(cat "$DELEGATED/c/cgroup.procs")" ]'
    [ ! -e "$v2/$ID/c" ]
}

# A cpuset needs CPUs, which its parent has not, and which only the parent's owner could give it.
@test "a hierarchy that turns out to be of no use is left as it was" {
    delegate cpuset
    local cpuset=$DELEGATED
    chown -R 0:0 "$cpuset"
    chown 54321:54321 "$cpuset"
    [ -z "$(cat "$cpuset/cpuset.cpus")" ] || skip "needs a cpuset that begins empty"
    delegate freezer
    three
    [ ! -e "$cpuset/c" ]
    is "$(cfs ps "$ID" -o pid | wc -l)" 4
    cfs delete --force "$ID"
    [ ! -e "$DELEGATED/c" ]
}

# As runc: an explicit path that cannot be had is an error, and without one a rootless container needs no cgroup.
@test "a path where the user may make nothing is an error that names directory and owner; without a path it runs" {
    local top command
    for top in "$(v1 freezer)" "$(awk '$3 == "cgroup2" { print $2 }' /proc/mounts | head -1)"; do
        [ -z "$top" ] || mkdir "$top/$ID"
    done
    new_rootless_bundle ".linux.cgroupsPath = \"/$ID/c\""
    for command in "run -b $B $ID" "create -b $B $ID" "check --host -b $B"; do
        run cfs $command
        # 2: the configuration is right, this host cannot do it.
        case $command in check*) is "$status" 2 ;; *) is "$status" 1 "$command" ;; esac
        contains "$output" "linux.cgroupsPath"
        contains "$output" "/$ID"
        contains "$output" "belongs to user 0"
        is "$(ls -A "$STATE" 2> /dev/null)" ""
    done
    config 'del(.linux.cgroupsPath)'
    cfs run -b "$B" "$ID" > "$OUT"
    is "$(got .pid)" 1
}
