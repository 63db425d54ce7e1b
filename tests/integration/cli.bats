# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line as engines and people meet it: options, help, messages, the log, exit codes, the generated documents.
load helpers/common

# Standard output and standard error of a command, apart: $output and $errors, and $status.
apart() {
    status=0
    output=$("$@" 2> "$T/stderr") || status=$?
    errors=$(cat "$T/stderr")
}

every_command() { "$CFS" help --json | jq -r '.commands[].name'; }

# ---- version and help -------------------------------------------------------------------------------------------

@test "--version: three lines that engines read, and one with the features" {
    local flag
    for flag in --version -version -v -V; do
        apart "$CFS" $flag
        is "$status" 0
        is "$errors" ""
        is "$(wc -l <<< "$output")" 4
        grep -Eqx 'cfs version [0-9]+\.[0-9]+\.[0-9]+[^ ]*' <<< "$(sed -n 1p <<< "$output")"
        grep -Eqx 'commit: .+' <<< "$(sed -n 2p <<< "$output")"
        grep -Eqx 'spec: 1\.[0-9]+\.[0-9]+' <<< "$(sed -n 3p <<< "$output")"
        grep -Eqx '[+-]SYSTEMD [+-]SELINUX [+-]APPARMOR [+-]CAP [+-]SECCOMP [+-]EBPF [+-]CRIU [+-]YAJL' <<< "$(sed -n 4p <<< "$output")"
    done
}

@test "argv[0] does not matter" {
    ln -s "$CFS" "$T/runc"
    apart "$T/runc" --version
    is "$status" 0
    is "$(head -n 1 <<< "$output")" "$("$CFS" --version | head -n 1)"
}

@test "help begins with NAME: and lists every command" {
    local form command
    for form in help h --help -h -help ""; do
        apart "$CFS" $form
        is "$status" 0
        is "$errors" ""
        is "$(head -n 1 <<< "$output")" NAME:
        for command in $(every_command); do grep -Eq "^   $command " <<< "$output"; done
    done
}

@test "every command has a help that begins with NAME: and shows its options" {
    local command option n=0
    for command in $(every_command); do
        apart "$CFS" $command --help
        is "$status" 0 "$command"
        is "$errors" ""
        is "$(sed -n 1p <<< "$output")" NAME:
        contains "$(sed -n 2p <<< "$output")" "cfs $command - "
        is "$output" "$("$CFS" help $command)"
        for option in $("$CFS" help --json | jq -r --arg c $command '.commands[] | select(.name == $c).options[].name'); do
            grep -Eq -- "--$option( |\$)" <<< "$output"
        done
        n=$((n + 1))
    done
    [ $n -ge 20 ]
}

@test "no line of a help is wider than a terminal may be" {
    local command
    for command in $(every_command); do
        "$CFS" $command --help | awk -v c=$command 'length > 132 { print c ": " $0; bad = 1 } END { exit bad }'
    done
}

