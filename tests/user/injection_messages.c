/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation that fails in turn (injection.h): messages, on their way in and out, with rights and memory in
 * them. What a message that was sent carries arrives, or the receiver is told that it is lost for want of memory.
 */
#include <mach/notify.h>

#include "audit.h"
#include "injection.h"
#include "test.h"
#include "wire.h"

#define SELF   mach_task_self()
#define PAGES  12u /* more than what is copied at once */
#define BYTES  ((vm_size_t)PAGES * PAGE_SIZE)
#define SEED   7
#define RIGHTS 2000u /* more than a small piece of kernel memory has room for */

#define LOST(bits)      (MACH_RCV_BODY_ERROR | (bits))
#define SEND_REFUSED    .codes = {MACH_SEND_NO_BUFFER}
#define MEMORY_REFUSED  .codes = {MACH_SEND_NO_BUFFER, LOST(MACH_MSG_VM_KERNEL)}, .must_refuse = TRUE
#define RIGHTS_REFUSED                                                                             \
    .codes = {MACH_SEND_NO_BUFFER, LOST(MACH_MSG_VM_KERNEL), LOST(MACH_MSG_IPC_KERNEL),            \
              KERN_RESOURCE_SHORTAGE, MACH_RCV_BODY_ERROR | MACH_MSG_IPC_KERNEL | MACH_MSG_VM_KERNEL}

static mach_port_t port, child;
static vm_address_t area;
static struct wire sent, received;

/* Sends what was built and takes it in again; what came of one that lost something is given up. */
static kern_return_t pass(void)
{
    kern_return_t result = wire_send(&sent, 0);

    if (result != MACH_MSG_SUCCESS)
        return result;
    result = wire_receive(&received, port, 0);
    if (result != MACH_MSG_SUCCESS)
        mach_msg_destroy(&received.header);
    return result;
}

static kern_return_t send_small(void)
{
    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_number(&sent, 77);
    kern_return_t result = pass();

    if (result == MACH_MSG_SUCCESS)
        CHECK_EQ(*(uint32_t *)wire_data(&received, 0), 77);
    return result;
}

static kern_return_t send_long(void)
{
    mach_msg_type_t type = {
        .msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8, .msgt_inline = 1, .msgt_number = 4000};

    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    memset(wire_add(&sent, type, 4000, FALSE), 5, 4000);
    kern_return_t result = pass();

    if (result == MACH_MSG_SUCCESS)
        CHECK_EQ(((uint8_t *)wire_data(&received, 0))[3999], 5);
    return result;
}

TEST(0, messages_without_rights_arrive_or_are_not_sent_when_an_allocation_fails)
{
    port = port_make(TRUE);
    INJECT(send_small, .fresh = TRUE);
    INJECT(send_small, SEND_REFUSED, .times = 2, .must_refuse = TRUE);
    INJECT(send_long);
    INJECT(send_long, SEND_REFUSED, .times = 2, .must_refuse = TRUE);
}

/* ---- memory */

static kern_return_t send_memory(vm_address_t from, vm_size_t size, boolean_t deallocate)
{
    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_memory(&sent, (void *)from, (uint32_t)size, deallocate);
    kern_return_t result = pass();

    if (result != MACH_MSG_SUCCESS)
        return result;
    vm_address_t data = *(vm_address_t *)wire_data(&received, 0);

    CHECK(memcmp((void *)data, (void *)(area + (from & (PAGE_SIZE - 1))), size) == 0);
    UNDO(vm_deallocate(SELF, data, size));
    return KERN_SUCCESS;
}

static void check_area(void)
{
    pattern_check(area, BYTES, SEED, 0);
}

static kern_return_t send_page(void)
{
    return send_memory(area, PAGE_SIZE, FALSE);
}

static kern_return_t send_all(void)
{
    return send_memory(area, BYTES, FALSE);
}

static kern_return_t send_part(void)
{
    return send_memory(area + 100, BYTES - 200, FALSE);
}

static vm_address_t gift;

static void make_gift(void)
{
    if (gift != 0)
        vm_deallocate(SELF, gift, BYTES + 2 * PAGE_SIZE);
    CHECK_OK(vm_allocate(SELF, &gift, BYTES + 2 * PAGE_SIZE, TRUE));
    pattern_fill(gift + PAGE_SIZE, BYTES, SEED, 0);
}

/* Memory out of the middle of an entry. */
static kern_return_t give(void)
{
    return send_memory(gift + PAGE_SIZE, BYTES, TRUE);
}

