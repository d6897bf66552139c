/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the machine layer: page tables, protection, the clock, interrupts, I/O ports. */
#include <stddef.h>

#include "boot/memory_map.h"
#include "kernel/trap_table.h"
#include "kernel/x86_64/boot_memory.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/interrupt.h"
#include "kernel/x86_64/io_permissions.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/syscall.h"
#include "kernel/x86_64/time.h"
#include "kernel/x86_64/user_copy.h"
#include "mm/kmem.h"
#include "mm/pmap.h"
#include "tests/kernel/selftest.h"

#define UNUSED_LINE 3u

extern char kernel_text_start[], kernel_text_end[];
extern char kernel_rodata_start[], kernel_rodata_end[];
extern char kernel_data_start[], kernel_data_end[];
extern char boot_stack_guard[], boot_stack[];
extern void *trap_dispatch[];

/* The leaf entry for a kernel address, or 0. */
static uint64_t leaf(uint64_t address)
{
    uint64_t table = paging_root();

    for (int level = 3; level >= 0; level--) {
        uint64_t entry =
            ((uint64_t *)direct_map(table))[address >> (12 + 9 * level) & 511];

        if (!(entry & PTE_PRESENT))
            return 0;
        if (level == 0 || (entry & PTE_LARGE))
            return entry;
        table = entry & PTE_ADDRESS;
    }
    return 0;
}

static bool image_has(const char *start, const char *end, uint64_t mask, uint64_t wanted)
{
    for (const char *at = start; at < end; at += 4096)
        if ((leaf((uint64_t)at) & mask) != wanted)
            return false;
    return true;
}

SELFTEST(paging_protects_the_kernel_image)
{
    uint64_t mask = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX;

    expect(image_has(kernel_text_start, kernel_text_end, mask, PTE_PRESENT));
    expect(image_has(kernel_rodata_start, kernel_rodata_end, mask, PTE_PRESENT | PTE_NX));
    mask |= PTE_LARGE;
    expect(image_has(kernel_data_start, boot_stack_guard, mask, PTE_PRESENT | PTE_WRITE | PTE_NX));
    expect(image_has(boot_stack, kernel_data_end, mask, PTE_PRESENT | PTE_WRITE | PTE_NX));
    expect(leaf((uint64_t)boot_stack_guard) == 0);
}

/* Whether some entry below a table can be written and executed; rights add up on the way down. */
static bool writable_and_executable(uint64_t table, int level, unsigned first)
{
    const uint64_t *entries = direct_map(table);

    for (unsigned i = first; i < 512; i++) {
        uint64_t entry = entries[i];

        if (!(entry & PTE_PRESENT) || !(entry & PTE_WRITE) || (entry & PTE_NX))
            continue;
        if (level == 0 || (entry & PTE_LARGE) ||
            writable_and_executable(entry & PTE_ADDRESS, level - 1, 0))
            return true;
    }
    return false;
}

SELFTEST(paging_has_nothing_writable_and_executable)
{
    expect(!writable_and_executable(paging_root(), 3, 256));
}

SELFTEST(paging_leaves_no_identity_map)
{
    const uint64_t *top = direct_map(paging_root());

    for (unsigned i = 0; i < 256; i++)
        expect(top[i] == 0);
}

SELFTEST(cpu_protections_are_on)
{
    uint64_t cr4 = cr4_read();

    expect((cr0_read() & CR0_WP) != 0);
    expect(((cr4 & CR4_SMEP) != 0) == cpu_features.smep);
    expect(((cr4 & CR4_SMAP) != 0) == cpu_features.smap);
    expect((msr_read(MSR_EFER) & EFER_NXE) != 0);
}

SELFTEST(stacks_have_guard_pages)
{
    void *stack = kmem_stack_alloc();
    uint64_t below;

    expect(stack != NULL);
    below = pmap_extract(&kernel_pmap, (vm_offset_t)stack - 1);
    kmem_stack_free(stack);
    expect(below == 0);
}

