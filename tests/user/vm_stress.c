/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies, sharing and page-out at once, against a model. */
#include "paging.h"
#include "test.h"

#define SELF mach_task_self()
#define TASKS 8
#define COPIED 96             /* pages that children get as copies */
#define SHARED 32             /* pages that they share */
#define PAGES (COPIED + SHARED)
#define PRESSURE_PAGES 1200

/* What a page must hold; shared pages of different tasks point to one. */
struct cell {
    uint64_t word;
    unsigned references;
};

static task_t tasks[TASKS];
static struct cell *model[TASKS][PAGES];
static vm_address_t region;
static uint64_t random_state = 88172645463325252u, serial;

static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 20) % limit;
}

static vm_address_t page_address(unsigned page)
{
    return region + page * PAGE_SIZE;
}

static void cell_drop(struct cell **cell)
{
    if (*cell && --(*cell)->references == 0)
        free(*cell);
    *cell = NULL;
}

static struct cell *cell_new(uint64_t word)
{
    struct cell *cell = malloc(sizeof *cell);

    cell->word = word;
    cell->references = 1;
    return cell;
}

/* The first and the last word of a page are the same number. */
static void page_write(task_t task, unsigned page, uint64_t word)
{
    CHECK_OK(vm_write(task, page_address(page), (vm_offset_t)&word, sizeof word));
    CHECK_OK(vm_write(task, page_address(page) + PAGE_SIZE - 8, (vm_offset_t)&word, sizeof word));
}

static void page_check(unsigned task, unsigned page)
{
    mach_msg_type_number_t count;
    vm_offset_t data;
    uint64_t first, last;

    CHECK_OK(vm_read(tasks[task], page_address(page), PAGE_SIZE, &data, &count));
    first = *(uint64_t *)data;
    last = *(uint64_t *)(data + PAGE_SIZE - 8);
    CHECK_OK(vm_deallocate(SELF, data, count));
    if (first != model[task][page]->word || last != first)
        FAIL("task %u page %u holds %lu and %lu, expected %lu (number %lu)", task, page, first, last,
             model[task][page]->word, serial);
}

static void write_random(unsigned task)
{
    unsigned page = below(PAGES);

    model[task][page]->word = ++serial;
    page_write(tasks[task], page, serial);
}

/* Copies pages within a task. */
static void copy_within(unsigned task)
{
    unsigned count = 1 + below(8), from = below(PAGES - count), to = below(PAGES - count);
    uint64_t words[8];

    CHECK_OK(vm_copy(tasks[task], page_address(from), count * PAGE_SIZE, page_address(to)));
    for (unsigned i = 0; i < count; i++)
        words[i] = model[task][from + i]->word;
    for (unsigned i = 0; i < count; i++)
        model[task][to + i]->word = words[i];
}

/* Brings pages of one task to another by way of this one. */
static void copy_between(unsigned from_task, unsigned to_task)
{
    unsigned count = 1 + below(16), from = below(PAGES - count), to = below(PAGES - count);
    mach_msg_type_number_t bytes;
    vm_offset_t data;
    uint64_t words[16];

    CHECK_OK(vm_read(tasks[from_task], page_address(from), count * PAGE_SIZE, &data, &bytes));
    for (unsigned i = 0; i < count; i++)
        words[i] = model[from_task][from + i]->word;
    if (below(2))
        write_random(from_task); /* what was read is a snapshot */
    CHECK_OK(vm_write(tasks[to_task], page_address(to), data, bytes));
    CHECK_OK(vm_deallocate(SELF, data, bytes));
    for (unsigned i = 0; i < count; i++)
        model[to_task][to + i]->word = words[i];
}

/* Throws memory away and allocates it anew. */
static void renew(unsigned task)
{
    unsigned count = 1 + below(10), page = below(COPIED - count);
    vm_address_t address = page_address(page);

    CHECK_OK(vm_deallocate(tasks[task], address, count * PAGE_SIZE));
    CHECK_OK(vm_allocate(tasks[task], &address, count * PAGE_SIZE, FALSE));
    for (unsigned i = 0; i < count; i++) {
        cell_drop(&model[task][page + i]);
        model[task][page + i] = cell_new(0);
    }
}

/* Replaces a task by a child of another. */
static void fork_task(unsigned parent, unsigned child)
{
    task_t task;

    if (parent == child)
        return;
    CHECK_OK(task_terminate(tasks[child]));
    CHECK_OK(mach_port_deallocate(SELF, tasks[child]));
    CHECK_OK(task_create(tasks[parent], TRUE, &task));
    tasks[child] = task;
    for (unsigned page = 0; page < PAGES; page++) {
        cell_drop(&model[child][page]);
        if (page < COPIED) {
            model[child][page] = cell_new(model[parent][page]->word);
        } else {
            model[child][page] = model[parent][page];
            model[child][page]->references++;
        }
    }
}

