#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman and containerd where cgroup v2 is all there is: limits, readings, freezing, delegation. The machine is slow: few
# cases, each with much in it.

load helpers/machine
# What both define is podman's.
load helpers/containerd
load helpers/podman

setup_file() {
    machine_make
    podman_setup
}
setup() { podman_use; }
teardown() { podman_clean; }

cgroup_of() { sed -n 's,^0::,/sys/fs/cgroup,p' "/proc/$1/cgroup"; }

@test "podman: limits are version 2's, update changes them, stats read them, pause freezes" {
    up --memory 64m --memory-reservation 32m --memory-swap 128m --pids-limit 20 --cpus 0.5 --cpu-shares 512 bb sleep 1000
    local g
    g=$(cgroup_of "$PID")
    contains "$g" libpod-
    is "$(cat "$g"/{memory.max,memory.low,memory.swap.max,pids.max,cpu.max} | paste -sd' ')" "$((64 << 20)) $((32 << 20)) $((64 << 20)) 20 50000 100000"
    # Two ways to turn shares into a weight are in use.
    matches "$(cat "$g/cpu.weight")" '^(20|59)$'
    pod update --memory 96m --memory-swap 160m "$C"
    is "$(cat "$g/memory.max")" $((96 << 20))
    is "$(cat "$g/pids.max")" 20
    pod stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' "$C"
    # This podman shows the limit that it knows from the creation.
    matches "$output" '^1 [0-9.]+[kM]?B / (67\.11|100\.7)MB'
    pod pause "$C"
    is "$(cat "$g/cgroup.freeze")" 1
    pod unpause "$C"
    is "$(cat "$g/cgroup.freeze")" 0
    pod rm -f -t 0 "$C"
    [ ! -e "$g" ]
}

@test "podman: the container sees its own cgroup, and cannot write there" {
    run_ --memory 50m bb sh -c 'cat /proc/self/cgroup /sys/fs/cgroup/memory.max; mkdir /sys/fs/cgroup/x 2>&1; grep " /sys/fs/cgroup " /proc/mounts'
    matches "$output" '^0::/$'
    contains "$output" 52428800
    contains "$output" "Read-only"
    contains "$output" cgroup2
}

@test "podman: out of memory is seen" {
    cd "$BATS_TEST_TMPDIR"
    try "${P[@]}" run --name "$C" --net=none --memory 20m --memory-swap 20m bb sh -c 'x=$(head -c 100m /dev/zero | tr "\0" x)'
    is "$status" 137
    [ -e oom ] || is "$(inspect '{{.State.OOMKilled}}')" true
}

@test "podman: --cgroups=split, as a service manager starts it: in a cgroup of its own" {
    local g=/sys/fs/cgroup/split
    mkdir $g
    ok sh -c 'echo $$ >/sys/fs/cgroup/split/cgroup.procs; exec "$@"' sh "${P[@]}" run -d --net=none --name "$C" --cgroups=split --pids-limit 30 bb sleep 1000
    PID=$(inspect '{{.State.Pid}}')
    local at
    at=$(cgroup_of "$PID")
    contains "$at" $g/
    is "$(cat "$at/pids.max")" 30
    in_ echo in
    is "$output" in
}

@test "podman: --cgroups=disabled" {
    [ "$RUNTIME" != runc ] || skip "runc cannot: podman refuses"
    up --cgroups=disabled bb sleep 1000
    is "$(cgroup_of "$PID")" "$(cgroup_of self)"
    in_ echo in
}

@test "containerd: limits, metrics, pause, exec, delete" {
    containerd_use
    containerd_configure
    containerd_start
    oci_archive "$(image_tar busybox)" localhost/bb:latest "$ENGINES/bb.oci.tar" '["sh"]'
    ok "${CTR[@]}" image import "$ENGINES/bb.oci.tar"
    "${CTR[@]}" run -d --runc-binary "$RUNTIME_PATH" --memory-limit $((50 << 20)) --cpus 0.5 "$BB" "$C" sleep 1000 >"$BATS_TEST_TMPDIR/up" 2>&1 3>&- ||
        { cat "$BATS_TEST_TMPDIR/up" >&2; false; }
    PID=$(pid_of)
    local g
    g=$(cgroup_of "$PID")
    is "$(cat "$g"/{memory.max,cpu.max} | paste -sd' ')" "$((50 << 20)) 50000 100000"
    c_ task metrics "$C"
    matches "$output" 'pids.current +1'
    matches "$output" 'memory.usage +[1-9]'
    ok "${CTR[@]}" task exec --exec-id e1 "$C" cat /proc/self/cgroup
    is "$output" "$(cat "/proc/$PID/cgroup")" || is "$output" 0::/
    c_ task pause "$C"
    is "$(cat "$g/cgroup.freeze")" 1
    c_ task delete --force "$C"
    [ ! -e "$g" ]
    containerd_stop
}
