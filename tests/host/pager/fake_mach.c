/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "fake_mach.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mach.h>
#include <mach/notify.h>
#include <mig/seqnos_memory_object_default_server.h>
#include <mig/seqnos_memory_object_server.h>

#include "fake_disk.h"
#include "servers/default_pager/lifecycle.h"

enum message_kind { CREATE, REQUEST, RETURN, INITIALIZE, COMPLETED, TERMINATE, NO_SENDERS, JUNK };

struct fake_message {
    struct fake_message *next;
    enum message_kind kind;
    vm_offset_t offset;
    vm_size_t length; /* or accepted bytes */
    vm_address_t data;
    bool dirty;
    kern_return_t result;
};

struct fake_faults fake_faults;
struct fake_object fake_objects[FAKE_OBJECTS];
unsigned fake_failures;

static pthread_mutex_t kernel = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t threads[16];
static unsigned thread_count, active;
static bool stopping;
static mach_port_t next_port = 0x100;
static uint64_t next_tag = 1;

void fake_check(bool good, const char *what)
{
    if (good)
        return;
    if (__atomic_fetch_add(&fake_failures, 1, __ATOMIC_RELAXED) < 20)
        fprintf(stderr, "# failed: %s\n", what);
}

static void post(struct fake_object *object, struct fake_message message)
{
    struct fake_message *copy = malloc(sizeof *copy);
    *copy = message;
    copy->next = NULL;
    if (object->first == NULL)
        object->first = copy;
    else
        object->last->next = copy;
    object->last = copy;
    if (message.kind != NO_SENDERS && message.kind != JUNK)
        object->control_refs++;
    pthread_cond_broadcast(&changed);
}

static vm_address_t page_data(uint64_t tag)
{
    uint64_t *words = (uint64_t *)fake_region_make(1);
    for (unsigned i = 0; i < FAKE_PAGE_BYTES / 8; i++)
        words[i] = tag * 0x9e3779b97f4a7c15u + i;
    return (vm_address_t)words;
}

static bool page_matches(vm_address_t data, uint64_t tag)
{
    const uint64_t *words = (const uint64_t *)data;
    for (unsigned i = 0; i < FAKE_PAGE_BYTES / 8; i++)
        if (words[i] != tag * 0x9e3779b97f4a7c15u + i)
            return false;
    return true;
}

static vm_offset_t page_offset(const struct fake_object *object, unsigned page)
{
    return (object->base_page + page) * FAKE_PAGE_BYTES;
}

static struct fake_object *by_control(mach_port_t control)
{
    for (unsigned i = 0; i < FAKE_OBJECTS; i++)
        if (fake_objects[i].control == control && !fake_objects[i].control_receive_gone)
            return &fake_objects[i];
    return NULL;
}

/* ---- what the pager calls ---- */

static void return_page(struct fake_object *object, unsigned page, bool dirty)
{
    post(object, (struct fake_message){.kind = RETURN,
                     .offset = page_offset(object, page),
                     .length = FAKE_PAGE_BYTES,
                     .data = page_data(object->pages[page].tag),
                     .dirty = dirty});
}

static void accept_page(
    struct fake_object *object, unsigned page, vm_address_t data, bool precious, bool has_reply)
{
    struct fake_page *slot = &object->pages[page];
    fake_check(
        slot->lost || page_matches(data, slot->tag), "the kernel gets what was written last");
    slot->state = FAKE_RESIDENT;
    slot->precious = precious;
    slot->dirty = false;
    if (precious && has_reply && (unsigned)rand() % 1000 < fake_faults.early_return_per_mille) {
        bool dirty = rand() & 1;
        if (dirty)
            slot->tag = next_tag++;
        return_page(object, page, dirty);
        slot->state = FAKE_ABSENT;
    }
}

