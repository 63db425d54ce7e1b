/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Name service without a server: when a container comes into a network or leaves it, the others'
 * /etc/hosts is written anew, between two marks. In place, since the file is mounted in the container;
 * what the container has written outside the marks stays.
 */
#include "box/net/names.h"
#include "base/cleanup.h"
#include "base/flock.h"
#include "base/io.h"
#include "base/str.h"
#include "box/core/directory.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGIN           "# the others in the network begin here\n"
#define END             "# the others in the network end here\n"
#define MAX_FILE        (1U << 20)
#define LOCK_TIMEOUT_MS 30000

/* A container in the network. */
struct peer {
        struct oci_arena *arena, *result_arena;
        struct oci_hook_record *record;
        struct oci_cni *result;
};

struct peers {
        struct peer *list;
        size_t n;
};

static void names_release(struct peers *p)
{
        for (size_t i = 0; i < p->n; i++) {
                oci_arena_free(p->list[i].result_arena);
                oci_arena_free(p->list[i].arena);
        }
        free(p->list);
}

/* Records that cannot be read are of others, or half written: they have no part in this. */
static int read_peer(int dir_fd, const char *name, const char *network, struct peers *peers,
                     struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        struct peer p = { 0 }, *grown;
        struct cfs_error ignored;
        size_t len;

        if (io_read_file(dir_fd, name, MAX_FILE, &text, &len, &ignored) < 0 ||
            oci_decode(&oci_hook_record_type, name, text, len, (void **)&p.record, &p.arena, &ignored) < 0)
                return 0;
        if (!p.record->network || !STREQ(p.record->network, network) || !p.record->hosts ||
            !p.record->result ||
            oci_decode(&oci_cni_type, name, p.record->result, strlen(p.record->result), (void **)&p.result,
                       &p.result_arena, &ignored) < 0) {
                oci_arena_free(p.arena);
                return 0;
        }
        grown = realloc(peers->list, (peers->n + 1) * sizeof(*grown));
        if (!grown) {
                oci_arena_free(p.result_arena);
                oci_arena_free(p.arena);
                return err_nomem(err);
        }
        peers->list = grown;
        peers->list[peers->n++] = p;
        return 0;
}

static int read_peers(int dir_fd, const char *state, const char *network, struct peers *peers,
                      struct cfs_error *err)
{
        _cleanup_(dir_close) struct dir d = DIR_INIT;
        int r = directory_open(&d, dir_fd, ".", state, err);

        while (r >= 0 && (r = directory_next(&d, state, err)) > 0) {
                size_t len = strlen(d.name);

                if (len > 5 && STREQ(d.name + len - 5, ".json"))
                        r = read_peer(dir_fd, d.name, network, peers, err);
        }
        return r;
}

static void add_lines(struct str *s, const struct peer *p)
{
        for (size_t i = 0; i < p->result->n_ips; i++) {
                const char *address = p->result->ips[i]->address;

                str_addf(s, "%.*s\t", (int)strcspn(address, "/"), address);
                for (size_t k = 0; k < p->record->n_names; k++)
                        str_addf(s, "%s%s", k ? " " : "", p->record->names[k]);
                str_add(s, "\n");
        }
}

/* The file is the container's, too: it may have any contents, and only those between the marks are ours. */
static int write_hosts(const struct peers *peers, size_t me, struct cfs_error *err)
{
        const char *path = peers->list[me].record->hosts;
        _cleanup_close_ int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        _cleanup_free_ char *before = NULL;
        _cleanup_str_ struct str s = { 0 };
        const char *begin, *end = NULL;
        struct cfs_error ignored;
        struct stat st;

        /* It is gone with its container, or was made something else. */
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
            io_read_fd(fd, path, MAX_FILE, &before, NULL, &ignored) < 0)
                return 0;
        begin = strstr(before, BEGIN);
        if (begin)
                end = strstr(begin, END);
        str_add_n(&s, before, begin ? (size_t)(begin - before) : strlen(before));
        str_add(&s, BEGIN);
        for (size_t i = 0; i < peers->n; i++)
                if (i != me)
                        add_lines(&s, &peers->list[i]);
        str_add(&s, END);
        str_add(&s, end ? end + strlen(END) : "");
        if (s.failed)
                return err_nomem(err);
        if (pwrite(fd, s.p, s.len, 0) != (ssize_t)s.len || ftruncate(fd, (off_t)s.len) < 0)
                return err_path(err, errno, "pwrite", path, "write `%s`", path);
        return 0;
}

int names_update(const char *state, const char *network, struct cfs_error *err)
{
        _cleanup_close_ int dir_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct peers peers = { 0 };
        /* One at a time: the last one sees all. */
        int r = dir_fd < 0 ? -errno : flock_wait(dir_fd, LOCK_EX, LOCK_TIMEOUT_MS);

        if (r < 0)
                return err_path(err, -r, dir_fd < 0 ? "open" : "flock", state, "lock `%s`", state);
        r = read_peers(dir_fd, state, network, &peers, err);
        for (size_t i = 0; r >= 0 && i < peers.n; i++)
                r = write_hosts(&peers, i, err);
        names_release(&peers);
        return r;
}
