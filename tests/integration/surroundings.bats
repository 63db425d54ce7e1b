# SPDX-License-Identifier: LGPL-2.1-or-later
# What the caller's surroundings give a container, and what not: the session keyring, the readiness socket, pidfd sockets.
load helpers/common

setup() {
    setup_common
    root_only
}

with_key() { "$INSPECTOR" with-key "cfs-$ID" "$@"; }

@test "the container has a session keyring of its own: the caller's keys are out of reach" {
    new_bundle '.process.args = ["/bin/inspector", "has-key", "cfs-'"$ID"'"]'
    with_key "$INSPECTOR" has-key "cfs-$ID" > "$OUT" || skip "needs keyrings in the kernel: $(cat "$OUT")"
    is "$(cat "$OUT")" yes
    is "$(with_key "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null)" no
    is "$(with_key "$CFS" --root "$STATE" run --no-new-keyring -b "$B" "$ID" < /dev/null)" yes
}

# proc(5): a procfs shows the PID namespace of the process that mounted it. What is /proc/PID there is another process here, and
# runc fails too, after the container's process has been started.
@test "a /proc of another PID namespace is an error before the container's process exists" {
    new_bundle '.process.args = ["/bin/touch", "/tmp/ran"] | .root.readonly = false'
    run unshare --mount --pid --fork "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    is "$status" 1 "$output"
    contains "$output" "the procfs on /proc belongs to another PID namespace than cfs"
    contains "$output" "hint: mount one where cfs is called"
    [ ! -e "$B/rootfs/tmp/ran" ]
    is "$(ls -A "$STATE")" ""
    is "$(cgroups_named "$ID")" ""
    unshare --mount --pid --fork --mount-proc "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    [ -e "$B/rootfs/tmp/ran" ]
}

@test "exec is in the container's keyring, not in its caller's" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    with_key "$INSPECTOR" has-key "cfs-$ID" > "$OUT" || skip "needs keyrings in the kernel: $(cat "$OUT")"
    up
    is "$(with_key "$CFS" --root "$STATE" exec "$ID" /bin/inspector has-key "cfs-$ID" < /dev/null)" no
}

# A service manager: writes each message to $T/notified.
manager() {
    background "$PYTHON" -c 'import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "w") as f:
    while True:
        data, ancillary, _, _ = s.recvmsg(65536, 256)
        for _, _, fds in ancillary:  # BARRIER=1: closed when all before it has been read
            for fd in array.array("i", fds):
                os.close(fd)
        f.write(data.decode() + "\n--\n")
        f.flush()' "$T/notify.sock" "$T/notified"
    wait_for test -S "$T/notify.sock"
    export NOTIFY_SOCKET="$T/notify.sock"
}

@test "readiness: start waits for READY=1, the manager hears of it and of the init's pid" {
    new_bundle
    args sh -c 'sleep 0.5; inspector notify "STATUS=warming up" "READY=1
STATUS=at work"; exec inspector sleep'
    manager
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    PID=$(cfs state "$ID" | jq .pid)
    local begin=$EPOCHREALTIME
    cfs start "$ID"
    [ "$(( (${EPOCHREALTIME/./} - ${begin/./}) / 1000 ))" -ge 400 ]
    wait_for grep -q READY=1 "$T/notified"
    grep -qx "MAINPID=$PID" "$T/notified"
    grep -qx "STATUS=at work" "$T/notified"
}

@test "readiness: in the foreground the main process stays cfs, which hands on signs of life too, if asked for" {
    new_bundle
    args sh -c 'echo "$WATCHDOG_USEC"; inspector notify READY=1 WATCHDOG=1'
    manager
    is "$(bash -c 'export WATCHDOG_USEC=3000000 WATCHDOG_PID=$$; exec "$0" --root "$1" run -b "$2" "$3"' "$CFS" "$STATE" "$B" "$ID" < /dev/null)" 3000000
    wait_for grep -q WATCHDOG=1 "$T/notified"
    is "$(cat "$T/notified")" $'READY=1\n\n--\nWATCHDOG=1\n\n--'
    is "$(WATCHDOG_USEC=3000000 WATCHDOG_PID=1 cfs run -b "$B" "$ID" < /dev/null)" ""
}

