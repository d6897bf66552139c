/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk that does one request wrong: the first, the second, ... of each kind in turn (checklist 150). The disk is
 * this program: a thread that answers the device protocol for the default pager's only store, out of memory.
 */
/* boot-all: with=disk,default_pager=build/servers/default_pager disk=8 memory=64 timeout=60 */
#include <device/device_types.h>
#include <mach/mig_errors.h>
#include <mig/device_reply.h>
#include <mig/device_server.h>
#include <porthole/message.h>

#include "paging.h"
#include "test.h"

#define SELF   mach_task_self()
#define RECORD 512
#define BLOCKS 512u
#define PAGES  48u
#define BYTES  ((vm_size_t)PAGES * PAGE_SIZE)
#define SEED   150
#define TRIALS 200 /* no round makes so many requests */
#define IDLE   60  /* ms without a request: all has been asked for that does not wait for the one held back */

enum kind { READ, WRITE };
enum fault {
    FAIL_WHOLE, /* nothing is done, and the error is told */
    TEAR,       /* the first half is done, and the error is told */
    CUT_SHORT,  /* the first half is done, and so is told */
    HOLD_BACK   /* done and answered when nothing else is asked for any more */
};

static struct {
    mach_port_t port;
    vm_address_t contents;
    volatile unsigned requests[2]; /* of each kind in this round */
    enum kind kind;                /* what is to go wrong: the number-th of that kind; 0: none */
    enum fault fault;
    volatile unsigned number;
    volatile unsigned wrong_pages; /* of the request that went wrong */
} disk;

/* The request that is held back. */
static struct {
    boolean_t is_held;
    enum kind kind;
    mach_port_t reply;
    mach_msg_type_name_t type;
    recnum_t record;
    vm_address_t data;
    vm_size_t bytes;
} held;

/* Counts a request; TRUE: it is the one to do wrong. */
static boolean_t is_chosen(enum kind kind, vm_size_t bytes)
{
    unsigned number = ++disk.requests[kind];

    if (disk.number == 0 || disk.kind != kind || number != disk.number)
        return FALSE;
    disk.wrong_pages = (unsigned)(bytes / PAGE_SIZE);
    return TRUE;
}

static void *place(recnum_t record)
{
    return (void *)(disk.contents + (vm_offset_t)record * RECORD);
}

static vm_address_t read_out(recnum_t record, vm_size_t bytes)
{
    vm_address_t data = 0;

    CHECK_OK(vm_allocate(SELF, &data, bytes, TRUE));
    memcpy((void *)data, place(record), bytes);
    return data;
}

static void hold(enum kind kind, mach_port_t reply, mach_msg_type_name_t type, recnum_t record,
                 vm_address_t data, vm_size_t bytes)
{
    held.is_held = TRUE;
    held.kind = kind;
    held.reply = reply;
    held.type = type;
    held.record = record;
    held.data = data;
    held.bytes = bytes;
}

static void let_go(void)
{
    if (!held.is_held)
        return;
    held.is_held = FALSE;
    if (held.kind == READ) {
        vm_address_t data = read_out(held.record, held.bytes);

        CHECK_OK(ds_device_read_reply(held.reply, held.type, KERN_SUCCESS, (io_buf_ptr_t)data,
                                      (mach_msg_type_number_t)held.bytes));
    } else {
        memcpy(place(held.record), (void *)held.data, held.bytes);
        CHECK_OK(vm_deallocate(SELF, held.data, held.bytes));
        CHECK_OK(ds_device_write_reply(held.reply, held.type, KERN_SUCCESS, (int)held.bytes));
    }
}

/* ---- the device protocol */

kern_return_t ds_device_write(mach_port_t device, mach_port_t reply, mach_msg_type_name_t type,
                              dev_mode_t mode, recnum_t record, io_buf_ptr_t data,
                              mach_msg_type_number_t count, int *written)
{
    boolean_t chosen = is_chosen(WRITE, count);
    vm_size_t done = count;

    (void)device, (void)mode;
    if (chosen && disk.fault == HOLD_BACK) {
        hold(WRITE, reply, type, record, (vm_address_t)data, count);
        return MIG_NO_REPLY;
    }
    if (chosen)
        done = disk.fault == FAIL_WHOLE ? 0 : count / 2;
    memcpy(place(record), data, done);
    if (chosen && disk.fault != CUT_SHORT)
        return D_IO_ERROR;
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)data, count));
    *written = (int)done;
    return KERN_SUCCESS;
}

