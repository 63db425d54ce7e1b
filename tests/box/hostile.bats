#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images that mean harm, or that are only odd: what their configurations, layers, indexes and names can say. What archives do with paths
# is in images.bats.
load helpers/box

setup() {
    setup_box
    fresh
}

@test "an image with one layer in several places: the uppermost counts (docker build makes such images, of layers without a file)" {
    make "
low = tar({'name': 'a', 'data': b'low'}, {'name': 'b', 'data': b'low'})
mid = tar({'name': 'a', 'data': b'mid'}, {'name': '.wh.b'}, {'name': 'c', 'data': b'mid'})
empty = tar()
Layout('twice').image([busybox(), low, empty, mid, empty, low], {})
Layout('many').image([busybox()] + [empty, low] * 100 + [mid], {})"
    box import "$T/twice" twice
    [ "$(lone run --rm twice cat /a /b /c)" = lowlowmid ]
    box import "$T/many" many
    [ "$(lone run --rm many sh -c 'cat /a /c; [ -e /b ] || echo none')" = midmidnone ]
    # As many as it came with, on the way out as well.
    box image export twice "$T/out" > /dev/null
    [ "$(jq -r '.layers | length' < "$T/out/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' < "$T/out/index.json")")" = 6 ]
}

@test "configurations: variables without a value or a name, a relative directory, a user and a signal that are none" {
    make "
for name, config in {'env': {'Env': ['NOVALUE', '', '=x', 'A=1', 'A=2']}, 'dir': {'WorkingDir': 'a/b'}, 'user': {'User': '-1'},
                     'signal': {'StopSignal': 'SIGFOO'}, 'volume': {'Volumes': {'../../x': {}}}, 'cmd': {'Cmd': 'sh'}, 'null': {'Env': None, 'Cmd': None}}.items():
    Layout(name).image([busybox()], config)"
    for i in env dir user signal volume null; do box import "$T/$i" "$i" > /dev/null; done
    run lone run --rm env env
    [ "$status" = 0 ]
    [[ $output == *A=2* && $output != *NOVALUE* && $output != *A=1* ]]
    run lone run --rm dir true
    [ "$status" = 125 ] && [[ $output == *"the image's working directory a/b: the path must be absolute"* ]]
    run lone run --rm user true
    [ "$status" = 125 ] && [[ $output == *'user `-1`'* ]]
    run lone run --rm signal true
    [ "$status" = 125 ] && [[ $output == *'stop signal `SIGFOO`'* ]]
    run lone run --rm volume true
    [ "$status" = 125 ] && [[ $output == *"image's volume ../../x"* ]]
    run lone run --rm null true
    [ "$status" = 0 ]
    run box import "$T/cmd" cmd
    [ "$status" = 1 ] && [[ $output == *'config.Cmd: expected an array, got the string "sh"'* ]]
    [ -z "$(box ps -aq)" ]
    [ -z "$(box volume ls -q)" ]
}

@test "indexes that list each other ten million times are refused soon" {
    make "
l = Layout('index')
d = l.blob({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': []}, INDEX)
for level in range(3):
    d = l.blob({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': [d] * 220}, INDEX)
l.index(d)"
    run timeout 20 "$CFS_BOX" --root "$STORE" import "$T/index" index
    echo "$output"
    [ "$status" = 1 ] && [[ $output == *"more than 10000 entries"* ]]
}

@test "files of terabytes that hold nothing: exported, committed and taken in again in no time, as they are" {
    make "
big = {'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'big', 'GNU.sparse.realsize': str(6 << 40)}
middle = b'2\n0\n512\n%d\n3\n' % (3 << 40)
Layout('sparse').image([busybox(), tar({'name': 'big', 'data': b'0\n'.ljust(512, b'\0'), 'pax_headers': big},
                                       {'name': 'm', 'data': middle.ljust(512, b'\0') + b'x' * 512 + b'end', 'pax_headers': {**big, 'GNU.sparse.name': 'middle'}})], {})"
    box import "$T/sparse" sparse > /dev/null
    timeout 20 "$CFS_BOX" --root "$STORE" image export sparse "$T/out" > /dev/null
    [ "$(du -sm "$T/out" | cut -f1)" -lt 20 ]
    STORE="$T/second"
    box import "$T/out" again > /dev/null
    # truncate(1) of a container.
    lone run --name c again sh -c 'busybox truncate -s 7696581394432 /mine; busybox stat -c %s /big /middle /mine; busybox dd if=/middle bs=1 skip=3298534883328 count=3 2> /dev/null' > "$T/said"
    [ "$(xargs < "$T/said")" = "6597069766656 6597069766656 7696581394432 end" ]
    timeout 20 "$CFS_BOX" --root "$STORE" commit c committed > /dev/null
    [ "$(lone run --rm committed busybox stat -c %s /mine)" = 7696581394432 ]
    timeout 20 "$CFS_BOX" --root "$STORE" export c > "$T/c.tar"
    [ "$(tar -tvf "$T/c.tar" mine | awk '{ print $3 }')" = 7696581394432 ]
}

@test "docker save: a layer that is a link to another's file; links that lead outside, names that are none: nothing is taken in" {
    make "
bb = busybox()
def save(name, *members, **more):
    image = {'Config': 'c.json', 'RepoTags': ['d:1'], 'Layers': ['a/layer.tar', 'b/layer.tar'], **more}
    config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {}, 'rootfs': {'type': 'layers', 'diff_ids': [sha(bb)] * 2}}).encode()
    with open(name + '.tar', 'wb') as f:
        f.write(tar({'name': 'c.json', 'data': config}, *members, {'name': 'manifest.json', 'data': json.dumps([image]).encode()}))
a, b = {'name': 'a/layer.tar', 'data': bb}, {'name': 'b/layer.tar', 'data': bb}
save('good', a, {'name': 'b/layer.tar', 'type': LINK, 'linkname': '../a/layer.tar'})
save('outside', a, {'name': 'b/layer.tar', 'type': LINK, 'linkname': '../../../../../../etc/passwd'})
save('absolute', a, {'name': 'b/layer.tar', 'type': LINK, 'linkname': '/etc/passwd'})
save('config', a, b, Config='../../../etc/passwd')
save('fifo', a, {'name': 'b/layer.tar', 'type': FIFO})
save('tags', a, b, RepoTags=['ok:1', '../x'])"
    for i in outside absolute config fifo tags; do
        run box load -i "$T/$i.tar"
        echo "$i: $output"
        [ "$status" = 1 ] && [[ $output == *"$i.tar"* ]]
        [[ $output != *root:* ]]
        [ -z "$(box images -q)" ]
    done
    box load -i "$T/good.tar" > /dev/null
    lone run --rm d:1 true
}

@test "names in archives and containers do not command the terminal: C0, C1, and what turns the direction of writing" {
    make "
open('names.tar', 'wb').write(tar({'name': '../\x1b]0;title\x07\u009b31m\u202eevil', 'data': b'x'}))
open('files.tar', 'wb').write(tar({'name': 'x\x1b[2J\u009b2J\u202ey', 'data': b'x'}))
Layout('bb').image([busybox()], {})"
    run box import "$T/names.tar" names
    [ "$status" = 1 ] && [[ $output == *'`../?]0;title???31m???evil`'* ]]
    box import "$T/bb" bb > /dev/null
    # `ps` and `history`: what was run; `diff` on a terminal: what a container calls its files.
    lone create --name c bb sh -c $'\x1b[2J\xc2\x9b2J\xe2\x80\xaex' > /dev/null
    box cp - c:/ < "$T/files.tar"
    for command in "ps -a --no-trunc" "diff c"; do
        script -qec "$CFS_BOX --root $STORE $command" /dev/null < /dev/null > "$T/shown"
        grep -q '2J' "$T/shown"
        python3 -c "
import sys
shown = open(sys.argv[1], 'rb').read()
assert not any(x in shown for x in (b'\x1b[2J', '\u009b'.encode(), '\u202e'.encode())), shown" "$T/shown"
    done
    # Into a pipe `diff` gives the names as they are.
    box diff c | grep -q $'x\x1b\\[2J'
}
