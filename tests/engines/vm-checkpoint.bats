#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman's, containerd's and docker's checkpoints, with CRIU: tests/vm/checkpoint makes the machine. It is slow: few cases.

load helpers/machine
# What several define is podman's.
load helpers/docker
load helpers/containerd
load helpers/podman

setup_file() {
    command -v criu > /dev/null || skip "needs criu"
    [ -x /sbin/modprobe ] || ln -s /bin/busybox /sbin/modprobe
    busybox depmod -a
    machine_make
    podman_setup
}
setup() {
    command -v criu > /dev/null || skip "needs criu"
    podman_use
}
teardown() { podman_clean; }

COUNTS='i=0; while :; do i=$((i+1)); echo count $i; sleep 0.2; done'
# The last number that the container's log has.
last() { "${P[@]}" logs "${1:-$C}" 2>&1 | sed -n 's/^count //p' | tail -n 1; }
goes_on() { local n; n=$(last "$1") && [ "${n:-0}" -gt "$2" ]; }

@test "podman: a container is saved, and goes on where it was, in the same log" {
    local n
    up bb sh -c "$COUNTS"
    wait_for goes_on "$C" 3
    ok "${P[@]}" container checkpoint "$C"
    state_is exited
    n=$(last "$C")
    ok "${P[@]}" container restore "$C"
    state_is running
    wait_for goes_on "$C" "$((n + 2))"
    # Once each, in order: not from the beginning.
    is "$("${P[@]}" logs "$C" 2>&1 | grep -c '^count 1$')" 1
    in_ true
    ok "${P[@]}" rm -f -t 0 "$C"
}

@test "podman: exported, removed, and imported under another name; the log goes on from there" {
    local n
    mkdir -p "$BATS_TEST_TMPDIR/volume"
    up -v "$BATS_TEST_TMPDIR/volume:/volume" bb sh -c "$COUNTS"
    wait_for goes_on "$C" 3
    in_ sh -c 'echo kept > /file'
    ok "${P[@]}" container checkpoint --export "$BATS_TEST_TMPDIR/c.tar.gz" --compress none --ignore-volumes "$C"
    n=$(last "$C")
    ok "${P[@]}" rm -f -t 0 "$C"
    ok "${P[@]}" container restore --import "$BATS_TEST_TMPDIR/c.tar.gz" --name "$C-new" --ignore-volumes
    wait_for goes_on "$C-new" "$n"
    ok "${P[@]}" exec "$C-new" cat /file /proc/1/cmdline
    contains "$output" kept
}

@test "podman: left running, and pre-checkpoint with the rest after it" {
    up bb sh -c "$COUNTS"
    wait_for goes_on "$C" 1
    ok "${P[@]}" container checkpoint --leave-running "$C"
    state_is running
    ok "${P[@]}" container checkpoint --pre-checkpoint "$C"
    state_is running
    ok "${P[@]}" container checkpoint --with-previous "$C"
    state_is exited
    ok "${P[@]}" container restore "$C"
    state_is running
}

@test "podman: what CRIU refuses is podman's error, too, and the container goes on" {
    up bb sh -c 'nc -l -p 7799 -e cat & sleep 1; exec nc 127.0.0.1 7799 < /dev/zero > /dev/null'
    sleep 3
    try "${P[@]}" container checkpoint "$C"
    [ "$status" != 0 ]
    contains "$output" "--tcp-established"
    state_is running
    ok "${P[@]}" container checkpoint --tcp-established "$C"
    ok "${P[@]}" container restore --tcp-established "$C"
    state_is running
}

@test "containerd: ctr saves a task, which ends" {
    D="$ENGINES/containerd"
    containerd_configure
    containerd_start
    CTR=(ctr -a "$D/sock")
    oci_archive "$(image_tar busybox)" localhost/bb:latest "$D/bb.tar" '["sh"]'
    ok "${CTR[@]}" image import "$D/bb.tar"
    mkdir -p "$BATS_TEST_TMPDIR/out"
    ok "${CTR[@]}" run -d --runc-binary "$RUNTIME_PATH" --mount "type=bind,src=$BATS_TEST_TMPDIR/out,dst=/out,options=rbind:rw" \
        localhost/bb:latest k1 sh -c 'i=0; while :; do i=$((i+1)); echo $i > /out/count; sleep 0.2; done'
    wait_for test -s "$BATS_TEST_TMPDIR/out/count"
    ok "${CTR[@]}" task checkpoint --exit --image-path "$BATS_TEST_TMPDIR/images" k1
    wait_for sh -c "! ${CTR[*]} task ls | grep -q RUNNING"
    [ -s "$BATS_TEST_TMPDIR/images/inventory.img" ]
    containerd_stop
}

