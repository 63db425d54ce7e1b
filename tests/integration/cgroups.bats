# SPDX-License-Identifier: LGPL-2.1-or-later
# linux.cgroupsPath, linux.resources (config-linux.md, "Control groups") and the verbs of cgroups, on whatever
# hierarchies this machine has: v1, v2 or both.
load helpers/common

setup() {
    setup_common
    root_only
}

teardown() {
    teardown_common
    # What a failed test left: nothing is to be left for the next one.
    local d
    [ -n "$(cgroups_named "$ID")" ] || return 0
    for d in $(find /sys/fs/cgroup -depth -type d -path "*$ID*" 2>/dev/null); do rmdir "$d" 2>/dev/null || true; done
}

# ---- where things are -----------------------------------------------------------------------------------------

# dir CONTROLLER [PID]: the cgroup of the process in the hierarchy with that controller; "v2" for v2's own.
dir() {
    local id list path pid="${2:-$PID}" want="$1"
    while IFS=: read -r id list path; do
        case ",$list," in
        *",$want,"*) [ -n "$list" ] && echo "$(mount_of "$want")$path" && return ;;
        esac
        [ -z "$list" ] && v2="$(mount_of v2)$path"
    done < "/proc/$pid/cgroup"
    [ -n "$(mount_of v2)" ] && echo "$v2"
}

# Where the hierarchy with that controller is mounted.
mount_of() {
    if [ "$1" = v2 ]; then
        awk '$(NF - 2) == "cgroup2" || / - cgroup2 / {print $5; exit}' /proc/self/mountinfo
    else
        awk -v c="$1" '/ - cgroup / {n = split($NF, o, ","); for (i = 1; i <= n; i++) if (o[i] == c) {print $5; exit}}' /proc/self/mountinfo
    fi
}

has_v2() { [ -n "$(mount_of v2)" ]; }

# Is the controller on v1 ("v1"), on v2 ("v2"), or nowhere?
kind() {
    if [ -n "$(mount_of "$1")" ]; then
        echo v1
    elif has_v2 && grep -qw "${2:-$1}" "$(mount_of v2)/cgroup.controllers"; then
        echo v2
    fi
}

needs_controller() { [ -n "$(kind "$1" "${2:-$1}")" ] || skip "needs the $1 controller, which this kernel does not have"; }

# value CONTROLLER V1FILE V2FILE: what the file says.
value() {
    local d
    d=$(dir "$1")
    if [ -e "$d/$2" ]; then cat "$d/$2"; else cat "$d/$3"; fi
}

sleeper() { new_bundle '.process.args = ["/bin/inspector", "sleep"]' "$@"; }

no_cgroups_left() { is "$(cgroups_named "$ID")" ""; }

# ---- the path -------------------------------------------------------------------------------------------------

# spec: config-linux.cgroups-path.1 config-linux.cgroups-path.4 runtime.delete.3
@test "the container is at cgroupsPath in every hierarchy, and gone after delete" {
    sleeper ".linux.cgroupsPath = \"/$ID/x\""
    up
    while IFS=: read -r _ list path; do
        [ -n "$list" ] && [ -z "$(mount_of "${list%%,*}")" ] && continue
        [ -z "$list" ] && ! has_v2 && continue
        is "$path" "/$ID/x" "$list"
    done < "/proc/$PID/cgroup"
    cfs delete --force "$ID"
    no_cgroups_left
}

@test "without cgroupsPath and with a relative one there is a cgroup of the container's own" {
    sleeper 'del(.linux.cgroupsPath)'
    up
    contains "$(cat "/proc/$PID/cgroup")" "/$ID"
    cfs delete --force "$ID"
    config ".linux.cgroupsPath = \"$ID-rel/y\""
    up
    contains "$(cat "/proc/$PID/cgroup")" "/$ID-rel/y"
    cfs delete --force "$ID"
    no_cgroups_left
}

# spec: config-linux.cgroups-path.3
@test ".. in cgroupsPath is refused" {
    sleeper ".linux.cgroupsPath = \"/$ID/../../x\""
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.cgroupsPath"
    no_cgroups_left
}

# spec: config-linux.cgroups.1
@test "a cgroup with processes is refused, and they live on" {
    sleeper
    up
    local other=$PID
    run cfs create -b "$B" "$ID-2"
    is "$status" 1
    contains "$output" "container's cgroup is not empty"
    kill -0 "$other"
    run cfs state "$ID-2"
    is "$status" 1
    cfs delete --force "$ID"
    no_cgroups_left
}

