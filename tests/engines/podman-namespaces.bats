#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman: namespaces of its own, the host's, another container's, or at a path; user namespaces; pods.

load helpers/podman

setup_file() { podman_setup; }
setup() { podman_use; }
teardown() {
    podman_clean
    ip netns del "n$C" 2>/dev/null || true
}

ns() { readlink "/proc/${2:-self}/ns/$1"; }

@test "every namespace is the container's own" {
    up bb sleep 1000
    local n
    for n in mnt pid ipc uts net; do
        [ "$(ns $n "$PID")" != "$(ns $n)" ]
    done
    is "$(ns user "$PID")" "$(ns user)"
}

@test "--pid host, --ipc host, --uts host, --net host" {
    up --pid host --ipc host --uts host --net host bb sleep 1000 2>/dev/null || {
        pod run -d --name "$C" --pid host --ipc host --uts host --net host bb sleep 1000
        PID=$(inspect '{{.State.Pid}}')
    }
    local n
    for n in pid ipc uts net; do is "$(ns $n "$PID")" "$(ns $n)"; done
    in_ sh -c "test -d /proc/$PID && hostname"
    is "$output" "$(hostname)"
    # Without a PID namespace of its own it ends as a whole nevertheless.
    pod exec -d "$C" sleep 3000
    wait_for pgrep -x -f 'sleep 3000'
    pod rm --force --time 0 "$C"
    ! pgrep -x -f 'sleep 3000'
}

@test "--pid, --ipc, --net and --uts of another container" {
    pod run -d --name "o$C" --ipc shareable --net=none bb sleep 1000
    local other
    other=$(inspect '{{.State.Pid}}' "o$C")
    pod run -d --name "$C" --pid "container:o$C" --ipc "container:o$C" --net "container:o$C" bb sleep 1000
    PID=$(inspect '{{.State.Pid}}')
    local n
    for n in pid ipc net; do is "$(ns $n "$PID")" "$(ns $n "$other")"; done
    in_ sh -c 'ps | grep -c "sleep 1000"'
    [ "$output" -ge 2 ]
    # It ends alone: the other lives on.
    pod kill "$C"
    pod wait "$C"
    state_is running "o$C"
    # And with the first, every process in its PID namespace.
    pod start "$C"
    pod kill "o$C"
    wait_for state_is exited
}

@test "--ipc private, none, shareable" {
    run_ --ipc none bb sh -c 'ls -d /dev/shm 2>&1; grep -c /dev/shm /proc/mounts || true'
    matches "$output" '^0$'
    run_ --ipc private bb sh -c 'touch /dev/shm/x && echo fine'
    is "$output" fine
}

@test "--cgroupns private and host" {
    up --cgroupns host bb sleep 1000
    is "$(ns cgroup "$PID")" "$(ns cgroup)"
    podman_clean
    up --cgroupns private bb sleep 1000
    [ "$(ns cgroup "$PID")" != "$(ns cgroup)" ]
    in_ sh -c 'cut -d: -f3 /proc/1/cgroup | sort -u'
    is "$output" /
}

@test "--net ns:PATH" {
    ip netns add "n$C"
    ok "${P[@]}" run --rm --net "ns:/run/netns/n$C" bb sh -c 'ip link | grep -c "^[0-9]"; readlink /proc/self/ns/net'
    contains "$output" "net:[$(stat -L -c %i "/run/netns/n$C")]"
}

@test "--net none: only lo, and it is up" {
    run_ bb sh -c 'ip -o addr; ping -c1 -w2 127.0.0.1 >/dev/null && echo answered'
    contains "$output" "127.0.0.1/8"
    contains "$output" answered
    lacks "$output" eth0
}

@test "--net bridge: an address, the other container, a published port" {
    pod run -d --name "$C" -p 18080:80 --cap-add net_raw bb sh -c 'mkdir /www; echo served >/www/index.html; exec httpd -f -p 80 -h /www'
    local ip
    ip=$(inspect '{{.NetworkSettings.IPAddress}}')
    ok "${P[@]}" run --rm bb sh -c "for i in 1 2 3 4 5; do wget -q -O - http://$ip/ && exit 0; sleep 0.3; done; exit 1"
    is "$output" served
    wait_for bash -c 'exec 3<>/dev/tcp/127.0.0.1/18080'
}

