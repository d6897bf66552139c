/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "fake_kernel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mach.h>
#include <mach/notify.h>

#include "fake_ports.h"
#include "lib/pager_messages.h"

#define BUFFER 512u

struct fake_message {
    struct fake_message *next;
    bool lost; /* too large: only its header arrives */
    union {
        mach_msg_header_t header;
        char bytes[BUFFER];
    };
};

struct fake_kernel fake_kernel;
unsigned fake_failures;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct fake_message *queue, **queue_end = &queue;
static pthread_t threads[8];
static unsigned thread_count, active;
static bool stopping;
static mach_port_t object;
static uint32_t next_seqno;
static uint64_t next_tag = 1;

void fake_check(bool good, const char *what)
{
    if (!good && __atomic_fetch_add(&fake_failures, 1, __ATOMIC_RELAXED) < 20)
        fprintf(stderr, "# failed: %s\n", what);
}

void fake_page_fill(void *data, uint64_t tag)
{
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        ((uint64_t *)data)[i] = tag * 0x9e3779b97f4a7c15u + i;
}

bool fake_page_is(const void *data, uint64_t tag)
{
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        if (((const uint64_t *)data)[i] != tag * 0x9e3779b97f4a7c15u + i)
            return false;
    return true;
}

/* ---- the object's queue ---- */

static void enqueue(struct fake_message *message)
{
    message->next = NULL;
    *queue_end = message;
    queue_end = &message->next;
    pthread_cond_broadcast(&changed);
}

/* MIG's stubs send here, with the lock held: as the kernel delivers it, rights are the receiver's. */
mach_msg_return_t mach_msg(mach_msg_header_t *sent, mach_msg_option_t option, mach_msg_size_t size,
    mach_msg_size_t room, mach_port_t name, mach_msg_timeout_t timeout, mach_port_t notify)
{
    (void)option, (void)room, (void)name, (void)timeout, (void)notify;
    struct fake_message *message = calloc(1, sizeof *message);
    memcpy(message->bytes, sent, size);
    message->header.msgh_size = size;
    message->header.msgh_bits =
        MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND) | (sent->msgh_bits & MACH_MSGH_BITS_COMPLEX);
    message->header.msgh_local_port = object;
    message->header.msgh_remote_port = MACH_PORT_NULL;
    for (char *at = message->bytes + sizeof *sent; at < message->bytes + size; at += 16) {
        mach_msg_type_t *type = (mach_msg_type_t *)at;
        if (type->msgt_name == MACH_MSG_TYPE_MAKE_SEND)
            type->msgt_name = MACH_MSG_TYPE_PORT_SEND;
        if (type->msgt_name == MACH_MSG_TYPE_PORT_SEND)
            fake_reference(*(mach_port_t *)(at + 8), 1);
    }
    enqueue(message);
    return MACH_MSG_SUCCESS;
}

static void handle(struct fake_message *message)
{
    union {
        mig_reply_header_t answer;
        char bytes[BUFFER];
    } reply;
    if (message->lost) {
        pager_message_lost(&message->header);
        return;
    }
    if (!pager_demux(&message->header, &reply.answer.Head))
        mig_reply_setup(&message->header, &reply.answer.Head);
    if (reply.answer.RetCode != KERN_SUCCESS && reply.answer.RetCode != MIG_NO_REPLY)
        mach_msg_destroy_body(&message->header);
}

