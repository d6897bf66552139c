/* SPDX-License-Identifier: BSD-2-Clause */
/* Far more memory of one manager than the machine has. */
#include "test.h"

#define BYTES       ((vm_size_t)512 << 20)
#define PAGES       (BYTES / PAGE_SIZE)
#define CLUSTER     (16 * PAGE_SIZE)
#define PATIENCE_MS 400000u

/* What the pager, a task of its own, has seen. */
struct seen {
    volatile uint64_t pages, twice, wrong, ended;
    uint8_t page[PAGES];
};

static struct seen *seen;
static struct manager manager;

static uint64_t mark_of(vm_offset_t offset)
{
    return offset / PAGE_SIZE * 3 + 7;
}

static void take(const struct kernel_message *message)
{
    for (vm_size_t at = 0; at < message->data_bytes; at += PAGE_SIZE) {
        vm_offset_t offset = message->offset + at;
        uint8_t *page = &seen->page[offset / PAGE_SIZE];

        seen->wrong += *(const uint64_t *)(message->data + at) != mark_of(offset) || !message->dirty;
        seen->twice += *page;
        seen->pages += !*page;
        *page = 1;
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
            memory_object_data_unavailable(manager.control, message.offset, message.length);
            break;
        case ID_DATA_RETURN:
            take(&message);
            message_release_data(&message);
            break;
        case ID_TERMINATE:
            seen->ended = 1;
            break;
        default:
            break;
        }
    }
}

static boolean_t has_ended(void *unused)
{
    (void)unused;
    return seen->ended != 0;
}

/* A pager in a task of its own, and its object of BYTES mapped here. */
static vm_address_t start_pager(struct helper *pager, vm_inherit_t inheritance)
{
    vm_address_t address;

    seen = (struct seen *)shared_memory(sizeof *seen);
    memset(seen, 0, sizeof *seen); /* a pager that waited for memory would wait for itself */
    address = manager_start(&manager, 0, BYTES);
    CHECK_OK(vm_inherit(mach_task_self(), address, BYTES, inheritance));
    manager_set_cluster(&manager, CLUSTER);
    helper_create(pager, page_for_ever, NULL);
    helper_give(pager, manager.control, MACH_MSG_TYPE_COPY_SEND);
    helper_give(pager, manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(pager);
    return address;
}

static void write_all(void *address)
{
    for (vm_offset_t offset = 0; offset < BYTES; offset += PAGE_SIZE)
        *(volatile uint64_t *)((vm_address_t)address + offset) = mark_of(offset);
}

/* boot: memory=64 timeout=150 */
TEST(0, a_manager_gets_back_every_page_of_512_MiB_on_a_machine_of_64)
{
    struct helper pager;
    vm_address_t address = start_pager(&pager, VM_INHERIT_NONE);

    write_all((void *)address);
    CHECK_OK(vm_deallocate(mach_task_self(), address, BYTES));
    CHECK(wait_until(has_ended, NULL, PATIENCE_MS));
    CHECK_EQ(seen->pages, PAGES);
    CHECK_EQ(seen->wrong, 0);
    CHECK_EQ(seen->twice, 0);
    helper_end(&pager);
}

static boolean_t is_dead(void *task)
{
    return port_type(*(mach_port_t *)task) == MACH_PORT_TYPE_DEAD_NAME;
}

/* The pager's task has a copy: each page that is written first leaves its old contents there, which
   nothing can page out here. With memory full of those, a thread needs two frames at once. */
/* boot: memory=64 timeout=120 says="code 6" */
TEST(0, copies_that_find_no_paging_space_end_in_an_error_and_not_in_a_stall)
{
    struct helper pager, writer;
    vm_address_t address = start_pager(&pager, VM_INHERIT_COPY);

    CHECK_OK(vm_inherit(mach_task_self(), address, BYTES, VM_INHERIT_SHARE));
    helper_create(&writer, write_all, (void *)address);
    helper_run(&writer);
    CHECK(wait_until(is_dead, &writer.task, PATIENCE_MS));
    helper_end(&pager);
}
