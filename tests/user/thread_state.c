/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of threads, flavor by flavor, with what a hostile program may put into it. */
#include <mach/mach_traps.h>
#include <mig/mach_i386.h>

#include "registers.h"
#include "test.h"

#define NONCANONICAL   0x4000000000000000UL
#define KERNEL_PLACE   0xffff800000000000UL
#define STATE_WORDS    2048
#define FLAGS_FIXED    0x202u   /* interrupts on, and the bit that is always one */
#define FLAGS_NOT_OURS 0x1a7200UL /* IF, IOPL, NT, VM, VIF, VIP: never a program's to choose */

static natural_t words[STATE_WORDS], before[STATE_WORDS];

static uint64_t breakpoint(void *argument)
{
    __asm__ volatile("int3");
    return (uint64_t)argument;
}

/* A client that stands at a breakpoint. */
static void client_stopped(struct client *client)
{
    client_call(client, breakpoint, (void *)7);
    client_expect_exception(client, EXC_BREAKPOINT, EXC_I386_BPT);
}

static void client_goes_on(struct client *client)
{
    client_retry(client);
    CHECK_EQ(client_finish(client), 7);
}

static mach_msg_type_number_t xfloat_count(void)
{
    vm_size_t size;

    CHECK_OK(i386_get_xstate_size(mach_host_self(), &size));
    return (mach_msg_type_number_t)(size / sizeof(natural_t));
}

TEST(0, each_flavor_has_its_count_and_no_other_exists)
{
    const struct {
        int flavor;
        mach_msg_type_number_t count;
    } rows[] = {
        { THREAD_STATE_FLAVOR_LIST, 3 },
        { i386_THREAD_STATE, i386_THREAD_STATE_COUNT },
        { i386_FLOAT_STATE, i386_FLOAT_STATE_COUNT },
        { i386_ISA_PORT_MAP_STATE, i386_ISA_PORT_MAP_STATE_COUNT },
        { i386_REGS_SEGS_STATE, i386_THREAD_STATE_COUNT },
        { i386_DEBUG_STATE, i386_DEBUG_STATE_COUNT },
        { i386_FSGS_BASE_STATE, i386_FSGS_BASE_STATE_COUNT },
        { i386_XFLOAT_STATE, xfloat_count() },
    };
    static const int unknown[] = { -1, i386_V86_ASSIST_STATE, 9, 1 << 30, INT32_MIN };
    mach_msg_type_number_t count;
    struct client client;

    client_stopped(&client);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int flavor = rows[i].flavor;

        count = rows[i].count - 1;
        CHECK_RETURNS(thread_get_state(client.thread, flavor, words, &count),
                      KERN_INVALID_ARGUMENT);
        count = THREAD_STATE_MAX;
        CHECK_OK(thread_get_state(client.thread, flavor, words, &count));
        CHECK_EQ(count, rows[i].count);
        if (flavor == THREAD_STATE_FLAVOR_LIST) {
            CHECK_EQ(words[0], i386_THREAD_STATE);
            CHECK_EQ(words[1], i386_FLOAT_STATE);
            CHECK_EQ(words[2], i386_ISA_PORT_MAP_STATE);
            CHECK_RETURNS(thread_set_state(client.thread, flavor, words, 3),
                          KERN_INVALID_ARGUMENT);
            continue;
        }
        CHECK_RETURNS(thread_set_state(client.thread, flavor, words, count - 1),
                      KERN_INVALID_ARGUMENT);
        CHECK_RETURNS(thread_set_state(client.thread, flavor, words, 0), KERN_INVALID_ARGUMENT);
        CHECK_OK(thread_set_state(client.thread, flavor, words, count));
        CHECK_OK(thread_set_state(client.thread, flavor, words, THREAD_STATE_MAX));
    }
    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        count = THREAD_STATE_MAX;
        CHECK_RETURNS(thread_get_state(client.thread, unknown[i], words, &count),
                      KERN_INVALID_ARGUMENT);
        CHECK_RETURNS(thread_set_state(client.thread, unknown[i], words, THREAD_STATE_MAX),
                      KERN_INVALID_ARGUMENT);
    }
    client_goes_on(&client);
}

