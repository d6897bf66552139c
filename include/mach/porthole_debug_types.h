/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_PORTHOLE_DEBUG_TYPES_H
#define MACH_PORTHOLE_DEBUG_TYPES_H

/*
 * What the kernel tells about itself (<mach/porthole_debug.defs>). Sizes in bytes, times in
 * nanoseconds. Identities name kernel objects for comparison only.
 */
#include <stdint.h>

#define PORTHOLE_NAME_MAX   32

/* Return addresses in the kernel, innermost first, 0 behind the last. */
#define PORTHOLE_CALLERS 12
#define PORTHOLE_FAILURES_MAX 1000 /* allocations in a row that fail on purpose */
typedef uint64_t porthole_callers_t[PORTHOLE_CALLERS];
#define PORTHOLE_REASON_MAX 64
#define PORTHOLE_WHOM_MAX   96

typedef struct porthole_task {
    uint64_t identity;
    uint64_t virtual_size;
    uint64_t resident_size;
    uint64_t run_time;
    uint64_t user_time;
    uint32_t thread_count;
    uint32_t suspend_count;
    uint32_t right_count;   /* names in its port name space */
    uint32_t fault_count;
    uint32_t pager_fault_count; /* faults that waited for a memory manager */
    uint32_t essential;
    char name[PORTHOLE_NAME_MAX];
} porthole_task_t;
typedef porthole_task_t *porthole_task_array_t;

typedef struct porthole_thread {
    uint64_t identity;
    uint64_t task;
    uint64_t run_time;
    uint64_t user_time;
    int32_t priority;
    uint32_t suspend_count;
    uint32_t privileged; /* may use the reserve of memory */
    uint32_t reserved;
    char name[PORTHOLE_NAME_MAX];
    char task_name[PORTHOLE_NAME_MAX];
    char state[PORTHOLE_NAME_MAX];
    char reason[PORTHOLE_REASON_MAX]; /* what it waits for; empty if it does not */
    char whom[PORTHOLE_WHOM_MAX];     /* who must act for it to go on; empty if unknown */
} porthole_thread_t;
typedef porthole_thread_t *porthole_thread_array_t;

#define PORTHOLE_OBJECT_INTERNAL   0x1u
#define PORTHOLE_OBJECT_TEMPORARY  0x2u
#define PORTHOLE_OBJECT_MAY_CACHE  0x4u
#define PORTHOLE_OBJECT_ALIVE      0x8u
#define PORTHOLE_OBJECT_TRANSPORT  0x10u /* carries pages to a manager */

/* Association with the manager. */
#define PORTHOLE_OBJECT_NONE        0u
#define PORTHOLE_OBJECT_WAIT_READY  1u
#define PORTHOLE_OBJECT_READY       2u
#define PORTHOLE_OBJECT_TERMINATING 3u
#define PORTHOLE_OBJECT_DETACHED    4u

typedef struct porthole_object {
    uint64_t identity;
    uint64_t shadow;
    uint64_t size;
    uint32_t references;
    uint32_t flags;
    uint32_t association;
    uint32_t cluster_pages;
    /* Pages by state: */
    uint32_t requested;
    uint32_t unavailable;
    uint32_t returning;
    uint32_t clean;
    uint32_t dirty;
    uint32_t precious; /* of the clean and dirty ones */
    uint32_t wired;    /* of the clean and dirty ones */
    uint32_t busy;     /* of the clean and dirty ones */
    uint32_t unlocking; /* of the clean and dirty ones: data_unlock was sent */
    /* What is under way between kernel and manager: */
    uint32_t synchronizing; /* synchronize, not completed by the manager */
    uint32_t flushing;      /* lock_request, not completed by the kernel: pages are wired */
    uint32_t unread;        /* messages that the manager has not received */
    char manager[PORTHOLE_NAME_MAX]; /* task; empty if there is none */
} porthole_object_t;
typedef porthole_object_t *porthole_object_array_t;

#define PORTHOLE_REGION_SHARED     0x1u
#define PORTHOLE_REGION_NEEDS_COPY 0x2u
#define PORTHOLE_REGION_DEVICE     0x4u

typedef struct porthole_region {
    uint64_t start;
    uint64_t end;
    uint64_t object;
    uint64_t offset;
    int32_t protection;
    int32_t max_protection;
    int32_t inheritance;
    uint32_t wired_count;
    uint32_t flags;
    uint32_t reserved;
} porthole_region_t;
typedef porthole_region_t *porthole_region_array_t;

typedef struct porthole_cache {
    uint64_t object_size;
    uint64_t in_use;
    uint64_t free;
    uint64_t frames;
    uint64_t limit; /* objects; 0: none */
    char name[PORTHOLE_NAME_MAX];
} porthole_cache_t;
typedef porthole_cache_t *porthole_cache_array_t;

/* Times in nanoseconds since boot. With one processor the lock is never let go, and nothing counted. */
typedef struct porthole_processor {
    uint64_t lock_acquisitions;
    uint64_t lock_contended; /* of them, found the lock held */
    uint64_t lock_wait_time;
    uint64_t lock_hold_time;
    uint64_t lock_longest_hold;
    uint64_t idle_time;
    uint64_t calls;          /* interrupts to other processors, for them to look at their threads */
    uint64_t flushes;        /* and to forget translations */
    uint32_t slot;
    uint32_t in_service;
    char thread[PORTHOLE_NAME_MAX]; /* its current one */
    char task[PORTHOLE_NAME_MAX];
} porthole_processor_t;
typedef porthole_processor_t *porthole_processor_array_t;

/* Pages now, events since boot, levels of the page-out daemon (in pages). */
typedef struct porthole_memory {
    uint32_t total, free, active, inactive, wired;
    uint32_t laundry, external_laundry;
    uint32_t zero_fills, reactivations, pageins, pageouts, faults, cow_faults, lookups, hits;
    uint32_t level_reserved_really, level_reserved_internal, level_reserved;
    uint32_t level_free_min, level_free_target, level_wired_max;
    uint32_t objects;
    uint32_t tasks;
    uint32_t reserved;
} porthole_memory_t;

#endif
