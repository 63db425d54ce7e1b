# SPDX-License-Identifier: LGPL-2.1-or-later
# A runtime that is killed at any point leaves what `delete --force` cleans completely.
load helpers/common

setup() {
    setup_common
    root_only
    needs strace
}

leftovers() {
    ls -A "$STATE" 2>/dev/null
    cgroups_named "$ID"
    grep -c "$B" /proc/self/mountinfo || true
    pgrep -f "inspector sleep$ID" || true
}

# Kills the runtime with SIGKILL at its Nth call of the given system call. Without -f: a created init would keep strace.
kill_at() {
    strace -qq -o /dev/null -e trace="$1" -e inject="$1":signal=KILL:when="$2" \
        "$CFS" --root "$STATE" create -b "$B" "$ID" < /dev/null > /dev/null 2>&1 || true
}

@test "SIGKILL at many points of create: delete --force leaves nothing, and the ID is free" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.resources.pids.limit = 20'
    config --arg id "$ID" '.process.args[1] = "sleep" + $id'
    local call n
    mkdir -p "$STATE"
    is "$(leftovers)" 0
    for call in openat mkdir,mkdirat write clone3 sendmsg recvmsg fsmount move_mount pivot_root renameat,renameat2,rename; do
        for n in 1 2 3 5 8 13; do
            kill_at "$call" "$n"
            cfs delete --force "$ID"
            is "$(leftovers)" 0 "$call $n"
        done
    done
    config '.process.args = ["/bin/true"]'
    cfs run -b "$B" "$ID"
}

@test "SIGKILL of run in the foreground: the container is still there to delete" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > /dev/null 2>&1 3>&- &
    local pid=$!
    wait_for status_is "$ID" running
    kill -9 $pid
    wait $pid || true
    is "$(cfs state "$ID" | jq -r .status)" running
    cfs delete --force "$ID"
    is "$(leftovers)" 0
}

@test "the init dies when create dies before created" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    kill_at recvmsg 1
    wait_for bash -c "! pgrep -f '[c]reate -b $B $ID' > /dev/null"
    cfs delete --force "$ID"
    is "$(leftovers)" 0
}

@test "an empty state directory that a dead create left is taken over" {
    new_bundle '.process.args = ["/bin/true"]'
    mkdir -p "$STATE/$ID"
    cfs run -b "$B" "$ID"
}
