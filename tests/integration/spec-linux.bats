# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules of config-linux.md that no other test is about. Each test names those it proves (tests/conformance).
load helpers/common

setup() {
    setup_common
    root_only
}

refused() {
    jq "$1" "$B/config.json" > "$T/bad.json"
    run cfs check --config "$T/bad.json" "$B"
    is "$status" 1 "$1"
    contains "$output" "$2"
}

# spec: config-linux.filesystems.1
@test "the default file systems" {
    new_bundle
    inspect
    is "$(mnt /proc .type)" proc
    is "$(mnt /sys .type)" sysfs
    is "$(mnt /dev/pts .type)" devpts
    is "$(mnt /dev/shm .type)" tmpfs
}

# ---- network devices ---------------------------------------------------------------------------------------------

# cfs runs in a network namespace of the test's own, which plays the host.
private_network() {
    needs ip
    background unshare --net sleep 600
    HOST=$!
    wait_for grep -q '^sleep' "/proc/$HOST/comm"
    INTO=(nsenter --net="/proc/$HOST/ns/net" --)
    outside ip link add v0 type veth peer name v1 || skip "needs a kernel with veth"
    outside ip link set v0 mtu 1400 address 02:00:00:00:00:07
    outside ip link set v0 up
    outside ip address add 10.11.12.13/24 dev v0
    outside ip address add 169.254.7.7/16 scope link dev v0
}

inside_ip() { cfs exec "$ID" /bin/busybox ip "$@"; }

# spec: config-linux.net-devices.1 config-linux.net-devices.4 config-linux.net-devices.5
@test "netDevices: the interface is inside, with its attributes and addresses, and up" {
    private_network
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.netDevices = {"v0": {"name": "eth0"}, "v1": {}}'
    up
    contains "$(inside_ip address show eth0)" "inet 10.11.12.13/24"
    contains "$(inside_ip link show eth0)" "mtu 1400"
    contains "$(inside_ip link show eth0)" 02:00:00:00:00:07
    contains "$(inside_ip link show eth0)" ",UP"
    contains "$(inside_ip link show v1)" ",UP"
    case "$(inside_ip address show eth0)" in *169.254.7.7*) echo "an address of link scope moved" >&2; return 1 ;; esac
    ! outside ip link show v0
    ! outside ip link show v1
}

# spec: config-linux.net-devices.2 config-linux.net-devices.3 config-linux.net-devices.8
@test "netDevices: a taken name is an error, %d finds a free one, what cannot be moved is an error" {
    private_network
    local before
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.netDevices = {"v0": {"name": "lo"}}'
    before=$(outside ip -o address show | sort)
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" linux.netDevices
    is "$(outside ip -o address show | sort)" "$before"
    config '.linux.netDevices = {"nope": {}}'
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" nope
    refused '.linux.namespaces |= map(select(.type != "network"))' linux.netDevices
    config '.linux.netDevices = {"v0": {"name": "eth%d"}, "v1": {"name": "eth%d"}}'
    up
    inside_ip link show eth0
    inside_ip link show eth1
}

# spec: config-linux.net-devices.6 config-linux.net-devices.7
@test "netDevices: left where it is, as it is" {
    private_network
    background unshare --net sleep 600
    local holder=$!
    wait_for grep -q '^sleep' "/proc/$holder/comm"
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.netDevices = {"v0": {"name": "eth0"}}'
    config --arg n "/proc/$holder/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $n else . end) |
        .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
    up
    # The owner of the namespace changes it; start, exec and delete leave that alone.
    nsenter --net="/proc/$holder/ns/net" ip link set eth0 down mtu 1300
    cfs exec "$ID" /bin/true
    cfs delete --force "$ID"
    contains "$(nsenter --net="/proc/$holder/ns/net" ip link show eth0)" "mtu 1300"
    contains "$(nsenter --net="/proc/$holder/ns/net" ip link show eth0)" "state DOWN"
    ! outside ip link show v0
}

