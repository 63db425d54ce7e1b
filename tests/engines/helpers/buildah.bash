# SPDX-License-Identifier: LGPL-2.1-or-later
# buildah with a storage of its own. It calls the runtime itself, without conmon: create, start, state in a loop, kill without
# a signal, delete. $B is its command line.

load helpers/podman

buildah_use() {
    export CONTAINERS_CONF="$ENGINES/podman/containers.conf"
    D="$ENGINES/podman"
    B=(buildah --root "$D/root" --runroot "$D/runroot" --storage-driver=overlay)
    PTY=("$ENGINES/bin/pty")
}

buildah_image() {
    local c
    c=$("${B[@]}" from scratch) || return 1
    ok "${B[@]}" add "$c" "$1" / && ok "${B[@]}" config --cmd sh "$c" && ok "${B[@]}" commit -q "$c" bb && ok "${B[@]}" rm "$c"
}

buildah_clean() { "${B[@]}" rm --all >/dev/null 2>&1 || true; }

b_() { ok "${B[@]}" "$@"; }
# work: a working container of the image; $C is its name.
work() { C=$("${B[@]}" from --pull-never "$@" bb); }
# in_ [OPTION...] COMMAND...: a command in the working container
in_() { ok "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$@"; }
fails_in() {
    local code=$1
    shift
    fails "$code" "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$@"
}
# bud [OPTION...] <<EOF: builds the Containerfile that comes from standard input; the context is $X.
bud() {
    cat >"$X/Containerfile"
    ok "${B[@]}" bud --network none --pull-never --runtime "$RUNTIME_PATH" "$@" "$X"
}
fails_bud() {
    local code=$1
    shift
    cat >"$X/Containerfile"
    fails "$code" "${B[@]}" bud --network none --pull-never --runtime "$RUNTIME_PATH" "$@" "$X"
}
# content IMAGE FILE...: what files of an image hold, without any runtime.
content() {
    local c
    c=$("${B[@]}" from --pull-never "$1") && shift || return 1
    output=$(cd "$("${B[@]}" mount "$c")" && cat -- "$@")
    "${B[@]}" rm "$c" >/dev/null
}
