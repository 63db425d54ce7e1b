# SPDX-License-Identifier: LGPL-2.1-or-later
# New containers and frozen cgroups. The words of the error are runc's, which engines look for.
load helpers/common

setup() {
    setup_common
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]' ".linux.cgroupsPath = \"/$ID/a/b\""
}

teardown() {
    local d
    for d in /sys/fs/cgroup/*/"$ID" /sys/fs/cgroup/"$ID"; do
        [ -d "$d" ] || continue
        find "$d" -name freezer.state -exec sh -c "echo THAWED > \$1" sh {} \;
        thaw "$d"
        find "$d" -name cgroup.procs -exec cat {} + | xargs -r kill -9 || true
    done
    teardown_common
    [ -z "$(cgroups_named "$ID")" ] || find /sys/fs/cgroup -depth -type d -path "*/$ID*" -exec rmdir {} + || true
}

# Where the hierarchy is mounted: `v2`, or the v1 one that has the freezer.
top_of() {
    case $1 in
    v2) awk '$3 == "cgroup2" { print $2 }' /proc/mounts ;;
    freezer) awk '$3 == "cgroup" && $4 ~ /(^|,)freezer(,|$)/ { print $2 }' /proc/mounts ;;
    esac | head -1
}

freeze() { if [ -e "$1/freezer.state" ]; then echo FROZEN > "$1/freezer.state"; else echo 1 > "$1/cgroup.freeze"; fi; }
thaw() { if [ -e "$1/freezer.state" ]; then echo THAWED > "$1/freezer.state"; elif [ -e "$1/cgroup.freeze" ]; then echo 0 > "$1/cgroup.freeze"; fi; }

# A new container whose cgroup is below $1 of the hierarchy $2, which is frozen.
refused_below() {
    local top command
    top=$(top_of "$2")
    [ -n "$top" ] || skip "needs ${2/v2/cgroup v2} (${2/freezer/cgroup v1})"
    mkdir -p "$top$1"
    freeze "$top$1"
    for command in run create "run -d"; do
        run timeout 20 "$CFS" --root "$STATE" $command -b "$B" "$ID" < /dev/null
        is "$status" 1 "$command: $output"
        contains "$output" "container's cgroup unexpectedly frozen"
        contains "$output" "$top/$ID/a/b"
        is "$(ls -A "$STATE")" "" "$command"
        # What was there stays, and as it was; nothing else is made in any hierarchy.
        is "$(find $(cgroups_named "$ID") -type d ! -path "*/$ID/" ! -path "$top$1")" \
            "$(find "$top/$ID" -mindepth 1 -type d ! -path "$top$1")" "$command"
    done
    thaw "$top$1"
    timeout 20 "$CFS" --root "$STATE" run -d -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    status_is "$ID" running
    cfs delete --force "$ID"
    [ -d "$top$1" ]
}

@test "v1: the cgroup itself is frozen" { refused_below "/$ID/a/b" freezer; }
@test "v1: its parent is frozen" { refused_below "/$ID/a" freezer; }
@test "v1: a cgroup further above is frozen" { refused_below "/$ID" freezer; }
@test "v2: the cgroup itself is frozen" { refused_below "/$ID/a/b" v2; }
@test "v2: its parent is frozen" { refused_below "/$ID/a" v2; }
@test "v2: a cgroup further above is frozen" { refused_below "/$ID" v2; }

