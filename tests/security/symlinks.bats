# SPDX-License-Identifier: LGPL-2.1-or-later
# Every path that the runtime touches in a root file system, controlled by an attacker: symbolic links out of it,
# absolute, relative, dangling and through procfs; FIFOs that block who opens them; devices; files where directories belong
# (CVE-2019-18837, CVE-2023-27561, CVE-2024-45310, CVE-2025-24965, CVE-2025-31133, CVE-2025-54867, CVE-2026-41579). The runtime
# must fail, or stay inside; it must not hang; the host must be as it was.
load helpers/canary

setup() {
    setup_common
    root_only
    make_canary
    cd "$T" # where /proc/self/cwd leads
}

KINDS="absolute relative dangling proc magic fd file-link loop fifo socket device file directory"

# plant KIND PATH: in the place of PATH in the root file system.
plant() {
    local kind=$1 path="$B/rootfs/$2" up=../../../../../../../../../../../../../..
    if [ -e "$path" ] || [ -L "$path" ]; then rm -rf --one-file-system "$path"; fi
    [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
    case $kind in
        absolute) ln -s "$CANARY/dir" "$path" ;;
        relative) ln -s "$up$CANARY/dir" "$path" ;;
        dangling) ln -s "$up$CANARY/new" "$path" ;;
        proc) ln -s "/proc/1/root$CANARY/dir" "$path" ;;
        magic) ln -s /proc/self/root/../../proc/self/cwd "$path" ;;
        fd) ln -s "/proc/self/fd/5" "$path" ;;
        file-link) ln -s "$up$CANARY/file" "$path" ;;
        loop) ln -s "${path##*/}" "$path" ;;
        fifo) mkfifo "$path" ;;
        socket) "$PYTHON" -c 'import os, socket, sys
os.chdir(os.path.dirname(sys.argv[1]))
socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' "$path" ;;
        device) mknod "$path" c 1 5 ;;
        file) echo harmless > "$path" ;;
        directory) mkdir "$path" ;;
    esac
}

# A pristine root for each try: only what the configuration needs.
fresh_root() {
    local r="$BATS_FILE_TMPDIR/small"
    if [ ! -d "$r" ]; then
        mkdir -p "$r"/{bin,proc,sys,dev,etc,tmp,run,srv}
        cp "$INSPECTOR" "$r/bin/inspector"
        cp "$BATS_FILE_TMPDIR/template/rootfs/etc/passwd" "$r/etc/"
        echo content | tee "$r/etc/masked" > "$r/etc/ro"
    fi
    rm -rf --one-file-system "$B/rootfs"
    if [ -n "${OWNER-}" ]; then
        cp -a "$r" "$B/rootfs"
        chown -R "$OWNER" "$B/rootfs"
    else
        cp -al "$r" "$B/rootfs"
    fi
}

# try_all PATH...: each of them as each kind; says which ones succeeded, in $DID.
try_all() {
    local path kind rc mounts
    mounts=$(mounts_of_host)
    DID=" "
    for path in "$@"; do
        for kind in ${TRY_KINDS:-$KINDS}; do
            fresh_root
            plant "$kind" "$path"
            [ -z "${OWNER-}" ] || chown -h "$OWNER" "$B/rootfs/$path"
            rc=0
            "${INTO[@]}" timeout -s KILL 20 "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || rc=$?
            [ $rc -lt 124 ] || { echo "$kind at /$path: exit code $rc: $(cat "$T/log")" >&2; return 1; }
            [ $rc -ne 0 ] || DID+="$kind:$path "
        done
        canary_lives "/$path" || return 1
        is "$(mounts_of_host)" "$mounts" "mounts: /$path" || return 1
        is "$(ls -A "$STATE")" "" "state: /$path" || return 1
    done
}

@test "mount points of the kernel's file systems: a link is refused, nothing leaves the root [ordinary-proc]" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"] | .root.readonly = false'
    try_all proc sys
    # An ordinary directory is fine; whatever is a link is not, wherever it leads.
    contains "$DID" directory:proc
    contains "$DID" directory:sys
    case "$DID" in *absolute:* | *relative:* | *dangling:* | *proc:proc* | *fd:* | *magic:*) echo "accepted: $DID" >&2; return 1 ;; esac
}

@test "/dev and all that the runtime makes in it [dev-in-root]" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"] | .process.terminal = true | .root.readonly = false' \
        '.mounts |= map(select(.destination != "/dev" and .type != "cgroup" and .type != "sysfs"))'
    try_all dev dev/pts dev/shm dev/mqueue
    TRY_KINDS="absolute relative dangling proc fd loop fifo device file directory" try_all dev/null dev/zero dev/ptmx dev/fd dev/stdin dev/console
}

