/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel says to a default pager: the test is one, and answers by hand (checklist 137 to 143,
 * 147, 156). The system's own pager is tried in default_pager.c.
 */
#include <mach/host_info.h>
#include <mach/porthole_memory_types.h>

#include "test.h"

#define SEED 71
#define SWAPS 10000 /* test 139; the checklist's 10^5 take long in emulation */
#define EVICTED 16  /* pages of test 156 */
#define ID_SET_MANAGER 2041
#define ALL ((vm_size_t)48 << 20)     /* more than the memory of test 149 */
#define SPARSE ((vm_size_t)64 << 20)
#define STRIDE ((vm_size_t)64 * PAGE_SIZE) /* each page needs a tree node of its own */

/* The test as default pager, and what it has been told of one object. */
struct pager {
    mach_port_t manager; /* create comes here */
    struct manager object;
};

/* Requests are for one page each. */
static void pager_begin(struct pager *pager)
{
    pager->manager = port_make(FALSE);
    mach_port_t port = pager->manager;
    CHECK_OK(host_default_memory_manager(test_host_port, &port, PAGE_SIZE));
    CHECK_EQ(port, MACH_PORT_NULL);
}

static vm_address_t anonymous_page(uint64_t seed)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &address, 2 * PAGE_SIZE, TRUE));
    pattern_fill(address, PAGE_SIZE, seed, 0);
    return address;
}

static int evict(vm_address_t address)
{
    int outcome = -1;

    CHECK_OK(porthole_evict(test_host_port, mach_task_self(), address, &outcome));
    return outcome;
}

/* memory_object_create, and the page in a return after it. */
static void take_first_eviction(struct pager *pager, struct kernel_message *back)
{
    struct kernel_message create;

    EXPECT_MESSAGE(pager->manager, ID_CREATE, &create);
    CHECK(create.size >= PAGE_SIZE);
    CHECK_EQ(port_type(create.new_object), MACH_PORT_TYPE_RECEIVE);
    CHECK_EQ(port_type(create.control), MACH_PORT_TYPE_SEND);
    CHECK_EQ(port_type(create.name), MACH_PORT_TYPE_SEND);
    pager->object.object = create.new_object;
    pager->object.control = create.control;
    pager->object.name = create.name;
    EXPECT_MESSAGE(create.new_object, ID_DATA_RETURN, back);
    CHECK_EQ(back->control, create.control);
    CHECK_EQ(back->dirty, TRUE);
    CHECK_EQ(back->kernel_copy, FALSE);
}

/* An anonymous page that only the test has: the address, and the offset in its object. */
static vm_address_t page_out(struct pager *pager, vm_offset_t *offset)
{
    struct kernel_message back;
    vm_address_t address = anonymous_page(SEED);

    CHECK_EQ(evict(address), PORTHOLE_EVICTION_SENT);
    take_first_eviction(pager, &back);
    pattern_check(back.data, PAGE_SIZE, SEED, 0);
    message_release_data(&back);
    *offset = back.offset;
    return address;
}

