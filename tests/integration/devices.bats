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

# As the kernel and runc read the path; "dev" is relative to "/" (config.md, "Mounts").
@test "the default devices and links, however the destination of the mount on /dev is written" {
    new_bundle
    local d
    for d in /dev/ //dev /./dev /dev/. /tmp/../dev ./dev dev; do
        config --arg d "$d" '(.mounts[] | select(.type == "tmpfs" and .source == "tmpfs") | .destination) = $d'
        inspect
        is "$(got '[.dev.null.rdev, .dev.ptmx.target, .dev.fd.target] | join(" ")')" "1:3 pts/ptmx /proc/self/fd" "$d"
    done
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

# What peers do: runc 1.1 and crun 1.8 accept all of these, and leave what is there.
@test "a default device whose place is taken stays what it is: node, file, directory, link, mount" {
    new_bundle '.mounts |= map(select(.destination | startswith("/dev") | not))'
    mknod "$B/rootfs/dev/random" c 1 9
    echo mine > "$B/rootfs/dev/tty"
    mkdir "$B/rootfs/dev/full"
    ln -s zero "$B/rootfs/dev/urandom"
    inspect
    is "$(got '.dev.random.rdev')" 1:9
    is "$(got '.dev.tty.type')" f
    is "$(got '.dev.full.type')" d
    is "$(got '.dev.urandom.target')" zero
    is "$(got '.dev.null.rdev + " " + .dev.zero.rdev')" "1:3 1:5"
    is "$(cat "$B/rootfs/dev/tty")" mine
}

@test "a default device whose place a mount takes: another device, a file, an empty file, a directory" {
    local userns
    echo mine > "$T/file"
    : > "$T/empty"
    mkdir "$T/dir"
    chmod 755 "$T"
    for userns in . '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
            | .linux.gidMappings = .linux.uidMappings'; do
        new_bundle "$userns" '.mounts |= map(select(.destination != "/sys"))'
        chown -R --from=root:root 100000:100000 "$B/rootfs"
        config --arg t "$T" '.mounts += [["/dev/urandom", "/dev/random"], ["\($t)/file", "/dev/tty"], ["\($t)/empty", "/dev/zero"], ["\($t)/dir", "/dev/full"]]
            | .mounts |= map(if type == "array" then {source: .[0], destination: .[1], type: "bind", options: ["bind"]} else . end)'
        inspect
        is "$(got '.dev.random.rdev')" 1:9
        is "$(got '[.dev.tty.type, .dev.zero.type, .dev.full.type]')" '["f","f","d"]'
        is "$(got '.dev.null.rdev')" 1:3
    done
}

# config-linux.md, "Devices": "If a file already exists at path that does not match the requested device, the runtime MUST
# generate an error": that is about linux.devices.
@test "a device of linux.devices must match, also when it is one of the defaults, and when a mount took its place" {
    new_bundle '.linux.devices = [{"path": "/dev/random", "type": "c", "major": 1, "minor": 8}]
        | .mounts += [{"destination": "/dev/random", "source": "/dev/urandom", "type": "bind", "options": ["bind"]}]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.devices[0]"
    config '.linux.devices[0].minor = 9'
    inspect
    is "$(got .dev.random.rdev)" 1:9
}

@test "a mount or a directory on /dev/ptmx stays" {
    new_bundle '.mounts += [{"destination": "/dev/ptmx", "source": "/dev/null", "type": "bind", "options": ["bind"]}]'
    inspect
    is "$(got .dev.ptmx.rdev)" 1:3
    new_bundle '.mounts |= map(select(.destination | startswith("/dev") | not))'
    mkdir "$B/rootfs/dev/ptmx"
    inspect
    is "$(got .dev.ptmx.type)" d
}

@test "/dev may be a link of the image: followed inside the root, not into a volume" {
    local target
    for target in /run/dev run/dev ../../run/dev; do
        rm -rf --one-file-system "$B"
        new_bundle '.mounts |= map(select(.destination | startswith("/dev") | not))'
        mkdir "$B/rootfs/run/dev"
        rmdir "$B/rootfs/dev"
        ln -s "$target" "$B/rootfs/dev"
        inspect
        is "$(got .dev.null.rdev)" 1:3 "$target"
        is "$(stat -c %t:%T "$B/rootfs/run/dev/zero")" 1:5
    done
    config '.linux.maskedPaths = ["/etc/passwd"]'
    inspect
    # A tmpfs on it, as engines have it.
    config '.mounts += [{"destination": "/dev", "source": "tmpfs", "type": "tmpfs", "options": ["mode=755"]}]'
    inspect
    is "$(got .dev.null.rdev)" 1:3
    # Mounts that are the host's get no nodes.
    mkdir "$T/volume"
    config --arg v "$T/volume" '.mounts |= map(select(.destination != "/dev")) | .mounts += [{"destination": "/run/dev", "source": $v, "type": "bind", "options": ["bind"]}]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "/dev"
    is "$(ls "$T/volume")" ""
}

USERNS='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]
    | .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 1000}]'

