/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/message_body.h"

#include "ipc/port.h"
#include "mm/kmem.h"
#include "mm/vm_copy.h"

/*
 * Conditions: the message is in user form. The sum of all that its descriptors say is checked in 64
 * bits (H-29); the last item's padding must be there too.
 */
mach_msg_return_t message_item_decode(struct message *message, uint32_t offset,
                                      struct message_item *item)
{
    uint64_t size = message->header.msgh_size;
    const mach_msg_type_t *type;

    if (offset + sizeof *type > size)
        return MACH_SEND_MSG_TOO_SMALL;
    message_item_at(message, offset, item);
    type = item->type;
    if (type->msgt_unused != 0 || (type->msgt_inline && type->msgt_deallocate))
        return MACH_SEND_INVALID_TYPE;
    if (item->out_of_line ? item->end > size : item->bytes > size - offset - sizeof *type)
        return MACH_SEND_MSG_TOO_SMALL;
    return item->end <= size ? MACH_MSG_SUCCESS : MACH_SEND_MSG_TOO_SMALL;
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

    while (message_next_special(message, &offset, end)) {
        struct message_item item;

        message_item_at(message, offset, &item);
        destroy_item(&item);
        offset = item.end;
    }
}
