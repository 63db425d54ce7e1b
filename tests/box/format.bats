#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# --format TEMPLATE: templates of Go, over documents with docker's names. What is expected of the language itself is what podman 4.3.1
# (text/template of Go) prints for the same template; the names are those of docker's manual.
load helpers/box
bats_require_minimum_version 1.5.0

# is TEMPLATE EXPECTED: of the container `two`
is() {
    run box inspect -f "$1" two
    echo "$1: $output"
    [ "$status" = 0 ]
    [ "$output" = "$2" ]
}

wrong() { # TEMPLATE: refused before anything is done, with the place
    run box inspect -f "$1" two
    echo "$1: $output"
    [ "$status" = 1 ]
    [[ $output == "cfs-box: --format: "*"$2"* ]]
}

@test "the language: text, comments, white space, strings, numbers, variables, pipelines" {
    lone create --name two busybox true
    is 'a{{/* nothing */}}b {{- " c " -}} d' 'ab c d'
    is 'a {{- /* nothing */ -}} b' 'ab'
    is '{{"a\"b"}} {{`c`}} {{-3}} {{- 3}} {{true}}' 'a"b c -33 true'
    is '{{$x := "v"}}{{$x}}{{if true}}{{$x := "w"}}{{$x}}{{end}}{{$x}}' vwv
    is '{{"x" | len | printf "%03d"}} {{"a" | printf "%s-%s" "b"}} {{(printf "%s" "y") | upper}}' '001 b-a Y'
    is '{{if false}}A{{else if true}}B{{else}}C{{end}}{{with ""}}D{{else}}E{{end}}{{with "f"}}{{.}}{{end}}' BEf
    is '{{if and true (eq 1 1)}}{{if or false 0}}1{{else}}2{{end}}{{end}}' 2
    is '{{range $i, $e := split "a,b,c" ","}}{{if $i}};{{end}}{{$i}}{{$e}}{{end}}{{range split "" "x"}}[{{.}}]{{end}}' '0a;1b;2c[]'
    is '{{range .Mounts}}some{{else}}none{{end}}' none
}

@test "the language: functions" {
    lone create --name two busybox true
    is '{{print 1 2 "a" "b" 3}}' '1 2ab3'
    is '{{println 1 "a"}}x' "$(printf '1 a\nx')"
    is '{{printf "%5d|%-5s|%05d|%q|%v|%x|%.2s|%%" 42 "ab" 7 "q\"x" true 255 "abc"}}' '   42|ab   |00007|"q\"x"|true|ff|ab|%'
    is '{{printf "%s %s" "a"}}' 'a %!s(MISSING)'
    is '{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 2 10}} {{le 2 2}} {{gt 1 2}} {{ge 1 2}}' 'true true true true true false false'
    is '{{and 1 0}} {{or 0 "x"}} {{not 1}} {{and true "y"}}' '0 x false y'
    is '{{upper "a"}} {{lower "B"}} {{title "ab cd"}} {{join (split "a,b,c" ",") "-"}} {{split "a,b" ","}}' 'A b Ab Cd a-b-c [a b]'
    is '{{json "a\"b"}} {{truncate "abcdef" 3}}|{{pad "x" 1 2}}|' '"a\"b" abc| x  |'
}