# As crun: made by the runtime, with the owner mapped. runc binds the host's node, and drops what the configuration says.
@test "in a user namespace: devices have the name, owner and mode of the configuration" {
    new_bundle "$USERNS" '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 416, "uid": 5, "gid": 6},
            {"path": "/dev/deep/null", "type": "c", "major": 1, "minor": 3}, {"path": "/srv/b", "type": "b", "major": 7, "minor": 250, "fileMode": 384},
            {"path": "/dev/p", "type": "p", "fileMode": 400, "uid": 7, "gid": 8}]'
    chown -R 100000:200000 "$B/rootfs"
    inspect
    is "$(got '.dev.mine | [.type, .mode, .uid, .gid, .rdev] | join(" ")')" "c 0640 5 6 1:5"
    is "$(got '.dev.p | [.type, .mode, .uid, .gid] | join(" ")')" "p 0620 7 8"
    is "$(got '.dev.null | [.type, .mode, .uid, .gid, .rdev] | join(" ")')" "c 0666 0 0 1:3"
    args sh -c 'stat -c "%F %t:%T %a %u:%g" /srv/b /dev/deep/null; head -c 2 /dev/zero | wc -c; echo x > /dev/null'
    # And a second time on the same root file system, where the mount points are there already.
    cfs run -b "$B" "$ID" > /dev/null
    is "$(cfs run -b "$B" "$ID")" $'block special file 7:fa 600 0:0\ncharacter special file 1:3 666 0:0\n2'
    contains "$(cfs explain -b "$B")" "/dev/mine, mode 0640, owner 5:6"
}

@test "in a user namespace: an owner that is not mapped is an error that names it" {
    new_bundle "$USERNS" '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "uid": 5000}]'
    chown -R 100000:200000 "$B/rootfs"
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.devices[0].uid"
    run cfs check -b "$B"
    contains "$output" "linux.devices[0].uid"
}

@test "in a user namespace: /dev bound from the host stays as it is" {
    new_bundle "$USERNS" '.mounts |= map(select(.destination | startswith("/dev") | not)) | .mounts += [{"destination": "/dev", "source": "/dev", "type": "bind", "options": ["rbind"]}]
        | .linux.devices = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/other", "type": "c", "major": 1, "minor": 3}]'
    chown -R 100000:200000 "$B/rootfs"
    cfs run -b "$B" "$ID" > "$OUT" 2> "$T/warnings"
    is "$(got .dev.null.rdev)" 1:3
    [ ! -e /dev/other ]
    contains "$(cfs explain -b "$B")" "/dev/other: not made"
}

@test "in a user namespace that is joined: the owner is mapped as the kernel says" {
    new_bundle '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 416, "uid": 5, "gid": 6}]'
    chown -R 100000:200000 "$B/rootfs"
    background unshare --user sleep 60
    local pid=$!
    wait_for grep -q '^sleep' "/proc/$pid/comm"
    echo 0 100000 1000 > "/proc/$pid/uid_map"
    echo 0 200000 1000 > "/proc/$pid/gid_map"
    config --arg p "/proc/$pid/ns/user" '.linux.namespaces += [{"type": "user", "path": $p}]'
    inspect
    is "$(got '.dev.mine | [.type, .mode, .uid, .gid, .rdev] | join(" ")')" "c 0640 5 6 1:5"
}