# What a frozen init looks like in /proc differs from kernel to kernel, and with what it did. The kernel's word is freezer.state.
@test "v1: state and list say paused of an init that sleeps, is stopped, works, waits for a child; and running before and after" {
    local top what
    private_mounts
    [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || skip "needs the freezer of cgroup v1"
    for top in $(top_of v2); do outside mount -t tmpfs none "$top"; done
    top=$(top_of freezer)
    for what in 'exec sleep 600' 'kill -STOP $$; sleep 600' 'while :; do :; done' 'sleep 600; true'; do
        args sh -c "$what"
        up
        [ -e "$top/$ID/a/b/freezer.state" ]
        wait_for test "$(tr '\0' ' ' < "/proc/$PID/cmdline")" != ""
        is "$(cfs list | awk 'NR == 2 { print $3 }')" running "$what"
        echo FROZEN > "$top/$ID/a/b/freezer.state"
        wait_for grep -q FROZEN "$top/$ID/a/b/freezer.state"
        is "$(cfs list | awk 'NR == 2 { print $3 }')" paused "$what"
        status_is "$ID" paused
        echo THAWED > "$top/$ID/a/b/freezer.state"
        is "$(cfs list | awk 'NR == 2 { print $3 }')" running "$what"
        status_is "$ID" running
        cfs delete --force "$ID"
    done
}

# SIGKILL does not reach a process that v1 has frozen, and the init does not end before the others of its PID namespace. What is
# below the container's cgroup is made by whom it is delegated to. runc 1.1.5: "container init still running".
@test "v1: a cgroup below the container's is frozen: kill KILL and delete --force end all of it" {
    local top pid command
    top=$(top_of freezer)
    [ -n "$top" ] || skip "needs the freezer of cgroup v1"
    for command in "delete --force" "kill --all" kill; do
        args sh -c 'sleep 600 & exec sleep 600'
        up
        wait_for eval '[ "$(wc -l < "$top/$ID/a/b/cgroup.procs")" = 2 ]'
        pid=$(grep -vx "$PID" "$top/$ID/a/b/cgroup.procs")
        mkdir -p "$top/$ID/a/b/c/d"
        echo "$pid" > "$top/$ID/a/b/c/d/cgroup.procs"
        freeze "$top/$ID/a/b/c"
        wait_for grep -q FROZEN "$top/$ID/a/b/c/d/freezer.state"
        case $command in
        kill*)
            timeout 20 "$CFS" --root "$STATE" $command "$ID" KILL
            wait_for status_is "$ID" stopped
            cfs delete "$ID"
            ;;
        *) timeout 20 "$CFS" --root "$STATE" $command "$ID" ;;
        esac
        wait_for gone "$pid"
        is "$(cgroups_named "$ID")" "" "$command"
    done
}

# What cannot be seen beforehand: frozen while the container is built. Here by the configuration itself.
@test "frozen while it is built: SIGTERM ends run, and everything is undone" {
    [ -n "$(top_of v2)" ] || skip "needs cgroup v2"
    local sig pid code extra
    # With a joined PID namespace the init is not the last process.
    background unshare --pid --fork sleep 600
    wait_for pgrep -P "${BACKGROUND[-1]}"
    for extra in . '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/'"$(pgrep -P "${BACKGROUND[-1]}")"'/ns/pid" else . end)'; do
        config '.linux.resources.unified = {"cgroup.freeze": "1"}'
        config "$extra"
        for sig in TERM HUP; do # not INT: what the shell starts in the background ignores it, and then cfs does
            "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/out" 2>&1 3>&- &
            pid=$! code=0
            wait_for eval '[ -n "$(cat "$(top_of v2)/$ID/a/b/cgroup.procs" 2> /dev/null)" ]'
            kill -$sig $pid
            wait_for gone $pid
            wait $pid || code=$?
            is $code 1
            contains "$(cat "$T/out")" "ended by signal"
            is "$(ls -A "$STATE")" ""
            is "$(cgroups_named "$ID")" ""
        done
    done
}

