/* SPDX-License-Identifier: BSD-2-Clause */
/* Pagers written with the library (porthole/pager.h): order, failures, hand-overs, and a clean end. */
/* boot-all: memory=32 timeout=60 */
#include <porthole/pager.h>

#include "paging.h"
#include "test.h"

#define SEED    220
#define PAGES   64u
#define CLUSTER 16u
#define CLIENTS 4u

/* A store that knows which pages it has, and finds out when it is asked for one that it gave away. */
struct store {
    char data[PAGES * PAGE_SIZE];
    struct mutex lock;
    boolean_t has[PAGES], bad[PAGES]; /* bad: can be neither read nor written */
    unsigned reads, writes, forgotten, misused;
    volatile boolean_t ended;
};

static struct store store; /* zeros at first: nothing is in it */

static boolean_t any_bad(const struct store *it, vm_offset_t offset, vm_size_t size)
{
    for (vm_size_t page = atop(offset); page < atop(offset + size); page++) {
        if (it->bad[page]) {
            return TRUE;
        }
    }
    return FALSE;
}

static boolean_t has_all(const struct store *it, vm_offset_t offset, vm_size_t size)
{
    for (vm_size_t page = atop(offset); page < atop(offset + size); page++) {
        if (!it->has[page]) {
            return FALSE;
        }
    }
    return TRUE;
}

static kern_return_t store_read(void *cookie, vm_offset_t offset, vm_size_t size, void *data)
{
    struct store *it = cookie;
    kern_return_t result = KERN_SUCCESS;

    mutex_lock(&it->lock);
    it->reads++;
    if (any_bad(it, offset, size)) {
        result = KERN_FAILURE;
    } else if (!has_all(it, offset, size)) {
        result = PAGER_ABSENT;
    } else {
        memcpy(data, it->data + offset, size);
    }
    mutex_unlock(&it->lock);
    return result;
}

static kern_return_t store_write(void *cookie, vm_offset_t offset, vm_size_t size, const void *data)
{
    struct store *it = cookie;
    kern_return_t result = KERN_FAILURE;

    mutex_lock(&it->lock);
    it->writes++;
    if (!any_bad(it, offset, size)) {
        memcpy(it->data + offset, data, size);
        for (vm_size_t page = atop(offset); page < atop(offset + size); page++) {
            it->has[page] = TRUE;
        }
        result = KERN_SUCCESS;
    }
    mutex_unlock(&it->lock);
    return result;
}

static void store_forget(void *cookie, vm_offset_t offset, vm_size_t size)
{
    struct store *it = cookie;

    mutex_lock(&it->lock);
    for (vm_size_t page = atop(offset); page < atop(offset + size); page++) {
        it->misused += !it->has[page];
        it->has[page] = FALSE;
        it->forgotten++;
    }
    memset(it->data + offset, 0xee, size);
    mutex_unlock(&it->lock);
}

static void store_end(void *cookie)
{
    ((struct store *)cookie)->ended = TRUE;
}

static const struct pager_operations keeping = { .read = store_read, .write = store_write };
static const struct pager_operations exclusive = {
    .read = store_read, .write = store_write, .forget = store_forget, .end = store_end,
    .cluster_size = CLUSTER * PAGE_SIZE,
};

static void fill(void)
{
    pattern_fill((vm_address_t)store.data, sizeof store.data, SEED, 0);
    memset(store.has, TRUE, sizeof store.has);
}

static void serve(void *threads)
{
    FAIL("pager_serve returns %d", pager_serve((unsigned)(uintptr_t)threads));
}

/* An object, served by so many threads, with a send right to it under the same name. */
static mach_port_t begin(const struct pager_operations *operations, unsigned threads)
{
    mach_port_t object = MACH_PORT_NULL;

    CHECK_OK(pager_create(operations, &store, &object));
    CHECK_OK(mach_port_insert_right(mach_task_self(), object, object, MACH_MSG_TYPE_MAKE_SEND));
    if (threads != 0) {
        CHECK(thread_start(serve, (void *)(uintptr_t)threads, 0) != MACH_PORT_NULL);
    }
    return object;
}

static vm_address_t map(mach_port_t object)
{
    vm_address_t address = 0;

    CHECK_OK(vm_map(mach_task_self(), &address, PAGES * PAGE_SIZE, 0, TRUE, object, 0, FALSE,
                    VM_PROT_ALL, VM_PROT_ALL, VM_INHERIT_NONE));
    return address;
}

static void unmap(vm_address_t address)
{
    CHECK_OK(vm_deallocate(mach_task_self(), address, PAGES * PAGE_SIZE));
}

static void check_page(vm_address_t address, unsigned page)
{
    pattern_check(address + page * PAGE_SIZE, PAGE_SIZE, SEED, page * PAGE_SIZE);
}