@test "templates that are wrong: refused before anything is printed, with the place" {
    lone create --name two busybox true
    wrong '{{if .State}}x' 'expected `{{end}}`'
    wrong '{{range .Mounts}}x' 'expected `{{end}}`'
    wrong 'a{{end}}' 'an `end` too many'
    wrong '{{else}}' 'without its `if`'
    wrong '{{.Name' 'expected `}}`'
    wrong '{{nosuch 1}}' 'no such function, at `nosuch 1}}`'
    wrong '{{"x}}' 'a string without its end'
    wrong '{{1 2}}' 'an argument for a value that is not a function'
    wrong '{{$y}}' 'no such variable'
    wrong '{{define "x"}}{{end}}' 'this is not known here'
    wrong '{{if}}x{{end}}' 'expected a value'
    wrong '{{printf "%z" 1}}' '`%z` is not known here'
    wrong '{{.Nope}}' 'no `.Nope` here'
    wrong '{{.State.Nope}}' 'no `.Nope` here'
    wrong "{{$(printf '(%.0s' {1..100})1" 'nested too deeply'
    wrong "$(printf '{{if 1}}%.0s' {1..100})" 'nested too deeply'
    wrong "$(printf '{{if 1}}{{else if 1%.0s' {1..1})$(printf '}}{{else if 1%.0s' {1..2000})" 'expected `{{end}}`'
    run box ps --format nothing
    [ "$status" = 1 ] && [[ $output == *"expected table, json or a template"* ]]
    # Nothing was printed for the first of two.
    run box inspect -f '{{.Name}}{{end}}' two two
    [[ $output != *two* ]]
}

@test "inspect: docker's names, and the box's own" {
    mkdir "$T/dir"
    run lone run --name two -l a=1 -l b.c=2 -e X=1 -M 64m --cpus 1.5 -v vol:/vol -v "$T/dir:/dir:ro" -w /tmp --user 3:4 -h inside busybox sh -c 'exit 7'
    [ "$status" = 7 ]
    id=$(box inspect two | jq -r .id)
    is '{{.Id}} {{.Name}} {{.Path}} {{.Args}} {{.Config.Image}} {{.Image}}' "$id two sh [-c exit 7] busybox $(box inspect two | jq -r .imageId)"
    is '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.ExitCode}} {{.State.Pid}} {{.RestartCount}}' 'exited false false 7 0 0'
    is '{{if .State.Running}}up{{else}}down with {{.State.ExitCode}}{{end}}' 'down with 7'
    is '{{.Config.Labels.a}} {{index .Config.Labels "b.c"}} {{.Config.Labels.none}} {{index .Config.Labels "none"}}' '1 2 <no value> '
    is '{{json .Config.Labels}} {{.Config.Labels}}' '{"a":"1","b.c":"2"} map[a:1 b.c:2]'
    is '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}},{{end}}' 'a=1,b.c=2,'
    is '{{.Config.WorkingDir}} {{.Config.User}} {{.Config.Hostname}} {{.Config.Cmd}} {{.Config.Tty}}' '/tmp 3:4 inside [sh -c exit 7] false'
    is '{{range .Config.Env}}{{if eq . "X=1"}}{{.}}{{end}}{{end}}' X=1
    is '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}};{{end}}' 'volume /vol true;bind /dir false;'
    is '{{(index .Mounts 0).Name}} {{(index .Mounts 1).Source}}' "vol $T/dir"
    is '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.NetworkMode}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.AutoRemove}}' '67108864 1500000000 none no false'
    is '{{.NetworkSettings.IPAddress}}|{{range $n, $s := .NetworkSettings.Networks}}{{$n}}{{end}}|{{len .NetworkSettings.Ports}}' '|none|0'
    is '{{with .State.Health}}{{.Status}}{{else}}none{{end}} {{.State.Health}}' 'none <nil>'
    [[ $(box inspect -f '{{.State.FinishedAt}}' two) == 20??-??-??T??:??:??Z ]]
    # The box's own names begin with a small letter.
    is '{{.exitCode}} {{.state}} {{.network}} {{.pid}}' '7 exited none <no value>'
    [ "$(box inspect -f '{{json .}}' two | jq -r .State.ExitCode)" = 7 ]
    [ "$(box inspect -f json two | jq -r .exitCode)" = 7 ]
    # Those that are found are shown, though one is not.
    run --separate-stderr box inspect -f '{{.Name}}' none two
    [ "$status" = 1 ] && [ "$output" = two ]
    # Images.
    run box inspect --type image -f '{{.Config.Cmd}} {{index .RepoTags 0}} {{len .RootFS.Layers}}' busybox
    [ "$output" = "[sh] busybox:latest 1" ]
    [ "$(box image inspect -f '{{.Os}} {{.Id}}' busybox)" = "linux $(box image inspect busybox | jq -r .id)" ]
}

