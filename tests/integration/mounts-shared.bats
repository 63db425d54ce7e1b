# SPDX-License-Identifier: LGPL-2.1-or-later
# Mounts that show what belongs to others: namespaces that the host owns, trees with pinned namespaces, and propagation from
# and to the host.
load helpers/common

setup() {
    setup_common
    root_only
}

USERNS='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    | .linux.gidMappings = .linux.uidMappings'

# user_bundle [JQ...]: as new_bundle, in a user namespace.
user_bundle() {
    new_bundle "$USERNS" "$@"
    chown -R --no-dereference 100000:100000 "$B/rootfs"
}

# namespaces_of CMD...: starts it; $CHILD is the pid of its child, a sleep in new namespaces.
namespaces_of() {
    background "${INTO[@]}" "$@" sleep 600
    local parent=$!
    wait_for pgrep -P "$parent" -x sleep > /dev/null
    CHILD=$(pgrep -P "$parent" -x sleep)
    BACKGROUND+=("$CHILD")
}

# As crun, whose privileged side makes these; runc 1.1 fails.
@test "a user namespace with a PID, IPC or network namespace that the host owns: proc, mqueue, sysfs" {
    namespaces_of unshare --pid --ipc --net --fork
    user_bundle '.mounts |= map(select(.destination != "/dev/mqueue")) | .mounts += [{destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid"]}]'
    config --arg p "/proc/$CHILD/ns" '.linux.namespaces |= (map(select(.type != "network")) | map(if .type == "pid" then .path = "\($p)/pid_for_children"
        elif .type == "ipc" then .path = "\($p)/ipc" else . end) + [{type: "network", path: "\($p)/net"}])'
    inspect
    is "$(mnt /proc .type) $(mnt /sys .type) $(mnt /sys .root) $(mnt /dev/mqueue .type)" "proc sysfs / mqueue"
    is "$(mnt /sys .opts[0])" ro
    args sh -c 'cat /proc/1/comm; ls /sys/class/net'
    is "$(cfs run -b "$B" "$ID" 2>&1 | tr '\n' ' ')" "sleep lo "
}

@test "a user namespace without a PID or IPC namespace of its own" {
    user_bundle '.linux.namespaces |= map(select(.type != "pid" and .type != "ipc"))
        | .mounts |= map(select(.destination != "/dev/mqueue")) | .mounts += [{destination: "/dev/mqueue", type: "mqueue", source: "mqueue"}]'
    args sh -c 'cat /proc/1/comm; ls -d /dev/mqueue'
    is "$(cfs run -b "$B" "$ID" 2>&1 | tr '\n' ' ')" "$(cat /proc/1/comm) /dev/mqueue "
}

@test "the namespaces of a joined user namespace are mounted from inside" {
    namespaces_of unshare --user --map-root-user --pid --ipc --net --fork
    new_bundle
    config --arg p "/proc/$CHILD/ns" '.linux.namespaces |= (map(select(.type != "network")) | map(if .type == "pid" then .path = "\($p)/pid_for_children"
        elif .type == "ipc" then .path = "\($p)/ipc" else . end) + [{type: "network", path: "\($p)/net"}, {type: "user", path: "\($p)/user"}])
        | .mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)'
    args cat /proc/1/comm
    is "$(cfs run -b "$B" "$ID" 2>&1)" sleep
}