TEST(0, only_other_threads_have_their_state_told)
{
    mach_msg_type_number_t count = THREAD_STATE_MAX;
    mach_port_t self = thread_self();
    unsigned names = port_name_count();

    CHECK_RETURNS(thread_get_state(self, i386_THREAD_STATE, words, &count),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_state(self, i386_THREAD_STATE, words,
                                   i386_THREAD_STATE_COUNT),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_get_state(mach_task_self(), i386_THREAD_STATE, words, &count),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_state(mach_task_self(), i386_THREAD_STATE, words,
                                   i386_THREAD_STATE_COUNT),
                  KERN_INVALID_ARGUMENT);
    CHECK_EQ(port_name_count(), names);
}

/* ---- registers */

static void stop_here(void)
{
    __asm__ volatile("int3");
}

static void set_words(mach_port_t thread, int flavor, const void *state,
                      mach_msg_type_number_t count, kern_return_t expected)
{
    mach_msg_type_number_t got = THREAD_STATE_MAX, again = THREAD_STATE_MAX;

    CHECK_OK(thread_get_state(thread, flavor, before, &got));
    CHECK_RETURNS(thread_set_state(thread, flavor, (thread_state_t)state, count), expected);
    if (expected == KERN_SUCCESS)
        return;
    CHECK_OK(thread_get_state(thread, flavor, words, &again));
    CHECK_EQ(memcmp(words, before, got * sizeof words[0]), 0); /* refused: nothing changed */
}

TEST(0, all_registers_are_set_and_flags_that_are_not_the_programs_are_left_out)
{
    struct i386_thread_state original, state, later;
    struct client client;

    client_stopped(&client);
    registers_get(client.thread, &original);
    state = original;
    for (unsigned i = 0; i < offsetof(struct i386_thread_state, rip) / sizeof(uint64_t); i++)
        ((uint64_t *)&state)[i] = 0x1111111111111111UL * (i + 1);
    state.rip = (uintptr_t)stop_here;
    state.rfl = ~0x40500UL; /* everything but single steps and alignment checks */
    state.cs = 0x08;
    state.ss = 0xffff;
    registers_set(client.thread, &state);
    client_retry(&client);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    registers_get(client.thread, &later);
    CHECK(later.rip > state.rip && later.rip < state.rip + 16);
    CHECK_EQ(later.rfl & FLAGS_NOT_OURS & ~(uint64_t)FLAGS_FIXED, 0);
    CHECK_EQ(later.rfl & FLAGS_FIXED, FLAGS_FIXED);
    CHECK_EQ(later.cs, original.cs);
    CHECK_EQ(later.ss, original.ss);
    state.rip = later.rip;
    state.rfl = later.rfl;
    state.cs = later.cs;
    state.ss = later.ss;
    state.rsp = later.rsp;
    CHECK_EQ(state.ursp, original.ursp);
    later.ursp = state.ursp; /* stop_here may have a frame */
    later.rbp = state.rbp;
    CHECK_EQ(memcmp(&state, &later, sizeof state), 0);
    registers_set(client.thread, &original);
    client_goes_on(&client);
}

TEST(0, an_instruction_pointer_outside_user_memory_is_refused)
{
    static const uint64_t places[] = { KERNEL_PLACE, NONCANONICAL, 0x800000000000, UINT64_MAX };
    struct i386_thread_state state;
    struct client client;

    client_stopped(&client);
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        registers_get(client.thread, &state);
        state.rip = places[i];
        set_words(client.thread, i386_THREAD_STATE, &state, i386_THREAD_STATE_COUNT,
                  KERN_INVALID_ARGUMENT);
    }
    client_goes_on(&client);
}

