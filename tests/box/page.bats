#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The page of `cfs-box serve`, in a Chromium that is driven by its keyboard, against the server and real containers. All of it is
# in a network namespace that has a loopback device only.
load helpers/box
load helpers/browser
bats_require_minimum_version 1.5.0

BASE=http://127.0.0.1:1337

missing() {
    local p
    for p in chromium chromedriver curl jq conmon; do
        command -v "$p" > /dev/null || { echo "needs $p"; return 0; }
    done
    # The page is the same, and serve.bats asks a sanitized server for all that it asks for.
    ! grep -q __asan_init "$CFS_BOX" || { echo "needs a server without sanitizers"; return 0; }
    "$CFS_BOX" serve --help > /dev/null 2>&1 || echo "cfs-box is built without serve"
}

serve_start() {
    nsenter -t "$NET" -n -- "$CFS_BOX" --root "$STORE" serve > "$BATS_FILE_TMPDIR/serve.log" 2>&1 3>&- &
    echo "$!" > "$BATS_FILE_TMPDIR/serve.pid"
    until_true in_net curl -s -o /dev/null "$BASE/"
}

serve_stop() {
    kill "$(cat "$BATS_FILE_TMPDIR/serve.pid")"
    # One that no process has waited for yet has ended all the same.
    # shellcheck disable=SC2016 # sh expands it
    until_true sh -c '! readlink "/proc/$1/exe"' sh "$(cat "$BATS_FILE_TMPDIR/serve.pid")" > /dev/null
}

setup_file() {
    export STORE="$BATS_FILE_TMPDIR/store" NET DRIVER_PID SESSION
    { can_run && [ -z "$(missing)" ]; } || return 0
    "$CFS_BOX" --root "$STORE" image make busybox > /dev/null
    unshare --net sh -c 'ip link set lo up; exec sleep 1000' > /dev/null 2>&1 3>&- &
    NET=$!
    # shellcheck disable=SC2016 # sh expands it
    until_true sh -c '! [ /proc/self/ns/net -ef "/proc/$1/ns/net" ] && nsenter -t "$1" -n ip -o link show up | grep -q LOOPBACK' sh "$NET"
    serve_start
    browser_start "$BATS_FILE_TMPDIR/browser"
    width 1280
}

teardown_file() {
    [ -n "${NET-}" ] || return 0
    browser_stop
    serve_stop || true
    kill "$NET"
}

setup() {
    setup_box
    [ -z "$(missing)" ] || skip "$(missing)"
}

# The page, with the token in the address as `serve` prints it; PATH is what comes after "#".
page() {
    console > /dev/null
    go about:blank
    go "$BASE/#token=$(cat "$STORE/serve.token")"
    wait_for "document.getElementById('link').dataset.link === 'live'"
    [ -z "${1-}" ] || { js "location.hash = '$1'" > /dev/null && wait_for "location.hash === '#$1'"; }
}

# Presses Tab until what has the focus fits the selector; all that is passed shows that it has it.
tab_to() {
    local i
    for ((i = 0; i < 60; i++)); do
        press "${2-Tab}"
        case $(js "const a = document.activeElement, s = getComputedStyle(a);
            return a.matches('$1') ? 'there' : a === document.body || a === document.documentElement || s.outlineStyle !== 'none' ? 'on' : 'unseen: ' + a.outerHTML") in
            '"there"') return 0 ;;
            *unseen*) jsr 'return document.activeElement.outerHTML' >&2; return 1 ;;
        esac
    done
    echo "the keyboard does not reach $1" >&2
    return 1
}

# The console has got nothing, or only what fits the expression.
quiet() {
    console | grep -v '^[A-Z]*: chrome://' > "$T/console" || true # the browser's own pages
    if [ -n "${1-}" ]; then sed -i "/$1/d" "$T/console"; fi
    [ ! -s "$T/console" ] || { cat "$T/console" >&2; return 1; }
}

