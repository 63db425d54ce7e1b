#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# env-legacy.sh COMMAND...: runs it in a private mount namespace where the host looks like a pure cgroup v1 one: what is
# mounted at /sys/fs/cgroup/unified on a hybrid host is hidden. Nothing changes outside.
# shellcheck disable=SC2016 # $@ is for the inner shell
exec unshare -m --propagation private sh -c '
        if [ -d /sys/fs/cgroup/unified ]; then
                mount -t tmpfs -o mode=755,size=64k none /sys/fs/cgroup/unified || exit
        fi
        exec "$@"' sh "$@"
