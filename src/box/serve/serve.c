/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server's life: sockets, the loop, and its end.
 *
 * Whatever it does to containers is done by other processes (conmon, `cfs-box COMMAND`), which go on when it
 * ends, however it ends; the store is whole at any time (store.h). So there is little to do at the end: no
 * new connections, the commands that run may come to theirs, and the last answers are sent.
 */
#include "box/serve/serve.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "box/container/repair.h"
#include "box/serve/command.h"
#include "box/serve/http.h"
#include "box/serve/listen.h"
#include "box/serve/routes.h"
#include "box/serve/sampler.h"
#include "box/serve/stream.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define DEFAULT_LISTEN "127.0.0.1:1337"
#define FAREWELL       10000 /* ms that commands have when the server is stopped */
#define TICK           100   /* ms between looks at streams                      */

struct signals {
        struct watch watch;
        bool caught;
};

static void signal_ready(struct watch *w)
{
        struct signalfd_siginfo info;

        if (read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
                ((struct signals *)(void *)((char *)w - offsetof(struct signals, watch)))->caught = true;
}

static int watch_signals(struct server *s, struct signals *sig, struct cfs_error *err)
{
        struct sigaction ignore = { .sa_handler = SIG_IGN };
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigaction(SIGPIPE, &ignore, NULL);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return err_sys(err, errno, "sigprocmask", "block signals");
        sig->watch = (struct watch){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), signal_ready };
        if (sig->watch.fd < 0)
                return err_sys(err, errno, "signalfd", "wait for signals");
        return loop_add(&s->loop, &sig->watch, err);
}

/* A connection is a descriptor, a command three. */
static void raise_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 4096) {
                limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
                (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
}

/* The row of a container that ended unseen is put right by any command. */
static void repair_done(struct job *j)
{
        ((struct server *)j->data)->repairing = false;
}

static void repair_tick(struct server *s)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct cfs_error ignored;
        struct command c;
        struct job *j;

        if (!arena || s->quitting || s->repairing || repair_needed(s->box, &ignored) <= 0)
                return;
        command_begin(&c, s->box, arena, "ps", true);
        command_add(&c, "-q");
        if (!c.failed)
                s->repairing = job_start(&s->loop, c.words, 4096, repair_done, s, &j, &ignored) >= 0;
}

/* Returns whether the server has come to its end. */
static bool serve_tick(struct server *s, int64_t *next_second)
{
        int64_t t = clock_now_ms();

        stream_tick(s);
        if (t < *next_second)
                return false;
        *next_second = t + 1000;
        http_tick(s);
        repair_tick(s);
        return false;
}

static void serve_loop(struct server *s, struct signals *sig)
{
        int64_t next_tick = 0, next_second = 0, farewell = 0;

        for (;;) {
                int wait = http_run(s);
                int64_t t = clock_now_ms();

                if (sig->caught && !s->quitting) {
                        http_quiesce(s);
                        farewell = t + FAREWELL;
                        next_tick = next_second = 0;
                }
                if (s->quitting && (s->n_jobs == 0 || t >= farewell))
                        return;
                if (t >= next_tick) {
                        (void)serve_tick(s, &next_second);
                        next_tick = t + TICK;
                }
                loop_once(&s->loop, wait < TICK ? wait : TICK);
        }
}

static int open_sockets(struct server *s, const struct serve_options *o, struct cfs_error *err)
{
        const char *where = o->listen ? o->listen : DEFAULT_LISTEN;
        int fd, r = 0;

        if (STREQ(where, "none") && !o->socket)
                return err_set(err, CFS_E_INVALID, "--listen none needs --socket");
        if (!STREQ(where, "none")) {
                fd = listen_tcp(where, o->insecure, &s->rules.port, err);
                r = fd < 0 ? fd : http_listen(s, &s->tcp, fd, err);
        }
        if (r >= 0 && o->socket) {
                fd = listen_local(o->socket, err);
                if (fd >= 0)
                        r = str_dup(&s->socket_path, o->socket, err);
                s->local.local = true;
                r = fd < 0 ? fd : r < 0 ? r : http_listen(s, &s->local, fd, err);
        }
        return r;
}

/* For people, and for programs that wait until it can be used. */
static void announce(const struct server *s, const struct serve_options *o)
{
        if (s->tcp.daemon) {
                const char *where = o->listen ? o->listen : DEFAULT_LISTEN;
                bool six = *where == '[';

                printf("http://%s:%u/#token=%s\n", six ? "[::1]" : "127.0.0.1", s->rules.port, s->token.text);
        }
        if (s->local.daemon)
                printf("unix:%s\n", s->socket_path);
        (void)fflush(stdout);
}

int serve_run(struct box *box, const struct serve_options *o, struct cfs_error *err)
{
        struct server s = { .box = box, .rules = { .any_address = o->insecure }, .loop = { -1 } };
        struct signals sig = { .watch = { -1, NULL } };
        int r;

        if (o->print_routes) {
                routes_print();
                return 0;
        }
        s.rules.token = &s.token;
        raise_limit();
        r = token_load(box, &s.token, err);
        if (r >= 0)
                r = loop_init(&s.loop, err);
        if (r >= 0)
                r = watch_signals(&s, &sig, err);
        if (r >= 0)
                r = open_sockets(&s, o, err);
        if (r >= 0) {
                announce(&s, o);
                serve_loop(&s, &sig);
        }
        http_stop(&s);
        loop_remove(&s.loop, &sig.watch);
        loop_release(&s.loop);
        if (s.socket_path)
                (void)unlink(s.socket_path);
        free(s.socket_path);
        sampler_free(s.sampler);
        str_free(&s.containers[0]);
        str_free(&s.containers[1]);
        return r;
}