# runtime.md, "Errors": "generating an error MUST leave the state of the environment as if the operation were never attempted".
@test "netDevices: a create that fails gives them back: name, addresses, up or down" {
    private_network
    outside ip link set v0 up
    outside ip link set v1 down
    background "${INTO[@]}" unshare --net sleep 600
    local holder=$! before how
    wait_for grep -q '^sleep' "/proc/$holder/comm"
    interfaces() { outside ip -o address show | sed 's/^[0-9]*: //; s/[0-9]*sec//g' | sort; outside ip -o link show | grep -o ': v[0-9]@.*<[^>]*>' | grep -o 'v[0-9]\|[<,]UP[,>]' | tr -d '<>,' | paste -sd' '; }
    new_bundle '.process.args = ["/bin/nowhere"] | .linux.netDevices = {"v0": {"name": "eth0"}, "v1": {"name": "eth%d"}}'
    before=$(interfaces)
    for how in . '.linux.namespaces |= map(if .type == "network" then .path = "/proc/'$holder'/ns/net" else . end) | .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'; do
        config "$how"
        run cfs create -b "$B" "$ID"
        is "$status" 1
        contains "$output" nowhere
        is "$(interfaces)" "$before" "$how"
        [ ! -e "$STATE/$ID" ]
    done
    # The runtime is killed when they are in the namespace that it has joined: the next delete brings them back.
    printf '#!/bin/sh\nkill -9 $PPID\n' > "$T/hook"
    chmod 755 "$T/hook"
    config --arg h "$T/hook" '.process.args = ["/bin/true"] | .hooks.createRuntime = [{path: $h}]'
    run cfs create -b "$B" "$ID"
    contains "$(nsenter --net="/proc/$holder/ns/net" ip link show)" eth0
    wait_for cfs delete --force "$ID"
    is "$(interfaces)" "$before"
    # And of one that was created, nothing.
    config 'del(.hooks) | .process.args = ["/bin/inspector", "sleep"]'
    up
    cfs delete --force "$ID"
    contains "$(nsenter --net="/proc/$holder/ns/net" ip link show)" eth0
}

# ---- cgroups -----------------------------------------------------------------------------------------------------

# spec: config-linux.cgroups-path.2
@test "cgroupsPath: the same value is the same place, for every caller and every container name" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    local value first
    for value in "/$ID/abs" "$ID-rel"; do
        config --arg p "$value" '.linux.cgroupsPath = $p'
        up
        first=$(cat "/proc/$PID/cgroup")
        contains "$first" "$value"
        cfs delete --force "$ID"
        ID="other$ID" up
        is "$(cat "/proc/$(cfs state "other$ID" | jq .pid)/cgroup")" "$first"
        cfs delete --force "other$ID"
    done
}

# spec: config-linux.cpu.3
@test "cpu.burst above the quota is an error" {
    [ -e /sys/fs/cgroup/cpu/cpu.cfs_burst_us ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "needs the cpu controller"
    new_bundle '.linux.resources.cpu = {"quota": 10000, "period": 100000, "burst": 20000}'
    local before
    before=$(host_snapshot)
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" linux.resources.cpu.burst
    is "$(host_snapshot)" "$before"
}

# spec: config-linux.blockio.2 config-linux.hugepages.2 config-linux.rdma.2
@test "resources: a weightDevice without weights, page sizes that are none, rdma without limits" {
    new_bundle
    refused '.linux.resources.blockIO.weightDevice = [{"major": 8, "minor": 0}]' linux.resources.blockIO.weightDevice
    refused '.linux.resources.hugepageLimits = [{"pageSize": "2M", "limit": 1}]' 'linux.resources.hugepageLimits[0].pageSize'
    refused '.linux.resources.hugepageLimits = [{"pageSize": "big", "limit": 1}]' 'linux.resources.hugepageLimits[0].pageSize'
    refused '.linux.resources.rdma = {"mlx5_0": {}}' linux.resources.rdma
}

# spec: config-linux.unified.1 config-linux.unified.2
@test "unified: the controller that a key needs is enabled, all the way down" {
    local top
    top=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
    [ -n "$top" ] && grep -qw hugetlb "$top/cgroup.controllers" || skip "needs the hugetlb controller in cgroup v2"
    [ -e "/sys/kernel/mm/hugepages/hugepages-2048kB" ] || skip "needs huge pages of 2 MB"
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.cgroupsPath = "/'"$ID"'/deep/er" | .linux.resources.unified = {"hugetlb.2MB.max": "4194304"}'
    up
    is "$(cat "$top/$ID/deep/er/hugetlb.2MB.max")" 4194304
    contains "$(cat "$top/$ID/deep/er/cgroup.procs")" "$PID"
}

# ---- memory policy, time -----------------------------------------------------------------------------------------

# spec: config-linux.mempolicy.1
@test "memoryPolicy: the kernel's view of the process" {
    [ -e /proc/self/numa_maps ] || skip "needs a kernel with NUMA"
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}'
    up
    contains "$(cat "/proc/$PID/numa_maps")" "bind=static:0"
    cfs delete --force "$ID"
    config '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0"}'
    up
    contains "$(cat "/proc/$PID/numa_maps")" "interleave:0"
}

