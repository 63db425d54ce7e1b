/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the kernel enters the executable: start.c, relocate.c, then musl's own start, with the stack as the
 * kernel left it. In a file of its own, because -flto does not see what assembly within C defines.
 */
        .text
        .globl first_instruction
        .hidden first_instruction
        .type first_instruction, %function
first_instruction:
#if defined(__x86_64__)
        xor %ebp, %ebp
        mov %rsp, %rdi
        call before_relocation
        call relocate_self
        jmp _start
#elif defined(__aarch64__)
        bl relocate_self
        b _start
#endif
        .size first_instruction, . - first_instruction
        .section .note.GNU-stack, "", %progbits
