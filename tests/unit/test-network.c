/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows loopback and linux.netDevices. A process in a network namespace of its own plays the host, its
 * child in another one the container.
 */
#include "ctx.h"
#include "libcfs/steps/steps.h"
#include "libcfs/store/state.h"
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Runs ip(8). */
static void ip(const char *arguments)
{
        char text[128], *argv[16] = { (char *)(uintptr_t) "ip" }, *p = text;
        int n = 1, status = -1;
        pid_t pid;

        (void)snprintf(text, sizeof(text), "%s", arguments);
        for (char *word; (word = strsep(&p, " "));)
                argv[n++] = word;
        pid = fork();
        if (pid == 0) {
                execvp("ip", argv);
                _exit(127);
        }
        CHILD_TRUE(waitpid(pid, &status, 0) == pid);
        if (status != 0)
                print_message("# ip %s: 0x%x\n", arguments, (unsigned)status);
        CHILD_TRUE(status == 0);
}

static bool have_ip(void)
{
        return access("/usr/sbin/ip", X_OK) == 0 || access("/sbin/ip", X_OK) == 0 ||
               access("/usr/bin/ip", X_OK) == 0;
}

static bool have_ipv6(void)
{
        return access("/proc/self/net/if_inet6", F_OK) == 0;
}

