/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of all kinds with senseless arguments, to every kind of kernel port. The sender is
 * another task, which may well end its own life; the kernel must answer each request or refuse
 * it, and be as before.
 */
#include "test.h"

#define MESSAGES 120000
#define TARGETS_MAX 16

struct progress {
    volatile uint64_t sent;   /* requests, by all senders */
    volatile uint64_t limit;  /* senders stop there */
    volatile uint64_t served; /* of them, answered with another code than MIG's refusals */
};

static struct progress *progress;
static mach_port_t targets[TARGETS_MAX];
static unsigned target_count;
static mach_port_t victim_task, victim_thread;
static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* A number of the sort that breaks things. */
static uint64_t odd_number(void)
{
    static const uint64_t numbers[] = {0,          1,          2,           7,
                                       4095,       4096,       0x7fffffff,  0x80000000,
                                       0xffffffff, 0x10000000, ~0ul,        1ul << 63,
                                       ~0xffful,   1ul << 47,  0x7fffffffff000, 16};

    return next_random() % 4 == 0 ? next_random()
                                  : numbers[next_random() % (sizeof numbers / sizeof numbers[0])];
}

/*
 * Requests and what they take: i, b, l, h, n numbers (32 bits, boolean, 64, 16, a port name), p a
 * send right, P any right, d memory. What the privileged can rightly stop the machine with is
 * left out: host_reboot, and making oneself the default memory manager; so is device_close, which ends a
 * target for good.
 */
static const struct request {
    mach_msg_id_t id;
    const char *arguments;
} requests[] = {
    {2007, "b"}, {2008, ""}, {2009, ""}, {2011, ""}, {2012, "ii"}, {2016, ""}, {2017, "ii"},
    {2019, "ii"}, {2021, "llb"}, {2023, "ll"}, {2024, "llbi"}, {2025, "lli"}, {2026, "ll"},
    {2027, "ld"}, {2028, "lll"}, {2029, "l"}, {2030, ""}, {2034, ""}, {2038, "ldi"}, {2039, "ll"},
    {2040, ""}, {2043, "llbbiP"}, {2044, "llibiP"}, {2056, ""}, {2057, ""},
    {2058, "i"}, {2059, "ip"}, {2061, ""}, {2062, ""}, {2063, ""}, {2064, ""}, {2067, "i"},
    {2068, "ip"}, {2070, "li"}, {2071, "lli"}, {2089, "lllbplbiii"}, {2090, "lli"}, {2091, "bbi"},
    {2092, "i"}, {2093, "ldibP"}, {2094, "bi"}, {2095, "biP"}, {2099, "llii"}, {2120, "ii"},
    {2122, "ll"}, {2600, ""}, {2603, ""}, {2604, ""}, {2606, ""}, {2608, ""}, {2609, ""},
    {2611, "pb"}, {2612, ""}, {2613, "p"}, {2614, ""}, {2615, ""}, {2616, "pb"}, {2617, "b"},
    {2618, ""}, {2620, "ib"}, {2621, "pi"}, {2622, "ib"}, {2623, "ib"}, {2624, "ii"}, {2625, "i"},
    {2626, "ib"}, {2627, ""}, {2628, ""}, {2629, ""}, {2630, "p"}, {2631, ""}, {2634, ""},
    {2636, "plli"}, {2637, "pb"}, {2638, "ii"}, {2639, "ii"}, {2640, "ii"}, {2643, ""}, {2646, ""},
    {2647, ""}, {2802, "ild"}, {2804, "ili"}, {2805, "ili"},
    {2809, "illi"}, {2811, "ii"}, {2813, "iip"}, {2814, "p"}, {3007, "n"}, {3009, "i"},
    {3011, "n"}, {3014, ""}, {3015, ""}, {3016, "i"}, {3018, "n"}, {3019, "l"}, {3020, ""},
    {3021, "i"}, {3022, "i"}, {3024, "i"}, {3200, ""}, {3201, "n"}, {3202, "nn"}, {3203, "in"},
    {3204, "i"}, {3205, "n"}, {3206, "n"}, {3207, "ni"}, {3208, "nii"}, {3210, "ni"}, {3211, "ni"},
    {3212, "n"}, {3213, "nn"}, {3215, "nP"}, {3216, "ni"}, {3217, "n"}, {3218, "ni"}, {3221, "nl"},
    {3222, "n"}, {3804, "ii"}, {3805, "hh"}, {3806, "pb"}, {3808, "i"}, {3809, ""}, {3810, "lli"},
    {3811, "lli"}, {3814, "lllbplbi"}, {3815, "lll"}, {4011, "lil"}, {4200, ""}, {4201, "pnnll"},
    {4203, "p"}, {4204, "liiii"}, {4205, "lii"}, {4206, "llbi"}, {4207, "pi"}, {4208, "llbbb"},
    {4209, "lli"}, {4210, "pllll"}, {4211, "b"}, {4212, "pll"}, {4214, ""}, {4800, ""}, {4801, ""},
    {4802, ""}, {4803, "l"}, {4804, ""}, {4805, ""}, {4900, "pl"},
};

