#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman: the life of a container. conmon calls create and exec, podman itself start, kill, pause, update and delete.

load helpers/podman

setup_file() { podman_setup; }
setup() { podman_use; }
teardown() { podman_clean; }

# --- run --------------------------------------------------------------------------------------------------------------

@test "run: output, and the container's runtime is the one under test" {
    run_ bb echo hello
    is "$output" hello
    up bb sleep 1000
    is "$(inspect '{{.OCIRuntime}}')" "$RUNTIME"
    is "$(readlink "/proc/$PID/exe" | sed 's,.*/,,')" busybox
}

@test "run: the exit code is the program's" {
    fails_ 7 bb sh -c 'exit 7'
    fails_ 255 bb sh -c 'exit 255'
}

@test "run: a signal that ends the program is 128 + n" {
    up bb sh -c 'trap - USR1; sleep 1000'
    pod kill --signal KILL "$C"
    pod wait "$C"
    is "$output" 137
}

@test "run: stdin with -i" {
    output=$(echo "from the caller" | timeout 30 "${P[@]}" run --rm -i --net=none bb cat)
    is "$output" "from the caller"
}

@test "run: stdout and stderr are apart" {
    timeout 30 "${P[@]}" run --rm --net=none bb sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
    is "$(cat "$BATS_TEST_TMPDIR/o")" out
    is "$(cat "$BATS_TEST_TMPDIR/e")" err
}

@test "run: a megabyte of output, and of input" {
    run_ bb sh -c 'dd if=/dev/zero bs=1024 count=1024 2>/dev/null | tr "\0" x | wc -c; dd if=/dev/zero bs=1024 count=1024 2>/dev/null | tr "\0" y'
    is "$(wc -c <<<"$output")" 1048585
    is "$(head -c 1048576 /dev/zero | timeout 30 "${P[@]}" run --rm -i --net=none bb wc -c)" 1048576
}

@test "run: 125 when podman fails" {
    fails_ 125 --nosuchflag bb true
    fails_ 125 --pull=never localhost/nosuchimage true
}

@test "run: 126 when the program cannot be run" {
    fails_ 126 bb /etc/passwd
    contains "$output" "permission denied"
    fails_ 126 bb /etc
    matches "$output" "is a directory|permission denied"
}

@test "run: 127 when there is no program" {
    fails_ 127 bb nosuchprogram
    matches "$output" 'executable file .*not found in \$PATH'
    contains "$output" "OCI runtime attempted to invoke a command that was not found"
    fails_ 127 bb /no/such/program
    matches "$output" "[Nn]o such file or directory"
    contains "$output" "OCI runtime attempted to invoke a command that was not found"
}

@test "run: a script whose interpreter is missing" {
    try "${P[@]}" run --rm --net=none bb /bin/no-interpreter
    matches "$status" '^12[67]$|^1$'
    matches "$output" "[Nn]o such file or directory"
}

@test "run: podman shows the runtime's message, not its JSON" {
    fails_ 127 bb nosuchprogram
    lacks "$output" '"level"'
    lacks "$output" '"msg"'
    is "$(wc -l <<<"$output")" 1
}

@test "run: a failed run leaves no state, cgroup or mount" {
    local before
    run_ bb true
    before=$(awk -v d="$D" 'index($5, d) != 1 { print $5 }' /proc/self/mountinfo)
    fails_ 127 --cgroup-parent "/$TAG/failed" bb nosuchprogram
    is "$(awk -v d="$D" 'index($5, d) != 1 { print $5 }' /proc/self/mountinfo)" "$before"
    is "$(cgroups_named 'libpod-*' | grep "$TAG/failed")" ""
    is "$(ls -A /run/cfs /run/runc /run/crun 2>/dev/null | grep -v :)" ""
}

@test "run -it: a terminal of the caller's size" {
    ok "${PTY[@]}" -r 33 -c 77 "${P[@]}" run --rm -it --net=none bb sh -c 'sleep 0.5; tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo three'
    contains "$output" /dev/pts/0
    contains "$output" "33 77"
    no_staircase
    contains "$output" three
}

