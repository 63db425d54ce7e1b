# SPDX-License-Identifier: LGPL-2.1-or-later
# A Chromium without a window, driven through chromedriver by curl and jq (https://www.w3.org/TR/webdriver2/). `load helpers/browser`.
#
#   browser_start DIR     starts both, with what they write in DIR; $NET is the pid of a process in their network namespace
#   browser_stop
#   go URL                loads a page
#   js CODE               what the script returns, as JSON; jsr CODE: as text
#   wait_for CODE         until the script returns true, for at most 10 seconds; what the page shows is printed otherwise
#   press KEY...          keys: Tab, ShiftTab, Enter, Escape, Home, End, or text
#   cdp COMMAND PARAMS    a command of the DevTools protocol
#   width PIXELS [HEIGHT] the size of the window; scheme light|dark
#   screenshot FILE
#   console               what the browser's console has got since the last call, one line each
#   requests              the addresses that were asked for since the last call, one line each

DRIVER=http://127.0.0.1:9515

in_net() { nsenter -t "$NET" -n -- "$@"; }

# METHOD PATH [JSON]: prints the value of the answer. Hundreds of these make a test: no program more than needed.
wd() {
    in_net curl -sS -m 60 -X "$1" -H 'Content-Type: application/json' ${3:+--data-binary "$3"} "$DRIVER/session$2" |
        jq -c 'if (.value | type == "object" and has("error")) then "\(.value.error): \(.value.message[:500])\n" | halt_error(1) else .value end'
    return "${PIPESTATUS[1]}"
}

# json_string NAME TEXT: the variable NAME becomes the text as a JSON string.
json_string() {
    local s=${2//\\/\\\\}
    s=${s//\"/\\\"}
    s=${s//$'\n'/\\n}
    # shellcheck disable=SC2089 # the quotes are for JSON
    printf -v "$1" '"%s"' "${s//$'\t'/\\t}"
}

browser_start() {
    local dir=$1 i
    mkdir -p "$dir/home" "$dir/tmp"
    # No function: its process would be a shell's, not the program's.
    HOME="$dir/home" TMPDIR="$dir/tmp" nsenter -t "$NET" -n -- chromedriver --port=9515 --log-path="$dir/chromedriver.log" > /dev/null 2>&1 3>&- &
    DRIVER_PID=$!
    for ((i = 0; i < 200; i++)); do
        in_net curl -s -o /dev/null "$DRIVER/status" && break
        sleep 0.05
    done
    # The namespace has no other machine; these keep the browser from looking for one.
    SESSION=$(wd POST "" "$(jq -n --arg dir "$dir/profile" '{capabilities: {alwaysMatch: {browserName: "chrome",
        "goog:loggingPrefs": {browser: "ALL", performance: "ALL"},
        "goog:chromeOptions": {args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
            "--hide-scrollbars", "--lang=en-US", "--user-data-dir=\($dir)"]}}}}')" | jq -r .sessionId)
    [ -n "$SESSION" ]
    # shellcheck disable=SC2090
    export DRIVER_PID SESSION
}

browser_stop() {
    [ -z "${SESSION-}" ] || wd DELETE "/$SESSION" > /dev/null || true
    [ -z "${DRIVER_PID-}" ] || kill "$DRIVER_PID" 2> /dev/null || true
}

go() { wd POST "/$SESSION/url" "{\"url\": \"$1\"}" > /dev/null; }

js() {
    local script
    json_string script "$1"
    wd POST "/$SESSION/execute/sync" "{\"script\": $script, \"args\": []}"
}

jsr() { js "$1" | jq -r .; }

wait_for() {
    local script body answer
    json_string script "const done = arguments[0], end = Date.now() + 10000;
        (function look() { let is = false; try { is = Boolean($1); } catch { /* not there yet */ }
            if (is || Date.now() > end) done(is); else setTimeout(look, 30); })();"
    body="{\"script\": $script, \"args\": []}"
    # A page that is loaded anew meanwhile takes the script with it: again, once.
    answer=$(wd POST "/$SESSION/execute/async" "$body" 2> /dev/null) || answer=$(wd POST "/$SESSION/execute/async" "$body")
    [ "$answer" != true ] || return 0
    printf 'never true: %s\nthe page: %s\n' "$1" "$(jsr 'return location.hash + "\n" + document.body.innerText' | head -n 60)" >&2
    return 1
}

press() {
    local k c actions='' char
    for k in "$@"; do
        case $k in
            Tab) char='\ue004' ;;
            ShiftTab) char='\ue004' ;;
            Enter) char='\ue007' ;;
            Escape) char='\ue00c' ;;
            Home) char='\ue011' ;;
            End) char='\ue010' ;;
            *) char='' ;;
        esac
        [ "$k" != ShiftTab ] || actions+='{"type": "keyDown", "value": "\ue008"},'
        if [ -n "$char" ]; then
            actions+="{\"type\": \"keyDown\", \"value\": \"$char\"},{\"type\": \"keyUp\", \"value\": \"$char\"},"
        else
            while IFS= read -rN 1 c; do
                json_string char "$c"
                actions+="{\"type\": \"keyDown\", \"value\": $char},{\"type\": \"keyUp\", \"value\": $char},"
            done < <(printf %s "$k")
        fi
        [ "$k" != ShiftTab ] || actions+='{"type": "keyUp", "value": "\ue008"},'
    done
    wd POST "/$SESSION/actions" "{\"actions\": [{\"type\": \"key\", \"id\": \"keyboard\", \"actions\": [${actions%,}]}]}" > /dev/null
}

cdp() { wd POST "/$SESSION/goog/cdp/execute" "{\"cmd\": \"$1\", \"params\": $2}"; }
width() { cdp Emulation.setDeviceMetricsOverride "{\"width\": $1, \"height\": ${2-800}, \"deviceScaleFactor\": 1, \"mobile\": $([ "$1" -lt 600 ] && echo true || echo false)}" > /dev/null; }
scheme() { cdp Emulation.setEmulatedMedia "{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"$1\"}]}" > /dev/null; }
screenshot() { wd GET "/$SESSION/screenshot" | jq -r . | base64 -d > "$1"; }
console() { wd POST "/$SESSION/se/log" '{"type": "browser"}' | jq -r '.[] | "\(.level): \(.message)"'; }
requests() { wd POST "/$SESSION/se/log" '{"type": "performance"}' | jq -r '.[].message | fromjson.message | select(.method == "Network.requestWillBeSent") | .params.request.url'; }
