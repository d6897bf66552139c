/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames and their queues.
 *
 * All frames of usable memory have a struct page in one array, indexed by frame number. Allocation
 * takes the frame freed last (its lines are likely in the cache). Below page_levels.reserved only
 * privileged threads are served: page-out and the default pager must be able to go on when everybody
 * else waits (spec/vm.md 4, R3, 5).
 */
#include "mm/page.h"

#include "boot/boot_info.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "mm/failure.h"
#include "mm/lock_request.h"
#include "mm/pageout.h"
#include "mm/pmap.h"
#include "mm/vm_object.h"

#define DIRECT_MAP_BASE UINT64_C(0xffff800000000000)
#define FICTITIOUS_PAGES_MAX 4096u
#define FICTITIOUS_RESERVE 64u      /* for privileged threads */

struct page_counts page_counts;
struct page_levels page_levels;

static struct page *pages;          /* indexed by frame - first_frame */
static uint32_t first_frame, last_frame;
static struct list queues[4];       /* by enum page_queue */
static struct list fictitious_free;
static uint32_t fictitious_count;   /* in fictitious_free */
static struct page fictitious_pages[FICTITIOUS_PAGES_MAX];
static struct wait_queue memory_waiters;
static struct wait_queue fictitious_waiters;

static const struct wait_reason waits_for_memory = {"free memory", NULL};
static const struct wait_reason waits_for_placeholder = {"a page placeholder", NULL};

/* --- set-up --- */

static const struct boot_range *largest_usable(const struct boot_info *info)
{
    const struct boot_range *largest = NULL;

    for (uint64_t i = 0; i < info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->type != BOOT_MEMORY_USABLE)
            continue;
        if (!largest || range->end - range->start > largest->end - largest->start)
            largest = range;
    }
    return largest;
}

static void find_frame_bounds(const struct boot_info *info)
{
    first_frame = UINT32_MAX;
    for (uint64_t i = 0; i < info->range_count; i++) {
        const struct boot_range *range = &info->ranges[i];

        if (range->type != BOOT_MEMORY_USABLE && range->type != BOOT_MEMORY_INITRD)
            continue;
        if (range->start >> PAGE_SHIFT_BITS < first_frame)
            first_frame = (uint32_t)(range->start >> PAGE_SHIFT_BITS);
        if (range->end >> PAGE_SHIFT_BITS > last_frame)
            last_frame = (uint32_t)(range->end >> PAGE_SHIFT_BITS);
    }
}

/* Hands [start, end) to the free queue, lowest frame last so that it is used first. */
static void add_free_range(uint64_t start, uint64_t end)
{
    uint32_t low = (uint32_t)(page_round(start) >> PAGE_SHIFT_BITS);
    uint32_t high = (uint32_t)(end >> PAGE_SHIFT_BITS);

    for (uint32_t frame = high; frame-- > low;) {
        struct page *page = &pages[frame - first_frame];

        page->frame = frame;
        page->queue = PAGE_QUEUE_FREE;
        list_insert_head(&queues[PAGE_QUEUE_FREE], &page->queue_link);
        page_counts.free++;
        page_counts.total++;
    }
}

/* The one table of thresholds (spec/vm.md 4, V-11). */
static void set_levels(uint32_t total)
{
    uint32_t reserved = total / 50 > 64 ? total / 50 : 64;

    page_levels.reserved = page_levels.plenty = reserved;
    page_levels.reserved_internal = reserved * 2 / 3;
    page_levels.reserved_really = reserved / 3;
    page_levels.free_min = reserved + 10 + total / 100;
    page_levels.free_target = reserved + 25 + total / 50;
    page_levels.wired_max = total / 4 * 3;
    assert(page_levels.reserved_really < page_levels.reserved_internal);
    assert(page_levels.reserved_internal < page_levels.reserved);
    assert(page_levels.reserved < page_levels.free_min);
    assert(page_levels.free_min < page_levels.free_target);
    assert(page_levels.free_target < page_levels.wired_max);
}

/*
 * Takes over the usable memory that boot_info lists.
 * Conditions: the direct map covers it; called once. The page array is carved from the largest range.
 */
void page_bootstrap(const struct boot_info *info)
{
    const struct boot_range *home = largest_usable(info);
    uint64_t array_bytes, array_start;

    for (unsigned i = 0; i < 4; i++)
        list_init(&queues[i]);
    list_init(&fictitious_free);
    wait_queue_init(&memory_waiters);
    wait_queue_init(&fictitious_waiters);
    find_frame_bounds(info);
    assert(home && first_frame < last_frame);

    array_bytes = page_round((uint64_t)(last_frame - first_frame) * sizeof(struct page));
    array_start = page_round(home->start);
    if (array_start + array_bytes > home->end)
        panic("page: no room for the page array: %lu KiB wanted, largest range has %lu KiB",
              array_bytes >> 10, (home->end - home->start) >> 10);
    pages = (struct page *)(DIRECT_MAP_BASE + array_start);
    memset(pages, 0, array_bytes);

    for (uint64_t i = info->range_count; i-- > 0;) {
        const struct boot_range *range = &info->ranges[i];

        if (range->type == BOOT_MEMORY_USABLE)
            add_free_range(range == home ? array_start + array_bytes : range->start, range->end);
    }
    for (unsigned i = 0; i < FICTITIOUS_PAGES_MAX; i++) {
        fictitious_pages[i].frame = PAGE_NO_FRAME;
        fictitious_pages[i].fictitious = true;
        list_insert_tail(&fictitious_free, &fictitious_pages[i].queue_link);
    }
    fictitious_count = FICTITIOUS_PAGES_MAX;
    set_levels(page_counts.total);
}

