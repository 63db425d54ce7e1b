# SPDX-License-Identifier: LGPL-2.1-or-later
# User namespaces made by root: linux.uidMappings, linux.gidMappings and what they mean for everything else
# (config-linux.md, "User namespace mappings").
load helpers/common

setup() {
    setup_common
    root_only
}

# A bundle with a user namespace, whose files belong to host IDs from 100000 on.
new_user_bundle() {
    new_bundle '.linux.namespaces += [{"type": "user"}]' \
        '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]' \
        '.linux.gidMappings = [{"containerID": 0, "hostID": 300000, "size": 65536}]' "$@"
    chown -R 100000:300000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
}

map() { got ".$1 | map(split(\" \") | map(select(. != \"\")) | join(\" \")) | join(\"; \")"; }

# spec: config-linux.mappings.1
@test "the mappings are as written, the process is root inside and the mapped user outside" {
    new_user_bundle '.process.args = ["/bin/inspector", "sleep"]'
    up
    is "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$PID/status")" "100000 100000 100000 100000"
    is "$(awk '/^Gid:/ { print $2, $3, $4, $5 }' "/proc/$PID/status")" "300000 300000 300000 300000"
    cfs exec "$ID" /bin/inspector > "$OUT"
    is "$(map uid_map)" "0 100000 65536"
    is "$(map gid_map)" "0 300000 65536"
    is "$(got .status.Uid)" $'0\t0\t0\t0'
    is "$(got .setgroups)" allow
}

@test "several ranges" {
    new_user_bundle '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 1000, "hostID": 5000, "size": 1},
        {"containerID": 2000, "hostID": 200000, "size": 1000}]' '.process.user = {"uid": 1000, "gid": 5}'
    inspect
    is "$(map uid_map)" "0 100000 10; 1000 5000 1; 2000 200000 1000"
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    args /bin/inspector sleep
    up
    is "$(awk '/^Uid:/ { print $2 }' "/proc/$PID/status")" 5000
    is "$(awk '/^Gid:/ { print $2 }' "/proc/$PID/status")" 300005
}

# spec: config.user.1 config.user.4
@test "user, group and additional groups of the process" {
    new_user_bundle '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [10, 20]}'
    inspect
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.Gid)" $'1001\t1001\t1001\t1001'
    is "$(got .status.Groups)" "10 20"
}

@test "a user or group that is not mapped is an error that says so" {
    new_user_bundle '.process.user.uid = 70000'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" process.user.uid
    contains "$output" "not mapped"
    config '.process.user.uid = 0 | .process.user.additionalGids = [70000]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" process.user.additionalGids
}

@test "mappings that overlap, are empty, or lack their counterpart are errors" {
    new_user_bundle '.linux.uidMappings += [{"containerID": 100, "hostID": 500000, "size": 1}]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.uidMappings[1].containerID"
    config '.linux.uidMappings = [.linux.uidMappings[0]] | .linux.uidMappings[0].size = 0'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" uidMappings
    config 'del(.linux.uidMappings)'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.uidMappings"
    config '.linux.uidMappings = .linux.gidMappings | .linux.namespaces |= map(select(.type != "user"))'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "needs a user namespace"
}

@test "all capabilities inside, none outside: a file of the host's root is out of reach" {
    new_user_bundle '.process.capabilities = ({} | .bounding = ["CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_SYS_ADMIN"] | .effective = .bounding | .permitted = .bounding)' \
        '.root.readonly = false' '.process.args = ["/bin/inspector", "open", "/etc/hosts-only"]'
    echo secret > "$B/rootfs/etc/hosts-only"
    chmod 600 "$B/rootfs/etc/hosts-only"
    run cfs run -b "$B" "$ID"
    contains "$output" "Permission denied"
    is "$(cat "$B/rootfs/etc/hosts-only")" secret
}

# spec: config-linux.mappings.2
@test "what is made inside belongs to the mapped user outside" {
    new_user_bundle '.root.readonly = false | .process.args = ["/bin/touch", "/tmp/made"]'
    cfs run -b "$B" "$ID"
    is "$(stat -c '%u:%g' "$B/rootfs/tmp/made")" 100000:300000
}

@test "the default file systems belong to root of the container" {
    new_user_bundle
    inspect
    is "$(got '[.dev.shm, .dev.mqueue, .dev.pts] | map(.uid) | unique')" '[0]'
    is "$(got .dev.null.rdev)" 1:3
    is "$(got .dev.null.type)" c
    is "$(mnt /proc .type)" proc
    is "$(mnt /sys .type)" sysfs
    contains "$(mnt /dev/pts .super)" '"gid=300005"'
}

@test "devices work" {
    new_user_bundle '.process.args = ["/bin/sh", "-c", "echo x > /dev/null && head -c 4 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c && ! echo x > /dev/full"]'
    run cfs run -b "$B" "$ID"
    is "$status" 0 "$output"
    contains "$output" 4
    new=$(jq -c '.linux.devices' "$B/config.json")
    config '.linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}] | .process.args = ["/bin/inspector"]'
    [ -e /dev/fuse ] || skip "needs /dev/fuse"
    inspect
    is "$(got .dev.fuse.rdev)" 10:229
}

