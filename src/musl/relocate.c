/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Relocating the executable.
 *
 * A position independent executable has 3400 pointers in its tables, to each of which the address must be
 * added at which the kernel has put it. As they come from the linker each of them takes three words, to say
 * where it is and what to do; half of the instructions of a small command read these 80 KiB. With
 * `-z pack-relative-relocs` the linker writes a bit for each, 1 KiB in all (DT_RELR). musl reads that from
 * 1.2.4 on, in its dynamic linker. So it is done here, before musl's own start (entry.S), which finds nothing
 * left to do.
 *
 * configure uses this when the linker knows the option and the executable that comes out of it runs. The
 * order of functions (order.ld) is the linker's too, and made by contrib/bench/order.py.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR   36
#endif

extern __attribute__((visibility("hidden"))) const Elf64_Dyn _DYNAMIC[];
extern __attribute__((visibility("hidden"))) const char __ehdr_start[]; /* at address 0, as it was linked */

void relocate_self(void);

/* An even entry is the address of a pointer. An odd one has a bit for each of the 63 words behind those that
 * came before. No thread-local storage yet, where the stack protector has its value. */
__attribute__((used, no_stack_protector)) void relocate_self(void)
{
        uintptr_t base = (uintptr_t)__ehdr_start, *next = NULL;
        const uintptr_t *entry = NULL, *end;
        size_t size = 0;

        for (const Elf64_Dyn *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
                if (d->d_tag == DT_RELR)
                        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
                        entry = (const uintptr_t *)(base + d->d_un.d_ptr);
                else if (d->d_tag == DT_RELRSZ)
                        size = d->d_un.d_val;
        }
        if (!entry)
                return;
        for (end = entry + size / sizeof(*entry); entry < end; entry++) {
                if (!(*entry & 1)) {
                        /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
                        next = (uintptr_t *)(base + *entry);
                        *next++ += base;
                        continue;
                }
                if (!next) /* never: the first entry is an address */
                        return;
                for (uintptr_t bits = *entry >> 1; bits; bits &= bits - 1)
                        next[__builtin_ctzl(bits)] += base;
                next += 8 * sizeof(*entry) - 1;
        }
}