focused() { [ "$(js "return document.activeElement.matches('$1')")" = true ] || { jsr 'return document.activeElement.outerHTML' >&2; false; }; }
text() { jsr "return document.querySelector('$1').innerText.replaceAll('\\u00a0', ' ')"; }

@test "page: it loads with the address that serve prints; the token leaves the address; the console stays empty" {
    address=$(grep -om 1 'http://[^ ]*#token=[0-9a-f]*' "$BATS_FILE_TMPDIR/serve.log")
    go "$address"
    wait_for "document.getElementById('link').dataset.link === 'live'"
    [ "$(jsr 'return location.href')" = "$BASE/" ]
    [ "$(jsr 'return document.title')" = "Containers – cfs-box" ]
    # Empty: it says how to make the first one, for this store.
    [[ "$(text '#containers-none')" == *"cfs-box --root $STORE run -d"* ]]
    [ "$(js 'return document.cookie')" = '""' ] # HttpOnly
    quiet
}

@test "page: without a token it asks for one; a wrong one is refused, the right one lets in" {
    wd DELETE "/$SESSION/cookie" > /dev/null
    go about:blank
    go "$BASE/#/history"
    wait_for "!document.getElementById('view-token').hidden"
    focused '#token'
    press wrong Enter
    wait_for "document.getElementById('token-error').textContent.includes('not the token')"
    focused '#token[aria-invalid=true]'
    js "document.getElementById('token').select()" > /dev/null
    press "$(cat "$STORE/serve.token")" Enter
    wait_for "!document.getElementById('view-history').hidden && document.getElementById('link').dataset.link === 'live'"
    quiet 'status of 40[13]' # what the browser itself says of these
}

