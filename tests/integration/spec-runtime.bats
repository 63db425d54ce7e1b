# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules of runtime.md, bundle.md, runtime-linux.md and features.md that no other test is about. Each test names those it
# proves (tests/conformance).
load helpers/common

# ---- bundle.md, runtime.md ---------------------------------------------------------------------------------------

# spec: bundle.format.2 config.root.2
@test "the root is the directory of root.path: relative to the bundle, or absolute" {
    root_only
    new_bundle '.process.args = ["/bin/cat", "/etc/mark"]'
    mv "$B/rootfs" "$B/other"
    echo relative > "$B/other/etc/mark"
    config '.root.path = "other"'
    is "$(cd / && cfs run -b "$B" "$ID")" relative
    mv "$B/other" "$T/elsewhere"
    echo absolute > "$T/elsewhere/etc/mark"
    config --arg p "$T/elsewhere" '.root.path = $p'
    is "$(cfs run -b "$B" "$ID")" absolute
}

# spec: runtime.state.10 runtime.state.3
@test "the state is an object of the specification's names and types, in each status" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .annotations = {"a": "b"}'
    local types='[.ociVersion, .id, .status, .pid, .bundle, .annotations | type] | join(" ")'
    cfs create -b "$B" "$ID"
    is "$(cfs state "$ID" | jq -r "$types")" "string string string number string object"
    is "$(cfs state "$ID" | jq -r '.ociVersion | test("^[0-9]+[.][0-9]+[.][0-9]+")')" true
    cfs start "$ID"
    is "$(cfs state "$ID" | jq -r "$types")" "string string string number string object"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    is "$(cfs state "$ID" | jq -r "$types")" "string string string number string object"
}

# spec: runtime.query.1 runtime.create.1 runtime.start.1 runtime.kill.1 runtime.delete.1
@test "without an ID every operation is an error, create without a bundle is, too" {
    local before verb
    mkdir "$T/empty"
    cd "$T/empty"
    before=$(host_snapshot)
    for verb in state create start "kill KILL" kill delete "delete --force"; do
        # shellcheck disable=SC2086
        run cfs $verb
        is "$status" 1 "$verb"
    done
    run cfs create "$ID"
    is "$status" 1
    contains "$output" config.json
    run cfs create -b "$T/nowhere" "$ID"
    is "$status" 1
    is "$(host_snapshot)" "$before"
}

# spec: runtime.lifecycle.1 runtime.create.5
@test "after create the environment is there already, before the program" {
    root_only
    new_bundle '.hostname = "early" | .process.args = ["/bin/inspector"]' '.process.oomScoreAdj = 77' \
        '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "early-tmpfs"}]' \
        '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 11, "hard": 12}] | .linux.sysctl = {"kernel.msgmax": "5555"}' \
        '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [7]}'
    cfs create -b "$B" "$ID" > "$OUT" < /dev/null
    local pid
    pid=$(cfs state "$ID" | jq .pid)
    is "$(nsenter -t "$pid" -u hostname)" early
    contains "$(cat "/proc/$pid/mountinfo")" " - tmpfs early-tmpfs "
    is "$(cat "/proc/$pid/oom_score_adj")" 77
    contains "$(tr -s ' ' < "/proc/$pid/limits")" "Max core file size 11 12"
    is "$(nsenter -t "$pid" -i cat /proc/sys/kernel/msgmax)" 5555
    is "$(awk '/^(Uid|Gid|Groups)/ { print $2 }' "/proc/$pid/status" | tr '\n' ' ')" "1000 1001 7 "
    local n
    for n in pid mnt net ipc uts; do
        [ "$(readlink "/proc/$pid/ns/$n")" != "$(readlink "/proc/self/ns/$n")" ]
    done
    [ ! -s "$OUT" ]
}

# spec: runtime.lifecycle.16 runtime.delete.3
@test "delete undoes create: processes, cgroups, mounts, the state" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]' '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "x"}]' \
        '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5}]' '.linux.resources.pids = {"limit": 10}'
    local before pid
    before=$(host_snapshot)
    up
    pid=$PID
    cfs exec -d "$ID" /bin/sleep 1000
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    # The process that inherited the container's init may not have reaped it yet.
    gone "$pid"
    is "$(ls -A "$STATE")" ""
    is "$(host_snapshot)" "$before"
}

