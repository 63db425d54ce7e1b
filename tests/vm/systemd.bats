# SPDX-License-Identifier: LGPL-2.1-or-later
# The systemd manager (--systemd-cgroup). Needs a machine that systemd runs: tests/vm/systemd makes one.
load systemd.bash

setup() { setup_systemd; }

dir() { echo "/sys/fs/cgroup$(property ControlGroup "$@")"; }

@test "the container is in a scope of its own, delegated to it" {
    sleeper
    up
    is "$(cat "/proc/$PID/cgroup")" "0::/system.slice/$SCOPE"
    is "$(property ActiveState)" active
    is "$(property Delegate)" yes
    is "$(property Slice)" system.slice
    cfs delete --force "$ID"
    is "$(property LoadState)" not-found
    [ ! -e "/sys/fs/cgroup/system.slice/$SCOPE" ]
}

@test "slice:prefix:name" {
    sleeper ".linux.cgroupsPath = \"one-two.slice:pre:$ID\""
    SCOPE="pre-$ID.scope"
    up
    is "$(cat "/proc/$PID/cgroup")" "0::/one.slice/one-two.slice/$SCOPE"
    cfs delete --force "$ID"
    is "$(property LoadState)" not-found
    config '.linux.cgroupsPath = "/a/b"'
    run cfs --systemd-cgroup create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.cgroupsPath"
}

@test "limits: in the files, and in the properties, so that a reload keeps them" {
    sleeper '.linux.resources += {"memory": {"limit": 33554432, "reservation": 16777216}, "pids": {"limit": 0},
        "cpu": {"shares": 2048, "quota": 33333, "period": 50000}}'
    up
    local d
    d=$(dir)
    check() {
        is "$(cat "$d/memory.max")" 33554432
        is "$(cat "$d/memory.low")" 16777216
        is "$(cat "$d/cpu.weight")" 174
    }
    check
    is "$(cat "$d/pids.max")" 0
    is "$(cat "$d/cpu.max")" "33333 50000"
    is "$(property MemoryMax)" 33554432
    is "$(property MemoryLow)" 16777216
    is "$(property CPUWeight)" 174
    is "$(property CPUQuotaPerSecUSec)" 670ms
    is "$(property TasksMax)" 1
    systemctl daemon-reload
    check
}

@test "update tells systemd as well" {
    sleeper '.linux.resources.memory = {"limit": 33554432}'
    up
    cfs update --memory 64M --pids-limit 20 --cpu-share 512 "$ID"
    is "$(property MemoryMax)" 67108864
    is "$(property TasksMax)" 20
    is "$(property CPUWeight)" 59
    systemctl daemon-reload
    is "$(cat "$(dir)/memory.max")" 67108864
    is "$(cat "$(dir)/pids.max")" 20
    # All or nothing.
    run cfs update -r - "$ID" <<< '{"pids": {"limit": 30}, "cpu": {"quota": 10}}'
    is "$status" 1
    is "$(cat "$(dir)/pids.max")" 20
    is "$(property TasksMax)" 20
}

@test "org.systemd.property.* annotations" {
    sleeper '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 7000000", "org.systemd.property.Description": "'"'it is $ID'"'",
        "org.systemd.property.RuntimeMaxSec": "3600", "org.systemd.property.Documentation": "['"'man:cfs(8)', 'man:x(1)'"']"}'
    up
    is "$(property TimeoutStopUSec)" 7s
    is "$(property Description)" "it is $ID"
    is "$(property RuntimeMaxUSec)" 1h
    is "$(property Documentation)" '"man:cfs(8)" "man:x(1)"'
    cfs delete --force "$ID"
    config '.annotations = {"org.systemd.property.TimeoutStopUSec": "seven"}'
    run cfs --systemd-cgroup create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "org.systemd.property.TimeoutStopUSec"
    config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
    run cfs --systemd-cgroup create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "$SCOPE"
    contains "$output" "NoSuchThing"
    [ ! -e "$STATE/$ID" ]
}

