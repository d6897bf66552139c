/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#define BUFFER_BYTES 2048

void manager_create(struct manager *manager)
{
    memset(manager, 0, sizeof *manager);
    CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &manager->object));
    CHECK_OK(mach_port_insert_right(mach_task_self(), manager->object, manager->object,
                                    MACH_MSG_TYPE_MAKE_SEND));
}

/* The task holds the receive right, so vm_map does not wait for readiness (D-16). */
vm_address_t manager_map(struct manager *manager, vm_offset_t offset, vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_map(mach_task_self(), &address, size, 0, TRUE, manager->object, offset, FALSE,
                    VM_PROT_ALL, VM_PROT_ALL, VM_INHERIT_COPY));
    return address;
}

void manager_accept(struct manager *manager, boolean_t may_cache,
                    memory_object_copy_strategy_t copy_strategy)
{
    struct kernel_message message;

    EXPECT_MESSAGE(manager->object, ID_INIT, &message);
    manager->control = message.control;
    manager->name = message.name;
    manager->page_size = message.size;
    CHECK_OK(memory_object_ready(manager->control, may_cache, copy_strategy));
}

vm_address_t manager_start(struct manager *manager, vm_offset_t offset, vm_size_t size)
{
    manager_create(manager);
    vm_address_t address = manager_map(manager, offset, size);
    manager_accept(manager, FALSE, MEMORY_OBJECT_COPY_DELAY);
    return address;
}

/* Every field of these messages takes a descriptor and a value, 8 bytes each. */
struct item {
    mach_msg_type_t type;
    uint64_t value;
};

static void decode_data(struct kernel_message *message, const struct item *item)
{
    message->data = item->value;
    message->data_bytes = item->type.msgt_number;
}

/* The fields behind the control port, by id. */
static void decode_range(struct kernel_message *message, const struct item *items)
{
    message->control = (mach_port_t)items[0].value;
    message->offset = items[1].value;
    switch (message->id) {
    case ID_DATA_REQUEST:
    case ID_DATA_UNLOCK:
        message->access = (vm_prot_t)items[3].value;
        break;
    case ID_SYNCHRONIZE:
        message->flavor = (int)items[3].value;
        break;
    case ID_COPY:
        message->new_object = (mach_port_t)items[3].value;
        break;
    case ID_SUPPLY_COMPLETED:
        message->result = (kern_return_t)items[3].value;
        message->error_offset = items[4].value;
        break;
    case ID_DATA_RETURN:
        message->dirty = (boolean_t)items[3].value;
        message->kernel_copy = (boolean_t)items[4].value;
        decode_data(message, &items[2]);
        return;
    case ID_DATA_WRITE:
    case ID_DATA_INITIALIZE:
        decode_data(message, &items[2]);
        return;
    }
    message->length = items[2].value;
}

static void decode(struct kernel_message *message, const struct item *items)
{
    switch (message->id) {
    case ID_INIT:
    case ID_TERMINATE:
        message->control = (mach_port_t)items[0].value;
        message->name = (mach_port_t)items[1].value;
        message->size = message->id == ID_INIT ? items[2].value : 0;
        break;
    case ID_CREATE:
        message->new_object = (mach_port_t)items[0].value;
        message->size = items[1].value;
        message->control = (mach_port_t)items[2].value;
        message->name = (mach_port_t)items[3].value;
        break;
    case ID_CHANGE_COMPLETED:
        message->may_cache = (boolean_t)items[0].value;
        message->copy_strategy = (int)items[1].value;
        break;
    case ID_CHANGE_COMPLETED_FLAVOR:
        message->control = (mach_port_t)items[0].value;
        message->flavor = (int)items[1].value;
        break;
    default:
        if (message->id >= ID_INIT && message->id <= ID_DATA_INITIALIZE) {
            decode_range(message, items);
        } else if (message->id >= MACH_NOTIFY_FIRST && message->id <= MACH_NOTIFY_LAST) {
            message->not_name = (mach_port_name_t)items[0].value;
        }
        break;
    }
}

/* Requests bring one more reference to the control port each; init's is the one that stays. */
static void drop_spare_control(const struct kernel_message *message)
{
    if (MACH_PORT_VALID(message->control) && message->id != ID_INIT &&
        message->id != ID_TERMINATE && message->id != ID_CREATE) {
        CHECK_OK(mach_port_deallocate(mach_task_self(), message->control));
    }
}

