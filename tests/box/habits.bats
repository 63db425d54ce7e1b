#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# What users of docker type from habit: its names of commands, its options, and what it prints. The values are those of docker's
# reference (docs.docker.com/reference/cli/docker).
load helpers/box
bats_require_minimum_version 1.5.0

setup() {
    setup_box
    command -v conmon > /dev/null || skip "needs conmon"
}

@test "create, start, rename, port, pause, unpause" {
    id=$(lone create --name c -e A=1 busybox sh -c 'echo $A; sleep 1000')
    [[ $id =~ ^[0-9a-f]{32}$ ]]
    [ "$(box inspect c | jq -r .state)" = created ]
    [ "$(box ps -a --filter status=created -q --no-trunc)" = "$id" ]
    echo page > "$T/page"
    box cp "$T/page" c:/page
    box start c
    running c
    [ "$(box exec c cat /page)" = page ]
    [ "$(box logs c)" = 1 ]
    box rename c d
    [ "$(box inspect d | jq -r .id)" = "$id" ]
    run box rename d 'not a name'
    [ "$status" = 1 ]
    lone create --name other busybox true > /dev/null
    run box rename d other
    [ "$status" = 1 ] && [[ $output == *"a container named \`other\` exists"* ]]
    box pause d
    [[ "$(box ps --filter name=d | sed -n 2p)" == *"(Paused)"* ]]
    [ "$(box ps -q --filter status=paused)" = "${id:0:12}" ]
    run box pause d
    [ "$status" = 1 ]
    run box exec d true
    [ "$status" = 125 ] && [[ $output == *paused* ]]
    box unpause d
    box exec d true
    box pause d
    box stop -t 1 d # ends one that is paused
    [ "$(box inspect d | jq -r .state)" = exited ]
    box rm d other
    # One that cannot be made leaves nothing; one that was made and never run is removed.
    run lone create -v /x busybox --no-such
    box rm -v "$(box ps -lq)"
    run lone create -u nobody-knows busybox true
    [ "$status" = 125 ]
    [ -z "$(box ps -aq)" ] && [ -z "$(ls "$STORE/containers")" ] && [ -z "$(box volume ls -q)" ]
}

# As docker: what can be done is done, and the exit code is 1 when something could not be.
@test "a word that fails does not keep the others: pause, unpause, wait, inspect, volume rm, network rm" {
    lone run -d --name a busybox sleep 1000 > /dev/null
    lone run -d --name b busybox sleep 1000 > /dev/null
    goes_on() { # COMMAND WORD... -- OUTPUT: two of the words name nothing
        local command=()
        while [ "$1" != -- ]; do
            command+=("$1")
            shift
        done
        status=0
        "$CFS_BOX" --root "$STORE" "${command[@]}" > "$T/out" 2> "$T/err" || status=$?
        [ "$status" = 1 ] && [ "$(cat "$T/out")" = "$2" ] || { cat "$T/out" "$T/err"; return 1; }
        [ "$(grep -c '^cfs-box: .*missing' "$T/err")" = 2 ] || { cat "$T/err"; return 1; }
    }
    goes_on pause missing1 a missing2 b -- $'a\nb'
    [ "$(box ps -q --filter status=paused | wc -l)" = 2 ]
    goes_on unpause a missing1 b missing2 -- $'a\nb'
    [ "$(box ps -q --filter status=paused | wc -l)" = 0 ]
    box kill a b > /dev/null
    goes_on wait missing1 a missing2 b -- $'137\n137'
    box volume create v > /dev/null
    box volume create w > /dev/null
    goes_on volume rm missing1 v missing2 w -- $'v\nw'
    [ -z "$(box volume ls -q)" ]
    box network create n > /dev/null
    goes_on network inspect missing1 n missing2 -- "$(box network inspect n)"
    goes_on network rm missing1 n missing2 -- n
    goes_on image inspect missing1 busybox missing2 -- "$(box image inspect busybox)"
    box rm a b
}

