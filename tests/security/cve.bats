# SPDX-License-Identifier: LGPL-2.1-or-later
# Attacks that other runtimes have fallen to, and for which no other file has a test. docs/SECURITY.md, "By CVE", says which file has
# which. Each one is written as the attacker would do it; what is right is what the kernel's manual pages and the CVE's own text say.
load helpers/canary

setup() {
    setup_common
    root_only
}

teardown() {
    [ -z "${OWN_CGROUP-}" ] || rmdir "$OWN_CGROUP"/* "$OWN_CGROUP" 2> /dev/null || true
    teardown_common
}

# fails WHAT COMMAND...: not by `run`, whose pipe a container that was made after all would hold open.
fails() {
    local what=$1
    shift
    ! "$@" < /dev/null > "$T/log" 2>&1 || { echo "no failure: $what" >&2; return 1; }
}

ADMIN='.process.capabilities = ({} | .bounding = ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_MKNOD", "CAP_KILL", "CAP_SETUID", "CAP_SETGID"] |
    .effective = .bounding | .permitted = .bounding) | .root.readonly = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []'

# ---- the executable ----------------------------------------------------------------------------------------------------------

# overwritten: a process of the container keeps /proc/PID/exe open until that program has ended, and may open it again for writing then:
# execve(2) refuses with ETXTBSY only while it runs. `check` of a FIFO waits, so that there is the time.
overwritten() {
    local before script
    not_sanitized "it does not start in the container's root"
    before=$(sha256sum "$CFS")
    args inspector sleep
    up
    cfs exec "$ID" /bin/sh -c 'busybox mkdir -p /tmp/b; busybox mkfifo /tmp/b/config.json'
    for script in '#!/proc/self/exe check -b/tmp/b' '#!/proc/self/exe list'; do
        printf '%s\n' "$script" > "$B/rootfs/bin/evil"
        chmod 755 "$B/rootfs/bin/evil"
        # By the interpreter of a script, and by name.
        cfs exec "$ID" /bin/evil > "$T/log" 2>&1 || true
    done
    cfs exec --detach "$ID" /proc/self/exe check -b /tmp/b < /dev/null > "$T/log" 2>&1
    # Detached: while a cfs waits in the foreground, its file is busy.
    cfs exec --detach "$ID" /bin/sh -c 'for d in /proc/[0-9]*; do
            case $(busybox tr "\0" " " < $d/cmdline) in "/proc/self/exe check -b /tmp/b"*) p=${d#/proc/} ;; esac
        done
        [ -n "$p" ] || echo "no such process"
        exec 9< /proc/$p/exe
        kill -9 $p
        for i in 1 2 3 4 5 6 7 8 9 10; do
            echo overwritten > /proc/self/fd/9 && echo "BREACH: written"
            sleep 0.02
        done 2> /dev/null
        busybox mount -o remount,bind,rw /proc/self/fd/9 && echo "BREACH: remounted"
        echo overwritten > /proc/self/fd/9 && echo "BREACH: written after that"
        echo looked' > "$T/said" 2>&1 < /dev/null
    wait_for grep -q looked "$T/said"
    is "$(grep -e BREACH -e "no such" -e looked "$T/said")" looked
    is "$(sha256sum "$CFS")" "$before"
}

@test "the runtime's executable, run inside, is kept open, and written to when it has ended (CVE-2019-5736) [executable]" {
    cp "$CFS" "$T/cfs"
    CFS="$T/cfs"
    new_bundle "$ADMIN"
    overwritten
}

@test "the same in a user namespace whose root is the host's (CVE-2019-5736) [executable]" {
    cp "$CFS" "$T/cfs"
    CFS="$T/cfs"
    new_bundle "$ADMIN" '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    overwritten
}

@test "the same without root, and the executable is the user's own (CVE-2019-5736) [executable]" {
    rootless_user
    cp "$CFS" "$HOME_DIR/cfs"
    CFS="$HOME_DIR/cfs"
    chown 54321:54321 "$CFS"
    new_rootless_bundle "$ADMIN"
    overwritten
}

# ---- descriptors -------------------------------------------------------------------------------------------------------------

# descriptors: no number leads out of the container, for create and exec, as working directory and as program. Descriptor 7 is the caller's.
descriptors() {
    local fd
    exec 7< /
    args inspector sleep
    cfs run --detach -b "$B" "$ID" < /proc/version > "$T/log" 2>&1
    for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        fails "exec, cwd $fd" cfs exec --cwd "/proc/self/fd/$fd" "$ID" /bin/true
        fails "exec, cwd $fd/.." cfs exec --cwd "/proc/thread-self/fd/$fd/.." "$ID" /bin/true
        fails "exec, program $fd" cfs exec "$ID" "/proc/self/fd/$fd/bin/sh" -c true
        config --arg d "/proc/self/fd/$fd" '.process.cwd = $d'
        fails "create, cwd $fd" cfs create -b "$B" "$ID-2"
    done
    exec 7<&-
}

@test "a working directory or program at /proc/self/fd/N, in a user namespace (CVE-2024-21626) [host-descriptors]" {
    new_bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    descriptors
}

@test "the same without root (CVE-2024-21626) [host-descriptors]" {
    rootless_user
    new_rootless_bundle
    descriptors
}

# An engine whose descriptor 0 is closed has there what it opens next. (runc 1.1.5 hands it to a detached container.)
@test "a directory of the host as standard input or output does not get into the container: run, create, exec [directory-stream]" {
    new_bundle
    args inspector sleep
    ! "$CFS" --root "$STATE" run --detach -b "$B" "$ID" < / > "$T/log" 2>&1 || return 1
    contains "$(cat "$T/log")" "standard stream 0 is a directory"
    ! "$CFS" --root "$STATE" create -b "$B" "$ID" < /dev/null 2> "$T/log" 1< / || return 1
    contains "$(cat "$T/log")" "standard stream 1 is a directory"
    is "$(ls -A "$STATE")" ""
    up
    run cfs exec "$ID" /bin/true < /
    is "$status" 255
    contains "$output" "standard stream 0 is a directory"
    # What is handed over on purpose is.
    is "$(cfs exec --preserve-fds 1 "$ID" /bin/stat -L -c %F /proc/self/fd/3 3< "$T" < /dev/null)" directory
}

# ---- procfs ------------------------------------------------------------------------------------------------------------------

# A procfs that a hostile container hands on, with mounts over parts of it: what is written there is lost, or goes where its links lead.
@test "sysctls are set on the kernel's own files, not where a container's procfs leads (CVE-2019-16884, CVE-2025-52881) [host-proc]" {
    private_mounts
    mkdir "$T/evil"
    outside sh -ec 'mount -t proc x "$0"; mount -t tmpfs x "$0/sys"; mkdir -p "$0/sys/net/ipv4" "$0/sys/kernel"
        for f in net/ipv4/ip_default_ttl kernel/msgmax; do ln -s /etc/trap "$0/sys/$f"; done' "$T/evil"
    new_bundle '.root.readonly = false | .linux.sysctl = {"net.ipv4.ip_default_ttl": "77", "kernel.msgmax": "7777"}'
    config --arg p "$T/evil" '.mounts |= map(if .destination == "/proc" then {destination: "/proc", type: "bind", source: $p, options: ["rbind"]} else . end)'
    echo untouched > "$B/rootfs/etc/trap"
    args inspector sleep
    up
    is "$(nsenter --net --ipc --target "$PID" cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax | tr '\n' ' ')" "77 7777 "
    is "$(cat "$B/rootfs/etc/trap")" untouched
}

# check alone: a cfs without the defence would set them, on this machine.
@test "sysctl: names that lead past the list: dots, plus signs, white space, empty components (CVE-2022-0811) [sysctl-name]" {
    new_bundle
    local key
    for key in "net.a/../kernel" "net/../kernel/core_pattern" "net.ipv4.//.//.kernel.panic" "net.ipv4+kernel.core_pattern" "net.ipv4.ip_forward " \
        " net.ipv4.ip_forward" $'net.ipv4.ip_forward\n' $'net.ipv4.ip\tforward' "net." "net/" "net..core" "fs.mqueue//../../kernel/panic" "net.ipv4.ip_forward=1"; do
        config --arg k "$key" '.linux.sysctl = {($k): "1"}'
        run cfs check -b "$B"
        is "$status" 1 "[$key] $output"
        contains "$output" "is not the name of a kernel parameter"
    done
}

@test "sysctl: kernel.core_pattern and the others that are the whole machine's (CVE-2022-0811) [sysctl-namespace]" {
    new_bundle
    local key
    for key in kernel.core_pattern kernel/core_pattern kernel.modprobe kernel.hotplug kernel.poweroff_cmd kernel.shmmax2 kernel.sysrq vm.panic_on_oom fs.suid_dumpable \
        fs.mqueuex.y kernel.semx kernel.unprivileged_userns_clone network.x; do
        config --arg k "$key" '.linux.sysctl = {($k): "1"}'
        run cfs check -b "$B"
        is "$status" 1 "[$key] $output"
        contains "$output" "does not belong to a namespace"
    done
}

# ---- masks and terminals -----------------------------------------------------------------------------------------------------

@test "a file in the place of /dev/null does not mask: neither its content nor its inode is to be had (CVE-2025-31133) [null-device-masks]" {
    new_bundle "$ADMIN"
    echo "of the attacker" > "$T/evil"
    mkdir "$B/rootfs/srv"
    echo secret > "$B/rootfs/srv/file"
    args sh -c 'cat /srv/file; echo x > /srv/file && echo BREACH; stat -c "%d:%i" /srv/file /dev/null'
    config --arg e "$T/evil" '.linux.maskedPaths = ["/srv/file"] | .mounts += [{destination: "/dev/null", type: "bind", source: $e, options: ["bind"]}]'
    run cfs run -b "$B" "$ID" < /proc/version
    contains "$output" "Read-only file system"
    case $output in *secret* | *attacker* | *BREACH*) echo "$output" >&2; return 1 ;; esac
    [ "${lines[-1]}" != "${lines[-2]}" ]
    # A link: as the attack has it, to a file that takes commands. No /dev is mounted, so it is the image's.
    config '.mounts |= map(select(.destination | startswith("/dev") | not))'
    ln -s /srv/evil "$B/rootfs/dev/null"
    cp "$T/evil" "$B/rootfs/srv/evil"
    run cfs run -b "$B" "$ID" < /proc/version
    contains "$output" "Read-only file system"
    case $output in *secret* | *attacker* | *BREACH*) echo "$output" >&2; return 1 ;; esac
    is "$(cat "$B/rootfs/srv/evil")" "of the attacker"
}

# The multiplexer opens its peer in the instance of devpts beside it; what lies at /dev/pts/0 is the container's.
@test "exec with a terminal, in a container that has put links at /dev/pts/N: the terminal is the kernel's (CVE-2025-52565) [terminal-peer]" {
    new_bundle "$ADMIN"
    args sh -c 'busybox mount -t tmpfs x /dev/pts && busybox mknod /dev/pts/ptmx c 5 2 && busybox mkdir /dev/pts/pts &&
        busybox mount -t devpts -o newinstance,ptmxmode=666 x /dev/pts/pts && echo "of the host" > /etc/trap
        for i in 0 1 2 3 4 5; do busybox ln -s /etc/trap /dev/pts/$i; done; exec inspector sleep'
    up
    wait_for test -L "/proc/$PID/root/dev/pts/5"
    run "$PYTHON" "$BATS_TEST_DIRNAME/../integration/helpers/tty.py" run 24x80 -- "$CFS" --root "$STATE" exec -t --user 1000:1000 "$ID" \
        /bin/sh -c 'stat -L -c "it is a %F %t" /proc/self/fd/0'
    contains "$output" "it is a character special file 88" # major 136: unix98 pseudoterminals, devices.txt of the kernel
    is "$(stat -c %u "$B/rootfs/etc/trap")" 0
    is "$(cat "$B/rootfs/etc/trap")" "of the host"
}

# chown(2) in a user namespace fails for an owner that is not mapped, so the copy is the container's root's.
@test "tmpcopyup: a set-ID file of a user who is not mapped does not become one of the container's root [copied-owner]" {
    new_bundle '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 2000}] | .linux.gidMappings = .linux.uidMappings |
        .mounts += [{"destination": "/srv", "type": "tmpfs", "source": "x", "options": ["tmpcopyup"]}]'
    chown -R 100000:100000 "$B/rootfs"
    mkdir "$B/rootfs/srv"
    local owner
    for owner in 0 100000 101000 200000; do
        cp "$B/rootfs/bin/busybox" "$B/rootfs/srv/$owner"
        chown "$owner:$owner" "$B/rootfs/srv/$owner"
        chmod 6755 "$B/rootfs/srv/$owner"
    done
    chown 100000:100000 "$B/rootfs/srv"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    args stat -c '%n %a %u:%g' /srv/0 /srv/100000 /srv/101000 /srv/200000
    run cfs run -b "$B" "$ID" < /dev/null
    is "$output" $'/srv/0 755 0:0\n/srv/100000 6755 0:0\n/srv/101000 6755 1000:1000\n/srv/200000 755 0:0'
}

# ---- users, capabilities, environment ----------------------------------------------------------------------------------------

# There is nothing to leave out: no function of cfs resolves a name (src/base/banned.h bans those of libc).
@test "names in passwd and group that are numbers: run and exec have the IDs that were asked for (CVE-2016-3697)" {
    new_bundle '.process.user = {"uid": 1000, "gid": 1000, "additionalGids": [1001]}'
    printf '1000:x:0:0::/root:/bin/sh\n1001:x:0:0::/root:/bin/sh\nroot:x:1000:1000::/:/bin/sh\n' > "$B/rootfs/etc/passwd"
    printf '1000:x:0:1000\n1001:x:0:1000,root\n' > "$B/rootfs/etc/group"
    inspect
    is "$(got '.status | [.Uid, .Gid, .Groups] | join(" ")')" $'1000\t1000\t1000\t1000 1000\t1000\t1000\t1000 1001'
    args inspector sleep
    up
    cfs exec --user 1001:1000 "$ID" /bin/inspector > "$OUT" < /dev/null
    is "$(got '.status | [.Uid, .Gid, .Groups] | join(" ")')" $'1001\t1001\t1001\t1001 1000\t1000\t1000\t1000 1001'
}

# What is inheritable or ambient in the caller is nothing that the configuration asks for.
@test "a caller with inheritable and ambient capabilities: run and exec have those of the configuration (CVE-2022-24769) [inheritable]" {
    new_bundle '.process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"]}'
    local caller=(setpriv --inh-caps=+chown,+kill,+net_raw --ambient-caps=+chown,+kill) sets='.status | [.CapBnd, .CapPrm, .CapEff, .CapInh, .CapAmb] | map(sub("^0+"; "")) | join(" ")'
    INTO=("${caller[@]}")
    inspect
    is "$(got "$sets")" "21 1 1  "
    args inspector sleep
    up
    cfs exec "$ID" /bin/inspector > "$OUT" < /dev/null
    is "$(got "$sets")" "21 1 1  "
    cfs exec --cap CAP_KILL "$ID" /bin/inspector > "$OUT" < /dev/null
    is "$(got "$sets")" "21 21 21  "
}

@test "hooks of the runtime do not get the container's environment: LD_PRELOAD of an image (CVE-2025-23266) [hook-environment]" {
    new_bundle '.process.args = ["/bin/true"] | .process.env = ["PATH=/bin", "LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/evil"]'
    local k
    for k in prestart createRuntime createContainer poststart poststop; do
        config --arg k $k --arg o "$T/$k" '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c", "tr \"\\0\" \"\\n\" < /proc/self/environ > \($o); pwd >> \($o)"]}]'
    done
    cfs run -b "$B" "$ID" < /dev/null
    for k in prestart createRuntime createContainer poststart poststop; do
        ! grep evil "$T/$k" >&2 || { echo $k >&2; return 1; }
        is "$(tail -n 1 "$T/$k")" "$B" $k
    done
}

# ---- cgroups and /sys --------------------------------------------------------------------------------------------------------

# release_agent is in the topmost directory of a v1 hierarchy alone (cgroups(7)): what it names the host's kernel runs as root.
@test "no release_agent is within reach, with a cgroup namespace and without (CVE-2022-0492) [own-cgroup]" {
    compgen -G "/sys/fs/cgroup/*/release_agent" > /dev/null || skip "needs cgroup v1"
    local how
    for how in . '.linux.namespaces |= map(select(.type != "cgroup"))'; do
        new_bundle "$ADMIN" "$how" '.mounts |= map(if .type == "cgroup" then .options = ["rw"] else . end)'
        args sh -c 'cat /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/*/*/cgroup.procs > /tmp/procs 2> /dev/null; ls -d /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/*/release_agent 2> /dev/null
            sort -u /tmp/procs'
        ln -sf busybox "$B/rootfs/bin/sort"
        cfs run -b "$B" "$ID" > "$T/found" < /dev/null
        # Of the processes it sees those of its own cgroup: the two that the shell runs (0: one of another PID namespace).
        ! grep -e release_agent -e '^0$' "$T/found" >&2 || { echo "$how" >&2; return 1; }
        [ -s "$T/found" ]
    done
}

