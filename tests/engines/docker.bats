#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# docker: dockerd, its containerd, the shim, and hooks of dockerd's own for networks.

load helpers/docker

setup_file() { docker_setup; }
teardown_file() {
    docker_use
    docker_clean
    dockerd_stop
}
setup() {
    docker_use
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
}
teardown() { docker_clean; }

# --- the runtime ------------------------------------------------------------------------------------------------------

@test "daemon.json: the default runtime, and a second one with arguments" {
    d_ info --format '{{.DefaultRuntime}} {{json .Runtimes}}'
    matches "$output" '^(cfs|under-test) '
    up bb sleep 1000
    matches "$(inspect '{{.HostConfig.Runtime}}')" '^(cfs|under-test)$'
    run_ --runtime other bb echo wrapped
    is "$output" wrapped
    try "${DK[@]}" run --rm --runtime nosuchruntime bb true
    is "$status" 125
}

# --- run --------------------------------------------------------------------------------------------------------------

@test "run: output, exit code, stdin" {
    run_ bb echo hello
    is "$output" hello
    fails_ 7 bb sh -c 'exit 7'
    is "$(echo typed | timeout 30 "${DK[@]}" run --rm -i --net=none bb cat)" typed
}

@test "run: 125, 126, 127 with the runtime's words" {
    fails_ 125 --nosuchflag bb true
    fails_ 127 bb nosuchprogram
    matches "$output" 'executable file .*not found in \$PATH'
    contains "$output" "OCI runtime create failed"
    fails_ 127 bb /no/such
    matches "$output" '[Nn]o such file or directory'
    fails_ 126 bb /etc/passwd
    matches "$output" '[Pp]ermission denied'
    fails_ 126 bb /etc
}

@test "run: stdout and stderr are apart; a megabyte" {
    timeout 30 "${DK[@]}" run --rm --net=none bb sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
    is "$(cat "$BATS_TEST_TMPDIR/o")" out
    is "$(cat "$BATS_TEST_TMPDIR/e")" err
    is "$(timeout 30 "${DK[@]}" run --rm --net=none bb sh -c 'head -c 1048576 /dev/zero | tr "\0" x' | wc -c)" 1048576
}

@test "run -it" {
    ok "${PTY[@]}" -r 29 -c 88 "${DK[@]}" run --rm -it --net=none bb sh -c 'sleep 1; tty; stty size; test -t 0 && echo terminal'
    contains "$output" /dev/pts/0
    contains "$output" "29 88"
    no_staircase
    contains "$output" terminal
}

@test "run -it: typed text, detach keys, attach" {
    # A prompt is docker's sign that it reads.
    LIMIT=30 try "${PTY[@]}" -s 'ready=\x10\x11' "${DK[@]}" run -it --name "$C" --net=none bb sh -c 'echo ready; read x; echo "got $x"; exit 4'
    state_is running
    LIMIT=30 try "${PTY[@]}" -s '=word\n' "${DK[@]}" attach "$C"
    contains "$output" "got word"
    is "$status" 4
}

@test "run: environment, directory, entrypoint, hostname, user" {
    run_ -e A=b -w /home/user --hostname h --user user --entrypoint sh bb -c 'echo $A; pwd; hostname; id'
    is "$(head -3 <<<"$output")" $'b\n/home/user\nh'
    contains "$output" "uid=1000(user) gid=1000(user)"
    run_ --user 5:6 --group-add 77 bb id -G
    is "$output" "6 77"
}

@test "run --init" {
    [ -x /usr/bin/docker-init ] || [ -x /usr/libexec/docker/docker-init ] || skip "needs docker-init, which is not installed"
    run_ --init bb sh -c 'tr "\0" "\n" </proc/1/cmdline'
    contains "$output" docker-init
}

@test "run: a dynamically linked Debian with bash" {
    d_ import "$(image_tar debian)" deb
    run_ deb bash -c 'cat <(echo substituted)'
    is "$output" substituted
}

@test "run: ten at once" {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8 9 10; do
        timeout 90 "${DK[@]}" run --rm --net=none bb sh -c "exit $i" 3>&- &
        pids+=($!)
    done
    for i in 1 2 3 4 5 6 7 8 9 10; do
        status=0
        wait "${pids[i - 1]}" || status=$?
        is "$status" "$i"
    done
}