@test "ps --filter, --last, --latest" {
    lone run --name one -l color=red -l size=1 busybox true
    run lone run --name two -l color=blue busybox sh -c 'exit 3'
    lone run -d --name three busybox sleep 100 > /dev/null
    names() { box ps --format json "$@" | jq -r '.[].name' | tr '\n' ' '; }
    [ "$(names)" = "three " ]
    [ "$(names -l)" = "three " ]
    [ "$(names -n 2)" = "three two " ]
    [ "$(names -a --filter name=o)" = "two one " ]
    [ "$(names -a -f name=^t)" = "three two " ]
    [ "$(names -a -f 'name=^two$')" = "two " ]
    [ "$(names -f name=one)" = "" ]
    [ "$(names -f status=exited)" = "two one " ]
    [ "$(names -f status=exited -f status=running)" = "three two one " ]
    [ "$(names -f exited=3)" = "two " ]
    [ "$(names -a -f label=color)" = "two one " ]
    [ "$(names -a -f label=color=red -f label=size)" = "one " ]
    [ "$(names -a -f label=color=red -f label=color=blue)" = "" ]
    [ "$(names -a -f ancestor=busybox)" = "three two one " ]
    [ "$(names -a -f ancestor=busybox:latest -f exited=0)" = "one " ]
    [ "$(names -a -f ancestor=other)" = "" ]
    [ "$(names -a -f "id=$(box inspect one | jq -r .id)")" = "one " ]
    [ "$(box ps -aqf name=one)" = "$(box inspect one | jq -r '.id[:12]')" ] || [ "$(box ps -aq -f name=one | wc -l)" = 1 ]
    run box ps --filter colour=red
    [ "$status" = 1 ] && [[ $output == *"--filter colour=red is not known"* ]]
    run box ps --filter status=dead
    [ "$status" = 1 ] && [[ $output == *exited* ]]
}

# docker run: "--label" adds to the image's labels and overrides them, the last of a name. An annotation of the same name could be one
# that runtimes follow, so the image's do not become any.
@test "labels: the image's, and over them those of --label; annotations are those of --label alone" {
    box run --name base --network none busybox true
    box commit -c 'LABEL color=green size=big' -c 'LABEL run.oci.hooks.stdout=/x' base labelled
    box run --name one --network none -l color=red -l color=blue -l own labelled true
    [ "$(box inspect one | jq -cS '.labels')" = '{"color":"blue","own":"","run.oci.hooks.stdout":"/x","size":"big"}' ]
    [ "$(box ps -a -q -f label=size=big | wc -l)" = 1 ]
    box run --network none -l color=red -l color=blue --print-bundle "$T/bundle" labelled true
    [ "$(jq -cS .annotations "$T/bundle/config.json")" = '{"color":"blue"}' ]
    run box run --rm --network none -l =x labelled true
    [ "$status" = 125 ]
    [[ "$output" == *"--label =x: expected NAME[=VALUE]"* ]]
}

@test "names of docker: rmi, tag, load, save, container ls, image list, system prune; what the box has not says what does it" {
    fresh
    id=$(box image make busybox)
    box tag busybox b:1
    [ "$(box image list b --format json | jq -r '.[0].names | join(" ")')" = "b:1 busybox:latest" ]
    [ "$(box images -q other)" = "" ]
    [ "$(box images -aq | wc -l)" = 1 ]
    [ "$(box inspect busybox | jq -r .id)" = "$id" ]
    box save -o "$T/b.tar" b:1
    [ "$(box save busybox | tar -t | grep -c '^blobs/sha256/.')" = 3 ]
    run box rmi none b:1 busybox
    [ "$status" = 1 ] && [[ $output == *"untagged: b:1"* ]] && [[ $output == *"removed: busybox"* ]] && [[ $output == *'`none`'* ]]
    [ "$(box load -i "$T/b.tar")" = "Loaded image: $id" ]
    box image inspect b:1 > /dev/null
    [ "$(box load < "$T/b.tar")" = "Loaded image: $id" ]
    if command -v skopeo > /dev/null; then [ "$(skopeo inspect --config "oci-archive:$T/b.tar" | jq -r .os)" = linux ]; fi
    lone run --name k b:1 sh -c 'mkdir /new; echo x > /new/f'
    [ "$(box container ls -aq | wc -l)" = 1 ]
    [ "$(box container inspect k | jq -r .name)" = k ]
    # export: the whole tree, without what is mounted in it
    box export k > "$T/k.tar"
    [ "$(tar -xOf "$T/k.tar" new/f)" = x ]
    [ "$(tar -tf "$T/k.tar" | grep -c '^proc/.')" = 0 ]
    box export -o "$T/k2.tar" k
    box import "$T/k2.tar" flat cat /new/f > /dev/null
    [ "$(lone run --rm flat)" = x ]
    run box container prune -f
    [[ $output =~ ^[0-9a-f]{32}$ ]]
    box image rm flat > /dev/null
    box image import "$T/k.tar" > /dev/null
    [ "$(box images --filter dangling=true -q | wc -l)" = 1 ]
    [[ "$(box image prune -f)" == sha256:* ]]
    lone run --name k -v named:/x b:1 true
    box system prune -af --volumes
    [ -z "$(box images -q)$(box ps -aq)$(box volume ls -q)" ]
    for word in build push login search version update; do
        run box "$word"
        [ "$status" = 1 ] && [[ $output == *"\`$word\` is not a command"* ]] && [ "${#lines[@]}" -gt 1 ]
    done
    run box image
    [ "$status" = 1 ] && [[ $output == *"one of:"*inspect*save* ]]
    run box image nonsense
    [ "$status" = 1 ] && [[ $output == *"one of:"* ]]
}

