# SPDX-License-Identifier: LGPL-2.1-or-later
# What happens between the steps that a container's life has on paper: runtimes that are killed there, frozen containers,
# what is left behind.
load helpers/common

setup() {
    setup_common
    root_only
}

teardown() {
    local id
    for id in "$ID" "$ID-a" "$ID-b"; do
        [ -d "$STATE/$id" ] && { cfs resume "$id" > /dev/null 2>&1 || true; }
    done
    teardown_common
}

# Processes that are still running code of this test's `cfs create`: an init that is not started yet.
inits() { pgrep -f "create -b $B $ID" || true; }

@test "a runtime that is killed before its init is on record leaves no process, without a cgroup either" {
    needs strace
    new_bundle '.process.args = ["/bin/sleep", "600"]'
    local n
    mkdir -p "$STATE"
    for n in 1 2; do
        strace -qq -o /dev/null -e trace=renameat -e inject=renameat:signal=KILL:when=$n \
            "$CFS" --root "$STATE" --cgroup-manager disabled create -b "$B" "$ID" < /dev/null > /dev/null 2>&1 || true
        cfs delete --force "$ID"
        wait_for eval '[ -z "$(inits)" ]'
    done
}

@test "start that is killed while the init is frozen does not use the container up" {
    new_bundle '.process.args = ["/bin/sleep", "600"]'
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    cfs pause "$ID" || skip "needs a cgroup freezer"
    # Past the check for paused: by hand, what a start would do before it is killed.
    $PYTHON - "$STATE/$ID/start.sock" <<'END'
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(struct.pack("II", 1, 0))
END
    cfs resume "$ID"
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
    status_is "$ID" running
}

@test "a created container that is paused: says so, is not started, takes no exec, and starts when resumed" {
    new_bundle '.process.args = ["/bin/sleep", "600"]'
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    cfs pause "$ID" || skip "needs a cgroup freezer"
    is "$(cfs state "$ID" | jq -r .status)" paused
    run timeout 10 "$CFS" --root "$STATE" start "$ID"
    is "$status" 1
    contains "$output" "cannot start a paused container"
    run timeout 10 "$CFS" --root "$STATE" exec "$ID" /bin/true
    is "$status" 255
    contains "$output" "cannot exec in a paused container"
    cfs resume "$ID"
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs start "$ID"
    status_is "$ID" running
}

@test "SIGKILL ends all of a container whose PID namespace is another's" {
    new_bundle '.process.args = ["/bin/sleep", "600"]'
    config --arg p "/$ID-a" '.linux.cgroupsPath = $p'
    cfs run --detach -b "$B" "$ID-a" < /dev/null > "$T/log" 2>&1
    local pid
    pid=$(cfs state "$ID-a" | jq .pid)
    args /bin/sh -c 'sleep 601 & sleep 602'
    config --arg p "/$ID-b" --arg ns "/proc/$pid/ns/pid" '.linux.cgroupsPath = $p |
        .linux.namespaces |= map(if .type == "pid" then .path = $ns else . end)'
    cfs run --detach -b "$B" "$ID-b" < /dev/null > "$T/log" 2>&1
    children() { wc -w < "/proc/$(cfs state "$ID-b" | jq .pid)/task/$(cfs state "$ID-b" | jq .pid)/children"; }
    wait_for eval '[ "$(children)" -ge 1 ]'
    local shell child
    shell=$(cfs state "$ID-b" | jq .pid)
    child=$(cut -d' ' -f1 < "/proc/$shell/task/$shell/children")
    cfs kill "$ID-b" KILL
    wait_for eval '[ ! -e /proc/$child ] || grep -q "^State:.Z" /proc/$child/status'
    status_is "$ID-a" running
}

@test "run reaps the orphans that it gets as a subreaper" {
    new_bundle '.process.args = ["/bin/sh", "-c", "(sleep 0.1 &); (sleep 0.1 &); exec sleep 600"]' \
        '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(select(.type != "proc"))' \
        '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
    "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 3>&- &
    local pid=$!
    wait_for status_is "$ID" running
    sleep 0.5
    is "$(ps --ppid $pid -o stat=,comm= | grep -c '^Z')" 0
    cfs kill "$ID" KILL
    wait $pid || is $? 137
}

