/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This machine's processor as images name it: GOARCH, as the OCI image specification demands.
 */
#ifndef BOX_CORE_ARCHITECTURE_H
#define BOX_CORE_ARCHITECTURE_H

static inline const char *architecture_name(void)
{
#if defined(__x86_64__)
        return "amd64";
#elif defined(__aarch64__)
        return "arm64";
#elif defined(__i386__)
        return "386";
#elif defined(__arm__)
        return "arm";
#elif defined(__riscv)
        return "riscv64";
#elif defined(__powerpc64__)
        return "ppc64le";
#elif defined(__s390x__)
        return "s390x";
#elif defined(__loongarch__)
        return "loong64";
#else
#error "what does Go call this processor?"
#endif
}

#endif
