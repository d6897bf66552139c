/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One after the other is sent to the trampoline (Intel SDM volume 3, "Multiple-Processor
 * Initialization"), and found where it says that it has come.
 */
#include "kernel/x86_64/processors.h"

#include "kernel/clock.h"
#include "kernel/command_line.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "kernel/trace.h"
#include "kernel/x86_64/acpi.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/boot_memory.h"
#include "kernel/x86_64/kernel_lock.h"
#include "kernel/x86_64/paging.h"
#include "kernel/x86_64/segments.h"
#include "kernel/x86_64/syscall.h"
#include "kernel/x86_64/time.h"
#include "mm/kmem.h"

#include <stddef.h>

#define RESET_NS        (10 * NANOSECONDS_PER_MILLISECOND)
#define REPEAT_NS       (1 * NANOSECONDS_PER_MILLISECOND)
#define PATIENCE_NS     (5 * NANOSECONDS_PER_SECOND)    /* a virtual one may have to wait for a real one */
#define PAGE_BYTES      4096u

extern const char processor_trampoline[], processor_trampoline_end[];

/* All that a processor owns besides its idle thread. */
struct processor_memory {
    struct processor_segments segments;
    struct cpu cpu;
};

/* What the next processor is to have; read by processor_entry.asm. */
struct {
    uint64_t root;
    uint64_t stack_top;
    struct cpu *cpu;
} processor_first;

/* Whether the one that is awaited has come. Both sides change it but once, so that one that comes
   too late learns that it is not wanted. */
enum arrival { AWAITED, ARRIVED, GIVEN_UP };
static enum arrival arrival;

static uint64_t trampoline_page;

void processors_init(void)
{
    trampoline_page = boot_memory_low_page();
}

static bool settle_arrival(enum arrival how)
{
    enum arrival was = AWAITED;

    return __atomic_compare_exchange_n(&arrival, &was, how, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/*
 * Purpose: the first C function of another processor, on its idle thread's stack.
 * Conditions: interrupts are off. The processor that starts it holds the lock and waits.
 */
void processor_main(struct cpu *cpu) __attribute__((noreturn));
void processor_main(struct cpu *cpu)
{
    cpu_init_other(cpu, &((struct processor_memory *)((char *)cpu -
                          offsetof(struct processor_memory, cpu)))->segments);
    syscall_init_cpu();
    apic_init_other();
    if (!settle_arrival(ARRIVED))
        cpu_halt();
    kernel_lock_take();
    sched_idle(NULL);
    cpu_halt();
}

static void pass_ns(uint64_t ns)
{
    uint64_t end = clock_now_ns() + ns;

    while (clock_now_ns() < end)
        cpu_pause();
}

static bool has_arrived_within(uint64_t ns)
{
    uint64_t end = clock_now_ns() + ns;

    while (__atomic_load_n(&arrival, __ATOMIC_ACQUIRE) == AWAITED && clock_now_ns() < end)
        cpu_pause();
    return arrival == ARRIVED;
}

/* Sends a processor to the trampoline. If it does not come, it is held in reset. */
static bool fetch(uint32_t apic_id)
{
    uint32_t start = APIC_SEND_START | (uint32_t)(trampoline_page / PAGE_BYTES);

    arrival = AWAITED;
    apic_send(apic_id, APIC_SEND_INIT);
    pass_ns(RESET_NS);
    apic_send(apic_id, start);
    if (has_arrived_within(REPEAT_NS))
        return true;
    apic_send(apic_id, start);
    if (has_arrived_within(PATIENCE_NS) || !settle_arrival(GIVEN_UP))
        return true;
    apic_send(apic_id, APIC_SEND_INIT);
    return false;
}

/* A ring for events, which is never freed; NULL: no memory. */
static uint64_t *make_trace(void)
{
    uint64_t memory = (uint64_t)kmem_alloc(TRACE_RING_BYTES + TRACE_COLUMN_BYTES - PAGE_BYTES);

    return (uint64_t *)((memory + TRACE_COLUMN_BYTES - 1) & ~(uint64_t)(TRACE_COLUMN_BYTES - 1));
}

/* False: it did not come, or there is no memory for it. */
static bool start_one(uint32_t apic_id)
{
    struct processor_memory *memory = kmem_alloc(sizeof(*memory));
    uint64_t *trace = make_trace();
    struct cpu *cpu;

    if (!memory || !trace)
        return false;
    cpu = &memory->cpu;
    *cpu = (struct cpu){ .self = cpu, .number = cpu_count, .apic_id = apic_id, .in_service = true,
                         .root = paging_root(), .timer_ns = UINT64_MAX,
                         .trace.next = trace };
    cpu->current = cpu->idle = thread_create_idle();
    cpu->idle->machine.cpu = cpu;
    processor_first.root = cpu->root;
    processor_first.stack_top = (uint64_t)cpu->idle->machine.stack + KERNEL_STACK_BYTES;
    processor_first.cpu = cpu;
    if (!fetch(apic_id))
        return false;
    cpus[cpu_count++] = cpu;
    return true;
}

static unsigned wanted_count(void)
{
    char text[8] = "";
    unsigned count = 0;

    if (!command_line_value("cpus", text, sizeof(text)))
        return PROCESSORS_MAX;
    for (const char *at = text; *at >= '0' && *at <= '9'; at++)
        count = count * 10 + (unsigned)(*at - '0');
    return count < PROCESSORS_MAX ? count : PROCESSORS_MAX;
}

void processors_start(void)
{
    unsigned wanted = wanted_count();

    if (acpi_facts.processors < 2 || wanted < 2)
        return;
    if (trampoline_page == 0) {
        kprintf("no memory below 1 MiB: only one processor is used\n");
        return;
    }
    memcpy(direct_map(trampoline_page), processor_trampoline,
           (size_t)(processor_trampoline_end - processor_trampoline));
    cpus[0]->lock.taken_at = time_stamp();
    kernel_lock_shared = true;
    for (unsigned i = 0; i < acpi_facts.processors && cpu_count < wanted; i++) {
        uint32_t apic_id = acpi_facts.processor_apics[i];

        if (apic_id != cpus[0]->apic_id && !start_one(apic_id))
            kprintf("processor %u does not start: it is left out\n", apic_id);
    }
}
