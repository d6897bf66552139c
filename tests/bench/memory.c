/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults on anonymous memory.
 */
#include "bench.h"

#define PAGES (SAMPLES + 8)

/* Touches each page once and reports the median of the last SAMPLES. */
static void measure_writes(const char *name, volatile char *memory)
{
    uint64_t samples[PAGES];

    for (unsigned i = 0; i < PAGES; i++) {
        uint64_t start = now();

        memory[i * vm_page_size] = 1;
        samples[i] = now() - start - counter_cost();
    }
    report(name, median(samples + PAGES - SAMPLES, SAMPLES));
}

void bench_memory(void)
{
    vm_address_t memory = 0;
    struct child child;

    must(vm_allocate(mach_task_self(), &memory, PAGES * vm_page_size, TRUE), "vm_allocate");
    measure_writes("zero_fill", (volatile char *)memory);
    child_start(&child); /* shares all memory by copy-on-write from here on */
    measure_writes("cow_fault", (volatile char *)memory);
    must(task_terminate(child.task), "task_terminate");
    vm_deallocate(mach_task_self(), memory, PAGES * vm_page_size);
}
