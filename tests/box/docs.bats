#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line of cfs-box, its manual pages, completions and documents.
load helpers/box
bats_require_minimum_version 1.5.0

@test "help: every command has one; unknown commands and options are answered with the nearest" {
    for c in $("$CFS_BOX" help --json | jq -r '.commands[].name | gsub(" "; "_")'); do
        run -0 "$CFS_BOX" ${c//_/ } --help
        [[ $output == *"cfs-box ${c//_/ } - "* ]]
    done
    run "$CFS_BOX" imges
    [ "$status" = 1 ] && [[ $output == *"did you mean \`cfs-box images\`"* ]]
    run "$CFS_BOX" ps --al
    [ "$status" = 1 ] && [[ $output == *"did you mean --all"* ]]
    run "$CFS_BOX" stop
    [ "$status" = 1 ] && [[ $output == *"usage: cfs-box stop"* ]]
    [[ "$("$CFS_BOX" --version)" == "cfs-box version "* ]]
}

@test "the manual page and the completions are those of this command line" {
    command -v python3 > /dev/null || skip "needs python3"
    "$top_srcdir/docs/man/box/generate.py" --check "$CFS_BOX"
    "$top_srcdir/contrib/completions/box/generate.py" --check "$CFS_BOX"
    bash -n "$top_srcdir/contrib/completions/box/cfs-box.bash"
    if command -v zsh > /dev/null; then zsh -n "$top_srcdir/contrib/completions/box/_cfs-box"; fi
    if command -v fish > /dev/null; then fish -n "$top_srcdir/contrib/completions/box/cfs-box.fish"; fi
    # shellcheck disable=SC1091
    source "$top_srcdir/contrib/completions/box/cfs-box.bash"
    while IFS='|' read -r line want; do
        read -ra COMP_WORDS <<< "$line"
        [[ $line == *' ' ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        COMPREPLY=()
        _cfs_box
        [ "${COMPREPLY[*]}" = "$want" ] || { echo "$line: ${COMPREPLY[*]}"; false; }
    done << 'END'
cfs-box atta|attach
cfs-box image ta|tag
cfs-box image make --su|--suite
cfs-box --root /x run --print|--print-bundle
END
}

@test "the tutorial of the box" {
    ls /usr/lib/cni/bridge /opt/cni/bin/bridge 2> /dev/null | grep -q . || skip "needs the CNI plugins"
    command -v conmon > /dev/null || skip "needs conmon"
    [ -x "$CFS_BOX-serve" ] || skip "cfs-box serve is not built: needs libmicrohttpd"
    [ -e /sys/fs/cgroup/pids ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "needs the pids and memory controllers"
    mkdir "$T/bin" "$T/work"
    printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$CFS_BOX" "$T/store" > "$T/bin/cfs-box"
    chmod 755 "$T/bin/cfs-box"
    cd "$T/work"
    PATH="$T/bin:$PATH" unshare --net sh -c 'ip link set lo up; exec python3 "$@"' sh \
        "$top_srcdir/tests/integration/helpers/walkthrough" "$top_srcdir/docs/tutorial-box.md"
}
