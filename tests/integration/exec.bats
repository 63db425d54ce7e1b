# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs exec: one more process in a container.
load helpers/common

setup() {
    setup_common
    root_only
}

up_container() {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]' "$@"
    up
}

# exec_inspect OPTION...: the inspector in the container; its JSON in $OUT.
exec_inspect() { cfs exec "$@" "$ID" /bin/inspector > "$OUT" < /dev/null; }

@test "exec is in all namespaces, the cgroup and the root of the container" {
    [ -e /proc/self/timens_offsets ] || skip "needs a kernel with time namespaces"
    up_container '.linux.namespaces += [{"type": "time"}]'
    exec_inspect
    local f
    for f in pid net mnt ipc uts user cgroup time; do
        is "$(got ".ns.$f")" "$(readlink "/proc/$PID/ns/$f")" "$f"
    done
    is "$(got .ns.pid_for_children)" "$(readlink "/proc/$PID/ns/pid")"
    is "$(got .cwd)" /
    is "$(got .hostname)" "$(jq -r .hostname "$B/config.json")"
    [ "$(got .pid)" != 1 ]
    is "$(got .ppid)" 0
    is "$(got '.sid == .pid')" true
    cfs exec "$ID" /bin/sh -c 'cat /proc/self/cgroup; cat /proc/1/cgroup' > "$T/cgroups"
    is "$(sort "$T/cgroups" | uniq -u)" ""
}

@test "what exec does not say is as the container's process has it" {
    up_container '.process += {"user": {"uid": 1000, "gid": 1001, "umask": 23, "additionalGids": [7, 8]}, "cwd": "/tmp", "oomScoreAdj": 77,
        "noNewPrivileges": true, "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 60, "hard": 70}], "env": ["PATH=/bin", "X=1"]}'
    exec_inspect
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.Gid)" $'1001\t1001\t1001\t1001'
    is "$(got .status.Groups)" "7 8"
    is "$(got .status.Umask)" 0027
    is "$(got .cwd)" /tmp
    is "$(got .rlimits.RLIMIT_NOFILE)" '{"hard":70,"soft":60}'
    is "$(got .status.NoNewPrivs)" 1
    is "$(got '.env | sort')" '["HOME=/home/user","PATH=/bin","X=1"]'
    is "$(got '.fds | keys')" '["0","1","2"]'
}

@test "the capabilities are the container's, the inheritable set only if configured (CVE-2022-29162) [inheritable]" {
    up_container '.process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"]}'
    exec_inspect
    is "$(got .status.CapBnd)" 0000000000000021
    is "$(got .status.CapInh)" 0000000000000000
    is "$(got .status.CapAmb)" 0000000000000000
    run cfs exec --cap CAP_SYS_TIME,CAP_NET_RAW "$ID" /bin/true
    is "$status" 255
    contains "$output" '--cap: `CAP_SYS_TIME,CAP_NET_RAW` is not a capability'
    exec_inspect --cap CAP_SYS_TIME --cap CAP_NET_RAW
    is "$(got .status.CapBnd)" 0000000002002021
    is "$(got .status.CapInh)" 0000000000000000
    is "$(got .status.CapAmb)" 0000000000000000
}

@test "--env adds and replaces" {
    up_container '.process.env = ["PATH=/bin", "A=1", "B=2"]'
    exec_inspect --env A=new -e C=3 -e "D=x=y z"
    is "$(got '.env | sort')" '["A=new","B=2","C=3","D=x=y z","HOME=/root","PATH=/bin"]'
}

@test "--cwd /proc/self: of the process itself, as with runc and crun" {
    new_bundle
    args inspector sleep
    up
    local pid
    pid=$(cfs exec --cwd /proc/self "$ID" /bin/sh -c 'echo $$; pwd')
    is "$(tail -n 1 <<< "$pid")" "/proc/$(head -n 1 <<< "$pid")"
}

