/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the program share: the model, and the object that the kernel has. */
#pragma once

#include <mach.h>

#include "model.h"
#include "operation.h"
#include "skips.h"

#define MAPPING_ADDRESS 0x400000000ul /* may be written */
#define OTHER_ADDRESS   0x500000000ul /* may only be read */
#define WIRED_ADDRESS   0x700000000ul /* in which pages are wired */
#define SOURCE_ADDRESS  0x600000000ul /* of supplies that deallocate */
#define MAPPINGS_ALIGN  0x100000000ul
#define MAPPING_BYTES   ((vm_size_t)MODEL_PAGES * MODEL_PAGE)

struct settings {
    uint64_t seed, operations;
    uint64_t kinds, clients;   /* bit masks: what is done */
    unsigned patience;         /* seconds in which something must happen */
    boolean_t tell;            /* each operation on the report */
    struct skips skips;
};
extern struct settings settings;

extern struct model model;
extern mach_port_t object, control, name;

/* Ends the test: what was wrong, and the last operations. */
void world_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Does it, as far as the state allows, and hears all that comes of it. FALSE: there was nothing to do. The
   operation then says what was done in fact. */
boolean_t perform(struct operation *operation);
/* Ends the object and its mappings, so that nothing is left of it. */
void perform_end(void);

/* Words of a page that are looked at. */
static inline unsigned word_index(unsigned word)
{
    return word < 2 ? word : MODEL_PAGE / sizeof(uint64_t) - MODEL_WORDS + word;
}