kern_return_t memory_object_data_supply(mach_port_t control, vm_offset_t offset, vm_offset_t data,
    mach_msg_type_number_t size, boolean_t deallocate, vm_prot_t lock_value, boolean_t precious,
    mach_port_t reply)
{
    (void)lock_value;
    pthread_mutex_lock(&kernel);
    struct fake_object *object = by_control(control);
    if (object == NULL) {
        pthread_mutex_unlock(&kernel);
        return MACH_SEND_INVALID_DEST;
    }
    fake_check(deallocate || !precious, "memory that the pager will forget is given away");
    fake_check(reply == MACH_PORT_NULL || reply == object->port, "the reply port is the object's");
    unsigned first = (unsigned)(offset / FAKE_PAGE_BYTES - object->base_page);
    unsigned count = size / FAKE_PAGE_BYTES, accepted = 0;
    if (object->terminated) { /* the control port is the pager's own by now: nobody listens */
        pthread_mutex_unlock(&kernel);
        if (deallocate)
            fake_region_free(data, size);
        return KERN_SUCCESS;
    }
    while (accepted < count && object->pages[first + accepted].state == FAKE_REQUESTED) {
        accept_page(object, first + accepted, data + accepted * (vm_offset_t)FAKE_PAGE_BYTES,
            precious, reply != MACH_PORT_NULL);
        accepted++;
    }
    for (unsigned i = accepted; precious && i < count; i++)
        return_page(object, first + i, false);
    if (reply != MACH_PORT_NULL)
        post(object, (struct fake_message){.kind = COMPLETED,
                         .offset = offset,
                         .length = accepted * (vm_size_t)FAKE_PAGE_BYTES,
                         .result = accepted == count ? KERN_SUCCESS : KERN_MEMORY_PRESENT});
    pthread_mutex_unlock(&kernel);
    if (deallocate)
        fake_region_free(data, size);
    return KERN_SUCCESS;
}

static kern_return_t answer(mach_port_t control, vm_offset_t offset, vm_size_t size, bool error)
{
    pthread_mutex_lock(&kernel);
    struct fake_object *object = by_control(control);
    for (vm_size_t i = 0; object != NULL && !object->terminated && i < size / FAKE_PAGE_BYTES;
         i++) {
        struct fake_page *page = &object->pages[offset / FAKE_PAGE_BYTES - object->base_page + i];
        if (page->state != FAKE_REQUESTED)
            continue;
        if (error) {
            fake_check(fake_faults.write_error_per_mille != 0, "no error without a bad disk");
            page->lost = true;
            page->state = FAKE_ABSENT;
        } else {
            fake_check(page->tag == 0 || page->lost, "only a page never written is unavailable");
            page->state = FAKE_RESIDENT;
            page->dirty = page->precious = false;
        }
    }
    pthread_mutex_unlock(&kernel);
    return object == NULL ? MACH_SEND_INVALID_DEST : KERN_SUCCESS;
}

kern_return_t memory_object_data_unavailable(
    mach_port_t control, vm_offset_t offset, vm_size_t size)
{
    return answer(control, offset, size, false);
}

kern_return_t memory_object_data_error(
    mach_port_t control, vm_offset_t offset, vm_size_t size, kern_return_t reason)
{
    (void)reason;
    return answer(control, offset, size, true);
}

kern_return_t memory_object_synchronize_completed(
    mach_port_t control, vm_offset_t offset, vm_size_t length)
{
    (void)control, (void)offset, (void)length;
    return KERN_SUCCESS;
}

kern_return_t mach_port_mod_refs(
    mach_port_t task, mach_port_t name, mach_port_right_t right, int delta)
{
    (void)task;
    pthread_mutex_lock(&kernel);
    for (unsigned i = 0; i < FAKE_OBJECTS; i++) {
        struct fake_object *object = &fake_objects[i];
        if (object->control == name && right == MACH_PORT_RIGHT_RECEIVE)
            object->control_receive_gone = true;
        if (object->control == name && right == MACH_PORT_RIGHT_SEND) {
            object->control_refs += delta;
            fake_check(object->control_receive_gone || object->control_refs >= 1,
                "a reference to the control port is left");
        }
    }
    pthread_mutex_unlock(&kernel);
    return KERN_SUCCESS;
}

