/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/message_copyout.h"

#include "ipc/dead_name.h"
#include "ipc/message.h"
#include "ipc/message_body.h"
#include "ipc/port.h"
#include "ipc/right.h"
#include "ipc/space_table.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/user_copy.h"
#include "mm/kmem.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_out.h"
#include "mm/vm_map.h"
#include "mm/vm_map_remove.h"

static mach_msg_return_t right_shortage(kern_return_t status)
{
    return status == KERN_RESOURCE_SHORTAGE ? MACH_MSG_IPC_KERNEL : MACH_MSG_IPC_SPACE;
}

static mach_msg_return_t memory_shortage(kern_return_t status)
{
    return status == KERN_RESOURCE_SHORTAGE ? MACH_MSG_VM_KERNEL : MACH_MSG_VM_SPACE;
}

/* --- header --- */

/* The destination right has done its work; the name that the receiver knows the port by. */
static mach_port_name_t consume_destination(struct port *dest, mach_msg_type_name_t type,
                                            struct space *space)
{
    mach_port_name_t name = dest->receiver == space ? dest->receiver_name : MACH_PORT_NAME_DEAD;

    port_release_used(dest, type);
    return name;
}

/* Registers MACH_RCV_NOTIFY's dead-name request for a reply right that came under a new name. */
static void watch_reply(struct space *space, mach_port_name_t name, struct port *notify)
{
    struct name_entry *entry = space_entry(space, name);
    struct port *previous, *once;

    if (!entry || entry->request || entry_references(entry) != 1)
        return;
    once = port_make_send_once(notify);
    if (dead_name_request(space, entry, once, &previous) != KERN_SUCCESS)
        port_forget_send_once(once);
}

void message_copyout_notify(struct message *message, struct space *space, struct port *notify)
{
    const mach_msg_user_header_t *user = (const mach_msg_user_header_t *)&message->header;

    if (notify && MACH_PORT_NAME_VALID(user->msgh_remote_port))
        watch_reply(space, user->msgh_remote_port, notify);
}

/* Fills the header in user form. Consumes the destination right; the reply right is gone
   already. */
static void finish_header(struct message *message, struct space *space, mach_port_name_t reply,
                          mach_msg_type_name_t reply_type)
{
    mach_msg_header_t *header = &message->header;
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)header;
    struct port *dest = header->msgh_remote_port;
    mach_msg_type_name_t dest_type = MACH_MSGH_BITS_REMOTE(header->msgh_bits);
    uint64_t payload = dest->protected_payload;
    bool has_payload = dest->has_protected_payload;
    mach_port_name_t local = consume_destination(dest, dest_type, space);

    user->msgh_protected_payload = has_payload ? payload : local;
    if (has_payload)
        dest_type = MACH_MSG_TYPE_PROTECTED_PAYLOAD;
    user->msgh_remote_port_do_not_use = reply;
    user->msgh_bits = (header->msgh_bits & MACH_MSGH_BITS_COMPLEX) |
                      MACH_MSGH_BITS(reply_type, dest_type);
}

void message_copyout_header_only(struct message *message, struct space *space)
{
    mach_msg_header_t *header = &message->header;

    message_destroy_body(message);
    port_release_right(header->msgh_local_port, MACH_MSGH_BITS_LOCAL(header->msgh_bits));
    finish_header(message, space, MACH_PORT_NAME_NULL, 0);
    header->msgh_size = sizeof *header;
}

/* --- body --- */

/* Names one right; one that finds no name is destroyed. Returns MACH_MSG_* bits. */
static inline mach_msg_return_t name_right(struct space *space, struct port *right,
                                   mach_msg_type_name_t type, mach_port_name_t *name)
{
    kern_return_t status = right_copyout(space, right, type, name);

    if (status == KERN_SUCCESS)
        return 0;
    *name = MACH_PORT_NAME_NULL;
    port_release_right(right, type);
    return right_shortage(status);
}

/* Names `number` rights; name i is written to names[i * stride], where right i has been read
   already. A stride of 2 leaves the upper halves zero. Returns MACH_MSG_* bits. */
static mach_msg_return_t name_rights(struct space *space, struct port **rights, uint32_t number,
                                     mach_msg_type_name_t type, mach_port_name_t *names,
                                     unsigned stride)
{
    mach_msg_return_t lost = 0;

    for (uint32_t i = 0; i < number; i++) {
        mach_port_name_t name;

        lost |= name_right(space, rights[i], type, &name);
        if (stride == 2)
            rights[i] = NULL;
        names[(size_t)i * stride] = name;
        if (i % MESSAGE_RIGHTS_CHUNK == MESSAGE_RIGHTS_CHUNK - 1)
            cpu_interrupt_window();
    }
    return lost;
}

/* Enters memory into the current task; consumes the copy in any case. */
static mach_msg_return_t place_memory(struct vm_copy *copy, const struct message_item *item)
{
    uint64_t *slot = message_item_slot(item);
    vm_offset_t address = 0;
    kern_return_t status;

    if (!copy) {
        *slot = 0;
        return 0;
    }
    status = vm_copy_out(task_current()->map, copy, &address);
    if (status == KERN_SUCCESS) {
        *slot = address;
        return 0;
    }
    vm_copy_discard(copy);
    *slot = 0;
    item->type->msgt_number = 0;
    return memory_shortage(status);
}

