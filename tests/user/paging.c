/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system's default pager on a real disk (checklist 143 to 146, 151 to 153). What it says to the
 * kernel, word by word, is tried in default_manager.c; its paging space in paging_space.c.
 */
/* boot-all: with=disk,default_pager disk=64 memory=32 timeout=60 */
#include "paging.h"
#include "test.h"

#define SEED 83
#define VISITS 20000
#define PARALLEL 200 /* test 152; 1000 threads are more than a machine short of memory may have */
#define FAR ((vm_offset_t)1 << 45)

/* Twice what is free. */
static vm_size_t twice_the_memory(void)
{
    struct vm_statistics statistics;

    memory_statistics(&statistics);
    return (vm_size_t)statistics.free_count * 2 * PAGE_SIZE;
}

static vm_address_t anonymous(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &address, size, TRUE));
    return address;
}

static void touch(vm_address_t address, vm_size_t size, uint64_t seed)
{
    for (vm_offset_t at = 0; at < size; at += PAGE_SIZE)
        *(volatile uint64_t *)(address + at) = pattern_word(seed, at);
}

static void check_touched(vm_address_t address, vm_size_t size, uint64_t seed)
{
    for (vm_offset_t at = 0; at < size; at += PAGE_SIZE)
        CHECK_EQ(*(volatile uint64_t *)(address + at), pattern_word(seed, at));
}

static void expect_sound(const pager_statistics_t *counts)
{
    CHECK_EQ(counts->completed, counts->accepted + counts->refused);
    CHECK_EQ(counts->freed_blocks + counts->cancelled, counts->accepted);
    CHECK_EQ(counts->reserved_blocks, counts->out);
    CHECK_EQ(counts->errors, 0);
    CHECK_EQ(counts->bad_pages, 0);
}

static void use_and_exit(void *argument)
{
    (void)argument;
    vm_address_t address = anonymous(64 * PAGE_SIZE);
    pattern_fill(address, 64 * PAGE_SIZE, SEED, 0);
    pages_evict(address, 64 * PAGE_SIZE);
    pattern_check(address, 32 * PAGE_SIZE, SEED, 0);
}

static boolean_t is_gone(void *task)
{
    return port_type(*(mach_port_t *)task) == MACH_PORT_TYPE_DEAD_NAME;
}