/* A whole entry changes hands. */
static kern_return_t give_entry(void)
{
    vm_address_t entry = 0;
    kern_return_t result = vm_allocate(SELF, &entry, 3 * PAGE_SIZE, TRUE);

    if (result != KERN_SUCCESS)
        return result;
    UNDO(vm_inherit(SELF, entry, 3 * PAGE_SIZE, VM_INHERIT_NONE)); /* it is not joined to another */
    memcpy((void *)entry, (void *)area, 3 * PAGE_SIZE);
    result = send_memory(entry, 3 * PAGE_SIZE, TRUE);
    if (result != KERN_SUCCESS)
        vm_deallocate(SELF, entry, 3 * PAGE_SIZE);
    return result;
}

static kern_return_t give_part(void)
{
    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_memory(&sent, (void *)(gift + PAGE_SIZE), 3 * PAGE_SIZE - 8, TRUE);
    kern_return_t result = pass();

    if (result != MACH_MSG_SUCCESS)
        return result;
    vm_address_t data = *(vm_address_t *)wire_data(&received, 0);

    CHECK_EQ(*(uint64_t *)data, pattern_word(SEED, 0));
    UNDO(vm_deallocate(SELF, data, 3 * PAGE_SIZE - 8));
    return KERN_SUCCESS;
}

/* Unless it is the receiver's, the sender has it still. */
static void check_gift(void)
{
    if (injection_result != KERN_SUCCESS && !(injection_result & 0x4000))
        pattern_check(gift + PAGE_SIZE, BYTES, SEED, 0);
    check_area();
}

static void make_area(void)
{
    port = port_make(TRUE);
    CHECK_OK(vm_allocate(SELF, &area, BYTES, TRUE));
    pattern_fill(area, BYTES, SEED, 0);
}

TEST(0, memory_in_messages_arrives_or_stays_when_an_allocation_fails)
{
    make_area();
    INJECT(send_page, MEMORY_REFUSED, .check = check_area);
    INJECT(send_all, MEMORY_REFUSED, .check = check_area);
    INJECT(send_part, MEMORY_REFUSED, .check = check_area);
    INJECT(give, MEMORY_REFUSED, .prepare = make_gift, .check = check_gift);
    INJECT(give_entry, .codes = {KERN_RESOURCE_SHORTAGE, MACH_SEND_NO_BUFFER, LOST(MACH_MSG_VM_KERNEL)},
           .must_refuse = TRUE, .check = check_area);
    INJECT(give_part, MEMORY_REFUSED, .prepare = make_gift, .check = check_gift);
}

/* ---- rights */

/* A send right to a port of the child, in this task under a new name. */
static kern_return_t get_right(mach_port_t *right)
{
    mach_msg_type_name_t type;

    return mach_port_extract_right(child, 0x1234, MACH_MSG_TYPE_MAKE_SEND, right, &type);
}

static void make_child(void)
{
    port = port_make(TRUE);
    CHECK_OK(task_create(SELF, FALSE, &child));
    CHECK_OK(mach_port_allocate_name(child, MACH_PORT_RIGHT_RECEIVE, 0x1234));
}

static kern_return_t move_right(void)
{
    mach_port_t right = MACH_PORT_NULL;
    kern_return_t result = get_right(&right);

    if (result != KERN_SUCCESS)
        return result;
    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_port(&sent, right, MACH_MSG_TYPE_MOVE_SEND);
    result = pass();
    if (result == MACH_MSG_SUCCESS)
        UNDO(mach_port_deallocate(SELF, wire_port(&received, 0)));
    return result;
}

static kern_return_t move_receive_right(void)
{
    mach_port_t moved = MACH_PORT_NULL;
    kern_return_t result = mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &moved);

    if (result != KERN_SUCCESS)
        return result;
    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_port(&sent, moved, MACH_MSG_TYPE_MOVE_RECEIVE);
    result = pass();
    if (result == MACH_MSG_SUCCESS)
        UNDO(mach_port_mod_refs(SELF, wire_port(&received, 0), MACH_PORT_RIGHT_RECEIVE, -1));
    return result;
}

static mach_port_t names[RIGHTS];

static kern_return_t send_rights(void)
{
    for (unsigned i = 0; i < RIGHTS; i++)
        names[i] = port;
    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_ports(&sent, names, RIGHTS, MACH_MSG_TYPE_COPY_SEND, FALSE);
    kern_return_t result = pass();

    if (result != MACH_MSG_SUCCESS)
        return result;
    mach_port_t *arrived = *(mach_port_t **)wire_data(&received, 0);

    for (unsigned i = 0; i < RIGHTS; i++)
        CHECK_EQ(arrived[i], port);
    UNDO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_SEND, -(int)RIGHTS));
    UNDO(vm_deallocate(SELF, (vm_address_t)arrived, RIGHTS * sizeof *arrived));
    return KERN_SUCCESS;
}

