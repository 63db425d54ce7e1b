# SPDX-License-Identifier: LGPL-2.1-or-later
# A container as a service of systemd: contrib/systemd, as it is but for the paths of the program, the bundle and the state,
# and a shorter time to stop in.
load ../integration/helpers/common

setup() {
    setup_common
    root_only
    [ "$(cat /proc/1/comm)" = systemd ] || skip "needs systemd as the system's init"
    NAME="units$BATS_TEST_NUMBER"
    UNIT="cfs@$NAME.service" SOCKET="cfs@$NAME.socket"
    local f
    for f in service socket; do
        sed -e "s,/usr/bin/cfs,$CFS --root $STATE," -e "s,/var/lib/cfs/%i,$T/%i," -e "s,/run/cfs-%i.sock,$T/%i.sock," \
            -e s/TimeoutStopSec=10/TimeoutStopSec=1/ "$BATS_TEST_DIRNAME/../../contrib/systemd/cfs@.$f" > "/run/systemd/system/cfs@.$f"
    done
    systemctl daemon-reload
}

teardown() {
    systemctl kill --signal=KILL "$UNIT" 2> /dev/null || true
    timeout 20 systemctl stop "$SOCKET" "$UNIT" 2> /dev/null || true
    systemctl reset-failed "$UNIT" 2> /dev/null || true
    teardown_common
}

property() { systemctl show -P "$1" "$UNIT"; }
# service WORD...: the bundle $NAME, whose program is WORD...
service() {
    B="$T/$NAME"
    new_bundle 'del(.linux.cgroupsPath) | .root.readonly = false'
    args "$@"
}
up() { timeout 20 systemctl start "$UNIT" || { systemctl status "$UNIT" >&2; return 1; }; }
init() { cfs state "$NAME" | jq .pid; }
state_is() { [ "$(property ActiveState)" = "$1" ]; }
READY='inspector notify READY=1'

@test "the service is active when the program says that it is, not before" {
    service sh -c "while ! test -e /tmp/go; do sleep 0.05; done; inspector notify 'STATUS=at work' READY=1; exec inspector sleep"
    systemctl start --no-block "$UNIT"
    wait_for status_is "$NAME" running
    sleep 0.5
    is "$(property ActiveState)" activating
    touch "/proc/$(init)/root/tmp/go"
    wait_for state_is active
    is "$(property StatusText)" "at work"
    # systemd keeps an eye on cfs, whose exit code is the program's.
    is "$(cat "/proc/$(property MainPID)/comm")" cfs
    contains "$(cat "/proc/$(init)/cgroup")" "/cfs-$NAME.scope"
}

@test "a status after that arrives too, and a watchdog's sign of life" {
    mkdir -p "/run/systemd/system/$UNIT.d"
    printf '[Service]\nWatchdogSec=3\n' > "/run/systemd/system/$UNIT.d/watchdog.conf"
    systemctl daemon-reload
    service sh -c "$READY; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.5; inspector notify WATCHDOG=1 STATUS=\$i; done; exec inspector sleep"
    up
    # Longer than the watchdog is patient.
    last_status() { [ "$(property StatusText)" = 9 ]; }
    wait_for last_status
    is "$(property NRestarts)" 0
    # And then there is no sign any more: it is killed, and comes back.
    restarted() { [ "$(property NRestarts)" -ge 1 ]; }
    wait_for restarted
    rm -r "/run/systemd/system/$UNIT.d"
    systemctl daemon-reload
}

@test "stop: the program gets SIGTERM, and nothing is left; one that ignores it is killed" {
    service sh -c "trap 'echo stopped >/tmp/log; exit 0' TERM; $READY; while :; do sleep 0.05; done"
    config '.mounts += [{"destination": "/tmp", "type": "bind", "source": "'"$T"'", "options": ["rbind"]}]'
    up
    systemctl stop "$UNIT"
    is "$(property ActiveState)" inactive
    is "$(property Result)" success
    is "$(cat "$T/log")" stopped
    [ ! -e "$STATE/$NAME" ]
    # An init without a handler does not hear of SIGTERM.
    args sh -c "$READY; exec inspector sleep"
    up
    local pid
    pid=$(init)
    systemctl stop "$UNIT"
    [ ! -e "/proc/$pid" ]
    [ ! -e "$STATE/$NAME" ]
    is "$(systemctl show -P LoadState "cfs-$NAME.scope")" not-found
}

