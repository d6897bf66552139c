/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_msync, memory_object_synchronize and its answer (checklist 130 to 136, D-29).
 */
#include "audit.h"
#include "sleepers.h"
#include "test.h"

#define SEED  130
#define SELF  mach_task_self()
#define SYNC  VM_SYNC_SYNCHRONOUS
#define ASYNC VM_SYNC_ASYNCHRONOUS
#define FAR   (~0ul - 2 * PAGE_SIZE + 1)

#define WAITS_FOR_ANSWER "memory to be stored by"
#define WAITS_FOR_TURN   "an earlier vm_msync to be answered by"

static struct manager manager;
static vm_address_t address;

/* A client that calls vm_msync. */
struct syncer {
    struct client client;
    vm_address_t address;
    vm_size_t size;
    vm_sync_t flags;
};

static uint64_t call_msync(void *argument)
{
    struct syncer *syncer = argument;

    return (uint64_t)vm_msync(SELF, syncer->address, syncer->size, syncer->flags);
}

static void sync_begin(struct syncer *syncer, vm_offset_t at, vm_size_t size, vm_sync_t flags)
{
    syncer->address = address + at;
    syncer->size = size;
    syncer->flags = flags;
    client_call(&syncer->client, call_msync, syncer);
}

static void sync_end(struct syncer *syncer, kern_return_t code)
{
    CHECK_EQ((kern_return_t)client_finish(&syncer->client), code);
}

/* An object whose first pages are all resident. */
static void start(unsigned pages, boolean_t precious)
{
    address = manager_start(&manager, 0, pages * PAGE_SIZE);
    manager_fill(&manager, address, 0, pages * PAGE_SIZE, SEED, precious);
}

static void dirty(unsigned page)
{
    *(volatile uint64_t *)(address + page * PAGE_SIZE) = 0xd117 + page;
}

static void expect_return(vm_offset_t offset, vm_size_t size, boolean_t dirty, boolean_t kernel_copy)
{
    struct kernel_message message;

    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, offset);
    CHECK_EQ(message.data_bytes, size);
    CHECK_EQ(message.dirty, dirty);
    CHECK_EQ(message.kernel_copy, kernel_copy);
    message_release_data(&message);
}

static void expect_synchronize(vm_offset_t offset, vm_size_t size, vm_sync_t flags)
{
    struct kernel_message message;

    EXPECT_MESSAGE(manager.object, ID_SYNCHRONIZE, &message);
    CHECK_EQ(message.control, manager.control);
    CHECK_EQ(message.offset, offset);
    CHECK_EQ(message.length, size);
    CHECK_EQ(message.flavor, flags);
}

static void completed(vm_offset_t offset, vm_size_t size)
{
    CHECK_OK(memory_object_synchronize_completed(manager.control, offset, size));
}

static void expect_asked_again(unsigned page)
{
    manager_fill(&manager, address + page * PAGE_SIZE, page * PAGE_SIZE, PAGE_SIZE, SEED, FALSE);
}

