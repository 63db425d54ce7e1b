# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs run by an ordinary user: user namespaces, newuidmap(1), and clear words about what such a user cannot do.
load helpers/common

setup() {
    setup_common
    root_only
    rootless_user
}

RANGES='.linux.uidMappings += [{"containerID": 1, "hostID": 1000000, "size": 65536}] | .linux.gidMappings += [{"containerID": 1, "hostID": 1000000, "size": 65536}]'

# hidden ARGUMENT...: cfs, as the user, where /proc is a new one (proc(5): each mount has options of its own) with hidepid=2.
hidden() {
    local n=0
    while [ "${INTO[n]}" != setpriv ]; do n=$((n + 1)); done
    "${INTO[@]:0:n}" unshare --mount --propagation private sh -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' - \
        "${INTO[@]:n}" "$CFS" --root "$STATE" "$@"
}

map() { got ".$1 | map(split(\" \") | map(select(. != \"\")) | join(\" \")) | join(\"; \")"; }

@test "spec --rootless and run: root inside, the user outside" {
    new_rootless_bundle
    inspect
    is "$(got .status.Uid)" $'0\t0\t0\t0'
    is "$(map uid_map)" "0 54321 1"
    is "$(map gid_map)" "0 54321 1"
    is "$(got .setgroups)" deny
    is "$(got .pid)" 1
    is "$(got .hostname)" "$(jq -r .hostname "$B/config.json")"
    is "$(got '.fds | keys')" '["0","1","2"]'
    is "$(got .dev.null.rdev)" 1:3
    is "$(mnt /proc .type)" proc
    is "$(got .dumpable)" 1
}

@test "spec --rootless by the user writes the user's own ids" {
    mkdir "$B"
    chown 54321:54321 "$B"
    outside "$CFS" spec --rootless --bundle "$B"
    is "$(jq -c '[.linux.uidMappings[0].hostID, .linux.gidMappings[0].hostID]' "$B/config.json")" "[54321,54321]"
}

@test "create, start, state, exec, kill, delete" {
    new_rootless_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    is "$(cfs state "$ID" | jq -r .status)" created
    is "$(stat -c '%a %u' "$STATE")" "1700 54321" # sticky: see "XDG base directory specification", XDG_RUNTIME_DIR
    cfs start "$ID"
    PID=$(cfs state "$ID" | jq .pid)
    is "$(stat -c %u "/proc/$PID")" 54321
    cfs exec "$ID" /bin/inspector > "$OUT"
    is "$(got .ns.user)" "$(readlink "/proc/$PID/ns/user")"
    is "$(got .status.Uid)" $'0\t0\t0\t0'
    is "$(cfs list -q)" "$ID"
    is "$(cfs list -f json | jq -r '.[0].owner')" cfsuser
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    is "$(ls -A "$STATE")" ""
}

# proc(5), hidepid=2: a user does not see the processes that the kernel would not let the user trace; an undumpable one is among them.
@test "a /proc with hidepid=2: create, start, state, exec, kill, delete; with newuidmap's ranges, too" {
    local more
    for more in . "$RANGES"; do
        for _ in 1 2 3 4 5; do
            new_rootless_bundle "$more" '.process.args = ["/bin/inspector", "sleep"]'
            hidden create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; return 1; }
            is "$(hidden state "$ID" | jq -r .status)" created
            hidden start "$ID"
            is "$(hidden state "$ID" | jq -r .status)" running
            is "$(hidden list -f json | jq -r '.[0].status')" running
            hidden exec "$ID" /bin/true
            hidden kill "$ID" KILL
            wait_for eval 'hidden state "$ID" | grep -q "\"status\": \"stopped\""'
            hidden delete "$ID"
            is "$(ls -A "$STATE")" ""
        done
    done
}

@test "the state is below XDG_RUNTIME_DIR" {
    new_rootless_bundle '.process.args = ["/bin/inspector", "sleep"]'
    mkdir "$HOME_DIR/xdg"
    chown 54321:54321 "$HOME_DIR/xdg"
    INTO+=(XDG_RUNTIME_DIR="$HOME_DIR/xdg")
    outside "$CFS" create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    [ -d "$HOME_DIR/xdg/cfs/$ID" ]
    is "$(outside "$CFS" state "$ID" | jq -r .status)" created
    outside "$CFS" delete --force "$ID"
}