kern_return_t ds_device_read(mach_port_t device, mach_port_t reply, mach_msg_type_name_t type,
                             dev_mode_t mode, recnum_t record, int wanted, io_buf_ptr_t *data,
                             mach_msg_type_number_t *count)
{
    boolean_t chosen = is_chosen(READ, (vm_size_t)wanted);
    vm_size_t done = (vm_size_t)wanted;

    (void)device, (void)mode;
    if (chosen && disk.fault == HOLD_BACK) {
        hold(READ, reply, type, record, 0, done);
        return MIG_NO_REPLY;
    }
    if (chosen && disk.fault != CUT_SHORT)
        return D_IO_ERROR;
    if (chosen)
        done /= 2;
    *data = (io_buf_ptr_t)read_out(record, done);
    *count = (mach_msg_type_number_t)done;
    return KERN_SUCCESS;
}

kern_return_t ds_device_get_status(mach_port_t device, dev_flavor_t flavor, dev_status_t status,
                                   mach_msg_type_number_t *count)
{
    (void)device;
    CHECK_EQ(flavor, DEV_GET_RECORDS);
    status[DEV_GET_RECORDS_DEVICE_RECORDS] = BLOCKS * (PAGE_SIZE / RECORD);
    status[DEV_GET_RECORDS_RECORD_SIZE] = RECORD;
    *count = DEV_GET_RECORDS_COUNT;
    return KERN_SUCCESS;
}

/* The pager asks for nothing else. */
#define UNUSED(routine, ...)                                                                       \
    kern_return_t routine(__VA_ARGS__)                                                             \
    {                                                                                              \
        return D_INVALID_OPERATION;                                                                \
    }

#pragma GCC diagnostic ignored "-Wunused-parameter"
UNUSED(ds_device_open, mach_port_t master, mach_port_t reply, mach_msg_type_name_t type, dev_mode_t mode,
       const_dev_name_t name, mach_port_t *device, mach_msg_type_name_t *device_type)
UNUSED(ds_device_open_new, mach_port_t master, mach_port_t reply, mach_msg_type_name_t type,
       dev_mode_t mode, const_dev_name_t name, mach_port_t *device, mach_msg_type_name_t *device_type)
UNUSED(ds_device_close, mach_port_t device)
UNUSED(ds_device_write_inband, mach_port_t device, mach_port_t reply, mach_msg_type_name_t type,
       dev_mode_t mode, recnum_t record, const io_buf_ptr_inband_t data, mach_msg_type_number_t count,
       int *written)
UNUSED(ds_device_read_inband, mach_port_t device, mach_port_t reply, mach_msg_type_name_t type,
       dev_mode_t mode, recnum_t record, int wanted, io_buf_ptr_inband_t data,
       mach_msg_type_number_t *count)
UNUSED(ds_device_set_status, mach_port_t device, dev_flavor_t flavor, const dev_status_t status,
       mach_msg_type_number_t count)
UNUSED(ds_device_map, mach_port_t device, vm_prot_t protection, vm_offset_t offset, vm_size_t size,
       mach_port_t *pager, int unmap)
UNUSED(ds_device_set_filter, mach_port_t device, mach_port_t port, int priority,
       const filter_array_t filter, mach_msg_type_number_t count)
UNUSED(ds_device_intr_register, mach_port_t device, int id, int flags, mach_port_t port)
UNUSED(ds_device_intr_ack, mach_port_t device, mach_port_t port)

