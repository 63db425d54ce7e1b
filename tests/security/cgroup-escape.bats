# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits hold for what is in the container's cgroup, and pause, kill and delete reach what is in it. So a process that exec adds is
# there, in every hierarchy, or exec fails; and no container gets into another one's, or ends what is in it.
load ../integration/helpers/common

setup() {
    setup_common
    root_only
}

teardown() {
    teardown_common
    [ -z "$(cgroups_named "$ID")" ] || find /sys/fs/cgroup -depth -type d -name "*$ID*" -exec rmdir {} + 2> /dev/null || true
}

# The cgroups of a process, but for those of hierarchies that cfs does not use (name=...).
cgroups_of() { sed 's/^[0-9]*://' "$1" | sort; }

sleeper() {
    new_bundle "$@"
    args sleep 1000
    up
    # The container's directories: one per hierarchy.
    mapfile -t DIRS < <(jq -r '.cgroup.hierarchies[].path' "$STATE/$ID/state.json")
}

# move_init DIR: the init is moved to DIR, beside its own cgroup, in every hierarchy; its own is removed.
move_init() {
    local d to
    for d in "${DIRS[@]}"; do
        to="$(dirname "$d")/$1"
        mkdir -p "$to"
        [ ! -e "$to/cpuset.cpus" ] || { cat "$d/cpuset.cpus" > "$to/cpuset.cpus"; cat "$d/cpuset.mems" > "$to/cpuset.mems"; }
        echo "$PID" > "$to/cgroup.procs"
        rmdir "$d"
    done
}

NO_CGROUPNS='.linux.namespaces |= map(select(.type != "cgroup"))'