@test "run.oci.systemd.subgroup: a cgroup of that name below the scope's" {
    sleeper '.annotations = {"run.oci.systemd.subgroup": "inner"}' '.linux.resources.pids = {"limit": 30}'
    up
    is "$(cat "/proc/$PID/cgroup")" "0::/system.slice/$SCOPE/inner"
    is "$(cat "$(dir)/inner/pids.max")" 30
    is "$(property TasksMax)" 30
    is "$(cfs exec "$ID" /bin/cat /proc/self/cgroup)" "0::/"
    cfs update --pids-limit 31 "$ID"
    is "$(cat "$(dir)/inner/pids.max")" 31
    cfs pause "$ID"
    is "$(cat "$(dir)/inner/cgroup.freeze")" 1
    cfs resume "$ID"
    cfs delete --force "$ID"
    is "$(property LoadState)" not-found
    [ ! -e "/sys/fs/cgroup/system.slice/$SCOPE" ]
    config '.annotations["run.oci.systemd.subgroup"] = ""'
    up
    is "$(cat "/proc/$PID/cgroup")" "0::/system.slice/$SCOPE"
    cfs delete --force "$ID"
    config '.annotations["run.oci.systemd.subgroup"] = "../other.scope"'
    run cfs --systemd-cgroup create -b "$B" "$ID"
    is "$status" 1
    contains "$output" 'annotations["run.oci.systemd.subgroup"]'
    is "$(property LoadState)" not-found
}

@test "exec, pause, kill, ps and delete without --systemd-cgroup" {
    sleeper
    up
    is "$(cfs exec "$ID" /bin/cat /proc/self/cgroup)" "0::/"
    cfs exec --detach "$ID" /bin/sleep 1000
    is "$(cfs ps -f json "$ID" | jq length)" 2
    cfs pause "$ID"
    is "$(cfs state "$ID" | jq -r .status)" paused
    cfs resume "$ID"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    is "$(property LoadState)" not-found
}

@test "devices: the program is there under systemd too" {
    sleeper '.linux.resources.devices = [{"allow": false, "access": "rwm"}] | .process.capabilities |= with_entries(.value += ["CAP_SYSLOG"])
        | .linux.devices = [{"type": "c", "path": "/dev/mykmsg", "major": 1, "minor": 11, "fileMode": 438, "uid": 0, "gid": 0}]'
    up
    cfs exec "$ID" /bin/sh -c ': > /dev/null'
    run cfs exec "$ID" /bin/sh -c ': < /dev/mykmsg'
    [ "$status" != 0 ]
    systemctl daemon-reload
    run cfs exec "$ID" /bin/sh -c ': < /dev/mykmsg'
    [ "$status" != 0 ]
}

@test "a name that is taken is an error that names the unit, and the other one lives on" {
    sleeper
    systemd-run --scope --unit="$SCOPE" sleep 1000 > /dev/null 2>&1 3>&- &
    wait_for test -e "/sys/fs/cgroup/system.slice/$SCOPE"
    wait_for grep -q . "/sys/fs/cgroup/system.slice/$SCOPE/cgroup.procs"
    run cfs --systemd-cgroup create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "container's cgroup is not empty"
    is "$(property ActiveState)" active
    [ ! -e "$STATE/$ID" ]
}

# Without an error the init stops in its cgroup, and the runtime waits for it. runc's words.
@test "a frozen slice, and a frozen directory where the scope will be: an error, and nothing is left" {
    local slice="/sys/fs/cgroup/fr${ID//-/}.slice" frozen
    sleeper ".linux.cgroupsPath = \"$(basename "$slice"):cfs:$ID\""
    systemd-run --unit="keeper-$ID" --slice="$(basename "$slice")" sleep 1000
    wait_for test -e "$slice/cgroup.freeze"
    for frozen in "$slice" "$slice/$SCOPE"; do
        mkdir -p "$frozen"
        echo 1 > "$frozen/cgroup.freeze"
        run timeout 25 "$CFS" --root "$STATE" --systemd-cgroup run -b "$B" "$ID" < /dev/null
        is "$status" 1 "$frozen: $output"
        contains "$output" "container's cgroup unexpectedly frozen"
        [ ! -e "$STATE/$ID" ]
        wait_for eval '[ "$(property LoadState)" = not-found ]'
        [ ! -e "$frozen" ] || echo 0 > "$frozen/cgroup.freeze"
    done
    systemctl stop "keeper-$ID"
    up
    cfs delete --force "$ID"
}

