# SPDX-License-Identifier: LGPL-2.1-or-later
# process.terminal, process.consoleSize, --console-socket, and a foreground run on a terminal.
load helpers/common

setup() {
    setup_common
    root_only
}

TTY="$BATS_TEST_DIRNAME/helpers/tty.py"

# engine [INPUT]: a receiver on $SOCK; what the terminal says goes to $T/said.
engine() {
    SOCK="${SOCK:-$T/console.sock}"
    background "$PYTHON" "$TTY" console "$SOCK" "$T/said" "$@"
    wait_for test -e "$T/said.ready"
}

on_tty() { "$PYTHON" "$TTY" run "$@"; }

# The inspector's JSON through a terminal.
from_terminal() { tr -d '\r' < "$1" > "$OUT"; }

# spec: config.process.2
@test "create with a console socket: the master arrives before create ends, with a name" {
    new_bundle '.process.terminal = true'
    engine
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    wait_for test -s "$T/said.name"
    grep -Eq '^/dev/.+ 1$' "$T/said.name"
    cfs start "$ID"
    wait_for status_is "$ID" stopped
    wait_for grep -q '"terminal"' "$T/said"
    from_terminal "$T/said"
    is "$(got .terminal.name)" /dev/pts/0
    is "$(got .terminal.controlling)" true
    is "$(got '[.fds["0"], .fds["1"], .fds["2"]] | unique')" '["/dev/pts/0"]'
    is "$(got '.fds | keys')" '["0","1","2"]'
    is "$(got '.sid')" 1
}

@test "lines end in a bare newline (ONLCR is off)" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/echo", "hello"]'
    engine
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    cfs start "$ID"
    wait_for test -s "$T/said"
    is "$(od -An -c < "$T/said" | tr -s ' ')" ' h e l l o \n'
}

# spec: config-linux.default-devices.2
@test "/dev/console is the terminal, and only on a terminal" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "stat -c %t:%T /dev/pts/0 /dev/console; echo via-console > /dev/console"]'
    engine
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    cfs start "$ID"
    wait_for grep -q via-console "$T/said"
    is "$(sed -n 1p "$T/said")" "$(sed -n 2p "$T/said")"
    is "$(sed -n 1p "$T/said")" 88:0
}

# spec: config.process.4
@test "consoleSize" {
    new_bundle '.process.terminal = true | .process.consoleSize = {"height": 33, "width": 122}'
    engine
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    cfs start "$ID"
    wait_for status_is "$ID" stopped
    wait_for grep -q '"terminal"' "$T/said"
    from_terminal "$T/said"
    is "$(got '.terminal | "\(.rows)x\(.cols)"')" 33x122
}

# spec: config.process.3
@test "consoleSize without a terminal is ignored" {
    new_bundle '.process.consoleSize = {"height": 33, "width": 122}'
    inspect
    is "$(got .terminal)" null
}

@test "what the engine types arrives" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "read line; echo got:$line"]'
    engine $'typed\n'
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    cfs start "$ID"
    wait_for grep -q got:typed "$T/said"
}

@test "a socket path that is longer than an address" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/echo", "hello"]'
    local dir="$T/$(printf 'd%.0s' {1..120})"
    mkdir "$dir"
    SOCK="$dir/s"
    engine
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    cfs start "$ID"
    wait_for grep -q hello "$T/said"
}

@test "a socket that nobody listens on, or that is none" {
    new_bundle '.process.terminal = true'
    run cfs create -b "$B" --console-socket "$T/nobody" "$ID"
    is "$status" 1
    contains "$output" "$T/nobody"
    echo > "$T/file"
    run cfs create -b "$B" --console-socket "$T/file" "$ID"
    is "$status" 1
    contains "$output" "$T/file"
    run cfs state "$ID"
    contains "$output" "does not exist"
}

@test "a console socket without a terminal is an error" {
    new_bundle
    engine
    run cfs create -b "$B" --console-socket "$SOCK" "$ID"
    is "$status" 1
    contains "$output" "cannot use console socket"
}

