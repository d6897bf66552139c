/* SPDX-License-Identifier: BSD-2-Clause */
/* What a debugger does: another task's breakpoints, steps, watchpoints and memory. */
#include "exception.h"
#include "registers.h"
#include "test.h"

#define BREAKPOINT 0xcc
#define ROUNDS     5

/* The program that is debugged: its own copies of these. */
static volatile uint64_t total, watched;

static __attribute__((noinline)) void add(uint64_t number)
{
    total += number;
}

static void debugged(void *unused)
{
    (void)unused;
    for (uint64_t i = 1; i <= ROUNDS; i++)
        add(i);
    watched = total;
    __asm__ volatile("int3");
}

/* ---- memory of another task */

static uint64_t peek(mach_port_t task, const volatile void *address, unsigned bytes)
{
    vm_offset_t data;
    mach_msg_type_number_t count;
    uint64_t value = 0;

    CHECK_OK(vm_read(task, (vm_address_t)address, bytes, &data, &count));
    CHECK_EQ(count, bytes);
    memcpy(&value, (void *)data, bytes);
    CHECK_OK(vm_deallocate(mach_task_self(), data, count));
    return value;
}

static void poke(mach_port_t task, const volatile void *address, uint64_t value, unsigned bytes)
{
    CHECK_OK(vm_write(task, (vm_address_t)address, (vm_offset_t)&value, bytes));
}

/* Exchanges a byte of the program's text. */
static void poke_text(mach_port_t task, const void *address, uint8_t byte)
{
    CHECK_RETURNS(vm_write(task, (vm_address_t)address, (vm_offset_t)&byte, 1),
                  KERN_PROTECTION_FAILURE);
    CHECK_OK(vm_protect(task, (vm_address_t)address, 1, FALSE, VM_PROT_READ | VM_PROT_WRITE));
    poke(task, address, byte, 1);
    CHECK_OK(vm_protect(task, (vm_address_t)address, 1, FALSE, VM_PROT_READ | VM_PROT_EXECUTE));
}

/* ---- steps */

struct debugger {
    struct helper program;
    mach_port_t port;
    struct exception exception;
    struct i386_thread_state state;
};

static void debugger_start(struct debugger *debugger)
{
    helper_create(&debugger->program, debugged, NULL);
    debugger->port = port_make(TRUE);
    CHECK_OK(task_set_special_port(debugger->program.task, TASK_EXCEPTION_PORT, debugger->port));
}

/* The program must stop by itself for that reason; its registers. */
static void stops(struct debugger *debugger, int exception, int code)
{
    exception_expect(debugger->port, &debugger->exception);
    CHECK_EQ(debugger->exception.exception, exception);
    CHECK_EQ(debugger->exception.code, code);
    registers_get(debugger->program.thread, &debugger->state);
}

static void goes_on(struct debugger *debugger)
{
    registers_set(debugger->program.thread, &debugger->state);
    exception_answer(&debugger->exception, KERN_SUCCESS);
}

/* At a breakpoint: does the instruction that it hides, and puts it back. */
static void steps_over(struct debugger *debugger, const void *address, uint8_t original)
{
    poke_text(debugger->program.task, address, original);
    debugger->state.rip = (uintptr_t)address;
    debugger->state.rfl |= FLAG_TRAP;
    goes_on(debugger);
    stops(debugger, EXC_BREAKPOINT, EXC_I386_SGL);
    CHECK(debugger->state.rip != (uintptr_t)address);
    poke_text(debugger->program.task, address, BREAKPOINT);
    debugger->state.rfl &= ~(uint64_t)FLAG_TRAP;
}

TEST(0, a_breakpoint_in_another_task_is_hit_stepped_over_and_hit_again)
{
    struct debugger debugger;
    mach_port_t task;
    uint8_t original = *(uint8_t *)add;
    uint64_t sum = 0;

    debugger_start(&debugger);
    task = debugger.program.task;
    CHECK_EQ(peek(task, add, 1), original);
    poke_text(task, add, BREAKPOINT);
    CHECK_EQ(*(uint8_t *)add, original); /* the text is the other task's own now */
    helper_run(&debugger.program);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        stops(&debugger, EXC_BREAKPOINT, EXC_I386_BPT);
        CHECK_EQ(debugger.state.rip, (uintptr_t)add + 1);
        CHECK_EQ(debugger.state.rdi, i);
        CHECK_EQ(peek(task, &total, 8), sum);
        debugger.state.rdi = 10 * i; /* another argument than the program's */
        sum += 10 * i;
        steps_over(&debugger, add, original);
        goes_on(&debugger);
    }
    stops(&debugger, EXC_BREAKPOINT, EXC_I386_BPT); /* the program's own, at its end */
    CHECK_EQ(peek(task, &watched, 8), sum);
    CHECK_EQ(total, 0);
    helper_end(&debugger.program);
}

