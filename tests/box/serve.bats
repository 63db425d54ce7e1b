#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs-box serve: what it answers. Who may ask is in serve-access.bats.
load helpers/box
load helpers/serve
bats_require_minimum_version 1.5.0

@test "the three requests that the server is for: containers, history, run and stop" {
    serve
    ask GET /containers
    [ "$status" = 200 ] && [ "$output" = '[]' ]
    ask POST /run '{"state":"run","image":"busybox","command":"echo hello","network":"none"}'
    [ "$status" = 201 ] && [ "$(jq -r .state <<< "$output")" = running ]
    id=$(jq -r .id <<< "$output") name=$(jq -r .name <<< "$output")
    ended "$id"
    [ "$(box logs "$name")" = hello ]
    ask GET /containers
    [ "$(jq -c '[.[] | [.id, .name, .image, .state, .exitCode, .command]]' <<< "$output")" = "[[\"$id\",\"$name\",\"busybox\",\"exited\",0,[\"echo\",\"hello\"]]]" ]
    ask GET '/containers?all=0'
    [ "$output" = '[]' ]
    ask POST /run '{"state":"run","image":"busybox","command":["sleep","1000"],"network":"none","name":"long"}'
    [ "$status" = 201 ] && [ "$(jq -r .name <<< "$output")" = long ]
    id=$(jq -r .id <<< "$output")
    ask GET '/containers?all=0'
    [ "$(jq -r '.[].name' <<< "$output")" = long ]
    ask POST /run "{\"id\":\"$id\",\"state\":\"stop\"}"
    [ "$status" = 200 ] && [ "$(command jq -c . <<< "$output")" = "{\"id\":\"$id\",\"name\":\"long\",\"state\":\"exited\",\"exit_code\":137}" ]
    ask GET /history
    [ "$(jq -c '[.[] | [.name, .end, .exitCode, .user]]' <<< "$output")" = "[[\"long\",\"killed\",137,\"root\"],[\"$name\",\"exited\",0,\"root\"]]" ]
}

@test "documents are those of the command line" {
    command -v sqlite3 > /dev/null || skip "needs sqlite3"
    box run -d --network none --name one --label a=b -M 64m busybox sleep 1000 > /dev/null
    box run --network none --name two busybox false || true
    box run --network none --name three busybox true
    # A command that is not UTF-8: JSON cannot hold it, and the list is not lost for it.
    sqlite3 "$STORE/box.db" "update containers set command = cast(x'6563686f1ffffe1f' as text) where name = 'three'"
    serve
    ask GET /containers
    diff <(form <<< "$output") <(box ps -a --format json | form)
    [ "$(jq -r '.[0].command[1]' <<< "$output")" = '??' ]
    ask GET /containers/one
    [ "$(jq -r .labels.a <<< "$output")" = b ]
    diff <(form <<< "$output") <(box inspect one | form)
    ask GET "/containers/$(box ps -q | head -n 1)"
    [ "$(jq -r .name <<< "$output")" = one ]
    ask GET /history
    diff <(jq -S . <<< "$output") <(box history --format json | jq -S .)
    ask GET /images
    diff <(jq -S . <<< "$output") <(box images --format json | jq -S .)
    ask GET /images/busybox
    diff <(jq -S . <<< "$output") <(box image inspect busybox | jq -S .)
    box network create second > /dev/null
    box volume create kept > /dev/null
    ask GET /networks
    [ "$(jq -r '.[].name' <<< "$output" | grep -x second)" = second ]
    diff <(jq -S . <<< "$output") <(box network ls --format json | jq -S .)
    ask GET /volumes
    [ "$(jq -r '.[].name' <<< "$output")" = kept ]
    diff <(jq -S . <<< "$output") <(box volume ls --format json | jq -S .)
    box network rm second
    ask GET /info
    [ "$(jq -c '[.root, .rootless, .uid]' <<< "$output")" = "[\"$STORE\",false,0]" ]
    [ "cfs-box version $(jq -r .version <<< "$output")" = "$("$CFS_BOX" --version)" ]
    ask GET /events
    diff <(jq -S . <<< "$output") <(box events --format json | jq -S .)
    ask GET /containers/nosuch
    [ "$status" = 404 ] && [ "$(jq -r .error <<< "$output")" = 'container `nosuch` does not exist' ] && [ "$(jq .status <<< "$output")" = 404 ]
    ask GET /images/nosuch
    [ "$status" = 404 ]
}