TEST(0, selectors_other_than_the_users_two_are_refused_by_their_flavor)
{
    static const unsigned selectors[] = { 0, 0x08, 0x10, 0x28, 0x33, 0xffff };
    struct i386_thread_state state;
    struct client client;

    client_stopped(&client);
    for (unsigned i = 0; i < 2 * sizeof selectors / sizeof selectors[0]; i++) {
        registers_get(client.thread, &state);
        *(i % 2 ? &state.cs : &state.ss) = selectors[i / 2];
        set_words(client.thread, i386_REGS_SEGS_STATE, &state, i386_THREAD_STATE_COUNT,
                  KERN_INVALID_ARGUMENT);
        CHECK_OK(thread_set_state(client.thread, i386_THREAD_STATE, (thread_state_t)&state,
                                  i386_THREAD_STATE_COUNT));
    }
    registers_get(client.thread, &state);
    set_words(client.thread, i386_REGS_SEGS_STATE, &state, i386_THREAD_STATE_COUNT, KERN_SUCCESS);
    client_goes_on(&client);
}

static void push_something(void)
{
    __asm__ volatile("push %rax");
}

TEST(0, a_stack_pointer_may_be_anything_and_hurts_its_thread_alone)
{
    static const uint64_t stacks[] = { 0, 4, KERNEL_PLACE, NONCANONICAL, UINT64_MAX - 7 };
    struct i386_thread_state original, state;
    struct client client;

    client_stopped(&client);
    registers_get(client.thread, &original);
    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        state = original;
        state.rip = (uintptr_t)push_something;
        state.ursp = stacks[i];
        registers_set(client.thread, &state);
        client_retry(&client);
        CHECK_EQ(client_wait(&client, CLIENT_WAIT), CLIENT_EXCEPTION);
        registers_get(client.thread, &state);
        CHECK_EQ(state.ursp, stacks[i]);
    }
    registers_set(client.thread, &original);
    client_goes_on(&client);
}

TEST(0, segment_bases_outside_user_memory_are_refused)
{
    static const uint64_t places[] = { KERNEL_PLACE, NONCANONICAL, UINT64_MAX,
                                       0x8000000000000000 };
    struct i386_fsgs_base_state bases = { 0x1000, 0x2000 };
    struct client client;

    client_stopped(&client);
    set_words(client.thread, i386_FSGS_BASE_STATE, &bases, i386_FSGS_BASE_STATE_COUNT,
              KERN_SUCCESS);
    for (unsigned i = 0; i < 2 * sizeof places / sizeof places[0]; i++) {
        struct i386_fsgs_base_state bad = bases;

        *(i % 2 ? &bad.fs_base : &bad.gs_base) = places[i / 2];
        set_words(client.thread, i386_FSGS_BASE_STATE, &bad, i386_FSGS_BASE_STATE_COUNT,
                  KERN_INVALID_ARGUMENT);
    }
    client_goes_on(&client);
}

TEST(0, debug_registers_take_what_a_program_may_watch)
{
    struct i386_debug_state state = { .dr = { 0x1000, 0x2000, 0x3000, 0xfffffff8, 0, 0, 0, 0 } };
    struct client client;
    mach_msg_type_number_t count = THREAD_STATE_MAX;

    client_stopped(&client);
    state.dr[7] = 0xffff03ff; /* all four, of every kind */
    set_words(client.thread, i386_DEBUG_STATE, &state, i386_DEBUG_STATE_COUNT, KERN_SUCCESS);
    CHECK_OK(thread_get_state(client.thread, i386_DEBUG_STATE, words, &count));
    CHECK_EQ(memcmp(words, state.dr, 4 * sizeof words[0]), 0);
    for (unsigned bit = 11; bit < 16; bit++) { /* access to the registers itself, and reserved */
        state.dr[7] = 1u << bit;
        set_words(client.thread, i386_DEBUG_STATE, &state, i386_DEBUG_STATE_COUNT,
                  KERN_INVALID_ARGUMENT);
    }
    state.dr[7] = 0;
    set_words(client.thread, i386_DEBUG_STATE, &state, i386_DEBUG_STATE_COUNT, KERN_SUCCESS);
    client_goes_on(&client);
}