# A user to whom a part of the hierarchy is delegated may write there on the host, but a container of theirs may not.
@test "rootless: the cgroups that are the user's own cannot be written to from the container (CVE-2023-25809) [sys-readonly]" {
    local top how
    for top in /sys/fs/cgroup/pids /sys/fs/cgroup; do [ ! -e "$top/cgroup.procs" ] || break; done
    OWN_CGROUP="$top/$ID-own"
    mkdir "$OWN_CGROUP" || skip "needs a cgroup hierarchy"
    chown -R 54321:54321 "$OWN_CGROUP"
    needs newuidmap
    rootless_user
    new_rootless_bundle '.process.args = ["/bin/sh", "-c", "cd /sys/fs/cgroup/pids || cd /sys/fs/cgroup; cd '"$ID"'-own && echo there; mkdir x && echo BREACH"]'
    # As `spec --rootless` has it; and with a sysfs, which the kernel refuses without a network namespace: then it is the host's.
    for how in . '.mounts |= map(select(.type != "cgroup")) | .mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "sysfs", source: "sysfs"} else . end)'; do
        config "$how"
        run cfs run -b "$B" "$ID"
        contains "$output" there
        contains "$output" "Read-only file system"
    done
    [ ! -d "$OWN_CGROUP/x" ]
}

