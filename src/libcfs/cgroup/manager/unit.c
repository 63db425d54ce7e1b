/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What systemd is told about a container (org.freedesktop.systemd1(5), systemd.scope(5),
 * systemd.resource-control(5)).
 *
 * A scope is a unit for processes that systemd did not start itself. It begins with the container's init
 * (PIDs), is ours to divide (Delegate), is not waited for at shutdown in any order (DefaultDependencies), and
 * is forgotten when it ends, well or badly (CollectMode), so that its name is free again.
 *
 * Limits are given both as properties, without which systemd would write its own idea of them at the next
 * reload, and to the files of the cgroup, which are exact and know more. Device rules are not given as
 * properties: the BPF program of ours does not get in systemd's way, nor systemd's in ours.
 *
 * Annotations "org.systemd.property.NAME" set any other property; the value is GVariant text. Durations,
 * which unit files call ...Sec, are ...USec on the bus: NAMESec is accepted, in seconds.
 *
 * Annotation "run.oci.systemd.subgroup" puts the container into a directory of that name below its scope's.
 * It is for programs that want the scope itself left to systemd; without it the container has the scope's own
 * directory.
 */
#include "libcfs/cgroup/manager/unit.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "libcfs/cgroup/limits/convert.h"
#include "dbus/gvariant.h"
#include <ctype.h>
#include <limits.h>

#define PREFIX   "org.systemd.property."
#define SUBGROUP "run.oci.systemd.subgroup"

static bool ends_with(const char *s, const char *end)
{
        size_t n = strlen(s), k = strlen(end);

        return n >= k && STREQ(s + n - k, end);
}

bool unit_is_slice(const char *unit)
{
        return ends_with(unit, ".slice");
}

static int bad_path(const char *path, const char *why, struct cfs_error *err)
{
        return err_property(err,
                            err_set(err, CFS_E_INVALID,
                                    "expected \"slice:prefix:name\" for systemd, got `%s`: %s", path, why),
                            "linux.cgroupsPath");
}

/* Unit names are made of these (systemd.unit(5)). */
static bool is_unit_name(const char *s)
{
        if (!*s || strlen(s) > 255)
                return false;
        for (; *s; s++) {
                if (!isalnum((unsigned char)*s) && !strchr(":-_.\\@+", *s))
                        return false;
        }
        return true;
}

int unit_names(const char *path, const char *id, bool user, char **ret_slice, char **ret_unit,
               struct cfs_error *err)
{
        _cleanup_free_ char *copy = NULL, *slice = NULL, *unit = NULL;
        const char *prefix = "cfs", *name = id, *in = "";
        int r = 0;

        if (!str_empty(path)) {
                char *save, *rest;

                r = str_dup(&copy, path, err);
                if (r < 0)
                        return r;
                save = copy;
                in = strsep(&save, ":");
                prefix = strsep(&save, ":");
                rest = save;
                if (!prefix || !rest || strchr(rest, ':'))
                        return bad_path(path, "that is not three parts", err);
                name = rest;
        }
        if (!*in)
                in = user ? "user.slice" : "system.slice";
        if (STREQ(in, "-"))
                in = "-.slice";
        r = str_dup(&slice, in, err);
        if (r >= 0 && unit_is_slice(name))
                r = str_dup(&unit, name, err);
        else if (r >= 0)
                r = str_printf(&unit, err, "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
        if (r < 0)
                return r;
        if (!is_unit_name(unit))
                return bad_path(str_empty(path) ? id : path, "that makes no name of a unit", err);
        *ret_slice = TAKE_PTR(slice);
        *ret_unit = TAKE_PTR(unit);
        return 0;
}

int unit_slice_path(const char *slice, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };
        size_t n = strlen(slice) - strlen(".slice");

        if (STREQ(slice, "-.slice"))
                return str_dup(ret, "", err);
        if (!unit_is_slice(slice) || n == 0 || n > 200 || slice[0] == '-' || slice[n - 1] == '-' ||
            strstr(slice, "--") || !is_unit_name(slice))
                return bad_path(slice, "that is not the name of a slice", err);
        for (size_t i = 1; i <= n; i++) {
                if (i < n && slice[i] != '-')
                        continue;
                str_add(&s, "/");
                str_add_n(&s, slice, i);
                str_add(&s, ".slice");
        }
        return str_take(&s, ret, err);
}

/* ---- properties ---------------------------------------------------------------------------------------- */

/* Puts the name, and leaves the variant to the caller. */
static void put_name(struct dbus_body *b, const char *name)
{
        dbus_put_align(b, 8);
        dbus_put_string(b, name);
}

static void put_bool(struct dbus_body *b, const char *name, bool v)
{
        put_name(b, name);
        dbus_put_signature(b, "b");
        dbus_put_u32(b, v);
}

static void put_string(struct dbus_body *b, const char *name, const char *v)
{
        put_name(b, name);
        dbus_put_signature(b, "s");
        dbus_put_string(b, v);
}

static void put_strings(struct dbus_body *b, const char *name, const char *v)
{
        size_t begin;

        put_name(b, name);
        dbus_put_signature(b, "as");
        begin = dbus_put_array_begin(b, 4);
        dbus_put_string(b, v);
        dbus_put_array_end(b, begin);
}

static void put_set(struct dbus_body *b, const char *name, const char *list)
{
        uint8_t bits[1024];
        int n = convert_list(list, bits, sizeof(bits));
        size_t begin;

        put_name(b, name);
        dbus_put_signature(b, "ay");
        begin = dbus_put_array_begin(b, 1);
        for (int i = 0; i < n; i++)
                dbus_put_byte(b, bits[i]);
        dbus_put_array_end(b, begin);
}