# spec: config-linux.cgroups.2
@test "a frozen cgroup is refused" {
    local top frozen
    if [ -n "$(mount_of freezer)" ]; then
        top="$(mount_of freezer)/$ID" && mkdir "$top"
        echo FROZEN > "$top/freezer.state"
    else
        top="$(mount_of v2)/$ID" && mkdir "$top"
        echo 1 > "$top/cgroup.freeze"
    fi
    sleeper ".linux.cgroupsPath = \"/$ID/sub\""
    run timeout 20 "$CFS" --root "$STATE" create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "container's cgroup unexpectedly frozen"
    rmdir "$top/sub" 2>/dev/null || true
    [ ! -e "$top/sub" ]
    rmdir "$top"
}

# spec: runtime.delete.4
@test "a cgroup that was there before stays" {
    local top
    top="$(mount_of pids)" && [ -n "$top" ] || top="$(mount_of v2)"
    mkdir "$top/$ID"
    sleeper
    up
    cfs delete --force "$ID"
    [ -d "$top/$ID" ]
    rmdir "$top/$ID"
}

@test "delete removes the cgroups that the container made" {
    sleeper
    up
    local d
    for d in pids v2; do
        [ -n "$(mount_of $d)" ] || continue
        mkdir -p "$(dir $d)/a/b/c" "$(dir $d)/d"
        # One that is a member of this hierarchy alone.
        background sleep 100
        echo $! > "$(dir $d)/a/b/c/cgroup.procs"
    done
    cfs delete --force "$ID"
    no_cgroups_left
}

# ---- limits ---------------------------------------------------------------------------------------------------

# spec: config-linux.memory.1
@test "memory limits" {
    needs_controller memory
    sleeper '.linux.resources.memory = {"limit": 33554432, "reservation": 16777216}'
    up
    is "$(value memory memory.limit_in_bytes memory.max)" 33554432
    is "$(value memory memory.soft_limit_in_bytes memory.low)" 16777216
}

# spec: config-linux.memory.1
@test "swap is counted with memory on v1, alone on v2" {
    needs_controller memory
    sleeper '.linux.resources.memory = {"limit": 33554432, "swap": 50331648}'
    if [ "$(kind memory)" = v1 ]; then
        [ -e "$(mount_of memory)/memory.memsw.limit_in_bytes" ] || skip "needs swap accounting"
        up
        is "$(cat "$(dir memory)/memory.memsw.limit_in_bytes")" 50331648
    else
        up
        is "$(cat "$(dir memory)/memory.swap.max")" 16777216
    fi
    cfs delete --force "$ID"
    config '.linux.resources.memory = {"limit": 33554432, "swap": 1000}'
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.resources.memory.swap"
}

@test "a container with very little memory starts" {
    needs_controller memory
    sleeper '.linux.resources.memory = {"limit": 1048576}'
    up
    status_is "$ID" running
}

@test "a process that takes more memory than it may is killed" {
    needs_controller memory
    new_bundle '.process.args = ["/bin/sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1; echo $?"]' \
        '.linux.resources.memory = {"limit": 16777216}'
    [ "$(kind memory)" = v2 ] && config '.linux.resources.unified = {"memory.swap.max": "0"}'
    run cfs run -b "$B" "$ID"
    contains "$output" 137
}

# spec: config-linux.pids.1
@test "pids: a number, none, zero" {
    needs_controller pids
    sleeper '.linux.resources.pids = {"limit": 42}'
    up
    is "$(cat "$(dir pids)/pids.max")" 42
    cfs delete --force "$ID"
    config '.linux.resources.pids.limit = -1'
    up
    is "$(cat "$(dir pids)/pids.max")" max
    cfs delete --force "$ID"
    config '.linux.resources.pids.limit = 0'
    up
    is "$(cat "$(dir pids)/pids.max")" 0
    # Before version 1.3 a zero was what engines wrote for "no limit".
    cfs delete --force "$ID"
    config '.ociVersion = "1.0.2-dev"'
    up
    is "$(cat "$(dir pids)/pids.max")" max
}

# spec: config-linux.cpu.1 config-linux.cpu.4
@test "cpu shares, quota, period and burst" {
    needs_controller cpu
    sleeper '.linux.resources.cpu = {"shares": 2048, "quota": 40000, "period": 80000, "burst": 1000}'
    up
    if [ "$(kind cpu)" = v1 ]; then
        is "$(cat "$(dir cpu)/cpu.shares")" 2048
        is "$(cat "$(dir cpu)/cpu.cfs_quota_us")" 40000
        is "$(cat "$(dir cpu)/cpu.cfs_period_us")" 80000
        is "$(cat "$(dir cpu)/cpu.cfs_burst_us")" 1000
    else
        is "$(cat "$(dir cpu)/cpu.weight")" 174
        is "$(cat "$(dir cpu)/cpu.max")" "40000 80000"
        is "$(cat "$(dir cpu)/cpu.max.burst")" 1000
    fi
}

