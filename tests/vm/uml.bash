# SPDX-License-Identifier: LGPL-2.1-or-later
# User-mode Linux: a Linux 6.1 that is an ordinary process. Debian's package user-mode-linux, installed, or downloaded and
# unpacked below VM_DIR. See run.

machine_get() {
        kernel=/usr/bin/linux.uml modules=/usr/lib/uml/modules
        if [ ! -x $kernel ]; then
                kernel=$VM_DIR/kernel/usr/bin/linux.uml modules=$VM_DIR/kernel/usr/lib/uml/modules
        fi
        [ -x "$kernel" ] || fetch user-mode-linux kernel
        modules=$(find "$modules" -mindepth 1 -maxdepth 1 | head -n 1)

        if [ ! "$VM_DIR/xstate.so" -nt "$here/xstate.c" ]; then
                # The general registers only: it runs in the middle of saving the others.
                "${CC:-cc}" -O2 -fPIC -shared -mgeneral-regs-only -o "$VM_DIR/xstate.so" "$here/xstate.c" -ldl ||
                        unavailable "xstate.c cannot be compiled"
        fi
}

machine_run() {
        # The guest's memory is a file: it needs a file system that allows to execute it and has room; memory is fastest.
        local memory=/dev/shm cpus
        [ -w $memory ] && ! grep -q ' /dev/shm .*noexec' /proc/mounts && [ "$(df --output=avail -m $memory | tail -n 1)" -gt 2048 ] || memory=$VM_DIR
        # One processor: the kernel and its processes take turns, and to wake up another processor for each turn takes four
        # times as long. VM_CPU says which one when several machines run side by side.
        if [ -z "${VM_CPU-}" ]; then
                read -ra cpus < <(taskset -cp $$ | sed 's/.*: //; s/[,-]/ /g')
                VM_CPU=${cpus[RANDOM % ${#cpus[@]}]}
        fi
        # The PID namespace holds all of the machine, which is hundreds of processes that stop each other: when we are ended,
        # even with SIGKILL, ends them.
        # shellcheck disable=SC2086 # arguments are words
        TMPDIR=$memory LD_PRELOAD=$VM_DIR/xstate.so setpriv --pdeathsig KILL unshare --mount-proc --pid --fork --kill-child=KILL \
                taskset -c "$VM_CPU" timeout --foreground -k 5 "$seconds" "$kernel" mem=1536M "uml_dir=$job" umid=machine \
                root=/dev/root rootfstype=hostfs rootflags=/ ro con=null con0=null,fd:1 "$@" < /dev/null > "$job/console" 2>&1 &
        wait $!
}
