/* SPDX-License-Identifier: BSD-2-Clause */
#include "ipc/dead_name.h"

#include "ipc/name_entry.h"
#include "ipc/notify.h"
#include "ipc/port.h"
#include "ipc/right.h"
#include "mm/kmem.h"

static struct kmem_cache request_cache;

void dead_name_init(void)
{
    kmem_cache_init(&request_cache, "dead-name requests", sizeof(struct dead_name_request), 0, 0);
}

/* Results: KERN_SUCCESS; KERN_RESOURCE_SHORTAGE (nothing changed). */
kern_return_t dead_name_request(struct space *space, struct name_entry *entry, struct port *notify,
                                struct port **previous)
{
    struct dead_name_request *request = entry->request;

    if (request && notify) {
        *previous = request->notify;
        request->notify = notify;
        return KERN_SUCCESS;
    }
    if (!notify) {
        *previous = dead_name_cancel(entry);
        return KERN_SUCCESS;
    }
    request = kmem_cache_alloc(&request_cache);
    if (!request)
        return KERN_RESOURCE_SHORTAGE;
    request->space = space;
    request->entry = entry;
    request->notify = notify;
    list_insert_tail(&entry->port->dead_name_requests, &request->link);
    entry->request = request;
    *previous = NULL;
    return KERN_SUCCESS;
}

struct port *dead_name_cancel(struct name_entry *entry)
{
    struct dead_name_request *request = entry->request;
    struct port *notify;

    if (!request)
        return NULL;
    notify = request->notify;
    entry->request = NULL;
    list_remove(&request->link);
    kmem_cache_free(&request_cache, request);
    return notify;
}

/* Each name gains the reference that its notification carries. */
void dead_name_fire(struct port *port)
{
    struct list_node *node;

    while ((node = list_first(&port->dead_name_requests)) != NULL) {
        struct dead_name_request *request = list_entry(node, struct dead_name_request, link);
        struct name_entry *entry = request->entry;
        struct space *space = request->space;
        struct port *notify = dead_name_cancel(entry);

        right_make_dead(space, entry);
        entry_add_reference(entry);
        notify_dead_name(notify, entry->name);
    }
}
