/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/signals.h"

static void signals_by_name_and_number(void **state)
{
        static const struct {
                const char *name;
                int number;
        } good[] = {
                { "KILL", 9 },
                { "SIGKILL", 9 },
                { "kill", 9 },
                { "sigkill", 9 },
                { "SigTerm", 15 },
                { "HUP", 1 },
                { "9", 9 },
                { "0", 0 },
                { "64", 64 },
                { "CHLD", SIGCHLD },
                { "SIGCLD", SIGCHLD },
                { "IOT", SIGABRT },
                { "ABRT", SIGABRT },
                { "IO", SIGIO },
                { "SIGPOLL", SIGIO },
                { "SYS", SIGSYS },
                { "WINCH", SIGWINCH },
                { "PWR", SIGPWR },
                { "STKFLT", 16 },
                { "UNUSED", SIGSYS },
        };
        static const char *const bad[] = {
                "",         "SIG",    "SIGSIGKILL", "KILLX",    "-1",       "65",
                "9x",       " 9",     "KILL ",      "RTMIN-1",  "RTMIN+31", "RTMAX+1",
                "RTMAX-31", "RTMIN+", "RTMINX",     "RTMIN+ 1", "RTMIN+x",  "99999999999999999999",
                "RTMIN+-1"
        };
        char name[32];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                assert_int_equal(signals_number(good[i].name), good[i].number);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(signals_number(bad[i]), -EINVAL);
        assert_int_equal(signals_number(NULL), -EINVAL);
        for (int i = 1; i < 32; i++) {
                (void)snprintf(name, sizeof(name), "SIG%s", sigabbrev_np(i));
                assert_int_equal(signals_number(name), i);
        }
        assert_int_equal(signals_number("RTMIN"), SIGRTMIN);
        assert_int_equal(signals_number("SIGRTMAX"), SIGRTMAX);
        for (int i = 0; i <= SIGRTMAX - SIGRTMIN; i++) {
                (void)snprintf(name, sizeof(name), "rtmin+%d", i);
                assert_int_equal(signals_number(name), SIGRTMIN + i);
                (void)snprintf(name, sizeof(name), "SIGRTMAX-%d", i);
                assert_int_equal(signals_number(name), SIGRTMAX - i);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(signals_by_name_and_number),
        };

        return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
