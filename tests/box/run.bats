#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs-box run: what an image and the options become.
load helpers/box
bats_require_minimum_version 1.5.0

@test "run: the program's exit code, 127 not found, 126 not executable, 125 the box; signals as 128 + N" {
    run lone run --rm busybox sh -c 'exit 7'
    [ "$status" = 7 ]
    run lone run --rm busybox sh -c 'kill -TERM $$'
    [ "$status" = 143 ] || [ "$status" = 0 ] # process 1 has no default action for its own signal
    run -127 lone run --rm busybox no-such-program
    [ "$status" = 127 ] && [[ $output == *no-such-program* ]]
    run lone run --rm busybox /etc/passwd
    [ "$status" = 126 ]
    run lone run --rm no-such-image true
    [ "$status" = 125 ] && [[ $output == *"is not in the store"*pull* ]]
    run lone run --rm -M lots busybox true
    [ "$status" = 125 ] && [[ $output == *"--memory lots"* ]]
    run lone run --rm --no-such-option busybox true
    [ "$status" = 125 ]
    [ "$(box ps -aq | wc -l)" = 0 ]
    [ "$(ls "$STORE/containers" | wc -l)" = 0 ]
}

# docker's reference: without --interactive standard input is not passed on; so a `while read` around it keeps its lines.
@test "run: standard input with -i alone, output and error are the caller's" {
    run bash -c "printf '1\n2\n3\n' | while read -r l; do '$CFS_BOX' --root '$STORE' run --rm --network none busybox sh -c 'cat; echo \$1' x \$l; done"
    [ "$output" = $'1\n2\n3' ]
    run bash -c "echo in | '$CFS_BOX' --root '$STORE' run -i --rm --network none busybox sh -c 'cat; echo err >&2' 2> '$T/err'"
    [ "$output" = in ] && [ "$(cat "$T/err")" = err ]
}

@test "run: a host name, an environment, a working directory, users by name from the image" {
    run lone run --rm -h there -e A=1 -e HOME=/h -w /var/www -u www-data busybox sh -c 'hostname; echo $A $HOME; pwd; id'
    [ "${lines[0]}" = there ] && [ "${lines[1]}" = "1 /h" ] && [ "${lines[2]}" = /var/www ]
    [ "${lines[3]}" = "uid=33(www-data) gid=33(www-data) groups=33(www-data)" ] || [ "${lines[3]}" = "uid=33(www-data) gid=33(www-data)" ]
    run lone run --rm -u nobody:daemon busybox id
    [[ $output == "uid=65534(nobody) gid=1(daemon)"* ]]
    run lone run --rm -u 5:6 busybox id
    [[ $output == "uid=5 gid=6"* ]]
    run lone run --rm -u stranger busybox id
    [ "$status" = 125 ] && [[ $output == *"user \`stranger\` is not in the image's /etc/passwd"* ]]
    printf '# comment\nB=from file\nA\n' > "$T/env"
    A=inherited run lone run --rm --env-file "$T/env" busybox sh -c 'echo $A $B'
    [ "$output" = "inherited from file" ]
}

# The rules of docker's reference, docker run --env-file; what there is to see is what docker's client sends.
@test "--env-file: blanks before a name, quotes, carriage returns, a mark of the encoding, and what is not a name" {
    printf '\xef\xbb\xbfA=1\r\n\r\n  # remark\r\n\tB="q" \nC= x=y \nD\nE\nF=\n' > "$T/env"
    run env D=inherited "$CFS_BOX" --root "$STORE" run --rm --network none --env-file "$T/env" -e F=word busybox env
    [ "$(printf '%s\n' "${lines[@]}" | grep '^[A-F]=')" = $'A=1\nB="q" \nC= x=y \nD=inherited\nF=word' ]
    printf 'A=1\nB C=1\n' > "$T/env"
    run lone run --rm --env-file "$T/env" busybox true
    [ "$status" = 125 ] && [[ $output == *"env:2: there is a blank in the name \`B C\`"* ]]
    printf '=1\n' > "$T/env"
    run lone run --rm --env-file "$T/env" busybox true
    [ "$status" = 125 ] && [[ $output == *"env:1: no name"* ]]
    run lone run --rm --env-file "$T/none" busybox true
    [ "$status" = 125 ] && [[ $output == *"$T/none"* ]]
}

