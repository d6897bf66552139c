/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime on the kernel: what it builds out of traps and requests. */
#include <assert.h>
#include <mig/device_server.h>
#include <porthole/heap.h>
#include <porthole/program.h>

#include "test.h"

static struct mutex lock = MUTEX_INITIALIZER;
static struct condition changed = CONDITION_INITIALIZER;
static int turn, turns;

/* Two threads take turns a thousand times: each wait ends by the other's signal. */
static void play(int mine)
{
    mutex_lock(&lock);
    while (turns < 1000) {
        while (turn != mine && turns < 1000) {
            condition_wait(&changed, &lock);
        }
        turns++;
        turn = !mine;
        condition_broadcast(&changed);
    }
    mutex_unlock(&lock);
}

static uint64_t play_second(void *argument)
{
    (void)argument;
    play(1);
    return 1;
}

TEST(0, two_threads_take_turns_by_a_condition)
{
    struct client other;

    client_call(&other, play_second, NULL);
    play(0);
    CHECK_EQ(client_finish(&other), 1);
    CHECK(turns >= 1000);
}

TEST(0, a_condition_wait_ends_by_its_timeout)
{
    mutex_lock(&lock);
    CHECK(!condition_wait_timeout(&changed, &lock, 30));
    CHECK_EQ(changed.waiters, 0);
    mutex_unlock(&lock);
}

static uint64_t nothing(void *argument)
{
    return (uint64_t)argument;
}

TEST(0, a_thousand_threads_leave_nothing_behind)
{
    struct client client;
    struct vm_statistics before, after;
    unsigned names = 0;

    for (unsigned i = 0; i < 1000; i++) {
        client_call(&client, nothing, (void *)(uint64_t)i);
        CHECK_EQ(client_finish(&client), i);
        if (i == 20) {
            names = port_name_count();
            memory_statistics(&before);
        }
    }
    memory_statistics(&after);
    CHECK(port_name_count() <= names + 10);
    CHECK(after.free_count + 200 > before.free_count);
}

TEST(0, the_heap_gives_back_what_it_takes)
{
    struct heap_statistics statistics;
    void *block[100];

    for (unsigned i = 0; i < 100; i++) {
        block[i] = malloc(i * 100);
        CHECK(block[i] != NULL);
        memset(block[i], (int)i, i * 100);
    }
    for (unsigned i = 0; i < 100; i++) {
        CHECK(i == 0 || ((unsigned char *)block[i])[i * 100 - 1] == i);
        free(block[i]);
    }
    heap_statistics(&statistics);
    CHECK_EQ(statistics.free_bytes, statistics.total_bytes);
    CHECK(heap_reserve(PAGE_SIZE, TRUE));
    CHECK(malloc((size_t)64 << 20) == NULL);
}

TEST(0, text_of_any_length_comes_from_the_heap)
{
    char *text = NULL;

    CHECK_EQ(asprintf(&text, "%300d|%s", 7, "end"), 304);
    CHECK(strlen(text) == 304 && strcmp(text + 299, "7|end") == 0);
    free(text);
    void *aligned = aligned_alloc(PAGE_SIZE, 100);
    CHECK(aligned != NULL && (uintptr_t)aligned % PAGE_SIZE == 0);
    free(aligned);
}

static void break_a_promise(void *argument)
{
    assert(argument != NULL);
}

static boolean_t is_dead(void *name)
{
    return port_type(*(mach_port_t *)name) == MACH_PORT_TYPE_DEAD_NAME;
}

/* boot: says="runtime.c:[0-9]+: break_a_promise: .argument != NULL. does not hold" */
TEST(0, an_assertion_that_fails_says_so_and_ends_its_task)
{
    struct helper helper;

    helper_create(&helper, break_a_promise, NULL);
    helper_run(&helper);
    CHECK(wait_until(is_dead, &helper.task, CLIENT_WAIT));
}

/* --- a server of the device interface, with three handlers of its own --- */