kern_return_t mach_port_get_receive_status(
    mach_port_t task, mach_port_t name, mach_port_status_t *status)
{
    (void)task, (void)name;
    memset(status, 0, sizeof *status);
    return KERN_SUCCESS;
}

/* ---- receiving ---- */

static kern_return_t dispatch(
    struct fake_object *object, const struct fake_message *message, uint32_t seqno)
{
    mach_port_t port = object->port, control = object->control;
    switch (message->kind) {
    case CREATE:
        return seqnos_memory_object_create(
            lifecycle_ports.manager, 0, port, 0, control, object->name, FAKE_PAGE_BYTES);
    case REQUEST:
        return seqnos_memory_object_data_request(
            port, seqno, control, message->offset, message->length, VM_PROT_READ);
    case RETURN:
        return seqnos_memory_object_data_return(port, seqno, control, message->offset,
            message->data, (mach_msg_type_number_t)message->length, message->dirty, FALSE);
    case INITIALIZE:
        return seqnos_memory_object_data_initialize(port, seqno, control, message->offset,
            message->data, (mach_msg_type_number_t)message->length);
    case COMPLETED:
        return seqnos_memory_object_supply_completed(
            port, seqno, control, message->offset, message->length, message->result, 0);
    case TERMINATE:
        return seqnos_memory_object_terminate(port, seqno, control, object->name);
    case NO_SENDERS:
        lifecycle_no_senders(port, seqno, 0);
        return KERN_SUCCESS;
    case JUNK:
        lifecycle_skip(port, seqno);
        return KERN_SUCCESS;
    }
    return KERN_FAILURE;
}

/* An object with a message; NULL: none. Begins anywhere, so that all are served. */
static struct fake_object *ready_object(void)
{
    unsigned start = (unsigned)rand();
    for (unsigned i = 0; i < FAKE_OBJECTS; i++) {
        struct fake_object *object = &fake_objects[(start + i) % FAKE_OBJECTS];
        if (object->first != NULL)
            return object;
    }
    return NULL;
}

static void *receive_loop(void *unused)
{
    pthread_mutex_lock(&kernel);
    while (!stopping) {
        struct fake_object *object = ready_object();
        if (object == NULL) {
            pthread_cond_wait(&changed, &kernel);
            continue;
        }
        struct fake_message *message = object->first;
        object->first = message->next;
        uint32_t seqno = message->kind == CREATE ? 0 : object->seqno++;
        active++;
        if (message->kind != CREATE) /* the port is in no set before its object is made */
            pthread_mutex_unlock(&kernel);
        kern_return_t result = dispatch(object, message, seqno);
        if (message->kind != CREATE)
            pthread_mutex_lock(&kernel);
        fake_check(result == KERN_SUCCESS, "the pager takes every message of the kernel");
        if (message->kind == NO_SENDERS)
            object->live = false;
        free(message);
        active--;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&kernel);
    return unused;
}

void fake_start(unsigned count, uint64_t disk_blocks)
{
    fake_disk_init(disk_blocks);
    memset(fake_objects, 0, sizeof fake_objects);
    stopping = false;
    thread_count = count;
    for (unsigned i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, receive_loop, NULL);
}

void fake_drain(void)
{
    pthread_mutex_lock(&kernel);
    while (active != 0 || ready_object() != NULL)
        pthread_cond_wait(&changed, &kernel);
    pthread_mutex_unlock(&kernel);
}

void fake_stop(void)
{
    pthread_mutex_lock(&kernel);
    stopping = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&kernel);
    for (unsigned i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
}

/* ---- what the kernel does ---- */

