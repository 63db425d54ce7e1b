# SPDX-License-Identifier: LGPL-2.1-or-later
# The process object (config.md, "Process"), as the inspector finds it inside.
load helpers/common

setup() {
    setup_common
    root_only
}

# spec: config.process.5 config.process.6 config.process.7
@test "args, env and cwd arrive as written" {
    new_bundle '.process.args = ["/bin/inspector", "a b", "", "\u00e4"] | .process.env = ["A=1", "B=", "C=x=y"] | .process.cwd = "/tmp"'
    inspect
    is "$(got .args)" '["/bin/inspector","a b","","\u00e4"]' || is "$(got '.args | length')" 4
    is "$(got '.env | index("A=1") != null and index("B=") != null and index("C=x=y") != null')" true
    is "$(got .cwd)" /tmp
}

@test "HOME comes from the container's passwd when it is not set" {
    new_bundle '.process.user = {"uid": 1000, "gid": 1000} | .process.env = ["PATH=/bin"]'
    inspect
    is "$(got '.env | map(select(startswith("HOME=")))')" '["HOME=/home/user"]'
}

@test "a numeric user name in passwd does not change the uid (CVE-2016-3697)" {
    new_bundle '.process.user = {"uid": 1000, "gid": 1000}'
    printf '1000:x:0:0::/root:/bin/sh\n' > "$B/rootfs/etc/passwd"
    inspect
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
}

# spec: config.process.8
@test "the program is found in the container's PATH" {
    new_bundle '.process.args = ["inspector"] | .process.env = ["PATH=/usr/bin:/bin"]'
    inspect
    is "$(got .cwd)" /
}

# spec: config.user.1 config.user.2 config.user.4
@test "user, group, additional groups and umask" {
    new_bundle '.process.user = {"uid": 1000, "gid": 1001, "umask": 7, "additionalGids": [5, 6]}'
    inspect
    is "$(got .status.Uid)" $'1000\t1000\t1000\t1000'
    is "$(got .status.Gid)" $'1001\t1001\t1001\t1001'
    is "$(got .status.Groups)" "5 6"
    is "$(got .status.Umask)" 0007
}

# spec: config.user.3
@test "without umask the caller's stays" {
    new_bundle
    (umask 0027; inspect)
    is "$(got .status.Umask)" 0027
}

# spec: config.linux-process.2
@test "capabilities: the five sets, exactly" {
    new_bundle '.process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], "effective": ["CAP_CHOWN"],
                "permitted": ["CAP_CHOWN", "CAP_KILL"], "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}'
    inspect
    is "$(got .status.CapBnd)" 00000000000000a1
    is "$(got .status.CapAmb)" 0000000000000020
    is "$(got .status.CapInh)" 0000000000000020
}

# spec: config.linux-process.2
@test "capabilities of an ordinary user: what is not ambient is lost at the execve" {
    new_bundle '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {"bounding": ["CAP_CHOWN", "CAP_KILL"],
                "effective": ["CAP_CHOWN", "CAP_KILL"], "permitted": ["CAP_CHOWN", "CAP_KILL"], "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}'
    inspect
    is "$(got .status.CapEff)" 0000000000000020
    is "$(got .status.CapPrm)" 0000000000000020
}

# spec: config.linux-process.3 config.linux-process.4
@test "a capability that cannot be granted is a warning, not an error" {
    new_bundle '.process.capabilities.bounding += ["CAP_MOON"]'
    inspect
    cfs --log "$T/log" --log-level warning run -b "$B" "$ID" > /dev/null 2>&1
    grep -q CAP_MOON "$T/log"
}

# spec: config.linux-process.5
@test "noNewPrivileges" {
    new_bundle '.process.noNewPrivileges = true'
    inspect
    is "$(got .status.NoNewPrivs)" 1
    config '.process.noNewPrivileges = false'
    inspect
    is "$(got .status.NoNewPrivs)" 0
}