SELFTEST(user_copy_refuses_what_is_not_the_users)
{
    uint64_t word = 0;
    char text[8];
    size_t length;

    expect(!copyin((uint64_t)&word, &word, sizeof(word)));
    expect(!copyout(&word, DIRECT_MAP_BASE, sizeof(word)));
    expect(!copyin(USER_ADDRESS_END - 4, &word, sizeof(word)));
    expect(!copyin(UINT64_MAX - 3, &word, sizeof(word)));
    expect(!copyin(0x4000000000000000, &word, sizeof(word)));
    expect(!copyin(USER_ADDRESS_MIN, &word, sizeof(word)));
    expect(!copyin_string(USER_ADDRESS_MIN, text, sizeof(text), &length));
    expect(!copyin_string(DIRECT_MAP_BASE, text, sizeof(text), &length));
}

SELFTEST(trap_table_has_no_holes)
{
    for (unsigned i = 0; i < 256; i++) {
        expect(trap_dispatch[i] != NULL);
        if (i >= mach_trap_count || mach_trap_table[i].function == NULL)
            expect(trap_dispatch[i] == (void *)trap_invalid);
    }
}

SELFTEST(clock_goes_forward)
{
    uint64_t before = clock_now_ns();

    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_now_ns();

        expect(now >= before);
        before = now;
    }
    expect(before > 0 && time_tsc_hz() >= 1000000);
    expect(time_battery_seconds() > 1700000000);
}

static void no_interrupt(void *argument)
{
    (void)argument;
}

SELFTEST(interrupt_lines_have_one_handler)
{
    expect(!interrupt_attach(INTERRUPT_LINES, no_interrupt, NULL));
    expect(interrupt_attach(UNUSED_LINE, no_interrupt, NULL));
    expect(!interrupt_attach(UNUSED_LINE, no_interrupt, NULL));
    interrupt_detach(UNUSED_LINE);
    expect(interrupt_attach(UNUSED_LINE, no_interrupt, NULL));
    interrupt_detach(UNUSED_LINE);
}

SELFTEST(io_permissions_are_exact)
{
    struct io_permissions *permissions = io_permissions_create();
    bool good = permissions != NULL;

    expect(good);
    io_permissions_set(permissions, 0x3f7, 0x400, true);
    io_permissions_set(permissions, 65535, 65535, true);
    io_permissions_set(permissions, 0x3f8, 0x3f8, false);
    for (unsigned port = 0; port < IO_PORTS; port++) {
        bool denied = permissions->denied[port / 8] >> (port % 8) & 1;
        bool allowed = (port >= 0x3f7 && port <= 0x400 && port != 0x3f8) || port == 65535;

        good = good && denied != allowed;
    }
    io_permissions_destroy(permissions);
    expect(good);
}

static bool range_is(const struct boot_range *range, uint64_t start, uint64_t end, uint64_t type)
{
    return range->start == start && range->end == end && range->type == type;
}

SELFTEST(memory_map_resolves_overlaps)
{
    static struct boot_info info;

    info.range_count = 0;
    expect(memory_map_add(&info, 0x100000, 0x900000, BOOT_MEMORY_USABLE));
    expect(memory_map_add(&info, 0x1001, 0x9fc00, BOOT_MEMORY_USABLE));
    expect(memory_map_add(&info, 0x200000, 0x2ff001, BOOT_MEMORY_KERNEL));
    expect(memory_map_add(&info, 0x8ff800, 0xa00000, BOOT_MEMORY_RESERVED));
    expect(memory_map_add(&info, 0x300000, 0x400000, BOOT_MEMORY_KERNEL));
    expect(memory_map_add(&info, 5, 5, BOOT_MEMORY_RESERVED));
    memory_map_normalise(&info);
    expect(info.range_count == 5);
    expect(range_is(&info.ranges[0], 0x2000, 0x9f000, BOOT_MEMORY_USABLE));
    expect(range_is(&info.ranges[1], 0x100000, 0x200000, BOOT_MEMORY_USABLE));
    expect(range_is(&info.ranges[2], 0x200000, 0x400000, BOOT_MEMORY_KERNEL));
    expect(range_is(&info.ranges[3], 0x400000, 0x8ff000, BOOT_MEMORY_USABLE));
    expect(range_is(&info.ranges[4], 0x8ff000, 0xa00000, BOOT_MEMORY_RESERVED));
    expect(memory_map_bytes(&info, BOOT_MEMORY_KERNEL) == 0x200000);
}
