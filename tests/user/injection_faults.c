/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each allocation that fails in turn (injection.h): page faults. None is refused while memory may still come: the
 * thread sees nothing but what stood in the page.
 */
#include <mach/porthole_memory_types.h>
#include <mig/porthole_memory.h>

#include "audit.h"
#include "injection.h"
#include "paging.h"
#include "test.h"

#define SELF  mach_task_self()
#define PAGES 12u /* more than what is copied at once */
#define BYTES ((vm_size_t)PAGES * PAGE_SIZE)
#define SEED  6
#define MANAGED_BYTES ((vm_size_t)1500 * PAGE_SIZE)
#define FAR   0x4000000000ul /* no table of its own leads there before */

static vm_address_t area, copy;

static uint64_t word_at(vm_address_t at)
{
    return *(volatile uint64_t *)at;
}

static void set_word(vm_address_t at, uint64_t value)
{
    *(volatile uint64_t *)at = value;
}

/* ---- anonymous memory */

static void make_new(void)
{
    vm_address_t at = FAR;

    if (area == FAR)
        CHECK_OK(vm_deallocate(SELF, FAR, BYTES));
    CHECK_OK(vm_allocate(SELF, &at, BYTES, FALSE));
    area = FAR;
}

static kern_return_t touch(void)
{
    CHECK_EQ(word_at(area), 0);
    set_word(area + PAGE_SIZE, 1);
    CHECK_EQ(word_at(area + PAGE_SIZE), 1);
    return KERN_SUCCESS;
}

static void make_copy(void)
{
    mach_msg_type_number_t count;

    if (copy != 0)
        CHECK_OK(vm_deallocate(SELF, copy, BYTES));
    pattern_fill(area, BYTES, SEED, 0);
    CHECK_OK(vm_read(SELF, area, BYTES, &copy, &count));
}

static kern_return_t write_both(void)
{
    set_word(area, 1);
    set_word(copy + PAGE_SIZE, 2);
    return KERN_SUCCESS;
}

static void expect_apart(void)
{
    CHECK_EQ(word_at(area), 1);
    CHECK_EQ(word_at(copy), pattern_word(SEED, 0));
    CHECK_EQ(word_at(area + PAGE_SIZE), pattern_word(SEED, PAGE_SIZE));
    CHECK_EQ(word_at(copy + PAGE_SIZE), 2);
    pattern_check(area + 2 * PAGE_SIZE, BYTES - 2 * PAGE_SIZE, SEED, 2 * PAGE_SIZE);
    pattern_check(copy + 2 * PAGE_SIZE, BYTES - 2 * PAGE_SIZE, SEED, 2 * PAGE_SIZE);
}

/* The same page a second time, so that its mappings need a list. */
static void make_twice(void)
{
    vm_prot_t now, most;

    make_new();
    pattern_fill(area, BYTES, SEED, 0);
    if (copy != 0)
        CHECK_OK(vm_deallocate(SELF, copy, BYTES));
    copy = 0;
    CHECK_OK(vm_remap(SELF, &copy, BYTES, 0, TRUE, SELF, area, FALSE, &now, &most, VM_INHERIT_COPY));
}

static kern_return_t touch_both(void)
{
    CHECK_EQ(word_at(copy), pattern_word(SEED, 0));
    set_word(copy + PAGE_SIZE, 3);
    CHECK_EQ(word_at(area + PAGE_SIZE), 3);
    return KERN_SUCCESS;
}

TEST(0, faults_on_anonymous_memory_succeed_when_an_allocation_fails)
{
    area = 0;
    INJECT(touch, .prepare = make_new);
    make_new();
    INJECT(write_both, .prepare = make_copy, .check = expect_apart);
    INJECT(touch_both, .prepare = make_twice);
}

/* What lay behind two copies is joined to the one that is left, or stays behind it. */
static kern_return_t drop_one(void)
{
    kern_return_t result = vm_deallocate(SELF, copy, BYTES);

    if (result == KERN_SUCCESS)
        copy = 0;
    set_word(area + 3 * PAGE_SIZE, 3);
    return result;
}

static void make_chain(void)
{
    make_copy();
    set_word(area, 1);
    set_word(area + PAGE_SIZE, pattern_word(SEED, PAGE_SIZE));
    set_word(copy, 2);
}

