/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting on a word of user memory (gnumach 4204 to 4206).
 *
 * Sleepers stand in hashed queues, in the order in which they came; the key of each is in its thread. A
 * word is compared, and its waiter queued, without a sleep in between: who changes the word and then
 * wakes finds the waiter, or the waiter finds the change.
 */
#include "kernel/gsync.h"

#include <mach/gsync.h>
#include <mach/vm_inherit.h>

#include <mig/gnumach_server.h>

#include "kernel/clock.h"
#include "kernel/printf.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/wait.h"
#include "mm/fault.h"
#include "mm/object_lifetime.h"
#include "mm/pmap.h"
#include "mm/vm_map.h"
#include "mm/vm_map_lookup.h"
#include "mm/vm_object.h"

#define GSYNC_QUEUES 256u /* a power of two */

static struct wait_queue queues[GSYNC_QUEUES];

void gsync_init(void)
{
    for (unsigned i = 0; i < GSYNC_QUEUES; i++)
        wait_queue_init(&queues[i]);
}

/* --- keys --- */

static struct wait_queue *queue_of(const struct gsync_key *key)
{
    uint64_t bits = ((uintptr_t)key->map ^ (uintptr_t)key->object) >> 4 ^ key->where >> 2;

    return &queues[(bits ^ bits >> 8 ^ bits >> 20) % GSYNC_QUEUES];
}

static bool key_equal(const struct gsync_key *a, const struct gsync_key *b)
{
    return a->map == b->map && a->object == b->object && a->where == b->where;
}

static void key_reference(const struct gsync_key *key)
{
    if (key->map)
        vm_map_reference(key->map);
    else
        vm_object_reference(key->object);
}

static void key_release(const struct gsync_key *key)
{
    vm_map_release(key->map);
    vm_object_release(key->object);
}

/* Whether other maps see the same word, now or in tasks that will be made. */
static bool seen_by_others(const struct vm_map_entry *entry)
{
    return entry->shared || entry->inheritance == VM_INHERIT_SHARE || !entry->object->internal;
}

/*
 * The key of a word that may be accessed so; it holds no reference yet. Memory that no other map shows
 * has a task-local key also under GSYNC_SHARED: its object would change with the next copy on write.
 *
 * Does not sleep. KERN_INVALID_ADDRESS; KERN_RESOURCE_SHORTAGE.
 */
static kern_return_t key_find(struct vm_map *map, vm_offset_t address, vm_prot_t access, int flags,
                              struct gsync_key *key)
{
    struct vm_map_lookup lookup;
    kern_return_t result;

    if (address % sizeof(unsigned) != 0)
        return KERN_INVALID_ADDRESS;
    result = vm_map_lookup(map, address, access, &lookup);
    if (result == KERN_RESOURCE_SHORTAGE)
        return result;
    if (result != KERN_SUCCESS || lookup.device)
        return KERN_INVALID_ADDRESS;
    *key = (struct gsync_key){.map = map, .where = address};
    if (!(flags & GSYNC_SHARED) || !seen_by_others(lookup.entry))
        return KERN_SUCCESS;
    if (lookup.entry->inheritance == VM_INHERIT_SHARE) {
        /* What a child will share is this object, not one that a copy still stands behind. */
        result = vm_map_entry_own_object(map, lookup.entry, true);
        if (result != KERN_SUCCESS)
            return result;
    }
    *key = (struct gsync_key){.object = lookup.entry->object,
                              .where = lookup.entry->offset + (address - lookup.entry->start)};
    return KERN_SUCCESS;
}

/* --- the word itself --- */

/* Makes a word accessible that is not mapped so right now. May sleep. */
static kern_return_t bring_in(struct vm_map *map, vm_offset_t address, vm_prot_t access)
{
    kern_return_t result = vm_fault(map, address, access, WAIT_INTERRUPTIBLE);

    if (result == KERN_ABORTED)
        return KERN_INTERRUPTED;
    if (result == KERN_SUCCESS || result == KERN_RESOURCE_SHORTAGE)
        return result;
    return KERN_INVALID_ADDRESS;
}

/*
 * Finds the key of a word, and where the kernel sees the word and the `words - 1` behind it, each on
 * its own because a page may end between them. All of this holds until the caller sleeps.
 *
 * May sleep. KERN_INVALID_ADDRESS; KERN_INTERRUPTED; KERN_RESOURCE_SHORTAGE.
 */
static kern_return_t look_at(struct vm_map *map, vm_offset_t address, unsigned words,
                             vm_prot_t access, int flags, struct gsync_key *key,
                             volatile unsigned *word[])
{
    unsigned found = 0;

    while (found < words) {
        vm_offset_t at = address + found * sizeof(unsigned);
        struct gsync_key unused;
        kern_return_t result = key_find(map, at, access, flags, found == 0 ? key : &unused);

        if (result != KERN_SUCCESS)
            return result;
        word[found] = pmap_access(map->pmap, at, access);
        if (word[found]) {
            found++;
            continue;
        }
        result = bring_in(map, at, access);
        if (result != KERN_SUCCESS)
            return result;
        found = 0; /* it may have slept */
    }
    return KERN_SUCCESS;
}

/* --- the calls --- */

static void describe_key(const void *object, char *buffer, size_t bytes)
{
    const struct gsync_key *key = object;

    snprintf(buffer, bytes, "a gsync_wake at %s %lx", key->map ? "address" : "shared offset",
              key->where);
}