/* Supplies the page precious, as who keeps no copy does; its completion must say that it went in. */
static void hand_over(struct pager *pager, vm_offset_t offset)
{
    struct kernel_message done;
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, PAGE_SIZE, TRUE));
    pattern_fill(data, PAGE_SIZE, SEED, 0);
    CHECK_OK(memory_object_data_supply_poly(pager->object.control, offset, data, PAGE_SIZE, TRUE,
                                            VM_PROT_NONE, TRUE, pager->object.object,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(pager->object.object, ID_SUPPLY_COMPLETED, &done);
    CHECK_EQ(done.result, KERN_SUCCESS);
    CHECK_EQ(done.length, PAGE_SIZE);
}

static mach_port_t ask_manager(void)
{
    mach_port_t port = MACH_PORT_NULL;

    CHECK_OK(host_default_memory_manager(test_host_port, &port, 0));
    return port;
}

TEST(137, asking_for_the_default_manager_tells_it_and_changes_nothing)
{
    mach_port_t mine = port_make(TRUE), port = mine;

    CHECK_EQ(ask_manager(), MACH_PORT_NULL);
    CHECK_OK(host_default_memory_manager(test_host_port, &port, 0));
    CHECK_EQ(port, MACH_PORT_NULL);
    for (unsigned refs = 2; refs < 5; refs++) {
        CHECK_EQ(ask_manager(), mine);
        CHECK_EQ(port_refs(mine, MACH_PORT_RIGHT_SEND), refs);
    }
    port = MACH_PORT_NULL;
    CHECK_OK(vm_set_default_memory_manager(test_host_port, &port));
    CHECK_EQ(port, mine);
}

TEST(138, the_default_manager_is_set_by_the_privileged_host_port_alone)
{
    mach_port_t mine = port_make(TRUE), port = mine;

    CHECK_RETURNS(vm_set_default_memory_manager(mach_host_self(), &port), KERN_INVALID_HOST);
    port = mine;
    CHECK_RETURNS(host_default_memory_manager(mach_host_self(), &port, 0), KERN_INVALID_HOST);
    port = MACH_PORT_NULL;
    CHECK_RETURNS(host_default_memory_manager(mach_task_self(), &port, 0), KERN_INVALID_HOST);
    CHECK_EQ(ask_manager(), MACH_PORT_NULL);
    CHECK_EQ(port_refs(mine, MACH_PORT_RIGHT_SEND), 1);
}

/* vm_set_default_memory_manager with a copied right: its stub makes one, as a receiver can. */
static kern_return_t set_by_copy(mach_port_t port)
{
    union {
        struct {
            mach_msg_header_t header;
            mach_msg_type_t type;
            mach_port_t port;
        } request;
        mig_reply_header_t reply;
        uint64_t room[16];
    } message;
    mach_port_t answers = port_make(FALSE);

    memset(&message, 0, sizeof message);
    message.request.header.msgh_bits =
        MACH_MSGH_BITS_COMPLEX |
        MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE);
    message.request.header.msgh_remote_port = test_host_port;
    message.request.header.msgh_local_port = answers;
    message.request.header.msgh_id = ID_SET_MANAGER;
    message.request.type = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_COPY_SEND,
                                             .msgt_size = 64,
                                             .msgt_inline = TRUE,
                                             .msgt_number = 1};
    message.request.port = port;
    CHECK_EQ(mach_msg(&message.request.header, MACH_SEND_MSG | MACH_RCV_MSG,
                      sizeof message.request, sizeof message, answers, 0, MACH_PORT_NULL),
             MACH_MSG_SUCCESS);
    return message.reply.RetCode;
}

/* The kernel would answer itself that it does not know the request, and the pages were nobody's. */
TEST(138, a_port_that_the_kernel_serves_cannot_be_the_default_manager)
{
    mach_port_t ports[] = {mach_task_self(), mach_thread_self(), mach_host_self(), test_host_port,
                           test_device_port};
    vm_address_t address = anonymous_page(SEED);

    for (unsigned i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        CHECK_RETURNS(set_by_copy(ports[i]), KERN_INVALID_ARGUMENT);
        CHECK_EQ(ask_manager(), MACH_PORT_NULL);
        CHECK_EQ(evict(address), PORTHOLE_EVICTION_THROTTLED);
    }
    CHECK_EQ(*(volatile uint64_t *)(address + PAGE_SIZE), 0);
    pattern_check(address, PAGE_SIZE, SEED, 0);
    CHECK_OK(set_by_copy(port_make(TRUE)));
    CHECK(ask_manager() != MACH_PORT_NULL);
}

static uint64_t swap_many(void *argument)
{
    mach_port_t mine = *(mach_port_t *)argument;

    for (unsigned i = 0; i < SWAPS; i++) {
        mach_port_t port = mine;
        CHECK_OK(vm_set_default_memory_manager(test_host_port, &port));
        if (port != MACH_PORT_NULL)
            CHECK_OK(mach_port_deallocate(mach_task_self(), port));
        if (i % 64 == 0)
            swtch_pri(0);
    }
    return 0;
}