TEST(130, dirty_pages_go_back_then_synchronize_and_the_client_waits_for_the_answer)
{
    struct syncer syncer;

    start(3, FALSE);
    dirty(0);
    dirty(2);
    sync_begin(&syncer, 0, 3 * PAGE_SIZE, SYNC);
    expect_return(0, PAGE_SIZE, TRUE, TRUE);
    expect_return(2 * PAGE_SIZE, PAGE_SIZE, TRUE, TRUE);
    expect_synchronize(0, 3 * PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_ANSWER, 1);
    client_expect_blocked(&syncer.client, 20);
    completed(0, 3 * PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    CHECK_EQ(*(volatile uint64_t *)address, 0xd117); /* still resident, and clean */
    sync_begin(&syncer, 0, 3 * PAGE_SIZE, SYNC);
    expect_synchronize(0, 3 * PAGE_SIZE, SYNC);
    completed(0, 3 * PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
}

TEST(130, the_manager_is_told_pages_of_its_object_and_the_flags)
{
    struct syncer syncer;

    address = manager_start(&manager, 4 * PAGE_SIZE, 3 * PAGE_SIZE);
    manager_fill(&manager, address, 4 * PAGE_SIZE, 3 * PAGE_SIZE, SEED, FALSE);
    dirty(1);
    sync_begin(&syncer, PAGE_SIZE + 100, 10, ASYNC); /* whole pages: outward */
    expect_return(5 * PAGE_SIZE, PAGE_SIZE, TRUE, TRUE);
    expect_synchronize(5 * PAGE_SIZE, PAGE_SIZE, ASYNC);
    completed(5 * PAGE_SIZE, PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    sync_begin(&syncer, 0, 3 * PAGE_SIZE, 0); /* nothing is asked for, but by who may have written */
    expect_synchronize(4 * PAGE_SIZE, 3 * PAGE_SIZE, 0);
    completed(4 * PAGE_SIZE, 3 * PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
}

static uint64_t call_msync_osf(void *argument)
{
    return (uint64_t)vm_msync_osf(SELF, (vm_address_t)argument, PAGE_SIZE, SYNC);
}

TEST(130, the_call_has_two_numbers)
{
    struct client client;

    start(1, FALSE);
    dirty(0);
    client_call(&client, call_msync_osf, (void *)address);
    expect_return(0, PAGE_SIZE, TRUE, TRUE);
    expect_synchronize(0, PAGE_SIZE, SYNC);
    completed(0, PAGE_SIZE);
    CHECK_EQ(client_finish(&client), KERN_SUCCESS);
    CHECK_OK(vm_msync_osf(SELF, address, 0, SYNC));
}

TEST(131, an_answer_with_other_numbers_is_no_answer)
{
    struct syncer syncer;

    start(2, FALSE);
    sync_begin(&syncer, 0, 2 * PAGE_SIZE, SYNC);
    expect_synchronize(0, 2 * PAGE_SIZE, SYNC);
    completed(0, PAGE_SIZE);
    completed(PAGE_SIZE, 2 * PAGE_SIZE);
    completed(0, ~0ul);
    completed(8, 2 * PAGE_SIZE);
    client_expect_blocked(&syncer.client, 20);
    completed(0, 2 * PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    completed(0, 2 * PAGE_SIZE); /* nobody waits */
    EXPECT_SILENCE(manager.object, 20);
}

TEST(132, requests_that_overlap_are_told_one_after_another_and_others_at_once)
{
    struct syncer first, second, apart;

    start(4, FALSE);
    sync_begin(&first, 0, 2 * PAGE_SIZE, SYNC);
    expect_synchronize(0, 2 * PAGE_SIZE, SYNC);
    dirty(1);
    sync_begin(&second, PAGE_SIZE, 2 * PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_TURN, 1); /* before anything goes back: what a manager owes stays bounded */
    sync_begin(&apart, 3 * PAGE_SIZE, PAGE_SIZE, SYNC);
    expect_synchronize(3 * PAGE_SIZE, PAGE_SIZE, SYNC);
    completed(3 * PAGE_SIZE, PAGE_SIZE);
    sync_end(&apart, KERN_SUCCESS);
    completed(PAGE_SIZE, 2 * PAGE_SIZE); /* too early */
    EXPECT_SILENCE(manager.object, 20);
    completed(0, 2 * PAGE_SIZE);
    sync_end(&first, KERN_SUCCESS);
    expect_return(PAGE_SIZE, PAGE_SIZE, TRUE, TRUE);
    expect_synchronize(PAGE_SIZE, 2 * PAGE_SIZE, SYNC);
    client_expect_blocked(&second.client, 20);
    completed(PAGE_SIZE, 2 * PAGE_SIZE);
    sync_end(&second, KERN_SUCCESS);
}

TEST(133, what_makes_no_sense_is_refused)
{
    vm_address_t hole = 0;

    start(1, FALSE);
    CHECK_OK(vm_allocate(SELF, &hole, PAGE_SIZE, TRUE));
    audit_begin();
    REFUSED(vm_msync(SELF, address, PAGE_SIZE, SYNC | ASYNC), KERN_INVALID_ARGUMENT);
    REFUSED(vm_msync(SELF, address, PAGE_SIZE, SYNC | ASYNC | VM_SYNC_INVALIDATE), KERN_INVALID_ARGUMENT);
    REFUSED(vm_msync(SELF, address, PAGE_SIZE, 8), KERN_INVALID_ARGUMENT);
    REFUSED(vm_msync(SELF, FAR, 4 * PAGE_SIZE, SYNC), KERN_INVALID_ADDRESS);
    REFUSED(vm_msync(SELF, 1ul << 47, PAGE_SIZE, SYNC), KERN_INVALID_ADDRESS);
    REFUSED(vm_msync_osf(SELF, address, PAGE_SIZE, SYNC | ASYNC), KERN_INVALID_ARGUMENT);
    REFUSED(vm_msync_osf(SELF, FAR, 4 * PAGE_SIZE, SYNC), KERN_INVALID_ADDRESS);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(134, invalidating_drops_clean_and_written_pages_and_returns_precious_ones)
{
    struct syncer syncer;

    start(2, FALSE);
    dirty(1);
    sync_begin(&syncer, 0, 2 * PAGE_SIZE, VM_SYNC_INVALIDATE);
    expect_synchronize(0, 2 * PAGE_SIZE, VM_SYNC_INVALIDATE);
    completed(0, 2 * PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    manager_fill(&manager, address, 0, 2 * PAGE_SIZE, SEED, TRUE);
    dirty(1);
    sync_begin(&syncer, 0, 2 * PAGE_SIZE, VM_SYNC_INVALIDATE);
    expect_return(0, PAGE_SIZE, FALSE, FALSE);
    expect_return(PAGE_SIZE, PAGE_SIZE, TRUE, FALSE);
    expect_synchronize(0, 2 * PAGE_SIZE, VM_SYNC_INVALIDATE);
    completed(0, 2 * PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    expect_asked_again(0);
    expect_asked_again(1);
}

TEST(134, storing_and_invalidating_returns_all_that_was_written)
{
    struct syncer syncer;

    start(2, FALSE);
    dirty(1);
    sync_begin(&syncer, 0, 2 * PAGE_SIZE, SYNC | VM_SYNC_INVALIDATE);
    expect_return(PAGE_SIZE, PAGE_SIZE, TRUE, FALSE);
    expect_synchronize(0, 2 * PAGE_SIZE, SYNC | VM_SYNC_INVALIDATE);
    completed(0, 2 * PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    expect_asked_again(0);
    expect_asked_again(1);
}

TEST(134, who_may_only_read_throws_nothing_away)
{
    struct syncer syncer;
    vm_address_t writable;

    start(1, FALSE);
    writable = address;
    dirty(0);
    address = manager_map(&manager, 0, PAGE_SIZE);
    CHECK_OK(vm_protect(SELF, address, PAGE_SIZE, FALSE, VM_PROT_READ));
    CHECK_OK(vm_msync(SELF, address, PAGE_SIZE, SYNC)); /* could not write: nothing to store */
    EXPECT_SILENCE(manager.object, 20);
    sync_begin(&syncer, 0, PAGE_SIZE, VM_SYNC_INVALIDATE);
    expect_return(0, PAGE_SIZE, TRUE, FALSE);
    expect_synchronize(0, PAGE_SIZE, VM_SYNC_INVALIDATE);
    completed(0, PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    manager_fill(&manager, writable, 0, PAGE_SIZE, SEED, FALSE);
    CHECK_OK(vm_msync(SELF, address, PAGE_SIZE, VM_SYNC_INVALIDATE)); /* nothing went back: no dialogue */
    EXPECT_SILENCE(manager.object, 20);
    expect_asked_again(0);
}

TEST(134, wired_pages_are_stored_and_stay)
{
    struct syncer syncer;

    start(1, FALSE);
    CHECK_OK(vm_wire(test_host_port, SELF, address, PAGE_SIZE, VM_PROT_READ));
    dirty(0);
    sync_begin(&syncer, 0, PAGE_SIZE, SYNC | VM_SYNC_INVALIDATE);
    expect_return(0, PAGE_SIZE, TRUE, TRUE);
    expect_synchronize(0, PAGE_SIZE, SYNC | VM_SYNC_INVALIDATE);
    completed(0, PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
    CHECK_EQ(*(volatile uint64_t *)address, 0xd117);
    EXPECT_SILENCE(manager.object, 20);
}

TEST(135, the_client_is_told_when_the_manager_dies)
{
    struct syncer waiting, behind;

    start(2, FALSE);
    sync_begin(&waiting, 0, 2 * PAGE_SIZE, SYNC);
    expect_synchronize(0, 2 * PAGE_SIZE, SYNC);
    sync_begin(&behind, PAGE_SIZE, PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_TURN, 1);
    CHECK_OK(mach_port_destroy(SELF, manager.object));
    sync_end(&waiting, KERN_MEMORY_FAILURE);
    sync_end(&behind, KERN_MEMORY_FAILURE);
    CHECK_RETURNS(vm_msync(SELF, address, PAGE_SIZE, SYNC), KERN_MEMORY_FAILURE);
    CHECK_RETURNS(vm_msync_osf(SELF, address, PAGE_SIZE, SYNC), KERN_MEMORY_FAILURE);
    pattern_check(address, 2 * PAGE_SIZE, SEED, 0);
}

TEST(135, the_client_is_told_when_the_manager_gives_its_object_up)
{
    struct syncer syncer;
    struct kernel_message message;

    start(2, FALSE);
    dirty(0);
    sync_begin(&syncer, 0, 2 * PAGE_SIZE, SYNC);
    expect_return(0, PAGE_SIZE, TRUE, TRUE);
    expect_synchronize(0, 2 * PAGE_SIZE, SYNC);
    CHECK_OK(memory_object_destroy(manager.control, KERN_FAILURE));
    sync_end(&syncer, KERN_MEMORY_FAILURE);
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    CHECK_RETURNS(vm_msync(SELF, address, PAGE_SIZE, SYNC), KERN_MEMORY_FAILURE);
}

static void sync_abort(struct syncer *syncer)
{
    kern_return_t code;

    CHECK_OK(thread_abort(syncer->client.thread));
    code = (kern_return_t)client_finish(&syncer->client);
    CHECK(code == KERN_ABORTED || code == MACH_SEND_INTERRUPTED || code == MACH_RCV_INTERRUPTED);
}

TEST(135, a_client_that_is_aborted_leaves_an_answer_that_is_still_owed)
{
    struct syncer first, second;

    start(2, FALSE);
    sync_begin(&first, 0, PAGE_SIZE, SYNC);
    expect_synchronize(0, PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_ANSWER, 1);
    sync_abort(&first);
    dirty(0);
    sync_begin(&second, 0, PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_TURN, 1);
    sync_abort(&second); /* there, too */
    sync_begin(&second, 0, PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_TURN, 1);
    completed(0, PAGE_SIZE); /* of the first: not for what was written since */
    expect_return(0, PAGE_SIZE, TRUE, TRUE);
    expect_synchronize(0, PAGE_SIZE, SYNC);
    client_expect_blocked(&second.client, 20);
    completed(0, PAGE_SIZE);
    sync_end(&second, KERN_SUCCESS);
}

TEST(135, a_client_that_is_aborted_again_and_again_sends_a_silent_manager_one_page)
{
    struct syncer syncer;

    start(1, FALSE);
    for (unsigned round = 0; round < 20; round++) {
        dirty(0);
        sync_begin(&syncer, 0, PAGE_SIZE, SYNC);
        sleepers_expect(round == 0 ? WAITS_FOR_ANSWER : WAITS_FOR_TURN, 1);
        sync_abort(&syncer);
    }
    CHECK_EQ(port_status(manager.object).mps_msgcount, 2); /* data_return, synchronize */
}

/* A manager that answers but one of very many; then its object ends. */
static void pile_up(void)
{
    enum { MANY = 50 };
    struct kernel_message message;
    struct syncer syncer;

    address = manager_start(&manager, 0, (MANY + 1) * PAGE_SIZE);
    for (unsigned i = 0; i < MANY; i++) {
        sync_begin(&syncer, i * PAGE_SIZE, PAGE_SIZE, SYNC);
        expect_synchronize(i * PAGE_SIZE, PAGE_SIZE, SYNC);
        sleepers_expect(WAITS_FOR_ANSWER, 1);
        sync_abort(&syncer);
    }
    sync_begin(&syncer, MANY * PAGE_SIZE, PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_TURN, 1);
    EXPECT_SILENCE(manager.object, 20);
    completed(7 * PAGE_SIZE, PAGE_SIZE);
    expect_synchronize(MANY * PAGE_SIZE, PAGE_SIZE, SYNC);
    sync_abort(&syncer);
    CHECK_OK(vm_deallocate(SELF, address, (MANY + 1) * PAGE_SIZE));
    EXPECT_MESSAGE(manager.object, ID_TERMINATE, &message);
    CHECK_OK(mach_port_destroy(SELF, message.control));
    CHECK_OK(mach_port_destroy(SELF, message.name));
    CHECK_OK(mach_port_destroy(SELF, manager.object));
}

TEST(135, answers_that_never_come_are_bounded_and_go_with_the_object)
{
    const char *difference = "no audit";

    pile_up();
    for (unsigned i = 0; i < 5 && difference; i++) { /* this task's own memory may grow a few times */
        struct audit before;

        audit_take(&before);
        pile_up();
        difference = audit_difference(&before);
    }
    if (difference)
        FAIL("after requests without an answer: %s", difference);
}

static void sync_main(void *argument)
{
    vm_msync(SELF, (vm_address_t)argument, PAGE_SIZE, SYNC);
}

TEST(135, a_task_that_waits_can_be_ended)
{
    struct helper helper;

    start(1, FALSE);
    CHECK_OK(vm_inherit(SELF, address, PAGE_SIZE, VM_INHERIT_SHARE));
    helper_create(&helper, sync_main, (void *)address);
    helper_run(&helper);
    expect_synchronize(0, PAGE_SIZE, SYNC);
    sleepers_expect(WAITS_FOR_ANSWER, 1);
    helper_end(&helper);
    sleepers_expect(WAITS_FOR_ANSWER, 0);
    completed(0, PAGE_SIZE);
    CHECK_EQ(*(volatile uint64_t *)address, pattern_word(SEED, 0));
}

TEST(136, anonymous_memory_and_holes_need_no_manager)
{
    vm_address_t memory = 0;

    CHECK_OK(vm_allocate(SELF, &memory, 4 * PAGE_SIZE, TRUE));
    *(volatile uint64_t *)memory = 136;
    CHECK_OK(vm_deallocate(SELF, memory + 2 * PAGE_SIZE, PAGE_SIZE));
    CHECK_OK(vm_msync(SELF, memory, 4 * PAGE_SIZE, SYNC));
    CHECK_OK(vm_msync(SELF, memory + 2 * PAGE_SIZE, PAGE_SIZE, SYNC | VM_SYNC_INVALIDATE));
    CHECK_OK(vm_msync(SELF, memory, 0, SYNC));
    CHECK_EQ(*(volatile uint64_t *)memory, 136);
}

TEST(136, each_object_of_a_range_is_asked_in_turn_and_what_is_between_is_skipped)
{
    struct syncer syncer;
    struct manager other;
    vm_address_t at;

    address = 0;
    CHECK_OK(vm_allocate(SELF, &address, 5 * PAGE_SIZE, TRUE));
    CHECK_OK(vm_deallocate(SELF, address, 3 * PAGE_SIZE)); /* an object, a hole, an object, memory */
    manager_create(&other);
    manager_create(&manager);
#define MAP(port, page)                                                                            \
    at = address + (page) * PAGE_SIZE;                                                             \
    CHECK_OK(vm_map(SELF, &at, PAGE_SIZE, 0, FALSE, port, 0, FALSE, VM_PROT_ALL, VM_PROT_ALL,      \
                    VM_INHERIT_COPY))
    MAP(other.object, 0);
    CHECK_OK(vm_msync(SELF, address, PAGE_SIZE, SYNC)); /* before its manager is ready: nothing is there */
    manager_accept(&other, FALSE, MEMORY_OBJECT_COPY_NONE);
    MAP(manager.object, 2);
    manager_accept(&manager, FALSE, MEMORY_OBJECT_COPY_NONE);
    sync_begin(&syncer, 0, 5 * PAGE_SIZE, SYNC);
    {
        struct kernel_message message;

        EXPECT_MESSAGE(other.object, ID_SYNCHRONIZE, &message);
        CHECK_EQ(message.length, PAGE_SIZE);
    }
    EXPECT_SILENCE(manager.object, 20);
    CHECK_OK(memory_object_synchronize_completed(other.control, 0, PAGE_SIZE));
    expect_synchronize(0, PAGE_SIZE, SYNC);
    completed(0, PAGE_SIZE);
    sync_end(&syncer, KERN_SUCCESS);
}