TEST(143, the_blocks_of_a_task_are_free_again_when_it_has_ended)
{
    struct helper helper;
    pager_statistics_t before, after;

    pager_port();
    pager_settle(&before);
    uint64_t free = pager_free_blocks();
    helper_create(&helper, use_and_exit, NULL);
    helper_run(&helper);
    CHECK(wait_until(is_gone, &helper.task, 20000));
    pager_settle(&after);
    CHECK(after.returned >= before.returned + 64);
    CHECK_EQ(after.objects, before.objects);
    CHECK_EQ(after.out, before.out);
    CHECK_EQ(pager_free_blocks(), free);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

TEST(144, random_writes_to_twice_the_memory_are_all_there_and_the_pager_never_faults)
{
    pager_statistics_t before, after;
    uint64_t state = 0x123456789abcdef;

    pager_port();
    pager_settle(&before);
    vm_size_t size = twice_the_memory(), pages = size / PAGE_SIZE;
    volatile uint64_t *memory = (uint64_t *)anonymous(size);
    uint16_t *model = (uint16_t *)anonymous(pages * sizeof *model);
    for (unsigned visit = 0; visit < VISITS; visit++) {
        vm_size_t page = next_random(&state) % pages;
        volatile uint64_t *word = &memory[page * PAGE_SIZE / 8];
        CHECK_EQ(*word, model[page] == 0 ? 0 : pattern_word(model[page], page * PAGE_SIZE));
        *word = pattern_word(++model[page], page * PAGE_SIZE);
    }
    for (vm_size_t page = 0; page < pages; page++)
        CHECK_EQ(memory[page * PAGE_SIZE / 8],
                 model[page] == 0 ? 0 : pattern_word(model[page], page * PAGE_SIZE));
    pager_settle(&after);
    CHECK(after.returned > before.returned + 1000);
    CHECK_EQ(after.pager_faults, before.pager_faults);
    expect_sound(&after);
}

TEST(145, a_page_handed_over_frees_its_block_and_takes_one_again_when_it_comes_back)
{
    pager_statistics_t start, now;

    pager_port();
    vm_address_t address = anonymous(PAGE_SIZE);
    pager_settle(&start);
    pattern_fill(address, PAGE_SIZE, SEED, 0);
    for (unsigned round = 1; round <= 3; round++) {
        CHECK(page_evict(address));
        pager_settle(&now);
        CHECK_EQ(now.returned, start.returned + round);
        CHECK_EQ(now.free_blocks, start.free_blocks - 1);
        CHECK_EQ(now.out, start.out);
        pattern_check(address, PAGE_SIZE, SEED, 0);
        pager_settle(&now);
        CHECK_EQ(now.supplied_precious, start.supplied_precious + round);
        CHECK_EQ(now.freed_blocks, start.freed_blocks + round);
        CHECK_EQ(now.free_blocks, start.free_blocks); /* disk and memory never hold it both */
        CHECK_EQ(now.out, start.out + 1);
        CHECK_EQ(now.reserved_blocks, start.reserved_blocks + 1);
    }
    expect_sound(&now);
}

/* boot: with=disk,default_pager disk=4 memory=32 timeout=60 */
TEST(146, pages_go_in_and_out_of_a_disk_that_is_exactly_full)
{
    pager_statistics_t counts;

    pager_port();
    pager_settle(&counts);
    vm_size_t size = pager_free_blocks() * PAGE_SIZE;
    vm_address_t address = anonymous(size);
    CHECK(size > 500 * PAGE_SIZE);
    touch(address, size, SEED);
    pages_evict(address, size);
    pager_settle(&counts);
    CHECK_EQ(pager_free_blocks(), 0);
    CHECK_EQ(counts.held, 0);
    for (uint64_t round = 0; round < 3; round++) {
        check_touched(address, size, SEED + round); /* all come in, precious */
        if (round != 1)
            touch(address, size, SEED + round + 1); /* and go dirty, or once as they came */
        pages_evict(address, size);
        pager_settle(&counts);
        CHECK_EQ(pager_free_blocks(), 0);
        CHECK_EQ(counts.held, 0);
        CHECK_EQ(counts.exhausted, 0);
        if (round == 1)
            touch(address, size, SEED + 2);
    }
    check_touched(address, size, SEED + 3);
    expect_sound(&counts);
}

static vm_address_t map_object(mach_port_t object, vm_offset_t offset, vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_map(mach_task_self(), &address, size, 0, TRUE, object, offset, FALSE,
                    VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_SHARE));
    return address;
}

static mach_port_t create_object(vm_size_t size)
{
    mach_port_t object = MACH_PORT_NULL;

    CHECK_OK(default_pager_object_create(pager_port(), &object, size));
    return object;
}

/* Of test 151: what the two tasks share besides the object. */
struct sharing {
    mach_port_t object;
    vm_size_t size;
    volatile boolean_t written, checked;
};

/* Writes the odd pages, waits for the even ones, checks all. */
static void share_main(void *argument)
{
    struct sharing *sharing = argument;
    vm_address_t address = map_object(sharing->object, 0, sharing->size);

    for (vm_offset_t at = PAGE_SIZE; at < sharing->size; at += 2 * PAGE_SIZE)
        *(volatile uint64_t *)(address + at) = pattern_word(SEED, at);
    sharing->written = TRUE;
    while (!sharing->checked)
        thread_sleep(20);
    check_touched(address, sharing->size, SEED);
    sharing->checked = FALSE;
    for (;;)
        thread_sleep(1000);
}

static boolean_t has_written(void *sharing)
{
    return ((struct sharing *)sharing)->written;
}

static boolean_t has_checked(void *sharing)
{
    return !((struct sharing *)sharing)->checked;
}

TEST(130, the_pager_confirms_what_its_client_has_stored)
{
    vm_size_t size = 64 * PAGE_SIZE;
    mach_port_t object = create_object(size);
    vm_address_t address = map_object(object, 0, size);
    pager_statistics_t before, after;

    pattern_fill(address, size, SEED, 0);
    pager_counts(&before);
    CHECK_OK(vm_msync(mach_task_self(), address, size, VM_SYNC_SYNCHRONOUS));
    pager_counts(&after); /* not settled: it is done when the call returns */
    CHECK_EQ(after.returned, before.returned + 64);
    CHECK_EQ(after.free_blocks + 64, before.free_blocks);
    CHECK_OK(vm_msync(mach_task_self(), address, size,
                      VM_SYNC_ASYNCHRONOUS | VM_SYNC_INVALIDATE));
    pattern_check(address, size, SEED, 0);
    pager_counts(&after);
    CHECK_EQ(after.returned, before.returned + 64); /* nothing was written meanwhile */
    CHECK(after.requested >= before.requested + 64);
}

