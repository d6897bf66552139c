/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/panic.h"

#include "kernel/monitor.h"
#include "kernel/printf.h"
#include "kernel/thread.h"
#include "kernel/x86_64/backtrace.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/power.h"
#include "kernel/x86_64/trap_frame.h"

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

static void report(const struct trap_frame *frame) __attribute__((noreturn));
static void report(const struct trap_frame *frame)
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