void fake_create(struct fake_object *object, uint64_t base_page)
{
    pthread_mutex_lock(&kernel);
    *object = (struct fake_object){.port = next_port,
        .control = next_port + 1,
        .name = next_port + 2,
        .live = true,
        .base_page = base_page};
    next_port += 0x100;
    post(object, (struct fake_message){.kind = CREATE});
    pthread_mutex_unlock(&kernel);
}

void fake_touch(struct fake_object *object, unsigned page, unsigned cluster)
{
    unsigned count = 0;
    pthread_mutex_lock(&kernel);
    while (count < cluster && page + count < FAKE_PAGES &&
           object->pages[page + count].state == FAKE_ABSENT)
        object->pages[page + count++].state = FAKE_REQUESTED;
    if (count > 0)
        post(object, (struct fake_message){.kind = REQUEST,
                         .offset = page_offset(object, page),
                         .length = count * (vm_size_t)FAKE_PAGE_BYTES});
    pthread_mutex_unlock(&kernel);
}

void fake_write(struct fake_object *object, unsigned page)
{
    pthread_mutex_lock(&kernel);
    struct fake_page *slot = &object->pages[page];
    if (slot->state == FAKE_RESIDENT) {
        slot->tag = next_tag++;
        slot->dirty = true;
        slot->lost = false;
    }
    pthread_mutex_unlock(&kernel);
}

void fake_evict(struct fake_object *object, unsigned page, unsigned count)
{
    pthread_mutex_lock(&kernel);
    struct fake_page *slot = &object->pages[page];
    unsigned same = 0;
    while (same < count && page + same < FAKE_PAGES && slot[same].state == FAKE_RESIDENT &&
           slot[same].dirty == slot->dirty && slot[same].precious == slot->precious)
        same++;
    if (same > 0 && (slot->dirty || slot->precious)) {
        vm_address_t data = fake_region_make(same);
        for (unsigned i = 0; i < same; i++) {
            vm_address_t one = page_data(slot[i].tag);
            memcpy(
                (void *)(data + i * (vm_address_t)FAKE_PAGE_BYTES), (void *)one, FAKE_PAGE_BYTES);
            fake_region_free(one, FAKE_PAGE_BYTES);
        }
        post(object, (struct fake_message){.kind = RETURN,
                         .offset = page_offset(object, page),
                         .length = same * (vm_size_t)FAKE_PAGE_BYTES,
                         .data = data,
                         .dirty = slot->dirty});
    }
    for (unsigned i = 0; i < same; i++)
        slot[i].state = FAKE_ABSENT;
    pthread_mutex_unlock(&kernel);
}

/* An old page is pushed into the object: right where it has none, to be ignored elsewhere. */
void fake_initialize(struct fake_object *object, unsigned page)
{
    pthread_mutex_lock(&kernel);
    struct fake_page *slot = &object->pages[page];
    uint64_t tag = next_tag++;
    if (slot->state == FAKE_ABSENT && !slot->lost) {
        post(object, (struct fake_message){.kind = INITIALIZE,
                         .offset = page_offset(object, page),
                         .length = FAKE_PAGE_BYTES,
                         .data = page_data(tag)});
        if (slot->tag == 0)
            slot->tag = tag;
    }
    pthread_mutex_unlock(&kernel);
}

void fake_withdraw(struct fake_object *object, unsigned page)
{
    pthread_mutex_lock(&kernel);
    if (object->pages[page].state == FAKE_REQUESTED)
        object->pages[page].state = FAKE_ABSENT;
    pthread_mutex_unlock(&kernel);
}

void fake_send_junk(struct fake_object *object)
{
    pthread_mutex_lock(&kernel);
    post(object, (struct fake_message){.kind = JUNK});
    pthread_mutex_unlock(&kernel);
}

void fake_terminate(struct fake_object *object)
{
    pthread_mutex_lock(&kernel);
    object->terminated = true;
    post(object, (struct fake_message){.kind = TERMINATE});
    post(object, (struct fake_message){.kind = NO_SENDERS});
    pthread_mutex_unlock(&kernel);
}