@test "history: by container, image, user, text, end and time, page by page" {
    for i in 1 2 3; do box run --network none --name "h$i" busybox sh -c "exit $i" || true; done
    serve
    names() { ask GET "/history?$1" && [ "$status" = 200 ] && jq -r '[.[].name] | join(" ")' <<< "$output"; }
    [ "$(names container=h2)" = h2 ]
    [[ "$(names image=busybox)" == "h3 h2 h1"* ]]
    [ "$(names image=nosuch)" = '' ]
    [ "$(names 'user=root&limit=2')" = 'h3 h2' ]
    [ "$(names user=nosuch)" = '' ]
    [ "$(names 'text=EXIT%202&limit=1')" = h2 ]
    [[ "$(names end=exited)" == "h3 h2 h1"* ]]
    [ "$(names end=oom)" = '' ]
    ask GET /history
    seq=$(jq '.[0].seq' <<< "$output")
    [ "$(names "before=$seq&limit=1")" = h2 ]
    now=$(date +%s)
    [ "$(names "since=$((now + 10))")" = '' ]
    [[ "$(names "until=$((now + 10))")" == "h3 h2 h1"* ]]
    [ "$(names "since=$(date -u -d @$((now + 10)) +%FT%TZ)")" = '' ]
    for bad in limit=x limit=-1 since=yesterday before= nosuch=1; do
        ask GET "/history?$bad"
        [ "$status" = 400 ] && [[ $output == *"query: "*"${bad%%=*}"* ]]
    done
    # The command line asks in the same way.
    [ "$(box history --format json --text 'exit 2' --limit 1 | jq -r '.[].name')" = h2 ]
}

@test "run: everything that the document can say reaches the container" {
    serve
    mkdir "$T/v" && echo data > "$T/v/f"
    ask POST /run "$(jq -n --arg v "$T/v:/v:ro" '{state:"run", image:"busybox", name:"all", network:"none", memory:"64M", cpus:"0.5", pids_limit:33, rm:false,
        user:"www-data", workdir:"/var", env:["A=b c","B=$A"], volumes:[$v], restart:"no",
        command:"sh -c \u0027id -un; pwd; echo \"$A|$B\"; cat /v/f; touch /v/g 2>&1; echo \"a  b\" c\\\\d\u0027"}')"
    [ "$status" = 201 ]
    ended all
    [ "$(box logs all)" = $'www-data\n/var\nb c|$A\ndata\ntouch: /v/g: Read-only file system\na  b c\\d' ]
    config=$(box inspect all | jq -r .bundle)/config.json
    [ "$(jq -c '[.linux.resources | .pids.limit, .memory.limit, .cpu.quota / .cpu.period]' "$config")" = '[33,67108864,0.5]' ]
    # Words that look like options are words.
    ask POST /run '{"state":"run","image":"busybox","network":"none","name":"dash","command":["echo","--privileged","-d"]}'
    ended dash
    [ "$(box logs dash)" = '--privileged -d' ]
    ask POST /run '{"state":"run","image":"--privileged","network":"none"}'
    [ "$status" = 404 ] || [ "$status" = 400 ]
    ask POST /run '{"state":"run","image":"busybox","network":"none","name":"all"}'
    [ "$status" = 409 ] && [[ $output == *'a container named `all` exists'* ]]
    ask POST /run '{"state":"run","image":"busybox","network":"none","command":"no-such-program"}'
    [ "$status" = 400 ] && [[ $output == *no-such-program* ]]
    ask POST /run '{"state":"run","image":"nosuch","network":"none"}'
    [ "$status" = 404 ]
    ask POST /run '{"state":"run","image":"busybox","network":"none","memory":"lots"}'
    [ "$status" = 400 ] && [[ $output == *"--memory"* ]]
    # With rm it is gone at its end, and its exit code is still told.
    ask POST /run '{"state":"run","image":"busybox","network":"none","name":"brief","rm":true,"command":"sleep 1000"}'
    ask POST /containers/brief/stop '{"timeout":0}'
    [ "$status" = 200 ] && [ "$(jq -c '[.name, .state, .exit_code]' <<< "$output")" = '["brief","exited",137]' ]
    gone() { ask GET /containers/brief && [ "$status" = 404 ]; }
    until_true gone
}

