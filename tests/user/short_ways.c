/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of a server that waits, which take the short ways of ipc/fast_path.c and ipc/fast_complex.c: what
 * arrives, and what a body with a fault in it leaves behind.
 */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()
#define SERVER_CALLS 2u

/* The server sends back what came, so often; a bad name takes the place of what the body carries when told. */
struct server {
    mach_port_t port;           /* receive and send right */
    boolean_t spoil;            /* the next answer's body */
    mach_msg_return_t answered; /* what its last send returned */
    struct client thread;
};

static uint64_t serve(void *argument)
{
    struct server *server = argument;
    struct wire wire;
    mach_msg_option_t send = 0;

    for (unsigned calls = 0; calls < SERVER_CALLS; calls++) {
        server->answered =
            mach_msg(&wire.header, MACH_RCV_MSG | send, send ? wire.header.msgh_size : 0,
                     sizeof wire, server->port, 0, MACH_PORT_NULL);
        if (server->answered != MACH_MSG_SUCCESS)
            return calls;
        wire.header.msgh_bits = (wire.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) |
                                MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(wire.header.msgh_bits), 0);
        wire.header.msgh_local_port = MACH_PORT_NULL;
        send = MACH_SEND_MSG;
        if (server->spoil)
            *(uint64_t *)((char *)&wire.header + sizeof wire.header + 8) = 0x9999;
    }
    return mach_msg(&wire.header, MACH_SEND_MSG, wire.header.msgh_size, 0, MACH_PORT_NULL, 0,
                    MACH_PORT_NULL);
}

static void server_start(struct server *server)
{
    *server = (struct server){.port = port_make(TRUE)};
    client_call(&server->thread, serve, server);
    client_expect_blocked(&server->thread, 20);
}

/* Begins a request to the server that expects its answer at reply. */
static void call_begin(struct wire *wire, struct server *server, mach_port_t reply)
{
    wire_begin(wire, server->port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_reply_port(wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
}

static mach_msg_return_t call(struct wire *wire, mach_port_t reply)
{
    return mach_msg(&wire->header, MACH_SEND_MSG | MACH_RCV_MSG, wire->size,
                    sizeof *wire, reply, 0, MACH_PORT_NULL);
}

static uint64_t *first_slot(struct wire *wire)
{
    return (uint64_t *)((char *)&wire->header + sizeof wire->header + 8);
}

TEST(181, memory_goes_to_a_waiting_server_and_comes_back)
{
    vm_address_t memory = 0;
    mach_port_t reply = port_make(FALSE);
    struct server server;
    struct wire wire;

    CHECK_OK(vm_allocate(SELF, &memory, PAGE_SIZE, TRUE));
    *(uint64_t *)memory = 4711;
    server_start(&server);
    for (unsigned calls = 0; calls < SERVER_CALLS; calls++) {
        call_begin(&wire, &server, reply);
        wire_add_memory(&wire, (void *)memory, PAGE_SIZE, TRUE);
        CHECK_OK(call(&wire, reply));
        CHECK(wire.header.msgh_bits & MACH_MSGH_BITS_COMPLEX);
        memory = *first_slot(&wire);
        CHECK_EQ(*(uint64_t *)memory, 4711);
    }
    CHECK_EQ(client_finish(&server.thread), MACH_MSG_SUCCESS);
    CHECK_EQ(port_status(reply).mps_sorights, 0);
}

TEST(179, a_bad_body_to_a_waiting_server_is_destroyed_with_its_reply_right)
{
    mach_port_t reply = port_make(FALSE), watched = port_make(FALSE);
    struct server server;
    struct wire wire;

    server_start(&server);
    call_begin(&wire, &server, reply);
    wire_add_port(&wire, watched, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    wire_add_port(&wire, 0x9999, MACH_MSG_TYPE_COPY_SEND);
    CHECK_RETURNS(call(&wire, reply), MACH_SEND_INVALID_RIGHT);
    CHECK_OK(wire_receive(&wire, watched, 1000));
    CHECK_EQ(wire.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    CHECK_OK(wire_receive(&wire, reply, 1000));
    CHECK_EQ(wire.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    client_expect_blocked(&server.thread, 20); /* it has seen nothing */
    client_end(&server.thread);
    CHECK_EQ(port_refs(server.port, MACH_PORT_RIGHT_SEND), 1);
}

TEST(179, a_bad_body_in_an_answer_uses_up_the_right_to_answer)
{
    mach_port_t reply = port_make(FALSE), sent = port_make(TRUE);
    struct server server;
    struct wire wire;

    server_start(&server);
    server.spoil = TRUE;
    call_begin(&wire, &server, reply);
    wire_add_port(&wire, sent, MACH_MSG_TYPE_COPY_SEND);
    CHECK_OK(call(&wire, reply)); /* the answer is the notification of its right's end */
    CHECK_EQ(wire.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
    CHECK_EQ(client_finish(&server.thread), 1);
    CHECK_RETURNS(server.answered, MACH_SEND_INVALID_RIGHT);
    CHECK_EQ(port_status(reply).mps_sorights, 0);
}

TEST(183, rights_go_to_a_waiting_server_and_come_back_under_their_name)
{
    mach_port_t reply = port_make(FALSE), sent = port_make(TRUE);
    unsigned names = 0;
    struct server server;
    struct wire wire;

    server_start(&server);
    for (unsigned calls = 0; calls < SERVER_CALLS; calls++) {
        call_begin(&wire, &server, reply);
        wire_add_port(&wire, sent, MACH_MSG_TYPE_MAKE_SEND);
        CHECK_OK(call(&wire, reply));
        CHECK_EQ(*first_slot(&wire), sent);
        if (calls == 0)
            names = port_name_count();
    }
    CHECK_EQ(client_finish(&server.thread), MACH_MSG_SUCCESS);
    CHECK(port_name_count() <= names);
}
