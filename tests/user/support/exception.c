/* SPDX-License-Identifier: BSD-2-Clause */
#include "exception.h"

#include "test.h"

void exception_take(const struct exception_message *message, struct exception *exception)
{
    CHECK_EQ(message->header.msgh_id, ID_EXCEPTION);
    *exception = (struct exception){
        .thread = message->thread.name,
        .task = message->task.name,
        .reply = message->header.msgh_remote_port,
        .exception = message->exception,
        .code = message->code,
        .subcode = message->subcode,
    };
}

boolean_t exception_receive(mach_port_t port, struct exception *exception, unsigned milliseconds)
{
    struct exception_message message;
    mach_msg_return_t result =
        mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port,
                 milliseconds, MACH_PORT_NULL);

    if (result == MACH_RCV_TIMED_OUT)
        return FALSE;
    CHECK_OK(result);
    exception_take(&message, exception);
    return TRUE;
}

void exception_expect(mach_port_t port, struct exception *exception)
{
    CHECK(exception_receive(port, exception, CLIENT_WAIT));
}

void exception_answer(struct exception *exception, kern_return_t code)
{
    mig_reply_header_t answer = {
        .Head = {
            .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
            .msgh_remote_port = exception->reply,
            .msgh_id = ID_EXCEPTION + 100,
        },
        .RetCodeType = { .msgt_name = MACH_MSG_TYPE_INTEGER_32,
                         .msgt_size = 32,
                         .msgt_number = 1,
                         .msgt_inline = TRUE },
        .RetCode = code,
    };

    CHECK_OK(mach_msg(&answer.Head, MACH_SEND_MSG, sizeof answer, 0, MACH_PORT_NULL, 0,
                      MACH_PORT_NULL));
    mach_port_deallocate(mach_task_self(), exception->thread);
    mach_port_deallocate(mach_task_self(), exception->task);
    exception->reply = MACH_PORT_NULL;
}
