/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decodes documents of the corpus, for the scripts beside it and for hand work:
 *
 *     decode [-e] [-a] TYPE FILE...
 *     decode -l TYPE
 *
 * prints for each file `FILE: ok`, or its first error (-a: all errors); -e encodes what was decoded. With -l,
 * each line of standard input is a document. TYPE is config, state, features, record, process or any other
 * name of a type. Exits 1 when a document was bad, 2 for wrong usage.
 */
#include "oci.h"
#include "base/cleanup.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(const char *path, size_t *ret_len)
{
        _cleanup_file_ FILE *f = fopen(path, "re");
        _cleanup_free_ char *text = malloc(OCI_MAX_SIZE + 2);
        size_t len;

        if (!f || !text)
                return NULL;
        len = fread(text, 1, OCI_MAX_SIZE + 1, f);
        if (ferror(f))
                return NULL;
        text[len] = '\0';
        *ret_len = len;
        return TAKE_PTR(text);
}

static const struct oci_type *type_named(const char *name)
{
        for (const struct oci_type *const *t = oci_types; *t; t++)
                if (STREQ((*t)->name, name))
                        return *t;
        return NULL;
}

static void report(void *data, unsigned line, unsigned column, const char *property, const char *message)
{
        printf("%s:%u:%u: %s%s%s\n", (const char *)data, line, column, property, *property ? ": " : "",
               message);
}

static int decode_file(const struct oci_type *type, char *path, bool all, bool encode)
{
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        struct cfs_error err = { 0 };
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *again = NULL;
        void *root = NULL;
        size_t len;
        int r;

        text = read_all(path, &len);
        if (!text) {
                perror(path);
                return 2;
        }
        if (all) {
                const struct oci_decode_options options = { .report = report,
                                                            .data = (void *)(uintptr_t)name };

                r = oci_decode_with(type, name, text, len, &options, &root, &arena, &err);
        } else {
                r = oci_decode(type, name, text, len, &root, &arena, &err);
                if (r < 0)
                        printf("%s\n", err.text);
        }
        if (r == 0 && encode) {
                r = oci_encode(type, root, 4, &again, NULL, &err);
                puts(r < 0 ? err.text : again);
        } else if (r == 0) {
                printf("%s: ok\n", name);
        }
        return r < 0;
}

static int decode_lines(const struct oci_type *type)
{
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        ssize_t len;
        int worst = 0;

        while ((len = getline(&line, &size, stdin)) > 0) {
                _cleanup_oci_arena_ struct oci_arena *arena = NULL;
                struct cfs_error err = { 0 };
                void *root;

                if (oci_decode(type, "-", line, (size_t)len, &root, &arena, &err) < 0) {
                        puts(err.text);
                        worst = 1;
                } else {
                        puts("-: ok");
                }
        }
        return worst;
}

int main(int argc, char **argv)
{
        bool all = false, encode = false, lines = false;
        const struct oci_type *type;
        int worst = 0;

        for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
                all = all || STREQ(argv[1], "-a");
                encode = encode || STREQ(argv[1], "-e");
                lines = lines || STREQ(argv[1], "-l");
        }
        type = argc > 1 ? type_named(argv[1]) : NULL;
        if (!type || lines != (argc == 2)) {
                fputs("usage: decode [-e] [-a] TYPE FILE... | decode -l TYPE\n", stderr);
                return 2;
        }
        if (lines)
                return decode_lines(type);
        for (int i = 2; i < argc; i++) {
                int r = decode_file(type, argv[i], all, encode);

                worst = r > worst ? r : worst;
        }
        return worst;
}
