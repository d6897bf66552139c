/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's messages to memory managers, through MIG's stubs (memory_object.defs,
 * memory_object_default.defs).
 *
 * Ports are read from the object and captured by the send in one step, with the kernel lock held and
 * without a sleep between (H-07, H-28). The thread that sends draws on the reserve while it does: a
 * message that carries the only copy of a page must not fail for want of a buffer (R4).
 */
#include "mm/manager.h"

#include <mig/memory_object.h>
#include <mig/memory_object_default.h>

#include "ipc/message.h"
#include "ipc/port.h"
#include "kernel/panic.h"
#include "kernel/printf.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "mm/default_manager.h"
#include "mm/page.h"
#include "mm/page_trace.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_pages.h"
#include "mm/vm_object.h"

#define RETURN_MESSAGE_BYTES 112u
#define OWED_MAX_SHARE 8u   /* of memory: what page-out lets one manager have at a time */
#define LATE_MESSAGES_MAX (VM_OBJECT_ABSENT_MAX + PORT_QUEUE_LIMIT_MAX)

/* Lets the current thread use the reserve; returns what to give to reserve_close. */
static bool reserve_open(void)
{
    struct thread *self = thread_current();
    bool before = self->vm_privileged;

    self->vm_privileged = true;
    return before;
}

static void reserve_close(bool before)
{
    thread_current()->vm_privileged = before;
}

static bool can_be_told(const struct vm_object *object)
{
    return PORT_VALID(object->pager) && object->pager->active;
}

static kern_return_t sent(mach_msg_return_t result)
{
    if (result == MACH_MSG_SUCCESS)
        return KERN_SUCCESS;
    return result == MACH_SEND_INVALID_DEST ? KERN_MEMORY_FAILURE : KERN_RESOURCE_SHORTAGE;
}

bool manager_is_trusted(const struct vm_object *object)
{
    struct port *default_manager = default_manager_port();
    struct task *task;

    if (object->internal)
        return true;
    if (!default_manager || !PORT_VALID(object->pager))
        return false;
    if (object->pager->receiver && default_manager->receiver &&
        object->pager->receiver != default_manager->receiver)
        return false; /* which is what most managers are */
    task = port_receiver_task(default_manager);
    return task && port_receiver_task(object->pager) == task;
}

bool manager_owes_too_much(const struct vm_object *object)
{
    struct task *task = PORT_VALID(object->pager) ? port_receiver_task(object->pager) : NULL;

    return task && task->pages_owed >= page_counts.total / OWED_MAX_SHARE;
}

void manager_describe(const void *argument, char *buffer, size_t bytes)
{
    const struct vm_object *object = argument;
    struct task *task = NULL;

    if (object && PORT_VALID(object->pager))
        task = port_receiver_task(object->pager);
    snprintf(buffer, bytes, "manager %s", task ? task->name : "(gone)");
}

/* --- association --- */

void manager_init_object(struct vm_object *object)
{
    bool before = reserve_open();

    memory_object_init(object->pager, object->control, object->name, PAGE_BYTES);
    reserve_close(before);
}

void manager_forget_ports(struct vm_object *object)
{
    if (object->control)
        port_destroy_kernel(object->control);
    if (object->name)
        port_destroy_kernel(object->name);
    object->control = object->name = NULL;
}

/*
 * Gives an object without a manager to the default pager: its memory object port is made here and its
 * receive right moved into the message. Draws on the reserve; false with nothing changed when
 * even that is empty, or the default pager is dead. A message that is not sent takes the port with
 * it: only afterwards is the port the object's, which must not end with it.
 */
bool manager_create_object(struct vm_object *object, struct port *default_manager)
{
    bool before = reserve_open();
    struct port *port = port_create_for_transfer();
    struct port *pager = NULL;

    assert(!object->pager && !object->control && !object->name);
    object->control = port_create_kernel(KOBJECT_MEMORY_CONTROL, object);
    object->name = port_create_kernel(KOBJECT_MEMORY_NAME, object);
    if (port && object->control && object->name) {
        pager = port_make_send(port);
        if (memory_object_create(port_copy_send(default_manager), port, object->size,
                                 object->control, object->name, PAGE_BYTES) == MACH_MSG_SUCCESS &&
            pager->active) {
            pager->memory_object = object;
            object->pager = pager;
        }
    } else if (port) {
        port_release_receive(port);
    }
    if (!object->pager) {
        if (pager)
            port_release_send(pager);
        manager_forget_ports(object);
    }
    reserve_close(before);
    return object->pager != NULL;
}

