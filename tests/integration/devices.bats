# SPDX-License-Identifier: LGPL-2.1-or-later
# linux.devices, the default devices and the links in /dev (config-linux.md, "Devices", "Default Devices"; runtime-linux.md,
# "Dev symbolic links").
load helpers/common

setup() {
    setup_common
    root_only
}

add_device() { config --argjson d "$1" '.linux.devices += [$d]'; }

# spec: config-linux.default-devices.1 config-linux.default-devices.3
@test "the default devices" {
    new_bundle
    inspect
    local d
    for d in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
        is "$(got ".dev.${d%%:*} | [.type, .mode, .uid, .gid, .rdev] | join(\" \")")" "c 0666 0 0 ${d#*:}" "$d"
    done
    is "$(got .dev.ptmx.target)" pts/ptmx
    is "$(got '.dev | has("console")')" false
}

@test "the default devices, exact in spite of the caller's umask" {
    new_bundle
    (umask 0077; inspect)
    is "$(got '[.dev[] | select(.type == "c") | .mode] | unique')" '["0666"]'
    is "$(got .status.Umask)" 0077
}

# spec: runtime-linux.links.1
@test "the links" {
    new_bundle
    inspect
    is "$(got .dev.fd.target)" /proc/self/fd
    is "$(got .dev.stdin.target)" /proc/self/fd/0
    is "$(got .dev.stdout.target)" /proc/self/fd/1
    is "$(got .dev.stderr.target)" /proc/self/fd/2
}

@test "ptmx is the link, whatever the document says" {
    new_bundle '.linux.devices = [{"path": "/dev/ptmx", "type": "c", "major": 5, "minor": 2, "fileMode": 438}]'
    inspect
    is "$(got .dev.ptmx.target)" pts/ptmx
    config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 10}]
        | .linux.gidMappings = .linux.uidMappings'
    inspect
    is "$(got .dev.ptmx.target)" pts/ptmx
}

@test "they work" {
    new_bundle
    args sh -c 'echo lost > /dev/null; head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; echo x > /dev/full; echo out > /dev/stdout; echo err > /dev/stderr'
    run cfs run -b "$B" "$ID"
    contains "$output" $'3\n5\n'
    contains "$output" "No space left on device"
    contains "$output" out
    contains "$output" err
}

# spec: config-linux.devices.1 config-linux.devices.5
@test "linux.devices of each type, with mode and owner" {
    new_bundle
    add_device '{"path": "/dev/c", "type": "c", "major": 1, "minor": 3, "fileMode": 384, "uid": 5, "gid": 6}'
    add_device '{"path": "/dev/u", "type": "u", "major": 1, "minor": 5, "fileMode": 438}'
    add_device '{"path": "/dev/b", "type": "b", "major": 7, "minor": 200, "fileMode": 416}'
    add_device '{"path": "/dev/p", "type": "p", "fileMode": 420, "uid": 1000}'
    add_device '{"path": "/dev/deep/er/null", "type": "c", "major": 1, "minor": 3}'
    (umask 077; inspect)
    is "$(got '.dev.c | [.type, .mode, .uid, .gid, .rdev] | join(" ")')" "c 0600 5 6 1:3"
    is "$(got '.dev.u | [.type, .mode, .rdev] | join(" ")')" "c 0666 1:5"
    is "$(got '.dev.b | [.type, .mode, .rdev] | join(" ")')" "b 0640 7:200"
    is "$(got '.dev.p | [.type, .mode, .uid] | join(" ")')" "p 0644 1000"
    is "$(got .dev.deep.type)" d
}

# spec: config-linux.devices.3
@test "a device outside of /dev" {
    new_bundle
    add_device '{"path": "/srv/x/zero", "type": "c", "major": 1, "minor": 5, "fileMode": 438}'
    args stat -c '%F %t:%T %a' /srv/x/zero
    is "$(cfs run -b "$B" "$ID")" "character special file 1:5 666"
}

@test "a default device can be given another mode" {
    new_bundle
    add_device '{"path": "/dev/full", "type": "c", "major": 1, "minor": 7, "fileMode": 256}'
    inspect
    is "$(got .dev.full.mode)" 0400
}

# spec: config-linux.devices.2
@test "a path that exists is accepted when it is the device, else an error" {
    new_bundle '.mounts |= map(select(.destination | startswith("/dev") | not))'
    mknod -m 600 "$B/rootfs/dev/null" c 1 3
    mknod "$B/rootfs/dev/mine" c 1 5
    add_device '{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5}'
    inspect
    is "$(got '.dev.null | [.mode, .rdev] | join(" ")')" "0600 1:3"
    config '.linux.devices[0].minor = 7'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.devices"
    contains "$output" "/dev/mine"
    rm "$B/rootfs/dev/null"
    echo evil > "$B/rootfs/dev/null"
    config 'del(.linux.devices)'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "/dev/null"
    is "$(cat "$B/rootfs/dev/null")" evil
}

# spec: config-linux.devices.4
@test "wrong devices are refused: type, numbers, path" {
    new_bundle
    local d
    for d in '{"path": "/dev/x", "type": "x", "major": 1, "minor": 1}' '{"path": "/dev/x", "type": "c"}' \
        '{"path": "/dev/x", "type": "c", "major": 1}' '{"path": "dev/x", "type": "c", "major": 1, "minor": 1}' \
        '{"path": "/dev/../x", "type": "c", "major": 1, "minor": 1}' '{"path": "/dev", "type": "c", "major": 1, "minor": 1}' \
        '{"path": "/dev/x", "type": "c", "major": -1, "minor": 1}' '{"path": "/dev/x", "type": "c", "major": 5000, "minor": 1}' \
        '{"type": "c", "major": 1, "minor": 1}'; do
        config --argjson d "$d" '.linux.devices = [$d]'
        run cfs run -b "$B" "$ID"
        is "$status" 1 "$d"
        contains "$output" "devices"
    done
}

@test "without a /dev mount the devices are made in the root, a second time, too" {
    new_bundle '.mounts |= map(select(.destination | startswith("/dev") | not))'
    inspect
    is "$(got .dev.null.rdev)" 1:3
    is "$(stat -c %t:%T "$B/rootfs/dev/zero")" 1:5
    inspect
    is "$(got .dev.urandom.rdev)" 1:9
}
