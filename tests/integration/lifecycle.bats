# SPDX-License-Identifier: LGPL-2.1-or-later
# create, start, state, kill, delete, run (runtime.md, "Lifecycle" and "Operations").
load helpers/common

# spec: runtime.state.3 runtime.operations.1 runtime.query.2 runtime.create.4 runtime.start.3
# spec: runtime.kill.3 runtime.scope.1
@test "create, start, kill, delete: the status follows" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID"
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
    is "$(cfs state "$ID" | jq -r .status)" running
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    is "$(cfs state "$ID" | jq -r .pid)" 0
    cfs delete "$ID"
    run cfs state "$ID"
    is "$status" 1
    contains "$output" "does not exist"
}

# spec: runtime.lifecycle.3 runtime.create.6 runtime.lifecycle.13
@test "the user's program does not run before start" {
    root_only
    new_bundle '.process.args = ["/bin/touch", "/tmp/ran"] | .root.readonly = false'
    cfs create -b "$B" "$ID"
    sleep 0.2
    [ ! -e "$B/rootfs/tmp/ran" ]
    cfs start "$ID"
    wait_for test -e "$B/rootfs/tmp/ran"
}

# spec: runtime.lifecycle.4
@test "config.json may change after create without effect" {
    root_only
    new_bundle '.process.args = ["/bin/touch", "/tmp/first"] | .root.readonly = false'
    cfs create -b "$B" "$ID"
    config '.process.args = ["/bin/touch", "/tmp/second"]'
    cfs start "$ID"
    wait_for test -e "$B/rootfs/tmp/first"
    [ ! -e "$B/rootfs/tmp/second" ]
}

# spec: runtime.state.1 runtime.state.2 runtime.state.5 runtime.state.8 runtime.state.9
# spec: runtime.query.3
@test "state has what the specification and the engines ask for" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .annotations = {"a.b": "c \u00e4 \" \\"}'
    cfs create -b "$B" "$ID"
    cfs state "$ID" > "$OUT"
    is "$(got .id)" "$ID"
    is "$(got .bundle)" "$B"
    is "$(got .rootfs)" "$B/rootfs"
    is "$(got '.annotations["a.b"]')" 'c ä " \'
    is "$(got .ociVersion)" "$(jq -r .ociVersion "$B/config.json")"
    local pid
    pid=$(got .pid)
    [ -d "/proc/$pid" ]
    got .created | grep -Eq '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$'
}

@test "run returns the exit code of the program" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "exit", "42"]'
    run cfs run -b "$B" "$ID"
    is "$status" 42
    run cfs state "$ID"
    is "$status" 1
}

@test "run returns 128 + signal when the program was killed" {
    root_only
    new_bundle '.process.args = ["/bin/sh", "-c", "kill -9 $$"] | .linux.namespaces |= map(select(.type != "pid"))'
    run cfs run -b "$B" "$ID"
    is "$status" 137
}

@test "run forwards signals to the program" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "signals"]'
    "$CFS" --root "$STATE" run -b "$B" "$ID" > "$OUT" 3>&- &
    local pid=$!
    wait_for grep -q ready "$OUT"
    kill -USR1 $pid
    wait_for grep -qx 10 "$OUT"
    kill -TERM $pid
    wait $pid
    grep -qx 15 "$OUT"
}

@test "run --keep leaves the container for delete" {
    root_only
    new_bundle '.process.args = ["/bin/true"]'
    cfs run --keep -b "$B" "$ID"
    is "$(cfs state "$ID" | jq -r .status)" stopped
    cfs delete "$ID"
}

@test "run --detach returns at once; the container runs on" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs run --detach --pid-file "$T/pid" -b "$B" "$ID" > /dev/null < /dev/null 2>&1
    is "$(cfs state "$ID" | jq -r .status)" running
    is "$(cat "$T/pid")" "$(cfs state "$ID" | jq -r .pid)"
    is "$(tail -c 1 "$T/pid" | tr -d '0-9')" "" "no newline"
}

# spec: runtime.create.2
@test "an ID in use is refused, and its container unharmed" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID"
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "container with given ID already exists"
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
}

# spec: runtime.delete.5
@test "an ID can be used again after delete" {
    root_only
    new_bundle '.process.args = ["/bin/true"]'
    cfs run -b "$B" "$ID"
    cfs run -b "$B" "$ID"
}

