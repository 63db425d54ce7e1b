#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images of cfs-box: ways in, ways out, and archives that mean harm.
load helpers/box

# A root file system with what archives get wrong: links, holes, long names, attributes, owners, times.
tricky_tree() {
    local d="$1" long
    mkdir -p "$d"/{bin,etc,deep/er,empty}
    cp /bin/busybox "$d/bin/busybox"
    ln -s busybox "$d/bin/sh"
    ln "$d/bin/busybox" "$d/bin/hard"
    ln -s ../../../../etc/passwd "$d/deep/out"
    truncate -s 1M "$d/hole"
    printf end | dd of="$d/hole" bs=1 seek=1000000 conv=notrunc status=none
    long=$(printf 'n%.0s' {1..200})
    mkdir -p "$d/$long"
    echo long > "$d/$long/$long"
    echo 'ä ö' > "$d/ünïcode"
    python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.colour", b"blue")' "$d/etc"
    chmod 4755 "$d/bin/hard"
    chown 7:8 "$d/deep"
    chmod 1777 "$d/empty"
    mkfifo "$d/fifo"
    touch -h -d '2001-02-03 04:05:06.789' "$d/ünïcode" "$d/deep/out" "$d/deep"
}

xattrs() { python3 -c 'import os, sys; print(*os.listxattr(sys.argv[1]))' "$1"; }