# --- exec -------------------------------------------------------------------------------------------------------------

@test "exec: output, exit code, stdin, environment, user, directory" {
    up -e FROM=container bb sleep 1000
    in_ echo hello
    is "$output" hello
    fails 9 "${DK[@]}" exec "$C" sh -c 'exit 9'
    is "$(echo in | timeout 30 "${DK[@]}" exec -i "$C" cat)" in
    d_ exec -e NEW=1 -w /home/user -u user "$C" sh -c 'echo $FROM $NEW; pwd; id -u'
    is "$output" $'container 1\n/home/user\n1000'
}

@test "exec -it" {
    up bb sleep 1000
    ok "${PTY[@]}" -r 22 -c 77 "${DK[@]}" exec -it "$C" sh -c 'sleep 1; tty; stty size'
    contains "$output" /dev/pts/
    contains "$output" "22 77"
    no_staircase
}

@test "exec: of a program that is missing, not executable" {
    up bb sleep 1000
    try "${DK[@]}" exec "$C" nosuchprogram
    matches "$status" '^12[67]$'
    matches "$output" 'executable file .*not found in \$PATH'
    fails 126 "${DK[@]}" exec "$C" /etc/passwd
    matches "$output" '[Pp]ermission denied'
}

@test "exec -d; --privileged; of a paused and of a stopped container" {
    up bb sleep 1000
    d_ exec -d "$C" sh -c 'echo done >/tmp/d'
    wait_for "${DK[@]}" exec "$C" test -s /tmp/d
    d_ exec --privileged "$C" grep CapBnd /proc/self/status
    # This docker knows the first 38 capabilities.
    is $((0x${output##*[[:space:]]} & 0x3fffffffff)) $((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status) & 0x3fffffffff))
    d_ pause "$C"
    try "${DK[@]}" exec "$C" true
    [ "$status" -ne 0 ]
    contains "$output" paused
    d_ unpause "$C"
    d_ kill "$C"
    try "${DK[@]}" exec "$C" true
    contains "$output" "not running"
}

@test "exec: as confined as the container" {
    up --cap-drop all --security-opt no-new-privileges bb sleep 1000
    in_ grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status
    is "$output" "$(grep -E '^(CapBnd|CapEff|NoNewPrivs|Seccomp):' "/proc/$PID/status")"
}

# --- life -------------------------------------------------------------------------------------------------------------

@test "create, start, wait, logs, restart, rename" {
    d_ create --name "$C" --net=none bb sh -c 'echo once; exit 3'
    d_ start "$C"
    d_ wait "$C"
    is "$output" 3
    fails 3 "${DK[@]}" start -a "$C"
    d_ logs "$C"
    is "$output" $'once\nonce'
    d_ restart "$C"
    d_ rename "$C" "${C}new"
}

@test "stop: SIGTERM handled, ignored; --stop-signal" {
    up bb sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    d_ stop "$C"
    is "$(inspect '{{.State.ExitCode}}')" 5
    docker_clean
    up bb sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    d_ stop -t 1 "$C"
    is "$(inspect '{{.State.ExitCode}}')" 137
    docker_clean
    up --stop-signal INT bb sh -c 'trap "exit 8" INT; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    d_ stop "$C"
    is "$(inspect '{{.State.ExitCode}}')" 8
}

@test "kill: signals by name and number; of a stopped container" {
    up bb sh -c 'trap "echo usr1" USR1; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    d_ kill -s USR1 "$C"
    wait_for logs_have usr1
    d_ kill -s 9 "$C"
    wait_for state_is exited
    try "${DK[@]}" kill "$C"
    contains "$output" "is not running"
}

@test "pause, unpause, rm -f of a paused container" {
    up bb sh -c 'while :; do echo x; sleep 0.1; done'
    wait_for logs_have x
    d_ pause "$C"
    state_is paused
    local n
    sleep 0.2
    n=$("${DK[@]}" logs "$C" | wc -l)
    sleep 0.4
    is "$("${DK[@]}" logs "$C" | wc -l)" "$n"
    d_ unpause "$C"
    state_is running
    d_ pause "$C"
    d_ rm -f "$C"
    [ ! -e "/proc/$PID/exe" ]
}

@test "restart policies: on-failure, always" {
    d_ run -d --name "$C" --net=none --restart on-failure:2 bb sh -c 'echo try; exit 1'
    wait_for state_is exited
    is "$(inspect '{{.RestartCount}}')" 2
    docker_clean
    up --restart always bb sleep 1000
    kill -9 "$PID"
    wait_for sh -c "${DK[*]} inspect --format '{{.State.Pid}} {{.State.Running}}' $C | grep -v '^$PID ' | grep -q true"
}

# The kernel alone finds that out, after the runtime's `start`: a restart policy is for containers that have started.
@test "restart policies: a program that the kernel refuses" {
    d_ run -d --name "$C" --net=none --restart on-failure:2 bb /bin/no-interpreter
    wait_for state_is exited
    is "$(inspect '{{.State.ExitCode}} {{.RestartCount}}')" "1 2"
    d_ logs "$C"
    is "$(grep -ci 'no such file or directory' <<<"$output")" 3
}

@test "stats, top" {
    up --memory 64m bb sleep 1000
    d_ stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$C"
    matches "$output" '^[1-9][0-9.]*[kKM]iB / 64MiB 1$'
    d_ top "$C"
    contains "$output" "sleep 1000"
    d_ top "$C" -o pid,args
    contains "$output" "$PID"
}

@test "update: memory, cpus, pids, cpuset, shares, restart" {
    has_controller memory || skip "needs the memory controller"
    up --memory 64m bb sleep 1000
    d_ update --memory 96m --memory-swap 200m --cpus 0.5 --pids-limit 33 --cpuset-cpus 0 "$C"
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" $((96 << 20))
    is "$(cg "$PID" pids pids.max pids.max)" 33
    is "$(cg "$PID" cpuset cpuset.cpus cpuset.cpus)" 0
    matches "$(cg "$PID" cpu cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
    d_ update --cpu-shares 300 "$C"
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" $((96 << 20)) "after an update of another thing"
    d_ update --pids-limit -1 "$C"
    is "$(cg "$PID" pids pids.max pids.max)" max
}

@test "healthcheck" {
    up --health-cmd 'test -e /tmp/healthy' --health-interval 0.3s --health-retries 1 bb sleep 1000
    wait_for sh -c "${DK[*]} inspect --format '{{.State.Health.Status}}' $C | grep -qx unhealthy"
    in_ touch /tmp/healthy
    wait_for sh -c "${DK[*]} inspect --format '{{.State.Health.Status}}' $C | grep -qx healthy"
}

@test "cp, commit, diff, export" {
    up bb sh -c 'echo new >/new; echo ready; sleep 1000'
    wait_for logs_have ready
    echo copied >"$BATS_TEST_TMPDIR/f"
    d_ cp "$BATS_TEST_TMPDIR/f" "$C:/tmp/f"
    in_ cat /tmp/f
    is "$output" copied
    d_ cp "$C:/new" "$BATS_TEST_TMPDIR/g"
    is "$(cat "$BATS_TEST_TMPDIR/g")" new
    d_ diff "$C"
    contains "$output" "A /new"
    d_ commit "$C" committed
    run_ committed cat /new
    is "$output" new
    "${DK[@]}" export "$C" | tar -t | grep -qx new
}

@test "rm -f leaves nothing" {
    local id
    up bb sh -c 'sleep 5432 & sleep 1000'
    id=$(inspect '{{.Id}}')
    [ -n "$(cgroups_named "$id")" ]
    d_ rm -f "$C"
    is "$(cgroups_named "$id")" ""
    is "$(ls "$D"/exec/runtime-runc/moby 2>/dev/null)" ""
    ! pgrep -x -f 'sleep 5432'
}

@test "the program ends: docker knows without being asked" {
    up bb sleep 0.3
    wait_for state_is exited
    is "$(inspect '{{.State.ExitCode}}')" 0
    docker_clean
    up bb sleep 1000
    kill -9 "$PID"
    wait_for state_is exited
    is "$(inspect '{{.State.ExitCode}}')" 137
}

# --- limits -----------------------------------------------------------------------------------------------------------

@test "--memory, --memory-reservation, --memory-swap, --cpus, --cpu-shares, --pids-limit, --cpuset-cpus" {
    has_controller memory || skip "needs the memory controller"
    up --memory 64m --memory-reservation 32m --memory-swap 128m --cpus 0.5 --cpu-shares 512 --pids-limit 44 --cpuset-cpus 0 bb sleep 1000
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" $((64 << 20))
    is "$(cg "$PID" memory memory.soft_limit_in_bytes memory.low)" $((32 << 20))
    is "$(cg "$PID" pids pids.max pids.max)" 44
    is "$(cg "$PID" cpuset cpuset.cpus cpuset.cpus)" 0
    matches "$(cg "$PID" cpu cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
}

@test "--memory: out of memory is seen" {
    has_controller memory || skip "needs the memory controller"
    fails 137 "${DK[@]}" run --name "$C" --net=none --memory 20m --memory-swap 20m bb sh -c 'x=$(head -c 100m /dev/zero | tr "\0" x)'
    is "$(inspect '{{.State.OOMKilled}}')" true
}

@test "--oom-kill-disable" {
    [ -e /sys/fs/cgroup/memory/memory.oom_control ] || skip "cgroup v1 only"
    try "${DK[@]}" run -d --net=none --name "$C" --memory 40m --oom-kill-disable bb sleep 1000
    is "$status" 0
    PID=$(inspect '{{.State.Pid}}')
    contains "$(cg "$PID" memory memory.oom_control -)" "oom_kill_disable 1"
}

@test "--blkio-weight and --device-read-bps" {
    local dev n
    [ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ] || cg_v2 || skip "needs the blkio or io controller"
    dev=$(lsblk -dno NAME,TYPE 2>/dev/null | awk '$2 == "disk" { print "/dev/" $1; exit }')
    [ -b "$dev" ] || skip "needs a disk"
    n=$(lsblk -dno MAJ:MIN "$dev" | tr -d ' ')
    up --device-read-bps "$dev:1mb" bb sleep 1000
    matches "$(cg "$PID" blkio blkio.throttle.read_bps_device io.max)" "^$n (rbps=)?1048576"
}

@test "--cgroup-parent; the daemon's own parent" {
    up bb sleep 1000
    grep -q "/$TAG/" "/proc/$PID/cgroup"
    docker_clean
    up --cgroup-parent "/$TAG-other" bb sleep 1000
    grep -q "/$TAG-other/" "/proc/$PID/cgroup"
}

@test "--ulimit, --oom-score-adj, --shm-size" {
    run_ --ulimit nofile=100:200 --oom-score-adj 300 --shm-size 2m bb sh -c 'ulimit -Hn; cat /proc/self/oom_score_adj; df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
    is "$output" $'200\n300\n2048'
}

# --- security ---------------------------------------------------------------------------------------------------------

@test "capabilities: default, --cap-add, --cap-drop" {
    run_ bb sed -n 's/^CapEff:\t*//p' /proc/self/status
    is "$output" 00000000a80425fb
    run_ --cap-drop all --cap-add net_bind_service bb sed -n 's/^CapEff:\t*//p' /proc/self/status
    is "$output" 0000000000000400
    run_ --cap-add sys_admin --security-opt seccomp=unconfined --security-opt apparmor=unconfined bb sh -c 'mount -t tmpfs x /mnt && echo mounted'
    is "$output" mounted
}

@test "--privileged" {
    run_ --privileged bb sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status
    is $((0x$output & 0x3fffffffff)) $((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status) & 0x3fffffffff))
    run_ --privileged bb sh -c 'grep ^Seccomp: /proc/self/status; ls /dev/kmsg; mount -t tmpfs x /mnt && echo mounted; touch /sys/fs/cgroup 2>/dev/null; grep " /sys " /proc/mounts'
    matches "$output" '^Seccomp:[[:space:]]0'
    contains "$output" /dev/kmsg
    contains "$output" mounted
    matches "$output" ' /sys sysfs rw'
}

@test "seccomp: docker's profile, none, a user's" {
    run_ bb grep ^Seccomp: /proc/self/status
    matches "$output" 2
    fails_ 1 bb unshare -U true
    run_ --security-opt seccomp=unconfined bb grep ^Seccomp: /proc/self/status
    matches "$output" 0
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >"$BATS_TEST_TMPDIR/p"
    fails_ 1 --security-opt "seccomp=$BATS_TEST_TMPDIR/p" bb mkdir /tmp/d
    contains "$output" "No space left"
}

@test "no-new-privileges; masked and read-only paths; systempaths=unconfined" {
    run_ --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
    matches "$output" 1
    run_ bb sh -c 'ls /sys/firmware; (echo x >/proc/sys/kernel/domainname) 2>&1; true'
    is "$output" "sh: can't create /proc/sys/kernel/domainname: Read-only file system"
    run_ --security-opt systempaths=unconfined bb sh -c 'grep -c " /proc/" /proc/mounts || true'
    is "$output" 0
}

@test "--device, --device-cgroup-rule; devices that were not given" {
    run_ --device /dev/fuse bb sh -c ': </dev/fuse && echo opened'
    is "$output" opened
    run_ --device /dev/fuse:/dev/myfuse:r bb sh -c ': </dev/myfuse && echo readable; (: >/dev/myfuse) 2>&1; true'
    contains "$output" readable
    contains "$output" "not permitted"
    # docker's default capabilities allow making nodes, and it counts on the runtime for the cgroup's permission.
    fails_ 1 bb sh -c 'mknod /tmp/fuse c 10 229 && mknod /tmp/disk b 8 0 && echo made && cat /tmp/fuse'
    contains "$output" made
    contains "$output" "cat: can't open '/tmp/fuse': Operation not permitted"
    run_ --device-cgroup-rule 'c 10:229 rwm' bb sh -c 'mknod /tmp/fuse c 10 229 && : </tmp/fuse && echo opened'
    is "$output" opened
}

@test "--userns: a daemon that remaps" {
    skip_reason=
    grep -q dockremap /etc/subuid || echo dockremap:700000:65536 | tee -a /etc/subuid >>/etc/subgid
    grep -q dockremap /etc/passwd || { echo dockremap:x:998:998::/:/bin/false >>/etc/passwd && echo dockremap:x:998: >>/etc/group; }
    docker_clean
    dockerd_stop
    dockerd_start --userns-remap default || skip "this dockerd does not remap here: $(tail -1 "$D/log")"
    ok "${DK[@]}" import "$(image_tar busybox)" bb
    run_ bb sh -c 'cat /proc/self/uid_map; stat -c %u /data/file; touch /data/x; echo x >/dev/null; ls /sys/fs/cgroup >/dev/null && echo fine'
    matches "$output" '^ +0 +700000 +65536$'
    contains "$output" fine
    up bb sleep 1000
    is "$(stat -c %u "/proc/$PID")" 700000
    in_ id -u
    is "$output" 0
    ok "${PTY[@]}" "${DK[@]}" run --rm -it --net=none bb sh -c 'tty; stat -c %u $(tty)'
    contains "$output" /dev/pts/0
    docker_clean
    dockerd_stop
    dockerd_start
}

# --- namespaces, volumes ----------------------------------------------------------------------------------------------

@test "--pid, --ipc, --uts, --net host; --pid and --net of another container" {
    up --pid host --ipc host --uts host bb sleep 1000
    local n
    for n in pid ipc uts; do is "$(readlink "/proc/$PID/ns/$n")" "$(readlink "/proc/self/ns/$n")"; done
    d_ stop -t 0 "$C"
    docker_clean
    ok "${DK[@]}" run --rm --net host bb readlink /proc/self/ns/net
    is "$output" "$(readlink /proc/self/ns/net)"
    up --ipc shareable bb sleep 1000
    ok "${DK[@]}" run --rm --pid "container:$C" --net "container:$C" --ipc "container:$C" bb sh -c 'for n in pid net ipc; do readlink /proc/self/ns/$n; done; ps'
    for n in pid net ipc; do contains "$output" "$(readlink "/proc/$PID/ns/$n")"; done
    contains "$output" "sleep 1000"
}

@test "--cgroupns" {
    cg_v2 || [ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ] || skip "needs cgroups"
    up --cgroupns private bb sleep 1000
    [ "$(readlink "/proc/$PID/ns/cgroup")" != "$(readlink /proc/self/ns/cgroup)" ]
    docker_clean
    up --cgroupns host bb sleep 1000
    is "$(readlink "/proc/$PID/ns/cgroup")" "$(readlink /proc/self/ns/cgroup)"
}

@test "--sysctl, --add-host, --dns" {
    run_ --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmax=7654321 bb sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax'
    is "$output" $'1\n7654321'
    ok "${DK[@]}" run --rm --add-host some:1.2.3.4 --dns 5.6.7.8 bb cat /etc/hosts /etc/resolv.conf
    contains "$output" 1.2.3.4
    contains "$output" 5.6.7.8
}

@test "volumes: bind, read-only, named, tmpfs, --volumes-from" {
    local v="$BATS_TEST_TMPDIR/v"
    mkdir "$v" && echo of-the-host >"$v/file"
    run_ -v "$v:/vol" bb sh -c 'cat /vol/file; echo w >/vol/new'
    is "$output" of-the-host
    [ -s "$v/new" ]
    fails_ 1 -v "$v:/vol:ro" bb touch /vol/x
    run_ -v named:/data bb sh -c 'cat /data/file; echo kept >/data/kept'
    is "$output" of-the-image
    run_ --mount type=volume,src=named,dst=/elsewhere bb cat /elsewhere/kept
    is "$output" kept
    run_ --tmpfs /t:size=1m,mode=700 bb sh -c 'stat -c %a /t; grep " /t " /proc/mounts'
    contains "$output" 700
    contains "$output" size=1024k
    up -v "$v:/vol" bb sleep 1000
    run_ --volumes-from "$C" bb cat /vol/file
    is "$output" of-the-host
}

@test "volumes: propagation" {
    local v="$BATS_TEST_TMPDIR/v" kind
    mkdir "$v" && mount -t tmpfs tmpfs "$v" && mount --make-shared "$v" && mkdir "$v/sub"
    for kind in rslave rprivate; do
        up -v "$v:/vol:$kind" bb sleep 1000
        mount -t tmpfs fromhost "$v/sub"
        in_ cat /proc/mounts
        case $kind in
        rslave) contains "$output" "fromhost /vol/sub" ;;
        rprivate) lacks "$output" "fromhost /vol/sub" ;;
        esac
        umount "$v/sub"
        docker_clean
    done
    umount "$v"
}

