#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman: limits, cgroups, descriptors, readiness, hooks.

load helpers/podman

setup_file() { podman_setup; }
setup() { podman_use; }
teardown() { podman_clean; }

want() {
    local c
    for c; do has_controller "$c" || skip "needs the $c controller"; done
}

@test "--memory, --memory-reservation, --memory-swap" {
    want memory
    up --memory 64m --memory-reservation 32m --memory-swap 128m bb sleep 1000
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" $((64 << 20))
    is "$(cg "$PID" memory memory.soft_limit_in_bytes memory.low)" $((32 << 20))
    if cg_v2; then
        is "$(cg "$PID" memory - memory.swap.max)" $((64 << 20))
    elif [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]; then
        is "$(cg "$PID" memory memory.memsw.limit_in_bytes -)" $((128 << 20))
    fi
}

@test "--memory: out of memory is seen" {
    want memory
    # conmon leaves the file "oom" for podman in its current directory, where this podman does not look for it.
    cd "$BATS_TEST_TMPDIR"
    pod run -d --name "$C" --net=none --memory 20m --memory-swap 20m bb sh -c 'x=$(head -c 100m /dev/zero | tr "\0" x); echo survived'
    pod wait "$C"
    is "$output" 137
    [ -e oom ] || is "$(inspect '{{.State.OOMKilled}}')" true
}

@test "--memory-swappiness" {
    want memory
    cg_v2 && skip "version 2 has no swappiness"
    up --memory-swappiness 7 bb sleep 1000
    is "$(cg "$PID" memory memory.swappiness -)" 7
}

@test "--pids-limit" {
    want pids
    up --pids-limit 20 bb sleep 1000
    is "$(cg "$PID" pids pids.max pids.max)" 20
    try "${P[@]}" exec "$C" sh -c 'for i in $(seq 40); do sleep 5 & done'
    contains "$output" "fork"
    podman_clean
    up --pids-limit -1 bb sleep 1000
    is "$(cg "$PID" pids pids.max pids.max)" max
}

@test "--cpus, --cpu-shares, --cpu-period, --cpu-quota" {
    want cpu
    up --cpus 0.5 --cpu-shares 512 bb sleep 1000
    if cg_v2; then
        is "$(cg "$PID" cpu - cpu.max)" "50000 100000"
        [ "$(cg "$PID" cpu - cpu.weight)" -lt 100 ]
    else
        is "$(cg "$PID" cpu cpu.cfs_quota_us -)" 50000
        is "$(cg "$PID" cpu cpu.shares -)" 512
    fi
    podman_clean
    up --cpu-period 50000 --cpu-quota 10000 bb sleep 1000
    matches "$(cg "$PID" cpu cpu.cfs_quota_us cpu.max)" '^10000( 50000)?$'
}

@test "--cpuset-cpus, --cpuset-mems" {
    want cpuset
    up --cpuset-cpus 0 --cpuset-mems 0 bb sleep 1000
    is "$(cg "$PID" cpuset cpuset.cpus cpuset.cpus)" 0
    in_ grep Cpus_allowed_list /proc/self/status
    matches "$output" '[[:space:]]0$'
    podman_clean
    fails_ 125 --cpuset-cpus 999 bb true
}

@test "--blkio-weight, --device-read-bps, --device-write-iops" {
    local dev n
    dev=$(lsblk -dno NAME,TYPE 2>/dev/null | awk '$2 == "disk" { print "/dev/" $1; exit }')
    [ -b "$dev" ] || skip "needs a disk"
    { [ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ] || grep -qw io /sys/fs/cgroup/cgroup.controllers 2>/dev/null; } ||
        skip "needs the blkio or io controller"
    n=$(lsblk -dno MAJ:MIN "$dev" | tr -d ' ')
    up --device-read-bps "$dev:1mb" --device-write-iops "$dev:100" bb sleep 1000
    if cg_v2; then
        matches "$(cg "$PID" io - io.max)" "^$n rbps=1048576 .*wiops=100"
    else
        is "$(cg "$PID" blkio blkio.throttle.read_bps_device -)" "$n 1048576"
        is "$(cg "$PID" blkio blkio.throttle.write_iops_device -)" "$n 100"
    fi
}