struct port *manager_copy_object(struct vm_object *object, vm_offset_t offset, vm_size_t length)
{
    struct port *port = can_be_told(object) ? port_create_for_transfer() : NULL;
    struct port *pager;

    if (!port)
        return NULL;
    pager = port_make_send(port);
    if (memory_object_copy(object->pager, object->control, offset + object->paging_offset, length,
                           port) == MACH_MSG_SUCCESS && pager->active)
        return pager;
    port_release_send(pager); /* a message that is not sent takes the port with it */
    return NULL;
}

unsigned manager_backlog(const struct vm_object *object)
{
    return object->pager->message_count;
}

/*
 * The last message of an association: the kernel keeps no right of it. The control port takes all the answers
 * that the manager may still have owed, so that its only thread is not caught by its own (H-06).
 */
void manager_terminate(struct vm_object *object)
{
    struct port *pager = object->pager, *control = object->control, *name = object->name;
    bool before = reserve_open();

    object->pager = object->control = object->name = NULL;
    pager->memory_object = NULL;
    port_detach_kernel(control);
    port_detach_kernel(name);
    control->queue_limit = LATE_MESSAGES_MAX;
    memory_object_terminate(pager, control, name);
    reserve_close(before);
}

/* --- requests --- */

kern_return_t manager_data_request(struct vm_object *object, vm_offset_t offset, vm_size_t length,
                                   vm_prot_t access)
{
    if (!can_be_told(object))
        return KERN_MEMORY_FAILURE;
    page_trace(PORTHOLE_TRACE_REQUEST, (uint64_t)access, object, offset, length / PAGE_BYTES);
    return sent(memory_object_data_request(object->pager, object->control,
                                           offset + object->paging_offset, length, access));
}

kern_return_t manager_data_unlock(struct vm_object *object, vm_offset_t offset, vm_size_t length,
                                  vm_prot_t access)
{
    if (!can_be_told(object))
        return KERN_MEMORY_FAILURE;
    page_trace(PORTHOLE_TRACE_UNLOCK, (uint64_t)access, object, offset, length / PAGE_BYTES);
    return sent(memory_object_data_unlock(object->pager, object->control,
                                          offset + object->paging_offset, length, access));
}

kern_return_t manager_synchronize(struct vm_object *object, vm_offset_t offset, vm_size_t length,
                                  int flags)
{
    if (!can_be_told(object))
        return KERN_MEMORY_FAILURE;
    return sent(memory_object_synchronize(object->pager, object->control,
                                          offset + object->paging_offset, length, flags));
}

/* --- returned data --- */

/* A message buffer is there to be had at once. */
static bool message_memory_ready(void)
{
    struct message *message = message_alloc(RETURN_MESSAGE_BYTES);

    if (message)
        message_free(message);
    return message != NULL;
}

/*
 * A page leaves its object for a message. To the default pager it stays wired, and counted until its
 * frame is free (R1); to others it is dirty anonymous memory, which page-out may swap (R2, R6).
 */
static void page_depart(struct page *page, bool trusted)
{
    assert(page->object == NULL && !page->fictitious && page->wire_count == 0);
    page_unqueue(page);
    page->precious = page->needs_push = false;
    page->lock = VM_PROT_NONE;
    page->unlock_request = VM_PROT_NONE;
    page->busy = false;
    page->absent = false;
    page->supply_pending = 0;
    page->dirty = true;
    if (trusted) {
        page->laundry = true;
        page_counts.laundry++;
        page_wire(page);
    } else {
        page->external_laundry = true;
        page_counts.external_laundry++;
    }
}

/* Undoes page_depart but for the flags that say what the page was: the caller knows them. */
static void page_stay(struct page *page, bool trusted)
{
    if (trusted) {
        page->laundry = false;
        page_counts.laundry--;
        page_unwire(page);
    } else {
        page->external_laundry = false;
        page_counts.external_laundry--;
    }
}

static void leave_external_laundry(struct page *page)
{
    if (page->external_laundry) {
        page->external_laundry = false;
        page_counts.external_laundry--;
    }
}

/* Pages -> the out-of-line form of a message, or NULL with the pages as they were. */
static struct vm_copy *departing_copy(struct page **pages, unsigned count, bool trusted)
{
    struct vm_copy *copy;

    for (unsigned i = 0; i < count; i++) {
        leave_external_laundry(pages[i]); /* a transport page on its way to the default pager */
        page_depart(pages[i], trusted);
    }
    copy = message_memory_ready() ? vm_copy_from_pages(pages, count, true) : NULL;
    for (unsigned i = 0; !copy && i < count; i++)
        page_stay(pages[i], trusted);
    return copy;
}