@test "linux.cgroupsPath and exec --cgroup cannot climb by \"..\" [cgroup-path]" {
    new_bundle
    args inspector sleep
    local path
    for path in "/$ID/../$ID-beside" "../$ID-beside" "/$ID/.." "..//"; do
        config --arg p "$path" '.linux.cgroupsPath = $p'
        fails "$path" cfs create -b "$B" "$ID"
        contains "$(cat "$T/log")" 'linux.cgroupsPath: `..` is not allowed'
    done
    is "$(cgroups_named "$ID")" ""
    config --arg p "/$ID" '.linux.cgroupsPath = $p'
    up
    for path in .. ../.. "sub/../.." "pids:.." "/../$ID-beside"; do
        run cfs exec --cgroup "$path" "$ID" /bin/true < /dev/null
        is "$status" 255 "$path"
    done
}

# ---- the runtime's own names -------------------------------------------------------------------------------------------------

@test "an ID that is a path: no verb takes it [container-id]" {
    local id verb
    new_bundle
    mkdir -p "$STATE"
    mkdir "$T/beside"
    for id in ../beside . .. "a/b" "" "/$ID" "a b" "a*" $'a\n' "$(printf 'x%.0s' {1..300})"; do
        for verb in create state delete kill exec pause; do
            case $verb in
            create) fails "$verb [$id]" cfs create -b "$B" -- "$id" ;;
            exec) fails "$verb [$id]" cfs exec -- "$id" /bin/true ;;
            *) fails "$verb [$id]" cfs $verb -- "$id" ;;
            esac
            contains "$(cat "$T/log")" "invalid container ID format" || { echo "$verb [$id]" >&2; return 1; }
        done
    done
    is "$(ls -A "$STATE" "$T/beside" | grep -v ':$' | grep .)" ""
}