# spec: config-linux.cpu.4
@test "cpu idle" {
    needs_controller cpu
    sleeper '.linux.resources.cpu = {"idle": 1}'
    up
    is "$(cat "$(dir cpu)/cpu.idle")" 1
}

# spec: config-linux.cpu.2
@test "cpuset: CPUs and memory nodes" {
    needs_controller cpuset
    sleeper '.linux.resources.cpu = {"cpus": "0", "mems": "0"}'
    up
    is "$(cat "$(dir cpuset)/cpuset.cpus")" 0
    is "$(cat "$(dir cpuset)/cpuset.mems")" 0
    is "$(grep Cpus_allowed_list "/proc/$PID/status" | cut -f2)" 0
}

# spec: config-linux.cpu.5 config-linux.unified.4
@test "real-time: on v1 what the parent can give, on v2 an error that says so" {
    needs_controller cpu
    sleeper '.linux.resources.cpu = {"realtimePeriod": 1000000, "realtimeRuntime": 1000}'
    if [ "$(kind cpu)" = v2 ]; then
        run cfs create -b "$B" "$ID"
        is "$status" 1
        contains "$output" linux.resources.cpu.realtimePeriod
    else
        [ -e "$(mount_of cpu)/cpu.rt_runtime_us" ] || skip "needs CONFIG_RT_GROUP_SCHED"
        up
        is "$(cat "$(dir cpu)/cpu.rt_runtime_us")" 1000
    fi
}

# spec: config-linux.blockio.3
@test "block I/O weight" {
    needs_controller blkio io
    sleeper '.linux.resources.blockIO = {"weight": 500}'
    # A detached program must not hold the pipe that `run` would read.
    up 2> /dev/null || { contains "$(cat "$T/log")" linux.resources.blockIO.weight; skip "needs weights of block I/O (the scheduler bfq)"; }
    if [ "$(kind blkio io)" = v1 ]; then
        is "$(value blkio blkio.weight blkio.bfq.weight)" 500
    else
        contains "$(value io io.bfq.weight io.weight)" 500 || contains "$(value io io.weight io.weight)" 4950
    fi
}

# spec: config-linux.blockio.1
@test "block I/O throttles" {
    needs_controller blkio io
    local dev
    dev=$(awk '$3 !~ /^(loop|ram|sr|zram|nbd)/ && $4 != "" {print $1 ":" $2; exit}' <(sed 1,2d /proc/partitions | awk '{print $1, $2, $4, "x"}'))
    [ -n "$dev" ] || skip "needs a block device"
    sleeper ".linux.resources.blockIO = {
        throttleReadBpsDevice: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 10485760}],
        throttleWriteIOPSDevice: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 100}]}"
    up
    if [ "$(kind blkio io)" = v1 ]; then
        is "$(cat "$(dir blkio)/blkio.throttle.read_bps_device")" "$dev 10485760"
        is "$(cat "$(dir blkio)/blkio.throttle.write_iops_device")" "$dev 100"
    else
        is "$(cat "$(dir io)/io.max")" "$dev rbps=10485760 wbps=max riops=max wiops=100"
    fi
}

# spec: config-linux.hugepages.1
@test "huge pages: usage and reservations" {
    needs_controller hugetlb
    [ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "needs huge pages of 2 MB"
    sleeper '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
    up
    is "$(value hugetlb hugetlb.2MB.limit_in_bytes hugetlb.2MB.max)" 4194304
    is "$(value hugetlb hugetlb.2MB.rsvd.limit_in_bytes hugetlb.2MB.rsvd.max)" 4194304
}

@test "what there is no controller for is an error that names it" {
    local missing c
    sleeper
    for c in rdma hugetlb net_cls; do [ -n "$(kind $c)" ] || missing=$c; done
    case $missing in
    rdma) config '.linux.resources.rdma = {"x": {"hcaHandles": 1}}' ;;
    hugetlb) config '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 0}]' ;;
    net_cls) config '.linux.resources.network = {"classID": 5}' ;;
    *) skip "needs a controller that is missing" ;;
    esac
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.resources."
    no_cgroups_left
}

@test "zeros ask for nothing" {
    sleeper '.linux.resources += {"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0},
        "cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0, "cpus": "", "mems": ""},
        "blockIO": {"weight": 0, "leafWeight": 0}, "network": {"classID": 0}}'
    up
    status_is "$ID" running
}

