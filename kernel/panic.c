/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/panic.h"

#include "kernel/monitor.h"
#include "kernel/printf.h"
#include "kernel/thread.h"
#include "kernel/x86_64/apic.h"
#include "kernel/x86_64/backtrace.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/power.h"
#include "kernel/x86_64/trap_frame.h"

#include <stdarg.h>
#include <stdint.h>

#define NOBODY  UINT32_MAX

static uint32_t panicking = NOBODY; /* the number of the processor that does */

void panic_join(void)
{
    if (panicking != NOBODY)
        cpu_halt();
}

static void stop_others(void)
{
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpus[i] != this_cpu())
            apic_send(cpus[i]->apic_id, APIC_SEND_NMI);
}

/* A panic inside a panic says so and stops: whatever is broken also breaks the report. Of several
   processors the first to panic speaks, with nobody to change what it tells of. */
static void begin(const char *format, va_list arguments)
{
    uint32_t first = NOBODY;

    if (!__atomic_compare_exchange_n(&panicking, &first, this_cpu()->number, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        if (first != this_cpu()->number)
            cpu_halt();
        kprintf("\npanic while panicking: ");
        kvprintf(format, arguments);
        kprintf("\n");
        machine_debug_exit(DEBUG_EXIT_PANIC);
        cpu_halt();
    }
    stop_others();
    kprintf("\npanic: ");
    kvprintf(format, arguments);
    kprintf("\n");
    if (thread_current())
        kprintf("  thread %s\n", thread_current()->name[0] ? thread_current()->name : "(unnamed)");
}

static void __attribute__((noreturn)) report(const struct trap_frame *frame)
{
    backtrace_print_registers(frame);
    kprintf("backtrace:\n");
    backtrace_print_from(frame->rip, frame->rbp);
    monitor_print_waits();
    kprintf("end of panic\n");
    machine_debug_exit(DEBUG_EXIT_PANIC);
    cpu_halt();
}

void panic(const char *format, ...)
{
    struct trap_frame frame;
    va_list arguments;

    __asm__ volatile("cli");
    backtrace_capture(&frame);
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    report(&frame);
}

void panic_with_frame(const struct trap_frame *frame, const char *format, ...)
{
    va_list arguments;

    __asm__ volatile("cli");
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    report(frame);
}
