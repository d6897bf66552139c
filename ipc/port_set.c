/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/port_set.h"

#include "ipc/port.h"
#include "kernel/panic.h"
#include "mm/kmem.h"

static struct kmem_cache set_cache;

void port_set_init(void)
{
    kmem_cache_init(&set_cache, "port sets", sizeof(struct port_set), 0, 0);
}

struct port_set *port_set_create(mach_port_name_t name)
{
    struct port_set *set = kmem_cache_alloc(&set_cache);

    if (!set)
        return NULL;
    set->name = name;
    set->member_count = 0;
    list_init(&set->members);
    list_init(&set->ready);
    wait_queue_init(&set->receivers);
    return set;
}

void port_set_destroy(struct port_set *set)
{
    struct list_node *node;

    while ((node = list_first(&set->members)) != NULL)
        port_set_remove(list_entry(node, struct port, set_link));
    assert(set->member_count == 0 && list_empty(&set->ready));
    wait_queue_wake_all(&set->receivers, RECEIVE_PORT_DIED);
    kmem_cache_free(&set_cache, set);
}

/* Conditions: both names are in the same space. Messages that are there wake the set's
   receivers. */
void port_set_add(struct port_set *set, struct port *port)
{
    if (port->set)
        port_set_remove(port);
    else
        wait_queue_wake_all(&port->receivers, RECEIVE_PORT_CHANGED);
    port->set = set;
    set->member_count++;
    list_insert_tail(&set->members, &port->set_link);
    if (port->message_count == 0)
        return;
    list_insert_tail(&set->ready, &port->ready_link);
    for (uint32_t i = 0; i < port->message_count; i++)
        if (!wait_queue_wake_one(&set->receivers, WAIT_AWAKENED))
            break;
}

/* Conditions: the port is a member of a set. */
void port_set_remove(struct port *port)
{
    assert(port->set->member_count > 0);
    port->set->member_count--;
    port->set = NULL;
    list_remove(&port->set_link);
    if (list_node_linked(&port->ready_link))
        list_remove(&port->ready_link);
}
