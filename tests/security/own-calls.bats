# SPDX-License-Identifier: LGPL-2.1-or-later
# Of the runtime's own system calls the filter of linux.seccomp judges one: execve. So a profile that allows nothing else works, with and
# without noNewPrivileges, whatever it answers (errno, SIGSYS, the end), for create and start, run, exec and startContainer hooks. What is
# forbidden to the program is forbidden to the hooks of the container.
#
# The program that is executed makes no system call: it ends by an illegal instruction (SIGILL), which shows that it was executed.
load ../integration/helpers/common

SIGILL=$((128 + 4))

setup() {
    setup_common
    root_only
    echo 'void _start(void) { __builtin_trap(); }' > "$T/trap.c"
    # shellcheck disable=SC2086
    ${CC:-cc} -static -nostdlib -o "$T/trap" "$T/trap.c" 2> "$T/cc" || skip "needs a compiler for programs without a C library"
}

# As a profile, for use in jq.
only_execve() { echo "{\"defaultAction\": \"$1\", \"syscalls\": [{\"names\": [\"execve\"], \"action\": \"SCMP_ACT_ALLOW\"}]}"; }

trap_bundle() {
    rm -rf "$B"
    new_bundle "$@"
    cp "$T/trap" "$B/rootfs/bin/trap"
    args trap
}

# executed STATUS: did the program get to its only instruction?
executed() { [ "$1" = $SIGILL ] || { echo "status $1, not SIGILL: $2" >&2; cat "$T/log" >&2; return 1; }; }

everywhere() { # WHAT: of the bundle in $B
    local s=0 verb
    cfs run -b "$B" "$ID" > "$T/log" 2>&1 < /dev/null || s=$?
    executed $s "run, $1"
    # create and start: the init is not a child of the test; a start that succeeds has seen the execve.
    cfs create -b "$B" "$ID" > "$T/log" 2>&1 < /dev/null || { cat "$T/log" >&2; return 1; }
    cfs start "$ID" 2> "$T/log" || { cat "$T/log" >&2; return 1; }
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
}

PLAIN='.process.env = ["PATH=/bin"]'

@test "a profile that allows execve alone: run, create and start; root and user; with and without noNewPrivileges [filter-last]" {
    local action uid nnp
    for action in SCMP_ACT_ERRNO SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
        for uid in 0 1000; do
            for nnp in true false; do
                trap_bundle "$PLAIN | .process.user = {uid: $uid, gid: $uid, additionalGids: [5]} | .process.noNewPrivileges = $nnp |
                    .linux.seccomp = $(only_execve $action)"
                everywhere "$action, uid $uid, noNewPrivileges $nnp"
            done
        done
    done
}

@test "the same by exec, exec --user and exec --tty [filter-last]" {
    local action nnp s how
    for action in SCMP_ACT_ERRNO SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
        for nnp in true false; do
            trap_bundle "$PLAIN | .process.noNewPrivileges = $nnp | .linux.seccomp = $(only_execve $action)"
            # Its init may do what it likes: the filter of exec is what the record has.
            config '.linux.seccomp.defaultAction = "SCMP_ACT_ALLOW"'
            args sleep 1000
            up
            config ".linux.cgroupsPath += \"-filter\" | .linux.seccomp = $(only_execve $action)"
            cfs create -b "$B" "$ID-filter" > "$T/log" 2>&1 < /dev/null
            cp "$STATE/$ID-filter/seccomp.bpf" "$STATE/$ID/seccomp.bpf"
            cfs delete --force "$ID-filter"
            for how in "" "--user 1000:1000" "--cap CAP_SYS_PTRACE" "--cwd /tmp" "--additional-gids 7"; do
                s=0
                # shellcheck disable=SC2086
                cfs exec $how "$ID" trap > "$T/log" 2>&1 < /dev/null || s=$?
                executed $s "exec $how, $action, noNewPrivileges $nnp"
            done
            s=0
            script -qec "$CFS --root $STATE exec --tty $ID trap" /dev/null > "$T/log" 2>&1 < /dev/null || s=$?
            executed $s "exec --tty, $action"
            cfs delete --force "$ID"
        done
    done
}

