# SPDX-License-Identifier: LGPL-2.1-or-later
# What all suites use. tests/engines/run made the namespaces that they run in, and set:
#
#   $ENGINES        a directory of the suite's own (a tmpfs), removed at the end
#   $RUNTIME        cfs, runc, crun: the name under which the engine knows the runtime
#   $RUNTIME_PATH   the executable
#   $TAG            a name for cgroups and the like that is the suite's own
#
#   try CMD...      runs it with a time limit: $status, $output (both streams, without the last newline)
#   ok CMD...       the same, and fails unless it succeeds, with its output
#   fails N CMD...  the same, and fails unless the exit status is N
#   is, contains, lacks: comparisons that show both sides
#   no_staircase    what a terminal showed, line by line, began at its left edge
#
# A case that this machine, or the engine on it, cannot run says why: skip "REASON".

: "${ENGINES:?start me with tests/engines/run}"

# On a machine that has other things to do, engines give up waiting for themselves: $RETRIES more tries, each of which is seen.
BATS_TEST_RETRIES=${RETRIES:-0}
[ "${BATS_TEST_TRY_NUMBER:-1}" -le 1 ] || echo "# tried again: $BATS_TEST_NAME" >&3

try() {
    status=0
    output=$(timeout --foreground --kill-after=5 "${LIMIT:-60}" "$@" 2>&1) || status=$?
}

# After a command on a terminal: every line ends in CR LF. A bare newline begins the next line below the end of the last one.
no_staircase() {
    case ${output//$'\r\n'/} in
        *$'\n'*) printf 'a line ends in a bare newline: %q\n' "$output" >&2 && return 1 ;;
    esac
    [ -n "${output//[^$'\r']/}" ] || { echo "no line ends in a carriage return" >&2; return 1; }
}

# Functions have no place in timeout(1): the helpers of the suites put the engine's command line into an array, and
# this hands it on.
ok() {
    try "$@"
    [ "$status" -eq 0 ] && return
    printf 'exit status %s of: %s\n%s\n' "$status" "$*" "$output" >&2
    return 1
}

fails() {
    local expected=$1
    shift
    try "$@"
    [ "$status" -eq "$expected" ] && return
    printf 'exit status %s where %s was expected, of: %s\n%s\n' "$status" "$expected" "$*" "$output" >&2
    return 1
}

is() {
    [ "$1" = "$2" ] && return
    printf 'got      [%s]\nexpected [%s]%s\n' "$1" "$2" "${3:+ ($3)}" >&2
    return 1
}

contains() {
    case "$1" in *"$2"*) return 0 ;; esac
    printf 'got [%s]\nwhich does not contain [%s]\n' "$1" "$2" >&2
    return 1
}

lacks() {
    case "$1" in *"$2"*) ;; *) return 0 ;; esac
    printf 'got [%s]\nwhich contains [%s]\n' "$1" "$2" >&2
    return 1
}

matches() {
    grep -Eq -- "$2" <<<"$1" && return
    printf 'got [%s]\nwhich does not match [%s]\n' "$1" "$2" >&2
    return 1
}