# A process that v1 has frozen takes no SIGKILL, so that waiting for its end has none. What it says goes to a file: the frozen process
# keeps that open.
@test "v1: the container or its parent is frozen: exec says paused, at once; and one that does not mind ends at SIGTERM" {
    local top frozen code
    top=$(top_of freezer)
    [ -n "$top" ] || skip "needs the freezer of cgroup v1"
    for frozen in "$top/$ID/a" "$top/$ID/a/b"; do
        up
        [ -e "$top/$ID/a/b/freezer.state" ]
        freeze "$frozen"
        wait_for grep -q FROZEN "$top/$ID/a/b/freezer.state"
        code=0
        timeout -k 1 20 "$CFS" --root "$STATE" exec "$ID" /bin/true < /dev/null > "$T/out" 2>&1 3>&- || code=$?
        is $code 255 "$(cat "$T/out")"
        contains "$(cat "$T/out")" "paused"
        # runc says so of the freezer that it uses; on a host with two, either may have been used.
        status_is "$ID" paused
        is "$(cfs list --format json | jq -r '.[].status')" paused
        code=0
        timeout -k 40 2 "$CFS" --root "$STATE" exec --ignore-paused "$ID" /bin/true < /dev/null > "$T/out" 2>&1 3>&- || code=$?
        is $code 124 "$(cat "$T/out")" # not 137: it ended by itself, when it was told to
        thaw "$frozen"
        thaw "$top/$ID/a/b"
        wait_for grep -q THAWED "$top/$ID/a/b/freezer.state"
        cfs exec "$ID" /bin/true
        freeze "$top/$ID/a/b"
        cfs resume "$ID"
        status_is "$ID" running
        is "$(cfs list --format json | jq -r '.[].status')" running
        cfs delete --force "$ID"
        rmdir "$top/$ID/a" 2> /dev/null || true
    done
}

# What is above the container's cgroup is another one's to thaw. runc 1.1.5 and crun 1.8.1 wait in exec and start until then.
above_is_frozen() { # v2|freezer
    local top
    top=$(top_of "$1")
    [ -n "$top" ] || skip "needs ${1/v2/cgroup v2} (${1/freezer/cgroup v1})"
    # refused TEXT COMMAND...: at once, while the cgroup above is frozen
    refused() {
        local code=0
        timeout -k 1 5 "$CFS" --root "$STATE" "${@:2}" < /dev/null > "$T/out" 2>&1 3>&- || code=$?
        [[ $code == 1 || $code == 255 ]] || { echo "${*:2}: $code $(cat "$T/out")" >&2; return 1; }
        contains "$(cat "$T/out")" "$1"
    }
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    freeze "$top/$ID/a"
    [ "$1" = v2 ] || wait_for grep -q FROZEN "$top/$ID/a/b/freezer.state"
    if [ "$1" = v2 ]; then
        wait_for grep -q "frozen 1" "$top/$ID/a/b/cgroup.events"
        refused "cgroup unexpectedly frozen: \`$top/$ID/a/b\`" start "$ID"
        refused "cgroup unexpectedly frozen: \`$top/$ID/a/b\`" exec "$ID" /bin/true
        cfs pause "$ID"
    else
        refused "paused" start "$ID"
        refused "paused" exec "$ID" /bin/true
    fi
    refused "a cgroup above it is frozen" resume "$ID"
    thaw "$top/$ID/a"
    ! status_is "$ID" paused || cfs resume "$ID"
    cfs start "$ID"
    cfs exec "$ID" /bin/true
    status_is "$ID" running
    cfs delete --force "$ID"
}

@test "v1: a cgroup above the container's is frozen: start, exec and resume say so at once, and work when it is thawed" { above_is_frozen freezer; }
@test "v2: a cgroup above the container's is frozen: start, exec and resume say so at once, and work when it is thawed" { above_is_frozen v2; }

@test "v1: delete --force below a frozen cgroup says why the init does not end, and works when it is thawed" {
    local top
    top=$(top_of freezer)
    [ -n "$top" ] || skip "needs the freezer of cgroup v1, whose processes cannot be killed"
    up
    freeze "$top/$ID/a"
    wait_for grep -q FROZEN "$top/$ID/a/b/freezer.state"
    run timeout 30 "$CFS" --root "$STATE" delete --force "$ID"
    is "$status" 1
    contains "$output" "did not end within 10 s of SIGKILL"
    contains "$output" "a cgroup above its own is frozen"
    thaw "$top/$ID/a"
    cfs delete --force "$ID"
}
