#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Named volumes: ls, create, inspect, rm, prune, as docker and podman have them.
load helpers/box

@test "volume: made by name or by its first use, listed with who uses it, and it outlives the container" {
    fresh
    box image make busybox > /dev/null
    [ -z "$(box volume ls -q)" ]
    [ "$(box volume create empty)" = empty ]
    box volume create empty
    lone run --name w -v data:/d busybox sh -c 'echo kept > /d/f'
    [ "$(box volume ls -q | tr '\n' ' ')" = "data empty " ]
    [[ $(box volume ls | sed -n 2p) =~ ^data\ +w$ ]]
    [ "$(box volume ls --format json | jq -r '.[0].containers[0]')" = w ]
    [ "$(cat "$(box volume inspect data | jq -r .path)/f")" = kept ]
    box rm w
    [ "$(lone run --rm -v data:/d busybox cat /d/f)" = kept ]
    [ "$(box volume inspect data | jq '.containers // [] | length')" = 0 ]
}

@test "volume rm: not while a container uses it, running or not; with what is in it; a name that is none" {
    fresh
    box image make busybox > /dev/null
    lone run --name w -v data:/d busybox sh -c 'mkdir /d/sub; touch /d/sub/f'
    run box volume rm data
    [ "$status" = 1 ] || [ "$status" = 125 ]
    [[ $output == *'volume `data` is in use by container `w`'* ]]
    [ -e "$STORE/volumes/data/sub/f" ]
    box rm w
    box volume rm data
    [ ! -e "$STORE/volumes/data" ]
    for name in data ../x /etc .hidden; do
        run box volume rm "$name"
        [ "$status" != 0 ]
        [[ $output == *"there is no volume \`$name\`"* ]]
        run box volume inspect "$name"
        [ "$status" != 0 ]
    done
    for name in ../x a/b .hidden -- ''; do
        run box volume create "$name"
        [ "$status" != 0 ] || { echo "$name"; return 1; }
    done
    [ -z "$(box volume ls -q)" ]
}

@test "volume prune: those that no container uses, and no others" {
    fresh
    box image make busybox > /dev/null
    box volume create a > /dev/null
    box volume create b > /dev/null
    lone run --name w -v used:/d busybox true
    [ "$(box volume prune | tr '\n' ' ')" = "a b " ]
    [ "$(box volume ls -q)" = used ]
    [ -z "$(box volume prune)" ]
}

# The values of the next four: docker's (docs.docker.com, "Volumes": "If you start a container which creates a new volume, and
# the container has files or directories in the directory to be mounted, the directory's contents are copied into the volume").
@test "volume: a new one gets what the image has there, with owners and modes; one with something in it, or nocopy, does not" {
    fresh
    box image make busybox > /dev/null
    lone run --name w busybox sh -c 'mkdir -p /data/sub; echo image > /data/sub/f; chown -R 33:34 /data; chmod 750 /data; ln -s f /data/sub/l; ln /data/sub/f /data/g'
    box commit w filled > /dev/null
    box rm w > /dev/null
    look='cd /v; stat -c "%u %g %a %h" . sub/f; cat g; readlink sub/l'
    want=$'33 34 750 3\n33 34 644 2\nimage\nf'
    [ "$(lone run --rm -v a:/data filled cat /data/sub/l)" = image ]
    [ "$(lone run --rm -v a:/v busybox sh -c "$look")" = "$want" ]
    # What the user has changed stays.
    lone run --rm -v a:/data filled sh -c 'echo mine > /data/g; rm /data/sub/l'
    [ "$(lone run --rm -v a:/data filled sh -c 'cat /data/g; ls /data/sub')" = $'mine\nf' ]
    [ -z "$(lone run --rm -v b:/data:nocopy filled ls /data)" ]
    [ -z "$(lone run --rm --mount source=c,target=/data,volume-nocopy filled ls /data)" ]
    # Not where the image has a file, or nothing.
    [ -z "$(lone run --rm -v d:/none filled ls /none)" ]
    # Owners are the same with a user namespace and without.
    [ "$(lone run --rm -U -v e:/data filled cat /data/g)" = image ]
    [ "$(lone run --rm -v e:/v busybox sh -c "$look")" = "$want" ]
    lone run --rm -U -v e:/data filled touch /data/new
    [ "$(lone run --rm -v e:/v busybox stat -c %u /v/new)" = 0 ]
    [ -z "$(ls "$STORE/containers")" ]
}

