/* SPDX-License-Identifier: BSD-2-Clause */
/* Samples of program counters, of tasks and of threads. */
#include <mach/pc_sample.h>

#include "test.h"

#define SELF mach_task_self()
#define RING 512 /* samples kept */

static sampled_pc_t samples[RING];
static mach_msg_type_number_t count;
static volatile uint64_t counter;

static void count_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        counter++;
}

/* What the kernel calls a thread. */
static uint64_t identity(mach_port_t thread)
{
    vm_offset_t address;
    unsigned type;

    CHECK_OK(mach_port_kernel_object(SELF, thread, &type, &address));
    return address;
}

static unsigned task_samples(sampled_pc_seqno_t *seqno)
{
    count = RING;
    CHECK_OK(task_get_sampled_pcs(SELF, seqno, samples, &count));
    return count;
}

static vm_address_t memory(unsigned pages)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(SELF, &address, pages * PAGE_SIZE, TRUE));
    return address;
}

static void touch(vm_address_t address, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        *(volatile char *)(address + i * PAGE_SIZE) = 1;
}

TEST(0, the_clock_samples_all_threads_of_a_task)
{
    mach_port_t thread = thread_start(count_for_ever, NULL, 0);
    uint64_t other = identity(thread), self = identity(mach_thread_self());
    unsigned of_other = 0, of_self = 0;
    sampled_pc_seqno_t seqno = 0, before;
    int tick = 0, total = 0;

    CHECK_OK(task_enable_pc_sampling(SELF, &tick, SAMPLED_PC_PERIODIC));
    CHECK(tick > 0 && tick <= 1000000);
    while (of_other < 3 || of_self < 3) {
        before = seqno;
        CHECK_EQ(task_samples(&seqno), seqno - before);
        for (unsigned i = 0; i < count; i++) {
            CHECK_EQ(samples[i].sampletype, SAMPLED_PC_PERIODIC);
            CHECK(samples[i].id == other || samples[i].id == self);
            CHECK(samples[i].pc > PAGE_SIZE);
            of_other += samples[i].id == other;
            of_self += samples[i].id == self;
            if (samples[i].id == other)
                CHECK(samples[i].pc - (uintptr_t)count_for_ever < 64);
        }
        for (volatile unsigned i = 0; i < 100000; i++)
            ;
    }
    CHECK_OK(task_disable_pc_sampling(SELF, &total));
    CHECK(total >= (int)seqno);
}

TEST(0, a_single_thread_can_be_sampled)
{
    mach_port_t thread = thread_start(count_for_ever, NULL, 0);
    sampled_pc_seqno_t seqno = 0;
    int tick, total;

    CHECK_OK(thread_enable_pc_sampling(thread, &tick, SAMPLED_PC_PERIODIC));
    do {
        seqno = 0;
        count = RING;
        thread_sleep(10);
        CHECK_OK(thread_get_sampled_pcs(thread, &seqno, samples, &count));
    } while (seqno < 3);
    CHECK_EQ(count, seqno);
    for (unsigned i = 0; i < count; i++)
        CHECK_EQ(samples[i].id, identity(thread));
    CHECK_RETURNS(task_get_sampled_pcs(SELF, &seqno, samples, &count), KERN_FAILURE);
    CHECK_OK(thread_disable_pc_sampling(thread, &total));
    CHECK(total >= (int)seqno);
    CHECK_RETURNS(thread_get_sampled_pcs(thread, &seqno, samples, &count), KERN_FAILURE);
    CHECK_OK(thread_disable_pc_sampling(thread, &total)); /* nothing to do */
    CHECK_EQ(total, 0);
}

/* Faults come when they are caused, so that they can be counted. */
TEST(0, samples_are_numbered_and_the_last_are_kept)
{
    vm_address_t address = memory(700);
    sampled_pc_seqno_t seqno = 0;
    int tick, total;

    CHECK_OK(task_enable_pc_sampling(SELF, &tick, 0));
    memset(samples, 0, sizeof samples); /* or they would fault themselves, */
    CHECK_EQ(task_samples(&seqno), 0);  /* as would the stub's stack */
    CHECK_OK(task_enable_pc_sampling(SELF, &tick, SAMPLED_PC_VM_ZFILL_FAULTS));
    touch(address, 10);
    CHECK_EQ(task_samples(&seqno), 10);
    CHECK_EQ(seqno, 10);
    CHECK_EQ(task_samples(&seqno), 0);
    touch(address + 10 * PAGE_SIZE, 5);
    CHECK_EQ(task_samples(&seqno), 5);
    CHECK_EQ(seqno, 15);
    seqno = 12;
    CHECK_EQ(task_samples(&seqno), 3);
    CHECK_EQ(seqno, 15);
    seqno = 16; /* has not come up */
    CHECK_EQ(task_samples(&seqno), 0);
    CHECK_EQ(seqno, 15);
    touch(address + 15 * PAGE_SIZE, 600);
    CHECK_EQ(task_samples(&seqno), RING);
    CHECK_EQ(seqno, 615);
    CHECK_OK(task_disable_pc_sampling(SELF, &total));
    CHECK(total >= 615);
    CHECK_OK(task_enable_pc_sampling(SELF, &tick, SAMPLED_PC_VM_ZFILL_FAULTS));
    seqno = 0;
    CHECK_EQ(task_samples(&seqno), 0); /* begins anew */
    CHECK_EQ(seqno, 0);
}

