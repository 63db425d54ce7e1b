/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name=PART, id=BEGINNING, status=STATE, exited=CODE, label=NAME[=VALUE], ancestor=IMAGE, network=NAME.
 */
#include "box/cmd/filter.h"
#include "base/cleanup.h"
#include "base/str.h"
#include <stdio.h>

static bool by_id(const struct oci_box_container *c, const char *value)
{
        return str_has_prefix(c->id, value);
}

static bool by_name(const struct oci_box_container *c, const char *value)
{
        size_t len = strlen(value);

        value += *value == '/'; /* docker's names begin so */
        if (*value == '^' && len > 1 && value[strlen(value) - 1] == '$')
                return strlen(c->name) == strlen(value) - 2 && str_has_prefix(value + 1, c->name);
        return *value == '^' ? str_has_prefix(c->name, value + 1) : strstr(c->name, value) != NULL;
}

static bool by_status(const struct oci_box_container *c, const char *value)
{
        return STREQ(c->state, value) ||
               (STREQ(value, "paused") && c->status && strstr(c->status, "(Paused)"));
}

static bool by_exit_code(const struct oci_box_container *c, const char *value)
{
        int64_t code;

        return str_to_i64(value, &code) >= 0 && STREQ(c->state, "exited") && c->has_exit_code &&
               c->exit_code == code;
}

static bool by_label(const struct oci_box_container *c, const char *value)
{
        const char *eq = strchr(value, '=');
        size_t len = eq ? (size_t)(eq - value) : strlen(value);

        for (size_t i = 0; c->labels && i < c->labels->n; i++)
                if (strlen(c->labels->entries[i].key) == len &&
                    strncmp(c->labels->entries[i].key, value, len) == 0)
                        return !eq || STREQ(c->labels->entries[i].value, eq + 1);
        return false;
}

static bool by_image(const struct oci_box_container *c, const char *value)
{
        size_t len = strlen(value);
        const char *id = c->image_id ? c->image_id : "";

        if (!c->image)
                return false;
        if (strncmp(c->image, value, len) == 0 && (!c->image[len] || c->image[len] == ':'))
                return true;
        /* busybox:latest was run as busybox */
        if (str_has_prefix(value, c->image) && STREQ(value + strlen(c->image), ":latest"))
                return true;
        return len >= 4 && (str_has_prefix(id, value) ||
                            (str_has_prefix(id, "sha256:") && str_has_prefix(id + strlen("sha256:"), value)));
}

static bool by_network(const struct oci_box_container *c, const char *value)
{
        return str_eq(c->network, value) || (STREQ(value, "bridge") && str_eq(c->network, "box"));
}

static const struct {
        const char *name;
        bool (*fn)(const struct oci_box_container *c, const char *value);
} known[] = {
        { "id", by_id },           { "name", by_name },
        { "status", by_status },   { "exited", by_exit_code },
        { "label", by_label },     { "ancestor", by_image },
        { "network", by_network },
};

/* Which one it is; *ret_value is what follows "NAME=". */
static int find(const char *filter, const char **ret_value)
{
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                size_t n = strlen(known[i].name);

                if (strncmp(filter, known[i].name, n) == 0 && filter[n] == '=') {
                        *ret_value = filter + n + 1;
                        return (int)i;
                }
        }
        return -1;
}

int filter_check(const char *const *filters, struct cfs_error *err)
{
        static const char states[] = " created running paused exited starting creating removing ";
        const char *value;

        for (; filters && *filters; filters++) {
                int i = find(*filters, &value);
                char word[24];

                if (i < 0)
                        return err_hint(err,
                                        err_set(err, CFS_E_INVALID, "--filter %s is not known", *filters),
                                        "id=, name=, status=, exited=, label=, ancestor=, network=");
                (void)snprintf(word, sizeof(word), " %.16s ", value);
                if (known[i].fn == by_status && (strchr(value, ' ') || !strstr(states, word)))
                        return err_set(err, CFS_E_INVALID, "--filter %s: the states are%.*s", *filters,
                                       (int)sizeof(states) - 2, states);
        }
        return 0;
}

bool filter_has_state(const char *const *filters)
{
        const char *value;

        for (; filters && *filters; filters++) {
                int i = find(*filters, &value);

                if (i >= 0 && (known[i].fn == by_status || known[i].fn == by_exit_code))
                        return true;
        }
        return false;
}

bool filter_matches(const char *const *filters, const struct oci_box_container *c)
{
        bool asked[ARRAY_SIZE(known)] = { 0 }, holds[ARRAY_SIZE(known)] = { 0 };
        const char *value;

        for (; filters && *filters; filters++) {
                int i = find(*filters, &value);

                if (i < 0)
                        continue;
                asked[i] = true;
                holds[i] |= known[i].fn(c, value);
                if (known[i].fn == by_label &&
                    !by_label(c, value)) /* of labels all must be there, as docker has it */
                        return false;
        }
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (asked[i] && !holds[i])
                        return false;
        return true;
}
