# SPDX-License-Identifier: LGPL-2.1-or-later
# Checkpoint and restore by the real CRIU: tests/vm/checkpoint makes the machine. What CRIU is asked for, and how it may
# fail, is in tests/integration/checkpoint.bats.
load ../integration/helpers/common

setup_file() {
    local m
    command -v criu > /dev/null && [ "$(id -u)" = 0 ] || return 0
    # CRIU looks at sockets, and locks networks, by means of modules that the kernel would load by itself.
    [ -x /sbin/modprobe ] || ln -s /bin/busybox /sbin/modprobe
    busybox depmod -a
    for m in unix_diag tcp_diag udp_diag inet_diag raw_diag af_packet_diag netlink_diag veth tun nf_tables; do
        busybox modprobe $m || true
    done
}

setup() {
    setup_common
    root_only
    [ -e /run/criu.kdat ] || criu check > "$T/check" 2>&1 || skip "CRIU does not work here: $(tail -n 1 "$T/check")"
    IMG=$T/images
}

# A program that counts in a file, and in memory.
counter() {
    new_bundle '.process.args = ["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.1; done"]' \
        '.root.readonly = false' "$@"
}
count() { cat "$B/rootfs/tmp/count"; }
counts_on() { [ "$(count)" -gt "$1" ]; }
checkpoint() { cfs checkpoint --image-path "$IMG" "$@"; }
# restore [OPTION...] ID: detached.
restore() { cfs restore --detach -b "$B" --image-path "$IMG" "$@" < /dev/null > "$T/restore.out" 2>&1 || { cat "$T/restore.out"; return 1; }; }
# no_cgroup NAME: in no hierarchy. in_cgroup PID NAME: in all of them (v2's is there unmounted on v1).
no_cgroup() { [ -z "$(find /sys/fs/cgroup -type d -name "$1")" ]; }
in_cgroup() { ! grep -Ev ":/$2\$" "/proc/$1/cgroup" | grep -v '^0::/$'; }
# What is mounted where, and how.
mounts() { awk '{ print $5, $6, $(NF - 2) }' "/proc/$1/mountinfo" | sort; }
pid_of() { cfs state "$1" | jq .pid; }

@test "a counter goes on counting, under another ID, after the container is gone" {
    local n
    counter
    up
    wait_for counts_on 3
    checkpoint "$ID"
    run cfs state "$ID"
    is "$status" 1
    contains "$output" "does not exist"
    no_cgroup "$ID"
    n=$(count)
    sleep 0.5
    is "$(count)" "$n"
    config ".linux.cgroupsPath = \"/$ID-2\""
    restore "$ID-2"
    is "$(cat "$T/restore.out")" ""
    status_is "$ID-2" running
    wait_for counts_on "$((n + 2))"
    # Not from the beginning.
    [ "$(count)" -lt "$((n + 1000))" ]
    in_cgroup "$(pid_of "$ID-2")" "$ID-2"
    is "$(cfs exec "$ID-2" /bin/echo here)" here
    cfs delete --force "$ID-2"
    no_cgroup "$ID-2"
}

@test "the container goes on with --leave-running, and its image is what it was then" {
    local n
    counter
    up
    wait_for counts_on 2
    checkpoint --leave-running --file-locks "$ID"
    status_is "$ID" running
    n=$(count)
    wait_for counts_on "$((n + 2))"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    restore "$ID"
    wait_for counts_on "$n"
}

@test "a paused container is saved as it is, and stays paused with --leave-running" {
    counter
    up
    cfs pause "$ID"
    checkpoint --leave-running "$ID"
    status_is "$ID" paused
    cfs resume "$ID"
    status_is "$ID" running
}

@test "pre-dumps chain: the last image has what changed since" {
    new_bundle '.process.args = ["/bin/sh", "-c", "x=$(/bin/head -c 8000000 /dev/zero | /bin/od -v | /bin/head -c 6000000); i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.1; done"]' \
        '.root.readonly = false'
    ln -s busybox "$B/rootfs/bin/od"
    up
    wait_for test -s "$B/rootfs/tmp/count"
    cfs checkpoint --pre-dump --image-path "$T/pre" "$ID"
    status_is "$ID" running
    cfs checkpoint --image-path "$IMG" --parent-path ../pre "$ID"
    [ "$(du -sk "$T/pre" | cut -f1)" -gt 5000 ]
    [ "$(du -sk "$IMG" | cut -f1)" -lt 3000 ]
    restore "$ID"
    wait_for counts_on "$(count)"
    # Not beside the image: an error that names the option.
    run cfs checkpoint --image-path "$T/other" --parent-path ../nothing "$ID"
    is "$status" 1
    contains "$output" --parent-path
    status_is "$ID" running
}

