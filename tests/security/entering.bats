# SPDX-License-Identifier: LGPL-2.1-or-later
# exec and create, seen from a container that has CAP_SYS_PTRACE and no user namespace of its own: then the kernel lets it look
# at what enters it, undumpable or not (ptrace(2), "Ptrace access mode checking"). process.bats has the same without that capability.
load helpers/canary

setup() {
    setup_common
    root_only
    export CANARY=of-the-runtimes-caller
}

PTRACE='.process.capabilities = ({} | .bounding = ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_CHECKPOINT_RESTORE", "CAP_KILL"] |
        .effective = .bounding | .permitted = .bounding)'

# spied_on EXEC-ARG...: executes /bin/true for some seconds while the container's init looks at each new process; longer on a
# machine that is busy with other things.
spied_on() {
    local seconds=${RACE_SECONDS:-3} end n=0
    cp "$ATTACKER" "$B/rootfs/bin/attacker"
    args /bin/attacker spy /bin/busybox /bin/attacker 120
    cfs run --detach -b "$B" "$ID" < /proc/version > "$T/spy" 2>&1
    wait_for grep -q hunting "$T/spy"
    end=$((SECONDS + seconds))
    while goes_on "$n" 21 "$end"; do
        cfs exec "$@" "$ID" /bin/true < /dev/null > /dev/null 2>&1 3>&- || true
        n=$((n + 1))
    done
    cfs kill "$ID" TERM
    wait_for grep -q looked "$T/spy"
    echo "# $(grep looked "$T/spy"), $n times executed" >&3
    [ "$n" -gt 20 ]
    # It did see them.
    [ "$(sed -n 's/looked \([0-9]*\) times at.*/\1/p' "$T/spy")" -gt 5 ]
    ! grep LEAK "$T/spy" | sort | uniq -c | sort -rn | head -n 20 | grep . >&2 || return 1
}

@test "nothing of the host is within reach of CAP_SYS_PTRACE: root, cwd, descriptors, namespaces, executable [entering]" {
    new_bundle "$PTRACE"
    spied_on
}

@test "the environment of the runtime's caller is not, either [environment]" {
    new_bundle "$PTRACE"
    spied_on
}

@test "the same with a user, a directory and a filter" {
    new_bundle "$PTRACE" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}'
    spied_on --user 1000:1000
}

@test "the same in a container that has joined its PID namespace" {
    new_bundle
    background unshare --fork --pid sleep 600
    wait_for pgrep -P "$!" > /dev/null
    local holder
    holder=$(pgrep -P "$!")
    BACKGROUND+=("$holder")
    config --arg p "/proc/$holder/ns/pid" '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
    config "$PTRACE"
    spied_on
}

# leaks: what was reported. Namespaces that are not the spy's own are fine here when they are not the host's.
leaks() {
    local hosts
    hosts=$(for ns in /proc/self/ns/*; do readlink "$ns"; done)
    grep 'LEAK' "$T/spy" | grep -v 'LEAK ns of' || true
    grep 'LEAK ns of' "$T/spy" | grep -F "$hosts" || true
}

# beside_spy FILTER...: a container whose init looks at each new process, with CAP_SYS_PTRACE and what it takes to enter a mount
# namespace; then, for some seconds, others are made from a bundle with the changes, that join all namespaces of it but
# the mounts (podman --pid=container:A), and the same root file system.
beside_spy() {
    local seconds=${RACE_SECONDS:-3} end n=0 pid
    new_bundle "$PTRACE" '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]'
    cp "$ATTACKER" "$B/rootfs/bin/attacker"
    args /bin/attacker spy /bin/busybox /bin/attacker 120
    cfs run --detach --pid-file "$T/pid" -b "$B" "$ID" < /proc/version > "$T/spy" 2>&1
    wait_for grep -q hunting "$T/spy"
    pid=$(cat "$T/pid")
    args /bin/true
    config --arg p "/proc/$pid/ns" '.linux.namespaces |= map(if .type == "mount" then . else
        .path = "\($p)/\(if .type == "network" then "net" else .type end)" end) | del(.hostname, .linux.cgroupsPath)'
    [ $# -eq 0 ] || config "$@"
    end=$((SECONDS + seconds))
    while goes_on "$n" 11 "$end"; do
        { cfs run -b "$B" "$ID-$n" < /proc/version 2>&1 3>&- || echo "failed"; } | cat >> "$T/errors"
        n=$((n + 1))
    done
    cfs kill "$ID" TERM
    wait_for grep -q looked "$T/spy"
    echo "# $(grep looked "$T/spy"), $n times run" >&3
    is "$(cat "$T/errors")" ""
    [ "$n" -gt 10 ]
    [ "$(sed -n 's/looked \([0-9]*\) times at.*/\1/p' "$T/spy")" -gt 5 ]
    ! leaks | sort | uniq -c | sort -rn | head -n 20 | grep . >&2 || return 1
}

# With runc 1.1.5 and crun 1.8.1 it sees a process with the host's root, directory, mount namespace, descriptors and all capabilities.
@test "nor of create's, in a container that joins its PID namespace [entering-joined]" {
    beside_spy '.mounts |= map(select(.type != "proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
}

@test "the process that mounts procfs for one that joins a PID namespace has nothing of the host's, either [visitor]" {
    beside_spy
}

@test "the same where the runtime mounts it, for a container with a user namespace of its own" {
    reachable
    beside_spy '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 4294967295}] |
        .linux.gidMappings = .linux.uidMappings'
}

@test "a new process of exec's is a child of the runtime's, the leader of its session, and has no other beside it" {
    new_bundle
    args /bin/inspector sleep
    up
    cfs exec --detach --pid-file "$T/pid" "$ID" /bin/inspector sleep < /proc/version > /dev/null 2>&1
    local pid
    pid=$(cat "$T/pid")
    is "$(awk '{ print $5, $6 }' "/proc/$pid/stat")" "$pid $pid"
    is "$(cfs ps -f json "$ID" | jq length)" 2
    is "$(cfs exec "$ID" /bin/ps | grep -c 'inspector sleep')" 2
}

@test "a container that is at its limit of processes: an error that says so, and nothing is left of the attempt" {
    new_bundle '.linux.resources.pids.limit = 2'
    args /bin/inspector sleep
    up
    run cfs exec "$ID" /bin/true
    is "$status" 255
    contains "$output" "for a moment two processes are needed"
    is "$(cfs ps -f json "$ID" | jq length)" 1
}