@test "start, stop, restart, kill, remove: states, exit codes, conflicts" {
    serve
    ask POST /run '{"state":"run","image":"busybox","network":"none","name":"c","command":"sh -c \"trap \\\"exit 3\\\" TERM; touch /ready; while :; do sleep 0.05; done\""}'
    until_true box exec c test -e /ready
    state_is() { [ "$status" = 200 ] && [ "$(jq -r .state <<< "$output")" = "$1" ] && [ "$(jq -r .name <<< "$output")" = c ]; }
    ask POST /containers/c/start
    [ "$status" = 409 ] && [[ $output == *'it is running'* ]]
    ask POST /containers/c/stop '{"timeout":5}'
    state_is exited && [ "$(jq .exit_code <<< "$output")" = 3 ]
    ask POST /containers/c/stop
    state_is exited
    ask POST /containers/c/start '{}'
    state_is running
    ask POST /containers/c/restart '{"timeout":0}'
    state_is running
    until_true box exec c test -e /ready
    sleep 0.2
    ask POST /containers/c/kill '{"signal":"TERM"}'
    [ "$status" = 200 ]
    [ "$(box wait c)" = 3 ]
    ask POST /containers/c/kill
    [ "$status" = 409 ] || [ "$status" = 404 ]
    ask POST /containers/c/start
    ask POST /containers/c/kill '{"signal":"NOPE"}'
    [ "$status" = 400 ] && [[ $output == *NOPE* ]]
    ask DELETE /containers/c
    [ "$status" = 409 ]
    ask DELETE '/containers/c?force=1'
    [ "$status" = 204 ] && [ "$output" = '' ]
    for verb in start stop restart kill; do
        ask POST "/containers/c/$verb"
        [ "$status" = 404 ]
    done
    ask DELETE /containers/c
    [ "$status" = 404 ]
}

@test "a stop that takes long, and an exec that hangs, delay no other request" {
    serve
    box run -d --network none --name slow busybox sh -c 'trap "" TERM; while :; do sleep 1; done' > /dev/null
    until_true box exec slow true
    nsenter -t "$PLACE" -n -- curl -s --json '{"timeout":5}' "$URL/containers/slow/stop" > "$T/stopped" 3>&- 4>&- &
    stop=$!
    nsenter -t "$PLACE" -n -- curl -s --json '{"command":"sleep 1000"}' "$URL/containers/slow/exec" > "$T/exec" 3>&- 4>&- &
    exec=$!
    sleep 0.3
    for path in /containers /containers/slow /history /images /info; do
        ask GET "$path"
        [ "$status" = 200 ]
    done
    [ ! -s "$T/stopped" ] && [ ! -s "$T/exec" ]
    wait "$stop" "$exec"
    [ "$(jq -r .exit_code "$T/stopped")" = 137 ] && [ "$(jq .exit_code "$T/exec")" = 137 ]
}

