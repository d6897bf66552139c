/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps, RPC between tasks, kernel RPC, out-of-line memory.
 */
#include <string.h>

#include "bench.h"

#define WARM_UP 8
#define OUT_OF_LINE_BYTES 65536

/* Runs the statement SAMPLES times and reports the median. */
#define MEASURE(name, statement)                                                                   \
    do {                                                                                           \
        uint64_t samples[SAMPLES];                                                                 \
                                                                                                   \
        for (int i_ = -WARM_UP; i_ < SAMPLES; i_++) {                                              \
            uint64_t start_ = now();                                                               \
                                                                                                   \
            statement;                                                                             \
            uint64_t end_ = now();                                                                 \
                                                                                                   \
            if (i_ >= 0)                                                                           \
                samples[i_] = end_ - start_ - counter_cost();                                      \
        }                                                                                          \
        report(name, median(samples, SAMPLES));                                                    \
    } while (0)

/* A trap that does nothing: thread_depress_abort's shortcut of no thread would do work; the old
   port traps answer MACH_PORT_NULL at once. */
#define TRAP_NULL (-10)

static uint64_t trap_null(void)
{
    uint64_t result;

    __asm__ volatile("syscall" : "=a"(result) : "a"((int64_t)TRAP_NULL) : "rcx", "r11", "memory");
    return result;
}

void bench_traps(void)
{
    mach_port_t port = port_new();
    mach_port_type_t type;

    counter_cost();
    MEASURE("null_trap", trap_null());
    MEASURE("task_self", (mach_task_self)());
    MEASURE("kernel_rpc", mach_port_type(mach_task_self_, port, &type));
    MEASURE("port_allocate_destroy", {
        mach_port_t name;

        mach_port_allocate(mach_task_self_, MACH_PORT_RIGHT_RECEIVE, &name);
        mach_port_destroy(mach_task_self_, name);
    });
    MEASURE("vm_allocate_deallocate", {
        vm_address_t address = 0;

        vm_allocate(mach_task_self_, &address, 4096, TRUE);
        vm_deallocate(mach_task_self_, address, 4096);
    });
}

/* --- a server in the child that sends every request back --- */

struct echo {
    mach_msg_header_t header;
    char body[256];
};

static struct child server;
static mach_port_t echo_port;            /* send right here */
#define ECHO_NAME ((mach_port_t)0x70101) /* receive right there */

static void echo_serve(uint64_t unused)
{
    struct echo message;
    mach_msg_option_t option = MACH_RCV_MSG;

    (void)unused;
    for (;;) {
        uint32_t size = message.header.msgh_size;

        if (mach_msg_trap(&message.header, option, option & MACH_SEND_MSG ? size : 0,
                sizeof(message), ECHO_NAME, 0, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
            return;
        message.header.msgh_bits =
            (message.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) |
            MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(message.header.msgh_bits), 0);
        message.header.msgh_local_port = MACH_PORT_NULL;
        message.header.msgh_id += 100;
        option = MACH_SEND_MSG | MACH_RCV_MSG;
    }
}

static void call_echo(struct echo *message, uint32_t bytes, uint32_t complex, mach_port_t reply)
{
    message->header.msgh_bits =
        complex | MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    message->header.msgh_remote_port = echo_port;
    message->header.msgh_local_port = reply;
    message->header.msgh_id = 500;
    must(mach_msg_trap(&message->header, MACH_SEND_MSG | MACH_RCV_MSG, bytes, sizeof(*message),
             reply, 0, MACH_PORT_NULL),
        "echo");
}

void bench_rpc(void)
{
    mach_port_t reply = mach_reply_port();
    struct echo message;

    memset(&message, 0, sizeof(message));
    child_start(&server);
    echo_port = port_new();
    must(mach_port_insert_right(server.task, ECHO_NAME, echo_port, MACH_MSG_TYPE_MOVE_RECEIVE),
        "insert right into child");
    child_command(&server, echo_serve, 0, mach_reply_port());

    MEASURE("rpc_header", call_echo(&message, 32, 0, reply));
    *(mach_msg_type_t *)message.body = (mach_msg_type_t){
        .msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8, .msgt_inline = TRUE, .msgt_number = 128};
    MEASURE("rpc_128", call_echo(&message, 32 + 8 + 128, 0, reply));
}

/* Sends the memory at *data, which moves; the answer brings it back, perhaps elsewhere. */
static void move_out_of_line(struct echo *message, mach_port_t reply)
{
    mach_msg_type_t *type = (mach_msg_type_t *)message->body;

    *type = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_BYTE,
        .msgt_size = 8,
        .msgt_inline = FALSE,
        .msgt_deallocate = TRUE,
        .msgt_number = OUT_OF_LINE_BYTES};
    call_echo(message, sizeof(mach_msg_header_t) + sizeof(*type) + sizeof(vm_address_t),
        MACH_MSGH_BITS_COMPLEX, reply);
}

/* 64 KiB of untouched memory go to the server and come back, moved both ways. */
void bench_out_of_line(void)
{
    mach_port_t reply = mach_reply_port();
    struct echo message;
    vm_address_t *data = (vm_address_t *)(message.body + sizeof(mach_msg_type_t));

    memset(&message, 0, sizeof(message));
    must(vm_allocate(mach_task_self(), data, OUT_OF_LINE_BYTES, TRUE), "vm_allocate");
    MEASURE("ool_64k", move_out_of_line(&message, reply));
}
