/* SPDX-License-Identifier: BSD-2-Clause */
/* The pager's rights and memory, counted; and the library's lock, made of the host's. */
#define _GNU_SOURCE
#include "fake_ports.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mach.h>

#include "fake_kernel.h"
#include "lib/pager_lock.h"

#define PORTS 0x10000u /* names are used again much later */

mach_port_t mach_task_self_ = 1;
unsigned fake_shortages_per_mille;

static int references[PORTS];
static mach_port_t next_port;
static long regions, rights;
static bool senders_left;
static pthread_mutex_t port_lock = PTHREAD_MUTEX_INITIALIZER;

mach_port_t fake_port_make(void)
{
    return 0x100 + __atomic_fetch_add(&next_port, 1, __ATOMIC_RELAXED) % (PORTS - 0x100);
}

void fake_reference(mach_port_t port, int count)
{
    pthread_mutex_lock(&port_lock);
    references[port % PORTS] += count;
    rights += count;
    fake_check(references[port % PORTS] >= 0, "references are given back once");
    if (port == fake_kernel.control) {
        fake_kernel.references = (unsigned)references[port % PORTS];
        if (fake_kernel.references > fake_kernel.references_max)
            fake_kernel.references_max = fake_kernel.references;
    }
    pthread_mutex_unlock(&port_lock);
}

long fake_rights(void)
{
    return __atomic_load_n(&rights, __ATOMIC_SEQ_CST);
}

void fake_senders_left(bool left)
{
    __atomic_store_n(&senders_left, left, __ATOMIC_SEQ_CST);
}

kern_return_t mach_port_allocate(mach_port_t task, mach_port_right_t right, mach_port_t *name)
{
    (void)task, (void)right;
    *name = fake_port_make();
    return KERN_SUCCESS;
}

kern_return_t mach_port_mod_refs(
    mach_port_t task, mach_port_t name, mach_port_right_t right, mach_port_delta_t delta)
{
    (void)task;
    if (right == MACH_PORT_RIGHT_RECEIVE) {
        if (name == fake_kernel.control)
            __atomic_store_n(&fake_kernel.control_gone, true, __ATOMIC_SEQ_CST);
        return KERN_SUCCESS;
    }
    fake_reference(name, delta);
    return KERN_SUCCESS;
}

kern_return_t mach_port_deallocate(mach_port_t task, mach_port_t name)
{
    return mach_port_mod_refs(task, name, MACH_PORT_RIGHT_SEND, -1);
}

kern_return_t mach_port_destroy(mach_port_t task, mach_port_t name)
{
    (void)task;
    fake_reference(name, -references[name % PORTS]);
    return KERN_SUCCESS;
}

kern_return_t mach_port_move_member(mach_port_t task, mach_port_t member, mach_port_t after)
{
    (void)task, (void)member, (void)after;
    return KERN_SUCCESS;
}

kern_return_t mach_port_request_notification(mach_port_t task, mach_port_t name, mach_msg_id_t id,
    mach_port_mscount_t sync, mach_port_t notify, mach_msg_type_name_t type, mach_port_t *previous)
{
    (void)task, (void)name, (void)id, (void)sync, (void)notify, (void)type;
    *previous = MACH_PORT_NULL;
    return KERN_SUCCESS;
}

kern_return_t mach_port_get_receive_status(
    mach_port_t task, mach_port_t name, mach_port_status_t *status)
{
    (void)task, (void)name;
    *status = (mach_port_status_t){.mps_mscount = 1, .mps_srights = senders_left};
    return KERN_SUCCESS;
}

/* ---- memory ---- */

vm_address_t fake_region_make(unsigned pages)
{
    __atomic_fetch_add(&regions, (long)pages, __ATOMIC_RELAXED);
    return (vm_address_t)aligned_alloc(PAGE_SIZE, pages * (size_t)PAGE_SIZE);
}

static bool is_short(void)
{
    return (unsigned)rand() % 1000 < fake_shortages_per_mille;
}

/* The linker puts it before the host's (--wrap): of all here, only the library calls malloc. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return is_short() ? NULL : __real_malloc(size);
}

kern_return_t vm_allocate(mach_port_t task, vm_address_t *address, vm_size_t size, boolean_t anywhere)
{
    (void)task, (void)anywhere;
    if (is_short())
        return KERN_RESOURCE_SHORTAGE;
    *address = fake_region_make((unsigned)(size / PAGE_SIZE));
    memset((void *)*address, 0, size);
    return KERN_SUCCESS;
}

kern_return_t vm_deallocate(mach_port_t task, vm_address_t address, vm_size_t size)
{
    (void)task;
    __atomic_fetch_sub(&regions, (long)(size / PAGE_SIZE), __ATOMIC_RELAXED);
    free((void *)address);
    return KERN_SUCCESS;
}

long fake_regions(void)
{
    return __atomic_load_n(&regions, __ATOMIC_SEQ_CST);
}

/* ---- calls that need no model ---- */

kern_return_t nowait_memory_object_change_attributes_flavor_poly(mach_port_t control,
    memory_object_flavor_t flavor, memory_object_info_t attributes, mach_msg_type_number_t count,
    mach_port_t reply, mach_msg_type_name_t reply_type)
{
    (void)control, (void)attributes, (void)reply, (void)reply_type;
    fake_check(flavor == MEMORY_OBJECT_ATTRIBUTE_INFO && count == MEMORY_OBJECT_ATTR_INFO_COUNT,
        "the answer to init is of the right size");
    return KERN_SUCCESS;
}

kern_return_t nowait_memory_object_destroy(mach_port_t control, kern_return_t reason)
{
    (void)reason;
    fake_check(control != fake_kernel.control, "the kernel is not refused");
    return KERN_SUCCESS;
}

kern_return_t nowait_memory_object_lock_request_poly(mach_port_t control, vm_offset_t offset,
    vm_size_t size, memory_object_return_t should_return, boolean_t should_flush,
    vm_prot_t lock_value, mach_port_t reply, mach_msg_type_name_t reply_type)
{
    (void)control, (void)offset, (void)size, (void)should_return, (void)should_flush;
    (void)lock_value, (void)reply, (void)reply_type;
    return KERN_SUCCESS;
}

kern_return_t nowait_memory_object_synchronize_completed(
    mach_port_t control, vm_offset_t offset, vm_size_t length)
{
    (void)control, (void)offset, (void)length;
    return KERN_SUCCESS;
}

void mig_reply_setup(const mach_msg_header_t *request, mach_msg_header_t *reply)
{
    *reply = (mach_msg_header_t){.msgh_size = sizeof(mig_reply_header_t), .msgh_id = request->msgh_id + 100};
    ((mig_reply_header_t *)reply)->RetCode = MIG_BAD_ID;
}

/* ---- the lock ---- */

static pthread_mutex_t pager_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t pager_woken = PTHREAD_COND_INITIALIZER;
static __thread boolean_t locked;

void pager_lock(void)
{
    pthread_mutex_lock(&pager_mutex);
    locked = TRUE;
}

void pager_unlock(void)
{
    locked = FALSE;
    pthread_mutex_unlock(&pager_mutex);
}

boolean_t pager_locked(void)
{
    return locked;
}

void pager_assert_unlocked(void)
{
    fake_check(!locked, "no lock is held over a call");
}

void pager_wait(struct condition *condition)
{
    (void)condition;
    pthread_cond_wait(&pager_woken, &pager_mutex);
}

void pager_pause(void)
{
    pager_unlock();
    usleep(1000);
    pager_lock();
}

void pager_wake(struct condition *condition)
{
    (void)condition;
    pthread_cond_broadcast(&pager_woken);
}
