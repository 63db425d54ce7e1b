# SPDX-License-Identifier: LGPL-2.1-or-later
# Hooks that call cfs on their own container, slow hooks, and a cfs that is killed while hooks run. No lock is held while
# programs of others run (src/libcfs/store/state.h), and what `state` says is true at each moment (runtime.md, "Lifecycle";
# runc and crun answer at once, too).
load helpers/common

setup() {
    setup_common
    root_only
    NOTES="$T/notes"
}

# ask COMMAND...: a line of the hook that runs one cfs command with a limit of time, and notes how it ended.
ASK='ask() { out=$(timeout 5 '"$CFS"' --root "$STATE" "$@" 2>&1 < /dev/null); rc=$?; printf "%s %s: %s %s\n" "$KIND" "$*" $rc "$(printf %s "$out" | tail -1)" >> "$NOTES"; }'

# asking_hook KIND: a hook that asks everything.
asking_hook() {
    cat > "$T/$1" << EOF
#!/bin/bash
KIND=$1 STATE=$STATE NOTES=$NOTES
$ASK
timeout 5 $CFS --root \$STATE state $ID 2>&1 | sed -n 's/.*"status": "\\(.*\\)",/$1 state: \\1/p' >> \$NOTES
ask list -q
ask ps -f json $ID
ask exec $ID /bin/true
ask kill $ID CONT
ask pause $ID
ask resume $ID
ask update --pids-limit 100 $ID
ask events --stats $ID
ask start $ID
ask create -b $B $ID
ask delete $ID
cat > /dev/null
EOF
    chmod +x "$T/$1"
    config '.hooks["'"$1"'"] += [{"path": "'"$T/$1"'", "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "ASAN_OPTIONS='"$ASAN_OPTIONS"'"]}]'
}

# said KIND COMMAND: how that ended
said() { sed -n "s/^$1 $2[^:]*: //p" "$NOTES"; }

@test "hooks of create: the container is being created, for every caller, and every answer comes at once" {
    local k begin=$SECONDS
    new_bundle
    for k in prestart createRuntime createContainer; do asking_hook $k; done
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    [ $((SECONDS - begin)) -lt 10 ]
    for k in prestart createRuntime createContainer; do
        is "$(said $k state)" creating $k
        is "$(said $k list)" "0 $ID" $k
        contains "$(said $k exec)" "255 cfs: cannot exec in a container that is still being created"
        contains "$(said $k kill)" "1 cfs: container not running"
        contains "$(said $k pause)" "1 cfs: pause: container not running or created: creating"
        contains "$(said $k update)" "1 cfs: update: container not running: creating"
        contains "$(said $k start)" "1 cfs: cannot start container \`$ID\` in the creating state"
        contains "$(said $k create)" "already exists"
        contains "$(said $k delete)" "that is not stopped: creating"
    done
    status_is "$ID" created
    cfs start "$ID"
}

@test "a poststart hook: the container runs, and all that can be done with one works" {
    local how
    for how in create run detached; do
        rm -f "$NOTES"
        rm -rf "$B"
        new_bundle '.process.args = ["/bin/inspector", "sleep"]'
        asking_hook poststart
        config '.hooks.poststart += [{"path": "'"$CFS"'", "args": ["cfs", "--root", "'"$STATE"'", "exec", "'"$ID"'", "/bin/true"]}]'
        case $how in
            create) cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1 && cfs start "$ID" ;;
            run) background "$CFS" --root "$STATE" run -b "$B" "$ID" && wait_for grep -q 'poststart delete' "$NOTES" ;;
            detached) cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1 ;;
        esac
        is "$(said poststart state)" running $how
        is "$(said poststart list)" "0 $ID"
        is "$(said poststart exec)" "0 "
        is "$(said poststart kill)" "0 "
        is "$(said poststart pause)" "0 "
        is "$(said poststart resume)" "0 "
        is "$(said poststart update)" "0 "
        is "$(said poststart start | cut -c1-6)" "1 cfs:"
        contains "$(said poststart start)" "cannot start an already running container"
        contains "$(said poststart create)" "already exists"
        contains "$(said poststart delete)" "that is not stopped: running"
        wait_for status_is "$ID" running
        is "$(jq -c '[.phase, .worker]' "$STATE/$ID/state.json" | sed 's/created/running/')" '["running",null]' "no command works on it any more"
        cfs kill "$ID" KILL
        wait_for eval "! status_is $ID running"
        cfs delete --force "$ID"
    done
}

