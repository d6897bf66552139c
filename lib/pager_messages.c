/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's messages, one handler each. A message with a control port that is no kernel's of the object, or
 * with offsets that make no sense, is forged: refused, and the library's loop destroys what it brought.
 */
#include "pager_messages.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <mig/nowait_mach.h>
#include <mig/seqnos_memory_object_server.h>
#include <stddef.h>

#include "pager_lock.h"
#include "pager_pages.h"
#include "pager_requests.h"

/* The handlers have the interface's parameters, wanted or not. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* A genuine notification comes by a send-once right, and nobody else is ever given one (H-48). */
static boolean_t is_no_senders(const mach_msg_header_t *request)
{
    return request->msgh_id == MACH_NOTIFY_NO_SENDERS &&
           request->msgh_size == sizeof(mach_no_senders_notification_t) &&
           MACH_MSGH_BITS_LOCAL(request->msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE;
}

static void no_senders(struct pager_object *object, const mach_msg_header_t *request)
{
    const mach_no_senders_notification_t *notice = (const mach_no_senders_notification_t *)request;

    if (!pager_object_end(object, notice->not_count)) {
        pager_message_done(object, request->msgh_seqno);
    }
}

boolean_t pager_demux(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    struct pager_object *object = pager_turn_begin(request->msgh_local_port, request->msgh_seqno);

    if (object == NULL) {
        return FALSE;
    }
    if (is_no_senders(request)) {
        no_senders(object, request);
        mig_reply_setup(request, reply);
        ((mig_reply_header_t *)reply)->RetCode = MIG_NO_REPLY;
        return TRUE;
    }
    boolean_t known = seqnos_memory_object_server(request, reply);
    pager_message_done(object, request->msgh_seqno);
    return known;
}

void pager_message_lost(const mach_msg_header_t *header)
{
    struct pager_object *object = pager_turn_begin(header->msgh_local_port, header->msgh_seqno);

    if (object != NULL) {
        pager_message_done(object, header->msgh_seqno);
    }
}

/* --- associations --- */

static kern_return_t say_ready(const struct pager_operations *operations, mach_port_t control)
{
    memory_object_attr_info_data_t attributes = {
        .copy_strategy = operations->copy_strategy,
        .cluster_size = operations->cluster_size,
        .may_cache = operations->may_cache,
    };

    return UNLOCKED(nowait_memory_object_change_attributes_flavor_poly(
        control, MEMORY_OBJECT_ATTRIBUTE_INFO, (memory_object_info_t)&attributes,
        MEMORY_OBJECT_ATTR_INFO_COUNT, MACH_PORT_NULL, MACH_MSG_TYPE_MAKE_SEND));
}

/* A place for a kernel; NULL if there is none, or none besides the first where a page may be in one alone. */
static struct pager_kernel *free_place(struct pager_object *object)
{
    unsigned places = object->operations->forget != NULL ? 1 : PAGER_KERNELS;

    for (unsigned i = 0; i < places; i++) {
        if (object->kernels[i].control == MACH_PORT_NULL) {
            return &object->kernels[i];
        }
    }
    return NULL;
}

/* Who is refused is told, since it waits for an answer; its clients get errors. */
kern_return_t seqnos_memory_object_init(mach_port_t port, mach_port_seqno_t seqno,
                                        mach_port_t control, mach_port_t name, vm_size_t page_size)
{
    struct pager_object *object = pager_object_enter(port);
    struct pager_kernel *place = free_place(object);
    boolean_t sensible = MACH_PORT_VALID(control) && MACH_PORT_VALID(name) &&
                         pager_object_kernel(object, control) == NULL;

    if (sensible && place != NULL && page_size == PAGE_SIZE) {
        *place = (struct pager_kernel){ control, name, 1 };
        pager_unlock();
        say_ready(object->operations, control);
        return KERN_SUCCESS;
    }
    pager_unlock();
    if (sensible) {
        UNLOCKED(nowait_memory_object_destroy(control, KERN_RESOURCE_SHORTAGE));
    }
    return KERN_INVALID_ARGUMENT;
}

/*
 * The control port is ours now. It goes before transfers are waited for: what they still send to it fails then,
 * and fills no queue that nobody receives from (H-06).
 */
kern_return_t seqnos_memory_object_terminate(mach_port_t port, mach_port_seqno_t seqno,
                                             mach_port_t control, mach_port_t name)
{
    struct pager_object *object = pager_object_enter(port);
    struct pager_kernel *kernel = pager_object_kernel(object, control);

    if (kernel == NULL || kernel->name != name) {
        pager_unlock();
        return KERN_INVALID_ARGUMENT;
    }
    pager_unlock();
    UNLOCKED(mach_port_mod_refs(mach_task_self(), control, MACH_PORT_RIGHT_RECEIVE, -1));
    pager_lock();
    pager_wait_quiet(object);
    *kernel = (struct pager_kernel){ .control = MACH_PORT_NULL };
    pager_drop_supplies(object, control);
    if (object->operations->forget != NULL) {
        pager_pages_lose(object);
    }
    pager_unlock();
    UNLOCKED(mach_port_destroy(mach_task_self(), control)); /* a dead name is left */
    UNLOCKED(mach_port_destroy(mach_task_self(), name));
    return KERN_SUCCESS;
}

/* --- pages --- */

/*
 * Finds the object of a message about pages; NULL if it is forged. Conditions: lock not held; held on return
 * unless NULL. The message's reference to the control port is counted.
 */
static struct pager_object *enter_with_range(mach_port_t port, mach_port_t control,
                                             vm_offset_t offset, vm_size_t length)
{
    struct pager_object *object = pager_object_enter(port);
    struct pager_kernel *kernel = pager_object_kernel(object, control);
    vm_offset_t end;

    if (kernel == NULL || !page_aligned(offset) || !page_aligned(length) ||
        __builtin_add_overflow(offset, length, &end)) {
        pager_unlock();
        return NULL;
    }
    kernel->references++;
    return object;
}

kern_return_t seqnos_memory_object_data_request(mach_port_t port, mach_port_seqno_t seqno,
                                                mach_port_t control, vm_offset_t offset,
                                                vm_size_t length, vm_prot_t access)
{
    struct pager_object *object = enter_with_range(port, control, offset, length);

    if (object == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    pager_answer(object, control, atop(offset), atop(length), FALSE);
    return KERN_SUCCESS;
}

kern_return_t seqnos_memory_object_supply_completed(mach_port_t port, mach_port_seqno_t seqno,
                                                    mach_port_t control, vm_offset_t offset,
                                                    vm_size_t length, kern_return_t result,
                                                    vm_offset_t error_offset)
{
    struct pager_object *object = enter_with_range(port, control, offset, length);

    if (object != NULL && !pager_supply_over(object, control, atop(offset), atop(length))) {
        pager_unlock();
    }
    return object != NULL ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

kern_return_t seqnos_memory_object_data_return(mach_port_t port, mach_port_seqno_t seqno,
                                               mach_port_t control, vm_offset_t offset,
                                               vm_offset_t data, mach_msg_type_number_t size,
                                               boolean_t dirty, boolean_t kernel_copy)
{
    struct pager_object *object = enter_with_range(port, control, offset, size);

    if (object == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    pager_take(object, atop(offset), atop(size), (const char *)data, dirty, kernel_copy);
    UNLOCKED(vm_deallocate(mach_task_self(), data, size));
    return KERN_SUCCESS;
}

/* Access is never withheld here, but a user may have done so: it is granted. */
kern_return_t seqnos_memory_object_data_unlock(mach_port_t port, mach_port_seqno_t seqno,
                                               mach_port_t control, vm_offset_t offset,
                                               vm_size_t length, vm_prot_t access)
{
    struct pager_object *object = enter_with_range(port, control, offset, length);

    if (object == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    object->transfers++; /* so the right stays */
    pager_unlock();
    UNLOCKED(nowait_memory_object_lock_request_poly(control, offset, length,
                                                    MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE,
                                                    MACH_PORT_NULL, MACH_MSG_TYPE_MAKE_SEND));
    pager_lock();
    pager_transfer_done(object);
    pager_unlock();
    return KERN_SUCCESS;
}

/* What was returned before must be written: that is all that is asked for. The turn is kept meanwhile. */
kern_return_t seqnos_memory_object_synchronize(mach_port_t port, mach_port_seqno_t seqno,
                                               mach_port_t control, vm_offset_t offset,
                                               vm_size_t length, vm_sync_t flags)
{
    struct pager_object *object = enter_with_range(port, control, offset, length);

    if (object == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    pager_wait_quiet(object);
    pager_unlock();
    UNLOCKED(nowait_memory_object_synchronize_completed(control, offset, length));
    return KERN_SUCCESS;
}

/* The library asks for no copies, locks nothing, and wants no answer to its attributes. */

kern_return_t seqnos_memory_object_copy(mach_port_t port, mach_port_seqno_t seqno,
                                        mach_port_t control, vm_offset_t offset, vm_size_t length,
                                        mach_port_t new_object)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_data_write(mach_port_t port, mach_port_seqno_t seqno,
                                              mach_port_t control, vm_offset_t offset,
                                              vm_offset_t data, mach_msg_type_number_t size)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_lock_completed(mach_port_t port, mach_port_seqno_t seqno,
                                                  mach_port_t control, vm_offset_t offset,
                                                  vm_size_t length)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_change_completed(mach_port_t port, mach_port_seqno_t seqno,
                                                    boolean_t may_cache,
                                                    memory_object_copy_strategy_t strategy)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_change_completed_flavor(mach_port_t port,
                                                           mach_port_seqno_t seqno,
                                                           mach_port_t control,
                                                           memory_object_flavor_t flavor)
{
    return KERN_FAILURE;
}