@test "logs: whole, the last lines, with times, and followed line by line until the end" {
    serve
    box run -d --network none --name l busybox sh -c 'echo one; sleep 0.2; echo two >&2; sleep 0.2; printf three; while [ ! -e /go ]; do sleep 0.05; done; echo " four"' > /dev/null
    until_true sh -c "[ \$(nsenter -t $PLACE -n curl -s $URL/containers/l/logs | wc -c) -ge 13 ]"
    nsenter -t "$PLACE" -n -- curl -sN "$URL/containers/l/logs?follow=1" > "$T/follow" 3>&- 4>&- &
    follow=$!
    # What is there already comes before the end.
    until_true grep -q two "$T/follow"
    kill -0 "$follow"
    box exec l touch /go
    wait "$follow"
    [ "$(cat "$T/follow")" = $'one\ntwo\nthree four' ]
    ask GET /containers/l/logs
    [ "$output" = $'one\ntwo\nthree four' ]
    ask GET '/containers/l/logs?tail=1'
    [ "$output" = 'three four' ]
    ask GET '/containers/l/logs?timestamps=1&tail=1'
    [[ $output =~ ^20[0-9][0-9]-[^\ ]*T[^\ ]*\ three\ four$ ]]
    [[ "$(there curl -si "$URL/containers/l/logs" | tr -d '\r')" == *"Content-Type: text/plain; charset=utf-8"* ]]
    ask GET '/containers/l/logs?tail=few'
    [ "$status" = 400 ] && [[ $output == *"tail"* ]]
    box run --network none --name front busybox true
    ask GET /containers/front/logs
    [ "$status" = 404 ] && [[ $output == *"has no log"* ]]
    # A line that has no end is not mixed with one of standard error.
    box run -d --network none --name mix busybox sh -c 'printf a; sleep 0.2; echo b >&2; sleep 0.2; echo c' > /dev/null
    ended mix
    ask GET /containers/mix/logs
    [ "$output" = $'a\nb\nc' ]
    # A long log, in which nothing is missing.
    box run -d --network none --name big busybox seq 1 200000 > /dev/null
    ended big
    there curl -s "$URL/containers/big/logs" | cmp - <(seq 1 200000)
}

@test "stats: one sample, a stream that ends with the container, all containers" {
    serve
    ask GET /stats
    [ "$output" = '[]' ]
    box run -d --network none --name busy -M 64m -P 20 busybox sh -c 'while :; do :; done' > /dev/null
    box run -d --network none --name idle busybox sleep 1000 > /dev/null
    ask GET /containers/busy/stats
    [ "$status" = 200 ]
    jq -e '.cpu_usec > 0 and .cpu_percent > 5 and .memory_bytes > 0 and .memory_limit_bytes == 67108864 and .pids >= 1 and .pids_limit == 20
        and (.time - now | fabs) < 5 and .name == "busy"' <<< "$output"
    ask GET /stats
    [ "$(jq -r '[.[].name] | sort | join(" ")' <<< "$output")" = 'busy idle' ]
    jq -e '.[] | select(.name == "idle") | .memory_limit_bytes == null and .cpu_percent < 5' <<< "$output"
    nsenter -t "$PLACE" -n -- curl -sN "$URL/containers/busy/stats?stream=1" > "$T/stream" 3>&- 4>&- &
    stream=$!
    until_true sh -c "[ \$(wc -l < '$T/stream') -ge 3 ]"
    box stop -t 0 busy > /dev/null
    wait "$stream"
    # One a second, and the processor's time is a sum.
    jq -se 'length >= 3 and (.[2].time - .[0].time) > 1.5 and .[2].cpu_usec > .[1].cpu_usec' "$T/stream"
    ask GET /containers/busy/stats
    [ "$status" = 409 ]
    [ "$(there timeout 3 curl -sN "$URL/stats?stream=1" | head -n 2 | jq -c '[.[].name]' | tail -n 1)" = '["idle"]' ]
}

