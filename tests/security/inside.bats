# SPDX-License-Identifier: LGPL-2.1-or-later
# A container that has prepared itself for the next command of the runtime's: what it may do to itself must not matter to the host.
load helpers/canary

setup() {
    setup_common
    root_only
    make_canary
}

ADMIN='.process.capabilities = ({} | .bounding = ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER", "CAP_MKNOD", "CAP_KILL", "CAP_SYS_PTRACE", "CAP_SETUID", "CAP_SETGID"] |
    .effective = .bounding | .permitted = .bounding) | .root.readonly = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []'

# inside SCRIPT: the container's init runs the script, and stays.
inside() {
    args sh -c "$1"$'\ntouch /tmp/prepared\nexec inspector sleep'
    up
    wait_for test -e "/proc/$PID/root/tmp/prepared"
}

@test "a name that looks like a line of /proc/PID/stat" {
    new_bundle '.process.args = ["/bin/) S 1 2 3 (x", "sleep"]'
    cp "$INSPECTOR" "$B/rootfs/bin/) S 1 2 3 (x"
    up
    is "$(cat "/proc/$PID/comm")" ") S 1 2 3 (x"
    status_is "$ID" running
    is "$(cfs exec "$ID" /bin/echo hello)" hello
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
}

@test "exec into a container that has put files of its own over /proc" {
    new_bundle "$ADMIN" '.process.oomScoreAdj = 111'
    inside 'mkdir -p /tmp/p; mount -t tmpfs x /proc; mkdir -p /proc/self/attr /proc/thread-self/attr /proc/self/fd /proc/sys/kernel; for f in oom_score_adj status uid_map attr/exec attr/current; do ln -s /etc/trap /proc/self/$f; done; echo untouched > /etc/trap'
    is "$(cfs exec "$ID" /bin/ls /proc)" $'self\nsys\nthread-self'
    is "$(cfs exec "$ID" /bin/cat /etc/trap)" untouched
    is "$(cfs exec --user 1000:1000 "$ID" /bin/id -u)" 1000
    is "$(cat "$B/rootfs/etc/trap")" untouched
    # What was to be set from outside is set, on the real one.
    cfs exec --detach --pid-file "$T/pid" "$ID" /bin/inspector sleep < /dev/null > /dev/null 2>&1
    is "$(cat "/proc/$(cat "$T/pid")/oom_score_adj")" 111
}

@test "exec into a container that has mounted something else on its root" {
    new_bundle "$ADMIN"
    mkdir -p "$B/rootfs/srv/new/bin"
    cp "$INSPECTOR" "$B/rootfs/srv/new/bin/inspector"
    inside 'mount --bind /srv/new /srv/new; mount --move /srv/new / || true'
    run cfs exec "$ID" /bin/inspector
    [ "$status" = 0 ] || [ "$status" = 255 ]
    canary_lives
}

@test "delete does not follow what the container has mounted or linked" {
    new_bundle "$ADMIN"
    config --arg c "$CANARY" '.mounts += [{destination: "/srv/canary", source: $c, options: ["rbind", "ro"]}]'
    inside 'mount -t tmpfs x /srv; ln -s / /srv/link; ln -sf /../../../etc /tmp/etc'
    cfs delete --force "$ID"
    canary_lives
}

@test "the state directory, the bundle and the runtime's log are not to be seen inside" {
    new_bundle "$ADMIN"
    inside 'true'
    cfs exec "$ID" /bin/sh -c 'cat /proc/*/mountinfo' > "$T/mounts"
    ! grep -F "$STATE" "$T/mounts" >&2 || return 1
    # The root shows as a directory of the host's file system; nothing else of the bundle does.
    is "$(grep -F "$B" "$T/mounts" | grep -vc "$B/rootfs / ")" 0
}

@test "a container that stops, freezes or hides all its processes can be deleted" {
    new_bundle "$ADMIN"
    inside 'sleep 1000 & kill -STOP $!; (trap "" TERM INT HUP; exec sleep 1000) &'
    cfs kill "$ID" STOP || true
    cfs delete --force "$ID"
    is "$(cgroups_named "$ID")" ""
    wait_for bash -c "! test -d /proc/$PID || grep -q '^State:.Z' /proc/$PID/status"
}

@test "many processes that fork while the container is deleted" {
    new_bundle '.linux.resources.pids.limit = 60'
    args sh -c 'touch /dev/shm/prepared; while :; do (sleep 0.01 &) 2>/dev/null; sleep 0 & done 2> /dev/null'
    up
    wait_for test -e "/proc/$PID/root/dev/shm/prepared"
    sleep 0.3
    cfs delete --force "$ID"
    is "$(cgroups_named "$ID")" ""
}

@test "cgroups that the container has made and filled go with it" {
    new_bundle "$ADMIN" '.mounts |= map(if .type == "cgroup" then .options = ["rw"] else . end)'
    inside 'for d in /sys/fs/cgroup/*/; do mkdir -p $d/a/b 2> /dev/null; (echo 0 > $d/a/b/cgroup.procs; exec sleep 1000) 2> /dev/null & done'
    cfs delete --force "$ID"
    is "$(cgroups_named "$ID")" ""
}

@test "a setuid root program of the host is not reachable through the container's user namespace" {
    new_bundle '.linux.namespaces += [{"type": "user"}]' '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
        .linux.gidMappings = .linux.uidMappings | .process.noNewPrivileges = false | .process.user = {"uid": 1000, "gid": 1000} | .root.readonly = false'
    chown -R 100000:100000 "$B/rootfs"
    cp "$INSPECTOR" "$B/rootfs/bin/suid"
    chown 0:0 "$B/rootfs/bin/suid"
    chmod 4755 "$B/rootfs/bin/suid"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    args /bin/suid
    inspect
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.CapEff)" 0000000000000000
}
