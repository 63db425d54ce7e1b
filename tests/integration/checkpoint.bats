# SPDX-License-Identifier: LGPL-2.1-or-later
# checkpoint and restore: what CRIU is asked for, and what becomes of its answers. By a stand-in for CRIU, which records what it
# is asked and fails in each way (helpers/fake-criu); tests/vm/checkpoint has the real one. Values are those of CRIU's rpc.proto
# and criu(8).
load helpers/common

setup() {
    setup_common
    root_only
    export FAKE_CRIU=$T/fake
    mkdir -p "$FAKE_CRIU" "$T/bin" "$T/images"
    # The last word is for no_criu to find it.
    printf '#!/bin/sh\nexec %s %s "$@" %s\n' "$PYTHON" "$BATS_TEST_DIRNAME/helpers/fake-criu" "$T" > "$T/bin/criu"
    chmod +x "$T/bin/criu"
    PATH=$T/bin:$PATH
    IMG=$T/images
    echo '["", "", ""]' > "$IMG/descriptors.json"
}

sleeper() { new_bundle '.process.args = ["/bin/inspector", "sleep"]' "$@"; }
mode() { echo "$1" > "$FAKE_CRIU/mode"; }
# asked [JQ]: of the last request.
asked() { tail -n 1 "$FAKE_CRIU/requests" | jq -r "${1:-.}"; }
# restore [OPTION...]: the container $ID, detached.
restore() { cfs restore --detach -b "$B" --image-path "$IMG" "$@" "$ID" < /dev/null; }
no_criu() { ! pgrep -f "[f]ake-criu swrk [0-9]* $T\$" > /dev/null; }
# fails WORD...: the last `run` did, and its one message has these words.
fails() {
    local w
    is "$status" 1
    for w in "$@"; do contains "$output" "$w" || return 1; done
}

# ---- checkpoint ----