@test "a program that fails is started again; one that ends well is not" {
    service sh -c "echo x >>/tmp/starts; $READY; test \$(wc -l </tmp/starts) -ge 3 || exit 5; exec inspector sleep"
    config '.mounts += [{"destination": "/tmp", "type": "bind", "source": "'"$T"'", "options": ["rbind"]}]'
    up || true
    enough() { [ "$(wc -l < "$T/starts")" -ge 3 ] && state_is active; }
    wait_for enough
    is "$(property NRestarts)" 2
    systemctl stop "$UNIT"
    args sh -c "$READY; exit 0"
    systemctl start "$UNIT" || true
    wait_for state_is inactive
    is "$(property ExecMainStatus)" 0
    is "$(property NRestarts)" 0
}

@test "the exit code is the program's, a signal's too; a bundle that is wrong is a failure with cfs's words in the log" {
    service sh -c "$READY; exit 7"
    mkdir -p "/run/systemd/system/$UNIT.d"
    printf '[Service]\nRestart=no\nStandardError=file:%s/err\n' "$T" > "/run/systemd/system/$UNIT.d/once.conf"
    systemctl daemon-reload
    systemctl start "$UNIT" || true
    wait_for state_is failed
    is "$(property ExecMainStatus)" 7
    args sh -c "$READY; kill -9 \$\$; exec inspector exit 9"
    config '.linux.namespaces |= map(select(.type != "pid"))'
    systemctl start "$UNIT" || true
    wait_for state_is failed
    is "$(property ExecMainStatus)" 137
    args /no/such
    run systemctl start "$UNIT"
    [ "$status" -ne 0 ]
    wait_for state_is failed
    is "$(property ExecMainStatus)" 1
    contains "$(cat "$T/err")" "/no/such: no such file or directory"
    rm -r "/run/systemd/system/$UNIT.d"
}

@test "the runtime is killed: what it left is cleaned up, and the service is back" {
    service sh -c "$READY; exec inspector sleep"
    up
    local before
    before=$(init)
    kill -9 "$(property MainPID)"
    back() { state_is active && [ "$(property NRestarts)" = 1 ]; }
    wait_for back
    [ ! -e "/proc/$before" ]
    [ "$(init)" != "$before" ]
    is "$(systemctl show -P ActiveState "cfs-$NAME.scope")" active
}

@test "a socket: the first who connects starts the container, whose program gets it as descriptor 3" {
    service sh -c 'test "$LISTEN_FDS" = 1 && test "$LISTEN_PID" = $$ && inspector notify READY=1 "STATUS=$LISTEN_FDNAMES" && exec inspector accept "hello from inside"'
    systemctl start "$SOCKET"
    is "$(property ActiveState)" inactive
    is "$(timeout 20 python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
print(s.recv(100).decode())' "$T/$NAME.sock")" "hello from inside"
    is "$(property ActiveState)" active
    is "$(property StatusText)" "$SOCKET"
    systemctl stop "$UNIT"
    # The socket outlives the service, and starts it again.
    is "$(timeout 20 python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
print(s.recv(100).decode())' "$T/$NAME.sock")" "hello from inside"
}

@test "in the background, Type=forking's way: the program itself is the service's main process" {
    service sh -c "$READY; exec inspector sleep"
    cat > /run/systemd/system/background.service <<END
[Service]
Type=notify
NotifyAccess=all
ExecStart=$CFS --root $STATE --systemd-cgroup run --detach --bundle $B $NAME
ExecStopPost=-$CFS --root $STATE delete --force $NAME
END
    UNIT=background.service
    systemctl daemon-reload
    up
    is "$(property MainPID)" "$(init)"
    is "$(property ActiveState)" active
    systemctl stop "$UNIT"
    [ ! -e "$STATE/$NAME" ]
}
