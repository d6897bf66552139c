/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, rights and ports from the inside: counts are exact, chosen names and given names do not
   meet. */
#include <mig/mach_port_server.h>

#include "ipc/kernel_message.h"
#include "ipc/message.h"
#include "ipc/message_send.h"
#include "ipc/notify.h"
#include "ipc/port.h"
#include "ipc/port_set.h"
#include "ipc/right.h"
#include "ipc/space.h"
#include "ipc/space_table.h"
#include "kernel/string.h"
#include "mm/kmem.h"
#include "tests/kernel/selftest.h"

/* Objects in use of a cache, by its name: those that are kept at hand are not. */
static uint32_t in_use(const char *name)
{
    list_for_each(&kmem_caches, node) {
        struct kmem_cache *cache = list_entry(node, struct kmem_cache, link);

        if (strcmp(cache->name, name) == 0)
            return cache->in_use - port_count_at_hand(cache) - message_count_at_hand(cache);
    }
    return 0;
}

static struct name_entry *entry_of(struct space *space, mach_port_name_t name)
{
    return space_entry(space, name);
}

SELFTEST(names_come_back_late_and_with_another_generation)
{
    struct space *space = space_create(NULL);
    mach_port_name_t first, next;

    expect(space != NULL);
    expect(mach_port_allocate(space, MACH_PORT_RIGHT_DEAD_NAME, &first) == KERN_SUCCESS);
    right_destroy(space, entry_of(space, first));
    expect(entry_of(space, first) == NULL);
    for (unsigned i = 0; i < 3 * SPACE_LEAF_SLOTS; i++) {
        expect(mach_port_allocate(space, MACH_PORT_RIGHT_DEAD_NAME, &next) == KERN_SUCCESS);
        expect(next != first && MACH_PORT_NAME_VALID(next));
        right_destroy(space, entry_of(space, next));
    }
    expect(space->names == 0 && space->slots_made == SPACE_LEAF_SLOTS);
    space_release(space);
}

SELFTEST(names_of_the_users_choice_live_in_the_table_or_the_hash)
{
    enum { FAR = 0x70101, NEAR = 0x305 };
    struct space *space = space_create(NULL);
    struct name_entry *entry;
    mach_port_name_t name;

    expect(space != NULL);
    expect(mach_port_allocate(space, MACH_PORT_RIGHT_RECEIVE, &name) == KERN_SUCCESS);
    expect(mach_port_allocate_name(space, MACH_PORT_RIGHT_DEAD_NAME, FAR) == KERN_SUCCESS);
    expect(space->chosen.count == 0 && entry_of(space, FAR) != NULL);
    expect(mach_port_allocate_name(space, MACH_PORT_RIGHT_DEAD_NAME, FAR + 1) == KERN_SUCCESS);
    expect(mach_port_allocate_name(space, MACH_PORT_RIGHT_DEAD_NAME, NEAR) == KERN_SUCCESS);
    expect(space->chosen.count == 2);
    expect(mach_port_allocate_name(space, MACH_PORT_RIGHT_DEAD_NAME, FAR) == KERN_NAME_EXISTS);
    expect(space_entry_alloc_name(space, 0, &entry) == KERN_INVALID_VALUE);
    expect(space_entry_alloc_name(space, MACH_PORT_NAME_DEAD, &entry) == KERN_INVALID_VALUE);
    expect(space->names == 4);
    right_destroy(space, entry_of(space, FAR));
    expect(entry_of(space, FAR) == NULL && entry_of(space, FAR + 1) != NULL);
    space_destroy(space);
    expect(space->names == 0);
    expect(mach_port_allocate(space, MACH_PORT_RIGHT_RECEIVE, &name) == KERN_INVALID_TASK);
    space_release(space);
}

SELFTEST(names_grow_to_thousands_and_leave_nothing)
{
    enum { MANY = 5000 };
    uint32_t ports = in_use("ports"), chosen = in_use("chosen names");
    struct space *space = space_create(NULL);
    mach_port_name_t name;

    expect(space != NULL);
    for (unsigned i = 0; i < MANY; i++) {
        expect(mach_port_allocate(space, MACH_PORT_RIGHT_RECEIVE, &name) == KERN_SUCCESS);
        expect(entry_of(space, name)->port->receiver_name == name);
        mach_port_allocate_name(space, MACH_PORT_RIGHT_DEAD_NAME, i << 8 | 7);
    }
    expect(in_use("ports") == ports + MANY);
    space_release(space);
    expect(in_use("ports") == ports && in_use("chosen names") == chosen);
}