static void expect_own(void)
{
    CHECK_EQ(word_at(area), 1);
    CHECK_EQ(word_at(area + 3 * PAGE_SIZE), 3);
    pattern_check(area + PAGE_SIZE, 2 * PAGE_SIZE, SEED, PAGE_SIZE);
    pattern_check(area + 4 * PAGE_SIZE, BYTES - 4 * PAGE_SIZE, SEED, 4 * PAGE_SIZE);
}

TEST(0, memory_behind_a_copy_that_ended_stays_when_an_allocation_fails)
{
    area = copy = 0;
    make_new();
    INJECT(drop_one, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = make_chain, .check = expect_own,
           .uncounted = TRUE);
}

/* ---- a manager's memory */

static struct manager manager;
static mach_port_t reply;
static enum { SUPPLIES, SUPPLIES_LOCKED, HAS_NONE } behaviour;
static boolean_t hoards; /* what is returned it keeps */
#define LAST (MANAGED_BYTES - PAGE_SIZE)
static volatile vm_address_t last; /* what was returned of that page */

/* Answers all that the kernel asks, as long as the test runs. */
static void serve(void *unused)
{
    (void)unused;
    for (;;) {
        struct kernel_message message;

        message_receive(manager.object, &message, 600000);
        if (message.id == ID_DATA_REQUEST && behaviour == HAS_NONE)
            memory_object_data_unavailable(manager.control, message.offset, message.length);
        else if (message.id == ID_DATA_REQUEST && message.offset == LAST && last != 0)
            memory_object_data_supply(manager.control, LAST, last, PAGE_SIZE, FALSE, VM_PROT_NONE, FALSE,
                                      MACH_PORT_NULL);
        else if (message.id == ID_DATA_REQUEST)
            manager_supply(&manager, message.offset, message.length, SEED,
                           behaviour == SUPPLIES_LOCKED ? VM_PROT_WRITE : VM_PROT_NONE, FALSE, MACH_PORT_NULL, 0);
        else if (message.id == ID_DATA_UNLOCK)
            memory_object_lock_request(manager.control, message.offset, message.length,
                                       MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE, MACH_PORT_NULL);
        if (message.id == ID_DATA_RETURN && message.offset == LAST)
            last = message.data;
        if (!hoards)
            message_release_data(&message);
    }
}

static void start_manager(void)
{
    behaviour = SUPPLIES;
    copy = 0;
    area = manager_start(&manager, 0, MANAGED_BYTES);
    reply = port_make(FALSE);
    CHECK(thread_start(serve, NULL, 0) != MACH_PORT_NULL);
}

/* No page is resident, and none of the contents is kept but what the manager has. */
static void flush_all(void)
{
    struct kernel_message message;

    CHECK_OK(memory_object_lock_request(manager.control, 0, MANAGED_BYTES, MEMORY_OBJECT_RETURN_NONE, TRUE,
                                        VM_PROT_NO_CHANGE, reply));
    EXPECT_MESSAGE(reply, ID_LOCK_COMPLETED, &message);
}

static kern_return_t read_page(void)
{
    CHECK_EQ(word_at(area + PAGE_SIZE), behaviour == HAS_NONE ? 0 : pattern_word(SEED, PAGE_SIZE));
    return KERN_SUCCESS;
}

static kern_return_t write_page(void)
{
    set_word(area + PAGE_SIZE, 4);
    CHECK_EQ(word_at(area + PAGE_SIZE + 8), pattern_word(SEED, PAGE_SIZE));
    return KERN_SUCCESS;
}

TEST(0, faults_that_a_manager_answers_succeed_when_an_allocation_fails)
{
    start_manager();
    INJECT(read_page, .prepare = flush_all);
    INJECT(write_page, .prepare = flush_all);
    behaviour = SUPPLIES_LOCKED;
    INJECT(write_page, .prepare = flush_all);
    behaviour = HAS_NONE;
    INJECT(read_page, .prepare = flush_all);
}

/* A copy made without asking the manager: before the original is written, the copy gets the page. */
static void make_delayed_copy(void)
{
    mach_msg_type_number_t count;

    if (copy != 0)
        CHECK_OK(vm_deallocate(SELF, copy, BYTES));
    flush_all();
    CHECK_OK(vm_read(SELF, area, BYTES, &copy, &count));
}

