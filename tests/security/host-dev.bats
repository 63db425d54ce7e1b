# SPDX-License-Identifier: LGPL-2.1-or-later
# The host's /dev, or its "/", within the container's root: cfs must not change it. (runc 1.1.5 and crun replace the host's
# /dev/ptmx by a link.) All in a mount namespace with a /dev of the test's own, which plays the host's.
load helpers/canary

setup() {
    setup_common
    root_only
    # As the machine's, but another file system: what is changed in it is gone with the test.
    HOST="mount -t tmpfs host /dev; mkdir /dev/pts; mount -t devpts -o newinstance,ptmxmode=666 x /dev/pts; for d in null:3 zero:5 full:7 random:8 urandom:9; do
        mknod -m 666 /dev/\${d%:*} c 1 \${d#*:}; done; mknod -m 666 /dev/tty c 5 0; mknod -m 666 /dev/ptmx c 5 2; echo kept > /dev/file"
    LOOK='find /dev -xdev -printf "%P %y %m %U:%G %i %C@ %l\n" | sort'
}

# on SCRIPT: the shell script, with that /dev; $CFS is the runtime. Shows what changed in /dev.
on() {
    CFS="$CFS --log-level warning --root $STATE" unshare --mount --propagation private sh -c "set -e; $HOST; $LOOK > '$T/dev.before'; $1; $LOOK > '$T/dev.after'"
}

unchanged() { diff "$T/dev.before" "$T/dev.after" >&2; }

ADMIN='.root.readonly = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
# Nothing of the configuration on /dev.
BARE='.mounts |= map(select(.destination | startswith("/dev") | not))'
DEVICES='.linux.devices = [{"path": "/dev/ptmx", "type": "c", "major": 5, "minor": 2}, {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229},
    {"path": "/dev/sub/fuse", "type": "c", "major": 10, "minor": 229}, {"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 384, "uid": 5}]'

@test "root.path \"/\", nothing mounted on /dev [foreign-dev]" {
    new_bundle "$ADMIN" "$BARE" "$DEVICES" '.root.path = "/" | .mounts |= map(select(.destination == "/proc")) |
        .process.args = ["/bin/sh", "-c", "readlink /dev/ptmx || echo a node"]'
    is "$(on "\$CFS run -b $B $ID" 2> "$T/log")" "a node"
    contains "$(cat "$T/log")" "/dev is left as it is"
    contains "$(cat "$T/log")" "\`/dev/fuse\` is not made"
    unchanged
}

@test "root.path \"/\" whose /dev is not a mount of its own, but the very directory [foreign-dev]" {
    not_sanitized "it does not start in a root without its libraries"
    new_bundle "$ADMIN" "$BARE" '.root.path = "/" | .mounts |= map(select(.destination == "/proc")) | .process.args = ["/bin/true"]'
    mkdir -p "$T/host"/{bin,proc,sys,tmp,dev/pts}
    cp /bin/busybox "$T/host/bin/busybox"
    for path in true umount chroot; do ln -s busybox "$T/host/bin/$path"; done
    cp "$CFS" "$T/host/cfs"
    cp "$B/config.json" "$T/host/config.json"
    mknod -m 666 "$T/host/dev/null" c 1 3
    mknod -m 666 "$T/host/dev/ptmx" c 5 2
    unshare --mount --propagation private sh -ec "mount --bind '$T/host' '$T/host'; mount --rbind /proc '$T/host/proc'; mount --rbind /sys '$T/host/sys';
        cd '$T/host'; mkdir old; pivot_root . old; umount -l /old; exec chroot . /cfs --root /tmp/state run -b / $ID" 2> "$T/log"
    is "$(stat -c %F "$T/host/dev/ptmx")" "character special file"
    is "$(ls "$T/host/dev")" $'null\nptmx\npts'
}

@test "the host's /dev was bound into the root before [foreign-dev]" {
    new_bundle "$ADMIN" "$BARE" "$DEVICES" '.process.args = ["/bin/sh", "-c", "echo /dev/*; test -c /dev/ptmx"]'
    on "mount --bind /dev $B/rootfs/dev; \$CFS run -b $B $ID" > "$T/out" 2> "$T/log"
    contains "$(cat "$T/log")" "/dev is left as it is"
    unchanged
    on "mount --rbind /dev $B/rootfs/dev; \$CFS create -b $B $ID > /dev/zero 2>&1 < /dev/zero; \$CFS delete -f $ID"
    unchanged
}

@test "the configuration binds it, recursively or not, or mounts the devtmpfs" {
    new_bundle "$ADMIN" "$BARE" "$DEVICES" '.process.args = ["/bin/true"]'
    local m
    for m in '{"destination": "/dev", "type": "bind", "source": "/dev", "options": ["rbind"]}' '{"destination": "//dev/", "source": "/dev", "options": ["bind"]}'; do
        config --argjson m "$m" '.mounts = [.mounts[] | select(.destination | test("dev") | not)] + [$m]'
        on "\$CFS run -b $B $ID"
        unchanged
    done
}

@test "the devtmpfs is the host's, wherever it is mounted [foreign-dev]" {
    new_bundle "$ADMIN" "$BARE" '.mounts += [{"destination": "/dev", "type": "devtmpfs", "source": "dev"}] | .process.args = ["/bin/true"]'
    unshare --mount --propagation private sh -ec "mount -t devtmpfs x /mnt && test -c /mnt/null" || skip "needs a devtmpfs"
    # The machine's own: looked at only through strace(1), which answers instead of the kernel. A hundred times each process, which is
    # five times what /dev takes: the state's files are to go in the end, and would be removed over and over.
    needs strace
    strace -f -o "$T/trace" -e trace=unlinkat,symlinkat,mknodat,fchownat -e inject=unlinkat,symlinkat,mknodat,fchownat:retval=0:when=1..100 \
        "$CFS" --root "$STATE" run -b "$B" "$ID" > "$T/log" 2>&1 || true
    ! grep -E 'ptmx|"(null|zero|full|core|fd|stdin)"' "$T/trace" >&2
}

@test "a terminal makes no /dev/console there [foreign-dev]" {
    new_bundle "$ADMIN" "$BARE" '.root.path = "/" | .mounts |= map(select(.destination == "/proc")) | .process.terminal = true | .process.args = ["/bin/true"]'
    on "'$PYTHON' -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))' \$CFS run -b $B $ID > '$T/log'"
    unchanged
}

@test "in a user namespace, by an ordinary user: the same" {
    ordinary_user
    outside unshare --user true || skip "needs user namespaces for ordinary users"
    new_rootless_bundle "$ADMIN" "$BARE" '.root.path = "/" | .mounts |= map(select(.destination == "/proc")) | .process.args = ["/bin/true"]'
    local before
    before=$(find /dev -xdev -printf '%P %y %m %U:%G %i %C@ %l\n' | grep -v '^shm\|^pts' | sort)
    cfs run -b "$B" "$ID"
    is "$(find /dev -xdev -printf '%P %y %m %U:%G %i %C@ %l\n' | grep -v '^shm\|^pts' | sort)" "$before"
}

@test "a /dev of the container's own is made as ever: a tmpfs, a directory of the root" {
    new_bundle "$ADMIN"
    inspect
    is "$(got .dev.ptmx.target)" pts/ptmx
    config "$BARE"
    mknod -m 666 "$B/rootfs/dev/ptmx" c 5 2
    inspect
    is "$(got .dev.ptmx.target)" pts/ptmx
    is "$(got .dev.null.rdev)" 1:3
}

# ---- "/" without a mount namespace --------------------------------------------------------------------------------------

NO_MOUNTS="$ADMIN"' | .linux.namespaces |= map(select(.type != "mount")) | .mounts = []'

@test "root.path \"/\" without a mount namespace leaves no mount, however it is written [root-on-root]" {
    new_bundle "$NO_MOUNTS" '.process.args = ["/bin/sh", "-c", "wc -l < /proc/self/mountinfo"]'
    local path
    for path in / // /. /proc/self/root/.. /proc/..; do
        config --arg p "$path" '.root.path = $p'
        is "$(on "wc -l < /proc/self/mountinfo > '$T/n'; \$CFS run -b $B $ID; \$CFS create -b $B $ID < /dev/zero > /dev/zero 2>&1;
            \$CFS delete -f $ID; wc -l < /proc/self/mountinfo")" "$(cat "$T/n")"$'\n'"$(cat "$T/n")" "$path"
        unchanged
    done
}

@test "... and what would change the host's mounts is refused" {
    local property
    new_bundle "$NO_MOUNTS" '.process.args = ["/bin/true"] | .root.path = "/"'
    for property in '.mounts = [{"destination": "/mnt", "type": "tmpfs", "source": "x"}]' '.linux.maskedPaths = ["/proc/kcore"]' \
        '.linux.readonlyPaths = ["/proc/sys"]' '.root.readonly = true'; do
        for path in / /proc/self/root/..; do
            jq "$property | .root.path = \"$path\"" "$B/config.json" > "$T/c.json"
            run on "wc -l < /proc/self/mountinfo > '$T/n'; \$CFS run -b $B --config $T/c.json $ID || echo refused; wc -l < /proc/self/mountinfo"
            grep -Eq "without a (mount namespace|private MNT namespace)" <<< "$output" || { echo "$output" >&2; return 1; }
            contains "$output" "refused"
            is "$(tail -n 1 <<< "$output")" "$(cat "$T/n")"
        done
    done
    is "$(ls -A "$STATE")" ""
}

@test "... with exec, a terminal and a joined mount namespace" {
    new_bundle "$NO_MOUNTS" '.root.path = "/"'
    args "$INSPECTOR" sleep
    on "wc -l < /proc/self/mountinfo > '$T/n'; \$CFS run -d -b $B $ID < /dev/zero > /dev/zero 2>&1; test \$(\$CFS exec $ID cat /proc/self/mountinfo | wc -l) = \$(cat '$T/n')
        \$CFS delete -f $ID; test \$(wc -l < /proc/self/mountinfo) = \$(cat '$T/n')"
    unchanged
    config '.process.terminal = true | .process.args = ["/bin/true"]'
    on "wc -l < /proc/self/mountinfo > '$T/n'; '$PYTHON' -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))' \$CFS run -b $B $ID
        test \$(wc -l < /proc/self/mountinfo) = \$(cat '$T/n')"
    unchanged
    background unshare --mount --propagation private sleep 600
    wait_for grep -q '^sleep' "/proc/$!/comm"
    config --arg p "/proc/$!/ns/mnt" '.linux.namespaces += [{"type": "mount", "path": $p}] | .process.terminal = false'
    local n
    n=$(wc -l < "/proc/$!/mountinfo")
    cfs run -b "$B" "$ID"
    is "$(wc -l < "/proc/$!/mountinfo")" "$n"
}
