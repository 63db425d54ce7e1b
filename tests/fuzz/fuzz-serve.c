/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client sends to the server: the document of a request (each type of them, the first byte says
 * which), its command, and the headers by which it is let in.
 */
#include "fuzz.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "box/core/document.h"
#include "box/core/time.h"
#include "box/serve/admit.h"
#include "box/serve/request.h"

static void documents(unsigned which, const char *text, size_t len)
{
        static const struct oci_type *const types[] = {
                &oci_box_run_request_type,  &oci_box_stop_request_type, &oci_box_kill_request_type,
                &oci_box_exec_request_type, &oci_box_pull_request_type, &oci_box_session_type,
                &oci_box_no_request_type
        };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL, *words_arena = oci_arena_new();
        struct cfs_error err = { 0 };
        void *document = NULL;
        char **words = NULL;
        size_t n = 0;

        if (request_decode(text, len, types[which % ARRAY_SIZE(types)], &document, &arena, &err) < 0)
                CHECK(err.text[0] && !arena);
        if (words_arena && request_command(text, len, words_arena, &words, &n, &err) >= 0)
                for (size_t i = 0; i < n; i++)
                        CHECK(strlen(words[i]) <= len);
}

static void split(const char *line)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct cfs_error err = { 0 };
        char **words = NULL;
        size_t n = 0;

        if (!arena || request_split(line, arena, &words, &n, &err) < 0)
                return;
        CHECK(n <= strlen(line) / 2 + 1);
        for (size_t i = 0; i < n; i++)
                CHECK(strlen(words[i]) <= strlen(line));
}

/* Whatever the headers say: without the secret no browser and no other user is let in. */
static void headers(const char *text)
{
        static const struct token token = {
                .text = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                .session = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
        };
        const struct admit_rules rules = { .token = &token, .port = 1337, .any_address = strlen(text) % 2 };
        struct admit_request q = {
                .method = "GET", .uid_known = true, .uid = 54321, .hosts = 1, .host = text
        };
        struct cfs_error err = { 0 };
        bool secret = strstr(text, token.text) || strstr(text, token.session);

        (void)admit_host(&rules, text);
        CHECK(admit(&rules, &q, &err) >= 400);
        q.host = "localhost:1337";
        q.cookie = q.authorization = text;
        q.fetch = true;
        CHECK(secret || admit(&rules, &q, &err) >= 400);
        q.uid = 0;
        q.origin = q.fetch_site = q.fetch_mode = q.fetch_dest = text;
        CHECK(secret || admit(&rules, &q, &err) >= 400);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = NULL;
        int64_t t;

        if (size == 0)
                return 0;
        text = fuzz_text(data, size);
        documents(data[0], text, size - 1);
        split(text);
        headers(text);
        (void)time_parse(text, &t);
        document_clean(text, size - 1);
        CHECK(utf8_length(text, size - 1) == size - 1 && !memchr(text, '\0', size - 1));
        return 0;
}
