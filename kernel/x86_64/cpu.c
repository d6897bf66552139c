/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/cpu.h"

#include "kernel/panic.h"
#include "kernel/trace.h"
#include "kernel/x86_64/fpu.h"
#include "kernel/x86_64/kernel_lock.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"

/* The memory types that page table entries choose from: entry 1 (PWT) is write-combining, for the
   screen; the others are as after reset. */
#define PAT_TYPES   0x0007040600070106UL

/* Instructions that exist only with SMAP: SMAP_SITE in offsets.inc and user_copy.h. */
extern const struct smap_site {
    uint64_t address;
    uint64_t opcode_end;        /* 0f 01 and this: stac or clac */
} smap_sites_start[], smap_sites_end[];

struct cpu_features cpu_features;
static uint64_t boot_trace[TRACE_RING_BYTES / sizeof(uint64_t)]
    __attribute__((aligned(TRACE_COLUMN_BYTES)));
static struct cpu boot_cpu = { .self = &boot_cpu, .holds_lock = true, .in_service = true,
                               .trace.next = boot_trace };
static struct processor_segments boot_segments;
struct cpu *cpus[PROCESSORS_MAX] = { &boot_cpu };
unsigned cpu_count = 1;

static void features_detect(void)
{
    uint32_t largest = cpuid(0, 0).eax;
    uint32_t largest_extended = cpuid(0x80000000, 0).eax;
    struct cpuid basic = cpuid(1, 0);
    struct cpuid extended = cpuid(0x80000001, 0);

    cpu_features.nx = extended.edx >> 20 & 1;
    if (!cpu_features.nx)
        panic("this processor cannot protect memory from execution (NX); Porthole needs it");
    cpu_features.pages_1g = extended.edx >> 26 & 1;
    cpu_features.xsave = basic.ecx >> 26 & 1;
    if (largest >= 7) {
        struct cpuid structured = cpuid(7, 0);

        cpu_features.fsgsbase = structured.ebx & 1;
        cpu_features.smep = structured.ebx >> 7 & 1;
        cpu_features.smap = structured.ebx >> 20 & 1;
        cpu_features.umip = structured.ecx >> 2 & 1;
    }
    if (cpu_features.xsave && largest >= 0xd)
        cpu_features.xsaveopt = cpuid(0xd, 1).eax & 1;
    if (largest_extended >= 0x80000007)
        cpu_features.invariant_tsc = cpuid(0x80000007, 0).edx >> 8 & 1;
}

/* Writes into code: only while the early page tables, which allow it, are loaded. */
static void smap_patch(void)
{
    for (const struct smap_site *site = smap_sites_start; site < smap_sites_end; site++) {
        uint8_t *code = (uint8_t *)site->address;

        code[0] = 0x0f;
        code[1] = 0x01;
        code[2] = (uint8_t)site->opcode_end;
    }
}

static void control_registers_init(void)
{
    uint64_t cr4 = cr4_read() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (cpu_features.smep)
        cr4 |= CR4_SMEP;
    if (cpu_features.umip)
        cr4 |= CR4_UMIP;
    if (cpu_features.xsave)
        cr4 |= CR4_OSXSAVE;
    if (cpu_features.smap)
        cr4 |= CR4_SMAP;
    cr0_write((cr0_read() & ~(CR0_EM | CR0_TS | CR0_AM)) | CR0_MP | CR0_NE | CR0_WP);
    cr4_write(cr4);
    msr_write(MSR_PAT, PAT_TYPES);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
}

/* Before this, this_cpu() is nobody. */
static void bases_init(struct cpu *cpu)
{
    msr_write(MSR_GS_BASE, (uint64_t)cpu);
    msr_write(MSR_KERNEL_GS_BASE, 0);
    msr_write(MSR_FS_BASE, 0);
}

/*
 * Purpose: bring the boot processor from what the door left to what the kernel needs.
 * Conditions: the early page tables are loaded: code is still writable.
 *
 * FSGSBASE stays off even where CPUID has it: user mode could then change its bases unseen, and each
 * thread switch would have to save them. The trap code also relies on a user's GS base being positive.
 */
void cpu_init(void)
{
    bases_init(&boot_cpu);
    features_detect();
    gates_init();
    segments_init(&boot_cpu, &boot_segments);
    if (cpu_features.smap)
        smap_patch();
    control_registers_init();
    fpu_init();
}

void cpu_init_other(struct cpu *cpu, struct processor_segments *segments)
{
    bases_init(cpu);
    segments_init(cpu, segments);
    control_registers_init();
    fpu_init_other();
}

/* What wakes it up between letting the lock go and halting is still there when it halts. */
void cpu_idle(void)
{
    kernel_lock_drop();
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
    kernel_lock_take();
}

void cpu_interrupt_window(void)
{
    __asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
}

void cpu_triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_vectors = { 0, 0 };

    __asm__ volatile("lidt %0\n\tud2" : : "m"(no_vectors));
}

void cpu_halt(void)
{
    for (;;)
        __asm__ volatile("cli\n\thlt");
}
