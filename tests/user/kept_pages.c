/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A manager that gives nothing back of what page-out returns to it gets an eighth of memory and no more; the
 * rest goes to the default pager, and is the client's as before (spec/vm.md V-13, hazard H-36).
 */
#include "paging.h"
#include "test.h"

#define SEED 13
#define PAGES 5000u /* with what else is in memory, more than there is */
#define BYTES ((vm_size_t)PAGES * PAGE_SIZE)

/* What the manager, another task, lets the test see. */
struct ledger {
    volatile unsigned returned, terminated;
    volatile vm_address_t kept[PAGES]; /* in its memory; 0: never returned */
};

static struct manager manager;
static struct ledger *ledger;

static void answer(struct kernel_message *message)
{
    vm_address_t kept = ledger->kept[message->offset / PAGE_SIZE];

    if (kept)
        memory_object_data_supply(manager.control, message->offset, kept, PAGE_SIZE, FALSE,
                                  VM_PROT_NONE, FALSE, MACH_PORT_NULL);
    else
        memory_object_data_unavailable(manager.control, message->offset, PAGE_SIZE);
}

/* Keeps all that it is given, and gives copies of it. */
static void hoard(void *unused)
{
    struct kernel_message message;

    (void)unused;
    for (;;) {
        message_receive(manager.object, &message, 60000);
        if (message.id == ID_INIT) {
            manager.control = message.control;
            CHECK_OK(memory_object_ready(message.control, FALSE, MEMORY_OBJECT_COPY_NONE));
        } else if (message.id == ID_DATA_REQUEST) {
            answer(&message);
        } else if (message.id == ID_DATA_RETURN) {
            for (vm_offset_t at = 0; at < message.data_bytes; at += PAGE_SIZE) {
                pattern_check(message.data + at, PAGE_SIZE, SEED, message.offset + at);
                ledger->kept[(message.offset + at) / PAGE_SIZE] = message.data + at;
                ledger->returned++;
            }
        } else if (message.id == ID_TERMINATE) {
            ledger->terminated++;
        }
    }
}

static unsigned frames(void)
{
    struct vm_statistics statistics;

    memory_statistics(&statistics);
    return (unsigned)(statistics.free_count + statistics.active_count + statistics.inactive_count +
                      statistics.wire_count);
}

static boolean_t has_ended(void *unused)
{
    (void)unused;
    return ledger->terminated == 1;
}

static struct helper helper;

/* The object, all of it written, and most of it not in memory any more. */
static vm_address_t begin(void)
{
    pager_port();
    ledger = (struct ledger *)shared_memory(sizeof *ledger);
    manager_create(&manager);
    helper_create(&helper, hoard, NULL);
    helper_give(&helper, manager.object, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(&helper);
    vm_address_t address = manager_map(&manager, 0, BYTES);
    pattern_fill(address, BYTES, SEED, 0);
    struct pressure pressure;
    pressure_make(&pressure, 0, 4000);
    pressure_end(&pressure);
    CHECK(ledger->returned > 0);
    CHECK(ledger->returned <= frames() / 8 + 64);
    return address;
}

/* boot: with=disk,default_pager disk=64 memory=24 timeout=60 */
TEST(97, a_manager_that_keeps_its_pages_gets_an_eighth_of_memory_and_its_client_all_its_data)
{
    vm_address_t address = begin();

    pattern_check(address, BYTES, SEED, 0);
    CHECK(ledger->returned <= frames() / 8 + 64);
    CHECK_OK(vm_deallocate(mach_task_self(), address, BYTES)); /* then it gets everything */
    CHECK(wait_until(has_ended, NULL, 50000));
    for (unsigned page = 0; page < PAGES; page++)
        CHECK(ledger->kept[page] != 0);
    helper_end(&helper);
}

/* boot: with=disk,default_pager disk=64 memory=24 timeout=60 */
TEST(97, data_kept_for_a_manager_outlives_it)
{
    vm_address_t address = begin();
    unsigned intact = 0;

    helper_end(&helper);
    for (unsigned page = 0; page < PAGES; page++) {
        mach_msg_type_number_t count;
        vm_offset_t data;

        if (ledger->kept[page]) /* it had that */
            continue;
        CHECK_OK(vm_read(mach_task_self(), address + page * PAGE_SIZE, PAGE_SIZE, &data, &count));
        pattern_check(data, PAGE_SIZE, SEED, page * PAGE_SIZE);
        CHECK_OK(vm_deallocate(mach_task_self(), data, count));
        intact++;
    }
    CHECK(intact > PAGES / 2);
    CHECK_OK(vm_deallocate(mach_task_self(), address, BYTES));
}
