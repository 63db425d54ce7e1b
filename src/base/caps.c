/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities: libcap's names and sets, in the form that cfs wants.
 *
 * libcap is asked for the kernel's sets and how to change them. Around it: names as config.json writes them
 * (upper case, with or without the prefix), and sets as 64 bits.
 */
#include "base/caps.h"
#include "base/constructors.h"
#include "base/cleanup.h"
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#define PREFIX   "CAP_"
#define MAX_CAPS 64

/* By number: linux/capability.h. Ours, since libcap allocates each name that it is asked for, and one that
 * it could not allocate must not be a capability that there is not. */
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

unsigned caps_max(void)
{
        constructors_needed();
        return (unsigned)cap_max_bits();
}

unsigned caps_count(void)
{
        return ARRAY_SIZE(caps_names);
}

const char *caps_name(unsigned cap)
{
        return cap < caps_count() ? caps_names[cap] : NULL;
}

int caps_number(const char *name)
{
        if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
                name += strlen(PREFIX);
        for (unsigned cap = 0; cap < ARRAY_SIZE(caps_names); cap++)
                if (strcasecmp(name, caps_names[cap] + strlen(PREFIX)) == 0)
                        return (int)cap;
        return -1;
}

static int get_flag(cap_t set, unsigned cap, cap_flag_t flag, uint64_t *bits)
{
        cap_flag_value_t on;

        if (cap_get_flag(set, (cap_value_t)cap, flag, &on) < 0)
                return -errno;
        if (on == CAP_SET)
                *bits |= CAPS_BIT(cap);
        return 0;
}

int caps_get(struct caps *ret)
{
        struct caps c = { 0 };
        cap_t set = cap_get_proc();
        int r = set ? 0 : -errno;

        for (unsigned cap = 0; r == 0 && cap < caps_max(); cap++) {
                r = get_flag(set, cap, CAP_EFFECTIVE, &c.effective);
                if (r == 0)
                        r = get_flag(set, cap, CAP_PERMITTED, &c.permitted);
                if (r == 0)
                        r = get_flag(set, cap, CAP_INHERITABLE, &c.inheritable);
        }
        (void)cap_free(set);
        if (r == 0)
                *ret = c;
        return r;
}

static int set_flag(cap_t set, cap_flag_t flag, uint64_t bits)
{
        cap_value_t list[MAX_CAPS];
        int n = 0;

        for (int cap = 0; cap < MAX_CAPS; cap++)
                if (bits & CAPS_BIT(cap))
                        list[n++] = cap;
        return n > 0 && cap_set_flag(set, flag, n, list, CAP_SET) < 0 ? -errno : 0;
}

int caps_set(const struct caps *caps)
{
        cap_t set = cap_init();
        int r = set ? set_flag(set, CAP_EFFECTIVE, caps->effective) : -errno;

        if (r == 0)
                r = set_flag(set, CAP_PERMITTED, caps->permitted);
        if (r == 0)
                r = set_flag(set, CAP_INHERITABLE, caps->inheritable);
        if (r == 0 && cap_set_proc(set) < 0)
                r = -errno;
        (void)cap_free(set);
        return r;
}

bool caps_effective(unsigned cap)
{
        struct caps c;

        return caps_get(&c) == 0 && (c.effective & CAPS_BIT(cap));
}