# As runc and crun: a program opens /dev/stdout again, as another user than the caller.
@test "standard streams that are files, pipes and sockets can be opened again by the process's user, in run and exec" {
    root_only
    local verb words=(/bin/sh -c 'cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr')
    new_bundle '.process.user = {uid: 1234, gid: 1234} | .process.args = ["/bin/inspector", "sleep"]'
    up
    for verb in run exec; do
        rm -f "$T/in" "$T/out" "$T/err"
        (umask 077; echo in > "$T/in"; : > "$T/out"; : > "$T/err")
        if [ $verb = run ]; then
            args "${words[@]}"
            config --arg p "/$ID-2" '.linux.cgroupsPath = $p'
            cfs run -b "$B" "$ID-2" < "$T/in" > "$T/out" 2> "$T/err"
        else
            cfs exec "$ID" "${words[@]}" < "$T/in" > "$T/out" 2> "$T/err"
        fi
        is "$(cat "$T/err")" err
        contains "$(cat "$T/out")" out
        is "$(stat -c %u:%g "$T/in" "$T/out" "$T/err" | tr '\n' ' ')" "1234:0 1234:0 1234:0 " $verb
        is "$(echo in | cfs exec "$ID" "${words[@]}" 2>&1 | tr '\n' ' ')" "in out err " pipe
    done
}

@test "a file that the user can read is not given away, and a device never" {
    root_only
    new_bundle '.process.args = ["/bin/true"] | .process.user = {uid: 1234, gid: 1234}'
    echo text > "$T/file"
    mknod "$T/zero" c 1 5
    chmod 600 "$T/zero"
    cfs run -b "$B" "$ID" < "$T/file" > "$T/zero"
    is "$(stat -c %u "$T/file")" 0
    is "$(stat -c %u "$T/zero")" 0
    # The caller's terminal, too.
    args /bin/inspector sleep
    up
    run "$PYTHON" "$BATS_TEST_DIRNAME/helpers/tty.py" run 24x80 -- bash -c '"$@"; stat -L -c "tty of %u" /dev/stdin' bash "$CFS" --root "$STATE" exec "$ID" /bin/true
    contains "$output" "tty of $(id -u)"
    mkfifo "$T/fifo"
    cfs exec "$ID" /bin/true <> "$T/fifo"
    is "$(stat -c %u "$T/fifo")" 1234
}

@test "LISTEN_PID is the process's own pid, under exec too" {
    new_bundle '.process.args = ["/bin/sleep", "600"]'
    up
    LISTEN_FDS=1 cfs exec "$ID" /bin/sh -c 'echo $(($$ - LISTEN_PID)) $LISTEN_FDS' 3< /dev/null > "$T/said"
    is "$(cat "$T/said")" "0 1"
}

@test "poststop hooks run once, even when the first delete cannot undo everything" {
    needs strace
    new_bundle '.process.args = ["/bin/true"]'
    config --arg out "$T/ran" '.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", "echo ran >> \($out)"]}]'
    up
    wait_for status_is "$ID" stopped
    strace -qq -o /dev/null -e trace=unlinkat,rmdir -e inject=unlinkat,rmdir:error=EBUSY \
        "$CFS" --root "$STATE" delete "$ID" 2> /dev/null && false
    cfs delete "$ID"
    is "$(cat "$T/ran")" ran
}

