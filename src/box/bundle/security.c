/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the container may do: capabilities, system calls, devices, kernel parameters.
 *
 * By default a container's root has the 14 capabilities that docker and podman give, and a filter that denies
 * the system calls which lead out of a container or to rarely tested code of the kernel. (Most of them need
 * capabilities that are missing too: the filter is a second defence.)
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/bundle/security.h"
#include "box/bundle/config.h"
#include "box/core/directory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const char *const default_caps[] = {
        "CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",     "CAP_FSETID",
        "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
        "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT",
};

static const char *const all_caps[] = {
        "CAP_AUDIT_CONTROL",   "CAP_AUDIT_READ",   "CAP_AUDIT_WRITE",
        "CAP_BLOCK_SUSPEND",   "CAP_BPF",          "CAP_CHECKPOINT_RESTORE",
        "CAP_CHOWN",           "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
        "CAP_FOWNER",          "CAP_FSETID",       "CAP_IPC_LOCK",
        "CAP_IPC_OWNER",       "CAP_KILL",         "CAP_LEASE",
        "CAP_LINUX_IMMUTABLE", "CAP_MAC_ADMIN",    "CAP_MAC_OVERRIDE",
        "CAP_MKNOD",           "CAP_NET_ADMIN",    "CAP_NET_BIND_SERVICE",
        "CAP_NET_BROADCAST",   "CAP_NET_RAW",      "CAP_PERFMON",
        "CAP_SETFCAP",         "CAP_SETGID",       "CAP_SETPCAP",
        "CAP_SETUID",          "CAP_SYSLOG",       "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT",        "CAP_SYS_CHROOT",   "CAP_SYS_MODULE",
        "CAP_SYS_NICE",        "CAP_SYS_PACCT",    "CAP_SYS_PTRACE",
        "CAP_SYS_RAWIO",       "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
        "CAP_SYS_TTY_CONFIG",  "CAP_WAKE_ALARM",   NULL,
};

#define ALL_CAPS (ARRAY_SIZE(all_caps) - 1)

const char *const *security_all_caps(void)
{
        return all_caps;
}

/* Denied with EPERM. Sorted. */
static const char *const denied_calls[] = {
        "acct",
        "add_key",
        "bpf",
        "clock_adjtime",
        "clock_adjtime64",
        "clock_settime",
        "clock_settime64",
        "create_module",
        "delete_module",
        "finit_module",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "get_kernel_syms",
        "get_mempolicy",
        "init_module",
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "ioperm",
        "iopl",
        "kcmp",
        "kexec_file_load",
        "kexec_load",
        "keyctl",
        "lookup_dcookie",
        "mbind",
        "migrate_pages",
        "mount",
        "mount_setattr",
        "move_mount",
        "move_pages",
        "name_to_handle_at",
        "nfsservctl",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pivot_root",
        "process_vm_readv",
        "process_vm_writev",
        "query_module",
        "quotactl",
        "quotactl_fd",
        "reboot",
        "request_key",
        "set_mempolicy",
        "setdomainname",
        "sethostname",
        "setns",
        "settimeofday",
        "stime",
        "swapoff",
        "swapon",
        "sysfs",
        "umount",
        "umount2",
        "unshare",
        "uselib",
        "userfaultfd",
        "ustat",
        "vhangup",
        "vm86",
        "vm86old",
};

/* ---- capabilities -------------------------------------------------------------------------------------- */

/* "net_admin", "NET_ADMIN", "CAP_NET_ADMIN" */
static bool same_cap(const char *cap, const char *word)
{
        if (strncasecmp(word, "cap_", 4) == 0)
                word += 4;
        return strcasecmp(cap + 4, word) == 0;
}

static bool in_list(const char **list, const char *cap)
{
        for (; list && *list; list++)
                if (strcasecmp(*list, "all") == 0 || same_cap(cap, *list))
                        return true;
        return false;
}

static int check_caps(struct config *x, const char *option, const char **list)
{
        for (; list && *list; list++) {
                bool known = strcasecmp(*list, "all") == 0;

                for (size_t i = 0; !known && i < ALL_CAPS; i++)
                        known = same_cap(all_caps[i], *list);
                if (!known)
                        return err_set(x->err, CFS_E_INVALID, "--%s %s: there is no such capability", option,
                                       *list);
        }
        return 0;
}