@test "several limits at once, and what the container sees of them" {
    want memory pids cpu
    run_ --memory 50m --pids-limit 30 --cpus 1.5 --cgroupns private bb sh -c '
        cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
        cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true'
    is "$output" $'52428800\n30'
}

@test "--cgroup-parent" {
    up --cgroup-parent "/$TAG/below" bb sleep 1000
    grep -q "/$TAG/below/libpod-" "/proc/$PID/cgroup"
    podman_clean
    is "$(cgroups_named 'libpod-*' | grep "$TAG/below")" ""
}

@test "--cgroups=disabled" {
    [ "$RUNTIME" != runc ] || skip "runc cannot: podman refuses"
    up --cgroups=disabled bb sleep 1000
    is "$(cut -d: -f2,3 "/proc/$PID/cgroup")" "$(cut -d: -f2,3 /proc/self/cgroup)"
    in_ echo in
    is "$output" in
    # The container has no cgroup of its own: kill and rm work all the same.
    pod exec -d "$C" sleep 4000
    pod kill "$C"
    wait_for state_is exited
    pod rm "$C"
}

@test "--cgroups=no-conmon; split" {
    up --cgroups=no-conmon bb sleep 1000
    grep -q libpod- "/proc/$PID/cgroup"
    podman_clean
    cg_v2 || skip "podman splits cgroups of version 2 only"
    up --cgroups=split bb sleep 1000
    grep -q '/container$\|libpod' "/proc/$PID/cgroup"
}

@test "the cgroup file system is there, read-only, and shows the container's own" {
    run_ bb sh -c 'grep " /sys/fs/cgroup" /proc/mounts; for d in /sys/fs/cgroup /sys/fs/cgroup/memory; do mkdir $d/x; test -d $d/x && echo made; done; true'
    matches "$output" ' (cgroup|cgroup2|tmpfs) ro'
    ! grep -qx made <<<"$output"
}

@test "stats agree with the cgroup" {
    want memory pids
    up bb sh -c 'sleep 1000 & sleep 1000'
    pod stats --no-stream --format '{{.PIDs}}' "$C"
    is "$output" "$(cg "$PID" pids pids.current pids.current)"
}

# --- descriptors, readiness -------------------------------------------------------------------------------------------

@test "--preserve-fds" {
    echo kept >"$BATS_TEST_TMPDIR/f"
    ok bash -c 'exec 3<"$0" 4<"$0"; exec "$@"' "$BATS_TEST_TMPDIR/f" "${P[@]}" run --rm --net=none --preserve-fds 2 bb sh -c 'cat <&3; cat <&4; ls /proc/self/fd | wc -l'
    is "$output" $'kept\nkept\n6'
}

@test "LISTEN_FDS: a socket handed over by a service manager" {
    needs systemd-socket-activate
    local s="$BATS_TEST_TMPDIR/sock" pid
    systemd-socket-activate -E CONTAINERS_CONF -l "$s" "${P[@]}" run --rm --net=none --name "$C" bb \
        sh -c 'echo "$LISTEN_FDS $LISTEN_PID $$" >&2; test -S /proc/self/fd/3 && echo socket >&2' >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    pid=$!
    wait_for test -S "$s"
    /usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$s"
    wait $pid || { cat "$BATS_TEST_TMPDIR/out" >&2; false; }
    output=$(cat "$BATS_TEST_TMPDIR/out")
    contains "$output" "1 1 1"
    contains "$output" socket
}

# notify SOCKET: writes what arrives, until READY=1 does.
notify() {
    /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(15)
while True:
    m = s.recv(4096).decode()
    print(m, flush=True)
    if "READY=1" in m:
        break' "$1" >"$1.log" 2>&1 3>&- &
    wait_for test -S "$1"
}

@test "sdnotify=conmon: ready when it runs" {
    notify "$BATS_TEST_TMPDIR/n"
    NOTIFY_SOCKET="$BATS_TEST_TMPDIR/n" pod run -d --name "$C" --net=none --sdnotify=conmon bb sleep 1000
    wait_for grep -q READY=1 "$BATS_TEST_TMPDIR/n.log"
    grep -q MAINPID= "$BATS_TEST_TMPDIR/n.log"
}

