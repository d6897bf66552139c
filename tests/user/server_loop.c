/* SPDX-License-Identifier: BSD-2-Clause */
/* The library's server loops: who owns what a request brought, dead clients, limits. */
#include <mig/device_server.h>

#include "test.h"
#include "wire.h"

#define ID_ANSWERS_WITH_RIGHT  700 /* a reply with a right of its own */
#define ID_ANSWERS_WITH_MEMORY 701 /* a reply with memory that stays the server's */
#define ID_REFUSES             702
#define ID_NO_REPLY            703
#define ID_DESTROY             704

static mach_port_t service; /* receive right */
static unsigned served;
static char kept_memory[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void add_item(mach_msg_header_t *message, mach_msg_type_t type, uint64_t value)
{
    char *at = (char *)message + message->msgh_size;

    memcpy(at, &type, sizeof type);
    memcpy(at + sizeof type, &value, sizeof value);
    message->msgh_size += (mach_msg_size_t)(sizeof type + sizeof value);
    message->msgh_bits |= MACH_MSGH_BITS_COMPLEX;
}

/* A server as MIG would make it, of five routines. */
static boolean_t demux(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    mig_reply_header_t *answer = (mig_reply_header_t *)reply;

    mig_reply_setup(request, reply);
    answer->RetCode = KERN_SUCCESS;
    served++;
    switch (request->msgh_id) {
    case ID_ANSWERS_WITH_RIGHT: {
        mach_msg_type_t type = { .msgt_name = MACH_MSG_TYPE_MOVE_RECEIVE, .msgt_size = 64,
                                 .msgt_number = 1, .msgt_inline = TRUE };
        add_item(reply, type, port_make(FALSE));
        return TRUE;
    }
    case ID_ANSWERS_WITH_MEMORY: {
        mach_msg_type_t type = { .msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8,
                                 .msgt_number = sizeof kept_memory };
        add_item(reply, type, (uintptr_t)kept_memory);
        return TRUE;
    }
    case ID_REFUSES:
        answer->RetCode = KERN_FAILURE;
        return TRUE;
    case ID_NO_REPLY: /* the routine keeps all, and so gets rid of it here */
        mach_msg_destroy(request);
        answer->RetCode = MIG_NO_REPLY;
        return TRUE;
    case ID_DESTROY:
        answer->RetCode = MIG_DESTROY_REQUEST;
        return TRUE;
    default:
        return FALSE;
    }
}

/* A request with a right and a page, from this thread to itself. */
static void send_request(mach_msg_id_t id, mach_port_t reply, mach_msg_type_name_t disposition)
{
    static vm_address_t page;
    static mach_port_t carried;
    struct wire wire;

    if (page == 0) {
        CHECK_OK(vm_allocate(mach_task_self(), &page, PAGE_SIZE, TRUE));
        carried = port_make(FALSE);
    }
    wire_begin(&wire, service, MACH_MSG_TYPE_MAKE_SEND, id);
    wire_reply_port(&wire, reply, disposition);
    wire_add_port(&wire, carried, MACH_MSG_TYPE_MAKE_SEND);
    wire_add_memory(&wire, (void *)page, PAGE_SIZE, FALSE);
    CHECK_OK(wire_send(&wire, 0));
}

static mach_msg_return_t serve_waiting(void)
{
    return mach_msg_server_timeout(demux, 512, service, MACH_RCV_TIMEOUT, 0);
}

static unsigned mapped_pages(void)
{
    struct task_basic_info info;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

    CHECK_OK(task_info(mach_task_self(), TASK_BASIC_INFO, (task_info_t)&info, &count));
    return (unsigned)(info.virtual_size / PAGE_SIZE);
}

TEST(0, a_refused_request_is_destroyed_exactly_once)
{
    static const mach_msg_id_t refused[] = { ID_REFUSES, ID_NO_REPLY, ID_DESTROY, 999 };
    mach_port_t reply = port_make(FALSE);
    struct kernel_message message;

    service = port_make(FALSE);
    send_request(ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT);
    EXPECT_MESSAGE(reply, ID_REFUSES + 100, &message);
    unsigned names = port_name_count(), pages = mapped_pages();
    for (unsigned i = 0; i < 400; i++) {
        mach_msg_id_t id = refused[i % 4];
        send_request(id, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT);
        EXPECT_MESSAGE(reply, id == ID_REFUSES || id == 999 ? id + 100 : MACH_NOTIFY_SEND_ONCE,
                       &message);
    }
    CHECK_EQ(served, 401);
    CHECK_EQ(port_name_count(), names);
    CHECK_EQ(mapped_pages(), pages);
}

TEST(0, what_an_answer_carries_dies_with_a_dead_client)
{
    mach_port_t reply;

    service = port_make(FALSE);
    memset(kept_memory, 7, sizeof kept_memory);
    unsigned names = 0;
    for (unsigned i = 0; i < 200; i++) {
        reply = port_make(FALSE);
        send_request(i % 2 ? ID_ANSWERS_WITH_RIGHT : ID_ANSWERS_WITH_MEMORY, reply,
                     MACH_MSG_TYPE_MAKE_SEND_ONCE);
        CHECK_OK(mach_port_destroy(mach_task_self(), reply));
        CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT);
        if (i == 1) {
            names = port_name_count();
        }
    }
    /* What successful requests brought is the routines': one name for the right that travelled. */
    CHECK_EQ(port_name_count(), names);
    for (unsigned i = 0; i < sizeof kept_memory; i++) {
        CHECK_EQ(kept_memory[i], 7);
    }
}