@test "--cwd, --user, --additional-gids, --no-new-privs" {
    up_container '.process.user = {"uid": 1, "gid": 2, "additionalGids": [7]} | .process.noNewPrivileges = false'
    exec_inspect --cwd /tmp --user 1000
    is "$(got .cwd)" /tmp
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.Gid)" $'2\t2\t2\t2'
    is "$(got .status.NoNewPrivs)" 0
    exec_inspect --user 1000:1001 --additional-gids 10 --additional-gids 11 --no-new-privs
    is "$(got .status.Gid)" $'1001\t1001\t1001\t1001'
    is "$(got .status.Groups)" "7 10 11"
    is "$(got .status.NoNewPrivs)" 1
    is "$(got '.env | map(select(startswith("HOME=")))')" '["HOME=/home/user"]'
}

@test "--user: what is not exactly a number is refused (CVE-2026-30892) [exec-user]" {
    up_container
    local u
    for u in "" 1: :1 : 4294967295 4294967296 -1 1x x 1:x 1:-1 " 1" "1 " 0x1 1.0 1:2:3 +1 18446744073709551616; do
        run cfs exec --user "$u" "$ID" /bin/id
        is "$status" 255 "[$u] $output"
        contains "$output" "--user"
    done
}

@test "exit codes: the program's, 128 + signal, 255 when exec itself failed" {
    up_container
    run cfs exec "$ID" /bin/inspector exit 42
    is "$status" 42
    run cfs exec "$ID" /bin/sh -c 'kill -9 $$'
    is "$status" 137
    run cfs exec "$ID" /bin/nothing
    is "$status" 255
    contains "$output" "exec /bin/nothing: no such file or directory"
    run cfs exec "$ID" nothing
    is "$status" 255
    contains "$output" 'executable file not found in $PATH'
    run cfs exec "$ID" /etc/passwd
    is "$status" 255
    contains "$output" "permission denied"
    run cfs exec --cwd /nowhere "$ID" /bin/true
    is "$status" 255
    contains "$output" "no such file or directory"
    run cfs exec "none-$ID" /bin/true
    is "$status" 255
    contains "$output" "does not exist"
}

@test "in a container that is created, stopped, or whose init has just ended" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" "$ID" > "$T/log" 2>&1 < /dev/null
    is "$(cfs exec "$ID" /bin/echo hello)" hello
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    run cfs exec "$ID" /bin/true
    is "$status" 255
    contains "$output" "cannot exec in a stopped container"
}

@test "the container is killed at the same moment: exec says that it has stopped, or its process was killed with it" {
    local i
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    for i in 1 2 3 4 5 6; do
        up
        kill -9 "$PID"
        run timeout 20 "$CFS" --root "$STATE" exec "$ID" /bin/true
        case $status in
        255) contains "$output" "cannot exec in a stopped container" ;;
        *) [ "$status" = 137 ] || [ "$status" = 0 ] ;;
        esac
        cfs delete --force "$ID"
    done
}

@test "--detach: returns at once, with a pid file that names the process" {
    up_container
    cfs exec --detach --pid-file "$T/pid" "$ID" /bin/inspector sleep > /dev/null 2>&1 < /dev/null
    local pid
    pid=$(cat "$T/pid")
    is "$(tail -c 1 "$T/pid" | tr -d 0-9)" ""
    is "$(tr '\0' ' ' < "/proc/$pid/cmdline")" "/bin/inspector sleep "
    is "$(readlink "/proc/$pid/ns/pid")" "$(readlink "/proc/$PID/ns/pid")"
    cfs kill "$ID" KILL
    wait_for bash -c "! test -d /proc/$pid"
}

@test "no pid file when exec fails" {
    up_container
    run cfs exec --detach --pid-file "$T/pid" "$ID" /bin/nothing
    is "$status" 255
    [ ! -e "$T/pid" ]
}