@test "a service manager that has gone away does not cost the container its life" {
    new_bundle '.process.args = ["/bin/sleep", "600"]'
    cat > "$T/manager" <<'END'
import os, socket, subprocess, sys, time
path, sock, cfs = sys.argv[1], sys.argv[2], sys.argv[3:]
host = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
host.bind(path)
subprocess.run(cfs[:-1] + ["create", "-b", os.environ["B"], cfs[-1]], env=dict(os.environ, NOTIFY_SOCKET=path),
               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
start = subprocess.Popen(cfs[:-1] + ["start", cfs[-1]])
for i in range(200):
    if os.path.exists(sock):
        break
    time.sleep(0.05)
host.close()
os.unlink(path)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", sock)
sys.exit(start.wait(20))
END
    $PYTHON "$T/manager" "$T/host.sock" "$STATE/$ID/notify/notify.sock" "$CFS" --root "$STATE" --log-level warning "$ID" > "$T/said" 2>&1
    contains "$(cat "$T/said")" "notify the host"
    status_is "$ID" running
    is "$(stat -c %a "$STATE/$ID/notify/notify.sock")" 777
}

# ---- messages that are shown without being asked for --------------------------------------------------------------------

@test "at the default level: an unknown capability and a failing poststop hook are warned of, in the engine's log as well" {
    root_only
    new_bundle '.process.args = ["/bin/true"] | .process.capabilities.bounding += ["CAP_FROBNICATE"]' \
        '.hooks.poststop = [{"path": "/bin/sh", "args": ["sh", "-c", "echo oh\\\\nno; exit 3"], "env": ["PATH=/bin"]}]'
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 0
    contains "$output" 'cfs: warning: process.capabilities.bounding'
    contains "$output" 'CAP_FROBNICATE'
    contains "$output" 'cfs: warning: error running poststop hook #0: hooks.poststop[0] (/bin/sh): exit status 3'
    run cfs --log "$T/log" --log-format json run -b "$B" "$ID" < /dev/null
    is "$status$output" 0 "with a log, standard error is the program's"
    is "$(jq -r .level "$T/log" | sort -u)" warning
    is "$(jq -r 'select(.msg | test("poststop")) | .level' "$T/log")" warning
    run cfs --log-level error run -b "$B" "$ID" < /dev/null
    is "$status$output" 0
}

@test "warnings are one printable line, whatever file names and hooks say" {
    root_only
    new_bundle '.process.args = ["/bin/true"]' \
        '.hooks.poststop = [{"path": "/bin/sh", "args": ["sh", "-c", "printf \"\\\\033[31mred\\\\007\\\\r\\\\nsecond\"; exit 1"], "env": ["PATH=/bin"]}]' \
        '.mounts += [{"destination": "a\u001b[2Jb\nc", "type": "tmpfs", "source": "tmpfs"}]'
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 0
    contains "$output" "warning: error running poststop hook"
    contains "$output" "is relative, which is deprecated"
    is "$(printf %s "$output" | tr -d '\n' | tr -d '[:print:]' | wc -c)" 0
    is "$(printf '%s\n' "$output" | grep -vc '^cfs: warning: ')" 0
}

@test "a run whose delete fails says what is left, and does not end with 0" {
    root_only
    private_mounts
    outside test -e /proc/self/ns/mnt || skip "needs a mount namespace"
    local code
    for code in 0 7; do
        rm -rf "$B"
        new_bundle '.process.args = ["/bin/sh", "-c", "until test -e /go; do sleep 0.05; done; exit '$code'"] | .root.readonly = false'
        # A mount in the state directory, which cfs does not remove anything beyond.
        cfs run -b "$B" "$ID" < /dev/null > "$T/out" 2>&1 3>&- &
        local pid=$! status=0
        wait_for status_is "$ID" running
        outside mkdir "$STATE/$ID/left"
        outside mount -t tmpfs left "$STATE/$ID/left"
        touch "$B/rootfs/go"
        wait $pid || status=$?
        is $status $((code ? code : 1))
        contains "$(cat "$T/out")" "delete container \`$ID\`"
        contains "$(cat "$T/out")" "$STATE/$ID"
        contains "$(cat "$T/out")" "cfs delete --force $ID"
        outside umount "$STATE/$ID/left"
        cfs delete --force "$ID"
        [ ! -e "$STATE/$ID" ]
    done
}

@test "a failed create that cannot be undone says so, as an error, in front of its own" {
    root_only
    private_mounts
    new_bundle '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "mkdir '"$STATE/$ID"'/left; mount -t tmpfs left '"$STATE/$ID"'/left; exit 1"], "env": ["PATH=/usr/bin:/bin"]}]'
    run cfs --log "$T/log" --log-format json create -b "$B" "$ID" < /dev/null
    is "$status" 1
    is "$(jq -r .level "$T/log" | tr '\n' ' ')" "error error "
    contains "$(jq -r .msg "$T/log" | head -1)" "undo: empty \`$STATE/$ID"
    contains "$(jq -r .msg "$T/log" | head -1)" "cfs delete --force $ID"
    contains "$(jq -r .msg "$T/log" | tail -1)" "error running createRuntime hook #0"
    outside umount "$STATE/$ID/left"
    cfs delete --force "$ID"
}

# ---- few descriptors ----------------------------------------------------------------------------------------------------

# runc runs with 24. A service manager's limit must be none for containers.
@test "32 descriptors are enough: create, start, exec, hooks, a terminal, a user namespace, forty mounts" {
    root_only
    local few='ulimit -n 32; exec "$@"' m='.mounts += [range(40) as $i | {"destination": "/tmp/\($i)", "type": "tmpfs", "source": "tmpfs"}]'
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | del(.process.rlimits)' "$m" \
        '.mounts += [{"destination": "/etc/hostname", "type": "bind", "source": "/etc/hostname", "options": ["bind", "ro"]}]' \
        '.linux.devices = [range(20) as $i | {"path": "/dev/n\($i)", "type": "c", "major": 1, "minor": 3}]' \
        '.hooks = (["prestart", "createRuntime", "createContainer", "poststart", "poststop"] | map({key: ., value: [{"path": "/bin/sh", "args": ["sh", "-c", "ulimit -n; cat"]}]}) | from_entries)'
    limited() { sh -c "$few" sh "$CFS" --root "$STATE" "$@"; }
    limited create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    limited start "$ID"
    is "$(limited exec "$ID" /bin/sh -c 'ulimit -n; ls /proc/self/fd | wc -l' | tr '\n' ' ')" "32 4 "
    is "$(limited exec -t "$ID" /bin/sh -c 'ulimit -n' < /dev/null)" 32
    limited pause "$ID"
    limited resume "$ID"
    limited update --pids-limit 50 "$ID"
    contains "$(limited list)" "$ID"
    limited delete --force "$ID"
    config 'del(.hooks) | .process.terminal = true | .process.args = ["/bin/sh", "-c", "ulimit -n"]'
    is "$(limited run -b "$B" "$ID" < /dev/null)" 32
    config '.process.terminal = false | .linux.namespaces += [{"type": "user"}] | .linux.devices = [] | .root.readonly = false |
        .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    is "$(limited run -b "$B" "$ID" < /dev/null)" 32
}

# ---- what the other runtimes' users have in their bundles, and what is left of containers -------------------------------

@test "annotations of crun: followed, or refused by name" {
    root_only
    local a
    for a in run.oci.handler=wasm run.oci.handler=krun run.oci.seccomp_bpf_data=AAAA run.oci.systemd.force_cgroup_v1=/sys/fs/cgroup/systemd \
        run.oci.delegate-cgroup=sub run.oci.mount_context_type=nonsense; do
        new_bundle '.process.args = ["/bin/true"]'
        config --arg k "${a%%=*}" --arg v "${a#*=}" '.annotations[$k] = $v'
        run cfs run -b "$B" "$ID" < /dev/null
        is "$status" 1 "$a"
        contains "$output" "annotations[\"${a%%=*}\"]: \`${a#*=}\` is"
        run cfs check "$B"
        is "$status" 1 "$a"
        contains "$output" "annotations[\"${a%%=*}\"]"
    done
    # Without a label there is nothing that the type could change.
    new_bundle '.process.args = ["/bin/true"] | .annotations = {"run.oci.mount_context_type": "rootcontext"}'
    cfs run -b "$B" "$ID" < /dev/null
}

@test "run.oci.pidfd_receiver is --pidfd-socket" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    config --arg s "$T/absent" '.annotations["run.oci.pidfd_receiver"] = $s'
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "$T/absent"
    background "$PYTHON" "$BATS_TEST_DIRNAME/helpers/tty.py" console "$T/absent" "$T/said"
    wait_for test -e "$T/said.ready"
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    wait_for test -s "$T/said.name"
    contains "$(cat "$T/said.name")" " 1"
}

