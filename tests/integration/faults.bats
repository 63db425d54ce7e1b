# SPDX-License-Identifier: LGPL-2.1-or-later
# System calls that fail and processes that are killed at a certain point, by tests/fault/inject. These are the kinds that have
# been wrong; all points, and all errors, are the pass `fault` of tests/run (tests/fault/run).
load helpers/common

setup() {
    setup_common
    root_only
    [ -x "${INJECT:-}" ] || skip "needs tests/fault/inject, which knows x86-64 and arm64"
}

# inject MODE... -- ARG...: cfs with the fault; its output is in $T/out and $T/err, what inject says in $T/log.
inject() {
    local mode=()
    while [ "$1" != -- ]; do mode+=("$1"); shift; done
    shift
    "$INJECT" -o "$T/log" "${mode[@]}" -- "$CFS" --root "$STATE" "$@" < /dev/null > "$T/out" 2> "$T/err"
}

# calls ROLE: how many calls that role has made in the last run that was counted.
calls() { grep -c "^call $1 " "$T/log"; }

result() { tail -n 1 "$T/log"; }

created() {
    cfs create -b "$B" "$ID" < /dev/null > "$T/program" 2>&1
    PID=$(cfs state "$ID" | jq .pid)
}

@test "start whose init is killed before the execve has failed, wherever that was" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    inject -a "$PID" count -- start "$ID"
    is "$(result)" "exit 0"
    local n last
    last=$(calls init)
    [ "$last" -ge 5 ]
    cfs delete --force "$ID"
    for ((n = 1; n <= last; n++)); do
        created
        inject -a "$PID" kill init "$n" init -- start "$ID"
        # The accept(2) that it waited in may count, or not.
        grep -q "^killed init" "$T/log" || { is "$n" "$last"; cfs delete --force "$ID"; continue; }
        # Reaped by its parent before start can look, it is known to have ended; behind its last word it may have been the program.
        if [ "$(result)" = "exit 0" ]; then
            grep -Eq "^hit init [0-9]+ (seccomp|execve)$" "$T/log"
            cfs delete "$ID"
            continue
        fi
        is "$(result)" "exit 1" "init killed at its call $n: $(cat "$T/log")"
        # Killed in its wait, before start has looked at the status: then that is what start says.
        grep -Eq "ended|cannot start a container that has stopped" "$T/err" || contains "$(cat "$T/err")" ended
        status_is "$ID" stopped
        cfs delete "$ID"
    done
}

# Or stopped: an init that has heard the first word of a start, and then meets no peer, ends.
@test "start that is killed: created until the program runs, running from then on" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    inject -a "$PID" count -- start "$ID"
    local role n last last_runtime last_init status
    last_runtime=$(calls runtime) last_init=$(calls init)
    cfs delete --force "$ID"
    for role in runtime init; do
        last=$last_runtime
        [ $role = runtime ] || last=$last_init
        for ((n = 1; n <= last; n++)); do
            [ $role = init ] || [ "$n" -gt $((last_runtime - 12)) ] || continue
            created
            inject -a "$PID" kill $role "$n" runtime -- start "$ID"
            grep -q "^killed runtime" "$T/log" || { cfs delete --force "$ID"; continue; }
            is "$(result)" "signal 9"
            # The init may be on its way to the execve, or back to its wait for the next start.
            sleep 0.05
            status=$(cfs state "$ID" | jq -r .status)
            case $status in
            running) wait_for test -s "$T/program" ;;
            created) is "$(cat "$T/program")" "" "killed at $role $n"; cfs start "$ID"; wait_for test -s "$T/program" ;;
            *) is "$status" stopped "killed at $role $n"; is "$(cat "$T/program")" ""; cfs delete "$ID"; continue ;;
            esac
            # A container that runs is not for delete without --force.
            run cfs delete "$ID"
            is "$status" 1
            cfs delete --force "$ID"
        done
    done
}

# count ROLE CALL: how often in the run that was counted.
count() { awk -v r="$1" -v c="$2" '$1 == "call" && $2 == r && $4 == c' "$T/log" | wc -l; }

@test "a first word to the init that cannot be sent: tried again, and an error at last, not a wait for ever" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    inject -a "$PID" -t 8 exhaust runtime sendmsg:1 ENOMEM -- start "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "cannot allocate memory"
    is "$(cfs state "$ID" | jq -r .status)" created
    inject -a "$PID" fail runtime sendmsg:1 ENOMEM -- start "$ID"
    is "$(result)" "exit 0"
}