static const mach_msg_type_t *type_of(char kind)
{
    static mach_msg_type_t type;
    static const struct {
        char kind;
        unsigned name, bits;
    } kinds[] = {{'i', MACH_MSG_TYPE_INTEGER_32, 32}, {'b', MACH_MSG_TYPE_BOOLEAN, 32},
                 {'l', MACH_MSG_TYPE_INTEGER_64, 64}, {'h', MACH_MSG_TYPE_INTEGER_16, 16},
                 {'n', MACH_MSG_TYPE_PORT_NAME, 32},  {'p', MACH_MSG_TYPE_COPY_SEND, 64},
                 {'P', MACH_MSG_TYPE_COPY_SEND, 64},  {'d', MACH_MSG_TYPE_BYTE, 8}};

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            type = (mach_msg_type_t){.msgt_name = kinds[i].name,
                                     .msgt_size = kinds[i].bits,
                                     .msgt_inline = kind != 'd',
                                     .msgt_longform = kind == 'd',
                                     .msgt_number = 1};
    return &type;
}

/* One argument, its type and a value; true if it makes the message complex. */
static boolean_t put_argument(uint64_t *at, char kind)
{
    mach_msg_type_t type = *type_of(kind);

    at[1] = odd_number();
    if (kind == 'p' || kind == 'P')
        at[1] = next_random() % 4 ? targets[next_random() % target_count] : MACH_PORT_NULL;
    if (kind == 'd') {
        at[1] = next_random() % 2 ? (uint64_t)progress : odd_number();
        type.msgt_number = (unsigned)(next_random() % 2 ? 4096 : odd_number());
        if (type.msgt_number > 1u << 20)
            type.msgt_number = 8192;
    }
    memcpy(at, &type, sizeof type);
    return kind == 'p' || kind == 'P' || kind == 'd';
}

static void send_one(mach_port_t reply)
{
    union {
        mach_msg_header_t header;
        mig_reply_header_t reply;
        uint64_t words[1024];
    } message;
    const struct request *request = &requests[next_random() % (sizeof requests / sizeof *requests)];
    unsigned arguments = (unsigned)strlen(request->arguments);
    boolean_t complex = FALSE;

    for (unsigned i = 0; i < arguments; i++)
        complex |= put_argument(&message.words[4 + 2 * i], request->arguments[i]);
    message.header = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE) |
                     (complex ? MACH_MSGH_BITS_COMPLEX : 0),
        .msgh_remote_port = targets[next_random() % target_count],
        .msgh_local_port = reply,
        .msgh_id = next_random() % 50 ? request->id : request->id + 1,
    };
    if (mach_msg_trap(&message.header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_TIMEOUT,
                      32 + 16 * arguments, sizeof message, reply, 5, MACH_PORT_NULL) ==
            MACH_MSG_SUCCESS &&
        message.reply.RetCode != MIG_BAD_ID && message.reply.RetCode != MIG_BAD_ARGUMENTS)
        progress->served++;
}

