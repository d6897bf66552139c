/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device_initrd.h"

#include "kernel/device.h"
#include "kernel/x86_64/boot_memory.h"
#include "mm/page.h"

static uint64_t initrd_start, initrd_end; /* physical */

void device_initrd_init(uint64_t start, uint64_t end)
{
    initrd_start = start;
    initrd_end = end;
}

const void *device_initrd_bytes(size_t *bytes)
{
    *bytes = initrd_end - initrd_start;
    return *bytes == 0 ? NULL : direct_map(initrd_start);
}

static io_return_t initrd_fetch(uint64_t record, unsigned wanted, const char **data,
                                unsigned *bytes)
{
    size_t size;
    const char *start = device_initrd_bytes(&size);

    if (record > size)
        return D_INVALID_RECNUM;
    *data = start + record;
    *bytes = size - record < wanted ? size - record : wanted;
    return D_SUCCESS;
}

static void initrd_size(uint64_t *device_bytes, unsigned *record_bytes)
{
    *device_bytes = initrd_end - initrd_start;
    *record_bytes = 1;
}

/* Whole pages of the archive, and what follows its end in the last one. */
static io_return_t initrd_map(vm_offset_t offset, vm_size_t bytes, uint64_t *physical)
{
    uint64_t size = page_round(initrd_end - initrd_start);

    if (!page_aligned(initrd_start) || !page_aligned(offset) || bytes == 0 || bytes > size ||
        offset > size - bytes)
        return D_INVALID_SIZE;
    *physical = initrd_start + offset;
    return D_SUCCESS;
}

const struct device_operations device_initrd = {
    .fetch = initrd_fetch, .size = initrd_size, .map = initrd_map};