/* Messages that are no kernel's: an unknown id, a notification that is none, one that is too short, one too large. */
static void send_junk(mach_port_t object)
{
    static struct {
        mach_msg_header_t header;
        char body[4096];
    } message;

    port_send_empty(object, MACH_MSG_TYPE_COPY_SEND, 2249, 1000);
    port_send_empty(object, MACH_MSG_TYPE_COPY_SEND, MACH_NOTIFY_NO_SENDERS, 1000);
    port_send_empty(object, MACH_MSG_TYPE_COPY_SEND, ID_DATA_REQUEST, 1000);
    message.header = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0), .msgh_remote_port = object,
        .msgh_id = ID_DATA_RETURN };
    CHECK_OK(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0,
                      MACH_PORT_NULL));
}

static void junk_between_requests(unsigned threads)
{
    fill();
    mach_port_t object = begin(&keeping, threads);
    vm_address_t address = map(object);

    for (unsigned page = 0; page < PAGES; page++) {
        send_junk(object);
        check_page(address, page);
    }
    CHECK_EQ(store.reads, PAGES);
}

TEST(220, messages_that_nobody_understands_do_not_stall_one_thread)
{
    junk_between_requests(1);
}

TEST(220, messages_that_nobody_understands_do_not_stall_four_threads)
{
    junk_between_requests(4);
}

/* The test in a kernel's place. */
struct kernel_side {
    mach_port_t object, control, name;
};

static void kernel_begin(struct kernel_side *kernel, mach_port_t object)
{
    kernel->object = object;
    kernel->control = port_make(FALSE);
    kernel->name = port_make(FALSE);
    CHECK_OK(memory_object_init(object, kernel->control, kernel->name, PAGE_SIZE));
}

/*
 * The answers to the request, one for each page, come when the control port is on its way to the pager and takes
 * sixteen at most; its only thread must come back to receive it.
 */
TEST(221, answers_that_come_too_late_for_the_kernel_do_not_hang_the_only_thread)
{
    struct kernel_side kernel;
    mach_port_t object = begin(&keeping, 0);

    for (unsigned page = 0; page < PAGES; page++) {
        store.bad[page] = page % 2;
    }
    kernel_begin(&kernel, object);
    CHECK_OK(memory_object_data_request(object, kernel.control, 0, PAGES * PAGE_SIZE,
                                        VM_PROT_READ));
    CHECK_OK(memory_object_terminate(object, kernel.control, kernel.name)); /* moves the right */
    CHECK_OK(mach_port_insert_right(mach_task_self(), object, object, MACH_MSG_TYPE_MAKE_SEND));
    CHECK(thread_start(serve, (void *)1, 0) != MACH_PORT_NULL);

    memset(store.bad, 0, sizeof store.bad);
    vm_address_t address = map(object);
    CHECK_EQ(*(volatile uint64_t *)address, 0);
    CHECK(store.reads > PAGES);
}

TEST(145, a_page_is_in_the_store_or_with_the_kernel_and_never_lost)
{
    fill();
    vm_address_t address = map(begin(&exclusive, 2));

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned page = 0; page < PAGES; page++) {
            check_page(address, page);
            if (page % 3 == 0) {
                *(volatile uint64_t *)(address + page * PAGE_SIZE) = pattern_word(SEED, page * PAGE_SIZE);
            }
        }
        pages_evict(address, PAGES * PAGE_SIZE);
    }
    check_page(address, 0);
    CHECK(store.forgotten >= 3 * PAGES);
    CHECK_EQ(store.misused, 0);
}

TEST(150, a_page_that_cannot_be_read_fails_alone)
{
    struct client client;

    fill();
    store.bad[5] = TRUE;
    vm_address_t address = map(begin(&exclusive, 2));
    for (unsigned page = 0; page < PAGES; page++) {
        if (page != 5) {
            check_page(address, page);
        }
    }
    client_read(&client, address + 5 * PAGE_SIZE);
    client_expect_bad_access(&client, KERN_MEMORY_ERROR, address + 5 * PAGE_SIZE);
    store.bad[5] = FALSE; /* nothing of the failure stays */
    client_retry(&client);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 5 * PAGE_SIZE));
}

static boolean_t has_written(void *unused)
{
    (void)unused;
    return store.writes != 0;
}