# The init goes on when it has received the first word of `start`, whether its answer arrives or not; /proc says whether it has come to
# its execve (PF_FORKNOEXEC).
@test "start that cannot hear the init's answer has started the container all the same" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    local setup e
    for setup in . '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]
                    | .linux.gidMappings = .linux.uidMappings'; do
        config "$setup"
        for e in EIO EINVAL ENOMEM; do
            created
            inject -a "$PID" fail runtime recvmsg:1 $e -- start "$ID"
            is "$(result)" "exit 0" "$e"
            is "$(cfs state "$ID" | jq -r .status)" running
            cfs delete --force "$ID"
            created
            inject -a "$PID" exhaust runtime recvmsg:1 $e -- start "$ID"
            is "$(result)" "exit 0" "$e"
            is "$(cfs state "$ID" | jq -r .status)" running
            cfs delete --force "$ID"
        done
    done
}

@test "create whose word to the init is refused, and whose init lives: an error, not a wait for its end" {
    new_bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]
                | .linux.gidMappings = .linux.uidMappings'
    inject count -- create -b "$B" "$ID"
    cfs delete --force "$ID"
    local n last
    last=$(count runtime sendmsg)
    [ "$last" -ge 3 ]
    for ((n = 1; n <= last; n++)); do
        inject fail runtime "sendmsg:$n" ECONNRESET -- create -b "$B" "$ID"
        is "$(result)" "exit 1" "sendmsg $n"
        contains "$(cat "$T/err")" "connection reset by peer"
        is "$(ls -A "$STATE")" ""
    done
}

@test "an init that can say nothing at all says so by its exit status" {
    new_bundle
    inject exhaust init sendmsg:1 ENOBUFS -- run -b "$B" "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "no buffer space available"
    is "$(ls -A "$STATE")" ""
}

# It is not the child of start; /proc/PID/stat has the exit status of a zombie (proc(5), exit_code).
@test "start, too, names why an init ended that can say nothing at all" {
    new_bundle
    created
    inject -a "$PID" exhaust init sendmsg:1 ENOBUFS -- start "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "no buffer space available"
    status_is "$ID" stopped
    cfs delete "$ID"
}

# What an outer filter may do: wait4(2) is not the only call that reaps.
@test "run and exec have the exit code of their process although wait4(2) is refused" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "5"]'
    inject exhaust runtime wait4:1 EPERM -- run -b "$B" "$ID"
    is "$(result)" "exit 5"
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    cfs start "$ID"
    inject exhaust runtime wait4:1 EPERM -- exec "$ID" /bin/inspector exit 7
    is "$(result)" "exit 7"
    cfs delete --force "$ID"
}

@test "run deletes its container although flock(2) does not give the lock back" {
    new_bundle '.process.args = ["/bin/true"]'
    inject count -- run -b "$B" "$ID"
    local n last
    last=$(count runtime flock)
    [ "$last" -ge 2 ]
    for ((n = 1; n <= last; n++)); do
        inject -t 20 fail runtime "flock:$n" ENOLCK -- run -b "$B" "$ID"
        case $(result) in
        "exit 0") ;;
        "exit 1") contains "$(cat "$T/err")" "no locks available" ;;
        *) is "$(result)" "an exit" "flock $n" ;;
        esac
        # The lock to delete it may be what could not be had.
        ! grep -q "cfs delete --force $ID" "$T/err" || cfs delete --force "$ID"
        is "$(ls -A "$STATE")" "" "flock $n"
    done
}

@test "exec whose wait(2) is refused knows how its process has ended" {
    new_bundle
    args sleep 1000
    up
    inject count -- exec "$ID" sh -c 'exit 9'
    is "$(result)" "exit 9"
    local n e
    n=$(count runtime wait4)
    for e in ENOMEM EAGAIN EINTR; do
        inject fail runtime "wait4:$n" $e -- exec "$ID" sh -c 'exit 9'
        is "$(result)" "exit 9" "$e"
    done
}