/* --- allocation --- */

bool page_privileged(void)
{
    struct thread *thread = thread_current();

    return thread == NULL || thread->vm_privileged;
}

static inline struct page *take_free(void)
{
    struct list_node *node = list_take_first(&queues[PAGE_QUEUE_FREE]);
    struct page *page;

    if (!node)
        return NULL;
    page = list_entry(node, struct page, queue_link);
    page->queue = PAGE_QUEUE_NONE;
    page_counts.free--;
    return page;
}

static bool may_take(void)
{
    return page_counts.free > page_levels.reserved || (page_counts.free > 0 && page_privileged());
}

static struct page *alloc_slowly(void)
{
    if (failure_due())
        return NULL;
    if (may_take())
        return take_free();
    pageout_wake();
    return NULL;
}

/*
 * A frame with unknown contents, on no queue, in no object; owned by the caller. NULL: none to be had.
 * Who may sleep waits with page_wait_for_memory() and tries again.
 */
struct page *page_alloc(void)
{
    if (page_counts.free < page_levels.free_min)
        pageout_wake();
    if (page_counts.free > page_levels.plenty)
        return take_free();
    return alloc_slowly();
}

/*
 * Who comes here has found too little: perhaps there was a frame, but not the second one that a tree
 * node or a page table takes. So one frame above the reserve is no reason to go on at once, for ever.
 */
wait_result_t page_wait_for_memory(enum wait_mode mode)
{
    if (page_privileged() ? page_counts.free > 0
                     : page_counts.free > page_levels.reserved + PAGE_WAIT_MARGIN)
        return WAIT_AWAKENED;
    pageout_wake();
    return wait_queue_sleep(&memory_waiters, &waits_for_memory, NULL, mode, DEADLINE_NEVER);
}

void page_wake_waiters(void)
{
    wait_queue_wake_all(&memory_waiters, WAIT_AWAKENED);
}

uint64_t page_physical(const struct page *page)
{
    return (uint64_t)page->frame << PAGE_SHIFT_BITS;
}

void *page_address(const struct page *page)
{
    return (void *)(DIRECT_MAP_BASE + page_physical(page));
}

void page_zero(struct page *page)
{
    void *to = page_address(page);
    size_t words = PAGE_BYTES / sizeof(uint64_t);

    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(UINT64_C(0)) : "memory");
}

void page_copy(struct page *from, struct page *to)
{
    void *target = page_address(to), *source = page_address(from);
    size_t words = PAGE_BYTES / sizeof(uint64_t);

    __asm__ volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(words) : : "memory");
}

/* A page that is nobody's: nothing may still know it. */
static void assert_free_standing(const struct page *page)
{
    assert(page->object == NULL);
    assert(page->queue == PAGE_QUEUE_NONE);
    assert(page->mapping.pmap == NULL);
    assert(page->wire_count == 0);
    assert(!page->wanted);
}

static void clear_state(struct page *page)
{
    page->lock = 0;
    page->unlock_request = 0;
    page->busy = page->absent = page->needs_push = page->returning = page->dirty = page->referenced = false;
    page->precious = page->flush_pending = page->kernel = page->re_requested = false;
    page->supply_pending = 0;
}

static void leave_laundry(struct page *page)
{
    if (page->laundry) {
        assert(page_counts.laundry > 0);
        page->laundry = false;
        page_counts.laundry--;
        pageout_laundry_done();
    }
    if (page->external_laundry) {
        assert(page_counts.external_laundry > 0);
        page->external_laundry = false;
        page_counts.external_laundry--;
        pageout_laundry_done();
    }
}

/*
 * Frees a frame or a placeholder.
 * Conditions: in no object, on no queue, unmapped, unwired. A frame in the laundry leaves it here and
 * nowhere else (H-22, H-26). Wakes one thread that waits for memory when there is some to give.
 */
void page_free(struct page *page)
{
    if (page->fictitious) {
        assert(!page->object && !page->wanted);
        clear_state(page);
        if (fictitious_count++ == FICTITIOUS_RESERVE)
            wait_queue_wake_all(&fictitious_waiters, WAIT_AWAKENED);
        list_insert_head(&fictitious_free, &page->queue_link);
        return;
    }
    assert_free_standing(page);
    clear_state(page);
    if (page->laundry || page->external_laundry)
        leave_laundry(page);
    page->queue = PAGE_QUEUE_FREE;
    list_insert_head(&queues[PAGE_QUEUE_FREE], &page->queue_link);
    page_counts.free++;
    if (page_counts.free > page_levels.reserved && !wait_queue_empty(&memory_waiters))
        wait_queue_wake_one(&memory_waiters, WAIT_AWAKENED);
}