static void *receive(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (queue == NULL && !stopping)
            pthread_cond_wait(&changed, &lock);
        if (queue == NULL)
            break;
        struct fake_message *message = queue;
        queue = message->next;
        if (queue == NULL)
            queue_end = &queue;
        message->header.msgh_seqno = next_seqno++;
        active++;
        pthread_mutex_unlock(&lock);
        handle(message);
        free(message);
        pthread_mutex_lock(&lock);
        active--;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

void fake_start(unsigned count)
{
    stopping = false;
    thread_count = count;
    for (unsigned i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, receive, NULL);
}

void fake_drain(void)
{
    pthread_mutex_lock(&lock);
    while (queue != NULL || active > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void fake_stop(void)
{
    pthread_mutex_lock(&lock);
    stopping = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
}

/* ---- what the kernel says ---- */

void fake_begin(mach_port_t port)
{
    pthread_mutex_lock(&lock);
    memset(&fake_kernel, 0, sizeof fake_kernel);
    object = port;
    next_seqno = 0;
    fake_kernel.control = fake_port_make();
    fake_kernel.name = fake_port_make();
    memory_object_init(object, fake_kernel.control, fake_kernel.name, PAGE_SIZE);
    pthread_mutex_unlock(&lock);
}

void fake_request(unsigned first, unsigned count)
{
    unsigned length = 0;
    pthread_mutex_lock(&lock);
    while (length < count && first + length < FAKE_PAGES &&
           fake_kernel.pages[first + length].state == FAKE_ABSENT)
        fake_kernel.pages[first + length++].state = FAKE_REQUESTED;
    if (length > 0)
        memory_object_data_request(
            object, fake_kernel.control, first * PAGE_SIZE, length * PAGE_SIZE, VM_PROT_READ);
    pthread_mutex_unlock(&lock);
}

void fake_write(unsigned number)
{
    struct fake_page *page = &fake_kernel.pages[number];
    pthread_mutex_lock(&lock);
    if (page->state == FAKE_RESIDENT) {
        page->tag = next_tag++;
        page->dirty = true;
        page->lost = false;
    }
    pthread_mutex_unlock(&lock);
}

/* Sends pages back. Conditions: lock held, they are resident and of one kind. */
static void give_back(unsigned first, unsigned count, bool dirty, bool keep)
{
    vm_address_t data = fake_region_make(count);
    for (unsigned i = 0; i < count; i++) {
        struct fake_page *page = &fake_kernel.pages[first + i];
        fake_page_fill((void *)(data + i * PAGE_SIZE), page->tag);
        page->dirty = false;
        if (!keep) {
            page->precious = false;
            page->state = FAKE_ABSENT;
        }
    }
    memory_object_data_return(object, fake_kernel.control, first * PAGE_SIZE, data,
        (mach_msg_type_number_t)(count * PAGE_SIZE), dirty, keep);
}

/* Evicts what is resident: what is neither dirty nor precious without a word. Conditions: lock held. */
static void evict(unsigned first, unsigned count)
{
    struct fake_page *pages = fake_kernel.pages;
    for (unsigned i = first, next; i < first + count && i < FAKE_PAGES; i = next) {
        next = i + 1;
        if (pages[i].state != FAKE_RESIDENT)
            continue;
        if (!pages[i].dirty && !pages[i].precious) {
            pages[i].state = FAKE_ABSENT;
            continue;
        }
        while (next < first + count && next < FAKE_PAGES && pages[next].state == FAKE_RESIDENT &&
               pages[next].dirty == pages[i].dirty && pages[next].precious == pages[i].precious)
            next++;
        give_back(i, next - i, pages[i].dirty, false);
    }
}

void fake_evict(unsigned first, unsigned count)
{
    pthread_mutex_lock(&lock);
    evict(first, count);
    pthread_mutex_unlock(&lock);
}

void fake_clean(unsigned number)
{
    struct fake_page *page = &fake_kernel.pages[number];
    pthread_mutex_lock(&lock);
    if (page->state == FAKE_RESIDENT && (page->dirty || page->precious))
        give_back(number, 1, page->dirty, true);
    pthread_mutex_unlock(&lock);
}

void fake_terminate(void)
{
    pthread_mutex_lock(&lock);
    evict(0, FAKE_PAGES);
    fake_kernel.terminated = true;
    memory_object_terminate(object, fake_kernel.control, fake_kernel.name);
    pthread_mutex_unlock(&lock);
}

void fake_no_senders(mach_port_mscount_t made)
{
    struct fake_message *message = calloc(1, sizeof *message);
    mach_no_senders_notification_t *notice = (mach_no_senders_notification_t *)message->bytes;
    notice->not_header = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE),
        .msgh_size = sizeof *notice, .msgh_local_port = object, .msgh_id = MACH_NOTIFY_NO_SENDERS};
    notice->not_count = made;
    pthread_mutex_lock(&lock);
    enqueue(message);
    pthread_mutex_unlock(&lock);
}

/* ---- junk ---- */

/* One item of a random type; the address behind it. */
static char *junk_item(char *at, bool *complex)
{
    mach_msg_type_t *type = (mach_msg_type_t *)at;
    uint64_t *value = (uint64_t *)(at + 8);
    *value = (uint64_t)rand() << (rand() % 33);
    switch (rand() % 4) {
    case 0:
        *type = (mach_msg_type_t){MACH_MSG_TYPE_INTEGER_64, 64, 0, TRUE, FALSE, FALSE, 1};
        *value &= ~(uint64_t)(rand() % 2 ? PAGE_MASK : 0);
        break;
    case 1:
        *type = (mach_msg_type_t){MACH_MSG_TYPE_INTEGER_32, 32, 0, TRUE, FALSE, FALSE, 1};
        break;
    case 2:
        *type = (mach_msg_type_t){MACH_MSG_TYPE_PORT_SEND, 64, 0, TRUE, FALSE, FALSE, 1};
        *value = fake_port_make();
        fake_reference((mach_port_t)*value, 1);
        *complex = true;
        break;
    default:
        *type = (mach_msg_type_t){MACH_MSG_TYPE_BYTE, 8, 0, FALSE, TRUE, FALSE, PAGE_SIZE};
        *value = fake_region_make(1);
        *complex = true;
        break;
    }
    return at + 16;
}

static void random_message(void)
{
    struct fake_message *message = calloc(1, sizeof *message);
    char *at = message->bytes + sizeof message->header;
    bool complex = false;
    for (int items = rand() % 7; items > 0; items--)
        at = junk_item(at, &complex);
    message->header = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND) |
                     (complex ? MACH_MSGH_BITS_COMPLEX : 0),
        .msgh_size = (mach_msg_size_t)(at - message->bytes),
        .msgh_local_port = object,
        .msgh_id = rand() % 8 == 0 ? 64 + rand() % 9 : 2198 + rand() % 16};
    enqueue(message);
}

