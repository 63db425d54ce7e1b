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
        contains "$(cat "$T/err")" ended
        status_is "$ID" stopped
        cfs delete "$ID"
    done
}

# Or stopped: an init that has heard the first word of a start, and then meets no peer, ends.
@test "start that is killed: created until the program runs, running from then on" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    inject -a "$PID" count -- start "$ID"
    local role n last_runtime last_init status
    last_runtime=$(calls runtime) last_init=$(calls init)
    cfs delete --force "$ID"
    for role in runtime init; do
        for ((n = 1; n <= (role == runtime ? last_runtime : last_init); n++)); do
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

@test "a first word to the init that cannot be sent: an error, not a wait for ever" {
    new_bundle '.process.args = ["/bin/inspector", "stay"]'
    created
    inject -a "$PID" count -- start "$ID"
    local n
    n=$(awk '/^call runtime/ && $4 == "sendmsg" { print $3; exit }' "$T/log")
    cfs delete --force "$ID"
    created
    inject -a "$PID" -t 8 fail runtime "$n" ENOMEM -- start "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "cannot allocate memory"
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
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
    inject count -- run -b "$B" "$ID"
    is "$(result)" "exit 0"
    local n
    n=$(awk '/^call runtime/ && $4 == "rmdir" { print $3; exit }' "$T/log")
    [ -n "$n" ]
    inject fail runtime "$n" EIO -- run -b "$B" "$ID"
    is "$(result)" "exit 1"
    contains "$(cat "$T/err")" "input/output error"
    contains "$(cat "$T/err")" "cfs delete --force $ID"
    cfs delete --force "$ID"
    # The program's own failure is worth more.
    args sh -c 'exit 7'
    inject fail runtime "$n" EIO -- run -b "$B" "$ID"
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

@test "a cgroup's parent that cannot be looked for is not made on no record" {
    new_bundle '.process.args = ["/bin/true"] | .linux.cgroupsPath = "/" + (.linux.cgroupsPath | ltrimstr("/")) + "/inner"'
    inject count -- create -b "$B" "$ID"
    cfs delete --force "$ID"
    local n
    for n in $(awk '/^call runtime/ && $4 == "access" { print $3 }' "$T/log"); do
        inject fail runtime "$n" EIO -- create -b "$B" "$ID"
        [ "$(result)" != "exit 0" ] || cfs delete --force "$ID"
        is "$(find /sys/fs/cgroup -name "$ID" 2> /dev/null)" "" "access $n"
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
