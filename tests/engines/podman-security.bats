#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman: users, capabilities, seccomp, masked paths, privileged containers.

load helpers/podman

setup_file() { podman_setup; }
setup() { podman_use; }
teardown() { podman_clean; }

caps() { sed -n "s/^Cap$1:[[:space:]]*//p" <<<"$output"; }

@test "--user: name, number, group, a number that the image does not know" {
    run_ --user user bb id
    is "$output" "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)"
    run_ --user 1000:0 bb id
    matches "$output" '^uid=1000\(user\) gid=0\(root\)'
    run_ --user 12345:54321 bb id
    matches "$output" '^uid=12345(.12345.)? gid=54321'
    run_ --user user bb sh -c 'echo $HOME; touch /home/user/f && echo mine; touch /data/f || echo not mine'
    contains "$output" /home/user
    contains "$output" mine
    contains "$output" "not mine"
    fails_ 125 --user nosuchuser bb true || fails_ 126 --user nosuchuser bb true
}

@test "--group-add" {
    run_ --user 1000:1000 --group-add 2000 --group-add 777 bb id -G
    is "$output" "1000 777 2000" || is "$output" "1000 2000 777"
}

@test "a user that is not root has no capabilities, and stdin, stdout, stderr are its own" {
    run_ --user 1000 bb cat /proc/self/status
    is "$(caps Eff)" 0000000000000000
    is "$(caps Prm)" 0000000000000000
    run_ --user 1000 bb sh -c 'echo x >/dev/stdout; echo y >/dev/stderr'
    contains "$output" x
    ok "${PTY[@]}" "${P[@]}" run --rm -it --net=none --user 1000 bb sh -c 'echo x >/dev/tty; stat -c %u $(tty)'
    contains "$output" x
    contains "$output" 1000
}

@test "--umask" {
    run_ --umask 0027 bb sh -c 'umask; touch /tmp/f; stat -c %a /tmp/f'
    is "$output" $'0027\n640'
}

@test "capabilities: the default ones, in every set" {
    run_ bb cat /proc/self/status
    is "$(caps Eff)" "$(caps Prm)"
    is "$(caps Bnd)" "$(caps Prm)"
    is "$(caps Amb)" 0000000000000000
    # Neither sys_admin (21) nor net_admin (12).
    is $((0x$(caps Bnd) & (1 << 21 | 1 << 12))) 0
}

@test "--cap-drop all, --cap-add one" {
    run_ --cap-drop all bb cat /proc/self/status
    is "$(caps Bnd)$(caps Eff)" 00000000000000000000000000000000
    run_ --cap-drop all --cap-add net_bind_service bb cat /proc/self/status
    is "$(caps Eff)" 0000000000000400
    fails_ 1 --cap-drop chown bb chown 1 /tmp
    contains "$output" "not permitted"
}

@test "--cap-add all: as much as this machine has" {
    run_ --cap-add all bb cat /proc/self/status
    is "$(caps Bnd)" "$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)"
}

@test "--cap-add for a user that is not root" {
    run_ --user 1000 --cap-add net_raw bb cat /proc/self/status
    is $((0x$(caps Bnd) & 1 << 13)) $((1 << 13))
    is $((0x$(caps Amb) & 1 << 13)) $((1 << 13))
    is $((0x$(caps Eff) & 1 << 13)) $((1 << 13))
}

@test "--privileged: capabilities, devices, no filter, writable /sys and /proc/sys" {
    run_ --privileged bb sh -c 'cat /proc/self/status; ls /dev/kmsg; grep -E " /(sys|proc/sys) " /proc/mounts'
    is "$(caps Bnd)" "$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)"
    contains "$output" /dev/kmsg
    matches "$output" '^Seccomp:[[:space:]]0'
    matches "$output" ' /sys sysfs rw'
    lacks "$output" ' /proc/sys proc ro'
    run_ --privileged bb mount -t tmpfs x /mnt
}

@test "no-new-privileges" {
    run_ --security-opt no-new-privileges bb grep NoNewPrivs /proc/self/status
    matches "$output" 1
    run_ bb grep NoNewPrivs /proc/self/status
    matches "$output" 0
}