/* Whole messages in the name of a kernel that has not mapped the object. */
static void forged_message(void)
{
    mach_port_t control = fake_port_make();
    vm_offset_t offset = (vm_offset_t)(rand() % (int)FAKE_PAGES) * PAGE_SIZE;
    switch (rand() % 5) {
    case 0:
        memory_object_data_return(
            object, control, offset, fake_region_make(1), PAGE_SIZE, TRUE, FALSE);
        break;
    case 1:
        memory_object_supply_completed(
            object, MACH_MSG_TYPE_MAKE_SEND, control, offset, PAGE_SIZE, KERN_SUCCESS, 0);
        break;
    case 2:
        memory_object_data_request(object, control, offset, ~(vm_size_t)PAGE_MASK, VM_PROT_READ);
        break;
    case 3: /* of the right kernel, but for no supply of it */
        memory_object_supply_completed(object, MACH_MSG_TYPE_MAKE_SEND, fake_kernel.control,
            FAKE_PAGES * PAGE_SIZE, PAGE_SIZE, KERN_SUCCESS, 0);
        break;
    default:
        memory_object_synchronize(object, fake_kernel.control, offset, PAGE_SIZE, 0);
        break;
    }
}

void fake_junk(void)
{
    pthread_mutex_lock(&lock);
    if (rand() % 2 == 0) {
        random_message();
    } else if (rand() % 4 != 0) {
        forged_message();
    } else {
        struct fake_message *message = calloc(1, sizeof *message);
        message->lost = true;
        message->header.msgh_local_port = object;
        enqueue(message);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- what the pager answers ---- */

/* Whether the control port is the kernel's; if not, what its owner gets. Conditions: lock held. */
static mach_msg_return_t take(mach_port_t control)
{
    if (control != fake_kernel.control)
        return MACH_MSG_SUCCESS; /* somebody who poses as a kernel */
    if (fake_kernel.control_gone)
        return MACH_SEND_INVALID_DEST;
    if (fake_kernel.terminated)
        return fake_kernel.late++ < MACH_PORT_QLIMIT_MAX ? MACH_MSG_SUCCESS : MACH_SEND_TIMED_OUT;
    return MACH_MSG_SUCCESS;
}

static bool is_mine(mach_port_t control)
{
    return control == fake_kernel.control && !fake_kernel.terminated;
}

static void accept(struct fake_page *page, vm_address_t data, bool precious)
{
    fake_check(!page->lost && fake_page_is((void *)data, page->tag), "what comes is what was written");
    page->state = FAKE_RESIDENT;
    page->dirty = false;
    page->precious = precious;
}

/* Takes pages up to the first that was not asked for; the others go back if precious. */
static void supplied(
    unsigned first, unsigned count, vm_address_t data, bool precious, mach_port_t reply)
{
    unsigned taken = 0;
    fake_kernel.supplies++;
    while (taken < count && fake_kernel.pages[first + taken].state == FAKE_REQUESTED) {
        accept(&fake_kernel.pages[first + taken], data + taken * PAGE_SIZE, precious);
        taken++;
    }
    fake_kernel.refused += count - taken;
    if (precious && taken < count) {
        vm_address_t copy = fake_region_make(count - taken);
        memcpy((void *)copy, (void *)(data + taken * PAGE_SIZE), (count - taken) * PAGE_SIZE);
        memory_object_data_return(object, fake_kernel.control, (first + taken) * PAGE_SIZE, copy,
            (mach_msg_type_number_t)((count - taken) * PAGE_SIZE), FALSE, FALSE);
    }
    for (unsigned i = taken; reply == MACH_PORT_NULL && i < count; i++)
        if (fake_kernel.pages[first + i].state == FAKE_REQUESTED) /* without a reply port the kernel asks again (D-10) */
            memory_object_data_request(
                object, fake_kernel.control, (first + i) * PAGE_SIZE, PAGE_SIZE, VM_PROT_READ);
    if (taken > 0 && rand() % 4 == 0)
        evict(first, 1); /* before the completion: the manager must bear it (D-33) */
    if (reply != MACH_PORT_NULL) {
        memory_object_supply_completed(object, MACH_MSG_TYPE_MAKE_SEND, fake_kernel.control,
            first * PAGE_SIZE, taken * PAGE_SIZE,
            taken == count ? KERN_SUCCESS : KERN_MEMORY_PRESENT,
            taken == count ? 0 : (first + taken) * PAGE_SIZE);
    }
}

/* Pages of a long request may have been answered out of a client's patience: some are resident by then. */
static void disturb(unsigned first, unsigned count)
{
    struct fake_page *page = &fake_kernel.pages[first + (unsigned)rand() % count];
    if (rand() % 8 == 0 && page->state == FAKE_REQUESTED)
        page->state = FAKE_ABSENT;
}

kern_return_t nowait_memory_object_data_supply_poly(mach_port_t control, vm_offset_t offset,
    vm_offset_t data, mach_msg_type_number_t size, boolean_t deallocate, vm_prot_t lock_value,
    boolean_t precious, mach_port_t reply, mach_msg_type_name_t reply_type)
{
    pthread_mutex_lock(&lock);
    mach_msg_return_t result = take(control);
    unsigned first = (unsigned)(offset / PAGE_SIZE), count = size / PAGE_SIZE;
    if (result == MACH_MSG_SUCCESS && is_mine(control)) {
        fake_check(deallocate && lock_value == VM_PROT_NONE && reply_type == MACH_MSG_TYPE_MAKE_SEND &&
                       first + count <= FAKE_PAGES, "a supply is of pages that exist");
        disturb(first, count);
        supplied(first, count, data, precious, reply);
    }
    pthread_mutex_unlock(&lock);
    if (result == MACH_MSG_SUCCESS)
        vm_deallocate(mach_task_self(), data, size);
    return result;
}

/* What a page that was asked for becomes: zeros, or nothing. */
static kern_return_t without_data(
    mach_port_t control, vm_offset_t offset, vm_size_t size, bool is_error)
{
    pthread_mutex_lock(&lock);
    mach_msg_return_t result = take(control);
    for (unsigned i = 0; result == MACH_MSG_SUCCESS && is_mine(control) && i < size / PAGE_SIZE; i++) {
        struct fake_page *page = &fake_kernel.pages[offset / PAGE_SIZE + i];
        if (page->state != FAKE_REQUESTED)
            continue;
        fake_check(is_error || (page->tag == 0 && !page->lost), "what was written is not forgotten");
        fake_kernel.errors += is_error;
        page->state = is_error ? FAKE_ABSENT : FAKE_RESIDENT;
        page->dirty = page->precious = false;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

kern_return_t nowait_memory_object_data_unavailable(
    mach_port_t control, vm_offset_t offset, vm_size_t size)
{
    return without_data(control, offset, size, false);
}

kern_return_t nowait_memory_object_data_error(
    mach_port_t control, vm_offset_t offset, vm_size_t size, kern_return_t reason)
{
    (void)reason;
    return without_data(control, offset, size, true);
}