@test "sdnotify=container: ready when the program says so" {
    pod import "$(image_tar debian)" deb
    notify "$BATS_TEST_TMPDIR/n"
    # The program waits for a sign, so that being ready early is seen.
    NOTIFY_SOCKET="$BATS_TEST_TMPDIR/n" timeout 30 "${P[@]}" run -d --name "$C" --net=none --sdnotify=container \
        -v /usr/bin/perl:/usr/bin/perl:ro -v /usr/lib/x86_64-linux-gnu:/perl:ro -e LD_LIBRARY_PATH=/perl deb bash -c '
        while [ ! -e /tmp/go ]; do sleep 0.1; done
        perl -e '"'"'my $p = $ENV{NOTIFY_SOCKET}; $p =~ s/^@/\0/; socket(S, 1, 2, 0) or die "socket"; my $a = pack("S a*", 1, $p);
            send(S, "READY=1", 0, $a) or die "send to $p: $!"'"'"' || echo failed
        exec sleep 1000' >"$BATS_TEST_TMPDIR/run" 2>&1 3>&- &
    local run=$!
    wait_for state_is running || { cat "$BATS_TEST_TMPDIR/run" >&2; false; }
    ! grep -q READY=1 "$BATS_TEST_TMPDIR/n.log"
    in_ touch /tmp/go
    wait_for grep -q READY=1 "$BATS_TEST_TMPDIR/n.log" || { "${P[@]}" logs "$C" >&2; cat "$BATS_TEST_TMPDIR"/{run,n.log} >&2; false; }
    wait $run
}

@test "sdnotify=ignore: the container does not see the socket" {
    notify "$BATS_TEST_TMPDIR/n"
    NOTIFY_SOCKET="$BATS_TEST_TMPDIR/n" run_ --sdnotify=ignore bb sh -c 'env; ls /run'
    lacks "$output" NOTIFY_SOCKET
    lacks "$output" notify
    is "$(cat "$BATS_TEST_TMPDIR/n.log")" ""
}

# --- hooks ------------------------------------------------------------------------------------------------------------

@test "--hooks-dir: hooks at every point of the life, with the state on stdin" {
    local d="$BATS_TEST_TMPDIR/hooks" s point
    mkdir "$d"
    for point in prestart createRuntime createContainer startContainer poststart poststop; do
        s="$d/$point.sh"
        printf '#!/bin/sh\nexec >>%s/log 2>&1\necho %s $(cat | tr -d " \\n")\n' "$d" "$point" >"$s"
        chmod 755 "$s"
        [ $point != startContainer ] || continue
        jq -n --arg p "$s" --arg stage "$point" '{version: "1.0.0", hook: {path: $p}, when: {always: true}, stages: [$stage]}' >"$d/$point.json"
    done
    ok "${P[@]}" --hooks-dir "$d" run --rm --net=none bb true
    wait_for grep -q poststop "$d/log"
    for point in prestart createRuntime createContainer poststart poststop; do
        grep -q "^$point.*\"id\":" "$d/log" || { cat "$d/log" >&2; echo "no $point" >&2; false; }
    done
    is "$(cut -d' ' -f1 "$d/log" | paste -sd' ')" "prestart createRuntime createContainer poststart poststop"
}

@test "--hooks-dir: a hook that fails, fails the container" {
    local d="$BATS_TEST_TMPDIR/hooks"
    mkdir "$d"
    printf '#!/bin/sh\necho no thanks >&2\nexit 3\n' >"$d/refuse"
    chmod 755 "$d/refuse"
    jq -n --arg p "$d/refuse" '{version: "1.0.0", hook: {path: $p}, when: {always: true}, stages: ["prestart"]}' >"$d/refuse.json"
    fails 126 "${P[@]}" --hooks-dir "$d" run --rm --net=none bb echo ran
    lacks "$output" "^ran$"
    contains "$output" hook
}

@test "--pidfile, --cidfile, --conmon-pidfile name what runs" {
    up --pidfile "$BATS_TEST_TMPDIR/pid" --cidfile "$BATS_TEST_TMPDIR/cid" bb sleep 1000
    is "$(cat "$BATS_TEST_TMPDIR/pid")" "$PID"
}
