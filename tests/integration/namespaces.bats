# SPDX-License-Identifier: LGPL-2.1-or-later
# linux.namespaces and linux.timeOffsets (config-linux.md, "Namespaces", "Offset for Time Namespace").
load helpers/common

setup() {
    setup_common
    root_only
}

# The names in /proc/PID/ns of the types in config.json.
file_of() {
    case $1 in
        network) echo net ;;
        mount) echo mnt ;;
        *) echo "$1" ;;
    esac
}

# A process in namespaces of its own, all but the user namespace; its pid is $HOLDER, that of its child in the PID namespace $INNER.
holder() {
    background unshare --mount --propagation private --net --ipc --uts --cgroup --time --pid --fork "$@" sleep 600
    HOLDER=$!
    wait_for pgrep -P "$HOLDER" -x sleep > /dev/null
    INNER=$(pgrep -P "$HOLDER" -x sleep)
    BACKGROUND+=("$INNER") # which nothing else ends: it is the first of its PID namespace
}

set_namespaces() { config --argjson n "$1" '.linux.namespaces = $n'; }

MAPS='.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'

# spec: config-linux.namespaces.1 config-linux.namespaces.2 features-linux.namespaces.1
@test "each of the eight types: new" {
    [ -e /proc/self/timens_offsets ] || skip "needs a kernel with time namespaces"
    new_bundle "$MAPS" '.linux.namespaces = (["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"] | map({type: .}))'
    inspect
    local f
    for f in pid net mnt ipc uts user cgroup time; do
        [ "$(got ".ns.$f")" != "$(readlink /proc/self/ns/$f)" ] || { echo "$f is ours" >&2; return 1; }
    done
    is "$(got .pid)" 1
    is "$(got '.ns.time')" "$(got '.ns.time_for_children')"
    is "$(got '.ns.pid')" "$(got '.ns.pid_for_children')"
}

# spec: config-linux.namespaces.6
@test "types that are not listed are inherited" {
    new_bundle '.linux.namespaces = [{"type": "mount"}] | del(.hostname)'
    inspect
    local f
    for f in pid net ipc uts user cgroup time; do
        is "$(got ".ns.$f")" "$(readlink /proc/self/ns/$f)" "$f"
    done
    [ "$(got .ns.mnt)" != "$(readlink /proc/self/ns/mnt)" ]
}

# spec: config-linux.namespaces.4
@test "network, ipc, uts, cgroup, time: joined by path, one at a time and all together" {
    new_bundle '.mounts |= map(select(.type != "sysfs"))'
    holder
    local type f all='[{"type": "pid"}, {"type": "mount"}]'
    for type in network ipc uts cgroup time; do
        f=$(file_of "$type")
        set_namespaces '[{"type": "pid"}, {"type": "mount"}, {"type": "'"$type"'", "path": "/proc/'"$INNER/ns/$f"'"}]'
        [ "$type" = uts ] || config 'del(.hostname)'
        inspect
        is "$(got ".ns.$f")" "$(readlink "/proc/$INNER/ns/$f")" "$type"
        all=$(jq -c '. + [{"type": "'"$type"'", "path": "/proc/'"$INNER/ns/$f"'"}]' <<< "$all")
    done
    set_namespaces "$all"
    inspect
    for f in net ipc uts cgroup time; do
        is "$(got ".ns.$f")" "$(readlink "/proc/$INNER/ns/$f")" "$f"
    done
}

# spec: config-linux.namespaces.4
@test "pid: joined by path" {
    new_bundle
    holder
    config --arg p "/proc/$INNER/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
    inspect
    is "$(got .ns.pid)" "$(readlink "/proc/$INNER/ns/pid")"
    [ "$(got .pid)" -gt 1 ]
    # Its end is seen, and the exit code comes through.
    args /bin/inspector exit 7
    run cfs run -b "$B" "$ID"
    is "$status" 7
    # And kill and delete work on it.
    args /bin/inspector sleep
    up
    is "$(readlink "/proc/$PID/ns/pid")" "$(readlink "/proc/$INNER/ns/pid")"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    kill -0 "$INNER"
}

