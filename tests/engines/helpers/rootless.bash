# SPDX-License-Identifier: LGPL-2.1-or-later
# An ordinary user with subordinate ids and a runtime directory. $U makes a command that user's.

USER_NAME=cfsuser USER_ID=4711

# rootless_make: once a suite.
rootless_make() {
    needs newuidmap
    needs setpriv
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    local home="$ENGINES/user"
    echo "$USER_NAME:x:$USER_ID:$USER_ID::$home:/bin/bash" >>/etc/passwd
    echo "$USER_NAME:x:$USER_ID:" >>/etc/group
    echo "$USER_NAME:500000:65536" | tee -a /etc/subuid >>/etc/subgid
    mkdir -p "$home" "/run/user/$USER_ID"
    podman_configure "$home/p"
    image_tar busybox >/dev/null
    chmod 644 "$ENGINES"/*.tar
    chown -R $USER_ID:$USER_ID "$home" "/run/user/$USER_ID"
    chmod 700 "$home" "/run/user/$USER_ID"
    chmod 755 "$(dirname "$ENGINES")"
}

# rootless_use: sets U, and D, the directory of the user's engine.
rootless_use() {
    local home="$ENGINES/user"
    D="$home/p"
    PTY=("$ENGINES/bin/pty")
    C="c$BATS_TEST_NUMBER"
    U=(setpriv --reuid=$USER_ID --regid=$USER_ID --clear-groups --inh-caps=-all env -C / -u BATS_TMPDIR HOME="$home" USER=$USER_NAME
        XDG_RUNTIME_DIR=/run/user/$USER_ID TMPDIR="$D/tmp" CONTAINERS_CONF="$D/containers.conf" PATH="$PATH")
}