# spec: runtime.delete.4
@test "delete leaves alone what create did not make: files, the namespaces and mounts of others" {
    root_only
    private_mounts
    mkdir "$T/volume"
    echo keep > "$T/volume/file"
    outside mount -t tmpfs mine "$T/volume"
    outside touch "$T/volume/inner"
    background unshare --net sleep 600
    local holder=$!
    wait_for sh -c "[ \"\$(readlink /proc/$holder/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .root.readonly = false'
    config --arg v "$T/volume" --arg n "/proc/$holder/ns/net" '.mounts += [{"destination": "/tmp", "source": $v, "options": ["rbind"]}] |
        .linux.namespaces |= map(if .type == "network" then .path = $n else . end)'
    up
    cfs exec "$ID" /bin/touch /etc/made
    cfs delete --force "$ID"
    outside test -e "$T/volume/inner"
    is "$(cat "$T/volume/file")" keep
    [ -e "$B/rootfs/etc/made" ]
    kill -0 "$holder"
}

# ---- runtime-linux.md --------------------------------------------------------------------------------------------

# spec: runtime-linux.links.2
@test "without /proc there are no links into it" {
    root_only
    new_bundle '.mounts |= map(select(.type != "proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .process.args = ["/bin/ls", "/dev"]'
    cfs run -b "$B" "$ID" > "$OUT"
    grep -qx null "$OUT"
    run grep -xE 'fd|stdin|stdout|stderr' "$OUT"
    is "$output" ""
}

# ---- features.md -------------------------------------------------------------------------------------------------

# spec: features.version.1 features.version.2 features.version.3
@test "features: the versions are accepted, and in order" {
    new_bundle
    local min max
    min=$(cfs features | jq -r .ociVersionMin)
    max=$(cfs features | jq -r .ociVersionMax)
    is "$(printf '%s\n%s\n' "$min" "$max" | sort -V | head -1)" "$min"
    local v
    for v in "$min" "$max"; do
        config --arg v "$v" '.ociVersion = $v'
        cfs check "$B"
        [ "$(id -u)" != 0 ] || cfs run -b "$B" "$ID" > /dev/null
    done
}

# spec: features.document.1
@test "features: the same for every caller and in every place, without /proc and /sys" {
    root_only
    cfs features > "$OUT"
    mkdir "$T/empty"
    cp "$CFS" "$T/empty/cfs"
    is "$(env -i unshare --mount sh -c 'umount -l /sys /proc 2> /dev/null; exec "$0" features' "$T/empty/cfs" | md5sum)" "$(md5sum < "$OUT")"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$T/empty"
    is "$(setpriv --reuid=65534 --regid=65534 --clear-groups "$T/empty/cfs" features | md5sum)" "$(md5sum < "$OUT")"
}

# spec: features.document.2
@test "features: nothing is null, and no list that is known to be full is empty" {
    cfs features > "$OUT"
    is "$(got '[.. | select(. == null)] | length')" 0
    is "$(got '[.. | arrays | select(length == 0)] | length')" 0
}

# spec: features.document.3
@test "features: no property that the specification does not have" {
    cfs features > "$OUT"
    is "$(got '. as $f | ["ociVersionMin", "ociVersionMax", "hooks", "mountOptions", "linux", "annotations", "potentiallyUnsafeConfigAnnotations"] as $k |
        ($f | keys) - $k')" '[]'
    is "$(got '.linux | keys - ["namespaces", "capabilities", "cgroup", "seccomp", "apparmor", "selinux", "intelRdt", "memoryPolicy", "mountExtensions", "netDevices"]')" '[]'
    is "$(got '[.linux | .cgroup, .seccomp, .apparmor, .selinux, .intelRdt, .memoryPolicy, .mountExtensions, .mountExtensions.idmap, .netDevices | keys] | add | unique')" \
        '["actions","archs","enabled","flags","idmap","knownFlags","modes","monitoring","operators","rdma","schemata","supportedFlags","systemd","systemdUser","v1","v2"]'
}