# spec: config-linux.unified.1 config-linux.unified.3
@test "unified: written as it is; an error where there is no v2" {
    sleeper
    if ! has_v2; then
        config '.linux.resources.unified = {"memory.high": "1"}'
        run cfs create -b "$B" "$ID"
        is "$status" 1
        contains "$output" linux.resources.unified
        return
    fi
    if [ "$(kind memory)" = v2 ]; then
        config '.linux.resources.unified = {"memory.high": "41943040", "cgroup.max.depth": "7"}'
        up
        is "$(cat "$(dir memory)/memory.high")" 41943040
    else
        config '.linux.resources.unified = {"cgroup.max.depth": "7"}'
        up
    fi
    is "$(cat "$(dir v2)/cgroup.max.depth")" 7
    cfs delete --force "$ID"
    config '.linux.resources.unified = {"nonsense.max": "1"}'
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" linux.resources.unified
    no_cgroups_left
}

# ---- devices --------------------------------------------------------------------------------------------------

# can ACCESS DEVICE-NODE: from inside.
can() { cfs exec "$ID" /bin/sh -c "case $1 in r) : < $2 ;; w) : > $2 ;; esac" 2> /dev/null; }

with_nodes() {
    sleeper '.process.capabilities |= with_entries(.value += ["CAP_MKNOD", "CAP_SYSLOG"])' '.root.readonly = false' \
        '.linux.devices = [{"type": "c", "path": "/dev/mykmsg", "major": 1, "minor": 11, "fileMode": 438, "uid": 0, "gid": 0}]' "$@"
}

# spec: config-linux.allowed.1
@test "devices: what is denied cannot be opened, the default devices can" {
    with_nodes '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
    up
    can w /dev/null
    can r /dev/zero
    can r /dev/urandom
    ! can r /dev/mykmsg
}

# spec: config-linux.allowed.1 config-linux.allowed.2
@test "devices: what is allowed can be opened, in that way only" {
    with_nodes '.linux.resources.devices = [{"allow": false, "access": "rwm"},
        {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]'
    up
    can r /dev/mykmsg
    ! can w /dev/mykmsg
    can w /dev/null
}

# spec: config-linux.allowed.1 config-linux.allowed.2
@test "devices: everything, except" {
    with_nodes '.linux.resources.devices = [{"allow": true, "access": "rwm"},
        {"allow": false, "type": "c", "major": 1, "minor": 11, "access": "w"}]'
    up
    can r /dev/mykmsg
    ! can w /dev/mykmsg
}

@test "devices: the last rule decides; what v1 alone cannot express is an error" {
    with_nodes '.linux.resources.devices = [{"allow": false, "access": "rwm"},
        {"allow": true, "type": "c", "major": 1, "access": "rwm"},
        {"allow": false, "type": "c", "major": 1, "minor": 11, "access": "rw"}]'
    if ! has_v2; then
        run cfs create -b "$B" "$ID"
        is "$status" 1
        contains "$output" linux.resources.devices
        return
    fi
    up
    can w /dev/null
    ! can r /dev/mykmsg
}

@test "devices: without rules only what is listed in linux.devices" {
    with_nodes 'del(.linux.resources.devices)'
    up
    can r /dev/mykmsg
    can w /dev/null
    run cfs exec "$ID" /bin/busybox mknod /tmp/mem c 1 1
    [ "$status" != 0 ] || ! can r /tmp/mem
}

@test "devices: v1's list and v2's program, both on a hybrid machine" {
    with_nodes '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
    up
    if [ -n "$(mount_of devices)" ]; then
        contains "$(cat "$(dir devices)/devices.list")" "c 1:3 rwm"
    fi
    has_v2 || return 0
    # The program is taken away with v1's list: what is denied still is.
    [ -z "$(mount_of devices)" ] || echo a > "$(dir devices)/devices.allow"
    ! can r /dev/mykmsg
    can w /dev/null
}

@test "devices: update replaces the rules" {
    with_nodes '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
    up
    ! can r /dev/mykmsg
    echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]}' |
        cfs update -r - "$ID"
    can r /dev/mykmsg
    can w /dev/null
    echo '{"devices": [{"allow": false, "access": "rwm"}]}' | cfs update -r - "$ID"
    ! can r /dev/mykmsg
    can w /dev/null
    echo '{"devices": [{"allow": true, "access": "rwm"}]}' | cfs update -r - "$ID"
    can r /dev/mykmsg
}

# ---- update ---------------------------------------------------------------------------------------------------