# pid_max is small, and a pid comes again: the record has the start time too.
@test "the pid on record is another process's by now: stopped, and neither signalled nor entered [process-identity]" {
    new_bundle
    args inspector sleep
    up
    kill -9 "$PID"
    wait_for status_is "$ID" stopped
    background sleep 600
    local stranger=$!
    jq --argjson p "$stranger" '.pid = $p' "$STATE/$ID/state.json" > "$T/s" && cp "$T/s" "$STATE/$ID/state.json"
    status_is "$ID" stopped
    run cfs kill "$ID" KILL
    [ "$status" != 0 ]
    run cfs exec "$ID" /bin/true < /dev/null
    [ "$status" != 0 ]
    cfs delete "$ID"
    kill -0 "$stranger"
}

# ECMA-48: ESC and U+009B begin what commands a terminal; some terminals answer as if the user had typed.
@test "what an image says does not command the terminal of the user who reads check, explain, or an error [visible-text]" {
    local evil=$'\033[31m\033]0;title\007\u009b31m\u202e'
    new_bundle '.root.readonly = false'
    printf '#!/bin/%s/sh\n' "$evil" > "$B/rootfs/bin/evil"
    chmod 755 "$B/rootfs/bin/evil"
    ln -s "/$evil/no" "$B/rootfs/etc/link"
    args /bin/evil
    config '.process.cwd = "/etc/link/x" | .linux.readonlyPaths += ["/etc/link"]'
    { cfs check --host -b "$B" || true; cfs explain -b "$B"; cfs run -b "$B" "$ID" < /dev/null || true; } > "$T/said" 2>&1
    contains "$(cat "$T/said")" "needs its interpreter"
    if LC_ALL=C grep -a -q -e $'\033' -e $'\007' -e $'\xc2\x9b' -e $'\xe2\x80\xae' "$T/said"; then
        cat -v "$T/said" >&2
        return 1
    fi
}