@test "--sysctl, of the namespaces that the container has" {
    run_ --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmax=12345678 --sysctl net.ipv4.ping_group_range='0 5' bb \
        sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ping_group_range'
    is "$output" $'1\n12345678\n0\t5'
    try "${P[@]}" run --rm --net=none --sysctl kernel.panic=5 bb true
    [ "$status" -ne 0 ]
}

@test "--mac-address, --hostname in an own UTS namespace; --uts host keeps the host's" {
    run_ --hostname a.b.c bb sh -c 'hostname; cat /etc/hostname'
    is "$output" $'a.b.c\na.b.c'
    run_ --uts host bb hostname
    is "$output" "$(hostname)"
    [ "$(hostname)" != a.b.c ]
}

# --- user namespaces --------------------------------------------------------------------------------------------------

@test "--userns auto: ids of its own, files of the image belong to root" {
    up --userns auto bb sleep 1000
    in_ sh -c 'cat /proc/self/uid_map; stat -c %u:%g /data/file /proc/1 /dev/pts/ptmx; id -u; touch /data/new && stat -c %u /data/new'
    matches "$output" '^ +0 +2147483647 +[0-9]+$'
    contains "$output" 0:0
    lacks "$output" 65534:65534
    is "$(stat -c %u "/proc/$PID")" 2147483647
    # A second one has others.
    run_ --userns auto bb cat /proc/self/uid_map
    lacks "$output" 2147483647
}

@test "--uidmap, --gidmap" {
    run_ --uidmap 0:100000:5000 --gidmap 0:200000:5000 bb sh -c 'cat /proc/self/uid_map /proc/self/gid_map; stat -c %u:%g /data /etc /tmp'
    matches "$output" '^ +0 +100000 +5000$'
    matches "$output" '^ +0 +200000 +5000$'
    is "$(grep -c ^0:0 <<<"$output")" 3
}

@test "--uidmap with a user that is not root" {
    run_ --uidmap 0:100000:2001 --user user bb sh -c 'id -u; touch /home/user/x; stat -c %u /home/user/x; touch /x 2>&1; true'
    is "$(head -2 <<<"$output")" $'1000\n1000'
    contains "$output" "Permission denied"
}

@test "user namespace: terminal, volume, tmpfs, /sys read-only, exec" {
    mkdir "$BATS_TEST_TMPDIR/v" && chmod 755 "$BATS_TEST_TMPDIR" && echo x >"$BATS_TEST_TMPDIR/v/f"
    chmod 755 "$ENGINES" "$ENGINES/tmp"
    up --userns auto -v "$BATS_TEST_TMPDIR/v:/vol:U" --tmpfs /scratch:mode=700 bb sleep 1000
    in_ sh -c 'stat -c %u /vol/f; echo y >/vol/f; touch /scratch/z; stat -c %u /scratch; readlink /proc/self/ns/user'
    is "$(head -1 <<<"$output")" 0
    contains "$output" "$(ns user "$PID")"
    ok "${PTY[@]}" "${P[@]}" run --rm -it --net=none --userns auto bb sh -c 'tty; stat -c %u $(tty) /dev/console; echo ok >/dev/tty'
    contains "$output" /dev/pts/0
    contains "$output" ok
    lacks "$output" 65534
}

@test "user namespace: --privileged, --pid host" {
    run_ --userns auto --privileged bb sh -c 'mount -t tmpfs t /mnt && echo mounted; grep CapEff /proc/self/status; ls -l /dev/ptmx'
    contains "$output" mounted
    contains "$output" "-> pts/ptmx"
    # The kernel mounts no proc of a PID namespace that belongs to another user namespace; podman 4.3 asks for one all the
    # same, later ones bind the host's.
    try "${P[@]}" run --rm --net=none --userns auto --pid host bb sh -c 'test -d /proc/1 && echo found'
    if [ "$status" -eq 0 ]; then
        is "$output" found
    else
        is "$status" 126
        contains "$output" proc
        contains "${output,,}" "operation not permitted"
    fi
}

@test "user namespace with the host's network: /sys is the host's" {
    ok "${P[@]}" run --rm --userns auto --net host bb sh -c 'cat /proc/self/uid_map; ls /sys/class >/dev/null && echo sys; touch /sys/class/x 2>&1'  ||
        [ "$status" -eq 1 ]
    matches "$output" '^sys$'
}