@test "run -it: typed text, the interrupt character, job control" {
    pod import "$(image_tar debian)" deb
    LIMIT=20 try "${PTY[@]}" -s '# =sleep 100\n' -s '100=\x03' -s '# =sleep 200 &\n' -s '# =echo a$((1+1))c; jobs; exit 5\n' \
        "${P[@]}" run --rm -it --net=none -e 'PS1=# ' deb bash --norc -i
    is "$status" 5
    contains "$output" a2c
    contains "$output" Running
    lacks "$output" "no job control"
}

@test "run -d -t: a terminal although the client has none" {
    up -t bb sh -c 'tty; test -c /dev/console && echo console; sleep 1000'
    wait_for logs_have console
    pod logs "$C"
    contains "$output" /dev/pts/0
}

@test "run: environment, --env-file, --unsetenv, HOME, TERM" {
    echo FROM_FILE=yes >"$BATS_TEST_TMPDIR/env"
    run_ -e A=b -e 'WITH=space and =' --env-file "$BATS_TEST_TMPDIR/env" bb env
    contains "$output" "A=b"
    contains "$output" "WITH=space and ="
    contains "$output" "FROM_FILE=yes"
    contains "$output" "HOME=/root"
    contains "$output" "container=podman"
}

@test "run: --workdir, --entrypoint; --hostname" {
    run_ -w /home/user bb pwd
    is "$output" /home/user
    run_ --entrypoint '["sh", "-c"]' bb 'echo entry'
    is "$output" entry
    run_ --hostname some.host bb hostname
    is "$output" some.host
}

@test "run: a long command line and a long environment" {
    local long
    long=$(head -c 100000 /dev/zero | tr '\0' l)
    run_ -e "LONG=$long" bb sh -c 'echo ${#LONG} ${#1}' sh "$long"
    is "$output" "100000 100000"
}

@test "run: a dynamically linked Debian with bash" {
    pod import "$(image_tar debian)" deb
    run_ deb bash -c 'echo "$BASH_VERSION" | cut -c1; id -un; cat <(echo substituted); setpriv --dump | head -1'
    contains "$output" root
    contains "$output" substituted
    contains "$output" uid:
    fails_ 127 deb nosuch
    fails_ 126 deb /etc/debian_version
}

@test "run --rootfs: a directory as it lies there" {
    "${P[@]}" image ls >/dev/null
    run_ --rootfs "$ENGINES/busybox.root" cat /data/file
    is "$output" of-the-image
    run_ --rootfs "$ENGINES/busybox.root:O" sh -c 'echo changed >/data/file; cat /data/file'
    is "$output" changed
    is "$(cat "$ENGINES/busybox.root/data/file")" of-the-image
}

@test "run --init: a small init that reaps" {
    run_ --init bb sh -c 'tr "\0" "\n" </proc/1/cmdline; (sleep 0.1 &); sleep 0.3; ps | grep -c "[Zz]ombie\|\[sleep\]" || true'
    contains "$output" /run/podman-init
    matches "$output" '^0$'
}

@test "run --timeout" {
    fails_ 255 --timeout 1 bb sleep 100 || [ "$status" -eq 137 ]
}

@test "run: ten containers at once" {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8 9 10; do
        timeout 60 "${P[@]}" run --rm --net=none bb sh -c "exit $i" 3>&- &
        pids+=($!)
    done
    for i in 1 2 3 4 5 6 7 8 9 10; do
        status=0
        wait "${pids[i - 1]}" || status=$?
        is "$status" "$i"
    done
}

# --- the steps of a life ----------------------------------------------------------------------------------------------

@test "create, start, wait" {
    pod create --name "$C" --net=none bb sh -c 'echo started; exit 3'
    is "$(inspect '{{.State.Status}}')" created
    pod start "$C"
    pod wait "$C"
    is "$output" 3
    pod logs "$C"
    is "$output" started
}

