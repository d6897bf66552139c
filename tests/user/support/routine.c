/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"

#include "routine.h"

#define SELF mach_task_self()

boolean_t type_is_port(unsigned type)
{
    return MACH_MSG_TYPE_PORT_ANY(type) || type == (uint8_t)MACH_MSG_TYPE_POLYMORPHIC;
}

static mach_port_t port; /* where answers come to; made with the first request */

/* A request that is refused for its body fires its reply right. */
static void drop_messages(void)
{
    struct request message;

    while (mach_msg_trap(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message.bytes,
                         port, 0, MACH_PORT_NULL) == MACH_MSG_SUCCESS)
        mach_msg_destroy(&message.header);
}

/* --- objects --- */

static void make_memory(struct objects *objects)
{
    objects->mapped = manager_start(&objects->manager, 0, PAGE_SIZE);
    objects->ports[OBJECT_MEMORY_CONTROL] = objects->manager.control;
    objects->ports[OBJECT_MEMORY_NAME] = objects->manager.name;
}

void objects_make(struct objects *objects)
{
    mach_port_t *ports = objects->ports;
    mach_port_t *processors = NULL;
    mach_msg_type_number_t count = 0;
    dev_name_t device = "time";

    memset(objects, 0, sizeof *objects);
    ports[OBJECT_PORT] = port_make(FALSE);
    CHECK_OK(task_create(SELF, FALSE, &ports[OBJECT_TASK]));
    CHECK_OK(thread_create(ports[OBJECT_TASK], &ports[OBJECT_THREAD]));
    ports[OBJECT_HOST] = mach_host_self();
    ports[OBJECT_HOST_PRIV] = test_host_port;
    CHECK_OK(host_processors(test_host_port, &processors, &count));
    ports[OBJECT_PROCESSOR] = processors[0];
    for (unsigned i = 1; i < count; i++)
        CHECK_OK(mach_port_deallocate(SELF, processors[i]));
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)processors, count * sizeof *processors));
    CHECK_OK(processor_set_default(ports[OBJECT_HOST], &ports[OBJECT_PROCESSOR_SET_NAME]));
    CHECK_OK(host_processor_set_priv(test_host_port, ports[OBJECT_PROCESSOR_SET_NAME],
                                     &ports[OBJECT_PROCESSOR_SET]));
    ports[OBJECT_DEVICE_MASTER] = test_device_port;
    CHECK_OK(device_open(test_device_port, D_READ, device, &ports[OBJECT_DEVICE]));
    CHECK_OK(i386_io_perm_create(test_device_port, 0x3000, 0x3001, &ports[OBJECT_IO_PERM]));
    make_memory(objects);
}

void objects_end(struct objects *objects)
{
    mach_port_t *ports = objects->ports;

    task_terminate(ports[OBJECT_TASK]); /* which a routine may have done */
    CHECK_OK(mach_port_destroy(SELF, objects->manager.object));
    CHECK_OK(vm_deallocate(SELF, objects->mapped, PAGE_SIZE));
    for (unsigned kind = 0; kind < OBJECT_KINDS; kind++)
        if (kind == OBJECT_PORT)
            CHECK_OK(mach_port_destroy(SELF, ports[kind]));
        else if (kind != OBJECT_HOST_PRIV && kind != OBJECT_DEVICE_MASTER)
            CHECK_OK(mach_port_deallocate(SELF, ports[kind]));
    drop_messages();
}

boolean_t object_suits(enum object_kind wanted, enum object_kind given)
{
    return wanted == given || (wanted == OBJECT_HOST && given == OBJECT_HOST_PRIV) ||
           (wanted == OBJECT_PROCESSOR_SET_NAME && given == OBJECT_PROCESSOR_SET);
}

/* --- requests --- */

static uint32_t slot_bytes(const mach_msg_type_t *type)
{
    uint32_t bytes = type->msgt_inline ? type->msgt_size * type->msgt_number / 8 : 8;

    return (bytes + 7) & ~7u;
}

void request_begin(struct request *request, const struct routine *routine, mach_port_t target)
{
    memset(request, 0, offsetof(struct request, bytes) + REQUEST_BYTES);
    request->size = sizeof request->header;
    request->header = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
        .msgh_remote_port = target,
        .msgh_id = routine->id,
    };
    for (unsigned i = 0; i < routine->slot_count; i++) {
        const struct routine_slot *slot = &routine->slots[i];
        boolean_t right = type_is_port(slot->type), direct = (slot->flags & SLOT_INLINE) != 0;
        mach_msg_type_t *type = (mach_msg_type_t *)&request->bytes[request->size];

        *type = (mach_msg_type_t){
            .msgt_name = slot->type == (uint8_t)MACH_MSG_TYPE_POLYMORPHIC ? MACH_MSG_TYPE_MAKE_SEND_ONCE
                                                                           : slot->type,
            .msgt_size = slot->bits,
            .msgt_number = slot->flags & SLOT_VARIABLE ? 64u / slot->bits : slot->number,
            .msgt_inline = direct,
            .msgt_longform = (slot->flags & SLOT_LONG) != 0,
        };
        if (right || !direct)
            request->header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
        request->slot_at[i] = request->size;
        request->size += (uint32_t)sizeof *type + slot_bytes(type);
        CHECK(request->size <= REQUEST_BYTES);
    }
    request->slot_at[routine->slot_count] = request->size;
}

mach_msg_type_t *request_type(struct request *request, unsigned slot)
{
    return (mach_msg_type_t *)&request->bytes[request->slot_at[slot]];
}

void *request_data(struct request *request, unsigned slot)
{
    return request_type(request, slot) + 1;
}

void request_put_port(struct request *request, unsigned slot, mach_port_t name,
                      mach_msg_type_name_t disposition)
{
    request_type(request, slot)->msgt_name = disposition;
    *(mach_port_name_t *)request_data(request, slot) = name;
}

void request_append(struct request *request, mach_msg_type_t type, uint64_t data, boolean_t complex)
{
    uint8_t *at = &request->bytes[request->size];

    memcpy(at, &type, sizeof type);
    memcpy(at + sizeof type, &data, sizeof data);
    request->size += (uint32_t)sizeof type + slot_bytes(&type);
    if (complex)
        request->header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
}

kern_return_t request_call(struct request *request)
{
    mach_msg_return_t result;
    kern_return_t code;

    if (port == MACH_PORT_NULL)
        port = port_make(FALSE);
    drop_messages();
    request->header.msgh_bits |= MACH_MSGH_BITS(0, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    request->header.msgh_local_port = port;
    result = mach_msg_trap(&request->header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_TIMEOUT,
                           request->size, sizeof request->bytes, port, 0, MACH_PORT_NULL);
    if (result == MACH_RCV_TIMED_OUT)
        return ANSWER_NONE;
    if (result != MACH_MSG_SUCCESS) {
        drop_messages();
        return result;
    }
    if (request->header.msgh_id == MACH_NOTIFY_SEND_ONCE)
        return ANSWER_NONE;
    code = request->reply.RetCode;
    mach_msg_destroy(&request->header);
    return code;
}
