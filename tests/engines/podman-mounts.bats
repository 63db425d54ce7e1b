#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# podman: volumes, propagation, tmpfs, devices and the root file system.

load helpers/podman

setup_file() { podman_setup; }
setup() {
    podman_use
    V="$BATS_TEST_TMPDIR/v"
    mkdir -p "$V" && echo of-the-host >"$V/file"
}
teardown() {
    podman_clean
    while umount "$V/sub" 2>/dev/null || umount "$V" 2>/dev/null; do :; done
}

@test "volume: a directory, written from both sides" {
    run_ -v "$V:/vol" bb sh -c 'cat /vol/file; echo written >/vol/new'
    is "$output" of-the-host
    is "$(cat "$V/new")" written
}

@test "volume: read-only, also below" {
    mkdir -p "$V/sub"
    mount -t tmpfs tmpfs "$V/sub"
    fails_ 1 -v "$V:/vol:ro" bb touch /vol/x
    contains "$output" "Read-only file system"
    run_ -v "$V:/vol:ro" bb cat /vol/file
    is "$output" of-the-host
}

@test "volume: a single file; one over a file of the image" {
    run_ -v "$V/file:/data/file" bb cat /data/file
    is "$output" of-the-host
    run_ -v "$V/file:/not/there/yet:ro" bb cat /not/there/yet
    is "$output" of-the-host
}

@test "volume: named, filled from the image, kept" {
    run_ -v named:/data bb sh -c 'cat /data/file; echo kept >/data/kept'
    is "$output" of-the-image
    run_ -v named:/elsewhere bb cat /elsewhere/kept
    is "$output" kept
    pod volume rm named
}

@test "volume: :O, an overlay that goes with the container" {
    run_ -v "$V:/vol:O" bb sh -c 'echo changed >/vol/file; cat /vol/file'
    is "$output" changed
    is "$(cat "$V/file")" of-the-host
}

@test "volume: options nosuid, nodev, noexec reach the mount" {
    run_ -v "$V:/vol:nosuid,nodev,noexec" bb grep ' /vol ' /proc/mounts
    contains "$output" nosuid
    contains "$output" nodev
    contains "$output" noexec
    cp "$(command -v busybox)" "$V/busybox"
    fails_ 126 -v "$V:/vol:noexec" bb /vol/busybox true
}

@test "volume: through a symbolic link of the image that points out of it" {
    printf 'FROM bb\nRUN ln -s / /out && ln -s ../../../../tmp /up\n' >"$BATS_TEST_TMPDIR/Containerfile"
    pod build -q --network=none -t links -f "$BATS_TEST_TMPDIR/Containerfile" "$BATS_TEST_TMPDIR"
    run_ -v "$V:/out/vol" bb true
    [ ! -e /vol ]
    run_ -v "$V:/up/vol" links cat /tmp/vol/file
    is "$output" of-the-host
    [ ! -e /tmp/vol ]
}

@test "propagation: shared, slave, private" {
    mount -t tmpfs tmpfs "$V"
    mount --make-shared "$V"
    mkdir "$V/sub"
    local kind
    for kind in rshared rslave rprivate; do
        up -v "$V:/vol:$kind" bb sleep 1000
        mount -t tmpfs -o size=64k fromhost "$V/sub"
        in_ cat /proc/mounts
        case $kind in
        rprivate) lacks "$output" "fromhost /vol/sub" ;;
        *) contains "$output" "fromhost /vol/sub" ;;
        esac
        umount "$V/sub"
        podman_clean
    done
    # A mount of the container's comes out only when shared.
    run_ --cap-add sys_admin --security-opt seccomp=unconfined -v "$V:/vol:rshared" bb mount -t tmpfs inside /vol/sub
    grep -q "inside $V/sub" /proc/mounts
    umount "$V/sub"
    run_ --cap-add sys_admin --security-opt seccomp=unconfined -v "$V:/vol:rslave" bb mount -t tmpfs inside /vol/sub
    ! grep -q "inside $V/sub" /proc/mounts
}

@test "mount: bind without recursion, with relabel options that mean nothing here" {
    mkdir -p "$V/sub"
    mount -t tmpfs below "$V/sub"
    run_ --mount "type=bind,src=$V,dst=/vol,bind-nonrecursive=true" bb grep -c ' /vol' /proc/mounts
    is "$output" 1
    run_ --mount "type=bind,src=$V,dst=/vol" bb grep -c ' /vol' /proc/mounts
    is "$output" 2
    run_ -v "$V:/vol:z" bb cat /vol/file
}

@test "tmpfs: size, mode, and what the image had there" {
    run_ --tmpfs /data:size=2m,mode=0700 bb sh -c 'grep " /data " /proc/mounts; stat -c %a /data; cat /data/file'
    contains "$output" size=2048k
    contains "$output" 700
    contains "$output" of-the-image
    fails_ 1 --mount type=tmpfs,dst=/data,notmpcopyup bb cat /data/file
    run_ --mount type=tmpfs,dst=/data,tmpfs-size=1m,ro bb sh -c 'touch /data/x 2>&1 || true'
    contains "$output" "Read-only"
}

