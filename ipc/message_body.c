/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/message_body.h"

#include "ipc/message.h"
#include "ipc/port.h"
#include "kernel/panic.h"
#include "mm/kmem.h"
#include "mm/vm_copy.h"

/* The highest type name that means something to the kernel or may one day: 22 is reserved. */
static bool type_valid(const mach_msg_type_t *type)
{
    return type->msgt_unused == 0 && !(type->msgt_inline && type->msgt_deallocate);
}

/*
 * Conditions: the message is in user or kernel form. Inline data is padded to 8 bytes; the last item's
 * padding must be there too. Both descriptor forms are 8 bytes (spec/ipc.md 4, layout B).
 */
mach_msg_return_t message_item_decode(struct message *message, uint32_t offset,
                                      struct message_item *item)
{
    char *base = (char *)&message->header;
    uint64_t size = message->header.msgh_size;
    mach_msg_type_t *type = (mach_msg_type_t *)(base + offset);
    uint64_t in_message;

    if (offset + sizeof *type > size)
        return MACH_SEND_MSG_TOO_SMALL;
    if (!type_valid(type))
        return MACH_SEND_INVALID_TYPE;
    item->type = type;
    item->data = type + 1;
    item->bytes = ((uint64_t)type->msgt_number * type->msgt_size + 7) / 8;
    item->is_port = MACH_MSG_TYPE_PORT_ANY(type->msgt_name);
    item->out_of_line = !type->msgt_inline;
    in_message = item->out_of_line ? sizeof(uint64_t) : (item->bytes + 7) & ~UINT64_C(7);
    if (in_message > size - offset - sizeof *type)
        return MACH_SEND_MSG_TOO_SMALL;
    item->end = (uint32_t)(offset + sizeof *type + in_message);
    return MACH_MSG_SUCCESS;
}

static void destroy_ports(struct port **ports, uint32_t number, mach_msg_type_name_t type)
{
    for (uint32_t i = 0; i < number; i++)
        port_release_right(ports[i], type);
}

static void destroy_item(const struct message_item *item)
{
    uint32_t number = item->type->msgt_number;
    uint64_t *slot = message_item_slot(item);

    if (item->is_port && !item->out_of_line) {
        destroy_ports(item->data, number, item->type->msgt_name);
    } else if (item->is_port) {
        struct port **ports = (struct port **)*slot;

        if (!ports)
            return;
        destroy_ports(ports, number, item->type->msgt_name);
        kmem_free(ports, number * sizeof *ports);
        *slot = 0;
    } else if (item->out_of_line) {
        vm_copy_discard((struct vm_copy *)*slot);
        *slot = 0;
    }
}

void message_body_destroy(struct message *message, uint32_t end)
{
    uint32_t offset = sizeof message->header;

    while (offset < end) {
        struct message_item item;
        mach_msg_return_t status;

        if (message_skip_scalar(message, &offset))
            continue;
        status = message_item_decode(message, offset, &item);

        assert(status == MACH_MSG_SUCCESS);
        destroy_item(&item);
        offset = item.end;
    }
}
