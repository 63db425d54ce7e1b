/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libocispec can read, but no row applies.
 *
 * The specification forbids to ignore what it knows: a property that cannot be applied is an error (runtime.md,
 * "Create"). So whoever extends the schema either writes a row or enters the property here; tests/unit/test-coverage
 * fails until one of the two is done. An entry disappears together with the reason for it.
 */
#include "libcfs/ctx.h"
#include "libcfs/steps/steps.h"

struct unsupported {
        const char *property; /* as in config.json */
        const char *why;      /* completes "is not supported: " */
        bool (*present)(const struct ctx *c);
};

/* Ends with an empty row. */
static const struct unsupported unsupported_table[] = {
        { .property = NULL },
};

void unsupported_check(const struct ctx *c, struct problems *p)
{
        for (const struct unsupported *u = unsupported_table; u->property; u++)
                if (u->present(c))
                        problem(p, u->property, "is not supported: %s", u->why);
}
