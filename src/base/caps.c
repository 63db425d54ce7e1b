/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities: libcap's names and sets, in the form that cfs wants.
 *
 * libcap is asked for names, the kernel's sets and how to change them. Around it: names as config.json writes them
 * (upper case, with or without the prefix), sets as 64 bits, and no plain numbers, which libcap takes for names.
 */
#include "base/caps.h"
#include "base/constructors.h"
#include "base/cleanup.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#define PREFIX   "CAP_"
#define LETTERS  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define MAX_CAPS 64
#define MAX_NAME 32

/* Upper case, as far as libcap has a name: filled when the first one is asked for. */
static char caps_names[MAX_CAPS][MAX_NAME];
static unsigned caps_known;

unsigned caps_max(void)
{
        constructors_needed();
        return (unsigned)cap_max_bits();
}

static void load_names(void)
{
        constructors_needed();
        for (unsigned cap = 0; caps_known == cap && cap < MAX_CAPS; cap++) {
                char *name = cap_to_name((cap_value_t)cap);

                /* Where it has no name, libcap prints the number. */
                if (name && strncasecmp(name, PREFIX, strlen(PREFIX)) == 0 && strlen(name) < MAX_NAME) {
                        for (size_t i = 0; name[i]; i++)
                                caps_names[cap][i] = (char)toupper((unsigned char)name[i]);
                        caps_known++;
                }
                (void)cap_free(name);
        }
}

unsigned caps_count(void)
{
        if (caps_known == 0)
                load_names();
        return caps_known;
}

const char *caps_name(unsigned cap)
{
        return cap < caps_count() ? caps_names[cap] : NULL;
}

int caps_number(const char *name)
{
        char full[MAX_NAME];
        cap_value_t value;

        if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
                name += strlen(PREFIX);
        /* libcap takes what follows the name for part of a text form such as "cap_chown=p", and ignores it. */
        if (!isalpha((unsigned char)name[0]) || name[strspn(name, LETTERS)] ||
            (size_t)snprintf(full, sizeof(full), "cap_%s", name) >= sizeof(full))
                return -1;
        constructors_needed();
        return cap_from_name(full, &value) < 0 ? -1 : (int)value;
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