# execve(2), EAGAIN: since Linux 3.1 the change of user does not fail, the execve(2) after it does. runc and crun say no more.
@test "more processes of the user than RLIMIT_NPROC allows: the error says which limit" {
    new_bundle '.process.user = {"uid": 48125, "gid": 48125} | .process.rlimits = [{"type": "RLIMIT_NPROC", "soft": 1, "hard": 1}]'
    local i others=()
    for i in 1 2; do
        setpriv --reuid=48125 --regid=48125 --clear-groups sleep 3456 3>&- &
        others+=($!)
        wait_for eval '[ "$(stat -c %u /proc/'$!')" = 48125 ]'
    done
    run cfs run -b "$B" "$ID" < /dev/null
    kill "${others[@]}"
    is "$status" 1
    contains "$output" "process.args[0]: exec"
    contains "$output" "resource temporarily unavailable"
    contains "$output" "RLIMIT_NPROC (process.rlimits)"
}

# spec: config.rlimits.2 config.rlimits.3
@test "rlimits" {
    new_bundle '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
    inspect
    is "$(got .rlimits.RLIMIT_NOFILE)" '{"hard":200,"soft":100}'
    is "$(got .rlimits.RLIMIT_CORE)" '{"hard":0,"soft":0}'
}

# spec: config.linux-process.6
@test "oomScoreAdj" {
    new_bundle '.process.oomScoreAdj = 123'
    inspect
    is "$(got .oom_score_adj)" 123
}

# spec: runtime-linux.fds.1
@test "only descriptors 0, 1, 2 are open" {
    new_bundle
    exec 7< /etc/passwd 8< /
    inspect
    exec 7<&- 8<&-
    is "$(got '.fds | keys')" '["0","1","2"]'
}

@test "--preserve-fds passes descriptors on" {
    new_bundle
    echo hello > "$T/file"
    cfs run --preserve-fds 2 -b "$B" "$ID" > "$OUT" 3< "$T/file" 4< "$T/file"
    is "$(got '.fds | keys')" '["0","1","2","3","4"]'
    args sh -c 'cat <&4'
    cfs run --preserve-fds 2 -b "$B" "$ID" > "$OUT" 3< "$T/file" 4< "$T/file"
    is "$(cat "$OUT")" hello
}

# podman's --preserve-fd picks some, and passes the highest as --preserve-fds.
@test "--preserve-fds with gaps: what is open is passed on, and nothing of cfs's own takes the place of what is not" {
    new_bundle
    echo hello > "$T/file"
    # Descriptor 10 is where shells keep what they have redirected.
    "$CFS" --root "$STATE" run --preserve-fds 40 -b "$B" "$ID" > "$OUT" 10>&- 11>&- 3>&- 4>&- 5< "$T/file" 6>&- 12< "$T/file" 42< "$T/file" 43< "$T/file"
    is "$(got '.fds | keys | map(tonumber) | sort')" '[0,1,2,5,12,42]'
    "$CFS" --root "$STATE" run --preserve-fds 3 -b "$B" "$ID" > "$OUT" 3>&- 4>&- 5>&-
    is "$(got '.fds | keys')" '["0","1","2"]'
    args sh -c 'cat <&5'
    is "$(cfs run --preserve-fds 3 -b "$B" "$ID" 3>&- 4>&- 5< "$T/file")" hello
    args /bin/inspector sleep
    up
    is "$(cfs exec --preserve-fds 3 "$ID" /bin/sh -c 'ls /proc/self/fd; cat <&5' 3>&- 4>&- 5< "$T/file" | tr '\n' ' ')" "0 1 2 3 5 hello "
}

@test "LISTEN_FDS of a closed descriptor is an error" {
    new_bundle
    LISTEN_FDS=2 run cfs run -b "$B" "$ID" 3< /dev/null 4>&-
    is "$status" 1
    contains "$output" "descriptor 4"
}

# As runc: programs differ in which of two entries they take.
@test "environment: each name once, the last counts; an empty HOME is replaced; what has no = is refused" {
    new_bundle '.process.env = ["PATH=/bin", "A=1", "B=x", "A=2", "HOME=/first", "HOME=", "A=3", "AA=4"] | .process.args = ["/bin/env"]'
    is "$(cfs run -b "$B" "$ID" < /dev/null | sort | tr '\n' ' ')" "A=3 AA=4 B=x HOME=/root PATH=/bin "
    config '.process.env = ["HOME=", "HOME=/last"]'
    is "$(cfs run -b "$B" "$ID" < /dev/null)" HOME=/last
    config '.process.env = ["LISTEN_FDS=7", "LISTEN_PID=3", "PATH=/bin"]'
    is "$(LISTEN_FDS=1 "$CFS" --root "$STATE" run -b "$B" "$ID" 3< /dev/null | grep LISTEN | sort | tr '\n' ' ')" "LISTEN_FDS=1 LISTEN_PID=1 "
    config '.process.env = ["PATH=/bin", "NOTHING"]'
    run cfs run -b "$B" "$ID" < /dev/null
    is "$status" 1
    contains "$output" 'process.env[1]: `NOTHING` has no `=`'
    run cfs check "$B"
    contains "$output" 'process.env[1]: `NOTHING` has no `=`'
}

