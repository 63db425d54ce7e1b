# SPDX-License-Identifier: LGPL-2.1-or-later
# What the documents tell their readers to do, done.
load helpers/common

TOP="$BATS_TEST_DIRNAME/../.."

setup() {
    setup_common
    root_only
    # As the reader types it.
    mkdir -p "$T/bin" "$T/work"
    printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$CFS" "$STATE" > "$T/bin/cfs"
    chmod 755 "$T/bin/cfs"
    export PATH="$T/bin:$PATH"
    cd "$T/work" || return 1
}

@test "the tutorial" {
    # Its containers have short names, and so have their cgroups: two tutorials at a time would meet.
    "$PYTHON" "$BATS_TEST_DIRNAME/helpers/walkthrough" "$TOP/docs/tutorial.md"
    is "$(ls -A "$STATE")" ""
}

@test "the tutorial of limits" {
    [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || skip "needs cgroup v2: tests/vm/qemu runs it on a machine that has it"
    "$PYTHON" "$BATS_TEST_DIRNAME/helpers/walkthrough" "$TOP/docs/tutorial-limits.md"
    is "$(ls -A "$STATE")" ""
}

# Prints the indented lines of a section of the README.
section() { sed -n "/^## $1\$/,/^## /p" "$TOP/README.md" | sed -n 's/^    //p' | sed 's/  *#.*//'; }

@test "the README's way of use" {
    make_rootfs "$T/rootfs"
    local line ran=0
    while read -r line; do
        line=${line//\/path\/to\/a\/root\/file\/system/$T/rootfs}
        line=${line//hello/$ID}
        case $line in
        '') continue ;;
        'cfs run '*) sed -i 's/"terminal": true/"terminal": false/' bundle/config.json ;; # the reader has one
        'cfs create '*) jq '.process.terminal = false | .process.args = ["sleep", "100"]' bundle/config.json > new && mv new bundle/config.json ;;
        'cfs delete '*) wait_for status_is "$ID" stopped ;;
        'cfs kill '*) is "$(cfs state "$ID" | jq -r .status)" running && line=${line/TERM/KILL} ;;
        esac
        echo "+ $line"
        # shellcheck disable=SC2086 # words are words
        eval "$line" < /dev/null 3>&-
        ran=$((ran + 1))
    done < <(section Use)
    is $ran 8
    is "$(ls -A "$STATE")" ""
}