@test "user namespace: of another container" {
    pod run -d --name "o$C" --userns auto --net=none bb sleep 1000
    local other
    other=$(inspect '{{.State.Pid}}' "o$C")
    up --userns "container:o$C" bb sleep 1000
    is "$(ns user "$PID")" "$(ns user "$other")"
    in_ touch /data/x
}

@test "user namespace: pause, kill, stop, commit" {
    up --userns auto bb sh -c 'echo z >/z; trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done'
    wait_for logs_have ready
    pod pause "$C"
    pod unpause "$C"
    pod commit -q "$C" mapped
    pod stop "$C"
    is "$(inspect '{{.State.ExitCode}}')" 0
    run_ mapped cat /z
    is "$output" z
}

# --- pods -------------------------------------------------------------------------------------------------------------

# A pod wants an image for its infra container; podman makes one of its own from catatonit.
pod_new() {
    ok "${P[@]}" pod create --name "p$C" --infra-image localhost/bb --infra-command 'sleep 10000' "$@"
}

@test "pod: containers share net, ipc and uts" {
    pod_new --hostname podhost --net none
    pod run -d --pod "p$C" --name "${C}a" bb sleep 1000
    pod run -d --pod "p$C" --name "${C}b" bb sleep 1000
    local a b n
    a=$(inspect '{{.State.Pid}}' "${C}a") b=$(inspect '{{.State.Pid}}' "${C}b")
    for n in net ipc uts; do is "$(ns $n "$a")" "$(ns $n "$b")"; done
    for n in pid mnt; do [ "$(ns $n "$a")" != "$(ns $n "$b")" ]; done
    pod exec "${C}a" hostname
    is "$output" podhost
    pod exec -d "${C}a" nc -l -p 4000 -e echo "from a"
    wait_for "${P[@]}" exec "${C}b" sh -c 'echo | nc 127.0.0.1 4000 | grep -q "from a"'
}

@test "pod: --share pid" {
    pod_new --share pid,net --net none
    pod run -d --pod "p$C" --name "${C}a" bb sleep 1111
    pod run --rm --pod "p$C" bb ps
    contains "$output" "sleep 1111"
}

@test "pod: stop, start, pause, kill, rm, with one cgroup above all" {
    pod_new --net none
    pod run -d --pod "p$C" --name "$C" bb sh -c "$WAITS"
    PID=$(inspect '{{.State.Pid}}')
    local id
    id=$("${P[@]}" pod inspect --format '{{.ID}}' "p$C")
    grep -q "$id" "/proc/$PID/cgroup"
    pod pod pause "p$C"
    state_is paused
    pod pod unpause "p$C"
    pod pod stop -t 1 "p$C"
    state_is exited
    pod pod start "p$C"
    state_is running
    pod pod kill "p$C"
    wait_for state_is exited
    pod pod rm --force "p$C"
    is "$(find /sys/fs/cgroup/memory /sys/fs/cgroup/pids -type d -name "*$id*" 2>/dev/null)" ""
}

@test "play kube" {
    cat >"$BATS_TEST_TMPDIR/pod.yaml" <<EOF
apiVersion: v1
kind: Pod
metadata: {name: kube$C}
spec:
  hostNetwork: true
  containers:
  - name: main
    image: localhost/bb:latest
    imagePullPolicy: Never
    command: [sh, -c, "echo \$WORD; exec sleep 1000"]
    env: [{name: WORD, value: from-yaml}]
    securityContext: {runAsUser: 1000, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}
    resources: {limits: {memory: 64Mi}}
EOF
    pod import -c 'CMD ["sleep", "10000"]' "$(image_tar busybox)" infra
    sed -i 's,^\[engine\]$,[engine]\ninfra_image="localhost/infra",' "$CONTAINERS_CONF"
    pod play kube "$BATS_TEST_TMPDIR/pod.yaml"
    wait_for sh -c "${P[*]} logs kube$C-main | grep -q from-yaml"
    PID=$(inspect '{{.State.Pid}}' "kube$C-main")
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" $((64 << 20))
    is "$(awk '/^Uid/ { print $2 }' "/proc/$PID/status")" 1000
    pod play kube --down "$BATS_TEST_TMPDIR/pod.yaml"
}
