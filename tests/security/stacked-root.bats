# SPDX-License-Identifier: LGPL-2.1-or-later
# The runtime's "/" is not what it usually is: something lies on it, or it is a chroot. Nothing of the host may be left beside the
# container's root then: not on the way up ("/.."), not where setns(2) leads, not for a process that leaves a chroot(2) (chroot(2) says
# how). crun detaches until the kernel says EINVAL; runc 1.1.5 shows the host at "/..".
load helpers/canary

setup() {
    setup_common
    root_only
    AS=() IN=()
}

# The ways out of a root need these; without them there is less to look at.
ADMIN='.process.capabilities = ({} | .bounding = ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"] | .effective = .bounding | .permitted = .bounding) |
    del(.linux.seccomp) | .root.readonly = false'
USERNS='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
    .linux.gidMappings = .linux.uidMappings'

# on SCRIPT WORD...: the command, in a mount namespace of its own in which SCRIPT has been at work. Not with private_mounts():
# nsenter(1) would go to the topmost layer.
on() {
    local prepare=$1
    shift
    unshare --mount --propagation private sh -c "set -e; $prepare; exec \"\$@\"" sh "${IN[@]}" "${AS[@]}" "$@"
}

bundle() {
    new_bundle "$ADMIN" "$@"
    cp "$ATTACKER" "$B/rootfs/bin/attacker"
}

userns_bundle() {
    bundle "$USERNS"
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
}

# closed OUTPUT [CREATE-OPTION...]: do all ways lead to the container's root?
closed() {
    local root
    root=$(stat -c %d:%i "$B/rootfs")
    is "$1" "up $root"$'\n'"climb $root"$'\n'"setns $root"
}

# enclosed SCRIPT [OPTION...]: create, run and exec in the namespace of SCRIPT, looked at from inside, and from outside.
enclosed() {
    local prepare=$1 root pid
    shift
    root=$(stat -c %d:%i "$B/rootfs")
    args /bin/attacker ways /tmp
    closed "$(on "$prepare" "$CFS" --root "$STATE" run "$@" -b "$B" "$ID")"
    args /bin/inspector sleep
    on "$prepare" "$CFS" --root "$STATE" create "$@" -b "$B" --pid-file "$T/pid" "$ID" < /dev/null > "$T/log" 2>&1 ||
        { cat "$T/log" >&2; return 1; }
    pid=$(cat "$T/pid")
    is "$(nsenter --mount="/proc/$pid/ns/mnt" stat -c %d:%i /)" "$root"
    is "$(awk '$5 == "/"' "/proc/$pid/mountinfo" | wc -l)" 1
    "${AS[@]}" "$CFS" --root "$STATE" start "$ID"
    closed "$("${AS[@]}" "$CFS" --root "$STATE" exec "$ID" /bin/attacker ways /tmp)"
    "${AS[@]}" "$CFS" --root "$STATE" delete --force "$ID"
}

THRICE='mount --bind / /; mount --bind / /; mount --rbind / /'

@test "something lies on \"/\": once, three times, with all that is mounted below [stacked-root]" {
    bundle
    enclosed 'mount --bind / /'
    enclosed "$THRICE"
    enclosed 'mount --rbind / /'
}

@test "something else than the root itself lies on \"/\": a tmpfs [stacked-root]" {
    bundle
    enclosed 'mount -t tmpfs x /'
}

@test "the runtime runs in a chroot whose directory is a mount [stacked-root]" {
    bundle
    mkdir "$T/root"
    IN=(chroot "$T/root")
    enclosed "mount --rbind / '$T/root'"
}

@test "the runtime runs in the upper of two layers" {
    bundle
    enclosed 'mount --rbind / /; exec nsenter --mount=/proc/self/ns/mnt -- "$@"'
}

