# SPDX-License-Identifier: LGPL-2.1-or-later
# Hooks (config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle"): order, namespaces, status, environment, failures.
load helpers/common

setup() {
    setup_common
    root_only
    NOTES="$T/notes"
    export BATS_NOTHING_OF_MINE=secret
}

# The hook of the runtime's side: notes its name, its status and whatever else is asked for.
new_hook_bundle() {
    new_bundle "$@"
    cat > "$T/hook" << EOF
#!/bin/sh
{
    printf '%s ' "\$1"
    /usr/bin/env jq -c '[.status, .pid]' || cat
} >> $NOTES
EOF
    chmod +x "$T/hook"
    # The container's side has no jq.
    cat > "$B/rootfs/hook" << 'EOF'
#!/bin/sh
{ echo "$1 cwd=$PWD"; cat; echo; env; readlink /proc/self/ns/pid; } >> /notes
EOF
    chmod +x "$B/rootfs/hook"
    chmod 777 "$B/rootfs"
    config '.root.readonly = false'
}

# hook KIND PATH [ARG...]: appends one.
hook() {
    local kind="$1" path="$2"
    shift 2
    jq --arg k "$kind" --arg p "$path" '.hooks[$k] += [{"path": $p, "args": (["hook"] + $ARGS.positional), "env": ["PATH=/usr/bin:/bin"]}]' \
        "$B/config.json" --args -- "$@" > "$B/config.json.new"
    mv "$B/config.json.new" "$B/config.json"
}

names() { awk '{ printf "%s%s", sep, $1; sep = " " }' "$NOTES"; }

# spec: config.hooks.6 config.hooks.7 config.hooks.9 config.hooks.11 config.hooks.14 config.hooks.17
# spec: config.hooks.19 config.hooks.21 runtime.lifecycle.5 runtime.lifecycle.7 runtime.lifecycle.9
# spec: runtime.lifecycle.11 runtime.lifecycle.14 runtime.lifecycle.17 runtime.state.6
# spec: runtime.state.7 runtime.hooks.1 features.hooks.1
@test "all six run, in order, with the status that the specification gives them" {
    needs jq
    new_hook_bundle '.process.args = ["/bin/sh", "-c", "echo program >> /notes"]'
    local k
    for k in prestart createRuntime createContainer poststart poststop; do
        hook $k "$T/hook" "$k-0"
        hook $k "$T/hook" "$k-1"
    done
    hook startContainer /hook startContainer
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    local pid="$(cfs state "$ID" | jq .pid)"
    is "$(names)" "prestart-0 prestart-1 createRuntime-0 createRuntime-1 createContainer-0 createContainer-1"
    [ ! -e "$B/rootfs/notes" ]
    cfs start "$ID"
    is "$(names)" "prestart-0 prestart-1 createRuntime-0 createRuntime-1 createContainer-0 createContainer-1 poststart-0 poststart-1"
    wait_for status_is "$ID" stopped
    is "$(grep -n -e startContainer -e program "$B/rootfs/notes" | sed 's/:.*cwd=/ /; s/:/ /' | awk '{ print $2 }' | tr '\n' ' ')" "/ program "
    cfs delete "$ID"
    is "$(grep prestart-0 "$NOTES")" 'prestart-0 ["creating",'"$pid"']'
    is "$(grep createRuntime-1 "$NOTES")" 'createRuntime-1 ["creating",'"$pid"']'
    is "$(grep createContainer-0 "$NOTES")" 'createContainer-0 ["creating",1]'
    is "$(grep poststart-0 "$NOTES")" 'poststart-0 ["running",'"$pid"']'
    is "$(tail -2 "$NOTES")" $'poststop-0 ["stopped",null]\npoststop-1 ["stopped",null]'
    contains "$(cat "$B/rootfs/notes")" '"status":"created"'
    contains "$(cat "$B/rootfs/notes")" '"pid":1,'
}

