# SPDX-License-Identifier: LGPL-2.1-or-later
# Too little of something: descriptors, room in the state directory, system calls that the caller's filter allows, /proc. The
# command succeeds, or fails with a true reason and leaves nothing.
load helpers/common

FORBID="$BATS_TEST_DIRNAME/helpers/forbid"

setup() {
    setup_common
    root_only
}

nothing_left() {
    is "$(ls -A "$STATE" 2> /dev/null | grep -v '^fill')" "" "$1"
    is "$(cgroups_named "$ID")" "" "$1"
}

@test "few descriptors, from 12 on: it works, or says that there are too many open files" {
    new_bundle '.process.args = ["/bin/true"] | .linux.resources.pids.limit = 20 | del(.process.rlimits)'
    not_sanitized "its libraries need descriptors before main()"
    local n worked=0
    for n in 12 13 14 15 16 18 20 22 24 28 32 48; do
        run bash -c 'ulimit -n "$1"; shift; exec "$@"' - "$n" "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
        if [ "$status" = 0 ]; then worked=$n; else contains "$output" "too many open files"; fi
        nothing_left "run, ulimit -n $n"
    done
    is "$worked" 48
    args sleep 1000
    up
    for n in 4 5 6 8 10 12 16 20 24 32; do
        local verb
        for verb in state list "exec $ID true" "kill $ID 0" pause resume; do
            case $verb in state | pause | resume) verb="$verb $ID" ;; esac
            # shellcheck disable=SC2086 # words are words
            run bash -c 'ulimit -n "$1"; shift; exec "$@"' - "$n" "$CFS" --root "$STATE" $verb < /dev/null
            [ "$status" = 0 ] || contains "$output" "too many open files"
            [ "$verb" != list ] || [ "$status" != 0 ] || contains "$output" "$ID"
        done
        cfs resume "$ID" 2> /dev/null || true
        status_is "$ID" running
    done
    # Never taken for dead.
    for n in 4 6 8 10 12; do
        run bash -c 'ulimit -n "$1"; shift; exec "$@"' - "$n" "$CFS" --root "$STATE" delete "$ID" < /dev/null
        is "$status" 1
        gone "$PID" && return 1
    done
    cfs delete --force "$ID"
}

@test "a full state directory: nothing is half made, and what is there can be deleted, with poststop hooks too" {
    private_mounts
    new_bundle '.process.args = ["/bin/sleep", "1000"] | .hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", "echo x >> " + env.T + "/hooked"]}]'
    mkdir -p "$STATE"
    outside mount -t tmpfs -o size=64k,nr_inodes=64 none "$STATE"
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    cfs start "$ID"
    outside sh -c "head -c 100000 /dev/zero > $STATE/fill 2> /dev/null" || true
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    is "$(cat "$T/hooked")" x
    is "$(outside ls "$STATE")" fill
    # Every byte: also what delete has just freed.
    local n
    for n in 1 2 3 4; do
        outside sh -c "head -c 100000 /dev/zero > $STATE/fill$n 2> /dev/null" || true
    done
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "no space left on device"
    is "$(outside ls "$STATE" | grep -v ^fill)" ""
    nothing_left
    outside sh -c "rm $STATE/fill*; i=0; while : > $STATE/fill\$i; do i=\$((i + 1)); done" 2> /dev/null || true
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "no space left on device"
    nothing_left
    outside mount -o remount,ro "$STATE"
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "read-only file system"
    is "$(cat "$T/hooked")" x
}

@test "no /proc, or something else in its place: said, and nothing made" {
    private_mounts
    new_bundle '.process.args = ["/bin/true"]'
    outside mount -t tmpfs none /proc
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" /proc
    nothing_left
}

# docker, systemd (SystemCallFilter=) and containers run cfs under filters of theirs.
@test "a caller's filter that forbids what cfs needs: the error names the call and the filter" {
    new_bundle '.process.args = ["/bin/true"]'
    local call number error
    while read -r call number; do
        for error in ENOSYS EPERM; do
            run "$FORBID" "$number" $error "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
            [ "$status" = 1 ] || { echo "$call $error: status $status: $output"; return 1; }
            contains "$output" "seccomp filter"
            contains "$output" "$call(2)"
            nothing_left "$call $error"
        done
    done <<'END'
clone3 435
openat2 437
open_tree 428
move_mount 429
fsopen 430
fsmount 432
mount_setattr 442
END
    # Of pidfd_open(2) a create has no need; the others say so.
    args sleep 1000
    up
    for error in ENOSYS EPERM; do
        run "$FORBID" 434 $error "$CFS" --root "$STATE" exec "$ID" true < /dev/null
        is "$status" 255
        contains "$output" "pidfd_open(2)"
        run "$FORBID" 434 $error "$CFS" --root "$STATE" kill "$ID" KILL < /dev/null
        is "$status" 1
        contains "$output" "pidfd_open(2)"
        status_is "$ID" running
    done
}

# close_range(2) keeps what the caller left open from the container: that it fails must not mean that they go in.
@test "descriptors of the caller do not go in, whatever fails" {
    [ -x "${INJECT:-}" ] || skip "needs tests/fault/inject, which knows x86-64 and arm64"
    new_bundle
    "$INJECT" -o "$T/log" count -- "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$OUT"
    local role n
    while read -r role n; do
        "$INJECT" -o "$T/log2" fail "$role" "$n" EINVAL -- "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$OUT" 2> "$T/err" 9< /etc/passwd
        [ "$(tail -n 1 "$T/log2")" != "exit 0" ] || is "$(got '.fds | has("9")')" false "$role $n"
        cfs delete --force "$ID" # what could not be closed may be the undoing's
        nothing_left "$role $n"
    done < <(awk '$1 == "call" && ($4 == "close_range" || $4 == "fcntl") { print $2, $3 }' "$T/log")
}

# runc 1.1.5 and crun 1.8 fail, too. Without a cgroup there are no rules for devices, and no limits.
@test "no cgroup hierarchy is mounted: linux.cgroupsPath is refused, and without it the loss is said" {
    private_mounts
    outside mount -t tmpfs none /sys/fs/cgroup
    new_bundle '.process.args = ["/bin/true"] | del(.linux.resources)'
    local command
    for command in run create; do
        run --separate-stderr "${INTO[@]}" "$CFS" --root "$STATE" $command -b "$B" "$ID" < /dev/null
        is "$status" 1 "$command"
        contains "$stderr" "linux.cgroupsPath: cannot be made: no cgroup hierarchy is mounted here"
        is "$(ls -A "$STATE")" "" "$command"
    done
    config 'del(.linux.cgroupsPath)'
    run --separate-stderr "${INTO[@]}" "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    is "$status" 0 "$stderr"
    contains "$stderr" "no rules for devices"
}

# procfs(5), subset=pid: the init is there to be seen, and not in which boot it runs.
@test "a /proc with processes alone: the error names what is missing" {
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    up
    run unshare --mount --propagation private sh -c 'mount -t proc -o subset=pid proc /proc && exec "$@"' - "$CFS" --root "$STATE" state "$ID"
    is "$status" 1
    contains "$output" "boot_id"
    status_is "$ID" running
}
