/* SPDX-License-Identifier: BSD-2-Clause */
/* What several modules do: threads, ports, simple messages. */
#include "module.h"

#include <mach/thread_status.h>
#include <mach/thread_switch.h>

#include "mach.h"
#include "mach_port.h"
#include "stack.h"

mach_port_t thread_begin(void (*function)(void *), void *argument)
{
    vm_address_t stack = 0;
    thread_t thread = MACH_PORT_NULL;
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    check_ok(vm_map(self, &stack, STACK_BYTES, STACK_BYTES - 1, TRUE, MACH_PORT_NULL, 0, FALSE,
                    VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY), "vm_map makes an aligned stack");
    check_ok(thread_create(self, &thread), "thread_create");
    check_ok(thread_get_state(thread, i386_THREAD_STATE, (thread_state_t)&state, &count),
             "thread_get_state of a new thread");
    state.rip = (uintptr_t)function;
    state.rdi = (uintptr_t)argument;
    state.ursp = stack + STACK_BYTES - 8;
    *(uintptr_t *)state.ursp = (uintptr_t)thread_end; /* where the function returns to */
    check_ok(thread_set_state(thread, i386_THREAD_STATE, (thread_state_t)&state,
                              i386_THREAD_STATE_COUNT), "thread_set_state of a new thread");
    check_ok(thread_resume(thread), "thread_resume of a new thread");
    return thread;
}

/* Returned to, not called: the stack is not aligned as the compiler expects. */
__attribute__((force_align_arg_pointer)) void thread_end(void)
{
    for (;;)
        thread_terminate(mach_thread_self());
}

int wait_for(volatile int *flag)
{
    for (int turn = 0; turn < NEVER / 10 && !*flag; turn++)
        thread_switch(MACH_PORT_NULL, SWITCH_OPTION_WAIT, 10);
    return *flag;
}

mach_port_t port_make(int with_send)
{
    mach_port_t port = MACH_PORT_NULL;

    check_ok(mach_port_allocate(self, MACH_PORT_RIGHT_RECEIVE, &port), "mach_port_allocate");
    if (with_send)
        check_ok(mach_port_insert_right(self, port, port, MACH_MSG_TYPE_MAKE_SEND),
                 "mach_port_insert_right makes a send right");
    return port;
}

mach_port_type_t port_type(mach_port_t name)
{
    mach_port_type_t type = 0;

    return mach_port_type(self, name, &type) == KERN_SUCCESS ? type : 0;
}

unsigned port_refs(mach_port_t name, mach_port_right_t right)
{
    mach_port_urefs_t refs = 0;

    return mach_port_get_refs(self, name, right, &refs) == KERN_SUCCESS ? refs : 0;
}

unsigned port_names(void)
{
    mach_port_name_array_t names;
    mach_port_type_array_t types;
    mach_msg_type_number_t count = 0, type_count = 0;

    if (mach_port_names(self, &names, &count, &types, &type_count) != KERN_SUCCESS)
        return 0;
    vm_deallocate(self, (vm_address_t)names, count * sizeof *names);
    vm_deallocate(self, (vm_address_t)types, type_count * sizeof *types);
    return count;
}

mach_msg_return_t send_empty(mach_port_t port, mach_msg_type_name_t disposition, mach_msg_id_t id)
{
    mach_msg_header_t message = { .msgh_bits = MACH_MSGH_BITS(disposition, 0), .msgh_id = id };

    message.msgh_remote_port = port;
    return mach_msg(&message, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0, MACH_PORT_NULL,
                    0, MACH_PORT_NULL);
}

mach_msg_return_t receive(mach_port_t port, void *buffer, mach_msg_size_t bytes, unsigned limit)
{
    return mach_msg(buffer, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, bytes, port, limit, MACH_PORT_NULL);
}

mach_msg_id_t served_id;

mach_msg_return_t serve_one(boolean_t (*server)(mach_msg_header_t *, mach_msg_header_t *),
                            mach_port_t port)
{
    union {
        mach_msg_header_t header;
        mig_reply_header_t result;
        char space[2048];
    } request, reply;
    mach_msg_return_t code = receive(port, &request, sizeof request, NEVER);

    served_id = code == MACH_MSG_SUCCESS ? request.header.msgh_id : 0;
    if (code != MACH_MSG_SUCCESS)
        return code;
    if (!server(&request.header, &reply.header))
        return MIG_BAD_ID;
    if (reply.result.RetCode == MIG_NO_REPLY || reply.header.msgh_remote_port == MACH_PORT_NULL)
        return reply.result.RetCode == MIG_NO_REPLY ? MACH_MSG_SUCCESS : reply.result.RetCode;
    return mach_msg(&reply.header, MACH_SEND_MSG, reply.header.msgh_size, 0, MACH_PORT_NULL, 0,
                    MACH_PORT_NULL);
}
