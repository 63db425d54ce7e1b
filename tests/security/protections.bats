# SPDX-License-Identifier: LGPL-2.1-or-later
# The runtime runs in a sandbox that refuses one of its system calls, as filters of outer containers do (EPERM, or ENOSYS as for a
# kernel that does not know it). Then the container is as confined as ever, or there is none: no protection is skipped.
load helpers/canary

setup() {
    setup_common
    root_only
    exec 7< / # a descriptor on the host's root that the caller has left open
    CONFIG='.process.noNewPrivileges = true | .process.user = {"uid": 1000, "gid": 1001, "additionalGids": [5], "umask": 63} | .process.oomScoreAdj = 500 |
        .process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}] | .process.capabilities = ({} | .bounding = ["CAP_KILL"] | .permitted = .bounding) |
        .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}'
}

# number NAME: of a system call, on this machine. All are asked for at once, which takes a compiler.
number() {
    local all="$BATS_FILE_TMPDIR/calls"
    [ -s "$all" ] || printf '#include <sys/syscall.h>\n' | ${CC:-cc} -E -dM - 2> /dev/null | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' > "$all"
    sed -n "s/^$1 //p" "$all" | grep .
}

# confinement PID: what confines the process, as the host sees it. The sandbox's own filter is one more than usual.
confinement() {
    sed -n '/^\(Uid\|Gid\|Groups\|Umask\|Cap...\|NoNewPrivs\|Seccomp\):/p' "/proc/$1/status"
    ls "/proc/$1/fd"
    stat -L -c 'root %d:%i' "/proc/$1/root"
    awk '{ print "session", ($6 == $1 || $8 == -1) }' "/proc/$1/stat"
    cat "/proc/$1/oom_score_adj"
    sed -n '/core file size/p' "/proc/$1/limits"
    for f in mnt pid net ipc uts; do [ "/proc/$1/ns/$f" -ef "/proc/self/ns/$f" ] || echo "$f of its own"; done
    # Propagation, read-only paths, masks.
    sed 's/^\([0-9]* \)\{2\}[0-9:]* //; s/ - .*//; s/master:[0-9]*/slave/; s/shared:[0-9]*/shared/' "/proc/$1/mountinfo" | grep -v cgroup | sort
    grep -c "$ID" "/proc/$1/cgroup"
}

# sandboxed CALL ERRNO: create, start and exec with that call refused. Each is as confined as without, or fails with a message and
# leaves nothing.
sandboxed() {
    local call=$1 error=$2 pid
    if timeout 10 "$ATTACKER" refuse "$call" "$error" "$CFS" --root "$STATE" run --detach -b "$B" --pid-file "$T/pid" "$ID" < /proc/version > "$T/log" 2>&1; then
        outcome=works
        pid=$(cat "$T/pid")
        if [ -e "/proc/$pid/root/bin" ]; then # unless the program itself cannot do without
            confinement "$pid" > "$T/now"
            diff "$T/usual" "$T/now" >&2 || { echo "run, refused: $3 ($error)" >&2; return 1; }
        fi
        "$CFS" --root "$STATE" delete --force "$ID"
    else
        outcome=refused
        [ -s "$T/log" ] || { echo "no message: $3 ($error)" >&2; return 1; }
        [ -z "$(ls -A "$STATE" 2> /dev/null)" ] || { ls -A "$STATE" >&2; cat "$T/log" >&2; echo "left behind: $3 ($error)" >&2; return 1; }
    fi
}

# executed CALL ERRNO NAME: exec alone.
executed() {
    local pid
    rm -f "$T/pid"
    if timeout 10 "$ATTACKER" refuse "$1" "$2" "$CFS" --root "$STATE" exec --detach --pid-file "$T/pid" "$ID" /bin/inspector sleep < /proc/version > "$T/log" 2>&1; then
        outcome=works
        pid=$(cat "$T/pid")
        if [ -e "/proc/$pid/root/bin" ]; then
            # A program that cannot wait, since the call it waits with is the refused one, ends while it is looked at: no answer then.
            confinement "$pid" > "$T/now" 2> "$T/gone" || [ ! -e "/proc/$pid/status" ] || { cat "$T/gone" >&2; return 1; }
            [ ! -e "/proc/$pid/root/bin" ] || diff "$T/usual" "$T/now" >&2 || { echo "exec, refused: $3 ($2)" >&2; return 1; }
            kill -9 "$pid" 2> "$T/gone" || true
        fi
    else
        outcome=refused
        [ -s "$T/log" ] || { echo "no message: $3 ($2)" >&2; return 1; }
    fi
}

