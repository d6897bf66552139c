/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/panic.h"

#include "kernel/monitor.h"
#include "kernel/printf.h"
#include "kernel/thread.h"
#include "kernel/x86_64/backtrace.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/power.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

static bool panicking;

/* A panic inside a panic says so and stops: whatever is broken also breaks the report. */
static void begin(const char *format, va_list arguments)
{
    if (panicking) {
        kprintf("\npanic while panicking: ");
        kvprintf(format, arguments);
        kprintf("\n");
        machine_debug_exit(DEBUG_EXIT_PANIC);
        cpu_halt();
    }
    panicking = true;
    kprintf("\npanic: ");
    kvprintf(format, arguments);
    kprintf("\n");
    if (thread_current())
        kprintf("  thread %s\n", thread_current()->name[0] ? thread_current()->name : "(unnamed)");
}

static void end(void) __attribute__((noreturn));
static void end(void)
{
    kprintf("waits:\n");
    monitor_print_waits();
    kprintf("end of panic\n");
    machine_debug_exit(DEBUG_EXIT_PANIC);
    cpu_halt();
}

void panic(const char *format, ...)
{
    va_list arguments;

    __asm__ volatile("cli");
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    kprintf("backtrace:\n");
    backtrace_print();
    end();
}

void panic_with_frame(const struct trap_frame *frame, const char *format, ...)
{
    va_list arguments;

    __asm__ volatile("cli");
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    backtrace_print_registers(frame);
    kprintf("backtrace:\n");
    backtrace_print_from(frame->rip, frame->rbp);
    end();
}