@test "readiness: what would harm the manager does not pass" {
    new_bundle
    args sh -c 'inspector notify "MAINPID=1" "FDSTORE=1
FDNAME=x" "BUSERROR=x
READY=1
MAINPID=1
MOON=1"; exec inspector sleep'
    manager
    cfs run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    wait_for grep -q READY=1 "$T/notified"
    ! grep -e MAINPID=1$ -e FDSTORE -e MOON -e BUSERROR "$T/notified" >&2
}

@test "readiness: a program that ends without a word does not hold start" {
    new_bundle '.process.args = ["/bin/true"]'
    manager
    cfs create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    timeout 10 "$CFS" --root "$STATE" start "$ID" || [ $? = 1 ]
    wait_for status_is "$ID" stopped
}

@test "readiness: the manager's own socket stays outside, and the variable points into the container" {
    new_bundle
    args sh -c 'echo $NOTIFY_SOCKET; ls -A /run/notify; touch /run/notify/x || true; inspector notify READY=1'
    manager
    run cfs run -b "$B" "$ID" < /dev/null
    contains "$output" /run/notify/notify.sock
    contains "$output" "Read-only file system"
    unset NOTIFY_SOCKET
    args sh -c 'echo "[$NOTIFY_SOCKET]"; test -e /run/notify || echo none'
    rmdir "$B/rootfs/run/notify" 2> /dev/null || true
    is "$(cfs run -b "$B" "$ID" < /dev/null)" $'[]\nnone'
}

@test "readiness: a socket without a listener on the host's side" {
    new_bundle
    args sh -c 'inspector notify READY=1; exec inspector exit 3'
    NOTIFY_SOCKET="$T/absent" run timeout 20 "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    [ "$status" = 3 ] || [ "$status" = 1 ]
}

@test "readiness: in a user namespace, for an ordinary user of it" {
    new_bundle '.linux.namespaces += [{"type": "user"}]' '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
        .linux.gidMappings = .linux.uidMappings | .process.user = {"uid": 1000, "gid": 1000}'
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    args sh -c 'inspector notify READY=1; exec inspector sleep'
    manager
    cfs run --detach -b "$B" "$ID" < /dev/null > "$T/log" 2>&1
    wait_for grep -q READY=1 "$T/notified"
}

@test "--pidfd-socket: a descriptor of the init, before create ends; of the process, before exec ends" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cat > "$T/receive.py" <<'P'
import array, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(1)
open(sys.argv[2] + ".ready", "w").close()
c, _ = s.accept()
text, ancillary, _, _ = c.recvmsg(4096, 64)
fds = array.array("i", ancillary[0][2][:4])
with open("/proc/self/fdinfo/%d" % fds[0]) as f:
    pid = [line.split()[1] for line in f if line.startswith("Pid:")]
with open(sys.argv[2], "w") as f:
    f.write("%s %d\n" % (pid[0], len(text) > 0))
P
    background "$PYTHON" "$T/receive.py" "$T/s1" "$T/r1"
    wait_for test -e "$T/r1.ready"
    cfs create -b "$B" --pidfd-socket "$T/s1" "$ID" < /dev/null > /dev/null 2>&1
    wait_for test -s "$T/r1"
    is "$(cat "$T/r1")" "$(cfs state "$ID" | jq .pid) 1"
    cfs start "$ID"
    background "$PYTHON" "$T/receive.py" "$T/s2" "$T/r2"
    wait_for test -e "$T/r2.ready"
    cfs exec --detach --pid-file "$T/pid" --pidfd-socket "$T/s2" "$ID" /bin/inspector sleep < /dev/null > /dev/null 2>&1
    wait_for test -s "$T/r2"
    is "$(cat "$T/r2")" "$(cat "$T/pid") 1"
}
