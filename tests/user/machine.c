/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine as programs see it: registers, exceptions, traps, I/O ports. */
#include <mach/mach_traps.h>
#include <mig/mach_i386.h>

#include "registers.h"
#include "test.h"

#define KERNEL_ADDRESS      0xffff800000000000UL
#define NONCANONICAL        0x4000000000000000UL
#define LAST_PAGE           0x7ffffffff000UL

/* ---- traps */

/* The numbers that a trap has. */
static int trap_exists(long number)
{
    return (number <= -10 && number >= -13) || (number <= -25 && number >= -30) ||
           (number <= -59 && number >= -61) || (number <= -64 && number >= -66) ||
           (number <= -68 && number >= -77);
}

static long trap_by_number(long number)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
    return result;
}

static uint64_t call_bad_traps(void *argument)
{
    static const long far[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX, -4294967296, -4294967321,
                                4294967271, -65536, 65536 };
    uint64_t called = 0;

    (void)argument;
    for (long number = -4096; number <= 4096; number++) {
        if (!trap_exists(number)) {
            trap_by_number(number);
            called++;
        }
    }
    for (unsigned i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        trap_by_number(far[i]);
        called++;
    }
    return called;
}

TEST(0, every_bad_trap_number_raises_an_exception)
{
    struct client client;
    uint64_t raised = 0;

    client_call(&client, call_bad_traps, NULL);
    while (client_wait(&client, CLIENT_WAIT) == CLIENT_EXCEPTION) {
        CHECK_EQ(client.exception, EXC_BAD_INSTRUCTION);
        raised++;
        client_retry(&client);
    }
    CHECK_EQ(client_finish(&client), raised);
    CHECK(raised > 8000);
}

static uint64_t trap_with_bad_stack(void *argument)
{
    uint64_t result;

    /* syscall_vm_map has more arguments than registers: above the return address on the stack. */
    __asm__ volatile("mov %%rsp, %%r12\n\t"
                     "mov %1, %%rsp\n\t"
                     "syscall\n\t"
                     "mov %%r12, %%rsp"
                     : "=a"(result)
                     : "r"(argument), "a"(-64L)
                     : "rcx", "r11", "r12", "memory");
    return result;
}

TEST(0, a_trap_with_an_unreadable_stack_raises_an_exception)
{
    static const uint64_t stacks[] = { 0x10, KERNEL_ADDRESS, NONCANONICAL, UINT64_MAX - 7,
                                       LAST_PAGE + 0xff8 };
    struct client client;

    for (unsigned i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
        client_call(&client, trap_with_bad_stack, (void *)stacks[i]);
        client_expect_exception(&client, EXC_BAD_ACCESS, KERN_INVALID_ADDRESS);
        CHECK_EQ(client.subcode, stacks[i] + 8);
        client_retry(&client);
        client_finish(&client);
    }
}

TEST(0, a_trap_keeps_all_registers_but_its_results)
{
    uint64_t kept;

    __asm__ volatile("mov $1, %%rdi\n\t mov $2, %%rsi\n\t mov $3, %%rdx\n\t mov $4, %%r10\n\t"
                     "mov $5, %%r8\n\t mov $6, %%r9\n\t mov $7, %%rbx\n\t mov $8, %%r12\n\t"
                     "mov $9, %%r13\n\t mov $10, %%r14\n\t mov $11, %%r15\n\t"
                     "mov $-10, %%rax\n\t syscall\n\t"
                     "lea (%%rdi,%%rsi), %%rax\n\t shl $4, %%rax\n\t add %%rdx, %%rax\n\t"
                     "shl $4, %%rax\n\t add %%r10, %%rax\n\t shl $4, %%rax\n\t add %%r8, %%rax\n\t"
                     "shl $4, %%rax\n\t add %%r9, %%rax\n\t shl $4, %%rax\n\t add %%rbx, %%rax\n\t"
                     "shl $4, %%rax\n\t add %%r12, %%rax\n\t shl $4, %%rax\n\t add %%r13, %%rax\n\t"
                     "shl $4, %%rax\n\t add %%r14, %%rax\n\t shl $4, %%rax\n\t add %%r15, %%rax"
                     : "=&a"(kept)
                     :
                     : "rdi", "rsi", "rdx", "r10", "r8", "r9", "rbx", "r12", "r13", "r14", "r15",
                       "rcx", "r11", "memory");
    CHECK_EQ(kept, 0x33456789abUL);
}

