# SPDX-License-Identifier: LGPL-2.1-or-later
# QEMU without KVM, which needs nothing of the host: two processors, two memory nodes, and Debian's kernel for clouds, which
# has every controller. The host's files come through virtiofsd. Packages: qemu-system-x86 installed; the kernel is
# downloaded and unpacked below VM_DIR. See run.

# In the order in which they are loaded.
QEMU_MODULES="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci fuse virtiofs overlay configfs bfq null_blk"

machine_get() {
        local m image n=10
        command -v qemu-system-x86_64 > /dev/null || unavailable "needs qemu-system-x86"
        virtiofsd=$(ls /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd 2> /dev/null | head -n 1)
        [ -n "$virtiofsd" ] || unavailable "needs virtiofsd"
        command -v busybox > /dev/null || unavailable "needs a static busybox"
        if ! ls "$VM_DIR"/cloud/boot/vmlinuz-* > /dev/null 2>&1; then
                image=$(apt-cache depends linux-image-cloud-amd64 2> /dev/null | sed -n 's/^ *Depends: //p' | head -n 1)
                fetch "${image:-linux-image-cloud-amd64}" cloud
        fi
        kernel=$(ls "$VM_DIR"/cloud/boot/vmlinuz-*)
        modules=$(ls -d "$VM_DIR"/cloud/lib/modules/*)
        if [ ! "$VM_DIR/initrd" -nt "$here/qemu-init" ]; then
                rm -rf "$VM_DIR/initrd.d" && mkdir -p "$VM_DIR/initrd.d/bin" "$VM_DIR/initrd.d/modules"
                cp "$(command -v busybox)" "$VM_DIR/initrd.d/bin/busybox"
                cp "$here/qemu-init" "$VM_DIR/initrd.d/init"
                for m in $QEMU_MODULES; do
                        # Their order is in their names.
                        find "$modules" -name "$m.ko" -exec cp {} "$VM_DIR/initrd.d/modules/$n-$m.ko" \;
                        n=$((n + 1))
                done
                (cd "$VM_DIR/initrd.d" && find . | busybox cpio -o -H newc > "$VM_DIR/initrd") 2> /dev/null ||
                        unavailable "the initial RAM file system cannot be made"
                rm -rf "$VM_DIR/initrd.d"
        fi
}

# One process of many, the first of its PID namespace, has virtiofsd and the machine below it: when we are ended, even with
# SIGKILL, ends them.
machine_run() {
        export seconds kernel VM_DIR job virtiofsd
        # shellcheck disable=SC2016 # for the inner shell
        setpriv --pdeathsig KILL unshare --mount-proc --pid --fork --kill-child=KILL bash -c '
                "$virtiofsd" --socket-path="$job/virtiofs" -o source=/ -o sandbox=chroot -o cache=always -o xattr --rlimit-nofile=0 > "$job/virtiofsd" 2>&1 &
                for ((i = 0; i < 100; i++)); do [ -S "$job/virtiofs" ] && break; sleep 0.1; done
                timeout --foreground -k 5 "$seconds" qemu-system-x86_64 -machine q35 -cpu max -accel tcg,thread=multi -smp 2 -m 2048 \
                        -nodefaults -nographic -no-reboot -serial stdio -kernel "$kernel" -initrd "$VM_DIR/initrd" \
                        -object memory-backend-memfd,id=m0,size=1024M,share=on -numa node,memdev=m0,cpus=0 \
                        -object memory-backend-memfd,id=m1,size=1024M,share=on -numa node,memdev=m1,cpus=1 \
                        -chardev "socket,id=host,path=$job/virtiofs" -device vhost-user-fs-pci,chardev=host,tag=host,queue-size=1024 \
                        -append "$*"' qemu console=ttyS0 mitigations=off panic=-1 hugepages=32 "$@" < /dev/null > "$job/console" 2>&1 &
        wait $!
}
