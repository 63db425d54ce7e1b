/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversation between runtime and init, both directions: each may have been taken over by what it has
 * touched. The input is a list of packets, each with its length in front (two bytes, little endian); the
 * highest bit of the length sends a descriptor along. The first byte says what the listener waits for. It
 * must return, with an error whose strings end.
 */
#include "fuzz.h"
#include "base/unix.h"
#include "libcfs/process/sync.h"
#include <fcntl.h>
#include <unistd.h>

static void ignore_log(void *data, enum log_level level, const char *message)
{
        (void)data;
        CHECK(level <= LOG_LEVEL_DEBUG && strlen(message) < 2048);
}

/* The reader comes later, so what finds the queue full is left out: 280 packets of a few bytes fill it. */
static void send_packets(int fd, const uint8_t *data, size_t size)
{
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
        while (size >= 2) {
                size_t n = data[0] | (size_t)(data[1] & 0x7f) << 8;
                bool with_fd = data[1] & 0x80;

                data += 2;
                size -= 2;
                if (n > size)
                        n = size;
                if (n > 0 && unix_send(fd, data, n, with_fd ? STDIN_FILENO : -1) < 0)
                        return;
                data += n;
                size -= n;
        }
}

static bool ends(const char *s, size_t size)
{
        return strnlen(s, size) < size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct sync a, b;
        struct cfs_error err = { 0 };
        int r;

        if (size == 0 || size > 20000)
                return 0;
        log_set_handler(ignore_log, NULL, LOG_LEVEL_DEBUG);
        CHECK(sync_pair(&a, &b, &err) == 0);
        send_packets(b.fd, data + 1, size - 1);
        if (data[0] & 0x80)
                sync_close(&b); /* else the peer is there and silent: only what does not wait is asked */
        switch (data[0] & 0x80 ? data[0] % 6 : 5) {
        case 0:
                r = sync_meet(&a, data[0] >> 4, "row", &err);
                break;
        case 1:
                r = sync_wait_go(&a, &err);
                break;
        case 2:
                r = sync_wait_exec(&a, &err);
                break;
        case 3:
                r = sync_recv_fd(&a, &err);
                if (r >= 0)
                        (void)close(r);
                break;
        case 4:
                r = sync_send_go(&a, &err);
                break;
        default:
                r = sync_look(&a, &err);
        }
        if (r < 0)
                CHECK(ends(err.text, sizeof(err.text)) && ends(err.hint, sizeof(err.hint)) &&
                      ends(err.path, sizeof(err.path)) && ends(err.phase, sizeof(err.phase)) &&
                      ends(err.property, sizeof(err.property)) && ends(err.syscall, sizeof(err.syscall)));
        sync_close(&a);
        sync_close(&b);
        return 0;
}
