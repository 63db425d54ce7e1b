/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box-init, what `run --init` makes the container's process 1: it starts the program, forwards signals to
 * it, reaps what others leave behind, and ends with the program's exit code. The kernel gives process 1 no
 * default action for signals, so a program that does not expect to be it could not be stopped by SIGTERM.
 *
 * A static program without libraries: it is mounted into images of which nothing is known.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_program(char **command, const sigset_t *mask)
{
        (void)sigprocmask(SIG_SETMASK, mask, NULL);
        /* A group of its own in the foreground of the terminal, so that the keys that interrupt reach it
         * once. */
        (void)setpgid(0, 0);
        (void)execvp(*command, command);
        fprintf(stderr, "init: %s: %s\n", *command, strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
}

/* Whether `pid` has ended, and its exit code. */
static int reap(pid_t pid, int *ret_code)
{
        pid_t ended;
        int status;

        while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
                if (ended == pid) {
                        *ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                        return 1;
                }
        return 0;
}

int main(int argc, char **argv)
{
        char **command = argv + 1;
        sigset_t all, before;
        int code;
        pid_t pid;

        if (argc > 1 && strcmp(argv[1], "--") == 0)
                command++;
        if (argc < 2 || !*command) {
                fputs("usage: init [--] COMMAND [ARG...]\n", stderr);
                return 125;
        }
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, &before);
        pid = fork();
        if (pid < 0)
                return 125;
        if (pid == 0)
                run_program(command, &before);
        (void)setpgid(pid, pid);
        (void)tcsetpgrp(STDIN_FILENO, pid);
        for (;;) {
                siginfo_t info;
                int signal = sigwaitinfo(&all, &info);

                if (signal == SIGCHLD && reap(pid, &code))
                        return code;
                if (signal > 0 && signal != SIGCHLD && signal != SIGTTOU && signal != SIGTTIN)
                        (void)kill(pid, signal);
        }
}
