# SPDX-License-Identifier: LGPL-2.1-or-later
# The systemd manager where systemd keeps v1 hierarchies, with v2's beside them for its own use (hybrid) or without:
# tests/vm/systemd-v1 makes such machines.
load systemd.bash

setup() {
    setup_systemd
    [ -d /sys/fs/cgroup/memory ] || skip "needs systemd with cgroup v1"
}

file() { cat "/sys/fs/cgroup/$1/system.slice/$SCOPE/$2"; }
left() { find /sys/fs/cgroup -name "*$ID*"; }

@test "the container is in its scope on every hierarchy, and leaves nothing" {
    sleeper
    up
    local list path
    while IFS=: read -r _ list path; do
        is "$path" "/system.slice/$SCOPE" "$list"
    done < "/proc/$PID/cgroup"
    is "$(property ActiveState)" active
    is "$(property Delegate)" yes
    # exec comes along, without the flag.
    cfs exec --detach "$ID" /bin/sleep 1000
    is "$(cfs ps -f json "$ID" | jq length)" 2
    is "$(file freezer cgroup.procs | wc -l)" 2
    is "$(file systemd cgroup.procs | wc -l)" 2
    cfs delete --force "$ID"
    is "$(property LoadState)" not-found
    is "$(left)" ""
}

@test "limits: in the files, and in the properties, so that a reload keeps them" {
    sleeper '.linux.resources += {"memory": {"limit": 33554432}, "pids": {"limit": 40}, "cpu": {"shares": 512, "quota": 20000, "period": 100000},
        "network": {"classID": 65537}}'
    up
    check() {
        is "$(file memory memory.limit_in_bytes)" 33554432
        is "$(file pids pids.max)" 40
        is "$(file cpu cpu.shares)" 512
        is "$(file cpu cpu.cfs_quota_us)" 20000
        is "$(file net_cls net_cls.classid)" 65537
    }
    check
    is "$(property MemoryLimit)" 33554432
    is "$(property TasksMax)" 40
    is "$(property CPUShares)" 512
    systemctl daemon-reload
    check
    cfs update --memory 64M --pids-limit 41 --cpu-share 256 "$ID"
    is "$(property MemoryLimit)" 67108864
    systemctl daemon-reload
    is "$(file memory memory.limit_in_bytes)" 67108864
    is "$(file pids pids.max)" 41
    is "$(file cpu cpu.shares)" 256
    # All or nothing.
    run cfs update -r - "$ID" <<< '{"pids": {"limit": 30}, "cpu": {"quota": 10}}'
    is "$status" 1
    is "$(file pids pids.max)" 41
}

@test "pause, resume, kill of a paused one, delete" {
    sleeper
    up
    cfs pause "$ID"
    is "$(cfs state "$ID" | jq -r .status)" paused
    # v2's freezer is the better one, where there is v2.
    is "$(cat "/sys/fs/cgroup/unified/system.slice/$SCOPE/cgroup.freeze")" 1
    cfs resume "$ID"
    is "$(cfs state "$ID" | jq -r .status)" running
    cfs pause "$ID"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    is "$(property LoadState)" not-found
    is "$(left)" ""
}

@test "devices: the list holds, also after a reload" {
    sleeper '.linux.resources.devices = [{"allow": false, "access": "rwm"}]
        | .linux.devices = [{"type": "c", "path": "/dev/mykmsg", "major": 1, "minor": 11, "fileMode": 438, "uid": 0, "gid": 0}]'
    config '.linux.resources.devices += [{"allow": false, "type": "c", "major": 1, "minor": 11, "access": "r"}]'
    up
    cfs exec "$ID" /bin/sh -c ': > /dev/null'
    run cfs exec "$ID" /bin/sh -c ': < /dev/mykmsg'
    [ "$status" != 0 ]
    systemctl daemon-reload
    run cfs exec "$ID" /bin/sh -c ': < /dev/mykmsg'
    [ "$status" != 0 ]
    cfs exec "$ID" /bin/sh -c ': > /dev/null'
}

@test "run.oci.systemd.subgroup: a cgroup of that name below the scope's" {
    sleeper '.annotations = {"run.oci.systemd.subgroup": "inner"}' '.linux.resources.pids = {"limit": 30}'
    up
    local list path
    while IFS=: read -r _ list path; do
        is "$path" "/system.slice/$SCOPE/inner" "$list"
    done < "/proc/$PID/cgroup"
    is "$(file pids inner/pids.max)" 30
    cfs exec "$ID" true
    cfs delete --force "$ID"
    is "$(property LoadState)" not-found
    is "$(left)" ""
}
