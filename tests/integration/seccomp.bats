# SPDX-License-Identifier: LGPL-2.1-or-later
# linux.seccomp (config-linux.md, "Seccomp"): what the kernel makes of our filters. What they say is the unit test's.
load helpers/common

setup() {
    setup_common
    root_only
    [ "$(sed -n 's/^Seccomp:\t//p' /proc/self/status)" != "" ] || skip "needs a kernel with seccomp"
}

teardown() {
    [ -z "$AGENT" ] || kill "$AGENT" 2> /dev/null || true
    local d
    for d in "$STATE"/*/; do
        [ -d "$d" ] && "$CFS" --root "$STATE" delete --force "$(basename "$d")" || true
    done
}

filter() { config --argjson f "$1" '.linux.seccomp = $f'; }

# One system call, with the configuration's filter: prints "0" or "errno N".
call() {
    args /bin/inspector syscall "$@"
    cfs run -b "$B" "$ID" < /dev/null
}

# Starts an agent that answers with an errno, or "continue"; its notes are in $NOTES.
agent() {
    needs python3
    SOCKET="${2:-$T/agent.sock}" NOTES="$T/agent.notes"
    rm -f "$SOCKET" "$NOTES"
    "$BATS_TEST_DIRNAME/helpers/seccomp-agent" "$SOCKET" "$NOTES" "$1" "${3:-1}" 3>&- &
    AGENT=$!
    wait_for test -S "$SOCKET"
}

note() { sed -n "${2:-1}p" "$NOTES" | jq -rc "$1"; }

x86_64() { [ "$(uname -m)" = x86_64 ] || skip "numbers of x86-64"; }

DENY_MKDIR='{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}'

# spec: config-linux.seccomp.6
@test "a filter is in force, with and without noNewPrivileges" {
    local n
    for n in true false; do
        new_bundle ".process.noNewPrivileges = $n"
        filter "$DENY_MKDIR"
        inspect
        is "$(got .status.Seccomp)" 2
        is "$(got .status.Seccomp_filters)" "$(($(sed -n 's/^Seccomp_filters:\t//p' /proc/self/status) + 1))"
        args /bin/mkdir /tmp/x
        run cfs run -b "$B" "$ID"
        is "$status" 1
        contains "$output" "No space left on device"
    done
}

@test "without linux.seccomp there is none" {
    new_bundle
    inspect
    is "$(got .status.Seccomp)" "$(sed -n 's/^Seccomp:\t//p' /proc/self/status)"
}

@test "an ordinary user's noNewPrivileges container has a filter" {
    new_bundle '.process.noNewPrivileges = true | .process.user = {"uid": 1000, "gid": 1000} | del(.process.capabilities)'
    filter "$DENY_MKDIR"
    inspect
    is "$(got .status.Seccomp)" 2
    is "$(got .status.NoNewPrivs)" 1
}

@test "in a user namespace, early and late" {
    local n
    for n in true false; do
        new_bundle '.linux.namespaces += [{"type": "user"}] | .process.noNewPrivileges = '$n \
            '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
        chown -R 100000:100000 "$B/rootfs"
        chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
        filter "$DENY_MKDIR"
        inspect
        is "$(got .status.Seccomp)" 2
    done
}

# spec: config-linux.seccomp.3 config-linux.seccomp.6
@test "actions: ERRNO with and without errnoRet, KILL, TRAP, TRACE without a tracer, LOG" {
    x86_64
    new_bundle '.process.noNewPrivileges = true'
    local f='{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_X"}]}'
    filter "${f/ACT_X/ACT_ERRNO}"
    is "$(call 110)" "errno 1"
    config '.linux.seccomp.syscalls[0].errnoRet = 42'
    is "$(call 110)" "errno 42"
    config '.linux.seccomp.syscalls[0].errnoRet = 0'
    is "$(call 110)" 0
    filter "${f/ACT_X/ACT_TRACE}"
    is "$(call 110)" "errno 38"
    filter "${f/ACT_X/ACT_LOG}"
    is "$(call 110)" 0
    local action
    for action in KILL KILL_THREAD KILL_PROCESS TRAP; do
        filter "${f/ACT_X/ACT_$action}"
        run call 110
        is "$status" 159 "$action: 128 + SIGSYS"
    done
}

# spec: config-linux.seccomp.1 config-linux.seccomp.3 config-linux.seccomp.16
@test "an allow list: the default's errno, conditions on arguments, ENOSYS for calls newer than the list" {
    x86_64
    new_bundle '.process.noNewPrivileges = true'
    filter '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
        {"names": ["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlinkat", "readlink",
                   "getrandom", "mprotect", "newfstatat", "fstat", "ioctl", "write", "exit_group", "openat2", "mmap", "munmap", "uname"],
         "action": "SCMP_ACT_ALLOW"},
        {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 4294967295, "op": "SCMP_CMP_EQ"}]}]}'
    is "$(call 110)" "errno 1" "getppid is not listed"
    is "$(call 135 0xffffffff)" "$((0x$(cat /proc/self/personality)))"
    is "$(call 135 8)" "errno 1"
    is "$(call 135 0x1ffffffff)" "errno 1" "the upper half counts"
    is "$(call 437 -1 0 0 0)" "errno 22" "openat2 is listed: the kernel's own answer"
    is "$(call 436 3 0)" "errno 1" "close_range is older than openat2"
    is "$(call 438 -1 0 0)" "errno 38" "pidfd_getfd is newer than all that is listed"
    is "$(call 999)" "errno 38"
    config '.linux.seccomp.defaultErrnoRet = 13'
    is "$(call 110)" "errno 13"
    is "$(call 438)" "errno 38"
}

@test "an x32 number does not slip past the rules for x86-64" {
    x86_64
    new_bundle '.process.noNewPrivileges = true'
    filter "$DENY_MKDIR"
    run call 0x40000053 0 0
    is "$status" 159
}

@test "unknown names are ignored with a warning" {
    new_bundle '.process.args = ["/bin/true"]'
    filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["frobnicate", "mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
    run cfs run -b "$B" "$ID"
    is "$status" 0
    contains "$output" "warning: linux.seccomp: unknown system calls are ignored: frobnicate"
    # What is only not allowed stays forbidden: nothing that every container of an engine should talk of.
    filter '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["frobnicate"], "action": "SCMP_ACT_ALLOW"}]}'
    config '.linux.seccomp.defaultAction = "SCMP_ACT_ALLOW"'
    run cfs run -b "$B" "$ID"
    is "$status$output" 0
}

@test "unknown names are an error when crun's annotation says so" {
    new_bundle '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "1"}'
    filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "frobnicate"], "action": "SCMP_ACT_ERRNO"}]}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" 'linux.seccomp.syscalls[0].names[1]'
    contains "$output" frobnicate
}

# spec: config-linux.seccomp.5 features-linux.seccomp.5
@test "flags" {
    new_bundle '.process.args = ["/bin/true"]'
    local flags
    for flags in '[]' '["SECCOMP_FILTER_FLAG_TSYNC"]' '["SECCOMP_FILTER_FLAG_LOG"]' \
        '["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]' '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'; do
        filter "$DENY_MKDIR"
        config --argjson f "$flags" '.linux.seccomp.flags = $f'
        run cfs run -b "$B" "$ID"
        is "$status$output" 0 "$flags"
    done
}

# JQ program, property, part of the message
refused() {
    new_bundle
    filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
    config "$1"
    run cfs create -b "$B" "$ID"
    is "$status" 1 "$1"
    contains "$output" "$2"
    contains "$output" "$3"
    is "$(ls -A "$STATE" 2>/dev/null)" ""
}

# spec: config-linux.seccomp.1 config-linux.seccomp.2 config-linux.seccomp.13 config-linux.seccomp.14
# spec: config-linux.seccomp.15
@test "what breaks a rule is refused before anything is made" {
    refused '.linux.seccomp.defaultAction = "SCMP_ACT_FOO"' defaultAction SCMP_ACT_FOO
    refused 'del(.linux.seccomp.defaultAction)' defaultAction required
    refused '.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY" | .linux.seccomp.listenerPath = "/x"' linux.seccomp.defaultAction SCMP_ACT_NOTIFY
    refused '.linux.seccomp.defaultErrnoRet = 1' linux.seccomp.defaultErrnoRet "carries no error number"
    refused '.linux.seccomp.syscalls[0] |= (.action = "SCMP_ACT_LOG" | .errnoRet = 1)' 'linux.seccomp.syscalls[0].errnoRet' "carries no error number"
    # The kernel would make 4095 (MAX_ERRNO) of it; libseccomp's seccomp_rule_add(3), and with it runc and crun, refuse it.
    refused '.linux.seccomp.syscalls[0].errnoRet = 4096' 'linux.seccomp.syscalls[0].errnoRet' "more than 4095"
    refused '.linux.seccomp.defaultAction = "SCMP_ACT_ERRNO" | .linux.seccomp.defaultErrnoRet = 5000' linux.seccomp.defaultErrnoRet "more than 4095"
    refused '.linux.seccomp.syscalls[0].names = []' names "at least one"
    refused '.linux.seccomp.syscalls[0].args = [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]' index 5
    refused '.linux.seccomp.syscalls[0].args = [{"index": 1, "value": 1, "op": "SCMP_CMP_XX"}]' op SCMP_CMP_XX
    refused '.linux.seccomp.architectures = ["SCMP_ARCH_VAX"]' architectures VAX
    refused '.linux.seccomp.flags = ["FOO"]' flags FOO
    refused '.linux.seccomp.listenerMetadata = "x"' linux.seccomp.listenerMetadata listenerPath
    refused '.linux.seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY"' linux.seccomp.listenerPath SCMP_ACT_NOTIFY
    refused '.linux.seccomp.listenerPath = "/x" | .linux.seccomp.syscalls[0] = {"names": ["read", "write"], "action": "SCMP_ACT_NOTIFY"}' \
        'linux.seccomp.syscalls[0].names[1]' write
    refused '.linux.seccomp.syscalls = [range(5000) | {"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": (. % 6), "value": ., "op": "SCMP_CMP_GT"}]}]' \
        linux.seccomp 4096
}

@test "duplicates are allowed" {
    x86_64
    new_bundle '.process.noNewPrivileges = true'
    filter '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_LOG"],
        "syscalls": [{"names": ["getppid", "getppid"], "action": "SCMP_ACT_ERRNO"}, {"names": ["getppid"], "action": "SCMP_ACT_ERRNO"}]}'
    is "$(call 110)" "errno 1"
}

@test "exec has the filter of the container, also when config.json has changed since" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .process.noNewPrivileges = false'
    filter "$DENY_MKDIR"
    cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    config 'del(.linux.seccomp)'
    cfs exec "$ID" /bin/inspector > "$OUT"
    is "$(got .status.Seccomp)" 2
    is "$(got .status.NoNewPrivs)" 0
    run cfs exec "$ID" /bin/mkdir /tmp/x
    contains "$output" "No space left on device"
    cfs exec --no-new-privs "$ID" /bin/inspector > "$OUT"
    is "$(got .status.Seccomp)" 2
    is "$(got .status.NoNewPrivs)" 1
}

@test "under create and start the filter is there too" {
    local n
    for n in true false; do
        new_bundle ".process.noNewPrivileges = $n"
        filter "$DENY_MKDIR"
        cfs create -b "$B" "$ID" < /dev/null > "$OUT"
        cfs start "$ID"
        wait_for status_is "$ID" stopped
        is "$(got .status.Seccomp)" 2
        cfs delete "$ID"
    done
}

# spec: config-linux.seccomp.9 config-linux.seccomp.8 config-linux.seccomp.12
# spec: config-linux.process-state.1 config-linux.process-state.2 config-linux.process-state.3
@test "NOTIFY: the agent gets the process state and the listener, and its answers count" {
    local n status
    x86_64
    for n in true false; do
        agent 77
        new_bundle ".process.noNewPrivileges = $n" '.annotations = {"k": "v"}'
        filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$SOCKET"'", "listenerMetadata": "some text",
            "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]}'
        is "$(call 110)" "errno 77"
        wait "$AGENT"
        is "$(note '.ociVersion | test("^1\\.")')" true
        is "$(note '[.fds, .metadata]')" '[["seccompFd"],"some text"]'
        is "$(note '.pid == .state.pid and .pid > 1')" true
        is "$(note '[.state.id, .state.bundle, .state.annotations]')" '["'"$ID"'","'"$B"'",{"k":"v"}]'
        status=creating
        [ $n = false ] || status=created
        is "$(note .state.status)" $status
    done
}

# spec: config-linux.seccomp.9 config-linux.process-state.3
@test "NOTIFY: exec tells the agent of its own process" {
    agent continue "" 2
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$SOCKET"'", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
    cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    cfs exec "$ID" /bin/true
    is "$(note .state.status 2)" running
    is "$(note '.pid != .state.pid' 2)" true
    is "$(note .state.pid 2)" "$(cfs state "$ID" | jq .pid)"
}

@test "NOTIFY: a profile may notify the calls that hand over the listener" {
    local n
    for n in true false; do
        agent continue
        new_bundle ".process.noNewPrivileges = $n"
        filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$SOCKET"'", "syscalls": [{"names": ["sendmsg", "recvmsg", "sendto",
            "recvfrom", "close", "close_range", "connect", "exit_group", "exit", "execve", "munmap", "futex", "sched_yield", "clone",
            "setresuid", "capset", "openat", "fcntl", "prctl", "read"], "action": "SCMP_ACT_NOTIFY"}]}'
        timeout 20 "$CFS" --root "$STATE" run -b "$B" "$ID" > "$OUT" < /dev/null
        is "$(got .status.Seccomp)" 2
        wait "$AGENT"
    done
}

@test "NOTIFY: with noNewPrivileges a profile may forbid all but the execve and what the program does" {
    x86_64
    agent 5
    new_bundle '.process.noNewPrivileges = true'
    filter '{"defaultAction": "SCMP_ACT_KILL_PROCESS", "listenerPath": "'"$SOCKET"'", "syscalls": [
        {"names": ["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlinkat", "readlink",
                   "getrandom", "mprotect", "newfstatat", "fstat", "ioctl", "write", "exit_group", "uname"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]}'
    is "$(call 110)" "errno 5"
}

@test "NOTIFY: under a real-time policy, on one processor" {
    x86_64
    agent 5
    new_bundle '.process.noNewPrivileges = true | .process.scheduler = {"policy": "SCHED_FIFO", "priority": 1}' \
        '.process.capabilities |= map_values(. + ["CAP_SYS_NICE"])'
    if [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]; then
        config '.linux.resources.cpu = {"realtimePeriod": 1000000, "realtimeRuntime": 10000}'
    fi
    args /bin/true
    cfs run -b "$B" "$ID" || skip "needs a kernel and a cgroup that allow SCHED_FIFO"
    filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$SOCKET"'", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]}'
    args /bin/inspector syscall 110
    is "$(timeout 20 taskset -c 0 "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null)" "errno 5"
}

# spec: config-linux.seccomp.11
@test "NOTIFY: a socket path longer than sun_path; crun's annotation; listenerPath without NOTIFY" {
    local long="$T/$(printf 'd%.0s' {1..120})"
    mkdir "$long"
    needs python3
    (cd "$long" && exec "$BATS_TEST_DIRNAME/helpers/seccomp-agent" a.sock "$T/notes" continue 2 3>&-) &
    AGENT=$!
    wait_for test -S "$long/a.sock"
    new_bundle '.process.args = ["/bin/true"]'
    filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$long/a.sock"'", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]}'
    cfs run -b "$B" "$ID"
    is "$(wc -l < "$T/notes")" 1
    config 'del(.linux.seccomp.listenerPath) | .annotations = {"run.oci.seccomp.receiver": "'"$long/a.sock"'"}'
    cfs run -b "$B" "$ID"
    is "$(wc -l < "$T/notes")" 2
    filter "$DENY_MKDIR"
    config '.linux.seccomp.listenerPath = "/does/not/exist"'
    cfs run -b "$B" "$ID"
}

# spec: config-linux.seccomp.10
@test "NOTIFY: without an agent nothing is left behind" {
    local n before
    for n in true false; do
        new_bundle ".process.noNewPrivileges = $n"
        filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$T"'/absent", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
        before="$(host_snapshot)"
        run timeout 20 "$CFS" --root "$STATE" run -b "$B" "$ID"
        is "$status" 1
        contains "$output" "failed to connect with seccomp agent"
        contains "$output" linux.seccomp.listenerPath
        is "$(host_snapshot)" "$before"
    done
    config '.process.noNewPrivileges = true'
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    run cfs start "$ID"
    is "$status" 1
    contains "$output" "failed to connect with seccomp agent"
    is "$(cfs state "$ID" | jq -r .status)" stopped
}

@test "explain says what the filter is" {
    new_bundle
    filter "$DENY_MKDIR"
    run cfs explain -b "$B"
    [ "$status" = 0 ] || run cfs explain "$B"
    contains "$output" "SCMP_ACT_ALLOW by default"
    contains "$output" instructions
}