@test "the terminal belongs to the process's user" {
    new_bundle '.process.terminal = true | .process.user = {"uid": 1000, "gid": 1000} | .process.args = ["/bin/stat", "-c", "%u %g %a", "/dev/pts/0"]'
    engine
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    cfs start "$ID"
    wait_for test -s "$T/said"
    is "$(cat "$T/said")" "1000 5 620"
}

@test "run in the foreground on a terminal: output, exit code, size, and our own terminal as it was" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "stty size; tty; exit 5"]'
    run on_tty 41x101 -- "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 5 "$output"
    contains "$output" "41 101"
    contains "$output" /dev/pts/0
    contains "$output" "terminal restored"
}

@test "run in the foreground: typing, end of file, interrupt" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "echo ready; read a; echo read:$a; cat; echo end"]'
    run on_tty 24x80 --type ready $'hello\n' --type read:hello $'more\n\x04' -- "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 0 "$output"
    contains "$output" read:hello
    contains "$output" more
    contains "$output" end
    # ^C comes out of the container's terminal: the shell's child is hit, not cfs.
    args sh -c 'trap "echo interrupted; exit 3" INT; echo go; sleep 5 & wait'
    run on_tty 24x80 --type go $'\x03' -- "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 3 "$output"
    contains "$output" interrupted
}

@test "run in the foreground: a new size goes in" {
    new_bundle '.process.terminal = true'
    args sh -c 'trap "stty size; exit 0" WINCH; echo first; while :; do sleep 0.05; done'
    run on_tty 24x80 --resize first 50x132 -- "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 0 "$output"
    contains "$output" "50 132"
}

@test "run with a terminal when our own standard streams are none" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "tty; echo done"]'
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 0
    contains "${output//$'\r'/}" /dev/pts/0
    contains "$output" done
}

@test "much output through a terminal is complete" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done"]'
    cfs run -b "$B" "$ID" < /dev/null > "$T/out"
    is "$(tr -d '\r' < "$T/out" | grep -c '^line ')" 5000
    is "$(tr -d '\r' < "$T/out" | tail -1)" "line 4999"
}

@test "a slow reader loses nothing" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done"]'
    cfs run -b "$B" "$ID" < /dev/null | (sleep 1; cat) > "$T/out"
    is "$(grep -c '^line ' "$T/out")" 3000
}

@test "a reader that has stopped reading: we can still be told to end" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "head -c 70000 /dev/zero; echo > /done"] | .root.readonly = false'
    mkfifo "$T/stuck"
    exec 7<> "$T/stuck"
    "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/stuck" 7>&- &
    local pid=$!
    wait_for test -e "$B/rootfs/done"
    wait_for status_is "$ID" stopped
    kill -0 $pid
    kill -TERM $pid
    local status=0
    wait $pid || status=$?
    exec 7>&-
    is $status 0
    is "$(ls -A "$STATE")" ""
}

@test "exec with a terminal, in the foreground and by a socket" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    up
    run on_tty 30x90 -- "$CFS" --root "$STATE" exec -t "$ID" /bin/sh -c 'tty; stty size; exit 4'
    is "$status" 4 "$output"
    contains "$output" /dev/pts/
    contains "$output" "30 90"
    engine
    cfs exec -t -d --console-socket "$SOCK" "$ID" /bin/inspector
    wait_for grep -q '"terminal"' "$T/said"
    sleep 0.1
    from_terminal "$T/said"
    is "$(got .terminal.controlling)" true
    is "$(got '.fds | keys')" '["0","1","2"]'
}

@test "without a terminal the process cannot reach ours (TIOCSTI, CVE-2017-5226)" {
    new_bundle '.process.args = ["/bin/sh", "-c", "echo x > /dev/tty"]'
    run on_tty 24x80 -- "$CFS" --root "$STATE" run -b "$B" "$ID"
    contains "$output" "No such device or address"
    args /bin/inspector sleep
    up
    run on_tty 24x80 -- "$CFS" --root "$STATE" exec "$ID" /bin/sh -c 'echo x > /dev/tty'
    contains "$output" "No such device or address"
}

@test "a terminal needs devpts, and says so" {
    new_bundle '.process.terminal = true | .mounts |= map(select(.type != "devpts"))'
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" process.terminal
    contains "$output" devpts
}