/* ---- exceptions */

static uint64_t divide_by_zero(void *zero)
{
    uint32_t low = 1, high = 0;

    __asm__ volatile("div %2" : "+a"(low), "+d"(high) : "r"((uint32_t)(uintptr_t)zero));
    return low;
}

static uint64_t undefined_instruction(void *argument)
{
    __asm__ volatile("ud2");
    return (uint64_t)argument;
}

static uint64_t breakpoint(void *argument)
{
    __asm__ volatile("int3");
    return (uint64_t)argument;
}

static uint64_t privileged_instruction(void *argument)
{
    __asm__ volatile("cli");
    return (uint64_t)argument;
}

static uint64_t bound_vector(void *argument)
{
    __asm__ volatile("int $0x80");
    return (uint64_t)argument;
}

TEST(0, processor_exceptions_have_their_codes)
{
    static const struct {
        uint64_t (*function)(void *);
        int exception, code;
        unsigned skip;
    } rows[] = {
        { divide_by_zero, EXC_ARITHMETIC, EXC_I386_DIV, 2 },
        { undefined_instruction, EXC_BAD_INSTRUCTION, EXC_I386_INVOP, 2 },
        { breakpoint, EXC_BREAKPOINT, EXC_I386_BPT, 0 },
        { privileged_instruction, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, 1 },
        { bound_vector, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, 2 },
    };
    struct client client;

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        client_call(&client, rows[i].function, NULL);
        client_expect_exception(&client, rows[i].exception, rows[i].code);
        client_skip(&client, rows[i].skip);
        client_finish(&client);
    }
}

TEST(214, an_exception_tells_all_bits_of_the_address)
{
    static const uint64_t addresses[] = { 0x7f0000001000, KERNEL_ADDRESS, 0xffffffff80200000,
                                          0x123456789000 };
    struct client client;

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        client_read(&client, addresses[i]);
        client_expect_bad_access(&client, KERN_INVALID_ADDRESS, addresses[i]);
        client_end(&client);
    }
}

static uint64_t call_address(void *argument)
{
    ((void (*)(void))argument)();
    return 0;
}

TEST(0, code_at_the_end_of_user_memory_cannot_leave_it)
{
    static const uint8_t trap_at_the_end[] = { 0x48, 0xc7, 0xc0, 0xf6, 0xff, 0xff, 0xff, 0x0f, 0x05 };
    vm_address_t page = LAST_PAGE;
    struct client client;

    if (vm_allocate(mach_task_self(), &page, PAGE_SIZE, FALSE) != KERN_SUCCESS)
        test_skip("the last page of user space cannot be mapped");
    memcpy((char *)page + PAGE_SIZE - sizeof(trap_at_the_end), trap_at_the_end,
           sizeof(trap_at_the_end));
    CHECK_OK(vm_protect(mach_task_self(), page, PAGE_SIZE, FALSE, VM_PROT_READ | VM_PROT_EXECUTE));
    client_call(&client, call_address, (char *)page + PAGE_SIZE - sizeof(trap_at_the_end));
    client_expect_exception(&client, EXC_BAD_ACCESS, KERN_INVALID_ADDRESS);
    CHECK_EQ(client.subcode, LAST_PAGE + PAGE_SIZE);
    client_end(&client);
}

TEST(0, data_cannot_be_executed)
{
    static uint8_t code[16] = { 0xc3 };
    struct client client;

    client_call(&client, call_address, code);
    client_expect_exception(&client, EXC_BAD_ACCESS, KERN_PROTECTION_FAILURE);
    CHECK_EQ(client.subcode, (uintptr_t)code);
    client_end(&client);
}

/* ---- thread state */

static mach_port_t silent_port;

static uint64_t wait_for_a_message(void *argument)
{
    mach_msg_header_t header;

    (void)argument;
    return mach_msg_trap(&header, MACH_RCV_MSG, 0, sizeof(header), silent_port, 0, MACH_PORT_NULL);
}

static void the_other_road(void)
{
    for (;;)
        __asm__ volatile("int3");
}

