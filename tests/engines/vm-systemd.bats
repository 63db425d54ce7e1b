#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman and containerd where systemd owns the cgroups: containers are scopes. podman has its own defaults here, and no
# configuration but the drop-in that users install.

load helpers/machine
load helpers/containerd
load helpers/podman

setup_file() {
    machine_make
    mkdir -p /etc/containers/containers.conf.d
    cp "$TOP/contrib/engines/podman/cfs.conf" /etc/containers/containers.conf.d/50-cfs.conf
    # No journal runs here.
    printf '[containers]\nlog_driver="k8s-file"\n[engine]\nevents_logger="file"\nruntime="%s"\n' "$RUNTIME" >/etc/containers/containers.conf.d/60-machine.conf
    ok podman import "$(image_tar busybox)" bb
}
setup() {
    P=(podman)
    C="c$BATS_TEST_NUMBER"
}
teardown() { podman_clean; }

cgroup_of() { sed -n 's,^0::,/sys/fs/cgroup,p' "/proc/$1/cgroup"; }
property() { systemctl show -P "$2" "$1"; }

@test "podman: a container is a scope of machine.slice, with the limits as its properties; update changes both" {
    up --memory 64m --pids-limit 20 --cpus 0.5 bb sleep 1000
    local id g
    id=$(inspect '{{.Id}}') g=$(cgroup_of "$PID")
    contains "$g" "/machine.slice/libpod-$id.scope"
    is "$(property "libpod-$id.scope" ActiveState)" active
    is "$(property "libpod-$id.scope" MemoryMax) $(property "libpod-$id.scope" TasksMax)" "$((64 << 20)) 20"
    is "$(cat "$g/memory.max") $(cat "$g/pids.max")" "$((64 << 20)) 20"
    pod update --memory 96m "$C"
    is "$(cat "$g/memory.max")" $((96 << 20))
    # systemd was told, or a reload would put back what it knows.
    systemctl daemon-reload
    is "$(cat "$g/memory.max") $(cat "$g/pids.max")" "$((96 << 20)) 20"
    in_ cat /proc/self/cgroup
    pod stop -t 0 "$C"
    is "$(property "libpod-$id.scope" ActiveState)" inactive
    [ ! -e "$g" ]
}

@test "podman: --cgroup-parent names a slice; a pod is one" {
    up --cgroup-parent cfse-test.slice bb sleep 1000
    contains "$(cgroup_of "$PID")" /cfse.slice/cfse-test.slice/libpod-
    podman_clean
    pod pod create --name "p$C" --net none --infra-image localhost/bb --infra-command 'sleep 1000'
    pod run -d --pod "p$C" --name "$C" bb sleep 1000
    PID=$(inspect '{{.State.Pid}}')
    matches "$(cgroup_of "$PID")" '/machine.slice/machine-libpod_pod_[0-9a-f]+.slice/libpod-'
}

@test "podman: a health check by a timer of systemd" {
    up --health-cmd 'test -e /tmp/healthy' --health-interval 1s --health-retries 1 bb sleep 1000
    wait_for sh -c "podman inspect --format '{{.State.Health.Status}}' $C | grep -qx unhealthy"
    in_ touch /tmp/healthy
    wait_for sh -c "podman inspect --format '{{.State.Health.Status}}' $C | grep -qx healthy"
}

@test "podman: an error leaves no scope" {
    fails_ 127 bb nosuchprogram
    is "$(systemctl list-units --all --no-legend 'libpod-*.scope' | grep -v conmon)" ""
}

@test "containerd: SystemdCgroup: a scope by the runtime's option; the shim's death leaves none" {
    containerd_use
    containerd_configure
    containerd_start
    oci_archive "$(image_tar busybox)" localhost/bb:latest "$ENGINES/bb.oci.tar" '["sh"]'
    ok "${CTR[@]}" image import "$ENGINES/bb.oci.tar"
    "${CTR[@]}" run -d --runc-binary "$RUNTIME_PATH" --runc-systemd-cgroup --cgroup "cfse.slice:cri:$C" --memory-limit $((50 << 20)) "$BB" "$C" sleep 1000 \
        >"$BATS_TEST_TMPDIR/up" 2>&1 3>&- || { cat "$BATS_TEST_TMPDIR/up" >&2; false; }
    PID=$(pid_of)
    contains "$(cgroup_of "$PID")" "/cfse.slice/cri-$C.scope"
    is "$(property "cri-$C.scope" MemoryMax)" $((50 << 20))
    ok "${CTR[@]}" task exec --exec-id e1 "$C" echo in
    is "$output" in
    c_ task pause "$C"
    c_ task resume "$C"
    # The next shim deletes it without being told of systemd.
    kill -9 "$(awk '{ print $4 }' "/proc/$PID/stat")"
    wait_for sh -c "! systemctl is-active -q cri-$C.scope"
    containerd_stop
}