@test "with a propagation of its own: shared, slave, private, unbindable [stacked-root]" {
    bundle
    local p
    for p in shared slave private unbindable rshared; do
        config --arg p $p '.linux.rootfsPropagation = $p'
        enclosed 'mount --bind / /'
    done
    is "$(mounts_of_host)" "$(wc -l < /proc/self/mountinfo)"
}

@test "a user namespace: the kernel makes none below a layer (user_namespaces(7), EPERM), and the error says why" {
    userns_bundle
    enclosed 'mount --rbind / /; exec nsenter --mount=/proc/self/ns/mnt -- "$@"'
    run on "$THRICE" "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "something is mounted on the runtime's root directory"
    is "$(ls -A "$STATE")" ""
}

@test "a user namespace that is joined: its mounts are locked onto each other [stacked-root]" {
    userns_bundle
    args /bin/inspector sleep
    up
    cp -a "$B" "$T/joined"
    B="$T/joined" ID="$ID-2"
    config --arg p "/proc/$PID/ns/user" '.linux.namespaces |= map(if .type == "user" then .path = $p else . end) |
        .linux.cgroupsPath += "-2" | del(.linux.uidMappings, .linux.gidMappings)'
    enclosed "$THRICE"
    mkdir "$T/root"
    IN=(chroot "$T/root")
    enclosed "mount --rbind / '$T/root'"
}

@test "without pivot_root: covered" {
    bundle
    enclosed true --no-pivot
    enclosed "$THRICE" --no-pivot
    mkdir "$T/root"
    IN=(chroot "$T/root")
    enclosed "mount --rbind / '$T/root'" --no-pivot
}

@test "rootless" {
    ordinary_user
    outside unshare --user true || skip "needs user namespaces for ordinary users"
    new_rootless_bundle "$ADMIN"
    cp "$ATTACKER" "$B/rootfs/bin/attacker"
    AS=(setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all -- env HOME="$HOME_DIR")
    chmod 777 "$T"
    enclosed 'mount --rbind / /; exec nsenter --mount=/proc/self/ns/mnt -- "$@"'
}

@test "a mount namespace that is joined: exec comes to the container's root, not to that of the namespace [joined-root]" {
    local root
    bundle
    background unshare --mount --propagation private sleep 600
    wait_for grep -q '^sleep' "/proc/$!/comm"
    config --arg p "/proc/$!/ns/mnt" '.linux.namespaces |= map(if .type == "mount" then .path = $p else . end)'
    root=$(stat -c %d:%i "$B/rootfs")
    args /bin/inspector sleep
    up
    is "$(cfs exec "$ID" /bin/stat -c %d:%i / /.. | sort -u)" "$root"
}

@test "exec refuses a container whose mount namespace leads to the host's root [stacked-root-exec]" {
    bundle
    args /bin/inspector sleep
    up
    # What an older cfs has left: something of the host's on the container's root.
    "$PYTHON" - "$PID" <<'X'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
tree = libc.syscall(428, -100, b"/", 1)                         # open_tree, OPEN_TREE_CLONE
ns = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
if tree < 0 or libc.setns(ns, 0x20000) < 0 or libc.syscall(429, tree, b"", -100, b"/", 4) < 0:  # move_mount, MOVE_MOUNT_F_EMPTY_PATH
    sys.exit(os.strerror(ctypes.get_errno()))
X
    run cfs exec "$ID" /bin/sh -c 'echo "the host has $(echo /bin/*)"'
    is "$status" 255
    contains "$output" "host's root directory"
}

@test "root.path \"/\" in a mount namespace of its own is allowed" {
    new_bundle '.root.path = "/" | .root.readonly = true | .linux.maskedPaths = [] | .linux.readonlyPaths = [] |
        .mounts |= map(select(.destination == "/proc" or .destination == "/dev"))'
    args "$INSPECTOR" sleep
    up
    is "$(cfs exec "$ID" stat -c %d:%i / | tr -d '\n')" "$(stat -c %d:%i / | tr -d '\n')"
}