@test "--read-only with --tmpfs" {
    fails_ 1 --read-only bb touch /x
    contains "$output" "Read-only"
    run_ --read-only --tmpfs /scratch bb sh -c 'touch /scratch/x && echo fine'
    is "$output" fine
}

# --- networks ---------------------------------------------------------------------------------------------------------

@test "bridge: an address, another container by address, a published port" {
    d_ run -d --name "$C" -p 18081:80 bb sh -c 'mkdir /www; echo served >/www/index.html; exec httpd -f -p 80 -h /www'
    local ip
    ip=$(inspect '{{.NetworkSettings.IPAddress}}')
    [ -n "$ip" ]
    ok "${DK[@]}" run --rm bb sh -c "for i in 1 2 3 4 5; do wget -q -O - http://$ip/ && exit 0; sleep 0.3; done; exit 1"
    is "$output" served
    wait_for bash -c 'exec 3<>/dev/tcp/127.0.0.1/18081'
    d_ exec "$C" ip -o addr show eth0
    contains "$output" "$ip"
}

@test "a network of the user's: names, connect, disconnect" {
    d_ network create "n$C"
    d_ run -d --name "$C" --network "n$C" bb sleep 1000
    ok "${DK[@]}" run --rm --network "n$C" bb ping -c 1 -w 5 "$C"
    d_ network disconnect "n$C" "$C"
    in_ ip -o link
    lacks "$output" eth0
    d_ network connect "n$C" "$C"
    in_ ip -o addr
    contains "$output" eth
    docker_clean
    d_ network rm "n$C"
}

