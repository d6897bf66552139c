/* SPDX-License-Identifier: BSD-2-Clause */
#include "clients.h"

#include "test.h"
#include "world.h"

static struct worker {
    mach_port_t thread, port;
    vm_address_t address;
    vm_size_t size;            /* of vm_msync; 0: a touch */
    int flags;
    struct model_touch touch;
    volatile uint64_t result;
    uint64_t stack_pointer;    /* where its first function began */
} workers[MODEL_CLIENTS];

static uint64_t read_by_kernel(vm_address_t address)
{
    uint64_t word;
    vm_size_t count;
    kern_return_t code = vm_read_overwrite(mach_task_self(), address, sizeof word,
                                           (vm_address_t)&word, &count);

    return code == KERN_SUCCESS ? word : MODEL_ERROR | (uint64_t)code;
}

static uint64_t write_by_kernel(vm_address_t address, uint64_t word)
{
    kern_return_t code = vm_write(mach_task_self(), address, (vm_offset_t)&word, sizeof word);

    return code == KERN_SUCCESS ? word : MODEL_ERROR | (uint64_t)code;
}

uint64_t client_touch(const struct model_touch *touch, vm_address_t address)
{
    if (touch->in_kernel)
        return touch->write ? write_by_kernel(address, touch->value) : read_by_kernel(address);
    if (touch->write)
        *(volatile uint64_t *)address = touch->value;
    return touch->write ? touch->value : *(volatile uint64_t *)address;
}

static uint64_t carry_out(const struct worker *worker)
{
    return worker->size == 0 ? client_touch(&worker->touch, worker->address)
                             : (uint64_t)vm_msync(mach_task_self(), worker->address, worker->size,
                                                  worker->flags);
}

/* Where a client begins, also anew. */
static void work(void *argument)
{
    struct worker *worker = argument;
    mach_msg_header_t message;
    mach_msg_option_t option = MACH_RCV_MSG;

    worker->stack_pointer = (uintptr_t)__builtin_frame_address(0) + 8;
    for (;;) {
        message.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0);
        message.msgh_remote_port = object;
        message.msgh_local_port = MACH_PORT_NULL;
        message.msgh_id = ID_CLIENT_DONE + (mach_msg_id_t)(worker - workers);
        CHECK_OK(mach_msg(&message, option, option & MACH_SEND_MSG ? sizeof message : 0, sizeof message,
                          worker->port, 0, MACH_PORT_NULL));
        worker->result = carry_out(worker);
        option = MACH_SEND_MSG | MACH_RCV_MSG;
    }
}

/* What goes wrong in it comes to the memory object port, too, between the kernel's messages. */
void clients_start(void)
{
    for (unsigned i = 0; i < MODEL_CLIENTS; i++) {
        struct worker *worker = &workers[i];

        worker->port = port_make(TRUE);
        worker->thread = thread_start(work, worker, 0);
        CHECK(worker->thread != MACH_PORT_NULL);
        CHECK_OK(thread_set_special_port(worker->thread, THREAD_EXCEPTION_PORT, object));
    }
}

static void order(struct worker *worker)
{
    mach_msg_header_t message = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                                 .msgh_remote_port = worker->port};

    CHECK_OK(mach_msg(&message, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
}

void client_order_touch(unsigned client, const struct model_touch *touch, vm_address_t address)
{
    struct worker *worker = &workers[client];

    worker->touch = *touch;
    worker->address = address;
    worker->size = 0;
    order(worker);
}

void client_order_sync(unsigned client, vm_address_t address, vm_size_t size, int flags)
{
    struct worker *worker = &workers[client];

    worker->address = address;
    worker->size = size;
    worker->flags = flags;
    order(worker);
}

uint64_t client_result(unsigned client)
{
    return workers[client].result;
}

unsigned client_of_thread(mach_port_t thread)
{
    unsigned i = 0;

    while (i < MODEL_CLIENTS && workers[i].thread != thread)
        i++;
    return i;
}

void client_wait_asleep(unsigned client)
{
    struct thread_basic_info info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    for (;;) {
        CHECK_OK(thread_info(workers[client].thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count));
        if (info.run_state == TH_STATE_WAITING)
            return;
        thread_switch(workers[client].thread, SWITCH_OPTION_NONE, 0);
    }
}

void client_redirect(unsigned client)
{
    struct worker *worker = &workers[client];
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    CHECK_OK(thread_get_state(worker->thread, i386_THREAD_STATE, (thread_state_t)&state, &count));
    state.rip = (uintptr_t)work;
    state.rdi = (uintptr_t)worker;
    state.ursp = worker->stack_pointer;
    CHECK_OK(thread_set_state(worker->thread, i386_THREAD_STATE, (thread_state_t)&state,
                              i386_THREAD_STATE_COUNT));
}

void client_abort(unsigned client)
{
    CHECK_OK(thread_suspend(workers[client].thread));
    CHECK_OK(thread_abort(workers[client].thread));
    client_redirect(client);
    CHECK_OK(thread_resume(workers[client].thread));
}