SELFTEST(rights_merge_under_one_name_and_split_again)
{
    struct space *space = space_create(NULL);
    struct port *port = port_create_kernel(KOBJECT_REPLY, NULL);
    mach_port_name_t name, again;
    struct port *taken;

    expect(space && port);
    expect(space_insert_send(space, port_make_send(port), &name) == KERN_SUCCESS);
    expect(space_insert_send(space, port_make_send(port), &again) == KERN_SUCCESS);
    expect(name == again && entry_references(entry_of(space, name)) == 2);
    expect(port->send_rights == 1 && port->make_send_count == 2);
    taken = right_take(space, entry_of(space, name), MACH_MSG_TYPE_MOVE_SEND, NULL);
    expect(taken == port && port->send_rights == 2);
    expect(right_check(entry_of(space, name), MACH_MSG_TYPE_MAKE_SEND, true) == KERN_INVALID_RIGHT);
    taken = right_take(space, entry_of(space, name), MACH_MSG_TYPE_MOVE_SEND, NULL);
    expect(entry_of(space, name) == NULL && port->send_rights == 2);
    port_release_send(taken);
    port_release_send(taken);
    expect(port->send_rights == 0 && port->references == 1);
    port_destroy_kernel(port);
    space_release(space);
}

SELFTEST(a_dead_port_leaves_dead_names_and_is_freed_with_the_last)
{
    uint32_t ports = in_use("ports");
    struct space *space = space_create(NULL);
    struct port *port = port_create_kernel(KOBJECT_REPLY, NULL);
    mach_port_name_t name, once;
    struct port *right = PORT_DEAD;

    expect(space && port);
    expect(space_insert_send(space, port_make_send(port), &name) == KERN_SUCCESS);
    expect(right_copyout(space, port_make_send_once(port), MACH_MSG_TYPE_PORT_SEND_ONCE, &once) ==
           KERN_SUCCESS);
    port_destroy_kernel(port);
    expect(in_use("ports") == ports + 1);
    expect(right_lookup(space, name)->bits == (MACH_PORT_TYPE_DEAD_NAME | 1));
    expect(right_lookup(space, once)->bits == (MACH_PORT_TYPE_DEAD_NAME | 1));
    expect(in_use("ports") == ports);
    expect(right_copyin(space, name, MACH_MSG_TYPE_COPY_SEND, true, &right) == KERN_SUCCESS);
    expect(right == PORT_DEAD);
    space_release(space);
}

/* A receive right of a fresh port that sits in the queue of another. */
static struct port *put_into(struct port *destination, struct port *carried)
{
    struct {
        mach_msg_header_t header;
        mach_msg_type_t type;
        struct port *port;
    } body = {
        .header = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                                MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0),
                   .msgh_remote_port = destination},
        .type = {.msgt_name = MACH_MSG_TYPE_MOVE_RECEIVE, .msgt_size = 64, .msgt_inline = 1,
                 .msgt_number = 1},
        .port = carried,
    };

    mach_msg_send_from_kernel(&body.header, sizeof body);
    return destination;
}

SELFTEST(a_chain_of_ports_dies_iteratively)
{
    uint32_t ports = in_use("ports");
    struct port *head = port_create_for_transfer();

    expect(head != NULL);
    for (unsigned i = 0; i < 2000; i++) {
        struct port *next = port_create_for_transfer();

        expect(next != NULL);
        head = put_into(next, head);
    }
    expect(in_use("ports") == ports + 2001);
    port_release_receive(head);
    expect(in_use("ports") == ports);
}

SELFTEST(a_circle_of_receive_rights_is_not_queued)
{
    uint32_t ports = in_use("ports");
    struct port *port = port_create_for_transfer(), *other = port_create_for_transfer();

    expect(port && other);
    put_into(port, port);
    expect(in_use("ports") == ports + 1);
    port = port_create_for_transfer();
    port_reference(other);
    put_into(port, other);
    put_into(other, port);
    expect(!other->active && other->references == 1);
    port_release(other);
    expect(in_use("ports") == ports);
}

/* Takes a notification off the queue, as a receiver would. */
static void take_notification(struct port *port)
{
    struct message *message = message_dequeue(port);

    port_forget_send_once(message->header.msgh_remote_port);
    message_free(message);
}

SELFTEST(a_set_serves_its_members_in_turn)
{
    struct port_set *set = port_set_create(1);
    struct port *one = port_create_for_transfer(), *two = port_create_for_transfer();

    expect(set && one && two);
    port_set_add(set, one);
    port_set_add(set, two);
    for (unsigned i = 0; i < 3; i++)
        notify_dead_name(port_make_send_once(one), i);
    notify_dead_name(port_make_send_once(two), 9);
    expect(one->message_count == 3 && two->message_count == 1);
    expect(list_first(&set->ready) == &one->ready_link);
    take_notification(one);
    expect(list_first(&set->ready) == &two->ready_link && one->sequence_number == 1);
    take_notification(two);
    expect(list_first(&set->ready) == &one->ready_link && !list_node_linked(&two->ready_link));
    take_notification(one);
    take_notification(one);
    port_set_destroy(set);
    expect(one->send_once_rights == 0 && one->set == NULL && !list_node_linked(&one->ready_link));
    port_release_receive(one);
    port_release_receive(two);
}
