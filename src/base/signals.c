/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals (signal(7)): their names, those that are to end us, and the state that a program inherits.
 */
#include "base/signals.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

void signals_block_ends(sigset_t *ret_old)
{
        sigset_t set;

        (void)sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                (void)sigaddset(&set, ends[i]);
        (void)sigprocmask(SIG_BLOCK, &set, ret_old);
}

int signals_take_end(void)
{
        sigset_t pending, one;

        if (sigpending(&pending) < 0)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
                struct sigaction a;

                if (sigismember(&pending, ends[i]) != 1)
                        continue;
                /* A blocked signal waits even when it is ignored, as by nohup(1). */
                if (sigaction(ends[i], NULL, &a) == 0 && a.sa_handler == SIG_IGN)
                        continue;
                (void)sigemptyset(&one);
                (void)sigaddset(&one, ends[i]);
                (void)sigtimedwait(&one, NULL, &(struct timespec){ 0 });
                return ends[i];
        }
        return 0;
}

/* Names that sigabbrev_np(3) does not give, because the number has another name. */
static const struct {
        const char *name;
        int number;
} signal_aliases[] = {
        { "IOT", SIGIOT }, { "CLD", SIGCHLD }, { "IO", SIGIO }, { "POLL", SIGPOLL }, { "UNUSED", SIGSYS },
};

/* "RTMIN", "RTMIN+3", "RTMAX-2" */
static int realtime_number(const char *name)
{
        bool from_max = strncasecmp(name, "RTMAX", 5) == 0;
        uint64_t n = 0;

        if (!from_max && strncasecmp(name, "RTMIN", 5) != 0)
                return -EINVAL;
        name += 5;
        if (*name) {
                if (*name != (from_max ? '-' : '+') || str_to_u64(name + 1, &n) < 0)
                        return -EINVAL;
        }
        if (n > (uint64_t)(SIGRTMAX - SIGRTMIN))
                return -EINVAL;
        return from_max ? SIGRTMAX - (int)n : SIGRTMIN + (int)n;
}

int signals_number(const char *name)
{
        uint64_t number;

        if (str_empty(name))
                return -EINVAL;
        if (name[0] >= '0' && name[0] <= '9')
                return str_to_u64(name, &number) < 0 || number > (uint64_t)SIGRTMAX ? -EINVAL : (int)number;
        if (strncasecmp(name, "SIG", 3) == 0)
                name += 3;
        for (int i = 1; i < SIGRTMIN; i++) {
                const char *s = sigabbrev_np(i);

                if (s && strcasecmp(s, name) == 0)
                        return i;
        }
        for (size_t i = 0; i < ARRAY_SIZE(signal_aliases); i++) {
                if (strcasecmp(signal_aliases[i].name, name) == 0)
                        return signal_aliases[i].number;
        }
        return realtime_number(name);
}

uint64_t signals_ignored(int proc_fd, pid_t *ret_pid)
{
        static const char pid[] = "\nPid:\t", ignored[] = "\nSigIgn:\t";
        _not_zeroed_ char buf[4096];
        bool read = io_read_small(proc_fd, "self/status", buf, sizeof(buf)) > 0;
        const char *p = read ? strstr(buf, pid) : NULL;

        *ret_pid = p ? (pid_t)strtol(p + strlen(pid), NULL, 10) : 0;
        p = read ? strstr(buf, ignored) : NULL;
        return p ? strtoull(p + strlen(ignored), NULL, 16) : UINT64_MAX;
}

void signals_default(uint64_t which)
{
        const uint64_t standard[8] = { 0 }; /* the kernel's struct sigaction, SIG_DFL being 0 */
        sigset_t none;

        /* EINVAL for SIGKILL and SIGSTOP, which cannot be ignored. */
        for (int s = 1; s < _NSIG; s++)
                if (which & 1ULL << (s - 1))
                        (void)syscall(SYS_rt_sigaction, s, standard, NULL, (size_t)(_NSIG - 1) / 8);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}