@test "--process: a document in place of the command" {
    up_container
    jq '.process | .args = ["/bin/inspector", "a"] | .env = ["P=1"] | .user = {"uid": 5, "gid": 6} | .cwd = "/etc"' "$B/config.json" > "$T/process.json"
    cfs exec --process "$T/process.json" "$ID" > "$OUT"
    is "$(got .args)" '["/bin/inspector","a"]'
    is "$(got .cwd)" /etc
    is "$(got .status.Uid)" $'5\t5\t5\t5'
    is "$(got '.env | map(select(. == "P=1")) | length')" 1
    # A document from a descriptor, as engines do.
    cfs exec --process /dev/fd/7 "$ID" 7< "$T/process.json" > "$OUT"
    is "$(got .args)" '["/bin/inspector","a"]'
    jq 'del(.capabilities)' "$T/process.json" > "$T/p2.json"
    jq '.moon = 1 | .args = "x"' "$T/process.json" > "$T/p3.json"
    cfs exec --process "$T/p2.json" "$ID" > "$OUT"
    is "$(got .status.CapBnd)" "$(awk '/^CapBnd/ { print $2 }' "/proc/$PID/status")"
    run cfs exec --process "$T/p3.json" "$ID"
    is "$status" 255
    contains "$output" "p3.json:2:11: args: expected an array"
}

@test "--process: a mistake is named with file, line, column and property" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    up
    local change where
    while IFS='|' read -r change where; do
        command jq "$change" <<< '{"args": ["/bin/true"], "cwd": "/", "env": ["A=1", "B=2"]}' > "$T/process.json"
        run cfs exec --process "$T/process.json" "$ID"
        is "$status" 255 "$change: $output"
        contains "$output" "cfs: $T/process.json:$where: "
    done <<'X'
.cwd = "/nowhere"|5:10: cwd
.env[1] = "B"|8:5: env[1]
.args[0] = "nothing"|3:5: args[0]
.args = 1|2:11: args
.rlimits = [{"type": "RLIMIT_CORE", "hard": 1, "soft": 2}]|14:15: rlimits[0].soft
X
    # What is not in the file, but the container's, has no line there.
    jq -n '{args: ["/bin/true"], cwd: "/", terminal: true}' > "$T/process.json"
    run cfs exec --detach --process "$T/process.json" "$ID"
    is "$status" 255
    contains "$output" "cfs: $T/process.json:6:15: terminal"
}

@test "--process: umask, groups, rlimits, oom_score_adj and terminal are the document's; other options do not mix in" {
    up_container '.process.user.additionalGids = [7]'
    jq '.process | .args = ["/bin/inspector"] | .user = {"uid": 1000, "gid": 6, "umask": 7, "additionalGids": [9]} | .oomScoreAdj = 500
        | .rlimits = [{"type": "RLIMIT_NOFILE", "soft": 50, "hard": 60}] | .env = ["PATH=/bin", "HOME="]' "$B/config.json" > "$T/process.json"
    cfs exec --process "$T/process.json" --user 1 --env X=1 --cwd /tmp "$ID" > "$OUT" < /dev/null
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.Groups)" 9
    is "$(got .status.Umask)" 0007
    is "$(got .rlimits.RLIMIT_NOFILE)" '{"hard":60,"soft":50}'
    is "$(got '.env | map(select(startswith("HOME=") and . != "HOME="))')" '["HOME=/home/user"]'
    is "$(got .cwd)" /
    jq '.args = ["/bin/cat", "/proc/self/oom_score_adj"]' "$T/process.json" > "$T/p2.json"
    is "$(cfs exec --process "$T/p2.json" "$ID" < /dev/null)" 500
    jq '.args = ["/bin/sh", "-c", "tty; stty size"] | .terminal = true | .consoleSize = {"height": 11, "width": 22}' "$T/process.json" > "$T/p3.json"
    run cfs exec --process "$T/p3.json" "$ID" < /dev/null
    contains "$output" /dev/pts/0
    contains "$output" "11 22"
    run cfs exec --detach --process "$T/p3.json" "$ID" < /dev/null
    is "$status" 255
    contains "$output" "cannot allocate tty"
}

@test "a pid file or a socket that cannot be used is a failure, and the process does not live on" {
    local o
    up_container
    for o in --pid-file=/nowhere/pid "--pidfd-socket=$T/absent"; do
        run timeout 20 "$CFS" --root "$STATE" exec --detach "$o" "$ID" /bin/inspector sleep
        is "$status" 255 "$output"
        contains "$output" "no such file or directory"
        is "$(cfs ps -f json "$ID")" "[$PID]"
    done
}

