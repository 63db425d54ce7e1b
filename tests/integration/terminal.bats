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

# The inspector's JSON through a terminal, where a carriage return is white space.
from_terminal() { cp "$1" "$OUT"; }

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

# The value is that of runc and crun: the engine's terminal is raw, and needs the carriage return.
@test "a terminal behind a console socket has the modes that the kernel gives it: lines end in CR LF" {
    local modes verb
    modes=$("$PYTHON" -c 'import os, termios; print("%x %x %x %x" % tuple(termios.tcgetattr(os.openpty()[1])[:4]))')
    new_bundle '.process.terminal = true | .process.args = ["/bin/stty", "-g"]'
    for verb in create run; do
        engine
        case $verb in
            create) cfs create -b "$B" --console-socket "$SOCK" "$ID" && cfs start "$ID" ;;
            run) cfs run -d -b "$B" --console-socket "$SOCK" "$ID" ;;
        esac
        wait_for test -s "$T/said"
        is "$(cut -d: -f1-4 "$T/said" | tr : ' ')" "$modes"
        is "$(tail -c 2 "$T/said" | od -An -c | tr -s ' ')" ' \r \n' $verb
        wait_for status_is "$ID" stopped
        cfs delete "$ID"
        rm -f "$T"/said*  "$SOCK"
    done
    args /bin/inspector sleep
    config '.process.terminal = false'
    up
    engine
    cfs exec -t -d --console-socket "$SOCK" "$ID" /bin/echo hello
    wait_for test -s "$T/said"
    is "$(od -An -c < "$T/said" | tr -s ' ')" ' h e l l o \r \n' exec
}

@test "the runtime's own relay: bare newlines into a file or pipe, and no staircase on a terminal" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "echo a; echo b"]'
    cfs run -b "$B" "$ID" < /dev/null > "$T/out"
    is "$(od -An -c < "$T/out" | tr -s ' ')" ' a \n b \n'
    on_tty 24x80 -- "$CFS" --root "$STATE" run -b "$B" "$ID" > "$T/out" 2> /dev/null
    is "$(od -An -c < "$T/out" | tr -s ' ')" ' a \r \n b \r \n'
    args /bin/inspector sleep
    config '.process.terminal = false'
    up
    cfs exec -t "$ID" /bin/sh -c 'echo a; echo b' < /dev/null > "$T/out"
    is "$(od -An -c < "$T/out" | tr -s ' ')" ' a \n b \n'
    on_tty 24x80 -- "$CFS" --root "$STATE" exec -t "$ID" /bin/sh -c 'echo a; echo b' > "$T/out" 2> /dev/null
    is "$(od -An -c < "$T/out" | tr -s ' ')" ' a \r \n b \r \n'
}

# spec: config-linux.default-devices.2
@test "/dev/console is the terminal, and only on a terminal" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "stat -c %t:%T /dev/pts/0 /dev/console; echo via-console > /dev/console"]'
    engine
    cfs create -b "$B" --console-socket "$SOCK" "$ID"
    cfs start "$ID"
    wait_for grep -q via-console "$T/said"
    is "$(cat "$T/said")" $'88:0\r\n88:0\r\nvia-console\r'
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

@test "a socket without a listener, and a file that is not a socket" {
    new_bundle '.process.terminal = true'
    run cfs create -b "$B" --console-socket "$T/absent" "$ID"
    is "$status" 1
    contains "$output" "$T/absent"
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
    is "$(cat "$T/said")" $'1000 5 620\r'
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
    is "$output" $'/dev/pts/0\ndone'
}

@test "much output through a terminal is complete" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done"]'
    cfs run -b "$B" "$ID" < /dev/null > "$T/out"
    is "$(grep -c '^line ' "$T/out")" 5000
    is "$(tail -1 "$T/out")" "line 4999"
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
    "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/stuck" 7>&- 3>&- &
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