@test "exec: a word that cannot be sent for the moment is sent again, descriptors are closed without close_range(2)" {
    new_bundle
    args sleep 1000
    up
    inject count -- exec "$ID" /bin/inspector
    jq -cS .fds "$T/out" > "$T/fds"
    local n e sends closes
    sends=$(count init sendmsg) closes=$(count init close_range)
    for ((n = 1; n <= sends; n++)); do
        inject fail init "sendmsg:$n" EAGAIN -- exec "$ID" /bin/inspector
        is "$(result)" "exit 0" "sendmsg $n"
        inject fail init "sendmsg:$n" EACCES -- exec "$ID" /bin/inspector
        is "$(result)" "exit 255" "sendmsg $n"
        contains "$(cat "$T/err")" "permission denied"
    done
    # Its second process waits for the first one.
    inject fail stage read:1 EIO -- exec "$ID" /bin/inspector
    is "$(result)" "exit 255"
    contains "$(cat "$T/err")" "input/output error"
    for ((n = 1; n <= closes; n++)); do
        for e in ENOMEM EPERM; do
            inject fail init "close_range:$n" $e -- exec "$ID" /bin/inspector
            is "$(result)" "exit 0" "close_range $n: $e"
            is "$(jq -cS '.fds | keys' "$T/out")" "$(jq -c keys "$T/fds")"
        done
    done
}

# EINVAL: more descriptors than RLIMIT_NOFILE, says poll(2); ENOMEM.
@test "run without poll(2): the end of its program is seen, signals arrive, and it does not spin" {
    new_bundle
    args sh -c 'sleep 1; exit 4'
    inject count -- run -b "$B" "$ID"
    is "$(result)" "exit 4"
    local n last waited=
    last=$(count runtime poll)
    for ((n = 1; n <= last; n++)); do
        inject exhaust runtime "poll:$n" EINVAL -- run -b "$B" "$ID"
        [ "$(grep -c '^hit ' "$T/log")" -le 300 ]
        # Before the program runs the caller is told.
        [ "$(result)" != "exit 1" ] || { contains "$(cat "$T/err")" "invalid argument"; cfs delete --force "$ID"; continue; }
        is "$(result)" "exit 4" "poll $n"
        ! grep -q "cfs delete --force $ID" "$T/err" || cfs delete --force "$ID"
        is "$(ls -A "$STATE")" ""
        waited=$n
    done
    [ -n "$waited" ]
}

@test "exec and run write the pid file before the program runs, or do not run it" {
    new_bundle '.process.args = ["/bin/sh", "-c", "echo ran > /ran; exec sleep 100"] | .root.readonly = false'
    run cfs run -d --pid-file "$T/none/pid" -b "$B" "$ID"
    is "$status" 1
    contains "$output" "pid file"
    [ ! -e "$B/rootfs/ran" ]
    is "$(ls -A "$STATE" 2> /dev/null)" ""
    up
    wait_for test -e "$B/rootfs/ran"
    run cfs exec --pid-file "$T/none/pid" "$ID" /bin/sh -c 'echo exec > /exec'
    is "$status" 255
    [ ! -e "$B/rootfs/exec" ]
    # What fails later takes it back.
    run cfs exec --pid-file "$T/pid" "$ID" /bin/none
    is "$status" 255
    [ ! -e "$T/pid" ]
    cfs exec --pid-file "$T/pid" "$ID" /bin/true
    [ -s "$T/pid" ]
}

@test "run whose container cannot be deleted at its end says so, by its status too" {
    new_bundle '.process.args = ["/bin/true"]'
    inject exhaust runtime rmdir:1 EIO -- run -b "$B" "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "input/output error"
    contains "$(cat "$T/err")" "cfs delete --force $ID"
    cfs delete --force "$ID"
    # The program's own failure is worth more.
    args sh -c 'exit 7'
    inject exhaust runtime rmdir:1 EIO -- run -b "$B" "$ID"
    is "$(result)" "exit 7"
    contains "$(cat "$T/err")" "input/output error"
    cfs delete --force "$ID"
}

@test "a capability that cannot be dropped, a passwd file that cannot be read: errors, not another container" {
    new_bundle
    inject count -- run -b "$B" "$ID"
    cp "$T/log" "$T/counted"
    local n call
    for call in prctl read; do
        for n in $(awk -v c=$call '/^call init/ && $4 == c { print $3 }' "$T/counted" | sed -n '1p;10p;$p'); do
            inject fail init "$n" EIO -- run -b "$B" "$ID"
            if [ "$(result)" != "exit 0" ]; then
                contains "$(cat "$T/err")" "input/output error"
            else
                is "$(jq -c '[.status, .env]' "$T/out")" "$(cfs run -b "$B" "$ID" < /dev/null | jq -c '[.status, .env]')" "$call $n"
            fi
            is "$(ls -A "$STATE")" ""
        done
    done
}

