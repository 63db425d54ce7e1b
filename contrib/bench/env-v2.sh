#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# env-v2.sh COMMAND...: runs it in a private mount namespace where the host looks like a pure cgroup v2 one, with those
# controllers that no v1 hierarchy holds. Nothing changes outside.
# shellcheck disable=SC2016 # $@ is for the inner shell
exec unshare -m --propagation private sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"