@test "options of the command are the command's" {
    up_container
    is "$(cfs exec "$ID" /bin/echo --user -e -- --help)" "--user -e -- --help"
}

@test "standard streams: input arrives, output and errors are apart" {
    up_container
    is "$(echo hello | cfs exec "$ID" /bin/cat)" hello
    cfs exec "$ID" /bin/sh -c 'echo out; echo err >&2' > "$T/o" 2> "$T/e" < /dev/null
    is "$(cat "$T/o")" out
    is "$(cat "$T/e")" err
}

@test "signals go to the process" {
    up_container
    "$CFS" --root "$STATE" exec "$ID" /bin/inspector signals > "$OUT" < /dev/null 3>&- &
    local pid=$!
    wait_for grep -q ready "$OUT"
    kill -USR2 $pid
    wait_for grep -qx 12 "$OUT"
    kill -TERM $pid
    wait $pid
    grep -qx 15 "$OUT"
    is "$(cfs state "$ID" | jq -r .status)" running
}

@test "when the init ends, the exec'd process is killed and exec returns" {
    up_container
    "$CFS" --root "$STATE" exec "$ID" /bin/inspector sleep > /dev/null 2>&1 < /dev/null 3>&- &
    local pid=$!
    wait_for bash -c "[ \$(pgrep -cf 'inspector sleep' --ns $PID --nslist pid) -ge 2 ]"
    cfs kill "$ID" KILL
    local rc=0
    wait $pid || rc=$?
    is "$rc" 137
}

@test "into a container without a PID namespace, without any namespace but mount" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.namespaces = [{"type": "mount"}] | del(.hostname)'
    up
    exec_inspect
    is "$(got .ns.pid)" "$(readlink /proc/self/ns/pid)"
    is "$(got .ns.mnt)" "$(readlink "/proc/$PID/ns/mnt")"
    run cfs exec "$ID" /bin/inspector exit 9
    is "$status" 9
}

@test "--preserve-fds" {
    up_container
    echo hello > "$T/file"
    is "$(cfs exec --preserve-fds 1 "$ID" /bin/sh -c 'cat <&3' 3< "$T/file")" hello
}

@test "the environment of the caller stays outside" {
    up_container
    SECRET=1 exec_inspect
    is "$(got '.env | map(select(startswith("SECRET"))) | length')" 0
}

@test "cwd and args through a descriptor of the runtime are refused (CVE-2024-21626) [host-descriptors]" {
    up_container
    local fd
    for fd in 3 4 5 6 7 8 9 10 11 12; do
        run cfs exec --cwd "/proc/self/fd/$fd" "$ID" /bin/true
        is "$status" 255 "cwd, fd $fd"
        run cfs exec "$ID" "/proc/self/fd/$fd/bin/true"
        is "$status" 255 "args, fd $fd"
    done
}

@test "many at once" {
    up_container
    local i pids=()
    for i in {1..12}; do
        "$CFS" --root "$STATE" exec "$ID" /bin/inspector exit "$i" < /dev/null > /dev/null 2>&1 3>&- &
        pids+=($!)
    done
    for i in {1..12}; do
        local rc=0
        wait "${pids[i - 1]}" || rc=$?
        is "$rc" "$i"
    done
}

@test "exec joins the container's session keyring" {
    up_container
    exec_inspect
    local key
    key=$(got .keyring)
    exec_inspect
    is "$(got .keyring)" "$key"
}