@test "bind mounts come from where the bundle says now, with what is mounted below, also read-only, on files and by links" {
    mkdir -p "$T/data/below" "$T/tree"
    mount -t tmpfs below "$T/data/below"
    echo old > "$T/data/file"
    echo deep > "$T/data/below/file"
    counter ".mounts += [{destination: \"/data\", source: \"$T/data\", options: [\"rbind\", \"rprivate\"]},
        {destination: \"/new/file\", source: \"$T/data/file\", options: [\"bind\", \"ro\"]},
        {destination: \"/link/there\", source: \"$T/tree\", options: [\"bind\"]}]"
    mkdir "$B/rootfs/real"
    ln -s real "$B/rootfs/link"
    up
    wait_for counts_on 1
    checkpoint "$ID"
    # Another place, and another root, without the mount points that create made.
    mkdir -p "$T/data2/below"
    mount -t tmpfs below "$T/data2/below"
    echo new > "$T/data2/file"
    echo deeper > "$T/data2/below/file"
    sed -i "s#$T/data#$T/data2#" "$B/config.json"
    rm -r "$B/rootfs/new"
    restore "$ID"
    is "$(cfs exec "$ID" /bin/cat /data/file /data/below/file /new/file)" $'new\ndeeper\nnew'
    run cfs exec "$ID" /bin/touch /new/file
    contains "$output" "Read-only"
    contains "$(cfs exec "$ID" /bin/grep real/there /proc/self/mountinfo)" /real/there
    cfs delete --force "$ID"
    umount "$T/data/below" "$T/data2/below"
}

@test "standard streams: a pipe to a log, a file, and the host's null device" {
    new_bundle '.process.args = ["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo out $i; echo err $i >&2; sleep 0.1; done"]'
    cfs run --detach -b "$B" "$ID" < /dev/null 2> "$T/err1" 3>&- | cat > "$T/out1" 3>&- &
    wait_for grep -q 'out 3' "$T/out1"
    checkpoint "$ID"
    wait
    contains "$(jq -r '.[1]' "$IMG/descriptors.json")" 'pipe:['
    contains "$(jq -r '.[2]' "$IMG/descriptors.json")" 'file['
    cfs restore --detach -b "$B" --image-path "$IMG" "$ID" < /dev/null 2>> "$T/err1" 3>&- | cat > "$T/out2" 3>&- &
    wait_for grep -q 'out [0-9]' "$T/out2" || { tail -n 5 "$T/err1" "$IMG/restore.log"; return 1; }
    wait_for grep -q "err $(($(sed -n 's/out //p' "$T/out1" | tail -n 1) + 3))" "$T/err1"
    ! grep -q 'out 1$' "$T/out2"
    cfs delete --force "$ID"
    wait
    # Another file has another size, and CRIU looks.
    run sh -c "'$CFS' --root '$STATE' restore --detach -b '$B' --image-path '$IMG' '$ID' < /dev/null 2> '$T/err3' | cat"
    contains "$(cat "$T/err3")" "opened to append"
}

@test "a terminal comes back through the console socket" {
    new_bundle '.process.args = ["/bin/sh", "-c", "read a; i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done"]' '.process.terminal = true'
    background "$PYTHON" "$BATS_TEST_DIRNAME/checkpoint-console" "$T/console1" "$T/out1" "go"
    wait_for test -S "$T/console1"
    cfs run --detach --console-socket "$T/console1" -b "$B" "$ID"
    wait_for grep -q 'tick 3' "$T/out1"
    checkpoint "$ID"
    background "$PYTHON" "$BATS_TEST_DIRNAME/checkpoint-console" "$T/console2" "$T/out2" ""
    wait_for test -S "$T/console2"
    restore --console-socket "$T/console2" "$ID"
    wait_for grep -q 'tick [0-9]' "$T/out2"
    ! grep -q 'tick 1$' "$T/out2"
}

@test "the network namespace that an engine made is joined again" {
    ip netns add "n$ID"
    counter ".linux.namespaces |= map(if .type == \"network\" then .path = \"/run/netns/n$ID\" else . end)"
    up
    wait_for counts_on 1
    checkpoint "$ID"
    ip netns delete "n$ID"
    ip netns add "n$ID"
    restore "$ID"
    is "$(stat -Lc %i "/proc/$(pid_of "$ID")/ns/net")" "$(stat -Lc %i "/run/netns/n$ID")"
    wait_for counts_on "$(count)"
    cfs delete --force "$ID"
    ip netns delete "n$ID"
}

@test "an IPC namespace of another process is joined again" {
    background unshare --ipc sleep 600
    local other=$!
    wait_for sh -c "[ \$(readlink /proc/$other/ns/ipc) != \$(readlink /proc/self/ns/ipc) ]"
    counter ".linux.namespaces |= map(if .type == \"ipc\" then .path = \"/proc/$other/ns/ipc\" else . end)"
    up
    wait_for counts_on 1
    checkpoint "$ID"
    restore "$ID"
    is "$(readlink "/proc/$(pid_of "$ID")/ns/ipc")" "$(readlink "/proc/$other/ns/ipc")"
}

@test "a TCP connection lives on with --tcp-established, and its lack is told in CRIU's words with our option" {
    counter '.linux.namespaces |= map(select(.type != "network"))'
    new_bundle '.linux.namespaces |= map(select(.type != "network"))' \
        '.process.args = ["/bin/busybox", "nc", "-l", "-p", "7777", "-e", "/bin/cat"]'
    up
    sleep 1
    exec 5<> /dev/tcp/127.0.0.1/7777
    echo before >&5
    read -r -t 10 line <&5
    is "$line" before
    run checkpoint "$ID"
    is "$status" 1
    contains "$output" "TCP socket"
    contains "$output" "(its log is $IMG/dump.log)"
    contains "$output" "hint: --tcp-established"
    status_is "$ID" running
    echo between >&5
    read -r -t 10 line <&5
    is "$line" between
    checkpoint --tcp-established "$ID"
    restore --tcp-established "$ID"
    echo after >&5
    read -r -t 20 line <&5
    is "$line" after
    exec 5>&-
}

@test "in a user namespace, with devices that are bind mounts" {
    counter '.linux.namespaces += [{"type": "user"}]' \
        '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
    chown -R 100000:100000 "$B/rootfs"
    # Pipes, as engines have them: files of root's could not be opened again in the namespace.
    cfs run --detach -b "$B" "$ID" < /dev/null 2>&1 3>&- | cat > "$T/log" 3>&- &
    wait_for counts_on 2
    checkpoint "$ID"
    cfs restore --detach -b "$B" --image-path "$IMG" "$ID" < /dev/null 2>&1 3>&- | cat > "$T/restore.out" 3>&- &
    wait_for status_is "$ID" running || { cat "$T/restore.out"; return 1; }
    wait_for counts_on "$(count)"
    is "$(cfs exec "$ID" /bin/id -u)" 0
    is "$(awk '{print $2}' "/proc/$(pid_of "$ID")/uid_map")" 100000
    cfs exec "$ID" /bin/sh -c ': > /dev/null'
}

@test "a filter, a read-only root, limits and no new privileges are there again" {
    counter '.root.readonly = true | .process.noNewPrivileges = true | .process.rlimits = [{"type": "RLIMIT_NOFILE", "hard": 99, "soft": 98}]' \
        '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]' '.linux.resources.memory.limit = 100000000' \
        '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
    up
    sleep 0.5
    mounts "$PID" > "$T/before"
    checkpoint "$ID"
    restore "$ID"
    PID=$(pid_of "$ID")
    mounts "$PID" > "$T/after"
    diff "$T/before" "$T/after"
    is "$(awk '/^Seccomp:/ {print $2}' "/proc/$PID/status")" 2
    is "$(awk '/^NoNewPrivs:/ {print $2}' "/proc/$PID/status")" 1
    contains "$(grep 'open files' "/proc/$PID/limits")" "98                   99"
    is "$(cat "/sys/fs/cgroup/$ID/memory.max" 2> /dev/null || cat "/sys/fs/cgroup/memory/$ID/memory.limit_in_bytes")" 99999744
    run cfs exec "$ID" /bin/mkdir /tmp/d
    contains "$output" "not permitted"
    run cfs exec "$ID" /bin/touch /file
    contains "$output" "Read-only"
    [ "$(cfs exec "$ID" /bin/cat /tmp/count)" -gt 1 ]
    run cfs exec "$ID" /bin/cat /proc/kcore
    is "$output" ""
    run cfs exec "$ID" /bin/ls /proc/acpi
    is "$output" ""
}

@test "hooks: prestart and createRuntime before any process runs, poststart after, poststop at the end" {
    local k hooks='.hooks = {}'
    for k in prestart createRuntime createContainer startContainer poststart poststop; do
        hooks+=" | .hooks.$k = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"printf '$k ' >> $T/hooks; cat > $T/state-$k\"]}]"
    done
    counter "$hooks" '.mounts += [{"destination": "'"$T"'", "type": "bind", "source": "'"$T"'", "options": ["bind"]}]'
    up
    wait_for counts_on 1
    checkpoint "$ID"
    : > "$T/hooks"
    restore "$ID"
    is "$(cat "$T/hooks")" "prestart createRuntime poststart "
    is "$(jq -r '.pid, .status' "$T/state-createRuntime" | tr '\n' ' ')" "$(pid_of "$ID") creating "
    is "$(jq -r .status "$T/state-poststart")" running
    cfs delete --force "$ID"
    is "$(cat "$T/hooks")" "prestart createRuntime poststart poststop "
    # One that fails: nothing is left.
    config '.hooks = {"createRuntime": [{"path": "/bin/false"}]}'
    run cfs restore --detach -b "$B" --image-path "$IMG" "$ID"
    is "$status" 1
    contains "$output" "hooks.createRuntime"
    [ ! -e "$STATE/$ID" ]
    no_cgroup "$ID"
}

@test "in the foreground: the exit code of the program, and the container is deleted" {
    new_bundle '.process.args = ["/bin/sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.1; done; exit 7"]' '.root.readonly = false'
    # Pipes: `run` reads from one.
    cfs run --detach -b "$B" "$ID" < /dev/null 2>&1 3>&- | cat 3>&- &
    wait_for status_is "$ID" running
    checkpoint "$ID"
    touch "$B/rootfs/tmp/end"
    run cfs restore -b "$B" --image-path "$IMG" "$ID" < /dev/null
    is "$status" 7 || { echo "$output"; tail -n 30 "$IMG/restore.log"; return 1; }
    [ ! -e "$STATE/$ID" ]
}

@test "a restore that was killed is deleted like any other container" {
    local i pid
    counter
    up
    wait_for counts_on 2
    checkpoint "$ID"
    for i in 0.05 0.2 0.4 0.7 1.0 1.5; do
        cfs restore --detach -b "$B" --image-path "$IMG" "$ID" < /dev/null > /dev/null 2>&1 3>&- &
        pid=$!
        sleep $i
        kill -9 $pid 2> /dev/null || true
        wait $pid || true
        cfs delete --force "$ID"
        [ ! -e "$STATE/$ID" ]
        no_cgroup "$ID"
        wait_for sh -c "! pgrep -x criu"
    done
    restore "$ID"
    wait_for counts_on "$(count)"
}

@test "a checkpoint that was killed leaves a container that runs, or one that is saved" {
    local i pid
    counter
    up
    wait_for counts_on 2
    for i in 0.05 0.2 0.4 0.7; do
        checkpoint "$ID" > /dev/null 2>&1 3>&- &
        pid=$!
        sleep $i
        pkill -9 -P $pid cfs 2> /dev/null || kill -9 $pid 2> /dev/null || true
        wait $pid || true
        wait_for sh -c "! pgrep -x criu"
        if status_is "$ID" running; then
            wait_for counts_on "$(count)"
        else
            cfs delete --force "$ID"
            return 0
        fi
    done
}

@test "lazy pages: memory comes when it is used" {
    counter
    up
    wait_for counts_on 2
    exec 7> "$T/status"
    cfs checkpoint --lazy-pages --page-server 127.0.0.1:7788 --status-fd 7 --image-path "$IMG" "$ID" > "$T/lazy.out" 2>&1 3>&- &
    wait_for test -s "$T/status"
    exec 7>&-
    mkdir "$T/work"
    criu lazy-pages --page-server --address 127.0.0.1 --port 7788 -D "$IMG" -W "$T/work" > "$T/daemon.out" 2>&1 3>&- &
    wait_for test -S "$T/work/lazy-pages.socket"
    config ".linux.cgroupsPath = \"/$ID-2\""
    restore --lazy-pages --work-path "$T/work" "$ID-2"
    wait_for counts_on "$(count)"
    wait
    cat "$T/lazy.out"
    run cfs state "$ID"
    is "$status" 1
}

@test "--no-pivot, --empty-ns, --manage-cgroups-mode, --link-remap, --auto-dedup and a configuration file are CRIU's to obey" {
    echo 'log-file from-config.log' > "$T/criu.conf"
    counter ".annotations = {\"org.criu.config\": \"$T/criu.conf\"}"
    up
    wait_for counts_on 1
    checkpoint --manage-cgroups-mode full --empty-ns network --link-remap --work-path "$T/work" "$ID"
    [ -s "$T/work/from-config.log" ]
    restore --no-pivot --manage-cgroups-mode full --empty-ns network --link-remap --auto-dedup --work-path "$T/work" "$ID"
    wait_for counts_on "$(count)"
}

@test "the clocks of a time namespace go on from where they were" {
    local before since
    new_bundle '.process.args = ["/bin/sleep", "1000"]' '.linux.namespaces += [{"type": "time"}]' \
        '.linux.timeOffsets = {"monotonic": {"secs": 100000}, "boottime": {"secs": 200000}}'
    up
    before=$(cfs exec "$ID" /bin/cat /proc/uptime | cut -d. -f1)
    since=$SECONDS
    [ "$before" -gt 200000 ]
    checkpoint "$ID"
    sleep 5
    restore "$ID"
    PID=$(pid_of "$ID")
    # A new one, with offsets that make up for the time in between (criu(8): "time namespaces").
    [ "$(readlink "/proc/$PID/ns/time")" != "$(readlink /proc/self/ns/time)" ]
    is "$(readlink "/proc/$PID/ns/time_for_children")" "$(readlink "/proc/$PID/ns/time")"
    since=$((SECONDS - since))
    is "$(awk -v since=$since -v before="$before" '{ d = $1 - before; print (d >= 0 && d <= since + 1) }' <(cfs exec "$ID" /bin/cat /proc/uptime))" 1
    [ "$(awk '$1 == "monotonic" { print $2 }' "/proc/$PID/timens_offsets")" -lt 100000 ]
}

@test "the network: lo is up and sysctls are set without it in the images; with CAP_NET_ADMIN it is in them" {
    counter '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
    ln -s busybox "$B/rootfs/bin/ip"
    up
    wait_for counts_on 1
    checkpoint "$ID"
    is "$(ls "$IMG" | grep -c '^netdev-')" 0
    restore "$ID"
    contains "$(cfs exec "$ID" /bin/ip addr)" "inet 127.0.0.1"
    contains "$(cfs exec "$ID" /bin/ip link)" "LOOPBACK,UP"
    is "$(cfs exec "$ID" /bin/cat /proc/sys/net/ipv4/ip_default_ttl)" 77
    wait_for counts_on "$(count)"
    cfs delete --force "$ID"
    rm -r "$IMG"
    config '.process.capabilities.bounding += ["CAP_NET_ADMIN"] | .process.capabilities.effective = .process.capabilities.bounding |
        .process.capabilities.permitted = .process.capabilities.bounding'
    up
    wait_for counts_on 1
    cfs exec "$ID" /bin/ip addr add 10.9.8.7/24 dev lo
    checkpoint "$ID"
    [ "$(ls "$IMG" | grep -c '^netdev-')" -gt 0 ]
    restore "$ID"
    contains "$(cfs exec "$ID" /bin/ip addr)" "inet 10.9.8.7"
    is "$(cfs exec "$ID" /bin/cat /proc/sys/net/ipv4/ip_default_ttl)" 77
}

@test "images of runc, and of a container of another boot's state, are restored" {
    counter
    command -v runc > /dev/null || skip "needs runc"
    runc run --detach -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    wait_for counts_on 3
    runc checkpoint --image-path "$IMG" "$ID"
    local n
    n=$(count)
    restore "$ID"
    wait_for counts_on "$n"
    contains "$(cfs exec "$ID" /bin/cat /proc/net/dev)" lo:
    checkpoint "$ID"
    # After a reboot, /run is empty, and the images are where they were: all that restore takes is in them and in the bundle.
    STATE=$T/another-state
    restore "$ID"
    wait_for counts_on "$n"
}

@test "containers come and go: 50 cycles leave nothing behind, and the counter counts on" {
    local i n before
    counter
    up
    wait_for counts_on 1
    # Everything that could grow: cgroups, mounts of the host and of the container, namespaces, files of the state and of /tmp,
    # descriptors of the container.
    all() {
        echo "$(find /sys/fs/cgroup -type d | wc -l) $(wc -l < /proc/self/mountinfo) $(wc -l < "/proc/$(pid_of "$ID")/mountinfo")" \
            "$(find /proc/[0-9]*/ns/ -type l -printf '%l\n' 2> /dev/null | sort -u | wc -l)" \
            "$(find "$STATE" | wc -l) $(ls /tmp | wc -l) $(ls "/proc/$(pid_of "$ID")/fd" | wc -l)"
    }
    for ((i = 0; i < 50; i++)); do
        n=$(count)
        checkpoint "$ID"
        restore "$ID"
        wait_for counts_on "$n"
        [ $i != 1 ] || before=$(all)
        rm -r "$IMG"
    done
    is "$(all)" "$before"
    checkpoint "$ID"
    [ ! -e "$STATE/$ID" ]
    no_cgroup "$ID"
    wait_for sh -c "! pgrep -x criu"
}