# The kernel attaches no such tree (ELOOP); mount(2) with MS_REC leaves the pinned namespaces out, and so do runc and crun.
@test "rbind of a tree in which a mount namespace is pinned, reachable and not" {
    private_mounts
    local how mode
    mkdir -p "$T/dir/tree"
    outside mount -t tmpfs x "$T/dir/tree"
    outside mkdir "$T/dir/tree/sub"
    outside mount -t tmpfs y "$T/dir/tree/sub"
    outside touch "$T/dir/tree/mnt"
    pinned() {
        outside unshare --mount="$T/dir/tree/mnt" true 2> /dev/null
        outside grep -q " mnt:.*$T/dir/tree/mnt " /proc/self/mountinfo
    }
    wait_for pinned # unshare(1) of util-linux 2.38 forks, and may mount too early
    for how in . "$USERNS"; do
        for mode in 755 700; do
            chmod "$mode" "$T/dir"
            rm -rf --one-file-system "$B"
            new_bundle "$how" '.mounts += [{destination: "/host", type: "bind", options: ["rbind", "ro"]}]'
            config --arg s "$T/dir/tree" '.mounts[-1].source = $s'
            [ "$how" = . ] || chown -R --no-dereference 100000:100000 "$B/rootfs"
            inspect
            is "$(mnt /host/sub .type) $(mnt /host .opts[0])" "tmpfs ro" "$how, $mode"
            is "$(got '[.mountinfo[] | select(contains(" /host/mnt "))] | length')" 0
        done
    done
}

# As crun: /sys of the runtime, read-only with all below.
@test "a new sysfs that would show what is covered: the runtime's own /sys, read-only and recursive" {
    private_mounts
    [ -d /sys/firmware ] || skip "needs /sys/firmware"
    outside mount -t tmpfs x /sys/firmware
    # One that another test or user has mounted elsewhere, visible in full, would do for the kernel.
    local m
    for m in $(outside awk '/ - sysfs / && $5 != "/sys" { print $5 }' /proc/self/mountinfo); do outside umount -l "$m"; done
    user_bundle '.linux.namespaces |= (map(select(.type != "network")) + [{"type": "network"}])'
    cfs --log "$T/log" --log-level warning run -b "$B" "$ID" > "$OUT" < /dev/null
    is "$(mnt /sys .type) $(mnt /sys .opts[0]) $(mnt /sys/firmware .type)" "sysfs ro tmpfs"
    is "$(got '[.mountinfo[] | split(" ") | select(.[4] | startswith("/sys/")) | .[5] | split(",")[0]] | unique | join(" ")')" ro
    contains "$(cat "$T/log")" "none is visible in full"
}

# reaches OPTIONS: prints whether a mount that the container makes on a volume appears on the host.
reaches() {
    config --argjson o "$1" --arg s "$T/vol" '.mounts |= map(select(.destination != "/v")) | .mounts += [{destination: "/v", type: "bind", source: $s, options: $o}]
        | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"] | unique)'
    args sh -c 'mount -t tmpfs x /v/sub && sleep 60'
    up
    wait_for grep -q ' /v/sub ' "/proc/$PID/mountinfo"
    if outside grep -q " $T/vol/sub " /proc/self/mountinfo; then echo yes; else echo no; fi
    cfs delete --force "$ID"
    outside umount "$T/vol/sub" 2> /dev/null || true
}

# Without linux.rootfsPropagation the container's mounts are slaves (runc's default, too): shared is among themselves.
@test "rshared on a volume reaches the host only with linux.rootfsPropagation shared, with and without a user namespace" {
    private_mounts
    mkdir "$T/vol"
    outside mount -t tmpfs x "$T/vol"
    outside mkdir "$T/vol/sub"
    outside chown 100000:100000 "$T/vol/sub"
    outside mount --make-shared "$T/vol"
    local how
    for how in . "$USERNS"; do
        rm -rf --one-file-system "$B"
        new_bundle "$how"
        [ "$how" = . ] || chown -R --no-dereference 100000:100000 "$B/rootfs"
        is "$(reaches '["rbind"]') $(reaches '["rbind", "rshared"]') $(reaches '["rbind", "rslave"]')" "no no no" "$how"
        config '.linux.rootfsPropagation = "shared"'
        is "$(reaches '["rbind", "rshared"]') $(reaches '["rbind", "rprivate"]')" "yes no" "$how"
    done
}