# All peers take these documents.
@test "user without uid or gid means 0; a nice value with any scheduling policy" {
    local u
    for u in '{}' '{"uid": 0}' '{"gid": 0}'; do
        new_bundle ".process.user = $u"
        config '.process.args = ["/bin/id", "-u"]'
        is "$(cfs run -b "$B" "$ID" < /dev/null)" 0
    done
    config '.process.user = {"uid": 5} | .process.args = ["/bin/sh", "-c", "id -u; id -g"]'
    is "$(cfs run -b "$B" "$ID" < /dev/null | tr '\n' ' ')" "5 0 "
    config '.process.scheduler = {"policy": "SCHED_DEADLINE", "nice": 5, "runtime": 1000000, "deadline": 100000000, "period": 100000000}'
    run cfs check "$B"
    is "$status" 0 "$output"
    config '.process.scheduler = {"policy": "SCHED_FIFO", "nice": 5, "priority": 3}'
    run cfs check "$B"
    is "$status" 0 "$output"
}

# runc and crun do since 2025.
@test "a caller that is pinned to a CPU does not pin the container, by run, create or exec" {
    needs taskset
    [ "$(nproc)" -gt 1 ] || skip "needs two CPUs"
    new_bundle '.process.args = ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"]'
    local all first
    all=$(grep Cpus_allowed_list /proc/self/status)
    # The CPUs that a process of this cgroup may have, whatever we are pinned to.
    first=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')
    is "$(taskset -c "$first" "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null)" "$all"
    taskset -c "$first" "$CFS" --root "$STATE" create -b "$B" "$ID" > "$T/out" 2>&1 < /dev/null
    cfs start "$ID"
    wait_for status_is "$ID" stopped
    is "$(cat "$T/out")" "$all"
    cfs delete "$ID"
    args /bin/inspector sleep
    up
    is "$(taskset -c "$first" "$CFS" --root "$STATE" exec "$ID" /bin/grep Cpus_allowed_list /proc/self/status)" "$all"
    config ".linux.resources.cpu.cpus = \"$first\""
    cfs delete --force "$ID"
    args /bin/grep Cpus_allowed_list /proc/self/status
    is "$(cfs run -b "$B" "$ID" < /dev/null | cut -f2)" "$first" "the cpuset holds"
}

@test "LISTEN_FDS is passed on, with LISTEN_PID 1 and the names, but only what is for cfs" {
    new_bundle
    bash -c 'export LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=web; exec "$0" --root "$1" run -b "$2" "$3"' "$CFS" "$STATE" "$B" "$ID" 3< /dev/null > "$OUT"
    is "$(got '.env | map(select(startswith("LISTEN_"))) | sort')" '["LISTEN_FDNAMES=web","LISTEN_FDS=1","LISTEN_PID=1"]'
    is "$(got '.fds | keys')" '["0","1","2","3"]'
    LISTEN_FDS=1 LISTEN_PID=1 LISTEN_FDNAMES=web inspect 3< /dev/null
    is "$(got '.env | map(select(startswith("LISTEN_")))')" '[]'
    is "$(got '.fds | keys')" '["0","1","2"]'
}

@test "signals: nothing blocked, nothing ignored, whatever the caller did" {
    new_bundle
    (trap '' PIPE HUP INT USR1; inspect)
    is "$(got .status.SigBlk)" 0000000000000000
    is "$(got '.status.SigIgn')" 0000000000000000
}

@test "a caller that ignores SIGCHLD gets the exit code all the same" {
    new_bundle '.process.args = ["/bin/inspector", "exit", "3"]'
    run python3 -c 'import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 3 "$output"
}

