#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman of an ordinary user: the runtime runs as root of a user namespace that podman made, mostly without any cgroup.

load helpers/podman
load helpers/rootless

setup_file() {
    needs podman
    rootless_make
    rootless
    ok "${P[@]}" info --format '{{.Host.Security.Rootless}}'
    is "$(tail -1 <<<"$output")" true
    ok "${P[@]}" import "$ENGINES/busybox.tar" bb
}

rootless() {
    rootless_use
    P=("${U[@]}" podman --root "$D/root" --runroot "$D/runroot" --tmpdir "$D/tmp" --cgroup-manager=cgroupfs --events-backend=file
        --storage-driver=overlay --runtime "$RUNTIME")
}

setup() { rootless; }
teardown() { podman_clean; }

@test "rootless: run, exit codes" {
    run_ bb id
    matches "$output" '^uid=0\(root\) gid=0\(root\)'
    fails_ 7 bb sh -c 'exit 7'
    fails_ 127 bb nosuchprogram
    matches "$output" 'executable file .*not found'
    fails_ 126 bb /etc/passwd
}

@test "rootless: the user's own id inside is root, and the others are subordinate" {
    run_ bb cat /proc/self/uid_map
    matches "$output" "^ +0 +$USER_ID +1"
    up bb sleep 1000
    is "$(stat -c %u "/proc/$PID")" "$USER_ID"
    podman_clean
    up --user 1000 bb sleep 1000
    is "$(stat -c %u "/proc/$PID")" 500999
}

@test "rootless: exec, with a terminal too" {
    up bb sleep 1000
    in_ sh -c 'echo in; id -u'
    is "$output" $'in\n0'
    fails 5 "${P[@]}" exec "$C" sh -c 'exit 5'
    ok "${PTY[@]}" "${P[@]}" exec -it "$C" sh -c 'tty'
    contains "$output" /dev/pts/
}

@test "rootless: -it" {
    ok "${PTY[@]}" -r 25 -c 70 "${P[@]}" run --rm -it --net=none bb sh -c 'sleep 0.5; tty; stty size; stat -c %u $(tty)'
    contains "$output" /dev/pts/0
    contains "$output" "25 70"
    no_staircase
}

@test "rootless: logs, stop, kill, rm" {
    up bb sh -c 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    pod stop "$C"
    is "$(inspect '{{.State.ExitCode}}')" 3
    pod start "$C"
    pod kill "$C"
    pod wait "$C"
    is "$output" 137
    pod rm "$C"
}

@test "rootless: --userns=keep-id" {
    run_ --userns=keep-id bb sh -c 'id -u; touch /tmp/x; stat -c %u /tmp/x; cat /proc/self/uid_map'
    is "$(head -2 <<<"$output")" $'4711\n4711'
}

@test "rootless: --userns=auto and --uidmap" {
    run_ --userns=auto:size=1000 bb cat /proc/self/uid_map
    matches "$output" ' 1000$'
    run_ --uidmap 0:1:1000 bb sh -c 'cat /proc/self/uid_map; touch /data/x && stat -c %u /data/x'
    matches "$output" '^0$'
}

@test "rootless: a volume is the user's" {
    local v="$ENGINES/user/v"
    setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups mkdir -p "$v"
    run_ -v "$v:/vol" bb sh -c 'echo x >/vol/f; stat -c %u /vol'
    is "$output" 0
    is "$(stat -c %u "$v/f")" "$USER_ID"
    fails_ 1 -v "$v:/vol:ro" bb touch /vol/g
}

@test "rootless: /dev, /sys, /proc, masks, tmpfs, --read-only" {
    run_ bb sh -c 'echo x >/dev/null; head -c 2 /dev/zero | wc -c; ls /sys/kernel >/dev/null && echo sys; wc -c </proc/kcore; echo 1 >/proc/sysrq-trigger || echo refused'
    contains "$output" sys
    contains "$output" refused
    fails_ 1 --read-only bb touch /x
    run_ --tmpfs /t:size=1m bb sh -c 'grep -c " /t tmpfs" /proc/mounts'
    is "$output" 1
}

@test "rootless: --privileged; capabilities; no-new-privileges; seccomp" {
    run_ --privileged bb sh -c 'mount -t tmpfs x /mnt && echo mounted'
    contains "$output" mounted
    run_ --cap-drop all bb grep CapEff /proc/self/status
    matches "$output" 0000000000000000
    run_ bb grep Seccomp: /proc/self/status
    matches "$output" 2
    run_ --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
    matches "$output" 1
}

@test "rootless: --net host, slirp4netns" {
    ok "${P[@]}" run --rm --net host bb sh -c 'readlink /proc/self/ns/net; ls /sys >/dev/null && echo sys'
    contains "$output" "$(readlink /proc/self/ns/net)"
    needs slirp4netns
    ok "${P[@]}" run --rm --net slirp4netns bb ip -o addr
    contains "$output" 10.0.2.100
}

@test "rootless: --pid host, --ipc host, --uts host" {
    local ipc=(--ipc host)
    # podman binds the host's /dev/mqueue.
    [ -d /dev/mqueue ] || ipc=()
    run_ --pid host "${ipc[@]}" --uts host bb sh -c 'hostname; test -d /proc/1 && echo proc'
    contains "$output" "$(hostname)"
    contains "$output" proc
}

@test "rootless: sysctl, ulimit, hostname, init" {
    run_ --sysctl net.ipv4.ip_unprivileged_port_start=80 --ulimit nofile=64:64 --hostname h bb sh -c 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; ulimit -n; hostname'
    is "$output" $'80\n64\nh'
    run_ --init bb true
}

@test "rootless: --group-add keep-groups" {
    [ "$RUNTIME" != runc ] || skip "podman wants crun's annotation, which runc does not know"
    setpriv --reuid=$USER_ID --regid=$USER_ID --groups=$USER_ID,55 true
    local p=("${P[@]}")
    p[3]=--groups=$USER_ID,55
    is "${P[3]}" --clear-groups
    ok "${p[@]}" run --rm --net=none --group-add keep-groups bb grep Groups /proc/self/status
    matches "$output" 65534
}

@test "rootless: build with a RUN step" {
    local c="$ENGINES/user/ctx"
    setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups mkdir -p "$c"
    printf 'FROM bb\nRUN echo built >/built; chown 5:5 /built\n' >"$c/Containerfile"
    ok "${P[@]}" build --network=none -q -t built "$c"
    run_ built sh -c 'cat /built; stat -c %u /built'
    is "$output" $'built\n5'
}

@test "rootless: a pod" {
    ok "${P[@]}" pod create --name "p$C" --net none --infra-image localhost/bb --infra-command 'sleep 10000'
    ok "${P[@]}" run -d --pod "p$C" --name "$C" bb sleep 1000
    state_is running
    ok "${P[@]}" pod rm --force --time 0 "p$C"
}

@test "rootless: pause needs a cgroup that is ours; says so" {
    up bb sleep 1000
    try "${P[@]}" pause "$C"
    [ "$status" -ne 0 ] || state_is paused
    lacks "$output" panic
}
