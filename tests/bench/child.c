/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second task: a copy of the first, with a thread that takes commands.
 */
#include <porthole/runtime.h>
#include <string.h>

#include "bench.h"

#define CHILD_STACK_BYTES 65536
#define CHILD_COMMANDS_NAME ((mach_port_t)0x70001) /* the receive right's name in the child */
#define CHILD_COMMAND 1000

struct command {
    mach_msg_header_t header;
    mach_msg_type_t type;
    uint64_t function, argument;
};

static const mach_msg_type_t two_words = {
    .msgt_name = MACH_MSG_TYPE_INTEGER_64, .msgt_size = 64, .msgt_inline = TRUE, .msgt_number = 2};

mach_port_t port_new(void)
{
    mach_port_t port;

    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port), "port allocate");
    must(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND),
        "port insert right");
    return port;
}

void *shared_alloc(vm_size_t bytes)
{
    vm_address_t address = 0;

    must(vm_allocate(mach_task_self(), &address, bytes, TRUE), "vm_allocate");
    must(vm_inherit(mach_task_self(), address, bytes, VM_INHERIT_SHARE), "vm_inherit");
    memset((void *)address, 0, bytes);
    return (void *)address;
}

/* Where the child's thread begins: its copy of the library knows the parent's ports until
   runtime_reset. */
static void child_main(void)
{
    struct {
        struct command command;
        char room[64];
    } message;

    runtime_reset(&message);
    for (;;) {
        if (mach_msg_trap(&message.command.header, MACH_RCV_MSG, 0, sizeof(message),
                CHILD_COMMANDS_NAME, 0, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
            continue;
        mach_port_t reply = message.command.header.msgh_remote_port;

        ((void (*)(uint64_t))message.command.function)(message.command.argument);
        message.command.header.msgh_bits =
            MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(message.command.header.msgh_bits), 0);
        message.command.header.msgh_remote_port = reply;
        message.command.header.msgh_local_port = MACH_PORT_NULL;
        message.command.header.msgh_id = CHILD_DONE;
        mach_msg_trap(&message.command.header, MACH_SEND_MSG, sizeof(mach_msg_header_t), 0,
            MACH_PORT_NULL, 0, MACH_PORT_NULL);
    }
}

void child_start(struct child *child)
{
    struct i386_thread_state state;
    vm_address_t stack = 0;
    mach_port_t thread, commands;

    must(vm_allocate(mach_task_self(), &stack, CHILD_STACK_BYTES, TRUE), "vm_allocate");
    must(task_create(mach_task_self(), TRUE, &child->task), "task_create");
    must(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &commands), "port allocate");
    must(mach_port_insert_right(mach_task_self(), commands, commands, MACH_MSG_TYPE_MAKE_SEND),
        "port insert right");
    must(mach_port_insert_right(
             child->task, CHILD_COMMANDS_NAME, commands, MACH_MSG_TYPE_MOVE_RECEIVE),
        "insert right into child");
    child->commands = commands;

    must(thread_create(child->task, &thread), "thread_create");
    memset(&state, 0, sizeof(state));
    state.rip = (uint64_t)child_main;
    state.ursp = stack + CHILD_STACK_BYTES - 8; /* as after a call */
    must(thread_set_state(
             thread, i386_THREAD_STATE, (thread_state_t)&state, i386_THREAD_STATE_COUNT),
        "thread_set_state");
    must(thread_resume(thread), "thread_resume");
    mach_port_deallocate(mach_task_self(), thread);
    vm_deallocate(mach_task_self(), stack, CHILD_STACK_BYTES);
}

void child_command(
    struct child *child, void (*function)(uint64_t), uint64_t argument, mach_port_t reply)
{
    struct command message = {.header = {.msgh_bits = MACH_MSGH_BITS(
                                             MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
                                  .msgh_remote_port = child->commands,
                                  .msgh_local_port = reply,
                                  .msgh_id = CHILD_COMMAND},
        .type = two_words,
        .function = (uint64_t)function,
        .argument = argument};

    must(mach_msg_trap(
             &message.header, MACH_SEND_MSG, sizeof(message), 0, MACH_PORT_NULL, 0, MACH_PORT_NULL),
        "send a command");
}

void child_call(struct child *child, void (*function)(uint64_t), uint64_t argument)
{
    struct {
        mach_msg_header_t header;
        char room[64];
    } answer;
    mach_port_t reply = mach_reply_port();

    child_command(child, function, argument, reply);
    must(mach_msg_trap(&answer.header, MACH_RCV_MSG, 0, sizeof(answer), reply, 0, MACH_PORT_NULL),
        "child's answer");
    mach_port_mod_refs(mach_task_self(), reply, MACH_PORT_RIGHT_RECEIVE, -1);
}
