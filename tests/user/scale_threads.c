/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ten thousand threads, all waiting with time-outs, and a thousand tasks: what an operation costs does not
 * grow with their number, and when they are gone the kernel is as before (tools/bench --scale).
 */
#include "census.h"
#include "meter.h"
#include "test.h"

#define THREADS 10000u
#define TASKS 1000u
#define SAMPLES 200u
#define NAME_PORT 0x2000000u  /* thread i receives from the port of this name + 256 * i */
#define FRAMES_KEPT 600u

static const unsigned thread_counts[] = {10, 1000, THREADS};
static const unsigned task_counts[] = {10, 100, TASKS};
static mach_port_t threads[THREADS], tasks[TASKS];
static struct census before, after;
static volatile uint64_t rounds;        /* times that any thread has come to wait */
static char buffer[256];                /* where all threads receive */
static uint64_t stack[2];               /* all threads' stack: the 7th argument is 0 */

/* A thread's whole life: its registers are the arguments of mach_msg, and a trap leaves them alone. */
__asm__(".text\nwaiter: lock incq (%rbx)\n mov $-25, %rax\n syscall\n jmp waiter\n");
extern char waiter[];

static mach_port_t port_of(unsigned i)
{
    return NAME_PORT + 256 * i;
}

static void thread_make(unsigned i, unsigned milliseconds)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    CHECK_OK(thread_create(mach_task_self(), &threads[i]));
    CHECK_OK(thread_get_state(threads[i], i386_THREAD_STATE, (thread_state_t)&state, &count));
    state.rip = (uintptr_t)waiter;
    state.ursp = (uintptr_t)stack;
    state.rbx = (uintptr_t)&rounds;
    state.rdi = (uintptr_t)buffer;
    state.rsi = MACH_RCV_MSG | MACH_RCV_TIMEOUT;
    state.rdx = 0;
    state.r10 = sizeof buffer;
    state.r8 = port_of(i);
    state.r9 = milliseconds;
    CHECK_OK(thread_set_state(threads[i], i386_THREAD_STATE, (thread_state_t)&state, count));
    CHECK_OK(thread_resume(threads[i]));
}

/* Lets the others run until they have come to wait so often. */
static void await_rounds(uint64_t wanted)
{
    while (rounds < wanted)
        thread_switch(MACH_PORT_NULL, SWITCH_OPTION_NONE, 0);
    thread_switch(MACH_PORT_NULL, SWITCH_OPTION_NONE, 0);
}

static void make_ports(void)
{
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_OK(mach_port_allocate_name(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, port_of(i)));
}

/* Time-outs differ, so that they lie in all slots of the clock's wheel. */
static void make_threads(unsigned count)
{
    rounds = 0;
    METER("thread_create", count, count, thread_make(i, 900000 + i));
    await_rounds(count);
}

static void wake(unsigned i)
{
    uint64_t wanted = rounds + 1;

    CHECK_OK(port_send_empty(port_of(i), MACH_MSG_TYPE_MAKE_SEND, 1, 0));
    await_rounds(wanted);
}

/* What interrupts take from a thread that only counts, per 10 ms of a machine of one instruction per ns. */
static void meter_interrupts(unsigned count)
{
    const uint64_t loops = 10000000, loop_instructions = 2 * loops;
    uint64_t left = loops, start = meter_now(), ticks;

    __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(left) : : "cc");
    ticks = meter_now() - start;
    meter_report("interrupts_in_10ms", count,
                 ticks > loop_instructions ? ticks - loop_instructions : 0,
                 (unsigned)(loop_instructions / 10000000));
}

static void list_threads(unsigned count)
{
    thread_array_t list = NULL;
    mach_msg_type_number_t list_count = 0;
    uint64_t start = meter_now();

    CHECK_OK(task_threads(mach_task_self(), &list, &list_count));
    meter_report("task_threads_per_thread", count, meter_now() - start, count);
    CHECK_EQ(list_count, count + 1);
    for (unsigned i = 0; i < list_count; i++)
        CHECK_OK(mach_port_deallocate(mach_task_self(), list[i]));
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)list, list_count * sizeof *list));
}

static void end_thread(unsigned i)
{
    CHECK_OK(thread_terminate(threads[i]));
    CHECK_OK(mach_port_deallocate(mach_task_self(), threads[i]));
    thread_switch(MACH_PORT_NULL, SWITCH_OPTION_NONE, 0);
}

static void threads_at(unsigned count)
{
    make_threads(count);
    METER("thread_wake_and_wait", count, SAMPLES, wake(i * 7919 % count));
    meter_interrupts(count);
    list_threads(count);
    METER("thread_terminate", count, count, end_thread(i));
}

/* boot: memory=512 timeout=90 */
TEST(0, ten_thousand_threads_come_and_go)
{
    make_ports();
    threads_at(THREADS);
    census_take(&before);
    for (unsigned i = 0; i < sizeof thread_counts / sizeof thread_counts[0]; i++)
        threads_at(thread_counts[i]);
    census_take(&after);
    CHECK_EQ(census_growth(&before, &after, 0, FRAMES_KEPT), 0);
}

/* boot: memory=512 timeout=90 */
TEST(0, ten_thousand_waits_run_out_at_once)
{
    make_ports();
    for (unsigned i = 0; i < THREADS; i++)
        thread_make(i, 2000);
    await_rounds(3 * THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        end_thread(i);
}

static void list_tasks(unsigned count)
{
    mach_port_t set, control;
    task_array_t list = NULL;
    mach_msg_type_number_t list_count = 0;

    CHECK_OK(processor_set_default(test_host_port, &set));
    CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
    uint64_t start = meter_now();
    CHECK_OK(processor_set_tasks(control, &list, &list_count));
    meter_report("processor_set_tasks_per_task", count, meter_now() - start, count);
    CHECK(list_count > count);
    for (unsigned i = 0; i < list_count; i++)
        CHECK_OK(mach_port_deallocate(mach_task_self(), list[i]));
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)list, list_count * sizeof *list));
    CHECK_OK(mach_port_deallocate(mach_task_self(), set));
    CHECK_OK(mach_port_deallocate(mach_task_self(), control));
}

static void use_task(mach_port_t task)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(task, &address, PAGE_SIZE, TRUE));
    CHECK_OK(vm_deallocate(task, address, PAGE_SIZE));
}

static void end_task(unsigned i)
{
    CHECK_OK(task_terminate(tasks[i]));
    CHECK_OK(mach_port_deallocate(mach_task_self(), tasks[i]));
}

static void tasks_at(unsigned count)
{
    METER("task_create", count, count, CHECK_OK(task_create(mach_task_self(), FALSE, &tasks[i])));
    METER("task_memory", count, SAMPLES, use_task(tasks[i * 7919 % count]));
    list_tasks(count);
    METER("task_terminate", count, count, end_task(i));
}

/* boot: memory=512 timeout=90 */
TEST(0, a_thousand_tasks_come_and_go)
{
    tasks_at(TASKS);
    census_take(&before);
    for (unsigned i = 0; i < sizeof task_counts / sizeof task_counts[0]; i++)
        tasks_at(task_counts[i]);
    census_take(&after);
    CHECK_EQ(census_growth(&before, &after, 0, FRAMES_KEPT), 0);
}
