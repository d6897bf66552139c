/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/message_copyin.h"

#include "ipc/message.h"
#include "ipc/message_body.h"
#include "ipc/port.h"
#include "ipc/right.h"
#include "ipc/space_table.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/user_copy.h"
#include "mm/fault_request.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_in.h"
#include "mm/vm_copy_frames.h"
#include "mm/vm_map.h"
#include "mm/vm_map_remove.h"

#define OUT_OF_LINE_PORTS_MAX 16384u
#define QUEUED_SHARE 4u     /* a task's messages in queues may take 1/4 of memory */

/* A buffer; waits once for memory if there is none. */
static mach_msg_return_t get_buffer(struct space *space, uint32_t bytes, struct message **result)
{
    kern_return_t waited;

    if (space->queued_bytes / PAGE_BYTES > page_counts.total / QUEUED_SHARE)
        return MACH_SEND_NO_BUFFER;
    *result = message_alloc(bytes);
    if (*result)
        return MACH_MSG_SUCCESS;
    waited = fault_wait_memory(WAIT_INTERRUPTIBLE);
    if (waited != KERN_SUCCESS)
        return waited == KERN_ABORTED ? MACH_SEND_INTERRUPTED : MACH_SEND_NO_BUFFER;
    *result = message_alloc(bytes);
    return *result ? MACH_MSG_SUCCESS : MACH_SEND_NO_BUFFER;
}

mach_msg_return_t message_get(struct space *space, uint64_t user_address, uint32_t bytes,
                              struct message **result)
{
    struct message *message;
    mach_msg_return_t status;

    if (bytes < sizeof(mach_msg_user_header_t) || mach_msg_user_is_misaligned(bytes))
        return MACH_SEND_MSG_TOO_SMALL;
    if (bytes > MESSAGE_INLINE_MAX)
        return MACH_SEND_TOO_LARGE;
    status = get_buffer(space, bytes, &message);
    if (status != MACH_MSG_SUCCESS)
        return status;
    if (!copyin(user_address, &message->header, bytes)) {
        message_free(message);
        return MACH_SEND_INVALID_DATA;
    }
    message->header.msgh_size = bytes;
    message->payer = space;
    *result = message;
    return MACH_MSG_SUCCESS;
}

/* --- header --- */

/* Two rights of one name at once: is there enough of it? */
static bool one_name_gives_both(const struct name_entry *entry, mach_msg_type_name_t first,
                                mach_msg_type_name_t second)
{
    if (first == MACH_MSG_TYPE_MOVE_SEND_ONCE || second == MACH_MSG_TYPE_MOVE_SEND_ONCE)
        return false;
    return first != MACH_MSG_TYPE_MOVE_SEND || second != MACH_MSG_TYPE_MOVE_SEND ||
           entry_references(entry) >= 2;
}

/* The entry that a reply right is to come from; *entry NULL: null or dead, carried as such. */
static mach_msg_return_t check_reply(struct space *space, mach_port_name_t name,
                                     mach_msg_type_name_t type, struct name_entry **entry)
{
    *entry = NULL;
    if (type == 0)
        return name == MACH_PORT_NAME_NULL ? MACH_MSG_SUCCESS : MACH_SEND_INVALID_HEADER;
    if (!MACH_MSG_TYPE_PORT_ANY_SEND(type))
        return MACH_SEND_INVALID_HEADER;
    if (!MACH_PORT_NAME_VALID(name))
        return MACH_MSG_SUCCESS;
    *entry = right_lookup(space, name);
    if (!*entry || right_check(*entry, type, true) != KERN_SUCCESS)
        return MACH_SEND_INVALID_REPLY;
    return MACH_MSG_SUCCESS;
}

mach_msg_return_t message_copyin_header(struct message *message, struct space *space,
                                        struct port *cancel)
{
    mach_msg_user_header_t *user = (mach_msg_user_header_t *)&message->header;
    mach_msg_header_t *header = &message->header;
    mach_port_name_t reply_name = user->msgh_local_port;
    mach_msg_type_name_t dest_type = MACH_MSGH_BITS_REMOTE(user->msgh_bits);
    mach_msg_type_name_t reply_type = MACH_MSGH_BITS_LOCAL(user->msgh_bits);
    struct name_entry *dest, *reply;
    struct port *dest_right, *reply_right;
    mach_msg_return_t status;

    if (!MACH_MSG_TYPE_PORT_ANY_SEND(dest_type))
        return MACH_SEND_INVALID_HEADER;
    dest = right_lookup(space, user->msgh_remote_port);
    if (!dest || right_check(dest, dest_type, false) != KERN_SUCCESS)
        return MACH_SEND_INVALID_DEST;
    status = check_reply(space, reply_name, reply_type, &reply);
    if (status != MACH_MSG_SUCCESS)
        return status;
    if (dest == reply && !one_name_gives_both(dest, dest_type, reply_type))
        return MACH_SEND_INVALID_DEST;