@test "update by options" {
    needs_controller memory
    needs_controller pids
    needs_controller cpu
    sleeper '.linux.resources += {"memory": {"limit": 33554432}, "pids": {"limit": 20}}'
    up
    cfs update --memory 64M --memory-reservation 32M --pids-limit 30 --cpu-share 512 --cpu-quota 20000 --cpu-period 50000 "$ID"
    is "$(value memory memory.limit_in_bytes memory.max)" 67108864
    is "$(value memory memory.soft_limit_in_bytes memory.low)" 33554432
    is "$(cat "$(dir pids)/pids.max")" 30
    is "$(value cpu cpu.shares cpu.weight)" "$([ "$(kind cpu)" = v1 ] && echo 512 || echo 59)"
    # What is not named stays as it is.
    cfs update --pids-limit 31 "$ID"
    is "$(value memory memory.limit_in_bytes memory.max)" 67108864
    cfs update --cpu-quota 30000 "$ID"
    if [ "$(kind cpu)" = v1 ]; then
        is "$(cat "$(dir cpu)/cpu.cfs_quota_us") $(cat "$(dir cpu)/cpu.cfs_period_us")" "30000 50000"
    else
        is "$(cat "$(dir cpu)/cpu.max")" "30000 50000"
    fi
    cfs update --cpu-period 60000 "$ID"
    [ "$(kind cpu)" = v1 ] || is "$(cat "$(dir cpu)/cpu.max")" "30000 60000"
    cfs update --memory -1 "$ID"
    is "$(value memory memory.limit_in_bytes memory.max)" "$([ "$(kind memory)" = v1 ] && echo 9223372036854771712 || echo max)"
}

@test "update from a file and from standard input" {
    needs_controller pids
    sleeper
    up
    echo '{"pids": {"limit": 77}}' > "$T/r.json"
    cfs update --resources "$T/r.json" "$ID"
    is "$(cat "$(dir pids)/pids.max")" 77
    echo '{"pids": {"limit": 78}, "memory": {"limit": 0, "kernel": 0}, "blockIO": {"weight": 0}}' | cfs update --resources=- "$ID"
    is "$(cat "$(dir pids)/pids.max")" 78
    run cfs update -r - "$ID" <<< '{"pids": {"limit": "many"}}'
    is "$status" 1
}

# kernel/sched/core.c: a millisecond at least, a second at most; kernel/cgroup/pids.c: PID_MAX_LIMIT. Its EINVAL says neither.
@test "limits beyond what the kernel takes are named with the bound, by create, check and update" {
    needs_controller cpu
    needs_controller pids
    local resources why
    while IFS='|' read -r resources why; do
        new_bundle ".linux.resources += $resources"
        run cfs create -b "$B" "$ID"
        is "$status" 1 "$resources"
        contains "$output" ": linux.resources.$why"
        run cfs check "$B"
        is "$status" 1 "$resources"
        contains "$output" ": linux.resources.$why"
        rm -rf "$B"
    done <<'X'
{"cpu": {"quota": 999, "period": 100000}}|cpu.quota: 999 is less than 1000
{"cpu": {"quota": 5000, "period": 1000001}}|cpu.period: 1000001 is not between 1000 and 1000000
{"cpu": {"period": 999}}|cpu.period: 999 is not between 1000 and 1000000
{"pids": {"limit": 4194305}}|pids.limit: 4194305 is more than 4194304
X
    sleeper '.linux.resources += {"cpu": {"quota": 1000, "period": 1000000}, "pids": {"limit": 4194304}}'
    up
    run cfs update --cpu-quota 10 "$ID"
    is "$status" 1
    contains "$output" "cpu.quota: 10 is less than 1000"
}

@test "update is all or nothing" {
    needs_controller pids
    needs_controller cpu
    sleeper '.linux.resources += {"pids": {"limit": 20}, "cpu": {"shares": 1024, "quota": 50000, "period": 100000}}'
    up
    # The kernel refuses a burst above the quota that is in force; by then shares are written.
    run cfs update -r - "$ID" <<< '{"cpu": {"shares": 2048, "burst": 60000}, "pids": {"limit": 99}}'
    is "$status" 1
    contains "$output" "linux.resources.cpu.burst: write \`60000\`"
    is "$(value cpu cpu.shares cpu.weight)" "$([ "$(kind cpu)" = v1 ] && echo 1024 || echo 100)"
    is "$(cat "$(dir pids)/pids.max")" 20
}

@test "update: swap without a limit takes the limit in force" {
    needs_controller memory
    sleeper '.linux.resources.memory = {"limit": 33554432}'
    [ "$(kind memory)" = v2 ] || [ -e "$(mount_of memory)/memory.memsw.limit_in_bytes" ] || skip "needs swap accounting"
    up
    cfs update --memory-swap 64M "$ID"
    is "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" "$([ "$(kind memory)" = v1 ] && echo 67108864 || echo 33554432)"
    # Both up, both down, in whatever order the kernel takes them.
    cfs update --memory 128M --memory-swap 192M "$ID"
    cfs update --memory 16M --memory-swap 24M "$ID"
    is "$(value memory memory.memsw.limit_in_bytes memory.swap.max)" "$([ "$(kind memory)" = v1 ] && echo 25165824 || echo 8388608)"
}

