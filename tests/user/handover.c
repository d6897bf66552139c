/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The default pager's side of the hand-over of precious pages, with the test in the kernel's place: it
 * makes an object, returns and requests pages, and completes supplies as it likes (checklist 91, 142).
 */
/* boot-all: memory=32 disk=64 with=disk,default_pager timeout=60 */
#include "paging.h"
#include "test.h"

#define SEED 91
#define ID_DATA_SUPPLY 2093

/* An object of the default pager whose kernel is the test. */
struct kernel_side {
    mach_port_t object;  /* send right */
    mach_port_t control; /* receive right: the pager's answers come here */
    mach_port_t name;    /* receive right */
};

struct item {
    mach_msg_type_t type;
    uint64_t value;
};

/* One answer. */
struct answer {
    union {
        mach_msg_header_t header;
        struct {
            mach_msg_header_t header;
            struct item items[16];
        } body;
    };
};

static void kernel_begin(struct kernel_side *kernel)
{
    mach_port_t manager = MACH_PORT_NULL;

    pager_port();
    CHECK_OK(vm_set_default_memory_manager(test_host_port, &manager));
    CHECK(MACH_PORT_VALID(manager));
    kernel->object = port_make(TRUE);
    kernel->control = port_make(FALSE);
    kernel->name = port_make(FALSE);
    CHECK_OK(memory_object_create(manager, kernel->object, 16 * PAGE_SIZE, kernel->control,
                                  kernel->name, PAGE_SIZE));
}

static void return_page(struct kernel_side *kernel, uint64_t seed, boolean_t dirty)
{
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, PAGE_SIZE, TRUE));
    pattern_fill(data, PAGE_SIZE, seed, 0);
    CHECK_OK(memory_object_data_return(kernel->object, kernel->control, 0, data, PAGE_SIZE, dirty,
                                       FALSE));
    CHECK_OK(vm_deallocate(mach_task_self(), data, PAGE_SIZE));
}

static void initialize_page(struct kernel_side *kernel, uint64_t seed)
{
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &data, PAGE_SIZE, TRUE));
    pattern_fill(data, PAGE_SIZE, seed, 0);
    CHECK_OK(memory_object_data_initialize(kernel->object, kernel->control, 0, data, PAGE_SIZE));
    CHECK_OK(vm_deallocate(mach_task_self(), data, PAGE_SIZE));
}

static void receive_answer(struct kernel_side *kernel, struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
    CHECK_OK(mach_msg(&answer->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof *answer,
                      kernel->control, MANAGER_WAIT, MACH_PORT_NULL));
}

/* Asks for page 0; it must come, precious, with this pattern. The right to complete the supply with. */
static mach_port_t request_page(struct kernel_side *kernel, uint64_t seed)
{
    struct answer answer;

    CHECK_OK(memory_object_data_request(kernel->object, kernel->control, 0, PAGE_SIZE,
                                        VM_PROT_READ));
    receive_answer(kernel, &answer);
    CHECK_EQ(answer.header.msgh_id, ID_DATA_SUPPLY);
    CHECK_EQ(answer.body.items[0].value, 0);
    CHECK_EQ(answer.body.items[1].type.msgt_number, PAGE_SIZE);
    pattern_check(answer.body.items[1].value, PAGE_SIZE, seed, 0);
    CHECK_OK(vm_deallocate(mach_task_self(), answer.body.items[1].value, PAGE_SIZE));
    CHECK_EQ((boolean_t)answer.body.items[3].value, TRUE);
    return (mach_port_t)answer.body.items[4].value;
}

static void complete(struct kernel_side *kernel, mach_port_t reply)
{
    CHECK_OK(memory_object_supply_completed(reply, MACH_MSG_TYPE_COPY_SEND, kernel->control, 0,
                                            PAGE_SIZE, KERN_SUCCESS, 0));
}

TEST(91, a_page_that_comes_back_before_its_completion_keeps_its_block)
{
    struct kernel_side kernel;
    pager_statistics_t before, after;

    kernel_begin(&kernel);
    return_page(&kernel, SEED, TRUE);
    mach_port_t reply = request_page(&kernel, SEED);
    pager_counts(&before);
    return_page(&kernel, SEED, FALSE);
    complete(&kernel, reply);
    CHECK_EQ(port_type(request_page(&kernel, SEED)) & MACH_PORT_TYPE_SEND, MACH_PORT_TYPE_SEND);
    pager_counts(&after);
    CHECK_EQ(after.cancelled, before.cancelled + 1);
    CHECK_EQ(after.freed_blocks, before.freed_blocks);
}

TEST(91, a_page_that_comes_back_changed_before_its_completion_is_kept_as_changed)
{
    struct kernel_side kernel;

    kernel_begin(&kernel);
    return_page(&kernel, SEED, TRUE);
    mach_port_t reply = request_page(&kernel, SEED);
    return_page(&kernel, SEED + 1, TRUE);
    complete(&kernel, reply);
    request_page(&kernel, SEED + 1);
}

TEST(91, a_completed_page_is_given_up_and_taken_back)
{
    struct kernel_side kernel;
    pager_statistics_t before, after;

    kernel_begin(&kernel);
    return_page(&kernel, SEED, TRUE);
    pager_counts(&before);
    complete(&kernel, request_page(&kernel, SEED));
    return_page(&kernel, SEED, FALSE);
    request_page(&kernel, SEED);
    pager_counts(&after);
    CHECK_EQ(after.freed_blocks, before.freed_blocks + 1);
}

TEST(142, initial_data_does_not_replace_what_the_pager_has)
{
    struct kernel_side kernel;

    kernel_begin(&kernel);
    return_page(&kernel, SEED, TRUE);
    initialize_page(&kernel, SEED + 1);
    request_page(&kernel, SEED);
}

TEST(142, initial_data_of_a_page_that_the_pager_lacks_is_kept)
{
    struct kernel_side kernel;

    kernel_begin(&kernel);
    initialize_page(&kernel, SEED);
    request_page(&kernel, SEED);
}
