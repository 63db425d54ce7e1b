# SPDX-License-Identifier: LGPL-2.1-or-later
# list with many containers, which it shares among the processors (src/base/share.c): it is the same list as that of one
# processor, and complete whatever becomes of the processes that help.
load helpers/common

setup() {
    setup_common
    root_only
}

# Only what copies were made of is a container.
teardown() {
    STATE="$T/few" teardown_common
}

several_processors() {
    [ "$(nproc)" -ge 2 ] || skip "needs two processors"
    ONE=(taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')")
}

# 300 containers in $STATE: copies of the records of some, one in each state. Among them are 16 that have to be read as a
# whole, and three that cannot be read at all.
many() {
    local i name
    new_bundle '.process.args = ["/bin/sleep", "1000"] | .annotations = {"org.example.key": "value"}'
    STATE="$T/few"
    for name in created running paused stopped; do
        config ".linux.cgroupsPath = \"/list-${ID#t}-$name\"" # not of the copies' names
        cfs create -b "$B" "$ID-$name" < /dev/null > /dev/null 2> "$T/said" || { cat "$T/said" >&2; return 1; }
        [ $name = created ] || cfs start "$ID-$name"
    done
    cfs pause "$ID-paused"
    cfs kill "$ID-stopped" KILL
    wait_for status_is "$ID-stopped" stopped
    STATE="$T/many"
    mkdir -m 700 "$STATE"
    for ((i = 0; i < 300; i++)); do
        case $((i % 4)) in 0) name=created ;; 1) name=running ;; 2) name=paused ;; 3) name=stopped ;; esac
        mkdir "$STATE/c$i"
        sed "s/$ID-$name/c$i/g" "$T/few/$ID-$name/state.json" > "$STATE/c$i/state.json"
    done
    # Valid, but not as cfs writes it.
    for ((i = 0; i < 300; i += 20)); do
        jq . "$STATE/c$i/state.json" | tr -d '\n' > "$STATE/c$i/new"
        echo >> "$STATE/c$i/new"
        mv "$STATE/c$i/new" "$STATE/c$i/state.json"
    done
    for i in 7 150 290; do echo nonsense > "$STATE/c$i/state.json"; done
}

# The three forms of the list, into $T/NAME.*
lists() {
    local name=$1
    shift
    "$@" "$CFS" --root "$STATE" list > "$T/$name.table" 2> "$T/$name.err"
    "$@" "$CFS" --root "$STATE" list --format json > "$T/$name.json" 2>> "$T/$name.err"
    "$@" "$CFS" --root "$STATE" list --quiet > "$T/$name.quiet" 2>> "$T/$name.err"
}

same_lists() {
    local form
    for form in table json quiet err; do
        cmp "$T/one.$form" "$T/$1.$form" >&2 || { diff "$T/one.$form" "$T/$1.$form" | head >&2; return 1; }
    done
}

@test "300 containers: several processors show what one shows" {
    several_processors
    needs strace
    local i
    many
    lists one "${ONE[@]}"
    is "$(wc -l < "$T/one.quiet")" 300
    LC_ALL=C sort -c "$T/one.quiet"
    # 75 of each, but for c7 (of those that are stopped), c150 and c290 (of those that are paused).
    is "$(for i in created running paused stopped broken; do grep -c " $i " "$T/one.table"; done | xargs)" "75 75 73 74 3"
    is "$(jq -r 'map(select(.annotations."org.example.key" == "value")) | length' "$T/one.json")" 297
    is "$(jq -r '.[].id' "$T/one.json")" "$(cat "$T/one.quiet")"
    for i in 1 2 3; do
        lists several
        same_lists several
    done
    # And that is what was compared: one processor makes no process, several do.
    "${ONE[@]}" strace -f -qq -e trace=clone3 -o "$T/strace" "$CFS" --root "$STATE" list > /dev/null 2>&1
    is "$(grep -c clone3 "$T/strace")" 0
    strace -f -qq -e trace=clone3 -o "$T/strace" "$CFS" --root "$STATE" list > /dev/null 2>&1
    [ "$(grep -c clone3 "$T/strace")" -ge 1 ]
    rm -r "${STATE:?}"/c[1-9]?*
    strace -f -qq -e trace=clone3 -o "$T/strace" "$CFS" --root "$STATE" list > /dev/null 2>&1
    is "$(grep -c clone3 "$T/strace")" 0
}

@test "300 containers: the list is complete when a process cannot be made, fails or is killed" {
    several_processors
    [ -x "${INJECT:-}" ] || skip "needs tests/fault/inject, which knows x86-64 and arm64"
    local fault try tries
    many
    lists one "${ONE[@]}"
    for fault in "fail runtime clone3:1 EAGAIN" "fail runtime clone3:1 ENOMEM" "fail runtime clone3:1 EPERM" \
        "fail runtime clone3:1 ENOSYS" "fail runtime sched_getaffinity:1 EPERM" "fail runtime wait4:1 EINTR" \
        "fail runtime pidfd_send_signal:1 EPERM" "fail runtime poll:1 EINTR" "fail init prctl:1 EPERM" \
        "exhaust init openat:1 EMFILE" "exhaust init openat:30 ENFILE" "fail init openat:31 ENOENT" \
        "fail init read:1 EIO" "exhaust init read:20 ENOMEM" "kill init 1 init" "kill init 40 init" \
        "kill init openat:7 init" "kill init read:9 init" "kill init exit_group:1 init"; do
        # A process that helps may find nothing left to do, and be ended before it does anything: then once more.
        case $fault in
        *" poll:"* | *exit_group* | *wait4* | *"init openat"* | *"init read"* | *"init 40"*) tries=1 ;; # may not come at all
        *) tries=10 ;;
        esac
        for ((try = 1; try <= tries; try++)); do
            # shellcheck disable=SC2086 # words are words
            lists several "$INJECT" -o "$T/log" $fault --
            same_lists several || { echo "$fault" >&2; return 1; }
            ! grep -q -e '^hit' -e '^killed' "$T/log" || break
        done
        [ $tries = 1 ] || [ $try -le $tries ] || { echo "$fault was not met" >&2; cat "$T/log" >&2; return 1; }
    done
}

@test "300 containers: an ordinary user who may make no process has the whole list" {
    several_processors
    needs strace
    many
    reachable
    chown -R 65534:65534 "$STATE"
    lists one as_user "${ONE[@]}"
    is "$(wc -l < "$T/one.quiet")" 300
    lists several as_user
    same_lists several
    lists several as_user bash -c 'ulimit -u 1; exec "$@"' -
    same_lists several
    strace -f -qq -e trace=clone3 -o "$T/strace" setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- \
        bash -c 'ulimit -u 1; exec "$@"' - "$CFS" --root "$STATE" list > "$T/said" 2> /dev/null
    grep -q 'clone3.*EAGAIN' "$T/strace"
    is "$(cat "$T/said")" "$(cat "$T/one.table")"
}
