/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One way to the kernel and from it, by the short ways of ipc/fast_one_way.c and ipc/kernel_message.c: what
 * becomes of rights when a request is refused, and when the receiver who waits is not of the common kind.
 */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()
#define NO_SUCH_ID 4999
#define PAYLOAD 0x1234567890UL

/* Somebody who waits for one message, in a buffer of his own. */
struct receiver {
    mach_port_t port;
    void *buffer;
    mach_msg_size_t bytes;
    struct wire wire;
    struct client thread;
};

static uint64_t receive(void *argument)
{
    struct receiver *receiver = argument;

    return mach_msg(receiver->buffer, MACH_RCV_MSG, 0, receiver->bytes, receiver->port, 0,
                    MACH_PORT_NULL);
}

static void receiver_start(struct receiver *receiver, mach_port_t port)
{
    receiver->port = port;
    if (!receiver->buffer) {
        receiver->buffer = &receiver->wire;
        receiver->bytes = sizeof receiver->wire;
    }
    client_call(&receiver->thread, receive, receiver);
    client_expect_blocked(&receiver->thread, 20);
}

/* A client that asks the manager for the page, while the receiver waits at the memory object. */
static mach_msg_return_t request(struct receiver *receiver, struct manager *manager,
                                 struct client *client, vm_address_t address)
{
    receiver_start(receiver, manager->object);
    client_read(client, address);
    return (mach_msg_return_t)client_finish(&receiver->thread);
}

static void expect_send_once(mach_port_t port)
{
    struct wire wire;

    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_EQ(wire.header.msgh_id, MACH_NOTIFY_SEND_ONCE);
}

TEST(179, a_one_way_request_that_the_kernel_refuses_is_destroyed_with_its_rights)
{
    mach_port_t watched = port_make(FALSE);
    unsigned references = port_refs(SELF, MACH_PORT_RIGHT_SEND);
    struct wire wire;

    wire_begin(&wire, SELF, MACH_MSG_TYPE_COPY_SEND, NO_SUCH_ID);
    wire_add_port(&wire, watched, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    CHECK_OK(wire_send(&wire, 0));
    expect_send_once(watched);
    CHECK_EQ(port_status(watched).mps_sorights, 0);
    CHECK_EQ(port_refs(SELF, MACH_PORT_RIGHT_SEND), references);
}

TEST(179, a_bad_right_in_a_one_way_request_destroys_those_before_it)
{
    mach_port_t watched = port_make(FALSE);
    struct wire wire;

    wire_begin(&wire, SELF, MACH_MSG_TYPE_COPY_SEND, NO_SUCH_ID);
    wire_add_port(&wire, watched, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    wire_add_port(&wire, 0x9999, MACH_MSG_TYPE_COPY_SEND);
    CHECK_RETURNS(wire_send(&wire, 0), MACH_SEND_INVALID_RIGHT);
    expect_send_once(watched);
    CHECK_EQ(port_status(watched).mps_sorights, 0);
}

TEST(183, a_one_way_request_whose_port_goes_to_itself_is_destroyed)
{
    struct manager manager;
    mach_port_t gone = port_make(TRUE);
    struct wire wire;

    manager_start(&manager, 0, PAGE_SIZE);
    wire_begin(&wire, manager.control, MACH_MSG_TYPE_COPY_SEND, NO_SUCH_ID);
    wire_add_port(&wire, gone, MACH_MSG_TYPE_MOVE_RECEIVE);
    CHECK_OK(wire_send(&wire, 0));
    CHECK_EQ(port_type(gone), MACH_PORT_TYPE_DEAD_NAME);
}

TEST(31, a_waiting_manager_that_gave_the_control_right_up_is_told_a_name_again)
{
    struct receiver receiver = {0};
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    CHECK_OK(mach_port_destroy(SELF, manager.control));
    CHECK_OK(request(&receiver, &manager, &client, address));
    CHECK_EQ(receiver.wire.header.msgh_id, ID_DATA_REQUEST);
    manager.control = wire_port(&receiver.wire, 0);
    CHECK_EQ(port_refs(manager.control, MACH_PORT_RIGHT_SEND), 1);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 5);
    CHECK_EQ(client_finish(&client), pattern_word(5, 0));
}

TEST(31, each_request_to_a_waiting_manager_brings_one_reference)
{
    struct receiver receiver = {0};
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    unsigned references = port_refs(manager.control, MACH_PORT_RIGHT_SEND);
    mach_port_seqno_t before;

    for (vm_offset_t at = 0; at < 2 * PAGE_SIZE; at += PAGE_SIZE) {
        before = port_status(manager.object).mps_seqno;
        CHECK_OK(request(&receiver, &manager, &client, address + at));
        CHECK_EQ(receiver.wire.header.msgh_bits, MACH_MSGH_BITS_COMPLEX |
                     MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND));
        CHECK_EQ(receiver.wire.header.msgh_local_port, manager.object);
        CHECK_EQ(receiver.wire.header.msgh_seqno, before);
        CHECK_EQ(wire_type(&receiver.wire, 0)->msgt_name, MACH_MSG_TYPE_PORT_SEND);
        CHECK_EQ(wire_port(&receiver.wire, 0), manager.control);
        CHECK_EQ(port_refs(manager.control, MACH_PORT_RIGHT_SEND), ++references);
        CHECK_EQ(*(uint64_t *)wire_data(&receiver.wire, 1), at);
        manager_supply_plain(&manager, at, PAGE_SIZE, 6);
        CHECK_EQ(client_finish(&client), pattern_word(6, at));
    }
}

