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
