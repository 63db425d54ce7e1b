# SPDX-License-Identifier: LGPL-2.1-or-later
# What a container gets by inheritance is the host's: descriptors that are the host's null device most of all. runc and crun put
# the container's own in their place. In a mount namespace with a /dev of the test's own, which plays the host's.
load helpers/canary

setup() {
    setup_common
    root_only
    private_mounts
    outside sh -ec 'mount -t tmpfs host /dev; for d in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 /dev/${d%:*} c 1 ${d#*:}; done
        mkdir /dev/shm; mknod -m 666 /dev/tty c 5 0'
    HOST_NULL="/proc/${BACKGROUND[-1]}/root/dev/null"
    BEFORE=$(null)
}

null() { stat -c '%a %u:%g %t:%T %i' "$HOST_NULL"; }

ATTACK='for f in 0 1 2; do chmod 600 /proc/self/fd/$f; chown 5:5 /proc/self/fd/$f; done'

# host CMD...: with the "host's" null device as all standard streams.
host() { outside sh -c 'exec "$@" < /dev/null > /dev/null 2> /dev/null' sh "$CFS" --root "$STATE" "$@"; }

attacked() {
    is "$(null)" "$BEFORE"
    # The attack did take place: on the container's own.
    is "$(stat -c '%a %u:%g' "/proc/$PID/root/dev/null")" "600 ${1:-5:5}"
}

bundle() {
    new_bundle '.root.readonly = false' '.process.capabilities = ({} | .bounding = ["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE"] |
        .effective = .bounding | .permitted = .bounding)' "$@"
    ln -s busybox "$B/rootfs/bin/chmod"
    ln -s busybox "$B/rootfs/bin/chown"
}

@test "run and create: chmod and chown of /proc/self/fd change the container's null device [null-device]" {
    bundle
    args sh -c "$ATTACK; exec inspector sleep"
    host run --detach -b "$B" "$ID"
    PID=$(cfs state "$ID" | jq .pid)
    wait_for grep -q inspector "/proc/$PID/comm"
    attacked
    host delete --force "$ID"
    host create -b "$B" "$ID"
    PID=$(cfs state "$ID" | jq .pid)
    host start "$ID"
    wait_for grep -q inspector "/proc/$PID/comm"
    attacked
}

@test "exec: the same, as root and with descriptors that are passed on [null-device]" {
    bundle
    args inspector sleep
    up
    host exec "$ID" /bin/sh -c "$ATTACK"
    attacked
    cfs exec "$ID" /bin/chmod 666 /dev/null
    cfs exec "$ID" /bin/chown 0:0 /dev/null
    outside sh -c 'exec "$@" 3<> /dev/null' sh "$CFS" --root "$STATE" exec --preserve-fds 1 "$ID" /bin/sh -c 'chmod 600 /proc/self/fd/3; chown 5:5 /proc/self/fd/3'
    attacked
}

@test "a startContainer hook [null-device]" {
    bundle
    # What waits for it is undumpable: only with this it can be reached at all.
    config '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
    config '.hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "chmod 600 /proc/1/fd/0; chown 5:5 /proc/1/fd/0"]}]'
    args inspector sleep
    host create -b "$B" "$ID"
    PID=$(cfs state "$ID" | jq .pid)
    cfs start "$ID"
    attacked
}

@test "a user namespace whose root is the host's [null-device]" {
    bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1000}] | .linux.gidMappings = .linux.uidMappings'
    args sh -c "$ATTACK; exec inspector sleep"
    host run --detach -b "$B" "$ID"
    PID=$(cfs state "$ID" | jq .pid)
    wait_for grep -q inspector "/proc/$PID/comm"
    attacked
}

@test "each of 0, 1 and 2 alone; the others stay what they are" {
    bundle
    args sh -c 'stat -L -c "%d:%i" /dev/null; for f in 0 1 2; do readlink /proc/self/fd/$f; stat -L -c "%d:%i %t:%T" /proc/self/fd/$f; done'
    outside sh -c 'exec "$@" < /dev/null 2> /dev/null' sh "$CFS" --root "$STATE" run -b "$B" "$ID" > "$T/out"
    { read -r own; read -r in; read -r in_node; read -r out; read -r _; read -r _; read -r err_node; } < "$T/out"
    is "$in $in_node" "/dev/null $own 1:3"
    is "$err_node" "$own 1:3"
    is "$out" "$T/out"
    # Reading and writing, as what was there.
    args sh -c 'echo x >&0; cat <&1'
    host run -b "$B" "$ID"
}

@test "without a null device of its own: an error, and nothing is left" {
    bundle '.mounts += [{"destination": "/dev", "type": "bind", "source": "/proc/empty", "options": ["bind"]}] | .mounts |= map(select(.destination | startswith("/dev/") | not))'
    mkdir "$T/empty"
    config '.linux.maskedPaths = []'
    config --arg s "$T/empty" '(.mounts[] | select(.type == "bind")).source = $s'
    run host run -b "$B" "$ID"
    [ "$status" -ne 0 ]
    run outside sh -c 'exec "$@" < /dev/null' sh "$CFS" --root "$STATE" run -b "$B" "$ID"
    contains "$output" "descriptor 0 is the host's null device"
    is "$(ls -A "$STATE")" ""
    # Not needed, not asked for.
    args /bin/echo hello
    is "$(outside sh -c 'exec "$@" < /proc/version' sh "$CFS" --root "$STATE" run -b "$B" "$ID")" hello
}

@test "exec into a container whose /dev/null is something else: a link to a descriptor, a file, a FIFO [null-device]" {
    bundle
    args inspector sleep
    up
    local trap
    for trap in 'ln -s /proc/self/fd/0 /dev/null' 'echo x > /dev/null' 'mkfifo /dev/null' 'ln -s /dev/zero /dev/null'; do
        cfs exec "$ID" /bin/busybox sh -c "busybox rm -f /dev/null; busybox $trap" < /proc/version ||
            cfs exec "$ID" /bin/busybox sh -c "busybox rm -f /dev/null; $trap" < /proc/version
        # Refused, where the way there is one; else it is a null device of the process's own.
        run host exec "$ID" /bin/chmod 600 /proc/self/fd/0
        case $trap in *proc*) is "$status" 255 "$trap" ;; *) is "$status" 0 "$trap" ;; esac
        is "$(null)" "$BEFORE"
    done
}

@test "nodes that cannot be made are the host's, bound: their mode and owner stay, and they can be written to [bound-node]" {
    local nr
    nr=$(printf '#include <sys/syscall.h>\nSYS_mknodat\n' | ${CC:-cc} -E - 2> /dev/null | tail -n 1 | grep -E '^[0-9]+$') || skip "needs a C compiler"
    bundle
    args sh -c 'chmod 600 /dev/null; chown 5:5 /dev/null; chmod 600 /proc/self/fd/0; echo x > /dev/null && echo written'
    is "$(outside sh -c 'exec "$@" < /dev/null 2> /dev/null' sh "$ATTACKER" refuse "$nr" 1 "$CFS" --root "$STATE" run -b "$B" "$ID")" written
    is "$(null)" "$BEFORE"
}
