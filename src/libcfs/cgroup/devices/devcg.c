/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device rules in force.
 *
 * v1 keeps, per cgroup, a behaviour (allow or deny) and a list of exceptions from it. Writing "a" to
 * devices.deny or devices.allow sets the behaviour and empties the list; another line adds an exception, or
 * takes one away when it names exactly the same devices. That is less than "the last rule decides": a rule
 * that takes a part out of a wider exception ("deny c 1:3" after "allow c *:*") is accepted and does nothing.
 * Such rules are an error on a machine of v1 alone. On a hybrid machine the BPF program knows them, and v1's
 * list is left alone. Otherwise a hybrid machine gets both, and since the list is in force, the program may
 * come later, while the init is at work: it takes 0.3 ms.
 *
 * An update must not pull /dev/null from under a running process: only the differences are written.
 *
 * Without privileges over the host there is nothing to do: the kernel lets such a user neither make device
 * nodes nor load the program, and nodes that are bind-mounted are the host's to allow.
 */
#include "libcfs/cgroup/devices/devcg.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "libcfs/cgroup/devices/bpf.h"
#include "libcfs/cgroup/hierarchy/detect.h"
#include "libcfs/cgroup/devices/rules.h"
#include "libcfs/cgroup/hierarchy/tree.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>

/* To open a device for reading and writing takes one exception that has both; two that have one each do not
 * do. So such two get a third, for the devices that both are about. Making a node is asked for alone. */