@test "an unknown command names itself, and the one that was meant" {
    apart "$CFS" foo
    is "$status" 1
    is "$output" ""
    is "$errors" "cfs: unknown command \`foo\`
hint: \`cfs --help\` lists the commands"
    apart "$CFS" craete
    is "$errors" "cfs: unknown command \`craete\`
hint: did you mean \`cfs create\`?"
    apart "$CFS" help foo
    is "$status" 1
    contains "$errors" "unknown command \`foo\`"
}

# What docker, podman and systemd call it is nearer than what is spelt alike.
@test "a command of another name is known: unpause is resume, inspect is state" {
    local words want
    while read -r word want; do
        apart "$CFS" "$word" x
        is "$errors" "cfs: unknown command \`$word\`
hint: did you mean \`cfs $want\`?"
    done << 'END'
unpause resume
inspect state
rm delete
stop kill
ls list
runn run
stats events
END
}

# ---- options ----------------------------------------------------------------------------------------------------

@test "an unknown option is an error that names the nearest" {
    apart "$CFS" create --bundel /x id
    is "$status" 1
    is "$errors" "cfs: flag provided but not defined: --bundel
hint: did you mean --bundle?"
    apart "$CFS" --lgo x list
    contains "$errors" "did you mean --log?"
    apart "$CFS" kill --quite id
    is "$errors" "cfs: flag provided but not defined: --quite
hint: \`cfs kill --help\` lists the options"
}

# --pid-file "$UNSET": with runc it is as if the option were not there. A user or a state directory that is empty is an error:
# CVE-2026-30892, and the current directory.
@test "an empty value is as good as none, where an option may be left out" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs create -b "$B" --pid-file= --console-socket "" --pidfd-socket= "$ID" < /dev/null > "$T/log" 2>&1
    cfs start "$ID"
    cfs exec --pid-file "" --console-socket= --pidfd-socket "" --cwd= --apparmor "" --process-label= --process "" "$ID" /bin/true
    cfs update --memory= --cpu-share "" --cpuset-cpus= --pids-limit "" --l3-cache-schema= --resources "" "$ID"
    run cfs exec --user= "$ID" /bin/true
    is "$status" 255
    run "$CFS" --root= list
    is "$status" 1
}

@test "update: an error names the option, or the file with line and column" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    up
    local words why
    while IFS='|' read -r words why; do
        run cfs update $words "$ID"
        is "$status" 1 "$words"
        is "$output" "cfs: $why" "$words"
    done <<'X'
--cpu-share=-1|--cpu-share: expected an integer from 0 to 18446744073709551615, got -1
--pids-limit=-7|--pids-limit: expected an integer from -1 to 9223372036854775807, got -7
--memory 10M --cpu-idle 5|--cpu-idle: expected an integer from 0 to 1, got 5
-r /dev/null|/dev/null:1:1: invalid JSON: empty
X
    printf '{"cpu": {\n "shares": "1"}}' > "$T/resources.json"
    run cfs update -r "$T/resources.json" "$ID"
    is "$output" "cfs: $T/resources.json:2:12: cpu.shares: expected an integer, got the string \"1\""
    run cfs update -r - "$ID" < "$T/resources.json"
    is "$output" "cfs: standard input:2:12: cpu.shares: expected an integer, got the string \"1\""
}

@test "the number of arguments is checked" {
    local words want
    while IFS='|' read -r words want; do
        apart cfs $words
        is "$status" 1 "$words"
        is "$output" ""
        is "$(head -n 1 <<< "$errors")" "cfs: $want" "$words"
        contains "$errors" "hint: usage: cfs "
    done << 'END'
create|create: CONTAINER is missing
create a b|create: one argument too many: `b`
run|run: CONTAINER is missing
start|start: CONTAINER is missing
state a b|state: one argument too many: `b`
kill|kill: CONTAINER is missing
kill a TERM b|kill: one argument too many: `b`
delete|delete: CONTAINER is missing
exec|exec: CONTAINER is missing
exec a|exec: COMMAND is missing
list a|list: one argument too many: `a`
ps|ps: CONTAINER is missing
pause|pause: CONTAINER is missing
resume|resume: CONTAINER is missing
update|update: CONTAINER is missing
events|events: CONTAINER is missing
spec a|spec: one argument too many: `a`
features a|features: one argument too many: `a`
check a b|check: one argument too many: `b`
END
}

@test "values are checked before anything is done" {
    local words want
    while IFS='|' read -r words want; do
        apart cfs $words
        is "$status" 1 "$words"
        is "$(head -n 1 <<< "$errors")" "cfs: $want" "$words"
    done << 'END'
--log-format xml list|invalid value "xml" for --log-format
--cgroup-manager none list|invalid value "none" for --cgroup-manager
--rootless maybe list|invalid value "maybe" for --rootless
list --format yaml|invalid value "yaml" for --format
create --preserve-fds x id|invalid value "x" for --preserve-fds: not a number of zero or more
create --no-pivot=maybe id|invalid boolean value "maybe" for --no-pivot
kill id NOSUCH|unknown signal "NOSUCH"
update --memory lots id|invalid value "lots" for --memory: not a size, as 50M or -1
update --pids-limit 5M id|invalid value "5M" for --pids-limit: not a number
update --resources - --memory 5M id|--memory cannot be used with --resources
events --interval 5 id|invalid value "5" for --interval
events --interval 0s id|invalid value "0s" for --interval: duration interval must be greater than 0
check --bundle /a /b|the bundle is named twice: `/b` and --bundle /a
END
    [ ! -e "$STATE" ]
}

# The argument vectors of containerd's shim, buildkit, conmon, Podman, CRI-O and buildah. There is no container, so each
# fails; that the options were understood shows in what it fails for.
@test "the engines' argument vectors are understood" {
    local words want
    mkdir -p "$T/b" "$STATE"
    echo '{}' > "$T/b/resources.json"
    while IFS='|' read -r words want; do
        words=${words//@B/$T/b}
        apart "$CFS" --root "$STATE" $words <<< '{}'
        [ "$status" -ne 0 ]
        contains "$errors" "$want"
        case $errors in *flag* | *requires*) false ;; esac
    done << 'END'
--log @B/log.json --log-format json --systemd-cgroup create --bundle @B/none --pid-file @B/init.pid --no-pivot --no-new-keyring x|no such file or directory
--log @B/log.json --log-format json create --bundle @B/none --pid-file @B/p --console-socket @B/s --pidfd-socket @B/s x|no such file or directory
--log @B/log.json --log-format json start x|does not exist
--log @B/log.json --log-format json kill --all x 9|does not exist
--log @B/log.json --log-format json kill x 15|does not exist
--log @B/log.json --log-format json pause x|does not exist
--log @B/log.json --log-format json resume x|does not exist
--log @B/log.json --log-format json ps --format json x|does not exist
--log @B/log.json --log-format json update --resources=- x|does not exist
--log @B/log.json --log-format json exec --process @B/p.json --console-socket @B/s --detach --pid-file @B/1.pid x|does not exist
--log @B/log.json --log-format json checkpoint --image-path @B --work-path @B --tcp-established --ext-unix-sk --shell-job --file-locks --empty-ns network --leave-running x|does not exist
--log @B/log.json --log-format json restore --image-path @B --work-path @B --detach --pid-file @B/p --no-pivot -no-subreaper --bundle @B/none x|no such file or directory
--rootless=true --log @B/log.json --log-format json state x|does not exist
run --bundle @B/none --no-pivot --keep x|no such file or directory
run --bundle @B/none -d --no-subreaper x|no such file or directory
kill x 9|does not exist
kill x SIGKILL|does not exist
kill -a x kill|does not exist
--systemd-cgroup --log-format=json --log @B/l --cgroup-manager disabled create --bundle @B/none --pid-file @B/f --preserve-fds 2 --console-socket @B/s x|no such file or directory
--log-format=json --log @B/l exec --pid-file @B/f --process @B/s --detach --preserve-fds 1 --console-socket @B/s x|does not exist
--log-format=json --log @B/l restore --bundle @B/none --pid-file @B/f --no-pivot --no-new-keyring --detach --image-path @B --work-path @B --tcp-close --file-locks --lsm-mount-context=a --lsm-profile=selinux:b --console-socket @B/s x|no such file or directory
checkpoint --image-path @B --work-path @B --leave-running --leave-running --tcp-established --file-locks --pre-dump --parent-path ../pre-checkpoint x|does not exist
update --resources=@B/resources.json x|does not exist
update --resources - x|does not exist
update x --memory 50M --cpu-idle 1 --cpu-burst 5|does not exist
exec --process @B/p x|does not exist
exec -t -u 1:2 -g 3 -g 4,5 -e A=B -eC=D --cwd / --cap CAP_KILL -c CAP_CHOWN --no-new-privs --apparmor p --process-label l --cgroup cpu:/a --cgroup b --ignore-paused x sh -c exit|does not exist
exec x --env A=B sh --not-ours -x|does not exist
ps x -e -x|does not exist
create --bundle @B/none --config @B/other.json --no-subreaper x|no such file or directory
--criu /usr/sbin/criu state x|does not exist
END
}

@test "delete --force of a container that does not exist succeeds, delete does not" {
    mkdir -p "$STATE"
    apart cfs delete --force nope
    is "$status" 0
    is "$output$errors" ""
    apart cfs delete nope
    is "$status" 1
    contains "$errors" "does not exist"
}

@test "Podman's questions about checkpoint and restore are answered" {
    apart "$CFS" checkpoint --help
    is "$status" 0
    contains "$output" "--pre-dump"
    apart "$CFS" restore --lsm-mount-context
    is "$status" 1
    contains "$errors" "flag needs an argument: --lsm-mount-context"
}

# ---- messages and exit codes --------------------------------------------------------------------------------------

@test "a failure is one line on standard error, and a hint on another" {
    mkdir -p "$STATE"
    apart cfs state nope
    is "$status" 1
    is "$output" ""
    is "$(sed -n 1p <<< "$errors")" "cfs: container \`nope\` does not exist"
    is "$(sed 1d <<< "$errors" | grep -vc '^hint: ')" 0
}

@test "exec: its own failures exit with 255, mistakes on the command line with 1" {
    mkdir -p "$STATE"
    apart cfs exec nope true
    is "$status" 255
    apart cfs exec --nonsense nope true
    is "$status" 1
    apart cfs exec nope
    is "$status" 1
}

@test "what cannot be written to standard output is a failure" {
    [ -c /dev/full ] || skip "needs /dev/full"
    local words
    for words in list help --version "spec -f -"; do
        status=0
        errors=$("$CFS" $words 2>&1 > /dev/full) || status=$?
        is "$status" 1 "$words"
        is "$errors" "cfs: write to standard output: no space left on device"
    done
}

@test "closed standard descriptors do no harm" {
    mkdir -p "$STATE"
    status=0
    "$CFS" --log "$T/log" --log-format json --root "$STATE" kill nope <&- >&- 2>&- || status=$?
    is "$status" 1
    is "$(wc -l < "$T/log")" 1
    jq -e '.level == "error"' "$T/log"
}

# As GNU's programs do (`ls >&-`), and `runc list`: write(2), EBADF.
@test "what was to go to a standard output that is closed is a failure; a container's is a null device" {
    local words
    mkdir -p "$STATE"
    for words in list help --version features "spec -f -"; do
        status=0
        "$CFS" --root "$STATE" $words 2> "$T/said" >&- || status=$?
        is "$status" 1 "$words"
        is "$(cat "$T/said")" "cfs: write to standard output: bad file descriptor" "$words"
    done
    "$CFS" --root "$STATE" list <&- 2>&-
    # A command that says nothing does not fail.
    "$CFS" --root "$STATE" delete --force nope >&-
    [ "$(id -u)" = 0 ] || return 0
    new_bundle
    args sh -c 'echo hello && exit 7'
    status=0
    "$CFS" --root "$STATE" run -b "$B" "$ID" >&- 2> "$T/said" || status=$?
    is "$status" 7 "$(cat "$T/said")"
}

# setrlimit(2): beyond RLIMIT_FSIZE a write raises SIGXFSZ, which would end cfs without a word or a cleanup. runc, as every
# program in Go, ignores it and fails with EFBIG. The container's program gets its default action.
@test "no file may grow (RLIMIT_FSIZE): an error with its reason, and nothing is left" {
    root_only
    new_bundle
    mkdir -p "$STATE"
    run bash -c 'ulimit -f 0; "$@" 2>&1 | cat; exit ${PIPESTATUS[0]}' bash "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 1 "$output"
    contains "$output" "file too large"
    is "$(ls -A "$STATE")" ""
    is "$(cgroups_named "$ID")" ""
    # By another way than a limit that the container inherits: the caller ignores it, the container does not.
    args grep SigIgn /proc/self/status
    is "$(cfs run -b "$B" "$ID" | tr -d '\t')" "SigIgn:0000000000000000"
}

@test "an empty environment is enough" {
    apart env -i "$CFS" --version
    is "$status" 0
    apart env -i "$CFS" list
    is "$status" 0
    is "$errors" ""
}

# ---- the log ------------------------------------------------------------------------------------------------------

RFC3339='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z'

@test "the log as text, byte for byte" {
    apart "$CFS" --log "$T/log" foo
    is "$status" 1
    is "$errors" "$("$CFS" foo 2>&1)"
    grep -Eqx "time=\"$RFC3339\" level=error msg=\"unknown command \`foo\`\"" "$T/log"
    is "$(wc -l < "$T/log")" 1
}

@test "the log as JSON, byte for byte" {
    apart "$CFS" --log "$T/log" --log-format json kill id 'a"b\'
    is "$status" 1
    grep -Eqx '\{"level":"error","msg":"unknown signal \\"a\\"b\\\\\\"","time":"'"$RFC3339"'","code":"invalid","hint":"a number, or a name as TERM or SIGTERM"\}' "$T/log"
    is "$(wc -l < "$T/log")" 1
    is "$(tail -c 1 "$T/log" | od -An -tx1 | tr -d ' ')" 0a
}

@test "the time of the log is now, in UTC" {
    local then
    then=$(date +%s)
    TZ=Asia/Tokyo "$CFS" --log "$T/log" --log-format json foo 2> /dev/null || true
    then=$(($(date -u -d "$(jq -r .time "$T/log")" +%s) - then))
    [ $then -ge 0 ] && [ $then -le 5 ]
}

@test "the JSON log has the details of the failed call" {
    apart "$CFS" --log "$T/log" --log-format json spec --bundle "$T/nope"
    is "$status" 1
    is "$(jq -c '[.level, .code, .syscall, .errno]' "$T/log")" '["error","system","open","ENOENT"]'
    is "$(jq -r .msg "$T/log")" "open bundle $T/nope: no such file or directory"
    rm "$T/log"
    mkdir -p "$STATE"
    apart "$CFS" --log "$T/log" --log-format json --root "$STATE" state nope
    is "$(jq -r .code "$T/log")" not-found
    rm "$T/log"
    apart "$CFS" --log "$T/log" --log-format json restore --nonsense id
    is "$(jq -r .code "$T/log")" invalid
}

@test "bytes that are not UTF-8 and control characters keep the log valid" {
    apart "$CFS" --log "$T/log" --log-format json help $'a\xffb\xe2\x82c\x1b[31m\nd\u00e9'
    is "$status" 1
    is "$(wc -l < "$T/log")" 1
    is "$(jq -r .msg "$T/log")" "unknown command \`a"$'\ufffd'"b"$'\ufffd\ufffd'"c?[31m d"$'\u00e9'"\`"
    # Nothing that would steer a terminal.
    ! grep -q $'\x1b' "$T/stderr"
}

@test "the log is appended to, and made with mode 0644" {
    (umask 0; "$CFS" --log "$T/log" foo 2> /dev/null || true)
    is "$(stat -c %a "$T/log")" 644
    "$CFS" --log "file:$T/log" bar 2> /dev/null || true
    (cd "$T" && "$CFS" --log log baz 2> /dev/null) || true
    is "$(sed 's/.*unknown command //' "$T/log" | tr -d '\n')" '`foo`"`bar`"`baz`"'
}

@test "mistakes in the options reach the log, too" {
    "$CFS" --log "$T/1" --nonsense list 2> /dev/null || true
    contains "$(cat "$T/1")" "flag provided but not defined: --nonsense"
    "$CFS" --log "$T/2" list --nonsense 2> /dev/null || true
    contains "$(cat "$T/2")" "flag provided but not defined: --nonsense"
    "$CFS" --log "$T/3" start 2> /dev/null || true
    contains "$(cat "$T/3")" "start: CONTAINER is missing"
}

@test "success leaves the log empty" {
    apart "$CFS" --log "$T/log" list
    is "$status" 0
    [ -f "$T/log" ] && [ ! -s "$T/log" ]
}

@test "--debug: the log has each step of both processes as it begins, and no secrets (runc logs level=debug)" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "exit", "7"]'
    run cfs --debug --log "$T/log" --trace "$T/trace" run -b "$B" "$ID" < /dev/null
    is "$status" 7
    is "$(grep -vc ' level=debug ' "$T/log")" 0
    # What --trace has of the init, but for the execve, which comes after its last word.
    is "$(sed -n 's,.*msg="create/init/\(.*\)"$,\1,p' "$T/log")" "$(jq -r '.[] | select(.tid == "init") | .name' "$T/trace")"
    sed -n 's/.*msg="\(.*\)"$/\1/p' "$T/log" > "$T/messages"
    is "$(head -n 1 "$T/messages")" "cfs $(cfs --version | sed -n '1s/.* //p'): run $ID"
    grep -Eqx 'process [0-9]+ ended with status 7' "$T/messages"
    grep -qx undo/linux.cgroupsPath "$T/messages"
    # The step that fails is the last that begins.
    new_bundle '.linux.sysctl = {"kernel.msgmax": "x"}'
    run cfs --debug --log "$T/log2" run -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$(grep -B 1 -m 1 level=error "$T/log2" | head -n 1; grep -n 'create/init' "$T/log2" | tail -n 1)" create/init/linux.sysctl
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    cfs --debug --log "$T/log3" exec --env SECRET=mellon "$ID" /bin/inspector exit 0
    grep -q 'create\|exec/init/process.env' "$T/log3"
    ! grep -q mellon "$T/log3"
    cfs --debug --log "$T/log4" kill "$ID" KILL
    grep -Eq 'msg="signal 9 was sent to process [0-9]+"' "$T/log4"
}

@test "a log that cannot be opened is a failure" {
    apart "$CFS" --log "$T/no/log" list
    is "$status" 1
    is "$output" ""
    is "$errors" "cfs: --log: open \`$T/no/log\`: no such file or directory (\`$T/no\` does not exist)"
}

# null(4), full(4): "Writes to the /dev/full device fail with an ENOSPC error." What could not be undone must not be lost with it.
@test "what a full log does not take is told on standard error, warnings and errors" {
    root_only
    new_bundle '.process.args = ["/bin/true"] | .process.capabilities.bounding += ["CAP_NEW_YESTERDAY"]'
    cfs --log /dev/full run -b "$B" "$ID" > "$OUT" 2> "$T/err" < /dev/null
    contains "$(cat "$T/err")" "cfs: warning: process.capabilities.bounding"
    cfs --log /dev/full --log-format json run -b "$B" "$ID" > "$OUT" 2> "$T/err" < /dev/null
    contains "$(cat "$T/err")" "cfs: warning: process.capabilities.bounding"
    run cfs --log /dev/full --log-format json state missing
    is "$status" 1
    contains "$output" 'cfs: container `missing` does not exist'
}

@test "without --log, JSON goes to standard error, in place of the text" {
    apart "$CFS" --log-format json foo
    is "$(wc -l < "$T/stderr")" 1
    is "$(jq -r .msg "$T/stderr")" "unknown command \`foo\`"
}

@test "a log that is standard error gets the message once" {
    apart "$CFS" --log /dev/stderr --log-format json foo
    is "$(wc -l < "$T/stderr")" 1
    jq -e . "$T/stderr"
    errors=$("$CFS" --log /dev/stderr foo 2>&1 | cat)
    is "$(wc -l <<< "$errors")" 1
    contains "$errors" 'level=error msg="unknown command'
}

# Listens where the daemon would, in a mount namespace of its own.
log_daemon() {
    unshare -m --propagation private sh -c '
        mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev && mknod -m 666 /dev/null c 1 3 && mkdir -p /run/systemd/journal
        exec python3 - "$@"' sh "$@" << 'END'
import socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(5)
subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
sys.stdout.buffer.write(s.recv(4096))
END
}

@test "journald gets its fields" {
    root_only
    run log_daemon /run/systemd/journal/socket "$CFS" --log journald:box foo
    is "$output" "PRIORITY=3
SYSLOG_IDENTIFIER=box
MESSAGE=unknown command \`foo\`"
}

@test "syslog gets its line" {
    root_only
    run log_daemon /dev/log "$CFS" --log syslog: foo
    grep -Eqx "<11>cfs\[[0-9]+\]: unknown command \`foo\`" <<< "$output"
}

# ---- the state directory ---------------------------------------------------------------------------------------------

@test "--root is made absolute, and is never /" {
    local root
    cd "$T"
    for root in / // /. /.. ../../../../../../../../../.. /tmp/..; do
        apart "$CFS" --root "$root" list
        is "$status" 1 "$root"
        contains "$errors" "--root must not be /"
    done
    apart "$CFS" --root "" list
    is "$status" 1
    apart "$CFS" --root ./no/../such/ list
    contains "$errors" "$T/such"
}

@test "list: an explicit --root must exist, the default one need not" {
    apart "$CFS" --root "$T/no" list
    is "$status" 1
    apart env XDG_RUNTIME_DIR="$T/no" unshare -U -r "$CFS" list
    [ "$status" = 0 ] || skip "needs user namespaces"
    is "$output" "ID          PID         STATUS      BUNDLE      CREATED     OWNER"
}

@test "list of nothing: the header, null, nothing" {
    mkdir -p "$STATE"
    is "$(cfs list)" "ID          PID         STATUS      BUNDLE      CREATED     OWNER"
    is "$(cfs list --format json)" null
    is "$(cfs list -q)" ""
}

# ---- commands that the command line itself is about --------------------------------------------------------------------

@test "spec writes the usual defaults, once" {
    mkdir "$T/b"
    cd "$T/b"
    apart "$CFS" spec
    is "$status" 0
    is "$output$errors" ""
    is "$(jq -c '[.process.terminal, .process.args, .root.readonly, .root.path, .process.cwd]' config.json)" '[true,["sh"],true,"rootfs","/"]'
    is "$(jq -c '.process.capabilities | to_entries | map([.key, .value])' config.json)" \
        '[["bounding",["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]],["effective",["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]],["permitted",["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]]]'
    is "$(command jq -c '.process.rlimits' config.json)" '[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}]'
    is "$(jq -c '[.mounts[].destination]' config.json)" '["/proc","/dev","/dev/pts","/dev/shm","/dev/mqueue","/sys","/sys/fs/cgroup"]'
    # As runc and crun: a cgroup namespace on cgroup v2 alone.
    local cgroup=
    [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ] || cgroup=',"cgroup"'
    is "$(jq -c '[.linux.namespaces[].type]' config.json)" '["pid","network","ipc","uts","mount"'"$cgroup]"
    apart "$CFS" spec
    is "$status" 1
    is "$errors" "cfs: config.json: file exists
hint: remove it first"
    apart "$CFS" spec --bundle "$T/b" --file other.json
    cmp config.json other.json
    is "$("$CFS" spec -f -)" "$(cat config.json)"
}

@test "spec --rootless is for the calling user" {
    "$CFS" spec --rootless -f - > "$OUT"
    is "$(got '[.linux.uidMappings, .linux.gidMappings]')" \
        '[[{"containerID":0,"hostID":'"$(id -u)"',"size":1}],[{"containerID":0,"hostID":'"$(id -g)"',"size":1}]]'
    is "$(got '[.linux.namespaces[].type] | [index("user") != null, index("network")]')" '[true,null]'
    is "$(got '[.mounts[] | select(.destination == "/sys") | .type, .source, .options[0]]')" '["none","/sys","rbind"]'
    is "$(got '.linux.resources')" null
    ! grep -q gid= "$OUT"
}

@test "state and features print nothing on standard error" {
    apart "$CFS" features
    is "$status" 0
    is "$errors" ""
    jq -e .ociVersionMax <<< "$output"
}

@test "list, kill and delete of several containers" {
    root_only
    local id
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .linux.cgroupsPath = null'
    for id in a1 a2 b1; do cfs run -d -b "$B" $id < /dev/null > /dev/null 2>&1; done
    is "$(cfs list -q | tr '\n' ' ')" "a1 a2 b1 "
    is "$(cfs list -f json | jq -c 'map([.id, .status, .owner])')" '[["a1","running","root"],["a2","running","root"],["b1","running","root"]]'
    is "$(cfs list -f json | wc -l)" 1
    is "$(cfs list -f json | command jq -c '.[0] | keys_unsorted - ["annotations"]')" '["ociVersion","id","pid","status","bundle","rootfs","created","owner"]'
    cfs list | grep -Eq "^a1 {10}[0-9]+ +running +$B   [0-9]{4}-[^ ]+ +root\$"
    cfs kill --regex '^a' KILL
    wait_for status_is a1 stopped
    wait_for status_is a2 stopped
    is "$(cfs state b1 | jq -r .status)" running
    cfs delete --regex 'a[12]'
    is "$(cfs list -q)" b1
    apart cfs delete --regex '('
    is "$status" 1
    contains "$errors" "invalid regular expression"
    cfs delete --force --regex .
    is "$(cfs list -q)" ""
}

@test "ps: the host's lines of the container's processes" {
    root_only
    local pid
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    pid=$(cfs state "$ID" | jq .pid)
    is "$(cfs ps --format json "$ID")" "[$pid]"
    needs ps
    is "$(cfs ps "$ID" -o pid | tr -d ' ' | tr '\n' ' ')" "PID $pid "
    is "$(cfs ps "$ID" | head -n 1)" "$(ps -ef | head -n 1)"
    is "$(cfs ps "$ID" | awk 'NR > 1 { print $2 }')" "$pid"
    apart cfs ps "$ID" -o args
    is "$status" 1
    contains "$errors" "no column PID"
    apart env PATH=/nonexistent "$CFS" --root "$STATE" ps "$ID"
    is "$status" 1
    contains "$errors" "no such file or directory"
}

# The one file of that name in the container's cgroups.
knob() { cat $(find /sys/fs/cgroup -path "*/$ID/$1" 2> /dev/null | head -n 1); }

@test "update: options, a file and standard input mean the same" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    [ -n "$(find /sys/fs/cgroup -path "*/$ID/pids.max" | head -n 1)" ] || skip "needs the pids controller"
    apart cfs update --pids-limit 21 "$ID"
    is "$status" 0
    is "$output$errors" ""
    is "$(knob pids.max)" 21
    echo '{"pids":{"limit":22}}' > "$T/r.json"
    cfs update --resources "$T/r.json" "$ID"
    is "$(knob pids.max)" 22
    cfs update --resources=- "$ID" <<< '{"pids":{"limit":23}}'
    is "$(knob pids.max)" 23
    cfs update "$ID" --pids-limit -1
    is "$(knob pids.max)" max
    if [ -n "$(find /sys/fs/cgroup -path "*/$ID/memory.limit_in_bytes" | head -n 1)" ]; then
        cfs update --memory 50M "$ID"
        is "$(knob memory.limit_in_bytes)" 52428800
    elif [ -n "$(find /sys/fs/cgroup -path "*/$ID/memory.max" | head -n 1)" ]; then
        cfs update --memory 50M "$ID"
        is "$(knob memory.max)" 52428800
    fi
    apart cfs update --resources "$T/none" "$ID"
    is "$status" 1
    is "$errors" "cfs: open \`$T/none\`: no such file or directory (\`$T/none\` does not exist)"
    apart cfs update --resources - "$ID" <<< '{"pids":{"limit":"many"}}'
    is "$status" 1
    contains "$errors" "pids"
}

@test "events --stats: one JSON object on one line; intervals go on until the container ends" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    apart cfs events --stats "$ID"
    is "$status" 0
    is "$errors" ""
    is "$(wc -l <<< "$output")" 1
    is "$(jq -c '[.type, .id, (.data | type)]' <<< "$output")" '["stats","'"$ID"'","object"]'
    cfs events --interval 100ms "$ID" > "$OUT" 3>&- &
    wait_for test -s "$OUT"
    cfs kill "$ID" KILL
    wait $!
    [ "$(wc -l < "$OUT")" -ge 1 ]
}

# ---- what is generated from the tables -----------------------------------------------------------------------------------

@test "the manual pages are those of this command line" {
    needs python3
    "$top_srcdir/docs/man/generate.py" --check "$CFS"
}

@test "the manual pages are correct roff" {
    needs groff
    groff -man -ww -z "$top_srcdir"/docs/man/*.8 > "$T/warnings" 2>&1
    is "$(cat "$T/warnings")" ""
}

@test "the completions are those of this command line" {
    needs python3
    "$top_srcdir/contrib/completions/generate.py" --check "$CFS"
}

@test "bash completes commands, options, values and containers" {
    local line want
    unset -f cfs
    mkdir "$T/bin"
    printf '#!/bin/sh\n[ "$*" = "list -q" ] && echo web && echo db\n[ "$*" = "--root /r list -q" ] && echo rooted\n' > "$T/bin/cfs"
    chmod +x "$T/bin/cfs"
    # shellcheck disable=SC1090,SC1091
    source "$top_srcdir/contrib/completions/cfs.bash"
    while IFS='|' read -r line want; do
        read -ra COMP_WORDS <<< "$line"
        [[ $line == *' ' ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        COMPREPLY=()
        PATH="$T/bin:$PATH" _cfs
        is "${COMPREPLY[*]}" "$want" "$line"
    done << 'END'
cfs cr|create
cfs --log-f|--log-format
cfs --log-format = j|json
cfs --log-format json sta|start state
cfs start |web db
cfs --root /r start |rooted
cfs kill web K|KILL
cfs run --bun|--bundle
cfs list -f |table json
cfs exec -e A=B w|web
cfs exec web |
cfs help upd|update
END
}

# completing_cfs: a cfs in $T/bin that lists containers, others under --root /r.
completing_cfs() {
    unset -f cfs
    mkdir -p "$T/bin" "$T/cwd/state"
    printf '#!/bin/sh\ncase "$*" in\n"list -q") echo web; echo db ;;\n"--root /r list -q" | "--root=/r list -q") echo rooted ;;\nesac\n' > "$T/bin/cfs"
    chmod +x "$T/bin/cfs"
    cd "$T/cwd"
}

# typed SHELL LINE: what the real shell shows after two tabs.
typed() {
    local setup="PATH=$T/bin:\$PATH"
    case $1 in
    bash) setup+="; source $top_srcdir/contrib/completions/cfs.bash; bind 'set enable-bracketed-paste off'" ;;
    zsh) setup+="; fpath=($T/zsh \$fpath); autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste 2> /dev/null" ;;
    esac
    "$PYTHON" "$BATS_TEST_DIRNAME/helpers/complete.py" "$1" "$setup" "$2"
}

@test "bash, the real one: a directory called state does not become the command, --root counts" {
    completing_cfs
    top_srcdir=$(cd "$OLDPWD" && cd "$top_srcdir" && pwd)
    local out
    out=$(typed bash 'cfs stat')
    contains "$out" "cfs state"
    ! grep -q state/ <<< "$out"
    contains "$(typed bash 'cfs --root /r start ')" rooted
    contains "$(typed bash 'cfs run --bundle st')" "state/"
}

@test "zsh, the real one: commands, containers, those of --root" {
    needs zsh
    completing_cfs
    top_srcdir=$(cd "$OLDPWD" && cd "$top_srcdir" && pwd)
    mkdir "$T/zsh"
    cp "$top_srcdir/contrib/completions/_cfs" "$T/zsh"
    local out
    contains "$(typed zsh 'cfs feat')" "features"
    out=$(typed zsh 'cfs start ')
    contains "$out" web
    contains "$out" db
    contains "$(typed zsh 'cfs --root /r start ')" rooted
    contains "$(typed zsh 'cfs --root=/r start ')" rooted
    contains "$(typed zsh 'cfs kill web KI')" KILL
}

@test "fish, the real one: containers first, signals second, those of --root" {
    needs fish
    completing_cfs
    top_srcdir=$(cd "$OLDPWD" && cd "$top_srcdir" && pwd)
    offers() {
        HOME="$T" XDG_CONFIG_HOME="$T/fish" XDG_DATA_HOME="$T/fish" PATH="$T/bin:$PATH" fish --no-config -c \
            "source $top_srcdir/contrib/completions/cfs.fish; complete -C \"$1\"" | cut -f 1 | sort | tr '\n' ' '
    }
    is "$(offers 'cfs kill ')" "db web "
    is "$(offers 'cfs kill web KI')" "KILL "
    ! grep -q web <<< "$(offers 'cfs kill web ')"
    is "$(offers 'cfs --root /r start ')" "rooted "
    is "$(offers 'cfs --root=/r start ')" "rooted "
    is "$(offers 'cfs --log-format json sta')" "start state "
    is "$(offers 'cfs --log-format ')" "json text "
    is "$(offers 'cfs exec --env A=B w')" "web "
}

# runc and crun succeed, and do nothing. What engines send has members of resources only (runtime-spec's LinuxResources), {} at least.
@test "update: a document of another kind is an error that says what it is; what engines send is not" {
    root_only
    new_bundle
    args sleep 1000
    up
    local document
    while IFS='|' read -r document what; do
        run --separate-stderr "$CFS" --root "$STATE" update -r - "$ID" <<< "$document"
        is "$status" 1 "$document"
        contains "$stderr" "standard input:1:"
        contains "$stderr" "this is $what"
    done << EOT
$(jq -c . "$B/config.json")|a configuration
$(jq -c .process "$B/config.json")|a process
{"resources": {"pids": {"limit": 7}}}|an object with
{"linux": {"resources": {"pids": {"limit": 7}}}}|a configuration
$(cfs state "$ID" | jq -c .)|a configuration
EOT
    for document in '{}' '{"cpu": {}}' '{"fromTheFuture": 1}' '{"ociVersion": "1.3.0", "pids": {"limit": 7}}'; do
        cfs update -r - "$ID" <<< "$document"
    done
}
