# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules of config.md that no other test is about. Each test names those it proves (tests/conformance).
load helpers/common

# cfs check has to refuse what the jq program makes of the bundle, and to name the property.
refused() {
    jq "$1" "$B/config.json" > "$T/bad.json"
    run cfs check --config "$T/bad.json" "$B"
    is "$status" 1 "$1"
    contains "$output" "$2"
}

# ---- Linux Process -----------------------------------------------------------------------------------------------

# spec: config.linux-process.7
@test "without oomScoreAdj the score is the caller's" {
    root_only
    new_bundle 'del(.process.oomScoreAdj)'
    (echo 321 > /proc/self/oom_score_adj && inspect)
    is "$(got .oom_score_adj)" 321
}

# spec: config.linux-process.8
@test "scheduler: policy, nice, priority, flags" {
    root_only
    new_bundle '.process.scheduler = {"policy": "SCHED_BATCH", "nice": 5}'
    inspect
    is "$(got '[.scheduler, .nice]')" '[3,5]'
    config '.process.scheduler = {"policy": "SCHED_IDLE"}'
    inspect
    is "$(got .scheduler)" 5
    [ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || config '.linux.resources.cpu = {"realtimePeriod": 1000000, "realtimeRuntime": 1000}'
    config '.process.scheduler = {"policy": "SCHED_RR", "priority": 7, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}'
    cfs run -b "$B" "$ID" > "$OUT" < /dev/null || skip "needs a cgroup that may use real-time policies"
    is "$(($(got .scheduler) & ~0x40000000))" 2
    is "$(($(got .scheduler) & 0x40000000))" $((0x40000000)) "reset on fork"
    is "$(got .rt_priority)" 7
}

# spec: config.linux-process.9
@test "scheduler: nice that is not set is 0, not the caller's" {
    root_only
    new_bundle '.process.scheduler = {"policy": "SCHED_OTHER"}'
    (renice -n 7 -p $BASHPID > /dev/null && inspect)
    is "$(got '[.scheduler, .nice]')" '[0,0]'
    config 'del(.process.scheduler)'
    (renice -n 7 -p $BASHPID > /dev/null && inspect)
    is "$(got .nice)" 7
}

# spec: config.linux-process.11
@test "scheduler: SCHED_DEADLINE with its three times" {
    root_only
    needs chrt
    new_bundle '.process.args = ["/bin/inspector", "sleep"]' \
        '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 2000000, "deadline": 30000000, "period": 40000000}'
    chrt --deadline --sched-runtime 2000000 --sched-deadline 30000000 --sched-period 40000000 0 true 2> /dev/null ||
        skip "needs a machine that admits SCHED_DEADLINE"
    up
    contains "$(chrt -p "$PID")" SCHED_DEADLINE
    contains "$(chrt -p "$PID")" "2000000/30000000/40000000"
}

# spec: config.linux-process.10
@test "scheduler: unknown policies and flags are refused" {
    new_bundle
    refused '.process.scheduler = {"policy": "SCHED_FAIR"}' process.scheduler.policy
    refused '.process.scheduler = {}' process.scheduler.policy
    refused '.process.scheduler = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_X"]}' 'process.scheduler.flags[0]'
}

# spec: config.linux-process.13
@test "ioPriority: each class, with its priority" {
    root_only
    new_bundle
    local c n
    for c in RT:1 BE:2 IDLE:3; do
        for n in 0 5 7; do
            config '.process.ioPriority = {"class": "IOPRIO_CLASS_'"${c%:*}"'", "priority": '$n'}'
            inspect
            is "$(got .ioprio)" $((${c#*:} << 13 | n)) "$c $n"
        done
    done
}

# spec: config.linux-process.14
@test "ioPriority: unknown classes and priorities out of range are refused" {
    new_bundle
    refused '.process.ioPriority = {"class": "IOPRIO_CLASS_BEST", "priority": 1}' process.ioPriority.class
    refused '.process.ioPriority = {"priority": 1}' process.ioPriority.class
    refused '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 8}' process.ioPriority.priority
    refused '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": -1}' process.ioPriority.priority
}

# spec: config.linux-process.15 config.linux-process.17 config.linux-process.18
@test "execCPUAffinity: final is that of exec's process, not of the container's" {
    root_only
    local all
    all=$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)
    case $all in *[-,]*) ;; *) skip "needs two processors" ;; esac
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .process.execCPUAffinity = {"initial": "0", "final": "1"}'
    up
    is "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$PID/status")" "$all"
    cfs exec "$ID" /bin/inspector > "$OUT"
    is "$(got .status.Cpus_allowed_list)" 1
    # The document of exec has its own; without final there is nothing to see of initial afterwards.
    jq '.process | .args = ["/bin/inspector"] | .execCPUAffinity = {"initial": "0"}' "$B/config.json" > "$T/process.json"
    cfs exec --process "$T/process.json" "$ID" > "$OUT"
    is "$(got .status.Cpus_allowed_list)" "$all"
}