# spec: config-linux.cgroups.2
@test "exec in a paused container is refused, with --ignore-paused it waits" {
    up_container
    cfs pause "$ID" || skip "needs a freezer cgroup"
    run cfs exec "$ID" /bin/true
    is "$status" 255
    contains "$output" "cannot exec in a paused container"
    contains "$output" "hint: resume the container, or use --ignore-paused"
    background "$CFS" --root "$STATE" exec --ignore-paused "$ID" /bin/touch /dev/shm/thawed
    sleep 0.2
    run test -e "/proc/$PID/root/dev/shm/thawed"
    is "$status" 1
    # Who waits can be told to stop, and then the program never runs.
    run timeout --kill-after=10 0.5 "$CFS" --root "$STATE" exec --ignore-paused "$ID" /bin/touch /dev/shm/unwanted
    is "$status" 124
    cfs resume "$ID"
    wait_for test -e "/proc/$PID/root/dev/shm/thawed"
    cfs exec "$ID" /bin/true
    run test -e "/proc/$PID/root/dev/shm/unwanted"
    is "$status" 1
}

@test "an error names what the user wrote: the command, an option, or the file of --process" {
    up_container
    run cfs exec "$ID" /bin/nothing
    is "${lines[0]}" "cfs: exec /bin/nothing: no such file or directory (\`/bin/nothing\` does not exist)"
    run cfs exec "$ID" nothing
    is "${lines[0]}" 'cfs: exec: "nothing": executable file not found in $PATH'
    run cfs exec "$ID" /etc/passwd
    is "${lines[0]}" "cfs: exec /etc/passwd: permission denied (\`/etc/passwd\` has mode 0644 and belongs to 0:0: no user has execute permission)"
    run cfs exec --env PATH=/etc "$ID" passwd
    is "${lines[0]}" "cfs: exec: \"passwd\": permission denied (\`/etc/passwd\` has mode 0644 and belongs to 0:0: no user has execute permission)"
    run cfs exec --cwd /nowhere "$ID" true
    contains "${lines[0]}" "cfs: --cwd: chdir to cwd \`/nowhere\`: no such file or directory"
    echo '{"args": ["/bin/nothing"], "cwd": "/"}' > "$T/process.json"
    run cfs exec --process "$T/process.json" "$ID"
    is "${lines[0]}" "cfs: $T/process.json:1:11: args[0]: exec /bin/nothing: no such file or directory (\`/bin/nothing\` does not exist)"
}

@test "--env: the last entry of a name counts, in place of the container's; what is not NAME=VALUE is refused" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .process.env = ["PATH=/bin", "A=1", "B=1"]'
    up
    is "$(cfs exec -e A=2 -e C=1 -e A=3 -e HOME= "$ID" /bin/env | sort | tr '\n' ' ')" "A=3 B=1 C=1 HOME=/root PATH=/bin "
    local bad
    for bad in NOTHING =x ''; do
        run cfs exec -e "$bad" "$ID" /bin/env
        is "$status" 255
        contains "$output" "--env: \`$bad\` is not NAME=VALUE"
    done
    jq -n '{cwd: "/", args: ["/bin/env"], env: ["PATH=/bin", "FOO"], user: {uid: 0}}' > "$T/process.json"
    run cfs exec -p "$T/process.json" "$ID"
    is "$status" 255
    contains "$output" '`FOO` has no `=`'
}

# As runc, where it can have an effect: without ambient capabilities a user who is not root gets none by --cap.
@test "--cap where the container has ambient capabilities: a user has it after the execve" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]' \
        '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}'
    up
    cfs exec --user 1000 --cap CAP_CHOWN "$ID" /bin/grep ^Cap /proc/self/status > "$T/caps"
    # CAP_CHOWN is bit 0, CAP_KILL bit 5.
    is "$(awk '{ print $1 $2 }' "$T/caps" | sed 's/0*\([1-9a-f][0-9a-f]*\)$/\1/' | tr '\n' ' ')" "CapInh:21 CapPrm:21 CapEff:21 CapBnd:21 CapAmb:21 "
    cfs delete --force "$ID"
    config '.process.capabilities.ambient = []'
    up
    cfs exec --cap CAP_CHOWN "$ID" /bin/grep -E '^Cap(Amb|Inh)' /proc/self/status > "$T/caps"
    is "$(awk '{ print $1 $2 }' "$T/caps" | sed 's/0*\([1-9a-f][0-9a-f]*\)$/\1/' | tr '\n' ' ')" "CapInh:20 CapAmb:0000000000000000 "
}