/* boot: timeout=60 */
TEST(139, two_threads_that_swap_the_default_manager_leave_exact_rights)
{
    struct client clients[2];
    mach_port_t ports[2] = {port_make(FALSE), port_make(FALSE)};

    for (int i = 0; i < 2; i++)
        client_call(&clients[i], swap_many, &ports[i]);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(client_wait(&clients[i], 50000), CLIENT_DONE);
        client_end(&clients[i]);
    }
    mach_port_t last = port_make(FALSE);
    CHECK_OK(vm_set_default_memory_manager(test_host_port, &last));
    CHECK(last == ports[0] || last == ports[1]);
    CHECK_OK(mach_port_deallocate(mach_task_self(), last));
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(port_type(ports[i]), MACH_PORT_TYPE_RECEIVE);
        CHECK_EQ(port_status(ports[i]).mps_srights, FALSE);
        CHECK_EQ(port_status(ports[i]).mps_mscount, SWAPS);
    }
}

TEST(140, the_first_eviction_makes_an_object_and_a_touch_asks_it_for_the_page)
{
    struct pager pager;
    struct client client;
    vm_offset_t offset;

    pager_begin(&pager);
    vm_address_t address = page_out(&pager, &offset);
    client_read(&client, address);
    EXPECT_REQUEST(&pager.object, offset, PAGE_SIZE);
    hand_over(&pager, offset);
    CHECK_EQ(client_finish(&client), pattern_word(SEED, 0));
    pattern_check(address, PAGE_SIZE, SEED, 0);
    EXPECT_SILENCE(pager.manager, 50); /* no second create */
}

TEST(141, a_page_that_was_never_written_is_asked_for_and_reads_as_zeros)
{
    struct pager pager;
    struct client client;
    vm_offset_t offset;

    pager_begin(&pager);
    vm_address_t address = page_out(&pager, &offset);
    client_read(&client, address + PAGE_SIZE);
    EXPECT_REQUEST(&pager.object, offset + PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(memory_object_data_unavailable(pager.object.control, offset + PAGE_SIZE, PAGE_SIZE));
    CHECK_EQ(client_finish(&client), 0);
    for (unsigned at = 0; at < PAGE_SIZE; at += 8)
        CHECK_EQ(*(uint64_t *)(address + PAGE_SIZE + at), 0);
}

TEST(143, freed_memory_terminates_its_object_and_leaves_it_without_senders)
{
    struct pager pager;
    struct kernel_message end, gone;
    vm_offset_t offset;

    pager_begin(&pager);
    vm_address_t address = page_out(&pager, &offset);
    mach_port_t watch = port_watch(pager.object.object, MACH_NOTIFY_NO_SENDERS, 1);
    CHECK_OK(vm_deallocate(mach_task_self(), address, 2 * PAGE_SIZE));
    EXPECT_MESSAGE(pager.object.object, ID_TERMINATE, &end);
    CHECK_EQ(end.control, pager.object.control);
    CHECK_EQ(end.name, pager.object.name);
    EXPECT_MESSAGE(watch, MACH_NOTIFY_NO_SENDERS, &gone);
    EXPECT_SILENCE(pager.object.object, 50);
}

/* A writer whose page arrives while it is stopped, and that ends before it could write. */
TEST(147, a_page_handed_over_for_a_write_that_never_happened_comes_back_as_it_was)
{
    struct pager pager;
    struct client writer, reader;
    struct kernel_message message;
    vm_offset_t offset;

    pager_begin(&pager);
    vm_address_t address = page_out(&pager, &offset);
    client_write(&writer, address, ~pattern_word(SEED, 0));
    EXPECT_MESSAGE(pager.object.object, ID_DATA_REQUEST, &message);
    CHECK_EQ(message.offset, offset);
    CHECK(message.access & VM_PROT_WRITE);
    CHECK_OK(thread_suspend(writer.thread));
    hand_over(&pager, offset); /* and nothing kept: whoever frees the block now must not regret it */
    client_end(&writer);
    CHECK_EQ(evict(address), PORTHOLE_EVICTION_SENT);
    EXPECT_MESSAGE(pager.object.object, ID_DATA_RETURN, &message);
    CHECK_EQ(message.offset, offset);
    CHECK_EQ(message.dirty, FALSE);
    CHECK_EQ(message.kernel_copy, FALSE);
    pattern_check(message.data, PAGE_SIZE, SEED, 0);
    message_release_data(&message);
    client_read(&reader, address);
    EXPECT_REQUEST(&pager.object, offset, PAGE_SIZE);
    hand_over(&pager, offset);
    CHECK_EQ(client_finish(&reader), pattern_word(SEED, 0));
}

static unsigned free_pages(void)
{
    struct vm_statistics statistics;

    memory_statistics(&statistics);
    return (unsigned)statistics.free_count;
}

TEST(156, pages_on_their_way_to_the_pager_are_wired_until_it_frees_them)
{
    static struct kernel_message backs[EVICTED];
    struct pager pager;
    struct vm_statistics before, after;
    vm_address_t address = 0;
    unsigned received = 0;

    pager_begin(&pager);
    CHECK_OK(vm_allocate(mach_task_self(), &address, EVICTED * PAGE_SIZE, TRUE));
    pattern_fill(address, EVICTED * PAGE_SIZE, SEED, 0);
    memory_statistics(&before);
    for (unsigned i = 0; i < EVICTED; i += 2) /* every other one: each in a message of its own */
        CHECK_EQ(evict(address + i * PAGE_SIZE), PORTHOLE_EVICTION_SENT);
    memory_statistics(&after);
    CHECK(after.wire_count >= before.wire_count + EVICTED / 2);
    take_first_eviction(&pager, &backs[received++]);
    while (received < EVICTED / 2)
        EXPECT_MESSAGE(pager.object.object, ID_DATA_RETURN, &backs[received++]);
    for (unsigned i = 0; i < received; i++)
        pattern_check(backs[i].data, PAGE_SIZE, SEED, backs[i].offset);
    for (unsigned i = 0; i < received; i++) {
        unsigned free = free_pages();
        message_release_data(&backs[i]);
        CHECK_EQ(free_pages(), free + 1);
    }
}

/* What ordinary threads are not given: a fiftieth of all frames. */
static unsigned reserved_pages(void)
{
    struct host_basic_info info;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;

    CHECK_OK(host_info(mach_host_self(), HOST_BASIC_INFO, (host_info_t)&info, &count));
    return (unsigned)(info.memory_size / PAGE_SIZE / 50);
}

static vm_address_t anonymous(vm_size_t size)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &address, size, TRUE));
    return address;
}