# spec: config-linux.mempolicy.2
@test "memoryPolicy: unknown modes and flags, nodes that do not fit the mode" {
    new_bundle
    refused '.linux.memoryPolicy = {"mode": "MPOL_FAIR"}' linux.memoryPolicy.mode
    refused '.linux.memoryPolicy = {"nodes": "0"}' linux.memoryPolicy.mode
    refused '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_X"]}' 'linux.memoryPolicy.flags[0]'
    refused '.linux.memoryPolicy = {"mode": "MPOL_BIND"}' linux.memoryPolicy.nodes
    refused '.linux.memoryPolicy = {"mode": "MPOL_LOCAL", "nodes": "0"}' linux.memoryPolicy.nodes
    refused '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0-"}' linux.memoryPolicy.nodes
}

# spec: config-linux.rdt.2
@test "intelRdt: without a resctrl file system it is an error that says so, and nothing is made" {
    ! grep -q ' - resctrl ' /proc/self/mountinfo || skip "needs a machine without resctrl"
    new_bundle '.linux.intelRdt = {"closID": "gold", "l3CacheSchema": "L3:0=f"}'
    local before
    before=$(host_snapshot)
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" resctrl
    is "$(host_snapshot)" "$before"
}

# Where there is no resctrl, a directory plays it: what is done with the groups of a container goes by the record.
@test "intelRdt: update writes the container's own group, exec joins its groups, delete removes what was made" {
    local g="$T/resctrl/$ID" mon="$T/resctrl/mon" pid
    new_bundle '.process.args = ["/bin/sleep", "100"]'
    up
    run cfs update --l3-cache-schema 'L3:0=f' "$ID"
    is "$status" 1
    contains "$output" "without a resctrl group of its own"
    mkdir -p "$g" "$mon" "$T/resctrl/info"
    touch "$g/schemata" "$g/tasks" "$mon/tasks"
    jq -c --arg g "$g" --arg mon "$mon" '.intelRdt = {path: $g, classPath: $g, monPath: $mon}' "$STATE/$ID/state.json" > "$T/state.json"
    cat "$T/state.json" > "$STATE/$ID/state.json"

    cfs update --l3-cache-schema 'L3:0=f' --mem-bw-schema 'MB:0=20' "$ID"
    is "$(cat "$g/schemata")" $'L3:0=f\nMB:0=20'
    cfs update --mem-bw-schema 'MB:0=30' "$ID"
    is "$(head -n 1 "$g/schemata")" 'MB:0=30'

    cfs exec --detach --pid-file "$T/pid" "$ID" /bin/sleep 100
    pid=$(cat "$T/pid")
    is "$(cat "$g/tasks")" "$pid"
    is "$(cat "$mon/tasks")" "$pid"

    # All or nothing: a limit that is refused after the shares were written puts them back (runtime.md, "Errors").
    echo 'L3:0=7' > "$g/schemata"
    run cfs update --l3-cache-schema 'L3:0=1' --cpuset-cpus 9999 "$ID"
    is "$status" 1
    is "$(cat "$g/schemata")" 'L3:0=7'

    # The kernel's own files do not keep a group from being removed; these would.
    rm "$g/tasks" "$mon/tasks"
    private_mounts
    outside mount --bind "$g/schemata" "$g/schemata"
    outside mount -o remount,bind,ro "$g/schemata"
    echo "mask is wrong" > "$T/resctrl/info/last_cmd_status"
    run cfs update --l3-cache-schema 'L3:0=0' "$ID"
    is "$status" 1
    contains "$output" "linux.intelRdt"
    contains "$output" "resctrl says: mask is wrong"
    outside umount "$g/schemata"
    rm "$g/schemata"
    cfs delete --force "$ID"
    is "$(ls "$T/resctrl")" info
}