@test "stats of several; events --since and --until" {
    for name in s1 s2 s3; do lone run -d --name $name busybox sleep 100 > /dev/null; done
    [ "$(box stats --no-stream --format json s1 s3 | jq -r '.[].name' | sort | tr '\n' ' ')" = "s1 s3 " ]
    [ "$(box stats --no-stream --format json | jq length)" = 3 ]
    run box stats --no-stream s1 none
    [ "$status" = 1 ] && [[ $output == *'`none`'* ]]
    [ "$(box events --since 1h | grep -c ' container start ')" -ge 3 ]
    [ -z "$(box events --until 1h)" ]
    [ "$(box events -f --since 1h --until 0s | grep -c ' container start ')" -ge 3 ] # docker: an end in the past is the end
    run box events --until someday
    [ "$status" = 1 ] && [[ $output == *"--until someday"* ]]
}

# docker's reference, docker cp: what becomes of DEST_PATH for files, directories and "/.", -L.
@test "cp: docker's rules for the destination, -L, and containers with a user namespace" {
    lone create --name c busybox true > /dev/null
    mkdir -p "$T/d/sub"
    echo x > "$T/d/f"
    ln -s f "$T/d/l"
    ln -s d "$T/dl"
    cd "$T"
    box cp d c:/new             # does not exist: gets that name
    box cp d c:/new             # exists: goes into it
    box cp d/. c:/contents      # the contents, into a directory that is made
    box cp -aq d/f c:/contents/g
    box cp -L d/l c:/contents/real
    box cp -L dl c:/tmp
    box cp c:/contents/. out
    box cp -L c:/contents/l followed
    box cp -L c:/contents/l out/sub
    box cp c:/contents/l kept
    [ "$(cd out && echo *)" = "f g l real sub" ]
    [ "$(cat out/real followed out/sub/l)" = $'x\nx\nx' ] && [ ! -L out/real ] && [ ! -L followed ] && [ ! -L out/sub/l ]
    [ "$(readlink kept)" = f ]
    box start c > /dev/null
    ended c
    [ "$(box diff c | grep -c '^A /new/d/f$')" = 1 ]
    [ "$(box diff c | grep -c '^A /tmp/dl/f$')" = 1 ]
    for bad in "d/f c:/none/" "d c:/contents/f" "c:/contents/f none/" "c:/contents out/f" "c:/none ." "c:/new/loop ."; do
        # shellcheck disable=SC2086 # two words
        run box cp $bad
        [ "$status" = 1 ] || { echo "$bad"; return 1; }
    done
    [ ! -e none ]
    for how in running stopped; do
        lone run -d --name u -U busybox sleep 1000 > /dev/null
        box exec u sh -c 'touch /mine; chown 5:6 /mine'
        [ "$how" = running ] || box stop -t 0 u > /dev/null
        chown 7:8 d/f
        box cp d u:/copied
        tar -cf - d | box cp - u:/tmp
        box cp u:/mine mine
        [ "$(stat -c '%u %g' mine)" = "5 6" ]
        [ "$(box export u | tar -tvf - mine copied/f --numeric-owner | awk '{ print $2 }' | sort | tr '\n' ' ')" = "5/6 7/8 " ]
        [ "$how" = running ] || box start u > /dev/null
        running u
        [ "$(box exec u stat -c '%u %g' /copied/f /tmp/d/f /copied)" = $'7 8\n7 8\n0 0' ]
        box rm -f u > /dev/null
        rm mine
    done
}

