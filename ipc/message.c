/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers of messages, and the destruction of messages. */
#include "ipc/message.h"

#include "ipc/message_body.h"
#include "ipc/msg_accepted.h"
#include "ipc/port.h"
#include "ipc/space_table.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "mm/kmem.h"

#define SMALL_RESERVE 256u  /* buffers kept for page-out and notifications */
#define CHUNK_MESSAGES 32u  /* messages destroyed between two openings for interrupts */

static struct kmem_cache small_cache;
static struct list doomed = LIST_INITIALIZER(doomed);   /* messages to destroy, by link */
static bool destroying;

void message_init(void)
{
    kmem_cache_init(&small_cache, "small messages",
                    offsetof(struct message, header) + MESSAGE_SMALL_BYTES, SMALL_RESERVE, 0);
}

/* Buffers that a task's threads have for their next calls. */
static uint32_t count_of_threads(const struct task *task)
{
    uint32_t count = 0;

    list_for_each(&task->threads, node) {
        const struct thread *thread = list_entry(node, struct thread, task_link);

        count += (thread->request_buffer != NULL) + (thread->answer_buffer != NULL);
    }
    return count;
}

uint32_t message_count_at_hand(const struct kmem_cache *cache)
{
    uint32_t count = 0;

    if (cache != &small_cache)
        return 0;
    for (unsigned i = 0; i < cpu_count; i++)
        count += cpus[i]->free_messages ? cpus[i]->free_message_count : 0;
    list_for_each(&task_list, node)
        count += count_of_threads(list_entry(node, struct task, link));
    return count;
}

/* Nothing is kept where the count says that all room is taken. */
void message_keep_at_hand(bool keep)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        struct cpu *cpu = cpus[i];

        while (cpu->free_messages) {
            struct message *message = cpu->free_messages;

            cpu->free_messages = *(struct message **)message;
            kmem_cache_free(&small_cache, message);
        }
        cpu->free_message_count = keep ? 0 : MESSAGE_SMALL_CACHED;
    }
}

static struct message *alloc_small(void)
{
    struct message *message = kmem_cache_alloc(&small_cache);

    if (message)
        message->capacity = MESSAGE_SMALL_BYTES;
    return message;
}

static struct message *alloc_large(uint32_t bytes)
{
    struct message *message;

    if (bytes > MESSAGE_INLINE_MAX)
        return NULL;
    message = kmem_alloc(offsetof(struct message, header) + bytes);
    if (message)
        message->capacity = bytes;
    return message;
}

struct message *message_alloc_slow(uint32_t bytes)
{
    struct message *message = bytes <= MESSAGE_SMALL_BYTES ? alloc_small() : alloc_large(bytes);

    if (!message)
        return NULL;
    message->flags = 0;
    message->payer = NULL;
    return message;
}

struct message *message_alloc_urgent(uint32_t bytes)
{
    struct thread *thread = thread_current();
    bool privileged = thread->vm_privileged;
    struct message *message;

    thread->vm_privileged = true;
    message = message_alloc(bytes);
    thread->vm_privileged = privileged;
    return message;
}

void message_free_slow(struct message *message)
{
    if (message->capacity != MESSAGE_SMALL_BYTES)
        kmem_free(message, offsetof(struct message, header) + message->capacity);
    else
        kmem_cache_free(&small_cache, message);
}

/* --- who pays for what is queued --- */

void message_charge(struct message *message)
{
    if (!message->payer)
        return;
    message->flags |= MESSAGE_CHARGED;
    message->payer->queued_bytes += message->capacity;
    space_reference(message->payer);
}

void message_uncharge(struct message *message)
{
    struct space *payer = message->payer;

    if (!(message->flags & MESSAGE_CHARGED))
        return;
    if (message->flags & MESSAGE_FORCED)
        msg_accepted(payer, message->header.msgh_remote_port);
    assert(payer->queued_bytes >= message->capacity);
    payer->queued_bytes -= message->capacity;
    message->payer = NULL;
    message->flags &= ~MESSAGE_CHARGED;
    space_release(payer);
}

/* --- destruction --- */

void message_destroy_body(struct message *message)
{
    if (message->header.msgh_bits & MACH_MSGH_BITS_COMPLEX)
        message_body_destroy(message, message->header.msgh_size);
    message->header.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
}

static void destroy_one(struct message *message)
{
    mach_msg_header_t *header = &message->header;

    assert(!(message->flags & MESSAGE_CHARGED));
    port_release_right(header->msgh_local_port, MACH_MSGH_BITS_LOCAL(header->msgh_bits));
    message_destroy_body(message);
    port_release_right(header->msgh_remote_port, MACH_MSGH_BITS_REMOTE(header->msgh_bits));
    message_free(message);
}

/*
 * Conditions: the message is on no queue. What its death brings down (ports, and the messages in
 * their queues) is destroyed here too, one after the other; a call from within only adds to the
 * list.
 */
void message_destroy(struct message *message)
{
    struct list_node *node;
    uint32_t done = 0;

    list_insert_tail(&doomed, &message->link);
    if (destroying)
        return;
    destroying = true;
    while ((node = list_take_first(&doomed)) != NULL) {
        destroy_one(list_entry(node, struct message, link));
        if (++done % CHUNK_MESSAGES == 0)
            cpu_interrupt_window();
    }
    destroying = false;
}