/* Counts the pages as the manager's until the object that brings them ends. */
static void charge(const struct vm_object *object, struct page *page, unsigned count)
{
    struct task *task = port_receiver_task(object->pager);

    if (!task)
        return;
    task_reference(task);
    task->pages_owed += count;
    page->object->owed_by = task;
}

/*
 * Returns contiguous pages of one kind to the object's manager.
 * Conditions: the pages are in no object and unmapped, count > 0. On success the message owns them; on
 * failure the caller does, their flags but `wire_count` undefined: it keeps what it must know.
 * KERN_MEMORY_FAILURE: the manager is dead; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t manager_data_return(struct vm_object *object, vm_offset_t offset, struct page **pages,
                                  unsigned count, bool dirty, bool kernel_copy)
{
    vm_size_t bytes = count * PAGE_BYTES;
    bool before = reserve_open();
    mach_msg_return_t result = MACH_SEND_NO_BUFFER;
    struct vm_copy *copy = NULL;

    if (!can_be_told(object))
        result = MACH_SEND_INVALID_DEST;
    else
        copy = departing_copy(pages, count, manager_is_trusted(object));
    if (copy) {
        if (!manager_is_trusted(object))
            charge(object, pages[0], count);
        page_counts.pageouts += count;
        page_trace(PORTHOLE_TRACE_RETURN, dirty | kernel_copy << 1, object, offset, count);
        offset += object->paging_offset;
        if (object->use_old_pageout)
            result = memory_object_data_write(object->pager, object->control, offset,
                                              (vm_offset_t)copy, bytes);
        else
            result = memory_object_data_return(object->pager, object->control, offset,
                                               (vm_offset_t)copy, bytes, dirty, kernel_copy);
    }
    reserve_close(before);
    return sent(result);
}

/* As a return of one page, but ignored where the default pager has data already. */
kern_return_t manager_data_initialize(struct vm_object *object, vm_offset_t offset,
                                      struct page *page)
{
    bool before = reserve_open();
    mach_msg_return_t result = MACH_SEND_NO_BUFFER;
    struct vm_copy *copy = NULL;

    if (!can_be_told(object))
        result = MACH_SEND_INVALID_DEST;
    else
        copy = departing_copy(&page, 1, true);
    if (copy)
        page_trace(PORTHOLE_TRACE_INITIALIZE, 0, object, offset, 1);
    if (copy)
        result = memory_object_data_initialize(object->pager, object->control,
                                               offset + object->paging_offset, (vm_offset_t)copy,
                                               PAGE_BYTES);
    reserve_close(before);
    return sent(result);
}

/* --- completions: the control port is named as long as there is one --- */

void manager_supply_completed(struct reply_right reply, struct vm_object *object,
                              vm_offset_t offset, vm_size_t accepted, kern_return_t result,
                              vm_offset_t error_offset)
{
    bool before;

    if (!PORT_VALID(reply.port))
        return;
    page_trace(PORTHOLE_TRACE_COMPLETED, (uint32_t)result, object, offset - object->paging_offset,
               accepted / PAGE_BYTES);
    before = reserve_open();
    memory_object_supply_completed(reply.port, reply.type, object->control, offset, accepted,
                                   result, error_offset);
    reserve_close(before);
}

void manager_lock_completed(struct reply_right reply, struct vm_object *object, vm_offset_t offset,
                            vm_size_t size)
{
    bool before;

    if (!PORT_VALID(reply.port))
        return;
    page_trace(PORTHOLE_TRACE_LOCKED, 0, object, offset - object->paging_offset, size / PAGE_BYTES);
    before = reserve_open();
    memory_object_lock_completed(reply.port, reply.type, object->control, offset, size);
    reserve_close(before);
}

void manager_change_completed(struct reply_right reply, bool may_cache, int copy_strategy)
{
    bool before;

    if (!PORT_VALID(reply.port))
        return;
    before = reserve_open();
    memory_object_change_completed(reply.port, reply.type, may_cache, copy_strategy);
    reserve_close(before);
}

void manager_change_completed_flavor(struct reply_right reply, struct vm_object *object, int flavor)
{
    bool before;

    if (!PORT_VALID(reply.port))
        return;
    before = reserve_open();
    memory_object_change_completed_flavor(reply.port, reply.type, object->control, flavor);
    reserve_close(before);
}