static kern_return_t write_original(void)
{
    set_word(area + PAGE_SIZE, 5);
    set_word(copy + 2 * PAGE_SIZE, 6);
    return KERN_SUCCESS;
}

static void expect_old_in_copy(void)
{
    CHECK_EQ(word_at(area + PAGE_SIZE), 5);
    CHECK_EQ(word_at(copy + PAGE_SIZE), pattern_word(SEED, PAGE_SIZE));
    CHECK_EQ(word_at(copy + 2 * PAGE_SIZE), 6);
    CHECK_EQ(word_at(area + 2 * PAGE_SIZE), pattern_word(SEED, 2 * PAGE_SIZE));
}

static void drop_and_flush(void)
{
    if (copy != 0)
        CHECK_OK(vm_deallocate(SELF, copy, BYTES));
    copy = 0;
    flush_all();
}

static kern_return_t copy_late(void)
{
    mach_msg_type_number_t count;

    return vm_read(SELF, area, BYTES, &copy, &count);
}

/* Made at once if not lazily, it shows the same. */
static void expect_late_copy(void)
{
    if (copy != 0)
        pattern_check(copy, BYTES, SEED, 0);
    drop_and_flush();
}

TEST(0, a_delayed_copy_keeps_what_it_showed_when_an_allocation_fails)
{
    start_manager();
    INJECT(write_original, .prepare = make_delayed_copy, .check = expect_old_in_copy);
    drop_and_flush();
    INJECT(copy_late, .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE, .check = expect_late_copy);
}

/* ---- through a proxy */

static mach_port_t proxy;

static kern_return_t make_proxy(void)
{
    rpc_vm_offset_t offset = 0, from = PAGE_SIZE;
    rpc_vm_size_t bytes = 2 * PAGE_SIZE;
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = memory_object_create_proxy(SELF, VM_PROT_READ, &manager.object,
                                                      MACH_MSG_TYPE_COPY_SEND, 1, &offset, 1, &from, 1,
                                                      &bytes, 1, &made);

    if (result == KERN_SUCCESS)
        UNDO(mach_port_deallocate(SELF, made));
    return result;
}

static kern_return_t map_and_read(void)
{
    vm_address_t at = 0;
    kern_return_t result = vm_map(SELF, &at, 2 * PAGE_SIZE, 0, TRUE, proxy, 0, FALSE, VM_PROT_READ,
                                  VM_PROT_READ, VM_INHERIT_COPY);

    if (result != KERN_SUCCESS)
        return result;
    CHECK_EQ(word_at(at), pattern_word(SEED, PAGE_SIZE));
    UNDO(vm_deallocate(SELF, at, 2 * PAGE_SIZE));
    return KERN_SUCCESS;
}

static kern_return_t make_region_proxy(void)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = vm_region_create_proxy(SELF, area, VM_PROT_READ, BYTES, &made);

    if (result == KERN_SUCCESS)
        UNDO(mach_port_deallocate(SELF, made));
    return result;
}

TEST(0, a_proxy_shows_its_object_when_an_allocation_fails)
{
    rpc_vm_offset_t offset = 0, from = PAGE_SIZE;
    rpc_vm_size_t bytes = 2 * PAGE_SIZE;

    start_manager();
    CHECK_OK(memory_object_create_proxy(SELF, VM_PROT_READ, &manager.object, MACH_MSG_TYPE_COPY_SEND, 1,
                                        &offset, 1, &from, 1, &bytes, 1, &proxy));
    INJECT(make_proxy, .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE);
    INJECT(map_and_read, .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE, .prepare = flush_all);
    INJECT(make_region_proxy, .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE);
}

/* ---- memory that has been paged out */

static void fill_and_evict(void)
{
    pattern_fill(area, BYTES, SEED, 0);
    pages_evict(area, BYTES);
}

static void fill(void)
{
    pattern_fill(area, BYTES, SEED, 0);
}

static kern_return_t evict(void)
{
    int outcome = 0;
    kern_return_t result = porthole_evict(test_host_port, SELF, area + PAGE_SIZE, &outcome);

    return result == KERN_INVALID_ADDRESS ? KERN_SUCCESS : result;
}

