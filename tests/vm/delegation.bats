# SPDX-License-Identifier: LGPL-2.1-or-later
# An ordinary user with a part of the cgroup v2 tree that was given to him, and without one.
load ../integration/helpers/common

UID_=1234
TOP=/sys/fs/cgroup

setup() {
    setup_common
    root_only
    [ "$(stat -f -c %T $TOP)" = cgroup2fs ] || skip "needs a machine with cgroup v2 alone"
    mkdir -p "$TOP/give-$ID/me"
    new_bundle '.process.args = ["/bin/sleep", "1000"] | del(.linux.cgroupsPath)
        | .linux.namespaces = [{"type": "user"}, {"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "cgroup"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 1234, "size": 1}] | .linux.gidMappings = .linux.uidMappings
        | .mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "mqueue")
            | if .type == "devpts" then .options |= map(select(startswith("gid") | not)) else . end)
        | .linux.resources = {}'
    reachable
    chown -R $UID_:$UID_ "$T"
}

teardown() {
    local d
    user "$CFS" --root "$STATE" delete --force "$ID" 2> /dev/null || true
    for d in $(find "$TOP/give-$ID" -depth -type d); do
        echo 1 > "$d/cgroup.kill"
        rmdir "$d" 2> /dev/null || { sleep 0.2; rmdir "$d"; }
    done
}

# In the cgroup me, as the user.
user() {
    sh -c 'echo $$ > "$1/cgroup.procs" && shift && exec setpriv --reuid=1234 --regid=1234 --clear-groups "$@"' sh "$TOP/give-$ID/me" \
        env HOME="$T" XDG_RUNTIME_DIR="$T" "$@"
}

delegate() {
    local f
    echo '+memory +pids' > "$TOP/give-$ID/cgroup.subtree_control" 2> /dev/null || echo +pids > "$TOP/give-$ID/cgroup.subtree_control"
    chown $UID_ "$TOP/give-$ID" "$TOP/give-$ID/me"
    for f in cgroup.procs cgroup.subtree_control cgroup.threads; do chown $UID_ "$TOP/give-$ID/$f" "$TOP/give-$ID/me/$f"; done
}

@test "in a delegated subtree a user sets limits without any manager" {
    grep -qw pids $TOP/cgroup.controllers || skip "needs the pids controller"
    delegate
    config '.linux.resources.pids = {"limit": 21}'
    user "$CFS" --root "$STATE" run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; false; }
    PID=$(user "$CFS" --root "$STATE" state "$ID" | jq .pid)
    is "$(cat "/proc/$PID/cgroup")" "0::/give-$ID/$ID"
    is "$(cat "$TOP/give-$ID/$ID/pids.max")" 21
    user "$CFS" --root "$STATE" exec "$ID" true
    user "$CFS" --root "$STATE" update --pids-limit 22 "$ID"
    is "$(cat "$TOP/give-$ID/$ID/pids.max")" 22
    user "$CFS" --root "$STATE" pause "$ID"
    user "$CFS" --root "$STATE" resume "$ID"
    user "$CFS" --root "$STATE" delete --force "$ID"
    [ ! -e "$TOP/give-$ID/$ID" ]
}

@test "without one a container without limits runs, and a limit is an error that says why" {
    user "$CFS" --root "$STATE" run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; false; }
    PID=$(user "$CFS" --root "$STATE" state "$ID" | jq .pid)
    is "$(cat "/proc/$PID/cgroup")" "0::/give-$ID/me"
    user "$CFS" --root "$STATE" exec "$ID" true
    user "$CFS" --root "$STATE" delete --force "$ID"
    config '.linux.resources.pids = {"limit": 21}'
    run user "$CFS" --root "$STATE" run --detach -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.resources.pids.limit"
    contains "$output" "may not make the cgroup"
}

@test "a subtree of the user's that cannot be entered from outside: the error says which directory is in the way" {
    grep -qw pids $TOP/cgroup.controllers || skip "needs the pids controller"
    delegate
    config ".linux.cgroupsPath = \"/give-$ID/$ID\" | .linux.resources.pids = {\"limit\": 21}"
    # From our own cgroup, which is not below the one that was given.
    other() { setpriv --reuid=$UID_ --regid=$UID_ --clear-groups env HOME="$T" XDG_RUNTIME_DIR="$T" "$@"; }
    run other "$CFS" --root "$STATE" create -b "$B" "$ID"
    is "$status" 1
    # The path that was asked for, before the limits: it cannot be made in any hierarchy.
    contains "$output" "linux.cgroupsPath"
    contains "$output" "may not join the cgroup \`$TOP/give-$ID/$ID\`: \`$TOP/cgroup.procs\`"
    contains "$output" "belongs to user 0"
    [ ! -e "$TOP/give-$ID/$ID" ]
    run other "$CFS" check --host "$B"
    is "$status" 2
    contains "$output" "may not join the cgroup"
    # From inside all is well; and exec from outside is told what is the matter.
    user "$CFS" --root "$STATE" run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; false; }
    is "$(cat "$TOP/give-$ID/$ID/pids.max")" 21
    run other "$CFS" --root "$STATE" exec "$ID" true
    is "$status" 255
    contains "$output" "may not join the cgroup \`$TOP/give-$ID/$ID\`"
    # Without limits and without a path it is not an error: the container has no cgroup of its own.
    user "$CFS" --root "$STATE" delete --force "$ID"
    config '.linux.resources = {} | del(.linux.cgroupsPath)'
    other "$CFS" --root "$STATE" run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; false; }
    PID=$(user "$CFS" --root "$STATE" state "$ID" | jq .pid)
    is "$(cat "/proc/$PID/cgroup")" "$(cat /proc/self/cgroup)"
    [ ! -e "$TOP/give-$ID/$ID" ]
}
