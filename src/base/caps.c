/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities: their names as config.json writes them (upper case, with or without the prefix), and the sets
 * of a thread as 64 bits.
 *
 * libcap knows the numbers of the names. The sets are read and written by capget(2) and capset(2), which
 * libcap declares and which carry each set as two words of 32 bits: its own cap_get_proc(3) and
 * cap_set_proc(3) would ask for the version before each of them, and by six calls how many capabilities the
 * kernel has.
 */
#include "base/caps.h"
#include "base/cleanup.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#define PREFIX   "CAP_"
#define MAX_NAME 64
#define LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* By number: linux/capability.h. Ours, since cap_to_name(3) allocates what it returns. */
static const char *const caps_names[] = {
        [CAP_CHOWN] = "CAP_CHOWN",
        [CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
        [CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
        [CAP_FOWNER] = "CAP_FOWNER",
        [CAP_FSETID] = "CAP_FSETID",
        [CAP_KILL] = "CAP_KILL",
        [CAP_SETGID] = "CAP_SETGID",
        [CAP_SETUID] = "CAP_SETUID",
        [CAP_SETPCAP] = "CAP_SETPCAP",
        [CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
        [CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
        [CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
        [CAP_NET_ADMIN] = "CAP_NET_ADMIN",
        [CAP_NET_RAW] = "CAP_NET_RAW",
        [CAP_IPC_LOCK] = "CAP_IPC_LOCK",
        [CAP_IPC_OWNER] = "CAP_IPC_OWNER",
        [CAP_SYS_MODULE] = "CAP_SYS_MODULE",
        [CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
        [CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
        [CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
        [CAP_SYS_PACCT] = "CAP_SYS_PACCT",
        [CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
        [CAP_SYS_BOOT] = "CAP_SYS_BOOT",
        [CAP_SYS_NICE] = "CAP_SYS_NICE",
        [CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
        [CAP_SYS_TIME] = "CAP_SYS_TIME",
        [CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
        [CAP_MKNOD] = "CAP_MKNOD",
        [CAP_LEASE] = "CAP_LEASE",
        [CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
        [CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
        [CAP_SETFCAP] = "CAP_SETFCAP",
        [CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
        [CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
        [CAP_SYSLOG] = "CAP_SYSLOG",
        [CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
        [CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
        [CAP_AUDIT_READ] = "CAP_AUDIT_READ",
        [CAP_PERFMON] = "CAP_PERFMON",
        [CAP_BPF] = "CAP_BPF",
        [CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};

unsigned caps_count(void)
{
        return ARRAY_SIZE(caps_names);
}

const char *caps_name(unsigned cap)
{
        return cap < caps_count() ? caps_names[cap] : NULL;
}

/* cap_from_name(3) also takes a number, and stops where a name ends: neither is a name. */
int caps_number(const char *name)
{
        char full[MAX_NAME] = PREFIX;
        cap_value_t cap;
        size_t n;

        if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
                name += strlen(PREFIX);
        n = strspn(name, LETTERS "_");
        if (name[n] || n >= sizeof(full) - strlen(PREFIX))
                return -1;
        memcpy(full + strlen(PREFIX), name, n + 1);
        if (cap_from_name(full, &cap) < 0)
                return -1;
        return (unsigned)cap < caps_count() ? cap : -1;
}

/* The low and the high word of a set. */
static uint64_t join(uint32_t low, uint32_t high)
{
        return low | (uint64_t)high << 32;
}

int caps_get(struct caps *ret)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3] = { 0 };

        if (capget(&header, d) < 0)
                return -errno;
        *ret = (struct caps){ .effective = join(d[0].effective, d[1].effective),
                              .permitted = join(d[0].permitted, d[1].permitted),
                              .inheritable = join(d[0].inheritable, d[1].inheritable) };
        return 0;
}

int caps_set(const struct caps *caps)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];

        for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
                d[i] = (struct __user_cap_data_struct){ .effective = (uint32_t)(caps->effective >> 32 * i),
                                                        .permitted = (uint32_t)(caps->permitted >> 32 * i),
                                                        .inheritable =
                                                                (uint32_t)(caps->inheritable >> 32 * i) };
        return capset(&header, d) < 0 ? -errno : 0;
}

bool caps_effective(unsigned cap)
{
        struct caps c = { 0 };

        return caps_get(&c) == 0 && (c.effective & CAPS_BIT(cap));
}