# spec: config-linux.memory.3
@test "checkBeforeUpdate refuses a limit below what is in use" {
    needs_controller memory
    sleeper '.linux.resources.memory = {"limit": 33554432}'
    up
    run cfs update -r - "$ID" <<< '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
    is "$status" 1
    contains "$output" "rejecting memory limit"
    is "$(value memory memory.limit_in_bytes memory.max)" 33554432
    status_is "$ID" running
}

@test "update of a stopped container is an error" {
    sleeper
    up
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    run cfs update --pids-limit 5 "$ID"
    is "$status" 1
    contains "$output" "container not running"
}

# ---- pause, kill, ps, events ----------------------------------------------------------------------------------

# spec: runtime.state.4
@test "pause and resume" {
    new_bundle '.process.args = ["/bin/sh", "-c", "while :; do echo x; sleep 0.02; done"]'
    cfs run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    wait_for grep -q x "$T/log"
    cfs pause "$ID"
    is "$(cfs state "$ID" | jq -r .status)" paused
    local before
    before=$(wc -c < "$T/log")
    sleep 0.2
    is "$(wc -c < "$T/log")" "$before"
    run cfs pause "$ID"
    is "$status" 1
    run cfs exec "$ID" true
    is "$status" 255
    contains "$output" "cannot exec in a paused container"
    cfs resume "$ID"
    is "$(cfs state "$ID" | jq -r .status)" running
    sleep 0.2
    [ "$(wc -c < "$T/log")" -gt "$before" ]
    run cfs resume "$ID"
    is "$status" 1
    contains "$output" "not paused"
}

@test "a paused container can be killed and deleted" {
    sleeper
    up
    cfs pause "$ID"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    up
    cfs pause "$ID"
    run cfs delete "$ID"
    is "$status" 1
    contains "$output" "that is not stopped: paused"
    cfs delete --force "$ID"
    no_cgroups_left
}

@test "kill --all reaches every process, also without a PID namespace" {
    sleeper '.linux.namespaces |= map(select(.type != "pid"))' \
        '.process.args = ["/bin/sh", "-c", "sleep 1000 & sleep 1000 & sleep 1000 & wait"]'
    up
    wait_for sh -c "[ \$('$CFS' --root '$STATE' ps -f json '$ID' | jq length) = 4 ]"
    local pids
    pids=$(cfs ps -f json "$ID" | jq '.[]')
    cfs kill --all "$ID" KILL
    local p
    for p in $pids; do wait_for sh -c "! grep -qs '^State:.[RSD]' /proc/$p/status"; done
    cfs delete --force "$ID"
    no_cgroups_left
}

@test "delete empties a cgroup whose init is gone" {
    sleeper '.linux.namespaces |= map(select(.type != "pid"))' '.process.args = ["/bin/sh", "-c", "sleep 1000 & sleep 1000 & exit 0"]'
    up
    wait_for status_is "$ID" stopped
    is "$(cfs ps -f json "$ID" | jq length)" 2
    cfs delete "$ID"
    no_cgroups_left
}

@test "ps as an array, and as the host's ps shows them" {
    sleeper
    up
    is "$(cfs ps --format json "$ID")" "[$PID]"
    needs ps
    ps -ef > /dev/null 2>&1 || skip "needs a ps that works on this kernel"
    run cfs ps "$ID"
    is "$status" 0
    contains "${lines[0]}" PID
    is "${#lines[@]}" 2
    contains "${lines[1]}" " $PID "
}

@test "events --stats in runc's shape" {
    sleeper
    up
    cfs events --stats "$ID" > "$OUT"
    is "$(wc -l < "$OUT")" 1
    is "$(got .type)" stats
    is "$(got .id)" "$ID"
    is "$(got '.data | [has("cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces")] | all')" true
    if [ -n "$(kind pids)" ]; then is "$(got .data.pids.current)" 1; fi
    if [ -n "$(kind memory)" ]; then
        is "$(got '.data.memory.usage.usage > 0')" true
        is "$(got '.data.memory.raw | length > 5')" true
    fi
    is "$(got '.data.cpu.usage | has("kernel") and has("user")')" true
}

@test "events at intervals, until the container ends" {
    sleeper
    up
    "$CFS" --root "$STATE" events --interval 50ms "$ID" > "$OUT" 3>&- &
    local pid=$!
    wait_for sh -c "[ \$(wc -l < '$OUT') -ge 3 ]"
    cfs kill "$ID" KILL
    wait_for sh -c "! kill -0 $pid 2>/dev/null"
    wait $pid
    is "$(jq -r .type "$OUT" | sort -u)" stats
}