/* In the helper: sends until enough has been sent, or something in it is broken by what it does. */
static void send_senseless(void *seed)
{
    mach_port_t reply = port_make(FALSE);

    state = (uint64_t)seed * 0x9e3779b97f4a7c15 + 1;
    while (progress->sent < progress->limit) {
        progress->sent++;
        send_one(reply);
    }
    for (;;)
        thread_sleep(1000);
}

static void add_target(mach_port_t port)
{
    targets[target_count++] = port;
}

static void add_device(const char *name)
{
    mach_port_t device;

    CHECK_OK(device_open(test_device_port, 0, (char *)name, &device));
    add_target(device);
}

static void make_victims(void)
{
    CHECK_OK(task_create(mach_task_self(), FALSE, &victim_task));
    CHECK_OK(thread_create(victim_task, &victim_thread));
    targets[0] = victim_task;
    targets[1] = victim_thread;
}

static void make_targets(void)
{
    mach_port_t set, control, permission;

    target_count = 2;
    make_victims();
    add_target(test_host_port);
    add_target(mach_host_self());
    CHECK_OK(processor_set_default(test_host_port, &set));
    add_target(set);
    CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
    add_target(control);
    CHECK_OK(i386_io_perm_create(test_device_port, 0x3000, 0x3001, &permission));
    add_target(permission);
    add_target(test_device_port);
    add_device("initrd");
    add_device("mem");
    add_device("time");
    add_device("irq");
}

/* Lets a sender work until it is dead, or does not get on even after an abort. */
static void run_sender(uint64_t seed)
{
    struct helper helper;
    uint64_t before;

    helper_create(&helper, send_senseless, (void *)seed);
    CHECK_OK(task_set_special_port(helper.task, TASK_EXCEPTION_PORT, MACH_PORT_NULL));
    for (unsigned i = 0; i < target_count; i++)
        helper_give(&helper, targets[i], MACH_MSG_TYPE_COPY_SEND);
    helper_run(&helper);
    do {
        before = progress->sent;
        thread_sleep(60);
        if (progress->sent == before)
            thread_abort(helper.thread);
        thread_sleep(10);
    } while (progress->sent < progress->limit && progress->sent != before);
    helper_end(&helper);
    task_terminate(victim_task);
    mach_port_deallocate(mach_task_self(), victim_task);
    mach_port_deallocate(mach_task_self(), victim_thread);
    make_victims();
}

static void send_up_to(uint64_t limit)
{
    static uint64_t seed;

    progress->limit = limit;
    while (progress->sent < limit) {
        run_sender(++seed);
        CHECK(seed < 2000);
    }
}

/* The first half fills the kernel's caches to what they may hold. */
/* boot: timeout=90 */
TEST(219, senseless_requests_leave_the_kernel_whole)
{
    struct vm_statistics before, after;
    mach_port_t thread;

    progress = (struct progress *)shared_memory(PAGE_SIZE);
    make_targets();
    send_up_to(MESSAGES / 2);
    memory_statistics(&before);
    send_up_to(MESSAGES);
    memory_statistics(&after);
    report("# %lu requests, %lu of them served; free pages: %d, then %d\n", progress->sent,
           progress->served, before.free_count, after.free_count);
    CHECK(progress->served > MESSAGES / 2);
    CHECK(after.free_count + 200 > before.free_count);
    CHECK_OK(thread_create(mach_task_self(), &thread));
    CHECK_OK(thread_terminate(thread));
}

/* boot: memory=48 disk=64 with=disk,default_pager timeout=60 */
TEST(219, senseless_requests_while_memory_is_short)
{
    struct vm_statistics now;
    struct pressure pressure;

    progress = (struct progress *)shared_memory(PAGE_SIZE);
    make_targets();
    memory_statistics(&now);
    pressure_make(&pressure, 300, (unsigned)now.free_count + 2000);
    send_up_to(MESSAGES / 4);
    pressure_end(&pressure);
    report("# %lu requests, %lu of them served\n", progress->sent, progress->served);
    CHECK(progress->served > MESSAGES / 8);
}
