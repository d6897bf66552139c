/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagers.h"

#include <porthole/pager.h>
#include <servers/bootstrap_types.h>

#include "board.h"

#define THREADS 2
#define CLUSTER 4u
#define LISTEN_MS 50 /* between two looks at the board */

/* --- the one that works --- */

static vm_address_t store; /* all pages; zero where nothing came back */

static kern_return_t shared_read(void *cookie, vm_offset_t offset, vm_size_t size, void *data)
{
    (void)cookie;
    memcpy(data, (void *)(store + offset), size);
    __atomic_fetch_add(&board->requests, size / PAGE_SIZE, __ATOMIC_RELAXED);
    return KERN_SUCCESS;
}

/* A page may have been caught between two of its places. */
static void check_returned(vm_address_t data, vm_address_t kept, unsigned page)
{
    for (unsigned place = 0; place < PLACES; place++) {
        uint64_t word = *page_place(data, place), before = *page_place(kept, place);
        uint64_t generation = word & UINT32_MAX;

        if ((word != 0 && word != page_word(OWNER_SHARED | page % TASKS, page, generation)) ||
            word < before || generation > board->begun[page])
            FAIL("shared page %u comes back with %#lx at place %u, and was %#lx", page, word, place,
                 before);
    }
}

static kern_return_t shared_write(void *cookie, vm_offset_t offset, vm_size_t size, const void *data)
{
    (void)cookie;
    for (vm_size_t at = 0; at < size; at += PAGE_SIZE)
        check_returned((vm_address_t)data + at, store + offset + at,
                       (unsigned)((offset + at) / PAGE_SIZE));
    memcpy((void *)(store + offset), data, size);
    __atomic_fetch_add(&board->returns, size / PAGE_SIZE, __ATOMIC_RELAXED);
    return KERN_SUCCESS;
}

void serve_shared(void *unused)
{
    static const struct pager_operations operations = {
        .read = shared_read, .write = shared_write, .cluster_size = CLUSTER * PAGE_SIZE,
        .copy_strategy = MEMORY_OBJECT_COPY_DELAY};
    mach_port_t object;

    (void)unused;
    CHECK_OK(vm_allocate(mach_task_self(), &store, PAGES_SHARED * PAGE_SIZE, TRUE));
    CHECK_OK(pager_create(&operations, NULL, &object));
    CHECK_OK(bootstrap_register(bootstrap_port, SHARED_SERVICE, object));
    pager_serve(THREADS);
    FAIL("the pager cannot begin");
}

/* --- the silent one --- */

static uint64_t kept[PAGES_SILENT][PLACES]; /* of each page; 0: never written */

static void supply(const struct kernel_message *message)
{
    unsigned page = (unsigned)(message->offset / PAGE_SIZE);
    vm_address_t data = 0;

    CHECK_EQ(message->length, PAGE_SIZE);
    if (kept[page][0] == 0) {
        memory_object_data_unavailable(message->control, message->offset, PAGE_SIZE);
        return;
    }
    CHECK_OK(vm_allocate(mach_task_self(), &data, PAGE_SIZE, TRUE));
    for (unsigned place = 0; place < PLACES; place++)
        *page_place(data, place) = kept[page][place];
    memory_object_data_supply(message->control, message->offset, data, PAGE_SIZE, TRUE, VM_PROT_NONE,
                              FALSE, MACH_PORT_NULL);
}

static void keep_page(vm_address_t data, unsigned page)
{
    for (unsigned place = 0; place < PLACES; place++) {
        uint64_t word = *page_place(data, place);

        if (word < kept[page][place] ||
            (word != 0 && word >> 32 != page_word(OWNER_SILENT, page, 0) >> 32))
            FAIL("silent page %u comes back with %#lx at place %u, and was %#lx", page, word, place,
                 kept[page][place]);
        kept[page][place] = word;
    }
    board->silent_returns++;
}

static void keep(struct kernel_message *message)
{
    for (vm_offset_t at = 0; at < message->data_bytes; at += PAGE_SIZE)
        keep_page(message->data + at, (unsigned)((message->offset + at) / PAGE_SIZE));
    message_release_data(message);
}

static void end(void)
{
    for (unsigned page = 0; page < PAGES_SILENT; page++)
        for (unsigned place = 0; place < PLACES; place++)
            if (kept[page][place] != board->silent[page])
                FAIL("silent page %u came back last with %#lx at place %u, and was written with %#lx", page,
                     kept[page][place], place, board->silent[page]);
    board->silent_ended = TRUE;
}

static void serve(struct kernel_message *message)
{
    switch (message->id) {
    case 0:
        break;
    case ID_INIT:
        memory_object_ready(message->control, FALSE, MEMORY_OBJECT_COPY_NONE);
        break;
    case ID_DATA_REQUEST:
        supply(message);
        break;
    case ID_DATA_RETURN:
        keep(message);
        break;
    case ID_TERMINATE:
        end();
        break;
    default:
        FAIL("message %d", message->id);
    }
}

/* What has come in the meantime. */
static void catch_up(mach_port_t port)
{
    uint64_t before = board->silent_returns;
    struct kernel_message message;

    for (unsigned count = port_status(port).mps_msgcount; count > 0; count--) {
        message_receive(port, &message, LISTEN_MS);
        serve(&message);
    }
    board->silent_queued = board->silent_returns - before;
}

void serve_silently(void *object)
{
    mach_port_t port = (mach_port_t)(uintptr_t)object;
    struct kernel_message message;
    boolean_t deaf = FALSE;

    for (;;) {
        if (board->phase == PHASE_WORK) {
            deaf = TRUE;
            thread_sleep(LISTEN_MS);
            continue;
        }
        if (deaf)
            catch_up(port);
        deaf = FALSE;
        message_receive(port, &message, LISTEN_MS);
        serve(&message);
    }
}