TEST(182, a_waiting_manager_whose_buffer_cannot_be_written_is_left_no_reference)
{
    vm_address_t buffer = 0;
    struct receiver receiver = {.bytes = PAGE_SIZE};
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
    unsigned references = port_refs(manager.control, MACH_PORT_RIGHT_SEND);

    CHECK_OK(vm_allocate(SELF, &buffer, PAGE_SIZE, TRUE));
    CHECK_OK(vm_protect(SELF, buffer, PAGE_SIZE, FALSE, VM_PROT_READ));
    receiver.buffer = (void *)buffer;
    CHECK_RETURNS(request(&receiver, &manager, &client, address), MACH_RCV_INVALID_DATA);
    CHECK_EQ(port_refs(manager.control, MACH_PORT_RIGHT_SEND), references);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 7); /* the kernel has asked all the same */
    CHECK_EQ(client_finish(&client), pattern_word(7, 0));
}

TEST(182, a_waiting_manager_with_a_small_buffer_is_told_so)
{
    struct receiver receiver = {.bytes = sizeof(mach_msg_header_t)};
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    receiver.buffer = &receiver.wire;
    CHECK_RETURNS(request(&receiver, &manager, &client, address), MACH_RCV_TOO_LARGE);
    client_end(&client);
}

TEST(31, a_waiting_manager_with_a_payload_gets_it)
{
    struct receiver receiver = {0};
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    CHECK_OK(mach_port_set_protected_payload(SELF, manager.object, PAYLOAD));
    CHECK_OK(request(&receiver, &manager, &client, address));
    CHECK_EQ(receiver.wire.header.msgh_protected_payload, PAYLOAD);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(receiver.wire.header.msgh_bits), MACH_MSG_TYPE_PROTECTED_PAYLOAD);
    CHECK_EQ(*(uint64_t *)wire_data(&receiver.wire, 1), 0);
    client_end(&client);
}

TEST(39, a_completion_to_a_waiting_receiver_uses_its_right_up)
{
    struct receiver receiver = {0};
    struct manager manager;
    struct client client;
    mach_port_t reply = port_make(FALSE);
    vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    receiver_start(&receiver, reply);
    CHECK_OK(manager_supply(&manager, 0, PAGE_SIZE, 8, VM_PROT_NONE, FALSE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    CHECK_OK(client_finish(&receiver.thread));
    CHECK_EQ(receiver.wire.header.msgh_id, ID_SUPPLY_COMPLETED);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(receiver.wire.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND_ONCE);
    CHECK_EQ(port_status(reply).mps_sorights, 0);
    CHECK_EQ(client_finish(&client), pattern_word(8, 0));
}

TEST(171, a_receive_for_which_a_message_is_there_takes_it)
{
    mach_port_t port = port_make(TRUE);
    struct wire wire;

    for (mach_msg_id_t id = 1; id <= 2; id++)
        CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_COPY_SEND, id, 0));
    for (mach_msg_id_t id = 1; id <= 2; id++) {
        CHECK_OK(mach_msg(&wire.header, MACH_RCV_MSG, 0, sizeof wire, port, 0, MACH_PORT_NULL));
        CHECK_EQ(wire.header.msgh_id, id);
    }
}