static void touch_sparsely(vm_address_t address, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        *(volatile uint64_t *)(address + i * STRIDE) = 1;
}

static volatile boolean_t memory_is_short;

static uint64_t touch_all_sparsely(void *argument)
{
    while (!memory_is_short)
        thread_sleep(10);
    touch_sparsely((vm_address_t)argument, SPARSE / STRIDE);
    return 0;
}

/* One frame may be taken, but the page of a fault needs a tree node's frame, too. */
static void want_two_frames_of_one(unsigned reserved, unsigned nodes)
{
    struct client client;
    vm_address_t all = anonymous(ALL), sparse = anonymous(SPARSE), before = anonymous(SPARSE);

    touch_sparsely(before, nodes);
    client_call(&client, touch_all_sparsely, (void *)sparse);
    for (vm_offset_t at = 0; free_pages() > reserved + 1; at += PAGE_SIZE)
        *(volatile uint64_t *)(all + at) = 1;
    memory_is_short = TRUE;
    CHECK_EQ(client_wait(&client, CLIENT_WAIT), CLIENT_EXCEPTION);
    CHECK_OK(vm_deallocate(mach_task_self(), all, ALL)); /* the test needs some itself */
    CHECK_EQ(client.exception, EXC_BAD_ACCESS);
    CHECK_EQ(client.code, KERN_RESOURCE_SHORTAGE);
    client_end(&client);
    CHECK_OK(vm_deallocate(mach_task_self(), sparse, SPARSE));
    CHECK_OK(vm_deallocate(mach_task_self(), before, SPARSE));
}

/* boot: memory=32 timeout=30 */
TEST(149, who_finds_one_frame_and_needs_two_does_not_wait_for_ever)
{
    unsigned reserved = reserved_pages();

    want_two_frames_of_one(reserved, 3);
}