TEST(0, a_client_that_does_not_fetch_answers_holds_up_nobody)
{
    mach_port_t reply = port_make(FALSE);

    service = port_make(FALSE);
    CHECK_OK(mach_port_set_qlimit(mach_task_self(), reply, 1));
    send_request(ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND);
    CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT);
    unsigned names = port_name_count();
    for (unsigned i = 0; i < 20; i++) { /* to a port that is full */
        send_request(i % 2 ? ID_ANSWERS_WITH_RIGHT : ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND);
        CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT);
    }
    CHECK_EQ(port_name_count(), names);
    CHECK_EQ(port_status(reply).mps_msgcount, 1);
}

TEST(0, a_request_too_large_is_thrown_away_or_kept_as_asked)
{
    mach_port_t reply = port_make(FALSE);
    struct kernel_message message;

    service = port_make(FALSE);
    for (unsigned i = 0; i < 4; i++) {
        struct wire wire;
        wire_begin(&wire, service, MACH_MSG_TYPE_MAKE_SEND, ID_REFUSES);
        wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        mach_msg_type_t type = { .msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8,
                                 .msgt_number = 1000, .msgt_inline = TRUE };
        wire_add(&wire, type, 1000, FALSE);
        CHECK_OK(wire_send(&wire, 0));
    }
    CHECK_RETURNS(mach_msg_server_timeout(demux, 512, service, MACH_RCV_TIMEOUT | MACH_RCV_LARGE, 0),
                  MACH_RCV_TOO_LARGE);
    CHECK_EQ(port_status(service).mps_msgcount, 4);
    send_request(ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT);
    CHECK_EQ(served, 1);
    for (unsigned i = 0; i < 4; i++) {
        EXPECT_MESSAGE(reply, MACH_NOTIFY_SEND_ONCE, &message);
    }
    EXPECT_MESSAGE(reply, ID_REFUSES + 100, &message);
}

/* Takes all free ranges; what later comes out of line has no place. */
static void fill_address_space(void)
{
    for (vm_size_t size = (vm_size_t)1 << 46; size >= PAGE_SIZE;) {
        vm_address_t address = 0;
        if (vm_allocate(mach_task_self(), &address, size, TRUE) != KERN_SUCCESS) {
            size /= 2;
        }
    }
}

TEST(0, a_request_that_has_no_room_is_lost_and_the_loop_goes_on)
{
    mach_port_t reply = port_make(FALSE);
    struct kernel_message message;

    service = port_make(FALSE);
    send_request(ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT); /* the loop has its buffers by now */
    EXPECT_MESSAGE(reply, ID_REFUSES + 100, &message);
    unsigned names = port_name_count();
    send_request(ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    fill_address_space();
    CHECK_RETURNS(serve_waiting(), MACH_RCV_TIMED_OUT);
    CHECK_EQ(served, 1);
    EXPECT_MESSAGE(reply, MACH_NOTIFY_SEND_ONCE, &message);
    mach_port_name_t name;
    CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &name));
    CHECK_OK(mach_port_destroy(mach_task_self(), name));
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)kept_memory, sizeof kept_memory));
    CHECK_EQ(port_name_count(), names);
}

