/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/user_memory.h"

#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_out.h"

#define PIECE_BYTES ((size_t)65536) /* a copy's memory is wanted at once: keep it small */

bool user_memory_write(struct vm_map *map, uint64_t address, const void *bytes, size_t count)
{
    const char *from = bytes;

    while (count > 0) {
        /* Pieces end on page boundaries of the target, so that whole pages can move. */
        size_t piece = PIECE_BYTES - (address & PAGE_MASK);
        struct vm_copy *copy;

        if (piece > count)
            piece = count;
        copy = vm_copy_from_bytes(from, piece);
        if (!copy)
            return false;
        if (vm_copy_overwrite(map, address, copy) != KERN_SUCCESS) {
            vm_copy_discard(copy);
            return false;
        }
        from += piece;
        address += piece;
        count -= piece;
    }
    return true;
}