@test "the program is a session leader without our terminal" {
    new_bundle
    inspect
    is "$(got .pid)" 1
    is "$(got .sid)" 1
    is "$(got .pgid)" 1
}

@test "the parent-death signal that the init had is gone" {
    new_bundle
    inspect
    is "$(got .pdeathsig)" 0
}

@test "the runtime's environment stays outside" {
    new_bundle
    SECRET=1 inspect
    is "$(got '.env | map(select(startswith("SECRET"))) | length')" 0
}

@test "cwd through a descriptor of the runtime is refused (CVE-2024-21626) [host-descriptors]" {
    new_bundle
    local fd
    for fd in 3 4 5 6 7 8 9 10 11 12; do
        config --arg d "/proc/self/fd/$fd" '.process.cwd = $d'
        run cfs run -b "$B" "$ID"
        is "$status" 1 "fd $fd: $output"
        contains "$output" "process.cwd"
    done
}

@test "args through a descriptor of the runtime are refused (CVE-2024-21626)" {
    new_bundle
    local fd
    for fd in 3 4 5 6 7 8 9 10 11 12; do
        args "/proc/self/fd/$fd/bin/sh"
        run cfs run -b "$B" "$ID"
        is "$status" 1 "fd $fd: $output"
    done
}

@test "a program that is /proc/self/exe reaches only a file that cannot be written to (CVE-2019-5736)" {
    new_bundle '.root.readonly = false'
    local before
    before=$(sha256sum "$CFS")
    printf '#!/proc/self/exe\n' > "$B/rootfs/bin/evil"
    chmod +x "$B/rootfs/bin/evil"
    args /bin/evil
    run cfs run -b "$B" "$ID"
    args /proc/self/exe --version
    run cfs run -b "$B" "$ID"
    is "$(sha256sum "$CFS")" "$before"
    args sh -c 'readlink /proc/1/exe'
    cfs create -b "$B" "$ID"
    local pid link
    pid=$(cfs state "$ID" | jq -r .pid)
    link=$(readlink "/proc/$pid/exe")
    case $link in
        / | /memfd:*) ;; # a mount that is nowhere attached, or a copy
        *) is "$link" "a mount that is nowhere attached, or a copy" ;;
    esac
    # Who keeps it until it is not running any more cannot write either, and nor can root make the mount writable.
    exec 9< "/proc/$pid/exe"
    # (-c: mount(8) would resolve the link, to "/" of all places.)
    run mount -c -o remount,bind,rw "/proc/$pid/exe"
    [ "$status" -ne 0 ]
    run mount -c --bind "/proc/$pid/exe" "$B/config.json"
    [ "$status" -ne 0 ]
    cfs delete -f "$ID"
    run sh -c 'echo overwritten > /proc/self/fd/9'
    [ "$status" -ne 0 ]
    exec 9<&-
    is "$(sha256sum "$CFS")" "$before"
}

# runc and crun make it; config.md says nothing of one that is missing. exec does not: as runc and crun.
@test "a missing cwd is made by create, for every user, and belongs to the container's root" {
    local user
    for user in 0 1000; do
        new_bundle "$(printf '.process.user = {"uid": %d, "gid": %d} | .process.cwd = "/app/space"' $user $user)"
        (umask 077; inspect)
        is "$(got .cwd)" /app/space
        is "$(stat -c '%a %u:%g' "$B/rootfs/app/space" "$B/rootfs/app" | sort -u)" "755 0:0"
    done
    new_bundle '.process.cwd = "/app/space"' '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        | .linux.gidMappings = .linux.uidMappings | .process.user = {"uid": 7, "gid": 7}'
    chown -R 100000:100000 "$B/rootfs"
    inspect
    is "$(got .cwd)" /app/space
    is "$(stat -c '%a %u:%g' "$B/rootfs/app/space")" "755 100000:100000"
    contains "$(cfs explain -b "$B")" "chdir to /app/space, made if it is missing"
}