@test "a checkpoint asks for what a container needs, and deletes the container" {
    sleeper ".mounts += [{destination: \"/data\", source: \"$T\", options: [\"bind\"]}]"
    up
    run cfs checkpoint --image-path "$T/new/images" "$ID"
    is "$status" 0
    is "$output" ""
    is "$(jq -r .type "$FAKE_CRIU/requests" | tr '\n' ' ')" "VERSION DUMP "
    is "$(asked .pid)" "$PID"
    is "$(asked .root)" "$B/rootfs"
    is "$(asked '[.notify_scripts, .orphan_pts_master, .manage_cgroups, .manage_cgroups_mode] | join(" ")')" "1 1 1 3"
    is "$(asked .log_file)" dump.log
    contains "$(asked '.external[]')" "mnt[/data]:/data"
    # What CRIU makes by itself is not declared: it would be lost.
    [[ $(asked '.external[]') != *mnt\[/proc* && $(asked '.external[]') != *mnt\[/dev/shm* ]]
    is "$(asked '[.leave_running, .tcp_established, .ext_unix_sk, .shell_job, .file_locks, .track_mem, .lazy_pages] | map(select(.)) | length')" 0
    [ -s "$T/new/images/descriptors.json" ]
    is "$(stat -c %a "$T/new/images")" 700
    [ ! -e "$STATE/$ID" ]
    is "$(cgroups_named "$ID")" ""
}

@test "every option of checkpoint reaches CRIU" {
    sleeper
    up
    mkdir "$T/pre"
    exec 7> "$T/status"
    cfs checkpoint --image-path "$IMG" --work-path "$T/work" --parent-path ../pre --leave-running --tcp-established --ext-unix-sk \
        --shell-job --file-locks --link-remap --lazy-pages --auto-dedup --manage-cgroups-mode strict --network-lock nftables \
        --empty-ns network --page-server 10.0.0.1:999 --status-fd 7 --tcp-skip-in-flight "$ID"
    exec 7>&-
    is "$(asked '[.leave_running, .tcp_established, .ext_unix_sk, .shell_job, .file_locks, .link_remap, .lazy_pages, .auto_dedup,
        .tcp_skip_in_flight, .track_mem] | join("")')" 1111111111
    is "$(asked '[.manage_cgroups_mode, .network_lock, .empty_ns, .parent_img] | join(" ")')" "5 2 $((0x40000000)) ../pre"
    is "$(asked '.ps | join(" ")')" "10.0.0.1 999"
    is "$(stat -c %s "$T/status")" 1
    is "$(jq -r .type "$FAKE_CRIU/requests" | tr '\n' ' ')" "VERSION FEATURE_CHECK DUMP "
    status_is "$ID" running
    for m in ignore:0 soft:3 full:4; do
        cfs checkpoint --image-path "$IMG" --leave-running --manage-cgroups-mode "${m%:*}" "$ID"
        is "$(asked .manage_cgroups_mode)" "${m#*:}"
    done
    cfs checkpoint --image-path "$IMG" --pre-dump "$ID"
    is "$(asked '[.type, .track_mem, .log_file] | join(" ")')" "PRE_DUMP 1 pre-dump.log"
    status_is "$ID" running
}

@test "options that make no sense are errors that name them, and nothing is asked of CRIU" {
    sleeper
    up
    while IFS='|' read -r options expected; do
        # shellcheck disable=SC2086 # words
        run cfs checkpoint --image-path "$IMG" $options "$ID"
        fails "$expected" || return 1
        [ ! -e "$FAKE_CRIU/requests" ]
        status_is "$ID" running
    done << 'EOF'
--parent-path /absolute|--parent-path: `/absolute` must be relative to --image-path
--parent-path ../nothing|--parent-path: `
--parent-path .|--parent-path: `.` is --image-path itself
--parent-path ../images|--parent-path: `../images` is --image-path itself
--page-server nonsense|--page-server: `nonsense` is not ADDRESS:PORT
--page-server host:0|--page-server: `host:0` is not ADDRESS:PORT
--page-server :80|--page-server: `:80` is not ADDRESS:PORT
--page-server host:65536|--page-server: `host:65536` is not ADDRESS:PORT
--status-fd 99|--status-fd: descriptor 99 is not open
--manage-cgroups-mode hard|hard
--network-lock hope|hope
--empty-ns mount|mount
EOF
    run cfs checkpoint --image-path "$B/config.json/images" "$ID"
    fails "make the directory of the images"
    # Engines pass what they have, also nothing: for runc and crun that is as if it were not there.
    cfs checkpoint --leave-running --image-path "$IMG" --work-path "" --parent-path "" --page-server "" "$ID"
    is "$(asked '[.parent_img, .ps, .track_mem] | map(select(.)) | length')" 0
}

@test "no room, or no right to write: the file is named, and the container goes on" {
    sleeper
    up
    private_mounts
    mkdir "$T/full" "$T/ro"
    outside mount -t tmpfs -o size=64k full "$T/full"
    outside mkdir "$T/full/images"
    outside dd if=/dev/zero of="$T/full/file" bs=1k status=none || true
    run cfs checkpoint --image-path "$T/full/images" "$ID"
    fails "write \`$T/full/images/descriptors.json\`" "no space left on device" "choose another --image-path"
    is "$(outside ls "$T/full/images")" ""
    outside mount -t tmpfs -o ro ro "$T/ro"
    run cfs checkpoint --image-path "$T/ro" "$ID"
    fails "directory of the images (or say --work-path) \`$T/ro\`" "read-only file system"
    run cfs checkpoint --image-path "$T/ro/new" "$ID"
    fails "$T/ro/new" "read-only file system"
    run cfs checkpoint --image-path "$IMG" --work-path "$T/ro" "$ID"
    fails "write to the work directory \`$T/ro\`" "read-only file system"
    run cfs restore -d -b "$B" --image-path "$T/ro" "$ID-2"
    fails "(or say --work-path) \`$T/ro\`"
    [ ! -e "$FAKE_CRIU/requests" ]
    status_is "$ID" running
    is "$(cfs exec "$ID" /bin/echo alive)" alive
}

@test "only a running or paused container can be saved; a created one, a stopped one and none are told apart" {
    sleeper
    cfs create -b "$B" "$ID" < /dev/null > /dev/null
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "container cannot be checkpointed in created state"
    status_is "$ID" created
    cfs start "$ID"
    cfs pause "$ID"
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    status_is "$ID" paused
    cfs resume "$ID"
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "container cannot be checkpointed in stopped state"
    run cfs checkpoint --image-path "$IMG" "$ID-none"
    fails "does not exist"
}

@test "a checkpoint freezes by the container's cgroup, and one that fails thaws it" {
    sleeper
    up
    mode freeze
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "criu failed to checkpoint the container"
    [ -d "$(asked .freeze_cgroup)" ]
    contains "$(asked .freeze_cgroup)" "$ID"
    status_is "$ID" running
    is "$(cfs exec "$ID" /bin/echo alive)" alive
}

@test "what CRIU refuses is told in its own words, with its log and the option that helps" {
    sleeper
    up
    mode refuse
    printf '%s\n' 'Error (criu/sk-inet.c:188): inet: Connected TCP socket, consider using --tcp-established option.' \
        'Error (criu/cr-dump.c:1635): Dump files (pid: 12) failed with -1' 'Error (criu/cr-dump.c:2053): Dumping FAILED.' > "$FAKE_CRIU/log"
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "criu failed to checkpoint the container: inet: Connected TCP socket, consider using --tcp-established option; Dump files (pid: 12) failed with -1; Dumping FAILED (its log is $IMG/dump.log)" \
        "hint: --tcp-established keeps TCP connections"
    is "$(grep -c '^cfs:' <<< "$output")" 1
    # The log of an earlier attempt says nothing about this one.
    mode say-no
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "criu failed to checkpoint the container: wrong images"
    [[ $output != *TCP* ]]
    while IFS='|' read -r said hint; do
        mode refuse
        echo "Error (criu/a.c:1): $said" > "$FAKE_CRIU/log"
        run cfs checkpoint --image-path "$IMG" --work-path "$T/work" "$ID"
        fails "$said (its log is $T/work/dump.log)" "$hint" || return 1
    done << 'EOF'
Some file locks are hold by dumping tasks! You can try --file-locks to dump them|--file-locks
The root process 1 is not a session leader. Consider using --shell-job option|--shell-job
unix: External socket found in image. Consider using the --ext-unix-sk option to allow restoring it|--ext-unix-sk
something that is not in the list|criu check --all
EOF
    status_is "$ID" running
}

@test "a CRIU that dies, leaves, or talks nonsense fails the checkpoint, and the container goes on" {
    sleeper
    up
    while IFS='|' read -r how expected; do
        mode "$how"
        run cfs checkpoint --image-path "$IMG" "$ID"
        fails "$expected" || return 1
        status_is "$ID" running
    done << 'EOF'
die|criu was killed by signal 9
leave|criu exited with status 3, without an answer
garbage|does not speak the protocol of CRIU's service
other|does not speak the protocol of CRIU's service
escape|criu failed to checkpoint the container: red  [31m bell   line  end
EOF
    # A log with whatever a crash leaves in a file.
    mode refuse
    printf 'a\0b\0\nError (x.c:1): the \033[31mcause\0\nError (y.c:2): the end\0\n' > "$FAKE_CRIU/log"
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "the  [31mcause; the end (its log is"
    # What it prints is not our output.
    mode print
    is "$(cfs checkpoint --leave-running --image-path "$IMG" "$ID" 2> "$T/err")" ""
    contains "$(cat "$T/err")" "CRIU has something to say"
    # "leave-running" may stand in its configuration file: then we do not end what it has left.
    mode idle
    run cfs checkpoint --image-path "$IMG" "$ID"
    is "$status" 0
    contains "$output" "criu has saved the container, and left it running"
    status_is "$ID" running
}

# in_background COMMAND...: of cfs, with $T/said for its words; $! is its pid. A process group of its own, as a shell gives it to
# what it runs; SIGINT is not ignored, as bash has it for what runs in the background.
in_background() {
    "$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setpgid(0, 0)
os.execv(sys.argv[1], sys.argv[1:])' "$CFS" --root "$STATE" "$@" < /dev/null > "$T/said" 2>&1 3>&- &
}

@test "Ctrl-C ends a checkpoint: CRIU does not get it, undoes what it has done, and the container goes on" {
    local pid criu n=0
    sleeper
    up
    mode slow
    in_background checkpoint --image-path "$IMG" "$ID"
    pid=$!
    wait_for grep -qs DUMP "$FAKE_CRIU/requests"
    for n in 1 2; do
        run cfs checkpoint --image-path "$T/other" "$ID"
        fails "another cfs works on the container: pid $pid"
    done
    n=0
    kill -INT -- "-$pid"
    wait $pid || n=$?
    is "$n" 1
    contains "$(cat "$T/said")" "ended by signal 2 while criu was at work"
    [ -e "$FAKE_CRIU/undone" ]
    status_is "$ID" running
    # One that does not end by itself is waited for; a second Ctrl-C ends that.
    mode stuck
    rm "$FAKE_CRIU/requests"
    in_background checkpoint --image-path "$IMG" "$ID"
    pid=$!
    wait_for grep -qs DUMP "$FAKE_CRIU/requests"
    criu=$(pgrep -f "[f]ake-criu swrk [0-9]* $T\$")
    kill -INT -- "-$pid"
    sleep 0.5
    kill -0 "$criu"
    kill -0 "$pid"
    kill -INT -- "-$pid"
    wait $pid || true
    wait_for no_criu
    status_is "$ID" running
    mode ok
    cfs checkpoint --image-path "$IMG" "$ID"
}

@test "--timeout: a CRIU that is not ready in time has failed, with what the kernel knows of it; and all is as it was" {
    local pid before
    sleeper
    before=$(host_snapshot)
    up
    mode slow
    run cfs checkpoint --timeout 1 --image-path "$IMG" "$ID"
    fails "criu has not done its work in time: its pid" "is in state S (sleeping), waits in"
    status_is "$ID" running
    run cfs exec "$ID" true
    is "$status" 0
    mode ok
    cfs checkpoint --timeout 30 --image-path "$IMG" "$ID"
    mode slow
    for detach in --detach ""; do
        # shellcheck disable=SC2086 # one word or none
        run cfs restore $detach --timeout 1 -b "$B" --image-path "$IMG" "$ID" < /dev/null
        fails "criu has not done its work in time: its pid"
        is "$(host_snapshot)" "$before"
    done
    # In the foreground, signals are the container's; as long as there is none, they end the restore. So they do in the background.
    asked_often() { [ "$(grep -c RESTORE "$FAKE_CRIU/requests")" = $n ]; }
    n=2
    for detach in "" --detach; do
        n=$((n + 1))
        # shellcheck disable=SC2086 # one word or none
        in_background restore $detach -b "$B" --image-path "$IMG" "$ID"
        pid=$!
        wait_for asked_often
        kill -TERM $pid
        wait $pid || true
        contains "$(cat "$T/said")" "ended by signal 15 while criu was at work"
        is "$(host_snapshot)" "$before"
    done
    for n in -1 x; do
        run cfs restore --detach --timeout "$n" -b "$B" --image-path "$IMG" "$ID"
        fails timeout
    done
}

@test "FIFOs in the directory of the images, in place of what cfs reads there, are errors at once" {
    sleeper
    rm "$IMG/descriptors.json"
    mkfifo "$IMG/descriptors.json"
    run timeout 8 "$CFS" --root "$STATE" restore --detach -b "$B" --image-path "$IMG" "$ID" < /dev/null
    fails "is not a regular file"
    up
    mode die
    run timeout 8 "$CFS" --root "$STATE" checkpoint --image-path "$T/new" "$ID"
    fails "criu was killed by signal 9"
}

@test "delete --force ends the CRIU of a checkpoint that was killed, which still holds the processes" {
    local pid before
    sleeper
    before=$(host_snapshot)
    up
    mode hold
    "$CFS" --root "$STATE" checkpoint --image-path "$IMG" "$ID" < /dev/null > /dev/null 2>&1 3>&- &
    pid=$!
    wait_for test -e "$FAKE_CRIU/held"
    kill -9 $pid
    wait $pid || true
    status_is "$ID" running
    run cfs delete --force "$ID"
    is "$status" 0
    contains "$output" "still holds the container's processes: it is ended"
    wait_for no_criu
    is "$(host_snapshot)" "$before"
}

@test "--leave-running runs no hooks, and the container is as it was" {
    sleeper
    config ".hooks = {poststop: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo poststop >> $T/hooks\"]}],
        poststart: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo poststart >> $T/hooks\"]}]}"
    up
    is "$(cat "$T/hooks")" poststart
    cp "$STATE/$ID/state.json" "$T/before.json"
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    is "$(cat "$T/hooks")" poststart
    is "$(jq -S 'del(.worker)' "$STATE/$ID/state.json")" "$(jq -S 'del(.worker)' "$T/before.json")"
    # The end of the container is an end like any other.
    cfs checkpoint --image-path "$IMG" "$ID"
    is "$(tail -n 1 "$T/hooks")" poststop
}

@test "CRIU that is missing, too old or not executable is an error that says what to install" {
    local p
    sleeper
    up
    [ -x /usr/sbin/criu ] || {
        PATH=/nowhere run "${INTO[@]}" "$CFS" --root "$STATE" checkpoint --image-path "$IMG" "$ID"
        fails "CRIU, which saves and restores processes, is not installed" "install the package criu"
    }
    echo 3.14.0 > "$FAKE_CRIU/version"
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "is version 3.14.0; this needs 3.15" "install a newer package criu"
    echo 3.16.0 > "$FAKE_CRIU/version"
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    run cfs checkpoint --network-lock nftables --image-path "$IMG" "$ID"
    fails "this needs 3.17"
    rm "$FAKE_CRIU/version"
    mode no-features
    run cfs checkpoint --lazy-pages --image-path "$IMG" "$ID"
    fails "--lazy-pages: this kernel or this CRIU cannot"
    printf '\177ELFnonsense' > "$T/bin/criu"
    chmod -x "$T/bin/criu"
    [ -x /usr/sbin/criu ] || {
        run cfs checkpoint --image-path "$IMG" "$ID"
        fails "look for criu at \`$T/bin/criu\`: permission denied"
    }
    chmod +x "$T/bin/criu"
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "execute \`$T/bin/criu\`: exec format error"
    status_is "$ID" running
}

@test "a namespace that the container joined is external; its names for standard streams are kept" {
    background unshare --net sleep 600
    local other=$!
    wait_for sh -c "[ \$(readlink /proc/$other/ns/net) != \$(readlink /proc/self/ns/net) ]"
    sleeper ".linux.namespaces |= map(if .type == \"network\" then .path = \"/proc/$other/ns/net\" else . end)"
    : > "$T/log-file"
    cfs run --detach -b "$B" "$ID" < /dev/null 2>> "$T/log-file" 3>&- | cat > "$T/piped" 3>&- &
    wait_for status_is "$ID" running
    PID=$(cfs state "$ID" | jq .pid)
    local pipe file
    pipe=$(readlink "/proc/$PID/fd/1")
    cfs checkpoint --image-path "$IMG" "$ID"
    contains "$(asked '.external[]')" "net[$(stat -Lc %i "/proc/$other/ns/net")]:extRootNetNS"
    is "$(jq -r '.[1]' "$IMG/descriptors.json")" "$pipe"
    file=$(printf 'file\\[[0-9a-f]*:%x\\]' "$(stat -c %i "$T/log-file")")
    jq -r '.[2]' "$IMG/descriptors.json" | grep -qx "$file"
    asked '.external[]' | grep -qx "$file"
    wait
}

# in_network COMMAND: a createRuntime hook that runs COMMAND in the network namespace of the container.
in_network() {
    printf '#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\np=$(jq .pid)\nexec nsenter -t "$p" -n sh -c "$(cat %s)"\n' "$T/command" > "$T/hook"
    chmod +x "$T/hook"
    echo "$1" > "$T/command"
    config ".hooks = {createRuntime: [{path: \"$T/hook\"}]}"
}

@test "a network is left to restore or to hooks where no process can have changed it, and saved otherwise" {
    local new=$((0x40000000)) devices='ip link add d0 type veth peer name d1'
    empty() {
        up && cfs checkpoint --leave-running --image-path "$IMG" "$ID" && asked .empty_ns
        cfs delete --force "$ID"
    }
    unshare --net $devices || skip "needs veth devices"
    # lo alone, and no process that could configure the network.
    sleeper
    is "$(empty)" "$new"
    config '.process.capabilities.bounding += ["CAP_NET_ADMIN"]'
    is "$(empty)" null
    # What hooks have made, the hooks of restore make again: with docker it is one end of a veth.
    in_network "$devices"
    is "$(empty)" "$new"
    config 'del(.hooks)'
    up
    nsenter -t "$PID" -n $devices
    cfs checkpoint --image-path "$IMG" "$ID"
    is "$(asked .empty_ns)" null
    # The host's network is not ours to save.
    config '.linux.namespaces |= map(select(.type != "network")) | .process.capabilities.bounding = []'
    is "$(empty)" null
}

@test "a network that is not in the images has lo and the parameters of the configuration, before hooks run" {
    local before
    sleeper '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
    in_network "cat /proc/sys/net/ipv4/ip_default_ttl > $T/seen; ip link show lo >> $T/seen"
    before=$(cat /proc/sys/net/ipv4/ip_default_ttl)
    restore
    is "$(asked .empty_ns)" "$((0x40000000))"
    is "$(head -n 1 "$T/seen")" 77
    contains "$(cat "$T/seen")" "LOOPBACK,UP"
    is "$(cat /proc/sys/net/ipv4/ip_default_ttl)" "$before"
    # One that is in them, CRIU makes; of its parameters it keeps those below conf alone.
    cfs delete --force "$ID"
    touch "$IMG/netdev-9.img"
    restore
    is "$(asked .empty_ns)" null
    is "$(head -n 1 "$T/seen")" 77
    [[ $(cat "$T/seen") != *LOOPBACK,UP* ]]
    # With a CRIU that makes no network, the host's stays as it is.
    cfs delete --force "$ID"
    rm "$IMG/netdev-9.img"
    mode no-network
    run restore
    fails "is in the network namespace of the runtime"
    is "$(cat /proc/sys/net/ipv4/ip_default_ttl)" "$before"
}

@test "a mount with mapped ids cannot be saved, and that is said before anything happens" {
    sleeper ".mounts += [{destination: \"/mapped\", source: \"$T/images\", options: [\"bind\"],
        uidMappings: [{containerID: 0, hostID: 0, size: 1}], gidMappings: [{containerID: 0, hostID: 0, size: 1}]}]"
    up || skip "needs a file system with mapped ids"
    run cfs checkpoint --image-path "$IMG" "$ID"
    fails "mounted with mapped ids" mounts
    [ ! -e "$FAKE_CRIU/requests" ]
    status_is "$ID" running
    run cfs restore -d -b "$B" --image-path "$IMG" "$ID-2"
    fails "mounts[7].uidMappings" "CRIU cannot restore mapped ids"
}

@test "in a user namespace the nodes and masks, parts of a file system that is nowhere whole, are external" {
    sleeper '.linux.namespaces += [{"type": "user"}] | .linux.maskedPaths = ["/proc/interrupts"]' \
        '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    chown -R 100000:100000 "$B/rootfs"
    up
    cfs checkpoint --image-path "$IMG" "$ID"
    asked '.external[]' | grep -Fqx 'mnt[/dev/null]:/dev/null'
    asked '.external[]' | grep -Fqx 'mnt[/proc/interrupts]:/proc/interrupts'
    # The whole of a file system is CRIU's to fill.
    ! asked '.external[]' | grep -Fq 'mnt[/dev]'
    restore
    asked '.external[]' | grep -Fqx 'mnt[/dev/null]:/dev/null'
    asked '.external[]' | grep -Fqx 'mnt[/proc/interrupts]:/dev/null'
    is "$(stat -c %u "$IMG/descriptors.json")" 100000
}

@test "the configuration for CRIU: the container's annotation, also an empty one, or the host's files" {
    sleeper '.annotations = {"org.criu.config": "/some/file"}'
    up
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    is "$(asked .config_file)" /some/file
    cfs delete --force "$ID"
    config '.annotations = {"org.criu.config": ""}'
    up
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    is "$(asked .config_file)" ""
    cfs delete --force "$ID"
    config 'del(.annotations)'
    private_mounts
    outside mkdir -p "$T/criu"
    [ -d /etc/criu ] || outside mount -t tmpfs etc "$T/criu"
    if [ ! -d /etc/criu ]; then
        # /etc of the test's own, with what the host has there.
        mkdir "$T/etc-over" "$T/etc-work"
        outside mount -t overlay -o "lowerdir=/etc,upperdir=$T/etc-over,workdir=$T/etc-work" overlay /etc || skip "needs overlay"
        outside mkdir /etc/criu
    else
        outside mount -t tmpfs etc /etc/criu
    fi
    up
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    is "$(asked .config_file)" null
    outside touch /etc/criu/crun.conf
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    is "$(asked .config_file)" /etc/criu/crun.conf
    outside touch /etc/criu/runc.conf
    cfs checkpoint --leave-running --image-path "$IMG" "$ID"
    is "$(asked .config_file)" /etc/criu/runc.conf
}

# ---- restore ----

@test "a restore makes a container of the bundle: state, pid file, cgroup, exec; and CRIU works in its cgroup" {
    sleeper ".mounts += [{destination: \"/data\", source: \"$T\", options: [\"bind\"]}]" '.annotations = {"a": "b"}'
    run restore --pid-file "$T/pid"
    is "$status" 0
    is "$output" ""
    is "$(jq -r .type "$FAKE_CRIU/requests" | tr '\n' ' ')" "VERSION RESTORE "
    is "$(asked '[.rst_sibling, .notify_scripts, .orphan_pts_master, .manage_cgroups, .manage_cgroups_mode] | join(" ")')" "1 1 1 1 3"
    is "$(asked .root)" "$B/rootfs"
    is "$(asked .log_file)" restore.log
    contains "$(asked '.external[]')" "mnt[/data]:$T"
    status_is "$ID" running
    PID=$(cfs state "$ID" | jq .pid)
    is "$(cat "$T/pid")" "$PID"
    is "$(cat "/proc/$PID/comm")" sleep
    is "$(cfs state "$ID" | jq -r '.bundle, .annotations.a' | tr '\n' ' ')" "$B b "
    # Born in the cgroup, and not only moved there.
    contains "$(jq -r .cgroup "$FAKE_CRIU/surroundings")" "/$ID"
    contains "$(asked '.cg_root[] | join(" ")')" " /$ID"
    is "$(cfs ps --format json "$ID" | jq -c .)" "[$PID]"
    # Its mounts are its own, and the root is one of them.
    grep -q " $B/rootfs " "$FAKE_CRIU/mountinfo"
    ! grep -q " $B/rootfs " /proc/self/mountinfo
    ! grep -q 'shared:' "$FAKE_CRIU/mountinfo"
    # The mount point that create would have made.
    [ -d "$B/rootfs/data" ]
    is "$(tr '\n' ' ' < "$FAKE_CRIU/notified")" \
        "pre-restore 1 setup-namespaces 1 post-setup-namespaces 1 post-restore 1 pre-resume 1 post-resume 1 "
    cfs delete --force "$ID"
    gone "$PID"
    is "$(cgroups_named "$ID")" ""
}

@test "every option of restore reaches CRIU" {
    sleeper
    restore --work-path "$T/work" --tcp-established --ext-unix-sk --shell-job --file-locks --link-remap --lazy-pages --auto-dedup \
        --manage-cgroups-mode full --network-lock iptables --empty-ns network --tcp-close --lsm-profile apparmor:some \
        --lsm-mount-context system_u:object_r:container_file_t:s0 --no-pivot --no-new-keyring --no-subreaper
    is "$(asked '[.tcp_established, .ext_unix_sk, .shell_job, .file_locks, .link_remap, .lazy_pages, .auto_dedup, .tcp_close] | join("")')" 11111111
    is "$(asked '[.manage_cgroups_mode, .network_lock, .empty_ns, .lsm_profile, .lsm_mount_context] | join(" ")')" \
        "4 1 $((0x40000000)) apparmor:some system_u:object_r:container_file_t:s0"
    # A clone of the root on the root: what pivot_root(2) needs on a ramdisk.
    [ "$(awk '$5 == "/"' "$FAKE_CRIU/mountinfo" | wc -l)" -ge 1 ]
    grep -q " $B/rootfs " "$FAKE_CRIU/mountinfo"
}

@test "descriptors take the places of those that the images name, also those that were passed on" {
    sleeper
    echo '["file[1a:2b]", "pipe:[111]", "/dev/null", "pipe:[333]", "pipe:[444]"]' > "$IMG/descriptors.json"
    cfs restore --detach -b "$B" --image-path "$IMG" --preserve-fds 1 "$ID" < /dev/null 3< "$B/config.json" 2>&1 | cat > "$T/out"
    is "$(asked '.inherit_fd[] | join("=")' | tr '\n' ' ')" "file[1a:2b]=0 pipe:[111]=1 pipe:[333]=3 "
    is "$(jq -r '.inherited["file[1a:2b]"]' "$FAKE_CRIU/surroundings")" /dev/null
    contains "$(jq -r '.inherited["pipe:[111]"]' "$FAKE_CRIU/surroundings")" "pipe:["
    is "$(jq -r '.inherited["pipe:[333]"]' "$FAKE_CRIU/surroundings")" "$B/config.json"
    # And a later checkpoint knows them.
    contains "$(jq -r '.descriptors[1]' "$STATE/$ID/state.json")" "pipe:["
}

@test "namespaces by path: of networks and processes by descriptor, of the others by their path" {
    background unshare --net --ipc --uts sleep 600
    local p=/proc/$!/ns
    wait_for sh -c "[ \$(readlink $p/uts) != \$(readlink /proc/self/ns/uts) ]"
    sleeper ".linux.namespaces |= map(if (.type == \"network\") then .path = \"$p/net\" elif .type == \"ipc\" or .type == \"uts\" then .path = \"$p/\" + .type else . end)" 'del(.hostname)'
    restore
    is "$(asked '.inherit_fd[][0]')" extRootNetNS
    is "$(jq -r '.inherited.extRootNetNS' "$FAKE_CRIU/surroundings")" "$(readlink "$p/net")"
    is "$(asked '.join_ns[] | join("=")' | sort | tr '\n' ' ')" "ipc=$p/ipc uts=$p/uts "
}

@test "bind mounts: nested ones of the host's, files, links in the root, and mount points in other mounts" {
    private_mounts
    mkdir -p "$T/a/b" "$T/c"
    outside mount -t tmpfs t "$T/a/b"
    touch "$T/file"
    sleeper ".mounts += [{destination: \"/a\", source: \"$T/a\", options: [\"rbind\"]}, {destination: \"/x/file\", source: \"$T/file\", options: [\"bind\"]},
        {destination: \"/c\", source: \"$T/c\", options: [\"bind\"]}, {destination: \"/c/d/file\", source: \"$T/file\", options: [\"bind\"]},
        {destination: \"/link/e\", source: \"$T/c\", options: [\"bind\"]}, {destination: \"/dev/shm/f\", source: \"$T/file\", options: [\"bind\"]}]" \
        '.linux.maskedPaths = ["/proc/kcore"]'
    mkdir "$B/rootfs/real"
    ln -s /real "$B/rootfs/link"
    restore
    for m in "/a]:$T/a" "/a/b]:$T/a/b" "/x/file]:$T/file" "/c]:$T/c" "/c/d/file]:$T/file" "/link/e]:$T/c" "/dev/shm/f]:$T/file" "/proc/kcore]:/dev/null"; do
        asked '.external[]' | grep -Fqx "mnt[$m" || { echo "no $m" >&2; return 1; }
    done
    [ -d "$B/rootfs/a" ]
    [ -f "$B/rootfs/x/file" ]
    [ -f "$T/c/d/file" ]
    [ -d "$B/rootfs/real/e" ]
    [ ! -e "$B/rootfs/dev/shm" ]
    # Once they are there, the link is seen through.
    cfs delete --force "$ID"
    restore
    asked '.external[]' | grep -Fqx "mnt[/real/e]:$T/c"
}

@test "the terminal's master goes to the console socket, and in the foreground to standard output" {
    sleeper '.process.terminal = true'
    : > "$FAKE_CRIU/terminal"
    background "$PYTHON" -c "
import socket, array, os
s = socket.socket(socket.AF_UNIX); s.bind('$T/console'); s.listen()
c = s.accept()[0]; m = c.recvmsg(64, socket.CMSG_SPACE(4))
fd = array.array('i', m[1][0][2][:4])[0]
open('$T/got', 'wb').write(m[0] + b' ' + os.read(fd, 100))"
    wait_for test -S "$T/console"
    restore --console-socket "$T/console"
    wait_for test -s "$T/got"
    contains "$(cat "$T/got")" "from the terminal"
    cfs delete --force "$ID"
    run cfs restore --detach -b "$B" --image-path "$IMG" "$ID"
    fails "cannot allocate tty if cfs will detach without setting console socket"
    echo 0.5 > "$FAKE_CRIU/sleep"
    run cfs restore -b "$B" --image-path "$IMG" "$ID" < /dev/null
    is "$status" 0
    contains "$output" "from the terminal"
}

@test "in the foreground: the exit code, and the container is deleted" {
    sleeper
    echo 0.2 > "$FAKE_CRIU/sleep"
    run cfs restore -b "$B" --image-path "$IMG" "$ID" < /dev/null
    is "$status" 0
    [ ! -e "$STATE/$ID" ]
    echo nonsense > "$FAKE_CRIU/sleep"
    run cfs restore -b "$B" --image-path "$IMG" "$ID" < /dev/null
    is "$status" 1
    [ ! -e "$STATE/$ID" ]
}

@test "hooks of the runtime run at restore, those in the container do not; the pid is the restored one's" {
    local k hooks='.hooks = {}'
    for k in prestart createRuntime createContainer startContainer poststart poststop; do
        hooks+=" | .hooks.$k = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"printf '$k ' >> $T/hooks; cat > $T/state-$k\"]}]"
    done
    sleeper "$hooks"
    restore
    is "$(cat "$T/hooks")" "prestart createRuntime poststart "
    is "$(jq -r '.pid' "$T/state-prestart")" "$(cfs state "$ID" | jq .pid)"
    is "$(jq -r .status "$T/state-prestart")" creating
    is "$(jq -r .status "$T/state-poststart")" running
    cfs delete --force "$ID"
    is "$(cat "$T/hooks")" "prestart createRuntime poststart poststop "
}

@test "a restore that fails leaves nothing: CRIU's refusals, its death, hooks, a pid file, a missing mount" {
    local before
    sleeper
    before=$(host_snapshot)
    unchanged() { fails "$@" && wait_for no_criu && is "$(host_snapshot)" "$before"; }
    while IFS='|' read -r how expected; do
        mode "$how"
        run restore
        unchanged "$expected" || return 1
        rm -f "$IMG/restore.log"
    done << 'EOF'
refuse|criu failed to restore the container: the cause of it; Dumping FAILED (its log is
say-no|criu failed to restore the container: wrong images
other|does not speak the protocol
die|cfs: criu was killed by signal 9
die-late|cfs: criu was killed by signal 9
leave|criu exited with status 3, without an answer
garbage|does not speak the protocol
no-pid|criu does not tell the pid of the init
no-wait|criu did not wait for an answer to `setup-namespaces`
EOF
    mode ok
    config '.hooks = {"createRuntime": [{"path": "/bin/false"}]}'
    run restore
    unchanged hooks.createRuntime
    config '.hooks = {"poststart": [{"path": "/bin/false"}]}'
    run restore
    unchanged hooks.poststart
    config 'del(.hooks)'
    run restore --pid-file /nowhere/pid
    unchanged "pid file"
    run restore --console-socket "$T/nothing"
    unchanged "console socket"
    cp "$B/config.json" "$T/good.json"
    config '.mounts += [{destination: "/m", source: "/nowhere", options: ["bind"]}]'
    run restore
    unchanged 'mounts[7].source'
    cp "$T/good.json" "$B/config.json"
    echo 3.1.0 > "$FAKE_CRIU/version"
    run restore
    unchanged "is version 3.1.0"
    rm "$FAKE_CRIU/version"
    run cfs restore -d -b "$B" --image-path "$T/nothing" "$ID"
    unchanged "open the directory of the images"
    mkdir "$T/empty"
    run cfs restore -d -b "$B" --image-path "$T/empty" "$ID"
    unchanged "holds no checkpoint"
    echo '[1, 2' > "$T/empty/descriptors.json"
    run cfs restore -d -b "$B" --image-path "$T/empty" "$ID"
    unchanged "descriptors.json"
    echo '{}' > "$T/empty/descriptors.json"
    run cfs restore -d -b "$B" --image-path "$T/empty" "$ID"
    unchanged "cfs: $T/empty/descriptors.json:"
    run cfs restore -d -b "$B" --image-path "$IMG" --lsm-profile nonsense "$ID"
    unchanged "--lsm-profile: \`nonsense\` is not TYPE:NAME"
    mode ok
    restore
    run restore
    fails "already exists"
    status_is "$ID" running
}

@test "a restore or checkpoint whose cfs is killed is cleaned up by CRIU, and deleted like any other" {
    local pid n before
    sleeper
    before=$(host_snapshot)
    # The hook holds the restore between CRIU's first notification and our answer.
    config '.hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "touch '"$T/held"'; sleep 1"]}]}'
    "$CFS" --root "$STATE" restore -d -b "$B" --image-path "$IMG" "$ID" < /dev/null > /dev/null 2>&1 3>&- &
    pid=$!
    wait_for test -e "$T/held"
    kill -9 $pid
    wait $pid || true
    wait_for no_criu
    is "$(tail -n 1 "$FAKE_CRIU/notified")" "setup-namespaces gone"
    cfs delete --force "$ID"
    config 'del(.hooks)'
    is "$(host_snapshot)" "$before"
    # Before it began, and with CRIU that hangs: `delete` ends what is in the cgroup.
    mode stuck
    "$CFS" --root "$STATE" restore -d -b "$B" --image-path "$IMG" "$ID" < /dev/null > /dev/null 2>&1 3>&- &
    pid=$!
    wait_for test -e "$FAKE_CRIU/surroundings"
    wait_for grep -q RESTORE "$FAKE_CRIU/requests"
    kill -9 $pid
    wait $pid || true
    cfs delete --force "$ID"
    wait_for no_criu
    is "$(host_snapshot)" "$before"
}

@test "restore checks the configuration as create does, and says where the mistake is" {
    sleeper '.linux.namespaces += [{"type": "uts"}]'
    run restore
    fails "config.json:" "linux.namespaces[6].type" "duplicate namespace type"
    [ ! -e "$FAKE_CRIU/requests" ]
    config '.linux.namespaces |= map(select(.type != "mount")) | .linux.namespaces |= unique_by(.type)'
    run restore
    fails "linux.namespaces" "mount namespace"
}

@test "exec works in a restored container with the filter of the bundle" {
    sleeper '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
    restore
    [ -s "$STATE/$ID/seccomp.bpf" ]
}

@test "explain --restore tells the plan, and touches nothing" {
    sleeper '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}' ".mounts += [{destination: \"/data\", source: \"$T\", options: [\"bind\"]}]" '.hooks = {"createRuntime": [{"path": "/bin/true"}]}'
    run cfs explain --restore "$B"
    is "$status" 0
    contains "$output" "bind $T on /data again"
    contains "$output" "criu makes the namespaces"
    contains "$output" "run /bin/true in the namespaces of the runtime"
    [[ $output != *"look up"* && $output != *hostname* ]]
    # In the order of the walk.
    is "$(grep -oE '^(images|linux.cgroupsPath|criu|loopback|linux.sysctl|hooks.createRuntime|processes|root.readonly|resume) ' <<< "$output" | tr -d '\n')" \
        "images linux.cgroupsPath criu loopback linux.sysctl hooks.createRuntime processes root.readonly resume "
    [ ! -e "$STATE" ]
    [ ! -e "$FAKE_CRIU/requests" ]
}

@test "the trace of a restore has its rows" {
    sleeper
    cfs --trace "$T/trace" restore -d -b "$B" --image-path "$IMG" "$ID" < /dev/null
    # What explain names, a restore has done.
    for row in $(cfs explain --restore "$B" | grep -oE '^(images|linux.namespaces|linux.cgroupsPath|root.path|criu|loopback|processes|root.readonly|resume)'); do grep -q "\"name\":\"$row\"" "$T/trace" || { echo "no $row"; return 1; }; done
}

@test "an ordinary user is told that only root can" {
    sleeper
    reachable
    INTO=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- env HOME="$T" PATH="$PATH")
    chmod 777 "$T"
    run cfs restore -d -b "$B" --image-path "$IMG" "$ID"
    fails "only root can restore containers"
}

@test "without a manager of cgroups, the processes are in the caller's" {
    sleeper
    cfs --cgroup-manager disabled restore -d -b "$B" --image-path "$IMG" "$ID" < /dev/null
    is "$(asked '.cg_root[] | join(":")' | sort)" "$(sed 's/^[0-9]*://' /proc/self/cgroup | sort)"
    status_is "$ID" running
}