# spec: runtime.start.2
@test "start: twice, of a stopped and of a missing container are errors without effect" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    run cfs start "$ID"
    is "$status" 1
    contains "$output" "does not exist"
    cfs create -b "$B" "$ID"
    cfs start "$ID"
    run cfs start "$ID"
    is "$status" 1
    contains "$output" "cannot start an already running container"
    is "$(cfs state "$ID" | jq -r .status)" running
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    run cfs start "$ID"
    is "$status" 1
    contains "$output" "cannot start a container that has stopped"
}

# spec: runtime.kill.2
@test "kill of a stopped container is an error" {
    root_only
    new_bundle '.process.args = ["/bin/true"]'
    cfs run --keep -b "$B" "$ID"
    run cfs kill "$ID" TERM
    is "$status" 1
    contains "$output" "container not running"
}

# spec: runtime.delete.2
@test "delete of a running container is an error; --force kills it" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs run --detach -b "$B" "$ID" > /dev/null < /dev/null 2>&1
    local pid
    pid=$(cfs state "$ID" | jq -r .pid)
    run cfs delete "$ID"
    is "$status" 1
    contains "$output" "is not stopped: running"
    kill -0 "$pid"
    cfs delete --force "$ID"
    run cfs state "$ID"
    is "$status" 1
    cfs delete --force "$ID"
}

@test "delete of a created container kills its init" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID"
    cfs delete "$ID"
    run cfs state "$ID"
    is "$status" 1
}

# spec: runtime.delete.2
@test "delete of a created container that is paused is an error, as in runc; --force kills it" {
    root_only
    new_bundle
    cfs create -b "$B" "$ID" > "$T/log" 2>&1 < /dev/null
    cfs pause "$ID"
    run cfs delete "$ID"
    is "$status" 1
    contains "$output" "paused"
    status_is "$ID" paused
    cfs delete --force "$ID"
    run ! cfs state "$ID"
}

# spec: runtime.start.4 config.process.1
@test "create without process works, start is the error" {
    root_only
    new_bundle 'del(.process)'
    cfs create -b "$B" "$ID"
    is "$(cfs state "$ID" | jq -r .status)" created
    run cfs start "$ID"
    is "$status" 1
    contains "$output" "process"
}

# As with runc, whose start succeeds as well: see bad-bundles.bats.
@test "a program that vanished between create and start ends the container, which says why" {
    root_only
    new_bundle '.process.args = ["/bin/sleep", "100"] | .root.readonly = false'
    cfs create -b "$B" "$ID" < /dev/null > "$T/its" 2>&1
    rm "$B/rootfs/bin/sleep"
    run cfs start "$ID"
    is "$status" 0
    contains "$output" "warning: process.args[0]: exec /bin/sleep: no such file or directory"
    is "$(cat "$T/its")" "exec /bin/sleep: no such file or directory"
    wait_for status_is "$ID" stopped
}

@test "a start that is killed leaves the container startable" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID"
    # Connect to the init and leave without a word, as a killed start would.
    python3 - "$STATE/$ID" <<'P'
import os, socket, sys
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("start.sock")
s.close()
P
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
    is "$(cfs state "$ID" | jq -r .status)" running
}

@test "list shows the containers as table, json and quietly" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    mkdir "$STATE"
    is "$(cfs list --format json)" null
    cfs create -b "$B" "$ID"
    cfs list | head -1 | grep -Eq '^ID +PID +STATUS +BUNDLE +CREATED +OWNER$'
    cfs list | tail -1 | grep -Eq "^$ID +[0-9]+ +created +$B "
    is "$(cfs list -q)" "$ID"
    is "$(cfs list -f json | jq -r '.[0].id')" "$ID"
}

@test "a container of an earlier boot is stopped, and its pid is not signalled" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID"
    local pid
    pid=$(cfs state "$ID" | jq -r .pid)
    jq '.bootId = "00000000-0000-0000-0000-000000000000"' "$STATE/$ID/state.json" > "$T/s" && cp "$T/s" "$STATE/$ID/state.json"
    is "$(cfs state "$ID" | jq -r .status)" stopped
    run cfs kill "$ID" KILL
    is "$status" 1
    kill -0 "$pid"
    kill -9 "$pid"
}

# runc: "container not paused". A created container may be paused, and is told from one that is not as a running one is.
@test "resume of a container that is not paused is an error, also when it is created" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    run cfs resume "$ID"
    is "$status" 1
    contains "$output" "container not paused: created"
    cfs pause "$ID"
    cfs resume "$ID"
    status_is "$ID" created
    cfs delete "$ID"
}

