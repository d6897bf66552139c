/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One memory object with ten pages and with a million: what a page costs does not grow with their number, and
 * when the object is gone the kernel is as before. tools/bench --scale runs this program for its figures.
 */
/* measured: memory=6144 */
#include "census.h"
#include "meter.h"
#include "test.h"

#define CLUSTER_PAGES 32u
#define SAMPLES       200u
#define PATIENCE_MS   900000u
#define FRAMES_KEPT   600u /* the kernel's caches keep some objects of every slab at hand */
#define MARK          0x6f626a65637473u

static const unsigned counts[] = {10, 10000, 1000000};

/* What the pager, a task of its own, has seen. */
struct seen {
    volatile uint64_t returned, wrong, completed, ended;
};

static struct seen *seen;
static struct manager manager;
static vm_address_t source; /* CLUSTER_PAGES pages, each marked */
static struct census before, after;

static uint64_t *word_at(vm_address_t address, vm_offset_t page)
{
    return (uint64_t *)(address + page * PAGE_SIZE);
}

static void take(const struct kernel_message *message)
{
    for (vm_size_t at = 0; at < message->data_bytes; at += PAGE_SIZE) {
        uint64_t written = (message->offset + at) / PAGE_SIZE;

        seen->wrong += !message->dirty || *word_at(message->data + at, 0) != written;
        seen->returned++;
    }
}

static void page_for_ever(void *unused)
{
    struct kernel_message message;

    (void)unused;
    for (;;) {
        message_receive(manager.object, &message, PATIENCE_MS);
        switch (message.id) {
        case ID_DATA_REQUEST:
            memory_object_data_supply(manager.control, message.offset, source, (unsigned)message.length,
                                      FALSE, VM_PROT_NONE, FALSE, MACH_PORT_NULL);
            break;
        case ID_DATA_RETURN:
            take(&message);
            message_release_data(&message);
            break;
        case ID_LOCK_COMPLETED:
            seen->completed++;
            break;
        case ID_TERMINATE:
            seen->ended = 1;
            break;
        default:
            break;
        }
    }
}

static void make_source(void)
{
    source = 0;
    CHECK_OK(vm_allocate(mach_task_self(), &source, CLUSTER_PAGES * PAGE_SIZE, TRUE));
    for (unsigned page = 0; page < CLUSTER_PAGES; page++)
        *word_at(source, page) = MARK;
}