@test "a record that cannot be read: list shows the container as broken, delete --force removes it and says what it cannot undo" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    up
    local text pid
    pid=$PID
    for text in '' '{' '{"version": 1}' 'nonsense' '[]'; do
        mkdir -p -m 700 "$STATE/broken"
        printf %s "$text" > "$STATE/broken/state.json"
        run cfs list
        is "$status" 0
        is "$(grep ^broken <<< "$output" | awk '{ print $2, $3 }')" "0 broken" "$text"
        contains "$output" "$ID"
        is "$(cfs list -f json 2> /dev/null | jq -r '.[] | select(.id == "broken") | .status')" broken
        run cfs delete broken
        is "$status" 1
        run cfs delete --force broken
        is "$status" 0 "$output"
        contains "$output" "container \`broken\`"
        contains "$output" "nothing of them is undone"
        [ ! -e "$STATE/broken" ]
    done
    kill -0 $pid
}

# runc 1.1.5 says "cannot start a container that has stopped", as we do, and not why.
@test "a created container that the kernel has killed for lack of memory: start says so" {
    root_only
    local d
    new_bundle '.process.oomScoreAdj = 1000 | .linux.resources.memory = {"limit": 20000000, "swap": 20000000}' ".linux.cgroupsPath = \"/$ID\""
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    d=$(find /sys/fs/cgroup -maxdepth 3 -path "*/$ID" \( -exec test -e {}/memory.oom_control \; -o -exec test -e {}/memory.events \; \) -print | head -n 1)
    [ -n "$d" ] || skip "needs the memory controller"
    # What fills the cgroup is a file, which no score makes a process to be killed.
    background sh -c 'echo $$ > "$1/cgroup.procs" && exec dd if=/dev/zero of="$2" bs=1M count=30' sh "$d" "/dev/shm/$ID"
    wait_for status_is "$ID" stopped
    rm -f "/dev/shm/$ID"
    run cfs start "$ID"
    is "$status" 1
    contains "$output" "has stopped: the kernel has killed it, for lack of memory"
    contains "$output" "linux.resources.memory.limit"
}