@test "volume: without a name, and VOLUME of an image: kept until rm -v, and removed by --rm (docker run -v /x)" {
    fresh
    box image make busybox > /dev/null
    lone run --name w busybox sh -c 'mkdir /data; echo image > /data/f'
    box commit -c 'VOLUME ["/data/", "/other"]' w img > /dev/null
    box commit -c 'VOLUME /a /b' w words > /dev/null
    [ "$(box image inspect img | jq -c '.config.Volumes')" = '{"/data/":{},"/other":{}}' ]
    [ "$(box image inspect words | jq -c '.config.Volumes')" = '{"/a":{},"/b":{}}' ]
    box rm w > /dev/null
    [ "$(lone run --rm img sh -c 'cat /data/f; grep -cE " /(data|other) " /proc/mounts')" = $'image\n2' ]
    [ -z "$(box volume ls -q)" ]
    run lone run --rm -v /data:x:y:z img true
    [ "$status" = 125 ]
    run -127 lone run --rm img no-such-program
    [ -z "$(box volume ls -q)" ]
    # What the user mounts there is there.
    [ "$(lone run --rm -v named:/data --tmpfs /other img sh -c 'cat /data/f; grep -c "^tmpfs /other" /proc/mounts')" = $'image\n1' ]
    [ "$(box volume ls -q)" = named ]
    lone run --name k -v /x img sh -c 'echo kept > /data/f'
    [ "$(box volume ls -q | wc -l)" = 4 ]
    box rm k > /dev/null
    [ "$(box volume ls -q | wc -l)" = 4 ]
    lone run --name k -v /x img true
    box rm -v k > /dev/null
    [ "$(box volume ls -q | wc -l)" = 4 ]
}

@test "-v and --mount: relative sources, options, the order of places, two mounts on one, and what is refused" {
    mkdir -p "$T/d/sub" "$T/e"
    touch "$T/d/one" "$T/e/two"
    cd "$T"
    run lone run --rm -v ./d:/d -v "$T/e:/d/sub" -v .:/here -v ../"$(basename "$T")"/d:/up busybox sh -c 'ls /d/one /d/sub/two /here/d/one /up/one'
    [ "$status" = 0 ]
    # docker sorts mounts by depth: the one below is not hidden by the one above, whatever comes first.
    [ "$(lone run --rm -v "$T/e:/d/sub" -v ./d:/d busybox ls /d/sub)" = two ]
    [ "$(lone run --rm --mount type=bind,source=./d,target=/d busybox ls /d)" = $'one\nsub' ]
    # CSV, RFC 4180; the names of the words in any case.
    mkdir "$T/a,b"
    touch "$T/a,b/comma"
    [ "$(lone run --rm --mount "Type=bind,\"source=$T/a,b\",TARGET=/d,readonly=false" busybox ls /d)" = comma ]
    info() { lone run --rm "$@" busybox grep ' /d ' /proc/self/mountinfo; }
    [[ $(info -v "$T/d:/d:z,cached,ro") == *" /d ro,"* ]]
    [[ $(info -v "$T/d:/d:rshared") == *" shared:"* ]]
    [[ $(info --mount "type=bind,src=$T/d,dst=/d,bind-propagation=rshared") == *" shared:"* ]]
    # Read-only is so with all that is mounted below (docker 25), unless it is said otherwise.
    unshare --mount --propagation private sh -c 'mount -t tmpfs below d/sub; shift; exec "$@"' sh x "$CFS_BOX" --root "$STORE" run --rm --network none \
        -v "$T/d:/d:ro" --mount "type=bind,src=$T/d,dst=/w,readonly,bind-recursive=writable" --mount "type=bind,src=$T/d,dst=/s,bind-recursive=disabled" busybox \
        sh -c 'touch /d/sub/x 2>&1; touch /w/sub/x && echo written; grep -c " /s[ /]" /proc/mounts' > "$T/out"
    [ "$(cat "$T/out")" = $'touch: /d/sub/x: Read-only file system\nwritten\n1' ]
    refused() {
        run lone run --rm "${@:2}" busybox true
        [ "$status" = 125 ] && [[ $output == *"$1"* ]] || { echo "$output"; return 1; }
    }
    refused 'two mounts on `/d`' -v "$T/d:/d" -v "$T/e:/x/../d/"
    refused 'absolute path, not `d`' -v "$T/d:d"
    refused 'absolute path, not `/`' -v "$T/d:/"
    refused 'option `exec` is not known' -v "$T/d:/d:exec"
    refused 'nocopy' -v "$T/d:/d:nocopy"
    refused 'not `maybe`' --mount "type=bind,src=$T/d,dst=/d,readonly=maybe"
    refused 'type is bind, volume or tmpfs' --mount type=image,target=/d
    refused 'begins with ./' --mount type=bind,source=d,target=/d
    refused 'a tmpfs has no source' --mount type=tmpfs,source=x,target=/d
    refused 'source= is missing' --mount type=bind,target=/d
}

