/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the default pager has counted since it started. Pages and blocks are of 4096 bytes. Every
 * number is counted where the thing happens.
 *
 * Always: completed = accepted + refused. When nothing is under way: completed = supplied_precious,
 * freed_blocks = accepted (less what was cancelled by a page's return before its completion).
 */
#ifndef SERVERS_PAGER_STATISTICS_H
#define SERVERS_PAGER_STATISTICS_H

#include <stdint.h>

typedef struct pager_statistics {
    uint64_t returned;          /* pages that came in data_return */
    uint64_t initialized;       /* pages that came in data_initialize */
    uint64_t requested;         /* pages asked for by data_request */
    uint64_t unavailable;       /* of them answered "never written" */
    uint64_t supplied_precious; /* pages supplied precious, with a reply port */
    uint64_t supplied_kept;     /* pages supplied while the pager keeps its copy */
    uint64_t supplied_held;     /* copies supplied of pages in the pager's memory */
    uint64_t completed;         /* pages of supplies whose completion has come */
    uint64_t accepted;          /* of them taken by the kernel */
    uint64_t refused;           /* of them not taken */
    uint64_t cancelled;         /* returned between supply and completion: block kept */
    uint64_t freed_blocks;      /* blocks given back because their page was accepted */
    uint64_t rewritten;         /* blocks overwritten in place */
    uint64_t errors;            /* pages answered with data_error */
    uint64_t read_errors;       /* block reads that failed */
    uint64_t write_errors;      /* block writes that failed */
    uint64_t held;              /* pages in the pager's memory now, for lack of blocks */
    uint64_t out;               /* pages the kernel has the only copy of now */
    uint64_t bad_pages;         /* pages lost to write errors */
    uint64_t exhausted;         /* times that a page found no block */
    uint64_t total_blocks;      /* now */
    uint64_t free_blocks;       /* now, reserved ones included */
    uint64_t reserved_blocks;   /* now: one for each page that is out */
    uint64_t objects;           /* memory objects served now */
    uint64_t forged;            /* messages that did not come from the kernel */
    uint64_t pager_faults; /* page faults of the pager itself since it was ready: must stay 0 */
} pager_statistics_t;

#define PAGER_STATISTICS_COUNT (sizeof(pager_statistics_t) / sizeof(uint64_t))
_Static_assert(PAGER_STATISTICS_COUNT == 26, "as many as pager_statistics.defs says");

/* A backing store: 16 of them at most. */
typedef struct pager_store {
    uint64_t priority;          /* higher is used first */
    uint64_t cluster_pages;
    uint64_t total_blocks;      /* without those that failed */
    uint64_t free_blocks;
    uint64_t pages_in, pages_in_failed;
    uint64_t pages_out, pages_out_failed;
} pager_store_t;
typedef pager_store_t pager_store_array_t[16];
_Static_assert(sizeof(pager_store_t) == 8 * sizeof(uint64_t), "as many as pager_statistics.defs says");

#endif