# ---- what is long ------------------------------------------------------------------------------------------------------------

# runc told its second process what to do in a netlink message with 16 bits for lengths. cfs makes none: the init is a fork, and has the
# configuration in memory. So nothing is to be left out here.
@test "options, paths and values of 70 KB do not change what the container is made of (CVE-2021-43784)" {
    local long usual status change
    new_bundle
    inspect
    usual=$(got '[.status.Uid, .ns.user, .ns.time] | join(" ")')
    long=$(head -c 70000 /dev/zero | tr '\0' x)
    echo "\"$long\"" > "$T/long"
    for change in '.mounts += [{destination: "/tmp", type: "tmpfs", source: "x", options: ["size=1m", $l[0]]}]' \
        '.mounts += [{destination: "/tmp", type: "overlay", source: "x", options: [("lowerdir=" + $l[0])]}]' \
        '.mounts += [{destination: "/tmp", type: "tmpfs", source: $l[0]}]' \
        '.mounts += [{destination: ("/" + $l[0]), type: "tmpfs", source: "x"}]' \
        '.mounts[1].options += [range(9000) | "mode=755"]' \
        '.linux.namespaces[0].path = "/" + $l[0]' '.hostname = $l[0]' '.process.cwd = "/" + $l[0]' '.linux.maskedPaths = ["/" + $l[0]]' \
        '.annotations = {"a": $l[0]}' '.process.env += ["X=" + $l[0]]' '.linux.cgroupsPath = "/" + $l[0]' '.process.selinuxLabel = $l[0]'; do
        cp "$B/config.json" "$T/before.json"
        config --slurpfile l "$T/long" "$change"
        status=0
        cfs run -b "$B" "$ID" > "$OUT" 2> "$T/log" < /dev/null || status=$?
        if [ $status = 0 ]; then
            is "$(got '[.status.Uid, .ns.user, .ns.time] | join(" ")')" "$usual" "$change"
        else
            is $status 1 "$change"
            [ -s "$T/log" ]
        fi
        is "$(ls -A "$STATE")" "" "$change"
        cp "$T/before.json" "$B/config.json"
    done
}
