# SPDX-License-Identifier: LGPL-2.1-or-later
# No wait without an end: files that users, engines and directories name may be FIFOs, whose other end never comes (fifo(7)).
# What is right: runc and crun wait in open(2) for ever, without hearing a signal once they have begun; engines hand over
# documents by /dev/stdin and /dev/fd/N (process substitution), and that works.
load helpers/common

setup() {
    setup_common
    root_only
    mkfifo "$T/fifo"
}

# in_time SECONDS COMMAND...: as `run`, but a command that takes longer is a failure.
in_time() {
    run timeout "$@"
    [ "$status" != 124 ] || { echo "waits: ${*:2}" >&2; return 1; }
}

@test "documents come through pipes: process substitution, standard input, a slow writer, one that comes late" {
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    local whole half="$T/half"
    whole=$(cat "$B/config.json")
    rm "$B/config.json"
    cfs create -b "$B" --config <(sleep 0.3; echo "$whole") "$ID" < /dev/null > /dev/null 2>&1
    cfs delete --force "$ID"
    (sleep 0.3; echo "$whole") | cfs create -b "$B" --config /dev/stdin "$ID" > /dev/null 2>&1
    cfs delete --force "$ID"
    # The reader has opened it when there is no writer; then half of it, and half a second without a word.
    head -c 40 <<< "$whole" > "$half"
    (sleep 0.5; exec 9> "$T/fifo"; cat "$half" >&9; sleep 0.5; tail -c +41 <<< "$whole" >&9) 3>&- &
    cfs create -b "$B" --config "$T/fifo" "$ID" < /dev/null > /dev/null 2>&1
    cfs start "$ID"
    for how in /dev/stdin -; do
        (sleep 0.2; echo '{"pids": {"limit": 33}}') | cfs update --resources "$how" "$ID"
    done
    cfs update --resources <(sleep 0.2; echo '{"pids": {"limit": 34}}') "$ID"
    run cfs exec --process <(sleep 0.2; echo '{"cwd": "/", "args": ["/bin/echo", "from a pipe"]}') "$ID"
    is "$output" "from a pipe"
    run cfs update --resources <(true) "$ID"
    is "$status" 1
    contains "$output" "empty"
}

@test "a FIFO that no process writes to is an error after ten seconds, and a signal ends the wait; no lock is held" {
    local pids=() p
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    up
    try() { timeout 30 "$CFS" --root "$STATE" "$@" < /dev/null > "$T/out.$1" 2>&1 3>&- & pids+=($!); }
    try create -b "$B" --config "$T/fifo" other
    try run -b "$B" --config "$T/fifo" other
    try update --resources "$T/fifo" "$ID"
    try exec --process "$T/fifo" "$ID"
    try check -b "$B" --config "$T/fifo"
    # SIGTERM, while it would be forwarded to a container if there was one.
    for verb in "run -b $B --config $T/fifo other" "exec --process $T/fifo $ID"; do
        # shellcheck disable=SC2086 # words are words
        "$CFS" --root "$STATE" $verb < /dev/null > /dev/null 2>&1 3>&- &
        p=$!
        sleep 0.3
        kill "$p"
        status=0
        wait "$p" || status=$?
        is "$status" 143 "$verb"
    done
    in_time 5 "$CFS" --root "$STATE" pause "$ID"
    in_time 5 "$CFS" --root "$STATE" resume "$ID"
    for p in "${pids[@]}"; do
        status=0
        wait "$p" || status=$?
        [[ $status != 0 && $status != 124 ]]
    done
    for p in create run update exec check; do
        contains "$(cat "$T/out.$p")" "no process has opened the FIFO \`$T/fifo\` for writing in 10 seconds" "$p"
    done
    [ ! -e "$STATE/other" ]
    status_is "$ID" running
}