@test "events tell of processes killed for lack of memory" {
    needs_controller memory
    new_bundle '.process.args = ["/bin/sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.05; done; dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 100"]' \
        '.root.readonly = false' '.linux.resources.memory = {"limit": 16777216}'
    [ "$(kind memory)" = v2 ] && config '.linux.resources.unified = {"memory.swap.max": "0"}'
    up
    "$CFS" --root "$STATE" events --interval 60s "$ID" > "$OUT" 3>&- &
    sleep 0.3
    touch "$B/rootfs/tmp/go"
    wait_for grep -q '"oom"' "$OUT"
    is "$(head -1 "$OUT" | command jq -c .)" "{\"type\":\"oom\",\"id\":\"$ID\"}"
}

# ---- exec, managers, delegation, mounts -----------------------------------------------------------------------

@test "exec joins the container's cgroups" {
    sleeper
    up
    cfs exec "$ID" /bin/sh -c 'sleep 100 & echo ok'
    cfs exec --detach "$ID" /bin/sleep 1000
    local other
    other=$(cfs ps -f json "$ID" | jq ".[] | select(. != $PID)" | tail -1)
    is "$(cat "/proc/$other/cgroup")" "$(cat "/proc/$PID/cgroup")"
}

@test "exec --cgroup: a cgroup below the container's" {
    sleeper
    up
    run cfs exec --cgroup ../.. "$ID" true
    is "$status" 255
    contains "$output" "bad sub cgroup path"
    run cfs exec --cgroup nowhere "$ID" true
    is "$status" 255
    local d
    for d in pids v2; do
        [ -n "$(mount_of $d)" ] && mkdir "$(dir $d)/sub"
    done
    cfs exec --detach --cgroup sub "$ID" /bin/sleep 1000
    local other
    other=$(cfs ps -f json "$ID" | jq ".[] | select(. != $PID)")
    contains "$(cat "/proc/$other/cgroup")" "/sub"
    if [ -n "$(mount_of pids)" ]; then
        run cfs exec --cgroup nosuch:sub "$ID" true
        is "$status" 255
        contains "$output" "unknown controller"
        cfs exec --cgroup pids:sub "$ID" true
    fi
}

@test "exec into a container that has cgroups with controllers of its own" {
    [ "$(kind pids)" = v2 ] || skip "needs pids on cgroup v2"
    sleeper
    up
    local d
    d=$(dir v2)
    mkdir "$d/inner"
    echo "$PID" > "$d/inner/cgroup.procs"
    echo +pids > "$d/cgroup.subtree_control"
    cfs exec "$ID" true
    cfs exec --detach "$ID" /bin/sleep 1000
    is "$(wc -l < "$d/inner/cgroup.procs")" 2
}

@test "no cgroups: --cgroup-manager disabled" {
    sleeper 'del(.linux.resources)'
    "$CFS" --root "$STATE" --cgroup-manager disabled run --detach -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    PID=$(cfs state "$ID" | jq .pid)
    is "$(cat "/proc/$PID/cgroup")" "$(cat /proc/self/cgroup)"
    is "$(cfs ps -f json "$ID")" "[$PID]"
    run cfs pause "$ID"
    is "$status" 1
    cfs delete --force "$ID"
    gone "$PID"
    config '.linux.resources = {"pids": {"limit": 5}}'
    run cfs --cgroup-manager disabled create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.resources.pids.limit: cannot be set: cgroups are disabled"
}

# A container that sees only its own cgroup, with a root that is not the host's.
delegating_sleeper() {
    local up="$T"
    has_v2 || skip "needs cgroup v2"
    sleeper '.linux.namespaces += [{"type": "user"}]' '.linux.namespaces |= (map(select(.type != "cgroup")) + [{"type": "cgroup"}])' \
        '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings' \
        '.mounts |= (map(select(.type != "cgroup")) + [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "rw"]}])'
    chmod 755 "$BATS_RUN_TMPDIR" && chmod -R go+rX "$B" "$T" && chown -R 100000:100000 "$B/rootfs"
    while [ "$up" != / ]; do up=$(dirname "$up") && [ -n "$(find "$up" -maxdepth 0 -perm -o+x)" ] || skip "$up is closed to others"; done
}