bundle() {
    new_bundle "$CONFIG"
    args /bin/inspector sleep
    up
    confinement "$PID" > "$T/usual"
    grep -q 'Seccomp:.2' "$T/usual"
}

@test "close_range: the caller's descriptors stay outside, done another way [refused-calls]" {
    local error nr
    nr=$(number close_range) || skip "needs a C compiler"
    bundle
    for error in 1 38; do
        executed "$nr" $error close_range
        is "$outcome" works
    done
    cfs delete --force "$ID"
    for error in 1 38; do
        sandboxed "$nr" $error close_range
        is "$outcome" works
    done
}

@test "close_range refused, and a hook: it gets descriptors 0 to 2" {
    local nr
    nr=$(number close_range) || skip "needs a C compiler"
    bundle
    cfs delete --force "$ID"
    config --arg o "$T/fds" '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "echo /proc/self/fd/* > \($o)"]}]'
    sandboxed "$nr" 1 close_range
    is "$outcome" works
    is "$(sed 's#/proc/self/fd/##g' "$T/fds")" "0 1 2 3" # 3: the shell's own, of the redirection or the directory
}

@test "prctl: dumpable, parent death signal, bounding set, no_new_privs, ambient set: no container without" {
    local nr option
    nr=$(number prctl) || skip "needs a C compiler"
    bundle
    # PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT
    for option in 1 4 8 24 38 47; do
        executed "$nr:$option" 1 "prctl($option)"
        is "$outcome" refused "exec $option"
    done
    cfs delete --force "$ID"
    for option in 1 4 8 24 38 47; do
        sandboxed "$nr:$option" 38 "prctl($option)"
        is "$outcome" refused "run $option"
    done
}

@test "the bounding set cannot be read: it is dropped all the same" {
    local nr
    nr=$(number prctl) || skip "needs a C compiler"
    bundle
    cfs delete --force "$ID"
    sandboxed "$nr:23" 1 "prctl(PR_CAPBSET_READ)"
}

@test "the executable: neither a mount of its own nor a sealed copy, no container" {
    local open_tree memfd fcntl
    open_tree=$(number open_tree) && memfd=$(number memfd_create) || skip "needs a C compiler"
    bundle
    cfs delete --force "$ID"
    run "$ATTACKER" refuse "$open_tree" 1 "$ATTACKER" refuse "$memfd" 1 "$CFS" --root "$STATE" run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "copy the executable"
    is "$(ls -A "$STATE")" ""
}

@test "the session keyring: refused in part, no container; refused altogether, to the container too" {
    local nr
    nr=$(number keyctl) || skip "needs a C compiler"
    bundle
    cfs delete --force "$ID"
    sandboxed "$nr:1" 1 "keyctl(KEYCTL_JOIN_SESSION_KEYRING)"
    is "$outcome" refused
    sandboxed "$nr:1" 13 "keyctl(KEYCTL_JOIN_SESSION_KEYRING)"
    is "$outcome" refused
    sandboxed "$nr:5" 1 "keyctl(KEYCTL_SETPERM)"
    is "$outcome" refused
    sandboxed "$nr" 38 keyctl
    is "$outcome" works
}

@test "setgroups in a user namespace that does not deny it" {
    local nr
    nr=$(number setgroups) || skip "needs a C compiler"
    CONFIG="$CONFIG"' | .process.user = {"uid": 1000, "gid": 1001} | .linux.namespaces += [{"type": "user"}] |
        .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
    new_bundle "$CONFIG"
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    args /bin/inspector sleep
    sandboxed "$nr" 1 setgroups
    is "$outcome" refused
}

