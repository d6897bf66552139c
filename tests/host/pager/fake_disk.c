/* SPDX-License-Identifier: BSD-2-Clause */
/* The faked memory and disk: regions are counted, blocks can fail. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include <mach.h>
#include <mig/device.h>

#include "fake_disk.h"
#include "fake_mach.h"

#define RECORDS_PER_BLOCK 8u

static unsigned char *disk;
static uint64_t disk_blocks;
static bool *block_bad, *block_stumbled;
static long regions; /* pages of out-of-line memory that exist */
static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;

void fake_disk_init(uint64_t blocks)
{
    free(disk);
    free(block_bad);
    disk_blocks = blocks;
    disk = calloc(blocks, FAKE_PAGE_BYTES);
    free(block_stumbled);
    block_bad = calloc(blocks, sizeof *block_bad);
    block_stumbled = calloc(blocks, sizeof *block_stumbled);
}

long fake_regions(void)
{
    return __atomic_load_n(&regions, __ATOMIC_SEQ_CST);
}

/* Out-of-line memory is given out at the lowest free addresses, as a map does, so that regions of
   different messages lie side by side; what is free is poisoned. */
#define ARENA_PAGES 8192u
static unsigned char *arena;
static bool page_used[ARENA_PAGES];

static unsigned find_gap(unsigned pages)
{
    unsigned length = 0;
    for (unsigned i = 0; i < ARENA_PAGES; i++) {
        length = page_used[i] ? 0 : length + 1;
        if (length == pages)
            return i + 1 - pages;
    }
    abort();
}

vm_address_t fake_region_make(unsigned pages)
{
    pthread_mutex_lock(&disk_lock);
    if (arena == NULL) {
        arena = aligned_alloc(FAKE_PAGE_BYTES, (size_t)ARENA_PAGES * FAKE_PAGE_BYTES);
        __asan_poison_memory_region(arena, (size_t)ARENA_PAGES * FAKE_PAGE_BYTES);
    }
    unsigned first = find_gap(pages);
    memset(page_used + first, true, pages);
    unsigned char *memory = arena + (size_t)first * FAKE_PAGE_BYTES;
    __asan_unpoison_memory_region(memory, (size_t)pages * FAKE_PAGE_BYTES);
    regions += pages;
    pthread_mutex_unlock(&disk_lock);
    return (vm_address_t)memory;
}

void fake_region_free(vm_address_t address, vm_size_t size)
{
    pthread_mutex_lock(&disk_lock);
    size_t first = (address - (vm_address_t)arena) / FAKE_PAGE_BYTES;
    size_t pages = size / FAKE_PAGE_BYTES;
    fake_check(
        size % FAKE_PAGE_BYTES == 0 && first + pages <= ARENA_PAGES, "whole pages are freed");
    for (size_t i = first; i < first + pages; i++) {
        fake_check(page_used[i], "memory that is freed exists");
        page_used[i] = false;
    }
    __asan_poison_memory_region((void *)address, size);
    regions -= (long)pages;
    pthread_mutex_unlock(&disk_lock);
}

kern_return_t vm_deallocate(mach_port_t task, vm_address_t address, vm_size_t size)
{
    (void)task;
    fake_region_free(address, size);
    return KERN_SUCCESS;
}

/* Reads that begin at a block fail now and then, but never twice in a row. */
static bool stumbles(uint64_t block)
{
    pthread_mutex_lock(&disk_lock);
    block_stumbled[block] =
        !block_stumbled[block] && (unsigned)rand() % 1000 < fake_faults.read_error_per_mille;
    bool now = block_stumbled[block];
    pthread_mutex_unlock(&disk_lock);
    return now;
}

kern_return_t device_read(mach_port_t device, dev_mode_t mode, recnum_t recnum, int bytes_wanted,
    io_buf_ptr_t *data, mach_msg_type_number_t *count)
{
    (void)device, (void)mode;
    uint64_t first = recnum / RECORDS_PER_BLOCK;
    unsigned pages = (unsigned)bytes_wanted / FAKE_PAGE_BYTES;
    fake_check(recnum % RECORDS_PER_BLOCK == 0 && first + pages <= disk_blocks, "read within disk");
    sched_yield();
    vm_address_t memory = fake_region_make(pages);
    if (stumbles(first)) {
        fake_region_free(memory, (vm_size_t)pages * FAKE_PAGE_BYTES);
        return D_IO_ERROR;
    }
    pthread_mutex_lock(&disk_lock);
    memcpy((void *)memory, disk + first * FAKE_PAGE_BYTES, (size_t)pages * FAKE_PAGE_BYTES);
    pthread_mutex_unlock(&disk_lock);
    *data = (io_buf_ptr_t)memory;
    *count = (mach_msg_type_number_t)bytes_wanted;
    return KERN_SUCCESS;
}

kern_return_t device_write(mach_port_t device, dev_mode_t mode, recnum_t recnum, io_buf_ptr_t data,
    mach_msg_type_number_t count, int *written)
{
    (void)device, (void)mode;
    uint64_t first = recnum / RECORDS_PER_BLOCK;
    unsigned pages = count / FAKE_PAGE_BYTES;
    kern_return_t result = KERN_SUCCESS;
    fake_check(
        recnum % RECORDS_PER_BLOCK == 0 && first + pages <= disk_blocks, "write within disk");
    sched_yield();
    pthread_mutex_lock(&disk_lock);
    for (unsigned i = 0; i < pages; i++) {
        if ((unsigned)rand() % 1000 < fake_faults.write_error_per_mille)
            block_bad[first + i] = true;
        if (block_bad[first + i])
            result = D_IO_ERROR;
    }
    for (unsigned i = 0; i < pages; i++) /* a request that fails is torn: the good blocks are written */
        if (!block_bad[first + i])
            memcpy(disk + (first + i) * FAKE_PAGE_BYTES, data + i * FAKE_PAGE_BYTES, FAKE_PAGE_BYTES);
    pthread_mutex_unlock(&disk_lock);
    *written = (int)count;
    return result;
}