TEST(0, the_map_of_io_ports_tells_what_the_task_was_given)
{
    struct i386_isa_port_map_state map;
    mach_msg_type_number_t count = i386_ISA_PORT_MAP_STATE_COUNT;
    mach_port_t permission;
    struct client client;

    client_stopped(&client);
    CHECK_OK(i386_io_perm_create(test_device_port, 0x3f8, 0x3fa, &permission));
    CHECK_OK(i386_io_perm_modify(mach_task_self(), permission, TRUE));
    CHECK_OK(thread_get_state(client.thread, i386_ISA_PORT_MAP_STATE, (thread_state_t)&map,
                              &count));
    CHECK_EQ(map.pm[0x3f8 / 8], 0xf8);
    CHECK_EQ(map.pm[0], 0xff);
    memset(&map, 0, sizeof map); /* takes no effect: permissions come from i386_io_perm_modify */
    CHECK_OK(thread_set_state(client.thread, i386_ISA_PORT_MAP_STATE, (thread_state_t)&map, count));
    CHECK_OK(thread_get_state(client.thread, i386_ISA_PORT_MAP_STATE, (thread_state_t)&map,
                              &count));
    CHECK_EQ(map.pm[0], 0xff);
    client_goes_on(&client);
}

/* ---- floating point */

static uint64_t add_to_pi(void *argument)
{
    double sum;

    __asm__ volatile("fninit\n\t"
                     "fldpi\n\t"
                     "int3\n\t"
                     "fstpl %0"
                     : "=m"(sum)
                     : "r"(argument));
    memcpy(&argument, &sum, sizeof sum);
    return (uint64_t)argument;
}

TEST(0, a_floating_point_register_is_read_and_changed)
{
    static const uint8_t two[10] = { 0, 0, 0, 0, 0, 0, 0, 0x80, 0x00, 0x40 };
    static const uint8_t pi[10] = { 0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40 };
    struct i386_float_state state;
    mach_msg_type_number_t count = i386_FLOAT_STATE_COUNT;
    uint8_t *top = state.hw_state + sizeof(struct i386_fp_save);
    double value;
    struct client client;

    client_call(&client, add_to_pi, NULL);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    CHECK_OK(thread_get_state(client.thread, i386_FLOAT_STATE, (thread_state_t)&state, &count));
    CHECK_EQ(state.initialized, 1);
    CHECK_EQ(memcmp(top, pi, sizeof pi), 0);
    memcpy(top, two, sizeof two);
    CHECK_OK(thread_set_state(client.thread, i386_FLOAT_STATE, (thread_state_t)&state, count));
    client_retry(&client);
    uint64_t bits = client_finish(&client);
    memcpy(&value, &bits, sizeof value);
    CHECK(value == 2.0);
}

static uint64_t clear_x87_and_stop(void *argument)
{
    __asm__ volatile("fldpi\n\t"
                     "int3\n\t"
                     "fninit\n\t"
                     "int3");
    return (uint64_t)argument;
}

TEST(0, a_cleared_floating_point_unit_shows_nothing_old)
{
    struct i386_float_state state;
    mach_msg_type_number_t count = i386_FLOAT_STATE_COUNT;
    struct i386_fp_save *save = (struct i386_fp_save *)state.hw_state;
    struct client client;

    client_call(&client, clear_x87_and_stop, (void *)7);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    client_retry(&client);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    CHECK_OK(thread_get_state(client.thread, i386_FLOAT_STATE, (thread_state_t)&state, &count));
    CHECK_EQ(save->fp_control, 0x37f);
    CHECK_EQ(save->fp_tag, 0xffff); /* all empty */
    client_goes_on(&client);
}

