/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot order: from a door to the first user task. Each step is logged. */
#include "kernel/main.h"

#include "boot/boot_info.h"
#include "boot/memory_map.h"
#include "boot/pvh.h"
#include "kernel/command_line.h"
#include "kernel/console.h"
#include "kernel/framebuffer.h"
#include "kernel/panic.h"
#include "kernel/printf.h"
#include "kernel/start.h"
#include "kernel/string.h"
#include "kernel/x86_64/acpi.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/boot_memory.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/interrupt.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/processors.h"
#include "kernel/x86_64/time.h"

enum { DOOR_PVH = 0, DOOR_UEFI = 1 };   /* as in boot/entry.asm */

static struct boot_info boot_info;

/* Copies what the door left, which lies in memory that is about to be handed out. */
static void take_boot_info(unsigned door, uint64_t physical)
{
    if (door == DOOR_UEFI)
        memcpy(&boot_info, direct_map(physical), sizeof(boot_info));
    else if (!pvh_boot_info(physical, &boot_info))
        panic("the PVH loader left no usable start structure at %lx", physical);
    if (boot_info.magic != BOOT_INFO_MAGIC)
        panic("the loader and the kernel do not fit together: build both anew");
    boot_info.command_line[BOOT_COMMAND_LINE_MAX - 1] = '\0';
}

static void framebuffer_start(const struct boot_framebuffer *info)
{
    size_t bytes = (size_t)info->pitch_bytes * info->height;

    if (info->address == 0)
        return;
    framebuffer_init(info, paging_map_device(info->address, bytes, PAGING_WRITE_COMBINING));
    log_step("screen of %u by %u pixels", info->width, info->height);
}

/* Uses up the stack: not a loop, because each call's result is needed after the next. */
static uint64_t overflow_stack(uint64_t depth)
{
    volatile uint64_t here = depth;

    return depth == UINT64_MAX ? here : overflow_stack(depth + 1) + here;
}

/* Ends that the tests of the test runner want to see. */
static void end_as_told(void)
{
    if (command_line_has("test-panic"))
        panic("as the command line asked");
    if (command_line_has("test-triple-fault"))
        cpu_triple_fault();
    if (command_line_has("test-stack-overflow"))
        panic("%lu calls fit on the stack", overflow_stack(0));
    if (command_line_has("test-hang"))
        for (;;)
            ;
}

/*
 * Purpose: everything in its order. The machine comes first, in the steps that its early page tables
 * dictate; then memory; then kernel/start.c for the rest.
 * Conditions: called once by boot/entry.asm on the boot stack, interrupts off.
 */
void kernel_main(unsigned door, uint64_t physical, uint64_t tsc_at_entry)
{
    console_init();
    time_init(tsc_at_entry);
    kprintf("\nPorthole, a Mach-style microkernel\n");
    take_boot_info(door, physical);
    command_line_init(boot_info.command_line);
    log_step("entered by the %s door", boot_info.door);
    cpu_init();
    log_step("processor at %lu MHz:%s%s%s%s", time_tsc_hz() / 1000000,
             cpu_features.smep ? " SMEP" : "", cpu_features.smap ? " SMAP" : "",
             cpu_features.xsave ? " XSAVE" : " FXSAVE", cpu_features.pages_1g ? " 1-GiB-pages" : "");
    acpi_init(boot_info.acpi_rsdp);
    boot_memory_init(&boot_info);
    processors_init();
    paging_init(&boot_info);
    framebuffer_start(&boot_info.framebuffer);
    log_step("memory of %lu MiB", memory_map_bytes(&boot_info, BOOT_MEMORY_USABLE) >> 20);
    apic_init();
    interrupt_init();
    log_step("interrupts by %s", acpi_facts.found ? "ACPI's tables" : "the PC's defaults");
    end_as_told();
    start_system(&boot_info);
}
