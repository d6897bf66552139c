/* SPDX-License-Identifier: BSD-2-Clause */
/* The family's exception handler: who has raised one begins again with the next operation. */
#include "family.h"
#include "test.h"

#define ID_EXCEPTION_RAISE 2400
#define OBJECT_TYPE_THREAD 1 /* of mach_port_kernel_object */

struct raise {
    mach_msg_header_t header;
    mach_msg_type_t thread_type;
    mach_port_name_inlined_t thread;
    mach_msg_type_t task_type;
    mach_port_name_inlined_t task;
};

static void answer(mach_port_t reply, kern_return_t code)
{
    mig_reply_header_t message;

    memset(&message, 0, sizeof message);
    message.Head.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
    message.Head.msgh_remote_port = reply;
    message.Head.msgh_id = ID_EXCEPTION_RAISE + 100;
    message.RetCodeType = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_INTEGER_32, .msgt_size = 32,
                                            .msgt_number = 1, .msgt_inline = TRUE};
    message.RetCode = code;
    if (mach_msg(&message.Head, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof message, 0, MACH_PORT_NULL, 0,
                 MACH_PORT_NULL) != MACH_MSG_SUCCESS)
        mach_port_deallocate(mach_task_self(), reply);
}

/* A member can have another port stand for its thread: whoever asks that waits for ever. */
static boolean_t is_thread(mach_port_t port)
{
    unsigned type;
    vm_offset_t address;

    return mach_port_kernel_object(mach_task_self(), port, &type, &address) == KERN_SUCCESS &&
           type == OBJECT_TYPE_THREAD;
}

/* A thread that somebody of the family has made is ended; one whose memory is so broken that it does not
   even begin takes its task with it. The answer to who asks. */
static kern_return_t settle(struct family *family, mach_port_t thread)
{
    for (unsigned i = 0; i < settings.tasks * settings.threads; i++) {
        if (family->threads[i] != thread)
            continue;
        if (!family_restart(family, i))
            family_end_task(family, i / settings.threads);
        return KERN_SUCCESS;
    }
    return is_thread(thread) ? thread_terminate(thread) : KERN_FAILURE;
}

void family_serve_exception(struct family *family, unsigned milliseconds)
{
    union {
        mach_msg_header_t header;
        struct raise raise;
        char space[512];
    } message;
    const struct raise *raise = &message.raise;

    if (mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, family->exceptions,
                 milliseconds, MACH_PORT_NULL) != MACH_MSG_SUCCESS)
        return;
    if (message.header.msgh_id != ID_EXCEPTION_RAISE || message.header.msgh_size < sizeof *raise ||
        raise->thread_type.msgt_name != MACH_MSG_TYPE_PORT_SEND || !raise->thread_type.msgt_inline ||
        raise->task_type.msgt_name != MACH_MSG_TYPE_PORT_SEND || !raise->task_type.msgt_inline) {
        mach_msg_destroy(&message.header); /* members write here too */
        return;
    }
    answer(message.header.msgh_remote_port, settle(family, raise->thread.name));
    message.header.msgh_remote_port = MACH_PORT_NULL;
    mach_msg_destroy(&message.header);
}
