# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs check finds, without running, what run refuses: tests/corpus/bundles.tsv.
load helpers/common

# A program for a machine that this is not: the inspector with another number in its ELF header (elf(5), e_machine): arm64's on
# x86-64, x86-64's elsewhere.
foreign() {
    local machine='\267'
    [ "$(uname -m)" = aarch64 ] && machine='\076'
    head -c 18 "$INSPECTOR"
    printf "$machine\0"
    tail -c +21 "$INSPECTOR"
}

# A program whose dynamic loader the root file system has not.
dynamic() { cat /bin/cat; }

# Is the row for machines of this kind?
applies() {
    case $1 in
    'without CAP_SYS_RESOURCE') ! setpriv -d | grep -q '^Effective.*sys_resource' ;;
    'without AppArmor') [ ! -e /sys/kernel/security/apparmor ] ;;
    'without SELinux') [ ! -e /sys/fs/selinux/enforce ] ;;
    'without resctrl') ! grep -q resctrl /proc/mounts ;;
    'without rdma') ! grep -qs rdma /sys/fs/cgroup/cgroup.controllers /proc/self/cgroup ;;
    'v1 cpuset') grep -q ':cpuset' /proc/self/cgroup ;;
    blkio) grep -q ':blkio' /proc/self/cgroup || grep -qw io /sys/fs/cgroup/cgroup.controllers ;;
    esac
}

# row NAME HOW TEXT JQ SHELL: 1 when check or run say something else than the table.
row() {
    local name=$1 how=$2 text=$3 jq=$4 shell=$5 out rc want
    case $shell in without* | v1* | blkio)
        applies "$shell" || { echo "# $name: not on this machine ($shell)" >&3; return 0; }
        shell= ;;
    esac
    if [ -n "$shell" ]; then
        rm -rf "$B" && new_bundle
        (cd "$B" && eval "$shell")
    fi
    jq -c "$jq" "$T/good.json" > "$B/config.json" || return 1
    out=$("$CFS" check --host "$B" 2>&1) && rc=0 || rc=$?
    case $how in document) want=1 ;; host) want=2 ;; -) want=0 ;; esac
    [ "$rc" = "$want" ] || { printf '%s: check --host exits with %s, not %s: %s\n' "$name" "$rc" "$want" "$out"; return 1; }
    [ "$how" = - ] || contains "$out" "$text" || { echo "... $name"; return 1; }
    out=$("$CFS" check "$B" 2>&1) && rc=0 || rc=$?
    [ "$how" = document ] && want=1 || want=0
    [ "$rc" = "$want" ] || { printf '%s: check exits with %s, not %s: %s\n' "$name" "$rc" "$want" "$out"; return 1; }
    out=$(cfs run -b "$B" "$ID" < /dev/null 2>&1) && rc=0 || rc=$?
    # Not the program's own status: the inspector ends with 0.
    [ "$rc" != 0 ] || { echo "$name: run takes it"; return 1; }
    [ -z "$shell" ] || { rm -rf "$B" && new_bundle; }
}

# rows FIRST-LAST: a part of the table, so that no test takes long.
rows() {
    local n=0 failed=0 name how text jq shell first=${1%-*} last=${1#*-}
    root_only
    new_bundle
    cp "$B/config.json" "$T/good.json"
    while IFS=$'\t' read -r name how text jq shell; do
        case $name in '#'* | '') continue ;; esac
        n=$((n + 1))
        [ "$n" -ge "$first" ] && [ "$n" -le "$last" ] || continue
        row "$name" "$how" "$text" "$jq" "$shell" || failed=$((failed + 1))
    done < "$BATS_TEST_DIRNAME/../corpus/bundles.tsv"
    is "$failed" 0 "rows of bundles.tsv"
    [ "$n" -ge "$first" ]
}

@test "check --host finds what run refuses: the first forty bad bundles" { rows 1-40; }

@test "check --host finds what run refuses: the next forty" { rows 41-80; }

