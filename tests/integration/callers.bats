# SPDX-License-Identifier: LGPL-2.1-or-later
# Odd callers: resource limits, capabilities and policies that they lack, buses that do not answer. cfs works, or says what it is
# that it lacks, and leaves nothing. What is right is taken from the manual pages that the tests name.
load helpers/common

setup() {
    setup_common
    root_only
}

nothing_left() {
    is "$(ls -A "$STATE" 2> /dev/null)" "" "$1"
    is "$(cgroups_named "$ID")" "" "$1"
}

# limited LIMIT VERB...: as `run`, with the limit of prlimit(1), "stack=65536".
limited() {
    local limit=$1
    shift
    run prlimit "--$limit:${limit#*=}" "$CFS" --root "$STATE" "$@" < /dev/null
}

# setrlimit(2): beyond RLIMIT_STACK a process ends by SIGSEGV. What execve(2) puts there counts: the arguments, the environment, and
# up to 8 KiB of chance. With less than 16 KiB more cfs does not get as far as to say it.
@test "a small RLIMIT_STACK: the command works or says it, never a SIGSEGV half way" {
    not_sanitized "it needs more stack"
    needs prlimit
    new_bundle '.process.args = ["/bin/true"]'
    local size worked='' verb own
    own=$(env | wc -c)
    for size in 24576 28672 36864 45056 53248 65536 98304 262144; do
        size=$((size + own))
        limited stack=$size run -b "$B" "$ID"
        if [ "$status" = 0 ]; then worked=$size; else
            is "$status" 1 "run, $size: $output"
            contains "$output" "RLIMIT_STACK is $size bytes"
            contains "$output" "ulimit -s"
        fi
        nothing_left "run, $size"
    done
    is "$worked" $((262144 + own))
    args sleep 1000
    up
    for size in 24576 28672 36864 45056 53248 65536; do
        size=$((size + own))
        for verb in state ps "exec $ID true" "exec -t $ID true" pause resume "update --pids-limit 50" "events --stats" list "check $B" "explain $B"; do
            case $verb in exec* | list | check* | explain*) ;; *) verb="$verb $ID" ;; esac
            # shellcheck disable=SC2086 # words are words
            limited stack=$size $verb
            [ "$status" = 0 ] || contains "$output" RLIMIT_STACK
            case $verb,$status in exec*,0 | exec*,255) ;; *,0 | *,1) ;; *) echo "$verb, $size: $status" >&2; return 1 ;; esac
        done
    done
    status_is "$ID" running
    # The arguments and the environment are on the stack, too (execve(2)).
    run env X="$(head -c 100000 /dev/zero | tr '\0' x)" prlimit --stack=163840:163840 "$CFS" --root "$STATE" exec "$ID" true
    is "$status" 255
    contains "$output" "for its arguments and environment"
    # The log, which engines read, has it.
    limited stack=65536 --log "$T/log.json" --log-format json state "$ID"
    contains "$(jq -r .msg "$T/log.json")" RLIMIT_STACK
}

@test "the error names the resource limit that is reached: descriptors, file size, memory, processes" {
    not_sanitized "its libraries need more of each"
    needs prlimit
    new_bundle '.process.args = ["/bin/true"]'
    limited nofile=9 run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "too many open files"
    contains "$output" "RLIMIT_NOFILE (\`ulimit -n\`) of cfs is 9"
    nothing_left nofile
    limited fsize=600 run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "file too large"
    contains "$output" "RLIMIT_FSIZE (\`ulimit -f\`) of cfs is 600 bytes"
    nothing_left fsize
    limited data=262144 run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "RLIMIT_DATA (\`ulimit -d\`) of cfs is 262144 bytes"
    nothing_left data
}

# setrlimit(2): RLIMIT_NPROC counts all processes of the user, and does not hold for root.
@test "no more processes for an ordinary user: the error names the limits that may be the reason" {
    ordinary_user
    new_rootless_bundle '.process.args = ["/bin/true"]'
    run "${INTO[@]}" prlimit --nproc=1:1 "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    is "$status" 1 "$output"
    contains "$output" "resource temporarily unavailable"
    contains "$output" "RLIMIT_NPROC (\`ulimit -u\`), which is 1"
    is "$(outside ls -A "$STATE")" ""
}

# namespaces(7), "/proc/sys/user".
@test "a host that allows no more namespaces of one kind: the error names the file" {
    new_bundle '.process.args = ["/bin/true"]'
    local kind
    for kind in net uts ipc; do
        run unshare --user --map-root-user --mount --pid --fork --mount-proc sh -c 'echo 0 > "/proc/sys/user/max_$0_namespaces"; exec "$@"' $kind \
            "$CFS" --root "$T/other" --cgroup-manager disabled run -b "$B" "$ID" < /dev/null
        is "$status" 1 "$output"
        contains "$output" "/proc/sys/user/max_${kind}_namespaces is 0"
        is "$(ls -A "$T/other" 2> /dev/null)" ""
    done
}