@test "page: the keyboard alone runs a container, reads its log, sees its curves, stops and removes it" {
    page
    tab_to '#view-containers [data-open-run]'
    press Enter
    wait_for "document.getElementById('run-image').options.length === 1"
    focused '#run-image'
    tab_to '#run-name'
    press keys
    tab_to '#run-command'
    press "sh -c 'trap \"exit 7\" TERM; echo one; while :; do echo \$WORD; sleep 0.2; done'"
    tab_to '#run-memory'
    press 64m
    tab_to '#run-network'
    press none
    tab_to '#run-env'
    press WORD=two
    tab_to '#run-button'
    press Enter
    wait_for "document.getElementById('c-name').textContent === 'keys' && document.getElementById('c-state').dataset.state === 'running'"
    focused '#c-name'
    [ "$(box inspect keys | jq -c '[.state, .network]')" = '["running","none"]' ]
    wait_for "document.getElementById('log').innerText.startsWith('one\ntwo\ntwo\n')"
    wait_for "/[LM].*L/.test(document.querySelector('#c-memory .line').getAttribute('d'))"
    [[ "$(text '#c-memory output')" == *"of 64.0 MiB" ]]
    [[ "$(jsr 'return document.querySelector("#c-cpu svg").getAttribute("aria-label")')" == "Processor, the last two minutes: now "* ]]
    # The log follows until the reader scrolls up.
    js "document.getElementById('log').style.height = '60px'" > /dev/null
    wait_for "(l => l.scrollHeight > l.clientHeight && l.scrollTop + l.clientHeight > l.scrollHeight - 30)(document.getElementById('log'))"
    tab_to '#log'
    press Home
    wait_for "document.getElementById('log').scrollTop === 0 && document.getElementById('logs-how').textContent.startsWith('paused')"
    before=$(js "return document.getElementById('log').children.length")
    wait_for "document.getElementById('log').children.length > $before"
    [ "$(js "return document.getElementById('log').scrollTop")" = 0 ]
    tab_to '#logs-end'
    press Enter
    wait_for "document.getElementById('logs-how').textContent === 'following'"
    tab_to '[data-do=stop]' ShiftTab
    press Enter
    wait_for "document.getElementById('c-state').textContent.startsWith('code 7')"
    [ "$(box inspect keys | jq -c '[.state, .exitCode]')" = '["exited",7]' ]
    wait_for "document.getElementById('logs-how').textContent === 'complete'"
    # Its removal loses data: it is asked first, and Escape is no.
    tab_to '[data-do=remove]'
    press Enter
    focused '#sure-no'
    press Escape
    focused '[data-do=remove]'
    box inspect keys > /dev/null
    press Enter
    tab_to '#sure-yes'
    press Enter
    wait_for "location.hash === '#/containers' && !document.getElementById('containers-rows').innerText.includes('keys')"
    run ! box inspect keys
}

@test "page: what another command does is seen at once: the page follows the events" {
    page
    lone run -d --name other busybox sleep 1000 > /dev/null
    wait_for "document.getElementById('containers-rows').innerText.includes('other')"
    wait_for "document.querySelector('#containers-rows .memory .n').textContent.includes('B')"
    box kill -s KILL other
    wait_for "document.querySelector('#containers-rows .state').textContent.startsWith('code 137')"
    [[ "$(text '#containers-sum')" == "0 running, 1 in all" ]]
}

@test "page: an error of the server stands at the field that it is about" {
    lone run --name taken busybox true
    page
    js "document.querySelector('[data-open-run]').click()" > /dev/null
    wait_for "document.getElementById('run-image').options.length === 1"
    while IFS='|' read -r field value words; do
        js "document.getElementById('run-form').reset(); document.getElementById('run-$field').value = '$value'; document.getElementById('run-button').click()" > /dev/null
        wait_for "document.getElementById('run-$field-error').textContent.includes('$words')"
        focused "#run-${field}[aria-invalid=true]"
    done << 'END'
memory|lots|expected a size in bytes
cpus|x|expected a number above zero
name|taken|exists
name|<img src=x onerror=window.ran=1>|a name has letters
ports|x:y|expected
network|nowhere|does not exist
pids_limit|many|
command|no-such-program|not found
END
    [ "$(js 'return window.ran')" = null ]
    [ "$(box ps -aq | wc -l)" = 1 ]
    press Escape
}

@test "page: history: filter by text, image, user and end; the address keeps it; pages" {
    command -v sqlite3 > /dev/null || skip "needs sqlite3"
    sqlite3 "$STORE/box.db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 230)
        INSERT INTO history (id, name, image, command, user, started, finished, exit_code, end)
        SELECT printf('%032x', i), 'job-' || i, 'old:1', 'make', 'anna', 1700000000 + i, 1700000060 + i, i % 2, 'exited' FROM n"
    lone run --rm --name seven busybox sh -c 'exit 7' || true
    lone run --rm --name zero busybox true
    page /history
    count() { js "return document.getElementById('history-rows').children.length"; }
    wait_for "document.getElementById('history-rows').children.length === 50"
    tab_to '#history-more'
    press Enter
    wait_for "document.getElementById('history-rows').children.length === 100"
    focused '#history-more'
    tab_to '#h-text' ShiftTab
    press job-23
    wait_for "document.getElementById('history-rows').children.length === 2" # job-23, job-230
    [ "$(jsr 'return location.hash')" = '#/history?text=job-23' ]
    js "location.reload()" > /dev/null
    wait_for "document.getElementById('h-text').value === 'job-23' && document.getElementById('history-rows').children.length === 2"
    tab_to '#history-clear'
    press Enter
    tab_to '#h-end' ShiftTab
    press "with another"
    wait_for "document.getElementById('h-end').value === 'code' && document.getElementById('history-rows').innerText.includes('seven')"
    wait_for "![...document.querySelectorAll('#history-rows .state')].some(s => s.textContent === 'code 0')"
    tab_to '#h-user' ShiftTab
    press anna
    wait_for "document.getElementById('history-rows').children.length > 0 && [...document.querySelectorAll('#history-rows .user')].every(s => s.textContent === 'anna')"
    tab_to '#h-image' ShiftTab
    press busy
    wait_for "document.getElementById('history-none').innerText.includes('No run fits')"
    tab_to '#h-user'
    press Home
    js "document.getElementById('h-user').select()" > /dev/null
    press root
    wait_for "document.getElementById('history-rows').innerText.includes('seven')"
}

@test "page: images: size, use, removal with its question; an error of pull is shown" {
    lone run --name user busybox true
    page /images
    wait_for "document.querySelector('#images-rows .name')?.textContent === 'busybox:latest'"
    [[ "$(text '#images-rows .size')" == *MiB ]]
    box image tag busybox spare:1
    wait_for "document.getElementById('images-rows').children.length === 2"
    tab_to '[aria-label="Remove spare:1"]'
    press Enter
    [[ "$(text '#sure-text')" == "Only this name: the image is also called busybox:latest." ]]
    tab_to '#sure-yes'
    press Enter
    wait_for "document.getElementById('images-rows').children.length === 1"
    # An image that a container needs: no question, the reason.
    tab_to '[aria-label="Remove busybox:latest"]'
    press Enter
    [[ "$(text '#sure-text')" == "Containers were made from it; remove them first: user." ]]
    focused '#sure-no'
    [ "$(js "return document.getElementById('sure-yes').checkVisibility()")" = false ]
    press Escape
    tab_to '#pull-reference' ShiftTab
    press "not a reference" Enter
    wait_for "document.getElementById('pull-error').textContent !== '' && document.getElementById('pull-working').textContent === ''"
    focused '#pull-reference[aria-invalid=true]'
}

@test "page: what a container says is text: markup, escape sequences and turned writing do nothing" {
    # shellcheck disable=SC2016
    lone run -d --name evil -l 'x=<img src=x onerror=window.ran=1>' busybox sh -c \
        'printf "<img src=x onerror=window.ran=1>\n\033[31mred\033[0m \033]0;title\007end \007 a\342\200\256b\rover\n"; sleep 1000; : "<script>window.ran=1</script>"' > /dev/null
    page
    wait_for "document.querySelector('#containers-rows code')?.textContent.includes('<script>window.ran=1</script>')"
    page /containers/evil
    wait_for "document.getElementById('log').children.length >= 3"
    [ "$(jsr "return [...document.getElementById('log').children].map(d => d.textContent).join('|')")" = '<img src=x onerror=window.ran=1>|red end ^G a<U+202E>b|over' ]
    [[ "$(text '#c-facts')" == *'<img src=x onerror=window.ran=1>'* ]]
    [ "$(js "return document.querySelectorAll('main img, main script').length")" = 0 ]
    [ "$(js 'return window.ran')" = null ]
    [ "$(jsr 'return document.title')" = 'evil – cfs-box' ]
    quiet
}

@test "page: a long log stays bounded, its end is reached, and the page of a removed container says so" {
    lone run -d --name flood busybox sh -c 'until [ -e /go ]; do sleep 0.1; done; seq 100000; sleep 1000' > /dev/null
    page /containers/flood
    wait_for "document.getElementById('logs-how').textContent === 'following'"
    running flood
    box exec flood touch /go
    wait_for "document.getElementById('log').lastElementChild?.textContent === '100000'"
    [ "$(jsr "const log = document.getElementById('log'); return log.children.length + ' ' + log.firstElementChild.textContent")" = "5000 95001" ]
    box kill -s KILL flood
    wait_for "document.getElementById('c-state').textContent.startsWith('code 137')"
    box rm flood
    wait_for "document.getElementById('c-note').textContent.includes('has been removed')"
}

# Text on its ground, for all that can be read: 4.5 to 1 (WCAG 2.2, 1.4.3). Prints what is below.
# shellcheck disable=SC2016
CONTRAST='
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const ground = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
    const bad = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let seen = 0;
    for (let n; (n = walk.nextNode());) {
        const e = n.parentElement;
        if (!n.data.trim() || !e.checkVisibility() || e.closest(".vh, template, script, noscript, option")) continue;
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
        seen++;
        if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(n.data.trim() + ": " + ((a + 0.05) / (b + 0.05)).toFixed(2));
    }
    return seen < 5 ? "nothing to see" : bad.join("\n");'

# Every control has a name (WCAG 2.2, 4.1.2), and no two nodes the same id. Prints those that have not.
NAMES='
    const named = (e) => e.ariaLabel || e.labels?.length || e.innerText?.trim();
    const bad = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, dialog[open], [role=log]")]
        .filter((e) => e.checkVisibility() && !named(e) && !document.getElementById(e.getAttribute("aria-labelledby"))).map((e) => e.outerHTML);
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    return [...bad, ...ids.filter((id, i) => ids.indexOf(id) !== i),
        ...[...document.querySelectorAll("[aria-describedby], label[for]")].flatMap((e) => (e.htmlFor ?? e.getAttribute("aria-describedby")).split(" ")).filter((id) => !document.getElementById(id))].join("\n");'

@test "page: every view at 360 pixels without scrolling sideways, in light and in dark with enough contrast" {
    lone run -d --name a-container-with-a-long-name-that-does-not-end-before-sixty busybox sleep 1000 > /dev/null
    lone run --name failed busybox sh -c "exit 3; $(printf 'x%.0s' {1..300})" || true
    page
    for scheme in light dark; do
        scheme $scheme
        for view in /containers /containers/failed /containers/a-container-with-a-long-name-that-does-not-end-before-sixty /history /images run token; do
            case $view in
                run) js "location.hash = '/containers'; document.querySelector('[data-open-run]').click(); document.getElementById('run-more').open = true" > /dev/null ;;
                token) js "document.querySelector('dialog[open]').close()" > /dev/null
                    wd DELETE "/$SESSION/cookie" > /dev/null
                    go about:blank
                    go "$BASE/"
                    wait_for "!document.getElementById('view-token').hidden" ;;
                *) js "location.hash = '$view'" > /dev/null
                    wait_for "document.querySelector('.view:not([hidden]) h1')?.innerText && ('$view' !== '/history' || document.querySelector('#history-rows tr'))" ;;
            esac
            for w in 360 1280; do
                width $w
                sleep 0.1
                run jsr "const over = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.vh, .log, code, .name, thead'));
                    return innerWidth + ' ' + document.documentElement.scrollWidth + ' ' + over.map(e => e.outerHTML.slice(0, 100)).join('; ')"
                [ "$output" = "$w $w " ] || { echo "$view $scheme: $output"; false; }
                [ -z "${SHOTS-}" ] || screenshot "$SHOTS/$scheme-$w-${view//\//_}.png"
            done
            run jsr "$CONTRAST"
            [ "$output" = "" ] || { echo "$view $scheme: $output"; false; }
            run jsr "$NAMES"
            [ "$output" = "" ] || { echo "$view $scheme: $output"; false; }
        done
        page
    done
    # The two schemes differ: the emulation is one.
    [ "$(jsr 'return getComputedStyle(document.documentElement).backgroundColor')" = "rgb(15, 19, 24)" ]
    scheme light
    width 1280
}

@test "page: a server that goes away: it says so, and goes on by itself when it is back" {
    lone run -d --name stays busybox sh -c 'while :; do echo tick; sleep 0.2; done' > /dev/null
    page /containers/stays
    wait_for "document.getElementById('log').innerText.includes('tick')"
    serve_stop
    wait_for "!document.getElementById('gone').hidden && document.getElementById('gone').innerText.includes('does not answer')"
    [ "$(jsr "return document.getElementById('gone').getAttribute('role')")" = alert ]
    serve_start
    wait_for "document.getElementById('gone').hidden && document.getElementById('link').dataset.link === 'live'"
    wait_for "document.getElementById('logs-how').textContent === 'following'"
}

# Last: what all of the tests above have asked for.
@test "page: no request leaves this machine: all that was asked for is the server's" {
    requests > "$T/requests"
    grep -q "^$BASE/app.js$" "$T/requests"
    grep -vE "^($BASE/|data:|about:|chrome://)" "$T/requests" > "$T/foreign" || true
    [ ! -s "$T/foreign" ] || { cat "$T/foreign"; false; }
}
