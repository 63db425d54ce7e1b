# SPDX-License-Identifier: LGPL-2.1-or-later
# linux.maskedPaths, readonlyPaths, sysctl, and hostname, domainname, personality (config-linux.md; config.md).
load helpers/common

setup() {
    setup_common
    root_only
}

# spec: config-linux.masked.1
@test "masked paths: files read as empty, directories are empty and cannot be written" {
    new_bundle '.linux.maskedPaths = ["/srv/file", "/srv/dir", "/srv/missing", "/proc/keys", "/sys/firmware"] | .root.readonly = false'
    mkdir -p "$B/rootfs/srv/dir/sub"
    echo secret | tee "$B/rootfs/srv/file" > "$B/rootfs/srv/dir/secret"
    args sh -c 'cat /srv/file /proc/keys; ls -A /srv/dir /sys/firmware; touch /srv/dir/x; test -e /srv/missing || echo missing'
    run cfs run -b "$B" "$ID"
    is "$output" $'/srv/dir:\n\n/sys/firmware:\ntouch: /srv/dir/x: Read-only file system\nmissing'
    args sh -c 'echo x > /srv/file; cat /srv/file'
    cfs run -b "$B" "$ID" > "$OUT"
    is "$(cat "$OUT")" ""
    is "$(cat "$B/rootfs/srv/file")" secret
}

@test "masked paths: a file is covered by the null device, which is checked" {
    new_bundle
    args stat -c '%F %t:%T' /proc/kcore /proc/timer_list
    [ -e /proc/kcore ] || args stat -c '%F %t:%T' /proc/timer_list
    run cfs run -b "$B" "$ID"
    is "${lines[0]}" "character special file 1:3"
}

@test "masked paths: the whole default list is out of reach" {
    new_bundle
    local p
    inspect
    for p in $(jq -r '.linux.maskedPaths[]' "$B/config.json"); do
        [ -e "$p" ] || continue
        [ "$(mnt "$p")" != null ] || { echo "$p is not covered" >&2; return 1; }
    done
}

@test "a masked path through a symbolic link covers what it leads to, inside" {
    new_bundle '.linux.maskedPaths = ["/srv/link"] | .process.args = ["/bin/cat", "/etc/passwd"]'
    mkdir "$B/rootfs/srv"
    ln -s /etc/passwd "$B/rootfs/srv/link"
    run cfs run -b "$B" "$ID"
    is "$output" ""
    [ -s /etc/passwd ]
}

# spec: config-linux.readonly.1
@test "read-only paths: directories, files, with all that is mounted below" {
    new_bundle '.linux.readonlyPaths = ["/proc/sys", "/srv", "/tmp/file", "/missing"] | .root.readonly = false'
    mkdir -p "$B/rootfs/srv/sub"
    echo content > "$B/rootfs/tmp/file"
    config '.mounts += [{"destination": "/srv/sub", "type": "tmpfs", "source": "x"}]'
    args sh -c 'touch /srv/x; touch /srv/sub/x; echo x > /tmp/file; echo x > /proc/sys/kernel/hostname; touch /tmp/other && cat /tmp/file'
    run cfs run -b "$B" "$ID"
    is "$(grep -c 'Read-only file system' <<< "$output")" 4 "$output"
    contains "$output" content
    [ -e "$B/rootfs/tmp/other" ]
}

@test "a path that is masked and read-only at once, and one below the other" {
    new_bundle '.linux.maskedPaths = ["/srv/a/b", "/srv/a"] | .linux.readonlyPaths = ["/srv", "/srv/a"]'
    mkdir -p "$B/rootfs/srv/a/b"
    touch "$B/rootfs/srv/a/b/secret"
    args ls -A /srv/a
    is "$(cfs run -b "$B" "$ID")" ""
}

@test "the root among the read-only paths is read-only with all that is mounted; it cannot be masked" {
    new_bundle '.root.readonly = false | .linux.readonlyPaths = ["/proc/sys", "/dev/../"]'
    args sh -c 'touch /new /dev/new /dev/shm/new; mkdir /tmp/new'
    run cfs run -b "$B" "$ID"
    contains "$output" "/new: Read-only"
    contains "$output" "/dev/new: Read-only"
    contains "$output" "/dev/shm/new: Read-only"
    contains "$output" "'/tmp/new': Read-only"
    [ ! -e "$B/rootfs/new" ]
    config '.linux.readonlyPaths = [] | .linux.maskedPaths = ["/proc/kcore", "/./"]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.maskedPaths[1]: "
    contains "$output" "cannot be masked"
}

# spec: config-linux.masked.2 config-linux.readonly.2
@test "relative paths are refused" {
    new_bundle '.linux.maskedPaths = ["srv"]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" maskedPaths
    config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["proc/sys"]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" readonlyPaths
}

