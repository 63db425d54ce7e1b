#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs-box when reading a directory fails, when two commands choose at once, and with a store that is damaged. What a whole command does
# when any of its calls fails is tried by tests/fault/box.
load helpers/box
bats_require_minimum_version 1.5.0

setup() {
    setup_box
    own_store
}

# ROLE and K of each getdents64(2) of a command.
reading() { "$INJECT" -o "$T/log" count -- "$CFS_BOX" --root "$STORE" "$@" > /dev/null 2>&1 && awk '/ getdents64 / { print $2, ++n[$2] }' "$T/log"; }

# Each getdents64(2) of the command fails once: then the command fails with a word on it, or its output is the usual one.
# `begin` puts the store into the state that the command begins with.
reads() {
    local role k rest output
    begin
    expected=$("$CFS_BOX" --root "$STORE" "$@" 2>&1)
    begin
    reading "$@" > "$T/reading"
    [ "$(wc -l < "$T/reading")" -ge 2 ]
    failures=0
    while read -r role k; do
        begin
        output=$("$INJECT" -o "$T/log" fail "$role" "getdents64:$k" EIO -- "$CFS_BOX" --root "$STORE" "$@" 2>&1)
        rest=$(tail -n 1 "$T/log")
        grep -q "^hit $role" "$T/log"
        echo "$*: getdents64 $k of $role: $rest: $output"
        if [ "$rest" = "exit 0" ]; then
            [ "$output" = "$expected" ]
        else
            [[ $rest == exit* && $output == *"input/output error"* ]]
            failures=$((failures + 1))
        fi
    done < "$T/reading"
    [ "$failures" -ge 1 ]
}

@test "a directory that cannot be read is an error, not the end of it: lists of volumes and networks" {
    [ -x "$INJECT" ] || skip "needs tests/fault/inject"
    begin() { :; }
    box volume create one > /dev/null
    box network create net1 > /dev/null
    reads volume ls
    reads network ls
    reads volume inspect one
}

@test "a directory that cannot be read: what commit packs is whole" {
    [ -x "$INJECT" ] || skip "needs tests/fault/inject"
    lone run --name c busybox sh -c 'mkdir -p /d/e; echo 1 > /d/1; echo 2 > /d/e/2'
    begin() { rm -f "$T/tar"; box image rm new > /dev/null 2>&1 || true; }
    box commit c new > /dev/null
    # The IDs of images tell whether all was packed: the same contents, the same layer.
    layers() { box image inspect "$1" | jq -c .layers; }
    whole=$(layers new)
    [[ $whole == *sha256:*sha256:* ]]
    begin
    reading commit c new > "$T/reading"
    failures=0
    while read -r role k; do
        begin
        "$INJECT" -o "$T/log" fail "$role" "getdents64:$k" EIO -- "$CFS_BOX" --root "$STORE" commit c new > "$T/out" 2>&1
        echo "$role $k: $(tail -n 1 "$T/log") $(cat "$T/out")"
        if [ "$(tail -n 1 "$T/log")" = "exit 0" ]; then
            [ "$(layers new)" = "$whole" ]
        else
            failures=$((failures + 1))
            run box image inspect new
            [ "$status" != 0 ]
        fi
    done < "$T/reading"
    [ "$failures" -ge 4 ]
}

@test "a directory that cannot be read: a volume is filled, or the run fails; --privileged has all devices" {
    [ -x "$INJECT" ] || skip "needs tests/fault/inject"
    mkdir -p "$T/tree/bin" "$T/tree/data/d"
    cp "$(command -v busybox)" "$T/tree/bin/busybox"
    ln -s busybox "$T/tree/bin/find"
    for i in 1 2 3; do echo $i > "$T/tree/data/f$i"; done
    box import "$T/tree" filled > /dev/null
    begin() { box volume rm v > /dev/null 2>&1 || true; }
    reads run --rm --network none -v v:/data filled find /data
    begin() { :; }
    reads run --rm --network none --privileged filled find /dev -maxdepth 2 -type b
}

@test "a configuration that cannot be read may use a volume: rm and prune remove none that is in use" {
    [ -x "$INJECT" ] || skip "needs tests/fault/inject"
    lone create --name user -v used:/used busybox true > /dev/null
    for command in "volume rm used" "volume prune"; do
        # shellcheck disable=SC2086 # words
        "$INJECT" -o "$T/log" count -- "$CFS_BOX" --root "$STORE" $command > /dev/null 2>&1
        n=$(grep -cE '^call runtime [0-9]* (openat|open) ' "$T/log")
        [ "$n" -ge 5 ]
        call=$(grep -oE '^call runtime [0-9]* (openat|open) ' "$T/log" | tail -n 1 | cut -d' ' -f4)
        for ((i = 1; i <= n; i++)); do
            # shellcheck disable=SC2086 # words
            "$INJECT" -o "$T/log" fail runtime "$call:$i" EIO -- "$CFS_BOX" --root "$STORE" $command > "$T/out" 2>&1
            [ -d "$STORE/volumes/used" ]
        done
    done
}