@test "a missing cwd: in a root that becomes read-only, on a tmpfs, on a tmpfs of a read-only image, through a link" {
    new_bundle '.root.readonly = true | .process.cwd = "/a/b"'
    inspect
    is "$(got .cwd)" /a/b
    config '.process.cwd = "/tmp/w/x" | .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
    inspect
    is "$(got .cwd)" /tmp/w/x
    [ ! -e "$B/rootfs/tmp/w" ]
    config '.mounts[-1].options = ["ro"]'
    inspect
    is "$(got .cwd)" /tmp/w/x
    ln -s /tmp/elsewhere "$B/rootfs/link"
    config '.process.cwd = "/link/y"'
    inspect
    is "$(got .cwd)" /tmp/elsewhere/y
    # The image itself is on a read-only mount.
    private_mounts
    outside mount --bind "$B/rootfs" "$B/rootfs"
    outside mount -o remount,bind,ro "$B/rootfs"
    config '.process.cwd = "/tmp/w/x"'
    inspect
    is "$(got .cwd)" /tmp/w/x
    config '.process.cwd = "/never"'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "process.cwd"
    contains "$output" "read-only file system"
}

@test "a cwd that is a file, or a link out of the root" {
    new_bundle '.process.cwd = "/etc/passwd"'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "process.cwd"
    contains "$output" "not a directory"
    config '.process.cwd = "/out"'
    ln -s ../../../../etc/ssl "$B/rootfs/out"
    inspect
    is "$(got .cwd)" /etc/ssl
    [ -d "$B/rootfs/etc/ssl" ]
}

# runc and crun change the directory before the user; what the user may do there is the program's affair.
@test "a cwd that only root may enter, with another user: create and exec" {
    new_bundle '.process.user = {"uid": 1000, "gid": 1000} | .process.cwd = "/root"'
    chmod 700 "$B/rootfs/root"
    inspect
    is "$(got .cwd)" /root
    args sleep 60
    up
    is "$(cfs exec "$ID" /bin/inspector | jq -r .cwd)" /root
    is "$(cfs exec --user 1000 --cwd /root "$ID" /bin/inspector | jq -r .cwd)" /root
    run cfs exec --cwd /nowhere "$ID" /bin/true
    is "$status" 255
    contains "$output" "/nowhere"
    [ ! -e "$B/rootfs/nowhere" ]
}

@test "a cwd that the user alone may enter: the container's root user may not" {
    new_bundle '.process.user = {"uid": 1000, "gid": 1000} | .process.cwd = "/private"' '.linux.namespaces += [{"type": "user"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    chown -R 100000:100000 "$B/rootfs"
    # A group that is not mapped takes the root user's CAP_DAC_OVERRIDE away (capabilities(7)).
    mkdir -m 700 "$B/rootfs/private"
    chown 101000:5 "$B/rootfs/private"
    inspect
    is "$(got .cwd)" /private
}

# runc: the last value of a name counts, and an empty HOME is as none.
@test "env: each name once, the last value, exec too; HOME is replaced when it is empty" {
    new_bundle '.process.env = ["A=1", "B=x", "A=2", "PATH=/none", "AB=3", "HOME=", "PATH=/bin", "A=", "A=4=5"]'
    inspect
    is "$(got '.env | map(select(startswith("A") or startswith("B") or startswith("PATH") or startswith("HOME")))')" \
        '["B=x","AB=3","HOME=/root","PATH=/bin","A=4=5"]'
    contains "$(cfs explain -b "$B")" "5 environment variables"
    config '.process.env = ["HOME=", "HOME=/a", "HOME=/b"]'
    inspect
    is "$(got '.env | map(select(startswith("HOME")))')" '["HOME=/b"]'
    config '.process.env = ["HOME=/a", "HOME="]'
    inspect
    is "$(got '.env | map(select(startswith("HOME")))')" '["HOME=/root"]'
    config '.process.env = ["A=1", "PATH=/bin"]'
    args sleep 60
    up
    is "$(cfs exec --env A=2 --env A=3 --env HOME= "$ID" /bin/inspector | jq -c '.env | map(select(startswith("A=") or startswith("HOME="))) | sort')" '["A=3","HOME=/root"]'
}

@test "env: thousands of entries" {
    new_bundle '.process.env = ([range(20000) | "V\(. % 10000)=\(.)"] + ["PATH=/bin"])'
    inspect
    is "$(got '[(.env | length), (.env | index("V17=10017") != null)]')" '[10002,true]'
}