# cgroups(7), "no internal processes".
@test "exec --cgroup / where the container has cgroups with controllers of its own: the error names the rule" {
    root_only
    local top d controller
    top=$(awk '$3 == "cgroup2" { print $2 }' /proc/mounts | head -n 1)
    new_bundle ".linux.cgroupsPath = \"/$ID\""
    args inspector sleep
    up
    d="$top/$ID"
    # pids is threaded and would do: the rule is about the others.
    controller=$(tr ' ' '\n' < "$d/cgroup.controllers" 2> /dev/null | grep -E '^(memory|io|hugetlb)$' | head -n 1) || true
    if [ -n "$top" ] && [ -z "$controller" ]; then
        controller=$(tr ' ' '\n' < "$top/cgroup.controllers" | grep -E '^(memory|io|hugetlb)$' | head -n 1) || true
        grep -q "$controller" "$top/cgroup.subtree_control" || controller=
    fi
    [ -n "$controller" ] || skip "needs a controller of cgroup v2 that is not threaded"
    mkdir "$d/inner"
    echo "$PID" > "$d/inner/cgroup.procs"
    echo "+$controller" > "$d/cgroup.subtree_control"
    run cfs exec --cgroup / "$ID" /bin/true
    is "$status" 255
    contains "$output" "takes no process of its own"
    contains "$output" "name one of its children by --cgroup"
    # Without the option it follows the init.
    cfs exec "$ID" /bin/true
    is "$(cfs exec --cgroup inner "$ID" /bin/echo in)" in
}

@test "update: a limit of zero processes asks for nothing, by option and document" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.resources.pids.limit = 77'
    up
    limit() { cat $(find /sys/fs/cgroup -path "*$ID/pids.max"); }
    is "$(limit)" 77
    cfs update --pids-limit 0 "$ID"
    is "$(limit)" 77
    echo '{"pids": {"limit": 0}}' | cfs update -r - "$ID"
    is "$(limit)" 77
    cfs update --pids-limit 55 "$ID"
    is "$(limit)" 55
}

# cgroup v1, memory.rst: memory.memsw.limit_in_bytes holds memory and swap together, so it is never below memory alone. runc fails
# with the kernel's EINVAL and no word of why.
@test "update: memory above the limit of memory and swap says what else to raise, and both together rise" {
    [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ] || skip "needs cgroup v1 with swap accounting"
    new_bundle '.process.args = ["/bin/sleep", "100"] | .linux.resources.memory = {"limit": 33554432, "swap": 67108864}'
    up
    run cfs update --memory 134217728 "$ID"
    is "$status" 1
    contains "$output" "linux.resources.memory.limit"
    contains "$output" "memory and swap together are limited to 67108864 bytes"
    cfs update --memory 134217728 --memory-swap 268435456 "$ID"
    local dir="/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' "/proc/$PID/cgroup")"
    [ -d "$dir" ] || dir=$(find /sys/fs/cgroup/memory -type d -name "$ID" | head -n 1)
    is "$(cat "$dir/memory.limit_in_bytes") $(cat "$dir/memory.memsw.limit_in_bytes")" "134217728 268435456"
    # And down again, which wants the other order.
    cfs update --memory 33554432 --memory-swap 67108864 "$ID"
    is "$(cat "$dir/memory.limit_in_bytes") $(cat "$dir/memory.memsw.limit_in_bytes")" "33554432 67108864"
}

# The last to leave removes the parent, between the other's mkdir(2) of it and of what is below it: ENOENT, or ENODEV where the
# hierarchy is mounted twice. Making is tried again then.
@test "two loops of containers below one cgroup that neither finds nor leaves: none fails, nothing is left" {
    root_only
    new_bundle '.process.args = ["/bin/true"]'
    local i pids=()
    for i in 1 2; do
        mkdir "$T/b$i"
        jq --arg path "/$ID/parent/$i" --arg root "$B/rootfs" '.linux.cgroupsPath = $path | .root.path = $root' "$B/config.json" > "$T/b$i/config.json"
        (for _ in {1..60}; do "$CFS" --root "$STATE" run -b "$T/b$i" "$ID-$i" < /dev/null || exit 1; done) > "$T/out$i" 2>&1 3>&- &
        pids+=($!)
    done
    for i in 0 1; do wait "${pids[i]}" || { cat "$T"/out? >&2; return 1; }; done
    is "$(find /sys/fs/cgroup -type d -path "*/$ID*" 2> /dev/null)" ""
    is "$(ls -A "$STATE")" ""
}
