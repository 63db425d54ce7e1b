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
