# SPDX-License-Identifier: LGPL-2.1-or-later
# A look that fails answers nothing. The caller's limits (RLIMIT_NOFILE), a kernel out of memory, a /proc that hides the process: whatever
# keeps cfs from finding out whether the init lives, it says so, with status 1. It never says "stopped", and never removes what runs.
load ../integration/helpers/common

setup() {
    setup_common
    root_only
}

FEW="3 4 5 6 7 8 9 10 11 12 14 16 20 24 32 40"

# with_files N CMD...: as a caller that may open N files.
with_files() {
    local n=$1
    shift
    # shellcheck disable=SC2016
    bash -c 'ulimit -n "$0" && exec "$@" 3>&-' "$n" "$@"
}

# alive [WHAT]: the container's init runs, and cfs knows it.
alive() {
    [ -d "/proc/$PID" ] && ! gone "$PID" || { echo "the init is dead: $*" >&2; return 1; }
    status_is "$ID" running || { cfs state "$ID" >&2; echo "after: $*" >&2; return 1; }
}

sleeper() {
    new_bundle
    args sleep 1000
    up
    alive
    RUNNING=$(cfs state "$ID")
}

# as_told STATUS ANSWER: a failure with a reason, or the answer. (A name that cannot be looked up in /etc/passwd is a number.)
as_told() {
    if [ "$1" = 0 ]; then
        is "$(sed 's/"owner": "0"/"owner": "root"/' <<< "$OUTPUT")" "$2" "$3"
    else
        [ -n "$WHY" ] || { echo "no reason given: $3" >&2; return 1; }
    fi
}

# told CMD...: $OUTPUT, $WHY and the status of it
told() {
    local status=0
    OUTPUT=$(timeout 20 "$@" 2> "$T/why" < /dev/null) || status=$?
    WHY=$(cat "$T/why")
    return $status
}

@test "few files: state says what is, or fails; list has the container, or fails" {
    sleeper
    local n s row
    row=$(cfs list -q)
    for n in $FEW; do
        s=0; told with_files "$n" "$CFS" --root "$STATE" state "$ID" || s=$?
        as_told $s "$RUNNING" "state, $n files"
        s=0; told with_files "$n" "$CFS" --root "$STATE" list -q || s=$?
        as_told $s "$row" "list -q, $n files"
        s=0; told with_files "$n" "$CFS" --root "$STATE" list -f json || s=$?
        [ $s != 0 ] || is "$(jq -r '.[] | [.id, .status] | join(" ")' <<< "$OUTPUT" | sed 's/ unknown$/ running/')" "$ID running" "list, $n files"
        s=0; told with_files "$n" "$CFS" --root "$STATE" ps -f json "$ID" || s=$?
        as_told $s "$(cfs ps -f json "$ID")" "ps, $n files"
    done
    alive
}

@test "few files: delete without --force never ends a container that runs" {
    sleeper
    local n s
    for n in $FEW; do
        s=0; told with_files "$n" "$CFS" --root "$STATE" delete "$ID" || s=$?
        [ $s != 0 ] || { echo "deleted: $n files" >&2; return 1; }
        alive "delete, $n files"
    done
}

@test "few files: delete --force ends it and leaves nothing, or fails and leaves the record" {
    local n s
    for n in $FEW; do
        sleeper
        s=0; told with_files "$n" "$CFS" --root "$STATE" delete --force "$ID" || s=$?
        if [ $s = 0 ]; then
            gone "$PID" || { echo "deleted, and alive: $n files" >&2; return 1; }
            [ ! -e "$STATE/$ID" ]
        else
            [ -n "$WHY" ]
            [ -e "$STATE/$ID/state.json" ]
            cfs delete --force "$ID"
        fi
        is "$(cgroups_named "$ID")" "" "$n files"
        rm -rf "$B"
    done
}

@test "few files: exec, kill, pause, update and start fail with the true reason, not with \"stopped\"" {
    sleeper
    local n s
    for n in 3 4 5 6 7 8; do
        for verb in "exec $ID true" "kill $ID 0" "events --stats $ID" "pause $ID" "resume $ID" "update --pids-limit 100 $ID" "start $ID"; do
            s=0
            # shellcheck disable=SC2086
            told with_files "$n" "$CFS" --root "$STATE" $verb || s=$?
            case "$s $WHY" in
            0*) ;;
            *stopped*|*"not running"*|*"does not exist"*) echo "$verb, $n files: $WHY" >&2; return 1 ;;
            esac
        done
        cfs resume "$ID" 2> /dev/null || true
        alive "$n files"
    done
}