static bool run_is_free(uint32_t start, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (pages[start - first_frame + i].queue != PAGE_QUEUE_FREE)
            return false;
    return true;
}

/*
 * Contiguous frames for devices: `count` of them below physical address `limit` (0: anywhere), the first
 * aligned to `align` bytes. Each is wired. Returns the first, NULL when there is no such run or it
 * would eat the reserve. Walks the frame array: not for hot paths.
 */
struct page *page_alloc_contiguous(uint32_t count, uint64_t limit, uint64_t align)
{
    uint32_t step = align > PAGE_BYTES ? (uint32_t)(align >> PAGE_SHIFT_BITS) : 1;
    uint32_t end = last_frame;

    if (limit != 0 && limit >> PAGE_SHIFT_BITS < end)
        end = (uint32_t)(limit >> PAGE_SHIFT_BITS);
    if (count == 0 || failure_due() || end < count || page_counts.free < page_levels.reserved + count)
        return NULL;
    for (uint32_t start = (first_frame + step - 1) / step * step; start <= end - count;
         start += step) {
        if (!run_is_free(start, count))
            continue;
        for (uint32_t i = 0; i < count; i++) {
            struct page *page = &pages[start - first_frame + i];

            list_remove(&page->queue_link);
            page->queue = PAGE_QUEUE_NONE;
            page_counts.free--;
            page_wire(page);
        }
        return &pages[start - first_frame];
    }
    return NULL;
}

/*
 * A placeholder; NULL: there is none, or only those that page-out needs to send pages away, whatever
 * many silent managers are asked for.
 */
struct page *page_alloc_fictitious(void)
{
    if ((failure_armed && failure_due()) || fictitious_count == 0 ||
        (fictitious_count <= FICTITIOUS_RESERVE && !page_privileged()))
        return NULL;
    fictitious_count--;
    return list_entry(list_take_first(&fictitious_free), struct page, queue_link);
}

wait_result_t page_wait_for_fictitious(enum wait_mode mode)
{
    if (fictitious_count > FICTITIOUS_RESERVE)
        return WAIT_AWAKENED;
    return wait_queue_sleep(&fictitious_waiters, &waits_for_placeholder, NULL, mode,
                            DEADLINE_NEVER);
}

/* --- queues --- */

static uint32_t *queue_count(enum page_queue queue)
{
    return queue == PAGE_QUEUE_ACTIVE ? &page_counts.active : &page_counts.inactive;
}

static void enqueue(struct page *page, enum page_queue queue)
{
    assert(!page->fictitious && page->wire_count == 0);
    if (page->queue == queue)
        return;
    if (page->queue != PAGE_QUEUE_NONE)
        page_unqueue(page);
    page->queue = queue;
    list_insert_tail(&queues[queue], &page->queue_link);
    ++*queue_count(queue);
}

void page_activate(struct page *page)
{
    enqueue(page, PAGE_QUEUE_ACTIVE);
}

void page_deactivate(struct page *page)
{
    enqueue(page, PAGE_QUEUE_INACTIVE);
}

void page_unqueue(struct page *page)
{
    if (page->queue == PAGE_QUEUE_NONE)
        return;
    assert(page->queue != PAGE_QUEUE_FREE);
    list_remove(&page->queue_link);
    --*queue_count(page->queue);
    page->queue = PAGE_QUEUE_NONE;
}

struct list *page_queue_list(enum page_queue queue)
{
    return &queues[queue];
}

void page_wire(struct page *page)
{
    assert(page->wire_count != UINT16_MAX);
    if (page->wire_count++ > 0)
        return;
    page_unqueue(page);
    page_counts.wired++;
    if (page->object)
        page->object->wired_count++;
}

void page_unwire(struct page *page)
{
    assert(page->wire_count > 0);
    if (--page->wire_count > 0)
        return;
    page_counts.wired--;
    if (page->object) {
        page->object->wired_count--;
        page_activate(page);
        if (page->flush_pending)
            lock_request_unwired(page->object);
    }
}

/* --- sleeping on a page --- */

void page_wake(struct page *page, wait_result_t result)
{
    page->busy = false;
    if (page->wanted) {
        page->wanted = false;
        event_wake_all(page, result);
    }
}

wait_result_t page_sleep(struct page *page, const struct wait_reason *reason, enum wait_mode mode)
{
    page->wanted = true;
    return event_sleep(page, reason, page->object, mode, DEADLINE_NEVER);
}

/* --- addresses --- */

struct page *page_of_physical(uint64_t physical)
{
    uint64_t frame = physical >> PAGE_SHIFT_BITS;
    struct page *page;

    if (frame < first_frame || frame >= last_frame)
        return NULL;
    page = &pages[frame - first_frame];
    return page->frame == 0 ? NULL : page;
}

struct page *page_of_address(const void *address)
{
    return page_of_physical((uint64_t)address - DIRECT_MAP_BASE);
}