@test "subordinate ids through newuidmap and newgidmap" {
    needs newuidmap
    new_rootless_bundle "$RANGES" '.process.user = {"uid": 1000, "gid": 1000, "additionalGids": [10, 20]}'
    inspect
    is "$(map uid_map)" "0 54321 1; 1 1000000 65536"
    is "$(map gid_map)" "0 54321 1; 1 1000000 65536"
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.Groups)" "10 20"
    is "$(got .setgroups)" allow
    config '.root.readonly = false | .process.user.uid = 0 | .process.args = ["/bin/sh", "-c", "touch /tmp/a; exec chown 5:6 /tmp/a"]'
    config '.process.capabilities.bounding += ["CAP_CHOWN"] | .process.capabilities.effective += ["CAP_CHOWN"] | .process.capabilities.permitted += ["CAP_CHOWN"]'
    ln -s busybox "$B/rootfs/bin/chown"
    cfs run -b "$B" "$ID"
    is "$(stat -c %u:%g "$B/rootfs/tmp/a")" 1000004:1000005
}

@test "without newuidmap: the package that has it is named" {
    needs newuidmap
    new_rootless_bundle "$RANGES"
    # Not there for this user, neither in PATH nor in the usual places.
    local f
    for f in $(type -ap newuidmap | sort -u); do
        nsenter --mount="/proc/${BACKGROUND[0]}/ns/mnt" -- mount --bind /dev/null "$(readlink -f "$f")"
    done
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" newuidmap
    contains "$output" uidmap
    contains "$output" linux.uidMappings
    is "$(ls -A "$STATE")" ""
}

@test "ids that are not the user's: newuidmap's own words, and where to look" {
    needs newuidmap
    new_rootless_bundle "$RANGES" '.linux.uidMappings[1].hostID = 2000000'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" newuidmap
    contains "$output" /etc/subuid
    is "$(ls -A "$STATE")" ""
}

@test "additional groups where setgroups is denied: an error that says why" {
    new_rootless_bundle '.process.user.additionalGids = [5]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" process.user.additionalGids
    contains "$output" "not mapped"
}

@test "without a user namespace: an error that says what is missing" {
    new_rootless_bundle '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "user namespace"
    is "$(ls -A "$STATE")" ""
}

@test "a user namespace without mappings: the user's own id as root" {
    new_rootless_bundle 'del(.linux.uidMappings, .linux.gidMappings)'
    inspect
    is "$(map uid_map)" "0 54321 1"
}

@test "a network namespace of its own, with loopback" {
    new_rootless_bundle '.linux.namespaces += [{"type": "network"}] | .process.args = ["/bin/cat", "/sys/class/net/lo/flags"]' \
        '.mounts |= map(if .destination == "/sys" then .type = "sysfs" | .source = "sysfs" | .options = ["nosuid", "noexec", "nodev", "ro"] else . end)'
    is "$(cfs run -b "$B" "$ID")" 0x9
}

@test "time and cgroup namespaces, masks and read-only paths" {
    [ -e /proc/self/timens_offsets ] || skip "needs a kernel with time namespaces"
    new_rootless_bundle '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 1000}}'
    inspect
    [ "$(got .ns.time)" != "$(readlink /proc/self/ns/time)" ]
    contains "$(mnt /proc/sys .opts)" '"ro"'
    [ "$(mnt /proc/timer_list)" != null ] || [ ! -e /proc/timer_list ]
}

@test "the host's cgroups cannot be written to (CVE-2023-25809)" {
    new_rootless_bundle '.linux.namespaces |= map(select(.type != "cgroup"))' '.process.args = ["/bin/sh", "-c",
        "n=0; for f in $(find /sys/fs/cgroup -name cgroup.procs -o -name tasks | head -50); do n=$((n+1)); if echo 1 2>/dev/null > $f; then echo WRITABLE $f; fi; done; echo looked at $n"]'
    ln -sf busybox "$B/rootfs/bin/find"
    run cfs run -b "$B" "$ID"
    is "$status" 0 "$output"
    case "$output" in *WRITABLE*) echo "$output" >&2; return 1 ;; esac
}

@test "bind mounts of the user's own files; flags that the host has set stay" {
    mkdir "$HOME_DIR/v"
    chown 54321:54321 "$HOME_DIR/v"
    nsenter --mount="/proc/${BACKGROUND[0]}/ns/mnt" -- sh -c "mount -t tmpfs -o nosuid,nodev,noexec,uid=54321 x $HOME_DIR/v; echo hi > $HOME_DIR/v/f"
    new_rootless_bundle '.mounts += [{"destination": "/tmp/v", "source": "'"$HOME_DIR/v"'", "options": ["bind", "ro"]}]'
    inspect
    is "$(mnt /tmp/v '.opts | map(select(. == "ro" or . == "nosuid" or . == "nodev" or . == "noexec")) | sort')" '["nodev","noexec","nosuid","ro"]'
    # Taking them away is not the user's right; engines ask for it all the same.
    config '.mounts[-1].options = ["bind", "suid", "exec"]'
    cfs --log "$HOME_DIR/log" --log-level warning run -b "$B" "$ID" > "$OUT" 2> /dev/null < /dev/null
    is "$(mnt /tmp/v '.opts | map(select(. == "nosuid" or . == "nodev" or . == "noexec")) | sort')" '["nodev","noexec","nosuid"]'
    contains "$(cat "$HOME_DIR/log")" locked
}

