#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs-box serve: who may use it. The rules are those of docs/box.md.
load helpers/box
load helpers/serve
bats_require_minimum_version 1.5.0

# Nothing was done.
untouched() { [ "$(box ps -aq | wc -l)" = 0 ] && [ "$(box history --format json | jq length)" = 0 ]; }

RUN='{"state":"run","image":"busybox","network":"none","command":"true"}'

@test "another user is refused, and admitted with the token" {
    fresh && box image make busybox > /dev/null
    serve
    http as_user curl "$URL/containers"
    [ "$status" = 403 ] && [[ $output == *"user 54321 may not use this server"* ]]
    http as_user curl --json "$RUN" "$URL/run"
    [ "$status" = 403 ]
    http as_user curl -H 'Authorization: Bearer 0123' "$URL/containers"
    [ "$status" = 401 ]
    http as_user curl -H "Authorization: Bearer ${TOKEN:0:63}" "$URL/containers"
    [ "$status" = 401 ]
    http as_user curl -H "Authorization: Bearer $TOKEN" "$URL/containers"
    [ "$status" = 200 ]
    http as_user curl -H "Authorization: bearer $TOKEN" "$URL/containers"
    [ "$status" = 200 ]
    # A wrong token is wrong for root too.
    http there curl -H 'Authorization: Bearer 0123' "$URL/containers"
    [ "$status" = 401 ]
    [ "$(stat -c '%a %u' "$STORE/serve.token")" = '600 0' ]
    [ "$(head -n 1 "$T/serve.out")" = "http://127.0.0.1:1337/#token=$TOKEN" ]
    untouched
}

