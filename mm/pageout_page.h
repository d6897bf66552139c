/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of one page when its frame is wanted.
 */
#pragma once

struct page;

/* Frames that may be on their way to the default pager at a time. Precious pages may exceed it: the
   pager keeps a block in reserve for each (H-19), so they always come free. */
#define PAGEOUT_LAUNDRY_MAX 32u
#define PAGEOUT_LAUNDRY_PRECIOUS_MAX 96u

/* Pages in one message to the default pager. */
#define PAGEOUT_CLUSTER_PAGES 8u

enum eviction {
    EVICTION_FREED,     /* the frame is free */
    EVICTION_SENT,      /* on its way to its manager */
    EVICTION_KEPT,      /* in use, referenced, or pinned */
    EVICTION_THROTTLED  /* its manager has enough to do for now, or there is none */
};

/* Evicts a page that is on a queue, if that is allowed now; whoever used it last is not asked. */
enum eviction pageout_evict(struct page *page);