@test "a bind mount of what the user cannot reach names the directory" {
    mkdir -p "$T/closed/dir"
    chmod 700 "$T/closed"
    new_rootless_bundle '.mounts += [{"destination": "/tmp/v", "source": "'"$T/closed/dir"'", "options": ["bind"]}]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "permission denied"
    contains "$output" "$T/closed"
}

@test "a tmpfs, tmpcopyup, devpts, mqueue" {
    new_rootless_bundle '.mounts += [{"destination": "/etc", "type": "tmpfs", "source": "x", "options": ["tmpcopyup", "mode=755"]}]'
    inspect
    is "$(mnt /etc .type)" tmpfs
    is "$(mnt /dev/pts .type)" devpts
    is "$(mnt /dev/mqueue .type)" mqueue
    is "$(got .dev.mqueue.uid)" 0
    args cat /etc/passwd
    contains "$(cfs run -b "$B" "$ID")" "user:x:1000"
}

@test "a terminal in the foreground" {
    new_rootless_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "tty; stty size"]'
    run "$PYTHON" "$BATS_TEST_DIRNAME/helpers/tty.py" run 30x70 -- "${INTO[@]}" "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 0 "$output"
    contains "$output" /dev/pts/0
    contains "$output" "30 70"
}

@test "a limit above the hard limit names limit and hard limit" {
    new_rootless_bundle '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100000000, "hard": 100000000}]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" RLIMIT_NOFILE
}

@test "a device that would have to be made is bound, one that the host lacks is an error" {
    local d
    for d in /dev/fuse /dev/kmsg /dev/hwrng; do [ ! -c $d ] || break; done
    [ -c $d ] || skip "needs /dev/fuse, /dev/kmsg or /dev/hwrng"
    new_rootless_bundle
    config --arg d $d --argjson a "$((0x$(stat -c %t $d)))" --argjson i "$((0x$(stat -c %T $d)))" '.linux.devices = [{path: $d, type: "c", major: $a, minor: $i}]'
    inspect
    is "$(got ".dev.${d#/dev/}.rdev")" "$((0x$(stat -c %t $d))):$((0x$(stat -c %T $d)))"
    config '.linux.devices = [{"path": "/dev/nothing", "type": "c", "major": 1, "minor": 77}]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "1:77"
}

@test "exit codes, signals and streams" {
    new_rootless_bundle '.process.args = ["/bin/inspector", "exit", "42"]'
    run cfs run -b "$B" "$ID"
    is "$status" 42
    args cat
    is "$(echo hello | cfs run -b "$B" "$ID")" hello
}

@test "the user cannot reach the containers of root" {
    local user_into=("${INTO[@]}") user_state="$STATE"
    new_rootless_bundle '.process.args = ["/bin/inspector", "sleep"]'
    mkdir -m 700 "$T/roots-state"
    run "${user_into[@]}" "$CFS" --root "$T/roots-state" state x
    is "$status" 1
    contains "$output" "permission denied"
}

@test "a second user namespace inside the first" {
    new_rootless_bundle '.process.args = ["/bin/sh", "-c", "exec unshare -U true"]'
    ln -sf busybox "$B/rootfs/bin/unshare"
    cfs run -b "$B" "$ID"
}

# As podman does: its own user namespace around everything, the runtime is root in it.
inside_userns() {
    needs newuidmap
    outside unshare --user --map-root-user --map-auto true 2> /dev/null || skip "needs unshare --map-auto (util-linux 2.38)"
    outside unshare --user --map-root-user --map-auto --mount sh -c 'echo $$; exec sleep 600' > "$T/nspid" 2> /dev/null < /dev/null 3>&- &
    BACKGROUND+=($!)
    disown $!
    wait_for test -s "$T/nspid"
    wait_for grep -q '^sleep' "/proc/$(cat "$T/nspid")/comm"
    INTO=(nsenter --target "$(cat "$T/nspid")" --user --mount --)
    BACKGROUND+=("$(cat "$T/nspid")")
}

@test "root of a user namespace: create, start, exec, delete in that namespace" {
    inside_userns
    new_bundle 'del(.linux.cgroupsPath) | .process.args = ["/bin/inspector", "sleep"]'
    chown -R 54321:54321 "$B"
    up
    is "$(readlink "/proc/$PID/ns/user")" "$(readlink "/proc/$(cat "$T/nspid")/ns/user")"
    cfs exec --user 1000:1000 "$ID" /bin/inspector > "$OUT" < /dev/null
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(map uid_map)" "0 54321 1; 1 1000000 65535"
    is "$(got .dev.null.rdev)" 1:3
    is "$(got .dev.mqueue.uid)" 0
    is "$(mnt /sys .type)" sysfs
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    is "$(ls -A "$STATE")" ""
}

@test "root of a user namespace: another one for the container" {
    inside_userns
    new_bundle 'del(.linux.cgroupsPath) | .linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 1000, "size": 1000}] |
        .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.type != "cgroup"))'
    chown -R 1000999:1000999 "$B"
    chmod 755 "$HOME_DIR"
    inspect
    is "$(map uid_map)" "0 1000 1000"
    is "$(got .status.Uid)" $'0\t0\t0\t0'
}