@test "a log, a trace and an output of hooks that no process reads are errors at once; a reader that sleeps costs its lines" {
    new_bundle '.process.args = ["/bin/true"]'
    in_time 5 "$CFS" --root "$STATE" --log "$T/fifo" run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "--log: open \`$T/fifo\`"
    contains "$output" "is it a FIFO that no process reads?"
    in_time 5 "$CFS" --root "$STATE" --trace "$T/fifo" run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "--trace: open \`$T/fifo\`"
    config '.annotations["run.oci.hooks.stdout"] = env.T + "/fifo" | .hooks.poststart = [{path: "/bin/true"}]'
    in_time 5 "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "the output of hooks: open \`$T/fifo\`"
    config 'del(.annotations) | del(.hooks)'
    # Read by a process that never does: 64 KiB fit into it.
    background bash -c "exec 9< '$T/fifo'; exec sleep 100"
    exec 8> "$T/fifo"
    head -c 65536 /dev/zero >&8
    in_time 20 "$CFS" --root "$STATE" --log "$T/fifo" delete "$ID"
    is "$status" 1
    exec 8>&-
}

@test "FIFOs in place of a namespace's file and of a record: an error at once" {
    new_bundle '.process.args = ["/bin/sleep", "1000"] | .linux.namespaces |= map(select(.type != "network")) + [{type: "network", path: (env.T + "/fifo")}]'
    in_time 5 "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "is not a network namespace"
    mkdir -p "$STATE/$ID"
    mkfifo "$STATE/$ID/state.json"
    in_time 5 "$CFS" --root "$STATE" state "$ID"
    is "$status" 1
    in_time 5 "$CFS" --root "$STATE" list
    in_time 5 "$CFS" --root "$STATE" list --format json
    in_time 5 "$CFS" --root "$STATE" delete --force "$ID"
    is "$status" 0
    [ ! -e "$STATE/$ID" ]
}

@test "an init whose first thread has ended lives as long as another thread does" {
    new_bundle '.process.args = ["/bin/inspector", "thread"]'
    up
    wait_for grep -q 'State:.Z' "/proc/$PID/status"
    # proc(5): a leader that has ended is shown as a zombie until the last thread ends.
    status_is "$ID" running
    run cfs delete "$ID"
    is "$status" 1
    contains "$output" "$ID"
    # setns(2) of its pidfd: ESRCH. runc: "cannot exec in a stopped container", though the container is running.
    run cfs exec "$ID" /bin/true
    is "$status" 255
    contains "$output" "the first thread of the container's init has ended"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
}

@test "ps of an init that is about to end, and has left its cgroup: nothing, and no error" {
    [ -e /sys/fs/cgroup/freezer/cgroup.procs ] || skip "needs the freezer of cgroup v1, whose processes cannot be killed"
    local held="/sys/fs/cgroup/freezer/$ID-held" child d
    new_bundle '.process.args = ["/bin/sh", "-c", "sleep 1000 & wait"]'
    up
    child=$(cat "/proc/$PID/task/$PID/children")
    while [ -z "$child" ]; do child=$(cat "/proc/$PID/task/$PID/children"); done
    for d in /sys/fs/cgroup/*/; do [ ! -e "$d/cgroup.procs" ] || echo $child > "$d/cgroup.procs"; done
    mkdir "$held"
    echo $child > "$held/cgroup.procs"
    echo FROZEN > "$held/freezer.state"
    # It waits for its child then, which cannot end: pid_namespaces(7).
    cfs kill "$ID" KILL
    wait_for test ! -s "/sys/fs/cgroup/freezer/$ID/cgroup.procs"
    run cfs ps --format json "$ID"
    echo THAWED > "$held/freezer.state"
    wait_for rmdir "$held" 2> /dev/null
    is "$status" 0 "$output"
    is "$output" "[]"
    wait_for status_is "$ID" stopped
}

# --pid-file may be a FIFO (crun writes to it); open(2) of one waits for a reader, here with all signals blocked.
@test "a pid file that is a FIFO: a reader that comes late gets it; without one an error after ten seconds, or at a signal, and nothing is left" {
    local verb pid code
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    (sleep 0.5; cat "$T/fifo" > "$T/got") 3>&- &
    timeout 10 "$CFS" --root "$STATE" run --detach --pid-file "$T/fifo" -b "$B" "$ID" < /dev/null > /dev/null 2>&1 3>&-
    wait_for test -s "$T/got"
    is "$(cat "$T/got")" "$(cfs state "$ID" | jq .pid)"
    in_time 20 "$CFS" --root "$STATE" exec --pid-file "$T/fifo" "$ID" /bin/true
    is "$status" 255
    contains "$output" "no process has opened it for reading in 10 seconds"
    cfs delete --force "$ID"
    for verb in "run" "run --detach"; do
        # shellcheck disable=SC2086 # words are words
        "$CFS" --root "$STATE" $verb --pid-file "$T/fifo" -b "$B" "$ID" < /dev/null > "$T/out" 2>&1 3>&- &
        pid=$! code=0
        wait_for test -e "$STATE/$ID/state.json"
        sleep 0.3
        kill "$pid"
        wait_for gone "$pid"
        wait "$pid" || code=$?
        [ "$code" != 0 ]
        cfs delete --force "$ID" 2> /dev/null || true # what SIGTERM has ended, detached, undoes nothing
        is "$(cgroups_named "$ID")" "" "$verb"
        [ ! -e "$STATE/$ID" ]
    done
}

# unix(7): connect(2) waits while the queue of a listener that accepts nothing is full.
@test "a console socket and a pidfd socket whose listener accepts nothing are errors after ten seconds" {
    local option
    new_bundle '.process.args = ["/bin/sleep", "1000"] | .process.terminal = true'
    background "$PYTHON" -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(0)
c = [socket.socket(socket.AF_UNIX) for _ in range(8)]
for x in c:
    x.setblocking(False)
    try: x.connect(sys.argv[1])
    except BlockingIOError: break
open(sys.argv[1] + ".full", "w")
time.sleep(600)' "$T/socket"
    wait_for test -e "$T/socket.full"
    for option in --console-socket --pidfd-socket; do
        in_time 25 "$CFS" --root "$STATE" create "$option" "$T/socket" -b "$B" "$ID"
        is "$status" 1 "$option"
        contains "$output" "connect to the"
        contains "$output" "timed out"
        [ ! -e "$STATE/$ID" ]
        is "$(cgroups_named "$ID")" ""
        config '.process.terminal = false'
    done
}