/* Supplies two pages of which the second has no frame yet, is there already, or nobody asked for. */
TEST(36, a_supply_of_two_pages_is_accepted_up_to_the_one_that_nobody_asked_for)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    mach_port_t reply = port_make(FALSE);
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    CHECK_OK(manager_supply(&manager, 0, 2 * PAGE_SIZE, 9, VM_PROT_NONE, TRUE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, PAGE_SIZE);
    pattern_check(message.data, PAGE_SIZE, 9, PAGE_SIZE);
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    CHECK_EQ(message.result, KERN_MEMORY_PRESENT);
    CHECK_EQ(message.length, PAGE_SIZE);
    CHECK_EQ(message.error_offset, PAGE_SIZE);
    CHECK_EQ(client_finish(&client), pattern_word(9, 0));
}

TEST(38, a_supply_from_memory_that_nobody_has_touched_is_zeros)
{
    struct manager manager;
    struct client client;
    vm_address_t source = 0, address = manager_start(&manager, 0, 2 * PAGE_SIZE);

    manager_set_cluster(&manager, 2 * PAGE_SIZE);
    CHECK_OK(vm_allocate(SELF, &source, 2 * PAGE_SIZE, TRUE));
    *(uint64_t *)source = 1; /* the second page is in no object yet */
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, 2 * PAGE_SIZE);
    CHECK_OK(memory_object_data_supply(manager.control, 0, source, 2 * PAGE_SIZE, FALSE,
                                       VM_PROT_NONE, FALSE, MACH_PORT_NULL));
    CHECK_EQ(client_finish(&client), 1);
    CHECK_EQ(*(volatile uint64_t *)(address + PAGE_SIZE), 0);
}

TEST(38, a_supply_from_memory_that_cannot_be_read_is_refused_whole)
{
    struct manager manager;
    struct client client;
    vm_address_t source = 0, address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    struct wire wire;

    manager_set_cluster(&manager, 2 * PAGE_SIZE);
    CHECK_OK(vm_allocate(SELF, &source, 2 * PAGE_SIZE, TRUE));
    memset((void *)source, 1, 2 * PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, source + PAGE_SIZE, PAGE_SIZE));
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, 2 * PAGE_SIZE);
    wire_begin(&wire, manager.control, MACH_MSG_TYPE_COPY_SEND, NO_SUCH_ID);
    wire_add_memory(&wire, (void *)source, 2 * PAGE_SIZE, FALSE);
    CHECK_RETURNS(wire_send(&wire, 0), MACH_SEND_INVALID_MEMORY);
    client_expect_blocked(&client, 20);
    manager_supply_plain(&manager, 0, 2 * PAGE_SIZE, 4);
    CHECK_EQ(client_finish(&client), pattern_word(4, 0));
}

/* Supplies from prepared memory: the client's map, which is the test's own, stays as it is while he waits. */
static void supply_from(struct manager *manager, vm_address_t source, vm_offset_t offset, vm_size_t size,
                        vm_prot_t lock)
{
    CHECK_OK(memory_object_data_supply(manager->control, offset, source + offset, (unsigned)size, FALSE,
                                       lock, FALSE, MACH_PORT_NULL));
}

static vm_address_t prepare(vm_size_t size, uint64_t seed)
{
    vm_address_t source = 0;

    CHECK_OK(vm_allocate(SELF, &source, size, TRUE));
    pattern_fill(source, size, seed, 0);
    return source;
}