# capabilities(7) says which call takes which.
@test "each capability that a caller lacks: the container is as asked, or the error or a warning names it" {
    new_bundle '.process.args = ["/bin/inspector"]'
    inspect
    local cap all usual
    usual=$(got '{u: .uids, n: .no_new_privs, s: .seccomp}')
    all=$(sed -n 's/^CapBnd:\t*//p' /proc/self/status)
    for cap in chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap net_admin net_raw sys_chroot sys_ptrace sys_admin \
        sys_nice mknod audit_write setfcap sys_resource; do
        run --separate-stderr setpriv --bounding-set=-$cap --inh-caps=-$cap "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
        if [ "$status" = 0 ]; then
            echo "$output" > "$OUT"
            is "$(got '{u: .uids, n: .no_new_privs, s: .seccomp}')" "$usual" "$cap"
            [ -z "$stderr" ] || contains "$stderr" "CAP_${cap^^}"
        else
            is "$status" 1 "$cap"
            contains "$stderr" "CAP_${cap^^}"
        fi
        nothing_left "$cap"
    done
    is "$(sed -n 's/^CapBnd:\t*//p' /proc/self/status)" "$all"
    # A root that is none any more (SECBIT_NOROOT).
    run setpriv --securebits=+noroot,+noroot_locked "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" CAP_
    nothing_left noroot
}

@test "exec as another user, update and delete without a capability: as asked, or an error that names it, and the container lives on" {
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    up
    local cap verb
    for cap in dac_override kill setgid setuid setpcap sys_chroot sys_admin; do
        for verb in "exec -u 1000:1000 $ID /bin/id -u" "update --pids-limit 60 $ID" "kill $ID 0" "state $ID"; do
            # shellcheck disable=SC2086 # words are words
            run setpriv --bounding-set=-$cap --inh-caps=-$cap "$CFS" --root "$STATE" $verb < /dev/null
            case $verb,$status in
                exec*,0) is "${lines[-1]}" 1000 "$cap" ;;
                *,0) ;;
                *) contains "$output" "CAP_${cap^^}" ;;
            esac
        done
        status_is "$ID" running
    done
}