static kern_return_t read_again(void)
{
    CHECK_EQ(word_at(area), pattern_word(SEED, 0));
    set_word(area + 3 * PAGE_SIZE, pattern_word(SEED, 3 * PAGE_SIZE));
    return KERN_SUCCESS;
}

static void expect_all(void)
{
    pattern_check(area, BYTES, SEED, 0);
}

static void make_unpaged(void)
{
    CHECK_OK(vm_deallocate(SELF, area, BYTES));
    CHECK_OK(vm_allocate(SELF, &area, BYTES, FALSE));
    fill();
}

/* boot: with=disk,default_pager disk=8 memory=32 timeout=60 */
TEST(0, memory_comes_back_from_the_disk_when_an_allocation_fails)
{
    pager_statistics_t counts;
    uint64_t blocks;

    pager_port();
    CHECK_OK(vm_allocate(SELF, &area, BYTES, TRUE));
    fill_and_evict();
    pager_settle(&counts);
    blocks = counts.free_blocks;
    INJECT(read_again, .prepare = fill_and_evict, .check = expect_all, .uncounted = TRUE);
    INJECT(evict, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = fill, .check = expect_all, .uncounted = TRUE);
    INJECT(evict, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = make_unpaged, .check = expect_all,
           .uncounted = TRUE);
    fill_and_evict();
    pager_settle(&counts);
    CHECK_EQ(counts.free_blocks, blocks);
    CHECK_EQ(counts.errors, 0);
    CHECK_EQ(counts.bad_pages, 0);
}

/* A delayed copy part of which is on disk: what the original loses goes there as well. */
static void make_paged_copy(void)
{
    make_delayed_copy();
    set_word(copy + 3 * PAGE_SIZE, 7);
    CHECK(page_evict(copy + 3 * PAGE_SIZE));
}

static kern_return_t write_behind_paged(void)
{
    set_word(area + PAGE_SIZE, 5);
    return KERN_SUCCESS;
}

static void expect_paged_copy(void)
{
    CHECK_EQ(word_at(copy + PAGE_SIZE), pattern_word(SEED, PAGE_SIZE));
    CHECK_EQ(word_at(copy + 3 * PAGE_SIZE), 7);
    CHECK_EQ(word_at(area + PAGE_SIZE), 5);
}

/* boot: with=disk,default_pager disk=8 memory=32 timeout=60 */
TEST(0, a_copy_that_is_paged_out_gets_what_it_showed_when_an_allocation_fails)
{
    pager_port();
    start_manager();
    INJECT(write_behind_paged, .prepare = make_paged_copy, .check = expect_paged_copy, .uncounted = TRUE);
}

/* ---- what a manager that owes too much is not given */

#define KEPT (area + LAST)

static void dirty_last(void)
{
    set_word(KEPT, 8);
}

static kern_return_t evict_last(void)
{
    int outcome = 0;
    kern_return_t result = porthole_evict(test_host_port, SELF, KEPT, &outcome);

    return result == KERN_INVALID_ADDRESS ? KERN_SUCCESS : result;
}

static void expect_last(void)
{
    CHECK_EQ(word_at(KEPT), 8);
}

static kern_return_t read_last(void)
{
    CHECK_EQ(word_at(KEPT), 8);
    return KERN_SUCCESS;
}

static void evict_and_dirty(void)
{
    dirty_last();
    CHECK(page_evict(KEPT));
}

/* boot: with=disk,default_pager disk=8 memory=32 timeout=60 */
TEST(0, a_page_kept_from_its_manager_is_not_lost_when_an_allocation_fails)
{
    pager_port();
    start_manager();
    hoards = TRUE;
    for (vm_offset_t at = 0; at < MANAGED_BYTES - PAGE_SIZE; at += PAGE_SIZE) {
        set_word(area + at, 1);
        page_evict(area + at);
    }
    start_manager(); /* an object of which nothing is kept yet */
    INJECT(evict_last, .codes = {KERN_RESOURCE_SHORTAGE, MACH_SEND_NO_BUFFER}, .prepare = dirty_last,
           .check = expect_last, .first = TRUE, .times = 50, .uncounted = TRUE);
    INJECT(evict_last, .codes = {KERN_RESOURCE_SHORTAGE}, .prepare = dirty_last, .check = expect_last,
           .uncounted = TRUE);
    INJECT(read_last, .prepare = evict_and_dirty, .uncounted = TRUE);
}