@test "containerd: a container becomes an image, and a new container goes on from it" {
    local n out=$BATS_TEST_TMPDIR/out
    D="$ENGINES/containerd"
    containerd_start
    CTR=(ctr -a "$D/sock")
    mkdir -p "$out"
    ok "${CTR[@]}" run -d --runc-binary "$RUNTIME_PATH" --mount "type=bind,src=$out,dst=/out,options=rbind:rw" \
        localhost/bb:latest k2 sh -c 'i=0; while :; do i=$((i+1)); echo $i > /out/count; sleep 0.2; done'
    wait_for sh -c "[ \$(cat $out/count) -gt 3 ]"
    ok "${CTR[@]}" container checkpoint --rw --image --task k2 localhost/saved:latest
    "${CTR[@]}" task kill -s KILL k2
    wait_for sh -c "! ${CTR[*]} task ls | grep k2 | grep -q RUNNING"
    ok "${CTR[@]}" task delete k2
    n=$(cat "$out/count")
    ok "${CTR[@]}" container delete k2
    ok "${CTR[@]}" container restore --rw --live k3 localhost/saved:latest
    wait_for sh -c "[ \$(cat $out/count) -gt $n ]"
    contains "$("${CTR[@]}" task ls)" k3
    ok "${CTR[@]}" task kill -s KILL k3
    containerd_stop
}

# dockerd takes a minute here, and gives its containerd 15 s, which may be too few.
docker_start() {
    local i
    mkdir -p "$D/root" "$D/exec"
    for i in 1 2 3; do
        rm -f "$D/pid"
        dockerd --config-file "$D/daemon.json" --data-root "$D/root" --exec-root "$D/exec" --pidfile "$D/pid" -H "unix://$D/sock" \
            --exec-opt native.cgroupdriver=cgroupfs > "$D/log" 2>&1 3>&- &
        echo $! > "$D/own-pid"
        while kill -0 "$(cat "$D/own-pid")" 2> /dev/null; do
            ! "${DK[@]}" info > /dev/null 2>&1 || return 0
            sleep 1
        done
    done
    tail -n 20 "$D/log" >&2
    return 1
}

@test "docker: a container of its bridge is saved, left running and not, and goes on from either with its network" {
    local n
    needs dockerd
    busybox modprobe bridge || true
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    docker_use
    docker_configure '{"experimental": true, "storage-driver": "vfs", "iptables": false, "ip6tables": false, "ip-masq": false}'
    docker_start
    ok "${DK[@]}" import "$(image_tar busybox)" bb
    docker_last() { "${DK[@]}" logs "$C" 2>&1 | sed -n 's/^count //p' | tail -n 1; }
    docker_goes_on() { local n; n=$(docker_last) && [ "${n:-0}" -gt "$1" ]; }
    ok "${DK[@]}" run -d --name "$C" --security-opt apparmor=unconfined bb sh -c "$COUNTS"
    wait_for docker_goes_on 3
    ok "${DK[@]}" exec "$C" ip addr
    contains "$output" 172.17.
    ok "${DK[@]}" checkpoint create --leave-running "$C" first
    n=$(docker_last)
    wait_for docker_goes_on "$n"
    ok "${DK[@]}" checkpoint create "$C" second
    wait_for sh -c "${DK[*]} inspect --format '{{.State.Status}}' $C | grep -qx exited"
    n=$(docker_last)
    ok "${DK[@]}" start --checkpoint second "$C"
    wait_for docker_goes_on "$((n + 2))"
    is "$("${DK[@]}" logs "$C" 2>&1 | grep -c '^count 1$')" 1
    ok "${DK[@]}" exec "$C" ip addr
    contains "$output" 172.17.
    contains "$output" "lo: <LOOPBACK,UP"
    ok "${DK[@]}" rm -f "$C"
    dockerd_stop
}