void message_receive(mach_port_t port, struct kernel_message *message, unsigned milliseconds)
{
    union {
        mach_msg_header_t header;
        struct {
            mach_msg_header_t header;
            struct item items[(BUFFER_BYTES - sizeof(mach_msg_header_t)) / sizeof(struct item)];
        } body;
    } buffer;

    memset(message, 0, sizeof *message);
    memset(&buffer, 0, sizeof buffer);
    mach_msg_return_t result =
        mach_msg(&buffer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof buffer, port,
                 milliseconds, MACH_PORT_NULL);
    if (result == MACH_RCV_TIMED_OUT) {
        return;
    }
    CHECK_RETURNS(result, MACH_MSG_SUCCESS);
    message->id = buffer.header.msgh_id;
    message->port = buffer.header.msgh_local_port;
    message->seqno = buffer.header.msgh_seqno;
    message->local_type = MACH_MSGH_BITS_LOCAL(buffer.header.msgh_bits);
    message->items = (unsigned)((buffer.header.msgh_size - sizeof buffer.header) /
                                sizeof(struct item));
    decode(message, buffer.body.items);
    drop_spare_control(message);
}

void message_expect(mach_port_t port, mach_msg_id_t id, struct kernel_message *message,
                    const char *file, int line)
{
    message_receive(port, message, MANAGER_WAIT);
    if (message->id == 0) {
        test_fail(file, line, "no message came, expected %d", id);
    }
    if (message->id != id) {
        test_fail(file, line, "message %d came (offset %#lx, length %#lx), expected %d",
                  message->id, message->offset, message->length, id);
    }
}

void message_expect_none(mach_port_t port, unsigned milliseconds, const char *file, int line)
{
    struct kernel_message message;

    message_receive(port, &message, milliseconds);
    if (message.id != 0) {
        test_fail(file, line, "message %d came (offset %#lx, length %#lx), expected none",
                  message.id, message.offset, message.length);
    }
}

void manager_expect_request(struct manager *manager, vm_offset_t offset, vm_size_t length,
                            const char *file, int line)
{
    struct kernel_message message;

    message_expect(manager->object, ID_DATA_REQUEST, &message, file, line);
    if (message.offset != offset || message.length != length) {
        test_fail(file, line, "request for %#lx + %#lx, expected %#lx + %#lx", message.offset,
                  message.length, offset, length);
    }
}

kern_return_t manager_supply(struct manager *manager, vm_offset_t offset, vm_size_t size,
                             uint64_t seed, vm_prot_t lock, boolean_t precious, mach_port_t reply,
                             mach_msg_type_name_t disposition)
{
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, size, TRUE));
    pattern_fill(data, size, seed, offset);
    return memory_object_data_supply_poly(
        manager->control, offset, data, (mach_msg_type_number_t)size, TRUE, lock, precious, reply,
        reply == MACH_PORT_NULL ? MACH_MSG_TYPE_MAKE_SEND : disposition);
}

void manager_supply_plain(struct manager *manager, vm_offset_t offset, vm_size_t size,
                          uint64_t seed)
{
    CHECK_OK(manager_supply(manager, offset, size, seed, VM_PROT_NONE, FALSE, MACH_PORT_NULL, 0));
}

void manager_set_cluster(struct manager *manager, vm_size_t bytes)
{
    struct memory_object_attr_info attributes = {
        .copy_strategy = MEMORY_OBJECT_COPY_DELAY, .cluster_size = bytes};

    CHECK_OK(memory_object_change_attributes_flavor(
        manager->control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&attributes,
        MEMORY_OBJECT_ATTR_INFO_COUNT, MACH_PORT_NULL));
}

void manager_fill(struct manager *manager, vm_address_t address, vm_offset_t offset, vm_size_t size,
                  uint64_t seed, boolean_t precious)
{
    for (vm_size_t at = 0; at < size; at += PAGE_SIZE) {
        struct client client;

        client_read(&client, address + at);
        EXPECT_REQUEST(manager, offset + at, PAGE_SIZE);
        CHECK_OK(manager_supply(manager, offset + at, PAGE_SIZE, seed, VM_PROT_NONE, precious,
                                MACH_PORT_NULL, 0));
        client_finish(&client);
    }
}

void message_release_data(struct kernel_message *message)
{
    if (message->data_bytes != 0) {
        CHECK_OK(vm_deallocate(mach_task_self(), message->data, message->data_bytes));
        message->data_bytes = 0;
    }
}
