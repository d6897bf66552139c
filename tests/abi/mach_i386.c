/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_i386: I/O permissions, descriptors, extended state; and the flavors of a thread's state. */
#include "module.h"

#include <mach/exception.h>
#include <mach/machine/mach_i386_types.h>
#include <mach/thread_status.h>

#include "mach.h"
#include "mach_host.h"
#include "mach_i386.h"
#include "mach_port.h"

#define RTC 0x70 /* the clock's index and data */

static void spin(void *argument)
{
    (void)argument;
    for (;;)
        swtch_pri(0);
}

static void io_permissions(void)
{
    mach_port_t permission = MACH_PORT_NULL, none = MACH_PORT_NULL;
    unsigned char seconds = 0xff;

    check_code(i386_io_perm_create(device_master, RTC + 1, RTC, &none), KERN_INVALID_ARGUMENT,
               "from above to");
    check_code(i386_io_perm_create(self, RTC, RTC + 1, &none), KERN_INVALID_ARGUMENT,
               "a task is no device master");
    check_ok(i386_io_perm_create(device_master, RTC, RTC + 1, &permission), "i386_io_perm_create");
    check_code(i386_io_perm_modify(self, self, TRUE), KERN_INVALID_ARGUMENT,
               "a task is no permission");
    check_ok(i386_io_perm_modify(self, permission, TRUE), "i386_io_perm_modify");
    __asm__ volatile("outb %%al, $0x70; inb $0x71, %%al" : "=a"(seconds) : "a"((unsigned char)0));
    check((seconds & 0xf) <= 9 && seconds >> 4 <= 5, "the clock's seconds can be read");
    check_ok(i386_io_perm_modify(self, permission, FALSE), "the permission is withdrawn");
    check_ok(mach_port_deallocate(self, permission), "its right goes");
}

/* There are no slots for segments of a program's own; FS and GS bases are part of a thread's state. */
static void descriptors(mach_port_t thread)
{
    descriptor_list_t list = NULL;
    mach_msg_type_number_t count = 0;
    struct descriptor one = { 0x0000ffff, 0x00cff200 };
    int selector = -1;

    check_code(i386_set_gdt(thread, &selector, one), KERN_NO_SPACE, "i386_set_gdt has no slot");
    check_code(i386_set_gdt(self, &selector, one), KERN_INVALID_ARGUMENT, "a task is no thread");
    check_code(i386_get_gdt(thread, 0x777, &one), KERN_INVALID_ARGUMENT, "no such selector");
    check_code(i386_set_ldt(thread, 0x107, &one, 1), KERN_NO_SPACE, "i386_set_ldt has no slot");
    check_ok(i386_get_ldt(thread, 0, 1, &list, &count), "i386_get_ldt");
    check(count == 0, "tells of none");
}

static void states(mach_port_t thread)
{
    struct i386_float_state fpu;
    struct i386_fsgs_base_state bases = { 0 };
    struct i386_debug_state debug;
    mach_msg_type_number_t count = i386_FSGS_BASE_STATE_COUNT;

    check_ok(thread_suspend(thread), "thread_suspend");
    check_ok(thread_get_state(thread, i386_FSGS_BASE_STATE, (thread_state_t)&bases, &count),
             "the segment bases");
    bases.fs_base = 0x12345678000;
    check_ok(thread_set_state(thread, i386_FSGS_BASE_STATE, (thread_state_t)&bases, count),
             "can be set");
    bases.fs_base = 0;
    check_ok(thread_get_state(thread, i386_FSGS_BASE_STATE, (thread_state_t)&bases, &count),
             "and read");
    check(bases.fs_base == 0x12345678000, "with more than 32 bits");
    bases.fs_base = 0x8000000000000000;
    check(thread_set_state(thread, i386_FSGS_BASE_STATE, (thread_state_t)&bases, count) !=
          KERN_SUCCESS, "an address that is none is refused");
    count = i386_FLOAT_STATE_COUNT;
    check_ok(thread_get_state(thread, i386_FLOAT_STATE, (thread_state_t)&fpu, &count),
             "the x87 state");
    check(count == i386_FLOAT_STATE_COUNT, "of the reference's size");
    count = i386_DEBUG_STATE_COUNT;
    check_ok(thread_get_state(thread, i386_DEBUG_STATE, (thread_state_t)&debug, &count),
             "the debug registers");
    check_ok(thread_resume(thread), "thread_resume");
}

static void extended_state(mach_port_t thread)
{
    static struct i386_xfloat_state *state;
    static unsigned words[2048];
    vm_size_t size = 0;
    mach_msg_type_number_t count = sizeof words / sizeof words[0];

    check_ok(i386_get_xstate_size(mach_host_self(), &size), "i386_get_xstate_size");
    check(size >= 512 + 64 && size <= sizeof words, "more than fxsave's area");
    check_ok(thread_suspend(thread), "thread_suspend");
    check_ok(thread_get_state(thread, i386_XFLOAT_STATE, (thread_state_t)words, &count),
             "the extended state");
    state = (struct i386_xfloat_state *)words;
    check(count * sizeof words[0] >= 512 && state->fpkind != 0, "as large as was said");
    check_ok(thread_resume(thread), "thread_resume");
}

void module(void)
{
    mach_port_t thread = thread_begin(spin, NULL);

    io_permissions();
    descriptors(thread);
    states(thread);
    extended_state(thread);
    check_ok(thread_terminate(thread), "thread_terminate");
}