static void step(void)
{
    unsigned task = below(TASKS);

    switch (below(16)) {
    case 0:
        fork_task(task, below(TASKS));
        break;
    case 1:
        copy_within(task);
        break;
    case 2:
        copy_between(task, below(TASKS));
        break;
    case 3:
        renew(task);
        break;
    case 4: case 5: case 6: case 7: case 8:
        page_check(task, below(PAGES));
        break;
    default:
        write_random(task);
    }
}

static void start(void)
{
    CHECK_OK(vm_allocate(SELF, &region, PAGES * PAGE_SIZE, TRUE));
    CHECK_OK(vm_inherit(SELF, page_address(COPIED), SHARED * PAGE_SIZE, VM_INHERIT_SHARE));
    for (unsigned task = 0; task < TASKS; task++) {
        CHECK_OK(task_create(SELF, TRUE, &tasks[task]));
        for (unsigned page = 0; page < PAGES; page++) {
            model[task][page] = page < COPIED || task == 0 ? cell_new(0) : model[0][page];
            model[task][page]->references += page >= COPIED && task > 0;
        }
    }
}

static void finish(void)
{
    for (unsigned task = 0; task < TASKS; task++) {
        for (unsigned page = 0; page < PAGES; page++)
            page_check(task, page);
        CHECK_OK(task_terminate(tasks[task]));
    }
}

TEST(212, eight_tasks_that_copy_and_share_agree_with_a_model)
{
    start();
    for (unsigned i = 0; i < 6000; i++)
        step();
    finish();
}

/* boot: memory=16 disk=64 with=disk,default_pager timeout=60 */
TEST(212, eight_tasks_that_copy_and_share_agree_with_a_model_while_memory_is_short)
{
    struct pressure pressure[3];
    struct vm_statistics statistics;

    start();
    for (unsigned i = 0; i < 4000; i++) {
        if (i % 500 == 0)
            pressure_make(&pressure[i / 500 % 3], 0, PRESSURE_PAGES);
        step();
        if (i % 500 == 499 && i > 1500)
            pressure_end(&pressure[(i / 500 + 1) % 3]);
    }
    finish();
    memory_statistics(&statistics);
    CHECK(statistics.pageouts > 0 && statistics.pageins > 0);
}

#define GENERATIONS   40u
#define FAMILY_PAGES  32u
#define OBJECTS_SLACK 16u /* however many generations there were */

static uint32_t object_count(void)
{
    porthole_memory_t memory;

    CHECK_OK(porthole_memory(test_host_port, &memory));
    return memory.objects;
}

/* A child gets what the region holds, and keeps it while its parent writes and is paged out. */
static void bear_child(vm_address_t family, uint64_t generation)
{
    mach_msg_type_number_t bytes;
    vm_offset_t data;
    task_t child;

    pattern_check(family, FAMILY_PAGES * PAGE_SIZE, generation, 0);
    CHECK_OK(task_create(SELF, TRUE, &child));
    pattern_fill(family, FAMILY_PAGES * PAGE_SIZE, generation + 1, 0);
    pages_evict(family, FAMILY_PAGES * PAGE_SIZE);
    CHECK_OK(vm_read(child, family, FAMILY_PAGES * PAGE_SIZE, &data, &bytes));
    pattern_check(data, bytes, generation, 0);
    CHECK_OK(vm_deallocate(SELF, data, bytes));
    CHECK_OK(task_terminate(child));
    CHECK_OK(mach_port_deallocate(SELF, child));
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(0, a_task_that_makes_children_while_it_is_paged_out_does_not_grow)
{
    vm_address_t family = 0;
    uint32_t before;

    pager_port();
    CHECK_OK(vm_allocate(SELF, &family, FAMILY_PAGES * PAGE_SIZE, TRUE));
    pattern_fill(family, FAMILY_PAGES * PAGE_SIZE, 0, 0);
    bear_child(family, 0);
    before = object_count();
    for (uint64_t generation = 1; generation < GENERATIONS; generation++)
        bear_child(family, generation);
    thread_sleep(100); /* tasks that have ended are given up a little later */
    if (object_count() > before + OBJECTS_SLACK)
        FAIL("%u objects, %u before", object_count(), before);
}