# Each call by which the init and its status are looked at, failing with each errno that its manual page has for a kernel in need.
@test "a call that fails, one by one: state and delete are never wrong [cannot-tell]" {
    needs strace
    sleeper
    local call errno n s
    for call in openat read readlinkat newfstatat faccessat faccessat2 flock; do
        for errno in EMFILE ENOMEM EIO EACCES; do
            for n in 1 2 3 4 5 6 7 8; do
                s=0; told strace -o "$T/strace" -e "inject=$call:error=$errno:when=$n" "$CFS" --root "$STATE" state "$ID" || s=$?
                # Not called as often: no more to be seen of it.
                grep -q INJECTED "$T/strace" || break
                as_told $s "$RUNNING" "state, $call $n $errno"
                s=0; told strace -o "$T/strace" -e "inject=$call:error=$errno:when=$n" "$CFS" --root "$STATE" delete "$ID" || s=$?
                [ $s != 0 ] || { echo "deleted: $call $n $errno" >&2; return 1; }
                alive "delete, $call $n $errno"
            done
        done
    done
}

# hidepid= (proc(5)), or a procfs of another PID namespace: the kernel knows the pid, and /proc has no entry.
@test "a /proc that does not show the init: the status cannot be told [cannot-tell]" {
    sleeper
    local verb s
    for verb in "state $ID" "delete $ID" "delete --force $ID" "exec $ID true" "kill $ID KILL"; do
        s=0
        # The runtime's own processes and boot id are there, as they are with hidepid.
        # shellcheck disable=SC2086
        told unshare --mount --propagation private bash -c 'mount -t tmpfs x "/proc/$1" && mount -t tmpfs x /mnt && shift &&
            exec "$@"' - "$PID" "$CFS" --root "$STATE" $verb || s=$?
        [ $s != 0 ]
        ! grep -qi 'stopped\|not running\|does not exist' <<< "$OUTPUT$WHY" || { echo "$verb: $OUTPUT$WHY" >&2; return 1; }
        alive "$verb"
    done
}

@test "a pid that is free again, or a stranger's, is gone" {
    sleeper
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    [ ! -e "$STATE/$ID" ]
}

# ---- the state directory -----------------------------------------------------------------------------------------------------

# Its records say what delete removes, as root. runc and crun take any directory.
@test "a state directory that its group or every user may write to is refused, by every verb [store-root]" {
    sleeper
    local mode verb s
    for mode in 770 775 777 720 2770; do
        chmod "$mode" "$STATE"
        for verb in "create -b $B x" "run -b $B x" "state $ID" "delete --force $ID" "kill $ID KILL" "exec $ID true" "list" "ps $ID"; do
            s=0
            # shellcheck disable=SC2086
            told "$CFS" --root "$STATE" $verb || s=$?
            [ $s != 0 ] || { echo "mode $mode: $verb succeeded" >&2; return 1; }
            contains "$WHY" "can be written to by"
        done
        # The sticky bit: what is ours stays ours.
        chmod "1${mode: -3}" "$STATE"
        cfs state "$ID" > /dev/null
        chmod 700 "$STATE"
        alive "$mode"
    done
    # The container's own directory in it, too.
    chmod 770 "$STATE/$ID"
    run cfs delete --force "$ID"
    [ "$status" != 0 ]
    chmod 700 "$STATE/$ID"
    alive
}

@test "a state directory of a user's own group (umask 002) is accepted" {
    ordinary_user
    new_rootless_bundle
    outside mkdir "$STATE"
    outside chmod 775 "$STATE"
    is "$(stat -c %u "$STATE")" "$(stat -c %g "$STATE")"
    args true
    cfs run -b "$B" "$ID"
}

# Who may write there can replace what is below: by a link into a container's root, say, whose files uid 0 owns, too.
@test "a link below a directory that others may write to is not a state directory [store-root]" {
    sleeper
    local mode
    mkdir -p "$T/shared" "$B/rootfs/srv/trap/evil"
    ln -s "$STATE" "$T/shared/state"
    for mode in 777 775 770; do
        chmod "$mode" "$T/shared"
        run "$CFS" --root "$T/shared/state" state "$ID"
        [ "$status" != 0 ] || { echo "mode $mode" >&2; return 1; }
        contains "$output" "cannot be trusted"
    done
    # The directory is another user's, or the link is.
    chown 12345 "$T/shared"
    chmod 755 "$T/shared"
    run "$CFS" --root "$T/shared/state" state "$ID"
    contains "$output" "cannot be trusted"
    chown 0 "$T/shared"
    chown --no-dereference 12345 "$T/shared/state"
    run "$CFS" --root "$T/shared/state" state "$ID"
    contains "$output" "cannot be trusted"
    chown --no-dereference 0 "$T/shared/state"
    # No other user may write there, or replace what is ours; or it is not a link.
    for mode in 755 1777; do
        chmod "$mode" "$T/shared"
        "$CFS" --root "$T/shared/state" state "$ID" > /dev/null
    done
    chmod 777 "$T/shared"
    mkdir -m 700 "$T/shared/own"
    "$CFS" --root "$T/shared/own" list
    mkdir -m 700 "$T/shared/theirs"
    mkdir -m 755 "$T/shared/theirs/state"
    chown 12345 "$T/shared/theirs"
    run "$CFS" --root "$T/shared/theirs/state" list
    [ "$status" != 0 ]
}