@test "a process that cannot be looked at is not taken for gone: no command ends a container, or undoes what another command does" {
    command -v conmon > /dev/null || skip "needs conmon"
    [ -x "$INJECT" ] || skip "needs tests/fault/inject"
    lone run -d --name on busybox sleep 1000 > /dev/null
    # The other two: of a foreground whose cfs-box is gone, and one that is being made (by this shell, says its row).
    "$CFS_BOX" --root "$STORE" run --name left --network none busybox sleep 1000 > /dev/null 2>&1 3>&- &
    running left
    until_true box exec left true # "running" is recorded before the program runs
    kill -9 $!
    wait $! || true
    lone create --name making busybox true > /dev/null
    sqlite3 "$STORE/box.db" "UPDATE containers SET state='creating', owner='$$ $(cut -d' ' -f22 /proc/$$/stat) $(cat /proc/sys/kernel/random/boot_id)' WHERE name='making'"
    cp "$STORE/box.db" "$T/before.db"
    "$INJECT" -o "$T/log" count -- "$CFS_BOX" --root "$STORE" ps > /dev/null 2>&1
    box ps > /dev/null
    grep -oE '^call runtime [0-9]* (openat|open|read|pread64) ' "$T/log" | awk '{ print $4, ++n[$4] }' > "$T/calls"
    [ "$(wc -l < "$T/calls")" -ge 10 ]
    while read -r call k; do
        for errno in EIO EMFILE; do
            "$INJECT" -o "$T/log" exhaust runtime "$call:$k" "$errno" -- "$CFS_BOX" --root "$STORE" ps > "$T/out" 2>&1 || true
            states=$(sqlite3 "$STORE/box.db" "SELECT name || state FROM containers ORDER BY name" | xargs)
            echo "$call $k $errno: $(tail -n 1 "$T/log"): $states: $(cat "$T/out")"
            [ "$states" = "leftrunning makingcreating onrunning" ]
        done
    done < "$T/calls"
    [ "$(box exec on echo there)$(box exec left echo there)" = therethere ]
    sqlite3 "$STORE/box.db" "UPDATE containers SET state='created', owner='' WHERE name='making'"
    box rm -f on left > /dev/null
}

@test "containers without a row, which a power cut can leave, are removed by prune; those with one, and what is not the box's, are not" {
    command -v sqlite3 > /dev/null || skip "needs sqlite3"
    local lost=0123456789abcdef0123456789abcdef
    lone run --name kept --restart no busybox true
    lone create --name made busybox true > /dev/null
    lone run --name lost -v /v busybox sh -c 'echo x > /v/x'
    real=$(box inspect lost | jq -r .id)
    sqlite3 "$STORE/box.db" "DELETE FROM containers WHERE name='lost'"
    mkdir -p "$STORE/containers/$lost/upper/a" "$STORE/run/bundles/$lost" "$STORE/containers/mine"
    echo '{}' > "$STORE/net/${lost}x.json"
    [ -n "$(ls "$STORE/volumes")" ]
    box container prune > "$T/out"
    [ "$(wc -l < "$T/out")" = 2 ] # kept and made
    [ "$(ls "$STORE/containers")" = mine ]
    [ ! -e "$STORE/run/bundles/$lost" ]
    [ -e "$STORE/net/${lost}x.json" ]
    [ -z "$(ls "$STORE/volumes" | grep "$real")" ]
    mkdir "$STORE/containers/$lost"
    [[ $(box prune) == "removed 1 containers, "* ]]
    # One that runs on, and whose store was removed below it, is left alone.
    box run -d --network none --name on busybox sleep 100 > /dev/null
    id=$(box inspect on | jq -r .id)
    sqlite3 "$STORE/box.db" ".dump containers" > "$T/dump"
    sqlite3 "$STORE/box.db" "DELETE FROM containers"
    box prune > /dev/null
    [ -e "$STORE/containers/$id" ]
    sqlite3 "$STORE/box.db" "$(grep '^INSERT' "$T/dump")"
    [ "$(box exec on echo there)" = there ]
    box rm -f on > /dev/null
}

@test "networks that are made at once have subnets of their own; of the same name one is made" {
    local i
    for i in 1 2 3 4 5 6; do (box network create "n$i" > /dev/null 2>&1 && echo 0 > "$T/code$i" || echo $? > "$T/code$i") 3>&- & done
    wait
    [ "$(cat "$T"/code? | sort -u)" = 0 ]
    [ "$(box network ls --format json | jq -r '.[] | select(.name | startswith("n")) | .subnet' | sort -u | wc -l)" = 6 ]
    for i in 1 2 3 4 5 6; do (box network create same > "$T/out$i" 2>&1 && echo 0 > "$T/code$i" || echo $? > "$T/code$i") 3>&- & done
    wait
    [ "$(cat "$T"/code? | grep -c '^0$')" = 1 ]
    [ "$(cat "$T"/out? | grep -c 'network `same` exists')" = 5 ]
}

@test "a store that cannot be used: which one, and why; nothing is changed" {
    command -v sqlite3 > /dev/null || skip "needs sqlite3"
    # Of a newer version.
    sqlite3 "$STORE/box.db" "PRAGMA user_version=99"
    run -1 box ps
    [[ $output == *"store $STORE/box.db was made by a newer cfs-box (version 99"* ]]
    [ "$(sqlite3 "$STORE/box.db" "PRAGMA user_version")" = 99 ]
    sqlite3 "$STORE/box.db" "PRAGMA user_version=2; PRAGMA wal_checkpoint(TRUNCATE)" > /dev/null
    box images > /dev/null
    # Not a database.
    sqlite3 "$STORE/box.db" "PRAGMA wal_checkpoint(TRUNCATE)" > /dev/null
    cp "$STORE/box.db" "$T/good"
    rm -f "$STORE"/box.db-*
    echo "this is no database, and it is long enough to be looked at" > "$STORE/box.db"
    run -1 box ps
    echo "$output"
    [[ $output == *"$STORE/box.db"*"file is not a database"* ]]
    # One whose pages are damaged.
    rm -f "$STORE"/box.db*
    cp "$T/good" "$STORE/box.db"
    dd if=/dev/urandom of="$STORE/box.db" bs=4096 seek=1 count=20 conv=notrunc status=none
    run box images
    echo "$output"
    [ "$status" = 1 ]
    [[ $output == *"$STORE/box.db"*malformed* ]]
}