# As runc and crun: a script's variable without a value asks for the default.
@test "an empty signal is SIGTERM" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    cfs kill "$ID" ""
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
}

@test "a signal to a created container ends its init, in a PID namespace and without" {
    root_only
    local sig code ns
    for ns in pid none; do
        new_bundle
        [ $ns = pid ] || config '.linux.namespaces |= map(select(.type != "pid"))'
        for sig in TERM INT HUP USR1 RTMIN+1 KILL; do
            cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
            cfs kill "$ID" $sig
            wait_for status_is "$ID" stopped
            run cfs start "$ID"
            is "$status" 1 $sig
            cfs delete "$ID"
        done
        # What would not end a program does not end it, and is not there any more when the program runs.
        cfs create -b "$B" "$ID" < /dev/null > "$OUT" 2>&1
        for sig in WINCH CHLD CONT URG; do cfs kill "$ID" $sig; done
        sleep 0.1
        status_is "$ID" created
        cfs start "$ID"
        wait_for status_is "$ID" stopped
        is "$(got '[.fds | keys[]] | join(" ")')" "0 1 2" $ns
        cfs delete "$ID"
        args /bin/grep -E '^Sig(Blk|Pnd)|^ShdPnd' /proc/self/status
        cfs create -b "$B" "$ID" < /dev/null > "$OUT" 2>&1
        cfs start "$ID"
        wait_for status_is "$ID" stopped
        is "$(grep -vc 0000000000000000 "$OUT")" 0 "nothing blocked, nothing pending"
        cfs delete "$ID"
    done
}

# The exit code that the parent of the init (an engine) gets: 128 + the signal, as of a program that it ended.
@test "the exit code of a created container that was told to end" {
    root_only
    needs python3
    new_bundle
    run "$PYTHON" - "$CFS" "$STATE" "$B" "$ID" << 'EOF'
import ctypes, os, subprocess, sys
cfs, state, bundle, cid = sys.argv[1:]
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
subprocess.run([cfs, "--root", state, "create", "-b", bundle, "--pid-file", bundle + "/pid", cid], stdin=subprocess.DEVNULL, check=True)
subprocess.run([cfs, "--root", state, "kill", cid, "TERM"], check=True)
print(os.waitstatus_to_exitcode(os.waitpid(int(open(bundle + "/pid").read()), 0)[1]))
EOF
    is "$output" 143
}

@test "kill KILL ends what a dead init has left behind, and says that it did" {
    root_only
    new_bundle '.process.args = ["/bin/sh", "-c", "sleep 1234 & sleep 1234 & sleep 0.3"] | .linux.namespaces |= map(select(.type != "pid"))'
    up
    wait_for status_is "$ID" stopped
    is "$(cfs ps -f json "$ID" | jq length)" 2
    run cfs kill "$ID" TERM
    is "$status" 1
    contains "$output" "container not running"
    run cfs kill "$ID" KILL
    is "$status$output" 0
    wait_for eval '[ "$(cfs ps -f json "$ID" | jq length)" = 0 ]'
    run cfs kill "$ID" KILL
    is "$status" 1
    contains "$output" "container not running"
}

# A rename onto /dev/null would leave the host without a null device. crun writes to what is there.
@test "--pid-file: a device or a FIFO is written to, stays what it is, and is not removed after a failure" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    mknod "$T/null" c 1 3
    mkfifo "$T/fifo"
    cfs create -b "$B" --pid-file "$T/null" "$ID" < /dev/null > "$T/log" 2>&1
    [ -c "$T/null" ]
    cfs delete --force "$ID"
    background cp "$T/fifo" "$T/got"
    cfs run -d -b "$B" --pid-file "$T/fifo" "$ID" < /dev/null > "$T/log" 2>&1
    wait_for test -s "$T/got"
    is "$(cat "$T/got")" "$(cfs state "$ID" | jq .pid)"
    rm "$T/got"
    background cp "$T/fifo" "$T/got"
    cfs exec --pid-file "$T/fifo" "$ID" /bin/true
    wait_for test -s "$T/got"
    [ -p "$T/fifo" ]
    cfs delete --force "$ID"
    config '.hooks.createContainer = [{"path": "/bin/false"}]'
    run cfs create -b "$B" --pid-file "$T/null" "$ID"
    is "$status" 1
    [ -c "$T/null" ]
    is "$(ls "$T" | grep -c new)" 0
    config 'del(.hooks)'
    run cfs create -b "$B" --pid-file "$T" "$ID"
    is "$status" 1
    contains "$output" "is a directory"
}