static bool is_default_cap(const char *cap)
{
        for (size_t i = 0; i < ARRAY_SIZE(default_caps); i++)
                if (STREQ(default_caps[i], cap))
                        return true;
        return false;
}

static bool keeps(const struct run_options *o, const char *cap)
{
        bool named = false;

        for (const char **l = o->cap_add; l && *l; l++)
                named |= same_cap(cap, *l);
        if (named && !o->privileged) /* --cap-drop all --cap-add chown */
                return true;
        if (in_list(o->cap_drop, cap))
                return false;
        return o->privileged || is_default_cap(cap) || in_list(o->cap_add, cap);
}

static int capabilities(struct config *x)
{
        struct oci_process *p = x->c->process;
        struct oci_capabilities *caps = oci_arena_alloc(x->arena, sizeof(*caps));
        bool root = p->user->uid == 0;
        int r = check_caps(x, "cap-add", x->in->o->cap_add);

        if (!caps)
                return err_nomem(x->err);
        if (r >= 0)
                r = check_caps(x, "cap-drop", x->in->o->cap_drop);
        for (size_t i = 0; r >= 0 && i < ALL_CAPS; i++) {
                if (!keeps(x->in->o, all_caps[i]))
                        continue;
                r = config_append(x, &caps->bounding, &caps->n_bounding, "%s", all_caps[i]);
                if (r >= 0 && root)
                        r = config_append(x, &caps->effective, &caps->n_effective, "%s", all_caps[i]);
                if (r >= 0 && root)
                        r = config_append(x, &caps->permitted, &caps->n_permitted, "%s", all_caps[i]);
        }
        p->capabilities = caps;
        return r;
}

/* ---- system calls -------------------------------------------------------------------------------------- */

static int default_seccomp(struct config *x)
{
        struct oci_seccomp *s = oci_arena_alloc(x->arena, sizeof(*s));
        struct oci_syscall *call = oci_arena_alloc(x->arena, sizeof(*call));
        bool admin = false;
        int r = 0;

        if (!s || !call || !(s->syscalls = oci_arena_alloc(x->arena, sizeof(*s->syscalls))))
                return err_nomem(x->err);
        for (size_t i = 0; i < x->c->process->capabilities->n_bounding; i++)
                admin |= STREQ(x->c->process->capabilities->bounding[i], "CAP_SYS_ADMIN");
        if (admin) /* a user who adds CAP_SYS_ADMIN wants mount(2) to work */
                return 0;
        s->default_action = (char *)"SCMP_ACT_ALLOW";
        call->action = (char *)"SCMP_ACT_ERRNO";
        call->errno_ret = EPERM;
        call->has_errno_ret = true;
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(denied_calls); i++)
                r = config_append(x, &call->names, &call->n_names, "%s", denied_calls[i]);
        s->syscalls[0] = call;
        s->n_syscalls = 1;
        x->c->linux->seccomp = s;
        return r;
}

static int seccomp_file(struct config *x, const char *path)
{
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r = io_read_file(AT_FDCWD, path, 4U << 20, &text, &len, x->err);

        if (r >= 0)
                r = oci_decode(&oci_seccomp_type, path, text, len, (void **)&x->c->linux->seccomp,
                               &x->seccomp_arena, x->err);
        return r;
}

/* What follows "NAME=" or "NAME:", NULL: it is another one. */
static const char *value_of(const char *text, const char *name)
{
        size_t n = strlen(name);

        return strncmp(text, name, n) == 0 && (text[n] == '=' || text[n] == ':') ? text + n + 1 : NULL;
}

static int no_new_privileges(struct config *x, const char *text, const char *value)
{
        if (value && !STREQ(value, "true") && !STREQ(value, "false"))
                return err_set(x->err, CFS_E_INVALID, "--security-opt %s: expected true or false", text);
        x->c->process->no_new_privileges = !value || STREQ(value, "true");
        return 0;
}