@test "a poststop hook: the container is stopped, delete --force does not contradict, and the ID is not free yet" {
    local how
    for how in delete run; do
        rm -f "$NOTES"
        rm -rf "$B"
        new_bundle '.process.args = ["/bin/true"]'
        asking_hook poststop
        sed -i "s|^cat >|ask delete --force $ID\ncat >|" "$T/poststop"
        case $how in
            delete)
                cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
                cfs delete "$ID"
                ;;
            run) cfs run -b "$B" "$ID" < /dev/null ;;
        esac
        is "$(said poststop state)" stopped $how
        contains "$(said poststop exec)" "255 cfs: cannot exec in a stopped container"
        contains "$(said poststop kill)" "1 cfs: container not running"
        contains "$(said poststop start)" "cannot start a container that has stopped"
        contains "$(said poststop create)" "already exists"
        contains "$(said poststop 'delete t')" "1 cfs: container \`$ID\` is being deleted by pid "
        is "$(said poststop 'delete --force')" "0 "
        is "$(grep -c 'delete --force' "$NOTES")" 1 "the hook ran once"
        is "$(ls -A "$STATE")" ""
    done
}

# A bundle with one hook of that kind that waits for $T/go; $T/in says that it runs.
slow() {
    local at="$T"
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .root.readonly = false'
    rm -f "$T/in" "$T/go"
    [ "$1" != startContainer ] || at=
    config '.hooks["'"$1"'"] += [{"path": "/bin/sh", "args": ["sh", "-c", "echo > '"$at"'/in; until test -e '"$at"'/go; do sleep 0.05; done"], "env": ["PATH=/usr/bin:/bin"]}]'
    IN="$T/in" GO="$T/go"
    [ "$1" != startContainer ] || { IN="$B/rootfs/in" && GO="$B/rootfs/go"; }
}

# quickly CMD...: within 2 s
quickly() {
    local begin=$EPOCHREALTIME
    run "$@"
    [ $((${EPOCHREALTIME/./} - ${begin/./})) -lt 2000000 ] || { echo "took too long: $*" >&2; return 1; }
}

# spec: runtime.state.3
@test "a slow startContainer hook: created until it is over; exec works, a second start is refused" {
    local how
    for how in start run; do
        rm -rf "$B"
        slow startContainer
        if [ $how = start ]; then
            cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
            background "$CFS" --root "$STATE" start "$ID"
        else
            background "$CFS" --root "$STATE" run -d -b "$B" "$ID"
        fi
        local pid=$!
        wait_for test -e "$IN"
        is "$(cfs state "$ID" | jq -r .status)" created $how
        quickly cfs start "$ID"
        is "$status" 1
        contains "$output" "pid $pid is starting it"
        quickly cfs exec "$ID" /bin/true
        is "$status" 0 "$output"
        quickly cfs delete "$ID"
        is "$status" 1
        contains "$output" "is starting it"
        touch "$GO"
        wait_for status_is "$ID" running
        wait_for gone $pid
        quickly cfs delete --force "$ID"
        is "$status" 0
        rm -f "$IN" "$GO"
    done
}

@test "delete --force takes a container away from hooks that are still at it; who has lost touches nothing" {
    local k pid code
    for k in prestart createRuntime createContainer startContainer poststart; do
        rm -rf "$B"
        slow $k
        config '.hooks.poststop = [{"path": "/bin/sh", "args": ["sh", "-c", "echo poststop >> '"$NOTES"'"]}]'
        rm -f "$NOTES"
        "$CFS" --root "$STATE" run -d -b "$B" "$ID" < /dev/null > "$T/out" 2>&1 3>&- &
        pid=$!
        wait_for test -e "$IN"
        quickly cfs delete --force "$ID"
        is "$status" 0 "$k: $output"
        [ ! -e "$STATE/$ID" ]
        # Its ID is free, and what is made under it is not touched by the one that comes back.
        jq 'del(.hooks) | .process.args = ["/bin/inspector", "sleep"]' "$B/config.json" > "$T/second.json"
        cfs run -d -b "$B" --config "$T/second.json" "$ID" < /dev/null > /dev/null 2>&1
        touch "$GO"
        code=0
        wait $pid || code=$?
        is $code 1 $k
        contains "$(cat "$T/out")" "another cfs has deleted container"
        status_is "$ID" running
        is "$(cat "$NOTES")" poststop $k
        cfs delete --force "$ID"
        rm -f "$GO" "$IN"
    done
}