# What can be seen of a tree, a line a file.
listing() {
    (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %s %n %l %T@\n' | sed 's/\(\.[0-9]\{9\}\)[0-9]*$/\1/' | LC_ALL=C sort)
}

@test "import: a directory, and what is in the container is what was in it" {
    fresh
    tricky_tree "$T/tree"
    id=$(box import "$T/tree" tree:1)
    [[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
    box image export tree:1 "$T/layout"
    layer=$(jq -r '.layers[0].digest' "$T/layout/blobs/sha256/$(jq -r '.manifests[0].digest' "$T/layout/index.json" | cut -d: -f2)")
    mkdir "$T/out"
    tar -C "$T/out" --xattrs -xf "$T/layout/blobs/sha256/${layer#*:}"
    diff <(listing "$T/tree") <(listing "$T/out")
    [ "$(xattrs "$T/out/etc")" = user.colour ]
    # The hole is one still: it takes less than half of its size.
    [ "$(stat -c %b "$STORE"/layers/*/hole)" -lt 1000 ]
}

@test "import: an archive in each compression, from standard input too, is the same image" {
    fresh
    tricky_tree "$T/tree"
    tar -C "$T/tree" --xattrs -cf "$T/a.tar" .
    first=$(box import "$T/a.tar" a)
    for tool in gzip bzip2 xz zstd; do
        command -v $tool > /dev/null || continue
        $tool -c < "$T/a.tar" > "$T/a.tar.$tool"
        [ "$(box import "$T/a.tar.$tool")" = "$first" ]
    done
    [ "$(box import - < "$T/a.tar")" = "$first" ]
    [ "$(box images --format json | jq length)" = 1 ]
    diff <(listing "$T/tree") <(listing "$STORE/layers/1")
    # The digest is that of the archive: sha256sum(1) says so too.
    [ "$(box image inspect a | jq -r '.layers[0]')" = "sha256:$(sha256sum < "$T/a.tar" | cut -d' ' -f1)" ]
}

@test "export and import: the ID stays; skopeo reads it, and its docker archive is the same image" {
    fresh
    id=$(box image make busybox)
    box image export busybox "$T/layout"
    [ "$(box import "$T/layout")" = "$id" ]
    tar -C "$T/layout" -cf "$T/layout.tar" .
    [ "$(box import "$T/layout.tar")" = "$id" ]
    box image export -z busybox "$T/gz"
    [ "$(box import "$T/gz" again)" = "$id" ]
    command -v skopeo > /dev/null || skip "needs skopeo for the rest"
    skopeo inspect "oci:$T/layout" > "$T/inspect.json"
    skopeo copy -q "oci:$T/layout" "docker-archive:$T/docker.tar:from/docker:7"
    fresh2="$T/store2"
    [ "$("$CFS_BOX" --root "$fresh2" import "$T/docker.tar")" = "$id" ]
    "$CFS_BOX" --root "$fresh2" images | grep -q '^.*from/docker *7 '
    "$CFS_BOX" --root "$fresh2" --quiet pull "docker-archive:$T/docker.tar" | grep -qx "$id"
}

# layout DIR LAYER.tar...: an OCI layout of these layers, with $CONFIG as what to run and how
CONFIG='{"Cmd":["sh"]}'
layout() {
    local d="$1" diffs= layers= h
    shift
    mkdir -p "$d/blobs/sha256"
    for l in "$@"; do
        h=$(sha256sum < "$l" | cut -d' ' -f1)
        cp "$l" "$d/blobs/sha256/$h"
        diffs+=",\"sha256:$h\""
        layers+=",{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:$h\",\"size\":$(stat -c %s "$l")}"
    done
    blob() {
        h=$(sha256sum < "$T/blob" | cut -d' ' -f1)
        size=$(stat -c %s "$T/blob")
        cp "$T/blob" "$d/blobs/sha256/$h"
    }
    echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":$CONFIG,\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[${diffs#,}]}}" > "$T/blob"
    blob
    echo "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$h\",\"size\":$size},\"layers\":[${layers#,}]}" > "$T/blob"
    blob
    echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$h\",\"size\":$size}]}" > "$d/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$d/oci-layout"
}

@test "layers: whiteouts and opaque directories, as the image specification has them" {
    fresh
    mkdir -p "$T"/{a,b,c}/d "$T/a/gone" "$T/a/bin" "$T/a/keep" "$T/b/keep"
    cp /bin/busybox "$T/a/bin/sh"
    echo low > "$T/a/d/low"
    echo low > "$T/a/file"
    echo low > "$T/a/keep/low"
    echo low > "$T/a/gone/low"
    touch "$T/b/.wh.file" "$T/b/.wh.gone" "$T/b/d/.wh..wh..opq"
    echo mid > "$T/b/d/mid"
    echo mid > "$T/b/keep/mid"
    echo top > "$T/c/file"
    echo top > "$T/c/d/top"
    for l in a b c; do tar -C "$T/$l" -cf "$T/$l.tar" .; done
    layout "$T/layout" "$T/a.tar" "$T/b.tar" "$T/c.tar"
    box import "$T/layout" layered
    run lone run --rm layered /bin/sh -c 'for f in /d/* /file /keep/* /gone; do [ -e $f ] && echo $f; done; read x < /file; echo $x'
    echo "$output"
    [ "$status" = 0 ]
    [ "$(echo $output)" = "/d/mid /d/top /file /keep/low /keep/mid top" ]
    # Both layers with a directory are there once, however many images have them.
    layout "$T/other" "$T/a.tar" "$T/b.tar"
    box import "$T/other" other
    [ "$(ls "$STORE/layers" | wc -l)" = 3 ]
    box image rm layered
    [ "$(ls "$STORE/layers" | wc -l)" = 2 ]
    box image rm other
    [ "$(ls "$STORE/layers" | wc -l)" = 0 ]
}

# hostile NAME PYTHON: an archive made by python's tarfile, which is refused with a message that names the member
hostile() {
    python3 - "$T/$1.tar" <<END
import io, sys, tarfile
t = tarfile.open(sys.argv[1], 'w')
def add(name, type=tarfile.REGTYPE, data=b'x', **more):
    i = tarfile.TarInfo(name)
    i.type, i.size, i.mode = type, len(data) if type == tarfile.REGTYPE else 0, 0o755
    for k, v in more.items():
        setattr(i, k, v)
    t.addfile(i, io.BytesIO(data))
$2
t.close()
END
}

refused() {
    run box import "$T/$1.tar" "$1"
    echo "$output"
    [ "$status" = 1 ]
    [[ $output == *"$1.tar"* ]]
    [[ $output == *"$2"* ]]
    [ ! -e "$T/evil" ]
    [ "$(ls "$STORE/layers" | wc -l)" = 0 ]
    [ "$(box images -q | wc -l)" = 0 ]
}

@test "hostile archives: names that lead outside, devices in disguise, loops: refused by name, nothing is left" {
    fresh
    hostile dotdot "add('../evil')"
    refused dotdot '../evil'
    hostile inner "add('a/../../evil')"
    refused inner 'a/../../evil'
    hostile hardlink "add('l', tarfile.LNKTYPE, linkname='../../evil')"
    refused hardlink '`l`'
    hostile nowhere "add('l', tarfile.LNKTYPE, linkname='missing')"
    refused nowhere '`l`'
    hostile whiteout "add('w', tarfile.CHRTYPE, devmajor=0, devminor=0)"
    refused whiteout '`w`'
    hostile marks "add('.wh...')"
    refused marks '.wh...'
    hostile throughfile "add('f'); add('f/g')"
    refused throughfile 'f/g'
    hostile loop "add('a', tarfile.SYMTYPE, linkname='b'); add('b', tarfile.SYMTYPE, linkname='a'); add('a/x')"
    refused loop 'a/x'
    head -c 100000 "$T/dotdot.tar" | head -c 700 > "$T/short.tar"
    refused short 'short.tar'
    head -c 10000 /dev/urandom > "$T/noise.tar"
    refused noise 'noise.tar'
    : > "$T/empty.tar"
    refused empty 'empty.tar'
}

@test "hostile archives: links are followed inside only, overlayfs's attributes are dropped" {
    fresh
    mkdir "$T/target"
    hostile links "add('abs', tarfile.SYMTYPE, linkname='$T/target'); add('abs/one'); add('up', tarfile.SYMTYPE, linkname='../../../../..$T/target'); add('up/two'); add('/abs2'); add('re', tarfile.SYMTYPE, linkname='$T/target/file'); add('re')"
    box import "$T/links.tar" links
    [ -z "$(ls "$T/target")" ]
    [ -f "$STORE/layers/1/$T/target/one" ]
    [ -f "$STORE/layers/1/$T/target/two" ]
    [ -f "$STORE/layers/1/abs2" ]
    [ -f "$STORE/layers/1/re" ] && [ ! -L "$STORE/layers/1/re" ]
    hostile xattr "add('d', tarfile.DIRTYPE, pax_headers={'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.trusted.overlay.opaque': 'y', 'SCHILY.xattr.user.fine': 'yes'})"
    box import "$T/xattr.tar" xattr
    [ "$(xattrs "$STORE/layers/2/d")" = "user.fine" ]
}

@test "layouts: a wrong digest, a missing blob, links out of the layout, and broken JSON say where" {
    fresh
    mkdir "$T/a"
    echo x > "$T/a/x"
    tar -C "$T/a" -cf "$T/a.tar" .
    layout "$T/good" "$T/a.tar"
    h=$(sha256sum < "$T/a.tar" | cut -d' ' -f1)
    cp -a "$T/good" "$T/changed"
    printf y | dd of="$T/changed/blobs/sha256/$h" bs=1 seek=10000 conv=notrunc status=none
    run box import "$T/changed"
    [ "$status" = 1 ] && [[ $output == *"$h"*digest* ]]
    cp -a "$T/good" "$T/missing"
    rm "$T/missing/blobs/sha256/$h"
    run box import "$T/missing"
    [ "$status" = 1 ] && [[ $output == *"no such file"* ]]
    cp -a "$T/good" "$T/linked"
    ln -sf /etc/passwd "$T/linked/blobs/sha256/$h"
    run box import "$T/linked"
    [ "$status" = 1 ]
    cp -a "$T/good" "$T/traversal"
    sed -i 's/sha256:[0-9a-f]*/sha256:..\/..\/..\/etc\/passwd/' "$T/traversal/index.json"
    run box import "$T/traversal"
    [ "$status" = 1 ] && [[ $output == *"index.json:1:"*"manifests[0].digest"* ]]
    sed -i 's/"manifests"/"manifest"/' "$T/linked/index.json"
    run box import "$T/linked"
    [ "$status" = 1 ] && [[ $output == *index.json:1:*manifests* ]]
    [ "$(ls "$STORE/layers" | wc -l)" = 0 ]
}

@test "names: tags, several for one image, removal by name and by ID, and what is in use" {
    fresh
    id=$(box image make busybox)
    box image tag busybox other/name:2
    run box image tag busybox 'Not a name'
    [ "$status" = 1 ]
    [ "$(box image inspect other/name:2 | jq -r .id)" = "$id" ]
    [ "$(box image inspect "${id:7:12}" | jq -r '.names | length')" = 2 ]
    run box image rm "${id:7:12}"
    [ "$status" = 1 ] && [[ $output == *"2 names"* ]]
    run box image rm busybox
    [ "$output" = "untagged: busybox" ]
    lone run --name user other/name:2 true
    run box image rm other/name:2
    [ "$status" = 1 ] && [[ $output == *"in use by container \`user\`"* ]]
    box rm user
    [ "$(box image rm other/name:2)" = "removed: other/name:2" ]
    run box image inspect busybox
    [ "$status" = 1 ] && [[ $output == *"image make busybox"* ]]
}

# The Dockerfile reference: shell and exec form, ENV and LABEL with quotes, EXPOSE, VOLUME, STOPSIGNAL. docker commit --change takes the same.
@test "commit --change: lines of a Dockerfile" {
    lone run --name c busybox true
    config() { # LINE...
        local args=()
        for l in "$@"; do args+=(-c "$l"); done
        box commit "${args[@]}" c changed > /dev/null && box image inspect changed | command jq -c .config
    }
    [ "$(config 'CMD ["echo", "two words"]' 'ENTRYPOINT [ "env" ]' | jq -c '[.Entrypoint, .Cmd]')" = '[["env"],["echo","two words"]]' ]
    [ "$(config 'cmd echo $HOME' | jq -c .Cmd)" = '["/bin/sh","-c","echo $HOME"]' ]
    [ "$(lone run --rm changed)" = /root ]
    [ "$(config 'CMD [broken' | jq -c .Cmd)" = '["/bin/sh","-c","[broken"]' ]
    [ "$(config 'ENV A="x y" B=z\ w C='"'q\"'" 'ENV OLD the rest' 'ENV A=again' | jq -c '.Env | map(select(test("PATH") | not))')" = '["A=again","B=z w","C=q\"","OLD=the rest"]' ]
    [ "$(config 'LABEL a=1 b="2 3"' | jq -c .Labels)" = '{"a":"1","b":"2 3"}' ]
    [ "$(config 'EXPOSE 80 443/udp 80/tcp' 'STOPSIGNAL USR1' | command jq -c '[.ExposedPorts, .StopSignal]')" = '[{"80/tcp":{},"443/udp":{}},"USR1"]' ]
    for bad in 'ENV A' 'EXPOSE http' 'STOPSIGNAL NONE' 'RUN true' 'ENV A=1 B'; do
        run config "$bad"
        [ "$status" != 0 ] && [[ $output == *"cfs-box: --"*"${bad#* }"* ]] || { echo "$bad: $output"; return 1; }
    done
    box rm c > /dev/null
    box image rm changed > /dev/null
}

# docker commit keeps HEALTHCHECK and drops ONBUILD: its container has the one of its image, not the other (moby,
# daemon/commit.go, merge()).
@test "commit: HEALTHCHECK of the image is kept, ONBUILD is not" {
    fresh
    hostile tool "add('bin/sh', data=open('/bin/busybox', 'rb').read(), mode=0o755)"
    local check='{"Test":["CMD-SHELL","true"],"Interval":30000000000,"Timeout":5000000000,"StartPeriod":1,"StartInterval":2,"Retries":3}'
    CONFIG="{\"Cmd\":[\"sh\"],\"Healthcheck\":$check,\"OnBuild\":[\"RUN true\"]}"
    layout "$T/layout" "$T/tool.tar"
    box import "$T/layout" checked > /dev/null
    lone create --name c checked > /dev/null
    box commit c committed > /dev/null
    box image export committed "$T/out"
    blob() { cat "$T/out/blobs/sha256/$(cut -d: -f2 <<< "$1")"; }
    config=$(blob "$(blob "$(jq -r '.manifests[0].digest' "$T/out/index.json")" | jq -r .config.digest)")
    [ "$(jq -cS .config.Healthcheck <<< "$config")" = "$(jq -cS . <<< "$check")" ]
    [ "$(jq '.config | has("OnBuild")' <<< "$config")" = false ]
}

# Image specification, layer.md, "Whiteouts": they "MUST only apply to resources in lower/parent layers".
@test "layers: a whiteout hides what is below, and not what its own layer has, in whatever order; aufs's books; owners that are none" {
    fresh
    hostile low "add('d/low'); add('e/low'); add('f'); add('g/low')"
    # d: the whiteout first; e: last; f: a file instead of a file; g: a link instead of a directory
    hostile top "add('.wh.d'); add('d', tarfile.DIRTYPE); add('d/new'); add('e/new'); add('.wh.e'); add('f', data=b'new'); add('.wh.f'); add('.wh.g'); add('g', tarfile.SYMTYPE, linkname='d')
add('.wh..wh.plnk', tarfile.DIRTYPE); add('.wh..wh.plnk/1'); add('.wh..wh.aufs'); add('a.wh.b')"
    hostile tool "add('bin/busybox', data=open('/bin/busybox', 'rb').read())"
    layout "$T/layout" "$T/low.tar" "$T/top.tar" "$T/tool.tar"
    box import "$T/layout" whiteouts
    [ "$(lone run --rm whiteouts /bin/busybox sh -c 'cd /; echo d/* e/* g/*; cat f; ls -A | busybox grep wh')" = $'d/new e/new g/new\nnewa.wh.b' ]
    refused() { # NAME WHAT PYTHON
        hostile "$1" "$3"
        run box import "$T/$1.tar" bad
        [ "$status" = 1 ] && [[ $output == *"$2"* ]] || { echo "$output"; return 1; }
    }
    refused below 'member `x/.wh.y/z`: is below a whiteout' "add('x/.wh.y/z')"
    refused uid 'member `a`: 4294967301 is not the number of a user' "add('a', uid=2**32 + 5)"
    refused gid 'member `a`: 4294967295 is not the number of a group' "add('a', gid=2**32 - 1)"
    [ "$(box images -q | wc -l)" = 1 ]
}

# Image specification: descriptor.md (size), image-index.md (platforms), annotations.md; what docker save and buildx write.
@test "layouts: sizes, indexes of platforms with their name, several images, other things than images" {
    fresh
    mkdir "$T/a"
    echo x > "$T/a/x"
    tar -C "$T/a" -cf "$T/a.tar" .
    layout "$T/good" "$T/a.tar"
    python3 - "$T" <<'END'
import hashlib, json, shutil, sys
T = sys.argv[1]
read = lambda d: json.load(open(f'{T}/good/blobs/sha256/' + d[7:]))
index = json.load(open(f'{T}/good/index.json'))
top = index['manifests'][0]
def copy(name, fn):
    d = f'{T}/{name}'
    shutil.copytree(f'{T}/good', d)
    def blob(x):
        b = json.dumps(x).encode()
        h = hashlib.sha256(b).hexdigest()
        open(f'{d}/blobs/sha256/{h}', 'wb').write(b)
        return {'digest': 'sha256:' + h, 'size': len(b)}
    m = read(top['digest'])
    json.dump(fn(m, read(m['config']['digest']), blob), open(f'{d}/index.json', 'w'))
def manifest(m, blob, **more):
    return {'mediaType': 'application/vnd.oci.image.manifest.v1+json', **blob(m), **more}
def ref(name):
    return {'annotations': {'org.opencontainers.image.ref.name': name}}
def platform(arch):
    return {'platform': {'os': 'linux', 'architecture': arch}}
def layer_size(m, c, blob):
    m['layers'][0]['size'] += 1
    return {'schemaVersion': 2, 'manifests': [manifest(m, blob)]}
copy('layersize', layer_size)
copy('manifestsize', lambda m, c, blob: {'schemaVersion': 2, 'manifests': [{**top, 'size': 7}]})
def other(m, c, blob, **change):
    return dict(m, config={**m['config'], **blob({**c, **change})})
def platforms(m, c, blob):
    inner = {'schemaVersion': 2, 'manifests': [
        manifest(other(m, c, blob, architecture='m68k'), blob, **platform('m68k')),
        manifest({'schemaVersion': 2, 'config': m['config'], 'layers': []}, blob, **platform('unknown')),
        manifest(m, blob, **platform('amd64')), manifest(other(m, c, blob, architecture='arm64'), blob, **platform('arm64'))]}
    return {'schemaVersion': 2, 'manifests': [{'mediaType': 'application/vnd.oci.image.index.v1+json', **blob(inner), 'annotations': {
        'io.containerd.image.name': 'docker.io/library/multi:1', 'org.opencontainers.image.ref.name': '1'}}]}
copy('platforms', platforms)
copy('several', lambda m, c, blob: {'schemaVersion': 2, 'manifests': [manifest(m, blob, **ref('one:1')), manifest(other(m, c, blob, author='x'), blob, **ref('two:2'))]})
copy('chart', lambda m, c, blob: {'schemaVersion': 2, 'manifests': [manifest({**m, 'config': {'mediaType': 'application/vnd.cncf.helm.config.v1+json', **blob({})}}, blob)]})
END
    refused() {
        run box import "$T/$1"
        [ "$status" = 1 ] && [[ $output == *"$2"* ]] || { echo "$output"; return 1; }
    }
    refused layersize "its descriptor says"
    refused manifestsize "its descriptor says 7"
    refused chart 'but `application/vnd.cncf.helm.config.v1+json`'
    [ -z "$(box images -q)" ]
    case $(uname -m) in x86_64 | aarch64) box import "$T/platforms" ;; *) skip "the layouts of this test are for amd64 and arm64" ;; esac
    # Docker's short names and long ones are the same.
    for name in multi:1 docker.io/library/multi:1 docker.io/multi:1; do box image inspect "$name" > /dev/null; done
    [ "$(box import "$T/several" | wc -l)" = 2 ]
    box image inspect one:1 two:2 > /dev/null || { box image inspect one:1 && box image inspect two:2; } > /dev/null
    run box import "$T/several" name
    [ "$status" = 1 ] && [[ $output == *"more than one"* ]]
}

# The grammar of distribution/reference, which docker and podman share.
@test "names of images: lower case, hosts with ports, tags" {
    for good in a a/b a.b/c A.example/b localhost/x localhost:5000/x/y:Tag_1.2-3 host:1/x a__b a-b:v; do
        box image tag busybox "$good" || { echo "$good"; return 1; }
        box image rm "$good" > /dev/null
    done
    for bad in UPPER a/UPPER a:b:c a: :a a/ /a a//b a- a..b 'a b' a@b host:port/x a:-t; do
        run box image tag busybox "$bad"
        [ "$status" = 1 ] && [[ $output == *"is not the name of an image"* ]] || { echo "$bad: $output"; return 1; }
    done
    run box image tag busybox Busy
    [[ $output == *"lower case"* ]]
}

@test "import of a directory that has the store in it: all but the store" {
    mkdir "$T/dir"
    echo x > "$T/dir/f"
    timeout 60 "$CFS_BOX" --root "$T/dir/store" import "$T/dir" self
    [ "$(ls "$T/dir/store/layers/1")" = f ]
}