TEST(0, memory_of_another_task_is_read_and_written_while_it_stands)
{
    struct debugger debugger;
    mach_port_t task;
    uint8_t original = *(uint8_t *)add;

    debugger_start(&debugger);
    task = debugger.program.task;
    poke_text(task, add, BREAKPOINT);
    helper_run(&debugger.program);
    stops(&debugger, EXC_BREAKPOINT, EXC_I386_BPT);
    poke(task, &total, 1000, 8);
    poke_text(task, add, original);
    debugger.state.rip--;
    goes_on(&debugger);
    stops(&debugger, EXC_BREAKPOINT, EXC_I386_BPT);
    CHECK_EQ(peek(task, &watched, 8), 1000 + ROUNDS * (ROUNDS + 1) / 2);
    helper_end(&debugger.program);
}

TEST(0, a_watchpoint_tells_which_write_it_was)
{
    struct i386_debug_state watch = { .dr = { 0 } };
    mach_msg_type_number_t count = i386_DEBUG_STATE_COUNT;
    struct debugger debugger;

    debugger_start(&debugger);
    watch.dr[2] = (unsigned)(uintptr_t)&watched;
    watch.dr[7] = 1 << 4 | 1 << 24 | 2 << 26; /* the third: 8 bytes, writes */
    CHECK_OK(thread_set_state(debugger.program.thread, i386_DEBUG_STATE, (thread_state_t)&watch,
                              count));
    helper_run(&debugger.program);
    stops(&debugger, EXC_BREAKPOINT, EXC_I386_SGL);
    CHECK_EQ(peek(debugger.program.task, &watched, 8), ROUNDS * (ROUNDS + 1) / 2);
    CHECK_OK(thread_get_state(debugger.program.thread, i386_DEBUG_STATE, (thread_state_t)&watch,
                              &count));
    CHECK_EQ(watch.dr[6] & 0xf, 1 << 2);
    goes_on(&debugger);
    stops(&debugger, EXC_BREAKPOINT, EXC_I386_BPT);
    helper_end(&debugger.program);
}

TEST(0, a_hardware_breakpoint_stops_before_its_instruction)
{
    struct i386_debug_state watch = { .dr = { 0 } };
    struct debugger debugger;

    debugger_start(&debugger);
    watch.dr[0] = (unsigned)(uintptr_t)add;
    watch.dr[7] = 1;
    CHECK_OK(thread_set_state(debugger.program.thread, i386_DEBUG_STATE, (thread_state_t)&watch,
                              i386_DEBUG_STATE_COUNT));
    helper_run(&debugger.program);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        stops(&debugger, EXC_BREAKPOINT, EXC_I386_SGL);
        CHECK_EQ(debugger.state.rip, (uintptr_t)add);
        CHECK_EQ(debugger.state.rdi, i);
        debugger.state.rfl |= 1 << 16; /* resume: once past it */
        goes_on(&debugger);
    }
    stops(&debugger, EXC_BREAKPOINT, EXC_I386_BPT);
    helper_end(&debugger.program);
}

TEST(0, a_program_is_stepped_from_end_to_end)
{
    struct debugger debugger;
    unsigned steps = 0;

    debugger_start(&debugger);
    registers_get(debugger.program.thread, &debugger.state);
    debugger.state.rip = (uintptr_t)debugged;
    debugger.state.rfl |= FLAG_TRAP;
    registers_set(debugger.program.thread, &debugger.state);
    helper_run(&debugger.program);
    for (;;) {
        exception_expect(debugger.port, &debugger.exception);
        registers_get(debugger.program.thread, &debugger.state);
        CHECK_EQ(debugger.exception.exception, EXC_BREAKPOINT);
        if (debugger.exception.code == EXC_I386_BPT)
            break;
        CHECK(debugger.state.rfl & FLAG_TRAP);
        steps++;
        goes_on(&debugger);
    }
    CHECK(steps > 3 * ROUNDS);
    CHECK_EQ(peek(debugger.program.task, &watched, 8), ROUNDS * (ROUNDS + 1) / 2);
    helper_end(&debugger.program);
}