static unsigned of_flavor(sampled_pc_flavor_t flavor)
{
    sampled_pc_seqno_t seqno = 0;
    unsigned found = 0;

    task_samples(&seqno);
    for (unsigned i = 0; i < count; i++)
        found += samples[i].sampletype == flavor;
    return found;
}

TEST(0, kinds_of_faults_are_told_apart)
{
    static struct manager manager;
    static struct client client;
    vm_address_t source = memory(64), copy = memory(64), object = manager_start(&manager, 0, PAGE_SIZE);
    struct task_events_info before, after;
    mach_msg_type_number_t size = TASK_EVENTS_INFO_COUNT;
    int tick;

    touch(source, 64);
    CHECK_OK(vm_copy(SELF, source, 64 * PAGE_SIZE, copy));
    CHECK_OK(task_info(SELF, TASK_EVENTS_INFO, (task_info_t)&before, &size));
    CHECK_OK(task_enable_pc_sampling(SELF, &tick, SAMPLED_PC_VM_FAULTS));
    touch(source, 3);
    CHECK_EQ(of_flavor(SAMPLED_PC_VM_COW_FAULTS), 3);
    CHECK_EQ(of_flavor(SAMPLED_PC_VM_PAGEIN_FAULTS), 0);
    client_read(&client, object);
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    manager_supply_plain(&manager, 0, PAGE_SIZE, 1);
    client_finish(&client);
    CHECK_EQ(of_flavor(SAMPLED_PC_VM_PAGEIN_FAULTS), 1);
    CHECK_EQ(of_flavor(SAMPLED_PC_VM_FAULTS_ANY), 0); /* not asked for */
    CHECK_OK(task_info(SELF, TASK_EVENTS_INFO, (task_info_t)&after, &size));
    CHECK_EQ(after.pageins, before.pageins + 1);
    CHECK_EQ(after.cow_faults, before.cow_faults + 3);
    CHECK_OK(task_enable_pc_sampling(SELF, &tick, SAMPLED_PC_VM_FAULTS_ANY));
    touch(source + 3 * PAGE_SIZE, 2);
    CHECK_EQ(of_flavor(SAMPLED_PC_VM_COW_FAULTS), 3);
    CHECK_EQ(of_flavor(SAMPLED_PC_VM_FAULTS_ANY), 2);
}

TEST(0, sampling_needs_the_right_port)
{
    sampled_pc_seqno_t seqno = 0;
    mach_port_t bad = mach_host_self();
    int tick;

    CHECK_RETURNS(task_enable_pc_sampling(bad, &tick, 1), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_disable_pc_sampling(bad, &tick), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_get_sampled_pcs(bad, &seqno, samples, &count), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_enable_pc_sampling(bad, &tick, 1), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_disable_pc_sampling(bad, &tick), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(thread_get_sampled_pcs(bad, &seqno, samples, &count), KERN_INVALID_ARGUMENT);
    CHECK_RETURNS(task_get_sampled_pcs(SELF, &seqno, samples, &count), KERN_FAILURE);
}

/* Rings are bounded, and end with their owners. */
TEST(0, rings_of_samples_cannot_fill_memory)
{
    mach_port_t task, thread;
    unsigned rings[2] = {0, 0};

    for (unsigned round = 0; round < 2; round++) {
        kern_return_t code = KERN_SUCCESS;
        int tick;

        CHECK_OK(task_create(SELF, FALSE, &task));
        while (code == KERN_SUCCESS) {
            CHECK_OK(thread_create(task, &thread));
            code = thread_enable_pc_sampling(thread, &tick, SAMPLED_PC_PERIODIC);
            CHECK_OK(mach_port_deallocate(SELF, thread));
            rings[round]++;
        }
        CHECK_EQ(code, KERN_RESOURCE_SHORTAGE);
        CHECK_OK(task_terminate(task));
        CHECK_OK(mach_port_deallocate(SELF, task));
        thread_sleep(100);
    }
    CHECK(rings[0] > 50);
    CHECK_EQ(rings[0], rings[1]);
}