@test "devices are the host's: under another name, too; what cannot be applied is said" {
    [ -c /dev/fuse ] || skip "needs /dev/fuse"
    ordinary_user
    new_rootless_bundle '.linux.devices = [{"path": "/dev/other", "type": "c", "major": 10, "minor": 229, "fileMode": 7, "uid": 0, "gid": 0}]'
    cfs --log "$HOME_DIR/log" --log-level warning run -b "$B" "$ID" > "$OUT" < /dev/null
    is "$(got .dev.other.rdev)" 10:229
    contains "$(cat "$HOME_DIR/log")" "fileMode 0007 is not applied"
    contains "$(cfs explain -b "$B")" "bind the host's character device 10:229 on /dev/other"
    config '.linux.devices[0].minor = 255'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "10:255"
}

# As runc and crun: groups are set when everything is mounted.
@test "a source that only a supplementary group may reach; the program has not that group" {
    ordinary_user
    new_rootless_bundle
    mkdir -m 750 "$T/team"
    echo shared > "$T/team/file"
    chgrp 54400 "$T/team"
    INTO=("${INTO[@]/--clear-groups/--groups=54400}")
    config --arg s "$T/team" '.mounts += [{destination: "/team", type: "bind", source: ($s + "/file"), options: ["bind"]}]
        | .linux.uidMappings = [{containerID: 0, hostID: 54321, size: 1}, {containerID: 1, hostID: 1000000, size: 65535}] | .linux.gidMappings = .linux.uidMappings'
    config '.process.user.additionalGids = [3]'
    inspect
    is "$(got .status.Groups)" 3
    args cat /team
    is "$(cfs run -b "$B" "$ID")" shared
}

@test "exec, ps and kill in a created container" {
    ordinary_user
    local user
    for user in 0 1000; do
        new_rootless_bundle ".process.user = {uid: $user, gid: $user}"
        [ $user = 0 ] || config '.linux.uidMappings += [{"containerID": 1, "hostID": 1000000, "size": 65536}] | .linux.gidMappings += [{"containerID": 1, "hostID": 1000000, "size": 65536}]'
        cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log"; return 1; }
        is "$(cfs exec "$ID" /bin/sh -c 'id -u; echo in')" "$user"$'\nin'
        status_is "$ID" created
        # Its init is not to be looked into from inside by another user, nor its program when it runs.
        cfs start "$ID"
        wait_for status_is "$ID" stopped
        cfs delete "$ID"
        rm -rf "$B"
    done
}

# pipe(7), "/proc/sys/fs/pipe-user-pages-soft": a new pipe of a user who has many holds two pages (one before Linux 5.14).
@test "the state is longer than a new pipe holds, as the user has many: hooks get all of it" {
    needs python3
    new_rootless_bundle '.annotations = {"long": ("x" * 20000)} | .process.args = ["/bin/inspector", "exit", "0"]'
    local k
    for k in createRuntime createContainer; do
        config '.hooks["'$k'"] = [{"path": "/bin/sh", "args": ["sh", "-c", "wc -c > '"$HOME_DIR/$k"'"]}]'
    done
    outside "$PYTHON" -c 'import fcntl, os, subprocess, sys
pipes = []
while not pipes or fcntl.fcntl(pipes[-1][0], 1032) == 65536: # F_GETPIPE_SZ
    try:
        pipes and fcntl.fcntl(pipes[-1][0], 1031, 1 << 20) # F_SETPIPE_SZ
    except PermissionError:
        pass
    pipes.append(os.pipe())
try:
    sys.exit(subprocess.call(sys.argv[1:], timeout=20))
except subprocess.TimeoutExpired:
    sys.exit("it hangs")' "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    for k in createRuntime createContainer; do
        [ "$(cat "$HOME_DIR/$k")" -gt 20000 ]
    done
}