# docker's reference, docker run --privileged and --security-opt.
@test "run --privileged: the host's devices, nothing masked or read-only; --security-opt in both spellings" {
    run lone run --rm --privileged busybox sh -c 'ls -l /dev/loop-control; grep -cE " (proc|sysfs|cgroup2?) ro," /proc/mounts'
    if [ -c /dev/loop-control ]; then [[ ${lines[0]} == *"10, 237"* ]]; fi
    [ "${lines[-1]}" = 0 ]
    [ "$(lone run --rm --security-opt systempaths=unconfined busybox grep -c /proc/sys /proc/mounts || true)" = 0 ]
    [ "$(lone run --rm --security-opt no-new-privileges:false busybox grep NoNew /proc/self/status)" = $'NoNewPrivs:\t0' ]
    lone run --rm --security-opt label=disable --security-opt label:disable busybox true
    run lone run --rm --security-opt no-new-privileges=maybe busybox true
    [ "$status" = 125 ] && [[ $output == *"true or false"* ]]
}

@test "run: the image's entry point, command, environment, user, directory; docker's rules for what replaces what" {
    lone run --name c busybox true
    box commit -c 'ENTRYPOINT ["echo","-n"]' -c 'CMD ["one", "two"]' -c 'ENV X=image' -c 'WORKDIR /tmp' -c 'USER daemon' c configured > /dev/null
    box rm c
    [ "$(lone run --rm configured)" = "one two" ]
    [ "$(lone run --rm configured three)" = three ]
    [ "$(lone run --rm --entrypoint sh configured -c 'echo $X; pwd; id -un')" = $'image\n/tmp\ndaemon' ]
    [ "$(lone run --rm --entrypoint env -e X=user configured | grep ^X=)" = X=user ]
    run lone run --rm --entrypoint '' configured
    [ "$status" = 125 ] && [[ $output == *"no command"* ]]
    box image rm configured > /dev/null
}

@test "run: volumes: of the host, by name, read-only, tmpfs; --mount says the same" {
    mkdir "$T/data"
    echo host > "$T/data/f"
    run lone run --rm -v "$T/data:/d:ro" busybox sh -c 'cat /d/f; echo x > /d/g'
    [ "$status" = 1 ] && [ "${lines[0]}" = host ] && [ ! -e "$T/data/g" ]
    lone run --rm -v "$T/data:/d" busybox sh -c 'echo x > /d/g'
    [ "$(cat "$T/data/g")" = x ]
    lone run --rm -v vol1:/v busybox sh -c 'echo kept > /v/f'
    [ "$(lone run --rm --mount type=volume,source=vol1,target=/v,readonly busybox cat /v/f)" = kept ]
    [ "$(lone run --rm --mount type=bind,src="$T/data",dst=/d,ro busybox cat /d/f)" = host ]
    run lone run --rm --tmpfs /t:size=64k busybox sh -c 'grep " /t " /proc/mounts'
    [[ $output == *tmpfs*nosuid*size=64k* ]]
    run lone run --rm -v "$T/missing:/d" busybox true
    [ "$status" = 125 ] && [[ $output == *"$T/missing"* ]]
    run lone run --rm --mount type=bind,colour=red busybox true
    [ "$status" = 125 ] && [[ $output == *colour* ]]
}

@test "run: --read-only; and what a container writes is its own" {
    run lone run --rm --read-only busybox sh -c 'echo x > /f'
    [ "$status" = 1 ] && [[ $output == *"Read-only"* ]]
    lone run --name w1 busybox sh -c 'echo x > /f; rm /etc/group'
    run lone run --rm busybox sh -c 'ls /f /etc/group'
    [[ $output == *"/f: No such file"* ]] && [[ $output == */etc/group* ]]
    run box diff w1
    [ "$output" = $'C /etc\nD /etc/group\nA /f' ]
    box rm w1
}

