#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# containerd's CRI plugin as on most nodes of Kubernetes: cgroup v2, systemd's slices for pods, SystemdCgroup = true.

load helpers/machine
load helpers/cri

setup_file() {
    cri_needs
    machine_make
    sed 's/SystemdCgroup = false/SystemdCgroup = true/' "$TOP/contrib/engines/containerd/cfs.toml" >"$ENGINES/cfs.toml"
    mount --bind "$ENGINES/cfs.toml" "$TOP/contrib/engines/containerd/cfs.toml"
    containerd_setup cri
    umount "$TOP/contrib/engines/containerd/cfs.toml"
}
teardown_file() {
    containerd_use
    containerd_stop
}
setup() { cri_use; }

cgroup_of() { sed -n 's,^0::,/sys/fs/cgroup,p' "/proc/$1/cgroup"; }
property() { systemctl show -P "$2" "$1"; }

@test "a pod's containers are scopes of its slice, with the limits as their properties; update changes both; nothing is left" {
    local g scope
    POD_PARENT=/kubepods.slice/kubepods-pod1.slice
    pod_config one
    mkdir -p "$D/log.one"
    pod_run
    up '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_shares: 512, cpu_quota: 50000, cpu_period: 100000, oom_score_adj: 998}'
    g=$(cgroup_of "$PID") scope="cri-containerd-$ID.scope"
    is "$g" "/sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice/$scope"
    is "$(property "$scope" ActiveState) $(property "$scope" MemoryMax)" "active 67108864"
    is "$(cat "$g/memory.max") $(cat "$g/cpu.max")" "67108864 50000 100000"
    [ -e "/sys/fs/cgroup/kubepods.slice/kubepods-pod1.slice/cri-containerd-$POD.scope" ]
    in_ sh -c 'echo in; cat /proc/self/cgroup'
    is "$output" $'in\n0::/'
    cri UpdateContainerResources "{\"container_id\": \"$ID\", \"linux\": {\"memory_limit_in_bytes\": 134217728, \"cpu_quota\": 70000, \"cpu_period\": 100000}}"
    is "$(cat "$g/memory.max") $(cat "$g/cpu.max")" "134217728 70000 100000"
    # systemd was told, or a reload would put back what it knows.
    systemctl daemon-reload
    is "$(cat "$g/memory.max") $(cat "$g/cpu.max")" "134217728 70000 100000"
    cri ContainerStats "{\"container_id\": \"$ID\"}"
    [ "$(got .stats.memory.working_set_bytes.value)" -gt 0 ]
    pod_gone
    [ ! -e "$g" ]
    is "$(property "$scope" LoadState)" not-found
    is "$(ls -A /run/containerd/runc/k8s.io)" ""
}