# spec: config.hostname.1 config.domainname.1
@test "hostname and domainname" {
    new_bundle '.hostname = "box" | .domainname = "example.org"'
    local ours
    ours=$(hostname)
    inspect
    is "$(got .hostname)" box
    is "$(got .domainname)" example.org
    is "$(hostname)" "$ours"
}

@test "hostname without a UTS namespace is refused" {
    new_bundle '.linux.namespaces |= map(select(.type != "uts"))'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "hostname: needs a UTS namespace"
    config 'del(.hostname) | .domainname = "x"'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "domainname: needs a UTS namespace"
}

@test "a hostname that is too long is refused" {
    new_bundle
    config --arg h "$(printf 'a%.0s' {1..65})" '.hostname = $h'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" hostname
}

@test "a label where there is no SELinux is refused, the program's and the mounts'; an empty one is none" {
    [ ! -e /sys/fs/selinux/enforce ] || skip "needs a kernel without SELinux"
    new_bundle '.process.selinuxLabel = "system_u:system_r:box_t:s0"'
    local before
    before=$(host_snapshot)
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "process.selinuxLabel"
    contains "$output" "SELinux is not enabled on this host"
    config 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:box_file_t:s0"'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.mountLabel"
    contains "$output" "SELinux is not enabled on this host"
    is "$(host_snapshot)" "$before"
    config '.linux.mountLabel = "" | .process.selinuxLabel = "" | .process.apparmorProfile = "" | .process.args = ["/bin/true"]'
    run cfs run -b "$B" "$ID"
    is "$output$status" 0
}

# spec: config-linux.sysctl.1
@test "sysctl: of each namespace" {
    new_bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.conf.lo.rp_filter": "2", "kernel.shmmni": "1111", "kernel.msgmax": "9999",
        "kernel.sem": "100\t200\t30\t40", "fs.mqueue.msg_max": "21", "kernel.domainname": "dom"}'
    local before
    before=$(sysctl -n net.ipv4.ip_forward kernel.shmmni kernel.msgmax kernel.sem fs.mqueue.msg_max 2> /dev/null || true)
    args sh -c 'cd /proc/sys; cat net/ipv4/ip_forward net/ipv4/conf/lo/rp_filter kernel/shmmni kernel/msgmax kernel/sem fs/mqueue/msg_max kernel/domainname'
    run cfs run -b "$B" "$ID"
    is "$output" $'1\n2\n1111\n9999\n100\t200\t30\t40\n21\ndom'
    is "$(sysctl -n net.ipv4.ip_forward kernel.shmmni kernel.msgmax kernel.sem fs.mqueue.msg_max 2> /dev/null || true)" "$before"
}

@test "sysctl: with slashes, and an interface with a dot in its name" {
    new_bundle '.linux.sysctl = {"net/ipv4/ip_forward": "1"} | .process.args = ["/bin/cat", "/proc/sys/net/ipv4/ip_forward"]'
    is "$(cfs run -b "$B" "$ID")" 1
}

# spec: config-linux.sysctl.2
@test "sysctl: what is the host's is refused, in whatever disguise" {
    new_bundle
    local key
    for key in kernel.core_pattern kernel/core_pattern kernel.modprobe vm.overcommit_memory fs.file-max kernel.hostname net.a/../../kernel.core_pattern \
        net/../kernel/core_pattern fs.mqueue/../../kernel/core_pattern "net.ipv4.ip_forward " user.max_user_namespaces kernel.ns_last_pid "" . ../kernel/panic; do
        config --arg k "$key" '.linux.sysctl = {($k): "1"}'
        run cfs run -b "$B" "$ID"
        is "$status" 1 "[$key] $output"
        contains "$output" sysctl
    done
}

# spec: config-linux.sysctl.2
@test "sysctl: without the namespace it belongs to it is refused" {
    new_bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))' '.mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "needs a network namespace"
    config '.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces |= map(select(.type != "ipc"))'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "needs a ipc namespace" || contains "$output" "needs an ipc namespace"
}

@test "sysctl: one that does not exist, and a value that does not fit" {
    new_bundle '.linux.sysctl = {"net.ipv4.moon": "1"}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" 'net.ipv4.moon'
    config '.linux.sysctl = {"kernel.shmmni": "many"}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" 'kernel.shmmni'
    contains "$output" "invalid argument"
}

@test "sysctl: in a network namespace that is the host's by path it is refused" {
    new_bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .mounts |= map(select(.type != "sysfs" and .type != "cgroup"))' \
        '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "would change the host"
}

# spec: config-linux.personality.1 config-linux.personality.2
@test "personality" {
    new_bundle '.linux.personality = {"domain": "LINUX32"}'
    inspect
    is "$(got .personality)" 8
    case $(uname -m) in x86_64) is "$(got .machine)" i686 ;; esac
    config '.linux.personality = {"domain": "LINUX"}'
    inspect
    is "$(got .personality)" 0
    config '.linux.personality.flags = ["ADDR_NO_RANDOMIZE"]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" personality
}