# What people do at terminals: leave and come back, resize; docker's reference, docker attach. Typed by a program with a pseudo-terminal.
type_into() { # STEPS ARG...: the steps are texts, ROWSxCOLUMNS, or ? for a prompt; prints what comes out
    python3 - "$CFS_BOX" "$STORE" "$@" <<'END'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time
box, store, steps, *args = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(box, [box, '--root', store, *args])
size = lambda rows, columns: fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
size(33, 101)
out = ''
def read_until(pattern, seconds=10):
    global out
    end, start = time.time() + seconds, len(out)
    while time.time() < end and not re.search(pattern, out[start:]):
        if select.select([fd], [], [], 0.1)[0]:
            try:
                data = os.read(fd, 4096)
            except OSError:
                return
            if not data:
                return
            out += data.decode(errors='replace').replace('\r', '')
for step in steps.encode().decode('unicode_escape').split('|'):
    if step == '?':
        read_until('# ')
        continue
    if re.fullmatch(r'\d+x\d+', step):
        size(*map(int, step.split('x')))
        os.kill(pid, signal.SIGWINCH)
        time.sleep(0.3)
        continue
    os.write(fd, step.encode())
    read_until(r'got it' if step.endswith('\n') and 'exit' not in step else r'(?!)', 10 if step.endswith('\n') else 1)
read_until(r'(?!)', 3)
end = time.time() + 10
while os.waitpid(pid, os.WNOHANG)[0] == 0:
    if time.time() > end:
        os.kill(pid, 9)
    time.sleep(0.05)
print(out)
END
}

@test "attach: left by Control-P Control-Q, and reached again: input goes on; -it needs a terminal" {
    lone run -dit --name t busybox sh > /dev/null
    running t
    type_into 'echo first; echo got "it"\n|\x10\x11' attach t > "$T/one"
    grep -q '^first' "$T/one"
    [ "$(state t)" = running ]
    type_into 'stty size; echo got "it"\n|exit 5\n' attach t > "$T/two"
    grep -q '^33 101' "$T/two"
    [ "$(box wait t)" = 5 ]
    type_into '?|20x60|stty size; echo got "it"\n|exit\n' run --rm -it --network none busybox sh > "$T/three"
    grep -q '^20 60' "$T/three"
    for command in "run -it --rm --network none busybox cat" "exec -it t cat"; do
        [[ $command == run* ]] || { lone run -d --name s busybox sleep 100 > /dev/null && command=${command/ t / s }; }
        # shellcheck disable=SC2086 # words
        run timeout 10 sh -c 'echo x | "$@"' sh "$CFS_BOX" --root "$STORE" $command
        [ "$status" = 125 ] && [[ $output == *"not a terminal"* ]]
    done
}

# docker: "Configure logging drivers", json-file's max-size.
@test "--log-opt max-size: the log does not grow beyond it; logs -f goes on in the new file; start keeps the limit" {
    command -v conmon > /dev/null || skip "needs conmon"
    lone run -d --name l --log-opt max-size=20k --log-opt max-file=3 busybox sh -c \
        'i=0; while [ $i -lt 900 ]; do echo "line $i of many that are long enough to fill the file"; i=$((i+1)); [ $((i % 100)) != 0 ] || sleep 0.2; done; echo end' > /dev/null
    timeout 30 "$CFS_BOX" --root "$STORE" logs -f l > "$T/followed" 3>&-
    ended l
    log=$(box inspect l | jq -r .log)
    [ "$(stat -c %s "$log")" -le 20480 ]
    # What follows reads in time and misses nothing of what it could see: the last line, each line whole and in order.
    [ "$(tail -n 1 "$T/followed")" = end ]
    [ "$(grep -vcE '^(line [0-9]+ of many that are long enough to fill the file|end)$' "$T/followed")" = 0 ]
    grep -o '^line [0-9]*' "$T/followed" | cut -d' ' -f2 > "$T/numbers"
    sort -n "$T/numbers" | diff - "$T/numbers"
    [ "$(wc -l < "$T/numbers")" -gt 300 ] # more than one file of 20 kB
    [ "$(box logs l | tail -n 1)" = end ]
    [ "$(box logs -n 2 l | head -n 1)" = "line 899 of many that are long enough to fill the file" ]
    box start l > /dev/null
    ended l
    [ "$(stat -c %s "$log")" -le 20480 ]
    # Without it there is no limit.
    lone run -d --name u busybox sh -c 'i=0; while [ $i -lt 600 ]; do echo "line $i of many that are long enough to fill the file"; i=$((i+1)); done' > /dev/null
    ended u
    [ "$(box logs u | wc -l)" = 600 ]
}