@test "network none: lo alone, up" {
    run_ bb ip -o addr
    contains "$output" 127.0.0.1/8
    lacks "$output" eth
}

# --- build ------------------------------------------------------------------------------------------------------------

@test "build: RUN steps, as several users, with arguments" {
    cat >"$BATS_TEST_TMPDIR/Dockerfile" <<'EOF'
FROM bb
ARG WORD=default
RUN echo "$WORD" >/word && id -u >>/word
USER user
WORKDIR /home/user
RUN ["sh", "-c", "id -u >by-user; pwd >>by-user"]
RUN --network=none true
ENTRYPOINT ["sh", "-c"]
CMD ["cat /word by-user"]
EOF
    sed -i '/--network/d' "$BATS_TEST_TMPDIR/Dockerfile"
    d_ build --network none --build-arg WORD=given -t built "$BATS_TEST_TMPDIR"
    run_ built
    is "$output" $'given\n0\n1000\n/home/user'
}

@test "build: a RUN step that fails, and with limits" {
    printf 'FROM bb\nRUN exit 9\n' >"$BATS_TEST_TMPDIR/Dockerfile"
    try "${DK[@]}" build --network none "$BATS_TEST_TMPDIR"
    [ "$status" -ne 0 ]
    contains "$output" "returned a non-zero code: 9"
    printf 'FROM bb\nRUN cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true\n' >"$BATS_TEST_TMPDIR/Dockerfile"
    d_ build --network none --no-cache --memory 60m "$BATS_TEST_TMPDIR"
    contains "$output" 62914560
}