@test "the same in a user namespace, with a terminal, and as an ordinary user [filter-last]" {
    local nnp s
    for nnp in true false; do
        trap_bundle "$PLAIN | .process.noNewPrivileges = $nnp | .linux.seccomp = $(only_execve SCMP_ACT_ERRNO) | .process.user = {uid: 1000, gid: 1000} |
            .linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
        chown -R 100000:100000 "$B/rootfs"
        chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
        everywhere "user namespace, noNewPrivileges $nnp"
        trap_bundle "$PLAIN | .process.noNewPrivileges = $nnp | .process.terminal = true | .linux.seccomp = $(only_execve SCMP_ACT_ERRNO)"
        s=0
        script -qec "$CFS --root $STATE run -b $B $ID" /dev/null > "$T/log" 2>&1 < /dev/null || s=$?
        executed $s "a terminal, noNewPrivileges $nnp"
    done
}

@test "each call that runtimes make between the filter and the execve, forbidden one by one" {
    local calls call action nnp s
    # Those of runc 1.1.5, crun 1.8 and earlier versions of cfs, as strace(1) shows them.
    calls="accept4 capget capset chdir close close_range epoll_ctl exit_group faccessat faccessat2 fchown fchownat fcntl fstat fstatfs \
        futex getcwd getdents64 getpid getppid getrandom getuid lseek mmap munmap newfstatat open openat openat2 poll ppoll prctl prlimit64 \
        read readlink readlinkat recvfrom recvmsg rt_sigaction rt_sigprocmask rt_sigreturn seccomp sendmsg sendto setgid setgroups setpriority \
        setresgid setresuid setrlimit setsid setuid stat statx umask write"
    trap_bundle "$PLAIN"
    # What ends the process shows each of them; what answers with an error is asked for all of them at once.
    for call in $calls "$calls"; do
        for action in SCMP_ACT_KILL_PROCESS SCMP_ACT_ERRNO SCMP_ACT_TRAP; do
            [ "$action" = SCMP_ACT_KILL_PROCESS ] || [ "$call" = "$calls" ] || continue
            for nnp in true false; do
                config --arg names "$call" ".process.noNewPrivileges = $nnp | .process.user = {uid: 1000, gid: 1000} |
                    .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: (\$names | split(\" +\"; null)), action: \"$action\"}]}"
                s=0
                cfs run -b "$B" "$ID" > "$T/log" 2>&1 < /dev/null || s=$?
                executed $s "$call, $action, noNewPrivileges $nnp"
            done
        done
    done
}

@test "a profile that forbids execve: check and create say so, and where; nothing is made" {
    local action verb
    for action in SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
        trap_bundle "$PLAIN | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"getppid\"], action: \"SCMP_ACT_LOG\"},
            {names: [\"execve\"], action: \"$action\"}]}"
        for verb in "check -b $B" "create -b $B $ID" "run -b $B $ID"; do
            # shellcheck disable=SC2086
            run cfs $verb
            [ "$status" = 1 ] || { echo "$verb: $status" >&2; return 1; }
            contains "$output" "/linux/seccomp/syscalls/1: the filter forbids execve ($action)" || contains "$output" "linux.seccomp.syscalls[1]: the filter forbids execve ($action)"
        done
        [ ! -e "$STATE/$ID" ]
    done
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["read"], action: "SCMP_ACT_ALLOW"}]}'
    run cfs check -b "$B"
    contains "$output" "the filter forbids execve"
    contains "$output" "defaultAction"
    run cfs explain -b "$B"
    # One that depends on arguments may let it pass.
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}]}]}'
    cfs check -b "$B"
    run cfs explain -b "$B"
    contains "$output" "execve(2) alone"
}