/* The names go away with the message, out of the middle of other memory, or stay where they are. */
static kern_return_t give_rights(void)
{
    wire_begin(&sent, port, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_ports(&sent, (mach_port_t *)(gift + PAGE_SIZE), PAGE_SIZE / sizeof(mach_port_t),
                   MACH_MSG_TYPE_COPY_SEND, TRUE);
    kern_return_t result = pass();

    if (result == MACH_MSG_SUCCESS)
        mach_msg_destroy(&received.header);
    return result;
}

static void make_names(void)
{
    make_gift();
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(mach_port_t); i++)
        ((mach_port_t *)(gift + PAGE_SIZE))[i] = port;
}

static void expect_names_moved(void)
{
    mach_msg_type_number_t count = 0;
    vm_offset_t read = 0;
    kern_return_t result = vm_read(SELF, gift + PAGE_SIZE, PAGE_SIZE, &read, &count);

    if (result == KERN_SUCCESS)
        CHECK_OK(vm_deallocate(SELF, read, count));
    if (injection_result == KERN_SUCCESS)
        CHECK_EQ(result, KERN_INVALID_ADDRESS);
    else if (injection_result == MACH_SEND_NO_BUFFER)
        CHECK_EQ(result, KERN_SUCCESS);
}

TEST(0, rights_in_messages_arrive_or_are_gone_when_an_allocation_fails)
{
    make_child();
    INJECT(move_right, RIGHTS_REFUSED, .fresh = TRUE);
    INJECT(move_receive_right, RIGHTS_REFUSED, .fresh = TRUE);
    INJECT(send_rights, RIGHTS_REFUSED, .must_refuse = TRUE);
    INJECT(give_rights, RIGHTS_REFUSED, .must_refuse = TRUE, .prepare = make_names,
           .check = expect_names_moved);
}

/* ---- what comes back to its sender */

static mach_port_t full;

static kern_return_t send_to_full(void)
{
    wire_begin(&sent, full, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_memory(&sent, (void *)area, (uint32_t)BYTES, FALSE);
    wire_add_ports(&sent, names, 4, MACH_MSG_TYPE_COPY_SEND, FALSE);
    kern_return_t result = wire_send_timed(&sent, 0);

    if ((result & ~MACH_MSG_MASK) == MACH_SEND_TIMED_OUT)
        mach_msg_destroy(&sent.header);
    return result == MACH_SEND_TIMED_OUT ? KERN_SUCCESS : result;
}

TEST(0, what_could_not_be_sent_comes_back_when_an_allocation_fails)
{
    make_area();
    full = port_make(TRUE);
    for (unsigned i = 0; i < 4; i++)
        names[i] = port;
    CHECK_OK(mach_port_set_qlimit(SELF, full, 1));
    CHECK_OK(port_send_empty(full, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    INJECT(send_to_full, .codes = {MACH_SEND_NO_BUFFER, MACH_SEND_TIMED_OUT | MACH_MSG_VM_KERNEL},
           .must_refuse = TRUE, .check = check_area);
}

static mach_port_t watcher;

static kern_return_t force(void)
{
    wire_begin(&sent, full, MACH_MSG_TYPE_COPY_SEND, 2);
    mach_msg_return_t result = mach_msg_trap(&sent.header, MACH_SEND_MSG | MACH_SEND_NOTIFY, sent.size, 0,
                                             MACH_PORT_NULL, 0, watcher);

    if (result == MACH_SEND_NO_NOTIFY)
        mach_msg_destroy(&sent.header); /* its rights are back */
    return result == MACH_SEND_WILL_NOTIFY ? KERN_SUCCESS : result;
}

/* A message that was forced has come, and its sender is told. */
static void take_forced(void)
{
    CHECK_OK(wire_receive(&received, full, 0));
    CHECK_EQ(received.header.msgh_id, 1);
    if (injection_result == KERN_SUCCESS) {
        CHECK_OK(wire_receive(&received, full, 0));
        CHECK_EQ(received.header.msgh_id, 2);
        CHECK_OK(wire_receive(&received, watcher, 5000));
        CHECK_EQ(received.header.msgh_id, MACH_NOTIFY_MSG_ACCEPTED);
    }
    CHECK_OK(port_send_empty(full, MACH_MSG_TYPE_COPY_SEND, 1, 0));
}

TEST(0, a_message_that_was_forced_is_told_of_when_an_allocation_fails)
{
    full = port_make(TRUE);
    watcher = port_make(FALSE);
    CHECK_OK(mach_port_set_qlimit(SELF, full, 1));
    CHECK_OK(port_send_empty(full, MACH_MSG_TYPE_COPY_SEND, 1, 0));
    INJECT(force, .codes = {MACH_SEND_NO_NOTIFY}, .must_refuse = TRUE, .check = take_forced);
}