# spec: config.hooks.7
@test "the state: everything that the specification asks for" {
    new_hook_bundle '.process.args = ["/bin/true"] | .annotations = {"a": "b"}'
    config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "cat > '"$T/state.json"'"]}]'
    cfs run -b "$B" "$ID"
    is "$(jq -c '[(.ociVersion | test("^1[.]")), .id, .bundle, .rootfs, .annotations, (.pid > 1)]' "$T/state.json")" \
        '[true,"'"$ID"'","'"$B"'","'"$B/rootfs"'",{"a":"b"},true]'
}

# spec: config.hooks.2 config.hooks.3
@test "hooks of the runtime's side: the environment of env, the bundle as directory, three descriptors, clean signals" {
    new_hook_bundle '.process.args = ["/bin/true"] | .process.env = ["LD_PRELOAD=/evil.so", "PATH=/bin"]'
    local k
    for k in prestart createRuntime createContainer poststart poststop; do
        config '.hooks["'$k'"] = [{"path": "/bin/sh", "env": ["ONLY=this"], "args": ["sh", "-c", "{ tr \"\\\\0\" \" \" < /proc/self/environ; pwd; ls -x /proc/self/fd; grep -E \"^Sig(Blk|Ign)\" /proc/self/status; cut -d\" \" -f5-7 /proc/self/stat; } > '"$T"'/'$k'.txt"]}]'
    done
    (trap '' PIPE HUP; exec 7< /etc/passwd; cfs run -b "$B" "$ID" > /dev/null)
    for k in prestart createRuntime createContainer poststart poststop; do
        is "$(sed -n 1p "$T/$k.txt")" "ONLY=this $B" $k
        is "$(sed -n 2p "$T/$k.txt" | tr -s ' ')" "0 1 2 3" "$k (3 is ls's own)"
        contains "$(cat "$T/$k.txt")" $'SigBlk:\t0000000000000000'
        contains "$(cat "$T/$k.txt")" $'SigIgn:\t0000000000000000'
        # Process group and session are its own, and it has no terminal.
        is "$(tail -1 "$T/$k.txt" | awk '{ print $1 == $2, $3 }')" "1 0" $k
        [ "$(tail -1 "$T/$k.txt" | cut -d' ' -f2)" != "$(cut -d' ' -f6 /proc/self/stat)" ]
    done
}

# The specification leaves open what a hook without env gets; the values are those of runc and crun.
@test "without env: the runtime's environment, for startContainer the container's; an empty env is none (CVE-2025-23266)" {
    new_hook_bundle '.process.args = ["/bin/true"] | .process.env = ["FROM=container", "PATH=/bin", "LD_PRELOAD=/evil.so"]' \
        '.annotations = {"run.oci.hooks.stdout": "'"$T/out"'"}'
    config '["prestart", "createRuntime", "createContainer", "poststart", "poststop"] as $kinds |
        .hooks = ([$kinds[] as $k | {key: $k, value: [{"path": "/bin/echo", "args": ["echo", $k]}, {"path": "/usr/bin/env"},
            {"path": "/bin/echo", "args": ["echo", "empty"]}, {"path": "/usr/bin/env", "env": []}]}] | from_entries)
        | .hooks.startContainer = [{"path": "/bin/echo", "args": ["echo", "startContainer"]}, {"path": "/bin/env"},
            {"path": "/bin/echo", "args": ["echo", "own"]}, {"path": "/bin/env", "env": ["FROM=hook"]},
            {"path": "/bin/echo", "args": ["echo", "empty"]}, {"path": "/bin/env", "env": []}]'
    env -i PATH=/usr/bin:/bin FROM=runtime "$CFS" --root "$STATE" run -b "$B" "$ID"
    local theirs=" PATH=/usr/bin:/bin FROM=runtime empty"
    is "$(grep -v ^HOME= "$T/out" | tr '\n' ' ')" "prestart$theirs createRuntime$theirs createContainer$theirs startContainer FROM=container PATH=/bin LD_PRELOAD=/evil.so own FROM=hook empty poststart$theirs poststop$theirs "
}