# named NAME: after a refusal, the message names the call and says that a filter may be the reason. Not of memory, whose lack has
# a name of its own.
named() {
    case $outcome,$1 in works,* | *,mprotect | *,munmap) return 0 ;; esac
    grep -q filter "$T/log" && grep -qF "$1(2)" "$T/log" || { echo "$1 is refused, and the message does not say so:" >&2; cat "$T/log" >&2; return 1; }
}

# The author of a filter looks for the kernel's name of the call (seccomp(2)). runc and crun show the errno alone.
@test "each system call of each other verb, refused alone: it works, or the error names the call and the filter" {
    local verb name nr error n=0 words
    not_sanitized "it makes system calls that are not those of cfs"
    needs strace
    number getpid > /dev/null || skip "needs a C compiler"
    bundle
    for verb in state list ps kill pause resume update events; do
        case $verb in
            list) words=(list) ;;
            ps) words=(ps --format json "$ID") ;;
            kill) words=(kill "$ID" 0) ;;
            update) words=(update --pids-limit 99 "$ID") ;;
            events) words=(events --stats "$ID") ;;
            *) words=($verb "$ID") ;;
        esac
        [ $verb != resume ] || cfs pause "$ID"
        strace -f -qq -o "$T/trace" "$CFS" --root "$STATE" "${words[@]}" < /dev/null > "$T/log" 2>&1
        sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$T/trace" | sort -u | grep -vwE 'execve|exit|exit_group|brk|mmap|rt_sigreturn|arch_prctl|write|writev' > "$T/names"
        while read -r name; do
            nr=$(number "$name") || continue
            for error in 1 38; do
                case $verb in pause) cfs resume "$ID" 2> "$T/again" || true ;; resume) cfs pause "$ID" 2> "$T/again" || true ;; esac
                n=$((n + 1))
                outcome=works
                timeout 20 "$ATTACKER" refuse "$nr" $error "$CFS" --root "$STATE" "${words[@]}" < /dev/null > "$T/log" 2>&1 || outcome=refused
                named "$name" || { echo "$verb ($error)" >&2; return 1; }
            done
        done < "$T/names"
        cfs resume "$ID" 2> "$T/again" || true
        is "$(cfs state "$ID" | jq -r .status)" running $verb
    done
    echo "# $n refusals" >&3
    [ $n -gt 150 ]
}

@test "every system call of run and exec, each refused alone: as confined as ever, or an error and nothing left" {
    local name nr error n=0 works=0
    not_sanitized "it makes system calls that are not those of cfs"
    needs strace
    number getpid > /dev/null || skip "needs a C compiler"
    bundle
    strace -f -qq -o "$T/trace" "$CFS" --root "$STATE" exec "$ID" /bin/true < /proc/version > /dev/null 2>&1
    cfs delete --force "$ID"
    args /bin/true
    strace -f -qq -o "$T/trace.run" "$CFS" --root "$STATE" run -b "$B" "$ID" < /proc/version > /dev/null 2>&1
    args /bin/inspector sleep
    # Without those that no program starts without, close(2), whose effect the end of a conversation is, and write(2), which an
    # error message takes; and those that have no errors by their manual pages.
    # mknodat(2): see inherited.bats.
    sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$T/trace" "$T/trace.run" | sort -u | grep -vwE 'execve|execveat|exit|exit_group|brk|mmap|rt_sigreturn|arch_prctl|close|write|get(e|)uid|get(e|)gid|getp?pid|gettid|umask|mknodat' > "$T/names"
    while read -r name; do
        nr=$(number "$name") || continue
        n=$((n + 1))
        sandboxed "$nr" 1 "$name"
        named "$name"
        [ $outcome = refused ] || works=$((works + 1))
    done < "$T/names"
    up
    while read -r name; do
        nr=$(number "$name") || continue
        executed "$nr" 38 "$name"
        named "$name"
    done < "$T/names"
    echo "# $n calls, $works of them not needed" >&3
    [ $n -gt 60 ]
}