@test "a client that closes at once is not taken for root" {
    # sock_diag(7) says uid 0 of a socket that no process holds any more.
    fresh && box image make busybox > /dev/null
    serve
    kill -STOP "$SERVER"
    as_user /usr/bin/python3 - "$RUN" << 'END'
import socket, sys
body = sys.argv[1].encode()
for _ in range(5):
    s = socket.create_connection(('127.0.0.1', 1337))
    s.sendall(b'POST /run HTTP/1.1\r\nHost: 127.0.0.1:1337\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
    s.close()
END
    # Until the kernel has only the rest of them (FIN_WAIT2), of which it says 0; while it waits for the last acknowledgement
    # it still knows the user.
    until_true sh -c "! nsenter -t $PLACE -n ss -Htn state fin-wait-1 | grep -q 1337"
    kill -CONT "$SERVER"
    sleep 1
    ask GET /containers
    [ "$status" = 200 ] && [ "$output" = '[]' ]
    untouched
}

@test "Host: this machine's names and this port; anything else is refused (DNS rebinding)" {
    serve
    for host in 127.0.0.1:1337 localhost:1337 LOCALHOST:1337 '[::1]:1337'; do
        [ "$(status_of there curl -H "Host: $host" "$URL/containers")" = 200 ]
    done
    for host in evil.example evil.example:1337 127.0.0.1 127.0.0.1:80 localhost 127.0.0.1.evil.example:1337 192.168.0.1:1337 '[::1' '[::2]:1337' 'localhost:1337x' 'x@localhost:1337'; do
        [ "$(status_of there curl -H "Host: $host" "$URL/containers")" = 403 ]
        [ "$(status_of there curl -H "Host: $host" "$URL/")" = 403 ]
    done
    [ "$(status_of there curl -H 'Host:' "$URL/containers")" = 400 ] # RFC 9112, 3.2
}

@test "a page of elsewhere is refused, whatever user's browser shows it, and even with the token" {
    fresh && box image make busybox > /dev/null
    serve
    for origin in http://evil.example null https://127.0.0.1:1337 http://127.0.0.1 http://127.0.0.1:3000 http://localhost:1337 file://; do
        [ "$(status_of there curl -H "Origin: $origin" --json "$RUN" "$URL/run")" = 403 ]
        [ "$(status_of there curl -H "Origin: $origin" -H "Authorization: Bearer $TOKEN" "$URL/containers")" = 403 ]
        [ "$(status_of there curl -H "Origin: $origin" "$URL/")" = 403 ]
    done
    # Sec-Fetch-Site (w3.org/TR/fetch-metadata): another port of this machine is `same-site`.
    for site in cross-site same-site; do
        [ "$(status_of there curl -H "Sec-Fetch-Site: $site" -H "Authorization: Bearer $TOKEN" "$URL/containers")" = 403 ]
        [ "$(status_of there curl -H "Sec-Fetch-Site: $site" "$URL/app.js")" = 403 ]
        # A link to the page may be followed; the page may not be put into a frame.
        [ "$(status_of there curl -H "Sec-Fetch-Site: $site" -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document' "$URL/")" = 200 ]
        [ "$(status_of there curl -H "Sec-Fetch-Site: $site" -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: iframe' "$URL/")" = 403 ]
        [ "$(status_of there curl -H "Sec-Fetch-Site: $site" -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document' "$URL/containers")" = 403 ]
    done
    # A form can send text/plain without any of these headers being asked for: its body is not looked at.
    [ "$(status_of there curl -H 'Content-Type: text/plain' -d "$RUN" "$URL/run")" = 415 ]
    untouched
}

@test "a browser always needs the token, which it changes for a cookie" {
    serve
    browser=(-H 'Sec-Fetch-Site: same-origin' -H 'Sec-Fetch-Mode: cors' -H 'Sec-Fetch-Dest: empty')
    own=(-H 'Origin: http://127.0.0.1:1337')
    [ "$(status_of there curl "${browser[@]}" "$URL/containers")" = 401 ]
    [ "$(status_of there curl "${own[@]}" "$URL/containers")" = 401 ]
    [ "$(status_of there curl -H 'Sec-Fetch-User: ?1' "$URL/containers")" = 401 ]
    [[ "$(there curl -si "${browser[@]}" "$URL/containers")" == *"WWW-Authenticate: Bearer"* ]]
    for f in / /app.js /style.css /icon.svg; do
        [ "$(status_of there curl -H 'Sec-Fetch-Site: none' "$URL$f")" = 200 ]
        [ "$(status_of as_user curl "$URL$f")" = 200 ]
    done
    [ "$(status_of there curl "${browser[@]}" "${own[@]}" --json '{"token":"0123"}' "$URL/session")" = 403 ]
    [ "$(status_of there curl "${browser[@]}" "${own[@]}" --json '{"tokn":"0123"}' "$URL/session")" = 400 ]
    head=$(there curl -si "${browser[@]}" "${own[@]}" --json "{\"token\":\"$TOKEN\"}" "$URL/session" | tr -d '\r')
    [[ $head == *"204 No Content"* ]]
    cookie=$(sed -n 's/^Set-Cookie: \(cfs_box_token=[0-9a-f]*\); HttpOnly; SameSite=Strict; Path=\/$/\1/p' <<< "$head")
    [ -n "$cookie" ] && [[ $cookie != *"$TOKEN"* ]]
    [ "$(status_of there curl "${browser[@]}" -H "Cookie: $cookie" "$URL/containers")" = 200 ]
    [ "$(status_of there curl "${browser[@]}" -H "Cookie: a=b; $cookie; c=d" "$URL/containers")" = 200 ]
    [ "$(status_of there curl "${browser[@]}" "${own[@]}" -H "Cookie: $cookie" --json "$RUN" "$URL/run")" = 201 ]
    [ "$(status_of there curl "${browser[@]}" -H "Cookie: ${cookie%?}" "$URL/containers")" = 401 ]
    [ "$(status_of there curl "${browser[@]}" -H "Cookie: cfs_box_token=$TOKEN" "$URL/containers")" = 401 ]
    [ "$(status_of there curl "${browser[@]}" -H "Cookie: $cookie" -H 'Origin: http://evil.example' "$URL/containers")" = 403 ]
}

@test "200 slow clients, of this user and of another: requests go on being answered" {
    serve
    cat > "$T/slow.py" << 'END'
import socket, sys, time
all = []
for i in range(200):
    try:
        s = socket.create_connection(('127.0.0.1', 1337), timeout=5)
        s.sendall([b'', b'GET /cont', b'POST /run HTTP/1.1\r\nHost: 127.0.0.1:1337\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{'][i % 3])
        all.append(s)
    except OSError:
        pass
print('ready', flush=True)
while True:
    time.sleep(0.5)
    for s in all[::3]:
        try:
            s.sendall(b'X')
        except OSError:
            pass
END
    # Not by functions: what is killed below has to be the programs themselves.
    nsenter -t "$PLACE" -n -- /usr/bin/python3 "$T/slow.py" > "$T/own" 3>&- 4>&- &
    own=$!
    nsenter -t "$PLACE" -n -- setpriv --reuid 54321 --regid 54321 --clear-groups /usr/bin/python3 - < "$T/slow.py" > "$T/other" 3>&- 4>&- &
    other=$!
    until_true grep -q ready "$T/own"
    until_true grep -q ready "$T/other"
    for i in {1..10}; do
        http there curl --max-time 2 "$URL/containers"
        [ "$status" = 200 ]
    done
    http there curl --max-time 20 --json "$RUN" "$URL/run"
    [ "$status" = 201 ]
    # Of the other user's few are kept, so that he cannot take all.
    [ "$(there ss -Htn state established "( sport = :1337 )" | wc -l)" -le 220 ]
    [ "$(ls "/proc/$SERVER/task" | wc -l)" = 1 ]
    kill "$own" "$other"
    wait "$own" "$other" || true
}

@test "a client that sends a byte now and then is closed at last" {
    serve
    start=$(date +%s)
    there timeout 60 /usr/bin/python3 -c '
import socket, time
s = socket.create_connection(("127.0.0.1", 1337))
s.settimeout(1)
try:
    while True:
        s.sendall(b"G")
        try:
            if not s.recv(1):
                break
        except TimeoutError:
            pass
except OSError:
    pass'
    took=$(($(date +%s) - start))
    [ "$took" -ge 25 ] && [ "$took" -le 50 ]
}

@test "the Unix socket: this user and root alone; no Host is asked for" {
    serve --listen none --socket "$T/s"
    chmod 755 "$BATS_RUN_TMPDIR" "$(dirname "$T")" "$T"
    [ "$(stat -c %a "$T/s")" = 600 ]
    [ "$(cat "$T/serve.out")" = "unix:$T/s" ]
    [ "$(status_of curl --unix-socket "$T/s" http://anything/containers)" = 200 ]
    run setpriv --reuid 54321 --regid 54321 --clear-groups curl -s --unix-socket "$T/s" http://x/containers
    [ "$status" = 7 ] # it cannot connect
    # Were the file opened for all: the peer's user is asked for.
    chmod 666 "$T/s"
    [ "$(status_of setpriv --reuid 54321 --regid 54321 --clear-groups curl --unix-socket "$T/s" http://x/containers)" = 403 ]
    [ "$(status_of setpriv --reuid 54321 --regid 54321 --clear-groups curl --unix-socket "$T/s" -H "Authorization: Bearer $TOKEN" http://x/containers)" = 200 ]
    # One socket has one server; one that a killed server left behind is replaced; other files are not.
    run "$CFS_BOX" --root "$STORE" serve --listen none --socket "$T/s"
    [ "$status" = 1 ] && [[ $output == *"another server listens there"* ]]
    stop_server KILL || true
    serve --listen none --socket "$T/s"
    [ "$(status_of curl --unix-socket "$T/s" http://x/containers)" = 200 ]
    stop_server
    [ ! -e "$T/s" ]
    echo precious > "$T/file"
    run "$CFS_BOX" --root "$STORE" serve --listen none --socket "$T/file"
    [ "$status" = 1 ] && [ "$(cat "$T/file")" = precious ]
}

@test "addresses: this machine's alone, unless asked for; IPv6; a port that is taken" {
    for where in 0.0.0.0:1337 '[::]:1337' 192.0.2.1:1337; do
        run there "$CFS_BOX" --root "$STORE" serve --listen "$where"
        [ "$status" = 1 ] && [[ $output == *"other machines reach this address"* ]]
    done
    for where in 127.0.0.1 nonsense:1 127.0.0.1:99999 '[::1:1337' :1337; do
        run there timeout 5 "$CFS_BOX" --root "$STORE" serve --listen "$where"
        [ "$status" = 1 ] && [[ $output == *"--listen"* ]]
    done
    run there "$CFS_BOX" --root "$STORE" serve --listen none
    [ "$status" = 1 ]
    serve --listen '[::1]:1337'
    [ "$(status_of there curl "http://[::1]:1337/containers")" = 200 ]
    [ "$(status_of as_user curl "http://[::1]:1337/containers")" = 403 ]
    [[ "$(cat "$T/serve.out")" == "http://[::1]:1337/#token="* ]]
    run there "$CFS_BOX" --root "$STORE" serve --listen '[::1]:1337'
    [ "$status" = 1 ] && [[ $output == *"address already in use"* ]]
    stop_server
    serve --insecure-listen --listen 0.0.0.0:1337
    there ip address add 192.0.2.7/32 dev lo 2> /dev/null || true
    # The owner of a name can let it lead here; an address leads where it leads.
    [ "$(status_of there curl http://192.0.2.7:1337/containers)" = 401 ]
    [ "$(status_of there curl -H "Authorization: Bearer $TOKEN" http://192.0.2.7:1337/containers)" = 200 ]
    [ "$(status_of there curl -H "Authorization: Bearer $TOKEN" -H 'Host: evil.example:1337' http://192.0.2.7:1337/containers)" = 403 ]
    [ "$(status_of there curl "$URL/containers")" = 200 ]
    there ip address del 192.0.2.7/32 dev lo
}

@test "cfs-box without its server says so" {
    cp "$CFS_BOX" "$T/cfs-box"
    run "$T/cfs-box" --root "$STORE" serve
    [ "$status" = 1 ] && [[ $output == *"has no server"*libmicrohttpd* ]]
}

@test "the token stays from start to start, and a file that others can read is not trusted" {
    serve
    first=$TOKEN
    stop_server
    serve
    [ "$TOKEN" = "$first" ]
    stop_server
    chmod 644 "$STORE/serve.token"
    serve
    [ "$TOKEN" != "$first" ] && [ "$(stat -c %a "$STORE/serve.token")" = 600 ]
    stop_server
    rm "$STORE/serve.token"
    echo "$first" > "$T/elsewhere" && chmod 600 "$T/elsewhere"
    ln -s "$T/elsewhere" "$STORE/serve.token"
    run there timeout 5 "$CFS_BOX" --root "$STORE" serve
    [ "$status" != 0 ]
    rm "$STORE/serve.token"
}