# spec: config.hooks.10 config.hooks.12 config.hooks.13
@test "namespaces: createContainer has the runtime's files in the container's namespaces, after the mounts" {
    new_hook_bundle '.process.args = ["/bin/sh", "-c", "readlink /proc/self/ns/uts > /ns; readlink /proc/self/ns/net >> /ns"]' \
        '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
    local k
    for k in createRuntime createContainer; do
        config '.hooks["'$k'"] = [{"path": "/bin/sh", "args": ["sh", "-c", "readlink /proc/$$/ns/uts /proc/$$/ns/net > '"$T/$k"'; grep -c '"$B/rootfs/tmp"' /proc/$$/mountinfo >> '"$T/$k"'; true"]}]'
    done
    # Without a PID namespace, so that the host's /proc knows the hook's pid.
    config '.linux.namespaces |= map(select(.type != "pid"))'
    cfs run -b "$B" "$ID"
    is "$(head -2 "$T/createRuntime")" "$(readlink /proc/self/ns/uts /proc/self/ns/net)"
    is "$(head -2 "$T/createContainer")" "$(cat "$B/rootfs/ns")"
    is "$(sed -n 3p "$T/createRuntime")" 0
    is "$(sed -n 3p "$T/createContainer")" 1
}

# A bundle whose second hook of that kind fails.
failing() {
    local kind="$1"
    new_hook_bundle '.process.args = ["/bin/sleep", "30"]'
    hook poststop "$T/hook" poststop
    config '.hooks["'$kind'"] = [{"path": "/bin/true"}, {"path": "/bin/sh", "args": ["sh", "-c", "echo one; echo two >&2; exit 3"]}]'
}

# spec: runtime.lifecycle.6 runtime.lifecycle.8 runtime.lifecycle.10
@test "a failing prestart, createRuntime or createContainer hook: the error says all, everything is undone, poststop runs" {
    local k before
    for k in prestart createRuntime createContainer; do
        rm -f "$NOTES"
        failing $k
        before="$(host_snapshot)"
        run cfs create -b "$B" "$ID" < /dev/null
        is "$status" 1
        contains "$output" "error running $k hook #1:"
        contains "$output" "hooks.$k[1]"
        contains "$output" "(/bin/sh): exit status 3 after "
        contains "$output" "output: one; two"
        is "$(host_snapshot)" "$before"
        is "$(cat "$NOTES")" 'poststop ["stopped",null]'
    done
}

# "... MUST generate an error, stop the container, and continue the lifecycle at step 12": it is destroyed, and the poststop
# hooks run.
# spec: runtime.lifecycle.12 runtime.lifecycle.15
@test "a failing startContainer or poststart hook is start's error; the container is destroyed, and poststop runs" {
    local k how before
    for k in startContainer poststart; do
        failing $k
        before="$(host_snapshot)"
        for how in start run detached; do
            rm -f "$NOTES"
            case $how in
                start)
                    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
                    run cfs start "$ID"
                    ;;
                run) run cfs run -b "$B" "$ID" < /dev/null ;;
                detached) run cfs run -d -b "$B" "$ID" < /dev/null ;;
            esac
            is "$status" 1 "$k $how"
            contains "$output" "error running $k hook #1:"
            contains "$output" "exit status 3"
            contains "$output" "one; two"
            is "$(host_snapshot)" "$before" "$k $how"
            is "$(cat "$NOTES")" 'poststop ["stopped",null]' "$k $how"
            run cfs state "$ID"
            contains "$output" "does not exist"
        done
    done
}

@test "a program that the kernel refuses at start leaves a stopped container, which waits for its delete" {
    new_hook_bundle '.process.args = ["/bin/script"]'
    printf '#!/no/such/interpreter\n' > "$B/rootfs/bin/script"
    chmod +x "$B/rootfs/bin/script"
    hook poststop "$T/hook" poststop
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    cfs start "$ID"
    wait_for status_is "$ID" stopped
    [ ! -e "$NOTES" ]
    cfs delete "$ID"
    is "$(names)" poststop
}

# spec: runtime.lifecycle.18 runtime.warnings.1
@test "a failing poststop hook is a warning, and the others still run" {
    new_hook_bundle '.process.args = ["/bin/true"]'
    config '.hooks.poststop = [{"path": "/bin/false"}, {"path": "/does/not/exist"}]'
    hook poststop "$T/hook" poststop
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 0
    contains "$output" "error running poststop hook #0:"
    contains "$output" "error running poststop hook #1:"
    contains "$output" "no such file or directory"
    is "$(names)" poststop
    is "$(ls -A "$STATE")" ""
}

