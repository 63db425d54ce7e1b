# SPDX-License-Identifier: LGPL-2.1-or-later
# A server of the test's own, in a network namespace of the file's own. `load helpers/box`, `load helpers/serve` and go.
#
#   serve [OPTION...]       starts it; $URL, $TOKEN, $SERVER (its pid)
#   stop_server [SIGNAL]    ends it; its exit code
#   ask METHOD PATH [JSON]  as a program of root; $status is the HTTP status, $output the body
#   as_user CMD...          another user, in the same network namespace

setup_file() {
    export STORE="$BATS_FILE_TMPDIR/store"
    can_run || return 0
    "$CFS_BOX" --root "$STORE" image make busybox > /dev/null
    unshare --net sleep 100000 < /dev/null > /dev/null 2>&1 3>&- 4>&- &
    export PLACE=$!
    disown
    until [ "$(readlink "/proc/$PLACE/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
    nsenter -t "$PLACE" -n ip link set lo up
}

teardown_file() { [ -z "${PLACE-}" ] || kill -9 "$PLACE"; }

there() { nsenter -t "$PLACE" -n -- "$@"; }
as_user() { there setpriv --reuid 54321 --regid 54321 --clear-groups "$@"; }

setup() {
    setup_box
    [ -x "${CFS_BOX}-serve" ] || skip "cfs-box serve is not built: needs libmicrohttpd"
    command -v conmon > /dev/null || skip "needs conmon"
    command -v curl > /dev/null || skip "needs curl"
}

teardown() {
    local id
    can_run || return 0
    [ -z "${SERVER-}" ] || { kill -CONT "$SERVER" && kill "$SERVER" && wait "$SERVER"; } 2> /dev/null || true
    for id in $(box ps -aq --no-trunc); do box rm -f "$id" > /dev/null 2>&1 || true; done
}

serve() {
    rm -f "$T/serve.out"
    nsenter -t "$PLACE" -n -- "$CFS_BOX" --root "$STORE" serve "$@" > "$T/serve.out" 2> "$T/serve.err" 3>&- 4>&- &
    SERVER=$!
    local i
    for ((i = 0; i < 250; i++)); do
        [ -s "$T/serve.out" ] && break
        kill -0 "$SERVER" 2> /dev/null || { cat "$T/serve.err"; return 1; }
        sleep 0.02
    done
    URL=http://127.0.0.1:1337
    TOKEN=$(cat "$STORE/serve.token")
}

stop_server() {
    local result=0
    kill -s "${1:-TERM}" "$SERVER"
    wait "$SERVER" || result=$?
    SERVER=
    return "$result"
}

# curl's status and body, from any way to call it.
http() { # CMD... curl OPTIONS
    local all
    all=$("$@" -s --max-time 60 -w '\n%{http_code}' | tr -d '\0')
    status=${all##*$'\n'}
    output=$(printf '%s' "${all%$'\n'*}") # without the newlines at its end
}

ask() {
    if [ $# -gt 2 ]; then
        http there curl -X "$1" --json "$3" "$URL$2"
    else
        http there curl -X "$1" "$URL$2"
    fi
}

# The status of a request, and nothing else.
status_of() { http "$@" && echo "$status"; }

# The server's document, put into one form.
form() { jq -S 'walk(if type == "object" then del(.status) else . end)'; }