# The process that others see there is the last of two (steps/pid_namespace.c): what belongs to a process is to be its own.
@test "pid: joined by path: identity, limits, scheduling, hooks, and a container that does not start" {
    new_bundle
    holder
    config --arg p "/proc/$INNER/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
    # The limit counts one process, not two (setrlimit(2)); the nice value would not survive a fork (sched(7)).
    config '.process.user = {"uid": 48123, "gid": 48123} | .process.rlimits = [{"type": "RLIMIT_NPROC", "soft": 1, "hard": 1}] |
        .process.scheduler = {"policy": "SCHED_BATCH", "nice": -5, "flags": ["SCHED_FLAG_RESET_ON_FORK"]} |
        .process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 6} | .process.oomScoreAdj = 77'
    inspect
    is "$(got .rlimits.RLIMIT_NPROC)" '{"hard":1,"soft":1}'
    is "$(got .nice) $(got .oom_score_adj)" "-5 77"
    is "$(got .sid)" "$(got .pid)"
    args /bin/inspector sleep
    up
    [ "$(cfs state "$ID" | jq .pid)" = "$PID" ]
    is "$(cfs ps -f json "$ID" | jq -c .)" "[$PID]"
    cfs delete --force "$ID"
    # Hooks before the root is entered hear of a process that is there, with the namespaces of the container.
    config 'del(.process.rlimits, .process.scheduler, .process.user, .process.ioPriority)'
    printf '#!/bin/sh\nreadlink "/proc/$(jq .pid)/ns/uts" >> %s\n' "$T/heard" > "$T/hook"
    chmod +x "$T/hook"
    config --arg h "$T/hook" '.hooks = {"createRuntime": [{"path": $h}], "poststart": [{"path": $h}]}'
    cfs create --pid-file "$T/pid" -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; return 1; }
    PID=$(cat "$T/pid")
    cfs start "$ID"
    is "$(uniq "$T/heard")" "$(readlink "/proc/$PID/ns/uts")"
    is "$(wc -l < "$T/heard")" 2
    cfs delete --force "$ID"
    # Those of the container run in the joined namespace, and are told no pid that they could not see.
    printf '#!/bin/sh\njq -c .pid >> %s\nreadlink /proc/self/ns/pid >> %s\n' "$T/inside" "$T/inside" > "$T/hook"
    config --arg h "$T/hook" '.hooks = {"createContainer": [{"path": $h}]} | .process.args = ["/bin/true"]'
    cfs run -b "$B" "$ID" < /dev/null
    is "$(cat "$T/inside")" "null
$(readlink "/proc/$INNER/ns/pid")"
    # Created and never started: a signal ends it, and nothing of it is left.
    config 'del(.hooks)'
    args /bin/inspector sleep
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    cfs kill "$ID" TERM
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    # One that does not come into being leaves nothing in the other's namespace.
    args /bin/not-there
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "not-there"
    is "$(for p in /proc/[0-9]*; do [ "$(readlink "$p/ns/pid")" != "$(readlink "/proc/$INNER/ns/pid")" ] || tr '\0' ' ' < "$p/cmdline"; done)" \
        "sleep 600 "
}

# spec: config-linux.namespaces.4
@test "mount: joined by path, with the root of the configuration" {
    holder
    INTO=(nsenter --mount="/proc/$INNER/ns/mnt" --)
    new_bundle '.mounts = []' '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false' \
        '.linux.namespaces |= map(select(.type != "pid" and .type != "network" and .type != "cgroup"))'
    INTO=()
    config --arg p "/proc/$INNER/ns/mnt" '.linux.namespaces |= map(if .type == "mount" then .path = $p else . end)'
    args /bin/ls /
    run cfs run -b "$B" "$ID"
    is "$status" 0 "$output"
    contains "$output" "bin"
    case "$output" in *work* | *boot*) echo "saw the host's root: $output" >&2; return 1 ;; esac
}

# spec: config-linux.namespaces.4
@test "user: joined by path, its owner's network joined, too" {
    background unshare --user --net --fork sleep 600
    local holder=$! inner
    wait_for pgrep -P "$holder" -x sleep > /dev/null
    inner=$(pgrep -P "$holder" -x sleep)
    echo "0 200000 65536" > "/proc/$inner/uid_map"
    echo "0 200000 65536" > "/proc/$inner/gid_map"
    new_bundle
    chown -R 200000:200000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    config --arg u "/proc/$inner/ns/user" --arg n "/proc/$inner/ns/net" '.linux.namespaces |= (map(
        if .type == "network" then .path = $n else . end) + [{"type": "user", "path": $u}])'
    inspect
    is "$(got .ns.user)" "$(readlink "/proc/$inner/ns/user")"
    is "$(got .ns.net)" "$(readlink "/proc/$inner/ns/net")"
    is "$(got '.uid_map[0] | split(" ") | map(select(. != "")) | join(" ")')" "0 200000 65536"
    is "$(got .status.Uid)" $'0\t0\t0\t0'
    is "$(got .pid)" 1
}

