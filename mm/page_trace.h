/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to pages, for the trace. */
#pragma once

#include "kernel/trace.h"
#include "mm/page.h"

struct vm_object;

/* Records a PORTHOLE_TRACE_PAGE event of so many pages of the object from an offset in it on. */
static inline void page_trace(uint8_t kind, uint64_t subject, const struct vm_object *object,
                              vm_offset_t offset, vm_size_t pages)
{
    trace(kind, subject, (uint64_t)object,
          page_trunc(offset) | (pages < PAGE_MASK ? pages : PAGE_MASK));
}