/* A pager in a task of its own, and its object mapped here. */
static vm_address_t start_pager(struct helper *pager, vm_size_t bytes)
{
    vm_address_t address;

    memset(seen, 0, sizeof *seen);
    address = manager_start(&manager, 0, bytes);
    CHECK_OK(vm_inherit(mach_task_self(), address, bytes, VM_INHERIT_NONE));
    manager_set_cluster(&manager, CLUSTER_PAGES * PAGE_SIZE);
    helper_create(pager, page_for_ever, NULL);
    helper_give(pager, manager.control, MACH_MSG_TYPE_COPY_SEND);
    helper_give(pager, manager.object, MACH_MSG_TYPE_COPY_SEND);
    helper_give(pager, manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(pager);
    return address;
}

static void read_all(vm_address_t address, unsigned pages)
{
    unsigned wrong = 0;

    for (vm_offset_t page = 0; page < pages; page++)
        wrong += *(volatile uint64_t *)word_at(address, page) != MARK;
    CHECK_EQ(wrong, 0);
}

static void write_all(vm_address_t address, unsigned pages)
{
    for (vm_offset_t page = 0; page < pages; page++)
        *(volatile uint64_t *)word_at(address, page) = page;
}

/* Lets the pager run until it has seen so many; a test that waits for ever is ended by its time limit. */
static void await(const volatile uint64_t *seen_so_far, uint64_t number)
{
    while (*seen_so_far < number)
        swtch();
}

/* Waits until the pager has been told that this is done for all its pages. */
static void lock_all(unsigned pages, memory_object_return_t what, boolean_t flush)
{
    uint64_t next = seen->completed + 1;

    CHECK_OK(memory_object_lock_request_poly(manager.control, 0, (vm_size_t)pages * PAGE_SIZE, what,
                                             flush, VM_PROT_NO_CHANGE, manager.object,
                                             MACH_MSG_TYPE_COPY_SEND));
    await(&seen->completed, next);
}

/* A page that is there is taken back and asked for again; another each time. */
static void one_again(vm_address_t address, vm_offset_t page)
{
    CHECK_OK(memory_object_lock_request_poly(manager.control, page * PAGE_SIZE, PAGE_SIZE,
                                             MEMORY_OBJECT_RETURN_DIRTY, TRUE, VM_PROT_NO_CHANGE,
                                             MACH_PORT_NULL, 0));
    CHECK_EQ(*(volatile uint64_t *)word_at(address, page), MARK);
}

static vm_address_t map_again(vm_size_t bytes)
{
    vm_address_t address = manager_map(&manager, 0, bytes);

    CHECK_OK(vm_inherit(mach_task_self(), address, bytes, VM_INHERIT_NONE));
    return address;
}

static void end_of(vm_address_t first, vm_address_t second, vm_size_t bytes)
{
    CHECK_OK(vm_deallocate(mach_task_self(), second, bytes));
    CHECK_OK(vm_deallocate(mach_task_self(), first, bytes));
    await(&seen->ended, 1);
}

static void end_pager(struct helper *pager)
{
    helper_end(pager);
    CHECK_OK(mach_port_destroy(mach_task_self(), manager.object));
    CHECK_OK(mach_port_destroy(mach_task_self(), manager.control));
    CHECK_OK(mach_port_destroy(mach_task_self(), manager.name));
}

#define MEASURE(row, pages, statement)                                                             \
    do {                                                                                           \
        uint64_t start_ = meter_now();                                                             \
                                                                                                   \
        statement;                                                                                 \
        meter_report(row, pages, meter_now() - start_, pages);                                     \
    } while (0)

static void object_of(unsigned pages)
{
    vm_size_t bytes = (vm_size_t)pages * PAGE_SIZE;
    struct helper pager;
    vm_address_t first = start_pager(&pager, bytes), second = map_again(bytes);

    MEASURE("object_read_in_per_page", pages, read_all(first, pages));
    MEASURE("object_mapped_again_per_page", pages, read_all(second, pages));
    METER("object_one_page_flushed_and_read", pages, SAMPLES,
          one_again(first, i * 2654435761u % pages));
    MEASURE("object_written_per_page", pages, write_all(first, pages));
    MEASURE("object_cleaned_per_page", pages, lock_all(pages, MEMORY_OBJECT_RETURN_DIRTY, FALSE));
    CHECK_EQ(seen->returned, pages);
    MEASURE("object_written_again_per_page", pages, write_all(second, pages));
    MEASURE("object_unmapped_dirty_per_page", pages, end_of(first, second, bytes));
    CHECK_EQ(seen->returned, 2 * (uint64_t)pages);
    CHECK_EQ(seen->wrong, 0);
    end_pager(&pager);
}

/* Whether a machine has room for so many pages, and for what the kernel keeps about them. */
static boolean_t fits(unsigned pages)
{
    struct vm_statistics now;

    memory_statistics(&now);
    return pages + pages / 8 < (unsigned)now.free_count;
}

/* The first round fills caches and leaves; from then on nothing grows. */
/* boot: memory=128 timeout=120 */
TEST(0, each_page_of_small_and_large_objects_comes_and_goes_and_nothing_is_left)
{
    seen = (struct seen *)shared_memory(sizeof *seen);
    make_source();
    object_of(counts[1]);
    census_take(&before);
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (fits(counts[i]))
            object_of(counts[i]);
    census_take(&after);
    CHECK_EQ(census_growth(&before, &after, 0, FRAMES_KEPT), 0);
}