@test "build with BuildKit: RUN steps" {
    printf 'FROM bb\nRUN echo kit >/kit\nRUN cat /kit\n' >"$BATS_TEST_TMPDIR/Dockerfile"
    DOCKER_BUILDKIT=1 ok "${DK[@]}" build --network none --progress plain -t kit "$BATS_TEST_TMPDIR"
    run_ kit cat /kit
    is "$output" kit
}

# --- checkpoints ------------------------------------------------------------------------------------------------------

@test "checkpoint create and start --checkpoint: what docker asks cfs for, and cfs CRIU" {
    [ "$RUNTIME" = cfs ] || skip "the stand-in for CRIU knows what cfs asks alone"
    export FAKE_CRIU="$BATS_TEST_TMPDIR/fake"
    local path=$PATH criu="$TOP/tests/integration/helpers/fake-criu"
    asked() { tail -n 1 "$FAKE_CRIU/requests" | jq -c "$1"; }
    mkdir -p "$FAKE_CRIU" "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\nexec python3 %s "$@"\n' "$criu" > "$BATS_TEST_TMPDIR/bin/criu"
    chmod +x "$BATS_TEST_TMPDIR/bin/criu"
    docker_clean
    dockerd_stop
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    dockerd_start --experimental
    PATH=$path
    up bb sleep 1000
    d_ checkpoint create --leave-running "$C" first
    state_is running
    is "$(asked '[.type, .pid, .leave_running, .empty_ns]')" "[\"DUMP\",$PID,1,1073741824]"
    d_ checkpoint create "$C" second
    wait_for state_is exited
    is "$(asked .leave_running)" null
    d_ checkpoint ls "$C"
    contains "$output" first
    contains "$output" second
    d_ start --checkpoint second "$C"
    wait_for state_is running
    is "$(asked '[.type, .empty_ns, .tcp_established]')" '["RESTORE",1073741824,null]'
    is "$(cat "/proc/$(inspect '{{.State.Pid}}')/comm")" sleep
    # What CRIU refuses is docker's error, and the container goes on.
    echo refuse > "$FAKE_CRIU/mode"
    try "${DK[@]}" checkpoint create "$C" third
    [ "$status" != 0 ]
    contains "$output" "criu failed to checkpoint the container: the cause of it"
    state_is running
    docker_clean
    dockerd_stop
    dockerd_start
}