@test "a create that was killed leaves nothing after delete" {
    sleeper
    up
    kill -9 "$PID"
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    is "$(property LoadState)" not-found
}

@test "without a bus the error says where it was looked for" {
    sleeper
    DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere run cfs --systemd-cgroup create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "$SCOPE"
    contains "$output" /nowhere
    [ ! -e "$STATE/$ID" ]
}

@test "a systemd that does not answer is given up after a while, and delete needs none" {
    sleeper
    up
    # Everything is removed even when systemd does not answer.
    DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere cfs delete --force "$ID"
    [ ! -e "/sys/fs/cgroup/system.slice/$SCOPE" ]
}

@test "rootless: a scope of the user's own systemd" {
    local uid=1234
    grep -q "^cfstest:" /etc/passwd || echo "cfstest:x:$uid:$uid::/home/cfstest:/bin/sh" >> /etc/passwd
    grep -q "^cfstest:" /etc/shadow || echo "cfstest:*:19000::::::" >> /etc/shadow
    grep -q "^cfstest:" /etc/group || echo "cfstest:x:$uid:" >> /etc/group
    mkdir -p /home/cfstest && chown $uid:$uid /home/cfstest
    systemctl start "user-runtime-dir@$uid.service" 2> /dev/null
    systemctl start "user@$uid.service" || skip "needs a user manager"
    wait_for test -S "/run/user/$uid/bus" || skip "needs a bus for users (dbus-user-session)"
    new_bundle '.process.args = ["/bin/sleep", "1000"] | .linux.cgroupsPath = ":cfs:'"$ID"'" | .linux.resources = {"pids": {"limit": 33}}
        | .linux.namespaces = [{"type": "user"}, {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "cgroup"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 1234, "size": 1}] | .linux.gidMappings = .linux.uidMappings
        | .mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "mqueue")
            | if .type == "devpts" then .options |= map(select(startswith("gid") | not)) else . end)'
    reachable
    chown -R $uid:$uid "$T"
    user() { setpriv --reuid=$uid --regid=$uid --clear-groups env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR=/run/user/$uid HOME=/home/cfstest "$@"; }
    user "$CFS" --root "/run/user/$uid/state" --systemd-cgroup run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; false; }
    PID=$(user "$CFS" --root "/run/user/$uid/state" state "$ID" | jq .pid)
    contains "$(cat "/proc/$PID/cgroup")" "/user@$uid.service/user.slice/cfs-$ID.scope"
    is "$(cat "/sys/fs/cgroup$(cut -d: -f3 "/proc/$PID/cgroup")/pids.max")" 33
    user "$CFS" --root "/run/user/$uid/state" exec "$ID" /bin/sh -c 'exit 5' || is $? 5
    is "$(user "$CFS" --root "/run/user/$uid/state" exec "$ID" /bin/cat /proc/self/cgroup)" "0::/"
    mkdir "/sys/fs/cgroup$(cut -d: -f3 "/proc/$PID/cgroup")/below"
    contains "$(user "$CFS" --root "/run/user/$uid/state" exec --cgroup below "$ID" /bin/cat /proc/self/cgroup)" /below
    user "$CFS" --root "/run/user/$uid/state" update --pids-limit 34 "$ID"
    is "$(cat "/sys/fs/cgroup$(cut -d: -f3 "/proc/$PID/cgroup")/pids.max")" 34
    user "$CFS" --root "/run/user/$uid/state" delete --force "$ID"
    is "$(find /sys/fs/cgroup -name "*$ID*")" ""
}
