/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/msg_accepted.h"

#include "ipc/message.h"
#include "ipc/message_send.h"
#include "ipc/notify.h"
#include "ipc/port.h"
#include "ipc/right.h"
#include "ipc/space_table.h"
#include "kernel/list.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmem.h"

/* Lives as long as the message is queued, which holds a right of the port. */
struct accepted_request {
    struct list_node link;    /* in a bucket */
    struct space *space;      /* of the sender; owns a reference */
    const struct port *port;  /* borrowed */
    struct port *notify;      /* send-once right, owned */
};

static struct list buckets[MSG_ACCEPTED_BUCKETS];
static struct kmem_cache request_cache;

void msg_accepted_init(void)
{
    for (unsigned i = 0; i < MSG_ACCEPTED_BUCKETS; i++)
        list_init(&buckets[i]);
    kmem_cache_init(&request_cache, "msg-accepted requests", sizeof(struct accepted_request), 0, 0);
}

static struct list *bucket_of(const struct space *space, const struct port *port)
{
    uintptr_t bits = ((uintptr_t)space >> 4) + ((uintptr_t)port >> 4);

    return &buckets[(bits ^ bits >> 6 ^ bits >> 12) % MSG_ACCEPTED_BUCKETS];
}

static struct accepted_request *find(const struct space *space, const struct port *port)
{
    list_for_each(bucket_of(space, port), node) {
        struct accepted_request *request = list_entry(node, struct accepted_request, link);

        if (request->space == space && request->port == port)
            return request;
    }
    return NULL;
}

bool msg_accepted_pending(const struct space *space, const struct port *port)
{
    return find(space, port) != NULL;
}

unsigned msg_accepted_count(unsigned bucket)
{
    return list_length(&buckets[bucket]);
}

/* Registers a request that there is not yet. */
static mach_msg_return_t request(struct space *space, const struct port *port,
                                 mach_port_name_t notify_name)
{
    struct port *notify = space_lookup_receive(space, notify_name);
    struct accepted_request *request;

    if (msg_accepted_pending(space, port))
        return MACH_SEND_NOTIFY_IN_PROGRESS;
    if (!notify)
        return MACH_SEND_INVALID_NOTIFY;
    request = kmem_cache_alloc(&request_cache);
    if (!request)
        return MACH_SEND_NO_NOTIFY;
    space_reference(space);
    request->space = space;
    request->port = port;
    request->notify = port_make_send_once(notify);
    list_insert_tail(bucket_of(space, port), &request->link);
    return MACH_MSG_SUCCESS;
}

mach_msg_return_t msg_accepted_force(struct message *message, struct space *space,
                                     mach_port_name_t notify_name)
{
    struct port *port = message->header.msgh_remote_port;
    struct thread *receiver;
    mach_msg_return_t status;

    if (!port->active) {
        message_destroy(message);
        return MACH_MSG_SUCCESS;
    }
    status = request(space, port, notify_name);
    if (status != MACH_MSG_SUCCESS)
        return status;
    message->flags |= MESSAGE_FORCED;
    receiver = message_deliver(port, message);
    if (receiver) {
        if (receiver->handed_message == message)
            msg_accepted(space, port); /* it never was in the queue */
        sched_make_runnable(receiver);
    }
    return MACH_SEND_WILL_NOTIFY;
}

/* The name told is what the sender calls the port now; null if it has no right any more. */
void msg_accepted(const struct space *space, const struct port *port)
{
    struct accepted_request *request = find(space, port);
    struct name_entry *entry = space->active ? right_find_port(space, port) : NULL;
    struct port *notify = request->notify;

    list_remove(&request->link);
    space_release(request->space);
    kmem_cache_free(&request_cache, request);
    notify_msg_accepted(notify, entry ? entry->name : MACH_PORT_NAME_NULL);
}