@test "user: the path of the namespace that we are in anyway" {
    new_bundle '.linux.namespaces += [{"type": "user", "path": "/proc/self/ns/user"}]'
    inspect
    is "$(got .ns.user)" "$(readlink /proc/self/ns/user)"
}

# spec: config-linux.namespaces.5
@test "a path of another type is refused, for each type" {
    new_bundle "del(.hostname) | .linux.maskedPaths = [] | .linux.readonlyPaths = []"
    local type other
    for type in pid network mount ipc uts user cgroup time; do
        other=uts
        [ "$type" = uts ] && other=ipc
        set_namespaces '[{"type": "'"$type"'", "path": "/proc/self/ns/'"$other"'"}]'
        run cfs run -b "$B" "$ID"
        is "$status" 1 "$type"
        contains "$output" "is not a $type namespace"
    done
}

@test "a path that is not a namespace at all is refused" {
    new_bundle '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "/etc/passwd"
    contains "$output" "is not a network namespace"
}

@test "the loopback interface is up in a new network namespace" {
    new_bundle '.process.args = ["/bin/cat", "/sys/class/net/lo/flags"]'
    is "$(cfs run -b "$B" "$ID")" 0x9
}

@test "a joined network namespace is left as it is" {
    holder
    new_bundle '.process.args = ["/bin/cat", "/sys/class/net/lo/flags"]'
    config --arg p "/proc/$INNER/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)'
    is "$(cfs run -b "$B" "$ID")" 0x8
}

# spec: config-linux.time.1
@test "time offsets shift the clocks" {
    [ -e /proc/self/timens_offsets ] || skip "needs a kernel with time namespaces"
    new_bundle '.linux.namespaces += [{"type": "time"}]' \
        '.linux.timeOffsets = {"monotonic": {"secs": 100000, "nanosecs": 500000000}, "boottime": {"secs": 200000}}'
    inspect
    local up
    up=$(cut -d. -f1 /proc/uptime)
    local mono=$(($(got .monotonic) - up)) boot=$(($(got .boottime) - up))
    [ "$boot" -ge 199990 ] && [ "$boot" -le 200010 ] || { echo "boottime is off by $boot" >&2; return 1; }
    [ "$mono" -ge 99000 ] && [ "$mono" -le 100010 ] || { echo "monotonic is off by $mono" >&2; return 1; }
    is "$(got '.timens_offsets | gsub(" +"; " ")')" $'monotonic 100000 500000000\nboottime 200000 0'
}

@test "time offsets that are negative, or without their namespace" {
    [ -e /proc/self/timens_offsets ] || skip "needs a kernel with time namespaces"
    new_bundle '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": -10}}'
    inspect
    contains "$(got .timens_offsets)" "-10"
    config 'del(.linux.namespaces[-1])'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "needs a new time namespace"
}

@test "a time namespace on a kernel that has none is an error of the configuration, before anything is made" {
    [ ! -e /proc/self/timens_offsets ] || skip "needs a kernel without time namespaces"
    new_bundle '.linux.namespaces += [{"type": "time"}]'
    local before
    before=$(host_snapshot)
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.namespaces: this kernel has no time namespaces"
    is "$(host_snapshot)" "$before"
}

@test "a new user namespace with a network namespace that is not its own" {
    holder
    new_bundle "$MAPS" '.linux.namespaces += [{"type": "user"}]' '.mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    config --arg p "/proc/$INNER/ns/net" '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)'
    inspect
    is "$(got .ns.net)" "$(readlink "/proc/$INNER/ns/net")"
    [ "$(got .ns.user)" != "$(readlink /proc/self/ns/user)" ]
}

# spec: runtime.state.5
@test "the state's pid is the host's, whatever namespaces the container has" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    up
    is "$(readlink "/proc/$PID/root")" /
    is "$(tr '\0' ' ' < "/proc/$PID/cmdline")" "/bin/inspector sleep "
    is "$(awk '/^NSpid:/ { print $NF }' "/proc/$PID/status")" 1
}