@test "lists: ps, images, volumes, networks, history, events, stats; tables with docker's headings" {
    fresh
    box image make busybox > /dev/null
    lone create --name one -l x=y busybox true
    lone create --name longer-name busybox sh -c 'sleep 1000'
    [ "$(box ps -a --format '{{.Names}} {{.Image}} {{.State}} {{.Label "x"}} {{.Labels}} {{.Networks}}' | tail -n 1)" = "one busybox created y x=y none" ]
    [ "$(box ps -a --format '{{.Command}}' | head -n 1)" = '"sh -c sleep 1000"' ]
    [ "$(box ps -aq | head -n 1)" = "$(box ps -a --format '{{.ID}}' | head -n 1)" ]
    [ "$(box ps -a --no-trunc --format '{{.ID}}' | head -n 1)" = "$(box inspect -f '{{.Id}}' longer-name)" ]
    box ps -a --format 'table {{.Names}}\t{{.State}}\t{{.RunningFor}}' > "$T/table"
    diff - "$T/table" <<END
NAMES         STATE     CREATED
longer-name   created   $(box ps -a --format '{{.RunningFor}}' | head -n 1)
one           created   $(box ps -a --format '{{.RunningFor}}' | tail -n 1)
END
    # Without a container the headings remain; without `table` there is nothing.
    [ "$(box ps --format 'table {{.ID}}\t{{.RunningFor}}')" = "ID   CREATED" ]
    [ -z "$(box ps --format '{{.ID}}')" ]
    [ "$(box ps -a --format '{{json .}}' | jq -r .Names | xargs)" = "longer-name one" ]
    box image tag busybox b:2
    [ "$(box images --format '{{.Repository}}|{{.Tag}}' | xargs)" = "b|2 busybox|latest" ]
    [ "$(box images --format '{{.ID}}' | sort -u)" = "$(box images -q)" ]
    box volume create v > /dev/null
    [ "$(box volume ls --format '{{.Name}} {{.Driver}} {{.Mountpoint}}')" = "v local $STORE/volumes/v" ]
    [ "$(box volume inspect -f '{{.Mountpoint}}' v)" = "$STORE/volumes/v" ]
    box network create n > /dev/null
    [ "$(box network ls --format '{{.Name}} {{.Driver}}' | grep '^n ')" = "n bridge" ]
    [ "$(box events --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}' | tail -n 1)" = "network create n" ]
    lone run --name ran busybox true
    [ "$(box history --format '{{.name}} {{.end}} {{.exitCode}}')" = "ran exited 0" ]
    lone run -d --name on busybox sleep 100 > /dev/null
    [[ $(box stats --no-stream --format '{{.Name}} {{.PIDs}} {{.CPUPerc}} {{.MemUsage}}') == "on 1 "*"% "*" / "* ]]
    [ "$(box inspect -f '{{.State.Running}} {{.State.Pid}}' on)" = "true $(box inspect on | jq -r .pid)" ]
    box pause on > /dev/null
    [ "$(box inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}}' on)" = "paused true true" ]
    box unpause on > /dev/null
    box rm -f on > /dev/null
}

@test "what labels and commands hold does not command the terminal" {
    lone create --name c -l "x=$(printf '\033[2J\302\2332J')" busybox true > /dev/null
    script -qec "$CFS_BOX --root $STORE ps -a --format '{{.Label \"x\"}}|{{.Labels}}'" /dev/null < /dev/null > "$T/shown"
    grep -q '?\[2J??2J|x=?\[2J' "$T/shown"
    [ "$(box ps -a --format '{{.Label "x"}}')" = "$(printf '\033[2J\302\2332J')" ]
}