@test "init makes it, start -a runs it" {
    pod create --name "$C" --net=none bb sh -c 'echo attached; exit 4'
    pod init "$C"
    state_is initialized || state_is created
    [ "$(inspect '{{.State.Pid}}')" -gt 0 ]
    fails 4 "${P[@]}" start -a "$C"
    contains "$output" attached
}

@test "start again after the end; restart while running" {
    pod run --name "$C" --net=none bb sh -c 'echo again'
    pod start -a "$C"
    is "$output" again
    pod rm "$C"
    up bb sleep 1000
    local first=$PID
    pod restart -t 0 "$C"
    [ "$(inspect '{{.State.Pid}}')" != "$first" ]
    state_is running
}

@test "restart policy: on-failure" {
    pod run -d --name "$C" --net=none --restart on-failure:2 bb sh -c 'echo try; exit 1'
    try "${P[@]}" wait "$C"
    wait_for state_is exited
    is "$(inspect '{{.RestartCount}}')" 2
    pod logs "$C"
    is "$(grep -c try <<<"$output")" 3
}

# The kernel alone finds that out, after the runtime's `start`: a restart policy is for containers that have started.
@test "restart policy: a program that the kernel refuses" {
    pod run -d --name "$C" --net=none --restart on-failure:2 bb /bin/no-interpreter
    try "${P[@]}" wait "$C"
    wait_for state_is exited
    is "$(inspect '{{.State.ExitCode}} {{.RestartCount}}')" "1 2"
    pod logs "$C"
    is "$(grep -ci 'no such file or directory' <<<"$output")" 3
}

@test "logs, logs -f, logs --tail" {
    up bb sh -c 'echo one; echo two >&2; sleep 1; echo three'
    pod logs -f "$C"
    contains "$output" one
    contains "$output" two
    contains "$output" three
    pod logs --tail 1 "$C"
    is "$output" three
}

@test "attach" {
    pod run -d -i --name "$C" --net=none bb sh -c 'read l; echo "got $l"; exit 6'
    status=0
    output=$(echo line | timeout 30 "${P[@]}" attach "$C") || status=$?
    contains "$output" "got line"
    pod wait "$C"
    is "$output" 6
}

@test "the detach keys leave it running" {
    LIMIT=20 try "${PTY[@]}" -s 'ready=\x10\x11' "${P[@]}" run -it --name "$C" --net=none bb sh -c 'echo ready; exec sleep 1000'
    state_is running
}

@test "stop: the program ends at SIGTERM" {
    up bb sh -c 'trap "echo terminated; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    pod stop "$C"
    is "$(inspect '{{.State.ExitCode}}')" 5
    pod logs "$C"
    contains "$output" terminated
}

@test "stop: a program that ignores SIGTERM is killed" {
    up bb sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    pod stop -t 1 "$C"
    is "$(inspect '{{.State.ExitCode}}')" 137
    state_is exited
}

@test "stop: --stop-signal" {
    up --stop-signal INT bb sh -c 'trap "exit 8" INT; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    pod stop "$C"
    is "$(inspect '{{.State.ExitCode}}')" 8
}

@test "kill: any signal, by name and number" {
    up bb sh -c 'trap "echo usr1" USR1; trap "echo hup" HUP; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    pod kill -s USR1 "$C"
    wait_for logs_have usr1
    pod kill -s 1 "$C"
    wait_for logs_have hup
    pod kill "$C"
    pod wait "$C"
    is "$output" 137
    try "${P[@]}" kill "$C"
    [ "$status" -ne 0 ]
}

@test "signals of the caller reach the program (--sig-proxy)" {
    "${P[@]}" run --rm --net=none --name "$C" bb sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/o" 3>&- &
    local pid=$!
    wait_for grep -q ready "$BATS_TEST_TMPDIR/o"
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    is "$status" 9
}

