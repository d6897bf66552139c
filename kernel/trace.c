/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the trace, and what it takes to name the ports in it. */
#include <mig/porthole_debug_server.h>

#include "ipc/port.h"
#include "ipc/space_table.h"
#include "kernel/host.h"
#include "kernel/task.h"
#include "kernel/trace.h"
#include "mm/record_list.h"

#define EVENT_WORDS 2  /* in each column */
#define RING_EVENTS (int)(TRACE_COLUMN_WORDS / EVENT_WORDS)

/* The event that is so many behind `next`, in the order in which they came; -1: the newest. */
static porthole_event_t event_at(const uint64_t *next, int index)
{
    uint64_t column = (uint64_t)next & ~(uint64_t)(TRACE_COLUMN_BYTES - 1);
    uint64_t at = (uint64_t)(next + index * EVENT_WORDS) % TRACE_COLUMN_BYTES;
    const uint64_t *event = (uint64_t *)(column + at), *rest = event + TRACE_COLUMN_WORDS;

    return (porthole_event_t){event[0], event[1], rest[0], rest[1]};
}

/*
 * Times grow with each event of a processor: by the last that it got, a reader says what it has seen. Memory for
 * a long list lets interrupts in, which may record events over the oldest: those are for the next time.
 */
kern_return_t porthole_trace(host_t host_priv, uint32_t slot, uint64_t after,
                             porthole_event_array_t *events, mach_msg_type_number_t *count,
                             uint64_t *oldest, uint64_t *ticks_per_second)
{
    const uint64_t *next;
    struct record_list list;
    uint64_t newest;
    int index = 0;

    if (!host_priv)
        return KERN_INVALID_HOST;
    if (slot >= cpu_count)
        return KERN_INVALID_ARGUMENT;
    next = cpus[slot]->trace.next;
    newest = event_at(next, -1).time;
    *oldest = event_at(next, 0).time;
    *ticks_per_second = time_tsc_hz();
    while (index < RING_EVENTS && event_at(next, index).time <= after)
        index++;
    record_list_init(&list, sizeof(porthole_event_t), (uint32_t)(RING_EVENTS - index));
    for (; index < RING_EVENTS; index++) {
        porthole_event_t event = event_at(next, index);

        if (event.time <= newest)
            record_list_add(&list, &event);
    }
    return record_list_give(&list, events, count);
}

static void count_receive_right(struct space *space, struct name_entry *entry, void *argument)
{
    (void)space;
    *(uint32_t *)argument += (entry->bits & MACH_PORT_TYPE_RECEIVE) != 0;
}

static void list_receive_right(struct space *space, struct name_entry *entry, void *argument)
{
    (void)space;
    if (entry->bits & MACH_PORT_TYPE_RECEIVE) {
        porthole_port_t port = {
            .identity = (uint64_t)entry->port,
            .object = (uint64_t)entry->port->memory_object,
            .name = entry->name,
            .message_count = entry->port->message_count,
        };

        record_list_add(argument, &port);
    }
}

kern_return_t porthole_ports(host_t host_priv, uint64_t task_identity,
                             porthole_port_array_t *ports, mach_msg_type_number_t *count)
{
    struct task *task = task_of_identity(task_identity);
    struct record_list list;
    uint32_t rights = 0;

    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!task)
        return KERN_INVALID_ARGUMENT;
    *ports = NULL;
    *count = 0;
    if (!task->space || !task->space->active)
        return KERN_SUCCESS;
    space_for_each(task->space, count_receive_right, &rights);
    record_list_init(&list, sizeof(porthole_port_t), rights);
    space_for_each(task->space, list_receive_right, &list);
    return record_list_give(&list, ports, count);
}
