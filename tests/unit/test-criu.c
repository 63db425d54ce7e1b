/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRIU's messages: the bytes are those of protobuf.dev, "Encoding", and the numbers those of CRIU's
 * rpc.proto. */
#include "criu/message.h"
#include "criu/wire.h"
#include "test.h"
#include <errno.h>

static void bytes_are(const struct str *s, const char *expected, size_t n)
{
        assert_false(s->failed);
        assert_int_equal(s->len, n);
        assert_memory_equal(s->p, expected, n);
}

#define BYTES(s, text) bytes_are(s, text, sizeof(text) - 1)

static void numbers_and_texts(void **state)
{
        _cleanup_str_ struct str s = { 0 }, negative = { 0 }, text = { 0 }, outer = { 0 };

        (void)state;
        wire_put_number(&s, 1, 150); /* the example of the documentation */
        BYTES(&s, "\x08\x96\x01");
        wire_put_number(&negative, 2, -1);
        BYTES(&negative, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
        wire_put_text(&text, 2, "testing");
        BYTES(&text, "\x12\x07testing");
        wire_put_message(&outer, 3, &s);
        BYTES(&outer, "\x1a\x03\x08\x96\x01");
}

static void requests(void **state)
{
        _cleanup_str_ struct str version = { 0 }, dump = { 0 }, answer = { 0 };
        struct criu_pair pair = { .key = "pipe:[7]", .number = 1 };
        struct criu_options o = { .images_dir_fd = 5,
                                  .leave_running = true,
                                  .has_cgroup_mode = true,
                                  .cgroup_mode = CRIU_CGROUP_IGNORE,
                                  .config_file = "",
                                  .inherit = { &pair, 1 } };

        (void)state;
        message_put_request(&version, CRIU_VERSION, NULL, true);
        BYTES(&version, "\x08\x0a\x20\x01");
        /* images_dir_fd 1, leave_running 3, config_file 51 although empty, inherit_fd 27,
         * manage_cgroups_mode 34 although 0 */
        message_put_request(&dump, CRIU_DUMP, &o, false);
        BYTES(&dump, "\x08\x01\x12\x19"
                     "\x08\x05\x18\x01\x9a\x03\x00\xda\x01\x0c\x0a\x08pipe:[7]\x10\x01\x90\x02\x00");
        message_put_notified(&answer, false);
        BYTES(&answer, "\x08\x06\x18\x00");
}

#define GET(text, ret) message_get_response(text, sizeof(text) - 1, ret)

static void responses(void **state)
{
        struct criu_response a;

        (void)state;
        assert_int_equal(GET("\x08\x0a\x10\x01\x52\x0b\x08\x03\x10\x11\x1a\x01\x30\x20\x01\x28\x00", &a), 0);
        assert_int_equal(a.type, CRIU_VERSION);
        assert_true(a.success);
        assert_int_equal(a.version, 31701);
        assert_int_equal(GET("\x08\x06\x10\x01\x2a\x11\x0a\x0cpost-restore\x10\x84\x02", &a), 0);
        assert_int_equal(a.type, CRIU_NOTIFY);
        assert_string_equal(a.script, "post-restore");
        assert_int_equal(a.pid, 260);
        assert_int_equal(GET("\x08\x02\x10\x00\x38\x16\x4a\x03no\n", &a), 0);
        assert_false(a.success);
        assert_int_equal(a.error, 22);
        assert_string_equal(a.message, "no ");
        /* A field that is new to us, of each type of the wire. */
        assert_int_equal(
                GET("\x08\x02\x10\x01\xa0\x06\x05\xa2\x06\x01x\xa5\x06\x01\x02\x03\x04\xa1\x06\x01\x02\x03\x04\x05\x06\x07\x08",
                    &a),
                0);
        assert_true(a.success);
        assert_int_equal(GET("\x08\x09\x10\x01\x42\x04\x08\x01\x10\x01", &a), 0);
        assert_true(a.has_lazy_pages && a.has_mem_track);
}

static void what_is_no_message(void **state)
{
        struct criu_response a = { .error = 77 };

        (void)state;
        assert_int_equal(GET("\x08", &a), -EBADMSG);             /* no value                     */
        assert_int_equal(GET("\x80\x80\x80", &a), -EBADMSG);     /* a number that does not end   */
        assert_int_equal(GET("\x2a\x05\x0a", &a), -EBADMSG);     /* longer than what there is    */
        assert_int_equal(GET("\x2a\x02\x0a\x05", &a), -EBADMSG); /* the same, inside             */
        assert_int_equal(GET("\x0b", &a), -EBADMSG);             /* a group                      */
        assert_int_equal(GET("\x00\x01", &a), -EBADMSG);         /* field 0                      */
        assert_int_equal(GET("\x0d\x01", &a), -EBADMSG);         /* half of 32 bits              */
        assert_int_equal(GET("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", &a), -EBADMSG); /* 65 bits */
        assert_int_equal(a.error, 77); /* and nothing was written */
        assert_int_equal(GET("", &a), 0);
        assert_false(a.success);
}

/* A name that is longer than any of CRIU's is cut, and stays a string. */
static void long_texts_are_cut(void **state)
{
        _cleanup_str_ struct str s = { 0 }, inner = { 0 };
        struct criu_response a;
        char text[300];

        (void)state;
        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        wire_put_text(&inner, 1, text);
        wire_put_message(&s, 5, &inner);
        wire_put_text(&s, 9, text);
        assert_int_equal(message_get_response(s.p, s.len, &a), 0);
        assert_int_equal(strlen(a.script), sizeof(a.script) - 1);
        assert_int_equal(strlen(a.message), sizeof(a.message) - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(numbers_and_texts),  cmocka_unit_test(requests),
                cmocka_unit_test(responses),          cmocka_unit_test(what_is_no_message),
                cmocka_unit_test(long_texts_are_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