@test "tmpfs: is full when full" {
    fails_ 1 --tmpfs /data:size=1m bb sh -c 'dd if=/dev/zero of=/data/big bs=1024 count=2048'
    contains "$output" "No space left"
}

@test "image, and a volume of another container" {
    run_ --mount type=image,src=bb,dst=/img bb cat /img/data/file
    is "$output" of-the-image
    up -v "$V:/vol" -v /anonymous bb sh -c 'echo a >/anonymous/f; sleep 1000'
    run_ --volumes-from "$C" bb sh -c 'cat /vol/file; cat /anonymous/f'
    contains "$output" of-the-host
    contains "$output" a
}

@test "secret" {
    echo sesame >"$V/secret"
    pod secret create "s$C" "$V/secret"
    run_ --secret "s$C" bb cat "/run/secrets/s$C"
    is "$output" sesame
    run_ --secret "s$C,type=env,target=WORD" bb sh -c 'echo $WORD'
    is "$output" sesame
    pod secret rm "s$C"
}

@test "--read-only, with the tmpfs podman adds and without" {
    fails_ 1 --read-only bb touch /x
    contains "$output" "Read-only file system"
    run_ --read-only bb sh -c 'touch /tmp/x /run/x /var/tmp/x /dev/shm/x && echo fine'
    is "$output" fine
    fails_ 1 --read-only --read-only-tmpfs=false bb touch /tmp/x
    run_ --read-only --read-only-tmpfs=false --tmpfs /scratch bb sh -c 'touch /scratch/x && echo fine'
    is "$output" fine
    run_ --read-only -v "$V:/vol" bb touch /vol/x
    up --read-only bb sleep 1000
    fails 1 "${P[@]}" exec "$C" touch /x
}

@test "/dev: the specification's devices and links" {
    run_ bb sh -c 'for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done
        for l in fd stdin stdout stderr ptmx; do test -L /dev/$l || echo no $l; done
        echo x >/dev/null; head -c 3 /dev/zero | wc -c; echo y >/dev/full || echo full; test -d /dev/shm -a -d /dev/mqueue -a -d /dev/pts && echo dirs
        ls /dev/mem /dev/kmsg /dev/vda /dev/sda 2>/dev/null; true'
    is "$(echo "$output" | grep -v write)" $'3\nfull\ndirs'
}

@test "--device: there with its permissions, and no other" {
    local d="$BATS_TEST_TMPDIR/dev"
    run_ --device /dev/fuse:/dev/myfuse:r bb sh -c 'ls -l /dev/myfuse; ls /dev/fuse 2>&1; : </dev/myfuse && echo readable; : >/dev/myfuse' || [ "$status" -eq 1 ]
    contains "$output" "10, 229"
    contains "$output" readable
    contains "$output" "not permitted"
    run_ --device /dev/fuse bb sh -c ': >/dev/fuse && echo writable'
    is "$output" writable
    mkdir "$d" && mknod "$d/zero2" c 1 5
    run_ --device "$d:/dev/many" bb sh -c 'head -c 5 /dev/many/zero2 | wc -c'
    is "$output" 5
}

@test "devices that were not given cannot be used" {
    fails_ 1 --cap-add mknod bb sh -c 'mknod /tmp/fuse c 10 229; cat /tmp/fuse'
    contains "$output" "not permitted"
    run_ --cap-add mknod --device-cgroup-rule 'c 10:229 rwm' bb sh -c 'mknod /tmp/fuse c 10 229; : >/tmp/fuse && echo opened'
    is "$output" opened
}

@test "--shm-size; /dev/shm is a tmpfs of the container" {
    run_ --shm-size 2m bb sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2; touch /dev/shm/x'
    is "$output" 2048
    [ ! -e /dev/shm/x ]
}

@test "--init-path, --no-hosts, --add-host, --dns" {
    ok "${P[@]}" run --rm --add-host some:1.2.3.4 --dns 5.6.7.8 bb cat /etc/hosts /etc/resolv.conf
    contains "$output" "1.2.3.4"
    contains "$output" "nameserver 5.6.7.8"
}

@test "a container inside a container: pivot_root below an overlay, with all privileges" {
    mkdir -p "$V/inner/rootfs"
    cp -a "$ENGINES/busybox.root/." "$V/inner/rootfs/"
    cp "$RUNTIME_PATH" "$V/runtime"
    mkdir -p "$V/lib"
    case $RUNTIME in
    cfs) ;;
    *) skip "only for cfs: the others' libraries are not in the image" ;;
    esac
    pod import "$(image_tar debian)" deb
    local lib libs=()
    for lib in $(ldd "$RUNTIME_PATH" | awk '$3 ~ /^\// { print $3 }'); do libs+=(-v "$lib:$lib:ro"); done
    (cd "$V/inner" && "$RUNTIME_PATH" spec && jq '.process.terminal = false | .process.args = ["echo", "innermost"]' config.json >c && mv c config.json)
    ok "${P[@]}" run --rm --privileged -v "$V/inner:/inner" -v "$V/runtime:/usr/bin/runtime" "${libs[@]}" deb runtime run -b /inner nested
    contains "$output" innermost
}
