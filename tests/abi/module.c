/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot module made for GNU Mach: its headers and stubs alone, no header, stub or library of ours.
 *
 * It prints, allocates a port and memory, asks what they are, and powers the machine off. What the stubs
 * want of a C library is at the end. The line in boot.cfg:
 *     module ${host-port} $(task-create) $(task-resume)
 */
#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <stddef.h>

#include "mach.h"
#include "mach_host.h"
#include "mach_port.h"

#define HALT 0x8   /* RB_HALT */

extern void mach_print(const char *);
extern mach_port_t mach_task_self(void);
extern mach_port_t mach_reply_port(void);
extern mach_msg_return_t mach_msg_trap(mach_msg_header_t *, mach_msg_option_t, mach_msg_size_t,
                                       mach_msg_size_t, mach_port_t, mach_msg_timeout_t,
                                       mach_port_t);

static void expect(int holds, const char *what)
{
    mach_print(holds ? "module: ok - " : "module: NOT OK - ");
    mach_print(what);
    mach_print("\n");
    while (!holds)
        ;
}

static mach_port_t number(const char *text)
{
    mach_port_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (mach_port_t)(*text - '0');
    return value;
}

__attribute__((used)) static void run(long *stack)
{
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    mach_port_t task = mach_task_self(), port;
    mach_port_type_t type = 0;
    vm_address_t memory = 0;

    mach_print("module: made with the reference headers and stubs\n");
    expect(argc == 2, "argc says one argument");
    expect(mach_port_allocate(task, MACH_PORT_RIGHT_RECEIVE, &port) == KERN_SUCCESS,
           "mach_port_allocate");
    expect(mach_port_type(task, port, &type) == KERN_SUCCESS && type == MACH_PORT_TYPE_RECEIVE,
           "mach_port_type says receive right");
    expect(vm_allocate(task, &memory, 3 * 4096, TRUE) == KERN_SUCCESS, "vm_allocate");
    expect(((volatile char *)memory)[2 * 4096] == 0, "fresh memory is zero");
    ((volatile char *)memory)[2 * 4096] = 42;
    expect(((volatile char *)memory)[2 * 4096] == 42, "memory keeps what is written");
    expect(vm_deallocate(task, memory, 3 * 4096) == KERN_SUCCESS, "vm_deallocate");
    expect(mach_port_destroy(task, port) == KERN_SUCCESS, "mach_port_destroy");
    host_reboot(number(argv[1]), HALT);
    expect(0, "host_reboot does not return");
}

__asm__(".globl _start\n"
        "_start: mov %rsp, %rdi\n"
        "        and $-16, %rsp\n"
        "        call run\n"
        "trap:   mov %rcx, %r10\n"
        "        syscall\n"
        "        ret\n"
        ".globl mach_print\nmach_print: mov $-30, %rax\n jmp trap\n"
        ".globl mach_task_self\nmach_task_self: mov $-28, %rax\n jmp trap\n"
        ".globl mach_reply_port\nmach_reply_port: mov $-26, %rax\n jmp trap\n"
        ".globl mach_msg_trap\nmach_msg_trap: mov $-25, %rax\n jmp trap\n");

/* --- what the stubs call --- */

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
                           mach_msg_size_t send_size, mach_msg_size_t receive_size,
                           mach_port_t receive_name, mach_msg_timeout_t timeout,
                           mach_port_t notify)
{
    return mach_msg_trap(message, option, send_size, receive_size, receive_name, timeout, notify);
}

static mach_port_t reply_port;

mach_port_t mig_get_reply_port(void)
{
    if (reply_port == MACH_PORT_NULL)
        reply_port = mach_reply_port();
    return reply_port;
}

void mig_dealloc_reply_port(mach_port_t port)
{
    (void)port;
    reply_port = MACH_PORT_NULL;
}

void mig_put_reply_port(mach_port_t port)
{
    (void)port;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

size_t mig_strncpy(char *to, const char *from, int bytes)
{
    int i = 0;

    for (; i + 1 < bytes && from[i]; i++)
        to[i] = from[i];
    to[i] = '\0';
    return (size_t)i + 1;
}