/* The kernel's array becomes memory with 4-byte names. Without memory the rights are destroyed. */
static mach_msg_return_t copyout_remote_ports(struct space *space, const struct message_item *item)
{
    uint32_t number = item->type->msgt_number;
    struct port **rights = (struct port **)*message_item_slot(item);
    size_t kernel_bytes = number * sizeof *rights, user_bytes = number * sizeof(mach_port_name_t);
    mach_msg_type_name_t type = item->type->msgt_name;
    mach_msg_return_t lost;
    struct vm_copy *copy;

    item->type->msgt_size = MESSAGE_PORT_NAME_BITS;
    if (number == 0)
        return 0;
    lost = name_rights(space, rights, number, type, (mach_port_name_t *)rights, 1);
    copy = vm_copy_from_bytes(rights, user_bytes);
    if (copy) {
        lost |= place_memory(copy, item);
    } else {
        *message_item_slot(item) = 0;
        item->type->msgt_number = 0;
        lost |= MACH_MSG_VM_KERNEL;
    }
    if (item->type->msgt_number == 0)
        for (uint32_t i = 0; i < number; i++)
            right_undo_copyout(space, ((mach_port_name_t *)rights)[i], type);
    kmem_free(rights, kernel_bytes);
    return lost;
}

/* Conditions: the item is not plain. */
static mach_msg_return_t copyout_item(struct space *space, const struct message_item *item)
{
    if (item->is_port && item->out_of_line)
        return copyout_remote_ports(space, item);
    if (item->is_port)
        return name_rights(space, item->data, item->type->msgt_number, item->type->msgt_name,
                           item->data, 2);
    return place_memory((struct vm_copy *)*message_item_slot(item), item);
}

/* Conditions: a complex message in kernel form. Returns MACH_MSG_* bits. */
static mach_msg_return_t copyout_body(struct message *message, struct space *space)
{
    uint32_t offset = sizeof message->header, end = message->header.msgh_size;
    mach_msg_return_t lost = 0;

    if (message->flags & MESSAGE_ONE_RIGHT)
        end = offset + MESSAGE_SINGLE_BYTES; /* all that needs a look */
    while (message_next_special(message, &offset, end)) {
        uint64_t *slot = message_single_port(message, offset);
        struct message_item item;
        mach_port_name_t name;

        if (slot) {
            lost |= name_right(space, (struct port *)*slot,
                               *(uint8_t *)message_type_at(message, offset), &name);
            *slot = name; /* the upper half becomes zero */
            offset += MESSAGE_SINGLE_BYTES;
            continue;
        }
        message_item_at(message, offset, &item);
        lost |= copyout_item(space, &item);
        offset = item.end;
    }
    return lost;
}

mach_msg_return_t message_copyout_body(struct message *message, struct space *space)
{
    mach_msg_return_t lost;

    if (!(message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX))
        return MACH_MSG_SUCCESS;
    lost = copyout_body(message, space);
    return lost ? MACH_RCV_BODY_ERROR | lost : MACH_MSG_SUCCESS;
}

mach_msg_return_t message_copyout(struct message *message, struct space *space,
                                  struct port *notify)
{
    mach_msg_header_t *header = &message->header;
    mach_msg_type_name_t reply_type = MACH_MSGH_BITS_LOCAL(header->msgh_bits);
    mach_port_name_t reply = MACH_PORT_NAME_NULL;
    kern_return_t status = header->msgh_local_port ? right_copyout(space, header->msgh_local_port,
                                                                   reply_type, &reply) : KERN_SUCCESS;

    if (status != KERN_SUCCESS) {
        message_copyout_header_only(message, space);
        return MACH_RCV_HEADER_ERROR | right_shortage(status);
    }
    if (notify && MACH_PORT_NAME_VALID(reply))
        watch_reply(space, reply, notify);
    finish_header(message, space, reply, reply_type);
    return message_copyout_body(message, space);
}

mach_msg_return_t message_copyout_back(struct message *message, struct space *space)
{
    mach_msg_header_t *header = &message->header;
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)header;
    mach_port_name_t dest, reply;
    mach_msg_return_t lost;

    lost = name_right(space, header->msgh_remote_port, MACH_MSGH_BITS_REMOTE(header->msgh_bits),
                     &dest);
    lost |= name_right(space, header->msgh_local_port, MACH_MSGH_BITS_LOCAL(header->msgh_bits),
                      &reply);
    user->msgh_remote_port_do_not_use = dest;
    user->msgh_protected_payload = reply;
    if (header->msgh_bits & MACH_MSGH_BITS_COMPLEX)
        lost |= copyout_body(message, space);
    return lost;
}

/* --- the buffer was not writable --- */

static void undo_remote_ports(struct space *space, const struct message_item *item)
{
    uint64_t address = *message_item_slot(item);

    for (uint32_t i = 0; i < item->type->msgt_number; i++) {
        mach_port_name_t name;

        if (copyin(address + i * sizeof name, &name, sizeof name))
            right_undo_copyout(space, name, item->type->msgt_name);
    }
}

static void undo_item(struct space *space, const struct message_item *item)
{
    if (item->is_port && !item->out_of_line) {
        const uint64_t *slots = item->data;

        for (uint32_t i = 0; i < item->type->msgt_number; i++)
            right_undo_copyout(space, (mach_port_name_t)slots[i], item->type->msgt_name);
    }
    if (!item->out_of_line || item->bytes == 0)
        return;
    if (item->is_port)
        undo_remote_ports(space, item);
    vm_map_remove(task_current()->map, *message_item_slot(item), item->bytes);
}

void message_copyout_undo(struct message *message, struct space *space)
{
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)&message->header;
    uint32_t offset = sizeof *user;

    right_undo_copyout(space, user->msgh_remote_port, MACH_MSGH_BITS_REMOTE(user->msgh_bits));
    if (!(user->msgh_bits & MACH_MSGH_BITS_COMPLEX))
        return;
    while (message_next_special(message, &offset, message->header.msgh_size)) {
        struct message_item item;

        message_item_at(message, offset, &item);
        undo_item(space, &item);
        offset = item.end;
    }
}