@test "destinations of mounts: missing, nested, files, tmpcopyup [in-root]" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"] | .root.readonly = false' '.mounts = [.mounts[0], {"destination": "/dev", "type": "tmpfs", "source": "x"}]'
    mkdir "$T/volume"
    echo x > "$T/volume/file"
    config --arg v "$T/volume" '.mounts += [
        {destination: "/srv/dir", source: $v, options: ["bind"]},
        {destination: "/srv/file", source: ($v + "/file"), options: ["bind", "ro"]},
        {destination: "/srv/new/a/b", type: "tmpfs", source: "x"},
        {destination: "/srv/copy", type: "tmpfs", source: "x", options: ["tmpcopyup"]},
        {destination: "/srv/nofollow", source: ($v + "/file"), options: ["bind", "dest-nofollow"]}]'
    TRY_KINDS="absolute relative dangling proc magic file-link loop fifo device file" try_all srv srv/dir srv/file srv/new srv/new/a srv/copy srv/nofollow
}

@test "cgroups, masked and read-only paths, devices elsewhere, cwd, passwd" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"] | .root.readonly = false | .process.cwd = "/srv/cwd" | .process.user = {"uid": 1000, "gid": 1000}' \
        '.linux.maskedPaths += ["/etc/masked", "/srv/masked"] | .linux.readonlyPaths += ["/etc/ro", "/srv/ro"]' \
        '.linux.devices = [{"path": "/srv/devices/x", "type": "c", "major": 1, "minor": 3}]'
    TRY_KINDS="absolute relative dangling proc file-link loop fifo device file directory" try_all etc etc/passwd etc/masked etc/ro srv/cwd srv/devices srv/devices/x
}

# Everything at once, since each way into the root is the same code there; the canary belongs to the user who could change it.
every_way() {
    config '.process.args = ["/bin/inspector", "exit", "0"] | .root.readonly = false | .process.cwd = "/srv/cwd" | .mounts += [
        {"destination": "/srv/new/a", "type": "tmpfs", "source": "x"}, {"destination": "/srv/copy", "type": "tmpfs", "source": "x", "options": ["tmpcopyup"]}] |
        .mounts |= map(select(.destination != "/dev" and (.type == "cgroup" or .destination == "/sys" | not))) | .linux.maskedPaths = ["/etc/masked"] | .linux.readonlyPaths = ["/etc/ro"]'
    cd "$T"
    TRY_KINDS="absolute relative dangling proc fifo directory" try_all proc dev dev/pts dev/null srv srv/new srv/copy srv/cwd etc etc/passwd
    # The container is made where nothing is wrong.
    contains "$DID" "directory:dev "
    contains "$DID" "directory:srv/cwd "
}

@test "every way into the root, in a user namespace whose root is the host's [in-root]" {
    new_bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    every_way
}

@test "every way into the root, without root: files of the user's own [in-root]" {
    rootless_user
    OWNER=54321:54321
    chown -R "$OWNER" "$CANARY"
    CANARY_BEFORE=$(look_at_canary)
    new_rootless_bundle
    every_way
}

@test "the directory of the readiness socket" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"] | .root.readonly = false'
    export NOTIFY_SOCKET="$T/notify.sock"
    TRY_KINDS="absolute relative dangling proc magic fd loop fifo file" try_all run run/notify
}

@test "the program and its interpreter" {
    new_bundle '.process.args = ["/bin/victim"] | .root.readonly = false'
    TRY_KINDS="absolute relative dangling proc magic fd file-link loop fifo socket device file directory" try_all bin/victim
    is "$DID" " "
}

@test "copying up: links and special files inside the directory are copied as what they are" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"] | .root.readonly = false' '.mounts += [{"destination": "/srv", "type": "tmpfs", "source": "x", "options": ["tmpcopyup"]}]'
    try_all srv/a srv/a/b srv/c
    contains "$DID" absolute:srv/a
    contains "$DID" fifo:srv/a
}

@test "the root itself, or a directory above it, as a link" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"]'
    mv "$B/rootfs" "$B/real"
    ln -s "$CANARY/dir" "$B/rootfs"
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "symbolic link"
    canary_lives
}

@test "a container's own /proc cannot be planted: a volume on /proc of anything but procfs" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "0"]'
    mkdir -p "$T/fake/self/attr"
    echo > "$T/fake/self/attr/exec"
    config --arg v "$T/fake" '.mounts[0] = {destination: "/proc", source: $v, options: ["bind"]}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "/proc"
    config '.mounts[0] = {destination: "/proc", type: "tmpfs", source: "x"}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "not of type proc"
}

@test "exec into a root whose parts have been replaced since" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .root.readonly = false | .process.cwd = "/tmp"'
    up
    local kind path
    for path in tmp etc/passwd etc; do
        for kind in absolute relative proc magic fd loop fifo; do
            plant "$kind" "$path"
            timeout -s KILL 20 "$CFS" --root "$STATE" exec --user 1000 "$ID" /bin/true < /dev/null > "$T/log" 2>&1 || [ $? = 255 ]
            canary_lives "exec, $kind at /$path"
        done
    done
}