@test "pause and unpause" {
    up bb sh -c 'while :; do echo x; sleep 0.1; done'
    wait_for logs_have x
    pod pause "$C"
    state_is paused
    local n
    sleep 0.3
    n=$("${P[@]}" logs "$C" | wc -l)
    sleep 0.5
    is "$("${P[@]}" logs "$C" | wc -l)" "$n"
    try "${P[@]}" exec "$C" true
    [ "$status" -ne 0 ]
    pod unpause "$C"
    state_is running
    sleep 0.5
    [ "$("${P[@]}" logs "$C" | wc -l)" -gt "$n" ]
}

@test "rm --force of a paused container" {
    up bb sleep 1000
    pod pause "$C"
    pod rm --force --time 0 "$C"
    [ ! -d "/proc/$PID" ]
}

@test "rm --force leaves nothing: processes, state, cgroups" {
    up bb sh -c 'sleep 2000 & sleep 1000'
    local id
    id=$(inspect '{{.Id}}')
    pod rm --force --time 0 "$C"
    [ ! -d "/proc/$PID" ]
    is "$(cgroups_named "libpod-$id*")" ""
    is "$(find /run -name "$id*" -not -path '*/containers/*')" ""
}

@test "stats" {
    up --memory 64m bb sh -c 'while :; do :; done'
    pod stats --no-stream --format '{{.PIDs}} {{.MemUsage}} {{.CPU}}' "$C"
    matches "$output" '^[1-9][0-9]* [0-9.]+[kM]B / 67.11MB'
}

@test "top, with podman's descriptors and ps' own" {
    up bb sleep 1000
    pod top "$C" pid comm user
    matches "$output" '1 +sleep +root'
    pod top "$C" hpid seccomp capeff
    matches "$output" "$PID +filter"
}

@test "update: limits change while it runs" {
    has_controller memory || skip "needs the memory controller"
    up --memory 64m bb sleep 1000
    pod update --memory 96m --memory-swap 200m --cpus 0.5 "$C"
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" $((96 << 20))
    matches "$(cg "$PID" cpu cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
}

@test "healthcheck run" {
    up --health-cmd 'test -e /tmp/healthy' --health-interval disable bb sleep 1000
    fails 1 "${P[@]}" healthcheck run "$C"
    in_ touch /tmp/healthy
    pod healthcheck run "$C"
    is "$(inspect '{{.State.Health.Status}}')" healthy
}

@test "healthcheck: --health-on-failure kill" {
    up --health-cmd false --health-interval disable --health-retries 1 --health-on-failure kill bb sleep 1000
    try "${P[@]}" healthcheck run "$C"
    wait_for state_is exited
    is "$(inspect '{{.State.ExitCode}}')" 137
}

@test "cp into and out of a running container" {
    up bb sleep 1000
    echo copied >"$BATS_TEST_TMPDIR/f"
    pod cp "$BATS_TEST_TMPDIR/f" "$C:/tmp/f"
    in_ cat /tmp/f
    is "$output" copied
    in_ sh -c 'echo back >/tmp/g'
    pod cp "$C:/tmp/g" "$BATS_TEST_TMPDIR/g"
    is "$(cat "$BATS_TEST_TMPDIR/g")" back
}

@test "commit of a running container, diff, export" {
    up bb sh -c 'echo new >/new; echo ready; sleep 1000'
    wait_for logs_have ready
    pod diff "$C"
    contains "$output" "A /new"
    pod commit -q "$C" committed
    run_ committed cat /new
    is "$output" new
    "${P[@]}" export "$C" | tar -t | grep -qx new
}

@test "the container's end is seen without a command that asks: events, and podman ps" {
    up bb sleep 0.2
    wait_for state_is exited
    pod events --since 1m --stream=false --filter "container=$C" --format '{{.Status}}'
    contains "$output" start
    contains "$output" died
}

# --- exec -------------------------------------------------------------------------------------------------------------

@test "exec: output, stdin, exit code" {
    up bb sleep 1000
    in_ echo hello
    is "$output" hello
    fails 9 "${P[@]}" exec "$C" sh -c 'exit 9'
    is "$(echo in | timeout 30 "${P[@]}" exec -i "$C" cat)" in
}