# The kernel may have none (CONFIG_PROC_KCORE), so that the look for it fails is all that can be asked for everywhere.
@test "/proc/kcore that cannot be looked for is not taken for missing" {
    new_bundle
    local call
    inject count -- run -b "$B" "$ID"
    call=$(awk '/^call init/ && $4 ~ /^faccessat/ { print $4; exit }' "$T/log")
    inject fail init "$call:1" EIO -- run -b "$B" "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "look for \`/proc/kcore\`: input/output error"
}

@test "exec: what its first process says is not replaced by what its second one sees" {
    new_bundle
    args sleep 1000
    up
    # The last write of the first process lets the second one go on.
    inject count -- exec "$ID" /bin/true
    local n
    n=$(count init write)
    inject fail init "write:$n" EPERM -- exec "$ID" /bin/true
    is "$(result)" "exit 255"
    contains "$(cat "$T/err")" "operation not permitted"
}

# EINVAL would say that the number is a thread's, so that the process is gone.
@test "delete --force whose pidfd_open is refused does not give up a process that lives" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    inject fail runtime pidfd_open:1 EINVAL -- delete --force "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "invalid argument"
    is "$(cfs state "$ID" | jq .pid)" "$PID"
    cfs delete --force "$ID"
    is "$(ls -A "$STATE")" ""
}

@test "list whose output cannot be written says why" {
    new_bundle
    args sleep 1000
    up
    # One C library writes by writev(2), another by write(2).
    inject count -- list -q
    local n
    n=$(awk '/^call runtime/ && $4 ~ /^writev?$/ { n = $3 } END { print n }' "$T/log")
    inject fail runtime "$n" ENOSPC -- list -q
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "no space left on device"
}

@test "a cgroup's parent that cannot be looked for is not made on no record" {
    new_bundle '.process.args = ["/bin/true"] | .linux.cgroupsPath = "/" + (.linux.cgroupsPath | ltrimstr("/")) + "/inner"'
    inject count -- create -b "$B" "$ID"
    cfs delete --force "$ID"
    local n
    n=$(grep -c '^call runtime [0-9]* access ' "$T/log")
    [ "$n" -gt 0 ]
    for (( ; n > 0; n--)); do
        inject fail runtime "access:$n" EIO -- create -b "$B" "$ID"
        [ "$(result)" != "exit 0" ] || cfs delete --force "$ID"
        is "$(cgroups_named "$ID")" "" "access $n"
        is "$(ls -A "$STATE")" ""
    done
}

# Every wait has an end: a signal may have stopped the init. What it says then is for the one who looks for the reason.
@test "start of an init that is stopped gives up, says where it hangs, and leaves the container as it was" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    kill -STOP "$PID"
    run timeout 50 "$CFS" --root "$STATE" start "$ID"
    is "$status" 1
    contains "$output" "has not been heard of for 30 s"
    contains "$output" "at \`started\`"
    contains "$output" "state T (stopped)"
    contains "$output" "do_signal_stop"
    contains "$output" "its cgroup is not frozen"
    kill -CONT "$PID"
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
    wait_for test -s "$T/program"
}

# A state directory on a disk: rename(2) may be there after a power failure, and what was written before not. Prefixes of the
# record stand for the points of its write(2).
@test "power loss: a record that is cut off is an error that names the file, and delete --force removes it" {
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    up
    local record size n
    record=$(cat "$STATE/$ID/state.json")
    size=${#record}
    cfs delete --force "$ID"
    for ((n = 0; n < size; n += 97)); do
        mkdir -p "$STATE/$ID"
        printf %s "${record:0:n}" > "$STATE/$ID/state.json"
        run cfs state "$ID"
        is "$status" 1
        contains "$output" state.json
        run cfs list -q
        contains "$output" "$ID"
        run cfs delete "$ID"
        is "$status" 1 "$n"
        cfs delete --force "$ID"
        is "$(ls -A "$STATE")" ""
    done
    # And what may lie there without a record: the next one, a temporary file, nothing at all.
    mkdir -p "$STATE/$ID"
    printf '{' | tee "$STATE/$ID/state.json.next" > "$STATE/$ID/state.json.new-1"
    args true
    cfs run -b "$B" "$ID"
    is "$(ls -A "$STATE")" ""
}

# A malloc(3) that fails must leave no empty line in a log that engines read as one JSON object a line.
@test "without memory, a line of the log is whole or not there, and standard error has it" {
    not_sanitized "their allocator ends the program when mmap(2) fails"
    new_bundle '.hooks.poststop = [{ "path": "/bin/true" }]'
    inject count -- create -b "$B" "$ID"
    cfs delete --force "$ID"
    local n last
    last=$(grep -c "^call runtime [0-9]* mmap " "$T/log")
    [ "$last" -ge 1 ]
    for ((n = 1; n <= last; n++)); do
        rm -f "$T/json"
        "$INJECT" -o "$T/log" exhaust runtime "mmap:$n" ENOMEM -- "$CFS" --root "$STATE" --log "$T/json" --log-format json create -b "$B" "$ID" \
            < /dev/null > "$T/out" 2> "$T/err"
        if [ "$(result)" != "exit 0" ]; then
            contains "$(cat "$T/err")" "annot allocate memory"
            jq -es 'all(.[]; .msg != null)' "$T/json" > /dev/null
            is "$(grep -c '^$' "$T/json")" 0
        fi
        # What could not be undone without memory is removed with it.
        [ ! -e "$STATE/$ID" ] || { [ "$(result)" = "exit 0" ] || grep -q "delete --force" "$T/err" "$T/json"; cfs delete --force "$ID"; }
    done
}

# poll(2): "ENOMEM Unable to allocate memory for kernel data structures." What fails once may go on failing.
@test "an id-mapped mount whose process cannot be waited for is an error, not a loop" {
    new_bundle '.mounts += [{ "destination": "/mapped", "type": "bind", "source": "/", "options": ["bind", "idmap"],
        "uidMappings": [{ "containerID": 0, "hostID": 1000, "size": 10 }], "gidMappings": [{ "containerID": 0, "hostID": 1000, "size": 10 }] }]' \
        '.process.args = ["/bin/true"]'
    jq --arg root "$B/rootfs" '(.mounts[] | select(.destination == "/mapped") | .source) = $root' "$B/config.json" > "$T/config" && mv "$T/config" "$B/config.json"
    inject -t 5 count -- run -b "$B" "$ID"
    [ "$(result)" = "exit 0" ] || skip "$(head -n 1 "$T/err")"
    [ "$(grep -c '^call init [0-9]* poll ' "$T/log")" -ge 1 ]
    inject -t 5 exhaust init poll:1 ENOMEM -- run -b "$B" "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "cannot allocate memory"
    is "$(ls -A "$STATE")" ""
    # kill(2): "EPERM The calling process does not have permission" - by a filter or a security module, say.
    inject -t 5 fail init kill:1 EPERM -- run -b "$B" "$ID"
    is "$(result)" "exit 0"
}

# prctl(2), PR_SET_PDEATHSIG: what has ended before does not send it. The process had the lock of the container, and nothing to wake it.
@test "a runtime that is killed right after it has made a process for an id-mapped mount leaves none that waits for ever" {
    new_bundle '.linux.namespaces += [{ "type": "user" }] | .linux.uidMappings = [{ "containerID": 0, "hostID": 100000, "size": 65536 }]
        | .linux.gidMappings = .linux.uidMappings' '.process.args = ["/bin/true"]' \
        'del(.linux.maskedPaths, .linux.readonlyPaths) | .mounts += [{ "destination": "/mapped", "type": "bind", "source": "data", "options": ["bind", "idmap"],
            "uidMappings": [{ "containerID": 0, "hostID": 1000, "size": 10 }], "gidMappings": [{ "containerID": 0, "hostID": 1000, "size": 10 }] }]'
    mkdir "$B/data" "$B/rootfs/mapped"
    inject count -- run -b "$B" "$ID"
    [ "$(result)" = "exit 0" ] || skip "$(head -n 1 "$T/err")"
    [ "$(calls stage)" -ge 1 ]
    inject kill stage 1 runtime -- create -b "$B" "$ID"
    is "$(result)" "signal 9"
    run timeout 10 "$CFS" --root "$STATE" delete --force "$ID"
    is "$status" 0 "$output"
    is "$(ls -A "$STATE")" ""
}

# What is put back is written by the same calls, which may fail as well.
@test "update: a limit that could not be put back is named" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]' '.linux.resources.pids.limit = 50 | .linux.resources.cpu.shares = 512'
    created
    inject count -- update --pids-limit 60 --cpu-share 600 "$ID"
    is "$(result)" "exit 0"
    local n last told=0
    last=$(grep -c "^call runtime [0-9]* openat " "$T/log")
    cfs update --pids-limit 50 --cpu-share 512 "$ID"
    for ((n = last; n > last - 6 && n > 0; n--)); do
        inject exhaust runtime "openat:$n" ENOMEM -- update --pids-limit 60 --cpu-share 600 "$ID"
        [ "$(result)" != "exit 0" ] || continue
        ! grep -q "stays as the update has set it: write .* back to .*: cannot allocate memory" "$T/err" || told=$((told + 1))
    done
    [ "$told" -gt 0 ]
    cfs delete --force "$ID"
}
