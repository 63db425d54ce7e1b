/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The compiler of seccomp filters. The input is a linux.seccomp object. Whatever the decoder takes compiles
 * to a program that the kernel would take, or is refused for its size; and every run of it ends in a verdict.
 */
#include "fuzz.h"
#include "libcfs/seccomp/filter.h"
#include "oci.h"
#include <linux/seccomp.h>

/* The kernel's rules: seccomp_check_filter() and bpf_check_classic(). */
static void verify(const struct filter *f)
{
        CHECK(f->n > 0 && f->n <= BPF_MAXINSNS);
        for (unsigned pc = 0; pc < f->n; pc++) {
                const struct sock_filter *i = &f->code[pc];

                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        CHECK(i->k % 4 == 0 && i->k < sizeof(struct seccomp_data));
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                case BPF_RET | BPF_K:
                        break;
                case BPF_JMP | BPF_JA:
                        CHECK(i->k < f->n - pc - 1);
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                case BPF_JMP | BPF_JGE | BPF_K:
                case BPF_JMP | BPF_JGT | BPF_K:
                case BPF_JMP | BPF_JSET | BPF_K:
                        CHECK(i->jt < f->n - pc - 1 && i->jf < f->n - pc - 1);
                        break;
                default:
                        abort();
                }
        }
        /* All jumps go forward, so a last instruction that returns makes every run end. */
        CHECK(f->code[f->n - 1].code == (BPF_RET | BPF_K));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct oci_arena *arena = NULL;
        struct cfs_error err = { 0 };
        struct filter f;
        void *root;

        if (oci_decode(&oci_seccomp_type, "seccomp", (const char *)data, size, &root, &arena, &err) < 0)
                return 0;
        err = (struct cfs_error){ 0 };
        if (filter_compile(root, &f, &err) >= 0) {
                verify(&f);
                filter_free(&f);
        } else {
                CHECK(err.code == CFS_E_INVALID && strstr(err.text, "4096"));
        }
        oci_arena_free(arena);
        return 0;
}