# spec: config-linux.cgroup-owner.1 config-linux.cgroup-owner.2 config-linux.cgroup-owner.3
@test "the cgroup belongs to the container's root when it can see nothing else and may write" {
    local d
    delegating_sleeper
    up
    d=$(dir v2)
    is "$(stat -c %u "$d")" 100000
    is "$(stat -c %u "$d/cgroup.procs")" 100000
    is "$(stat -c %u "$d/cgroup.subtree_control")" 100000
    is "$(stat -c %u "$d/cgroup.max.depth")" 0
    # Delegation is not secure in v1: not even then.
    [ -z "$(mount_of pids)" ] || is "$(stat -c %u "$(dir pids)")" 0
    cfs delete --force "$ID"
    # A read-only mount: the host keeps it.
    config '.mounts |= map(if .type == "cgroup" then .options += ["ro"] else . end)'
    up
    is "$(stat -c %u "$(dir v2)")" 0
}

# spec: config-linux.cgroup-owner.4
@test "without the kernel's list of files to delegate, it is the three that cgroups(7) names" {
    local d
    delegating_sleeper
    # What covers a part of /sys keeps user namespaces from mounting another.
    config '.mounts |= map(select(.type != "sysfs"))'
    private_mounts
    outside mount -t tmpfs none /sys/kernel/cgroup
    outside test ! -e /sys/kernel/cgroup/delegate
    up
    d=$(dir v2)
    is "$(cd "$d" && stat -c %u . cgroup.procs cgroup.threads cgroup.subtree_control | sort -u)" 100000
    is "$(cd "$d" && find . -user 100000 | sort | xargs)" ". ./cgroup.procs ./cgroup.subtree_control ./cgroup.threads"
}

@test "cgroups inside the container: with a namespace it sees itself as the root" {
    new_bundle '.process.args = ["/bin/sh", "-c", "cat /proc/self/cgroup; ls /sys/fs/cgroup"]' \
        '.linux.namespaces |= (map(select(.type != "cgroup")) + [{"type": "cgroup"}])' \
        '.mounts |= (map(select(.type != "cgroup")) + [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]}])'
    cfs run -b "$B" "$ID" > "$OUT"
    ! grep -q "$ID" "$OUT"
    if [ -n "$(mount_of pids)" ]; then grep -qx pids "$OUT"; else grep -qx cgroup.procs "$OUT"; fi
}

@test "cgroups inside the container: without a namespace it sees its own cgroup (of v2 all), read-only" {
    new_bundle '.process.args = ["/bin/sh", "-c", "p=$(grep ^0:: /proc/self/cgroup); cat /sys/fs/cgroup/pids/cgroup.procs /sys/fs/cgroup/${p#0::}/cgroup.procs 2>/dev/null; mkdir /sys/fs/cgroup/x /sys/fs/cgroup/pids/x 2>&1; true"]' \
        '.linux.namespaces |= map(select(.type != "cgroup"))' \
        '.mounts |= (map(select(.type != "cgroup")) + [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]}])'
    cfs run -b "$B" "$ID" > "$OUT"
    grep -qx 1 "$OUT"
    grep -qi "read-only\|no such" "$OUT"
}

@test "many at once, by eight workers, leave nothing" {
    sleeper
    local w update=true
    if [ -n "$(kind pids)" ]; then
        config '.linux.resources.pids = {"limit": 10}'
        update='cfs update --pids-limit 12'
    fi
    work() {
        local i id
        for i in 1 2 3; do
            id="$ID-w$1-$i"
            mkdir -p "$T/$id"
            jq ".linux.cgroupsPath = \"/$ID-all/$id\" | .root.path = \"$B/rootfs\"" "$B/config.json" > "$T/$id/config.json"
            cfs create -b "$T/$id" "$id" < /dev/null > /dev/null && cfs start "$id" && $update "$id" &&
                cfs pause "$id" && cfs resume "$id" && cfs kill "$id" KILL && cfs delete --force "$id" || echo "$id" >> "$T/failed"
        done
    }
    for w in 1 2 3 4 5 6 7 8; do work $w 3>&- & done
    wait
    [ ! -e "$T/failed" ] || { cat "$T/failed" >&2; false; }
    no_cgroups_left
    is "$(ls -A "$STATE")" ""
}

# crun and runc set the limit after their init has started, and say what is used; what counts is the property and the need.
@test "a memory limit that is too small for the init: the error names the property, the limit and the need" {
    needs_controller memory
    new_bundle '.linux.resources.memory = {"limit": 65536}'
    local before
    before=$(host_snapshot)
    run cfs run -b "$B" "$ID"
    is "$status" 1
    [[ ${lines[0]} =~ ^cfs:\ config.json:[0-9]+:[0-9]+:\ linux.resources.memory.limit:\ 65536\ bytes\ are\ too\ few: ]] || is "$output" "a property"
    contains "$output" "which needs 262144"
    is "$(host_snapshot)" "$before"
}