# spec: features.options.2
@test "features: no option of a particular file system" {
    cfs features > "$OUT"
    local o
    for o in size mode uid gid nr_inodes lowerdir upperdir workdir newinstance ptmxmode hidepid subset data acl noacl; do
        is "$(got ".mountOptions | index(\"$o\")")" null "$o"
    done
}

# spec: features.annotations.1 features.annotations.2
@test "features: annotations are a map of strings; those that change what cfs does are listed" {
    cfs features > "$OUT"
    is "$(got '.annotations | type, (to_entries | all(.key != "" and (.value | type) == "string"))' | tr '\n' ' ')" "object true "
    # Every annotation that the sources read is listed, by its name or by a prefix that ends in a dot.
    local a
    for a in $(grep -rhoE '"(run\.oci|org\.systemd\.property)\.[a-zA-Z_.]*"' "$top_srcdir/src" | tr -d '"' | sort -u); do
        is "$(got "[.potentiallyUnsafeConfigAnnotations[] | . as \$u | \"$a\" | . == \$u or ((\$u | endswith(\".\")) and startswith(\$u))] | any")" true "$a"
    done
}

# One document per name of a list; the whole list has to pass `check`.
each_is_recognized() {
    cfs features | jq -c "$1" > "$T/list"
    config --slurpfile l "$T/list" "$2"
    run cfs check "$B"
    is "$output" "config.json: ok"
    is "$status" 0
}

# spec: features-linux.capabilities.1
@test "features: the capabilities are recognized" {
    new_bundle
    each_is_recognized .linux.capabilities '.process.capabilities.bounding = $l[0]'
    run cfs --log-level warning check "$B"
    is "$output" "config.json: ok"
}

# spec: features-linux.seccomp.1 features-linux.seccomp.2 features-linux.seccomp.3 features-linux.seccomp.4
@test "features: actions, operators, architectures and flags of seccomp are recognized" {
    new_bundle '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x"}'
    each_is_recognized .linux.seccomp '.linux.seccomp.syscalls = ([$l[0].actions[] | {names: ["getppid"], action: .}] +
        [$l[0].operators[] | {names: ["getpid"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: .}]}]) |
        .linux.seccomp.architectures = $l[0].archs | .linux.seccomp.flags = $l[0].knownFlags'
}

# spec: features-linux.mempolicy.1
@test "features: modes and flags of memory policies are recognized" {
    new_bundle
    local m f
    for m in $(cfs features | jq -r '.linux.memoryPolicy.modes[]'); do
        config --arg m "$m" '.linux.memoryPolicy = {mode: $m} | if ($m | test("DEFAULT|LOCAL")) then . else .linux.memoryPolicy.nodes = "0" end'
        run cfs check "$B"
        is "$output$status" "config.json: ok0" "$m"
    done
    for f in $(cfs features | jq -r '.linux.memoryPolicy.flags[]'); do
        config --arg f "$f" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: [$f]}'
        run cfs check "$B"
        is "$output$status" "config.json: ok0" "$f"
    done
}

# spec: features-linux.cgroup.1 features-linux.others.1
@test "features: what is said to be implemented is what passes the check" {
    cfs features > "$OUT"
    is "$(got '.linux.cgroup | [.v1, .v2, .systemd, .systemdUser, .rdma]')" '[true,true,true,true,true]'
    is "$(got '.linux | [.apparmor.enabled, .selinux.enabled, .intelRdt.enabled, .intelRdt.schemata, .intelRdt.monitoring, .netDevices.enabled]')" \
        '[true,true,true,true,true,true]'
    new_bundle '.process.apparmorProfile = "p" | .process.selinuxLabel = "a:b:c:s0" | .linux.intelRdt = {"schemata": ["L3:0=f"], "enableMonitoring": true} |
        .linux.netDevices = {"eth7": {}} | .linux.resources.rdma = {"mlx5_0": {"hcaHandles": 1}}'
    run cfs check "$B"
    is "$output" "config.json: ok"
    is "$status" 0
}