TEST(0, a_thread_that_waits_in_a_trap_shows_its_registers_and_can_be_led_elsewhere)
{
    struct i386_thread_state state, later;
    struct client client;

    CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &silent_port));
    client_call(&client, wait_for_a_message, NULL);
    client_expect_blocked(&client, 50);
    registers_get(client.thread, &state);
    CHECK_EQ(state.rax, -25);
    CHECK_EQ(state.rsi, MACH_RCV_MSG);
    CHECK_EQ(state.r8, silent_port);
    CHECK_EQ(state.rcx, state.rip);
    CHECK_EQ(((uint8_t *)state.rip)[-1], 0x05); /* behind the syscall instruction */
    CHECK_OK(thread_suspend(client.thread));
    CHECK_OK(thread_abort(client.thread));
    state.rip = (uint64_t)the_other_road;
    state.rax = 0x1234567890;
    state.rbx = 0x77;
    state.rcx = 0x88;
    state.r11 = 0x99;
    registers_set(client.thread, &state);
    CHECK_OK(thread_resume(client.thread));
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    registers_get(client.thread, &later);
    CHECK_EQ(later.rax, 0x1234567890);
    CHECK_EQ(later.rbx, 0x77);
    CHECK_EQ(later.rcx, 0x88);
    CHECK_EQ(later.r11, 0x99);
    client_end(&client);
}

static uint64_t count_to_three(void *argument)
{
    uint64_t n = (uint64_t)argument;

    __asm__ volatile("int3\n\t"
                     "inc %0\n\t"
                     "inc %0\n\t"
                     "inc %0"
                     : "+r"(n));
    return n;
}

TEST(0, a_trap_flag_stops_after_each_instruction)
{
    struct i386_thread_state state;
    struct client client;
    uint64_t start;

    client_call(&client, count_to_three, NULL);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    registers_get(client.thread, &state);
    start = state.rip;
    for (unsigned i = 1; i <= 2; i++) {
        state.rfl |= FLAG_TRAP;
        registers_set(client.thread, &state);
        client_retry(&client);
        client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_SGL);
        registers_get(client.thread, &state);
        CHECK_EQ(state.rip, start + 3 * i);
        CHECK(state.rfl & FLAG_TRAP); /* it stays until it is taken away */
    }
    state.rfl &= ~(uint64_t)FLAG_TRAP;
    registers_set(client.thread, &state);
    client_retry(&client);
    CHECK_EQ(client_finish(&client), 3);
}

TEST(0, the_vector_state_has_the_size_that_the_kernel_tells)
{
    static uint32_t state[2048];
    mach_msg_type_number_t count = 1024;
    struct client client;
    vm_size_t size;

    CHECK_OK(i386_get_xstate_size(mach_host_self(), &size));
    CHECK(size >= 512 + sizeof(struct i386_xfloat_state) && size <= 4 * count);
    CHECK_RETURNS(i386_get_xstate_size(mach_task_self(), &size), KERN_INVALID_HOST);
    client_call(&client, breakpoint, NULL);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    CHECK_OK(thread_get_state(client.thread, i386_XFLOAT_STATE, (thread_state_t)state, &count));
    CHECK_EQ(count * 4, size);
    CHECK_OK(thread_set_state(client.thread, i386_XFLOAT_STATE, (thread_state_t)state, count));
    client_retry(&client);
    client_finish(&client);
}

static volatile uint64_t watched;

static uint64_t touch_watched(void *argument)
{
    __asm__ volatile("int3");
    watched = (uint64_t)argument;
    return watched;
}

TEST(0, a_watchpoint_stops_the_thread_that_writes)
{
    struct i386_debug_state debug = { .dr = { [7] = 0x400 } };
    struct client client;

    /* 8 bytes, writes, enabled for this thread. */
    debug.dr[0] = (unsigned)(uintptr_t)&watched;
    debug.dr[7] |= 1 | 1 << 16 | 2 << 18;
    client_call(&client, touch_watched, (void *)5);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    CHECK_OK(thread_set_state(client.thread, i386_DEBUG_STATE, (thread_state_t)&debug,
                              i386_DEBUG_STATE_COUNT));
    watched = 1; /* this thread is not watched */
    client_retry(&client);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_SGL);
    CHECK_EQ(watched, 5);
    client_retry(&client);
    CHECK_EQ(client_finish(&client), 5);
}

