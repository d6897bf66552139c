/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PC sampling (mach4 4000 to 4005), with GNU Mach's results.
 */
#include "kernel/pc_sample.h"

#include <mig/mach4_server.h>

#include "kernel/task.h"
#include "kernel/thread.h"
#include "mm/kmem.h"
#include "mm/page.h"

#define RING_SAMPLES 512u          /* as many as a reply holds */
#define PERIOD_US 10000
#define PERIOD_NS (UINT64_C(1000) * PERIOD_US)
#define PAGES_PER_RING_ALLOWED 64u /* memory for each ring that may exist: bounds what users can take */

/* Sample number n lies in ring[n % RING_SAMPLES]; the first is number 1. */
struct pc_samples {
    sampled_pc_flavor_t flavors;
    sampled_pc_seqno_t last;       /* number of the last sample */
    sampled_pc_t ring[RING_SAMPLES];
};

uint32_t pc_sample_rings;

/* --- taking --- */

static void note(struct pc_samples *samples, sampled_pc_flavor_t flavor, uint64_t pc)
{
    if (!samples || !(samples->flavors & flavor))
        return;
    samples->ring[++samples->last % RING_SAMPLES] = (sampled_pc_t){
        .id = (rpc_vm_offset_t)thread_current(), /* as mach_port_kernel_object() tells it */
        .pc = pc,
        .sampletype = flavor,
    };
}

void pc_sample_take(sampled_pc_flavor_t flavor)
{
    struct thread *thread = thread_current();

    if (!thread->machine.frame)
        return;
    note(thread->pc_samples, flavor, thread->machine.frame->rip);
    note(thread->task->pc_samples, flavor, thread->machine.frame->rip);
}

void pc_sample_clock(uint64_t before_ns, uint64_t now_ns)
{
    if (before_ns / PERIOD_NS != now_ns / PERIOD_NS)
        pc_sample(SAMPLED_PC_PERIODIC);
}

/* --- rings --- */

void pc_samples_free(struct pc_samples *samples)
{
    if (!samples)
        return;
    kmem_free(samples, sizeof *samples);
    pc_sample_rings--;
}

/* Begins sampling, or changes what is sampled. */
static kern_return_t enable(struct pc_samples **samples, sampled_pc_flavor_t flavors, int *tick_us)
{
    if (!*samples) {
        if (pc_sample_rings >= page_counts.total / PAGES_PER_RING_ALLOWED)
            return KERN_RESOURCE_SHORTAGE;
        *samples = kmem_alloc(sizeof **samples);
        if (!*samples)
            return KERN_RESOURCE_SHORTAGE;
        (*samples)->last = 0;
        pc_sample_rings++;
    }
    (*samples)->flavors = flavors;
    *tick_us = PERIOD_US;
    return KERN_SUCCESS;
}

static kern_return_t disable(struct pc_samples **samples, int *count)
{
    *count = *samples ? (int)(*samples)->last : 0;
    pc_samples_free(*samples);
    *samples = NULL;
    return KERN_SUCCESS;
}

/* The samples after number *seqno, as far as they are still there, oldest first. */
static kern_return_t get(const struct pc_samples *samples, sampled_pc_seqno_t *seqno,
                         sampled_pc_array_t out, mach_msg_type_number_t *count)
{
    sampled_pc_seqno_t wanted;

    if (!samples)
        return KERN_FAILURE;
    wanted = samples->last - *seqno;
    if ((int)wanted < 0) /* a number that has not come up */
        wanted = 0;
    if (wanted > RING_SAMPLES)
        wanted = RING_SAMPLES;
    for (uint32_t i = 0; i < wanted; i++)
        out[i] = samples->ring[(samples->last - wanted + 1 + i) % RING_SAMPLES];
    *count = wanted;
    *seqno = samples->last;
    return KERN_SUCCESS;
}

/* --- the calls: KERN_INVALID_ARGUMENT for a port of another kind --- */

kern_return_t task_enable_pc_sampling(task_t task, int *tick, sampled_pc_flavor_t flavor)
{
    return task ? enable(&task->pc_samples, flavor, tick) : KERN_INVALID_ARGUMENT;
}

kern_return_t task_disable_pc_sampling(task_t task, int *count)
{
    return task ? disable(&task->pc_samples, count) : KERN_INVALID_ARGUMENT;
}

kern_return_t task_get_sampled_pcs(task_t task, sampled_pc_seqno_t *seqno,
                                   sampled_pc_array_t samples, mach_msg_type_number_t *count)
{
    return task ? get(task->pc_samples, seqno, samples, count) : KERN_INVALID_ARGUMENT;
}

kern_return_t thread_enable_pc_sampling(thread_t thread, int *tick, sampled_pc_flavor_t flavor)
{
    return thread ? enable(&thread->pc_samples, flavor, tick) : KERN_INVALID_ARGUMENT;
}

kern_return_t thread_disable_pc_sampling(thread_t thread, int *count)
{
    return thread ? disable(&thread->pc_samples, count) : KERN_INVALID_ARGUMENT;
}

kern_return_t thread_get_sampled_pcs(thread_t thread, sampled_pc_seqno_t *seqno,
                                     sampled_pc_array_t samples, mach_msg_type_number_t *count)
{
    return thread ? get(thread->pc_samples, seqno, samples, count) : KERN_INVALID_ARGUMENT;
}