# docker run, --volumes-from.
@test "--volumes-from: volumes and directories of others, read-only where they are or where it is asked for; -v goes before" {
    mkdir "$T/host" "$T/ro"
    echo host > "$T/host/f"
    lone create --name src -v data:/data -v /unnamed -v "$T/host:/host" -v "$T/ro:/ro:ro" --tmpfs /mem busybox true > /dev/null
    lone run --rm --volumes-from src busybox sh -c 'echo kept > /data/f; cat /host/f; echo x > /host/g; ! touch /ro/x && mount | grep -c " /mem " || true'
    [ "$(cat "$T/host/g")" = x ]
    [ ! -e "$T/ro/x" ]
    [ "$(lone run --rm --volumes-from src busybox cat /data/f)" = kept ]
    run lone run --rm --volumes-from src:ro busybox sh -c 'cat /data/f; touch /data/x || touch /host/x'
    [ "$status" = 1 ] && [[ $output == kept* ]]
    [ ! -e "$T/host/x" ]
    # The container that has them from another uses them, too: it, and not the end of the other, says when they may go.
    lone create --name dst --volumes-from src busybox true > /dev/null
    [ "$(box volume ls --format '{{.Name}} {{.containers}}' | grep ^data)" = "data [dst src]" ]
    box rm -v src > /dev/null
    run box volume rm data
    [ "$status" = 1 ] && [[ $output == *"in use by container"*dst* ]]
    [ "$(box volume ls -q | wc -l)" = 2 ] # the one without a name is dst's, too
    # What is said itself goes before; of two others the first.
    lone create --name second -v other:/data busybox true > /dev/null
    [ "$(lone run --rm --volumes-from dst --volumes-from second busybox cat /data/f)" = kept ]
    run lone run --rm --volumes-from dst -v other:/data busybox cat /data/f
    [ "$status" = 1 ]
    [ "$(lone run --rm -U --volumes-from dst busybox cat /data/f)" = kept ]
    # The box's own files are those of the new container.
    [ "$(lone run --rm -h own --volumes-from dst busybox cat /etc/hostname)" = own ]
    run lone run --rm --volumes-from missing busybox true
    [ "$status" = 125 ] && [[ $output == *"--volumes-from missing: container"*"does not exist"* ]]
    run lone run --rm --volumes-from dst:rx busybox true
    [ "$status" = 125 ] && [[ $output == *"expected CONTAINER, CONTAINER:ro"* ]]
}
