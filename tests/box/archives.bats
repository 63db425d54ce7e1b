#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Archives that cfs-box writes: save, export, image export.
load helpers/box

@test "save of several images: each layer once; load, podman and skopeo find all; two names of one image" {
    fresh
    make "
base = busybox()
Layout('one').image([base, tar({'name': 'f', 'data': b'one'})], {})
Layout('two').image([base, tar({'name': 'f', 'data': b'two'})], {})"
    box import "$T/one" one > /dev/null
    box import "$T/two" two > /dev/null
    box image tag one first:7
    box save -o "$T/all.tar" one two first:7
    # The base, two layers, two configurations, two manifests: what is one is there once.
    [ "$(tar -tf "$T/all.tar" | grep -c '^blobs/sha256/.')" = 7 ]
    [ "$(tar -xOf "$T/all.tar" manifest.json | jq -r '.[].RepoTags[]' | xargs)" = "one:latest two:latest first:7" ]
    STORE="$T/second"
    box load -q -i "$T/all.tar" > "$T/said"
    [ "$(wc -l < "$T/said")" = 3 ]
    [ "$(box images --format '{{.Repository}}:{{.Tag}}' | sort | xargs)" = "first:7 one:latest two:latest" ]
    [ "$(lone run --rm two cat /f)$(lone run --rm first:7 cat /f)" = twoone ]
    # The same for those that read manifest.json alone.
    mkdir "$T/only"
    tar -C "$T/only" -xf "$T/all.tar"
    rm "$T/only/index.json" "$T/only/oci-layout"
    tar -C "$T/only" -cf "$T/docker.tar" .
    STORE="$T/third"
    box load -i "$T/docker.tar" > /dev/null
    [ "$(lone run --rm two cat /f)$(lone run --rm first:7 cat /f)" = twoone ]
    if command -v skopeo > /dev/null; then
        skopeo inspect --override-os linux "docker-archive:$T/all.tar:docker.io/library/two:latest" | jq -r '.Layers | length' | grep -qx 2
    fi
    run box save -o "$T/none.tar" one no-such-image
    [ "$status" = 1 ] && [ ! -e "$T/none.tar" ]
}

@test "--output: what was there stays until the new file is whole; links, modes, devices" {
    [ -x "$INJECT" ] || skip "needs tests/fault/inject"
    echo precious > "$T/old"
    chmod 640 "$T/old"
    ln -s old "$T/link"
    run box save -o "$T/old" no-such-image
    [ "$status" = 1 ] && [ "$(cat "$T/old")" = precious ]
    lone create --name c busybox true > /dev/null
    "$INJECT" -o "$T/log" exhaust runtime write:1 ENOSPC -- "$CFS_BOX" --root "$STORE" export -o "$T/old" c || true
    [ "$(tail -n 1 "$T/log")" = "exit 1" ]
    [ "$(cat "$T/old")" = precious ]
    "$INJECT" -o "$T/log" kill runtime linkat:1 runtime -- "$CFS_BOX" --root "$STORE" export -o "$T/old" c || true
    [ "$(tail -n 1 "$T/log")" = "signal 9" ]
    [ "$(cat "$T/old")" = precious ]
    [ "$(ls "$T" | grep -c '^old')" = 1 ]
    box export -o "$T/link" c
    [ -L "$T/link" ] && tar -tf "$T/old" > /dev/null
    [ "$(stat -c %a "$T/old")" = 640 ]
    box save -o "$T/new" busybox
    [ "$(stat -c %a "$T/new")" = 600 ]
    (cd "$T" && box save -o here busybox && tar -tf here > /dev/null)
    box save -o /dev/null busybox
    [ -c /dev/null ]
    mkfifo "$T/fifo"
    tar -tf "$T/fifo" > "$T/listed" 3>&- &
    box save -o "$T/fifo" busybox
    wait
    grep -q index.json "$T/listed"
    # A failed `image export` leaves no half of a layout.
    "$INJECT" -o "$T/log" fail runtime renameat:1 EIO -- "$CFS_BOX" --root "$STORE" image export busybox "$T/layout" || true
    [ "$(tail -n 1 "$T/log")" = "exit 1" ] && [ ! -e "$T/layout" ]
}