@test "run: capabilities, system calls, no-new-privileges" {
    caps() { lone run --rm "$@" busybox sh -c 'grep CapEff /proc/self/status' | cut -f2; }
    # docker's 14: capabilities(7) numbers 0 1 3 4 5 6 7 8 10 13 18 27 29 31
    [ "$(caps)" = 00000000a80425fb ]
    [ "$(caps --cap-drop all)" = 0000000000000000 ]
    [ "$(caps --cap-drop ALL --cap-add net_bind_service)" = 0000000000000400 ]
    [ "$(caps --cap-add CAP_SYS_TIME)" = 00000000aa0425fb ]
    [ "$(caps -u 1)" = 0000000000000000 ]
    run lone run --rm --cap-add nonsense busybox true
    [ "$status" = 125 ] && [[ $output == *nonsense* ]]
    run lone run --rm busybox grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
    [ "$output" = $'NoNewPrivs:\t0\nSeccomp:\t2' ]
    run lone run --rm --security-opt seccomp=unconfined --security-opt no-new-privileges busybox grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
    [ "$output" = $'NoNewPrivs:\t1\nSeccomp:\t0' ]
    run lone run --rm busybox unshare -u true
    [ "$status" != 0 ]
    echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]}' > "$T/profile"
    run lone run --rm --security-opt "seccomp=$T/profile" busybox mkdir /x
    [ "$status" = 1 ] && [[ $output == *"Permission denied"* ]]
    echo '{"defaultAction":"SCMP_ACT_NONSENSE"}' > "$T/profile"
    run lone run --rm --security-opt "seccomp=$T/profile" busybox true
    [ "$status" = 125 ] && [[ $output == *"profile"*"defaultAction"* ]]
}

@test "run: limits reach the configuration, by docker's names and by the short ones" {
    lone run --print-bundle "$T/b" -M 64m --memory-swap 128m -C 50 -P 33 -I 200 --cpuset-cpus 0 --cpu-shares 512 --ulimit nofile=100:200 \
        --sysctl net.ipv4.ip_forward=1 --shm-size 1m busybox true
    [ "$(jq -c '.linux.resources | [.memory.limit, .memory.swap, .cpu.quota, .cpu.period, .pids.limit, .blockIO.weight, .cpu.cpus, .cpu.shares]' "$T/b/config.json")" = \
        '[67108864,134217728,50000,100000,33,200,"0",512]' ]
    [ "$(command jq -c '.process.rlimits' "$T/b/config.json")" = '[{"type":"RLIMIT_NOFILE","soft":100,"hard":200}]' ]
    [ "$(jq -r '.linux.sysctl["net.ipv4.ip_forward"]' "$T/b/config.json")" = 1 ]
    lone run --print-bundle "$T/c" --memory 1g --cpus 1.5 --pids-limit 9 --blkio-weight 300 busybox true
    [ "$(jq -c '.linux.resources | [.memory.limit, .cpu.quota, .pids.limit, .blockIO.weight]' "$T/c/config.json")" = '[1073741824,150000,9,300]' ]
    lone run --print-bundle "$T/d" -c busybox true
    [ "$(jq -c '.linux.resources | [.memory.limit, .cpu.quota, .pids.limit]' "$T/d/config.json")" = '[536870912,100000,512]' ]
    [ "$(ls "$STORE/containers" | wc -l)" = 0 ]
    "$CFS" check "$T/b"
}