/* Sleeps under the key in the current thread. */
static kern_return_t sleep(uint64_t deadline_ns)
{
    static const struct wait_reason reason = {"a word to change", describe_key};
    struct gsync_key *key = &thread_current()->gsync_key;
    wait_result_t result;

    key_reference(key);
    result = wait_queue_sleep(queue_of(key), &reason, key, WAIT_INTERRUPTIBLE, deadline_ns);
    key_release(key); /* possibly another one by now: see gsync_requeue() */
    if (result == WAIT_TIMED_OUT)
        return KERN_TIMEDOUT;
    return result == WAIT_INTERRUPTED ? KERN_INTERRUPTED : KERN_SUCCESS;
}

/*
 * Sleeps if the word at addr is val1 (with GSYNC_QUAD, and the one behind it val2) until a gsync_wake
 * there, with GSYNC_TIMED for msec milliseconds at most.
 *
 * KERN_INVALID_ARGUMENT: other values stand there; KERN_TIMEDOUT; KERN_INTERRUPTED;
 * KERN_INVALID_ADDRESS: misaligned, or not readable; KERN_INVALID_TASK.
 */
kern_return_t gsync_wait(task_t task, vm_address_t addr, unsigned val1, unsigned val2,
                         natural_t msec, int flags)
{
    volatile unsigned *word[2];
    kern_return_t result;

    if (!task)
        return KERN_INVALID_TASK;
    result = look_at(task->map, addr, flags & GSYNC_QUAD ? 2 : 1, VM_PROT_READ, flags,
                     &thread_current()->gsync_key, word);
    if (result != KERN_SUCCESS)
        return result;
    if (*word[0] != val1 || ((flags & GSYNC_QUAD) && *word[1] != val2))
        return KERN_INVALID_ARGUMENT;
    return sleep(flags & GSYNC_TIMED ? deadline_after_ms(msec) : DEADLINE_NEVER);
}

/* The first thread in the queue, from `node` on, that waits under the key, or NULL. */
static struct thread *next_waiter(const struct wait_queue *queue, struct list_node *node,
                                  const struct gsync_key *key)
{
    for (; node != &queue->waiters.head; node = node->next) {
        struct thread *thread = list_entry(node, struct thread, wait_link);

        if (key_equal(&thread->gsync_key, key))
            return thread;
    }
    return NULL;
}

/*
 * Wakes the thread that has waited longest on the word, with GSYNC_BROADCAST all; with GSYNC_MUTATE
 * stores val there before, also if nobody waits.
 *
 * KERN_INVALID_ARGUMENT: nobody waits; KERN_INVALID_ADDRESS: misaligned, or not readable (with
 * GSYNC_MUTATE: not writable); KERN_INVALID_TASK; KERN_INTERRUPTED.
 */
kern_return_t gsync_wake(task_t task, vm_address_t addr, unsigned val, int flags)
{
    volatile unsigned *word[1];
    struct wait_queue *queue;
    struct gsync_key key;
    struct thread *thread;
    kern_return_t result;

    if (!task)
        return KERN_INVALID_TASK;
    if (flags & GSYNC_MUTATE)
        result = look_at(task->map, addr, 1, VM_PROT_READ | VM_PROT_WRITE, flags, &key, word);
    else
        result = key_find(task->map, addr, VM_PROT_READ, flags, &key);
    if (result != KERN_SUCCESS)
        return result;
    if (flags & GSYNC_MUTATE)
        *word[0] = val;
    queue = queue_of(&key);
    thread = next_waiter(queue, queue->waiters.head.next, &key);
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    while (thread) {
        struct list_node *next = thread->wait_link.next;

        wait_wake(thread, WAIT_AWAKENED);
        thread = flags & GSYNC_BROADCAST ? next_waiter(queue, next, &key) : NULL;
    }
    return KERN_SUCCESS;
}

/* Makes a waiter one of another word. */
static void requeue(struct thread *thread, const struct gsync_key *key)
{
    struct gsync_key old = thread->gsync_key;

    key_reference(key);
    thread->gsync_key = *key;
    wait_move(thread, queue_of(key));
    key_release(&old);
}

/*
 * Moves the thread that has waited longest on the word at src_addr, with GSYNC_BROADCAST all, to the
 * word at dst_addr. If wake_one, the first is woken instead, and the next moved.
 *
 * KERN_INVALID_ARGUMENT: nobody waits; KERN_INVALID_ADDRESS: either is misaligned or not readable;
 * KERN_INVALID_TASK.
 */
kern_return_t gsync_requeue(task_t task, vm_address_t src_addr, vm_address_t dst_addr,
                            boolean_t wake_one, int flags)
{
    struct gsync_key from, to;
    struct wait_queue *queue;
    struct thread *thread;
    kern_return_t result;

    if (!task)
        return KERN_INVALID_TASK;
    result = key_find(task->map, dst_addr, VM_PROT_READ, flags, &to);
    if (result == KERN_SUCCESS)
        result = key_find(task->map, src_addr, VM_PROT_READ, flags, &from);
    if (result != KERN_SUCCESS)
        return result;
    queue = queue_of(&from);
    thread = next_waiter(queue, queue->waiters.head.next, &from);
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    if (wake_one) {
        struct list_node *next = thread->wait_link.next;

        wait_wake(thread, WAIT_AWAKENED);
        thread = next_waiter(queue, next, &from);
    }
    if (key_equal(&from, &to))
        return KERN_SUCCESS;
    while (thread) {
        struct list_node *next = thread->wait_link.next;

        requeue(thread, &to);
        thread = flags & GSYNC_BROADCAST ? next_waiter(queue, next, &from) : NULL;
    }
    return KERN_SUCCESS;
}