@test "a create that does not get to its hooks runs none, poststop included" {
    new_hook_bundle '.mounts += [{"destination": "/data", "type": "bind", "source": "/does/not/exist", "options": ["bind"]}]'
    hook createRuntime "$T/hook" createRuntime
    hook poststop "$T/hook" poststop
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    [ ! -e "$NOTES" ]
}

# spec: config.hooks.4
@test "after a timeout the hook and its process group are gone" {
    new_hook_bundle '.process.args = ["/bin/true"]'
    config '.hooks.createRuntime = [{"path": "/bin/sh", "timeout": 1, "args": ["sh", "-c", "echo started; sleep 3456 & echo $! > '"$T/pid"'; sleep 3457"]}]'
    local begin=$SECONDS
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    [ $((SECONDS - begin)) -lt 5 ]
    contains "$output" "error running createRuntime hook #0:"
    contains "$output" "timeout of 1 s"
    contains "$output" "output: started"
    wait_for eval "! kill -0 $(cat "$T/pid") 2> /dev/null"
    is "$(ls -A "$STATE")" ""
}

# As with crun. (runc's run goes on, and forwards the signal to the program once that runs.)
@test "run is told to end while a prestart or createRuntime hook works: it does, and undoes" {
    new_hook_bundle '.process.args = ["/bin/sh", "-c", "echo program > /ran"]'
    local k signal before
    for k in prestart createRuntime; do
        config '.hooks = {"'$k'": [{"path": "/bin/sh", "args": ["sh", "-c", "echo $$ > '"$T/pid"'; sleep 3456"]}],
            "poststop": [{"path": "'"$T/hook"'", "args": ["hook", "poststop"]}]}'
        before="$(host_snapshot)"
        for signal in TERM INT; do
            rm -f "$NOTES" "$T/pid"
            # A command in the background of a shell that has no job control ignores SIGINT: setsid(1) would, too.
            "$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > "$T/said" 2>&1 3>&- &
            local pid=$!
            wait_for test -s "$T/pid"
            kill -$signal $pid
            local status=0
            wait $pid || status=$?
            is "$status" 1 "$k $signal: $(cat "$T/said")"
            contains "$(cat "$T/said")" "error running $k hook #0:"
            contains "$(cat "$T/said")" "signal $(kill -l $signal)"
            gone "$(cat "$T/pid")"
            [ ! -e "$B/rootfs/ran" ]
            is "$(names)" poststop
            is "$(host_snapshot)" "$before"
        done
    done
}

@test "a hook may leave a process behind that holds its output open" {
    new_hook_bundle '.process.args = ["/bin/true"]'
    config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "sleep 5 & echo $! > '"$T/pid"'"]}]'
    local begin=$SECONDS
    cfs run -b "$B" "$ID" < /dev/null
    [ $((SECONDS - begin)) -lt 4 ]
    kill -0 "$(cat "$T/pid")"
    kill "$(cat "$T/pid")"
}

@test "a hook need not read its state, however long that is" {
    new_hook_bundle '.process.args = ["/bin/true"]'
    config '.annotations = {"long": ("x" * 300000)}'
    config '.hooks = {"createRuntime": [{"path": "/bin/true"}, {"path": "/bin/sh", "args": ["sh", "-c", "exec < /dev/null; sleep 0.1"]},
        {"path": "/bin/sh", "args": ["sh", "-c", "wc -c > '"$T/size"'"]}]}'
    cfs run -b "$B" "$ID" < /dev/null
    [ "$(cat "$T/size")" -gt 300000 ]
}

@test "a hook that writes a lot: its last lines are shown" {
    new_hook_bundle
    config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "seq 1 100000; exit 1"]}]'
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "99999; 100000"
    contains "$output" "output: ... "
    [ "${#output}" -lt 2000 ]
}

