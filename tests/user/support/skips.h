/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach/boolean.h>
#include <stdint.h>

/* Operations of a random run that are left out when it is done again: skip=FROM-TO,... on the kernel's command line. */
#define SKIPS_MAX 64u
struct skips {
    unsigned count;
    struct { uint64_t from, to; } ranges[SKIPS_MAX];
};

/* What the program's arguments say; none if they say nothing. */
void skips_read(struct skips *skips);
boolean_t skips_have(const struct skips *skips, uint64_t operation);
