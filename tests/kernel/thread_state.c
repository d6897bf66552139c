/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of what thread_get_state and thread_set_state let a program see and change. */
#include "kernel/x86_64/thread_state.h"

#include <mach/machine/thread_status.h>
#include <stddef.h>

#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/float_state.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"
#include "tests/kernel/selftest.h"

#define STATE_WORDS 2048u

static struct task *task;
static struct thread *thread;
static uint32_t state[STATE_WORDS];

/* A task with one stopped thread, for the length of one test. */
static bool begin(void)
{
    if (task_create_from(kernel_task, false, &task) != KERN_SUCCESS)
        return false;
    return thread_create_in(task, &thread) == KERN_SUCCESS;
}

static void end(void)
{
    task_terminate_task(task);
    thread_release(thread);
    task_release(task);
}

static bool registers_survive(void)
{
    struct i386_thread_state set, got;
    uint32_t count = STATE_WORDS;

    memset(&set, 0x11, sizeof(set));
    set.rip = 0x401000;
    set.rfl = ~0UL;
    set.cs = KERNEL_CS;
    set.ss = KERNEL_DS;
    memcpy(state, &set, sizeof(set));
    if (thread_machine_set_state(thread, i386_THREAD_STATE, state, i386_THREAD_STATE_COUNT) ||
        thread_machine_get_state(thread, i386_THREAD_STATE, state, &count))
        return false;
    memcpy(&got, state, sizeof(got));
    return count == i386_THREAD_STATE_COUNT && got.r8 == set.r8 && got.r15 == set.r15 &&
           got.rax == set.rax && got.rdi == set.rdi && got.rip == 0x401000 &&
           got.ursp == set.ursp && got.cs == USER_CS && got.ss == USER_DS &&
           (got.rfl & (RFLAGS_IOPL | RFLAGS_NT)) == 0 && (got.rfl & RFLAGS_IF) != 0;
}

SELFTEST(thread_state_keeps_registers_and_guards_flags)
{
    bool good = begin() && registers_survive();

    end();
    expect(good);
}

static bool bad_states_refused(void)
{
    struct i386_thread_state registers = { .rip = 0x800000000000 };
    struct i386_fsgs_base_state bases = { 0, 0xffff800000000000 };
    uint32_t small = 3;

    memcpy(state, &registers, sizeof(registers));
    if (!thread_machine_set_state(thread, i386_THREAD_STATE, state, i386_THREAD_STATE_COUNT) ||
        !thread_machine_set_state(thread, i386_THREAD_STATE, state, 3) ||
        !thread_machine_get_state(thread, i386_THREAD_STATE, state, &small))
        return false;
    memcpy(state, &bases, sizeof(bases));
    if (!thread_machine_set_state(thread, i386_FSGS_BASE_STATE, state, i386_FSGS_BASE_STATE_COUNT))
        return false;
    return thread_machine_get_state(thread, 99, state, &small) == KERN_INVALID_ARGUMENT &&
           thread_machine_get_state(thread_current(), i386_THREAD_STATE, state, &small) ==
               KERN_INVALID_ARGUMENT;
}

SELFTEST(thread_state_refuses_kernel_addresses)
{
    bool good = begin() && bad_states_refused();

    end();
    expect(good);
}

static bool float_states_agree(void)
{
    struct i386_float_state before, after;
    uint32_t count = STATE_WORDS;

    if (thread_machine_get_state(thread, i386_FLOAT_STATE, state, &count))
        return false;
    memcpy(&before, state, sizeof(before));
    memset(before.hw_state + 28, 0x3f, 80);
    before.hw_state[8] = 0;     /* tags: all registers in use */
    before.hw_state[9] = 0;
    memcpy(state, &before, sizeof(before));
    if (thread_machine_set_state(thread, i386_FLOAT_STATE, state, i386_FLOAT_STATE_COUNT))
        return false;
    count = STATE_WORDS;
    if (thread_machine_get_state(thread, i386_FLOAT_STATE, state, &count))
        return false;
    memcpy(&after, state, sizeof(after));
    return after.initialized && memcmp(after.hw_state + 28, before.hw_state + 28, 80) == 0;
}

SELFTEST(thread_state_keeps_floating_point_registers)
{
    bool good = begin() && float_states_agree();

    end();
    expect(good);
}

static bool bad_mxcsr_refused(void)
{
    uint32_t count = STATE_WORDS;
    uint32_t *mxcsr = state + (sizeof(struct i386_xfloat_state) + 24) / 4;

    if (thread_machine_get_state(thread, i386_XFLOAT_STATE, state, &count) ||
        count * 4 != xfloat_state_bytes())
        return false;
    if (thread_machine_set_state(thread, i386_XFLOAT_STATE, state, count))
        return false;
    *mxcsr |= 0x80000000;
    return thread_machine_set_state(thread, i386_XFLOAT_STATE, state, count) ==
           KERN_INVALID_ARGUMENT;
}

SELFTEST(thread_state_refuses_reserved_vector_bits)
{
    bool good = begin() && bad_mxcsr_refused();

    end();
    expect(good);
}

static bool debug_guarded(void)
{
    struct i386_debug_state debug = { .dr = { 0x1000, 0, 0, 0, 0, 0, 0, 0x2000 } };

    memcpy(state, &debug, sizeof(debug));
    if (!thread_machine_set_state(thread, i386_DEBUG_STATE, state, i386_DEBUG_STATE_COUNT))
        return false;
    debug.dr[7] = 1;
    memcpy(state, &debug, sizeof(debug));
    return thread_machine_set_state(thread, i386_DEBUG_STATE, state, i386_DEBUG_STATE_COUNT) ==
               KERN_SUCCESS &&
           thread->machine.debug_active;
}

SELFTEST(thread_state_guards_debug_control)
{
    bool good = begin() && debug_guarded();

    end();
    expect(good);
}