static int add_both(struct rules *list, struct cfs_error *err)
{
        const unsigned both = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
        size_t n = list->n;

        for (size_t i = 1; i < n; i++)
                for (size_t k = 0; k < i; k++) {
                        const struct rule *a = &list->p[i], *b = &list->p[k];
                        struct rule shared = { true, a->type == 'a' ? b->type : a->type,
                                               a->major < 0 ? b->major : a->major,
                                               a->minor < 0 ? b->minor : a->minor, both };
                        int r;

                        if (((a->access ^ b->access) & both) != both || !rules_overlap(a, &shared) ||
                            !rules_overlap(b, &shared))
                                continue;
                        r = rules_add(list, &shared, err);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* The rules as exceptions from the first one. Returns 1, or 0 when v1 cannot express them, then *ret_bad
 * is the culprit. */
static int to_exceptions(const struct rules *rules, struct rules *ret, struct rule *ret_bad,
                         struct cfs_error *err)
{
        bool behaviour = rules->p[0].allow;

        for (size_t i = 1; i < rules->n; i++) {
                struct rule rule = rules->p[i];
                bool known = false;

                for (size_t k = 0; k < ret->n; k++) {
                        struct rule *e = &ret->p[k];

                        if (rules_same_devices(e, &rule)) {
                                e->access = rule.allow == behaviour ? e->access & ~rule.access
                                                                    : e->access | rule.access;
                                known = true;
                        } else if (rule.allow == behaviour && rules_overlap(e, &rule)) {
                                *ret_bad = rule;
                                return 0;
                        }
                }
                if (!known && rule.allow != behaviour) {
                        int r = rules_add(ret, &rule, err);

                        if (r < 0)
                                return r;
                }
        }
        if (!behaviour) {
                int r = add_both(ret, err);

                if (r < 0)
                        return r;
        }
        return 1;
}

static int write_rule(int fd, const char *dir, const char *file, const struct rule *rule,
                      struct cfs_error *err)
{
        struct rule r = *rule;
        char text[RULES_TEXT_SIZE];

        if (r.access == 0)
                return 0;
        /* To v1 a line that begins with "a" is about all devices, whatever follows. */
        for (r.type = rule->type == 'a' ? 'b' : rule->type;; r.type = 'c') {
                (void)rules_format(&r, text);
                if (write(fd, text, strlen(text)) < 0)
                        return err_property(
                                err, err_sys(err, errno, "write", "write `%s` to `%s/%s`", text, dir, file),
                                "linux.resources.devices");
                if (rule->type != 'a' || r.type == 'c')
                        return 0;
        }
}

static int write_rules(const char *dir, const char *file, const struct rules *rules, struct cfs_error *err)
{
        _cleanup_close_ int fd = -1;
        char name[PATH_MAX];

        if (rules->n == 0)
                return 0;
        if (!tree_file(name, sizeof(name), dir, file))
                return err_sys(err, ENAMETOOLONG, NULL, "`%.256s.../%s`", dir, file);
        fd = open(name, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return err_path(err, errno, "open", name, "open `%s`", name);
        for (size_t i = 0; i < rules->n; i++) {
                int r = write_rule(fd, dir, file, &rules->p[i], err);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* What is in devices.list now. Returns 1 for a list of exceptions from deny, 0 for allow. */
static int read_list(const char *dir, struct rules *ret, struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        char name[PATH_MAX], *save, *line;
        int r;

        if (!tree_file(name, sizeof(name), dir, "devices.list"))
                return err_sys(err, ENAMETOOLONG, NULL, "`%.256s.../devices.list`", dir);
        r = io_read_file(AT_FDCWD, name, 1U << 20, &text, NULL, err);
        if (r < 0)
                return r;
        if (text[0] == 'a')
                return 0;
        save = text;
        while ((line = strsep(&save, "\n"))) {
                struct rule rule;

                if (*line && rules_parse(line, &rule) == 0 && (r = rules_add(ret, &rule, err)) < 0)
                        return r;
        }
        return 1;
}

/* From one list of exceptions to deny to another: new ones first, then those that are no more. */
static int v1_transition(const char *dir, const struct rules *old, const struct rules *new,
                         struct cfs_error *err)
{
        _cleanup_rules_ struct rules gone = { 0 };
        int r;

        for (size_t i = 0; i < old->n; i++) {
                struct rule rule = old->p[i];

                for (size_t k = 0; k < new->n; k++) {
                        if (new->p[k].type == 'a'
                                    ? new->p[k].major == rule.major &&new->p[k].minor == rule.minor
                                    : rules_same_devices(&new->p[k], &rule))
                                rule.access &= ~new->p[k].access;
                }
                r = rule.access ? rules_add(&gone, &rule, err) : 0;
                if (r < 0)
                        return r;
        }
        r = write_rules(dir, "devices.allow", new, err);
        if (r < 0)
                return r;
        return write_rules(dir, "devices.deny", &gone, err);
}

/* Returns 1 when the rules are in force, 0 when v1 cannot express them and v2 has to. */
static int v1_apply(const struct hierarchy *h, const struct rules *rules, bool have_bpf, bool update,
                    struct cfs_error *err)
{
        _cleanup_rules_ struct rules exceptions = { 0 }, old = { 0 };
        bool behaviour = rules->p[0].allow;
        char text[RULES_TEXT_SIZE];
        struct rule bad;
        int r;

        r = to_exceptions(rules, &exceptions, &bad, err);
        if (r < 0)
                return r;
        if (r == 0) {
                /* Nothing of an older list is to be in the way. */
                if (have_bpf)
                        return update ? tree_write(h->path, "devices.allow", "a", err) : 0;
                return err_property(err,
                                    err_set(err, CFS_E_UNSUPPORTED,
                                            "cgroup v1 cannot express \"%s %s\" after a wider rule",
                                            bad.allow ? "allow" : "deny", rules_format(&bad, text)),
                                    "linux.resources.devices");
        }
        if (update && !behaviour) {
                r = read_list(h->path, &old, err);
                if (r < 0)
                        return r;
                if (r == 1) {
                        r = v1_transition(h->path, &old, &exceptions, err);
                        return r < 0 ? r : 1;
                }
        }
        /* A new cgroup has its parent's list: everything, as a rule. Then there is nothing to say. */
        if (behaviour && !update && exceptions.n == 0 &&
            tree_read(h->path, "devices.list", text, sizeof(text)) > 0 && text[0] == 'a')
                return 1;
        r = tree_write(h->path, behaviour ? "devices.allow" : "devices.deny", "a", err);
        if (r < 0)
                return err_property(err, err_needs(err, r, "a rule for devices", CAP_SYS_ADMIN),
                                    "linux.resources.devices");
        r = write_rules(h->path, behaviour ? "devices.deny" : "devices.allow", &exceptions, err);
        return r < 0 ? r : 1;
}

static int v2_apply(const struct hierarchy *h, const struct rules *rules, bool update, struct cfs_error *err)
{
        _cleanup_close_ int opened = -1;
        int fd = h->dir_fd, r;

        if (fd < 0)
                fd = opened = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return err_path(err, errno, "open", h->path, "open `%s`", h->path);
        if (rules->n > 1 || !rules->p[0].allow)
                return err_property(err, bpf_attach(fd, rules, update, err), "linux.resources.devices");
        r = update ? bpf_detach(fd) : 0;
        return r < 0 ? err_sys(err, -r, "bpf", "detach the program for device rules") : 0;
}

static void find(const struct cgroup *cg, const struct hierarchy **v1, const struct hierarchy **v2)
{
        *v1 = *v2 = NULL;
        for (size_t i = 0; i < cg->n; i++) {
                if (cg->h[i].v2)
                        *v2 = &cg->h[i];
                else if (detect_has(cg->h[i].name, "devices"))
                        *v1 = &cg->h[i];
        }
}

/* The program where v1's list is in force already: on a kernel without BPF this does not fail. */
static int second_lock(const struct hierarchy *v2, const struct rules *rules, bool update)
{
        struct cfs_error why = { 0 };

        if (v2_apply(v2, rules, update, &why) < 0)
                log_debug("cgroups: %s; v1's devices controller does without", why.text);
        return 0;
}

int devcg_apply(const struct cgroup *cg, const struct cgroup_request *rq, bool update, bool *ret_later,
                struct cfs_error *err)
{
        const struct hierarchy *v1, *v2;
        _cleanup_rules_ struct rules rules = { 0 };
        int r;

        find(cg, &v1, &v2);
        if (rq->rootless || (!v1 && !v2))
                return 0;
        r = rules_list(rq, &rules, err);
        if (r < 0)
                return r;
        if (!v1)
                return v2_apply(v2, &rules, update, err);
        r = v1_apply(v1, &rules, v2, update, err);
        if (r < 0 || !v2)
                return r < 0 ? r : 0;
        if (r == 0)
                return v2_apply(v2, &rules, update, err);
        if (!ret_later)
                return second_lock(v2, &rules, update);
        *ret_later = true;
        return 0;
}

void devcg_apply_later(const struct cgroup *cg, const struct cgroup_request *rq)
{
        const struct hierarchy *v1, *v2;
        _cleanup_rules_ struct rules rules = { 0 };
        struct cfs_error ignored;

        find(cg, &v1, &v2);
        if (v2 && rules_list(rq, &rules, &ignored) >= 0)
                (void)second_lock(v2, &rules, false);
}

void devcg_explain(const struct cgroup *cg, const struct cgroup_request *rq,
                   void (*line)(void *data, const char *text), void *data)
{
        _cleanup_rules_ struct rules rules = { 0 };
        struct cfs_error err = { 0 };
        char text[RULES_TEXT_SIZE + 32], rule[RULES_TEXT_SIZE];

        if (rq->rootless || cg->n == 0 || rules_list(rq, &rules, &err) < 0)
                return;
        for (size_t i = 0; i < rules.n; i++) {
                (void)snprintf(text, sizeof(text), "devices: %s %s", rules.p[i].allow ? "allow" : "deny",
                               rules_is_catch_all(&rules.p[i]) ? "all" : rules_format(&rules.p[i], rule));
                line(data, text);
        }
}