# config-linux.md, "Rootfs Mount Propagation": "slave: the rootfs mount receives propagation events from the host (e.g. if
# something is mounted on the host it will appear in the container) but not the other way around"; "shared: ... does not mean
# that it is shared with the host"; "private: the rootfs mount doesn't receive mount propagation events from the host".
# spec: config-linux.propagation.1
@test "linux.rootfsPropagation: what the root receives from the host, and gives" {
    private_mounts
    outside mount --make-rshared /
    local how value receives prop
    for how in . "$USERNS"; do
        rm -rf --one-file-system "$B"
        new_bundle "$how" '.root.readonly = false'
        mkdir "$B/rootfs/host" "$B/rootfs/cont"
        [ "$how" = . ] || chown -R --no-dereference 100000:100000 "$B/rootfs"
        outside mount --bind "$B/rootfs" "$B/rootfs"
        outside mount --make-shared "$B/rootfs"
        while read -r value receives prop; do
            config --arg v "$value" 'if $v == "-" then del(.linux.rootfsPropagation) else .linux.rootfsPropagation = $v end
                | .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"] | unique)'
            args sh -c 'mount -t tmpfs x /cont && sleep 60'
            up
            wait_for grep -q ' /cont ' "/proc/$PID/mountinfo"
            is "$(outside grep -c " $B/rootfs/cont " /proc/self/mountinfo)" 0 "$value gives, $how"
            outside mount -t tmpfs y "$B/rootfs/host"
            is "$(grep -c ' /host ' "/proc/$PID/mountinfo")" "$receives" "$value receives, $how"
            case $(awk '$5 == "/" { print $7, $8 }' "/proc/$PID/mountinfo") in
                shared:*master:*) is shared+slave "$prop" "$value, $how" ;;
                shared:*) is shared "$prop" "$value, $how" ;;
                master:*) is slave "$prop" "$value, $how" ;;
                unbindable*) is unbindable "$prop" "$value, $how" ;;
                *) is private "$prop" "$value, $how" ;;
            esac
            cfs delete --force "$ID"
            outside umount "$B/rootfs/host"
        done <<'X'
- 1 slave
slave 1 slave
rslave 1 slave
shared 0 shared
rshared 0 shared
private 0 private
rprivate 0 private
unbindable 0 unbindable
runbindable 0 unbindable
X
        outside umount "$B/rootfs"
    done
}

# lxcfs(1) has these beside /proc/meminfo and its like.
@test "files of lxcfs on /proc/pressure" {
    new_bundle
    local f
    for f in cpu io memory; do
        [ -e /proc/pressure/$f ] || skip "needs /proc/pressure"
        echo "mine: $f" > "$T/$f"
        config --arg f "$f" --arg s "$T/$f" '.mounts += [{destination: "/proc/pressure/\($f)", source: $s, type: "bind", options: ["bind"]}]'
    done
    args cat /proc/pressure/cpu /proc/pressure/io /proc/pressure/memory
    is "$(cfs run -b "$B" "$ID" | tr '\n' ' ')" "mine: cpu mine: io mine: memory "
    config '.mounts[-1].destination = "/proc/pressure/../1/status"'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "inside /proc"
}

# cgroup_mount DIR: the names in a cgroup mount without further options.
@test "a cgroup mount on a hybrid host: the v1 hierarchies alone, with and without a cgroup namespace, as runc" {
    [ -e /sys/fs/cgroup/unified/cgroup.controllers ] || skip "needs a hybrid host"
    local how type
    for how in '[{"type": "cgroup"}]' '[]'; do
        rm -rf --one-file-system "$B"
        new_bundle ".linux.namespaces |= (map(select(.type != \"cgroup\")) + $how)"
        args ls /sys/fs/cgroup
        run cfs run -b "$B" "$ID"
        contains " ${lines[*]} " " memory "
        case " ${lines[*]} " in *" unified "*) is "${lines[*]}" "no unified" ;; esac
        # The unified hierarchy itself has to be asked for. Without a namespace it is whole: /proc/self/cgroup leads somewhere.
        config '.mounts |= map(if .type == "cgroup" then .type = "cgroup2" else . end)'
        args sh -c 'p=$(grep ^0:: /proc/self/cgroup); test -e "/sys/fs/cgroup${p#0::}/cgroup.procs" && cat "/sys/fs/cgroup${p#0::}/cgroup.procs"'
        is "$(cfs run -b "$B" "$ID" | head -1)" 1 "$how"
    done
}