static mach_port_t device_port; /* receive right: the only "device" */
static vm_size_t written_bytes;

kern_return_t ds_device_open(mach_port_t master, mach_port_t reply, mach_msg_type_name_t reply_type,
                             dev_mode_t mode, const_dev_name_t name, device_t *device,
                             mach_msg_type_name_t *device_type)
{
    (void)master, (void)reply, (void)reply_type, (void)mode;
    if (strcmp(name, "here") != 0) {
        return D_NO_SUCH_DEVICE;
    }
    *device = device_port;
    *device_type = MACH_MSG_TYPE_MAKE_SEND;
    return KERN_SUCCESS;
}

kern_return_t ds_device_read_inband(mach_port_t device, mach_port_t reply,
                                    mach_msg_type_name_t reply_type, dev_mode_t mode,
                                    recnum_t record, int bytes_wanted, io_buf_ptr_inband_t data,
                                    mach_msg_type_number_t *count)
{
    (void)device, (void)reply, (void)reply_type, (void)mode;
    memset(data, (int)record, (size_t)bytes_wanted);
    *count = (mach_msg_type_number_t)bytes_wanted;
    return KERN_SUCCESS;
}

/* Refuses records above 9: what came out of line must then be freed by the loop. */
kern_return_t ds_device_write(mach_port_t device, mach_port_t reply,
                              mach_msg_type_name_t reply_type, dev_mode_t mode, recnum_t record,
                              io_buf_ptr_t data, mach_msg_type_number_t count, int *bytes_written)
{
    (void)device, (void)reply, (void)reply_type, (void)mode;
    if (record > 9) {
        return D_INVALID_RECNUM;
    }
    pattern_check((vm_address_t)data, count, 1, 0);
    written_bytes += count;
    *bytes_written = (int)count;
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)data, count));
    return KERN_SUCCESS;
}

static void serve(void *argument)
{
    (void)argument;
    mach_msg_server(device_server, 1024, device_port);
}

static void start_server(void)
{
    device_port = port_make(TRUE);
    CHECK(thread_start(serve, NULL, 0) != MACH_PORT_NULL);
}

TEST(0, a_server_loop_answers_a_thousand_requests)
{
    io_buf_ptr_inband_t data;
    dev_name_t name = "here", other = "elsewhere";
    mach_port_t device;

    start_server();
    CHECK_RETURNS(device_open(device_port, D_READ, other, &device), D_NO_SUCH_DEVICE);
    CHECK_OK(device_open(device_port, D_READ, name, &device));
    CHECK_EQ(device, device_port);
    unsigned names = port_name_count();
    for (unsigned i = 0; i < 1000; i++) {
        mach_msg_type_number_t count = sizeof data;
        CHECK_OK(device_read_inband(device, 0, i % 100, 50, data, &count));
        CHECK_EQ(count, 50);
        CHECK_EQ(data[49], i % 100);
    }
    CHECK_EQ(port_name_count(), names);
}

TEST(0, a_routine_without_handler_and_an_unknown_id_answer_bad_id)
{
    vm_statistics_data_t statistics;

    start_server();
    CHECK_RETURNS(device_close(device_port), MIG_BAD_ID);
    CHECK_RETURNS(vm_statistics(device_port, &statistics), MIG_BAD_ID);
}

TEST(0, memory_of_a_refused_request_is_freed_by_the_loop)
{
    vm_address_t data = 0;
    struct vm_statistics before, after;
    int written = 0;

    start_server();
    CHECK_OK(vm_allocate(mach_task_self(), &data, 16 * PAGE_SIZE, TRUE));
    pattern_fill(data, PAGE_SIZE, 1, 0);
    CHECK_OK(device_write(device_port, 0, 1, (io_buf_ptr_t)data, PAGE_SIZE, &written));
    CHECK_EQ(written, PAGE_SIZE);
    memset((void *)data, 1, 16 * PAGE_SIZE);
    memory_statistics(&before);
    for (unsigned i = 0; i < 300; i++) { /* 4800 pages, were they kept and touched */
        CHECK_RETURNS(device_write(device_port, 0, 10, (io_buf_ptr_t)data, 16 * PAGE_SIZE,
                                   &written),
                      D_INVALID_RECNUM);
    }
    memory_statistics(&after);
    CHECK(after.free_count + 100 > before.free_count);
    vm_address_t next = 0; /* nothing piles up behind the last region either */
    CHECK_OK(vm_allocate(mach_task_self(), &next, PAGE_SIZE, TRUE));
    CHECK(next < data + 64 * PAGE_SIZE);
}