/* Fills the vector registers, lets others run, and counts what is different afterwards. */
static uint64_t keep_vectors(void *argument)
{
    uint64_t value = (uint64_t)argument, found, wrong = 0;

    for (int round = 0; round < 300; round++) {
        __asm__ volatile("movq %1, %%xmm0\n\t"
                         "movq %1, %%xmm15\n\t"
                         "mov $-60, %%rax\n\t" /* swtch */
                         "syscall\n\t"
                         "movq %%xmm0, %0\n\t"
                         "movq %%xmm15, %%rax\n\t"
                         "xor %%rax, %0"
                         : "=&r"(found)
                         : "r"(value + (uint64_t)round)
                         : "rax", "rcx", "r11", "xmm0", "xmm15", "memory");
        wrong += found != 0;
        __asm__ volatile("movq %%xmm0, %0" : "=r"(found));
        wrong += found != value + (uint64_t)round;
    }
    return wrong;
}

TEST(0, vector_registers_belong_to_their_thread)
{
    struct client one, two;

    client_call(&one, keep_vectors, (void *)0x1111000000000000);
    client_call(&two, keep_vectors, (void *)0x2222000000000000);
    CHECK_EQ(keep_vectors((void *)0x3333000000000000), 0);
    CHECK_EQ(client_finish(&one), 0);
    CHECK_EQ(client_finish(&two), 0);
}

static uint64_t read_fs_word(void *cell)
{
    struct i386_fsgs_base_state bases = { (unsigned long)cell, 0 };
    uint64_t word, wrong = 0;

    CHECK_OK(thread_set_self_state(i386_FSGS_BASE_STATE, (thread_state_t)&bases,
                                   i386_FSGS_BASE_STATE_COUNT));
    for (int round = 0; round < 300; round++) {
        __asm__ volatile("mov %%fs:0, %0" : "=r"(word));
        wrong += word != *(uint64_t *)cell;
        swtch();
    }
    return wrong;
}

TEST(0, segment_bases_belong_to_their_thread)
{
    static uint64_t cells[2] = { 11, 22 };
    struct client one, two;

    client_call(&one, read_fs_word, &cells[0]);
    client_call(&two, read_fs_word, &cells[1]);
    CHECK_EQ(client_finish(&one), 0);
    CHECK_EQ(client_finish(&two), 0);
}

static volatile uint64_t spins[2];

static uint64_t spin(void *counter)
{
    for (;;)
        (*(volatile uint64_t *)counter)++;
    return 0;
}

static boolean_t both_have_spun(void *before)
{
    const uint64_t *counts = before;

    return spins[0] > counts[0] && spins[1] > counts[1];
}

TEST(0, threads_that_never_give_up_the_processor_share_it)
{
    struct client one, two;

    client_call(&one, spin, (void *)&spins[0]);
    client_call(&two, spin, (void *)&spins[1]);
    for (int round = 0; round < 3; round++) {
        uint64_t before[2] = { spins[0], spins[1] };

        CHECK(wait_until(both_have_spun, before, 5000));
    }
    client_end(&one);
    client_end(&two);
}

/* ---- I/O ports */

static uint64_t read_port(void *port)
{
    uint8_t value;

    __asm__ volatile("inb %w1, %0" : "=a"(value) : "d"(port));
    return value;
}

#define SCRATCH_PORT 0x3ff /* of the first serial line: reads back what was written */

TEST(0, io_ports_are_the_tasks_that_was_given_them)
{
    struct client client;
    mach_port_t permission;

    client_call(&client, read_port, (void *)SCRATCH_PORT);
    client_expect_exception(&client, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT);
    CHECK_OK(i386_io_perm_create(test_device_port, SCRATCH_PORT, SCRATCH_PORT, &permission));
    CHECK_OK(i386_io_perm_modify(mach_task_self(), permission, TRUE));
    client_retry(&client);
    client_finish(&client);
    client_call(&client, read_port, (void *)(SCRATCH_PORT + 1));
    client_expect_exception(&client, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT);
    client_end(&client);
    CHECK_OK(i386_io_perm_modify(mach_task_self(), permission, FALSE));
    client_call(&client, read_port, (void *)SCRATCH_PORT);
    client_expect_exception(&client, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT);
    client_end(&client);
}