@test "seccomp: podman's own profile is in force" {
    run_ bb grep -E '^Seccomp:' /proc/self/status
    matches "$output" 2
    run_ --security-opt seccomp=unconfined bb grep -E '^Seccomp:' /proc/self/status
    matches "$output" 0
}

@test "seccomp: a profile of the user's" {
    local f="$BATS_TEST_TMPDIR/profile.json"
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
        {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO"}]}' >"$f"
    fails_ 1 --security-opt "seccomp=$f" bb mkdir /tmp/d
    contains "$output" "No space left"
    fails_ 1 --security-opt "seccomp=$f" bb chmod 1 /tmp
    contains "$output" "not permitted"
    up --security-opt "seccomp=$f" bb sleep 1000
    fails 1 "${P[@]}" exec "$C" mkdir /tmp/d
    contains "$output" "No space left"
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL"}]}' >"$f"
    fails_ 159 --security-opt "seccomp=$f" bb sh -c 'exec mkdir /tmp/d'
}

@test "masked and read-only paths" {
    run_ bb sh -c 'cat /proc/kcore | wc -c; ls /sys/firmware /proc/acpi 2>/dev/null | grep -v : | wc -w; echo 1 >/proc/sys/kernel/domainname || echo refused; echo b >/proc/sysrq-trigger || echo refused'
    is "$(grep -c refused <<<"$output")" 2
    is "$(grep -c '^0$' <<<"$output")" 2
}

@test "--security-opt mask and unmask" {
    run_ --security-opt mask=/data:/etc/group bb sh -c 'ls /data; cat /etc/group'
    is "$output" ""
    run_ --security-opt unmask=/proc/acpi:/sys/firmware bb sh -c 'grep -c -e /sys/firmware -e /proc/acpi /proc/mounts || true'
    is "$output" 0
    run_ --security-opt unmask=ALL bb sh -c 'grep -c " /proc/" /proc/mounts || true'
    is "$output" 0
}

@test "--security-opt proc-opts" {
    run_ --security-opt proc-opts=hidepid=2 bb grep ' /proc ' /proc/mounts
    matches "$output" 'hidepid=(2|invisible)'
}

@test "--ulimit" {
    run_ --ulimit nofile=100:200 --ulimit core=0:0 --ulimit nproc=500:500 bb sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
    is "$output" $'100\n200\n0'
    up --ulimit nofile=100:200 --ulimit nproc=500:500 bb sleep 1000
    in_ sh -c 'ulimit -n; ulimit -Hn'
    is "$output" $'100\n200'
}

@test "--ulimit that this machine does not allow: the error names it" {
    [ $((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status) & 1 << 24)) -eq 0 ] || skip "every limit may be raised here"
    fails_ 126 --ulimit nofile=$(($(ulimit -Hn) * 2)):$(($(ulimit -Hn) * 2)) bb true
    matches "$output" '[Nn][Oo][Ff][Ii][Ll][Ee]|rlimit'
}

@test "--oom-score-adj; what the runtime changes of itself does not stay" {
    run_ --oom-score-adj 500 bb cat /proc/self/oom_score_adj
    is "$output" 500
}

@test "--personality" {
    run_ --personality=LINUX32 bb uname -m
    is "$output" i686
}

@test "nothing of the host leaks: descriptors, environment, groups" {
    export SECRET_OF_HOST=1
    exec 7</etc/passwd
    run_ bb sh -c 'ls /proc/self/fd; env'
    exec 7<&-
    is "$(grep -Ec '^[0-9]+$' <<<"$output")" 4
    lacks "$output" SECRET_OF_HOST
    lacks "$output" _OCI
    up bb sleep 1000
    pod exec "$C" sh -c 'ls /proc/self/fd; env'
    is "$(grep -Ec '^[0-9]+$' <<<"$output")" 4
    lacks "$output" _OCI
    is "$(ls "/proc/$PID/fd" | wc -l)" 3
}

@test "--annotation and labels are handed on" {
    up --annotation org.example.a=b bb sleep 1000
    contains "$(cat "$(inspect '{{.OCIConfigPath}}')" | jq -r '.annotations["org.example.a"]')" b
}