@test "a hook killed by a signal; one that cannot be executed" {
    new_hook_bundle
    config '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "kill -SEGV $$"]}]'
    run cfs create -b "$B" "$ID" < /dev/null
    contains "$output" "killed by signal 11"
    config '.hooks.createRuntime = [{"path": "/does/not/exist"}]'
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "error running createRuntime hook #0:"
    contains "$output" "no such file or directory"
    touch "$T/plain"
    config '.hooks.createContainer = [{"path": "'"$T/plain"'"}] | del(.hooks.createRuntime)'
    run cfs create -b "$B" "$ID" < /dev/null
    contains "$output" "error running createContainer hook #0:"
    contains "$output" "permission denied"
    is "$(ls -A "$STATE")" ""
}

@test "the error is structured" {
    new_hook_bundle
    config '.hooks.createRuntime = [{"path": "/bin/true"}, {"path": "/bin/false"}]'
    run cfs --log "$T/log" --log-format json create -b "$B" "$ID" < /dev/null
    is "$status" 1
    is "$(jq -c '[.level, .code, .property]' "$T/log")" '["error","hook","hooks.createRuntime[1]"]'
}

# spec: config.hooks.1 config.hooks.5
@test "a relative path and a timeout of zero are refused" {
    new_hook_bundle
    config '.hooks.poststop = [{"path": "bin/true"}]'
    run cfs create -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "hooks"
    contains "$output" "poststop"
    contains "$output" "absolute path"
    local timeout
    for timeout in 0 -1; do
        config '.hooks = {"prestart": [{"path": "/bin/true", "timeout": '$timeout'}]}'
        run cfs create -b "$B" "$ID" < /dev/null
        is "$status" 1
        contains "$output" timeout
    done
    is "$(ls -A "$STATE" 2> /dev/null)" ""
}

@test "run.oci.hooks.stdout and stderr collect the output of all hooks" {
    new_hook_bundle '.process.args = ["/bin/true"] | .annotations = {"run.oci.hooks.stdout": "'"$T/out"'", "run.oci.hooks.stderr": "'"$T/err"'"}'
    local k
    for k in prestart createRuntime createContainer startContainer poststart poststop; do
        config '.hooks["'$k'"] = [{"path": "/bin/sh", "args": ["sh", "-c", "echo out '$k'; echo err '$k' >&2"]}]'
    done
    cfs run -b "$B" "$ID" < /dev/null
    is "$(tr '\n' ' ' < "$T/out")" "out prestart out createRuntime out createContainer out startContainer out poststart out poststop "
    is "$(wc -l < "$T/err")" 6
}

# runtime.md, "Lifecycle" 13: poststop hooks must be invoked; what fails about them is a warning.
@test "run.oci.hooks.stdout in a directory that is gone: poststop hooks run, with a warning" {
    mkdir "$T/logs"
    new_hook_bundle '.process.args = ["/bin/true"] | .annotations = {"run.oci.hooks.stdout": "'"$T/logs/out"'", "run.oci.hooks.stderr": "'"$T/logs/err"'"}'
    hook poststop "$T/hook" poststop-0
    hook poststop "$T/hook" poststop-1
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    rm -r "$T/logs"
    run cfs delete "$ID"
    is "$status" 0
    contains "$output" "the output of hooks"
    contains "$output" "no such file or directory"
    is "$(names)" "poststop-0 poststop-1"
}

@test "hooks in a user namespace" {
    new_hook_bundle '.linux.namespaces += [{"type": "user"}] | .process.args = ["/bin/true"]' \
        '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    install -m 666 /dev/null "$NOTES"
    hook createRuntime "$T/hook" createRuntime
    hook createContainer "$T/hook" createContainer
    hook startContainer /hook startContainer
    cfs run -b "$B" "$ID" < /dev/null
    is "$(names)" "createRuntime createContainer"
    contains "$(cat "$B/rootfs/notes")" "startContainer cwd=/"
}

@test "explain names them" {
    new_hook_bundle
    hook prestart /usr/bin/thing a b
    hook poststop /usr/bin/other
    run cfs explain -b "$B"
    [ "$status" = 0 ] || run cfs explain "$B"
    contains "$output" "run /usr/bin/thing a b in the namespaces of the runtime"
    contains "$output" "run /usr/bin/other"
}
