/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts made of a few members of config.json, for tests of single steps. */
#ifndef TEST_CTX_H
#define TEST_CTX_H

#include "test.h"
#include "base/log.h"
#include "base/path.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/walk/problem.h"
#include "oci.h"
#include <sys/wait.h>

/* A context as a verb makes it, for a document with these members besides the required ones. */
static inline void test_ctx(struct ctx *c, enum walk walk, const char *members)
{
        static struct oci_process no_process;
        static struct oci_linux no_linux;
        static struct oci_hooks no_hooks;
        bool version = strstr(members, "\"ociVersion\"") != NULL;
        struct cfs_error err;
        char *text = NULL;
        int n;

        n = asprintf(&text, "{\"root\":{\"path\":\"rootfs\"}%s%s%s}",
                     version ? "" : ",\"ociVersion\":\"1.2.0\"", *members ? "," : "", members);
        assert_true(n > 0);
        ctx_init(c, walk);
        assert_ok(oci_decode(&oci_config_type, "config.json", text, (size_t)n, (void **)&c->config, &c->arena,
                             &err));
        free(text);
        c->id = "test";
        c->process = c->config->process ? c->config->process : &no_process;
        c->linux_ = c->config->linux ? c->config->linux : &no_linux;
        c->hooks = c->config->hooks ? c->config->hooks : &no_hooks;
        namespaces_flags(c->linux_, &c->ns_new, &c->ns_join);
        assert_ok(c->proc_fd = path_open_host_proc(&err));
}

#define TEST_PROCESS(members) "\"process\":{\"args\":[\"/x\"],\"cwd\":\"/\"," members "}"
#define TEST_LINUX(members)   "\"linux\":{" members "}"
#define TEST_NS(type)         "\"namespaces\":[{\"type\":\"" type "\"}]"

/* What a check found: "PROPERTY: MESSAGE" lines, and the hints. */
struct test_found {
        int n;
        char lines[4096];
        char hints[2048];
};

static inline void test_found_add(void *data, enum problem_kind kind, const char *property,
                                  const char *message, const char *hint)
{
        static const char *const kinds[] = { [PROBLEM_HOST] = "host: ", [PROBLEM_NOTE] = "note: " };
        const char *before = kind == PROBLEM_INVALID ? "" : kinds[kind];
        struct test_found *f = data;
        size_t len = strlen(f->lines), hlen = strlen(f->hints);

        f->n++;
        (void)snprintf(f->lines + len, sizeof(f->lines) - len, "%s%s: %s\n", before, property, message);
        if (hint)
                (void)snprintf(f->hints + hlen, sizeof(f->hints) - hlen, "%s\n", hint);
}

static inline void test_check(const struct ctx *c, bool host,
                              void (*check)(const struct ctx *, struct problems *), struct test_found *ret)
{
        struct problems p = { .host = host, .fn = test_found_add, .data = ret };

        *ret = (struct test_found){ 0 };
        check(c, &p);
        problem_flush(&p);
}

/* ---- what changes a process is tried in a child of its own --------------------------------------------- */

/* For use in the child: cmocka's own assertions would return into the parent's test there. */
#define CHILD_TRUE(x)                                                                                        \
        do {                                                                                                 \
                if (!(x)) {                                                                                  \
                        print_message("# %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #x, errno);            \
                        _exit(1);                                                                            \
                }                                                                                            \
        } while (0)

#define CHILD_OK(call)                                                                                       \
        do {                                                                                                 \
                struct cfs_error err = { 0 };                                                                \
                if ((call) < 0) {                                                                            \
                        print_message("# %s:%d: %s: %s\n", __FILE__, __LINE__, #call, err.text);             \
                        _exit(1);                                                                            \
                }                                                                                            \
        } while (0)

/* Waits for a child that must have exited with 0. */
static inline void test_reap(pid_t pid)
{
        int status = -1;

        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (status != 0)
                fail_msg("the child ended with status 0x%x", (unsigned)status);
}

/* Runs fn in a child; fn fails by the macros above. */
static inline void test_in_child(void (*fn)(struct ctx *), struct ctx *c)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                fn(c);
                fflush(NULL);
                _exit(0);
        }
        test_reap(pid);
}

/* What was logged since the last call of test_log_start(). */
static char test_logged[4096] __attribute__((unused));

static inline void test_log_line(void *data, enum log_level level, const char *message)
{
        size_t n = strlen(test_logged);

        (void)data;
        (void)snprintf(test_logged + n, sizeof(test_logged) - n, "%s: %s\n", log_level_name(level), message);
}

static inline void test_log_start(void)
{
        test_logged[0] = '\0';
        log_set_handler(test_log_line, NULL, LOG_LEVEL_INFO);
}

#endif
