# SPDX-License-Identifier: LGPL-2.1-or-later
# Controllers that user-mode Linux lacks, and that they bind the program. Two processors, two memory nodes, a disk with the
# scheduler bfq, huge pages: tests/vm/qemu makes such a machine.
load ../integration/helpers/common

setup() {
    setup_common
    root_only
    [ -e /sys/block/nullb0 ] && [ -e /sys/devices/system/node/node1 ] || skip "needs the machine of tests/vm/qemu"
    V2=''
    [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || V2=yes
    DISK=$(cat /sys/block/nullb0/dev)
}

sleeper() { new_bundle '.process.args = ["/bin/inspector", "sleep"]' "$@"; }
# file V1-CONTROLLER V1-FILE V2-FILE: what is in the container's file.
file() { if [ -n "$V2" ]; then cat "/sys/fs/cgroup/$ID/$3"; else cat "/sys/fs/cgroup/$1/$ID/$2"; fi; }
allowed() { sed -n "s/^$1_allowed_list:\t//p" "/proc/$PID/status"; }

@test "every controller: processors and memory nodes bind the program, and follow an update" {
    sleeper '.linux.resources.cpu = {"cpus": "1", "mems": "1"}'
    up
    is "$(allowed Cpus)" 1
    is "$(allowed Mems)" 1
    contains "$(cfs exec "$ID" /bin/grep Cpus_allowed_list /proc/self/status)" 1
    cfs update --cpuset-cpus 0-1 --cpuset-mems 0 "$ID"
    is "$(allowed Cpus)" 0-1
    is "$(allowed Mems)" 0
    # What is not there is an error that names it, and nothing of the rest stays.
    run cfs update --cpuset-cpus 0 --cpuset-mems 5 "$ID"
    is "$status" 1
    contains "$output" linux.resources.cpu.mems
    is "$(allowed Cpus)" 0-1
    is "$(allowed Mems)" 0
}

@test "every controller: a processor that is not there is create's error, and leaves nothing" {
    sleeper '.linux.resources.cpu = {"cpus": "7"}'
    run cfs create -b "$B" "$ID"
    if [ "$status" = 0 ]; then
        # cgroup v2 takes it, and gives what there is.
        is "$V2" yes
        return
    fi
    contains "$output" linux.resources.cpu.cpus
    is "$(find /sys/fs/cgroup -name "$ID")" ""
}

@test "every controller: weights of block I/O, also of one disk" {
    sleeper ".linux.resources.blockIO = {weight: 300, weightDevice: [{major: ${DISK%:*}, minor: ${DISK#*:}, weight: 400}]}"
    up
    if [ -n "$V2" ]; then
        is "$(file - - io.bfq.weight)" "default 300"$'\n'"$DISK 400"
    else
        is "$(file blkio blkio.bfq.weight -)" 300
        is "$(file blkio blkio.bfq.weight_device -)" "default 300"$'\n'"$DISK 400"
    fi
    cfs update --blkio-weight 200 "$ID"
    contains "$(file blkio blkio.bfq.weight io.bfq.weight)" 200
}

@test "every controller: huge pages beyond the limit cannot be had" {
    sleeper '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]
        | .mounts += [{"destination": "/huge", "type": "hugetlbfs", "source": "hugetlbfs", "options": ["pagesize=2M"]}]'
    ln -s busybox "$B/rootfs/bin/fallocate"
    up
    is "$(file hugetlb hugetlb.2MB.rsvd.limit_in_bytes hugetlb.2MB.rsvd.max)" 4194304
    cfs exec "$ID" /bin/fallocate -l 4M /huge/two
    is "$(file hugetlb hugetlb.2MB.usage_in_bytes hugetlb.2MB.current)" 4194304
    is "$(cfs events --stats "$ID" | jq '.data.hugetlb["2MB"].usage')" 4194304
    run cfs exec "$ID" /bin/fallocate -l 2M /huge/three
    [ "$status" != 0 ]
    is "$(file hugetlb hugetlb.2MB.usage_in_bytes hugetlb.2MB.current)" 4194304
}

@test "every controller: an RDMA device that is not there is an error that names it" {
    sleeper '.linux.resources.rdma = {"mlx5_9": {"hcaHandles": 3, "hcaObjects": 100}}'
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" linux.resources.rdma
    contains "$output" mlx5_9
    is "$(find /sys/fs/cgroup -name "$ID")" ""
}

@test "every controller: in a cgroup deep down all are there" {
    local c=/sys/fs/cgroup/deep-$ID/er/$ID
    [ -n "$V2" ] || skip "needs cgroup v2"
    sleeper ".linux.cgroupsPath = \"/deep-$ID/er/$ID\"" '.linux.resources = {"cpu": {"cpus": "0", "shares": 100}, "pids": {"limit": 10},
        "memory": {"limit": 67108864}, "blockIO": {"weight": 100}, "hugepageLimits": [{"pageSize": "2MB", "limit": 0}]}'
    up
    is "$(cat $c/cpuset.cpus)" 0
    is "$(cat $c/hugetlb.2MB.max)" 0
    is "$(cat $c/memory.max)" 67108864
    is "$(cat $c/pids.max)" 10
    cfs delete --force "$ID"
    [ ! -e "/sys/fs/cgroup/deep-$ID" ]
}

@test "every controller: exec has the container's clocks" {
    sleeper '.linux.namespaces += [{"type": "time"}]' '.linux.timeOffsets = {"boottime": {"secs": 1000000}}'
    up
    [ "$(cfs exec "$ID" /bin/cat /proc/uptime | cut -d. -f1)" -ge 1000000 ]
    is "$(cfs exec "$ID" /bin/readlink /proc/self/ns/time)" "$(readlink "/proc/$PID/ns/time")"
}
