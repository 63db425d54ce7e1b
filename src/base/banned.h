/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions of libc that cfs never uses: a use is an error of the compiler. The Makefile includes this file
 * in front of every source file, so that it cannot be forgotten. (When you change compiler flags in
 * configure.ac, change a word here too: it makes trees that are configured already compile everything again.)
 *
 *   no bound                 strcpy strcat sprintf vsprintf gets stpcpy  -> str.h, snprintf
 *   a bound, but no NUL      strncpy strncat stpncpy
 *   hidden state             strtok
 *   errors unseen            atoi atol atoll, strdupa (no limit)         -> str_to_u64 and friends
 *   a shell                  system popen
 *   races, guessable names   mktemp tmpnam tempnam tmpfile
 *   the container's lies     getpwnam getpwuid getgrnam getgrgid: the container's /etc/passwd is not an
 *                            identity, and NSS loads libraries (CVE-2016-3697)
 *
 * A poisoned word must not come up again, not even in a header of the system: so these come first.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some are macros of libc's; the word alone is poisoned. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef stpcpy
#undef strncpy
#undef strncat
#undef stpncpy
#undef strdupa
#undef strndupa

#pragma GCC poison strcpy strcat sprintf vsprintf gets stpcpy
#pragma GCC poison strncpy strncat stpncpy
#pragma GCC poison strtok strtok_r
#pragma GCC poison atoi atol atoll strdupa strndupa
#pragma GCC poison system popen
#pragma GCC poison mktemp tmpnam tempnam tmpfile
#pragma GCC poison getpwnam getpwuid getgrnam getgrgid

#endif