    /* Nothing fails from here on. What moves a name's last reference is taken last. */
    if (reply && dest == reply && dest_type == MACH_MSG_TYPE_MOVE_SEND) {
        reply_right = right_take(space, reply, reply_type, cancel);
        dest_right = right_take(space, dest, dest_type, cancel);
    } else {
        dest_right = right_take(space, dest, dest_type, cancel);
        reply_right = reply ? right_take(space, reply, reply_type, cancel)
                            : reply_name == MACH_PORT_NAME_NULL ? NULL : PORT_DEAD;
    }
    header->msgh_remote_port = dest_right;
    header->msgh_local_port = reply_right;
    header->msgh_bits = (header->msgh_bits & MACH_MSGH_BITS_COMPLEX) |
                        MACH_MSGH_BITS(right_received_type(dest_type),
                                       right_received_type(reply_type));
    return MACH_MSG_SUCCESS;
}

/* --- body --- */

/* Takes one right; notes where a receive right goes. */
static mach_msg_return_t take_right(struct message *message, struct space *space,
                                    mach_port_name_t name, mach_msg_type_name_t disposition,
                                    struct port **right)
{
    kern_return_t status = right_copyin(space, name, disposition, true, right);

    if (status != KERN_SUCCESS)
        return MACH_SEND_INVALID_RIGHT;
    if (disposition == MACH_MSG_TYPE_MOVE_RECEIVE && PORT_VALID(*right) &&
        !port_enter_transit(*right, message->header.msgh_remote_port))
        message->flags |= MESSAGE_CIRCULAR;
    return MACH_MSG_SUCCESS;
}

/* Takes `number` rights; name i is at names[i * stride], right i goes to rights[i], which may
   overlap as long as name i is not before right i. On an error those taken are destroyed. */
static mach_msg_return_t take_rights(struct message *message, struct space *space,
                                     const mach_port_name_t *names, unsigned stride,
                                     uint32_t number, mach_msg_type_name_t disposition,
                                     struct port **rights)
{
    for (uint32_t i = 0; i < number; i++) {
        struct port *right;
        mach_msg_return_t status =
            take_right(message, space, names[(size_t)i * stride], disposition, &right);

        if (status != MACH_MSG_SUCCESS) {
            while (i-- > 0)
                port_release_right(rights[i], right_received_type(disposition));
            return status;
        }
        rights[i] = right;
        if (i % MESSAGE_RIGHTS_CHUNK == MESSAGE_RIGHTS_CHUNK - 1)
            cpu_interrupt_window();
    }
    return MACH_MSG_SUCCESS;
}

/* Why memory could not be taken from the sender. */
static mach_msg_return_t memory_error(kern_return_t code)
{
    return code == KERN_RESOURCE_SHORTAGE ? MACH_SEND_NO_BUFFER : MACH_SEND_INVALID_MEMORY;
}

static mach_msg_return_t copyin_inline_ports(struct message *message, struct space *space,
                                             const struct message_item *item)
{
    mach_msg_type_name_t disposition = item->type->msgt_name;
    mach_msg_return_t status;

    if (item->type->msgt_size != MESSAGE_PORT_INLINE_BITS)
        return MACH_SEND_INVALID_TYPE;
    status = take_rights(message, space, item->data, 2, item->type->msgt_number, disposition,
                         item->data);
    if (status == MACH_MSG_SUCCESS)
        item->type->msgt_name = right_received_type(disposition);
    return status;
}

/* Addresses without memory do not matter here. */
static mach_msg_return_t deallocate_names(struct vm_map *map, vm_offset_t address, vm_size_t bytes)
{
    kern_return_t removed = vm_map_remove(map, address, bytes);

    return removed == KERN_RESOURCE_SHORTAGE ? memory_error(removed) : MACH_MSG_SUCCESS;
}

/*
 * The user's array has elements of 4 bytes, the kernel's of 8: item->bytes is the user's length all
 * the way (H-31). The names are read into the upper half of the kernel's array and widened in
 * place.
 */
static mach_msg_return_t copyin_remote_ports(struct message *message, struct space *space,
                                             const struct message_item *item)
{
    struct vm_map *map = task_current()->map;
    mach_msg_type_name_t disposition = item->type->msgt_name;
    uint32_t number = item->type->msgt_number;
    uint64_t *slot = message_item_slot(item);
    uint64_t address = *slot;
    mach_msg_return_t status;
    struct port **rights;

    if (item->type->msgt_size != MESSAGE_PORT_NAME_BITS)
        return MACH_SEND_INVALID_TYPE;
    if (number > OUT_OF_LINE_PORTS_MAX)
        return MACH_SEND_NO_BUFFER;
    *slot = 0;
    if (number > 0) {
        mach_port_name_t *names;

        rights = kmem_alloc(number * sizeof *rights);
        if (!rights)
            return MACH_SEND_NO_BUFFER;
        names = (mach_port_name_t *)rights + number;
        status = copyin(address, names, item->bytes) ? MACH_MSG_SUCCESS : MACH_SEND_INVALID_MEMORY;
        if (status == MACH_MSG_SUCCESS && item->type->msgt_deallocate)
            status = deallocate_names(map, address, item->bytes);
        if (status == MACH_MSG_SUCCESS)
            status = take_rights(message, space, names, 1, number, disposition, rights);
        if (status != MACH_MSG_SUCCESS) {
            kmem_free(rights, number * sizeof *rights);
            return status;
        }
        *slot = (uint64_t)rights;
    }
    item->type->msgt_name = right_received_type(disposition);
    item->type->msgt_size = MESSAGE_PORT_KERNEL_BITS;
    return MACH_MSG_SUCCESS;
}