@test "a device that the host does not have is made, as without a user namespace" {
    new_user_bundle '.linux.devices = [{"path": "/dev/nothing", "type": "c", "major": 240, "minor": 99}]'
    inspect
    is "$(got '.dev.nothing | [.rdev, .mode] | join(" ")')" "240:99 0666"
    is "$(got '[.mountinfo[] | split(" ") | select(.[4] == "/")] | length')" 1
}

@test "a terminal's owner is the user inside" {
    new_user_bundle '.process.terminal = true | .process.user = {"uid": 1000, "gid": 5} | .process.args = ["/bin/stat", "-c", "%u:%g", "/dev/pts/0"]'
    run cfs run -b "$B" "$ID"
    is "$status" 0 "$output"
    is "$output" 1000:5
}

@test "a root that only root of the host can reach" {
    new_user_bundle
    chmod 700 "$B"
    inspect
    is "$(got .cwd)" /
}

@test "bind mounts of directories that only root of the host can reach" {
    mkdir -p "$T/secret/volume"
    echo hello > "$T/secret/volume/file"
    chown -R 100000:300000 "$T/secret/volume"
    new_user_bundle '.process.args = ["/bin/cat", "/tmp/file"]'
    chmod 700 "$T/secret"
    config --arg s "$T/secret/volume" '.mounts += [{"destination": "/tmp", "source": $s, "options": ["bind"]}]'
    is "$(cfs run -b "$B" "$ID")" hello
}

@test "exec comes into the user namespace, with the same ids and capabilities" {
    new_user_bundle '.process.args = ["/bin/inspector", "sleep"]'
    up
    cfs exec "$ID" /bin/inspector > "$OUT"
    is "$(got .ns.user)" "$(readlink "/proc/$PID/ns/user")"
    is "$(got .ns.mnt)" "$(readlink "/proc/$PID/ns/mnt")"
    is "$(got .status.Uid)" $'0\t0\t0\t0'
    is "$(got .status.CapEff)" "$(awk '/^CapEff/ { print $2 }' "/proc/$PID/status")"
    cfs exec --user 1000:1001 "$ID" /bin/inspector > "$OUT"
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.Gid)" $'1001\t1001\t1001\t1001'
}

@test "the kernel's own limits of user namespaces hold: sysctl of the host are refused, of its own work" {
    new_user_bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}' \
        '.process.args = ["/bin/cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shm_rmid_forced"]'
    run cfs run -b "$B" "$ID"
    is "$output" $'1\n1'
}

# user_namespaces(7): a file whose owner would not be mapped cannot be made (EOVERFLOW).
@test "a user namespace that maps no ID 0: the runtime's part is done as the first that is mapped, exec too" {
    new_bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 5, "hostID": 100005, "size": 100}]
        | .linux.gidMappings = [{"containerID": 7, "hostID": 100007, "size": 100}] | .process.user = {"uid": 6, "gid": 8}
        | .mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end | select(.destination != "/sys"))
        | .mounts += [{"destination": "/tmp/new/tmpfs", "type": "tmpfs", "source": "x"}] | .process.cwd = "/made"'
    chown -R --no-dereference 100005:100007 "$B/rootfs"
    inspect
    is "$(got '[.status.Uid, .status.Gid, .cwd]')" '["6\t6\t6\t6","8\t8\t8\t8","/made"]'
    is "$(got '.dev.null | [.uid, .gid] | join(":")')" 5:7
    is "$(stat -c %u:%g "$B/rootfs/made" "$B/rootfs/tmp/new" | sort -u)" 100005:100007
    args sleep 60
    up
    is "$(cfs exec "$ID" /bin/id -u) $(cfs exec --user 9:9 "$ID" /bin/id -u)" "6 9"
}

# As podman without root does for --uidmap with --pid=container:A.
@test "root of a user namespace: a new one below it, with a PID namespace that belongs to the first" {
    reachable
    background unshare --user --mount sleep 600
    local holder=$! child
    wait_for grep -q '^sleep' "/proc/$holder/comm"
    echo 0 100000 65536 > "/proc/$holder/uid_map"
    echo 0 100000 65536 > "/proc/$holder/gid_map"
    INTO=(nsenter --user="/proc/$holder/ns/user" --mount="/proc/$holder/ns/mnt" --setuid 0 --setgid 0 --)
    background "${INTO[@]}" unshare --pid --fork sleep 600
    local parent=$!
    wait_for pgrep -P "$parent" -x sleep > /dev/null
    child=$(pgrep -P "$parent" -x sleep)
    BACKGROUND+=("$child")
    new_bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 1000, "size": 1000}]
        | .linux.gidMappings = .linux.uidMappings | del(.linux.cgroupsPath) | .mounts |= map(select(.type != "cgroup"))'
    config --arg p "/proc/$child/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
    args cat /proc/1/comm
    chown -R --no-dereference 101000:101000 "$B"
    STATE="$T/nested"
    mkdir "$STATE"
    chown 100000:100000 "$STATE"
    run cfs run -b "$B" "$ID"
    case $output in *"the kernel refuses a new"*) skip "needs a procfs that nothing covers" ;; esac
    contains "$output" sleep
}