@test "killed during a hook: what is left can be told apart, and deleted" {
    local k pid
    for k in prestart createRuntime createContainer startContainer poststart poststop; do
        rm -rf "$B"
        slow $k
        [ $k != poststop ] || args /bin/true
        "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/out" 2>&1 3>&- &
        pid=$!
        wait_for test -e "$IN"
        kill -9 $pid
        wait $pid || true
        case $k in
            prestart | createRuntime | createContainer) wait_for status_is "$ID" stopped ;;
            startContainer)
                touch "$GO" # the init goes on by itself
                wait_for status_is "$ID" running
                ;;
            poststart) status_is "$ID" running && quickly cfs exec "$ID" /bin/true && is "$status" 0 ;;
            poststop)
                status_is "$ID" stopped
                is "$(jq -r .phase "$STATE/$ID/state.json")" deleting
                ;;
        esac
        touch "$GO"
        quickly cfs start "$ID"
        is "$status" 1
        quickly cfs delete --force "$ID"
        is "$status" 0 "$k: $output"
        is "$(host_snapshot | grep -c "$ID")" 0 $k
        rm -f "$GO" "$IN"
    done
}

@test "a start that was killed before the program runs: created while the init waits, running afterwards, never both" {
    slow startContainer
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    background "$CFS" --root "$STATE" start "$ID"
    wait_for test -e "$IN"
    kill -9 $!
    wait_for gone $!
    status_is "$ID" created
    touch "$GO"
    wait_for status_is "$ID" running
    quickly cfs start "$ID"
    is "$status" 1
    contains "$output" "cannot start an already running container"
    status_is "$ID" running
    quickly cfs exec "$ID" /bin/true
    is "$status" 0
}

@test "two deletes at once: the second waits for the first, and both are right" {
    slow poststop
    args /bin/true
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    background "$CFS" --root "$STATE" delete "$ID"
    local first=$! second
    wait_for test -e "$IN"
    status_is "$ID" stopped
    "$CFS" --root "$STATE" delete --force "$ID" 3>&- &
    second=$!
    sleep 0.3
    kill -0 $second
    touch "$GO"
    wait $second
    wait_for gone $first
    [ ! -e "$STATE/$ID" ]
}

# The child is born frozen (v2), and has a copy of the lock that it cannot close.
@test "killed while the child was born into a frozen cgroup: delete --force needs no help" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.resources.unified = {"cgroup.freeze": "1"}'
    [ -e /sys/fs/cgroup/unified/cgroup.controllers ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "needs cgroup v2"
    "$CFS" --root "$STATE" run -d -b "$B" "$ID" < /dev/null > "$T/out" 2>&1 3>&- &
    local pid=$!
    wait_for eval '[ -n "$(find /sys/fs/cgroup -path "*'"$ID"'/cgroup.procs" -exec cat {} + 2> /dev/null)" ]'
    kill -9 $pid
    wait $pid || true
    run timeout 8 "$CFS" --root "$STATE" delete --force "$ID"
    is "$status" 0 "$output"
    is "$(host_snapshot | grep -c "$ID")" 0
}

@test "a child that is born frozen is waited for without the lock: delete --force ends that, and create says why" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.resources.unified = {"cgroup.freeze": "1"}'
    [ -e /sys/fs/cgroup/unified/cgroup.controllers ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "needs cgroup v2"
    "$CFS" --root "$STATE" run -d -b "$B" "$ID" < /dev/null > "$T/out" 2>&1 3>&- &
    local pid=$! code=0
    wait_for eval '[ -n "$(find /sys/fs/cgroup -path "*'"$ID"'/cgroup.procs" -exec cat {} + 2> /dev/null)" ]'
    run timeout 8 "$CFS" --root "$STATE" delete --force "$ID"
    is "$status" 0 "$output"
    wait $pid || code=$?
    is $code 1
    is "$(host_snapshot | grep -c "$ID")" 0
}
