#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers in the background, under conmon, and the commands that deal with containers.
load helpers/box
bats_require_minimum_version 1.5.0

setup() {
    setup_box
    command -v conmon > /dev/null || skip "needs conmon"
}

@test "run -d, ps, logs, wait: what it writes is kept by stream, and its exit code is known" {
    id=$(lone run -d --name first busybox sh -c 'echo out; echo err >&2; printf unfinished; sleep 0.3; exit 5')
    [[ $id =~ ^[0-9a-f]{32}$ ]]
    [ "$(box ps -q)" = "${id:0:12}" ]
    [ "$(box wait first)" = 5 ]
    [ "$(box ps -q)" = "" ]
    [ "$(box ps -aq --no-trunc)" = "$id" ]
    [ "$(box logs first 2> /dev/null)" = $'out\nunfinished' ]
    [ "$(box logs first 2>&1 > /dev/null)" = err ]
    [ "$(box logs -n 1 first)" = unfinished ]
    [[ "$(box logs -t first 2> /dev/null | head -n 1)" =~ ^20[0-9][0-9]-.*T.*\ out$ ]]
    [ "$(box inspect first | jq -c '[.state, .exitCode, .detached]')" = '["exited",5,true]' ]
    box rm first
    run box rm first
    [ "$status" = 1 ] && [[ $output == *"does not exist"* ]]
    [ "$(ls "$STORE/containers" | wc -l)" = 0 ]
}

# close(2): the reader of a pipe sees its end when all descriptors of the other end are closed, flock(2): a lock goes with the last one.
@test "run -d: neither the monitor nor the program keeps a descriptor of the caller" {
    exec 7> "$T/lock"
    flock -n 7
    timeout 20 sh -c '"$@" 8>&1 > /dev/null' sh "$CFS_BOX" --root "$STORE" run -d --name kept --network none busybox sleep 1000 | timeout 10 cat
    exec 7>&-
    [ "$(state kept)" = running ]
    flock -n "$T/lock" true
    for pid in $(box inspect kept | jq .pid) $(cat "$STORE"/containers/*/conmon.pid); do
        run ls -l "/proc/$pid/fd"
        [[ $output == */dev/null* ]]
        [[ $output != *"$T/lock"* ]]
    done
}

# docker's reference, docker logs: --since and --until take durations before now, times with and without a zone, seconds; --tail -1 is all.
@test "logs --since, --until, --tail" {
    lone run -d --name l busybox sh -c 'echo one; sleep 2; echo two' > /dev/null
    ended l
    [ "$(box logs --since 1h l)" = $'one\ntwo' ]
    two=$(box logs -t l | sed -n 2p | cut -d' ' -f1)
    [ "$(box logs --since "$two" l)" = two ]
    [ "$(box logs --until "$two" l)" = $'one\ntwo' ]
    before=$(date -u -d "$two - 1 second" +%Y-%m-%dT%H:%M:%S)
    [ "$(TZ=UTC0 box logs --since "$before" l)" = two ]
    [ "$(TZ=EST5 box logs --since "$before" l)" = "" ]
    [ "$(TZ=EST5 box logs --since "${before}Z" l)" = two ]
    [ "$(box logs --until "$(date -d "$before" +%s.5)" l)" = one ] || [ "$(TZ=UTC0 box logs --until "${before}.5" l)" = one ]
    [ "$(box logs --until 1h l)" = "" ]
    [ "$(box logs --tail -1 l)" = $'one\ntwo' ]
    [ "$(box logs --tail 1 --until "${before}Z" l)" = "" ]
    [ "$(box logs -f --since "${before}Z" l)" = two ]
    for bad in "--since yesterday" "--until 1x" "--tail some"; do
        run box logs $bad l
        [ "$status" = 1 ] && [[ $output == *"${bad% *} ${bad#* }"* ]]
    done
    box rm l
}

# docker rm -f: what is not there is told, and does not make it fail.
@test "rm -f of a container that does not exist" {
    run box rm -f none
    [ "$status" = 0 ] && [[ $output == *"does not exist"* ]]
    run box rm none
    [ "$status" = 1 ]
}

@test "logs -f follows until the end" {
    lone run -d --name follow busybox sh -c 'for i in 1 2 3; do echo $i; sleep 0.1; done' > /dev/null
    run timeout 10 "$CFS_BOX" --root "$STORE" logs -f follow
    [ "$status" = 0 ] && [ "$output" = $'1\n2\n3' ]
    box rm follow
}