@test "a cgroup mount on cgroup v2 with the host's cgroup namespace shows the whole hierarchy, as runc and crun" {
    local d=/sys/fs/cgroup/unified
    [ -e $d/cgroup.controllers ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "needs a cgroup2 hierarchy"
    private_mounts
    if [ -e $d/cgroup.controllers ]; then
        outside umount -R /sys/fs/cgroup
        outside mount -t cgroup2 cgroup2 /sys/fs/cgroup
    fi
    local options
    options=$(outside grep ' /sys/fs/cgroup ' /proc/self/mountinfo)
    new_bundle '.linux.namespaces |= map(select(.type != "cgroup"))'
    args sh -c 'p=$(grep ^0:: /proc/self/cgroup); cat "/sys/fs/cgroup${p#0::}/cgroup.procs"'
    is "$(cfs run -b "$B" "$ID" | head -1)" 1
    # A new mount would have changed the options of the host's.
    is "$(outside grep ' /sys/fs/cgroup ' /proc/self/mountinfo)" "$options"
    config '.linux.namespaces += [{"type": "cgroup"}]'
    is "$(cfs run -b "$B" "$ID" | head -1)" 1
}

@test "an unknown option of a cgroup mount is an error; what the kernel has is accepted" {
    new_bundle
    local type
    for type in cgroup cgroup2; do
        config --arg t "$type" '.mounts |= map(select(.destination != "/sys/fs/cgroup")) | .mounts += [{destination: "/sys/fs/cgroup", type: $t, source: $t,
            options: ["nosuid", "ro", "nsdelegat"]}]'
        run cfs run -b "$B" "$ID"
        is "$status" 1
        contains "$output" "options[2]"
        contains "$output" "nsdelegat"
        run cfs check -b "$B"
        contains "$output" "nsdelegat"
        config '.mounts[-1].options[2] = "nsdelegate,memory_recursiveprot"'
        [ "$type" = cgroup2 ] && [ ! -e /sys/fs/cgroup/unified ] && [ ! -e /sys/fs/cgroup/cgroup.controllers ] || inspect
    done
}

# A hierarchy of v1 that is mounted nowhere stays in /proc/self/cgroup as long as it has cgroups.
@test "a private hierarchy that is mounted nowhere disturbs nothing" {
    private_mounts
    mkdir "$T/h"
    outside mount -t cgroup -o "none,name=h$ID" x "$T/h" || skip "needs cgroup v1"
    outside mkdir "$T/h/kept"
    outside umount "$T/h"
    grep -q "h$ID" /proc/self/cgroup
    new_bundle
    inspect
    is "$(got '[.mountinfo[] | select(contains("h'"$ID"'"))] | length')" 0
    args sleep 60
    up
    cfs exec "$ID" /bin/true
    cfs delete --force "$ID"
    # The kernel ends a hierarchy at an umount(2) that finds no cgroup in it, and a cgroup ends some time after its rmdir(2). One that
    # stayed would break containerd's statistics, which look for the mount of each hierarchy in /proc/PID/cgroup.
    local i
    for ((i = 0; i < 50; i++)); do
        outside mount -t cgroup -o "none,name=h$ID" x "$T/h"
        ! outside test -d "$T/h/kept" || outside rmdir "$T/h/kept"
        outside umount "$T/h"
        sleep 0.1
        grep -q "h$ID" /proc/self/cgroup || break
    done
    ! grep -q "h$ID" /proc/self/cgroup
}
