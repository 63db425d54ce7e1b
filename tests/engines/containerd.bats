#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# containerd, through its shim: create, start, exec --detach, kill, pause, resume, ps, update, delete, and delete --force by
# a shim that has just been started for it.

load helpers/containerd

setup_file() { containerd_setup; }
teardown_file() {
    containerd_use
    containerd_clean
    containerd_stop
}
setup() { containerd_use; }
teardown() { containerd_clean; }

@test "run --rm: output and exit code" {
    run_ "$BB" "$C" echo hello
    is "$output" hello
    fails 7 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" "$BB" "$C" sh -c 'exit 7'
}

@test "run: stdin" {
    output=$(echo typed | timeout 30 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" "$BB" "$C" sh -c 'read x; echo "got $x"')
    is "$output" "got typed"
}

@test "run -t: a terminal" {
    ok "${PTY[@]}" -r 31 -c 91 "${CTR[@]}" run --rm -t --runc-binary "$RUNTIME_PATH" "$BB" "$C" sh -c 'sleep 0.5; tty; stty size'
    contains "$output" /dev/pts/0
    contains "$output" "31 91"
    no_staircase
}

@test "run: environment, directory, user of the process, read-only root" {
    OPTIONS=(--env A=b --cwd /home/user --read-only)
    run_ "$BB" "$C" sh -c 'echo $A; pwd; touch /x 2>&1 || true'
    contains "$output" b
    contains "$output" /home/user
    contains "$output" "Read-only"
}

@test "run: the runtime's error becomes ctr's" {
    fails 1 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" "$BB" "$C" nosuchprogram
    contains "$output" "OCI runtime create failed"
    matches "$output" "executable file .*not found"
    # Nothing is left that would be in the way of the next one.
    run_ "$BB" "$C" true
}

@test "run: not executable, a directory, no such path" {
    fails 1 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" "$BB" "$C" /etc/passwd
    matches "$output" "[Pp]ermission denied"
    fails 1 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" "$BB" "$C" /no/such
    matches "$output" "[Nn]o such file"
}

@test "create, start in two steps" {
    c_ c create "$BB" "$C" sleep 1000
    c_ task start -d "$C"
    status_is RUNNING
}

@test "task ls, ps, the init's parent is the shim" {
    up
    status_is RUNNING
    is "$(tr '\0' ' ' <"/proc/$PID/cmdline")" "sleep 1000 "
    grep -q containerd-shim "/proc/$(awk '{ print $4 }' "/proc/$PID/stat")/cmdline"
    c_ task ps "$C"
    is "$(awk 'NR > 1 { print $1 }' <<<"$output")" "$PID"
}

@test "task kill: a signal the program handles; KILL; ALL" {
    up -- sh -c 'trap "echo usr1 >/tmp/seen" USR1; while :; do sleep 0.1; done'
    wait_for "${CTR[@]}" task exec --exec-id w1 "$C" true
    c_ task kill -s SIGUSR1 "$C"
    wait_for test -e "/proc/$PID/root/tmp/seen"
    c_ task kill -s SIGKILL "$C"
    wait_for status_is STOPPED
    try "${CTR[@]}" task delete "$C"
    contains "$output" "137"
}

@test "task kill --all in the host's PID namespace" {
    up --with-ns pid:/proc/1/ns/pid -- sh -c 'sleep 4321 & sleep 4322'
    wait_for pgrep -x -f 'sleep 4321'
    c_ task kill --all -s KILL "$C"
    wait_for status_is STOPPED
    ! pgrep -x -f 'sleep 432[12]'
}

@test "task kill of a stopped task: not found" {
    up -- true
    wait_for status_is STOPPED
    try "${CTR[@]}" task kill -s 9 "$C"
    [ "$status" -ne 0 ]
    matches "$output" "not found|already finished"
}

@test "task delete: exit code; of a running task it fails; --force" {
    up
    try "${CTR[@]}" task delete "$C"
    [ "$status" -ne 0 ]
    contains "$output" "must be stopped"
    c_ task delete --force "$C"
    [ ! -e "/proc/$PID/exe" ]
    c_ task start -d "$C"
    status_is RUNNING
}

@test "task pause, resume" {
    up -- sh -c 'while :; do echo x >>/tmp/beat; sleep 0.05; done'
    c_ task pause "$C"
    status_is PAUSED
    local n
    n=$(stat -c %s "/proc/$PID/root/tmp/beat")
    sleep 0.3
    is "$(stat -c %s "/proc/$PID/root/tmp/beat")" "$n"
    c_ task resume "$C"
    status_is RUNNING
    sleep 0.3
    [ "$(stat -c %s "/proc/$PID/root/tmp/beat")" -gt "$n" ]
}

@test "task delete --force of a paused task" {
    up
    c_ task pause "$C"
    c_ task delete --force "$C"
    [ ! -e "/proc/$PID/exe" ]
}

@test "task metrics" {
    up -- sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; exec sleep 1000'
    sleep 0.5
    c_ task metrics "$C"
    matches "$output" 'memory\.usage(_in_bytes)? +[1-9]|memory.usage +[1-9]'
    matches "$output" 'cpu(acct\.usage|\.usage_usec) +[1-9]'
    matches "$output" 'pids.current +1'
}

@test "task exec: output, exit code, stdin" {
    up
    exec_ echo hello
    is "$output" hello
    fails_exec 9 sh -c 'exit 9'
    is "$(echo in | timeout 30 "${CTR[@]}" task exec --exec-id e1 "$C" cat)" in
}

@test "task exec -t" {
    up
    ok "${PTY[@]}" "${CTR[@]}" task exec -t --exec-id e1 "$C" sh -c 'tty; sleep 0.3'
    contains "$output" /dev/pts/
}

@test "task exec: directory and user" {
    up
    ok "${CTR[@]}" task exec --exec-id e1 --cwd /home/user --user 1000 "$C" sh -c 'pwd; id -u'
    is "$output" $'/home/user\n1000'
}

@test "task exec -d, killed by its id" {
    up
    "${CTR[@]}" task exec -d --exec-id back "$C" sleep 2345 >/dev/null 2>&1 3>&-
    wait_for pgrep -x -f 'sleep 2345'
    c_ task ps "$C"
    is "$(awk 'NR > 1' <<<"$output" | wc -l)" 2
    c_ task kill --exec-id back -s KILL "$C"
    wait_for sh -c "! pgrep -x -f 'sleep 2345'"
    status_is RUNNING
}

@test "task exec: of a program that is missing; of a stopped task" {
    up
    fails_exec 1 nosuchprogram
    matches "$output" "executable file .*not found"
    c_ task kill -s KILL "$C"
    wait_for status_is STOPPED
    try "${CTR[@]}" task exec --exec-id e1 "$C" true
    [ "$status" -ne 0 ]
}

@test "task exec: twenty, one after the other and side by side" {
    up
    local i pids=()
    for i in 1 2 3 4 5 6 7 8 9 10; do
        timeout 60 "${CTR[@]}" task exec --exec-id "p$i" "$C" sh -c "exit $i" 3>&- &
        pids+=($!)
    done
    for i in 1 2 3 4 5 6 7 8 9 10; do
        status=0
        wait "${pids[i - 1]}" || status=$?
        is "$status" "$i"
    done
    c_ task ps "$C"
    is "$(awk 'NR > 1' <<<"$output" | wc -l)" 1
}

@test "task attach" {
    c_ c create "$BB" "$C" late
    try "${CTR[@]}" task start "$C"
    is "$status" 3
    contains "$output" late
}

@test "--memory-limit, --cpus, --cpu-shares, --cgroup" {
    has_controller memory || skip "needs the memory controller"
    up --memory-limit $((50 << 20)) --cpus 0.5 --cpu-shares 512 --cgroup "/$TAG/sub/$C"
    grep -q "/$TAG/sub/$C" "/proc/$PID/cgroup"
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" $((50 << 20))
    matches "$(cg "$PID" cpu cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
}

@test "the cgroup is gone with the task" {
    up
    local at
    at=$(sed -n 's/.*:pids://p;s/^0:://p' "/proc/$PID/cgroup" | head -1)
    contains "$at" "$TAG"
    c_ task delete --force "$C"
    is "$(cgroups_named "$C" | grep "$TAG")" ""
}

@test "update: limits change while it runs" {
    has_controller memory || skip "needs the memory controller"
    /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || skip "needs python3-grpcio and python3-protobuf, which are not installed"
    needs protoc
    up
    ok "$BATS_TEST_DIRNAME/helpers/rpc" "$D/sock" update "$TAG" "$C" \
        '{"memory": {"limit": 73400320}, "cpu": {"shares": 300}, "pids": {"limit": 55}}'
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" 73400320
    is "$(cg "$PID" pids pids.max pids.max)" 55
}

@test "out of memory ends it" {
    has_controller memory || skip "needs the memory controller"
    fails 137 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" --memory-limit $((20 << 20)) "$BB" "$C" sh -c 'x=$(head -c 200m /dev/zero | tr "\0" x)'
}

@test "--mount, --device" {
    echo host >"$BATS_TEST_TMPDIR/f"
    OPTIONS=(--mount "type=bind,src=$BATS_TEST_TMPDIR/f,dst=/data/file,options=rbind:ro" --device /dev/fuse)
    run_ "$BB" "$C" sh -c 'cat /data/file; echo x >/data/file 2>&1; test -c /dev/fuse && echo device; true'
    contains "$output" host
    matches "$output" "[Rr]ead-only"
    contains "$output" device
}

@test "--net-host, --with-ns" {
    OPTIONS=(--net-host)
    run_ "$BB" "$C" readlink /proc/self/ns/net
    is "$output" "$(readlink /proc/self/ns/net)"
    up
    OPTIONS=(--with-ns "network:/proc/$PID/ns/net")
    run_ "$BB" "${C}b" readlink /proc/self/ns/net
    is "$output" "$(readlink "/proc/$PID/ns/net")"
}

@test "--privileged, --cap-add, --cap-drop, --allow-new-privs" {
    run_ "$BB" "$C" grep -E 'NoNewPrivs' /proc/self/status
    matches "$output" 1
    OPTIONS=(--allow-new-privs)
    run_ "$BB" "$C" grep -E 'NoNewPrivs' /proc/self/status
    matches "$output" 0
    OPTIONS=(--cap-drop CAP_CHOWN --cap-add CAP_SYS_TIME)
    run_ "$BB" "$C" sed -n 's/^CapBnd:\t*//p' /proc/self/status
    is $((0x$output & 1)) 0
    is $((0x$output & 1 << 25)) $((1 << 25))
    OPTIONS=(--privileged)
    run_ "$BB" "$C" sh -c 'mount -t tmpfs x /mnt && echo mounted'
    is "$output" mounted
}

@test "--seccomp, with the default profile and another one" {
    OPTIONS=(--seccomp)
    run_ "$BB" "$C" grep Seccomp: /proc/self/status
    matches "$output" 2
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >"$BATS_TEST_TMPDIR/p"
    fails 1 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" --seccomp --seccomp-profile "$BATS_TEST_TMPDIR/p" "$BB" "$C" mkdir /tmp/d
    contains "$output" "No space left"
}

@test "--uidmap, --gidmap" {
    OPTIONS=(--uidmap 0:100000:65536 --gidmap 0:100000:65536 --remap-labels)
    run_ "$BB" "$C" sh -c 'cat /proc/self/uid_map; stat -c %u /data/file; touch /data/x && echo wrote' ||
        { OPTIONS=(--uidmap 0:100000:65536 --gidmap 0:100000:65536); run_ "$BB" "$C" sh -c 'cat /proc/self/uid_map; stat -c %u /data/file; touch /data/x && echo wrote'; }
    matches "$output" '^ +0 +100000 +65536$'
    contains "$output" wrote
}

@test "--rootfs: a directory; --no-pivot" {
    cp -a "$ENGINES/busybox.root" "$BATS_TEST_TMPDIR/r"
    run_ --rootfs "$BATS_TEST_TMPDIR/r" "$C" /bin/cat /data/file
    is "$output" of-the-image
    run_ --no-pivot --rootfs "$BATS_TEST_TMPDIR/r" "$C" /bin/cat /data/file
    is "$output" of-the-image
}

@test "--runc-root: the runtime's state is there" {
    up --runc-root "$BATS_TEST_TMPDIR/state"
    [ -d "$BATS_TEST_TMPDIR/state/$TAG/$C" ]
    exec_ true
    c_ task delete --force "$C"
    [ ! -e "$BATS_TEST_TMPDIR/state/$TAG/$C" ]
}

@test "--pid-file, --annotation" {
    up --pid-file "$BATS_TEST_TMPDIR/pid" --annotation org.example=x
    is "$(cat "$BATS_TEST_TMPDIR/pid")" "$PID"
}

@test "--log-uri: output goes to a file, --null-io to nowhere" {
    up --log-uri "file://$BATS_TEST_TMPDIR/log" -- sh -c 'echo logged; exec sleep 1000'
    wait_for grep -q logged "$BATS_TEST_TMPDIR/log"
    containerd_clean
    up --null-io -- sh -c 'echo nowhere; exec sleep 1000'
    status_is RUNNING
}

@test "the shim is killed: the next one cleans up" {
    up
    local shim
    shim=$(awk '{ print $4 }' "/proc/$PID/stat")
    kill -9 "$shim"
    wait_for sh -c "! grep -q sleep /proc/$PID/cmdline"
    wait_for sh -c "! ${CTR[*]} task ls | grep -q '^$C '"
    is "$(cgroups_named "$C" | grep "$TAG")" ""
}

@test "containerd is restarted while containers run" {
    up
    containerd_stop
    [ -e "/proc/$PID/exe" ]
    containerd_start
    status_is RUNNING
    exec_ echo still
    is "$output" still
    c_ task kill -s KILL "$C"
    wait_for status_is STOPPED
    c_ task delete "$C" || [ "$status" -eq 137 ]
}

@test "containerd is killed, the program ends meanwhile: its exit is known afterwards" {
    up -- sh -c 'sleep 1; exit 6'
    kill -9 "$(cat "$D/pid")"
    sleep 1.5
    containerd_start
    status_is STOPPED
    try "${CTR[@]}" task delete "$C"
    contains "$output" 6
}

@test "ten containers at once" {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8 9 10; do
        timeout 90 "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" "$BB" "$C-$i" sh -c "exit $i" 3>&- &
        pids+=($!)
    done
    for i in 1 2 3 4 5 6 7 8 9 10; do
        status=0
        wait "${pids[i - 1]}" || status=$?
        is "$status" "$i"
    done
    is "$("${CTR[@]}" task ls -q)" ""
}

@test "nothing is left of all this: state and bundles" {
    containerd_clean
    is "$(ls -A "/run/containerd/runc/$TAG" 2>/dev/null)" ""
    is "$(ls -A "$D/state/io.containerd.runtime.v2.task/$TAG" 2>/dev/null)" ""
}