/* The flags of an interface of this process's namespace, or -1: there is none. */
static int flags_of(const char *name)
{
        struct ifreq ifr = { 0 };
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

        CHILD_TRUE(fd >= 0);
        (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        r = ioctl(fd, SIOCGIFFLAGS, &ifr);
        (void)close(fd);
        return r < 0 ? -1 : ifr.ifr_flags;
}

static bool has_address(const char *name, const char *address)
{
        struct ifreq ifr = { 0 };
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
        struct in_addr want, got;

        (void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
        r = ioctl(fd, SIOCGIFADDR, &ifr);
        (void)close(fd);
        if (r < 0)
                return false;
        got = ((struct sockaddr_in *)(void *)&ifr.ifr_addr)->sin_addr;
        CHILD_TRUE(inet_pton(AF_INET, address, &want) == 1);
        return got.s_addr == want.s_addr;
}

static bool file_has(const char *path, const char *text)
{
        static char buf[65536];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

        if (fd >= 0)
                (void)close(fd);
        buf[n > 0 ? n : 0] = '\0';
        return strstr(buf, text) != NULL;
}

static void raises(struct ctx *c)
{
        CHILD_TRUE(unshare(CLONE_NEWNET) == 0);
        CHILD_TRUE(!(flags_of("lo") & IFF_UP));
        CHILD_OK(loopback_init(c, &err));
        CHILD_TRUE(flags_of("lo") & IFF_UP);
}

static void loopback_is_raised(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE, "");
        assert_false(loopback_wanted(&c));
        c.ns_join = CLONE_NEWNET;
        assert_false(loopback_wanted(&c));
        c.ns_new = CLONE_NEWNET;
        assert_true(loopback_wanted(&c));
        test_in_child(raises, &c);
        ctx_done(&c);
}

/* A child in a namespace of its own, which runs `look` when it is told to. */
static pid_t container(void (*look)(void), int *ret_go)
{
        int go[2], ready[2];
        char b;
        pid_t pid;

        CHILD_TRUE(pipe2(go, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
        pid = fork();
        CHILD_TRUE(pid >= 0);
        if (pid == 0) {
                /* The parent may end without telling us to go on. */
                (void)close(go[1]);
                (void)close(ready[0]);
                CHILD_TRUE(unshare(CLONE_NEWNET) == 0);
                CHILD_TRUE(write(ready[1], "", 1) == 1);
                CHILD_TRUE(read(go[0], &b, 1) == 1);
                look();
                _exit(0);
        }
        CHILD_TRUE(read(ready[0], &b, 1) == 1);
        *ret_go = go[1];
        return pid;
}

static void done(pid_t pid, int go)
{
        int status = -1;

        CHILD_TRUE(write(go, "", 1) == 1);
        CHILD_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Where the moves are recorded. */
static void in_state(void (*fn)(struct ctx *), struct ctx *c)
{
        char root[] = "/tmp/cfs-network-XXXXXX";
        struct cfs_error err = { 0 };

        assert_non_null(mkdtemp(root));
        assert_true(state_create(root, "c", &c->state, &err) >= 0);
        test_in_child(fn, c);
        assert_true(state_remove(c->state, &err) >= 0);
        assert_int_equal(rmdir(root), 0);
}

static void look_at_moved(void)
{
        CHILD_TRUE(flags_of("eth0") & IFF_UP);
        CHILD_TRUE(flags_of("p0") & IFF_UP);
        CHILD_TRUE(flags_of("p1") == -1);
        CHILD_TRUE(has_address("eth0", "10.11.12.13"));
        CHILD_TRUE(!have_ipv6() || file_has("/proc/self/net/if_inet6", "fd000000000000000000000000000005"));
        CHILD_TRUE(file_has("/proc/self/net/route", "eth0"));
}

static void moves(struct ctx *c)
{
        int go;

        CHILD_TRUE(unshare(CLONE_NEWNET) == 0);
        ip("link add v0 type veth peer name v1");
        ip("link set v0 up");
        ip("address add 10.11.12.13/24 dev v0");
        if (have_ipv6())
                ip("address add fd00::5/64 dev v0 nodad");
        c->pid = container(look_at_moved, &go);
        CHILD_OK(net_devices_host(c, &err));
        CHILD_TRUE(flags_of("v0") == -1 && flags_of("v1") == -1 && flags_of("lo") != -1);
        done(c->pid, go);
}

/* spec: config-linux.net-devices.1 config-linux.net-devices.3 config-linux.net-devices.4 */
static void interfaces_move_with_their_addresses(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0 || !have_ip())
                TEST_SKIP("not root, or no ip(8)");
        test_ctx(
                &c, WALK_CREATE,
                TEST_LINUX(TEST_NS(
                        "network") ",\"netDevices\":{\"v0\":{\"name\":\"eth0\"},\"v1\":{\"name\":\"p%d\"}}"));
        assert_true(net_devices_wanted(&c));
        in_state(moves, &c);
        ctx_done(&c);
}

static void look_at_nothing(void)
{
        CHILD_TRUE(flags_of("v1") == -1);
}

static void refuses(struct ctx *c)
{
        struct cfs_error e = { 0 };
        int go;

        CHILD_TRUE(unshare(CLONE_NEWNET) == 0);
        ip("link add v1 type veth peer name v2");
        c->pid = container(look_at_nothing, &go);
        /* "v1" as "lo", which is there. */
        CHILD_TRUE(net_devices_host(c, &e) < 0);
        CHILD_TRUE(STREQ(e.property, "linux.netDevices[\"v1\"]"));
        CHILD_TRUE(strstr(e.text, "an interface named `lo` exists in the container already"));
        CHILD_TRUE(flags_of("v1") != -1);
        done(c->pid, go);
}

/* spec: config-linux.net-devices.2 */
static void a_name_that_is_taken_is_an_error(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0 || !have_ip())
                TEST_SKIP("not root, or no ip(8)");
        test_ctx(&c, WALK_CREATE,
                 TEST_LINUX(TEST_NS("network") ",\"netDevices\":{\"v1\":{\"name\":\"lo\"}}"));
        in_state(refuses, &c);
        ctx_done(&c);
}

static void misses(struct ctx *c)
{
        struct cfs_error e = { 0 };
        int go;

        CHILD_TRUE(unshare(CLONE_NEWNET) == 0);
        c->pid = container(look_at_nothing, &go);
        CHILD_TRUE(net_devices_host(c, &e) < 0);
        CHILD_TRUE(strstr(e.text, "there is no interface of this name on the host"));
        done(c->pid, go);
}

/* spec: config-linux.net-devices.8 */
static void an_interface_that_is_missing_is_an_error(void **state)
{
        struct ctx c;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE, TEST_LINUX(TEST_NS("network") ",\"netDevices\":{\"v9\":{}}"));
        in_state(misses, &c);
        ctx_done(&c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(loopback_is_raised),
                cmocka_unit_test(interfaces_move_with_their_addresses),
                cmocka_unit_test(a_name_that_is_taken_is_an_error),
                cmocka_unit_test(an_interface_that_is_missing_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