@test "--log-driver none: no log is kept; drivers and options that there are not" {
    command -v conmon > /dev/null || skip "needs conmon"
    lone run -d --name n --log-driver none busybox sh -c 'echo said; exit 5' > /dev/null
    ended n
    [ "$(box inspect -f '{{.State.ExitCode}}' n)" = 5 ]
    run box logs n
    [ "$status" = 1 ] && [[ $output == *'container `n` has no log'* ]]
    lone run -d --name j --log-driver json-file busybox echo said > /dev/null
    ended j
    [ "$(box logs j)" = said ]
    run lone run -d --log-driver syslog busybox true
    [ "$status" = 125 ] && [[ $output == *"invalid value \"syslog\" for --log-driver"* ]]
    run lone run -d --log-opt max-size=12 busybox true
    [ "$status" = 125 ] && [[ $output == *"at least 4096"* ]]
    run lone run -d --log-opt max-size=many busybox true
    [ "$status" = 125 ] && [[ $output == *"max-size"*many* ]]
    run lone run -d --log-opt tag=x busybox true
    [ "$status" = 125 ] && [[ $output == *"--log-opt tag=x: expected max-size=SIZE"* ]]
    [ "$(box ps -aq | wc -l)" = 2 ]
}

# docker run, --pull and --platform. A stand-in for skopeo: it copies a layout, and counts.
@test "run --pull: never by default, when missing, always; --platform is this machine's" {
    mkdir -p "$T/bin"
    box image tag busybox "pulled:1"
    box image export pulled:1 "$T/layout" > /dev/null
    box image rm pulled:1 > /dev/null
    printf '#!/bin/sh\necho "$*" >> "%s/asked"\nfor a; do from=$to; to=${a#oci:}; done\nexec cp -R "%s/layout/." "$to"\n' "$T" "$T" > "$T/bin/skopeo"
    chmod 755 "$T/bin/skopeo"
    export PATH="$T/bin:$PATH"
    for policy in "" --pull=never; do
        # shellcheck disable=SC2086 # none is none
        run lone run $policy --rm pulled:1 true
        [ "$status" = 125 ] && [[ $output == *'`cfs-box pull pulled:1` fetches it'* ]]
        [ ! -e "$T/asked" ]
    done
    lone run --pull missing --rm pulled:1 true
    grep -q '^copy docker://pulled:1 oci:' "$T/asked"
    lone run --pull missing --rm pulled:1 true
    [ "$(wc -l < "$T/asked")" = 1 ]
    lone create --pull always pulled:1 true > /dev/null
    [ "$(wc -l < "$T/asked")" = 2 ]
    sed -i '2iecho "Copying blob"' "$T/bin/skopeo"
    [ "$(lone run --pull always --rm pulled:1 echo said)" = said ] # and nothing of skopeo's
    printf '#!/bin/sh\necho unreachable >&2\nexit 1\n' > "$T/bin/skopeo"
    run lone run --pull always --rm pulled:1 true
    [ "$status" = 125 ] && [[ $output == *unreachable* ]]
    run lone run --pull sometimes --rm pulled:1 true
    [ "$status" = 125 ]
    arch=$(box image inspect -f '{{.Architecture}}' busybox)
    lone run --rm --platform "linux/$arch" busybox true
    lone run --rm --platform "linux/$arch/v8" busybox true
    run lone run --rm --platform linux/vax busybox true
    [ "$status" = 125 ] && [[ $output == *"--platform linux/vax: this machine runs linux/$arch"* ]]
    run lone run --rm --platform "linux/${arch}x" busybox true
    [ "$status" = 125 ]
}

# docker run, --label-file: as --env-file, but a name alone has no value.
@test "--label-file: names, values, comments; --label goes over it" {
    printf '# nothing\n\n  a=1\nb.c\nd=x=y \r\n' > "$T/labels"
    HOME=/x b=env lone create --name f --label-file "$T/labels" -l a=2 busybox true > /dev/null
    [ "$(box inspect f | jq -cS .labels)" = '{"a":"2","b.c":"","d":"x=y "}' ]
    printf 'good=1\na b=2\n' > "$T/labels"
    run lone create --label-file "$T/labels" busybox true
    [ "$status" = 125 ] && [[ $output == *"--label-file $T/labels:2: there is a blank in the name"* ]]
    run lone create --label-file "$T/none" busybox true
    [ "$status" = 125 ] && [[ $output == *"--label-file $T/none: "*"no such file"* ]]
}