# read(2) after poll(2) waits for ever when another reader of the same file was faster; O_NONBLOCK is shared with them: open(2).
@test "shared standard streams: we wait on open files of our own, and theirs stay as they were" {
    new_bundle '.process.terminal = true | .process.args = ["/bin/sh", "-c", "read a; echo read:$a"]'
    mkfifo "$T/in"
    exec 7<> "$T/in"
    "$CFS" --root "$STATE" run -b "$B" "$ID" < "$T/in" > "$T/out" 7>&- 3>&- &
    local pid=$! fd own=0
    wait_for status_is "$ID" running
    own_stdin() {
        for fd in /proc/$pid/fd/*; do
            [ "$(readlink "$fd")" = "$T/in" ] && [ "${fd##*/}" != 0 ] || continue
            grep -Eq '^flags:[[:space:]]+0*2?[0-9]*4[0-9]{3}$' "/proc/$pid/fdinfo/${fd##*/}" && return 0
        done
        return 1
    }
    wait_for own_stdin
    # O_NONBLOCK is 04000.
    is $((0$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$pid/fdinfo/0") & 04000)) 0
    echo shared >&7
    wait $pid
    exec 7>&-
    contains "$(cat "$T/out")" read:shared
}

@test "a program that closes its terminal and opens it later is heard again" {
    new_bundle '.process.terminal = true'
    local say='exec 0<&- 1>&- 2>&-; sleep 0.5; echo again > /dev/console; sleep 0.3; echo more > /dev/console; exit 3'
    args sh -c "echo first; $say"
    run on_tty 24x80 -- "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 3 "$output"
    contains "$output" first
    contains "$output" again
    contains "$output" more
    contains "$output" "terminal restored"
    # And hears again.
    args sh -c 'exec 0<&- 1>&- 2>&-; sleep 0.5; exec < /dev/console > /dev/console; echo ready; read a; echo got:$a'
    run on_tty 24x80 --type ready $'hello\n' -- "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 0 "$output"
    contains "$output" got:hello
    config '.process.terminal = false'
    args /bin/inspector sleep
    up
    run on_tty 24x80 -- "$CFS" --root "$STATE" exec -t "$ID" sh -c 't=$(tty); exec 0<&- 1>&- 2>&-; sleep 0.5; echo again > $t; exit 4'
    is "$status" 4 "$output"
    contains "$output" again
}

@test "a background job leaves the terminal alone, and works in the foreground afterwards" {
    new_bundle '.process.terminal = true'
    args sh -c 'echo begun; read a; echo got:$a; stty size'
    local run="$CFS --root $STATE run -b $B $ID"
    run on_tty 24x80 --type 'BASH' "$run &"$'\n' --type begun $'stty -a | grep -oE "[-]?icanon"; echo in:front\n' \
        --type $'in:front\r\n' $'fg\n' --type "run -b" $'typed\n' --type 'got:typed' $'exit\n' -- env PS1='BASH$ ' bash --norc --noprofile -i
    contains "$output" got:typed
    contains "$output" "24 80"
    # The shell's terminal is not raw while the job is in the background (what is typed next may be shown in between).
    contains "$output" $'icanon\r\n'
    contains "$output" $'\nin:front'
    [[ "$output" != *-icanon* ]]
}

# As any program on a pipe whose reader leaves; what is on the terminal's other side learns of it by SIGHUP.
@test "cfs run | head: ends soon, the caller's terminal is restored, nothing is left" {
    local what begin
    new_bundle '.process.terminal = true'
    # One that dies of what it is told, one that takes no notice, one that is not a shell.
    for what in 'i=0; while echo line $i; do i=$((i + 1)); done' 'trap "" HUP; while :; do echo line; sleep 0.05; done' 'exec cat /dev/zero'; do
        args sh -c "$what"
        begin=$SECONDS
        run on_tty 24x80 -- bash -c '"$@" | head -c 5 > /dev/null; echo "status ${PIPESTATUS[0]}"; stty -a | grep -oE "[-]?icanon"' bash "$CFS" --root "$STATE" run -b "$B" "$ID"
        [ $((SECONDS - begin)) -lt 6 ]
        contains "$output" "terminal restored"
        contains "$output" $'\nicanon'
        is "$(ls -A "$STATE")" ""
    done
    config '.process.terminal = false'
    args /bin/inspector sleep
    up
    run on_tty 24x80 -- bash -c '"$@" | head -1; stty -a | grep -oE "[-]?icanon"' bash "$CFS" --root "$STATE" exec -t "$ID" sh -c 'while :; do echo line; sleep 0.05; done'
    contains "$output" line
    contains "$output" "terminal restored"
    wait_for eval '[ "$(cfs ps -f json "$ID" | jq length)" = 1 ]'
}

# As GNU's programs do on /dev/full: an exit status of 0 would say that the output is somewhere.
@test "a terminal's output that cannot be written is a failure, unless the program has failed itself" {
    [ -c /dev/full ] || skip "needs /dev/full"
    new_bundle '.process.terminal = true'
    local words
    for words in 'echo hello|1' 'true|0' 'echo hello; exit 7|7'; do
        args sh -c "${words%|*}"
        status=0
        on_tty 24x80 -- bash -c '"$@" > /dev/full 2> '"$T/said" bash "$CFS" --root "$STATE" run -b "$B" "$ID" > /dev/null || status=$?
        is "$status" "${words#*|}" "$words"
        [ "$words" = 'true|0' ] || contains "$(cat "$T/said")" "write to standard output: no space left on device"
        is "$(ls -A "$STATE")" "" "$words"
    done
    config '.process.terminal = false'
    args /bin/inspector sleep
    up
    status=0
    on_tty 24x80 -- bash -c '"$@" > /dev/full' bash "$CFS" --root "$STATE" exec -t "$ID" echo hello > /dev/null || status=$?
    is "$status" 255
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

@test "without a terminal the process cannot reach ours (TIOCSTI, CVE-2017-5226) [session]" {
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