TEST(49, pages_of_a_cluster_that_come_together_keep_what_their_manager_prohibits)
{
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 4 * PAGE_SIZE);
    vm_address_t source = prepare(4 * PAGE_SIZE, 5);

    manager_set_cluster(&manager, 4 * PAGE_SIZE);
    client_read(&client, address);
    EXPECT_REQUEST(&manager, 0, 4 * PAGE_SIZE);
    supply_from(&manager, source, PAGE_SIZE, PAGE_SIZE, VM_PROT_WRITE);
    supply_from(&manager, source, 2 * PAGE_SIZE, PAGE_SIZE, VM_PROT_READ | VM_PROT_WRITE);
    supply_from(&manager, source, 3 * PAGE_SIZE, PAGE_SIZE, VM_PROT_NONE);
    supply_from(&manager, source, 0, PAGE_SIZE, VM_PROT_NONE);
    CHECK_EQ(client_finish(&client), pattern_word(5, 0));
    pattern_check(address, 2 * PAGE_SIZE, 5, 0);
    pattern_check(address + 3 * PAGE_SIZE, PAGE_SIZE, 5, 3 * PAGE_SIZE);
    client_write(&client, address + PAGE_SIZE, 77);
    EXPECT_MESSAGE(manager.object, ID_DATA_UNLOCK, &message);
    CHECK_EQ(message.offset, PAGE_SIZE);
    client_end(&client);
    client_read(&client, address + 2 * PAGE_SIZE);
    EXPECT_MESSAGE(manager.object, ID_DATA_UNLOCK, &message);
    CHECK_EQ(message.offset, 2 * PAGE_SIZE);
    client_end(&client);
}

TEST(49, a_cluster_is_mapped_no_further_than_its_entry_goes)
{
    struct manager manager;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 4 * PAGE_SIZE);
    vm_address_t source = prepare(4 * PAGE_SIZE, 6);

    manager_set_cluster(&manager, 4 * PAGE_SIZE);
    CHECK_OK(vm_deallocate(SELF, address, PAGE_SIZE));
    CHECK_OK(vm_deallocate(SELF, address + 2 * PAGE_SIZE, 2 * PAGE_SIZE));
    client_read(&client, address + PAGE_SIZE);
    EXPECT_REQUEST(&manager, 0, 4 * PAGE_SIZE);
    supply_from(&manager, source, 0, 4 * PAGE_SIZE, VM_PROT_NONE);
    CHECK_EQ(client_finish(&client), pattern_word(6, PAGE_SIZE));
    for (vm_offset_t at = 0; at < 4 * PAGE_SIZE; at += PAGE_SIZE) {
        if (at == PAGE_SIZE)
            continue;
        client_read(&client, address + at);
        client_expect_bad_access(&client, KERN_INVALID_ADDRESS, address + at);
        client_end(&client);
    }
}

