/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges as managers name them: bytes of the memory object, page aligned at the start. */
#pragma once

#include <stdbool.h>

#include "mm/vm_object.h"

/* [start, end) in the object, whole pages. */
struct object_range {
    vm_offset_t start;
    vm_offset_t end;
};

/*
 * Translates [offset, offset + size) of the memory object; size is rounded up or cut to pages. False: the
 * offset is not aligned, or the range wraps.
 */
static inline bool object_range_decode(const struct vm_object *object, vm_offset_t offset,
                                       vm_size_t size, bool round_up, struct object_range *range)
{
    vm_offset_t end = offset + size;

    if (!page_aligned(offset) || end < offset)
        return false;
    if (round_up && !page_aligned(end) && end < page_trunc(~(vm_offset_t)0))
        end = page_round(end);
    end = page_trunc(end);
    range->start = offset > object->paging_offset ? offset - object->paging_offset : 0;
    range->end = end > object->paging_offset ? end - object->paging_offset : 0;
    return true;
}
