/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Associations: how they begin, and the translations of their ports.
 */
#include "mm/association.h"

#include <mach/mach_types.h>

#include "ipc/port.h"
#include "kernel/clock.h"
#include "kernel/mig/mig_types.h"
#include "kernel/panic.h"
#include "kernel/printf.h"
#include "kernel/task.h"
#include "mm/default_manager.h"
#include "mm/manager.h"
#include "mm/object_lifetime.h"
#include "mm/vm_object.h"

static const struct wait_reason waits_for_ready = {"memory object to become ready",
                                                   manager_describe};

static void describe_port(const void *argument, char *buffer, size_t bytes)
{
    struct task *task = port_receiver_task(argument);

    snprintf(buffer, bytes, "manager %s", task ? task->name : "(gone)");
}

static const struct wait_reason waits_for_termination = {"memory object's earlier use to end",
                                                         describe_port};

/* --- readiness --- */

kern_return_t association_wait_ready(struct vm_object *object, enum wait_mode mode)
{
    while (object->association == ASSOCIATION_WAIT_READY)
        if (wait_queue_sleep(&object->ready_waiters, &waits_for_ready, object, mode,
                             DEADLINE_NEVER) == WAIT_INTERRUPTED)
            return KERN_ABORTED;
    return object->association == ASSOCIATION_READY ? KERN_SUCCESS : KERN_INVALID_OBJECT;
}

void association_set_ready(struct vm_object *object)
{
    if (object->association != ASSOCIATION_WAIT_READY)
        return;
    object->association = ASSOCIATION_READY;
    wait_queue_wake_all(&object->ready_waiters, WAIT_AWAKENED);
}

/* --- beginning --- */

/* The manager's own thread must not wait for the manager's answer (H-44). */
static bool served_by_current_task(const struct port *memory_object)
{
    return port_receiver_task(memory_object) == task_current();
}

struct vm_object *association_object(vm_size_t size)
{
    struct vm_object *object = vm_object_create(size);

    if (!object)
        return NULL;
    object->internal = false;
    object->temporary = false;
    object->copy_strategy = MEMORY_OBJECT_COPY_NONE;
    object->control = port_create_kernel(KOBJECT_MEMORY_CONTROL, object);
    object->name = port_create_kernel(KOBJECT_MEMORY_NAME, object);
    if (!object->control || !object->name) {
        manager_forget_ports(object);
        vm_object_release(object);
        return NULL;
    }
    return object;
}

void association_begin(struct vm_object *object, struct port *memory_object)
{
    object->pager = memory_object;
    object->association = ASSOCIATION_WAIT_READY;
    memory_object->memory_object = object;
}

/* A new external object of the port, init queued; one reference. NULL when memory is short. */
static struct vm_object *begin(struct port *memory_object, vm_size_t size)
{
    struct vm_object *object = association_object(size);

    if (object) {
        association_begin(object, port_copy_send(memory_object));
        manager_init_object(object);
    }
    return object;
}

/* The live association of the port with a new reference; NULL: there is none. Sleeps while one ends. */
static kern_return_t existing(struct port *memory_object, struct vm_object **result)
{
    for (;;) {
        struct vm_object *object = memory_object->memory_object;

        *result = NULL;
        if (!memory_object->active)
            return KERN_INVALID_OBJECT;
        if (!object)
            return KERN_SUCCESS;
        if (object->alive && object->association != ASSOCIATION_TERMINATING) {
            vm_object_revive(object);
            *result = object;
            return KERN_SUCCESS;
        }
        if (event_sleep(memory_object, &waits_for_termination, memory_object, WAIT_INTERRUPTIBLE,
                        DEADLINE_NEVER) == WAIT_INTERRUPTED)
            return KERN_ABORTED;
    }
}

kern_return_t association_enter(struct port *memory_object, vm_size_t size, bool wait,
                                struct vm_object **result)
{
    struct vm_object *object;
    kern_return_t code;

    if (!PORT_VALID(memory_object))
        return KERN_INVALID_OBJECT;
    if (memory_object->kobject_type != KOBJECT_NONE)
        return KERN_INVALID_ARGUMENT;
    page_counts.lookups++;
    code = existing(memory_object, &object);
    if (object)
        page_counts.hits++;
    if (code != KERN_SUCCESS)
        return code;
    if (!object)
        object = begin(memory_object, size);
    if (!object)
        return KERN_RESOURCE_SHORTAGE;
    if (size > object->size)
        object->size = size;
    if (wait && object->association == ASSOCIATION_WAIT_READY &&
        !served_by_current_task(memory_object)) {
        code = association_wait_ready(object, WAIT_INTERRUPTIBLE);
        if (code != KERN_SUCCESS) {
            vm_object_release(object);
            return code;
        }
    }
    *result = object;
    return KERN_SUCCESS;
}

/* No other copy is left of what a dead manager's object holds. */
static void keep_all_pages(struct vm_object *object)
{
    vm_offset_t at = 0;
    struct page *page;

    while ((page = vm_object_walk(object, &at, ~(vm_offset_t)0)) != NULL)
        page->dirty = page->dirty || !page->absent;
}

bool association_create_internal(struct vm_object *object)
{
    struct port *manager = default_manager_port();

    assert(!object->pager && (object->internal || object->association == ASSOCIATION_DETACHED));
    if (!manager || !manager_create_object(object, manager))
        return false;
    object->adopted = !object->internal;
    if (object->adopted)
        keep_all_pages(object);
    object->association = ASSOCIATION_READY;
    object->paging_offset = 0;
    object->cluster_pages = default_manager_cluster_pages();
    return true;
}

/* --- translations for the kernel's MIG servers --- */

/* A live control port -> its object with a new reference, else NULL. */
vm_object_t convert_port_to_memory_control(mach_port_t port)
{
    struct vm_object *object = port_kobject((struct port *)port, KOBJECT_MEMORY_CONTROL);

    if (!object || !object->alive)
        return NULL;
    if (object->association != ASSOCIATION_READY && object->association != ASSOCIATION_WAIT_READY)
        return NULL;
    vm_object_revive(object);
    return object;
}

vm_object_t convert_port_to_memory_name(mach_port_t port)
{
    struct vm_object *object = port_kobject((struct port *)port, KOBJECT_MEMORY_NAME);

    if (!object || !object->alive)
        return NULL;
    vm_object_revive(object);
    return object;
}