static mach_msg_return_t loop_result;

static void loop_until_interrupted(void *option)
{
    loop_result = mach_msg_server_timeout(demux, 512, service, *(mach_msg_option_t *)option, 0);
}

static boolean_t loop_ended(void *nothing)
{
    (void)nothing;
    return *(volatile mach_msg_return_t *)&loop_result != MACH_MSG_SUCCESS;
}

TEST(0, a_loop_ends_by_an_interruption_only_if_it_asked_for_that)
{
    mach_msg_option_t option = MACH_MSG_OPTION_NONE;
    mach_port_t reply = port_make(FALSE), thread;
    struct kernel_message message;

    service = port_make(FALSE);
    thread = thread_start(loop_until_interrupted, &option, 0);
    for (unsigned i = 0; i < 10; i++) {
        send_request(ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        EXPECT_MESSAGE(reply, ID_REFUSES + 100, &message);
        CHECK_OK(thread_abort(thread));
    }
    CHECK_OK(mach_port_destroy(mach_task_self(), service));
    CHECK(wait_until(loop_ended, NULL, CLIENT_WAIT));
    CHECK(loop_result == MACH_RCV_PORT_DIED || loop_result == MACH_RCV_INVALID_NAME); /* when it looked */

    loop_result = MACH_MSG_SUCCESS;
    option = MACH_RCV_INTERRUPT;
    service = port_make(FALSE);
    thread = thread_start(loop_until_interrupted, &option, 0);
    send_request(ID_REFUSES, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    EXPECT_MESSAGE(reply, ID_REFUSES + 100, &message);
    thread_sleep(20); /* so that it waits again, most likely; either way it ends */
    CHECK_OK(thread_abort(thread));
    if (!wait_until(loop_ended, NULL, 200)) {
        CHECK_OK(thread_abort(thread));
    }
    CHECK(wait_until(loop_ended, NULL, CLIENT_WAIT));
    CHECK_RETURNS(loop_result, MACH_RCV_INTERRUPTED);
}

/* --- nothing leaks by calls --- */

static void call_every_kind(mach_port_t dead, mach_port_t empty)
{
    vm_statistics_data_t statistics;
    mach_msg_header_t nothing;
    mach_port_t device, port;
    mach_port_type_t type;
    dev_name_t name = "com0", other = "no such device";

    CHECK_OK(vm_statistics(mach_task_self(), &statistics));
    CHECK_RETURNS(mach_port_type(mach_task_self(), 0x7777, &type), KERN_INVALID_NAME);
    CHECK_RETURNS(mach_port_type(dead, 1, &type), MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(mach_port_type(MACH_PORT_NULL, 1, &type), MACH_SEND_INVALID_DEST);
    CHECK_RETURNS(bootstrap_look_up(mach_task_self(), other, &port), MIG_BAD_ID);
    CHECK_RETURNS(device_open(test_device_port, D_READ, other, &device), D_NO_SUCH_DEVICE);
    CHECK_OK(device_open(test_device_port, D_WRITE, name, &device));
    CHECK_OK(mach_port_deallocate(mach_task_self(), device));
    CHECK_OK(mach_port_deallocate(mach_task_self(), mach_thread_self()));
    CHECK_OK(memory_object_data_unavailable(mach_task_self(), 0, PAGE_SIZE)); /* a simpleroutine */
    CHECK_RETURNS(mach_msg(&nothing, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof nothing, empty, 0,
                           MACH_PORT_NULL), MACH_RCV_TIMED_OUT);
    CHECK_RETURNS(mach_msg_server_once(demux, 512, empty, MACH_RCV_TIMEOUT, 0), MACH_RCV_TIMED_OUT);
}

/* boot: timeout=120 */
TEST(0, ten_thousand_calls_of_each_kind_leave_the_names_as_they_were)
{
    mach_port_t dead = port_make(TRUE), empty = port_make(FALSE);

    CHECK_OK(mach_port_mod_refs(mach_task_self(), dead, MACH_PORT_RIGHT_RECEIVE, -1));
    call_every_kind(dead, empty);
    unsigned names = port_name_count(), pages = mapped_pages();
    for (unsigned i = 0; i < 10000; i++) {
        call_every_kind(dead, empty);
    }
    CHECK_EQ(port_name_count(), names);
    CHECK_EQ(mapped_pages(), pages);
}