# Waits (at most 15 s) until a command succeeds.
wait_for() {
    local i
    for ((i = 0; i < 150; i++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "gave up waiting for: $*" >&2
    return 1
}

needs() { command -v "$1" >/dev/null || skip "needs $1, which is not installed"; }

# --- images -----------------------------------------------------------------------------------------------------------

# A root file system of busybox: no registry is asked.
make_busybox() {
    local r=$1 a
    mkdir -p "$r"/{bin,sbin,etc,proc,sys,dev,tmp,root,run,mnt,var/tmp,home/user,usr/bin,data}
    cp "$(command -v busybox)" "$r/bin/busybox"
    for a in $("$r/bin/busybox" --list); do [ "$a" = busybox ] || ln -sf busybox "$r/bin/$a"; done
    printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$r/etc/passwd"
    printf 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n' >"$r/etc/group"
    echo of-the-image >"$r/data/file"
    printf '#!/bin/nowhere\n' >"$r/bin/no-interpreter"
    printf '#!/bin/sh\nsleep 1\necho late\nexit 3\n' >"$r/bin/late"
    chmod 755 "$r/bin/no-interpreter" "$r/bin/late"
    chmod 1777 "$r/tmp" "$r/var/tmp"
    chown 1000:1000 "$r/home/user"
}

# A Debian with glibc, bash and coreutils, out of packages that are installed here (debootstrap would want a mirror).
make_debian() {
    local r=$1 p merged='' packages=(base-files base-passwd bash coreutils dash libacl1 libattr1 libc6 libc-bin libcap2 libcap-ng0
        libgcc-s1 libgmp10 libpcre2-8-0 libselinux1 libtinfo6 libcrypt1 libpam0g libaudit1 mawk grep sed util-linux
        util-linux-extra libblkid1 libmount1 libsmartcols1 libuuid1 libudev1)
    mkdir -p "$r"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,proc,sys,dev,tmp,root,run,var/tmp}
    # dpkg lists /bin/bash for what is /usr/bin/bash on a merged /usr.
    for p in bin sbin lib lib64; do
        if [ -L "/$p" ]; then ln -s "usr/$p" "$r/$p" && merged+=" -e s,^/$p/,/usr/$p/,"; fi
    done
    # shellcheck disable=SC2086 # words
    dpkg-query -L "${packages[@]}" 2>/dev/null | grep '^/' | grep -vE '^/usr/share/(doc|man|locale|info|lintian)' | sed -e s,x,x, $merged |
        sort -u | while read -r p; do if [ -L "$p" ] || [ -f "$p" ]; then echo "${p#/}"; fi; done |
        tar -C / --create --files-from=- | tar -x -C "$r" --no-same-owner || return 1
    cp "$r/usr/share/base-passwd/passwd.master" "$r/etc/passwd"
    cp "$r/usr/share/base-passwd/group.master" "$r/etc/group"
    ln -sf bash "$r/usr/bin/sh"
    chmod 1777 "$r/tmp" "$r/var/tmp"
}

# Made once a suite; prints the path of the archive.
image_tar() {
    local t="$ENGINES/$1.tar"
    if [ ! -f "$t" ]; then
        "make_$1" "$ENGINES/$1.root" && tar -C "$ENGINES/$1.root" -cf "$t.new" . && mv "$t.new" "$t" || return 1
    fi
    echo "$t"
}

# --- cgroups ----------------------------------------------------------------------------------------------------------

# The directory of a cgroup's controller, whether it is on a hierarchy of version 1 or on version 2.
cg_dir() {
    local controller=$1 path=$2
    if [ -d "/sys/fs/cgroup/$controller$path" ]; then
        echo "/sys/fs/cgroup/$controller$path"
    else
        echo "/sys/fs/cgroup$path"
    fi
}

# cg PID CONTROLLER V1-FILE V2-FILE: the value of a limit of a process's cgroup; the files are read as this host has them.
cg() {
    local path root
    path=$(awk -F: -v c="$2" '{ n = split($2, a, ","); for (i = 1; i <= n; i++) if (a[i] == c) print $3 }' "/proc/$1/cgroup")
    if [ -n "$path" ]; then
        cat "/sys/fs/cgroup/$2$path/$3"
    else
        path=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
        root=/sys/fs/cgroup
        [ ! -d $root/unified ] || root=$root/unified
        cat "$root$path/$4"
    fi
}

# Directories of that name in cgroup file systems.
cgroups_named() { find /sys/fs/cgroup \( -fstype cgroup -o -fstype cgroup2 \) -type d -name "$1"; }

cg_v2() { [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; }

# has_controller NAME: somewhere, for processes to be limited by.
has_controller() { [ -d "/sys/fs/cgroup/$1" ] || grep -qw "$1" /sys/fs/cgroup/cgroup.controllers 2>/dev/null; }