# sched-rt-group.rst: a new cgroup of v1 has no share of real time, so sched_setattr(2) says EPERM in it and moving there EINVAL. runc
# and crun fail with the kernel's words.
@test "real-time policies where real time is shared out to cgroups: check --host foresees it, create refuses it, the caller's own is named" {
    [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || skip "needs cpu.rt_runtime_us, cgroup v1 with CONFIG_RT_GROUP_SCHED"
    local policy
    new_bundle '.process.args = ["/bin/true"]'
    for policy in FIFO RR; do
        config ".process.scheduler = {policy: \"SCHED_$policy\", priority: 1} | del(.linux.resources.cpu)"
        run cfs check --host "$B"
        is "$status" 2
        contains "$output" "process.scheduler.policy: SCHED_$policy takes a share of real time"
        contains "$output" "linux.resources.cpu.realtimeRuntime"
        run cfs run -b "$B" "$ID" < /dev/null
        is "$status" 1
        contains "$output" "process.scheduler.policy: SCHED_$policy takes a share of real time"
        nothing_left $policy
        cfs check "$B" # in itself it is right
        config '.linux.resources.cpu.realtimeRuntime = 1000'
        cfs check --host "$B"
        run cfs run -b "$B" "$ID" < /dev/null
        is "$status" 0 "$output"
    done
    # A new directory above it has none to give.
    config '.linux.cgroupsPath += "/below"'
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "the cgroup above does not have as much left"
    nothing_left below
    config ".linux.cgroupsPath = \"/$ID\" | del(.process.scheduler) | del(.linux.resources.cpu)"
    run chrt -f 1 "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "real-time policy (chrt(1))"
    contains "$output" "linux.resources.cpu.realtimeRuntime"
    nothing_left chrt
}

@test "no cgroup hierarchy at all: the hint is to mount one, not to delegate what is not there" {
    private_mounts
    outside mount -t tmpfs none /sys/fs/cgroup
    new_bundle '.process.args = ["/bin/true"] | del(.linux.resources)'
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" "hint: mount one on /sys/fs/cgroup"
    [[ $output != *elegat* ]]
}

# A bus that goes wrong in the given way: see the program.
bus() {
    background "$PYTHON" -c 'import os, socket, sys, threading, time
def authenticate(c):
    seen = b""
    while b"BEGIN" not in seen:
        seen += c.recv(1000)
    c.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
def error(c, name):
    def text(t): return len(t).to_bytes(4, "little") + t + b"\0"
    fields = b"\x04\x01s\0" + text(name)
    fields += bytes(-len(fields) % 8) + b"\x05\x01u\0" + (2).to_bytes(4, "little")
    fields += bytes(-len(fields) % 8) + b"\x08\x01g\0\x01s\0"
    body = text(b"oh no")
    c.sendall(b"l\3\0\1" + len(body).to_bytes(4, "little") + b"\1\0\0\0" + len(fields).to_bytes(4, "little") + fields + bytes(-len(fields) % 8) + body)
def answer(c, way):
    if way == "rejected":
        c.recv(10)
        c.sendall(b"REJECTED EXTERNAL\r\n")
    elif way == "garbage":
        c.recv(10)
        c.sendall(b"x" * 5000)
    elif way != "closed":
        authenticate(c)
        if way == "nonsense":
            c.sendall(b"l\2\1\1" + b"\xff" * 600)
        elif way == "absent":
            error(c, b"org.freedesktop.DBus.Error.ServiceUnknown")
        elif way == "refused":
            error(c, b"org.freedesktop.systemd1.NoSuchUnit")
        if way != "gone":
            time.sleep(60)
    c.close()
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(9)
open(sys.argv[1] + ".ready", "w").close()
while True:
    threading.Thread(target=answer, args=(s.accept()[0], sys.argv[2]), daemon=True).start()' "$1" "$2"
    wait_for test -e "$1.ready"
}

# D-Bus specification, "Authentication Protocol" and "Message Format".
@test "systemd's bus closes, refuses, sends nonsense or has no systemd: an error at once, whose hint is about the bus" {
    new_bundle '.process.args = ["/bin/true"] | .linux.cgroupsPath = "system.slice:cfs:" + env.ID'
    config --arg p "system.slice:cfs:$ID" '.linux.cgroupsPath = $p'
    local way
    for way in closed gone rejected garbage nonsense absent refused; do
        bus "$T/$way.sock" $way
        DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/$way.sock" run timeout 20 "$CFS" --root "$STATE" --systemd-cgroup run -b "$B" "$ID" < /dev/null
        is "$status" 1 "$way: $output"
        contains "$output" "linux.cgroupsPath: plan unit \`cfs-$ID.scope\`"
        # Only what systemd itself has answered is in its journal.
        if [ $way = refused ]; then
            contains "$output" "journalctl -u cfs-$ID.scope"
        else
            contains "$output" "does \`systemctl list-units\` answer?"
            [[ $output != *journalctl* ]]
        fi
        is "$(ls -A "$STATE" 2> /dev/null)" "" "$way"
    done
}

@test "a record and a container's directory that are symbolic links: the error says so" {
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    up
    mv "$STATE/$ID/state.json" "$T/state.json"
    ln -s "$T/state.json" "$STATE/$ID/state.json"
    run cfs state "$ID"
    is "$status" 1
    contains "$output" "\`$STATE/$ID/state.json\` is a symbolic link, which is not followed here"
    mv "$T/state.json" "$STATE/$ID/state.json"
    mv "$STATE/$ID" "$T/elsewhere"
    ln -s "$T/elsewhere" "$STATE/$ID"
    run cfs delete --force "$ID"
    is "$status" 1
    contains "$output" "\`$STATE/$ID\` is a symbolic link, which is not followed here"
    rm "$STATE/$ID"
    mv "$T/elsewhere" "$STATE/$ID"
    status_is "$ID" running
}

# open(2): O_NONBLOCK is of the open file, which the caller shares with other programs. runc waits, crun loses what does not fit.
@test "standard output is a pipe that does not block, and is full: nothing of state, list, features, spec, ps and events is lost" {
    local verb
    new_bundle '.process.args = ["/bin/sleep", "1000"]'
    up
    cat > "$T/pipe.py" <<'P'
import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_WRONLY | os.O_NONBLOCK)
filled = 0
try:
    while True:
        filled += os.write(w, b"x" * 512)
except BlockingIOError:
    pass
p = subprocess.Popen(sys.argv[1:], stdout=w, stdin=subprocess.DEVNULL)
os.close(w)
time.sleep(0.4)
if p.poll() is not None:
    sys.exit("it has not waited: status %d" % p.returncode)
text = b""
while True:
    part = os.read(r, 4096)
    if not part:
        break
    text += part
os.write(1, text[filled:])
sys.exit(p.wait())
P
    for verb in "state $ID" list "list --format json" features "spec --file -" "ps --format json $ID" "events --stats $ID" "check --format json $B"; do
        # shellcheck disable=SC2086 # words are words
        "$PYTHON" "$T/pipe.py" "$CFS" --root "$STATE" $verb > "$T/got"
        # shellcheck disable=SC2086
        cfs $verb > "$T/wanted"
        case $verb in
            events*) is "$(jq -r .id "$T/got")" "$ID" ;;
            *) diff "$T/wanted" "$T/got" >&2 ;;
        esac
    done
}