# --- the daemon -------------------------------------------------------------------------------------------------------

@test "events, and inspect after the end" {
    d_ run --name "$C" --net=none bb true
    d_ events --since 1m --until "$(($(date +%s) + 2))" --filter "container=$C" --format '{{.Action}}'
    for e in create start die; do contains "$output" $e; done
}

@test "the daemon is restarted: containers end, those with a policy come back" {
    # A sleep that is process 1 would not hear of SIGTERM, and the daemon waits ten seconds.
    up --restart always --stop-signal KILL bb sleep 1000
    dockerd_stop
    [ ! -e "/proc/$PID/exe" ]
    dockerd_start
    wait_for state_is running
    in_ echo again
    is "$output" again
}

@test "live restore: the daemon goes and comes, the container stays" {
    docker_clean
    dockerd_stop
    dockerd_start --live-restore
    up bb sh -c 'while :; do echo x; sleep 0.2; done'
    dockerd_stop
    [ -e "/proc/$PID/exe" ]
    dockerd_start --live-restore
    state_is running
    is "$(inspect '{{.State.Pid}}')" "$PID"
    in_ echo alive
    is "$output" alive
    # And when it is killed.
    dockerd_stop -KILL
    dockerd_start --live-restore
    is "$(inspect '{{.State.Pid}}')" "$PID"
    d_ stop -t 1 "$C"
    docker_clean
    dockerd_stop
    dockerd_start
}