/* Where the parts of an i386_XFLOAT_STATE are, in bytes. */
#define XFLOAT_MXCSR    (sizeof(struct i386_xfloat_state) + 24)
#define XFLOAT_HEADER   (sizeof(struct i386_xfloat_state) + 512)

static void set_xfloat(mach_port_t thread, unsigned at, uint64_t value, unsigned bytes)
{
    mach_msg_type_number_t count = THREAD_STATE_MAX;
    static natural_t state[STATE_WORDS];

    CHECK_OK(thread_get_state(thread, i386_XFLOAT_STATE, state, &count));
    memcpy((char *)state + at, &value, bytes);
    set_words(thread, i386_XFLOAT_STATE, state, count, KERN_INVALID_ARGUMENT);
}

/* boot: cpu=max */
TEST(0, an_extended_state_that_the_processor_would_refuse_is_refused)
{
    struct client client;

    client_stopped(&client);
    set_xfloat(client.thread, XFLOAT_MXCSR, 0xffffffff, 4);
    set_xfloat(client.thread, XFLOAT_MXCSR, 0x10000, 4);
    set_xfloat(client.thread, XFLOAT_HEADER, UINT64_MAX, 8);        /* features that are none */
    set_xfloat(client.thread, XFLOAT_HEADER, UINT64_C(1) << 62, 8);
    set_xfloat(client.thread, XFLOAT_HEADER + 8, UINT64_C(1) << 63, 8); /* compacted */
    set_xfloat(client.thread, XFLOAT_HEADER + 8, 1, 8);
    for (unsigned at = 16; at < 64; at += 8)                        /* reserved */
        set_xfloat(client.thread, XFLOAT_HEADER + at, 1, 8);
    set_xfloat(client.thread, offsetof(struct i386_xfloat_state, fp_save_kind), 1, 4);
    client_goes_on(&client);
}

/* boot: cpu=max */
TEST(0, whatever_extended_state_is_accepted_can_be_run_with)
{
    mach_msg_type_number_t count = THREAD_STATE_MAX;
    uint64_t seed = 88172645463325252;
    unsigned accepted = 0;
    struct client client;

    client_stopped(&client);
    CHECK_OK(thread_get_state(client.thread, i386_XFLOAT_STATE, before, &count));
    for (unsigned round = 0; round < 300; round++) {
        memcpy(words, before, sizeof words);
        for (unsigned i = 0; i < 1 + round % 4; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            ((uint8_t *)words)[16 + seed % (count * 4 - 16)] ^= (uint8_t)(1u << (seed >> 40) % 8);
        }
        if (thread_set_state(client.thread, i386_XFLOAT_STATE, words, count) != KERN_SUCCESS)
            continue;
        accepted++;
        client_go(&client, (void *)stop_here);
        client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    }
    CHECK(accepted > 100);
    words[1] = 0; /* not initialized: as at the start */
    CHECK_OK(thread_set_state(client.thread, i386_XFLOAT_STATE, words, count));
    client_end(&client);
}

/* ---- wherever the thread is */

static volatile uint64_t turns;

static uint64_t turn(void *argument)
{
    for (;;)
        turns++;
    return (uint64_t)argument;
}

TEST(0, a_thread_that_runs_can_be_stopped_and_led_elsewhere)
{
    struct i386_thread_state state;
    struct client client;

    client_call(&client, turn, NULL);
    while (turns == 0)
        thread_sleep(10);
    CHECK_OK(thread_suspend(client.thread));
    CHECK_OK(thread_abort(client.thread));
    uint64_t count = turns;
    registers_get(client.thread, &state);
    CHECK(state.rip >= (uintptr_t)turn && state.rip < (uintptr_t)turn + 64);
    state.rip = (uintptr_t)stop_here;
    registers_set(client.thread, &state);
    CHECK_EQ(turns, count);
    CHECK_OK(thread_resume(client.thread));
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    client_end(&client);
}