static mach_msg_return_t copyin_memory(const struct message_item *item)
{
    uint64_t *slot = message_item_slot(item);
    struct vm_copy *copy = NULL;
    kern_return_t taken = KERN_SUCCESS;

    if (item->bytes > 0)
        taken = vm_copy_in(task_current()->map, *slot, item->bytes, item->type->msgt_deallocate,
                           &copy);
    if (taken != KERN_SUCCESS)
        return memory_error(taken);
    *slot = (uint64_t)copy;
    return MACH_MSG_SUCCESS;
}

static mach_msg_return_t copyin_item(struct message *message, struct space *space,
                                     const struct message_item *item)
{
    if (item->is_port && item->out_of_line)
        return copyin_remote_ports(message, space, item);
    if (item->is_port)
        return copyin_inline_ports(message, space, item);
    return item->out_of_line ? copyin_memory(item) : MACH_MSG_SUCCESS;
}

/* Takes what the item at an offset carries; *offset is then behind it. */
static mach_msg_return_t copyin_next(struct message *message, struct space *space,
                                     uint32_t *offset)
{
    struct message_item item;
    mach_msg_return_t status = message_item_decode(message, *offset, &item);

    if (status == MACH_MSG_SUCCESS)
        status = copyin_item(message, space, &item);
    if (status == MACH_MSG_SUCCESS)
        *offset = item.end;
    return status;
}

/* Takes the right of a slot. Conditions: the descriptor and the slot are within the message. */
static mach_msg_return_t copyin_slot(struct message *message, struct space *space,
                                     mach_msg_type_t *type, uint64_t *slot)
{
    mach_msg_type_name_t disposition = *(uint8_t *)type;
    struct port *right = NULL;
    mach_msg_return_t status =
        (mach_port_name_t)*slot == MACH_PORT_NAME_NULL
            ? MACH_MSG_SUCCESS : take_right(message, space, (mach_port_name_t)*slot, disposition, &right);

    if (status != MACH_MSG_SUCCESS)
        return status;
    *slot = (uint64_t)right;
    message_set_type_name(type, right_received_type(disposition));
    return MACH_MSG_SUCCESS;
}

/* Few whole pages for a manager's object, which the kernel takes before the sender goes on; item: their
   descriptor and slot. False: they are no such thing, nothing changed. */
static bool copyin_supply(const struct message *message, uint64_t *item)
{
    const struct port *dest = message->header.msgh_remote_port;
    struct vm_copy *copy;

    if ((uint32_t)item[0] != MESSAGE_BYTES_REMOTE || !PORT_VALID(dest) ||
        dest->kobject_type != KOBJECT_MEMORY_CONTROL ||
        !(copy = vm_copy_in_frames(task_current()->map, item[1], item[0] >> 32)))
        return false;
    item[1] = (uint64_t)copy;
    return true;
}

mach_msg_return_t message_copyin_body(struct message *message, struct space *space)
{
    uint32_t offset = sizeof message->header, size = message->header.msgh_size;
    struct vm_copy *frames = NULL; /* pages that cannot be paged out: only while nothing here sleeps */
    bool captured = false;         /* so, once in a message */

    while (offset < size) {
        mach_msg_return_t status;
        mach_msg_type_t *type;
        uint64_t *slot;

        if (message_skip_scalar(message, &offset))
            continue;
        type = message_type_at(message, offset);
        slot = offset + MESSAGE_SINGLE_BYTES <= size ? (uint64_t *)type : NULL;
        if (slot && !captured && copyin_supply(message, slot)) {
            captured = true;
            frames = (struct vm_copy *)slot[1];
            offset += MESSAGE_SINGLE_BYTES;
            continue;
        }
        if (slot && message_single_port(message, offset) && MACH_MSG_TYPE_PORT_ANY(*(uint8_t *)type)) {
            status = copyin_slot(message, space, type, slot + 1);
            if (status == MACH_MSG_SUCCESS)
                offset += MESSAGE_SINGLE_BYTES;
        } else if (frames && !vm_copy_spread(frames)) {
            status = MACH_SEND_NO_BUFFER;
        } else {
            frames = NULL;
            status = copyin_next(message, space, &offset);
        }
        if (status != MACH_MSG_SUCCESS) {
            message_body_destroy(message, offset);
            message->header.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
            return status;
        }
    }
    return MACH_MSG_SUCCESS;
}