/* A completion that waits in the reply port's queue; its client is done. */
static void queue_completion(struct manager *manager, mach_port_t reply)
{
    struct client client;
    vm_address_t address = manager_start(manager, 0, PAGE_SIZE);

    client_read(&client, address);
    EXPECT_REQUEST(manager, 0, PAGE_SIZE);
    CHECK_OK(manager_supply(manager, 0, PAGE_SIZE, 3, VM_PROT_NONE, FALSE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    CHECK_EQ(client_finish(&client), pattern_word(3, 0));
}

static mach_msg_return_t take_completion(mach_port_t reply, void *buffer, mach_msg_size_t bytes)
{
    return mach_msg(buffer, MACH_RCV_MSG, 0, bytes, reply, 0, MACH_PORT_NULL);
}

TEST(39, a_completion_in_the_queue_brings_a_reference_and_uses_its_right_up)
{
    struct manager manager;
    struct wire wire;
    mach_port_t reply = port_make(FALSE);
    unsigned references;

    queue_completion(&manager, reply);
    references = port_refs(manager.control, MACH_PORT_RIGHT_SEND);
    CHECK_OK(take_completion(reply, &wire, sizeof wire));
    CHECK_EQ(wire.header.msgh_id, ID_SUPPLY_COMPLETED);
    CHECK_EQ(wire.header.msgh_bits,
             MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE));
    CHECK_EQ(wire.header.msgh_local_port, reply);
    CHECK_EQ(wire_port(&wire, 0), manager.control);
    CHECK_EQ(port_refs(manager.control, MACH_PORT_RIGHT_SEND), references + 1);
    CHECK_EQ(port_status(reply).mps_sorights, 0);
    CHECK_EQ(port_status(reply).mps_msgcount, 0);
}

TEST(39, a_completion_in_the_queue_names_the_control_port_anew)
{
    struct manager manager;
    struct wire wire;
    mach_port_t reply = port_make(FALSE);

    queue_completion(&manager, reply);
    CHECK_OK(mach_port_destroy(SELF, manager.control));
    CHECK_OK(take_completion(reply, &wire, sizeof wire));
    CHECK_EQ(port_refs(wire_port(&wire, 0), MACH_PORT_RIGHT_SEND), 1);
    CHECK_EQ(port_status(reply).mps_sorights, 0);
}

TEST(182, a_completion_in_the_queue_for_a_bad_buffer_leaves_no_reference)
{
    struct manager manager;
    struct wire wire;
    vm_address_t buffer = 0;
    mach_port_t reply = port_make(FALSE);
    unsigned references;

    queue_completion(&manager, reply);
    references = port_refs(manager.control, MACH_PORT_RIGHT_SEND);
    CHECK_OK(vm_allocate(SELF, &buffer, PAGE_SIZE, TRUE));
    CHECK_OK(vm_protect(SELF, buffer, PAGE_SIZE, FALSE, VM_PROT_READ));
    CHECK_RETURNS(take_completion(reply, (void *)buffer, PAGE_SIZE), MACH_RCV_INVALID_DATA);
    CHECK_EQ(port_refs(manager.control, MACH_PORT_RIGHT_SEND), references);
    CHECK_EQ(port_status(reply).mps_sorights, 0);

    queue_completion(&manager, reply);
    references = port_refs(manager.control, MACH_PORT_RIGHT_SEND);
    CHECK_RETURNS(take_completion(reply, &wire, sizeof wire.header), MACH_RCV_TOO_LARGE);
    CHECK_EQ(port_refs(manager.control, MACH_PORT_RIGHT_SEND), references);
    CHECK_EQ(port_status(reply).mps_sorights, 0);
}

#define HEAPED_ITEMS 40u
#define HEAPED_BYTES (32 * PAGE_SIZE)

/* Sends the control port the same pages many times, and then one that its own silent manager does not bring. */
struct heap {
    mach_port_t control;
    vm_address_t pages, silent;
};

static uint64_t send_heap(void *argument)
{
    const struct heap *heap = argument;
    static struct wire wire;

    wire_begin(&wire, heap->control, MACH_MSG_TYPE_COPY_SEND, NO_SUCH_ID);
    for (unsigned i = 0; i < HEAPED_ITEMS; i++)
        wire_add_memory(&wire, (const void *)heap->pages, HEAPED_BYTES, FALSE);
    wire_add_memory(&wire, (const void *)heap->silent, PAGE_SIZE, FALSE);
    return wire_send(&wire, 0);
}

static unsigned free_frames(void)
{
    struct vm_statistics machine;

    memory_statistics(&machine);
    return (unsigned)machine.free_count;
}

/* The first are copied, and may be paged out by then; the others are only marked as copies. */
TEST(0, a_message_that_waits_for_one_of_its_pages_has_copied_few_others)
{
    struct manager manager, silent;
    struct client client;
    struct heap heap;
    unsigned before;

    manager_start(&manager, 0, PAGE_SIZE);
    manager_create(&silent);
    heap.silent = manager_map(&silent, 0, PAGE_SIZE);
    manager_accept(&silent, FALSE, MEMORY_OBJECT_COPY_NONE);
    heap.control = manager.control;
    CHECK_OK(vm_allocate(SELF, &heap.pages, HEAPED_BYTES, TRUE));
    pattern_fill(heap.pages, HEAPED_BYTES, 1, 0);
    before = free_frames();
    client_call(&client, send_heap, &heap);
    client_expect_blocked(&client, 20);
    CHECK(free_frames() + 2 * HEAPED_BYTES / PAGE_SIZE > before);
    EXPECT_REQUEST(&silent, 0, PAGE_SIZE);
    manager_supply_plain(&silent, 0, PAGE_SIZE, 2);
    CHECK_RETURNS((kern_return_t)client_finish(&client), MACH_MSG_SUCCESS); /* whatever it was, it was sent */
}