@test "a caller in a time namespace of its own: what runs is running, and not deleted without --force" {
    unshare --time --boottime 100000 --fork true 2> /dev/null || skip "needs time namespaces"
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    up
    # time_namespaces(7): /proc/PID/stat tells start times in the time namespace of the process that reads it.
    run unshare --time --boottime 100000 --fork "$CFS" --root "$STATE" state "$ID"
    is "$status" 0
    is "$(jq -r .status <<< "$output")" running
    run unshare --time --boottime 100000 --fork "$CFS" --root "$STATE" delete "$ID"
    is "$status" 1
    status_is "$ID" running
    unshare --time --boottime 100000 --fork "$CFS" --root "$STATE" exec "$ID" /bin/true
    unshare --time --boottime 100000 --fork "$CFS" --root "$STATE" kill "$ID" KILL
    wait_for status_is "$ID" stopped
}

@test "a container made in a time namespace of its own: the host's cfs, and one in a third, see it run" {
    unshare --time --boottime 100000 --fork true 2> /dev/null || skip "needs time namespaces"
    local other
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    unshare --time --boottime 100000 --fork "$CFS" --root "$STATE" run -d -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    for other in "" "unshare --time --boottime 7 --fork" "unshare --time --boottime -3 --fork" "unshare --time --boottime 100000 --fork"; do
        run $other "$CFS" --root "$STATE" state "$ID"
        is "$(jq -r .status <<< "$output")" running "$other"
        run $other "$CFS" --root "$STATE" delete "$ID"
        is "$status" 1 "$other"
        $other "$CFS" --root "$STATE" exec "$ID" /bin/true
    done
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
}

# The pid on record is nothing there, or a stranger's. With the host's /proc the very process is seen, and pidfd_open(2) still
# opens the stranger. runc and crun say "stopped", or signal the stranger.
@test "a caller in another PID namespace: says so, and neither calls the container stopped nor signals a stranger [pid-elsewhere]" {
    local verb proc own
    sleeper
    for proc in --mount-proc ""; do
        for verb in "delete $ID" "exec $ID /bin/true" "kill $ID KILL" "kill --all $ID KILL" "ps $ID" ${proc:+"state $ID" "pause $ID" "start $ID"}; do
            # The processes there have every pid up to that of the init and beyond, so that it is a stranger's.
            # shellcheck disable=SC2086
            run timeout 60 unshare --pid --fork --kill-child $proc bash -c '
                echo $(($1 - 1)) > /proc/sys/kernel/ns_last_pid 2> /dev/null
                sleep 1000 3>&- & stranger=$!; shift
                "$@"; code=$?
                kill -0 $stranger || exit 77
                kill $stranger; exit $code' - "$PID" "$CFS" --root "$STATE" $verb
            [ "$status" != 0 ] && [ "$status" != 77 ] || { echo "$proc $verb: $status $output" >&2; return 1; }
            ! grep -qi '"stopped"\|: stopped\|has stopped\|stopped container\|not running\|does not exist' <<< "$output" || { echo "$verb: $output" >&2; return 1; }
            [ "$proc $verb" = " delete $ID" ] && contains "$output" running || contains "$output" "PID namespace"
            status_is "$ID" running
        done
    done
    run unshare --pid --fork --mount-proc "$CFS" --root "$STATE" list
    contains "$output" unknown
}

# An engine in a container that was restarted finds the records of its last life; and what still runs is not left behind.
@test "a record of another PID namespace: delete --force ends what is in the cgroup, and nothing else" {
    [ -e /sys/fs/cgroup/cgroup.kill ] || [ -e /sys/fs/cgroup/unified ] || skip "needs cgroup v2 (cgroup.kill)"
    sleeper
    unshare --pid --fork --mount-proc "$CFS" --root "$STATE" delete --force "$ID"
    wait_for gone "$PID"
    [ ! -e "$STATE/$ID" ]
    is "$(find /sys/fs/cgroup -type d -path "*/$ID*")" ""
    unshare --pid --fork --kill-child --mount-proc "$CFS" --root "$STATE" run -d -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    run cfs state "$ID" # it ended with its PID namespace
    [ "$status" != 0 ]
    contains "$output" "cfs delete --force"
    cfs delete --force "$ID"
    [ ! -e "$STATE/$ID" ]
}