static int security_option(struct config *x, const char *text, const char **seccomp)
{
        const char *value;

        if ((value = value_of(text, "seccomp")))
                *seccomp = value;
        else if ((value = value_of(text, "apparmor")))
                x->c->process->apparmor_profile = oci_arena_strdup(x->arena, value);
        else if (STREQ(text, "no-new-privileges") || (value = value_of(text, "no-new-privileges")))
                return no_new_privileges(x, text, value);
        else if ((value = value_of(text, "label")))
                x->c->process->selinux_label =
                        STREQ(value, "disable") ? NULL : oci_arena_strdup(x->arena, value);
        else if ((value = value_of(text, "systempaths")) && STREQ(value, "unconfined"))
                x->c->linux->n_masked_paths = x->c->linux->n_readonly_paths = 0;
        else
                return err_hint(x->err,
                                err_set(x->err, CFS_E_INVALID, "--security-opt %s is not known", text),
                                "seccomp=unconfined|FILE, apparmor=PROFILE, label=disable|CONTEXT, "
                                "systempaths=unconfined, no-new-privileges[=false]");
        return 0;
}

static int security_options(struct config *x)
{
        const char *seccomp = NULL;
        int r = 0;

        x->c->process->no_new_privileges = false;
        for (const char **o = x->in->o->security_opts; r >= 0 && o && *o; o++)
                r = security_option(x, *o, &seccomp);
        x->c->process->has_no_new_privileges = true;
        if (r < 0 || (seccomp && STREQ(seccomp, "unconfined")) || (!seccomp && x->in->o->privileged))
                return r;
        return seccomp ? seccomp_file(x, seccomp) : default_seccomp(x);
}

/* ---- devices ------------------------------------------------------------------------------------------- */

static int add_device(struct config *x, const struct stat *st, const char *path, const char *access)
{
        struct oci_linux *l = x->c->linux;
        struct oci_resources *res = l->resources;
        struct oci_device **devices = oci_arena_alloc(x->arena, (l->n_devices + 1) * sizeof(*devices));
        struct oci_device_rule **rules = oci_arena_alloc(x->arena, (res->n_devices + 1) * sizeof(*rules));
        struct oci_device *d = oci_arena_alloc(x->arena, sizeof(*d));
        struct oci_device_rule *rule = oci_arena_alloc(x->arena, sizeof(*rule));

        if (!devices || !rules || !d || !rule)
                return err_nomem(x->err);
        *d = (struct oci_device){ .type = (char *)(S_ISBLK(st->st_mode) ? "b" : "c"),
                                  .path = oci_arena_strdup(x->arena, path),
                                  .major = major(st->st_rdev),
                                  .has_major = true,
                                  .minor = minor(st->st_rdev),
                                  .has_minor = true,
                                  .file_mode = st->st_mode & 0777,
                                  .has_file_mode = true,
                                  .uid = st->st_uid,
                                  .has_uid = true,
                                  .gid = st->st_gid,
                                  .has_gid = true };
        *rule = (struct oci_device_rule){ .allow = true,
                                          .has_allow = true,
                                          .type = d->type,
                                          .major = d->major,
                                          .has_major = true,
                                          .minor = d->minor,
                                          .has_minor = true,
                                          .access = oci_arena_strdup(x->arena, access) };
        if (l->n_devices)
                memcpy(devices, l->devices, l->n_devices * sizeof(*devices));
        if (res->n_devices)
                memcpy(rules, res->devices, res->n_devices * sizeof(*rules));
        devices[l->n_devices++] = d;
        rules[res->n_devices++] = rule;
        l->devices = devices;
        res->devices = rules;
        return 0;
}

/* HOST[:CONTAINER][:rwm] */
static int device(struct config *x, const char *text)
{
        _cleanup_free_ char *copy = strdup(text);
        char *path, *access;
        struct stat st;

        if (!copy)
                return err_nomem(x->err);
        path = strchr(copy, ':');
        if (path)
                *path++ = '\0';
        access = path ? strchr(path, ':') : NULL;
        if (access)
                *access++ = '\0';
        if (path && !access && *path != '/') {
                access = path;
                path = NULL;
        }
        if (access && strspn(access, "rwm") != strlen(access))
                return err_set(x->err, CFS_E_INVALID, "--device %s: `%s` is not made of r, w and m", text,
                               access);
        if (stat(copy, &st) < 0)
                return err_path(x->err, errno, "stat", copy, "--device %s", text);
        if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
                return err_set(x->err, CFS_E_INVALID, "--device %s: `%s` is not a device", text, copy);
        return add_device(x, &st, path ? path : copy, access ? access : "rwm");
}