@test "exec: output, exit codes, user, environment, directory" {
    serve
    box run -d --network none --name e busybox sleep 1000 > /dev/null
    ask POST /containers/e/exec '{"command":["sh","-c","echo out; echo err >&2; exit 4"]}'
    [ "$status" = 200 ] && [ "$(command jq -c . <<< "$output")" = '{"exit_code":4,"stdout":"out\n","stderr":"err\n"}' ]
    ask POST /containers/e/exec '{"command":"sh -c \"id -un; pwd; echo $X\"","user":"www-data","workdir":"/var","env":["X=1"]}'
    [ "$(jq -r .stdout <<< "$output")" = $'www-data\n/var\n1' ]
    ask POST /containers/e/exec '{"command":"no-such-program"}'
    [ "$status" = 200 ] && [ "$(jq .exit_code <<< "$output")" = 127 ]
    [[ "$(jq -r .stderr <<< "$output")" == 'cfs-box: '*no-such-program* ]]
    # Bytes that JSON has no form for.
    ask POST /containers/e/exec '{"command":["printf","a\\377b\\000c"]}'
    [ "$(jq -r .stdout <<< "$output")" = 'a?b?c' ]
    ask POST /containers/e/exec '{"command":["sh","-c","head -c 20000000 /dev/zero | tr \"\\\\0\" x"]}'
    [ "$(jq -c '[.truncated, (.stdout | length)]' <<< "$output")" = '[true,8388608]' ]
    ask POST /containers/e/exec '{"command":[]}'
    [ "$status" = 400 ] && [[ $output == *"command: is missing"* ]]
    # It ends with its client.
    there timeout 1 curl -s --json '{"command":"sleep 987"}' "$URL/containers/e/exec" || true
    until_true sh -c "! '$CFS_BOX' --root '$STORE' top e | grep -q 'sleep 987'"
    box stop -t 0 e > /dev/null
    ask POST /containers/e/exec '{"command":"true"}'
    [ "$status" = 409 ] && [[ $output == *"does not run: it is exited"* ]]
    ask POST /containers/nosuch/exec '{"command":"true"}'
    [ "$status" = 404 ]
}

@test "events: those that are kept, and those that happen" {
    serve
    nsenter -t "$PLACE" -n -- curl -sN "$URL/events?follow=1" > "$T/events" 3>&- 4>&- &
    events=$!
    sleep 0.3
    box run --rm --network none --name ev busybox true
    until_true grep -q '"action":"remove"' "$T/events"
    kill "$events"
    [ "$(jq -r '[.type, .action, .name] | join(" ")' "$T/events" | head -n 2)" = $'container create ev\ncontainer start ev' ]
    ask GET "/events?since=$(($(date +%s) + 100))"
    [ "$status" = 200 ] && [ "$output" = '' ]
}

@test "images: pulled by skopeo, removed; an image in use stays" {
    command -v skopeo > /dev/null || skip "needs skopeo"
    serve
    box image export busybox "$T/layout"
    ask POST /images/pull "{\"reference\":\"oci:$T/layout\"}"
    [ "$status" = 200 ] && [[ $(jq -r .id <<< "$output") == sha256:* ]]
    box image tag busybox registry.example/deep/name:1
    ask GET /images/registry.example/deep/name%3A1
    [ "$status" = 200 ]
    ask DELETE /images/registry.example/deep/name%3A1
    [ "$status" = 204 ]
    ask GET /images/registry.example/deep/name:1
    [ "$status" = 404 ]
    box import "$T" user > /dev/null
    box run --network none --name user user /nothing > /dev/null 2>&1 || true
    box run -d --network none --name holds busybox true > /dev/null
    ask DELETE "/images/$(box image inspect busybox | jq -r .id)"
    [ "$status" = 409 ] && [[ $output == *holds* ]]
    ask POST /images/pull '{"reference":"oci:/nosuch"}'
    [ "$status" = 500 ] && [[ $output == *skopeo*nosuch* ]]
    ask POST /images/pull '{"reference":"--help"}'
    [ "$status" -ge 400 ]
}

