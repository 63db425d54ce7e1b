# SPDX-License-Identifier: LGPL-2.1-or-later
# process.selinuxLabel and linux.mountLabel, on a kernel that has SELinux: tests/vm/selinux makes one. What box_t may do
# and may not is in selinux.cil.
load ../integration/helpers/common

LABEL=system_u:system_r:box_t:s0:c1,c2
FILES=system_u:object_r:box_file_t:s0:c1,c2
SECRET=system_u:object_r:secret_t:s0
NOBODY=system_u:system_r:nobody_t:s0

# The policy is in force from here on; it lets the host do all.
setup_file() {
    [ -e /sys/fs/selinux ] && [ -e "${VM_DIR:-/nowhere}/selinux/policy" ] || return 0
    mountpoint -q /sys/fs/selinux || mount -t selinuxfs selinuxfs /sys/fs/selinux
    cat "$VM_DIR/selinux/policy" > /sys/fs/selinux/load
    mkdir -p /etc/selinux
    printf 'SELINUX=enforcing\nSELINUXTYPE=cfs\n' > /etc/selinux/config
    echo 1 > /sys/fs/selinux/enforce
}

setup() {
    setup_common
    root_only
    [ -e /sys/fs/selinux/enforce ] || skip "needs a kernel with SELinux"
    grep -q host_t /proc/self/attr/current || skip "needs the policy of tests/vm/selinux"
}

label() { printf '.process.selinuxLabel = "%s"' "$1"; }
mount_label() { printf '.linux.mountLabel = "%s"' "$1"; }
# The context= among the options of the file system that is mounted there.
context() { mnt "$1" '.super | join(",") | capture("(^|,)context=\"?(?<c>[^\"]*)") | .c'; }
of_file() { stat -c %C "$1"; }
# What the command says, without the NUL that ends a label.
said() { "$@" 2> "$T/said" | tr -d '\0'; }

# spec: config.linux-process.12
@test "the program has the label, and so have its keys" {
    new_bundle "$(label $LABEL)"
    inspect
    is "$(got .label)" $LABEL
    is "$(got .keyring_label)" $LABEL
}

@test "create and start: the label is the program's" {
    new_bundle "$(label $LABEL)" '.process.args = ["/bin/sleep", "100"]'
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    cfs start "$ID"
    PID=$(cfs state "$ID" | jq .pid)
    wait_for grep -q sleep "/proc/$PID/comm"
    is "$(tr -d '\0' < "/proc/$PID/attr/current")" $LABEL
}

@test "without a label the program has the runtime's" {
    new_bundle
    inspect
    is "$(got .label)" "$(tr -d '\0' < /proc/self/attr/current)"
    # An empty one is none.
    config "$(label '')"
    inspect
    is "$(got .label)" "$(tr -d '\0' < /proc/self/attr/current)"
}

@test "exec: the container's label, another one, and process.json's" {
    new_bundle "$(label $LABEL)" '.process.args = ["/bin/sleep", "100"]'
    up
    is "$(said cfs exec "$ID" /bin/cat /proc/self/attr/current)" $LABEL
    is "$(said cfs exec --process-label system_u:system_r:box_t:s0:c3 "$ID" /bin/cat /proc/self/attr/current)" system_u:system_r:box_t:s0:c3
    jq '.process | .args = ["/bin/cat", "/proc/self/attr/current"] | .selinuxLabel = "system_u:system_r:box_t:s0"' "$B/config.json" > "$T/process.json"
    is "$(said cfs exec --process "$T/process.json" "$ID")" system_u:system_r:box_t:s0
    jq 'del(.selinuxLabel)' "$T/process.json" > "$T/bare.json"
    is "$(said cfs exec --process "$T/bare.json" "$ID")" $LABEL
    run cfs exec --process-label $NOBODY "$ID" /bin/true
    is "$status" 255
    contains "$output" "--process-label: the policy that is loaded does not know"
    contains "$output" $NOBODY
}

@test "the program is bound by its label" {
    new_bundle "$(label $LABEL)" '.process.args = ["/bin/sh", "-c", "cat /readable; cat /secret; cat /other; cat /proc/self/attr/current"]'
    echo public > "$B/rootfs/readable"
    echo secret > "$B/rootfs/secret"
    echo of another > "$B/rootfs/other"
    chcon $SECRET "$B/rootfs/secret"
    chcon system_u:object_r:box_file_t:s0:c3 "$B/rootfs/other"
    out=$(said cfs run -b "$B" "$ID")
    contains "$out" public
    contains "$out" $LABEL
    contains "$(cat "$T/said")" "/secret': Permission denied"
    contains "$(cat "$T/said")" "/other': Permission denied"
    ! grep -qxE 'secret|of another' <<< "$out"
}

@test "noNewPrivileges, a user namespace, an ordinary user: the label stays" {
    new_bundle "$(label $LABEL)" '.process.noNewPrivileges = true | .process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {}'
    inspect
    is "$(got .label)" $LABEL
    is "$(got .status.NoNewPrivs)" 1
    new_bundle "$(label $LABEL)" "$(mount_label $FILES)" '.linux.namespaces += [{"type": "user"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    chmod go+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_RUN_TMPDIR"/test "$T" 2> /dev/null || true
    inspect
    is "$(got .label)" $LABEL
    is "$(got .keyring_label)" $LABEL
    is "$(context /dev/shm)" $FILES
    is "$(context /dev/pts)" $FILES
}