# ---- hooks -------------------------------------------------------------------------------------------------------

# spec: config.hooks.8 config.hooks.10 config.hooks.18 config.hooks.20
@test "hooks of the runtime: path and execution in the runtime's namespaces, all of them" {
    root_only
    new_bundle '.process.args = ["/bin/true"]'
    local k
    # A program that the container does not have.
    for k in prestart createRuntime poststart poststop; do
        config --arg k $k --arg t "$T" '.hooks[$k] = [{"path": "/bin/sh", "args": ["sh", "-c", "readlink /proc/self/ns/* > \($t)/\($k)"]}]'
    done
    rm "$B/rootfs/bin/sh"
    cfs run -b "$B" "$ID"
    for k in prestart createRuntime poststart poststop; do
        is "$(cat "$T/$k")" "$(readlink /proc/self/ns/*)" $k
    done
}

# spec: config.hooks.15 config.hooks.16
@test "startContainer hooks: path and execution inside" {
    root_only
    new_bundle '.root.readonly = false | .process.args = ["/bin/sh", "-c", "for n in ipc mnt net pid uts; do readlink /proc/self/ns/$n; done > /program"]'
    # A program that exists inside only.
    [ ! -e /run-hook ]
    printf '#!/bin/sh\nfor n in ipc mnt net pid uts; do readlink /proc/self/ns/$n; done > /hook\n' > "$B/rootfs/run-hook"
    chmod +x "$B/rootfs/run-hook"
    config '.hooks.startContainer = [{"path": "/run-hook"}]'
    cfs run -b "$B" "$ID"
    is "$(cat "$B/rootfs/hook")" "$(cat "$B/rootfs/program")"
    is "$(wc -l < "$B/rootfs/hook")" 5
    ! grep -qxF "$(readlink /proc/self/ns/*)" "$B/rootfs/hook"
}

# ---- annotations, extensibility, other platforms -----------------------------------------------------------------

# spec: config.annotations.1 config.annotations.2 config.annotations.3
@test "annotations: strings, also empty ones; no empty keys; unknown keys are ignored" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]' \
        '.annotations = {"com.example.empty": "", "org.opencontainers.not-in-any-table": "x", "no dots": "y"}'
    cfs create -b "$B" "$ID"
    is "$(cfs state "$ID" | jq -c .annotations)" "$(jq -c .annotations "$B/config.json")"
    refused '.annotations = {"": "x"}' annotations
    refused '.annotations = {"a": 1}' annotations
    refused '.annotations = {"a": null}' annotations
    refused '.annotations = ["a"]' annotations
}

# spec: config.extensibility.1 config.platform.1
@test "unknown properties and other platforms' objects are ignored, wherever they are" {
    root_only
    new_bundle '.process.args = ["/bin/echo", "ran"] | .novel = {"a": [1, null, {}]} | .process.novel = 1 | .linux.novel = [[]] | .root.novel = "x" |
        .mounts[0].novel = {} | .linux.namespaces[0].novel = false | .linux.resources.novel = 1e30 | .process.commandLine = "cmd" |
        .windows = {"layerFolders": ["c:"]} | .solaris = {"milestone": "m"} | .vm = {"kernel": {"path": "/k"}} | .zos = {} | .freebsd = {}'
    is "$(cfs run -b "$B" "$ID")" ran
}

# spec: config.version.1 config.version.2 config.version.3
# What is newer in its minor version may be refused or not (config.md); runc and crun run it.
@test "ociVersion: every 1.x, with a note if it is newer, nothing else" {
    new_bundle
    local v
    for v in 1.0.0 1.0.2-dev 1.1.0-rc.1 1.2.0+build.5 1.3.0; do
        config --arg v $v '.ociVersion = $v'
        run cfs check "$B"
        is "$output$status" "config.json: ok0" "$v"
    done
    config '.ociVersion = "1.99.0"'
    run cfs check "$B"
    is "$status" 0
    contains "$output" 'ociVersion: note: "1.99.0" is newer than'
    if [ "$EUID" = 0 ]; then # the bundle is root's
        config '.process.args = ["/bin/echo", "ran"]'
        cfs run -b "$B" "$ID" > "$T/out" 2> "$T/err" < /dev/null
        is "$(cat "$T/out")" ran
        contains "$(cat "$T/err")" 'is newer than'
    fi
    for v in '"1.0"' '"1"' '"v1.0.0"' '"01.0.0"' '""' '1' '"2.0.0"' '"0.9.0"'; do
        refused ".ociVersion = $v" ociVersion
    done
    refused 'del(.ociVersion)' ociVersion
}