static uint64_t ask_statistics(void *port)
{
    vm_statistics_data_t statistics;

    return (uint64_t)vm_statistics(*(mach_port_t *)port, &statistics);
}

TEST(0, a_client_whose_server_dies_hears_of_it)
{
    mach_port_t port = port_make(TRUE);
    struct client client;

    client_call(&client, ask_statistics, &port);
    client_expect_blocked(&client, 30);
    CHECK_OK(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1));
    CHECK_EQ((kern_return_t)client_finish(&client), MIG_SERVER_DIED);
    CHECK_EQ((kern_return_t)ask_statistics(&port), MACH_SEND_INVALID_DEST);
}

/* --- starting a program --- */

/* A program that sends an empty message to the port that its first argument names. */
extern const char tiny_start[], tiny_end[];
__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "tiny_start:\n"
        "  .long 0x464c457f\n  .byte 2,1,1,0,0,0,0,0,0,0,0,0\n"
        "  .word 2, 62\n  .long 1\n"
        "  .quad 0x500000 + (tiny_code - tiny_start), 64, 0\n"
        "  .long 0\n  .word 64, 56, 1, 0, 0, 0\n"
        "  .long 1, 7\n  .quad 0, 0x500000, 0x500000\n"
        "  .quad tiny_end - tiny_start, 0x3000, 0x1000\n"
        "tiny_code:\n"
        "  mov 16(%rsp), %rsi\n"          /* argv[1]: a decimal port name */
        "  xor %eax, %eax\n"
        "1: movzbl (%rsi), %ecx\n"
        "  test %ecx, %ecx\n  jz 2f\n"
        "  imul $10, %eax\n  lea -48(%rax,%rcx), %eax\n"
        "  inc %rsi\n  jmp 1b\n"
        "2: mov %eax, tiny_message - tiny_start + 8 + 0x500000\n"
        "  mov $0x500000 + (tiny_message - tiny_start), %edi\n"
        "  mov $1, %esi\n  mov $32, %edx\n  xor %r10d, %r10d\n  xor %r8d, %r8d\n  xor %r9d, %r9d\n"
        "  push $0\n  push $0\n"
        "  mov $-25, %rax\n  syscall\n"
        "3: jmp 3b\n"
        ".balign 8\n"
        "tiny_message: .long 19, 32\n .quad 0, 0\n .long 0, 4242\n"
        "tiny_end:\n"
        ".popsection\n");

TEST(0, a_program_starts_with_its_arguments_and_rights)
{
    mach_port_t port = port_make(TRUE), task, thread;
    const char *const arguments[] = { "tiny", "@0" };
    struct program_port ports[] = { { port, MACH_MSG_TYPE_COPY_SEND } };
    struct kernel_message message;
    struct program program = { .image = tiny_start, .image_bytes = (size_t)(tiny_end - tiny_start),
                               .argc = 2, .argv = arguments, .ports = ports, .port_count = 1 };

    CHECK_OK(program_start(&program, &task, &thread));
    EXPECT_MESSAGE(port, 4242, &message);
    CHECK_OK(task_terminate(task));
    CHECK_EQ(port_type(thread) | port_type(task), MACH_PORT_TYPE_DEAD_NAME);
    program.image_bytes = 100;
    CHECK_RETURNS(program_start(&program, &task, &thread), KERN_INVALID_ARGUMENT);
}