@test "stop, kill, start, restart: what was written stays; the stop signal is the image's" {
    lone run -d --name s --stop-signal USR1 busybox sh -c 'echo run >> /runs; trap "exit 3" USR1; while :; do sleep 0.05; done' > /dev/null
    running s
    until_true box exec s test -s /runs
    sleep 0.1
    box stop -t 5 s
    [ "$(box inspect s | jq -c '[.state, .exitCode]')" = '["exited",3]' ]
    box stop s # stopped is stopped
    box start s
    running s
    run box start s
    [ "$status" = 1 ] && [[ $output == *"it is running"* ]]
    until_true sh -c "[ \"\$('$CFS_BOX' --root '$STORE' exec s cat /runs | wc -l)\" = 2 ]"
    box restart -t 1 s
    running s
    box kill -s KILL s
    [ "$(box wait s)" = 137 ]
    run box kill s
    [ "$status" = 1 ]
    [ "$(box history s --format json | jq -c '[.[].end]')" = '["killed","killed","exited"]' ] || [ "$(box history s --format json | jq -c '[.[].exitCode]')" = '[137,3,3]' ]
    run box rm s
    [ "$status" = 0 ]
}

@test "exec: output, exit codes, users by name, a terminal; not in one that does not run" {
    lone run -d --name e busybox sleep 1000 > /dev/null
    running e
    run box exec e sh -c 'echo out; exit 4'
    [ "$status" = 4 ] && [ "$output" = out ]
    [ "$(echo in | box exec -i e cat)" = in ]
    [ -z "$(echo in | box exec e cat)" ] # docker: standard input with -i alone
    printf 'B=file\n' > "$T/env"
    [ "$(A=passed box exec -e A -e NONE --env-file "$T/env" e sh -c 'echo $A $B ${NONE-unset}')" = "passed file unset" ]
    [ "$(box exec --privileged e grep CapEff /proc/self/status | cut -f2)" = "$(grep CapBnd /proc/self/status | cut -f2)" ]
    [ "$(box exec -u www-data -w /var -e X=1 e sh -c 'id -un; pwd; echo $X')" = $'www-data\n/var\n1' ]
    run -127 box exec e no-such-program
    run script -qec "'$CFS_BOX' --root '$STORE' exec -it e tty" /dev/null
    [[ $output == */dev/pts/* ]]
    run box rm e
    [ "$status" = 1 ] && [[ $output == *running* ]]
    box stop -t 0 e > /dev/null
    run box exec e true
    [ "$status" = 125 ] && [[ $output == *"does not run: it is exited"* ]]
}

@test "attach: input, output, exit code" {
    lone run -d -i --name a busybox sh -c 'read x; echo "got $x"; exit 6' > /dev/null
    running a
    run timeout 10 bash -c "echo hello | '$CFS_BOX' --root '$STORE' attach a"
    echo "$output"
    [ "$status" = 6 ] && [ "$output" = "got hello" ]
}

@test "top, stats, inspect: an ordinary container of cfs" {
    lone run -d --name t -M 64m busybox sh -c 'sleep 1000 & sleep 1001' > /dev/null
    running t
    until_true sh -c "'$CFS_BOX' --root '$STORE' top t | grep -q 'sleep 1000'"
    [ "$(box top t | wc -l)" = 3 ]
    [ -e /sys/fs/cgroup/memory ] || grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "needs the memory controller"
    [ "$(box stats --no-stream --format json t | jq -c '[.[0].name, .[0].pids, .[0].memoryLimit, (.[0].memory > 0)]')" = '["t",2,67108864,true]' ]
    id=$(box inspect t | jq -r .id)
    [ "$("$CFS" --root "$(box inspect t | jq -r .stateDirectory)" state "$id" | jq -r .status)" = running ]
    "$CFS" --root "$(box inspect t | jq -r .stateDirectory)" pause "$id"
    "$CFS" --root "$(box inspect t | jq -r .stateDirectory)" resume "$id"
}

@test "cp: into and out of one that runs and one that does not; links stay inside" {
    lone run -d --name c busybox sh -c 'ln -s /etc/passwd /tmp/link; ln -s / /tmp/root; sleep 1000' > /dev/null
    running c
    echo host > "$T/file"
    chown 12:34 "$T/file"
    box cp "$T/file" c:/tmp/
    box cp "$T/file" c:/tmp/renamed
    [ "$(box exec c stat -c '%u:%g' /tmp/file /tmp/renamed | sort -u)" = 12:34 ]
    box cp c:/etc "$T/out"
    [ -f "$T/out/passwd" ] && cmp "$T/out/passwd" <(box exec c cat /etc/passwd)
    mkdir "$T/dir"
    box cp c:/tmp/link "$T/dir"
    [ -L "$T/dir/link" ]
    box cp "$T/file" c:/tmp/root/etc/
    [ "$(box exec c cat /etc/file)" = host ] && [ ! -e /etc/file ]
    box stop -t 0 c > /dev/null
    box cp c:/etc/file "$T/again"
    [ "$(cat "$T/again")" = host ]
    echo later > "$T/later"
    box cp "$T/later" c:/later
    box start c > /dev/null
    [ "$(box exec c cat /later)" = later ]
    box cp c:/etc/group - | tar -tf - | grep -qx group
    run box cp c:/missing "$T"
    [ "$status" = 1 ] && [[ $output == *missing* ]]
    run box cp "$T/file" "$T/other"
    [ "$status" = 1 ]
}

@test "commit, diff: a container becomes an image, with removed files removed" {
    lone run --name base busybox sh -c 'echo new > /new; rm /etc/nsswitch.conf; mkdir /d; echo x > /d/f; chmod 4711 /d/f; echo changed >> /etc/group'
    [ "$(box diff base)" = $'A /d\nA /d/f\nC /etc\nC /etc/group\nD /etc/nsswitch.conf\nA /new' ]
    box commit -m 'a remark' -a me -c 'CMD cat /new' base committed > /dev/null
    [ "$(lone run --rm committed)" = new ]
    run lone run --rm committed sh -c 'stat -c %a /d/f; ls /etc/nsswitch.conf'
    [ "${lines[0]}" = 4711 ] && [[ ${lines[1]} == *"No such file"* ]]
    [ "$(lone run --rm committed cat /etc/hosts | head -n 1)" = $'127.0.0.1\tlocalhost' ]
    [ "$(box image inspect committed | jq '.layers | length')" = 2 ]
    box rm base
    box image rm committed
}

@test "history and events survive rm; prune removes what is not needed" {
    fresh
    box image make busybox > /dev/null
    lone run --rm --name gone busybox sh -c 'exit 2' || true
    lone run --name stays busybox true
    [ "$(box ps -aq | wc -l)" = 1 ]
    [ "$(box history gone --format json | jq -c '.[0] | [.name, .command, .exitCode, .end, .user]')" = '["gone",["sh","-c","exit 2"],2,"exited","root"]' ]
    [ "$(box events --format json | jq -r 'select(.name == "gone") | .action' | xargs)" = "create start die remove" ]
    [ "$(box prune)" = "removed 1 containers, 0 images, 0 layers" ]
    [ "$(box prune --all)" = "removed 0 containers, 1 images, 1 layers" ]
    [ "$(box history --format json | jq length)" = 2 ]
}

@test "--restart: on-failure with a number, always until stopped" {
    lone run -d --name r --restart on-failure:2 busybox sh -c 'echo run; exit 1' > /dev/null
    until_true sh -c "[ \"\$('$CFS_BOX' --root '$STORE' history r --format json | jq length)\" = 3 ]"
    sleep 0.5
    [ "$(box logs r | wc -l)" = 3 ]
    [ "$(box inspect r | jq -c '[.state, .restarts]')" = '["exited",2]' ]
    lone run -d --name always --restart always busybox sh -c 'sleep 0.1' > /dev/null
    until_true sh -c "[ \"\$('$CFS_BOX' --root '$STORE' inspect always | jq .restarts)\" -ge 1 ]"
    box stop -t 0 always > /dev/null
    n=$(box history always --format json | jq length)
    sleep 0.5
    [ "$(box history always --format json | jq length)" = "$n" ]
    run lone run --rm -d --restart always busybox true
    [ "$status" = 125 ]
}

@test "run -d: what cannot start leaves nothing, and says why with docker's codes" {
    run -127 lone run -d --name x busybox no-such-program
    [[ $output == *no-such-program* ]]
    run lone run -d --name x busybox /etc/passwd
    [ "$status" = 126 ]
    run lone run -d --name x -w relative busybox true
    [ "$status" = 125 ]
    [ "$(box ps -aq | wc -l)" = 0 ]
}

@test "doctor: tells of everything that is needed, with what mends it" {
    run box doctor
    [ "$status" = 0 ]
    for word in cfs cfs-cni overlayfs store space cgroups userns conmon network skopeo busybox; do
        [[ $output == *" $word "* ]]
    done
    PATH=/nowhere run -0 "$CFS_BOX" --root "$STORE" doctor
}
