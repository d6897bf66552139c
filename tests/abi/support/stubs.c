/* SPDX-License-Identifier: BSD-2-Clause */
/* What the stubs want of a C library. */
#include "module.h"

#include "mach.h"
#include "mach_port.h"
#include "stack.h"

mach_msg_return_t mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
                           mach_msg_size_t send_size, mach_msg_size_t receive_size,
                           mach_port_t receive_name, mach_msg_timeout_t timeout,
                           mach_port_t notify)
{
    return mach_msg_trap(message, option, send_size, receive_size, receive_name, timeout, notify);
}

static struct stack *this_stack(void)
{
    return (struct stack *)((uintptr_t)__builtin_frame_address(0) & -(uintptr_t)STACK_BYTES);
}

mach_port_t mig_get_reply_port(void)
{
    struct stack *mine = this_stack();

    if (mine->reply_port == MACH_PORT_NULL)
        mine->reply_port = mach_reply_port();
    return mine->reply_port;
}

void mig_dealloc_reply_port(mach_port_t port)
{
    this_stack()->reply_port = MACH_PORT_NULL;
    mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, -1);
}

void mig_put_reply_port(mach_port_t port)
{
    (void)port;
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    vm_allocate(self, address, size, TRUE);
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    vm_deallocate(self, address, size);
}

vm_size_t mig_strncpy(char *to, const char *from, vm_size_t bytes)
{
    vm_size_t i = 0;

    for (; i + 1 < bytes && from[i]; i++)
        to[i] = from[i];
    to[i] = '\0';
    return i + 1;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((char *)to)[i] = (char)value;
    return to;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const unsigned char *l = left, *r = right;

    for (; bytes && *l == *r; bytes--)
        l++, r++;
    return bytes ? *l - *r : 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return length;
}

int strcmp(const char *left, const char *right)
{
    for (; *left && *left == *right; left++)
        right++;
    return (unsigned char)*left - (unsigned char)*right;
}