@test "a label that the policy does not know is an error that names it, and leaves nothing behind" {
    local before
    new_bundle "$(label $NOBODY)"
    before=$(host_snapshot)
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "process.selinuxLabel: the policy that is loaded does not know \"$NOBODY\""
    [ ! -e "$STATE/$ID" ]
    is "$(host_snapshot)" "$before"
    run cfs check --host "$B"
    contains "$output" "process.selinuxLabel"
    config 'del(.process.selinuxLabel)'
    config "$(mount_label $NOBODY)"
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" "linux.mountLabel: the policy that is loaded does not know \"$NOBODY\""
    [ ! -e "$STATE/$ID" ]
    is "$(host_snapshot)" "$before"
}

@test "a label that the policy does not let us take is an error of start, not another label" {
    new_bundle "$(label system_u:system_r:box_t:s0:c1)" '.process.args = ["/bin/cat", "/proc/self/attr/current"]'
    # No entry point of box_t. The file is a link to the template's.
    cp --remove-destination /bin/busybox "$B/rootfs/bin/busybox"
    chcon $SECRET "$B/rootfs/bin/busybox"
    run cfs run -b "$B" "$ID"
    [ "$status" -ne 0 ]
    contains "$output" "ermission denied"
    ! contains "$output" box_t
}

# spec: config-linux.mount-label.1
@test "mountLabel is the context of what is mounted new; the kernel's own file systems keep theirs" {
    new_bundle "$(label $LABEL)" "$(mount_label $FILES)" '.mounts += [{"destination": "/scratch", "type": "tmpfs", "source": "tmpfs"}]
        | .linux.maskedPaths += ["/sys/kernel"]'
    inspect
    local m
    for m in /dev /dev/pts /dev/shm /scratch /sys/firmware /sys/kernel; do
        is "$(context $m)" $FILES "$m"
    done
    for m in /proc /sys /dev/mqueue /sys/fs/cgroup; do
        is "$(context $m)" "" "$m"
    done
    args /bin/sleep 100
    up
    is "$(of_file "/proc/$PID/root/dev/null")" $FILES
    is "$(of_file "/proc/$PID/root/dev/pts/ptmx")" $FILES
    is "$(of_file "/proc/$PID/root/dev/mqueue")" $FILES
    is "$(of_file /dev/mqueue)" "$(of_file /dev)"
    is "$(of_file "/proc/$PID/root/proc/cpuinfo")" "$(of_file /proc/cpuinfo)"
    is "$(of_file "/proc/$PID/root/bin/busybox")" "$(of_file "$B/rootfs/bin/busybox")"
    # With a label of the mount (context=), a file that a program makes there has it too.
    cfs exec "$ID" /bin/touch /scratch/new
    is "$(of_file "/proc/$PID/root/scratch/new")" $FILES
    run chcon $SECRET "/proc/$PID/root/scratch/new"
    [ "$status" -ne 0 ]
    # Another container's program has other categories.
    run cfs exec --process-label system_u:system_r:box_t:s0:c3 "$ID" /bin/cat /scratch/new
    contains "$output" "Permission denied"
}

@test "a terminal has the label of the container's mounts" {
    new_bundle "$(label $LABEL)" "$(mount_label $FILES)" '.process.terminal = true | .process.args = ["/bin/sleep", "100"]'
    background script -q -c "$CFS --root $STATE run -b $B $ID" /dev/null
    wait_for test -e "$STATE/$ID"
    wait_for eval '[ "$(cfs state "$ID" 2> /dev/null | jq -r .status)" = running ]'
    PID=$(cfs state "$ID" | jq .pid)
    is "$(of_file "/proc/$PID/root/dev/console")" $FILES
}

@test "options of a mount's own: its context counts, quoted or not; tmpcopyup; long options" {
    local other=system_u:object_r:box_file_t:s0:c1 long
    long=$T/$(printf 'x%.0s' {1..120})
    new_bundle "$(label $LABEL)" "$(mount_label $FILES)"
    config --arg o "$other" --arg f "$FILES" '.mounts += [
        {"destination": "/a", "type": "tmpfs", "options": ["context=" + $o]},
        {"destination": "/b", "type": "tmpfs", "options": ["context=\"" + $f + "\",size=4m"]},
        {"destination": "/etc", "type": "tmpfs", "options": ["tmpcopyup"]}]'
    chcon "$other" "$B/rootfs/etc/passwd"
    inspect
    is "$(context /a)" "$other"
    is "$(context /b)" $FILES
    is "$(context /etc)" $FILES
    args /bin/cat /etc/passwd
    contains "$(cfs run -b "$B" "$ID")" root:x:0
    mkdir -p "$long"/{l1,l2,l3,up,work}
    config --arg d "$long" '.process.args = ["/bin/inspector"] | .mounts += [{"destination": "/o", "type": "overlay",
        "options": ["lowerdir=\($d)/l1:\($d)/l2:\($d)/l3", "upperdir=\($d)/up", "workdir=\($d)/work"]}]'
    inspect
    is "$(context /o)" $FILES
    config --arg d "$long" --arg o $other '.mounts[-1].options = ["lowerdir=\($d)/l1", "upperdir=\($d)/up", "workdir=\($d)/work"]'
    inspect
    is "$(context /o)" $FILES
    config --arg o $other '.mounts[-1].options += ["defcontext=" + $o]'
    inspect
    contains "$(mnt /o .super)" "defcontext=$other"
}

@test "explain names the labels" {
    new_bundle "$(label $LABEL)" "$(mount_label $FILES)"
    run cfs explain "$B"
    is "$status" 0
    contains "$output" "confine by SELinux label $LABEL"
    contains "$output" "label what is mounted new $FILES"
}
