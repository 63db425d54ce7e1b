/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/log.h"

struct heard {
        int n;
        enum log_level level;
        char text[4096];
};

static void hear(void *data, enum log_level level, const char *message)
{
        struct heard *h = data;

        h->n++;
        h->level = level;
        (void)snprintf(h->text, sizeof(h->text), "%s", message);
        errno = EXDEV; /* a handler that fails in a system call */
}

static void without_a_handler_nothing_happens(void **state)
{
        (void)state;
        log_set_handler(NULL, NULL, LOG_LEVEL_DEBUG);
        assert_false(log_enabled(LOG_LEVEL_ERROR));
        log_warning("x");
        log_message(LOG_LEVEL_ERROR, "x");
}

static void messages_arrive_by_level(void **state)
{
        struct heard h = { 0 };

        (void)state;
        log_set_handler(hear, &h, LOG_LEVEL_INFO);
        assert_true(log_enabled(LOG_LEVEL_WARNING));
        assert_false(log_enabled(LOG_LEVEL_DEBUG));
        log_warning("w %d", 1);
        assert_int_equal(h.level, LOG_LEVEL_WARNING);
        assert_string_equal(h.text, "w 1");
        log_info("i");
        assert_int_equal(h.level, LOG_LEVEL_INFO);
        log_debug("d");
        assert_int_equal(h.n, 2);
        log_message(LOG_LEVEL_ERROR, "100%s");
        assert_string_equal(h.text, "100%s");
        assert_int_equal(h.n, 3);
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
}

static void errno_survives(void **state)
{
        struct heard h = { 0 };

        (void)state;
        log_set_handler(hear, &h, LOG_LEVEL_DEBUG);
        errno = EBUSY;
        log_debug("x");
        assert_int_equal(errno, EBUSY);
        log_message(LOG_LEVEL_INFO, "x");
        assert_int_equal(errno, EBUSY);
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
}

static void long_messages_are_cut(void **state)
{
        struct heard h = { 0 };
        char big[4000];

        (void)state;
        memset(big, 'm', sizeof(big) - 1);
        big[sizeof(big) - 1] = '\0';
        log_set_handler(hear, &h, LOG_LEVEL_DEBUG);
        log_info("%s", big);
        assert_int_equal(h.n, 1);
        assert_in_range(strlen(h.text), 1000, sizeof(big) - 1);
        log_set_handler(NULL, NULL, LOG_LEVEL_ERROR);
}

static void levels_have_names(void **state)
{
        (void)state;
        assert_string_equal(log_level_name(LOG_LEVEL_ERROR), "error");
        assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
        assert_string_equal(log_level_name(LOG_LEVEL_INFO), "info");
        assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_handler_nothing_happens),
                cmocka_unit_test(messages_arrive_by_level),
                cmocka_unit_test(errno_survives),
                cmocka_unit_test(long_messages_are_cut),
                cmocka_unit_test(levels_have_names),
        };

        return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
