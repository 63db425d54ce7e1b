/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities: names and raw system calls.
 *
 * The names are our own table rather than libcap's, which is as old as the library that happens to be installed: the
 * numbers never change, and a new one is appended here. The last ones are written as numbers, since the headers that
 * cfs is built with may not have them.
 *
 * capset(2) and capget(2) take 64 bits as two structures of 32, version 3 of their interface.
 */
#include "base/caps.h"
#include "base/cleanup.h"
#include <errno.h>
#include <linux/capability.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PREFIX "CAP_"

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
        [38] = "CAP_PERFMON",
        [39] = "CAP_BPF",
        [40] = "CAP_CHECKPOINT_RESTORE",
};

unsigned caps_count(void)
{
        return ARRAY_SIZE(caps_names);
}

const char *caps_name(unsigned cap)
{
        return cap < ARRAY_SIZE(caps_names) ? caps_names[cap] : NULL;
}

int caps_number(const char *name)
{
        const size_t skip = sizeof(PREFIX) - 1;

        if (strncasecmp(name, PREFIX, skip) == 0)
                name += skip;
        for (unsigned i = 0; i < ARRAY_SIZE(caps_names); i++)
                if (strcasecmp(caps_names[i] + skip, name) == 0)
                        return (int)i;
        return -1;
}

int caps_get(struct caps *ret)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

        if (syscall(SYS_capget, &head, data) < 0)
                return -errno;
        *ret = (struct caps){
                .effective = data[0].effective | (uint64_t)data[1].effective << 32,
                .permitted = data[0].permitted | (uint64_t)data[1].permitted << 32,
                .inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32,
        };
        return 0;
}

int caps_set(const struct caps *caps)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

        for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
                data[i] = (struct __user_cap_data_struct){
                        .effective = (uint32_t)(caps->effective >> 32 * i),
                        .permitted = (uint32_t)(caps->permitted >> 32 * i),
                        .inheritable = (uint32_t)(caps->inheritable >> 32 * i),
                };
        return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

bool caps_effective(unsigned cap)
{
        struct caps c;

        return caps_get(&c) == 0 && (c.effective & CAPS_BIT(cap));
}