/* What the runtime makes itself, what belongs to a mount, and the console (docker and podman leave out the
 * same). */
static bool is_own_device(const char *name)
{
        static const char *const own[] = { "null",    "zero", "full", "random", "urandom", "tty",  "ptmx",
                                           "console", "pts",  "shm",  "fd",     "mqueue",  ".udev" };

        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
                if (STREQ(own[i], name))
                        return true;
        return false;
}

/* --privileged: the devices that the host has in a directory of /dev, and below. */
static int host_devices(struct config *x, const char *dir, unsigned depth)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = directory_open(&d, AT_FDCWD, dir, dir, x->err);

        if (r < 0) /* gone, or of a mount that belongs to another user (FUSE) */
                return x->err->errnum == ENOENT || x->err->errnum == EACCES ? 0 : r;
        while (r >= 0 && (r = directory_next(&d, dir, x->err)) > 0) {
                char path[PATH_MAX];
                struct stat st;

                if (*d.name == '.' || (depth == 0 && is_own_device(d.name)) ||
                    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, d.name) >= sizeof(path))
                        continue;
                if (lstat(path, &st) < 0) {
                        if (errno != ENOENT && errno != EACCES)
                                r = err_path(x->err, errno, "lstat", path, "look at `%s`", path);
                        continue;
                }
                if (S_ISDIR(st.st_mode) && depth < 8)
                        r = host_devices(x, path, depth + 1);
                else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
                        r = add_device(x, &st, path, "rwm");
        }
        return r;
}

/* This rule denies all other devices: without it all would be allowed. */
static int deny_devices(struct config *x)
{
        struct oci_resources *res = x->c->linux->resources;
        struct oci_device_rule *rule = oci_arena_alloc(x->arena, sizeof(*rule));

        res->devices = oci_arena_alloc(x->arena, sizeof(*res->devices));
        if (!rule || !res->devices)
                return err_nomem(x->err);
        rule->has_allow = true;
        rule->allow = x->in->o->privileged;
        rule->access = (char *)"rwm";
        res->devices[0] = rule;
        res->n_devices = 1;
        return 0;
}

/* ---- kernel parameters --------------------------------------------------------------------------------- */

static int sysctls(struct config *x)
{
        struct oci_string_map *map = oci_arena_alloc(x->arena, sizeof(*map));
        size_t n = 0;

        while (x->in->o->sysctls && x->in->o->sysctls[n])
                n++;
        if (n == 0)
                return 0;
        if (!map || !(map->entries = oci_arena_alloc(x->arena, n * sizeof(*map->entries))))
                return err_nomem(x->err);
        for (size_t i = 0; i < n; i++) {
                const char *text = x->in->o->sysctls[i], *eq = strchr(text, '=');

                if (!eq || eq == text)
                        return err_set(x->err, CFS_E_INVALID, "--sysctl %s: expected NAME=VALUE", text);
                map->entries[map->n].key = oci_arena_strndup(x->arena, text, (size_t)(eq - text));
                map->entries[map->n++].value = oci_arena_strdup(x->arena, eq + 1);
        }
        x->c->linux->sysctl = map;
        return 0;
}

static void unmask(struct config *x)
{
        x->c->linux->n_masked_paths = 0;
        x->c->linux->n_readonly_paths = 0;
        for (size_t i = 0; i < x->c->n_mounts; i++) {
                struct oci_mount *m = x->c->mounts[i];

                if (!m->type || !(STREQ(m->type, "sysfs") || STREQ(m->type, "cgroup")))
                        continue;
                for (size_t k = 0; k < m->n_options; k++)
                        if (STREQ(m->options[k], "ro"))
                                m->options[k] = (char *)"rw";
        }
}

int security_apply(struct config *x)
{
        int r = capabilities(x);

        if (r >= 0)
                r = security_options(x);
        if (r >= 0 && !x->in->box->rootless)
                r = deny_devices(x);
        if (r >= 0 && x->in->o->privileged && !x->in->box->rootless && x->in->n_ids == 0)
                r = host_devices(x, "/dev", 0);
        for (const char **d = x->in->o->devices; r >= 0 && d && *d; d++)
                r = device(x, *d);
        if (r >= 0)
                r = sysctls(x);
        if (r >= 0 && x->in->o->privileged)
                unmask(x);
        return r;
}