TEST(150, a_page_that_cannot_be_written_answers_errors_and_never_old_data)
{
    struct client client;

    fill();
    vm_address_t address = map(begin(&keeping, 2));
    store.bad[7] = TRUE;
    for (unsigned page = 0; page < PAGES; page++) {
        if (page != 7) {
            *(volatile uint64_t *)(address + page * PAGE_SIZE) = SEED + page;
        }
    }
    store.bad[7] = FALSE; /* it can be read */
    *(volatile uint64_t *)(address + 7 * PAGE_SIZE) = SEED + 7;
    store.bad[7] = TRUE;
    page_evict(address + 7 * PAGE_SIZE);
    CHECK(wait_until(has_written, NULL, CLIENT_WAIT));
    store.bad[7] = FALSE;
    client_read(&client, address + 7 * PAGE_SIZE);
    client_expect_bad_access(&client, KERN_MEMORY_ERROR, address + 7 * PAGE_SIZE);
    client_end(&client);
    pages_evict(address, 7 * PAGE_SIZE);
    for (unsigned page = 0; page < PAGES; page++) {
        if (page != 7) {
            CHECK_EQ(*(volatile uint64_t *)(address + page * PAGE_SIZE), SEED + page);
        }
    }
}

static boolean_t has_ended(void *unused)
{
    (void)unused;
    return store.ended;
}

static boolean_t names_are(void *count)
{
    return port_name_count() == *(unsigned *)count;
}

TEST(26, when_nobody_has_a_right_any_more_the_object_ends_and_nothing_is_left)
{
    unsigned names = 0;

    begin(&exclusive, 2); /* its threads and set stay */
    for (unsigned round = 0; round < 10; round++) {
        fill();
        store.ended = FALSE;
        mach_port_t object = begin(&exclusive, 0);
        vm_address_t address = map(object);
        *(volatile uint64_t *)address = SEED + round;
        check_page(address, 1);
        unmap(address);
        CHECK_OK(mach_port_deallocate(mach_task_self(), object));
        CHECK(wait_until(has_ended, NULL, CLIENT_WAIT));
        CHECK_EQ(*(uint64_t *)store.data, SEED + round); /* written before the end */
        check_page((vm_address_t)store.data, 1);          /* and precious pages came back */
        if (round == 1) {
            names = port_name_count() - 1;
            CHECK(wait_until(names_are, &names, 1000) || (names += 1));
        }
    }
    CHECK(wait_until(names_are, &names, CLIENT_WAIT));
}

/* The next message at a control port must have that id. */
static void expect_answer(struct kernel_side *kernel, mach_msg_id_t id)
{
    struct kernel_message message;

    message_receive(kernel->control, &message, MANAGER_WAIT);
    CHECK_EQ(message.id, id);
}

TEST(10, several_kernels_may_map_an_object_but_one_alone_if_its_pages_are_handed_over)
{
    struct kernel_side first, second;
    mach_port_t shared = begin(&keeping, 2), alone = begin(&exclusive, 0);

    fill();
    kernel_begin(&first, shared);
    kernel_begin(&second, shared);
    expect_answer(&first, 2121); /* memory_object_change_attributes_flavor: ready */
    expect_answer(&second, 2121);
    CHECK_OK(memory_object_data_request(shared, second.control, 0, PAGE_SIZE, VM_PROT_READ));
    expect_answer(&second, 2093); /* memory_object_data_supply */
    EXPECT_SILENCE(first.control, 50);

    kernel_begin(&first, alone);
    kernel_begin(&second, alone);
    expect_answer(&first, 2121);
    expect_answer(&second, 2092); /* memory_object_destroy */
}

struct worker {
    vm_address_t address;
    unsigned number;
};

/* Each works on pages of its own; what it reads must be what it wrote. */
static uint64_t work(void *argument)
{
    const struct worker *worker = argument;
    uint64_t written[PAGES / CLIENTS] = { 0 }, random = worker->number;

    for (unsigned step = 0; step < 200; step++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        unsigned mine = (unsigned)(random >> 33) % (PAGES / CLIENTS);
        volatile uint64_t *word =
            (volatile uint64_t *)(worker->address + (mine * CLIENTS + worker->number) * PAGE_SIZE);
        if (*word != written[mine]) {
            return step + 1;
        }
        *word = written[mine] = random;
        if (step % 4 == 0) {
            int outcome;
            porthole_evict(test_host_port, mach_task_self(), (vm_address_t)word, &outcome);
        }
    }
    return 0;
}

TEST(144, clients_that_write_while_pages_come_and_go_lose_nothing)
{
    struct client clients[CLIENTS];
    struct worker workers[CLIENTS];
    vm_address_t address = map(begin(&exclusive, 4));

    for (unsigned i = 0; i < CLIENTS; i++) {
        workers[i] = (struct worker){ address, i };
        client_call(&clients[i], work, &workers[i]);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        CHECK_EQ(client_wait(&clients[i], 55000), CLIENT_DONE); /* a loaded machine takes its time */
        CHECK_EQ(clients[i].value, 0);
    }
    CHECK(store.writes > 0 && store.forgotten > 0);
    CHECK_EQ(store.misused, 0);
}