# By arguments, which check cannot foresee: the path of the program is some address.
@test "a filter that turns execve down by its arguments: the error names the call and the filter" {
    local action want
    trap_bundle "$PLAIN"
    for action in SCMP_ACT_ERRNO SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP; do
        config ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"execve\"], action: \"$action\",
            args: [{index: 0, value: 1, op: \"SCMP_CMP_GT\"}]}]}"
        run cfs run -b "$B" "$ID"
        is "$status" 1 "$action"
        contains "$output" "the filter of linux.seccomp"
        contains "$output" execve
        cfs create -b "$B" "$ID" > "$T/log" 2>&1 < /dev/null
        run cfs start "$ID"
        wait_for status_is "$ID" stopped
        # As with runc and crun: start has done its part, and an engine's restart policy applies to the container's end. One that is
        # killed may have been seen to end before its execve, or not.
        if [ $action = SCMP_ACT_ERRNO ]; then
            is "$status" 0 start
            contains "$output" "the filter of linux.seccomp is in force by then: it may forbid execve"
            contains "$(cat "$T/log")" "exec /bin/trap: operation not permitted"
        fi
        cfs delete --force "$ID"
    done
}

@test "without noNewPrivileges the program has no capability that was kept to load the filter [filter-last]" {
    local uid caps
    caps='.process.capabilities = {bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}'
    for uid in 0 1000; do
        new_bundle "$caps | .process.user = {uid: $uid, gid: $uid} | .process.noNewPrivileges = false | .linux.seccomp = $(only_execve SCMP_ACT_ALLOW)"
        config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon", "capset", "setresuid"], action: "SCMP_ACT_KILL_PROCESS"}]}'
        inspect
        is "$(got '.status | [.CapBnd, .CapPrm, .CapEff, .CapInh, .CapAmb] | unique')" '["0000000000000020"]'
        is "$(got .status.Seccomp)" 2
        rm -rf "$B"
    done
}

# ---- startContainer hooks ----------------------------------------------------------------------------------------------------

# runc and crun: NoNewPrivs 1, Seccomp 2, the user and the capabilities of the program.
@test "a startContainer hook is confined as the program is [hook-filter]" {
    local uid nnp
    for uid in 0 1000; do
        for nnp in true false; do
            rm -rf "$B"
            new_bundle ".process.user = {uid: $uid, gid: $uid} | .process.noNewPrivileges = $nnp | .root.readonly = false |
                .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"swapon\"], action: \"SCMP_ACT_ERRNO\"}]} |
                .hooks.startContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat /proc/self/status > /tmp/hook\"]}]"
            chmod 1777 "$B/rootfs/tmp"
            args sh -c 'cat /proc/self/status > /tmp/program'
            cfs run -b "$B" "$ID" < /dev/null
            for who in hook program; do
                grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters):' "$B/rootfs/tmp/$who" > "$T/$who"
            done
            diff "$T/hook" "$T/program" >&2
            is "$(sed -n 's/^Seccomp:\t//p' "$T/hook")" 2
            is "$(sed -n 's/^NoNewPrivs:\t//p' "$T/hook")" "$([ $nnp = true ] && echo 1 || echo 0)"
        done
    done
}

@test "a setuid file of the image that runs as a hook gains nothing with noNewPrivileges [hook-nnp]" {
    new_bundle '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = true | .root.readonly = false |
        .hooks.startContainer = [{path: "/bin/suid", args: ["cat", "/proc/self/status"]}] | .annotations["run.oci.hooks.stdout"] = "'"$T/hook"'"'
    # busybox goes by its name; a copy that belongs to root and is setuid.
    cp "$B/rootfs/bin/busybox" "$B/rootfs/bin/suid"
    chmod 4755 "$B/rootfs/bin/suid"
    args true
    cfs run -b "$B" "$ID" < /dev/null
    is "$(sed -n 's/^Uid:\t//p' "$T/hook")" $'1000\t1000\t1000\t1000'
}

@test "a hook is executed under a profile that allows execve alone, and judged by it" {
    local nnp action
    for nnp in true false; do
        for action in SCMP_ACT_ERRNO SCMP_ACT_KILL_PROCESS; do
            trap_bundle ".process.noNewPrivileges = $nnp | .linux.seccomp = $(only_execve $action) | .hooks.startContainer = [{path: \"/bin/trap\"}]"
            cfs create -b "$B" "$ID" > "$T/log" 2>&1 < /dev/null
            run cfs start "$ID"
            [ "$status" = 1 ]
            contains "$output" "killed by signal 4"
            cfs delete --force "$ID"
        done
    done
    trap_bundle ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_KILL_PROCESS\"}]} |
        .root.readonly = false | .hooks.startContainer = [{path: \"/bin/mkdir\", args: [\"mkdir\", \"/tmp/made\"]}]"
    run cfs run -b "$B" "$ID"
    [ "$status" = 1 ]
    contains "$output" "killed by signal 31"
    [ ! -e "$B/rootfs/tmp/made" ]
}