@test "exec into a container whose cgroup is gone joins its init [exec-cgroup]" {
    sleeper "$NO_CGROUPNS"
    move_init "$ID-elsewhere"
    cfs exec "$ID" cat /proc/self/cgroup > "$T/inside" < /dev/null
    diff <(cgroups_of "$T/inside") <(cgroups_of "/proc/$PID/cgroup") >&2
    [ "$(grep -c "/$ID-elsewhere\$" "$T/inside")" = ${#DIRS[@]} ]
    cfs delete --force "$ID"
}

@test "the same in one hierarchy only, each in turn [exec-cgroup]" {
    sleeper "$NO_CGROUPNS"
    local d to
    for d in "${DIRS[@]}"; do
        to="$(dirname "$d")/$ID-elsewhere"
        mkdir "$to"
        [ ! -e "$to/cpuset.cpus" ] || { cat "$d/cpuset.cpus" > "$to/cpuset.cpus"; cat "$d/cpuset.mems" > "$to/cpuset.mems"; }
        echo "$PID" > "$to/cgroup.procs"
        rmdir "$d"
        cfs exec "$ID" cat /proc/self/cgroup > "$T/inside" < /dev/null
        diff <(cgroups_of "$T/inside") <(cgroups_of "/proc/$PID/cgroup") >&2 || { echo "$d" >&2; return 1; }
    done
    cfs delete --force "$ID"
}

# From a mount namespace in which the cgroup file systems are not mounted, or covered.
@test "exec where the cgroup directories are out of reach fails [exec-cgroup]" {
    sleeper
    local how s
    for how in "umount -R -l /sys/fs/cgroup" "mount -t tmpfs x /sys/fs/cgroup" "mount -t tmpfs x /sys" \
        "umount -l ${DIRS[0]%/"$ID"}" "mount -t tmpfs x ${DIRS[-1]%/"$ID"}"; do
        s=0
        # shellcheck disable=SC2016
        unshare --mount --propagation private sh -c "$how"' && exec "$@"' - "$CFS" --root "$STATE" exec "$ID" touch "/tmp/ran" \
            2> "$T/why" < /dev/null || s=$?
        [ $s != 0 ] || { echo "exec went on after: $how" >&2; return 1; }
        contains "$(cat "$T/why")" cgroup
        [ ! -e "$B/rootfs/tmp/ran" ]
    done
    # ps cannot find the processes, and says so instead of showing an empty list.
    s=0
    # shellcheck disable=SC2016
    unshare --mount --propagation private sh -c 'mount -t tmpfs x /sys/fs/cgroup && exec "$@"' - "$CFS" --root "$STATE" ps -f json "$ID" \
        > "$T/ps" 2> "$T/why" < /dev/null || s=$?
    [ $s != 0 ] || { cat "$T/ps" >&2; return 1; }
    contains "$(cat "$T/why")" "cannot be seen from here"
}

# runc: "failed to write PID: openat2 /sys/fs/cgroup/cpu/ID/nonexistent/cgroup.procs: no such file or directory"
@test "exec --cgroup to what does not exist fails, in each hierarchy" {
    sleeper
    run cfs exec --cgroup nonexistent "$ID" true
    [ "$status" != 0 ]
    contains "$output" nonexistent
    local name
    for name in $(jq -r '.cgroup.hierarchies[].name // "" | select(. != "") | split(",")[0]' "$STATE/$ID/state.json"); do
        run cfs exec --cgroup "$name:nonexistent" "$ID" true
        [ "$status" != 0 ] || { echo "exec --cgroup $name:nonexistent succeeded" >&2; return 1; }
        contains "$output" nonexistent
    done
    # One that exists in the named hierarchy is joined there, and the container's own elsewhere.
    [ ${#DIRS[@]} -gt 1 ] || return 0
    name=$(jq -r '.cgroup.hierarchies[0].name | split(",")[0]' "$STATE/$ID/state.json")
    mkdir "${DIRS[0]}/sub"
    [ "$name" != cpuset ] || { cat "${DIRS[0]}/cpuset.cpus" > "${DIRS[0]}/sub/cpuset.cpus"; cat "${DIRS[0]}/cpuset.mems" > "${DIRS[0]}/sub/cpuset.mems"; }
    cfs exec --detach --pid-file "$T/pid" --cgroup "$name:sub" "$ID" sleep 1000 < /dev/null > /dev/null 2>&1
    local n
    n=$(grep -c "/$ID/sub\$" "/proc/$(cat "$T/pid")/cgroup")
    is "$n" 1
    is "$(grep -c "/$ID\$" "/proc/$(cat "$T/pid")/cgroup")" $((${#DIRS[@]} - 1))
}

# ---- two containers, one cgroupsPath ------------------------------------------------------------------------------------------

# The second one has a bundle of its own, and the same cgroup.
two_bundles() {
    new_bundle "$@"
    args sleep 1000
    OTHER="$ID-other"
}

pid_of() { cfs state "$1" | jq .pid; }

# runc: "container's cgroup is not empty: 1 process(es) found"
@test "the second container in an inhabited cgroup fails, and takes nothing from the first" {
    two_bundles
    up
    run cfs create -b "$B" "$OTHER"
    [ "$status" = 1 ]
    contains "$output" "container's cgroup is not empty"
    [ ! -e "$STATE/$OTHER" ]
    status_is "$ID" running
}

@test "two creates that race for one cgroupsPath: one gets it; deleting the loser does not end the winner [cgroup-claim]" {
    two_bundles
    local round winner loser made
    for round in $(seq 25); do
        for id in "$ID" "$OTHER"; do
            (s=0; cfs create -b "$B" "$id" < /dev/null > "$T/out.$id" 2>&1 3>&- || s=$?; echo $s > "$T/status.$id") &
        done
        wait
        made=$(grep -lx 0 "$T/status.$ID" "$T/status.$OTHER" | wc -l)
        [ "$made" -le 1 ] || { echo "round $round: both were created" >&2; return 1; }
        [ "$made" = 1 ] || { cat "$T"/out.* >&2; return 1; }
        winner=$ID loser=$OTHER
        [ "$(cat "$T/status.$ID")" = 0 ] || { winner=$OTHER loser=$ID; }
        contains "$(cat "$T/out.$loser")" "container's cgroup is not empty"
        cfs delete --force "$loser"
        status_is "$winner" created
        PID=$(pid_of "$winner")
        ! gone "$PID"
        cfs delete --force "$winner"
        is "$(cgroups_named "$ID")" "" "round $round"
    done
}

# flock(2) takes no more than a descriptor for reading, which each user of the host can have of a directory of cgroups.
@test "the mark of a container that is no more is replaced; another user who keeps its directory locked is an error after ten seconds" {
    local locker
    two_bundles
    up
    mapfile -t DIRS < <(jq -r '.cgroup.hierarchies[].path' "$STATE/$ID/state.json")
    kill -KILL "$PID"
    wait_for gone "$PID"
    rm -r "${STATE:?}/$ID"
    setpriv --reuid 1000 --regid 1000 --clear-groups "$PYTHON" -c 'import fcntl, os, sys, time
for d in sys.argv[1:]: fcntl.flock(os.open(d, os.O_RDONLY), fcntl.LOCK_EX)
os.close(0)
time.sleep(600)' "${DIRS[@]}" < /dev/null 3>&- &
    locker=$!
    wait_for eval '! [ -e /proc/$locker/fd/0 ]'
    run timeout 20 "$CFS" --root "$STATE" create -b "$B" "$OTHER"
    is "$status" 1
    contains "$output" "has the mark of a container that is no more, and another process has had it locked (flock(2)) for 10 s"
    [ ! -e "$STATE/$OTHER" ]
    kill "$locker"
    wait_for gone "$locker"
    cfs create -b "$B" "$OTHER" < /dev/null > /dev/null 2>&1
    status_is "$OTHER" created
    cfs delete --force "$OTHER"
    rmdir "${DIRS[@]}" # they were there before it: its to use, and not to remove
}

# At any moment: the first one, stopped before each of its system calls that name its cgroup, meets the second.
@test "a create that is stopped half way and one that overtakes it do not share a cgroup" {
    needs strace
    two_bundles
    local call n s
    for call in mkdir setxattr openat; do
        for n in 1 2 3; do
            # The call is delayed: the other one runs meanwhile.
            strace -o "$T/strace" -P "$(cgroup_of "$ID")" -e "inject=$call:delay_enter=300000:when=$n" \
                "$CFS" --root "$STATE" create -b "$B" "$ID" < /dev/null > "$T/first" 2>&1 3>&- &
            sleep 0.15
            s=0
            cfs create -b "$B" "$OTHER" < /dev/null > "$T/second" 2>&1 || s=$?
            wait $! && first=0 || first=$?
            [ $s != 0 ] || [ $first != 0 ] || { echo "both: $call $n" >&2; return 1; }
            [ $s = 0 ] || [ $first = 0 ] || { cat "$T/first" "$T/second" >&2; return 1; }
            if [ $s = 0 ]; then cfs delete --force "$ID"; status_is "$OTHER" created; else cfs delete --force "$OTHER"; status_is "$ID" created; fi
            cfs delete --force "$ID"; cfs delete --force "$OTHER"
            is "$(cgroups_named "$ID")" "" "$call $n"
        done
    done
}

# The first directory that a container makes or takes.
cgroup_of() { awk '$9 == "cgroup" || $9 == "cgroup2" || $(NF - 2) ~ /^cgroup2?$/ { print $5; exit }' /proc/self/mountinfo | sed "s|\$|/$1|"; }

@test "a create that was killed before it got its cgroup: deleting it does not end the one who has it" {
    needs strace
    two_bundles
    local call n
    for call in mkdir setxattr; do
        strace -o "$T/strace" -P "$(cgroup_of "$ID")" -e "inject=$call:signal=SIGKILL:when=1" \
            "$CFS" --root "$STATE" create -b "$B" "$OTHER" < /dev/null > "$T/killed" 2>&1 || true
        grep -q 'killed by SIGKILL' "$T/strace" || continue
        [ -e "$STATE/$OTHER/state.json" ]
        if cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1; then
            is "$(cfs kill --all "$OTHER" KILL 2>&1 | grep -c panic)" 0
            is "$(cfs ps -q "$OTHER" 2> /dev/null || true)" ""
            cfs delete --force "$OTHER"
            status_is "$ID" created
            cfs delete --force "$ID"
        else
            # The killed one had it already.
            contains "$(cat "$T/log")" "$STATE/$OTHER"
            cfs delete --force "$OTHER"
            cfs create -b "$B" "$ID" < /dev/null
            cfs delete --force "$ID"
        fi
        is "$(cgroups_named "$ID")" "" "$call"
    done
}

@test "a cgroup that was there before is taken, given back, and can be taken again" {
    two_bundles
    local d
    up
    mapfile -t DIRS < <(jq -r '.cgroup.hierarchies[].path' "$STATE/$ID/state.json")
    cfs delete --force "$ID"
    mkdir "${DIRS[@]}"
    for _ in 1 2; do
        up
        run cfs create -b "$B" "$OTHER"
        [ "$status" = 1 ]
        cfs delete --force "$ID"
        for d in "${DIRS[@]}"; do [ -d "$d" ] || { echo "$d is gone" >&2; return 1; }; done
    done
    # A state directory that was lost leaves a mark that does not disturb another container.
    up
    rm -rf "${STATE:?}/$ID"
    kill -KILL "$PID"
    wait_for gone "$PID"
    wait_for cfs create -b "$B" "$OTHER" < /dev/null > "$T/log" 2>&1
    cfs delete --force "$OTHER"
    rmdir "${DIRS[@]}"
}

# The init is moved out, its cgroup removed, and the path given to another container.
@test "deleting a container whose cgroup is another one's by now does not end that one" {
    sleeper "$NO_CGROUPNS"
    OTHER="$ID-other"
    move_init "$ID-elsewhere"
    cfs create -b "$B" "$OTHER" < /dev/null > "$T/log" 2>&1
    cfs delete --force "$ID"
    status_is "$OTHER" created
    ! gone "$(pid_of "$OTHER")"
    cfs delete --force "$OTHER"
    rmdir /sys/fs/cgroup/*/"$ID-elsewhere" /sys/fs/cgroup/"$ID-elsewhere" 2> /dev/null || true
}

# ---- a cgroup below another container's ---------------------------------------------------------------------------------------

# two_levels: the containers $ID, whose cgroup is /$ID, and $OTHER, whose cgroup is below that. The upper one has a cgroup of its own making
# beside that, with a process. Sets DIRS, the upper one's directories.
two_levels() {
    OTHER="$ID-other"
    new_bundle "$NO_CGROUPNS" ".linux.cgroupsPath = \"/$ID\" | .process.args = [\"/bin/sh\", \"-c\", \"sleep 1000 & exec sleep 1000\"]"
    up
    mapfile -t DIRS < <(jq -r '.cgroup.hierarchies[].path' "$STATE/$ID/state.json")
    config ".linux.cgroupsPath = \"/$ID/sub/$OTHER\" | .process.args = [\"/bin/sleep\", \"1000\"]"
    cfs run --detach -b "$B" "$OTHER" < /dev/null > /dev/null 2>&1
    local d child
    wait_for eval 'child=$(cut -d" " -f1 "/proc/$PID/task/$PID/children") && [ -n "$child" ]'
    for d in "${DIRS[@]}"; do
        mkdir -p "$d/sub/own"
        [ ! -e "$d/cpuset.cpus" ] || { cat "$d/cpuset.cpus" > "$d/sub/own/cpuset.cpus"; cat "$d/cpuset.mems" > "$d/sub/own/cpuset.mems"; }
        echo "$child" > "$d/sub/own/cgroup.procs" 2> /dev/null || true # not where v2 has controllers
    done
}

# runc 1.1.5: the other one lives; its own directories stay, with an error. crun 1.8.1 kills what is below.
@test "deleting a container does not end one whose cgroup is below, nor does kill --all; both gone, nothing is left [cgroup-below]" {
    local command d pid
    for command in "kill --all $ID KILL" "delete --force $ID"; do
        two_levels
        pid=$(pid_of "$OTHER")
        is "$(cfs ps --format json "$ID" | jq -c "map(select(. == $pid))")" "[]" "ps of the upper one"
        cfs $command
        [ "${command%% *}" = delete ] || { wait_for status_is "$ID" stopped; cfs delete "$ID"; }
        status_is "$OTHER" running
        ! gone "$pid"
        for d in "${DIRS[@]}"; do
            [ -d "$d/sub/$OTHER" ]
            [ ! -e "$d/sub/own" ] || { echo "$d/sub/own is left" >&2; return 1; }
        done
        cfs exec "$OTHER" true
        # What is left of the upper one can be taken again, and given up, by one that comes later.
        cfs delete --force "$OTHER"
        is "$(cgroups_named "$ID")" "" "$command"
    done
}

@test "one that is paused stays so, and one that has ended keeps its cgroup, when the one above is deleted" {
    local d
    two_levels
    cfs pause "$OTHER" || skip "needs a cgroup freezer"
    cfs delete --force "$ID"
    status_is "$OTHER" paused
    cfs resume "$OTHER"
    cfs delete --force "$OTHER"
    two_levels
    cfs kill "$OTHER" KILL
    wait_for status_is "$OTHER" stopped
    cfs delete --force "$ID"
    for d in "${DIRS[@]}"; do [ -d "$d/sub/$OTHER" ]; done
    cfs delete "$OTHER"
    is "$(cgroups_named "$ID")" ""
}

# A container that may make cgroups and marks: they name another one's state directory, which knows nothing of this cgroup; or nothing.
@test "a mark that a container has made up itself does not keep its processes from delete" {
    local d owner child
    new_bundle "$NO_CGROUPNS" ".linux.cgroupsPath = \"/$ID-other\"" '.process.args = ["/bin/sleep", "1000"]'
    OTHER="$ID-other"
    cfs run --detach -b "$B" "$OTHER" < /dev/null > /dev/null 2>&1
    for owner in "$STATE/$OTHER" "$T/nothing" "$T/fifo"; do
        config ".linux.cgroupsPath = \"/$ID\" | .process.args = [\"/bin/sh\", \"-c\", \"sleep 1000 & exec sleep 1000\"]"
        up
        mapfile -t DIRS < <(jq -r '.cgroup.hierarchies[].path' "$STATE/$ID/state.json")
        wait_for eval 'child=$(cut -d" " -f1 "/proc/$PID/task/$PID/children") && [ -n "$child" ]'
        mkdir -p "$T/fifo"
        [ -p "$T/fifo/state.json" ] || mkfifo "$T/fifo/state.json"
        for d in "${DIRS[@]}"; do
            mkdir "$d/mine"
            $PYTHON -c 'import os, sys; [os.setxattr(sys.argv[1], n + ".cfs.owner", sys.argv[2].encode()) for n in ("trusted", "user")]' "$d/mine" "$owner"
            [ ! -e "$d/cpuset.cpus" ] || { cat "$d/cpuset.cpus" > "$d/mine/cpuset.cpus"; cat "$d/cpuset.mems" > "$d/mine/cpuset.mems"; }
            echo "$child" > "$d/mine/cgroup.procs" 2> /dev/null || true
        done
        timeout 30 "$CFS" --root "$STATE" delete --force "$ID"
        wait_for gone "$child"
        is "$(cgroups_named "$ID" | grep -v -- -other)" "" "$owner"
        status_is "$OTHER" running
    done
}

# The parent was there when the second one looked; the first one, whose it was, then went.
@test "a create that is killed while it makes the directories above its cgroup again leaves none" {
    needs strace
    new_bundle "$NO_CGROUPNS" ".linux.cgroupsPath = \"/$ID/p/a\""
    args sleep 1000
    OTHER="$ID-other"
    local how
    for how in setxattr:when=1 mkdir:when=3 mkdir:when=7 mkdir:when=8 mkdir:when=9; do
        up
        config ".linux.cgroupsPath = \"/$ID/p/b\""
        strace -o "$T/strace" -e inject=renameat:delay_exit=400000:when=1 -e "inject=${how%%:*}:signal=KILL:${how#*:}" \
            "$CFS" --root "$STATE" create -b "$B" "$OTHER" < /dev/null > "$T/out" 2>&1 3>&- &
        wait_for test -e "$STATE/$OTHER/state.json"
        cfs delete --force "$ID"
        wait $! || true
        grep -q 'killed by SIGKILL' "$T/strace" || { echo "not killed: $how" >&2; return 1; }
        cfs delete --force "$OTHER"
        is "$(cgroups_named "$ID")" "" "$how"
        config ".linux.cgroupsPath = \"/$ID/p/a\""
    done
}