static void answer(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    mig_reply_header_t *out = (mig_reply_header_t *)reply;

    if (!device_server(request, reply))
        FAIL("the disk was sent a message %d", request->msgh_id);
    if (!(reply->msgh_bits & MACH_MSGH_BITS_COMPLEX) && out->RetCode == MIG_NO_REPLY)
        return;
    if (!(reply->msgh_bits & MACH_MSGH_BITS_COMPLEX) && out->RetCode != KERN_SUCCESS)
        mach_msg_destroy_body(request);
    CHECK_OK(mach_msg(reply, MACH_SEND_MSG, reply->msgh_size, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
}

static void serve(void *unused)
{
    static union {
        mach_msg_header_t header;
        char bytes[8192];
    } request, reply;

    (void)unused;
    for (;;) {
        mach_msg_return_t result = mach_msg(&request.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                                            sizeof request, disk.port, IDLE, MACH_PORT_NULL);

        if (result == MACH_MSG_SUCCESS)
            answer(&request.header, &reply.header);
        else
            let_go();
    }
}

static void start_disk(void)
{
    disk.port = port_make(TRUE);
    CHECK_OK(vm_allocate(SELF, &disk.contents, BLOCKS * PAGE_SIZE, TRUE));
    CHECK_OK(vm_wire(test_host_port, SELF, disk.contents, BLOCKS * PAGE_SIZE, VM_PROT_DEFAULT));
    CHECK(thread_start(serve, NULL, 0) != MACH_PORT_NULL);
}

/* ---- rounds */

static vm_address_t memory;

/* All goes to the disk and comes back, with the number-th request done wrong; FALSE: there were fewer. */
static boolean_t round_with(enum kind kind, enum fault fault, unsigned number)
{
    uint64_t seed = SEED + number;

    disk.requests[READ] = disk.requests[WRITE] = disk.wrong_pages = 0;
    disk.kind = kind;
    disk.fault = fault;
    disk.number = number;
    pattern_fill(memory, BYTES, seed, 0);
    pages_evict(memory, BYTES);
    pattern_check(memory, BYTES, seed, 0);
    pattern_fill(memory, BYTES / 2, seed + 1, 0);
    pages_evict(memory, BYTES);
    pattern_check(memory, BYTES / 2, seed + 1, 0);
    pattern_check(memory + BYTES / 2, BYTES / 2, seed, BYTES / 2);
    return disk.wrong_pages > 0;
}

/*
 * Whatever request goes wrong, nothing is lost. Its blocks are all free again in the end; one that could not be
 * written by itself is given up for good.
 */
static void each_goes_wrong(enum kind kind, enum fault fault)
{
    pager_statistics_t before, after;
    unsigned number = 0;
    boolean_t happened;

    round_with(kind, fault, 0);
    pager_settle(&before);
    CHECK_EQ(before.free_blocks, before.total_blocks);
    do {
        CHECK(++number < TRIALS);
        happened = round_with(kind, fault, number);
        pager_settle(&after);
        CHECK_EQ(after.errors, 0);
        CHECK_EQ(after.bad_pages, 0);
        CHECK_EQ(after.held, 0);
        CHECK_EQ(after.free_blocks, after.total_blocks);
        if (fault == HOLD_BACK || kind == READ || !happened)
            CHECK_EQ(after.total_blocks, before.total_blocks);
        else
            CHECK(after.total_blocks + 1 >= before.total_blocks);
        if (fault == HOLD_BACK || !happened)
            CHECK_EQ(after.read_errors + after.write_errors, before.read_errors + before.write_errors);
        else if (kind == WRITE)
            CHECK(after.write_errors > before.write_errors);
        else
            CHECK(after.read_errors > before.read_errors);
        before = after;
    } while (happened);
    report("# %u requests went wrong", number - 1);
    CHECK(number > 2);
}

/* A pager whose only store is this disk. */
static void begin(void)
{
    mach_port_t manager = MACH_PORT_NULL, store = MACH_PORT_NULL;

    start_disk();
    program_begin("default_pager", "${host-port} ${device-port} space=16");
    service_port("default_pager");
    CHECK_OK(vm_set_default_memory_manager(test_host_port, &manager));
    CHECK_OK(default_pager_backing_store_create(manager, 0, 8 * PAGE_SIZE, &store));
    CHECK_OK(mach_port_deallocate(SELF, manager));
    CHECK_OK(default_pager_add_segment(store, disk.port, 0, BLOCKS * (PAGE_SIZE / RECORD), RECORD));
    pager_port();
    CHECK_OK(vm_allocate(SELF, &memory, BYTES, TRUE));
}

TEST(150, each_write_in_turn_fails_and_nothing_is_lost)
{
    begin();
    each_goes_wrong(WRITE, FAIL_WHOLE);
}

TEST(150, each_write_in_turn_is_torn_and_nothing_is_lost)
{
    begin();
    each_goes_wrong(WRITE, TEAR);
}

TEST(150, each_write_in_turn_is_cut_short_and_nothing_is_lost)
{
    begin();
    each_goes_wrong(WRITE, CUT_SHORT);
}

TEST(150, each_write_in_turn_is_held_back_and_nothing_is_lost)
{
    begin();
    each_goes_wrong(WRITE, HOLD_BACK);
}

TEST(150, each_read_in_turn_fails_and_nothing_is_lost)
{
    begin();
    each_goes_wrong(READ, FAIL_WHOLE);
}

TEST(150, each_read_in_turn_is_cut_short_and_nothing_is_lost)
{
    begin();
    each_goes_wrong(READ, CUT_SHORT);
}

TEST(150, each_read_in_turn_is_held_back_and_nothing_is_lost)
{
    begin();
    each_goes_wrong(READ, HOLD_BACK);
}
