/* SPDX-License-Identifier: BSD-2-Clause */
#include "operations.h"

#include <string.h>

#define OUT_OF_LINE_BYTES 65536
#define ECHO_NAME ((mach_port_t)0x70101) /* the receive right's name in the server */

void port_allocate_destroy(void)
{
    mach_port_t name;

    mach_port_allocate(mach_task_self_, MACH_PORT_RIGHT_RECEIVE, &name);
    mach_port_destroy(mach_task_self_, name);
}

void vm_allocate_deallocate(void)
{
    vm_address_t address = 0;

    vm_allocate(mach_task_self_, &address, 4096, TRUE);
    vm_deallocate(mach_task_self_, address, 4096);
}

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

void echo_start(struct echo_client *client)
{
    memset(client, 0, sizeof(*client));
    client->reply = mach_reply_port();
    child_start(&client->server);
    client->port = port_new();
    must(mach_port_insert_right(
             client->server.task, ECHO_NAME, client->port, MACH_MSG_TYPE_MOVE_RECEIVE),
        "insert right into server");
    child_command(&client->server, echo_serve, 0, mach_reply_port());
}

static inline __attribute__((always_inline)) void call(struct echo_client *client, uint32_t bytes, uint32_t complex)
{
    struct echo *message = &client->message;

    message->header.msgh_bits =
        complex | MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    message->header.msgh_remote_port = client->port;
    message->header.msgh_local_port = client->reply;
    message->header.msgh_id = 500;
    must(mach_msg_trap(&message->header, MACH_SEND_MSG | MACH_RCV_MSG, bytes, sizeof(*message),
             client->reply, 0, MACH_PORT_NULL),
        "echo");
}

void echo_header(struct echo_client *client)
{
    call(client, sizeof(mach_msg_header_t), 0);
}

void echo_128_bytes(struct echo_client *client)
{
    *(mach_msg_type_t *)client->message.body = (mach_msg_type_t){
        .msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8, .msgt_inline = TRUE, .msgt_number = 128};
    call(client, sizeof(mach_msg_header_t) + sizeof(mach_msg_type_t) + 128, 0);
}

/* The answer brings the memory back, perhaps elsewhere. */
void echo_out_of_line(struct echo_client *client)
{
    mach_msg_type_t *type = (mach_msg_type_t *)client->message.body;
    vm_address_t *data = (vm_address_t *)(type + 1);

    if (type->msgt_inline || type->msgt_number != OUT_OF_LINE_BYTES)
        must(vm_allocate(mach_task_self(), data, OUT_OF_LINE_BYTES, TRUE), "vm_allocate");
    *type = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_BYTE,
        .msgt_size = 8,
        .msgt_inline = FALSE,
        .msgt_deallocate = TRUE,
        .msgt_number = OUT_OF_LINE_BYTES};
    call(client, sizeof(mach_msg_header_t) + sizeof(*type) + sizeof(*data), MACH_MSGH_BITS_COMPLEX);
}