@test "a path listed twice, or reached twice, is masked once and made read-only once" {
    new_bundle '.linux.maskedPaths = ["/proc/meminfo", "/proc//meminfo/", "/srv/dir", "/srv/dir", "/srv/link", "/srv/file", "/srv/./file", "/dev/null"]
        | .linux.readonlyPaths = ["/proc/sys", "/proc/sys", "/proc/./sys/"]'
    mkdir -p "$B/rootfs/srv/dir"
    echo secret > "$B/rootfs/srv/file"
    ln -s dir "$B/rootfs/srv/link"
    inspect
    is "$(got '[.mountinfo[] | split(" ") | .[4] | select(. == "/proc/meminfo" or . == "/proc/sys" or startswith("/srv") or . == "/dev/null")] | sort | join(" ")')" \
        "/proc/meminfo /proc/sys /srv/dir /srv/file"
    is "$(mnt /proc/sys .opts[0])" ro
}

@test "masks where /dev/null is another thing: empty, read-only, each path once, with and without a user namespace" {
    local how
    for how in . '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
            | .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.destination != "/sys"))'; do
        rm -rf --one-file-system "$B"
        new_bundle "$how" '.linux.maskedPaths = ["/proc/meminfo", "/srv/file", "/srv/file", "/srv/dir"]
            | .mounts += [{"destination": "/dev/null", "source": "/dev/zero", "type": "bind", "options": ["bind"]}]'
        mkdir -p "$B/rootfs/srv/dir"
        echo secret | tee "$B/rootfs/srv/file" > "$B/rootfs/srv/dir/x"
        [ "$how" = . ] || chown -R --no-dereference 100000:100000 "$B/rootfs"
        inspect
        is "$(got '[.mountinfo[] | split(" ") | .[4] | select(. == "/proc/meminfo" or startswith("/srv"))] | sort | join(" ")')" "/proc/meminfo /srv/dir /srv/file"
        is "$(got '[.mountinfo[] | split(" ") | select(.[4] == "/")] | length')" 1
        args sh -c 'cat /proc/meminfo /srv/file; ls /srv/dir; echo x > /srv/file; head -c 1 /dev/null | wc -c'
        run cfs run -b "$B" "$ID"
        contains "$output" "/srv/file: Read-only file system"
        contains "$output" $'\n1'
        is "${#lines[@]}" 2 "$output"
        # Standard streams that are the null device stay one, which is not the host's: it could be given away.
        args sleep 60
        up
        for what in create exec; do
            [ "$what" = create ] && pid=$PID || { cfs exec --detach --pid-file "$T/pid" "$ID" sleep 50 < /dev/null > /dev/null 2>&1; pid=$(cat "$T/pid"); }
            is "$(stat -L -c %t:%T "/proc/$pid/fd/0")" 1:3 "$what"
            [ "$how" != . ] || [ "$(stat -L -c %d "/proc/$pid/fd/0")" != "$(stat -c %d /dev/null)" ]
        done
        cfs delete --force "$ID"
    done
}

# What root of a user namespace may not enter: an owner that is not mapped takes CAP_DAC_OVERRIDE away (capabilities(7)).
@test "paths in a directory that no user of the container may enter need no mask; where its owner may, they have one" {
    new_bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 60000}]
        | .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.destination != "/sys"))
        | .linux.maskedPaths = ["/closed/file", "/closed/dir/x", "/owned/file", "/owned/dir"] | .linux.readonlyPaths = ["/closed/dir", "/owned/ro"]'
    chown -R --no-dereference 100000:100000 "$B/rootfs"
    mkdir -p "$B/rootfs/closed/dir" "$B/rootfs/owned/dir" "$B/rootfs/owned/ro"
    echo secret | tee "$B/rootfs/closed/file" "$B/rootfs/owned/file" "$B/rootfs/owned/dir/file" > "$B/rootfs/owned/ro/file"
    chown -R 101000:5 "$B/rootfs/owned"
    chown -R 5:5 "$B/rootfs/closed"
    chmod 700 "$B/rootfs/closed" "$B/rootfs/owned"
    config '.process.user = {uid: 1000, gid: 1000}'
    args sh -c 'cat /closed/file; cat /owned/file; ls /owned/dir; cat /owned/ro/file; echo x > /owned/ro/file'
    run cfs run -b "$B" "$ID"
    is "$output" "cat: can't open '/closed/file': Permission denied
secret
sh: can't create /owned/ro/file: Read-only file system"
}

@test "domainname together with the sysctl kernel.domainname is an error" {
    new_bundle '.domainname = "a.example" | .linux.sysctl = {"kernel.domainname": "b.example"}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" 'linux.sysctl["kernel.domainname"]'
    contains "$output" domainname
    config '.linux.sysctl = {"kernel/domainname": "a.example"}'
    run cfs check -b "$B"
    is "$status" 1
    config 'del(.domainname)'
    args cat /proc/sys/kernel/domainname
    is "$(cfs run -b "$B" "$ID")" a.example
}