@test "documents that are wrong: 400 and the place; other bodies: 411, 413, 415" {
    serve
    while IFS='|' read -r document want; do
        ask POST /run "$document"
        [ "$status" = 400 ] && [[ $(jq -r .error <<< "$output") == *"$want"* ]] || { echo "$document: $status $output"; false; }
    done << 'END'
{|body:1:2
|body
[]|body:1:1
{"state":"run"|body:1:15
{"state":"fly"}|body:1:10: state: expected
{"image":"busybox"}|state: 
{"state":"run"}|image: is missing
{"state":"stop"}|id: is missing
{"state":"run","image":7}|body:1:24: image: expected a string
{"state":"run","image":"busybox","command":7}|command: expected a string or a list of strings
{"state":"run","image":"busybox","command":["a",7]}|command[1]
{"state":"run","image":"busybox","command":"echo 'a"}|command: a ' has no counterpart
{"state":"run","image":"busybox","env":["PATH"]}|env[0]: expected NAME=VALUE
{"state":"run","image":"busybox","pids_limit":"7"}|pids_limit: expected an integer
{"state":"run","image":"busybox","pids_limit":-1}|pids_limit
{"state":"run","image":"busybox","memroy":"1M"}|memroy: there is no such property
{"state":"run","image":"busybox","image":"b"}|image
{"state":"run","image":"bu\u0000sy"}|NUL
END
    ask POST /run '{"state":"run","image":"busybox","memroy":"1M"}'
    [ "$(jq -r .hint <<< "$output")" = 'did you mean `memory`?' ]
    # Nested deeper than a document can be.
    ask POST /run "$(printf '{"state":"run","a":'; printf '[%.0s' {1..5000})"
    [ "$status" = 400 ]
    ask POST /containers/x/stop '{"timeout":-1}'
    [ "$status" = 400 ] && [[ $output == *timeout* ]]
    [ "$(status_of there curl -X POST -H 'Content-Type: application/json' "$URL/run")" = 411 ]
    [ "$(status_of there curl -X POST -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' -d '{}' "$URL/run")" = 411 ]
    [ "$(status_of there curl -d '{"state":"run","image":"busybox"}' "$URL/run")" = 415 ]
    [ "$(status_of there curl -H 'Content-Type: text/plain' -d '{"state":"run","image":"busybox"}' "$URL/run")" = 415 ]
    [ "$(status_of there curl -H 'Content-Type: application/json; charset=utf-8' -d '{"state":"fly"}' "$URL/run")" = 400 ]
    box ps -aq | wc -l | grep -qx 0
}

@test "a body of 1 GB is refused before it is read" {
    serve
    truncate -s 1G "$T/big"
    start=$(date +%s%N)
    [ "$(status_of there curl -X POST -H 'Content-Type: application/json' -T "$T/big" "$URL/run")" = 413 ]
    # The same without asking first, as curl does ("Expect: 100-continue"). Not faster than the answer can come: curl that
    # finds the connection closed while it sends does not look for one.
    [ "$(status_of there curl --limit-rate 1M -X POST -H 'Expect:' -H 'Content-Type: application/json' -T "$T/big" "$URL/run")" = 413 ]
    [ $((($(date +%s%N) - start) / 1000000)) -lt 5000 ]
    [ "$(awk '/VmHWM/ { print $2 }' "/proc/$SERVER/status")" -lt 65536 ]
    # What announces 1 GB in its address or headers ends sooner, by libmicrohttpd: 414, 431 (RFC 6585).
    [ "$(status_of there curl -H "X-Long: $(head -c 60000 /dev/zero | tr '\0' x)" "$URL/containers")" = 431 ]
    ask GET /containers
    [ "$status" = 200 ]
}

@test "what is not an HTTP request: libmicrohttpd's answer, and the connection is closed; the next client is served" {
    serve
    # The statuses are RFC 9112's (2.2, 3, 5.1, 6.3) and RFC 6585's.
    there timeout 60 /usr/bin/python3 -c '
import socket, sys
host, port = sys.argv[1][len("http://"):].split(":")
head = f"Host: {host}:{port}\r\n".encode()
cases = [(b"GET /containers\r\n\r\n", 400), (b"GET /containers HTTP/1.1\r\n" + head + b"no colon\r\n\r\n", 400),
         (b"POST /run HTTP/1.1\r\n" + head + b"Content-Length: x\r\n\r\n", 400), (b"POST /run HTTP/1.1\r\n" + head + b"Content-Length: -1\r\n\r\n", 400),
         (b"POST /run HTTP/1.1\r\n" + head + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
         (b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n" + head + b"\r\n", 414), (b"GET /info HTTP/1.1\r\n" + head + b"A: b\r\n" * 9000 + b"\r\n", 431),
         (b"GET /info HTTP/3.0\r\n" + head + b"\r\n", 505)]
for request, status in cases:
    s = socket.create_connection((host, int(port)))
    s.settimeout(20)
    answer = b""
    try:
        s.sendall(request)
        while part := s.recv(65536):
            answer += part
    except ConnectionResetError: # there was more than it had read
        pass
    assert answer.split(b" ")[1:2] == [str(status).encode()], (request[:60], status, answer[:200])
' "$URL"
    ask GET /info
    [ "$status" = 200 ]
    [ ! -s "$T/serve.err" ]
}

@test "what there is not: 404, 405 with Allow; HEAD is GET without a body" {
    serve
    ask GET /nosuch
    [ "$status" = 404 ] && [ "$(jq -r .error <<< "$output")" = 'there is no `/nosuch`' ]
    ask GET /containers/a/b
    [ "$status" = 404 ]
    [[ "$(there curl -si -X DELETE "$URL/run" | tr -d '\r')" == *"405"*$'\nAllow: POST\n'* ]]
    [[ "$(there curl -si -X PUT "$URL/containers/x" | tr -d '\r')" == *"405"*$'\nAllow: GET, HEAD, DELETE\n'* ]]
    [[ "$(there curl -sI "$URL/containers" | tr -d '\r')" == *"200 OK"*'Content-Length: 3' ]]
    [ "$(there curl -sI "$URL/info" -o /dev/null -w '%{size_download}')" = 0 ]
    # Paths that mean to lead out.
    for p in /../etc/passwd /%2e%2e/etc/passwd /containers/..%2f..%2fetc /images/../../x "/containers/%00" /page/app.js; do
        [ "$(status_of there curl --path-as-is "$URL$p")" = 404 ]
    done
}

@test "the page's files: their types, a policy that lets nothing in from elsewhere" {
    serve
    for f in /:text/html /app.js:text/javascript /style.css:text/css /icon.svg:image/svg+xml; do
        head=$(there curl -si "$URL${f%%:*}" | tr -d '\r')
        [[ $head == *"200 OK"* && $head == *"Content-Type: ${f#*:}"* && $head == *"X-Content-Type-Options: nosniff"* && $head == *"Cache-Control: no-cache"* ]]
    done
    there curl -s "$URL/app.js" | cmp - "$top_srcdir/src/box/serve/page/app.js"
    [[ "$(there curl -si "$URL/" | tr -d '\r')" == *"Content-Security-Policy: default-src 'self';"* ]]
    [[ "$(there curl -si "$URL/containers" | tr -d '\r')" == *"Cache-Control: no-store"* ]]
}

@test "openapi.json describes each route, and nothing else" {
    serve
    there curl -s "$URL/openapi.json" > "$T/openapi"
    # METHOD PATH [query...] [body]: from the server's own table, and from the description.
    "$CFS_BOX" --root "$STORE" serve --print-routes | sort > "$T/routes"
    [ "$(wc -l < "$T/routes")" -gt 20 ]
    jq -r '.paths | to_entries[] | .key as $path | .value | to_entries[] | (.key | ascii_upcase) + " " + $path
        + ([.value.parameters[]? | select(.in == "query") | " " + .name] | join(""))
        + (if .value.requestBody then " body" else "" end)' "$T/openapi" | sort | diff "$T/routes" -
    # A {word} of a path is a parameter, with that name.
    jq -e '[.paths | to_entries[] | .key as $p | .value[] | ([$p | scan("{(.*?)}") | .[0]] == [.parameters[]? | select(.in == "path") | .name])] | all' "$T/openapi"
    # What is refused without a token is described so.
    jq -r '.paths | to_entries[] | .key as $p | .value | to_entries[] | "\(.key) \($p) \(if .value.security == [] then "open" else "closed" end)"' "$T/openapi" |
        while read -r method path who; do
            s=$(as_user curl -s -o /dev/null -w '%{http_code}' -X "${method^^}" "${URL}${path//[\{\}]/}")
            case $who in
            closed) [ "$s" = 403 ] ;;
            open) [ "$s" != 403 ] && [ "$s" != 401 ] ;;
            esac || { echo "$method $path: $s, described as $who"; exit 1; }
        done
    # Documents have what their description says, and nothing else.
    box run -d --network none --name o busybox sleep 1000 > /dev/null
    box network create described > /dev/null
    box volume create described > /dev/null
    for d in containers:Container history:History images:Image stats:Stats networks:Network volumes:Volume; do
        ask GET "/${d%:*}"
        jq -e --slurpfile api "$T/openapi" --arg s "${d#*:}" 'length > 0 and all(keys - ($api[0].components.schemas[$s].properties | keys) == [])' <<< "$output"
    done
    if python3 -c 'import openapi_spec_validator' 2> /dev/null; then
        python3 -c 'import json, sys; from openapi_spec_validator import validate; validate(json.load(sys.stdin))' < "$T/openapi"
    fi
}

@test "SIGTERM: a clean end, containers go on, a command that runs comes to its end" {
    serve --socket "$T/s"
    ask POST /run '{"state":"run","image":"busybox","network":"none","name":"on","command":"sleep 1000"}'
    box run -d --network none --name slow busybox sh -c 'trap "" TERM; while :; do sleep 1; done' > /dev/null
    nsenter -t "$PLACE" -n -- curl -s --json '{"timeout":2}' "$URL/containers/slow/stop" > "$T/stopped" 3>&- 4>&- &
    stop=$!
    nsenter -t "$PLACE" -n -- curl -sN "$URL/events?follow=1" > /dev/null 3>&- 4>&- &
    follow=$!
    sleep 0.5
    stop_server TERM
    wait "$stop" "$follow" || true
    [ "$(jq .exit_code "$T/stopped")" = 137 ]
    [ ! -e "$T/s" ]
    [ "$(state on)" = running ]
    run there curl -s "$URL/info"
    [ "$status" = 7 ]
    [ ! -s "$T/serve.err" ]
}

@test "kill -9 of the server at any moment: nothing is lost, the next one goes on" {
    for delay in 0.02 0.05 0.1 0.2; do
        serve --socket "$T/s"
        there curl -s --json "{\"state\":\"run\",\"image\":\"busybox\",\"network\":\"none\",\"name\":\"k$delay\",\"command\":\"sleep 1000\"}" "$URL/run" > /dev/null 3>&- &
        run=$!
        sleep $delay
        stop_server KILL || true
        wait "$run" || true
        until_true sh -c "! '$CFS_BOX' --root '$STORE' ps -a --format json | grep -q '\"state\":\"\\(creating\\|starting\\)\"'"
    done
    serve --socket "$T/s"
    ask GET /containers
    diff <(form <<< "$output") <(box ps -a --format json | form)
    for name in $(jq -r '.[].name' <<< "$output"); do
        ask POST "/containers/$name/stop" '{"timeout":0}'
        [ "$status" = 200 ] && [ "$(jq -r .state <<< "$output")" = exited ]
        ask DELETE "/containers/$name"
        [ "$status" = 204 ]
    done
    [ "$(ls "$STORE/containers" | wc -l)" = 0 ]
    # And of the monitor: the server finds out by itself.
    ask POST /run '{"state":"run","image":"busybox","network":"none","name":"m","command":"sleep 1000"}'
    pid=$(box inspect m | jq .pid)
    monitor=$(awk '{ print $4 }' "/proc/$pid/stat")
    kill -9 "$monitor" "$pid"
    gone() { ask GET /containers/m && [ "$(jq -r .state <<< "$output")" = exited ]; }
    until_true gone
}

@test "1000 containers: the list stays quick" {
    command -v sqlite3 > /dev/null || skip "needs sqlite3"
    box run --network none --name one busybox true
    sqlite3 "$STORE/box.db" "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
        insert into containers(id, name, image, image_name, command, state, created, finished, exit_code)
        select printf('%032x', i), 'n' || i, image, image_name, command, 'exited', created, created, 0 from n, containers where name = 'one'"
    serve
    ask GET /containers
    [ "$(jq length <<< "$output")" = 1001 ]
    # 50 answers by one connection, in less than 2 seconds on a machine that does other things as well.
    start=$(date +%s%N)
    # shellcheck disable=SC2046
    [ "$(there curl -s -w '%{http_code}\n' $(for i in {1..50}; do echo "-o /dev/null $URL/containers"; done) | sort | uniq -c | xargs)" = '50 200' ]
    echo "50 answers: $((($(date +%s%N) - start) / 1000000)) ms"
    [ $((($(date +%s%N) - start) / 1000000)) -lt 2000 ]
    sqlite3 "$STORE/box.db" "delete from containers where name like 'n%'"
}