@test "run: pids and memory are limited in fact" {
    [ -e /sys/fs/cgroup/pids ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "needs the pids controller"
    run lone run --rm -P 5 busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'
    [[ $output == *"can't fork"* ]]
    run lone run --rm -M 16m busybox sh -c 'tail /dev/zero'
    [ "$status" = 137 ] || [ "$status" = 1 ] # the shell, or tail alone, was killed
}

@test "run --print-bundle: a bundle for any runtime" {
    lone run --print-bundle "$T/b" -e A=1 busybox sh -c 'echo $A; cat /etc/hostname'
    run "$CFS" --root "$T/state" run -b "$T/b" "pb$$"
    [ "$status" = 0 ] && [ "${lines[0]}" = 1 ]
    command -v runc > /dev/null || skip "needs runc for the rest"
    run runc --root "$T/runc" run -b "$T/b" "pb$$"
    [ "$status" = 0 ] && [ "${lines[0]}" = 1 ]
}

@test "run -U: root inside is an ordinary user outside, files keep their owners, commit too" {
    lone run -d --name u -U -v "$T:/t" busybox sh -c 'touch /mine; cat /proc/self/uid_map; sleep 100' > /dev/null
    running u
    pid=$(box inspect u | jq .pid)
    [ "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" -ge 1073741824 ]
    [ "$(box exec u stat -c %u /mine /etc/passwd | sort -u)" = 0 ]
    [ "$(stat -c %u "$STORE/containers/$(box inspect u | jq -r .id)/own/upper/mine")" = 0 ]
    box stop -t 0 u > /dev/null
    box rm u
}

@test "run --init: process 1 reaps and forwards" {
    [ -x "$(dirname "$CFS_BOX")/cfs-box-init" ] || skip "cfs-box-init is not built"
    run lone run --rm --init busybox sh -c 'cat /proc/1/comm; exit 9'
    [ "$status" = 9 ] && [ "${lines[0]}" = init ]
    lone run -d --name i --init busybox sleep 100 > /dev/null
    running i
    box stop -t 5 i > /dev/null
    [ "$(box inspect i | jq .exitCode)" = 143 ]
    box rm i
}

@test "run -t: a terminal" {
    run script -qec "'$CFS_BOX' --root '$STORE' run --rm -it --network none busybox tty" /dev/null
    [ "$status" = 0 ] && [[ $output == */dev/pts/0* ]]
}

@test "run: many layers: 100, which no option of overlayfs takes at once" {
    fresh
    id=$(box image make busybox)
    box image export busybox "$T/layout"
    python3 - "$T/layout" <<'END'
import hashlib, io, json, os, sys, tarfile
d = sys.argv[1]
def blob(data):
    h = hashlib.sha256(data).hexdigest()
    open(f'{d}/blobs/sha256/{h}', 'wb').write(data)
    return {'digest': 'sha256:' + h, 'size': len(data)}
def read(digest):
    return json.load(open(f'{d}/blobs/sha256/' + digest[7:]))
index = json.load(open(f'{d}/index.json'))
m = read(index['manifests'][0]['digest'])
c = read(m['config']['digest'])
for i in range(99):
    b = io.BytesIO()
    with tarfile.open(fileobj=b, mode='w') as t:
        f = tarfile.TarInfo(f'f{i}')
        f.size = 2
        t.addfile(f, io.BytesIO(b'%02d' % i))
    x = blob(b.getvalue())
    m['layers'].append({'mediaType': 'application/vnd.oci.image.layer.v1.tar', **x})
    c['rootfs']['diff_ids'].append(x['digest'])
m['config'].update(blob(json.dumps(c).encode()))
index['manifests'][0].update(blob(json.dumps(m).encode()))
json.dump(index, open(f'{d}/index.json', 'w'))
END
    box import "$T/layout" many
    case $(uname -r) in [1-5].* | 6.[0-4].*) skip "needs Linux 6.5 for the rest" ;; esac
    [ "$(lone run --rm many sh -c 'cat /f0 /f98; ls / | grep -c ^f')" = 009899 ]
}

# docker's reference, docker run.
@test "run: --group-add, --pid, --ipc, --uts host, --oom-score-adj, --cpu-quota and --cpu-period, --cpuset-mems, --dns-search" {
    [ "$(lone run --rm -u 5:6 --group-add daemon --group-add 77 busybox id -G)" = "6 1 77" ]
    run lone run --rm --group-add strangers busybox true
    [ "$status" = 125 ] && [[ $output == *"group \`strangers\` is not in the image's /etc/group"* ]]
    for ns in pid ipc uts; do
        [ "$(lone run --rm --$ns host busybox readlink /proc/self/ns/$ns)" = "$(readlink /proc/self/ns/$ns)" ]
        [ "$(lone run --rm busybox readlink /proc/self/ns/$ns)" != "$(readlink /proc/self/ns/$ns)" ]
    done
    [ "$(lone run --rm --uts host busybox hostname)" = "$(hostname)" ]
    [ "$(lone run --rm --oom-score-adj 500 busybox cat /proc/self/oom_score_adj)" = 500 ]
    run lone run --rm --oom-score-adj 1001 busybox true
    [ "$status" = 125 ] && [[ $output == *"from -1000 to 1000"* ]]
    lone run --print-bundle "$T/b" --cpu-quota 20000 --cpu-period 50000 --cpuset-mems 0 busybox true
    [ "$(jq -c '.linux.resources.cpu | [.quota, .period, .mems]' "$T/b/config.json")" = '[20000,50000,"0"]' ]
    run lone run --rm --cpus 1 --cpu-quota 20000 busybox true
    [ "$status" = 125 ]
    [[ "$(lone run --rm --dns 192.0.2.1 --dns-search a.example --dns-search b.example --dns-option ndots:2 busybox cat /etc/resolv.conf)" == \
        $'nameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:2' ]]
}