static void put_device(struct dbus_body *b, const char *name, const char *device, uint64_t v)
{
        char path[64];
        size_t begin;

        (void)snprintf(path, sizeof(path), "/dev/block/%s", device);
        put_name(b, name);
        dbus_put_signature(b, "a(st)");
        begin = dbus_put_array_begin(b, 8);
        dbus_put_align(b, 8);
        dbus_put_string(b, path);
        dbus_put_u64(b, v);
        dbus_put_array_end(b, begin);
}

bool unit_needs_version(const struct settings *s)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->p[i].unit_since)
                        return true;
        return false;
}

size_t unit_put_settings(struct dbus_body *b, const struct settings *s, unsigned version)
{
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++) {
                const struct setting *p = &s->p[i];

                if (!p->unit[0] || p->unit_since > version)
                        continue;
                switch (p->unit_type) {
                case UNIT_NONE:
                        continue;
                case UNIT_U64:
                        put_name(b, p->unit);
                        dbus_put_signature(b, "t");
                        dbus_put_u64(b, p->unit_value);
                        break;
                case UNIT_SET:
                        put_set(b, p->unit, p->value);
                        break;
                case UNIT_DEVICE:
                        put_device(b, p->unit, p->key, p->unit_value);
                        break;
                }
                n++;
        }
        return n;
}

static bool is_property_name(const char *s)
{
        size_t n = 0;

        for (; *s; s++, n++) {
                if (!isalpha((unsigned char)*s))
                        return false;
        }
        return n >= 3;
}

static int put_annotation(struct dbus_body *b, const char *key, const char *value, struct cfs_error *err)
{
        const char *name = key + strlen(PREFIX);
        char usec[128];
        bool seconds;
        int r;

        seconds = ends_with(name, "Sec") && !ends_with(name, "USec");
        if (!is_property_name(name) || strlen(name) > 100)
                r = err_set(err, CFS_E_INVALID, "`%s` is not the name of a property of a unit", name);
        else {
                (void)snprintf(usec, sizeof(usec), "%.*s%s", (int)(strlen(name) - (seconds ? 3 : 0)), name,
                               seconds ? "USec" : "");
                put_name(b, usec);
                r = gvariant_put(b, value, seconds);
                if (r < 0)
                        r = err_set(err, CFS_E_INVALID, "`%s` is not a %s", value,
                                    seconds ? "number of seconds" : "value in GVariant's text format");
        }
        return r < 0 ? err_property(err, r, "annotations[\"%s\"]", key) : 0;
}

int unit_subgroup(const struct oci_string_map *annotations, const char **ret, struct cfs_error *err)
{
        const char *name = NULL;

        for (size_t i = 0; annotations && i < annotations->n; i++) {
                if (STREQ(annotations->entries[i].key, SUBGROUP))
                        name = annotations->entries[i].value;
        }
        if (!str_empty(name) && (strchr(name, '/') || STREQ(name, ".") || STREQ(name, "..") ||
                                 str_has_prefix(name, "cgroup.") || strlen(name) > NAME_MAX))
                return err_property(err,
                                    err_set(err, CFS_E_INVALID,
                                            "`%s` cannot be the name of a cgroup below the unit's", name),
                                    "annotations[\"%s\"]", SUBGROUP);
        *ret = str_empty(name) ? NULL : name;
        return 0;
}

void unit_check_annotations(const struct oci_string_map *annotations,
                            void (*report)(void *data, const struct cfs_error *problem), void *data)
{
        struct cfs_error bad = { 0 };
        const char *ignored;

        if (unit_subgroup(annotations, &ignored, &bad) < 0)
                report(data, &bad);
        for (size_t i = 0; annotations && i < annotations->n; i++) {
                _cleanup_dbus_body_ struct dbus_body b = { 0 };
                const char *key = annotations->entries[i].key;
                struct cfs_error err = { 0 };

                if (str_has_prefix(key, PREFIX) &&
                    put_annotation(&b, key, annotations->entries[i].value, &err) < 0)
                        report(data, &err);
        }
}

int unit_put_start(struct dbus_body *b, const struct cgroup *cg, pid_t pid, const struct settings *s,
                   unsigned version, struct cfs_error *err)
{
        const char *slice = cg->rec->slice;
        const struct oci_string_map *a = cg->rq.annotations;
        char description[300];
        size_t begin;

        (void)snprintf(description, sizeof(description), "cfs container %s", cg->rq.id);
        put_string(b, "Description", description);
        put_bool(b, "DefaultDependencies", false);
        put_bool(b, "CPUAccounting", true);
        put_bool(b, "MemoryAccounting", true);
        put_bool(b, "TasksAccounting", true);
        put_bool(b, cg->mode == CGROUP_MODE_V2 ? "IOAccounting" : "BlockIOAccounting", true);
        if (unit_is_slice(cg->rec->unit)) {
                put_strings(b, "Wants", slice);
        } else {
                put_string(b, "Slice", slice);
                put_bool(b, "Delegate", true);
                put_string(b, "CollectMode", "inactive-or-failed");
                put_name(b, "PIDs");
                dbus_put_signature(b, "au");
                begin = dbus_put_array_begin(b, 4);
                dbus_put_u32(b, (uint32_t)pid);
                dbus_put_array_end(b, begin);
        }
        (void)unit_put_settings(b, s, version);
        /* Last, so that the annotations of the user override the others. */
        for (size_t i = 0; a && i < a->n; i++) {
                int r = str_has_prefix(a->entries[i].key, PREFIX)
                                ? put_annotation(b, a->entries[i].key, a->entries[i].value, err)
                                : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}