TEST(151, an_object_of_the_pager_twice_the_memory_is_shared_by_two_tasks)
{
    struct sharing *sharing = (struct sharing *)shared_memory(PAGE_SIZE);
    struct helper helper;
    pager_statistics_t counts;

    sharing->size = twice_the_memory() & ~(2 * PAGE_SIZE - 1);
    sharing->object = create_object(sharing->size);
    helper_create(&helper, share_main, sharing);
    helper_give(&helper, sharing->object, MACH_MSG_TYPE_COPY_SEND);
    helper_run(&helper);
    vm_address_t address = map_object(sharing->object, 0, sharing->size);
    for (vm_offset_t at = 0; at < sharing->size; at += 2 * PAGE_SIZE)
        *(volatile uint64_t *)(address + at) = pattern_word(SEED, at);
    CHECK(wait_until(has_written, sharing, 60000));
    sharing->checked = TRUE;
    CHECK(wait_until(has_checked, sharing, 60000));
    helper_end(&helper);
    pager_settle(&counts);
    CHECK(counts.returned > 1000);
    CHECK_EQ(counts.pager_faults, 0);
    CHECK_EQ(counts.bad_pages, 0);
}

/* Of test 152: waits until the gate's page is there, then reads a page of the object. */
struct visitor {
    struct client client;
    vm_address_t gate, target;
};

static uint64_t visit(void *argument)
{
    const struct visitor *visitor = argument;

    (void)*(volatile uint64_t *)visitor->gate;
    return *(volatile uint64_t *)visitor->target;
}

/* Anonymous memory that does not fit either must go on while the object's faults queue up. */
TEST(152, many_faults_at_once_on_an_object_of_the_pager_do_not_stop_internal_paging)
{
    static struct visitor visitors[PARALLEL];
    vm_size_t size = PARALLEL * PAGE_SIZE;
    pager_statistics_t counts;
    struct manager manager;
    vm_address_t gate = manager_start(&manager, 0, PAGE_SIZE);
    vm_address_t object = map_object(create_object(size), 0, size);

    touch(object, size, SEED);
    pages_evict(object, size);
    for (unsigned i = 0; i < PARALLEL; i++) {
        visitors[i].gate = gate;
        visitors[i].target = object + i * PAGE_SIZE;
        client_call(&visitors[i].client, visit, &visitors[i]);
    }
    EXPECT_REQUEST(&manager, 0, PAGE_SIZE);
    vm_size_t more = twice_the_memory() / 4 * 3;
    vm_address_t memory = anonymous(more);
    touch(memory, more, SEED + 1);
    manager_supply_plain(&manager, 0, PAGE_SIZE, SEED);
    check_touched(memory, more, SEED + 1);
    for (unsigned i = 0; i < PARALLEL; i++) {
        CHECK_EQ(client_wait(&visitors[i].client, 30000), CLIENT_DONE);
        CHECK_EQ(visitors[i].client.value, pattern_word(SEED, i * PAGE_SIZE));
    }
    pager_settle(&counts);
    CHECK_EQ(counts.pager_faults, 0);
    CHECK_EQ(counts.bad_pages, 0);
}

TEST(153, a_page_at_a_huge_offset_costs_the_pager_one_page)
{
    pager_statistics_t before, after;
    mach_port_t object = create_object(PAGE_SIZE);
    vm_address_t address = map_object(object, FAR, PAGE_SIZE);

    pager_settle(&before);
    pattern_fill(address, PAGE_SIZE, SEED, 0);
    CHECK(page_evict(address));
    pager_settle(&after);
    CHECK_EQ(after.returned, before.returned + 1);
    CHECK_EQ(after.free_blocks, before.free_blocks - 1);
    pattern_check(address, PAGE_SIZE, SEED, 0);
    pager_settle(&after);
    CHECK_EQ(after.pager_faults, 0); /* its tables did not grow */
}
