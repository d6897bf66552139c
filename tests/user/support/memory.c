/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

uint64_t pattern_word(uint64_t seed, vm_offset_t offset)
{
    return (seed << 48) ^ (trunc_page(offset) * 0x9e3779b97f4a7c15u) ^ 0x5a5a;
}

void pattern_fill(vm_address_t address, vm_size_t size, uint64_t seed, vm_offset_t offset)
{
    uint64_t *words = (uint64_t *)address;

    for (vm_size_t at = 0; at < size; at += sizeof *words) {
        words[at / sizeof *words] = pattern_word(seed, offset + at);
    }
}

void pattern_check(vm_address_t address, vm_size_t size, uint64_t seed, vm_offset_t offset)
{
    const volatile uint64_t *words = (const volatile uint64_t *)address;

    for (vm_size_t at = 0; at < size; at += sizeof *words) {
        uint64_t expected = pattern_word(seed, offset + at);
        if (words[at / sizeof *words] != expected) {
            FAIL("%#lx holds %#lx, expected %#lx (offset %#lx)", address + at,
                 words[at / sizeof *words], expected, offset + at);
        }
    }
}

void memory_statistics(struct vm_statistics *statistics)
{
    CHECK_OK(vm_statistics(mach_task_self(), statistics));
}

unsigned pressure_make(struct pressure *pressure, unsigned leave_free, unsigned limit_pages)
{
    struct vm_statistics statistics;
    unsigned touched = 0;

    pressure->address = 0;
    pressure->size = (vm_size_t)limit_pages * PAGE_SIZE;
    CHECK_OK(vm_allocate(mach_task_self(), &pressure->address, pressure->size, TRUE));
    for (; touched < limit_pages; touched++) {
        if (touched % 16 == 0) {
            memory_statistics(&statistics);
            if ((unsigned)statistics.free_count < leave_free) {
                break;
            }
        }
        *(volatile uint64_t *)(pressure->address + (vm_size_t)touched * PAGE_SIZE) = touched + 1;
    }
    return touched;
}

void pressure_end(struct pressure *pressure)
{
    CHECK_OK(vm_deallocate(mach_task_self(), pressure->address, pressure->size));
}

boolean_t wait_until(boolean_t (*holds)(void *), void *argument, unsigned milliseconds)
{
    for (unsigned waited = 0; !holds(argument); waited += 10) {
        if (waited >= milliseconds) {
            return FALSE;
        }
        thread_sleep(10);
    }
    return TRUE;
}