@test "exec: in the container's namespaces and cgroup" {
    up bb sleep 1000
    local ns
    for ns in mnt pid ipc uts net; do
        in_ readlink "/proc/self/ns/$ns"
        is "$output" "$(readlink "/proc/$PID/ns/$ns")"
    done
    pod exec -d "$C" sleep 2000
    local other
    wait_for sh -c "pgrep -x -f 'sleep 2000'"
    other=$(pgrep -x -f 'sleep 2000')
    is "$(cat "/proc/$other/cgroup")" "$(cat "/proc/$PID/cgroup")"
}

@test "exec: -e, -w, -u, and what the container has besides" {
    up -e FROM=container bb sleep 1000
    pod exec -e NEW=1 -w /home/user -u 1000:2000 "$C" sh -c 'echo $FROM $NEW; pwd; id; grep -c . /proc/self/status >/dev/null; echo $HOME'
    contains "$output" "container 1"
    contains "$output" "uid=1000(user) gid=2000"
    contains "$output" /home/user
    pod exec -u user "$C" id
    contains "$output" "uid=1000(user) gid=1000(user) groups=2000(extra)"
}

@test "exec: 125, 126, 127" {
    up bb sleep 1000
    fails 125 "${P[@]}" exec nosuchcontainer true
    fails 126 "${P[@]}" exec "$C" /etc/passwd
    fails 127 "${P[@]}" exec "$C" nosuchprogram
    contains "$output" "OCI runtime attempted to invoke a command that was not found"
    lacks "$output" '"level"'
}

@test "exec: of a stopped container" {
    pod run --name "$C" --net=none bb true
    try "${P[@]}" exec "$C" true
    [ "$status" -ne 0 ]
    contains "$output" "running"
}

@test "exec -it: a terminal" {
    up bb sleep 1000
    ok "${PTY[@]}" -r 21 -c 66 "${P[@]}" exec -it "$C" sh -c 'sleep 0.5; tty; stty size'
    contains "$output" /dev/pts/
    contains "$output" "21 66"
    no_staircase
    fails 11 "${PTY[@]}" "${P[@]}" exec -it "$C" sh -c 'exit 11'
}

@test "exec -d" {
    up bb sleep 1000
    pod exec -d "$C" sh -c 'echo done >/tmp/detached'
    wait_for "${P[@]}" exec "$C" test -s /tmp/detached
}

@test "exec: as confined as the container" {
    up --cap-drop all --cap-add net_raw --security-opt no-new-privileges bb sleep 1000
    in_ grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status
    is "$output" "$(grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' "/proc/$PID/status")"
    contains "$output" 0000000000002000
}

@test "exec --privileged: all that podman has" {
    up bb sleep 1000
    pod exec --privileged "$C" grep CapBnd /proc/self/status
    is "$output" "$(grep CapBnd /proc/self/status)"
}

@test "exec: five at once, the container's end ends them" {
    up bb sleep 1000
    local i pids=()
    for i in 1 2 3 4 5; do
        timeout 30 "${P[@]}" exec "$C" sh -c "sleep 0.2; exit $i" 3>&- &
        pids+=($!)
    done
    for i in 1 2 3 4 5; do
        status=0
        wait "${pids[i - 1]}" || status=$?
        is "$status" "$i"
    done
    timeout 30 "${P[@]}" exec "$C" sleep 500 3>&- &
    wait_for pgrep -x -f 'sleep 500'
    pod kill "$C"
    status=0
    wait $! || status=$?
    is "$status" 137
}

@test "exec --preserve-fds" {
    up bb sleep 1000
    echo kept >"$BATS_TEST_TMPDIR/f"
    ok bash -c 'exec 3<"$0"; exec "$@"' "$BATS_TEST_TMPDIR/f" "${P[@]}" exec --preserve-fds 1 "$C" sh -c 'cat <&3'
    is "$output" kept
}
