/* SPDX-License-Identifier: BSD-2-Clause */
/* What MIG's stubs expect of their surroundings. */
#include <mach.h>
#include <mach/mig_errors.h>
#include <mach/mig_support.h>
#include <string.h>

#include "thread_block.h"

/* Apart, so that the common case below needs no stack frame. */
static __attribute__((noinline)) mach_port_t make_reply_port(struct thread_block *self)
{
    self->reply_port = mach_reply_port();
    return self->reply_port;
}

mach_port_t mig_get_reply_port(void)
{
    struct thread_block *self = thread_block_self();

    return self->reply_port != MACH_PORT_NULL ? self->reply_port : make_reply_port(self);
}

/*
 * A stub calls this when a late answer could still arrive at the port. The field is cleared first:
 * getting rid of the old port is an RPC itself and needs a new one.
 */
void mig_dealloc_reply_port(mach_port_t reply_port)
{
    struct thread_block *self = thread_block_self();

    (void)reply_port;
    mach_port_name_t old = self->reply_port;
    self->reply_port = MACH_PORT_NULL;
    if (old != MACH_PORT_NULL) {
        mach_port_mod_refs(mach_task_self(), old, MACH_PORT_RIGHT_RECEIVE, -1);
    }
}

/* The port stays with the thread. */
void mig_put_reply_port(mach_port_t reply_port)
{
    (void)reply_port;
}

void mig_allocate(vm_address_t *address, vm_size_t size)
{
    if (vm_allocate(mach_task_self(), address, size, TRUE) != KERN_SUCCESS) {
        *address = 0;
    }
}

void mig_deallocate(vm_address_t address, vm_size_t size)
{
    vm_deallocate(mach_task_self(), address, size);
}

vm_size_t mig_strncpy(char *destination, const char *source, vm_size_t length)
{
    vm_size_t copied = 0;

    if (length == 0) {
        return 0;
    }
    while (copied + 1 < length && source[copied] != '\0') {
        destination[copied] = source[copied];
        copied++;
    }
    destination[copied] = '\0';
    return copied + 1;
}

vm_size_t mig_strncpy_zerofill(char *destination, const char *source, vm_size_t length)
{
    vm_size_t copied = mig_strncpy(destination, source, length);

    memset(destination + copied, 0, length - copied);
    return copied;
}

void mig_reply_setup(const mach_msg_header_t *request, mach_msg_header_t *reply)
{
    mig_reply_header_t *answer = (mig_reply_header_t *)reply;

    memset(answer, 0, sizeof *answer);
    answer->Head.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_REMOTE(request->msgh_bits), 0);
    answer->Head.msgh_size = sizeof *answer;
    answer->Head.msgh_remote_port = request->msgh_remote_port;
    answer->Head.msgh_id = request->msgh_id + 100;
    answer->RetCodeType.msgt_name = MACH_MSG_TYPE_INTEGER_32;
    answer->RetCodeType.msgt_size = 32;
    answer->RetCodeType.msgt_number = 1;
    answer->RetCodeType.msgt_inline = TRUE;
    answer->RetCode = MIG_BAD_ID;
}