TEST(0, a_thread_that_waits_for_a_page_is_told_at_its_instruction_and_led_elsewhere)
{
    struct i386_thread_state state;
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    registers_get(client.thread, &state);
    CHECK_EQ(state.rdi == address || state.rax == address, 1);
    uint64_t waits_at = state.rip;
    CHECK_OK(thread_suspend(client.thread));
    CHECK_OK(thread_abort(client.thread));
    registers_get(client.thread, &state);
    CHECK_EQ(state.rip, waits_at); /* the instruction has not been done */
    state.rip = (uintptr_t)stop_here;
    registers_set(client.thread, &state);
    CHECK_OK(thread_resume(client.thread));
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    client_end(&client);
}

/* ---- one's own */

static void self_state_arrives(void)
{
    __asm__ volatile("int3");
}

static uint64_t set_self_elsewhere(void *argument)
{
    struct i386_thread_state state = { 0 };

    state.rip = (uintptr_t)self_state_arrives;
    state.ursp = (uintptr_t)&argument - 256;
    state.rbx = 0x1234567812345678;
    thread_set_self_state(i386_THREAD_STATE, (thread_state_t)&state, i386_THREAD_STATE_COUNT);
    return 0;
}

TEST(0, a_thread_sets_its_own_state)
{
    struct i386_thread_state state;
    struct client client;

    client_call(&client, set_self_elsewhere, NULL);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    registers_get(client.thread, &state);
    CHECK_EQ(state.rbx, 0x1234567812345678);
    client_end(&client);
    CHECK_RETURNS(thread_set_self_state(i386_THREAD_STATE, (thread_state_t)8,
                                        i386_THREAD_STATE_COUNT),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_self_state(i386_THREAD_STATE, (thread_state_t)KERNEL_PLACE,
                                        i386_THREAD_STATE_COUNT),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_self_state(i386_THREAD_STATE, words, UINT32_MAX),
                  KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_self_state(i386_FSGS_BASE_STATE, words, 1), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_set_self_state(77, words, 1), KERN_INVALID_ARGUMENT);
}

/* ---- segments */

TEST(0, there_are_no_slots_for_segments_of_a_programs_own)
{
    static struct descriptor many[400];
    struct descriptor segment = { 0x0000ffff, 0x00cff300 }, table[1], *found = table;
    mach_msg_type_number_t count = 1;
    mach_port_t self = thread_self(), task = mach_task_self();
    unsigned names = port_name_count();
    int selector = -1;

    CHECK_RETURNS(i386_set_gdt(self, &selector, segment), KERN_NO_SPACE);
    CHECK_RETURNS(i386_set_gdt(task, &selector, segment), KERN_INVALID_ARGUMENT);
    selector = 0x23;
    CHECK_RETURNS(i386_set_gdt(self, &selector, segment), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(i386_get_gdt(self, 0x23, &segment), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(i386_get_gdt(task, 0x4b, &segment), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(i386_set_ldt(self, 0x107, &segment, 1), KERN_NO_SPACE);
    CHECK_RETURNS(i386_set_ldt(self, 0x107, many, 400), KERN_NO_SPACE); /* out of line */
    CHECK_RETURNS(i386_set_ldt(task, 0x107, &segment, 1), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(i386_set_ldt(self, 0xffff, &segment, 1), KERN_INVALID_ARGUMENT);
    CHECK_OK(i386_get_ldt(self, 0x7, 1, &found, &count));
    CHECK_EQ(count, 0);
    CHECK_RETURNS(i386_get_ldt(self, 0x7, 8192, &found, &count), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(i386_get_ldt(task, 0x7, 1, &found, &count), KERN_INVALID_ARGUMENT);
    CHECK_EQ(port_name_count(), names);
}
