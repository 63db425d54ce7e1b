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
    find /sys/fs/cgroup -depth -type d -name "*$ID*" -exec rmdir {} + 2> /dev/null || true
}

# The cgroups of a process, but for those of hierarchies that have none of ours (name=... of nobody).
cgroups_of() { sed 's/^[0-9]*://' "$1" | sort; }

sleeper() {
    new_bundle "$@"
    args sleep 1000
    up
    # The container's directories: one per hierarchy.
    mapfile -t DIRS < <(jq -r '.cgroup.hierarchies[].path' "$STATE/$ID/state.json")
}

# move_init DIR: the init is moved by somebody to DIR, beside its own, in every hierarchy; its own is removed.
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

@test "exec into a container whose cgroup is gone joins its init" {
    sleeper "$NO_CGROUPNS"
    move_init "$ID-elsewhere"
    cfs exec "$ID" cat /proc/self/cgroup > "$T/inside" < /dev/null
    diff <(cgroups_of "$T/inside") <(cgroups_of "/proc/$PID/cgroup") >&2
    [ "$(grep -c "/$ID-elsewhere\$" "$T/inside")" = ${#DIRS[@]} ]
    cfs delete --force "$ID"
}

@test "the same in one hierarchy only, each in turn" {
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
@test "exec where the cgroup directories are out of reach fails" {
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
