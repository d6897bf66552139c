/* SPDX-License-Identifier: BSD-2-Clause */
#include "skips.h"

#include <porthole/runtime.h>

#include "test.h"

void skips_read(struct skips *skips)
{
    static char text[2048];
    char *at = text;

    skips->count = 0;
    if (!argument_value(test_argc, test_argv, "skip", text, sizeof text))
        return;
    while (*at != '\0' && skips->count < SKIPS_MAX) {
        skips->ranges[skips->count].from = strtoul(at, &at, 10);
        at += *at == '-';
        skips->ranges[skips->count++].to = strtoul(at, &at, 10);
        at += *at == ',';
    }
}

boolean_t skips_have(const struct skips *skips, uint64_t operation)
{
    for (unsigned i = 0; i < skips->count; i++)
        if (operation >= skips->ranges[i].from && operation <= skips->ranges[i].to)
            return TRUE;
    return FALSE;
}