@test "check --host finds what run refuses: the others" { rows 81-1000; }

@test "what the decoder refuses, check and create refuse with the same first line" {
    new_bundle
    local f n=0
    for f in "$BATS_TEST_DIRNAME"/../corpus/config/bad/*.json; do
        run "$CFS" check --config "$f" "$B"
        is "$status" 1 "$f"
        local checked
        checked=$(grep -v ': note: ' <<< "$output" | head -1)
        run cfs create -b "$B" --config "$f" "$ID"
        is "$status" 1 "$f"
        is "${lines[0]}" "cfs: $checked" "$f"
        n=$((n + 1))
    done
    [ "$n" -gt 100 ]
}

@test "a good bundle is ok, with --host and without; as JSON it is an empty list" {
    new_bundle
    run "$CFS" check "$B"
    is "$status $output" "0 config.json: ok"
    run "$CFS" check --host "$B"
    # What only root may ask the kernel, and the capabilities that only root has, are notes to other users.
    [ "$EUID" = 0 ] || output=$(grep -v ': note: ' <<< "$output")
    is "$status $output" "0 config.json: ok"
    [ "$EUID" != 0 ] || is "$("$CFS" check --host --format json "$B")" "[]"
}

@test "all problems are reported at once, with their positions, those of the host too" {
    root_only
    new_bundle '.process.args = ["/no"] | .process.cwd = "/etc/passwd" | .linux.sysctl = {"net.ipv4.moon": "1"} |
        .hooks = {"poststop": [{"path": "/gone"}]} | .mounts[1].options += ["moon=full"] | .linux.namespaces[1].path = "/gone"'
    run "$CFS" check --host "$B"
    is "$status" 2
    for p in 'process.args[0]' process.cwd 'linux.sysctl["net.ipv4.moon"]' 'hooks.poststop[0].path' 'mounts[1].options[4]' \
        'linux.namespaces[1].path'; do
        grep -qE "^config\.json:[0-9]+:[0-9]+: " <<< "$(grep -F ": $p: " <<< "$output")" || { echo "$p: $output"; return 1; }
    done
    is "$(grep -c '^config.json:' <<< "$output")" 6
}

@test "what run warns of, check notes" {
    root_only
    new_bundle '.process.capabilities.bounding += ["CAP_MOON"] | .mounts += [{"destination": "tmp/x", "type": "tmpfs", "source": "tmpfs"}] |
        .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["moonwalk"], "action": "SCMP_ACT_ERRNO"}]}'
    run "$CFS" check --host "$B"
    is "$status" 0 "$output"
    local warned
    warned=$(cfs --log-level warning run -b "$B" "$ID" 2>&1 > /dev/null < /dev/null)
    for w in CAP_MOON tmp/x moonwalk; do
        contains "$(grep note: <<< "$output")" "$w"
        contains "$warned" "$w"
    done
    contains "$output" "config.json: ok"
}

@test "a program on a mount whose content is made later: check says that it cannot know" {
    root_only
    new_bundle '.process.args = ["/opt/tool"] | .mounts += [{"destination": "/opt", "type": "tmpfs", "source": "tmpfs"}]'
    run "$CFS" check --host "$B"
    is "$status" 0
    contains "$output" 'process.args[0]: note: whether `/opt/tool` can be executed is not known before it is: `/opt` lies on mounts[7]'
}

@test "a link of the root file system is followed inside: /bin -> usr/bin, and a mount behind it" {
    root_only
    new_bundle '.process.args = ["/bin/inspector"] | .mounts += [{"destination": "/usr", "source": "usr", "options": ["rbind"]}]'
    mkdir -p "$B/usr" "$B/rootfs/usr"
    mv "$B/rootfs/bin" "$B/usr/bin"
    ln -s /usr/bin "$B/rootfs/bin"
    run "$CFS" check --host "$B"
    is "$status $output" "0 config.json: ok"
    cfs run -b "$B" "$ID" < /dev/null > /dev/null
}
